"""Certificate of payoff sets with voluntary transfers: what is claimed can be enforced, and nothing better can."""

from math import inf

from bargaining.certificate.exact_game import ExactGame
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import RepeatedGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, Status

ROUNDING = 2e-14


def verify_transfers(solution: EquilibriumSet) -> Certificate:
    """Enforce the claimed profiles exactly, and strike out from above whatever cannot be, until the rest stands."""
    assert isinstance(solution.game, RepeatedGame)
    game = ExactGame(solution.game)
    delta = game.delta[0]
    if game.delta[0] != game.delta[1]:
        return refused("transfers with different discount factors")
    left = dict(game.payoff)
    standing = None
    while left and standing is None:
        joint = max(sum(payoff) for payoff in left.values())
        worst = [min(game.deviation[a][i] for a in left) for i in (0, 1)]
        kept = {a: g for a, g in left.items() if (1 - delta) * (sum(game.deviation[a]) - sum(g)) <= delta * (joint - sum(worst))}
        if len(kept) == len(left):
            standing = (joint, *worst)
        left = kept
    proof = solution.transfer_proof
    if proof is None or solution.status is Status.empty:
        holds = standing is None and solution.status is Status.empty and solution.is_empty
        reason = "no profile can be enforced" if standing is None else "the set is called empty, and some profiles can be enforced"
        return Certificate(holds=holds, deviation_gain=0.0, payoff_error=0.0, gap=0.0 if holds else inf, reason=reason)
    for a in (proof.path, *proof.punishments):
        if tuple(a) not in game.payoff:
            return refused(f"there is no profile {tuple(a)}")
    for a in (proof.path, *proof.punishments):
        gain = (1 - delta) * (sum(game.deviation[a]) - sum(game.payoff[a])) - delta * (proof.joint - sum(proof.worst))
        if gain > 0:
            labels = " / ".join(game.stage.labels(a))
            reason = f"{labels}: cheating gains both together {float(gain):.3g} more than the surplus that they lose by it"
            return Certificate(holds=False, deviation_gain=float(gain), payoff_error=0.0, gap=inf, reason=reason)
    earned = sum(game.payoff[proof.path])
    if earned != proof.joint or any(game.deviation[proof.punishments[i]][i] != proof.worst[i] for i in (0, 1)):
        return refused("the claimed profiles do not give the claimed payoffs")
    if standing != (proof.joint, *proof.worst):
        return refused("profiles that can be enforced give more, or punish harder, than is claimed")
    u, v = proof.worst
    corners = [[float(x), float(y)] for x, y in ((u, v), (proof.joint - v, v), (u, proof.joint - u))]
    proven = PayoffSet.hull(corners)
    allowed = ROUNDING * max(max(abs(x) for x in corner) for corner in corners)
    if max(part.distance(proven) for part in (solution.payoff_set, solution.inner, solution.outer)) > allowed:
        return refused("the stated set is not the one proven")
    reason = "the claimed profiles can be enforced, and nothing gives more"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)
