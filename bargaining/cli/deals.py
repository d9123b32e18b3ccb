"""Runs on deals as tables for the terminal: at how many points each conclusion holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from bargaining.cli.terminal import print_table, table
from bargaining.store import CONCLUSIONS, read_table


def print_deals(console: Console, folder: Path, manifest: Mapping[str, Any]) -> None:
    """One table a run; nothing if the experiment is not on deals."""
    if CONCLUSIONS not in manifest.get("sha256", {}):
        return
    rows = read_table(folder / CONCLUSIONS)
    for run, words in manifest["runs"].items():
        mine = [row for row in rows if row["run"] == run]
        if not mine:
            continue
        made = table("conclusion", "holds", "of", "share", left=1)
        for row in mine:
            made.add_row(row["conclusion"], str(row["holds"]), str(row["of"]), f"{100 * row['share']:.0f} %")
        print_table(console, f"{run}: {words['title']}", made)
        if words["notice"]:
            console.print(f"Notice: {words['notice']}; `bargaining show {words['scenario']}` marks them.")
        console.print()
