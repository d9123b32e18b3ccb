"""Figures of ensembles: shares of claims, bands along a parameter, Sobol indices, and what a pattern identifies."""

import math
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bargaining.plotting import INK
from bargaining.store import Row, read_table

_NOTE = "Draws from the declared ranges: calibrated assumptions, not estimates. Bars: 95 % intervals, undecided draws counted both ways."
_DARK, _MIDDLE, _LIGHT = "#1f4e79", "#7fa8cc", "#d6e4f0"
_MOST_BARS = 8


def figures(results: Path, ensembles: Sequence[str]) -> Iterator[tuple[str, Figure]]:
    """Name and figure of everything that the tables of the ensembles allow to draw."""
    tables = {name: _table(results, f"{name}.csv") for name in ("shares", "bands", "indices", "ranges")}
    for name in ensembles:
        own = {table: [row for row in rows if row["ensemble"] == name] for table, rows in tables.items()}
        if own["shares"]:
            yield f"shares-{name}", shares(own["shares"])
        for k, (of, along) in enumerate(dict.fromkeys((row["of"], row["along"]) for row in own["bands"])):
            rows = [row for row in own["bands"] if (row["of"], row["along"]) == (of, along)]
            yield f"bands-{name}-{k}", bands(rows, str(of), str(along))
        if own["indices"]:
            yield f"indices-{name}", indices(own["indices"])
        for pattern in dict.fromkeys(row["pattern"] for row in own["ranges"]):
            yield f"region-{name}-{pattern}", region([row for row in own["ranges"] if row["pattern"] == pattern], str(pattern))


def _table(results: Path, name: str) -> list[Row]:
    return read_table(results / name) if (results / name).exists() else []


def shares(rows: Sequence[Row]) -> Figure:
    """One line a claim: its share in all draws, and in every class of every split beside it."""
    claims = list(dict.fromkeys(row["claim"] for row in rows))
    splits = list(dict.fromkeys(row["split"] for row in rows))
    figure = Figure(figsize=(2.6 + 2.1 * len(splits), 1.2 + 0.42 * len(claims)), layout="constrained")
    panels = figure.subplots(1, len(splits), sharey=True, squeeze=False)[0]
    for panel, split in zip(panels, splits, strict=True):
        classes = list(dict.fromkeys(row["class"] for row in rows if row["split"] == split))
        shades = [_DARK] if len(classes) == 1 else ["#1f4e79", "#c7702a", "#4f8a4f", "#8a5a9e", "#777777"]
        for k, label in enumerate(classes):
            own = {row["claim"]: row for row in rows if row["split"] == split and row["class"] == label}
            shift = 0.0 if len(classes) == 1 else 0.5 * (k / (len(classes) - 1) - 0.5)
            for y, claim in enumerate(claims):
                row = own[claim]
                panel.plot([row["low"], row["high"]], [y + shift] * 2, color=shades[k % len(shades)], linewidth=1.4, solid_capstyle="butt")
                if row["share"] is not None:
                    words = label if y == 0 and label is not None else None
                    panel.plot([row["share"]], [y + shift], "o", color=shades[k % len(shades)], markersize=3.5, label=words)
        panel.set_title("All draws" if split == "all" else f"By {split}")
        panel.set_xlim(-0.02, 1.02)
        panel.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        panel.grid(axis="x", color="#e5e5e5")
        panel.set_axisbelow(True)
        if len(classes) > 1:
            panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.04), fontsize=7)
    panels[0].set_yticks(range(len(claims)), [textwrap.fill(str(claim).replace("_", " "), 34) for claim in claims])
    panels[0].invert_yaxis()
    figure.suptitle("In which share of the draws each claim holds", x=0.01, ha="left", fontsize=10)
    figure.supxlabel(_NOTE, fontsize=7, color=INK)
    return figure


