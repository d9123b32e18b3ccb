r"""Dominated actions and what is left without them.

An action a of player i is *strictly dominated* if some mixed action earns more against everything the other side may play,
:math:`g_i(\alpha, b) > g_i(a, b)` for all b, and *weakly dominated* if it earns no less anywhere and more somewhere. With two players an
action is rationalizable exactly if it survives iterated elimination of strictly dominated actions (Bernheim 1984; Pearce 1984).
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import Domination, IteratedDominance, read_stage
from bargaining.games import GameError, IssueGame, StageGame, exact
from bargaining.games.stage import near_match, read_payoffs
from bargaining.solution import Status
from bargaining.solvers.exact_program import ExactProgram

Floats = NDArray[np.float64]
Integers = NDArray[Any]

KINDS = ("strict", "weak")
DOMINATORS = ("mixed", "pure")


def iterated_dominance(stage: StageGame | IssueGame, *, kind: str = "strict", by: str = "mixed") -> IteratedDominance:
    r"""Throw out dominated actions, round after round, and keep the trace.

    Everything is decided in exact arithmetic on the payoffs as the decimals they stand for, so ties are ties. Each round throws out, of
    both sides at once, all actions dominated in what the round before left. What is left after strict dominance does not depend on the
    order; after weak dominance it can, and this order is the one of the trace.

    Parameters
    ----------
    stage : StageGame or IssueGame
        An IssueGame is solved in its joint normal form.
    kind : {"strict", "weak"}
    by : {"mixed", "pure"}
        Which actions may dominate. Finding a mixed one solves a small linear program for each action that no pure one dominates.

    Returns
    -------
    IteratedDominance
        `rounds`, each a tuple of what went with its dominator, and `surviving` actions by position.

    Raises
    ------
    GameError
        If `stage` is not a game, or `kind` or `by` is not one of the words above.

    References
    ----------
    Pearce, D. (1984), Rationalizable strategic behavior and the problem of perfection, Econometrica 52.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise")] * 2)
    >>> found = bg.iterated_dominance(dilemma)
    >>> found.surviving, len(found.rounds), found.rounds[0][0].margin
    (((1,), (1,)), 1, 1.0)
    """
    stage = read_stage(stage)
    for name, word, words in (("kind", kind, KINDS), ("by", by, DOMINATORS)):
        if word not in words:
            raise GameError(f"{name} {word!r}{near_match(word, words)}: expected one of {', '.join(words)}")
    scaled = [_integers(stage.payoffs[0]), _integers(stage.payoffs[1].T)]
    left = [list(range(size)) for size in stage.shape]
    rounds: list[tuple[Domination, ...]] = []
    while True:
        gone = []
        for player in (0, 1):
            whole, scale = scaled[player]
            own = whole[np.ix_(left[player], left[1 - player])]
            for position in range(len(left[player])):
                found = _dominator(own, position, kind == "strict", by == "mixed")
                if found is None:
                    continue
                weights = np.zeros(stage.shape[player])
                weights[left[player]] = [float(weight) for weight in found]
                weights.flags.writeable = False
                more = min(np.array(found, dtype=object) @ own - own[position])
                gone.append(Domination(player, left[player][position], weights, float(more / scale)))
        if not gone:
            break
        rounds.append(tuple(gone))
        out = {(each.player, each.action) for each in gone}
        left = [[action for action in left[player] if (player, action) not in out] for player in (0, 1)]
    return IteratedDominance(
        status=Status.solved,
        error_bound=0.0,
        iterations=len(rounds),
        method=f"iterated {kind} dominance by {by} actions in exact arithmetic",
        options={"kind": kind, "by": by},
        game=stage,
        rounds=tuple(rounds),
        surviving=(tuple(left[0]), tuple(left[1])),
    )


def rationalizable(stage: StageGame | IssueGame) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Rationalizable actions of each player by position: best responses to what can be believed of a rational other side.

    Raises
    ------
    GameError
        If `stage` is not a game.

    Examples
    --------
    >>> import bargaining as bg
    >>> bg.rationalizable(bg.game([[3, 0], [0, 3], [1, 1]], [[1, 0], [0, 1], [0, 2]]))
    ((0, 1), (0, 1))
    """
    return iterated_dominance(stage).surviving


