"""Stage games as objects of nashpy and QuantEcon, and back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from bargaining.games import GameError, StageGame, game

if TYPE_CHECKING:
    import nashpy  # type: ignore[import-untyped]
    import quantecon.game_theory  # type: ignore[import-untyped]


def to_nashpy(stage: StageGame) -> "nashpy.Game":
    """The game as nashpy holds it: two matrices, rows the first player's actions in both.

    Examples
    --------
    >>> import bargaining as bg
    >>> to_nashpy(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])).payoff_matrices[1].tolist()
    [[3.0, 5.0], [0.0, 1.0]]
    """
    import nashpy

    _require_stage(stage)
    return nashpy.Game(stage.payoffs[0].copy(), stage.payoffs[1].copy())


def from_nashpy(other: "nashpy.Game") -> StageGame:
    """The stage game of a nashpy ``Game``.

    Raises
    ------
    GameError
        If it is none, or its payoffs are not finite.

    Examples
    --------
    >>> import nashpy
    >>> from_nashpy(nashpy.Game([[1, -1], [-1, 1]])).payoffs[1].tolist()
    [[-1.0, 1.0], [1.0, -1.0]]
    """
    matrices = getattr(other, "payoff_matrices", None)
    if matrices is None or len(matrices) != 2:
        raise GameError(f"a {type(other).__name__}: expected a nashpy Game with two payoff matrices")
    return game(*matrices)


def to_quantecon(stage: StageGame) -> "quantecon.game_theory.NormalFormGame":
    """The game as QuantEcon holds it: each player's array has the player's *own* action first, so the second matrix is transposed.

    Raises
    ------
    ModuleNotFoundError
        If quantecon is not installed; the package does not need it otherwise.
    """
    from quantecon.game_theory import NormalFormGame, Player

    _require_stage(stage)
    return NormalFormGame((Player(stage.payoffs[0].copy()), Player(np.ascontiguousarray(stage.payoffs[1].T))))


def from_quantecon(other: "quantecon.game_theory.NormalFormGame") -> StageGame:
    """The stage game of a QuantEcon ``NormalFormGame`` of two players.

    Raises
    ------
    GameError
        If it is none, has not two players, or its payoffs are not finite.
    """
    players: Any = getattr(other, "players", None)
    if players is None or not all(hasattr(player, "payoff_array") for player in players):
        raise GameError(f"a {type(other).__name__}: expected a QuantEcon NormalFormGame")
    if len(players) != 2:
        raise GameError(f"a game of {len(players)} players: expected two")
    return game(players[0].payoff_array, np.transpose(players[1].payoff_array))


def _require_stage(stage: StageGame) -> None:
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame")
