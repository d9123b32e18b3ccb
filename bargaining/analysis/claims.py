"""Shares of an ensemble in which a claim holds, with intervals, over all draws and class by class."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bargaining.analysis.expressions import ExpressionError, evaluate

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

ALL = "all"


@dataclass(frozen=True)
class Share:
    """In how many points something holds; `low` and `high` bound the share in the whole prior."""

    points: int
    holds: int
    fails: int
    undecided: int
    share: float
    low: float
    high: float


def share(holds: "NDArray[np.bool_]", decided: "NDArray[np.bool_]", confidence: float = 0.95) -> Share:
    r"""Share of points in which a claim holds, among those where it is decided.

    Parameters
    ----------
    holds, decided : array of bool, shape (N,)
    confidence : float

    Returns
    -------
    Share
        `low` and `high` are Wilson's bounds (1927) for independent draws, the lower one with all undecided points counted as failures
        and the upper one with them counted as successes. Points of a Sobol sequence are spread more evenly, so for them the interval is
        wider than it need be.

    Examples
    --------
    >>> import numpy as np
    >>> found = share(np.array([True, True, False, False]), np.array([True, True, True, False]))
    >>> found.holds, found.undecided, round(found.share, 3), round(found.low, 3), round(found.high, 3)
    (2, 1, 0.667, 0.15, 0.954)
    """
    from scipy.stats import binomtest

    points, good, sure = len(holds), int((holds & decided).sum()), int(decided.sum())
    if points == 0:
        return Share(0, 0, 0, 0, float("nan"), 0.0, 1.0)
    low = binomtest(good, points).proportion_ci(confidence, method="wilson").low
    high = binomtest(good + points - sure, points).proportion_ci(confidence, method="wilson").high
    return Share(points, good, sure - good, points - sure, good / sure if sure else float("nan"), float(low), float(high))


def shares(
    frame: "pd.DataFrame", claims: Mapping[str, str], splits: Mapping[str, Mapping[str, str]] | None = None, confidence: float = 0.95
) -> "pd.DataFrame":
    """Share of every claim over all points and over every class of every split: one row each.

    Parameters
    ----------
    frame : DataFrame
        An ensemble, one row a draw.
    claims : mapping of name to expression
    splits : mapping of name to mapping of class to expression
        The classes of a split must not overlap.

    Raises
    ------
    ExpressionError
        If an expression is wrong, or a point lies in two classes of a split.
    """
    import numpy as np
    import pandas as pd

    groups: list[tuple[str, str, NDArray[np.bool_]]] = [(ALL, "", np.ones(len(frame), dtype=np.bool_))]
    for split, classes in (splits or {}).items():
        taken = np.zeros(len(frame), dtype=np.int64)
        for label, expression in classes.items():
            inside, decided = _truth(frame, expression)
            groups.append((split, label, inside & decided))
            taken += inside & decided
        if (taken > 1).any():
            raise ExpressionError(f"split {split!r}: {int((taken > 1).sum())} points lie in two of its classes")
    rows: list[dict[str, Any]] = []
    for name, expression in claims.items():
        holds, decided = _truth(frame, expression)
        for split, label, inside in groups:
            rows.append({"claim": name, "split": split, "class": label, **asdict(share(holds[inside], decided[inside], confidence))})
    return pd.DataFrame(rows, columns=["claim", "split", "class", *Share.__dataclass_fields__])


def _truth(frame: "pd.DataFrame", expression: str) -> "tuple[NDArray[np.bool_], NDArray[np.bool_]]":
    values, decided = evaluate(frame, expression)
    if values.dtype.kind != "b":
        raise ExpressionError(f"{expression!r}: expected something that holds or does not, such as a comparison")
    return values.astype(bool), decided
