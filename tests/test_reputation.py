"""Wars of attrition and reputations: closed forms by case, indifference by quadrature, several types as a fixed point."""

import numpy as np
import pytest
from catalogue import ANALYTIC
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError

QUICK = settings(max_examples=12, deadline=None, derandomize=True)


def test_abreu_gul_two_types():
    case = ANALYTIC["abreu_gul_two_types"]
    i = case["inputs"]
    war = bg.concession(i["alpha"], i["r"], i["z"])
    got = [*war.rates, war.horizon, *war.immediate, *war.payoffs]
    np.testing.assert_allclose(got, case["expected"], rtol=0, atol=1e-12)


def test_fearon_delay():
    case = ANALYTIC["fearon_delay"]
    a, b, r = (case["inputs"][k] for k in "abr")
    war = bg.concession((a, a), (r, r), concessions=(b, b))
    np.testing.assert_allclose([war.rates[0], war.expected_delay, war.efficiency[0]], case["expected"], rtol=0, atol=1e-12)
    # A war of attrition leaves nothing but the worse deal, and lasts longer the more patient the sides are.
    assert war.payoffs.tolist() == [b, b]
    assert bg.concession((a, a), (r / 2, r / 2), concessions=(b, b)).expected_delay == 2 * war.expected_delay
    assert war.stalemate == 0.0


def waiting_payoffs(war, demands, concessions, rates, times, points=200_001):
    """What each side gets by conceding at `times`, by quadrature over when the other concedes."""
    grid = np.linspace(0.0, war.horizon, points)
    done = war.conceded(grid)
    found = []
    for i in (0, 1):
        density = np.gradient(done[1 - i], grid)
        flow = demands[i] * np.exp(-rates[i] * grid) * density
        kept = demands[i] * done[1 - i][0] + np.concatenate([[0.0], np.cumsum(0.5 * np.diff(grid) * (flow[1:] + flow[:-1]))])
        value = kept + concessions[i] * np.exp(-rates[i] * grid) * (1.0 - done[1 - i])
        found.append(np.interp(times, grid, value))
    return np.array(found)


@QUICK
@given(
    st.tuples(*[st.sampled_from([0.55, 0.6, 0.75, 0.9])] * 2),
    st.tuples(*[st.sampled_from([0.05, 0.1, 0.3])] * 2),
    st.tuples(*[st.sampled_from([0.01, 0.05, 0.2])] * 2),
)
def test_every_moment_of_conceding_pays_the_same(demands, rates, obstinate):
    war = bg.concession(demands, rates, obstinate)
    times = np.linspace(0.05, 0.95, 7) * war.horizon
    concessions = 1.0 - np.array(demands)[::-1]
    got = waiting_payoffs(war, demands, concessions, rates, times)
    np.testing.assert_allclose(got, np.broadcast_to(war.payoffs[:, None], got.shape), atol=2e-6)
    # Reputations are complete together, and only one side concedes at the start.
    np.testing.assert_allclose(1.0 - war.conceded([war.horizon])[:, 0], obstinate, atol=1e-12)
    assert war.immediate.min() == 0.0
    assert war.stalemate == pytest.approx(obstinate[0] * obstinate[1])
    grid = np.linspace(0, war.horizon, 200_001)
    open_ = 1 - war.settled(grid)
    delay = np.trapezoid(open_ - war.stalemate, grid) / (1 - war.stalemate)
    assert war.expected_delay == pytest.approx(delay, rel=1e-6)
    discounted = war.settled([0.0])[0] + np.trapezoid(-np.gradient(open_, grid) * np.exp(-rates[0] * grid), grid)
    assert war.efficiency[0] == pytest.approx(discounted, rel=1e-5)


def test_one_obstinate_side_wins_at_once():
    war = bg.concession((0.6, 0.7), (0.1, 0.1), (0.01, 0))
    assert war.immediate.tolist() == [0.0, 1.0]
    np.testing.assert_allclose(war.payoffs, [0.6, 0.4])
    assert war.expected_delay == 0.0


def test_no_concession_without_something_to_concede_to():
    war = bg.concession((1, 1), (0.1, 0.1), concessions=(0, 0))
    assert np.isinf(war.expected_delay)
    assert war.rates.tolist() == [0.0, 0.0]
    assert (war.payoffs == 0).all()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (((0.4, 0.5), (0.1, 0.1)), {}, "demands .* are compatible"),
        (((0.5, 0.5), (0.1, 0.1)), {}, "compatible"),
        (((0.6, 0.6), (0, 0.1)), {}, "rates .*two positive"),
        (((0.6, 0.6), (0.1, 0.1), (1, 0)), {}, r"obstinate .*\[0, 1\)"),
        (((0.6, 0.6), (0.1, 0.1)), {"concessions": (-1, 0)}, "no worse than disagreement"),
        (((0.6,), (0.1, 0.1)), {}, "expected two numbers"),
    ],
)
def test_bad_input(arguments, options, words):
    with pytest.raises(GameError, match=words):
        bg.concession(*arguments, **options)


