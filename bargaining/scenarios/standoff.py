"""The calibrated standoff: tariffs, rare earths, countermeasures and AI chips, in $bn per 90 days relative to the London agreement."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from bargaining.scenarios import rare_earths, tariffs
from bargaining.scenarios.chips import (
    ChipParameters,
    chip_issue,
    chip_payoffs,
    coercion_bound,
    countermeasure_issue,
    countermeasure_payoffs,
    countermeasure_swap_delta,
)
from bargaining.scenarios.parameters import PERIODS_A_YEAR, ParameterSet, prior
from bargaining.scenarios.rare_earths import RareEarthParameters, rare_earth_issue, rare_earth_payoffs
from bargaining.scenarios.story import IDLE, Actions, Scenario
from bargaining.scenarios.tariffs import LEVELS, TariffParameters, TariffTable, indifference_weight, table_of, tariff_arrays, tariff_issue

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bargaining.games import RepeatedGame, StageGame

    Floats = NDArray[np.float64]


class TimeParameters(ParameterSet):
    """How far ahead the two capitals look."""

    discount_annual_us_share: float = prior("discount_annual_us_share", "β_us", gt=0, lt=1)
    discount_annual_cn_share: float = prior("discount_annual_cn_share", "β_cn", gt=0, lt=1)
    leader_survival_us_90d_share: float = prior("leader_survival_us_90d_share", "s_us", gt=0, le=1)
    leader_survival_cn_90d_share: float = prior("leader_survival_cn_90d_share", "s_cn", gt=0, le=1)

    def deltas(self) -> tuple[float, float]:
        """Discount factors a period, U.S. first: annual factor to the power 90/365, times the leader's survival."""
        return (
            self.discount_annual_us_share ** (1 / PERIODS_A_YEAR) * self.leader_survival_us_90d_share,
            self.discount_annual_cn_share ** (1 / PERIODS_A_YEAR) * self.leader_survival_cn_90d_share,
        )


class StandoffParameters(TimeParameters, ChipParameters, RareEarthParameters, TariffParameters):
    """All parameters of the calibrated game."""

    scenario_name = "standoff"


def _agreement(tariffs: str, release: str, chips: str) -> dict[str, tuple[str, str]]:
    return {"T": (tariffs, tariffs), "R": (IDLE, release), "K": ("lifted", IDLE), "A": (chips, IDLE)}


