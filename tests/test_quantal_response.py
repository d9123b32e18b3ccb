"""The logit branch: closed forms, fixed points found another way, its limit, names and units; and selection by rules."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, STATIC, load, payoff_arrays, stage
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize

import bargaining as bg

STAG_HUNT = next(case for case in load("repeated") if case["id"] == "sgs_stag_hunt_qre")
COORDINATION = [[[2, 0], [0, 1]], [[2, 0], [0, 1]]]


def response(payoffs, precision, other, player):
    values = precision * (np.array(payoffs[0], float) if player == 0 else np.array(payoffs[1], float).T) @ other
    weights = np.exp(values - values.max())
    return weights / weights.sum()


def test_donation_game():
    case = ANALYTIC["qre_donation"]
    lam, costs = case["inputs"]["lam"], (case["inputs"]["cC"], case["inputs"]["cR"])
    # Conceding costs its own side and gives the other, whatever this one does, something.
    game = bg.game([[1 - costs[0], -costs[0]], [1, 0]], [[1 - costs[1], 1], [-costs[1], 0]])
    found = bg.quantal_response(game, lam)
    got = [found.profiles[0][0][0], found.profiles[0][1][0]]
    np.testing.assert_allclose(got, case["expected"], atol=case["tolerance"])


def test_asymmetric_matching_pennies():
    case = ANALYTIC["qre_amp"]
    found = bg.quantal_response(bg.game(case["inputs"]["row"], case["inputs"]["col"]), case["inputs"]["lam"])
    np.testing.assert_allclose([found.profiles[0][0][0], found.profiles[0][1][0]], case["expected"], atol=case["tolerance"])
    np.testing.assert_allclose(found.limit[0], [0.5, 0.5], atol=1e-12)
    np.testing.assert_allclose(found.limit[1], [0.1, 0.9], atol=1e-12)


def test_stag_hunt():
    expected = STAG_HUNT["expected"]
    found = bg.quantal_response(stage(STAG_HUNT["game"]["payoffs"]), [0.5, 1, 2])
    for (x, y), key in zip(found.profiles, ("lambda_0.5", "lambda_1", "lambda_2"), strict=True):
        np.testing.assert_allclose(x, expected[key], atol=STAG_HUNT["tolerance"])
        np.testing.assert_allclose(y, expected[key], atol=STAG_HUNT["tolerance"])
    assert found.limit[0].tolist() == expected["limit"]
    assert found.status is bg.Status.solved


@pytest.mark.parametrize("lam", [0.01, 0.5, 1.3, 2.0, 10.0, 100.0])
def test_a_symmetric_game_of_two_actions_against_bisection(lam):
    # One equation in the probability of the first action; the principal branch is the root above one half.
    found = bg.quantal_response(stage(COORDINATION), lam, limit=False)
    root = brentq(lambda p: p - 1 / (1 + np.exp(-lam * (2 * p - (1 - p)))), 0.5, 1.0, xtol=1e-15)
    assert found.profiles[0][0][0] == pytest.approx(root, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(payoff_arrays(most=4), st.lists(st.floats(0, 50), min_size=1, max_size=3))
def test_fixed_points_and_a_nash_limit(payoffs, precision):
    found = bg.quantal_response(stage(payoffs), precision)
    assert found.status in (bg.Status.solved, bg.Status.approximate)
    assert found.residual.max() <= 1e-9
    for lam, (x, y) in zip(precision, found.profiles, strict=True):
        np.testing.assert_allclose(x, response(payoffs, lam, y, 0), atol=1e-9)
        np.testing.assert_allclose(y, response(payoffs, lam, x, 1), atol=1e-9)
    assert found.limit is not None
    assert found.limit_regret <= 1e-9
    if found.status is bg.Status.solved and len(found.game.payoffs[0]) > 1:
        nash = bg.nash_equilibria(found.game)
        if not nash.degenerate:
            assert min(max(np.abs(a - b).max() for a, b in zip(found.limit, pair, strict=True)) for pair in nash.profiles) <= 1e-8


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=3), st.randoms(use_true_random=False), st.sampled_from([1e-10, 1e-3, 1e12]), st.sampled_from([0, 1e3]))
def test_units_and_names_do_not_matter(payoffs, shuffle, scale, shift):
    first = bg.quantal_response(stage(payoffs), [0.3, 3.0], limit=False)
    moved = (np.array(payoffs) + shift) * scale
    second = bg.quantal_response(stage(moved), [0.3 / scale, 3.0 / scale], limit=False)
    order = list(range(np.shape(payoffs)[1]))
    shuffle.shuffle(order)
    third = bg.quantal_response(stage(np.array(payoffs)[:, order]), [0.3, 3.0], limit=False)
    for k in (0, 1):
        np.testing.assert_allclose(second.profiles[k][0], first.profiles[k][0], atol=1e-8)
        np.testing.assert_allclose(third.profiles[k][0], first.profiles[k][0][order], atol=1e-8)
        np.testing.assert_allclose(third.profiles[k][1], first.profiles[k][1], atol=1e-8)


@settings(max_examples=25, deadline=None)
@given(payoff_arrays(most=3))
def test_the_branch_is_continuous_from_the_uniform_mixture(payoffs):
    # Until it turns, following it in small steps of the precision by plain Newton's method gives the same points.
    found = bg.quantal_response(stage(payoffs), [0.0, 0.02, 0.05], limit=False)
    m, n = np.shape(payoffs)[1:]
    np.testing.assert_allclose(found.profiles[0][0], np.full(m, 1 / m), atol=1e-15)
    y = np.full(n, 1 / n)
    for _ in range(2000):
        # A contraction at a precision this small.
        x = response(payoffs, 0.05, y, 0)
        y = response(payoffs, 0.05, x, 1)
    np.testing.assert_allclose(found.profiles[2][1], y, atol=1e-9)


@pytest.mark.parametrize(
    ("identifier", "x", "y"),
    [
        ("qe_lh_cycle", ["0", "2/3", "1/3"], ["0", "1", "0"]),
        ("nashpy222", ["2/7", "5/7"], ["1", "0"]),
        ("tournament_4_2", ["1/4"] * 4, ["0", "0", "1/3", "0", "1/3", "1/3"]),
        ("rand01_6x6", ["1/3", "0", "0", "1/3", "0", "1/3"], ["0", "0", "1", "0", "0", "0"]),
    ],
)
def test_limits_inside_continua_are_extrapolated(identifier, x, y):
    """On the way there the branch is off by log(λ)/λ: by 1e-6 where floats end."""
    case = STATIC[identifier]
    found = bg.quantal_response(bg.game(case["A"], case["B"]))
    assert found.status is bg.Status.solved
    off = max(np.abs(a - [float(Fraction(w)) for w in b]).max() for a, b in zip(found.limit, (x, y), strict=True))
    assert off <= found.error_bound <= 1e-9


def test_a_branch_far_from_its_end_leads_to_the_only_equilibrium():
    case = STATIC["svs_longpath_8"]
    found = bg.quantal_response(bg.game(case["A"], case["B"]))
    assert found.status is bg.Status.solved
    assert found.method.endswith("its limit is the only equilibrium there is")
    expected = [[float(Fraction(w)) for w in own] for own in case["extreme_equilibria"][0]]
    for own, other in zip(found.limit, expected, strict=True):
        np.testing.assert_allclose(own, other, atol=1e-15)


def test_limits_of_degenerate_games_are_settled():
    for seed in range(40):
        generator = np.random.default_rng(seed)
        m, n = generator.integers(2, 5, 2)
        found = bg.quantal_response(bg.StageGame(payoffs=generator.integers(0, 3, (2, m, n))))
        assert found.status is bg.Status.solved, seed
        assert found.limit_regret <= 1e-9


def test_running_out_of_steps_is_told():
    game = bg.game([[4, 0, 0], [0, 2, 0], [0, 0, 3]], [[4, 0, 0], [0, 2, 0], [0, 0, 3]])
    assert bg.quantal_response(game, 2.0).limit[0].tolist() == [1, 0, 0]
    slow = bg.quantal_response(game, 2.0, max_iter=2)
    assert slow.status is bg.Status.max_iter
    assert np.isnan(slow.profiles[0][0]).all()
    assert slow.limit is None
    with pytest.raises(bg.SolveError):
        slow.raise_for_status()


def test_flat_games_and_games_of_one_action():
    flat = bg.quantal_response(stage([[[1, 1], [1, 1]], [[2, 2], [2, 2]]]), 5.0)
    assert flat.profiles[0][0].tolist() == [0.5, 0.5]
    assert flat.limit[0].tolist() == [0.5, 0.5]
    single = bg.quantal_response(stage([[[1], [2]], [[0], [0]]]), 1.0)
    assert single.profiles[0][0][1] == pytest.approx(1 / (1 + np.exp(-1)), abs=1e-14)
    assert single.limit[0].tolist() == [0, 1]


def test_answers_are_stored(tmp_path):
    found = bg.quantal_response(stage(COORDINATION), [1.0])
    chosen = bg.select_equilibrium(stage(COORDINATION))
    dominance = bg.iterated_dominance(stage(COORDINATION))
    for answer in (found, chosen, dominance):
        answer.to_json(tmp_path / "answer.json")
        back = bg.Solution.from_json(tmp_path / "answer.json")
        assert back.to_json() == answer.to_json()
        assert back.row() == answer.row()


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.quantal_response("pd"), "stage is a str"),
        (lambda: bg.quantal_response(stage(COORDINATION), -1), "precision -1: expected finite numbers"),
        (lambda: bg.quantal_response(stage(COORDINATION), [1, float("nan")]), "expected finite numbers"),
        (lambda: bg.quantal_response(stage(COORDINATION), "x"), "expected a number or several"),
        (lambda: bg.quantal_response(stage(COORDINATION), tol=2.0), "tol is 2.0"),
        (lambda: bg.quantal_response(stage(COORDINATION), max_iter=0), "max_iter is 0"),
        (lambda: bg.select_equilibrium("pd"), "stage is a str"),
        (lambda: bg.select_equilibrium(stage(COORDINATION), "pay_dominant"), "did you mean 'payoff_dominant'"),
        (lambda: bg.select_equilibrium(stage(COORDINATION), tol=-1), "tol is -1"),
        (lambda: bg.select_equilibrium(stage(COORDINATION), "maximum_entropy", subset=[7]), "expected positions of equilibria from 0 to 2"),
        (lambda: bg.select_equilibrium(stage(COORDINATION), "maximum_entropy", subset=[0, 1]), "its mixtures are no equilibria"),
    ],
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()


# Selection


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(1, 12)] * 4), st.booleans(), st.tuples(*[st.integers(-3, 3)] * 4), st.sampled_from(["1", "1e-9", "1e9"]))
def test_risk_dominance_is_the_larger_product_in_any_units(losses, swapped, shifts, scale):
    a, b, c, d = losses
    first = np.add([[a, 0], [0, b]], [[shifts[0], shifts[1]]])
    # Rounded once: 3 * 1e-9 in floats is no longer the decimal 3e-9, and a tie would be none.
    second = np.array([[float(int(u) * Fraction(scale)) for u in row] for row in np.add([[c, 0], [0, d]], [[shifts[2]], [shifts[3]]])])
    if swapped:
        first, second = first[:, ::-1], second[:, ::-1]
    found = bg.select_equilibrium(bg.game(first, second))
    assert found.regret <= 1e-12
    assert found.status is bg.Status.solved
    if a * c != b * d:
        assert found.profile[0].tolist() == ([1, 0] if a * c > b * d else [0, 1])
    else:
        np.testing.assert_allclose(found.profile[0], [d / (c + d), c / (c + d)], atol=1e-12)


@pytest.mark.parametrize(("a", "b"), [(1, 2), (4, 5), (10, 11), (100, 101), (7, 3)])
def test_in_symmetric_games_the_branch_leads_to_the_risk_dominant_equilibrium(a, b):
    # Close to a tie the branch passes a gap between two curves, which a long step would jump.
    limit = bg.quantal_response(bg.game([[a, 0], [0, b]], [[a, 0], [0, b]])).limit
    assert limit[0].tolist() == ([1, 0] if a > b else [0, 1])
    tie = bg.quantal_response(bg.game([[a, 0], [0, a]], [[a, 0], [0, a]])).limit
    np.testing.assert_allclose(tie[0], [0.5, 0.5], atol=1e-12)


@pytest.mark.parametrize("losses", [(4, 5, 7, 6), (5, 11, 3, 1), (5, 3, 7, 11), (12, 5, 5, 12), (3, 4, 4, 3), (6, 7, 8, 7)])
def test_the_branch_is_not_left(losses):
    """Against tiny steps of the precision, with no tangents: these branches do not turn."""
    a, b, c, d = losses
    p = q = 0.5
    for lam in np.linspace(0.0, 40.0 / max(losses), 4000):
        for _ in range(40):
            s = 1 / (1 + np.exp(-lam * (a * q - b * (1 - q))))
            t = 1 / (1 + np.exp(-lam * (c * p - d * (1 - p))))
            matrix = [[1, -lam * (a + b) * s * (1 - s)], [-lam * (c + d) * t * (1 - t), 1]]
            step = np.linalg.solve(matrix, [s - p, t - q])
            p, q = p + step[0], q + step[1]
            if np.abs(step).max() < 1e-13:
                break
    found = bg.quantal_response(bg.game([[a, 0], [0, b]], [[c, 0], [0, d]]), 40.0 / max(losses))
    assert found.turning_points == ()
    np.testing.assert_allclose([found.profiles[0][0][0], found.profiles[0][1][0]], [p, q], atol=1e-9)
    # Where both equilibria risk the same product of losses (12 · 5 and 5 · 12) the branch leads to the mixed one between them.
    mixed = d / (c + d)
    assert found.limit[0][0] == pytest.approx(mixed if a * c == b * d else round(p), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=3))
def test_payoff_dominance_against_its_definition(payoffs):
    nash = bg.nash_equilibria(stage(payoffs))
    found = bg.select_equilibrium(nash, "payoff_dominant")
    best = [k for k in range(len(nash.profiles)) if (nash.payoffs[k] >= nash.payoffs - 1e-12).all()]
    assert (found.profile is None) == (not best)
    if best:
        np.testing.assert_allclose(found.payoffs, nash.payoffs[best[0]], atol=1e-12)
        assert found.status is bg.Status.solved
    else:
        assert found.status is bg.Status.failed
        assert found.reason == "no equilibrium is the best for both sides"


def test_payoff_dominance_of_textbook_games():
    assert bg.select_equilibrium(stage(STAG_HUNT["game"]["payoffs"]), "payoff_dominant").payoffs.tolist() == [10, 10]
    battle = bg.select_equilibrium(stage([[[2, 0], [0, 1]], [[1, 0], [0, 2]]]), "payoff_dominant")
    assert battle.profile is None


def test_maximum_entropy_mixes_a_continuum():
    # Everything is an equilibrium.
    flat = bg.nash_equilibria(stage([[[1, 1, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 0]]]))
    found = bg.select_equilibrium(flat, "maximum_entropy", subset=range(len(flat.profiles)))
    np.testing.assert_allclose(found.profile[0], [1 / 2, 1 / 2], atol=1e-6)
    np.testing.assert_allclose(found.profile[1], [1 / 3] * 3, atol=1e-6)
    assert found.error_bound <= 1e-9
    assert found.status is bg.Status.solved


def test_maximum_entropy_against_a_general_solver():
    # China is indifferent where the U.S. plays its first action, which is best against y with y_0 + 2 y_1 <= 1.5: a cut triangle.
    game = bg.game([[1.5, 1.5, 1.5], [1, 2, 0]], [[0, 0, 0], [0, -1, -1]])
    nash = bg.nash_equilibria(game)
    positions = [k for k, (x, _) in enumerate(nash.profiles) if x[0] == 1]
    assert len(positions) == 4
    found = bg.select_equilibrium(nash, "maximum_entropy", subset=positions)
    np.testing.assert_allclose(found.profile[1], [1 / 3] * 3, atol=1e-6)
    tighter = bg.game([[0.8, 0.8, 0.8], [1, 2, 0]], [[0, 0, 0], [0, -1, -1]])
    nash = bg.nash_equilibria(tighter)
    positions = [k for k, (x, _) in enumerate(nash.profiles) if x[0] == 1]
    found = bg.select_equilibrium(nash, "maximum_entropy", subset=positions)
    by_hand = minimize(
        lambda y: float((np.clip(y, 1e-12, None) * np.log(np.clip(y, 1e-12, None))).sum()),
        [0.2, 0.2, 0.6],
        bounds=[(0, 1)] * 3,
        constraints=[{"type": "eq", "fun": lambda y: y.sum() - 1}, {"type": "ineq", "fun": lambda y: 0.8 - y[0] - 2 * y[1]}],
        options={"ftol": 1e-14},
    ).x
    np.testing.assert_allclose(found.profile[1], by_hand, atol=1e-5)
    assert found.regret <= 1e-9


def test_maximum_entropy_without_subsets_picks_the_most_mixed_profile():
    assert bg.select_equilibrium(stage(COORDINATION), "maximum_entropy").profile[0].max() < 1


def test_selection_from_an_incomplete_list_says_so():
    nash = bg.nash_equilibria(stage(COORDINATION), method="nashpy")
    assert nash.status is bg.Status.inner_only
    assert bg.select_equilibrium(nash, "payoff_dominant").status is bg.Status.inner_only
