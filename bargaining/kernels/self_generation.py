r"""The set operator of repeated games on polygons.

With :math:`D = \mathrm{diag}(\delta_i)`, :math:`h_i(a)` the best one-shot deviation gain and :math:`u_i(W) = \min_W w_i`,

.. math:: B(W) = \mathrm{co} \bigcup_a \{(I-D) g(a) + D w : w \in W,\ w_i \ge b_i(a)\},\qquad
          b_i(a) = u_i(W) + \tfrac{1-\delta_i}{\delta_i} h_i(a).

The set V of equilibrium payoffs is the largest fixed point (Abreu, Pearce and Stacchetti 1990; Cronshaw and Luenberger 1994). All
payoffs here are scaled to the unit square.

Iterated from outside it gives a float estimate of V. A slightly stricter operator (constraints raised by `slack`, continuations drawn a
little towards the centre) has fixed points that generate themselves under the true one with room for rounding; that room is what the
exact check afterwards needs.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_int
from bargaining.kernels.half_planes import ROUNDING
from bargaining.kernels.polygon import clip, hull, inradius, thin

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Directions in which a polygon's movement is measured, and after how many sweeps a large one's is.
FAN = 32
MEASURED = 16
# While a polygon still moves a lot, vertices that matter less than this share of the movement are left out.
COARSE = 0.002


@kernel
def generate(
    g: Floats,
    gain: Floats,
    delta: Floats,
    vertices: Floats,
    count: int,
    active: Flags,
    slack: float,
    inward: float,
    tolerance: float,
    points: Floats,
    makers: Integers,
    stays: Flags,
    size: int,
) -> int:
    """One application of B to a polygon, or of the stricter operator if `slack` is positive.

    A profile that can be played for ever within the constraints contributes its own payoff (`stays`). With a common discount factor it
    contributes nothing else: every other point that it generates lies between its payoff and a point of the set.

    Parameters
    ----------
    g, gain, delta : arrays, shapes (A, 2), (A, 2), (2,)
    vertices, count : the polygon
    active : bool array, shape (A,)
        Profiles to use.
    slack : float
        Added to constraints of profiles that someone would want to leave.
    inward : float
        Share by which continuations are drawn towards the centre.
    tolerance : float
        How far the constraints may be missed (a float iteration from outside needs a little).
    points, makers, stays : arrays, shapes (R, 2), (R,), (R,)
        Generated points, the profile that generates each, and whether it does so by being played for ever.
    size : int
        Number of points that are there already; new ones are appended.

    Returns
    -------
    int
        Number of points; -1 if there is no room for them.
    """
    room = count + 4
    first = np.empty((room, 2))
    second = np.empty((room, 2))
    first_tags = np.empty(room, np.int64)
    second_tags = np.empty(room, np.int64)
    worst0 = np.inf
    worst1 = np.inf
    centre0 = 0.0
    centre1 = 0.0
    for k in range(count):
        worst0 = min(worst0, vertices[k, 0])
        worst1 = min(worst1, vertices[k, 1])
        centre0 += vertices[k, 0] / count
        centre1 += vertices[k, 1] / count
    rate0 = (1.0 - delta[0]) / delta[0]
    rate1 = (1.0 - delta[1]) / delta[1]
    common = delta[0] == delta[1]
    for a in range(g.shape[0]):
        if not active[a]:
            continue
        bound0 = gain[a, 0] > 0.0
        bound1 = gain[a, 1] > 0.0
        b0 = worst0 + rate0 * gain[a, 0] + slack - tolerance if bound0 else worst0 - tolerance
        b1 = worst1 + rate1 * gain[a, 1] + slack - tolerance if bound1 else worst1 - tolerance
        if size + count + 5 > points.shape[0]:
            return -1
        forever = g[a, 0] >= b0 and g[a, 1] >= b1
        if forever:
            points[size, 0] = g[a, 0]
            points[size, 1] = g[a, 1]
            makers[size] = a
            stays[size] = True
            size += 1
            if common:
                continue
        for k in range(count):
            first[k, 0] = centre0 + (1.0 - inward) * (vertices[k, 0] - centre0)
            first[k, 1] = centre1 + (1.0 - inward) * (vertices[k, 1] - centre1)
        kept = count
        if bound0:
            kept = clip(first, first_tags, kept, -1.0, 0.0, -b0, second, second_tags)
            first, second = second, first
            first_tags, second_tags = second_tags, first_tags
        if bound1 and kept > 0:
            kept = clip(first, first_tags, kept, 0.0, -1.0, -b1, second, second_tags)
            first, second = second, first
            first_tags, second_tags = second_tags, first_tags
        for k in range(kept):
            points[size, 0] = (1.0 - delta[0]) * g[a, 0] + delta[0] * first[k, 0]
            points[size, 1] = (1.0 - delta[1]) * g[a, 1] + delta[1] * first[k, 1]
            makers[size] = a
            stays[size] = False
            size += 1
    return size


@kernel
def _join_hopeful(
    g: Floats,
    gain: Floats,
    delta: Floats,
    vertices: Floats,
    count: int,
    points: Floats,
    chain: Integers,
    size: int,
    active: Flags,
    used: Flags,
    joining: Flags,
) -> bool:
    """Which active but unused profiles could reach beyond the hull of the points: into `joining`.

    The hull is the intersection of the half-planes of its edges, so a profile that reaches beyond none of them adds nothing. How far it
    reaches is bounded by the whole polygon and by the box that its constraints leave.
    """
    found = False
    for a in range(g.shape[0]):
        joining[a] = active[a] and not used[a] and size <= 2
        found = found or joining[a]
    if size <= 2:
        return found
    low0 = low1 = np.inf
    high0 = high1 = -np.inf
    for k in range(count):
        low0, high0 = min(low0, vertices[k, 0]), max(high0, vertices[k, 0])
        low1, high1 = min(low1, vertices[k, 1]), max(high1, vertices[k, 1])
    rate0 = (1.0 - delta[0]) / delta[0]
    rate1 = (1.0 - delta[1]) / delta[1]
    best = 0
    for k in range(size):
        here = chain[k]
        there = chain[k + 1] if k + 1 < size else chain[0]
        nx = points[there, 1] - points[here, 1]
        ny = points[here, 0] - points[there, 0]
        edge = nx * points[here, 0] + ny * points[here, 1]
        x = delta[0] * nx
        y = delta[1] * ny
        # The edges turn counter-clockwise, and so does the vertex of the polygon that is farthest in their direction.
        if k == 0:
            for j in range(count):
                if x * vertices[j, 0] + y * vertices[j, 1] > x * vertices[best, 0] + y * vertices[best, 1]:
                    best = j
        for _ in range(count):
            following = best + 1 if best + 1 < count else 0
            if x * vertices[following, 0] + y * vertices[following, 1] < x * vertices[best, 0] + y * vertices[best, 1]:
                break
            best = following
        reach = x * vertices[best, 0] + y * vertices[best, 1]
        margin = ROUNDING * (abs(nx) + abs(ny)) - edge
        for a in range(g.shape[0]):
            if active[a] and not used[a] and not joining[a]:
                fixed = (nx - x) * g[a, 0] + (ny - y) * g[a, 1] + margin
                if fixed + reach > 0.0:
                    boxed = x * high0 if x > 0.0 else x * (low0 + rate0 * gain[a, 0] - ROUNDING)
                    boxed += y * high1 if y > 0.0 else y * (low1 + rate1 * gain[a, 1] - ROUNDING)
                    if fixed + boxed > 0.0:
                        joining[a] = True
                        found = True
    return found


@kernel
def _support_change(old: Floats, count: int, points: Floats, chain: Integers, size: int) -> float:
    """Largest change of the support function over a fan of directions: how far the set has moved, nearly."""
    moved = 0.0
    for j in range(FAN):
        x = np.cos(2.0 * np.pi * j / FAN)
        y = np.sin(2.0 * np.pi * j / FAN)
        before = -np.inf
        after = -np.inf
        for k in range(count):
            before = max(before, x * old[k, 0] + y * old[k, 1])
        for k in range(size):
            after = max(after, x * points[chain[k], 0] + y * points[chain[k], 1])
        moved = max(moved, abs(after - before))
    return moved


@kernel
def polygon_sweeps(
    g: Floats,
    gain: Floats,
    delta: Floats,
    vertices: Floats,
    makers: Integers,
    stays: Flags,
    count: int,
    active: Flags,
    slack: float,
    tolerance: float,
    thinning: float,
    stop: float,
    sweeps: int,
) -> tuple[int, int, float]:
    """Iterate the operator on a polygon until it moves by no more than `stop`.

    With ``slack > 0`` it is the stricter operator, whose fixed points generate themselves with room for rounding; with ``slack = 0``
    the operator itself, from outside, as a float estimate; then profiles that cannot be enforced any more are struck from `active`.

    Parameters
    ----------
    g, gain, delta : arrays, shapes (A, 2), (A, 2), (2,)
    vertices, makers, stays, count : the polygon; for each vertex the profile that generates it, and whether by being played for ever
        Overwritten.
    active : bool array, shape (A,)
        Profiles to use.
    slack, tolerance : float
        Constraints are raised by the one and lowered by the other.
    thinning : float
        Vertices closer than this to the segment between their neighbours are dropped.
    stop : float
    sweeps : int

    Returns
    -------
    tuple (int, int, float)
        Number of vertices (0 if nothing is left, -1 if there is no room for them), sweeps done, last change.
    """
    capacity = vertices.shape[0]
    profiles = g.shape[0]
    room = 16 * (count + 16) + 64
    points = np.empty((room, 2))
    point_makers = np.empty(room, np.int64)
    point_stays = np.empty(room, np.bool_)
    order = np.empty(room, np.int64)
    chain = np.empty(2 * room + 2, np.int64)
    used = active.copy()
    joining = np.zeros(profiles, np.bool_)
    moved = np.inf
    done = 0
    # Rounding can make an ill-conditioned set jitter for ever by more than `stop`: give up once the change no longer falls.
    patience = 200.0 + 8.0 / (1.0 - max(delta[0], delta[1]))
    least = np.inf
    least_at = 0
    while done < sweeps:
        inward = 0.0
        if slack > 0.0 and count > 2:
            radius = inradius(vertices, count)
            if radius <= 0.0:
                return 0, done, moved
            inward = min(0.5, slack / radius)
        size = generate(g, gain, delta, vertices, count, used, slack, inward, tolerance, points, point_makers, point_stays, runtime_int(0))
        left = 0
        if size >= 0:
            left = hull(points, size, order, chain)
            if _join_hopeful(g, gain, delta, vertices, count, points, chain, left, active, used, joining):
                size = generate(g, gain, delta, vertices, count, joining, slack, inward, tolerance, points, point_makers, point_stays, size)
                if size >= 0:
                    left = hull(points, size, order, chain)
        if size < 0:
            room = 2 * room + 64
            points = np.empty((room, 2))
            point_makers = np.empty(room, np.int64)
            point_stays = np.empty(room, np.bool_)
            order = np.empty(room, np.int64)
            chain = np.empty(2 * room + 2, np.int64)
            continue
        if slack == 0.0:
            # From outside the sets only shrink: a profile that nothing in this one can enforce is done with.
            for a in range(profiles):
                active[a] = active[a] and not (used[a] or joining[a])
            for k in range(size):
                active[point_makers[k]] = True
        left = thin(points, chain, left, max(thinning, COARSE * moved) if moved < 1.0 else thinning)
        if left == 0:
            return 0, done + 1, moved
        if left > capacity:
            return -1, done + 1, moved
        measured = count <= FAN or done % MEASURED == 0
        if measured:
            moved = _support_change(vertices, count, points, chain, left)
        for a in range(profiles):
            used[a] = False
        for k in range(left):
            vertices[k, 0] = points[chain[k], 0]
            vertices[k, 1] = points[chain[k], 1]
            makers[k] = point_makers[chain[k]]
            stays[k] = point_stays[chain[k]]
            used[makers[k]] = True
        count = left
        done += 1
        if measured and moved < 0.75 * least:
            least = moved
            least_at = done
        if measured and (moved <= stop or done - least_at > patience):
            break
    return count, done, moved
