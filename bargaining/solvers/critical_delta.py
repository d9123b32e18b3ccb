r"""How patient both sides must be for an agreement to enforce itself.

Along a *rate ray* :math:`\delta_i(\tau) = 1/(1+\tau\rho_i)` equilibrium payoff sets grow as τ falls, so the worst equilibrium payoffs
:math:`u_i(\tau)` fall, and an agreement a played for ever is sustained exactly if

.. math:: \tau \le F(\tau) = \min_i \frac{g_i(a) - u_i(\tau)}{\rho_i h_i(a)},

with F non-increasing. So one solve at any τ brackets the largest sustained multiple τ* between τ and F(τ), and τ* lies between the values
of F at the worst static equilibria and at the pure minmax from the start: where these agree nothing is solved at all. A common discount
factor is the ray ρ = (1, 1), where τ is the discount rate (1-δ)/δ. (Abreu 1988 for optimal penal codes; Friedman 1971 for reversion.)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame
from bargaining.games.stage import Profile
from bargaining.solution import CriticalDelta, Status
from bargaining.solvers.equilibrium_set import MAX_ITER, check_options, equilibrium_set
from bargaining.solvers.incentives import Incentives

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
    """Worst equilibrium payoffs of one stage game along a rate ray, each solved once."""

    incentives: Incentives
    rates: Floats
    tol: float = 1e-9
    max_iter: int = MAX_ITER
    _solved: dict[float, tuple[Floats, Floats] | None] = field(default_factory=dict)

    def deltas(self, multiple: float) -> tuple[float, float]:
        """Discount factors at a multiple of the rates."""
        return 1.0 / (1.0 + multiple * self.rates[0]), 1.0 / (1.0 + multiple * self.rates[1])

    def punishments(self, multiple: float) -> tuple[Floats, Floats] | None:
        """Proven lower and upper bounds on the worst equilibrium payoffs at a multiple; None if no equilibrium exists there.

        Sets grow as the multiple falls, so what was solved at other multiples bounds this one; where the bounds meet nothing is solved.
        """
        if multiple in self._solved:
            return self._solved[multiple]
        low, high = self.incentives.minmax.copy(), np.full(2, np.inf)
        if self.incentives.worst_nash is not None:
            high = self.incentives.worst_nash.copy()
        for other, bounds in self._solved.items():
            if bounds is None:
                if other <= multiple:
                    return None
            elif other <= multiple:
                low = np.maximum(low, bounds[0])
            else:
                high = np.minimum(high, bounds[1])
        if (high - low <= self.tol * self._units).all():
            return low, high
        deltas = self.deltas(multiple)
        delta = deltas[0] if deltas[0] == deltas[1] else deltas
        solution = equilibrium_set(RepeatedGame(self.incentives.stage, delta), tol=self.tol, max_iter=self.max_iter)
        if solution.status is Status.empty:
            self._solved[multiple] = None
            return None
        # Vertices are rounded to floats, which matters where payoffs are large against their spread.
        outside, inside = solution.outer.vertices.min(axis=0), solution.inner.vertices
        low = np.maximum(low, outside - np.spacing(np.abs(outside)))
        if solution.inner_proof is not None:
            worst = inside.min(axis=0)
            high = np.minimum(high, worst + np.spacing(np.abs(worst)))
        # Bounds that agree to rounding are one number: the constraint then binds where the closed form says.
        low = np.where(high - low <= 1e-13 * self._units, high, low)
        self._solved[multiple] = low, high
        return low, high

    @property
    def _units(self) -> Floats:
        return np.asarray(np.maximum(np.ptp(self.incentives.stage.payoffs, axis=(1, 2)), 1e-300))

    def start(self, profile: Profile) -> Bracket:
        """The bracket that needs no solving: reversion to the worst static equilibria sustains, the pure minmax limits."""
        high = self.incentives.largest_multiple(profile, self.incentives.minmax, self.rates, reversion=False)
        if self.incentives.worst_nash is None:
            return Bracket(0.0, max(high, 0.0))
        low = self.incentives.largest_multiple(profile, self.incentives.worst_nash, self.rates, reversion=False)
        return Bracket(max(low, 0.0), max(high, 0.0))

    def narrow(self, profile: Profile, bracket: Bracket, multiple: float) -> Bracket:
        """The bracket after a solve at one multiple."""
        bounds = self.punishments(multiple)
        if bounds is None:
            return Bracket(bracket.low, min(bracket.high, multiple), bracket.solves + 1)
        lower, upper = bounds
        least = self.incentives.largest_multiple(profile, upper, self.rates, reversion=False)
        most = self.incentives.largest_multiple(profile, lower, self.rates, reversion=False)
        low, high = max(bracket.low, min(multiple, least)), min(bracket.high, max(multiple, most))
        return Bracket(min(low, high), high, bracket.solves + 1)

    def search(self, profile: Profile, floor: float, tol: float) -> Bracket:
        """Bracket the largest sustained multiple to a relative `tol`; multiples below `floor` count as not sustained."""
        bracket = self.start(profile)
        if np.isinf(bracket.low) or bracket.high < floor:
            return bracket
        tried_low = False
        while not bracket.closed(tol) and bracket.high >= floor and bracket.solves < MOST_SOLVES:
            if bracket.solves == 0 and np.isfinite(bracket.high):
                # If the agreement fails at the upper end, what it finds there is sustained, and often all there is.
                multiple = bracket.high
            elif bracket.low > 0.0 and not tried_low:
                multiple, tried_low = bracket.low, True
            else:
                # The geometric mean: rates run over many orders of magnitude.
                multiple, tried_low = float(np.sqrt(max(bracket.low, 0.5 * floor) * min(bracket.high, 1e6))), False
            narrowed = self.narrow(profile, bracket, multiple)
            if narrowed.low == bracket.low and narrowed.high == bracket.high and not tried_low and narrowed.solves > 1:
                return narrowed
            bracket = narrowed
        return bracket


def resolve(stage: StageGame | IssueGame, agreement: Any) -> tuple[StageGame, Profile]:
    """The joint stage game and the position of an agreement in it."""
    if isinstance(stage, IssueGame):
        if isinstance(agreement, Mapping):
            return stage.stage_game(), stage.joint_profile(agreement)
        return stage.stage_game(), stage.stage_game().profile(agreement)
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    return stage, stage.profile(agreement)


def critical_delta(
    stage: StageGame | IssueGame,
    agreement: Any,
    punishment: str = "optimal",
    *,
    delta_max: float = DELTA_MAX,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> CriticalDelta:
    r"""Least common discount factor at which an agreement, played for ever, is an equilibrium path.

    Parameters
    ----------
    stage : StageGame or IssueGame
        All issues of an IssueGame are linked; for a partition see `linkage_lattice`.
    agreement : pair of actions, or mapping of issue to pair
        By position or label.
    punishment : {"optimal", "nash"}
        ``optimal``: each deviator's worst equilibrium of the repeated game in pure actions (Abreu 1988). ``nash``: the deviator's worst
        pure static equilibrium, for ever (Friedman 1971).
    delta_max : float
        Patience up to which the agreement is looked for.
    tol : float
        Width of the bracket, relative to the discount rate :math:`(1-\delta)/\delta` (and of the payoff sets solved on the way).
    max_iter : int
        As in `equilibrium_set`.

    Returns
    -------
    CriticalDelta
        `value` 0 for a static equilibrium; NaN with ``sustainable=False`` if it is not sustained up to `delta_max`, and then `binding`
        says which incentive is violated.

    Raises
    ------
    GameError
        If an action is unknown or the agreement malformed.
    ValueError
        If an option is out of range.

    References
    ----------
    Abreu, D. (1988), On the theory of infinitely repeated games with discounting, Econometrica 56.
    Friedman, J. (1971), A non-cooperative equilibrium for supergames, Review of Economic Studies 38.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise")] * 2)
    >>> bg.critical_delta(dilemma, ("truce", "truce")).value
    0.5
    """
    check_options(tol, max_iter)
    check_punishment(punishment)
    if not (isinstance(delta_max, float) and 0.0 < delta_max < 1.0):
        raise ValueError(f"delta_max is {delta_max!r}: expected a number strictly between 0 and 1")
    joint, profile = resolve(stage, agreement)
    ray = RateRay(Incentives(joint), np.ones(2), 0.125 * tol, max_iter)
    floor = (1.0 - delta_max) / delta_max
    bracket = nash_bracket(ray, profile) if punishment == "nash" else ray.search(profile, floor, tol)
    options = {"punishment": punishment, "delta_max": delta_max, "tol": tol, "max_iter": max_iter}
    return describe(ray, profile, bracket, floor, stage, options)


def check_punishment(punishment: str) -> None:
    """Refuse a punishment that is none."""
    if punishment not in ("optimal", "nash"):
        near = next((f"; did you mean {name!r}?" for name in ("optimal", "nash") if str(punishment).lower()[:2] == name[:2]), "")
        raise ValueError(f"punishment is {punishment!r}: expected 'optimal' or 'nash'{near}")


def nash_bracket(ray: RateRay, profile: Profile) -> Bracket:
    """The largest multiple that reversion to the deviator's worst pure static equilibrium sustains; 0 if there is none."""
    worst = ray.incentives.worst_nash
    multiple = 0.0 if worst is None else max(0.0, ray.incentives.largest_multiple(profile, worst, ray.rates))
    return Bracket(multiple, multiple)


