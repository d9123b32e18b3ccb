"""The two stories: their parameters and sources, their payoffs against closed forms, what they say, and how they refuse."""

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargaining.games import IssueGame, RepeatedGame
from bargaining.scenarios import ScenarioError, names, rare_earths, scenario, tariffs
from bargaining.scenarios.chips import coercion_bound, countermeasure_swap_delta, joint_surplus_bound
from bargaining.scenarios.parameters import PERIODS_A_YEAR, fact, facts, priors
from bargaining.scenarios.rare_earths import embargo_revenue, fitted_elasticity, output_loss

MARKET = 1.2 / 29184.89
DERIVED = {
    "reciprocal_coverage_us_share",
    "reciprocal_coverage_cn_share",
    "withhold_loss_us_busd",
    "withhold_revenue_loss_cn_busd",
    "ai_curb_revenue_busd",
}
# Fields of the calibrated game that are a fact or a choice and so have no prior.
WITHOUT_PRIOR = {"tariff_us_peak_share", "tariff_cn_deal_share", "tariff_cn_truce_share", "political_term"}
# Priors of things that a repeated game without states has no room for.
FOR_DYNAMIC_STORIES = {
    "tariff_us_fentanyl_points",
    "first_period_buffer_share",
    "truce_survival_90d_share",
    "court_strike_probability_share",
    "court_delay_periods",
    "fallback_recovery_share",
    "fallback_lag_days",
    "rare_earth_leverage_half_life_years",
    "chip_leverage_half_life_years",
    "licence_periods",
}


def payoffs(story):
    return {name: stage.payoffs for name, stage in story.game().stage.issues.items()}


# Parameters and their records


def rows(**overrides):
    return {row["field"]: row for row in scenario("standoff", **overrides).parameters()}


def test_every_field_has_a_prior_record_with_its_central_value():
    found = rows()
    assert len(found) == 38
    assert set(found) - set(priors()) == WITHOUT_PRIOR
    assert set(priors()) - set(found) == FOR_DYNAMIC_STORIES
    for field in set(found) & set(priors()):
        prior, row = priors()[field], found[field]
        assert (row["central"], row["low"], row["high"]) == (prior.central, prior.low, prior.high)
        assert row["source_ids"] == prior.source_ids
        assert row["distribution"] == prior.distribution
        assert row["status"] in {"source", "derived", "assumption", "modelling choice"}
        assert row["status"] in prior.status
        if field not in DERIVED:
            assert row["value"] == prior.central
        if prior.low is not None:
            assert prior.low <= row["value"] <= prior.high
            assert "outside its range" not in row["note"]


def test_derived_values_are_recomputed_and_round_to_their_records():
    found = rows()
    assert {field for field, value in scenario("standoff").values if value is None} == DERIVED
    for field in DERIVED:
        central = priors()[field].central
        digits = len(str(central).partition(".")[2])
        assert round(found[field]["value"], digits) == central, field
    assert found["reciprocal_coverage_us_share"]["value"] == pytest.approx((113.73 - 40.38) / 115)
    assert found["ai_curb_revenue_busd"]["value"] == pytest.approx(40 * 0.58 * 90 / 365)
    assert found["withhold_revenue_loss_cn_busd"]["value"] == pytest.approx(0.74 * embargo_revenue())


