"""Payoffs moved and stretched per player, so that nothing depends on units, and regret on that scale."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]

# Payoffs so large against their spread that scaling them in floats loses more digits than two are left to exact arithmetic.
MOST_DIGITS_LOST = 100.0


@kernel
def positive(payoffs: Floats, first: Floats, second: Floats) -> bool:
    """Payoffs (2, m, n) of each player moved and stretched to [1, 2]; False if that loses digits, or one is not finite."""
    for player in range(2):
        low = np.inf
        high = -np.inf
        for a in range(payoffs.shape[1]):
            for b in range(payoffs.shape[2]):
                value = payoffs[player, a, b]
                if not np.isfinite(value):
                    return False
                low = min(low, value)
                high = max(high, value)
        span = high - low if high > low else 1.0
        if not max(abs(low), abs(high)) <= MOST_DIGITS_LOST * span:
            return False
        scaled = first if player == 0 else second
        for a in range(payoffs.shape[1]):
            for b in range(payoffs.shape[2]):
                scaled[a, b] = (payoffs[player, a, b] - low) / span + 1.0
    return True


@kernel
def regret_of(first: Floats, second: Floats, x: Floats, y: Floats) -> float:
    """Largest gain from deviating from (x, y), relative to the payoff span (payoffs scaled to a span of 1)."""
    m, n = first.shape
    best = -np.inf
    earned = 0.0
    for a in range(m):
        value = 0.0
        for b in range(n):
            value += first[a, b] * y[b]
        best = max(best, value)
        earned += x[a] * value
    worst = max(best - earned, 0.0)
    best = -np.inf
    earned = 0.0
    for b in range(n):
        value = 0.0
        for a in range(m):
            value += second[a, b] * x[a]
        best = max(best, value)
        earned += y[b] * value
    return max(worst, best - earned)
