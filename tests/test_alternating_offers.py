"""Alternating offers: closed forms by case, the exact solver against backward induction, chains of pies, agendas."""

import numpy as np
import pytest
from catalogue import ANALYTIC
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
BOTH = pytest.mark.parametrize("method", ["exact", "induction"])


def us(*args, **options):
    return bg.alternating_offers(*args, **options).proposer_share[0]


@BOTH
@pytest.mark.parametrize(
    ("case", "arguments", "options"),
    [
        ("rubinstein_sym", lambda i: (i["delta"],), lambda i: {}),
        ("rubinstein_asym", lambda i: ((i["delta1"], i["delta2"]),), lambda i: {}),
        ("brw_breakdown", lambda i: (1, i["S"]), lambda i: {"breakdown": i["p"], "breakdown_payoffs": i["b"]}),
        ("inside_option", lambda i: (i["delta"], i["S"]), lambda i: {"inside": i["d"]}),
        ("outside_option_binding", lambda i: (i["delta"],), lambda i: {"outside": (0, i["s2"])}),
        ("outside_option_slack", lambda i: (i["delta"],), lambda i: {"outside": (0, i["s2"])}),
    ],
)
def test_stationary_cases(case, arguments, options, method):
    known = ANALYTIC[case]
    got = us(*arguments(known["inputs"]), **options(known["inputs"]), method=method)
    assert got == pytest.approx(known["expected"], abs=1e-11)


@BOTH
def test_rubinstein_limit(method):
    known = ANALYTIC["rubinstein_limit"]
    rates = known["inputs"]["r1"], known["inputs"]["r2"]
    # The induction forgets its end at rate δ_0 δ_1 a pair of periods, so its period is longer here.
    period = known["inputs"]["period"] if method == "exact" else 0.01
    got = us(tuple(np.exp(-r * period) for r in rates), method=method)
    assert got == pytest.approx(known["expected"], abs=known["tolerance"] if method == "exact" else 1e-3)


def test_stahl_deadline():
    known = ANALYTIC["stahl_deadline_T3"]
    assert us(known["inputs"]["delta"], periods=known["inputs"]["T"]) == pytest.approx(known["expected"], abs=1e-15)
    for periods in (1, 2, 7, 200, 201):
        assert us(0.9, periods=periods) == pytest.approx((1 - (-0.9) ** periods) / 1.9, abs=1e-12)
    # The last proposer takes all, without discounting too; what the deadline leaves is the responder's claim.
    assert us(1, periods=3) == 1.0
    assert us(1, periods=1, deadline_payoffs=(0, 0.3)) == pytest.approx(0.7)


@QUICK
@given(st.integers(1, 19), st.integers(1, 19), st.integers(0, 3), st.integers(0, 3), st.integers(0, 9), st.integers(0, 4))
def test_the_pie_formula(a, b, d0, d1, p, end):
    """Own δ, flows and breakdown at once, against the linear formula of the module."""
    deltas, flows, risk = (a / 20, b / 20), (d0 / 10, d1 / 10), p / 10
    alpha = [risk * end / 10 + (1 - risk) * (1 - deltas[i]) * flows[i] for i in (0, 1)]
    beta = [(1 - risk) * deltas[i] for i in (0, 1)]
    idle = [alpha[i] / (1 - beta[i]) for i in (0, 1)]
    assume(sum(idle) < 1)
    got = bg.alternating_offers(deltas, inside=flows, breakdown=risk, breakdown_payoffs=(end / 10, end / 10))
    expected = (1 - beta[1] - alpha[1] + beta[1] * alpha[0]) / (1 - beta[0] * beta[1])
    assert got.proposer_share[0] == pytest.approx(expected, abs=1e-12)
    assert got.responder_share[1] == pytest.approx(1 - expected, abs=1e-12)


@QUICK
@given(
    st.lists(st.tuples(st.integers(-3, 8), st.integers(-3, 8)), min_size=1, max_size=6),
    st.tuples(*[st.sampled_from([0.3, 0.5, 0.8, 0.93])] * 2),
    st.tuples(*[st.integers(-3, 3)] * 2),
    st.none() | st.tuples(*[st.integers(-4, 4)] * 2),
)
def test_exact_equals_induction_on_any_frontier(corners, delta, inside, outside):
    options = {"frontier": corners, "inside": inside, "outside": outside}
    try:
        exact = bg.alternating_offers(delta, **options)
    except GameError:
        # Outside options that no agreement beats: no closed form, and the message says so (tested below).
        assume(False)
    induction = bg.alternating_offers(delta, **options, method="induction")
    assert induction.status.is_answer
    np.testing.assert_allclose(exact.proposer_share, induction.proposer_share, atol=1e-8)
    np.testing.assert_allclose(exact.responder_share, induction.responder_share, atol=1e-8)
    assert exact.agreement == induction.agreement


