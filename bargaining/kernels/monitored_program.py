r"""The linear program behind repeated games with imperfect public monitoring: the best continuations from which no deviation pays.

For a set W of continuation payoffs, B(W) is the convex hull over profiles a of

.. math:: (1-\delta_i) g_i(a) + \delta_i \sum_y \pi(y \mid a)\, w_i(y),\quad w(y) \in W,

such that no deviation pays: for each deviation k, of player i(k) to another action,
:math:`\sum_y \Delta_k(y)\, w_{i(k)}(y) \ge b_k`, with :math:`\Delta_k = \pi(\cdot \mid a) - \pi(\cdot \mid a_k)` and :math:`b_k` the
deviation's gain in today's payoff times :math:`(1-\delta_i)/\delta_i` (Abreu, Pearce and Stacchetti 1990).

How far B(W) reaches in direction :math:`\lambda` from profile a is a linear program. Its dual has one multiplier a deviation:
:math:`\min_{\mu \ge 0} \sum_y h_W(\xi_y(\mu)) - \mu\cdot b` with :math:`\xi_y(\mu) = \pi(y \mid a)\,(\delta_i \lambda_i)_i +
\sum_k \mu_k \Delta_k(y)\, e_{i(k)}`. *Any* :math:`\mu` bounds it, so old multipliers say which profiles need not be looked at, and proven
offsets need no trust in the solver. The primal is solved by the revised simplex method over the vertices of W, which are priced, not
listed: the basis has one row a signal and one a deviation.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.half_planes import ROUNDING, dual_bounds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Reduced costs and pivots below these count as zero; a program infeasible by less than the last is treated as feasible.
OPTIMAL = 1e-13
PIVOT = 1e-10
FEASIBLE = 1e-12
# What a unit of violation costs once the program is feasible, so that it stays feasible.
PENALTY = 1e6


@kernel
def continuation_program(
    x: float,
    y: float,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    vertices: Floats,
    count: int,
    multipliers: Floats,
    column: Integers,
    weight: Floats,
) -> tuple[float, float]:
    r"""Maximise :math:`\sum_y \pi(y)\,(x, y)\cdot w(y)` over continuations in the hull of `vertices` from which no deviation pays.

    Parameters
    ----------
    x, y : float
        Direction, each part times the player's discount factor.
    chance : array, shape (Y,)
        Probabilities of the signals.
    shift, mover, need : arrays, shapes (K, Y), (K,), (K,)
        Deviation k: by how much each signal is more likely without it, whose it is, what it needs.
    vertices, count : array, shape (>= count, 2), int
    multipliers : array, shape (K,)
        Overwritten: optimal multipliers; if there is no feasible continuation, multipliers that prove it, scaled to bound the value far
        below any payoff.
    column, weight : arrays, shape (Y + K,)
        Overwritten: the basis. A column ``s * count + v`` gives signal s the weight on vertex v; others are negative.

    Returns
    -------
    value, violation : float
        The value, and by how much the constraints cannot be met (0 if they can).
    """
    signals = chance.shape[0]
    deviations = mover.shape[0]
    rows = signals + deviations
    inverse = np.zeros((rows, rows))
    cost = np.zeros(rows)
    dual = np.zeros(rows)
    entering = np.zeros(rows)
    change = np.zeros(rows)
    first = 0
    top = -np.inf
    for v in range(count):
        height = x * vertices[v, 0] + y * vertices[v, 1]
        if height > top:
            top, first = height, v
    for s in range(signals):
        column[s] = s * count + first
        weight[s] = 1.0
        inverse[s, s] = 1.0
    infeasible = False
    for k in range(deviations):
        left = need[k]
        for s in range(signals):
            left -= shift[k, s] * vertices[first, mover[k]]
        sign = 1.0 if left > 0.0 else -1.0
        # Column -1 - k is the slack of deviation k, -1 - deviations - k what it is short of.
        column[signals + k] = -1 - deviations - k if left > 0.0 else -1 - k
        infeasible = infeasible or left > 0.0
        weight[signals + k] = abs(left)
        inverse[signals + k, signals + k] = sign
        for s in range(signals):
            inverse[signals + k, s] = -sign * shift[k, s] * vertices[first, mover[k]]
    phase = 1 if infeasible else 2
    violation = 0.0
    limit = 60 * rows + 200
    for turn in range(2 * limit):
        for r in range(rows):
            c = column[r]
            if c >= 0:
                cost[r] = 0.0 if phase == 1 else chance[c // count] * (x * vertices[c % count, 0] + y * vertices[c % count, 1])
            elif c >= -deviations:
                cost[r] = 0.0
            else:
                cost[r] = -1.0 if phase == 1 else -PENALTY
        for q in range(rows):
            total = 0.0
            for r in range(rows):
                total += cost[r] * inverse[r, q]
            dual[q] = total
        # Price the slacks, then for each signal the vertex that is worth most to it.
        careful = turn % limit > limit // 2
        best = OPTIMAL
        chosen = rows * count + 1
        for k in range(deviations):
            if dual[signals + k] > best:
                best = dual[signals + k]
                chosen = -1 - k
                if careful:
                    break
        if not (careful and best > OPTIMAL):
            for s in range(signals):
                a = chance[s] * x if phase == 2 else 0.0
                b = chance[s] * y if phase == 2 else 0.0
                for k in range(deviations):
                    if mover[k] == 0:
                        a -= dual[signals + k] * shift[k, s]
                    else:
                        b -= dual[signals + k] * shift[k, s]
                top = -np.inf
                peak = 0
                for v in range(count):
                    height = a * vertices[v, 0] + b * vertices[v, 1]
                    if height > top:
                        top, peak = height, v
                if top - dual[s] > best:
                    best = top - dual[s]
                    chosen = s * count + peak
                    if careful:
                        break
        if best > OPTIMAL and turn < 2 * limit - 1:
            for r in range(rows):
                entering[r] = 0.0
            if chosen >= 0:
                s = chosen // count
                entering[s] = 1.0
                for k in range(deviations):
                    entering[signals + k] = shift[k, s] * vertices[chosen % count, mover[k]]
            else:
                entering[signals - 1 - chosen] = -1.0
            leaving = -1
            ratio = np.inf
            for r in range(rows):
                total = 0.0
                for q in range(rows):
                    total += inverse[r, q] * entering[q]
                change[r] = total
                if total > PIVOT:
                    step = max(weight[r], 0.0) / total
                    if step < ratio or (step == ratio and total > change[leaving]):
                        ratio, leaving = step, r
            if leaving >= 0:
                pivot = change[leaving]
                for q in range(rows):
                    inverse[leaving, q] /= pivot
                for r in range(rows):
                    if r != leaving:
                        weight[r] -= ratio * change[r]
                        if change[r] != 0.0:
                            for q in range(rows):
                                inverse[r, q] -= change[r] * inverse[leaving, q]
                weight[leaving] = ratio
                column[leaving] = chosen
                continue
        # No column improves, or none can enter.
        if phase == 2:
            break
        violation = 0.0
        for r in range(rows):
            if column[r] < -deviations:
                violation += max(weight[r], 0.0)
        if violation > FEASIBLE:
            break
        violation = 0.0
        phase = 2
    scale = 1.0 if phase == 2 else 8.0 / violation
    for k in range(deviations):
        multipliers[k] = scale * max(-dual[signals + k], 0.0)
    value = 0.0
    for r in range(rows):
        c = column[r]
        weight[r] = max(weight[r], 0.0)
        if c >= 0:
            value += weight[r] * chance[c // count] * (x * vertices[c % count, 0] + y * vertices[c % count, 1])
    return value, violation


@kernel
def _tilt(x: float, y: float, chance: Floats, shift: Floats, mover: Integers, multipliers: Floats, tilted: Floats) -> None:
    """The directions in which each signal's continuation is pulled, given multipliers."""
    for s in range(chance.shape[0]):
        a = chance[s] * x
        b = chance[s] * y
        for k in range(mover.shape[0]):
            if mover[k] == 0:
                a += multipliers[k] * shift[k, s]
            else:
                b += multipliers[k] * shift[k, s]
        tilted[s, 0] = a
        tilted[s, 1] = b


