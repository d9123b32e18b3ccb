r"""All extreme equilibria in fractions: vertices of both best-response polytopes, joined by their labels; and supports solved exactly."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import NashComponent
from bargaining.games import StageGame
from bargaining.solvers.best_response_polytope import Integers, Mixed, Vertex, determinant_sign, positive_integers, vertices
from bargaining.solvers.components import components

Floats = NDArray[np.float64]

# Bases of one polytope that are enumerated in integers (12 x 12: 5,000, two seconds), and entries of all its tableaux together.
MOST_BASES = 20_000
MOST_ENTRIES = 6_000_000
# Beyond that many actions masks do not fit into a machine word.
MOST_MASKED = 60

Extreme = tuple[list[tuple[Mixed, Mixed]], tuple[NashComponent, ...], bool]


def extreme_equilibria(stage: StageGame) -> Extreme | None:
    """All extreme equilibria, their components, and whether the game is degenerate; None if it is too large."""
    payoffs = stage.exact_payoffs
    first, second = positive_integers(payoffs[0].tolist()), positive_integers(payoffs[1].tolist())
    m, n = stage.shape
    most = min(MOST_BASES, MOST_ENTRIES // (max(m, n) * (m + n + 1)))
    rows = vertices([list(column) for column in zip(*second, strict=True)], most)
    columns = vertices(first, most) if rows is not None else None
    if rows is None or columns is None:
        return None
    degenerate = any(v.idle.bit_count() + v.best.bit_count() > m for v in rows)
    degenerate = degenerate or any(v.idle.bit_count() + v.best.bit_count() > n for v in columns)
    pairs = _labelled(rows, columns, m, n)
    pairs.sort(key=lambda pair: support_order(rows[pair[0]].strategy, columns[pair[1]].strategy))
    index = _indices(first, second, rows, columns)
    parts = components(pairs, [index.get(pair, 0) for pair in pairs])
    return [(rows[v].strategy, columns[w].strategy) for v, w in pairs], parts, degenerate


def _labelled(rows: Sequence[Vertex], columns: Sequence[Vertex], m: int, n: int) -> list[tuple[int, int]]:
    """Pairs of vertices that have all labels between them: every action is idle or a best response."""
    needed = [((1 << m) - 1) & ~v.idle for v in rows], [((1 << n) - 1) & ~v.best for v in rows]
    best, idle = [w.best for w in columns], [w.idle for w in columns]
    if m > MOST_MASKED or n > MOST_MASKED:
        every = range(len(columns))
        return [(v, w) for v in range(len(rows)) for w in every if not needed[0][v] & ~best[w] and not needed[1][v] & ~idle[w]]
    best_us, idle_cn = np.array(best, dtype=np.int64), np.array(idle, dtype=np.int64)
    found = []
    for v in range(len(rows)):
        there = np.flatnonzero(((needed[0][v] & ~best_us) | (needed[1][v] & ~idle_cn)) == 0)
        found += [(v, int(w)) for w in there]
    return found


def _indices(first: Integers, second: Integers, rows: Sequence[Vertex], columns: Sequence[Vertex]) -> dict[tuple[int, int], int]:
    """Sum of the indices of the equilibria of the perturbed game at each pair of vertices."""
    home = {(best, played): w for w, vertex in enumerate(columns) for played, best in vertex.bases}
    found: dict[tuple[int, int], int] = {}
    for v, vertex in enumerate(rows):
        for played, best in vertex.bases:
            w = home.get((played, best))
            if w is None:
                continue
            rows_played = [i for i in range(len(first)) if played >> i & 1]
            columns_played = [j for j in range(len(first[0])) if best >> j & 1]
            signs = [determinant_sign([[matrix[i][j] for j in columns_played] for i in rows_played]) for matrix in (first, second)]
            sign = signs[0] * signs[1] * (1 if len(rows_played) % 2 else -1)
            found[v, w] = found.get((v, w), 0) + sign
    return found


def resolved(stage: StageGame, profiles: Sequence[tuple[Floats, Floats]]) -> list[tuple[Mixed, Mixed]]:
    """Equilibria of a generic game in fractions, from their supports: both sides' indifference, solved exactly."""
    payoffs = stage.exact_payoffs
    found = []
    for x, y in profiles:
        us, cn = np.flatnonzero(x).tolist(), np.flatnonzero(y).tolist()
        own = _indifferent([[payoffs[1][i, j] for i in us] for j in cn])
        other = _indifferent([[payoffs[0][i, j] for j in cn] for i in us])
        weights_us, weights_cn = dict(zip(us, own, strict=True)), dict(zip(cn, other, strict=True))
        zero = Fraction(0)
        found.append((tuple(weights_us.get(i, zero) for i in range(len(x))), tuple(weights_cn.get(j, zero) for j in range(len(y)))))
    return found


def _indifferent(rows: list[list[Fraction]]) -> list[Fraction]:
    """Weights that add up to 1 and give all rows one value: Gauss elimination of rows[r] - rows[0], and of the sum."""
    size = len(rows[0])
    system = [[u - v for u, v in zip(row, rows[0], strict=True)] + [Fraction(0)] for row in rows[1:]]
    system.append([Fraction(1)] * size + [Fraction(1)])
    for k in range(size):
        pivot = next((r for r in range(k, len(system)) if system[r][k]), None)
        if pivot is None:
            raise ArithmeticError("a support that floats tell to be generic is degenerate: please report this game")
        system[k], system[pivot] = system[pivot], system[k]
        head = [u / system[k][k] for u in system[k]]
        system = [head if r == k else [u - row[k] * v for u, v in zip(row, head, strict=True)] for r, row in enumerate(system)]
    return [system[k][size] for k in range(size)]


def earned(stage: StageGame, x: Mixed, y: Mixed) -> tuple[Fraction, Fraction]:
    """Expected payoffs, exact."""
    payoffs = stage.exact_payoffs
    played = [(a, b, p * q) for a, p in enumerate(x) if p for b, q in enumerate(y) if q]
    first, second = (sum((w * payoffs[player][a, b] for a, b, w in played), Fraction(0)) for player in (0, 1))
    return first, second


def gains(stage: StageGame, x: Mixed, y: Mixed) -> tuple[Fraction, Fraction]:
    """What each side gains by its best deviation, exact."""
    payoffs = stage.exact_payoffs
    us = [sum((q * u for q, u in zip(y, row, strict=True) if q), Fraction(0)) for row in payoffs[0].tolist()]
    cn = [sum((p * u for p, u in zip(x, column, strict=True) if p), Fraction(0)) for column in payoffs[1].T.tolist()]
    return (
        max(us) - sum((p * u for p, u in zip(x, us, strict=True)), Fraction(0)),
        max(cn) - sum((q * u for q, u in zip(y, cn, strict=True)), Fraction(0)),
    )


def support_order(x: Sequence[Any], y: Sequence[Any]) -> tuple[Any, ...]:
    """Small supports first, then by actions."""
    return max(sum(w > 0 for w in x), sum(w > 0 for w in y)), [-w for w in x], [-w for w in y]
