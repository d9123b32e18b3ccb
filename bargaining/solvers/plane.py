"""Exact convex polygons in the plane: hull, cut by a half-plane, frontier. Points are pairs of Fractions."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.games import GameError, exact
from bargaining.payoff_set import PayoffSet

Pair = tuple[Fraction, Fraction]


def cross(a: Any, b: Any, c: Any) -> Any:
    """Twice the signed area of the triangle abc, exact for integers and fractions."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def exact_hull(points: Iterable[Pair]) -> list[Pair]:
    """Counter-clockwise strict convex hull of exact points (monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) <= 2:
        return ordered

    def half(sequence: Sequence[Pair]) -> list[Pair]:
        chain: list[Pair] = []
        for point in sequence:
            while len(chain) >= 2 and cross(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return half(ordered) + half(ordered[::-1])


def cut(polygon: Sequence[Pair], normal: tuple[Any, Any], offset: Any) -> list[Pair]:
    """The part of a polygon (its corners in order) where ``normal · v >= offset``."""
    count = len(polygon)
    heights = [normal[0] * x + normal[1] * y - offset for x, y in polygon]
    if all(h >= 0 for h in heights):
        return list(polygon)
    kept: list[Pair] = []
    for k, (here, height) in enumerate(zip(polygon, heights, strict=True)):
        if height >= 0:
            kept.append(here)
        after, beyond = polygon[(k + 1) % count], heights[(k + 1) % count]
        if height * beyond < 0:
            share = height / (height - beyond)
            kept.append((here[0] + share * (after[0] - here[0]), here[1] + share * (after[1] - here[1])))
    # A segment is walked to and fro, so its crossing is met twice.
    return list(dict.fromkeys(kept))


def above(polygon: Sequence[Pair], floor: Pair) -> list[Pair]:
    """The part of a polygon where neither side gets less than its floor."""
    one, zero = Fraction(1), Fraction(0)
    return cut(cut(polygon, (one, zero), floor[0]), (zero, one), floor[1])


def frontier(polygon: Sequence[Pair]) -> list[Pair]:
    """Pareto frontier from the best point for China to the best for the U.S.: x rises, y falls, strictly.

    Examples
    --------
    >>> frontier([(0, 0), (2, 0), (2, 1), (0, 1)])
    [(2, 1)]
    """
    if not polygon:
        return []
    corners = exact_hull(polygon)
    start = max(range(len(corners)), key=lambda k: (corners[k][1], corners[k][0]))
    end = max(range(len(corners)), key=lambda k: corners[k])
    # Counter-clockwise from the best for the U.S. to the best for China.
    steps = (start - end) % len(corners)
    return [corners[(end + k) % len(corners)] for k in range(steps + 1)][::-1]


def read_pair(values: Any, what: str) -> Pair:
    """Two finite numbers, U.S. first, read exactly."""
    given = values.tolist() if isinstance(values, np.ndarray) else values
    try:
        first, second = (exact(v) for v in given)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise GameError(f"{what} {values!r}: expected two finite numbers, U.S. first") from None
    return first, second


def read_polygon(points: Any, what: str) -> list[Pair]:
    """Exact corners of a payoff set (anything with `vertices`) or of points, shape (k, 2), in any order; empty for none."""
    given = getattr(points, "vertices", points)
    if isinstance(given, np.ndarray):
        given = given.reshape(-1, 2).tolist() if given.size == 0 or given.ndim == 2 else given.tolist()
    if not isinstance(given, (list, tuple)):
        raise GameError(f"{what} is a {type(points).__name__}: expected a payoff set or points of shape (k, 2)")
    return exact_hull([read_pair(point, f"{what}[{k}]:") for k, point in enumerate(given)])


def as_set(polygon: Sequence[Pair]) -> PayoffSet:
    """A polygon in floating point."""
    return PayoffSet(np.array([[float(x), float(y)] for x, y in polygon], dtype=np.float64).reshape(-1, 2))


def as_floats(point: Pair) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """A point in floating point."""
    return np.array([float(point[0]), float(point[1])])
