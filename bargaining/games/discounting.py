"""Discount factors: read once, exactly, for every kind of game that lasts."""

from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.games.exact import exact
from bargaining.games.stage import GameError


def read_delta(delta: Any) -> tuple[Fraction, Fraction]:
    """One discount factor per player as exact numbers in (0, 1), from one number or a pair."""
    pair = list(delta) if isinstance(delta, (list, tuple)) or (isinstance(delta, np.ndarray) and delta.ndim) else [delta, delta]
    if len(pair) != 2:
        raise GameError(f"delta has {len(pair)} entries: expected one number, or one per player")
    factors: list[Fraction] = []
    for value in pair:
        try:
            factor = exact(value)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            raise GameError(f"delta {value!r}: expected a number strictly between 0 and 1") from None
        if not 0 < factor < 1 or not 0.0 < float(factor) < 1.0:
            raise GameError(f"delta {value!r}: expected a number strictly between 0 and 1")
        factors.append(factor)
    return factors[0], factors[1]


class Discounted:
    """A game with one discount factor per player, which the class reads into ``_factors`` when it is made."""

    @property
    def exact_deltas(self) -> tuple[Fraction, Fraction]:
        """One discount factor per player, exact."""
        return self._factors  # type: ignore[attr-defined, no-any-return]

    @property
    def deltas(self) -> tuple[float, float]:
        """One discount factor per player, as floats."""
        first, second = self.exact_deltas
        return float(first), float(second)

    @property
    def common_delta(self) -> bool:
        """Whether both players discount alike."""
        return self.exact_deltas[0] == self.exact_deltas[1]
