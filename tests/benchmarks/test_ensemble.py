"""Ensembles of the `briefing` game, whole runs from the file to the tables: threads, a Dask cluster, and what is not solving.

pytest tests/benchmarks/test_ensemble.py --benchmark-only
BARGAINING_POINTS=1048576 pytest tests/benchmarks/test_ensemble.py --benchmark-only -k threads
"""

import json
import os
import resource
import time
from pathlib import Path

import pandas as pd
import pytest

from bargaining.ensemble import Draws
from bargaining.execution import chunks, execute, executor
from bargaining.experiment import Experiment
from bargaining.parts import Parts
from bargaining.running.experiments import run

POINTS = int(os.environ.get("BARGAINING_POINTS", "16384"))
# What a long run takes at a time.
CHUNK = 8192
FILE = """\
schema_version: 1
name: million
question: How long does a million take?
ensembles:
  one:
    scenario: briefing
    design:
      sample:
        method: sobol
        points: {points}
        seed: 5
        over:
          delta: [0.3, 0.95]
          full_cost_cn_units: {{triangular: [0.5, 1.1, 2.0]}}
          civil_benefit_us_units: [0.5, 1.5]
          easing_cost_us_units: {{uniform: [0.2, 2.0]}}
          easing_benefit_cn_units: [0.5, 2.5]
    solver: {{name: linkage_lattices, critical: {critical}}}
    claims: {{linking_helps: "`joint_surplus[T,R,C]` > `joint_surplus[T,R|C]`"}}
"""


@pytest.fixture
def million(tmp_path, monkeypatch, request):
    monkeypatch.chdir(tmp_path)
    path = Path("million.yaml")
    path.write_text(FILE.format(points=POINTS, critical=str(request.param).lower()))
    return path


def draws(path):
    return Draws.of("one", Experiment.load(path, "paper").ensembles["one"], "")


def share(folder):
    """The claim's row, and how many sets are proven."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return manifest["statuses"], pd.read_csv(folder / "shares.csv").loc[0, ["points", "holds"]].tolist()


@pytest.mark.parametrize("million", [False, True], indirect=True, ids=["sets", "sets and critical discount factors"])
@pytest.mark.parametrize("workers", [1, 2])
def test_threads(benchmark, million, workers):
    draws(million).solve(0, 64)
    results = benchmark.pedantic(run, ("million.yaml",), {"workers": workers, "out": "out", "force": True}, rounds=1)
    statuses, (points, holds) = share(results.folder)
    assert sum(statuses.values()) == 5 * POINTS == 5 * points
    assert statuses["solved"] >= 0.999 * 5 * points
    assert 0 < holds < points
    benchmark.extra_info.update(
        points=points,
        points_per_second=points / benchmark.stats["min"],
        minutes_for_2_to_the_20=benchmark.stats["min"] / points * 2**20 / 60,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        proven=statuses["solved"] / (5 * points),
    )


@pytest.mark.parametrize("million", [False, True], indirect=True, ids=["sets", "sets and critical discount factors"])
def test_one_and_two_workers(benchmark, million):
    """Whole runs on one and on two threads in turn, so that a change in the machine's speed meets both; each at its best."""
    draws(million).solve(0, 64)
    seconds = {1: [], 2: []}

    def pair():
        for workers, times in seconds.items():
            began = time.perf_counter()
            results = run("million.yaml", workers=workers, out=f"out{workers}", force=True)
            times.append(time.perf_counter() - began)
        return results.folder

    folder = benchmark.pedantic(pair, rounds=5)
    assert share(folder) == share(folder.with_name("out1"))
    one, two = (min(times) for times in seconds.values())
    benchmark.extra_info.update(points=POINTS, points_per_second={1: POINTS / one, 2: POINTS / two}, scaling=one / two)


@pytest.mark.parametrize("million", [False], indirect=True, ids=["sets"])
def test_what_is_not_solving(benchmark, million, tmp_path):
    """Writing parts, reading them back and hashing their values, as a share of the time that solving takes."""
    own = draws(million)
    own.solve(0, 64)
    began = time.perf_counter()
    solved = {span: own.solve(*span) for span in chunks([(0, POINTS)], CHUNK)}
    solving = time.perf_counter() - began

    def orchestrate():
        parts = Parts(tmp_path / "parts", "key")
        for (start, _), columns in solved.items():
            parts.write(start, columns)
        return len(parts.read(["point"])), parts.finished(), parts.value_hash()

    rows, ranges, _ = benchmark.pedantic(orchestrate, rounds=3)
    assert rows == POINTS == sum(stop - start for start, stop in ranges)
    seconds = benchmark.stats["min"]
    benchmark.extra_info.update(points=POINTS, microseconds_per_point=seconds / POINTS * 1e6, share_of_solving=seconds / solving)


@pytest.mark.parametrize("million", [False], indirect=True, ids=["sets"])
@pytest.mark.parametrize("where", ["threads", "dask"])
def test_threads_and_dask(benchmark, million, where):
    """The same chunks on two threads and on two Dask processes, starting the cluster left out."""
    own = draws(million)
    with executor(2, None if where == "threads" else "local:2") as (pool, width):
        list(execute(chunks([(0, 64)], 16), own.solve, pool, width))
        found = benchmark.pedantic(lambda: list(execute(chunks([(0, POINTS)], 1024), own.solve, pool, width)), rounds=1)
    assert sum(stop - start for (start, stop), _ in found) == POINTS
    benchmark.extra_info.update(points=POINTS, points_per_second=POINTS / benchmark.stats["min"])