def describe(
    ray: RateRay, profile: Profile, bracket: Bracket, floor: float, game: StageGame | IssueGame, options: Mapping[str, Any]
) -> CriticalDelta:
    """The answer that a bracket on the ray of a common discount factor gives."""
    nash = options["punishment"] == "nash"
    if np.isinf(bracket.low):
        value, lower, upper, sustainable, status = 0.0, 0.0, 0.0, True, Status.solved
    elif bracket.high < floor:
        value, lower, upper, sustainable, status = np.nan, 1.0 / (1.0 + floor), 1.0, False, Status.solved
    else:
        # Four roundings separate a multiple from its discount factor.
        lower = max(0.0, 1.0 / (1.0 + bracket.high) - 1e-15)
        upper = min(1.0, 1.0 / (1.0 + bracket.low) + 1e-15)
        sustainable = bracket.low >= floor
        closed = bracket.closed(options["tol"])
        value = 1.0 / (1.0 + (bracket.high if closed else bracket.low)) if sustainable else np.nan
        status = Status.solved if closed and sustainable else Status.undecided
    return CriticalDelta(
        status=status,
        error_bound=0.0 if not sustainable and status is Status.solved else upper - lower,
        iterations=bracket.solves,
        method="reversion to a static equilibrium" if nash else "bracketing on the rate ray",
        options=dict(options),
        game=game,
        value=float(value),
        lower=float(lower),
        upper=float(upper),
        sustainable=sustainable,
        binding=binding_constraint(ray.incentives, profile, bracket, ray, nash),
    )


