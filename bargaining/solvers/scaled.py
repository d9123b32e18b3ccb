"""A repeated game with each player's payoffs moved and stretched to [0, 1], so that no answer depends on units.

The scaling is exact on the rational numbers that the payoffs stand for and is rounded once, to within `ROUNDING` of the kernels.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bargaining.games import RepeatedGame, exact

Floats = NDArray[np.float64]
Pair = tuple[Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class ScaledGame:
    """Profiles of a stage game in a row (U.S. action slowest), payoffs in the unit square."""

    game: RepeatedGame
    shape: tuple[int, int]
    payoffs: Floats
    gains: Floats
    deltas: Floats
    origin: Pair
    span: Pair

    @classmethod
    def of(cls, game: RepeatedGame) -> "ScaledGame":
        """Scale a repeated game; a player who is indifferent over everything gets zeros and a span of one."""
        payoffs = game.stage_game().payoffs
        scaled = np.empty_like(payoffs)
        origin, span = [], []
        for player in (0, 1):
            low, high = exact(payoffs[player].min()), exact(payoffs[player].max())
            origin.append(low)
            span.append(high - low if high > low else Fraction(1))
            scaled[player] = _scale(payoffs[player], origin[player], span[player])
        best = np.stack([scaled[0].max(axis=0, keepdims=True) - scaled[0], scaled[1].max(axis=1, keepdims=True) - scaled[1]])
        return cls(
            game=game,
            shape=(payoffs.shape[1], payoffs.shape[2]),
            payoffs=np.ascontiguousarray(scaled.reshape(2, -1).T),
            gains=np.ascontiguousarray(best.reshape(2, -1).T),
            deltas=np.array(game.deltas),
            origin=(origin[0], origin[1]),
            span=(span[0], span[1]),
        )

    @cached_property
    def units(self) -> Floats:
        """Spread of each player's payoffs, shape (2,): multiply scaled distances by it. Zero for a player indifferent over everything."""
        return np.array([float(span) if own.any() else 0.0 for span, own in zip(self.span, self.payoffs.T, strict=True)])

    def profile(self, position: int) -> tuple[int, int]:
        """Actions of the profile at a position."""
        return divmod(position, self.shape[1])

    def exact_payoff(self, position: int) -> Pair:
        """Exact scaled payoffs of a profile."""
        a, b = self.profile(position)
        payoffs = self.game.stage_game().payoffs
        first, second = (exact(payoffs[player, a, b]) for player in (0, 1))
        return (first - self.origin[0]) / self.span[0], (second - self.origin[1]) / self.span[1]

    def exact_deviation(self, position: int) -> Pair:
        """Exact scaled payoffs of each player's best deviation from a profile."""
        a, b = self.profile(position)
        payoffs = self.game.stage_game().payoffs
        first, second = exact(payoffs[0, :, b].max()), exact(payoffs[1, a, :].max())
        return (first - self.origin[0]) / self.span[0], (second - self.origin[1]) / self.span[1]

    def in_units(self, points: Floats) -> Floats:
        """Scaled points, shape (k, 2), in the game's own payoff units."""
        return np.array([float(origin) for origin in self.origin]) + points * self.units

    def exact_in_units(self, point: Pair) -> Pair:
        """A scaled point in the game's own payoff units, exactly."""
        return self.origin[0] + point[0] * self.span[0], self.origin[1] + point[1] * self.span[1]


def _scale(matrix: Floats, origin: Fraction, span: Fraction) -> Floats:
    """(matrix - origin) / span, exact and rounded once: ties stay ties and a change of units changes no bit."""
    return np.array([[float((exact(value) - origin) / span) for value in row] for row in matrix.tolist()])
