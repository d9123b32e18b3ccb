"""The figures of the paper: one style, one width, labels beside what they name; drawn from stored rows alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bargaining.paper import deals, prior
from bargaining.paper.stored import Stored
from bargaining.plotting import BLUE, GREEN, INK, PURPLE, VERMILION, draw_hasse, draw_payoff_set, format_payoff, hasse_layout
from bargaining.report import lattice, page, phase, timeline
from bargaining.report.answers import longest
from bargaining.report.monitored_answers import better
from bargaining.report.source import Case
from bargaining.scenarios.parameters import in_words
from bargaining.store import Row, groups

WIDTH = 6.3  # inches, the text width of the page
_SIZES: dict[Any, Any] = {"font.size": 8.0, "axes.titlesize": 8.5, "axes.labelsize": 8.0, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5}
_COLOURS = (BLUE, VERMILION, GREEN, PURPLE)
_LEAST_INDEX = 0.05


@contextmanager
def style() -> Iterator[None]:
    """The style of every figure of the paper."""
    with page.style(), mpl.rc_context(_SIZES):
        yield


def _case(cases: Sequence[Case], run: str, calibration: str) -> Case | None:
    return next((case for case in cases if case.run == run and case.calibration == calibration), None)


def _page(columns: int, height: float) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, [figure.add_subplot(1, columns, k + 1) for k in range(columns)]


def lattice_briefing(stored: Stored) -> Figure:
    """Hasse diagram of the stylised game."""
    case = next(case for case in stored.cases("linkage") if case.run == "briefing")
    nodes = lattice.nodes(case)
    size = hasse_layout(nodes).size
    figure = Figure(figsize=size)
    draw_hasse(nodes, figure.add_axes((0.0, 0.0, 1.0, 1.0)))
    return figure


def payoff_sets(stored: Stored) -> Figure:
    """The sets of the stances, stylised and calibrated, side by side."""
    cases = stored.cases("linkage")
    shown = [case for case in (_case(cases, "briefing", "central"), _case(cases, "standoff", "central")) if case is not None]
    figure, axes = _page(len(shown), 3.0)
    for ax, case, title in zip(axes, shown, ("Stylised", "Calibrated, $bn"), strict=False):
        stances = {name: stance for stance, name in case.words.stances.items() if name in case.sets}
        for k, (partition, stance) in enumerate(sorted(stances.items(), key=lambda item: -case.sets[item[0]].area)):
            colour = {"Beijing": VERMILION, "Washington": BLUE, "issue by issue": GREEN}.get(stance, PURPLE)
            dashes: Any = {"Beijing": (0, (5, 2)), "Washington": "-", "issue by issue": (0, (1, 1.2))}.get(stance, (0, (5, 1.5, 1, 1.5)))
            draw_payoff_set(
                case.sets[partition], ax, color=colour, linestyle=dashes, fill=0.06, linewidth=1.4, label=stance, zorder=2 + k / 10
            )
        ax.plot(*case.words.status_quo_payoffs, "P", color=INK, markeredgecolor="white", markersize=7, zorder=5)
        ax.set(xlabel="U.S. payoff", ylabel="China payoff")
        ax.set_title(title)
        ax.margins(0.06)
        ax.autoscale_view()
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=7, handlelength=2.6, columnspacing=1.0)
    return figure


_SHORT = {"worst_us": "threat to the U.S.", "joint_surplus": "surplus", "best_cn": "prize for China"}
_LIGHT = {0: "#f2f2f2", 1: "#f2c9a8", 2: "#bcdcf0", 3: "#c9b7d8", 4: "#d8e8c4", 5: "#ead9a0", 6: "#b5dccb", 7: "#aab4c2"}


def phase_diagram(stored: Stored) -> Figure:
    """What moves when rare earths, then chips, are linked, over the two parameters without a source."""
    case = next(case for case in stored.cases("linkage") if phase.applies(case))
    steps = [step for step in phase.STEPS if step.after in case.partitions and any(name in case.partitions for name in step.before)]
    figure, axes = _page(len(steps), 2.8)
    for ax, step, title in zip(axes, steps, ("(a) Linking rare earths to T and K", "(b) Linking AI chips to all the rest"), strict=False):
        _phase_panel(ax, case, step)
        ax.set_title(title)
    axes[0].set_ylabel("Security value of the curb per dollar\nof profit it forgoes, b")
    return figure


def _phase_panel(ax: Axes, case: Case, step: phase.Step) -> None:
    before = next(name for name in step.before if name in case.partitions)
    tables = {change.column: phase.changes(case, before, step.after, change.column) for change in step.changes}
    bits = {"worst_us": 1, "joint_surplus": 2, "best_cn": 4}
    code = np.zeros(next(iter(tables.values())).shape, dtype=int)
    for column, table in tables.items():
        code += bits[column] * (np.nan_to_num(table) != 0)
    x, y = np.array(case.values(phase.X)), np.array(case.values(phase.Y))
    for row, across in zip(code, zip(y - _half(y), y + _half(y), strict=True), strict=True):
        for value, left, right in zip(row, x - _half(x), x + _half(x), strict=True):
            ax.fill_between([left, right], *across, facecolor=_LIGHT[int(value)], edgecolor=_LIGHT[int(value)], linewidth=0.4)
    bounds = case.words.bounds.get(case.calibration, {})
    threshold, joint = bounds.get("withholding_threshold_busd"), bounds.get("b_joint_surplus")
    for value in sorted(set(code.ravel().tolist())):
        where = code == value
        rows, columns = np.nonzero(where)
        # The label stands in the middle of the row of its region that is farthest from the bounds and from the edges of the chart.
        avoid = np.array([1.0, joint or 1.0, y.min() - _half(y)[0], y.max() + _half(y)[0]])
        row = max(sorted(set(rows.tolist())), key=lambda k: float(np.abs(avoid - y[k]).min()))
        place = float(x[columns[rows == row]].mean())
        told = []
        for column, table in tables.items():
            if value & bits[column]:
                low, high = format_payoff(float(table[where].min())), format_payoff(float(table[where].max()))
                told.append(f"{_SHORT[column]}\n{low}" + ("" if low == high else f" to {high}"))
        label = "\n".join(told) or "nothing moves"
        behind: Any = {"facecolor": _LIGHT[int(value)], "edgecolor": "none", "pad": 1.5}
        ax.text(place, float(y[row]), label, ha="center", va="center", size=7, color=INK, linespacing=1.15, bbox=behind, zorder=4)
    if threshold is not None:
        ax.axvline(threshold, color=INK, linewidth=1.0, linestyle="--")
        ax.annotate("ν = ρ", (threshold, 1), (3, -3), ("data", "axes fraction"), "offset points", size=7, va="top")
    for name, value in (("b = 1", 1.0), ("b = b̄", joint)):
        if value is not None and y.min() < value < y.max():
            ax.axhline(value, color=INK, linewidth=0.9, linestyle=":")
            ax.annotate(name, (1, value), (-3, 2), ("axes fraction", "data"), "offset points", size=7, ha="right")
    ax.set_xlabel("Strategic value to China of withholding, ν, $bn")
    ax.set(xlim=(x[0] - _half(x)[0], x[-1] + _half(x)[-1]), ylim=(y[0] - _half(y)[0], y[-1] + _half(y)[-1]))


def _half(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Half the distance to the neighbours: how far a cell reaches from its middle."""
    return np.full(len(values), 0.5 if len(values) == 1 else float(np.diff(values).mean()) / 2)


