r"""Repeated games with voluntary side payments: every discount factor in one pass, exactly.

Before every period both sides may pay each other (or burn money). Then optimal equilibria are simple: one profile on the path, one to
punish each side, and payments that move surplus around and settle punishments at once (Goldlücke and Kranz 2012). With joint payoff
:math:`G(a)`, cheating payoffs :math:`c_i(a) = \max_{a_i'} g_i(a_i', a_{-i})` and *liquidity requirement*
:math:`L(a) = \sum_i c_i(a) - G(a)`, a profile can be enforced exactly if

.. math:: (1-\delta) L(a) \le \delta\, (U - v_0 - v_1),

U the largest joint payoff and :math:`v_i` the least cheating payoff of player i over the profiles that can be. What is enforceable at
liquidity :math:`\ell` is :math:`\{a : L(a) \le \ell\}`, so each level has a least discount factor
:math:`\ell / (\ell + U(\ell) - V(\ell))`, and at any discount factor the largest level that it reaches is the answer. Payoffs are
:math:`\{v : v_i \ge \underline v_i,\ v_0 + v_1 \le U\}`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame, exact
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, Status, TransferProof

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[Fraction, Fraction]

METHOD = "optimal simple equilibria with transfers"


@dataclass(frozen=True)
class Level:
    """What liquidity `requirement` sustains, from the discount factor `delta` on (while no larger level is reached)."""

    delta: Fraction
    requirement: Fraction
    path: Profile
    punishments: tuple[Profile, Profile]
    joint: Fraction
    worst: tuple[Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class TransferPath:
    """Optimal simple equilibria of one stage game at all discount factors: `levels` by rising `delta`, each valid until the next."""

    stage: StageGame
    levels: tuple[Level, ...]

    def at(self, delta: Any) -> Level | None:
        """The level reached at a discount factor; None if there is no equilibrium."""
        line = f"delta is {delta!r}: expected a number strictly between 0 and 1"
        try:
            given = exact(delta)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(line) from None
        if not 0 < given < 1:
            raise ValueError(line)
        return max((level for level in self.levels if level.delta <= given), key=lambda level: level.requirement, default=None)

    def least_delta(self, profile: Profile) -> Fraction | None:
        r"""Least discount factor at which a profile is played for ever in equilibrium; None if at none below one.

        What cheating forfeits is then the profile's own joint payoff: :math:`(1-\delta) L(a) \le \delta (G(a) - v_0 - v_1)`, with the
        punishments of the level that is reached. Punishments of a lower level are to be had too, so each level gives a bound of its own.
        """
        a, b = profile
        joint = sum((exact(u) for u in self.stage.payoffs[:, a, b].tolist()), Fraction(0))
        needed = self.requirements[profile]
        found = []
        for level in self.levels:
            surplus = joint - level.worst[0] - level.worst[1]
            if surplus > 0 or needed == surplus == 0:
                found.append(max(level.delta, needed / (needed + surplus) if needed else Fraction(0)))
        least = min(found, default=None)
        return least if least is not None and least < 1 else None

    @cached_property
    def requirements(self) -> dict[Profile, Fraction]:
        """Liquidity requirement of every profile."""
        return _requirements(exact_table(self.stage))

    @property
    def steps(self) -> tuple[Level, ...]:
        """The levels at which payoffs change; at the others only more profiles can be enforced."""
        gives = [(level.joint, level.worst) for level in self.levels]
        return tuple(level for k, level in enumerate(self.levels) if k == 0 or gives[k] != gives[k - 1])

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a step, discount factors and payoffs as floats, profiles by their labels."""

        def label(profile: Profile) -> str:
            return " / ".join(self.stage.labels(profile))

        return [
            {
                "delta": float(level.delta),
                "requirement": float(level.requirement),
                "joint": float(level.joint),
                "worst_us": float(level.worst[0]),
                "worst_cn": float(level.worst[1]),
                "path": label(level.path),
                "punishment_us": label(level.punishments[0]),
                "punishment_cn": label(level.punishments[1]),
            }
            for level in self.steps
        ]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())


