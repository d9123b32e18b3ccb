"""The linkage lattice as a figure: which agreements hold when which issues may be linked, and what each side can gain or lose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from bargaining.plotting import Cell, HasseNode, Interval, draw_hasse, hasse_layout, wrap_text
from bargaining.report.source import Case, capital
from bargaining.store import Row

HOLDS, EXTORTED, IMPATIENT, NEVER, OPEN = "#a9d0ec", "#f5c27a", "#ffffff", "#d4d4d4", "#f4ecb0"
_COLOURS = {
    HOLDS: "holds at the sides' patience, and neither side would rather see cooperation break down",
    EXTORTED: "holds at the sides' patience, but by threat: a side would do better if cooperation simply broke down",
    IMPATIENT: "fails at the sides' patience; would hold at the discount factor stated",
    NEVER: "fails at any patience",
    OPEN: "not settled numerically",
}
# Sign of a cell -> what it means, and whether a row has it. Columns on renegotiation are there only if they were asked for.
_SIGNS: Mapping[str, tuple[str, Callable[[Row], bool]]] = {
    "†": (
        "a tie: the finding turns on an exact equality (a knife edge), so payoffs a little different could reverse it",
        lambda row: bool(row["tie"]),
    ),
    "‡": (
        "holds, but not if every period's play is renegotiated with side payments: that needs more patience (contractual equilibrium)",
        lambda row: bool(row["sustained"]) and row.get("survives_renegotiation") is False,
    ),
    "§": (
        "holds, but without side payments whoever is to punish would rather forget (not weakly renegotiation-proof in pure actions)",
        lambda row: bool(row["sustained"]) and row.get("weakly_renegotiation_proof") is False,
    ),
}
_LINE, _SIZE, _MARGIN, _SWATCH = 0.19, 8.5, 0.3, 0.38


@dataclass(frozen=True)
class _Note:
    """A line of the legend: plain, a heading, or beside a swatch of the colour it explains."""

    text: str
    colour: str | None = None
    heading: bool = False
    shift: float = 0.0


def applies(case: Case) -> bool:
    """Whether a case is one game with agreements, and solved."""
    return not case.swept and bool(case.agreements())


def draw(case: Case) -> Figure:
    """Hasse diagram of a case: partitions by number of blocks, a table of agreements and a bar a side in each box."""
    rows = case.agreements()
    reasons = {text: k + 1 for k, text in enumerate(dict.fromkeys(text for row in rows for text in _reasons(row)))}
    boxes = nodes(case, reasons)
    layout = hasse_layout(boxes)
    width = layout.size[0]
    inside = width - 2 * _MARGIN
    title = wrap_text("Which agreements hold under which linkage", inside, 14, bold=True)
    subtitle = wrap_text(case.words.story(), inside, 10) + wrap_text(case.setting, inside, 10)
    columns = _columns(_legend(case, rows, reasons), max(1, int(width / 5.5)), width)
    head, foot = 0.35 + 0.28 * len(title) + 0.2 * len(subtitle), 0.5 + _LINE * max(map(len, columns))
    height = head + layout.size[1] + foot
    figure = Figure(figsize=(width, height))
    draw_hasse(boxes, figure.add_axes((0.0, foot / height, 1.0, layout.size[1] / height)))
    page = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    page.set(xlim=(0, width), ylim=(0, height))
    page.axis("off")
    for k, line in enumerate(title):
        page.text(_MARGIN, height - 0.3 - 0.28 * k, line, size=14, weight="bold", va="center")
    for k, line in enumerate(subtitle):
        page.text(_MARGIN, height - 0.32 - 0.28 * len(title) - 0.2 * k, line, size=10, va="center", color="#444444")
    for k, column in enumerate(columns):
        _draw_notes(page, column, _MARGIN + k * (width - _MARGIN) / len(columns), foot - 0.25)
    return figure


def nodes(case: Case, reasons: Mapping[str, int] | None = None) -> list[HasseNode]:
    """The boxes of a case's diagram, one a partition; `reasons` number the constraints that fail, and are left out if there are none."""
    rows = case.agreements()
    return [_node(case, name, [row for row in rows if row["partition"] == name], reasons or {}) for name in case.partitions]


def _node(case: Case, partition: str, rows: list[Row], reasons: Mapping[str, int]) -> HasseNode:
    stance = case.words.stance(partition)
    lines = [piece for line in case.words.partition_lines(partition) for piece in wrap_text(line, 2.75, _SIZE)]
    first, quo = rows[0], case.words.status_quo_payoffs
    return HasseNode(
        partition,
        title=capital(stance),
        lines=tuple(lines),
        cells=tuple(_cell(row, reasons) for row in rows),
        intervals=(
            Interval("U.S.", first["worst_us"], first["best_us"], quo[0]),
            Interval("China", first["worst_cn"], first["best_cn"], quo[1]),
        ),
    )


