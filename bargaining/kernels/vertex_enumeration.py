r"""All equilibria of nondegenerate games of middle size: the vertices of both best-response polytopes by pivoting, joined by their labels.

Bases of :math:`\{z \ge 0 : C z \le 1\}` are visited breadth first, so that no tableau is many pivots away from the start; a basis is a bit
mask, and only those not seen before are pivoted to. Equilibria are the pairs of bases whose variables complement each other. Ratios too
close to call mean a degenerate game, or nearly one, which is left to exact arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.linear_systems import eliminate
from bargaining.kernels.payoff_scale import positive, regret_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLOSE = 1e-9


@kernel
def _slot(table: Integers, mask: int) -> int:
    """Place of a mask in an open-addressed table, a power of two long, or of the hole where it belongs; holes hold 0."""
    last = len(table) - 1
    place = ((mask * 0x9E3779B97F4A7C1) >> 24) & last
    while table[place] != 0 and table[place] != mask:
        place = (place + 1) & last
    return place


@kernel
def polytope_bases(constraints: Floats, most: int, table: Integers) -> int:
    """Masks of all feasible bases of {z ≥ 0, C z ≤ 1} into the hash table `table` (zeros, a power of two over 2 `most` long); their number.

    Bit i of a mask is variable z_i, bit size + j the slack of constraint j; set if basic. -1 if a ratio is too close to call, -2 if there
    are more than `most` bases.
    """
    count, size = constraints.shape
    width = size + 1
    # Condensed tableaux, each row by row and one behind the other; the last column is the right-hand side.
    tableaux = np.empty((most, count * width))
    basic = np.empty((most, count), np.int64)
    idle = np.empty((most, size), np.int64)
    masks = np.empty(most, np.int64)
    # Ratio tests of all entering columns at once, row by row: the least ratio, the second, and the row of the least.
    least = np.empty(size)
    second = np.empty(size)
    leaving = np.empty(size)
    head = np.empty(width)
    for j in range(count):
        for i in range(size):
            tableaux[0, j * width + i] = constraints[j, i]
        tableaux[0, j * width + size] = 1.0
        basic[0, j] = size + j
    for i in range(size):
        idle[0, i] = i
    mask = 0
    for j in range(count):
        mask |= 1 << (size + j)
    masks[0] = mask
    table[_slot(table, mask)] = mask
    found = 1
    here = 0
    while here < found:
        for c in range(size):
            least[c] = np.inf
            second[c] = np.inf
            leaving[c] = -1.0
        unclear = 0
        for r in range(count):
            right = tableaux[here, r * width + size]
            tiny = right < CLOSE
            for c in range(size):
                pivot = tableaux[here, r * width + c]
                ratio = right / pivot if pivot > CLOSE else np.inf
                if tiny and abs(pivot) <= CLOSE:
                    unclear += 1
                before = least[c]
                better = ratio < before
                other = before if better else ratio
                second[c] = other if other < second[c] else second[c]
                least[c] = ratio if better else before
                leaving[c] = r if better else leaving[c]
        if unclear > 0:
            return -1
        for c in range(size):
            if leaving[c] < 0.0 or second[c] - least[c] <= CLOSE * (1.0 + least[c]) or least[c] <= CLOSE:
                return -1
        for entering in range(size):
            row = np.int64(leaving[entering])
            mask = (masks[here] ^ (1 << basic[here, row])) | (1 << idle[here, entering])
            place = _slot(table, mask)
            if table[place] == mask:
                continue
            if found == most:
                return -2
            table[place] = mask
            masks[found] = mask
            start = row * width
            inverse = 1.0 / tableaux[here, start + entering]
            for c in range(width):
                head[c] = tableaux[here, start + c] * inverse
            for r in range(count):
                factor = tableaux[here, r * width + entering]
                for c in range(width):
                    tableaux[found, r * width + c] = tableaux[here, r * width + c] - factor * head[c]
                tableaux[found, r * width + entering] = -factor * inverse
                basic[found, r] = basic[here, r]
            head[entering] = inverse
            for c in range(width):
                tableaux[found, start + c] = head[c]
            for c in range(size):
                idle[found, c] = idle[here, c]
            basic[found, row] = idle[here, entering]
            idle[found, entering] = basic[here, row]
            found += 1
        here += 1
    return found


@kernel
def _join(
    first: Floats, second: Floats, table_us: Integers, table_cn: Integers, x: Floats, y: Floats, indices: Integers, pivots: Floats
) -> int:
    """Equilibria from the bases of both polytopes, weights solved afresh; their number, -1 if one is too close to call, -2 if no room.

    Payoffs are positive. `table_us` holds the bases of the U.S. polytope (its actions, then the slacks of China's), `table_cn` those of
    China's (its actions, then the slacks of the U.S. ones). `pivots` as in `bargaining.kernels.support_enumeration`.
    """
    m, n = first.shape
    small = min(m, n)
    work = np.empty((small, small))
    z = np.empty(small)
    rows = np.empty(small, np.int64)
    columns = np.empty(small, np.int64)
    found = 0
    for entry in range(table_us.shape[0]):
        mask = table_us[entry]
        if mask == 0:
            continue
        played = mask & ((1 << m) - 1)
        if played == 0:
            continue
        slack = mask >> m
        # China plays where the U.S. polytope's slack is nonbasic; U.S. actions that are idle have a basic slack in China's polytope.
        wanted = (((1 << n) - 1) & ~slack) | ((((1 << m) - 1) & ~played) << n)
        if table_cn[_slot(table_cn, wanted)] != wanted:
            continue
        if found == x.shape[0]:
            return -2
        size = 0
        for i in range(m):
            if played >> i & 1:
                rows[size] = i
                size += 1
        size = 0
        for j in range(n):
            if not slack >> j & 1:
                columns[size] = j
                size += 1
        sign = 1 if size % 2 == 1 else -1
        pivots[found] = np.inf
        for player in range(2):
            for r in range(size):
                z[r] = 1.0
                for c in range(size):
                    work[r, c] = first[rows[r], columns[c]] if player == 0 else second[rows[c], columns[r]]
            least, determinant = eliminate(work, z, size)
            if least == 0.0:
                return -1
            pivots[found] = min(pivots[found], least)
            if determinant < 0.0:
                sign = -sign
            total = 0.0
            for c in range(size):
                if z[c] <= 0.0:
                    return -1
                total += z[c]
            weights = y[found] if player == 0 else x[found]
            weights[:] = 0.0
            for c in range(size):
                weights[columns[c] if player == 0 else rows[c]] = z[c] / total
        indices[found] = sign
        found += 1
    return found


@kernel
def _table(most: int) -> Integers:
    size = 4
    while size < 4 * most:
        size *= 2
    return np.zeros(size, np.int64)


@kernel
def vertex_equilibria(
    first: Floats, second: Floats, most_us: int, most_cn: int, x: Floats, y: Floats, indices: Integers, pivots: Floats
) -> int:
    """All equilibria of a nondegenerate game with payoffs in [1, 2] and at most 60 actions in all; their number.

    The polytopes have at most so many bases. -1 if the game is degenerate, too large, or a decision too close to call, -2 if there is no
    room for all.
    """
    m, n = first.shape
    constraints = np.empty((n, m))
    for j in range(n):
        for i in range(m):
            constraints[j, i] = second[i, j]
    table_us = _table(most_us)
    if polytope_bases(constraints, most_us, table_us) < 0:
        return -1
    table_cn = _table(most_cn)
    if polytope_bases(first, most_cn, table_cn) < 0:
        return -1
    number = _join(first, second, table_us, table_cn, x, y, indices, pivots)
    total = 0
    for k in range(max(number, 0)):
        total += indices[k]
    return -1 if number >= 0 and total != 1 else number


@kernel
def solve_games(
    payoffs: Floats,
    most_us: int,
    most_cn: int,
    conditioned: float,
    x: Floats,
    y: Floats,
    indices: Integers,
    regret: Floats,
    counts: Integers,
) -> int:
    """Equilibria of many games, payoffs (N, 2, m, n), one behind the other; `counts` is -1 where a game is left to exact arithmetic.

    That is also where a pivot is smaller than `conditioned`. Returns the number of games solved before the room in `x` and `y` ran out (N
    if it did not).
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
        number = vertex_equilibria(first, second, most_us, most_cn, x[position:], y[position:], indices[position:], pivots)
        if number == -2:
            return game
        for k in range(number):
            if pivots[k] < conditioned:
                number = -1
        if number < 0:
            continue
        counts[game] = number
        for k in range(position, position + number):
            regret[k] = regret_of(first, second, x[k], y[k])
        position += number
    return len(payoffs)
