"""Running an experiment: solve the points that are not on disk yet, then write the results folder."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from bargaining import provenance
from bargaining.execution import executor
from bargaining.experiment import Experiment, Run, find, read_experiment, results_folder
from bargaining.points import Point
from bargaining.running import ensembles
from bargaining.running.lattices import lattice_words, solve_lattice
from bargaining.running.monitored import monitored_words, solve_monitored
from bargaining.running.motion import solve_motion
from bargaining.running.states import solve_states, state_words
from bargaining.solver_options import DEAL_SOLVERS
from bargaining.store import CONCLUSIONS, POINT_COLUMNS, ROWS, SOLUTIONS, Part, Row, Store, read_manifest, read_table, table_text


def _solve_deals(point: Point) -> Part:
    from bargaining.deals.solving import solve_deals

    return solve_deals(point)


# Solver -> how one of its points is solved, and what a run of it is in words.
_RUNNERS: Mapping[str, tuple[Callable[[Point], Part], Callable[[Run, Sequence[Point]], Row]]] = {
    "linkage_lattice": (solve_lattice, lattice_words),
    "equilibrium_set": (solve_states, state_words),
    "monitored_linkage": (solve_monitored, monitored_words),
    **dict.fromkeys(("simulated_paths", "block_sets", "critical_parameter"), (solve_motion, state_words)),
    **dict.fromkeys(DEAL_SOLVERS, (_solve_deals, lattice_words)),
}


@dataclass(frozen=True)
class Results:
    """A finished run: where it is, and what was done to get it."""

    experiment: Experiment
    profile: str
    folder: Path
    points: int
    solved: int
    statuses: Mapping[str, int]

    @property
    def cached(self) -> bool:
        """Whether nothing had to be solved."""
        return self.solved == 0

    @property
    def proven(self) -> bool:
        """Whether every row is an answer (solved, or proven empty)."""
        return set(self.statuses) <= {"solved", "empty"}

    def rows(self) -> list[Row]:
        """The rows as stored."""
        return read_table(self.folder / ROWS)


def run(
    source: str | Path,
    *,
    profile: str = "paper",
    overrides: Sequence[str] = (),
    out: str | Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    chunk: int | None = None,
    force: bool = False,
    progress: Callable[[int, int, int], None] = lambda done, total, failed: None,
) -> Results:
    """Run an experiment: solve the points that are not on disk yet, then write the results folder.

    Stopping the run at any moment loses nothing but the points being solved; running it again does the rest. The rows are the same, bit
    for bit, for any number of workers and interruptions.

    Parameters
    ----------
    source : str or Path
        Name or file of an experiment.
    profile : str
    overrides : sequence of str
        Assignments such as ``"runs.standoff.solver.tol=1e-6"``.
    out : str or Path, optional
        Results folder; by default `results_folder`.
    workers : int
        Points, or chunks of an ensemble, solved at a time (threads).
    scheduler : str, optional
        A Dask cluster to solve the chunks of ensembles on: ``local:N``, ``tcp://…`` or a scheduler file.
    chunk : int, optional
        Draws a chunk; by default what takes about two seconds. Results do not depend on it.
    force : bool
        Solve again even if the results are complete.
    progress : callable
        Called with the number of points done, of all points, and of those that failed in this run.

    Raises
    ------
    ConfigError
        If the experiment has mistakes; nothing was solved.
    OSError
        If results cannot be written, or `out` holds rows that are not this experiment's (unless `force`).
    """
    path = find(str(source))
    experiment, _ = read_experiment(path, profile, overrides)
    folder = Path(out) if out is not None else results_folder(path, experiment.name, profile, changed=bool(overrides))
    store = Store(folder, experiment.key)
    tasks = ensembles.tasks(experiment, folder) if experiment.ensembles else []
    # Parts may be missing altogether (they are not published), but not in part.
    if store.is_complete() and not force and not any(task.parts.begun and task.left for task in tasks):
        manifest = read_manifest(folder) or {}
        return Results(experiment, profile, folder, manifest["points"], 0, manifest["statuses"])
    experiment = Experiment.load(path, profile, overrides)
    points = experiment.points()
    store.prepare(experiment.name, force=force)
    if force:
        store.forget()
        for task in tasks:
            task.parts.forget()
    parts = store.finished()
    left = [k for k in range(len(points)) if k not in parts]
    started = time.perf_counter()
    drawn = sum(task.draws.size for task in tasks)
    unsolved = len(left) + sum(task.left for task in tasks)
    total = len(points) + drawn
    count = Counter(done=total - unsolved)

    def solved_more(number: int, failed: int) -> None:
        count["done"] += number
        count["failed"] += failed
        progress(count["done"], total, count["failed"])

    solved_more(0, 0)
    for k, part in _solve(points, left, workers):
        store.keep(k, part)
        parts[k] = part
        solved_more(1, part.message is not None)
    if tasks:
        ensembles.begin(folder, experiment, tasks, scheduler or f"{workers} threads")
        with executor(workers, scheduler) as (pool, width):
            for task in tasks:
                ensembles.solve(task, pool, width, chunk, solved_more)
    ordered = [parts[k] for k in range(len(points))]
    rows = [row for part in ordered for row in part.rows]
    counted = Counter(str(row["status"]) for row in rows)
    tables: dict[str, list[Row]] = {}
    ended = {task.draws.name: ensembles.statuses(task) for task in tasks}
    for task in tasks:
        counted.update(ended[task.draws.name])
        for name, table in ensembles.answers(task).items():
            tables.setdefault(name, []).extend(table)
    statuses = dict(sorted(counted.items()))
    files = {f"{SOLUTIONS}/{name}": text for point, part in zip(points, ordered, strict=True) for name, text in _files(point, part)}
    store.publish(
        rows,
        [vertex for point, part in zip(points, ordered, strict=True) for vertex in _vertices(point, part)],
        _manifest(experiment, profile, points, ordered, statuses, tasks, ended),
        _provenance(unsolved, time.perf_counter() - started, workers),
        {**{name: table_text(table) for name, table in tables.items()}, **_conclusions(rows), **files},
    )
    (folder / ensembles.PROGRESS).unlink(missing_ok=True)
    return Results(experiment, profile, folder, total, unsolved, statuses)


def solve_point(point: Point) -> Part:
    """One point solved and flattened into rows, by the solver it names; a failure is a row, never an exception."""
    solve, _ = _RUNNERS[point.solver]
    return solve(point)


def _conclusions(rows: Sequence[Row]) -> dict[str, str]:
    """The table of conclusions, if the rows are on deals."""
    if not any(row.get("analysis") for row in rows):
        return {}
    from bargaining.deals.solving import conclusions

    return {CONCLUSIONS: table_text(conclusions(rows))}


def _solve(points: Sequence[Point], left: Sequence[int], workers: int) -> Iterator[tuple[int, Part]]:
    """Solve the points at these positions, yielding each when it is done; order does not matter to the caller."""
    if workers <= 1:
        for k in left:
            yield k, solve_point(points[k])
        return
    with ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(solve_point, points[k]): k for k in left}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _vertices(point: Point, part: Part) -> Iterator[Row]:
    calibration = part.rows[0]["calibration"]
    states = point.solver == "equilibrium_set"
    for name, vertices in part.sets.items():
        for k, (us, cn) in enumerate(vertices):
            values = (point.run, point.number, point.scenario, calibration, None if states else name, k, us, cn)
            yield dict(zip(POINT_COLUMNS, values, strict=True)) | ({"state": name} if states else {})


def _files(point: Point, part: Part) -> Iterator[tuple[str, str]]:
    """File name and text of the solutions kept, such as ``briefing-0-T,R+C.json``: not every system allows a bar in a name."""
    for partition, text in part.solutions.items():
        yield f"{point.run}-{point.number}-{partition.replace('|', '+')}.json", text


def _manifest(
    experiment: Experiment,
    profile: str,
    points: Sequence[Point],
    parts: Sequence[Part],
    statuses: Mapping[str, int],
    tasks: Sequence[ensembles.Task],
    ended: Mapping[str, Mapping[str, int]],
) -> Row:
    """What the rows mean and came from; nothing that differs between two runs of one key."""
    messages = [{"run": p.run, "point": p.number, "message": part.message} for p, part in zip(points, parts, strict=True) if part.message]
    return {
        "experiment": experiment.name,
        "question": experiment.question,
        "profile": profile,
        "config": experiment.config,
        "sources": experiment.sources,
        "points": len(points) + sum(task.draws.size for task in tasks),
        "rows": sum(len(part.rows) for part in parts),
        "statuses": dict(statuses),
        "failures": messages + [failure for task in tasks for failure in ensembles.failures(task)],
        "runs": {
            name: _RUNNERS[run.solver.name][1](run, [point for point in points if point.run == name])
            for name, run in experiment.runs.items()
        },
        **({"ensembles": ensembles.described(tasks, ended)} if tasks else {}),
    }


def _provenance(solved: int, seconds: float, workers: int) -> Row:
    return {
        "machine": provenance.machine(),
        "versions": provenance.versions(),
        "commit": provenance.commit(),
        "points_solved": solved,
        "seconds": round(seconds, 3),
        "workers": workers,
    }
