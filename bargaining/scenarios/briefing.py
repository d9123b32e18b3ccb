"""The stylised standoff: tariffs, rare earths and chips with round numbers, for teaching and for checking closed forms.

Tariffs are a prisoner's dilemma. On rare earths only China moves, on chips only the U.S.; each can only give, so nothing within the
issue rewards it. Payoffs are illustrative: zero is what the sides have without any cooperation.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import field_validator

from bargaining.scenarios.parameters import ParameterSet, chosen
from bargaining.scenarios.story import IDLE, Actions, Scenario, Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bargaining.games import RepeatedGame, StageGame

    Floats = NDArray[np.float64]


def _payoff(default: float, symbol: str, note: str) -> float:
    number: float = chosen(default, symbol, status="assumption", note=f"illustrative: {note}")
    return number


class BriefingParameters(ParameterSet):
    """Payoffs of the stylised game, in illustrative units a period of 90 days."""

    scenario_name = "briefing"

    temptation_us_units: float = _payoff(2.5, "U_us", "the U.S. raises tariffs while China holds the truce")
    reward_us_units: float = _payoff(1.5, "R_us", "the tariff truce, to the U.S.")
    punishment_us_units: float = _payoff(0.0, "P_us", "both raise tariffs, to the U.S.")
    sucker_us_units: float = _payoff(-1.0, "S_us", "the U.S. holds the truce while China raises")
    temptation_cn_units: float = _payoff(2.0, "U_cn", "China raises tariffs while the U.S. holds the truce")
    reward_cn_units: float = _payoff(1.4, "R_cn", "the tariff truce, to China")
    punishment_cn_units: float = _payoff(0.0, "P_cn", "both raise tariffs, to China")
    sucker_cn_units: float = _payoff(-1.0, "S_cn", "China holds the truce while the U.S. raises")
    civil_benefit_us_units: float = _payoff(1.0, "b_civil", "civil rare-earth licences, to the U.S.")
    civil_cost_cn_units: float = _payoff(0.3, "c_civil", "civil rare-earth licences, to China")
    full_benefit_us_units: float = _payoff(2.2, "b_full", "full release, military-grade too, to the U.S.")
    full_cost_cn_units: float = _payoff(1.1, "c_full", "full release, to China")
    easing_cost_us_units: float = _payoff(1.2, "c_chips", "easing chip curbs, to the U.S.")
    easing_benefit_cn_units: float = _payoff(1.5, "b_chips", "eased chip curbs, to China")
    delta: float | str = chosen(
        0.6, "δ", status="assumption", note="common discount factor a period: a number in (0, 1), or text such as '1/3'"
    )

    @field_validator("delta")
    @classmethod
    def _delta_is_a_factor(cls, value: float | str) -> float | str:
        from bargaining.games.discounting import read_delta

        try:
            read_delta(value)
        except ValueError:
            raise ValueError("a number strictly between 0 and 1") from None
        return value


class Briefing(Scenario):
    """The stylised game over issues T, R and C."""

    name = "briefing"
    title = "The stylised standoff: tariffs, rare earths, chips"
    unit = "payoff per 90 days (illustrative units)"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {"central": {}}
    agreements: ClassVar[Mapping[str, Mapping[str, Actions]]] = {
        "civil": {"T": ("truce", "truce"), "R": (IDLE, "civil"), "C": ("curb", IDLE)},
        "all_released": {"T": ("truce", "truce"), "R": (IDLE, "full"), "C": ("curb", IDLE)},
        "civil_for_chips": {"T": ("truce", "truce"), "R": (IDLE, "civil"), "C": ("ease", IDLE)},
        "full": {"T": ("truce", "truce"), "R": (IDLE, "full"), "C": ("ease", IDLE)},
    }
    stances: ClassVar[Mapping[str, str]] = {"Washington": "T,R|C", "Beijing": "T,R,C", "issue by issue": "T|R|C"}
    status_quo = "civil"
    issues_in_words: ClassVar[Mapping[str, str]] = {"T": "tariffs", "R": "rare earths", "C": "chips"}
    parameter_set = BriefingParameters
    values: BriefingParameters

    @classmethod
    def tables(cls, values: Any) -> "dict[str, tuple[Table, Table]]":
        """Payoffs of each issue to either side; arrays where parameters are arrays."""
        p = values
        us = [[p.reward_us_units, p.sucker_us_units], [p.temptation_us_units, p.punishment_us_units]]
        cn = [[p.reward_cn_units, p.temptation_cn_units], [p.sucker_cn_units, p.punishment_cn_units]]
        benefit, cost = (0.0, p.civil_benefit_us_units, p.full_benefit_us_units), (0.0, -p.civil_cost_cn_units, -p.full_cost_cn_units)
        easing = ([[0.0], [-p.easing_cost_us_units]], [[0.0], [p.easing_benefit_cn_units]])
        return {"T": (us, cn), "R": ([benefit], [cost]), "C": easing}

    @classmethod
    def payoff_arrays(cls, values: Any, count: int) -> "dict[str, Floats]":
        """Payoffs of each issue in `count` games."""
        from bargaining.games.many import stacked

        return {name: stacked(*table, count) for name, table in cls.tables(values).items()}

    @classmethod
    def patience(cls, values: Any) -> tuple[Any, Any]:
        """The common discount factor, for either side."""
        return values.delta, values.delta

    def _issues(self) -> "dict[str, StageGame]":
        from bargaining.games import game

        labels = {
            "T": (("truce", "raise"), ("truce", "raise")),
            "R": ((IDLE,), ("withhold", "civil", "full")),
            "C": (("curb", "ease"), (IDLE,)),
        }
        return {name: game(*table, actions=labels[name]) for name, table in self.tables(self.values).items()}

    def game(self) -> "RepeatedGame":
        """The repeated game over T, R and C at the common discount factor.

        Examples
        --------
        >>> from bargaining.scenarios import scenario
        >>> game = scenario("briefing").game()
        >>> game.stage.shape, game.deltas
        ((4, 6), (0.6, 0.6))
        """
        from bargaining.games import IssueGame, RepeatedGame

        return RepeatedGame(IssueGame(self._issues()), self.values.delta)

    def explain(self) -> list[str]:
        """Sentences on each issue's dilemma, computed from its payoffs."""
        p = self.values
        lines = []
        for player, temptation, reward, punishment, sucker in (
            ("the U.S.", p.temptation_us_units, p.reward_us_units, p.punishment_us_units, p.sucker_us_units),
            ("China", p.temptation_cn_units, p.reward_cn_units, p.punishment_cn_units, p.sucker_cn_units),
        ):
            if temptation > reward > punishment > sucker:
                threshold = (temptation - reward) / (temptation - punishment)
                lines.append(
                    f"Tariffs tempt {player}: raising earns {temptation:g} against {reward:g} in the truce, both raising {punishment:g}; "
                    f"on tariffs alone the truce needs δ ≥ {threshold:.3f} of it"
                )
            else:
                lines.append(
                    f"Tariffs are no prisoner's dilemma for {player}: raising alone {temptation:g}, truce {reward:g}, both raising "
                    f"{punishment:g}, truce alone {sucker:g}"
                )
        gifts = (
            ("Licensing civil rare earths", "China", p.civil_cost_cn_units, p.civil_benefit_us_units),
            ("Full release", "China", p.full_cost_cn_units, p.full_benefit_us_units),
            ("Easing chip curbs", "the U.S.", p.easing_cost_us_units, p.easing_benefit_cn_units),
        )
        for what, giver, cost, benefit in gifts:
            if cost > 0:
                joint = "" if benefit > cost else ", and it does not raise joint surplus"
                lines.append(
                    f"{what} costs {giver} {cost:g} and is worth {benefit:g} to the other side; "
                    f"nothing within the issue rewards it, so unlinked it never happens{joint}"
                )
            elif cost == 0:
                lines.append(f"{what} costs {giver} nothing (a tie), so it needs no linkage")
            else:
                lines.append(f"{what} is worth {-cost:g} to {giver} itself, so it needs no linkage")
        return lines
