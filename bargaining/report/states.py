"""Runs of scenarios with states as figures: how long a truce may be, what each side can get along a parameter or from state to state."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bargaining.plotting import BLUE, FAINT, GREEN, INK, PURPLE, VERMILION
from bargaining.report.answers import before_the_draw, longest
from bargaining.report.page import keep_flat, panels
from bargaining.report.source import Case
from bargaining.store import Row, groups

_COLOURS = (BLUE, VERMILION, GREEN, PURPLE, INK)
_MOST_LINES = 10
_SIDES = (("U.S.", "us"), ("China", "cn"))


def applies(case: Case) -> bool:
    """Whether a case is of a scenario with states, and solved."""
    return any(row.get("plan") and not row.get("kind") for row in case.rows)


def draw(case: Case) -> Figure:
    """The figure of a case: the longest tranche, payoffs along the last swept parameter, or payoffs by state."""
    rows = [row for row in case.rows if row.get("plan")]
    names = [name for name in case.words.parameters if name in case.swept]
    numbers = names and all(isinstance(row[names[-1]], (int, float)) for row in rows)
    if {"tranche_periods", "lapse_risk_share", "delta"} <= set(names) and numbers:
        return _lengths(case, rows, names)
    if numbers and names[-1] == "on_periods":
        return calendars(case, rows, names)
    if numbers and {"surge_ratio", "licence_periods", "delta"} == set(names) and before_the_draw(rows):
        return shocks(case, rows)
    if numbers:
        return _lines(case, rows, names)
    return _bars(case, rows)


def _lengths(case: Case, rows: Sequence[Row], names: Sequence[str]) -> Figure:
    """N* over patience and the risk of a lapse, one panel for each share of the risk that sits at expiries."""
    others = [name for name in names if name not in ("tranche_periods", "lapse_risk_share", "delta")]
    parts = groups(rows, others)
    figure, axes = panels(
        case,
        "The longest tranche of a truce that enforces itself, N*",
        max(1, len(parts)),
        "In each cell the longest tranche, of the lengths looked at, at whose renewals nobody gains by cheating while the other side's "
        "answer is locked; 0: none; ?: not settled. Darker is longer.",
    )
    top = max(row["tranche_periods"] for row in rows)
    for ax, (key, own) in zip(axes, parts.items(), strict=True):
        deltas, risks = sorted({row["delta"] for row in own}), sorted({row["lapse_risk_share"] for row in own})
        for (delta, risk), cell in groups(own, ["delta", "lapse_risk_share"]).items():
            length = longest(cell)
            x, y = deltas.index(delta), risks.index(risk)
            shade = 0.0 if length is None else 0.75 * length / top
            ax.fill_between([x - 0.5, x + 0.5], y - 0.5, y + 0.5, color=BLUE, alpha=shade, linewidth=0)
            ax.text(x, y, "?" if length is None else f"{length}", ha="center", va="center")
        ax.set_xticks(range(len(deltas)), [f"{delta:g}" for delta in deltas])
        ax.set_yticks(range(len(risks)), [f"{risk:g}" for risk in risks])
        ax.set(
            xlim=(-0.5, len(deltas) - 0.5),
            ylim=(-0.5, len(risks) - 0.5),
            xlabel=case.axis("delta"),
            ylabel=case.axis("lapse_risk_share"),
        )
        ax.set_title(", ".join(f"{case.axis(name)} = {_value(value)}" for name, value in zip(others, key, strict=True)), size=9)
    return figure


def _lines(case: Case, rows: Sequence[Row], names: Sequence[str]) -> Figure:
    """What bargaining from the worst payoffs gives each side, along the last swept parameter."""
    *others, across = names
    first = rows[0]
    own = [row for row in rows if row["state"] == first["state"] and row["plan"] == first["plan"]]
    figure, axes = panels(
        case,
        f"What each side can count on from state {first['state']!r}",
        2,
        f"Nash bargaining from the worst equilibrium payoffs. Full dots: the plan {first['plan'].replace('_', ' ')!r} is an equilibrium "
        "path; hollow: it is none or not settled. Points whose payoffs are not proven are left out.",
    )
    for ax, (who, tag) in zip(axes, _SIDES, strict=True):
        for k, (key, line) in enumerate(list(groups(own, others).items())[:_MOST_LINES]):
            shown = sorted((row for row in line if row["status"] == "solved"), key=lambda row: row[across])
            label = case.at(others, key)
            xs, ys = [row[across] for row in shown], [row[f"bargain_{tag}"] for row in shown]
            colour = _COLOURS[k % len(_COLOURS)]
            ax.plot(xs, ys, color=colour, linestyle=("-", "--")[k // len(_COLOURS)], label=label or None, linewidth=1.2)
            for row, x, y in zip(shown, xs, ys, strict=True):
                ax.plot([x], [y], "o", color=colour, markerfacecolor=colour if row["sustained"] else "white", markersize=4)
        ax.set(xlabel=case.axis(across), ylabel=f"{who} payoff")
        keep_flat(ax, max((row["error_bound"] or 0.0 for row in own if row["status"] == "solved"), default=0.0))
        ax.set_title(who)
    if axes[0].get_legend_handles_labels()[1]:
        axes[0].legend()
    return figure


def calendars(case: Case, rows: Sequence[Row], names: Sequence[str]) -> Figure:
    """What a plan with a calendar is worth to each side by how many periods of the cycle are on."""
    *others, across = names
    plan = rows[0]["plan"]
    own = [row for row in rows if row["plan"] == plan and row["state"] == rows[0]["state"]]
    figure, axes = panels(
        case,
        "Intermittent controls: what they are worth by how long they last",
        2,
        f"Payoffs of the plan {plan.replace('_', ' ')!r}: {case.words.plans.get(plan, '')}. Full dots: an equilibrium path; hollow: none, "
        "or not settled.",
    )
    for ax, (who, tag) in zip(axes, _SIDES, strict=True):
        for k, (key, line) in enumerate(groups(own, others).items()):
            label = case.at(others, key)
            _dotted(ax, [(row[across], row[f"plan_{tag}"], row["sustained"]) for row in line], k, label)
        ax.set(xlabel=case.axis(across), ylabel=f"{who} payoff")
        ax.set_xticks(sorted({row[across] for row in own}))
        ax.set_title(who)
    if others:
        axes[0].legend(loc="upper right", fontsize=6.5)
    return figure


def shocks(case: Case, rows: Sequence[Row]) -> Figure:
    """What the best plan that holds is worth to both by the size of a surge, a line a length of licences, a panel a patience."""
    value = before_the_draw(rows)
    deltas = sorted({key[0] for key in value})
    figure, axes = panels(
        case,
        "From which size of surge licences pay",
        len(deltas),
        "Both sides' payoffs under the best of the plans that holds, before calm or surge is drawn at a renewal. Licences pay where a "
        "longer one lies above that of one period. Settings that are not settled are left out.",
    )
    for ax, delta in zip(axes, deltas, strict=True):
        for k, length in enumerate(sorted({key[2] for key in value})):
            points = [(size, both, True) for (d, size, n), both in sorted(value.items()) if d == delta and n == length]
            _dotted(ax, points, k, f"{case.words.parameters['licence_periods'].get('symbol', 'L')} = {length}")
        ax.set(xlabel=case.axis("surge_ratio"), ylabel="payoff of both")
        ax.set_title(f"δ = {delta:g}")
    axes[0].legend()
    return figure


def _dotted(ax: Axes, points: Sequence[tuple[float, float, bool | None]], k: int, label: str) -> None:
    colour, dash = _COLOURS[k % len(_COLOURS)], ("-", "--")[k // len(_COLOURS) % 2]
    ax.plot([x for x, _, _ in points], [y for _, y, _ in points], color=colour, linestyle=dash, linewidth=1.2, label=label or None)
    for x, y, holds in points:
        ax.plot([x], [y], "o", color=colour, markerfacecolor=colour if holds else "white", markersize=4)


def _bars(case: Case, rows: Sequence[Row]) -> Figure:
    """From the worst to the best equilibrium payoff of each side, state by state."""
    states = {state: own[0] for (state,), own in groups(rows, ["state"]).items()}
    figure, axes = panels(
        case,
        "What each side can gain or lose, state by state",
        2,
        "From the worst to the best equilibrium payoff; the dot is Nash bargaining from the worst ones. Grey: not proven to the accuracy "
        "asked for.",
    )
    for ax, (who, tag) in zip(axes, _SIDES, strict=True):
        for k, row in enumerate(states.values()):
            if row.get(f"worst_{tag}") is None:
                continue
            colour = BLUE if row["status"] == "solved" else FAINT
            ax.plot([row[f"worst_{tag}"], row[f"best_{tag}"]], [-k, -k], color=colour, linewidth=5, solid_capstyle="butt")
            ax.plot([row[f"bargain_{tag}"]], [-k], "o", color=INK, markersize=4)
        ax.set_yticks([-k for k in range(len(states))], [str(state) for state in states])
        ax.set(xlabel=f"{who} payoff")
        ax.set_title(who)
    return figure


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
