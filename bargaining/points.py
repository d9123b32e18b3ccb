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
    number = 0
    for calibration in run.calibrations or (scenario(run.scenario).calibration,):
        for values in swept_points(run, calibration):
            parameters = {**run.parameters, **values}
            yield Point(name, number, run.scenario, calibration, parameters, values, options, run.keep, run.solver.name)
            number += 1


def swept_points(run: "Run", calibration: str) -> list[dict[str, Any]]:
    """Parameters that a run varies at a calibration, point by point.

    A sample's points are draws, to four digits: the declared ranges say no more than that, and exact programs take longer with more.
    """
    sample = run.design.sample if run.design else None
    if run.design is None or sample is None:
        return run.design.as_points() if run.design else [{}]
    from bargaining.scenarios.priors import JointPrior

    prior = JointPrior.of(run.scenario, sample.laws(), fixed=run.parameters, independent=sample.independent, calibration=calibration)
    drawn = prior.values(sample.uniforms(0, sample.size(prior.width), prior.width))
    columns = [[float(f"{x:.4g}") if isinstance(x, float) else x for x in column.tolist()] for column in drawn.values()]
    return [dict(zip(drawn, values, strict=True)) for values in zip(*columns, strict=True)]
