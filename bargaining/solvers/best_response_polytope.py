r"""Vertices of best-response polytopes by lexicographic pivoting, in integers.

A best-response polytope :math:`\{z \ge 0 : C z \le 1\}`, C positive, holds one side's mixed actions up to scale: where a constraint
binds, the other side's action is a best response; where a coordinate is 0, the own action is idle. Perturbing the right-hand sides to
:math:`1 + \varepsilon^j` (j-th constraint, ε infinitesimal) makes it simple without losing a vertex, and comes to a perturbation of
payoffs; its bases are those that are feasible *lexicographically* (Charnes 1952). They are visited by pivoting from each to all its
neighbours, on integer tableaux with a common denominator (Edmonds 1967; von Stengel 2002).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

Integers = list[list[int]]
Mixed = tuple[Fraction, ...]
Basis = tuple[int, int]


@dataclass(frozen=True)
class Vertex:
    """A vertex but the origin, as a mixed action.

    `idle` and `best` are bit masks: actions unplayed, and constraints that bind (best responses of the other side). `bases` are the
    lexicographically feasible bases there: masks of the actions that the perturbed vertex plays and of the constraints that bind on it.
    """

    strategy: Mixed
    idle: int
    best: int
    bases: tuple[Basis, ...]


def vertices(constraints: Integers, most_bases: int) -> list[Vertex] | None:
    """All vertices of {z ≥ 0, C z ≤ 1} but the origin, C positive; None if it has more than `most_bases` bases."""
    count, size = len(constraints), len(constraints[0])
    # Columns: z, then one slack a constraint, then the right-hand side. Rows: one a constraint. All over the denominator.
    start = [[*row, *(int(j == k) for k in range(count)), 1] for j, row in enumerate(constraints)]
    basis = [size + j for j in range(count)]
    seen = {_mask(basis)}
    waiting = [(start, basis, 1)]
    found: dict[Mixed, tuple[int, int, list[Basis]]] = {}
    while waiting:
        rows, basis, denominator = waiting.pop()
        basic = _mask(basis)
        if basic >> size != (1 << count) - 1:
            strategy, best = _point(rows, basis, denominator, size, constraints)
            idle = sum(1 << i for i, weight in enumerate(strategy) if not weight)
            tight = ((1 << count) - 1) & ~(basic >> size)
            found.setdefault(strategy, (idle, best, []))[2].append((basic & ((1 << size) - 1), tight))
        for entering in range(size + count):
            if basic >> entering & 1:
                continue
            row = _leaving(rows, entering, size)
            fresh = basic & ~(1 << basis[row]) | 1 << entering
            if fresh in seen:
                continue
            seen.add(fresh)
            if len(seen) > most_bases:
                return None
            waiting.append((_pivoted(rows, row, entering, denominator), [*basis[:row], entering, *basis[row + 1 :]], rows[row][entering]))
    return [Vertex(strategy, idle, best, tuple(sorted(bases))) for strategy, (idle, best, bases) in found.items()]


def _mask(basis: Sequence[int]) -> int:
    return sum(1 << variable for variable in basis)


def _point(rows: Integers, basis: list[int], denominator: int, size: int, constraints: Integers) -> tuple[Mixed, int]:
    """The vertex of a basis as a mixed action, and the constraints that bind on it."""
    weights = [0] * size
    tight = (1 << len(constraints)) - 1
    for row, variable in zip(rows, basis, strict=True):
        if variable < size:
            weights[variable] = row[-1]
        elif row[-1]:
            tight &= ~(1 << variable - size)
    total = sum(weights)
    return tuple(Fraction(weight, total) for weight in weights), tight


def _leaving(rows: Integers, entering: int, size: int) -> int:
    """Row of the variable that leaves: the least ratio, ties broken by the perturbation of the constraints in their order."""
    tied: list[int] = []
    top, bottom = 0, 0
    for r, row in enumerate(rows):
        pivot = row[entering]
        if pivot <= 0:
            continue
        sign = row[-1] * bottom - top * pivot if tied else -1
        if sign < 0:
            tied, top, bottom = [r], row[-1], pivot
        elif sign == 0:
            tied.append(r)
    column = size
    while len(tied) > 1:
        least = tied[:1]
        for r in tied[1:]:
            best = rows[least[0]]
            sign = rows[r][column] * best[entering] - best[column] * rows[r][entering]
            if sign < 0:
                least = [r]
            elif sign == 0:
                least.append(r)
        tied = least
        column += 1
    return tied[0]


def _pivoted(rows: Integers, pivot_row: int, entering: int, denominator: int) -> Integers:
    """The tableau of the neighbouring basis, over the pivot as its denominator."""
    head = rows[pivot_row]
    pivot = head[entering]
    moved = []
    for r, row in enumerate(rows):
        factor = row[entering]
        if r == pivot_row:
            moved.append(head)
        elif factor:
            moved.append([(pivot * u - factor * v) // denominator for u, v in zip(row, head, strict=True)])
        elif pivot != denominator:
            moved.append([pivot * u // denominator for u in row])
        else:
            moved.append(row)
    return moved


def positive_integers(matrix: Sequence[Sequence[Fraction]]) -> Integers:
    """A positive affine image of a payoff matrix in positive integers, exactly."""
    low = min(min(row) for row in matrix)
    scale = math.lcm(*(u.denominator for row in matrix for u in row))
    whole = [[int((u - low) * scale) for u in row] for row in matrix]
    common = math.gcd(*(u for row in whole for u in row)) or 1
    return [[u // common + 1 for u in row] for row in whole]


def determinant_sign(matrix: Sequence[Sequence[int]]) -> int:
    """Sign of an integer matrix's determinant, by fraction-free elimination (Bareiss 1968)."""
    rows = [list(row) for row in matrix]
    sign, previous = 1, 1
    for k in range(len(rows)):
        pivot = next((r for r in range(k, len(rows)) if rows[r][k]), None)
        if pivot is None:
            return 0
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            sign = -sign
        head = rows[k]
        for r in range(k + 1, len(rows)):
            factor = rows[r][k]
            rows[r] = [(head[k] * u - factor * v) // previous for u, v in zip(rows[r], head, strict=True)]
        previous = head[k]
    return sign if previous > 0 else -sign
