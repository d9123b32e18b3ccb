r"""Linear programs in exact arithmetic: maximise :math:`c\cdot z` subject to :math:`Az \le b`, :math:`z \ge 0`, with :math:`b \ge 0`.

Such a program is feasible at the origin, so there is no first phase. The simplex tableau is kept in integers over one common denominator
(Edmonds 1967; Bareiss 1968): every division is exact, and numbers stay as short as determinants of the data are.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

# Degenerate pivots by steepest coefficient before Bland's rule takes over, which cannot cycle.
_PATIENCE = 50


class ExactProgram:
    """A feasible set over which one objective after another is maximised, each from the last optimum.

    Parameters
    ----------
    constraints : array of Python integers, shape (k, n)
    bounds : sequence of k non-negative integers

    Examples
    --------
    >>> program = ExactProgram([[1, 2], [3, 1]], [4, 6])
    >>> program.maximise([1, 1])
    [Fraction(8, 5), Fraction(6, 5)]
    >>> program.maximise([0, 1])
    [Fraction(0, 1), Fraction(2, 1)]
    """

    def __init__(self, constraints: Any, bounds: Sequence[int]) -> None:
        rows = np.array(constraints, dtype=object)
        self._count = rows.shape[1]
        # Last column: the right-hand side. Last row: the objective, written in when it is known.
        self._tableau = np.zeros((rows.shape[0] + 1, self._count + 1), dtype=object)
        self._tableau[:-1, :-1] = rows
        self._tableau[:-1, -1] = bounds
        self._denominator = 1
        self._columns = list(range(self._count))
        self._rows = [self._count + k for k in range(rows.shape[0])]
        self.pivots = 0

    def maximise(self, objective: Sequence[int]) -> list[Fraction]:
        """An optimal vertex z, exactly. The feasible set has to bound the objective, which is in integers."""
        table = self._tableau
        # The objective in terms of the variables that are out of the basis: c_N - c_B T, over the common denominator.
        cost = [objective[variable] if variable < self._count else 0 for variable in self._rows]
        outside = [objective[variable] if variable < self._count else 0 for variable in self._columns]
        table[-1] = 0
        table[-1, :-1] = [c * self._denominator for c in outside]
        for row, weight in enumerate(cost):
            if weight:
                table[-1] = table[-1] - weight * table[row]
        patience = _PATIENCE
        while True:
            gains = table[-1, :-1]
            candidates = [k for k in range(self._count) if gains[k] > 0]
            if not candidates:
                break
            entering = min(candidates, key=lambda k: self._columns[k]) if patience <= 0 else max(candidates, key=lambda k: gains[k])
            leaving = self._leaving(entering)
            patience = _PATIENCE if table[leaving, -1] > 0 else patience - 1
            self._pivot(leaving, entering)
        answer = [Fraction(0)] * self._count
        for row, variable in enumerate(self._rows):
            if variable < self._count:
                answer[variable] = Fraction(table[row, -1], self._denominator)
        return answer

    def multipliers(self) -> list[Fraction]:
        """What a unit more of each bound adds to the last optimum: y ≥ 0 with y · A ≥ c, which proves that it is one."""
        found = [Fraction(0)] * len(self._rows)
        for column, variable in enumerate(self._columns):
            if variable >= self._count:
                found[variable - self._count] = Fraction(-self._tableau[-1, column], self._denominator)
        return found

    def _leaving(self, entering: int) -> int:
        """The row with the least ratio of right-hand side to pivot, the least variable among equals."""
        best = -1
        table = self._tableau
        for row in range(len(self._rows)):
            if table[row, entering] <= 0:
                continue
            if best >= 0:
                here, least = table[row, -1] * table[best, entering], table[best, -1] * table[row, entering]
                if here > least or (here == least and self._rows[row] > self._rows[best]):
                    continue
            best = row
        if best < 0:
            raise ArithmeticError("the objective is not bounded")
        return best

    def _pivot(self, row: int, column: int) -> None:
        table, before = self._tableau, self._denominator
        pivot = table[row, column]
        kept, lead = table[row].copy(), table[:, column].copy()
        table[:] = (table * pivot - np.multiply.outer(lead, kept)) // before
        table[row] = kept
        table[:, column] = -lead
        table[row, column] = before
        self._denominator = pivot
        self._rows[row], self._columns[column] = self._columns[column], self._rows[row]
        self.pivots += 1


def maximum(
    rows: Sequence[Sequence[Fraction]], sides: Sequence[Fraction], objective: Sequence[Fraction]
) -> tuple[list[Fraction], list[Fraction]] | None:
    """Optimal z and multipliers of a program in fractions that is feasible at zero; None if there is no bound.

    Examples
    --------
    >>> maximum([[Fraction(1, 2), Fraction(1)]], [Fraction(3)], [Fraction(1), Fraction(1)])
    ([Fraction(6, 1), Fraction(0, 1)], [Fraction(2, 1)])
    """
    if not objective:
        return [], [Fraction(0)] * len(rows)
    units = [lcm(*(entry.denominator for entry in (*row, side))) for row, side in zip(rows, sides, strict=True)]
    program = ExactProgram(
        [[entry.numerator * (unit // entry.denominator) for entry in row] for row, unit in zip(rows, units, strict=True)],
        [int(side * unit) for side, unit in zip(sides, units, strict=True)],
    )
    size = lcm(*(entry.denominator for entry in objective))
    try:
        found = program.maximise([entry.numerator * (size // entry.denominator) for entry in objective])
    except ArithmeticError:
        return None
    return found, [price * unit / size for price, unit in zip(program.multipliers(), units, strict=True)]
