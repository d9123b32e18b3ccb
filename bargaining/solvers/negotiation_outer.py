"""Payoffs of a negotiation game from outside: half-planes at both proposer nodes, proven at every sweep, and the float estimate before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.half_planes import ROUNDING, dual_bounds, half_plane_polygon
from bargaining.kernels.negotiation import FULL, outer_talks, talks_sweeps
from bargaining.kernels.polygon import largest_distance
from bargaining.solvers.negotiation_game import ScaledTalks
from bargaining.solvers.outer import edge_normals, thinned

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# How far the float iteration may miss a constraint, so that rounding does not cut off what binds exactly.
FEASIBILITY = 1e-14
# More corners than these take longer than what they tell is worth.
MOST_VERTICES = 512
# Half-planes follow no more edges of a polygon than these.
MOST_EDGES = 192


@dataclass(frozen=True, eq=False)
class Estimate:
    """Float polygons at both nodes: payoffs, what follows a refusal, and the profiles that make it.

    No vertices if a set vanished, or if there was no room for them (`full`).
    """

    sets: tuple[Floats, Floats]
    refused: tuple[Floats, Floats]
    used: Flags
    sweeps: int
    moved: float
    full: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not all(len(polygon) for polygon in self.sets)

    @classmethod
    def iterate(
        cls,
        talks: ScaledTalks,
        start: Sequence[Floats],
        active: Flags,
        slack: float,
        thinning: float,
        stop: float,
        sweeps: int,
        most: int = MOST_VERTICES,
    ) -> "Estimate":
        """Fixed point of the operator, or of the stricter one if there is `slack`, from the polygons `start`; none of more than `most`
        vertices."""
        given = max(len(polygon) for polygon in start)
        room = max(given, min(most, max(64, 4 * given)))
        while True:
            vertices, refused = np.empty((2, room, 2)), np.empty((2, room, 2))
            counts, others = np.array([len(polygon) for polygon in start], dtype=np.int64), np.zeros(2, dtype=np.int64)
            for i, polygon in enumerate(start):
                vertices[i, : len(polygon)] = polygon
            used = np.zeros((2, len(active)), dtype=np.bool_)
            code, done, moved = talks_sweeps(
                talks.payoffs, talks.gains, talks.deltas, talks.surplus, vertices, counts, refused, others, active, used, slack,
                FEASIBILITY if slack == 0.0 else 0.0, thinning, stop, sweeps,
            )  # fmt: skip
            if code != FULL or room >= most:
                break
            room = min(most, 4 * room)
        if code == FULL:
            counts[:] = 0
        return cls(
            sets=(vertices[0, : counts[0]].copy(), vertices[1, : counts[1]].copy()),
            refused=(refused[0, : others[0]].copy(), refused[1, : others[1]].copy()),
            used=used[0] | used[1],
            sweeps=done,
            moved=moved,
            full=code == FULL,
        )


BOX = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


class OuterTalks:
    """Half-planes with the same normals at both nodes, around the unit square at first, driven down by the operator."""

    def __init__(self, talks: ScaledTalks, shapes: Sequence[Floats]) -> None:
        self.talks = talks
        self.normals = _normals(shapes)
        self.offsets = np.tile(np.maximum(self.normals, 0.0).sum(axis=1) + 4.0 * ROUNDING, (2, 1))
        self.refused = self.offsets.copy()
        self.alive = np.ones((2, len(talks.payoffs)), dtype=np.bool_)
        self.sweeps = 0
        self.is_empty = not len(talks.payoffs)

    def sweep(self, sweeps: int, change: float) -> None:
        """Apply the operator up to `sweeps` times, less if no offset moves by more than `change`."""
        if self.is_empty:
            return
        talks = self.talks
        done, moved = outer_talks(
            talks.payoffs, talks.gains, talks.deltas, talks.surplus, talks.noise, self.normals, self.offsets, self.refused, self.alive,
            sweeps, change,
        )  # fmt: skip
        self.sweeps += done
        self.is_empty = moved < 0.0

    def turn(self, shapes: Sequence[Floats]) -> None:
        """Go on with the edges of other shapes: their offsets are those of an application of the operator to the present half-planes."""
        wanted = _normals(shapes)
        joint = edge_normals(np.empty((0, 2)), np.concatenate([self.normals, wanted]))
        for name in ("offsets", "refused"):
            bounds = np.empty((2, len(joint)))
            for i in (0, 1):
                dual_bounds(self.normals, getattr(self, name)[i], joint, bounds[i])
            setattr(self, name, bounds)
        self.normals = joint
        self.sweep(1, 0.0)
        # The nearest of the joint normals: of two that are almost alike only one was kept.
        nearest = (wanted @ joint.T).argmax(axis=1)
        kept = np.unique(nearest)
        self.normals = np.ascontiguousarray(joint[kept])
        self.offsets, self.refused = np.ascontiguousarray(self.offsets[:, kept]), np.ascontiguousarray(self.refused[:, kept])

    def polygon(self, i: int) -> Floats:
        """Vertices of the half-planes' intersection at a node."""
        vertices = np.empty((len(self.normals) + 5, 2))
        count = half_plane_polygon(self.normals, self.offsets[i], vertices)
        return vertices[:count]

    def distance(self, sets: Sequence[Floats]) -> float:
        """Largest distance from the half-planes at a node to a polygon inside, rounded up."""
        return 1e-15 + max(float(largest_distance(self.polygon(i), np.ascontiguousarray(sets[i]))) for i in (0, 1))


def _normals(shapes: Sequence[Floats]) -> Floats:
    """Normals of the edges of some polygons, the axes, and of the line on which splits lie."""
    normals: Floats = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]]) / np.sqrt(2.0)
    for shape in shapes:
        corners, tolerance = shape, FEASIBILITY
        while len(corners) > MOST_EDGES:
            tolerance *= 4.0
            corners = corners[thinned(corners, tolerance)]
        normals = edge_normals(corners, normals)
    return normals