class Standoff(Scenario):
    """The calibrated game over issues T, R, K and A.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> [round(delta, 3) for delta in scenario("standoff").game().deltas]
    [0.917, 0.973]
    """

    name = "standoff"
    title = "The calibrated standoff: tariffs, rare earths, countermeasures, AI chips"
    unit = "$bn per 90 days relative to the London agreement"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "central": {},
        "quiet": {"political_weight_us_usd_per_usd": 0.10, "political_weight_cn_usd_per_usd": 0.12},
        "political": {"political_weight_us_usd_per_usd": 0.40, "political_weight_cn_usd_per_usd": 0.20},
        "strategic": {"withhold_strategic_value_cn_busd": 1.0, "curb_security_ratio": 1.5},
    }
    agreements: ClassVar[Mapping[str, Mapping[str, Actions]]] = {
        "london": _agreement("truce", "civil", "curb"),
        "rollback": _agreement("rollback", "civil", "curb"),
        "military_release": _agreement("truce", "full", "curb"),
        "chips_for_magnets": _agreement("truce", "full", "eased"),
        "grand_bargain": _agreement("rollback", "full", "eased"),
    }
    stances: ClassVar[Mapping[str, str]] = {
        "Washington": "T,R,K|A",
        "Beijing": "T,R,K,A",
        "issue by issue": "T|R|K|A",
        "rare-earth firewall": "T,K,A|R",
    }
    status_quo = "london"
    issues_in_words: ClassVar[Mapping[str, str]] = {
        "T": "tariffs",
        "R": "rare earths",
        "K": "countermeasures (design tools, engines, ethane)",
        "A": "AI chips",
    }
    parameter_set = StandoffParameters
    data = (*tariffs.DATA, *rare_earths.DATA)
    values: StandoffParameters

    def game(self) -> "RepeatedGame":
        """The repeated game over T, R, K and A; one discount factor a side."""
        from bargaining.games import IssueGame, RepeatedGame

        return RepeatedGame(IssueGame(self._issues(table_of(self.values))), self.values.deltas())

    def _issues(self, table: TariffTable) -> "dict[str, StageGame]":
        p = self.values
        return {"T": tariff_issue(p, table), "R": rare_earth_issue(p), "K": countermeasure_issue(p), "A": chip_issue(p)}

    @classmethod
    def payoff_arrays(cls, values: Any, count: int) -> "dict[str, Floats]":
        """Payoffs of each issue in `count` games."""
        from bargaining.games.many import stacked

        tables = {"R": rare_earth_payoffs(values), "K": countermeasure_payoffs(values), "A": chip_payoffs(values)}
        return {"T": tariff_arrays(values, count), **{name: stacked(*table, count) for name, table in tables.items()}}

    @classmethod
    def patience(cls, values: Any) -> tuple[Any, Any]:
        """Discount factors of the two capitals."""
        return cast(tuple[Any, Any], values.deltas())

    @classmethod
    def closed_forms(cls, values: Any) -> dict[str, Any]:
        """Closed-form bounds on the two parameters without a source, the strategic value of withholding and the security ratio b.

        ``withholding_threshold_busd``: above it withholding is China's stage best response. ``b_joint_surplus``: below it easing chips
        raises joint surplus. ``b_coercion``: below it the threat to withhold, if credible, can make the U.S. ease.

        Examples
        --------
        >>> from bargaining.scenarios import scenario
        >>> {name: round(value, 2) for name, value in scenario("standoff").bounds().items()}
        {'withholding_threshold_busd': 0.09, 'b_joint_surplus': 2.0, 'b_coercion': 9.61}
        """
        profit = values.forgone_profit()
        withhold_us, easing_cn = rare_earth_payoffs(values)[0][0][0], chip_payoffs(values)[1][1][0]
        return {
            "withholding_threshold_busd": values.value("withhold_revenue_loss_cn_busd"),
            "b_joint_surplus": 1 + easing_cn / profit,
            "b_coercion": coercion_bound(values.deltas()[0], -withhold_us, profit),
        }

    def explain(self) -> list[str]:
        """Sentences on what makes this game a dilemma, or not, computed from its payoffs.

        Examples
        --------
        >>> from bargaining.scenarios import scenario
        >>> print(scenario("standoff").explain()[0])
        With psi_US = 0.20 the U.S. would rather go to snap-back than hold the truce (+1.0 $bn per 90 days while the other side holds it)
        """
        table = table_of(self.values)
        issues = self._issues(table)
        rare_earths = issues["R"]
        return [
            *self._tariffs(table, issues["T"]),
            *self._rare_earths(rare_earths),
            *self._chips(issues["A"], float(rare_earths.payoffs[0, 0, 0]), float(rare_earths.payoffs[1, 0, 0])),
            *self._countermeasures(),
            *self._assumptions(),
        ]

    def _tariffs(self, table: TariffTable, stage: "StageGame") -> list[str]:
        p = self.values
        truce = LEVELS.index("truce")
        own = (stage.payoffs[0][:, truce], stage.payoffs[1][truce, :])
        weights = (p.political_weight_us_usd_per_usd, p.political_weight_cn_usd_per_usd)
        lines = []
        for player, (who, tag) in enumerate((("the U.S.", "US"), ("China", "CN"))):
            best = int(own[player].argmax())
            gain = float(own[player][best])
            holds = f"With psi_{tag} = {weights[player]:.2f} {who} would rather"
            if gain > 0:
                lines.append(
                    f"{holds} go to {LEVELS[best]} than hold the truce ({gain:+.1f} $bn per 90 days while the other side holds it)"
                )
            else:
                lines.append(f"{holds} hold the truce than leave it while the other side holds it")
            found = []
            for level, word in enumerate(LEVELS):
                if level == truce:
                    continue
                move = (level, truce) if player == 0 else (truce, level)
                weight = indifference_weight(table, player, (truce, truce), move, p.political_term)
                if not math.isnan(weight):
                    found.append(f"{weight:.2f} ({word})")
                if own[player][level] == 0:
                    lines.append(f"Tie: {who} is exactly indifferent between {word} and the truce")
            lines.append(f"Between the truce and another level {who} is indifferent at psi_{tag} = {', '.join(found)}")
        if max(own[0].max(), own[1].max()) <= 0:
            lines.append("So the truce is a stage Nash equilibrium of issue T: it needs no future and no linkage")
        else:
            lines.append("So the truce is not a stage Nash equilibrium of issue T: it needs a future")
        gains = stage.payoffs[:, 0, 0]
        plain = table.welfare_busd[:, 0, 0] - table.welfare_busd[:, truce, truce]
        lines.append(
            f"A rollback on both sides is worth {gains[0]:+.1f} to the U.S. and {gains[1]:+.1f} to China against the truce; without the "
            f"political term {plain[0]:+.1f} and {plain[1]:+.1f} (the U.S. sign depends on the closure, here {p.tariff_closure})"
        )
        return lines

    def _rare_earths(self, stage: "StageGame") -> list[str]:
        p = self.values
        us, cn = stage.payoffs[0, 0], stage.payoffs[1, 0]
        earns = (
            f"Withholding earns China {cn[0]:+.2f} (strategic value {p.withhold_strategic_value_cn_busd:.2f} less revenue "
            f"{p.value('withhold_revenue_loss_cn_busd'):.2f})"
        )
        if cn[0] > 0:
            lines = [f"{earns}, so civil licences are not a stage best response: they need linkage"]
            swap = countermeasure_swap_delta(float(cn[0]), p.countermeasures_loss_cn_busd)
            if swap < 1:
                lines.append(f"Countermeasures alone can buy civil licences if China's δ is at least {swap:.2f}")
            else:
                lines.append("Countermeasures alone cannot buy civil licences: they cost China no more than withholding earns it")
        elif cn[0] < 0:
            lines = [f"{earns}, so civil licences are a stage best response: linking R only adds a threat"]
        else:
            lines = [f"Knife edge: withholding earns China exactly 0, a tie with civil licences ({earns.partition('(')[2]}"]
        lines.append(f"Withholding costs the U.S. {-us[0]:.1f} against civil licences")
        joint = us[2] + cn[2]
        effect = "raises joint surplus" if joint > 0 else "lowers joint surplus" if joint < 0 else "leaves joint surplus unchanged (a tie)"
        cost = "nothing (a tie with civil licences)" if cn[2] == 0 else f"{-cn[2]:.2f}"
        lines.append(f"Full release costs China {cost} and is worth {us[2]:.2f} to the U.S.: it {effect}")
        return lines

    def _chips(self, stage: "StageGame", withhold_us: float, withhold_cn: float) -> list[str]:
        p = self.values
        b, profit = p.curb_security_ratio, p.forgone_profit()
        us, cn = float(stage.payoffs[0, 1, 0]), float(stage.payoffs[1, 1, 0])
        bound = 1 + cn / profit
        low, high = sorted((1.0, bound))
        if b in {1.0, bound}:
            place = f"is exactly {b:.2f}, a knife edge (the bounds are 1 and the joint-surplus bound {bound:.2f})"
        elif low < b < high:
            place = f"lies between {'1 and the joint-surplus bound' if bound > 1 else 'the joint-surplus bound and 1:'} {bound:.2f}"
        else:
            place = f"lies {'below' if b < low else 'above'} both 1 and the joint-surplus bound {bound:.2f}"
        own = "costs the U.S." if us < 0 else "is a gain to the U.S. itself" if us > 0 else "leaves the U.S. exactly indifferent"
        joint = "raises joint surplus" if b < bound else "lowers joint surplus" if b > bound else "leaves joint surplus unchanged"
        lines = [f"b = {b:.2f} {place}: easing {own} ({us:+.2f}; China {cn:+.2f}) and {joint}"]
        if b > 1:
            limit = coercion_bound(p.deltas()[0], -withhold_us, profit)
            if withhold_cn >= 0:
                lines.append(f"Withholding is credible, so its threat alone can make the U.S. ease for b up to {limit:.2f} (block R,A)")
            else:
                lines.append(
                    f"Withholding is no stage best response of China: were it credible, its threat could make the U.S. ease for b up to "
                    f"{limit:.2f} (block R,A)"
                )
        return lines

    def _countermeasures(self) -> list[str]:
        cost, loss = self.values.countermeasures_cost_us_busd, self.values.countermeasures_loss_cn_busd
        best = "lifted is a stage best response" if cost > 0 else "the U.S. is exactly indifferent about lifting them (a tie)"
        return [f"Countermeasures cost the U.S. {cost:.2f} and China {loss:.2f}: {best}, widening only punishes"]

    def _assumptions(self) -> list[str]:
        symbols = [row["symbol"] for row in self.parameters() if row["status"] == "assumption"]
        return [f"Assumptions, with no source behind their values: {', '.join(symbols)}"]
