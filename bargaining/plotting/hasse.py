"""How a lattice of partitions is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.textpath import TextToPath

from bargaining.plotting.sets import BLUE, FAINT, INK, LINE, VERMILION


@dataclass(frozen=True)
class Cell:
    """One line of a node's table: what, the finding in short, and the colour that classes it."""

    label: str
    text: str
    color: str = "white"


@dataclass(frozen=True)
class Interval:
    """A side's worst and best payoff, and the payoff it has now; `low` and `high` are None if there is none."""

    side: str
    low: float | None
    high: float | None
    reference: float


@dataclass(frozen=True)
class HasseNode:
    """A partition and what is written in its box: a title, lines of text, a table, a bar a side."""

    partition: str
    title: str = ""
    lines: tuple[str, ...] = ()
    cells: tuple[Cell, ...] = ()
    intervals: tuple[Interval, ...] = ()


# Inches. The lattice is laid out in inches so that a box always holds its text, whatever the number of partitions.
_PAD, _ROW, _GAP_X, _GAP_Y = 0.08, 0.185, 0.22, 0.62
_TITLE, _BODY = 10.0, 8.5
_BAR = 0.75


@dataclass(frozen=True)
class HasseLayout:
    """Where each partition goes: centres of the boxes and their size, and the size of the whole, in inches."""

    centres: dict[str, tuple[float, float]]
    box: tuple[float, float]
    size: tuple[float, float]


def hasse_layout(nodes: Sequence[HasseNode]) -> HasseLayout:
    """Place partitions by number of blocks, the coarsest at the top, with boxes large enough for their text.

    Examples
    --------
    >>> layout = hasse_layout([HasseNode("T,R"), HasseNode("T|R")])
    >>> layout.centres["T,R"][1] > layout.centres["T|R"][1]
    True
    """
    ranks = _ordered_ranks([node.partition for node in nodes])
    width = max(*(_node_width(node) for node in nodes), sum(_interval_columns(nodes)) + _BAR + 2 * _PAD)
    height = 2 * _PAD + _ROW * max(bool(n.title) + len(n.lines) + len(n.cells) + len(n.intervals) + 0.3 * bool(n.cells) for n in nodes)
    across = max(len(rank) for rank in ranks)
    total = (across * width + (across + 1) * _GAP_X, len(ranks) * height + (len(ranks) - 1) * _GAP_Y + 0.2)
    centres = {}
    for k, rank in enumerate(ranks):
        for j, name in enumerate(rank):
            x = total[0] / 2 + (j - (len(rank) - 1) / 2) * (width + _GAP_X)
            centres[name] = (x, total[1] - 0.1 - height / 2 - k * (height + _GAP_Y))
    return HasseLayout(centres, (width, height), total)


def draw_hasse(nodes: Sequence[HasseNode], ax: Axes | None = None) -> Axes:
    """Draw a lattice of partitions as a Hasse diagram: an edge joins two partitions if one merge of two blocks leads from one to the other.

    Parameters
    ----------
    nodes : sequence of HasseNode
        Partitions written ``"T,R,K|A"``, in any order; a part of a lattice will do.
    ax : matplotlib.axes.Axes, optional
        Where to draw, best of the size `hasse_layout` gives; a new figure of that size if none is given.

    Returns
    -------
    matplotlib.axes.Axes
        In inches.

    Examples
    --------
    >>> ax = draw_hasse([HasseNode("T,R", "all linked"), HasseNode("T|R", "apart", cells=(Cell("truce", "0.40"),))])
    >>> len(ax.lines)
    1
    """
    layout = hasse_layout(nodes)
    axes = Figure(figsize=layout.size).add_axes((0.0, 0.0, 1.0, 1.0)) if ax is None else ax
    axes.set(xlim=(0, layout.size[0]), ylim=(0, layout.size[1]), aspect="equal")
    axes.axis("off")
    half = layout.box[1] / 2
    for fine, coarse in covering_pairs([node.partition for node in nodes]):
        (x0, y0), (x1, y1) = layout.centres[fine], layout.centres[coarse]
        axes.plot([x0, x1], [y0 + half, y1 - half], color=FAINT, linewidth=0.9, zorder=1)
    scale, columns = _common_scale(nodes), _interval_columns(nodes)
    for node in nodes:
        left, right, line = _draw_node(axes, node, layout)
        _draw_intervals(axes, node, (left + columns[0] + columns[1], right - columns[2], line), left, scale)
    return axes