def shares(stored: Stored) -> Figure:
    """The claims in all draws and by the sign of withholding's net value."""
    rows = stored.table("ensemble_linkage", prior.SHARES, ensemble="prior")
    figure = Figure(figsize=(WIDTH, 3.9), layout="constrained")
    ax = figure.add_subplot()
    classes: tuple[tuple[str | None, str, str, float], ...] = (
        (None, "all draws", INK, 0.0),
        ("does not pay China", "withholding costs China", BLUE, -0.24),
        ("pays China", "withholding pays China", VERMILION, 0.24),
    )
    for label, words, colour, shift in classes:
        marker = {"all draws": "s"}.get(words, "o")
        for k, claim in enumerate(prior.CLAIMS):
            row = next(
                (row for row in rows if row["claim"] == claim and row["class"] == label and row["split"] in ("all", "withholding")), None
            )
            if row is None or row["share"] is None:
                continue
            ax.plot([row["low"], row["high"]], [k + shift] * 2, color=colour, linewidth=1.2, solid_capstyle="butt")
            ax.plot([row["share"]], [k + shift], marker, color=colour, markersize=3.6, label=words if k == 0 else None, clip_on=False)
    ax.set_yticks(range(len(prior.CLAIMS)), list(prior.CLAIMS.values()), fontsize=7)
    ax.set_ylim(len(prior.CLAIMS) - 0.5, -0.6)
    ax.set(xlim=(-0.02, 1.02))
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
    ax.grid(axis="x", color="#e5e5e5")
    ax.set_axisbelow(True)
    for k in range(1, len(prior.CLAIMS)):
        ax.axhline(k - 0.5, color="#eeeeee", linewidth=0.6)
    figure.legend(loc="outside lower center", ncols=3, fontsize=7.5)
    return figure


