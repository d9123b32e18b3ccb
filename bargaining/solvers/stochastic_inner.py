r"""From inside: sets of payoffs, one a state of a stochastic game, that generate themselves, with the data of an exact proof.

Sets with :math:`W_s \subseteq B_s(W)` for every state consist of equilibrium payoffs. What a profile may be followed by is a Minkowski sum
of the successors' polygons; a point of it lies in a triangle of three of its vertices, and each of these is a sum of vertices of the
successors' polygons.

Candidates are float polygons of a slightly stricter operator, together with the vertices of the limit whose whole continuation is made of
vertices without a binding constraint: those are values of plans, solved exactly. Vertices that cannot be proven are left out, and what is
left is tried again.
"""

import math
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cmp_to_key
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stochastic import StochasticInner
from bargaining.games.state_values import discounted_values
from bargaining.solvers.inner import locate
from bargaining.solvers.plane import exact_hull
from bargaining.solvers.scaled import Pair
from bargaining.solvers.stochastic_game import FlatGame

Floats = NDArray[np.float64]
Integer = tuple[int, int]
Corner = tuple[int, ...]
Place = tuple[int, int]
Link = tuple[tuple[Place, Fraction], ...]

# Floats are cut to this grid, so that exact numbers stay short.
GRID = 2**62
# How near to a corner of the mixture a continuation is taken for it.
NEAR = 1e-9
# A polygon of less extent is what iteration has left of a point.
POINT = 1e-6
MOST_PRUNED = 40
MOST_PLANS = 160


