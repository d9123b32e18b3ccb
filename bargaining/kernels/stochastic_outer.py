r"""Payoff sets of a stochastic game as half-planes, and the set operator on them, rounded outward.

All states' sets have the same normals: :math:`W_s = \{w : n_j\cdot w \le c_{sj}\}`. Then what follows a profile, the mixture
:math:`\sum_{s'} P(s' \mid s, a) W_{s'}`, lies in the half-planes with the mixed offsets :math:`\sum_{s'} P(s' \mid s, a) c_{s'j}`, and a
sweep costs states × profiles × normals. Each new offset is a dual bound on its support function, with its rounding added, as in
`bargaining.kernels.half_planes`: so V ⊆ W implies V = B(V) ⊆ B(W) ⊆ the new W. Games are flat as in
`bargaining.kernels.stochastic_polygons`.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.flat_game import FlatArrays, mix, requirements, widest_row
from bargaining.kernels.half_planes import ROUNDING, axis_positions, dual_bounds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@kernel
def profile_bounds(
    g: Floats,
    need: Floats,
    bound: Flags,
    p: int,
    delta: Floats,
    common: bool,
    error: float,
    normals: Floats,
    axes: Integers,
    mixed: Floats,
    directions: Floats,
    scaled: Floats,
    free: Floats,
    best: Floats,
) -> bool:
    """Raise `best` to bounds on the support of what profile p generates from {n_j·w ≤ mixed_j}; False if nothing enforces it.

    The bounds are for the sorted `directions`; `scaled` is these times δ, `free` room for bounds, and `common` says that the directions
    are the normals and δ is common. ``need[p]`` is what the profile has to promise.
    """
    count = normals.shape[0]
    bound0, bound1 = bound[p, 0], bound[p, 1]
    lower0 = -mixed[axes[2]] - error
    lower1 = -mixed[axes[3]] - error
    if bound0:
        lower0 = (need[p, 0] - (1.0 - delta[0]) * g[p, 0] - error) / delta[0]
    if bound1:
        lower1 = (need[p, 1] - (1.0 - delta[1]) * g[p, 1] - error) / delta[1]
    # The edges that the lines w0 = lower0 and w1 = lower1 cross, and whether any point lies beyond both lines.
    upper = lower = right = left = -1
    top = rightmost = np.inf
    bottom = leftmost = -np.inf
    for j in range(count):
        n0, n1 = normals[j, 0], normals[j, 1]
        if n0 >= 0.0 and n1 >= 0.0 and n0 * lower0 + n1 * lower1 > mixed[j] + error * (1.0 + abs(lower0) + abs(lower1)):
            return False
        if bound0 and n1 != 0.0:
            height = (mixed[j] - n0 * lower0) / n1
            if n1 > 0.0 and height < top:
                top, upper = height, j
            elif n1 < 0.0 and height > bottom:
                bottom, lower = height, j
        if bound1 and n0 != 0.0:
            width = (mixed[j] - n1 * lower1) / n0
            if n0 > 0.0 and width < rightmost:
                rightmost, right = width, j
            elif n0 < 0.0 and width > leftmost:
                leftmost, left = width, j
    if not common:
        dual_bounds(normals, mixed, scaled, free)
    for k in range(directions.shape[0]):
        x, y = scaled[k, 0], scaled[k, 1]
        own = (directions[k, 0] - x) * g[p, 0] + (directions[k, 1] - y) * g[p, 1] + error
        value = (delta[0] * mixed[k] if common else free[k]) + error
        if own + value <= best[k]:
            continue
        if bound0:
            j = upper if y > 0.0 else lower
            if y == 0.0:
                if x < 0.0:
                    value = min(value, x * lower0 + error)
            elif j >= 0:
                alpha = y / normals[j, 1]
                sigma = alpha * normals[j, 0] - x
                if sigma >= 0.0:
                    value = min(value, alpha * mixed[j] - sigma * lower0 + error * (1.0 + alpha + sigma * (1.0 + abs(lower0))))
        if bound1:
            j = right if x > 0.0 else left
            if x == 0.0:
                if y < 0.0:
                    value = min(value, y * lower1 + error)
            elif j >= 0:
                alpha = x / normals[j, 0]
                sigma = alpha * normals[j, 1] - y
                if sigma >= 0.0:
                    value = min(value, alpha * mixed[j] - sigma * lower1 + error * (1.0 + alpha + sigma * (1.0 + abs(lower1))))
        if x <= 0.0 and y <= 0.0:
            value = min(value, x * lower0 + y * lower1 + error * (1.0 + abs(lower0) + abs(lower1)))
        best[k] = max(best[k], own + value)
    return True


@kernel
def state_bounds(
    flat: FlatArrays,
    normals: Floats,
    axes: Integers,
    offsets: Floats,
    floors: Floats,
    directions: Floats,
    scaled: Floats,
    common: bool,
    state: int,
    alive: Flags,
    need: Floats,
    bound: Flags,
    tempting: Integers,
    mixed: Floats,
    free: Floats,
    best: Floats,
) -> tuple[int, int]:
    """Bounds `best` on B_s in all directions; profiles that nothing enforces are struck from `alive`. Returns how many are left, and
    the last one struck (-1 for none)."""
    first, g, delta = flat.first, flat.g, flat.delta
    # Rounding of a mixture of so many terms, of payoffs and of the sum.
    error = ROUNDING * (2.0 + widest_row(flat, first[state], first[state + 1]))
    requirements(flat, floors, state, 0.0, need, bound, tempting)
    left = 0
    struck = -1
    for k in range(directions.shape[0]):
        best[k] = -np.inf
    for p in range(first[state], first[state + 1]):
        if not alive[p]:
            continue
        mix(flat, p, offsets, mixed)
        if profile_bounds(g, need, bound, p, delta, common, error, normals, axes, mixed, directions, scaled, free, best):
            left += 1
        else:
            alive[p] = False
            struck = p
    return left, struck


@kernel
def bury(first: Integers, starts: Integers, following: Integers, living: Flags) -> None:
    """A state that can come to one without equilibria has none."""
    changed = True
    while changed:
        changed = False
        for s in range(living.shape[0]):
            if living[s]:
                for k in range(starts[first[s]], starts[first[s + 1]]):
                    if not living[following[k]]:
                        living[s] = False
                        changed = True


@kernel
def outer_sweeps(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    alive: Flags,
    living: Flags,
    failed: Integers,
    sweeps: int,
    change: float,
) -> tuple[int, float]:
    """Up to `sweeps` applications of B, state after state, on fixed normals; offsets never rise.

    Parameters
    ----------
    offsets : array, shape (S, J)
    alive : bool array, shape (A,)
        Profiles not yet struck; modified.
    living : bool array, shape (S,)
        States whose set is not proven empty; modified. A state that can come to one whose set is empty loses its own.
    failed : int array, shape (S,)
        The profile struck last in each state; modified.
    change : float
        Movement of every offset below which the iteration ends.

    Returns
    -------
    sweeps done, last movement
        The movement is infinite if a state's set emptied.
    """
    first, starts, following, g, delta = flat.first, flat.starts, flat.following, flat.g, flat.delta
    states, count = offsets.shape
    axes = axis_positions(normals)
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    floors = np.empty((states, 2))
    mixed = np.empty(count)
    free = np.empty(count)
    best = np.empty(count)
    scaled = normals * delta
    common = delta[0] == delta[1]
    for s in range(states):
        floors[s, 0], floors[s, 1] = -offsets[s, axes[2]], -offsets[s, axes[3]]
    moved = np.inf
    for done in range(sweeps):
        moved = 0.0
        for s in range(states):
            if not living[s]:
                continue
            left, struck = state_bounds(
                flat, normals, axes, offsets, floors, normals, scaled, common, s,
                alive, need, bound, tempting, mixed, free, best,
            )  # fmt: skip
            if struck >= 0:
                failed[s] = struck
            if left == 0:
                living[s] = False
                moved = np.inf
                continue
            for j in range(count):
                if best[j] < offsets[s, j]:
                    moved = max(moved, offsets[s, j] - best[j])
                    offsets[s, j] = best[j]
            floors[s, 0], floors[s, 1] = -offsets[s, axes[2]], -offsets[s, axes[3]]
        if moved == np.inf:
            bury(first, starts, following, living)
        if moved <= change:
            return done + 1, moved
    return sweeps, moved


@kernel
def turned_offsets(
    flat: FlatArrays,
    normals: Floats,
    offsets: Floats,
    directions: Floats,
    turned: Floats,
    alive: Flags,
    living: Flags,
    failed: Integers,
) -> None:
    """One application of B to all states at once, with offsets for other normals: `turned`, shape (S, K), for the sorted `directions`."""
    first, starts, following, g, delta = flat.first, flat.starts, flat.following, flat.g, flat.delta
    states, count = offsets.shape
    axes = axis_positions(normals)
    need = np.empty((g.shape[0], 2))
    bound = np.zeros((g.shape[0], 2), np.bool_)
    tempting = np.empty((g.shape[0], 2), np.int64)
    floors = np.empty((states, 2))
    mixed = np.empty(count)
    free = np.empty(directions.shape[0])
    scaled = directions * delta
    for s in range(states):
        floors[s, 0], floors[s, 1] = -offsets[s, axes[2]], -offsets[s, axes[3]]
    emptied = False
    for s in range(states):
        if not living[s]:
            turned[s] = 0.0
            continue
        left, struck = state_bounds(
            flat, normals, axes, offsets, floors, directions, scaled, False, s,
            alive, need, bound, tempting, mixed, free, turned[s],
        )  # fmt: skip
        if struck >= 0:
            failed[s] = struck
        if left == 0:
            living[s] = False
            emptied = True
    if emptied:
        bury(first, starts, following, living)
