"""What an experiment file says of its ensembles, checked against the scenarios before anything is solved."""

from collections.abc import Iterator

from bargaining.analysis.expressions import ExpressionError, columns_of
from bargaining.config import Document, KeyPath, did_you_mean
from bargaining.ensemble import Draws
from bargaining.experiment import Ensemble, Experiment, issue_game
from bargaining.solver_options import DealSolver


def ensemble_problems(experiment: Experiment, document: Document) -> Iterator[str]:
    """One line for every name that does not exist, value that a scenario refuses, and expression that cannot be evaluated."""
    from bargaining.scenarios import names

    for name, run in experiment.runs.items():
        sampled = run.design is not None and run.design.sample is not None
        if sampled and run.solver.name != "monitored_linkage" and not isinstance(run.solver, DealSolver):
            problem = "a sample is drawn by an ensemble: move this run to `ensembles`, with the solver linkage_lattices"
            yield document.problem(("runs", name, "design", "sample"), problem)
    for name, ensemble in experiment.ensembles.items():
        at: KeyPath = ("ensembles", name)
        if ensemble.scenario not in names():
            yield document.problem((*at, "scenario"), f"unknown scenario {ensemble.scenario!r}{did_you_mean(ensemble.scenario, names())}")
            continue
        problems = list(_story_problems(ensemble, at, document))
        yield from problems
        if not problems:
            yield from _question_problems(name, ensemble, at, document)


def _story_problems(ensemble: Ensemble, at: KeyPath, document: Document) -> Iterator[str]:
    from bargaining.scenarios import ScenarioError, scenario

    try:
        story = scenario(ensemble.scenario, ensemble.calibration, **ensemble.parameters)
    except ScenarioError as error:
        for field, words in error.problems:
            where = (*at, "calibration") if field == "calibration" else (*at, "parameters", field) if field else at
            yield document.problem(where, words)
        return
    for word, known in (("agreements", list(story.agreements)),):
        for k, each in enumerate(ensemble.solver.agreements or ()):
            if each not in known:
                yield document.problem((*at, "solver", word, k), f"unknown agreement {each!r}{did_you_mean(each, known)}")
    issues = issue_game(story)
    for k, partition in enumerate(ensemble.solver.partitions or ()):
        try:
            issues.partition(partition)
        except ValueError as error:
            yield document.problem((*at, "solver", "partitions", k), str(error))
    draws = Draws.of("", ensemble, "")
    sample = ensemble.design.sample
    path: KeyPath = (*at, "design", "sample") if sample is not None else (*at, "design")
    try:
        extremes = [({field: value}, (*path, "over", field)) for field, values in draws.extremes().items() for value in values]
    except ScenarioError as error:
        yield document.problem(path, str(error))
        return
    told: set[str] = set()
    for values, where in extremes:
        try:
            scenario(ensemble.scenario, ensemble.calibration, **{**ensemble.parameters, **values})
        except ScenarioError as error:
            for field, words in error.problems:
                if field in values and words not in told:
                    told.add(words)
                    yield document.problem(where if sample is None or isinstance(sample.over, dict) else path, words)


def _question_problems(name: str, ensemble: Ensemble, at: KeyPath, document: Document) -> Iterator[str]:
    """Expressions that name no column, and questions that the design cannot answer."""
    columns = Draws.of(name, ensemble, "").columns()
    asked: list[tuple[KeyPath, str]] = [((*at, "claims", claim), text) for claim, text in ensemble.claims.items()]
    asked += [((*at, "splits", split, label), text) for split, classes in ensemble.splits.items() for label, text in classes.items()]
    asked += [((*at, "bands", k, key), getattr(band, key)) for k, band in enumerate(ensemble.bands) for key in ("of", "along")]
    asked += [((*at, "indices", output), text) for output, text in ensemble.indices.items()]
    for pattern, text in ensemble.patterns.items():
        if "{partition}" not in text:
            yield document.problem((*at, "patterns", pattern), "expected {partition} where the name of the partition goes")
        asked += [((*at, "patterns", pattern), text.replace("{partition}", each)) for each in Draws.of("", ensemble, "").partitions()]
    for path, text in asked:
        try:
            unknown = [column for column in columns_of(text) if column not in columns]
        except ExpressionError as error:
            yield document.problem(path, str(error))
            continue
        if unknown:
            yield document.problem(path, f"unknown column {unknown[0]!r}{did_you_mean(unknown[0], columns)}")
    sample = ensemble.design.sample
    if ensemble.indices and (sample is None or sample.method != "saltelli"):
        yield document.problem((*at, "indices"), "Sobol indices need a design with `sample: {method: saltelli}`")
    if sample is not None and sample.method == "saltelli" and (ensemble.claims or ensemble.patterns):
        where = "claims" if ensemble.claims else "patterns"
        yield document.problem((*at, where), "a Saltelli design draws parameters independently: shares over it are not shares of the prior")
