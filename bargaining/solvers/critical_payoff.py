r"""How patient both sides must be for a payoff pair to be an equilibrium payoff.

With a common discount factor and public randomisation the sets V(δ) grow with δ, so the patience from which a pair belongs to them is
bracketed by sets proven on both sides of it. Without a solve: mixtures of static equilibria belong to every V(δ); what lies outside the
hull of stage payoffs, or pays a side less than its pure minmax, belongs to none; and where even the best payoffs to come deter no
deviation there are static equilibria only, :math:`(1-\delta)/\delta > \max_a \min_i (\max g_i - \underline v_i)/h_i(a)`.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, StageGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import CriticalDelta, EquilibriumSet, Status
from bargaining.solvers.critical_delta import exact_common, joint_game, read_delta_max, stored
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.rate_ray import DELTA_MAX, MOST_SOLVES, Bracket, Guesses, RateRay
from bargaining.solvers.repeated_set import MAX_ITER, check_options

Floats = NDArray[np.float64]


def critical_delta_payoff(
    stage: StageGame | IssueGame,
    point: Any,
    *,
    delta_max: float | str | Fraction = DELTA_MAX,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> CriticalDelta:
    r"""Least common discount factor at which a payoff pair is an equilibrium payoff, to within `tol` of the payoff span.

    Parameters
    ----------
    stage : StageGame or IssueGame
    point : pair of numbers
        Average discounted payoffs, U.S. first.
    delta_max, tol, max_iter
        As in `critical_delta`.

    Returns
    -------
    CriticalDelta
        At `upper` a payoff pair within `tol` of the larger payoff span from `point` is proven to be an equilibrium payoff; below `lower`
        the point itself is proven to be none.

    Raises
    ------
    GameError
        If the point is not a pair of finite numbers.

    Examples
    --------
    >>> import bargaining as bg
    >>> answer = bg.critical_delta_payoff(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (3, 3))
    >>> round(answer.value, 6), answer.status.name, bg.verify(answer).holds
    (0.5, 'solved', True)
    """
    check_options(tol, max_iter)
    most = read_delta_max(delta_max)
    joint = joint_game(stage)
    target = _read_point(point)
    incentives = Incentives(joint)
    ray = RateRay(incentives, np.ones(2), 0.125 * tol, max_iter)
    near = tol * float(np.ptp(joint.payoffs, axis=(1, 2)).max())
    floor = float((1 - most) / most)
    static = (incentives.gains == 0.0).all(axis=0)
    high = _static_only(incentives)
    possible = PayoffSet.hull(joint.payoffs.reshape(2, -1).T).contains(target, near) and (target >= incentives.minmax - near).all()
    if static.any() and PayoffSet.hull(joint.payoffs[:, static].T).contains(target, near):
        bracket = Bracket(np.inf, np.inf)
    elif not possible or high < floor:
        bracket = Bracket(0.0, 0.0)
    else:
        bracket = _search(ray, target, near, floor, Bracket(0.0, high), tol)
    lower, upper, below, above = _ends(ray, bracket, float(most))
    sustainable, never = bracket.low > 0.0, bracket.high < floor
    decided = never or (sustainable and (np.isinf(bracket.low) or bracket.closed(tol)))
    return CriticalDelta(
        status=Status.solved if decided else Status.undecided,
        error_bound=0.0 if never else upper - lower,
        iterations=bracket.solves,
        method="bracketing by proven sets",
        options={"delta_max": stored(delta_max), "tol": tol, "max_iter": max_iter},
        game=stage,
        value=upper if sustainable else float("nan"),
        lower=lower,
        upper=upper,
        sustainable=sustainable,
        binding=f"the payoff pair ({target[0]:.6g}, {target[1]:.6g})",
        point=(float(target[0]), float(target[1])),
        evidence_below=below,
        evidence_above=above,
    )


def _read_point(point: Any) -> Floats:
    try:
        target = np.asarray(point, dtype=np.float64)
    except (TypeError, ValueError):
        target = np.empty(0)
    if target.shape != (2,) or not np.isfinite(target).all():
        raise GameError(f"point is {point!r}: expected two finite payoffs, U.S. first")
    return target


def _static_only(incentives: Incentives) -> float:
    """Discount rate above which only static equilibria can be enforced, rounded up."""
    gains = incentives.gains.reshape(2, -1)
    tempted = gains[:, (gains > 0.0).any(axis=0)]
    prize = np.array([[(incentives.stage.payoffs[i].max() - incentives.minmax[i])] for i in (0, 1)])
    rates = np.divide(prize, tempted, out=np.full_like(tempted, np.inf), where=tempted > 0.0).min(axis=0)
    return float(rates.max(initial=0.0)) * (1.0 + 1e-14)


def _search(ray: RateRay, target: Floats, near: float, floor: float, bracket: Bracket, tol: float) -> Bracket:
    """Bracket the largest discount rate at which the target is an equilibrium payoff."""
    multiple = floor
    guesses = Guesses(ray, floor, tol)
    while bracket.solves < MOST_SOLVES:
        ray.solve(multiple)
        solution = ray.solved[multiple]
        room = _room(solution, target, near)
        if room is None:
            return Bracket(bracket.low, bracket.high, bracket.solves + 1)
        low, high = (multiple, bracket.high) if room >= 0.0 else (bracket.low, multiple)
        bracket = Bracket(low, high, bracket.solves + 1)
        if bracket.low == 0.0:
            # Not even the most patient: nothing is sustained above the floor.
            return Bracket(0.0, 0.0, bracket.solves)
        if bracket.closed(tol):
            break
        following = guesses.after(multiple, multiple * (1.0 + 0.5 * room), bracket)
        if following is None:
            break
        multiple = following
    return bracket


def _room(solution: EquilibriumSet, target: Floats, near: float) -> float | None:
    """How far inside the proven set the target lies, negative if proven outside, relative to the span; None if it is neither."""
    if solution.status is Status.empty:
        return -1.0
    spans = np.maximum(np.ptp(solution.game.stage_game().payoffs, axis=(1, 2)), 1e-300)  # type: ignore[union-attr]
    proof = solution.outer_proof
    assert proof is not None
    scaled = np.array([float((Fraction(float(target[i])) - proof.origin[i]) / proof.span[i]) for i in (0, 1)])
    beyond = float((proof.normals @ scaled - proof.offsets).max())
    if solution.inner_proof is not None and solution.inner.contains(target, near):
        return float(np.clip(-beyond, 0.0, 1.0))
    return -min(beyond, 1.0) if beyond > 1e-15 * (1.0 + float(np.abs(target / spans).max())) else None


def _ends(ray: RateRay, bracket: Bracket, most: float) -> tuple[float, float, tuple[EquilibriumSet, ...], tuple[EquilibriumSet, ...]]:
    """Both ends as discount factors, and the sets solved there."""
    if np.isinf(bracket.low):
        return 0.0, 0.0, (), ()
    below = tuple(s for m, s in ray.solved.items() if m == (bracket.high or min(ray.solved)))
    above = tuple(s for m, s in ray.solved.items() if m == bracket.low)
    if bracket.high == 0.0:
        return min([most, *(float(exact_common(s)) for s in below)]), 1.0, below, ()
    lower = float(exact_common(below[0])) if below else max(0.0, 1.0 / (1.0 + bracket.high) - 1e-15)
    return lower, float(exact_common(above[0])) if above else 1.0, below, above
