"""Comparing two results folders item by item, by tolerance where numbers are real and exactly where they are not.

Tables are matched row by row on what names a row. Payoff sets are compared as sets (Hausdorff distance), because two lists of vertices
can differ by a point that lies a rounding error off an edge and still describe the same set.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bargaining.payoff_set import PayoffSet
from bargaining.store import POINTS, ROWS, Row, file_hash, read_manifest, read_table, stored_hashes

_ROW_NAME = ("run", "point", "calibration", "partition", "agreement", "state", "plan")
_SET_NAME = ("run", "point", "calibration", "partition", "state")
_PAYOFFS = ("best_us", "best_cn", "worst_us", "worst_cn")


@dataclass(frozen=True)
class Item:
    """How far one item agrees: its largest absolute difference, the same relative to the item's largest size, and where it is."""

    item: str
    agrees: bool
    absolute: float = 0.0
    relative: float = 0.0
    where: str = ""


def compare(committed: Path, fresh: Path, rtol: float = 1e-9) -> list[Item]:
    """Every column of rows.csv and of the tables of ensembles, the sets of points.csv, the files' hashes and the configuration, compared.

    A real number agrees if it differs by at most `rtol` times the largest size of its column in the same run (for ``error_bound``: of
    the payoffs); anything else only if it is the same. A committed file agrees with its manifest only if nothing in it was changed.

    Raises
    ------
    TableError
        If a table is none, or a line of it is too short or too long.
    OSError
        If a table cannot be read.
    """
    old, new = read_manifest(committed) or {}, read_manifest(fresh) or {}
    same = old.get("config") == new.get("config")
    items = [Item("configuration", same, where="" if same else "the experiment file was changed after its results were made")]
    items.append(_untouched(committed, old))
    items += _compare_rows(read_table(committed / ROWS), read_table(fresh / ROWS), rtol)
    items.append(_compare_sets(committed, fresh, rtol))
    for name in dict.fromkeys([*stored_hashes(old), *stored_hashes(new)]):
        if name.endswith(".csv") and name not in (ROWS, POINTS):
            items += _compare_table(name, committed / name, fresh / name, rtol)
    return items


def _untouched(folder: Path, manifest: Row) -> Item:
    """Whether the files of a results folder are those that its manifest was written with."""
    changed = [
        name for name, value in stored_hashes(manifest).items() if not (folder / name).is_file() or file_hash(folder / name) != value
    ]
    if not stored_hashes(manifest):
        return Item("files", False, where="the manifest has no hashes to hold them against")
    where = f"changed after they were written: {', '.join(changed[:3])}" + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return Item("files", not changed, where=where if changed else "")


def _compare_table(name: str, committed: Path, fresh: Path, rtol: float) -> Iterator[Item]:
    """Columns of a table whose rows have no name but their place: they stand in the order in which the file asks for them."""
    if not (committed.is_file() and fresh.is_file()):
        yield Item(name, False, math.inf, math.inf, "is on one side only")
        return
    old, new = ([{"run": name, **row} for row in read_table(path)] for path in (committed, fresh))
    if len(old) != len(new):
        yield Item(f"{name} rows", False, where=f"{len(old)} rows became {len(new)}")
    for column in dict.fromkeys(column for row in (*old, *new) for column in row if column != "run"):
        pairs = [((name, f"row {k}"), row.get(column), other.get(column)) for k, (row, other) in enumerate(zip(old, new, strict=False), 2)]
        yield _compare_column(f"{name} {column}", pairs, _sizes([*old, *new], (column,)), rtol)


def _compare_rows(old: Sequence[Row], new: Sequence[Row], rtol: float) -> Iterator[Item]:
    before, after = ({tuple(row.get(key) for key in _ROW_NAME): row for row in rows} for rows in (old, new))
    missing = [name for name in before if name not in after] + [name for name in after if name not in before]
    yield Item("rows", not missing, where=f"{len(missing)} rows on one side only, such as {_words(missing[0])}" if missing else "")
    shared = [name for name in before if name in after]
    columns = list(dict.fromkeys(column for row in (*old, *new) for column in row))
    payoff_sizes = _sizes([*old, *new], _PAYOFFS)
    for column in columns:
        if column in _ROW_NAME:
            continue
        sizes = payoff_sizes if column == "error_bound" else _sizes([*old, *new], (column,))
        yield _compare_column(column, [(name, before[name].get(column), after[name].get(column)) for name in shared], sizes, rtol)


def _compare_column(column: str, pairs: Sequence[tuple[Any, Any, Any]], sizes: dict[Any, float], rtol: float) -> Item:
    worst = Item(column, True)
    for name, old, new in pairs:
        if old == new:
            continue
        if not (_is_real(old) and _is_real(new)):
            return Item(column, False, math.inf, math.inf, f"{old!r} became {new!r} in {_words(name)}")
        absolute = abs(new - old)
        relative = absolute / sizes[name[0]] if sizes[name[0]] > 0 else math.inf
        if relative > worst.relative:
            worst = Item(column, relative <= rtol, absolute, relative, _words(name))
    return worst


def _compare_sets(committed: Path, fresh: Path, rtol: float) -> Item:
    tables = [read_table(folder / POINTS) for folder in (committed, fresh)]
    before, after = ({name: PayoffSet(vertices) for name, vertices in _vertices(rows).items()} for rows in tables)  # type: ignore[arg-type]
    sizes = _sizes([row for rows in tables for row in rows], ("us", "cn"))
    worst = Item("payoff sets", True)
    for name in dict.fromkeys([*before, *after]):
        if name not in before or name not in after:
            return Item("payoff sets", False, math.inf, math.inf, f"{_words(name)} is empty on one side only")
        absolute = before[name].distance(after[name])
        relative = absolute / sizes[name[0]] if sizes[name[0]] > 0 else 0.0
        if relative > worst.relative:
            worst = Item("payoff sets", relative <= rtol, absolute, relative, _words(name))
    return worst


def _vertices(rows: Sequence[Row]) -> dict[tuple[Any, ...], list[tuple[float, float]]]:
    found: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(key) for key in _SET_NAME), []).append((row["us"], row["cn"]))
    return found


def _sizes(rows: Sequence[Row], columns: Sequence[str]) -> dict[Any, float]:
    """Largest finite size of these columns in each run."""
    sizes: dict[Any, float] = {}
    for row in rows:
        own = [abs(row[column]) for column in columns if _is_real(row.get(column))]
        sizes[row["run"]] = max(own, default=0.0) if row["run"] not in sizes else max(sizes[row["run"]], *own, 0.0)
    return sizes


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _words(name: Sequence[Any]) -> str:
    return " ".join(str(word) for word in name if word is not None)