def _cell(row: Row, reasons: Mapping[str, int]) -> Cell:
    text = f"{row['critical_delta']:.3f}" if row["verdict"] == "patience" else row["verdict"]
    if reasons and _reasons(row):
        text += f" [{', '.join(str(k) for k in sorted(reasons[reason] for reason in _reasons(row)))}]"
    if row["status"] not in ("solved", "empty") and row["verdict"] != "undecided":
        text += " ?"
    signs = "".join(sign for sign, (_, applies_to) in _SIGNS.items() if applies_to(row))
    text += f" {signs}" if signs else ""
    return Cell(row["agreement"].replace("_", " "), text, _colour(row))


def _reasons(row: Row) -> list[str]:
    """The constraints that no patience satisfies, one a block of issues; none while that is open."""
    return row["violated"].replace(" -", " −").split("; ") if row["violated"] and row["verdict"] == "never" else []


def _colour(row: Row) -> str:
    if row["verdict"] in ("never", "empty"):
        return NEVER
    if row["verdict"] == "undecided" or row["sustained"] is None:
        return OPEN
    if not row["sustained"]:
        return IMPATIENT
    return EXTORTED if row["voluntary"] is False else HOLDS


def _legend(case: Case, rows: list[Row], reasons: dict[str, int]) -> list[list[_Note]]:
    """Blocks of the legend: colours and signs, agreements, reasons. Only what occurs is explained."""
    colours = {_colour(row) for row in rows}
    verdicts = {row["verdict"] for row in rows}
    signs = [_Note(text, colour, shift=_SWATCH) for colour, text in _COLOURS.items() if colour in colours]
    signs += [_Note("“+” joins issues that may be linked; a line leads up to the partition that links two blocks more")]
    if case.words.stances:
        signs.append(_Note("heavy frame: a stance with a name"))
    if "patience" in verdicts:
        signs.append(_Note("a number: the least discount factor, common to both sides, at which the agreement enforces itself for ever"))
    if "static" in verdicts:
        signs.append(_Note("static: holds without any regard for the future; nobody gains by breaking it even once"))
    if any(row["status"] not in ("solved", "empty") and row["verdict"] != "undecided" for row in rows):
        signs.append(_Note("? computed, but not proven to the accuracy asked for"))
    signs += [_Note(f"{sign} {words}") for sign, (words, applies_to) in _SIGNS.items() if any(applies_to(row) for row in rows)]
    quo = case.words.status_quo.replace("_", " ")
    signs.append(
        _Note(f"bars: from the worst to the best payoff a side can be held to, all on one scale; the tick is the status quo ({quo})")
    )
    signs += [_Note(capital(words)) for words in case.words.issues.values() if "(" in words]
    told = [name for name in dict.fromkeys(row["agreement"] for row in rows) if case.words.agreement(name)]
    agreements = [_Note("Agreements", heading=True)] * bool(told) + [
        _Note(f"{name.replace('_', ' ')}: {case.words.agreement(name)}") for name in told
    ]
    failures = [_Note("Why an agreement fails", heading=True)] * bool(reasons) + [_Note(f"[{k}] {text}") for text, k in reasons.items()]
    return [block for block in (signs, agreements, failures) if block]


def _columns(blocks: list[list[_Note]], most: int, width: float) -> list[list[_Note]]:
    """Blocks side by side if there is room, the rest below the last; long notes broken into lines."""
    count = min(most, len(blocks))
    each = (width - _MARGIN) / count - 0.75
    columns: list[list[_Note]] = [[] for _ in range(count)]
    for k, block in enumerate(blocks):
        column = columns[min(k, count - 1)]
        if column:
            column.append(_Note(""))
        for note in block:
            first, *more = wrap_text(note.text, each - note.shift, _SIZE)
            column += [replace(note, text=first), *(_Note(line, shift=note.shift or 0.12) for line in more)]
    return columns


def _draw_notes(page: Axes, notes: list[_Note], x: float, y: float) -> None:
    for note in notes:
        if note.colour:
            page.add_patch(Rectangle((x, y - 0.06), 0.28, 0.12, facecolor=note.colour, edgecolor="#777777", linewidth=0.6))
        page.text(x + note.shift, y, note.text, size=_SIZE, va="center", weight="bold" if note.heading else "normal")
        y -= _LINE
