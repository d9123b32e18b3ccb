"""Where several polynomials are all non-negative first: exact, by halving intervals in Bernstein form.

A polynomial lies between the least and the greatest of its Bernstein coefficients on an interval, and the first and last of these are its
values at the ends. Coefficients are integers, so no sign is in doubt.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import comb, lcm

# An interval this narrow is not halved again; more of them than this are not looked at.
NARROW = Fraction(1, 2**60)
MOST_HALVINGS = 20_000

Integers = list[int]


def value_at(polynomial: Sequence[Fraction], point: Fraction) -> Fraction:
    """Value of a polynomial given by coefficients of rising power."""
    value = Fraction(0)
    for coefficient in reversed(polynomial):
        value = value * point + coefficient
    return value


def bernstein(polynomial: Sequence[Fraction], start: Fraction, end: Fraction) -> Integers:
    """Bernstein coefficients on [start, end], stretched to integers."""
    degree = len(polynomial) - 1
    shifted = list(polynomial)
    for k in range(degree):
        for j in range(degree - 1, k - 1, -1):
            shifted[j] += start * shifted[j + 1]
    powers = [coefficient * (end - start) ** j for j, coefficient in enumerate(shifted)]
    numbers = [sum((powers[i] * Fraction(comb(j, i), comb(degree, i)) for i in range(j + 1)), Fraction(0)) for j in range(degree + 1)]
    unit = lcm(*(number.denominator for number in numbers))
    return [int(number * unit) for number in numbers]


def halves(numbers: Integers) -> tuple[Integers, Integers]:
    """Bernstein coefficients on both halves of the interval, stretched (de Casteljau)."""
    degree = len(numbers) - 1
    left, right, row = [numbers[0] << degree], [numbers[-1] << degree], numbers
    for k in range(1, degree + 1):
        row = [first + second for first, second in pairwise(row)]
        left.append(row[0] << (degree - k))
        right.append(row[-1] << (degree - k))
    return left, right[::-1]


def first_common(polynomials: Sequence[Sequence[Fraction]], start: Fraction, end: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """Where in [start, end] all polynomials are first non-negative: a point before which they are not, and one at which they are.

    The first is None if they are so nowhere, the second if that could not be decided.
    """
    if start > end:
        return None, None
    doubt: Fraction | None = None
    waiting = [(start, end, [bernstein(polynomial, start, end) for polynomial in polynomials])]
    done = 0
    while waiting:
        left, right, forms = waiting.pop()
        done += 1
        if any(max(form) < 0 for form in forms):
            continue
        if all(form[0] >= 0 for form in forms):
            return (left if doubt is None else doubt), left
        if any(max(form[:-1]) <= 0 and form[-1] < 0 for form in forms) and right - left <= NARROW:
            # Negative but for, perhaps, the left end, where another one is.
            continue
        if right - left <= NARROW or done > MOST_HALVINGS:
            doubt = left if doubt is None else doubt
            simple = ((left + right) / 2).limit_denominator(10**6)
            for point in (simple, right):
                if left <= point <= right and all(value_at(polynomial, point) >= 0 for polynomial in polynomials):
                    return doubt, point
            if done > MOST_HALVINGS:
                return doubt, None
            continue
        middle = (left + right) / 2
        parts = [halves(form) for form in forms]
        waiting += [(middle, right, [second for _, second in parts]), (left, middle, [first for first, _ in parts])]
    return doubt, None