def covering_pairs(partitions: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs (finer, coarser) where merging two blocks of the finer gives the coarser.

    Examples
    --------
    >>> covering_pairs(["T,R,K", "T,R|K", "T|R|K"])
    [('T,R|K', 'T,R,K'), ('T|R|K', 'T,R|K')]
    """
    blocks = {name: [frozenset(block.split(",")) for block in name.split("|")] for name in partitions}
    return [
        (fine, coarse)
        for fine in partitions
        for coarse in partitions
        if len(blocks[fine]) == len(blocks[coarse]) + 1 and all(any(block <= large for large in blocks[coarse]) for block in blocks[fine])
    ]


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of a text in inches, in the font in use."""
    return _outline_width(text, size, bold, tuple(rcParams["font.family"]))


@lru_cache(maxsize=4096)
def _outline_width(text: str, size: float, bold: bool, family: tuple[str, ...]) -> float:
    font = FontProperties(family=list(family), size=size, weight="bold" if bold else "normal")
    # Hinting makes small text a little wider on screen than its outlines.
    return 1.04 * float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def wrap_text(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Break a text into lines at most `width` inches wide, in the font in use.

    Examples
    --------
    >>> wrap_text("tariffs + rare earths + countermeasures", 1.6, 8.5)
    ['tariffs + rare earths +', 'countermeasures']
    """
    lines: list[list[str]] = [[]]
    space, used = text_width(" ", size, bold), 0.0
    for word in text.split():
        wide = text_width(word, size, bold)
        if lines[-1] and used + space + wide > width:
            lines.append([])
            used = 0.0
        used += wide + (space if lines[-1] else 0.0)
        lines[-1].append(word)
    return [" ".join(line) for line in lines]


def _ordered_ranks(partitions: Sequence[str]) -> list[list[str]]:
    """Ranks from coarse to fine, each ordered by the mean place of its neighbours, so that few edges cross."""
    ranks: dict[int, list[str]] = {}
    for name in partitions:
        ranks.setdefault(name.count("|"), []).append(name)
    neighbours: dict[str, list[str]] = {name: [] for name in partitions}
    for fine, coarse in covering_pairs(partitions):
        neighbours[fine].append(coarse)
        neighbours[coarse].append(fine)
    order = [ranks[k] for k in sorted(ranks)]
    for _ in range(8):
        for rank in order:
            place = {name: j - (len(row) - 1) / 2 for row in order for j, name in enumerate(row)}
            rank.sort(key=lambda name: float(np.mean([place[other] for other in neighbours[name]] or [0.0])))
    return order


def _node_width(node: HasseNode) -> float:
    widths = [1.2, text_width(node.title, _TITLE, bold=True), *(text_width(line, _BODY) for line in node.lines)]
    widths += [text_width(cell.label, _BODY) + 0.25 + text_width(cell.text, _BODY, bold=True) + 2 * 0.05 for cell in node.cells]
    return max(widths) + 2 * _PAD


def _interval_columns(nodes: Sequence[HasseNode]) -> tuple[float, float, float]:
    """Widths of side, worst and best payoff with the gap beside each: one for all boxes, so that bars can be compared."""
    every = [interval for node in nodes for interval in node.intervals]
    if not every:
        return (0.0, 0.0, 0.0)
    texts = ([i.side for i in every], [format_payoff(i.low) for i in every], [format_payoff(i.high) for i in every])
    side, low, high = (max(text_width(text, _BODY) for text in column) + 0.08 for column in texts)
    return side, low, high


def format_payoff(value: float | None) -> str:
    """A payoff to one decimal (two below one), with a true minus sign.

    Examples
    --------
    >>> format_payoff(-32.24), format_payoff(0.456), format_payoff(-0.0001), format_payoff(None)
    ('−32.2', '0.46', '0', 'none')
    """
    if value is None:
        return "none"
    text = f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def _common_scale(nodes: Sequence[HasseNode]) -> tuple[float, float]:
    values = [v for node in nodes for i in node.intervals for v in (i.low, i.high, i.reference) if v is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _draw_node(ax: Axes, node: HasseNode, layout: HasseLayout) -> tuple[float, float, float]:
    """Draw box, text and table; returns where the bars go: left, right and the height of the first."""
    (x, y), (width, height) = layout.centres[node.partition], layout.box
    left, right, top = x - width / 2, x + width / 2, y + height / 2
    ax.add_patch(
        FancyBboxPatch(
            (left, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.06",
            facecolor="white",
            edgecolor=INK if node.title else LINE,
            linewidth=2.0 if node.title else 0.8,
            zorder=3,
        )
    )
    line = top - _PAD - _ROW / 2
    if node.title:
        ax.text(left + _PAD, line, node.title, size=_TITLE, weight="bold", va="center", color=INK, zorder=5)
        line -= _ROW
    for text in node.lines:
        ax.text(left + _PAD, line, text, size=_BODY, va="center", color=INK, zorder=5)
        line -= _ROW
    # The table and the bars stand at the bottom of every box, so that they line up along a rank.
    line = y - height / 2 + _PAD + _ROW * (len(node.intervals) + 0.3 * bool(node.cells) + len(node.cells) - 0.5)
    for cell in node.cells:
        band = Rectangle(
            (left + _PAD, line - _ROW / 2), width - 2 * _PAD, _ROW, facecolor=cell.color, edgecolor="white", linewidth=0.8, zorder=4
        )
        ax.add_patch(band)
        ax.text(left + _PAD + 0.05, line, cell.label, size=_BODY, va="center_baseline", color=INK, zorder=5)
        ax.text(right - _PAD - 0.05, line, cell.text, size=_BODY, weight="bold", va="center_baseline", ha="right", color=INK, zorder=5)
        line -= _ROW
    return left + _PAD, right - _PAD, line - 0.3 * _ROW * bool(node.cells)


def _draw_intervals(ax: Axes, node: HasseNode, track: tuple[float, float, float], left: float, scale: tuple[float, float]) -> None:
    """Draw the bars on a track from start to end, the sides' names at `left`, the numbers at both ends."""
    start, end, line = track

    def across(value: float) -> float:
        return start + (end - start) * (value - scale[0]) / (scale[1] - scale[0])

    for interval, color in zip(node.intervals, (BLUE, VERMILION), strict=False):
        ax.text(left, line, interval.side, size=_BODY, va="center_baseline", color=color, zorder=5)
        ax.text(start - 0.08, line, format_payoff(interval.low), size=_BODY, va="center_baseline", ha="right", color=INK, zorder=5)
        ax.text(end + 0.08, line, format_payoff(interval.high), size=_BODY, va="center_baseline", color=INK, zorder=5)
        ax.plot([start, end], [line, line], color=FAINT, linewidth=0.6, zorder=4)
        if interval.low is not None and interval.high is not None:
            span = [across(interval.low), across(interval.high)]
            ax.plot(span, [line, line], color=color, linewidth=4, solid_capstyle="butt", zorder=5)
            if span[1] - span[0] < 0.04:
                ax.plot(span[0], line, marker="o", markersize=4.5, color=color, zorder=5)
        now = across(interval.reference)
        ax.plot([now, now], [line - 0.06, line + 0.06], color=INK, linewidth=1.2, zorder=6)
        line -= _ROW
