"""A negotiation game for its solver: exact profiles with the exact set operator, and the same moved and stretched for the kernels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.negotiation import NegotiationGame
from bargaining.kernels.polygon import hull
from bargaining.solvers.plane import Pair, cut, exact_hull

Floats = NDArray[np.float64]
Polygon = list[Pair]
Profile = tuple[tuple[int, int], Pair, Pair]

# From how many points on it pays to leave out what is farther inside than this (of their spread) before exact numbers are sorted.
MANY, INSIDE = 64, 1e-9


@dataclass(frozen=True, eq=False)
class Talks:
    """Surplus, discount factors, and of every profile its actions, payoffs and deviation gains, exact."""

    surplus: Fraction
    deltas: Pair
    profiles: tuple[Profile, ...]

    @classmethod
    def of(cls, game: NegotiationGame) -> "Talks":
        """All profiles of a game."""
        first, second = game.exact_payoffs()
        rows, columns = range(len(first)), range(len(first[0]))
        best_row = [max(first[a][b] for a in rows) for b in columns]
        best_column = [max(second[a]) for a in rows]
        profiles = tuple(
            ((a, b), (first[a][b], second[a][b]), (best_row[b] - first[a][b], best_column[a] - second[a][b])) for a in rows for b in columns
        )
        return cls(game.exact_surplus, game.exact_deltas, profiles)

    def only(self, positions: Collection[int]) -> "Talks":
        """The same with some profiles only; what they generate is part of what all do."""
        return replace(self, profiles=tuple(self.profiles[a] for a in sorted(positions)))

    def box(self) -> tuple[Pair, Pair]:
        """Nobody gets less than pure minmax, or more than the best flow or what leaves the other its minmax."""
        rows = {where[0] for where, _, _ in self.profiles}
        columns = {where[1] for where, _, _ in self.profiles}
        table = {where: d for where, d, _ in self.profiles}
        floors = (min(max(table[a, b][0] for a in rows) for b in columns), min(max(table[a, b][1] for b in columns) for a in rows))
        tops = [max(*(d[i] for _, d, _ in self.profiles), self.surplus - floors[1 - i], floors[i]) for i in (0, 1)]
        return floors, (tops[0], tops[1])

    def refused(self, after: Sequence[Pair], floors: Sequence[Fraction] | None = None) -> Polygon:
        """Payoffs after a refusal, with continuations in `after`; deviators get `floors`, by default the worst in `after`."""
        worst = floors or [min(w[k] for w in after) for k in (0, 1)]
        d0, d1 = self.deltas
        points: set[Pair] = set()
        for _, flow, gain in self.profiles:
            needed = [worst[k] + (1 - self.deltas[k]) * gain[k] / self.deltas[k] for k in (0, 1)]
            for x, y in above(after, needed):
                points.add(((1 - d0) * flow[0] + d0 * x, (1 - d1) * flow[1] + d1 * y))
        return exact_hull(_outlying(list(points)))

    def secured(self, i: int, refused: Sequence[Pair]) -> Fraction:
        """What proposer i can secure, given the payoffs after a refusal."""
        j = 1 - i
        # The best for min{w_j, S - w_i} is at a corner or where an edge crosses w_0 + w_1 = S.
        places = [*refused, *cut(refused, (1, 1), self.surplus), *cut(refused, (-1, -1), -self.surplus)]
        return self.surplus - max(min(w[j], self.surplus - w[i]) for w in places)

    def node(self, i: int, after: Sequence[Pair]) -> Polygon:
        """Payoffs when i proposes, from those when the other does a period later."""
        refused = self.refused(after)
        return self.offered(i, refused) if refused else []

    def offered(self, i: int, refused: Sequence[Pair]) -> Polygon:
        """Payoffs when i proposes, from those after a refusal."""
        j, floor = 1 - i, self.secured(i, refused)
        least = min(w[j] for w in refused)
        points = above(refused, (floor, min(w[1] for w in refused)) if i == 0 else (min(w[0] for w in refused), floor))
        if self.surplus - floor >= least:
            for mine in (floor, self.surplus - least):
                points.append((mine, self.surplus - mine) if i == 0 else (self.surplus - mine, mine))
        return exact_hull(points)


def _outlying(points: Sequence[Pair]) -> Sequence[Pair]:
    """Of many points those that are not, by far more than rounding, inside the hull of all."""
    if len(points) < MANY:
        return points
    cloud = np.array([[float(x), float(y)] for x, y in points])
    cloud -= cloud.min(axis=0)
    cloud /= np.where(cloud.max(axis=0) > 0, cloud.max(axis=0), 1.0)
    order, chain = np.empty(len(cloud), dtype=np.int64), np.empty(2 * len(cloud) + 2, dtype=np.int64)
    corners = cloud[chain[: hull(cloud, len(cloud), order, chain)]]
    if len(corners) < 3:
        return points
    steps = np.roll(corners, -1, axis=0) - corners
    steps /= np.hypot(steps[:, 0], steps[:, 1])[:, None]
    inside = np.full(len(cloud), np.inf)
    for (x, y), step in zip(corners, steps, strict=True):
        inside = np.minimum(inside, step[0] * (cloud[:, 1] - y) - step[1] * (cloud[:, 0] - x))
    return [points[int(k)] for k in np.flatnonzero(inside <= INSIDE)]


def above(polygon: Sequence[Pair], floors: Any) -> Polygon:
    """The part of a polygon that is no less than `floors` in either coordinate."""
    if all(x >= floors[0] and y >= floors[1] for x, y in polygon):
        return list(polygon)
    if not any(x >= floors[0] for x, _ in polygon) or not any(y >= floors[1] for _, y in polygon):
        return []
    return cut(cut(polygon, (1, 0), floors[0]), (0, 1), floors[1])


@dataclass(frozen=True, eq=False)
class ScaledTalks:
    """Profiles that something can follow, payoffs moved by `origin` and divided by `span`: all payoff sets lie in the unit square.

    Both payoffs have one `span`, so that splits stay on a line of slope -1. `positions` are those of the profiles in `exact`.
    """

    exact: Talks
    positions: NDArray[np.int64]
    payoffs: Floats
    gains: Floats
    deltas: Floats
    surplus: float
    noise: float
    origin: Pair
    span: Fraction

    @classmethod
    def of(cls, game: NegotiationGame) -> "ScaledTalks":
        """Scale a game, rounding once."""
        exact = Talks.of(game)
        floors, tops = exact.box()
        span = max(tops[0] - floors[0], tops[1] - floors[1]) or Fraction(1)
        kept, payoffs, gains = [], [], []
        for position, (_, flow, gain) in enumerate(exact.profiles):
            if all((1 - exact.deltas[k]) * gain[k] <= exact.deltas[k] * (tops[k] - floors[k]) for k in (0, 1)):
                kept.append(position)
                payoffs.append([float((flow[k] - floors[k]) / span) for k in (0, 1)])
                gains.append([float(gain[k] / span) for k in (0, 1)])
        # A surplus so small that no split is ever agreed on may as well be -1.
        surplus = max((exact.surplus - floors[0] - floors[1]) / span, Fraction(-1))
        g, h = np.array(payoffs).reshape(-1, 2), np.array(gains).reshape(-1, 2)
        largest = max(1.0, float(np.abs(g).max(initial=0.0)), float(h.max(initial=0.0)))
        return cls(
            exact=exact,
            positions=np.array(kept, dtype=np.int64),
            payoffs=g,
            gains=h,
            deltas=np.array([float(delta) for delta in exact.deltas]),
            surplus=float(surplus),
            noise=2.0**-52 * largest,
            origin=floors,
            span=span,
        )

    def in_units(self, points: Floats) -> Floats:
        """Scaled points in the game's own units."""
        return np.array([float(origin) for origin in self.origin]) + points * float(self.span)

    def exact_in_units(self, point: Sequence[Any]) -> Pair:
        """A scaled point in the game's own units, exactly."""
        return self.origin[0] + Fraction(point[0]) * self.span, self.origin[1] + Fraction(point[1]) * self.span

    def scaled(self, polygon: Sequence[Pair]) -> Floats:
        """An exact polygon in scaled floats."""
        return np.array([[float((v[k] - self.origin[k]) / self.span) for k in (0, 1)] for v in polygon]).reshape(-1, 2)
