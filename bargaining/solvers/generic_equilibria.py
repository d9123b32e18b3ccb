"""All equilibria of generic games in floats: nothing is returned unless every decision was clear and the indices add up to +1."""

import math

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StageGame
from bargaining.kernels.payoff_scale import positive, regret_of
from bargaining.kernels.vertex_enumeration import vertex_equilibria
from bargaining.solvers.extreme_equilibria import resolved, support_order
from bargaining.solvers.small_games import measured, small_equilibria

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
# Profiles in order, their indices, their regrets, and how they were found.
Found = tuple[tuple[Pair, ...], list[int], Floats, str]

# Bases of one polytope that are enumerated in floats (a random 14 x 14 game has 30,000).
MOST_BASES = 60_000
# Pivots below this magnify the rounding of payoffs: weights are then solved in fractions and rounded.
ILL_CONDITIONED = 1e-3
# Beyond that many actions in all, masks of bases do not fit into a machine word.
MOST_ACTIONS = 60

SIGNS = "signs of minors: all equilibria"
SUPPORTS = "support enumeration: all equilibria"
VERTICES = "vertex enumeration: all equilibria"


def all_equilibria(stage: StageGame) -> Found | None:
    """All equilibria of a game that is not degenerate; None if it is, or may be, or is too large."""
    small = small_equilibria(stage.payoffs, math.inf)
    if small is not None:
        return signed(stage, small[1])
    m, n = stage.shape
    if m + n > MOST_ACTIONS:
        return None
    first, second = positive_payoffs(stage)
    most_us, most_cn = most_bases(m, n)
    room = 4 * (m + n)
    while True:
        x, y, indices, pivots = np.empty((room, m)), np.empty((room, n)), np.empty(room, dtype=np.int64), np.empty(room)
        number = vertex_equilibria(first, second, most_us, most_cn, x, y, indices, pivots)
        if number != -2:
            break
        room *= 8
    return _in_order(stage, first, second, number, x, y, indices, pivots, VERTICES) if number > 0 else None


def signed(stage: StageGame, answer: Floats) -> Found:
    """What `small_equilibria` found."""
    return *measured(stage.payoffs.shape, answer), SIGNS


def equilibria_by_supports(stage: StageGame) -> Found | None:
    """All equilibria if none of them is degenerate; None if one is, or may be."""
    from bargaining.kernels.support_enumeration import support_equilibria

    m, n = stage.shape
    first, second = positive_payoffs(stage)
    room = 4 * (m + n)
    while True:
        x, y, indices, pivots = np.empty((room, m)), np.empty((room, n)), np.empty(room, dtype=np.int64), np.empty(room)
        number = support_equilibria(first, second, x, y, indices, pivots)
        if number != -2:
            break
        room *= 8
    return _in_order(stage, first, second, number, x, y, indices, pivots, SUPPORTS) if number > 0 else None


def _in_order(
    stage: StageGame,
    first: Floats,
    second: Floats,
    number: int,
    x: Floats,
    y: Floats,
    indices: NDArray[np.int64],
    pivots: Floats,
    how: str,
) -> Found:
    """Profiles sorted, those with small pivots solved in fractions, all with their regrets."""
    ordered = sorted(range(number), key=lambda k: support_order(x[k].tolist(), y[k].tolist())) if number > 1 else [0]
    x, y = x[ordered], y[ordered]
    for place in np.flatnonzero(pivots[ordered] < ILL_CONDITIONED).tolist():
        exactly = resolved(stage, [(x[place], y[place])])[0]
        x[place], y[place] = [float(w) for w in exactly[0]], [float(w) for w in exactly[1]]
    regret = np.array([regret_of(first, second, *pair) for pair in zip(x, y, strict=True)])
    x.flags.writeable = y.flags.writeable = False
    return tuple(zip(x, y, strict=True)), indices[ordered].tolist(), regret, how


def positive_payoffs(stage: StageGame) -> Pair:
    """Payoffs of each player moved and stretched to [1, 2]."""
    first, second = np.empty(stage.shape), np.empty(stage.shape)
    if not positive(stage.payoffs, first, second):
        first, second = unit_payoffs(stage) + 1.0
    return first, second


def unit_payoffs(stage: StageGame) -> Floats:
    """Payoffs of each player moved and stretched to [0, 1], exactly and rounded once; zeros for a player indifferent over everything."""
    unit = np.zeros(stage.payoffs.shape)
    for player, matrix in enumerate(stage.exact_payoffs):
        low, high = matrix.min(), matrix.max()
        if high > low:
            unit[player] = ((matrix - low) / (high - low)).astype(np.float64)
    return unit


def most_bases(m: int, n: int) -> tuple[int, int]:
    """Bases of either polytope to make room for, the U.S. one first: none has more vertices (McMullen 1970), nor do we want more."""
    return min(_most_vertices(m, m + n), MOST_BASES), min(_most_vertices(n, m + n), MOST_BASES)


def _most_vertices(dimension: int, facets: int) -> int:
    half, less = dimension // 2, (dimension - 1) // 2
    return math.comb(facets - dimension + half, half) + math.comb(facets - 1 - (dimension - 1) + less, less)
