"""What an experiment file says of its runs, checked against the scenarios before anything is solved."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bargaining.config import Document, KeyPath, did_you_mean
from bargaining.experiment import Experiment, Run, issue_game
from bargaining.games import MonitoredGame
from bargaining.points import swept_points
from bargaining.scenarios import Scenario, ScenarioError, names, scenario
from bargaining.scenarios.states import StateScenario
from bargaining.solver_options import (
    BlockSets,
    CriticalParameter,
    DealSolver,
    EquilibriumSets,
    LinkageLattice,
    MonitoredLinkageOptions,
    Motion,
    SimulatedPaths,
)

# What a change of a parameter may add to it, as `running.monitored.changed` reads it.
_SIGNED = re.compile(r"[+-](\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def run_problems(experiment: Experiment, document: Document) -> Iterator[str]:
    """One line for every scenario, calibration, parameter, agreement or partition that does not exist, and every value refused."""
    for name, run in experiment.runs.items():
        at: KeyPath = ("runs", name)
        if run.scenario not in names():
            yield document.problem((*at, "scenario"), f"unknown scenario {run.scenario!r}{did_you_mean(run.scenario, names())}")
            continue
        story = scenario(run.scenario)
        for k, calibration in enumerate(run.calibrations or ()):
            yield from _repeated(run.calibrations or (), k, (*at, "calibrations", k), document)
            if calibration not in story.calibrations:
                hint = did_you_mean(calibration, list(story.calibrations))
                yield document.problem((*at, "calibrations", k), f"unknown calibration {calibration!r}{hint}")
        yield from _parameter_problems(run, at, story, document)
        if isinstance(run.solver, EquilibriumSets | Motion):
            yield from _state_problems(run, run.solver, at, document)
        elif isinstance(run.solver, DealSolver):
            yield from _partition_problems(run.solver.partitions or (), story, at, document)
            yield from _sample_problems(run, story, at, document)
        elif isinstance(run.solver, MonitoredLinkageOptions):
            yield from _monitored_problems(run, run.solver, story, at, document)
            yield from _sample_problems(run, story, at, document)
        else:
            yield from _lattice_problems(run.solver, story, at, document)


def _lattice_problems(solver: LinkageLattice, story: Scenario, at: KeyPath, document: Document) -> Iterator[str]:
    """Agreements and partitions that do not exist."""
    yield from _partition_problems(solver.partitions or (), story, at, document)
    for k, agreement in enumerate(solver.agreements or ()):
        yield from _repeated(solver.agreements or (), k, (*at, "solver", "agreements", k), document)
        if agreement not in story.agreements:
            hint = did_you_mean(agreement, list(story.agreements))
            yield document.problem((*at, "solver", "agreements", k), f"unknown agreement {agreement!r}{hint}")


def _sample_problems(run: Run, story: Scenario, at: KeyPath, document: Document) -> Iterator[str]:
    """A sample over parameters that do not exist or have no prior."""
    if run.design is None or run.design.sample is None:
        return
    try:
        swept_points(run, next(iter(run.calibrations or (story.calibration,))))
    except (ScenarioError, ValueError) as error:
        yield document.problem((*at, "design", "sample"), str(error))


def _partition_problems(partitions: Sequence[str], story: Scenario, at: KeyPath, document: Document) -> Iterator[str]:
    """Partitions that do not exist or stand twice, or a story without issues."""
    try:
        issues = issue_game(story)
    except ValueError as error:
        yield document.problem((*at, "solver", "name"), f"{error}; stories with states take equilibrium_set")
        return
    if isinstance(story.game(), MonitoredGame):
        yield document.problem((*at, "solver", "name"), f"scenario {story.name!r} is seen through signals: expected monitored_linkage")
        return
    spelled: list[str] = []
    for k, partition in enumerate(partitions):
        try:
            spelled.append(issues.name(issues.partition(partition)))
        except ValueError as error:
            yield document.problem((*at, "solver", "partitions", k), str(error))
            spelled.append(partition)
        yield from _repeated(spelled, k, (*at, "solver", "partitions", k), document)


def _state_problems(run: Run, solver: EquilibriumSets | Motion, at: KeyPath, document: Document) -> Iterator[str]:
    """Plans and states that do not exist; states are those of the first point, since they may depend on the parameters."""
    first = run.design.as_points()[0] if run.design else {}
    try:
        story = scenario(run.scenario, next(iter(run.calibrations or (None,))), **{**run.parameters, **first})
        known = {"plans": tuple(getattr(story, "plans", ())), "states": getattr(story.game(), "states", ())}
    except (ScenarioError, ValueError):
        return  # told elsewhere, at the parameter
    if not isinstance(story, StateScenario):
        problem = f"scenario {run.scenario!r} has no states: expected linkage_lattice"
        yield document.problem((*at, "solver", "name"), problem)
        return
    asked: list[tuple[str, tuple[str, ...] | None]] = [
        ("plans", getattr(solver, "plans", None)),
        ("states", getattr(solver, "states", None)),
    ]
    if isinstance(solver, SimulatedPaths | CriticalParameter) and solver.plan not in known["plans"]:
        hint = did_you_mean(solver.plan, known["plans"])
        yield document.problem((*at, "solver", "plan"), f"unknown plan {solver.plan!r}{hint}")
    if isinstance(solver, SimulatedPaths) and solver.start is not None and solver.start not in known["states"]:
        yield document.problem((*at, "solver", "start"), f"unknown state {solver.start!r}{did_you_mean(solver.start, known['states'])}")
    if isinstance(solver, BlockSets):
        for k, partition in enumerate(solver.partitions or ()):
            try:
                story.composed().partition(partition)
            except ValueError as error:
                yield document.problem((*at, "solver", "partitions", k), str(error))
    if isinstance(solver, CriticalParameter):
        if solver.parameter not in story.resolved():
            hint = did_you_mean(solver.parameter, list(story.resolved()))
            yield document.problem((*at, "solver", "parameter"), f"unknown parameter {solver.parameter!r}{hint}")
        if any(not low < high for low, high in pairwise(solver.values)):
            yield document.problem((*at, "solver", "values"), "expected rising values")
    for what, words in asked:
        for k, word in enumerate(words or ()):
            yield from _repeated(words or (), k, (*at, "solver", what, k), document)
            if word not in known[what]:
                yield document.problem((*at, "solver", what, k), f"unknown {what[:-1]} {word!r}{did_you_mean(word, known[what])}")


def _repeated(words: Sequence[str], k: int, path: KeyPath, document: Document) -> Iterator[str]:
    """A problem if item k of a list stands there before: its rows would be there twice."""
    if words[k] in words[:k]:
        yield document.problem(path, f"{words[k]!r} stands twice")


def _parameter_problems(run: Run, at: KeyPath, story: Scenario, document: Document) -> Iterator[str]:
    """Parameters that do not exist, and values the scenario refuses; each value of a sweep is tried once, at the first of the others."""
    known = list(story.resolved())
    sweep = run.design.entries() if run.design else []
    axes = {(*path[: path.index(name)], name): name for path, name, _ in sweep}
    written = [((*at, "parameters", name), name) for name in run.parameters] + [
        ((*at, "design", *path), name) for path, name in axes.items()
    ]
    unknown = [(path, name) for path, name in written if name not in known]
    for path, name in unknown:
        yield document.problem(path, f"unknown parameter of scenario {run.scenario!r}{did_you_mean(name, known)}")
    calibration = next((c for c in run.calibrations or (None,) if c is None or c in story.calibrations), None)
    if unknown or (run.design is not None and run.design.sample is not None):
        return
    first = run.design.as_points()[0] if run.design else {}
    tried = [((*at, "parameters", name), name, value) for name, value in run.parameters.items() if name not in first]
    for path, name, value in [*tried, *(((*at, "design", *path), name, value) for path, name, value in sweep)]:
        try:
            scenario(run.scenario, calibration, **{**run.parameters, **first, name: value}).game()
        except ScenarioError as error:
            for field, words in error.problems:
                if field in ("", name):
                    yield document.problem(path if field else at, words)
        except ValueError as error:
            yield document.problem(path, str(error))


def _monitored_problems(run: Run, solver: MonitoredLinkageOptions, story: Scenario, at: KeyPath, document: Document) -> Iterator[str]:
    """Agreements, blocks, changed parameters and draws that do not exist."""
    if not isinstance(story.game(), MonitoredGame):
        yield document.problem(
            (*at, "solver", "name"), f"scenario {run.scenario!r} has no signals: expected linkage_lattice or equilibrium_set"
        )
        return
    if solver.agreement not in story.agreements:
        hint = did_you_mean(solver.agreement, list(story.agreements))
        yield document.problem((*at, "solver", "agreement"), f"unknown agreement {solver.agreement!r}{hint}")
    if solver.partition is not None:
        try:
            issue_game(story).partition(solver.partition)
        except ValueError as error:
            yield document.problem((*at, "solver", "partition"), str(error))
    values = story.resolved()
    for name, change in solver.gains.items():
        for field, value in change.items():
            where = (*at, "solver", "gains", name, field)
            if field not in values:
                yield document.problem(where, f"unknown parameter of scenario {run.scenario!r}{did_you_mean(field, list(values))}")
            elif isinstance(values[field], (int, float)) and isinstance(value, str) and not _SIGNED.fullmatch(value):
                yield document.problem(where, f"{value!r}: expected a number, or one in quotes with its sign, such as '+0.05', to add")
