"""A stochastic game whose floats stand for short decimals, laid flat: what needs no exact arithmetic to be read exactly.

A decimal of at most 15 digits that reads as the float is the one that it stands for (`bargaining.games.exact`), and quotients of integers
are rounded once: so the arrays are those that reading every number as a fraction gives, to the bit.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.flat_game import FlatArrays

Floats = NDArray[np.float64]

# Numbers of fewer decimals are read as integers.
MOST_DIGITS = 8


@kernel
def whole_numbers(values: Floats, whole: Floats) -> float:
    """The least power of ten that makes integers of all values, which are put into `whole`; zero if they are not short decimals."""
    power = 1.0
    for _ in range(MOST_DIGITS):
        fits = True
        for k in range(values.shape[0]):
            whole[k] = np.rint(values[k] * power)
            if not (abs(whole[k]) < 1e15 and whole[k] / power == values[k]):
                fits = False
                break
        if fits:
            return power
        power *= 10.0
    return 0.0


@kernel
def decimal_game(payoffs: Floats, transitions: Floats, delta: float) -> tuple[bool, FlatArrays, Floats]:
    """Whether payoffs (S, 2, m, n) and transitions (S, m, n, S) are those of a game in short decimals; the game laid flat, and its frame.

    The frame, shape (2, 2), holds each player's least payoff and spread, zero for a player indifferent over everything. Payoffs are scaled
    to the unit square.
    """
    states, _, m, n = payoffs.shape
    cells = m * n
    profiles = states * cells
    first = np.empty(states + 1, np.int64)
    columns = np.empty(states, np.int64)
    for s in range(states):
        first[s], columns[s] = s * cells, n
    first[states] = profiles
    g = np.empty((profiles, 2))
    frame = np.zeros((2, 2))
    starts = np.zeros(profiles + 1, np.int64)
    following = np.empty(profiles * states, np.int64)
    chances = np.empty(profiles * states)
    values = np.empty(profiles)
    whole = np.empty(profiles)
    read = True
    for i in range(2):
        for s in range(states):
            for a in range(m):
                for b in range(n):
                    values[s * cells + a * n + b] = payoffs[s, i, a, b]
        power = whole_numbers(values, whole)
        read = read and power > 0.0
        low = whole.min()
        spread = whole.max() - low
        for p in range(profiles):
            g[p, i] = (whole[p] - low) / (spread if spread > 0.0 else 1.0)
        frame[i, 0], frame[i, 1] = low / power, spread / power
    shares = transitions.copy().reshape(profiles * states)
    parts = np.empty(profiles * states)
    power = whole_numbers(shares, parts)
    size = 0
    for p in range(profiles):
        total = 0.0
        for k in range(states):
            share = parts[p * states + k]
            read = read and share >= 0.0
            total += share
            if share > 0.0:
                following[size], chances[size] = k, shares[p * states + k]
                size += 1
        # With so few digits a sum that is not one misses it by too much.
        read = read and total == power
        starts[p + 1] = size
    pair = np.empty(2)
    pair[0], pair[1] = delta, delta
    read = read and power > 0.0
    return read, FlatArrays(first, columns, starts, following[:size].copy(), chances[:size].copy(), g, pair), frame
