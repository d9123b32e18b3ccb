r"""Negotiation games: alternating offers with a stage game played after every refusal.

Side i proposes a permanent split :math:`(x, S-x)` of a surplus a period. If the other accepts, the game ends. If it refuses, both play
the *disagreement game* once, earn its payoffs for that period, and the other side proposes. What hurts during talks is thus chosen, and
has to be worth choosing.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bargaining.games.discounting import Discounted, read_delta
from bargaining.games.exact import Real, exact
from bargaining.games.issues import IssueGame
from bargaining.games.stage import GameError, StageGame


@dataclass(frozen=True, eq=False)
class NegotiationGame(Discounted):
    r"""Alternating offers over a surplus with an endogenous disagreement game.

    Parameters
    ----------
    disagreement : StageGame or IssueGame
        Played once after each refusal; payoffs a period.
    surplus : float
        What an agreement gives both together a period, from then on. Shares may be negative (one side pays).
    delta : float or pair of float
        Discount factors, U.S. first.

    Raises
    ------
    GameError
        If the disagreement game is none, the surplus not a finite number, a discount factor not strictly between 0 and 1.

    Examples
    --------
    >>> from bargaining.games import game
    >>> strike = NegotiationGame(game([[0.4, 0.0]], [[0.6, 0.0]], actions=[["produce"], ["work", "strike"]]), 1, 0.9)
    >>> strike.deltas, strike.stage_game().shape
    ((0.9, 0.9), (1, 2))
    """

    disagreement: StageGame | IssueGame
    surplus: Real
    delta: Real | tuple[Real, Real]

    def __post_init__(self) -> None:
        if not isinstance(self.disagreement, (StageGame, IssueGame)):
            raise GameError(f"disagreement is a {type(self.disagreement).__name__}: expected a StageGame or an IssueGame")
        try:
            surplus = exact(self.surplus)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            raise GameError(f"surplus {self.surplus!r}: expected a finite number") from None
        object.__setattr__(self, "_surplus", surplus)
        object.__setattr__(self, "_factors", read_delta(self.delta))

    @property
    def exact_surplus(self) -> Fraction:
        """The surplus, exact."""
        return self._surplus  # type: ignore[attr-defined, no-any-return]

    def stage_game(self) -> StageGame:
        """The disagreement game in normal form."""
        return self.disagreement if isinstance(self.disagreement, StageGame) else self.disagreement.stage_game()

    def exact_payoffs(self) -> tuple[Any, Any]:
        """Payoff matrices of both sides, exact, by row and column."""
        first, second = ([[exact(u) for u in row] for row in matrix] for matrix in self.stage_game().payoffs.tolist())
        return first, second
