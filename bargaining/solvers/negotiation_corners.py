r"""The corners of a negotiation game's sets as the solution of linear equations.

Once the structure of the sets has settled, each corner is a split at what the proposer secures, a split at the least after a refusal, or
a draw of payoffs after a refusal; each of these is today's payoff and a corner of the other node's set or a point where an edge of it
meets a constraint. On the line of splits, and on edges along an axis, such a point is linear in what binds; on other edges its place is
kept where the estimate has it. The equations are then linear and are solved exactly; what comes out is a candidate, and only the exact
check of self-generation says whether it is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.polygon import hull
from bargaining.solvers.negotiation_game import Polygon, ScaledTalks
from bargaining.solvers.negotiation_outer import Estimate
from bargaining.solvers.outer import thinned
from bargaining.solvers.plane import exact_hull

Floats = NDArray[np.float64]
# Coefficients of the unknown coordinates; that of -1 stands alone.
Linear = Mapping[int, Fraction]

MOST_CORNERS = 24
# Scaled points nearer than this are one.
NEAR = 1e-9
ALONE = -1


@dataclass(frozen=True)
class _Corner:
    """A point in scaled floats and its coordinates as linear functions of the unknown corners; `exact` if no weight is a float."""

    at: tuple[float, float]
    given: tuple[Linear, Linear]
    exact: bool = True


def settled_corners(talks: ScaledTalks, estimate: Estimate, slack: float) -> tuple[Polygon, Polygon] | None:
    """Exact corners with the structure of the estimate, constraints raised by `slack`; None if it is no fixed point to go by."""
    sets = [polygon[thinned(polygon, NEAR)] for polygon in estimate.sets]
    base = (0, 2 * len(sets[0]))
    if sum(map(len, sets)) > MOST_CORNERS:
        return None
    unknown = [
        [
            _Corner((float(x), float(y)), ({base[i] + 2 * n: Fraction(1)}, {base[i] + 2 * n + 1: Fraction(1)}))
            for n, (x, y) in enumerate(sets[i])
        ]
        for i in (0, 1)
    ]
    rows: dict[int, Linear] = {}
    for i in (0, 1):
        made = _Node(talks, estimate, slack, i).corners(unknown[1 - i])
        if len(made) != len(sets[i]):
            return None
        for corner in made:
            distances = np.abs(sets[i] - np.array(corner.at)).max(axis=1)
            n = int(distances.argmin())
            if distances[n] > 1e-6 or base[i] + 2 * n in rows:
                return None
            rows[base[i] + 2 * n], rows[base[i] + 2 * n + 1] = corner.given
    solved = _solve([rows[k] for k in range(len(rows))])
    if solved is None:
        return None
    found = [exact_hull([(solved[base[i] + 2 * n], solved[base[i] + 2 * n + 1]) for n in range(len(sets[i]))]) for i in (0, 1)]
    return found[0], found[1]


@dataclass(frozen=True, eq=False)
class _Node:
    """One application of the operator at node i to corners."""

    talks: ScaledTalks
    estimate: Estimate
    slack: float
    i: int

    def corners(self, after: Sequence[_Corner]) -> list[_Corner]:
        """Corners of E_i from those of E_j."""
        talks, i, j = self.talks, self.i, 1 - self.i
        refused = self._refused(after)
        if not refused:
            return []
        floor, given = self._secured(refused)
        low = min(refused, key=lambda corner: corner.at[j])
        least, height = low.given[j], low.at[j]

        splits = []
        if talks.surplus - floor >= height - NEAR:
            for mine, value in ((floor, given), (talks.surplus - height, self._rest(least))):
                at, pair = (mine, talks.surplus - mine), (value, self._rest(value))
                splits.append(_Corner(at, pair) if i == 0 else _Corner(at[::-1], pair[::-1]))
        quarrels = self._cut(refused, i, floor + self.slack, _sum((given, 1), ({ALONE: self._units(self.slack)}, 1)))
        return _outline([*splits, *quarrels])

    def _units(self, scaled: float) -> Fraction:
        return Fraction(scaled) * self.talks.span

    def _rest(self, value: Linear) -> Linear:
        return _sum(({ALONE: self.talks.exact.surplus}, 1), (value, -1))

    def _refused(self, after: Sequence[_Corner]) -> list[_Corner]:
        talks = self.talks
        deltas = talks.exact.deltas
        worst = [min(after, key=lambda corner: corner.at[k]) for k in (0, 1)]
        points = []
        for a in np.flatnonzero(self.estimate.used):
            _, flow, gain = talks.exact.profiles[talks.positions[a]]
            kept: Sequence[_Corner] = after
            for k in (0, 1):
                raised = self.slack if gain[k] > 0 else 0.0
                level = worst[k].at[k] + (1.0 - talks.deltas[k]) / talks.deltas[k] * talks.gains[a, k] + raised
                needed = (1 - deltas[k]) / deltas[k] * gain[k] + self._units(raised)
                kept = self._cut(kept, k, float(level), _sum((worst[k].given[k], 1), ({ALONE: needed}, 1)))
            for w in kept:
                at = tuple(float((1.0 - talks.deltas[k]) * talks.payoffs[a, k] + talks.deltas[k] * w.at[k]) for k in (0, 1))
                given = tuple(_sum(({ALONE: (1 - deltas[k]) * flow[k]}, 1), (w.given[k], deltas[k])) for k in (0, 1))
                points.append(_Corner(at, given, w.exact))  # type: ignore[arg-type]
        return _outline(points)

    def _secured(self, refused: Sequence[_Corner]) -> tuple[float, Linear]:
        """What i secures: at the corner, or the place where an edge crosses the line of splits, that is worst for it."""
        i, j, surplus = self.i, 1 - self.i, self.talks.surplus
        places = list(refused)
        for p, q in zip(refused, [*refused[1:], refused[0]], strict=True):
            here, there = sum(p.at) - surplus, sum(q.at) - surplus
            if min(here, there) < -NEAR and max(here, there) > NEAR:
                places.append(_between(p, q, here / (here - there)))
        hardest = max(places, key=lambda w: min(w.at[j], surplus - w.at[i]))
        if hardest.at[j] <= surplus - hardest.at[i] + NEAR:
            return surplus - hardest.at[j], self._rest(hardest.given[j])
        return hardest.at[i], hardest.given[i]

    def _cut(self, polygon: Sequence[_Corner], k: int, level: float, given: Linear) -> list[_Corner]:
        """The part of a polygon where coordinate k is no less than a level."""
        if all(corner.at[k] >= level - NEAR for corner in polygon):
            return list(polygon)
        kept: list[_Corner] = []
        for n, p in enumerate(polygon):
            q = polygon[(n + 1) % len(polygon)]
            here, there = p.at[k] - level, q.at[k] - level
            if here >= -NEAR:
                kept.append(p)
            if min(here, there) < -NEAR and max(here, there) > NEAR and (len(polygon) > 2 or n == 0):
                kept.append(self._crossing(p, q, here / (here - there), k, level, given))
        return kept

    def _crossing(self, p: _Corner, q: _Corner, share: float, k: int, level: float, given: Linear) -> _Corner:
        surplus = self.talks.surplus
        there = _between(p, q, share)
        if all(abs(sum(end.at) - surplus) <= NEAR for end in (p, q)):
            other, value, exact = surplus - level, self._rest(given), True
        elif abs(p.at[1 - k] - q.at[1 - k]) <= NEAR:
            other, value, exact = p.at[1 - k], p.given[1 - k], p.exact
        else:
            return there
        return _Corner((level, other), (given, value), exact) if k == 0 else _Corner((other, level), (value, given), exact)


def _sum(*parts: tuple[Linear, Fraction | int]) -> Linear:
    made: dict[int, Fraction] = {}
    for terms, weight in parts:
        for k, value in terms.items():
            made[k] = made.get(k, Fraction(0)) + weight * value
    return made


def _between(p: _Corner, q: _Corner, share: float) -> _Corner:
    weight = Fraction(share)
    at = tuple((1.0 - share) * p.at[k] + share * q.at[k] for k in (0, 1))
    given = tuple(_sum((p.given[k], 1 - weight), (q.given[k], weight)) for k in (0, 1))
    return _Corner(at, given, False)  # type: ignore[arg-type]


def _outline(points: Sequence[_Corner]) -> list[_Corner]:
    """Corners of the hull, counter-clockwise; of points that are one the exact one stays."""
    kept: list[_Corner] = []
    for point in sorted(points, key=lambda corner: not corner.exact):
        if all(max(abs(point.at[k] - other.at[k]) for k in (0, 1)) > NEAR for other in kept):
            kept.append(point)
    if not kept:
        return []
    cloud = np.array([corner.at for corner in kept])
    order, chain = np.empty(len(cloud), dtype=np.int64), np.empty(2 * len(cloud) + 2, dtype=np.int64)
    found = chain[: hull(cloud, len(cloud), order, chain)]
    return [kept[k] for k in found[thinned(cloud[found], NEAR)]]


def _solve(rows: Sequence[Linear]) -> list[Fraction] | None:
    """The solution of x_k = rows[k](x); None if there is not exactly one."""
    count = len(rows)
    matrix = []
    for k, row in enumerate(rows):
        line = [-row.get(m, Fraction(0)) for m in range(count)] + [row.get(ALONE, Fraction(0))]
        line[k] += 1
        matrix.append(line)
    for k in range(count):
        pivot = next((r for r in range(k, count) if matrix[r][k]), None)
        if pivot is None:
            return None
        matrix[k], matrix[pivot] = matrix[pivot], matrix[k]
        lead = matrix[k]
        for r in range(count):
            if r != k and matrix[r][k]:
                factor = matrix[r][k] / lead[k]
                matrix[r] = [value - factor * top if top else value for value, top in zip(matrix[r], lead, strict=True)]
    return [matrix[k][-1] / matrix[k][k] for k in range(count)]
