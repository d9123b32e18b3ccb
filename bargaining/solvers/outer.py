"""From outside: half-planes that contain every equilibrium payoff, driven down to the largest fixed point of the set operator.

The offsets are proven at every sweep (see `bargaining.kernels.half_planes`), whatever the normals are. Good normals come from a
float iteration of the operator on polygons; should they turn out not to be the edges of the limit, they are replaced by the edges of
a newer estimate, and offsets for these are proven from the old half-planes in one more sweep.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.half_planes import ROUNDING, half_plane_polygon, outer_sweeps, support_sweep
from bargaining.kernels.polygon import hull, thin_out
from bargaining.kernels.self_generation import generate, polygon_sweeps
from bargaining.solvers.scaled import ScaledGame

Floats = NDArray[np.float64]
Makers = NDArray[np.int64]

# Edges shorter than this, relative to the payoff span, are rounding: their directions mean nothing.
DUST = 1e-12
# How far the float iteration may miss a constraint, so that rounding does not cut off what binds exactly.
FEASIBILITY = 1e-14
MOST_VERTICES = 4096


def float_fixed_point(scaled: ScaledGame, thinning: float, stop: float, max_iter: int) -> tuple[Floats, Makers, int]:
    """Float estimate of V: vertices, the profile that generates each, and the sweeps it took. No vertex if the set vanishes."""
    vertices = np.empty((MOST_VERTICES, 2))
    if scaled.game.common_delta:
        count = len(scaled.payoffs)
        order, chain = np.empty(count, dtype=np.int64), np.empty(2 * count + 2, dtype=np.int64)
        count = hull(scaled.payoffs, count, order, chain)
        vertices[:count] = scaled.payoffs[chain[:count]]
    else:
        count = 4
        vertices[:count] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    makers, stays = np.full(MOST_VERTICES, -1, dtype=np.int64), np.zeros(MOST_VERTICES, dtype=np.bool_)
    active = np.ones(len(scaled.payoffs), dtype=np.bool_)
    left, sweeps, _ = polygon_sweeps(
        scaled.payoffs, scaled.gains, scaled.deltas, vertices, makers, stays, count, active, 0.0, FEASIBILITY, thinning, stop, max_iter
    )
    left = max(left, 0)
    return vertices[:left].copy(), makers[:left].copy(), sweeps


def thinned(vertices: Floats, tolerance: float) -> Makers:
    """Positions of the vertices that are left when those within `tolerance` of the segment between their neighbours are dropped."""
    chain = np.arange(len(vertices), dtype=np.int64)
    return chain[: thin_out(vertices, chain, len(vertices), tolerance)]


@dataclass(eq=False)
class OuterSet:
    """The state of the iteration from outside."""

    scaled: ScaledGame
    normals: Floats
    offsets: Floats
    alive: NDArray[np.bool_]
    sweeps: int = 0
    change: float = np.inf

    @classmethod
    def start(cls, scaled: ScaledGame, vertices: Floats) -> "OuterSet":
        """Half-planes with the edges of `vertices`, around the hull of the stage payoffs if the discount factor is common, else their box.

        With different discount factors the players trade payoffs over time, and V reaches beyond the hull (Lehrer and Pauzner 1999).
        """
        normals = edge_normals(vertices)
        if scaled.game.common_delta:
            offsets = (normals @ scaled.payoffs.T).max(axis=1) + 4.0 * ROUNDING
        else:
            offsets = np.maximum(normals, 0.0).sum(axis=1) + 4.0 * ROUNDING
        return cls(scaled=scaled, normals=normals, offsets=offsets, alive=np.ones(len(scaled.payoffs), dtype=np.bool_))

    @property
    def is_empty(self) -> bool:
        """Whether no profile can be enforced any more, which proves that V is empty."""
        return not self.alive.any()

    @property
    def remaining(self) -> float:
        """What further sweeps would still take off if they went on at the rate of the discount factor (an estimate, not a bound)."""
        delta = float(self.scaled.deltas.max())
        return self.change * delta / (1.0 - delta)

    def sweep(self, sweeps: int, change: float) -> None:
        """Apply the operator up to `sweeps` times on the present normals, less if no offset moves by more than `change`."""
        scaled = self.scaled
        done, _, self.change = outer_sweeps(
            scaled.payoffs, scaled.gains, scaled.deltas, 0.0, self.normals, self.offsets, self.alive, sweeps, change
        )
        self.sweeps += done

    def polygon(self) -> Floats:
        """Vertices of the half-planes' intersection."""
        vertices = np.empty((len(self.normals) + 5, 2))
        count = half_plane_polygon(self.normals, self.offsets, vertices)
        return vertices[:count]

    def estimate(self, tolerance: float) -> tuple[Floats, Makers]:
        """Float estimate of the next set: vertices of B(outer), thinned to `tolerance`, and the profile that generates each."""
        scaled = self.scaled
        vertices = self.polygon()
        count = len(vertices)
        room = int(self.alive.sum()) * (count + 6) + 8
        points, makers, stays = np.empty((room, 2)), np.empty(room, dtype=np.int64), np.empty(room, dtype=np.bool_)
        size = generate(
            scaled.payoffs, scaled.gains, scaled.deltas, vertices, count, self.alive, 0.0, 0.0, FEASIBILITY, points, makers, stays, 0
        )
        order, chain = np.empty(room, dtype=np.int64), np.empty(2 * room + 2, dtype=np.int64)
        kept = chain[: hull(points, size, order, chain)]
        kept = kept[thinned(points[kept], tolerance)]
        return points[kept], makers[kept]

    def follow(self, vertices: Floats, tolerance: float) -> bool:
        """Replace the normals by the edges of `vertices` and the axes, and prove offsets for them from the old half-planes.

        Nothing is done, and False returned, if no edge has turned by more than `tolerance`.
        """
        normals = edge_normals(vertices)
        if normals.shape == self.normals.shape and np.allclose(normals, self.normals, rtol=0.0, atol=tolerance):
            return False
        scaled = self.scaled
        offsets = np.empty(len(normals))
        leads = self.alive.copy()
        living = support_sweep(
            scaled.payoffs, scaled.gains, scaled.deltas, 0.0, self.normals, self.offsets, normals, self.alive, leads, offsets
        )
        self.sweeps += 1
        if living:
            self.normals, self.offsets = normals, offsets
        self.change = np.inf
        return True


def edge_normals(vertices: Floats, more: Floats | None = None) -> Floats:
    """Outward unit normals of a counter-clockwise polygon's edges, the axes and what `more` there are, by angle, no two alike."""
    axes = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    steps = np.roll(vertices, -1, axis=0) - vertices
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    steps, lengths = steps[lengths > DUST], lengths[lengths > DUST]
    normals = np.column_stack([steps[:, 1], -steps[:, 0]]) / lengths[:, None]
    normals[np.abs(normals) < 1e-12] = 0.0
    normals = normals if more is None else np.concatenate([normals, more])
    slanted = normals[(normals != 0.0).all(axis=1)]
    joint = np.concatenate([axes, slanted])
    angles = np.arctan2(joint[:, 1], joint[:, 0]) % (2.0 * np.pi)
    order = np.argsort(angles, kind="stable")
    kept = [order[0]]
    for k in order[1:]:
        last = kept[-1]
        if angles[k] - angles[last] > 1e-9:
            kept.append(k)
        elif k < len(axes):
            kept[-1] = k
    return np.ascontiguousarray(joint[kept])
