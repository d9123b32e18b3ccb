r"""The end of the term: the same stage game with an end, as a check on what rests on there being none.

The finite version has fourteen periods of 90 days, to January 2029, each a state of its own, and then raised tariffs for good; its
payoff sets are found by backward induction, as those of any chain of states. Beside it stands the *imbalance*: a state, near absorbing,
in which the sides are at odds over trade at all; once it is resolved nobody raises any more.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import field_validator

from bargaining.scenarios.parameters import chosen
from bargaining.scenarios.stages import TARIFFS, StageParameters
from bargaining.scenarios.states import StateScenario, part_of, play

if TYPE_CHECKING:
    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Labels
    from bargaining.games.exact import Real

AFTER, ENDLESS = "after", "endless"
IMBALANCE, RESOLVED = "imbalance", "resolved"


class HorizonParameters(StageParameters):
    """Parameters of the horizon."""

    scenario_name = "horizon"

    horizon_periods: int | Literal["endless"] = chosen(
        14, "H", status="modelling choice", note="periods of 90 days to the end of the term, or 'endless'"
    )
    resolution_share: float = chosen(
        0.0, "resolution", status="assumption", note="probability a period that the imbalance is resolved; at most about 0.02", ge=0, le=1
    )

    @field_validator("horizon_periods")
    @classmethod
    def _at_least_one(cls, value: int | str) -> int | str:
        if isinstance(value, int) and not 1 <= value <= 400:
            raise ValueError("a number of periods from 1 to 400, or 'endless'")
        return value


class Horizon(StateScenario):
    """The truce with an end, or with an imbalance that may be resolved.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> scenario("horizon", horizon_periods=3).game().states
    ('period 1', 'period 2', 'period 3', 'after')
    >>> scenario("horizon", horizon_periods="endless", resolution_share=0.02).game().states
    ('imbalance', 'resolved')
    """

    name = "horizon"
    title = "Fourteen periods to January 2029, and an imbalance that hardly resolves"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9},
        "calibrated": {"stage": "calibrated"},
        "quiet": {"stage": "calibrated", "political_weight_us_usd_per_usd": 0.10, "political_weight_cn_usd_per_usd": 0.12},
        "political": {"stage": "calibrated", "political_weight_us_usd_per_usd": 0.40, "political_weight_cn_usd_per_usd": 0.20},
        "endless": {"delta": 0.9, "horizon_periods": ENDLESS, "resolution_share": 0.02},
    }
    plans: ClassVar[Mapping[str, str]] = {
        "truce": "both hold the truce to the end, and license and lift",
        "war": "both raise tariffs, withhold and widen, to the end",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {"T": "tariffs", "R": "rare earths", "K": "countermeasures"}
    factors_in_words: ClassVar[Mapping[str, str]] = {"term": "periods of the term", "trade": "whether the imbalance is resolved"}
    parameter_set = HorizonParameters
    values: HorizonParameters

    def composed(self) -> "ComposedGame":
        """Every issue under the clock of the term; tariffs also under the imbalance, if it may be resolved."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        factors: dict[str, Factor] = {}
        if p.horizon_periods != ENDLESS:
            factors["term"] = Factor("period 1", self._tick)
        if p.resolution_share > 0:
            factors["trade"] = Factor(IMBALANCE, self._resolve)
        names = tuple(factors)
        stages = {"T": p.tariffs()} | ({"R": p.release(), "K": p.controls()} if p.stage == "calibrated" else {})

        def at(issue: str) -> Any:
            return lambda *states: self._at(issue, stages[issue], dict(zip(names, states, strict=True)))

        return ComposedGame({issue: StateIssue(at(issue), names) for issue in stages}, factors, p.patience())

    def _at(self, issue: str, stage: "StageGame", states: Mapping[str, str]) -> "StageGame":
        if states.get("term") == AFTER:
            return part_of(stage, *_last(stage, 1, {"K": "lifted", "R": "license"}.get(issue)))
        if issue == "T" and states.get("trade") == RESOLVED:
            return part_of(stage, TARIFFS[:1], TARIFFS[:1])
        return stage

    def _tick(self, term: str) -> "dict[str, Real]":
        if term == AFTER:
            return {AFTER: 1}
        now = int(term.split()[1])
        return {f"period {now + 1}" if now < int(self.values.horizon_periods) else AFTER: 1}

    def _resolve(self, trade: str) -> "dict[str, Real]":
        from bargaining.games import exact

        chance = exact(self.values.resolution_share)
        return {RESOLVED: 1} if trade == RESOLVED else {IMBALANCE: 1 - chance, RESOLVED: chance}

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """Hold or raise, to the end."""
        war = plan == "war"
        wanted = {
            "T": (TARIFFS[war],) * 2,
            "R": ("", "withhold" if war else "license"),
            "K": ("widened" if war else "lifted", ""),
        }[issue]
        return play(stage, *wanted)

    def explain(self) -> list[str]:
        """Sentences on what an end does."""
        if self.values.horizon_periods == ENDLESS:
            return ["Without an end the future disciplines both sides in every period alike"]
        return [
            "In the last period only a stage Nash equilibrium can be played; where the stage game has a single one it is all there is, "
            "in every period, by backward induction",
            "A geometric chance that the term ends, as in the discount factors of the capitals, has no last period",
        ]


def _last(stage: "StageGame", position: int, kept: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is played after the term: raised tariffs, and what costs nobody anything on the other issues."""
    us, cn = ((kept,) if kept in own else (own[min(position, len(own) - 1)],) for own in stage.actions)
    return us, cn
