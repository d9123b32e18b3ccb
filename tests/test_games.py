"""Nouns: shapes, labels, partitions, blocks, exact numbers, and one clear line for every way to get them wrong."""

import math
from dataclasses import FrozenInstanceError
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import exact

PD = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise"), ("truce", "raise")])
GIFT = bg.game([[0.0, 1.0]], [[0.0, -0.2]], actions=[("-",), ("withhold", "release")])
CHIPS = bg.game([[0.0], [-0.6]], [[0.0], [1.0]], actions=[("curb", "ease"), ("-",)])
ISSUES = bg.IssueGame({"T": PD, "R": GIFT, "C": CHIPS})


def many(count):
    return bg.IssueGame({f"i{k}": bg.game([[k]], [[-k]]) for k in range(count)})


def test_arrays_are_float_c_order_copies_that_cannot_be_written():
    source = np.asfortranarray(np.arange(12).reshape(2, 2, 3))
    stage = bg.StageGame(payoffs=source)
    source[0, 0, 0] = 99
    assert stage.shape == (2, 3)
    assert stage.payoffs.dtype == np.float64
    assert stage.payoffs.flags.c_contiguous
    assert stage.payoffs[0, 0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        stage.payoffs[0, 0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        stage.payoffs = source
    with pytest.raises(FrozenInstanceError):
        bg.RepeatedGame(stage, 0.5).delta = 0.9
    with pytest.raises(FrozenInstanceError):
        ISSUES.issues = {}


def test_row_player_is_player_0_for_both_matrices():
    stage = bg.game([[1, 2, 3], [4, 5, 6]], [[10, 20, 30], [40, 50, 60]])
    assert stage.payoffs[:, 1, 2].tolist() == [6.0, 60.0]
    assert stage.actions == (("0", "1"), ("0", "1", "2"))
    assert stage.players == ("U.S.", "China")


def test_labels_and_positions():
    assert PD.profile(("truce", "raise")) == (0, 1)
    assert PD.profile([1, "truce"]) == (1, 0)
    assert PD.profile((np.int64(1), 0)) == (1, 0)
    assert PD.labels((1, 0)) == ("raise", "truce")


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda: bg.StageGame(payoffs=[[1, 2], [3, 4]]), r"payoffs have shape \(2, 2\): expected \(2, m, n\)"),
        (lambda: bg.StageGame(payoffs=np.zeros((3, 2, 2))), r"payoffs have shape \(3, 2, 2\)"),
        (lambda: bg.StageGame(payoffs=np.zeros((2, 0, 2))), r"player 0 has no action"),
        (lambda: bg.StageGame(payoffs=np.zeros((2, 2, 0))), r"player 1 has no action"),
        (lambda: bg.StageGame(payoffs=[[[1, 2], [3]], [[1, 2], [3, 4]]]), r"payoffs: expected an array of numbers"),
        (lambda: bg.StageGame(payoffs=[[["a"]], [[1]]]), r"payoffs\[0, 0, 0\] is 'a': payoffs must be finite numbers"),
        (lambda: bg.StageGame(payoffs=[[[1, np.nan]], [[1, 2]]]), r"payoffs\[0, 0, 1\] is nan: payoffs must be finite"),
        (lambda: bg.game([[1, 2]], [[1, np.inf]]), r"B\[0, 1\] is inf"),
        (lambda: bg.game([1, 2], [3, 4]), r"A has shape \(2,\): expected a matrix"),
        (lambda: bg.game([[1, 2]], [[1], [2]]), r"A has shape \(1, 2\) and B \(2, 1\)"),
        (lambda: bg.game([[1]], [[1]], actions=[("a",)]), r"actions: expected a list of labels for each of two players, got 1"),
        (lambda: bg.game([[1, 2]], [[1, 2]], actions=[("a",), ("b",)]), r"actions\[1\] has 1 labels for the 2 actions of China"),
        (lambda: bg.game([[1, 2]], [[1, 2]], actions=[("a",), ("b", "b")]), r"label 'b' stands twice"),
        (lambda: bg.game([[1]], [[1]], players=("U.S.",)), r"players: expected two names, got 1"),
        (lambda: PD.profile(("truse", "raise")), r"U\.S\. has no action 'truse' \(did you mean 'truce'\?\); actions: truce, raise"),
        (lambda: PD.profile((0, 2)), r"China has no action 2: positions run from 0 to 1"),
        (lambda: PD.profile((-1, 0)), r"U\.S\. has no action -1"),
        (lambda: PD.profile((True, 0)), r"action True of U\.S\.: expected a position or a label"),
        (lambda: PD.profile((0.0, 0)), r"action 0\.0 of U\.S\.: expected a position or a label"),
        (lambda: PD.profile("truce"), r"agreement 'truce': expected a pair of actions, U\.S\. first"),
        (lambda: PD.profile((0, 0, 0)), r"expected a pair of actions"),
        (lambda: bg.IssueGame({}), r"issues: expected at least one"),
        (lambda: bg.IssueGame({"T|R": PD}), r"issue name 'T\|R': expected a word"),
        (lambda: bg.IssueGame({" T": PD}), r"issue name ' T'"),
        (lambda: bg.IssueGame({3: PD}), r"issue name 3"),
        (lambda: bg.IssueGame({"T": [[1]]}), r"issue 'T' is a list: expected a StageGame"),
        (lambda: bg.IssueGame({"T": PD, "R": bg.game([[1]], [[1]], players=("a", "b"))}), r"expected the same players on every issue"),
        (lambda: bg.IssueGame({"T": PD}, interaction=np.zeros((2, 3, 2))), r"interaction has shape \(2, 3, 2\): expected \(2, 2, 2\)"),
        (lambda: bg.IssueGame({"T": PD}, interaction=np.full((2, 2, 2), np.nan)), r"interaction\[0, 0, 0\] is nan"),
        (lambda: ISSUES.block("T,Q"), r"unknown issue 'Q'.*issues: T, R, C"),
        (lambda: ISSUES.block("T,T"), r"issue 'T' stands twice in the block 'T,T'"),
        (lambda: ISSUES.partition("T,R"), r"partition 'T,R': issue 'C' stands 0 times, expected once"),
        (lambda: ISSUES.partition("T,R|R,C"), r"issue 'R' stands 2 times"),
        (lambda: ISSUES.partition("T,R||C"), r"unknown issue ''"),
        (lambda: ISSUES.partition("T;R,C"), r"unknown issue 'T;R'"),
        (lambda: ISSUES.agreement("full"), r"agreement 'full': expected a mapping of issue to a pair of actions"),
        (lambda: ISSUES.agreement({"T": (0, 0), "R": (0, 0)}), r"agreement says nothing on issue 'C'"),
        (lambda: ISSUES.agreement({"T": (0, 0), "R": (0, 0), "K": (0, 0)}), r"agreement on unknown issue 'K'"),
        (
            lambda: ISSUES.agreement({"T": (0, 0), "R": (0, "relase"), "C": (0, 0)}),
            r"issue 'R': China has no action 'relase' \(did you mean",
        ),
        (lambda: bg.RepeatedGame("pd", 0.5), r"stage is a str: expected a StageGame or an IssueGame"),
        (lambda: bg.RepeatedGame(PD, 1), r"delta 1: expected a number strictly between 0 and 1"),
        (lambda: bg.RepeatedGame(PD, 0.0), r"delta 0\.0: expected"),
        (lambda: bg.RepeatedGame(PD, float("nan")), r"delta nan: expected"),
        (lambda: bg.RepeatedGame(PD, "1/0"), r"delta '1/0': expected"),
        (lambda: bg.RepeatedGame(PD, "high"), r"delta 'high': expected"),
        (lambda: bg.RepeatedGame(PD, None), r"delta None: expected"),
        (lambda: bg.RepeatedGame(PD, (0.5, 1.5)), r"delta 1\.5: expected"),
        (lambda: bg.RepeatedGame(PD, (0.5, 0.6, 0.7)), r"delta has 3 entries: expected one number, or one per player"),
        (lambda: bg.RepeatedGame(PD, Fraction(10**20 - 1, 10**20)), r"delta .*: expected a number strictly between 0 and 1"),
        (lambda: bg.RepeatedGame(PD, True), r"delta True: expected"),
    ],
)
def test_bad_input_is_one_line(make, line):
    with pytest.raises(bg.GameError, match=line) as raised:
        make()
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize(("count", "bell"), [(1, 1), (2, 2), (3, 5), (4, 15), (5, 52)])
def test_partitions_are_counted_by_bell_numbers(count, bell):
    game = many(count)
    partitions = game.partitions()
    assert len(partitions) == len(set(partitions)) == bell
    assert partitions[0] == (game.names,)
    assert partitions[-1] == tuple((name,) for name in game.names)
    assert [game.partition(game.name(p)) for p in partitions] == list(partitions)
    assert [len(p) for p in partitions] == sorted(len(p) for p in partitions)