# Several types


def test_one_type_a_side_is_the_closed_form():
    i = ANALYTIC["abreu_gul_two_types"]["inputs"]
    play = bg.reputation([i["alpha"][0]], [i["alpha"][1]], [i["z"][0]], [i["z"][1]], i["r"])
    np.testing.assert_allclose(play.payoffs, ANALYTIC["abreu_gul_two_types"]["expected"][5:], atol=1e-9)
    # Conceding at once is accepting: with the probability of being normal it is F_2(0).
    assert play.accept[0] * (1 - i["z"][1]) == pytest.approx(ANALYTIC["abreu_gul_two_types"]["expected"][4], abs=1e-9)


types = st.lists(st.sampled_from([0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]), min_size=1, max_size=3, unique=True)


@QUICK
@given(types, types, st.tuples(*[st.sampled_from([0.05, 0.1, 0.2])] * 2), st.sampled_from([0.005, 0.02, 0.1]))
def test_the_fixed_point_over_types(us, cn, rates, prior):
    """Equilibrium conditions one by one, recomputed from the answer with the two-type closed form."""
    z, y = np.full(len(us), prior), np.full(len(cn), prior)
    play = bg.reputation(us, cn, z, y, rates)
    assert play.residual < 1e-7
    assert play.mimic_us.sum() == pytest.approx(1)
    values = []
    for k, a in enumerate(us):
        assert play.mimic_cn[k].sum() + play.accept[k] == pytest.approx(1)
        pi = z[k] / (z[k] + (1 - z.sum()) * play.mimic_us[k])
        value, options = (1 - y.sum()) * play.accept[k] * a, [1 - a]
        for n, b in enumerate(cn):
            if a + b <= 1 + 1e-12:
                assert play.mimic_cn[k, n] == 0
                value += y[n] * a
                continue
            rho = y[n] / (y[n] + (1 - y.sum()) * play.mimic_cn[k, n])
            if max(pi, rho) < 1:
                war = bg.concession((a, b), rates, (pi, rho))
                value += (y[n] + (1 - y.sum()) * play.mimic_cn[k, n]) * war.payoffs[0]
                options.append(war.payoffs[1])
                if play.mimic_cn[k, n] > 1e-6:
                    assert war.payoffs[1] == pytest.approx(max(options), abs=1e-6)
                    assert play.accept[k] < 1e-6 or war.payoffs[1] == pytest.approx(1 - a, abs=1e-6)
            else:
                value += y[n] * (1 - b)
        values.append(value)
    for k, value in enumerate(values):
        assert value <= play.payoffs[0] + 1e-6
        if play.mimic_us[k] > 1e-6:
            assert value == pytest.approx(play.payoffs[0], abs=1e-6)
    assert (play.loss >= 0).all()
    assert (play.loss < 1).all()
    assert play.expected_delay >= 0


def test_small_priors_give_rubinstein_shares():
    """Abreu and Gul: with a rich set of types and vanishing priors the payoffs are those of r_j / (r_i + r_j)."""
    grid = np.linspace(0.05, 0.95, 19)
    gaps = []
    for prior in (1e-4, 1e-16):
        play = bg.reputation(grid, grid, np.full(19, prior / 19), np.full(19, prior / 19), (0.1, 0.2))
        gaps.append(np.abs(play.payoffs - [2 / 3, 1 / 3]).max())
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.07


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0.6, 0.6], [0.7], [0.1, 0.1], [0.1]), "demands_us .*distinct"),
        (([0.6], [1.0], [0.1], [0.1]), "demands_cn .*strictly between"),
        (([0.6], [0.7], [0.0], [0.1]), "priors_us .*positive"),
        (([0.6], [0.7], [0.5, 0.1], [0.1]), "have shapes"),
    ],
)
def test_bad_types(arguments, words):
    with pytest.raises(GameError, match=words):
        bg.reputation(*arguments, (0.1, 0.1))


def test_demands_of_two_deals():
    demands, concessions = bg.frontier_demands([(3, 2), (1, 4)], (0, 1))
    war = bg.concession(demands, (0.1, 0.1), concessions=concessions)
    assert war.rates.tolist() == [0.05, 0.05]
