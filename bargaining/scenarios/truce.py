r"""The truce: tariffs are locked for a tranche of N periods, renewed by both sides, and may lapse.

At a renewal both sides choose on tariffs, and what they choose stands for the rest of the tranche: holding locks the truce in, but
whoever raises at the renewal is safe from tariff retaliation until the next one. At the tranche's end the truce lapses with some
probability (a deadline missed), and in every period it may break down by a hazard of its own; in a lapse both sides are at raised
tariffs. A share :math:`\omega` of the instruments of retaliation (export controls) is never locked.

With everything locked, all risk :math:`\rho` at expiries and a lapse for good, the truce enforces itself exactly if
:math:`\delta^N \ge (T-R)/((T-P)(1-\rho))`, while its value :math:`P + (R-P)(1-\delta^N)/(1-\delta^N(1-\rho))` rises in N: the best
truce is the longest that does. With N = 1 and a return from lapse it is the regime-switching prisoner's dilemma.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import field_validator

from bargaining.scenarios.parameters import chosen, prior
from bargaining.scenarios.stages import TARIFFS, StageParameters
from bargaining.scenarios.states import StateScenario, part_of, play, share_game
from bargaining.scenarios.story import IDLE

if TYPE_CHECKING:
    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Labels
    from bargaining.games.exact import Real

RENEWAL, LAPSE, PERMANENT, EXIT = "renewal", "lapse", "permanent", "exit"
OPEN, RESTRICT = "open", "restrict"


class TruceParameters(StageParameters):
    """Parameters of the truce."""

    scenario_name = "truce"

    tranche_periods: int | Literal["permanent"] = chosen(
        1, "N", status="modelling choice", note="periods of 90 days from one renewal to the next, or 'permanent'"
    )
    lapse_risk_share: float = chosen(
        0.1, "ρ", status="assumption", note="probability that the truce breaks down, split between expiries and periods", ge=0, le=1
    )
    risk_at_expiry_share: float = chosen(
        1.0, "s", status="assumption", note="of that risk, the share that waits for an expiry; the rest strikes in any period", ge=0, le=1
    )
    resumption_share: float = chosen(0.0, "q", status="assumption", note="probability a period that a lapsed truce is resumed", ge=0, le=1)
    usable_share: float = chosen(
        0.0, "ω", status="assumption", note="share of the instruments of retaliation that a tranche does not lock", ge=0, le=1
    )
    lapse_to: Literal["snap-back", "escalation"] = chosen(
        "snap-back", "lapse", status="modelling choice", note="what a lapse means: raised tariffs, or an escalation beyond them"
    )
    escalation_loss_units: float = chosen(
        1.0, "E", status="assumption", note="illustrative: what escalation costs each side beyond raised tariffs (stylised game)"
    )
    renewal: Literal["automatic", "both"] = chosen(
        "automatic", "renewal", status="modelling choice", note="'both': at a renewal either side may exit, and the truce lapses at once"
    )
    fentanyl: bool = chosen(
        False, "fentanyl", status="modelling choice", note="whether the U.S. may take the fentanyl half off by itself (calibrated game)"
    )
    tariff_us_fentanyl_points: float = prior("tariff_us_fentanyl_points", "fentanyl_points", ge=0)

    @field_validator("tranche_periods")
    @classmethod
    def _at_least_one(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 400:
            raise ValueError("a number of periods from 1 to 400, or 'permanent'")
        return value


class Truce(StateScenario):
    """The truce as a state: renewal, tranche, lapse.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> story = scenario("truce", tranche_periods=2)
    >>> story.game().states
    ('renewal', 'hold/hold 2', 'hold/raise 2', 'raise/hold 2', 'raise/raise 2', 'lapse')
    >>> story.plan("truce")["renewal"], story.plan("truce")["raise/hold 2"]
    (('hold', 'hold'), ('raise', 'hold'))
    """

    name = "truce"
    title = "The truce: tranches, renewals and lapses"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9},
        "calibrated": {"stage": "calibrated", "usable_share": 1.0},
        "quiet": {
            "stage": "calibrated",
            "usable_share": 1.0,
            "political_weight_us_usd_per_usd": 0.10,
            "political_weight_cn_usd_per_usd": 0.12,
        },
        "political": {
            "stage": "calibrated",
            "usable_share": 1.0,
            "political_weight_us_usd_per_usd": 0.40,
            "political_weight_cn_usd_per_usd": 0.20,
        },
    }
    plans: ClassVar[Mapping[str, str]] = {
        "truce": "both hold the truce at every renewal and use no controls; in a lapse, nor then",
        "war": "both raise tariffs and restrict, always",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {
        "T": "tariffs",
        "X": "export controls that no tranche locks",
        "R": "rare earths",
        "K": "countermeasures",
        "F": "fentanyl half of the U.S. tariff",
    }
    factors_in_words: ClassVar[Mapping[str, str]] = {"tranche": "where the truce stands between two renewals"}
    parameter_set = TruceParameters
    values: TruceParameters

    def composed(self) -> "ComposedGame":
        """Tariffs with the tranche's clock, and what the tranche does not lock."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        tariffs, open_part = self._tariffs()
        issues = {"T": StateIssue(lambda tranche: self._at(tariffs, tranche), ("tranche",))}
        issues |= {name: StateIssue(lambda stage=stage: stage) for name, stage in open_part.items()}
        return ComposedGame(issues, {"tranche": Factor(RENEWAL, self.step, ("T",))}, p.patience())

    def _tariffs(self) -> "tuple[StageGame, dict[str, StageGame]]":
        """The part of the stage game that a tranche locks, and the issues that it does not."""
        from bargaining.games import StageGame, game

        p = self.values
        stage, free = p.tariffs(), p.usable_share
        if p.stage == "stylised":
            if free == 0:
                return stage, {}
            controls = StageGame(payoffs=stage.payoffs * free, actions=((OPEN, RESTRICT), (OPEN, RESTRICT)))
            return share_game(stage, 1 - free), {"X": controls}
        rest = {} if free == 0 else {"R": share_game(p.release(), free), "K": share_game(p.controls(), free)}
        if p.fentanyl:
            us, cn = p.fentanyl_half(p.tariff_us_fentanyl_points / 100)
            rest["F"] = game([[0.0], [us]], [[0.0], [cn]], actions=(("keep", "remove"), (IDLE,)))
        return stage, rest

    def _at(self, stage: "StageGame", tranche: str) -> "StageGame":
        """Tariffs at a renewal, in a tranche, or in a lapse."""
        import numpy as np

        from bargaining.games import StageGame

        p = self.values
        if tranche == LAPSE:
            war = part_of(stage, TARIFFS[1:], TARIFFS[1:])
            if p.lapse_to == "snap-back":
                return war
            payoffs = np.array(p.escalation())[:, None, None] if p.stage == "calibrated" else war.payoffs - p.escalation_loss_units
            return StageGame(payoffs=payoffs, actions=war.actions)
        if tranche != RENEWAL:
            us, cn = tranche.split(maxsplit=1)[0].split("/")
            return part_of(stage, (us,), (cn,))
        if p.renewal == "automatic":
            return stage
        # Whoever exits is met with raised tariffs in the same period.
        payoffs = np.empty((2, 3, 3))
        payoffs[:] = stage.payoffs[:, 1:, 1:]
        payoffs[:, :2, :2] = stage.payoffs
        return StageGame(payoffs=payoffs, actions=((*TARIFFS, EXIT), (*TARIFFS, EXIT)))

    def step(self, tranche: str, pair: "Labels") -> "dict[str, Real]":
        """Where the truce goes from here, given both sides' choices on tariffs."""
        from bargaining.games import exact

        p = self.values
        if tranche == LAPSE:
            back = exact(p.resumption_share)
            return {LAPSE: 1 - back, RENEWAL: back}
        if EXIT in pair:
            return {LAPSE: 1}
        risk, late = exact(p.lapse_risk_share), exact(p.risk_at_expiry_share)
        period, expiry = risk * (1 - late), risk * late
        if isinstance(p.tranche_periods, str):
            return {f"{pair[0]}/{pair[1]} for good": 1 - period, LAPSE: period}
        now = 1 if tranche == RENEWAL else int(tranche.split()[1])
        if now < p.tranche_periods:
            return {f"{pair[0]}/{pair[1]} {now + 1}": 1 - period, LAPSE: period}
        goes_on = (1 - period) * (1 - expiry)
        return {RENEWAL: goes_on, LAPSE: Fraction(1) - goes_on}

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """Hold and use no controls, or the contrary."""
        war = plan == "war"
        wanted = {
            "T": (TARIFFS[war],) * 2,
            "X": (RESTRICT if war else OPEN,) * 2,
            "R": ("", "withhold" if war else "license"),
            "K": ("widened" if war else "lifted", ""),
            "F": ("keep" if war else "remove", ""),
        }[issue]
        return play(stage, *wanted)

    def explain(self) -> list[str]:
        """Sentences on how long a truce may be, from the closed form where it applies."""
        p = self.values
        tariffs, open_part = self._tariffs()
        lines = []
        for player, who in enumerate(("the U.S.", "China")):
            own = tariffs.payoffs[player] if player == 0 else tariffs.payoffs[player].T
            cheat, together, war = float(own[1, 0]), float(own[0, 0]), float(own[1, 1])
            if cheat <= together:
                lines.append(f"Raising at a renewal gains {who} nothing while the other side holds")
                continue
            survival = 1 - p.lapse_risk_share
            ratio = (cheat - together) / (cheat - war) / survival if cheat > war and survival > 0 else math.inf
            lines.append(
                f"Raising at a renewal tempts {who} ({cheat:+.2f} against {together:+.2f}; both raising {war:+.2f}): with "
                f"everything locked, all risk at expiries and a lapse for good a tranche of N periods is safe from it if δ^N ≥ {ratio:.3f}"
                + ("" if ratio < 1 else ", which no tranche is")
            )
        if open_part:
            lines.append(f"Not locked by a tranche: {', '.join(self.issues_in_words[issue] for issue in open_part)}")
        lines.append("While tariffs are locked a deviation on them cannot be answered by them: a permanent lock is never self-enforcing")
        return lines
