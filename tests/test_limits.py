"""Numbers at the edge of what floats hold: fractions, integers beyond 2^53, huge and tiny units, players to whom nothing matters."""

from fractions import Fraction

import numpy as np
import pytest

import bargaining as bg
from bargaining.solvers.stationary import pick

HUGE = 1e308


def test_pure_equilibria_of_fractions_that_floats_cannot_tell_apart():
    close = Fraction(1, 3) + Fraction(1, 10**30)
    game = bg.game([[Fraction(1, 3)], [close]], [[0], [0]])
    found = bg.nash_equilibria(game, method="pure", exact=True)
    assert [x for x, _ in found.exact_profiles] == [(0, 1)]
    assert bg.verify(found)


def test_integers_beyond_what_floats_hold_do_not_tie():
    whole = [[2**53 + 1, 0], [2**53, 1]]
    as_fractions = [[Fraction(u) for u in row] for row in whole]
    ones = [[1, 1], [1, 1]]
    assert len(bg.nash_equilibria(bg.game(whole, ones)).profiles) == len(bg.nash_equilibria(bg.game(as_fractions, ones)).profiles)
    assert bg.game(whole, ones).exact_payoffs[0, 0, 0] == 2**53 + 1


def test_arrays_of_integers_beyond_what_floats_hold_do_not_tie():
    whole = np.array([[2**53 + 1, 0], [2**53, 1]])
    game = bg.game(whole, np.ones((2, 2)))
    assert game.exact_payoffs[0, 0, 0] == 2**53 + 1
    assert bg.game([[2**53 + 1, 0.5]], [[1, 2]]).exact_payoffs[0, 0, 0] == 2**53 + 1
    listed = bg.nash_equilibria(bg.game(whole.tolist(), np.ones((2, 2)).tolist()), exact=True)
    assert bg.nash_equilibria(game, exact=True).exact_profiles == listed.exact_profiles


@pytest.mark.parametrize(
    ("payoffs", "line"),
    [
        (np.array([[1j, 0], [0, 1]]), "A is an array of complex128: expected numbers"),
        (np.array([["2026-11-10"]], dtype="M8[D]"), r"A is an array of datetime64\[D\]: expected numbers"),
        (np.ma.masked_array([[1.0, 0.0]], [[0, 1]]), "A has masked entries: payoffs must be finite numbers"),
        (None, "A is None: expected an array of numbers"),
    ],
)
def test_what_are_no_payoffs_is_refused(payoffs, line):
    with pytest.raises(bg.GameError, match=f"^{line}$"):
        bg.game(payoffs, np.eye(2))


@pytest.mark.parametrize(
    "solve",
    [
        lambda: bg.nash_equilibria(bg.game([[HUGE, -HUGE], [-HUGE, HUGE]], [[-HUGE, HUGE], [HUGE, -HUGE]])),
        lambda: bg.equilibrium_set(bg.RepeatedGame(bg.game([[HUGE, 0], [0, 1]], [[1, 0], [0, 1]]), 0.5)),
        lambda: bg.equilibrium_set(bg.StochasticGame([[[[HUGE]], [[1]]]], [[[[1]]]], 0.5)),
        lambda: bg.batch.nash_equilibria(np.full((2, 2, 2, 2), HUGE)),
    ],
    ids=["static", "repeated", "stochastic", "batch"],
)
def test_payoffs_whose_products_overflow_are_refused_at_their_place(solve):
    with pytest.raises(bg.GameError, match=r"^payoffs\[0, 0, 0(, 0)?\] is 1e\+308: expected at most 1e\+150; use larger units$"):
        solve()


@pytest.mark.parametrize("unit", [1e-200, 1.0, 1e200])
def test_what_a_rule_picks_does_not_depend_on_the_unit(unit):
    assert pick(np.array([[0, 0], [3, 1], [2, 2]]) * unit, (0, 0)) == 2


def test_supports_that_do_not_say_the_weights_are_refused_in_one_line():
    game = bg.game([[4, 2], [4, 1], [1, 0], [3, 0], [0, 2]], [[2, 0], [2, 4], [4, 0], [3, 2], [2, 1]])
    with pytest.raises(bg.GameError, match="expected method 'vertices'"):
        bg.nash_equilibria(game, method="lemke_howson", exact=True)
    assert bg.verify(bg.nash_equilibria(game, exact=True))


@pytest.mark.parametrize(
    ("stage", "rows", "delta"),
    [([[[7]], [[86]]], [[[1]]], "0.95"), ([[[1], [0]], [[0], [0]]], [[[1]], [[1]]], 0.99), ([[[3, 1]], [[2, 2]]], [[[1], [1]]], 0.6)],
)
def test_certificates_where_a_player_is_indifferent_over_everything(stage, rows, delta):
    solution = bg.equilibrium_set(bg.StochasticGame([stage], [rows], delta), tol=1e-6)
    assert solution.status is bg.Status.solved
    certificate = bg.verify(solution)
    assert certificate, certificate.reason


@pytest.mark.parametrize("unit", [Fraction(1), Fraction(1, 3), Fraction(1, 7), Fraction(1, 10**13), Fraction(10**9)])
def test_linkage_under_noise_where_the_agreement_is_exactly_critical(unit):
    game = bg.game([[2 * unit, -unit], [3 * unit, 0]], [[2 * unit, 3 * unit], [-unit, 0]])
    seen = bg.Monitoring.incidents(game, (0, 0), "0.1", "0.5")
    found = bg.monitored_linkage(bg.IssueGame({"R": game}), {"R": seen}, {"R": (0, 0)}, delta=Fraction(10, 17))
    assert found.unlinked.sustained
    assert found.unlinked.cost == pytest.approx((float(unit) / 4,) * 2, rel=1e-12, abs=0)
    assert found.unlinked.payoffs == pytest.approx((float(unit) * 7 / 4,) * 2, rel=1e-12, abs=0)
    just_short = bg.monitored_linkage(bg.IssueGame({"R": game}), {"R": seen}, {"R": (0, 0)}, delta=Fraction(10, 17) - Fraction(1, 10**15))
    assert not just_short.unlinked.sustained


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e-12, 1e6])
def test_link_or_firewall_does_not_depend_on_the_unit(unit):
    stage = bg.game(np.array([[2, -1], [3, 0]]) * unit, np.array([[2, 3], [-1, 0]]) * unit)
    monitorings = {
        "R": bg.Monitoring.incidents(stage, (0, 0), "0.05", "0.9"),
        "C": bg.Monitoring.incidents(stage, (0, 0), "0.3", "0.4"),
    }
    found = bg.monitored_linkage(bg.IssueGame({"R": stage, "C": stage}), monitorings, {"R": (0, 0), "C": (0, 0)}, delta=0.8)
    assert found.verdict == "firewall"
    assert found.optimal.joint_payoff >= found.unlinked.joint_payoff * (1 - 1e-12)
    assert found.optimal.kept == ("R",)
