r"""Bargaining from threats that the sides choose themselves (Nash 1953).

Before bargaining each side commits to a mixed action it will play if talks fail; then Nash bargaining takes place on the frontier of V
from what these two earn. The solution is the frontier point x with normal :math:`\lambda` at which

.. math:: \lambda_0 x_0 - \lambda_1 x_1 = \operatorname{val}(\lambda_0 A - \lambda_1 B),

the value of a zero-sum game: with payoffs weighted by :math:`\lambda` the quarrel over threats is zero-sum. Abreu and Pearce (2007;
2015) derive this solution for repeated games *with contracts* on the hull of stage payoffs; on another set, such as an equilibrium set,
it is variable-threat Nash on that set and no more. With payoffs that can be transferred :math:`x_i = S/2 \pm \operatorname{val}((A-B)/2)`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.deals import ThreatBargain
from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame, exact
from bargaining.solution import Status
from bargaining.solvers.plane import Pair, exact_hull, frontier, read_polygon

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ZeroSum:
    """Value of a zero-sum game, proven to lie in [low, high] by the two mixed actions (row player maximises)."""

    low: float
    high: float
    x: Floats
    y: Floats

    @property
    def value(self) -> float:
        """Middle of the proven bracket."""
        return 0.5 * (self.low + self.high)


def nash_with_threats(
    game: StageGame | IssueGame | RepeatedGame, payoff_set: Any = None, *, transfers: bool = False, tol: float = 1e-9
) -> ThreatBargain:
    r"""Nash bargaining with variable, mixed threats in the stage game.

    Parameters
    ----------
    game : StageGame, IssueGame or RepeatedGame
        Where threats are played; of a repeated game its stage game.
    payoff_set : PayoffSet, solution or array_like of shape (k, 2), optional
        Where an agreement may lie; default the hull of stage payoffs.
    transfers : bool
        The sides can pay each other one for one, so the frontier is the line through the largest joint payoff.
    tol : float
        Relative width at which the bisection on the frontier's normal stops. Where the solution is on an edge the normal is exact.

    Returns
    -------
    ThreatBargain
        `error_bound` is on the point: 0 at a corner, else what the proven bracket of the zero-sum value leaves open.

    Raises
    ------
    GameError
        If the set is empty, or threats earn more than any agreement (possible only on a set smaller than the hull of stage payoffs).

    References
    ----------
    Nash, J. (1953), Two-person cooperative games, Econometrica 21. Abreu, D., Pearce, D. (2007), Bargaining, reputation, and equilibrium
    selection in repeated games with contracts, Econometrica 75.

    Examples
    --------
    >>> import bargaining as bg
    >>> bargain = bg.nash_with_threats(bg.game([[4, -1], [6, 1]], [[2, 3], [-2, 0]]), transfers=True)
    >>> bargain.point.tolist(), bargain.disagreement.tolist()
    ([3.5, 2.5], [1.0, 0.0])
    """
    if not isinstance(game, (StageGame, IssueGame, RepeatedGame)):
        raise GameError(f"game is a {type(game).__name__}: expected a StageGame, an IssueGame or a RepeatedGame")
    if not 0.0 < tol < 1.0:
        raise ValueError(f"tol is {tol!r}: expected a number between 0 and 1")
    stage = game if isinstance(game, StageGame) else game.stage_game()
    first, second = stage.payoffs
    corners = exact_hull([(exact(u), exact(v)) for u, v in zip(first.ravel().tolist(), second.ravel().tolist(), strict=True)])
    if payoff_set is not None:
        corners = read_polygon(payoff_set, "payoff_set")
    edge = frontier(corners)
    if not edge:
        raise GameError("payoff_set is empty: there is nothing to agree on")
    if transfers:
        joint = float(max(x + y for x, y in edge))
        quarrel = zero_sum(0.5 * (first - second))
        point = np.array([0.5 * joint + quarrel.value, 0.5 * joint - quarrel.value])
        weights, steps, error = np.array([0.5, 0.5]), 1, 0.5 * (quarrel.high - quarrel.low)
    else:
        point, weights, quarrel, steps, error = _on_frontier(edge, first, second, tol)
    pair = np.array([float(quarrel.x @ payoffs @ quarrel.y) for payoffs in (first, second)])
    scale = np.ptp(stage.payoffs, axis=(1, 2))
    if (point - pair < -1e-9 * np.maximum(scale, np.abs(pair))).any():
        raise GameError(f"the threats earn ({pair[0]:.6g}, {pair[1]:.6g}), more than any point of the set leaves both: nothing to agree on")
    return ThreatBargain(
        status=Status.solved,
        error_bound=error,
        iterations=steps,
        method="variable threats: bisection on the frontier's normal, threats by linear programs",
        options={"transfers": transfers, "tol": tol},
        game=game,
        point=point,
        threats=(quarrel.x, quarrel.y),
        disagreement=pair,
        weights=weights,
        value=quarrel.value,
        agreements=None if payoff_set is None else tuple(corners),
    )


def _on_frontier(edge: Sequence[Pair], A: Floats, B: Floats, tol: float) -> tuple[Floats, Floats, ZeroSum, int, float]:
    """Point, normal, threat game, number of values computed, error.

    Walking from China's best point to the best for the U.S., the normal turns from (0, 1) to (1, 0) and the excess of
    λ0 x0 - λ1 x1 over the value of the threat game changes sign once, from below, since the solution is unique (Nash 1953).
    """
    steps = 0

    def quarrel(p: float) -> ZeroSum:
        nonlocal steps
        steps += 1
        return zero_sum((1.0 - p) * A - p * B)

    def normal(k: int) -> float:
        """Share of China's weight in the normal of edge k."""
        rise, fall = edge[k + 1][0] - edge[k][0], edge[k][1] - edge[k + 1][1]
        return float(rise / (rise + fall))

    # Edges by position; along them China's weight falls. On edge k the difference runs over an interval; its lower end is the start.
    low, high = 0, len(edge) - 1
    while low < high:
        middle = (low + high) // 2
        p = normal(middle)
        game = quarrel(p)
        start, end = ((1.0 - p) * float(edge[k][0]) - p * float(edge[k][1]) for k in (middle, middle + 1))
        if start <= game.value <= end:
            joint = (1.0 - p) * float(edge[middle][0]) + p * float(edge[middle][1])
            point = np.array([0.5 * (joint + game.value) / (1.0 - p), 0.5 * (joint - game.value) / p])
            return point, np.array([1.0 - p, p]), game, steps, 0.5 * (game.high - game.low) / min(p, 1.0 - p)
        if game.value > end:
            low = middle + 1
        else:
            high = middle
    x, y = float(edge[low][0]), float(edge[low][1])
    # At a corner: any normal between those of its two edges, and the ends of the range where there is none.
    left, right = (normal(low - 1) if low else 1.0), (normal(low) if low < len(edge) - 1 else 0.0)
    while left - right > tol:
        p = 0.5 * (left + right)
        game = quarrel(p)
        if (1.0 - p) * x - p * y > game.value:
            right = p
        else:
            left = p
    p = 0.5 * (left + right)
    return np.array([x, y]), np.array([1.0 - p, p]), quarrel(p), steps, 0.0


def zero_sum(matrix: Floats) -> ZeroSum:
    """Value and optimal mixed actions of a zero-sum game, the row player maximising; both sides of the value are checked.

    Examples
    --------
    >>> zero_sum(np.array([[1.0, -1.0], [-1.0, 1.0]])).value
    0.0
    """
    m, n = matrix.shape
    guaranteed, held = matrix.min(axis=1), matrix.max(axis=0)
    if guaranteed.max() >= held.min():
        x, y = np.zeros(m), np.zeros(n)
        x[int(guaranteed.argmax())], y[int(held.argmin())] = 1.0, 1.0
        return ZeroSum(float(held.min()), float(held.min()), x, y)
    from scipy.optimize import linprog

    low, span = float(matrix.min()), float(np.ptp(matrix))
    unit = (matrix - low) / span
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
        raise ArithmeticError(f"zero-sum value: HiGHS ended with {answer.message}")
    y, x = np.clip(answer.x[:n], 0.0, None), np.clip(-answer.ineqlin.marginals, 0.0, None)
    x, y = x / x.sum(), y / y.sum()
    return ZeroSum(low + span * float((x @ unit).min()), low + span * float((unit @ y).max()), x, y)
