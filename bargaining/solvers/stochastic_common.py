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
from bargaining.kernels.stochastic_aligned import aligned_generates, fan_radius
from bargaining.kernels.stochastic_exclusion import state_excludes, state_growth
from bargaining.kernels.stochastic_outer import outer_sweeps
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.outer import thinned
from bargaining.solvers.scaled import Pair
from bargaining.solvers.stochastic_fan import Fan, fixed_point
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import prove
from bargaining.stochastic_solution import StochasticInner, StochasticOuter, StochasticSet

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

METHOD = "structure solved, self-generation inside, exclusion outside, state by state"
# Exclusion begins so far (relative to the payoff span, times the slopes) from the fixed point; rounds of adjusting the slopes.
NEAREST, ADJUSTMENTS = 1e-13, 12
MOST_CHAIN = 200
# The first slack is just more than rounding takes.
LEAST_SLACK = 4e-13
VERBOSE = False


def settle(flat: FlatGame, tol: float, max_iter: int) -> StochasticSet | None:
    """The sets of all states, proven within `tol`; None if the game is to be left to the general solver."""
    exact = points_for_ever(flat)
    if exact.all():
        return None
    found = fixed_point(flat, tol)
    if found is None:
        return None
    limit, spent = found
    inside = from_inside(flat, limit, exact, tol)
    if inside is None:
        return None
    inner, more = inside
    outside = from_outside(flat, limit, tol, max_iter)
    if outside is None:
        return None
    # Between two neighbouring normals the outer set reaches at most so far beyond the inner set's vertex there.
    normals, after = limit.normals, np.roll(limit.normals, -1, axis=0)
    beyond = outside.offsets - (inner.y * normals).sum(axis=2)
    beyond_after = np.roll(outside.offsets, -1, axis=1) - (inner.y * after).sum(axis=2)
    wide = np.sqrt(0.5 * (1.0 + (normals * after).sum(axis=1)))
    gap = float((np.maximum(beyond, beyond_after) / wide).max()) + 1e-15
    iterations = spent + more + outside.sweeps
    if VERBOSE: print("gap", gap)
    if gap > tol or iterations > max_iter:
        return None
    states = range(len(flat.game))
    vertices, counts = limit.polygons(1e-12)
    stated = [vertices[s, : counts[s]] for s in states]
    within_vertices, within = inner.polygons(0.0)
    room = np.empty((len(normals) + 5, 2))
    outer = [room[: half_plane_polygon(normals, outside.offsets[s], room)].copy() for s in states]
    return StochasticSet(
        status=Status.solved,
        error_bound=1.25 * gap * float(flat.units.max()),
        iterations=iterations,
        method=METHOD,
        options={"tol": tol, "max_iter": max_iter},
        game=flat.game,
        payoff_sets=tuple(PayoffSet.of_vertices(flat.in_units(own[thinned(own, 0.25 * gap)])) for own in stated),
        inner=tuple(PayoffSet.of_vertices(flat.in_units(within_vertices[s, : within[s]])) for s in states),
        outer=tuple(PayoffSet.of_vertices(flat.in_units(own)) for own in outer),
        inner_proof=StochasticInner.deferred(partial(deferred_proof, flat, inner, exact)),
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


def points_for_ever(flat: FlatGame) -> Flags:
    """The states from which play only ever comes to states without a choice: their sets are points, known exactly."""
    exact = np.diff(flat.first) == 1
    changed = bool(exact.any())
    while changed:
        lost = [s for s in np.flatnonzero(exact).tolist() if not all(exact[t] for t in flat.game.successors[s])]
        exact[lost] = False
        changed = bool(lost)
    return exact


def from_inside(flat: FlatGame, limit: Fan, exact: Flags, tol: float) -> tuple[Fan, int] | None:
    """Polygons near the limit that generate themselves with room for every rounding, and sweeps; None if there are none within tol."""
    radius = fan_radius(limit.y, exact)
    if not radius > 0.0:
        return None
    slow = 1.0 - float(flat.deltas[0])
    slack, spent = LEAST_SLACK / float(flat.deltas[0]), 0
    while slack <= tol * slow:
        fan = limit.copy()
        settled, sweeps = fan.settle(flat, slack, min(0.5, slack / radius), slack / 64.0, 1)
        spent += sweeps
        if VERBOSE: print("inner", slack, settled, sweeps)
        if settled and aligned_generates(*flat.arrays, fan.y, fan.makers, exact):  # type: ignore[call-arg]
            return fan, spent
        slack *= 16.0
    return None


@dataclass
class Outside:
    """Half-planes that hold every payoff, and how that is known; see `StochasticOuter`."""

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
            done, _ = outer_sweeps(*flat.arrays, normals, chain, alive, living, failed, batch, 0.0)  # type: ignore[call-arg]
            sweeps += done
            if not living.all():
                return None
        batch = max(1, sweeps)
        falls[:] = 1.0
        for _ in range(ADJUSTMENTS):
            if not state_growth(*flat.arrays, normals, offsets, alive, leaders, falls, slopes):  # type: ignore[call-arg]
                if VERBOSE: print("no growth", sweeps)
                break
            most = max(float(((chain - offsets) / slopes).max()) * (1.0 + 1e-12), NEAREST)
            farthest = 0.25 * tol / float(slopes.max())
            if farthest < NEAREST:
                break
            stuck = 0
            if most > farthest:
                stuck = state_excludes(*flat.arrays, normals, offsets, slopes, alive, farthest, most, failing)  # type: ignore[call-arg]
            if VERBOSE: print("exclude", sweeps, stuck, "of", failing.size, "most", most, "steepest", slopes.max(), farthest, alive.sum())
            if not stuck:
                nearer, least = NEAREST, min(farthest, most)
                while nearer < least and state_excludes(  # type: ignore[call-arg]
                    *flat.arrays, normals, offsets, slopes, alive, nearer, most, failing
                ):
                    nearer *= 16.0
                least = min(nearer, least)
                return Outside(offsets + least * slopes + 2.0**-52, offsets, slopes, (least, most), sweeps)
            # Directions in which some profile reaches too far are given more room.
            falls[failing] *= 2.0
    return None


def deferred_proof(flat: FlatGame, inner: Fan, exact: Flags) -> StochasticInner:
    """The exact proof that the polygons generate themselves: of their floats, and of the exact payoffs of states that are points."""
    known = np.flatnonzero(exact).tolist()
    delta = flat.game.exact_deltas[0]
    points: dict[int, Pair] = {}
    if known:
        place = {s: k for k, s in enumerate(known)}
        rows = [tuple((place[t], share) for t, share in flat.row(int(flat.first[s]))) for s in known]
        own = [flat.exact_payoff(int(flat.first[s])) for s in known]
        values = [discounted_values([payoff[i] for payoff in own], rows, delta) for i in (0, 1)]
        points = {s: (values[0][k], values[1][k]) for k, s in enumerate(known)}

    def vertex(s: int, j: int) -> Pair:
        if s in points:
            return points[s]
        p = int(inner.makers[s, j])
        row = flat.row(p)
        if all(t in points for t, _ in row):
            g = flat.exact_payoff(p)
            first, second = ((1 - delta) * g[i] + delta * sum(share * points[t][i] for t, share in row) for i in (0, 1))
            return first, second
        x, y = inner.y[s, j].tolist()
        return Fraction(x), Fraction(y)

    hints = {(s, vertex(s, j)): int(p) for s, own in enumerate(inner.makers.tolist()) for j, p in enumerate(own)}
    polygons: list[list[Pair]] = [[] for _ in range(len(flat.game))]
    for s, point in hints:
        polygons[s].append(point)
    proof = prove(flat, polygons, [sorted(set(own)) for own in inner.makers.tolist()], hints)
    if proof is None:
        raise ArithmeticError("a set that generates itself with room for rounding does not do so exactly: please report this game")
    return proof
