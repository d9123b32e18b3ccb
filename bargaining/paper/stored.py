"""Where the results of each experiment are, for one profile, and how they are read."""

import csv
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bargaining.experiment import find, results_folder
from bargaining.report.source import Case, ReportError, Results
from bargaining.store import MANIFEST, ROWS, Row, read_table, write

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
            If the table is missing or cannot be read; one line that says how to make it.
        """
        path = self.folder(experiment) / name
        try:
            rows = self._read.get((experiment, name)) or read_table(path)
        except OSError as error:
            again = f"`bargaining run {experiment}{'' if self.profile == 'paper' else f' --profile {self.profile}'}` makes it"
            raise ReportError(f"{path}: {error.strerror}; {again}") from None
        except (csv.Error, UnicodeDecodeError) as error:
            raise ReportError(f"{path}: not a table ({error})") from None
        self._read[experiment, name] = rows
        missing = next((column for column in match if rows and column not in rows[0]), None)
        if missing is not None:
            raise ReportError(f"{path}: no column {missing!r}; columns: {', '.join(rows[0])}")
        return [row for row in rows if all(row[column] == value for column, value in match.items())]

    def cases(self, experiment: str) -> list[Case]:
        """Runs × calibrations of an experiment, with their payoff sets."""
        if experiment not in self._cases:
            self._cases[experiment] = list(Results.read(self.folder(experiment)).cases())
        return self._cases[experiment]

    def manifest(self, experiment: str) -> dict[str, Any]:
        """The manifest of an experiment's results.

        Raises
        ------
        ReportError
            If it is missing or no JSON object.
        """
        path = self.folder(experiment) / MANIFEST
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ReportError(f"{path}: {error.strerror}; run the experiment first") from None
        except ValueError:
            raise ReportError(f"{path}: not JSON") from None
        if not isinstance(content, dict):
            raise ReportError(f"{path}: expected a JSON object")
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
        """Experiment -> seconds, cores, processor and Python of its last whole run; empty where none is known."""
        try:
            content = json.loads(self.times_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def note_time(self, experiment: str, seconds: float, machine: dict[str, Any]) -> None:
        """Note how long a whole run took, and on what."""
        entry = {"seconds": round(seconds, 1), **{key: machine[key] for key in ("cores", "processor", "python")}}
        content = dict(sorted({**self.times, experiment: entry}.items()))
        write(self.times_file, json.dumps(content, indent=2) + "\n")
        self.__dict__.pop("times", None)
