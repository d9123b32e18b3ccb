"""Nash equilibria: published games, every profile's regret, other solvers, any units, any shape."""

import copy
import dataclasses
import pickle
import warnings
from fractions import Fraction

import nash_twin
import nashpy
import numpy as np
import pytest
import quantecon.game_theory as qe
import scipy.optimize
from catalogue import STATIC, matrices, stage
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import exact


def published(identifier):
    case = STATIC[identifier]
    payoffs = [[[float(Fraction(u)) for u in row] for row in case[side]] for side in "AB"]
    expected = [np.array([float(Fraction(w)) for w in (*x, *y)]) for x, y in case["extreme_equilibria"]]
    return payoffs, expected, case


def assert_equilibria(found, expected, tolerance=1e-12):
    got = [np.concatenate(pair) for pair in found.profiles]
    assert len(got) == len(expected)
    for profile in expected:
        assert min(np.abs(profile - other).max() for other in got) <= tolerance


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


@pytest.mark.parametrize("identifier", list(STATIC))
def test_published_in_fractions(identifier):
    case = STATIC[identifier]
    found = bg.nash_equilibria(bg.game(case["A"], case["B"]), exact=True)
    expected = [tuple(tuple(Fraction(w) for w in own) for own in pair) for pair in case["extreme_equilibria"]]
    assert found.status is bg.Status.solved
    assert sorted(found.exact_profiles) == sorted(expected)
    assert found.degenerate is case["degenerate"]
    values = {pair: tuple(Fraction(u) for u in paid) for pair, paid in zip(expected, case["payoffs"], strict=True)}
    assert all(values[pair] == paid for pair, paid in zip(found.exact_profiles, found.exact_payoffs, strict=True))
    assert (found.regret == 0.0).all()
    place = [expected.index(pair) for pair in found.exact_profiles]
    wanted = {frozenset(part["extreme"]): part for part in case["components"]}
    assert {frozenset(place[k] for k in part.profiles) for part in found.components} == set(wanted)
    for part in found.components:
        other = wanted[frozenset(place[k] for k in part.profiles)]
        assert part.index == other["index"]
        products = {
            frozenset(expected.index((tuple(map(Fraction, x)), tuple(map(Fraction, y)))) for x in subset["row"] for y in subset["col"])
            for subset in other["maximal_nash_subsets"]
        }
        assert {frozenset(place[k] for k in subset) for subset in part.subsets} == products
    assert bg.verify(found).holds


@pytest.mark.parametrize("identifier", list(STATIC))
def test_published(identifier):
    payoffs, expected, case = published(identifier)
    found = bg.nash_equilibria(bg.game(case["A"], case["B"]))
    assert found.status is bg.Status.solved
    assert_equilibria(found, expected)
    assert found.degenerate is case["degenerate"]
    assert sorted(part.index for part in found.components) == sorted(part["index"] for part in case["components"])
    assert sorted(len(part.profiles) for part in found.components) == sorted(len(part["extreme"]) for part in case["components"])
    assert max(regret(payoffs, x, y) for x, y in found.profiles) <= 1e-14
    assert found.error_bound == found.regret.max() <= 1e-14
    for profile, paid in zip(expected, case["payoffs"], strict=True):
        nearest = min(range(len(found.profiles)), key=lambda k: np.abs(np.concatenate(found.profiles[k]) - profile).max())
        np.testing.assert_allclose(found.payoffs[nearest], [float(Fraction(u)) for u in paid], rtol=0, atol=1e-13 * np.abs(payoffs).max())


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


