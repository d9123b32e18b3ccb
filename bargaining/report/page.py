"""How every figure looks, and how it is saved: the same bytes for the same rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

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


def save(figure: Figure, folder: Path, name: str) -> Path:
    """Write ``name.svg`` without dates or version numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    return path
