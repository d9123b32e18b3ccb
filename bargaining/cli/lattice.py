"""The linkage lattice as tables for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from bargaining.cli.terminal import number, print_table, table
from bargaining.store import Row

_SETS = {
    "worst_us": "worst U.S.",
    "best_us": "best U.S.",
    "worst_cn": "worst China",
    "best_cn": "best China",
    "joint_surplus": "joint surplus",
}


def print_lattices(console: Console, rows: Sequence[Row], manifest: Mapping[str, Any]) -> None:
    """One table a run and calibration: the lattice itself, or for a sweep the range of every payoff over its points."""
    for run, words in manifest["runs"].items():
        mine = [row for row in rows if row["run"] == run]
        for calibration in dict.fromkeys(row["calibration"] for row in mine):
            group = [row for row in mine if row["calibration"] == calibration and _of_lattice(row)]
            if not group:
                continue  # every point failed; the failures are listed by themselves
            title = f"{run}: {words['title']}" + (f" ({calibration})" if calibration else "")
            if words["parameters"]:
                _print_sweep(console, title, group, words)
            else:
                _print_lattice(console, title, group, words)
            console.print()


def _of_lattice(row: Row) -> bool:
    """Whether a row is of a lattice, not of an analysis of deals or of a plan that is asked about block by block."""
    return bool(row.get("partition")) and "agreement" in row and not any(row.get(column) for column in ("analysis", "plan", "kind"))


def _print_lattice(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any]) -> None:
    agreements = list(dict.fromkeys(row["agreement"] for row in rows if row.get("agreement")))
    made = table("partition", "stance", *(name.replace("_", " ") for name in agreements), *_SETS.values(), left=2)
    notes = _Notes()
    for partition in dict.fromkeys(row["partition"] for row in rows):
        of = {row["agreement"]: row for row in rows if row["partition"] == partition}
        first = next(iter(of.values()))
        cells = [_cell(of[name], notes) if name in of else Text() for name in agreements]
        made.add_row(partition, first["stance"] or "", *cells, *(number(first[column]) for column in _SETS))
    print_table(console, title, made)
    console.print()
    deltas = next(((row["delta_us"], row["delta_cn"]) for row in rows if row.get("delta_us") is not None), None)
    if agreements:
        console.print("Agreement cells: the least common patience δ* (per 90 days) that sustains it for ever; static: it needs no future.")
    at = f" at δ = {deltas[0]:.3f} (U.S.), {deltas[1]:.3f} (China)" if deltas else ""
    console.print(f"Payoffs: what each side can at best gain and at worst be forced to accept{at}; {words['unit']}.")
    console.print(
        "Issues: " + ", ".join(f"{issue} {name}" for issue, name in words["issues"].items()) + "; a comma links, a bar separates."
    )
    for line in notes.lines():
        console.print(line)
    if words["notice"]:
        console.print(f"Notice: {words['notice']}; `bargaining show {words['scenario']}` marks them.")


def _print_sweep(console: Console, title: str, rows: Sequence[Row], words: Mapping[str, Any]) -> None:
    points = len({row["point"] for row in rows})
    swept = " × ".join(words["parameters"])
    made = table("partition", "stance", *_SETS.values(), left=2)
    for partition in dict.fromkeys(row["partition"] for row in rows if row.get("partition")):
        of = [row for row in rows if row.get("partition") == partition]
        made.add_row(partition, of[0]["stance"] or "", *(_range([row[column] for row in of]) for column in _SETS))
    print_table(console, f"{title}: {points} points over {swept}", made)
    console.print()
    console.print(f"Payoffs from the lowest to the highest over the points; {words['unit']}.")
    unsolved = [row for row in rows if row["status"] not in ("solved", "empty")]
    if unsolved:
        console.print(f"{len(unsolved)} of {len(rows)} rows are not proven: {', '.join(sorted({row['status'] for row in unsolved}))}.")


def _range(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = number(min(known)), number(max(known))
    return low if low == high else f"{low} … {high}"


class _Notes:
    """Footnotes, numbered in order of first use, and the marks that were used."""

    def __init__(self) -> None:
        self._numbered: dict[str, int] = {}
        self._marks: dict[str, str] = {}

    def reference(self, text: str) -> str:
        """The number of a footnote, raised."""
        number = self._numbered.setdefault(text, len(self._numbered) + 1)
        return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))

    def mark(self, sign: str, meaning: str) -> str:
        """A sign that stands for something said once below the table."""
        self._marks[sign] = meaning
        return sign

    def lines(self) -> Iterator[str]:
        """The notes to print below the table."""
        for sign, meaning in self._marks.items():
            yield f"  {sign}  {meaning}"
        for text in self._numbered:
            yield f"  {self.reference(text)}  {text}"


def _cell(row: Row, notes: _Notes) -> Text:
    verdict = row.get("verdict") or ""
    text = number(row.get("critical_delta"), 3) if verdict == "patience" else verdict
    marks = ""
    if verdict == "never" and row.get("violated"):
        marks += notes.reference(f"never, whatever the patience: {row['violated']}")
    if verdict == "patience" and not row.get("sustained"):
        marks += notes.mark("✗", "not sustained at the discount factors of this calibration")
    if row.get("tie"):
        marks += notes.mark("≈", "a knife edge: an incentive binds exactly, so the answer turns on the last digit of a parameter")
    if verdict in ("patience", "static") and row.get("voluntary") is False:
        marks += notes.mark("!", "extorted: a side is worse off than at the static Nash equilibrium it could fall back on")
    if row.get("sustained") and row.get("survives_renegotiation") is False:
        marks += notes.mark("‡", "not if every period's play is renegotiated with side payments: see critical_delta_contractual")
    if row.get("sustained") and row.get("weakly_renegotiation_proof") is False:
        marks += notes.mark(
            "§", "without side payments whoever is to punish would rather forget: not weakly renegotiation-proof in pure actions"
        )
    if row.get("status") not in ("solved", "empty"):
        marks += notes.mark("?", "not proven: see the columns status and error_bound")
    return Text(text + (marks or " "), style={"static": "green", "never": "red"}.get(verdict, ""))
