"""How every figure looks, and how it is saved: the same bytes for the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bargaining.plotting import wrap_text
from bargaining.report.source import Case

_STYLE: dict[Any, Any] = {
    "font.family": "serif",
    "font.serif": ["DejaVu Serif"],  # ships with matplotlib, so text is laid out alike on every machine
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "text.parse_math": False,  # a dollar is a dollar
    "svg.hashsalt": "bargaining",
    "svg.fonttype": "path",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def style() -> Iterator[None]:
    """The style in which figures are drawn and saved; leaves matplotlib as it was."""
    with mpl.rc_context(_STYLE):
        yield


def panels(
    case: Case, title: str, columns: int, note: str, *, height: float = 4.9, width: float | None = None, down: int = 1
) -> tuple[Figure, list[Axes]]:
    """An empty figure of panels with its title above, and its note, story and setting below."""
    if columns < 1:
        raise ValueError(f"{case.name}: a figure with nothing to draw")
    width = 4.4 * columns + 0.4 if width is None else width
    figure = Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    inside = width - 0.6
    figure.suptitle("\n".join(wrap_text(title, inside, 12, bold=True)), x=0.02, ha="left", weight="bold", size=12)
    lines = [line for part in (note, case.words.story(), case.setting) for line in wrap_text(part, inside, 8.5)]
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", size=8.5, color="#444444")
    return figure, [figure.add_subplot(down, columns, k + 1) for k in range(columns * down)]


def keep_flat(ax: Axes, error: float) -> None:
    """Do not magnify what differs by no more than the error of the answers, or by rounding."""
    low, high = ax.get_ylim()
    least = max(10.0 * error, 1e-3 * max(abs(low), abs(high)), 1e-3)
    if high - low < least:
        middle = 0.5 * (low + high)
        room = max(0.5 * least, 0.1 * abs(middle), 0.1)
        ax.set_ylim(middle - room, middle + room)
    ax.ticklabel_format(axis="y", useOffset=False, style="plain")


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``name.svg`` without dates or version numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path
