"""A stochastic game as the arrays that every kernel of one takes, and what a profile of it asks for and leads to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

EPSILON = 2.220446049250313e-16
# A deviation that pays no more than obedience does at worst, up to rounding, constrains nothing.
TIE = 2e-14


class FlatArrays(NamedTuple):
    """Profiles of all states in a row.

    Attributes
    ----------
    first : int array, shape (S + 1,)
        State s has the profiles from ``first[s]`` to ``first[s + 1]``, U.S. action slowest.
    columns : int array, shape (S,)
        China's actions in each state.
    starts, following, chances : arrays
        ``following[starts[p]:starts[p + 1]]`` are the states that follow profile p, with ``chances`` alike.
    g : array, shape (A, 2)
        Payoffs, scaled to the unit square.
    delta : array, shape (2,)
    """

    first: Integers
    columns: Integers
    starts: Integers
    following: Integers
    chances: Floats
    g: Floats
    delta: Floats


@kernel
def requirements(
    flat: FlatArrays,
    floors: Floats,
    state: int,
    slack: float,
    need: Floats,
    bound: Flags,
    tempting: Integers,
) -> None:
    """What each profile of a state has to promise each player, into ``need[p, i]``; ``bound[p, i]`` whether that constrains at all.

    `floors`, shape (S, 2), holds the worst payoffs; `slack` is added to what constrains. ``tempting[p, i]`` is the profile that the best
    deviation makes of p, p itself where nothing constrains.
    """
    first, columns, starts, following, chances, g, delta = flat
    begin, end = first[state], first[state + 1]
    n = columns[state]
    m = (end - begin) // n
    for p in range(begin, end):
        for i in range(2):
            after = 0.0
            for k in range(starts[p], starts[p + 1]):
                after += chances[k] * floors[following[k], i]
            need[p, i] = (1.0 - delta[i]) * g[p, i] + delta[i] * after
    for b in range(n):
        q = begin + b
        for a in range(m):
            q = begin + a * n + b if need[begin + a * n + b, 0] > need[q, 0] else q
        best = need[q, 0]
        for a in range(m):
            p = begin + a * n + b
            bound[p, 0] = best > need[p, 0] + TIE
            need[p, 0] = best + slack if bound[p, 0] else need[p, 0]
            tempting[p, 0] = q if bound[p, 0] else p
    for a in range(m):
        q = begin + a * n
        for b in range(n):
            q = begin + a * n + b if need[begin + a * n + b, 1] > need[q, 1] else q
        best = need[q, 1]
        for b in range(n):
            p = begin + a * n + b
            bound[p, 1] = best > need[p, 1] + TIE
            need[p, 1] = best + slack if bound[p, 1] else need[p, 1]
            tempting[p, 1] = q if bound[p, 1] else p


@kernel
def same_row(flat: FlatArrays, p: int, q: int) -> bool:
    """Whether the same follows two profiles."""
    starts, following, chances = flat.starts, flat.following, flat.chances
    if starts[p + 1] - starts[p] != starts[q + 1] - starts[q]:
        return False
    for k in range(starts[p + 1] - starts[p]):
        if following[starts[p] + k] != following[starts[q] + k] or chances[starts[p] + k] != chances[starts[q] + k]:
            return False
    return True


@kernel
def mix(flat: FlatArrays, p: int, offsets: Floats, mixed: Floats) -> None:
    """Means of the offsets of the states that follow a profile, into `mixed`."""
    starts, following, chances = flat.starts, flat.following, flat.chances
    for j in range(mixed.shape[0]):
        mixed[j] = 0.0
    for k in range(starts[p], starts[p + 1]):
        share, s = chances[k], following[k]
        for j in range(mixed.shape[0]):
            mixed[j] += share * offsets[s, j]


@kernel
def required_continuation(flat: FlatArrays, floors: Floats, p: int, q: int, i: int, slack: float) -> float:
    """What has to follow profile p for player i, if q is the best deviation."""
    starts, following, chances, g = flat.starts, flat.following, flat.chances, flat.g
    d = flat.delta[0]
    after = 0.0
    for k in range(starts[q], starts[q + 1]):
        after += chances[k] * floors[following[k], i]
    return float(((1.0 - d) * (g[q, i] - g[p, i]) + slack) / d + after)


@kernel
def widest_row(flat: FlatArrays, begin: int, end: int) -> int:
    """The largest number of states that may follow one of the profiles from `begin` to `end`, at least 1."""
    widest = 1
    for p in range(begin, end):
        widest = max(widest, flat.starts[p + 1] - flat.starts[p])
    return widest
