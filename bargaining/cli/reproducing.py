"""``bargaining report``, ``paper`` and ``reproduce``: from stored results, or from nothing, to the PDF."""

import time
from pathlib import Path
from typing import Any

from bargaining import provenance
from bargaining.cli import Exit
from bargaining.cli.running import draw_figures, progress_bar
from bargaining.cli.terminal import duration, print_json, print_table, stderr, stdout, table
from bargaining.experiment import find
from bargaining.paper.building import build
from bargaining.paper.exhibits import EXHIBITS, experiments
from bargaining.paper.generated import generate
from bargaining.paper.stored import Stored, paper_folder
from bargaining.running.experiments import run


def write_report(profile: str, force: bool, as_json: bool) -> Exit:
    """Write the numbers, tables and figures of the paper from stored results."""
    made = generate(profile, force=force)
    folder = paper_folder(profile) / "generated"
    if as_json:
        print_json({"folder": str(folder), "made": made, "exhibits": [exhibit.name for exhibit in EXHIBITS]})
    else:
        stdout().print(folder)
    stderr().print(f"{len(EXHIBITS)} exhibits " + ("written" if made else "stand: nothing they are made from has changed"))
    return Exit.fine


def build_paper(profile: str, force: bool, as_json: bool) -> Exit:
    """Compile the PDF from what `bargaining report` wrote."""
    pdf, made = build(profile, force=force)
    if as_json:
        print_json({"pdf": str(pdf), "made": made})
    else:
        stdout().print(pdf)
    stderr().print("compiled" if made else "stands: nothing it is made from has changed")
    return Exit.fine


def reproduce(profile: str, workers: int, force: bool, as_json: bool) -> Exit:
    """Run what is missing of every experiment that the paper reads, then report and compile; say what took how long."""
    console, stored = stderr(), Stored(profile)
    _ = stored.times  # a file that cannot be read is told before anything is solved
    steps: list[dict[str, Any]] = []
    unproven = 0
    started = time.perf_counter()
    names = experiments()
    for k, name in enumerate(names, 1):
        began = time.perf_counter()
        with progress_bar(f"[{k}/{len(names)}] {name}: solving") as progress:
            results = run(find(name), profile=profile, workers=workers, force=force, progress=progress)
        seconds = time.perf_counter() - began
        if not results.cached:
            draw_figures(results)
        if results.solved == results.points:
            stored.note_time(name, seconds, provenance.machine())
        unproven += not results.proven
        done = "nothing to do" if results.cached else f"solved {results.solved} of {results.points} points"
        steps.append({"step": name, "done": done, "seconds": round(time.perf_counter() - began, 1), "folder": str(results.folder)})
    began = time.perf_counter()
    made = generate(profile, force=force)
    steps.append(_step("report", made, began, paper_folder(profile) / "generated"))
    began = time.perf_counter()
    pdf, compiled = build(profile, force=force)
    steps.append(_step("paper", compiled, began, pdf))
    total = time.perf_counter() - started
    if as_json:
        print_json({"pdf": str(pdf), "seconds": round(total, 1), "steps": steps})
    else:
        shown = table("step", "done", "time", "where", left=2)
        shown.columns[-1].justify = "left"
        for step in steps:
            shown.add_row(step["step"], step["done"], duration(step["seconds"]), step["folder"])
        print_table(stdout(), f"profile {profile}: {duration(total)}", shown)
    if unproven:
        console.print(f"{unproven} of {len(names)} experiments have rows that are not proven; their rows, and the paper, say which")
    return Exit.unproven if unproven else Exit.fine


def _step(name: str, made: bool, began: float, where: Path) -> dict[str, Any]:
    done = "made" if made else "nothing to do"
    return {"step": name, "done": done, "seconds": round(time.perf_counter() - began, 1), "folder": str(where)}
