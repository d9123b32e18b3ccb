"""Solve a point of an experiment on deals. Whatever decides the numbers of such an experiment is imported here."""

from collections.abc import Callable
from typing import Any

from bargaining.deals import leverage, patience, predicted, talks, war
from bargaining.deals.conclusions import conclusions
from bargaining.deals.setting import Setting, setting
from bargaining.points import Point
from bargaining.store import Part, Row, plain

__all__ = ["conclusions", "solve_deals"]

_ANALYSES: dict[str, Callable[[Setting], tuple[list[Row], dict[str, Any]]]] = {
    "predicted_deals": predicted.rows,
    "reserved_leverage": leverage.rows,
    "patience": patience.rows,
    "concession": war.rows,
    "talks": talks.rows,
}


def solve_deals(point: Point) -> Part:
    """Build one point's game, analyse its deals, and flatten the answer.

    A point that cannot be solved gives one row with status ``failed`` and a message, never an exception.
    """
    front: Row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration}
    try:
        found = setting(point)
        rows, solved = _ANALYSES[point.solver](found)
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return Part([{**front, **point.swept, "status": "failed"}], {}, f"{type(error).__name__}: {error}")
    deltas = dict(zip(("delta_us", "delta_cn"), found.game.deltas, strict=True))
    made = [{**front, **deltas, **point.swept, "analysis": point.solver, **row} for row in rows]
    # Sets of a sweep are many and no figure lays them over each other.
    sets = {} if point.swept else {name: _vertices(each) for name, each in solved.items()}
    solutions = {name: each.to_json() for name, each in solved.items()} if point.keep else {}
    return Part([plain(row) for row in made], sets, None, solutions)


def _vertices(solved: Any) -> list[list[float]]:
    return [[float(x), float(y)] for x, y in solved.payoff_set.simplified(0.1 * min(solved.error_bound, 1.0)).vertices]
