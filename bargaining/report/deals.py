"""Runs on deals as figures: what is selected from where, which deal where on a map, and how many draws a conclusion survives."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from bargaining.plotting import BLUE, INK, draw_deals, wrap_text
from bargaining.report.page import panels
from bargaining.report.source import Case
from bargaining.store import HEADLINE, Row, groups

_SHORT = {
    "pure minmax": "minmax",
    "mixed minmax": "mixed minmax",
    HEADLINE: "worst",
    "variable threats": "threats",
    "status quo": "status quo",
    "negotiation values": "negotiation",
}
_COLOURS = {
    "grand bargain": "#8fd0b8",
    "chips for licences": "#9ccdec",
    "military release": "#dcae55",
    "London": "#f2a884",
    "U.S. rollback": "#c7a3cf",
    "Chinese rollback": "#a3b4cf",
    "mutual rollback": "#9a7fb0",
    "small swap": "#f7eba6",
    "truce only": "#b8b8d8",
    "static": "#f0f0f0",
    "conflict": "#d0d0d0",
    "none": "#ffffff",
}
_RULES = ("nash", "kalai_smorodinsky")
_MOST_SHARES = 34


def analysis(case: Case) -> str | None:
    """Which analysis of deals a case is; None if it is none."""
    return next((row["analysis"] for row in case.rows if row.get("analysis")), None)


def heading(case: Case, partition: str) -> str:
    """A partition's stance, or the partition itself, for the title of a panel."""
    stance = case.words.stance(partition)
    return f"{stance} ({partition})" if stance else partition


def short(name: str) -> str:
    """A disagreement point's name for the margin of a plot."""
    return "static" if name.startswith("static Nash") else _SHORT.get(name, name)


def draw_selected(case: Case) -> Figure:
    """Payoff sets with what two rules select from every disagreement point, a panel a partition."""
    partitions = [name for name in case.partitions if not case.sets[name].is_empty]
    figure, axes = panels(
        case,
        "What bargaining selects, and from where",
        len(partitions),
        "Crosses: disagreement points; dotted rays lead from them to what the rule selects on the frontier.",
    )
    for ax, name in zip(axes, partitions, strict=True):
        rows = [row for row in case.rows if row.get("partition") == name and row.get("rule") in _RULES]
        # Points that differ by rounding are one cross with all their names.
        crosses = [{key: round(row[key], 6) + 0.0 for key in ("d_us", "d_cn")} for row in rows]
        told = [{**row, "disagreement": short(row["disagreement"]), **cross} for row, cross in zip(rows, crosses, strict=True)]
        draw_deals(case.sets[name], told, ax)
        deals = {row["deal"] for row in rows if row["rule"] == "nash" and row["deal"] != "none"}
        ax.set_title("\n".join(wrap_text(f"{heading(case, name)}: {', '.join(sorted(deals))}", 4.0, 9)), size=9)
        ax.set(xlabel="U.S. payoff", ylabel="China payoff")
    return figure


def draw_map(case: Case) -> Figure:
    """Over two swept parameters the deal that each partition predicts; hatched where it flips with the disagreement point."""
    across, down = case.swept[-1], case.swept[0]
    partitions = case.partitions
    figure, axes = panels(
        case,
        "Which deal each stance predicts",
        len(partitions),
        "Nash bargaining over deals kept for ever, from the worst equilibrium payoffs. Hatched: another disagreement point, another deal. "
        "A deal named by chips or by the military tier may come with any tariffs.",
        height=5.6,
    )
    xs, ys = case.values(across), case.values(down)
    x_edges, y_edges = _edges(xs), _edges(ys)
    seen: dict[str, None] = {}
    for ax, name in zip(axes, partitions, strict=True):
        for row in case.rows:
            if row.get("partition") != name or row.get("rule") != "nash" or row.get("disagreement") != HEADLINE:
                continue
            i, j = xs.index(row[across]), ys.index(row[down])
            deal = row["deal"] if row["status"] in ("solved", "empty") else "none"
            seen.setdefault(deal)
            # White hatching would not be seen on light cells.
            hatch, edge = ("////", "#666666") if row["deal_flips"] else ("", "none")
            ax.fill_between(
                x_edges[i : i + 2],
                y_edges[j],
                y_edges[j + 1],
                facecolor=_COLOURS.get(deal, "#ffffff"),
                linewidth=0,
                hatch=hatch,
                edgecolor=edge,
            )
        ax.set(xlim=(x_edges[0], x_edges[-1]), ylim=(y_edges[0], y_edges[-1]), xlabel=case.axis(across), ylabel=case.axis(down))
        ax.set_title(heading(case, name), size=9)
    keys = [Patch(facecolor=_COLOURS[deal], edgecolor="#999999", label=deal) for deal in _COLOURS if deal in seen]
    figure.legend(handles=keys, loc="outside right upper", fontsize=8)
    return figure


