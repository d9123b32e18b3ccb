r"""Where along a rate ray payoff sets may jump: the multiples at which a profile can be enforced no longer.

Profile a can be enforced at a multiple τ by continuations in W exactly if the corner :math:`u(W) + \tau\rho\,h(a)` lies below a point of W.
How much room is left to it shrinks as τ grows; where it is used up, all that relies on a is lost at once. These are guesses at where to
solve next, extrapolated from sets on the near side of a jump; whether they are right is decided by solving there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def room(vertices: Floats, corners: Floats, units: Floats) -> Floats:
    """How far each corner, shape (A, 2), can move up along both axes and still lie below a point of the polygon; shape (A,)."""
    above = (vertices[None] - corners[:, None]) / units
    best = above.min(axis=2).max(axis=1)
    along = np.roll(above, -1, axis=1) - above
    differences = above[:, :, 0] - above[:, :, 1]
    turning = along[:, :, 1] - along[:, :, 0]
    shares = np.divide(differences, turning, out=np.full_like(differences, -1.0), where=turning != 0.0)
    crossing = np.where((shares > 0.0) & (shares < 1.0), above[:, :, 0] + shares * along[:, :, 0], -np.inf)
    return np.asarray(np.maximum(best, crossing.max(axis=1)))


def losses(sets: Sequence[tuple[float, Floats]], gains: Floats, units: Floats, high: float) -> list[float]:
    """Multiples up to `high` at which profiles with deviation gains `gains`, shape (A, 2), run out of room, in rising order.

    `sets` are the multiples and vertices of one or two sets, the nearest to the jump last.
    """
    multiple, vertices = sets[-1]
    worst = vertices.min(axis=0)
    here = room(vertices, worst + multiple * gains, units)
    tempted = (gains > 0.0).any(axis=1) & (here >= -1e-9)
    if len(sets) == 2:
        before, others = sets[0]
        there = room(others, others.min(axis=0) + before * gains, units)
        slope = (here - there) / (multiple - before)
        falling = tempted & (slope < 0.0)
        ends = multiple - here[falling] / slope[falling]
    else:
        # The set as it is: room is concave in the multiple, so secants from above close in on where it ends.
        left, right = np.full(int(tempted.sum()), multiple), np.full(int(tempted.sum()), high)
        own, first = gains[tempted], here[tempted]
        ends = right
        for _ in range(8):
            last = room(vertices, worst + ends[:, None] * own, units)
            short = last < 0.0
            step = np.divide(first * (ends - left), first - last, out=ends - left, where=short)
            ends = np.where(short, left + step, ends)
        ends = ends[ends < high]
    return sorted({float(end) for end in ends if multiple < end < high})
