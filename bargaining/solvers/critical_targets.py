r"""How patient both sides must be for a payoff pair, or for a cycle of profiles.

*Payoff*: with a common discount factor the sets V(δ) grow with δ, so the patience from which a pair belongs to them is bracketed by sets
solved on both sides of it.

*Cycle*: profiles :math:`a_0,\dots,a_{K-1}` in turn, for ever, earn :math:`v_k = (1-\delta)\sum_{t<K}\delta^t g(a_{k+t})/(1-\delta^K)` from
phase k on, and are an equilibrium path exactly if :math:`v_{k,i} \ge (1-\delta)\,c_i(a_k) + \delta\,u_i(\delta)` in every phase, c the
best deviation payoff and u the worst equilibrium payoffs. Its payoffs move with δ, so more patience may hurt: what is reported is the
*least* discount factor that sustains it. Intervals below it are excluded one by one, u at an interval's right end bounding it from below
and the rest by how fast it can change.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame
from bargaining.games.stage import Profile
from bargaining.solution import CriticalDelta, EquilibriumSet, Status
from bargaining.solvers.critical_delta import DELTA_MAX, RateRay, check_punishment, resolve
from bargaining.solvers.equilibrium_set import MAX_ITER, check_options, equilibrium_set
from bargaining.solvers.incentives import Incentives

Floats = NDArray[np.float64]

MOST_SOLVES = 1000
MOST_STRIPS = 200
LEAST = 1e-3


def critical_delta_payoff(
    stage: StageGame | IssueGame, point: Any, *, delta_max: float = DELTA_MAX, tol: float = 1e-9, max_iter: int = MAX_ITER
) -> CriticalDelta:
    r"""Least common discount factor at which a payoff pair is an equilibrium payoff, to within `tol` of the payoff span.

    Parameters
    ----------
    stage : StageGame or IssueGame
    point : pair of numbers
        U.S. first.
    delta_max, tol, max_iter
        As in `critical_delta`; `tol` is also the width of the bracket.

    Returns
    -------
    CriticalDelta
        At `upper` the pair is within `tol` of a proven inner set, at `lower` it lies outside a proven outer one.

    Examples
    --------
    >>> import bargaining as bg
    >>> answer = bg.critical_delta_payoff(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (3, 3))
    >>> round(answer.value, 6), answer.status.name
    (0.5, 'solved')
    """
    check_options(tol, max_iter)
    joint = stage.stage_game() if isinstance(stage, IssueGame) else stage
    if not isinstance(joint, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    target = np.asarray(point, dtype=np.float64)
    if target.shape != (2,) or not np.isfinite(target).all():
        raise GameError(f"point is {point!r}: expected two finite payoffs, U.S. first")
    near = tol * float(np.ptp(joint.payoffs, axis=(1, 2)).max())
    solves = 0

    def holds(delta: float) -> bool | None:
        nonlocal solves
        solves += 1
        solution: EquilibriumSet = equilibrium_set(RepeatedGame(joint, delta), tol=0.25 * tol, max_iter=max_iter)
        if solution.status is Status.empty:
            return False
        if solution.inner_proof is not None and solution.inner.contains(target, near):
            return True
        return None if solution.outer.contains(target) else False

    low, high = 0.0, delta_max
    top = holds(high)
    low_end = holds(LEAST) if top else None
    if low_end:
        low, high = 0.0, LEAST
    elif low_end is False:
        low = LEAST
    decided = top is not None
    while top and not low_end and high - low > tol:
        middle = 0.5 * (low + high)
        found = holds(middle)
        if found is None:
            decided = False
            break
        low, high = (low, middle) if found else (middle, high)
    sustainable = bool(top)
    return CriticalDelta(
        status=Status.solved if decided else Status.undecided,
        error_bound=high - low if sustainable else 0.0,
        iterations=solves,
        method="bisection of proven sets",
        options={"delta_max": delta_max, "tol": tol, "max_iter": max_iter},
        game=stage,
        value=high if sustainable else float("nan"),
        lower=low if sustainable else delta_max,
        upper=high if sustainable else 1.0,
        sustainable=sustainable,
        binding=f"the payoff pair ({target[0]:.6g}, {target[1]:.6g})",
    )


def critical_delta_cycle(
    stage: StageGame | IssueGame,
    cycle: Sequence[Any],
    punishment: str = "optimal",
    *,
    delta_max: float = DELTA_MAX,
    tol: float = 1e-6,
    max_iter: int = MAX_ITER,
) -> CriticalDelta:
    r"""Least common discount factor at which a cycle of profiles, repeated for ever, is an equilibrium path.

    Parameters
    ----------
    stage : StageGame or IssueGame
    cycle : sequence of agreements
        Played in turn, then again from the first.
    punishment, delta_max, max_iter
        As in `critical_delta`.
    tol : float
        Width of the intervals that are looked at last; the bracket is a few of them wide.

    Returns
    -------
    CriticalDelta
        Proven not sustained anywhere below `lower`, proven sustained at `upper`. More patience than that may not sustain it.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> answer = bg.critical_delta_cycle(dilemma, [(0, 1), (1, 0)])
    >>> round(answer.value, 5), answer.binding
    (0.25, 'China in phase 0')
    """
    check_options(tol, max_iter)
    check_punishment(punishment)
    if isinstance(cycle, str) or not isinstance(cycle, Sequence) or not len(cycle):
        raise GameError(f"cycle is {cycle!r}: expected a list of agreements")
    pairs = [resolve(stage, agreement) for agreement in cycle]
    joint, profiles = pairs[0][0], [profile for _, profile in pairs]
    path = _Path(Incentives(joint), profiles)
    ray = RateRay(path.incentives, np.ones(2), 0.125 * min(tol, 1e-6), max_iter)
    worst_nash = path.incentives.worst_nash
    solves = 0

    def punishments(delta: float) -> tuple[Floats, Floats] | None:
        """Bounds on the punishment payoffs at a discount factor; None if there is no equilibrium to punish with."""
        nonlocal solves
        if punishment == "nash":
            return None if worst_nash is None else (worst_nash, worst_nash)
        solves += 1
        return ray.punishments((1.0 - delta) / delta)

    rounding = 1e-13 * max(float(np.abs(joint.payoffs).max()), 1e-300)
    static = all(path.incentives.is_static(profile) for profile in profiles)
    waiting = [] if static else [(LEAST, delta_max)]
    answer: float | None = 0.0 if static else None
    open_from, strips, least = delta_max, 0, np.zeros(2)
    while waiting and answer is None and solves < MOST_SOLVES and strips < MOST_STRIPS:
        left, right = waiting.pop()
        bounds = punishments(right)
        if bounds is None:
            # No equilibrium at the right end means none below it.
            continue
        least, high = bounds
        ends = max(path.slack(left, least), path.slack(right, least))
        if ends + 0.5 * path.steepness(least) * (right - left) < -rounding:
            continue
        if right - left > tol:
            middle = 0.5 * (left + right)
            waiting += [(middle, right), (left, middle)]
            continue
        # Too narrow to look closer: the least sustaining discount factor may be here, or this is just short of it.
        open_from, strips = min(open_from, left), strips + 1
        if path.slack(right, high) >= 0.0:
            answer = right
    settled = answer is not None or (not waiting and not strips)
    lower = (0.0 if static or open_from == LEAST else open_from) if answer is not None or strips else delta_max
    upper = answer if answer is not None else 1.0
    return CriticalDelta(
        status=Status.solved if settled else Status.undecided,
        error_bound=upper - lower if answer is not None else 0.0,
        iterations=solves,
        method="exclusion of intervals",
        options={"punishment": punishment, "delta_max": delta_max, "tol": tol, "max_iter": max_iter},
        game=stage,
        value=upper if answer is not None else float("nan"),
        lower=lower,
        upper=upper,
        sustainable=answer is not None,
        binding=_binding(path, answer, least, static),
    )


def _binding(path: "_Path", answer: float | None, punishment: Floats, static: bool) -> str:
    if static:
        return "none: static equilibria"
    return "not sustained at any patience" if answer is None else path.binding(answer, punishment)


class _Path:
    """Payoffs and deviation payoffs along a cycle."""

    def __init__(self, incentives: Incentives, profiles: Sequence[Profile]) -> None:
        self.incentives = incentives
        payoffs = incentives.stage.payoffs
        self.payoffs = np.array([payoffs[:, a, b] for a, b in profiles])
        self.deviations = self.payoffs + np.array([incentives.gains[:, a, b] for a, b in profiles])

    def constraints(self, delta: float, punishment: Floats) -> Floats:
        """Slack of every incentive constraint, shape (K, 2)."""
        count = len(self.payoffs)
        weights = (1.0 - delta) * delta ** np.arange(count) / (1.0 - delta**count)
        values = np.array([weights @ np.roll(self.payoffs, -k, axis=0) for k in range(count)])
        return np.asarray(values - (1.0 - delta) * self.deviations - delta * punishment)

    def slack(self, delta: float, punishment: Floats) -> float:
        """The tightest constraint."""
        return float(self.constraints(delta, punishment).min())

    def steepness(self, punishment: Floats) -> float:
        """Bound on how fast any constraint changes with δ: weights change by at most 2 K in all, the rest by a payoff difference."""
        spread = np.maximum(self.payoffs.max(axis=0), punishment) - np.minimum(self.payoffs.min(axis=0), punishment)
        drop = np.abs(self.deviations - punishment).max(axis=0)
        return float((len(self.payoffs) * spread + drop).max())

    def binding(self, delta: float, punishment: Floats) -> str:
        """Whose constraint is the tightest, and in which phase."""
        phase, player = np.unravel_index(int(self.constraints(delta, punishment).argmin()), (len(self.payoffs), 2))
        return f"{self.incentives.stage.players[int(player)]} in phase {int(phase)}"