def test_patient_offers_on_a_frontier_approach_nash_bargaining():
    corners = [[0, 0], [4, 0], [3, 2], [0, 3]]
    offers = bg.alternating_offers(0.9999, frontier=corners)
    np.testing.assert_allclose(offers.proposer_share, bg.select(corners, (0, 0)), atol=1e-3)
    # Weights r_j / (r_0 + r_1): the more patient side has the larger one.
    own = bg.alternating_offers((0.9999, 0.9998), frontier=[[4, 0], [0, 4]])
    np.testing.assert_allclose(own.proposer_share[0], bg.select([[4, 0], [0, 4]], (0, 0), weights=(2, 1))[0], atol=1e-3)


@BOTH
def test_nothing_worth_agreeing_on(method):
    offers = bg.alternating_offers(0.9, inside=(0.6, 0.6), method=method)
    assert offers.agreement == (False, False)
    assert np.isinf(offers.expected_delay).all()
    np.testing.assert_allclose(offers.proposer_share, [0.6, 0.6])
    tie = bg.alternating_offers(0.9, inside=(0.5, 0.5), method=method)
    assert tie.agreement == (True, True)


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((1,), {}, "delta 1: expected a number strictly between 0 and 1"),
        ((0.9, 0), {}, "surplus is 0: expected a positive number"),
        ((0.9,), {"breakdown": 1}, "breakdown is 1: expected a probability below 1"),
        ((0.9,), {"periods": 0}, "periods is 0: expected a positive integer"),
        ((0.9,), {"periods": 2.5}, "periods is 2.5: expected a positive integer"),
        ((0.9,), {"frontier": []}, "frontier is empty"),
        ((0.9,), {"outside": (0.7, 0.6)}, "outside: no agreement is worth"),
        ((0.9,), {"inside": (0, float("inf"))}, "inside .*: expected two finite numbers"),
        ((0.9,), {"method": "fast"}, "method 'fast'"),
    ],
)
def test_bad_input(arguments, options, words):
    with pytest.raises(GameError, match=words):
        bg.alternating_offers(*arguments, **options)


def test_max_iter_is_not_silent():
    offers = bg.alternating_offers(0.99, method="induction", max_iter=10)
    assert offers.status.name == "max_iter"
    assert np.isinf(offers.error_bound)


# A pie whose size changes


@pytest.mark.parametrize("method", ["improvement", "iteration"])
def test_merlo_wilson_two_state(method):
    case = ANALYTIC["merlo_wilson_two_state"]
    inputs = case["inputs"]
    pie = bg.stochastic_pie(inputs["c"], [inputs["prob"]] * 2, inputs["delta"], method=method)
    got = [pie.joint @ inputs["prob"], *pie.values[1, 0], pie.values[0, 0, 0]]
    np.testing.assert_allclose(got, case["expected"], atol=1e-10)
    assert pie.agreement.tolist() == [[False, False], [True, True]]


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 5), st.booleans())
def test_improvement_equals_iteration_and_optimal_stopping(seed, n, common):
    rng = np.random.default_rng(seed)
    chain = rng.dirichlet(np.ones(n), n)
    sizes, delta = rng.normal(1, 2, n), rng.uniform(0.3, 0.95, 1 if common else 2).repeat(2 if common else 1)
    chance = "alternate" if seed % 2 else rng.random(n)
    fast, slow = (bg.stochastic_pie(sizes, chain, delta, proposers=chance, method=m) for m in ("improvement", "iteration"))
    np.testing.assert_allclose(fast.values, slow.values, atol=1e-9)
    assert (fast.agreement == slow.agreement).all() or fast.ties or slow.ties
    if common:
        # The joint value is that of a single planner who may stop.
        W = np.zeros(n)
        for _ in range(2000):
            W = np.maximum(sizes, delta[0] * chain @ W)
        np.testing.assert_allclose(fast.joint, W, atol=1e-9)


