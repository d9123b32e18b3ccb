"""Patience and risk with a discount factor for each side: the largest common multiple of both rates, and the hazard survived."""

from typing import Any

import numpy as np

from bargaining.games import GameError, RepeatedGame
from bargaining.solution import CriticalPair, Status
from bargaining.solvers.critical_delta import binding_constraint, resolve
from bargaining.solvers.hazard import HazardScan
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.rate_ray import DELTA_MAX, RateRay
from bargaining.solvers.repeated_set import MAX_ITER, check_options


def critical_pair(
    game: RepeatedGame, agreement: Any, *, tol: float = 1e-9, max_iter: int = MAX_ITER, hazard_steps: int = 64
) -> CriticalPair:
    r"""Largest multiple τ* of both discount rates, and largest breakdown hazard h*, that an agreement played for ever survives.

    Equilibrium sets are nested along a *rate ray* :math:`\delta_i(\tau) = 1/(1+\tau r_i)` with :math:`r_i = (1-\delta_i)/\delta_i`, not in
    one discount factor alone, so τ* is what a pair of discount factors has in place of a critical one.

    Parameters
    ----------
    game : RepeatedGame
        One discount factor or one per player.
    agreement : pair of actions, or mapping of issue to pair
    tol, max_iter
        As in `critical_delta`.
    hazard_steps : int
        Steps of the scan for h*, where closed forms leave a gap.

    Returns
    -------
    CriticalPair
        ``deltas`` are the discount factors at τ*; the agreement is sustained at the game's own exactly if τ* ≥ 1.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> answer = bg.critical_pair(bg.RepeatedGame(dilemma, (0.8, 0.9)), (0, 0))
    >>> round(answer.rate_multiple, 9), [round(delta, 9) for delta in answer.deltas], round(answer.breakdown_hazard, 6)
    (4.0, [0.5, 0.692307692], 0.375)
    """
    check_options(tol, max_iter)
    if not isinstance(game, RepeatedGame):
        raise GameError(f"game is a {type(game).__name__}: expected a RepeatedGame, which has discount factors")
    stage, profile = resolve(game.stage, agreement)
    incentives = Incentives(stage)
    deltas = np.array(game.deltas)
    rates = (1.0 - deltas) / deltas
    ray = RateRay(incentives, rates, 0.125 * tol, max_iter)
    floor = (1.0 - DELTA_MAX) / DELTA_MAX / float(rates.max())
    bracket = ray.search(profile, floor, tol)
    hazard = HazardScan(incentives, deltas, hazard_steps, tol, max_iter).first_failure(profile)
    static, never = bool(np.isinf(bracket.low)), bracket.high < floor
    closed = static or never or bracket.closed(tol)
    multiple = np.nan if never else bracket.low
    first, second = ray.deltas(float(multiple))
    return CriticalPair(
        status=Status.solved if closed else Status.undecided,
        error_bound=0.0 if static or never else bracket.high - bracket.low,
        iterations=bracket.solves,
        method="bracketing on the rate ray",
        options={"tol": tol, "max_iter": max_iter, "hazard_steps": hazard_steps},
        game=game,
        rate_multiple=float(multiple),
        deltas=(0.0, 0.0) if static else (float(first), float(second)),
        breakdown_hazard=float(hazard),
        binding=binding_constraint(incentives, profile, bracket, ray, nash=False),
    )
