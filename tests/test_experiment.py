"""From an experiment file to rows: every mistake at its place, designs in order, runs that resume and repeat themselves exactly."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bargaining.config import ConfigError
from bargaining.design import Design
from bargaining.ensemble import Draws
from bargaining.experiment import Experiment, experiment_files, find, results_folder, schema_text
from bargaining.points import Point
from bargaining.running import experiments as running
from bargaining.running.experiments import run
from bargaining.store import Part, read_manifest, read_table

ROOT = Path(__file__).parents[1]
GOOD = """\
schema_version: 1
name: mine
question: What can be agreed?
runs:
  one:
    scenario: briefing
    solver: {name: linkage_lattice, tol: 1e-6}
  swept:
    scenario: briefing
    design:
      grid:
        delta: [0.5, 0.6, 0.7]
        easing_cost_us_units: {linspace: [1.0, 1.2, 2]}
    solver:
      name: linkage_lattice
      agreements: []
      partitions: ["T,R|C"]
profiles:
  smoke:
    runs:
      swept: null
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the experiment ``mine``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(GOOD)
    return tmp_path


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """The points solved, each by a stand-in that is instant."""
    points: list[Point] = []

    def solve_point(point: Point) -> Part:
        points.append(point)
        row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": "central", "partition": "T,R|C"}
        return Part([{**row, **point.swept, "best_us": 0.1 * point.number, "status": "solved"}], {"T,R|C": [[0.1, 0.2 * point.number]]})

    monkeypatch.setattr(running, "solve_point", solve_point)
    return points


def problems(path: Path, text: str, *overrides: str, profile: str = "paper") -> list[str]:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Experiment.load(path, profile, overrides)
    return [line.replace(str(path), path.name) for line in caught.value.problems]


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("rows.csv", "points.csv", "manifest.json")}


# Mistakes

SWEPT = "runs.swept.design.grid"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("tol: 1e-6", "tolernce: 1e-6", "7:37: runs.one.solver.tolernce: unknown key; did you mean 'tol'?"),
        ("tol: 1e-6", "tol: fast", "7:37: runs.one.solver.tol: should be a valid number"),
        ("tol: 1e-6", "tol: .nan", "7:37: runs.one.solver.tol: should be"),
        ("tol: 1e-6", "renegotiation_weights: [0, 0]", "7:37: runs.one.solver.renegotiation_weights: both weights are 0"),
        ("tol: 1e-6", "renegotiation_weights: [-1, 2]", "7:61: runs.one.solver.renegotiation_weights.0: should be greater than or equal"),
        ("tol: 1e-6", "renegotiation_weights: [1]", "7:37: runs.one.solver.renegotiation_weights"),
        ("name: linkage_lattice, tol", "name: linkage_latice, tol", "7:14: runs.one.solver.name: 'linkage_latice' is not known; did"),
        ("schema_version: 1", "schema_version: 2", "1:1: schema_version: 2 is not known"),
        ("name: mine", "name: yours", "2:1: name: expected 'mine', the name of the file, got 'yours'"),
        ("question: What can be agreed?\n", "", "1:1: question: this key is missing"),
        ("[0.5, 0.6, 0.7]", "[0.5, 1, 0.7]", f"12:22: {SWEPT}.delta.1: delta is 1: expected a number strictly"),
        ("[0.5, 0.6, 0.7]", "[0.5, .nan]", f"12:22: {SWEPT}.delta.1: expected a finite number"),
        ("[0.5, 0.6, 0.7]", "{linspace: [0.5, 0.6]}", f"12:17: {SWEPT}.delta.linspace.2: an item is missing"),
        ("        delta:", "        dleta:", f"12:9: {SWEPT}.dleta: unknown parameter of scenario 'briefing'; did you mean 'delta'?"),
        ("linspace: [1.0, 1.2, 2]", "linspace: [a, 1.2, 2]", f"13:43: {SWEPT}.easing_cost_us_units.linspace.0: should be a valid number"),
        ("briefing\n    solver", "breifing\n    solver", "6:5: runs.one.scenario: unknown scenario 'breifing'; did you mean 'briefing'?"),
        ("agreements: []", "agreements: [civl]", "16:20: runs.swept.solver.agreements.0: unknown agreement 'civl'; did you mean"),
        ('"T,R|C"', '"T,R|D"', "17:20: runs.swept.solver.partitions.0: unknown issue 'D'"),
        ('"T,R|C"', '"T,R"', "17:20: runs.swept.solver.partitions.0: partition 'T,R': issue 'C' stands 0 times"),
        ("    design:", "    calibrations: [centrl]\n    design:", "10:20: runs.swept.calibrations.0: unknown calibration 'centrl'; did"),
        ("    solver: {", "    parameters: {delta: 1.0}\n    solver: {", "7:18: runs.one.parameters.delta: delta is 1.0: expected a"),
        ("    solver: {", "    parameters: {delta: [1]}\n    solver: {", "7:18: runs.one.parameters.delta: expected a number or a word"),
        ("  one:", "  one:\n    scenario: briefing", "7:5: found duplicate key"),
        ("  one:", "  one: [", ""),
        ("      swept: null", "      swept: {sovler: 3}", "21:15: runs.swept.sovler: unknown key; did you mean 'solver'?"),
        (
            "      swept: null",
            "      swept: {design: {grid: {easing_cost_us_units: {linspace: [1, 2]}}}}",
            f"21:54: {SWEPT}.easing_cost_us_units.linspace.2: an item is missing",
        ),
        ("      grid:", "      zip:", "10:5: runs.swept.design: zip: expected lists of one length, found delta: 3,"),
    ],
)
def test_each_mistake_is_told_at_its_place(folder: Path, old: str, new: str, expected: str) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    found = problems(folder / "mine.yaml", text)
    assert len(found) == 1, found
    assert found[0].startswith(f"mine.yaml:{expected}")
    assert "\n" not in found[0]


