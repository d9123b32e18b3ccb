r"""The set operator under imperfect public monitoring from outside: half-planes, every offset a dual bound rounded outward.

The operator B and the linear program that says how far it reaches in a direction are those of `bargaining.kernels.monitored_program`. Old
multipliers bound every profile's reach, so that a program is solved only for the profile that seems to reach farthest, until the one that
does has been solved.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.half_planes import ROUNDING, half_plane_polygon
from bargaining.kernels.monitored_program import continuation_program, proven_bound

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Below this no payoff can lie, so a bound that says so proves that a profile cannot be enforced.
NOWHERE = -4.0


@kernel
def public_sweep(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    normals: Floats,
    offsets: Floats,
    directions: Floats,
    alive: Flags,
    multipliers: Floats,
    best: Floats,
) -> int:
    """One application of B to {n_j·w ≤ c_j}, rounded outward: offsets `best` for `directions`.

    Parameters
    ----------
    g, chance, shift, need : arrays, shapes (A, 2), (A, Y), (A, K, Y), (A, K)
    mover, delta : arrays, shapes (K,), (2,)
    normals, offsets, directions : arrays, shapes (J, 2), (J,), (L, 2)
    alive : bool array, shape (A,)
        Profiles that may still be enforced; those that cannot be are struck.
    multipliers : array, shape (A, L, K)
        Multipliers to start from; replaced by better ones where a program was solved.
    best : array, shape (L,)

    Returns
    -------
    int
        Number of profiles alive; 0 proves that there is no equilibrium.
    """
    profiles = g.shape[0]
    signals = chance.shape[1]
    deviations = mover.shape[0]
    vertices = np.empty((normals.shape[0] + 5, 2))
    count = half_plane_polygon(normals, offsets, vertices)
    tilted = np.empty((signals, 2))
    bounds = np.empty(signals)
    found = np.empty(deviations)
    column = np.empty(signals + deviations, np.int64)
    weight = np.empty(signals + deviations)
    reach = np.empty(profiles)
    settled = np.empty(profiles, np.bool_)
    for j in range(directions.shape[0]):
        x = delta[0] * directions[j, 0]
        y = delta[1] * directions[j, 1]
        for a in range(profiles):
            settled[a] = False
            reach[a] = -np.inf
            if alive[a]:
                bound = proven_bound(x, y, chance[a], shift[a], mover, need[a], normals, offsets, multipliers[a, j], tilted, bounds)
                today = (directions[j, 0] - x) * g[a, 0] + (directions[j, 1] - y) * g[a, 1]
                reach[a] = bound + today + 2.0 * ROUNDING
        best[j] = -np.inf
        while True:
            a = -1
            top = -np.inf
            for each in range(profiles):
                if alive[each] and reach[each] > top:
                    top, a = reach[each], each
            best[j] = top
            if a < 0 or settled[a]:
                break
            settled[a] = True
            if count == 0:
                break
            _, violation = continuation_program(x, y, chance[a], shift[a], mover, need[a], vertices, count, found, column, weight)
            bound = proven_bound(x, y, chance[a], shift[a], mover, need[a], normals, offsets, found, tilted, bounds)
            if violation > 0.0 and bound < NOWHERE:
                alive[a] = False
                continue
            bound += (directions[j, 0] - x) * g[a, 0] + (directions[j, 1] - y) * g[a, 1] + 2.0 * ROUNDING
            if bound < reach[a]:
                reach[a] = bound
                for k in range(deviations):
                    multipliers[a, j, k] = found[k]
    living = 0
    for a in range(profiles):
        if alive[a]:
            living += 1
    return living


@kernel
def excludes(
    g: Floats,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    delta: Floats,
    normals: Floats,
    upper: Floats,
    lower: Floats,
    multipliers: Floats,
) -> bool:
    """Whether multipliers prove that equilibrium payoffs within the offsets `upper` are within `lower`, and put them in `multipliers`.

    With fixed multipliers the bound on a profile's reach is affine in the offsets. If along every normal whose offset falls it is below
    `upper` there and at most `lower` here, then every set on the way from `upper` to `lower` is mapped strictly inside itself, and what
    equals its own image fits into none but the last.

    Parameters
    ----------
    upper, lower : arrays, shape (J,)
    multipliers : array, shape (A, J, K)
        Overwritten; zero where the offset does not fall.
    """
    signals = chance.shape[1]
    deviations = mover.shape[0]
    count = normals.shape[0]
    tilted = np.empty((signals, 2))
    bounds = np.empty(signals)
    found = np.empty(deviations)
    column = np.empty(signals + deviations, np.int64)
    weight = np.empty(signals + deviations)
    corners = np.empty((2, count + 5, 2))
    sizes = (half_plane_polygon(normals, upper, corners[0]), half_plane_polygon(normals, lower, corners[1]))
    for j in range(count):
        if lower[j] >= upper[j]:
            for a in range(g.shape[0]):
                for k in range(deviations):
                    multipliers[a, j, k] = 0.0
            continue
        x = delta[0] * normals[j, 0]
        y = delta[1] * normals[j, 1]
        for a in range(g.shape[0]):
            today = (normals[j, 0] - x) * g[a, 0] + (normals[j, 1] - y) * g[a, 1] + 2.0 * ROUNDING
            held = False
            # No multipliers at all will do for most; then those that are best at either end, and halfway between these.
            for attempt in range(4):
                if attempt == 0:
                    for k in range(deviations):
                        multipliers[a, j, k] = 0.0
                elif attempt < 3:
                    if sizes[attempt - 1] == 0:
                        continue
                    size = sizes[attempt - 1]
                    for k in range(deviations):
                        found[k] = multipliers[a, j, k]
                    continuation_program(
                        x,
                        y,
                        chance[a],
                        shift[a],
                        mover,
                        need[a],
                        corners[attempt - 1],
                        size,
                        multipliers[a, j],
                        column,
                        weight,
                    )
                else:
                    for k in range(deviations):
                        multipliers[a, j, k] = 0.5 * (found[k] + multipliers[a, j, k])
                here = proven_bound(x, y, chance[a], shift[a], mover, need[a], normals, lower, multipliers[a, j], tilted, bounds)
                there = proven_bound(x, y, chance[a], shift[a], mover, need[a], normals, upper, multipliers[a, j], tilted, bounds)
                if here + today <= lower[j] and there + today < upper[j]:
                    held = True
                    break
            if not held:
                return False
    return True