def test_derived_values_follow_what_they_are_derived_from_unless_set():
    low, high = (scenario("standoff", withhold_flow_share=q).resolved() for q in (0.20, 0.36))
    assert low["withhold_loss_us_busd"] == pytest.approx(0.015 * 29184.89 / PERIODS_A_YEAR)
    assert high["withhold_loss_us_busd"] == pytest.approx(7.26, abs=0.005)
    assert high["withhold_revenue_loss_cn_busd"] < low["withhold_revenue_loss_cn_busd"]
    assert scenario("standoff", withhold_loss_us_busd=20.0, withhold_flow_share=0.2).resolved()["withhold_loss_us_busd"] == 20.0
    assert scenario("standoff", cn_ai_chip_market_busd_yr=50.0).resolved()["ai_curb_revenue_busd"] == pytest.approx(50 * 0.58 * 90 / 365)


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("q_us_2025q2", (fact("magnet_us_2025-04") + fact("magnet_us_2025-05") + fact("magnet_us_2025-06")) / 3 / 600),
        ("ces_sigma_one", fitted_elasticity(0.015, market_share=MARKET)),
        ("ces_two_sigma_in", fitted_elasticity(0.015, market_share=MARKET, form="two_tier", exposed=0.04)),
        ("delta_eff_us", scenario("standoff").values.deltas()[0]),
        ("delta_eff_cn", scenario("standoff").values.deltas()[1]),
    ],
)
def test_derived_records_are_what_the_package_computes(id, value):
    record = facts()[id].value
    assert value == pytest.approx(record, abs=0.51 * 10 ** -len(str(record).partition(".")[2]))


def test_every_source_id_is_a_record_and_every_fact_read_is_a_source(monkeypatch):
    story, read = scenario("standoff"), set()

    def recorded(id):
        read.add(id)
        return fact(id)

    tariffs._world.cache_clear()
    for module in (tariffs, rare_earths):
        monkeypatch.setattr(module, "fact", recorded)
    story.game()
    sources = [record.id for record in story.sources()]
    assert len(sources) == len(set(sources)) > 60
    assert read <= set(sources)
    assert {"gdp_us_2024", "flow_cn_us_2023", "headline_peak_cn", "cn_magnet_exports_t"} <= read
    for prior in priors().values():
        assert set(prior.source_ids) <= set(facts())
        assert {field for field, _ in prior.correlated_with} <= set(priors())


def test_records_are_complete_and_read_only():
    assert (len(facts()), len(priors())) == (285, 44)
    with pytest.raises(AttributeError):
        facts()["gdp_us_2024"].value = 1.0
    with pytest.raises(TypeError):
        facts()["gdp_us_2024"] = None
    with pytest.raises(ScenarioError, match=r"unknown fact 'gdp_us_2042' \(did you mean 'gdp_us_20"):
        fact("gdp_us_2042")
    with pytest.raises(ScenarioError, match="fact 'ev_00' is an event"):
        fact("ev_00")


def test_rows_say_what_a_value_is():
    found = rows(curb_security_ratio=4.5)
    assert found["curb_security_ratio"]["note"].startswith("outside its range 0.5 to 4.")
    assert found["political_weight_us_usd_per_usd"]["status"] == "assumption"
    assert found["political_weight_us_usd_per_usd"]["unit"] == "$ per $ of imports"
    assert found["us_rare_earth_market_busd_yr"]["unit"] == "$bn a year"
    assert found["withhold_loss_us_busd"]["unit"] == "$bn per 90 days"
    assert all(row["unit"] for row in found.values() if not isinstance(row["value"], str))


# Rare earths


@pytest.mark.parametrize(("flow", "percent", "digits"), [(0.26, 0.456, 3), (0.36, 0.10, 2), (0.2, 1.5, 9), (1.0, 0.0, 9)])
def test_one_tier_loss(flow, percent, digits):
    elasticity = fitted_elasticity(0.015, market_share=MARKET)
    assert elasticity == pytest.approx(0.177, abs=0.0005)
    loss = output_loss(flow, elasticity, market_share=MARKET)
    assert 100 * loss == pytest.approx(percent, abs=0.51 * 10**-digits)
    power = (elasticity - 1) / elasticity
    assert loss == pytest.approx(1 - ((1 - MARKET) + MARKET * flow**power) ** (1 / power), abs=1e-12)


