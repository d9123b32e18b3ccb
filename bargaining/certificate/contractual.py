r"""Certificate of contractual equilibria: level and span by striking out, from above, whatever they do not enforce.

.. math:: \Delta = \max_a [\omega(a) - h_1(a)] - \min_a [\omega(a) + h_0(a)],\qquad \omega = \pi_1 u_0 - \pi_0 u_1

over the profiles that :math:`(1-\delta)(h_0 + h_1) \le \delta\Delta` leaves; both only shrink, so what stands is the largest fixed point.
"""

from fractions import Fraction
from math import inf, isnan

from bargaining.answers.deals import ContractualEquilibrium
from bargaining.certificate.exact_game import ExactGame
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import RepeatedGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status

ROUNDING = 2e-14


def verify_contractual(solution: ContractualEquilibrium) -> Certificate:
    """Strike out profiles exactly until the rest enforces itself, then compare all that is stated with what stands."""
    if not isinstance(solution.game, RepeatedGame):
        return refused(f"the game is a {type(solution.game).__name__}, expected a RepeatedGame")
    game = ExactGame(solution.game)
    delta, pi = game.delta[0], solution.weights
    if game.delta[0] != game.delta[1]:
        return refused("contractual equilibrium with different discount factors")
    if min(pi) < 0 or sum(pi) != 1:
        return refused("the bargaining weights are not two shares that add up to one")
    temptation = {a: (game.deviation[a][0] - u[0], game.deviation[a][1] - u[1]) for a, u in game.payoff.items()}
    omega = {a: pi[1] * u[0] - pi[0] * u[1] for a, u in game.payoff.items()}
    left = set(game.payoff)
    while left:
        low = min(omega[a] + temptation[a][0] for a in left)
        span = max(omega[a] - temptation[a][1] for a in left) - low
        kept = {a for a in left if (1 - delta) * sum(temptation[a]) <= delta * span}
        if kept == left:
            break
        left = kept
    if not left:
        holds = solution.status is Status.empty and solution.payoff_set.is_empty and not solution.enforceable and isnan(solution.level)
        reason = "no profile can be enforced" if holds else "no profile can be enforced, and an equilibrium is stated"
        return Certificate(holds=holds, deviation_gain=0.0, payoff_error=0.0, gap=0.0 if holds else inf, reason=reason)
    if solution.status is Status.empty or solution.path is None:
        return refused("the equilibrium is called empty, and some profiles can be enforced")
    wrong = {tuple(a) for a in solution.enforceable} ^ left
    if wrong:
        a = min(wrong)
        if a not in game.payoff:
            return refused(f"there is no profile {a}")
        gain = (1 - delta) * sum(temptation[a]) - delta * span
        words = "is said to be enforceable, and is not" if gain > 0 else "can be enforced, and is not listed"
        reason = f"{' / '.join(game.stage.labels(a))} {words}"
        return Certificate(holds=False, deviation_gain=max(float(gain), 0.0), payoff_error=0.0, gap=inf, reason=reason)
    level = max(game.payoff[a][0] + game.payoff[a][1] for a in left)
    if tuple(solution.path) not in left or sum(game.payoff[solution.path]) != level:
        return refused("the path stated is not one that the sides would agree on: another enforceable profile pays more together")
    start = low + pi[0] * level
    corners = [(start, level - start), (start + span, level - start - span)]
    allowed = ROUNDING * max(1.0, *(abs(float(v)) for corner in corners for v in corner))
    off = solution.payoff_set.distance(PayoffSet.hull([[float(x), float(y)] for x, y in corners]))
    error = max(off, _miss(solution.level, level), _miss(solution.span, span))
    if error > allowed:
        return Certificate(
            holds=False, deviation_gain=0.0, payoff_error=error, gap=inf, reason="level, span or payoffs are not those proven"
        )
    reason = "the profiles listed are all that the span enforces, none of them pays more together than the path"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _miss(stated: float, proven: Fraction) -> float:
    return inf if isnan(stated) else abs(float(Fraction(stated) - proven))
