"""The noun StochasticGame: names, shapes, probabilities, what can be reached."""

from fractions import Fraction

import numpy as np
import pytest
from stochastic_games import always, dilemma, truce

import bargaining as bg

POINT = [[[1]], [[2]]]


def game(**changes):
    fields = {
        "payoffs": [dilemma(), POINT],
        "transitions": [always([0.7, 0.3]), always([0, 1], 1, 1)],
        "delta": 0.9,
        "states": ["truce", "lapse"],
    }
    return bg.StochasticGame(**{**fields, **changes})


def test_states_by_position_and_name():
    made = game()
    assert len(made) == 2
    assert (made.state("lapse"), made.state(1), made.state(np.int64(0))) == (1, 1, 0)
    assert made.stage("truce").shape == (2, 2)
    assert game(states=None).states == ("0", "1")


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ("lapsed", "did you mean 'lapse'"),
        (2, "positions run from 0 to 1"),
        (-1, "positions run"),
        (True, "a position or a name"),
        (0.0, "or a name"),
    ],
)
def test_unknown_states(state, message):
    with pytest.raises(bg.GameError, match=message):
        game().state(state)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"payoffs": []}, "at least one state"),
        ({"payoffs": 3}, "one entry a state"),
        ({"transitions": [always([0.7, 0.3])]}, "given for 1 states, payoffs for 2"),
        ({"states": ["truce"]}, "1 names for 2 states"),
        ({"states": ["truce", "truce"]}, "stands twice"),
        ({"states": "ab"}, "expected a list of names"),
        ({"payoffs": [dilemma(), [[[1, 2]], [[1]]]]}, "state 'lapse'"),
        ({"payoffs": [dilemma(), [[[float("nan")]], [[1]]]]}, "state 'lapse'"),
        (
            {"transitions": [always([0.7, 0.3]), always([0, 1], 1, 2)]},
            r"'lapse': transitions have shape \(1, 2, 2\), expected \(1, 1, 2\)",
        ),
        ({"transitions": [always([0.7, 0.2]), always([0, 1], 1, 1)]}, r"transitions\[0, 0\] add up to 0.9, expected 1"),
        ({"transitions": [always([1.3, -0.3]), always([0, 1], 1, 1)]}, r"transitions\[0, 0, 1\] is -0.3, expected a probability"),
        ({"transitions": [always([float("nan"), 1]), always([0, 1], 1, 1)]}, "expected a probability"),
        ({"transitions": [always([float("inf"), 1]), always([0, 1], 1, 1)]}, "expected a probability"),
        ({"transitions": [always(["x", 1]), always([0, 1], 1, 1)]}, "'x', expected a probability"),
        ({"transitions": [always(["1/0", 1]), always([0, 1], 1, 1)]}, "expected a probability"),
        ({"delta": 1}, "delta"),
        ({"delta": (0.5, 0.0)}, "delta"),
        ({"actions": [[["C", "D"], ["C", "D"]]]}, "given for 1 states"),
    ],
)
def test_what_cannot_be_a_game(changes, message):
    with pytest.raises(bg.GameError, match=message):
        game(**changes)


def test_probabilities_are_exact():
    made = game(transitions=[always(["1/3", "2/3"]), always([0, 1], 1, 1)], delta="2/3")
    assert made.exact_transitions[0][1, 1] == ((0, Fraction(1, 3)), (1, Fraction(2, 3)))
    assert made.exact_deltas == (Fraction(2, 3), Fraction(2, 3))
    # Floats that miss one by their own rounding are divided by their sum.
    thirds = game(transitions=[always([1 / 3, 2 / 3]), always([0, 1], 1, 1)])
    assert sum(share for _, share in thirds.exact_transitions[0][0, 0]) == 1
    assert thirds.transitions[0].shape == (2, 2, 2)
    assert not thirds.transitions[0].flags.writeable


def test_labels_for_all_states_or_for_each():
    shared = bg.StochasticGame([dilemma()] * 2, [always([0.5, 0.5])] * 2, 0.5, actions=[["C", "D"], ["c", "d"]])
    assert shared.stage(1).labels((0, 1)) == ("C", "d")
    own = game(actions=[[["C", "D"], ["C", "D"]], [["wait"], ["wait"]]])
    assert own.stage("lapse").labels((0, 0)) == ("wait", "wait")


def test_another_discount_factor():
    made = game(transitions=[always(["1/3", "2/3"]), always([0, 1], 1, 1)])
    other = made.with_delta((0.5, "2/3"))
    assert other.exact_transitions == made.exact_transitions
    assert other.deltas == (0.5, 2 / 3)
    assert not other.common_delta
    assert other.states == made.states


def test_what_can_be_reached():
    made = truce(0.3)
    assert made.successors == (frozenset({0, 1}), frozenset({1}))
    assert made.reachable("truce") == (0, 1)
    assert made.reachable("lapse") == (1,)
