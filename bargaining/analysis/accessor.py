"""``frame.ensemble``: the questions of this package on a pandas table of draws."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from bargaining.analysis.bands import QUANTILES, bands
from bargaining.analysis.claims import Share, share, shares
from bargaining.analysis.expressions import ExpressionError, evaluate
from bargaining.analysis.region import identified

_OF_AGREEMENT = re.compile(r"(\w+)\[([^\]]+)\]\[([^\]]+)\]")
_OF_PARTITION = re.compile(r"(\w+)\[([^\]]+)\]")


@pd.api.extensions.register_dataframe_accessor("ensemble")
class EnsembleAccessor:
    """Shares, bands and regions of the draws in a table, one row a draw.

    Examples
    --------
    >>> import pandas as pd
    >>> import bargaining.analysis
    >>> frame = pd.DataFrame({"b": [0.5, 2.0], "sustained[london][T|R]": [1.0, 0.0], "worst_us[T|R]": [-1.0, -2.0]})
    >>> frame.ensemble.share("b > 1").holds
    1
    >>> frame.ensemble.long()[["point", "partition", "agreement", "sustained", "worst_us"]].to_numpy().tolist()
    [[0, 'T|R', 'london', 1.0, -1.0], [1, 'T|R', 'london', 0.0, -2.0]]
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def share(self, claim: str, confidence: float = 0.95) -> Share:
        """Share of the draws in which a claim holds."""
        holds, decided = evaluate(self._frame, claim)
        if holds.dtype.kind != "b":
            raise ExpressionError(f"{claim!r}: expected something that holds or does not, such as a comparison")
        return share(holds.astype(bool), decided, confidence)

    def shares(self, claims: Mapping[str, str], splits: Mapping[str, Mapping[str, str]] | None = None) -> pd.DataFrame:
        """Shares of several claims, over all draws and class by class."""
        return shares(self._frame, claims, splits)

    def bands(self, of: str, along: str, bins: int = 16, quantiles: Sequence[float] = QUANTILES) -> pd.DataFrame:
        """Quantiles of an output along a parameter."""
        return bands(self._frame, of, along, bins, quantiles)

    def identified(self, pattern: str, fields: Sequence[str]) -> pd.DataFrame:
        """What the region in which a pattern holds says about each parameter."""
        holds, decided = evaluate(self._frame, pattern)
        inside = holds.astype(bool) & decided
        return identified(self._frame, inside, decided & ~inside, fields)

    def long(self) -> pd.DataFrame:
        """One row a draw, partition and agreement: `point`, `partition`, `agreement`, then a column for each quantity."""
        frame = self._frame
        points = frame["point"] if "point" in frame.columns else pd.Series(range(len(frame)), index=frame.index)
        about: dict[str, dict[str, pd.Series[Any]]] = {}
        agreed: dict[tuple[str, str], dict[str, pd.Series[Any]]] = {}
        for name in frame.columns:
            if found := _OF_AGREEMENT.fullmatch(str(name)):
                quantity, agreement, partition = found.groups()
                agreed.setdefault((partition, agreement), {})[quantity] = frame[name]
            elif (found := _OF_PARTITION.fullmatch(str(name))) and not found.group(1).startswith("payoff_"):
                about.setdefault(found.group(2), {})[found.group(1)] = frame[name]
        pieces = [
            pd.DataFrame({"point": points, "partition": partition, "agreement": agreement, **about.get(partition, {}), **own})
            for (partition, agreement), own in agreed.items()
        ]
        if not pieces:
            return pd.DataFrame(columns=["point", "partition", "agreement"])
        return pd.concat(pieces, ignore_index=True).sort_values(["point"], kind="stable", ignore_index=True)
