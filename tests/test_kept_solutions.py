"""Solutions that a run keeps beside its rows, and their certificates from those files alone."""

import json
from fractions import Fraction
from pathlib import Path

import pytest
from test_cli import call, folder  # noqa: F401

import bargaining as bg
from bargaining.store import MANIFEST, PROVENANCE, Part, Store, read_table

KEPT = """\
schema_version: 1
name: kept
question: What is proven?
runs:
  one:
    scenario: briefing
    keep: true
    design: {grid: {delta: [0.3, 0.6]}}
    solver: {name: linkage_lattice, tol: 1e-3, agreements: [civil], partitions: ["T,R|C", "T,R,C"]}
"""
NAMES = ["one-0-T,R+C.json", "one-0-T,R,C.json", "one-1-T,R+C.json", "one-1-T,R,C.json"]


@pytest.fixture
def results(folder, capsys):  # noqa: F811
    """The results folder of a run that keeps its solutions."""
    (folder / "experiments" / "kept.yaml").write_text(KEPT)
    code, _, err = call(capsys, "run", "kept", "--workers", "1")
    assert code == 0
    assert "(`bargaining verify experiments/results/kept` checks them)" in err
    return Path("experiments/results/kept")


def contents(place):
    return {path.name: path.read_bytes() for path in (place / "solutions").iterdir()}


def test_are_the_sets_of_the_rows(results):
    assert sorted(contents(results)) == NAMES
    rows = {(row["point"], row["partition"]): row for row in read_table(results / "rows.csv")}
    for name in NAMES:
        answer = bg.Solution.from_json(results / "solutions" / name)
        _, number, partition = name.removesuffix(".json").split("-")
        row = rows[int(number), partition.replace("+", "|")]
        assert (answer.row()["joint_surplus"], answer.row()["worst_us"]) == (row["joint_surplus"], row["worst_us"])


def test_verify_from_the_folder(results, capsys):
    code, out, err = call(capsys, "verify", str(results))
    assert code == 0
    assert [line.split()[1] for line in out.splitlines()] == [f"{results}/solutions/{name}" for name in NAMES]
    assert err == "4 of 4 certificates hold\n"


def test_a_bent_one_is_refused_in_words(results, capsys):
    bent = results / "solutions" / NAMES[3]
    content = json.loads(bent.read_text())
    (block,) = [value for _, value in content["solution"]["EquilibriumSet"]["blocks"]["mapping"]]
    proof = block["EquilibriumSet"]["inner_proof"]["InnerProof"]
    worst = proof["punishments"]["tuple"][0]
    corner = proof["vertices"]["tuple"][worst]["tuple"]
    corner[0] = {"fraction": str(Fraction(corner[0]["fraction"]) + Fraction(1, 1000))}
    bent.write_text(json.dumps(content))
    code, out, err = call(capsys, "verify", str(results))
    assert code == 1
    assert [line.split()[0] for line in out.splitlines()] == ["holds", "holds", "holds", "FAILS"]
    assert "U.S. gains" in out.splitlines()[3]
    assert err == "3 of 4 certificates hold\n"


def test_the_same_bytes_whatever_the_workers(results, capsys):
    assert call(capsys, "run", "kept", "--workers", "3", "--out", "again")[0] == 0
    assert contents(Path("again")) == contents(results)
    assert (results / MANIFEST).read_bytes() == Path("again", MANIFEST).read_bytes()


def test_a_run_is_complete_only_with_them(results, capsys):
    assert "nothing to solve" in call(capsys, "run", "kept")[2]
    altered = results / "solutions" / NAMES[0]
    before = altered.read_bytes()
    altered.write_text("{}")
    assert "solved 2 of 2 points" in call(capsys, "run", "kept")[2]
    assert altered.read_bytes() == before


def test_those_of_an_older_run_go_and_other_files_stay(results, capsys):
    (results / "solutions" / "mine.json").write_text("{}")
    assert call(capsys, "run", "kept", "--out", str(results), "--set", "runs.one.design=null")[0] == 0
    assert sorted(contents(results)) == ["mine.json", *NAMES[:2]]
    assert call(capsys, "run", "kept", "--out", str(results), "--set", "runs.one.keep=false")[0] == 0
    assert sorted(contents(results)) == ["mine.json"]


def test_results_without_any_say_how_to_keep_them(results, capsys):
    code, _, err = call(capsys, "run", "kept", "--out", "bare", "--set", "runs.one.keep=false")
    assert code == 0
    assert "bargaining verify" not in err
    assert Path("bare", PROVENANCE).exists()
    code, out, err = call(capsys, "verify", "bare")
    assert (code, out) == (2, "")
    assert err == "bare: no solutions were kept with these results; a run with 'keep: true' keeps its own\n"


def test_a_part_keeps_them_until_the_end(tmp_path):
    store = Store(tmp_path, "key")
    part = Part([{"status": "solved"}], {}, None, {"T|R": "{}\n"})
    store.keep(4, part)
    assert store.finished() == {4: part}


@pytest.mark.parametrize("hashes", [3, None, ["rows.csv"], {"../rows.csv": "", "rows.csv": ""}])
def test_nothing_outside_their_folder_is_removed(tmp_path, hashes):
    (tmp_path / "out").mkdir()
    (tmp_path / "rows.csv").write_text("mine")
    (tmp_path / "out" / MANIFEST).write_text(json.dumps({"sha256": hashes}))
    Store(tmp_path / "out", "key").publish([{"a": 1}], [], {}, {})
    assert (tmp_path / "rows.csv").read_text() == "mine"
    assert (tmp_path / "out" / "rows.csv").read_text() == "a\n1\n"
