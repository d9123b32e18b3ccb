"""Critical discount factors and parameters of plans, against closed forms."""

import math
from dataclasses import replace

import pytest
from catalogue import ANALYTIC
from stochastic_games import COOPERATE as C
from stochastic_games import DEFECT as D
from stochastic_games import court, licence, shocks, tranche, truce, two_state_dilemma

import bargaining as bg

TRUCE = {"truce": (C, C), "lapse": (0, 0)}
LICENCE = {"renewal": (C, C), "locked_C": (C, 0), "locked_D": (D, 0)}
COURT = {"authority": (C, C), "struck": (0, C), "restored": (C, C)}


def one_change(found, expected, tolerance):
    assert found.status is bg.Status.solved
    assert found.verdicts == ("not", "sustained")
    ((low, high),) = found.brackets
    assert low - tolerance <= expected <= high + tolerance
    assert high - low <= 1e-5
    assert found.ends == ((low, "not"), (high, "sustained"))
    assert all(bg.verify(evidence).holds for evidence in found.evidence[1:])


@pytest.mark.parametrize(
    ("case", "game", "plan"),
    [
        ("abs_two_state_pd", two_state_dilemma(), [(C, C), (C, C)]),
        ("truce_lapse_threshold", truce(0.3, 0.5), TRUCE),
        ("truce_absorbing", truce(0.3), TRUCE),
        ("licence_two_period_lock", licence(), LICENCE),
        ("shock_full_coop", shocks(), {"low": (C, C), "high": (C, C)}),
        ("shock_partial_coop", shocks(), {"low": (C, C), "high": (D, D)}),
    ],
)
def test_published_thresholds(case, game, plan):
    expected = ANALYTIC[case]["expected"]
    grid = [0.2, 0.9 * expected, 0.5 * (1 + expected)] if case != "shock_partial_coop" else [0.2, 0.45, 0.6]
    found = bg.critical_delta_plan(game, plan, deltas=grid, tol=1e-5)
    one_change(found, expected, 1e-5)


@pytest.mark.parametrize(
    ("kappa", "phi", "expected"),
    [(0.2, 0.4, 1 / 1.4), (0.2, 0.1, 1 / 1.1), (0.2, 0.6, 0.625), (0.2, 1.0, 0.592), (0.5, 0.4, 0.768)],
)
def test_the_court_and_the_fallback(kappa, phi, expected):
    found = bg.critical_delta_plan(court(kappa, phi), COURT, deltas=[0.4, 0.95], tol=1e-5)
    one_change(found, expected, 1e-5 if phi < 1 and kappa < 0.5 else 1e-3)


def test_without_the_fallback_nothing_holds_while_the_instrument_is_missing():
    found = bg.critical_delta_plan(court(0.2, 0.0), COURT, deltas=[0.3, 0.6, 0.9])
    assert found.verdicts == ("not",)
    assert found.brackets == ()
    assert found.row()["sustained"] == ""


def test_the_longest_truce_that_keeps_itself():
    case = ANALYTIC["optimal_tranche_length"]

    def plan(game):
        return [(0, 0)] * len(game)

    found = bg.critical_parameter(lambda length: tranche(length, 0.95), [1, 6, 16], plan)
    assert found.verdicts == ("sustained", "not")
    assert found.brackets == ((case["expected"], case["expected"] + 1),)
    solution = bg.equilibrium_set(tranche(11, 0.95), tol=1e-7)
    power = 0.95**11
    value = 1 + (3 - 1) * (1 - power) / (1 - power * 0.9)
    assert solution["renewal"].contains([value, value], 1e-5)


def test_the_court_by_how_fast_the_fallback_comes():
    found = bg.critical_parameter(lambda phi: court(0.2, phi, 0.8), [0.0, 0.2, 0.5], COURT, tol=1e-5)
    one_change(found, (5 - 3) * (1 - 0.8) / (0.8 * (3 - 1)), 1e-5)


def test_a_window_of_patience_is_reported_as_one():
    # Punishing for ever costs the punisher too: at high δ the plan to defect in the truce is beaten by nothing, cooperation by patience.
    found = bg.critical_delta_plan(truce(0.3), {"truce": (D, D), "lapse": (0, 0)}, deltas=[0.1, 0.5, 0.9])
    assert found.verdicts == ("sustained",)
    assert found.intervals == ((0.1, 0.9, "sustained"),)


