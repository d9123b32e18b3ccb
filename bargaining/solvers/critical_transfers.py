"""Least patience at which a profile, played for ever, enforces itself when the players may pay each other."""

from fractions import Fraction
from typing import Any

from bargaining.games import IssueGame, StageGame
from bargaining.solution import CriticalDelta, Status
from bargaining.solvers.critical_delta import read_delta_max, resolve, rounded_down, rounded_up, stored
from bargaining.solvers.rate_ray import DELTA_MAX
from bargaining.solvers.transfers import METHOD, transfer_path


def critical_delta_transfers(
    stage: StageGame | IssueGame, agreement: Any, *, delta_max: float | str | Fraction = DELTA_MAX
) -> CriticalDelta:
    r"""Least common discount factor at which a profile played for ever enforces itself when both sides may pay each other.

    Parameters
    ----------
    stage, agreement, delta_max
        As in `critical_delta`.

    Returns
    -------
    CriticalDelta
        Exact, in closed form: :math:`(1-\delta) L(a) = \delta (G(a) - v_0(\delta) - v_1(\delta))`, or where the punishments v jump.

    Examples
    --------
    >>> import bargaining as bg
    >>> bg.critical_delta_transfers(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (0, 0)).value
    0.5
    """
    most = read_delta_max(delta_max)
    joint, profile = resolve(stage, agreement)
    path = transfer_path(joint)
    least = path.least_delta(profile)
    needed = path.requirements[profile]
    sustained = least if least is not None and least <= most else None
    return CriticalDelta(
        status=Status.solved,
        error_bound=0.0,
        iterations=len(path.levels),
        method=METHOD,
        options={"delta_max": stored(delta_max), "transfers": True},
        game=stage,
        value=float("nan") if sustained is None else float(sustained),
        lower=float(most) if sustained is None else rounded_down(sustained),
        upper=1.0 if sustained is None else rounded_up(sustained),
        sustainable=sustained is not None,
        binding="none: a static equilibrium" if needed == 0 else f"both together gain {float(needed):.4g} by cheating once",
        path=(profile,),
    )
