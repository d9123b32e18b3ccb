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
# Payoffs beyond are refused elsewhere, in one line.
LARGEST = 1e150
# Largest error of a weight that a game solved by itself may have before its weights are solved in exact arithmetic.
PRECISION = 1e-12


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
def _gain(payoffs: Floats, game: int, player: int, low: float, span: float, mine: Floats, other: Floats, k: int) -> float:
    """What the best deviation from ``mine[k]`` against ``other[k]`` gains, relative to the span."""
    own, others = mine.shape[1], other.shape[1]
    down, right = (others, 1) if player == 0 else (1, own)
    best = -np.inf
    earned = 0.0
    for r in range(own):
        value = 0.0
        for c in range(others):
            value += (payoffs[game, player, r * down + c * right] - low) * other[k, c]
        best = max(best, value)
        earned += mine[k, r] * value
    return max(best - earned, 0.0) / span if span > 0.0 else 0.0


@kernel
def _signs(payoffs: Floats, game: int, player: int, minors: Bytes, work: Floats) -> tuple[float, float, int, int]:
    """Least payoff of a player, the span (NaN if it could leave the range of floats), and which minors are negative and which unsure.

    ``work[player]`` gets all minors, then, at their width, a bound on their errors.
    """
    most, widest = minors.shape[1], minors.shape[2] // 2
    least = np.inf
    largest = -np.inf
    for place in range(payoffs.shape[2]):
        value = payoffs[game, player, place]
        least = min(least, value)
        largest = max(largest, value)
    span = largest - least
    reach = max(abs(least), abs(largest))
    if not (reach <= LARGEST and (span == 0.0 or LEAST_SPAN < span < MOST_SPAN)):
        return least, np.nan, 0, 0
    # A difference is off by its rounding and by what two decimals differ from their floats.
    rounding = ROUNDING * (span + 2.0 * reach)
    error = rounding
    work[player, most + 1] = 2.0 * error
    bound = span
    for width in range(2, widest + 1):
        # A sum of so many differences times smaller minors, all with errors, rounded at every step.
        error = width * (span * error + bound * rounding + rounding * error)
        bound *= width * span
        error += (width + 1) * ROUNDING * bound
        work[player, most + width] = 2.0 * error
    negative = 0
    unsure = 0
    k = 0
    while k < most and minors[player, k, 0] == 1:
        value = payoffs[game, player, minors[player, k, 1]] - payoffs[game, player, minors[player, k, 2]]
        work[player, k] = value
        negative |= int(value < 0.0) << k
        unsure |= int(value == 0.0) << k
        k += 1
    while k < most and minors[player, k, 0] > 1:
        terms = np.int64(minors[player, k, 0])
        value = 0.0
        for term in range(terms):
            value = work[player, minors[player, k, 1 + 2 * term]] * work[player, minors[player, k, 2 + 2 * term]] - value
        work[player, k] = value
        negative |= int(value < 0.0) << k
        unsure |= int(abs(value) <= work[player, most + terms]) << k
        k += 1
    return least, span, negative, unsure


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
    work: Floats,
) -> int:
    """All equilibria of games (N, 2, m n), one behind the other, small supports first; the number of games done before room ran out.

    `work` has a row a player, as wide as there are minors and parts of one.
    `counts` is -1 where a game is left to exact arithmetic: degenerate, a sign unsure, or weights perhaps off by more than `precision`.
    """
    m, n = x.shape[1], y.shape[1]
    most = minors.shape[1]
    position = 0
    for game in range(len(payoffs)):
        counts[game] = -1
        low_us, span_us, negative_us, unsure_us = _signs(payoffs, game, 0, minors, work)
        low_cn, span_cn, negative_cn, unsure_cn = _signs(payoffs, game, 1, minors, work)
        if np.isnan(span_us) or np.isnan(span_cn):
            continue
        if unsure_us != 0 and _matters(negative_us, unsure_us, signs, supports, 0):
            continue
        if unsure_cn != 0 and _matters(negative_cn, unsure_cn, signs, supports, 2):
            continue
        usable = True
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
                    sum_y += abs(work[0, supports[k, 3 + 4 * p]])
                    sum_x += abs(work[1, supports[k, 4 + 4 * p]])
                if size * work[0, most + size - 1] > precision * sum_y or size * work[1, most + size - 1] > precision * sum_x:
                    usable = False
                    break
                for p in range(size):
                    x[found, supports[k, 1 + 4 * p]] = abs(work[1, supports[k, 4 + 4 * p]]) / sum_x
                    y[found, supports[k, 2 + 4 * p]] = abs(work[0, supports[k, 3 + 4 * p]]) / sum_y
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
            regret[k] = max(_gain(payoffs, game, 0, low_us, span_us, x, y, k), _gain(payoffs, game, 1, low_cn, span_cn, y, x, k))
        counts[game] = found - position
        position = found
    return len(payoffs)


@kernel
def solve_small_game(payoffs: Floats, table: Bytes, tol: float, answer: Floats) -> int:
    """All equilibria of one game (2, m, n), regrets at most `tol`: their number, or one that is not positive if it is left to others.

    `table` holds the tables as one: the call is a matter of a microsecond, of which every array costs a tenth. So does `answer`, with room
    for one equilibrium a pair of supports: rows of x, rows of y, regrets, indices (integers), their number, and room to work in.
    """
    m, n = payoffs.shape[1], payoffs.shape[2]
    most, wide, room, deep = np.int64(table[0]), np.int64(table[1]), np.int64(table[2]), np.int64(table[3])
    at_signs = 8 + (2 * most * wide + 7) // 8 * 8
    at_supports = at_signs + 32 * room
    minors = table[8 : 8 + 2 * most * wide].reshape(2, most, wide)
    signs = table[at_signs:at_supports].view(np.int64).reshape(room, 4)
    supports = table[at_supports:].reshape(room, deep)
    x = answer[: room * m].reshape(room, m)
    y = answer[room * m : room * (m + n)].reshape(room, n)
    regret = answer[room * (m + n) : room * (m + n + 1)]
    indices = answer[room * (m + n + 1) : room * (m + n + 2) + 1].view(np.int64)
    counts = indices[room:]
    work = answer[room * (m + n + 2) + 1 :].reshape(2, most + wide)
    solve_small_games(payoffs.reshape(1, 2, m * n), minors, signs, supports, PRECISION, x, y, indices, regret, counts, work)
    number = int(counts[0])
    for k in range(number):
        if regret[k] > tol:
            return 0
    return number
