r"""The linkage lattice: what every partition of the issues can sustain, and what it exposes each side to.

With separable payoffs and a partition π of the issues into blocks, equilibrium payoffs are :math:`V_\pi = \bigoplus_B V_B`: coarser
partitions have larger sets. An agreement is sustained by π exactly if its part on each block is sustained in that block's game, so

* its critical discount factor is the largest over blocks, the rate multiple τ*, breakdown hazard and retaliation lag the smallest;
* linking pools incentive constraints: slack on one issue can carry another (Bernheim and Whinston 1990, Multimarket contact and
  collusive behavior, RAND Journal of Economics 21), but it also widens what a side can be forced to accept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, exact
from bargaining.games.issues import Block, Partition
from bargaining.games.stage import Profile
from bargaining.solution import EquilibriumSet, LinkageLattice, Status, worst_status
from bargaining.solvers.critical_delta import DELTA_MAX, RateRay, binding_constraint, exact_slack, nash_bracket
from bargaining.solvers.equilibrium_set import MAX_ITER, check_options, combine, equilibrium_set
from bargaining.solvers.hazard import HazardScan
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.selection import nash_bargaining

Floats = NDArray[np.float64]

HAZARD_STEPS = 64
# Sets solved for a bracket are finer than the bracket, or their own error would keep it open.
FINER = 0.125


@dataclass(frozen=True)
class Part:
    """What holds of an agreement's part on one block."""

    sustained: bool | None
    critical_delta: float
    critical_delta_nash: float
    bracket_width: float
    rate_multiple: float
    hazard: float
    lag: float
    tie: bool
    binding: str
    status: Status


@dataclass(eq=False)
class BlockGame:
    """One block of issues as a game by itself, with everything solved once."""

    game: RepeatedGame
    incentives: Incentives
    solution: EquilibriumSet
    tol: float
    max_iter: int
    hazard_steps: int
    _parts: dict[Profile, Part] = field(default_factory=dict)

    @cached_property
    def common_ray(self) -> RateRay:
        """The ray of a common discount factor."""
        return RateRay(self.incentives, np.ones(2), self.tol * FINER, self.max_iter)

    @cached_property
    def own_ray(self) -> RateRay:
        """The ray through the game's own discount factors (multiple 1)."""
        deltas = np.array(self.game.deltas)
        return RateRay(self.incentives, (1.0 - deltas) / deltas, self.tol * FINER, self.max_iter)

    @cached_property
    def scan(self) -> HazardScan:
        """The hazards."""
        return HazardScan(self.incentives, np.array(self.game.deltas), self.hazard_steps, self.tol, self.max_iter)

    @cached_property
    def punishments(self) -> tuple[Floats, Floats]:
        """Proven lower and upper bounds on the worst equilibrium payoffs at the game's discount factors; infinite if there are none."""
        nothing = np.full(2, np.inf)
        if self.solution.status is Status.empty:
            return nothing, nothing
        low = np.maximum(self.solution.outer.vertices.min(axis=0), self.incentives.minmax)
        high = self.solution.inner.vertices.min(axis=0) if self.solution.inner_proof is not None else nothing
        if self.incentives.worst_nash is not None:
            high = np.minimum(high, self.incentives.worst_nash)
        return low, high

    def sustains(self, profile: Profile) -> bool | None:
        """Whether the profile, played for ever, is an equilibrium path at the game's discount factors; None if undecided."""
        if self.solution.status is Status.empty:
            return False
        low, high = self.punishments
        rates = self.own_ray.rates
        if self._slack(profile, high) >= 0:
            return True
        if (low == self.incentives.minmax).all() and self._slack(profile, low) < 0:
            return False
        # Whether the looser bound fails decides the other way round; a rounding error more than that is needed to say so.
        return False if self.incentives.largest_multiple(profile, low, rates) < 1.0 - 1e-12 else None

    def sustained_surplus(self) -> Floats:
        """Joint stage payoff of every profile that is proven to be sustained, minus infinity elsewhere; shape (m, n)."""
        payoffs, gains = self.incentives.stage.payoffs, self.incentives.gains
        _, high = self.punishments
        deltas = np.array(self.game.deltas)[:, None, None]
        slack = deltas * (payoffs - high[:, None, None]) - (1.0 - deltas) * gains
        surplus = np.where((slack >= 0.0).all(axis=0), payoffs.sum(axis=0), -np.inf)
        # A constraint that binds to rounding is decided exactly.
        span = np.ptp(payoffs, axis=(1, 2))[:, None, None]
        rounding = 1e-12 * np.maximum(span, 1e-300) + 4.0 * np.spacing(np.abs(payoffs).max())
        for a, b in np.argwhere((np.abs(slack) <= rounding).any(axis=0)):
            profile = int(a), int(b)
            surplus[profile] = payoffs[:, a, b].sum() if self.sustains(profile) else -np.inf
        return np.asarray(surplus)

    def part(self, profile: Profile) -> Part:
        """Everything about one profile, solved once."""
        if profile not in self._parts:
            self._parts[profile] = self._solve_part(profile)
        return self._parts[profile]

    def _slack(self, profile: Profile, punishment: Floats) -> float:
        """Sign of the tighter incentive constraint; exact where the punishment payoffs are exact."""
        if not np.isfinite(punishment).all():
            return -1.0
        worst = self._exact_punishments(punishment)
        slacks = [exact_slack(self.incentives.stage, profile, i, worst[i], self.game.exact_deltas[i]) for i in (0, 1)]
        return float(np.sign(float(min(slacks))))

    def _exact_punishments(self, punishment: Floats) -> list[Any]:
        """Exact values of the proven worst payoffs: from the proof where it has them, else the floats themselves."""
        proof = self.solution.inner_proof
        worst = []
        for i in (0, 1):
            value = exact(float(punishment[i]))
            if proof is not None:
                proven = proof.vertices[proof.punishments[i]][i]
                value = proven if abs(float(proven) - punishment[i]) <= 1e-12 * max(1.0, abs(punishment[i])) else value
            worst.append(value)
        return worst

    def _solve_part(self, profile: Profile) -> Part:
        floor = (1.0 - DELTA_MAX) / DELTA_MAX
        common = self.common_ray.search(profile, floor, self.tol)
        nash = nash_bracket(self.common_ray, profile)
        if self.game.common_delta:
            rate = float(self.own_ray.rates[0])
            own_low, own_closed = common.low / rate, common.closed(self.tol)
        else:
            own = self.own_ray.search(profile, floor / float(self.own_ray.rates.max()), self.tol)
            own_low, own_closed = own.low, own.closed(self.tol)
        static = np.isinf(common.low)
        never = common.high < floor
        settled = static or never or (common.closed(self.tol) and own_closed)
        sustained = self.sustains(profile)
        _, high = self.punishments
        hazard = self.scan.first_failure(profile) if sustained else np.nan
        if sustained:
            # Decided exactly; what floats make of a constraint that binds may fall short of it by rounding.
            hazard, own_low = max(hazard, 0.0) if np.isfinite(hazard) else 0.0, max(own_low, 1.0)
        lag = self.incentives.lag(profile, high, np.array(self.game.deltas)) if sustained else 0.0
        low_delta, high_delta = _delta(common.high), _delta(common.low)
        return Part(
            sustained=sustained,
            critical_delta=np.nan if common.low < floor else (low_delta if common.closed(self.tol) else high_delta),
            critical_delta_nash=_delta(nash.low) if nash.low >= floor else np.nan,
            bracket_width=0.0 if static or never else high_delta - low_delta,
            rate_multiple=own_low,
            hazard=hazard,
            lag=lag,
            tie=self.incentives.indifferent(profile) or self._binds(profile),
            binding=binding_constraint(self.incentives, profile, common, self.common_ray, nash=False),
            status=Status.solved if settled and sustained is not None else Status.undecided,
        )

    def _binds(self, profile: Profile) -> bool:
        """Whether an incentive constraint binds exactly at the game's discount factors."""
        _, high = self.punishments
        if not np.isfinite(high).all() or self.incentives.is_static(profile):
            return False
        worst = self._exact_punishments(high)
        _, gains = self.incentives.at(profile)
        return any(
            gains[i] > 0.0 and exact_slack(self.incentives.stage, profile, i, worst[i], self.game.exact_deltas[i]) == 0 for i in (0, 1)
        )


