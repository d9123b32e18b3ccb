"""The stage games on which stories with states are told: the stylised one with round numbers, and the calibrated one in dollars.

Both speak the same words, so that one story can be told on either. Tariffs: ``hold`` the truce or ``raise`` (in the calibrated game:
snap back). Rare earths: ``withhold``, or ``license`` (civil, through the green channel). Countermeasures: ``lifted`` or ``widened``.
Chips: ``curb`` or ``ease``.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from bargaining.scenarios.briefing import BriefingParameters
from bargaining.scenarios.chips import chip_payoffs, countermeasure_payoffs
from bargaining.scenarios.parameters import chosen
from bargaining.scenarios.rare_earths import rare_earth_payoffs
from bargaining.scenarios.standoff import StandoffParameters
from bargaining.scenarios.story import IDLE
from bargaining.scenarios.tariffs import political_payoffs, tariff_table

if TYPE_CHECKING:
    from bargaining.games import StageGame

Stage = Literal["stylised", "calibrated"]
TARIFFS, RELEASES, CONTROLS, CHIPS = ("hold", "raise"), ("withhold", "license"), ("widened", "lifted"), ("curb", "ease")

_STYLISED = frozenset(BriefingParameters.model_fields) - {"delta"}
_CALIBRATED = frozenset(StandoffParameters.model_fields)


class StageParameters(BriefingParameters, StandoffParameters):
    """Which stage game, its payoffs, and how patient the capitals are."""

    stage: Stage = chosen("stylised", "stage", status="modelling choice", note="payoffs of the briefing story, or of the standoff")
    delta: float | str = chosen(
        "capitals",
        "δ",
        status="modelling choice",
        note="common discount factor a period, or 'capitals' for each side's own, from its annual factor and its leader's survival",
    )

    @field_validator("delta")
    @classmethod
    def _delta_is_a_factor(cls, value: float | str) -> float | str:
        from bargaining.games.discounting import read_delta

        if value == "capitals":
            return value
        try:
            read_delta(value)
        except ValueError:
            raise ValueError("a number strictly between 0 and 1, or 'capitals'") from None
        return value

    def patience(self) -> Any:
        """Discount factor of both sides, or the two capitals' own."""
        return self.deltas() if self.delta == "capitals" else self.delta

    def silent(self) -> frozenset[str]:
        """Fields that the stage game chosen does not read."""
        silent = _CALIBRATED if self.stage == "stylised" else _STYLISED
        if self.delta == "capitals":
            return silent - _TIME
        return silent | _TIME

    def tariffs(self, *, us: Sequence[float] | None = None) -> "StageGame":
        """Issue T with hold and raise on both sides; `us` gives other U.S. rates for the two (calibrated game only).

        Payoffs of the calibrated game are relative to the truce on both sides.
        """
        from bargaining.games import StageGame, game

        if self.stage == "stylised":
            first = [[self.reward_us_units, self.sucker_us_units], [self.temptation_us_units, self.punishment_us_units]]
            second = [[self.reward_cn_units, self.temptation_cn_units], [self.sucker_cn_units, self.punishment_cn_units]]
            return game(first, second, actions=(TARIFFS, TARIFFS))
        us_levels, cn_levels = self.tariff_levels()
        rates = us_levels[1:3] if us is None else us
        # The first row is the truce, from which all is reckoned.
        payoffs = self._tariff_payoffs([us_levels[1], *rates], cn_levels[1:3])
        return StageGame(payoffs=payoffs[:, 1:, :] - payoffs[:, :1, :1], actions=(TARIFFS[: len(rates)], TARIFFS))

    def escalation(self) -> tuple[float, float]:
        """What both sides get a period at the peak of April 2025, relative to the truce (calibrated game)."""
        us_levels, cn_levels = self.tariff_levels()
        payoffs = self._tariff_payoffs([us_levels[1], us_levels[3]], [cn_levels[1], cn_levels[3]])
        first, second = (payoffs[:, 1, 1] - payoffs[:, 0, 0]).tolist()
        return first, second

    def fentanyl_half(self, share: float) -> tuple[float, float]:
        """What both sides get if the U.S. takes that average rate off its tariff in the truce, relative to the truce (calibrated game)."""
        us_levels, cn_levels = self.tariff_levels()
        payoffs = self._tariff_payoffs([us_levels[1], us_levels[1] - share], [cn_levels[1]])
        first, second = (payoffs[:, 1, 0] - payoffs[:, 0, 0]).tolist()
        return first, second

    def _tariff_payoffs(self, us: Sequence[float], cn: Sequence[float]) -> Any:
        base_us, base_cn = self.tariff_levels()
        table = tariff_table(
            us,
            cn,
            epsilon=self.trade_elasticity_ratio,
            closure=self.tariff_closure,
            base=(base_us[0], base_cn[0]),
            us_on_row=self.tariff_us_on_row_share,
        )
        return political_payoffs(table, (self.political_weight_us_usd_per_usd, self.political_weight_cn_usd_per_usd), self.political_term)

    def withholding(self) -> tuple[float, float]:
        """What withholding is worth to the U.S. and to China, relative to licences."""
        if self.stage == "stylised":
            return -self.full_benefit_us_units, self.full_cost_cn_units
        (us,), (cn,) = rare_earth_payoffs(self)
        return float(us[0]), float(cn[0])

    def release(self, left: float = 1.0, surge: float = 1.0) -> "StageGame":
        """Issue R, relative to licences; `left` is the share of the U.S. loss that withholding still inflicts.

        `surge` multiplies what China gains by withholding.
        """
        from bargaining.games import game

        us, cn = self.withholding()
        return game([[us * left, 0.0]], [[cn * surge, 0.0]], actions=((IDLE,), RELEASES))

    def controls(self) -> "StageGame":
        """Issue K of the calibrated game: the U.S. widens its countermeasures or lifts them."""
        from bargaining.games import game

        return game(*countermeasure_payoffs(self), actions=(CONTROLS, (IDLE,)))

    def chips(self, left: float = 1.0, security: float = 1.0) -> "StageGame":
        """Issue C: the U.S. curbs or eases; `left` is the share of China's loss that the curb still inflicts.

        `security` multiplies the security worth that the U.S. sees in the curb (its whole cost of easing in the stylised game).
        """
        from bargaining.games import game

        if self.stage == "stylised":
            cost, gain = self.easing_cost_us_units * security, self.easing_benefit_cn_units
        else:
            cost, gain = self.forgone_profit() * (self.curb_security_ratio * security - 1), chip_payoffs(self)[1][1][0]
        return game([[0.0], [-cost]], [[-gain * left], [0.0]], actions=(CHIPS, (IDLE,)))


_TIME = frozenset(("discount_annual_us_share", "discount_annual_cn_share", "leader_survival_us_90d_share", "leader_survival_cn_90d_share"))