@pytest.mark.parametrize(("exposed", "percent"), [(0.04, 0.70), (0.02, 0.96)])
def test_two_tiers_raise_the_loss(exposed, percent):
    elasticity = fitted_elasticity(0.015, market_share=MARKET, form="two_tier", exposed=exposed)

    def plain(flow):
        power, outer = (elasticity - 1) / elasticity, (0.9 - 1) / 0.9
        inner = ((1 - MARKET / exposed) + MARKET / exposed * flow**power) ** (1 / power)
        return 1 - ((1 - exposed) + exposed * inner**outer) ** (1 / outer)

    assert plain(0.2) == pytest.approx(0.015, abs=1e-11)
    assert 100 * plain(0.26) == pytest.approx(percent, abs=0.005)
    assert output_loss(0.26, elasticity, market_share=MARKET, form="two_tier", exposed=exposed) == pytest.approx(plain(0.26), abs=1e-12)
    assert scenario("standoff", ces_form="two_tier", exposed_gdp_share=exposed).resolved()["withhold_loss_us_busd"] == pytest.approx(
        plain(0.26) * 29184.89 * 90 / 365
    )


@settings(max_examples=200, deadline=None)
@given(
    loss=st.floats(0.005, 0.02),
    market=st.floats(0.17, 3.0),
    form=st.sampled_from(["one_tier", "two_tier"]),
    exposed=st.floats(0.02, 0.08),
    flow=st.floats(0.2, 0.36),
)
def test_the_fit_holds_over_the_ranges(loss, market, form, exposed, flow):
    share = market / 29184.89
    elasticity = fitted_elasticity(loss, market_share=share, form=form, exposed=exposed)
    assert 0 < elasticity < 1
    assert output_loss(0.2, elasticity, market_share=share, form=form, exposed=exposed) == pytest.approx(loss, rel=1e-9)
    assert 0 < output_loss(flow, elasticity, market_share=share, form=form, exposed=exposed) <= loss * (1 + 1e-9)


def test_elasticities_above_one_and_none_at_all():
    substitutes = fitted_elasticity(0.85 * 0.01, market_share=0.01)
    assert substitutes > 1
    assert output_loss(0.2, substitutes, market_share=0.01) == pytest.approx(0.0085)
    for impossible in (0.005, 0.9):
        with pytest.raises(ScenarioError, match="80 % cut"):
            fitted_elasticity(impossible, market_share=0.01)
    with pytest.raises(ScenarioError, match=r"scenario 'standoff': .*cannot be reached .* in the exposed share 0\.0001"):
        scenario("standoff", ces_form="two_tier", exposed_gdp_share=1e-4)


def test_rare_earth_payoffs():
    issue = payoffs(
        scenario(
            "standoff",
            withhold_strategic_value_cn_busd=1.0,
            military_value_us_busd=2.0,
            military_cost_cn_ratio=1.5,
            civil_only_loss_us_busd=0.5,
        )
    )["R"]
    resolved = scenario("standoff").resolved()
    np.testing.assert_allclose(issue[0, 0], [0.5 - resolved["withhold_loss_us_busd"], 0, 2.0])
    np.testing.assert_allclose(issue[1, 0], [1.0 - resolved["withhold_revenue_loss_cn_busd"], 0, -3.0])
    assert resolved["withhold_loss_us_busd"] == pytest.approx(32.8, abs=0.05)


# Chips and countermeasures

CHIPS = {
    "chip_self_reliance_cn_share": st.floats(0, 1.1),
    "cn_domestic_chip_share": st.floats(0.34, 0.46),
    "chip_rent_share": st.floats(0.5, 0.71),
    "chip_substitution_elasticity_ratio": st.floats(2, 5),
    "cn_ai_chip_market_busd_yr": st.floats(37, 50),
}


