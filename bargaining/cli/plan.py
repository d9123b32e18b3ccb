"""``bargaining run --dry-run``: what would be solved, where it goes, and how long it may take."""

import errno
from collections.abc import Sequence
from pathlib import Path

from bargaining.cli.terminal import duration, print_json, stdout
from bargaining.execution import chunk_size
from bargaining.experiment import Experiment, find, results_folder
from bargaining.running.ensembles import estimate, tasks
from bargaining.store import Store


def tell_plan(name: str, profile: str, overrides: Sequence[str], out: Path | None, workers: int, as_json: bool) -> None:
    """Check everything and say what there is to solve; draws are timed on a few of them."""
    path = find(name)
    experiment = Experiment.load(path, profile, overrides)
    folder = out or results_folder(path, experiment.name, profile, changed=bool(overrides))
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "a file; expected a folder for results", str(folder))
    store = Store(folder, experiment.key)
    points = experiment.points()
    found = tasks(experiment, folder) if experiment.ensembles else []
    complete = store.is_complete()
    done = len(points) if complete else len(store.finished())
    counts = {run: sum(point.run == run for point in points) for run in experiment.runs}
    left = {task.draws.name: 0 if complete and not task.parts.begun else task.left for task in found}
    seconds = {task.draws.name: estimate(task, workers) if left[task.draws.name] else 0.0 for task in found}
    drawn = sum(task.draws.size for task in found)
    total, finished = len(points) + drawn, done + drawn - sum(left.values())
    if as_json:
        sizes = counts | {task.draws.name: task.draws.size for task in found}
        plan = {"folder": str(folder), "key": store.key, "points": sizes, "done": finished, "to_solve": total - finished}
        print_json(plan | ({"seconds": seconds} if found else {}))
        return
    console = stdout()
    for run_name, count in counts.items():
        part = experiment.runs[run_name]
        where = ", ".join(part.calibrations or ())
        console.print(f"{run_name}: scenario {part.scenario}{f' ({where})' if where else ''}, {count} point{'s' * (count != 1)}")
    for task in found:
        own = task.draws.name
        about = f"{own}: scenario {task.draws.ensemble.scenario}, {task.draws.size} draws of {len(task.draws.fields)} parameters"
        if left[own]:
            size = chunk_size(seconds[own] * workers / left[own], left[own], workers)
            number = -(-left[own] // size)
            about += f"; {left[own]} to solve in {number} chunk{'s' * (number != 1)}, about {duration(seconds[own])} on {workers} "
            about += f"worker{'s' * (workers != 1)}"
        console.print(about)
    console.print(f"{total} points, {finished} on disk, {total - finished} to solve; results go to {folder}")
