"""Nash equilibria: published games, every profile's regret, other solvers, any units, any shape."""

import warnings
from fractions import Fraction

import nashpy
import numpy as np
import pytest
import quantecon.game_theory as qe
from catalogue import STATIC, matrices, stage
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import exact

# Beyond the size that `auto` enumerates at leisure, or with payoffs that no float stands for exactly.
LARGE = {"gambit_8x8", "svs_longpath_8", "sgc_2"}
NOT_DECIMAL = {"nashpy76", "gambit_todd3"}


def published(identifier):
    case = STATIC[identifier]
    payoffs = [[[float(Fraction(u)) for u in row] for row in case[side]] for side in "AB"]
    expected = [np.array([float(Fraction(w)) for w in (*x, *y)]) for x, y in case["extreme_equilibria"]]
    return payoffs, expected, case


def assert_equilibria(found, expected):
    got = [np.concatenate(pair) for pair in found.profiles]
    assert len(got) == len(expected)
    for profile in expected:
        assert min(np.abs(profile - other).max() for other in got) <= 1e-12


def regret(payoffs, x, y):
    """Largest gain from deviating relative to the payoff span, in exact arithmetic on the floats given."""
    x, y = [Fraction(w) for w in x], [Fraction(w) for w in y]
    A, B = ([[exact(u) for u in row] for row in matrix] for matrix in payoffs)
    rows = [sum(w * u for w, u in zip(y, row, strict=True)) / sum(y) for row in A]
    columns = [sum(w * B[a][b] for a, w in enumerate(x)) / sum(x) for b in range(len(y))]
    gains = (
        max(rows) - sum(w * u for w, u in zip(x, rows, strict=True)) / sum(x),
        max(columns) - sum(w * u for w, u in zip(y, columns, strict=True)) / sum(y),
    )
    spans = [max(map(max, M)) - min(map(min, M)) for M in (A, B)]
    return max(float(gain / span) if span else 0.0 for gain, span in zip(gains, spans, strict=True))


@pytest.mark.parametrize(
    "identifier", [pytest.param(name, marks=pytest.mark.full if name in LARGE else ()) for name in STATIC if name not in NOT_DECIMAL]
)
def test_published(identifier):
    payoffs, expected, case = published(identifier)
    found = bg.nash_equilibria(stage(payoffs))
    assert found.status is bg.Status.solved
    assert_equilibria(found, expected)
    assert found.degenerate is case["degenerate"]
    assert max(regret(payoffs, x, y) for x, y in found.profiles) <= 1e-15
    assert found.error_bound == found.regret.max() <= 1e-15
    values = sorted(tuple(float(Fraction(u)) for u in pair) for pair in case["payoffs"])
    assert sorted(map(tuple, found.payoffs.tolist())) == values


@pytest.mark.parametrize("identifier", ["chicken", "vs2007_nondeg", "gambit_coord3", "gambit_perfect1", "zero_2x2", "one_by_three"])
@pytest.mark.parametrize(("scale", "shift"), [(1e-10, 0.0), (1e12, 0.0), (1.0, 1e9), (-0.0 + 3.0, -7.0)])
def test_units_do_not_matter(identifier, scale, shift):
    payoffs, expected, case = published(identifier)
    moved = [[[float(exact(u) * exact(scale) + exact(shift)) for u in row] for row in matrix] for matrix in payoffs]
    found = bg.nash_equilibria(bg.game(moved[0], payoffs[1]))
    assert_equilibria(found, expected)
    assert found.degenerate is case["degenerate"]
    assert_equilibria(bg.nash_equilibria(bg.game(payoffs[0], moved[1])), expected)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equilibria_of_small_integer_games(data):
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    payoffs = [data.draw(matrices(rows, columns)), data.draw(matrices(rows, columns))]
    found = bg.nash_equilibria(stage(payoffs))
    assert found.status is bg.Status.solved
    assert len(found.profiles) >= 1
    assert max(regret(payoffs, x, y) for x, y in found.profiles) <= 1e-14
    A, B = payoffs
    pure = {(a, b) for a in range(rows) for b in range(columns) if A[a][b] == max(r[b] for r in A) and B[a][b] == max(B[a])}
    assert set(found.pure()) == pure
    assert set(bg.nash_equilibria(stage(payoffs), method="pure").pure()) == pure
    if not found.degenerate:
        assert len(found.profiles) % 2 == 1


def random_game(seed, shape):
    return np.random.default_rng([seed, *shape]).integers(0, 10_000, size=(2, *shape)) / 10_000


def assert_same_equilibria(found, oracle):
    assert found.degenerate is False
    assert len(found.profiles) == len(oracle)
    for x, y in oracle:
        assert min(max(np.abs(x - u).max(), np.abs(y - v).max()) for u, v in found.profiles) <= 1e-8


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 3)])
def test_agrees_with_nashpy_vertex_enumeration(seed, shape):
    A, B = random_game(seed, shape)
    assert_same_equilibria(bg.nash_equilibria(bg.game(A, B)), list(nashpy.Game(A, B).vertex_enumeration()))