@settings(max_examples=50, deadline=None)
@given(st.fixed_dictionaries(CHIPS))
def test_joint_surplus_of_easing_vanishes_at_the_bound_whatever_the_market(chips):
    chi = chips["chip_self_reliance_cn_share"]
    bound = joint_surplus_bound(chi, chips["cn_domestic_chip_share"], chips["chip_rent_share"], chips["chip_substitution_elasticity_ratio"])
    issue = payoffs(scenario("standoff", **chips, curb_security_ratio=max(bound, 0.0)))["A"]
    if bound >= 0:
        assert issue[:, 1, 0].sum() == pytest.approx(0, abs=1e-9)
    assert (issue[:, 0, 0] == 0).all()
    if abs(chi - 1) > 1e-9:
        assert (bound < 1) == (chi > 1)


def test_joint_surplus_bound_values():
    assert joint_surplus_bound(0.2, 0.42, 0.6, 3) == pytest.approx(2.00, abs=0.005)
    assert joint_surplus_bound(0.0, 0.42, 0.6, 3) == pytest.approx(2.25, abs=0.005)
    corners = [joint_surplus_bound(0.0, share, rent, e) for share in (0.34, 0.46) for rent in (0.5, 0.71) for e in (2, 5)]
    assert (round(min(corners), 1), round(max(corners), 1)) == (1.5, 4.3)


def test_chip_payoffs():
    issue = payoffs(scenario("standoff"))["A"]
    assert issue[0, 1, 0] == pytest.approx(3.43 * (1 - 1.3), abs=0.005)
    assert issue[1, 1, 0] == pytest.approx(4.28 * 0.8, abs=0.005)
    assert issue[1, 1, 0] == pytest.approx(0.8 * 40 * 90 / 365 * math.log(1 / 0.42) / 2)
    assert payoffs(scenario("standoff", curb_security_ratio=1.0))["A"][0, 1, 0] == 0


def test_coercion_bound_makes_the_us_exactly_indifferent():
    """On the path the U.S. eases for ever; if it curbs, China withholds for ever after."""
    story = scenario("standoff")
    delta, profit = story.values.deltas()[0], story.values.forgone_profit()
    loss = -payoffs(story)["R"][0, 0, 0]
    for tariff_minmax in (0.0, 5.0):
        bound = coercion_bound(delta, loss, profit, tariff_minmax)
        eased = payoffs(scenario("standoff", curb_security_ratio=bound))["A"][0, 1, 0]
        assert eased == pytest.approx((1 - delta) * 0.0 + delta * (-loss - tariff_minmax))
    assert coercion_bound(delta, loss, profit) == pytest.approx(9.6, abs=0.05)


def test_countermeasure_swap():
    """On the path 0; if China withholds it earns the net value at once, and after that the net value less what countermeasures cost it."""
    delta = countermeasure_swap_delta(0.9, 1.5)
    assert (1 - delta) * 0.9 + delta * (0.9 - 1.5) == pytest.approx(0)
    assert countermeasure_swap_delta(-0.1, 1.5) == 0
    assert countermeasure_swap_delta(0.1, 0.0) == math.inf
    issue = payoffs(scenario("standoff", countermeasures_cost_us_busd=0.7, countermeasures_loss_cn_busd=2.0))["K"]
    assert issue.tolist() == [[[-0.7], [0.0]], [[-2.0], [0.0]]]


# The calibrated game


@pytest.mark.parametrize("calibration", ["central", "quiet", "political", "strategic"])
def test_payoffs_are_zero_at_london_and_labels_resolve(calibration):
    story = scenario("standoff", calibration)
    game = story.game()
    assert isinstance(game, RepeatedGame)
    assert isinstance(game.stage, IssueGame)
    assert game.stage.names == ("T", "R", "K", "A") == tuple(story.issues_in_words)
    assert game.stage.shape == (16, 12)
    london = game.stage.joint_profile(story.agreement("london"))
    assert (game.stage_game().payoffs[(slice(None), *london)] == 0).all()
    assert list(story.agreements) == ["london", "rollback", "military_release", "chips_for_magnets", "grand_bargain"]
    for name in story.agreements:
        game.stage.agreement(story.agreement(name))
    partitions = {words: game.stage.name(game.stage.partition(text)) for words, text in story.stances.items()}
    assert partitions == {"Washington": "T,R,K|A", "Beijing": "T,R,K,A", "issue by issue": "T|R|K|A", "rare-earth firewall": "T,K,A|R"}
    assert story.status_quo in story.agreements
    assert story.calibration == calibration in story.calibrations


