r"""Linkage beyond separable issues, and who gains from it.

With an interaction between issues there is no game of one block: what a block is worth depends on the others, and
:math:`V_\pi = \bigoplus_B V_B` fails. Three conventions answer, each named in its result:

* ``triggers``: equilibria of the *joint* game within a class of automata. A deviation on a block ends cooperation on that block for good
  (its part of a static equilibrium is played), whatever happens on the others; every deviation in every state is checked, also those
  on several blocks at once. With one block this is a tie-in: all or nothing.
* ``status_quo``: each block's game with the other blocks at the static equilibrium.
* ``agreed``: each block's game with the other blocks at the agreement.

Enforcement linkage (one block, so that a breach on one issue is punished on another) is not bargaining linkage (one deal over the sum of
sets that are enforced separately): `linkage_gains` tells them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame, exact
from bargaining.games.discounting import read_delta
from bargaining.games.issues import Partition
from bargaining.games.stage import Profile, near_match, read_payoffs
from bargaining.payoff_set import minkowski_sum
from bargaining.solution import LinkageLattice
from bargaining.solvers.critical_delta import critical_delta
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.repeated_set import repeated_set
from bargaining.solvers.selection import bargains

Floats = NDArray[np.float64]

CONVENTIONS = ("triggers", "status_quo", "agreed")


@dataclass(frozen=True)
class LinkedThreshold:
    """Least common discount factor at which an agreement is sustained under a convention; NaN if it is at none.

    For ``triggers`` a punishment may be worth more than what it punishes, so the factors that work end at `upper`; ``binding`` says which
    deviation decides.
    """

    convention: str
    partition: str
    value: float
    upper: float
    binding: str


def linked_delta(
    issues: IssueGame, agreement: Any, partition: str | Partition, convention: str = "triggers", *, fallback: Any = None
) -> LinkedThreshold:
    r"""Critical discount factor of an agreement for a partition, payoffs separable or not.

    Parameters
    ----------
    issues : IssueGame
    agreement : mapping of issue to pair of actions
    partition : str
        Blocks across which play is not conditioned, ``"T,R|C"``; one block is a tie-in under ``triggers``.
    convention : str
        ``triggers``, ``status_quo`` or ``agreed``. With separable payoffs the last two are the same and block by block optimal punishments
        are used; ``triggers`` is then Nash reversion block by block.
    fallback : mapping of issue to pair of actions, optional
        The static equilibrium that triggers revert to and that is the status quo; default the game's only pure one.

    Returns
    -------
    LinkedThreshold

    Raises
    ------
    GameError
        If there is no or more than one pure static equilibrium and none is given, or what is given is none.

    Examples
    --------
    >>> import bargaining as bg
    >>> swap = bg.IssueGame({
    ...     "R": bg.game([[0.0, 1.0]], [[0.0, -0.2]], actions=[["no move"], ["withhold", "release"]]),
    ...     "C": bg.game([[0.0], [-0.6]], [[0.0], [1.0]], actions=[["curb", "ease"], ["no move"]]),
    ... })
    >>> deal = {"R": ("no move", "release"), "C": ("ease", "no move")}
    >>> [bg.linked_delta(swap, deal, partition).value for partition in ("R,C", "R|C")]
    [0.6, nan]
    """
    if not isinstance(issues, IssueGame):
        raise GameError(f"issues is a {type(issues).__name__}: expected an IssueGame")
    if convention not in CONVENTIONS:
        raise GameError(f"convention {convention!r}{near_match(convention, CONVENTIONS)}: expected one of {', '.join(CONVENTIONS)}")
    blocks = issues.partition(partition)
    agreed = issues.agreement(agreement)
    static = static_fallback(issues, fallback)
    if convention == "triggers":
        return _triggers(issues, agreed, static, blocks)
    others = static if convention == "status_quo" else agreed
    found = []
    for block in blocks:
        shapes = [issues.issues[name].shape for name in block]
        own = tuple(int(np.ravel_multi_index([agreed[name][i] for name in block], [shape[i] for shape in shapes])) for i in (0, 1))
        found.append((critical_delta(_conditional(issues, block, others), (own[0], own[1])), block))
    failed = next(((each, block) for each, block in found if not each.sustainable), None)
    worst, block = failed or max(found, key=lambda pair: pair[0].value)
    value = float("nan") if failed else float(worst.value)
    return LinkedThreshold(convention, IssueGame.name(blocks), value, 1.0, f"{','.join(block)}: {worst.binding}")


def static_fallback(issues: IssueGame, given: Any) -> dict[str, Profile]:
    """The static equilibrium to revert to, issue by issue: the one given, else the game's only pure one."""
    stage = issues.stage_game()
    incentives = Incentives(stage)
    if given is not None:
        chosen = issues.agreement(given)
        if not incentives.is_static(issues.joint_profile(chosen)):
            raise GameError("fallback is no static equilibrium: expected one of the joint game")
        return chosen
    found = [(int(a), int(b)) for a, b in np.argwhere((incentives.gains == 0).all(axis=0))]
    if len(found) != 1:
        raise GameError(f"the joint game has {len(found)} pure static equilibria: expected one, or a fallback that names it")
    sizes = [[stage.shape[i] for stage in issues.issues.values()] for i in (0, 1)]
    own = [np.unravel_index(found[0][i], sizes[i]) for i in (0, 1)]
    return {name: (int(own[0][k]), int(own[1][k])) for k, name in enumerate(issues.names)}


