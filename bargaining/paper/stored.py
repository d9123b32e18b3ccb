"""Where the results of each experiment are, for one profile, and how they are read."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bargaining.experiment import find, results_folder
from bargaining.report.source import Case, ReportError, Results, checked_manifest
from bargaining.store import CONCLUSIONS, MANIFEST, POINTS, ROWS, Row, TableError, file_hash, read_table, write

TIMES = "times.json"


def paper_folder(profile: str) -> Path:
    """Where the paper of a profile is built: ``paper`` for profile ``paper``, else under ``.runs``."""
    return Path("paper") if profile == "paper" else Path(".runs") / "paper" / profile


@dataclass(frozen=True)
class Stored:
    """The results of every experiment for one profile."""

    profile: str
    _read: dict[tuple[str, str], list[Row]] = field(default_factory=dict, compare=False, repr=False)
    _cases: dict[str, list[Case]] = field(default_factory=dict, compare=False, repr=False)

    def folder(self, experiment: str) -> Path:
        """Results folder of an experiment."""
        return results_folder(find(experiment), experiment, self.profile)

    def table(self, experiment: str, name: str = ROWS, **match: Any) -> list[Row]:
        """Rows of a table whose cells equal those given.

        Raises
        ------
        ReportError
            If the table is missing, is not what its manifest was written with, or cannot be read; one line that says how to make it.
        """
        path = self.folder(experiment) / name
        if (experiment, name) not in self._read:
            try:
                self._unaltered(experiment, name)
                self._read[experiment, name] = read_table(path)
            except OSError as error:
                raise ReportError(f"{path}: {error.strerror}; {self._again(experiment)} makes it") from None
            except TableError as error:
                raise ReportError(str(error)) from None
        rows = self._read[experiment, name]
        missing = next((column for column in match if rows and column not in rows[0]), None)
        if missing is not None:
            raise ReportError(f"{path}: no column {missing!r}; columns: {', '.join(rows[0])}")
        return [row for row in rows if all(row[column] == value for column, value in match.items())]

    def _again(self, experiment: str) -> str:
        return f"`bargaining run {experiment}{'' if self.profile == 'paper' else f' --profile {self.profile}'}`"

    def _unaltered(self, experiment: str, name: str) -> None:
        """Nothing, if a file is the one that the manifest was written with."""
        path = self.folder(experiment) / name
        try:
            found = file_hash(path)
        except UnicodeDecodeError as error:
            raise TableError(f"{path}: not a table ({error})") from None
        if self.manifest(experiment).get("sha256", {}).get(name) != found:
            raise ReportError(f"{path}: does not match its manifest; {self._again(experiment)} makes it again")

    def share(self, experiment: str, run: str, conclusion: str) -> Row:
        """At how many points of a run a conclusion on deals holds: columns ``holds``, ``of``, ``share``; nothing if it cannot be said."""
        return next(iter(self.table(experiment, CONCLUSIONS, run=run, conclusion=conclusion)), {})

    def cases(self, experiment: str) -> list[Case]:
        """Runs × calibrations of an experiment, with their payoff sets."""
        if experiment not in self._cases:
            for name in (ROWS, POINTS):
                self.table(experiment, name)
            self._cases[experiment] = list(Results.read(self.folder(experiment)).cases())
        return self._cases[experiment]

    def manifest(self, experiment: str) -> dict[str, Any]:
        """The manifest of an experiment's results.

        Raises
        ------
        ReportError
            If it is missing, or not what a run writes; one line.
        """
        content = checked_manifest(self.folder(experiment))
        for key, kind, words in (("question", str, "a sentence"), ("points", int, "a whole number")):
            if not isinstance(content.get(key), kind):
                raise ReportError(f"{self.folder(experiment) / MANIFEST}: {key}: expected {words}, got {content.get(key)!r:.60}")
        return content

    def source(self, experiment: str, name: str = ROWS) -> str:
        """A table's path, as it is told to the reader of a number."""
        return (self.folder(experiment) / name).as_posix()

    @property
    def times_file(self) -> Path:
        """Where `bargaining reproduce` notes how long each experiment took: committed for profile ``paper``."""
        return Path("experiments") / "results" / TIMES if self.profile == "paper" else Path(".runs") / f"times-{self.profile}.json"

    @cached_property
    def times(self) -> dict[str, dict[str, Any]]:
        """Experiment -> seconds, cores, processor and Python of its last whole run; empty where none is known.

        Raises
        ------
        ReportError
            If the file is there and is not what `note_time` wrote; one line.
        """
        try:
            content = json.loads(self.times_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not JSON"
            raise ReportError(f"{self.times_file}: {reason}; remove it, and `bargaining reproduce` notes times again") from None
        entries = content.items() if isinstance(content, dict) else [("", content)]
        for name, entry in entries:
            seconds = entry.get("seconds") if isinstance(entry, dict) else None
            if not isinstance(seconds, (int, float)) or not {"cores", "processor"} <= set(entry):
                where = f"{self.times_file}: {name}" if name else str(self.times_file)
                raise ReportError(f"{where}: expected seconds, cores and processor of a run, got {entry!r:.60}")
        return dict(entries)

    def note_time(self, experiment: str, seconds: float, machine: dict[str, Any]) -> None:
        """Note how long a whole run took, and on what."""
        entry = {"seconds": round(seconds, 1), **{key: machine[key] for key in ("cores", "processor", "python")}}
        content = dict(sorted({**self.times, experiment: entry}.items()))
        write(self.times_file, json.dumps(content, indent=2) + "\n")
        self.__dict__.pop("times", None)