def test_calibrations():
    weights = ("political_weight_us_usd_per_usd", "political_weight_cn_usd_per_usd")
    found = {name: scenario("standoff", name).resolved() for name in scenario("standoff").calibrations}
    assert next(iter(found)) == "central" == scenario("standoff").calibration
    assert {name: tuple(values[w] for w in weights) for name, values in found.items()} == {
        "central": (0.2, 0.12),
        "quiet": (0.1, 0.12),
        "political": (0.4, 0.2),
        "strategic": (0.2, 0.12),
    }
    assert found["strategic"]["withhold_strategic_value_cn_busd"] == 1.0
    assert found["strategic"]["curb_security_ratio"] == 1.5
    assert scenario("standoff", "strategic", curb_security_ratio=2.5).resolved()["curb_security_ratio"] == 2.5


def test_discount_factors():
    us, cn = scenario("standoff").game().deltas
    assert us == pytest.approx(0.95 ** (90 / 365) * 0.929)
    assert cn == pytest.approx(0.95 ** (90 / 365) * 0.985)
    assert (round(us, 3), round(cn, 3)) == (0.917, 0.973)


# What the stories say

SAYS = [
    ("central", {}, "would rather go to snap-back than hold the truce"),
    ("central", {}, "the truce is not a stage Nash equilibrium"),
    ("central", {}, "linking R only adds a threat"),
    ("central", {}, "leaves joint surplus unchanged (a tie)"),
    (
        "central",
        {},
        "b = 1.30 lies between 1 and the joint-surplus bound 2.00: easing costs the U.S. (-1.03; China +3.42) and raises joint",
    ),
    ("central", {}, "were it credible"),
    ("quiet", {}, "the truce is a stage Nash equilibrium of issue T: it needs no future"),
    ("political", {}, "With psi_US = 0.40 the U.S. would rather go to snap-back"),
    ("central", {"political_weight_us_usd_per_usd": 0.5}, "would rather go to peak"),
    ("central", {"political_weight_cn_usd_per_usd": 0.05}, "China would rather go to rollback than hold the truce"),
    ("strategic", {}, "so civil licences are not a stage best response"),
    ("strategic", {}, "Countermeasures alone can buy civil licences if China's δ is at least 0.61"),
    ("strategic", {}, "Withholding is credible"),
    ("central", {"withhold_strategic_value_cn_busd": 3.0}, "Countermeasures alone cannot buy civil licences"),
    (
        "central",
        {"withhold_strategic_value_cn_busd": 0.1, "withhold_revenue_loss_cn_busd": 0.1},
        "Knife edge: withholding earns China exactly 0",
    ),
    ("central", {"curb_security_ratio": 1.0}, "b = 1.00 is exactly 1.00, a knife edge"),
    ("central", {"curb_security_ratio": 1.0}, "easing leaves the U.S. exactly indifferent"),
    (
        "central",
        {"curb_security_ratio": 0.8},
        "b = 0.80 lies below both 1 and the joint-surplus bound 2.00: easing is a gain to the U.S. itself",
    ),
    ("central", {"curb_security_ratio": 3.0}, "b = 3.00 lies above both 1 and the joint-surplus bound 2.00"),
    ("central", {"chip_self_reliance_cn_share": 1.1, "curb_security_ratio": 0.95}, "b = 0.95 lies between the joint-surplus bound and 1"),
    ("central", {"military_cost_cn_ratio": 2.0}, "it lowers joint surplus"),
    ("central", {"countermeasures_cost_us_busd": 0.0}, "exactly indifferent about lifting them (a tie)"),
    ("central", {"tariff_us_truce_share": 0.118}, "Tie: the U.S. is exactly indifferent between rollback and the truce"),
    (
        "central",
        {"tariff_closure": "balanced"},
        "without the political term +2.8 and +8.9 (the U.S. sign depends on the closure, here balanced)",
    ),
    ("central", {}, "Assumptions, with no source behind their values: t_us_row, psi_us, psi_cn,"),
]