def transfer_path(stage: StageGame | IssueGame) -> TransferPath:
    r"""Optimal simple equilibria with voluntary transfers, for every common discount factor in one pass.

    Parameters
    ----------
    stage : StageGame or IssueGame
        Payoffs of both players in one unit, since it is what they pay each other.

    Returns
    -------
    TransferPath
        Exact levels: from which discount factor on which joint payoff and which punishments.

    References
    ----------
    Goldlücke, S., Kranz, S. (2012), Infinitely repeated games with public monitoring and monetary transfers, Journal of Economic
    Theory 147.

    Examples
    --------
    >>> import bargaining as bg
    >>> path = bg.transfer_path(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]))
    >>> [(str(level.delta), str(level.joint), level.path) for level in path.levels]
    [('0', '2', (1, 1)), ('1/4', '5', (0, 1)), ('1/2', '6', (0, 0))]
    """
    joint = stage.stage_game() if isinstance(stage, IssueGame) else stage
    if not isinstance(joint, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    table = exact_table(joint)
    requirement = _requirements(table)
    ordered = sorted(table, key=lambda a: (requirement[a], a))
    reached: list[Level] = []
    path, punishments = ordered[0], [ordered[0], ordered[0]]
    for position, a in enumerate(ordered):
        payoff, cheat = table[a]
        if sum(payoff) > sum(table[path][0]):
            path = a
        for i in (0, 1):
            if cheat[i] < table[punishments[i]][1][i]:
                punishments[i] = a
        if position + 1 < len(ordered) and requirement[ordered[position + 1]] == requirement[a]:
            continue
        surplus, worst = table[path][0][0] + table[path][0][1], (table[punishments[0]][1][0], table[punishments[1]][1][1])
        slack = surplus - worst[0] - worst[1]
        needed = requirement[a]
        if slack < 0 or (slack == 0 and needed > 0):
            continue
        delta = needed / (needed + slack) if needed > 0 else Fraction(0)
        reached.append(Level(delta, needed, path, (punishments[0], punishments[1]), surplus, worst))
    # A level is never the answer if a larger one needs no more patience.
    levels: list[Level] = []
    for level in reversed(reached):
        if not levels or level.delta < levels[-1].delta:
            levels.append(level)
    return TransferPath(joint, tuple(reversed(levels)))


def _requirements(table: Mapping[Profile, tuple[Pair, Pair]]) -> dict[Profile, Fraction]:
    return {a: cheat[0] + cheat[1] - payoff[0] - payoff[1] for a, (payoff, cheat) in table.items()}


def exact_table(stage: StageGame) -> dict[Profile, tuple[Pair, Pair]]:
    """Payoffs and cheating payoffs of every profile, exact."""
    m, n = stage.shape
    first, second = ([[exact(u) for u in row] for row in matrix] for matrix in stage.payoffs.tolist())
    best_row = [max(first[a][b] for a in range(m)) for b in range(n)]
    best_column = [max(row) for row in second]
    return {(a, b): ((first[a][b], second[a][b]), (best_row[b], best_column[a])) for a in range(m) for b in range(n)}


def transfer_set(game: RepeatedGame, path: TransferPath | None = None) -> EquilibriumSet:
    """Equilibrium payoffs with voluntary transfers at the game's discount factor: a triangle, a point or nothing, exact."""
    if not game.common_delta:
        first, second = game.deltas
        raise GameError(f"transfers: delta is ({first}, {second}); expected a common discount factor")
    path = path or transfer_path(game.stage_game())
    level = path.at(game.exact_deltas[0])
    if level is None:
        corners, proof = PayoffSet(np.empty((0, 2))), None
    else:
        u, v = level.worst
        points = [(u, v), (level.joint - v, v), (u, level.joint - u)]
        corners = PayoffSet([[float(x), float(y)] for x, y in dict.fromkeys(points)])  # type: ignore[arg-type]
        proof = TransferProof(level.path, level.punishments, level.joint, level.worst)
    return EquilibriumSet(
        status=Status.solved if proof else Status.empty,
        error_bound=0.0,
        iterations=len(path.levels),
        method=METHOD,
        options={"transfers": True},
        game=game,
        payoff_set=corners,
        inner=corners,
        outer=corners,
        transfer_proof=proof,
    )
