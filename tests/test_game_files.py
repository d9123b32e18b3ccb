"""Games as files: what other programs write, what people paste, round trips bit for bit, one line for each mistake."""

import json

import nashpy
import numpy as np
import pytest
import quantecon.game_theory as qe
from catalogue import STATIC, payoff_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.game_files import FORMATS, GameFileError, parse_game
from bargaining.game_files.nfg import read_nfg, write_nfg
from bargaining.game_files.text import number, written

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=6).filter(lambda word: word == word.strip())


@st.composite
def labelled_games(draw, numbers=finite):
    m, n = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    payoffs = draw(st.lists(numbers, min_size=2 * m * n, max_size=2 * m * n))
    labels = [draw(st.lists(words, min_size=k, max_size=k, unique=True)) for k in (m, n)]
    return bg.StageGame(payoffs=np.reshape(payoffs, (2, m, n)), actions=labels, players=draw(st.tuples(words, words)))


def same(first, second):
    return (first.payoffs == second.payoffs).all() and first.shape == second.shape


@settings(max_examples=60, deadline=None)
@given(labelled_games())
def test_gambit_files_and_json_round_trip_bit_for_bit(tmp_path_factory, game):
    for suffix in (".nfg", ".json", ".yaml"):
        path = tmp_path_factory.mktemp("games") / f"game{suffix}"
        bg.write_game(game, path)
        back = bg.read_game(path)
        assert same(back, game)
        assert (back.actions, back.players) == (game.actions, game.players)


@settings(max_examples=60, deadline=None)
@given(payoff_arrays(most=4), st.sampled_from([1, 0.1, 1e-10, 1e12]))
def test_tables_round_trip_with_labels(tmp_path_factory, payoffs, scale):
    m, n = np.shape(payoffs)[1:]
    labels = [[f"tariff {k}" for k in range(m)], [f"{k}%" for k in range(n)]]
    game = bg.StageGame(payoffs=np.array(payoffs) * scale, actions=labels, players=("Washington", "Beijing"))
    for suffix in (".csv", ".tsv", ".txt"):
        path = tmp_path_factory.mktemp("games") / f"game{suffix}"
        bg.write_game(game, path)
        back = bg.read_game(path)
        assert same(back, game)
        assert (back.actions, back.players) == (game.actions, game.players)


@pytest.mark.parametrize("identifier", ["pd", "nashpy", "vs2007", "rps"])
def test_payoffs_of_published_games_survive(identifier):
    case = STATIC.get(identifier) or next(case for name, case in STATIC.items() if name.startswith(identifier))
    m, n = case["shape"]
    cells = " ".join(f"{case['A'][a][b]} {case['B'][a][b]}" for b in range(n) for a in range(m))
    game = read_nfg(f'NFG 1 R "{identifier}" {{ "1" "2" }} {{ {m} {n} }}\n{cells}', identifier)
    assert game.payoffs[0].tolist() == [[number(u) for u in row] for row in case["A"]]
    assert game.payoffs[1].tolist() == [[number(u) for u in row] for row in case["B"]]


# The example of the format's description: Selten (1975), figure 2, in both forms.
SELTEN = 'NFG 1 R "Selten (IJGT, 75), Figure 2, normal form"\n{ "Player 1" "Player 2" } { 3 2 }\n\n1 1 0 2 0 2 1 1 0 3 2 0\n'
OUTCOMES = """NFG 1 D "Selten, \\"outcomes\\"" { "Player 1" "Player 2" }

{ { "T" "M" "B" }
{ "L" "R" }
}
"a comment"

{
{ "a" 1, 1 }
{ "" 0 2 }
{ "" 0, 3 }
{ "d" 2, 0 }
}
1 2 2 1 3 4
"""


def test_gambit_payoffs_and_outcomes_are_the_same_game():
    payoffs, outcomes = read_nfg(SELTEN, "a"), read_nfg(OUTCOMES, "b")
    assert payoffs.payoffs.tolist() == [[[1, 1], [0, 0], [0, 2]], [[1, 1], [2, 3], [2, 0]]]
    assert same(payoffs, outcomes)
    assert outcomes.actions == (("T", "M", "B"), ("L", "R"))
    assert read_nfg(OUTCOMES.replace("1 2 2", "0 2 2"), "c").payoffs[:, 0, 0].tolist() == [0, 0]


def test_gambit_reads_what_is_written_exactly():
    text = write_nfg(bg.game([[0.1, 1e-7], [1 / 3, -2]], [[1e15, 2.5], [0, 1]]), 'with "quotes"')
    assert text.splitlines()[0] == 'NFG 1 R "with \\"quotes\\"" { "U.S." "China" }'
    assert text.split("}\n\n")[-1].split() == ["0.1", "1000000000000000", "0.3333333333333333", "0", "0.0000001", "2.5", "-2", "1"]