def test_partition_text_in_any_order_has_one_name():
    assert ISSUES.name(ISSUES.partition(" C , T | R ")) == "T,C|R"
    assert ISSUES.partition((("R",), ("C", "T"))) == (("T", "C"), ("R",))


def test_joint_payoffs_are_sums_with_the_first_issue_slowest():
    joint = ISSUES.stage_game()
    assert joint.shape == ISSUES.shape == (4, 4)
    for profile in np.ndindex(2, 2, 2, 2):
        t_us, c_us, t_cn, r_cn = profile
        a, b = 2 * t_us + c_us, 2 * t_cn + r_cn
        expected = [sum(exact(s.payoffs[(i, *p)]) for s, p in ((PD, (t_us, t_cn)), (GIFT, (0, r_cn)), (CHIPS, (c_us, 0)))) for i in (0, 1)]
        assert joint.payoffs[:, a, b].tolist() == [float(u) for u in expected]
        agreement = {"T": (t_us, t_cn), "R": (0, r_cn), "C": (c_us, 0)}
        assert ISSUES.joint_profile(agreement) == (a, b)
        assert ISSUES.joint_profile(agreement, "R,T") == (t_us, b)
    assert joint.actions[0] == ("truce + curb", "truce + ease", "raise + curb", "raise + ease")
    assert ISSUES.block("C,R").actions == (("curb", "ease"), ("withhold", "release"))
    assert ISSUES.block("R") is GIFT


