"""``bargaining run``: solve, store, print, draw."""

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bargaining.cli import Exit
from bargaining.cli.deals import print_deals
from bargaining.cli.ensembles import print_ensembles
from bargaining.cli.lattice import print_lattices
from bargaining.cli.monitored import print_monitored
from bargaining.cli.plan import tell_plan
from bargaining.cli.states import print_states
from bargaining.cli.terminal import COLD, print_json, stderr, stdout
from bargaining.kernels import _jit
from bargaining.running.ensembles import TABLES
from bargaining.running.experiments import Results, run
from bargaining.store import CONCLUSIONS, MANIFEST, POINTS, ROWS, SOLUTIONS, read_manifest


def run_experiment(
    *,
    experiment: str,
    profile: str,
    overrides: tuple[str, ...],
    out: Path | None,
    dry_run: bool,
    force: bool,
    workers: int,
    scheduler: str | None,
    chunk: int | None,
    as_json: bool,
) -> Exit:
    """Run an experiment and tell what came out and where it is."""
    console = stderr()
    if dry_run:
        tell_plan(experiment, profile, overrides, out, workers, as_json)
        return Exit.fine
    try:
        with progress_bar(f"{experiment}: solving") as progress:
            results = run(
                experiment,
                profile=profile,
                overrides=overrides,
                out=out,
                workers=workers,
                scheduler=scheduler,
                chunk=chunk,
                force=force,
                progress=progress,
            )
    except KeyboardInterrupt:
        again = ["bargaining", "run", experiment, "--profile", profile]
        again += [word for assignment in overrides for word in ("--set", assignment)]
        again += ["--out", str(out)] if out is not None else []
        again += ["--scheduler", scheduler] if scheduler is not None else []
        console.print(f"\nstopped; finished points are kept. To do the rest: {shlex.join(again)}")
        return Exit.interrupted
    figures = draw_figures(results)
    rows, manifest = results.rows(), read_manifest(results.folder) or {}
    if as_json:
        content = {"folder": str(results.folder), "cached": results.cached, "points": results.points, "statuses": results.statuses}
        print_json({**content, "figures": [str(path) for path in figures], "rows": rows})
    else:
        print_lattices(stdout(), rows, manifest)
        print_states(stdout(), rows, manifest)
        print_deals(stdout(), results.folder, manifest)
        print_monitored(stdout(), rows, manifest)
        print_ensembles(stdout(), results.folder, manifest)
    if results.cached:
        console.print(f"nothing to solve: {results.folder} already holds this run (--force solves it again)")
    else:
        console.print(f"solved {results.solved} of {results.points} points")
    named = [("rows", ROWS), ("sets", POINTS)] if results.experiment.runs else []
    tables = [("table", name) for name in (*TABLES, CONCLUSIONS) if name in manifest.get("sha256", {})]
    for what, name in (*named, *tables, ("manifest", MANIFEST)):
        console.print(f"{what:<9} {results.folder / name}")
    if any(run.keep for run in results.experiment.runs.values()):
        console.print(f"solutions {results.folder / SOLUTIONS} (`bargaining verify {results.folder}` checks them)")
    for path in figures:
        console.print(f"figure    {path}")
    if scheduler is not None and not results.experiment.ensembles:
        console.print(f"--scheduler {scheduler} was not used: it is for ensembles, and this experiment has none")
    for failure in manifest.get("failures", ()):
        console.print(f"failed    {failure['run']} point {failure['point']}: {failure['message']}")
    if not results.proven:
        unproven = (f"{count} rows {status}" for status, count in results.statuses.items() if status not in ("solved", "empty"))
        console.print(f"not proven: {', '.join(unproven)}")
        return Exit.unproven
    return Exit.fine


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int, int], None]]:
    """A bar on stderr with count, rate, time left and failures; on a file or a pipe, one line when solving begins."""
    # Asked before anything runs: reading the experiment compiles the first kernel already.
    cold = _jit.is_cold()
    console = stderr()
    words = TextColumn("{task.fields[rate]}"), TimeRemainingColumn(), TextColumn("{task.fields[failed]}")
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *words
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None, rate="", failed="")
        begun: tuple[int, float] | None = None

        def progress(done: int, total: int, failed: int) -> None:
            nonlocal begun
            if begun is None and done < total:
                begun = done, time.monotonic()
                console.print(f"{what} {total} points" + (f", {done} are done already" if done else ""))
                if cold:
                    console.print(COLD)
            rate = (done - begun[0]) / max(time.monotonic() - begun[1], 1e-9) if begun else 0.0
            told = f"{rate:,.{0 if rate >= 100 else 1}f} points/s" if rate else ""
            bar.update(task, completed=done, total=total, rate=told, failed=f"{failed} failed" if failed else "")

        yield progress


def draw_figures(results: Results) -> Sequence[Path]:
    """Figures beside the results."""
    from bargaining.report import report

    return report(results.folder, results.folder)
