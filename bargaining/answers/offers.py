"""Answers about talks: who offers what when, whether it is accepted, and over which issue first."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.solution import Solution

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Pair = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class OffersGame:
    """An alternating-offers game in exact numbers; less than a point of the hull of `agreements` can be agreed on too."""

    agreements: tuple[Pair, ...]
    delta: Pair
    inside: Pair
    breakdown: Fraction
    breakdown_payoffs: Pair
    outside: Pair | None
    periods: int | None
    deadline_payoffs: Pair


@dataclass(frozen=True, eq=False, kw_only=True)
class AlternatingOffers(Solution):
    """Equilibrium of an alternating-offers game.

    ``proposer_share[i]`` is what i gets when it makes the first offer, ``responder_share[j]`` what j gets then if it does not.
    `agreement` says for each first proposer whether there is ever a deal, `expected_delay` after how many refusals (infinite if never).
    ``pairs[i]`` is the exact payoff pair when i opens; None if the answer is one of floating point.
    """

    proposer_share: Floats
    responder_share: Floats
    agreement: tuple[bool, bool]
    expected_delay: Floats
    pairs: tuple[Pair, Pair] | None
    game: OffersGame  # type: ignore[assignment]

    def row(self) -> dict[str, Any]:
        """Shares and delays at both first proposers."""
        return {
            **super().row(),
            "proposer_us": float(self.proposer_share[0]),
            "proposer_cn": float(self.proposer_share[1]),
            "responder_us": float(self.responder_share[0]),
            "responder_cn": float(self.responder_share[1]),
            "agreement": all(self.agreement),
            "delay_us_first": float(self.expected_delay[0]),
            "delay_cn_first": float(self.expected_delay[1]),
        }


@dataclass(frozen=True, eq=False)
class PieChain:
    """A Markov chain of pies: sizes (n,), transitions (n, n), flows (n, 2), probability that the U.S. proposes (None: they alternate)."""

    sizes: Floats
    transitions: Floats
    delta: Pair
    proposers: Floats | None
    flows: Floats


@dataclass(frozen=True, eq=False, kw_only=True)
class StochasticPie(Solution):
    """Bargaining over a stochastic pie, by state s and proposer i.

    ``values[s, i]`` is the payoff pair when i proposes at s, `agreement` (s, i) whether there is a deal then, ``joint[s]`` the sum of
    values averaged over who proposes, `expected_delay` (s, i) the expected number of refusals (infinite if a deal may never come),
    ``ties`` whether at some state the sides are exactly indifferent (they agree then).
    """

    values: Floats
    agreement: NDArray[np.bool_]
    joint: Floats
    expected_delay: Floats
    ties: bool
    game: PieChain  # type: ignore[assignment]

    def row(self) -> dict[str, Any]:
        """How many states have agreement, and the longest expected delay."""
        return {**super().row(), "agreements": int(self.agreement.sum()), "longest_delay": float(self.expected_delay.max())}


@dataclass(frozen=True)
class AgendaGame:
    """Several issues in exact numbers: corners of the agreements on each, and what it pays a period while it is open."""

    issues: Mapping[str, tuple[Pair, ...]]
    delta: Pair
    inside: Mapping[str, Pair]


@dataclass(frozen=True, eq=False, kw_only=True)
class Agendas(Solution):
    """Payoffs of the package and of every agenda, with either side opening.

    ``pairs[order]`` are the exact payoff pairs with the U.S. and with China opening talks about these issues, one after the other; the
    rests of an order that are open later on have their own. The package is ``pairs[()]``.
    """

    records: tuple[Mapping[str, Any], ...]
    pairs: Mapping[tuple[str, ...], tuple[Pair, Pair]]
    game: AgendaGame  # type: ignore[assignment]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary an agenda × opener: ``agenda``, ``opens``, ``us``, ``cn``."""
        return [dict(record) for record in self.records]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())
