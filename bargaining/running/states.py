"""Points of scenarios with states: payoff sets state by state, which plans hold, and the run in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bargaining.experiment import Run
from bargaining.points import Point
from bargaining.store import Part, Row

if TYPE_CHECKING:
    from bargaining.answers.stochastic import StochasticSet
    from bargaining.scenarios.states import StateScenario


def solve_states(point: Point) -> Part:
    """Build one point's stochastic game, solve it, and flatten the answer: one row a state × plan.

    A point that cannot be solved gives one row with status ``failed`` and a message, never an exception.
    """
    from bargaining.solvers.equilibrium_set import equilibrium_set

    front: Row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration}
    options = dict(point.options)
    plans, states = options.pop("plans", None), options.pop("states", None)
    try:
        story = told(point)
        game = story.game()
        solved = equilibrium_set(game, **options)
        rows = _rows(story, solved, plans or tuple(story.plans), states or game.states[:1])
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return Part([{**front, **point.swept, "status": "failed"}], {}, f"{type(error).__name__}: {error}")
    deltas = dict(zip(("delta_us", "delta_cn"), game.deltas, strict=True))
    sets = {name: [[float(x), float(y)] for x, y in solved[name].vertices] for name in states or game.states[:1]}
    solutions = {"states": solved.to_json()} if point.keep else {}
    return Part([{**front, **deltas, **point.swept, **row} for row in rows], sets, None, solutions)


def told(point: Point) -> "StateScenario":
    """The story of a point."""
    from bargaining.scenarios import scenario
    from bargaining.scenarios.states import StateScenario

    story = scenario(point.scenario, point.calibration, **point.parameters)
    if not isinstance(story, StateScenario):
        raise ValueError(f"scenario {point.scenario!r} has no states")
    return story


def _rows(story: "StateScenario", solved: "StochasticSet", plans: Sequence[str], states: Sequence[str]) -> list[Row]:
    """One row a state × plan: what the plan is worth and whether it holds, beside what the state's payoff set allows."""
    from bargaining.games.stochastic_plan import plan_payoffs, read_plan
    from bargaining.solvers.markov_perfect import markov_perfect
    from bargaining.solvers.plans import sustained
    from bargaining.solvers.selection import bargains

    game: Any = solved.game
    of_state = {row["state"]: row for row in solved.rows()}
    # Exact, so they deter where the payoff sets are not settled.
    known = [each.plan() for each in markov_perfect(game, method="pure", max_iter=64)]
    verdicts = {}
    for name in plans:
        plan = read_plan(game, story.plan(name))
        verdicts[name] = (plan_payoffs(game, plan), sustained(solved, plan, known))
    rows = []
    for state in states:
        place = game.state(state)
        record = {column: value for column, value in of_state[game.states[place]].items() if column != "area"}
        bargain = bargains(solved[place], solved.punishment_payoffs[place])
        record |= {"bargain_us": float(bargain[0]), "bargain_cn": float(bargain[1])}
        record |= {"status": solved.status.name, "error_bound": solved.error_bound}
        for name, (values, holds) in verdicts.items():
            own: Row = {"plan": name, "sustained": holds[place]}
            own |= {"plan_us": float(values[place][0]), "plan_cn": float(values[place][1])}
            rows.append({"state": record["state"], **own, **record})
    return rows


def state_words(run: Run, points: Sequence[Point]) -> Row:
    """A run in words and units, for the reader of a table or a figure."""
    from bargaining.scenarios.parameters import in_words

    story = told(points[0])
    rows = {row["field"]: row for row in story.parameters()}
    assumed = sum("assumption" in row["status"] for row in rows.values())
    return {
        "scenario": run.scenario,
        "title": story.title,
        "unit": story.payoff_unit,
        "notice": f"{assumed} of {len(rows)} parameters are assumptions" if assumed else "",
        "points": len(points),
        "states": list(story.game().states),
        "factors": dict(story.factors_in_words),
        "issues": dict(story.issues_in_words),
        "plans": dict(story.plans),
        **_events(story, run),
        "parameters": {
            name: {"words": in_words(name)} | {key: str(rows[name][key]) for key in ("symbol", "unit", "status", "note")}
            for name in points[0].swept
        },
    }


def _events(story: "StateScenario", run: Run) -> Row:
    """What happened since the story's date, for a figure that lays drawn paths beside it."""
    from bargaining.scenarios.parameters import facts

    start = getattr(story, "start_date", None)
    if run.solver.name != "simulated_paths" or start is None:
        return {}
    chronology = getattr(story, "chronology", {})
    events = [fact for fact in facts().values() if fact.kind == "event"]
    return {
        "start_date": start,
        "events": [
            {"id": fact.id, "date": fact.date[:10], "what": fact.quantity, "read_as": dict(chronology.get(fact.id, {}))}
            for fact in sorted(events, key=lambda fact: fact.date)
        ],
    }
