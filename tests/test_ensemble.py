"""Ensembles end to end: the same rows however they are cut, killed and resumed; damage found; mistakes in the file told in one line."""

import io
import json
import multiprocessing
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from test_cli import call, folder  # noqa: F401

from bargaining import analysis  # noqa: F401
from bargaining.cli import running as terminal_running
from bargaining.ensemble import Draws
from bargaining.execution import chunk_size, chunks, execute, executor
from bargaining.experiment import Experiment
from bargaining.parts import Parts, gaps
from bargaining.running.experiments import run
from bargaining.store import read_table

MINE = """\
schema_version: 1
name: draws
question: How often?
ensembles:
  one:
    scenario: briefing
    design:
      sample:
        method: sobol
        points: 64
        seed: 5
        over: {delta: [0.55, 0.9], full_cost_cn_units: {triangular: [0.5, 1.1, 2.0]}, easing_cost_us_units: {uniform: [0.2, 2.0]}}
    solver: {name: linkage_lattices, agreements: [civil, full], partitions: ["T,R,C", "T,R|C"]}
    claims:
      linking_helps: "`joint_surplus[T,R,C]` > `joint_surplus[T,R|C]`"
    splits:
      easing: {cheap: "easing_cost_us_units < 1", dear: "easing_cost_us_units >= 1"}
    bands: [{of: "`worst_us[T,R,C]`", along: delta, bins: 4}]
    patterns: {civil: "`sustained[civil][{partition}]` == 1"}
"""


FAILING = """\
schema_version: 1
name: draws
question: Which draws make no game?
ensembles:
  one:
    scenario: standoff
    design: {{sample: {{method: sobol, points: 8, seed: 5, over: {over}}}}}
    parameters: {{ces_form: two_tier}}
    solver: {{name: linkage_lattices, critical: false, patience: less, agreements: [london], partitions: ["T,R,K,A"]}}
"""


@pytest.fixture
def mine(folder):  # noqa: F811
    """An experiment file of the ensemble above."""
    path = folder / "experiments" / "draws.yaml"
    path.write_text(MINE)
    return path


def draws(path, **changes):
    experiment = Experiment.load(path, "paper", [f"{key}={value}" for key, value in changes.items()])
    return Draws.of("one", experiment.ensembles["one"], "")


TABLES = ("agreements.csv", "payoffs.csv", "shares.csv", "bands.csv", "regions.csv", "ranges.csv")


def tables(place):
    return {name: (Path(place) / name).read_bytes() for name in TABLES}


def test_rows_are_what_the_solvers_say(mine):
    import bargaining as bg

    own = draws(mine)
    frame = pd.DataFrame(own.solve(3, 9))
    assert list(frame.columns) == own.columns()
    assert frame["point"].tolist() == list(range(3, 9))
    for row in frame.to_dict("records"):
        story = bg.scenario("briefing", **{field: row[field] for field in own.fields})
        game = story.game()
        agreed = {name: story.agreement(name) for name in ("civil", "full")}
        for each in bg.linkage_lattice(game, agreed, ["T,R,C", "T,R|C"], tol=1e-4, hazard_steps=1).rows():
            assert row[f"worst_us[{each['partition']}]"] == pytest.approx(each["worst_us"], abs=1e-3)
            assert bool(row[f"sustained[{each['agreement']}][{each['partition']}]"]) == each["sustained"]


def test_rows_do_not_depend_on_how_they_are_cut(mine):
    own = draws(mine)
    whole = pd.DataFrame(own.solve(0, 64))
    cut = pd.concat([pd.DataFrame(own.solve(start, stop)) for start, stop in chunks([(0, 64)], 13)], ignore_index=True)
    pd.testing.assert_frame_equal(whole, cut, check_exact=True)


