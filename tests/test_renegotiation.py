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


# Penances, phase by phase: every constraint and every comparison as defined, nothing derived.


def penance_holds(payoffs, agreed, profiles, periods, deltas):
    """Whether nobody gains by one deviation anywhere and no phase is better for both sides than another."""
    u = [[[Fraction(x) for x in row] for row in matrix] for matrix in payoffs]
    m, n = len(u[0]), len(u[0][0])

    def pays(a):
        return [u[i][a[0]][a[1]] for i in (0, 1)]

    def cheats(a):
        return [max(u[0][k][a[1]] for k in range(m)), max(u[1][a[0]][k] for k in range(n))]

    def now(a, later):
        return [(1 - d) * x + d * w for d, x, w in zip(deltas, pays(a), later, strict=True)]

    phases = [(agreed, pays(agreed))]
    starts = []
    for profile, length in zip(profiles, periods, strict=True):
        value = pays(agreed)
        for _ in range(length):
            value = now(profile, value)
            phases.append((profile, value))
        starts.append(value)
    for profile, value in phases:
        for i in (0, 1):
            if (1 - deltas[i]) * cheats(profile)[i] + deltas[i] * starts[i][i] > value[i]:
                return False
    return not any(a[0] > b[0] and a[1] > b[1] for _, a in phases for _, b in phases)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(payoff_arrays(most=3), st.tuples(st.sampled_from((2, 5, 8)), st.sampled_from((3, 5, 9))), st.integers(0, 8))
