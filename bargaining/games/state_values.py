"""What the states of a machine are worth: the linear system x = (1 - δ) g + δ P x, solved exactly."""

from collections.abc import Sequence
from fractions import Fraction

Row = dict[int, Fraction]


def discounted_values(
    payoffs: Sequence[Fraction], lotteries: Sequence[Sequence[tuple[int, Fraction]]], delta: Fraction
) -> tuple[Fraction, ...]:
    """Average discounted payoffs of the states of a Markov chain: today's payoff, then a draw of the next state.

    The matrix is strictly diagonally dominant as δ < 1, so any order of diagonal pivots will do: sparse states go first, to keep it sparse.
    """
    rows: list[Row] = []
    sides = [(1 - delta) * payoff for payoff in payoffs]
    for state, lottery in enumerate(lotteries):
        row: Row = {state: Fraction(1)}
        for following, share in lottery:
            row[following] = row.get(following, Fraction(0)) - delta * share
        rows.append(row)
    users: list[set[int]] = [{k for k, row in enumerate(rows) if state in row} for state in range(len(rows))]
    left, order = set(range(len(rows))), []
    while left:
        pivot = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(users[k]) - 1), k))
        left.remove(pivot)
        order.append(pivot)
        for state in rows[pivot]:
            users[state].discard(pivot)
        for other in users[pivot]:
            factor = rows[other].pop(pivot) / rows[pivot][pivot]
            for state, entry in rows[pivot].items():
                if state != pivot:
                    rows[other][state] = rows[other].get(state, Fraction(0)) - factor * entry
                    users[state].add(other)
            sides[other] -= factor * sides[pivot]
    values = [Fraction(0)] * len(rows)
    for pivot in reversed(order):
        later = sum((entry * values[state] for state, entry in rows[pivot].items() if state != pivot), Fraction(0))
        values[pivot] = (sides[pivot] - later) / rows[pivot][pivot]
    return tuple(values)
