"""What every story with states answers beside its parameters: a stochastic game and its named plans."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from bargaining.scenarios import ScenarioError
from bargaining.scenarios.parameters import Fact
from bargaining.scenarios.stages import StageParameters
from bargaining.scenarios.standoff import Standoff
from bargaining.scenarios.story import Actions, Scenario

if TYPE_CHECKING:
    from bargaining.games import StageGame, StochasticGame
    from bargaining.games.composed import ComposedGame, Labels


class StateScenario(Scenario):
    """A story told in states: what is possible, and what it is worth, depends on where things stand.

    Attributes
    ----------
    plans : mapping of str to str
        Names of its plans -> what is promised, in words. A plan says what both sides do in every state.
    issues_in_words, factors_in_words : mapping of str to str
        Its issues, and the parts of its state.
    """

    plans: ClassVar[Mapping[str, str]]
    factors_in_words: ClassVar[Mapping[str, str]]
    unit = "payoff per 90 days"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]]
    agreements: ClassVar[Mapping[str, Mapping[str, Actions]]] = {}
    stances: ClassVar[Mapping[str, str]] = {}
    status_quo = ""
    values: StageParameters

    @abstractmethod
    def composed(self) -> "ComposedGame":
        """Its issues and the factors of its state."""

    @abstractmethod
    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """What a plan promises on an issue, given its stage game and the states of all factors."""

    @property
    def payoff_unit(self) -> str:
        """What payoffs are measured in on the stage game chosen."""
        return "illustrative units per 90 days" if self.values.stage == "stylised" else "$bn per 90 days relative to the London agreement"

    def game(self) -> "StochasticGame":
        """The stochastic game over all its issues."""
        return self.composed().game()

    def plan(self, name: str) -> "dict[str, Labels]":
        """A named plan: state -> pair of labels of joint actions.

        Raises
        ------
        ScenarioError
            If there is none of that name.
        """
        if name not in self.plans:
            from bargaining.games.stage import near_match

            message = f"scenario {self.name!r}: unknown plan {name!r}{near_match(name, list(self.plans))}; plans: {', '.join(self.plans)}"
            raise ScenarioError(message, (("plan", message),))

        def promise(issue: str, stage: "StageGame", **states: str) -> "Labels":
            return self.promise(name, issue, stage, **states)

        return self.composed().plan(promise)

    def parameters(self) -> list[dict[str, Any]]:
        """One row for each parameter that the stage game chosen reads."""
        silent = self.values.silent()
        return [row for row in super().parameters() if row["field"] not in silent]

    def sources(self) -> list[Fact]:
        """Records behind the parameters, and behind the trade model if the stage game is the calibrated one."""
        from bargaining.scenarios.parameters import facts

        found = super().sources()
        more = Standoff.data if self.values.stage == "calibrated" else ()
        return list(dict.fromkeys([*found, *(facts()[id] for id in more)]))

    @classmethod
    def payoff_arrays(cls, values: Any, count: int) -> "dict[str, Any]":
        """No story with states is told many times at once."""
        raise ScenarioError(f"scenario {cls.name!r} has states: its games are made one at a time")

    @classmethod
    def patience(cls, values: Any) -> tuple[Any, Any]:
        """Discount factors of both sides."""
        delta = values.patience()
        return delta if isinstance(delta, tuple) else (delta, delta)


def play(stage: "StageGame", us: str, cn: str) -> "Labels":
    """The pair of labels nearest to what a plan would like: a side that has one action only plays that."""
    pair = []
    for wanted, own in zip((us, cn), stage.actions, strict=True):
        pair.append(own[0] if len(own) == 1 else wanted)
    return pair[0], pair[1]


def share_game(stage: "StageGame", share: float) -> "StageGame":
    """A stage game with all payoffs times a share."""
    from bargaining.games import StageGame

    return StageGame(payoffs=stage.payoffs * share, actions=stage.actions)


def part_of(stage: "StageGame", us: tuple[str, ...], cn: tuple[str, ...]) -> "StageGame":
    """The stage game in which only some actions are left to each side, by label."""
    import numpy as np

    from bargaining.games import StageGame

    rows, columns = [stage.action(0, label) for label in us], [stage.action(1, label) for label in cn]
    return StageGame(payoffs=stage.payoffs[np.ix_([0, 1], rows, columns)], actions=(us, cn))
