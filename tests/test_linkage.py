"""Linkage conventions with and without interaction, tie-ins, joint threats, and who gains from each step."""

from dataclasses import replace

import numpy as np
import pytest
import twin
from catalogue import ANALYTIC, dilemma
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError

QUICK = settings(max_examples=20, deadline=None, derandomize=True)
EASY, HARD = dilemma(4, 3, 0, -1), dilemma(7, 3, 1, 0)
BOTH = {"A": (0, 0), "B": (0, 0)}


def together(first=EASY, second=HARD, interaction=None):
    return bg.IssueGame({"A": first, "B": second}, interaction)


def both_cooperate(size):
    """An interaction that pays where both issues have the cooperative profile, for both sides."""
    extra = np.zeros((2, 4, 4))
    extra[:, 0, 0] = size
    return extra


@pytest.mark.parametrize("partition", ["A,B", "A|B"])
def test_separable_payoffs_make_the_conventions_agree(partition):
    found = {name: bg.linked_delta(together(), BOTH, partition, name).value for name in ("triggers", "status_quo", "agreed")}
    # Nash actions are dominant and minmax, so reversion is an optimal punishment.
    expected = {"A|B": max(1 / 4, 4 / 6), "A,B": (1 + 4) / (4 + 6)}[partition]
    assert list(found.values()) == pytest.approx([expected] * 3, abs=1e-9)


prisoners = st.tuples(*[st.integers(1, 5)] * 3).map(lambda d: (sum(d), d[0] + d[1], d[0], 0))


@QUICK
@given(prisoners, prisoners)
def test_triggers_are_nash_reversion_block_by_block(first, second):
    games = [dilemma(*numbers) for numbers in (first, second)]
    apart = bg.linked_delta(together(*games), BOTH, "A|B")
    assert apart.value == pytest.approx(max(bg.critical_delta(game, (0, 0), "nash").value for game in games), abs=1e-12)
    tied = bg.linked_delta(together(*games), BOTH, "A,B")
    assert tied.value <= apart.value + 1e-12


@QUICK
@given(prisoners, prisoners, st.sampled_from([-0.25, 0.0, 0.25, 0.5]), st.sampled_from(["A|B", "A,B"]))
def test_triggers_hold_in_the_joint_game(first, second, size, partition):
    """Independent check: simulate every one-shot deviation in every state at a discount factor on either side of the threshold."""
    issues = together(dilemma(*first), dilemma(*second), both_cooperate(size))
    found = bg.linked_delta(issues, BOTH, partition, fallback={"A": (1, 1), "B": (1, 1)})
    u = issues.stage_game().payoffs
    for delta in np.linspace(0.02, 0.98, 17):
        holds = True
        for state in np.ndindex(2, 2):
            prescribed = state
            for i in (0, 1):
                for move in np.ndindex(2, 2):
                    off = [move[k] != prescribed[k] for k in (0, 1)]
                    if partition == "A,B":
                        off = [any(off)] * 2
                        if state in ((0, 1), (1, 0)):
                            continue
                    after = tuple(1 if state[k] or off[k] else 0 for k in (0, 1))
                    own, other = 2 * move[0] + move[1], 2 * prescribed[0] + prescribed[1]
                    stay = u[i, other, other]
                    dev = u[(i, own, other) if i == 0 else (i, other, own)]
                    next_ = 2 * after[0] + after[1]
                    holds &= (1 - delta) * dev + delta * u[i, next_, next_] <= stay + 1e-12
        inside = not np.isnan(found.value) and found.value <= delta <= found.upper
        if np.isnan(found.value) or min(abs(delta - found.value), abs(delta - found.upper)) > 1e-9:
            assert holds == inside


def test_conventions_differ_with_an_interaction():
    issues = together(interaction=both_cooperate(0.5))
    values = {name: bg.linked_delta(issues, BOTH, "A|B", name).value for name in ("triggers", "status_quo", "agreed")}
    # Cooperation on one issue is worth more when the other is cooperative: easier to sustain on agreed levels than from the status quo.
    assert values["agreed"] < values["status_quo"]
    assert values["status_quo"] == pytest.approx(4 / 6, abs=1e-9)
    assert values["agreed"] == pytest.approx(3.5 / 6, abs=1e-9)
    with pytest.raises(GameError, match="separable"):
        bg.equilibrium_set(bg.RepeatedGame(issues, 0.5), "A|B")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"convention": "trigers"}, "did you mean 'triggers'"),
        ({"fallback": BOTH}, "fallback is no static equilibrium"),
        ({"partition": "A"}, "stands 0 times"),
    ],
)
def test_bad_input(options, words):
    with pytest.raises(GameError, match=words):
        bg.linked_delta(together(), BOTH, **{"partition": "A|B", **options})


