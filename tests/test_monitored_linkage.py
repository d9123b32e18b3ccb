"""Linkage under noise: published and derived cases, dominance of optimal linkage, vetting and auditing, and the certified sets."""

from itertools import pairwise

import numpy as np
import pytest
from catalogue import ANALYTIC, FAN, stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.payoff_set import minkowski_sum

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def alike(count, g=1.0, pi=2.0, p=0.1, q=0.5):
    own = bg.game([[pi, -g], [pi + g, 0]], [[pi, pi + g], [-g, 0]])
    names = [f"I{k}" for k in range(count)]
    seen = bg.Monitoring.incidents(own, (0, 0), p, q)
    return bg.IssueGame(dict.fromkeys(names, own)), dict.fromkeys(names, seen), dict.fromkeys(names, (0, 0))


def test_noisy_linkage_two():
    case = ANALYTIC["noisy_linkage_two"]
    numbers = {name: case["inputs"][name] for name in ("g", "p", "q")}
    unlinked, two, three = case["expected"]
    pair = bg.monitored_linkage(*alike(2, **numbers), delta=0.9)
    assert pair.unlinked.cost == pytest.approx((unlinked, unlinked), abs=case["tolerance"])
    assert pair.optimal.cost == pytest.approx((two, two), abs=case["tolerance"])
    triple = bg.monitored_linkage(*alike(3, **numbers), delta=0.995)
    assert triple.optimal.cost == pytest.approx((three, three), abs=case["tolerance"])
    assert pair.optimal.payoffs == pytest.approx((4 - two, 4 - two), abs=case["tolerance"])


def test_noisy_linkage_min_delta():
    case = ANALYTIC["noisy_linkage_min_delta"]
    found = bg.monitored_linkage(*alike(2, **case["inputs"]), delta=0.9)
    assert found.optimal.cheapest_delta == pytest.approx(case["expected"], abs=1e-8)
    # Something less selective enforces the agreement with less patience; below that nothing does.
    assert found.optimal.critical_delta < found.optimal.cheapest_delta
    for step, holds in ((1e-6, True), (-1e-6, False)):
        near = bg.monitored_linkage(*alike(2, **case["inputs"]), delta=found.optimal.critical_delta + step)
        assert near.optimal.sustained is holds
    just_below = bg.monitored_linkage(*alike(2, **case["inputs"]), delta=case["expected"] - 1e-3)
    assert just_below.optimal.cost[0] > found.optimal.cost[0] + 1e-6


def test_contagion_all_or_nothing():
    case = ANALYTIC["contagion_all_or_nothing"]
    values = case["inputs"]
    own = {name: bg.game([[v, -1], [v + 1, 0]], [[v, v + 1], [-1, 0]]) for name, v in (("A", values["pi_A"]), ("B", values["pi_B"]))}
    seen = {
        "A": bg.Monitoring.incidents(own["A"], (0, 0), 0, 1),
        "B": bg.Monitoring.incidents(own["B"], (0, 0), values["p"], 0.5),
    }
    agreement = dict.fromkeys(own, (0, 0))
    found = bg.grim_payoffs(bg.IssueGame(own), seen, agreement, values["delta"])
    unlinked, tied = case["expected"]
    assert found["unlinked"] == pytest.approx((unlinked, unlinked), abs=case["tolerance"])
    assert found["all_or_nothing"] == pytest.approx((tied, tied), abs=case["tolerance"])


@FEW
@given(
    seed=st.integers(0, 10_000),
    alarms=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10)), min_size=2, max_size=2),
    delta=st.sampled_from([0.6, 0.83, 0.97]),
    correlation=st.sampled_from([0, "1/3", 1]),
)
def test_optimal_linkage_weakly_dominates(seed, alarms, delta, correlation):
    rng = np.random.default_rng(seed)
    own, seen = {}, {}
    for name, (p, q) in zip("AB", alarms, strict=True):
        reward, gain, loss = rng.integers(1, 5, 3)
        own[name] = bg.game([[reward, -loss], [reward + gain, 0]], [[reward, reward + gain], [-loss, 0]])
        seen[name] = bg.Monitoring.incidents(own[name], (0, 0), p / 10, min(1.0, (p + q) / 10))
    found = bg.monitored_linkage(bg.IssueGame(own), seen, dict.fromkeys(own, (0, 0)), delta, correlation=correlation)
    for other in (found.unlinked, found.all_or_nothing):
        assert found.optimal.joint_payoff >= other.joint_payoff - 1e-7
        assert found.optimal.critical_delta <= other.critical_delta + 1e-7
        if other.sustained:
            assert found.optimal.sustained
            assert found.optimal.cost[0] <= other.cost[0] + 1e-7


