r"""Which signs make a pair of supports an equilibrium: tables for games so small that all these signs fit into one machine word.

For rows R and columns C of a side's payoffs, :math:`|R| = |C| + 1`, let :math:`\chi(R, C) = \det(A_{RC} \mid 1)`: payoff differences,
and minors of them. That a mixed action on the columns J makes the rows I (as many) its best responses, strictly better than all others,
is a matter of their signs: by Cramer's rule its weights are proportional to :math:`(-1)^{k-1-p} \chi(I, J \setminus j_p)`, k = \|J\|, and
a row r outside, the q-th of I and r together, earns less exactly if :math:`(-1)^{k-q} \chi(I \cup r, J)` has the sign of the weights.
That sign is the one of :math:`\det A_{IJ}` for positive payoffs, which makes the index.
"""

from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import compiled_for
from bargaining.kernels.small_games import solve_small_game

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
Integers = NDArray[np.int64]
# Unsigned, so that compiled code need not ask whether a position counts from the end.
Bytes = NDArray[np.uint8]

# Signs that fit into a signed machine word.
MOST_MINORS = 62
# Shapes beyond that many actions in all have too many minors for sign tables (or a side with one action, and nothing to gain).
MOST_SIGNED = 8

Minor = tuple[tuple[int, ...], tuple[int, ...]]


@cache
def sign_tables(m: int, n: int) -> tuple[Bytes, Integers, Bytes] | None:
    """Tables for `bargaining.kernels.small_games`: minors, signs, supports; None if the shape has too many minors.

    ``minors[side, k]`` is the number of columns of a minor, then how it is made: of two payoffs (positions in the flat joint matrix) if it
    is one column wide, else of pairs (difference, smaller minor). ``signs[k]`` is for either side the flips and
    the mask of the signs that the k-th pair of supports needs; ``supports[k]`` their size, then for each action played: the row, the
    column, and the minors that weigh the column and the row.
    """
    if m + n > MOST_SIGNED:
        return None
    sides = [_minors(m, n), _minors(n, m)]
    most = max(len(side) for side in sides)
    if most > MOST_MINORS:
        return None
    width = max((len(columns) for side in sides for _, columns in side), default=1)
    minors = np.zeros((2, most, 1 + 2 * width), dtype=np.uint8)
    for made_of, side, (down, right) in zip(minors, sides, ((n, 1), (1, n)), strict=True):
        for k, minor in enumerate(side):
            made = _made_of(minor, side, down, right)
            made_of[k, : len(made)] = made
    smaller = min(m, n)
    signs, supports = [], []
    for size in range(1, smaller + 1):
        for rows in combinations(range(m), size):
            for columns in combinations(range(n), size):
                flips_us, mask_us, weights_cn = _signs(rows, columns, m, sides[0])
                flips_cn, mask_cn, weights_us = _signs(columns, rows, n, sides[1])
                signs.append([flips_us, mask_us, flips_cn, mask_cn])
                played = [each for four in zip(rows, columns, weights_cn, weights_us, strict=True) for each in four]
                supports.append([size, *played, *[0] * 4 * (smaller - size)])
    tables = minors, np.array(signs, dtype=np.int64), np.array(supports, dtype=np.uint8)
    table: NDArray[Any]
    for table in tables:
        table.flags.writeable = False
    return tables


def _minors(rows: int, columns: int) -> dict[Minor, int]:
    """Number of every minor (R, C), narrow ones first."""
    found: dict[Minor, int] = {}
    for width in range(1, min(rows - 1, columns) + 1):
        for chosen in combinations(range(rows), width + 1):
            for some in combinations(range(columns), width):
                found[chosen, some] = len(found)
    return found


def _made_of(minor: Minor, number: dict[Minor, int], down: int, right: int) -> list[int]:
    """Width, then what a minor is computed from: expansion along its last column, the first row subtracted."""
    rows, columns = minor
    last = columns[-1]
    if len(columns) == 1:
        return [1, rows[0] * down + last * right, rows[1] * down + last * right]
    made = [len(columns)]
    for row in rows[1:]:
        made += [number[(rows[0], row), (last,)], number[tuple(r for r in rows if r != row), columns[:-1]]]
    return made