def test_several_static_equilibria_need_a_name():
    issues = together(bg.game([[1, 0], [0, 2]], [[1, 0], [0, 2]]))
    with pytest.raises(GameError, match="2 pure static equilibria"):
        bg.linked_delta(issues, BOTH, "A|B")
    assert bg.linked_delta(issues, BOTH, "A|B", fallback={"A": (0, 0), "B": (1, 1)}).value == pytest.approx(4 / 6)


def test_joint_threat_slack():
    case = ANALYTIC["joint_threat_slack"]
    slack, joint = bg.joint_threat(case["inputs"]["D"], case["inputs"]["L"], case["inputs"]["delta"])
    assert [*slack.tolist(), joint] == case["expected"]
    with pytest.raises(GameError, match="one a relationship"):
        bg.joint_threat([1], [1, 2], 0.5)


def test_linkage_hurts_one_side():
    case = ANALYTIC["linkage_hurts_one_side_nbs"]["inputs"]
    issues = bg.IssueGame({name: bg.game(*case[f"issue{name}"]) for name in "AB"})
    game = bg.RepeatedGame(issues, case["delta"])
    (step,) = bg.linkage_steps(bg.linkage_lattice(game, {}))
    assert (step["before"], step["after"]) == ("A|B", "A,B")
    assert step["joint_surplus"] >= 0
    assert step["best_us"] >= 0
    assert step["worst_us"] <= 0
    gains = bg.linkage_gains(game, "A|B")
    assert set(gains) == {"issue by issue", "bargaining", "enforcement"}
    # The package is chosen from a set that holds the sum of separate deals.
    assert gains["bargaining"].sum() >= gains["issue by issue"].sum() - 1e-6


def test_steps_of_the_stylised_lattice():
    lattice = bg.linkage_lattice(bg.scenario("briefing").game(), {})
    steps = bg.linkage_steps(lattice)
    assert len(steps) == 6
    assert all(step["joint_surplus"] >= 0 and step["worst_us"] <= 0 and step["worst_cn"] <= 0 for step in steps)


# Tie-ins as payoff sets: each side delivers on all issues or on none


def tied(issues, agreement, fallback, delta, sweeps=200):
    """The set operator over the all-or-nothing profiles, in plain Python from the hull or box of the payoffs, by its own deviations."""
    stage = issues.stage_game()
    g = [[[float(x) for x in row] for row in matrix] for matrix in stage.payoffs]
    h = twin.gains(g)
    (a, b), (c, d) = issues.joint_profile(agreement), issues.joint_profile(fallback)
    kept = sorted({(x, y) for x in (a, c) for y in (b, d)})
    deltas = delta if isinstance(delta, tuple) else (delta, delta)
    low, high = [min(map(min, g[i])) for i in (0, 1)], [max(map(max, g[i])) for i in (0, 1)]
    W = [(x, y) for x, y in ((low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1]))]
    for _ in range(sweeps):
        worst = [min(w[i] for w in W) for i in (0, 1)]
        points = []
        for x, y in kept:
            inside = W
            for i in (0, 1):
                if h[i][x][y] > 0 and inside:
                    inside = twin.clip(inside, i, worst[i] + (1 - deltas[i]) * h[i][x][y] / deltas[i] - 1e-12)
            points += [tuple((1 - deltas[i]) * g[i][x][y] + deltas[i] * w[i] for i in (0, 1)) for w in inside]
        before, W = W, twin.grid_hull(points)
        if len(before) == len(W) and max(abs(p[i] - q[i]) for p, q in zip(before, W, strict=True) for i in (0, 1)) < 1e-13:
            break
    return W


NONE = {"A": (1, 1), "B": (1, 1)}
FAN = [(np.cos(t), np.sin(t)) for t in np.linspace(0, 2 * np.pi, 24, endpoint=False)]


