r"""Stationary deals: pure profiles that, played for ever, are equilibrium paths under a partition, and which of them a rule picks.

A point of an equilibrium payoff set may need lotteries or turns. What two capitals sign is one profile, kept for ever. Under a partition
π a profile is such a deal exactly if its part on each block is an equilibrium path of that block's game, so there are finitely many and
each is decided by the worst payoffs of the blocks. A bargaining rule applied to finitely many points picks

* ``nash``: the largest product of gains; ``utilitarian``: the largest sum;
* ``egalitarian``: the largest smallest gain; ``kalai_smorodinsky``: the same with gains relative to the largest ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame
from bargaining.games.issues import Block, Partition
from bargaining.games.stage import Profile, near_match
from bargaining.solution import EquilibriumSet
from bargaining.solvers.block_game import BlockGame
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.lattice import HAZARD_STEPS
from bargaining.solvers.repeated_set import MAX_ITER, combine, repeated_set
from bargaining.solvers.selection import RULES

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StationaryDeals:
    """The deals of one partition: ``profiles[k]``, by issue, pays ``payoffs[k]`` a period; `payoff_set` is the whole equilibrium set.

    `undecided` counts the profiles of which the proven bounds do not say whether they hold; they are left out.
    """

    partition: str
    payoff_set: EquilibriumSet
    profiles: tuple[Mapping[str, Profile], ...]
    payoffs: Floats
    undecided: int

    def pick(self, disagreement: Any, rule: str = "nash") -> int | None:
        """Position of the deal that a rule picks from a disagreement point; None if no deal is as good for both as that point."""
        return pick(self.payoffs, disagreement, rule)


def stationary_deals(
    game: RepeatedGame, partitions: Sequence[str | Partition] | None = None, *, tol: float = 1e-9, max_iter: int = MAX_ITER
) -> dict[str, StationaryDeals]:
    """The stationary deals under each partition of the issues, by the partition's name.

    Parameters
    ----------
    game : RepeatedGame
        Over an IssueGame with separable payoffs.
    partitions : sequence of str, optional
        Default: all.
    tol, max_iter
        As in `equilibrium_set`.

    Returns
    -------
    dict of str to StationaryDeals

    Raises
    ------
    GameError
        If the game has no issues, payoffs are not separable, or a partition is malformed.

    Examples
    --------
    >>> import bargaining as bg
    >>> deals = bg.stationary_deals(bg.scenario("briefing").game(), ["T,R|C", "T,R,C"])
    >>> {name: len(found.profiles) for name, found in deals.items()}
    {'T,R|C': 4, 'T,R,C': 5}
    """
    if not isinstance(game, RepeatedGame) or not isinstance(game.stage, IssueGame):
        raise GameError("game: expected a RepeatedGame over an IssueGame")
    issues = game.stage
    issues.require_separable()
    chosen = issues.partitions() if partitions is None else tuple(issues.partition(partition) for partition in partitions)
    blocks: dict[Block, tuple[EquilibriumSet, list[tuple[dict[str, Profile], Floats]], int]] = {}
    for block in dict.fromkeys(block for partition in chosen for block in partition):
        part = RepeatedGame(issues.block(block), game.delta)
        solved = repeated_set(part, tol=tol, max_iter=max_iter)
        played = BlockGame(part, Incentives(part.stage_game()), solved, tol, max_iter, HAZARD_STEPS)
        blocks[block] = (solved, *_kept(issues, block, played))
    found = {}
    for partition in chosen:
        joint = combine(game, {block: blocks[block][0] for block in partition}, {"tol": tol, "max_iter": max_iter})
        listed: list[tuple[dict[str, Profile], Floats]] = [({}, np.zeros(2))]
        open_ones = 0
        for block in partition:
            _, own, undecided = blocks[block]
            open_ones += undecided
            listed = [({**before, **more}, value + gain) for before, value in listed for more, gain in own]
        name = issues.name(partition)
        profiles = tuple({issue: profile[issue] for issue in issues.names} for profile, _ in listed)
        payoffs = np.array([value for _, value in listed]).reshape(-1, 2)
        found[name] = StationaryDeals(name, joint, profiles, payoffs, open_ones)
    return found


def _kept(issues: IssueGame, block: Block, played: BlockGame) -> tuple[list[tuple[dict[str, Profile], Floats]], int]:
    """Profiles of a block that hold for ever, issue by issue, with what they pay; and how many are undecided."""
    shapes = [issues.issues[name].shape for name in block]
    payoffs = played.incentives.stage.payoffs
    kept, undecided = [], 0
    for a, b in np.ndindex(*payoffs.shape[1:]):
        holds = played.sustains((a, b))
        undecided += holds is None
        if holds:
            own = np.unravel_index(a, [m for m, _ in shapes]), np.unravel_index(b, [n for _, n in shapes])
            profile = {name: (int(own[0][k]), int(own[1][k])) for k, name in enumerate(block)}
            kept.append((profile, np.array(payoffs[:, a, b])))
    return kept, undecided


def pick(payoffs: Any, disagreement: Any, rule: str = "nash", tol: float = 1e-9) -> int | None:
    """Which of finitely many payoff pairs a rule picks from a disagreement point; of equals the first, None if none is as good for both.

    Parameters
    ----------
    payoffs : array_like, shape (k, 2)
    disagreement : pair of float
    rule : str
        ``nash``, ``kalai_smorodinsky``, ``egalitarian`` or ``utilitarian``.
    tol : float
        Gains that differ by less than this share of the payoffs' spread are equal.

    Examples
    --------
    >>> pick([[0, 0], [3, 1], [2, 2]], (0, 0)), pick([[0, 0], [3, 1], [2, 2]], (2.5, 0)), pick([[0, 0]], (1, 0))
    (2, 1, None)
    """
    if rule not in RULES:
        raise GameError(f"rule {rule!r}{near_match(rule, RULES)}: expected one of {', '.join(RULES)}")
    table, d = np.asarray(payoffs, dtype=np.float64).reshape(-1, 2), np.asarray(disagreement, dtype=np.float64)
    if not len(table) or not np.isfinite(d).all():
        return None
    spread = np.ptp(np.vstack([table, d]), axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    gains = table - d
    allowed = np.flatnonzero((gains >= -tol * scale).all(axis=1))
    if not len(allowed):
        return None
    gains = np.maximum(gains[allowed], 0.0)
    ideal = np.where(gains.max(axis=0) > 0.0, gains.max(axis=0), 1.0)
    if rule == "nash":
        order = [(gains / scale).prod(axis=1), gains.sum(axis=1) / scale.sum()]
    elif rule == "utilitarian":
        order = [gains.sum(axis=1) / scale.sum(), gains.min(axis=1) / scale.min()]
    else:
        own = gains / ideal if rule == "kalai_smorodinsky" else gains / scale.max()
        order = [own.min(axis=1), own.max(axis=1)]
    best = np.ones(len(allowed), dtype=np.bool_)
    for measure in order:
        best &= measure >= measure[best].max() - tol
    return int(allowed[int(np.argmax(best))])
