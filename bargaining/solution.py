"""Answers: what every solver returns, how far it can be trusted, and how it is stored.

A `Solution` is frozen and remembers the game, the method and its options. Its `status` is a `Status` whose value is a sentence, and its
`error_bound` bounds the error of the *answer* (a distance in payoff units between what is stated and what is true), not the last step
of an iteration.
"""

import enum
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from bargaining.games import IssueGame, MonitoredGame, RepeatedGame, StageGame, StochasticGame
from bargaining.payoff_set import PayoffSet

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

Floats = NDArray[np.float64]


class Status(enum.Enum):
    """How an answer ended. The value is the sentence that says so."""

    solved = "solved: proven within tol"
    empty = "proven empty: the game has no pure-action equilibrium"
    inner_only = "the inner set is proven, the outer set is not within tol of it"
    approximate = "the set is stated without proof that it is an equilibrium set; see deviation_gain"
    undecided = "a knife edge: the proven inner and outer sets differ by more than tol and will not come closer in floating point"
    max_iter = "max_iter was reached before the proven bounds met; raise max_iter or tol"
    failed = "no answer"

    @property
    def is_answer(self) -> bool:
        """Whether the answer is proven (`solved` or `empty`)."""
        return self in (Status.solved, Status.empty)


class SolveError(RuntimeError):
    """Raised by `Solution.raise_for_status` when the answer is not proven."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Solution:
    """What every answer carries."""

    status: Status
    error_bound: float
    iterations: int
    method: str
    options: Mapping[str, Any]
    game: StageGame | IssueGame | RepeatedGame | StochasticGame | MonitoredGame

    def raise_for_status(self) -> "Solution":
        """Return the solution, or raise `SolveError` with the status's sentence if the answer is not proven."""
        if not self.status.is_answer:
            raise SolveError(f"{self.method}: {self.status.value} (error_bound {self.error_bound:.3g}, {self.iterations} iterations)")
        return self

    def to_json(self, path: "str | Path | None" = None) -> str:
        """The answer with its game and its proofs as JSON text, written to `path` if given; `from_json` reads it back bit for bit."""
        from bargaining.answers.file import write_solution

        return write_solution(self, path)

    @staticmethod
    def from_json(source: "str | Path") -> "Solution":
        """Read what `to_json` wrote, from a path or the text itself.

        Raises
        ------
        SolutionFileError
            If it is not a stored solution; one line says what is wrong and where.
        """
        from bargaining.answers.file import read_solution

        return read_solution(source)

    def row(self) -> dict[str, Any]:
        """The answer as flat scalars."""
        return {
            "status": self.status.name,
            "error_bound": self.error_bound,
            "iterations": self.iterations,
            "method": self.method,
        }


