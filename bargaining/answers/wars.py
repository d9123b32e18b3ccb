"""Answers about holding out: wars of attrition between sides that may be obstinate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.solution import Solution

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AttritionGame:
    """What each side gets if the other concedes and if it concedes itself, discount rates, probabilities of being obstinate."""

    demands: Floats
    concessions: Floats
    rates: Floats
    obstinate: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Concession(Solution):
    """A war of attrition in continuous time; arrays are by side, U.S. first.

    Side i concedes at `rates`, at time 0 with probability ``immediate[i]``; by time t it has with probability
    :math:`1 - k_i e^{-\\lambda_i t}` (`conceded`). `horizon` is when reputations are complete (infinite without obstinate types).
    `payoffs` are those of normal types at the start.
    """

    rates: Floats
    horizon: float
    immediate: Floats
    payoffs: Floats
    expected_delay: float
    efficiency: Floats
    stalemate: float
    game: AttritionGame  # type: ignore[assignment]

    def conceded(self, times: Any) -> Floats:
        """Probability that each side has conceded by each time, shape (2, times)."""
        t = np.minimum(np.asarray(times, dtype=np.float64), self.horizon)
        return np.asarray(1.0 - (1.0 - self.immediate[:, None]) * np.exp(-self.rates[:, None] * np.atleast_1d(t)[None, :]))

    def settled(self, times: Any) -> Floats:
        """Probability of an agreement by each time."""
        return np.asarray(1.0 - (1.0 - self.conceded(times)).prod(axis=0))

    def row(self) -> dict[str, Any]:
        """Who concedes first with what probability, until when, payoffs and delay."""
        pairs = {"rate": self.rates, "immediate": self.immediate, "payoff": self.payoffs, "efficiency": self.efficiency}
        flat = {f"{name}_{side}": float(pair[i]) for name, pair in pairs.items() for i, side in enumerate(("us", "cn"))}
        return {**super().row(), **flat, "horizon": self.horizon, "expected_delay": self.expected_delay, "stalemate": self.stalemate}


@dataclass(frozen=True, eq=False)
class ReputationGame:
    """Demands of obstinate types and their prior probabilities on both sides, and discount rates; the pie is one."""

    demands_us: Floats
    demands_cn: Floats
    priors_us: Floats
    priors_cn: Floats
    rates: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Reputation(Solution):
    """Equilibrium with several obstinate types a side: the U.S. announces a demand, China accepts it or announces its own.

    ``mimic_us[k]`` is the probability that a normal U.S. announces demand k; ``mimic_cn[k, l]`` that a normal China answers k with l, and
    ``accept[k]`` that it accepts k at once. ``wars[k][l]`` is the war of attrition that follows (None if the demands are compatible).
    `payoffs` are those of the normal types; between two of them `expected_delay` is that of the agreement, and ``loss[i]`` what waiting
    costs of the pie at i's rate. `residual` is the largest error of an equilibrium condition; the payoff of a demand falls in the
    probability of announcing it, so the equilibrium payoff of the U.S. is no further than that from the one stated (`error_bound`).
    """

    mimic_us: Floats
    mimic_cn: Floats
    accept: Floats
    wars: tuple[tuple[Concession | None, ...], ...]
    payoffs: Floats
    loss: Floats
    expected_delay: float
    residual: float
    game: ReputationGame  # type: ignore[assignment]

    def row(self) -> dict[str, Any]:
        """Payoffs, what waiting costs, and the delay."""
        pairs = {"payoff": self.payoffs, "loss": self.loss}
        flat = {f"{name}_{side}": float(pair[i]) for name, pair in pairs.items() for i, side in enumerate(("us", "cn"))}
        return {**super().row(), **flat, "expected_delay": self.expected_delay, "residual": self.residual}