@pytest.mark.parametrize(("calibration", "overrides", "words"), SAYS)
def test_explain(calibration, overrides, words):
    lines = scenario("standoff", calibration, **overrides).explain()
    assert any(words in line for line in lines), lines
    assert all("\n" not in line and "nan" not in line for line in lines)


def test_explain_reads_the_payoffs():
    """Both thresholds of explain are where the best response changes."""
    for weight, tempted in ((0.125, False), (0.128, True)):
        lines = scenario("standoff", political_weight_us_usd_per_usd=weight).explain()
        assert ("would rather go to snap-back" in lines[0]) is tempted


# The stylised game


def test_briefing_payoffs_and_closed_forms():
    found = payoffs(scenario("briefing"))
    assert found["T"].tolist() == [[[1.5, -1.0], [2.5, 0.0]], [[1.4, 2.0], [-1.0, 0.0]]]
    assert found["R"].tolist() == [[[0.0, 1.0, 2.2]], [[0.0, -0.3, -1.1]]]
    assert found["C"].tolist() == [[[0.0], [-1.2]], [[0.0], [1.5]]]
    story = scenario("briefing")
    stage = story.game().stage
    joint = stage.stage_game().payoffs
    earned = {name: joint[(slice(None), *stage.joint_profile(story.agreement(name)))].tolist() for name in story.agreements}
    # Sums of the issues' payoffs: R + b - c_chips for the U.S., R - c + b_chips for China.
    expected = {"civil": [2.5, 1.1], "all_released": [3.7, 0.3], "civil_for_chips": [1.3, 2.6], "full": [2.5, 1.8]}
    assert earned == expected
    punished = joint[(slice(None), *stage.joint_profile({"T": ("raise", "raise"), "R": (0, "withhold"), "C": ("curb", 0)}))]
    assert punished.tolist() == [0.0, 0.0]
    # Full cooperation, all issues linked: each side's deviation gain over deviation gain plus loss of the agreement.
    gain_us, gain_cn = (2.5 - 1.5) + 1.2, (2.0 - 1.4) + 1.1
    threshold = max(gain_us / (gain_us + 2.5), gain_cn / (gain_cn + 1.8))
    assert threshold == pytest.approx(0.486, abs=0.0005)
    assert story.stances == {"Washington": "T,R|C", "Beijing": "T,R,C", "issue by issue": "T|R|C"}
    assert story.status_quo == "civil"


def test_briefing_delta():
    assert scenario("briefing").game().deltas == (0.6, 0.6)
    assert scenario("briefing", delta="1/3").game().exact_deltas[0] == Fraction(1, 3)
    assert scenario("briefing", delta=0.45).resolved()["delta"] == 0.45


def test_briefing_explains():
    lines = scenario("briefing").explain()
    assert sum("Tariffs tempt" in line for line in lines) == 2
    assert "δ ≥ 0.400" in lines[0]
    assert sum("unlinked it never happens" in line for line in lines) == 3
    changed = scenario(
        "briefing", temptation_us_units=1.0, easing_cost_us_units=0.0, civil_cost_cn_units=-0.2, full_cost_cn_units=2.5
    ).explain()
    assert "no prisoner's dilemma for the U.S." in changed[0]
    assert "costs the U.S. nothing (a tie)" in changed[-1]
    assert "is worth 0.2 to China itself" in changed[2]
    assert changed[3].endswith("it does not raise joint surplus")


