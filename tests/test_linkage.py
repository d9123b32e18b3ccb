"""Linkage conventions with and without interaction, tie-ins, joint threats, and who gains from each step."""

import numpy as np
import pytest
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
