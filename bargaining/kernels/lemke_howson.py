r"""Complementary pivoting (Lemke and Howson 1964) from many labels, short paths first, payoffs positive.

Most labels of a large game lead to an equilibrium after a few dozen pivots on few actions, so no tableau is kept: a column of it is the
original column sent through the pivots taken so far (the product form of the inverse), which costs a pass over the actions for each. When
the pivots outnumber the actions played by far they are factored again from the basis. Ties of the ratio test are broken
lexicographically by the slacks' columns, which are only computed then.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Relative to the tableau's own scale (payoffs in [1, 2]).
TINY = 1e-11
# Pivots beyond twice the actions that can be played, before they are factored again.
SPARE = 32


@kernel
def _transform(pivots: Floats, rows: Integers, side: int, count: int, size: int, column: Floats) -> None:
    """Send a column of the original tableau through the pivots taken on one side."""
    for t in range(count):
        row = rows[side, t]
        factor = column[row]
        if factor == 0.0:
            continue
        factor /= pivots[side, t, row]
        for i in range(size):
            column[i] -= factor * pivots[side, t, i]
        column[row] = factor


@kernel
def _pivot(pivots: Floats, rows: Integers, side: int, count: int, size: int, right: Floats, row: int, column: Floats) -> None:
    """Take a pivot: keep its column, and move the right-hand side."""
    for i in range(size):
        pivots[side, count, i] = column[i]
    rows[side, count] = row
    factor = right[side, row] / column[row]
    for i in range(size):
        right[side, i] -= factor * column[i]
    right[side, row] = factor


@kernel
def _leaving(
    pivots: Floats, rows: Integers, side: int, count: int, size: int, right: Floats, column: Floats, work: Floats, tied: Integers
) -> int:
    """Row of least ratio, ties broken by the columns of the slacks in their order; -1 if nothing bounds."""
    least = np.inf
    for r in range(size):
        if column[r] > TINY:
            least = min(least, right[side, r] / column[r])
    if least == np.inf:
        return -1
    number = 0
    for r in range(size):
        if column[r] > TINY and right[side, r] <= (least + TINY * (1.0 + abs(least))) * column[r]:
            tied[number] = r
            number += 1
    slack = 0
    while number > 1 and slack < size:
        for i in range(size):
            work[i] = 0.0
        work[slack] = 1.0
        _transform(pivots, rows, side, count, size, work)
        least = np.inf
        for k in range(number):
            least = min(least, work[tied[k]] / column[tied[k]])
        kept = 0
        for k in range(number):
            if work[tied[k]] / column[tied[k]] <= least + TINY * (1.0 + abs(least)):
                tied[kept] = tied[k]
                kept += 1
        number = kept
        slack += 1
    return int(tied[0])


@kernel
def _factor(
    columns: Floats,
    structural: int,
    slack: int,
    pivots: Floats,
    rows: Integers,
    side: int,
    size: int,
    right: Floats,
    basis: Integers,
    column: Floats,
    work: Integers,
    free: Integers,
) -> int:
    """Pivots that lead to the present basis straight from the slacks, largest elements first; their number, -1 if it is singular."""
    for r in range(size):
        free[r] = 1
    number = 0
    for r in range(size):
        action = basis[side, r] - structural
        if 0 <= action < columns.shape[0]:
            work[number] = action
            number += 1
        else:
            free[basis[side, r] - slack] = 0
    for r in range(size):
        right[side, r] = 1.0
        if free[r] == 0:
            basis[side, r] = slack + r
    for t in range(number):
        for i in range(size):
            column[i] = columns[work[t], i]
        _transform(pivots, rows, side, t, size, column)
        row = -1
        for r in range(size):
            if free[r] == 1 and (row < 0 or abs(column[r]) > abs(column[row])):
                row = r
        if abs(column[row]) <= TINY:
            return -1
        free[row] = 0
        _pivot(pivots, rows, side, t, size, right, row, column)
        basis[side, row] = structural + work[t]
    return number


@kernel
def lemke_howson_paths(columns_us: Floats, columns_cn: Floats, start: int, cap: int, x: Floats, y: Floats) -> int:
    """Follow the paths from the artificial equilibrium with label `start` dropped, then the next ones, until one ends within `cap` pivots.

    Returns its label, `x` and `y` overwritten, or -1 if none does. Labels 0 to m - 1 are U.S. actions, m to m + n - 1 Chinese ones.
    Row i of `columns_us`, shape (m, n), is what U.S. action i gives China, row j of `columns_cn`, shape (n, m), what Chinese action j
    gives the U.S. The U.S. polytope has variables x and China's slacks, China's y and the U.S. slacks; variable k of either carries
    label k.
    """
    m, n = columns_us.shape
    most = max(m, n)
    room = min(cap, 2 * min(m, n) + SPARE) + 2
    pivots = np.empty((2, room, most))
    rows = np.empty((2, room), np.int64)
    right = np.empty((2, most))
    basis = np.empty((2, most), np.int64)
    column = np.empty(most)
    image = np.empty(most)
    work = np.empty(most, np.int64)
    free = np.empty(most, np.int64)
    count = np.empty(2, np.int64)
    for label in range(start, m + n):
        for j in range(n):
            right[0, j] = 1.0
            basis[0, j] = m + j
        for i in range(m):
            right[1, i] = 1.0
            basis[1, i] = i
        count[0] = 0
        count[1] = 0
        entering = label
        side = 0 if label < m else 1
        ended = False
        for _ in range(cap):
            size = n if side == 0 else m
            structural = 0 if side == 0 else m
            slack = m - structural
            columns = columns_us if side == 0 else columns_cn
            action = entering - structural
            if 0 <= action < len(columns):
                for i in range(size):
                    column[i] = columns[action, i]
            else:
                for i in range(size):
                    column[i] = 0.0
                column[entering - slack] = 1.0
            _transform(pivots, rows, side, count[side], size, column)
            row = _leaving(pivots, rows, side, count[side], size, right, column, image, work)
            if row < 0:
                break
            _pivot(pivots, rows, side, count[side], size, right, row, column)
            count[side] += 1
            left = basis[side, row]
            basis[side, row] = entering
            if left == label:
                ended = True
                break
            if count[side] == room - 1:
                count[side] = _factor(columns, structural, slack, pivots, rows, side, size, right, basis, column, work, free)
                if count[side] < 0:
                    break
            entering = left
            side = 1 - side
        if not ended:
            continue
        # The weights afresh: a long path leaves rounding behind.
        sound = _factor(columns_us, 0, m, pivots, rows, 0, n, right, basis, column, work, free) >= 0
        sound = sound and _factor(columns_cn, m, 0, pivots, rows, 1, m, right, basis, column, work, free) >= 0
        if not sound:
            continue
        x[:] = 0.0
        y[:] = 0.0
        sum_x = 0.0
        sum_y = 0.0
        for r in range(n):
            if basis[0, r] < m:
                x[basis[0, r]] = max(right[0, r], 0.0)
                sum_x += x[basis[0, r]]
        for r in range(m):
            if basis[1, r] >= m:
                y[basis[1, r] - m] = max(right[1, r], 0.0)
                sum_y += y[basis[1, r] - m]
        if not (sum_x > 0.0 and sum_y > 0.0):
            continue
        for i in range(m):
            x[i] /= sum_x
        for j in range(n):
            y[j] /= sum_y
        return label
    return -1
