"""Convex polygons in the plane, as vertex arrays in counter-clockwise order: clip, hull, thin out.

Orientation tests use exact signs of floating-point cross products of coordinate differences, without a tolerance: a tolerance in the
test of a monotone chain can drop a true corner where several points share an abscissa up to rounding. Near-collinear vertices are
removed afterwards, by their distance from the segment that would replace them.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# From how many points on it pays to drop what is well inside before they are sorted.
MANY_POINTS = 32
# East, north-east, north and so on around.
COMPASS = ((1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (-1.0, 1.0), (-1.0, 0.0), (-1.0, -1.0), (0.0, -1.0), (1.0, -1.0))


@kernel
def clip(
    vertices: Floats, tags: Integers, count: int, n0: float, n1: float, offset: float, out_vertices: Floats, out_tags: Integers
) -> int:
    """Cut a polygon with the half-plane n·w ≤ offset.

    Parameters
    ----------
    vertices, tags, count : array (>= count, 2), array (>= count,), int
        The polygon; a tag travels with each vertex, and a vertex made by the cut gets -1.
    n0, n1, offset : float
    out_vertices, out_tags : arrays with room for count + 1 entries
        Overwritten.

    Returns
    -------
    int
        Number of vertices left, 0 if nothing is.
    """
    kept = 0
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        here = n0 * vertices[k, 0] + n1 * vertices[k, 1] - offset
        there = n0 * vertices[following, 0] + n1 * vertices[following, 1] - offset
        if here <= 0.0:
            out_vertices[kept, 0] = vertices[k, 0]
            out_vertices[kept, 1] = vertices[k, 1]
            out_tags[kept] = tags[k]
            kept += 1
        if (here < 0.0 < there) or (there < 0.0 < here):
            share = here / (here - there)
            out_vertices[kept, 0] = vertices[k, 0] + share * (vertices[following, 0] - vertices[k, 0])
            out_vertices[kept, 1] = vertices[k, 1] + share * (vertices[following, 1] - vertices[k, 1])
            out_tags[kept] = -1
            kept += 1
            if count == 2:
                # A segment has one edge, walked twice: cut it once.
                if here > 0.0:
                    out_vertices[kept, 0] = vertices[following, 0]
                    out_vertices[kept, 1] = vertices[following, 1]
                    out_tags[kept] = tags[following]
                    kept += 1
                break
    return kept


@kernel
def outer_points(points: Floats, count: int, order: Integers) -> int:
    """Positions of the points that may be vertices of the hull into `order`, in their order; their number is returned.

    Of many points most lie inside the octagon of those that reach farthest along the axes and the diagonals (Akl and Toussaint 1978).
    Only what is inside by more than rounding is dropped.
    """
    for k in range(count):
        order[k] = k
    if count < MANY_POINTS:
        return count
    corners = np.zeros(8, np.int64)
    reach = np.full(8, -np.inf)
    for k in range(count):
        x, y = points[k, 0], points[k, 1]
        for corner in range(8):
            along = x * COMPASS[corner][0] + y * COMPASS[corner][1]
            if along > reach[corner]:
                reach[corner] = along
                corners[corner] = k
    margin = 1e-12 * (reach[0] + reach[2] + reach[4] + reach[6]) ** 2
    edges = np.empty((8, 4))
    sides = 0
    for corner in range(8):
        p, q = corners[corner], corners[(corner + 1) % 8]
        if points[p, 0] != points[q, 0] or points[p, 1] != points[q, 1]:
            edges[sides, 0], edges[sides, 1] = points[p, 0], points[p, 1]
            edges[sides, 2], edges[sides, 3] = points[q, 0] - points[p, 0], points[q, 1] - points[p, 1]
            sides += 1
    if sides < 3:
        return count
    size = 0
    for k in range(count):
        inside = True
        for side in range(sides):
            if edges[side, 2] * (points[k, 1] - edges[side, 1]) - edges[side, 3] * (points[k, 0] - edges[side, 0]) <= margin:
                inside = False
                break
        if not inside:
            order[size] = k
            size += 1
    return size


@kernel
def sort_points(points: Floats, count: int, order: Integers, spare: Integers) -> None:
    """Sort the first `count` positions in `order` by abscissa, then ordinate, by merging the runs that are there already.

    The points come as convex polygons one after another, whose abscissas rise and fall once around: a few long runs.
    """
    start = 0
    while start < count:
        end = start + 1
        if end < count and _before(points, order[end], order[start]):
            while end < count and _before(points, order[end], order[end - 1]):
                end += 1
            for k in range((end - start) // 2):
                order[start + k], order[end - 1 - k] = order[end - 1 - k], order[start + k]
        else:
            while end < count and not _before(points, order[end], order[end - 1]):
                end += 1
        start = end
    while True:
        runs = 0
        start = 0
        while start < count:
            runs += 1
            middle = start + 1
            while middle < count and not _before(points, order[middle], order[middle - 1]):
                middle += 1
            end = min(middle + 1, count)
            while end < count and not _before(points, order[end], order[end - 1]):
                end += 1
            left, right = start, middle
            for k in range(start, end):
                if left < middle and (right >= end or not _before(points, order[right], order[left])):
                    spare[k] = order[left]
                    left += 1
                else:
                    spare[k] = order[right]
                    right += 1
            for k in range(start, end):
                order[k] = spare[k]
            start = end
        if runs <= 1:
            return


@kernel
def _before(points: Floats, j: int, k: int) -> bool:
    if points[j, 0] != points[k, 0]:
        return bool(points[j, 0] < points[k, 0])
    return bool(points[j, 1] < points[k, 1])


@kernel
def hull(points: Floats, count: int, order: Integers, chain: Integers) -> int:
    """Monotone chain (Andrew 1979): positions of the hull's vertices, counter-clockwise, into `chain`; their number is returned.

    `order` has room for `count` entries, `chain` for ``2 count + 2``. Strict turns only: no point on an edge is a vertex.
    """
    if count == 0:
        return 0
    count = outer_points(points, count, order)
    sort_points(points, count, order, chain)
    distinct = 1
    for k in range(1, count):
        last = order[distinct - 1]
        if points[order[k], 0] != points[last, 0] or points[order[k], 1] != points[last, 1]:
            order[distinct] = order[k]
            distinct += 1
    if distinct == 1:
        chain[0] = order[0]
        return 1
    size = 0
    for k in range(distinct):
        while size >= 2 and not _left_turn(points, chain[size - 2], chain[size - 1], order[k]):
            size -= 1
        chain[size] = order[k]
        size += 1
    lower = size
    for k in range(distinct - 2, -1, -1):
        while size > lower and not _left_turn(points, chain[size - 2], chain[size - 1], order[k]):
            size -= 1
        chain[size] = order[k]
        size += 1
    return size - 1


@kernel
def _left_turn(points: Floats, a: int, b: int, c: int) -> bool:
    return bool(
        (points[b, 0] - points[a, 0]) * (points[c, 1] - points[a, 1]) - (points[b, 1] - points[a, 1]) * (points[c, 0] - points[a, 0]) > 0.0
    )


@kernel
def distance_to_segment(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Euclidean distance from (x, y) to the segment from a to b."""
    dx = bx - ax
    dy = by - ay
    length = dx * dx + dy * dy
    share = 0.0
    if length > 0.0:
        share = ((x - ax) * dx + (y - ay) * dy) / length
        share = min(1.0, max(0.0, share))
    ex = ax + share * dx - x
    ey = ay + share * dy - y
    return float(np.sqrt(ex * ex + ey * ey))