def test_a_run_from_the_shell(mine, capsys):
    code, out, err = call(capsys, "run", "draws", "--dry-run")
    assert code == 0
    assert "one: scenario briefing, 64 draws of 3 parameters; 64 to solve in" in out
    code, out, err = call(capsys, "run", "draws", "--workers", "1")
    assert code == 0
    assert "linking helps" in out
    assert "solved 64 of 64 points" in err
    results = Path("experiments/results/draws")
    shares = read_table(results / "shares.csv")
    assert [(row["split"], row["class"]) for row in shares] == [("all", None), ("easing", "cheap"), ("easing", "dear")]
    assert shares[0]["points"] == 64 == shares[1]["points"] + shares[2]["points"]
    assert "nothing to solve" in call(capsys, "run", "draws")[2]
    first = tables(results)
    manifest = (results / "manifest.json").read_bytes()
    for more in (["--workers", "2", "--chunk", "7"], ["--workers", "3", "--chunk", "1"]):
        assert call(capsys, "run", "draws", "--out", "again", "--force", *more)[0] == 0
        assert tables("again") == first
        assert Path("again/manifest.json").read_bytes() == manifest
    code, out, _ = call(capsys, "status", "again")
    assert (code, out) == (0, "draws: finished; 64 points, sets 128 solved\n")
    assert call(capsys, "check", "draws")[0] == 0


def test_damaged_and_deleted_parts_are_solved_again(mine, capsys):
    assert call(capsys, "run", "draws", "--chunk", "8", "--workers", "1")[0] == 0
    results = Path("experiments/results/draws")
    before = tables(results)
    paths = sorted(results.glob("parts/*/*.parquet"))
    assert len(paths) == 8
    whole = paths[2].read_bytes()
    paths[2].write_bytes(whole[:2000] + bytes(64) + whole[2064:])
    paths[5].unlink()
    paths[6].write_bytes(b"")
    err = call(capsys, "run", "draws", "--workers", "1")[2]
    assert "solved 24 of 64 points" in err
    assert tables(results) == before


def test_points_that_make_no_game_are_rows_that_say_why(mine, capsys):
    over = "{loss_at_80pct_cut_share: [0.01, 0.5], us_rare_earth_market_busd_yr: [0.2, 1.0]}"
    mine.write_text(FAILING.format(over=over))
    code, _, err = call(capsys, "run", "draws", "--workers", "1")
    assert code == 3
    assert "not proven:" in err
    assert "failed    one point" in err
    assert "no elasticity fits" in err
    frame = Parts(next(Path("experiments/results/draws/parts").iterdir()), draws(mine).key).read(["message", "status[T,R,K,A]"])
    assert ((frame["message"] != "") == (frame["status[T,R,K,A]"] == "failed")).all()
    assert (frame["message"] == "").any()


