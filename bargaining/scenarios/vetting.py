r"""Vetting: whether the other side complies is seen through noise, and an accident may look like cheating.

The deal: both hold the tariff truce, China licenses rare earths for civil use, the U.S. eases chips. Three things are hard to see.
Magnets licensed as civil may end in a missile (the *green channel* is there to vet end users). Chips, curbed or eased, may be smuggled to
barred users. And whether a licence was really granted is known from the press, as when JL MAG announced its own. Tariffs and the chip curb
are public.

A leak or a smuggling report is an *incident*: it has a *false-alarm* rate, its probability while all comply, and a *detection* rate, its
probability under cheating. An *audit* costs the auditor and makes both errors rarer. With one noisy temptation g, keeping a side honest
costs it :math:`p\,g/(q-p)` a period, whatever the patience (Abreu, Milgrom and Pearce 1991). The rates have no source, nor has
how far accidents on several issues come together: they are declared assumptions with ranges.

References
----------
Abreu, D., Milgrom, P. and Pearce, D. (1991). Information and timing in repeated partnerships. *Econometrica* 59.
Thomas, J. and Willig, R. (2006). The risk of contagion from multi-market contact.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bargaining.scenarios import ScenarioError
from bargaining.scenarios.chips import chip_payoffs
from bargaining.scenarios.parameters import Fact, assumed, chosen
from bargaining.scenarios.rare_earths import rare_earth_payoffs
from bargaining.scenarios.stages import CHIPS, RELEASES, StageParameters
from bargaining.scenarios.standoff import Standoff
from bargaining.scenarios.story import Actions, Scenario

if TYPE_CHECKING:
    from bargaining.games import IssueGame, MonitoredGame, Monitoring, StageGame

MAGNET_USE, CHIP_USE = ("abide", "divert"), ("abide", "smuggle")
AUDITED = " + audit"


class VettingParameters(StageParameters):
    """Payoffs of cheating, error rates of what is seen, and audits."""

    scenario_name = "vetting"

    leaked_share: float = assumed(
        0.25, 0.05, 0.6, "ℓ_R", note="share of military-grade demand that diverted civil magnets can meet", ge=0, le=1
    )
    smuggled_share: float = assumed(
        0.15, 0.02, 0.4, "ℓ_C", note="what smuggling or diverting chips is worth to China, as a share of its gain from easing", ge=0, le=1
    )
    smuggling_harm_ratio: float = assumed(
        2.0, 0.5, 6.0, "h", note="harm of smuggled chips to the U.S. for each unit that China gains from them", ge=0
    )
    magnets_false_alarm_share: float = assumed(
        0.05,
        0.0,
        0.2,
        "p_R",
        note="probability a period of a leak report while the U.S. polices end use; some dual-use flow is seen under civil-only licences",
        source_ids=("q_military",),
        ge=0,
        le=1,
    )
    magnets_detection_share: float = assumed(
        0.5, 0.2, 0.9, "q_R", note="probability a period of a leak report while the U.S. lets magnets leak", ge=0, le=1
    )
    confirmation_share: float = assumed(
        0.9,
        0.5,
        1.0,
        "κ",
        note="probability a period that the press confirms licences that were granted, as JL MAG's were",
        source_ids=("ev_11",),
        ge=0,
        le=1,
    )
    rumour_share: float = assumed(
        0.05, 0.0, 0.2, "r", note="probability a period that the press reports licences that were not granted", ge=0, le=1
    )
    chips_false_alarm_share: float = assumed(
        0.1, 0.02, 0.3, "p_C", note="probability a period of a smuggling report while China polices its buyers", ge=0, le=1
    )
    chips_detection_share: float = assumed(
        0.4, 0.1, 0.8, "q_C", note="probability a period of a smuggling report while chips are smuggled", ge=0, le=1
    )
    correlation_share: float = assumed(
        0.0, 0.0, 0.5, "ρ", note="probability that all reports of a period are read off one common draw", ge=0, le=1
    )
    audit: Literal["none", "magnets", "chips", "both"] = chosen(
        "none",
        "audit",
        status="modelling choice",
        note="what is audited under the deal: magnets by China, chips by the U.S.; audits themselves are not seen",
    )
    audit_cost_units: float = assumed(0.02, 0.0, 0.1, "c_audit", note="illustrative: what an audit costs the auditor a period", ge=0)
    audit_cost_busd: float = assumed(0.02, 0.001, 0.2, "c_audit_usd", note="what an audit costs the auditor", ge=0)
    audit_error_ratio: float = assumed(
        0.3, 0.05, 0.9, "ε", note="false alarms and misses of an audited signal, as a share of those without the audit", ge=0, le=1
    )

    def silent(self) -> frozenset[str]:
        """Fields that the stage game chosen does not read."""
        return super().silent() | {"audit_cost_busd" if self.stage == "stylised" else "audit_cost_units"}

    def magnets(self) -> "StageGame":
        """Issue R: the U.S. polices end use or lets civil magnets leak to its arms makers; China withholds or licenses."""
        from bargaining.games import game

        if self.stage == "stylised":
            grant_us, grant_cn, refuse_us, refuse_cn = self.civil_benefit_us_units, -self.civil_cost_cn_units, 0.0, 0.0
            arms_us, arms_cn = self.full_benefit_us_units - grant_us, -self.full_cost_cn_units - grant_cn
        else:
            (us,), (cn,) = rare_earth_payoffs(self)
            (refuse_us, grant_us, arms_us), (refuse_cn, grant_cn, arms_cn) = map(float, us), map(float, cn)
        leak_us, leak_cn = self.leaked_share * arms_us, self.leaked_share * arms_cn
        return game(
            [[refuse_us, grant_us], [refuse_us, grant_us + leak_us]],
            [[refuse_cn, grant_cn], [refuse_cn, grant_cn + leak_cn]],
            actions=(MAGNET_USE, RELEASES),
        )

    def semiconductors(self) -> "StageGame":
        """Issue C: the U.S. curbs or eases; China polices its buyers or lets chips reach barred ones."""
        from bargaining.games import game

        if self.stage == "stylised":
            ease_us, ease_cn = -self.easing_cost_us_units, self.easing_benefit_cn_units
        else:
            us, cn = chip_payoffs(self)
            ease_us, ease_cn = float(us[1][0]), float(cn[1][0])
        gain = self.smuggled_share * ease_cn
        harm = self.smuggling_harm_ratio * gain
        return game([[0.0, -harm], [ease_us, ease_us - harm]], [[0.0, gain], [ease_cn, ease_cn + gain]], actions=(CHIPS, CHIP_USE))


class Vetting(Scenario):
    """The truce, the green channel and chips, seen through incidents, the press, and audits.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> story = scenario("vetting")
    >>> game = story.game()
    >>> game.stage.shape, len(game.signals), [float(x) for x in story.monitorings()["R"].row((0, 1))]
    ((8, 8), 64, [0.855, 0.045, 0.095, 0.005])
    """

    name = "vetting"
    title = "Vetting: the truce, the green channel and chips, seen through noise"
    unit = "payoff per 90 days"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9},
        "calibrated": {"stage": "calibrated"},
        "strategic": {"stage": "calibrated", "withhold_strategic_value_cn_busd": 1.0, "curb_security_ratio": 1.5},
    }
    agreements: ClassVar[Mapping[str, Mapping[str, Actions]]] = {
        "green_channel": {"T": ("hold", "hold"), "R": ("abide", "license"), "C": ("curb", "smuggle")},
        "exchange": {"T": ("hold", "hold"), "R": ("abide", "license"), "C": ("ease", "abide")},
    }
    stances: ClassVar[Mapping[str, str]] = {"Washington": "T,R|C", "Beijing": "T,R,C", "issue by issue": "T|R|C"}
    status_quo = "green_channel"
    issues_in_words: ClassVar[Mapping[str, str]] = {"T": "tariffs", "R": "magnets (the green channel)", "C": "chips"}
    parameter_set = VettingParameters
    values: VettingParameters

    def issues(self) -> "IssueGame":
        """The stage games of the three issues; on an audited one each action of the auditor comes with and without the audit."""
        from bargaining.games import IssueGame

        p = self.values
        return IssueGame({"T": p.tariffs(), "R": self._magnets()[0], "C": self._chips()[0]})

    def monitorings(self) -> "dict[str, Monitoring]":
        """What is seen of each issue; the first signal of each is the clean one."""
        from bargaining.games import Monitoring

        return {"T": Monitoring.perfect(self.values.tariffs()), "R": self._magnets()[1], "C": self._chips()[1]}

    def overt(self) -> dict[str, tuple[str, ...]]:
        """Signals that are no accident: a tariff that is raised, a curb that is put back."""
        seen = self.monitorings()
        return {"T": seen["T"].signals[1:], "C": tuple(word for word in seen["C"].signals if word.startswith("curb"))}

    def game(self) -> "MonitoredGame":
        """The repeated game over T, R and C, seen through one public signal an issue."""
        from bargaining.games import MonitoredGame, joint_monitoring

        issues = self.issues()
        seen = joint_monitoring(issues, self.monitorings(), self.values.correlation_share)
        return MonitoredGame.of(issues, seen, self.values.patience())

    def agreement(self, name: str) -> Mapping[str, Actions]:
        """A named agreement; what is to be audited is part of it."""
        promised = {issue: list(pair) for issue, pair in super().agreement(name).items()}
        if name == "exchange":
            for issue, player in (("R", 1), ("C", 0)):
                if self._audits(issue):
                    promised[issue][player] += AUDITED
        return {issue: (us, cn) for issue, (us, cn) in promised.items()}

    def game_deltas(self) -> tuple[float, float]:
        """Discount factors of both sides as floats."""
        from bargaining.games.discounting import read_delta

        us, cn = read_delta(self.values.patience())
        return float(us), float(cn)

    def _audits(self, issue: str) -> bool:
        return self.values.audit in ("both", {"R": "magnets", "C": "chips"}[issue])

    def _errors(self, false_alarm: float, detection: float) -> "tuple[tuple[Any, Any], tuple[Any, Any]]":
        """Exact false-alarm and detection rates without and with an audit."""
        from bargaining.games import exact

        p, q, left = exact(false_alarm), exact(detection), exact(self.values.audit_error_ratio)
        return (p, q), (p * left, 1 - (1 - q) * left)

    def _price(self) -> float:
        return self.values.audit_cost_units if self.values.stage == "stylised" else self.values.audit_cost_busd

    def _magnets(self) -> "tuple[StageGame, Monitoring]":
        from bargaining.games import Monitoring, exact, with_audit

        p, stage = self.values, self.values.magnets()
        signals = [f"{press}, {report}" for press in ("confirmed", "silent") for report in ("clean", "incident")]
        made = []
        for rates in self._errors(p.magnets_false_alarm_share, p.magnets_detection_share):
            rows = {}
            for profile in ((0, 0), (0, 1), (1, 0), (1, 1)):
                # Nothing leaks of what is withheld.
                incident = rates[1] if profile == (1, 1) else rates[0]
                told = exact(p.confirmation_share if profile[1] else p.rumour_share)
                rows[profile] = [press * report for press in (told, 1 - told) for report in (1 - incident, incident)]
            made.append(Monitoring.from_rows(signals, stage.shape, rows))
        return with_audit(stage, made[0], made[1], 1, self._price()) if self._audits("R") else (stage, made[0])

    def _chips(self) -> "tuple[StageGame, Monitoring]":
        from bargaining.games import Monitoring, with_audit

        p, stage = self.values, self.values.semiconductors()
        signals = [f"{rule}, {report}" for rule in ("ease", "curb") for report in ("clean", "incident")]
        made = []
        for rates in self._errors(p.chips_false_alarm_share, p.chips_detection_share):
            rows = {}
            for profile in ((0, 0), (0, 1), (1, 0), (1, 1)):
                incident = rates[profile[1]]
                rows[profile] = [rule * report for rule in (profile[0], 1 - profile[0]) for report in (1 - incident, incident)]
            made.append(Monitoring.from_rows(signals, stage.shape, rows))
        return with_audit(stage, made[0], made[1], 0, self._price()) if self._audits("C") else (stage, made[0])

    @property
    def payoff_unit(self) -> str:
        """What payoffs are measured in on the stage game chosen."""
        return "illustrative units per 90 days" if self.values.stage == "stylised" else "$bn per 90 days relative to the London agreement"

    def parameters(self) -> list[dict[str, Any]]:
        """One row for each parameter that the stage game chosen reads."""
        silent = self.values.silent()
        return [row for row in super().parameters() if row["field"] not in silent]

    def sources(self) -> list[Fact]:
        """Records behind the parameters, and behind the trade model if the stage game is the calibrated one."""
        from bargaining.scenarios.parameters import facts

        more = Standoff.data if self.values.stage == "calibrated" else ()
        return list(dict.fromkeys([*super().sources(), *(facts()[id] for id in more)]))

    @classmethod
    def payoff_arrays(cls, values: Any, count: int) -> "dict[str, Any]":
        """Signals are exact numbers, made game by game."""
        raise ScenarioError(f"scenario {cls.name!r} has signals: its games are made one at a time")

    @classmethod
    def patience(cls, values: Any) -> tuple[Any, Any]:
        """Discount factors of both sides."""
        delta = values.patience()
        return delta if isinstance(delta, tuple) else (delta, delta)

    def explain(self) -> list[str]:
        """Sentences on what tempts whom unseen, and what honesty costs on each issue alone."""
        p = self.values
        magnets, chips = p.magnets().payoffs, p.semiconductors().payoffs
        p_license, q_withhold = 1 - p.confirmation_share, 1 - p.rumour_share
        lines = [
            _temptation(
                "Letting civil magnets leak",
                "the U.S.",
                float(magnets[0, 1, 1] - magnets[0, 0, 1]),
                p.magnets_false_alarm_share,
                p.magnets_detection_share,
            ),
            _temptation(
                "Withholding licences said to be granted", "China", float(magnets[1, 0, 0] - magnets[1, 0, 1]), p_license, q_withhold
            ),
            _temptation(
                "Smuggling chips",
                "China",
                float(chips[1, 1, 1] - chips[1, 1, 0]),
                p.chips_false_alarm_share,
                p.chips_detection_share,
            ),
        ]
        ease = float(chips[0, 1, 0] - chips[0, 0, 1])
        lines.append(
            f"Easing in return for honest use, against the curb with smuggling, is worth {ease:+.2f} to the U.S.: "
            + ("chips can stand alone" if ease > 0 else "chips need linkage")
        )
        return lines


def _temptation(what: str, who: str, gain: float, false_alarm: float, detection: float) -> str:
    if gain <= 0:
        return f"{what} earns {who} {gain:+.2f}: no temptation"
    if detection <= false_alarm:
        return f"{what} earns {who} {gain:+.2f}, and no report tells it: it cannot be deterred by what is seen of this issue"
    burnt = false_alarm * gain / (detection - false_alarm)
    return (
        f"{what} earns {who} {gain:+.2f}; a report comes with probability {false_alarm:.2g} if it abides and {detection:.2g} if not, so "
        f"keeping it honest on this issue alone costs it p g / (q - p) = {burnt:.3f} a period"
    )
