r"""Games over several issues, and the partitions that say what may be linked to what.

On issue k the sides play a stage game with payoffs :math:`u_{ik}(a_k)`; the joint payoff is
:math:`u_i(a) = \sum_k u_{ik}(a_k) + \gamma_i(a)`, with :math:`\gamma = 0` when the game is *separable*. A partition of the issues into
blocks says on which histories play may be conditioned: within a block on all of its issues, never across blocks. With separable
payoffs a profile that respects the partition is an equilibrium exactly if each block's part is one of the block's own game, so each
block is a game by itself (Bernheim and Whinston 1990 for the pooling of incentive constraints).
"""

import decimal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.exact import as_decimal
from bargaining.games.stage import GameError, Profile, StageGame, near_match, read_payoffs

Block = tuple[str, ...]
Partition = tuple[Block, ...]

# Wide enough to add any two float64 numbers, written as decimals, without rounding.
_EXACT_SUM = decimal.Context(prec=700)


@dataclass(frozen=True, eq=False)
class IssueGame:
    """Several issues at once, with separable payoffs plus an optional interaction.

    Parameters
    ----------
    issues : mapping of str to StageGame
        In order; the first issue varies slowest in the joint action. A side with a single action on an issue does not move there.
    interaction : array_like, shape (2, m, n), optional
        Added to the sum of the issues' payoffs, in the joint order of `stage_game`. Anything but zeros makes the game non-separable.

    Raises
    ------
    GameError
        No issue, a name with ``,`` ``|`` or blanks around it, different players on different issues, an interaction of the wrong shape.

    Examples
    --------
    >>> from bargaining.games import game
    >>> swap = IssueGame({"R": game([[0.0, 1.0]], [[0.0, -0.2]]), "C": game([[0.0], [-0.6]], [[0.0], [1.0]])})
    >>> swap.shape
    (2, 2)
    >>> [swap.name(partition) for partition in swap.partitions()]
    ['R,C', 'R|C']
    """

    issues: Mapping[str, StageGame]
    interaction: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.issues, Mapping):
            raise GameError(f"issues are a {type(self.issues).__name__}: expected a mapping of name to StageGame")
        issues = dict(self.issues)
        if not issues:
            raise GameError("issues: expected at least one")
        for name, stage in issues.items():
            if not isinstance(name, str) or not name or name != name.strip() or set(name) & set(",|"):
                raise GameError(f"issue name {name!r}: expected a word without ',' and '|'")
            if not isinstance(stage, StageGame):
                raise GameError(f"issue {name!r} is a {type(stage).__name__}: expected a StageGame")
        if len({stage.players for stage in issues.values()}) > 1:
            raise GameError("issues: expected the same players on every issue")
        object.__setattr__(self, "issues", issues)
        if self.interaction is not None:
            interaction = np.array(read_payoffs(self.interaction, "interaction"), order="C")
            if interaction.shape != (2, *self.shape):
                raise GameError(f"interaction has shape {interaction.shape}: expected {(2, *self.shape)}, the shape of the joint payoffs")
            interaction.flags.writeable = False
            object.__setattr__(self, "interaction", interaction)

    @property
    def names(self) -> Block:
        """Names of the issues, in order."""
        return tuple(self.issues)

    @property
    def players(self) -> tuple[str, str]:
        """Names of the two players."""
        return next(iter(self.issues.values())).players

    @property
    def shape(self) -> tuple[int, int]:
        """Number of joint actions of each player."""
        shapes = [stage.shape for stage in self.issues.values()]
        return int(np.prod([m for m, _ in shapes])), int(np.prod([n for _, n in shapes]))

    @property
    def separable(self) -> bool:
        """Whether the joint payoff is the sum of the issues' payoffs."""
        return self.interaction is None or not self.interaction.any()

    @cached_property
    def _joint(self) -> StageGame:
        return join(self.issues, None if self.separable else self.interaction)

    def stage_game(self) -> StageGame:
        """The joint game: every combination of actions on all issues, the first issue varying slowest."""
        return self._joint

    def block(self, block: str | Block) -> StageGame:
        """The game on some of the issues only.

        Raises
        ------
        GameError
            If an issue is unknown, or if payoffs are not separable: then a block has no game of its own.
        """
        names = self.read_block(block)
        self.require_separable()
        return join({name: self.issues[name] for name in names})

    def require_separable(self) -> None:
        """Refuse to split a game whose payoffs interact across issues, naming the conventions one could mean."""
        if not self.separable:
            raise GameError(
                "payoffs are not separable (interaction is not zero): a block of issues has no payoff set of its own. State a "
                "convention and build that game: (a) restricted strategies, issue-by-issue triggers in the joint game; (b) the block "
                "with the other issues at their static Nash actions; (c) the block with the other issues at their agreed actions"
            )

    def read_block(self, block: str | Block) -> Block:
        """Names of a block given as ``"T,R"`` or a tuple, in the order of the issues."""
        if not isinstance(block, (str, tuple, list)):
            raise GameError(f"block {block!r}: expected issues separated by commas, or a tuple of them")
        words = [word.strip() for word in block.split(",")] if isinstance(block, str) else list(block)
        for word in words:
            if word not in self.issues:
                raise GameError(f"unknown issue {word!r}{near_match(word, self.names)}; issues: {', '.join(self.names)}")
            if words.count(word) > 1:
                raise GameError(f"issue {word!r} stands twice in the block {','.join(words)!r}")
        return tuple(name for name in self.names if name in words)

    def partition(self, partition: str | Partition) -> Partition:
        """A partition given as ``"T,R,K|A"`` or as tuples of names, in canonical order.

        Raises
        ------
        GameError
            If an issue is unknown, stands twice, or is missing.
        """
        if not isinstance(partition, (str, tuple, list)):
            raise GameError(f"partition {partition!r}: expected text such as {self.name((self.names,))!r}, blocks separated by '|'")
        parts = partition.split("|") if isinstance(partition, str) else list(partition)
        blocks = [self.read_block(part) for part in parts]
        flat = [name for block in blocks for name in block]
        for name in self.names:
            if flat.count(name) != 1:
                text = partition if isinstance(partition, str) else self.name(partition)
                raise GameError(f"partition {text!r}: issue {name!r} stands {flat.count(name)} times, expected once")
        return tuple(sorted(blocks, key=lambda block: self.names.index(block[0])))

    def partitions(self) -> tuple[Partition, ...]:
        """All partitions of the issues, coarsest first."""
        found = [self.partition(tuple(map(tuple, blocks))) for blocks in _set_partitions(list(self.names))]
        return tuple(sorted(found, key=lambda partition: (len(partition), [[self.names.index(n) for n in b] for b in partition])))

    @staticmethod
    def name(partition: Partition) -> str:
        """A partition as text, ``"T,R,K|A"``."""
        return "|".join(",".join(block) for block in partition)

    def agreement(self, agreement: Any) -> dict[str, Profile]:
        """Positions of an agreement given as a mapping of issue to pair of actions (by position or label).

        Raises
        ------
        GameError
            If an issue is unknown or missing, or an action is unknown.
        """
        if not isinstance(agreement, Mapping):
            raise GameError(f"agreement {agreement!r}: expected a mapping of issue to a pair of actions")
        for name in agreement:
            if name not in self.issues:
                raise GameError(f"agreement on unknown issue {name!r}{near_match(name, self.names)}; issues: {', '.join(self.names)}")
        missing = [name for name in self.names if name not in agreement]
        if missing:
            raise GameError(f"agreement says nothing on issue {missing[0]!r}; issues: {', '.join(self.names)}")
        resolved = {}
        for name in self.names:
            try:
                resolved[name] = self.issues[name].profile(agreement[name])
            except GameError as error:
                raise GameError(f"issue {name!r}: {error}") from None
        return resolved

    def joint_profile(self, agreement: Any, block: str | Block | None = None) -> Profile:
        """Position of an agreement's part on a block (default: all issues) in that block's joint game."""
        names = self.names if block is None else self.read_block(block)
        parts = self.agreement(agreement)
        shapes = [self.issues[name].shape for name in names]
        first = np.ravel_multi_index([parts[name][0] for name in names], [m for m, _ in shapes])
        second = np.ravel_multi_index([parts[name][1] for name in names], [n for _, n in shapes])
        return int(first), int(second)

    def split(self, profile: Profile) -> dict[str, tuple[StageGame, Profile]]:
        """The part of a joint profile on each issue, with that issue's game."""
        shapes = [stage.shape for stage in self.issues.values()]
        own = [np.unravel_index(profile[player], [shape[player] for shape in shapes]) for player in (0, 1)]
        return {name: (stage, (int(own[0][k]), int(own[1][k]))) for k, (name, stage) in enumerate(self.issues.items())}


