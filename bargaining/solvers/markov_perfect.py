r"""Markov-perfect equilibria: strategies that look at the state and at nothing else.

A stationary profile is an equilibrium if in no state a one-shot deviation gains, tomorrow's values being those of the profile itself
(Maskin and Tirole 2001). There may be many, and nothing says which is played: what is returned is all that were found.
"""

import itertools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.state import MarkovEquilibrium, MarkovPerfect
from bargaining.games import GameError, StochasticGame
from bargaining.solution import Status
from bargaining.solvers.markov_mixed import FEW_STEPS, Arrays, Profile, newton, starts_of, swapped
from bargaining.solvers.markov_pure import pure_markov_equilibria

Floats = NDArray[np.float64]

METHODS = ("auto", "pure", "mixed")
MAX_ITER = 2_000
# Starts for mixed equilibria unless said otherwise: fewer in large games, in which each costs the cube of the unknowns.
MOST_STARTS, FEWEST_STARTS, WORK = 128, 4, 10**9
# Newton's method solves dense systems of this many unknowns at most.
MOST_UNKNOWNS = 1_500
# Two equilibria whose probabilities differ by no more than this are one.
SAME = 1e-6
# From an equilibrium with ties so many variants with another tied action are tried.
MOST_SWAPS = 24


def markov_perfect(
    game: StochasticGame,
    *,
    method: str = "auto",
    starts: int | None = None,
    seed: int = 0,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> MarkovPerfect:
    r"""Stationary Markov-perfect equilibria of a stochastic game: all that are found, never "the" one.

    Pure equilibria are enumerated by branch and bound: if the search ends within `max_iter` boxes, all are found. Mixed ones are looked
    for from many starts by Newton's method on the equilibrium conditions; others may exist.

    Parameters
    ----------
    game : StochasticGame
    method : {"auto", "pure", "mixed"}
        ``auto`` does both.
    starts : int, optional
        Starts for mixed equilibria; by default 128, fewer in a large game.
    seed : int
        Of the starts: the same seed gives the same answer.
    tol : float
        Largest one-shot gain, relative to each player's payoff span, at which a profile counts as an equilibrium.
    max_iter : int
        Boxes of values looked at in the search for pure equilibria.

    Returns
    -------
    MarkovPerfect
        Pure equilibria first. `status` is `solved` (or `empty`) if only pure ones were asked for and the search ended; else `inner_only`,
        with infinite `error_bound`: every profile listed is an equilibrium, but others may exist.

    Raises
    ------
    GameError
        If `game` is not a StochasticGame, `method` is unknown, a number is out of range, or the game is too large for ``mixed``.

    References
    ----------
    Maskin, E., Tirole, J. (2001), Markov perfect equilibrium, I: Observable actions, Journal of Economic Theory 100.

    Examples
    --------
    In a truce that lapses for good with probability 3/10 both sides cheat: only history, not the state, could deter them.

    >>> import bargaining as bg
    >>> truce = bg.StochasticGame(
    ...     payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...     transitions=[[[[0.7, 0.3]] * 2] * 2, [[[0, 1]]]],
    ...     delta=0.9, states=["truce", "lapse"])
    >>> found = bg.markov_perfect(truce, method="pure")
    >>> found.status.name, [each.plan() for each in found], found.equilibria[0].values.tolist()
    ('solved', [((1, 1), (0, 0))], [[1.0, 1.0], [1.0, 1.0]])
    """
    _check(game, method, starts, tol, max_iter)
    unknowns = sum(sum(stage.shape) for stage in game.stages) + 2 * len(game)
    if starts is None:
        starts = max(FEWEST_STARTS, min(MOST_STARTS, WORK // unknowns**3))
    equilibria: list[MarkovEquilibrium] = []
    counts: list[int] = []
    complete, boxes = False, 0
    if method != "mixed":
        found, complete, boxes = pure_markov_equilibria(game, max_iter)
        for plan, values in found:
            strategies = tuple(
                (_unit(stage.shape[0], a), _unit(stage.shape[1], b)) for stage, (a, b) in zip(game.stages, plan, strict=True)
            )
            equilibria.append(MarkovEquilibrium(strategies, values, 0.0))
            counts.append(0)
    if method == "mixed" and unknowns > MOST_UNKNOWNS:
        raise GameError(f"method 'mixed': the game has {unknowns} unknowns, more than {MOST_UNKNOWNS}; expected 'pure' or 'auto'")
    searched = method != "pure" and unknowns <= MOST_UNKNOWNS
    if searched:
        _add_mixed(game, equilibria, counts, starts, seed, tol)
    proven = method == "pure" and complete
    return MarkovPerfect(
        status=(Status.solved if equilibria else Status.empty) if proven else Status.inner_only,
        error_bound=0.0 if proven else math.inf,
        iterations=boxes,
        method=_words(method, complete, searched, starts),
        options={"method": method, "starts": starts, "seed": seed, "tol": tol, "max_iter": max_iter},
        game=game,
        equilibria=tuple(equilibria),
        pure_complete=complete,
        starts=tuple(counts),
    )


def _check(game: Any, method: str, starts: int | None, tol: float, max_iter: int) -> None:
    if not isinstance(game, StochasticGame):
        raise GameError(f"game is a {type(game).__name__}: expected a StochasticGame")
    if method not in METHODS:
        raise GameError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    for name, value in (("starts", 1 if starts is None else starts), ("max_iter", max_iter)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise GameError(f"{name} is {value!r}: expected a positive integer")


def _words(method: str, complete: bool, searched: bool, starts: int) -> str:
    parts = []
    if method != "mixed":
        parts.append("branch and bound on boxes of values: " + ("all pure equilibria" if complete else "pure equilibria, perhaps not all"))
    if searched:
        parts.append(f"Newton's method from {starts} starts: mixed equilibria, others may exist")
    elif method == "auto":
        parts.append("the game is too large to look for mixed ones")
    return "; ".join(parts)


def _unit(size: int, action: int) -> Floats:
    mix = np.zeros(size)
    mix[action] = 1.0
    mix.flags.writeable = False
    return mix


def _add_mixed(game: StochasticGame, equilibria: list[MarkovEquilibrium], counts: list[int], starts: int, seed: int, tol: float) -> None:
    """Add what is not there yet, with the number of starts that led to each."""
    arrays = Arrays.of(game)
    known = [_padded(arrays, each) for each in equilibria]

    def place(profile: Profile) -> int | None:
        x, y = profile
        return next((k for k, (u, v) in enumerate(known) if max(np.abs(u - x).max(), np.abs(v - y).max()) <= SAME), None)

    for start in starts_of(arrays, starts, seed):
        waiting = [newton(arrays, start, tol)]
        for profile in waiting:
            if profile is None:
                continue
            same = place(profile)
            if same is None:
                profile = _thinned(arrays, profile, tol)  # noqa: PLW2901
                same = place(profile)
            if same is not None:
                counts[same] += 1
                continue
            known.append(profile)
            counts.append(1)
            equilibria.append(_equilibrium(game, arrays, *profile))
            if len(waiting) == 1:
                waiting += [newton(arrays, other, tol, FEW_STEPS) for other in itertools.islice(swapped(arrays, profile), MOST_SWAPS)]


def _padded(arrays: Arrays, found: MarkovEquilibrium) -> Profile:
    x, y = np.zeros(arrays.us.shape), np.zeros(arrays.cn.shape)
    for state, (first, second) in enumerate(found.strategies):
        x[state, : len(first)], y[state, : len(second)] = first, second
    return x, y


def _thinned(arrays: Arrays, profile: Profile, tol: float) -> Profile:
    """An equilibrium of the same family that plays fewer actions: where actions tie there is a continuum, with the same values."""
    values = arrays.values(*profile)
    x, y = profile
    places = [(player, s) for player in (0, 1) for s in np.flatnonzero((profile[player] > 0).sum(axis=1) > 1)]
    for player, state in places:
        for action in np.argsort((x, y)[player][state], kind="stable"):
            weights = (x, y)[player]
            rest = np.flatnonzero(weights[state])
            if weights[state, action] == 0 or len(rest) == 1:
                continue
            less = weights.copy()
            less[state, rest[-1] if rest[-1] != action else rest[0]] += less[state, action]
            less[state, action] = 0.0
            found = newton(arrays, (less, y) if player == 0 else (x, less), tol, FEW_STEPS)
            if found is not None and _support(found) < _support((x, y)) and np.abs(arrays.values(*found) - values).max() < SAME:
                x, y = found
    return x, y


def _support(profile: Profile) -> int:
    return int(np.count_nonzero(profile[0]) + np.count_nonzero(profile[1]))


def _equilibrium(game: StochasticGame, arrays: Arrays, x: Floats, y: Floats) -> MarkovEquilibrium:
    """The strategies cut to the actions that exist, their values, and the residual computed afresh from the game's own payoffs."""
    strategies = []
    for state, stage in enumerate(game.stages):
        pair = x[state, : stage.shape[0]].copy(), y[state, : stage.shape[1]].copy()
        for mix in pair:
            mix.flags.writeable = False
        strategies.append(pair)
    values, residual = bellman(game, strategies)
    return MarkovEquilibrium(tuple(strategies), values, residual)


def bellman(game: StochasticGame, strategies: Any) -> tuple[Floats, float]:
    """Average payoffs of a stationary profile, (S, 2), and its largest one-shot gain, rounding included."""
    count = len(game)
    chain = np.stack([np.einsum("a,b,abt->t", x, y, np.asarray(game.transitions[s])) for s, (x, y) in enumerate(strategies)])
    values = np.empty((count, 2))
    residual, scale = 0.0, 0.0
    for player, delta in enumerate(game.deltas):
        flow = np.array([x @ stage.payoffs[player] @ y for stage, (x, y) in zip(game.stages, strategies, strict=True)])
        values[:, player] = np.linalg.solve(np.eye(count) - delta * chain, (1 - delta) * flow)
        for s, (x, y) in enumerate(strategies):
            earned = (1 - delta) * game.stages[s].payoffs[player] + delta * (np.asarray(game.transitions[s]) @ values[:, player])
            own = earned @ y if player == 0 else x @ earned
            residual = max(residual, float(own.max() - values[s, player]))
            scale = max(scale, float(np.abs(game.stages[s].payoffs[player]).max()))
    # Sums of products of numbers up to `scale`, some hundred roundings.
    return values, residual + 256 * np.finfo(float).eps * scale
