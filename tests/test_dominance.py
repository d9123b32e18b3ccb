"""Dominance: textbook traces, linear programs written anew, QuantEcon's one round, order, units, what no equilibrium plays."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from catalogue import STATIC, payoff_arrays, stage, transposed
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import bargaining as bg
from bargaining.games import exact
from bargaining.solvers.exact_program import ExactProgram

MIXED = [[[3, 0], [0, 3], [1, 1]], [[1, 0], [0, 1], [0, 2]]]


def by_pure(own, kind):
    """Actions dominated by a pure one, from the definition."""
    return {
        a
        for a, b in itertools.permutations(range(len(own)), 2)
        if ((own[b] > own[a]).all() if kind == "strict" else (own[b] >= own[a]).all() and (own[b] > own[a]).any())
    }


def by_mixed(own, kind):
    """The same for mixed ones, by a linear program in floating point; payoffs are small integers, so optima near zero are zero."""
    found = set()
    for a in range(len(own)):
        rows, columns = own.shape
        gains = (own - own[a]).T.astype(float)
        if kind == "strict":
            answer = linprog(
                [*np.zeros(rows), -1],
                A_ub=np.hstack([-gains, np.ones((columns, 1))]),
                b_ub=np.zeros(columns),
                A_eq=[[*np.ones(rows), 0]],
                b_eq=[1],
                bounds=[(0, None)] * rows + [(None, None)],
            )
        else:
            answer = linprog(-gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(columns), A_eq=np.ones((1, rows)), b_eq=[1])
        if -answer.fun > 1e-7:
            found.add(a)
    return found


def reference(payoffs, kind, finder):
    """Rounds of sets of (player, action)."""
    own = [np.array(payoffs[0]), np.array(payoffs[1]).T]
    left, rounds = [list(range(len(own[0]))), list(range(len(own[1])))], []
    while True:
        gone = {(i, left[i][a]) for i in (0, 1) for a in finder(own[i][np.ix_(left[i], left[1 - i])], kind)}
        if not gone:
            return rounds, tuple(map(tuple, left))
        rounds.append(gone)
        left = [[a for a in left[i] if (i, a) not in gone] for i in (0, 1)]


@pytest.mark.parametrize("kind", ["strict", "weak"])
@pytest.mark.parametrize(("by", "finder"), [("pure", by_pure), ("mixed", by_mixed)])
@settings(max_examples=30, deadline=None)
@given(payoffs=payoff_arrays(most=4, low=-2, high=4))
def test_rounds_against_the_definition(payoffs, kind, by, finder):
    found = bg.iterated_dominance(stage(payoffs), kind=kind, by=by)
    rounds, surviving = reference(payoffs, kind, finder)
    assert [{(each.player, each.action) for each in gone} for gone in found.rounds] == rounds
    assert found.surviving == surviving
    assert found.reduced.shape == tuple(map(len, surviving))
    # Every dominator does what it is said to, by the margin stated, against what was left then.
    left = [set(range(size)) for size in found.game.shape]
    for gone in found.rounds:
        for each in gone:
            own = np.array(payoffs[0]) if each.player == 0 else np.array(payoffs[1]).T
            gains = (each.dominator @ own - own[each.action])[sorted(left[1 - each.player])]
            assert each.dominator.sum() == pytest.approx(1, abs=1e-12)
            assert set(np.flatnonzero(each.dominator)) <= left[each.player] - {each.action}
            assert gains.min() == pytest.approx(each.margin, abs=1e-9)
            assert gains.min() > 0 if kind == "strict" else gains.min() >= -1e-12 and gains.max() > 0
        for each in gone:
            left[each.player].discard(each.action)


def test_a_mixed_dominator_and_its_trace():
    found = bg.iterated_dominance(stage(MIXED))
    assert [(each.player, each.action, each.margin) for each in found.rounds[0]] == [(0, 2, 0.5)]
    assert found.rounds[0][0].dominator.tolist() == [0.5, 0.5, 0]
    assert bg.rationalizable(stage(MIXED)) == ((0, 1), (0, 1))
    assert bg.iterated_dominance(stage(MIXED), by="pure").rounds == ()
    assert found.row()["rounds"] == 1


def test_a_tie_is_no_strict_domination_in_any_units():
    # Half and half earns exactly as much as the third action.
    for scale, shift in ((1, 0), (1e-10, 0), (0.1, 0.3), (1e12, 0), (1, 1e9)):
        for third, survives in ((1, True), (0.9, False)):
            own = [[exact(u) * exact(scale) + exact(shift) for u in row] for row in ([2, 0], [0, 2], [third, third])]
            game = bg.game([[float(u) for u in row] for row in own], np.zeros((3, 2)))
            assert (2 in bg.iterated_dominance(game).surviving[0]) == survives
            assert (2 in bg.iterated_dominance(game, kind="weak").surviving[0]) == survives


def test_duplicates_do_not_dominate_each_other():
    game = stage([[[1, 1], [1, 1], [1, 0]], [[0, 0], [0, 0], [0, 0]]])
    assert bg.iterated_dominance(game, kind="weak").surviving == ((0, 1), (0, 1))
    assert bg.iterated_dominance(game).surviving == ((0, 1, 2), (0, 1))


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=4))
def test_one_round_against_quantecon(payoffs):
    theirs = bg.to_quantecon(stage(payoffs))
    found = bg.iterated_dominance(stage(payoffs))
    first = found.rounds[0] if found.rounds else ()
    for player in (0, 1):
        if len(theirs.players[player].payoff_array) > 1:
            # With scipy's program: QuantEcon's own would have to be compiled first, a quarter of a minute.
            gone = theirs.players[player].dominated_actions(method="highs")
            assert sorted(gone) == sorted(each.action for each in first if each.player == player)


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=4), st.sampled_from([1e-9, 0.1, 7, 1e11]), st.sampled_from(["strict", "weak"]))
def test_units_and_names_do_not_matter(payoffs, scale, kind):
    before = bg.iterated_dominance(stage(payoffs), kind=kind)
    moved = [[[float(exact(u) * exact(scale) + 3) for u in row] for row in matrix] for matrix in payoffs]
    if scale >= 0.1:
        assert bg.iterated_dominance(stage(moved), kind=kind).surviving == before.surviving
    assert bg.iterated_dominance(stage(transposed(payoffs)), kind=kind).surviving == before.surviving[::-1]
    assert bg.iterated_dominance(stage(np.array(payoffs)[:, ::-1]), kind=kind).surviving[0] == tuple(
        sorted(len(payoffs[0]) - 1 - a for a in before.surviving[0])
    )


@pytest.mark.parametrize("identifier", [name for name, case in STATIC.items() if max(case["shape"]) <= 5 and "scale" not in case["tags"]])
def test_no_equilibrium_plays_what_is_thrown_out(identifier):
    case = STATIC[identifier]
    game = stage([[[float(Fraction(u)) for u in row] for row in case[side]] for side in "AB"])
    surviving = bg.rationalizable(game)
    for pair in case["extreme_equilibria"]:
        for player in (0, 1):
            assert {k for k, weight in enumerate(pair[player]) if Fraction(weight) > 0} <= set(surviving[player])


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=4), st.integers(0, 1))
def test_best_responses_against_quantecon(payoffs, player):
    theirs = bg.to_quantecon(stage(payoffs)).players[player]
    others = np.shape(payoffs)[2 - player]
    for action in range(others):
        assert bg.best_responses(stage(payoffs), player, action) == tuple(theirs.best_response(action, tie_breaking=False))
    weights = np.arange(1, others + 1) / np.arange(1, others + 1).sum()
    expected = theirs.best_response(weights if others > 1 else 0, tie_breaking=False, tol=1e-9)
    assert bg.best_responses(stage(payoffs), player, weights) == tuple(expected)


def test_best_responses_by_label_and_pure_equilibria():
    game = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise"), ("hold", "ban")])
    assert bg.best_responses(game, 0, "ban") == (1,)
    pure = bg.nash_equilibria(game, method="pure").pure()
    assert pure == tuple(
        (a, b) for a in (0, 1) for b in (0, 1) if a in bg.best_responses(game, 0, b) and b in bg.best_responses(game, 1, a)
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_exact_programs_against_highs(data):
    rows, columns = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    numbers = st.integers(-4, 5)
    constraints = data.draw(st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    constraints.append([1] * columns)
    bounds = [*data.draw(st.lists(st.sampled_from([0, 0, 1, 3]), min_size=rows, max_size=rows)), 2]
    program = ExactProgram(constraints, bounds)
    for _ in range(3):
        objective = data.draw(st.lists(numbers, min_size=columns, max_size=columns))
        answer = program.maximise(objective)
        assert min(answer) >= 0
        assert all(sum(a * z for a, z in zip(row, answer, strict=True)) <= b for row, b in zip(constraints, bounds, strict=True))
        value = sum(c * z for c, z in zip(objective, answer, strict=True))
        assert float(value) == pytest.approx(-linprog(np.negative(objective), A_ub=constraints, b_ub=bounds).fun, abs=1e-9)
        # Duality, exactly: the multipliers prove it.
        multipliers = program.multipliers()
        assert min(multipliers) >= 0
        assert sum(y * b for y, b in zip(multipliers, bounds, strict=True)) == value
        for k in range(columns):
            assert sum(y * row[k] for y, row in zip(multipliers, constraints, strict=True)) >= objective[k]


def test_a_program_that_cycles_under_the_steepest_coefficient():
    # Beale (1955): with the largest coefficient and the lowest row the simplex method runs in a circle.
    program = ExactProgram([[1, -240, -4, 36], [1, -180, -1, 6], [0, 0, 1, 0]], [0, 0, 1])
    answer = program.maximise([75, -15000, 2, -600])
    assert sum(c * z for c, z in zip([75, -15000, 2, -600], answer, strict=True)) > 0
    with pytest.raises(ArithmeticError, match="not bounded"):
        ExactProgram([[-1]], [0]).maximise([1])


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.iterated_dominance("pd"), "stage is a str"),
        (lambda: bg.iterated_dominance(stage(MIXED), kind="strickt"), "did you mean 'strict'"),
        (lambda: bg.iterated_dominance(stage(MIXED), by="both"), "expected one of mixed, pure"),
        (lambda: bg.rationalizable(3), "stage is a int"),
        (lambda: bg.best_responses(stage(MIXED), 2, 0), "player 2: expected 0 for U.S. or 1 for China"),
        (lambda: bg.best_responses(stage(MIXED), 0, 5), "China has no action 5"),
        (lambda: bg.best_responses(stage(MIXED), 0, [0.5, 0.6]), "probabilities that add up to one"),
        (lambda: bg.best_responses(stage(MIXED), 0, [1.0]), "expected 2 probabilities"),
        (lambda: bg.best_responses(stage(MIXED), 0, [float("nan"), 1.0]), "expected 2 probabilities"),
    ],
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()