def _edges(values: Sequence[float]) -> list[float]:
    """Borders of the cells around sorted values."""
    if len(values) == 1:
        return [values[0] - 0.5, values[0] + 0.5]
    middle = [(a + b) / 2 for a, b in pairwise(values)]
    return [2 * values[0] - middle[0], *middle, 2 * values[-1] - middle[-1]]


def draw_shares(case: Case, conclusions: Sequence[Row]) -> Figure:
    """How many draws each conclusion survives, as bars."""
    rows = list(conclusions)[:_MOST_SHARES]
    figure = Figure(figsize=(10.2, 1.6 + 0.24 * len(rows)), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    figure.suptitle("How many draws of the assumptions a conclusion survives", x=0.02, ha="left", weight="bold", size=12)
    ax = figure.add_subplot()
    for k, row in enumerate(rows):
        ax.barh(-k, row["share"], color=BLUE, height=0.7, alpha=0.75)
        ax.text(row["share"] + 0.01, -k, f"{100 * row['share']:.0f} % of {row['of']}", va="center", size=7, color=INK)
    ax.set_yticks([-k for k in range(len(rows))], [row["conclusion"] for row in rows], size=7)
    ax.set(xlim=(0, 1.12), xlabel="share of the draws at which it can be said")
    lines = wrap_text(case.words.story(), 9.8, 8.5)
    figure.supxlabel("\n".join(lines), x=0.02, ha="left", size=8.5, color="#444444")
    return figure


def draw_leverage(case: Case) -> Figure:
    """The military tier as an incentive and as a bargaining chip along one swept parameter."""
    across = case.swept[0]
    figure, axes = panels(
        case,
        "What the military tier is worth: as an incentive, and as a bargaining chip",
        3,
        "Left: what release adds to the largest joint payoff and the worst payoffs (nothing where a lock punishes nobody). "
        "Middle: what having it to sell changes in the deal selected from the worst payoffs. Right: what locking it in talks changes in "
        "the bounds of the negotiated shares.",
    )
    styles = ("-", "--", ":", "-.")
    for k, (partition, rows) in enumerate(_by_partition(case).items()):
        line = sorted(rows, key=lambda row: float(row[across]))
        style, own = styles[k % len(styles)], case.words.stance(partition) or partition
        drawn = (
            [("incentive_joint_surplus", "joint surplus", "#222222"), ("incentive_worst_us", "worst U.S.", "#0072b2")],
            [("chip_worst_us", "U.S.", "#0072b2"), ("chip_worst_cn", "China", "#d55e00")],
            [("lock_most_us", "most U.S.", "#0072b2"), ("lock_least_cn", "least China", "#d55e00")],
        )
        for ax, lines in zip(axes, drawn, strict=True):
            for column, words, colour in lines:
                points = [(row[across], row[column]) for row in line if row.get(column) is not None]
                if points:
                    ax.plot(*np.array(points).T, style, color=colour, marker=".", label=f"{words}, {own}", linewidth=1.2)
    for ax, title in zip(axes, ("Incentive", "Chip: selected deal", "Chip: negotiated shares"), strict=True):
        ax.axhline(0.0, color="#999999", linewidth=0.6)
        ax.set(xlabel=case.axis(across), ylabel="change in payoff")
        ax.set_title(title)
        if ax.get_legend_handles_labels()[1]:
            ax.legend(fontsize=7)
    return figure


def _by_partition(case: Case) -> dict[str, list[Row]]:
    return {str(name): rows for (name,), rows in groups([row for row in case.rows if row.get("partition")], ["partition"]).items()}
