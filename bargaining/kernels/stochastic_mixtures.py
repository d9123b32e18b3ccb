r"""Mixtures of polygons: the Minkowski sum :math:`\sum_{s'} P(s' \mid s, a) W_{s'}` of what can follow a profile, edges merged by angle."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel, runtime_int
from bargaining.kernels.flat_game import FlatArrays

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Edges whose directions differ by less than this are one.
PARALLEL = 1e-14
# Rounding of a difference of coordinates.
STRAIGHT = 4e-15
# Sums of more polygons are sorted at once.
FEW_SUCCESSORS = 8


@kernel
def _last(x: float, y: float) -> bool:
    """Whether an edge comes in the second half of the way around a polygon: to the left, or straight down but for rounding."""
    return x < 0.0 or (x <= STRAIGHT and y < -x)


@kernel
def _earlier(ux: float, uy: float, vx: float, vy: float) -> int:
    """1 if edge u comes before v around a polygon from its leftmost (lowest) vertex, -1 if after, 0 if they are parallel."""
    last_u = _last(ux, uy)
    last_v = _last(vx, vy)
    turn = ux * vy - uy * vx
    if abs(turn) <= PARALLEL * np.sqrt((ux * ux + uy * uy) * (vx * vx + vy * vy)) and ux * vx + uy * vy > 0.0:
        return 0
    if last_u != last_v:
        return -1 if last_u else 1
    return 1 if turn > 0.0 else -1


@kernel
def add_polygon(
    sums: Floats, steps: Floats, size: int, polygon: Floats, count: int, share: float, result: Floats, result_steps: Floats
) -> int:
    """Minkowski sum of two polygons, the second one shrunk by `share`, into `result`: edges merged by angle, parallel ones joined.

    `steps` says where the first one's edges go, at the length that they had before anything was shrunk: a short edge of a sum has lost its
    direction to rounding, and one edge out of order would spoil all that follow. The result's go into `result_steps`.
    """
    # The leftmost vertex up to rounding may be followed by an edge straight down; it is the lowest one that counts.
    begin = 0
    if count > 1:
        for _ in range(count):
            after = begin + 1 if begin + 1 < count else 0
            if not _last(polygon[after, 0] - polygon[begin, 0], polygon[after, 1] - polygon[begin, 1]):
                break
            begin = after
    i = 0
    j = 0
    made = 0
    edges_i = size if size > 1 else 0
    edges_j = count if count > 1 else 0
    while True:
        u = i if i < size else 0
        v = (begin + j) % count
        result[made, 0] = sums[u, 0] + share * polygon[v, 0]
        result[made, 1] = sums[u, 1] + share * polygon[v, 1]
        made += 1
        order = 0
        if i >= edges_i and j >= edges_j:
            return made
        after_v = v + 1 if v + 1 < count else 0
        x, y = polygon[after_v, 0] - polygon[v, 0], polygon[after_v, 1] - polygon[v, 1]
        if i >= edges_i:
            order = -1
        elif j >= edges_j:
            order = 1
        else:
            order = _earlier(steps[u, 0], steps[u, 1], x, y)
        if order >= 0:
            result_steps[made - 1, 0], result_steps[made - 1, 1] = steps[u, 0], steps[u, 1]
            i += 1
        else:
            result_steps[made - 1, 0], result_steps[made - 1, 1] = x, y
        if order <= 0:
            j += 1
        if i >= edges_i and j >= edges_j:
            return made


@kernel
def _sum_of_many(flat: FlatArrays, p: int, vertices: Floats, counts: Integers, sums: Floats, steps: Floats, spare: Floats) -> int:
    """`continuations` of many states: all edges sorted by angle at once, runs merged in pairs."""
    starts, following, chances = flat.starts, flat.following, flat.chances
    total = 0
    for k in range(starts[p], starts[p + 1]):
        total += counts[following[k]]
    order = np.empty(total, np.int64)
    other = np.empty(total, np.int64)
    ends = np.empty(starts[p + 1] - starts[p] + 1, np.int64)
    runs = 0
    size = 0
    x = 0.0
    y = 0.0
    ends[0] = 0
    for k in range(starts[p], starts[p + 1]):
        s = following[k]
        count, share = counts[s], chances[k]
        begin = 0
        for _ in range(count):
            after = begin + 1 if begin + 1 < count else 0
            if count == 1 or not _last(vertices[s, after, 0] - vertices[s, begin, 0], vertices[s, after, 1] - vertices[s, begin, 1]):
                break
            begin = after
        x += share * vertices[s, begin, 0]
        y += share * vertices[s, begin, 1]
        if count == 1:
            continue
        for j in range(count):
            v = (begin + j) % count
            after = v + 1 if v + 1 < count else 0
            steps[size, 0], steps[size, 1] = vertices[s, after, 0] - vertices[s, v, 0], vertices[s, after, 1] - vertices[s, v, 1]
            spare[size, 0], spare[size, 1] = share * steps[size, 0], share * steps[size, 1]
            order[size] = size
            size += 1
        runs += 1
        ends[runs] = size
    while runs > 1:
        left = 0
        for r in range(0, runs, 2):
            a, middle = ends[r], ends[r + 1]
            end = ends[r + 2] if r + 2 <= runs else middle
            b = middle
            for k in range(ends[r], end):
                first = b >= end
                if not first and a < middle:
                    u, v = order[a], order[b]
                    first = _earlier(steps[u, 0], steps[u, 1], steps[v, 0], steps[v, 1]) >= 0
                if first:
                    other[k] = order[a]
                    a += 1
                else:
                    other[k] = order[b]
                    b += 1
            ends[left] = ends[r]
            left += 1
        ends[left] = size
        runs = left
        order, other = other, order
    made = 0
    sums[0, 0], sums[0, 1] = x, y
    for k in range(size - 1):
        u, v = order[k], order[k + 1]
        x += spare[u, 0]
        y += spare[u, 1]
        if _earlier(steps[u, 0], steps[u, 1], steps[v, 0], steps[v, 1]) != 0:
            made += 1
            sums[made, 0], sums[made, 1] = x, y
    return made + 1


@kernel
def continuations(
    flat: FlatArrays, p: int, vertices: Floats, counts: Integers, sums: Floats, steps: Floats, spare: Floats, spare_steps: Floats
) -> int:
    """The mixture of what follows profile p, a sum of polygons, into `sums`; 0 if it does not fit, or if some state has no set."""
    starts, following, chances = flat.starts, flat.following, flat.chances
    total = 0
    for k in range(starts[p], starts[p + 1]):
        if counts[following[k]] == 0:
            return 0
        total += counts[following[k]]
    if total + 8 > sums.shape[0]:
        return 0
    if starts[p + 1] - starts[p] > FEW_SUCCESSORS:
        return _sum_of_many(flat, p, vertices, counts, sums, steps, spare)
    size = runtime_int(1)
    sums[0, 0] = 0.0
    sums[0, 1] = 0.0
    for k in range(starts[p], starts[p + 1]):
        s = following[k]
        made = add_polygon(sums, steps, size, vertices[s], counts[s], chances[k], spare, spare_steps)
        for j in range(made):
            sums[j, 0], sums[j, 1] = spare[j, 0], spare[j, 1]
            steps[j, 0], steps[j, 1] = spare_steps[j, 0], spare_steps[j, 1]
        size = made
    return size
