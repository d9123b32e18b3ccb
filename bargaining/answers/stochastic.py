"""Answers about stochastic games: one payoff set a state, with proofs on both sides."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StochasticGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Deferred, Solution

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Corner = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class StochasticInner(Deferred):
    """Data with which it can be checked exactly that payoff sets, one a state, generate themselves.

    Vertex k of state s earns ``(1 - δ_i) g_i(a) + δ_i w_i`` from the profile a = ``profiles[s][k]`` and a continuation w in the triangle of
    the three ``corners[s][k]``. A corner names one vertex of each state that a can lead to, in the order of the states, and is their mean
    at the transition probabilities. After a deviation of player i, state s begins with its vertex ``punishments[s][i]``. Numbers are exact;
    a state without equilibria has no vertices.
    """

    vertices: tuple[tuple[tuple[Fraction, Fraction], ...], ...]
    profiles: tuple[tuple[tuple[int, int], ...], ...]
    corners: tuple[tuple[tuple[Corner, Corner, Corner], ...], ...]
    punishments: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class StochasticOuter:
    """Half-planes that contain every equilibrium payoff of each state, and how that is known.

    The set of state s is {w : normals[j] · (w - origin) / span ≤ offsets[s, j]}, the same normals in all states; none at all for a state
    that is not in `living`. It follows from ``sweeps`` applications of the set operator, state after state, each rounded outward, to the
    box of stage payoffs; if there are `slopes`, the sweeps reach limit + interval[1] · slopes, and nothing self-generating fits between
    that and the offsets = limit + interval[0] · slopes.
    """

    origin: tuple[Fraction, Fraction]
    span: tuple[Fraction, Fraction]
    normals: Floats
    offsets: Floats
    living: tuple[bool, ...]
    sweeps: int
    limit: Floats | None = None
    slopes: Floats | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StochasticSet(Solution):
    """Subgame-perfect equilibrium payoffs of a stochastic game, one set a starting state (pure actions, public randomisation).

    ``solution[state]``, by position or name, is a `PayoffSet` within `error_bound` of the truth; `inner` and `outer` hold the proven
    bounds, one set a state. `emptied` says of each state without equilibria, by name, why: the profile that failed last, or the state
    without equilibria that play can come to from there (subgame perfection asks for an equilibrium in every subgame).
    """

    game: StochasticGame
    payoff_sets: tuple[PayoffSet, ...]
    inner: tuple[PayoffSet, ...]
    outer: tuple[PayoffSet, ...]
    emptied: Mapping[str, str] = field(default_factory=dict)
    inner_proof: StochasticInner | None = None
    outer_proof: StochasticOuter | None = None

    def __getitem__(self, state: int | str) -> PayoffSet:
        return self.payoff_sets[self.game.state(state)]

    def __len__(self) -> int:
        return len(self.payoff_sets)

    def __iter__(self) -> Iterator[PayoffSet]:
        return iter(self.payoff_sets)

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return self.game.states

    @property
    def punishment_payoffs(self) -> Floats:
        """Worst equilibrium payoff of each player in each state, shape (S, 2); NaN where the set is empty."""
        nothing = np.full(2, math.nan)
        return np.array([own.vertices.min(axis=0) if not own.is_empty else nothing for own in self.payoff_sets])

    def rows(self) -> list[dict[str, Any]]:
        """A flat dictionary a state: vertices, best and worst payoffs, joint surplus, area."""
        rows = []
        for name, own, worst in zip(self.states, self.payoff_sets, self.punishment_payoffs, strict=True):
            best = own.vertices.max(axis=0) if not own.is_empty else worst
            rows.append(
                {
                    "state": name,
                    "vertices": len(own.vertices),
                    "best_us": float(best[0]),
                    "best_cn": float(best[1]),
                    "worst_us": float(worst[0]),
                    "worst_cn": float(worst[1]),
                    "joint_surplus": float(own.support([1.0, 1.0])) if not own.is_empty else math.nan,
                    "area": own.area,
                }
            )
        return rows

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def row(self) -> dict[str, Any]:
        """How many states there are, how many have no equilibrium, and what each player can get at best and at worst in any of them."""
        worst = self.punishment_payoffs
        best = np.array([own.vertices.max(axis=0) if not own.is_empty else np.full(2, math.nan) for own in self.payoff_sets])
        filled = ~np.isnan(worst[:, 0])
        low = worst[filled].min(axis=0) if filled.any() else np.full(2, math.nan)
        high = best[filled].max(axis=0) if filled.any() else np.full(2, math.nan)
        return {
            **super().row(),
            "states": len(self),
            "emptied": len(self) - int(filled.sum()),
            "vertices": sum(len(own.vertices) for own in self.payoff_sets),
            "best_us": float(high[0]),
            "best_cn": float(high[1]),
            "worst_us": float(low[0]),
            "worst_cn": float(low[1]),
        }

    def plot(self, state: int | str, ax: Any = None, **style: Any) -> Any:
        """Draw the set of one state; return the axes."""
        return self[state].plot(ax, **style)


@dataclass(frozen=True, eq=False, kw_only=True)
class CriticalPlan(Solution):
    """Where along δ, or along one parameter, a plan of a stochastic game is an equilibrium path from every state.

    Verdicts are ``"sustained"``, ``"not"`` (both proven) and ``"undecided"``. `scanned` holds each grid point with its verdict;
    `intervals` the stretches (from, to, verdict) between changes, on which every point looked at has that verdict, and `brackets` the gaps
    between them, in which it changes. `ends` are the ends of the brackets (the first and the last point looked at where nothing changes)
    with their verdicts, `plans` the plan at each by position and `evidence` the sets that prove them. Nothing is claimed between points
    that were looked at, so one threshold is claimed nowhere.
    """

    parameter: str
    scanned: tuple[tuple[float, str], ...]
    intervals: tuple[tuple[float, float, str], ...]
    brackets: tuple[tuple[float, float], ...]
    ends: tuple[tuple[float, str], ...]
    plans: tuple[tuple[tuple[int, int], ...], ...]
    evidence: tuple[StochasticSet, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The verdict of each interval."""
        return tuple(answer for _, _, answer in self.intervals)

    def row(self) -> dict[str, Any]:
        """The intervals on which the plan is sustained, and how many changes there are."""
        kept = [f"[{low:.10g}, {high:.10g}]" for low, high, answer in self.intervals if answer == "sustained"]
        return {**super().row(), "parameter": self.parameter, "changes": len(self.brackets), "sustained": " ".join(kept)}
