"""Where along a parameter a plan holds: drawn from rows of ``critical_parameter``."""

from matplotlib.figure import Figure

from bargaining.plotting import BLUE, FAINT, VERMILION, wrap_text
from bargaining.report.source import Case, capital
from bargaining.store import groups

_WIDTH = 7.6
_COLOUR = {"sustained": BLUE, "not": VERMILION, "undecided": FAINT}


def applies(case: Case) -> bool:
    """Whether a case is of thresholds."""
    return any(row.get("kind") == "interval" for row in case.rows)


def draw(case: Case) -> Figure:
    """A line a setting: the intervals on which the verdict was the same at every point asked, and the bracket of each change."""
    rows = [row for row in case.rows if row.get("kind") == "interval"]
    names = [name for name in case.words.parameters if name in case.swept]
    lines = groups(rows, names)
    first = rows[0]
    note = (
        f"The plan {first['plan'].replace('_', ' ')!r} ({case.words.plans.get(first['plan'], '')}), played from every state. Blue: an "
        "equilibrium path; red: none; grey: not settled. Proven at each point asked: the values scanned and those that bisection tried. "
        "Between two of them that agree nothing was asked, so a change that comes and goes is not seen. Numbers: brackets of the changes."
    )
    text = [line for part in (note, case.words.story(), case.setting) for line in wrap_text(part, _WIDTH - 0.4, 8.5)]
    below, above = 0.16 * len(text) + 0.75, 0.6
    height = 0.5 * len(lines) + below + above
    figure = Figure(figsize=(_WIDTH, height))
    title = f"Where the plan {first['plan'].replace('_', ' ')!r} holds along {_words(case, first['parameter'])}"
    figure.text(0.02, 1 - 0.15 / height, "\n".join(wrap_text(title, _WIDTH - 0.3, 12, bold=True)), weight="bold", size=12, va="top")
    figure.text(0.02, (below - 0.55) / height, "\n".join(text), size=8.5, va="top", color="#444444")
    ax = figure.add_axes((0.2, below / height, 0.77, (height - below - above) / height))
    for k, own in enumerate(lines.values()):
        for row in own:
            ax.plot([row["low"], row["high"]], [-k, -k], color=_COLOUR[row["verdict"]], linewidth=7, solid_capstyle="butt")
            if row["low"] == row["high"]:
                ax.plot([row["low"]], [-k], "o", color=_COLOUR[row["verdict"]], markersize=6)
            if row["changes_before"] is not None and row["changes_before"] > row["high"]:
                ax.text(row["high"], -k + 0.22, f"{row['high']:.4g} to {row['changes_before']:.4g}", ha="center", va="bottom", size=7.5)
    labels = [case.at(names, key) for key in lines]
    ax.set_yticks([-k for k in range(len(lines))], labels)
    ax.set(ylim=(-len(lines) + 0.4, 0.65), xlabel=capital(_words(case, first["parameter"])))
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return figure


def _words(case: Case, name: str) -> str:
    return case.words.parameters.get(name, {}).get("words") or name.removesuffix("_share").replace("_", " ")