def test_ctrl_c_leaves_a_run_that_goes_on(mine, capsys, monkeypatch):
    solve = Draws.solve

    def interrupted(self, start, stop):
        if start >= 32:
            raise KeyboardInterrupt
        return solve(self, start, stop)

    with monkeypatch.context() as context:
        context.setattr(Draws, "solve", interrupted)
        code, _, err = call(capsys, "run", "draws", "--chunk", "8", "--workers", "1")
    assert code == 130
    assert "To do the rest: bargaining run draws --profile paper" in err
    code, out, _ = call(capsys, "status", "experiments/results/draws")
    assert code == 0
    assert "one: 32 of 64 draws (50.0 %), 0 failed" in out
    assert "solved 32 of 64 points" in call(capsys, "run", "draws", "--workers", "1")[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the run is killed in a forked process, which starts at once")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_ten_times(mine, capsys):
    """SIGKILL at random moments; in the end the rows are those of a run that nobody touched."""
    more = ["--set", "ensembles.one.design.sample.points=2048", "--set", "ensembles.one.solver.critical=false"]
    assert call(capsys, "run", "draws", "--workers", "1", "--out", "quiet", *more)[0] == 0
    moments = random.Random(3)
    started = multiprocessing.get_context("fork")
    kills = 0
    while kills < 12:
        run_it = started.Process(target=run, args=("draws",), kwargs={"overrides": more[1::2], "chunk": 4, "out": "killed"})
        before = len(list(Path("killed").glob("parts/*/*.parquet")))
        run_it.start()
        limit = time.monotonic() + 20
        while run_it.is_alive() and time.monotonic() < limit and len(list(Path("killed").glob("parts/*/*.parquet"))) == before:
            time.sleep(0.001)
        time.sleep(moments.uniform(0.0, 0.02))
        run_it.kill()
        run_it.join()
        assert run_it.exitcode == -signal.SIGKILL
        kills += 1
    done = sum(stop - start for start, stop in (part_range(path) for path in Path("killed").glob("parts/*/*.parquet")))
    assert 0 < done < 2048
    assert f"solved {2048 - done} of 2048 points" in call(capsys, "run", "draws", "--workers", "2", "--out", "killed", *more)[2]
    assert tables("killed") == tables("quiet")
    assert Path("killed/manifest.json").read_bytes() == Path("quiet/manifest.json").read_bytes()
    assert not list(Path("killed").rglob("*.tmp"))


def part_range(path):
    start, stop = path.stem.split("-")
    return int(start), int(stop)


def test_a_full_disk_loses_nothing(mine, capsys):
    """No file may grow beyond 4 kB: the run stops with one line, and goes on where there is room."""
    code = """
import resource, sys
from bargaining.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.argv = ["bargaining", "run", "draws", "--workers", "1", "--chunk", "8", "--out", "full"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr
    assert not list(Path("full").rglob("*.tmp"))
    assert call(capsys, "run", "draws", "--workers", "1", "--out", "full")[0] == 0
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 4096


def test_the_bar_tells_rate_and_failures(monkeypatch):
    text = io.StringIO()
    monkeypatch.setattr(terminal_running, "stderr", lambda: Console(file=text, force_terminal=True, width=120))
    with terminal_running.progress_bar("draws: solving") as progress:
        progress(8, 64, 0)
        time.sleep(0.02)
        progress(40, 64, 3)
        time.sleep(0.3)
    assert re.search(r"40/64.* points/s.* 3 failed", text.getvalue())


def test_failures_are_told_while_they_come(mine):
    counts = []
    over = "{loss_at_80pct_cut_share: [0.01, 0.5], us_rare_earth_market_busd_yr: [0.2, 1.0]}"
    mine.write_text(FAILING.format(over=over))
    run("draws", workers=1, chunk=4, progress=lambda done, total, failed: counts.append((done, total, failed)))
    assert [count[:2] for count in counts] == [(0, 8), (4, 8), (8, 8)]
    assert counts[0][2] == 0 < counts[-1][2] < 8


def test_parts_of_another_run_are_not_taken(tmp_path):
    columns = {"point": np.arange(4), "message": np.array(["", "", "x", ""])}
    Parts(tmp_path, "first").write(0, columns)
    assert Parts(tmp_path, "first").finished() == [(0, 4)]
    assert Parts(tmp_path, "first").summary()[:2] == (4, 1)
    assert Parts(tmp_path, "second").finished() == []
    assert list(tmp_path.iterdir()) == []


def test_value_hash_does_not_see_the_cuts(tmp_path):
    columns = {"point": np.arange(6), "x": np.array([0.1, np.nan, np.inf, -0.0, 1e300, 2.0]), "word": np.array(list("abcdef"))}
    Parts(tmp_path / "one", "key").write(0, columns)
    for start, stop in ((4, 6), (0, 1), (1, 4)):
        Parts(tmp_path / "two", "key").write(start, {name: column[start:stop] for name, column in columns.items()})
    assert Parts(tmp_path / "one", "key").value_hash() == Parts(tmp_path / "two", "key").value_hash()
    Parts(tmp_path / "three", "key").write(0, {**columns, "x": columns["x"] + 1e-300})
    changed = {**columns, "x": np.nextafter(columns["x"], 3.0)}
    Parts(tmp_path / "four", "key").write(0, changed)
    assert Parts(tmp_path / "four", "key").value_hash() != Parts(tmp_path / "one", "key").value_hash()
    assert gaps([], 3) == [(0, 3)]


def test_chunks_of_a_sensible_size():
    assert chunk_size(1e-3, 10**6, 2) == 1024
    assert chunk_size(10.0, 100, 2) == 1
    assert chunk_size(1e-6, 100, 2) == 8
    assert chunks([(0, 5)], 8) == [(0, 5)]


def test_a_task_whose_worker_died_is_given_to_another():
    died = []

    def flaky(start, stop):
        if start == 4 and len(died) < 2:
            died.append(start)
            raise RuntimeError("worker lost")
        return start

    with executor(2) as (pool, width):
        assert sorted(answer for _, answer in execute(chunks([(0, 12)], 4), flaky, pool, width)) == [0, 4, 8]

    def broken(start, stop):
        raise RuntimeError("worker lost")

    with executor(2) as (pool, width), pytest.raises(RuntimeError, match="points 0 to 4: RuntimeError: worker lost"):
        list(execute([(0, 4)], broken, pool, width))


def test_dask_gives_the_same_rows_even_if_a_worker_is_killed(mine, capsys):
    distributed = pytest.importorskip("distributed")
    assert call(capsys, "run", "draws", "--workers", "1", "--out", "quiet")[0] == 0
    own = draws(mine)
    frame = pd.DataFrame(own.solve(0, 64))
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        pool = client.get_executor(retries=2)
        answers = execute(chunks([(0, 64)], 4), own.solve, pool, 2)
        found = [next(answers)]
        victim = next(iter(client.run(os.getpid).values()))
        os.kill(victim, signal.SIGKILL)
        found += list(answers)
    rows = pd.concat([pd.DataFrame(columns) for _, columns in sorted(found, key=lambda pair: pair[0])], ignore_index=True)
    pd.testing.assert_frame_equal(rows, frame, check_exact=True)


@pytest.mark.parametrize(
    ("scheduler", "line"),
    [
        ("local:x", "--scheduler local:x: expected local:N with a positive number of processes"),
        ("nowhere.json", "--scheduler nowhere.json: no such file; expected tcp://HOST:PORT, local:N, or the file a Dask scheduler wrote"),
    ],
)
def test_schedulers_that_are_none(mine, capsys, scheduler, line):
    code, _, err = call(capsys, "run", "draws", "--scheduler", scheduler)
    assert code == 2
    assert line in err


def test_slurm_job_script():
    """What the README's snippet submits: one process with one thread for each job, and the environment it needs."""
    jobqueue = pytest.importorskip("dask_jobqueue")
    cluster = jobqueue.SLURMCluster(
        cores=1,
        processes=1,
        memory="2GB",
        walltime="02:00:00",
        job_script_prologue=["export NUMBA_NUM_THREADS=1"],
        n_workers=0,
        scheduler_options={"dashboard_address": ":0"},  # Another cluster may hold the usual port.
    )
    try:
        script = cluster.job_script()
    finally:
        cluster.close()
    assert "#SBATCH --cpus-per-task=1" in script
    assert "export NUMBA_NUM_THREADS=1" in script
    assert "distributed.cli.dask_worker" in script


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("scenario: briefing", "scenario: breifing", "unknown scenario 'breifing'; did you mean 'briefing'?"),
        ("delta: [0.55, 0.9]", "delta: [0.55, 1.9]", "delta is 1.9: expected a number strictly between 0 and 1"),
        ("full_cost_cn_units:", "full_cost_cn_unit:", "unknown parameter 'full_cost_cn_unit' (did you mean 'full_cost_cn_units'?)"),
        ("points: 64", "points: 63", "points: expected a power of two for sobol, found 63"),
        ("method: sobol", "method: sobel", "'sobel' is not known; did you mean 'sobol'?"),
        ("agreements: [civil, full]", "agreements: [civl]", "unknown agreement 'civl'; did you mean 'civil'?"),
        ('"T,R,C", "T,R|C"]', '"T,R"]', "issue 'C' stands 0 times, expected once"),
        (
            "`joint_surplus[T,R,C]` >",
            "`joint_surplus[T|R|C]` >",
            "unknown column 'joint_surplus[T|R|C]'; did you mean 'joint_surplus[T,R|C]'?",
        ),
        ("`sustained[civil][{partition}]` == 1", "delta > 0.5", "expected {partition} where the name of the partition goes"),
        (
            "method: sobol",
            "method: saltelli",
            "a Saltelli design draws parameters independently: shares over it are not shares of the prior",
        ),
        ("    bands:", "    indices: {a: delta}\n    bands:", "Sobol indices need a design with `sample: {method: saltelli}`"),
        ("easing_cost_us_units >= 1", "easing_cost_us_units >=", "is no expression"),
    ],
)
def test_mistakes_in_the_file(mine, capsys, before, after, line):
    assert before in MINE
    mine.write_text(MINE.replace(before, after))
    code, out, err = call(capsys, "run", "draws", "--dry-run")
    assert (code, out) == (2, "")
    assert line in err, err
    assert err.startswith("experiments/draws.yaml:"), err


