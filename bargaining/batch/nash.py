"""Equilibria of many stage games of one shape: compiled enumeration on threads, degenerate games by the complete method."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.batch.sets import _chunks, _games
from bargaining.games import StageGame
from bargaining.kernels.small_games import solve_small_games
from bargaining.kernels.vertex_enumeration import solve_games
from bargaining.solvers.generic_equilibria import ILL_CONDITIONED, MOST_ACTIONS, most_bases
from bargaining.solvers.nash import nash_equilibria as equilibria_of_one
from bargaining.solvers.small_games import sign_tables

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Columns = tuple[Floats, Floats, Floats, Counts]

CHUNK = 4096
# Largest error of a weight; where it could be larger the game is solved by itself, to full precision.
PRECISION = 1e-10


@dataclass(frozen=True, eq=False)
class ManyNashEquilibria:
    """Equilibria of N games: those of game k are the rows ``offsets[k]`` to ``offsets[k + 1]`` of `x`, `y`, `regret` and `index`.

    For a game that is `degenerate` they are the extreme equilibria, and the index of one is 0 unless it is a component by itself:
    `nash_equilibria` tells the components. `status` holds names of `Status`.
    """

    x: Floats
    y: Floats
    offsets: NDArray[np.int64]
    regret: Floats
    index: NDArray[np.int64]
    degenerate: NDArray[np.bool_]
    status: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.status)


def nash_equilibria(payoffs: ArrayLike, *, workers: int | None = None, chunk: int = CHUNK) -> ManyNashEquilibria:
    r"""All (extreme) equilibria of many stage games; the twin of `nash_equilibria`.

    Up to 4 x 4 (and 2 x 6) equilibria are read off the signs of payoff differences and their minors, each proven against rounding; beyond,
    both best-response polytopes are enumerated. Weights are within 1e-10 up to 4 x 4. A game that is degenerate, or not clear in floats, is
    solved by `nash_equilibria`, in about a millisecond.

    Parameters
    ----------
    payoffs : array_like, shape (N, 2, m, n)
        ``payoffs[k, player, a_us, a_cn]``.
    workers : int, optional
        Threads; all cores by default. The numbers do not depend on it, nor on `chunk`.
    chunk : int
        Games a thread takes at a time.

    Raises
    ------
    GameError
        If shapes do not match or a payoff is not finite; the index says where.

    Examples
    --------
    >>> import bargaining as bg
    >>> chicken, zeros = [[[0, 7], [2, 6]], [[0, 2], [7, 6]]], [[[0, 0], [0, 0]], [[0, 0], [0, 0]]]
    >>> found = bg.batch.nash_equilibria([chicken, zeros])
    >>> found.offsets.tolist(), found.degenerate.tolist(), found.x[2].round(6).tolist()
    ([0, 3, 7], [False, True], [0.333333, 0.666667])
    """
    games = _games(payoffs).view()
    games.flags.writeable = False
    m, n = games.shape[2:]
    tables = sign_tables(m, n)
    flat = games.reshape(len(games), 2, m * n)
    most = most_bases(m, n)

    def solve(start: int, end: int) -> tuple[list[Columns], Counts, list[tuple[int, Columns, bool, str]]]:
        """Columns and counts of some games that are clear in floats, and what the complete method says of the others."""
        counts = np.full(end - start, -1, dtype=np.int64)
        pieces: list[Columns] = []
        room = max(2 * (end - start), 64) * min(m, n)
        done = start if m + n <= MOST_ACTIONS else end
        while done < end:
            x, y, regret, index = np.empty((room, m)), np.empty((room, n)), np.empty(room), np.empty(room, dtype=np.int64)
            if tables is not None:
                work = np.empty((2, sum(tables[0].shape[1:])))
                solved = solve_small_games(flat[done:end], *tables, PRECISION, x, y, index, regret, counts[done - start :], work)
            else:
                solved = solve_games(games[done:end], *most, ILL_CONDITIONED, x, y, index, regret, counts[done - start :])
            if solved == 0:
                room *= 4
                continue
            here = int(np.maximum(counts[done - start : done - start + solved], 0).sum())
            pieces.append((x[:here], y[:here], regret[:here], index[:here]))
            done += solved
        left = []
        for k in np.flatnonzero(counts < 0).tolist():
            one = equilibria_of_one(StageGame(payoffs=games[start + k]))
            own = np.zeros(len(one.profiles), dtype=np.int64)
            for part in one.components:
                if len(part.profiles) == 1:
                    own[part.profiles[0]] = part.index
            x, y = (np.array([profile[side] for profile in one.profiles]).reshape(-1, size) for side, size in ((0, m), (1, n)))
            left.append((start + k, (x, y, one.regret, own), bool(one.degenerate), one.status.name))
            counts[k] = len(one.profiles)
        return pieces, counts, left

    results = list(_chunks(solve, len(games), workers, chunk))
    counts = np.concatenate([np.empty(0, dtype=np.int64), *(part[1] for part in results)])
    none: Columns = np.empty((0, m)), np.empty((0, n)), np.empty(0), np.empty(0, dtype=np.int64)
    pieces = [none, *(piece for part in results for piece in part[0])]
    left = [one for part in results for one in part[2]]
    degenerate, status = np.zeros(len(games), dtype=np.bool_), np.full(len(games), "solved", dtype="U12")
    columns: list[NDArray[Any]] = [np.concatenate([piece[k] for piece in pieces]) for k in range(4)]
    if left:
        alone = np.zeros(len(games), dtype=np.bool_)
        for k, _, flag, name in left:
            alone[k], degenerate[k], status[k] = True, flag, name
        rows = np.repeat(alone, counts)
        for k, column in enumerate(columns):
            columns[k] = np.empty((len(rows), *column.shape[1:]), dtype=column.dtype)
            columns[k][~rows] = column
            columns[k][rows] = np.concatenate([one[1][k] for one in left])
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    x, y, regret, index = columns
    return ManyNashEquilibria(x, y, offsets, regret, index, degenerate, status)
