r"""Exclusion in every state of a stochastic game, checked in exact rational arithmetic.

The sets :math:`W_s(t) = \{\lambda_j\cdot w \le c_{sj} + t d_{sj}\}` grow in t. What a profile generates from them in a direction is a
linear program: its continuation lies in the half-planes with the mixed offsets, and beyond what any one deviation would promise. Each
non-negative combination of two constraints that gives the direction bounds it by a line in t, and the least of these lines has to be
negative on the interval. Floats choose a few of the lines; what is checked with them is exact.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bargaining.certificate.outer import AXES, Line, Point, below_zero, combination

if TYPE_CHECKING:
    from bargaining.certificate.stochastic import ExactStates

Floats = NDArray[np.float64]
Profile = tuple[int, int]
Numbers = Sequence[Sequence[Fraction]]

MOST_LINES = 60_000
# Shares of the interval at which floats look for the least line.
LOOKS = np.concatenate([[0.0], np.geomspace(1e-12, 1.0, 25)])


def excluded(
    game: "ExactStates",
    scaled: Sequence[dict[Profile, Point]],
    normals: Sequence[Point],
    limit: Numbers,
    slopes: Numbers,
    interval: tuple[Fraction, Fraction],
    enforceable: Sequence[Sequence[Profile]],
) -> bool | None:
    """Whether B, with the enforceable profiles, maps W(t) strictly inside itself for every t of the interval.

    None if that is too much work.

    Parameters
    ----------
    scaled : for each state the payoffs of its profiles, scaled as the proof says
    limit, slopes : numbers c and d, a row a state
    """
    least, most = interval
    delta = game.delta[0]
    down = [normals.index(AXES[2 + i]) for i in (0, 1)]
    constraints = [*normals, AXES[2], AXES[2], AXES[3], AXES[3]]
    pairs: dict[int, tuple[NDArray[np.int64], Floats]] = {}
    work = 0
    for s, own in enumerate(scaled):
        for a in enforceable[s]:
            mixed = [_mixed(game, s, a, limit, j) for j in range(len(normals))]
            growing = [_mixed(game, s, a, slopes, j) for j in range(len(normals))]
            # What any deviation pays is a line in t below which the continuation cannot fall.
            promises = [
                [
                    (
                        (1 - delta) / delta * (own[other][i] - own[a][i]) - _mixed(game, s, other, limit, down[i]),
                        _mixed(game, s, other, slopes, down[i]),
                    )
                    for other in _tempting(game, scaled, s, a, i, limit, slopes, down[i], interval)
                ]
                for i in (0, 1)
            ]
            start = least
            for n, c, d in zip(normals, mixed, growing, strict=True):
                if n[0] >= 0 and n[1] >= 0:
                    for first, second in zip(*promises, strict=True):
                        # Where the corner of the constraints lies beyond this half-plane, nothing enforces the profile.
                        beyond = n[0] * first[0] + n[1] * second[0] - c
                        start = max(start, beyond / (n[0] * first[1] + n[1] * second[1] + d))
            if start > most:
                continue
            sides: list[Line] = list(zip(mixed, growing, strict=True))
            sides += [(-low, fall) for i in (0, 1) for low, fall in promises[i]]
            for j, n in enumerate(normals):
                base = (1 - delta) * (n[0] * own[a][0] + n[1] * own[a][1]) - limit[s][j]
                alone = base + delta * mixed[j], delta * growing[j] - slopes[s][j]
                if alone[0] + alone[1] * start < 0 and alone[0] + alone[1] * most < 0:
                    continue
                work += 1
                if work > MOST_LINES:
                    return None
                if j not in pairs:
                    pairs[j] = _combinations(constraints, (delta * n[0], delta * n[1]))
                lines = [alone]
                for p, q in _likely(pairs[j], sides, (float(start), float(most))):
                    weights = combination(constraints[p], constraints[q], (delta * n[0], delta * n[1]))
                    if weights is not None:
                        alpha, beta = weights
                        constant = base + alpha * sides[p][0] + beta * sides[q][0]
                        lines.append((constant, alpha * sides[p][1] + beta * sides[q][1] - slopes[s][j]))
                if not below_zero(lines, start, most):
                    return False
    return True


def _mixed(game: "ExactStates", state: int, profile: Profile, numbers: Numbers, j: int) -> Fraction:
    """Mean of the numbers (·, j) of the states that follow."""
    return sum((share * numbers[after][j] for after, share in game.rows[state][profile]), Fraction(0))


def _tempting(
    game: "ExactStates",
    scaled: Sequence[dict[Profile, Point]],
    state: int,
    profile: Profile,
    i: int,
    limit: Numbers,
    slopes: Numbers,
    down: int,
    interval: tuple[Fraction, Fraction],
) -> list[Profile]:
    """Player i's best deviation at either end of the interval."""
    delta = float(game.delta[0])

    def worth(other: Profile, t: float) -> float:
        low = float(_mixed(game, state, other, limit, down)) + t * float(_mixed(game, state, other, slopes, down))
        return (1.0 - delta) * float(scaled[state][other][i]) - delta * low

    others = game.deviations(state, profile, i)
    return [max(others, key=lambda other: worth(other, float(t))) for t in interval]


def _combinations(constraints: Sequence[Point], direction: Point) -> tuple[NDArray[np.int64], Floats]:
    """Pairs of constraints that combine to a direction with weights that are not negative, and these weights, in floats."""
    n = np.array([(float(x), float(y)) for x, y in constraints])
    x, y = float(direction[0]), float(direction[1])
    first, second = np.triu_indices(len(n), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = n[first, 0] * n[second, 1] - n[first, 1] * n[second, 0]
        alpha = (x * n[second, 1] - y * n[second, 0]) / determinant
        beta = (n[first, 0] * y - n[first, 1] * x) / determinant
    fit = (np.abs(determinant) > 1e-15) & (alpha >= -1e-14) & (beta >= -1e-14)
    return np.column_stack([first, second])[fit], np.column_stack([alpha, beta])[fit]


def _likely(pairs: tuple[NDArray[np.int64], Floats], sides: Sequence[Line], interval: tuple[float, float]) -> list[tuple[int, int]]:
    """The combinations whose lines are least somewhere on the interval, in floats."""
    places, weights = pairs
    values = np.array([(float(c), float(d)) for c, d in sides])
    lines = (weights[:, :, None] * values[places]).sum(axis=1)
    at = interval[0] + LOOKS * (interval[1] - interval[0])
    if not len(lines):
        return []
    best = np.unique((lines[:, :1] + lines[:, 1:] * at).argmin(axis=0))
    return [(int(places[k, 0]), int(places[k, 1])) for k in best]