def _delta(multiple: float) -> float:
    return 0.0 if np.isinf(multiple) else 1.0 / (1.0 + multiple)


def linkage_lattice(
    game: RepeatedGame,
    agreements: Mapping[str, Any] | None = None,
    partitions: Sequence[str | Partition] | None = None,
    *,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
    hazard_steps: int = HAZARD_STEPS,
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
    blocks: dict[Block, BlockGame] = {}
    for block in dict.fromkeys(block for partition in chosen for block in partition):
        part_game = RepeatedGame(issues.block(block), game.delta)
        solution = equilibrium_set(part_game, tol=tol, max_iter=max_iter)
        blocks[block] = BlockGame(part_game, Incentives(part_game.stage_game()), solution, tol, max_iter, hazard_steps)
    voluntary = {name: _voluntary(issues, parts) for name, parts in named.items()}
    records: list[dict[str, Any]] = []
    sets: dict[str, EquilibriumSet] = {}
    for partition in chosen:
        members = [blocks[block] for block in partition]
        joint = combine(game, {block: blocks[block].solution for block in partition}, tol, max_iter)
        sets[issues.name(partition)] = joint
        about_set = _about_set(issues, partition, members, joint, named)
        if not named:
            records.append({"partition": issues.name(partition), "agreement": "", **about_set, "status": joint.status.name})
        for name, profiles in named.items():
            parts = [blocks[block].part(issues.joint_profile(_positions(profiles), block)) for block in partition]
            about = {**_about_agreement(parts, joint), "voluntary": voluntary[name], **about_set}
            records.append({"partition": issues.name(partition), "agreement": name, **about, "status": about.pop("status")})
    return LinkageLattice(
        status=worst_status([Status[record["status"]] for record in records]),
        error_bound=max((part.error_bound for part in sets.values()), default=0.0),
        iterations=sum(block.solution.iterations for block in blocks.values()),
        method="blocks solved once, combined by partition",
        options={"tol": tol, "max_iter": max_iter, "hazard_steps": hazard_steps},
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
    nash = [part.critical_delta_nash for part in parts]
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
    bargain = np.full(2, np.nan) if joint.is_empty else nash_bargaining(joint.payoff_set, joint.punishment_payoffs)
    label, surplus = _best_stationary(issues, partition, members, named)
    return {
        **{key: row[key] for key in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")},
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
