r"""Polygons of all states on one fan of directions, for a common discount factor: the operator on them and its structure.

State s has a vertex ``y[s, j]`` for each direction j (sorted by angle): what lies farthest that way. Then the mixture that follows a
profile has the vertices :math:`\sum_{s'} P(s' \mid s, a)\, y_{s'j}` for the same directions, without a merge of edges, and a sweep costs
states × profiles × directions. What a profile generates is one of these, or one of the few points at which a constraint binds.

Which profile makes a vertex, whether a constraint binds there, and on which edge of the mixture, is the structure. As long as it stays the
same a vertex is a simple function of others, and sweeps on the structure alone are cheap (modified policy iteration; the pivots of Abreu,
Brooks and Sannikov 2020). Nothing here relies on the fan being fine enough: a point of the mixture is a mean of payoffs that are there, so
polygons that generate themselves consist of equilibrium payoffs. Games are flat, see `bargaining.kernels.flat_game`.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_int
from bargaining.kernels.flat_game import FlatArrays, required_continuation, requirements, same_row
from bargaining.kernels.stochastic_fan import floors_and_centre

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# How far a constraint may be missed where no slack is asked for, so that rounding does not cut off what binds exactly.
FEASIBILITY = 1e-14
# How a vertex is made: a vertex of the mixture follows; player 0's constraint binds, player 1's, or both.
FREE, FIRST, SECOND, BOTH = 0, 1, 2, 3
CONVERGED, LONG, EMPTIED = 0, 1, 2
# How many sweeps on the structure follow the first one (doubled each time).
ON_STRUCTURE = 8
# Vertices from which on sweeps on the structure are no longer nearly free.
MANY = 4000


@kernel
def _generate(
    flat: FlatArrays,
    directions: Floats,
    y: Floats,
    reach: Floats,
    floors: Floats,
    centres: Floats,
    state: int,
    slack: float,
    inward: float,
    need: Floats,
    bound: Flags,
    tempting: Integers,
    makers: Integers,
    leads: Flags,
    mixed: Floats,
    ahead: Floats,
    best: Floats,
    fresh: Floats,
    found: Integers,
) -> bool:
    """What B_s makes of the polygons in all directions: points `fresh` (J, 2), their structure `found` (J, 3); False if nothing."""
    first, starts, following, chances, g = flat.first, flat.starts, flat.following, flat.chances, flat.g
    requirements(flat, floors, state, slack, need, bound, tempting)
    count = directions.shape[0]
    d = flat.delta[0]
    begin, end = first[state], first[state + 1]
    for p in range(begin, end):
        leads[p] = False
    for j in range(count):
        best[j] = -np.inf
        if makers[state, j] >= 0:
            leads[makers[state, j]] = True
    points = np.empty((6, 2))
    how = np.empty((6, 2), np.int64)
    missed = FEASIBILITY if slack == 0.0 else 0.0
    looked = runtime_int(-1)
    blended = runtime_int(-1)
    for turn in range(2):
        for p in range(begin, end):
            if leads[p] != (turn == 0):
                continue
            own0, own1 = (1.0 - d) * g[p, 0], (1.0 - d) * g[p, 1]
            if turn == 1:
                # Without its constraints it reaches so far at most.
                hopeful = False
                if looked < 0 or not same_row(flat, looked, p):
                    looked = p
                    for j in range(count):
                        ahead[j] = 0.0
                    for k in range(starts[p], starts[p + 1]):
                        for j in range(count):
                            ahead[j] += chances[k] * reach[following[k], j]
                for j in range(count):
                    if directions[j, 0] * own0 + directions[j, 1] * own1 + d * ahead[j] > best[j]:
                        hopeful = True
                        break
                if not hopeful:
                    continue
            if blended < 0 or not same_row(flat, blended, p):
                blended = p
                for j in range(count):
                    mixed[j, 0] = 0.0
                    mixed[j, 1] = 0.0
                centre0 = 0.0
                centre1 = 0.0
                for k in range(starts[p], starts[p + 1]):
                    share = chances[k]
                    after_state = following[k]
                    centre0 += share * centres[after_state, 0]
                    centre1 += share * centres[after_state, 1]
                    for j in range(count):
                        mixed[j, 0] += share * y[after_state, j, 0]
                        mixed[j, 1] += share * y[after_state, j, 1]
                if inward > 0.0:
                    for j in range(count):
                        mixed[j, 0] += inward * (centre0 - mixed[j, 0])
                        mixed[j, 1] += inward * (centre1 - mixed[j, 1])
            lower0 = (need[p, 0] - own0) / d if bound[p, 0] else -np.inf
            lower1 = (need[p, 1] - own1) / d if bound[p, 1] else -np.inf
            size = 0
            if bound[p, 0] or bound[p, 1]:
                least = np.inf
                most = -np.inf
                for j in range(count):
                    after_j = j + 1 if j + 1 < count else 0
                    if bound[p, 0]:
                        here, there = mixed[j, 0] - lower0, mixed[after_j, 0] - lower0
                        if (here <= 0.0 < there) or (there <= 0.0 < here):
                            along = mixed[j, 1] + here / (here - there) * (mixed[after_j, 1] - mixed[j, 1])
                            least = min(least, along)
                            most = max(most, along)
                            if along >= lower1 and size < 5:
                                points[size, 0], points[size, 1] = lower0, along
                                how[size, 0], how[size, 1] = FIRST, j
                                size += 1
                    if bound[p, 1]:
                        here, there = mixed[j, 1] - lower1, mixed[after_j, 1] - lower1
                        if (here <= 0.0 < there) or (there <= 0.0 < here):
                            along = mixed[j, 0] + here / (here - there) * (mixed[after_j, 0] - mixed[j, 0])
                            if along >= lower0 and size < 5:
                                points[size, 0], points[size, 1] = along, lower1
                                how[size, 0], how[size, 1] = SECOND, j
                                size += 1
                if bound[p, 0] and bound[p, 1] and least <= lower1 <= most:
                    points[size, 0], points[size, 1] = lower0, lower1
                    how[size, 0], how[size, 1] = BOTH, 0
                    size += 1
            for j in range(count):
                x, z = directions[j, 0], directions[j, 1]
                own = x * own0 + z * own1
                if own + d * (x * mixed[j, 0] + z * mixed[j, 1]) <= best[j]:
                    continue
                if mixed[j, 0] >= lower0 - missed and mixed[j, 1] >= lower1 - missed:
                    best[j] = own + d * (x * mixed[j, 0] + z * mixed[j, 1])
                    fresh[j, 0], fresh[j, 1] = own0 + d * mixed[j, 0], own1 + d * mixed[j, 1]
                    found[j, 0], found[j, 1], found[j, 2] = p, FREE, j
                    continue
                for k in range(size):
                    value = own + d * (x * points[k, 0] + z * points[k, 1])
                    if value > best[j]:
                        best[j] = value
                        fresh[j, 0], fresh[j, 1] = own0 + d * points[k, 0], own1 + d * points[k, 1]
                        found[j, 0], found[j, 1], found[j, 2] = p, how[k, 0], how[k, 1]
    return bool(best[0] > -np.inf)


@kernel
def _on_structure(
    flat: FlatArrays,
    y: Floats,
    floors: Floats,
    centres: Floats,
    state: int,
    slack: float,
    inward: float,
    tempting: Integers,
    makers: Integers,
    kinds: Integers,
    edges: Integers,
    fresh: Floats,
) -> None:
    """The vertices of one state that its structure makes of all polygons; a binding point moves on when its edge ends."""
    starts, following, chances, g = flat.starts, flat.following, flat.chances, flat.g
    d = flat.delta[0]
    count = y.shape[1]
    for j in range(count):
        p, kind, edge = makers[state, j], kinds[state, j], edges[state, j]
        if j > 0 and kind != FREE and p == makers[state, j - 1] and kind == kinds[state, j - 1] and edge == edges[state, j - 1]:
            fresh[j, 0], fresh[j, 1] = fresh[j - 1, 0], fresh[j - 1, 1]
            continue
        w0 = 0.0
        w1 = 0.0
        if kind != BOTH:
            for k in range(starts[p], starts[p + 1]):
                w0 += chances[k] * y[following[k], edge, 0]
                w1 += chances[k] * y[following[k], edge, 1]
        if inward > 0.0 and kind != BOTH:
            for k in range(starts[p], starts[p + 1]):
                w0 += inward * chances[k] * (centres[following[k], 0] - y[following[k], edge, 0])
                w1 += inward * chances[k] * (centres[following[k], 1] - y[following[k], edge, 1])
        if kind == BOTH:
            w0 = required_continuation(flat, floors, p, tempting[p, 0], runtime_int(0), slack)
            w1 = required_continuation(flat, floors, p, tempting[p, 1], runtime_int(1), slack)
        elif kind != FREE:
            after = edge + 1 if edge + 1 < count else 0
            v0 = 0.0
            v1 = 0.0
            for k in range(starts[p], starts[p + 1]):
                s = following[k]
                v0 += chances[k] * (y[s, after, 0] + inward * (centres[s, 0] - y[s, after, 0]))
                v1 += chances[k] * (y[s, after, 1] + inward * (centres[s, 1] - y[s, after, 1]))
            i = kind - FIRST
            lower = required_continuation(flat, floors, p, tempting[p, i], i, slack)
            here, there = (w0, v0) if i == 0 else (w1, v1)
            share = (lower - here) / (there - here) if there != here else 0.0
            if share < 0.0:
                edges[state, j] = edge - 1 if edge > 0 else count - 1
                share = 0.0
            elif share > 1.0:
                edges[state, j] = after
                share = 1.0
            w0, w1 = w0 + share * (v0 - w0), w1 + share * (v1 - w1)
            if i == 0:
                w0 = lower
            else:
                w1 = lower
        fresh[j, 0] = (1.0 - d) * g[p, 0] + d * w0
        fresh[j, 1] = (1.0 - d) * g[p, 1] + d * w1


@kernel
def aligned_fixed_point(
    flat: FlatArrays,
    directions: Floats,
    y: Floats,
    makers: Integers,
    kinds: Integers,
    edges: Integers,
    slack: float,
    inward: float,
    stop: float,
    early: int,
    sweeps: int,
) -> tuple[int, int, float]:
    """Iterate B on the fan, or the operator with constraints raised by `slack` and mixtures drawn `inward`, in place.

    Parameters
    ----------
    directions : array, shape (J, 2)
    y, makers, kinds, edges : arrays, shapes (S, J, 2), (S, J), (S, J), (S, J)
        Polygons and their structure (makers -1 where there is none); overwritten.
    stop : float
        Movement of a sweep below which the iteration ends.
    early, sweeps : int
        Sweeps before the structure is relied on; most sweeps.

    Returns
    -------
    code, sweeps done, last movement
    """
    g = flat.g
    states, count = y.shape[0], y.shape[1]
    d = flat.delta[0]
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    leads = np.zeros(g.shape[0], np.bool_)
    mixed = np.empty((count, 2))
    ahead = np.empty(count)
    best = np.empty(count)
    fresh = np.empty((count, 2))
    found = np.empty((count, 3), np.int64)
    floors = np.empty((states, 2))
    centres = np.empty((states, 2))
    reach = np.empty((states, count))
    most = int((32.0 if states * count < MANY else 4.0) / (1.0 - d)) + 16
    for s in range(states):
        floors_and_centre(y, s, floors, centres)
        for j in range(count):
            reach[s, j] = directions[j, 0] * y[s, j, 0] + directions[j, 1] * y[s, j, 1]
    moved = np.inf
    batch = ON_STRUCTURE
    for done in range(sweeps):
        moved = 0.0
        for s in range(states):
            if not _generate(
                flat, directions, y, reach, floors, centres, s, slack, inward,
                need, bound, tempting, makers, leads, mixed, ahead, best, fresh, found,
            ):  # fmt: skip
                return EMPTIED, done + 1, moved
            for j in range(count):
                moved = max(moved, abs(fresh[j, 0] - y[s, j, 0]), abs(fresh[j, 1] - y[s, j, 1]))
                y[s, j, 0], y[s, j, 1] = fresh[j, 0], fresh[j, 1]
                reach[s, j] = directions[j, 0] * y[s, j, 0] + directions[j, 1] * y[s, j, 1]
                makers[s, j], kinds[s, j], edges[s, j] = found[j, 0], found[j, 1], found[j, 2]
            floors_and_centre(y, s, floors, centres)
        if moved <= stop:
            return CONVERGED, done + 1, moved
        if done + 1 < early:
            continue
        for _ in range(batch):
            step = 0.0
            for s in range(states):
                _on_structure(flat, y, floors, centres, s, slack, inward, tempting, makers, kinds, edges, fresh)
                for j in range(count):
                    step = max(step, abs(fresh[j, 0] - y[s, j, 0]), abs(fresh[j, 1] - y[s, j, 1]))
                    y[s, j, 0], y[s, j, 1] = fresh[j, 0], fresh[j, 1]
                floors_and_centre(y, s, floors, centres)
            if step <= 0.25 * stop:
                break
        batch = min(2 * batch, most)
        for s in range(states):
            for j in range(count):
                reach[s, j] = directions[j, 0] * y[s, j, 0] + directions[j, 1] * y[s, j, 1]
    return LONG, sweeps, moved
