"""``bargaining list``, ``show`` and ``info``: what there is."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from bargaining import provenance
from bargaining.answers.stage import NashEquilibria
from bargaining.cli.signals import print_signals, signals_content
from bargaining.cli.stories import print_states_and_plans, print_story, states_content
from bargaining.cli.terminal import number, print_json, print_table, stderr, stdout, table
from bargaining.config import ConfigError, did_you_mean
from bargaining.ensemble import Draws
from bargaining.experiment import Experiment, experiment_files, find, issue_game, read_experiment, results_folder
from bargaining.games import StageGame
from bargaining.running.lattices import agreement_in_words
from bargaining.scenarios import Scenario, names, scenario
from bargaining.scenarios.states import StateScenario
from bargaining.scenarios.vetting import Vetting
from bargaining.solvers.nash import nash_equilibria
from bargaining.sources import all_modules, fingerprint
from bargaining.store import Store


def list_everything(as_json: bool) -> None:
    """Experiments with their question, scenarios with their title."""
    experiments = {}
    for path in experiment_files():
        try:
            experiments[path.stem] = read_experiment(path, "paper", ())[0].question
        except ConfigError as error:
            experiments[path.stem] = f"cannot be read: {error.problems[0]}"
    scenarios = {name: scenario(name).title for name in names()}
    if as_json:
        print_json({"experiments": experiments, "scenarios": scenarios})
        return
    console = stdout()
    for title, entries in (("experiments", experiments), ("scenarios", scenarios)):
        made = table("", "", left=2)
        made.show_header = False
        for name, words in entries.items():
            made.add_row(name, words)
        print_table(console, title, made)
    stderr().print("`bargaining show NAME` says more.")


def show_experiment(name: str, profile: str, as_json: bool) -> None:
    """Question, runs, points and profiles of an experiment.

    Raises
    ------
    ConfigError
        If there is no scenario or experiment of this name, or it has mistakes.
    """
    known = list(dict.fromkeys([*names(), *(path.stem for path in experiment_files())]))
    if not name.endswith((".yaml", ".yml")) and name not in known:
        raise ConfigError([f"{name!r} is no scenario and no experiment{did_you_mean(name, known)}"])
    path = find(name)
    experiment = Experiment.load(path, profile)
    profiles = profile_names(path)
    points = {each: number_of_points(Experiment.load(path, each)) for each in profiles}
    folder = results_folder(path, experiment.name, profile)
    complete = Store(folder, experiment.key).is_complete()
    if as_json:
        content = {"file": str(path), "profile": profile, "profiles": points, "results": str(folder), "complete": complete}
        print_json({**content, "config": experiment.config})
        return
    console = stdout()
    console.print(f"{experiment.name} ({path})\n{experiment.question}\n")
    made = table("run", "scenario", "calibrations", "swept", "solver", "points", left=5)
    for run_name, run in experiment.runs.items():
        own = sum(point.run == run_name for point in experiment.points())
        sample = run.design.sample if run.design else None
        swept = (
            f"{sample.points} draws"
            if sample
            else ", ".join(next((point.swept for point in experiment.points() if point.run == run_name), ()))
        )
        calibrations = ", ".join(run.calibrations or (scenario(run.scenario).calibration,))
        accuracy = f"tol {run.solver.tol:g}" if hasattr(run.solver, "tol") else "exact"
        if getattr(run.solver, "renegotiation_weights", None):
            accuracy += ", renegotiated"
        made.add_row(run_name, run.scenario, calibrations, swept, f"{run.solver.name}, {accuracy}", str(own))
    if experiment.runs:
        print_table(console, f"runs, profile {profile}", made)
    if experiment.ensembles:
        made = table("ensemble", "scenario", "calibration", "draws", "parameters drawn", "solver", left=3)
        made.columns[4].justify = made.columns[5].justify = "left"
        for each, ensemble in experiment.ensembles.items():
            draws = Draws.of(each, ensemble, "")
            drawn = f"{len(draws.fields)}: {', '.join(draws.fields)}"
            where = ensemble.calibration or scenario(ensemble.scenario).calibration
            made.add_row(each, ensemble.scenario, where, str(draws.size), drawn, f"{ensemble.solver.name}, tol {ensemble.solver.tol:g}")
        print_table(console, f"ensembles, profile {profile}", made)
    console.print("\nprofiles: " + ", ".join(f"{each} ({count} points)" for each, count in points.items()))
    console.print(f"results: {folder}" + (" (complete)" if complete else " (none yet for this file and these sources)"))


def number_of_points(experiment: Experiment) -> int:
    """Points of all runs and draws of all ensembles."""
    return len(experiment.points()) + sum(Draws.of(name, each, "").size for name, each in experiment.ensembles.items())


def profile_names(path: Any) -> list[str]:
    """Profiles of an experiment file, ``paper`` first."""
    from bargaining.config import Document

    return ["paper", *(each for each in Document.read(path).data.get("profiles", {}) if each != "paper")]


def show_scenario(name: str, calibration: str | None, as_json: bool) -> None:
    """Parameters with sources, payoff tables, equilibria of each issue, and what makes the game a dilemma or not."""
    story = scenario(name, calibration)
    if isinstance(story, StateScenario):
        if as_json:
            print_json(states_content(story))
            return
        print_story(stdout(), story)
        _print_parameters(stdout(), story)
        print_states_and_plans(stdout(), story)
        _print_sources(stdout(), story)
        return
    if as_json:
        print_json(_scenario_content(story))
        return
    console, deltas = stdout(), story.game().deltas
    console.print(f"{name}: {story.title}")
    unit = story.payoff_unit if isinstance(story, Vetting) else story.unit
    console.print(f"calibration {story.calibration} (of {', '.join(story.calibrations)}); payoffs: {unit}")
    console.print(f"discount factors per 90 days: U.S. {deltas[0]:.4f}, China {deltas[1]:.4f}\n")
    _print_parameters(console, story)
    for issue, stage in issue_game(story).issues.items():
        console.print()
        _print_payoffs(console, f"{issue}: {story.issues_in_words[issue]}", stage, nash_equilibria(stage))
        if isinstance(story, Vetting):
            print_signals(console, issue, stage, story.monitorings()[issue])
    console.print()
    made = table("name", "what the sides promise", left=2)
    for agreement in story.agreements:
        made.add_row(agreement + (" (status quo)" if agreement == story.status_quo else ""), agreement_in_words(story, agreement))
    print_table(console, "agreements", made)
    console.print()
    made = table("stance", "partition", left=2)
    for words, partition in story.stances.items():
        made.add_row(words, partition)
    print_table(console, "stances: who would link what to what (a comma links, a bar separates)", made)
    console.print("\nwhat makes this a dilemma, or not", style="bold")
    for sentence in story.explain():
        console.print(f"- {sentence}")
    _print_sources(console, story)


def show_info(as_json: bool) -> None:
    """Versions, machine, cache folder, fingerprint."""
    from bargaining.kernels import _jit

    content = {
        "versions": provenance.versions(),
        **provenance.machine(),
        "kernel cache": str(_jit.CACHE_FOLDER) if _jit.CACHE_FOLDER else "none: no folder can be written",
        "kernels compiled": not _jit.is_cold(),
        "commit": provenance.commit(),
        "sources": fingerprint(all_modules()),
    }
    if as_json:
        print_json(content)
        return
    console = stdout()
    for key, value in content.items():
        words = ", ".join(f"{name} {version}" for name, version in value.items()) if isinstance(value, dict) else value
        console.print(f"{key}: {words}", soft_wrap=True)


def _print_parameters(console: Console, story: Scenario) -> None:
    made = table("parameter", "value", "range", "unit", "status", "sources", left=1)
    for column in made.columns[3:]:
        column.justify = "left"
    for row in story.parameters():
        assumed = "assumption" in row["status"]
        low, high = row["low"], row["high"]
        spread = "" if low is None else f"{low:g}" if low == high else f"{low:g} – {high:g}"
        value = row["value"] if isinstance(row["value"], str) else f"{row['value']:.4g}"
        status = row["status"].replace("assumption", "ASSUMPTION")
        made.add_row(row["field"], value, spread, row["unit"], status, ", ".join(row["source_ids"]), style="yellow" if assumed else "")
    print_table(console, "parameters", made)


def _print_sources(console: Console, story: Scenario) -> None:
    records = story.sources()
    if not records:
        return
    made = table("id", "quantity", "value", "unit", "source", left=2)
    made.columns[3].justify = made.columns[4].justify = "left"
    for record in records:
        value = "" if record.value is None else f"{record.value:g}"
        made.add_row(record.id, record.quantity, value, record.unit, f"{record.source_title} ({record.source_type})")
    console.print()
    print_table(console, "sources of parameters and data", made)


def _print_payoffs(console: Console, title: str, stage: StageGame, equilibria: NashEquilibria) -> None:
    us, cn = stage.players
    made = table(f"{us} \\ {cn}", *stage.actions[1])
    pure = equilibria.pure()
    for a, label in enumerate(stage.actions[0]):
        cells = []
        for b in range(stage.shape[1]):
            mark = " *" if (a, b) in pure else "  "
            cells.append(f"{number(float(stage.payoffs[0, a, b]))}, {number(float(stage.payoffs[1, a, b]))}{mark}")
        made.add_row(label, *cells)
    print_table(console, f"{title} (payoffs {us}, {cn}; * pure Nash equilibrium)", made)
    for x, y in equilibria.profiles:
        if np.count_nonzero(x) > 1 or np.count_nonzero(y) > 1:
            console.print(f"mixed Nash equilibrium: {us} {mixture(x, stage.actions[0])}; {cn} {mixture(y, stage.actions[1])}")
    if equilibria.degenerate:
        console.print("degenerate: a player is indifferent somewhere, so there may be a continuum of equilibria between those listed")


def mixture(weights: NDArray[np.float64], labels: Sequence[str]) -> str:
    """A mixed action in words: the actions played, each with its probability."""
    return ", ".join(f"{label} {weight:.3g}" for label, weight in zip(labels, weights, strict=True) if weight > 0)


def _scenario_content(story: Scenario) -> dict[str, Any]:
    issues = issue_game(story).issues
    return {
        "name": story.name,
        "title": story.title,
        "unit": story.unit,
        "calibration": story.calibration,
        "calibrations": list(story.calibrations),
        "delta": list(story.game().deltas),
        "parameters": story.parameters(),
        "issues": {
            issue: {
                "words": story.issues_in_words[issue],
                "actions": stage.actions,
                "payoffs": stage.payoffs.tolist(),
                "nash_equilibria": [[x.tolist(), y.tolist()] for x, y in nash_equilibria(stage).profiles],
            }
            for issue, stage in issues.items()
        },
        "agreements": {name: dict(story.agreement(name)) for name in story.agreements},
        "status_quo": story.status_quo,
        "stances": dict(story.stances),
        "explanation": list(story.explain()),
        **({"signals": signals_content(story)} if isinstance(story, Vetting) else {}),
    }
