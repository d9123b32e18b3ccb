"""Quantile bands: how an output is distributed at each place along a parameter."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bargaining.analysis.expressions import evaluate

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def bands(frame: "pd.DataFrame", of: str, along: str, bins: int = 16, quantiles: Sequence[float] = QUANTILES) -> "pd.DataFrame":
    """Quantiles of an output in bins along a parameter.

    Parameters
    ----------
    frame : DataFrame
    of, along : str
        Expressions. A parameter with at most `bins` values gets a bin for each, others bins with equally many points.
    quantiles : sequence of float
        Order statistics, so that infinite values (never) stay what they are.

    Returns
    -------
    DataFrame
        Columns ``low, high, middle`` of the bin, ``points``, ``undecided``, and one for each quantile, such as ``q05``.

    Examples
    --------
    >>> import pandas as pd
    >>> bands(pd.DataFrame({"x": [1.0, 1.0, 2.0, 2.0], "y": [0.0, 1.0, 5.0, 6.0]}), "y", "x", quantiles=(0.0, 1.0)).to_numpy().tolist()
    [[1.0, 1.0, 1.0, 2.0, 0.0, 0.0, 1.0], [2.0, 2.0, 2.0, 2.0, 0.0, 5.0, 6.0]]
    """
    import numpy as np
    import pandas as pd

    if bins < 1:
        raise ValueError(f"bins is {bins}: expected a positive number")
    values, decided = evaluate(frame, of)
    places, known = evaluate(frame, along)
    numbers, at = values.astype(np.float64), places.astype(np.float64)
    distinct = np.unique(at[known])
    if len(distinct) <= bins:
        groups = [known & (at == place) for place in distinct]
    else:
        ranks = np.full(len(frame), -1)
        ranks[np.flatnonzero(known)[np.argsort(at[known], kind="stable")]] = np.arange(int(known.sum())) * bins // int(known.sum())
        groups = [ranks == k for k in range(bins)]
    rows: list[dict[str, Any]] = []
    names = [f"q{round(100 * q):02d}" for q in quantiles]
    for inside in groups:
        sure = inside & decided
        found = np.quantile(numbers[sure], quantiles, method="nearest") if sure.any() else np.full(len(names), np.nan)
        here = at[inside]
        row = {"low": here.min(), "high": here.max(), "middle": float(np.median(here)), "points": int(inside.sum())}
        rows.append({**row, "undecided": int((inside & ~decided).sum()), **dict(zip(names, found.tolist(), strict=True))})
    return pd.DataFrame(rows, columns=["low", "high", "middle", "points", "undecided", *names])