def test_sums_are_exact_decimals():
    tenths = bg.IssueGame({"a": bg.game([[0.1]], [[1e16]]), "b": bg.game([[0.2]], [[0.1]]), "c": bg.game([[-0.3]], [[-1e16]])})
    assert tenths.stage_game().payoffs.ravel().tolist() == [0.0, 0.1]
    huge = bg.IssueGame({"a": bg.game([[1e300]], [[1e-300]]), "b": bg.game([[1.0]], [[1.0]]), "c": bg.game([[-1e300]], [[-1.0]])})
    assert huge.stage_game().payoffs.ravel().tolist() == [1.0, 1e-300]


def test_interaction_joins_the_payoffs_and_forbids_blocks():
    base = {"T": PD, "C": CHIPS}
    gamma = np.zeros((2, 4, 2))
    assert bg.IssueGame(base, gamma).separable
    assert bg.IssueGame(base, gamma).block("T") is PD
    gamma[0, 3, 1] = 0.5
    game = bg.IssueGame(base, gamma)
    assert not game.separable
    assert (game.stage_game().payoffs - bg.IssueGame(base).stage_game().payoffs).tolist() == gamma.tolist()
    with pytest.raises(bg.GameError, match=r"not separable .*\(a\) .*\(b\) .*\(c\)"):
        game.block("T")


def test_interaction_is_added_as_decimals():
    game = bg.IssueGame({"a": bg.game([[0.1]], [[0.1]])}, interaction=[[[0.2]], [[0.7]]])
    assert game.stage_game().payoffs.ravel().tolist() == [0.3, 0.8]


def test_delta_is_read_exactly_and_kept_per_player():
    assert bg.RepeatedGame(PD, 0.45).exact_deltas == (Fraction(9, 20),) * 2
    assert bg.RepeatedGame(PD, "1/3").delta == Fraction(1, 3)
    assert bg.RepeatedGame(PD, (0.5, "1/2")).common_delta
    unequal = bg.RepeatedGame(PD, np.array([0.6, 0.95]))
    assert unequal.deltas == (0.6, 0.95)
    assert not unequal.common_delta
    assert bg.RepeatedGame(ISSUES, 0.5).stage_game().shape == (4, 4)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_reads_back_and_keeps_order(number):
    assert float(exact(number)) == number
    following = math.nextafter(number, math.inf)
    if math.isfinite(following):
        assert exact(number) < exact(following)


@pytest.mark.parametrize(
    ("number", "value"),
    [(0.1, Fraction(1, 10)), (3, 3), ("0.45", Fraction(9, 20)), ("1/3", Fraction(1, 3)), (np.float64(1e-10), Fraction(1, 10**10))],
)
def test_exact(number, value):
    assert exact(number) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf"), "x"])
def test_exact_refuses_what_is_no_number(number):
    with pytest.raises(ValueError, match=r"."):
        exact(number)