class Mixtures:
    """What can follow a profile: exact sums of the successors' polygons, with the vertices that make each corner; found when asked for.

    Coordinates of corners are integers: over `unit` and over `whole[p]`, the common denominator of the profile's probabilities.
    """

    def __init__(self, flat: FlatGame, polygons: Sequence[Sequence[Pair]]) -> None:
        self.flat = flat
        self.unit = [math.lcm(1, *(vertex[i].denominator for polygon in polygons for vertex in polygon)) for i in (0, 1)]
        self.integers = [[self._over_unit(vertex) for vertex in polygon] for polygon in polygons]
        self.whole: dict[int, int] = {}
        self._of: dict[int, tuple[list[Integer], list[Corner], Floats]] = {}
        # Profiles that are followed by the same have the same mixture.
        self._found: dict[Any, tuple[int, Any]] = {}

    def _over_unit(self, point: Pair) -> Integer:
        first, second = (point[i].numerator * (self.unit[i] // point[i].denominator) for i in (0, 1))
        return first, second

    def of(self, p: int) -> tuple[list[Integer], list[Corner], Floats]:
        """Corners counter-clockwise from the leftmost one, the vertex of each successor that they take, and their floats."""
        if p not in self.whole:
            row = self.flat.row(p)
            if row not in self._found:
                whole = math.lcm(*(share.denominator for _, share in row))
                self._found[row] = whole, self._sum(row, whole)
            self.whole[p], self._of[p] = self._found[row]
        return self._of[p]

    def _sum(self, row: Sequence[tuple[int, Fraction]], whole: int) -> tuple[list[Integer], list[Corner], Floats]:
        weights = [share.numerator * (whole // share.denominator) for _, share in row]
        edges: list[tuple[Integer, int]] = []
        for k, (state, _) in enumerate(row):
            polygon = self.integers[state]
            if len(polygon) > 1:
                edges += [
                    ((after[0] - before[0], after[1] - before[1]), k)
                    for before, after in zip(polygon, [*polygon[1:], polygon[0]], strict=True)
                ]
        edges.sort(key=cmp_to_key(_edge_order))
        at = [0] * len(row)
        here = [sum(weight * self.integers[state][0][i] for weight, (state, _) in zip(weights, row, strict=True)) for i in (0, 1)]
        corners, points = [tuple(at)], [(here[0], here[1])]
        for n, (edge, k) in enumerate(edges):
            at[k] = (at[k] + 1) % len(self.integers[row[k][0]])
            here = [here[i] + weights[k] * edge[i] for i in (0, 1)]
            # Of parallel edges only the end is a corner; the last edge comes back to the start.
            if n + 1 < len(edges) and _by_angle(edge, edges[n + 1][0]) != 0:
                corners.append(tuple(at))
                points.append((here[0], here[1]))
        scale = [self.unit[i] * whole for i in (0, 1)]
        shadow = np.array([[point[0] / scale[0], point[1] / scale[1]] for point in points])
        return points, corners, shadow


def _edge_order(u: tuple[Integer, int], v: tuple[Integer, int]) -> int:
    return _by_angle(u[0], v[0])


def _by_angle(u: Integer, v: Integer) -> int:
    """Order of edges around a polygon from its leftmost (lowest) vertex."""
    left_u, left_v = u[0] < 0 or (u[0] == 0 and u[1] < 0), v[0] < 0 or (v[0] == 0 and v[1] < 0)
    if left_u != left_v:
        return 1 if left_u else -1
    turn = u[0] * v[1] - u[1] * v[0]
    return -1 if turn > 0 else int(turn < 0)


def _hull(points: Sequence[Pair]) -> list[Pair]:
    """`exact_hull` in integers, which is faster."""
    unit = [math.lcm(1, *(point[i].denominator for point in points)) for i in (0, 1)]
    back = {(x.numerator * (unit[0] // x.denominator), y.numerator * (unit[1] // y.denominator)): (x, y) for x, y in points}
    return [back[corner] for corner in exact_hull(back)]  # type: ignore[arg-type, index]


@dataclass
class Work:
    """How much may still be done."""

    left: int


def prove(
    flat: FlatGame,
    polygons: Sequence[Sequence[Pair]],
    makers: Sequence[Sequence[int]],
    hints: Mapping[tuple[int, Pair], int],
    work: Work | None = None,
) -> StochasticInner | None:
    """Exact proof that the hulls of (a part of) the points generate themselves; None if nothing is left of some polygon that was there.

    Also None if there is no `work` left to go on.

    Parameters
    ----------
    flat : FlatGame
    polygons : for each state a sequence of pairs of Fraction
        Scaled payoffs; none for a state without equilibria.
    makers : for each state the positions of profiles to try.
    hints : (state, point) -> the profile to try first
    work : how many mixtures may be searched for a place, default as many as it takes
    """
    work = work or Work(sys.maxsize)
    begun = [bool(polygon) for polygon in polygons]
    pools = [list(polygon) for polygon in polygons]
    for _ in range(MOST_PRUNED):
        polygons = [_hull(pool) for pool in pools]
        mixtures = Mixtures(flat, polygons)
        shadows = [np.array([[float(x), float(y)] for x, y in polygon]).reshape(-1, 2) for polygon in polygons]
        worst = [
            tuple(min(range(len(polygon)), key=lambda k: polygon[k][i]) for i in (0, 1)) if polygon else (0, 0) for polygon in polygons
        ]
        floors = [[polygon[worst[s][i]][i] for i in (0, 1)] if polygon else None for s, polygon in enumerate(polygons)]
        needs: dict[int, Pair] = {}
        worths: dict[tuple[int, int], Fraction] = {}
        profiles: list[list[tuple[int, int]]] = []
        corners: list[list[tuple[Corner, Corner, Corner]]] = []
        kept: list[list[Pair]] = []
        for s, polygon in enumerate(polygons):
            profiles.append([])
            corners.append([])
            kept.append([])
            for k, vertex in enumerate(polygon):
                found = None
                first = hints.get((s, vertex))
                tried = (p for p in _likely_first(flat, mixtures, shadows, floors, s, k, makers[s]) if p != first)
                for p in chain(() if first is None else (first,), tried):
                    if p not in needs:
                        needs[p] = _needs(flat, floors, worths, p)
                    if any(vertex[i] < needs[p][i] for i in (0, 1)):
                        continue
                    if work.left <= 0:
                        return None
                    work.left -= 1
                    place = _place(flat, mixtures, p, vertex)
                    if place is not None:
                        found = p, place
                        break
                if found is not None:
                    profiles[s].append(flat.profile(found[0]))
                    corners[s].append(found[1])
                    kept[s].append(vertex)
        if any(was and not left for was, left in zip(begun, kept, strict=True)):
            return None
        if all(len(left) == len(polygon) for left, polygon in zip(kept, polygons, strict=True)):
            return StochasticInner(
                vertices=tuple(tuple(flat.exact_in_units(vertex) for vertex in polygon) for polygon in polygons),
                profiles=tuple(map(tuple, profiles)),
                corners=tuple(map(tuple, corners)),
                punishments=tuple((int(first), int(second)) for first, second in worst),
            )
        # What a wrong vertex covered may be right.
        for s, polygon in enumerate(polygons):
            failed = set(polygon) - set(kept[s])
            pools[s] = [point for point in pools[s] if point not in failed]
    return None


def _needs(flat: FlatGame, floors: Sequence[Sequence[Fraction] | None], worths: dict[tuple[int, int], Fraction], p: int) -> Pair:
    """What a profile must promise each player, exactly; `worths` keeps what a player gets from a profile and the worst after it."""
    deltas = flat.game.exact_deltas
    values = []
    for i in (0, 1):
        for other in flat.deviations(p, i):
            if (other, i) not in worths:
                after = sum((share * floors[s][i] for s, share in flat.row(other)), Fraction(0))  # type: ignore[index]
                worths[other, i] = (1 - deltas[i]) * flat.exact_payoff(other)[i] + deltas[i] * after
        values.append(max(worths[other, i] for other in flat.deviations(p, i)))
    return values[0], values[1]


class _Stretched(Sequence[Integer]):
    """Points times a factor a coordinate, one when it is asked for."""

    def __init__(self, points: Sequence[Integer], factor: Sequence[int]) -> None:
        self.points, self.factor = points, factor

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, k: Any) -> Any:
        x, y = self.points[k]
        return x * self.factor[0], y * self.factor[1]


def _place(flat: FlatGame, mixtures: Mixtures, p: int, vertex: Pair) -> tuple[Corner, Corner, Corner] | None:
    """Three corners of the mixture after profile p whose triangle holds the continuation that `vertex` asks for; None if none does."""
    points, corners, shadow = mixtures.of(p)
    payoff = flat.exact_payoff(p)
    deltas = flat.game.exact_deltas
    scale = [mixtures.unit[i] * mixtures.whole[p] for i in (0, 1)]
    wanted = [(vertex[i] - (1 - deltas[i]) * payoff[i]) / deltas[i] * scale[i] for i in (0, 1)]
    # A common factor makes the target an integer too.
    factor = [want.denominator for want in wanted]
    stretched = points if factor == [1, 1] else _Stretched(points, factor)
    near = np.array([float(wanted[i] / scale[i]) for i in (0, 1)])
    found = locate(stretched, shadow, (wanted[0].numerator, wanted[1].numerator), near)
    return None if found is None else (corners[found[0]], corners[found[1]], corners[found[2]])


def _likely_first(
    flat: FlatGame,
    mixtures: Mixtures,
    shadows: Sequence[Floats],
    floors: Sequence[Sequence[Fraction] | None],
    s: int,
    k: int,
    makers: Sequence[int],
) -> Iterator[int]:
    """The profiles in the order of how far, in floats, vertex k is from the box of what each generates; hopeless ones left out."""
    misses = []
    for p in makers:
        if any(floors[state] is None for state, _ in flat.row(p)):
            continue
        shadow = mixtures.of(p)[2]
        continuation = (shadows[s][k] - (1.0 - flat.deltas) * flat.payoffs[p]) / flat.deltas
        outside = np.maximum(shadow.min(axis=0) - continuation, continuation - shadow.max(axis=0)).max()
        if outside * flat.deltas.min() <= NEAR:
            misses.append((max(float(outside), 0.0), p))
    yield from (p for _, p in sorted(misses))


def snapped(points: Floats) -> list[Pair]:
    """Floats on a binary grid, exactly."""
    return [(Fraction(round(float(x) * GRID), GRID), Fraction(round(float(y) * GRID), GRID)) for x, y in points]


def is_point(polygon: Floats) -> bool:
    """Whether a polygon is what iteration has left of a point."""
    return bool(len(polygon) and np.ptp(polygon, axis=0).max() <= POINT)


def after_points(flat: FlatGame, p: int, single: Mapping[int, Pair]) -> Pair | None:
    """What profile p makes, exactly, if each state that can follow it has one payoff; else None."""
    row = flat.row(p)
    if not all(state in single for state, _ in row):
        return None
    g, deltas = flat.exact_payoff(p), flat.game.exact_deltas
    x, y = ((1 - deltas[i]) * g[i] + deltas[i] * sum((share * single[state][i] for state, share in row), Fraction(0)) for i in (0, 1))
    return x, y


def plan_values(flat: FlatGame, polygons: Sequence[Floats], makers: Sequence[Any]) -> list[list[Pair]]:
    """For each state the vertices whose payoffs solve linear equations, exactly.

    A player's payoff from a vertex is what the profile pays and what follows, if the continuation is a corner of the mixture (or lies on
    an edge along which this player's payoff is the same); where the player's constraint binds it is the payoff from the best deviation
    and the worst vertices after it. Payoffs that lead to such ones for ever are solved; a polygon that is nearly a point is one. Where
    the sets are segments and one player's constraint binds, the other's payoff follows from the line.
    """
    polygons = [polygon[:1] if is_point(polygon) else polygon for polygon in polygons]
    single = {s for s, polygon in enumerate(polygons) if len(polygon) == 1}
    mixtures = Mixtures(flat, [snapped(polygon) for polygon in polygons])
    worst = [[int(polygon[:, i].argmin()) if len(polygon) else -1 for polygon in polygons] for i in (0, 1)]
    links: tuple[dict[Place, tuple[int, Link]], ...] = ({}, {})
    for s, polygon in enumerate(polygons):
        for k, vertex in enumerate(polygon):
            for i, link in enumerate(_links(flat, mixtures, polygons, worst, vertex, int(makers[s][k]))):
                if link is not None:
                    links[i][s, k] = link
    known: tuple[dict[Place, Fraction], ...] = ({}, {})
    while True:
        for i in (0, 1):
            known[i].update(_linear(flat, links[i], known[i], i, single))
        more = _on_lines(flat, polygons, makers, known)
        if not more:
            break
        for i, place, value in more:
            known[i][place] = value
    solved: list[list[Pair]] = [[] for _ in polygons]
    for s, k in sorted(known[0].keys() & known[1].keys()):
        point = known[0][s, k], known[1][s, k]
        if all(abs(float(point[i]) - polygons[s][k, i]) <= POINT + NEAR / float(1.0 - flat.deltas.max()) for i in (0, 1)):
            solved[s].append(point)
    return solved


def _linear(
    flat: FlatGame, links: Mapping[Place, tuple[int, Link]], known: Mapping[Place, Fraction], i: int, single: Collection[int]
) -> dict[Place, Fraction]:
    """Player i's payoffs from all places whose links lead to each other, or to known payoffs, for ever.

    Of too many for exact arithmetic those in the states with a `single` payoff are solved.
    """
    open_links = _closed({place: link for place, link in links.items() if place not in known}, known)
    if len(open_links) > MOST_PLANS:
        open_links = _closed({place: link for place, link in open_links.items() if place[0] in single}, known)
    if not 0 < len(open_links) <= MOST_PLANS:
        return {}
    places = [*open_links, *known]
    position = {place: n for n, place in enumerate(places)}
    payoffs = [flat.exact_payoff(p)[i] for p, _ in open_links.values()] + list(known.values())
    lotteries = [tuple((position[after], share) for after, share in link) for _, link in open_links.values()]
    lotteries += [((position[place], Fraction(1)),) for place in known]
    values = discounted_values(payoffs, lotteries, flat.game.exact_deltas[i])
    return dict(zip(open_links, values, strict=False))


def _closed(links: Mapping[Place, tuple[int, Link]], known: Mapping[Place, Fraction]) -> dict[Place, tuple[int, Link]]:
    """The links that lead to each other, or to known payoffs, for ever."""
    while True:
        goes_on = {place: link for place, link in links.items() if all(after in links or after in known for after, _ in link[1])}
        if len(goes_on) == len(links):
            return goes_on
        links = goes_on


def _on_lines(
    flat: FlatGame, polygons: Sequence[Floats], makers: Sequence[Sequence[int]], known: Sequence[Mapping[Place, Fraction]]
) -> list[tuple[int, Place, Fraction]]:
    """Payoffs of players whose rival's payoff from the vertex is known, if all sets concerned are segments in one direction.

    With a known vertex q of every state, the point that profile p makes of them lies on the line of the state's segment.
    """
    anchors: dict[int, Pair] = {s: (known[0][s, k], known[1][s, k]) for s, k in sorted(known[0].keys() & known[1].keys(), reverse=True)}
    deltas, found = flat.game.exact_deltas, []
    for i in (0, 1):
        for s, k in known[i].keys() - known[1 - i].keys():
            p = int(makers[s][k])
            if s not in anchors or any(state not in anchors for state, _ in flat.row(p)):
                continue
            g, base = flat.exact_payoff(p), anchors[s]
            step = [
                (1 - deltas[j]) * g[j] + deltas[j] * sum((share * anchors[t][j] for t, share in flat.row(p)), Fraction(0)) - base[j]
                for j in (0, 1)
            ]
            if step[i]:
                value = base[1 - i] + (known[i][s, k] - base[i]) * step[1 - i] / step[i]
                if abs(float(value) - polygons[s][k, 1 - i]) <= NEAR:
                    found.append((1 - i, (s, k), value))
    return found


def _links(
    flat: FlatGame, mixtures: Mixtures, polygons: Sequence[Floats], worst: Sequence[Sequence[int]], vertex: Floats, p: int
) -> list[tuple[int, Link] | None]:
    """For each player the profile that pays today and the vertices that follow, which make the player's payoff; None if none do."""
    row = flat.row(p)
    _, corners, shadow = mixtures.of(p)
    continuation = (vertex - (1.0 - flat.deltas) * flat.payoffs[p]) / flat.deltas
    gaps = np.abs(shadow - continuation)
    nearest = int(gaps.max(axis=1).argmin())
    if len(corners) == 1 or gaps[nearest].max() <= NEAR:
        link = tuple(((state, j), share) for (state, share), j in zip(row, corners[nearest], strict=True))
        return [(p, link), (p, link)]
    found: list[tuple[int, Link] | None] = []
    for i in (0, 1):
        best, value = p, -np.inf
        for other in flat.deviations(p, i):
            later = sum(float(share) * polygons[state][worst[i][state], i] for state, share in flat.row(other))
            if (1.0 - flat.deltas[i]) * flat.payoffs[other, i] + flat.deltas[i] * later > value:
                best, value = other, (1.0 - flat.deltas[i]) * flat.payoffs[other, i] + flat.deltas[i] * later
        # On an edge along which this player's payoff does not change, either end will do.
        level = np.flatnonzero(gaps[:, i] <= NEAR)
        if abs(vertex[i] - value) <= NEAR:
            found.append((best, tuple(((state, worst[i][state]), share) for state, share in flat.row(best))))
        elif len(level) >= 2:
            found.append((p, tuple(((state, j), share) for (state, share), j in zip(row, corners[int(level[0])], strict=True))))
        else:
            found.append(None)
    return found
