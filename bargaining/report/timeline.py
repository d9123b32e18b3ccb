"""Where play goes under a plan, period by period, beside what happened: drawn from rows of ``simulated_paths``."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bargaining.plotting import GREEN, INK, VERMILION, wrap_text
from bargaining.report.motion import agrees, comparison
from bargaining.report.source import Case, capital
from bargaining.store import Row, groups

Event = Mapping[str, Any]
_SHADES = ("#4c78a8", "#a6c3de", "#f2cf8f", "#e0a05f", "#b9b9b9", "#8fbf9f", "#cfcfcf", "#dfe8ef")
_DAYS = 90
_WIDTH = 10.6
_CHARACTERS = 88


def applies(case: Case) -> bool:
    """Whether a case is of drawn paths."""
    return not case.swept and any(row.get("kind") == "path" for row in case.rows)


def draw(case: Case) -> Figure:
    """One strip a factor and an issue: shares of the values by date, the sample path, and what was observed; events below."""
    rows = [row for row in case.rows if row.get("kind") == "path"]
    strips = groups(rows, ["what", "part"])
    events = [event for event in case.words.events if case.words.start_date and event["date"] > case.words.start_date]
    lines = [_line(k + 1, event) for k, event in enumerate(events)]
    half = -(-len(lines) // 2)
    note = _note(case, rows)
    wrapped = [line for text in note for line in wrap_text(text, _WIDTH - 0.4, 8.5)]
    heights = [*(0.5 for _ in strips), 0.36, 0.145 * half + 0.1]
    top, bottom, gap = 0.75, 0.16 * len(wrapped) + 0.2, 0.22
    total = sum(heights) + gap * len(heights) + top + bottom
    figure = Figure(figsize=(_WIDTH, total))
    plan = rows[0]["plan"]
    figure.text(0.02, 1 - 0.15 / total, f"Where play goes under the plan {plan!r}, and what happened", weight="bold", size=12, va="top")
    figure.text(0.02, 1 - 0.4 / total, f"{case.words.plans.get(plan, '')}; bars: probability by date", size=9, va="top")
    y = total - top
    axes: list[Axes] = []
    for height in heights:
        axes.append(figure.add_axes((0.135, (y - height) / total, 0.845, height / total)))
        y -= height + gap
    periods = max(row["period"] for row in rows)
    for ax, ((_, part), own) in zip(axes, strips.items(), strict=False):
        draw_strip(ax, own, periods)
        words = case.words.factors.get(str(part)) or case.words.issues.get(str(part), str(part))
        ax.set_ylabel("\n".join(wrap_text(capital(words), 1.2, 8)), rotation=0, ha="right", va="center", size=8)
    dates = {row["period"]: row["date"] for row in rows}
    axes[len(strips) - 1].set_xticks(range(periods + 1), [str(dates[p] or p) for p in range(periods + 1)])
    _marks(axes[-2], case, events, periods)
    axes[-1].axis("off")
    for k, line in enumerate(lines):
        column, place = divmod(k, half)
        axes[-1].text(-0.14 + 0.585 * column, 1 - (place + 0.5) / half, line, transform=axes[-1].transAxes, size=6.6, va="center")
    figure.text(0.02, (bottom - 0.05) / total, "\n".join(wrapped), size=8.5, va="top", color="#444444")
    return figure


def _line(number: int, event: Event) -> str:
    text = f"{number}. {event['date']}  {event['what']}"
    read = ", ".join(f"{part} {value}" for part, value in event["read_as"].items())
    room = _CHARACTERS - (len(read) + 4 if read else 0)
    text = text if len(text) <= room else text[: room - 1].rsplit(" ", 1)[0] + " …"
    return f"{text}  [{read}]" if read else text


def _note(case: Case, rows: Sequence[Row]) -> list[str]:
    right, of, missed = comparison(rows)
    start = case.words.start_date
    note = ["Dots: one drawn path. Every probability is exact; shares of the drawn paths are in rows.csv."]
    if start:
        note.append(
            f"Out of sample, not a fit: probabilities rest on assumptions and on information up to {start}; all {_after(case)} events "
            "listed came after. Above each bar what was observed at its date, read off the events in brackets: green if it is the "
            f"likeliest value, red if not. The likeliest values match at {right} of {of} dates and parts with a reading. "
            "One path tests no theory; dates are not independent, and clocks such as the date of a ruling are inputs, not predictions."
        )
        if missed:
            note.append(f"Misses: {'; '.join(missed)}.")
    return [*note, case.words.story(), case.setting]


def _after(case: Case) -> int:
    return sum(event["date"] > case.words.start_date for event in case.words.events)


def draw_strip(ax: Axes, rows: Sequence[Row], periods: int, size: float = 7) -> None:
    """One part's values by date: a bar a period, the observed value above it, a dot for the sample path."""
    values = list(dict.fromkeys(row["value"] for row in rows))
    colours = {value: _SHADES[k % len(_SHADES)] for k, value in enumerate(values)}
    for period in range(periods + 1):
        own = [row for row in rows if row["period"] == period]
        base = 0.0
        for row in sorted(own, key=lambda row: values.index(row["value"])):
            share = row["probability"]
            ax.bar(period, share, 0.94, bottom=base, color=colours[row["value"]], linewidth=0)
            if share >= 0.2:
                label = str(row["value"]).replace("no move / ", "").replace(" / no move", "")
                ax.text(period - 0.05 * row["sample"], base + share / 2, label, ha="center", va="center", size=size, color=INK)
            if row["sample"]:
                ax.plot([period + 0.4], [base + share / 2], "o", color=INK, markersize=3)
            base += share
        seen = own[0]["observed"]
        if seen is not None and period:
            top = next(row for row in own if row["modal"])
            ax.text(period, 1.04, seen, ha="center", va="bottom", size=size, color=GREEN if agrees(top["value"], seen) else VERMILION)
    ax.set(xlim=(-0.5, periods + 0.5), ylim=(0, 1), yticks=[], xticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)


def _marks(ax: Axes, case: Case, events: Sequence[Event], periods: int) -> None:
    """Events by number on the same axis of time as the strips; numbers that would touch stand on another level."""
    ax.set(xlim=(-0.5, periods + 0.5), ylim=(0, 1), yticks=[], xticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.axhline(0.95, color="#999999", linewidth=0.8)
    last = [-9.0, -9.0, -9.0]
    for k, event in enumerate(events):
        x = (date.fromisoformat(event["date"]) - date.fromisoformat(case.words.start_date)).days / _DAYS
        level = next((k for k, before in enumerate(last) if x - before > 0.16), 2)
        last[level] = x
        ax.plot([x, x], [0.8, 1.0], color=INK, linewidth=0.8, clip_on=False)
        ax.text(x, 0.42 - 0.42 * level, str(k + 1), ha="center", size=6.6)
    ax.set_ylabel("events", rotation=0, ha="right", va="center", size=8)
