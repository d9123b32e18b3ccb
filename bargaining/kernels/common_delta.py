r"""V(δ) of one repeated game with a common discount factor, from scaled payoffs to both proofs, in one compiled call.

Sweeps from outside until the structure settles; the structure's fixed point by Newton's method; from inside the fixed point of a stricter
operator, checked to generate itself with more room than rounding can take; from outside the exclusion of `bargaining.kernels.exclusion`
after as few sweeps of half-planes as it needs. What cannot be settled this way (constraints that bind exactly, structures that never
settle) is left to the caller, and said.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_int
from bargaining.kernels.binding import FEASIBILITY, STAY, binding_points, structure_fixed_point
from bargaining.kernels.half_planes import ROUNDING, axis_positions, half_plane_polygon
from bargaining.kernels.inside import inner_vertices
from bargaining.kernels.outside import FINENESS, bisected, edge_normals, outer_chain, outer_offsets, start_offsets
from bargaining.kernels.polygon import clip, hull, largest_distance, thin_out

Floats = NDArray[np.float64]

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

SOLVED, EMPTY, UNSETTLED = 0, 1, 2

# How near to an edge a vertex is dust.
DUST, MOST_DUST = 4e-15, 1e-10
# How far the sweep of a candidate may lie from it: rounding, through an ill-conditioned structure.
AGREEMENT = 1e-11
# Most sweeps of half-planes before normals between the edges' are tried, and before the game is left to the caller.
FEW_CHAIN, MOST_CHAIN = 80, 1000
MOST_BISECTED = 16
MOST_ATTEMPTS = 5
# Payoffs so large against their spread that scaling them in floats loses more than this are left to the caller.
MOST_NOISE = 1e-13
EPSILON = 2.220446049250313e-16


@kernel
def scale_game(payoffs: Floats, g: Floats, gain: Floats, frame: Floats) -> float:
    """Payoffs, shape (2, m, n), and best deviation gains in the unit square, a profile a row; ties stay ties.

    `frame` (2, 3) is overwritten with each player's least payoff, span and scaled pure minmax. Returns a bound on the errors of what is
    scaled, against the decimals that the payoffs are the floats of; infinite if a payoff is not finite.
    """
    rows, columns = payoffs.shape[1], payoffs.shape[2]
    noise = 0.0
    for player in range(2):
        low = np.inf
        high = -np.inf
        for a in range(rows):
            for b in range(columns):
                value = payoffs[player, a, b]
                if not np.isfinite(value):
                    return np.inf
                low = min(low, value)
                high = max(high, value)
        span = high - low if high > low else 1.0
        frame[player, 0], frame[player, 1] = low, span
        noise = max(noise, max(abs(low), abs(high)) / span)
        own, others = (rows, columns) if player == 0 else (columns, rows)
        floor = np.inf
        for other in range(others):
            best = -np.inf
            for action in range(own):
                best = max(best, payoffs[0, action, other] if player == 0 else payoffs[1, other, action])
            floor = min(floor, (best - low) / span)
            for action in range(own):
                k = action * columns + other if player == 0 else other * columns + action
                value = payoffs[0, action, other] if player == 0 else payoffs[1, other, action]
                g[k, player] = (value - low) / span
                gain[k, player] = (best - value) / span
        frame[player, 2] = floor
    return 2.0 * EPSILON * (1.0 + noise) if noise < np.inf else np.inf


@kernel
def common_delta_set(
    g: Floats,
    gain: Floats,
    delta: float,
    floor0: float,
    floor1: float,
    tol: float,
    noise: float,
    sweeps: int,
    fixed: Floats,
    inside: Floats,
    labels: Integers,
    normals: Floats,
    offsets: Floats,
    slopes: Floats,
    outside: Floats,
    numbers: Integers,
    reals: Floats,
) -> int:
    """Solve one game; payoffs in the unit square.

    Parameters
    ----------
    g, gain : arrays, shapes (A, 2)
    delta : float
    floor0, floor1 : float
        Pure minmax payoffs.
    tol, noise : float
        Largest distance of the outer to the inner set; bound on the errors of `g` and `gain`.
    sweeps : int
        Most sweeps before the game is left to the caller.
    fixed, inside, labels : arrays, shapes (R, 2), (R, 2), (R,), R = 4 A + 8
        Overwritten: vertices of the structure's fixed point, of the inner set, and how each is made (see `bargaining.kernels.binding`).
    normals, offsets, slopes, outside : arrays, shapes (S, 2), (S,), (S,), (S + 5, 2), S = 4 A + 64
        Overwritten: exclusion of what lies beyond offsets + t slopes, and the outer set's vertices.
    numbers : int array, shape (5,)
        Overwritten: vertices inside, normals, vertices outside, sweeps of half-planes, sweeps in all.
    reals : array, shape (3,)
        Overwritten: exclusion's interval of t, distance of the outer to the inner set.

    Returns
    -------
    int
        `SOLVED`, `EMPTY` or `UNSETTLED`.
    """
    profiles = g.shape[0]
    room = 4 * profiles + 8
    points = np.empty((room, 2))
    made = np.empty(room, np.int64)
    on = np.empty(room, np.int64)
    order = np.empty(room, np.int64)
    chain = np.empty(2 * room + 2, np.int64)
    polygon = np.empty((room, 2))
    start = np.empty((room, 2))
    edges = np.empty(room, np.int64)
    generated = np.empty((room, 2))
    active = np.ones(profiles, np.bool_)
    trial = np.empty(profiles, np.bool_)
    numbers[:] = 0
    reals[:] = 0.0

    count = hull(g, profiles, order, chain)
    for k in range(count):
        fixed[k, 0], fixed[k, 1] = g[chain[k], 0], g[chain[k], 1]
    count = clip(fixed, made, count, -1.0, 0.0, -floor0 + FEASIBILITY + noise, points, on)
    count = clip(points, on, count, 0.0, -1.0, -floor1 + FEASIBILITY + noise, start, made)
    if count == 0:
        # Nothing feasible pays both their minmax. Half-planes will prove it.
        count = hull(g, profiles, order, chain)
        for k in range(count):
            start[k, 0], start[k, 1] = g[chain[k], 0], g[chain[k], 1]
    begun = count
    dust = DUST
    for k in range(count):
        polygon[k, 0], polygon[k, 1] = start[k, 0], start[k, 1]
        labels[k] = -1
    done = 0
    next_trial = 2
    attempts = 0
    tried = 0
    tried_labels = np.empty(room, np.int64)
    tried_edges = np.empty(room, np.int64)
    while done < sweeps and count > 0:
        size = binding_points(g, gain, delta, polygon, count, active, FEASIBILITY, points, made, on)
        left = thin_out(points, chain, hull(points, size, order, chain), dust)
        done += 1
        same = left == count
        for k in range(left):
            same = same and made[chain[k]] == labels[k] and on[chain[k]] == edges[k]
        for k in range(left):
            polygon[k, 0], polygon[k, 1] = points[chain[k], 0], points[chain[k], 1]
            labels[k] = made[chain[k]]
            edges[k] = on[chain[k]]
        count = left
        if done < next_trial:
            continue
        if not same:
            # Vertices that rounding cannot tell apart may take turns for ever.
            dust = min(1.25 * dust, MOST_DUST)
            continue
        next_trial = done + max(2, done // 2)
        # Should the trial fail: dust beside an edge may be what keeps the structure from settling, or what has no room.
        dust = min(4.0 * dust, MOST_DUST)
        for k in range(count):
            fixed[k, 0], fixed[k, 1] = polygon[k, 0], polygon[k, 1]
        if not structure_fixed_point(g, gain, delta, labels, edges, count, 0.0, 0.0, fixed):
            continue
        trial[:] = active
        size = binding_points(g, gain, delta, fixed, count, trial, FEASIBILITY, points, made, on)
        if largest_distance(points[:size], fixed[:count]) > AGREEMENT:
            continue
        left = hull(points, size, order, chain)
        for k in range(left):
            generated[k, 0], generated[k, 1] = points[chain[k], 0], points[chain[k], 1]
        if left == 0 or largest_distance(fixed[:count], generated[:left]) > AGREEMENT:
            # Some vertex is not generated any more: the structure is one on the way.
            continue
        attempts += 1
        fresh = count != tried
        for k in range(count):
            fresh = fresh or labels[k] != tried_labels[k] or edges[k] != tried_edges[k]
            tried_labels[k], tried_edges[k] = labels[k], edges[k]
        tried = count
        # The proofs of a structure fail as they failed before.
        if fresh and inner_vertices(g, gain, delta, labels, edges, fixed, count, 0.25 * tol, noise, inside):
            rows = edge_normals(fixed, count, fixed, runtime_int(0), normals)
            enforced = int(np.count_nonzero(active))
            for finer in range(3):
                if finer > 0:
                    rows = bisected(normals, rows)
                turns = outer_offsets(
                    g,
                    gain,
                    delta,
                    normals[:rows],
                    fixed,
                    count,
                    start,
                    begun,
                    enforced,
                    0.25 * tol,
                    noise,
                    MOST_CHAIN if finer == 2 else FEW_CHAIN,
                    offsets[:rows],
                    slopes[:rows],
                    reals,
                )
                if turns >= 0 or rows > MOST_BISECTED:
                    break
            if turns >= 0:
                shifted = np.empty(rows)
                for j in range(rows):
                    shifted[j] = offsets[j] + reals[0] * slopes[j] + EPSILON
                corners = half_plane_polygon(normals[:rows], shifted, outside)
                reals[2] = largest_distance(outside[:corners], inside[:count]) + noise + EPSILON
                if count == 2:
                    # The ends of a segment are the exact solutions of equations; the floats are as far from them as this.
                    reals[2] += 64.0 * (noise + EPSILON) / (1.0 - delta) / delta
                numbers[0], numbers[1], numbers[2], numbers[3], numbers[4] = count, rows, corners, turns, done + turns
                if reals[2] <= tol:
                    return SOLVED
        if attempts == MOST_ATTEMPTS:
            return UNSETTLED
        dust = min(64.0 * dust, MOST_DUST)
        # The limit may have dust that the polygons on the way to it do not show.
        for k in range(count):
            chain[k] = k
        left = thin_out(fixed, chain, count, max(dust, 1e-12))
        if left < count:
            for k in range(left):
                polygon[k, 0], polygon[k, 1] = fixed[chain[k], 0], fixed[chain[k], 1]
                labels[k] = -1
            count = left
            next_trial = done + 2
    if count == 0:
        # Sweeps on polygons say that nothing is left; half-planes prove it.
        rows = edge_normals(start, begun, start, runtime_int(0), normals)
        start_offsets(start, begun, noise, normals[:rows], offsets)
        axes = axis_positions(normals[:rows])
        offsets[axes[2]] = min(offsets[axes[2]], -floor0 + 4.0 * ROUNDING + noise)
        offsets[axes[3]] = min(offsets[axes[3]], -floor1 + 4.0 * ROUNDING + noise)
        active[:] = True
        while numbers[3] < 2 * done + 64:
            rows, living = outer_chain(
                g, gain, delta, fixed, runtime_int(0), normals, offsets, rows, active, runtime_int(4), noise, FINENESS
            )
            numbers[3] += 4
            numbers[4] = done + numbers[3]
            if living == 0:
                numbers[1] = rows
                return EMPTY
    return UNSETTLED


@kernel
def in_units(payoffs: Floats, frame: Floats, scaled: Floats, labels: Integers, vertices: Floats) -> None:
    """Scaled vertices in payoff units, into `vertices`; what is played for ever earns its payoffs to the bit."""
    for k in range(scaled.shape[0]):
        a = labels[k] // 8
        for player in range(2):
            if labels[k] % 8 == STAY:
                vertices[k, player] = payoffs[player, a // payoffs.shape[2], a % payoffs.shape[2]]
            else:
                vertices[k, player] = frame[player, 0] + frame[player, 1] * scaled[k, player]


@kernel
def solve_games(
    payoffs: Floats,
    deltas: Floats,
    tol: float,
    sweeps: int,
    vertices: Floats,
    counts: Integers,
    codes: Integers,
    bounds: Floats,
) -> None:
    """Many games of one shape, payoffs (N, 2, m, n), one after another; the last four arrays are overwritten.

    `vertices` (N R, 2), R = 4 m n + 8, gets the `counts` vertices of each set behind those of the one before it, in payoff units;
    `codes` how each game ended, `bounds` the distance of its outer to its inner set in payoff units. Those `UNSETTLED` have no vertices.
    """
    profiles = payoffs.shape[2] * payoffs.shape[3]
    room = 4 * profiles + 8
    rows = 4 * profiles + 64
    g = np.empty((profiles, 2))
    gain = np.empty((profiles, 2))
    frame = np.empty((2, 3))
    fixed = np.empty((room, 2))
    inside = np.empty((room, 2))
    labels = np.empty(room, np.int64)
    normals = np.empty((rows, 2))
    offsets = np.empty(rows)
    slopes = np.empty(rows)
    outside = np.empty((rows + 5, 2))
    numbers = np.empty(5, np.int64)
    reals = np.empty(3)
    position = 0
    for k in range(payoffs.shape[0]):
        counts[k] = 0
        bounds[k] = np.inf
        codes[k] = UNSETTLED
        noise = scale_game(payoffs[k], g, gain, frame)
        if not noise <= MOST_NOISE:
            continue
        codes[k] = common_delta_set(
            g, gain, deltas[k], frame[0, 2], frame[1, 2], tol, noise, sweeps,
            fixed, inside, labels, normals, offsets, slopes, outside, numbers, reals,
        )  # fmt: skip
        if codes[k] == EMPTY:
            bounds[k] = 0.0
        if codes[k] != SOLVED:
            continue
        counts[k] = numbers[0]
        units = max(frame[0, 1], frame[1, 1])
        bounds[k] = reals[2] * units
        in_units(payoffs[k], frame, fixed[: counts[k]], labels, vertices[position : position + counts[k]])
        position += counts[k]
