"""Payoff sets of many stochastic games of one shape: threads over chunks, the same bits for any number of threads and any chunk size.

Games in decimals of up to seven digits are read and solved by compiled code, which threads run side by side. Others, those that the
compiled solver leaves, and those in which some state's set is a point go one by one to the solver of single games.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.batch.sets import CHUNK, _chunks, _deltas
from bargaining.games import GameError, StochasticGame
from bargaining.kernels.decimal_game import decimal_game
from bargaining.kernels.stochastic_common import settle_game
from bargaining.kernels.stochastic_limit import MOST_SPENT, TRIES
from bargaining.payoff_set import PayoffSet
from bargaining.solvers.repeated_set import MAX_ITER, check_options
from bargaining.solvers.stochastic_set import stochastic_set

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StochasticSets:
    """Payoff sets of N games with S states: game k's in state s has ``vertices[offsets[k * S + s]:offsets[k * S + s + 1]]``.

    Vertices run counter-clockwise; there are none where the set is empty. `status` (N,) holds the names of `Status`, `error_bound` (N,)
    bounds the Hausdorff distance to the truth in any state, in payoff units. ``sets[k, s]`` is a `PayoffSet`.
    """

    vertices: Floats
    offsets: Integers
    status: NDArray[np.str_]
    error_bound: Floats
    states: int

    def __len__(self) -> int:
        return len(self.status)

    def __getitem__(self, place: tuple[int, int]) -> PayoffSet:
        k, s = place
        if not (-len(self) <= k < len(self) and -self.states <= s < self.states):
            raise IndexError(f"set {place} of {len(self)} games with {self.states} states")
        row = k % len(self) * self.states + s % self.states
        return PayoffSet(self.vertices[self.offsets[row] : self.offsets[row + 1]])


def stochastic_sets(
    payoffs: ArrayLike,
    transitions: ArrayLike,
    delta: ArrayLike,
    *,
    tol: float = 1e-6,
    max_iter: int = MAX_ITER,
    workers: int | None = None,
    chunk: int = CHUNK // 16,
) -> StochasticSets:
    r"""V_s(δ) of many stochastic games with a common discount factor each; the twin of `equilibrium_set`, bit for bit.

    Parameters
    ----------
    payoffs : array_like, shape (N, S, 2, m, n)
        ``payoffs[k, s, player, a_us, a_cn]``.
    transitions : array_like, shape (N, S, m, n, S), or (S, m, n, S) for all games
        ``transitions[k, s, a_us, a_cn, next]``; numbers stand for their decimals, as in `StochasticGame`.
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
        If shapes do not match, a number is not finite, probabilities do not sum to one or a discount factor is not strictly between 0 and
        1; the position of the game says where.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    >>> stay = [[[[1, 0]] * 2] * 2, [[[0, 1]] * 2] * 2]
    >>> sets = bg.batch.stochastic_sets([[dilemma, dilemma]] * 2, stay, [0.1, 0.6])
    >>> sets.offsets.tolist(), sets.status.tolist(), sets[0, 1].vertices.tolist()
    ([0, 1, 2, 6, 10], ['solved', 'solved'], [[1.0, 1.0]])
    """
    check_options(tol, max_iter)
    games, rows = _arrays(payoffs, transitions)
    count, states = games.shape[:2]
    deltas = _deltas(delta, count)

    def solve(start: int, end: int) -> list[tuple[Floats, list[int], str, float]]:
        found = []
        # Copies of their own: compiled code takes arrays that can be written to.
        for k, own, law in zip(range(start, end), np.array(games[start:end]), np.array(rows[start:end]), strict=True):
            read, flat, frame = decimal_game(own, law, deltas[k])
            if read:
                settled = settle_game(flat, frame, tol, max_iter, TRIES, MOST_SPENT)
                # Points are solved for in exact arithmetic.
                if settled.found and not settled.exact.any():
                    name = "solved" if settled.gap <= tol else "inner_only"
                    ends = settled.stated.ends
                    found.append((settled.stated.vertices, (ends[1:] - ends[:-1]).tolist(), name, settled.error_bound))
                    continue
            try:
                solution = stochastic_set(StochasticGame(list(own), list(law), float(deltas[k])), tol, max_iter)
            except GameError as error:
                raise GameError(f"game {k}: {error}") from None
            sets = [one.vertices for one in solution.payoff_sets]
            found.append((np.concatenate(sets), [len(one) for one in sets], solution.status.name, solution.error_bound))
        return found

    results = [one for part in _chunks(solve, count, workers, chunk) for one in part]
    return StochasticSets(
        vertices=np.concatenate([one[0] for one in results]) if results else np.empty((0, 2)),
        offsets=np.cumsum([0, *(size for one in results for size in one[1])]).astype(np.int64),
        status=np.array([one[2] for one in results], dtype="U12"),
        error_bound=np.array([one[3] for one in results]),
        states=states,
    )


def _arrays(payoffs: ArrayLike, transitions: ArrayLike) -> tuple[Floats, Floats]:
    arrays = []
    for name, given, shape in (("payoffs", payoffs, "(N, S, 2, m, n)"), ("transitions", transitions, "(N, S, m, n, S)")):
        try:
            arrays.append(np.ascontiguousarray(given, dtype=np.float64))
        except (TypeError, ValueError) as error:
            raise GameError(f"{name}: expected an array of numbers of shape {shape} ({error})") from None
    games, rows = arrays
    if games.ndim != 5 or games.shape[2] != 2 or 0 in games.shape[1:]:
        raise GameError(f"payoffs have shape {games.shape}: expected (N, S, 2, m, n) with at least one state and one action a side")
    count, states, _, m, n = games.shape
    if rows.shape not in ((count, states, m, n, states), (states, m, n, states)):
        raise GameError(f"transitions have shape {rows.shape}: expected ({count}, {states}, {m}, {n}, {states}), or that of one game")
    return games, np.broadcast_to(rows, (count, states, m, n, states))
