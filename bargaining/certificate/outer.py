r"""Certificates from outside: that half-planes contain every equilibrium payoff, checked in exact rational arithmetic.

*Chain*: the operator is applied again, from the hull of stage payoffs cut at the pure minmax payoffs (their box, if the discount factors
differ), each step rounded outward on a binary grid. A long chain takes long; beyond a limit of work it is left unchecked.

*Exclusion*: the sets :math:`W(t) = \{\lambda_j\cdot w \le c_j + t d_j\}` grow in t. If V lies in W(T) and B(W(t)) strictly inside W(t)
for all t in [t0, T], then V lies in W(t0). For one profile and direction the support of what it generates from W(t) is a linear
program; each non-negative combination of two constraints that gives the direction bounds it by a line in t, and the least of these
lines has to be negative on the interval.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import combinations
from math import floor
from typing import Any

import numpy as np

from bargaining.certificate.exact_game import ExactGame
from bargaining.solution import OuterProof

Point = tuple[Fraction, Fraction]
Line = tuple[Fraction, Fraction]
Profile = tuple[int, int]

GRID = 2**72
MOST_WORK = 400_000
AXES: tuple[Point, ...] = tuple((Fraction(x), Fraction(y)) for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1)))


def malformed_chain(game: ExactGame, proof: OuterProof) -> str:
    """What is wrong if the chain's half-planes are no half-planes, or the box it starts from does not hold the stage payoffs."""
    if proof.normals.shape != (len(proof.offsets), 2) or not (np.isfinite(proof.normals).all() and np.isfinite(proof.offsets).all()):
        return "the outer chain does not have one finite offset a normal"
    for name, numbers in (("limit", proof.limit), ("slope", proof.slopes)):
        if numbers is not None and (numbers.shape != proof.offsets.shape or not np.isfinite(numbers).all()):
            return f"the outer chain does not have one finite {name} a normal"
    if proof.interval is not None and not np.isfinite(proof.interval).all():
        return "the outer chain's interval is not finite"
    if min(proof.span) <= 0:
        return "the outer chain starts from a box without extent"
    if not all(0 <= (g[i] - proof.origin[i]) / proof.span[i] <= 1 for g in game.payoff.values() for i in (0, 1)):
        return "the outer chain starts from a box that does not hold the stage payoffs"
    return ""


def check_outer(game: ExactGame, proof: OuterProof, to_empty: bool) -> bool | None:
    """Whether the half-planes (or emptiness) follow; None if that is too much work to check here."""
    if game.delta[0] != game.delta[1] or (proof.slopes is None and not to_empty):
        walked = _walk(game, proof, to_empty)
        if walked is not False or to_empty or game.delta[0] != game.delta[1]:
            return walked
        # Half-planes that were turned on the way need not follow by themselves; polygons from the stage payoffs may still fall below them.
        half_planes = [(n, Fraction(float(c))) for n, c in zip(_pairs(proof.normals), proof.offsets, strict=True)]
        return _descend(game, proof, half_planes)[0] is True
    if to_empty:
        outcome, _ = _descend(game, proof, [])
        return outcome
    if proof.limit is None or proof.slopes is None or proof.interval is None:
        return False
    normals, limit, slopes = _pairs(proof.normals), _numbers(proof.limit), _numbers(proof.slopes)
    least, most = Fraction(proof.interval[0]), Fraction(proof.interval[1])
    if not len(normals) == len(limit) == len(slopes) or not set(AXES) <= set(normals) or not 0 <= least <= most or min(slopes) <= 0:
        return False
    if any(stored < c + least * d for stored, c, d in zip(_numbers(proof.offsets), limit, slopes, strict=True)):
        return False
    reached, enforceable = _descend(game, proof, [(n, c + most * d) for n, c, d in zip(normals, limit, slopes, strict=True)])
    # With an interval of one point the chain has come all the way.
    return reached and (least == most or _excluded(game, proof, normals, limit, slopes, (least, most), enforceable))


