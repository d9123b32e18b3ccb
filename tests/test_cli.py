"""The command line as a user meets it: what is printed where, exit codes, one line for each mistake, runs that survive being killed."""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from bargaining.cli import Exit, cli, main
from bargaining.points import Point
from bargaining.running import experiments as running
from bargaining.scenarios import names
from bargaining.store import Part, read_table

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "numba", "scipy", "pandas", "matplotlib", "nashpy", "pydantic")
GOOD = """\
schema_version: 1
name: mine
question: What can be agreed?
runs:
  one:
    scenario: briefing
    design:
      grid:
        delta: [0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70, 0.75]
    solver: {name: linkage_lattice, tol: 1e-3, agreements: [civil], partitions: ["T,R|C"]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder with the experiment ``mine``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(GOOD)
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Points are solved by a stand-in; the number in the list is what it answers. Figures are left out."""
    answer = [1.0]

    def solve_point(point: Point) -> Part:
        row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration, "stance": None}
        sets = {"worst_us": 0.0, "best_us": answer[0], "worst_cn": 0.0, "best_cn": 1.0, "joint_surplus": 2.0, "status": "solved"}
        return Part([{**row, **point.swept, "partition": "T,R|C", "agreement": "civil", **sets}], {"T,R|C": [[0.0, 0.0], [1.0, 1.0]]})

    monkeypatch.setattr(running, "solve_point", solve_point)
    monkeypatch.setattr("bargaining.report.report", lambda results, out: [])
    return answer


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """A command in a process of its own, as from a shell."""
    command = [sys.executable, "-c", "from bargaining.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "COLUMNS": "160", **environment}, check=False)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in this process."""
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    captured = capsys.readouterr()
    return int(exit.value.code or 0), captured.out, captured.err


# Help, speed


def test_help_and_import_load_nothing_heavy() -> None:
    code = (
        "import sys, bargaining; from bargaining.cli import cli; from click.testing import CliRunner; "
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_help_is_instant() -> None:
    """In time of the processor, so that what else runs does not matter."""

    def seconds() -> float:
        started = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("--help").returncode == 0
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - started.ru_utime - started.ru_stime

    assert min(seconds() for _ in range(5)) < 0.3


@pytest.mark.parametrize("command", [[], *([name] for name in sorted(cli.commands))])
def test_every_command_has_help(command: list[str]) -> None:
    for flag in ("-h", "--help"):
        result = CliRunner().invoke(cli, [*command, flag])
        assert result.exit_code == 0
        assert "Usage:" in result.output
    lines = result.output.splitlines()
    assert len(lines[2].strip()) > 20, "a command says what it does"


def test_commands_and_readme_agree() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^(?:\$ )?bargaining ([a-z]+)", readme, flags=re.MULTILINE)) | set(
        re.findall(r"`bargaining ([a-z]+)", readme)
    )
    assert documented == set(cli.commands)


def test_exit_codes_are_told() -> None:
    output = CliRunner().invoke(cli, ["--help"]).output
    for code in Exit:
        assert re.search(rf"^ +{int(code)}  {re.escape(code.sentence)}$", output, flags=re.MULTILINE)
    assert [int(code) for code in Exit] == [0, 1, 2, 3, 130, 141]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    import bargaining

    assert call(capsys, "--version") == (0, f"bargaining, version {bargaining.__version__}\n", "")


# Mistakes


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("run mien", "experiment 'mien': no experiments/mien.yaml here; did you mean 'mine'?"),
        ("run nowhere/mine.yaml", "nowhere/mine.yaml: No such file or directory"),
        ("run mine --profile smok", "experiments/mine.yaml: no profile 'smok'; expected one of: paper"),
        ("run mine --set runs.one.solver.tl=1", "--set runs.one.solver.tl=1: runs.one.solver.tl: unknown key; did you mean 'tol'?"),
        ("run mine --out experiments/mine.yaml/results", "bargaining: experiments/mine.yaml/results"),
        ("show standof", "'standof' is no scenario and no experiment; did you mean 'standoff'?"),
        ("show standoff --calibration quit", "scenario 'standoff': unknown calibration 'quit' (did you mean 'quiet'?)"),
        ("check mine", "experiments/results/mine: no results to compare with; `bargaining run mine` makes them"),
        ("check", "experiments/results: no committed results here, so there is nothing to check"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float], arguments: str, expected: str
) -> None:
    code, out, err = call(capsys, *arguments.split())
    assert (code, out) == (2, "")
    assert err.startswith(expected)
    assert err.count("\n") == 1


def test_wrong_options_are_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "run", "linkage", "--proflie", "smoke")
    assert (code, out) == (2, "")
    assert err.startswith("bargaining run: No such option '--proflie'")
    assert "--profile" in err
    assert err.endswith("`bargaining run --help` says more.\n")
    assert err.count("\n") == 1