DILEMMA = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])


@pytest.mark.parametrize(
    "text",
    [
        '"3,3","0,5"\n"5,0","1,1"\n',
        "3;3,0;5\n5;0,1;1",
        "3,3;0,5\n5,0;1,1",
        "(3, 3)\t(0, 5)\r\n(5, 0)\t(1, 1)\r\n",
        "3 3\t0 5\n5 0\t1 1",
        "3|3,0|5\n5|0,1|1",
        "3,3 0,5\n5,0 1,1",
        "3,0\n5,1\n\n3,5\n0,1",
        "3\t0\n5\t1\n\n\n3\t5\n0\t1\n",
        "3 0\n5 1\n\n3 5\n0 1",
        "3,0,\n5,1,\n,,\n3,5,\n0,1,",
        "6/2,0\n5,1.0\n\n+3,5e0\n0,.1e1",
        ",hold,ban\nhold,3|3,0|5\nban,5|0,1|1",
        "hold,ban\n3|3,0|5\n5|0,1|1",
        "hold,3|3,0|5\nban,5|0,1|1",
        "rows,0,25\n0,3,0\n25,5,1\n\nrows,0,25\n0,3,5\n25,0,1",
    ],
)
def test_tables_as_people_paste_them(text):
    assert same(parse_game(text, "pasted"), DILEMMA)


def test_labels_of_a_table():
    game = parse_game("US \\ CN\tlicence\tban\nhold\t3, 3\t0, 5\nraise\t5, 0\t1, 1", "pasted")
    assert game.actions == (("hold", "raise"), ("licence", "ban"))
    assert game.players == ("US", "CN")
    one = parse_game("hold,ban\n3|3,0|5\n5|0,1|1", "pasted")
    assert one.actions == (("0", "1"), ("hold", "ban"))
    assert parse_game("3|5", "pasted").payoffs.tolist() == [[[3]], [[5]]]
    assert parse_game("−3|5", "pasted").payoffs.tolist() == [[[-3]], [[5]]]


