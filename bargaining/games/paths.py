r"""Paths of a stochastic game under a plan: drawn from a seed, and how likely each state is at each date.

Under a plan the state is a Markov chain with rows :math:`P(\cdot \mid s, a(s))`. Its law after t periods is exact; drawn paths show what
the law hides, namely which states go together over time.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from bargaining.games.stage import GameError, Profile
from bargaining.games.stochastic import StochasticGame


def draw_paths(
    game: StochasticGame, plan: Sequence[Profile], *, periods: int, draws: int, seed: int, start: int | str = 0
) -> NDArray[np.int64]:
    """Positions of the states on drawn paths, shape ``(draws, periods + 1)``; the first column is the start.

    One uniform number a path and period, in order of the periods: the first periods of a longer run with the same seed are the same.

    Parameters
    ----------
    game : StochasticGame
    plan : sequence of profiles, one a state
    periods, draws, seed : int
    start : int or str
        Position or name of the first state.

    Raises
    ------
    GameError
        If there is no such state, or no path to draw.

    Examples
    --------
    >>> game = StochasticGame(
    ...     payoffs=[[[[1]], [[1]]], [[[0]], [[0]]]], transitions=[[[[0.5, 0.5]]], [[[0, 1]]]], delta=0.9, states=["truce", "lapse"])
    >>> paths = draw_paths(game, [(0, 0), (0, 0)], periods=3, draws=1000, seed=1)
    >>> paths.shape, bool((np.diff(paths) >= 0).all()), [round(float(share), 1) for share in (paths == 0).mean(axis=0)]
    ((1000, 4), True, [1.0, 0.5, 0.3, 0.1])
    """
    first = game.state(start)
    _check(periods, draws)
    generator = np.random.default_rng(seed)
    following: list[NDArray[np.int64]] = []
    limits: list[NDArray[np.float64]] = []
    for state, profile in enumerate(plan):
        row = game.exact_transitions[state][profile]
        following.append(np.array([after for after, _ in row], dtype=np.int64))
        # The last limit is 1 and is left out, so that no rounding leads past the end.
        limits.append(np.array([float(total) for total in accumulate(share for _, share in row)][:-1]))
    paths = np.empty((draws, periods + 1), dtype=np.int64)
    paths[:, 0] = first
    for period in range(periods):
        uniform = generator.random(draws)
        here = paths[:, period]
        for state in np.unique(here):
            there = here == state
            paths[there, period + 1] = following[state][np.searchsorted(limits[state], uniform[there], side="right")]
    return paths


def state_law(
    game: StochasticGame, plan: Sequence[Profile], *, periods: int, start: int | str = 0
) -> tuple[tuple[tuple[int, Fraction], ...], ...]:
    """How likely each state is after 0, 1, … `periods` periods, exact; states that cannot be reached by then are left out.

    Examples
    --------
    >>> game = StochasticGame(
    ...     payoffs=[[[[1]], [[1]]], [[[0]], [[0]]]], transitions=[[[[0.9, 0.1]]], [[[0, 1]]]], delta=0.9, states=["truce", "lapse"])
    >>> state_law(game, [(0, 0), (0, 0)], periods=2)[2]
    ((0, Fraction(81, 100)), (1, Fraction(19, 100)))
    """
    _check(periods, 1)
    laws = [{game.state(start): Fraction(1)}]
    for _ in range(periods):
        after: dict[int, Fraction] = {}
        for state, chance in laws[-1].items():
            for following, share in game.exact_transitions[state][plan[state]]:
                after[following] = after.get(following, Fraction(0)) + chance * share
        laws.append(after)
    return tuple(tuple(sorted(law.items())) for law in laws)


def _check(periods: int, draws: int) -> None:
    for name, value in (("periods", periods), ("draws", draws)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise GameError(f"{name} is {value!r}: expected a whole number from 1 on")
