r"""Payoff sets of one stochastic game with a common discount factor, from scaled payoffs to both proofs, in one compiled call.

The structure is solved in floats (`bargaining.kernels.stochastic_limit`). From inside the iteration with a stricter operator gives polygons
that generate themselves with room for every rounding; from outside exclusion (`bargaining.kernels.stochastic_exclusion`) follows as few
sweeps of half-planes as it needs. Sets without an interior, states without equilibria and constraints that bind exactly are left to the
caller.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import inlined, kernel, runtime_int
from bargaining.kernels.flat_game import EPSILON, FlatArrays, widest_row
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.polygon import largest_distance, thin_out
from bargaining.kernels.stochastic_exclusion import state_excludes, state_growth
from bargaining.kernels.stochastic_fan import fan_polygons
from bargaining.kernels.stochastic_inside import inside_polygons, points_for_ever
from bargaining.kernels.stochastic_limit import Fan, limit_fan
from bargaining.kernels.stochastic_outer import outer_sweeps

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Exclusion begins so far (relative to the payoff span, times the slopes) from the fixed point; rounds of adjusting the slopes.
NEAREST, ADJUSTMENTS = 1e-13, 12
MOST_CHAIN = 200
# Distance between the proven bounds, relative to the payoff span, that is worth stating.
MOST_GAP = 5e-2


class Outside(NamedTuple):
    """Half-planes that hold every payoff, if any were proven, and how that is known; see `StochasticOuter`."""

    found: bool
    sweeps: int
    least: float
    most: float
    offsets: Floats
    limit: Floats
    slopes: Floats


class Polygons(NamedTuple):
    """A polygon a state, one after the other: state s has ``vertices[ends[s]:ends[s + 1]]``."""

    vertices: Floats
    ends: Integers


class Settled(NamedTuple):
    """Sets of all states, if they were proven; scaled payoffs but for the polygons, which are in payoff units.

    `gap` is the largest distance of an outer to an inner set; `error_bound`, in payoff units, that of what is stated to the truth. States
    in `exact` are points.
    """

    found: bool
    iterations: int
    gap: float
    error_bound: float
    stated: Polygons
    within: Polygons
    around: Polygons
    limit: Fan
    exact: Flags
    y: Floats
    makers: Integers
    normals: Floats
    outside: Outside


@inlined
def outside_planes(flat: FlatArrays, fan: Fan, tol: float, max_iter: int) -> Outside:
    """Half-planes near the limit, proven after as few sweeps of the operator as exclusion needs."""
    normals, y, g = fan.normals, fan.y, flat.g
    states, count = y.shape[0], y.shape[1]
    offsets = np.empty((states, count))
    chain = np.empty((states, count))
    top0 = 0.0
    top1 = 0.0
    for p in range(g.shape[0]):
        top0, top1 = max(top0, g[p, 0]), max(top1, g[p, 1])
    for j in range(count):
        before = j - 1 if j > 0 else count - 1
        n0, n1 = normals[j, 0], normals[j, 1]
        for s in range(states):
            offsets[s, j] = max(n0 * y[s, j, 0] + n1 * y[s, j, 1], n0 * y[s, before, 0] + n1 * y[s, before, 1])
            chain[s, j] = (max(n0, 0.0) * top0 + max(n1, 0.0) * top1) * (1.0 + 1e-15)
    alive, living = np.ones(g.shape[0], np.bool_), np.ones(states, np.bool_)
    failed, leaders = np.full(states, -1, np.int64), np.full((states, count), -1, np.int64)
    falls, slopes, failing = np.ones((states, count)), np.ones((states, count)), np.empty((states, count), np.bool_)
    # Literals would have the sweeps compiled twice.
    sweeps = runtime_int(0)
    batch = runtime_int(0)
    while sweeps <= min(max_iter, MOST_CHAIN):
        if batch > 0:
            done, _ = outer_sweeps(flat, normals, chain, alive, living, failed, batch, 0.0)
            sweeps += done
            if not living.all():
                break
        batch = max(1, sweeps)
        falls[:] = 1.0
        for _ in range(ADJUSTMENTS):
            if not state_growth(flat, normals, offsets, alive, leaders, falls, slopes):
                break
            most = NEAREST
            steepest = 0.0
            for s in range(states):
                for j in range(count):
                    most = max(most, (chain[s, j] - offsets[s, j]) / slopes[s, j] * (1.0 + 1e-12))
                    steepest = max(steepest, slopes[s, j])
            farthest = 0.25 * tol / steepest
            if farthest < NEAREST:
                break
            stuck = 0
            if most > farthest:
                stuck = state_excludes(flat, normals, offsets, slopes, alive, farthest, most, failing)
            if stuck == 0:
                nearer, least = NEAREST, min(farthest, most)
                while nearer < least and state_excludes(flat, normals, offsets, slopes, alive, nearer, most, failing) > 0:
                    nearer *= 4.0
                least = min(nearer, least)
                return Outside(True, sweeps, least, most, offsets + least * slopes + EPSILON, offsets, slopes)
            # Directions in which some profile reaches too far are given more room.
            for s in range(states):
                for j in range(count):
                    if failing[s, j]:
                        falls[s, j] *= 2.0
    return Outside(False, sweeps, 0.0, 0.0, offsets, offsets, slopes)


@kernel
def most_beyond(vertices: Floats, counts: Integers, others: Floats, other_counts: Integers) -> float:
    """How far the polygons of the first kind reach beyond those of the second kind, at most."""
    worst = 0.0
    for s in range(counts.shape[0]):
        worst = max(worst, largest_distance(vertices[s, : counts[s]], others[s, : other_counts[s]]))
    return worst


@kernel
def in_units(vertices: Floats, counts: Integers, frame: Floats, thinning: float) -> Polygons:
    """Polygons in payoff units, without vertices that matter less than `thinning`; `frame` holds each player's least payoff and spread."""
    total = 0
    for s in range(counts.shape[0]):
        total += counts[s]
    made = np.empty((total, 2))
    ends = np.zeros(counts.shape[0] + 1, np.int64)
    chain = np.empty(vertices.shape[1], np.int64)
    size = 0
    for s in range(counts.shape[0]):
        left = counts[s]
        for k in range(left):
            chain[k] = k
        if thinning > 0.0:
            left = thin_out(vertices[s], chain, left, thinning)
        for k in range(left):
            for i in range(2):
                made[size, i] = frame[i, 0] + vertices[s, chain[k], i] * frame[i, 1]
            size += 1
        ends[s + 1] = size
    return Polygons(made[:size].copy(), ends)