def indices(stored: Stored) -> Figure:
    """Total Sobol indices, outputs across, parameters down."""
    rows = stored.table("sensitivity", prior.INDICES)
    total = {(row["output"], row["parameter"]): row["total"] for row in rows if row["total"] is not None}
    outputs = [name for name in prior.OUTPUTS if any(output == name for output, _ in total)] or list(prior.OUTPUTS)
    strength = {
        name: max(total.get((output, name), 0.0) for output in outputs) for name in dict.fromkeys(parameter for _, parameter in total)
    }
    names = [name for name, value in sorted(strength.items(), key=lambda item: -item[1]) if value >= _LEAST_INDEX][:16]
    figure = Figure(figsize=(WIDTH, 1.7 + 0.19 * max(len(names), 1)), layout="constrained")
    ax = figure.add_subplot()
    table = np.array([[min(max(total.get((output, name), 0.0), 0.0), 1.0) for output in outputs] for name in names]).reshape(
        -1, len(outputs)
    )
    for y, row in enumerate(table):
        for x, value in enumerate(row):
            ax.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=BLUE, alpha=0.85 * float(value), linewidth=0)
            if value >= _LEAST_INDEX:
                ax.text(x, y, f"{value:.2f}", ha="center", va="center", size=6.5, color="white" if value > 0.6 else INK)
    ax.set_xticks(range(len(outputs)), [prior.OUTPUTS[name] for name in outputs], rotation=35, ha="right", fontsize=7)
    ax.set_yticks(range(len(names)), [in_words(name) for name in names], fontsize=7)
    ax.set(xlim=(-0.5, len(outputs) - 0.5), ylim=(max(len(names), 1) - 0.5, -0.5))
    ax.tick_params(length=0)
    return figure


