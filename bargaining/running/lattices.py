"""Points of scenarios over issues: the linkage lattice of each as rows, and the run in words."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bargaining.experiment import Run, issue_game
from bargaining.points import Point
from bargaining.store import Part, Row, plain

if TYPE_CHECKING:
    from bargaining.scenarios import Scenario
    from bargaining.solution import EquilibriumSet


def solve_lattice(point: Point) -> Part:
    """Build one point's game, solve it, and flatten the answer into rows: one a partition.

    A point that cannot be solved gives one row with status ``failed`` and a message, never an exception.
    """
    from bargaining.scenarios import scenario
    from bargaining.solvers.lattice import linkage_lattice

    front: Row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration}
    try:
        story = scenario(point.scenario, point.calibration, **point.parameters)
        game: Any = story.game()
        options = dict(point.options)
        names = options.pop("agreements", None)
        agreements = {name: story.agreement(name) for name in (story.agreements if names is None else names)}
        lattice = linkage_lattice(game, agreements, **options)
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return Part([{**front, **point.swept, "status": "failed"}], {}, f"{type(error).__name__}: {error}")
    stances = {partition: words for words, partition in _stances(story).items()}
    deltas = dict(zip(("delta_us", "delta_cn"), game.deltas, strict=True))
    rows = [{**front, "stance": stances.get(record["partition"]), **deltas, **point.swept, **record} for record in lattice.rows()]
    sets = {name: [[float(x), float(y)] for x, y in _drawn(solved)] for name, solved in lattice.sets.items()}
    solutions = {name: solved.to_json() for name, solved in lattice.sets.items()} if point.keep else {}
    return Part([plain(row) for row in rows], sets, None, solutions)


def _drawn(solved: "EquilibriumSet") -> Any:
    """Vertices to store: those that the proven error of the set can tell from their neighbours' segment."""
    if not math.isfinite(solved.error_bound):
        return solved.vertices
    return solved.payoff_set.simplified(0.1 * solved.error_bound).vertices


def lattice_words(run: Run, points: Sequence[Point]) -> Row:
    """A run in words and units, for the reader of a figure."""
    from bargaining.scenarios import scenario
    from bargaining.scenarios.parameters import in_words

    story = scenario(run.scenario, points[0].calibration, **run.parameters)
    issues = issue_game(story)
    rows = {row["field"]: row for row in story.parameters()}
    assumed = sum("assumption" in row["status"] for row in rows.values())
    now = issues.joint_profile(story.agreement(story.status_quo))
    payoffs = issues.stage_game().payoffs[:, now[0], now[1]]
    return {
        "scenario": run.scenario,
        "title": story.title,
        "unit": story.unit,
        "notice": f"{assumed} of {len(rows)} parameters are assumptions" if assumed else "",
        "points": len(points),
        "issues": dict(story.issues_in_words),
        "stances": _stances(story),
        "agreements": {name: agreement_in_words(story, name) for name in story.agreements},
        "status_quo": {"name": story.status_quo, "payoffs": payoffs.tolist()},
        "parameters": {
            name: {"words": in_words(name)} | {key: str(rows[name][key]) for key in ("symbol", "unit", "status", "note")}
            for name in points[0].swept
        },
        "bounds": {
            calibration: scenario(run.scenario, calibration, **run.parameters).bounds()
            for calibration in dict.fromkeys(point.calibration for point in points)
        },
    }


def agreement_in_words(story: "Scenario", name: str) -> str:
    """What the sides promise: ``tariffs truce/truce, rare earths civil``."""
    issues = issue_game(story).issues
    promises = []
    for issue, actions in story.agreement(name).items():
        moves = [action for action, own in zip(actions, issues[issue].actions, strict=True) if len(own) > 1]
        promises.append(f"{story.issues_in_words[issue]} {'/'.join(moves)}")
    return ", ".join(promises)


def _stances(story: "Scenario") -> dict[str, str]:
    """Stances in words -> partition, spelled as in the rows."""
    issues = issue_game(story)
    return {words: issues.name(issues.partition(partition)) for words, partition in story.stances.items()}
