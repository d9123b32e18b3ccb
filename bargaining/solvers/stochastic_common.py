r"""Payoff sets of stochastic games with a common discount factor: one compiled call settles most games, with both proofs.

See `bargaining.kernels.stochastic_common`. What it proves in floats with room for rounding, `deferred_proof` writes down exactly when
somebody asks for it. Sets without an interior, states without equilibria and constraints that bind exactly are left to
`bargaining.solvers.stochastic_set`.
"""

from fractions import Fraction
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stochastic import StochasticInner, StochasticOuter, StochasticSet
from bargaining.games.state_values import discounted_values
from bargaining.kernels.stochastic_common import Polygons, in_units, settle_game
from bargaining.kernels.stochastic_fan import fan_polygons
from bargaining.kernels.stochastic_limit import MOST_SPENT, TRIES, Fan
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.common_delta import contains
from bargaining.solvers.scaled import Pair
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import MOST_PLANS, plan_values, prove

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

METHOD = "structure solved, self-generation inside, exclusion outside, state by state"


def settle(flat: FlatGame, tol: float, max_iter: int) -> StochasticSet | None:
    """The sets of all states, proven within `tol`; None if the game is to be left to the general solver.

    A game whose sets have more edges than there is time for is proven to what the fan of directions allows.
    """
    found = settle_game(flat.arrays, flat.frame, tol, max_iter, TRIES, MOST_SPENT)
    if not found.found:
        return None
    outside = found.outside
    stated, within = _sets(found.stated), _sets(found.within)
    if found.exact.any():
        # The compiled sweeps know points to accumulated rounding only.
        for (s, p), point in solve_points(flat, found.makers, found.exact).items():
            found.y[s, found.makers[s] == p] = [float(number) for number in point]
        vertices, counts = np.empty_like(found.y), np.empty(len(found.y), dtype=np.int64)
        fan_polygons(found.y, 0.0, vertices, counts)
        within = _sets(in_units(vertices, counts, flat.frame, 0.0))
        stated = tuple(own if point else other for point, own, other in zip(found.exact.tolist(), within, stated, strict=True))
    return StochasticSet(
        status=Status.solved if found.gap <= tol else Status.inner_only,
        error_bound=found.error_bound,
        iterations=found.iterations,
        method=METHOD,
        options={"tol": tol, "max_iter": max_iter},
        game=flat.game,
        payoff_sets=stated,
        inner=within,
        outer=_sets(found.around),
        inner_proof=StochasticInner.deferred(partial(deferred_proof, flat, found.limit, found.y, found.makers, found.exact)),
        outer_proof=StochasticOuter(
            origin=flat.origin,
            span=flat.span,
            normals=found.normals,
            offsets=outside.offsets,
            living=(True,) * len(flat.game),
            sweeps=outside.sweeps,
            limit=outside.limit,
            slopes=outside.slopes,
            interval=(outside.least, outside.most),
        ),
    )


def _sets(polygons: Polygons) -> tuple[PayoffSet, ...]:
    ends = polygons.ends.tolist()
    return tuple(PayoffSet.of_vertices(polygons.vertices[begin:end]) for begin, end in pairwise(ends))


def solve_points(flat: FlatGame, makers: Integers, exact: Flags) -> dict[tuple[int, int], Pair]:
    """Exact payoffs of states that are points, and of vertices after which only these follow: by state and maker."""
    places = np.flatnonzero(exact).tolist()
    if not places:
        return {}
    delta = flat.game.exact_deltas[0]
    plan = {s: int(makers[s, 0]) for s in places}
    position = {s: k for k, s in enumerate(places)}
    rows = [tuple((position[t], share) for t, share in flat.row(plan[s])) for s in places]
    own = [flat.exact_payoff(plan[s]) for s in places]
    first, second = (discounted_values([payoff[i] for payoff in own], rows, delta) for i in (0, 1))
    points = {s: (first[k], second[k]) for k, s in enumerate(places)}
    known = {(s, plan[s]): points[s] for s in places}
    for s, made in enumerate(makers.tolist()):
        for p in set(made):
            row = flat.row(p)
            if s not in points and all(t in points for t, _ in row):
                g = flat.exact_payoff(p)
                x, y = ((1 - delta) * g[i] + delta * sum(share * points[t][i] for t, share in row) for i in (0, 1))
                known[s, p] = x, y
    return known


def deferred_proof(flat: FlatGame, limit: Fan, inner: Floats, inner_makers: Integers, exact: Flags) -> StochasticInner:
    """The exact proof that sets which hold the inner polygons generate themselves.

    Of the limit's vertices that solve linear equations where that works, of the polygons' floats and of what is known exactly.
    """
    known = solve_points(flat, inner_makers, exact)
    hints: dict[tuple[int, Pair], int] = {}
    polygons: list[list[Pair]] = [[] for _ in range(len(flat.game))]
    for s, own in enumerate(inner_makers.tolist()):
        for j, p in enumerate(own):
            x, y = inner[s, j].tolist()
            point = known[s, p] if (s, p) in known else (Fraction(x), Fraction(y))
            if (s, point) not in hints:
                hints[s, point] = p
                polygons[s].append(point)
    vertices, counts = np.empty_like(limit.y), np.empty(len(limit.y), dtype=np.int64)
    fan_polygons(limit.y, 1e-11, vertices, counts)
    if counts.sum() <= MOST_PLANS and limit.makers.min() >= 0:
        corners = [vertices[s, : counts[s]] for s in range(len(counts))]
        nearest = [np.abs(limit.y[s][None] - own[:, None]).max(axis=2).argmin(axis=1) for s, own in enumerate(corners)]
        makers = [limit.makers[s, places] for s, places in enumerate(nearest)]
        plans = plan_values(flat, corners, makers)
        if any(plans):
            # Vertices on the way to which no constraint binds are simple: strategies that play them are then, too.
            simple = [plan + own for plan, own in zip(plans, polygons, strict=True)]
            tried = [sorted({*own, *more}) for own, more in zip(limit.makers.tolist(), inner_makers.tolist(), strict=True)]
            proof = prove(flat, simple, tried, hints)
            if proof is not None and all(
                _holds([flat.exact_scaled(vertex) for vertex in own], points) for own, points in zip(proof.vertices, polygons, strict=True)
            ):
                return proof
    proof = prove(flat, polygons, [sorted(set(own)) for own in inner_makers.tolist()], hints)
    if proof is None:
        raise ArithmeticError("a set that generates itself with room for rounding does not do so exactly: please report this game")
    return proof


def _holds(polygon: list[Pair], points: list[Pair]) -> bool:
    return contains(polygon, points) or set(points) <= set(polygon)