def test_a_sample_belongs_to_an_ensemble(mine, capsys):
    mine.write_text(
        MINE[: MINE.index("ensembles:")]
        + "runs: {one: {scenario: briefing, design: {sample: {points: 4, seed: 1}}, solver: {name: linkage_lattice}}}\n"
    )
    code, _, err = call(capsys, "run", "draws", "--dry-run")
    assert code == 2
    assert "a sample is drawn by an ensemble: move this run to `ensembles`" in err


def test_show_and_the_accessor(mine, capsys):
    code, out, _ = call(capsys, "show", "draws")
    assert code == 0
    line = r"^one +briefing +central +64 +3: delta, full_cost_cn_units, easing_cost_us_units +linkage_lattices, tol 1e-06"
    assert re.search(line, out, re.MULTILINE)
    assert "profiles: paper (64 points)" in out
    frame = pd.DataFrame(draws(mine).solve(0, 8))
    found = frame.ensemble.share("`joint_surplus[T,R,C]` > `joint_surplus[T,R|C]`")
    assert (found.points, found.undecided) == (8, 0)
    table = frame.ensemble.long()
    assert len(table) == 8 * 2 * 2
    assert table["point"].tolist() == sorted(table["point"])
    one = table[(table["point"] == 3) & (table["partition"] == "T,R|C") & (table["agreement"] == "full")].iloc[0]
    assert one["critical_delta"] == frame.loc[3, "critical_delta[full][T,R|C]"]
    assert one["worst_us"] == frame.loc[3, "worst_us[T,R|C]"]


def test_status_of_nothing(folder, capsys):  # noqa: F811
    code, _, err = call(capsys, "status", "nowhere")
    assert code == 2
    assert err == "nowhere: no run here; expected a results folder, such as .runs/NAME/PROFILE\n"


@pytest.mark.parametrize("method", ["latin_hypercube", "monte_carlo"])
def test_other_samples(mine, method):
    own = draws(mine, **{"ensembles.one.design.sample.method": method})
    frame = pd.DataFrame(own.solve(0, 8))
    assert frame["delta"].between(0.55, 0.9).all()


def test_grids_can_be_ensembles_too(mine):
    grid = "      grid: {delta: [0.4, 0.6], full_cost_cn_units: [1, 2.5]}\n"
    mine.write_text(MINE[: MINE.index("      sample:")] + grid + MINE[MINE.index("    solver:") : MINE.index("    splits:")])
    own = draws(mine)
    assert own.size == 4
    frame = pd.DataFrame(own.solve(0, 4))
    assert frame[["delta", "full_cost_cn_units"]].to_numpy().tolist() == [[0.4, 1.0], [0.4, 2.5], [0.6, 1.0], [0.6, 2.5]]
    assert json.loads(own.config)["scenario"] == "briefing"