def _excluded(
    game: ExactGame,
    proof: OuterProof,
    normals: Sequence[Point],
    limit: Sequence[Fraction],
    slopes: Sequence[Fraction],
    interval: tuple[Fraction, Fraction],
    enforceable: Collection[Profile],
) -> bool:
    """Whether B, with the enforceable profiles, maps {n_j·w ≤ limit_j + t slopes_j} strictly inside itself for every t of the interval."""
    least, most = interval
    delta = game.delta[0]
    scaled, gains = _scaled(game, proof)
    down = [normals.index(AXES[2]), normals.index(AXES[3])]
    falls = [slopes[k] for k in down]
    # Which pairs of constraints can be combined to a direction depends on neither t nor the profile: find them once a direction.
    constraints = [*normals, AXES[2], AXES[3]]
    pairs: dict[int, list[tuple[int, int, Fraction, Fraction]]] = {}
    for a in enforceable:
        payoff = scaled[a]
        floors = [-limit[down[i]] + (1 - delta) / delta * gains[a][i] for i in (0, 1)]
        start = least
        for n, c, d in zip(normals, limit, slopes, strict=True):
            if n[0] >= 0 and n[1] >= 0:
                # Where the corner of the constraints lies beyond this half-plane, nothing enforces the profile.
                beyond = n[0] * floors[0] + n[1] * floors[1] - c
                start = max(start, beyond / (n[0] * falls[0] + n[1] * falls[1] + d))
        if start > most:
            continue
        sides: list[Line] = [*zip(limit, slopes, strict=True), (-floors[0], falls[0]), (-floors[1], falls[1])]
        for j, n in enumerate(normals):
            own = n[0] * payoff[0] + n[1] * payoff[1]
            if own < limit[j] + start * slopes[j]:
                # It generates a mixture of its payoff and the set, which is inside without a look at its constraints.
                continue
            if j not in pairs:
                pairs[j] = _combinations(constraints, (delta * n[0], delta * n[1]))
            base = (1 - delta) * own - limit[j]
            lines = [
                (base + alpha * sides[p][0] + beta * sides[q][0], alpha * sides[p][1] + beta * sides[q][1] - slopes[j])
                for p, q, alpha, beta in pairs[j]
            ]
            if not below_zero(lines, start, most):
                return False
    return True


def _combinations(constraints: Sequence[Point], direction: Point) -> list[tuple[int, int, Fraction, Fraction]]:
    """Every pair of constraints, with its non-negative weights, that combines to a direction."""
    found = []
    for p, q in combinations(range(len(constraints)), 2):
        weights = combination(constraints[p], constraints[q], direction)
        if weights is not None:
            found.append((p, q, *weights))
    return found


def combination(u: Point, v: Point, direction: Point) -> tuple[Fraction, Fraction] | None:
    """The non-negative weights with which two constraints combine to a direction; None if there are none."""
    determinant = u[0] * v[1] - u[1] * v[0]
    if determinant == 0:
        return None
    alpha = (direction[0] * v[1] - direction[1] * v[0]) / determinant
    beta = (u[0] * direction[1] - u[1] * direction[0]) / determinant
    return (alpha, beta) if alpha >= 0 and beta >= 0 else None


def below_zero(lines: Sequence[Line], low: Fraction, high: Fraction) -> bool:
    """Whether the least of some lines (value at 0, slope) is negative on all of [low, high]."""

    def lowest(t: Fraction, sign: int) -> Line:
        return min(lines, key=lambda line: (line[0] + line[1] * t, sign * line[1]))

    left, right = lowest(low, 1), lowest(high, -1)
    if left[0] + left[1] * low >= 0 or right[0] + right[1] * high >= 0:
        return False
    while left[1] > 0 > right[1]:
        t = (right[0] - left[0]) / (left[1] - right[1])
        if left[0] + left[1] * t < 0:
            return True
        between = lowest(t, 1)
        if between[0] + between[1] * t >= 0:
            return False
        left, right = (between, right) if between[1] > 0 else (left, between)
    return True


