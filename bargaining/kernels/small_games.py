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

# Half a unit in the last place, and a little more: of rounding, and of the distance from a float to the decimal that it stands for.
ROUNDING = 1.2e-16
# Spans beyond which products of three payoffs could leave the range of floats.
LEAST_SPAN, MOST_SPAN = 1e-60, 1e60


@kernel
def _minors(own: Floats, span: float, size: float, table: Integers, values: Floats, errors: Floats) -> tuple[int, int]:
    """Minors of one side into `values`, bounds on their errors by width into `errors`; bits of the negative ones, and of the unsure ones.

    `size` is the largest absolute payoff: what a payoff's decimal differs from its float by is relative to it.
    """
    errors[0] = 0.0
    largest = span
    errors[1] = ROUNDING * (span + 2.0 * size)
    for width in range(2, len(errors)):
        # Every term is a difference times a smaller minor, both with errors, rounded once, and added.
        errors[width] = width * (span * errors[width - 1] + largest * errors[1] + errors[1] * errors[width - 1])
        largest *= width * span
        errors[width] += (width + 1) * ROUNDING * largest
    for width in range(1, len(errors)):
        errors[width] *= 2.0
    negative = 0
    unsure = 0
    for k in range(len(table)):
        width = table[k, 0]
        if width == 0:
            break
        if width == 1:
            value = own[table[k, 1]] - own[table[k, 2]]
            bound = 0.0
        else:
            value = 0.0
            for term in range(width):
                value = values[table[k, 1 + 2 * term]] * values[table[k, 2 + 2 * term]] - value
            bound = errors[width]
        values[k] = value
        if value < 0.0:
            negative |= 1 << k
        if abs(value) <= bound:
            unsure |= 1 << k
    return negative, unsure


@kernel
def _matters(negative: int, unsure: int, pairs: Integers, column: int) -> bool:
    """Whether an unsure sign could decide if some columns make as many rows exactly their best responses."""
    for k in range(len(pairs)):
        mask = pairs[k, column + 1]
        if mask & unsure == 0:
            continue
        sure = mask & ~unsure
        signs = (negative ^ pairs[k, column]) & sure
        if signs == 0 or (signs == sure and pairs[k, 0] > 1):
            return True
    return False


@kernel
def _before(x: Floats, y: Floats, one: int, other: int) -> bool:
    """Whether profile `one` comes before `other`: more weight on earlier actions first."""
    for i in range(x.shape[1]):
        if x[one, i] != x[other, i]:
            return x[one, i] > x[other, i]
    for j in range(y.shape[1]):
        if y[one, j] != y[other, j]:
            return y[one, j] > y[other, j]
    return False


@kernel
def _swap(x: Floats, y: Floats, indices: Integers, one: int, other: int) -> None:
    for i in range(x.shape[1]):
        x[one, i], x[other, i] = x[other, i], x[one, i]
    for j in range(y.shape[1]):
        y[one, j], y[other, j] = y[other, j], y[one, j]
    indices[one], indices[other] = indices[other], indices[one]


@kernel
def _gain(own: Floats, low: float, span: float, mine: Floats, other: Floats) -> float:
    """What the best deviation from `mine` against `other` gains, relative to the span; own actions in rows of the flat matrix."""
    count = len(other)
    best = -np.inf
    earned = 0.0
    for r in range(len(mine)):
        value = 0.0
        for c in range(count):
            value += (own[r * count + c] - low) * other[c]
        best = max(best, value)
        earned += mine[r] * value
    return max(best - earned, 0.0) / span if span > 0.0 else 0.0


@kernel
def solve_small_games(
    payoffs: Floats,
    minors: Integers,
    pairs: Integers,
    precision: float,
    x: Floats,
    y: Floats,
    indices: Integers,
    regret: Floats,
    counts: Integers,
) -> int:
    """All equilibria of games (N, 2, m, n) one behind the other, each game's small supports first; the number of games done before room ran out.

    `counts` is -1 where a game is left to exact arithmetic: it is degenerate, a sign is unsure, or weights might be off by more than `precision`.
    """
    m, n = payoffs.shape[2], payoffs.shape[3]
    own = np.empty((2, m * n))
    values = np.empty((2, minors.shape[1]))
    errors = np.empty((2, max(minors.shape[2] // 2, 1) + 1))
    low = np.empty(2)
    span = np.empty(2)
    negative = np.zeros(2, np.int64)
    unsure = np.zeros(2, np.int64)
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
            low[player] = least
            span[player] = most - least
            usable = usable and (most == least or LEAST_SPAN < most - least < MOST_SPAN)
            negative[player], unsure[player] = _minors(
                own[player], most - least, max(abs(least), abs(most)), minors[player], values[player], errors[player]
            )
        if not usable:
            continue
        if unsure[0] != 0 and _matters(negative[0], unsure[0], pairs, 1):
            continue
        if unsure[1] != 0 and _matters(negative[1], unsure[1], pairs, 3):
            continue
        found = position
        signs_us, signs_cn = negative[0], negative[1]
        total_index = 0
        for k in range(len(pairs)):
            mask_us = pairs[k, 2]
            us = (signs_us ^ pairs[k, 1]) & mask_us
            if us != 0 and us != mask_us:
                continue
            mask_cn = pairs[k, 4]
            cn = (signs_cn ^ pairs[k, 3]) & mask_cn
            if cn != 0 and cn != mask_cn:
                continue
            size = pairs[k, 0]
            if size == 1 and (us != 0 or cn != 0):
                continue
            if found == len(x):
                return game
            for i in range(m):
                x[found, i] = 0.0
            for j in range(n):
                y[found, j] = 0.0
            if size == 1:
                x[found, pairs[k, 5]] = 1.0
                y[found, pairs[k, 6]] = 1.0
            else:
                sum_x = 0.0
                sum_y = 0.0
                for p in range(size):
                    sum_y += abs(values[0, pairs[k, 7 + 4 * p]])
                    sum_x += abs(values[1, pairs[k, 8 + 4 * p]])
                if size * errors[0, size - 1] > precision * sum_y or size * errors[1, size - 1] > precision * sum_x:
                    usable = False
                    break
                for p in range(size):
                    x[found, pairs[k, 5 + 4 * p]] = abs(values[1, pairs[k, 8 + 4 * p]]) / sum_x
                    y[found, pairs[k, 6 + 4 * p]] = abs(values[0, pairs[k, 7 + 4 * p]]) / sum_y
            # det A_IJ and det B_IJ, payoffs positive, have the signs of the weights.
            sign = 1 if (us == 0) == (cn == 0) else -1
            indices[found] = sign if size % 2 == 1 else -sign
            total_index += indices[found]
            here = found
            found += 1
            if size > 1:
                while here > position and _before(x, y, here, here - 1) and _size(x, here - 1) == size:
                    _swap(x, y, indices, here, here - 1)
                    here -= 1
        if not usable or total_index != 1:
            continue
        for k in range(position, found):
            regret[k] = max(_gain(own[0], low[0], span[0], x[k], y[k]), _gain(own[1], low[1], span[1], y[k], x[k]))
        counts[game] = found - position
        position = found
    return len(payoffs)


@kernel
def _size(x: Floats, row: int) -> int:
    """Number of actions played."""
    size = 0
    for i in range(x.shape[1]):
        if x[row, i] > 0.0:
            size += 1
    return size
