"""The limit of a stochastic game's payoff sets in floats: polygons on a fan of directions that is refined until nothing new appears.

See `bargaining.kernels.stochastic_aligned`; the discount factor is common. Nothing is proven here.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import inlined, kernel
from bargaining.kernels.flat_game import FlatArrays
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.polygon import sort_points
from bargaining.kernels.stochastic_aligned import CONVERGED, EMPTIED, FEASIBILITY, LONG, aligned_fixed_point
from bargaining.kernels.stochastic_exclusion import descend
from bargaining.kernels.stochastic_fan import fan_of, fan_polygons
from bargaining.kernels.stochastic_polygons import FULL, polygon_sweeps

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Directions to begin with; how many there may be after the first refinement, by how much more after each, and in the end.
FEW, ROOM, MORE, MOST_DIRECTIONS = 16, 96, 4, 4096
# Profiles times directions, beyond which a sweep takes too long.
MOST_WORK = 4_000_000
# Vertices of a generated polygon, fewer where so many edges come together, but never less than this; how far they may be thinned for it.
MOST_VERTICES, MOST_EDGES, FEWEST_VERTICES, COARSEST = 4096, 20_000_000, 512, 1e-2
# Successors times directions (vertices count so much more, for they are sorted) after which half-planes have to do.
MOST_SPENT, SORTING = 4_000_000_000, 100
# Refinements of the fan; sweeps of the operator on one fan.
MOST_FANS, FEW_SWEEPS, MOST_SWEEPS, MOST_DESCENT = 24, 12, 400, 2000
# How often that may fail.
TRIES = 3
# Half-planes of a set without an interior may cross by rounding.
ROOMY = 1e-10
# How little half-planes must change in an application of the operator before the structure is tried again; in games of so many states
# and directions a try that fails takes long.
NEAR, MANY, NEARER = 2e-4, 20_000, 1e-5
# Steps of a vertex below which two are one, and how far the first fan is from its fixed point.
DUST, COARSE = 1e-13, 1e-4
QUARTER = 0.5 * np.pi


class Fan(NamedTuple):
    """Polygons of all states on one fan of J directions, and their structure; see `bargaining.kernels.stochastic_aligned`.

    Attributes
    ----------
    normals, directions : arrays, shape (J, 2)
        Sorted by angle; directions are half-way between neighbouring normals.
    y, makers, kinds, edges : arrays, shapes (S, J, 2), (S, J), (S, J), (S, J)
    """

    normals: Floats
    directions: Floats
    y: Floats
    makers: Integers
    kinds: Integers
    edges: Integers


class Limit(NamedTuple):
    """The limit from outside, whether there is one, and the sweeps it took.

    It may be too small if it is `coarse`: the fan is as fine as it may be, or vertices took turns. Then `above` holds polygons around the
    limit, if they are `surrounded`. A `rushed` limit is these, left when too much work was done.
    """

    found: bool
    coarse: bool
    surrounded: bool
    rushed: bool
    sweeps: int
    fan: Fan
    above: Fan


@inlined
def fan_around(normals: Floats, vertices: Floats, counts: Integers, makers: Integers) -> Fan:
    """Polygons ``vertices[s, :counts[s]]`` on the directions half-way between sorted normals."""
    states, count = counts.shape[0], normals.shape[0]
    directions = np.empty((count, 2))
    for j in range(count):
        after = j + 1 if j + 1 < count else 0
        x, y = normals[j, 0] + normals[after, 0], normals[j, 1] + normals[after, 1]
        length = np.sqrt(x * x + y * y)
        directions[j, 0], directions[j, 1] = x / length, y / length
    ends = np.empty((states, count, 2))
    leaders = np.empty((states, count), np.int64)
    fan_of(vertices, counts, makers, directions, ends, leaders)
    return Fan(normals, directions, ends, leaders, np.zeros((states, count), np.int64), np.zeros((states, count), np.int64))


@kernel
def edge_directions(vertices: Floats, counts: Integers, tolerance: float, most: int) -> Floats:
    """Outward unit normals of the polygons' edges and the axes, sorted by angle, without those that nearly coincide with a longer edge's.

    An edge is left out if it would turn by less than `tolerance`, relative to its length, into one that is kept. The tolerance is raised
    until no more than `most` are left.
    """
    total = 0
    for s in range(counts.shape[0]):
        total += counts[s]
    normals = np.empty((total + 4, 2))
    # Longest first; of those as long as each other the first one.
    keys = np.empty((total, 2))
    angles = np.empty(total)
    order = np.empty(total, np.int64)
    spare = np.empty(2 * total + 2, np.int64)
    size = 0
    for s in range(counts.shape[0]):
        for k in range(counts[s]):
            after = k + 1 if k + 1 < counts[s] else 0
            x, y = vertices[s, after, 0] - vertices[s, k, 0], vertices[s, after, 1] - vertices[s, k, 1]
            length = np.sqrt(x * x + y * y)
            if length > 10.0 * DUST:
                x, y = x / length, y / length
                normals[size, 0] = y if abs(y) >= 1e-12 else 0.0
                normals[size, 1] = -x if abs(x) >= 1e-12 else 0.0
                angle = np.arctan2(normals[size, 1], normals[size, 0])
                angles[size] = angle if angle >= 0.0 else angle + 4.0 * QUARTER
                keys[size, 0], keys[size, 1] = -length, float(size)
                order[size] = size
                size += 1
    sort_points(keys, size, order, spare)
    most = max(most, 4)
    room = min(most, size + 4) + 1
    around = np.empty(room)
    places = np.empty(room, np.int64)
    left = 0
    while left == 0:
        for k in range(5):
            around[k] = k * QUARTER
            places[k] = total + k
        left = 5
        for k in range(size):
            e = order[k]
            # The first of those kept that does not come before it.
            place, end = 0, left
            while place < end:
                middle = (place + end) // 2
                if around[middle] < angles[e]:
                    place = middle + 1
                else:
                    end = middle
            if place > 0 and min(angles[e] - around[place - 1], around[place] - angles[e]) * -keys[e, 0] > tolerance:
                if left == room:
                    left = 0
                    tolerance *= 8.0
                    break
                for other in range(left, place, -1):
                    around[other], places[other] = around[other - 1], places[other - 1]
                around[place], places[place] = angles[e], e
                left += 1
    for k in range(4):
        normals[total + k, 0] = 1.0 if k == 0 else (-1.0 if k == 2 else 0.0)
        normals[total + k, 1] = 1.0 if k == 1 else (-1.0 if k == 3 else 0.0)
    begin = 0
    while places[begin] != total + 2:
        begin += 1
    made = np.empty((left - 1, 2))
    for k in range(left - 1):
        e = places[(begin + 1 + k) % (left - 1)]
        made[k, 0], made[k, 1] = normals[e, 0], normals[e, 1]
    return made


@kernel
def generated(flat: FlatArrays, y: Floats, dust: float) -> tuple[Floats, Integers, Integers, float]:
    """What one application of the operator makes of the polygons, whatever the directions: vertices, numbers, makers, movement."""
    states, count, rows = y.shape[0], y.shape[1], flat.following.shape[0]
    room = count + 64
    most = max(room, FEWEST_VERTICES, min(MOST_VERTICES, MOST_EDGES // rows))
    active = np.ones(flat.g.shape[0], np.bool_)
    counts = np.empty(states, np.int64)
    while True:
        vertices = np.zeros((states, count + room, 2))
        makers = np.empty((states, count + room), np.int64)
        fan_polygons(y, DUST, vertices, counts)
        code, _, moved = polygon_sweeps(flat, vertices, counts, makers, active, 0.0, 0.0, FEASIBILITY, dust, dust, 0.0, 1)
        if code != FULL or dust > COARSEST:
            if code == FULL:
                counts[:] = 0
            return vertices, counts, makers, moved
        # Where many states can follow, a sum has more edges than anybody needs.
        dust *= 16.0 if 4 * room > most else 1.0
        room = min(4 * room, most)


@inlined
def refined(flat: FlatArrays, fan: Fan, aim: float, most: int, rough: float) -> tuple[Fan, int, int, bool]:
    """Refine a fan by the edges of what it generates until nothing new appears; the polygons given are overwritten.

    Returns the fan, how that ended, sweeps, and whether polygons came to rest on the fan that is left, but not all edges have a direction.
    """
    room, spent, holding, last = max(ROOM, MORE * fan.normals.shape[0]), 0, False, False
    held, moved = fan, np.inf
    for turn in range(MOST_FANS + 1):
        code, sweeps, _ = aligned_fixed_point(
            flat, fan.directions, fan.y, fan.makers, fan.kinds, fan.edges, 0.0, 0.0, max(aim / 16.0, 0.0 if last else rough),
            1 if turn > 0 else 3, MOST_SWEEPS if last else FEW_SWEEPS,
        )  # fmt: skip
        if last:
            return fan, code, spent + sweeps, moved > aim
        spent += sweeps + 1
        if code != CONVERGED:
            return held if holding else fan, code, spent, holding
        held, holding = fan, True
        rough *= rough
        vertices, counts, makers, moved = generated(flat, fan.y, max(aim / 16.0, 1e-3 / room**2))
        if counts.min() == 0:
            return fan, EMPTIED, spent, False
        full = fan.normals.shape[0] >= most // 2 and turn > 1
        fan = fan_around(edge_directions(vertices, counts, aim / 4.0, min(room, most)), vertices, counts, makers)
        room *= MORE
        last = moved <= aim or full
    return fan, LONG, spent, True


@inlined
def supports(vertices: Floats, counts: Integers, normals: Floats) -> Floats:
    """How far polygons reach in each direction, shape (S, J)."""
    offsets = np.empty((counts.shape[0], normals.shape[0]))
    for s in range(counts.shape[0]):
        for j in range(normals.shape[0]):
            best = -np.inf
            for k in range(counts[s]):
                best = max(best, vertices[s, k, 0] * normals[j, 0] + vertices[s, k, 1] * normals[j, 1])
            offsets[s, j] = best
    return offsets


@inlined
def limit_fan(flat: FlatArrays, tol: float, tries: int, work_allowed: int) -> Limit:
    """The limit from outside, on a fan of the edges of what it generates; there is none if it has empty states or does not settle.

    Where directions are missing, vertices can take turns for ever; half-planes only come down, more slowly, and lead to where the
    structure is right. The structure may fail so many times (`TRIES`; it is not tried at all if that is 0), and so much work may be done
    (`MOST_SPENT`).
    """
    first, following, g = flat.first, flat.following, flat.g
    states, profiles, rows = first.shape[0] - 1, g.shape[0], following.shape[0]
    slow = 1.0 - flat.delta[0]
    aim = max(tol * slow / 64.0, 1e-15)
    normals = np.empty((FEW, 2))
    for k in range(FEW):
        normals[k, 0], normals[k, 1] = np.cos(4.0 * QUARTER * k / FEW), np.sin(4.0 * QUARTER * k / FEW)
        if k % (FEW // 4) == 0:
            normals[k, 0], normals[k, 1] = np.rint(normals[k, 0]), np.rint(normals[k, 1])
    x = 0.0
    y = 0.0
    for p in range(profiles):
        x, y = max(x, g[p, 0]), max(y, g[p, 1])
    vertices = np.zeros((states, 4, 2))
    makers = np.full((states, 4), -1, np.int64)
    counts = np.full(states, 4, np.int64)
    for s in range(states):
        vertices[s, 1, 0], vertices[s, 2, 0] = x, x
        vertices[s, 2, 1], vertices[s, 3, 1] = y, y
    most = min(MOST_DIRECTIONS, max(256, MOST_WORK // profiles))
    fan = fan_around(normals, vertices, counts, makers)
    above, surrounded, rushed = fan, False, False
    near, moved, rough = NEAR, 1.0, COARSE
    trying, failed, code, coarse = tries > 0, 0, LONG, True
    spent = 0
    work = 0
    for turn in range(MOST_FANS + 1):
        if trying:
            fan, code, sweeps, coarse = refined(flat, fan_around(normals, vertices, counts, makers), aim, most, rough)
            spent += sweeps
            work += rows * fan.normals.shape[0] * sweeps
            failed += code == LONG and turn > 0
            rough = aim
        rushed = code == LONG and surrounded and work > work_allowed
        if code != LONG or rushed or failed >= tries > 0 or turn == MOST_FANS:
            break
        offsets = supports(vertices, counts, normals)
        leaders = np.full((states, normals.shape[0]), -1, np.int64)
        sweeps = descend(flat, normals, offsets, leaders, max(aim / 16.0, (0.02 if turn > 0 else 0.1) * slow * moved), MOST_DESCENT)
        if sweeps < 0:
            code = EMPTIED
            break
        spent += sweeps + 1
        work += rows * normals.shape[0] * sweeps
        vertices = np.zeros((states, normals.shape[0] + 5, 2))
        makers = np.full((states, normals.shape[0] + 5), -1, np.int64)
        for s in range(states):
            for j in range(normals.shape[0]):
                offsets[s, j] += ROOMY
            counts[s] = half_plane_polygon(normals, offsets[s], vertices[s])
        above, surrounded = fan_around(normals, vertices, counts, makers), True
        large = states * normals.shape[0] > MANY
        vertices, counts, makers, change = generated(flat, above.y, max(aim / 16.0, (3e-2 if large else 1e-3) * moved))
        moved = min(moved, change)
        if counts.min() == 0:
            code = EMPTIED
            break
        work += SORTING * rows * (counts.sum() // states)
        normals = edge_directions(vertices, counts, max(aim / 4.0, (1e-1 if large else 1e-2) * moved), most)
        trying = tries > 0 and moved <= (min(near, NEARER) if large else near)
        near = moved / 8.0 if trying else near
    settled = code == CONVERGED
    found = settled or rushed or (code == LONG and failed > 0 and coarse)
    return Limit(found, coarse or not settled, not settled, rushed, spent, above if rushed else fan, above)
