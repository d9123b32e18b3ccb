"""Points of scenarios with signals: what keeping issues apart, tying them together and linking them well is worth, and the run in words."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from bargaining.experiment import Run
from bargaining.points import Point
from bargaining.store import Part, Row

if TYPE_CHECKING:
    from bargaining.scenarios.vetting import Vetting
    from bargaining.solvers.monitored_linkage import MonitoredLinkage

_PATIENCE = (
    "delta",
    "discount_annual_us_share",
    "discount_annual_cn_share",
    "leader_survival_us_90d_share",
    "leader_survival_cn_90d_share",
)
# Columns of the three regimes, short: apart, tied (all-or-nothing), linked (optimally).
REGIMES = {"unlinked": "apart", "all_or_nothing": "tied", "optimal": "linked"}


def solve_monitored(point: Point) -> Part:
    """Build one point's issues and signals, solve the three regimes, and flatten the answer into one row.

    A point that cannot be solved gives one row with status ``failed`` and a message, never an exception.
    """
    front: Row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration}
    options = dict(point.options)
    gains: Mapping[str, Mapping[str, Any]] = options.pop("gains", {})
    try:
        story = monitored_story(point)
        found = linkage_of(story, options)
        row = _row(found)
        for name, change in gains.items():
            better = monitored_story(point, changed(story.resolved(), change))
            # Nobody need conclude another agreement that is worth less.
            least = 0.0 if better.agreement(options["agreement"]) != story.agreement(options["agreement"]) else float("-inf")
            for regime, gain in linkage_of(better, options).gain_over(found).items():
                row[f"{name}_{REGIMES[regime]}"] = max(least, gain)
        if options.get("limit"):
            row |= limits(story, str(options.get("partition") or "|".join(story.issues().names)))
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return Part([{**front, **point.swept, "status": "failed"}], {}, f"{type(error).__name__}: {error}")
    deltas = dict(zip(("delta_us", "delta_cn"), story.game_deltas(), strict=True))
    return Part([{**front, **deltas, **point.swept, **row}], {})


def monitored_story(point: Point, change: Mapping[str, Any] | None = None) -> "Vetting":
    """The story of a point, with some parameters changed."""
    from bargaining.scenarios import scenario
    from bargaining.scenarios.vetting import Vetting

    story = scenario(point.scenario, point.calibration, **{**point.parameters, **(change or {})})
    if not isinstance(story, Vetting):
        raise ValueError(f"scenario {point.scenario!r} has no signals")
    return story


def changed(values: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters to set; a number in words with a sign, such as ``"+0.05"``, is added to the value that there is.

    Examples
    --------
    >>> changed({"q": 0.5, "audit": "none"}, {"q": "+0.05", "audit": "chips"})
    {'q': 0.55, 'audit': 'chips'}
    """
    from fractions import Fraction

    found = dict(change)
    for name, value in change.items():
        if isinstance(value, str) and value[:1] in ("+", "-") and isinstance(values.get(name), (int, float)):
            found[name] = float(Fraction(repr(values[name])) + Fraction(value))
    return found


def linkage_of(story: "Vetting", options: Mapping[str, Any]) -> "MonitoredLinkage":
    """The three regimes of a story's agreement."""
    from bargaining.solvers.monitored_linkage import monitored_linkage

    return monitored_linkage(
        story.issues(),
        story.monitorings(),
        story.agreement(options["agreement"]),
        story.values.patience(),
        correlation=story.values.correlation_share,
        overt=story.overt(),
        partition=options.get("partition"),
    )


def limits(story: "Vetting", partition: str) -> Row:
    """The joint payoff that no patience exceeds, with all issues linked and block by block: supports of limit sets."""
    names = story.issues().names
    apart = sum(_limit(story, block) for block in story.issues().partition(partition))
    return {"limit_apart": apart, "limit_linked": _limit(story, names)}


def _limit(story: "Vetting", names: tuple[str, ...]) -> float:
    """The same of one block; patience plays no part."""
    values = {name: value for name, value in dict(story.values).items() if name not in _PATIENCE}
    return _limit_of(story.calibration, json.dumps(values), names)


@cache
def _limit_of(calibration: str, values: str, names: tuple[str, ...]) -> float:
    from bargaining.games import IssueGame, MonitoredGame, joint_monitoring
    from bargaining.scenarios import scenario
    from bargaining.solvers.monitored_limit import limit_set

    story: Any = scenario("vetting", calibration, **json.loads(values))
    issues, seen = story.issues(), story.monitorings()
    block = IssueGame({name: issues.issues[name] for name in names})
    monitoring = joint_monitoring(block, {name: seen[name] for name in names}, story.values.correlation_share)
    found = limit_set(MonitoredGame.of(block, monitoring, 0.5)).payoff_set
    return float("nan") if found.is_empty else float(found.support((1.0, 1.0)))


def _row(found: "MonitoredLinkage") -> Row:
    """One flat row: payoffs, patience and what is kept in each regime, and the two verdicts."""
    row: Row = {"verdict": found.verdict, "winners": _winners(found)}
    size = 0.0
    for regime, short in REGIMES.items():
        each = getattr(found, regime)
        row |= {f"{short}_us": each.payoffs[0], f"{short}_cn": each.payoffs[1], f"{short}_joint": each.joint_payoff}
        row |= {f"{short}_cost_us": each.cost[0], f"{short}_cost_cn": each.cost[1]}
        row |= {f"{short}_sustained": each.sustained, f"{short}_kept": ",".join(each.kept)}
        row |= {f"{short}_critical_delta": each.critical_delta, f"{short}_cheapest_delta": each.cheapest_delta}
        size = max(size, *(abs(payoff) for payoff in each.payoffs))
    # Programs are solved in fractions, and rounded once.
    return row | {"status": "solved", "error_bound": 4.0 * 2.0**-53 * size}


def _winners(found: "MonitoredLinkage") -> str:
    """Who is better off tied than apart: ``both``, ``us``, ``cn`` or ``nobody``."""
    slack = 1e-9 * max(1.0, *(abs(payoff) for payoff in found.unlinked.payoffs))
    gains = [tied > apart + slack for tied, apart in zip(found.all_or_nothing.payoffs, found.unlinked.payoffs, strict=True)]
    return {(True, True): "both", (True, False): "us", (False, True): "cn", (False, False): "nobody"}[gains[0], gains[1]]


def monitored_words(run: Run, points: Sequence[Point]) -> Row:
    """A run in words and units, for the reader of a table or a figure."""
    from bargaining.scenarios.parameters import in_words

    story = monitored_story(points[0])
    rows = {row["field"]: row for row in story.parameters()}
    assumed = sum("assumption" in row["status"] for row in rows.values())
    fields = [name for name in points[0].swept if name in rows]
    return {
        "scenario": run.scenario,
        "title": story.title,
        "unit": story.payoff_unit,
        "notice": f"{assumed} of {len(rows)} parameters are assumptions" if assumed else "",
        "points": len(points),
        "draws": bool(run.design is not None and run.design.sample is not None),
        "issues": dict(story.issues_in_words),
        "stances": dict(story.stances),
        "partition": getattr(run.solver, "partition", None) or "|".join(story.issues().names),
        "gains": {name: dict(change) for name, change in getattr(run.solver, "gains", {}).items()},
        "parameters": {
            name: {"words": in_words(name)} | {key: str(rows[name][key]) for key in ("symbol", "unit", "status", "note")} for name in fields
        },
    }
