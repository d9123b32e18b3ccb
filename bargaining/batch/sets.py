"""Many games of one shape at once: threads over chunks of compiled loops, the same bits for any number of threads and any chunk size.

Every game is solved by itself, so nothing depends on its neighbours. What the compiled solver leaves (constraints that bind exactly,
structures that never settle: a few in a thousand random games, more among small integers) goes one by one to the solver of single games.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.games import GameError, RepeatedGame, StageGame
from bargaining.games.stage import require_size
from bargaining.kernels.common_delta import EMPTY, SOLVED, solve_games
from bargaining.kernels.critical import critical_rates
from bargaining.payoff_set import PayoffSet
from bargaining.solvers.common_delta import MOST_SWEEPS
from bargaining.solvers.critical_delta import check_punishment, critical_delta
from bargaining.solvers.rate_ray import DELTA_MAX
from bargaining.solvers.repeated_set import MAX_ITER, check_options, general_set

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CHUNK = 1024


@dataclass(frozen=True, eq=False)
class EquilibriumSets:
    """Payoff sets of N games: set k has ``vertices[offsets[k]:offsets[k + 1]]``, counter-clockwise; none if it is empty.

    `status` holds the names of `Status`, `error_bound` bounds the Hausdorff distance to the truth in payoff units.
    """

    vertices: Floats
    offsets: Integers
    status: NDArray[np.str_]
    error_bound: Floats

    def __len__(self) -> int:
        return len(self.status)

    def __getitem__(self, k: int) -> PayoffSet:
        if not -len(self) <= k < len(self):
            raise IndexError(f"set {k} of {len(self)}")
        k %= len(self)
        return PayoffSet(self.vertices[self.offsets[k] : self.offsets[k + 1]])


@dataclass(frozen=True, eq=False)
class CriticalDeltas:
    """Critical discount factors of N games, each proven to lie in [lower, upper]; NaN `value` where not sustained up to ``delta_max``."""

    value: Floats
    lower: Floats
    upper: Floats
    status: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.status)


def equilibrium_sets(
    payoffs: ArrayLike,
    delta: ArrayLike,
    *,
    tol: float = 1e-6,
    max_iter: int = MAX_ITER,
    workers: int | None = None,
    chunk: int = CHUNK,
) -> EquilibriumSets:
    r"""V(δ) of many games with a common discount factor each; the twin of `equilibrium_set`.

    Parameters
    ----------
    payoffs : array_like, shape (N, 2, m, n)
        ``payoffs[k, player, a_us, a_cn]``.
    delta : array_like, shape () or (N,)
    tol : float
        Largest proven distance of the outer to the inner set, relative to the payoff span.
    max_iter : int
    workers : int, optional
        Threads; all cores by default.
    chunk : int
        Games a thread takes at a time.

    Raises
    ------
    GameError
        If shapes do not match, a payoff is not finite or a discount factor not strictly between 0 and 1; the index says where.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    >>> sets = bg.batch.equilibrium_sets([dilemma, dilemma], [0.1, 0.6])
    >>> sets.offsets.tolist(), sets.status.tolist(), sets[0].vertices.tolist()
    ([0, 1, 7], ['solved', 'solved'], [[1.0, 1.0]])
    """
    check_options(tol, max_iter)
    games = _games(payoffs)
    deltas = _deltas(delta, len(games))
    room = 4 * games.shape[2] * games.shape[3] + 8

    def solve(start: int, end: int) -> tuple[Floats, Integers, list[str], Floats]:
        size = end - start
        vertices = np.empty((size * room, 2))
        counts, codes, bounds = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int64), np.empty(size)
        solve_games(games[start:end], deltas[start:end], tol, min(max_iter, MOST_SWEEPS), vertices, counts, codes, bounds)
        settled = vertices[: int(counts.sum())].copy()
        names = ["solved" if code == SOLVED else "empty" for code in codes.tolist()]
        left = [k for k, code in enumerate(codes.tolist()) if code not in (SOLVED, EMPTY)]
        if not left:
            return settled, counts, names, bounds
        parts = np.split(settled, np.cumsum(counts)[:-1])
        for k in left:
            game = RepeatedGame(StageGame(payoffs=games[start + k]), float(deltas[start + k]))
            # What a single game tries first has just failed.
            solution = general_set(game, tol, max_iter)
            parts[k], counts[k] = solution.vertices, len(solution.vertices)
            names[k], bounds[k] = solution.status.name, solution.error_bound
        return np.concatenate(parts), counts, names, bounds

    results = list(_chunks(solve, len(games), workers, chunk))
    counts = np.concatenate([part[1] for part in results]) if results else np.empty(0, dtype=np.int64)
    return EquilibriumSets(
        vertices=np.concatenate([part[0] for part in results]) if results else np.empty((0, 2)),
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        status=np.array([name for part in results for name in part[2]], dtype="U12"),
        error_bound=np.concatenate([part[3] for part in results]) if results else np.empty(0),
    )


def critical_deltas(
    payoffs: ArrayLike,
    agreement: ArrayLike,
    punishment: str = "optimal",
    *,
    delta_max: float = DELTA_MAX,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
    workers: int | None = None,
    chunk: int = CHUNK // 4,
) -> CriticalDeltas:
    r"""Least common discount factor that sustains a profile for ever, in many games; the twin of `critical_delta`.

    Parameters
    ----------
    payoffs : array_like, shape (N, 2, m, n)
    agreement : array_like of int, shape (2,) or (N, 2)
        Positions of the actions.
    punishment, delta_max, tol, max_iter
        As in `critical_delta`.
    workers, chunk
        As in `equilibrium_sets`.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    >>> bg.batch.critical_deltas([dilemma], (0, 0)).value.round(9).tolist()
    [0.5]
    """
    check_options(tol, max_iter)
    check_punishment(punishment)
    if not 0.0 < delta_max < 1.0:
        raise ValueError(f"delta_max is {delta_max!r}: expected a number strictly between 0 and 1")
    games = _games(payoffs)
    pairs = _profiles(agreement, games)
    positions = pairs[:, 0] * games.shape[3] + pairs[:, 1]
    floor = (1.0 - delta_max) / delta_max

    def solve(start: int, end: int) -> tuple[Floats, Floats, list[str], Floats]:
        size = end - start
        low, high, solves = np.empty(size), np.empty(size), np.empty(size, dtype=np.int64)
        critical_rates(
            games[start:end], positions[start:end], punishment == "nash", floor, tol, min(max_iter, MOST_SWEEPS), low, high, solves
        )
        lower, upper = np.maximum(1.0 / (1.0 + high) - 1e-15, 0.0), np.minimum(1.0 / (1.0 + low) + 1e-15, 1.0)
        static, never = np.isinf(low), high < floor
        lower[static], upper[static], lower[never], upper[never] = 0.0, 0.0, delta_max, 1.0
        width = np.subtract(high, low, out=np.zeros(size), where=~static)
        closed = static | (width <= tol * high)
        value = np.where(never | (low < floor), np.nan, np.where(closed, lower, upper))
        names = ["solved" if done else "undecided" for done in (never | (closed & (low >= floor))).tolist()]
        for k in np.flatnonzero((solves < 0) | ~(never | closed)).tolist():
            stage = StageGame(payoffs=games[start + k])
            profile = int(pairs[start + k, 0]), int(pairs[start + k, 1])
            one = critical_delta(stage, profile, punishment, delta_max=delta_max, tol=tol, max_iter=max_iter)
            value[k], lower[k], upper[k], names[k] = one.value, one.lower, one.upper, one.status.name
        return value, lower, names, upper

    results = list(_chunks(solve, len(games), workers, chunk))
    value, lower, upper = (np.concatenate([part[k] for part in results]) if results else np.empty(0) for k in (0, 1, 3))
    return CriticalDeltas(value=value, lower=lower, upper=upper, status=np.array([n for part in results for n in part[2]], dtype="U12"))


def _chunks(solve: Callable[[int, int], Any], count: int, workers: int | None, chunk: int) -> Iterator[Any]:
    """Results of the chunks in their order; as many chunks are under way as there are threads."""
    for what, given in (("chunk", chunk), ("workers", 1 if workers is None else workers)):
        if isinstance(given, bool) or not isinstance(given, (int, np.integer)) or given < 1:
            raise ValueError(f"{what} is {given!r}: expected a positive whole number")
    starts = range(0, count, chunk)
    threads = min(workers or os.cpu_count() or 1, max(len(starts), 1))
    if threads == 1:
        yield from (solve(start, min(start + chunk, count)) for start in starts)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(solve, starts, [min(start + chunk, count) for start in starts])


def _games(payoffs: ArrayLike) -> Floats:
    try:
        games = np.ascontiguousarray(payoffs, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GameError(f"payoffs: expected an array of numbers of shape (N, 2, m, n) ({error})") from None
    if games.ndim != 4 or games.shape[1] != 2 or 0 in games.shape[2:]:
        raise GameError(f"payoffs have shape {games.shape}: expected (N, 2, m, n) with at least one action a side")
    wrong = np.argwhere(~np.isfinite(games))
    if len(wrong):
        where = ", ".join(map(str, wrong[0].tolist()))
        raise GameError(f"payoffs[{where}] is {games[tuple(wrong[0])]}: expected a finite number")
    require_size(games)
    # Kernels are compiled for arrays that can be written to; for others they would be compiled anew.
    return games if games.flags.writeable else games.copy()


def _deltas(delta: ArrayLike, count: int) -> Floats:
    try:
        given = np.asarray(delta, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GameError(f"delta: expected a number strictly between 0 and 1, or one for each game ({error})") from None
    if given.ndim > 1 or (given.ndim == 1 and len(given) != count):
        raise GameError(f"delta has shape {given.shape}: expected a number or one for each of {count} games")
    deltas = np.array(np.broadcast_to(given, (count,)))
    wrong = np.flatnonzero(~((deltas > 0.0) & (deltas < 1.0)))
    if len(wrong):
        raise GameError(f"delta[{int(wrong[0])}] is {deltas[wrong[0]]}: expected a number strictly between 0 and 1")
    return deltas


def _profiles(agreement: ArrayLike, games: Floats) -> Integers:
    given = np.asarray(agreement)
    if given.shape not in ((2,), (len(games), 2)) or not np.issubdtype(given.dtype, np.integer):
        raise GameError(f"agreement has shape {given.shape} and type {given.dtype}: expected positions, (2,) or ({len(games)}, 2)")
    pairs = np.broadcast_to(given, (len(games), 2)).astype(np.int64)
    wrong = np.argwhere((pairs < 0) | (pairs >= np.array(games.shape[2:])))
    if len(wrong):
        k, player = wrong[0].tolist()
        raise GameError(f"agreement[{k}] names action {pairs[k, player]} of player {player}, who has {games.shape[2 + player]}")
    return np.ascontiguousarray(pairs)