def test_a_noisy_issue_is_kept_apart_and_alike_ones_are_linked():
    own = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    issues, agreement = bg.IssueGame({"A": own, "B": own}), {"A": (0, 0), "B": (0, 0)}
    sharp = bg.Monitoring.incidents(own, (0, 0), 0.01, 0.9)
    dull = bg.Monitoring.incidents(own, (0, 0), 0.4, 0.6)
    apart = bg.monitored_linkage(issues, {"A": sharp, "B": dull}, agreement, 0.95)
    assert apart.verdict == "firewall"
    assert apart.optimal.joint_payoff > apart.unlinked.joint_payoff
    better = bg.monitored_linkage(issues, {"A": sharp, "B": sharp}, agreement, 0.95)
    assert all(gain > 0 for gain in better.gain_over(apart).values())
    # Each side is tempted on one issue; impatient sides need the slack of the other.
    mirrored = {"A": bg.game([[2, -3], [2.5, 0]], [[2, 5], [-3, 0]]), "B": bg.game([[2, -3], [5, 0]], [[2, 2.5], [-3, 0]])}
    seen = {name: bg.Monitoring.incidents(own, (0, 0), 0.01, 0.9) for name, own in mirrored.items()}
    linked = bg.monitored_linkage(bg.IssueGame(mirrored), seen, agreement, 0.6)
    assert linked.verdict == "link"
    assert (linked.unlinked.sustained, linked.all_or_nothing.sustained, linked.optimal.sustained) == (False, True, True)
    alike_signals = bg.monitored_linkage(*alike(2), delta=0.95)
    assert alike_signals.verdict == "firewall"


def test_value_of_vetting_and_of_an_audit():
    own = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    issues, agreement = bg.IssueGame({"A": own, "B": own}), {"A": (0, 0), "B": (0, 0)}
    values = []
    for q in (0.4, 0.5, 0.6):
        seen = bg.Monitoring.incidents(own, (0, 0), 0.1, q)
        values.append(bg.monitored_linkage(issues, {"A": seen, "B": seen}, agreement, 0.95))
    for worse, better in pairwise(values):
        assert all(gain > 0 for gain in better.gain_over(worse).values())
    # Unlinked, a side loses p g / (q - p) an issue.
    assert values[1].gain_over(values[0])["unlinked"] == pytest.approx(2 * 2 * (0.1 / 0.3 - 0.1 / 0.4), abs=1e-8)
    plain, sharp = (bg.Monitoring.incidents(own, (0, 0), p, q) for p, q in ((0.1, 0.5), (0.02, 0.9)))
    for cost, pays in ((0.01, True), (0.5, False)):
        audited, seen = bg.with_audit(own, plain, sharp, player=0, cost=cost)
        with_audit = bg.monitored_linkage(bg.IssueGame({"A": audited}), {"A": seen}, {"A": ("0 + audit", "0")}, 0.95)
        without = bg.monitored_linkage(bg.IssueGame({"A": own}), {"A": plain}, {"A": (0, 0)}, 0.95)
        assert (with_audit.gain_over(without)["unlinked"] > 0) is pays
    # An audit that leaves no trace as long as all comply is shirked.
    audited, seen = bg.with_audit(own, plain, bg.Monitoring.incidents(own, (0, 0), 0.1, 0.9), player=0, cost=0.01)
    shirked = bg.monitored_linkage(bg.IssueGame({"A": audited}), {"A": seen}, {"A": ("0 + audit", "0")}, 0.95)
    assert not shirked.optimal.sustained
    assert shirked.optimal.critical_delta == np.inf


def test_certified_sets_of_the_regimes():
    issues, seen, _ = alike(2, q=0.8)
    games = bg.linkage_games(issues, seen, 0.8)
    alone = bg.equilibrium_set(games["issue I0"])
    unlinked = minkowski_sum([alone.inner, alone.inner])
    optimal = bg.equilibrium_set(games["optimal"], tol=5e-3)
    tied = bg.equilibrium_set(games["all_or_nothing"], tol=5e-3)
    for solution in (alone, optimal, tied):
        assert bg.verify(solution).holds
    assert (unlinked.support(FAN) <= optimal.outer.support(FAN) + 1e-9).all()
    assert (tied.inner.support(FAN) <= optimal.outer.support(FAN) + 1e-9).all()


def test_mistakes():
    issues, seen, agreement = alike(2)
    with pytest.raises(bg.GameError, match="no static equilibrium"):
        bg.monitored_linkage(issues, seen, agreement, 0.9, reversion={"I0": (0, 0)})
    with pytest.raises(bg.GameError, match="has no monitoring"):
        bg.monitored_linkage(issues, {"I0": seen["I0"]}, agreement, 0.9)
    with pytest.raises(bg.GameError, match="not separable"):
        bg.monitored_linkage(bg.IssueGame(issues.issues, np.ones((2, 4, 4))), seen, agreement, 0.9)
    pennies = stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    blind = bg.Monitoring(["clean", "incident"], np.full((2, 2, 2), 0.5))
    with pytest.raises(bg.GameError, match="no static equilibrium in pure actions"):
        bg.monitored_linkage(bg.IssueGame({"P": pennies}), {"P": blind}, {"P": (0, 0)}, 0.9)