def _signs(rows: tuple[int, ...], columns: tuple[int, ...], count: int, number: dict[Minor, int]) -> tuple[int, int, list[int]]:
    """Flips and mask of the signs that have to agree for the columns to make exactly these rows best, and the minors that weigh them."""
    size = len(rows)
    flips, mask, weights = 0, 0, []
    for position, column in enumerate(columns):
        if size == 1:
            weights.append(0)
            continue
        minor = number[rows, tuple(c for c in columns if c != column)]
        weights.append(minor)
        mask |= 1 << minor
        flips |= ((size - 1 - position) % 2) << minor
    for row in set(range(count)) - set(rows):
        more = tuple(sorted((*rows, row)))
        minor = number[more, columns]
        mask |= 1 << minor
        flips |= ((size - more.index(row)) % 2) << minor
    return flips, mask, weights


class _Shape(NamedTuple):
    """What it takes to solve games of one shape: the kernel, its tables, the size of its answer and where in it profiles are."""

    solve: Callable[[Floats, Bytes, float, Floats], int]
    table: Bytes
    size: int
    places: tuple[tuple[slice, slice], ...]


_SHAPES: dict[tuple[int, ...], _Shape] = {}


def _prepared(payoffs: Floats) -> _Shape | None:
    """Prepare for games of the shape of one; None if they are too large."""
    m, n = payoffs.shape[1:]
    tables = sign_tables(m, n)
    if tables is None:
        return None
    minors, signs, supports = tables
    room = len(signs)
    head = np.array([*minors.shape[1:], *supports.shape, 0, 0, 0, 0], dtype=np.uint8)
    fill = np.zeros(-minors.size % 8, dtype=np.uint8)
    table = np.concatenate([head, minors.ravel(), fill, signs.ravel().view(np.uint8), supports.ravel()])
    size = room * (m + n + 2) + 1 + 2 * sum(minors.shape[1:])
    places = tuple((slice(k * m, k * m + m), slice(room * m + k * n, room * m + k * n + n)) for k in range(room))
    _SHAPES[payoffs.shape] = _Shape(compiled_for(solve_small_game, payoffs, table, 1.0, np.empty(size)), table, size, places)
    return _SHAPES[payoffs.shape]


def small_equilibria(payoffs: Floats, tol: float) -> tuple[tuple[Pair, ...], Floats] | None:
    """All equilibria of a game that is not degenerate, if nobody gains more than `tol` by leaving one, and what `measured` reads.

    None if the game is, or may be, degenerate, or is too large. This takes two microseconds: nothing is done twice, or before it is read.
    """
    shape = _SHAPES.get(payoffs.shape) or _prepared(payoffs)
    if shape is None:
        return None
    solve, table, size, places = shape
    answer = np.empty(size)
    number = solve(payoffs, table, tol, answer)
    if number <= 0:
        return None
    answer.setflags(False)  # type: ignore[call-arg]  # by position: by name it takes twice as long
    if number == 1:
        x, y = places[0]
        return ((answer[x], answer[y]),), answer
    return tuple([(answer[x], answer[y]) for x, y in places[:number]]), answer


def measured(shape: tuple[int, ...], answer: Floats) -> tuple[tuple[Pair, ...], list[int], Floats]:
    """Equilibria that `small_equilibria` found, their indices and regrets."""
    places = _SHAPES[shape].places
    room = len(places)
    regrets = room * (shape[1] + shape[2])
    indices = answer[regrets + room : regrets + 2 * room + 1].view(np.int64)
    number = int(indices[room])
    profiles = tuple((answer[x], answer[y]) for x, y in places[:number])
    return profiles, indices[:number].tolist(), answer[regrets : regrets + number]
