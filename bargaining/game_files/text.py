"""Numbers as people and programs write them, and the error that says where they did not."""

import math
import re
from fractions import Fraction

from bargaining.games.exact import as_decimal, exact

# A number: decimal, with an exponent or a denominator perhaps (never both); a typographic minus is a minus.
NUMBER = r"[+\-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+\-−]?\d+|/\d+(?:\.\d*)?)?"
_NUMBER = re.compile(NUMBER, re.ASCII)
# Digits that a payoff may have: the smallest float has 325 after the point.
_LONGEST = 400


class GameFileError(ValueError):
    """A file that holds no game; one line a mistake: file, line, column, what is wrong, what was expected."""


def number(text: str) -> float | Fraction | None:
    """A number as written (``-1.5``, ``1e3``): the float that stands for it, the fraction if none does (``1/3``); None if it is none.

    Examples
    --------
    >>> number("1/4"), number("−2.50"), number("1/3"), number("7x")
    (0.25, -2.5, Fraction(1, 3), None)
    """
    text = text.strip().replace("−", "-")
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return None
    above, slash, below = text.partition("/")
    try:
        exactly = Fraction(above) / Fraction(below) if slash else None
        value = float(above if exactly is None else exactly)
    except (ZeroDivisionError, OverflowError):
        return None
    if not math.isfinite(value):
        return None
    return value if exactly is None or exact(value) == exactly else exactly


def written(value: float | Fraction) -> str:
    """A payoff as the decimal or ratio it stands for, as short as it can be read back exactly.

    Examples
    --------
    >>> written(3.0), written(0.1), written(1e22), written(2.5e-7), written(Fraction(1, 3))
    ('3', '0.1', '10000000000000000000000', '0.00000025', '1/3')
    """
    number = exact(value)
    if number.denominator == 1:
        return str(number.numerator)
    return format(as_decimal(float(value)), "f") if exact(float(value)) == number else str(number)
