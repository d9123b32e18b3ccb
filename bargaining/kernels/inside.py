r"""From inside, with a common discount factor: a polygon near the fixed point that generates itself with more room than rounding can take.

Self-generation proves that it consists of equilibrium payoffs (Abreu, Pearce and Stacchetti 1990); the room makes the proof one about the
exact game, though it is done in floats.
"""

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels._jit import kernel
from bargaining.kernels.binding import LOWER, STAY, structure_fixed_point
from bargaining.kernels.polygon import inradius

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

EPSILON = 2.220446049250313e-16
# How often continuations may move to a neighbouring edge.
TURNS = 4


@kernel
def _on_segment(g: Floats, gain: Floats, delta: float, labels: Integers, segment: Floats, k: int, noise: float) -> bool:
    """Whether end k of a segment is generated from it, its constraint binding exactly, with room for rounding in everything else.

    The ends then solve linear equations: the coordinate whose constraint binds is fixed by the worst payoff, and the other by the share
    of the segment at which the continuation lies. The exact solution is within `error` of the floats.
    """
    label = labels[k]
    a = label // 8
    own = 0 if label % 8 <= LOWER else 1
    other = 1 - own
    rate = (1.0 - delta) / delta
    error = 64.0 * (noise + EPSILON) / (1.0 - delta) * (1.0 + rate)
    worst = min(segment[0, own], segment[1, own])
    if labels[1 - k] % 8 != STAY and (worst < segment[k, own] or (labels[1 - k] % 8 <= LOWER) != (own == 0)):
        return False
    bound = worst + rate * gain[a, own]
    length = segment[1 - k, own] - segment[k, own]
    share = (bound - segment[k, own]) / length if length != 0.0 else -1.0
    room = error / abs(length) if length != 0.0 else 1.0
    if not (room < share < 1.0 - room):
        return False
    lowest = min(segment[0, other], segment[1, other])
    w = segment[k, other] + share * (segment[1 - k, other] - segment[k, other])
    return not gain[a, other] > 0.0 or w - lowest - rate * gain[a, other] > error * (1.0 + 1.0 / abs(length))


@kernel
def generates_itself(g: Floats, gain: Floats, delta: float, labels: Integers, polygon: Floats, count: int, noise: float) -> bool:
    """Whether a polygon generates itself, each vertex as its label says, with more room than rounding can take.

    The claim is about the exact game: `noise` bounds the errors of the scaled payoffs. Vertices played for ever stand for exact payoffs,
    the others for the floats that they are.
    """
    rate = (1.0 - delta) / delta
    worst0 = np.inf
    worst1 = np.inf
    for k in range(count):
        worst0 = min(worst0, polygon[k, 0])
        worst1 = min(worst1, polygon[k, 1])
    allowance = 4.0 * (noise + EPSILON) * (1.0 + rate)
    for k in range(count):
        a = labels[k] // 8
        if labels[k] % 8 == STAY:
            if gain[a, 0] > 0.0 and not g[a, 0] - worst0 - rate * gain[a, 0] > allowance:
                return False
            if gain[a, 1] > 0.0 and not g[a, 1] - worst1 - rate * gain[a, 1] > allowance:
                return False
            continue
        if count == 2:
            if not _on_segment(g, gain, delta, labels, polygon, k, noise):
                return False
            continue
        if count < 2:
            return False
        w0 = (polygon[k, 0] - (1.0 - delta) * g[a, 0]) / delta
        w1 = (polygon[k, 1] - (1.0 - delta) * g[a, 1]) / delta
        error = 4.0 * (noise + EPSILON) / delta
        if gain[a, 0] > 0.0 and not w0 - worst0 - rate * gain[a, 0] > error + allowance:
            return False
        if gain[a, 1] > 0.0 and not w1 - worst1 - rate * gain[a, 1] > error + allowance:
            return False
        for p in range(count):
            q = p + 1 if p + 1 < count else 0
            edge0, edge1 = polygon[q, 0] - polygon[p, 0], polygon[q, 1] - polygon[p, 1]
            way0, way1 = w0 - polygon[p, 0], w1 - polygon[p, 1]
            length = abs(edge0) + abs(edge1)
            moved = 0.0
            if labels[p] % 8 == STAY or labels[q] % 8 == STAY:
                moved = noise
            if length == 0.0 and moved == 0.0:
                continue
            if not edge0 * way1 - edge1 * way0 > length * (error + 4.0 * EPSILON) + 4.0 * moved * (length + abs(way0) + abs(way1)):
                return False
    return True


@kernel
def inner_vertices(
    g: Floats,
    gain: Floats,
    delta: float,
    labels: Integers,
    edges: Integers,
    fixed: Floats,
    count: int,
    tol: float,
    noise: float,
    inside: Floats,
) -> bool:
    """A polygon near the fixed point of a structure that generates itself, into `inside`; False if none is found within tol."""
    moving = False
    for k in range(count):
        moving = moving or labels[k] % 8 != STAY
    if not moving:
        for k in range(count):
            inside[k, 0], inside[k, 1] = fixed[k, 0], fixed[k, 1]
        return generates_itself(g, gain, delta, labels, inside, count, noise)
    if count < 3:
        # A segment has no interior to move into: its ends are exact, if everything that does not bind has room.
        for k in range(count):
            inside[k, 0], inside[k, 1] = fixed[k, 0], fixed[k, 1]
        return generates_itself(g, gain, delta, labels, inside, count, noise)
    radius = inradius(fixed, count)
    if not radius > 0.0:
        return False
    slack = 32.0 * (noise + EPSILON) / delta
    on = np.empty(count, np.int64)
    while slack <= tol:
        inward = min(0.5, slack / radius)
        for k in range(count):
            on[k] = edges[k]
        for _ in range(TURNS):
            for k in range(count):
                inside[k, 0], inside[k, 1] = fixed[k, 0], fixed[k, 1]
            if not structure_fixed_point(g, gain, delta, labels, on, count, slack, inward, inside):
                break
            if generates_itself(g, gain, delta, labels, inside, count, noise):
                return True
            if not _round_the_corner(g, delta, labels, inside, count, on):
                break
        slack *= 16.0
    return False


@kernel
def _round_the_corner(g: Floats, delta: float, labels: Integers, polygon: Floats, count: int, edges: Integers) -> bool:
    """Move continuations that lie beyond the end of their edge to the next edge; whether there were any.

    Where a continuation is a vertex of the set exactly, the perturbed one may fall on either side of it.
    """
    moved = False
    for k in range(count):
        if edges[k] < 0:
            continue
        a = labels[k] // 8
        p = edges[k]
        q = p + 1 if p + 1 < count else 0
        w0 = (polygon[k, 0] - (1.0 - delta) * g[a, 0]) / delta
        w1 = (polygon[k, 1] - (1.0 - delta) * g[a, 1]) / delta
        x, y = polygon[q, 0] - polygon[p, 0], polygon[q, 1] - polygon[p, 1]
        along = x * (w0 - polygon[p, 0]) + y * (w1 - polygon[p, 1])
        if along < 0.0:
            edges[k] = p - 1 if p > 0 else count - 1
            moved = True
        elif along > x * x + y * y:
            edges[k] = q
            moved = True
    return moved
