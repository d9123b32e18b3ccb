"""Least patience at which a profile can be enforced when the players may pay each other."""

from typing import Any

from bargaining.games import IssueGame, StageGame, exact
from bargaining.solution import CriticalDelta, Status
from bargaining.solvers.critical_delta import DELTA_MAX, resolve
from bargaining.solvers.transfers import METHOD, transfer_path


def critical_delta_transfers(stage: StageGame | IssueGame, agreement: Any, *, delta_max: float = DELTA_MAX) -> CriticalDelta:
    r"""Least common discount factor at which a profile can be enforced for ever when both sides may pay each other, in closed form.

    Parameters
    ----------
    stage, agreement, delta_max
        As in `critical_delta`.

    Returns
    -------
    CriticalDelta
        Exact, rounded once.

    Examples
    --------
    >>> import bargaining as bg
    >>> bg.critical_delta_transfers(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (0, 0)).value
    0.5
    """
    joint, profile = resolve(stage, agreement)
    path = transfer_path(joint)
    least = path.least_delta(profile)
    sustainable = least is not None and least <= exact(delta_max)
    needed = path.requirements[profile]
    value = float(least) if sustainable and least is not None else float("nan")
    return CriticalDelta(
        status=Status.solved,
        error_bound=0.0,
        iterations=len(path.levels),
        method=METHOD,
        options={"delta_max": delta_max, "transfers": True},
        game=stage,
        value=value,
        lower=value if sustainable else delta_max,
        upper=value if sustainable else 1.0,
        sustainable=sustainable,
        binding="none: a static equilibrium" if needed == 0 else f"both together gain {float(needed):.4g} by cheating once",
    )