FAMILIES = {
    "integers 0 to 2": lambda generator, shape: generator.integers(0, 3, shape),
    "integers 0 to 9": lambda generator, shape: generator.integers(0, 10, shape),
    "integers -2 to 2": lambda generator, shape: generator.integers(-2, 3, shape),
    "scaled by 1e-10": lambda generator, shape: [
        [[float(f"{u}e-16") for u in row] for row in m] for m in generator.integers(1, 10**6, shape)
    ],
    "scaled by 1e10": lambda generator, shape: generator.integers(0, 10**6, shape) * 10**4,
    "scaled by 1e12": lambda generator, shape: generator.integers(0, 10**6, shape) * 10**6,
    "shifted by 1e7": lambda generator, shape: generator.integers(0, 10**6, shape) / 10**6 + 10**7,
    "shifted by 1e9": lambda generator, shape: generator.integers(0, 10**4, shape) / 10**4 + 10**9,
    "one player scaled": lambda generator, shape: generator.integers(0, 10**6, shape) * np.array([1.0, 1e5])[:, None, None],
}


def compare_with_brute_force(family, count, most):
    """All extreme equilibria, components and the sum of indices against every basis tried in fractions."""
    for seed in range(count):
        generator = np.random.default_rng([seed, len(family)])
        payoffs = np.array(FAMILIES[family](generator, (2, *generator.integers(2, most + 1, 2))), dtype=np.float64)
        reference = nash_twin.extreme_equilibria(*([[exact(u) for u in row] for row in matrix.tolist()] for matrix in payoffs))
        found = bg.nash_equilibria(bg.StageGame(payoffs=payoffs), exact=True)
        assert sorted(found.exact_profiles) == sorted(reference), (family, seed)
        groups = {frozenset(found.exact_profiles.index(reference[k]) for k in group) for group in nash_twin.components(reference)}
        assert {frozenset(part.profiles) for part in found.components} == groups
        floats = bg.nash_equilibria(bg.StageGame(payoffs=payoffs))
        assert_equilibria(floats, [np.array([float(w) for w in (*x, *y)]) for x, y in reference], 1e-10)
        assert sum(part.index for part in floats.components) == 1
        assert floats.degenerate is found.degenerate


@pytest.mark.parametrize("family", list(FAMILIES))
def test_families_against_brute_force(family):
    compare_with_brute_force(family, 12, 4)


@pytest.mark.full
@pytest.mark.parametrize("family", list(FAMILIES))
def test_more_of_the_families_against_brute_force(family):
    compare_with_brute_force(family, 200, 5)


@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (4, 4)])
def test_indices_are_those_of_nearby_generic_games(shape):
    """A component's index is the sum of those of the equilibria that a small random perturbation leaves near it."""
    for seed in range(8):
        generator = np.random.default_rng([seed, *shape])
        payoffs = generator.integers(0, 3, (2, *shape)).astype(float)
        whole = bg.nash_equilibria(bg.StageGame(payoffs=payoffs))
        near = bg.nash_equilibria(bg.StageGame(payoffs=payoffs + 1e-6 * generator.random((2, *shape))))
        assert near.degenerate is False
        total = dict.fromkeys(range(len(whole.components)), 0)
        for (x, y), single in zip(near.profiles, sorted(near.components, key=lambda part: part.profiles), strict=True):
            gaps = [min(nash_distance(whole, subset, x, y) for subset in part.subsets) for part in whole.components]
            assert min(gaps) < 1e-4
            total[int(np.argmin(gaps))] += single.index
        assert total == {k: part.index for k, part in enumerate(whole.components)}


def nash_distance(found, subset, x, y):
    """Distance of (x, y) from a product of mixtures, each side by least squares over its extreme actions."""
    far = 0.0
    for side, point in enumerate((x, y)):
        corners = np.unique(np.array([found.profiles[k][side] for k in subset]), axis=0)
        weights, _ = scipy.optimize.nnls(np.vstack([corners.T, 100.0 * np.ones(len(corners))]), np.append(point, 100.0))
        far = max(far, float(np.abs(corners.T @ weights - point).max()))
    return far


