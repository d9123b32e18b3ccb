"""Scenarios: stories with economic parameters, units and sources, each of which becomes a game.

`names` and the registry cost nothing: a story's module is imported when the scenario is asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bargaining.scenarios.story import Scenario as Scenario

# A new scenario is one module and one line here.
_REGISTRY = {
    "briefing": ("bargaining.scenarios.briefing", "Briefing"),
    "standoff": ("bargaining.scenarios.standoff", "Standoff"),
    "truce": ("bargaining.scenarios.truce", "Truce"),
    "licence": ("bargaining.scenarios.licence", "Licence"),
    "court": ("bargaining.scenarios.court", "Court"),
    "leverage": ("bargaining.scenarios.leverage", "Leverage"),
    "horizon": ("bargaining.scenarios.horizon", "Horizon"),
    "standoff_dynamic": ("bargaining.scenarios.standoff_dynamic", "StandoffDynamic"),
    "vetting": ("bargaining.scenarios.vetting", "Vetting"),
}

__all__ = ["Scenario", "ScenarioError", "module_of", "names", "scenario"]


class ScenarioError(ValueError):
    """A scenario that is unknown, or a parameter of one that is malformed. The message is one line.

    Attributes
    ----------
    problems : tuple of (str, str)
        One pair a problem: the parameter it is about (empty if about several) and what is wrong with it.
    """

    def __init__(self, message: str, problems: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


def names() -> tuple[str, ...]:
    """Names of the scenarios.

    Examples
    --------
    >>> names()
    ('briefing', 'standoff', 'truce', 'licence', 'court', 'leverage', 'horizon', 'standoff_dynamic', 'vetting')
    """
    return tuple(_REGISTRY)


def module_of(name: str) -> str:
    """Where a scenario is told; the package itself for a name that is none.

    Examples
    --------
    >>> module_of("truce")
    'bargaining.scenarios.truce'
    """
    return _REGISTRY.get(name, (__name__,))[0]


def scenario(name: str, calibration: str | None = None, **overrides: Any) -> "Scenario":
    """Tell a story: a scenario by name, at one of its calibrations, with some parameters replaced.

    Parameters
    ----------
    name : str
        One of `names`.
    calibration : str, optional
        One of the scenario's named calibrations; by default the first, its central values.
    **overrides
        Parameters by field name; they win over the calibration.

    Raises
    ------
    ScenarioError
        If the scenario, the calibration or a parameter is unknown, or a value is of the wrong type or outside its domain.

    Examples
    --------
    >>> story = scenario("standoff", "quiet", curb_security_ratio=1.5)
    >>> story.game().stage.names
    ('T', 'R', 'K', 'A')
    """
    if not isinstance(name, str) or name not in _REGISTRY:
        from bargaining.games.stage import near_match

        message = f"unknown scenario {name!r}{near_match(name, names())}; scenarios: {', '.join(names())}"
        raise ScenarioError(message, (("scenario", message),))
    module, story = _REGISTRY[name]
    told: Scenario = getattr(importlib.import_module(module), story).tell(calibration, overrides)
    return told


def __getattr__(name: str) -> Any:
    if name != "Scenario":
        raise AttributeError(f"module 'bargaining.scenarios' has no attribute {name!r}")
    return importlib.import_module("bargaining.scenarios.story").Scenario