def test_a_value_that_the_sweep_replaces_is_not_looked_at(folder: Path) -> None:
    (folder / "mine.yaml").write_text(GOOD.replace("    design:", "    parameters: {delta: 1.0}\n    design:"))
    assert len(Experiment.load(folder / "mine.yaml").points()) == 7


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(folder: Path) -> None:
    text = GOOD.replace("tol: 1e-6", "tolernce: 1e-6").replace("schema_version: 1", "schema_version: one").replace("design:", "desing:")
    found = problems(folder / "mine.yaml", text, "runs.one.solver.max_iter=0")
    assert [line.split(": ")[0] for line in found] == [
        "mine.yaml:1:1",
        "mine.yaml:7:37",
        "mine.yaml:10:5",
        "--set runs.one.solver.max_iter=0",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "mine.yaml:1:1: expected keys and values"),
        (b"- 1\n", "mine.yaml:1:1: expected keys and values"),
        (b"\xff\xfe\x00", "mine.yaml: not a text file in UTF-8"),
        (b"a: \x01", "mine.yaml: unacceptable character"),
        (None, "mine.yaml: No such file or directory"),
    ],
)
def test_files_that_are_no_experiments(tmp_path: Path, content: bytes | None, expected: str) -> None:
    path = tmp_path / "mine.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Experiment.load(path)
    (line,) = caught.value.problems
    assert line.replace(str(path), path.name).startswith(expected)


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("runs.one.solver.tol=2", "runs.one.solver.tol: should be less than 1 (got 2)"),
        ("runs.one.solver.tl=2", "runs.one.solver.tl: unknown key; did you mean 'tol'?"),
        ("runs.swept.design.grid.delta.1=1", f"{SWEPT}.delta.1: delta is 1: expected a number strictly between 0 and 1"),
        ("runs.swept.design.grid.delta.3=1", f"{SWEPT}.delta is a list of 3; expected a position from 0 to 2, got '3'"),
        ("runs.one.scenario.x=1", "runs.one.scenario is 'briefing' and has no keys below it"),
        ("runs.one.scenario", "expected key=value"),
        ("runs.one.scenario=[", ""),
        ("profiles.smoke.question=why", "profiles: unknown key"),
        ("runs.one two={scenario: briefing, solver: {name: linkage_lattice}}", "runs.one two: no name: expected letters, digits, - and _"),
    ],
)
def test_assignments_are_checked_like_the_file_and_cited(folder: Path, assignment: str, expected: str) -> None:
    (line,) = problems(folder / "mine.yaml", GOOD, assignment)
    assert line.startswith(f"--set {assignment}: {expected}")


# What is read


def test_profiles_and_assignments_are_laid_over_the_file(folder: Path) -> None:
    path = folder / "experiments" / "mine.yaml"
    assert list(Experiment.load(path, "smoke").runs) == ["one"]
    changed = Experiment.load(path, overrides=["runs.one.solver.tol=1e-3", "runs.swept.design.grid.delta.1=0.65", "question=Why not?"])
    assert changed.runs["one"].solver.tol == 1e-3
    assert [point.swept["delta"] for point in changed.points()[1:]] == [0.5, 0.5, 0.65, 0.65, 0.7, 0.7]
    assert changed.question == "Why not?"
    fewer = Experiment.load(path, overrides=["runs.one=null", "runs.swept.design.grid.delta.0=null"])
    assert [point.swept["delta"] for point in fewer.points()] == [0.6, 0.6, 0.7, 0.7]
    with pytest.raises(ConfigError, match="no profile 'smoek'; did you mean 'smoke'"):
        Experiment.load(path, "smoek")


