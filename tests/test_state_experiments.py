"""Experiments on scenarios with states: reading, solving, storing, telling and drawing them."""

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bargaining.cli import main
from bargaining.cli.states import print_states
from bargaining.comparison import compare
from bargaining.config import ConfigError
from bargaining.experiment import Experiment
from bargaining.report.answers import answers, longest
from bargaining.running.experiments import Results, run
from bargaining.store import read_manifest, read_table

TEXT = """schema_version: 1
name: mine
question: What can be agreed in which state?
runs:
  one:
    scenario: court
    keep: true
    solver: {name: equilibrium_set, states: [authority, struck], tol: 1e-6}
  swept:
    scenario: truce
    design:
      grid:
        delta: [0.5, 0.9]
        tranche_periods: [1, 2, permanent]
    solver: {name: equilibrium_set, plans: [truce], tol: 1e-6}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "name: equilibrium_set, states",
            "name: equilibrium_sets, states",
            "runs.one.solver.name: 'equilibrium_sets' is not known; did",
        ),
        ("name: equilibrium_set, states", "nam: equilibrium_set, states", "runs.one.solver.name: this key is missing"),
        ("[authority, struck]", "[authority, stuck]", "runs.one.solver.states.1: unknown state 'stuck'; did you mean 'struck'?"),
        ("[authority, struck]", "[authority, authority]", "runs.one.solver.states.1: 'authority' stands twice"),
        ("plans: [truce]", "plans: [trice]", "runs.swept.solver.plans.0: unknown plan 'trice'; did you mean 'truce'?"),
        ("plans: [truce]", "planes: [truce]", "runs.swept.solver.planes: unknown key; did you mean 'plans'?"),
        ("delta: [0.5, 0.9]", "delta: [0.5, 1.9]", "runs.swept.design.grid.delta.1: delta is 1.9: expected a number strictly between 0"),
        ("scenario: court", "scenario: standoff", "runs.one.solver.name: scenario 'standoff' has no states: expected linkage_lattice"),
    ],
)
def test_each_mistake_is_told_at_its_place(folder: Path, old: str, new: str, expected: str) -> None:
    assert old in TEXT
    path = folder / "experiments" / "mine.yaml"
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(ConfigError) as error:
        Experiment.load(path)
    assert any(expected in problem for problem in error.value.problems), error.value.problems


def test_a_lattice_needs_issues(folder: Path) -> None:
    path = folder / "experiments" / "mine.yaml"
    path.write_text(TEXT.replace("{name: equilibrium_set, states: [authority, struck], tol: 1e-6}", "{name: linkage_lattice}"))
    with pytest.raises(ConfigError, match=r"runs\.one\.solver\.name: scenario 'court' is no repeated game over issues"):
        Experiment.load(path)


def test_rows_say_what_holds_where(folder: Path) -> None:
    results = run("mine")
    rows = results.rows()
    assert results.proven
    court = {(row["state"], row["plan"]): row for row in rows if row["run"] == "one"}
    assert set(court) == {(state, plan) for state in ("authority", "struck") for plan in ("truce", "prepared_truce", "while_armed", "war")}
    assert court["authority", "truce"]["sustained"] is True
    assert court["struck", "truce"]["plan_us"] == 1.5
    swept = {(row["delta"], row["tranche_periods"]): row["sustained"] for row in rows if row["run"] == "swept"}
    assert swept == {
        (0.5, 1): True,
        (0.5, 2): False,
        (0.5, "permanent"): False,
        (0.9, 1): True,
        (0.9, 2): True,
        (0.9, "permanent"): False,
    }
    points = read_table(results.folder / "points.csv")
    assert {row["state"] for row in points if row["run"] == "one"} == {"authority", "struck"}
    best = max(row["us"] for row in points if row["run"] == "one" and row["state"] == "authority")
    assert best == court["authority", "truce"]["best_us"]
    manifest = read_manifest(results.folder)
    assert manifest is not None
    assert manifest["runs"]["one"]["factors"] == {"court": "where the case and the fallback stand"}
    assert all(item.agrees for item in compare(results.folder, run("mine", out=folder / "again").folder))


def test_a_state_that_a_point_does_not_have_is_a_failed_row(folder: Path) -> None:
    results = run(
        "mine", overrides=["runs.one.design.grid.restoration_share=[0.5, 1.0]", "runs.one.parameters.bridge_periods=2", "runs.swept=null"]
    )
    failed = [row for row in results.rows() if row["status"] == "failed"]
    assert [row["restoration_share"] for row in failed] == [1.0]
    manifest = read_manifest(results.folder)
    assert manifest is not None
    assert "there is no state 'struck'" in manifest["failures"][0]["message"]


def test_run_tells_and_draws(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "run", "mine")
    assert code == 0, err
    for expected in (
        r"^authority +✓ 1\.50, 1\.40 ",
        r"^ *0\.9 +✓ \d\.\d\d +✓ \d\.\d\d +· 0\.00",
        r"^- The longest tranche|^- A permanent lock|^Plan truce: both hold",
    ):
        assert re.search(expected, out, flags=re.MULTILINE), expected
    figures = sorted(path.name for path in (folder / "experiments" / "results" / "mine").glob("*.svg"))
    assert figures == ["states-one-stylised.svg", "states-swept-stylised.svg"]
    code, out, _ = call(capsys, "verify", "experiments/results/mine")
    assert code == 0
    code, out, _ = call(capsys, "show", "mine")
    assert "equilibrium_set, tol 1e-06" in out


def test_what_is_not_proven_is_not_printed_as_a_number() -> None:
    words = {
        "title": "A story",
        "plans": {"truce": "hold"},
        "parameters": {"n": {"symbol": "N"}},
        "unit": "units",
        "notice": "",
        "scenario": "x",
    }
    common = {"run": "one", "calibration": "stylised", "state": "renewal", "plan": "truce", "sustained": True}
    rows = [
        {**common, "point": 0, "n": 1, "status": "solved", "joint_surplus": 2.5},
        {**common, "point": 1, "n": 2, "status": "undecided", "joint_surplus": 0.125},
    ]
    text = io.StringIO()
    print_states(Console(file=text, width=120), rows, {"runs": {"one": words}})
    assert "✓ 2.5" in text.getvalue()
    assert "✓ –" in text.getvalue()
    assert "0.125" not in text.getvalue()
    assert "Payoffs of 1 of 2 points are not proven" in text.getvalue()


def test_answers_are_read_off_the_rows() -> None:
    rows = [
        {"plan": "truce", "state": "renewal", "calibration": "stylised", "delta": delta, "tranche_periods": n, "sustained": n <= most}
        | {"plan_us": float(n), "plan_cn": 1.0, "status": "solved"}
        for delta, most in ((0.8, 2), (0.9, 4))
        for n in (1, 2, 4, 8)
    ]
    told = answers("truce", ["delta", "tranche_periods"], rows)
    assert told[0] == "The longest tranche that enforces itself, N*, runs from 2 to 4 periods over 2 settings"
    assert told[1].startswith("A tranche of one period loses up to 60.0 %")
    assert longest([{**rows[0], "sustained": None, "tranche_periods": 16}, *rows[4:]]) is None
    assert answers("horizon", [], rows) == []


@pytest.mark.parametrize("name", ["truce", "court", "standoff_dynamic"])
def test_show_a_story_with_states(capsys: pytest.CaptureFixture[str], name: str) -> None:
    code, out, _ = call(capsys, "show", name)
    assert code == 0
    assert "states, play starts in the first" in out
    assert "what makes this a dilemma, or not" in out
    code, out, _ = call(capsys, "show", name, "--json")
    content = json.loads(out)
    assert code == 0
    assert content["plans"]
    assert len(content["states"]) >= 2


@pytest.mark.parametrize("name", ["truce", "licence", "court", "leverage", "standoff_dynamic"])
def test_smoke_profiles_of_the_experiments_on_states(smoke_results: Callable[[str], Results], name: str) -> None:
    rows = smoke_results(name).rows()
    assert rows
    assert not [row for row in rows if row["status"] == "failed"]
    assert all(
        row["sustained"] is not None for row in rows if "sustained" in row and row.get("plan") and row.get("kind") in (None, "block")
    )
