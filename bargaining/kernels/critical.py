r"""Largest discount rate at which a profile played for ever is an equilibrium path, for many games.

With one discount rate τ = (1-δ)/δ a profile a is sustained exactly if :math:`\tau \le F(\tau) = \min_i (g_i(a)-u_i(\tau))/h_i(a)`, u the
worst equilibrium payoffs, and F does not rise with τ. A solve at τ that finds F below τ proves that F(τ) is sustained; one that finds it
above, that nothing beyond F(τ) is. Where the worst payoffs do not change in between, two solves close the bracket.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.common_delta import EMPTY, MOST_NOISE, SOLVED, common_delta_set, scale_game

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_SOLVES = 60
# How many neighbouring rates are tried before a set is left to the caller.
SHIFTS = 4
# Sets are solved finer than the bracket, or their own error would keep it open.
FINER = 0.125


@kernel
def sustained_rate(g: Floats, gain: Floats, a: int, worst0: float, worst1: float, reversion: bool) -> float:
    """Largest discount rate that sustains profile a under punishment payoffs; infinite if nobody gains, negative if never.

    Unless punishment is reversion to something fixed, a player whose action is a best reply constrains nothing: the profile for ever is
    then an equilibrium that can punish that very player, as long as the other's constraint holds.
    """
    rate = np.inf
    for player in range(2):
        slack = g[a, player] - (worst0 if player == 0 else worst1)
        if gain[a, player] > 0.0:
            rate = min(rate, slack / gain[a, player])
        elif reversion and slack < 0.0:
            return -1.0
    return rate


@kernel
def critical_rates(
    payoffs: Floats, profiles: Integers, reversion: bool, floor: float, tol: float, sweeps: int, low: Floats, high: Floats, solves: Integers
) -> None:
    """Brackets [low, high] of the largest sustained rate of one profile in each game, payoffs (N, 2, m, n); overwritten.

    ``solves`` is -1 where the compiled solver left a set to the caller. With `reversion` the punishment is the worst pure static
    equilibrium of each player. A bracket is closed if ``high - low <= tol * high``; below `floor` it is left.
    """
    count = payoffs.shape[2] * payoffs.shape[3]
    room = 4 * count + 8
    rows = 4 * count + 64
    g = np.empty((count, 2))
    gain = np.empty((count, 2))
    frame = np.empty((2, 3))
    fixed = np.empty((room, 2))
    inside = np.empty((room, 2))
    labels = np.empty(room, np.int64)
    normals = np.empty((rows, 2))
    offsets = np.empty(rows)
    slopes = np.empty(rows)
    outside = np.empty((rows + 5, 2))
    numbers = np.empty(5, np.int64)
    reals = np.empty(3)
    for k in range(payoffs.shape[0]):
        low[k] = 0.0
        high[k] = np.inf
        solves[k] = -1
        noise = scale_game(payoffs[k], g, gain, frame)
        if not noise <= MOST_NOISE:
            continue
        a = profiles[k]
        solves[k] = 0
        nash0 = np.inf
        nash1 = np.inf
        for b in range(count):
            if gain[b, 0] == 0.0 and gain[b, 1] == 0.0:
                nash0 = min(nash0, g[b, 0])
                nash1 = min(nash1, g[b, 1])
        if nash0 < np.inf:
            low[k] = max(0.0, sustained_rate(g, gain, a, nash0, nash1, reversion))
        high[k] = max(0.0, sustained_rate(g, gain, a, frame[0, 2], frame[1, 2], False))
        if reversion:
            high[k] = low[k]
        tried_low = False
        while solves[k] < MOST_SOLVES and high[k] >= floor and high[k] - low[k] > tol * high[k]:
            if solves[k] == 0 and high[k] < np.inf:
                rate = high[k]
            elif low[k] > 0.0 and not tried_low:
                rate = low[k]
                tried_low = True
            else:
                rate = np.sqrt(max(low[k], 0.5 * floor) * min(high[k], 1e6))
                tried_low = False
            code = EMPTY
            for shift in range(SHIFTS):
                # What binds exactly at one rate does not next to it, and any rate tells as much.
                if shift > 0:
                    rate = min(high[k], max(low[k], rate * (1.0 - 0.2 * tol))) if shift % 2 == 1 else rate * (1.0 - 0.3 * tol)
                solves[k] += 1
                code = common_delta_set(
                    g, gain, 1.0 / (1.0 + rate), frame[0, 2], frame[1, 2], tol * FINER, noise, sweeps,
                    fixed, inside, labels, normals, offsets, slopes, outside, numbers, reals,
                )  # fmt: skip
                if code in (SOLVED, EMPTY):
                    break
            if code == EMPTY:
                high[k] = min(high[k], rate)
                low[k] = min(low[k], high[k])
                continue
            if code != SOLVED:
                solves[k] = -1
                break
            low0 = low1 = high0 = high1 = np.inf
            for j in range(numbers[2]):
                low0, low1 = min(low0, outside[j, 0]), min(low1, outside[j, 1])
            for j in range(numbers[0]):
                high0, high1 = min(high0, inside[j, 0]), min(high1, inside[j, 1])
            # A few roundings of room, as everywhere.
            least = sustained_rate(g, gain, a, high0, high1, False) * (1.0 - 1e-14)
            most = sustained_rate(g, gain, a, max(low0 - noise, frame[0, 2]), max(low1 - noise, frame[1, 2]), False) * (1.0 + 1e-14)
            before_low, before_high = low[k], high[k]
            low[k] = max(low[k], min(rate, least))
            # Where the rate itself is sustained, that is all that a solve there tells.
            tried_low = tried_low or low[k] == rate
            high[k] = min(high[k], max(rate, most))
            low[k] = min(low[k], high[k])
            if low[k] == before_low and high[k] == before_high and not tried_low and solves[k] > 1:
                break
