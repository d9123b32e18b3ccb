"""One equilibrium of a large game: Lemke and Howson's paths from all labels, short ones first, verified."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.lemke_howson import lemke_howson_paths
from bargaining.kernels.payoff_scale import regret_of

Floats = NDArray[np.float64]

# Paths are cut after so many pivots and other labels tried (Codenotti, De Rossi and Pagan 2008), at last after this many an action.
FIRST_CAP, LAST_CAP = 8, 4096


def lemke_howson(first: Floats, second: Floats, tol: float) -> list[tuple[Floats, Floats]]:
    """One equilibrium of payoffs in [1, 2], shapes (m, n), with a regret of at most `tol`; none if no path from any label leads to one.

    References
    ----------
    Lemke, C., Howson, J. (1964), Equilibrium points of bimatrix games, Journal of the SIAM 12.
    Codenotti, B., De Rossi, S., Pagan, M. (2008), An experimental analysis of Lemke-Howson algorithm, arXiv:0811.3247.
    """
    m, n = first.shape
    x, y = np.empty(m), np.empty(n)
    columns_cn = np.ascontiguousarray(first.T)
    cap = FIRST_CAP
    while cap <= LAST_CAP * (m + n):
        label = 0
        while label < m + n:
            label = lemke_howson_paths(second, columns_cn, label, cap, x, y)
            if label < 0:
                break
            if regret_of(first, second, x, y) <= tol:
                return [(x, y)]
            label += 1
        cap *= 4
    return []
