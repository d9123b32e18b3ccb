r"""Convex sets of payoff pairs.

A payoff set is a convex polygon in the plane (or a segment, a point, the empty set), kept as its vertices in counter-clockwise order.
What it is compared by is its support function :math:`h(\lambda) = \max_{v} \lambda\cdot v`, not its list of vertices: two lists can
differ by a vertex that lies a rounding error off an edge and still be the same set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PayoffSet:
    """A convex polygon of payoff pairs.

    Parameters
    ----------
    vertices : array_like, shape (k, 2)
        Counter-clockwise; k = 0 is the empty set, 1 a point, 2 a segment. Use `PayoffSet.hull` for points in any order.

    Raises
    ------
    ValueError
        If the shape is not (k, 2) or an entry is not finite.

    Examples
    --------
    >>> triangle = PayoffSet.hull([[0, 0], [2, 0], [0, 2], [0.5, 0.5]])
    >>> len(triangle.vertices), triangle.area, triangle.support([1, 1])
    (3, 2.0, 2.0)
    """

    vertices: Floats

    def __post_init__(self) -> None:
        vertices = (
            np.array(self.vertices, dtype=np.float64).reshape(-1, 2)
            if np.size(self.vertices) == 0
            else np.array(self.vertices, dtype=np.float64)
        )
        if vertices.ndim != 2 or vertices.shape[1] != 2:
            raise ValueError(f"vertices have shape {vertices.shape}: expected (k, 2)")
        if not np.isfinite(vertices).all():
            raise ValueError(f"vertices: row {int(np.argwhere(~np.isfinite(vertices))[0][0])} is not finite")
        vertices.flags.writeable = False
        object.__setattr__(self, "vertices", vertices)

    @classmethod
    def of_vertices(cls, vertices: Floats) -> "PayoffSet":
        """A set from finite vertices in order that nobody else holds: nothing is checked or copied, for solvers that make many."""
        vertices.flags.writeable = False
        made = cls.__new__(cls)
        object.__setattr__(made, "vertices", vertices)
        return made

    @classmethod
    def hull(cls, points: ArrayLike) -> "PayoffSet":
        """Convex hull of points in any order; points within rounding error (3e-14 of the spread) of an edge are not vertices.

        Examples
        --------
        >>> PayoffSet.hull([[1, 1], [0, 0], [2, 2]]).vertices.tolist()
        [[0.0, 0.0], [2.0, 2.0]]
        """
        cloud = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        return cls(_hull(cloud))

    @property
    def is_empty(self) -> bool:
        """Whether there is no payoff pair in the set."""
        return len(self.vertices) == 0

    @property
    def area(self) -> float:
        """Area; zero for a segment, a point and the empty set."""
        if len(self.vertices) < 3:
            return 0.0
        relative = self.vertices - self.vertices[0]
        following = np.roll(relative, -1, axis=0)
        return float(0.5 * np.sum(relative[:, 0] * following[:, 1] - relative[:, 1] * following[:, 0]))

    def support(self, direction: ArrayLike) -> Any:
        """Support function: the largest inner product with `direction`; minus infinity for the empty set.

        A float for a direction of shape (2,), an array of shape (k,) for k of them.
        """
        directions = np.asarray(direction, dtype=np.float64)
        heights = (directions @ self.vertices.T).max(axis=-1, initial=-np.inf)
        return float(heights) if directions.ndim == 1 else heights

    def contains(self, point: ArrayLike, tol: float = 0.0) -> bool:
        """Whether `point` lies in the set, or within `tol` of it in Euclidean distance."""
        return not self.is_empty and self.distance_to(point) <= tol

    def distance_to(self, point: ArrayLike) -> float:
        """Euclidean distance from a point to the set (0 inside, infinity to the empty set)."""
        if self.is_empty:
            return float("inf")
        p = np.asarray(point, dtype=np.float64)
        starts = self.vertices
        steps = np.roll(starts, -1, axis=0) - starts
        if len(starts) > 2:
            outside = steps[:, 0] * (p[1] - starts[:, 1]) - steps[:, 1] * (p[0] - starts[:, 0])
            if (outside >= 0).all():
                return 0.0
        lengths = (steps**2).sum(axis=1)
        share = np.clip(((p - starts) * steps).sum(axis=1) / np.where(lengths > 0, lengths, 1.0), 0.0, 1.0)
        nearest = starts + share[:, None] * steps
        return float(np.hypot(*(nearest - p).T).min())

    def distance(self, other: "PayoffSet") -> float:
        """Hausdorff distance; infinity if exactly one of the two sets is empty."""
        if self.is_empty or other.is_empty:
            return 0.0 if self.is_empty and other.is_empty else float("inf")
        to_other = [other.distance_to(vertex) for vertex in self.vertices]
        to_self = [self.distance_to(vertex) for vertex in other.vertices]
        return max(*to_other, *to_self)

    def __add__(self, other: "PayoffSet") -> "PayoffSet":
        """Minkowski sum: payoffs of two games played side by side.

        Examples
        --------
        >>> segment = PayoffSet([[0, 0], [1, 0]])
        >>> (segment + PayoffSet([[0, 0], [0, 1]])).area
        1.0
        """
        if self.is_empty or other.is_empty:
            return PayoffSet(np.empty((0, 2)))
        # Between the angles of two edges that follow each other one corner of each set is the farthest out, and their sum is a corner. They
        # are looked up, since walking along the edges relies on an order that rounding may have broken.
        steps = np.concatenate([np.roll(part.vertices, -1, axis=0) - part.vertices for part in (self, other)])
        angles = np.sort(np.arctan2(steps[:, 1], steps[:, 0]))
        between = angles + 0.5 * np.diff(angles, append=angles[0] + 2.0 * np.pi)
        outward = np.column_stack([np.sin(between), -np.cos(between)])
        first, second = (part.vertices[(outward @ part.vertices.T).argmax(axis=1)] for part in (self, other))
        return PayoffSet.hull(first + second)

    def simplified(self, tolerance: float) -> "PayoffSet":
        """A subset with fewer vertices, every point of the set within `tolerance` of it.

        Examples
        --------
        >>> len(PayoffSet([[0, 0], [1, -1e-6], [2, 0], [1, 1]]).simplified(1e-3).vertices)
        3
        """
        vertices = self.vertices
        count = len(vertices)
        kept = [0] if count else []
        k = 1
        while k < count:
            # From the last kept vertex go as far round as all vertices passed by stay close to the chord.
            reach = k
            while reach + 1 <= count and self._chord_misses(kept[-1], reach + 1) <= tolerance:
                reach += 1
            if reach >= count:
                break
            kept.append(reach)
            k = reach + 1
        return PayoffSet(vertices[kept])

    def _chord_misses(self, start: int, end: int) -> float:
        """Largest distance of the vertices strictly between two positions from the chord that joins these."""
        a, b = self.vertices[start], self.vertices[end % len(self.vertices)]
        offsets, chord = self.vertices[start + 1 : end] - a, b - a
        length = float(chord @ chord)
        share = np.clip(offsets @ chord / length, 0.0, 1.0) if length > 0 else np.zeros(len(offsets))
        return float(np.hypot(*(offsets - share[:, None] * chord).T).max(initial=0.0))

    def plot(self, ax: "Axes | None" = None, **style: Any) -> "Axes":
        """Draw the set on `ax` (a new figure if none is given) and return the axes."""
        from bargaining.plotting import draw_payoff_set

        return draw_payoff_set(self, ax, **style)


def minkowski_sum(sets: Sequence[PayoffSet]) -> PayoffSet:
    """Minkowski sum of one or more sets."""
    total = sets[0]
    for payoff_set in sets[1:]:
        total = total + payoff_set
    return total


# Coordinates are compared on a grid of 2^-46 (1.4e-14) of each player's spread.
_GRID = 2.0**46
_Node = tuple[int, int]


def _hull(points: Floats) -> Floats:
    """Vertices of the hull, counter-clockwise from the leftmost.

    Orientation is decided in integers, on a grid relative to the spread: an epsilon in the cross product can drop a true corner, and so
    can sorting by abscissas that differ by rounding only. Corners within a grid step of the chord beside them are dropped at the end.
    """
    if len(points) == 0:
        return points
    low = points.min(axis=0)
    span = points.max(axis=0) - low
    # A spread of a few roundings of the numbers themselves is no spread.
    span[span <= 8.0 * np.finfo(np.float64).eps * np.abs(points).max(axis=0)] = np.inf
    grid, where = np.unique(np.rint((points - low) / span * _GRID).astype(np.int64), axis=0, return_index=True)
    nodes = {(int(x), int(y)): int(k) for (x, y), k in zip(grid, where, strict=True)}
    ordered = list(nodes)
    if len(ordered) > 2:
        ordered = _thinned(_half(ordered) + _half(ordered[::-1]))
    return points[[nodes[node] for node in ordered]]


def _half(ordered: list[_Node]) -> list[_Node]:
    """Lower (or, of the reverse order, upper) chain of sorted nodes, without its last node."""
    chain: list[_Node] = []
    for node in ordered:
        while len(chain) >= 2 and _turn(chain[-2], chain[-1], node) <= 0:
            chain.pop()
        chain.append(node)
    return chain[:-1]


def _thinned(corners: list[_Node]) -> list[_Node]:
    k = 0
    while len(corners) > 2 and k < len(corners):
        before, here, after = corners[k - 1], corners[k], corners[(k + 1) % len(corners)]
        chord = after[0] - before[0], after[1] - before[1]
        along = chord[0] * (here[0] - before[0]) + chord[1] * (here[1] - before[1])
        # The tip of a needle is near the line through its neighbours, but not between them.
        if _turn(before, here, after) <= max(map(abs, chord)) and 0 <= along <= chord[0] ** 2 + chord[1] ** 2:
            del corners[k]
        else:
            k += 1
    return corners


def _turn(a: _Node, b: _Node, c: _Node) -> int:
    """Positive if a, b, c turn left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