@kernel
def proven_bound(
    x: float,
    y: float,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    normals: Floats,
    offsets: Floats,
    multipliers: Floats,
    tilted: Floats,
    bounds: Floats,
) -> float:
    """Upper bound, whatever the rounding, on the value of the program over {n_j·w ≤ c_j}, from any non-negative multipliers."""
    _tilt(x, y, chance, shift, mover, multipliers, tilted)
    dual_bounds(normals, offsets, tilted, bounds)
    total = 0.0
    size = 2.0
    for s in range(chance.shape[0]):
        total += bounds[s]
        size += abs(tilted[s, 0]) + abs(tilted[s, 1])
    for k in range(mover.shape[0]):
        total -= multipliers[k] * need[k]
        size += multipliers[k] * (2.0 + abs(need[k]))
    return float(total + ROUNDING * (2.0 + mover.shape[0]) * size)


@kernel
def estimated_bound(
    x: float,
    y: float,
    chance: Floats,
    shift: Floats,
    mover: Integers,
    need: Floats,
    vertices: Floats,
    count: int,
    multipliers: Floats,
    tilted: Floats,
) -> float:
    """The same bound from vertices, without regard to rounding."""
    _tilt(x, y, chance, shift, mover, multipliers, tilted)
    total = 0.0
    for s in range(chance.shape[0]):
        top = -np.inf
        for v in range(count):
            height = tilted[s, 0] * vertices[v, 0] + tilted[s, 1] * vertices[v, 1]
            top = max(top, height)
        total += top
    for k in range(mover.shape[0]):
        total -= multipliers[k] * need[k]
    return float(total)
