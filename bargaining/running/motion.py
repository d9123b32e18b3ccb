"""Points of scenarios with states asked about one plan at a time: drawn paths, blocks of issues, and thresholds along one parameter."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bargaining.points import Point
from bargaining.running.states import told
from bargaining.store import Part, Row

if TYPE_CHECKING:
    from bargaining.scenarios.states import StateScenario

DAYS = 90


def solve_motion(point: Point) -> Part:
    """A point of the solvers ``simulated_paths``, ``block_sets`` or ``critical_parameter``; a failure is a row, never an exception."""
    front: Row = {"run": point.run, "point": point.number, "scenario": point.scenario, "calibration": point.calibration}
    solve = {"simulated_paths": _paths, "block_sets": _blocks, "critical_parameter": _threshold}[point.solver]
    try:
        rows = [{**front, **point.swept, **row} for row in solve(point)]
    except (ValueError, ArithmeticError, RuntimeError) as error:
        return Part([{**front, **point.swept, "status": "failed"}], {}, f"{type(error).__name__}: {error}")
    return Part(rows, {})


def _paths(point: Point) -> Iterator[Row]:
    """One row a date × factor or issue × value: how likely, how often drawn, on the sample path or not, and what was observed."""
    from bargaining.games.paths import draw_paths, state_law
    from bargaining.games.stochastic_plan import read_plan

    story, options = told(point), point.options
    name, periods, draws = options["plan"], options["periods"], options["draws"]
    composed = story.composed()
    game = composed.game()
    plan = read_plan(game, story.plan(name))
    start = options.get("start", game.states[0])
    drawn = draw_paths(game, plan, periods=periods, draws=draws, seed=options["seed"], start=start)
    laws = state_law(game, plan, periods=periods, start=start)
    standing = composed.factor_states()
    moves = composed.moves(_promise(story, name))
    observed = _observed(story, periods)
    # Who has no choice on an issue is not told to have made one.
    acts = [{issue: " / ".join(label for label in pair if label not in ("", "-")) for issue, pair in own.items()} for own in moves]
    for kind, values in (("state", standing), ("action", acts)):
        for part in values[0]:
            for period, law in enumerate(laws):
                likely: dict[str, Any] = {}
                for state, chance in law:
                    value = values[state][part]
                    likely[value] = likely.get(value, 0) + chance
                column = [values[state][part] for state in drawn[:, period].tolist()]
                top = max(likely.values())
                for value, chance in likely.items():
                    yield {
                        "kind": "path",
                        "plan": name,
                        "period": period,
                        "date": _date(story, period),
                        "what": kind,
                        "part": part,
                        "value": value,
                        "probability": float(chance),
                        "share": column.count(value) / draws,
                        "modal": chance == top,
                        "sample": column[0] == value,
                        "observed": observed.get((part, period)),
                        "status": "solved",
                        "error_bound": 0.0,
                    }


def _date(story: "StateScenario", period: int) -> str | None:
    start = getattr(story, "start_date", None)
    return (date.fromisoformat(start) + timedelta(days=DAYS * period)).isoformat() if start else None


def _observed(story: "StateScenario", periods: int) -> dict[tuple[str, int], str]:
    """Where each factor and issue stood at the beginning of each period, by the events since."""
    from bargaining.scenarios.parameters import facts

    chronology: Mapping[str, Mapping[str, str]] = getattr(story, "chronology", {})
    now = dict(getattr(story, "observed_at_start", {}))
    waiting = sorted((facts()[id].date[:10], places) for id, places in chronology.items())
    found = {}
    for period in range(periods + 1):
        today = _date(story, period)
        while waiting and today is not None and waiting[0][0] <= today:
            now.update(waiting.pop(0)[1])
        found.update({(part, period): value for part, value in now.items()})
    return found


def _promise(story: "StateScenario", name: str) -> Any:
    def promise(issue: str, stage: Any, **states: str) -> tuple[str, str]:
        return story.promise(name, issue, stage, **states)

    return promise


def _blocks(point: Point) -> Iterator[Row]:
    """One row a partition × plan × block × state of the block; one row for a partition that does not factor."""
    from bargaining.games.stochastic_plan import plan_payoffs, read_plan
    from bargaining.solvers.equilibrium_set import equilibrium_set
    from bargaining.solvers.markov_perfect import markov_perfect
    from bargaining.solvers.plans import sustained

    story, options = told(point), point.options
    composed = story.composed()
    partitions = [composed.partition(text) for text in options["partitions"]] if "partitions" in options else list(composed.partitions())
    stopping = {key: options[key] for key in ("tol", "max_iter") if key in options}
    most = options["most_states"]
    solved: dict[Any, Any] = {}
    for partition in partitions:
        text = composed.partition_name(partition)
        why = composed.shared(partition)
        front: Row = {"kind": "block", "partition": text, "factors": not why}
        if why:
            reason = "; ".join(f"{factor}: {words}" for factor, words in why.items())
            yield {**front, "reason": reason, "status": "solved", "error_bound": 0.0}
            continue
        for block in partition:
            game = composed.game(block)
            own = {**front, "block": ",".join(block), "states": len(game)}
            if len(game) > most:
                yield {**own, "reason": f"more than {most} states: not solved", "status": "undecided"}
                continue
            if block not in solved:
                known = [each.plan() for each in markov_perfect(game, method="pure", max_iter=64)]
                solved[block] = equilibrium_set(game, **stopping), known
            sets, known = solved[block]
            of_state = {row["state"]: row for row in sets.rows()}
            for name in options.get("plans") or tuple(story.plans):
                plan = read_plan(game, composed.plan(_promise(story, name), block))
                values, verdicts = plan_payoffs(game, plan), sustained(sets, plan, known)
                for state, value, holds in zip(game.states, values, verdicts, strict=True):
                    bounds = {key: of_state[state].get(key) for key in ("worst_us", "best_us", "worst_cn", "best_cn")}
                    yield {
                        **own,
                        "plan": name,
                        "state": state,
                        "sustained": holds,
                        "plan_us": float(value[0]),
                        "plan_cn": float(value[1]),
                        **bounds,
                        "status": sets.status.name,
                        "error_bound": sets.error_bound,
                    }


def _threshold(point: Point) -> Iterator[Row]:
    """One row an interval of the parameter on which the verdict on a plan was the same at every point asked."""
    from bargaining.scenarios import scenario
    from bargaining.solvers.critical_plan import critical_parameter

    options = dict(point.options)
    name, parameter, values = options.pop("plan"), options.pop("parameter"), options.pop("values")
    stories: dict[Any, Any] = {}

    def family(value: Any) -> Any:
        story: Any = scenario(point.scenario, point.calibration, **{**point.parameters, parameter: value})
        made = story.game()
        stories[id(made)] = story
        return made

    found = critical_parameter(family, values, lambda made: stories[id(made)].plan(name), **options)
    front: Row = {"kind": "interval", "plan": name, "parameter": parameter, "scanned": len(found.scanned)}
    before, after = {high: low for low, high in found.brackets}, dict(found.brackets)
    for low, high, verdict in found.intervals:
        # What lies between an interval and the next was not asked: the change is in there.
        yield {
            **front,
            "low": low,
            "high": high,
            "verdict": verdict,
            "changes_after": before.get(low),
            "changes_before": after.get(high),
            "status": found.status.name,
            "error_bound": found.error_bound,
        }
