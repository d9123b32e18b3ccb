"""Patience, haggling, concession and talks as figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from bargaining.plotting import BLUE, GREEN, INK, PURPLE, VERMILION, draw_concession, draw_share_bounds
from bargaining.report.deals import heading
from bargaining.report.page import panels
from bargaining.report.source import Case
from bargaining.store import Row, groups

Floats = NDArray[np.float64]
_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, INK)
_MOST_WARS = 3


def draw_patience(case: Case) -> Figure:
    """Along a common discount factor: what is enforceable, who gets what, and what is left after haggling."""
    rows = [row for row in case.rows if row.get("partition") and row["delta_us"] == row["delta_cn"]]
    figure, axes = panels(
        case,
        "Patience is double-edged: what it enforces, whom the deal favours, what haggling costs",
        3,
        "Left: the largest enforceable joint payoff (dotted: the contractual level, after renegotiation). Middle: payoffs in the deal "
        "that Nash bargaining selects from the worst payoffs (full: U.S., dashed: China). Right: joint payoff less what a war of attrition "
        "over the deal costs, each side holding out for a share of its largest gain over the static point.",
    )
    for k, ((name,), own) in enumerate(groups(rows, ["partition"]).items()):
        line = sorted(own, key=lambda row: float(row["delta_us"]))
        colour, words = _COLOURS[k % len(_COLOURS)], heading(case, str(name))
        _line(axes[0], line, "joint_surplus", colour, "-", words)
        _line(axes[0], line, "contractual_level", colour, ":")
        _line(axes[1], line, "selected_worst_us", colour, "-", words)
        _line(axes[1], line, "selected_worst_cn", colour, "--")
        _line(axes[2], line, "net_surplus_static", colour, "-", words)
    for ax, title, what in zip(
        axes, ("Enforceable", "Selected", "Left after haggling"), ("joint payoff", "payoff of a side", "joint payoff"), strict=True
    ):
        ax.set_title(title)
        ax.set(xlabel="discount factor of both sides δ", ylabel=what)
        ax.legend(fontsize=7)
    return figure


def _line(ax: Axes, rows: Sequence[Row], column: str, colour: str, style: str, label: str | None = None, x: str = "delta_us") -> None:
    points = [(row[x], row[column]) for row in rows if row.get(column) is not None]
    if points:
        ax.plot(*np.array(points).T, style, color=colour, linewidth=1.3, marker=".", markersize=3, label=label)


def draw_own_patience(case: Case) -> Figure:
    """Alternating offers as one side becomes more patient and the other does not."""
    figure, axes = panels(
        case,
        "Who gains by being the patient one?",
        2,
        "Mean payoff over the two openers in alternating offers on the enforceable frontier, the worst payoffs being the price of delay. "
        "Lines: the other side's discount factor, darker for more patient; full: everything linked, dashed: the finest partition solved.",
    )
    rows = [row for row in case.rows if row.get("partition")]
    names = case.partitions
    for ax, tag, other, who in ((axes[0], "us", "cn", "U.S."), (axes[1], "cn", "us", "China")):
        for name, style in ((names[0], "-"), (names[-1], "--")):
            lines = groups([row for row in rows if row["partition"] == name], [f"delta_{other}"])
            for k, ((factor,), own) in enumerate(sorted(lines.items(), key=lambda pair: float(str(pair[0][0])))):
                line = sorted(own, key=lambda row: float(row[f"delta_{tag}"]))
                shade = str(0.75 - 0.75 * k / max(1, len(lines) - 1))
                label = f"other side {factor}" if style == "-" else None
                _line(ax, line, f"offers_{tag}", shade, style, label, x=f"delta_{tag}")
        ax.set(xlabel=f"discount factor of {who}", ylabel=f"{who} payoff")
        ax.set_title(who)
        ax.legend(fontsize=7)
    return figure


@dataclass(frozen=True)
class _War:
    """A war of attrition as stored: who concedes at once with which probability, at which rates from then on, until when."""

    immediate: Floats
    rates: Floats
    horizon: float
    expected_delay: float

    def conceded(self, times: Floats) -> Floats:
        return 1.0 - (1.0 - self.immediate[:, None]) * np.exp(-self.rates[:, None] * np.minimum(times, self.horizon)[None, :])

    def settled(self, times: Floats) -> Floats:
        return np.asarray(1.0 - (1.0 - self.conceded(times)).prod(axis=0))


def draw_wars(case: Case) -> Figure | None:
    """Concession over time for each partition, at the last demand and the first priors; None if there is no war to draw."""
    fought = [row for row in case.rows if row.get("outcome") == "war" and row["disagreement"] == "static"]
    first = [min((row[f"obstinate_{tag}"] for row in fought), default=0.0) for tag in ("us", "cn")]
    # The last of the sweep and of the demands, at the first priors.
    chosen = {row["partition"]: row for row in fought if [row["obstinate_us"], row["obstinate_cn"]] == first}
    if not chosen:
        return None
    shown = list(chosen.items())[:_MOST_WARS]
    figure, axes = panels(
        case,
        '"No quid pro quo" against "no lopsided deal": who gives in when',
        len(shown),
        "The obstinate U.S. refuses any deal with chips; the obstinate China insists on the share of its largest gain named above. "
        "Normal types mimic them. Jumps at time 0: one side gives in at once with that probability.",
    )
    for ax, (name, row) in zip(axes, shown, strict=True):
        immediate, rates = (np.array([row[f"{what}_{tag}"] for tag in ("us", "cn")]) for what in ("concedes_first", "rate"))
        war = _War(immediate, rates, row["horizon"], row["expected_delay"])
        draw_concession(war, max(1.0, min(1.1 * row["horizon"], 28.0)), ax, unit="periods of 90 days")
        settings = case.at(case.swept, [row[key] for key in case.swept])
        told = f"China: {100 * row['lopsided_share']:.0f} %, obstinate {row['obstinate_us']:g} and {row['obstinate_cn']:g}"
        ax.set_title("\n".join(part for part in (heading(case, str(name)), told, settings) if part), size=8.5)
    return figure


def draw_talks(case: Case) -> Figure:
    """Share bounds of the negotiation game against patience, and what a risk of breakdown does to alternating offers."""
    across = case.swept[0]
    names = [name for name in case.partitions if any(row.get("surplus") for row in case.rows if row.get("partition") == name)]
    figure, axes = panels(
        case,
        "What can be had in talks while the quarrel goes on, and under a risk of breakdown",
        len(names),
        "Bands: least and largest equilibrium payoffs in the negotiation game, the stage game being played after every refusal "
        "(∞: talks may drag on for ever). Lines: alternating offers on the enforceable frontier, lighter for a higher risk of breakdown.",
    )
    for ax, name in zip(axes, names, strict=True):
        rows = [row for row in case.rows if row.get("partition") == name and row.get("surplus") is not None]
        sure = sorted((row for row in rows if row["breakdown"] == 0), key=lambda row: float(row[across]))
        xs = [row[across] for row in sure]
        for tag, words, colour in (("us", "U.S.", BLUE), ("cn", "China", VERMILION)):
            draw_share_bounds(xs, [[row[f"least_{tag}"], row[f"most_{tag}"]] for row in sure], ax, label=words, color=colour)
            risks = groups(rows, ["breakdown"])
            for k, own in enumerate(risks.values()):
                line = sorted(own, key=lambda row: float(row[across]))
                points = np.array([(row[across], row[f"offers_{tag}"]) for row in line if row.get(f"offers_{tag}") is not None])
                if len(points):
                    ax.plot(*points.T, "--", color=colour, alpha=1.0 - 0.6 * k / max(1, len(risks) - 1), linewidth=0.9)
        for row in sure:
            if row["max_delay"] == float("inf"):
                ax.annotate("∞", (row[across], row["most_us"]), ha="center", va="bottom", fontsize=8)
        ax.set(xlabel=case.axis(across), ylabel="payoff")
        ax.set_title(heading(case, name), size=9)
    return figure


def figures(case: Case, kind: str) -> list[tuple[str, Figure]]:
    """Figures of a case on patience, concession or talks, with the words that begin their names."""
    if kind == "patience":
        both = any(row["delta_us"] != row["delta_cn"] for row in case.rows if row.get("partition"))
        return [] if case.swept else [("own-patience", draw_own_patience(case)) if both else ("patience", draw_patience(case))]
    if kind == "concession" and len(case.swept) <= 2:
        figure = draw_wars(case)
        return [] if figure is None else [("concession", figure)]
    if kind == "talks" and len(case.swept) == 1:
        return [("talks", draw_talks(case))]
    return []
