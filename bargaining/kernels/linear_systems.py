"""Small dense linear systems, solved in place with partial pivoting: the loops that enumeration spends its time in."""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel

Floats = NDArray[np.float64]


@kernel
def eliminate(matrix: Floats, right: Floats, size: int) -> tuple[float, float]:
    """Overwrite `right` with the solution of ``matrix[:size, :size] z = right``; the smallest pivot relative to its row, the determinant.

    `matrix` is overwritten. A smallest pivot of 0 means that the matrix is singular, and `right` then means nothing.
    """
    least = np.inf
    determinant = 1.0
    for k in range(size):
        row = k
        for r in range(k + 1, size):
            if abs(matrix[r, k]) > abs(matrix[row, k]):
                row = r
        pivot = matrix[row, k]
        least = min(least, abs(pivot))
        if pivot == 0.0:
            return 0.0, 0.0
        if row != k:
            determinant = -determinant
            right[k], right[row] = right[row], right[k]
            for c in range(k, size):
                matrix[k, c], matrix[row, c] = matrix[row, c], matrix[k, c]
        determinant *= pivot
        for r in range(k + 1, size):
            factor = matrix[r, k] / pivot
            if factor != 0.0:
                right[r] -= factor * right[k]
                for c in range(k + 1, size):
                    matrix[r, c] -= factor * matrix[k, c]
    for k in range(size - 1, -1, -1):
        total = right[k]
        for c in range(k + 1, size):
            total -= matrix[k, c] * right[c]
        right[k] = total / matrix[k, k]
    return least, determinant
