"""Runs of scenarios with signals as tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from bargaining.cli.terminal import number, print_table, table
from bargaining.report.monitored_answers import REGIMES, answers, claims, gain_names, is_monitored
from bargaining.store import Row

_LETTER = {"link": "L", "firewall": "F", "tie": "="}


def print_monitored(console: Console, rows: Sequence[Row], manifest: Mapping[str, Any]) -> None:
    """For each run and calibration: a map of letters, payoffs along a parameter, or the shares of a sample."""
    for run, words in manifest["runs"].items():
        mine = [row for row in rows if row["run"] == run and is_monitored(row)]
        for calibration in dict.fromkeys(row["calibration"] for row in mine):
            group = [row for row in mine if row["calibration"] == calibration]
            title = f"{run}: {words['title']} ({calibration})"
            swept = [name for name in words["parameters"] if len({row[name] for row in group}) > 1]
            if words["draws"]:
                _print_shares(console, title, group)
            elif len(swept) > 1:
                _print_map(console, title, group, words, swept)
            else:
                _print_lines(console, title, group, words, swept)
            for sentence in answers(words, swept, group):
                console.print(f"- {sentence}")
            if words["notice"]:
                console.print(f"Notice: {words['notice']}; `bargaining show {words['scenario']}` marks them.")
            console.print()


def _print_shares(console: Console, title: str, rows: Sequence[Row]) -> None:
    made = table("claim", "share (95 %)", "draws", left=1)
    for claim in claims(rows):
        made.add_row(claim.words, f"{100 * claim.share:.1f} % ({100 * claim.low:.1f}–{100 * claim.high:.1f})", str(claim.points))
    print_table(console, f"{title}: shares of the draws in which claims hold", made)
    console.print()


def _print_map(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any], swept: Sequence[str]) -> None:
    *others, down, across = swept
    symbols = {name: words["parameters"][name]["symbol"] for name in swept}
    for key in dict.fromkeys(tuple(row[name] for name in others) for row in rows):
        own = [row for row in rows if tuple(row[name] for name in others) == key]
        columns = list(dict.fromkeys(row[across] for row in own))
        made = table(symbols[down], *(f"{value:g}" for value in columns), left=1)
        for value in dict.fromkeys(row[down] for row in own):
            of = {row[across]: _LETTER[row["verdict"]] for row in own if row[down] == value}
            made.add_row(f"{value:g}", *(of.get(column, "") for column in columns))
        at = "".join(f"; {symbols[name]} = {value:g}" for name, value in zip(others, key, strict=True))
        print_table(console, f"{title}{at}; across: {symbols[across]}", made)
        console.print()
    console.print("L: tying all issues is worth more to both sides together than keeping them apart; F: less (firewall); =: the same.")


def _print_lines(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any], swept: Sequence[str]) -> None:
    names = gain_names(rows[0])
    heads = [words["parameters"][name]["symbol"] for name in swept]
    short = [regime.partition(":")[0] for regime in REGIMES.values()]
    gains = [f"{name.replace('_', ' ')}, {regime}" for name in names for regime in ("apart", "linked")]
    made = table(*heads, *short, "verdict", "winners", *gains, left=0)
    for row in rows:
        cells = [f"{row[name]:g}" if isinstance(row[name], (int, float)) else str(row[name]) for name in swept]
        cells += [number(row[f"{regime}_joint"], 3) for regime in REGIMES] + [row["verdict"], row["winners"]]
        made.add_row(*cells, *(number(row[f"{name}_{regime}"], 3) for name in names for regime in ("apart", "linked")))
    print_table(console, f"{title}; joint payoffs in {words['unit']}", made)
    console.print()
