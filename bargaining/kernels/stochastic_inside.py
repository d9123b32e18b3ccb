"""Polygons on a fan of directions that generate themselves, found near the limit and checked in floats with room for every rounding."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import inlined, kernel, runtime_int
from bargaining.kernels.flat_game import EPSILON, TIE, FlatArrays, required_continuation, requirements, widest_row
from bargaining.kernels.stochastic_aligned import CONVERGED, aligned_fixed_point
from bargaining.kernels.stochastic_fan import fan_radius, floors_and_centre
from bargaining.kernels.stochastic_limit import MOST_SWEEPS, Fan

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# A set whose sides are shorter than this is taken for a point, if its payoff can be solved for.
POINT = 1e-10
# The first slack is just more than rounding takes.
LEAST_SLACK = 4e-13
# Where there was no time for the limit, and then for so many sweeps.
RUSHED_SLACK, RUSHED_SWEEPS = 1e-4, 24


@kernel
def aligned_generates(
    flat: FlatArrays,
    y: Floats,
    makers: Integers,
    exact: Flags,
) -> bool:
    """Whether polygons generate themselves, each vertex by its maker, with more room than rounding can take.

    The claim is about the exact game, with the vertices' floats for payoffs; a state in `exact` has one payoff, made by the maker of its
    first vertex and known exactly, of which the float is an approximation, and so has a vertex after which only such states can follow.
    """
    first, columns, starts, following, chances, g = flat.first, flat.columns, flat.starts, flat.following, flat.chances, flat.g
    states, count = y.shape[0], y.shape[1]
    d = flat.delta[0]
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    floors = np.empty((states, 2))
    centres = np.empty((states, 2))
    mixed = np.empty((count, 2))
    walls = np.empty((count, 3))
    done = np.zeros(g.shape[0], np.bool_)
    widest = widest_row(flat, 0, starts.shape[0] - 1)
    room = 4.0 * TIE / d + 16.0 * EPSILON * (2.0 + widest) / d
    for s in range(states):
        floors_and_centre(y, s, floors, centres)
        if exact[s]:
            room = max(room, 4.0 * TIE / d + 64.0 * EPSILON * (2.0 + widest) / (1.0 - d) / d)
    for s in range(states):
        requirements(flat, floors, s, 0.0, need, bound, tempting)
        n = columns[s]
        for j in range(count):
            done[makers[s, j]] = False
        for j in range(count):
            p = makers[s, j]
            if exact[s] and j > 0:
                break
            if done[p]:
                continue
            done[p] = True
            own0, own1 = (1.0 - d) * g[p, 0], (1.0 - d) * g[p, 1]
            lower0 = (need[p, 0] - own0) / d + room if bound[p, 0] else -np.inf
            lower1 = (need[p, 1] - own1) / d + room if bound[p, 1] else -np.inf
            known = True
            for k in range(starts[p], starts[p + 1]):
                known = known and exact[following[k]]
            if known:
                # There is no room around a point: a deviation must not even tie.
                a, b = (p - first[s]) // n, (p - first[s]) % n
                for q in range(first[s], first[s + 1]):
                    same0, same1 = (q - first[s]) % n == b, (q - first[s]) // n == a
                    for i in range(2):
                        if q != p and ((i == 0 and same0) or (i == 1 and same1)):
                            value = required_continuation(flat, floors, p, q, i, 0.0)
                            after = 0.0
                            for k in range(starts[p], starts[p + 1]):
                                after += chances[k] * y[following[k], 0, i]
                            if not after > value + room:
                                return False
                continue
            if exact[s]:
                return False
            size = 0
            for e in range(count):
                mixed[e, 0] = 0.0
                mixed[e, 1] = 0.0
            for k in range(starts[p], starts[p + 1]):
                for e in range(count):
                    mixed[e, 0] += chances[k] * y[following[k], e, 0]
                    mixed[e, 1] += chances[k] * y[following[k], e, 1]
            for e in range(count):
                f = e + 1 if e + 1 < count else 0
                x, z = mixed[f, 0] - mixed[e, 0], mixed[f, 1] - mixed[e, 1]
                length = np.sqrt(x * x + z * z)
                if length > 0.0:
                    walls[size, 0], walls[size, 1] = -z / length, x / length
                    walls[size, 2] = walls[size, 0] * mixed[e, 0] + walls[size, 1] * mixed[e, 1] + room
                    size += 1
            if size < 3:
                return False
            for e in range(j, count):
                if makers[s, e] != p:
                    continue
                if e > j and y[s, e, 0] == y[s, e - 1, 0] and y[s, e, 1] == y[s, e - 1, 1] and makers[s, e - 1] == p:
                    continue
                w0, w1 = (y[s, e, 0] - own0) / d, (y[s, e, 1] - own1) / d
                if not (w0 >= lower0 and w1 >= lower1):
                    return False
                outside = 0
                for k in range(size):
                    outside += not walls[k, 0] * w0 + walls[k, 1] * w1 >= walls[k, 2]
                if outside > 0:
                    return False
    return True


@kernel
def points_for_ever(flat: FlatArrays, y: Floats, makers: Integers) -> Flags:
    """The states whose set is one payoff from which play goes on to such states only: the payoff solves linear equations exactly."""
    states, count = y.shape[0], y.shape[1]
    exact = np.ones(states, np.bool_)
    for s in range(states):
        for i in range(2):
            low = np.inf
            high = -np.inf
            for j in range(count):
                low, high = min(low, y[s, j, i]), max(high, y[s, j, i])
            exact[s] = exact[s] and high - low <= POINT
    changed = True
    while changed:
        changed = False
        for s in range(states):
            if exact[s]:
                p = makers[s, 0]
                for k in range(flat.starts[p], flat.starts[p + 1]):
                    if not exact[flat.following[k]]:
                        exact[s] = False
                        changed = True
    return exact


@kernel
def settle_points(flat: FlatArrays, y: Floats, makers: Integers, exact: Flags) -> bool:
    """Payoffs of states that are points, and of vertices after which only these follow, to rounding divided by 1 - δ; into the polygons.

    False if the sweeps do not settle.
    """
    starts, following, chances, g = flat.starts, flat.following, flat.chances, flat.g
    d = flat.delta[0]
    moved = 0.0
    for _ in range(64 + int(64.0 / (1.0 - d))):
        moved = 0.0
        for s in range(y.shape[0]):
            if not exact[s]:
                continue
            p = makers[s, 0]
            for i in range(2):
                # What is played for ever earns its payoffs to the bit.
                value = g[p, i]
                if starts[p + 1] - starts[p] > 1 or following[starts[p]] != s:
                    value *= 1.0 - d
                    for k in range(starts[p], starts[p + 1]):
                        value += d * chances[k] * y[following[k], 0, i]
                moved = max(moved, abs(value - y[s, 0, i]))
                y[s, 0, i] = value
        if moved <= 2.0 * EPSILON:
            break
    if moved > 2.0 * EPSILON:
        return False
    for s in range(y.shape[0]):
        if exact[s]:
            for j in range(1, y.shape[1]):
                makers[s, j] = makers[s, 0]
                y[s, j, 0], y[s, j, 1] = y[s, 0, 0], y[s, 0, 1]
    for s in range(y.shape[0]):
        for j in range(y.shape[1]):
            p = makers[s, j]
            known = not exact[s]
            for k in range(starts[p], starts[p + 1]):
                known = known and exact[following[k]]
            if known:
                for i in range(2):
                    value = (1.0 - d) * g[p, i]
                    for k in range(starts[p], starts[p + 1]):
                        value += d * chances[k] * y[following[k], 0, i]
                    y[s, j, i] = value
    return True


@inlined
def inside_polygons(flat: FlatArrays, limit: Fan, exact: Flags, tol: float, rushed: bool) -> tuple[bool, Floats, Integers, int]:
    """Polygons near the limit that generate themselves with room for every rounding, their makers and the sweeps it took; False if there
    are none within tol."""
    y, makers = limit.y.copy(), limit.makers.copy()
    radius = fan_radius(limit.y, exact)
    d = flat.delta[0]
    slow = 1.0 - d
    slack = (max(RUSHED_SLACK * slow, LEAST_SLACK) if rushed else LEAST_SLACK) / d
    spent = 0
    points = False
    for s in range(exact.shape[0]):
        points = points or exact[s]
    while radius > 0.0 and slack <= tol * slow:
        y = limit.y.copy()
        makers = limit.makers.copy()
        code, sweeps, _ = aligned_fixed_point(
            flat, limit.directions, y, makers, limit.kinds.copy(), limit.edges.copy(), slack, min(0.5, slack / radius), slack / 64.0,
            runtime_int(1), RUSHED_SWEEPS if rushed else MOST_SWEEPS,
        )  # fmt: skip
        spent += sweeps
        settled = not points or settle_points(flat, y, makers, exact)
        if code == CONVERGED and settled and aligned_generates(flat, y, makers, exact):
            return True, y, makers, spent
        slack *= 16.0
    return False, y, makers, spent
