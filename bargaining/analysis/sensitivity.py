"""Which parameter matters: first-order and total Sobol indices of outputs over a Saltelli design."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bargaining.analysis.expressions import columns_of, evaluate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEVER = "critical_delta["
RESAMPLES = 500


def sobol_indices(
    frame: "pd.DataFrame", fields: Sequence[str], outputs: Mapping[str, str], points: int, seed: int, confidence: float = 0.95
) -> "pd.DataFrame":
    r"""First-order and total indices of every output for every parameter.

    Parameters
    ----------
    frame : DataFrame
        An ensemble in Saltelli order: `points` rows of matrix A, as many of B, then those of A with column k from B for each field k.
    fields : sequence of str
    outputs : mapping of name to expression
        A critical discount factor that is infinite (never) counts as 1.
    points : int
    seed : int
        Of the bootstrap that gives the intervals.
    confidence : float

    Returns
    -------
    DataFrame
        Columns ``output, parameter, first, first_low, first_high, total, total_low, total_high, points, dropped``: the share of the
        output's variance that a parameter explains alone, and with all its interactions, parameters independent. A base point with an
        undecided value in any matrix is dropped from all; outputs that do not vary have NaN indices.

    Raises
    ------
    ValueError
        If the frame is not of that design, or an output is infinite.

    References
    ----------
    Sobol, I. (2001), Global sensitivity indices for nonlinear mathematical models, Mathematics and Computers in Simulation 55.
    Saltelli, A. et al. (2010), Variance based sensitivity analysis of model output, Computer Physics Communications 181.
    """
    import numpy as np
    import pandas as pd

    if len(frame) != points * (len(fields) + 2):
        raise ValueError(f"{len(frame)} rows: expected {points} * ({len(fields)} + 2) of a Saltelli design")
    rows: list[dict[str, Any]] = []
    for output, expression in outputs.items():
        own = frame[columns_of(expression)].copy()
        for name in own.columns:
            if name.startswith(NEVER):
                own[name] = own[name].clip(upper=1.0)
        values, decided = evaluate(own, expression)
        numbers = np.where(decided, values.astype(np.float64), np.nan)
        if np.isinf(numbers).any():
            raise ValueError(f"output {output!r} is infinite in {int(np.isinf(numbers).sum())} points: cap it")
        matrices = numbers.reshape(len(fields) + 2, points)
        kept = matrices[:, ~np.isnan(matrices).any(axis=0)]
        size = kept.shape[1]
        found = _indices(kept, seed, confidence) if size >= 2 and np.ptp(kept[:2]) > 0.0 else np.full((2, 3, len(fields)), np.nan)
        for k, field in enumerate(fields):
            names = ("first", "first_low", "first_high", "total", "total_low", "total_high")
            row = {"output": output, "parameter": field, **dict(zip(names, found[:, :, k].ravel().tolist(), strict=True))}
            rows.append({**row, "points": size, "dropped": points - size})
    return pd.DataFrame(rows)


def _indices(matrices: "Floats", seed: int, confidence: float) -> "Floats":
    """First-order and total indices and the ends of their intervals, shape (2, 3, k), from outputs of shape (k + 2, n)."""
    import numpy as np

    def both(rows: "NDArray[np.int64]") -> "Floats":
        # Saltelli's estimators, of the outputs less their mean (as scipy.stats.sobol_indices, which takes powers of two only).
        own = matrices[:, rows]
        own = own - own[:2].mean()
        first_sample, second_sample, mixed = own[0], own[1], own[2:]
        variance = np.var(own[:2])
        if variance == 0.0:
            return np.full((2, len(mixed)), np.nan)
        first = np.mean(second_sample * (mixed - first_sample), axis=1) / variance
        total = 0.5 * np.mean((first_sample - mixed) ** 2, axis=1) / variance
        return np.stack([first, total])

    size = matrices.shape[1]
    random = np.random.default_rng(seed)
    resamples = random.integers(0, size, (RESAMPLES, size))
    drawn = np.array([both(rows) for rows in resamples])
    # A resample in which the output does not vary has no indices.
    varying = drawn[~np.isnan(drawn).any(axis=(1, 2))]
    ends = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
    low, high = np.quantile(varying, ends, axis=0) if len(varying) else np.full((2, 2, len(matrices) - 2), np.nan)
    return np.stack([both(np.arange(size)), low, high], axis=1)
