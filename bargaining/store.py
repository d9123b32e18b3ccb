"""Results on disk: a folder with rows.csv, points.csv, manifest.json and provenance.json, and how a run gets there unharmed.

Runs that ask for it keep their solutions too, with game and proofs, a file each in the folder ``solutions``.

Each finished point is kept at once, as a small file under ``.parts-KEY``; the run's key names everything the numbers depend on, so a
part is either exactly what would be solved again or is not looked at. Every file is written under a temporary name and renamed. The
manifest comes last: where it stands with the run's key and the right hashes, the run is complete.

rows.csv, points.csv and manifest.json hold nothing that differs between two runs of one key; what does (machine, versions, seconds)
goes to provenance.json.
"""

import csv
import errno
import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ROWS, POINTS, MANIFEST, PROVENANCE = "rows.csv", "points.csv", "manifest.json", "provenance.json"
SOLUTIONS = "solutions"
# Of experiments on deals: how many points each conclusion holds at.
CONCLUSIONS = "conclusions.csv"
# The disagreement point that answers on deals are told from.
HEADLINE = "worst equilibrium payoffs"
# Changes of payoffs smaller than this share of what they are compared with are none.
NOISE = 1e-6
POINT_COLUMNS = ("run", "point", "scenario", "calibration", "partition", "vertex", "us", "cn")


class TableError(ValueError):
    """A stored table that cannot be read: one line with file, line and reason."""


def groups(rows: Iterable[Row], names: Sequence[str]) -> dict[tuple[Any, ...], list[Row]]:
    """Rows by the values of some columns, in order of appearance."""
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(name) for name in names), []).append(row)
    return found


def plain(row: Mapping[Any, Any]) -> Row:
    """A row with NumPy scalars as the Python numbers they are."""
    return {str(column): value.item() if hasattr(value, "item") else value for column, value in row.items()}


