"""How payoff sets are drawn: one by itself, one with the game it belongs to, a family over the discount factor.

Figures are matplotlib `Figure` objects made without pyplot: drawing changes no global state and opens no window.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from bargaining.payoff_set import PayoffSet

BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
INK, FAINT, LINE = "#1a1a1a", "#b0b0b0", "#555555"
# With more stage payoffs than this their labels would hide the figure.
MOST_LABELS = 9


def draw_payoff_set(
    payoff_set: PayoffSet,
    ax: Axes | None = None,
    *,
    color: str = BLUE,
    label: str | None = None,
    linewidth: float = 1.6,
    linestyle: str | tuple[float, tuple[float, ...]] = "-",
    fill: float = 0.15,
    zorder: float = 2.0,
) -> Axes:
    """Draw a payoff set: a polygon as an area, a segment as a thick line, a point as a dot, the empty set as a sentence.

    Axes that carry no labels yet are labelled with the sides.

    Parameters
    ----------
    payoff_set : PayoffSet
        Payoffs of the U.S. and China.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if none is given.
    color, label, linewidth, linestyle, zorder
        As in matplotlib.
    fill : float
        Opacity of a polygon's inside, 0 to 1.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = draw_payoff_set(PayoffSet([[0, 0], [2, 0], [0, 2]]), label="sustainable")
    >>> ax.get_xlabel(), ax.get_ylabel(), len(ax.patches)
    ('U.S. payoff', 'China payoff', 1)
    >>> draw_payoff_set(PayoffSet([])).texts[0].get_text()
    'empty: no payoff pair is in this set'
    """
    axes = Figure(figsize=(5.0, 4.2), layout="constrained").add_subplot() if ax is None else ax
    if not axes.get_xlabel():
        axes.set_xlabel("U.S. payoff")
    if not axes.get_ylabel():
        axes.set_ylabel("China payoff")
    vertices = payoff_set.vertices
    if len(vertices) == 0:
        axes.text(0.5, 0.5, "empty: no payoff pair is in this set", transform=axes.transAxes, ha="center", va="center", color=LINE)
    elif len(vertices) == 1:
        axes.plot(*vertices.T, marker="o", markersize=7, linestyle="none", color=color, label=label, zorder=zorder)
    elif len(vertices) == 2:
        axes.plot(
            *vertices.T, color=color, linewidth=2 * linewidth, linestyle=linestyle, label=label, zorder=zorder, solid_capstyle="round"
        )
    else:
        # The outline is drawn at full strength so that a set thinner than a pixel still shows.
        area = Polygon(vertices, facecolor=(color, fill), edgecolor=color, linewidth=linewidth, linestyle=linestyle)
        area.set(label=label, zorder=zorder, joinstyle="round")
        axes.add_patch(area)
    axes.autoscale_view()
    return axes


def draw_equilibrium_set(
    payoff_set: PayoffSet,
    profiles: Sequence[tuple[float, float, str]] = (),
    minmax: tuple[float, float] | None = None,
    ax: Axes | None = None,
    **style: Any,
) -> Axes:
    """Draw a set of equilibrium payoffs with its game: frontier, stage payoffs, worst equilibrium payoffs, pure minmax.

    Parameters
    ----------
    payoff_set : PayoffSet
    profiles : sequence of (payoff of the U.S., payoff of China, label)
        Stage payoffs; labelled if they are few.
    minmax : pair of float, optional
        Pure minmax payoffs, as dotted lines.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if none is given.
    **style
        As in `draw_payoff_set`.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> shape = PayoffSet([[1, 1], [3, 1], [3, 3], [1, 3]])
    >>> ax = draw_equilibrium_set(shape, [(3, 3, "truce / truce"), (1, 1, "raise / raise")], (1, 1))
    >>> [text.get_text() for text in ax.texts]
    ['truce / truce', 'raise / raise']
    """
    axes = Figure(figsize=(5.0, 4.2), layout="constrained").add_subplot() if ax is None else ax
    if len(profiles):
        points = np.array([[u, v] for u, v, _ in profiles])
        axes.plot(*points.T, marker="o", markersize=4, linestyle="none", color=FAINT, zorder=1.5, label="stage payoffs")
        if len(profiles) <= MOST_LABELS:
            for u, v, label in profiles:
                axes.annotate(label, (u, v), xytext=(4, 4), textcoords="offset points", fontsize=7, color=LINE)
    if minmax is not None:
        axes.axvline(minmax[0], color=LINE, linewidth=0.9, linestyle=":", zorder=1.0, label="pure minmax")
        axes.axhline(minmax[1], color=LINE, linewidth=0.9, linestyle=":", zorder=1.0)
    draw_payoff_set(payoff_set, axes, **style)
    if not payoff_set.is_empty:
        frontier = pareto_frontier(payoff_set)
        axes.plot(*frontier.T, color=VERMILION, linewidth=2.4, zorder=2.6, marker="o" if len(frontier) == 1 else "", label="frontier")
        worst = payoff_set.vertices.min(axis=0)
        axes.plot(*worst, marker="x", markersize=7, color=INK, linestyle="none", zorder=2.7, label="worst payoffs of each side")
        axes.legend(fontsize=7, frameon=False, loc="best")
    return axes


def draw_family(sets: Mapping[str, PayoffSet], ax: Axes | None = None) -> Axes:
    """Draw payoff sets over each other, from light to dark in their order, each named beside its best joint payoff.

    Parameters
    ----------
    sets : mapping of name to PayoffSet
    ax : matplotlib.axes.Axes, optional

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> ax = draw_family({"δ = 0.3": PayoffSet([[1, 1]]), "δ = 0.6": PayoffSet([[1, 1], [3, 1], [1, 3]])})
    >>> [text.get_text() for text in ax.texts]
    ['δ = 0.3', 'δ = 0.6']
    """
    axes = Figure(figsize=(5.6, 4.6), layout="constrained").add_subplot() if ax is None else ax
    shades = [to_hex(shade) for shade in colormaps["viridis_r"](np.linspace(0.15, 0.95, max(len(sets), 1)))]
    # The largest first, or it would cover the others.
    order = sorted(enumerate(sets.items()), key=lambda item: -item[1][1].area)
    for k, (name, payoff_set) in order:
        if payoff_set.is_empty:
            continue
        draw_payoff_set(payoff_set, axes, color=shades[k], fill=0.12, label=name, zorder=2.0 + 0.01 * k)
    for k, (name, payoff_set) in enumerate(sets.items()):
        if not payoff_set.is_empty:
            best = payoff_set.vertices[int(payoff_set.vertices.sum(axis=1).argmax())]
            axes.annotate(name, best, xytext=(5, 3), textcoords="offset points", fontsize=7.5, color=shades[k])
    if all(payoff_set.is_empty for payoff_set in sets.values()):
        draw_payoff_set(PayoffSet(np.empty((0, 2))), axes)
    return axes


def pareto_frontier(payoff_set: PayoffSet) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Vertices from the best one for China to the best one for the U.S., along which neither can gain without the other's loss.

    Examples
    --------
    >>> pareto_frontier(PayoffSet([[0, 0], [2, 0], [2, 1], [1, 2], [0, 2]])).tolist()
    [[2.0, 1.0], [1.0, 2.0]]
    """
    vertices = payoff_set.vertices
    count = len(vertices)
    if count == 0:
        return vertices
    start = int(np.lexsort((vertices[:, 1], vertices[:, 0]))[-1])
    end = int(np.lexsort((vertices[:, 0], vertices[:, 1]))[-1])
    steps = (end - start) % count
    return np.asarray(vertices[[(start + k) % count for k in range(steps + 1)]])
