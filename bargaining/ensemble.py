"""Ensembles: one scenario at many draws of its parameters, solved chunk by chunk into a table with a row a draw.

A `Draws` is plain data, so that it can be sent to another process; what it gives for point k depends on nothing but k.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.experiment import Ensemble

if TYPE_CHECKING:
    from bargaining.scenarios.priors import JointPrior

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Draws:
    """The points of one ensemble: `config` is the resolved `Ensemble` as JSON, `sources` the fingerprint of the code."""

    name: str
    config: str
    sources: str

    @classmethod
    def of(cls, name: str, ensemble: Ensemble, sources: str) -> "Draws":
        """The points that an experiment's ensemble asks for; what is made of them afterwards does not matter."""
        asked = ensemble.model_dump(mode="json", include={"scenario", "calibration", "parameters", "design", "solver"})
        return cls(name, json.dumps(asked, separators=(",", ":"), allow_nan=False), sources)

    @property
    def key(self) -> str:
        """Hash of everything that the rows depend on."""
        return hashlib.sha256(f"{self.config}\n{self.sources}".encode()).hexdigest()

    @cached_property
    def ensemble(self) -> Ensemble:
        """What was asked for."""
        return Ensemble.model_validate_json(self.config)

    @property
    def size(self) -> int:
        """Number of points."""
        sample = self.ensemble.design.sample
        return len(_points(self.config)) if sample is None else sample.size(_prior(self.config).width)

    @property
    def fields(self) -> tuple[str, ...]:
        """Parameters that vary from point to point."""
        return _prior(self.config).fields if self.ensemble.design.sample is not None else tuple(_points(self.config)[0])

    def parameters(self, start: int, stop: int) -> Columns:
        """Drawn parameters of points `start` to `stop`, a column each."""
        sample = self.ensemble.design.sample
        if sample is not None:
            prior = _prior(self.config)
            return prior.values(sample.uniforms(start, stop, prior.width))
        points = _points(self.config)[start:stop]
        return {field: np.array([point[field] for point in points]) for field in _points(self.config)[0]}

    def solve(self, start: int, stop: int) -> Columns:
        """Rows of points `start` to `stop`: parameters, derived parameters, closed forms, and the lattice of each.

        A point that makes no game is a row with status ``failed`` and a message.
        """
        from bargaining.batch import linkage_lattices
        from bargaining.scenarios import scenario

        asked = self.ensemble
        story = scenario(asked.scenario, asked.calibration, **asked.parameters)
        drawn = self.parameters(start, stop)
        games, resolved = story.games(drawn, asked.calibration, **asked.parameters)
        issues = _issues(self.config)
        agreements = {
            name: {issue: issues.issues[issue].profile(pair) for issue, pair in story.agreement(name).items()} for name in self.agreements()
        }
        partitions = tuple(issues.partition(partition) for partition in self.partitions())
        options = asked.solver.model_dump(
            mode="python", include={"patience", "critical", "critical_tol", "tol", "max_iter"}, exclude_none=True
        )
        lattices = linkage_lattices(games, agreements, partitions, workers=1, **options)
        messages = np.full(stop - start, "", dtype=object)
        for k in np.flatnonzero(~games.valid).tolist():
            messages[k] = self._why(start + k)
        return {
            "point": np.arange(start, stop),
            **resolved,
            "delta_us": lattices.deltas[:, 0],
            "delta_cn": lattices.deltas[:, 1],
            **lattices.columns,
            "message": messages.astype(str),
        }

    def partitions(self) -> tuple[str, ...]:
        """Names of the partitions solved."""
        issues, named = _issues(self.config), self.ensemble.solver.partitions
        return tuple(issues.name(each) for each in (issues.partitions() if named is None else map(issues.partition, named)))

    def agreements(self) -> tuple[str, ...]:
        """Names of the agreements asked about."""
        from bargaining.scenarios import scenario

        named = self.ensemble.solver.agreements
        return tuple(scenario(self.ensemble.scenario).agreements) if named is None else named

    def columns(self) -> list[str]:
        """Names of the columns of the rows, without solving any."""
        from bargaining.batch.lattices import PAYOFFS
        from bargaining.scenarios import scenario

        asked = self.ensemble
        story = scenario(asked.scenario, asked.calibration, **asked.parameters)
        _, resolved = story.games(self.parameters(0, 1), asked.calibration, **asked.parameters)
        kinds = ["sustained", "critical_delta"] if asked.solver.critical else ["sustained"]
        names = self.agreements()
        return [
            "point",
            *resolved,
            "delta_us",
            "delta_cn",
            *(f"payoff_{side}[{name}]" for name in names for side in ("us", "cn")),
            *(
                column
                for partition in self.partitions()
                for column in (
                    *(f"{key}[{partition}]" for key in (*PAYOFFS, "error_bound", "status")),
                    *(f"{kind}[{name}][{partition}]" for name in names for kind in kinds),
                )
            ),
            "message",
        ]

    def extremes(self) -> dict[str, tuple[Any, ...]]:
        """Least and largest value of each field that varies, or all its values: what the scenario has to accept.

        Raises
        ------
        ScenarioError
            If a field to draw is unknown or has no prior.
        """
        if self.ensemble.design.sample is not None:
            return _prior(self.config).extremes()
        points = _points(self.config)
        return {field: tuple(dict.fromkeys(point[field] for point in points)) for field in points[0]}

    def _why(self, point: int) -> str:
        """Why a point makes no game, in the scenario's own words."""
        from bargaining.scenarios import scenario

        values = {field: column[0].item() for field, column in self.parameters(point, point + 1).items()}
        try:
            scenario(self.ensemble.scenario, self.ensemble.calibration, **{**self.ensemble.parameters, **values}).game()
        except (ValueError, ArithmeticError, RuntimeError) as error:
            return " ".join(f"{type(error).__name__}: {error}".split())
        return "the payoffs are not finite"


@lru_cache(maxsize=8)
def _prior(config: str) -> "JointPrior":
    from bargaining.scenarios.priors import JointPrior

    ensemble = Ensemble.model_validate_json(config)
    sample = ensemble.design.sample
    assert sample is not None
    independent = sample.independent or sample.method == "saltelli"
    return JointPrior.of(ensemble.scenario, sample.laws(), fixed=ensemble.parameters, independent=independent)


@lru_cache(maxsize=8)
def _points(config: str) -> list[dict[str, Any]]:
    points: list[dict[str, Any]] = Ensemble.model_validate_json(config).design.as_points()
    return points


@lru_cache(maxsize=8)
def _issues(config: str) -> Any:
    from bargaining.experiment import issue_game
    from bargaining.scenarios import scenario

    ensemble = Ensemble.model_validate_json(config)
    return issue_game(scenario(ensemble.scenario, ensemble.calibration, **ensemble.parameters))
