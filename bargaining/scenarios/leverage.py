r"""Leverage that use destroys: each side's chokepoint is worth less as the other builds a substitute.

China withholds or licenses rare earths, the U.S. curbs or eases AI chips. On either side stands a stock of substitution capacity on a
small grid: each step halves what the rival's chokepoint inflicts. The stock grows a step with a probability that is higher while the
chokepoint is used: withholding speeds up mines and magnets elsewhere, curbing speeds up Chinese chips. The security worth that the U.S.
sees in the curb may drift upward by itself: "space for cooperation continues to shrink".
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from bargaining.scenarios.parameters import PERIODS_A_YEAR, chosen, prior
from bargaining.scenarios.stages import StageParameters
from bargaining.scenarios.states import StateScenario, play

if TYPE_CHECKING:
    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Factor, Labels
    from bargaining.games.exact import Real


class LeverageParameters(StageParameters):
    """Parameters of the stocks."""

    scenario_name = "leverage"

    rare_earth_leverage_half_life_years: float = prior("rare_earth_leverage_half_life_years", "h_R", gt=0)
    chip_leverage_half_life_years: float = prior("chip_leverage_half_life_years", "h_C", gt=0)
    idle_speed_share: float = chosen(
        0.25, "idle", status="assumption", note="speed of substitution while the chokepoint is not used, relative to when it is", ge=0, le=1
    )
    stock_steps: int = chosen(2, "K", status="modelling choice", note="halvings of leverage on the grid of each stock", ge=0, le=20)
    cycle_periods: int = chosen(
        0, "cycle", status="modelling choice", note="periods of a cycle that intermittent controls follow; 0: no calendar", ge=0, le=40
    )
    on_periods: int = chosen(
        1, "on", status="modelling choice", note="periods of the cycle, its last ones, in which China withholds", ge=0, le=40
    )
    security_drift_share: float = chosen(
        0.0, "drift", status="assumption", note="probability a period that the security worth of the curb steps up", ge=0, le=1
    )
    security_step_ratio: float = chosen(
        1.5, "step", status="assumption", note="security worth of the curb after a step, as a multiple of before", ge=0
    )
    security_steps: int = chosen(1, "W", status="modelling choice", note="steps that the security worth may rise", ge=0, le=20)


class Leverage(StateScenario):
    """Stocks of substitution capacity on both sides.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> game = scenario("leverage", stock_steps=1).game()
    >>> game.states
    ('US 0, CN 0', 'US 0, CN 1', 'US 1, CN 0', 'US 1, CN 1')
    >>> [float(game.stage(state).payoffs[0, 0, 0]) for state in ("US 0, CN 0", "US 1, CN 0")]
    [-2.2, -1.1]
    """

    name = "leverage"
    title = "Chokepoints that wear out by being used"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "stylised": {"delta": 0.9},
        "calibrated": {"stage": "calibrated"},
        "strategic": {"stage": "calibrated", "withhold_strategic_value_cn_busd": 1.0, "curb_security_ratio": 1.5},
    }
    plans: ClassVar[Mapping[str, str]] = {
        "exchange": "China licenses and the U.S. eases, whatever the stocks",
        "london": "China licenses and the U.S. curbs, whatever the stocks",
        "controls": "China withholds and the U.S. curbs, whatever the stocks",
        "exchange_while_strong": "exchange until a stock has grown, then controls",
        "intermittent": "the U.S. eases always; China licenses, but withholds in the last periods of every cycle",
        "intermittent_while_strong": "the U.S. eases and China withholds late in every cycle; controls once a stock has grown",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {"R": "rare earths", "C": "AI chips"}
    factors_in_words: ClassVar[Mapping[str, str]] = {
        "us_stock": "U.S. substitutes for rare earths, in halvings of China's leverage",
        "cn_stock": "Chinese substitutes for chips, in halvings of U.S. leverage",
        "security": "steps that the security worth of the curb has risen",
        "calendar": "where the cycle of intermittent controls stands",
    }
    parameter_set = LeverageParameters
    values: LeverageParameters

    def composed(self) -> "ComposedGame":
        """Rare earths and chips, each with the rival's stock; security worth as an exogenous factor."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        factors: dict[str, Factor] = {
            "us_stock": self._stock("US", "R", lambda pair: pair[1] == "withhold", p.rare_earth_leverage_half_life_years),
            "cn_stock": self._stock("CN", "C", lambda pair: pair[0] == "curb", p.chip_leverage_half_life_years),
        }
        drifts = p.security_drift_share > 0 and p.security_steps > 0
        if drifts:
            factors["security"] = Factor("security 0", self._drift)
        if p.cycle_periods:
            factors["calendar"] = Factor("date 1", lambda date: {f"date {_step_of(date) % p.cycle_periods + 1}": 1})
        cycles = ("calendar",) if p.cycle_periods else ()
        issues = {
            "R": StateIssue(lambda stock, *_: p.release(left=0.5 ** _step_of(stock)), ("us_stock", *cycles)),
            "C": StateIssue(
                lambda stock, security="security 0": p.chips(0.5 ** _step_of(stock), p.security_step_ratio ** _step_of(security)),
                ("cn_stock", "security") if drifts else ("cn_stock",),
            ),
        }
        return ComposedGame(issues, factors, p.patience())

    def _stock(self, whose: str, issue: str, used: Any, half_life: float) -> "Factor":
        """A stock that grows a step with one over the half-life's periods while the chokepoint is used, more slowly if not."""
        from bargaining.games import exact
        from bargaining.games.composed import Factor

        p = self.values
        fast = exact(min(1.0, 1 / (half_life * PERIODS_A_YEAR)))
        slow = fast * exact(p.idle_speed_share)

        def step(stock: str, pair: "Labels") -> "dict[str, Real]":
            now = _step_of(stock)
            if now >= p.stock_steps:
                return {stock: 1}
            chance = fast if used(pair) else slow
            return {f"{whose} {now}": 1 - chance, f"{whose} {now + 1}": chance}

        return Factor(f"{whose} 0", step, (issue,))

    def _drift(self, security: str) -> "dict[str, Real]":
        from bargaining.games import exact

        now, chance = _step_of(security), exact(self.values.security_drift_share)
        if now >= self.values.security_steps:
            return {security: 1}
        return {security: 1 - chance, f"security {now + 1}": chance}

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """What is given on an issue, by plan and by how far the stocks have grown."""
        grown = any(_step_of(states[name]) for name in ("us_stock", "cn_stock"))
        # Without a calendar there is no period in which to withhold.
        date, cycle = _step_of(states.get("calendar", "date 0")), self.values.cycle_periods
        pressing = "C" if date > cycle - self.values.on_periods and cycle else "RC"
        gives = {
            "exchange": "RC",
            "london": "R",
            "controls": "",
            "exchange_while_strong": "" if grown else "RC",
            "intermittent": pressing,
            "intermittent_while_strong": "" if grown else pressing,
        }[plan]
        return play(stage, "ease" if "C" in gives else "curb", "license" if "R" in gives else "withhold")

    def _wear(self, years: float) -> str:
        share = self.values.idle_speed_share
        unused = f"unused in {years / share:g}" if share > 0 else "unused it lasts"
        return f"used, it loses half of that force in {years:g} years, {unused}"

    def explain(self) -> list[str]:
        """Sentences on what each chokepoint inflicts, costs its owner, and how fast it wears."""
        p = self.values
        us, cn = p.withholding()
        chips = p.chips()
        ease_us, curb_cn = float(chips.payoffs[0, 1, 0]), float(chips.payoffs[1, 0, 0])
        lines = [
            f"Withholding inflicts {-us:.2f} on the U.S. and earns China {cn:+.2f}; {self._wear(p.rare_earth_leverage_half_life_years)}",
            f"The curb inflicts {-curb_cn:.2f} on China, and easing it earns the U.S. {ease_us:+.2f}; "
            f"{self._wear(p.chip_leverage_half_life_years)}",
        ]
        if p.security_drift_share > 0:
            lines.append(f"The security worth of the curb rises by itself, with probability {p.security_drift_share:g} a period")
        return lines


def _step_of(state: str) -> int:
    return int(state.split()[1])
