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
    def hull(cls, points: ArrayLike) -> "PayoffSet":
        """Convex hull of points in any order; points within rounding error (1e-14 of the spread) of an edge are not vertices.

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
        """Support function: the largest inner product with `direction`, shape (2,) or (k, 2); minus infinity for the empty set."""
        directions = np.asarray(direction, dtype=np.float64)
        if self.is_empty:
            return np.full(directions.shape[:-1], -np.inf)[()]
        return (directions @ self.vertices.T).max(axis=-1)

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
        return PayoffSet.hull((self.vertices[:, None, :] + other.vertices[None, :, :]).reshape(-1, 2))

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


def _hull(points: Floats) -> Floats:
    """Monotone chain on coordinates relative to the spread; a vertex is dropped only if it is within 1e-14 of the chord beside it."""
    if len(points) == 0:
        return points
    low = points.min(axis=0)
    span = points.max(axis=0) - low
    unit = (points - low) / np.where(span > 0, span, 1.0)
    order = np.lexsort((unit[:, 1], unit[:, 0]))
    keep = [int(order[0])]
    for k in order[1:]:
        if np.abs(unit[k] - unit[keep[-1]]).max() > 1e-14:
            keep.append(int(k))
    if len(keep) <= 2:
        return points[keep]

    def half(sequence: list[int]) -> list[int]:
        chain: list[int] = []
        for k in sequence:
            while len(chain) >= 2 and not _turns_left(unit[chain[-2]], unit[chain[-1]], unit[k]):
                chain.pop()
            chain.append(k)
        return chain[:-1]

    return points[half(keep) + half(keep[::-1])]


def _turns_left(a: Floats, b: Floats, c: Floats) -> bool:
    """Whether b lies strictly to the right of the chord from a to c, by more than rounding error."""
    chord = c - a
    return bool(chord[0] * (b[1] - a[1]) - chord[1] * (b[0] - a[0]) < -1e-14 * max(abs(chord[0]), abs(chord[1])))
