"""One block of issues as a game by itself, with everything that the linkage lattice asks of it solved once."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import RepeatedGame, exact
from bargaining.games.stage import Profile
from bargaining.solution import EquilibriumSet, Status
from bargaining.solvers.critical_delta import binding_constraint, exact_slack, nash_bracket
from bargaining.solvers.hazard import HazardScan
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.rate_ray import DELTA_MAX, RateRay
from bargaining.solvers.transfers import TransferPath, transfer_path

Floats = NDArray[np.float64]

# Sets solved for a bracket are finer than the bracket, or their own error would keep it open.
FINER = 0.125


@dataclass(frozen=True)
class Part:
    """What holds of an agreement's part on one block."""

    sustained: bool | None
    critical_delta: float
    critical_delta_nash: float
    critical_delta_transfers: float
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
    def transfers(self) -> TransferPath:
        """Optimal equilibria with side payments, at every common discount factor."""
        return transfer_path(self.incentives.stage)

    def _with_transfers(self, profile: Profile) -> float:
        least = self.transfers.least_delta(profile)
        return float(least) if least is not None and least <= exact(DELTA_MAX) else np.nan

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
            critical_delta_transfers=self._with_transfers(profile),
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
