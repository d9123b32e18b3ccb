r"""Three-region Armington trade equilibrium in changes, solved for a whole table of bilateral tariffs.

Regions are 0 (the U.S.), 1 (China), 2 (the rest of the world); matrices are ``[origin, destination]``. With :math:`\varepsilon = \sigma-1`,
expenditure shares :math:`\lambda_{ji}`, wages :math:`\hat w_j` relative to the base and gross tariffs :math:`\tau_{ji} = 1 + t_{ji}`,

.. math::

    \hat P_i = \Big(\sum_j \lambda_{ji} (\hat w_j \hat\tau_{ji})^{-\varepsilon}\Big)^{-1/\varepsilon}, \qquad
    \lambda'_{ji} = \lambda_{ji} (\hat w_j \hat\tau_{ji})^{-\varepsilon} \hat P_i^{\varepsilon}, \qquad
    E'_i = \frac{\hat w_i Y_i + T'_i}{1 - \sum_j \lambda'_{ji} t'_{ji} / \tau'_{ji}},

and goods markets clear, :math:`\hat w_j Y_j = \sum_i \lambda'_{ji} E'_i / \tau'_{ji}`. World income is the numeraire.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

OWN_INCOME, BALANCED, WORLD_SHARE = 0, 1, 2

# Excess demand is a relative number of order one, computed by about thirty roundings: 1e-13 is reachable, and what is accepted is 1e-10.
_AIM, _ACCEPT = 1e-13, 1e-10


@kernel
def excess_demand(
    log_wage_us: float,
    log_wage_cn: float,
    shares: Array,
    change: Array,
    tariffs: Array,
    income: Array,
    transfers: Array,
    epsilon: float,
    closure: int,
    wages: Array,
    prices: Array,
    spending: Array,
    flows: Array,
    excess: Array,
) -> float:
    """Evaluate the model at given log wages relative to the third region; the last five arrays are overwritten.

    Returns
    -------
    float
        Largest relative excess demand over the three regions.
    """
    wages[0] = np.exp(log_wage_us)
    wages[1] = np.exp(log_wage_cn)
    wages[2] = 1.0
    world = income[0] + income[1] + income[2]
    scale = world / (wages[0] * income[0] + wages[1] * income[1] + wages[2] * income[2])
    for j in range(3):
        wages[j] *= scale
    closing = 0.0
    for i in range(3):
        total = 0.0
        for j in range(3):
            flows[j, i] = shares[j, i] * (wages[j] * change[j, i]) ** (-epsilon)
            total += flows[j, i]
        prices[i] = total ** (-1.0 / epsilon)
        revenue = 0.0
        for j in range(3):
            flows[j, i] /= total
            revenue += flows[j, i] * tariffs[j, i] / (1.0 + tariffs[j, i])
        transfer = transfers[i]
        if closure == BALANCED:
            transfer = 0.0
        elif closure == OWN_INCOME:
            transfer = -closing if i == 2 else transfers[i] * wages[i]
            closing += transfer
        spending[i] = (wages[i] * income[i] + transfer) / (1.0 - revenue)
        for j in range(3):
            flows[j, i] *= spending[i] / (1.0 + tariffs[j, i])
    worst = 0.0
    for j in range(3):
        excess[j] = (flows[j, 0] + flows[j, 1] + flows[j, 2]) / (wages[j] * income[j]) - 1.0
        worst = max(worst, abs(excess[j]))
    return worst


@kernel
def clear_markets(
    shares: Array,
    change: Array,
    tariffs: Array,
    income: Array,
    transfers: Array,
    epsilon: float,
    closure: int,
    max_iter: int,
    wages: Array,
    prices: Array,
    spending: Array,
    flows: Array,
) -> float:
    """Find market-clearing wages by Newton's method with step halving; the last four arrays are overwritten.

    Returns
    -------
    float
        Largest relative excess demand left. By Walras' law two markets suffice for the search, all three are in the residual.
    """
    excess = np.zeros(3)
    shifted = np.zeros(3)
    x0 = 0.0
    x1 = 0.0
    step = 1e-7
    residual = excess_demand(x0, x1, shares, change, tariffs, income, transfers, epsilon, closure, wages, prices, spending, flows, excess)
    for _ in range(max_iter):
        if residual <= _AIM:
            break
        z0 = excess[0]
        z1 = excess[1]
        excess_demand(x0 + step, x1, shares, change, tariffs, income, transfers, epsilon, closure, wages, prices, spending, flows, shifted)
        a00 = (shifted[0] - z0) / step
        a10 = (shifted[1] - z1) / step
        excess_demand(x0, x1 + step, shares, change, tariffs, income, transfers, epsilon, closure, wages, prices, spending, flows, shifted)
        a01 = (shifted[0] - z0) / step
        a11 = (shifted[1] - z1) / step
        determinant = a00 * a11 - a01 * a10
        d0 = -(a11 * z0 - a01 * z1) / determinant
        d1 = -(a00 * z1 - a10 * z0) / determinant
        length = 1.0
        improved = False
        for _ in range(40):
            trial = excess_demand(
                x0 + length * d0,
                x1 + length * d1,
                shares,
                change,
                tariffs,
                income,
                transfers,
                epsilon,
                closure,
                wages,
                prices,
                spending,
                flows,
                shifted,
            )
            if trial < residual:
                improved = True
                break
            length *= 0.5
        if not improved:
            break
        x0 += length * d0
        x1 += length * d1
        residual = trial
        excess[0] = shifted[0]
        excess[1] = shifted[1]
    # The arrays may hold a rejected trial or a shifted point: leave them at the solution.
    return excess_demand(x0, x1, shares, change, tariffs, income, transfers, epsilon, closure, wages, prices, spending, flows, excess)


@kernel
def solve_table(
    observed: Array,
    income: Array,
    base_us: float,
    base_cn: float,
    us_levels: Array,
    cn_levels: Array,
    us_on_row: float,
    epsilon: float,
    closure: int,
    max_iter: int,
    welfare: Array,
    trade: Array,
    base_trade: Array,
) -> tuple[float, bool]:
    """Solve every combination of U.S. and Chinese tariff levels; the last three arrays are overwritten.

    Parameters
    ----------
    observed, income : array (3, 3), array (3,)
        Flows before duty, zero diagonal, and factor income, at the base tariffs.
    base_us, base_cn : float
        Base tariffs, of the U.S. on China and of China on the U.S.; all others are zero.
    us_levels, cn_levels : array (m,), array (n,)
    us_on_row : float
        U.S. tariff on the third region in every combination; zero in the base.
    epsilon : float
    closure : int
        `OWN_INCOME`, `BALANCED` or `WORLD_SHARE`.
    max_iter : int
        Newton steps a combination.
    welfare : array (2, m, n)
        Real expenditure of the U.S. and of China relative to the base, less one.
    trade : array (2, m, n)
        Imports of the U.S. from China and of China from the U.S., before duty, world income as numeraire.
    base_trade : array (2,)
        The same at the base tariffs (below `observed` if transfers were purged).

    Returns
    -------
    residual : float
        Largest relative excess demand in any market of any combination.
    converged : bool
    """
    tariffs = np.zeros((3, 3))
    tariffs[1, 0] = base_us
    tariffs[0, 1] = base_cn
    shares = np.zeros((3, 3))
    change = np.ones((3, 3))
    factor = np.zeros(3)
    transfers = np.zeros(3)
    base_spending = np.zeros(3)
    wages = np.zeros(3)
    prices = np.zeros(3)
    spending = np.zeros(3)
    flows = np.zeros((3, 3))
    residual = 0.0
    for i in range(3):
        exported = 0.0
        imported = 0.0
        paid = 0.0
        for j in range(3):
            exported += observed[i, j]
            imported += observed[j, i]
            paid += observed[j, i] * (1.0 + tariffs[j, i])
        factor[i] = income[i]
        transfers[i] = imported - exported
        base_spending[i] = income[i] - exported + paid
        for j in range(3):
            shares[j, i] = observed[j, i] * (1.0 + tariffs[j, i]) / base_spending[i]
        shares[i, i] = (income[i] - exported) / base_spending[i]
    base_trade[0] = observed[1, 0]
    base_trade[1] = observed[0, 1]
    if closure == BALANCED:
        residual = clear_markets(shares, change, tariffs, factor, transfers, epsilon, closure, max_iter, wages, prices, spending, flows)
        for i in range(3):
            base_spending[i] = spending[i]
            for j in range(3):
                shares[j, i] = flows[j, i] * (1.0 + tariffs[j, i]) / spending[i]
        for i in range(3):
            factor[i] *= wages[i]
        base_trade[0] = flows[1, 0]
        base_trade[1] = flows[0, 1]
    tariffs[2, 0] = us_on_row
    change[2, 0] = 1.0 + us_on_row
    for a in range(us_levels.shape[0]):
        for b in range(cn_levels.shape[0]):
            tariffs[1, 0] = us_levels[a]
            tariffs[0, 1] = cn_levels[b]
            change[1, 0] = (1.0 + us_levels[a]) / (1.0 + base_us)
            change[0, 1] = (1.0 + cn_levels[b]) / (1.0 + base_cn)
            left = clear_markets(shares, change, tariffs, factor, transfers, epsilon, closure, max_iter, wages, prices, spending, flows)
            # Written so that a NaN counts as a failure.
            if not left <= residual:
                residual = left
            for player in range(2):
                welfare[player, a, b] = spending[player] / base_spending[player] / prices[player] - 1.0
            trade[0, a, b] = flows[1, 0]
            trade[1, a, b] = flows[0, 1]
    return residual, residual <= _ACCEPT


@kernel
def solve_tables(
    observed: Array,
    income: Array,
    us_levels: Array,
    cn_levels: Array,
    us_on_row: Array,
    epsilon: Array,
    closure: Integers,
    max_iter: int,
    welfare: Array,
    imports: Array,
) -> None:
    """`solve_table` for many draws, the first level of each side being its base.

    Levels have shape (N, m) and (N, n), the others (N,). `welfare` (N, 2, m, n) and `imports` (N, 2, m, n), the latter relative to the
    base, are overwritten; NaN where markets do not clear.
    """
    base_trade = np.zeros(2)
    for k in range(epsilon.shape[0]):
        _, cleared = solve_table(
            observed,
            income,
            us_levels[k, 0],
            cn_levels[k, 0],
            us_levels[k],
            cn_levels[k],
            us_on_row[k],
            epsilon[k],
            closure[k],
            max_iter,
            welfare[k],
            imports[k],
            base_trade,
        )
        for player in range(2):
            for a in range(us_levels.shape[1]):
                for b in range(cn_levels.shape[1]):
                    imports[k, player, a, b] /= base_trade[player]
                    if not cleared:
                        welfare[k, player, a, b] = np.nan
