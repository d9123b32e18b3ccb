"""The payoff sets of the partitions laid over each other, one panel a calibration."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from bargaining.payoff_set import PayoffSet
from bargaining.plotting import BLUE, FAINT, GREEN, INK, PURPLE, VERMILION, draw_payoff_set, wrap_text
from bargaining.report.source import Case, capital

# Sets closer than this share of the panel's spread are one set to the eye and, the rows being proven to 1e-9, to the mind.
_SAME = 1e-6
_STYLES: tuple[tuple[str, str | tuple[float, tuple[float, ...]]], ...] = (
    (BLUE, "-"),
    (VERMILION, (0, (5, 2))),
    (GREEN, (0, (1, 1.2))),
    (PURPLE, (0, (5, 1.5, 1, 1.5))),
    (INK, (0, (8, 3))),
)


def applies(case: Case) -> bool:
    """Whether a case is one game whose payoff sets are stored."""
    return not case.swept and bool(case.partitions) and not any(row.get("kind") for row in case.rows)


def draw(cases: Sequence[Case]) -> Figure:
    """Overlay the payoff sets of every partition; stances with a name in colour, the others faint."""
    columns = min(2, len(cases))
    down = math.ceil(len(cases) / columns)
    words = cases[0].words
    figure = Figure(figsize=(6.0 * columns + 0.4, 5.6 * down + 0.9), layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
    inside = 6.0 * columns - 0.2
    title = wrap_text("What each side can gain or lose under which linkage", inside, 12, bold=True)
    figure.suptitle("\n".join(title), x=0.02, ha="left", weight="bold", size=12)
    for k, case in enumerate(cases):
        _panel(figure.add_subplot(down, columns, k + 1), case)
    meaning = (
        "Each area holds every pair of average payoffs that some self-enforcing play gives when only linked issues may answer each other."
    )
    note = wrap_text(words.story(), inside, 8.5) + wrap_text(meaning, inside, 8.5)
    figure.supxlabel("\n".join(note), x=0.02, ha="left", size=8.5, color="#444444")
    return figure


def coinciding(sets: dict[str, PayoffSet]) -> list[list[str]]:
    """Group partitions whose sets are the same up to `_SAME` of the spread of all of them.

    Examples
    --------
    >>> unit, point = PayoffSet([[0, 0], [1, 0], [0, 1]]), PayoffSet([[0, 0]])
    >>> coinciding({"T,R": unit, "T|R": point, "R|T": point})
    [['T,R'], ['T|R', 'R|T']]
    """
    vertices = [payoff_set.vertices for payoff_set in sets.values() if not payoff_set.is_empty]
    spread = float(np.ptp(np.concatenate(vertices), axis=0).max()) if vertices else 0.0
    groups: list[list[str]] = []
    for name, payoff_set in sets.items():
        home = next((group for group in groups if sets[group[0]].distance(payoff_set) <= _SAME * spread), None)
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    return groups


def _panel(ax: Axes, case: Case) -> None:
    words, sets = case.words, dict(case.sets)
    groups = coinciding(sets)
    ax.set_xlabel("\n".join(wrap_text(f"U.S. payoff: {words.unit}", 5.0, 9)))
    ax.set_ylabel("\n".join(wrap_text(f"China payoff: {words.unit}", 3.3, 9)))
    ax.set_title("\n".join(wrap_text(case.setting, 5.3, 10)))
    styles = dict(zip(words.stances.values(), _STYLES, strict=False))
    named = [group for group in groups if set(group) & set(styles)]
    for group in sorted(named, key=lambda group: -sets[group[0]].area):
        payoff_set = sets[group[0]]
        color, linestyle = next(styles[name] for name in styles if name in group)
        label = _group_label(group, case)
        if payoff_set.is_empty:
            ax.plot([], [], color=color, linestyle=linestyle, label=f"{label}: empty, nothing is self-enforcing")
        else:
            draw_payoff_set(payoff_set, ax, color=color, linestyle=linestyle, fill=0.1, linewidth=2.0, label=label, zorder=2.5)
    others = [group for group in groups if not set(group) & set(styles)]
    for k, group in enumerate(others):
        if not sets[group[0]].is_empty:
            described = _others_label(others, sets) if k == 0 else None
            draw_payoff_set(sets[group[0]], ax, color=FAINT, fill=0.0, linewidth=0.8, label=described, zorder=1.5)
    quo = words.status_quo_payoffs
    label = f"status quo: {words.status_quo.replace('_', ' ')}"
    ax.plot(*quo, marker="P", markersize=9, linestyle="none", color=INK, markeredgecolor="white", label=label, zorder=4)
    ax.axhline(quo[1], color=FAINT, linewidth=0.6, zorder=0)
    ax.axvline(quo[0], color=FAINT, linewidth=0.6, zorder=0)
    ax.margins(0.08)
    ax.autoscale_view()
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.13), borderaxespad=0.0, handlelength=3.2)


def _group_label(group: list[str], case: Case) -> str:
    """Stances of a group in words, the first with its partition, and how many other partitions give the same set."""
    words = case.words
    stances = [name for name in words.stances.values() if name in group]
    first = f"{capital(words.stance(stances[0]))} ({words.partition(stances[0])})"
    same = [words.stance(name) for name in stances[1:]]
    unnamed = len(group) - len(stances)
    if unnamed:
        same.append(f"{unnamed} other partition{'s' if unnamed > 1 else ''}")
    kind = {1: " [a point]", 2: " [a segment]"}.get(len(case.sets[group[0]].vertices), "")
    kind += " [not proven]" if case.unproven(group[0]) else ""
    text = f"{first}{kind}" + (f"; the same set: {', '.join(same)}" if same else "")
    return "\n".join(wrap_text(text, 4.7, 8))


def _others_label(others: list[list[str]], sets: dict[str, PayoffSet]) -> str:
    total = sum(map(len, others))
    text = f"the {total} other partitions" if total > 1 else "the other partition"
    if total > len(others):
        text += f" ({len(others)} different set{'s' if len(others) > 1 else ''})"
    return text