# Refusals

REFUSED = [
    ({"psi_us": 0.3}, "psi_us", "unknown parameter 'psi_us' (did you mean 'political_weight_us_usd_per_usd'?)"),
    ({"curb_security_rato": 1}, "curb_security_rato", "unknown parameter 'curb_security_rato' (did you mean 'curb_security_ratio'?)"),
    ({"curb_security_ratio": "1.3"}, "curb_security_ratio", "curb_security_ratio is '1.3': expected a valid number"),
    ({"curb_security_ratio": True}, "curb_security_ratio", "curb_security_ratio is True: expected a valid number"),
    ({"curb_security_ratio": None}, "curb_security_ratio", "curb_security_ratio is None: expected a valid number"),
    ({"curb_security_ratio": float("nan")}, "curb_security_ratio", "curb_security_ratio is nan: expected a finite number"),
    ({"withhold_strategic_value_cn_busd": math.inf}, "withhold_strategic_value_cn_busd", "is inf: expected a finite number"),
    ({"withhold_flow_share": 0}, "withhold_flow_share", "withhold_flow_share is 0: expected greater than 0"),
    ({"chip_substitution_elasticity_ratio": 1}, "chip_substitution_elasticity_ratio", "expected greater than 1"),
    ({"discount_annual_us_share": 1.0}, "discount_annual_us_share", "expected less than 1"),
    ({"trade_elasticity_ratio": 0.0}, "trade_elasticity_ratio", "expected greater than or equal to 0.1"),
    ({"tariff_closure": "own"}, "tariff_closure", "tariff_closure is 'own': expected 'own_income', 'balanced' or 'world_share'"),
    ({"tariff_us_deal_share": 0.5}, "", "tariffs of the U.S. must ascend from rollback to peak: got rollback 0.500"),
]


@pytest.mark.parametrize(("overrides", "field", "message"), REFUSED)
def test_bad_parameters_are_one_clear_line(overrides, field, message):
    with pytest.raises(ScenarioError) as caught:
        scenario("standoff", **overrides)
    text = str(caught.value)
    assert text.startswith("scenario 'standoff': ")
    assert message in text
    assert "\n" not in text
    assert caught.value.problems == ((field, text.removeprefix("scenario 'standoff': ")),)


def test_all_problems_are_told_at_once():
    with pytest.raises(ScenarioError) as caught:
        scenario("standoff", ces_form=3, chip_rent_share=2)
    assert [field for field, _ in caught.value.problems] == ["ces_form", "chip_rent_share"]


@pytest.mark.parametrize("delta", [1, 0.0, -0.1, "x", "3/2", True, None, [0.5, 0.6]])
def test_bad_delta(delta):
    with pytest.raises(ScenarioError, match=r"^scenario 'briefing': delta is .*: expected a .*number[^;]*$"):
        scenario("briefing", delta=delta)


def test_unknown_names():
    with pytest.raises(ScenarioError, match=r"unknown scenario 'standof' \(did you mean 'standoff'\?\); scenarios: briefing, standoff"):
        scenario("standof")
    with pytest.raises(ScenarioError, match=r"unknown calibration 'quite' \(did you mean 'quiet'\?\)"):
        scenario("standoff", "quite")
    with pytest.raises(ScenarioError, match=r"unknown agreement 'londn' \(did you mean 'london'\?\)"):
        scenario("standoff").agreement("londn")


def test_stories_are_frozen():
    story = scenario("standoff")
    with pytest.raises(AttributeError):
        story.calibration = "quiet"
    with pytest.raises(ValueError, match="frozen"):
        story.values.curb_security_ratio = 2.0