@pytest.mark.full
@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (4, 3), (5, 5), (6, 6)])
def test_agrees_with_quantecon(seed, shape):
    A, B = random_game(seed, shape)
    game = qe.NormalFormGame([qe.Player(A), qe.Player(np.ascontiguousarray(B.T))])
    assert_same_equilibria(bg.nash_equilibria(bg.game(A, B)), qe.vertex_enumeration(game))


def test_nashpy_may_miss_equilibria_and_says_so():
    payoffs, _, _ = published("gambit_mixdom2")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(nashpy.Game(*map(np.array, payoffs)).support_enumeration()) == []
    for method in ("auto", "vertices"):
        assert len(bg.nash_equilibria(stage(payoffs), method=method).profiles) == 1
    assert bg.nash_equilibria(stage(payoffs), method="support").status is bg.Status.inner_only


@pytest.mark.parametrize(
    "identifier", ["chicken", "rps", "vs2007_x1e12", "vs2007_off1e9", "zero_2x2", "nashpy_deg_test", "one_by_three", "gambit_coord4"]
)
def test_support_enumeration_lists_equilibria_only(identifier):
    payoffs, expected, _ = published(identifier)
    found = bg.nash_equilibria(stage(payoffs), method="support")
    assert found.status is bg.Status.inner_only
    assert found.error_bound == float("inf")
    assert found.degenerate is None
    assert found.pure() == bg.nash_equilibria(stage(payoffs), method="pure").pure()
    assert all(regret(payoffs, x, y) <= 1e-9 for x, y in found.profiles)
    if identifier in ("chicken", "rps", "vs2007_x1e12", "gambit_coord4"):
        assert len(found.profiles) == len(expected)


def test_ties_are_decided_on_decimals():
    tie = bg.IssueGame({"a": bg.game([[0.1], [0.3]], [[0], [0]]), "b": bg.game([[0.2], [0.0]], [[0], [0]])})
    # 0.1 + 0.2 and 0.3 + 0.0 are the same number; the best action is (0.3, 0.2).
    assert bg.nash_equilibria(tie).pure() == ((2, 0),)
    assert bg.nash_equilibria(bg.game([[0.3], [0.1 + 0.2 - 4e-17 * 0]], [[0], [0]])).pure() == ((1, 0),)
    assert bg.nash_equilibria(bg.game([[0.3], [0.3]], [[0], [0]])).pure() == ((0, 0), (1, 0))


@pytest.mark.parametrize(
    ("payoffs", "pure"),
    [
        ([[[5.0]], [[-1.0]]], ((0, 0),)),
        ([[[0, 0, 0]], [[1, 3, 3]]], ((0, 1), (0, 2))),
        ([[[2], [7], [7], [1]], [[0], [5], [4], [0]]], ((1, 0), (2, 0))),
    ],
)
@pytest.mark.parametrize("method", ["auto", "vertices", "pure", "support"])
def test_one_mover_games(payoffs, pure, method):
    found = bg.nash_equilibria(stage(payoffs), method=method)
    assert set(found.pure()) == set(pure)
    assert len(found.profiles) == len(pure)


def test_a_large_game_gets_its_pure_equilibria_and_an_honest_status():
    A = -np.abs(np.subtract.outer(np.arange(40.0), np.arange(40.0)))
    found = bg.nash_equilibria(bg.game(A, A))
    assert found.pure() == tuple((k, k) for k in range(40))
    assert found.status is bg.Status.inner_only
    assert found.degenerate is None
    assert "too large" in found.method
    assert bg.nash_equilibria(bg.game(A, A), method="pure").status is bg.Status.solved
    with pytest.raises(bg.SolveError):
        found.raise_for_status()


def test_no_pure_equilibrium_is_an_answer():
    pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    found = bg.nash_equilibria(pennies, method="pure")
    assert found.status is bg.Status.empty
    assert found.payoffs.shape == (0, 2)
    assert found.row()["equilibria"] == 0
    mixed = bg.nash_equilibria(pennies)
    assert mixed.pure() == ()
    assert mixed.row() == {**mixed.row(), "equilibria": 1, "degenerate": False, "status": "solved"}


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.nash_equilibria([[1, 2]]), "stage is a list: expected a StageGame or an IssueGame"),
        (
            lambda: bg.nash_equilibria(bg.game([[1]], [[1]]), method="lemke"),
            "method 'lemke': expected one of auto, vertices, support, pure",
        ),
        (lambda: bg.nash_equilibria(bg.game([[1]], [[1]]), tol=0.0), "tol is 0.0"),
        (lambda: bg.nash_equilibria(bg.game(np.eye(12), np.eye(12)), method="vertices"), "12 x 12, too large"),
        (lambda: bg.nash_equilibria(bg.game(np.eye(7), np.eye(7)), method="support"), "7 x 7, too large"),
    ],
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()
