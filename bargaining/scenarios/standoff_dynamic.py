"""The standoff in motion: truce, licences, court and leverage together, put together from the stories that tell them one by one.

Tariffs stand under the truce's clock and the court; rare earths under China's licence and the U.S. stock of substitutes; chips under
China's stock. Only the court moves by itself, so every partition of the issues can be solved block by block, unless licences follow the
truce: then rare earths depend on a clock that tariffs drive, and the two have to be solved together.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from bargaining.scenarios.court import Court, CourtParameters
from bargaining.scenarios.leverage import Leverage, LeverageParameters
from bargaining.scenarios.licence import GRANT, REFUSE, Licence, LicenceParameters
from bargaining.scenarios.parameters import chosen
from bargaining.scenarios.states import StateScenario, part_of, play
from bargaining.scenarios.truce import LAPSE, RENEWAL, Truce, TruceParameters

if TYPE_CHECKING:
    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Labels


class StandoffDynamicParameters(TruceParameters, LicenceParameters, CourtParameters, LeverageParameters):
    """Parameters of all four stories."""

    scenario_name = "standoff_dynamic"

    stock_steps: int = chosen(1, "K", status="modelling choice", note="halvings of leverage on the grid of each stock", ge=0, le=20)
    licences_follow_truce: bool = chosen(
        False, "follow", status="modelling choice", note="whether a lapse of the truce suspends licences: rare earths then hang on tariffs"
    )


class StandoffDynamic(StateScenario):
    """Truce × court, licence × stock, chips × stock.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> story = scenario("standoff_dynamic")
    >>> len(story.game()), story.game().states[0]
    (72, 'renewal, authority, renewal, US 0, CN 0')
    >>> story.composed().shared("T|R|C"), scenario("standoff_dynamic", licences_follow_truce=True).composed().shared("T|R|C")
    ({}, {'tranche': 'T drives it, R depends on it'})
    """

    name = "standoff_dynamic"
    title = "The standoff in motion: truce, licences, court and leverage"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9, "fallback_recovery_share": 1.0},
        "calibrated": {"stage": "calibrated"},
    }
    plans: ClassVar[Mapping[str, str]] = {
        "london": "both hold the truce, China licenses, the U.S. lifts countermeasures and curbs chips, in every state",
        "exchange": "the same, and the U.S. eases chips",
        "war": "both raise, China withholds, the U.S. widens and curbs, in every state",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {
        "T": "tariffs",
        "R": "rare earths",
        "K": "countermeasures",
        "C": "AI chips",
    }
    factors_in_words: ClassVar[Mapping[str, str]] = {
        "tranche": "where the truce stands",
        "court": "where the case and the fallback stand",
        "licence": "what China granted",
        "us_stock": "U.S. substitutes for rare earths",
        "cn_stock": "Chinese substitutes for chips",
    }
    parameter_set = StandoffDynamicParameters
    values: StandoffDynamicParameters
    start_date = "2025-06-12"
    # Events of facts.json after that date that put a factor, or what is done on an issue, where it then stays; read as the words of this
    # story. Only a comparison reads them: no parameter rests on them.
    chronology: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "ev_14": {"C": "ease"},
        "ev_16": {"tranche": "renewal"},
        "ev_17": {"court": "pending"},
        "ev_20": {"R": "withhold"},
        "ev_23": {"tranche": "renewal", "R": "license"},
        "ev_28": {"court": "struck"},
        "ev_29": {"court": "bridge"},
        "ev_35": {"court": "restored"},
    }
    observed_at_start: ClassVar[Mapping[str, str]] = {"tranche": "renewal", "court": "pending", "T": "hold", "R": "license", "C": "curb"}

    def composed(self) -> "ComposedGame":
        """The factors of the four stories; what each issue depends on."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        truce, licence = Truce(self.calibration, p), Licence(self.calibration, p)
        court, leverage = Court(self.calibration, p), Leverage(self.calibration, p)
        of_court = court.composed().factors["court"]
        stocks = leverage.composed().factors
        factors: dict[str, Factor] = {
            "tranche": Factor(RENEWAL, truce.step, ("T",)),
            "court": Factor(of_court.start, of_court.step),
            "licence": Factor(RENEWAL, licence.step, ("R",)),
            "us_stock": stocks["us_stock"],
            "cn_stock": stocks["cn_stock"],
        }
        tariffs = {word: court.tariffs(word) for word in ("authority", "pending", "bridge", "struck", "restored")}

        def under_court(tranche: str, here: str) -> "StageGame":
            return _tariffs_at(tariffs[here.split(maxsplit=1)[0]], tranche)

        def under_licence(granted: str, stock: str, tranche: str = RENEWAL) -> "StageGame":
            return self._release_at(granted, stock, tranche)

        on = ("licence", "us_stock", "tranche") if p.licences_follow_truce else ("licence", "us_stock")
        issues = {"T": StateIssue(under_court, ("tranche", "court")), "R": StateIssue(under_licence, on)}
        if p.stage == "calibrated":
            issues["K"] = StateIssue(p.controls)
        issues["C"] = StateIssue(lambda stock: p.chips(left=0.5 ** int(stock.split()[1])), ("cn_stock",))
        return ComposedGame(issues, factors, p.patience())

    def _release_at(self, licence: str, stock: str, tranche: str) -> "StageGame":
        p = self.values
        stage = p.release(left=0.5 ** int(stock.split()[1]))
        if tranche == LAPSE:
            return part_of(stage, stage.actions[0], (REFUSE,))
        granted = licence.split(maxsplit=1)[0]
        if licence == RENEWAL or (p.revocable and granted == GRANT):
            return stage
        return part_of(stage, stage.actions[0], (granted,))

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """The deal, with or without chips, or war."""
        war = plan == "war"
        wanted = {
            "T": ("raise", "raise") if war else ("hold", "hold"),
            "R": ("", REFUSE if war else GRANT),
            "K": ("widened" if war else "lifted", ""),
            "C": ("ease" if plan == "exchange" else "curb", ""),
        }[issue]
        return play(stage, *wanted)

    def explain(self) -> list[str]:
        """What hangs on what."""
        composed = self.composed()
        lines = []
        for partition in composed.partitions():
            why = composed.shared(partition)
            if why:
                reasons = "; ".join(f"{factor}: {reason}" for factor, reason in why.items())
                lines.append(f"{composed.partition_name(partition)} cannot be solved block by block ({reasons})")
        if not lines:
            lines.append("Every partition of the issues can be solved block by block: only the court is shared, and it moves by itself")
        return lines


def _tariffs_at(stage: "StageGame", tranche: str) -> "StageGame":
    """Tariffs that a tranche or a lapse has fixed, as far as the court leaves the instrument."""
    if tranche == RENEWAL:
        return stage
    us, cn = ("raise", "raise") if tranche == LAPSE else tranche.split(maxsplit=1)[0].split("/")
    return part_of(stage, (us if us in stage.actions[0] else stage.actions[0][0],), (cn,))