def test_the_key_is_of_the_content_and_of_the_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "experiments" / "mine.yaml"
    key = Experiment.load(path).key
    path.write_text(
        "# a remark\n" + GOOD.replace("schema_version: 1\nname: mine", "name: mine\nschema_version: 1").replace("1e-6", "0.000001")
    )
    assert Experiment.load(path).key == key
    assert Experiment.load(path, overrides=["runs.one.solver.tol=1e-7"]).key != key
    lines = GOOD.splitlines(keepends=True)
    path.write_text("".join([*lines[:11], lines[12], lines[11], *lines[13:]]))
    assert Experiment.load(path).key != key, "points are numbered in the order of the swept parameters"
    path.write_text(GOOD)
    monkeypatch.setattr("bargaining.experiment.fingerprint", lambda modules: "other sources")
    assert Experiment.load(path).key != key


def test_designs_keep_the_order_in_which_they_are_written() -> None:
    assert Design(grid={"b": [2, 1], "a": ["x", "y"]}).as_points() == [
        {"b": 2, "a": "x"},
        {"b": 2, "a": "y"},
        {"b": 1, "a": "x"},
        {"b": 1, "a": "y"},
    ]
    assert Design(points=[{"a": 2}, {"a": 1}]).as_points() == [{"a": 2}, {"a": 1}]
    with pytest.raises(ValueError, match="exactly one of grid, zip, points and sample, found grid and zip"):
        Design(grid={"a": [1]}, zip={"a": [1]})
    with pytest.raises(ValueError, match="same parameters in every point"):
        Design(points=[{"a": 2}, {"b": 1}])


def test_committed_schema_is_the_exported_one() -> None:
    assert (ROOT / "experiments" / "schema.json").read_text(encoding="utf-8") == schema_text(), (
        "run: bargaining schema > experiments/schema.json"
    )


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_committed_experiments_are_valid_in_every_profile(path: Path) -> None:
    from bargaining.cli.describe import profile_names

    assert {"paper", "smoke", "full"} <= set(profile_names(path))
    experiments = {profile: Experiment.load(path, profile) for profile in profile_names(path)}
    sizes = {
        profile: len(experiment.points()) + sum(Draws.of(name, each, "").size for name, each in experiment.ensembles.items())
        for profile, experiment in experiments.items()
    }
    assert sizes["smoke"] < sizes["paper"] < sizes["full"]


def test_experiments_are_found_here_first_then_in_the_package(folder: Path) -> None:
    assert find("mine") == Path("experiments/mine.yaml")
    assert find("linkage").name == "linkage.yaml"
    assert experiment_files()[0].stem == "mine"
    with pytest.raises(ConfigError, match=r"experiment 'mien': no experiments/mien\.yaml here; did you mean 'mine'"):
        find("mien")


def test_only_the_unchanged_paper_profile_writes_beside_the_experiments(folder: Path) -> None:
    mine = Path("experiments/mine.yaml")
    assert results_folder(mine, "mine", "paper") == Path("experiments/results/mine")
    assert results_folder(mine.resolve(), "mine", "paper") == Path("experiments/results/mine")
    assert results_folder(mine, "mine", "smoke") == Path(".runs/mine/smoke")
    assert results_folder(mine, "mine", "paper", changed=True) == Path(".runs/mine/paper")
    assert results_folder(Path("elsewhere/mine.yaml"), "mine", "paper") == Path(".runs/mine/paper")


# What is run


def test_a_complete_run_is_not_solved_again(folder: Path, solved: list[Point]) -> None:
    first = run("mine")
    assert (first.points, first.solved, first.cached, first.proven) == (7, 7, False, True)
    assert first.folder == Path("experiments/results/mine")
    before = files(first.folder)
    again = run("mine")
    assert (again.points, again.solved, again.cached, again.statuses) == (7, 0, True, {"solved": 7})
    assert len(solved) == 7
    run("mine", force=True)
    assert len(solved) == 14
    assert files(first.folder) == before
    run("mine", overrides=["runs.one.solver.tol=1e-5"], out=first.folder)
    assert len(solved) == 21
    assert read_manifest(first.folder)["config"]["runs"]["one"]["solver"]["tol"] == 1e-5


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_stopped_run_does_the_rest_and_gives_the_same_bytes(folder: Path, solved: list[Point], workers: int, stop_after: int) -> None:
    whole = files(run("mine", out="whole").folder)
    solved.clear()

    def stop(done: int, total: int, failed: int) -> None:
        if done == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("mine", out="stopped", workers=workers, progress=stop)
    assert not (folder / "stopped" / "rows.csv").exists()
    counts: list[tuple[int, int]] = []
    resumed = run("mine", out="stopped", workers=workers, progress=lambda done, total, failed: counts.append((done, total)))
    assert files(resumed.folder) == whole
    assert counts[0] == (stop_after, 7)
    assert counts[-1] == (7, 7)
    assert resumed.solved == 7 - stop_after


