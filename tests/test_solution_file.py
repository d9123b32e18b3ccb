"""Stored solutions: the same bits back, verified from the file alone, refused when bent."""

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA, stage

import bargaining as bg
from bargaining.answers.file import SolutionFileError, write_solution
from bargaining.cli import main

GAME = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "snap-back")] * 2)
BRIEFING = bg.scenario("briefing").game()
ANSWERS = {
    "set": lambda: bg.equilibrium_set(bg.RepeatedGame(GAME, 0.6)),
    "exact delta": lambda: bg.equilibrium_set(bg.RepeatedGame(GAME, "3/5")),
    "unequal": lambda: bg.equilibrium_set(bg.RepeatedGame(GAME, (0.6, Fraction(11, 20)))),
    "empty": lambda: bg.equilibrium_set(bg.RepeatedGame(bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]), 0.9)),
    "unproven": lambda: bg.equilibrium_set(bg.RepeatedGame(GAME, (0.6, 0.55)), max_iter=2),
    "partition": lambda: bg.equilibrium_set(bg.RepeatedGame(BRIEFING.stage, 0.6), "T,R|C"),
    "transfers": lambda: bg.equilibrium_set(bg.RepeatedGame(GAME, 0.6), transfers=True),
    "nash": lambda: bg.nash_equilibria(GAME),
    "minmax": lambda: bg.minmax(GAME),
    "critical": lambda: bg.critical_delta(BRIEFING.stage, {"T": (0, 0), "R": (0, 1), "C": (1, 0)}),
    "never": lambda: bg.critical_delta(GAME, (0, 1)),
    "pair": lambda: bg.critical_pair(bg.RepeatedGame(GAME, (0.6, 0.7)), (0, 0)),
    "lattice": lambda: bg.linkage_lattice(bg.RepeatedGame(BRIEFING.stage, 0.6), {}, ["T,R|C"]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_round_trip(name, tmp_path):
    answer = ANSWERS[name]()
    path = tmp_path / "answer.json"
    text = answer.to_json(path)
    assert path.read_text(encoding="utf-8") == text
    again = bg.Solution.from_json(path)
    assert type(again) is type(answer)
    assert again.status is answer.status
    assert write_solution(again) == text
    np.testing.assert_equal(again.row(), answer.row())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["set", "exact delta", "unequal", "empty", "partition", "transfers", "nash"])
def test_a_stored_answer_verifies_as_the_answer_does(name):
    answer = ANSWERS[name]()
    again, first = bg.verify(bg.Solution.from_json(answer.to_json())), bg.verify(answer)
    assert first.holds
    assert (again.holds, again.reason, again.gap) == (first.holds, first.reason, first.gap)


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    captured = capsys.readouterr()
    return int(exit.value.code or 0), captured.out, captured.err


def outward(solution, share=Fraction(1, 10**6)):
    """One vertex moved outward by a millionth of the span, in the stated set, in the inner set and in the proof."""
    proof = solution.inner_proof
    k = max(range(len(proof.vertices)), key=lambda j: sum(proof.vertices[j]))
    moved = tuple(x + 5 * share for x in proof.vertices[k])
    vertices = tuple(moved if j == k else vertex for j, vertex in enumerate(proof.vertices))
    shape = bg.PayoffSet([[float(x), float(y)] for x, y in vertices])
    return replace(solution, payoff_set=shape, inner=shape, inner_proof=replace(proof, vertices=vertices))


def punished_less(solution):
    """The worst vertex of the U.S. raised by a millionth of the span."""
    proof = solution.inner_proof
    k = proof.punishments[0]
    vertices = tuple((x + Fraction(5, 10**6), y) if j == k else (x, y) for j, (x, y) in enumerate(proof.vertices))
    shape = bg.PayoffSet([[float(x), float(y)] for x, y in vertices])
    return replace(solution, payoff_set=shape, inner=shape, inner_proof=replace(proof, vertices=vertices))


class TestCommand:
    def test_good_results(self, tmp_path, capsys):
        for name in ("set", "partition", "empty"):
            ANSWERS[name]().to_json(tmp_path / f"{name}.json")
        code, out, err = call(capsys, "verify", str(tmp_path))
        assert code == 0
        assert out.count("holds") >= 3
        assert "what lies outside the half-planes was excluded" in out
        assert err == "3 of 3 certificates hold\n"
        code, out, _ = call(capsys, "verify", str(tmp_path / "set.json"), "--json")
        assert code == 0
        assert json.loads(out)[0]["holds"] is True

    @pytest.mark.parametrize(
        ("corrupt", "words"),
        [(outward, "outside the set"), (punished_less, "U.S. gains")],
        ids=["a vertex moved outward", "a punishment payoff raised"],
    )
    def test_corrupted_results_are_refused_in_words(self, corrupt, words, tmp_path, capsys):
        corrupt(ANSWERS["set"]()).to_json(tmp_path / "bent.json")
        code, out, err = call(capsys, "verify", str(tmp_path / "bent.json"))
        assert code == 1
        assert out.startswith("FAILS")
        assert words in out
        assert err == "0 of 1 certificates hold\n"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "bent.json:1:1: Expecting value; expected JSON that to_json wrote"),
            ("[]", "no key 'solution'"),
            ('{"format": 7, "solution": 1}', "format 7; this version reads 1"),
            ('{"format": 1, "solution": {"Oracle": {}}}', "solution: unknown type 'Oracle'"),
            ('{"format": 1, "solution": {"Minmax": {"status": {"status": "fine"}}}}', "solution.status: no status can be read here"),
            ('{"format": 1, "solution": {"Minmax": {}}}', "solution: no Minmax can be read here"),
            ('{"format": 1, "solution": 3}', "holds a int; expected one of"),
        ],
    )
    def test_files_that_are_none(self, text, message, tmp_path, capsys):
        (tmp_path / "bent.json").write_text(text, encoding="utf-8")
        code, out, err = call(capsys, "verify", str(tmp_path / "bent.json"))
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1

    def test_nothing_there(self, tmp_path, capsys):
        code, _, err = call(capsys, "verify", str(tmp_path))
        assert code == 2
        assert "no .json file in this folder" in err
        code, _, err = call(capsys, "verify", str(tmp_path / "absent.json"))
        assert code == 2
        assert "absent.json: No such file or directory" in err

    def test_answers_without_a_certificate(self, tmp_path, capsys):
        ANSWERS["minmax"]().to_json(tmp_path / "minmax.json")
        code, _, err = call(capsys, "verify", str(tmp_path / "minmax.json"))
        assert code == 2
        assert "no certificate for a Minmax" in err


def test_what_cannot_be_stored():
    odd = replace(ANSWERS["set"](), options={"call": len})
    with pytest.raises(TypeError, match="cannot store a builtin_function_or_method"):
        odd.to_json()


def test_a_bare_list_is_refused():
    with pytest.raises(SolutionFileError, match="a bare list"):
        bg.Solution.from_json('{"format": 1, "solution": [1]}')


def test_payoffs_keep_their_bits():
    payoffs = np.array(DILEMMA, dtype=float) / 3.0 * 1e-7
    answer = bg.minmax(stage(payoffs.tolist()))
    assert (bg.Solution.from_json(answer.to_json()).game.payoffs == payoffs).all()
