"""The inverse game: where in the prior an observed pattern is an equilibrium outcome, and which parameters it narrows. Never a point."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bargaining.analysis.claims import share
from bargaining.analysis.expressions import ExpressionError, evaluate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]

SOME, EVERY = "some partition", "every partition"
# A parameter is narrowed if the middle nine tenths of its values shrink to less than this share of what they were.
NARROW = 0.8
SIGNIFICANT = 0.01


def rationalise(
    frame: "pd.DataFrame", pattern: str, partitions: Sequence[str], fields: Sequence[str], confidence: float = 0.95
) -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Region of the prior in which a pattern holds, partition by partition.

    Parameters
    ----------
    frame : DataFrame
        An ensemble drawn from the prior.
    pattern : str
        Expression with ``{partition}`` where the partition's name goes, such as "`sustained[london][{partition}]` == 1".
    partitions : sequence of str
    fields : sequence of str
        Parameters whose marginals are compared inside and outside the region.

    Returns
    -------
    shares, ranges : DataFrame
        The share of the prior for each partition, for some and for every one of them; and for each partition and parameter what
        `identified` says.

    Raises
    ------
    ExpressionError
        If the pattern is no condition on the columns.
    """
    import numpy as np
    import pandas as pd

    rows: list[dict[str, Any]] = []
    ranges = []
    every, some = np.ones(len(frame), dtype=np.bool_), np.zeros(len(frame), dtype=np.bool_)
    all_decided, failed = np.ones(len(frame), dtype=np.bool_), np.zeros(len(frame), dtype=np.bool_)
    for partition in partitions:
        expression = pattern.replace("{partition}", partition)
        holds, decided = evaluate(frame, expression)
        if holds.dtype.kind != "b":
            raise ExpressionError(f"{expression!r}: expected something that holds or does not, such as a comparison")
        inside = holds.astype(bool) & decided
        rows.append({"partition": partition, **asdict(share(inside, decided, confidence))})
        table = identified(frame, inside, decided & ~inside, fields)
        ranges.append(table.assign(partition=partition)[["partition", *table.columns]])
        every, some = every & inside, some | inside
        all_decided, failed = all_decided & decided, failed | (decided & ~inside)
    # One that holds decides about some, one that fails about every.
    rows.append({"partition": SOME, **asdict(share(some, some | all_decided, confidence))})
    rows.append({"partition": EVERY, **asdict(share(every, failed | all_decided, confidence))})
    return pd.DataFrame(rows), pd.concat(ranges, ignore_index=True)


def identified(frame: "pd.DataFrame", inside: "Flags", outside: "Flags", fields: Sequence[str]) -> "pd.DataFrame":
    r"""What a region says about each parameter: its range inside against the prior's, and whether the two differ at all.

    Parameters
    ----------
    frame : DataFrame
    inside, outside : array of bool, shape (N,)
        Draws in the region, and draws known not to be.
    fields : sequence of str

    Returns
    -------
    DataFrame
        For each parameter the 0, 5, 95 and 100 % quantiles of the prior and of the region; `range_share`, the width of the middle nine
        tenths inside against the prior's (for words: the share of the values that occur); `distance`, Kolmogorov and Smirnov's between
        inside and outside (total variation for words), with its p-value times the number of parameters (Bonferroni); and `verdict`:
        ``narrowed`` (`range_share` below 0.8), ``shifted`` (distributions differ, the range hardly) or ``free``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> frame = pd.DataFrame({"x": np.linspace(0, 1, 200), "y": np.tile([0.0, 1.0, 0.5, 0.2], 50)})
    >>> inside = frame["x"].to_numpy() < 0.5
    >>> identified(frame, inside, ~inside, ["x", "y"])["verdict"].tolist()
    ['narrowed', 'free']
    """
    import numpy as np
    import pandas as pd
    from scipy.stats import chi2_contingency, ks_2samp

    rows: list[dict[str, Any]] = []
    for field in fields:
        column = frame[field].to_numpy()
        first, second = column[inside], column[outside]
        row: dict[str, Any] = {"parameter": field}
        shared, distance, chance = float("nan"), float("nan"), float("nan")
        if column.dtype.kind not in "fiu":
            words = sorted({str(word) for word in column})
            counts = np.array([[int((side == word).sum()) for word in words] for side in (first, second)])
            if len(first):
                shared = float((counts[0] > 0).mean())
            if len(first) and len(second):
                both = counts[:, counts.sum(axis=0) > 0]
                distance = 0.5 * float(np.abs(counts[0] / counts[0].sum() - counts[1] / counts[1].sum()).sum())
                chance = float(chi2_contingency(both).pvalue) if both.shape[1] > 1 else 1.0
        else:
            prior = np.quantile(column, [0.0, 0.05, 0.95, 1.0])
            region = np.quantile(first, [0.0, 0.05, 0.95, 1.0]) if len(first) else np.full(4, np.nan)
            names = ("0", "05", "95", "100")
            row |= {f"prior_q{name}": float(value) for name, value in zip(names, prior, strict=True)}
            row |= {f"region_q{name}": float(value) for name, value in zip(names, region, strict=True)}
            if len(first) and prior[2] > prior[1]:
                shared = float((region[2] - region[1]) / (prior[2] - prior[1]))
            if len(first) and len(second):
                found = ks_2samp(first, second, method="asymp")
                distance, chance = float(found.statistic), float(found.pvalue)
        adjusted = min(1.0, chance * len(fields)) if not math.isnan(chance) else float("nan")
        differs = adjusted < SIGNIFICANT
        verdict = ("narrowed" if shared < NARROW else "shifted") if differs else "free"
        rows.append({**row, "range_share": shared, "distance": distance, "p_adjusted": adjusted, "verdict": verdict})
    return pd.DataFrame(rows)