def test_bad_plans_and_grids():
    game = truce(0.3)
    for plan, message in (
        ({"truce": (0, 0)}, "no profile for state 'lapse'"),
        ({"truse": (0, 0), "lapse": (0, 0)}, "did you mean 'truce'"),
        ([(0, 0)], "one for each|each of the 2 states"),
        ([(0, 0), (1, 0)], "state 'lapse'"),
    ):
        with pytest.raises(bg.GameError, match=message):
            bg.critical_delta_plan(game, plan)
    with pytest.raises(ValueError, match="rising"):
        bg.critical_delta_plan(game, TRUCE, deltas=[0.5, 0.4])
    with pytest.raises(ValueError, match="between 0 and 1"):
        bg.critical_delta_plan(game, TRUCE, deltas=[0.5, math.nan])
    with pytest.raises(bg.GameError, match="expected a StochasticGame"):
        bg.critical_parameter(lambda x: x, [1, 2], TRUCE)


def certified():
    return bg.critical_delta_plan(truce(0.3), TRUCE, deltas=[0.5, 0.9], tol=1e-4)


def test_both_ends_are_certified():
    found = certified()
    certificate = bg.verify(found)
    ((low, high),) = found.brackets
    assert certificate.holds
    assert certificate.gap == high - low
    assert certificate.reason == f"not sustained at delta = {low:.12g}; sustained at delta = {high:.12g}"


@pytest.mark.parametrize(("game", "plan"), [(two_state_dilemma(), [(C, C), (C, C)]), (licence(), LICENCE), (court(0.2, 0.4), COURT)])
def test_what_changes_is_certified(game, plan):
    found = bg.critical_delta_plan(game, plan, deltas=[0.2, 0.9], tol=1e-4)
    certificate = bg.verify(found)
    assert certificate.holds
    assert certificate.gap <= 1e-4


def test_where_nothing_changes_both_ends_of_the_scan_are_certified():
    found = bg.critical_delta_plan(truce(0.3), TRUCE, deltas=[0.1, 0.3, 0.5])
    assert found.ends == ((0.1, "not"), (0.5, "not"))
    assert bg.verify(found).reason == "not sustained at delta = 0.1; not sustained at delta = 0.5"


def test_a_parameter_is_certified_at_the_games_given():
    found = bg.critical_parameter(lambda phi: court(0.2, phi, 0.8), [0.0, 0.5], COURT, tol=1e-3)
    certificate = bg.verify(found)
    assert certificate.holds
    assert 0.0 < certificate.gap <= 1e-3


def test_verdicts_that_are_wrong_are_refused():
    found = certified()
    (low, high) = found.brackets[0]
    swapped = replace(
        found,
        ends=((low, "sustained"), (high, "not")),
        scanned=((0.5, "sustained"), (0.9, "not")),
        intervals=((0.5, low, "sustained"), (high, 0.9, "not")),
    )
    certificate = bg.verify(swapped)
    assert not certificate.holds
    assert "gains" in certificate.reason
    assert f"delta = {low:.12g}" in certificate.reason
    patient = replace(
        found, ends=((low, "sustained"), (high, "not")), scanned=(), intervals=((0.5, low, "sustained"), (high, 0.9, "not")),
        evidence=found.evidence[::-1],
    )  # fmt: skip
    assert bg.verify(patient).reason == f"at delta = {low:.12g}: the evidence is of another game"
    lowered = replace(found, ends=((low, "sustained"), (high, "sustained")), brackets=(), scanned=(), intervals=((low, high, "sustained"),))
    assert "gains" in bg.verify(lowered).reason
    raised = replace(found, ends=((low, "not"), (high, "not")), brackets=(), scanned=(), intervals=((low, high, "not"),))
    assert bg.verify(raised).reason.endswith("nobody gains by leaving the plan if the punishments are as bad as the half-planes allow")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"error_bound": 0.0}, "the error bound is smaller than a bracket"),
        ({"evidence": ()}, "expected one plan and one proof for each end"),
        ({"plans": (((0, 0), (0, 0)), ((0, 0), (1, 0)))}, "the plan is not one profile a state"),
        ({"brackets": ((0.5, 0.9),)}, "nothing changes between"),
        ({"intervals": ((0.5, 0.9, "sustained"),)}, "expected a bracket between any two intervals"),
    ],
)
def test_an_answer_that_contradicts_itself_is_refused(change, reason):
    certificate = bg.verify(replace(certified(), **change))
    assert not certificate.holds
    assert reason in certificate.reason