def test_every_mistake_of_a_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "experiments" / "mine.yaml"
    path.write_text(GOOD.replace("tol: 1e-3", "tol: 7").replace("delta: [0.40", "delta: [.nan"))
    code, _, err = call(capsys, "run", "mine")
    assert code == 2
    assert err.splitlines() == [
        "experiments/mine.yaml:9:17: runs.one.design.grid.delta.0: expected a finite number (got nan)",
        "experiments/mine.yaml:10:37: runs.one.solver.tol: should be less than 1 (got 7)",
    ]


# Lists and descriptions


def test_list_names_experiments_and_scenarios(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "list", "--json")
    content = json.loads(out)
    assert code == 0
    assert content["experiments"]["mine"] == "What can be agreed?"
    assert set(content["scenarios"]) == set(names())
    (folder / "experiments" / "mine.yaml").write_text("a: [")
    code, out, _ = call(capsys, "list")
    assert code == 0
    assert "cannot be read: experiments/mine.yaml:" in out


def test_show_scenario(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # a narrow terminal folds the tables
    code, out, _ = call(capsys, "show", "standoff")
    assert code == 0
    for expected in (
        r"^curb_security_ratio +1\.3 +0\.5 – 4 +ratio +ASSUMPTION +B_sec_US",
        r"^snap-back .* 1\.02, -3\.36 \*",  # the pure equilibrium of the tariff issue
        r"^london \(status quo\) +tariffs truce/truce, rare earths civil",
        r"^Washington +T,R,K\|A",
        r"^discount factors per 90 days: U\.S\. 0\.9173, China 0\.9726",
        r"^- With psi_US = 0\.20 the U\.S\. would rather go to snap-back",
        r"^nv_gm .*Nvidia \(published source\)",
    ):
        assert re.search(expected, out, flags=re.MULTILINE), expected


def test_show_scenario_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "show", "standoff", "--calibration", "strategic", "--json")
    content = json.loads(out)
    assert code == 0
    assert content["calibration"] == "strategic"
    assert {row["field"]: row["value"] for row in content["parameters"]}["curb_security_ratio"] == 1.5
    assert content["issues"]["K"]["payoffs"] == [[[-0.5], [0.0]], [[-1.5], [0.0]]]
    assert content["issues"]["K"]["nash_equilibria"] == [[[0.0, 1.0], [1.0]]]


def test_show_experiment(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, _ = call(capsys, "show", "mine")
    assert code == 0
    assert "What can be agreed?" in out
    assert re.search(r"^one +briefing +central +delta +linkage_lattice, tol 0\.001 +8", out, flags=re.MULTILINE)
    assert "profiles: paper (8 points)" in out


def test_info(capsys: pytest.CaptureFixture[str]) -> None:
    from bargaining.sources import all_modules, fingerprint

    content = json.loads(call(capsys, "info", "--json")[1])
    assert content["sources"] == fingerprint(all_modules())
    assert {"numba", "numpy", "pydantic"} <= set(content["versions"])
    assert {"python", "kernel cache", "cores"} <= set(content)


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(call(capsys, "schema")[1])["title"] == "bargaining experiment"


# Runs


def test_dry_run_solves_and_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "solve_point", lambda point: pytest.fail("solved"))
    code, out, _ = call(capsys, "run", "mine", "--dry-run")
    assert code == 0
    assert "8 points, 0 on disk, 8 to solve; results go to experiments/results/mine" in out
    assert sorted(path.name for path in folder.rglob("*")) == ["experiments", "mine.yaml"]


def test_dry_run_refuses_a_file_as_results_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "run", "mine", "--dry-run", "--out", "experiments/mine.yaml")
    assert (code, out, err) == (2, "", "bargaining: experiments/mine.yaml: a file; expected a folder for results\n")


def test_show_refuses_what_is_for_the_other_kind(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = call(capsys, "show", "vetting", "--profile", "nope")
    assert (code, out) == (2, "")
    assert "vetting is a scenario: --profile is for experiments" in err
    code, out, err = call(capsys, "show", "mine", "--calibration", "central")
    assert (code, out) == (2, "")
    assert "mine is no scenario: --calibration is for scenarios" in err


def test_run_says_where_results_are_and_when_nothing_was_solved(
    folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float]
) -> None:
    code, out, err = call(capsys, "run", "mine")
    assert code == 0
    assert re.search(r"^T,R\|C +0\.00 +1\.00 +0\.00 +1\.00 +2\.00", out, flags=re.MULTILINE)
    assert "solved 8 of 8 points" in err
    assert "rows      experiments/results/mine/rows.csv" in err
    code, again, err = call(capsys, "run", "mine", "--scheduler", "local:2")
    assert (code, again) == (0, out)
    assert "--scheduler local:2 was not used: it is for ensembles" in err
    assert "nothing to solve: experiments/results/mine already holds this run" in err


