"""What came out of ensembles, as tables for the terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from bargaining.cli.terminal import print_table, table
from bargaining.store import Row, read_table

FILES = ("agreements.csv", "shares.csv", "indices.csv", "regions.csv", "ranges.csv")


def print_ensembles(console: Console, folder: Path, manifest: Mapping[str, Any]) -> None:
    """For each ensemble the shares of its claims, of the sustained agreements, and what else was asked."""
    for name, about in manifest.get("ensembles", {}).items():
        rows = {file: _rows(folder, file, name, manifest) for file in FILES}
        title = f"{name}: {about['points']} draws of scenario {about['scenario']}"
        if rows["shares.csv"]:
            _print_shares(console, title, rows["shares.csv"])
        if rows["agreements.csv"] and not rows["indices.csv"]:
            _print_agreements(console, title, rows["agreements.csv"])
        if rows["indices.csv"]:
            _print_indices(console, title, rows["indices.csv"])
        for pattern in dict.fromkeys(row["pattern"] for row in rows["regions.csv"]):
            own = [[row for row in rows[file] if row["pattern"] == pattern] for file in ("regions.csv", "ranges.csv")]
            _print_regions(console, f"{title}, pattern {str(pattern).replace('_', ' ')}", *own)


def _rows(folder: Path, file: str, name: str, manifest: Mapping[str, Any]) -> list[Row]:
    if file not in manifest.get("sha256", {}):
        return []
    return [row for row in read_table(folder / file) if row["ensemble"] == name]


def _percent(row: Row) -> str:
    """A share with its interval."""
    if row["share"] is None:
        return "–"
    return f"{100 * row['share']:.1f} % ({100 * row['low']:.1f}–{100 * row['high']:.1f})"


def _print_shares(console: Console, title: str, rows: list[Row]) -> None:
    made = table("claim", "among", "share (95 %)", "draws", "undecided", left=2)
    before = None
    for row in rows:
        claim = str(row["claim"]).replace("_", " ") if row["claim"] != before else ""
        before = row["claim"]
        among = "all draws" if row["split"] == "all" else f"{row['split']}: {row['class']}"
        made.add_row(claim, among, _percent(row), str(row["points"]), str(row["undecided"]))
    print_table(console, f"{title}: shares in which claims hold", made)
    console.print()


def _print_agreements(console: Console, title: str, rows: list[Row]) -> None:
    agreements = list(dict.fromkeys(row["agreement"] for row in rows))
    made = table("partition", *(str(name).replace("_", " ") for name in agreements))
    for partition in dict.fromkeys(row["partition"] for row in rows):
        own = {row["agreement"]: row for row in rows if row["partition"] == partition}
        made.add_row(str(partition), *(_percent(own[name]) for name in agreements))
    print_table(console, f"{title}: shares in which agreements are sustained", made)
    console.print()


def _print_indices(console: Console, title: str, rows: list[Row]) -> None:
    made = table("output", "parameter", "first order", "total", left=2)
    for output in dict.fromkeys(row["output"] for row in rows):
        own = [row for row in rows if row["output"] == output and row["total"] is not None]
        for k, row in enumerate(sorted(own, key=lambda row: -row["total"])[:6]):
            cells = (f"{row[key]:.2f}{_interval(row[f'{key}_low'], row[f'{key}_high'])}" for key in ("first", "total"))
            made.add_row(str(output).replace("_", " ") if k == 0 else "", str(row["parameter"]), *cells)
    print_table(console, f"{title}: Sobol indices (95 %), parameters independent; the six largest of each output", made)
    console.print()


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({low:.2f}–{high:.2f})"


def _print_regions(console: Console, title: str, regions: list[Row], ranges: list[Row]) -> None:
    made = table("partition", "share of the prior (95 %)", "undecided", "parameters it narrows", "shifts")
    made.columns[3].justify = made.columns[4].justify = "left"
    for row in regions:
        own = [each for each in ranges if each["partition"] == row["partition"]]
        words = (", ".join(str(each["parameter"]) for each in own if each["verdict"] == verdict) for verdict in ("narrowed", "shifted"))
        made.add_row(str(row["partition"]), _percent(row), str(row["undecided"]), *(each or "–" for each in words))
    print_table(console, f"{title}: where it is an equilibrium outcome", made)
    console.print()
