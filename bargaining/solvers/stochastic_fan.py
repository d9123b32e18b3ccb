"""The limit of a stochastic game's payoff sets in floats: polygons on a fan of directions that is refined until nothing new appears.

See `bargaining.kernels.stochastic_aligned`; the discount factor is common. Nothing is proven here.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.stochastic_aligned import CONVERGED, EMPTIED, FEASIBILITY, LONG, aligned_fixed_point
from bargaining.kernels.stochastic_exclusion import descend
from bargaining.kernels.stochastic_fan import fan_of, fan_polygons
from bargaining.kernels.stochastic_polygons import FULL, polygon_sweeps
from bargaining.solvers.stochastic_game import FlatGame

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

AXES = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
# Directions to begin with; how many there may be after the first refinement, by how much more after each, and in the end.
FEW, ROOM, MORE, MOST_DIRECTIONS = 16, 96, 4, 4096
# Profiles times directions, beyond which a sweep takes too long.
MOST_WORK = 4_000_000
# Vertices of a generated polygon, fewer where so many edges come together, but never less than this; how far they may be thinned for it.
MOST_VERTICES, MOST_EDGES, FEWEST_VERTICES, COARSEST = 4096, 20_000_000, 512, 1e-2
# Successors times directions (vertices count so much more, for they are sorted) after which half-planes have to do.
MOST_SPENT, SORTING = 4_000_000_000, 100
# Refinements of the fan; sweeps of the operator on one fan.
MOST_FANS, FEW_SWEEPS, MOST_SWEEPS, MOST_DESCENT = 24, 12, 400, 2000
# How often that may fail.
TRIES = 3
# Half-planes of a set without an interior may cross by rounding.
ROOMY = 1e-10
# How little half-planes must change in an application of the operator before the structure is tried again; in games of so many states
# and directions a try that fails takes long.
NEAR, MANY, NEARER = 2e-4, 20_000, 1e-5
# Steps of a vertex below which two are one, and how far the first fan is from its fixed point.
DUST, COARSE = 1e-13, 1e-4


@dataclass
class Fan:
    """Polygons of all states on one fan of directions, and their structure."""

    normals: Floats
    directions: Floats
    y: Floats
    makers: Integers
    kinds: Integers
    edges: Integers

    @classmethod
    def of(cls, normals: Floats, vertices: Floats, counts: Integers, makers: Integers) -> "Fan":
        """Polygons ``vertices[s, :counts[s]]`` on the directions half-way between sorted normals."""
        middle = normals + np.roll(normals, -1, axis=0)
        directions = np.ascontiguousarray(middle / np.hypot(middle[:, 0], middle[:, 1])[:, None])
        shape = len(counts), len(normals)
        y, leaders = np.empty((*shape, 2)), np.empty(shape, dtype=np.int64)
        fan_of(vertices, counts, makers, directions, y, leaders)
        return cls(normals, directions, y, leaders, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64))

    def copy(self) -> "Fan":
        """The same polygons, to be changed."""
        return Fan(self.normals, self.directions, self.y.copy(), self.makers.copy(), self.kinds.copy(), self.edges.copy())

    def settle(self, flat: FlatGame, slack: float, inward: float, stop: float, early: int, most: int = MOST_SWEEPS) -> tuple[int, int]:
        """Iterate to the fixed point; how that ended, and the sweeps it took."""
        code, sweeps, _ = aligned_fixed_point(
            flat.arrays, self.directions, self.y, self.makers, self.kinds, self.edges, slack, inward, stop, early, most
        )
        return code, sweeps

    def polygons(self, dust: float, room: int = 0) -> tuple[Floats, Integers]:
        """Distinct vertices of all states, counter-clockwise, and their numbers; with `room` for others."""
        states, count = self.makers.shape
        vertices, counts = np.zeros((states, count + room, 2)), np.empty(states, dtype=np.int64)
        fan_polygons(self.y, dust, vertices, counts)
        return vertices, counts

    def generated(self, flat: FlatGame, dust: float) -> tuple[Floats, Integers, Integers, float]:
        """What one application of the operator makes of the polygons, whatever the directions: vertices, numbers, makers, movement."""
        room = len(self.normals) + 64
        most = max(room, FEWEST_VERTICES, min(MOST_VERTICES, MOST_EDGES // len(flat.following)))
        active = np.ones(len(flat.payoffs), dtype=np.bool_)
        while True:
            vertices, counts = self.polygons(DUST, room)
            makers = np.empty(vertices.shape[:2], dtype=np.int64)
            code, _, moved = polygon_sweeps(flat.arrays, vertices, counts, makers, active, 0.0, 0.0, FEASIBILITY, dust, dust, 0.0, 1)
            if code != FULL or dust > COARSEST:
                return vertices, counts * (code != FULL), makers, float(moved)
            # Where many states can follow, a sum has more edges than anybody needs.
            dust *= 16.0 if 4 * room > most else 1.0
            room = min(4 * room, most)


@dataclass
class Limit:
    """The limit from outside, the sweeps it took, and whether it may be too small: the fan is as fine as it may be, or vertices took turns.

    Then `above` holds polygons around the limit, if there are any. A `rushed` limit is these, left when too much work was done.
    """

    fan: Fan
    sweeps: int
    coarse: bool = False
    above: Fan | None = None
    rushed: bool = False


def fixed_point(flat: FlatGame, tol: float) -> Limit | None:
    """The limit from outside, on a fan of the edges of what it generates; None if it has empty states or does not settle.

    Where directions are missing, vertices can take turns for ever; half-planes only come down, more slowly, and lead to where the
    structure is right.
    """
    states = len(flat.game)
    aim = max(tol * (1.0 - float(flat.deltas[0])) / 64.0, 1e-15)
    x, y = flat.payoffs.max(axis=0)
    angles = 2.0 * np.pi * np.arange(FEW) / FEW
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    normals[:: FEW // 4] = AXES
    vertices, counts = np.tile([[0.0, 0.0], [x, 0.0], [x, y], [0.0, y]], (states, 1, 1)), np.full(states, 4, dtype=np.int64)
    fan = Fan.of(normals, vertices, counts, np.full((states, 4), -1, dtype=np.int64))
    most = min(MOST_DIRECTIONS, max(256, MOST_WORK // len(flat.payoffs)))
    code, spent, coarse = refined(flat, fan, aim, most, COARSE)
    near, moved, failed = NEAR, 1.0, 0
    above = None
    work = 0
    for turn in range(MOST_FANS):
        if code != LONG or failed == TRIES:
            break
        if work > MOST_SPENT and above is not None:
            return Limit(above, spent, True, above, True)
        slow = 1.0 - float(flat.deltas[0])
        offsets = np.array([(vertices[s, : counts[s]] @ normals.T).max(axis=0) for s in range(states)])
        leaders = np.full(offsets.shape, -1, dtype=np.int64)
        stop = max(aim / 16.0, (0.02 if turn else 0.1) * slow * moved)
        sweeps = descend(flat.arrays, normals, offsets, leaders, stop, MOST_DESCENT)
        if sweeps < 0:
            return None
        spent += sweeps + 1
        work += len(flat.following) * len(normals) * sweeps
        vertices = np.zeros((states, len(normals) + 5, 2))
        for s in range(states):
            counts[s] = half_plane_polygon(normals, offsets[s] + ROOMY, vertices[s])
        above = Fan.of(normals, vertices, counts, np.full(vertices.shape[:2], -1, dtype=np.int64))
        large = states * len(normals) > MANY
        vertices, counts, makers, change = above.generated(flat, max(aim / 16.0, (3e-2 if large else 1e-3) * moved))
        moved = min(moved, change)
        if (counts == 0).any():
            return None
        work += SORTING * len(flat.following) * int(counts.mean())
        normals = fan_normals(vertices, counts, max(aim / 4.0, (1e-1 if large else 1e-2) * moved), most)
        if moved <= (min(near, NEARER) if large else near):
            near = moved / 8.0
            fan = Fan.of(normals, vertices, counts, makers)
            code, sweeps, coarse = refined(flat, fan, aim, most, aim)
            spent += sweeps
            work += len(flat.following) * len(fan.normals) * sweeps
            failed += code == LONG
    if code == CONVERGED:
        return Limit(fan, spent, coarse)
    return Limit(fan, spent, True, above) if code == LONG and failed and coarse else None


def refined(flat: FlatGame, fan: Fan, aim: float, most: int, rough: float) -> tuple[int, int, bool]:
    """Refine a fan by the edges of what it generates until nothing new appears.

    Returns how that ended, sweeps, and whether polygons came to rest on the fan that is left, but not all edges have a direction.
    """
    room, spent, held = max(ROOM, MORE * len(fan.normals)), 0, None
    for turn in range(MOST_FANS):
        code, sweeps = fan.settle(flat, 0.0, 0.0, max(aim / 16.0, rough), 1 if turn else 3, FEW_SWEEPS)
        spent += sweeps + 1
        if code != CONVERGED:
            if held is not None:
                fan.__dict__.update(held.__dict__)
            return code, spent, held is not None
        held = fan.copy()
        rough *= rough
        vertices, counts, makers, moved = fan.generated(flat, max(aim / 16.0, 1e-3 / room**2))
        if (counts == 0).any():
            return EMPTIED, spent, False
        full = len(fan.normals) >= most // 2 and turn > 1
        finer = Fan.of(fan_normals(vertices, counts, aim / 4.0, min(room, most)), vertices, counts, makers)
        fan.__dict__.update(finer.__dict__)
        room *= MORE
        if moved <= aim or full:
            code, sweeps = fan.settle(flat, 0.0, 0.0, aim / 16.0, 1)
            return code, spent + sweeps, moved > aim
    return LONG, spent, True


def fan_normals(vertices: Floats, counts: Integers, tolerance: float, most: int) -> Floats:
    """Outward unit normals of the polygons' edges and the axes, sorted by angle, without those that nearly coincide with a longer edge's.

    An edge is left out if it would turn by less than `tolerance`, relative to its length, into one that is kept. The tolerance is raised
    until no more than `most` are left.
    """
    states = len(counts)
    following = np.concatenate([vertices[:, 1:], vertices[:, :1]], axis=1)
    following[np.arange(states), counts - 1] = vertices[:, 0]
    steps = (following - vertices)[np.arange(vertices.shape[1]) < counts[:, None]]
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 10.0 * DUST]
    steps, lengths = steps[order], lengths[order]
    normals = np.column_stack([steps[:, 1], -steps[:, 0]]) / lengths[:, None]
    normals[np.abs(normals) < 1e-12] = 0.0
    angles = (np.arctan2(normals[:, 1], normals[:, 0]) % (2.0 * np.pi)).tolist()
    while True:
        found = [0.0, 0.5 * np.pi, np.pi, 1.5 * np.pi, 2.0 * np.pi]
        kept = []
        for k, (angle, length) in enumerate(zip(angles, lengths.tolist(), strict=True)):
            place = bisect_left(found, angle)
            if place and min(angle - found[place - 1], found[place] - angle) * length > tolerance:
                found.insert(place, angle)
                kept.append(k)
                if len(kept) + 4 > most:
                    break
        else:
            break
        tolerance *= 8.0
    joint = np.concatenate([AXES, normals[kept]])
    around = np.arctan2(joint[:, 1], joint[:, 0]) % (2.0 * np.pi)
    return np.ascontiguousarray(joint[np.argsort(around, kind="stable")])
