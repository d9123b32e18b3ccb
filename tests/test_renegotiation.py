"""Contractual equilibrium and weak renegotiation-proofness, against closed forms and an explicit value recursion."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, DILEMMA, dilemma, payoff_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError

QUICK = settings(max_examples=40, deadline=None, derandomize=True)


def symmetric(g, loss):
    return dilemma(1 + g, 1, 0, -loss)


def test_contractual_eq_pd():
    case = ANALYTIC["contractual_eq_pd"]
    g, loss = case["inputs"]["g"], case["inputs"]["l"]
    path = bg.contract_path(symmetric(g, loss))
    assert float(path.least_delta((0, 0))) == pytest.approx(case["expected"], abs=1e-15)
    below, at = (bg.contractual_equilibrium(bg.RepeatedGame(symmetric(g, loss), d)) for d in ("0.5714", "4/7"))
    assert (0, 0) not in below.enforceable
    assert (0, 0) in at.enforceable
    assert at.span == 1 + g - loss


@QUICK
@given(st.integers(1, 30), st.integers(0, 60))
def test_the_closed_form_of_the_dilemma(g, loss):
    g, loss = Fraction(g, 10), Fraction(loss, 10)
    found = bg.contract_path(symmetric(float(g), float(loss))).least_delta((0, 0))
    if loss >= 1 + g:
        assert found is None
    else:
        # Mutual cooperation needs 2g; the exploitation that spans the punishments needs l.
        assert found == max(2 * g, loss) / (max(2 * g, loss) + 1 + g - loss)


def recursion(payoffs, delta, weights):
    """Level and ends of the segment by iterating values: disagreement play, then a split of what is left by the weights. From above."""
    u = np.array(payoffs, dtype=float)
    gains = np.stack([u[0].max(axis=0, keepdims=True) - u[0], u[1].max(axis=1, keepdims=True) - u[1]])
    level, low, high = u.sum(axis=0).max(), -1e3, 1e3
    for _ in range(4000):
        before = low, high
        # Continuation of the U.S. between low and high, either side deterred by its end.
        room = (1 - delta) * gains.sum(axis=0) <= delta * (high - low) + 1e-12
        if not room.any():
            return None
        level = u.sum(axis=0)[room].max()
        kept = (1 - delta) * (u[0] + weights[0] * (level - u.sum(axis=0)))
        lows = np.where(room, kept + delta * low + (1 - delta) * gains[0], np.inf)
        highs = np.where(room, kept + delta * high - (1 - delta) * gains[1], -np.inf)
        low, high = lows.min(), highs.max()
        if max(abs(low - before[0]), abs(high - before[1])) < 1e-12:
            break
    return level, low, high


@settings(max_examples=25, deadline=None, derandomize=True)
@given(payoff_arrays(most=3), st.sampled_from([0.237, 0.411, 0.583, 0.719, 0.871]), st.sampled_from([(0.5, 0.5), (0.8, 0.2), (1, 0)]))
def test_against_an_explicit_value_recursion(payoffs, delta, weights):
    solution = bg.contractual_equilibrium(bg.RepeatedGame(bg.StageGame(payoffs=payoffs), delta), weights)
    expected = recursion(payoffs, delta, weights)
    if expected is None:
        assert solution.status.name == "empty"
        assert solution.payoff_set.is_empty
        return
    level, low, high = expected
    assert solution.level == pytest.approx(level, abs=1e-9)
    assert solution.span == pytest.approx(high - low, abs=1e-6)
    ends = solution.payoff_set.vertices
    np.testing.assert_allclose([ends[:, 0].min(), ends[:, 0].max()], [low, high], atol=1e-6)


@QUICK
@given(payoff_arrays(most=3))
def test_p9_level_is_efficient_at_most_and_rises_with_patience(payoffs):
    stage = bg.StageGame(payoffs=payoffs)
    path = bg.contract_path(stage, (0.7, 0.3))
    levels = [path.at(d) for d in (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)]
    values = [float(level.level) if level else -np.inf for level in levels]
    assert values == sorted(values)
    assert max(values) <= np.sum(payoffs, axis=0).max()
    # Renegotiation cannot do better than transfers without it.
    free = bg.transfer_path(stage)
    for d, value in zip((0.1, 0.3, 0.5, 0.7, 0.9, 0.99), values, strict=True):
        if np.isfinite(value):
            assert value <= float(free.at(d).joint)


def test_contractual_errors():
    game = bg.StageGame(payoffs=DILEMMA)
    with pytest.raises(GameError, match="common discount factor"):
        bg.contractual_equilibrium(bg.RepeatedGame(game, (0.5, 0.6)))
    with pytest.raises(GameError, match="none negative"):
        bg.contract_path(game, (-1, 2))
    with pytest.raises(GameError, match="delta 2"):
        bg.contract_path(game).at(2)


# Weak renegotiation-proofness


def test_wrp_one_period_penance():
    case = ANALYTIC["wrp_one_period_penance"]
    T, R, P, S = (case["inputs"][k] for k in "TRPS")
    game = dilemma(T, R, P, S)
    assert bg.penance_delta(game, (0, 0), longest=1) == pytest.approx(case["expected"], abs=1e-8)
    assert bg.penance(game, (0, 0), "2/3", longest=1) is not None
    assert bg.penance(game, (0, 0), "0.66666", longest=1) is None
    # Longer penances come down towards the grim trigger's (T - R) / (T - P) = 1/2.
    longer = [bg.penance_delta(game, (0, 0), longest=n, tol=1e-6) for n in (1, 2, 4)]
    assert longer == sorted(longer, reverse=True)
    assert 0.5 <= longer[-1] < 0.6


@QUICK
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_the_closed_form_of_one_period_of_penance(a, b, c):
    S, P, R, T = 0, a, a + b, a + b + c
    if 2 * R < T + S:
        return
    expected = max((T - R) / (R - S), (P - S) / (R - S))
    found = bg.penance_delta(dilemma(T, R, P, S), (0, 0), longest=1)
    if expected < 0.99:
        assert found == pytest.approx(expected, abs=1e-8)


def test_farrell_maskin_in_the_dilemma():
    proof = bg.renegotiation_proof(bg.StageGame(payoffs=DILEMMA))
    assert proof.contains((3, 3))
    assert proof.contains((1.5, 3.9))
    # Minmax payoffs are not strictly rational, and what lies outside the feasible set is nothing at all.
    assert not proof.contains((1, 1))
    assert not proof.contains((4, 4))
    # Every individually rational point passes here: the punisher earns 5 while the other does penance at a best reply of 1.
    assert max(piece.support([1, 0]) for piece in proof.pieces) == pytest.approx(13 / 3)


def test_a_punishment_that_hurts_the_punisher_is_renegotiated():
    # Fighting holds the other to 0 but costs the fighter: the good payoff is an equilibrium, not a renegotiation-proof one.
    game = bg.game([[2, 0], [3, 0]], [[2, -1], [0, -1]], actions=[["trust", "cheat"], ["trade", "close"]])
    proof = bg.renegotiation_proof(game)
    assert not proof.contains((2, 2))
    assert bg.penance(game, (0, 0), 0.95) is None
    assert bg.critical_delta(game, (0, 0)).sustainable


def test_the_lattice_column_is_the_hardest_block():
    story = bg.scenario("briefing")
    issues = story.game().stage
    deals = {name: story.agreement(name) for name in ("civil", "full")}
    rows = {(row["partition"], row["agreement"]): row for row in bg.renegotiation_rows(story.game(), deals, (0.3, 0.7))}
    assert len(rows) == 2 * 5
    for (partition, name), row in rows.items():
        parts = []
        for block in issues.partition(partition):
            profile = issues.joint_profile(issues.agreement(deals[name]), block)
            parts.append(bg.contract_path(issues.block(block), (0.3, 0.7)).least_delta(profile))
        expected = np.nan if None in parts else float(max(parts))
        np.testing.assert_equal(row["critical_delta_contractual"], expected)
        assert row["survives_renegotiation"] == (expected <= 0.6)
    # Renegotiation raises the bar of the full exchange (0.486 with optimal punishments), linkage still lowers it.
    again = bg.renegotiation_rows(story.game(), deals)
    equal = {row["partition"]: row["critical_delta_contractual"] for row in again if row["agreement"] == "full"}
    assert 0.486 < equal["T,R,C"] < equal["T,R|C"]
