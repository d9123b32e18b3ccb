"""``bargaining check``: fresh runs against committed results."""

import dataclasses
import tempfile
from pathlib import Path

from bargaining.cli import Exit
from bargaining.cli.running import progress_bar
from bargaining.cli.terminal import print_json, print_table, stderr, stdout, table
from bargaining.comparison import Item, compare
from bargaining.config import ConfigError
from bargaining.experiment import experiment_files, find, results_folder
from bargaining.paper.exhibits import of_experiment
from bargaining.running.experiments import run
from bargaining.store import read_manifest


def check_experiments(names: tuple[str, ...], rtol: float, workers: int, as_json: bool) -> Exit:
    """Run each experiment in a scratch folder, compare, and print the largest difference of every item.

    Raises
    ------
    ConfigError
        If an experiment has no committed results, or none has.
    """
    committed = {name: results_folder(find(name), Path(name).stem, "paper") for name in names or _with_results()}
    problems = [
        f"{folder}: no results to compare with; `bargaining run {name}` makes them"
        for name, folder in committed.items()
        if read_manifest(folder) is None
    ]
    if not committed:
        problems = ["experiments/results: no committed results here, so there is nothing to check"]
    if problems:
        raise ConfigError(problems)
    found = {}
    for name, folder in committed.items():
        with tempfile.TemporaryDirectory(prefix="bargaining-") as scratch, progress_bar(f"{name}: solving") as progress:
            run(find(name), out=scratch, workers=workers, progress=progress)
            found[name] = compare(folder, Path(scratch), rtol)
    agrees = all(item.agrees for items in found.values() for item in items)
    if as_json:
        content = {name: [dataclasses.asdict(item) for item in items] for name, items in found.items()}
        affected = {name: of_experiment(name) for name, items in found.items() if not all(item.agrees for item in items)}
        print_json({"agrees": agrees, "rtol": rtol, "experiments": content, "exhibits_affected": affected})
    else:
        for name, items in found.items():
            _print(f"{name}: a fresh run against {committed[name]}", items)
            if not all(item.agrees for item in items):
                stdout().print(f"exhibits of the paper affected: {'; '.join(of_experiment(name)) or 'none'}\n", soft_wrap=True)
        stderr().print(f"{'all items agree' if agrees else 'results differ'} (rtol {rtol:g}; words, counts and truth values exactly)")
    return Exit.fine if agrees else Exit.differs


def _with_results() -> list[str]:
    files = [path for path in experiment_files() if path.parent == Path("experiments")]
    return [path.stem for path in files if read_manifest(results_folder(path, path.stem, "paper")) is not None]


def _print(title: str, items: list[Item]) -> None:
    made = table("item", "agrees", "largest difference", "relative", "where", left=2)
    made.columns[-1].justify = "left"
    for item in items:
        made.add_row(item.item, "yes" if item.agrees else "NO", f"{item.absolute:.3g}", f"{item.relative:.3g}", item.where)
    print_table(stdout(), title, made)
