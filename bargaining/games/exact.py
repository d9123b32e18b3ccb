"""The exact number that a float stands for.

A payoff typed as ``1.4`` means fourteen tenths, not the binary fraction next to it. Incentive constraints that bind exactly are
normal in these games, and whether they hold can turn on that difference. So proofs read every payoff and discount factor as the
shortest decimal that reads back as the same float (what ``repr`` prints); a `fractions.Fraction` or a decimal string is read as it is.
Solvers of stage games and of linkage under noise take payoffs given as fractions as they are; those of repeated and stochastic games read
the floats nearest to them, so thirds whose constraints are to bind exactly should be multiplied away.
"""

import re
from decimal import Decimal
from fractions import Fraction

# Written out in digits such a number would fill the memory.
_ENDLESS = re.compile(r"e[+-]?0*[1-9][0-9_]{3}", re.IGNORECASE)

Real = float | int | str | Fraction


def exact(number: Real) -> Fraction:
    """Return the rational number that `number` stands for.

    Parameters
    ----------
    number : float, int, str or Fraction
        A float stands for its shortest decimal; a string is a decimal (``"0.45"``) or a ratio (``"1/3"``).

    Raises
    ------
    ValueError
        If it is not finite or not a number.

    Examples
    --------
    >>> exact(0.1) + exact(0.2) == exact(0.3)
    True
    >>> exact("1/3")
    Fraction(1, 3)
    """
    if isinstance(number, Fraction):
        return number
    if isinstance(number, str) and _ENDLESS.search(number):
        raise ValueError(f"{number!r} has an exponent beyond those of floats")
    if isinstance(number, (int, str)):
        return Fraction(number)
    return Fraction(repr(float(number)))


def as_decimal(number: float) -> Decimal:
    """The same reading as `exact`, as a `Decimal` (faster to add; sums are exact in a wide enough context)."""
    return Decimal(repr(float(number)))