def best_responses(stage: StageGame | IssueGame, player: int, against: Any, *, tol: float = 1e-9) -> tuple[int, ...]:
    """Positions of a player's best responses to an action (position or label) or a mixed action of the other side.

    Parameters
    ----------
    stage : StageGame or IssueGame
    player : {0, 1}
        Whose responses.
    against : int, str, or weights of the other side's actions
    tol : float
        Largest loss, relative to the player's payoff span, at which a response to a mixed action counts as best. Responses to one action
        are compared exactly.

    Raises
    ------
    GameError
        If `stage` is not a game, there is no such player or action, or weights are no probabilities.

    Examples
    --------
    >>> import bargaining as bg
    >>> pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    >>> bg.best_responses(pennies, 0, 1), bg.best_responses(pennies, 1, [0.5, 0.5])
    ((1,), (0, 1))
    """
    stage = read_stage(stage)
    if player not in (0, 1) or isinstance(player, bool):
        raise GameError(f"player {player!r}: expected 0 for {stage.players[0]} or 1 for {stage.players[1]}")
    own = stage.payoffs[0] if player == 0 else stage.payoffs[1].T
    if isinstance(against, (str, int)):
        column = own[:, stage.action(1 - player, against)]
        return tuple(int(k) for k in np.flatnonzero(column == column.max()))
    try:
        weights = read_payoffs(against, "against")
    except GameError:
        weights = np.empty(0)  # refused below, in words that speak of probabilities
    if weights.shape != (own.shape[1],) or not (weights >= 0.0).all() or not abs(weights.sum() - 1.0) <= 1e-9:
        raise GameError(f"against {against!r}: expected {own.shape[1]} probabilities that add up to one, or an action of the other side")
    low, span = float(own.min()), float(own.max()) - float(own.min())
    replies = ((own - low) / (span or 1.0)) @ weights
    return tuple(int(k) for k in np.flatnonzero(replies >= replies.max() - tol))


def _integers(matrix: Floats) -> tuple[Integers, int]:
    """Payoffs as integers over a common denominator, exactly."""
    numbers = [[exact(u) for u in row] for row in matrix.tolist()]
    scale = math.lcm(*(u.denominator for row in numbers for u in row))
    return np.array([[int(u * scale) for u in row] for row in numbers], dtype=object), scale


def _dominator(own: Integers, action: int, strict: bool, mixed: bool) -> Sequence[Fraction] | None:
    """Weights of a mixed action that dominates a row; a pure one if there is any."""
    gains = own - own[action]
    better = (gains > 0).all(axis=1) if strict else (gains >= 0).all(axis=1) & (gains > 0).any(axis=1)
    if better.any():
        return [Fraction(k == int(better.argmax())) for k in range(len(own))]
    best = (gains <= 0).all(axis=0)
    if not strict:
        # Against a column to which it is the only best response, an action is not even matched.
        best &= (gains == 0).sum(axis=0) == 1
    if not mixed or best.any() or len(own) < 3:
        return None
    others = np.array([k for k in range(len(own)) if k != action])
    gains = gains[others] // (math.gcd(*gains.ravel().tolist()) or 1)
    rows, columns = gains.shape
    if strict:
        # Largest t with t ≤ x · gains against every column, over x ≥ 0 that add up to one at most; the rest is left on the action itself.
        constraints = np.vstack([np.hstack([-gains.T, np.ones((columns, 1), dtype=object)]), [[1] * rows + [0]]])
        objective = [0] * rows + [1]
    else:
        constraints = np.vstack([-gains.T, [[1] * rows]])
        objective = gains.sum(axis=1).tolist()
    weights = ExactProgram(constraints, [0] * columns + [1]).maximise(objective)
    if sum((c * w for c, w in zip(objective, weights, strict=True)), Fraction(0)) <= 0:
        return None
    total = sum(weights[:rows], Fraction(0))
    found = [Fraction(0)] * len(own)
    for k, weight in zip(others, weights[:rows], strict=True):
        found[k] = weight / total
    return found
