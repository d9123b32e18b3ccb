"""Stories with states: their encodings against closed forms, their plans, and how they refuse."""

from fractions import Fraction

import pytest
from catalogue import ANALYTIC
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games.stochastic_plan import plan_payoffs, read_plan
from bargaining.scenarios import ScenarioError, names, scenario
from bargaining.scenarios.parameters import priors
from bargaining.solvers.plans import sustained

STORIES = ("truce", "licence", "court", "leverage", "horizon", "standoff_dynamic")
STORIES = tuple(name for name in STORIES if name in names())


def dilemma(T, R, P, S):
    """Payoffs of both sides in a prisoner's dilemma, as overrides."""
    values = {"temptation": T, "reward": R, "punishment": P, "sucker": S}
    return {f"{name}_{side}_units": float(value) for name, value in values.items() for side in ("us", "cn")}


PD = dilemma(5, 3, 1, 0)


def verdict(story, plan, state, tol=1e-6):
    """Whether a plan of a story, played from a state, is an equilibrium path; pure Markov equilibria help to punish."""
    game = story.game()
    known = [each.plan() for each in bg.markov_perfect(game, method="pure", max_iter=64)]
    return sustained(bg.equilibrium_set(game, tol=tol), read_plan(game, story.plan(plan)), known)[game.state(state)]


def brackets(case, build, plan, state, margin=0.004):
    """A plan fails a little below the threshold of the catalogue and holds a little above."""
    delta = ANALYTIC[case]["expected"]
    assert verdict(build(delta + margin), plan, state) is True
    assert verdict(build(delta - margin), plan, state) is False


# Closed forms


def test_truce_lapse_threshold():
    def build(delta):
        return scenario("truce", delta=delta, lapse_risk_share=0.3, resumption_share=0.5, **PD)

    brackets("truce_lapse_threshold", build, "truce", "renewal")


def test_truce_absorbing():
    brackets("truce_absorbing", lambda delta: scenario("truce", delta=delta, lapse_risk_share=0.3, **PD), "truce", "renewal")


def test_optimal_tranche_length():
    case = ANALYTIC["optimal_tranche_length"]
    longest = case["expected"]

    def build(periods):
        inputs = case["inputs"]
        return scenario("truce", delta=inputs["delta"], lapse_risk_share=inputs["rho"], tranche_periods=periods, **PD)

    assert verdict(build(longest), "truce", "renewal") is True
    assert verdict(build(longest + 1), "truce", "renewal") is False


@pytest.mark.parametrize("periods", [1, 2, 5, 11])
def test_value_of_a_tranche_is_the_closed_form(periods):
    delta, risk = Fraction(19, 20), Fraction(1, 10)
    story = scenario("truce", delta=0.95, lapse_risk_share=0.1, tranche_periods=periods, **PD)
    game = story.game()
    worth = plan_payoffs(game, read_plan(game, story.plan("truce")))[0]
    closed = 1 + (3 - 1) * (1 - delta**periods) / (1 - delta**periods * (1 - risk))
    assert worth == (closed, closed)


def test_a_permanent_lock_never_enforces_itself_whoever_may_retaliate_later():
    for renewal in ("automatic", "both"):
        story = scenario("truce", delta=0.98, tranche_periods="permanent", renewal=renewal, **PD)
        assert verdict(story, "truce", "renewal") is False


def test_a_hazard_inside_the_tranche_reverses_the_case_for_long_ones():
    values = {}
    for share in (0.0, 1.0):
        for periods in (1, 4):
            story = scenario("truce", tranche_periods=periods, risk_at_expiry_share=share, **PD)
            game = story.game()
            values[share, periods] = plan_payoffs(game, read_plan(game, story.plan("truce")))[0][0]
    assert values[1.0, 4] > values[1.0, 1]
    assert values[0.0, 4] == values[0.0, 1] == values[1.0, 1]


def test_licence_two_period_lock():
    brackets("licence_two_period_lock", lambda delta: scenario("licence", delta=delta, **PD), "licences", "renewal")


def test_a_licence_leaves_chinas_constraint_alone():
    """With a patient U.S. the deal holds just where China's own threshold is, however long the licence."""
    uneven = {**PD, "temptation_us_units": 3.02}
    for periods in (1, 2, 4):
        assert verdict(scenario("licence", delta=0.51, licence_periods=periods, **uneven), "licences", "renewal") is True
        assert verdict(scenario("licence", delta=0.49, licence_periods=periods, **uneven), "licences", "renewal") is False


def test_a_revocable_licence_is_none():
    assert verdict(scenario("licence", delta=0.51, revocable=True, **PD), "licences", "renewal") is True


