"""Side payments: optimal simple equilibria at all discount factors (Goldlücke and Kranz 2012), and a plain fixed point in fractions."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from catalogue import DILEMMA, load, payoff_arrays, stage, transposed
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import exact

CASES = {case["id"]: case for case in load("repeated")}
GAMES = {
    case["id"]: case["game"]["payoffs"]
    for case in CASES.values()
    if case["method"] == "V_pure_public_randomization" and "payoffs" in case["game"]
}
DELTAS = ("1/20", "3/10", "1/2", "2/3", "9/10", "999/1000")


def oracle(payoffs, delta):
    """(U, v0, v1) by striking out from above what cannot be enforced; None if nothing is left."""
    g = [[[exact(u) for u in row] for row in matrix] for matrix in payoffs]
    m, n = len(g[0]), len(g[0][0])
    profiles = [(a, b) for a in range(m) for b in range(n)]
    cheat = {(a, b): (max(g[0][x][b] for x in range(m)), max(g[1][a][y] for y in range(n))) for a, b in profiles}
    while profiles:
        joint = max(g[0][a][b] + g[1][a][b] for a, b in profiles)
        worst = [min(cheat[p][i] for p in profiles) for i in (0, 1)]
        kept = [p for p in profiles if (1 - delta) * (sum(cheat[p]) - g[0][p[0]][p[1]] - g[1][p[0]][p[1]]) <= delta * (joint - sum(worst))]
        if kept == profiles:
            return joint, *worst
        profiles = kept
    return None


def level_of(payoffs, delta):
    level = bg.transfer_path(stage(payoffs)).at(delta)
    return None if level is None else (level.joint, *level.worst)


def solve(payoffs, delta):
    return bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta), transfers=True)


def test_gk_abreu_cournot():
    case = CASES["gk_abreu_cournot"]
    rows = bg.transfer_path(stage(case["game"]["payoffs"])).steps
    expected = case["expected"]["opt_rows"]
    assert [float(row.delta) for row in rows] == pytest.approx([row["delta"] for row in expected], abs=case["tolerance"])
    assert [(row.requirement, row.joint, list(row.worst)) for row in rows] == [(row["L"], row["Ue"], row["v"]) for row in expected]
    assert [sorted(row.path) for row in rows] == [row["ae"] for row in expected]


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("name", GAMES)
def test_published_games_with_transfers(name, delta):
    payoffs, delta = GAMES[name], Fraction(delta)
    expected = oracle(payoffs, delta)
    assert level_of(payoffs, delta) == expected
    solution = solve(payoffs, delta)
    certificate = bg.verify(solution)
    assert certificate.holds, certificate.reason
    assert solution.is_empty == (expected is None)


@settings(max_examples=60, deadline=None)
@given(payoff_arrays(), st.sampled_from(DELTAS))
def test_small_games_with_ties(payoffs, delta):
    delta = Fraction(delta)
    assert level_of(payoffs, delta) == oracle(payoffs, delta)
    assert bg.verify(solve(payoffs, delta)).holds


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(), st.sampled_from(DELTAS))
def test_payments_never_hurt(payoffs, delta):
    """Every equilibrium without payments is one with them, none of which are made."""
    without = bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta))
    with_them = solve(payoffs, delta)
    for vertex in without.inner.vertices:
        assert with_them.contains(vertex, 1e-9)


@settings(max_examples=40, deadline=None)
@given(payoff_arrays())
def test_more_patience_never_hurts(payoffs):
    levels = [level_of(payoffs, Fraction(delta)) for delta in DELTAS]
    for before, after in pairwise(levels):
        if before is not None:
            assert after is not None
            assert after[0] >= before[0]
            assert after[1] <= before[1]
            assert after[2] <= before[2]


def test_names_of_players_and_units_do_not_matter():
    payoffs = GAMES["as2014_d03"]
    path, turned = bg.transfer_path(stage(payoffs)), bg.transfer_path(stage(transposed(payoffs)))
    assert [(level.delta, level.joint, level.worst) for level in path.levels] == [
        (level.delta, level.joint, level.worst[::-1]) for level in turned.levels
    ]
    moved = np.array(payoffs) * 3.0 + np.array([7.0, -2.0])[:, None, None]
    assert [level.delta for level in bg.transfer_path(stage(moved.tolist())).levels] == [level.delta for level in path.levels]


def test_a_threshold_that_binds_exactly():
    assert level_of(DILEMMA, "1/2")[0] == 6
    assert level_of(DILEMMA, Fraction(1, 2) - Fraction(1, 10**12))[0] == 5
    assert bg.critical_delta_transfers(stage(DILEMMA), (0, 0)).value == 0.5
    assert bg.critical_delta_transfers(stage(DILEMMA), (1, 1)).value == 0.0


def test_nothing_to_punish_with():
    """Matching pennies: joint payoffs are zero everywhere, so nothing deters, at any patience."""
    pennies = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
    assert bg.transfer_path(stage(pennies)).levels == ()
    solution = solve(pennies, 0.99)
    assert solution.status is bg.Status.empty
    assert bg.verify(solution).holds
    answer = bg.critical_delta_transfers(stage(pennies), (0, 0))
    assert not answer.sustainable
    assert np.isnan(answer.value)


def test_a_poor_profile_is_no_agreement_however_little_it_tempts():
    """(0, 0) can be enforced once, with (1, 1) to come; played for ever it pays nothing, and each side can always have at least 1."""
    game = stage([[[0, 1], [1, 2]], [[0, 1], [1, 2]]])
    answer = bg.critical_delta_transfers(game, (0, 0))
    assert not answer.sustainable
    assert bg.verify(answer).holds
    assert not bg.verify(replace(answer, lower=0.6, value=0.6, upper=0.6, sustainable=True)).holds


def twin(payoffs, profile, delta):
    """Whether a profile is sustained for ever with payments: strike out what cannot be enforced, then compare."""
    first, second = np.array(payoffs, dtype=float)
    joint, best = first + second, (first.max(axis=0)[None, :] + 0 * first, second.max(axis=1)[:, None] + 0 * first)
    left = np.ones_like(first, dtype=bool)
    while left.any():
        floor = best[0][left].min() + best[1][left].min()
        kept = left & ((1 - delta) * (best[0] + best[1] - joint) <= delta * (joint[left].max() - floor) + 1e-12)
        if (kept == left).all():
            return bool((1 - delta) * (best[0] + best[1] - joint)[profile] <= delta * (joint[profile] - floor) + 1e-12)
        left = kept
    return False


def test_least_patience_against_striking_out():
    random = np.random.default_rng(5)
    seen = 0
    for _ in range(300):
        payoffs = random.integers(0, 4, (2, *random.integers(1, 5, 2)))
        profile = tuple(int(random.integers(size)) for size in payoffs.shape[1:])
        answer = bg.critical_delta_transfers(stage(payoffs.tolist()), profile)
        assert bg.verify(answer).holds
        if not answer.sustainable:
            assert not twin(payoffs, profile, 0.9999)
            continue
        assert twin(payoffs, profile, answer.value + 1e-6)
        if answer.value > 0:
            seen += 1
            assert not twin(payoffs, profile, answer.value - 1e-6)
    assert seen > 25


@pytest.mark.parametrize("delta", [2, 0, "nan", float("nan"), "x", None, 1.0])
def test_patience_that_is_none(delta):
    with pytest.raises(ValueError, match=r"delta is .*: expected a number strictly between 0 and 1"):
        bg.transfer_path(stage(DILEMMA)).at(delta)
    with pytest.raises(ValueError, match=r"delta_max is .*: expected a number strictly between 0 and 1"):
        bg.critical_delta_transfers(stage(DILEMMA), (0, 0), delta_max=delta)


def test_a_side_without_a_choice():
    """A release that costs 0.3 and is worth 1.2 is bought as soon as the buyer's loss of it, a period later, is worth the price."""
    release = [[[0.0, 1.2]], [[0.0, -0.3]]]
    assert bg.critical_delta(stage(release), (0, 1)).sustainable is False
    # L = 0.3 and U - V = 0.9: the seller is held to zero, the buyer to nothing delivered.
    assert bg.critical_delta_transfers(stage(release), (0, 1)).value == pytest.approx(0.3 / (0.3 + 0.9), abs=1e-15)


