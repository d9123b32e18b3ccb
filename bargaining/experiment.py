"""Experiments: one file, one question; scenario × design × solver is a list of points to solve.

`Experiment.load` reads a YAML file, lays a profile and ``--set`` assignments over it and finds every mistake before anything is solved.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StrictInt, model_validator

from bargaining.config import ConfigError, Document, KeyPath, Model, Scalar, did_you_mean
from bargaining.deal_options import DEAL_SOLVERS, DealSolver, DealSolvers
from bargaining.design import Design
from bargaining.points import Point, points_of
from bargaining.sources import fingerprint

if TYPE_CHECKING:
    from bargaining.games import IssueGame
    from bargaining.scenarios import Scenario

Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
Unit = Annotated[float, Field(gt=0, lt=1)]
# Solver -> the module that solves a point, or a draw, with it: with the stories and the designs it decides every number.
_SOLVED_BY = {
    "linkage_lattice": "bargaining.lattice_running",
    "equilibrium_set": "bargaining.state_running",
    "monitored_linkage": "bargaining.monitored_running",
    "linkage_lattices": "bargaining.ensemble",
    **dict.fromkeys(DEAL_SOLVERS, "bargaining.deals.solving"),
    "simulated_paths": "bargaining.motion_running",
    "block_sets": "bargaining.motion_running",
    "critical_parameter": "bargaining.motion_running",
}


class LinkageLattice(Model):
    """Options of the solver ``linkage_lattice``; an agreement or partition that is not named means all of them."""

    name: Literal["linkage_lattice"]
    agreements: tuple[str, ...] | None = Field(None, description="names of agreements of the scenario; [] gives the payoff sets only")
    partitions: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(None, description="such as 'T,R,K|A'")
    tol: Unit = Field(1e-9, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None
    hazard_steps: Annotated[int, Field(ge=1)] | None = None


class EquilibriumSets(Model):
    """Options of the solver ``equilibrium_set``, for scenarios with states: payoff sets state by state, and which plans hold."""

    name: Literal["equilibrium_set"]
    plans: tuple[str, ...] | None = Field(None, description="names of plans of the scenario; default: all")
    states: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(
        None, description="states to report; default: the one that play starts in"
    )
    tol: Unit = Field(1e-6, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class MonitoredLinkageOptions(Model):
    """Options of the solver ``monitored_linkage``, for scenarios with signals: an agreement kept apart, tied together, linked optimally."""

    name: Literal["monitored_linkage"]
    agreement: str = Field(description="name of an agreement of the scenario")
    partition: str | None = Field(None, description="blocks that are apart in the unlinked regime, such as 'T,R|C'; default: every issue")
    gains: dict[Name, dict[str, Scalar]] = Field(
        {},
        description="name: parameters that change; what that adds to joint payoffs is reported. '+0.05' adds to the point's value",
    )
    limit: bool = Field(False, description="find the joint payoffs that no patience exceeds, too")


class SimulatedPaths(Model):
    """Options of the solver ``simulated_paths``: paths of a scenario with states under one of its plans."""

    name: Literal["simulated_paths"]
    plan: str = Field(description="name of a plan of the scenario")
    start: str | None = Field(None, description="state that paths start in; default: the scenario's first")
    periods: Annotated[int, Field(ge=1, le=400)] = 6
    draws: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1


class BlockSets(Model):
    """Options of the solver ``block_sets``: partitions of the issues solved block by block, and which plans hold in which state."""

    name: Literal["block_sets"]
    plans: tuple[str, ...] | None = Field(None, description="names of plans of the scenario; default: all")
    partitions: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(None, description="such as 'T,R|C'; default: all")
    most_states: Annotated[int, Field(ge=1)] = Field(100, description="a block with more states than this is not solved, and says so")
    tol: Unit = Field(1e-4, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class CriticalParameter(Model):
    """Options of the solver ``critical_parameter``: values of one parameter at which a plan is an equilibrium path from every state."""

    name: Literal["critical_parameter"]
    plan: str = Field(description="name of a plan of the scenario")
    parameter: str = Field(description="what varies")
    values: Annotated[tuple[StrictInt, ...] | tuple[float, ...], Field(min_length=2)] = Field(description="what is scanned, rising")
    tol: Annotated[float, Field(gt=0)] = Field(1e-3, description="width to which a change is bracketed; whole numbers to neighbours")
    max_iter: Annotated[int, Field(ge=1)] = 4000


Motion = SimulatedPaths | BlockSets | CriticalParameter


class Run(Model):
    """One part of an experiment: a scenario at some calibrations, perhaps swept over a design, and a solver."""

    scenario: str
    calibrations: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(None, description="default: the scenario's own")
    parameters: dict[str, Scalar] = Field({}, description="values that differ from the calibration")
    design: Design | None = Field(None, description="parameters that vary from point to point")
    keep: bool = Field(False, description="store every payoff set with its game and proofs in solutions/, for `bargaining verify`")
    solver: Annotated[
        LinkageLattice | EquilibriumSets | SimulatedPaths | BlockSets | CriticalParameter | MonitoredLinkageOptions | DealSolvers,
        Field(discriminator="name"),
    ]


class LinkageLattices(Model):
    """Options of the solver ``linkage_lattices``: the lattice of every draw of an ensemble."""

    name: Literal["linkage_lattices"]
    patience: Literal["own", "less", "more"] = Field(
        "own",
        description="own discount factors (slow where they differ), or for both sides that of the less or the more patient one (fast)",
    )
    agreements: tuple[str, ...] | None = Field(None, description="default: all of the scenario's")
    partitions: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(None, description="default: all")
    critical: bool = Field(True, description="find critical discount factors too")
    critical_tol: Unit = Field(1e-4, description="width of their brackets, relative to the discount rate")
    tol: Unit = Field(1e-6, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class Band(Model):
    """Quantiles of an output along a parameter."""

    of: str
    along: str
    bins: Annotated[int, Field(ge=1, le=10_000)] = 16


class Ensemble(Model):
    """A scenario at many draws of its parameters, and what is asked of them. Expressions name columns; see `bargaining.analysis`."""

    scenario: str
    calibration: str | None = Field(None, description="where parameters that are not drawn lie; default: the scenario's first")
    parameters: dict[str, Scalar] = Field({}, description="values that differ from the calibration")
    design: Design
    solver: LinkageLattices
    claims: dict[str, str] = Field({}, description="name: condition whose share of the draws is reported")
    splits: dict[str, dict[str, str]] = Field({}, description="name: {class: condition}; shares are reported for each class too")
    bands: tuple[Band, ...] = ()
    indices: dict[str, str] = Field({}, description="name: output whose Sobol indices are reported; needs a saltelli sample")
    patterns: dict[str, str] = Field(
        {}, description="name: condition with {partition} in it; the region of the prior in which it holds, for each partition"
    )


class Experiment(Model):
    """An experiment as it will be run: the file with a profile and all assignments laid over it."""

    schema_version: Literal[1]
    name: Name
    question: Annotated[str, Field(min_length=1)]
    runs: dict[Name, Run] = Field({}, description="scenarios at named calibrations, perhaps swept, one lattice a point")
    ensembles: dict[Name, Ensemble] = Field({}, description="scenarios at many draws, one row a draw")

    @model_validator(mode="after")
    def _something_to_solve(self) -> "Experiment":
        if not self.runs and not self.ensembles:
            raise ValueError("expected runs, ensembles, or both")
        return self

    @classmethod
    def load(cls, path: Path, profile: str = "paper", overrides: Sequence[str] = ()) -> "Experiment":
        """Read and check an experiment file.

        Parameters
        ----------
        path : Path
        profile : str
            One of the file's profiles; ``paper`` is the file itself.
        overrides : sequence of str
            Assignments such as ``"runs.standoff.solver.tol=1e-6"``.

        Raises
        ------
        ConfigError
            With one line for every mistake: place, key, what is wrong, a near match.
        """
        experiment, document = read_experiment(path, profile, overrides)
        from bargaining.ensemble_checks import ensemble_problems

        problems = [*_unknown_names(experiment, document), *ensemble_problems(experiment, document)]
        if problems:
            raise ConfigError(problems)
        return experiment

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration as plain data."""
        return self.model_dump(mode="json")

    @property
    def key(self) -> str:
        """Hash of everything the numbers depend on: the resolved configuration and the sources that turn it into numbers."""
        # Keys are in the order of the models, not of the file; runs and swept parameters in that of the file, which numbers the points.
        canonical = json.dumps(self.config, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(f"{canonical}\n{self.sources}".encode()).hexdigest()

    @property
    def sources(self) -> str:
        """Hash of the sources that decide the numbers: those that its solvers and stories can reach."""
        from bargaining.scenarios import module_of

        parts: list[Run | Ensemble] = [*self.runs.values(), *self.ensembles.values()]
        solvers = {_SOLVED_BY[part.solver.name] for part in parts}
        return fingerprint({"bargaining.design", "bargaining.points", *solvers, *(module_of(part.scenario) for part in parts)})

    def points(self) -> list[Point]:
        """Every point of every run, in order."""
        sampled = any(run.design is not None and run.design.sample is not None for run in self.runs.values())
        if not sampled:
            return [point for name, run in self.runs.items() for point in points_of(name, run)]
        from bargaining.deals.sampled import drawn

        return [point for name, run in self.runs.items() for point in points_of(name, drawn(run))]


class ExperimentFile(Experiment):
    """An experiment file: the experiment of profile ``paper``, and what other profiles change in it."""

    profiles: dict[Name, dict[str, Any]] = Field({}, description="per profile, the keys that differ; null removes a key")


def schema_text() -> str:
    """The JSON schema of experiment files, as committed in ``experiments/schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ExperimentFile.model_json_schema(),
        "title": "bargaining experiment",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def find(name: str) -> Path:
    """The file of an experiment given by path or by name.

    A name is looked up in ``./experiments``, then among the experiments that come with the package.

    Raises
    ------
    ConfigError
        If there is no such file.
    """
    if name.endswith((".yaml", ".yml")):
        return Path(name)
    known: dict[str, Path] = {path.stem: path for path in experiment_files()}
    if name not in known and Path(name).is_dir():
        raise ConfigError([f"{name}: a folder; expected the name of an experiment or its .yaml file"])
    if name not in known:
        raise ConfigError([f"experiment {name!r}: no experiments/{name}.yaml here{did_you_mean(name, sorted(known))}"])
    return known[name]


def experiment_files() -> list[Path]:
    """Experiment files in ``./experiments``, then those that come with the package under names not used there."""
    package = Path(__file__).parent
    shipped = package / "experiments" if (package / "experiments").is_dir() else package.parent / "experiments"
    found: dict[str, Path] = {}
    for folder in (Path("experiments"), shipped):
        for path in sorted(folder.glob("*.yaml")):
            found.setdefault(path.stem, path)
    return list(found.values())


def results_folder(path: Path, name: str, profile: str, *, changed: bool = False) -> Path:
    """Where results go: beside an experiment in ``./experiments`` for its profile ``paper``, unchanged; else under ``.runs``."""
    if profile == "paper" and not changed and path.resolve().parent == Path("experiments").resolve():
        return Path("experiments") / "results" / name
    return Path(".runs") / name / profile


def issue_game(story: "Scenario") -> "IssueGame":
    """The game a scenario tells, issue by issue.

    Raises
    ------
    GameError
        If the scenario has no issues to link.
    """
    from bargaining.games import GameError, IssueGame

    stage = story.game().stage
    if not isinstance(stage, IssueGame):
        raise GameError(f"scenario {story.name!r} is no repeated game over issues: linkage needs one")
    return stage


def read_experiment(path: Path, profile: str, overrides: Sequence[str]) -> tuple[Experiment, Document]:
    """The experiment and the document it was read from, checked by itself but not yet against the scenarios."""
    document = Document.read(path)
    problems = list(_problems(document))
    name = document.data.get("name")
    if isinstance(name, str) and name != path.stem:
        problems.append(document.problem(("name",), f"expected {path.stem!r}, the name of the file, got {name!r}"))
    changes = document.data.get("profiles")
    profiles = [each for each, change in changes.items() if isinstance(change, dict)] if isinstance(changes, dict) else []
    base = document.without("profiles")
    variants = {"paper": base} | {each: base.overlay(document.subdocument(("profiles", each))) for each in profiles}
    for variant in variants.values():
        problems += _problems(variant)
    if profile not in variants:
        problems.append(f"{path}: no profile {profile!r}{did_you_mean(profile, list(variants))}")
    chosen = variants.get(profile, base)
    for assignment in overrides:
        try:
            chosen = chosen.set(assignment)
        except ConfigError as error:
            problems += error.problems
    problems += _problems(chosen)
    if problems:
        raise ConfigError(problems)
    return chosen.validate(Experiment), chosen


def _problems(document: Document) -> tuple[str, ...]:
    try:
        document.validate(ExperimentFile)
    except ConfigError as error:
        return error.problems
    return ()


def _unknown_names(experiment: Experiment, document: Document) -> Iterator[str]:
    """One line for every scenario, calibration, parameter, agreement or partition that does not exist, and every value refused."""
    from bargaining.scenarios import names, scenario

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
            if run.design is not None and run.design.sample is not None:
                yield from _sample_problems(run, at, document)
        elif isinstance(run.solver, MonitoredLinkageOptions):
            from bargaining.monitored_checks import monitored_problems

            yield from monitored_problems(run, run.solver, story, at, document)
        else:
            yield from _lattice_problems(run.solver, story, at, document)


def _lattice_problems(solver: LinkageLattice, story: "Scenario", at: KeyPath, document: Document) -> Iterator[str]:
    """Agreements and partitions that do not exist."""
    yield from _partition_problems(solver.partitions or (), story, at, document)
    for k, agreement in enumerate(solver.agreements or ()):
        yield from _repeated(solver.agreements or (), k, (*at, "solver", "agreements", k), document)
        if agreement not in story.agreements:
            hint = did_you_mean(agreement, list(story.agreements))
            yield document.problem((*at, "solver", "agreements", k), f"unknown agreement {agreement!r}{hint}")


def _sample_problems(run: Run, at: KeyPath, document: Document) -> Iterator[str]:
    """A sample over parameters that do not exist or have no prior."""
    from bargaining.deals.sampled import drawn
    from bargaining.scenarios import ScenarioError

    try:
        drawn(run)
    except ScenarioError as error:
        yield document.problem((*at, "design", "sample"), str(error))


def _partition_problems(partitions: Sequence[str], story: "Scenario", at: KeyPath, document: Document) -> Iterator[str]:
    """Partitions that do not exist or stand twice, or a story without issues."""
    from bargaining.games import MonitoredGame

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
    from bargaining.scenarios import ScenarioError, scenario
    from bargaining.scenarios.states import StateScenario

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


def _parameter_problems(run: Run, at: KeyPath, story: "Scenario", document: Document) -> Iterator[str]:
    """Parameters that do not exist, and values the scenario refuses; each value of a sweep is tried once, at the first of the others."""
    from bargaining.scenarios import ScenarioError, scenario

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
