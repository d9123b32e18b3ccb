r"""Issue T: what tariffs between the U.S. and China are worth, from a three-region trade model.

An Armington model in exact changes: the U.S., China and the rest of the world; one constant-elasticity tier that includes the home good;
observed flows of 2023; tariffs of January 2025 as the base. Welfare is real expenditure. To it may be added a *political term*: a
government that dislikes imports from the rival values the outcome at :math:`G_i = W_i - \psi_i M_i`, with :math:`M_i` those imports at
their observed scale (or the bilateral deficit).

The bilateral flows imply trade deficits, which a static model must close by assumption:

* ``own_income`` (default): the U.S. and Chinese deficits stay fixed shares of the country's own factor income, the rest of the world
  closes. Observed flows are kept and the numeraire does not matter.
* ``world_share``: each deficit stays a fixed share of world income (Dekle, Eaton and Kortum 2008).
* ``balanced``: deficits are purged first, and the purged world is the base (Ossa 2014). That changes bilateral imports themselves.

The sign of the U.S. gain from a rollback depends on the closure: always report all three.

References
----------
Armington, P. S. (1969). A theory of demand for products distinguished by place of production. *IMF Staff Papers* 16.
Dekle, R., Eaton, J. and Kortum, S. (2008). Global rebalancing with gravity. *IMF Staff Papers* 55.
Arkolakis, C., Costinot, A. and Rodríguez-Clare, A. (2012). New trade models, same old gains? *American Economic Review* 102.
Ossa, R. (2014). Trade wars and trade talks with data. *American Economic Review* 104.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from bargaining.scenarios import ScenarioError
from bargaining.scenarios.parameters import PERIODS_A_YEAR, ParameterSet, chosen, fact, observed, prior

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bargaining.games import StageGame

    Array = NDArray[np.float64]

Closure = Literal["own_income", "balanced", "world_share"]
Disliked = Literal["imports", "deficit"]
CLOSURES: tuple[Closure, ...] = ("own_income", "balanced", "world_share")
LEVELS = ("rollback", "truce", "snap-back", "peak")
FLOWS = ("flow_us_cn_2023", "flow_us_row_2023", "flow_cn_us_2023", "flow_cn_row_2023", "flow_row_us_2023", "flow_row_cn_2023")
SIZES = ("gdp_us_2023", "gdp_cn_2023", "gdp_row_2023", "gdp_us_2024", "gdp_cn_2024")
# Facts that the trade model and the levels read, beside the sources of the parameters.
DATA = (*FLOWS, *SIZES, "piie_cn_peak", "fent_rate", "recip_active", "cn_recip_active")

_MAX_ITER = 100


class TariffParameters(ParameterSet):
    """Parameters of the tariff issue.

    The three U.S. rates come from one family of averages (statutory, 2024 import weights); another family, such as 0.208, 0.511 and
    1.241 (trade-weighted), replaces all three together.
    """

    trade_elasticity_ratio: float = prior("trade_elasticity_ratio", "epsilon", ge=0.1, le=20)
    tariff_closure: Closure = prior("tariff_closure", "closure")
    reciprocal_suspended_points: float = prior("reciprocal_suspended_points", "points", ge=0)
    reciprocal_coverage_us_share: float | None = prior("reciprocal_coverage_us_share", "coverage_us", derived=True, ge=0, le=1)
    reciprocal_coverage_cn_share: float | None = prior("reciprocal_coverage_cn_share", "coverage_cn", derived=True, ge=0, le=1)
    tariff_us_deal_share: float = prior("tariff_us_deal_share", "t_us_rollback", ge=0, le=10)
    tariff_us_truce_share: float = prior("tariff_us_truce_share", "t_us_truce", ge=0, le=10)
    tariff_us_peak_share: float = observed("tpc_us_2025-04-17", "t_us_peak", per=100, ge=0, le=10)
    tariff_cn_deal_share: float = observed("piie_cn_jan2025", "t_cn_rollback", per=100, ge=0, le=10)
    tariff_cn_truce_share: float = observed("piie_cn_geneva", "t_cn_truce", per=100, ge=0, le=10)
    tariff_us_on_row_share: float = prior("tariff_us_on_row_share", "t_us_row", ge=0, le=10)
    political_weight_us_usd_per_usd: float = prior("political_weight_us_usd_per_usd", "psi_us")
    political_weight_cn_usd_per_usd: float = prior("political_weight_cn_usd_per_usd", "psi_cn")
    political_term: Disliked = chosen(
        "imports",
        "disliked",
        status="modelling choice",
        note="what psi weighs: imports from the rival, or the deficit with it",
    )

    def derive_reciprocal_coverage_us_share(self) -> float:
        """Average points a headline point of the U.S. add-on, from truce to peak: the share of trade it covers."""
        headline = fact("headline_peak_us") - fact("fent_rate") - fact("recip_active")
        return (fact("tpc_us_2025-04-17") - fact("bl_us_2025-05-14")) / headline

    def derive_reciprocal_coverage_cn_share(self) -> float:
        """The same for China's add-on."""
        return min((fact("piie_cn_peak") - fact("piie_cn_geneva")) / (fact("headline_peak_cn") - fact("cn_recip_active")), 1.0)

    def tariff_levels(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Average tariffs of the U.S. on China and of China on the U.S. at the four `LEVELS`.

        Snap-back adds the suspended points on the covered share of trade; so does China's peak with its headline points. The U.S. peak
        is observed.
        """
        points = self.reciprocal_suspended_points / 100
        peak_points = (fact("headline_peak_cn") - fact("cn_recip_active")) / 100
        us_truce, cn_truce = self.tariff_us_truce_share, self.tariff_cn_truce_share
        us_cover, cn_cover = self.value("reciprocal_coverage_us_share"), self.value("reciprocal_coverage_cn_share")
        us = (self.tariff_us_deal_share, us_truce, us_truce + us_cover * points, self.tariff_us_peak_share)
        cn = (self.tariff_cn_deal_share, cn_truce, cn_truce + cn_cover * points, cn_truce + cn_cover * peak_points)
        return us, cn

    @model_validator(mode="after")
    def _levels_ascend(self) -> Self:
        for player, levels in zip(("the U.S.", "China"), self.tariff_levels(), strict=True):
            if any(low > high for low, high in itertools.pairwise(levels)):
                found = ", ".join(f"{word} {level:.3f}" for word, level in zip(LEVELS, levels, strict=True))
                raise ValueError(f"tariffs of {player} must ascend from rollback to peak: got {found}")
        return self


@dataclass(frozen=True, eq=False)
class TariffTable:
    """What every combination of tariffs is worth. Arrays are ``[player, us_level, cn_level]``, dollars are $bn per 90 days.

    Attributes
    ----------
    welfare_share : array (2, m, n)
        Real expenditure relative to the base tariffs, less one.
    welfare_busd : array (2, m, n)
        The same times GDP of 2024.
    imports_busd : array (2, m, n)
        Imports from the rival before duty, in the model's own scale (world income is the numeraire).
    imports_observed_busd : array (2, m, n)
        The same rescaled to observed imports at the base tariffs (they differ under the balanced closure only).
    residual : float
        Largest relative excess demand in any market.
    """

    welfare_share: "Array"
    welfare_busd: "Array"
    imports_busd: "Array"
    imports_observed_busd: "Array"
    residual: float

    @property
    def deficit_observed_busd(self) -> "Array":
        """Bilateral deficit with the rival at observed scale, (2, m, n)."""
        return self.imports_observed_busd - self.imports_observed_busd[::-1]


@cache
def _world() -> "tuple[Array, Array, Array]":
    """Flows [origin, destination] and GDP of 2023 in $bn a year, and GDP of the U.S. and China a period in 2024."""
    import numpy as np

    us_cn, us_row, cn_us, cn_row, row_us, row_cn = (fact(id) for id in FLOWS)
    sizes = [fact(id) for id in SIZES]
    flows = np.array([[0.0, us_cn, us_row], [cn_us, 0.0, cn_row], [row_us, row_cn, 0.0]])
    return flows, np.array(sizes[:3]), np.array(sizes[3:]) / PERIODS_A_YEAR


def tariff_table(
    us_levels: Sequence[float],
    cn_levels: Sequence[float],
    *,
    epsilon: float,
    closure: Closure = "own_income",
    base: tuple[float, float] = (0.118, 0.212),
    us_on_row: float = 0.0,
) -> TariffTable:
    r"""Solve the trade model at every combination of tariffs.

    Parameters
    ----------
    us_levels, cn_levels : sequence of float
        Tariffs of the U.S. on China and of China on the U.S., as shares (0.404 is 40.4 %).
    epsilon : float
        Trade elasticity :math:`\varepsilon = \sigma - 1 > 0`.
    closure : {"own_income", "balanced", "world_share"}
    base : (float, float)
        The two tariffs under which the observed flows are read; the other tariffs of the base are zero.
    us_on_row : float
        U.S. tariff on the rest of the world in every combination.

    Returns
    -------
    TariffTable

    Raises
    ------
    ScenarioError
        Unknown closure, a tariff of -1 or less, an elasticity that is not positive, or no market-clearing wages found.

    Examples
    --------
    >>> table = tariff_table([0.118, 0.404], [0.212, 0.326], epsilon=1.53)
    >>> table.welfare_busd[:, 1, 1].round(1)  # the truce against January 2025: the U.S. gains, China loses
    array([  2.4, -11.5])
    """
    import numpy as np

    from bargaining.kernels.armington import BALANCED, OWN_INCOME, WORLD_SHARE, solve_table

    codes = {"own_income": OWN_INCOME, "balanced": BALANCED, "world_share": WORLD_SHARE}
    if closure not in codes:
        raise ScenarioError(f"unknown closure {closure!r}: expected {', '.join(codes)}")
    us, cn = (np.array(levels, dtype=np.float64) for levels in (us_levels, cn_levels))
    rates = [*us, *cn, *base, us_on_row]
    if us.ndim != 1 or cn.ndim != 1 or not all(np.isfinite(rate) and rate > -1 for rate in rates):
        raise ScenarioError(f"tariffs {rates}: expected finite shares above -1")
    if not (np.isfinite(epsilon) and epsilon > 0):
        raise ScenarioError(f"trade elasticity {epsilon!r}: expected a positive number")
    flows, income, gdp = _world()
    welfare, trade, base_trade = np.zeros((2, us.size, cn.size)), np.zeros((2, us.size, cn.size)), np.zeros(2)
    residual, converged = solve_table(
        flows,
        income,
        float(base[0]),
        float(base[1]),
        us,
        cn,
        float(us_on_row),
        float(epsilon),
        codes[closure],
        _MAX_ITER,
        welfare,
        trade,
        base_trade,
    )
    if not converged:
        raise ScenarioError(
            f"trade model ({closure}, elasticity {epsilon:g}): no market-clearing wages, excess demand {residual:.1e} is left"
        )
    seen = np.array([flows[1, 0], flows[0, 1]])
    per_period = trade / PERIODS_A_YEAR
    scale = (seen / base_trade)[:, None, None]
    return TariffTable(welfare, welfare * gdp[:, None, None], per_period, per_period * scale, residual)


def political_payoffs(table: TariffTable, weights: tuple[float, float], disliked: Disliked = "imports") -> "Array":
    r"""Return :math:`G_i = W_i - \psi_i M_i`, $bn per 90 days, ``[player, us_level, cn_level]``.

    Parameters
    ----------
    table : TariffTable
    weights : (float, float)
        :math:`\psi` of the U.S. and of China, dollars a dollar.
    disliked : {"imports", "deficit"}
        What the weight is on: imports from the rival, or the bilateral deficit.
    """
    import numpy as np

    burden = table.imports_observed_busd if disliked == "imports" else table.deficit_observed_busd
    return table.welfare_busd - np.array(weights)[:, None, None] * burden


def indifference_weight(
    table: TariffTable, player: int, hold: tuple[int, int], move: tuple[int, int], disliked: Disliked = "imports"
) -> float:
    r"""Political weight :math:`\psi_i` at which a player is indifferent between two combinations of tariffs.

    Above it the player prefers the one with less of what it dislikes. NaN if the two differ in neither.

    Examples
    --------
    The truce restrains the U.S. from snap-back, China at the truce, only above a weight of about 0.13:

    >>> table = tariff_table([0.118, 0.404, 0.557], [0.212, 0.326], epsilon=1.53)
    >>> round(indifference_weight(table, 0, (1, 1), (2, 1)), 3)
    0.126
    """
    burden = table.imports_observed_busd if disliked == "imports" else table.deficit_observed_busd
    gap = burden[(player, *hold)] - burden[(player, *move)]
    gain = table.welfare_busd[(player, *hold)] - table.welfare_busd[(player, *move)]
    return float(gain / gap) if gap != 0 else float("nan")


def table_of(parameters: TariffParameters) -> TariffTable:
    """Solve the trade model at the four levels of a `TariffParameters`; the base is the rollback."""
    us, cn = parameters.tariff_levels()
    return tariff_table(
        us,
        cn,
        epsilon=parameters.trade_elasticity_ratio,
        closure=parameters.tariff_closure,
        base=(us[0], cn[0]),
        us_on_row=parameters.tariff_us_on_row_share,
    )


def tariff_issue(parameters: TariffParameters, table: TariffTable | None = None) -> "StageGame":
    """Issue T of a `TariffParameters`: payoffs relative to the truce on both sides, political term included."""
    from bargaining.games import StageGame

    table = table_of(parameters) if table is None else table
    weights = (parameters.political_weight_us_usd_per_usd, parameters.political_weight_cn_usd_per_usd)
    payoffs = political_payoffs(table, weights, parameters.political_term)
    return StageGame(payoffs=payoffs - payoffs[:, 1:2, 1:2], actions=(LEVELS, LEVELS))


def tariff_arrays(values: TariffParameters, count: int) -> "Array":
    """Payoffs of issue T in `count` games, shape (count, 2, 4, 4), for a parameter set whose fields may be arrays.

    NaN where tariffs do not ascend from rollback to peak, or no market-clearing wages are found.
    """
    import numpy as np

    from bargaining.kernels.armington import BALANCED, OWN_INCOME, WORLD_SHARE, solve_tables

    def column(entry: object) -> "Array":
        return np.array(np.broadcast_to(np.asarray(entry, dtype=np.float64), (count,)))

    us, cn = (np.column_stack([column(level) for level in levels]) for levels in values.tariff_levels())
    closure = np.select(
        [np.equal(values.tariff_closure, "own_income"), np.equal(values.tariff_closure, "balanced")], [OWN_INCOME, BALANCED], WORLD_SHARE
    )
    flows, income, gdp = _world()
    welfare, imports = np.empty((count, 2, len(LEVELS), len(LEVELS))), np.empty((count, 2, len(LEVELS), len(LEVELS)))
    solve_tables(
        flows,
        income,
        us,
        cn,
        column(values.tariff_us_on_row_share),
        column(values.trade_elasticity_ratio),
        np.array(np.broadcast_to(closure, (count,)), dtype=np.int64),
        _MAX_ITER,
        welfare,
        imports,
    )
    seen = np.array([flows[1, 0], flows[0, 1]]) / PERIODS_A_YEAR
    imports *= seen[:, None, None]
    weights = np.column_stack([column(values.political_weight_us_usd_per_usd), column(values.political_weight_cn_usd_per_usd)])
    by_imports = np.array(np.broadcast_to(np.equal(values.political_term, "imports"), (count,)))
    burden = np.where(by_imports[:, None, None, None], imports, imports - imports[:, ::-1])
    payoffs = welfare * gdp[:, None, None] - weights[:, :, None, None] * burden
    truce = LEVELS.index("truce")
    payoffs -= payoffs[:, :, truce : truce + 1, truce : truce + 1].copy()
    ascending = (np.diff(us, axis=1) >= 0).all(axis=1) & (np.diff(cn, axis=1) >= 0).all(axis=1)
    payoffs[~ascending] = np.nan
    return payoffs
