"""Runs of scenarios with signals as figures: the map of link and firewall, payoffs along a parameter, shares over the prior."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bargaining.plotting import BLUE, FAINT, GREEN, INK, PURPLE, VERMILION, wrap_text
from bargaining.report.monitored_answers import LEAKS, REGIMES, SMUGGLING, better, claims, gain_names, is_monitored
from bargaining.report.page import panels
from bargaining.report.source import Case
from bargaining.store import Row

_CLASSES = (
    ("link: both sides gain", "#8fd0b8"),
    ("link raises the joint payoff, but one side loses", "#9ccdec"),
    ("firewall: tied, accidents cost more than linkage adds", "#f7cdb4"),
    ("firewall: the tied agreement cannot hold", "#f2a884"),
    ("indifferent", "#eeeeee"),
)
_COLOURS = {"apart": VERMILION, "tied": BLUE, "linked": GREEN}
_GAINS = (INK, PURPLE, BLUE, VERMILION)


def applies(case: Case) -> bool:
    """Whether a case is of a scenario with signals, and solved."""
    return any(is_monitored(row) for row in case.rows)


def draw(case: Case) -> Figure:
    """The figure of a case: shares of a sample, a map over both detection rates, or lines along the last swept parameter."""
    rows = [row for row in case.rows if is_monitored(row)]
    if case.words.draws:
        return _shares(case, rows)
    if {LEAKS, SMUGGLING} <= set(case.swept):
        return _maps(case, rows)
    return _lines(case, rows)


def _class(row: Row) -> int:
    if row["verdict"] == "link":
        return 0 if row["winners"] == "both" else 1
    if row["verdict"] == "tie":
        return 4
    return 2 if row["tied_sustained"] else 3


def _maps(case: Case, rows: Sequence[Row]) -> Figure:
    """One panel for each value of the other swept parameter."""
    others = [name for name in case.swept if name not in (LEAKS, SMUGGLING)]
    parts: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        parts.setdefault(tuple(row[name] for name in others), []).append(row)
    figure, axes = panels(
        case,
        "Link or firewall? Where tying all issues beats keeping chips apart from the truce and magnets",
        len(parts),
        "Tied: any incident on any issue punishes everything. Apart: each block is punished on its own, as well as can be. Beyond the "
        "dashed line linkage that uses all signals optimally beats the firewall; nowhere is it worse.",
        height=5.4,
    )
    present = sorted({_class(row) for row in rows})
    for ax, (key, own) in zip(axes, parts.items(), strict=True):
        xs, ys = (sorted({row[name] for row in own}) for name in (LEAKS, SMUGGLING))
        codes, optimal = np.full((len(ys), len(xs)), np.nan), np.zeros((len(ys), len(xs)))
        for row in own:
            place = ys.index(row[SMUGGLING]), xs.index(row[LEAKS])
            codes[place], optimal[place] = _class(row), float(better(row, "linked", "apart"))
        colours = ListedColormap([colour for _, colour in _CLASSES])
        ax.pcolormesh(xs, ys, codes, cmap=colours, vmin=-0.5, vmax=len(_CLASSES) - 0.5, shading="nearest", rasterized=True)
        if 0.0 < optimal.mean() < 1.0 and min(optimal.shape) > 1:
            ax.contour(xs, ys, optimal, levels=[0.5], colors=INK, linestyles="dashed", linewidths=1.2)
        ax.set(xlabel=case.axis(LEAKS), ylabel=case.axis(SMUGGLING))
        at = case.at(others, key)
        link = sum(row["verdict"] == "link" for row in own)
        ax.set_title(f"{at}: " * bool(at) + f"link at {100 * link / len(own):.0f} % of the points", size=9)
    handles = [Patch(facecolor=_CLASSES[k][1], edgecolor="#777777", label=_CLASSES[k][0]) for k in present]
    axes[0].legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, -0.2), borderaxespad=0.0)
    return figure


def _lines(case: Case, rows: Sequence[Row]) -> Figure:
    """Joint payoffs of the regimes along the last swept parameter; beside it what better signals add, if that was asked."""
    across = case.swept[-1] if case.swept else "delta_us"
    names = gain_names(rows[0])
    figure, axes = panels(
        case,
        "What both sides get together: apart, tied, linked",
        2 if names else 1,
        "Apart: truce and magnets here, chips there. Tied: any incident punishes everything. Linked: all signals are used optimally."
        + (" Right: what a change adds to the joint payoff, full lines linked optimally, dotted apart." if names else ""),
    )
    shown = sorted(rows, key=lambda row: row[across])
    xs = [row[across] for row in shown]
    for regime, words in REGIMES.items():
        axes[0].plot(
            xs, [row[f"{regime}_joint"] for row in shown], "o-", color=_COLOURS[regime], markersize=3, label=words.partition(":")[0]
        )
    for regime in ("apart", "linked"):
        if shown[0].get(f"limit_{regime}") is not None:
            label = f"no patience exceeds this, {regime}"
            axes[0].axhline(shown[0][f"limit_{regime}"], color=_COLOURS[regime], linestyle=":", linewidth=1.0, label=label)
    axes[0].set(xlabel=case.axis(across) if across in case.words.parameters else "δ", ylabel="joint payoff")
    axes[0].legend()
    for colour, name in zip(_GAINS, names, strict=False):
        for regime, style in (("linked", "-"), ("apart", ":")):
            ys = [row[f"{name}_{regime}"] for row in shown]
            axes[1].plot(xs, ys, style, color=colour, label=name.replace("_", " ") if regime == "linked" else None)
    if names:
        axes[1].axhline(0.0, color=FAINT, linewidth=0.8)
        axes[1].set(xlabel=case.axis(across), ylabel="added to the joint payoff")
        axes[1].legend()
    return figure


def _shares(case: Case, rows: Sequence[Row]) -> Figure:
    """One line a claim: its share over the draws with its interval."""
    found = claims(rows)
    figure, (ax,) = panels(
        case,
        "In which share of the draws each claim holds",
        1,
        f"{len(rows)} draws from the declared ranges; lines: 95 % intervals (Wilson).",
        height=2.6 + 0.36 * len(found),
        width=7.6,
    )
    for y, claim in enumerate(found):
        ax.plot([claim.low, claim.high], [y, y], color=BLUE, linewidth=1.4, solid_capstyle="butt")
        ax.plot([claim.share], [y], "o", color=BLUE, markersize=3.5)
    ax.set_yticks(range(len(found)), ["\n".join(wrap_text(claim.words, 3.2, 8)) for claim in found], size=8)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    ax.grid(axis="x", color="#e5e5e5")
    ax.invert_yaxis()
    return figure
