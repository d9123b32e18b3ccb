r"""Contractual equilibrium: cooperation when every period's play is renegotiated with bargaining weights (Miller and Watson 2013).

Own reduction [D] for two players, perfect monitoring, transfers and a common discount factor. Each period the sides bargain over play
and transfers with weights :math:`\pi`; failing that, they play what the disagreement prescribes, without transfers. Continuation values lie
on a segment :math:`v_0 + v_1 = L` whose ends, :math:`\Delta` apart, punish either side. With deviation gains :math:`h` a profile can be
enforced exactly if

.. math:: (1-\delta)\,(h_0(a) + h_1(a)) \le \delta\,\Delta,

and with :math:`\omega = \pi_1 u_0 - \pi_0 u_1` disagreement play at the ends gives :math:`\Delta` as the *largest fixed point* of

.. math:: \Delta = \max_{a \in E(\Delta)} [\omega(a) - h_1(a)] - \min_{a \in E(\Delta)} [\omega(a) + h_0(a)],
   \qquad L = \max_{a \in E(\Delta)} u_0(a) + u_1(a).

What is enforceable at liquidity :math:`\ell` is :math:`\{a : h_0 + h_1 \le \ell\}`, so every level has a least discount factor
:math:`\ell/(\ell+\Delta(\ell))`: all discount factors in one exact pass. Unlike the worst equilibria of a repeated game, punishments are
renegotiated away in total value; they only shift who gets it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bargaining.answers.deals import ContractualEquilibrium
from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame, exact
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.plane import Pair, as_set, read_pair
from bargaining.solvers.transfers import exact_table


@dataclass(frozen=True)
class ContractLevel:
    """What a span enforces from the discount factor `delta` on; `ends` are the disagreements that punish the U.S. and China."""

    delta: Fraction
    requirement: Fraction
    span: Fraction
    level: Fraction
    path: Profile
    ends: tuple[Profile, Profile]
    low: Fraction


@dataclass(frozen=True, eq=False)
class ContractPath:
    """Contractual equilibria of one stage game at all discount factors: `levels` by rising `delta`, each valid until the next."""

    stage: StageGame
    weights: Pair
    levels: tuple[ContractLevel, ...]

    @cached_property
    def table(self) -> Mapping[Profile, tuple[Pair, Pair]]:
        """Payoffs and best deviation gains of every profile, exact."""
        return {a: (u, (c[0] - u[0], c[1] - u[1])) for a, (u, c) in exact_table(self.stage).items()}

    def at(self, delta: Any) -> ContractLevel | None:
        """The level reached at a discount factor; None if there is no pure-action equilibrium."""
        try:
            given = exact(delta)
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            raise GameError(f"delta {delta!r}: expected a number strictly between 0 and 1") from None
        if not 0 < given < 1:
            raise GameError(f"delta {delta!r}: expected a number strictly between 0 and 1")
        return max((level for level in self.levels if level.delta <= given), key=lambda level: level.requirement, default=None)

    def least_delta(self, agreement: Any) -> Fraction | None:
        """Least discount factor from which the profile is enforceable; None if it is at none below one."""
        profile = self.stage.profile(agreement)
        gains = self.table[profile][1]
        needed = gains[0] + gains[1]
        able = [level for level in self.levels if level.span or not needed]
        reached = [max(level.delta, needed / (needed + level.span) if needed else Fraction(0)) for level in able]
        least = min(reached, default=None)
        return least if least is not None and least < 1 else None


def contract_path(stage: StageGame | IssueGame, weights: Any = (0.5, 0.5)) -> ContractPath:
    r"""Contractual equilibria for every common discount factor in one exact pass.

    Parameters
    ----------
    stage : StageGame or IssueGame
        Payoffs of both sides in one unit, since it is what they pay each other.
    weights : pair of float
        Bargaining weights, not negative; scaled to add up to one.

    Returns
    -------
    ContractPath

    References
    ----------
    Miller, D., Watson, J. (2013), A theory of disagreement in repeated games with bargaining, Econometrica 81.

    Examples
    --------
    >>> import bargaining as bg
    >>> path = bg.contract_path(bg.game([[1, -0.5], [2, 0]], [[1, 2], [-0.5, 0]]))
    >>> str(path.least_delta((0, 0))), [(str(level.delta), str(level.level), str(level.span)) for level in path.levels]
    ('4/7', [('0', '0', '0'), ('1/4', '3/2', '3/2'), ('4/7', '2', '3/2')])
    """
    joint = stage.stage_game() if isinstance(stage, IssueGame) else stage
    if not isinstance(joint, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    given = read_pair(weights, "weights")
    if min(given) < 0 or sum(given) == 0:
        raise GameError(f"weights {weights!r}: expected two numbers, none negative, not both zero")
    pi = given[0] / (given[0] + given[1]), given[1] / (given[0] + given[1])
    table = ContractPath(joint, pi, ()).table
    ordered = sorted(table, key=lambda a: (sum(table[a][1]), a))
    best = high = low = None
    reached: list[ContractLevel] = []
    for position, a in enumerate(ordered):
        u, h = table[a]
        omega = pi[1] * u[0] - pi[0] * u[1]
        if best is None or sum(u) > sum(table[best][0]):
            best = a
        if high is None or omega - h[1] > high[0]:
            high = (omega - h[1], a)
        if low is None or omega + h[0] < low[0]:
            low = (omega + h[0], a)
        needed = Fraction(sum(h))
        if position + 1 < len(ordered) and sum(table[ordered[position + 1]][1]) == needed:
            continue
        span = high[0] - low[0]
        if span < 0 or (span == 0 and needed > 0):
            continue
        level = Fraction(sum(table[best][0]))
        delta = needed / (needed + span) if needed else Fraction(0)
        reached.append(ContractLevel(delta, needed, span, level, best, (low[1], high[1]), low[0] + pi[0] * level))
    # A level is never the answer if a larger one needs no more patience.
    levels: list[ContractLevel] = []
    for each in reversed(reached):
        if not levels or each.delta < levels[-1].delta:
            levels.append(each)
    return ContractPath(joint, pi, tuple(reversed(levels)))


def contractual_equilibrium(game: RepeatedGame, weights: Any = (0.5, 0.5)) -> ContractualEquilibrium:
    """Contractual equilibrium of a repeated game at its (common) discount factor.

    Parameters
    ----------
    game : RepeatedGame
        Transfers with different discount factors would open unbounded trade over time, so the factor has to be common.
    weights : pair of float
        Bargaining weights.

    Returns
    -------
    ContractualEquilibrium
        Exact; status `empty` if no profile is enforceable (there is no pure static equilibrium to start from).

    Raises
    ------
    GameError
        If the discount factors differ or the weights are negative.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[1, -0.5], [2, 0]], [[1, 2], [-0.5, 0]])
    >>> [bg.contractual_equilibrium(bg.RepeatedGame(dilemma, delta)).level for delta in (0.55, 0.6)]
    [1.5, 2.0]
    """
    if not isinstance(game, RepeatedGame):
        raise GameError(f"game is a {type(game).__name__}: expected a RepeatedGame")
    if not game.common_delta:
        raise GameError(f"delta is {game.deltas}: contractual equilibrium needs a common discount factor")
    path = contract_path(game.stage, weights)
    level = path.at(game.exact_deltas[0])
    corners = []
    enforceable: tuple[Profile, ...] = ()
    if level is not None:
        corners = [(level.low, level.level - level.low), (level.low + level.span, level.level - level.low - level.span)]
        enforceable = tuple(sorted(a for a, (_, h) in path.table.items() if sum(h) <= level.requirement))
    return ContractualEquilibrium(
        status=Status.solved if level else Status.empty,
        error_bound=0.0,
        iterations=len(path.levels),
        method="contractual equilibrium: span as largest fixed point",
        options={"weights": tuple(float(w) for w in path.weights)},
        game=game,
        level=float(level.level) if level else float("nan"),
        span=float(level.span) if level else float("nan"),
        path=level.path if level else None,
        enforceable=enforceable,
        weights=path.weights,
        payoff_set=as_set(list(dict.fromkeys(corners))) if corners else PayoffSet(np.empty((0, 2))),
    )
