"""Runs over a sample: the points drawn from the priors of a scenario."""

from typing import TYPE_CHECKING

from bargaining.design import Design

if TYPE_CHECKING:
    from bargaining.experiment import Run


def drawn(run: "Run") -> "Run":
    """The run with its sample written out as points; as it is if its design is another one."""
    from bargaining.scenarios.priors import JointPrior

    sample = run.design.sample if run.design is not None else None
    if sample is None:
        return run
    prior = JointPrior.of(run.scenario, sample.laws(), fixed=run.parameters, independent=sample.independent)
    columns = prior.values(sample.uniforms(0, sample.size(prior.width), prior.width))
    points = [dict(zip(columns, values, strict=True)) for values in zip(*(column.tolist() for column in columns.values()), strict=True)]
    return run.model_copy(update={"design": Design(points=tuple(points))})
