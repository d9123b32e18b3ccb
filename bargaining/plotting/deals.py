"""How deals are drawn: the frontier with what rules select from where, concession over time, share bounds against patience."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bargaining.payoff_set import PayoffSet
from bargaining.plotting.sets import BLUE, FAINT, GREEN, INK, PURPLE, VERMILION, draw_payoff_set, pareto_frontier

_COLOURS = (VERMILION, BLUE, GREEN, PURPLE)
_MARKERS = ("o", "s", "^", "D")


def draw_deals(payoff_set: PayoffSet, rows: Sequence[Mapping[str, Any]], ax: Axes | None = None) -> Axes:
    """Draw a payoff set with the points that rules select and a ray from each disagreement point to them.

    Parameters
    ----------
    payoff_set : PayoffSet
    rows : sequence of mappings
        Rows of a `bargaining_table`: ``rule``, ``disagreement``, ``d_us``, ``d_cn``, ``us``, ``cn``, ``status``.
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> row = {"rule": "nash", "disagreement": "d", "d_us": 0, "d_cn": 0, "us": 1, "cn": 1, "status": "solved"}
    >>> ax = draw_deals(PayoffSet([[0, 0], [2, 0], [0, 2]]), [row])
    >>> [text.get_text() for text in ax.get_legend().get_texts()], [text.get_text() for text in ax.texts]
    (['frontier', 'nash'], ['d'])
    """
    axes = draw_payoff_set(payoff_set, ax, color=FAINT)
    edge = pareto_frontier(payoff_set)
    axes.plot(*edge.T, color=INK, linewidth=2.0, zorder=2.5, marker="." if len(edge) == 1 else "", label="frontier")
    rules = list(dict.fromkeys(row["rule"] for row in rows))
    for k, rule in enumerate(rules):
        solved = [row for row in rows if row["rule"] == rule and row["status"] == "solved"]
        colour = _COLOURS[k % len(_COLOURS)]
        for row in solved:
            axes.plot([row["d_us"], row["us"]], [row["d_cn"], row["cn"]], color=colour, linewidth=0.8, linestyle=":", zorder=2.6)
        points = np.array([[row["us"], row["cn"]] for row in solved]).reshape(-1, 2)
        axes.plot(*points.T, color=colour, marker=_MARKERS[k % len(_MARKERS)], linestyle="none", zorder=3.0, label=rule.replace("_", " "))
    named = {row["disagreement"]: (row["d_us"], row["d_cn"]) for row in rows}
    places: dict[tuple[float, float], list[str]] = {}
    for name, place in named.items():
        places.setdefault(place, []).append(name)
    for place, names in places.items():
        axes.plot(*place, color=INK, marker="x", linestyle="none", zorder=2.9)
        axes.annotate(",\n".join(names), place, xytext=(4, 4), textcoords="offset points", fontsize=7)
    axes.legend(fontsize=7, frameon=False, loc="best")
    return axes


def draw_concession(war: Any, horizon: float | None = None, ax: Axes | None = None, *, unit: str = "periods") -> Axes:
    """Draw the probability that each side has conceded by each time, and that of an agreement.

    Parameters
    ----------
    war : Concession
        Anything with `conceded`, `settled`, ``horizon`` and `expected_delay`.
    horizon : float, optional
        Where the time axis ends; default the horizon of the war, or three expected delays where that is infinite.
    ax : matplotlib.axes.Axes, optional
    unit : str
        Unit of time.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes = Figure(figsize=(5.0, 3.6), layout="constrained").add_subplot() if ax is None else ax
    end = horizon if horizon is not None else (war.horizon if np.isfinite(war.horizon) else 3.0 * war.expected_delay)
    if not np.isfinite(end) or end <= 0:
        end = 1.0
    times = np.linspace(0.0, end, 400)
    conceded = war.conceded(times)
    for share, name, colour in ((conceded[0], "U.S. has conceded", BLUE), (conceded[1], "China has conceded", VERMILION)):
        axes.plot(times, share, color=colour, label=name)
    axes.plot(times, war.settled(times), color=INK, linestyle="--", label="agreement")
    axes.set(xlabel=f"time ({unit})", ylabel="probability", ylim=(0.0, 1.02), xlim=(0.0, end))
    axes.legend(fontsize=7, frameon=False, loc="best")
    return axes


def draw_share_bounds(deltas: Sequence[float], bounds: Any, ax: Axes | None = None, *, label: str = "", color: str = BLUE) -> Axes:
    """Draw the least and the largest equilibrium share of a proposer against the discount factor.

    Parameters
    ----------
    deltas : sequence of float
    bounds : array_like, shape (k, 2)
        NaN where there is no equilibrium.
    ax : matplotlib.axes.Axes, optional
        Call again with the same axes to compare two games.
    label, color : str

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = draw_share_bounds([0.5, 0.9], [[0.6, 0.7], [0.4, 0.8]], label="with threats")
    >>> len(ax.collections), ax.get_xlabel()
    (1, 'discount factor δ')
    """
    axes = Figure(figsize=(5.0, 3.6), layout="constrained").add_subplot() if ax is None else ax
    table = np.asarray(bounds, dtype=np.float64).reshape(-1, 2)
    axes.fill_between(deltas, table[:, 0], table[:, 1], color=color, alpha=0.25, linewidth=0, label=label or None)
    for column in table.T:
        axes.plot(deltas, column, color=color, linewidth=1.4)
    axes.set(xlabel="discount factor δ", ylabel="share of the proposer")
    if label:
        axes.legend(fontsize=7, frameon=False, loc="best")
    return axes
