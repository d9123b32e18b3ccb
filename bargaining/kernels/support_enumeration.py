r"""All equilibria of small nondegenerate games: every pair of supports of one size, both sides solved.

With positive payoffs a pair of supports (I, J) is an equilibrium exactly if :math:`A_{IJ} z = 1` and :math:`B_{IJ}^\top w = 1` have
positive solutions that no action outside answers better than 1. Where a decision is too close to call, or a game is degenerate, the game
is left to exact arithmetic, and that is said: what is returned as certain is complete.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.linear_systems import eliminate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Payoffs are scaled to [1, 2]: a weight, slack or pivot nearer to zero than this is left to exact arithmetic.
CLOSE = 1e-8
# Payoffs so large against their spread that scaling them in floats loses more digits than two are left to exact arithmetic.
MOST_DIGITS_LOST = 100.0


@kernel
def positive(payoffs: Floats, first: Floats, second: Floats) -> bool:
    """Payoffs (2, m, n) of each player moved and stretched to [1, 2]; False if that loses digits, or one is not finite."""
    for player in range(2):
        low = np.inf
        high = -np.inf
        for a in range(payoffs.shape[1]):
            for b in range(payoffs.shape[2]):
                value = payoffs[player, a, b]
                if not np.isfinite(value):
                    return False
                low = min(low, value)
                high = max(high, value)
        span = high - low if high > low else 1.0
        if not max(abs(low), abs(high)) <= MOST_DIGITS_LOST * span:
            return False
        scaled = first if player == 0 else second
        for a in range(payoffs.shape[1]):
            for b in range(payoffs.shape[2]):
                scaled[a, b] = (payoffs[player, a, b] - low) / span + 1.0
    return True


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
def support_equilibria(first: Floats, second: Floats, x: Floats, y: Floats, indices: Integers, pivots: Floats) -> int:
    """All equilibria of a nondegenerate game with payoffs in [1, 2], into the rows of `x`, `y`, `indices` and `pivots`; their number.

    A pivot is the smallest that the weights were solved with: the rounding of payoffs is magnified by about its inverse. -1 if the game is
    degenerate or a decision too close to call, -2 if there is no room for all.
    """
    m, n = first.shape
    small = min(m, n)
    rows = np.empty(small, np.int64)
    columns = np.empty(small, np.int64)
    work = np.empty((small, small))
    z = np.empty(small)
    w = np.empty(small)
    found = 0
    total_index = 0
    for size in range(1, small + 1):
        for k in range(size):
            rows[k] = k
        while True:
            for k in range(size):
                columns[k] = k
            while True:
                plays_cn, det_us, least_us = _side(first, False, rows, columns, size, m, work, z)
                plays_us, det_cn, least_cn = _side(second, True, columns, rows, size, n, work, w)
                if plays_cn < 0 or plays_us < 0:
                    return -1
                if plays_cn == 1 and plays_us == 1:
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
                if not _next_subset(columns, size, n):
                    break
            if not _next_subset(rows, size, m):
                break
    return found if total_index == 1 else -1


@kernel
def solve_games(payoffs: Floats, x: Floats, y: Floats, counts: Integers, indices: Integers, regret: Floats) -> int:
    """Equilibria of many games, payoffs (N, 2, m, n), one behind the other; `counts` is -1 where a game is left to exact arithmetic.

    Returns the number of games solved before the room in `x` and `y` ran out (N if it did not).
    """
    m, n = payoffs.shape[2], payoffs.shape[3]
    first = np.empty((m, n))
    second = np.empty((m, n))
    pivots = np.empty(x.shape[0])
    position = 0
    for game in range(payoffs.shape[0]):
        counts[game] = -1
        if not positive(payoffs[game], first, second):
            continue
        number = support_equilibria(first, second, x[position:], y[position:], indices[position:], pivots)
        if number == -2:
            return game
        if number < 0:
            continue
        counts[game] = number
        for k in range(position, position + number):
            regret[k] = regret_of(first, second, x[k], y[k])
        position += number
    return len(payoffs)


@kernel
def regret_of(first: Floats, second: Floats, x: Floats, y: Floats) -> float:
    """Largest gain from deviating from (x, y), relative to the payoff span (payoffs scaled to a span of 1)."""
    m, n = first.shape
    best = -np.inf
    earned = 0.0
    for a in range(m):
        value = 0.0
        for b in range(n):
            value += first[a, b] * y[b]
        best = max(best, value)
        earned += x[a] * value
    worst = max(best - earned, 0.0)
    best = -np.inf
    earned = 0.0
    for b in range(n):
        value = 0.0
        for a in range(m):
            value += second[a, b] * x[a]
        best = max(best, value)
        earned += y[b] * value
    return max(worst, best - earned)
