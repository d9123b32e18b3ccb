r"""Pairs of supports of one size, those pruned where an action is dominated given what the other side plays.

With positive payoffs a pair of supports (I, J) is an equilibrium exactly if :math:`A_{IJ} z = 1` and :math:`B_{IJ}^\top w = 1` have
positive solutions that no action outside answers better than 1. No action played can be strictly dominated given the other support
(Porter, Nudelman and Shoham 2008), which is a few bit operations to know and leaves few systems to solve.

Complete or nothing: if some equilibrium is degenerate, then there is a pair of supports of one size that neither side rules out and at
least one side leaves undecided (take the vertices of an extreme equilibrium and as many tight constraints as actions played).
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.linear_systems import eliminate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Payoffs are scaled to [1, 2]: a weight, slack or pivot nearer to zero than this is left to exact arithmetic.
CLOSE = 1e-8


@kernel
def _side(
    matrix: Floats, transposed: bool, rows: Integers, columns: Integers, size: int, own: int, work: Floats, z: Floats
) -> tuple[int, float, float]:
    """Solve M_IJ z = 1 for the weights on J that make all of I best responses; M is the matrix or its transpose.

    1 if z is positive and nothing outside I (of `own` actions) is better, 0 if not, -1 if it is too close to call; the determinant and the
    smallest pivot.
    """
    if size == 1:
        i, j = rows[0], columns[0]
        value = matrix[j, i] if transposed else matrix[i, j]
        z[0] = 1.0 / value
        least = determinant = value
    else:
        for r in range(size):
            z[r] = 1.0
            for c in range(size):
                work[r, c] = matrix[columns[c], rows[r]] if transposed else matrix[rows[r], columns[c]]
        least, determinant = eliminate(work, z, size)
        if least < CLOSE:
            return -1, 0.0, 0.0
        close = False
        for c in range(size):
            if z[c] < -CLOSE:
                return 0, 0.0, 0.0
            close = close or z[c] <= CLOSE
        if close:
            return -1, 0.0, 0.0
    verdict = 1
    position = 0
    for i in range(own):
        if position < size and rows[position] == i:
            position += 1
            continue
        load = 0.0
        for c in range(size):
            load += (matrix[columns[c], i] if transposed else matrix[i, columns[c]]) * z[c]
        if load > 1.0 + CLOSE:
            return 0, 0.0, 0.0
        if load >= 1.0 - CLOSE:
            verdict = -1
    return verdict, determinant, least


@kernel
def _next_subset(chosen: Integers, size: int, count: int) -> bool:
    """Move to the next subset of `size` out of `count` in lexicographic order; False after the last."""
    k = size - 1
    while k >= 0 and chosen[k] == count - size + k:
        k -= 1
    if k < 0:
        return False
    chosen[k] += 1
    for j in range(k + 1, size):
        chosen[j] = chosen[j - 1] + 1
    return True


@kernel
def _worse(matrix: Floats, transposed: bool, masks: Integers) -> None:
    """``masks[k, j]``: against which actions of the other side (bits) own action j earns more than own action k."""
    own = matrix.shape[1] if transposed else matrix.shape[0]
    other = matrix.shape[0] if transposed else matrix.shape[1]
    for k in range(own):
        for j in range(own):
            mask = 0
            for c in range(other):
                more = matrix[c, j] > matrix[c, k] if transposed else matrix[j, c] > matrix[k, c]
                mask |= int(more) << c
            masks[k, j] = mask


@kernel
def _dominated(masks: Integers, action: int, against: int) -> bool:
    """Whether some action earns more than this one against all of some actions of the other side."""
    found = False
    for j in range(masks.shape[1]):
        found = found or against & ~masks[action, j] == 0
    return found


@kernel
def _undominated(masks: Integers, among: int, against: int) -> int:
    """Those of some actions that are not dominated given what the other side plays."""
    left = 0
    for k in range(masks.shape[0]):
        if among >> k & 1 and not _dominated(masks, k, against):
            left |= 1 << k
    return left


@kernel
def support_equilibria(first: Floats, second: Floats, x: Floats, y: Floats, indices: Integers, pivots: Floats) -> int:
    """All equilibria with payoffs in [1, 2], at most 62 actions a side, into the rows of `x`, `y`, `indices` and `pivots`; their number.

    A pivot is the smallest that the weights were solved with: the rounding of payoffs is magnified by about its inverse. -1 if an
    equilibrium is degenerate or a decision too close to call, -2 if there is no room for all.
    """
    m, n = first.shape
    small = min(m, n)
    rows = np.empty(small, np.int64)
    columns = np.empty(small, np.int64)
    chosen = np.empty(small, np.int64)
    listed = np.empty(n, np.int64)
    work = np.empty((small, small))
    z = np.empty(small)
    w = np.empty(small)
    worse_us = np.empty((m, m), np.int64)
    worse_cn = np.empty((n, n), np.int64)
    _worse(first, False, worse_us)
    _worse(second, True, worse_cn)
    alive_us, alive_cn = (1 << m) - 1, (1 << n) - 1
    while True:
        left_us = _undominated(worse_us, alive_us, alive_cn)
        left_cn = _undominated(worse_cn, alive_cn, left_us)
        if left_us == alive_us and left_cn == alive_cn:
            break
        alive_us, alive_cn = left_us, left_cn
    found = 0
    total_index = 0
    for size in range(1, small + 1):
        for k in range(size):
            rows[k] = k
        while True:
            mask_us = 0
            for k in range(size):
                mask_us |= 1 << rows[k]
            possible = _undominated(worse_cn, alive_cn, mask_us) if mask_us & ~alive_us == 0 else 0
            count = 0
            for j in range(n):
                if possible >> j & 1:
                    listed[count] = j
                    count += 1
            if count >= size and _undominated(worse_us, mask_us, possible) == mask_us:
                for k in range(size):
                    chosen[k] = k
                while True:
                    mask_cn = 0
                    for k in range(size):
                        columns[k] = listed[chosen[k]]
                        mask_cn |= 1 << columns[k]
                    plays_us = 0
                    det_us = det_cn = least_us = least_cn = 0.0
                    plays_cn = 0
                    if _undominated(worse_us, mask_us, mask_cn) == mask_us:
                        plays_cn, det_us, least_us = _side(first, False, rows, columns, size, m, work, z)
                    if plays_cn != 0:
                        plays_us, det_cn, least_cn = _side(second, True, columns, rows, size, n, work, w)
                    if plays_us != 0 and (plays_us < 0 or plays_cn < 0):
                        return -1
                    if plays_us == 1:
                        if found == x.shape[0]:
                            return -2
                        x[found, :] = 0.0
                        y[found, :] = 0.0
                        sum_x = 0.0
                        sum_y = 0.0
                        for k in range(size):
                            sum_x += w[k]
                            sum_y += z[k]
                        for k in range(size):
                            x[found, rows[k]] = w[k] / sum_x
                            y[found, columns[k]] = z[k] / sum_y
                        sign = 1 if (det_us > 0.0) == (det_cn > 0.0) else -1
                        indices[found] = sign if size % 2 == 1 else -sign
                        pivots[found] = min(least_us, least_cn)
                        total_index += indices[found]
                        found += 1
                    if not _next_subset(chosen, size, count):
                        break
            if not _next_subset(rows, size, m):
                break
    return found if total_index == 1 else -1