def test_each_side_its_own_discount_factor_is_another_theory():
    with pytest.raises(bg.GameError, match=r"transfers: delta is \(0\.5, 0\.6\); expected a common discount factor"):
        bg.equilibrium_set(bg.RepeatedGame(stage(DILEMMA), (0.5, 0.6)), transfers=True)


def test_partitions_pay_block_by_block():
    game = bg.scenario("briefing").game()
    common = bg.RepeatedGame(game.stage, 0.6)
    apart, together = (bg.equilibrium_set(common, partition, transfers=True) for partition in ("T|R|C", "T,R,C"))
    assert bg.verify(apart).holds
    assert bg.verify(together).holds
    assert apart.method == together.method == "optimal simple equilibria with transfers"
    assert apart.options == {"partition": "T|R|C", "transfers": True}
    bent = replace(apart, blocks={**apart.blocks, ("T",): bg.equilibrium_set(apart.blocks["T",].game)})
    assert not bg.verify(bent).holds
    assert together.support([1.0, 1.0]) >= apart.support([1.0, 1.0]) - 1e-12
    row = bg.linkage_lattice(common, {}, ["T|R|C"]).rows()[0]
    assert row["joint_surplus_transfers"] == pytest.approx(apart.support([1.0, 1.0]), abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"path": (0, 1)}, "do not give the claimed payoffs"),
        ({"joint": Fraction(7)}, "do not give the claimed payoffs"),
        ({"worst": (Fraction(0), Fraction(0))}, "do not give the claimed payoffs"),
        ({"worst": (Fraction(2), Fraction(2))}, "cheating gains both together"),
        ({"path": (5, 5)}, "there is no profile"),
    ],
)
def test_corrupted_proofs_are_refused(changes, reason):
    solution = solve(DILEMMA, 0.6)
    certificate = bg.verify(replace(solution, transfer_proof=replace(solution.transfer_proof, **changes)))
    assert not certificate.holds
    assert reason in certificate.reason


def test_a_claim_of_less_than_there_is():
    less = replace(solve(DILEMMA, 0.45), game=bg.RepeatedGame(stage(DILEMMA), 0.6))
    assert "give more" in bg.verify(less).reason
    bent = solve(DILEMMA, 0.6)
    assert "not the one proven" in bg.verify(replace(bent, inner=bg.PayoffSet([[1, 1], [5, 1.00001], [1, 5]]))).reason
