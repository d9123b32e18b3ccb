r"""Issue R: what rare earths are worth, from a production function with very low substitution.

Output needs rare earths with share :math:`\alpha` (the U.S. rare-earth market over GDP) and elasticity :math:`s`. With a flow of `q`
times normal,

.. math::

    Y(q) = \big[(1-\alpha) + \alpha q^{(s-1)/s}\big]^{s/(s-1)}.

In the two-tier form only a share `k` of the economy uses them, and the rest substitutes for it with elasticity :math:`\theta = 0.9`:
:math:`Z(q)` is the expression above with :math:`\alpha/k`, and
:math:`Y(q) = [(1-k) + k Z^{(\theta-1)/\theta}]^{\theta/(\theta-1)}`. It bounds the loss of a near-total cut but raises that of a
milder one. In both, `s` is fitted so that an 80 % cut costs what a published estimate says. The curve is a cliff, so the loss is
computed from the flow and never varied independently of it.

References
----------
Hulten, C. R. (1978). Growth accounting with intermediate inputs. *Review of Economic Studies* 45.
Baqaee, D. R. and Farhi, E. (2019). The macroeconomic impact of microeconomic shocks. *Econometrica* 87.
Bachmann, R. et al. (2022). What if? The economic effects for Germany of a stop of energy imports from Russia.
*ECONtribute Policy Brief* 28.
"""

import math
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import model_validator

from bargaining.scenarios import ScenarioError
from bargaining.scenarios.parameters import PERIODS_A_YEAR, ParameterSet, fact, prior
from bargaining.scenarios.story import IDLE, Table

if TYPE_CHECKING:
    from bargaining.games import StageGame

Form = Literal["one_tier", "two_tier"]
RELEASES = ("withhold", "civil", "full")
# Facts that the losses are computed from, beside the sources of the parameters.
DATA = ("gdp_us_2024", "us_ree_cn_importshare")

_OUTER_ELASTICITY = 0.9
_FITTED_FLOW = 0.2  # an 80 % cut


class RareEarthParameters(ParameterSet):
    """Parameters of the rare-earth issue."""

    withhold_flow_share: float = prior("withhold_flow_share", "q", gt=0, le=1)
    loss_at_80pct_cut_share: float = prior("loss_at_80pct_cut_share", "loss_80", gt=0, lt=1)
    us_rare_earth_market_busd_yr: float = prior("us_rare_earth_market_busd_yr", "market_us", gt=0)
    ces_form: Form = prior("ces_form", "form")
    exposed_gdp_share: float = prior("exposed_gdp_share", "k", gt=0, lt=1)
    withhold_loss_us_busd: float | None = prior("withhold_loss_us_busd", "L", derived=True, ge=0)
    withhold_revenue_loss_cn_busd: float | None = prior("withhold_revenue_loss_cn_busd", "rho", derived=True, ge=0)
    withhold_strategic_value_cn_busd: float = prior("withhold_strategic_value_cn_busd", "nu")
    civil_only_loss_us_busd: float = prior("civil_only_loss_us_busd", "c0", ge=0)
    military_value_us_busd: float = prior("military_value_us_busd", "v", ge=0)
    military_cost_cn_ratio: float = prior("military_cost_cn_ratio", "kappa", ge=0)

    def derive_withhold_loss_us_busd(self) -> Any:
        """U.S. loss from withholding, $bn per 90 days, at an elasticity refitted to the loss from an 80 % cut."""
        import numpy as np

        from bargaining.kernels import ces

        share = self.us_rare_earth_market_busd_yr / fact("gdp_us_2024")
        exposed = np.where(np.equal(self.ces_form, "one_tier"), 0.0, self.exposed_gdp_share)
        given = np.broadcast_arrays(self.withhold_flow_share, self.loss_at_80pct_cut_share, share, exposed)
        flow, loss, market, own = (np.ascontiguousarray(column, dtype=np.float64).reshape(-1) for column in given)
        losses = np.empty_like(flow)
        ces.output_losses(flow, loss, market, own, _OUTER_ELASTICITY, _FITTED_FLOW, losses)
        losses = losses * fact("gdp_us_2024") / PERIODS_A_YEAR
        return losses if given[0].ndim else float(losses[0])

    def derive_withhold_revenue_loss_cn_busd(self) -> float:
        """China's export revenue lost by withholding, $bn per 90 days."""
        return (1 - self.withhold_flow_share) * embargo_revenue()

    @model_validator(mode="after")
    def _an_elasticity_fits(self) -> Self:
        if math.isnan(self.value("withhold_loss_us_busd")):
            share = self.us_rare_earth_market_busd_yr / fact("gdp_us_2024")
            fitted_elasticity(self.loss_at_80pct_cut_share, market_share=share, form=self.ces_form, exposed=self.exposed_gdp_share)
        return self


