r"""Certificate of the stochastic pie: values that one step of the game reproduces, and deals exactly where the pie is worth them.

With :math:`R_i` what side i gets by a refusal, today's payoffs are :math:`(c - R_j, R_j)` for proposer i and responder j where
:math:`c \ge R_0 + R_1`, and :math:`(R_0, R_1)` elsewhere. The step is a contraction with modulus :math:`\beta = \max_i\delta_i`, so values
that it moves by r lie within :math:`r/(1-\beta)` of the only equilibrium; r is computed exactly for the numbers stated. Of states whose
surplus :math:`c - R_0 - R_1` is smaller than that bound the certificate does not say on which side they fall.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isinf

from bargaining.answers.offers import PieChain, StochasticPie
from bargaining.certificate.outcome import Certificate, finite, refused
from bargaining.games import exact
from bargaining.solution import Status

# Largest relative error of expected delays and of sums of values.
ROUNDING = 1e-9


def verify_stochastic_pie(solution: StochasticPie) -> Certificate:
    """One exact step from the values stated, the sign of the surplus in every state, and what the expected delays add up to."""
    chain = solution.game
    if not isinstance(chain, PieChain):
        return refused("there is no chain of pies")
    if solution.status is not Status.solved or isinf(solution.error_bound):
        return refused("the answer is not called solved: there is no claim to check")
    n = len(chain.sizes)
    shapes = {"values": (n, 2, 2), "agreement": (n, 2), "joint": (n,), "expected_delay": (n, 2)}
    if any(getattr(solution, name).shape != shape for name, shape in shapes.items()) or chain.transitions.shape != (n, n):
        return refused("values, deals or delays are not one a state and proposer")
    if not finite(
        solution.values, solution.joint, solution.error_bound, *(each for each in vars(chain).values() if hasattr(each, "shape"))
    ):
        return refused("a number stated is not finite")
    beta = max(chain.delta)
    rows: list[list[Fraction]] = [[exact(p) for p in row] for row in chain.transitions.tolist()]
    chance = None if chain.proposers is None else [exact(p) for p in chain.proposers.tolist()]
    if not 0 < min(chain.delta) <= beta < 1 or any(min(row) < 0 or abs(sum(row, Fraction(0)) - 1) > ROUNDING for row in rows):
        return refused("discount factors are out of range or rows are no probabilities")
    sizes, flows = [exact(c) for c in chain.sizes.tolist()], [[exact(f) for f in row] for row in chain.flows.tolist()]
    values = [[[Fraction(v) for v in pair] for pair in both] for both in solution.values.tolist()]
    expected = [_mixed(values, s, chance) for s in range(n)]
    moved = Fraction(0)
    surplus = []
    for s in range(n):
        for i in (0, 1):
            ahead = expected if chance is not None else [values[t][1 - i] for t in range(n)]
            later = [sum((p * v[k] for p, v in zip(rows[s], ahead, strict=True)), Fraction(0)) for k in (0, 1)]
            stay = [(1 - chain.delta[k]) * flows[s][k] + chain.delta[k] * later[k] for k in (0, 1)]
            left = sizes[s] - stay[0] - stay[1]
            surplus.append((s, i, left))
            today = list(stay)
            today[i] += max(left, Fraction(0))
            moved = max(moved, *(abs(today[k] - values[s][i][k]) for k in (0, 1)))
    heaviest = max(sum(row) for row in rows)
    if beta * heaviest >= 1:
        return refused("the chain's probabilities add up to so much more than one that nothing is discounted")
    error = moved / (1 - beta * heaviest)
    if error > Fraction(solution.error_bound):
        reason = f"one step of the game moves the values by {float(moved):.3g}: they may be off by {float(error):.3g}"
        return Certificate(holds=False, deviation_gain=float(moved), payoff_error=float(error), gap=inf, reason=reason)
    scale = max(1e-300, *(abs(float(v)) for v in (*sizes, *(f for row in flows for f in row))))
    unclear = 2 * (1 + beta * heaviest) * error + Fraction(4e-13 * scale)
    for s, i, left in surplus:
        if (left > unclear and not solution.agreement[s, i]) or (left < -unclear and solution.agreement[s, i]):
            words = "is worth waiting for, and a deal is stated" if left < 0 else "is worth a deal, and none is stated"
            return refused(f"state {s}, proposer {i}: it {words} (surplus {float(left):.3g})")
    knife = sum(abs(left) <= unclear for _, _, left in surplus)
    if solution.ties and not knife:
        return refused("a tie is stated, and no state is near one")
    if not solution.ties and any(left == 0 for _, _, left in surplus):
        return refused("no tie is stated, and some state is one")
    own = [1 - Fraction(1, 2), Fraction(1, 2)] if chance is None else None
    for s in range(n):
        pair = own or [chance[s], 1 - chance[s]]  # type: ignore[index]
        total = sum((pair[i] * (values[s][i][0] + values[s][i][1]) for i in (0, 1)), Fraction(0))
        if abs(float(total) - solution.joint[s]) > 1e-12 * scale:
            return refused(f"state {s}: the joint value is not the sum of both sides' values")
    wrong = _misjudged_delay(solution, rows, chance)
    if wrong:
        return refused(wrong)
    close = f"; {knife} states are too close to a tie to tell" if knife else ""
    reason = f"values are within {float(error):.1g} of the only ones, and deals are where the pie is worth them{close}"
    return Certificate(holds=True, deviation_gain=float(moved), payoff_error=0.0, gap=0.0, reason=reason)


def _mixed(values: Sequence[Sequence[Sequence[Fraction]]], s: int, chance: Sequence[Fraction] | None) -> list[Fraction]:
    """Expected values of a state before it is known who proposes."""
    if chance is None:
        return []
    return [chance[s] * values[s][0][k] + (1 - chance[s]) * values[s][1][k] for k in (0, 1)]


def _misjudged_delay(solution: StochasticPie, rows: Sequence[Sequence[Fraction]], chance: Sequence[Fraction] | None) -> str:
    """What is wrong with the expected delays, given where there are deals."""
    n = len(rows)
    nodes = [(s, i) for s in range(n) for i in (0, 1)]

    def following(s: int, i: int) -> list[tuple[tuple[int, int], Fraction]]:
        split = [Fraction(int(j != i)) for j in (0, 1)]
        found = [((t, j), rows[s][t] * (split[j] if chance is None else (chance[t], 1 - chance[t])[j])) for t in range(n) for j in (0, 1)]
        return [(node, p) for node, p in found if p > 0]

    ahead = {node: following(*node) for node in nodes}
    agreed = {node for node in nodes if solution.agreement[node]}
    # Where a deal is certain: not where one may end up in nodes from which none can be reached.
    reached = set(agreed)
    while grown := {node for node in nodes if node not in reached and any(to in reached for to, _ in ahead[node])}:
        reached |= grown
    lost = set(nodes) - reached
    while grown := {node for node in nodes if node not in lost | agreed and any(to in lost for to, _ in ahead[node])}:
        lost |= grown
    longest = max((float(d) for d in solution.expected_delay.ravel() if not isinf(d)), default=0.0)
    for node in nodes:
        stated = float(solution.expected_delay[node])
        if (node in lost) != isinf(stated) or (node in agreed and stated != 0.0):
            return f"state {node[0]}, proposer {node[1]}: a delay of {stated:g} does not fit where there are deals"
        if node not in lost and node not in agreed:
            follows = 1.0 + sum(float(p) * float(solution.expected_delay[to]) for to, p in ahead[node])
            if not abs(follows - stated) <= ROUNDING * max(longest, 1.0):
                return f"state {node[0]}, proposer {node[1]}: the delay is {stated:g}, and {follows:g} follows from the others"
    return ""