def test_shocks():
    values = ANALYTIC["shock_full_coop"]["inputs"]
    low, high = values["g"]
    shocked = {
        **dilemma(values["R"] + low, values["R"], values["P"], values["S"]),
        "surge_ratio": high / low,
        "surge_probability_share": values["prob"][1],
        "licence_periods": 1,
    }
    brackets("shock_full_coop", lambda delta: scenario("licence", delta=delta, **shocked), "licences", "renewal, calm")
    brackets("shock_partial_coop", lambda delta: scenario("licence", delta=delta, **shocked), "calm_only", "renewal, calm")


def test_court_301_threshold():
    brackets("court_301_threshold", lambda delta: scenario("court", delta=delta, **PD), "truce", "struck")


@pytest.mark.parametrize(("hazard", "speed", "threshold"), [(0.2, 0.6, 0.625), (0.2, 1.0, 0.592), (0.5, 0.4, 0.768)])
def test_authority_state_of_the_court(hazard, speed, threshold):
    def build(delta):
        return scenario("court", delta=delta, strike_hazard_share=hazard, restoration_share=speed, **PD)

    assert verdict(build(threshold + 0.004), "truce", "authority") is True
    assert verdict(build(threshold - 0.004), "truce", "authority") is False


def test_without_a_fallback_china_never_complies_once_the_instrument_is_gone():
    assert verdict(scenario("court", delta=0.99, restoration_share=0.0, **PD), "truce", "struck") is False
    assert verdict(scenario("court", delta=0.99, restoration_share=0.0, **PD), "while_armed", "struck") is True


def test_preparing_the_fallback_is_worth_its_price():
    """Without preparation the struck state cannot be saved; prepared in time it is."""
    slow = {"restoration_share": 0.0, "preparation": True, "preparation_cost_us_units": 0.1, "delta": 0.9}
    assert verdict(scenario("court", **slow, **PD), "prepared_truce", "authority") is True
    assert verdict(scenario("court", **{**slow, "preparation": False}, **PD), "truce", "authority") is False


def test_with_an_end_only_static_play_is_left():
    solved = bg.equilibrium_set(scenario("horizon").game())
    assert [own.vertices.tolist() for own in solved] == [[[0.0, 0.0]]] * 15


def test_an_end_that_is_a_chance_is_no_end():
    assert verdict(scenario("horizon", "endless"), "truce", "imbalance") is True


@pytest.mark.parametrize("chance", [0.01, 0.1])
def test_a_chance_of_resolution_works_like_impatience(chance):
    """Grim play with a threat that is gone once resolved: δ (1 - r) takes the place of δ, whose threshold is 2/5."""
    least = 0.4 / (1 - chance)
    for delta, holds in ((least - 1e-3, False), (least + 1e-3, True)):
        story = scenario("horizon", "endless", resolution_share=chance, delta=round(delta, 6))
        assert verdict(story, "truce", "imbalance") is holds


@pytest.mark.parametrize(("calibration", "holds"), [("quiet", True), ("calibrated", False), ("political", False)])
def test_what_needs_no_future_survives_a_last_period(calibration, holds):
    """In the quiet calibration the truce is a static equilibrium, in the others the snap-back tempts Washington."""
    assert verdict(scenario("horizon", calibration, horizon_periods=1, delta=0.9), "truce", "period 1") is holds


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.sampled_from(["0.5", "0.7", "0.8", "0.9"]), st.sampled_from(["0", "1/10", "3/10"]), st.integers(1, 9))
def test_lag_raises_the_threshold_to_a_root(periods, delta, risk, temptation):
    """P6: the tranche holds exactly if δ^N ≥ (T-R)/((T-P)(1-ρ)), by the exact values of the two plans alone."""
    T, R, P = 3 + temptation, 3, 1
    story = scenario("truce", delta=delta, lapse_risk_share=float(Fraction(risk)), tranche_periods=periods, **dilemma(T, R, P, 0))
    game = story.game()
    values, war = (plan_payoffs(game, read_plan(game, story.plan(plan))) for plan in ("truce", "war"))
    cheat = game.state("raise/hold 2") if periods > 1 else None
    factor = Fraction(delta)
    # Raising at the renewal gives T for the tranche, then war.
    gain = (1 - factor) * T + factor * (war[0][0] if cheat is None else _locked(factor, periods - 1, T, P, risk))
    holds = values[0][0] >= gain
    assert holds == (factor**periods >= Fraction(T - R) / (Fraction(T - P) * (1 - Fraction(risk))))


def _locked(delta, left, T, P, risk):
    """Value of the rest of a tranche in which the U.S. earns T, war after it."""
    return (1 - delta**left) * T + delta**left * P


# What the stories say