def test_the_number_of_workers_changes_nothing(folder: Path, solved: list[Point]) -> None:
    assert files(run("mine", out="one").folder) == files(run("mine", out="four", workers=4).folder)


def test_nothing_is_solved_if_results_cannot_be_written(folder: Path, solved: list[Point]) -> None:
    (folder / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run("mine", out="file/results")
    assert solved == []


def test_a_point_that_fails_is_a_row_and_a_message(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bargaining.games import GameError

    def linkage_lattice(*arguments: Any, **options: Any) -> Any:
        raise GameError("no such game")

    monkeypatch.setitem(sys.modules, "bargaining.solvers.lattice", type(sys)("lattice"))
    monkeypatch.setattr(sys.modules["bargaining.solvers.lattice"], "linkage_lattice", linkage_lattice, raising=False)
    results = run("mine", profile="smoke")
    assert (results.proven, results.statuses) == (False, {"failed": 1})
    (row,) = read_table(results.folder / "rows.csv")
    assert (row["run"], row["status"], row["calibration"]) == ("one", "failed", "central")
    assert read_manifest(results.folder)["failures"] == [{"run": "one", "point": 0, "message": "GameError: no such game"}]


# The real thing


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Run the briefing with the real solver; each folder once."""
    made: dict[int, Path] = {}

    def make(workers: int) -> Path:
        if workers not in made:
            place = tmp_path_factory.mktemp("real")
            (place / "mine.yaml").write_text(GOOD)
            made[workers] = run(place / "mine.yaml", out=place / "results", workers=workers).folder
        return made[workers]

    return make


def test_rows_of_the_briefing(real: Callable[..., Path]) -> None:
    rows = read_table(real(1) / "rows.csv")
    assert list(rows[0])[:8] == ["run", "point", "scenario", "calibration", "stance", "delta_us", "delta_cn", "partition"]
    lattice = {(row["partition"], row["agreement"]): row for row in rows if row["run"] == "one"}
    assert len(lattice) == 5 * 4
    # Closed forms, max over players of temptation / (temptation + punishment): .450 for truce and civil licences, .486 for everything.
    assert lattice["T,R|C", "civil"]["critical_delta"] == pytest.approx(0.45, abs=1e-6)
    assert lattice["T,R,C", "full"]["critical_delta"] == pytest.approx(1.7 / 3.5, abs=1e-6)
    assert lattice["T,R|C", "civil"]["stance"] == "Washington"
    assert lattice["T,R|C", "full"]["verdict"] == "never"
    swept = [row for row in rows if row["run"] == "swept"]
    assert [(row["point"], row["delta"], row["easing_cost_us_units"]) for row in swept] == [
        (0, 0.5, 1.0),
        (1, 0.5, 1.2),
        (2, 0.6, 1.0),
        (3, 0.6, 1.2),
        (4, 0.7, 1.0),
        (5, 0.7, 1.2),
    ]
    assert all(row["delta_us"] == row["delta"] for row in swept)


def test_vertices_support_the_payoffs_of_their_row(real: Callable[..., Path]) -> None:
    points = read_table(real(1) / "points.csv")
    assert list(points[0]) == ["run", "point", "scenario", "calibration", "partition", "vertex", "us", "cn"]
    for row in read_table(real(1) / "rows.csv"):
        own = [p for p in points if all(p[key] == row[key] for key in ("run", "point", "partition"))]
        assert [p["vertex"] for p in own] == list(range(len(own)))
        assert max(p["us"] for p in own) == pytest.approx(row["best_us"], abs=1e-12)
        assert min(p["cn"] for p in own) == pytest.approx(row["worst_cn"], abs=1e-12)


def test_manifest_says_what_the_rows_mean(real: Callable[..., Path]) -> None:
    manifest = json.loads((real(1) / "manifest.json").read_text(encoding="utf-8"))
    words = manifest["runs"]["swept"]
    assert words["stances"]["Washington"] == "T,R|C"
    assert words["agreements"]["civil_for_chips"] == "tariffs truce/truce, rare earths civil, chips ease"
    assert words["status_quo"] == {"name": "civil", "payoffs": [2.5, 1.1]}
    assert set(words["parameters"]) == {"delta", "easing_cost_us_units"}
    assert "15 of 15 parameters are assumptions" in words["notice"]


def test_threads_give_the_same_bytes(real: Callable[..., Path]) -> None:
    assert files(real(1)) == files(real(3))
