r"""Payoff sets of stochastic games with a common discount factor: the structure solved, then a proof on either side.

From inside the iteration of `bargaining.solvers.stochastic_fan` with a stricter operator gives polygons that generate themselves with
room for every rounding; from outside exclusion (`bargaining.kernels.stochastic_exclusion`) follows as few sweeps of half-planes as it
needs. Sets without an interior, states without equilibria and constraints that bind exactly are left to
`bargaining.solvers.stochastic_set`.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from bargaining.games.state_values import discounted_values
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.polygon import largest_distance
from bargaining.kernels.stochastic_aligned import CONVERGED
from bargaining.kernels.stochastic_exclusion import state_excludes, state_growth
from bargaining.kernels.stochastic_fan import fan_radius
from bargaining.kernels.stochastic_inside import aligned_generates
from bargaining.kernels.stochastic_outer import outer_sweeps
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.common_delta import contains
from bargaining.solvers.outer import thinned
from bargaining.solvers.scaled import Pair
from bargaining.solvers.stochastic_fan import MOST_SWEEPS, Fan, fixed_point
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import MOST_PLANS, plan_values, prove
from bargaining.stochastic_solution import StochasticInner, StochasticOuter, StochasticSet

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

METHOD = "structure solved, self-generation inside, exclusion outside, state by state"
# Exclusion begins so far (relative to the payoff span, times the slopes) from the fixed point; rounds of adjusting the slopes.
NEAREST, ADJUSTMENTS = 1e-13, 12
MOST_CHAIN = 200
# Distance between the proven bounds, relative to the payoff span, that is worth stating.
MOST_GAP = 5e-2
# A set whose sides are shorter than this is taken for a point, if its payoff can be solved for.
POINT = 1e-10
# The first slack is just more than rounding takes.
LEAST_SLACK = 4e-13
# Where there was no time for the limit, and then for so many sweeps.
RUSHED_SLACK, RUSHED_SWEEPS = 1e-4, 24


def _apart(polygon: Floats, other: Floats) -> float:
    """How far a polygon reaches beyond another."""
    return float(largest_distance(np.ascontiguousarray(polygon), np.ascontiguousarray(other)))


def settle(flat: FlatGame, tol: float, max_iter: int) -> StochasticSet | None:
    """The sets of all states, proven within `tol`; None if the game is to be left to the general solver.

    A game whose sets have more edges than there is time for is proven to what the fan of directions allows.
    """
    found = fixed_point(flat, tol)
    if found is None:
        return None
    limit = found.fan
    allowed = max(tol, MOST_GAP) if found.coarse else tol
    # What was left in a hurry has no structure, so no point is known exactly.
    exact = np.zeros(len(flat.game), dtype=np.bool_) if found.rushed else points_for_ever(flat, limit)
    inside = from_inside(flat, limit, exact, allowed, found.rushed)
    if inside is None:
        return None
    inner, known, more = inside
    limit.y[exact] = inner.y[exact]
    outside = from_outside(flat, found.above or limit, allowed, max_iter)
    if outside is None:
        return None
    states = range(len(flat.game))
    vertices, counts = limit.polygons(1e-12)
    stated = [vertices[s, : counts[s]] for s in states]
    vertices, counts = inner.polygons(0.0)
    within = [vertices[s, : counts[s]] for s in states]
    normals = outside.normals
    room = np.empty((len(normals) + 5, 2))
    outer = [room[: half_plane_polygon(normals, outside.offsets[s], room)].copy() for s in states]
    if found.above is None:
        # Between two neighbouring normals the outer set reaches at most so far beyond the inner set's vertex there.
        after = np.roll(normals, -1, axis=0)
        beyond = outside.offsets - (inner.y * normals).sum(axis=2)
        beyond_after = np.roll(outside.offsets, -1, axis=1) - (inner.y * after).sum(axis=2)
        wide = np.sqrt(0.5 * (1.0 + (normals * after).sum(axis=1)))
        gap = float((np.maximum(beyond, beyond_after) / wide).max()) + 1e-15
    else:
        gap = max(float(largest_distance(around, own)) for around, own in zip(outer, within, strict=True)) + 1e-15
    # Where a constraint nearly binds, the limit may be known less well than the set it is proven by: then that set is stated.
    if max(max(_apart(a, b), _apart(b, a)) for a, b in zip(stated, within, strict=True)) > gap:
        stated = within
    iterations = found.sweeps + more + outside.sweeps
    if gap > allowed or iterations > max_iter:
        return None
    thinning = 0.25 * min(gap, tol)
    return StochasticSet(
        status=Status.solved if gap <= tol else Status.inner_only,
        error_bound=(gap + thinning) * float(flat.units.max()),
        iterations=iterations,
        method=METHOD,
        options={"tol": tol, "max_iter": max_iter},
        game=flat.game,
        payoff_sets=tuple(PayoffSet.of_vertices(flat.in_units(own[thinned(own, thinning)])) for own in stated),
        inner=tuple(PayoffSet.of_vertices(flat.in_units(own)) for own in within),
        outer=tuple(PayoffSet.of_vertices(flat.in_units(own)) for own in outer),
        inner_proof=StochasticInner.deferred(partial(deferred_proof, flat, limit, inner, known)),
        outer_proof=StochasticOuter(
            origin=flat.origin,
            span=flat.span,
            normals=normals,
            offsets=outside.offsets,
            living=(True,) * len(flat.game),
            sweeps=outside.sweeps,
            limit=outside.limit,
            slopes=outside.slopes,
            interval=outside.interval,
        ),
    )


def points_for_ever(flat: FlatGame, limit: Fan) -> Flags:
    """The states whose set is one payoff from which play goes on to such states only: the payoff solves linear equations exactly."""
    exact: Flags = (limit.y.max(axis=1) - limit.y.min(axis=1) <= POINT).all(axis=1)
    changed = bool(exact.any())
    while changed:
        makers = limit.makers[:, 0].tolist()
        lost = [s for s in np.flatnonzero(exact).tolist() if not all(exact[t] for t, _ in flat.row(makers[s]))]
        exact[lost] = False
        changed = bool(lost)
    return exact


def solve_points(flat: FlatGame, fan: Fan, exact: Flags) -> dict[tuple[int, int], Pair]:
    """Exact payoffs of states that are points, and of vertices after which only these follow: by state and maker. Put into the polygons."""
    places = np.flatnonzero(exact).tolist()
    if not places:
        return {}
    fan.makers[exact] = fan.makers[exact, :1]
    delta = flat.game.exact_deltas[0]
    plan = {s: int(fan.makers[s, 0]) for s in places}
    position = {s: k for k, s in enumerate(places)}
    rows = [tuple((position[t], share) for t, share in flat.row(plan[s])) for s in places]
    own = [flat.exact_payoff(plan[s]) for s in places]
    first, second = (discounted_values([payoff[i] for payoff in own], rows, delta) for i in (0, 1))
    points = {s: (first[k], second[k]) for k, s in enumerate(places)}
    known = {(s, plan[s]): points[s] for s in places}
    for s, makers in enumerate(fan.makers.tolist()):
        for p in set(makers):
            row = flat.row(p)
            if s not in points and all(t in points for t, _ in row):
                g = flat.exact_payoff(p)
                x, y = ((1 - delta) * g[i] + delta * sum(share * points[t][i] for t, share in row) for i in (0, 1))
                known[s, p] = x, y
    for (s, p), (x, y) in known.items():
        fan.y[s, fan.makers[s] == p] = float(x), float(y)
    return known


def from_inside(
    flat: FlatGame, limit: Fan, exact: Flags, tol: float, rushed: bool = False
) -> tuple[Fan, dict[tuple[int, int], Pair], int] | None:
    """Polygons near the limit that generate themselves with room for every rounding; None if there are none within tol.

    Also what is known of them exactly, and sweeps.
    """
    radius = fan_radius(limit.y, exact)
    if not radius > 0.0:
        return None
    slow = 1.0 - float(flat.deltas[0])
    slack, spent = (max(RUSHED_SLACK * slow, LEAST_SLACK) if rushed else LEAST_SLACK) / float(flat.deltas[0]), 0
    most = RUSHED_SWEEPS if rushed else MOST_SWEEPS
    while slack <= tol * slow:
        fan = limit.copy()
        code, sweeps = fan.settle(flat, slack, min(0.5, slack / radius), slack / 64.0, 1, most)
        spent += sweeps
        known = solve_points(flat, fan, exact)
        if code == CONVERGED and aligned_generates(flat.arrays, fan.y, fan.makers, exact):
            return fan, known, spent
        slack *= 16.0
    return None


@dataclass
class Outside:
    """Half-planes that hold every payoff, and how that is known; see `StochasticOuter`."""

    normals: Floats
    offsets: Floats
    limit: Floats
    slopes: Floats
    interval: tuple[float, float]
    sweeps: int


def from_outside(flat: FlatGame, limit: Fan, tol: float, max_iter: int) -> Outside | None:
    """Half-planes near the limit, proven after as few sweeps of the operator as exclusion needs; None if there is no proof."""
    normals, shape = limit.normals, limit.makers.shape
    offsets = np.maximum((limit.y * normals).sum(axis=2), (np.roll(limit.y, 1, axis=1) * normals).sum(axis=2))
    chain = np.tile((np.maximum(normals, 0.0) * flat.payoffs.max(axis=0)).sum(axis=1) * (1.0 + 1e-15), (shape[0], 1))
    alive, living = np.ones(len(flat.payoffs), dtype=np.bool_), np.ones(shape[0], dtype=np.bool_)
    failed, leaders = np.full(shape[0], -1, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
    falls, slopes, failing = np.ones(shape), np.empty(shape), np.empty(shape, dtype=np.bool_)
    sweeps = batch = 0
    while sweeps <= min(max_iter, MOST_CHAIN):
        if batch:
            done, _ = outer_sweeps(flat.arrays, normals, chain, alive, living, failed, batch, 0.0)
            sweeps += done
            if not living.all():
                return None
        batch = max(1, sweeps)
        falls[:] = 1.0
        for _ in range(ADJUSTMENTS):
            if not state_growth(flat.arrays, normals, offsets, alive, leaders, falls, slopes):
                break
            most = max(float(((chain - offsets) / slopes).max()) * (1.0 + 1e-12), NEAREST)
            farthest = 0.25 * tol / float(slopes.max())
            if farthest < NEAREST:
                break
            stuck = 0
            if most > farthest:
                stuck = state_excludes(flat.arrays, normals, offsets, slopes, alive, farthest, most, failing)
            if not stuck:
                nearer, least = NEAREST, min(farthest, most)
                while nearer < least and state_excludes(flat.arrays, normals, offsets, slopes, alive, nearer, most, failing):
                    nearer *= 4.0
                least = min(nearer, least)
                return Outside(normals, offsets + least * slopes + 2.0**-52, offsets, slopes, (least, most), sweeps)
            # Directions in which some profile reaches too far are given more room.
            falls[failing] *= 2.0
    return None


def deferred_proof(flat: FlatGame, limit: Fan, inner: Fan, known: dict[tuple[int, int], Pair]) -> StochasticInner:
    """The exact proof that sets which hold the inner polygons generate themselves.

    Of the limit's vertices that solve linear equations where that works, of the polygons' floats and of what is `known` exactly.
    """
    hints: dict[tuple[int, Pair], int] = {}
    polygons: list[list[Pair]] = [[] for _ in range(len(flat.game))]
    for s, own in enumerate(inner.makers.tolist()):
        for j, p in enumerate(own):
            x, y = inner.y[s, j].tolist()
            point = known[s, p] if (s, p) in known else (Fraction(x), Fraction(y))
            if (s, point) not in hints:
                hints[s, point] = p
                polygons[s].append(point)
    vertices, counts = limit.polygons(1e-11)
    if counts.sum() <= MOST_PLANS and limit.makers.min() >= 0:
        corners = [vertices[s, : counts[s]] for s in range(len(counts))]
        nearest = [np.abs(limit.y[s][None] - own[:, None]).max(axis=2).argmin(axis=1) for s, own in enumerate(corners)]
        makers = [limit.makers[s, places] for s, places in enumerate(nearest)]
        plans = plan_values(flat, corners, makers)
        if any(plans):
            # Vertices on the way to which no constraint binds are simple: strategies that play them are then, too.
            simple = [exact + own for exact, own in zip(plans, polygons, strict=True)]
            tried = [sorted({*own, *more}) for own, more in zip(limit.makers.tolist(), inner.makers.tolist(), strict=True)]
            proof = prove(flat, simple, tried, hints)
            if proof is not None and all(
                _holds([flat.exact_scaled(vertex) for vertex in own], points) for own, points in zip(proof.vertices, polygons, strict=True)
            ):
                return proof
    proof = prove(flat, polygons, [sorted(set(own)) for own in inner.makers.tolist()], hints)
    if proof is None:
        raise ArithmeticError("a set that generates itself with room for rounding does not do so exactly: please report this game")
    return proof


def _holds(polygon: list[Pair], points: list[Pair]) -> bool:
    return contains(polygon, points) or set(points) <= set(polygon)