def test_penances_against_a_search_phase_by_phase(payoffs, tenths, where):
    deltas = Fraction(tenths[0], 10), Fraction(tenths[1], 10)
    stage = bg.StageGame(payoffs=payoffs)
    m, n = stage.shape
    agreed = (where % m, where // m % n)
    profiles = list(np.ndindex(m, n))
    found = bg.penance(stage, agreed, deltas, longest=3)
    every = ((a, b, j, k) for a in profiles for b in profiles for j in (1, 2, 3) for k in (1, 2, 3))
    # Only penances in which the punisher does not lose are meant; the others are covered by the comparison of phases.
    if found is None:
        assert not any(
            penance_holds(payoffs, agreed, (a, b), (j, k), deltas) and _is_penance(payoffs, agreed, a, b) for a, b, j, k in every
        )
    else:
        assert penance_holds(payoffs, agreed, found.profiles, found.periods, deltas)
        assert bg.weakly_renegotiation_proof(stage, agreed, deltas, longest=3) is True


@pytest.mark.parametrize("punisher", ["U.S.", "China"])
def test_a_punisher_that_would_rather_grab_is_deterred_too(punisher):
    """Cheating pays China: 1 at (0, 1), and its penance (1, 0) pays the U.S. 3 for 2; but there the U.S. grabs 5, and fears nothing."""
    us, cn, deltas = np.array([[5.0, 2.0], [3.0, 1.0]]), np.array([[5.0, 4.0], [3.0, 3.0]]), (0.2, 0.9)
    agreed = (0, 1)
    if punisher == "China":
        us, cn, deltas, agreed = cn.T, us.T, deltas[::-1], agreed[::-1]
    stage = bg.game(us, cn)
    assert bg.penance(stage, agreed, deltas, longest=3) is None
    assert bg.weakly_renegotiation_proof(stage, agreed, deltas, longest=3) is None
    profiles = list(np.ndindex(2, 2))
    tried = [(a, b, j, k) for a in profiles for b in profiles for j in (1, 2, 3) for k in (1, 2, 3)]
    exact = [Fraction(d).limit_denominator(10) for d in deltas]
    assert not any(penance_holds([us.tolist(), cn.tolist()], agreed, (a, b), (j, k), exact) for a, b, j, k in tried)


def _is_penance(payoffs, agreed, first, second):
    """The punisher gets at least the agreement's payoff, the punished at most that."""
    u = np.array(payoffs)
    return all(u[1 - i][a] >= u[1 - i][agreed] and u[i][a] <= u[i][agreed] for i, a in ((0, first), (1, second)))


@QUICK
@given(payoff_arrays(most=3), st.integers(0, 8))
def test_what_is_renegotiation_proof_is_sustained_and_what_is_not_can_never_be_by_penances(payoffs, where):
    stage = bg.StageGame(payoffs=payoffs)
    agreed = (where % stage.shape[0], where // stage.shape[0] % stage.shape[1])
    for delta in (0.3, 0.9):
        answer = bg.weakly_renegotiation_proof(stage, agreed, delta)
        if answer:
            least = bg.critical_delta(stage, agreed)
            assert least.sustainable
            assert least.lower <= delta
        if answer is False:
            assert np.isnan(bg.penance_delta(stage, agreed, tol=1e-2))


def test_penances_take_a_discount_factor_a_side():
    game = bg.StageGame(payoffs=DILEMMA)
    # One period of penance needs 2/3 of either side.
    assert bg.penance(game, (0, 0), ("2/3", 0.9), longest=1) is not None
    assert bg.penance(game, (0, 0), (0.9, "0.66666"), longest=1) is None
    assert bg.weakly_renegotiation_proof(game, (0, 0), (0.9, "0.66666"), longest=1) is None
    assert bg.weakly_renegotiation_proof(game, (1, 1), 0.01) is True
    with pytest.raises(GameError, match="longest is 0"):
        bg.weakly_renegotiation_proof(game, (0, 0), 0.9, longest=0)


# The columns of the lattice


def test_columns_by_block_and_in_the_lattice():
    story = bg.scenario("briefing")
    game, deals = story.game(), {name: story.agreement(name) for name in story.agreements}
    weights = (0.3, 0.7)
    plain = bg.linkage_lattice(game, deals).rows()
    rows = bg.linkage_lattice(game, deals, renegotiation_weights=weights).rows()
    beside = bg.renegotiation_rows(game, deals, weights)
    new = {"critical_delta_contractual", "survives_renegotiation", "weakly_renegotiation_proof", "contractual_level", "renegotiation_gain"}
    assert [set(row) - new for row in rows] == [set(row) for row in plain]
    assert new.isdisjoint(plain[0])
    issues = game.stage
    for row, old, own in zip(rows, plain, beside, strict=True):
        np.testing.assert_equal({key: row[key] for key in old}, old)
        np.testing.assert_equal({key: row[key] for key in own}, own)
        blocks = issues.partition(row["partition"])
        level = sum(bg.contractual_equilibrium(bg.RepeatedGame(issues.block(block), game.delta), weights).level for block in blocks)
        assert row["contractual_level"] == pytest.approx(level, abs=1e-12)
        a, b = issues.joint_profile(deals[row["agreement"]])
        assert row["renegotiation_gain"] == pytest.approx(level - issues.stage_game().payoffs[:, a, b].sum(), abs=1e-12)
        proofs = [
            bg.weakly_renegotiation_proof(stage, issues.joint_profile(deals[row["agreement"]], block), game.delta, longest=40)
            for block, stage in ((block, bg.RepeatedGame(issues.block(block), game.delta).stage_game()) for block in blocks)
        ]
        expected = False if False in proofs else None if None in proofs else True
        assert row["weakly_renegotiation_proof"] is expected
        # A proof is an equilibrium; payments without renegotiation ask for less patience than with it.
        assert row["sustained"] or expected is not True
        if not np.isnan(row["critical_delta_contractual"]):
            assert row["critical_delta_transfers"] <= row["critical_delta_contractual"]
    # A gain is what an enforceable agreement leaves; nothing that survives can be worth more than the level.
    assert all(row["renegotiation_gain"] >= -1e-12 for row in rows if row["survives_renegotiation"])


def test_two_discount_factors_agree_or_leave_it_open():
    issues = bg.IssueGame({"T": bg.StageGame(payoffs=DILEMMA)})
    deal = {"truce": {"T": (0, 0)}}
    least = float(bg.contract_path(issues.issues["T"]).least_delta((0, 0)))
    for pair, expected in (((0.9, 0.95), True), ((0.01, 0.02), False), ((0.01, 0.95), None)):
        assert (least <= min(pair), least <= max(pair)) == {True: (True, True), False: (False, False), None: (False, True)}[expected]
        (row,) = bg.renegotiation_rows(bg.RepeatedGame(issues, pair), deal)
        assert row["survives_renegotiation"] is expected
        assert np.isnan(row["contractual_level"]) == (expected is None)
    (row,) = bg.renegotiation_rows(bg.RepeatedGame(issues, 0.9), {})
    assert (row["partition"], row["agreement"], row["contractual_level"]) == ("T", "", 6.0)


def test_a_block_without_contractual_equilibrium_empties_the_partition():
    pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    issues = bg.IssueGame({"T": bg.StageGame(payoffs=DILEMMA), "M": pennies})
    rows = bg.renegotiation_rows(bg.RepeatedGame(issues, 0.9), {"a": {"T": (0, 0), "M": (0, 0)}}, partitions=["T|M"])
    (row,) = rows
    assert np.isnan(row["critical_delta_contractual"])
    assert row["survives_renegotiation"] is False
    assert row["weakly_renegotiation_proof"] is False
    assert np.isnan(row["contractual_level"])
    assert np.isnan(row["renegotiation_gain"])
    with pytest.raises(GameError, match="none negative"):
        bg.linkage_lattice(bg.RepeatedGame(issues, 0.9), {}, renegotiation_weights=(0, 0))
