r"""Payoffs of a negotiation game from inside: sets at both proposer nodes that generate themselves, shown in exact arithmetic.

Sets with :math:`E_i \subseteq` what i's node generates from :math:`E_j` consist of equilibrium payoffs. Candidates are the float estimate
with its corners replaced by simple rationals; the solution of the linear equations between its corners (see `negotiation_corners`); fixed
points of slightly stricter operators, which leave room for rounding.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.polygon import largest_distance
from bargaining.solvers.negotiation_corners import MOST_CORNERS, settled_corners
from bargaining.solvers.negotiation_game import Polygon, ScaledTalks, Talks
from bargaining.solvers.negotiation_outer import Estimate
from bargaining.solvers.outer import thinned
from bargaining.solvers.plane import Pair, cross, exact_hull

Floats = NDArray[np.float64]
Sets = tuple[Polygon, Polygon]

DENOMINATORS = (100, 10_000, 1_000_000)
MOST_RATIONAL_VERTICES = 32
# In scaled payoffs; the sign of a float cross product farther from zero than this is certain.
CERTAIN = 1e-12


def find_inner(talks: ScaledTalks, estimate: Estimate, tol: float, max_iter: int) -> tuple[Sets, Talks] | None:
    """Proven sets within `tol` (scaled) of the estimate if a candidate gets that close, else the closest; None if none is proven.

    With them the profiles that generate them.
    """
    best, nearest = None, np.inf
    for candidate, used in _candidates(talks, estimate, tol, max_iter):
        off = max(_apart(estimate.sets[i], talks.scaled(candidate[i])) for i in (0, 1))
        own = talks.exact.only(talks.positions[used])
        if off < nearest and _generates_itself(talks, own, candidate):
            best, nearest = (candidate, own), off
        if nearest <= 0.75 * tol:
            break
    return best


def _apart(one: Floats, other: Floats) -> float:
    return max(float(largest_distance(one, other)), float(largest_distance(other, one)))


def _candidates(talks: ScaledTalks, estimate: Estimate, tol: float, max_iter: int) -> Iterator[tuple[Sets, NDArray[np.bool_]]]:
    corners = tuple(polygon[thinned(polygon, 1e-11)] for polygon in estimate.sets)
    few = sum(map(len, corners)) <= MOST_RATIONAL_VERTICES
    if few:
        for denominator in DENOMINATORS:
            points = [talks.in_units(polygon).tolist() for polygon in corners]
            simple = [exact_hull([_simple(v, denominator) for v in polygon]) for polygon in points]
            if all(_apart(corners[i], talks.scaled(simple[i])) <= min(1e-9, tol) for i in (0, 1)):
                yield (simple[0], simple[1]), estimate.used
    if few and (solved := settled_corners(talks, estimate, 0.0)) is not None:
        yield solved, estimate.used
    slack = max(1e-13, tol * (1.0 - float(talks.deltas.max())) / 128.0)
    while slack <= tol:
        stricter = Estimate.iterate(talks, estimate.sets, estimate.used, slack, 0.125 * slack, 0.25 * slack, max_iter)
        if not stricter.is_empty:
            yield _snapped(talks, stricter.sets), stricter.used
            if sum(map(len, stricter.sets)) <= MOST_CORNERS and (solved := settled_corners(talks, stricter, slack)) is not None:
                yield solved, stricter.used
        slack *= 8.0


def _simple(point: Sequence[float], denominator: int) -> Pair:
    return Fraction(point[0]).limit_denominator(denominator), Fraction(point[1]).limit_denominator(denominator)


def _snapped(talks: ScaledTalks, sets: Sequence[Floats]) -> Sets:
    """Exact points of float polygons; those of segments and points on the line of splits are put on it."""
    made = []
    for polygon in sets:
        points = [talks.exact_in_units(v) for v in polygon.tolist()]
        if len(points) <= 2 and np.abs(polygon.sum(axis=1) - talks.surplus).max() <= 1e-9:
            points = [(x, talks.exact.surplus - x) for x, _ in points]
        made.append(exact_hull(points))
    return made[0], made[1]


def _generates_itself(talks: ScaledTalks, own: Talks, sets: Sets) -> bool:
    """Whether the sets are part of what they generate with the profiles `own`."""
    for i in (0, 1):
        image = own.node(i, sets[1 - i])
        if not image:
            return False
        shadow, points = talks.scaled(image), talks.scaled(sets[i])
        if not all(_contains(image, shadow, v, point) for v, point in zip(sets[i], points, strict=True)):
            return False
    return True


def _contains(polygon: Sequence[Pair], shadow: Floats, point: Pair, near: Floats) -> bool:
    """Whether an exact polygon contains a point; `shadow` and `near` are their scaled floats."""
    if len(polygon) == 1:
        return polygon[0] == point
    if len(polygon) == 2:
        a, b = polygon
        between = all(min(a[k], b[k]) <= point[k] <= max(a[k], b[k]) for k in (0, 1))
        return bool(between and cross(a, b, point) == 0)
    after = np.roll(shadow, -1, axis=0)
    turns = (after[:, 0] - shadow[:, 0]) * (near[1] - shadow[:, 1]) - (after[:, 1] - shadow[:, 1]) * (near[0] - shadow[:, 0])
    if (turns < -CERTAIN).any():
        return False
    doubtful = np.flatnonzero(turns <= CERTAIN).tolist()
    return all(cross(polygon[k], polygon[(k + 1) % len(polygon)], point) >= 0 for k in doubtful)