# Away from thresholds, where the plain iteration would creep.
@pytest.mark.parametrize("delta", [0.357, 0.613, 0.851, (0.61, 0.72)])
@pytest.mark.parametrize("second", [(7, 3, 1, 0), (4, 2, 1, 0), (5, 4, 2, 0)])
def test_tied_sets_against_the_operator_in_plain_python(second, delta):
    issues = together(EASY, dilemma(*second))
    game = bg.RepeatedGame(issues, delta)
    found = bg.tie_in_set(game, BOTH, tol=1e-7)
    assert found.status is bg.Status.solved
    W = tied(issues, BOTH, NONE, delta)
    scale = float(np.ptp(issues.stage_game().payoffs))
    for direction in FAN:
        assert found.support(direction) == pytest.approx(twin.support(W, direction), abs=2e-6 * scale)
    # A tie-in is a restriction of full linkage, and what it sustains for ever are the triggers that end everything.
    linked = bg.equilibrium_set(game, tol=1e-7)
    assert all(found.support(v) <= linked.support(v) + 1e-6 * scale for v in FAN)
    assert bg.verify(found).holds
    assert bg.Solution.from_json(found.to_json()).to_json() == found.to_json()


def test_a_tie_in_sustains_the_deal_from_the_trigger_threshold_on():
    threshold = bg.linked_delta(together(), BOTH, "A,B").value
    deal = [6, 6]
    for delta, holds in ((threshold + 1e-3, True), (threshold - 1e-3, False)):
        assert bg.tie_in_set(bg.RepeatedGame(together(), delta), BOTH).contains(deal, 1e-9) is holds


def test_all_or_nothing_can_be_worse_than_apart():
    # The hard issue alone needs 2/3, the easy one 1/4; tied, both need 1/2, and at 0.4 nothing holds that was had apart.
    rows = bg.tie_in_steps(bg.RepeatedGame(together(), 0.4), BOTH, "A|B")
    assert [(row["before"], row["after"]) for row in rows] == [("separate", "tie-in"), ("tie-in", "linked"), ("separate", "linked")]
    lost, regained, net = rows
    assert (lost["gains"], lost["loses"]) == ("", "U.S., China")
    assert lost["joint_surplus"] < 0 < regained["joint_surplus"]
    assert net["joint_surplus"] == pytest.approx(lost["joint_surplus"] + regained["joint_surplus"], abs=1e-5)
    assert net["loses"] == ""


def test_a_tie_in_may_interact_and_name_its_fallback():
    issues = together(interaction=both_cooperate(2.0))
    at = bg.tie_in_set(bg.RepeatedGame(issues, 0.9), BOTH)
    assert at.support([1, 1]) == pytest.approx(2 * (6 + 2.0), abs=1e-9)
    pure = bg.IssueGame({"S": bg.game([[2, 0], [0, 1]], [[2, 0], [0, 1]])})
    with pytest.raises(GameError, match="2 pure static equilibria"):
        bg.tie_in_set(bg.RepeatedGame(pure, 0.5), {"S": (0, 0)})
    named = bg.tie_in_set(bg.RepeatedGame(pure, 0.5), {"S": (0, 0)}, fallback={"S": (1, 1)})
    assert named.options["profiles"] == ((0, 0), (0, 1), (1, 0), (1, 1))
    with pytest.raises(GameError, match="not separable"):
        bg.tie_in_steps(bg.RepeatedGame(issues, 0.9), BOTH, "A|B")
    with pytest.raises(GameError, match="over an IssueGame"):
        bg.tie_in_set(bg.RepeatedGame(EASY, 0.9), (0, 0))


def test_certificates_of_tied_sets_speak_of_their_profiles_only():
    found = bg.tie_in_set(bg.RepeatedGame(together(), 0.6), BOTH)
    certificate = bg.verify(found)
    assert certificate.holds
    assert "by the 4 profiles that may be prescribed" in certificate.reason
    # As a claim about all profiles the half-planes do not follow; among fewer, or none, the vertices are not generated.
    whole = replace(found, options={key: value for key, value in found.options.items() if key != "profiles"})
    assert not bg.verify(whole).holds
    for profiles, words in ((((3, 3),), "no profile"), (((9, 9),), "none of the profiles"), (7, "not pairs"), (("x",), "not pairs")):
        certificate = bg.verify(replace(found, options={**found.options, "profiles": profiles}))
        assert not certificate.holds
        assert words in certificate.reason
