r"""Certificate of Nash bargaining with threats: x is what bargaining from the threats gives, and no other threat would give its side more.

With :math:`\lambda` the normal stated and d what the threats earn: :math:`\lambda` supports the agreements at x;
:math:`\lambda_0(x_0-d_0) = \lambda_1(x_1-d_1)`, so x is the Nash point from d; and since bargaining from d' gives the U.S. more only if
:math:`\lambda_0 d'_0 - \lambda_1 d'_1` rises, a better threat would be one action that raises it (for China: lowers it). All three are
computed exactly for the numbers stated and hold up to the width that the answer names, not exactly: threats come from linear programs.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import inf
from typing import Any

from bargaining.answers.deals import ThreatBargain
from bargaining.certificate.exact_game import Point
from bargaining.certificate.outcome import Certificate, finite, refused
from bargaining.certificate.outer import hull_of
from bargaining.games import IssueGame, RepeatedGame, StageGame, exact
from bargaining.solution import Status

ROUNDING = 1e-12


def verify_threats(solution: ThreatBargain) -> Certificate:
    """Support, equal weighted gains and best replies in the threat game; the largest of their errors is the deviation gain."""
    game, tol = solution.game, solution.options.get("tol")
    if not isinstance(game, (StageGame, IssueGame, RepeatedGame)) or not isinstance(tol, float) or not 0 < tol <= 1e-3:
        return refused("there is no game to threaten in, or no width up to which the answer is to hold")
    stage = game if isinstance(game, StageGame) else game.stage_game()
    m, n = stage.shape
    A, B = ([_exactly(row) for row in matrix] for matrix in stage.payoffs.tolist())
    if not finite(solution.point, *solution.threats, solution.disagreement, solution.weights, solution.value, solution.error_bound):
        return refused("a number stated is not finite")
    x, y = (_numbers(mix) for mix in solution.threats)
    if (len(x), len(y)) != (m, n) or min(*x, *y) < 0 or abs(_total(x) - 1) + abs(_total(y) - 1) > ROUNDING:
        return refused("the threats are not mixed actions of the game")
    x, y = [p / _total(x) for p in x], [p / _total(y) for p in y]
    weights = _numbers(solution.weights)
    if min(weights) < 0 or abs(_total(weights) - 1) > ROUNDING:
        return refused("the weights are no normal of a frontier")
    if solution.status is not Status.solved:
        return refused("the answer is not called solved")
    point = _numbers(solution.point)
    payoffs = [v for matrix in (A, B) for row in matrix for v in row]
    corners = list(solution.agreements or [(A[a][b], B[a][b]) for a in range(m) for b in range(n)])
    scale = max((abs(v) for v in (*payoffs, *(c for corner in corners for c in corner))), default=Fraction(0))
    near = ROUNDING * float(scale)
    # The bisection on the normal stops at a width of tol.
    width = near + 4 * tol * float(scale) + solution.error_bound
    earned = [_mean(matrix, x, y) for matrix in (A, B)]
    if max(abs(float(e) - float(d)) for e, d in zip(earned, solution.disagreement, strict=True)) > near:
        return _wrong("the threats do not earn what is stated", inf)
    quarrel = [[weights[0] * A[a][b] - weights[1] * B[a][b] for b in range(n)] for a in range(m)]
    value = _mean(quarrel, x, y)
    if abs(float(value) - solution.value) > width:
        return _wrong("the value of the threat game is not the one stated", abs(float(value) - solution.value))
    transfers = bool(solution.options.get("transfers"))
    normal = [Fraction(1, 2)] * 2 if transfers else weights
    most = max(normal[0] * u + normal[1] * v for u, v in corners)
    short = most - _total(w * v for w, v in zip(normal, point, strict=True))
    if transfers and max(abs(w - Fraction(1, 2)) for w in weights) > 0:
        return refused("with transfers both sides weigh the same")
    if abs(float(short)) > near:
        return _wrong(
            f"the point is {'inside' if short > 0 else 'outside'} the frontier with the normal stated, by {float(short):.3g}", inf
        )
    if not transfers and _beyond(hull_of(corners), point) > near:
        return _wrong("the point is not in the set of agreements", inf)
    unequal = abs(weights[0] * (point[0] - earned[0]) - weights[1] * (point[1] - earned[1]))
    if float(unequal) > width:
        return _wrong("bargaining from the threats does not lead to the point: weighted gains differ", float(unequal))
    ours: Fraction = max(_total(quarrel[a][b] * y[b] for b in range(n)) for a in range(m)) - value
    theirs: Fraction = value - min(_total(quarrel[a][b] * x[a] for a in range(m)) for b in range(n))
    for side, gain in zip(stage.players, (ours, theirs), strict=True):
        if float(gain) > width:
            return _wrong(f"{side} gains {float(gain):.3g} by another threat, weighted", float(gain))
    if any(float(point[i] - earned[i]) < -1e-9 * max(1.0, float(scale)) for i in (0, 1)):
        return _wrong("the threats leave nothing to agree on", inf)
    most_gained = float(max(unequal, ours, theirs, Fraction(0)))
    reason = f"the point is the Nash point from the threats, and no other threat gains more than {most_gained:.1g} (weighted)"
    return Certificate(holds=True, deviation_gain=most_gained, payoff_error=0.0, gap=0.0, reason=reason)


def _numbers(values: Any) -> list[Fraction]:
    return [Fraction(float(v)) for v in values]


def _total(terms: Iterable[Fraction]) -> Fraction:
    return sum(terms, Fraction(0))


def _exactly(row: Sequence[float]) -> list[Fraction]:
    return [exact(u) for u in row]


def _mean(matrix: Sequence[Sequence[Fraction]], x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
    return _total(p * q * v for p, row in zip(x, matrix, strict=True) for q, v in zip(y, row, strict=True))


def _beyond(hull: Sequence[Point], point: Sequence[Fraction]) -> float:
    """How far a point lies to the right of an edge of a polygon, its corners counter-clockwise, or outside its box."""
    box = [max(point[i] - max(c[i] for c in hull), min(c[i] for c in hull) - point[i]) for i in (0, 1)]
    for a, b in zip(hull, [*hull[1:], hull[0]], strict=True):
        length = abs(b[0] - a[0]) + abs(b[1] - a[1])
        if length:
            box.append(((b[1] - a[1]) * (point[0] - a[0]) - (b[0] - a[0]) * (point[1] - a[1])) / length)
    return float(max(box))


def _wrong(reason: str, gain: float) -> Certificate:
    return Certificate(holds=False, deviation_gain=gain, payoff_error=0.0, gap=inf, reason=reason)
