r"""The set operator under imperfect public monitoring in floats: farthest points, polygons, and iterations that come to rest.

The operator B is that of `bargaining.kernels.monitored_program`. Multipliers of an earlier direction bound every profile's reach, so that
a program is solved only for the profile that seems to reach farthest, until the one that does has been solved.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.monitored_program import continuation_program, estimated_bound
from bargaining.kernels.polygon import largest_distance

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@kernel
def public_support(
    x: float,
    y: float,
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    static: Flags,
    alive: Flags,
    vertices: Floats,
    count: int,
    multipliers: Floats,
    point: Floats,
    column: Integers,
    weight: Floats,
) -> tuple[float, int]:
    """The point of B(hull of vertices) farthest in direction (x, y): value and profile (-1 if B is empty), and the basis behind it.

    A profile in `static`, a static equilibrium, is followed by the same continuation whatever the signal. `multipliers`, shape (A, K), are
    what to start from and are replaced.
    """
    profiles = g.shape[0]
    signals = chance.shape[1]
    deviations = mover.shape[0]
    tilted = np.empty((signals, 2))
    found = np.empty(deviations)
    trial_column = np.empty(signals + deviations, np.int64)
    trial_weight = np.empty(signals + deviations)
    reach = np.empty(profiles)
    settled = np.empty(profiles, np.bool_)
    ahead_x = delta[0] * x
    ahead_y = delta[1] * y
    peak = 0
    free = -np.inf
    for v in range(count):
        height = ahead_x * vertices[v, 0] + ahead_y * vertices[v, 1]
        if height > free:
            free, peak = height, v
    for a in range(profiles):
        settled[a] = False
        reach[a] = -np.inf
        if alive[a]:
            bound = free
            if not static[a]:
                bound = min(
                    free, estimated_bound(ahead_x, ahead_y, chance[a], shift[a], mover, need[a], vertices, count, multipliers[a], tilted)
                )
            reach[a] = (x - ahead_x) * g[a, 0] + (y - ahead_y) * g[a, 1] + bound
    leader = -1
    value = -np.inf
    while True:
        a = -1
        top = -np.inf
        for each in range(profiles):
            if not settled[each] and reach[each] > top:
                top, a = reach[each], each
        if a < 0 or top <= value:
            break
        settled[a] = True
        if static[a]:
            for r in range(signals + deviations):
                trial_column[r] = r * count + peak if r < signals else -1
                trial_weight[r] = 1.0 if r < signals else 0.0
            reached = free
        else:
            reached, violation = continuation_program(
                ahead_x, ahead_y, chance[a], shift[a], mover, need[a], vertices, count, found, trial_column, trial_weight
            )
            for k in range(deviations):
                multipliers[a, k] = found[k] if violation == 0.0 else 0.0
            if violation > 0.0:
                continue
        reached += (x - ahead_x) * g[a, 0] + (y - ahead_y) * g[a, 1]
        if reached > value:
            value, leader = reached, a
            for r in range(signals + deviations):
                column[r] = trial_column[r]
                weight[r] = trial_weight[r]
    if leader >= 0:
        for i in range(2):
            ahead = 0.0
            for r in range(signals + deviations):
                if column[r] >= 0:
                    ahead += weight[r] * chance[leader, column[r] // count] * vertices[column[r] % count, i]
            point[i] = (1.0 - delta[i]) * g[leader, i] + delta[i] * ahead
    return value, leader


@kernel
def public_polygon(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    static: Flags,
    alive: Flags,
    vertices: Floats,
    count: int,
    tolerance: float,
    points: Floats,
    makers: Integers,
    columns: Integers,
    weights: Floats,
) -> int:
    """Vertices of B(hull of vertices), counter-clockwise into `points`: those that lie at least `tolerance` out from the others' hull.

    Between two neighbours the farthest point across their chord is asked for, until none is farther; no more than there is room for.
    ``makers[k]``, ``columns[k]``, ``weights[k]`` say how point k comes from the vertices.
    """
    rows = chance.shape[1] + mover.shape[0]
    multipliers = np.zeros((g.shape[0], mover.shape[0]))
    room = points.shape[0]
    corners = np.empty((room, 2))
    own_makers = np.empty(room, np.int64)
    own_columns = np.empty((room, rows), np.int64)
    own_weights = np.empty((room, rows))
    following = np.empty(room, np.int64)
    finished = np.zeros(room, np.bool_)
    size = 0
    for quarter in range(4):
        x = 1.0 if quarter == 0 else (-1.0 if quarter == 2 else 0.0)
        y = 1.0 if quarter == 1 else (-1.0 if quarter == 3 else 0.0)
        _, leader = public_support(
            x,
            y,
            g,
            chance,
            shift,
            mover,
            need,
            delta,
            static,
            alive,
            vertices,
            count,
            multipliers,
            corners[size],
            own_columns[size],
            own_weights[size],
        )
        if leader < 0:
            return 0
        own_makers[size] = leader
        following[size] = size + 1
        size += 1
    following[3] = 0
    here = 0
    waiting = 4
    while waiting > 0 and size < room:
        there = following[here]
        if finished[here]:
            here = there
            continue
        dx = corners[there, 0] - corners[here, 0]
        dy = corners[there, 1] - corners[here, 1]
        length = np.sqrt(dx * dx + dy * dy)
        finished[here] = True
        waiting -= 1
        if length <= tolerance:
            here = there
            continue
        x = dy / length
        y = -dx / length
        value, leader = public_support(
            x,
            y,
            g,
            chance,
            shift,
            mover,
            need,
            delta,
            static,
            alive,
            vertices,
            count,
            multipliers,
            corners[size],
            own_columns[size],
            own_weights[size],
        )
        if value > x * corners[here, 0] + y * corners[here, 1] + tolerance:
            own_makers[size] = leader
            following[size] = there
            following[here] = size
            finished[here] = False
            finished[size] = False
            waiting += 2
            size += 1
        else:
            here = there
    here = 0
    for k in range(size):
        points[k, 0] = corners[here, 0]
        points[k, 1] = corners[here, 1]
        makers[k] = own_makers[here]
        for r in range(rows):
            columns[k, r] = own_columns[here, r]
            weights[k, r] = own_weights[here, r]
        here = following[here]
    return size


@kernel
def public_polygons(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    static: Flags,
    alive: Flags,
    vertices: Floats,
    count: int,
    tolerance: float,
    stop: float,
    sweeps: int,
    most: int,
) -> tuple[int, int, float]:
    """Apply B to the polygon in `vertices` until it moves by no more than `stop`, only trembles, or `most` work is spent.

    The length of `vertices` is the most that there may be; where that is too few, `tolerance` grows. Sets that move converge at least as
    fast as discounting lets them; a curved boundary whose moves stop falling at the size of its finest details has come to rest. A vertex
    of a sweep is as much work as there are profiles left.

    Returns (number of vertices, 0 if the set vanishes; work spent; last move).
    """
    points = np.empty_like(vertices)
    rows = chance.shape[1] + mover.shape[0]
    makers = np.empty(len(vertices), np.int64)
    columns = np.empty((len(vertices), rows), np.int64)
    weights = np.empty((len(vertices), rows))
    moved = np.inf
    done = 0
    spent = 0
    profiles = 0
    for a in range(len(alive)):
        if alive[a]:
            profiles += 1
    least = np.inf
    since = 0
    patient = 10.0 + 1.0 / (1.0 - max(delta[0], delta[1]))
    while done < sweeps and spent < most and moved > stop and not (since > patient and moved <= 4.0 * tolerance):
        # As long as the sets move fast there is no use for their finer details.
        coarse = max(tolerance, min(moved, 0.2) / 16.0)
        size = public_polygon(
            g, chance, shift, mover, need, delta, static, alive, vertices, count, coarse, points, makers, columns, weights
        )
        done += 1
        if size == 0:
            return 0, spent, np.inf
        spent += size * profiles
        # A curved boundary has room for no more than so many vertices.
        if size == len(vertices):
            tolerance *= 2.0
        moved = max(largest_distance(points[:size], vertices[:count]), largest_distance(vertices[:count], points[:size]))
        since += 1
        if moved < 0.7 * least:
            least = moved
            since = 0
        for k in range(size):
            vertices[k, 0] = points[k, 0]
            vertices[k, 1] = points[k, 1]
        count = size
    return count, spent, moved


@kernel
def public_vertices(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    static: Flags,
    alive: Flags,
    directions: Floats,
    vertices: Floats,
    stop: float,
    sweeps: int,
    makers: Integers,
    columns: Integers,
    weights: Floats,
) -> tuple[int, float]:
    """Replace vertex k by the point of B farthest in direction k, over and over, until none moves by more than `stop`.

    ``makers[k]``, ``columns[k]``, ``weights[k]`` say how vertex k comes from the vertices of the sweep before.

    Returns (sweeps done, last move); the move is infinite if B vanished.
    """
    count = directions.shape[0]
    multipliers = np.zeros((count, g.shape[0], mover.shape[0]))
    fresh = np.empty((count, 2))
    moved = np.inf
    done = 0
    while done < sweeps and moved > stop:
        moved = 0.0
        done += 1
        for k in range(count):
            _, leader = public_support(
                directions[k, 0],
                directions[k, 1],
                g,
                chance,
                shift,
                mover,
                need,
                delta,
                static,
                alive,
                vertices,
                count,
                multipliers[k],
                fresh[k],
                columns[k],
                weights[k],
            )
            if leader < 0:
                return done, np.inf
            makers[k] = leader
            moved = max(moved, abs(fresh[k, 0] - vertices[k, 0]), abs(fresh[k, 1] - vertices[k, 1]))
        for k in range(count):
            vertices[k, 0] = fresh[k, 0]
            vertices[k, 1] = fresh[k, 1]
    return done, moved


@kernel
def public_rays(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    static: Flags,
    alive: Flags,
    centre: Floats,
    rays: Floats,
    lengths: Floats,
    most: float,
    tolerance: float,
    stop: float,
    sweeps: int,
    points: Floats,
    makers: Integers,
    columns: Integers,
    weights: Floats,
    edges: Integers,
    shares: Floats,
) -> tuple[int, float]:
    """Shorten rays from a centre to where they leave B of the hull of their ends, over and over, until none changes by more than `stop`.

    This operator is monotone, so that it comes to rest where picking farthest points may cycle. The end of ray k then lies between points
    ``edges[k]`` and its successor, at ``shares[k]`` of the way; makers, columns and weights say how each point comes from the ends.

    Returns (number of points, 0 if the set falls short of one of the first ends by more than `most` or keeps shrinking; last change).
    """
    count = rays.shape[0]
    ends = np.empty((count, 2))
    first = np.empty((count, 2))
    moved = np.inf
    size = 0
    least = np.inf
    since = 0
    patient = 20.0 + 2.0 / (1.0 - max(delta[0], delta[1]))
    for sweep in range(sweeps):
        for k in range(count):
            ends[k, 0] = centre[0] + lengths[k] * rays[k, 0]
            ends[k, 1] = centre[1] + lengths[k] * rays[k, 1]
            if sweep == 0:
                first[k, 0] = ends[k, 0]
                first[k, 1] = ends[k, 1]
        size = public_polygon(g, chance, shift, mover, need, delta, static, alive, ends, count, tolerance, points, makers, columns, weights)
        # What is lost is lost for good.
        if size < 3 or largest_distance(first, points[:size]) > most:
            return 0, np.inf
        moved = 0.0
        for k in range(count):
            x, y = rays[k, 0], rays[k, 1]
            reach = np.inf
            for e in range(size):
                following = e + 1 if e + 1 < size else 0
                ax, ay = points[e, 0] - centre[0], points[e, 1] - centre[1]
                dx, dy = points[following, 0] - points[e, 0], points[following, 1] - points[e, 1]
                # The edge that the ray crosses from inside: its start to the right, its end to the left.
                if x * ay - y * ax <= 0.0 and x * (ay + dy) - y * (ax + dx) >= 0.0 and x * dy - y * dx > 0.0:
                    length = (ax * dy - ay * dx) / (x * dy - y * dx)
                    if 0.0 < length < reach:
                        reach = length
                        edges[k] = e
                        shares[k] = min(1.0, max(0.0, -(x * ay - y * ax) / (x * dy - y * dx)))
            if reach == np.inf:
                return 0, np.inf
            moved = max(moved, abs(reach - lengths[k]))
            lengths[k] = reach
        if moved <= stop:
            break
        since += 1
        if moved < 0.7 * least:
            least = moved
            since = 0
        elif since > patient:
            return 0, np.inf
    return size, moved
