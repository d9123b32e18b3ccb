"""A stochastic game laid flat for the kernels, each player's payoffs moved and stretched to [0, 1] over all states.

The scaling is exact on the rational numbers that the payoffs stand for and is rounded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StochasticGame, exact
from bargaining.games.stage import require_size
from bargaining.kernels.decimal_game import whole_numbers
from bargaining.kernels.flat_game import FlatArrays
from bargaining.solvers.scaled import Pair

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FlatGame:
    """Profiles of all states in a row; see `bargaining.kernels.flat_game`."""

    game: StochasticGame
    first: Integers
    columns: Integers
    starts: Integers
    following: Integers
    chances: Floats
    payoffs: Floats
    deltas: Floats
    origin: Pair
    span: Pair

    @classmethod
    def of(cls, game: StochasticGame) -> "FlatGame":
        """Lay a game flat; a player who is indifferent over everything gets zeros and a span of one."""
        for stage in game.stages:
            require_size(stage.payoffs)
        sizes = [stage.payoffs[0].size for stage in game.stages]
        joint = np.concatenate([stage.payoffs.reshape(2, -1) for stage in game.stages], axis=1)
        scaled = np.empty((joint.shape[1], 2))
        origin, span = [], []
        for player in (0, 1):
            lowest, spread, own = _scaled(joint[player])
            origin.append(lowest)
            span.append(spread)
            scaled[:, player] = own
        starts: list[int] = [0]
        following: list[int] = []
        chances: list[float] = []
        for exactly, floats, stage in zip(game.exact_transitions, game.transitions, game.stages, strict=True):
            # Profiles stand in joint order in both; the floats are the exact shares rounded once.
            for row, shares in zip(exactly.values(), floats.reshape(stage.payoffs[0].size, -1).tolist(), strict=True):
                for state, _ in row:
                    following.append(state)
                    chances.append(shares[state])
                starts.append(len(following))
        return cls(
            game=game,
            first=np.cumsum([0, *sizes]).astype(np.int64),
            columns=np.array([stage.shape[1] for stage in game.stages], dtype=np.int64),
            starts=np.array(starts, dtype=np.int64),
            following=np.array(following, dtype=np.int64),
            chances=np.array(chances),
            payoffs=scaled,
            deltas=np.array(game.deltas),
            origin=(origin[0], origin[1]),
            span=(span[0], span[1]),
        )

    @property
    def arrays(self) -> FlatArrays:
        """What every kernel takes first."""
        return FlatArrays(self.first, self.columns, self.starts, self.following, self.chances, self.payoffs, self.deltas)

    @cached_property
    def frame(self) -> Floats:
        """Each player's least payoff and spread, shape (2, 2); a player indifferent over everything has a spread of zero."""
        rows = zip(self.origin, self.span, self.payoffs.T, strict=True)
        return np.array([[float(origin), float(span) if own.any() else 0.0] for origin, span, own in rows])

    @property
    def units(self) -> Floats:
        """Spread of each player's payoffs, shape (2,): multiply scaled distances by it."""
        return self.frame[:, 1]

    def state_of(self, position: int) -> int:
        """The state of a profile given by its position in the row."""
        return int(np.searchsorted(self.first, position, side="right")) - 1

    def profile(self, position: int) -> tuple[int, int]:
        """Actions of a profile given by its position in the row."""
        state = self.state_of(position)
        return divmod(int(position - self.first[state]), int(self.columns[state]))

    def row(self, position: int) -> tuple[tuple[int, Fraction], ...]:
        """Next states of a profile and their exact probabilities."""
        return self.game.exact_transitions[self.state_of(position)][self.profile(position)]

    def exact_payoff(self, position: int) -> Pair:
        """Exact scaled payoffs of a profile."""
        a, b = self.profile(position)
        payoffs = self.game.stages[self.state_of(position)].payoffs
        first, second = (exact(float(payoffs[player, a, b])) for player in (0, 1))
        return (first - self.origin[0]) / self.span[0], (second - self.origin[1]) / self.span[1]

    def deviations(self, position: int, player: int) -> range:
        """Positions of the profiles that a player can turn this one into, itself among them."""
        state = self.state_of(position)
        begin, end, n = int(self.first[state]), int(self.first[state + 1]), int(self.columns[state])
        a, b = divmod(position - begin, n)
        return range(begin + b, end, n) if player == 0 else range(begin + a * n, begin + (a + 1) * n)

    def in_units(self, points: Floats) -> Floats:
        """Scaled points, shape (k, 2), in the game's own payoff units."""
        return self.frame[:, 0] + points * self.units

    def exact_in_units(self, point: Sequence[Fraction]) -> Pair:
        """A scaled point in the game's own payoff units, exactly."""
        return self.origin[0] + point[0] * self.span[0], self.origin[1] + point[1] * self.span[1]

    def exact_scaled(self, point: Sequence[Fraction]) -> Pair:
        """A point in the game's own payoff units, scaled, exactly."""
        return (point[0] - self.origin[0]) / self.span[0], (point[1] - self.origin[1]) / self.span[1]


def _scaled(payoffs: Floats) -> tuple[Fraction, Fraction, Floats]:
    """Least payoff, spread (one if there is none) and the payoffs moved and stretched to [0, 1], rounded once."""
    whole = np.empty(len(payoffs))
    power = whole_numbers(payoffs, whole)
    if power:
        # Quotients of integers are rounded once.
        low, high = int(whole.min()), int(whole.max())
        return Fraction(low, int(power)), Fraction(high - low, int(power)) or Fraction(1), (whole - low) / float(high - low or 1)
    values, places = np.unique(payoffs, return_inverse=True)
    numbers = [exact(float(value)) for value in values]
    spread = numbers[-1] - numbers[0] or Fraction(1)
    return numbers[0], spread, np.array([float((number - numbers[0]) / spread) for number in numbers])[places]
