r"""Six-month licences: what China grants stands for two periods, while the U.S. moves in each.

A licence granted at a renewal is valid for L periods of 90 days, and so is a refusal; the U.S. chooses in every period, so the
release is staggered against the truce (the timing of Maskin and Tirole 1988). While a licence runs China cannot answer a U.S. deviation:
the U.S. stays compliant only if :math:`\delta^L \ge (T-R)/(T-P)`, and China's own constraint at the renewal is what it was without
licences. A licence is a hostage given to Washington; what it buys must come from elsewhere, such as fewer dates at which temptation can
surge.

References
----------
Maskin, E. and Tirole, J. (1988). A theory of dynamic oligopoly, II. *Econometrica* 56.
Rotemberg, J. and Saloner, G. (1986). A supergame-theoretic model of price wars during booms. *American Economic Review* 76.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bargaining.scenarios.parameters import chosen, prior
from bargaining.scenarios.stages import RELEASES, TARIFFS, StageParameters
from bargaining.scenarios.states import StateScenario, part_of, play

if TYPE_CHECKING:
    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Labels
    from bargaining.games.exact import Real

RENEWAL = "renewal"
CALM, SURGE = "calm", "surge"
FULL, SPENT = "stocked", "run down"
REFUSE, GRANT = RELEASES


class LicenceParameters(StageParameters):
    """Parameters of the licences."""

    scenario_name = "licence"

    licence_periods: int = prior("licence_periods", "L", ge=1, le=100)
    revocable: bool = chosen(False, "revocable", status="modelling choice", note="whether China may revoke a licence before it ends")
    surge_probability_share: float = chosen(
        0.0, "q", status="assumption", note="probability that a period is one of high temptation; independent over time", ge=0, le=1
    )
    surge_ratio: float = chosen(
        4.0, "c_h/c_l", status="assumption", note="what breaking the deal gains in a surge, as a multiple of what it gains in calm", ge=0
    )
    surge_side: Literal["both", "China"] = chosen(
        "both", "surging", status="modelling choice", note="whose temptation surges (stylised game; rare earths surge for China only)"
    )
    refusal_stands: bool = chosen(
        True, "stands", status="modelling choice", note="whether a refusal stands as long as a licence; if not, China may grant next period"
    )
    inventory: bool = chosen(
        False,
        "inventory",
        status="modelling choice",
        note="whether U.S. stocks cushion the first period of a cut (calibrated game)",
    )
    first_period_buffer_share: float = prior("first_period_buffer_share", "buffer", ge=0, le=1)


class Licence(StateScenario):
    """Licences of several periods, staggered against the truce.

    In the stylised game China licenses or withholds in a prisoner's dilemma of give and take. In the calibrated one its licence is on
    rare earths; tariffs and countermeasures are chosen every period.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> game = scenario("licence").game()
    >>> game.states, game.stage("license 2").actions
    (('renewal', 'license 2', 'withhold 2'), (('hold', 'raise'), ('license',)))
    """

    name = "licence"
    title = "Six-month licences against a truce of 90 days"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9},
        "calibrated": {"stage": "calibrated"},
        "strategic": {"stage": "calibrated", "withhold_strategic_value_cn_busd": 1.0, "curb_security_ratio": 1.5},
    }
    plans: ClassVar[Mapping[str, str]] = {
        "licences": "China grants every licence, the U.S. holds the truce and lifts countermeasures, in every state",
        "calm_only": "the same in calm; in a surge both break the deal",
        "calm_renewals": "China grants at every renewal in calm, and what it granted is kept to by both whatever comes; else war",
        "war": "China refuses, the U.S. raises tariffs and widens countermeasures, in every state",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {
        "G": "give and take (truce for licences)",
        "T": "tariffs",
        "R": "rare earths",
        "K": "countermeasures",
    }
    factors_in_words: ClassVar[Mapping[str, str]] = {
        "licence": "what China granted, and for how long it stands",
        "surge": "whether temptation is high",
        "stock": "U.S. inventories",
    }
    parameter_set = LicenceParameters
    values: LicenceParameters

    def composed(self) -> "ComposedGame":
        """The licence's clock, and surges and inventories if the story has them."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        issue = "G" if p.stage == "stylised" else "R"
        factors: dict[str, Factor] = {"licence": Factor(RENEWAL, self.step, (issue,))}
        if p.surge_probability_share > 0:
            from bargaining.games import exact

            share = exact(p.surge_probability_share)
            factors["surge"] = Factor(CALM, lambda _: {CALM: 1 - share, SURGE: share})
        if p.stage == "calibrated" and p.inventory:
            factors["stock"] = Factor(FULL, lambda _, pair: {SPENT if pair[1] == REFUSE else FULL: 1}, (issue,))
        names = tuple(factors)

        def licensed(*states: str) -> "StageGame":
            return self._at(**dict(zip(names, states, strict=True)))

        if p.stage == "stylised":
            return ComposedGame({"G": StateIssue(licensed, names)}, factors, p.patience())
        issues = {"T": StateIssue(p.tariffs), "R": StateIssue(licensed, names), "K": StateIssue(p.controls)}
        return ComposedGame(issues, factors, p.patience())

    def _at(self, licence: str, surge: str = CALM, stock: str = SPENT) -> "StageGame":
        """The issue whose Chinese side the licence commits."""
        from bargaining.games import game

        p = self.values
        ratio = p.surge_ratio if surge == SURGE else 1.0
        if p.stage == "stylised":
            together, cheat, war, alone = p.reward_us_units, p.temptation_us_units, p.punishment_us_units, p.sucker_us_units
            own = ratio if p.surge_side == "both" else 1.0
            us = [[together, alone], [together + own * (cheat - together), war]]
            together, cheat, war, alone = p.reward_cn_units, p.temptation_cn_units, p.punishment_cn_units, p.sucker_cn_units
            cn = [[together, together + ratio * (cheat - together)], [alone, war]]
            stage = game(us, cn, actions=(TARIFFS, (GRANT, REFUSE)))
        else:
            left = 1 - p.first_period_buffer_share if stock == FULL else 1.0
            stage = p.release(left=left, surge=ratio)
        granted = licence.split(maxsplit=1)[0]
        if licence == RENEWAL or (p.revocable and granted == GRANT):
            return stage
        return part_of(stage, stage.actions[0], (granted,))

    def step(self, licence: str, pair: "Labels") -> "dict[str, Real]":
        """Where the licence goes from here, given what China does."""
        now = 1 if licence == RENEWAL else int(licence.split()[1])
        if licence.startswith(GRANT) and pair[1] == REFUSE:
            now = 1  # revoked: a refusal begins
        stands = pair[1] == GRANT or self.values.refusal_stands
        return {f"{pair[1]} {now + 1}" if stands and now < self.values.licence_periods else RENEWAL: 1}

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """Deal or war; with `calm_only` it is war in a surge, with `calm_renewals` in surges at which no licence runs."""
        surge, granted = states.get("surge") == SURGE, states.get("licence", RENEWAL).split(maxsplit=1)[0]
        war = plan == "war" or (plan == "calm_only" and surge)
        if plan == "calm_renewals":
            war = granted == REFUSE or (granted == RENEWAL and surge)
        wanted = {
            "G": ("raise", REFUSE) if war else ("hold", GRANT),
            "T": ("raise", "raise") if war else ("hold", "hold"),
            "R": ("", REFUSE if war else GRANT),
            "K": ("widened" if war else "lifted", ""),
        }[issue]
        return play(stage, *wanted)

    def explain(self) -> list[str]:
        """Sentences on what a licence does to each side's patience, from the closed form where it applies."""
        p = self.values
        if p.stage == "calibrated":
            us, cn = p.withholding()
            return [
                f"Withholding costs the U.S. {-us:.1f} $bn per 90 days and earns China {cn:+.2f}; a licence keeps China from it for "
                f"{p.licence_periods} period{'s' * (p.licence_periods != 1)}",
                "While a licence runs China cannot answer a U.S. deviation with rare earths, only with tariffs",
            ]
        lines = []
        for who, cheat, together, war, power in (
            ("the U.S.", p.temptation_us_units, p.reward_us_units, p.punishment_us_units, p.licence_periods),
            ("China", p.temptation_cn_units, p.reward_cn_units, p.punishment_cn_units, 1),
        ):
            if cheat > together and cheat > war:
                ratio = (cheat - together) / (cheat - war)
                lines.append(
                    f"Without surges {who} complies if δ ≥ {ratio ** (1 / power):.3f}: (T-R)/(T-P) = {ratio:.3f}"
                    + (f" to the power 1/{power}, since it is safe from China's answer for {power} periods" if power > 1 else "")
                )
        return lines
