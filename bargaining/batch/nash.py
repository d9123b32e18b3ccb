"""Equilibria of many stage games of one shape: compiled support enumeration on threads, degenerate games by the complete method."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.batch.sets import _chunks, _games
from bargaining.games import StageGame
from bargaining.kernels.support_enumeration import solve_games
from bargaining.solvers.nash import nash_equilibria as equilibria_of_one

Floats = NDArray[np.float64]

CHUNK = 4096


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
    games = _games(payoffs)
    m, n = games.shape[2:]

    def solve(start: int, end: int) -> list[NDArray[np.generic]]:
        """x, y, counts, regret, index, degenerate, status of some games."""
        left = np.arange(start, end)
        pieces: list[tuple[Floats, Floats, Floats, NDArray[np.int64]]] = []
        counts = np.empty(end - start, dtype=np.int64)
        room = max(2 * (end - start), 64) * min(m, n)
        done = start
        while done < end or not pieces:
            x, y = np.empty((room, m)), np.empty((room, n))
            index, regret = np.empty(room, dtype=np.int64), np.empty(room)
            solved = solve_games(games[done:end], x, y, counts[done - start :], index, regret)
            if solved == 0 and done < end:
                room *= 4
                continue
            here = int(np.maximum(counts[done - start : done - start + solved], 0).sum())
            pieces.append((x[:here], y[:here], regret[:here], index[:here]))
            done += solved
        x, y, regret, index = (np.concatenate([piece[k] for piece in pieces]) for k in range(4))
        degenerate, status = np.zeros(len(left), dtype=np.bool_), np.full(len(left), "solved", dtype="U12")
        unsolved = np.flatnonzero(counts < 0)
        if not len(unsolved):
            return [x, y, counts, regret, index, degenerate, status]
        cuts = np.concatenate([[0], np.cumsum(np.maximum(counts, 0))])
        parts = [[column[cuts[k] : cuts[k + 1]] for k in range(len(left))] for column in (x, y, regret, index)]
        for k in unsolved.tolist():
            one = equilibria_of_one(StageGame(payoffs=games[start + k]))
            own = np.zeros(len(one.profiles), dtype=np.int64)
            for part in one.components:
                if len(part.profiles) == 1:
                    own[part.profiles[0]] = part.index
            parts[0][k] = np.array([profile[0] for profile in one.profiles]).reshape(-1, m)
            parts[1][k] = np.array([profile[1] for profile in one.profiles]).reshape(-1, n)
            parts[2][k], parts[3][k] = one.regret, own
            counts[k], degenerate[k], status[k] = len(one.profiles), bool(one.degenerate), one.status.name
        return [
            np.concatenate(parts[0]),
            np.concatenate(parts[1]),
            counts,
            *(np.concatenate(part) for part in parts[2:]),
            degenerate,
            status,
        ]

    results = list(_chunks(solve, len(games), workers, chunk)) or [solve(0, 0)]
    x, y, counts, regret, index, degenerate, status = (np.concatenate([part[k] for part in results]) for k in range(7))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return ManyNashEquilibria(x, y, offsets, regret, index, degenerate, status)
