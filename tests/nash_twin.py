"""All extreme equilibria by brute force: every pair of an action set and a set of tight constraints of one size, in fractions.

Shares no code with the package; slow, and hard to get wrong.
"""

from fractions import Fraction
from itertools import combinations


def extreme_equilibria(A, B):
    """Pairs of mixed actions (tuples of Fraction) of the game with payoff matrices A, B (rows are the U.S. actions)."""
    A, B = _positive(A), _positive(B)
    rows = _vertices([list(column) for column in zip(*B, strict=True)])
    columns = _vertices(A)
    m, n = len(A), len(A[0])
    found = []
    for x, best_cn in rows:
        for y, best_us in columns:
            if all(x[i] == 0 or i in best_us for i in range(m)) and all(y[j] == 0 or j in best_cn for j in range(n)):
                found.append((x, y))
    return found


def components(pairs):
    """Positions of the pairs in groups connected by a common action of either side."""
    group = list(range(len(pairs)))
    for k, (x, y) in enumerate(pairs):
        for j, (u, v) in enumerate(pairs[:k]):
            if x == u or y == v:
                old, new = group[k], group[j]
                group = [new if g == old else g for g in group]
    return {frozenset(k for k, g in enumerate(group) if g == one) for one in set(group)}


def _positive(matrix):
    low = min(min(row) for row in matrix)
    return [[Fraction(u) - low + 1 for u in row] for row in matrix]


def _vertices(constraints):
    """Vertices of {z >= 0, C z <= 1} but the origin, as mixed actions with the constraints that bind."""
    count, size = len(constraints), len(constraints[0])
    found = {}
    for width in range(1, min(count, size) + 1):
        for support in combinations(range(size), width):
            for tight in combinations(range(count), width):
                weights = _solve([[constraints[j][i] for i in support] for j in tight])
                if weights is None or min(weights) < 0:
                    continue
                z = [Fraction(0)] * size
                for i, w in zip(support, weights, strict=True):
                    z[i] = w
                loads = [sum(c * w for c, w in zip(row, z, strict=True)) for row in constraints]
                if max(loads) <= 1:
                    found[tuple(w / sum(z) for w in z)] = {j for j, load in enumerate(loads) if load == 1}
    return list(found.items())


def _solve(matrix):
    size = len(matrix)
    rows = [[*row, Fraction(1)] for row in matrix]
    for k in range(size):
        pivot = next((r for r in range(k, size) if rows[r][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [u / rows[k][k] for u in rows[k]]
        for r in range(size):
            if r != k:
                rows[r] = [u - rows[r][k] * v for u, v in zip(rows[r], rows[k], strict=True)]
    return [row[-1] for row in rows]