def output_loss(flow: float, elasticity: float, *, market_share: float, form: Form = "one_tier", exposed: float = 0.04) -> float:
    """Share of output lost when the flow falls to `flow` times normal.

    Parameters
    ----------
    flow : float
        In (0, 1].
    elasticity : float
        `s`, positive; 1 is Cobb-Douglas.
    market_share : float
        Cost share of rare earths in GDP.
    form : {"one_tier", "two_tier"}
    exposed : float
        Share of GDP that uses rare earths (two-tier form only).

    Examples
    --------
    >>> share = 1.2 / 29184.89
    >>> s = fitted_elasticity(0.015, market_share=share)
    >>> round(s, 3), round(100 * output_loss(0.26, s, market_share=share), 3), round(100 * output_loss(0.36, s, market_share=share), 2)
    (0.177, 0.456, 0.1)
    """
    from bargaining.kernels import ces

    return float(ces.output_loss(flow, elasticity, market_share, 0.0 if form == "one_tier" else exposed, _OUTER_ELASTICITY))


def fitted_elasticity(loss: float, *, market_share: float, form: Form = "one_tier", exposed: float = 0.04) -> float:
    r"""Elasticity `s` at which an 80 % cut costs the share `loss` of output.

    The outer tier is inverted in closed form. What remains, with :math:`r = 1/s - 1`, is
    :math:`\ln((1-a) + a q^{-r}) + r \ln Z = 0`: convex in r and zero at r = 0, so at most one other root.

    Raises
    ------
    ScenarioError
        If no elasticity gives that loss: it must lie below that of losing the input's whole weight at a flow of 0.2.
    """
    from bargaining.kernels import ces

    elasticity = float(ces.fit(loss, market_share, 0.0 if form == "one_tier" else exposed, _OUTER_ELASTICITY, _FITTED_FLOW))
    if math.isnan(elasticity):
        weight = market_share if form == "one_tier" else market_share / exposed
        within = "" if form == "one_tier" else f" in the exposed share {exposed:g} of the economy"
        raise ScenarioError(
            f"a loss of {loss:g} of output from an 80 % cut cannot be reached with a rare-earth share of {weight:.2g}{within}: it is below "
            "that of Cobb-Douglas with perfect substitutes, or above the whole weight of the input; no elasticity fits"
        )
    return elasticity


def embargo_revenue() -> float:
    """China's export revenue from the U.S. in magnets, compounds and metals, $bn per 90 days: what a full embargo forgoes.

    Examples
    --------
    >>> round(embargo_revenue(), 3)
    0.117
    """
    magnets = fact("cn_magnet_exports_usd") * 12 * fact("magnet_us_baseline") / fact("cn_magnet_exports_t")
    return (magnets + fact("us_ree_imports") * fact("us_ree_cn_importshare")) / PERIODS_A_YEAR


def rare_earth_payoffs(parameters: RareEarthParameters) -> tuple[Table, Table]:
    """Payoffs of issue R to either side, relative to civil licences: numbers, or arrays where parameters are arrays.

    The loss under civil licences is borne already, so withholding costs the U.S. the rest of the loss. Full release adds the military
    value to the U.S. and costs China a multiple of it.
    """
    us = (parameters.civil_only_loss_us_busd - parameters.value("withhold_loss_us_busd"), 0.0, parameters.military_value_us_busd)
    withhold = parameters.withhold_strategic_value_cn_busd - parameters.value("withhold_revenue_loss_cn_busd")
    cn = (withhold, 0.0, -parameters.military_cost_cn_ratio * parameters.military_value_us_busd)
    return [us], [cn]


def rare_earth_issue(parameters: RareEarthParameters) -> "StageGame":
    """Issue R: China alone chooses what to release."""
    from bargaining.games import game

    return game(*rare_earth_payoffs(parameters), actions=((IDLE,), RELEASES))