def test_expected_delay_and_chains_without_agreement():
    waiting = bg.stochastic_pie([0, 5], [[0.8, 0.2], [0, 1]], 0.9)
    np.testing.assert_allclose(waiting.expected_delay, [[5, 5], [0, 0]])
    never = bg.stochastic_pie([-1, -2], [[0.5, 0.5], [0.5, 0.5]], 0.9)
    assert not never.agreement.any()
    assert np.isinf(never.expected_delay).all()
    assert (never.values == 0).all()
    flows = bg.stochastic_pie([1, 1], np.eye(2), 0.9, flows=[[2, 0], [0, 0]])
    np.testing.assert_allclose(flows.values[0, 0], [2, 0], atol=1e-12)
    assert flows.agreement.tolist() == [[False, False], [True, True]]
    # A deal that comes with some probability only: infinite delay from where it may not.
    trap = bg.stochastic_pie([0.1, 5, -1], [[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]], 0.9)
    assert np.isinf(trap.expected_delay[0]).all()
    tie = bg.stochastic_pie([0], [[1]], 0.5)
    assert tie.ties
    assert tie.agreement.all()


@pytest.mark.parametrize(
    ("sizes", "chain", "options", "words"),
    [
        ([1, 2], [[1, 0], [0.5, 0.4]], {}, r"transitions\[1\] adds up to 0.9"),
        ([1, 2], [[1]], {}, "transitions have shape"),
        ([], [], {}, "sizes have shape"),
        ([1], [[1]], {"flows": [0, 0]}, "flows have shape"),
        ([1], [[1]], {"proposers": [2]}, "proposers .*probabilities"),
        ([1], [[1]], {"proposers": "random"}, "expected 'alternate'"),
    ],
)
def test_bad_chains(sizes, chain, options, words):
    with pytest.raises(GameError, match=words):
        bg.stochastic_pie(sizes, chain, 0.9, **options)


# Several issues

ISSUES = {"R": [[0, 0], [3, 0], [0, 1]], "C": [[0, 0], [1, 0], [0, 3]]}


def test_one_issue_is_plain_alternating_offers():
    rows = bg.agendas({"R": ISSUES["R"]}, (0.9, 0.8), inside={"R": (0.3, 0.1)}).rows()
    offers = bg.alternating_offers((0.9, 0.8), frontier=ISSUES["R"], inside=(0.3, 0.1))
    assert [row["agenda"] for row in rows] == ["package", "package"]
    assert rows[0]["us"] == offers.proposer_share[0]
    assert rows[1]["us"] == offers.responder_share[0]


def test_agendas_by_backward_induction():
    """Issue by issue, against a plain recursion: the second issue is Rubinstein's, the first adds its discounted value to either side."""
    delta = 0.9
    rows = {(row["agenda"], row["opens"]): (row["us"], row["cn"]) for row in bg.agendas(ISSUES, delta).rows()}
    second = bg.alternating_offers(delta, frontier=ISSUES["C"])
    opens = [(second.proposer_share[0], second.responder_share[1]), (second.responder_share[0], second.proposer_share[1])]
    x = [(0.0, 0.0), (0.0, 0.0)]
    for _ in range(3000):
        # If the U.S. proposes (u, 1 - u/3), China opens the second issue a period later.
        floor = delta * x[1][1] - delta * opens[1][1]
        u = 3 * (1 - max(floor, 0.0))
        other = delta * x[0][0] - delta * opens[0][0]
        c = 1 - max(other, 0.0) / 3
        x = [
            (u + delta * opens[1][0], 1 - u / 3 + delta * opens[1][1]),
            (3 * (1 - c) + delta * opens[0][0], c + delta * opens[0][1]),
        ]
    np.testing.assert_allclose(rows["R, C", "U.S."], x[0], atol=1e-9)
    np.testing.assert_allclose(rows["R, C", "China"], x[1], atol=1e-9)
    # The package is on the frontier of the sum; issue by issue is not.
    assert sum(rows["package", "U.S."]) > max(sum(rows[agenda, "U.S."]) for agenda in ("R, C", "C, R"))


def test_agenda_errors():
    with pytest.raises(GameError, match="expected each of R, C once"):
        bg.agendas(ISSUES, 0.9, orders=[("R", "R")])
    with pytest.raises(GameError, match="no agreement is as good for both as leaving it open"):
        bg.agendas(ISSUES, 0.9, inside={"R": (2, 2)})
