r"""Infinitely repeated games with perfect monitoring.

The stage game is played in periods :math:`t = 0, 1, \dots`; player i's payoff is the average discounted payoff
:math:`(1-\delta_i)\sum_t \delta_i^t g_i(a^t)`. The two discount factors may differ: the two capitals have different horizons.
"""

from dataclasses import dataclass

import numpy as np

from bargaining.games.discounting import Discounted, read_delta
from bargaining.games.exact import Real, exact
from bargaining.games.issues import IssueGame
from bargaining.games.stage import GameError, StageGame


@dataclass(frozen=True, eq=False)
class RepeatedGame(Discounted):
    r"""A stage game repeated for ever.

    Parameters
    ----------
    stage : StageGame or IssueGame
    delta : float, Fraction, str, or a pair of them
        Common discount factor, or one per player (U.S. first); kept as given, strings as fractions. A float is read as its shortest
        decimal, so ``0.45`` is 45/100; write ``"1/3"`` or ``Fraction(1, 3)`` where the exact value matters.

    Raises
    ------
    GameError
        If a discount factor is not strictly between 0 and 1.

    Examples
    --------
    >>> from bargaining.games import game
    >>> RepeatedGame(game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), delta=(0.917, 0.973)).deltas
    (0.917, 0.973)
    """

    stage: StageGame | IssueGame
    delta: Real | tuple[Real, Real]

    def __post_init__(self) -> None:
        if not isinstance(self.stage, (StageGame, IssueGame)):
            raise GameError(f"stage is a {type(self.stage).__name__}: expected a StageGame or an IssueGame")
        object.__setattr__(self, "_factors", read_delta(self.delta))
        given = self.delta.tolist() if isinstance(self.delta, np.ndarray) else self.delta
        numbers = [exact(d) if isinstance(d, str) else d for d in (given if isinstance(given, (list, tuple)) else [given])]
        object.__setattr__(self, "delta", tuple(numbers) if isinstance(given, (list, tuple)) else numbers[0])

    def stage_game(self) -> StageGame:
        """The stage game in normal form (an `IssueGame` is expanded)."""
        return self.stage if isinstance(self.stage, StageGame) else self.stage.stage_game()
