r"""Payoff sets of stochastic games with a common discount factor: the structure solved, then a proof on either side.

Polygons on a common fan of directions come down to the fixed point by sweeps and, between them, by sweeps on the structure alone
(`bargaining.kernels.stochastic_aligned`). The fan is refined by the edges of what the operator makes of them, until nothing new appears.
From inside the same iteration with a stricter operator gives polygons that generate themselves with room for rounding; from outside
exclusion (`bargaining.kernels.stochastic_exclusion`) follows as few sweeps of half-planes as it needs. Sets without an interior, states
without equilibria and constraints that bind exactly are left to `bargaining.solvers.stochastic_set`.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.state_values import discounted_values
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.stochastic_aligned import CONVERGED, aligned_fixed_point, aligned_generates, fan_of, fan_polygons, fan_radius
from bargaining.kernels.stochastic_exclusion import state_excludes, state_growth
from bargaining.kernels.stochastic_outer import outer_sweeps
from bargaining.kernels.stochastic_polygons import FULL, polygon_sweeps
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.scaled import Pair
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import prove
from bargaining.stochastic_solution import StochasticInner, StochasticOuter, StochasticSet

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

METHOD = "structure solved, self-generation inside, exclusion outside, state by state"
# Directions to begin with, and most of them.
FEW, MOST_DIRECTIONS = 16, 4096
# Refinements of the fan; sweeps of the operator on one fan.
MOST_FANS, MOST_SWEEPS = 24, 400
# Steps of a vertex below which two are one.
DUST = 1e-13
# Exclusion begins so far (relative to the payoff span, times the slopes) from the fixed point; rounds of adjusting the slopes.
NEAREST, ADJUSTMENTS = 1e-13, 12
NOTHING = PayoffSet(np.empty((0, 2)))
AXES = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])


def fan_normals(vertices: Floats, counts: Integers, tolerance: float) -> Floats:
    """Outward unit normals of the polygons' edges and the axes, sorted by angle, without those that nearly coincide with a longer edge's.

    An edge is left out if it would turn by less than `tolerance`, relative to its length, into one that is kept.
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
    angles = np.arctan2(normals[:, 1], normals[:, 0]) % (2.0 * np.pi)
    while True:
        found: list[float] = [0.0, 0.5 * np.pi, np.pi, 1.5 * np.pi, 2.0 * np.pi]
        kept = []
        for k, (angle, length) in enumerate(zip(angles.tolist(), lengths.tolist(), strict=True)):
            place = bisect_left(found, angle)
            if min(angle - found[place - 1], found[min(place, len(found) - 1)] - angle) * length > tolerance and place > 0:
                found.insert(place, angle)
                kept.append(k)
        if len(found) <= MOST_DIRECTIONS:
            break
        tolerance *= 4.0
    joint = np.concatenate([AXES, normals[kept]])
    around = np.arctan2(joint[:, 1], joint[:, 0]) % (2.0 * np.pi)
    return np.ascontiguousarray(joint[np.argsort(around, kind="stable")])


def between(normals: Floats) -> Floats:
    """The directions half-way from each normal to the next."""
    middle = normals + np.roll(normals, -1, axis=0)
    return np.ascontiguousarray(middle / np.hypot(middle[:, 0], middle[:, 1])[:, None])


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
        directions = between(normals)
        shape = len(counts), len(normals)
        y, leaders = np.empty((*shape, 2)), np.empty(shape, dtype=np.int64)
        fan_of(vertices, counts, makers, directions, y, leaders)
        return cls(normals, directions, y, leaders, np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64))

    def copy(self) -> "Fan":
        return Fan(self.normals, self.directions, self.y.copy(), self.makers.copy(), self.kinds.copy(), self.edges.copy())

    def settle(self, flat: FlatGame, slack: float, inward: float, stop: float, early: int) -> tuple[int, int]:
        """Iterate to the fixed point; how that ended, and the sweeps it took."""
        code, sweeps, _ = aligned_fixed_point(  # type: ignore[call-arg]
            *flat.arrays, self.directions, self.y, self.makers, self.kinds, self.edges, slack, inward, stop, early, MOST_SWEEPS
        )
        return code, sweeps


