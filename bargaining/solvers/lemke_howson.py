"""One equilibrium of a large game: Lemke and Howson's path, verified, and taken again from another label if it fails."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.lemke_howson import lemke_howson_path
from bargaining.kernels.support_enumeration import regret_of

Floats = NDArray[np.float64]

# A path is cut after this many pivots an action and another label is tried (capping: Codenotti, De Rossi and Pagan 2008); then longer ones.
FIRST_CAP, LAST_CAP = 4, 4096


def lemke_howson(first: Floats, second: Floats, tol: float) -> list[tuple[Floats, Floats]]:
    """One equilibrium of payoffs in [1, 2], shapes (m, n), with a regret of at most `tol`; none if no path from any label leads to one.

    References
    ----------
    Lemke, C., Howson, J. (1964), Equilibrium points of bimatrix games, Journal of the SIAM 12.
    Codenotti, B., De Rossi, S., Pagan, M. (2008), An experimental analysis of Lemke-Howson algorithm, arXiv:0811.3247.
    """
    m, n = first.shape
    x, y = np.empty(m), np.empty(n)
    cap = FIRST_CAP * (m + n)
    while cap <= LAST_CAP * (m + n):
        for label in range(m + n):
            if lemke_howson_path(first, second, label, cap, x, y) > 0 and regret_of(first, second, x, y) <= tol:
                return [(x, y)]
        cap *= 8
    return []
