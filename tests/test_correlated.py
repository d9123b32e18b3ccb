"""Correlated and coarse correlated equilibria: textbook polygons, a program written anew, the certificate, inclusions, units."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from catalogue import FAN, payoff_arrays, stage, supports, transposed
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

import bargaining as bg

CHICKEN = [[[6, 2], [7, 0]], [[6, 7], [2, 0]]]
PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]


def reference(payoffs, coarse):
    """Rows G with G · p ≤ 0, written with loops over profiles."""
    first, second = np.array(payoffs, dtype=float)
    m, n = first.shape
    rows = []
    for told, played in itertools.product(range(m), repeat=2):
        rows.append([(first[played, b] - first[a, b]) * (coarse or a == told) for a in range(m) for b in range(n)])
    for told, played in itertools.product(range(n), repeat=2):
        rows.append([(second[a, played] - second[a, b]) * (coarse or b == told) for a in range(m) for b in range(n)])
    return np.array(rows)


def highest(payoffs, coarse, direction):
    gains = reference(payoffs, coarse)
    weights = np.tensordot(direction, np.array(payoffs, dtype=float), axes=1).ravel()
    answer = linprog(-weights, A_ub=gains, b_ub=np.zeros(len(gains)), A_eq=np.ones((1, weights.size)), b_eq=[1.0])
    assert answer.status == 0
    return -answer.fun


def test_aumanns_chicken():
    found = bg.correlated_equilibria(stage(CHICKEN))
    assert found.vertices.tolist() == [[2, 7], [3.6, 3.6], [7, 2], [5.25, 5.25]]
    best = bg.correlated_equilibrium(stage(CHICKEN))
    assert best.distribution.tolist() == [[0.5, 0.25], [0.25, 0]]
    assert best.payoffs.tolist() == [5.25, 5.25]


def test_a_unique_equilibrium_is_all_there_is():
    for coarse in (False, True):
        found = bg.correlated_equilibria(stage(PENNIES), coarse=coarse)
        assert found.vertices.tolist() == [[0, 0]]
        assert found.distributions.tolist() == [[[0.25, 0.25], [0.25, 0.25]]]
        assert bg.verify(found).holds
    assert bg.correlated_equilibria(stage([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])).vertices.tolist() == [[1, 1]]


# Twenty-odd linear programs an example.
@settings(max_examples=25, deadline=None)
@given(payoff_arrays(most=3), st.booleans())
def test_polygons_against_a_program_written_anew(payoffs, coarse):
    found = bg.correlated_equilibria(stage(payoffs), coarse=coarse)
    assert found.status is bg.Status.solved
    directions = FAN[::5]
    np.testing.assert_allclose(supports(found.vertices, directions), [highest(payoffs, coarse, d) for d in directions], atol=1e-7)
    gains = reference(payoffs, coarse)
    for distribution, vertex in zip(found.distributions, found.vertices, strict=True):
        assert distribution.min() >= 0
        assert distribution.sum() == pytest.approx(1, abs=1e-14)
        assert (gains @ distribution.ravel()).max(initial=0) <= 1e-14
        np.testing.assert_allclose((np.array(payoffs) * distribution).sum(axis=(1, 2)), vertex, atol=1e-13)
    certificate = bg.verify(found)
    assert certificate.holds, certificate.reason
    assert certificate.gap == 0


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=3))
def test_nash_in_correlated_in_coarse_in_all(payoffs):
    game = stage(payoffs)
    nash = supports(bg.nash_equilibria(game).payoffs)
    fine, coarse = (supports(bg.correlated_equilibria(game, coarse=kind).vertices) for kind in (False, True))
    everything = supports(np.reshape(payoffs, (2, -1)).T)
    for smaller, larger in itertools.pairwise((nash, fine, coarse, everything)):
        assert (smaller <= larger + 1e-12).all()
    minmax = bg.minmax(game).mixed
    assert (bg.correlated_equilibria(game, coarse=True).vertices >= minmax - 1e-8).all()


@settings(max_examples=30, deadline=None)
@given(payoff_arrays(most=3), st.sampled_from([1e-10, 0.1, 1e12]), st.sampled_from([0, -7, 1e6]), st.booleans())
def test_units_and_names_do_not_matter(payoffs, scale, shift, coarse):
    before = bg.correlated_equilibria(stage(payoffs), coarse=coarse)
    moved = [(np.array(payoffs[0]) * scale).tolist(), (np.array(payoffs[1]) + shift).tolist()]
    after = bg.correlated_equilibria(stage(moved), coarse=coarse)
    np.testing.assert_allclose(after.vertices, before.vertices * [scale, 1] + [0, shift], rtol=1e-12, atol=1e-12 * max(scale, 1))
    mirrored = bg.correlated_equilibria(stage(transposed(payoffs)), coarse=coarse)
    np.testing.assert_allclose(supports(mirrored.vertices[:, ::-1]), supports(before.vertices), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(payoff_arrays(most=4, low=0, high=2), st.booleans())
def test_highs_finds_the_exact_polygon(payoffs, coarse):
    exact, floats = (bg.correlated_equilibria(stage(payoffs), coarse=coarse, method=method) for method in ("exact", "highs"))
    assert floats.status is bg.Status.solved
    assert floats.regret.max() <= 1e-9
    assert exact.payoff_set.distance(floats.payoff_set) <= 1e-7
    assert len(floats.vertices) <= 2 * len(exact.vertices) + 2


def test_a_large_game_is_solved_in_floating_point_and_says_so():
    rng = np.random.default_rng(1)
    found = bg.correlated_equilibria(stage(rng.random((2, 10, 9))), coarse=True, method="highs")
    assert found.status is bg.Status.solved
    assert 0 < found.error_bound < 1e-9
    assert "HiGHS" in found.method
    assert found.exact_distributions == ()
    exact = bg.correlated_equilibria(found.game, coarse=True, method="exact")
    assert exact.payoff_set.distance(found.payoff_set) <= 1e-8


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=3), st.booleans())
def test_objectives(payoffs, coarse):
    game = stage(payoffs)
    whole = bg.correlated_equilibria(game, coarse=coarse)
    expected = {
        "joint_surplus": whole.payoff_set.support([1, 1]),
        "best_us": whole.vertices[:, 0].max(),
        "worst_us": whole.vertices[:, 0].min(),
        "best_cn": whole.vertices[:, 1].max(),
        "worst_cn": whole.vertices[:, 1].min(),
    }
    for objective, value in expected.items():
        found = bg.correlated_equilibrium(game, objective, coarse=coarse)
        got = found.payoffs.sum() if objective == "joint_surplus" else found.payoffs[0 if objective.endswith("us") else 1]
        assert got == pytest.approx(value, abs=1e-12)
        assert bg.verify(found).holds
        np.testing.assert_allclose((np.array(payoffs) * found.distribution).sum(axis=(1, 2)), found.payoffs, atol=1e-12)


@pytest.mark.parametrize("payoffs", [CHICKEN, [[[2, 0], [0, 1]], [[1, 0], [0, 2]]], [[[5, 0], [0, 1]], [[1, 0], [0, 3]]]])
def test_nash_product_against_a_general_solver(payoffs):
    found = bg.correlated_equilibrium(stage(payoffs), "nash_product", disagreement=[0, 0])
    first, second = np.reshape(payoffs, (2, -1)).astype(float)
    gains = reference(payoffs, False)
    starts = np.random.default_rng(0).dirichlet(np.ones(4), size=8)
    best = max(
        -minimize(
            lambda p: -(first @ p) * (second @ p),
            start,
            bounds=[(0, 1)] * 4,
            constraints=[{"type": "eq", "fun": lambda p: p.sum() - 1}, {"type": "ineq", "fun": lambda p: -gains @ p}],
            method="SLSQP",
            options={"ftol": 1e-12, "maxiter": 500},
        ).fun
        for start in starts
    )
    assert found.payoffs.prod() == pytest.approx(best, abs=1e-6)
    assert bg.verify(found).holds


def test_a_wrong_claim_is_refused():
    found = bg.correlated_equilibria(stage(CHICKEN))
    broken = bg.correlated_equilibria(stage([[[6, 2], [7, 1]], [[6, 7], [2, 1]]]))
    swapped = type(found)(**{**vars(found), "game": broken.game})
    assert not bg.verify(swapped).holds
    fewer = type(found)(**{**vars(found), "bounds": found.bounds[:4]})
    assert bg.verify(fewer).reason == "an edge of the polygon has no half-plane"
    smaller = vars(found) | {
        "payoff_set": bg.PayoffSet(found.vertices[:3]),
        "distributions": found.distributions[:3],
        "exact_distributions": found.exact_distributions[:3],
    }
    assert "half-plane" in bg.verify(type(found)(**smaller)).reason
    # All of the weight on an outcome that nobody would stick to.
    forced = bg.correlated_equilibrium(stage(CHICKEN))
    unit = (Fraction(1), Fraction(0), Fraction(0), Fraction(0))
    liar = type(forced)(
        **{**vars(forced), "exact_distribution": unit, "distribution": np.array([[1.0, 0], [0, 0]]), "payoffs": np.array([6.0, 6.0])}
    )
    certificate = bg.verify(liar)
    assert certificate.deviation_gain == 1
    assert certificate.reason == "distribution 0: U.S. gains 1 by playing '1' when told '0'"


@pytest.mark.parametrize("method", ["exact", "highs"])
def test_stored_answers_verify(tmp_path, method):
    for found in (bg.correlated_equilibria(stage(CHICKEN), method=method), bg.correlated_equilibrium(stage(CHICKEN), method=method)):
        found.to_json(tmp_path / "answer.json")
        back = bg.Solution.from_json(tmp_path / "answer.json")
        assert back.to_json() == found.to_json()
        assert bg.verify(back).holds or method == "highs"
        assert set(back.row()) == set(found.row())


def test_games_of_one_action():
    assert bg.correlated_equilibria(stage([[[2]], [[3]]])).vertices.tolist() == [[2, 3]]
    row = bg.correlated_equilibria(stage([[[1, 2, 5]], [[0, 0, 0]]]))
    assert row.vertices.tolist() == [[1, 0], [5, 0]]
    assert bg.verify(row).holds
    floats = bg.correlated_equilibria(stage([[[2]], [[3]]]), method="highs")
    assert floats.vertices.tolist() == [[2, 3]]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.correlated_equilibria("pd"), "stage is a str"),
        (lambda: bg.correlated_equilibria(stage(CHICKEN), method="exactt"), "did you mean 'exact'"),
        (lambda: bg.correlated_equilibria(stage(CHICKEN), tol=0), "tol is 0"),
        (lambda: bg.correlated_equilibrium(stage(CHICKEN), "surplus"), "did you mean 'joint_surplus'"),
        (lambda: bg.correlated_equilibrium(stage(CHICKEN), "nash_product", disagreement=[1]), "expected a pair of finite payoffs"),
        (lambda: bg.correlated_equilibrium(stage(CHICKEN), "nash_product", disagreement=[9, 9]), "no equilibrium pays both"),
    ],
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()