def fixed_point(flat: FlatGame, tol: float) -> tuple[Fan, int] | None:
    """The limit from outside in floats, on a fan of the edges of what it generates; None if it has empty states or does not settle."""
    states = len(flat.game)
    slow = 1.0 - float(flat.deltas[0])
    active = np.ones(len(flat.payoffs), dtype=np.bool_)
    x, z = flat.payoffs.max(axis=0)
    angles = 2.0 * np.pi * np.arange(FEW) / FEW
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    normals[:: FEW // 4] = AXES
    vertices = np.tile([[0.0, 0.0], [x, 0.0], [x, z], [0.0, z]], (states, 1, 1))
    counts = np.full(states, 4, dtype=np.int64)
    fan = Fan.of(normals, vertices, counts, np.full((states, 4), -1, dtype=np.int64))
    fineness, spent, early = 1e-3, 0, 3
    aim = max(tol * slow / 64.0, 1e-15)
    for _ in range(MOST_FANS):
        code, sweeps = fan.settle(flat, 0.0, 0.0, max(0.05 * fineness * slow, aim / 16.0), early)
        spent += sweeps
        early = 1
        if code != CONVERGED:
            return None
        room = 2 * len(fan.normals) + 64
        vertices, counts = np.empty((states, room, 2)), np.empty(states, dtype=np.int64)
        fan_polygons(fan.y, DUST, vertices, counts)
        makers = np.full((states, room), -1, dtype=np.int64)
        dust = max(aim / 16.0, 1e-3 * fineness)
        code, _, moved = polygon_sweeps(  # type: ignore[call-arg]
            *flat.arrays, vertices, counts, makers, active, 0.0, 0.0, 1e-14, dust, dust, 0.0, 1
        )
        spent += 1
        if code == FULL or (counts == 0).any():
            return None
        fineness = max(fineness / 64.0, aim)
        fan_before = len(fan.normals)
        fan = Fan.of(fan_normals(vertices, counts, max(aim / 4.0, 1e-2 * fineness)), vertices, counts, makers)
        if VERBOSE: print("fan", fan_before, len(fan.normals), "sweeps", sweeps, "moved", moved, fineness)
        if moved <= aim:
            code, sweeps = fan.settle(flat, 0.0, 0.0, aim / 16.0, 1)
            return (fan, spent + sweeps) if code == CONVERGED else None
    return None
VERBOSE = True


def points_for_ever(flat: FlatGame) -> NDArray[np.bool_]:
    """The states from which play only ever comes to states without a choice: their sets are points, known exactly."""
    exact = np.diff(flat.first) == 1
    changed = True
    while changed:
        changed = False
        for s in np.flatnonzero(exact):
            if not all(exact[t] for t in flat.game.successors[s]):
                exact[s] = False
                changed = True
    return exact


def from_inside(flat: FlatGame, limit: Fan, exact: NDArray[np.bool_], tol: float) -> tuple[Fan, int] | None:
    """Polygons near the limit that generate themselves with room for every rounding; None if there are none within tol."""
    radius = fan_radius(limit.y, exact)
    if not radius > 0.0:
        return None
    slow = 1.0 - float(flat.deltas[0])
    slack, spent = 4e-13 / float(flat.deltas[0]), 0
    while slack <= tol * slow:
        fan = limit.copy()
        code, sweeps = fan.settle(flat, slack, min(0.5, slack / radius), slack / 64.0, 1)
        spent += sweeps
        if VERBOSE: print("inner", slack, code, sweeps)
        if code == CONVERGED and aligned_generates(*flat.arrays, fan.y, fan.makers, exact):  # type: ignore[call-arg]
            return fan, spent
        slack *= 16.0
    return None


@dataclass
class Outside:
    """Half-planes that hold every payoff, and how that is known."""

    offsets: Floats
    limit: Floats
    slopes: Floats
    interval: tuple[float, float]
    sweeps: int


def from_outside(flat: FlatGame, limit: Fan, tol: float, max_iter: int) -> Outside | None:
    """Half-planes near the limit, proven after as few sweeps of the operator as exclusion needs; None if there is no proof."""
    normals = limit.normals
    shape = limit.makers.shape
    before = np.roll(limit.y, 1, axis=1)
    offsets = np.maximum((limit.y * normals).sum(axis=2), (before * normals).sum(axis=2))
    chain = np.tile((np.maximum(normals, 0.0) * flat.payoffs.max(axis=0)).sum(axis=1) * (1.0 + 1e-15), (shape[0], 1))
    alive, living = np.ones(len(flat.payoffs), dtype=np.bool_), np.ones(shape[0], dtype=np.bool_)
    failed, leaders = np.full(shape[0], -1, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
    falls, slopes, failing = np.ones(shape), np.empty(shape), np.empty(shape, dtype=np.bool_)
    sweeps = batch = 0
    while sweeps <= min(max_iter, MOST_CHAIN):
        if batch:
            done, _ = outer_sweeps(*flat.arrays, normals, chain, alive, living, failed, batch, 0.0)  # type: ignore[call-arg]
            sweeps += done
            if not living.all():
                return None
        batch = max(1, sweeps)
        falls[:] = 1.0
        for turn in range(ADJUSTMENTS):
            if not state_growth(*flat.arrays, normals, offsets, alive, leaders, falls, slopes):  # type: ignore[call-arg]
                if VERBOSE: print("no growth", sweeps, turn)
                break
            steepest = float(slopes.max())
            most = max(float(((chain - offsets) / slopes).max()) * (1.0 + 1e-12), NEAREST)
            farthest = 0.25 * tol / steepest
            if farthest < NEAREST:
                break
            if most <= farthest:
                least = most
                break
            count = state_excludes(*flat.arrays, normals, offsets, slopes, alive, farthest, most, failing)  # type: ignore[call-arg]
            if VERBOSE: print("exclude", sweeps, turn, count, "of", failing.size, "most", most, "steepest", steepest, farthest, alive.sum())
            if not count:
                nearer = NEAREST
                while nearer < farthest and state_excludes(*flat.arrays, normals, offsets, slopes, alive, nearer, most, failing):  # type: ignore[call-arg]
                    nearer *= 16.0
                least = min(nearer, farthest)
                return Outside(offsets + least * slopes + 2.0**-52, offsets, slopes, (least, most), sweeps)
            falls[failing] *= 2.0
    return None
MOST_CHAIN=200