@kernel
def settle_game(flat: FlatArrays, frame: Floats, tol: float, max_iter: int, tries: int, work_allowed: int) -> Settled:
    """The sets of all states, proven within `tol`, or the game is to be left to the general solver.

    A game whose sets have more edges than there is time for is proven to what the fan of directions allows. `frame`, shape (2, 2), holds
    each player's least payoff and spread; see `limit_fan` for the last two.
    """
    limit = limit_fan(flat, tol, tries, work_allowed)
    fan = limit.fan
    states = fan.y.shape[0]
    exact = np.zeros(states, np.bool_)
    allowed = max(tol, MOST_GAP) if limit.coarse else tol
    # What was left in a hurry has no structure, so no point is known exactly.
    if limit.found and not limit.rushed:
        exact = points_for_ever(flat, fan.y, fan.makers)
    found, y, makers, more = inside_polygons(flat, fan, exact, allowed if limit.found else -1.0, limit.rushed)
    known = 0.0
    for s in range(states):
        if found and exact[s]:
            for j in range(y.shape[1]):
                fan.y[s, j, 0], fan.y[s, j, 1] = y[s, j, 0], y[s, j, 1]
            # Points are known to accumulated rounding.
            known = 16.0 * EPSILON * (2.0 + widest_row(flat, 0, flat.g.shape[0])) / (1.0 - flat.delta[0])
    outside = outside_planes(flat, limit.above if limit.surrounded else fan, allowed, max_iter if found else -1)
    iterations = limit.sweeps + more + outside.sweeps
    if not outside.found or iterations > max_iter:
        nothing = Polygons(np.empty((0, 2)), np.zeros(states + 1, np.int64))
        return Settled(False, iterations, np.inf, np.inf, nothing, nothing, nothing, fan, exact, y, makers, fan.normals, outside)
    normals = limit.above.normals if limit.surrounded else fan.normals
    offsets = outside.offsets
    count = normals.shape[0]
    vertices = np.empty((states, fan.y.shape[1], 2))
    counts = np.empty(states, np.int64)
    fan_polygons(fan.y, 1e-12, vertices, counts)
    inner = np.empty((states, fan.y.shape[1], 2))
    inner_counts = np.empty(states, np.int64)
    fan_polygons(y, 0.0, inner, inner_counts)
    outer = np.empty((states, count + 5, 2))
    outer_counts = np.empty(states, np.int64)
    for s in range(states):
        outer_counts[s] = half_plane_polygon(normals, offsets[s], outer[s])
    gap = 0.0
    if limit.surrounded:
        gap = most_beyond(outer, outer_counts, inner, inner_counts)
    else:
        # Between two neighbouring normals the outer set reaches at most so far beyond the inner set's vertex there.
        for j in range(count):
            after = j + 1 if j + 1 < count else 0
            wide = np.sqrt(0.5 * (1.0 + (normals[j, 0] * normals[after, 0] + normals[j, 1] * normals[after, 1])))
            for s in range(states):
                beyond = offsets[s, j] - (y[s, j, 0] * normals[j, 0] + y[s, j, 1] * normals[j, 1])
                beyond_after = offsets[s, after] - (y[s, j, 0] * normals[after, 0] + y[s, j, 1] * normals[after, 1])
                gap = max(gap, beyond / wide, beyond_after / wide)
    gap += 1e-15 + known
    # Where a constraint nearly binds, the limit may be known less well than the set it is proven by: then that set is stated.
    off = max(most_beyond(vertices, counts, inner, inner_counts), most_beyond(inner, inner_counts, vertices, counts))
    if off > gap:
        vertices, counts = inner, inner_counts
    thinning = 0.25 * min(gap, tol)
    stated = in_units(vertices, counts, frame, thinning)
    within = in_units(inner, inner_counts, frame, 0.0)
    around = in_units(outer, outer_counts, frame, 0.0)
    bound = (gap + thinning) * max(frame[0, 1], frame[1, 1])
    return Settled(gap <= allowed, iterations, gap, bound, stated, within, around, fan, exact, y, makers, normals, outside)
