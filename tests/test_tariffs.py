"""The trade model against two independent implementations, the published tables, and what any general equilibrium must satisfy."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargaining.kernels import armington
from bargaining.scenarios import ScenarioError, scenario, tariffs
from bargaining.scenarios.tariffs import CLOSURES, indifference_weight, political_payoffs, tariff_table

ORACLE = json.loads((Path(__file__).parent / "cases" / "tariff_oracle.json").read_text(encoding="utf-8"))
TRUCE = 1


def table(closure, epsilon=1.53, us=(0.118, 0.404, 0.557, 1.137), cn=(0.212, 0.326, 0.566, 1.476)):
    return tariff_table(us, cn, epsilon=epsilon, closure=closure)


@pytest.mark.parametrize("case", ORACLE["tables"], ids=lambda case: f"{case['closure']}-{case['epsilon']}-{case['set']}")
def test_oracle_table(case):
    found = table(case["closure"], case["epsilon"], case["us_tariff_on_cn"], case["cn_tariff_on_us"])
    relative = found.welfare_busd - found.welfare_busd[:, TRUCE : TRUCE + 1, TRUCE : TRUCE + 1]
    for player, side in enumerate(("us", "cn")):
        np.testing.assert_allclose(relative[player], case[f"{side}_welfare_busd_90d_rel_truce"], atol=0.01, rtol=0)
        np.testing.assert_allclose(100 * found.welfare_share[player], case[f"{side}_welfare_pct_vs_jan2025"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(found.imports_busd[0], case["us_imports_from_cn_busd_90d"], atol=0.01, rtol=0)
    np.testing.assert_allclose(found.imports_busd[1], case["cn_imports_from_us_busd_90d"], atol=0.01, rtol=0)
    np.testing.assert_allclose(found.welfare_busd[:, TRUCE, TRUCE], case["truce_truce_vs_jan2025_busd_90d"], atol=0.01, rtol=0)
    base = found.imports_busd[:, 0, 0] * 365 / 90
    np.testing.assert_allclose(base, list(case["base_imports_busd_yr"].values()), atol=0.01, rtol=0)


@pytest.mark.parametrize("case", ORACLE["calibration_5a_rows"], ids=lambda case: case["regime"])
@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("epsilon", [1.53, 4.0])
def test_regimes(case, closure, epsilon):
    expected = case[f"{closure}|eps={epsilon}"]
    found = tariff_table([case["t_us"]], [case["t_cn"]], epsilon=epsilon, closure=closure)
    for player, side in enumerate(("us", "cn")):
        assert found.welfare_busd[player, 0, 0] == pytest.approx(expected[f"{side}_busd_90d"], abs=0.01)
        assert 100 * found.welfare_share[player, 0, 0] == pytest.approx(expected[f"{side}_pct"], abs=0.001)


MOVES = {
    "us_truce_to_snap": (0, (1, 1), (2, 1)),
    "us_truce_to_peak": (0, (1, 1), (3, 1)),
    "us_deal_to_truce": (0, (0, 1), (1, 1)),
    "cn_deal_to_truce": (1, (1, 0), (1, 1)),
    "cn_truce_to_snap": (1, (1, 1), (1, 2)),
}


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize("move", MOVES)
def test_indifference_weights_on_the_models_own_imports(closure, move):
    found = table(closure)
    player, hold, left = MOVES[move]
    scale = found.imports_observed_busd[player, 0, 0] / found.imports_busd[player, 0, 0]
    expected = ORACLE["best_response_and_political_weight"][f"{closure}|eps=1.53"][move]
    assert indifference_weight(found, player, hold, left) * scale == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize(
    ("closure", "move", "expected"),
    [
        ("own_income", "us_truce_to_snap", 0.13),
        ("balanced", "us_truce_to_snap", 0.17),
        ("own_income", "us_truce_to_peak", 0.34),
        ("balanced", "us_truce_to_peak", 0.33),
        ("own_income", "cn_deal_to_truce", 0.11),
        ("balanced", "cn_truce_to_snap", 0.285),
    ],
)
def test_indifference_weights_on_observed_imports(closure, move, expected):
    found = table(closure)
    weight = indifference_weight(found, *MOVES[move])
    assert weight == pytest.approx(expected, abs=0.005)
    player, hold, left = MOVES[move]
    payoffs = political_payoffs(found, (weight, weight))
    assert payoffs[(player, *hold)] == pytest.approx(payoffs[(player, *left)], abs=1e-9)


@pytest.mark.parametrize(("closure", "us", "cn"), [("balanced", 2.85, 8.86), ("world_share", 2.04, 18.85), ("own_income", -2.39, 11.50)])
def test_gain_from_rollback_changes_sign_with_the_closure_for_the_us_only(closure, us, cn):
    found = table(closure)
    gain = found.welfare_busd[:, 0, 0] - found.welfare_busd[:, 1, 1]
    np.testing.assert_allclose(gain, [us, cn], atol=0.01)


@pytest.mark.parametrize(
    ("closure", "points", "us", "cn"),
    [
        ("own_income", 0.54, -0.09, -0.47),
        ("own_income", 1.08, -0.28, -0.71),
        ("balanced", 0.54, -0.20, -0.39),
        ("balanced", 1.08, -0.38, -0.63),
    ],
)
def test_war_with_china_only(closure, points, us, cn):
    found = table(closure, 1.53, [0.118 + points], [0.212 + points])
    np.testing.assert_allclose(100 * found.welfare_share[:, 0, 0], [us, cn], atol=0.006)


def best_us_tariff(on_row):
    levels = np.arange(0.2, 0.7, 0.01)
    welfare = tariff_table(levels, [0.326], epsilon=1.53, us_on_row=on_row).welfare_busd[0, :, 0]
    return levels[welfare.argmax()]


def test_a_tariff_on_the_rest_of_the_world_raises_the_us_best_response():
    assert best_us_tariff(0.0) == pytest.approx(0.36, abs=0.006)
    assert best_us_tariff(0.15) == pytest.approx(0.51, abs=0.006)


# What any equilibrium must satisfy


def plain_welfare(epsilon, closure, us, cn, on_row):
    """The model again in plain numpy, by raising the wage where there is excess demand (no Newton step, no shared code)."""
    flows = np.array([[0, 145.33, 1713.39], [440.48, 0, 2903.1], [2462.13, 1898.53, 0]])
    income = np.array([27843.3, 17794.8, 59673.5])
    base, new = np.zeros((3, 3)), np.zeros((3, 3))
    base[1, 0], base[0, 1] = 0.118, 0.212
    new[1, 0], new[0, 1], new[2, 0] = us, cn, on_row

    def equilibrium(shares, income, transfers, base, new):
        wages = np.ones(3)
        for _ in range(20_000):
            wages = wages * income.sum() / (wages @ income)
            terms = shares * (wages[:, None] * (1 + new) / (1 + base)) ** -epsilon
            prices = terms.sum(axis=0) ** (-1 / epsilon)
            shares_new = terms / terms.sum(axis=0)
            moved = transfers * wages if closure == "own_income" else transfers.copy()
            moved[2] = -moved[0] - moved[1]
            spending = (wages * income + moved) / (1 - (shares_new * new / (1 + new)).sum(axis=0))
            sold = shares_new * spending / (1 + new)
            gap = sold.sum(axis=1) / (wages * income) - 1
            if abs(gap).max() < 1e-13:
                break
            wages = wages * (1 + 0.5 * gap)
        return wages, prices, spending, sold

    spending = income - flows.sum(axis=1) + (flows * (1 + base)).sum(axis=0)
    shares = flows * (1 + base) / spending
    np.fill_diagonal(shares, (income - flows.sum(axis=1)) / spending)
    transfers = flows.sum(axis=0) - flows.sum(axis=1)
    if closure == "balanced":
        transfers = np.zeros(3)
        wages, _, spending, sold = equilibrium(shares, income, transfers, base, base)
        shares, income = sold * (1 + base) / spending, wages * income
    _, prices, spent, sold = equilibrium(shares, income, transfers, base, new)
    return (spent / spending / prices - 1)[:2], np.array([sold[1, 0], sold[0, 1]]) * 90 / 365


@pytest.mark.parametrize("closure", CLOSURES)
@pytest.mark.parametrize(("epsilon", "us", "cn", "on_row"), [(1.53, 0.557, 0.566, 0.0), (4.0, 1.137, 0.326, 0.1), (1.1, 0.03, 1.476, 0.15)])
def test_a_plain_implementation_agrees(closure, epsilon, us, cn, on_row):
    found = tariff_table([us], [cn], epsilon=epsilon, closure=closure, us_on_row=on_row)
    welfare, imports = plain_welfare(epsilon, closure, us, cn, on_row)
    np.testing.assert_allclose(found.welfare_share[:, 0, 0], welfare, atol=1e-10, rtol=0)
    np.testing.assert_allclose(found.imports_busd[:, 0, 0], imports, rtol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    epsilon=st.floats(0.1, 20),
    closure=st.sampled_from(CLOSURES),
    us=st.floats(0, 5),
    cn=st.floats(0, 5),
    on_row=st.floats(0, 1),
)
def test_markets_clear(epsilon, closure, us, cn, on_row):
    found = tariff_table([0.118, us], [0.212, cn], epsilon=epsilon, closure=closure, us_on_row=on_row)
    assert found.residual < 1e-10
    assert np.isfinite(found.welfare_busd).all()


@settings(max_examples=60, deadline=None)
@given(
    log_wages=st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    epsilon=st.floats(0.2, 8),
    closure=st.sampled_from([armington.OWN_INCOME, armington.BALANCED, armington.WORLD_SHARE]),
    seed=st.integers(0, 1000),
)
def test_walras_law_holds_away_from_equilibrium(log_wages, epsilon, closure, seed):
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(3), size=3).T.copy()
    tariffs_, income, transfers = random.uniform(0, 1, (3, 3)), random.uniform(1, 5, 3), random.normal(0, 0.1, 3)
    transfers[2] = -transfers[0] - transfers[1]
    wages, prices, spending, excess, flows = *(np.zeros(3) for _ in range(4)), np.zeros((3, 3))
    change = np.ones((3, 3))
    armington.excess_demand(
        *log_wages, shares, change, tariffs_, income, transfers, epsilon, closure, wages, prices, spending, flows, excess
    )
    assert abs((excess * wages * income).sum()) < 1e-12 * income.sum()
    assert abs(excess).max() > 1e-6
    assert wages @ income == pytest.approx(income.sum())


@pytest.mark.parametrize("closure", [armington.OWN_INCOME, armington.BALANCED, armington.WORLD_SHARE])
def test_equal_countries_fare_equally(closure):
    flows = np.array([[0.0, 10, 20], [10, 0, 20], [20, 20, 0]])
    levels = np.array([0.1, 0.4, 1.2])
    welfare, trade, base_trade = np.zeros((2, 3, 3)), np.zeros((2, 3, 3)), np.zeros(2)
    _, converged = armington.solve_table(
        flows, np.array([100.0, 100, 200]), 0.1, 0.1, levels, levels, 0.0, 2.0, closure, 100, welfare, trade, base_trade
    )
    assert converged
    np.testing.assert_allclose(welfare[0], welfare[1].T, atol=1e-12)
    np.testing.assert_allclose(trade[0], trade[1].T, rtol=1e-11)
    assert abs(welfare[:, 0, 0]).max() < 1e-12
    assert welfare[0, 0, 2] < 0 < trade[0, 0, 0]


def test_unchanged_tariffs_reproduce_the_observed_flows():
    for closure in ("own_income", "world_share"):
        found = tariff_table([0.118], [0.212], epsilon=2.0, closure=closure)
        assert abs(found.welfare_share).max() < 1e-12
        np.testing.assert_allclose(found.imports_busd[:, 0, 0], np.array([440.48, 145.33]) * 90 / 365, rtol=1e-12)


def test_the_interpreted_kernel_agrees():
    code = (
        "from bargaining.scenarios.tariffs import tariff_table, CLOSURES\n"
        "for c in CLOSURES:\n"
        "    t = tariff_table([0.404, 1.137], [0.326, 1.476], epsilon=1.53, closure=c, us_on_row=0.1)\n"
        "    print(*map(repr, map(float, [*t.welfare_busd.ravel(), *t.imports_observed_busd.ravel()])))\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
    for closure, line in zip(CLOSURES, printed.splitlines(), strict=True):
        found = tariff_table([0.404, 1.137], [0.326, 1.476], epsilon=1.53, closure=closure, us_on_row=0.1)
        compiled = [*found.welfare_busd.ravel(), *found.imports_observed_busd.ravel()]
        np.testing.assert_allclose([float(word) for word in line.split()], compiled, rtol=1e-10, atol=1e-10)


# Levels, political term, bad input


def test_levels_are_recomputed_from_facts():
    us, cn = scenario("standoff").values.tariff_levels()
    np.testing.assert_allclose(us, [0.118, 0.404, 0.557, 1.137], atol=0.0005)
    np.testing.assert_allclose(cn, [0.212, 0.326, 0.566, 1.476], atol=0.0005)
    quiet_exemptions = scenario("standoff", reciprocal_coverage_cn_share=0.75).values.tariff_levels()[1]
    np.testing.assert_allclose(quiet_exemptions, [0.212, 0.326, 0.326 + 0.18, 0.326 + 0.75 * 1.15], atol=1e-12)


def test_the_games_tariff_payoffs_are_the_oracle_plus_the_political_term():
    (case,) = (case for case in ORACLE["tables"] if case["closure"] == "own_income")
    stage = scenario("standoff").game().stage.issues["T"]
    for player, (side, rival, weight) in enumerate((("us", "cn", 0.20), ("cn", "us", 0.12))):
        imports = np.array(case[f"{side}_imports_from_{rival}_busd_90d"])
        expected = np.array(case[f"{side}_welfare_busd_90d_rel_truce"]) - weight * (imports - imports[1, 1])
        np.testing.assert_allclose(stage.payoffs[player], expected, atol=0.015, rtol=0)
    assert stage.actions == (tariffs.LEVELS, tariffs.LEVELS)
    assert (stage.payoffs[:, 1, 1] == 0).all()


def test_the_deficit_variant_weighs_imports_less_exports():
    found = table("own_income")
    np.testing.assert_allclose(found.deficit_observed_busd[0], -found.deficit_observed_busd[1])
    payoffs = political_payoffs(found, (0.2, 0.0), "deficit")
    expected = found.welfare_busd[0] - 0.2 * (found.imports_observed_busd[0] - found.imports_observed_busd[1])
    np.testing.assert_allclose(payoffs[0], expected)
    imports, deficit = (scenario("standoff", political_term=term).game().stage.issues["T"].payoffs for term in ("imports", "deficit"))
    assert abs(imports - deficit).max() > 0.1


def test_wages_that_are_not_found_are_refused(monkeypatch):
    monkeypatch.setattr(tariffs, "_MAX_ITER", 1)
    with pytest.raises(ScenarioError, match=r"trade model \(own_income, elasticity 1\.53\): no market-clearing wages"):
        tariff_table([1.137], [1.476], epsilon=1.53)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"epsilon": 0.0}, "expected a positive number"),
        ({"epsilon": float("nan")}, "expected a positive number"),
        ({"closure": "balance"}, "unknown closure 'balance'"),
        ({"us_on_row": -1.0}, "expected finite shares above -1"),
        ({"base": (float("inf"), 0.2)}, "expected finite shares above -1"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ScenarioError, match=message):
        tariff_table([0.4], [0.3], **{"epsilon": 1.53, **arguments})
