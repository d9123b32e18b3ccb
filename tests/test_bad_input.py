"""What no solver can use is told in one line: what it is, and what was expected."""

import numpy as np
import pytest

import bargaining as bg

DILEMMA = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
TRIANGLE = [[0, 0], [2, 0], [0, 2]]
ENDLESS = "1e999999999"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.linkage_steps(DILEMMA), "lattice is a StageGame: expected that of linkage_lattice"),
        (lambda: bg.penal_code(None), "solution is a NoneType: expected an EquilibriumSet"),
        (lambda: bg.joint_threat(["x"], [1], 0.5), r"temptations\[0\] is 'x': payoffs must be finite numbers"),
        (lambda: bg.joint_threat([1], [1, 2], 0.5), r"shapes \(1,\) and \(2,\)"),
        (lambda: bg.joint_threat([1], [1], None), "delta None: expected a number strictly between 0 and 1"),
        (lambda: bg.joint_threat([1], [1], (0.5, 0.6)), r"delta \(0.5, 0.6\): expected one number"),
        (lambda: bg.bargaining_table(TRIANGLE, (0, 0)), "disagreements is a tuple: expected pairs of payoffs by name"),
        (lambda: bg.bargaining_table(TRIANGLE, {"even": (0, 0)}, deals=[(1, 1)]), "deals is a list: expected pairs"),
        (lambda: bg.bargaining_table(TRIANGLE, {"even": (0, 0)}, "nash"), "rules 'nash': expected a list of rules, of nash"),
        (lambda: bg.bargaining_table(TRIANGLE, {"even": (0, 0)}, None), "rules None: expected a list of rules"),
        (lambda: bg.frontier_demands([], (0, 0)), r"deals \[\]: expected the deal that each side holds out for"),
        (lambda: bg.frontier_demands(3, (0, 0)), "deals 3: expected the deal"),
        (lambda: bg.best_responses(DILEMMA, 0, {}), "against"),
        (lambda: bg.best_responses(DILEMMA, 0, [0.5, 0.6]), "expected 2 probabilities that add up to one"),
        (lambda: bg.to_nashpy(None), "stage is a NoneType: expected a StageGame"),
        (lambda: bg.read_game(None), "path is None: expected the name of a file"),
        (lambda: bg.write_game(DILEMMA, 3), "path is 3: expected the name of a file"),
        (lambda: bg.write_game(DILEMMA, "."), r"^\.: a folder; expected the name of a file"),
        (lambda: bg.scenario([]), r"unknown scenario \[\]; scenarios: briefing"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA.payoffs], 0.5, chunk="x"), "chunk is 'x': expected a positive whole number"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA.payoffs], 0.5, workers=float("nan")), "workers is nan: expected a positive whole"),
        (lambda: bg.RepeatedGame(DILEMMA, ENDLESS), f"delta '{ENDLESS}': expected a number strictly between 0 and 1"),
        (lambda: bg.RepeatedGame(DILEMMA, f"1/{'9' * 5000}"), "delta .*: expected a number strictly between 0 and 1"),
        (lambda: bg.game([[ENDLESS]], [[1]]), rf"A\[0, 0\] is '{ENDLESS}': payoffs must be finite numbers"),
    ],
)
def test_one_line_says_what_was_expected(call, line):
    with pytest.raises((ValueError, TypeError), match=line) as raised:
        call()
    assert "\n" not in str(raised.value)


def test_numbers_may_be_lists_fractions_or_words():
    slack, joint = bg.joint_threat(["1/3", 1], (1, 1), "1/2")
    assert slack.tolist() == [1 - 1 / 3, 0.0]
    assert joint == slack.sum()
    assert bg.best_responses(DILEMMA, 0, ["1/2", "1/2"]) == (1,)
    assert np.asarray(bg.frontier_demands(((3, 2), (1, 4)), ("0", 1))).tolist() == [[3, 3], [1, 1]]
    assert bg.RepeatedGame(DILEMMA, "5e-1").deltas == (0.5, 0.5)
