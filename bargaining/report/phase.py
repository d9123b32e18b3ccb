"""Phase diagrams: where, over two uncertain parameters, linking issues adds a threat and where it creates something."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from bargaining.plotting import INK, format_payoff, wrap_text
from bargaining.report.source import Case, Words, capital

X, Y = "withhold_strategic_value_cn_busd", "curb_security_ratio"
_AXES = {
    X: "Strategic value to China of withholding rare earths, revenue apart",
    Y: "Security value to the U.S. of the chip curb, per dollar of profit it forgoes: b",
}
_COLOURS = {
    (): "#f0f0f0",
    ("worst_us",): "#f2a884",
    ("joint_surplus",): "#9ccdec",
    ("best_cn",): "#f7eba6",
    ("joint_surplus", "worst_us"): "#c7a3cf",
    ("best_cn", "joint_surplus"): "#8fd0b8",
    ("best_cn", "worst_us"): "#dcae55",
    ("best_cn", "joint_surplus", "worst_us"): "#8d9bb0",
}
_UNSETTLED = "#ffffff"
Floats = NDArray[np.float64]
_Lines = tuple[list[float], list[float]]


@dataclass(frozen=True)
class Change:
    """What linking may move: a column of the rows, and the words for its moving."""

    column: str
    words: str


THREAT = Change("worst_us", "adds a threat: the U.S. worst payoff changes by")
SURPLUS = Change("joint_surplus", "creates surplus: the joint surplus changes by")
PRIZE = Change("best_cn", "adds a prize: China's best payoff changes by")


@dataclass(frozen=True)
class Step:
    """Linking one more issue: from a partition to a coarser one, and the changes worth telling apart."""

    title: str
    before: tuple[str, ...]
    after: str
    changes: tuple[Change, ...]


STEPS = (
    Step(
        "Linking rare earths to tariffs and countermeasures",
        before=("T,K|R|A", "T|R|K|A"),
        after="T,R,K|A",
        changes=(THREAT, Change("joint_surplus", "creates surplus: the joint surplus changes by")),
    ),
    Step("Linking AI chips to all the rest as well", before=("T,R,K|A",), after="T,R,K,A", changes=(PRIZE, THREAT, SURPLUS)),
)


@dataclass(frozen=True)
class Bound:
    """A closed-form bound on one of the two parameters: its key in the manifest, or a value that needs none."""

    parameter: str
    name: str
    meaning: str
    key: str = ""
    constant: float | None = None

    def value(self, bounds: Mapping[str, float]) -> float | None:
        """Where the bound lies, if known."""
        return bounds.get(self.key, self.constant)


BOUNDS = (
    Bound(X, "withholding threshold", "to its right withholding pays China by itself", key="withholding_threshold_busd"),
    Bound(Y, "curb worth its cost", "above it the U.S. gains more security from the chip curb than it loses in profit", constant=1.0),
    Bound(Y, "joint-surplus bound", "below it easing chips raises joint surplus", key="b_joint_surplus"),
    Bound(Y, "coercion bound", "below it the threat to withhold, if credible, can make the U.S. ease", key="b_coercion"),
)


def applies(case: Case) -> bool:
    """Whether a case sweeps the two parameters of the diagram over a grid and has at least one step to show."""
    return set(case.swept) == {X, Y} and any(_partitions(case, step) for step in STEPS)


def draw(case: Case) -> Figure:
    """One panel a step; regions by which changes linking brings about, closed-form bounds as lines."""
    steps = [step for step in STEPS if _partitions(case, step)]
    figure = Figure(figsize=(6.6 * len(steps), 6.9), layout=ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.12))
    inside = 6.6 * len(steps) - 0.5
    title = wrap_text("Where linking issues adds a threat, and where it creates something", inside, 12, bold=True)
    figure.suptitle("\n".join(title), x=0.02, ha="left", weight="bold", size=12)
    for k, step in enumerate(steps):
        _panel(figure.add_subplot(1, len(steps), k + 1), case, step, "abcdefgh"[k])
    sentences = [f"{case.words.story()} {case.setting}", *_meanings(case.words.bounds.get(case.calibration, {}), case)]
    note = [line for sentence in sentences for line in wrap_text(sentence, inside, 8.5)]
    figure.supxlabel("\n".join(note), x=0.02, ha="left", size=8.5, color="#444444")
    return figure


def changes(case: Case, before: str, after: str, column: str) -> Floats:
    """Change of a column from one partition to another over the grid: a row a value of the second parameter, NaN where not settled.

    A change within the proven error of the two sets is none.
    """
    x, y = case.values(X), case.values(Y)
    value, error = ({name: np.full((len(y), len(x)), np.nan) for name in (before, after)} for _ in range(2))
    for row in case.rows:
        if row.get("partition") in value and row["status"] == "solved" and None not in (row[X], row[Y], row[column]):
            cell = y.index(row[Y]), x.index(row[X])
            value[row["partition"]][cell] = row[column]
            error[row["partition"]][cell] = row["error_bound"] or 0.0
    difference: Floats = value[after] - value[before]
    # A payoff sum can be off by √2 times the distance that bounds a set's error.
    within = np.abs(difference) <= math.sqrt(2) * (error[before] + error[after]) + 1e-9
    return np.where(within, 0.0, difference)


def _partitions(case: Case, step: Step) -> tuple[str, str] | None:
    """The two partitions of a step, if the case has them."""
    present = set(case.partitions)
    before = next((name for name in step.before if name in present), None)
    return (before, step.after) if before and step.after in present else None


def _panel(ax: Axes, case: Case, step: Step, letter: str) -> None:
    partitions = _partitions(case, step)
    if partitions is None:
        raise ValueError(f"no partitions for {step.title!r}")
    tables = [changes(case, *partitions, change.column) for change in step.changes]
    code = _codes(tables)
    present = sorted(set(code.ravel().tolist()))
    colours = [_colour(k, step) for k in present]
    x, y = np.array(case.values(X)), np.array(case.values(Y))
    cells, top = np.searchsorted(present, code), len(present) - 0.5
    ax.pcolormesh(_edges(x), _edges(y), cells, cmap=ListedColormap(colours), vmin=-0.5, vmax=top, rasterized=True)
    ax.set_xlabel("\n".join(wrap_text(_axis(case.words, X), 5.0, 9)))
    ax.set_ylabel("\n".join(wrap_text(_axis(case.words, Y), 3.6, 9)))
    before, after = (case.words.partition(name) for name in partitions)
    heading = wrap_text(f"({letter}) {step.title}", 5.4, 10, bold=True)
    detail = wrap_text(f"from: {before}", 5.4, 8.5) + wrap_text(f"to: {after}", 5.4, 8.5)
    ax.set_title("\n".join(heading), pad=8 + 12 * len(detail), weight="bold")
    ax.annotate("\n".join(detail), (0, 1), (0, 4), "axes fraction", "offset points", va="bottom", size=8.5)
    lines = _draw_bounds(ax, case.words.bounds.get(case.calibration, {}))
    handles = []
    for name, k, colour in zip("ABCDEFGHI", present, colours, strict=False):
        handles.append(Patch(facecolor=colour, edgecolor="#777777", label=f"{name}: {_label(k, step, tables, code == k)}"))
        ax.text(*_middle(code == k, x, y, lines), name, size=15, weight="bold", ha="center", va="center", color="#444444")
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.17), borderaxespad=0.0)


def _codes(tables: list[Floats]) -> NDArray[np.int_]:
    """Per grid point the changes that occur, as bits; the next bit alone where one of them is not known."""
    code = np.zeros(tables[0].shape, dtype=int)
    for k, table in enumerate(tables):
        code += (1 << k) * (np.nan_to_num(table) != 0)
    code[~np.isfinite(tables).all(axis=0)] = 1 << len(tables)
    return code


def _colour(code: int, step: Step) -> str:
    columns = tuple(sorted(change.column for k, change in enumerate(step.changes) if code >> k & 1))
    return _UNSETTLED if code == 1 << len(step.changes) else _COLOURS[columns]


def _label(code: int, step: Step, tables: list[Floats], where: NDArray[np.bool_]) -> str:
    if code == 1 << len(tables):
        return "not settled numerically"
    if code == 0:
        return "changes none of these"
    parts = []
    for k, (change, table) in enumerate(zip(step.changes, tables, strict=True)):
        if code >> k & 1:
            values = table[where]
            low, high = format_payoff(values.min()), format_payoff(values.max())
            parts.append(f"{change.words} {low}" if low == high else f"{change.words} {low} to {high}")
    return "\n     and ".join(parts)


def _middle(where: NDArray[np.bool_], x: Floats, y: Floats, lines: _Lines) -> tuple[float, float]:
    """The place deepest inside a region and off the lines."""
    from scipy.ndimage import distance_transform_edt

    free = where.copy()
    for value in lines[0]:
        free[:, np.abs(x - value) < 0.06 * np.ptp(x)] = False
    for value in lines[1]:
        free[np.abs(y - value) < 0.05 * np.ptp(y), :] = False
    depth = distance_transform_edt(np.pad(free if free.any() else where, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), where.shape)
    return float(x[column]), float(y[row])


def _axis(words: Words, parameter: str) -> str:
    entry: Mapping[str, str] = words.parameters.get(parameter, {})
    return f"{_AXES[parameter]} ({', '.join(entry[key] for key in ('unit', 'status') if entry.get(key))})".removesuffix(" ()")


def _draw_bounds(ax: Axes, bounds: Mapping[str, float]) -> _Lines:
    """Draw the closed-form bounds and b = 1; returns where they are."""
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    halo: dict[str, Any] = {
        "size": 8,
        "color": INK,
        "path_effects": [withStroke(linewidth=2.5, foreground="white")],
        "va": "bottom",
        "ha": "right",
    }
    lines: _Lines = ([], [])
    for bound in BOUNDS:
        value = bound.value(bounds)
        if bound.parameter == X and value is not None and left < value < right:
            ax.axvline(value, color=INK, linewidth=1.4, linestyle="--")
            ax.text(value, low, f"  {format_payoff(value)}: {bound.name}", rotation=90, **halo)
            lines[0].append(value)
        elif bound.parameter == Y and value is not None and low < value < high:
            ax.axhline(value, color=INK, linewidth=1.2, linestyle=":")
            ax.text(right - 0.01 * (right - left), value, f"b = {value:.3g}: {bound.name}", **halo)
            lines[1].append(value)
    return lines


def _meanings(bounds: Mapping[str, float], case: Case) -> list[str]:
    """The bounds in words, with the values of those beyond the edge of the chart."""
    told = []
    for bound in BOUNDS:
        value = bound.value(bounds)
        if value is not None:
            grid = case.values(bound.parameter)
            beyond = not grid[0] <= value <= grid[-1]
            told.append(f"{capital(bound.name)}: {bound.meaning}" + (f" (at {format_payoff(value)}, beyond the chart)." if beyond else "."))
    return [" ".join(told)]


def _edges(centres: Floats) -> Floats:
    """Edges of the cells around grid values."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middle = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([[centres[0] - (middle[0] - centres[0])], middle, [centres[-1] + (centres[-1] - middle[-1])]])