def _conditional(issues: IssueGame, block: Sequence[str], others: Mapping[str, Profile]) -> StageGame:
    """The game of a block with the other issues at given profiles."""
    stage = issues.stage_game()
    sizes = [[issues.issues[name].shape[i] for name in issues.names] for i in (0, 1)]
    table = stage.payoffs.reshape(2, *sizes[0], *sizes[1])
    place: list[Any] = [slice(None)]
    for i in (0, 1):
        place += [slice(None) if name in block else others[name][i] for name in issues.names]
    m, n = (int(np.prod([issues.issues[name].shape[i] for name in issues.names if name in block])) for i in (0, 1))
    if list(block) != [name for name in issues.names if name in block]:
        raise GameError(f"block {','.join(block)}: expected the order of the issues, {','.join(issues.names)}")
    return StageGame(payoffs=table[tuple(place)].reshape(2, m, n), players=stage.players)


def _triggers(issues: IssueGame, agreed: Mapping[str, Profile], static: Mapping[str, Profile], blocks: Partition) -> LinkedThreshold:
    """One-shot deviations in every state, a state being the set of blocks on which cooperation has ended."""
    stage = issues.stage_game()
    sizes = [[issues.issues[name].shape[i] for name in issues.names] for i in (0, 1)]
    members = [[issues.names.index(name) for name in block] for block in blocks]

    def joint(profiles: Sequence[int], i: int) -> int:
        return int(np.ravel_multi_index(list(profiles), sizes[i]))

    def played(broken: frozenset[int], i: int) -> list[int]:
        ended = {name for k in broken for name in blocks[k]}
        return [(static if name in ended else agreed)[name][i] for name in issues.names]

    def worth(broken: frozenset[int]) -> tuple[Fraction, Fraction]:
        a, b = joint(played(broken, 0), 0), joint(played(broken, 1), 1)
        return exact(float(stage.payoffs[0, a, b])), exact(float(stage.payoffs[1, a, b]))

    low, high, binding = Fraction(0), Fraction(1), ""
    name = IssueGame.name(blocks)
    for bits in product((False, True), repeat=len(blocks)):
        broken = frozenset(k for k, bit in enumerate(bits) if bit)
        now = worth(broken)
        prescribed = played(broken, 0), played(broken, 1)
        for i in (0, 1):
            other = joint(prescribed[1 - i], 1 - i)
            for move in np.ndindex(*sizes[i]):
                after = broken | {k for k, own in enumerate(members) if any(move[n] != prescribed[i][n] for n in own)}
                own = joint(move, i)
                place = (own, other) if i == 0 else (other, own)
                gain, loss = exact(float(stage.payoffs[i][place])) - now[i], now[i] - worth(after)[i]
                words = f"{stage.players[i]} plays {stage.actions[i][own]}"
                # (1 - δ) gain <= δ loss.
                if gain > 0:
                    if loss <= 0:
                        return LinkedThreshold("triggers", name, float("nan"), float("nan"), words)
                    if gain / (gain + loss) > low:
                        low, binding = gain / (gain + loss), words
                elif loss < 0 and gain / (gain + loss) < high:
                    high = gain / (gain + loss)
    if low > high or low >= 1:
        return LinkedThreshold("triggers", name, float("nan"), float("nan"), binding)
    return LinkedThreshold("triggers", name, float(low), float(high), binding)


def joint_threat(temptations: Any, losses: Any, delta: Any) -> tuple[Floats, float]:
    r"""Slack of several relationships, one by one and with joint threats: pooled incentive constraints.

    :math:`s_k = \frac{\delta}{1-\delta} L_k - D_k`; threatened jointly only :math:`\sum_k s_k \ge 0` is needed, and that sum is what can be
    extracted. A stylised reading of Clayton, Maggiori and Schreger [D].

    Examples
    --------
    >>> slack, joint = joint_threat([1, 3], [4, 2], 0.5)
    >>> slack.tolist(), joint
    ([3.0, -1.0], 2.0)
    """
    D, L = read_payoffs(temptations, "temptations"), read_payoffs(losses, "losses")
    if D.ndim != 1 or D.shape != L.shape or not len(D):
        raise GameError(f"temptations and losses have shapes {D.shape} and {L.shape}: expected finite numbers, one a relationship")
    patience, same = read_delta(delta)
    if patience != same:
        raise GameError(f"delta {delta!r}: expected one number")
    slack = float(patience / (1 - patience)) * L - D
    return slack, float(slack.sum())


