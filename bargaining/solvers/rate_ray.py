r"""Worst equilibrium payoffs along a ray of discount rates, and the largest multiple of the rates that sustains a profile.

Along a *rate ray* :math:`\delta_i(\tau) = 1/(1+\tau\rho_i)` equilibrium payoff sets grow as τ falls, so the worst equilibrium payoffs
:math:`u_i(\tau)` fall, and an agreement a played for ever is sustained exactly if

.. math:: \tau \le F(\tau) = \min_i \frac{g_i(a) - u_i(\tau)}{\rho_i h_i(a)},

with F non-increasing. So one solve at any τ brackets the largest sustained multiple τ* between τ and F(τ), and τ* lies between the values
of F at the worst static equilibria and at the pure minmax from the start: where these agree nothing is solved at all. Where the worst
payoffs do not change between the ends, F itself is the answer; where they change smoothly, the secant of F meets the diagonal next to it.
A common discount factor is the ray ρ = (1, 1), where τ is the discount rate (1-δ)/δ.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bargaining.games import RepeatedGame
from bargaining.games.stage import Profile
from bargaining.solution import EquilibriumSet, Status
from bargaining.solvers.breakpoints import losses
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.repeated_set import MAX_ITER, repeated_set

Floats = NDArray[np.float64]

DELTA_MAX = 0.9999
MOST_SOLVES = 60


@dataclass(frozen=True)
class Bracket:
    """Largest sustained multiple of the rates: proven sustained at `low`, proven not sustained above `high`."""

    low: float
    high: float
    solves: int = 0

    def closed(self, tol: float) -> bool:
        """Whether the bracket is as narrow as `tol`, relative to its upper end."""
        return self.high - self.low <= tol * max(self.high, 1e-300) or self.low == self.high


@dataclass(eq=False)
class RateRay:
    """Worst equilibrium payoffs of one stage game along a rate ray, each solved once and kept in `solved` by its multiple."""

    incentives: Incentives
    rates: Floats
    tol: float = 1e-9
    max_iter: int = MAX_ITER
    solved: dict[float, EquilibriumSet] = field(default_factory=dict)
    _bounds: dict[float, tuple[Floats, Floats] | None] = field(default_factory=dict)

    def deltas(self, multiple: float) -> tuple[float, float]:
        """Discount factors at a multiple of the rates."""
        return 1.0 / (1.0 + multiple * self.rates[0]), 1.0 / (1.0 + multiple * self.rates[1])

    def solve(self, multiple: float) -> tuple[Floats, Floats] | None:
        """Proven lower and upper bounds on the worst equilibrium payoffs from the set at a multiple alone; None if it is empty."""
        if multiple not in self._bounds:
            deltas = self.deltas(multiple)
            delta = deltas[0] if deltas[0] == deltas[1] else deltas
            solution = repeated_set(RepeatedGame(self.incentives.stage, delta), tol=self.tol, max_iter=self.max_iter)
            self.solved[multiple] = solution
            self._bounds[multiple] = None if solution.status is Status.empty else self._worst(solution)
        return self._bounds[multiple]

    def _worst(self, solution: EquilibriumSet) -> tuple[Floats, Floats]:
        """Bounds on the worst payoffs of a set, room left for the rounding of its vertices."""
        rounding = 4.0 * np.spacing(np.abs(self.incentives.stage.payoffs).max(axis=(1, 2)))
        low = np.maximum(self.incentives.minmax, solution.outer.vertices.min(axis=0) - rounding)
        high = np.full(2, np.inf)
        if solution.inner_proof is not None:
            high = solution.inner.vertices.min(axis=0) + rounding
        if self.incentives.worst_nash is not None:
            high = np.minimum(high, self.incentives.worst_nash)
        return low, high

    def punishments(self, multiple: float) -> tuple[Floats, Floats] | None:
        """Proven lower and upper bounds on the worst equilibrium payoffs at a multiple; None if no equilibrium exists there.

        Sets grow as the multiple falls, so what was solved at other multiples bounds this one; where the bounds meet nothing is solved.
        """
        if multiple not in self._bounds:
            if any(bounds is None and other <= multiple for other, bounds in self._bounds.items()):
                return None
            low, high = self._known(multiple)
            if (high - low <= self.tol * self._units).all():
                return low, high
        return None if self.solve(multiple) is None else self._known(multiple)

    def _known(self, multiple: float) -> tuple[Floats, Floats]:
        """What the sets solved so far say of the worst payoffs at a multiple."""
        low, high = self.incentives.minmax, np.full(2, np.inf)
        if self.incentives.worst_nash is not None:
            high = self.incentives.worst_nash
        for other, bounds in self._bounds.items():
            if bounds is not None:
                low = np.maximum(low, bounds[0]) if other <= multiple else low
                high = np.minimum(high, bounds[1]) if other >= multiple else high
        return low, high

    @property
    def _units(self) -> Floats:
        return np.asarray(np.maximum(np.ptp(self.incentives.stage.payoffs, axis=(1, 2)), 1e-300))

    def nearest(self, multiple: float) -> Floats | None:
        """Worst payoffs of the solved set nearest to a multiple, proven ones where there are; None if all solved are empty."""
        near = [other for other, bounds in self._bounds.items() if bounds is not None]
        bounds = self._bounds[min(near, key=lambda other: abs(other - multiple))] if near else None
        return None if bounds is None else np.where(np.isfinite(bounds[1]), bounds[1], bounds[0])

    def start(self, profile: Profile) -> Bracket:
        """The bracket that needs no solving: reversion to the worst static equilibria sustains, the pure minmax limits."""
        high = self.incentives.largest_multiple(profile, self.incentives.minmax, self.rates, reversion=False)
        if self.incentives.worst_nash is None:
            return Bracket(0.0, max(high, 0.0))
        low = self.incentives.largest_multiple(profile, self.incentives.worst_nash, self.rates, reversion=False)
        return Bracket(max(low, 0.0), max(high, 0.0))

    def values(self, profile: Profile, multiple: float) -> tuple[float, float] | None:
        """Proven lower and upper bound on F at a multiple; None if no equilibrium exists there."""
        bounds = self.punishments(multiple)
        if bounds is None:
            return None
        lower, upper = bounds
        least = self.incentives.largest_multiple(profile, upper, self.rates, reversion=False)
        most = self.incentives.largest_multiple(profile, lower, self.rates, reversion=False)
        return least, most

    def search(self, profile: Profile, floor: float, tol: float) -> Bracket:
        """Bracket the largest sustained multiple to a relative `tol`; multiples below `floor` count as not sustained."""
        bracket = self.start(profile)
        if np.isinf(bracket.low) or bracket.high < floor or bracket.closed(tol):
            return bracket
        guesses = Guesses(self, floor, tol)
        # If the agreement fails at the upper end, what it finds there is sustained, and often all there is.
        multiple = bracket.high if np.isfinite(bracket.high) else float(np.sqrt(max(bracket.low, 0.5 * floor) * 1e6))
        while bracket.solves < MOST_SOLVES:
            found = self.values(profile, multiple)
            if found is None:
                bracket = Bracket(bracket.low, min(bracket.high, multiple), bracket.solves + 1)
            else:
                low, high = max(bracket.low, min(multiple, found[0])), min(bracket.high, max(multiple, found[1]))
                bracket = Bracket(min(low, high), high, bracket.solves + 1)
            if bracket.closed(tol) or bracket.high < floor:
                break
            following = guesses.after(multiple, found[0] if found else -np.inf, bracket)
            if following is None:
                break
            multiple = following
        return bracket


@dataclass(eq=False)
class Guesses:
    """Where to solve next, from what F was found to be: nothing that is proven rests on it."""

    ray: RateRay
    floor: float
    tol: float
    points: dict[float, float] = field(default_factory=dict)
    jumps: list[float] = field(default_factory=list)
    width: float = np.inf
    solves: int = 0
    halve: bool = False

    def after(self, multiple: float, value: float, bracket: Bracket) -> float | None:
        """The multiple to solve at after one where F was found to be at least `value`; None if no new one is to be had."""
        self.points[multiple] = value
        self.solves += 1
        # Rates run over many orders of magnitude.
        middle = float(np.sqrt(max(bracket.low, 0.5 * self.floor) * min(bracket.high, 1e6)))
        slow = bracket.high - bracket.low > 0.25 * self.width
        guess = self._guess(bracket, slow)
        if self.solves % 3 == 0:
            self.width = bracket.high - bracket.low
        fresh = (each for each in (guess, middle) if each is not None and bracket.low <= each <= bracket.high and each not in self.points)
        return next(fresh, None)

    def _guess(self, bracket: Bracket, slow: bool) -> float | None:
        if bracket.low > 0.0 and bracket.low not in self.points:
            return bracket.low
        if self.jumps:
            return self.jumps.pop()
        if not slow:
            return self._secant(bracket)
        # The secants did not help, so there is a jump. Of the places where there may be one the middle is tried, on both sides.
        ends = [end for end in self._losses(bracket) if end > bracket.low * (1.0 + self.tol)]
        self.halve = not self.halve and self.solves > 6
        if not ends or self.halve:
            return None
        end = ends[len(ends) // 2]
        self.jumps = [end * (1.0 + 0.25 * self.tol)]
        return end * (1.0 - 0.25 * self.tol)

    def _losses(self, bracket: Bracket) -> list[float]:
        incentives = self.ray.incentives
        gains = incentives.gains.reshape(2, -1).T * self.ray.rates
        units = np.maximum(np.ptp(incentives.stage.payoffs, axis=(1, 2)), 1e-300)
        near = sorted(m for m, s in self.ray.solved.items() if m <= bracket.low and len(s.vertices))[-2:]
        return losses([(m, self.ray.solved[m].vertices) for m in near], gains, units, bracket.high) if near else []

    def _secant(self, bracket: Bracket) -> float | None:
        """Where the secant of F meets the diagonal, through points on both sides or on the lower alone."""
        below = sorted(multiple for multiple, value in self.points.items() if multiple <= bracket.low and value >= multiple)
        above = [multiple for multiple, value in self.points.items() if multiple >= bracket.high and value > 0.0]
        first = below[-1] if below else 0.0
        # The nearest of the others; beyond a jump of F nothing is to be learnt, and the one on this side of it says more.
        for second in sorted([*([min(above)] if above else []), *below[-2:-1]], key=lambda other: abs(other - first)) if below else []:
            slope = (self.points[second] - self.points[first]) / (second - first)
            crossing = (self.points[first] - slope * first) / (1.0 - slope) if slope < 1.0 else first
            if bracket.low < crossing < bracket.high:
                return crossing
        return None
