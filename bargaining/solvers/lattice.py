r"""The linkage lattice: what every partition of the issues can sustain, and what it exposes each side to.

With separable payoffs and a partition π of the issues into blocks, equilibrium payoffs are :math:`V_\pi = \bigoplus_B V_B`: coarser
partitions have larger sets. An agreement is sustained by π exactly if its part on each block is sustained in that block's game, so

* its critical discount factor is the largest over blocks, the rate multiple τ*, breakdown hazard and retaliation lag the smallest;
* linking pools incentive constraints: slack on one issue can carry another (Bernheim and Whinston 1990, Multimarket contact and
  collusive behavior, RAND Journal of Economics 21), but it also widens what a side can be forced to accept.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, exact
from bargaining.games.issues import Block, Partition
from bargaining.games.stage import Profile
from bargaining.solution import EquilibriumSet, LinkageLattice, Status, worst_status
from bargaining.solvers.block_game import BlockGame, Part
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.renegotiation_rows import renegotiation_rows
from bargaining.solvers.repeated_set import MAX_ITER, check_options, combine, repeated_set
from bargaining.solvers.selection import bargains

Floats = NDArray[np.float64]

HAZARD_STEPS = 64


def linkage_lattice(
    game: RepeatedGame,
    agreements: Mapping[str, Any] | None = None,
    partitions: Sequence[str | Partition] | None = None,
    *,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
    hazard_steps: int = HAZARD_STEPS,
    renegotiation_weights: Any = None,
) -> LinkageLattice:
    r"""Solve every partition of the issues × every agreement.

    Parameters
    ----------
    game : RepeatedGame
        Over an IssueGame with separable payoffs.
    agreements : mapping of name to (mapping of issue to pair of actions), optional
        Default: every pure profile of the joint game, named by its action labels. An empty mapping gives one row a partition, about
        its payoff set only.
    partitions : sequence of str, optional
        Default: all partitions of the issues.
    tol, max_iter
        As in `equilibrium_set`; `tol` is also the relative width of the brackets of critical discount rates.
    hazard_steps : int
        Grid of the scan for the breakdown hazard, where closed forms leave a gap.
    renegotiation_weights : pair of float, optional
        Bargaining weights with which the sides renegotiate. Given, rows also say what survives that: ``critical_delta_contractual``,
        ``survives_renegotiation``, ``weakly_renegotiation_proof``, ``contractual_level`` and ``renegotiation_gain``, each defined in
        `renegotiation_rows`. They leave `status` as it is: what they cannot decide is None.

    Returns
    -------
    LinkageLattice
        Rows with, for each partition × agreement: whether it is `sustained` at the game's discount factors; `critical_delta` for a
        common factor under optimal punishments and `critical_delta_nash` under reversion to the deviator's worst pure static equilibrium
        (NaN: not up to 0.9999); `rate_multiple` τ*, the largest common multiple of both discount rates that sustains it; `verdict`
        (``static``, ``patience``, ``never``, ``empty``, ``undecided``) with the constraint in `violated`; `voluntary`: both sides do at
        least as well as in their worst static equilibrium; `tie`: a side is exactly indifferent or a constraint binds exactly;
        `breakdown_hazard`, `retaliation_lag`; and for each partition the best and worst equilibrium payoff of either side, the
        largest joint payoff, the sustained stationary agreement with the largest joint stage payoff, and Nash bargaining from
        the worst payoffs.

    Raises
    ------
    GameError
        If the game has no issues, payoffs are not separable, or an agreement or partition is malformed.

    Examples
    --------
    >>> import bargaining as bg
    >>> swap = bg.IssueGame({
    ...     "R": bg.game([[0.0, 1.0]], [[0.0, -0.2]], actions=[["no move"], ["withhold", "release"]]),
    ...     "C": bg.game([[0.0], [-0.6]], [[0.0], [1.0]], actions=[["curb", "ease"], ["no move"]]),
    ... })
    >>> deal = {"exchange": {"R": ("no move", "release"), "C": ("ease", "no move")}}
    >>> lattice = bg.linkage_lattice(bg.RepeatedGame(swap, delta=0.7), deal)
    >>> [(row["partition"], row["sustained"], row["critical_delta"]) for row in lattice.rows()]
    [('R,C', True, 0.6), ('R|C', False, nan)]

    Whoever breaks the exchange can do penance, giving without receiving; apart, without payments, neither can be made to give.

    >>> lattice = bg.linkage_lattice(bg.RepeatedGame(swap, delta=0.7), deal, renegotiation_weights=(0.5, 0.5))
    >>> [(row["survives_renegotiation"], row["weakly_renegotiation_proof"]) for row in lattice.rows()]
    [(True, True), (False, False)]
    """
    check_options(tol, max_iter)
    if isinstance(hazard_steps, bool) or not isinstance(hazard_steps, (int, np.integer)) or hazard_steps < 1:
        raise ValueError(f"hazard_steps is {hazard_steps!r}: expected a positive integer")
    if not isinstance(game, RepeatedGame) or not isinstance(game.stage, IssueGame):
        raise GameError("game: expected a RepeatedGame over an IssueGame")
    issues = game.stage
    issues.require_separable()
    if agreements is not None and not isinstance(agreements, Mapping):
        raise GameError(f"agreements are a {type(agreements).__name__}: expected a mapping of name to agreement")
    if isinstance(partitions, str):
        partitions = (partitions,)
    chosen = issues.partitions() if partitions is None else tuple(issues.partition(partition) for partition in partitions)
    named = {name: issues.agreement(agreement) for name, agreement in (agreements or {}).items()}
    if agreements is None:
        named = _all_profiles(issues)
    survival: dict[tuple[str, str], dict[str, Any]] = {}
    if renegotiation_weights is not None:
        renegotiated = renegotiation_rows(game, named, renegotiation_weights, chosen)
        survival = {(row["partition"], row["agreement"]): row for row in renegotiated}
    blocks: dict[Block, BlockGame] = {}
    for block in dict.fromkeys(block for partition in chosen for block in partition):
        part_game = RepeatedGame(issues.block(block), game.delta)
        solution = repeated_set(part_game, tol=tol, max_iter=max_iter)
        blocks[block] = BlockGame(part_game, Incentives(part_game.stage_game()), solution, tol, max_iter, hazard_steps)
    voluntary = {name: _voluntary(issues, parts) for name, parts in named.items()}
    records: list[dict[str, Any]] = []
    sets: dict[str, EquilibriumSet] = {}
    for partition in chosen:
        members = [blocks[block] for block in partition]
        joint = combine(game, {block: blocks[block].solution for block in partition}, {"tol": tol, "max_iter": max_iter})
        sets[issues.name(partition)] = joint
        about_set = _about_set(issues, partition, members, joint, named)
        if not named:
            records.append({"partition": issues.name(partition), "agreement": "", **about_set, "status": joint.status.name})
        for name, profiles in named.items():
            parts = [blocks[block].part(issues.joint_profile(_positions(profiles), block)) for block in partition]
            about = {**_about_agreement(parts, joint), "voluntary": voluntary[name], **about_set}
            records.append({"partition": issues.name(partition), "agreement": name, **about, "status": about.pop("status")})
    records = [record | survival.get((record["partition"], record["agreement"]), {}) for record in records]
    return LinkageLattice(
        status=worst_status([Status[record["status"]] for record in records]),
        error_bound=max((part.error_bound for part in sets.values()), default=0.0),
        iterations=sum(block.solution.iterations for block in blocks.values()),
        method="blocks solved once, combined by partition",
        options={"tol": tol, "max_iter": max_iter, "hazard_steps": hazard_steps, "renegotiation_weights": renegotiation_weights},
        game=game,
        records=tuple(records),
        sets=sets,
    )


def _positions(profiles: Mapping[str, Profile]) -> dict[str, tuple[int, int]]:
    return {name: (int(a), int(b)) for name, (a, b) in profiles.items()}


def _all_profiles(issues: IssueGame) -> dict[str, dict[str, Profile]]:
    """Every pure profile of the joint game, named by its labels."""
    per_issue = [[(name, profile) for profile in np.ndindex(stage.shape)] for name, stage in issues.issues.items()]
    found = {}
    for combination in product(*per_issue):
        profiles = {name: (int(a), int(b)) for name, (a, b) in combination}
        found[_in_words(issues, profiles)] = profiles
    return found


def _in_words(issues: IssueGame, profiles: Mapping[str, Profile]) -> str:
    """A profile by its labels, a side that has no choice on an issue left out."""
    words = []
    for name, profile in profiles.items():
        stage = issues.issues[name]
        labels = [label for label, size in zip(stage.labels(profile), stage.shape, strict=True) if size > 1] or ["–"]
        words.append(f"{name}: {'/'.join(labels)}")
    return ", ".join(words)


def _voluntary(issues: IssueGame, profiles: Mapping[str, Profile]) -> bool | None:
    """Whether both sides do at least as well as in their worst static equilibria; None if an issue has no pure one."""
    gain = [exact(0), exact(0)]
    for name, profile in profiles.items():
        incentives = Incentives(issues.issues[name])
        if incentives.worst_nash is None:
            return None
        payoffs, _ = incentives.at(profile)
        for i in (0, 1):
            gain[i] += exact(float(payoffs[i])) - exact(float(incentives.worst_nash[i]))
    return gain[0] >= 0 and gain[1] >= 0


def _about_agreement(parts: Sequence[Part], joint: EquilibriumSet) -> dict[str, Any]:
    never = [part for part in parts if np.isnan(part.critical_delta)]
    critical = np.nan if never else max(part.critical_delta for part in parts)
    nash, paid = ([getattr(part, name) for part in parts] for name in ("critical_delta_nash", "critical_delta_transfers"))
    sustained = False if any(part.sustained is False for part in parts) else (None if any(p.sustained is None for p in parts) else True)
    if never and joint.is_empty:
        verdict = "empty"
    elif never:
        # One block that is proven to fail decides, however open the others are.
        verdict = "never" if any(part.status is Status.solved for part in never) else "undecided"
    elif critical == 0.0:
        verdict = "static"
    else:
        verdict = "patience"
    status = Status.solved if verdict == "never" else worst_status([part.status for part in parts])
    return {
        "sustained": sustained,
        "critical_delta": float(critical),
        "critical_delta_nash": float("nan") if np.isnan(nash).any() else float(max(nash)),
        "critical_delta_transfers": float("nan") if np.isnan(paid).any() else float(max(paid)),
        "bracket_width": float(max(part.bracket_width for part in parts)),
        "rate_multiple": float(min(part.rate_multiple for part in parts)),
        "verdict": verdict,
        "violated": "; ".join(part.binding for part in never),
        "tie": any(part.tie for part in parts),
        "breakdown_hazard": float(min((part.hazard for part in parts), key=lambda h: -1.0 if np.isnan(h) else h)),
        "retaliation_lag": float(min(part.lag for part in parts)),
        "status": "empty" if joint.status is Status.empty else worst_status([joint.status, status]).name,
    }


def _about_set(
    issues: IssueGame, partition: Partition, members: Sequence[BlockGame], joint: EquilibriumSet, named: Mapping[str, Mapping[str, Profile]]
) -> dict[str, Any]:
    row = joint.row()
    # Side payments are a theory of a common discount factor.
    levels = [member.transfers.at(member.game.exact_deltas[0]) if member.game.common_delta else None for member in members]
    paid = [level.joint for level in levels if level is not None]
    bargain = np.full(2, np.nan) if joint.is_empty else bargains(joint.payoff_set, joint.punishment_payoffs)
    label, surplus = _best_stationary(issues, partition, members, named)
    return {
        **{key: row[key] for key in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")},
        "joint_surplus_transfers": float(sum(paid)) if len(paid) == len(members) else float("nan"),
        "best_stationary": label,
        "best_stationary_surplus": surplus,
        "bargain_us": float(bargain[0]),
        "bargain_cn": float(bargain[1]),
        "error_bound": joint.error_bound,
    }


def _best_stationary(
    issues: IssueGame, partition: Partition, members: Sequence[BlockGame], named: Mapping[str, Mapping[str, Profile]]
) -> tuple[str, float]:
    """The sustained profile with the largest joint stage payoff, by its agreement's name if it has one, and that payoff."""
    profiles: dict[str, Profile] = {}
    total = 0.0
    for block, member in zip(partition, members, strict=True):
        surplus = member.sustained_surplus()
        if not np.isfinite(surplus).any():
            return "", float("nan")
        first, second = np.unravel_index(int(surplus.argmax()), surplus.shape)
        total += float(surplus[first, second])
        shapes = [issues.issues[name].shape for name in block]
        own = np.unravel_index(first, [m for m, _ in shapes]), np.unravel_index(second, [n for _, n in shapes])
        profiles |= {name: (int(own[0][k]), int(own[1][k])) for k, name in enumerate(block)}
    ordered = {name: profiles[name] for name in issues.names}
    return next((name for name, agreed in named.items() if agreed == ordered), _in_words(issues, ordered)), total
