"""Losses from a cut of one input of a constant-elasticity production function, with the elasticity fitted to an observed loss."""

import math

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Array = NDArray[np.float64]

_MOST_HALVINGS = 400


@kernel
def aggregate(quantity: float, weight: float, elasticity: float) -> float:
    """Output of a constant-elasticity aggregate whose other input is unchanged."""
    if elasticity == 1.0:
        return math.pow(quantity, weight)
    power = (elasticity - 1.0) / elasticity
    return math.exp(math.log1p(weight * math.expm1(power * math.log(quantity))) / power)


@kernel
def _excess(r: float, weight: float, flow: float, target: float) -> float:
    return math.log1p(weight * math.expm1(-r * math.log(flow))) + r * math.log(target)


@kernel
def fitted_elasticity(target: float, weight: float, flow: float) -> float:
    r"""Elasticity s at which a flow of `flow` leaves the share `target` of output; NaN if there is none.

    With :math:`r = 1/s - 1` the condition is :math:`\ln((1-a) + a q^{-r}) + r \ln Z = 0`, convex in r and zero at r = 0, so it has at
    most one other root; the interval that brackets it is halved until no float lies inside.
    """
    if not (0.0 < weight < 1.0 and flow < target < 1.0):
        return np.nan
    # r = 0 is Cobb-Douglas; a larger loss than its needs less substitution (r > 0), a smaller one more (-1 < r < 0).
    if 1.0 - target > 1.0 - flow**weight:
        low = 1e-12
        high = 1.0
        while _excess(high, weight, flow, target) <= 0.0 and high < 1e12:
            high *= 2.0
    else:
        low = -1.0
        high = -1e-12
    below = _excess(low, weight, flow, target)
    above = _excess(high, weight, flow, target)
    if not below * above < 0.0:
        return np.nan
    for _ in range(_MOST_HALVINGS):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        value = _excess(middle, weight, flow, target)
        if value == 0.0:
            low = middle
            high = middle
            break
        if (value < 0.0) == (below < 0.0):
            low = middle
        else:
            high = middle
    return 1.0 / (1.0 + 0.5 * (low + high))


@kernel
def fit(loss: float, market_share: float, exposed: float, outer_elasticity: float, flow: float) -> float:
    """Elasticity at which a flow of `flow` costs the share `loss` of output; `exposed` is 0 in the one-tier form."""
    target = 1.0 - loss
    weight = market_share
    if exposed > 0.0:
        weight = market_share / exposed
        power = (outer_elasticity - 1.0) / outer_elasticity
        inner = (target**power - (1.0 - exposed)) / exposed if target > 0.0 else -1.0
        # A power of a negative number would be NaN, which is what is meant: no elasticity fits.
        target = inner ** (1.0 / power) if inner > 0.0 else np.nan
    return fitted_elasticity(target, weight, flow)


@kernel
def output_loss(flow: float, elasticity: float, market_share: float, exposed: float, outer_elasticity: float) -> float:
    """Share of output lost when the flow falls to `flow` times normal; `exposed` is 0 in the one-tier form."""
    if exposed > 0.0:
        return 1.0 - aggregate(aggregate(flow, market_share / exposed, elasticity), exposed, outer_elasticity)
    return 1.0 - aggregate(flow, market_share, elasticity)


@kernel
def output_losses(
    flow: Array, loss: Array, market_share: Array, exposed: Array, outer_elasticity: float, fitted_flow: float, losses: Array
) -> None:
    """Losses at the fitted elasticities, element by element, into `losses`; NaN where no elasticity fits."""
    for k in range(losses.shape[0]):
        elasticity = fit(loss[k], market_share[k], exposed[k], outer_elasticity, fitted_flow)
        losses[k] = np.nan if np.isnan(elasticity) else output_loss(flow[k], elasticity, market_share[k], exposed[k], outer_elasticity)
