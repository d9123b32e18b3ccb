r"""The set operator of stochastic games on polygons, one a state.

With :math:`D = \mathrm{diag}(\delta_i)` and :math:`m^s_i = \min_{W_s} w_i`,

.. math:: B_s(W) = \mathrm{co} \bigcup_a \Big\{x = (I-D) g^s(a) + D w : w \in \sum_{s'} P(s' \mid s, a) W_{s'},\ x_i \ge
          \max_{a_i'} \big[(1-\delta_i) g^s_i(a_i', a_{-i}) + \delta_i \sum_{s'} P(s' \mid s, a_i', a_{-i})\, m^{s'}_i\big]\Big\}.

What follows a deviation depends on the states that the deviation can lead to, so each deviation has its own punishment. The vector of
equilibrium payoff sets is the largest fixed point (Abreu, Pearce and Stacchetti 1990; Abreu, Brooks and Sannikov 2020).

Games are flat (`bargaining.kernels.flat_game`), with payoffs scaled to the unit square. A polygon's vertices run counter-clockwise from
the leftmost (lowest) one, so that its edges are sorted by angle.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_int
from bargaining.kernels.flat_game import FlatArrays, requirements, same_row, widest_row
from bargaining.kernels.polygon import clip, hull, largest_distance, thin
from bargaining.kernels.stochastic_mixtures import continuations

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# While the polygons still move a lot, vertices that matter less than this share of the movement are left out, in so many passes.
COARSE, FINER = 0.002, 0.93
THINNED = 4
# More passes where so many vertices are left.
CROWDED, MOST_THINNED = 256, 16
CONVERGED, LONG, FULL = 0, 1, 2


@kernel
def generate_state(
    flat: FlatArrays,
    vertices: Floats,
    counts: Integers,
    floors: Floats,
    state: int,
    active: Flags,
    slack: float,
    inward: float,
    tolerance: float,
    dust: float,
    need: Floats,
    bound: Flags,
    tempting: Integers,
    points: Floats,
    makers: Integers,
    spare: Floats,
    sums: Floats,
    raw: Floats,
    steps: Floats,
    spare_steps: Floats,
    order: Integers,
    chain: Integers,
    tags: Integers,
) -> int:
    """One application of B_s: vertices of the new polygon at ``chain`` in `points`, their makers in `makers`; -1 if there is no room.

    Continuations are drawn by the share `inward` towards their centre, constraints raised by `slack` and missed by `tolerance` at most.
    """
    first, starts, following, chances, g, delta = flat.first, flat.starts, flat.following, flat.chances, flat.g, flat.delta
    requirements(flat, floors, state, slack, need, bound, tempting)
    room = points.shape[0]
    size = runtime_int(0)
    before = runtime_int(-1)
    mixed = 0
    for p in range(first[state], first[state + 1]):
        if not active[p]:
            continue
        # Out of reach of its constraints even without a look at the mixture.
        hopeless = False
        for i in range(2):
            if bound[p, i]:
                most = 0.0
                for k in range(starts[p], starts[p + 1]):
                    s = following[k]
                    highest = -np.inf
                    for j in range(counts[s]):
                        highest = max(highest, vertices[s, j, i])
                    most += chances[k] * highest
                hopeless = hopeless or (1.0 - delta[i]) * g[p, i] + delta[i] * most < need[p, i] - tolerance
        if hopeless:
            continue
        if before < 0 or not same_row(flat, before, p):
            mixed = continuations(flat, p, vertices, counts, raw, steps, spare, spare_steps)
            before = p
        if mixed == 0:
            return -1
        count = mixed
        for j in range(count):
            sums[j, 0] = raw[j, 0]
            sums[j, 1] = raw[j, 1]
        centre0 = 0.0
        centre1 = 0.0
        for j in range(count):
            centre0 += sums[j, 0] / count
            centre1 += sums[j, 1] / count
        for j in range(count):
            sums[j, 0] = (1.0 - delta[0]) * g[p, 0] + delta[0] * (sums[j, 0] + inward * (centre0 - sums[j, 0]))
            sums[j, 1] = (1.0 - delta[1]) * g[p, 1] + delta[1] * (sums[j, 1] + inward * (centre1 - sums[j, 1]))
        if bound[p, 0]:
            count = clip(sums, tags, count, -1.0, 0.0, tolerance - need[p, 0], spare, tags)
            for j in range(count):
                sums[j, 0] = spare[j, 0]
                sums[j, 1] = spare[j, 1]
        if bound[p, 1]:
            count = clip(sums, tags, count, 0.0, -1.0, tolerance - need[p, 1], spare, tags)
            for j in range(count):
                sums[j, 0] = spare[j, 0]
                sums[j, 1] = spare[j, 1]
        if size + count > room:
            kept = hull(points, size, order, chain)
            size = runtime_int(0)
            # The chain's positions may come in any order: sums' neighbour `spare` holds the vertices meanwhile.
            if kept + count > room or kept > spare.shape[0]:
                return -1
            for j in range(kept):
                spare[j, 0], spare[j, 1] = points[chain[j], 0], points[chain[j], 1]
                order[j] = makers[chain[j]]
            for j in range(kept):
                points[j, 0], points[j, 1] = spare[j, 0], spare[j, 1]
                makers[j] = order[j]
            size = kept
        for j in range(count):
            points[size, 0] = sums[j, 0]
            points[size, 1] = sums[j, 1]
            makers[size] = p
            size += 1
    left = hull(points, size, order, chain)
    for turn in range(MOST_THINNED):
        fewer = thin(points, chain, left, dust)
        if fewer == left or (turn + 1 >= THINNED and fewer <= CROWDED):
            left = fewer
            break
        left = fewer
    # The first vertex may be gone: begin at the leftmost (lowest) again.
    begin = 0
    for k in range(1, left):
        x, y = points[chain[k], 0], points[chain[k], 1]
        if x < points[chain[begin], 0] or (x == points[chain[begin], 0] and y < points[chain[begin], 1]):
            begin = k
    for k in range(left):
        order[k] = chain[(begin + k) % left]
    for k in range(left):
        chain[k] = order[k]
    return left


@kernel
def polygon_sweeps(
    flat: FlatArrays,
    vertices: Floats,
    counts: Integers,
    makers: Integers,
    active: Flags,
    slack: float,
    inward: float,
    tolerance: float,
    coarse: float,
    dust: float,
    stop: float,
    sweeps: int,
) -> tuple[int, int, float]:
    """Iterate B, or the stricter operator, from the polygons ``vertices[s, :counts[s]]``, state after state, in place.

    Parameters
    ----------
    vertices, counts, makers : arrays, shapes (S, K, 2), (S,), (S, K)
        Overwritten; a state with no vertices is left alone, and one that can come to it loses its own.
    active : bool array, shape (A,)
        Profiles to use.
    coarse, dust : float
        Vertices nearer than this to their neighbours' chord are left out, in the first sweep and once the polygons hardly move.
    stop : float
        Movement of a vertex below which the iteration ends.

    Returns
    -------
    code, sweeps done, last movement
        `CONVERGED`, `LONG` (sweeps used up) or `FULL` (some polygon needs more than K vertices).
    """
    first, starts, following, g, delta = flat.first, flat.starts, flat.following, flat.g, flat.delta
    states = counts.shape[0]
    most = vertices.shape[1]
    widest = widest_row(flat, 0, starts.shape[0] - 1)
    profiles = 0
    for s in range(states):
        profiles = max(profiles, first[s + 1] - first[s])
    room = 4 * most + 2 * widest * most + 16
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    points = np.empty((room, 2))
    made = np.empty(room, np.int64)
    spare = np.empty((room, 2))
    sums = np.empty((room, 2))
    raw = np.empty((room, 2))
    steps = np.empty((room, 2))
    spare_steps = np.empty((room, 2))
    order = np.empty(room, np.int64)
    chain = np.empty(2 * room + 2, np.int64)
    tags = np.zeros(room, np.int64)
    floors = np.zeros((states, 2))
    for s in range(states):
        for i in range(2):
            low = np.inf
            for k in range(counts[s]):
                low = min(low, vertices[s, k, i])
            floors[s, i] = low if counts[s] > 0 else 0.0
    moved = np.inf
    least = np.inf
    patience = 64 + int(4.0 / (1.0 - max(delta[0], delta[1])))
    since = 0
    for done in range(sweeps):
        coarse = max(dust, FINER * min(coarse, COARSE * moved))
        moved = 0.0
        for s in range(states):
            if counts[s] == 0:
                continue
            lost = False
            for k in range(starts[first[s]], starts[first[s + 1]]):
                lost = lost or counts[following[k]] == 0
            left = 0
            if not lost:
                left = generate_state(
                    flat, vertices, counts, floors, s, active, slack, inward,
                    tolerance, coarse, need, bound, tempting, points, made, spare, sums, raw,
                    steps, spare_steps, order, chain, tags,
                )  # fmt: skip
            if left < 0 or left > most:
                return FULL, done, moved
            if left == 0:
                moved = np.inf
            else:
                step = 0.0
                if left == counts[s]:
                    for k in range(left):
                        for i in range(2):
                            step = max(step, abs(points[chain[k], i] - vertices[s, k, i]))
                if left != counts[s] or step > stop:
                    for k in range(left):
                        sums[k, 0], sums[k, 1] = points[chain[k], 0], points[chain[k], 1]
                    step = largest_distance(vertices[s, : counts[s]], sums[:left])
                    step = max(step, largest_distance(sums[:left], vertices[s, : counts[s]]))
                moved = max(moved, step)
            for i in range(2):
                floors[s, i] = np.inf if left > 0 else 0.0
            for k in range(left):
                for i in range(2):
                    vertices[s, k, i] = points[chain[k], i]
                    floors[s, i] = min(floors[s, i], vertices[s, k, i])
                makers[s, k] = made[chain[k]]
            counts[s] = left
        # Thinning can keep the polygons moving by its own size.
        if moved <= stop or (coarse == dust and moved <= 8.0 * dust):
            return CONVERGED, done + 1, moved
        if moved < 0.5 * least:
            least = moved
            since = done
        elif done - since > patience:
            return LONG, done + 1, moved
    return LONG, sweeps, moved
