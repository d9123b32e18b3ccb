r"""Exclusion: a proof from outside whose length does not grow with patience.

Take half-planes :math:`W(t) = \{w : \lambda_j\cdot w \le c_j + t d_j\}`, growing in t. If V lies in W(T), and if for every t in [t0, T] the
operator maps W(t) strictly inside itself, :math:`h_{B(W(t))}(\lambda_j) < c_j + t d_j` for all j, then V lies in W(t0): else there were a
least t > t0 with V ⊆ W(t), and V = B(V) ⊆ B(W(t)) would lie inside a smaller one.

For one profile and direction the support of what it generates from W(t) is a linear program with t on its right-hand side, so every
vector of dual multipliers bounds it by a line in t, and the least of a few lines need only be negative on an interval. Rounding is added
to each line. With c the support function of the fixed point and d from :math:`(I-L)d = 1`, L the linearised operator, the lines that
touch at t = 0 fall at rate one.

Normals are sorted by angle and contain the axes; payoffs are scaled to the unit square; the discount factor is common.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.binding import solve_linear
from bargaining.kernels.half_planes import axis_positions

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@kernel
def crossed_edges(normals: Floats, offsets: Floats, b0: float, b1: float, bound0: bool, bound1: bool, crossed: Integers) -> None:
    """Normals of the edges that the lines w0 = b0 and w1 = b1 cross: upper, lower, right, left into `crossed`; -1 for none."""
    top = rightmost = np.inf
    bottom = leftmost = -np.inf
    for side in range(4):
        crossed[side] = -1
    for j in range(normals.shape[0]):
        n0, n1 = normals[j, 0], normals[j, 1]
        if bound0 and n1 != 0.0:
            height = (offsets[j] - n0 * b0) / n1
            if n1 > 0.0 and height < top:
                top, crossed[0] = height, j
            elif n1 < 0.0 and height > bottom:
                bottom, crossed[1] = height, j
        if bound1 and n0 != 0.0:
            width = (offsets[j] - n1 * b1) / n0
            if n0 > 0.0 and width < rightmost:
                rightmost, crossed[2] = width, j
            elif n0 < 0.0 and width > leftmost:
                leftmost, crossed[3] = width, j


@kernel
def dual_rows(
    g: Floats,
    gain: Floats,
    delta: float,
    normals: Floats,
    offsets: Floats,
    slopes: Floats,
    active: Flags,
    at: float,
    leaders: Integers,
    where: Integers,
    weights: Floats,
) -> None:
    """The operator linearised at offsets + at · slopes: row j has `weights[j]` (two) at the offsets `where[j]`.

    The direction's leader is the profile that reaches farthest, and its row the multipliers of the tightest of its dual bounds. Those
    that led last time (`leaders`, -1 for none; overwritten) come first: most others cannot reach so far even without constraints.
    """
    rate = (1.0 - delta) / delta
    count = normals.shape[0]
    axes = axis_positions(normals)
    shifted = np.empty(count)
    best = np.empty(count)
    for j in range(count):
        shifted[j] = offsets[j] + at * slopes[j]
        best[j] = -np.inf
        where[j, 0] = j
        where[j, 1] = j
        weights[j, 0] = delta
        weights[j, 1] = 0.0
    crossed = np.empty(4, np.int64)
    for turn in range(count + g.shape[0]):
        a = leaders[turn] if turn < count else turn - count
        if a < 0 or not active[a]:
            continue
        bound0 = gain[a, 0] > 0.0
        bound1 = gain[a, 1] > 0.0
        b0 = -shifted[axes[2]] + rate * gain[a, 0]
        b1 = -shifted[axes[3]] + rate * gain[a, 1]
        ready = False
        for j in range(count):
            x = delta * normals[j, 0]
            y = delta * normals[j, 1]
            fixed = (1.0 - delta) * (normals[j, 0] * g[a, 0] + normals[j, 1] * g[a, 1])
            value = delta * shifted[j]
            first, second, one, two = j, j, delta, 0.0
            if fixed + value <= best[j]:
                continue
            if not ready:
                ready = True
                crossed_edges(normals, shifted, b0, b1, bound0, bound1, crossed)
            k = crossed[0] if y > 0.0 else crossed[1]
            if bound0 and y != 0.0 and k >= 0:
                alpha = y / normals[k, 1]
                sigma = alpha * normals[k, 0] - x
                if sigma >= 0.0 and alpha * shifted[k] - sigma * b0 < value:
                    value = alpha * shifted[k] - sigma * b0
                    first, second, one, two = k, axes[2], alpha, sigma
            k = crossed[2] if x > 0.0 else crossed[3]
            if bound1 and x != 0.0 and k >= 0:
                alpha = x / normals[k, 0]
                sigma = alpha * normals[k, 1] - y
                if sigma >= 0.0 and alpha * shifted[k] - sigma * b1 < value:
                    value = alpha * shifted[k] - sigma * b1
                    first, second, one, two = k, axes[3], alpha, sigma
            if x <= 0.0 and y <= 0.0 and x * b0 + y * b1 < value:
                value = x * b0 + y * b1
                first, second, one, two = axes[2], axes[3], -x, -y
            if fixed + value > best[j]:
                best[j] = fixed + value
                leaders[j] = a
                where[j, 0], where[j, 1] = first, second
                weights[j, 0], weights[j, 1] = one, two


@kernel
def growth(
    g: Floats,
    gain: Floats,
    delta: float,
    normals: Floats,
    offsets: Floats,
    active: Flags,
    leaders: Integers,
    falls: Floats,
    slopes: Floats,
) -> bool:
    """Solve (I - L) d = falls into `slopes`, L the operator linearised at the offsets (ties: what leads beyond); False if not d > 0."""
    count = normals.shape[0]
    where = np.empty((count, 2), np.int64)
    weights = np.empty((count, 2))
    matrix = np.empty((count, count + 1))
    for j in range(count):
        slopes[j] = 1.0 / (1.0 - delta)
    for _ in range(4):
        dual_rows(g, gain, delta, normals, offsets, slopes, active, 1e-11 * (1.0 - delta), leaders, where, weights)
        for row in range(count):
            for column in range(count):
                matrix[row, column] = 0.0
            matrix[row, row] = 1.0
            matrix[row, where[row, 0]] -= weights[row, 0]
            matrix[row, where[row, 1]] -= weights[row, 1]
            matrix[row, count] = falls[row]
        if not solve_linear(matrix, count):
            return False
        same = True
        for j in range(count):
            if not matrix[j, count] > 0.0:
                return False
            if abs(matrix[j, count] - slopes[j]) > 1e-9 * slopes[j]:
                same = False
            slopes[j] = matrix[j, count]
        if same:
            break
    return True


@kernel
def below_zero(lines: Floats, count: int, low: float, high: float) -> bool:
    """Whether the least of some lines lines[k, 0] + lines[k, 1] t is negative on all of [low, high]."""
    left = 0
    right = 0
    for k in range(count):
        if lines[k, 0] + lines[k, 1] * low < lines[left, 0] + lines[left, 1] * low:
            left = k
        if lines[k, 0] + lines[k, 1] * high < lines[right, 0] + lines[right, 1] * high:
            right = k
    if lines[left, 0] + lines[left, 1] * low >= 0.0 or lines[right, 0] + lines[right, 1] * high >= 0.0:
        return False
    for _ in range(count):
        # Where the line that is least on the left rises and the one on the right falls, the maximum is below their crossing.
        if lines[left, 1] <= 0.0 or lines[right, 1] >= 0.0:
            return True
        t = (lines[right, 0] - lines[left, 0]) / (lines[left, 1] - lines[right, 1])
        if lines[left, 0] + lines[left, 1] * t < 0.0:
            return True
        least = left
        for k in range(count):
            if lines[k, 0] + lines[k, 1] * t < lines[least, 0] + lines[least, 1] * t:
                least = k
        if lines[least, 0] + lines[least, 1] * t >= 0.0 or least in (left, right):
            return False
        if lines[least, 1] > 0.0:
            left = least
        else:
            right = least
    return False


@kernel
def excludes(
    g: Floats,
    gain: Floats,
    delta: float,
    normals: Floats,
    offsets: Floats,
    slopes: Floats,
    active: Flags,
    least: float,
    most: float,
    noise: float,
) -> int:
    """A direction in which B does not map {n_j·w ≤ offsets_j + t slopes_j} strictly inside itself for some t in [least, most]; -1 for none.

    Profiles not in `active` must be known not to be enforceable in the set at `most`. `noise` bounds the errors of the scaled payoffs;
    all rounding is counted, so -1 proves that B does so in every direction.
    """
    rate = (1.0 - delta) / delta
    count = normals.shape[0]
    axes = axis_positions(normals)
    crossed = np.empty((2, 4), np.int64)
    lines = np.empty((6, 2))
    shifted = np.empty(count)
    fall0 = slopes[axes[2]]
    fall1 = slopes[axes[3]]
    steepest = 0.0
    for j in range(count):
        steepest = max(steepest, slopes[j])
    error = noise + 8.0 * 2.220446049250313e-16 * (1.0 + most * steepest)
    for a in range(g.shape[0]):
        if not active[a]:
            continue
        bound0 = gain[a, 0] > 0.0
        bound1 = gain[a, 1] > 0.0
        # The constraints are b_i - t fall_i, lowered by the rounding that they may carry.
        b0 = -offsets[axes[2]] + rate * gain[a, 0] - (error * (1.0 + rate) if bound0 else 0.0)
        b1 = -offsets[axes[3]] + rate * gain[a, 1] - (error * (1.0 + rate) if bound1 else 0.0)
        start = least
        for j in range(count):
            n0, n1 = normals[j, 0], normals[j, 1]
            if n0 >= 0.0 and n1 >= 0.0:
                beyond = n0 * b0 + n1 * b1 - offsets[j] - 2.0 * error
                start = max(start, min(beyond / (n0 * fall0 + n1 * fall1 + slopes[j]), most))
        if start >= most:
            # Not enforceable anywhere below the largest set.
            continue
        if start > least:
            start *= 1.0 - 1e-12
        ready = False
        for j in range(count):
            n0, n1 = normals[j, 0], normals[j, 1]
            own = n0 * g[a, 0] + n1 * g[a, 1]
            # Without its constraints the profile generates a mixture of itself and the set.
            if (1.0 - delta) * (own - offsets[j] - start * slopes[j]) + error < 0.0:
                continue
            if not ready:
                ready = True
                for end in range(2):
                    t = most if end else start
                    for k in range(count):
                        shifted[k] = offsets[k] + t * slopes[k]
                    crossed_edges(normals, shifted, b0 - t * fall0, b1 - t * fall1, bound0, bound1, crossed[end])
            x = delta * n0
            y = delta * n1
            base = (1.0 - delta) * own - offsets[j] + error
            lines[0, 0] = base + delta * offsets[j]
            lines[0, 1] = (delta - 1.0) * slopes[j]
            size = 1
            for end in range(2):
                k = crossed[end, 0] if y > 0.0 else crossed[end, 1]
                if bound0 and y != 0.0 and k >= 0:
                    alpha = y / normals[k, 1]
                    sigma = alpha * normals[k, 0] - x
                    if sigma >= 0.0:
                        lines[size, 0] = base + alpha * offsets[k] - sigma * b0 + error * (alpha + sigma)
                        lines[size, 1] = alpha * slopes[k] + sigma * fall0 - slopes[j]
                        size += 1
                k = crossed[end, 2] if x > 0.0 else crossed[end, 3]
                if bound1 and x != 0.0 and k >= 0:
                    alpha = x / normals[k, 0]
                    sigma = alpha * normals[k, 1] - y
                    if sigma >= 0.0:
                        lines[size, 0] = base + alpha * offsets[k] - sigma * b1 + error * (alpha + sigma)
                        lines[size, 1] = alpha * slopes[k] + sigma * fall1 - slopes[j]
                        size += 1
            if x <= 0.0 and y <= 0.0:
                lines[size, 0] = base + x * b0 + y * b1
                lines[size, 1] = -x * fall0 - y * fall1 - slopes[j]
                size += 1
            if not below_zero(lines, size, start, most):
                return j
    return -1
