"""That of some polynomials one is negative everywhere on an interval, by counting roots (Sturm 1829)."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

Polynomial = list[Fraction]

MOST_DEPTH = 120


def negative_somewhere(polynomials: Sequence[Polynomial], low: Fraction, high: Fraction, closed: bool) -> bool:
    """Whether at every point strictly between the ends (and at the upper one, if `closed`) one of the polynomials is negative."""
    if closed and not any(_at(p, high) < 0 for p in polynomials):
        return False
    return low >= high or _everywhere([_trimmed(p) for p in polynomials], low, high, 0)


def _everywhere(polynomials: Sequence[Polynomial], low: Fraction, high: Fraction, depth: int) -> bool:
    middle = (low + high) / 2
    negative = [p for p in polynomials if _at(p, middle) < 0]
    if any(_roots_between(p, low, high) == 0 for p in negative):
        return True
    if not negative or depth == MOST_DEPTH:
        return False
    return _everywhere(polynomials, low, middle, depth + 1) and _everywhere(polynomials, middle, high, depth + 1)


def _roots_between(polynomial: Polynomial, low: Fraction, high: Fraction) -> int:
    """Number of distinct roots strictly between two points."""
    for end in (low, high):
        while len(polynomial) > 1 and _at(polynomial, end) == 0:
            polynomial = _divided(polynomial, [-end, Fraction(1)])[0]
    chain = [polynomial, _trimmed([k * c for k, c in enumerate(polynomial)][1:])]
    while chain[-1]:
        remainder = _divided(chain[-2], chain[-1])[1]
        # Only signs matter, so each is brought to a size of one.
        largest = max((abs(c) for c in remainder), default=Fraction(1))
        chain.append([-c / largest for c in remainder])
    return _changes(chain, low) - _changes(chain, high)


def _changes(chain: Sequence[Polynomial], point: Fraction) -> int:
    values = [value for value in (_at(p, point) for p in chain) if value]
    return sum((first > 0) != (second > 0) for first, second in pairwise(values))


def _divided(dividend: Polynomial, divisor: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder; coefficients by rising power."""
    rest = list(dividend)
    quotient = [Fraction(0)] * max(len(rest) - len(divisor) + 1, 0)
    for k in range(len(quotient) - 1, -1, -1):
        quotient[k] = rest[k + len(divisor) - 1] / divisor[-1]
        for j, c in enumerate(divisor):
            rest[k + j] -= quotient[k] * c
    return quotient, _trimmed(rest[: len(divisor) - 1])


def _trimmed(polynomial: Polynomial) -> Polynomial:
    """Without leading zeros; no coefficient at all for zero."""
    end = len(polynomial)
    while end and polynomial[end - 1] == 0:
        end -= 1
    return list(polynomial[:end])


def _at(polynomial: Polynomial, point: Fraction) -> Fraction:
    value = Fraction(0)
    for coefficient in reversed(polynomial):
        value = value * point + coefficient
    return value
