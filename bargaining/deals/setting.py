"""What every analysis of deals starts from: the game at some patience, its partitions with their stances, deals in words and classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.experiment import issue_game
from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame
from bargaining.games.stage import Profile
from bargaining.points import Point
from bargaining.scenarios import Scenario, scenario
from bargaining.solvers.incentives import Incentives

Floats = NDArray[np.float64]

# Actions of rare earths and chips that stand for the military tier and for eased curbs, in any scenario.
MILITARY, EASED = "full", ("ease", "eased")
_ESCALATED = ("snap-back", "peak", "raise")


@dataclass(frozen=True, eq=False)
class Setting:
    """A point's story, its repeated game at the patience asked for, and the partitions to look at; `options` are the other options."""

    story: Scenario
    game: RepeatedGame
    partitions: tuple[str, ...]
    solving: Mapping[str, Any]
    options: Mapping[str, Any]

    @property
    def issues(self) -> IssueGame:
        """The issues of the game."""
        stage = self.game.stage
        assert isinstance(stage, IssueGame)
        return stage

    def stance(self, partition: str) -> str | None:
        """Whose stance a partition is."""
        issues = self.issues
        named = {issues.name(issues.partition(each)): words for words, each in self.story.stances.items()}
        return named.get(partition)

    @property
    def status_quo(self) -> Floats:
        """Payoffs of the agreement in force."""
        a, b = self.issues.joint_profile(self.story.agreement(self.story.status_quo))
        return np.asarray(self.issues.stage_game().payoffs[:, a, b])


def setting(point: Point) -> Setting:
    """Read a point."""
    options = dict(point.options)
    story = scenario(point.scenario, point.calibration, **point.parameters)
    issues = issue_game(story)
    game = story.game()
    assert isinstance(game, RepeatedGame)
    patience = options.pop("patience", "own")
    if patience != "own":
        game = RepeatedGame(issues, (min if patience == "less" else max)(game.exact_deltas))
    named = options.pop("partitions", None) or tuple(story.stances.values())
    partitions = tuple(dict.fromkeys(issues.name(issues.partition(each)) for each in named))
    solving: dict[str, Any] = {key: options.pop(key) for key in ("tol", "max_iter") if key in options}
    return Setting(story, game, partitions, solving, options)


def in_words(issues: IssueGame, profiles: Mapping[str, Profile]) -> str:
    """A deal by its moves: ``truce/truce, civil, lifted, curb``."""
    words = []
    for name, profile in profiles.items():
        stage = issues.issues[name]
        words.append("/".join(label for label, size in zip(stage.labels(profile), stage.shape, strict=True) if size > 1))
    return ", ".join(words)


def classify(issues: IssueGame, profiles: Mapping[str, Profile]) -> str:
    """What kind of deal a profile is, from rare earths, chips and tariffs.

    ``static``: nothing that needs enforcement (unless it is London); ``grand bargain``: military release for eased chips; ``military
    release``: without chips; ``chips for licences``: eased chips without the military tier, these three whatever the tariffs; then, with
    curbs and no military tier, ``London``: the tariff truce, civil licences, countermeasures lifted; ``U.S. rollback``, ``Chinese
    rollback``, ``mutual rollback``: the same with that side, or both, back to lower tariffs, which one side alone gives without return;
    ``small swap``: the same without the tariff truce; ``truce only``: the tariff truce without licences or with countermeasures;
    ``conflict``: none of these.
    """
    labels = {name: issues.issues[name].labels(profile) for name, profile in profiles.items()}
    release = labels["R"][1] if "R" in labels else ""
    chips = next((labels[name][0] for name in ("A", "C") if name in labels), "")
    truce = "T" in labels and not any(label in _ESCALATED for label in labels["T"])
    lifted = "K" not in labels or labels["K"][0] == "lifted"
    civil = release != "withhold"
    military, eased = release == MILITARY, chips in EASED
    static = all(Incentives(issues.issues[name]).is_static(profile) for name, profile in profiles.items())
    london = truce and civil and lifted and not military and not eased
    if static and not london:
        return "static"
    if military:
        return "grand bargain" if eased else "military release"
    if eased:
        return "chips for licences"
    if london:
        us, cn = (label == "rollback" for label in labels["T"])
        return "mutual rollback" if us and cn else "U.S. rollback" if us else "Chinese rollback" if cn else "London"
    if truce:
        return "truce only"
    return "small swap" if civil and lifted else "conflict"


def without(issues: IssueGame, labels: Sequence[str]) -> IssueGame:
    """The same issues without the actions of these labels.

    Raises
    ------
    GameError
        If no issue has such an action.
    """
    found, kept = False, {}
    for name, stage in issues.issues.items():
        own = [[k for k, label in enumerate(actions) if label not in labels] for actions in stage.actions]
        found = found or [len(k) for k in own] != list(stage.shape)
        actions = tuple(tuple(stage.actions[i][k] for k in own[i]) for i in (0, 1))
        payoffs = stage.payoffs[:, own[0]][:, :, own[1]]
        kept[name] = StageGame(payoffs=payoffs, actions=(actions[0], actions[1]), players=stage.players)
    if not found:
        raise GameError(f"no issue has an action {' or '.join(labels)}: the analysis needs one to take away")
    return IssueGame(kept)
