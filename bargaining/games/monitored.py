r"""Infinitely repeated games with imperfect public monitoring.

In every period a profile a of the stage game is played, unseen; both sides then see a public signal y, drawn with probability
:math:`\pi(y \mid a)`. Payoffs :math:`g_i(a)` are expected ones: what a side learns from its own payoff is no more than its own action and
the signal tell. Private monitoring, where the sides see different signals, is outside this package.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bargaining.games.exact import Real
from bargaining.games.issues import IssueGame
from bargaining.games.monitoring import Floats, Monitoring, require_monitoring
from bargaining.games.repeated import RepeatedGame
from bargaining.games.stage import GameError, StageGame


@dataclass(frozen=True, eq=False)
class MonitoredGame:
    r"""A stage game repeated for ever, seen through public signals.

    Parameters
    ----------
    stage : StageGame or IssueGame
    signals : sequence of str
        Names of the public signals.
    probabilities : array_like, shape (m, n, Y)
        ``probabilities[a, b, y]`` over the profiles of `stage` (an IssueGame in its joint order), as in `Monitoring`.
    delta : float, Fraction, str, or a pair of them
        Common discount factor, or one per player (U.S. first), as in `RepeatedGame`.

    Raises
    ------
    GameError
        As `RepeatedGame` and `Monitoring`, or if the probabilities are not over the profiles of the stage game.

    References
    ----------
    Abreu, D., Pearce, D., Stacchetti, E. (1990), Toward a theory of discounted repeated games with imperfect monitoring, Econometrica 58.

    Examples
    --------
    >>> from bargaining.games import game
    >>> dilemma = game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> noisy = MonitoredGame(dilemma, ["good", "bad"], [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]], delta=0.9)
    >>> noisy.monitoring.row((0, 0))
    (Fraction(9, 10), Fraction(1, 10))
    """

    stage: StageGame | IssueGame
    signals: tuple[str, ...]
    probabilities: Floats
    delta: Real | tuple[Real, Real]

    def __post_init__(self) -> None:
        repeated = RepeatedGame(self.stage, self.delta)
        monitoring = Monitoring(self.signals, self.probabilities)
        self._keep(repeated, monitoring)

    def _keep(self, repeated: RepeatedGame, monitoring: Monitoring) -> None:
        monitoring = require_monitoring(monitoring)
        if monitoring.shape != repeated.stage.shape:
            raise GameError(f"probabilities are over {monitoring.shape} actions: expected {repeated.stage.shape}, those of the stage game")
        for name, value in (
            ("stage", repeated.stage),
            ("delta", repeated.delta),
            ("signals", monitoring.signals),
            ("probabilities", monitoring.probabilities),
            ("_repeated", repeated),
            ("_monitoring", monitoring),
        ):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, stage: StageGame | IssueGame, monitoring: Monitoring, delta: Any) -> "MonitoredGame":
        """The game with a `Monitoring`, whose exact probabilities it keeps."""
        made = cls.__new__(cls)
        made._keep(RepeatedGame(stage, delta), monitoring)
        return made

    @property
    def monitoring(self) -> Monitoring:
        """The signals with their exact probabilities."""
        return self._monitoring  # type: ignore[attr-defined, no-any-return]

    @property
    def repeated(self) -> RepeatedGame:
        """The same stage game and discount factors with perfect monitoring."""
        return self._repeated  # type: ignore[attr-defined, no-any-return]

    @property
    def exact_deltas(self) -> tuple[Fraction, Fraction]:
        """One discount factor per player, exact."""
        return self.repeated.exact_deltas

    @property
    def deltas(self) -> tuple[float, float]:
        """One discount factor per player, as floats."""
        return self.repeated.deltas

    @property
    def common_delta(self) -> bool:
        """Whether both players discount alike."""
        return self.repeated.common_delta

    def stage_game(self) -> StageGame:
        """The stage game in normal form (an `IssueGame` is expanded)."""
        return self.repeated.stage_game()

    def with_delta(self, delta: Any) -> "MonitoredGame":
        """The same game at another discount factor."""
        return MonitoredGame.of(self.stage, self.monitoring, delta)

    def with_monitoring(self, monitoring: Monitoring) -> "MonitoredGame":
        """The same game seen through other signals."""
        return MonitoredGame.of(self.stage, monitoring, self.delta)


def require_monitored(game: Any) -> MonitoredGame:
    """The game, if it is seen through signals; otherwise a GameError that says so."""
    if not isinstance(game, MonitoredGame):
        raise GameError(f"game is a {type(game).__name__}: expected a MonitoredGame")
    return game