def _descend(game: ExactGame, proof: OuterProof, half_planes: Sequence[tuple[Point, Fraction]]) -> tuple[bool | None, Collection[Profile]]:
    """Apply the operator from the stage payoffs until what is left lies in all `half_planes`; without any, until nothing is left.

    Returns whether it does (None if that is too much work), and the profiles that could be enforced in the set before the last.
    """
    scaled, gains = _scaled(game, proof)
    delta = game.delta[0]
    grid = {a: tuple(gains[a][i] * (1 - delta) / delta for i in (0, 1)) for a in scaled}
    corners = list(scaled.values())
    minmax = [min(max(v[i] for v in column) for column in game.columns(scaled, i)) for i in (0, 1)]
    polygon = polygon_of(*zip(*edges(corners), strict=True)) if len(set(corners)) > 0 else []
    for i in (0, 1):
        polygon = cut_by(polygon, AXES[2 + i], -minmax[i])
    work = 0
    enforceable: Collection[Profile] = list(scaled)
    for _ in range(4 * proof.sweeps + 16):
        if not polygon:
            return True, enforceable
        if half_planes and all(n[0] * w[0] + n[1] * w[1] <= c for n, c in half_planes for w in polygon):
            return True, enforceable
        work += len(scaled) * len(polygon) * 10
        if work > MOST_WORK:
            return None, enforceable
        floors = [min(w[i] for w in polygon) for i in (0, 1)]
        points: list[Point] = []
        living = []
        for a in enforceable:
            payoff = scaled[a]
            kept = polygon
            for i in (0, 1):
                if grid[a][i] > 0:
                    kept = cut_by(kept, AXES[2 + i], -(floors[i] + grid[a][i]))
            if kept:
                living.append(a)
            points += [((1 - delta) * payoff[0] + delta * w[0], (1 - delta) * payoff[1] + delta * w[1]) for w in kept]
        if not points:
            return True, living
        enforceable = living
        before = polygon
        for normal, offset in edges(points):
            polygon = cut_by(polygon, normal, offset)
        if polygon == before:
            return False, enforceable
    return False, enforceable


def edges(points: Sequence[Point]) -> list[tuple[Point, Fraction]]:
    """Half-planes around a hull of points: short normals near those of its edges, and the axes; offsets rounded up."""
    chain = hull_of(points)
    normals = list(AXES)
    for k, p in enumerate(chain):
        q = chain[(k + 1) % len(chain)]
        x, y = q[1] - p[1], p[0] - q[0]
        size = max(abs(x), abs(y))
        if size > 0:
            normals.append((Fraction(round(x / size * 2**60), 2**60), Fraction(round(y / size * 2**60), 2**60)))
    return [(n, up(max(n[0] * w[0] + n[1] * w[1] for w in chain))) for n in dict.fromkeys(normals)]


def hull_of(points: Sequence[Point]) -> list[Point]:
    """Corners of a convex hull, counter-clockwise from the leftmost (lowest)."""
    ordered = sorted(set(points))
    if len(ordered) == 1:
        return ordered
    chain: list[Point] = []
    for sequence in (ordered, ordered[::-1]):
        half: list[Point] = []
        for c in sequence:
            while len(half) >= 2 and _turn(half[-2], half[-1], c) <= 0:
                half.pop()
            half.append(c)
        chain += half[:-1]
    return chain


def _turn(a: Point, b: Point, c: Point) -> Fraction:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _scaled(game: ExactGame, proof: OuterProof) -> tuple[dict[tuple[int, int], Point], dict[tuple[int, int], Point]]:
    """Payoffs and best deviation gains of every profile, scaled as the proof says."""
    payoffs, gains = {}, {}
    for a, g in game.payoff.items():
        best = game.deviation[a]
        payoffs[a] = ((g[0] - proof.origin[0]) / proof.span[0], (g[1] - proof.origin[1]) / proof.span[1])
        gains[a] = ((best[0] - g[0]) / proof.span[0], (best[1] - g[1]) / proof.span[1])
    return payoffs, gains