@kernel
def thin(points: Floats, chain: Integers, size: int, tolerance: float) -> int:
    """Drop vertices of a hull that lie within `tolerance` of the segment between their neighbours; no two neighbours in one pass.

    Works on the positions in `chain`; the set that is left lies inside the old one and within `tolerance` of it.
    """
    if size <= 2:
        if (
            size == 2
            and distance_to_segment(
                points[chain[0], 0], points[chain[0], 1], points[chain[1], 0], points[chain[1], 1], points[chain[1], 0], points[chain[1], 1]
            )
            <= tolerance
        ):
            return 1
        return size
    kept = 0
    dropped_before = False
    first_dropped = False
    for k in range(size):
        before = chain[kept - 1] if kept > 0 else chain[size - 1]
        after = chain[k + 1] if k + 1 < size else chain[0]
        here = chain[k]
        near = (
            distance_to_segment(points[here, 0], points[here, 1], points[before, 0], points[before, 1], points[after, 0], points[after, 1])
            <= tolerance
        )
        if near and not dropped_before and not (k == size - 1 and first_dropped):
            dropped_before = True
            if k == 0:
                first_dropped = True
        else:
            chain[kept] = here
            kept += 1
            dropped_before = False
    return kept


@kernel
def thin_out(points: Floats, chain: Integers, size: int, tolerance: float) -> int:
    """`thin` until nothing more is dropped."""
    while True:
        left = thin(points, chain, size, tolerance)
        if left == size:
            return left
        size = left


@kernel
def largest_distance(points: Floats, vertices: Floats) -> float:
    """Largest distance from a point in `points`, shape (p, 2), to the convex polygon `vertices`, shape (v, 2), counter-clockwise."""
    worst = 0.0
    count = vertices.shape[0]
    for p in range(points.shape[0]):
        inside = count > 2
        best = np.inf
        for k in range(count):
            following = k + 1 if k + 1 < count else 0
            ax, ay = vertices[k, 0], vertices[k, 1]
            bx, by = vertices[following, 0], vertices[following, 1]
            if (bx - ax) * (points[p, 1] - ay) - (by - ay) * (points[p, 0] - ax) < 0.0:
                inside = False
            best = min(best, distance_to_segment(points[p, 0], points[p, 1], ax, ay, bx, by))
        if not inside:
            worst = max(worst, best)
    return worst


@kernel
def inradius(vertices: Floats, count: int) -> float:
    """Distance from the mean of the vertices to the nearest edge."""
    centre0 = 0.0
    centre1 = 0.0
    for k in range(count):
        centre0 += vertices[k, 0] / count
        centre1 += vertices[k, 1] / count
    radius = np.inf
    for k in range(count):
        following = k + 1 if k + 1 < count else 0
        dx = vertices[following, 0] - vertices[k, 0]
        dy = vertices[following, 1] - vertices[k, 1]
        length = np.sqrt(dx * dx + dy * dy)
        if length > 0.0:
            radius = min(radius, (dx * (centre1 - vertices[k, 1]) - dy * (centre0 - vertices[k, 0])) / length)
    return radius