def test_the_registry_loads_nothing_heavy():
    code = (
        "import sys; from bargaining.scenarios import names, ScenarioError; names()\n"
        "heavy = {'numpy', 'scipy', 'numba', 'pydantic', 'matplotlib', 'pandas'} & set(sys.modules); assert not heavy, heavy\n"
        "from bargaining.scenarios import scenario; story = scenario('standoff'); story.parameters(), story.title\n"
        "heavy = {'matplotlib', 'pandas'} & set(sys.modules); assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert names()[:2] == ("briefing", "standoff")


def draws(name: str, count: int) -> dict[str, np.ndarray]:
    """Independent draws of every parameter that has a range, and of the choices."""
    random = np.random.default_rng(11)
    story = scenario(name)
    columns: dict[str, np.ndarray] = {}
    for row in story.parameters():
        if row["field"] in ("withhold_revenue_loss_cn_busd", "withhold_loss_us_busd", "ai_curb_revenue_busd"):
            continue
        if name == "briefing" and row["field"] != "delta":
            columns[row["field"]] = row["value"] + random.uniform(-0.3, 0.3, count)
        elif row["low"] is not None and row["low"] < row["high"]:
            columns[row["field"]] = random.uniform(row["low"], row["high"], count)
    if name == "standoff":
        columns["tariff_closure"] = random.choice(["own_income", "balanced", "world_share"], count)
        columns["ces_form"] = random.choice(["one_tier", "two_tier"], count)
        columns["political_term"] = random.choice(["imports", "deficit"], count)
    return columns


@pytest.mark.parametrize("name", ["briefing", "standoff"])
def test_many_games_at_once_are_the_games_one_by_one(name):
    columns = draws(name, 40)
    games, resolved = scenario(name).games(columns)
    solved = 0
    for k in range(40):
        values = {field: column[k].item() for field, column in columns.items()}
        try:
            story = scenario(name, **values)
        except ScenarioError:
            assert not games.valid[k]
            continue
        solved += 1
        game = story.game()
        assert games.valid[k]
        assert games.deltas[k] == pytest.approx(game.deltas, rel=1e-14)
        for issue, own in game.stage.issues.items():
            assert np.allclose(games.issues[issue][k], own.payoffs, rtol=1e-12, atol=1e-11)
        for block in (game.stage.names, game.stage.names[1:]):
            assert np.allclose(games.block(block)[k], game.stage.block(block).payoffs, rtol=1e-12, atol=1e-11)
        for field, column in resolved.items():
            known = {**story.resolved(), **story.bounds()}[field]
            assert column[k] == known or column[k] == pytest.approx(known, rel=1e-12)
    assert solved >= 30


def test_draws_that_make_no_game():
    story = scenario("standoff")
    games, _ = story.games({"chip_rent_share": np.array([0.6, 1.4, np.nan]), "tariff_us_truce_share": np.array([0.404, 0.404, 0.404])})
    assert games.valid.tolist() == [True, False, False]
    assert story.games({"tariff_us_truce_share": np.array([0.404, 0.01])})[0].valid.tolist() == [True, False]
    assert story.games({"loss_at_80pct_cut_share": np.array([0.015, 0.9999])})[0].valid.tolist() == [True, False]
    with pytest.raises(ScenarioError, match=r"unknown parameter 'chip_rent_shar'.*did you mean 'chip_rent_share'"):
        story.games({"chip_rent_shar": np.array([0.6])})
    with pytest.raises(ScenarioError, match="expected columns of one length"):
        story.games({"chip_rent_share": np.array([0.6]), "curb_security_ratio": np.array([1.0, 2.0])})


def test_fitted_elasticity_against_a_root_finder():
    from scipy.optimize import brentq

    share = 1.2 / 29184.89
    for loss in (0.0003, 0.005, 0.015, 0.02):
        s = fitted_elasticity(loss, market_share=share)

        def excess(x, loss=loss):
            return output_loss(0.2, x, market_share=share) - loss

        own = brentq(excess, s / 2, min(2 * s, 0.999 if s < 1 else 50.0), xtol=1e-14)
        assert s == pytest.approx(own, rel=1e-9)
