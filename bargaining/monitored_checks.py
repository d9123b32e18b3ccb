"""What an experiment file says of runs on scenarios with signals, checked against the scenario before anything is solved."""

from collections.abc import Iterator

from bargaining.config import Document, KeyPath, did_you_mean
from bargaining.experiment import MonitoredLinkageOptions, Run, issue_game
from bargaining.games import MonitoredGame
from bargaining.points import swept_points
from bargaining.scenarios import Scenario, ScenarioError


def monitored_problems(run: Run, solver: MonitoredLinkageOptions, story: Scenario, at: KeyPath, document: Document) -> Iterator[str]:
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
    known = list(story.resolved())
    for name, change in solver.gains.items():
        for field in change:
            if field not in known:
                where = (*at, "solver", "gains", name, field)
                yield document.problem(where, f"unknown parameter of scenario {run.scenario!r}{did_you_mean(field, known)}")
    if run.design is not None and run.design.sample is not None:
        try:
            swept_points(run, next(iter(run.calibrations or (story.calibration,))))
        except (ScenarioError, ValueError) as error:
            yield document.problem((*at, "design", "sample"), str(error))
