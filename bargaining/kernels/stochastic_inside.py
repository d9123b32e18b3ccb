"""Self-generation of polygons on a fan of directions, checked in floats with room for every rounding."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.flat_game import EPSILON, TIE, FlatArrays, required_continuation, requirements, widest_row
from bargaining.kernels.stochastic_fan import floors_and_centre

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


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
