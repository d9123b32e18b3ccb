r"""Exclusion for stochastic games: a proof from outside whose length does not grow with patience.

The sets :math:`W_s(t) = \{w : n_j\cdot w \le c_{sj} + t d_{sj}\}`, one a state, grow in t. If V lies in W(T), and if for every t in
[t0, T] the operator maps W(t) strictly inside itself in every state and direction, then V lies in W(t0): else there were a least t > t0
with V ⊆ W(t), and V = B(V) ⊆ B(W(t)) would lie inside a smaller one.

What a profile generates from W(t) is bounded in a direction by lines in t, one for each combination of constraints that gives the
direction (see `bargaining.kernels.exclusion`): offsets of a mixture are mixed offsets, and any one deviation bounds what a profile must
promise from below. The discount factor is common; all states have the same sorted normals, the axes among them.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_bool, runtime_int
from bargaining.kernels.exclusion import below_zero, crossed_edges
from bargaining.kernels.flat_game import EPSILON, FlatArrays, mix, requirements, same_row, widest_row
from bargaining.kernels.half_planes import axis_positions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# A system that has not settled after so many times its horizon does not settle.
HORIZONS = 64.0
MOST_SLOPE = 1e7


@kernel
def _state_rows(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    floors: Floats,
    s: int,
    active: Flags,
    need: Floats,
    bound: Flags,
    tempting: Integers,
    leads: Flags,
    mixed: Floats,
    best: Floats,
    leaders: Integers,
    where: Integers,
    weights: Floats,
    devs: Integers,
) -> None:
    """The operator for one state in all directions, `best`, and linearised: row (s, j) is weights[s, j, 0] × what follows its leader in
    direction where[s, j], and weights[s, j, 1 + i] × player i's worst after devs[s, j, i]."""
    first, g = flat.first, flat.g
    count = normals.shape[0]
    d = flat.delta[0]
    crossed = np.empty(4, np.int64)
    blended = runtime_int(-1)
    requirements(flat, floors, s, 0.0, need, bound, tempting)
    for p in range(first[s], first[s + 1]):
        leads[p] = False
    for j in range(count):
        best[j] = -np.inf
        if leaders[s, j] >= 0:
            leads[leaders[s, j]] = True
        leaders[s, j] = -1
        where[s, j] = j
        weights[s, j, 0], weights[s, j, 1], weights[s, j, 2] = d, 0.0, 0.0
    for turn in range(2):
        for p in range(first[s], first[s + 1]):
            if not active[p] or leads[p] != (turn == 0):
                continue
            if blended < 0 or not same_row(flat, blended, p):
                mix(flat, p, offsets, mixed)
                blended = p
            own0, own1 = (1.0 - d) * g[p, 0], (1.0 - d) * g[p, 1]
            b0 = (need[p, 0] - own0) / d
            b1 = (need[p, 1] - own1) / d
            ready = False
            for j in range(count):
                fixed = normals[j, 0] * own0 + normals[j, 1] * own1
                value = d * mixed[j]
                if fixed + value <= best[j]:
                    continue
                if not ready:
                    ready = True
                    feasible = True
                    for k in range(count):
                        n0, n1 = normals[k, 0], normals[k, 1]
                        if n0 >= 0.0 and n1 >= 0.0 and n0 * b0 + n1 * b1 > mixed[k] + 1e-13:
                            feasible = False
                    if not feasible:
                        break
                    crossed_edges(normals, mixed, b0, b1, bound[p, 0], bound[p, 1], crossed)
                x, y = d * normals[j, 0], d * normals[j, 1]
                at, alpha, sigma0, sigma1 = j, d, 0.0, 0.0
                k = crossed[0] if y > 0.0 else crossed[1]
                if bound[p, 0] and y != 0.0 and k >= 0:
                    slope = y / normals[k, 1]
                    sigma = slope * normals[k, 0] - x
                    if sigma >= 0.0 and slope * mixed[k] - sigma * b0 < value:
                        value = slope * mixed[k] - sigma * b0
                        at, alpha, sigma0, sigma1 = k, slope, sigma, 0.0
                k = crossed[2] if x > 0.0 else crossed[3]
                if bound[p, 1] and x != 0.0 and k >= 0:
                    slope = x / normals[k, 0]
                    sigma = slope * normals[k, 1] - y
                    if sigma >= 0.0 and slope * mixed[k] - sigma * b1 < value:
                        value = slope * mixed[k] - sigma * b1
                        at, alpha, sigma0, sigma1 = k, slope, 0.0, sigma
                if x <= 0.0 and y <= 0.0 and x * b0 + y * b1 < value:
                    value = x * b0 + y * b1
                    at, alpha, sigma0, sigma1 = j, 0.0, -x, -y
                if fixed + value > best[j]:
                    best[j] = fixed + value
                    leaders[s, j] = p
                    where[s, j] = at
                    weights[s, j, 0], weights[s, j, 1], weights[s, j, 2] = alpha, sigma0, sigma1
                    devs[s, j, 0], devs[s, j, 1] = tempting[p, 0], tempting[p, 1]


