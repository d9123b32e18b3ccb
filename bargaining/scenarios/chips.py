r"""Issues A and K: AI chips, and the countermeasures that answered rare-earth controls.

The curb forgoes revenue :math:`R = (1-\lambda) \cdot \text{market} \cdot 90/365`, with :math:`\lambda` the domestic share of China's
market, and so profit :math:`mR`. The U.S. holds its security worth `b` times that profit: easing is worth :math:`mR(1-b)` to it. China
gains from easing what a larger variety of chips is worth, :math:`(1-\chi) \cdot \text{market} \cdot \frac{90}{365} \cdot
\ln(1/\lambda)/(\eta-1)`, less the share :math:`\chi` that it discounts for the sake of self-reliance. A licence fee is a transfer inside
the U.S. and counts for nothing.

References
----------
Arkolakis, C., Costinot, A. and Rodríguez-Clare, A. (2012). New trade models, same old gains? *American Economic Review* 102.
"""

import math
from typing import TYPE_CHECKING, Any

from bargaining.scenarios.parameters import PERIODS_A_YEAR, ParameterSet, prior
from bargaining.scenarios.story import IDLE, Table

if TYPE_CHECKING:
    from bargaining.games import StageGame


class ChipParameters(ParameterSet):
    """Parameters of the AI-chip and countermeasure issues."""

    cn_ai_chip_market_busd_yr: float = prior("cn_ai_chip_market_busd_yr", "market_cn", gt=0)
    cn_domestic_chip_share: float = prior("cn_domestic_chip_share", "lambda", gt=0, lt=1)
    ai_curb_revenue_busd: float | None = prior("ai_curb_revenue_busd", "R", derived=True, gt=0)
    chip_rent_share: float = prior("chip_rent_share", "m", gt=0, le=1)
    chip_substitution_elasticity_ratio: float = prior("chip_substitution_elasticity_ratio", "eta", gt=1)
    chip_self_reliance_cn_share: float = prior("chip_self_reliance_cn_share", "chi", ge=0)
    curb_security_ratio: float = prior("curb_security_ratio", "b", ge=0)
    countermeasures_cost_us_busd: float = prior("countermeasures_cost_us_busd", "cost_k", ge=0)
    countermeasures_loss_cn_busd: float = prior("countermeasures_loss_cn_busd", "loss_k", ge=0)

    def derive_ai_curb_revenue_busd(self) -> float:
        """Revenue that the curb forgoes, $bn per 90 days: the foreign share of China's market."""
        return self.cn_ai_chip_market_busd_yr * (1 - self.cn_domestic_chip_share) / PERIODS_A_YEAR

    def forgone_profit(self) -> Any:
        """:math:`mR`: U.S. profit that the curb forgoes, $bn per 90 days."""
        return self.chip_rent_share * self.value("ai_curb_revenue_busd")

    def easing_gain_cn(self) -> Any:
        """China's gain from easing, $bn per 90 days."""
        import numpy as np

        # With arrays in place of numbers this is an array.
        variety = np.log(1 / self.cn_domestic_chip_share) / (self.chip_substitution_elasticity_ratio - 1)
        return (1 - self.chip_self_reliance_cn_share) * self.cn_ai_chip_market_busd_yr / PERIODS_A_YEAR * variety


def joint_surplus_bound(self_reliance: float, domestic_share: float, rent_share: float, elasticity: float) -> float:
    r"""Security ratio below which easing raises joint surplus, :math:`\bar b`.

    .. math::

        \bar b = 1 + \frac{(1-\chi) \ln(1/\lambda)}{m (\eta-1) (1-\lambda)}

    The size of the market cancels (if the curb's revenue is the foreign share of that market). Below 1 when :math:`\chi > 1`.

    Examples
    --------
    >>> round(joint_surplus_bound(0.0, 0.42, 0.6, 3), 2), round(joint_surplus_bound(0.2, 0.42, 0.6, 3), 2)
    (2.25, 2.0)
    """
    return 1 + (1 - self_reliance) * math.log(1 / domestic_share) / (rent_share * (elasticity - 1) * (1 - domestic_share))


def coercion_bound(delta_us: float, withhold_loss: float, forgone_profit: float, tariff_minmax: float = 0.0) -> float:
    r"""Security ratio up to which the threat of withholding rare earths can make the U.S. ease its chip curb.

    .. math::

        b \le 1 + \frac{\delta_{US} (L + |T|)}{m R}

    Conditions: the curb is the U.S. stage best response (:math:`b \ge 1`); withholding is credible for China, as a stage best response
    or as part of its own equilibrium punishment; issues R and A are in one block, with U.S. minmax payoff :math:`-L` there. With issue T
    in the block, and the truce a U.S. best response to the truce, the U.S. minmax of T is a further threat: give its distance below the
    truce as `tariff_minmax`.

    Parameters
    ----------
    delta_us : float
    withhold_loss : float
        U.S. loss from withholding relative to the agreement's licences, $bn per 90 days.
    forgone_profit : float
        :math:`mR`, $bn per 90 days.
    tariff_minmax : float

    Examples
    --------
    >>> round(coercion_bound(0.9, 32.0, 3.2), 6)
    10.0
    """
    return 1 + delta_us * (withhold_loss + abs(tariff_minmax)) / forgone_profit


def countermeasure_swap_delta(withhold_net_value: float, countermeasure_loss: float) -> float:
    r"""China's least patience at which countermeasures alone buy civil licences: :math:`(\nu - \rho)/\text{loss}_K`, at least 0.

    Conditions: issues R and K form one block, and the U.S. carries countermeasures out, which it does iff
    :math:`(1-\delta_{US})\,\text{cost}_K \le \delta_{US} L` with L its loss from withholding. Above 1 they cannot, whatever the patience.

    Examples
    --------
    >>> countermeasure_swap_delta(0.75, 1.5), countermeasure_swap_delta(-0.09, 1.5)
    (0.5, 0.0)
    """
    if withhold_net_value <= 0:
        return 0.0
    return withhold_net_value / countermeasure_loss if countermeasure_loss > 0 else math.inf


def chip_payoffs(parameters: ChipParameters) -> tuple[Table, Table]:
    """Payoffs of issue A to either side, relative to the curb: numbers, or arrays where parameters are arrays."""
    us = parameters.forgone_profit() * (1 - parameters.curb_security_ratio)
    return [[0.0], [us]], [[0.0], [parameters.easing_gain_cn()]]


def chip_issue(parameters: ChipParameters) -> "StageGame":
    """Issue A: the U.S. alone chooses."""
    from bargaining.games import game

    return game(*chip_payoffs(parameters), actions=(("curb", "eased"), (IDLE,)))


def countermeasure_payoffs(parameters: ChipParameters) -> tuple[Table, Table]:
    """Payoffs of issue K to either side, relative to countermeasures lifted: numbers, or arrays where parameters are arrays."""
    return [[-parameters.countermeasures_cost_us_busd], [0.0]], [[-parameters.countermeasures_loss_cn_busd], [0.0]]


def countermeasure_issue(parameters: ChipParameters) -> "StageGame":
    """Issue K: the U.S. alone chooses."""
    from bargaining.games import game

    return game(*countermeasure_payoffs(parameters), actions=(("widened", "lifted"), (IDLE,)))