def test_methods_agree_on_generic_games():
    for seed, shape in enumerate([(2, 2), (3, 4), (5, 5), (6, 4), (8, 8), (9, 7)]):
        A, B = random_game(seed, shape)
        stage_game = bg.game(A, B)
        by_vertices = bg.nash_equilibria(stage_game, method="vertices")
        for method in ("auto", "support"):
            found = bg.nash_equilibria(stage_game, method=method)
            # Supports that dominance rules out are not looked at: they may be degenerate.
            assert found.degenerate is (False if method == "auto" else None)
            assert [part.index for part in found.components] == [part.index for part in by_vertices.components]
            for (x, y), (u, v) in zip(found.profiles, by_vertices.profiles, strict=True):
                assert max(np.abs(x - u).max(), np.abs(y - v).max()) <= 1e-12
        one = bg.nash_equilibria(stage_game, method="lemke_howson")
        assert one.status is bg.Status.inner_only
        assert min(np.abs(one.profiles[0][0] - u).max() for u, _ in by_vertices.profiles) <= 1e-10


def test_supports_are_complete_or_refused():
    """Against brute force: every equilibrium where none is degenerate, also if other supports are; refused where one is."""
    solved = refused = 0
    for seed in range(150):
        generator = np.random.default_rng(seed)
        payoffs = generator.integers(0, (4, 10)[seed % 2], (2, *generator.integers(1, 5, 2)))
        reference = nash_twin.extreme_equilibria(*payoffs.tolist())
        try:
            found = bg.nash_equilibria(stage(payoffs), method="support")
        except bg.GameError:
            # Two actions that differ by a constant on some support are told from degenerate ones only by all extreme equilibria.
            refused += not bg.nash_equilibria(stage(payoffs)).degenerate
            continue
        solved += bg.nash_equilibria(stage(payoffs)).degenerate
        assert_equilibria(found, [np.array([float(w) for w in (*x, *y)]) for x, y in reference])
    # Games that are degenerate, but not where an equilibrium is.
    assert solved >= 10
    assert refused <= 5


def test_answers_written_when_read_are_copied_and_stored_whole():
    found = bg.nash_equilibria(bg.game([[0, 7], [2, 6]], [[0, 2], [7, 6]]))
    copied, replaced = copy.copy(found), dataclasses.replace(found, iterations=3)
    assert copied.components == replaced.components == found.components
    np.testing.assert_allclose(copied.payoffs, [[7, 2], [2, 7], [14 / 3, 14 / 3]], rtol=1e-15)
    np.testing.assert_array_equal(found.absolute_regret, replaced.absolute_regret)
    assert found.absolute_regret.max() <= 1e-15
    assert not found.profiles[0][0].flags.writeable
    with pytest.raises(AttributeError):
        found.vertices  # noqa: B018


@pytest.mark.parametrize("identifier", [name for name in STATIC if name != "vs1999_75"])
def test_lemke_howson_finds_an_equilibrium_of_every_published_game(identifier):
    case = STATIC[identifier]
    found = bg.nash_equilibria(bg.game(case["A"], case["B"]), method="lemke_howson")
    assert len(found.profiles) == 1
    assert found.regret[0] <= 1e-9


def test_large_generic_games_by_lemke_howson():
    A, B = np.random.default_rng(5).random((2, 60, 60))
    found = bg.nash_equilibria(bg.game(A, B), method="lemke_howson")
    assert found.regret[0] <= 1e-12


def test_lemke_howson_on_games_full_of_ties():
    for seed in range(40):
        generator = np.random.default_rng(seed)
        payoffs = generator.integers(0, 2 + seed % 3, (2, *generator.integers(2, 40, 2))).astype(float)
        found = bg.nash_equilibria(stage(payoffs), method="lemke_howson")
        assert regret(payoffs, *found.profiles[0]) <= 1e-14


