"""What a figure is drawn from: the rows, the vertices and the words of a finished experiment."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bargaining.payoff_set import PayoffSet
from bargaining.store import MANIFEST, POINTS, ROWS, Row, TableError, read_table

_NUMBERS = (
    *("point", "delta_us", "delta_cn", "critical_delta"),
    *("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus", "error_bound"),
)


class ReportError(ValueError):
    """Results that cannot be reported: a file or a column is missing, or a cell is no number."""


@dataclass(frozen=True)
class Words:
    """What a run's names mean to a reader: words, units, and the payoffs everything is compared with.

    `parameters` has what the run sweeps, with units; `bounds` closed-form bounds on such parameters, by calibration; `draws` says that the
    points are draws from a prior; `events` what happened around `start_date`, the date that drawn paths start at.
    """

    title: str
    unit: str = "payoff units"
    notice: str = ""
    issues: Mapping[str, str] = field(default_factory=dict)
    stances: Mapping[str, str] = field(default_factory=dict)
    agreements: Mapping[str, str] = field(default_factory=dict)
    status_quo: str = "status quo"
    status_quo_payoffs: tuple[float, float] = (0.0, 0.0)
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bounds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    draws: bool = False
    plans: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    start_date: str = ""
    events: Sequence[Mapping[str, Any]] = ()

    def issue(self, name: str) -> str:
        """An issue in words, without what its words have in brackets."""
        return self.issues.get(name, name).split(" (")[0]

    def agreement(self, name: str) -> str:
        """What an agreement promises, or nothing if that is not told."""
        promises = self.agreements.get(name, "")
        for words in self.issues.values():
            promises = promises.replace(words, words.split(" (")[0])
        return promises

    def story(self) -> str:
        """Title, unit and notice, as sentences."""
        # Dollars make a claim about the world; illustrative units do not.
        kind = "calibrated assumptions" if self.unit.startswith("$") else "assumptions"
        notice = f" Payoffs are {kind}, not estimates ({self.notice})." if self.notice else ""
        return f"{self.title}. Payoffs: {self.unit}; discount factors are for a period of 90 days.{notice}"

    def stance(self, partition: str) -> str:
        """Whose stance a partition is, or nothing."""
        return next((stance for stance, named in self.stances.items() if named == partition), "")

    def partition(self, partition: str) -> str:
        """A partition in words.

        Examples
        --------
        >>> words = Words("example", issues={"T": "tariffs", "R": "rare earths", "A": "AI chips"})
        >>> words.partition("T,R|A"), words.partition("T|R|A")
        ('tariffs + rare earths; AI chips alone', 'nothing linked')
        """
        return "; ".join(self.partition_lines(partition))

    def partition_lines(self, partition: str) -> tuple[str, ...]:
        """A partition in words, one line a block of linked issues and one for the issues that stand alone."""
        blocks = [[self.issue(name) for name in block.split(",")] for block in partition.split("|")]
        alone = [block[0] for block in blocks if len(block) == 1]
        if len(alone) == len(blocks) > 1:
            return ("nothing linked",)
        if len(blocks) == 1:
            return ("everything linked",)
        linked = tuple(" + ".join(block) for block in blocks if len(block) > 1)
        return (*linked, ", ".join(alone) + " alone") if alone else linked


@dataclass(frozen=True, eq=False)
class Case:
    """One run at one calibration: its rows, its payoff sets, its words; `swept` are the parameters that vary in it."""

    run: str
    calibration: str
    rows: Sequence[Row]
    sets: Mapping[str, PayoffSet]
    words: Words
    swept: tuple[str, ...]

    @property
    def name(self) -> str:
        """Run and calibration, as in a file name."""
        return f"{self.run}-{self.calibration}" if self.calibration else self.run

    @property
    def setting(self) -> str:
        """Calibration and discount factors, as a sentence."""
        pairs = [(row["delta_us"], row["delta_cn"]) for row in self.rows if row.get("delta_us") is not None]
        factors = {f"U.S. {us:.3f}, China {cn:.3f}" for us, cn in pairs}
        calibration = f"{capital(self.calibration)} calibration. " if self.calibration else ""
        return f"{calibration}Discount factors: {factors.pop()}." if len(factors) == 1 else calibration.strip()

    def axis(self, name: str) -> str:
        """A swept parameter in words with its symbol, for an axis."""
        entry = self.words.parameters.get(name, {})
        words, symbol = str(entry.get("words", name)), str(entry.get("symbol", ""))
        if words == "delta":
            return symbol or words
        return capital(words) if symbol in words.split() else f"{capital(words)} {symbol}".strip()

    def at(self, names: Sequence[str], values: Sequence[Any]) -> str:
        """Values of swept parameters by their symbols: ``κ = 0.1, φ = 0``."""
        pairs = zip((self.words.parameters[name].get("symbol", name) for name in names), values, strict=True)
        return ", ".join(f"{symbol} = {value:g}" if isinstance(value, (int, float)) else f"{symbol} = {value}" for symbol, value in pairs)

    @property
    def partitions(self) -> list[str]:
        """Partitions, coarsest first; none if nothing was solved."""
        return sorted(dict.fromkeys(row["partition"] for row in self.rows if row.get("partition")), key=lambda name: name.count("|"))

    def unproven(self, partition: str) -> bool:
        """Whether the set of a partition comes without a proof of how far it is from the truth."""
        return any(not math.isfinite(row["error_bound"] or 0.0) for row in self.rows if row.get("partition") == partition)

    def agreements(self) -> list[Row]:
        """The rows on agreements; a run may ask for the payoff sets only."""
        return [row for row in self.rows if row.get("agreement")]

    def values(self, parameter: str) -> list[float]:
        """Values that a swept parameter takes, in order."""
        return sorted({row[parameter] for row in self.rows if row.get(parameter) is not None})


@dataclass(frozen=True, eq=False)
class Results:
    """A folder of results."""

    rows: list[Row]
    points: list[Row]
    manifest: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Results":
        """Read ``rows.csv``, ``points.csv`` and ``manifest.json``.

        Raises
        ------
        ReportError
            If a file or a column is missing or a cell is no number; one line that says which.
        """
        # A point that failed has no more than these columns.
        rows = _read(folder / ROWS, required=("run", "point", "scenario", "calibration", "status"), numbers=_NUMBERS)
        points = _read(folder / POINTS, required=("run", "calibration", "partition", "us", "cn"), numbers=("us", "cn"))
        return cls(rows, points, checked_manifest(folder))

    def words(self, run: str, scenario: str) -> Words:
        """The words of a run, from the manifest; names stand for themselves where it has none."""
        entry = dict(self.manifest.get("runs", {}).get(run, {}))
        quo = entry.get("status_quo") or {}
        payoffs = quo.get("payoffs") or (0.0, 0.0)
        return Words(
            title=entry.get("title", scenario),
            unit=entry.get("unit", "payoff units").removeprefix("payoff "),
            notice=entry.get("notice", ""),
            issues=entry.get("issues", {}),
            stances=entry.get("stances", {}),
            agreements=entry.get("agreements", {}),
            status_quo=quo.get("name", "status quo"),
            status_quo_payoffs=(float(payoffs[0]), float(payoffs[1])),
            parameters=entry.get("parameters", {}),
            bounds=entry.get("bounds", {}),
            draws=bool(entry.get("draws", False)),
            plans=entry.get("plans", {}),
            factors=entry.get("factors", {}),
            start_date=entry.get("start_date", ""),
            events=entry.get("events", ()),
        )

    @property
    def ensembles(self) -> list[str]:
        """Names of the ensembles."""
        return list(self.manifest.get("ensembles", {}))

    def cases(self) -> Iterator[Case]:
        """Every run × calibration, in the order of the rows."""
        groups: dict[tuple[str, str, str], list[Row]] = {}
        for row in self.rows:
            groups.setdefault((row["run"], row["scenario"], row["calibration"] or ""), []).append(row)
        vertices: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
        for row in self.points:
            vertices.setdefault((row["run"], row["calibration"] or "", row["partition"]), []).append((row["us"], row["cn"]))
        for (run, scenario, calibration), rows in groups.items():
            words = self.words(run, scenario)
            swept = tuple(name for name in words.parameters if len({row.get(name) for row in rows} - {None}) > 1)
            partitions = dict.fromkeys(row["partition"] for row in rows if row.get("partition"))
            # The vertices of a swept case belong to many games; no figure lays them over each other.
            sets = {} if swept else {name: PayoffSet(vertices.get((run, calibration, name), [])) for name in partitions}  # type: ignore[arg-type]
            yield Case(run, calibration, rows, sets, words, swept)


def checked_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a results folder, each of its entries that is there being of its kind.

    Raises
    ------
    ReportError
        If it is missing, no JSON, or an entry is of another kind; one line.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; run the experiment first") from None
    except (ValueError, RecursionError):
        raise ReportError(f"{path}: not JSON") from None
    if not isinstance(content, dict):
        raise ReportError(f"{path}: expected a JSON object")
    for key in ("statuses", "sha256", "runs", "ensembles"):
        if not isinstance(content.get(key, {}), dict):
            raise ReportError(f"{path}: {key}: expected a JSON object, got {content[key]!r:.60}")
    for run, entry in content.get("runs", {}).items():
        if not isinstance(entry, dict):
            raise ReportError(f"{path}: runs.{run}: expected a JSON object, got {entry!r:.60}")
    for status, count in content.get("statuses", {}).items():
        if not isinstance(count, int):
            raise ReportError(f"{path}: statuses.{status}: expected a whole number, got {count!r:.60}")
    return content


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _read(path: Path, required: tuple[str, ...], numbers: tuple[str, ...]) -> list[Row]:
    try:
        rows = read_table(path)
    except OSError as error:
        raise ReportError(f"{path}: {error.strerror}; run the experiment first") from None
    except TableError as error:
        raise ReportError(str(error)) from None
    missing = [column for column in required if rows and column not in rows[0]]
    if missing:
        raise ReportError(f"{path}: no column {missing[0]!r}; columns: {', '.join(rows[0])}")
    for column in numbers:
        wrong = [(k, row[column]) for k, row in enumerate(rows) if not isinstance(row.get(column), (int, float, type(None)))]
        if wrong:
            raise ReportError(f"{path}:{wrong[0][0] + 2}: column {column!r} has {wrong[0][1]!r}, expected a number")
    return rows
