"""What a check found."""

from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Certificate:
    """The outcome of a check.

    `holds` is true only if the claim was proven exactly: then `deviation_gain` and `payoff_error` are 0 (of what floating point ends in,
    Markov-perfect equilibria, threats, stochastic pies, reputation, the claim is the residual or error that each states; `deviation_gain`
    is then the largest exact one). `gap` is the largest distance from the outer to the inner set, in payoff units (infinite if the outer
    set was not proven). `reason` says what was found.
    """

    holds: bool
    deviation_gain: float
    payoff_error: float
    gap: float
    reason: str

    def __bool__(self) -> bool:
        return self.holds


def refused(reason: str) -> Certificate:
    """The outcome for what cannot be checked at all."""
    return Certificate(holds=False, deviation_gain=inf, payoff_error=inf, gap=inf, reason=reason)


def finite(*stated: Any) -> bool:
    """Whether all numbers stated, alone or in arrays, are finite: NaN passes any comparison that is to refuse it."""
    return all(bool(np.isfinite(each).all()) for each in stated)
