"""Answers about stage games: Nash equilibria, minmax, dominance, correlated equilibria, quantal response, selection."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Deferred, Solution

Floats = NDArray[np.float64]


def read_stage(stage: Any) -> StageGame:
    """A StageGame as it is, an IssueGame in its joint normal form, anything else refused in one line."""
    if isinstance(stage, IssueGame):
        return stage.stage_game()
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    return stage


@dataclass(frozen=True)
class NashComponent:
    """A connected component of the equilibria of a stage game.

    `profiles` are positions of its extreme equilibria; each of the `subsets` (maximal Nash subsets, as positions too) is a product
    X × Y, and every mixture of its X with every mixture of its Y is an equilibrium. The indices of all components add up to +1.
    """

    profiles: tuple[int, ...]
    index: int
    subsets: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class NashEquilibria(Deferred, Solution):
    """Nash equilibria of a stage game.

    ``profiles[k]`` is a pair of mixed actions (x, y), ``payoffs[k]`` what they earn, ``regret[k]`` the largest gain from deviating,
    relative to the deviator's payoff span, and ``absolute_regret[k]`` in payoff units. `degenerate` says whether some mixed action has
    more best responses than actions it plays (then equilibria may form a continuum); None if not determined. If the list is complete,
    `components` are the connected parts of all equilibria. With ``exact=True``, ``exact_profiles[k]`` and ``exact_payoffs[k]`` hold
    fractions and all regrets are exactly 0.
    """

    game: StageGame | IssueGame | RepeatedGame
    profiles: tuple[tuple[Floats, Floats], ...]
    payoffs: Floats
    regret: Floats
    degenerate: bool | None
    absolute_regret: Floats = field(default_factory=lambda: np.empty(0))
    components: tuple[NashComponent, ...] = field(default_factory=tuple)
    exact_profiles: tuple[tuple[tuple[Fraction, ...], tuple[Fraction, ...]], ...] = ()
    exact_payoffs: tuple[tuple[Fraction, Fraction], ...] = ()

    def row(self) -> dict[str, Any]:
        """Count, largest regret and whether the game is degenerate."""
        worst = float(self.regret.max()) if len(self.regret) else 0.0
        return {
            **super().row(),
            "equilibria": len(self.profiles),
            "components": len(self.components) if self.components else None,
            "largest_regret": worst,
            "degenerate": self.degenerate,
        }

    def pure(self) -> tuple[tuple[int, int], ...]:
        """Positions of the pure equilibria."""
        return tuple((int(x.argmax()), int(y.argmax())) for x, y in self.profiles if np.count_nonzero(x) == 1 and np.count_nonzero(y) == 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Minmax(Solution):
    """Pure and mixed minmax payoffs, with the action of the *other* player that enforces each."""

    pure: Floats
    mixed: Floats
    pure_punishment: tuple[int, int]
    mixed_punishment: tuple[Floats, Floats]

    def row(self) -> dict[str, Any]:
        """The four numbers."""
        return {
            **super().row(),
            "pure_us": float(self.pure[0]),
            "pure_cn": float(self.pure[1]),
            "mixed_us": float(self.mixed[0]),
            "mixed_cn": float(self.mixed[1]),
        }


@dataclass(frozen=True, eq=False)
class Domination:
    """One action thrown out: `dominator`, a mixed action of the same player, earns more by `margin` at least (0 possible if weakly)."""

    player: int
    action: int
    dominator: Floats
    margin: float


@dataclass(frozen=True, eq=False, kw_only=True)
class IteratedDominance(Solution):
    """What iterated elimination of dominated actions leaves, and the rounds in which the others went.

    All actions dominated in the game that a round begins with go together. `surviving` holds positions in the game given.
    """

    rounds: tuple[tuple[Domination, ...], ...]
    surviving: tuple[tuple[int, ...], tuple[int, ...]]

    @property
    def reduced(self) -> StageGame:
        """The game of the surviving actions."""
        stage = read_stage(self.game)
        labels = [[stage.actions[player][k] for k in self.surviving[player]] for player in (0, 1)]
        payoffs = stage.payoffs[:, self.surviving[0]][:, :, self.surviving[1]]
        return StageGame(payoffs=payoffs, actions=labels, players=stage.players)  # type: ignore[arg-type]

    def row(self) -> dict[str, Any]:
        """Rounds, and how many actions of each side survive."""
        counts = {"surviving_us": len(self.surviving[0]), "surviving_cn": len(self.surviving[1])}
        return {**super().row(), "rounds": len(self.rounds), **counts}


@dataclass(frozen=True, eq=False)
class CorrelatedBound:
    """A half-plane that holds the payoffs of every (coarse) correlated equilibrium.

    `multipliers`, one for each incentive constraint and one for the sum of probabilities, make it a consequence of these. Numbers are
    exact. The constraints are, for the first player and then the second, what the player gains on average by playing one action where
    it is told another (action told, then action played), or if coarse, by playing one action whatever it is told.
    """

    normal: tuple[Fraction, Fraction]
    multipliers: tuple[Fraction, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class CorrelatedEquilibria(Solution):
    """Payoffs of all correlated (or coarse correlated) equilibria: a polygon, and an equilibrium for each vertex.

    ``distributions[k]``, shape (m, n), earns ``payoff_set.vertices[k]``; ``regret[k]`` is the largest gain from not doing as told,
    relative to the deviator's payoff span. From the exact method, `exact_distributions` holds the same in fractions (profiles row by
    row), and `bounds` prove that no equilibrium pays anything outside.
    """

    game: StageGame | IssueGame | RepeatedGame

    coarse: bool
    payoff_set: PayoffSet
    distributions: Floats
    regret: Floats
    exact_distributions: tuple[tuple[Fraction, ...], ...] = ()
    bounds: tuple[CorrelatedBound, ...] = ()

    @property
    def vertices(self) -> Floats:
        """Payoff pairs counter-clockwise, shape (k, 2)."""
        return self.payoff_set.vertices

    def row(self) -> dict[str, Any]:
        """Best and worst payoff per side, joint surplus, largest regret."""
        best, worst = self.vertices.max(axis=0), self.vertices.min(axis=0)
        return {
            **super().row(),
            "vertices": len(self.vertices),
            "best_us": float(best[0]),
            "best_cn": float(best[1]),
            "worst_us": float(worst[0]),
            "worst_cn": float(worst[1]),
            "joint_surplus": float(self.payoff_set.support([1.0, 1.0])),
            "largest_regret": float(self.regret.max()),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class CorrelatedEquilibrium(Solution):
    """One correlated (or coarse correlated) equilibrium: a distribution over profiles, shape (m, n), and what it earns."""

    game: StageGame | IssueGame | RepeatedGame

    coarse: bool
    objective: str
    distribution: Floats
    payoffs: Floats
    regret: float
    exact_distribution: tuple[Fraction, ...] = ()

    def row(self) -> dict[str, Any]:
        """Payoffs and regret."""
        pair = {"payoff_us": float(self.payoffs[0]), "payoff_cn": float(self.payoffs[1])}
        return {**super().row(), "objective": self.objective, **pair, "regret": self.regret}


@dataclass(frozen=True, eq=False, kw_only=True)
class QuantalResponse(Solution):
    """Logit quantal response equilibria on the principal branch, and where it ends.

    ``profiles[k]`` is the pair of mixed actions at ``precision[k]`` (one over payoff units) and ``payoffs[k]`` what it earns;
    ``residual[k]`` is the largest difference between a probability and the logit response to the other side. `limit` is the Nash
    equilibrium that the branch leads to, with its `limit_regret` relative to the payoff span; None if it was not asked for.
    `turning_points` are the precisions at which the branch turns back.
    """

    precision: Floats
    profiles: tuple[tuple[Floats, Floats], ...]
    payoffs: Floats
    residual: Floats
    limit: tuple[Floats, Floats] | None
    limit_regret: float
    turning_points: tuple[float, ...]

    def row(self) -> dict[str, Any]:
        """How many points, their largest residual, the regret of the limit."""
        largest = float(self.residual.max(initial=0.0))
        return {**super().row(), "points": len(self.profiles), "largest_residual": largest, "limit_regret": self.limit_regret}


@dataclass(frozen=True, eq=False, kw_only=True)
class SelectedEquilibrium(Solution):
    """The equilibrium that a rule selects; `profile` is None, and `reason` says why, if it selects none."""

    rule: str
    profile: tuple[Floats, Floats] | None
    payoffs: Floats
    regret: float
    reason: str

    def row(self) -> dict[str, Any]:
        """Rule, payoffs, regret."""
        pair = {"payoff_us": float(self.payoffs[0]), "payoff_cn": float(self.payoffs[1])}
        return {**super().row(), "rule": self.rule, **pair, "regret": self.regret}


def earned(stage: StageGame, x: Floats, y: Floats) -> Floats:
    """Expected payoffs of a pair of mixed actions, shape (2,)."""
    return np.array([float(x @ matrix @ y) for matrix in stage.payoffs])


def relative_regret(stage: StageGame, x: Floats, y: Floats) -> float:
    """Largest gain from deviating from a pair of mixed actions, relative to the deviator's payoff span."""
    regrets = [0.0]
    for own, mine, other in ((stage.payoffs[0], x, y), (stage.payoffs[1].T, y, x)):
        low = float(own.min())
        span = float(own.max()) - low
        if span > 0.0:
            replies = ((own - low) / span) @ other
            regrets.append(float(replies.max() - mine @ replies))
    return max(regrets)
