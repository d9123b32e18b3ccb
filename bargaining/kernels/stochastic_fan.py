"""Polygons on a fan of directions: their width, their distinct vertices, and the fan of given polygons; see `stochastic_aligned`."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@kernel
def floors_and_centre(y: Floats, state: int, floors: Floats, centres: Floats) -> None:
    """Worst payoffs and the mean of the vertices of a state's polygon, into the rows of `floors` and `centres`."""
    for i in range(2):
        low = np.inf
        total = 0.0
        for j in range(y.shape[1]):
            low = min(low, y[state, j, i])
            total += y[state, j, i]
        floors[state, i] = low
        centres[state, i] = total / y.shape[1]


@kernel
def fan_radius(y: Floats, exact: Flags) -> float:
    """Least distance, over the states not in `exact`, from the mean of the vertices to an edge."""
    count = y.shape[1]
    radius = np.inf
    for s in range(y.shape[0]):
        if exact[s]:
            continue
        centre0 = 0.0
        centre1 = 0.0
        for j in range(count):
            centre0 += y[s, j, 0] / count
            centre1 += y[s, j, 1] / count
        for j in range(count):
            after = j + 1 if j + 1 < count else 0
            dx, dy = y[s, after, 0] - y[s, j, 0], y[s, after, 1] - y[s, j, 1]
            length = np.sqrt(dx * dx + dy * dy)
            if length > 0.0:
                radius = min(radius, (dx * (centre1 - y[s, j, 1]) - dy * (centre0 - y[s, j, 0])) / length)
    return radius


@kernel
def fan_polygons(y: Floats, dust: float, vertices: Floats, counts: Integers) -> None:
    """The distinct vertices of every state's polygon, from the leftmost (lowest) on, into ``vertices[s, :counts[s]]``."""
    count = y.shape[1]
    for s in range(y.shape[0]):
        begin = 0
        for j in range(1, count):
            if y[s, j, 0] < y[s, begin, 0] or (y[s, j, 0] == y[s, begin, 0] and y[s, j, 1] < y[s, begin, 1]):
                begin = j
        size = 0
        for step in range(count):
            j = (begin + step) % count
            far = size == 0
            if size > 0:
                last, start = vertices[s, size - 1], vertices[s, 0]
                far = max(abs(y[s, j, 0] - last[0]), abs(y[s, j, 1] - last[1])) > dust
                far = far and max(abs(y[s, j, 0] - start[0]), abs(y[s, j, 1] - start[1])) > dust
            if far:
                vertices[s, size, 0], vertices[s, size, 1] = y[s, j, 0], y[s, j, 1]
                size += 1
        counts[s] = size


@kernel
def fan_of(vertices: Floats, counts: Integers, makers: Integers, directions: Floats, y: Floats, leaders: Integers) -> None:
    """The vertex of every polygon that lies farthest in each direction, into ``y[s, j]``, and its maker into ``leaders[s, j]``."""
    for s in range(y.shape[0]):
        n = counts[s]
        k = 0
        for other in range(1, n):
            ahead = directions[0, 0] * (vertices[s, other, 0] - vertices[s, k, 0])
            if ahead + directions[0, 1] * (vertices[s, other, 1] - vertices[s, k, 1]) > 0.0:
                k = other
        for j in range(directions.shape[0]):
            for _ in range(n):
                after = k + 1 if k + 1 < n else 0
                ahead = directions[j, 0] * (vertices[s, after, 0] - vertices[s, k, 0])
                if ahead + directions[j, 1] * (vertices[s, after, 1] - vertices[s, k, 1]) <= 0.0:
                    break
                k = after
            y[s, j, 0], y[s, j, 1] = vertices[s, k, 0], vertices[s, k, 1]
            leaders[s, j] = makers[s, k]
