"""Certificates of critical discount factors: what is right is proven again by other means, what is bent is refused."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.certificate.sturm import negative_somewhere
from bargaining.solvers.polynomials import first_common, value_at

DILEMMA = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise")] * 2)
# Abreu and Sannikov (2014), example of section 6.
THREE = bg.game([[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]])


def answers():
    """One of each kind, with evidence of every sort."""
    return {
        "closed form": bg.critical_delta(DILEMMA, (0, 0)),
        "solved sets": bg.critical_delta(THREE, (0, 0)),
        "reversion": bg.critical_delta(DILEMMA, (0, 0), "nash"),
        "never": bg.critical_delta(DILEMMA, (0, 1)),
        "cycle": bg.critical_delta_cycle(DILEMMA, [(0, 1), (1, 0)]),
        "payoff": bg.critical_delta_payoff(DILEMMA, (2.5, 2.5)),
        "payoff never": bg.critical_delta_payoff(DILEMMA, (0.5, 3.0)),
        "transfers": bg.critical_delta_transfers(DILEMMA, (0, 0)),
        "transfers never": bg.critical_delta_transfers(bg.game([[1, 0], [0, 1]], [[0, 1], [1, 0]]), (0, 0)),
    }


@pytest.fixture(scope="module")
def solved():
    return answers()


@pytest.mark.parametrize("name", list(answers()))
def test_holds(solved, name):
    found = bg.verify(solved[name])
    assert found.holds, found.reason
    assert found.gap == solved[name].upper - solved[name].lower


@pytest.mark.parametrize("name", ["closed form", "solved sets", "reversion", "cycle", "payoff", "transfers"])
def test_less_patience_than_proven_is_refused(solved, name):
    answer = solved[name]
    less = answer.upper - 1e-6
    bent = replace(answer, lower=less, value=less, upper=less, error_bound=0.0)
    found = bg.verify(bent)
    assert not found.holds
    assert found.reason


@pytest.mark.parametrize("name", ["closed form", "solved sets", "reversion", "cycle", "payoff", "transfers"])
def test_more_patience_than_needed_is_refused(solved, name):
    answer = solved[name]
    more = answer.upper + 1e-6
    assert not bg.verify(replace(answer, lower=more, value=more, upper=more)).holds


@pytest.mark.parametrize("name", ["closed form", "solved sets", "cycle", "transfers"])
def test_calling_it_never_sustained_is_refused(solved, name):
    bent = replace(solved[name], lower=0.9999, value=float("nan"), upper=1.0, sustainable=False, error_bound=0.0)
    assert not bg.verify(bent).holds


def test_who_gains_is_named(solved):
    bent = replace(solved["closed form"], lower=0.4, value=0.4, upper=0.4)
    assert bg.verify(bent).reason == "at 0.4 U.S. gains 0.4 by leaving the path in phase 0"


def test_evidence_of_another_game_is_refused(solved):
    answer = solved["solved sets"]
    assert answer.evidence_above or answer.evidence_below
    foreign = bg.equilibrium_set(bg.RepeatedGame(DILEMMA, 0.3))
    found = bg.verify(replace(answer, evidence_above=(foreign,)))
    assert not found.holds
    assert "another game" in found.reason


def test_stored_and_read_back(solved, tmp_path):
    for name, answer in solved.items():
        path = tmp_path / "answer.json"
        path.write_text(answer.to_json())
        assert bg.verify(bg.Solution.from_json(path)).holds, name


SMALL = st.integers(0, 3)
ANSWERS = given(
    st.lists(SMALL, min_size=8, max_size=8), st.integers(0, 1), st.integers(0, 1), st.sampled_from(["path", "cycle", "transfers"])
)


# A few of these games take half a minute of exact arithmetic each: a sample by default.
@settings(max_examples=20, deadline=None)
@ANSWERS
def test_small_games(payoffs, a, b, kind):
    assert_certified(payoffs, a, b, kind)


@pytest.mark.full
@settings(max_examples=200, deadline=None)
@ANSWERS
def test_every_small_game(payoffs, a, b, kind):
    assert_certified(payoffs, a, b, kind)


def assert_certified(payoffs, a, b, kind):
    game = bg.game(np.reshape(payoffs[:4], (2, 2)).tolist(), np.reshape(payoffs[4:], (2, 2)).tolist())
    if kind == "path":
        answer = bg.critical_delta(game, (a, b))
    elif kind == "cycle":
        answer = bg.critical_delta_cycle(game, [(a, b), (1 - a, b)])
    else:
        answer = bg.critical_delta_transfers(game, (a, b))
    found = bg.verify(answer)
    # Next to patience one an outer chain may be longer than exact arithmetic can walk; the certificate then says so and does not hold.
    assert found.holds or found.reason.endswith("too long to walk again here"), found.reason


def test_cycle_that_an_empty_set_bounds_ends():
    """The least discount factor lies at a jump, and rates round: each discount factor is solved once."""
    game = bg.game([[0.384, -0.828], [0.627, 0.467]], [[-0.412, -1.219], [1.52, 0.094]])
    answer = bg.critical_delta_cycle(game, [(0, 0), (1, 0)])
    assert answer.status.name == "solved"
    assert answer.upper == pytest.approx(0.89003436, abs=1e-8)
    assert answer.iterations < 60
    assert bg.verify(answer).holds


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.integers(-4, 4), min_size=2, max_size=4), min_size=1, max_size=3))
def test_first_common_against_sampling(rows):
    """Before the first end no sample has all polynomials non-negative; at the second all are; Sturm's count agrees."""
    polynomials = [[Fraction(c) for c in row] for row in rows]
    low, high = first_common(polynomials, Fraction(0), Fraction(1))
    grid = [Fraction(k, 97) for k in range(98)]
    fine = [x for x in grid if all(value_at(p, x) >= 0 for p in polynomials)]
    if low is None:
        assert not fine
        return
    assert all(x >= low for x in fine)
    if high is not None:
        assert all(value_at(p, high) >= 0 for p in polynomials)
    if low > 0:
        assert negative_somewhere(polynomials, Fraction(0), low, closed=False)
