"""Which plans hold in which states, block by block of a partition: drawn from rows of ``block_sets``."""

from matplotlib.figure import Figure

from bargaining.plotting import BLUE, FAINT, VERMILION, wrap_text
from bargaining.report.source import Case
from bargaining.store import groups

_WIDTH = 9.6
_COLOUR = {True: BLUE, False: VERMILION, None: FAINT}


def applies(case: Case) -> bool:
    """Whether a case is of blocks, of one game."""
    return not case.swept and any(row.get("kind") == "block" for row in case.rows)


def draw(case: Case) -> Figure:
    """A row a partition × block, a bar a plan: shares of the block's states in which the plan holds, fails, or is not settled."""
    rows = [row for row in case.rows if row.get("kind") == "block"]
    plans = list(dict.fromkeys(row["plan"] for row in rows if row.get("plan")))
    lines = list(groups(rows, ["partition", "block"]).items())
    note = (
        "A plan holds under a partition where it holds in every block. The first mark is the state that play starts in, the bar all of the "
        "block's states: blue, it is an equilibrium path from there; red, it is none; grey, not settled. Blocks that share nothing but "
        "what moves by itself are solved alone; a partition that does not factor says why."
    )
    text = [line for part in (note, case.words.story(), case.setting) for line in wrap_text(part, _WIDTH - 0.4, 8.5)]
    below, above = 0.16 * len(text) + 0.35, 0.5
    height = 0.34 * len(lines) + below + above
    figure = Figure(figsize=(_WIDTH, height))
    figure.text(0.02, 1 - 0.15 / height, "Which agreements hold in which state, block by block", weight="bold", size=12, va="top")
    figure.text(0.02, (below - 0.15) / height, "\n".join(text), size=8.5, va="top", color="#444444")
    ax = figure.add_axes((0.27, below / height, 0.71, (height - below - above) / height))
    names = []
    for k, ((partition, block), own) in enumerate(lines):
        first = k == 0 or lines[k - 1][0][0] != partition
        shown = wrap_text(case.words.partition(str(partition)), 2.0, 8) if first else [""]
        names.append("\n".join([*shown[:-1], f"{shown[-1]}   {block or ''}".rstrip()]))
        if block is None or not own[0].get("plan"):
            ax.text(0.0, -k, str(own[0]["reason"]), va="center", size=8)
            continue
        for j, plan in enumerate(plans):
            mine = [row for row in own if row["plan"] == plan]
            left = 1.08 * j
            ax.plot([left + 0.02], [-k], "s", color=_COLOUR[mine[0]["sustained"]], markersize=7)
            start = left + 0.07
            for holds in (True, False, None):
                count = sum(row["sustained"] is holds for row in mine)
                if count:
                    share = 0.9 * count / len(mine)
                    ax.barh(-k, share, 0.55, left=start, color=_COLOUR[holds], alpha=0.85, linewidth=0)
                    if share > 0.1:
                        ax.text(start + share / 2, -k, f"{count} of {len(mine)}", ha="center", va="center", size=7.5, color="white")
                    start += share
    for j, plan in enumerate(plans):
        ax.text(1.08 * j, 0.75, f"{plan.replace('_', ' ')}", size=9, weight="bold")
    ax.set_yticks([-k for k in range(len(lines))], names, size=8)
    ax.set(xlim=(-0.03, 1.08 * max(len(plans), 1)), ylim=(-len(lines) + 0.4, 1.2), xticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    return figure