def truce(stored: Stored) -> Figure:
    """The longest self-enforcing tranche over patience and risk, a panel for each place of the risk."""
    rows = stored.table("truce", run="length")
    panels = groups(rows, ["risk_at_expiry_share"])
    figure, axes = _page(len(panels), 2.3)
    top = max(row["tranche_periods"] for row in rows)
    for ax, ((share,), own) in zip(axes, panels.items(), strict=True):
        deltas, risks = sorted({row["delta"] for row in own}), sorted({row["lapse_risk_share"] for row in own})
        for (delta, risk), cell in groups(own, ["delta", "lapse_risk_share"]).items():
            length = longest(cell)
            x, y = deltas.index(delta), risks.index(risk)
            ax.fill_between(
                [x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=BLUE, alpha=0.0 if length is None else 0.7 * length / top, linewidth=0
            )
            ax.text(x, y, "?" if length is None else f"{length}", ha="center", va="center")
        ax.set_xticks(range(len(deltas)), [f"{delta:g}" for delta in deltas])
        ax.set_yticks(range(len(risks)), [f"{risk:g}" for risk in risks])
        ax.set(xlim=(-0.5, len(deltas) - 0.5), ylim=(-0.5, len(risks) - 0.5), xlabel="δ per 90 days")
        ax.set_title({"0": "risk spread evenly", "1": "all risk at expiry"}.get(f"{share:g}", f"{share:g} of the risk at expiry"))
    axes[0].set_ylabel("risk of a lapse, ρ")
    return figure


def _root(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    roots: np.ndarray[Any, np.dtype[np.float64]] = np.sqrt(np.maximum(values, 0.0))
    return roots


def court(stored: Stored) -> Figure:
    """What bargaining gives each side, against how readily the instrument is restored."""
    rows = stored.table("court", run="fallback", state="authority", plan="truce", status="solved")
    figure, axes = _page(2, 2.5)
    for ax, (who, tag) in zip(axes, (("U.S.", "us"), ("China", "cn")), strict=True):
        for k, ((kappa,), own) in enumerate(groups(rows, ["strike_hazard_share"]).items()):
            line = sorted(own, key=lambda row: row["restoration_share"])
            xs, ys = [row["restoration_share"] for row in line], [row[f"bargain_{tag}"] for row in line]
            ax.plot(xs, ys, color=_COLOURS[k % 4], linewidth=1.2, linestyle=("-", "--", ":")[k % 3], label=f"κ = {kappa:g}")
            for row, x, y in zip(line, xs, ys, strict=True):
                ax.plot(
                    [x], [y], "o", color=_COLOURS[k % 4], markerfacecolor=_COLOURS[k % 4] if row["sustained"] else "white", markersize=3.5
                )
        ax.set_xscale("function", functions=(_root, np.square))
        ax.set_xlim(0.0, 1.02)
        ax.set_xticks([0, 0.05, 0.2, 0.4, 0.6, 1.0])
        ax.set(xlabel="Restoration share per quarter, φ", ylabel=f"{who} payoff")
        ax.set_title(who)
    axes[0].legend(loc="lower right", fontsize=7.5)
    return figure


_DEALS = {
    "none": "#f2f2f2",
    "static": "#d9d9d9",
    "truce only": "#e8e0c8",
    "London": "#bcdcf0",
    "military release": "#f2c9a8",
    "chips for licences": "#ead9a0",
    "grand bargain": "#b5dccb",
}
_SPARE = ("#c9b7d8", "#aab4c2", "#f4d6e2", "#d8e8c4")


def deals_map(stored: Stored) -> Figure:
    """The deal that each stance predicts in the stylised game, over patience and the price of easing chips."""
    rows = stored.table("deals", run="stylised_map")
    figure, axes = _page(2, 2.5)
    kinds = list(dict.fromkeys(row["deal"] for stance in deals.STANCES for row in deals.headline(rows, stance)))
    spare = iter(_SPARE * 3)
    colours = {kind: _DEALS[kind] if kind in _DEALS else next(spare) for kind in kinds}
    for ax, stance in zip(axes, deals.STANCES, strict=True):
        own = deals.headline(rows, stance)
        x, y = (np.array(sorted({row[name] for row in rows})) for name in ("delta", "easing_cost_us_units"))
        for row in own:
            left, right = row["delta"] - _half(x)[0], row["delta"] + _half(x)[0]
            low, high = row["easing_cost_us_units"] - _half(y)[0], row["easing_cost_us_units"] + _half(y)[0]
            ax.fill_between([left, right], low, high, facecolor=colours[row["deal"]], edgecolor=colours[row["deal"]], linewidth=0.4)
        for kind in kinds:
            cells = [row for row in own if row["deal"] == kind]
            if cells:
                # At the cell nearest to the middle of the region, so that the word stands inside it.
                centre = np.mean([[row["delta"], row["easing_cost_us_units"]] for row in cells], axis=0)
                spread = np.array([np.ptp(x) or 1.0, np.ptp(y) or 1.0])
                near = min(cells, key=lambda row: float(np.square((_place(row) - centre) / spread).sum()))
                ax.text(
                    near["delta"],
                    near["easing_cost_us_units"],
                    kind.replace(" ", "\n"),
                    ha="center",
                    va="center",
                    size=7.5,
                    color=INK,
                    linespacing=1.1,
                )
        ax.set(xlabel="Discount factor per 90 days, δ", xlim=(x[0] - _half(x)[0], x[-1] + _half(x)[0]))
        ax.set(ylim=(y[0] - _half(y)[0], y[-1] + _half(y)[0]))
        ax.set_title(f"{stance}’s partition")
    axes[0].set_ylabel("What easing chips costs the U.S.")
    return figure


def _place(row: Row) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([row["delta"], row["easing_cost_us_units"]])


def patience(stored: Stored) -> Figure:
    """Enforceable surplus, the same net of haggling, and the level that survives renegotiation, against patience."""
    rows = stored.table("patience", run="common", status="solved")
    figure, axes = _page(2, 2.45)
    lines = (
        ("joint_surplus", "enforceable", BLUE, "-"),
        ("net_surplus_worst", "net of haggling", VERMILION, "--"),
        ("contractual_level", "after renegotiation", GREEN, ":"),
    )
    for ax, stance in zip(axes, deals.STANCES, strict=True):
        own = sorted((row for row in rows if row["stance"] == stance), key=lambda row: row["delta_us"])
        for column, words, colour, dashes in lines:
            shown = [row for row in own if row[column] is not None]
            xs, ys = [row["delta_us"] for row in shown], [row[column] for row in shown]
            ax.plot(xs, ys, color=colour, linestyle=dashes, linewidth=1.4, marker="o", markersize=2.5, label=words)
        ax.set(xlabel="Discount factor per 90 days, δ", ylabel="Joint payoff" if stance == deals.STANCES[0] else "")
        ax.set_title(f"{stance}’s partition")
    axes[1].sharey(axes[0])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7.5)
    return figure


def noise_map(stored: Stored) -> Figure:
    """Link or firewall over what is detected on each issue, a panel for each discount factor."""
    rows = stored.table("noise", run="map", status="solved")
    panels = groups(rows, ["delta"])
    figure, axes = _page(len(panels), 2.4)
    colours = {"link": "#bcdcf0", "firewall": "#f2c9a8", "tie": "#f2f2f2"}
    names = ("magnets_detection_share", "chips_detection_share")
    x, y = (np.array(sorted({row[name] for row in rows})) for name in names)
    for ax, ((delta,), own) in zip(axes, panels.items(), strict=True):
        for row in own:
            u, v = (row[name] for name in names)
            colour = colours.get(row["verdict"], "#ffffff")
            edges = [u - _half(x)[0], u + _half(x)[0]]
            ax.fill_between(edges, v - _half(y)[0], v + _half(y)[0], facecolor=colour, edgecolor=colour, linewidth=0.4)
        best = [row for row in own if better(row, "linked", "apart")]
        ax.plot([row[names[0]] for row in best], [row[names[1]] for row in best], ".", color=INK, markersize=1.8)
        for verdict, words in (("link", "link"), ("firewall", "firewall"), ("tie", "the same")):
            cells = np.array([[row[name] for name in names] for row in own if row["verdict"] == verdict])
            if len(cells):
                near = cells[np.square(cells - cells.mean(axis=0)).sum(axis=1).argmin()]
                behind: Any = {"facecolor": colours[verdict], "edgecolor": "none", "pad": 1.0}
                ax.text(float(near[0]), float(near[1]), words, ha="center", va="center", size=7.5, color=INK, bbox=behind, zorder=4)
        ax.set(xlim=(x[0] - _half(x)[0], x[-1] + _half(x)[0]), ylim=(y[0] - _half(y)[0], y[-1] + _half(y)[0]))
        ax.set_xlabel("detection, magnets")
        ax.set_title(f"δ = {delta:g}")
    axes[0].set_ylabel("detection, chips")
    return figure


_STRIPS = {
    "tranche": "truce",
    "court": "court",
    "T": "tariffs",
    "R": "rare earths",
    "C": "AI chips",
}


def paths(stored: Stored) -> Figure:
    """Where play goes under the London plan, period by period, with chips also under the exchange; above, what was observed."""
    rows = stored.table("standoff_dynamic", kind="path")
    wanted = [("london", part, words) for part, words in _STRIPS.items()] + [("exchange", "C", "AI chips,\nexchange")]
    strips = [(words, [row for row in rows if row["plan"] == plan and row["part"] == part]) for plan, part, words in wanted]
    strips = [(words, own) for words, own in strips if own]
    figure = Figure(figsize=(WIDTH, 0.5 * len(strips) + 0.3), layout="constrained")
    last = max(row["period"] for row in rows)
    for k, (words, own) in enumerate(strips):
        ax = figure.add_subplot(len(strips), 1, k + 1)
        timeline.draw_strip(ax, own, last, size=6.5)
        ax.set_ylabel(words, rotation=0, ha="right", va="center")
    dates = {row["period"]: row["date"] for row in rows}
    ax.set_xticks(range(last + 1), [str(dates[period]) for period in range(last + 1)])
    ax.tick_params(length=0)
    return figure


DRAWERS: Mapping[str, Callable[[Stored], Figure]] = {
    "lattice-briefing": lattice_briefing,
    "sets": payoff_sets,
    "phase": phase_diagram,
    "shares": shares,
    "indices": indices,
    "truce": truce,
    "court": court,
    "deals-map": deals_map,
    "patience": patience,
    "noise": noise_map,
    "paths": paths,
}
