"""From the draws of an ensemble to shares, bands, indices and regions. Nothing is solved here."""

from bargaining.analysis.accessor import EnsembleAccessor
from bargaining.analysis.bands import bands
from bargaining.analysis.claims import Share, share, shares
from bargaining.analysis.expressions import ExpressionError, columns_of, evaluate
from bargaining.analysis.region import identified, rationalise
from bargaining.analysis.sensitivity import sobol_indices

__all__ = [
    "EnsembleAccessor",
    "ExpressionError",
    "Share",
    "bands",
    "columns_of",
    "evaluate",
    "identified",
    "rationalise",
    "share",
    "shares",
    "sobol_indices",
]