def linkage_steps(lattice: LinkageLattice) -> list[dict[str, Any]]:
    """Who gains and who loses from each step up the lattice: one row for each merger of two blocks.

    Columns ``before``, ``after``, and the change of either side's best and worst payoff, of the joint surplus and of Nash bargaining
    from the worst payoffs; ``exposed`` names the sides whose worst payoff falls. A change within the proven errors of both sets is 0.

    Examples
    --------
    >>> import bargaining as bg
    >>> lattice = bg.linkage_lattice(bg.scenario("briefing").game(), {})
    >>> [(row["before"], row["after"]) for row in bg.linkage_steps(lattice)][:2]
    [('T|R,C', 'T,R,C'), ('T,R|C', 'T,R,C')]
    """
    if not isinstance(lattice, LinkageLattice):
        raise GameError(f"lattice is a {type(lattice).__name__}: expected that of linkage_lattice")
    facts = {record["partition"]: record for record in reversed(lattice.records)}
    parts = {name: frozenset(frozenset(block.split(",")) for block in name.split("|")) for name in facts}
    rows = []
    for after, coarse in parts.items():
        for before, fine in parts.items():
            merged = coarse - fine
            if len(fine) != len(coarse) + 1 or len(merged) != 1 or not all(any(b <= c for c in coarse) for b in fine):
                continue
            rows.append(change(facts, before, after))
    order = {name: k for k, name in enumerate(lattice.sets)}
    return sorted(rows, key=lambda row: (order[row["after"]], order[row["before"]]))


def change(facts: Mapping[str, Mapping[str, Any]], before: str, after: str) -> dict[str, Any]:
    """A row of `linkage_steps`, from what is known of both sets; a change within their proven errors is 0."""
    noise = 1.5 * (facts[before]["error_bound"] + facts[after]["error_bound"]) + 1e-9
    row: dict[str, Any] = {"before": before, "after": after}
    for column in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus", "bargain_us", "bargain_cn"):
        moved = float(facts[after][column]) - float(facts[before][column])
        row[column] = 0.0 if abs(moved) <= noise else moved
    row["exposed"] = ", ".join(side for side, column in (("U.S.", "worst_us"), ("China", "worst_cn")) if row[column] < 0)
    return row


def linkage_gains(game: RepeatedGame, partition: str | Partition, rule: str = "nash", *, tol: float = 1e-6) -> dict[str, Floats]:
    """What the sides get by each kind of linkage, bargaining from the worst payoffs of each set.

    Returns ``issue by issue`` (a deal on every block of the partition by itself), ``bargaining`` (one package over the sum of the blocks'
    sets) and ``enforcement`` (one package over the set of all issues linked); NaN where there is no point to select.

    Parameters
    ----------
    game : RepeatedGame
        Over an IssueGame with separable payoffs.
    partition : str
    rule : str
        As in `select`.
    tol : float
        As in `equilibrium_set`.

    Examples
    --------
    >>> import bargaining as bg
    >>> gains = bg.linkage_gains(bg.RepeatedGame(bg.scenario("briefing").game().stage, 0.6), "T,R|C")
    >>> list(gains), bool(gains["enforcement"].sum() > gains["bargaining"].sum())
    (['issue by issue', 'bargaining', 'enforcement'], True)
    """
    if not isinstance(game, RepeatedGame) or not isinstance(game.stage, IssueGame):
        raise GameError("game: expected a RepeatedGame over an IssueGame")
    issues = game.stage
    issues.require_separable()
    sets = [repeated_set(RepeatedGame(issues.block(block), game.delta), tol=tol).payoff_set for block in issues.partition(partition)]
    nothing = np.full(2, np.nan)
    if any(each.is_empty for each in sets):
        return {"issue by issue": nothing, "bargaining": nothing, "enforcement": nothing}
    floors = [each.vertices.min(axis=0) for each in sets]
    linked = repeated_set(game, tol=tol).payoff_set
    apart = np.sum([bargains(each, floor, rule) for each, floor in zip(sets, floors, strict=True)], axis=0)
    package = bargains(minkowski_sum(sets), np.sum(floors, axis=0), rule)
    enforced = nothing if linked.is_empty else bargains(linked, linked.vertices.min(axis=0), rule)
    return {"issue by issue": np.asarray(apart), "bargaining": package, "enforcement": enforced}
