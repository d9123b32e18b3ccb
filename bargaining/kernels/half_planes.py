r"""Sets of payoffs as half-planes, and the set operator of repeated games on them, rounded outward.

A set is {w : n_j·w ≤ c_j} with normals sorted by angle that include the four axis directions; all payoffs are scaled to the unit square.
The operator is the one of `bargaining.kernels.self_generation`. Each new offset is a dual bound on its support function: a non-negative
combination of constraints that reproduces the direction bounds it whatever the rounding, and the rounding error of the combination is
added. So V ⊆ W implies V = B(V) ⊆ B(W) ⊆ the new W, sweep after sweep.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.polygon import clip

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# Errors of the scaled payoffs, of a product and a sum of numbers of size one, with a factor of four to spare.
ROUNDING = 4.0 * 2.220446049250313e-16


@kernel
def axis_positions(normals: Floats) -> Integers:
    """Positions of the normals e1, e2, -e1, -e2."""
    axes = np.empty(4, np.int64)
    for j in range(normals.shape[0]):
        if normals[j, 1] == 0.0:
            axes[0 if normals[j, 0] > 0.0 else 2] = j
        elif normals[j, 0] == 0.0:
            axes[1 if normals[j, 1] > 0.0 else 3] = j
    return axes


@kernel
def dual_bounds(normals: Floats, offsets: Floats, directions: Floats, bounds: Floats) -> None:
    """Upper bounds on the support function of {n_j·w ≤ c_j} in sorted directions, from the two normals beside each."""
    count = normals.shape[0]
    pointer = 0
    for k in range(directions.shape[0]):
        x = directions[k, 0]
        y = directions[k, 1]
        for _ in range(2 * count):
            following = pointer + 1 if pointer + 1 < count else 0
            px, py = normals[pointer, 0], normals[pointer, 1]
            qx, qy = normals[following, 0], normals[following, 1]
            if px * y - py * x >= 0.0 and x * qy - y * qx >= 0.0 and (px + qx) * x + (py + qy) * y > 0.0:
                break
            pointer = following
        # Take the multiplier of the second normal from the cross product and that of the first by projection: what is left over is
        # of the order of rounding however close the two normals are. It is bounded by |w| ≤ 2.
        beta = max(0.0, (px * y - py * x) / (px * qy - py * qx))
        alpha = max(0.0, ((x - beta * qx) * px + (y - beta * qy) * py) / (px * px + py * py))
        left = abs(x - alpha * px - beta * qx) + abs(y - alpha * py - beta * qy)
        bounds[k] = alpha * offsets[pointer] + beta * offsets[following] + 2.0 * left + ROUNDING * (1.0 + alpha + beta)


@kernel
def support_sweep(
    g: Floats,
    gain: Floats,
    delta: Floats,
    noise: float,
    normals: Floats,
    offsets: Floats,
    directions: Floats,
    alive: Flags,
    leads: Flags,
    best: Floats,
) -> int:
    """One application of B: new offsets `best` for `directions` (sorted like the normals), from the set {n_j·w ≤ c_j}.

    A profile whose constraints no continuation in the set can meet is struck from `alive` for good (the sets only shrink). Profiles
    that led in some direction last time come first; another one is looked at only if, without constraints, it could lead somewhere.

    Parameters
    ----------
    g : array, shape (A, 2)
        Payoffs of the profiles, in [0, 1].
    gain : array, shape (A, 2)
        Best one-shot deviation gains, non-negative.
    delta : array, shape (2,)
    noise : float
        Bound on the errors of `g` and `gain` beyond one rounding.
    normals, offsets : arrays, shapes (J, 2), (J,)
    directions : array, shape (K, 2)
    alive, leads : bool arrays, shape (A,)
        Modified.
    best : array, shape (K,)
        Overwritten.

    Returns
    -------
    int
        Number of profiles alive; 0 proves that V is empty.
    """
    count = normals.shape[0]
    rounding = ROUNDING + 2.0 * noise
    axes = axis_positions(normals)
    worst0 = -offsets[axes[2]]
    worst1 = -offsets[axes[3]]
    scaled = np.empty((directions.shape[0], 2))
    for k in range(directions.shape[0]):
        scaled[k, 0] = delta[0] * directions[k, 0]
        scaled[k, 1] = delta[1] * directions[k, 1]
        best[k] = -np.inf
    free = np.empty(directions.shape[0])
    dual_bounds(normals, offsets, scaled, free)
    rate0 = (1.0 - delta[0]) / delta[0]
    rate1 = (1.0 - delta[1]) / delta[1]
    leader = np.full(directions.shape[0], -1, np.int64)
    living = 0
    for turn in range(2 * g.shape[0]):
        a = turn % g.shape[0]
        if not alive[a] or leads[a] != (turn < g.shape[0]):
            continue
        if not leads[a]:
            hopeful = False
            for k in range(directions.shape[0]):
                reach = (directions[k, 0] - scaled[k, 0]) * g[a, 0] + (directions[k, 1] - scaled[k, 1]) * g[a, 1] + free[k] + rounding
                if reach > best[k]:
                    hopeful = True
                    break
            if not hopeful:
                living += 1
                continue
        bound0 = gain[a, 0] > 0.0
        bound1 = gain[a, 1] > 0.0
        # Constraints are lowered by the rounding error they may carry.
        b0 = worst0 + rate0 * gain[a, 0] - rounding * (1.0 + rate0) if bound0 else worst0
        b1 = worst1 + rate1 * gain[a, 1] - rounding * (1.0 + rate1) if bound1 else worst1
        # The edges that the lines w0 = b0 and w1 = b1 cross, and whether any point of the set lies beyond both lines.
        upper = lower = right = left = -1
        top = rightmost = np.inf
        bottom = leftmost = -np.inf
        feasible = True
        for j in range(count):
            nx, ny = normals[j, 0], normals[j, 1]
            c = offsets[j]
            if nx >= 0.0 and ny >= 0.0 and nx * b0 + ny * b1 > c + 2.0 * rounding:
                feasible = False
                break
            if bound0 and ny != 0.0:
                height = (c - nx * b0) / ny
                if ny > 0.0 and height < top:
                    top, upper = height, j
                elif ny < 0.0 and height > bottom:
                    bottom, lower = height, j
            if bound1 and nx != 0.0:
                width = (c - ny * b1) / nx
                if nx > 0.0 and width < rightmost:
                    rightmost, right = width, j
                elif nx < 0.0 and width > leftmost:
                    leftmost, left = width, j
        if not feasible:
            alive[a] = False
            continue
        living += 1
        for k in range(directions.shape[0]):
            x = scaled[k, 0]
            y = scaled[k, 1]
            value = free[k]
            fixed = (directions[k, 0] - x) * g[a, 0] + (directions[k, 1] - y) * g[a, 1] + rounding
            if fixed + value <= best[k]:
                continue
            if bound0:
                j = upper if y > 0.0 else lower
                if y == 0.0:
                    if x < 0.0:
                        value = min(value, x * b0 + rounding)
                elif j >= 0:
                    alpha = y / normals[j, 1]
                    sigma = alpha * normals[j, 0] - x
                    if sigma >= 0.0:
                        value = min(value, alpha * offsets[j] - sigma * b0 + rounding * (1.0 + alpha + sigma))
            if bound1:
                j = right if x > 0.0 else left
                if x == 0.0:
                    if y < 0.0:
                        value = min(value, y * b1 + rounding)
                elif j >= 0:
                    alpha = x / normals[j, 0]
                    sigma = alpha * normals[j, 1] - y
                    if sigma >= 0.0:
                        value = min(value, alpha * offsets[j] - sigma * b1 + rounding * (1.0 + alpha + sigma))
            if x <= 0.0 and y <= 0.0:
                value = min(value, x * b0 + y * b1 + rounding)
            if fixed + value > best[k]:
                best[k] = fixed + value
                leader[k] = a
    for a in range(g.shape[0]):
        leads[a] = False
    for k in range(directions.shape[0]):
        if leader[k] >= 0:
            leads[leader[k]] = True
    return living


@kernel
def outer_sweeps(
    g: Floats, gain: Floats, delta: Floats, noise: float, normals: Floats, offsets: Floats, alive: Flags, sweeps: int, change: float
) -> tuple[int, int, float]:
    """Up to `sweeps` applications of B on fixed normals; offsets never rise.

    Stops early when no offset moves by more than `change`. Returns (sweeps done, profiles alive, last change).
    """
    fresh = np.empty(normals.shape[0])
    leads = alive.copy()
    living = 0
    moved = np.inf
    done = 0
    while done < sweeps and moved > change:
        living = support_sweep(g, gain, delta, noise, normals, offsets, normals, alive, leads, fresh)
        done += 1
        if living == 0:
            break
        moved = 0.0
        for j in range(normals.shape[0]):
            if fresh[j] < offsets[j]:
                moved = max(moved, offsets[j] - fresh[j])
                offsets[j] = fresh[j]
    return done, living, moved


@kernel
def half_plane_polygon(normals: Floats, offsets: Floats, vertices: Floats) -> int:
    """Vertices of {n_j·w ≤ c_j}, counter-clockwise, into `vertices` (room for J + 5); their number is returned."""
    room = normals.shape[0] + 5
    axes = axis_positions(normals)
    current = np.empty((room, 2))
    other = np.empty((room, 2))
    tags = np.empty(room, np.int64)
    other_tags = np.empty(room, np.int64)
    right, top = offsets[axes[0]], offsets[axes[1]]
    # Rounding can leave opposite offsets crossed by its own size; the set is then as thin as that.
    left, bottom = min(-offsets[axes[2]], right), min(-offsets[axes[3]], top)
    current[0, 0], current[0, 1] = left, bottom
    current[1, 0], current[1, 1] = right, bottom
    current[2, 0], current[2, 1] = right, top
    current[3, 0], current[3, 1] = left, top
    count = 4
    for j in range(normals.shape[0]):
        if normals[j, 0] == 0.0 or normals[j, 1] == 0.0:
            continue
        kept = clip(current, tags, count, normals[j, 0], normals[j, 1], offsets[j] + 2.0 * ROUNDING, other, other_tags)
        if kept > 0:
            current, other = other, current
            count = kept
    for k in range(count):
        vertices[k, 0] = current[k, 0]
        vertices[k, 1] = current[k, 1]
    return count