@kernel
def _rows(
    flat: FlatArrays,
    normals: Floats,
    axes: Integers,
    offsets: Floats,
    active: Flags,
    leaders: Integers,
    where: Integers,
    weights: Floats,
    devs: Integers,
    lower: bool,
) -> float:
    """Rows of all states at the offsets; these come down to the operator's, state after state, if `lower`. Returns by how much, -1 if a
    state is left with nothing."""
    g = flat.g
    states, count = offsets.shape
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    floors = np.empty((states, 2))
    mixed = np.empty(count)
    best = np.empty(count)
    leads = np.zeros(g.shape[0], np.bool_)
    for s in range(states):
        floors[s, 0], floors[s, 1] = -offsets[s, axes[2]], -offsets[s, axes[3]]
    moved = 0.0
    for s in range(states):
        _state_rows(
            flat, normals, offsets, floors, s, active, need, bound, tempting, leads,
            mixed, best, leaders, where, weights, devs,
        )  # fmt: skip
        if leaders[s, 0] < 0:
            return -1.0
        if lower:
            for j in range(count):
                if best[j] < offsets[s, j]:
                    moved = max(moved, offsets[s, j] - best[j])
                    offsets[s, j] = best[j]
            floors[s, 0], floors[s, 1] = -offsets[s, axes[2]], -offsets[s, axes[3]]
    return moved


@kernel
def descend(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    leaders: Integers,
    stop: float,
    sweeps: int,
) -> int:
    """Sweep offsets down, in floats, until none moves by more than `stop`; the sweeps it took, -1 if a state is left with nothing."""
    g = flat.g
    states, count = offsets.shape
    axes = axis_positions(normals)
    active = np.ones(g.shape[0], np.bool_)
    where = np.empty((states, count), np.int64)
    weights = np.empty((states, count, 3))
    devs = np.zeros((states, count, 2), np.int64)
    for done in range(sweeps):
        moved = _rows(flat, normals, axes, offsets, active, leaders, where, weights, devs, runtime_bool(True))
        if moved < 0.0:
            return -1
        if moved <= stop:
            return done + 1
    return sweeps


@kernel
def state_growth(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    active: Flags,
    leaders: Integers,
    falls: Floats,
    slopes: Floats,
) -> bool:
    """Solve (I - L) d = falls roughly into `slopes`, L the operator linearised just beyond the offsets; False if there is no d > 0."""
    starts, following, chances = flat.starts, flat.following, flat.chances
    states, count = offsets.shape
    d = flat.delta[0]
    axes = axis_positions(normals)
    where = np.empty((states, count), np.int64)
    weights = np.empty((states, count, 3))
    devs = np.zeros((states, count, 2), np.int64)
    shifted = np.empty((states, count))
    slopes[:] = 1.0 / (1.0 - d)
    most = int(HORIZONS / (1.0 - d))
    for _ in range(3):
        before = slopes.copy()
        for s in range(states):
            for j in range(count):
                shifted[s, j] = offsets[s, j] + 1e-11 * (1.0 - d) * slopes[s, j]
        if _rows(
            flat, normals, axes, shifted, active, leaders, where, weights, devs, runtime_bool(False)
        ) < 0.0:  # fmt: skip
            return False
        settled = False
        for _ in range(most):
            change = 0.0
            for s in range(states):
                for j in range(count):
                    p = leaders[s, j]
                    if p < 0:
                        return False
                    value = falls[s, j]
                    if weights[s, j, 0] > 0.0:
                        for k in range(starts[p], starts[p + 1]):
                            value += weights[s, j, 0] * chances[k] * slopes[following[k], where[s, j]]
                    for i in range(2):
                        if weights[s, j, 1 + i] > 0.0:
                            q = devs[s, j, i]
                            for k in range(starts[q], starts[q + 1]):
                                value += weights[s, j, 1 + i] * chances[k] * slopes[following[k], axes[2 + i]]
                    change = max(change, abs(value - slopes[s, j]))
                    slopes[s, j] = value
            if not change < MOST_SLOPE:
                return False
            if change <= 0.05:
                settled = True
                break
        if not settled:
            return False
        same = True
        for s in range(states):
            for j in range(count):
                if not slopes[s, j] > 0.0:
                    return False
                same = same and abs(slopes[s, j] - before[s, j]) <= 0.1
        if same:
            break
    return True