class Deferred:
    """A frozen dataclass of which some fields are worked out when one of them is first read."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @classmethod
    def deferred(cls, write: Callable[[], Self], **known: Any) -> Self:
        """What is `known` now, and for the other fields `write`, which gives a whole one: that may take a hundred times as long."""
        answer = cls.__new__(cls)
        answer.__dict__.update(known, _write=write)
        return answer

    def __getattr__(self, name: str) -> Any:
        # Only called for what is not there yet.
        if name not in self.__dataclass_fields__ or "_write" not in self.__dict__:
            raise AttributeError(name)
        written = self.__dict__.pop("_write")()
        for each in self.__dataclass_fields__:
            self.__dict__.setdefault(each, getattr(written, each))
        return self.__dict__[name]

    def __reduce__(self) -> Any:
        return _whole, (type(self), {each: getattr(self, each) for each in self.__dataclass_fields__})


def _whole(kind: type[Any], fields: dict[str, Any]) -> Any:
    return kind(**fields)


@dataclass(frozen=True, eq=False)
class InnerProof(Deferred):
    """Data with which self-generation of an inner set can be checked exactly, vertex by vertex.

    Vertex k earns ``(1 - δ_i) g_i(a) + δ_i w_i`` from the profile a = `profiles[k]` and a continuation w in the triangle of the vertices
    `simplices[k]`; a deviation of player i is punished by vertex `punishments[i]`. Numbers are exact.
    """

    vertices: tuple[tuple[Fraction, Fraction], ...]
    profiles: tuple[tuple[int, int], ...]
    simplices: tuple[tuple[int, int, int], ...]
    punishments: tuple[int, int]


@dataclass(frozen=True, eq=False)
class OuterProof:
    """Half-planes that contain every equilibrium payoff, and how that is known.

    The set is {w : normals[j] · (w - origin) / span ≤ offsets[j]}, componentwise scaled payoffs. It follows from ``sweeps``
    applications of the set operator, each rounded outward, to the box (or hull) of stage payoffs; on these very normals if `slopes` is
    None. Otherwise the sweeps reach normals · w ≤ limit + interval[1] · slopes, and from there to the offsets = limit + interval[0] ·
    slopes nothing self-generating fits: the operator maps every set limit + t · slopes between the two strictly inside itself.
    """

    origin: tuple[Fraction, Fraction]
    span: tuple[Fraction, Fraction]
    normals: Floats
    offsets: Floats
    sweeps: int
    limit: Floats | None = None
    slopes: Floats | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class TransferProof:
    """What proves a payoff set with voluntary transfers: the profile on the path, the one that punishes each side, and what they give.

    `joint` is the joint payoff on the path, ``worst[i]`` player i's best reply payoff against its punishment. Numbers are exact.
    """

    path: tuple[int, int]
    punishments: tuple[tuple[int, int], tuple[int, int]]
    joint: Fraction
    worst: tuple[Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class PublicInnerProof:
    """Data with which self-generation under public monitoring can be checked exactly, vertex by vertex.

    Vertex k earns ``(1 - δ_i) g_i(a) + δ_i Σ_y π(y|a) w_i(y)`` from the profile a = `profiles[k]`; the continuation after signal y is the
    combination ``continuations[k][y]`` of vertices, pairs (vertex, weight) whose weights add up to one. Numbers are exact.
    """

    vertices: tuple[tuple[Fraction, Fraction], ...]
    profiles: tuple[tuple[int, int], ...]
    continuations: tuple[tuple[tuple[tuple[int, Fraction], ...], ...], ...]


@dataclass(frozen=True, eq=False)
class PublicOuterProof:
    """Half-planes that contain every public equilibrium payoff, and the multipliers that prove it.

    Sets are {w : normals[j] · (w - origin) / span ≤ offsets[step, j]}, componentwise scaled payoffs. The first holds the hull of stage
    payoffs (their box if discount factors differ), and step by step nothing that equals its own image under the set operator fits between
    a set and the next: ``multipliers[step, a, j]`` bound the reach of profile a (U.S. action slowest) in direction j, one for each of the
    U.S.'s other actions, then China's. If the last set is contradictory, there is no equilibrium.
    """

    origin: tuple[Fraction, Fraction]
    span: tuple[Fraction, Fraction]
    normals: Floats
    offsets: Floats
    multipliers: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class EquilibriumSet(Solution):
    """Subgame-perfect equilibrium payoffs of a repeated game (pure actions, public randomisation).

    `payoff_set` is the answer, within `error_bound` of the truth; `inner` ⊆ V ⊆ `outer` where the status says so. With ``inner_proof``
    absent nothing places `inner` inside V; then `deviation_gain` bounds what a one-shot deviation can gain from play that stays in the
    stated set. With voluntary transfers `transfer_proof` proves both sides.
    Under public monitoring `public_inner_proof` and `public_outer_proof` do, and the set is that of perfect public equilibria.
    For a partition, `blocks` holds the solution of each block and the set is their Minkowski sum.
    """

    game: StageGame | IssueGame | RepeatedGame | MonitoredGame
    payoff_set: PayoffSet
    inner: PayoffSet
    outer: PayoffSet
    deviation_gain: float = 0.0
    inner_proof: InnerProof | None = None
    outer_proof: OuterProof | None = None
    transfer_proof: TransferProof | None = None
    public_inner_proof: PublicInnerProof | None = None
    public_outer_proof: PublicOuterProof | None = None
    blocks: Mapping[tuple[str, ...], "EquilibriumSet"] = field(default_factory=dict)

    @property
    def vertices(self) -> Floats:
        """Vertices counter-clockwise, shape (k, 2); k = 1 a point, 2 a segment, 0 the empty set."""
        return self.payoff_set.vertices

    @property
    def is_empty(self) -> bool:
        """Whether the stated set is empty."""
        return self.payoff_set.is_empty

    @property
    def punishment_payoffs(self) -> Floats:
        """Worst equilibrium payoff of each player, min V_i (not in general at one point); NaN if the set is empty."""
        return self.vertices.min(axis=0) if len(self.vertices) else np.full(2, math.nan)

    @property
    def area(self) -> float:
        """Area of the set."""
        return self.payoff_set.area

    def support(self, direction: Any) -> Any:
        """Support function of the set."""
        return self.payoff_set.support(direction)

    def contains(self, point: Any, tol: float = 0.0) -> bool:
        """Whether a payoff pair is in the set, or within `tol` of it."""
        return self.payoff_set.contains(point, tol)

    def distance(self, other: "PayoffSet | EquilibriumSet") -> float:
        """Hausdorff distance to another set."""
        return self.payoff_set.distance(other.payoff_set if isinstance(other, EquilibriumSet) else other)

    def plot(self, ax: Any = None, **style: Any) -> Any:
        """Draw the set with its frontier, the stage payoffs, both sides' worst equilibrium payoffs and pure minmax; return the axes."""
        from bargaining.plotting import draw_equilibrium_set

        stage = self.game.stage_game() if not isinstance(self.game, StageGame) else self.game
        minmax = stage.payoffs[0].max(axis=0).min(), stage.payoffs[1].max(axis=1).min()
        places = [(a, b) for a in range(stage.shape[0]) for b in range(stage.shape[1])]
        profiles = [(float(stage.payoffs[0, a, b]), float(stage.payoffs[1, a, b]), " / ".join(stage.labels((a, b)))) for a, b in places]
        return draw_equilibrium_set(self.payoff_set, profiles, minmax, ax, **style)

    def row(self) -> dict[str, Any]:
        """Best and worst payoff per side, joint surplus, area and number of vertices."""
        empty = self.is_empty
        best = self.vertices.max(axis=0) if not empty else np.full(2, math.nan)
        worst = self.punishment_payoffs
        return {
            **super().row(),
            "vertices": len(self.vertices),
            "best_us": float(best[0]),
            "best_cn": float(best[1]),
            "worst_us": float(worst[0]),
            "worst_cn": float(worst[1]),
            "joint_surplus": float(self.support([1.0, 1.0])) if not empty else math.nan,
            "area": self.area,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class CriticalDelta(Solution):
    """Least common discount factor at which an agreement, played for ever, is an equilibrium path.

    The truth lies in [`lower`, `upper`], both proven; `value` is the point stated. If `sustainable` is False the agreement is not
    sustained at any patience up to ``delta_max`` and `value` is NaN. `binding` says which player's incentive binds at `value`.

    What is asked is the `path` of profiles, by position, repeated for ever, or whether the payoff pair `point` can be had. It is
    sustained at `upper` by the punishments of the sets `evidence_above` (none more patient than that) and by static equilibria; below
    `lower` the sets `evidence_below` (each no less patient than what it excludes) and the pure minmax payoffs leave no room for it.
    """

    game: StageGame | IssueGame | RepeatedGame
    value: float
    lower: float
    upper: float
    sustainable: bool
    binding: str
    path: tuple[tuple[int, int], ...] = ()
    point: tuple[float, float] | None = None
    evidence_below: tuple[EquilibriumSet, ...] = ()
    evidence_above: tuple[EquilibriumSet, ...] = ()

    def row(self) -> dict[str, Any]:
        """The bracket and the binding incentive."""
        return {
            **super().row(),
            "value": self.value,
            "lower": self.lower,
            "upper": self.upper,
            "sustainable": self.sustainable,
            "binding": self.binding,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class CriticalPair(Solution):
    """With a discount factor a side: the largest multiple of both discount rates that sustains an agreement, and the hazard it survives.

    `deltas` are the discount factors at `rate_multiple`; NaN if the agreement is not sustained at any patience, infinite multiple (and
    zero discount factors) for a static equilibrium. `error_bound` is the width of the multiple's proven bracket.
    """

    rate_multiple: float
    deltas: tuple[float, float]
    breakdown_hazard: float
    binding: str

    def row(self) -> dict[str, Any]:
        """The multiple, the discount factors there, the hazard and the binding incentive."""
        return {
            **super().row(),
            "rate_multiple": self.rate_multiple,
            "delta_us": self.deltas[0],
            "delta_cn": self.deltas[1],
            "breakdown_hazard": self.breakdown_hazard,
            "binding": self.binding,
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class LinkageLattice(Solution):
    """Every partition of the issues × every agreement: what is sustained, how patient one must be, what each side can gain or lose.

    `sets` maps each partition's name to its payoff set.
    """

    records: tuple[Mapping[str, Any], ...]
    sets: Mapping[str, EquilibriumSet]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a partition × agreement."""
        return [dict(record) for record in self.records]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())


def worst_status(statuses: Sequence[Status]) -> Status:
    """The least certain of several statuses; `solved` if all are answers."""
    order = [Status.failed, Status.approximate, Status.max_iter, Status.undecided, Status.inner_only]
    return next((status for status in order if status in statuses), Status.solved)
