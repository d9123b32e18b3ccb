"""Answers about stochastic games in states: Markov-perfect equilibria, and payoff sets with voluntary transfers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StochasticGame
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Solution

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Pair = tuple[Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class MarkovEquilibrium:
    """A stationary Markov strategy for each side.

    ``strategies[s]`` is the pair of mixed actions (x, y) in state s, ``values[s]`` what both sides earn from there on average, and
    `residual` a bound on what a side can gain by a one-shot deviation in any state, in payoffs a period on average: with discounting no
    other deviation gains more than that over 1 - δ.
    """

    strategies: tuple[tuple[Floats, Floats], ...]
    values: Floats
    residual: float

    @property
    def is_pure(self) -> bool:
        """Whether both sides play one action in every state."""
        return all(np.count_nonzero(mix) == 1 for pair in self.strategies for mix in pair)

    def plan(self) -> tuple[Profile, ...]:
        """Positions of the profile of each state, the likeliest actions where it mixes."""
        return tuple((int(x.argmax()), int(y.argmax())) for x, y in self.strategies)


@dataclass(frozen=True, eq=False, kw_only=True)
class MarkovPerfect(Solution):
    """Stationary Markov-perfect equilibria of a stochastic game: all that were found, which need not be all there are.

    `pure_complete` says whether every pure one is among the `equilibria`. Where equilibria form a continuum, those listed are ones with
    few actions played. `starts` counts, for each equilibrium, the starts that led to it (0 for one found by enumeration).
    """

    equilibria: tuple[MarkovEquilibrium, ...]
    pure_complete: bool
    starts: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.equilibria)

    def __iter__(self) -> Iterator[MarkovEquilibrium]:
        return iter(self.equilibria)

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary an equilibrium × state: what both sides do, and what it is worth from there."""
        assert isinstance(self.game, StochasticGame)
        return [
            {
                "equilibrium": number,
                "state": state,
                "us": _mix(x, stage.actions[0]),
                "cn": _mix(y, stage.actions[1]),
                "value_us": float(each.values[s, 0]),
                "value_cn": float(each.values[s, 1]),
                "residual": each.residual,
            }
            for number, each in enumerate(self.equilibria)
            for s, (state, stage, (x, y)) in enumerate(zip(self.game.states, self.game.stages, each.strategies, strict=True))
        ]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def row(self) -> dict[str, Any]:
        """How many were found, how many of them are pure, and the largest residual."""
        return {
            **super().row(),
            "equilibria": len(self.equilibria),
            "pure": sum(each.is_pure for each in self.equilibria),
            "pure_complete": self.pure_complete,
            "largest_residual": max((each.residual for each in self.equilibria), default=0.0),
        }

    def __str__(self) -> str:
        assert isinstance(self.game, StochasticGame)
        us, cn = self.game.players
        lines = [f"{len(self.equilibria)} found: {self.method}"]
        for number, each in enumerate(self.equilibria):
            lines.append(f"equilibrium {number} (one-shot gain at most {each.residual:.2g}):")
            for row in self.rows():
                if row["equilibrium"] == number:
                    lines.append(
                        f"  {row['state']}: {us} {row['us']}, {cn} {row['cn']}; worth {row['value_us']:.6g}, {row['value_cn']:.6g}"
                    )
        return "\n".join(lines)


def _mix(weights: Floats, labels: tuple[str, ...]) -> str:
    played = [(label, weight) for label, weight in zip(labels, weights.tolist(), strict=True) if weight > 0]
    return played[0][0] if len(played) == 1 else ", ".join(f"{label} {weight:.4g}" for label, weight in played)


@dataclass(frozen=True)
class StateTransferProof:
    """What proves a payoff set with transfers: in each state the profile on the path, the one that punishes each side, and their worth.

    ``joint[s]`` is the joint value from state s, ``worst[s][i]`` player i's best reply value against its punishment. Numbers are exact.
    """

    path: tuple[Profile, ...]
    punishments: tuple[tuple[Profile, Profile], ...]
    joint: tuple[Fraction, ...]
    worst: tuple[Pair, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class StochasticTransfers(Solution):
    """Equilibrium payoffs of a stochastic game with voluntary transfers before every move, one triangle a starting state.

    From state s the sides can have every split of up to ``joint[s]`` that gives each at least ``punishment_payoffs[s, i]``. ``path[s]`` is
    the profile played in s on the path, ``punishments[s][i]`` the one that punishes player i; empty if some state has no equilibrium.
    """

    joint: Floats
    punishment_payoffs: Floats
    proof: StateTransferProof | None

    @property
    def is_empty(self) -> bool:
        """Whether there is no pure-action equilibrium."""
        return self.proof is None

    @property
    def path(self) -> tuple[Profile, ...]:
        """Profile on the path, state by state."""
        return () if self.proof is None else self.proof.path

    @property
    def punishments(self) -> tuple[tuple[Profile, Profile], ...]:
        """Profiles that punish the U.S. and China, state by state."""
        return () if self.proof is None else self.proof.punishments

    def __len__(self) -> int:
        assert isinstance(self.game, StochasticGame)
        return len(self.game)

    def __getitem__(self, state: int | str) -> PayoffSet:
        assert isinstance(self.game, StochasticGame)
        place = self.game.state(state)
        if self.proof is None:
            return PayoffSet(np.empty((0, 2)))
        joint, (us, cn) = self.proof.joint[place], self.proof.worst[place]
        corners = dict.fromkeys([(us, cn), (joint - cn, cn), (us, joint - us)])
        return PayoffSet([[float(x), float(y)] for x, y in corners])  # type: ignore[arg-type]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a state: joint value, punishment payoffs and the three profiles by their labels."""
        assert isinstance(self.game, StochasticGame)
        rows = []
        for s, state in enumerate(self.game.states):
            words = {}
            if self.proof is not None:
                profiles = (self.proof.path[s], *self.proof.punishments[s])
                named = (" / ".join(self.game.stages[s].labels(profile)) for profile in profiles)
                words = dict(zip(("path", "punishment_us", "punishment_cn"), named, strict=True))
            worst = self.punishment_payoffs[s]
            rows.append({"state": state, "joint": float(self.joint[s]), "worst_us": float(worst[0]), "worst_cn": float(worst[1]), **words})
        return rows

    def row(self) -> dict[str, Any]:
        """Joint value and punishment payoffs in the first state."""
        first = self.rows()[0]
        return {**super().row(), "joint": first["joint"], "worst_us": first["worst_us"], "worst_cn": first["worst_cn"]}


def nothing(states: int) -> tuple[Floats, Floats]:
    """Joint values and punishment payoffs of a game without equilibria."""
    return np.full(states, math.nan), np.full((states, 2), math.nan)