@kernel
def state_excludes(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    slopes: Floats,
    active: Flags,
    least: float,
    most: float,
    failing: Flags,
) -> int:
    """In how many directions B does not map {n_j·w ≤ offsets_sj + t slopes_sj} strictly inside itself for some t in [least, most].

    `failing`, shape (S, J), says which. Profiles not in `active` must be known not to be enforceable in V. All rounding is counted, so
    that 0 proves that B does so everywhere.
    """
    first, starts, following, chances, g = flat.first, flat.starts, flat.following, flat.chances, flat.g
    states, count = offsets.shape
    d = flat.delta[0]
    axes = axis_positions(normals)
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((2, g.shape[0], 2), np.int64)
    floors = np.empty((states, 2))
    mixed = np.empty(count)
    growing = np.empty(count)
    shifted = np.empty(count)
    crossed = np.empty((2, 4), np.int64)
    lines = np.empty((8, 2))
    base = np.empty((2, 2))
    fall = np.empty((2, 2))
    free = np.empty(2, np.bool_)
    steepest = 0.0
    for s in range(states):
        for j in range(count):
            failing[s, j] = False
            steepest = max(steepest, slopes[s, j])
    widest = widest_row(flat, 0, starts.shape[0] - 1)
    error = 8.0 * EPSILON * (2.0 + widest) * (1.0 + most * steepest)
    total = 0
    blended = runtime_int(-1)
    for s in range(states):
        for end in range(2):
            t = most if end else least
            for k in range(states):
                floors[k, 0] = -offsets[k, axes[2]] - t * slopes[k, axes[2]]
                floors[k, 1] = -offsets[k, axes[3]] - t * slopes[k, axes[3]]
            requirements(flat, floors, s, 0.0, need, bound, tempting[end])
        for p in range(first[s], first[s + 1]):
            if not active[p]:
                continue
            if blended < 0 or not same_row(flat, blended, p):
                mix(flat, p, offsets, mixed)
                mix(flat, p, slopes, growing)
                blended = p
            # Player i's constraint is w_i ≥ base[end, i] - t fall[end, i], for the deviation that is best at either end.
            for end in range(2):
                for i in range(2):
                    q = tempting[end, p, i]
                    low = (1.0 - d) / d * (g[q, i] - g[p, i])
                    drop = 0.0
                    for k in range(starts[q], starts[q + 1]):
                        low -= chances[k] * offsets[following[k], axes[2 + i]]
                        drop += chances[k] * slopes[following[k], axes[2 + i]]
                    base[end, i] = low - error * (1.0 + 1.0 / d)
                    fall[end, i] = drop
            for i in range(2):
                free[i] = tempting[0, p, i] == p and tempting[1, p, i] == p
            start = least
            for j in range(count):
                n0, n1 = normals[j, 0], normals[j, 1]
                if n0 >= 0.0 and n1 >= 0.0:
                    for end in range(2):
                        beyond = n0 * base[end, 0] + n1 * base[end, 1] - mixed[j] - 2.0 * error
                        start = max(start, min(beyond / (n0 * fall[end, 0] + n1 * fall[end, 1] + growing[j]), most))
            if start >= most:
                # Not enforceable anywhere below the largest set.
                continue
            if start > least:
                start *= 1.0 - 1e-12
            ready = False
            for j in range(count):
                if failing[s, j]:
                    continue
                n0, n1 = normals[j, 0], normals[j, 1]
                own = (1.0 - d) * (n0 * g[p, 0] + n1 * g[p, 1]) - offsets[s, j] + error
                lines[0, 0] = own + d * mixed[j]
                lines[0, 1] = d * growing[j] - slopes[s, j]
                # Without its constraints it stays inside already.
                if lines[0, 0] + lines[0, 1] * start < 0.0 and lines[0, 0] + lines[0, 1] * most < 0.0:
                    continue
                if not ready:
                    ready = True
                    for end in range(2):
                        t = most if end else start
                        for k in range(count):
                            shifted[k] = mixed[k] + t * growing[k]
                        crossed_edges(
                            normals, shifted, base[end, 0] - t * fall[end, 0], base[end, 1] - t * fall[end, 1],
                            not free[0], not free[1], crossed[end],
                        )  # fmt: skip
                x, y = d * n0, d * n1
                size = runtime_int(1)
                for end in range(2):
                    k = crossed[end, 0] if y > 0.0 else crossed[end, 1]
                    if not free[0] and y != 0.0 and k >= 0:
                        alpha = y / normals[k, 1]
                        sigma = alpha * normals[k, 0] - x
                        if sigma >= 0.0:
                            lines[size, 0] = own + alpha * mixed[k] - sigma * base[end, 0] + error * (alpha + sigma)
                            lines[size, 1] = alpha * growing[k] + sigma * fall[end, 0] - slopes[s, j]
                            size += 1
                    k = crossed[end, 2] if x > 0.0 else crossed[end, 3]
                    if not free[1] and x != 0.0 and k >= 0:
                        alpha = x / normals[k, 0]
                        sigma = alpha * normals[k, 1] - y
                        if sigma >= 0.0:
                            lines[size, 0] = own + alpha * mixed[k] - sigma * base[end, 1] + error * (alpha + sigma)
                            lines[size, 1] = alpha * growing[k] + sigma * fall[end, 1] - slopes[s, j]
                            size += 1
                    if x <= 0.0 and y <= 0.0:
                        lines[size, 0] = own + x * base[end, 0] + y * base[end, 1]
                        lines[size, 1] = -x * fall[end, 0] - y * fall[end, 1] - slopes[s, j]
                        size += 1
                if not below_zero(lines, size, start, most):
                    failing[s, j] = True
                    total += 1
    return total
