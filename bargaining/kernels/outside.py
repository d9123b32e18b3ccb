r"""From outside, with a common discount factor: half-planes that follow the edges of what the operator generates, then exclusion.

Every step is proven: offsets are dual bounds rounded outward, whatever the normals. Where the edges of the limit still turn, normals
half-way between them make the shape fine enough for `bargaining.kernels.exclusion`.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.binding import FEASIBILITY, binding_points
from bargaining.kernels.exclusion import excludes, growth
from bargaining.kernels.half_planes import ROUNDING, dual_bounds, half_plane_polygon, support_sweep
from bargaining.kernels.polygon import hull, thin

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Exclusion starts this far (relative to the payoff span, times the slopes) from the fixed point, or farther if rounding needs it.
NEAREST = 1e-14
# How fine the shape is that half-planes follow, at least: nearer corners cost time and say little.
FINENESS = 1e-9
# How often exclusion may give one direction more room before it starts from a smaller set.
ADJUSTMENTS = 12
# Sweeps that profiles which are to die get before exclusion is tried beside them.
PATIENCE = 8
# A chain that alone has to come all the way is given up if it has not halved the distance since half as many sweeps, from here on.
STALLED = 64


@kernel
def edge_normals(polygon: Floats, count: int, more: Floats, more_count: int, normals: Floats) -> int:
    """Outward unit normals of the edges of two polygons, with the axes, sorted by angle, no two alike; their number is returned."""
    room = 4 + count + more_count
    angles = np.empty(room)
    found = np.empty((room, 2))
    size = 4
    for axis in range(4):
        found[axis, 0] = 1.0 if axis == 0 else (-1.0 if axis == 2 else 0.0)
        found[axis, 1] = 1.0 if axis == 1 else (-1.0 if axis == 3 else 0.0)
        angles[axis] = axis * 0.5 * np.pi
    for source in range(2):
        vertices = polygon if source == 0 else more
        total = count if source == 0 else more_count
        for k in range(total):
            following = k + 1 if k + 1 < total else 0
            n0 = vertices[following, 1] - vertices[k, 1]
            n1 = vertices[k, 0] - vertices[following, 0]
            length = np.sqrt(n0 * n0 + n1 * n1)
            if length <= 1e-12:
                continue
            n0 /= length
            n1 /= length
            if abs(n0) < 1e-12 or abs(n1) < 1e-12:
                continue
            angle = np.arctan2(n1, n0)
            if angle < 0.0:
                angle += 2.0 * np.pi
            fresh = True
            for j in range(size):
                turn = abs(angles[j] - angle)
                fresh = fresh and turn > 1e-9 and turn < 2.0 * np.pi - 1e-9
            if fresh:
                found[size, 0], found[size, 1], angles[size] = n0, n1, angle
                size += 1
    for j in range(size):
        rank = 0
        for k in range(size):
            if angles[k] < angles[j]:
                rank += 1
        normals[rank, 0], normals[rank, 1] = found[j, 0], found[j, 1]
    return size


@kernel
def bisected(normals: Floats, count: int) -> int:
    """Insert between every two neighbours of some sorted unit normals the one half-way: a finer shape where edges turn. Their number."""
    for j in range(count - 1, -1, -1):
        normals[2 * j, 0], normals[2 * j, 1] = normals[j, 0], normals[j, 1]
    for j in range(count):
        following = 2 * j + 2 if j + 1 < count else 0
        n0 = normals[2 * j, 0] + normals[following, 0]
        n1 = normals[2 * j, 1] + normals[following, 1]
        length = np.sqrt(n0 * n0 + n1 * n1)
        normals[2 * j + 1, 0], normals[2 * j + 1, 1] = n0 / length, n1 / length
    return 2 * count


@kernel
def start_offsets(start: Floats, count: int, noise: float, normals: Floats, offsets: Floats) -> None:
    """Support function of a polygon in the directions of the normals, rounded up."""
    for j in range(normals.shape[0]):
        offsets[j] = -np.inf
        for k in range(count):
            offsets[j] = max(offsets[j], normals[j, 0] * start[k, 0] + normals[j, 1] * start[k, 1])
        offsets[j] += 4.0 * ROUNDING + 2.0 * noise


@kernel
def outer_chain(
    g: Floats,
    gain: Floats,
    delta: float,
    fixed: Floats,
    count: int,
    normals: Floats,
    offsets: Floats,
    size: int,
    alive: Flags,
    sweeps: int,
    noise: float,
    fineness: float,
) -> tuple[int, int]:
    """Up to `sweeps` applications of B to half-planes whose normals turn with the edges of what it generates; proven at every one.

    Corners within `fineness` of their neighbours' chord get no edges. The normals of `fixed` stay among them. `normals`, `offsets` (room
    for 4 A + 64) and `alive` are overwritten. Returns the number of half-planes and of profiles alive; 0 alive proves that V is empty.
    """
    profiles = g.shape[0]
    room = normals.shape[0]
    points = np.empty((4 * profiles + 8, 2))
    made = np.empty(4 * profiles + 8, np.int64)
    on = np.empty(4 * profiles + 8, np.int64)
    order = np.empty(4 * profiles + 8, np.int64)
    chain = np.empty(8 * profiles + 18, np.int64)
    corners = np.empty((room + 5, 2))
    generated = np.empty((4 * profiles + 8, 2))
    turned = np.empty((room, 2))
    fresh = np.empty(room)
    bounds = np.empty(room)
    leads = alive.copy()
    trial = alive.copy()
    both = np.full(2, delta)
    living = profiles
    for _ in range(sweeps):
        seen = half_plane_polygon(normals[:size], offsets[:size], corners)
        trial[:] = alive
        made_count = binding_points(g, gain, delta, corners, seen, trial, FEASIBILITY, points, made, on)
        left = thin(points, chain, hull(points, made_count, order, chain), fineness)
        for k in range(left):
            generated[k, 0], generated[k, 1] = points[chain[k], 0], points[chain[k], 1]
        if count + left > room - 4:
            left = 0
        rows = edge_normals(fixed, count, generated, left, turned)
        leads[:] = alive
        living = support_sweep(g, gain, both, noise, normals[:size], offsets[:size], turned[:rows], alive, leads, fresh[:rows])
        if living == 0:
            return size, 0
        dual_bounds(normals[:size], offsets[:size], turned[:rows], bounds[:rows])
        for j in range(rows):
            normals[j, 0], normals[j, 1] = turned[j, 0], turned[j, 1]
            offsets[j] = min(fresh[j], bounds[j])
        size = rows
    return size, living


@kernel
def outer_offsets(
    g: Floats,
    gain: Floats,
    delta: float,
    normals: Floats,
    fixed: Floats,
    count: int,
    start: Floats,
    begun: int,
    enforced: int,
    tol: float,
    noise: float,
    most_sweeps: int,
    offsets: Floats,
    slopes: Floats,
    interval: Floats,
) -> int:
    """Half-planes n_j·w ≤ offsets_j + interval[0] slopes_j proven to contain V, near the set `fixed`; `normals` are those of its edges.

    V is known to lie in the polygon `start`. Sweeps bring that down until it lies within offsets + interval[1] slopes and exclusion can
    do the rest. As long as more than `enforced` profiles are alive, what sweeps on polygons found is still to be proven, and exclusion
    hardly ever succeeds. Returns the number of sweeps; -1 if there is no proof.
    """
    size = normals.shape[0]
    room = 4 * g.shape[0] + 64
    alive = np.ones(g.shape[0], np.bool_)
    falls = np.empty(size)
    contained = np.empty(size)
    chain_normals = np.empty((room, 2))
    chain_offsets = np.empty(room)
    rows = edge_normals(start, begun, fixed, count, chain_normals)
    start_offsets(start, begun, noise, chain_normals[:rows], chain_offsets)
    for j in range(size):
        offsets[j] = -np.inf
        for k in range(count):
            offsets[j] = max(offsets[j], normals[j, 0] * fixed[k, 0] + normals[j, 1] * fixed[k, 1])
    sweeps = 0
    living = g.shape[0]
    failed = -1
    leaders = np.full(size, -1, np.int64)
    batch = 1 if living > enforced else 0
    hopeless = False
    before = np.inf
    while sweeps < most_sweeps:
        if batch > 0:
            rows, living = outer_chain(
                g, gain, delta, fixed, count, chain_normals, chain_offsets, rows, alive, batch, noise, min(FINENESS, tol / 1024.0)
            )
            sweeps += batch
            if living == 0:
                return -1
        batch = max(1, sweeps)
        if living > enforced and sweeps < PATIENCE:
            continue
        dual_bounds(chain_normals[:rows], chain_offsets[:rows], normals, contained)
        falls[:] = 1.0
        for turn in range(0 if hopeless else min(ADJUSTMENTS, 4 + sweeps)):
            if not growth(g, gain, delta, normals, offsets, alive, leaders, falls, slopes):
                # It depends on the sweeps only through who is alive.
                hopeless = turn == 0 and failed == living and sweeps >= PATIENCE
                failed = living if turn == 0 else -1
                break
            steepest = 0.0
            most = 0.0
            for j in range(size):
                steepest = max(steepest, slopes[j])
                most = max(most, (contained[j] - offsets[j]) / slopes[j])
            most = max(most * (1.0 + 1e-12), NEAREST)
            farthest = tol / steepest
            if farthest < NEAREST:
                break
            # If the chain itself has come near enough, exclusion is only to come nearer.
            least = most if most <= farthest else farthest
            stuck = -1 if most <= farthest else excludes(g, gain, delta, normals, offsets, slopes, alive, farthest, most, noise)
            if stuck < 0:
                nearer = NEAREST
                while nearer < least and excludes(g, gain, delta, normals, offsets, slopes, alive, nearer, most, noise) >= 0:
                    nearer *= 16.0
                interval[0] = min(nearer, least)
                interval[1] = most
                return sweeps
            # A direction in which some profile reaches too far is given more room.
            falls[stuck] *= 2.0
        # No exclusion from here: the chain itself may come all the way, to within half of what the caller allows in all.
        most = NEAREST
        for j in range(size):
            most = max(most, contained[j] - offsets[j])
        if most <= 2.0 * tol:
            slopes[:] = 1.0
            interval[0] = most
            interval[1] = most
            return sweeps
        if hopeless and sweeps >= STALLED and most > 0.5 * before:
            return -1
        before = most
    return -1