def join(issues: Mapping[str, StageGame], interaction: NDArray[np.float64] | None = None) -> StageGame:
    """The joint game of several issues. Payoffs are added as exact decimals and rounded once, so 0.1 + 0.2 is 0.3."""
    stages = list(issues.values())
    if len(stages) == 1 and interaction is None:
        return stages[0]
    with decimal.localcontext(_EXACT_SUM):
        sums = np.stack([_outer_sum([stage.payoffs[player] for stage in stages]) for player in (0, 1)])
        payoffs = (sums if interaction is None else sums + _decimals(interaction)).astype(np.float64)
    actions = tuple(_joint_labels([stage.actions[player] for stage in stages]) for player in (0, 1))
    return StageGame(payoffs=payoffs, actions=actions, players=stages[0].players)  # type: ignore[arg-type]


def _outer_sum(matrices: list[NDArray[np.float64]]) -> NDArray[np.object_]:
    total = np.array([[decimal.Decimal(0)]], dtype=object)
    for matrix in matrices:
        outer = total[:, None, :, None] + _decimals(matrix)[None, :, None, :]
        total = outer.reshape(total.shape[0] * matrix.shape[0], total.shape[1] * matrix.shape[1])
    return total


def _decimals(values: NDArray[np.float64]) -> NDArray[np.object_]:
    return np.array([as_decimal(x) for x in values.ravel().tolist()], dtype=object).reshape(values.shape)


def _joint_labels(labels: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Labels of joint actions; a side's single action on an issue where it does not move is left out."""
    moving = [own for own in labels if len(own) > 1]
    if not moving:
        return (" + ".join(own[0] for own in labels),)
    joint = [""]
    for own in moving:
        joint = [f"{head} + {label}" if head else label for head in joint for label in own]
    return tuple(joint)


def _set_partitions(items: list[str]) -> Iterator[list[list[str]]]:
    if not items:
        yield []
        return
    head, rest = items[0], items[1:]
    for partition in _set_partitions(rest):
        yield [[head], *partition]
        for k, block in enumerate(partition):
            yield [*partition[:k], [head, *block], *partition[k + 1 :]]