def bands(rows: Sequence[Row], of: str, along: str) -> Figure:
    """Quantiles of an output along a parameter: the middle 90 %, the middle half, the median."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    panel: Axes = figure.subplots()
    x = [row["middle"] for row in rows]
    # What is infinite (never) is drawn at the upper edge of what is not.
    finite = [row[key] for row in rows for key in row if key.startswith("q") and row[key] is not None and math.isfinite(row[key])]
    top = max(finite, default=1.0)
    values = {key: [math.nan if row[key] is None else min(row[key], top) for row in rows] for key in ("q05", "q25", "q50", "q75", "q95")}
    panel.fill_between(x, values["q05"], values["q95"], color=_LIGHT, label="90 % of the draws")
    panel.fill_between(x, values["q25"], values["q75"], color=_MIDDLE, label="half of them")
    panel.plot(x, values["q50"], color=_DARK, label="median")
    panel.set_xlabel(along.replace("_", " "))
    panel.set_title(textwrap.fill(of.replace("`", ""), 70))
    panel.legend()
    return figure


def indices(rows: Sequence[Row]) -> Figure:
    """For every output the parameters that matter most: what each explains alone, and with all its interactions."""
    outputs = list(dict.fromkeys(row["output"] for row in rows))
    columns = min(3, len(outputs))
    lines = -(-len(outputs) // columns)
    figure = Figure(figsize=(4.0 * columns, 2.4 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, output in zip(panels, outputs, strict=False):
        own = [row for row in rows if row["output"] == output and row["total"] is not None]
        own = sorted(own, key=lambda row: -row["total"])[:_MOST_BARS]
        for y, row in enumerate(own):
            panel.barh(y - 0.18, row["total"], 0.34, color=_MIDDLE, label="with interactions" if y == 0 else None)
            panel.barh(y + 0.18, max(row["first"], 0.0), 0.34, color=_DARK, label="alone" if y == 0 else None)
            for key, shift in (("total", -0.18), ("first", 0.18)):
                if row[f"{key}_low"] is not None:
                    panel.plot([row[f"{key}_low"], row[f"{key}_high"]], [y + shift] * 2, color="#333333", linewidth=0.8)
        panel.set_yticks(range(len(own)), [str(row["parameter"]).replace("_", " ") for row in own], fontsize=6.5)
        panel.invert_yaxis()
        panel.set_xlim(0, 1)
        panel.set_title(str(output).replace("_", " "), fontsize=8.5)
    for panel in panels[len(outputs) :]:
        panel.set_axis_off()
    if len(panels):
        panels[0].legend(fontsize=7)
    figure.suptitle("Which assumption matters: share of the variance, parameters drawn independently", x=0.01, ha="left", fontsize=10)
    return figure


def region(rows: Sequence[Row], pattern: str) -> Figure:
    """How far each parameter's distribution inside the region is from that outside, partition by partition."""
    partitions = list(dict.fromkeys(row["partition"] for row in rows))
    parameters = list(dict.fromkeys(row["parameter"] for row in rows))
    distance = np.full((len(parameters), len(partitions)), np.nan)
    verdicts = {}
    for row in rows:
        place = parameters.index(row["parameter"]), partitions.index(row["partition"])
        distance[place] = math.nan if row["distance"] is None else row["distance"]
        verdicts[place] = row["verdict"]
    order = np.argsort(-np.nan_to_num(distance).max(axis=1), kind="stable")
    figure = Figure(figsize=(3.6 + 0.5 * len(partitions), 1.4 + 0.24 * len(parameters)), layout="constrained")
    panel: Axes = figure.subplots()
    image = panel.imshow(distance[order], cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto")
    for y, k in enumerate(order.tolist()):
        for x in range(len(partitions)):
            mark = {"narrowed": "●", "shifted": "○"}.get(str(verdicts.get((k, x))), "")
            panel.text(x, y, mark, ha="center", va="center", fontsize=7, color="white" if distance[k, x] > 0.5 else "#333333")
    panel.set_xticks(range(len(partitions)), [str(name) for name in partitions], rotation=60, ha="right", fontsize=7)
    panel.set_yticks(range(len(parameters)), [str(parameters[k]).replace("_", " ") for k in order.tolist()], fontsize=7)
    title = textwrap.fill(f"What the pattern “{pattern.replace('_', ' ')}” says about each parameter", 44)
    figure.suptitle(title, x=0.01, ha="left", fontsize=9)
    figure.colorbar(image, ax=panel, label="distance between draws inside and outside the region", shrink=0.6)
    figure.supxlabel("● narrowed, ○ shifted (1 %, adjusted for the number of parameters); else free", fontsize=7, color=INK)
    return figure
