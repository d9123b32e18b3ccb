"""Which point of a payoff set the two sides agree on."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.payoff_set import PayoffSet

Floats = NDArray[np.float64]


def nash_bargaining(payoff_set: PayoffSet, disagreement: ArrayLike) -> Floats:
    r"""Nash bargaining solution: the point of the set that maximises :math:`(x_0-d_0)(x_1-d_1)` over points no worse than d (Nash 1950).

    On an edge the product is a parabola, so its maximum over each edge is found in closed form. Where no point improves on d for both
    sides the product is zero and the point with the largest total gain is returned.

    Parameters
    ----------
    payoff_set : PayoffSet
    disagreement : array_like, shape (2,)

    Returns
    -------
    array, shape (2,)
        NaN if no point of the set is at least as good as d for both.

    Examples
    --------
    >>> nash_bargaining(PayoffSet([[0, 0], [4, 0], [3, 2], [0, 3]]), [0, 0]).tolist()
    [3.0, 2.0]
    """
    d = np.asarray(disagreement, dtype=np.float64)
    starts = payoff_set.vertices
    steps = np.roll(starts, -1, axis=0) - starts
    candidates = []
    for start, step in zip(starts, steps, strict=True):
        gain = start - d
        # Shares of the edge at which both gains are non-negative.
        low, high = 0.0, 1.0
        for i in (0, 1):
            if step[i] > 0:
                low = max(low, -gain[i] / step[i])
            elif step[i] < 0:
                high = min(high, gain[i] / -step[i])
            elif gain[i] < 0:
                low, high = 1.0, 0.0
        if low > high:
            continue
        curvature = step[0] * step[1]
        shares = [low, high]
        if curvature < 0:
            shares.append(float(np.clip(-(gain[0] * step[1] + gain[1] * step[0]) / (2.0 * curvature), low, high)))
        candidates += [start + share * step for share in shares]
    if not candidates:
        return np.full(2, np.nan)
    best = max(candidates, key=lambda x: (round(float((x[0] - d[0]) * (x[1] - d[1])), 12), float(x.sum())))
    return np.asarray(best)
