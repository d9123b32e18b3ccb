"""Runs of scenarios with states as tables for the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from bargaining.cli.terminal import number, print_table, table
from bargaining.report.answers import answers, proven
from bargaining.store import Row, groups

_SIGN = {True: "✓", False: "·", None: "?"}
_PAYOFFS = {
    "worst_us": "worst U.S.",
    "best_us": "best U.S.",
    "worst_cn": "worst China",
    "best_cn": "best China",
    "joint_surplus": "joint surplus",
}


def print_states(console: Console, rows: Sequence[Row], manifest: Mapping[str, Any]) -> None:
    """One table a run, calibration, state and plan: states down for one game, the last swept parameter across for a sweep."""
    for run, words in manifest["runs"].items():
        if "plans" not in words:
            continue
        mine = [row for row in rows if row["run"] == run and row.get("plan")]
        for calibration in dict.fromkeys(row["calibration"] for row in mine):
            group = [row for row in mine if row["calibration"] == calibration]
            title = f"{run}: {words['title']} ({calibration})"
            swept = list(words["parameters"])
            if any(row.get("kind") for row in group):
                console.print(title)
                for plan in dict.fromkeys(row["plan"] for row in group):
                    console.print(f"Plan {plan.replace('_', ' ')}: {words['plans'][plan]}.")
            elif swept:
                _print_sweep(console, title, group, words, swept)
            else:
                _print_one(console, title, group, words)
            for sentence in answers(words["scenario"], swept, group):
                console.print(f"- {sentence}")
            unproven = {row["point"] for row in group if not proven(row)}
            if unproven:
                of = len({row["point"] for row in group})
                console.print(
                    f"Payoffs of {len(unproven)} of {of} points are not proven to the accuracy asked for; what holds or fails is."
                )
            if words["notice"]:
                console.print(f"Notice: {words['notice']}; `bargaining show {words['scenario']}` marks them.")
            console.print()


def _print_one(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any]) -> None:
    plans = list(dict.fromkeys(row["plan"] for row in rows))
    made = table("state", *(plan.replace("_", " ") for plan in plans), *_PAYOFFS.values(), left=1)
    for (state,), own in groups(rows, ["state"]).items():
        of = {row["plan"]: row for row in own}
        cells = [f"{_SIGN[of[plan]['sustained']]} {number(of[plan]['plan_us'])}, {number(of[plan]['plan_cn'])}" for plan in plans]
        made.add_row(str(state), *cells, *(_settled(own[0], column) for column in _PAYOFFS))
    print_table(console, title, made)
    console.print()
    _print_key(console, words, plans)


def _print_sweep(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any], swept: Sequence[str]) -> None:
    *down, across = swept
    values = list(dict.fromkeys(row[across] for row in rows))
    symbols = {name: words["parameters"][name]["symbol"] for name in swept}
    plans = list(dict.fromkeys(row["plan"] for row in rows))
    for (state, plan), own in groups(rows, ["state", "plan"]).items():
        made = table(*(symbols[name] for name in down), *(f"{symbols[across]} = {_short(value)}" for value in values), left=0)
        for key, group in groups(own, down).items():
            of = {row[across]: row for row in group}
            cells = [f"{_SIGN[of[v]['sustained']]} {_settled(of[v], 'joint_surplus')}" if v in of else "" for v in values]
            made.add_row(*(_short(value) for value in key), *cells)
        print_table(console, f"{title}; state {state}, plan {str(plan).replace('_', ' ')}", made)
        console.print()
    _print_key(console, words, plans)


def _print_key(console: Console, words: Mapping[str, Any], plans: Sequence[str]) -> None:
    console.print(
        "✓ the plan, played from that state for ever, is an equilibrium path; · it is none; ? not settled. Numbers: payoffs of the plan"
    )
    console.print(f"or, in a sweep, the largest joint surplus of any equilibrium (–: not proven); {words['unit']}.")
    for plan in plans:
        console.print(f"Plan {plan.replace('_', ' ')}: {words['plans'][plan]}.")


def _settled(row: Row, column: str) -> str:
    """A number that is proven to the accuracy asked for."""
    return number(row[column]) if proven(row) else "–"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)
