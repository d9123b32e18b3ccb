"""Experiments: one file, one question; scenario × design × solver is a list of points to solve.

`Experiment.load` reads a YAML file, lays a profile and ``--set`` assignments over it and finds every mistake before anything is solved.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from bargaining.config import ConfigError, Document, Model, Name, Scalar, did_you_mean
from bargaining.design import Design
from bargaining.points import Point, points_of
from bargaining.solver_options import SOLVED_BY, LinkageLattices, RunSolver
from bargaining.sources import fingerprint

if TYPE_CHECKING:
    from bargaining.games import IssueGame
    from bargaining.scenarios import Scenario


class Run(Model):
    """One part of an experiment: a scenario at some calibrations, perhaps swept over a design, and a solver."""

    scenario: str
    calibrations: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(None, description="default: the scenario's own")
    parameters: dict[str, Scalar] = Field({}, description="values that differ from the calibration")
    design: Design | None = Field(None, description="parameters that vary from point to point")
    keep: bool = Field(False, description="store every payoff set with its game and proofs in solutions/, for `bargaining verify`")
    solver: RunSolver


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
        from bargaining.experiment_checks import run_problems

        problems = [*run_problems(experiment, document), *ensemble_problems(experiment, document)]
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
        solvers = {SOLVED_BY[part.solver.name] for part in parts}
        return fingerprint({"bargaining.design", "bargaining.points", *solvers, *(module_of(part.scenario) for part in parts)})

    def points(self) -> list[Point]:
        """Every point of every run, in order."""
        return [point for name, run in self.runs.items() for point in points_of(name, run)]


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
