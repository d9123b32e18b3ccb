"""What every scenario answers: its parameters, its named agreements and stances, and its game."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from bargaining.scenarios import ScenarioError
from bargaining.scenarios.parameters import Fact, ParameterSet, facts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bargaining.games import MonitoredGame, RepeatedGame, StochasticGame
    from bargaining.games.many import IssueGames

    Floats = NDArray[np.float64]

Actions = tuple[str, str]
# Payoffs by U.S. and Chinese action; entries are numbers, or arrays over many games.
Table = Sequence[Sequence[Any]]

IDLE = "no move"


@dataclass(frozen=True)
class Scenario(ABC):
    """A story with units and sources that becomes a game. Made by `bargaining.scenario`, not directly.

    Attributes
    ----------
    calibration : str
        Name of the calibration it was told at.
    values : ParameterSet
        Its parameters; None where derived.
    name, title, unit : str
        `unit` is what payoffs are measured in, as text for an axis.
    calibrations : mapping of str to mapping
        Named sets of overrides; the first is the default.
    agreements : mapping of str to mapping of issue to (U.S. action, Chinese action)
    stances : mapping of str to str
        Who would link what, in words -> a partition of the issues.
    status_quo : str
        Name of the agreement in force.
    issues_in_words : mapping of str to str
    data : tuple of str
        Ids of the facts that the game reads, beside the sources of its parameters.
    """

    calibration: str
    values: ParameterSet

    name: ClassVar[str]
    title: ClassVar[str]
    unit: ClassVar[str]
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]]
    agreements: ClassVar[Mapping[str, Mapping[str, Actions]]]
    stances: ClassVar[Mapping[str, str]]
    status_quo: ClassVar[str]
    issues_in_words: ClassVar[Mapping[str, str]]
    parameter_set: ClassVar[type[ParameterSet]]
    data: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def tell(cls, calibration: str | None, overrides: Mapping[str, Any]) -> Self:
        """Read a calibration and overrides (`bargaining.scenario` explains both)."""
        chosen = next(iter(cls.calibrations)) if calibration is None else calibration
        if chosen not in cls.calibrations:
            message = _unknown(cls.name, "calibration", chosen, cls.calibrations)
            raise ScenarioError(message, (("calibration", message),))
        return cls(chosen, cls.parameter_set.read({**cls.calibrations[chosen], **overrides}))

    def parameters(self) -> list[dict[str, Any]]:
        """One row a parameter.

        Returns
        -------
        list of dict
            Keys ``field, value, unit, symbol, central, low, high, distribution, status, source_ids, note``. The status says what a
            value is: source, derived, assumption or modelling choice.
        """
        return self.values.rows()

    def resolved(self) -> dict[str, Any]:
        """All parameter values by field name, derived ones recomputed."""
        return self.values.resolved()

    def sources(self) -> list[Fact]:
        """Records behind the parameters and the data, each with its published source and address."""
        ids = [id for row in self.parameters() for id in row["source_ids"]] + list(self.data)
        return [facts()[id] for id in dict.fromkeys(ids)]

    def agreement(self, name: str) -> Mapping[str, Actions]:
        """A named agreement.

        Raises
        ------
        ScenarioError
            If there is none of that name.
        """
        if name not in self.agreements:
            message = _unknown(self.name, "agreement", name, self.agreements)
            raise ScenarioError(message, (("agreement", message),))
        return self.agreements[name]

    @abstractmethod
    def game(self) -> "RepeatedGame | StochasticGame | MonitoredGame":
        """The game it tells: repeated over the scenario's issues, stochastic if it has states, monitored if it has signals."""

    @classmethod
    @abstractmethod
    def payoff_arrays(cls, values: Any, count: int) -> "dict[str, Floats]":
        """Payoffs of each issue in `count` games, shape (count, 2, m, n): `values` is a parameter set whose fields may be arrays."""

    @classmethod
    @abstractmethod
    def patience(cls, values: Any) -> tuple[Any, Any]:
        """Discount factors of both sides; arrays where parameters are arrays."""

    @classmethod
    def closed_forms(cls, values: Any) -> dict[str, Any]:
        """Closed-form bounds on parameters, by name; arrays where parameters are arrays. None unless the story has some."""
        return {}

    @classmethod
    def games(cls, columns: "Mapping[str, Any]", calibration: str | None = None, **fixed: Any) -> "tuple[IssueGames, dict[str, Any]]":
        r"""The games of many draws of the parameters at once, the arithmetic of `game` done on arrays.

        Parameters
        ----------
        columns : mapping of str to array, shape (N,)
            Parameters that vary, by field name.
        calibration : str, optional
        **fixed
            Parameters that do not, as in `bargaining.scenario`.

        Returns
        -------
        games : IssueGames
            A draw outside a parameter's domain, or for which the model has no solution, gives NaN payoffs; `scenario` says why.
        resolved : dict
            All columns, with derived parameters and `closed_forms` that vary.

        Raises
        ------
        ScenarioError
            If a parameter is unknown, a fixed value is refused, or columns differ in length.
        """
        import numpy as np

        from bargaining.games.discounting import read_delta
        from bargaining.games.many import IssueGames

        story = cls.tell(calibration, fixed)
        unknown = next((name for name in columns if name not in cls.parameter_set.model_fields), None)
        if unknown is not None:
            cls.tell(calibration, {**fixed, unknown: 0.0})
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) != 1:
            raise ScenarioError(f"columns have lengths {lengths}: expected columns of one length")
        count = next(iter(lengths.values()))
        drawn = {name: np.asarray(column) for name, column in columns.items()}
        values = cls.parameter_set.model_construct(**{**dict(story.values), **drawn})
        inside = np.ones(count, dtype=np.bool_)
        for name, column in drawn.items():
            if column.dtype.kind == "f":
                inside &= cls.parameter_set.in_domain(name, column)
        with np.errstate(all="ignore"):
            issues = cls.payoff_arrays(values, count)
            deltas = np.empty((count, 2))
            for player, delta in enumerate(cls.patience(values)):
                deltas[:, player] = float(read_delta(delta)[player]) if np.ndim(delta) == 0 else delta
            derived = {name: values.value(name) for name in cls.parameter_set.model_fields if getattr(values, name) is None}
            forms = cls.closed_forms(values)
        for payoffs in issues.values():
            payoffs[~inside] = np.nan
        varying = {name: column for name, column in {**derived, **forms}.items() if np.ndim(column) == 1}
        return IssueGames(issues, deltas), {**drawn, **varying}

    def bounds(self) -> dict[str, float]:
        """Closed-form bounds on parameters, by name, for a phase diagram to draw; none unless the story has some."""
        return {name: float(value) for name, value in self.closed_forms(self.values).items()}

    @abstractmethod
    def explain(self) -> list[str]:
        """Sentences that say what makes this game a dilemma, or not, computed from its payoffs."""


def _unknown(scenario: str, what: str, word: object, known: Mapping[str, Any]) -> str:
    from bargaining.games.stage import near_match

    return f"scenario {scenario!r}: unknown {what} {word!r}{near_match(word, list(known))}; {what}s: {', '.join(known)}"