@dataclass(frozen=True)
class Part:
    """What one point gave: its rows, the vertices of its sets, a message if it failed, and the text of each solution that is kept."""

    rows: list[Row]
    sets: dict[str, list[list[float]]]
    message: str | None = None
    solutions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """A results folder seen by the run with this key."""

    folder: Path
    key: str

    @property
    def parts(self) -> Path:
        """Folder of the points finished so far."""
        return self.folder / f".parts-{self.key[:16]}"

    def is_complete(self) -> bool:
        """Whether the folder holds the whole run with this key, unaltered."""
        manifest = read_manifest(self.folder)
        if manifest is None or manifest.get("key") != self.key:
            return False
        hashes = stored_hashes(manifest)
        names = {ROWS, POINTS, *hashes}
        return all((self.folder / name).is_file() and hashes.get(name) == file_hash(self.folder / name) for name in names)

    def prepare(self, experiment: str, *, force: bool = False) -> None:
        """Make sure results can be written, before anything is solved.

        Raises
        ------
        OSError
            If they cannot, or the folder holds rows that are not this experiment's (unless `force`).
        """
        if not force:
            self._refuse_foreign_rows(experiment)
        self.parts.mkdir(parents=True, exist_ok=True)
        sweep(self.folder)
        probe = self.parts / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()

    def _refuse_foreign_rows(self, experiment: str) -> None:
        # With parts of this very run beside them the rows are its own: it was stopped before its manifest was written.
        if not (self.folder / ROWS).exists() or self.parts.is_dir():
            return
        manifest = read_manifest(self.folder)
        owner = None if manifest is None else manifest.get("experiment")
        if owner != experiment:
            whose = f"holds results of {owner!r}" if isinstance(owner, str) else f"no {MANIFEST} here says whose rows these are"
            problem = f"{whose}, expected those of {experiment!r}; give another --out, or --force to replace them"
            raise FileExistsError(errno.EEXIST, problem, str(self.folder / ROWS))

    def forget(self) -> None:
        """Drop the points finished so far."""
        shutil.rmtree(self.parts, ignore_errors=True)

    def finished(self) -> dict[int, Part]:
        """The points finished by this or an earlier run with the same key."""
        found = {}
        for path in self.parts.glob("[0-9]*.json"):
            try:
                found[int(path.stem)] = Part(**json.loads(path.read_text(encoding="utf-8")))
            except (ValueError, TypeError):
                continue  # written by a machine that lost power: not finished
        return found

    def keep(self, position: int, part: Part) -> None:
        """Keep a finished point, whatever happens next."""
        self.parts.mkdir(parents=True, exist_ok=True)
        write(self.parts / f"{position}.json", json.dumps(asdict(part)))

    def publish(
        self,
        rows: Sequence[Row],
        points: Sequence[Row],
        manifest: Mapping[str, Any],
        provenance: Mapping[str, Any],
        others: Mapping[str, str] | None = None,
    ) -> None:
        """Write the finished run, `others` being more files, by path in the folder -> text; the parts go once everything stands."""
        texts = {ROWS: table_text(rows), POINTS: table_text(points, POINT_COLUMNS)}
        texts |= dict(sorted((others or {}).items()))
        before = stored_hashes(read_manifest(self.folder) or {})
        for name, text in texts.items():
            write(self.folder / name, text)
        write(self.folder / PROVENANCE, json_text(provenance))
        hashes = {name: _text_hash(text) for name, text in texts.items()}
        write(self.folder / MANIFEST, json_text({**manifest, "key": self.key, "sha256": hashes}))
        # Files of an older run would be taken for this one's; those that no run wrote stay.
        for name in before:
            if name not in texts and Path(name).parts[:-1] in ((), (SOLUTIONS,)):
                (self.folder / name).unlink(missing_ok=True)
        self.forget()


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sweep(folder: Path) -> None:
    """Remove the temporary files of writers that were killed."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)


def json_text(content: Mapping[str, Any]) -> str:
    """JSON for people and for git: indented, keys in the order given (that of issues means something), no NaN.

    Raises
    ------
    ValueError
        If a number is not finite.
    """
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def table_text(rows: Sequence[Row], columns: Sequence[str] = ()) -> str:
    """Rows as CSV: columns in order of first appearance, floats as their shortest decimal, nothing for None and NaN.

    Examples
    --------
    >>> print(table_text([{"a": 0.1, "b": None}, {"a": float("inf"), "c": True}]), end="")
    a,b,c
    0.1,,
    inf,,True
    """
    header = list(dict.fromkeys([*columns, *(column for row in rows for column in row)]))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([[_cell(row.get(column)) for column in header] for row in rows])
    return text.getvalue()


def read_table(path: Path) -> list[Row]:
    """A table written by `table_text`: numbers, truth values, words and None.

    Raises
    ------
    TableError
        If it is no table, or a line has more or fewer cells than the header.
    OSError
        If the file cannot be read.
    """
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise TableError(f"{path}:{reader.line_num}: {len(cells)} cells, expected the {len(header)} of the header")
                rows.append({column: _value(cell) for column, cell in zip(header, cells, strict=True)})
        except (csv.Error, UnicodeDecodeError) as error:
            raise TableError(f"{path}: not a table ({error})") from None
    return rows


def stored_hashes(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """File -> hash, as a manifest has it; nothing if it has none that can be read."""
    hashes = manifest.get("sha256")
    return hashes if isinstance(hashes, dict) else {}


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a results folder, or None if there is none that can be read."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    # A NumPy float is a float, but does not say so in its repr.
    return repr(float(value)) if isinstance(value, float) else str(value)


def _value(cell: str) -> Any:
    if cell == "":
        return None
    if cell in ("True", "False"):
        return cell == "True"
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell


def _text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """Hash of a text file, as in manifests."""
    # Read as text: a checkout that turns line ends into CRLF holds the same values.
    return _text_hash(path.read_text(encoding="utf-8"))
