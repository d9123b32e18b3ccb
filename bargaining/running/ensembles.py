"""Running ensembles: solve the chunks that are not on disk, then answer what is asked of the draws."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bargaining import analysis
from bargaining.ensemble import Draws
from bargaining.execution import chunk_size, chunks, execute
from bargaining.experiment import Ensemble, Experiment
from bargaining.parts import Parts, failed, gaps
from bargaining.store import Row, plain, write

if TYPE_CHECKING:
    import pandas as pd

PROGRESS = "progress.json"
# Points solved first, and those that are timed after them: the first ones compile, or load, the kernels.
WARM, TIMED = 2, 16
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
QUANTITIES = ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")
# The tables of an experiment's ensembles, beside rows.csv.
TABLES = ("agreements.csv", "payoffs.csv", "shares.csv", "bands.csv", "indices.csv", "regions.csv", "ranges.csv")


@dataclass(frozen=True)
class Task:
    """An ensemble and where its parts are."""

    asked: Ensemble
    draws: Draws
    parts: Parts

    @property
    def left(self) -> int:
        """Points that are not on disk."""
        return sum(stop - start for start, stop in gaps(self.parts.finished(), self.draws.size))


def tasks(experiment: Experiment, folder: Path) -> list[Task]:
    """The ensembles of an experiment; parts of each in a folder named by its key."""
    found, sources = [], experiment.sources
    for name, ensemble in experiment.ensembles.items():
        draws = Draws.of(name, ensemble, sources)
        found.append(Task(ensemble, draws, Parts(folder / "parts" / f"{name}-{draws.key[:12]}", draws.key)))
    return found


def solve(task: Task, pool: Executor | None, width: int, chunk: int | None, progress: Callable[[int, int], None]) -> int:
    """Solve what is not on disk; every chunk is on disk before the next is counted. The number of points solved is returned.

    `progress` is told of every chunk how many points it had, and how many of them made no game.

    Raises
    ------
    OSError
        If a part cannot be written; those written before stay.
    """
    draws, parts = task.draws, task.parts
    open_ranges = gaps(parts.finished(), draws.size)
    total = sum(stop - start for start, stop in open_ranges)
    if not total:
        return 0
    if chunk is None:
        seconds = 0.0
        for size in (WARM, TIMED):
            if not open_ranges:
                break
            start, stop = open_ranges[0][0], min(open_ranges[0][0] + size, open_ranges[0][1])
            began = time.perf_counter()
            columns = draws.solve(start, stop)
            parts.write(start, columns)
            seconds = (time.perf_counter() - began) / (stop - start)
            progress(stop - start, failed(columns))
            open_ranges = _after(open_ranges, stop)
        chunk = chunk_size(seconds, sum(stop - start for start, stop in open_ranges), width)
    for (start, stop), columns in execute(chunks(open_ranges, chunk), draws.solve, pool, width):
        parts.write(start, columns)
        progress(stop - start, failed(columns))
    return total


def _after(ranges: list[tuple[int, int]], stop: int) -> list[tuple[int, int]]:
    """Ranges without what lies before `stop` in the first."""
    first = [(stop, ranges[0][1])] if stop < ranges[0][1] else []
    return first + ranges[1:]


def estimate(task: Task, width: int) -> float:
    """Seconds that the points left may take, from a few of them solved now."""
    open_ranges = gaps(task.parts.finished(), task.draws.size)
    if not open_ranges:
        return 0.0
    start, stop = open_ranges[0][0], min(open_ranges[0][0] + TIMED, open_ranges[0][1])
    task.draws.solve(start, min(start + WARM, stop))
    began = time.perf_counter()
    task.draws.solve(start, stop)
    return (time.perf_counter() - began) / (stop - start) * task.left / width


def begin(folder: Path, experiment: Experiment, found: list[Task], workers: str) -> None:
    """Leave a note for `bargaining status`: what is run here, since when, and how many points it has."""
    import json

    sizes = {task.draws.name: {"points": task.draws.size, "key": task.draws.key, "parts": task.parts.folder.name} for task in found}
    note = {"experiment": experiment.name, "started": time.time(), "workers": workers, "ensembles": sizes}
    write(folder / PROGRESS, json.dumps(note, indent=2) + "\n")


def answers(task: Task) -> dict[str, list[Row]]:
    """Table name -> rows: everything that is asked of an ensemble."""
    asked, draws, parts = task.asked, task.draws, task.parts
    found: dict[str, list[Row]] = {
        "agreements.csv": list(_agreements(draws, parts)),
        "payoffs.csv": list(_payoffs(draws, parts)),
    }
    texts = [*asked.claims.values(), *(text for classes in asked.splits.values() for text in classes.values())]
    if asked.claims:
        frame = parts.read(_needed(texts))
        found["shares.csv"] = _rows(analysis.shares(frame, asked.claims, asked.splits))
    found["bands.csv"] = [
        {"of": band.of, "along": band.along, **row}
        for band in asked.bands
        for row in _rows(analysis.bands(parts.read(_needed([band.of, band.along])), band.of, band.along, band.bins, QUANTILES))
    ]
    sample = asked.design.sample
    if asked.indices and sample is not None:
        frame = parts.read(_needed(asked.indices.values()))
        found["indices.csv"] = _rows(analysis.sobol_indices(frame, draws.fields, asked.indices, sample.points, sample.seed))
    for pattern, text in asked.patterns.items():
        named = [text.replace("{partition}", name) for name in draws.partitions()]
        frame = parts.read(list(dict.fromkeys([*draws.fields, *_needed(named)])))
        regions, ranges = analysis.rationalise(frame, text, draws.partitions(), draws.fields)
        for name, table in (("regions.csv", regions), ("ranges.csv", ranges)):
            found.setdefault(name, []).extend({"pattern": pattern, **row} for row in _rows(table))
    return {name: [{"ensemble": draws.name, **row} for row in rows] for name, rows in found.items() if rows}


def statuses(task: Task) -> dict[str, int]:
    """How many sets, over draws and partitions, ended how."""
    return dict(sorted(task.parts.counts([f"status[{partition}]" for partition in task.draws.partitions()]).items()))


def failures(task: Task, most: int = 20) -> list[Row]:
    """The first draws that made no game, with the reason."""
    return [{"run": task.draws.name, "point": point, "message": words} for point, words in task.parts.messages(most)]


def _agreements(draws: Draws, parts: Parts) -> Iterator[Row]:
    """For each partition and agreement: in which share of the draws it is sustained, and how patient it needs both to be."""
    import numpy as np

    critical = draws.ensemble.solver.critical
    for partition in draws.partitions():
        held = {agreement: f"sustained[{agreement}][{partition}]" for agreement in draws.agreements()}
        least_of = {agreement: f"critical_delta[{agreement}][{partition}]" for agreement in held if critical}
        frame = parts.read([*held.values(), *least_of.values()])
        for agreement, column in held.items():
            values = frame[column].to_numpy()
            decided = ~np.isnan(values)
            found = analysis.share(values == 1.0, decided)
            row: Row = {"partition": partition, "agreement": agreement, **vars(found)}
            if critical:
                least = frame[least_of[agreement]].to_numpy()
                least = least[~np.isnan(least)]
                row |= {"static": int((least == 0.0).sum()), "never": int(np.isinf(least).sum())}
                if len(least):
                    middle = np.quantile(least, QUANTILES, method="nearest").tolist()
                    row |= {f"critical_delta_q{round(100 * q):02d}": value for q, value in zip(QUANTILES, middle, strict=True)}
            yield row


def _payoffs(draws: Draws, parts: Parts) -> Iterator[Row]:
    """For each partition: how the payoffs of its sets are distributed over the draws."""
    import numpy as np

    for partition in draws.partitions():
        names = [f"{quantity}[{partition}]" for quantity in QUANTITIES]
        frame = parts.read(names)
        for quantity, name in zip(QUANTITIES, names, strict=True):
            values = frame[name].to_numpy()
            values = values[~np.isnan(values)]
            middle = np.quantile(values, QUANTILES, method="nearest").tolist() if len(values) else []
            row: Row = {"partition": partition, "quantity": quantity, "points": len(frame), "without": len(frame) - len(values)}
            yield row | {f"q{round(100 * q):02d}": value for q, value in zip(QUANTILES, middle, strict=False)}


def _needed(texts: Any) -> list[str]:
    """Columns that some expressions name."""
    return list(dict.fromkeys(column for text in texts for column in analysis.columns_of(text)))


def _rows(frame: "pd.DataFrame") -> list[Row]:
    """A table's rows as plain numbers and words."""
    return [plain(row) for row in frame.to_dict("records")]


def described(found: Sequence[Task], ended: Mapping[str, Mapping[str, int]]) -> Mapping[str, Any]:
    """What the manifest says of the ensembles: points, key of the rows and hash of their values."""
    return {
        task.draws.name: {
            "scenario": task.draws.ensemble.scenario,
            "points": task.draws.size,
            "fields": list(task.draws.fields),
            "key": task.draws.key,
            "values": task.parts.value_hash(),
            "statuses": dict(ended[task.draws.name]),
        }
        for task in found
    }
