"""The points of a run: each is one game to solve."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bargaining.experiment import Run


@dataclass(frozen=True)
class Point:
    """One game to solve: where it stands in the experiment, and all it takes to build and solve it."""

    run: str
    number: int
    scenario: str
    calibration: str
    parameters: Mapping[str, Any]
    swept: Mapping[str, Any]
    options: Mapping[str, Any]
    keep: bool = False
    solver: str = "linkage_lattice"


def points_of(name: str, run: "Run") -> Iterator[Point]:
    """The points of one run, in the order of its calibrations and its design."""
    from bargaining.scenarios import scenario

    options = run.solver.model_dump(mode="python", exclude={"name"}, exclude_none=True)
    swept = run.design.as_points() if run.design else [{}]
    number = 0
    for calibration in run.calibrations or (scenario(run.scenario).calibration,):
        for values in swept:
            parameters = {**run.parameters, **values}
            yield Point(name, number, run.scenario, calibration, parameters, values, options, run.keep, run.solver.name)
            number += 1