def binding_constraint(incentives: Incentives, profile: Profile, bracket: Bracket, ray: RateRay, nash: bool) -> str:
    """In words: the incentive that binds at the critical patience, or is violated at any."""
    if incentives.is_static(profile):
        return "none: a static equilibrium"
    if nash and incentives.worst_nash is None:
        return "no pure static equilibrium to revert to"
    punishment = incentives.worst_nash if nash else incentives.minmax
    assert punishment is not None
    solved = [multiple for multiple, bounds in ray._solved.items() if bounds is not None]
    # What fails at the pure minmax fails at any patience; otherwise the punishment nearest to the bracket says what binds.
    if not nash and solved and incentives.largest_multiple(profile, incentives.minmax, ray.rates) > 0:
        nearest = min(solved, key=lambda multiple: abs(multiple - bracket.low))
        bounds = ray._solved[nearest]
        assert bounds is not None
        punishment = np.where(np.isfinite(bounds[1]), bounds[1], bounds[0])
    player = incentives.binding(profile, punishment, ray.rates)
    payoffs, gains = incentives.at(profile)
    name = incentives.stage.players[player]
    if gains[player] == 0.0:
        return f"{name}: can always have {punishment[player]:.4g}, the agreement pays {payoffs[player]:.4g}"
    action = incentives.best_deviation(profile, player)
    loss = payoffs[player] - punishment[player]
    if loss <= 0:
        return f"{name} → {action}: can always have {punishment[player]:.4g}, the agreement pays {payoffs[player]:.4g}"
    return f"{name} → {action}: gains {gains[player]:.4g} once, loses {loss:.4g} a period afterwards"


def exact_slack(stage: StageGame, profile: Profile, player: int, punishment: Fraction, delta: Fraction) -> Fraction:
    """Exact slack of a player's incentive constraint, δ (g - u) - (1 - δ) h: zero if it binds exactly."""
    from bargaining.games import exact

    a, b = profile
    payoff = exact(stage.payoffs[player, a, b])
    best = exact(stage.payoffs[player, :, b].max() if player == 0 else stage.payoffs[player, a, :].max())
    return delta * (payoff - punishment) - (1 - delta) * (best - payoff)
