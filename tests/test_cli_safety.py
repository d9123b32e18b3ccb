"""Slips on the command line that could cost somebody's results or be taken for success."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_cli import call, folder, quick  # noqa: F401

from bargaining.store import MANIFEST, ROWS


class TestForeignRows:
    """`run --out FOLDER` where rows stand that are not its own."""

    @pytest.mark.parametrize(
        ("manifest", "words"),
        [
            (None, "no manifest.json here says whose rows these are"),
            ("{", "no manifest.json here says whose rows these are"),
            ('{"experiment": ["mine"]}', "no manifest.json here says whose rows these are"),
            ('{"experiment": "theirs"}', "holds results of 'theirs'"),
        ],
    )
    def test_are_left_alone_without_force(self, folder, quick, capsys, manifest, words):  # noqa: F811
        place = folder / "out"
        place.mkdir()
        (place / ROWS).write_text("somebody's work\n")
        if manifest is not None:
            (place / MANIFEST).write_text(manifest)
        before = {path.name: path.read_bytes() for path in place.iterdir()}
        code, out, err = call(capsys, "run", "mine", "--out", "out")
        assert (code, out) == (2, "")
        assert err == f"bargaining: out/rows.csv: {words}, expected those of 'mine'; give another --out, or --force to replace them\n"
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before
        assert call(capsys, "run", "mine", "--out", "out", "--force")[0] == 0
        assert "civil" in (place / ROWS).read_text()

    def test_rows_of_an_older_run_of_the_same_experiment_are_replaced(self, folder, quick, capsys):  # noqa: F811
        assert call(capsys, "run", "mine", "--out", "out")[0] == 0
        code, _, err = call(capsys, "run", "mine", "--out", "out", "--set", "runs.one.solver.tol=1e-2")
        assert code == 0
        assert "solved 8 of 8 points" in err

    def test_a_run_that_was_stopped_before_its_manifest_goes_on(self, folder, quick, capsys, monkeypatch):  # noqa: F811
        from bargaining import store

        write = store.write

        def stopped(path: Path, text: str) -> None:
            if path.name == MANIFEST:
                raise KeyboardInterrupt
            write(path, text)

        with monkeypatch.context() as context:
            context.setattr(store, "write", stopped)
            assert call(capsys, "run", "mine", "--out", "out")[0] == 130
        assert (folder / "out" / ROWS).exists()
        code, _, err = call(capsys, "run", "mine", "--out", "out")
        assert code == 0
        assert "solved 0 of 8 points" in err or "nothing to solve" in err


@pytest.mark.parametrize(
    ("assignment", "problem"),
    [
        ("runs.oen.solver.tol=1e-3", "runs.oen: unknown key; did you mean 'one'?"),
        ("runs.oen.calibrations=[central]", "runs.oen: unknown key; did you mean 'one'?"),
        ("runs.elsewhere.solver.tol=1e-3", "runs.elsewhere: unknown key; expected one of: one"),
        ("runs.one.solvr.tol=1e-3", "runs.one.solvr: unknown key; did you mean 'solver'?"),
        ("runs.two={scenario: briefing}", "runs.two.solver: this key is missing"),
        ("runs.one.solver.agreements=[civil, civil]", "runs.one.solver.agreements.1: 'civil' stands twice"),
        ('runs.one.solver.partitions=["T,R|C", "C|R,T"]', "runs.one.solver.partitions.1: 'T,R|C' stands twice"),
        ("runs.one.calibrations=[central, central]", "runs.one.calibrations.1: 'central' stands twice"),
    ],
)
def test_assignments_that_cannot_be_meant(folder, quick, capsys, assignment, problem):  # noqa: F811
    code, out, err = call(capsys, "run", "mine", "--dry-run", "--set", assignment)
    assert (code, out) == (2, "")
    assert err == f"--set {assignment}: {problem}\n"


def test_a_whole_run_can_be_added_key_by_key(folder, quick, capsys):  # noqa: F811
    added = ("--set", "runs.two.scenario=briefing", "--set", "runs.two.solver.name=linkage_lattice", "--set", "runs.one=null")
    code, out, _ = call(capsys, "run", "mine", "--dry-run", *added)
    assert code == 0
    assert out.startswith(("two: scenario briefing (central), 1 point", "two: scenario briefing, 1 point"))


@pytest.mark.parametrize("name", ["experiments", "experiments/", "."])
def test_a_folder_is_no_experiment(folder, capsys, name):  # noqa: F811
    code, out, err = call(capsys, "run", name)
    assert (code, out) == (2, "")
    assert err == f"{name}: a folder; expected the name of an experiment or its .yaml file\n"
    (folder / "mine").mkdir()
    assert call(capsys, "run", "mine", "--dry-run")[0] == 0, "a name goes before a folder of that name"


@pytest.mark.parametrize("rtol", ["nan", "inf", "-1"])
def test_a_tolerance_is_a_finite_number(folder, capsys, rtol):  # noqa: F811
    code, out, err = call(capsys, "check", "--rtol", rtol)
    assert (code, out) == (2, "")
    assert "Invalid value for '--rtol'" in err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a closed pipe is another thing on Windows")
@pytest.mark.parametrize("arguments", [["show", "standoff"], ["list", "--json"], ["schema"]])  # a table, JSON, text
def test_a_reader_that_leaves_is_no_mistake(arguments):
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-c", "from bargaining.cli import main; main()", *arguments]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert done.returncode == 141
    assert "Broken pipe" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
