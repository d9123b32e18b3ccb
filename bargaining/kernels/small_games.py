r"""All equilibria of very small games by the signs of minors, without solving anything but what is an equilibrium.

The tables of `bargaining.solvers.small_games` say which signs of payoff differences and their minors make a pair of supports an
equilibrium. All of them are computed once and packed into one word a side; every pair of supports is then a few bit operations. Signs of
differences are exact, those of minors are sure if they exceed a bound on all rounding. A game in which an unsure sign could matter, for
an equilibrium or for whether the game is degenerate, is left to exact arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

# Half a unit in the last place, and a little more: of rounding, and of the distance from a float to the decimal that it stands for.
ROUNDING = 1.2e-16
# Spans beyond which products of three payoffs could leave the range of floats.
LEAST_SPAN, MOST_SPAN = 1e-60, 1e60


@kernel
def _matters(negative: int, unsure: int, signs: Integers, supports: Bytes, column: int) -> bool:
    """Whether an unsure sign could decide if some columns make as many rows exactly their best responses."""
    for k in range(len(signs)):
        mask = signs[k, column + 1]
        if mask & unsure == 0:
            continue
        sure = mask & ~unsure
        wrong = (negative ^ signs[k, column]) & sure
        if wrong == 0 or (wrong == sure and supports[k, 0] > 1):
            return True
    return False


@kernel
def _before(x: Floats, y: Floats, one: int, other: int) -> bool:
    """Whether profile `one` comes before `other`: more weight on earlier actions first."""
    for i in range(x.shape[1]):
        if x[one, i] != x[other, i]:
            return bool(x[one, i] > x[other, i])
    for j in range(y.shape[1]):
        if y[one, j] != y[other, j]:
            return bool(y[one, j] > y[other, j])
    return False


@kernel
def _gain(own: Floats, player: int, low: float, span: float, mine: Floats, other: Floats, k: int) -> float:
    """What the best deviation from ``mine[k]`` against ``other[k]`` gains, relative to the span; own actions in rows of the flat matrix."""
    best = -np.inf
    earned = 0.0
    place = 0
    for r in range(mine.shape[1]):
        value = 0.0
        for c in range(other.shape[1]):
            value += (own[player, place] - low) * other[k, c]
            place += 1
        best = max(best, value)
        earned += mine[k, r] * value
    return max(best - earned, 0.0) / span if span > 0.0 else 0.0


@kernel
def solve_small_games(
    payoffs: Floats,
    minors: Bytes,
    signs: Integers,
    supports: Bytes,
    precision: float,
    x: Floats,
    y: Floats,
    indices: Integers,
    regret: Floats,
    counts: Integers,
) -> int:
    """All equilibria of games (N, 2, m, n), one behind the other, small supports first; the number of games done before room ran out.

    `counts` is -1 where a game is left to exact arithmetic: degenerate, a sign unsure, or weights perhaps off by more than `precision`.
    """
    m, n = payoffs.shape[2], payoffs.shape[3]
    widest = max(minors.shape[2] // 2, 1)
    own = np.empty((2, m * n))
    values = np.empty((2, minors.shape[1]))
    errors = np.zeros((2, widest + 1))
    low = np.empty(2)
    span = np.empty(2)
    negative = np.zeros(2, np.int64)
    unsure = np.zeros(2, np.int64)
    differences = np.zeros(2, np.int64)
    number = np.zeros(2, np.int64)
    for player in range(2):
        for k in range(minors.shape[1]):
            differences[player] += minors[player, k, 0] == 1
            number[player] += minors[player, k, 0] >= 1
    position = 0
    for game in range(len(payoffs)):
        counts[game] = -1
        usable = True
        for player in range(2):
            least = np.inf
            most = -np.inf
            for a in range(m):
                for b in range(n):
                    value = payoffs[game, player, a, b]
                    own[player, a * n + b if player == 0 else b * m + a] = value
                    least = min(least, value)
                    most = max(most, value)
            reach = most - least
            low[player] = least
            span[player] = reach
            usable = usable and (reach == 0.0 or LEAST_SPAN < reach < MOST_SPAN)
            # A difference is off by its rounding and by what two decimals differ from their floats.
            errors[player, 1] = ROUNDING * (reach + 2.0 * max(abs(least), abs(most)))
            largest = reach
            for width in range(2, widest + 1):
                # A sum of so many differences times smaller minors, all with errors, rounded at every step.
                smaller = errors[player, width - 1]
                errors[player, width] = width * (reach * smaller + largest * errors[player, 1] + errors[player, 1] * smaller)
                largest *= width * reach
                errors[player, width] += (width + 1) * ROUNDING * largest
            for width in range(1, widest + 1):
                errors[player, width] *= 2.0
            below = 0
            open_ = 0
            for k in range(differences[player]):
                value = own[player, minors[player, k, 1]] - own[player, minors[player, k, 2]]
                values[player, k] = value
                below |= int(value < 0.0) << k
                open_ |= int(value == 0.0) << k
            for k in range(differences[player], number[player]):
                width = minors[player, k, 0]
                value = 0.0
                for term in range(width):
                    value = values[player, minors[player, k, 1 + 2 * term]] * values[player, minors[player, k, 2 + 2 * term]] - value
                values[player, k] = value
                below |= int(value < 0.0) << k
                open_ |= int(abs(value) <= errors[player, width]) << k
            negative[player] = below
            unsure[player] = open_
        if not usable:
            continue
        if unsure[0] != 0 and _matters(negative[0], unsure[0], signs, supports, 0):
            continue
        if unsure[1] != 0 and _matters(negative[1], unsure[1], signs, supports, 2):
            continue
        negative_us, negative_cn = negative[0], negative[1]
        found = position
        group = position
        before = 0
        total_index = 0
        pure = 0
        for k in range(len(signs)):
            mask_us = signs[k, 1]
            mask_cn = signs[k, 3]
            wrong_us = (negative_us ^ signs[k, 0]) & mask_us
            wrong_cn = (negative_cn ^ signs[k, 2]) & mask_cn
            if not (((wrong_us == 0) | (wrong_us == mask_us)) & ((wrong_cn == 0) | (wrong_cn == mask_cn))):
                continue
            size = int(supports[k, 0])
            if size == 1 and (wrong_us | wrong_cn) != 0:
                continue
            if found == len(x):
                return game
            for i in range(m):
                x[found, i] = 0.0
            for j in range(n):
                y[found, j] = 0.0
            if size != before:
                before = size
                group = found
            if size == 1:
                x[found, supports[k, 1]] = 1.0
                y[found, supports[k, 2]] = 1.0
                regret[found] = 0.0
                pure += 1
            else:
                sum_x = 0.0
                sum_y = 0.0
                for p in range(size):
                    sum_y += abs(values[0, supports[k, 3 + 4 * p]])
                    sum_x += abs(values[1, supports[k, 4 + 4 * p]])
                if size * errors[0, size - 1] > precision * sum_y or size * errors[1, size - 1] > precision * sum_x:
                    usable = False
                    break
                for p in range(size):
                    x[found, supports[k, 1 + 4 * p]] = abs(values[1, supports[k, 4 + 4 * p]]) / sum_x
                    y[found, supports[k, 2 + 4 * p]] = abs(values[0, supports[k, 3 + 4 * p]]) / sum_y
            # The determinants of both sides' payoffs on the supports, payoffs positive, have the signs of the weights.
            index = 1 if (wrong_us == 0) == (wrong_cn == 0) else -1
            if size % 2 == 0:
                index = -index
            indices[found] = index
            total_index += index
            here = found
            while size > 1 and here > group and _before(x, y, here, here - 1):
                for i in range(m):
                    x[here, i], x[here - 1, i] = x[here - 1, i], x[here, i]
                for j in range(n):
                    y[here, j], y[here - 1, j] = y[here - 1, j], y[here, j]
                indices[here], indices[here - 1] = indices[here - 1], indices[here]
                here -= 1
            found += 1
        if not usable or total_index != 1:
            continue
        for k in range(position + pure, found):
            regret[k] = max(_gain(own, 0, low[0], span[0], x, y, k), _gain(own, 1, low[1], span[1], y, x, k))
        counts[game] = found - position
        position = found
    return len(payoffs)
