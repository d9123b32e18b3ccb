"""Certificate of Markov-perfect equilibria: the exact value of each stationary profile, and the exact gain of every one-shot deviation."""

from fractions import Fraction

from bargaining.answers.state import MarkovEquilibrium, MarkovPerfect
from bargaining.certificate.nash import weights_of
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import StochasticGame, exact
from bargaining.games.state_values import discounted_values

# What a stated value may miss by rounding, relative to the largest payoff.
ROUNDING = Fraction(1, 10**11)


def verify_markov_perfect(solution: MarkovPerfect) -> Certificate:
    """Every profile listed: no one-shot deviation gains more than the residual stated, and the values are those of the profile.

    `holds` says so exactly; `deviation_gain` is the largest gain, exactly zero for pure equilibria. That nothing is missing is not checked.
    """
    game = solution.game
    if not isinstance(game, StochasticGame):
        return refused(f"the game is a {type(game).__name__}, expected a StochasticGame")
    worst, error = Fraction(0), Fraction(0)
    for number, each in enumerate(solution.equilibria):
        checked = _check(game, each)
        if isinstance(checked, str):
            return refused(f"equilibrium {number}: {checked}")
        gain, off, words = checked
        if gain > Fraction(each.residual):
            reason = f"equilibrium {number}: {words}, more than the residual stated"
            return Certificate(holds=False, deviation_gain=float(gain), payoff_error=float(off), gap=0.0, reason=reason)
        worst, error = max(worst, gain), max(error, off)
    scale = max((abs(exact(float(u))) for stage in game.stages for u in stage.payoffs.ravel()), default=Fraction(0))
    if error > ROUNDING * scale:
        reason = "the values stated are not those of the profiles"
        return Certificate(holds=False, deviation_gain=float(worst), payoff_error=float(error), gap=0.0, reason=reason)
    what = "no one-shot deviation gains" if worst == 0 else f"no one-shot deviation gains more than {float(worst):.2g}, as stated,"
    reason = f"{what} from any of the {len(solution.equilibria)} profiles; whether there are others is not checked"
    return Certificate(holds=True, deviation_gain=float(worst), payoff_error=0.0, gap=0.0, reason=reason)


def _check(game: StochasticGame, found: MarkovEquilibrium) -> tuple[Fraction, Fraction, str] | str:
    """Largest exact gain and error of the values, with the gain in words; or what cannot be checked."""
    if len(found.strategies) != len(game) or found.values.shape != (len(game), 2):
        return "not a pair of mixed actions and of values for every state"
    mixes = []
    for stage, state, pair in zip(game.stages, game.states, found.strategies, strict=True):
        own = [weights_of(mix.tolist(), size) for mix, size in zip(pair, stage.shape, strict=True)]
        if not all(own):
            return f"state {state!r}: weights are not probabilities, one an action"
        mixes.append(own)
    worst, error, words = Fraction(0), Fraction(0), ""
    for player in (0, 1):
        delta = game.exact_deltas[player]
        flows, lotteries = [], []
        for s, (x, y) in enumerate(mixes):
            flow, lottery = Fraction(0), dict[int, Fraction]()
            for (a, b), row in game.exact_transitions[s].items():
                weight = x[a] * y[b]
                if weight:
                    flow += weight * exact(float(game.stages[s].payoffs[player, a, b]))
                    for following, share in row:
                        lottery[following] = lottery.get(following, Fraction(0)) + weight * share
            flows.append(flow)
            lotteries.append(tuple(lottery.items()))
        values = discounted_values(flows, lotteries, delta)
        for s, value in enumerate(values):
            error = max(error, abs(value - Fraction(float(found.values[s, player]))))
            stage, other = game.stages[s], mixes[s][1 - player]
            for action in range(stage.shape[player]):
                earned = Fraction(0)
                for reply, weight in enumerate(other):
                    if weight:
                        cell = (action, reply) if player == 0 else (reply, action)
                        later = sum((share * values[following] for following, share in game.exact_transitions[s][cell]), Fraction(0))
                        earned += weight * ((1 - delta) * exact(float(stage.payoffs[player][cell])) + delta * later)
                if earned - value > worst:
                    worst = earned - value
                    label = stage.actions[player][action]
                    words = f"in state {game.states[s]!r} {stage.players[player]} gains {float(worst):.3g} by {label!r}"
    return worst, error, words
