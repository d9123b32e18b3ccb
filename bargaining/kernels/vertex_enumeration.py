r"""All equilibria of nondegenerate games of middle size: the vertices of both best-response polytopes by pivoting, joined by their labels.

Bases of :math:`\{z \ge 0 : C z \le 1\}` are visited breadth first, so that no tableau is many pivots away from the start; a basis is a bit
mask, and only those not seen before are pivoted to. Equilibria are the pairs of bases whose variables complement each other. Ratios too
close to call mean a degenerate game, or nearly one, which is left to exact arithmetic.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.linear_systems import eliminate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CLOSE = 1e-9


@kernel
def _slot(table: Integers, mask: int) -> int:
    """Place of a mask in an open-addressed table, or of the hole where it belongs; holes hold 0."""
    size = len(table)
    place = (mask * 0x9E3779B97F4A7C1) % size
    while table[place] != 0 and table[place] != mask:
        place += 1
        if place == size:
            place = 0
    return place


@kernel
def polytope_bases(constraints: Floats, most: int, table: Integers) -> int:
    """Masks of all feasible bases of {z ≥ 0, C z ≤ 1} into the hash table `table` (at least 2 `most` long, zeros); their number.

    Bit i of a mask is variable z_i, bit size + j the slack of constraint j; set if basic. -1 if a ratio is too close to call, -2 if there
    are more than `most` bases.
    """
    count, size = constraints.shape
    tableaux = np.empty((most, count, size + 1))
    basic = np.empty((most, count), np.int64)
    idle = np.empty((most, size), np.int64)
    masks = np.empty(most, np.int64)
    for j in range(count):
        for i in range(size):
            tableaux[0, j, i] = constraints[j, i]
        tableaux[0, j, size] = 1.0
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
        rows = tableaux[here]
        for entering in range(size):
            row = -1
            least = np.inf
            second = np.inf
            for r in range(count):
                pivot = rows[r, entering]
                if pivot > CLOSE:
                    ratio = rows[r, size] / pivot
                    if ratio < least:
                        second = least
                        least = ratio
                        row = r
                    elif ratio < second:
                        second = ratio
                elif pivot > -CLOSE and rows[r, size] < CLOSE:
                    return -1
            if row < 0 or second - least <= CLOSE * (1.0 + least) or least <= CLOSE:
                return -1
            mask = (masks[here] ^ (1 << basic[here, row])) | (1 << idle[here, entering])
            place = _slot(table, mask)
            if table[place] == mask:
                continue
            if found == most:
                return -2
            table[place] = mask
            masks[found] = mask
            pivot = rows[row, entering]
            fresh = tableaux[found]
            for c in range(size + 1):
                fresh[row, c] = rows[row, c] / pivot
            fresh[row, entering] = 1.0 / pivot
            for r in range(count):
                if r == row:
                    continue
                factor = rows[r, entering]
                for c in range(size + 1):
                    fresh[r, c] = rows[r, c] - factor * fresh[row, c]
                fresh[r, entering] = -factor / pivot
            for r in range(count):
                basic[found, r] = basic[here, r]
            for c in range(size):
                idle[found, c] = idle[here, c]
            basic[found, row] = idle[here, entering]
            idle[found, entering] = basic[here, row]
            found += 1
        here += 1
    return found


@kernel
def join(
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
