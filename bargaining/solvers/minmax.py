r"""Minmax payoffs: what a player can be held down to by the other.

Pure, :math:`\underline v_i^p = \min_{a_{-i}} \max_{a_i} g_i(a)`, and mixed, :math:`\underline v_i = \min_{\alpha_{-i}} \max_{a_i}
g_i(a_i, \alpha_{-i})`, where the punisher may randomise unobserved. The mixed value is at most the pure one; it is the value of the
zero-sum game in player i's payoffs (von Neumann 1928).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import Minmax
from bargaining.games import GameError, IssueGame, StageGame, exact
from bargaining.solution import Status

Floats = NDArray[np.float64]


def minmax(stage: StageGame | IssueGame, *, tol: float = 1e-9) -> Minmax:
    r"""Pure and mixed minmax payoff of each player, with the action of the other that enforces it.

    Parameters
    ----------
    stage : StageGame or IssueGame
    tol : float
        Largest gap, relative to a player's payoff span, between what the punishing mixed action holds the player down to and what a
        mixed action of the player's own guarantees it.

    Returns
    -------
    Minmax
        `pure` is exact. `mixed` is what `mixed_punishment` holds the player down to: never below the truth, and above it by at most
        `error_bound` (payoff units), which the player's own maxmin action proves. ``punishment[i]`` is played by the *other* player.

    Raises
    ------
    GameError
        If `stage` is not a game or `tol` is not in (0, 1).

    References
    ----------
    von Neumann, J. (1928), Zur Theorie der Gesellschaftsspiele, Mathematische Annalen 100.

    Examples
    --------
    >>> import bargaining as bg
    >>> pennies = bg.minmax(bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]))
    >>> pennies.pure.tolist(), pennies.mixed.round(9).tolist(), pennies.mixed_punishment[0].tolist()
    ([1.0, 1.0], [0.0, 0.0], [0.5, 0.5])
    """
    if isinstance(stage, IssueGame):
        stage = stage.stage_game()
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    pure, mixed, gaps, spans = np.empty(2), np.empty(2), np.empty(2), np.empty(2)
    actions, strategies = [], []
    for player in (0, 1):
        own = stage.payoffs[player] if player == 0 else stage.payoffs[player].T
        ceilings = own.max(axis=0)
        action = int(ceilings.argmin())
        pure[player] = ceilings[action]
        actions.append(action)
        mixed[player], strategy, gaps[player], spans[player] = _mixed(own, action)
        strategies.append(strategy)
    return Minmax(
        status=Status.solved if gaps.max() <= tol else Status.approximate,
        error_bound=float((gaps * spans).max()),
        iterations=0,
        method="pure by comparison, mixed by a linear program (HiGHS) with both sides' actions checked",
        options={"tol": tol},
        game=stage,
        pure=pure,
        mixed=mixed,
        pure_punishment=(actions[0], actions[1]),
        mixed_punishment=(strategies[0], strategies[1]),
    )


def _mixed(own: Floats, action: int) -> tuple[float, Floats, float, float]:
    """Mixed minmax of the player who chooses rows of `own`, the punishing mixed column, the relative gap to its proof, and the span."""
    punishment = np.zeros(own.shape[1])
    punishment[action] = 1.0
    ceiling = own.max(axis=0)[action]
    low, high = exact(own.min()), exact(own.max())
    span = float(high - low)
    if own.min(axis=1).max() == ceiling:
        # A saddle point: the player can guarantee itself the pure minmax payoff with one action, so mixing punishes no harder.
        punishment.flags.writeable = False
        return float(ceiling), punishment, 0.0, span
    unit = np.array([[float((exact(u) - low) / (high - low)) for u in row] for row in own.tolist()])
    guaranteed = float(unit.min(axis=1).max())
    optimum = _program(unit)
    if optimum is not None:
        punishment, guarantee = optimum
        guaranteed = float((guarantee @ unit).min())
    held = float((unit @ punishment).max())
    punishment.flags.writeable = False
    return float(low) + held * span, punishment, max(held - guaranteed, 0.0), span


def _program(unit: Floats) -> tuple[Floats, Floats] | None:
    """Minimise v subject to unit · y ≤ v over mixed columns y; the multipliers are the player's maxmin action. None if HiGHS fails."""
    from scipy.optimize import linprog

    m, n = unit.shape
    answer: Any = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.hstack([unit, -np.ones((m, 1))]),
        b_ub=np.zeros(m),
        A_eq=np.append(np.ones(n), 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0.0, None)] * n + [(None, None)],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if answer.status != 0:
        return None
    punishment = np.clip(answer.x[:n], 0.0, None)
    guarantee = np.clip(-answer.ineqlin.marginals, 0.0, None)
    if punishment.sum() <= 0.0 or guarantee.sum() <= 0.0:
        return None
    return punishment / punishment.sum(), guarantee / guarantee.sum()