def test_yaml_and_json(tmp_path):
    (tmp_path / "game.yaml").write_text(
        "players: [US, CN]\nactions: [[hold, 25], [hold, ban]]\npayoffs:\n  - [[3, 0], [5, 1/4]]\n  - [[3, 5], [0, 1e-3]]\n"
    )
    game = bg.read_game(tmp_path / "game.yaml")
    assert game.payoffs[:, 1, 1].tolist() == [0.25, 0.001]
    assert game.actions == (("hold", "25"), ("hold", "ban"))
    (tmp_path / "game.json").write_text(json.dumps({"payoffs": DILEMMA.payoffs.tolist()}, indent="\t"))
    assert same(bg.read_game(tmp_path / "game.json"), DILEMMA)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("a.nfg", "", r"a.nfg:1:1: expected NFG, .* got the end of the file"),
        ("a.nfg", 'EFG 2 R "x"', r"a.nfg:1:1: expected NFG, .* got EFG"),
        ("a.nfg", 'NFG 2 R "x"', r"a.nfg:1:5: expected version 1, got 2"),
        ("a.nfg", 'NFG 1 R "x" { "1" "2" "3" } { 2 2 2 }', r"a.nfg: 3 players; expected a game of two"),
        ("a.nfg", SELTEN.replace("2 0\n", "2\n"), r"a.nfg:4:22: expected payoff 12 of 12, got the end of the file"),
        ("a.nfg", SELTEN + " 7", r"a.nfg:5:2: expected nothing more: .* got 7"),
        ("a.nfg", SELTEN.replace("3 2 }", "3 0 }"), r"a.nfg:2:31: expected the number of actions of a player, .* got 0"),
        ("a.nfg", SELTEN.replace("1 1 0 2", "1 1 x 2"), r"a.nfg:4:5: expected payoff 3 of 12, got x"),
        ("a.nfg", SELTEN.replace("1 1 0 2", "1 1 1/0 2"), r"a.nfg:4:5: expected payoff 3 of 12 that is a finite number, got 1/0"),
        ("a.nfg", SELTEN.replace('"Player 2"', '"Player 2'), r"a.nfg:2:14: expected a player's name in quotes, or } after the last"),
        ("a.nfg", OUTCOMES.replace("1 3 4", "1 3 5"), r"a.nfg:14:11: expected the outcome of profile 6 of 6, a whole .* 0 to 4, got 5"),
        ("a.nfg", OUTCOMES.replace('"T" "M"', '"T" "T"'), r"a.nfg: actions\[0\]: label 'T' stands twice"),
        ("a.csv", "", r"a.csv:1: empty"),
        ("a.csv", "3|3,0|5\n5|0,1;x", r"a.csv:2: column 2: '(1;)?x' is neither a number nor a pair of numbers"),
        ("a.csv", "3|3,0|5\n5|0", r"a.csv:2: 1 payoff cells; expected 2, as in line 1"),
        ("a.csv", "3|3,0|5\n5|0,7", r"a.csv:2: column 2: '7' is a number; expected a pair of numbers"),
        ("a.csv", "3,3\n1,0", r"a.csv:1: one table of numbers; expected a pair of payoffs a cell, or a second table"),
        ("a.csv", "3,3\n1,0\n\n1,2", r"a.csv:4: the tables are 2 x 2 and 1 x 2"),
        ("a.csv", "3,3\n\n1,0\n\n1,2", r"a.csv:5: a third table"),
        ("a.csv", "3,nan\n\n1,0", r"a.csv"),
        ("a.csv", ",h,h\na,3|3,0|5\nb,5|0,1|1", r"a.csv:1: actions\[1\]: label 'h' stands twice"),
        ("a.json", "{", r"a.json:1:2: "),
        ("a.json", "[1]", r"a.json:1:1: expected keys and values"),
        ("a.json", '{"payoffs": [[[1]], [[NaN]]]}', r"a.json:1:23: payoffs.1.0.0: expected a finite number"),
        ("a.yaml", "payofs: [[[1]], [[2]]]", r"a.yaml:1:1: payoffs: .* missing\na.yaml:1:1: payofs: unknown key; did you mean 'payoffs'"),
        ("a.yaml", "payoffs: [[[1, 2], [3]], [[2]]]", r"a.yaml:1:20: payoffs.0.1: 1 numbers; expected 2, as in the first row"),
        ("a.yaml", "payoffs: [[[1, 2]], [[2]]]", r"a.yaml:1:21: payoffs.1: 1 x 1; expected 1 x 2"),
        ("a.yaml", "payoffs: [[], []]", r"a.yaml:1:1: payoffs.* "),
        ("a.yaml", "payoffs: [[[1]], [[2]]]\nactions: [[a, b], [c]]", r"a.yaml:2:1: actions: actions\[0\] has 2 labels"),
        ("a.yaml", "payoffs: [[[1]], [[x]]]", r"a.yaml:1:20: payoffs.1.0.0: expected a finite number \(got 'x'\)"),
        ("a.nfgg", "", r"a.nfgg: no format known for '.nfgg' \(did you mean '.nfg'\?\)"),
    ],
)
def test_mistakes_are_told_in_one_line_with_their_place(tmp_path, monkeypatch, name, text, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(GameFileError, match=f"^{line}") as error:
        bg.read_game(name)
    assert "Error" not in str(error.value)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(GameFileError, match="No such file"):
        bg.read_game(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GameFileError, match="not a text file"):
        bg.read_game(tmp_path / "bytes.csv")
    with pytest.raises(GameFileError, match="no format known"):
        bg.write_game(DILEMMA, tmp_path / "game.xlsx")


@settings(max_examples=200, deadline=None)
@given(st.text(), st.sampled_from(FORMATS))
def test_no_text_at_all_gives_a_traceback(text, suffix):
    try:
        parse_game(text, "x", suffix)
    except GameFileError as error:
        told = str(error)
        assert told.startswith("x")


@settings(max_examples=300, deadline=None)
@given(finite)
def test_numbers_read_back(value):
    assert number(written(value)) == value
    assert number(repr(value)) == value


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1/0", "1e5/3", "٣", "1_000", "0x10", "--1", "1" * 500, "1e-99999999999/3"])
def test_what_is_no_number(text):
    assert number(text) is None


@settings(max_examples=40, deadline=None)
@given(payoff_arrays(most=4))
def test_games_of_other_libraries(payoffs):
    game = bg.StageGame(payoffs=payoffs)
    assert same(bg.from_nashpy(bg.to_nashpy(game)), game)
    assert same(bg.from_quantecon(bg.to_quantecon(game)), game)
    # QuantEcon's own doors: a payoff profile, and pure equilibria found by its own code.
    theirs = bg.to_quantecon(game)
    for a in range(game.shape[0]):
        for b in range(game.shape[1]):
            np.testing.assert_array_equal(theirs[a, b], game.payoffs[:, a, b])
    assert sorted(qe.pure_nash_brute(theirs)) == sorted(bg.nash_equilibria(game, method="pure").pure())
    np.testing.assert_array_equal(
        nashpy.Game(*payoffs)[[1] + [0] * (game.shape[0] - 1), [1] + [0] * (game.shape[1] - 1)], game.payoffs[:, 0, 0]
    )


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.from_nashpy("pd"), "a str: expected a nashpy Game"),
        (lambda: bg.from_quantecon(nashpy.Game([[1]])), "a Game: expected a QuantEcon NormalFormGame"),
        (lambda: bg.from_quantecon(qe.NormalFormGame((2, 2, 2))), "a game of 3 players: expected two"),
    ],
)
def test_what_is_no_game_of_another_library(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()
