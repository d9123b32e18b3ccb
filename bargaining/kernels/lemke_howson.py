"""Complementary pivoting (Lemke and Howson 1964) with ties broken lexicographically, payoffs positive."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Relative to the tableau's own scale (payoffs in [1, 2]).
TINY = 1e-11


@kernel
def _leaving(rows: Floats, entering: int, slack: int) -> int:
    """Row of least ratio, ties broken by the columns of the slacks in their order; -1 if nothing bounds."""
    count = rows.shape[0]
    last = rows.shape[1] - 1
    best = -1
    for r in range(count):
        pivot = rows[r, entering]
        if pivot <= TINY:
            continue
        if best < 0:
            best = r
            continue
        other = rows[best, entering]
        column = last
        step = 0
        while True:
            left = rows[r, column] * other
            right = rows[best, column] * pivot
            if abs(left - right) > TINY * (abs(left) + abs(right)) + 1e-15:
                if left < right:
                    best = r
                break
            if step == count:
                break
            column = slack + step
            step += 1
    return best


@kernel
def _pivot(rows: Floats, row: int, entering: int) -> None:
    width = rows.shape[1]
    pivot = rows[row, entering]
    for c in range(width):
        rows[row, c] /= pivot
    rows[row, entering] = 1.0
    for r in range(rows.shape[0]):
        factor = rows[r, entering]
        if r == row or factor == 0.0:
            continue
        for c in range(width):
            rows[r, c] -= factor * rows[row, c]
        rows[r, entering] = 0.0


@kernel
def lemke_howson_path(first: Floats, second: Floats, label: int, cap: int, x: Floats, y: Floats) -> int:
    """Follow the path from the artificial equilibrium with one label dropped; `x`, `y` are overwritten. Pivots taken, -1 beyond the cap.

    Labels 0 to m - 1 are U.S. actions, m to m + n - 1 Chinese ones. The U.S. polytope has variables x and China's slacks, China's y and
    the U.S. slacks, with variable k of either tableau carrying label k.
    """
    m, n = first.shape
    total = m + n
    # Rows: China's actions (constraints on x), then the U.S. actions (constraints on y).
    us = np.zeros((n, total + 1))
    cn = np.zeros((m, total + 1))
    for j in range(n):
        for i in range(m):
            us[j, i] = second[i, j]
        us[j, m + j] = 1.0
        us[j, total] = 1.0
    for i in range(m):
        for j in range(n):
            cn[i, m + j] = first[i, j]
        cn[i, i] = 1.0
        cn[i, total] = 1.0
    basic_us = np.arange(m, total)
    basic_cn = np.arange(m)
    entering = label
    in_us = label < m
    for pivots in range(cap):
        rows = us if in_us else cn
        basic = basic_us if in_us else basic_cn
        row = _leaving(rows, entering, m if in_us else 0)
        if row < 0:
            return -1
        _pivot(rows, row, entering)
        left = basic[row]
        basic[row] = entering
        if left == label:
            x[:] = 0.0
            y[:] = 0.0
            sum_x = 0.0
            sum_y = 0.0
            for r in range(n):
                if basic_us[r] < m:
                    x[basic_us[r]] = max(us[r, total], 0.0)
                    sum_x += x[basic_us[r]]
            for r in range(m):
                if basic_cn[r] >= m:
                    y[basic_cn[r] - m] = max(cn[r, total], 0.0)
                    sum_y += y[basic_cn[r] - m]
            if not (sum_x > 0.0 and sum_y > 0.0):
                return -1
            for i in range(m):
                x[i] /= sum_x
            for j in range(n):
                y[j] /= sum_y
            return pivots + 1
        entering = left
        in_us = not in_us
    return -1