def test_long_paths_of_lemke_howson():
    """No label of zero-sum games on a cycle of odd length leads anywhere but to the uniform mixture, after many pivots factored again."""
    size = 101
    step = (np.arange(size)[:, None] - np.arange(size)) % size
    A = np.where(step == 0, 0.0, np.where(step <= size // 2, 1.0, -1.0))
    found = bg.nash_equilibria(bg.game(A, -A), method="lemke_howson")
    np.testing.assert_allclose(found.profiles[0][0], 1 / size, atol=1e-12)
    np.testing.assert_allclose(found.profiles[0][1], 1 / size, atol=1e-12)


BATCHES = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "integers 0 to 9": lambda generator, shape: generator.integers(0, 10, shape).astype(float),
    "integers 0 to 40": lambda generator, shape: generator.integers(0, 41, shape).astype(float),
    "decimals, shifted": lambda generator, shape: generator.integers(0, 41, shape) / 10 + 1e6,
    "tiny differences": lambda generator, shape: 1.0 + generator.integers(0, 9, shape) * 2.0**-50,
    "one side tiny": lambda generator, shape: generator.integers(0, 41, shape) * np.array([1e-30, 1e30])[:, None, None],
}


@pytest.mark.parametrize("family", list(BATCHES))
@pytest.mark.parametrize("shape", [(1, 3), (2, 2), (2, 6), (3, 3), (3, 4), (4, 4), (5, 3)])
def test_batches_against_brute_force(family, shape):
    generator = np.random.default_rng([sum(map(ord, family)), *shape])
    payoffs = BATCHES[family](generator, (6, 2, *shape))
    found = bg.batch.nash_equilibria(payoffs)
    for k, game in enumerate(payoffs):
        exactly = [[[exact(u) for u in row] for row in matrix] for matrix in game.tolist()]
        reference = nash_twin.extreme_equilibria(*exactly)
        own = range(found.offsets[k], found.offsets[k + 1])
        assert len(own) == len(reference)
        for x, y in reference:
            gaps = [max(abs(found.x[j] - np.array(x, float)).max(), abs(found.y[j] - np.array(y, float)).max()) for j in own]
            assert min(gaps) <= 1e-10
        assert found.degenerate[k] == bg.nash_equilibria(stage(game), method="vertices").degenerate
        if not found.degenerate[k]:
            assert found.index[own.start : own.stop].sum() == 1


def test_a_sign_too_close_to_call_is_left_to_fractions():
    """Three rows that meet in one point of an edge, exactly in decimals but not in floats, and one of them moved by its last bit."""
    A = np.array([[0.3, 0.0, 0.0], [0.0, 0.6, 0.0], [0.1, 0.4, 1.0]])
    near = A.copy()
    near[2, 0] = np.nextafter(0.1, 1.0)
    B = np.array([[0.0, 1.0, -1.0], [1.0, 0.0, -1.0], [0.5, 0.25, -2.0]])
    found = bg.batch.nash_equilibria([[A, B], [near, B]])
    assert found.degenerate.tolist() == [True, False]
    single = [bg.nash_equilibria(bg.game(matrix, B)) for matrix in (A, near)]
    assert [one.degenerate for one in single] == [True, False]
    assert np.diff(found.offsets).tolist() == [len(one.profiles) for one in single]


def test_batches_are_the_single_answers_for_any_number_of_threads():
    generator = np.random.default_rng(3)
    payoffs = np.concatenate([generator.random((60, 2, 3, 4)), generator.integers(0, 3, (40, 2, 3, 4))])[generator.permutation(100)]
    found = bg.batch.nash_equilibria(payoffs, workers=1, chunk=100)
    for workers, chunk in ((1, 7), (2, 3), (3, 64)):
        again = bg.batch.nash_equilibria(payoffs, workers=workers, chunk=chunk)
        for name in ("x", "y", "offsets", "regret", "index", "degenerate", "status"):
            np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    for k, game in enumerate(payoffs):
        one = bg.nash_equilibria(bg.StageGame(payoffs=game))
        assert found.degenerate[k] == one.degenerate
        assert found.status[k] == "solved"
        own = range(found.offsets[k], found.offsets[k + 1])
        assert len(own) == len(one.profiles)
        for x, y in one.profiles:
            assert min(max(np.abs(found.x[j] - x).max(), np.abs(found.y[j] - y).max()) for j in own) <= 1e-12
        if not one.degenerate:
            assert found.index[own.start : own.stop].sum() == 1
    assert found.regret.max() <= 1e-13
    assert len(bg.batch.nash_equilibria(np.empty((0, 2, 3, 3)))) == 0
    with pytest.raises(bg.GameError, match=r"payoffs\[1, 0, 0, 2\] is nan"):
        bg.batch.nash_equilibria(np.where(np.arange(36).reshape(2, 2, 3, 3) == 20, np.nan, 1.0))


def test_a_wrong_fraction_or_index_is_refused():
    found = bg.nash_equilibria(bg.game([[0, 7], [2, 6]], [[0, 2], [7, 6]]), exact=True)
    assert bg.verify(found).holds
    x, y = found.exact_profiles[2]
    moved = (x[0] + Fraction(1, 10**9), x[1] - Fraction(1, 10**9))
    bent = dataclasses.replace(found, exact_profiles=(*found.exact_profiles[:2], (moved, y)))
    certificate = bg.verify(bent)
    assert not certificate.holds
    assert certificate.deviation_gain > 0
    wrong = dataclasses.replace(found, components=found.components[:2])
    assert "add up to 2, not to 1" in bg.verify(wrong).reason


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
    assert bg.nash_equilibria(stage(payoffs), method="nashpy").status is bg.Status.inner_only


@pytest.mark.parametrize(
    "identifier", ["chicken", "rps", "vs2007_x1e12", "vs2007_off1e9", "zero_2x2", "nashpy_deg_test", "one_by_three", "gambit_coord4"]
)
def test_nashpy_lists_equilibria_only(identifier):
    payoffs, expected, _ = published(identifier)
    found = bg.nash_equilibria(stage(payoffs), method="nashpy")
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
@pytest.mark.parametrize("method", ["auto", "vertices", "pure", "nashpy"])
def test_one_mover_games(payoffs, pure, method):
    found = bg.nash_equilibria(stage(payoffs), method=method)
    assert set(found.pure()) == set(pure)
    assert len(found.profiles) == len(pure)


def test_a_large_game_gets_its_pure_equilibria_and_an_honest_status():
    A = np.random.default_rng(2).random((40, 40)) + 2.0 * np.eye(40)
    found = bg.nash_equilibria(bg.game(A, A))
    assert set(found.pure()) >= {(k, k) for k in range(40)}
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
            "method 'lemke': expected one of auto, vertices, support, lemke_howson, nashpy, pure",
        ),
        (lambda: bg.nash_equilibria(bg.game([[1]], [[1]]), tol=0.0), "tol is 0.0"),
        (lambda: bg.nash_equilibria(bg.game(np.eye(40), np.eye(40)), method="vertices"), "40 x 40, too large"),
        (lambda: bg.nash_equilibria(bg.game(np.eye(7), np.eye(7)), method="nashpy"), "7 x 7, too large"),
        (lambda: bg.nash_equilibria(bg.game(np.ones((2, 2)), np.eye(2)), method="support"), "the game is degenerate"),
        (lambda: bg.game([["1/3", "x"]], [[1, 2]]), r"A\[0, 1\] is 'x': payoffs must be finite numbers"),
    ],
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()


def test_an_answer_not_read_yet_can_be_sent_to_another_process():
    game = bg.game([[3, 0, 1], [5, 1, 0], [0, 2, 2]], [[3, 5, 0], [0, 1, 2], [1, 0, 2]])
    sent = pickle.loads(pickle.dumps(bg.nash_equilibria(game)))
    read = bg.nash_equilibria(game)
    assert sent.payoffs.tolist() == read.payoffs.tolist()
    assert sent.components == read.components
    assert sent.options == read.options
    assert sum(component.index for component in sent.components) == 1
