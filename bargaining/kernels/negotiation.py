r"""Payoff sets of negotiation games at both proposer nodes: the set operator on polygons, and on half-planes rounded outward.

With E_j what follows when j proposes next, the payoffs after a refusal of i's offer are

.. math:: D_i = \operatorname{co} \bigcup_a \{(I-D) g(a) + D w : w \in E_j,\ w_k \ge u_k + \tfrac{1-\delta_k}{\delta_k} h_k(a)\},

with :math:`u_k = \min E_{j,k}`. The proposer secures :math:`f_i = S - \max_{w \in D_i} \min\{w_j, S - w_i\}` (never less than
:math:`\min D_{i,i}`), and :math:`E_i` is the hull of the splits between :math:`v_i = f_i` and :math:`v_j = \min D_{i,j}` and of the
points of :math:`D_i` with :math:`v_i \ge f_i`. Payoffs are moved and stretched, both by one factor, so that all sets lie in the unit
square; stage payoffs may lie below it.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.half_planes import ROUNDING, axis_positions, support_sweep
from bargaining.kernels.polygon import clip, hull, inradius, largest_distance, thin, thin_out

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

CONVERGED, LONG, FULL = 0, 1, 2
# While polygons still move, vertices that matter less than this share of the movement are left out.
COARSE = 0.002


@kernel
def refused_points(
    g: Floats,
    gain: Floats,
    delta: Floats,
    vertices: Floats,
    count: int,
    floors: Floats,
    active: Flags,
    slack: float,
    tolerance: float,
    points: Floats,
    makers: Integers,
) -> int:
    """Points whose hull is D_i, from the polygon ``vertices[:count]`` of E_j; a deviation costs player k down to ``floors[k]``.

    Constraints of profiles that someone would want to leave are raised by `slack`, all are lowered by `tolerance`. `points` (with the
    profile that makes each in `makers`) is overwritten; its room must be A (count + 4). Returns their number.
    """
    room = count + 4
    kept = np.empty((room, 2))
    other = np.empty((room, 2))
    tags = np.empty(room, np.int64)
    other_tags = np.empty(room, np.int64)
    low = np.full(2, np.inf)
    high = np.full(2, -np.inf)
    for k in range(count):
        for i in range(2):
            low[i] = min(low[i], vertices[k, i])
            high[i] = max(high[i], vertices[k, i])
    need = np.empty(2)
    size = 0
    for a in range(g.shape[0]):
        if not active[a]:
            continue
        for i in range(2):
            need[i] = floors[i] + (1.0 - delta[i]) / delta[i] * gain[a, i] - tolerance
            if gain[a, i] > 0.0:
                need[i] += slack
        if need[0] > high[0] or need[1] > high[1]:
            continue
        left = count
        for k in range(count):
            kept[k, 0], kept[k, 1] = vertices[k, 0], vertices[k, 1]
        for i in range(2):
            if need[i] > low[i] and left > 0:
                left = clip(kept, tags, left, -1.0 if i == 0 else 0.0, 0.0 if i == 0 else -1.0, -need[i], other, other_tags)
                kept, other = other, kept
                tags, other_tags = other_tags, tags
        for k in range(left):
            for i in range(2):
                points[size, i] = (1.0 - delta[i]) * g[a, i] + delta[i] * kept[k, i]
            makers[size] = a
            size += 1
    return size


@kernel
def secured(i: int, surplus: float, refused: Floats, count: int) -> float:
    """What proposer i can secure, given D_i: the best of min{w_j, S - w_i} is at a corner or where an edge crosses the line of splits."""
    j = 1 - i
    limit = -np.inf
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        limit = max(limit, min(refused[k, j], surplus - refused[k, i]))
        here = refused[k, 0] + refused[k, 1] - surplus
        there = refused[following, 0] + refused[following, 1] - surplus
        if here * there < 0.0:
            share = here / (here - there)
            limit = max(limit, refused[k, j] + share * (refused[following, j] - refused[k, j]))
    return surplus - limit


@kernel
def offered_points(
    i: int, surplus: float, floor: float, refused: Floats, count: int, slack: float, tolerance: float, points: Floats
) -> int:
    """Points whose hull is E_i, from the polygon D_i and what i secures; `points` has room for count + 6. Returns their number."""
    j = 1 - i
    tags = np.empty(count + 4, np.int64)
    out_tags = np.empty(count + 4, np.int64)
    least = np.inf
    for k in range(count):
        least = min(least, refused[k, j])
    size = clip(refused, tags, count, -1.0 if i == 0 else 0.0, 0.0 if i == 0 else -1.0, -(floor + slack - tolerance), points, out_tags)
    if surplus - floor - least >= 2.0 * slack - tolerance:
        points[size, i], points[size, j] = floor + slack, surplus - floor - slack
        points[size + 1, i], points[size + 1, j] = surplus - least - slack, least + slack
        size += 2
    return size


@kernel
def talks_sweeps(
    g: Floats,
    gain: Floats,
    delta: Floats,
    surplus: float,
    vertices: Floats,
    counts: Integers,
    refused: Floats,
    refused_counts: Integers,
    active: Flags,
    used: Flags,
    slack: float,
    tolerance: float,
    thinning: float,
    stop: float,
    sweeps: int,
) -> tuple[int, int, float]:
    """Iterate the operator, or a stricter one, from the polygons ``vertices[i, :counts[i]]`` of both nodes, one after the other.

    The stricter one (``slack > 0``) raises every constraint that could bind by `slack` and draws polygons towards their middle by as much,
    so that its fixed points generate themselves with room for rounding.

    Parameters
    ----------
    g, gain, delta : arrays, shapes (A, 2), (A, 2), (2,)
    vertices, counts : arrays, shapes (2, K, 2), (2,)
        Overwritten.
    refused, refused_counts : arrays, shapes (2, K, 2), (2,)
        Overwritten with the polygons D_i.
    active : bool array, shape (A,)
        Profiles to use.
    used : bool array, shape (2, A)
        Overwritten: profiles that make corners of D_i.
    thinning : float
        Vertices nearer than this to their neighbours' chord are dropped.
    stop : float
        Movement below which the iteration ends.

    Returns
    -------
    code, sweeps done, last movement
        `CONVERGED` (also if a set vanished: its count is 0), `LONG` (sweeps used up, or no progress) or `FULL` (no room).
    """
    most = vertices.shape[1]
    room = 64
    points = np.empty((0, 2))
    makers = np.empty(0, np.int64)
    order = np.empty(0, np.int64)
    chain = np.empty(0, np.int64)
    offers = np.empty((most + 10, 2))
    offer_order = np.empty(most + 10, np.int64)
    offer_chain = np.empty(2 * most + 22, np.int64)
    fresh = np.empty((most + 10, 2))
    floors = np.empty(2)
    moved = np.inf
    least = np.inf
    since = 0
    patience = 200.0 + 8.0 / (1.0 - max(delta[0], delta[1]))
    for done in range(sweeps):
        coarse = max(thinning, COARSE * moved) if moved < 1.0 else thinning
        moved = 0.0
        for i in range(2):
            j = 1 - i
            room = g.shape[0] * (counts[j] + 4)
            if points.shape[0] < room:
                points = np.empty((2 * room, 2))
                makers = np.empty(2 * room, np.int64)
                order = np.empty(2 * room, np.int64)
                chain = np.empty(4 * room + 2, np.int64)
            for k in range(2):
                floors[k] = np.inf
                for v in range(counts[j]):
                    floors[k] = min(floors[k], vertices[j, v, k])
            size = refused_points(g, gain, delta, vertices[j], counts[j], floors, active, slack, tolerance, points, makers)
            left = thin(points, chain, hull(points, size, order, chain), coarse)
            if left == 0:
                counts[0] = counts[1] = 0
                return CONVERGED, done + 1, moved
            if left > most:
                return FULL, done, moved
            used[i, :] = False
            for k in range(left):
                refused[i, k, 0], refused[i, k, 1] = points[chain[k], 0], points[chain[k], 1]
                used[i, makers[chain[k]]] = True
            refused_counts[i] = left
            floor = secured(i, surplus, refused[i], left)
            size = offered_points(i, surplus, floor, refused[i], left, slack, tolerance, offers)
            left = thin(offers, offer_chain, hull(offers, size, offer_order, offer_chain), coarse)
            if left == 0:
                counts[0] = counts[1] = 0
                return CONVERGED, done + 1, moved
            if left > most:
                return FULL, done, moved
            centre0 = centre1 = 0.0
            for k in range(left):
                fresh[k, 0], fresh[k, 1] = offers[offer_chain[k], 0], offers[offer_chain[k], 1]
                centre0 += fresh[k, 0] / left
                centre1 += fresh[k, 1] / left
            if slack > 0.0 and left > 2:
                inside = inradius(fresh, left)
                if inside <= 2.0 * slack:
                    counts[0] = counts[1] = 0
                    return CONVERGED, done + 1, moved
                for k in range(left):
                    fresh[k, 0] += slack / inside * (centre0 - fresh[k, 0])
                    fresh[k, 1] += slack / inside * (centre1 - fresh[k, 1])
            moved = max(moved, largest_distance(vertices[i, : counts[i]], fresh[:left]))
            for k in range(left):
                vertices[i, k, 0], vertices[i, k, 1] = fresh[k, 0], fresh[k, 1]
            counts[i] = left
        if moved <= stop:
            return CONVERGED, done + 1, moved
        if moved < 0.75 * least:
            least = moved
            since = done
        elif done - since > patience:
            return LONG, done + 1, moved
    return LONG, sweeps, moved


@kernel
def outer_talks(
    g: Floats,
    gain: Floats,
    delta: Floats,
    surplus: float,
    noise: float,
    normals: Floats,
    offsets: Floats,
    refused: Floats,
    alive: Flags,
    sweeps: int,
    change: float,
) -> tuple[int, float]:
    """Up to `sweeps` applications of the operator to half-planes {n·w ≤ c} at both nodes, rounded outward; offsets never rise.

    Parameters
    ----------
    noise : float
        Bound on the errors of `g`, `gain`, 1 - delta times these, and `surplus`.
    normals : array, shape (J, 2)
        Sorted by angle, the axes among them; the same for all sets.
    offsets, refused : arrays, shapes (2, J)
        Of E_i and D_i; overwritten.
    alive : bool array, shape (2, A)
        Profiles that something can still follow; overwritten.

    Returns
    -------
    sweeps done, last movement
        The movement is negative if a set is proven empty, and then all are.
    """
    count = normals.shape[0]
    error = 4.0 * (ROUNDING + noise)
    axes = axis_positions(normals)
    fresh = np.empty(count)
    halves = np.full(2, 0.5)
    nothing = np.zeros((1, 2))
    raised = np.zeros((1, 2))
    one = np.ones(1, np.bool_)
    lead = np.ones(1, np.bool_)
    leads = alive.copy()
    split = np.empty((2, 2))
    moved = np.inf
    for done in range(sweeps):
        moved = 0.0
        for i in range(2):
            j = 1 - i
            if support_sweep(g, gain, delta, noise, normals, offsets[j], normals, alive[i], leads[i], fresh) == 0:
                return done + 1, -1.0
            for k in range(count):
                refused[i, k] = min(refused[i, k], fresh[k])
            least = -refused[i, axes[2 + j]]
            # By duality min{w_j, S - w_i} is at most the support function between -e_i and e_j, weighted.
            limit = np.inf
            for k in range(count):
                own, others = -normals[k, i], normals[k, j]
                if own >= 0.0 and others >= 0.0:
                    limit = min(limit, (refused[i, k] + own * surplus) / (own + others))
            limit += error
            floor = surplus - limit - error
            # What is left of D_i above the floor is generated from it by a profile that earns nothing when half of what follows counts.
            raised[0, i] = max(0.0, floor + refused[i, axes[2 + i]])
            raised[0, j] = 0.0
            one[0] = lead[0] = True
            quarrel = support_sweep(nothing, raised, halves, noise, normals, refused[i], normals, one, lead, fresh) > 0
            agree = limit + error >= least
            if not quarrel and not agree:
                return done + 1, -1.0
            split[0, i], split[0, j] = floor, limit
            split[1, i], split[1, j] = surplus - least, least
            for k in range(count):
                reach = 2.0 * fresh[k] if quarrel else -np.inf
                for end in range(2 if agree else 0):
                    reach = max(reach, normals[k, 0] * split[end, 0] + normals[k, 1] * split[end, 1] + error)
                if reach < offsets[i, k]:
                    moved = max(moved, offsets[i, k] - reach)
                    offsets[i, k] = reach
        if moved <= change:
            return done + 1, moved
    return sweeps, moved


@kernel
def late_sweeps(
    g: Floats,
    gain: Floats,
    delta: Floats,
    vertices: Floats,
    counts: Integers,
    worst: Floats,
    floors: Floats,
    slack: float,
    stop: float,
    sweeps: int,
    lasted: Integers,
) -> int:
    """Payoffs of paths with at least n refusals, n = 1, 2, …, from the sets ``vertices[i, :counts[i]]``, overwritten.

    ``worst[i, k]`` is what a deviation of player k leads to when i proposes next, ``floors[i]`` what proposer i secures; constraints are
    lowered by `slack`. ``lasted[i]`` is the largest n for which something is left at node i. Returns `CONVERGED` if the sets settle (delay
    without end), `LONG` if `sweeps` do not tell, `FULL` if there is no room; a set that has vanished has count 0.
    """
    most = vertices.shape[1]
    active = np.ones(g.shape[0], np.bool_)
    points = np.empty((g.shape[0] * (most + 4), 2))
    makers = np.empty(points.shape[0], np.int64)
    order = np.empty(points.shape[0], np.int64)
    chain = np.empty(2 * points.shape[0] + 2, np.int64)
    tags = np.empty(most + 4, np.int64)
    out_tags = np.empty(most + 4, np.int64)
    drawn = np.empty((most + 4, 2))
    fresh = np.empty((2, most + 4, 2))
    left = np.zeros(2, np.int64)
    for done in range(sweeps):
        for i in range(2):
            j = 1 - i
            left[i] = 0
            if counts[j] == 0:
                continue
            size = refused_points(g, gain, delta, vertices[j], counts[j], worst[j], active, 0.0, slack, points, makers)
            kept = thin_out(points, chain, hull(points, size, order, chain), 0.125 * stop)
            if kept > most:
                return FULL
            for k in range(kept):
                drawn[k, 0], drawn[k, 1] = points[chain[k], 0], points[chain[k], 1]
            left[i] = clip(drawn, tags, kept, -1.0 if i == 0 else 0.0, 0.0 if i == 0 else -1.0, -(floors[i] - slack), fresh[i], out_tags)
            if left[i] > most:
                return FULL
            if left[i] > 0:
                lasted[i] = done + 1
        moved = 0.0
        for i in range(2):
            if left[i] > 0 and counts[i] > 0:
                moved = max(moved, largest_distance(vertices[i, : counts[i]], fresh[i, : left[i]]))
            elif counts[i] > 0:
                moved = np.inf
            counts[i] = left[i]
            for k in range(left[i]):
                vertices[i, k, 0], vertices[i, k, 1] = fresh[i, k, 0], fresh[i, k, 1]
        if moved <= stop or counts[0] + counts[1] == 0:
            return CONVERGED
    return LONG