def test_points_that_are_not_proven_give_exit_code_3(
    folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = running.solve_point
    monkeypatch.setattr(running, "solve_point", lambda point: Part([{**solve(point).rows[0], "status": "max_iter"}], {}, "too short"))
    code, _, err = call(capsys, "run", "mine")
    assert code == 3
    assert "not proven: 8 rows max_iter" in err
    assert "failed    one point 3: too short" in err
    assert len(read_table(folder / "experiments" / "results" / "mine" / "rows.csv")) == 8


def test_json_is_one_object(folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float]) -> None:
    code, out, _ = call(capsys, "run", "mine", "--json")
    content = json.loads(out)
    assert code == 0
    assert (content["points"], content["cached"], content["statuses"], len(content["rows"])) == (8, False, {"solved": 8}, 8)


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = running.solve_point

    def interrupted(point: Point) -> Part:
        if point.number == 3:
            raise KeyboardInterrupt
        return solve(point)

    with monkeypatch.context() as context:
        context.setattr(running, "solve_point", interrupted)
        code, out, err = call(capsys, "run", "mine", "--set", "runs.one.solver.tol=1e-2")
    assert (code, out) == (130, "")
    (again,) = re.findall(r"To do the rest: (.*)", err)
    assert again == "bargaining run mine --profile paper --set runs.one.solver.tol=1e-2"
    code, _, err = call(capsys, *again.split()[1:])
    assert code == 0
    assert "solved 5 of 8 points" in err


def test_check_sees_drift(folder: Path, capsys: pytest.CaptureFixture[str], quick: list[float]) -> None:
    call(capsys, "run", "mine")
    code, out, err = call(capsys, "check")
    assert (code, "NO" in out, "all items agree" in err) == (0, False, True)
    quick[0] = 1.0 + 1e-6
    code, out, err = call(capsys, "check", "mine")
    assert code == 1
    assert re.search(r"^best_us +NO +1e-06 +1e-06 +one 0", out, flags=re.MULTILINE)
    assert "results differ" in err
    assert call(capsys, "check", "--rtol", "1e-5")[0] == 0
    content = json.loads(call(capsys, "check", "--json")[1])
    assert content["agrees"] is False


# A game from a file

TABLE = 'US \\ CN,hold,ban\nhold,"3,3","0,5"\nban,"5,0","1,1"\n'


def test_solve_prints_a_game_for_people(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "pd.csv").write_text(TABLE)
    code, out, err = call(capsys, "solve", str(tmp_path / "pd.csv"), "--delta", "0.9")
    assert (code, err) == (0, "")
    assert re.search(r"^hold +3, 3 +0, 5 *$", out, flags=re.MULTILINE)
    assert re.search(r"^ban +5, 0 +1, 1 \*$", out, flags=re.MULTILINE)
    assert re.search(r"^1 +ban 1 +ban 1 +1, 1 +0$", out, flags=re.MULTILINE)
    assert "1. US: hold by ban 1 (by 1 at least)" in out
    assert "V(δ), payoffs of subgame-perfect equilibria of the repeated game at δ = 0.9, 0.9" in out
    assert "US: from 1 to 4.33333" in out