def _pairs(rows: Any) -> list[Point]:
    return [(Fraction(float(x)), Fraction(float(y))) for x, y in rows]


def _numbers(values: Any) -> list[Fraction]:
    return [Fraction(float(value)) for value in values]


def _walk(game: ExactGame, proof: OuterProof, to_empty: bool) -> bool | None:
    """Walk the chain again on the stored normals: True if it reaches the offsets (or emptiness), None if that is too much work."""
    profiles = list(game.payoff)
    if len(profiles) * len(proof.normals) * max(proof.sweeps, 1) > MOST_WORK:
        return None
    scaled, gains = _scaled(game, proof)
    normals = _pairs(proof.normals)
    normals += [axis for axis in AXES if axis not in normals]
    stored = [Fraction(float(c)) for c in proof.offsets]
    box = game.delta[0] != game.delta[1]
    corners = [(Fraction(x), Fraction(y)) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))] if box else list(scaled.values())
    offsets = [up(max(n[0] * w[0] + n[1] * w[1] for w in corners)) for n in normals]
    # The exact chain is at least as tight as the stored one, which carries the rounding of floating point: a few sweeps more than it
    # took, and the comparison is one of exact numbers.
    for _ in range(proof.sweeps + 8):
        polygon = polygon_of(normals, offsets)
        if not polygon:
            return to_empty
        floors = [min(w[i] for w in polygon) for i in (0, 1)]
        best: list[Fraction | None] = [None] * len(normals)
        for a in profiles:
            required = [floors[i] + (1 - game.delta[i]) / game.delta[i] * gains[a][i] for i in (0, 1)]
            cut = cut_by(cut_by(polygon, (Fraction(-1), Fraction(0)), -required[0]), (Fraction(0), Fraction(-1)), -required[1])
            points = [tuple((1 - game.delta[i]) * scaled[a][i] + game.delta[i] * w[i] for i in (0, 1)) for w in cut]
            for j, n in enumerate(normals):
                for w in points:
                    reach = n[0] * w[0] + n[1] * w[1]
                    if best[j] is None or reach > best[j]:  # type: ignore[operator]
                        best[j] = reach
        if best[0] is None:
            return to_empty
        fresh = [min(c, up(b)) for c, b in zip(offsets, best, strict=True) if b is not None]
        if not to_empty and all(c <= s for c, s in zip(fresh, stored, strict=False)):
            return True
        if fresh == offsets:
            return False
        offsets = fresh
    return False


def up(value: Fraction) -> Fraction:
    """The next number of the binary grid: keeps the numbers short, and errs outward."""
    return Fraction(-floor(-value * GRID), GRID)


def polygon_of(normals: Sequence[Point], offsets: Sequence[Fraction]) -> list[Point]:
    """Vertices of an intersection of half-planes, inside a box that holds all scaled payoffs."""
    polygon: list[Point] = [(Fraction(x), Fraction(y)) for x, y in ((-4, -4), (4, -4), (4, 4), (-4, 4))]
    for normal, offset in zip(normals, offsets, strict=True):
        polygon = cut_by(polygon, normal, offset)
    return polygon


def cut_by(polygon: list[Point], normal: Point, offset: Fraction) -> list[Point]:
    """The part of a convex polygon (a cyclic list of points, repeats allowed) with normal · w ≤ offset."""
    heights = [normal[0] * w[0] + normal[1] * w[1] - offset for w in polygon]
    kept: list[Point] = []
    for k, (w, h) in enumerate(zip(polygon, heights, strict=True)):
        if h <= 0:
            kept.append(w)
        following, there = polygon[(k + 1) % len(polygon)], heights[(k + 1) % len(polygon)]
        if (h < 0 < there) or (there < 0 < h):
            share = h / (h - there)
            kept.append((w[0] + share * (following[0] - w[0]), w[1] + share * (following[1] - w[1])))
    return list(dict.fromkeys(kept))