@pytest.mark.parametrize("name", STORIES)
def test_every_calibration_makes_a_game_and_every_plan_is_one(name):
    for calibration in scenario(name).calibrations:
        story = scenario(name, calibration)
        game = story.game()
        assert len(set(game.states)) == len(game)
        assert game.reachable(0) == tuple(range(len(game)))
        for plan in story.plans:
            read_plan(game, story.plan(plan))
        assert story.explain()
        assert {row["field"] for row in story.parameters()} >= {"stage", "delta"}
        assert set(story.composed().issues) <= set(story.issues_in_words)
        assert set(story.composed().factors) <= set(story.factors_in_words)


def test_parameters_of_the_other_stage_game_are_not_listed():
    stylised = {row["field"] for row in scenario("truce").parameters()}
    calibrated = {row["field"] for row in scenario("truce", "calibrated").parameters()}
    assert "reward_us_units" in stylised - calibrated
    assert "trade_elasticity_ratio" in calibrated - stylised


def test_capitals_have_their_own_patience_unless_told():
    assert scenario("truce", "calibrated").game().deltas == scenario("standoff").game().deltas
    assert scenario("truce", "calibrated", delta="2/3").game().exact_deltas == (Fraction(2, 3),) * 2


def test_escalation_and_exit():
    harsh = scenario("truce", lapse_to="escalation", escalation_loss_units=2.0)
    assert harsh.game().stage("lapse").payoffs.ravel().tolist() == [-2.0, -2.0]
    peak = scenario("truce", "calibrated", lapse_to="escalation", usable_share=0.0).game().stage("lapse").payoffs.ravel()
    assert peak[0] < scenario("truce", "calibrated", usable_share=0.0).game().stage("lapse").payoffs.ravel()[0]
    game = scenario("truce", renewal="both", tranche_periods=2).game()
    assert game.stage("renewal").shape == (3, 3)
    assert game.exact_transitions[0][2, 0] == ((game.state("lapse"), 1),)


def test_inventories_cushion_the_first_period_of_a_cut():
    game = scenario("licence", "calibrated", inventory=True).game()
    first = game.stage("renewal, stocked").payoffs[0]
    later = game.stage("renewal, run down").payoffs[0]
    assert first.min() > later.min()


def test_rulings_with_a_date():
    game = scenario("court", ruling="pending", pending_periods=2, court_strike_probability_share=0.65, strike_hazard_share=0.0).game()
    assert game.states[:2] == ("pending 2", "pending 1")
    following = {game.states[t]: p for t, p in game.exact_transitions[1][0, 0]}
    assert following == {"struck": Fraction(13, 20), "authority": Fraction(7, 20)}


def test_stocks_halve_leverage_and_grow_faster_while_it_is_used():
    story = scenario("leverage", idle_speed_share=0.5, rare_earth_leverage_half_life_years=2.0)
    game = story.game()
    assert game.stage("US 1, CN 0").payoffs[0, 0, 0] == game.stage("US 0, CN 0").payoffs[0, 0, 0] / 2
    grows = [sum(p for t, p in game.exact_transitions[0][0, release] if game.states[t].startswith("US 1")) for release in (0, 1)]
    assert grows[0] == 2 * grows[1] > 0


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("truce", {"tranche_periods": 0}, "tranche_periods is 0: expected a number of periods from 1 to 400, or 'permanent'"),
        ("truce", {"lapse_risk_share": 1.5}, "lapse_risk_share is 1.5: expected less than or equal to 1"),
        ("truce", {"delta": "capital"}, "delta is 'capital': expected a number strictly between 0 and 1, or 'capitals'"),
        ("court", {"rulling": "hazard"}, r"unknown parameter 'rulling' \(did you mean 'ruling'\?\)"),
    ],
)
def test_bad_parameters_are_one_clear_line(name, overrides, message):
    with pytest.raises(ScenarioError, match=message):
        scenario(name, **overrides)


def test_unknown_plans_and_draws_are_refused():
    with pytest.raises(ScenarioError, match=r"scenario 'truce': unknown plan 'truse' \(did you mean 'truce'\?\)"):
        scenario("truce").plan("truse")
    with pytest.raises(ScenarioError, match="has states: its games are made one at a time"):
        scenario("truce").games({"lapse_risk_share": [0.1, 0.2]})


def test_what_the_fallback_recovers_is_the_record_and_the_whole_instrument_in_the_stylised_game():
    record = priors()["fallback_recovery_share"]
    for story in ("court", "standoff_dynamic"):
        assert scenario(story, "stylised").values.fallback_recovery_share == 1.0
        assert scenario(story, "calibrated").values.fallback_recovery_share == record.central == 0.42
    (row,) = (row for row in scenario("court", "calibrated").parameters() if row["field"] == "fallback_recovery_share")
    assert (row["status"], row["source_ids"]) == (record.status, record.source_ids)
