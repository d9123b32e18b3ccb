"""Games put together from issues and factors: states, blocks, what is shared."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import assert_same_set

import bargaining as bg
from bargaining.games.composed import ComposedGame, Factor, StateIssue
from bargaining.payoff_set import minkowski_sum

SEASON = Factor("calm", lambda state: {"calm": "1/2", "storm": "1/2"})


def stock(issue):
    """A stock that withholding on an issue raises for good."""
    return Factor("low", lambda state, pair: {"high": 1} if pair[1] == "withhold" else {state: 1}, (issue,))


def dilemma(season):
    gain = {"calm": 1.0, "storm": 2.0}[season]
    return bg.game([[3, 0], [3 + gain, 1]], [[3, 3 + gain], [0, 1]], actions=[("hold", "raise")] * 2)


def gift(*_):
    return bg.game([[0.0, 2.0]], [[0.0, -1.0]], actions=[("-",), ("withhold", "release")])


def composed(delta=0.8):
    issues = {"T": StateIssue(dilemma, ("season",)), "S": StateIssue(dilemma, ("season",)), "R": StateIssue(gift, ("stock",))}
    return ComposedGame(issues, {"season": SEASON, "stock": stock("R")}, delta)


def test_states_are_those_that_play_can_come_to_with_their_names():
    game = composed().game()
    assert game.states == ("calm, low", "calm, high", "storm, high", "storm, low")
    assert game.stage("storm, low").shape == (4, 8)
    assert game.stage(0).actions[1][:2] == ("hold + hold + withhold", "hold + hold + release")
    assert composed().game("T").states == ("calm", "storm")
    assert composed().game("R").states == ("low", "high")
    assert ComposedGame({"R": StateIssue(gift)}, {}, 0.5).game().states == ("always",)


def test_payoffs_add_up_and_factors_draw_for_themselves():
    game = composed().game()
    s = game.state("storm, low")
    profile = (game.stage(s).actions[0].index("raise + hold"), game.stage(s).actions[1].index("hold + hold + release"))
    assert game.payoffs[s][:, profile[0], profile[1]].tolist() == [5 + 3 + 2.0, 0 + 3 - 1.0]
    assert dict(game.exact_transitions[s][profile]) == {game.state("calm, low"): Fraction(1, 2), s: Fraction(1, 2)}


def test_partitions_that_factor():
    game = composed()
    assert [game.shared(partition) for partition in game.partitions()] == [{}] * 5
    coupled = ComposedGame(
        {"R": StateIssue(gift, ("stock",)), "T": StateIssue(lambda stock: dilemma("calm"), ("stock",))}, {"stock": stock("R")}, 0.8
    )
    assert coupled.shared("R,T") == {}
    assert coupled.shared("R|T") == {"stock": "R drives it, T depends on it"}
    with pytest.raises(bg.GameError, match="block 'T' has no game of its own: it depends on 'stock', which R outside it drives"):
        coupled.game("T")


def test_blocks_that_share_an_exogenous_factor_add_up_state_by_state():
    """No linkage: the set of the unlinked play is the sum of the blocks' sets in each state, and lies in the linked set."""
    issues = {"T": StateIssue(dilemma, ("season",)), "R": StateIssue(gift)}
    game = ComposedGame(issues, {"season": SEASON}, 0.7)
    linked = bg.equilibrium_set(game.game(), tol=1e-7)
    alone = bg.equilibrium_set(game.game("T"), tol=1e-7)
    for state in ("calm", "storm"):
        both = minkowski_sum([alone[state], bg.PayoffSet([[0.0, 0.0]])])
        for vertex in both.vertices:
            assert linked[state].contains(vertex, tol=1e-5)
    # Where nothing links at all, one block and its twin give twice the set.
    twice = ComposedGame({"T": StateIssue(dilemma, ("season",))}, {"season": SEASON}, 0.7).game()
    assert_same_set(alone["calm"].vertices, bg.equilibrium_set(twice, tol=1e-7)["calm"].vertices, 1e-5)


def test_plans_speak_of_every_state():
    plan = composed().plan(lambda issue, stage, **states: ("hold", "hold") if issue != "R" else ("-", "release"))
    assert set(plan) == set(composed().game().states)
    assert plan["calm, low"] == ("hold + hold", "hold + hold + release")


def test_state_names_the_state_of_a_block():
    game = composed()
    assert game.state({"season": "storm"}) == "storm, low"
    assert game.state({"stock": "high"}, "R") == "high"


@pytest.mark.parametrize(
    ("issues", "factors", "message"),
    [
        ({"T": StateIssue(dilemma, ("weather",))}, {"season": SEASON}, "issue 'T' depends on 'weather': factors are season"),
        ({"T": StateIssue(gift)}, {"stock": stock("R")}, "factor 'stock' is driven by 'R': issues are T"),
    ],
)
def test_names_that_are_not_there(issues, factors, message):
    with pytest.raises(bg.GameError, match=message):
        ComposedGame(issues, factors, 0.5)


def test_probabilities_are_checked_by_the_game():
    broken = Factor("a", lambda state: {"a": 0.5, "b": 0.4})
    with pytest.raises(bg.GameError, match=r"add up to 0.9, expected 1"):
        ComposedGame({"T": StateIssue(lambda f: dilemma("calm"), ("f",))}, {"f": broken}, 0.5).game()
    assert np.isclose(composed().game().transitions[0].sum(axis=-1), 1).all()