def test_a_discount_factor_is_read_exactly(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Mutual cooperation binds exactly at δ = 1/3, which no float is."""
    (tmp_path / "pd.csv").write_text(TABLE.replace("5", "4"))
    for delta, told, best in (("1/3", "1/3", "3.66667"), ("0.3333", "0.3333", "1")):
        code, out, _ = call(capsys, "solve", str(tmp_path / "pd.csv"), "--delta", delta)
        assert code == 0
        assert f"at δ = {told}, {told} " in " ".join(out.split())  # a narrow terminal folds the title
        assert f"US: from 1 to {best}\n" in out


@pytest.mark.parametrize("delta", ["0.9", "0.9,0.8"])
def test_solve_answers_programs(capsys: pytest.CaptureFixture[str], tmp_path: Path, delta: str) -> None:
    (tmp_path / "pd.nfg").write_text('NFG 1 R "" { "US" "CN" } { { "hold" "ban" } { "hold" "ban" } } 3 3 5 0 0 5 1 1')
    code, out, _ = call(capsys, "solve", str(tmp_path / "pd.nfg"), "--delta", delta, "--json")
    content = json.loads(out)
    assert code == 0
    assert content["payoffs"] == [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    assert content["nash_equilibria"]["profiles"] == [[[0, 1], [0, 1]]]
    assert content["minmax"]["pure"] == [1, 1]
    assert content["dominance"]["surviving"] == [[1], [1]]
    assert content["equilibrium_set"]["delta"] == [0.9, float(delta[-3:])]
    assert content["equilibrium_set"]["best_us"] > 4
    assert content["equilibrium_set"]["status"] == "solved"


def test_solve_reads_what_is_pasted() -> None:
    done = CliRunner().invoke(cli, ["solve", "-", "--json"], input="3\t0\n5\t1\n\n3\t5\n0\t1\n")
    assert json.loads(done.output)["nash_equilibria"]["payoffs"] == [[1, 1]]


@pytest.mark.parametrize(
    ("name", "text", "options", "line"),
    [
        ("game.csv", "3|3,0|5\n5|0,x", [], r"game.csv:2: column 2: 'x' is neither a number nor a pair of numbers"),
        ("game.nfg", 'NFG 1 R "" { "a" "b" } { 2 2 } 1 2 3', [], r"game.nfg:1:37: expected payoff 4 of 8, got the end of the file"),
        ("game.yaml", "payofs: [[[1]], [[2]]]", [], r"game.yaml:1:1: payofs: unknown key; did you mean 'payoffs'\?"),
        ("game.json", "{", [], r"game.json:1:2: "),
        ("game.xls", "", [], r"game.xls: no format known for '.xls'"),
        ("game.csv", TABLE, ["--delta", "1.5"], r"Invalid value for --delta: '1.5': expected a discount factor between 0 and 1"),
        ("game.csv", TABLE, ["--delta", "0.9,0.8,0.7"], r"or two as in 0.9,0.8"),
        *(
            ("game.csv", TABLE, ["--delta", delta], r"expected a discount factor between 0 and 1")
            for delta in ("1", "1/0", "3/2", "nan", "")
        ),
    ],
)
def test_solve_tells_mistakes_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, options: list[str], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    code, out, err = call(capsys, "solve", name, *options)
    assert (code, out) == (2, "")
    assert re.search(line, err)
    assert "Traceback" not in err


def test_solve_without_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = call(capsys, "solve", "nothing.csv")
    assert code == 2
    assert err == "nothing.csv: No such file or directory\n"
    assert call(capsys, "solve", str(ROOT)) == (2, "", f"{ROOT}: a folder; expected a file with a game\n")


# The real thing, in processes of their own


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The results of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "mine.yaml").write_text(GOOD)
    done = run("run", str(folder / "mine.yaml"), "--out", str(folder / "out"))
    assert done.returncode == 0, done.stderr
    return results(folder / "out")


def results(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("rows.csv", "points.csv", "manifest.json")}


@pytest.mark.parametrize(("blow", "workers"), [(signal.SIGINT, "2"), (signal.SIGKILL, "1")])
def test_a_killed_run_resumes_to_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], whole: dict[str, bytes], blow: signal.Signals, workers: str
) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    arguments = ["run", str(tmp_path / "mine.yaml"), "--out", str(tmp_path / "out"), "--workers", workers]
    # Points take at least a quarter of a second, so that the blow falls while some are done and some are not.
    slow = (
        "import signal, time; from bargaining.running import experiments as running; from bargaining.cli import main\n"
        "solve = running.solve_point\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background jobs inherit that it is ignored
        "running.solve_point = lambda point: (time.sleep(0.25), solve(point))[1]\nmain()"
    )
    process = subprocess.Popen([sys.executable, "-c", slow, *arguments], stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("out/.parts-*/[0-9]*.json"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(blow)
    _, err = process.communicate(timeout=60)
    assert process.returncode == (130 if blow == signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in err
    kept = len(list(tmp_path.glob("out/.parts-*/[0-9]*.json")))
    assert 2 <= kept < 8
    assert not (tmp_path / "out" / "manifest.json").exists()
    code, _, err = call(capsys, *arguments)
    assert code == 0, err
    assert f"solved {8 - kept} of 8 points" in err
    assert results(tmp_path / "out") == whole


def test_smoke_profile_of_the_linkage_experiment(smoke_folder: Path) -> None:
    out = smoke_folder / ".runs" / "linkage" / "smoke"
    done = run("run", str(ROOT / "experiments" / "linkage.yaml"), "--profile", "smoke", "--out", str(out), NO_COLOR="1")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    figures = re.findall(r"^figure +(.*)$", done.stderr, flags=re.MULTILINE)
    assert figures
    assert all(Path(path).stat().st_size > 1000 for path in figures)
    rows = read_table(out / "rows.csv")
    assert {row["status"] for row in rows} <= {"solved", "empty"}
    lattice = {(row["partition"], row["agreement"]): row for row in rows if row["run"] == "briefing"}
    assert f"{lattice['T,R|C', 'civil']['critical_delta']:.3f}" == "0.450"
    assert re.search(r"^T,R\|C +Washington .*0\.450", done.stdout, flags=re.MULTILINE)
