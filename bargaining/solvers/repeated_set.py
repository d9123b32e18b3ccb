r"""Equilibrium payoff sets of repeated games, with proven bounds on both sides.

:math:`V(\delta)` is the set of average discounted payoffs of subgame-perfect equilibria in pure actions of the repeated game with perfect
monitoring, when a public random draw is observed before every period. It is the largest fixed point of the operator of
`bargaining.kernels.self_generation` (Abreu, Pearce and Stacchetti 1990; Cronshaw and Luenberger 1994; with different discount factors
as in Lehrer and Pauzner 1999, and then V need not lie in the hull of stage payoffs).

The operator is not a contraction where incentive constraints bind, so a small step proves nothing. The solver stops when a *proven* outer
set and a *proven* inner set are within `tol`: half-planes with outward rounding outside, exact self-generation inside.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, RepeatedGame
from bargaining.games.issues import Block, Partition
from bargaining.games.stage import require_size
from bargaining.kernels.polygon import largest_distance
from bargaining.payoff_set import PayoffSet, minkowski_sum
from bargaining.solution import EquilibriumSet, InnerProof, OuterProof, Status, worst_status
from bargaining.solvers.common_delta import settle
from bargaining.solvers.inner import MOST_RATIONAL_VERTICES, prove, rational_candidate, stricter_fixed_points
from bargaining.solvers.outer import OuterSet, float_fixed_point, thinned
from bargaining.solvers.scaled import ScaledGame
from bargaining.solvers.transfers import METHOD as TRANSFERS
from bargaining.solvers.transfers import transfer_set

Floats = NDArray[np.float64]

MAX_ITER = 200_000
# How often the half-planes may be turned to a newer estimate before the answer is called undecided.
MOST_TURNS = 12
METHOD = "half-planes outside, exact self-generation inside"


def repeated_set(
    game: RepeatedGame,
    partition: str | Partition | None = None,
    *,
    transfers: bool = False,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> EquilibriumSet:
    """`equilibrium_set` of a repeated game with perfect monitoring."""
    check_options(tol, max_iter)
    require_size(game.stage_game().payoffs)
    if partition is None:
        return transfer_set(game) if transfers else _solve(game, tol, max_iter)
    issues = game.stage
    if not isinstance(issues, IssueGame):
        raise GameError("partition: this game has no issues; expected a RepeatedGame over an IssueGame")
    blocks = issues.partition(partition)
    issues.require_separable()
    games = {block: RepeatedGame(issues.block(block), game.delta) for block in blocks}
    solved = {block: transfer_set(part) if transfers else _solve(part, tol, max_iter) for block, part in games.items()}
    options = {"transfers": True} if transfers else {"tol": tol, "max_iter": max_iter}
    return combine(game, solved, options)


def check_options(tol: float, max_iter: int) -> None:
    """Refuse options that cannot be meant."""
    if not (isinstance(tol, (float, int)) and 0.0 < tol < 1.0):
        raise ValueError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    if isinstance(max_iter, bool) or not isinstance(max_iter, (int, np.integer)) or max_iter < 1:
        raise ValueError(f"max_iter is {max_iter!r}: expected a positive integer")


def combine(game: RepeatedGame, blocks: Mapping[Block, EquilibriumSet], options: Mapping[str, Any]) -> EquilibriumSet:
    """The set of a partition from the sets of its blocks: their Minkowski sum, errors added."""
    parts = list(blocks.values())
    status = worst_status([part.status for part in parts])
    if any(part.status is Status.empty for part in parts):
        status = Status.empty
    return EquilibriumSet(
        status=status,
        error_bound=0.0 if status is Status.empty else float(sum(part.error_bound for part in parts)),
        iterations=sum(part.iterations for part in parts),
        method=TRANSFERS if options.get("transfers") else METHOD,
        options={"partition": IssueGame.name(tuple(blocks)), **options},
        game=game,
        payoff_set=minkowski_sum([part.payoff_set for part in parts]),
        inner=minkowski_sum([part.inner for part in parts]),
        outer=minkowski_sum([part.outer for part in parts]),
        deviation_gain=float(sum(part.deviation_gain for part in parts)),
        blocks=dict(blocks),
    )


def _solve(game: RepeatedGame, tol: float, max_iter: int) -> EquilibriumSet:
    options = {"tol": tol, "max_iter": max_iter}
    if game.common_delta:
        settled = settle(game, tol, max_iter, options)
        if settled is not None:
            return settled
    return general_set(game, tol, max_iter)


def general_set(game: RepeatedGame, tol: float, max_iter: int) -> EquilibriumSet:
    """The set by half-planes outside and exact self-generation inside, which needs neither a common δ nor a structure that settles."""
    return set_between(ScaledGame.of(game), tol, max_iter, {"tol": tol, "max_iter": max_iter})


def set_between(scaled: ScaledGame, tol: float, max_iter: int, options: Mapping[str, Any]) -> EquilibriumSet:
    """The same for the profiles of a scaled game, which may be only some of those of its game."""
    game = scaled.game
    # What is left to go when the float iteration moves by `stop` is about stop / (1 - delta), a fraction of tol. With a common discount
    # factor the sets have few vertices and sweeps are cheap: go on until vertices can be told to be simple rationals.
    share = min(tol, 1e-9) / 1024.0 if game.common_delta else tol / 16.0
    stop = max(share * (1.0 - float(scaled.deltas.max())), 4e-16)
    # Thinning makes the iteration move by up to its own size for ever, so it has to be finer.
    thinning = 0.25 * stop
    estimate, makers, sweeps = float_fixed_point(scaled, thinning, stop, max_iter)
    outer = OuterSet.start(scaled, estimate)
    inner = find_inner(scaled, estimate, makers, tol, max_iter) if len(estimate) else None
    status = Status.max_iter
    turns = 0
    while outer.sweeps + sweeps < max_iter:
        outer.sweep(min(256, max_iter - outer.sweeps), 0.0)
        if outer.is_empty:
            status = Status.empty
            break
        if inner is not None and _gap(scaled, outer, inner) <= tol:
            status = Status.solved
            break
        if outer.change > stop:
            continue
        # The half-planes have come to rest away from the inner set: their normals are not the edges of the limit, or it is a knife edge.
        estimate, makers = outer.estimate(thinning)
        if turns == MOST_TURNS or not outer.follow(estimate, max(tol / 1024.0, 1e-14)):
            status = Status.undecided if inner is not None else Status.approximate
            break
        turns += 1
        inner = inner or find_inner(scaled, estimate, makers, tol, max_iter)
    return _answer(scaled, outer, inner, estimate, status, options)


def find_inner(scaled: ScaledGame, vertices: Floats, makers: NDArray[np.int64], tol: float, max_iter: int) -> InnerProof | None:
    """A self-generating set close to the polygon `vertices`, proven; None if no candidate passes."""
    corners = thinned(vertices, tol / 64.0)
    if len(corners) <= MOST_RATIONAL_VERTICES:
        candidate = rational_candidate(scaled, vertices[corners], makers, max(1e-9, tol / 8.0))
        proof = prove(scaled, candidate, sorted({int(a) for a in makers}))
        if proof is not None:
            return proof
    for candidate, own in stricter_fixed_points(scaled, vertices, makers, tol, max_iter):
        proof = prove(scaled, candidate, own)
        if proof is not None:
            return proof
    return None


def _gap(scaled: ScaledGame, outer: OuterSet, inner: InnerProof) -> float:
    """Hausdorff distance between the outer and the inner set, in scaled payoffs, rounded up."""
    return float(largest_distance(np.ascontiguousarray(outer.polygon()), _scaled_vertices(scaled, inner))) + 1e-15


def _scaled_vertices(scaled: ScaledGame, inner: InnerProof) -> Floats:
    return np.array(
        [[float((vertex[i] - scaled.origin[i]) / scaled.span[i]) for i in (0, 1)] for vertex in inner.vertices], dtype=np.float64
    )


def _answer(
    scaled: ScaledGame, outer: OuterSet, inner: InnerProof | None, estimate: Floats, status: Status, options: Mapping[str, Any]
) -> EquilibriumSet:
    nothing = PayoffSet(np.empty((0, 2)))
    if status is Status.empty:
        outside = inside = stated = nothing
        error_bound = 0.0
    else:
        outside = PayoffSet(scaled.in_units(outer.polygon()))
        if inner is None:
            inside, error_bound = nothing, float("inf")
            stated = PayoffSet(scaled.in_units(estimate))
        else:
            inside = stated = PayoffSet([[float(x), float(y)] for x, y in inner.vertices])  # type: ignore[arg-type]
            error_bound = _gap(scaled, outer, inner) * float(scaled.units.max())
    return EquilibriumSet(
        status=status,
        error_bound=error_bound,
        iterations=outer.sweeps,
        method=METHOD,
        options=dict(options),
        game=scaled.game,
        payoff_set=stated,
        inner=inside,
        outer=outside,
        deviation_gain=0.0 if inner is not None or status is Status.empty else _deviation_gain(scaled, estimate),
        inner_proof=inner,
        outer_proof=OuterProof(
            origin=scaled.origin, span=scaled.span, normals=outer.normals.copy(), offsets=outer.offsets.copy(), sweeps=outer.sweeps
        ),
    )


def _deviation_gain(scaled: ScaledGame, vertices: Floats) -> float:
    """What a one-shot deviation can gain, in payoff units, if play stays in the unproven set: the larger player's, over vertices.

    For each vertex the profile is taken that leaves the smallest gain and generation error together.
    """
    if not len(vertices):
        return 0.0
    inside = PayoffSet.hull(vertices)
    floors = vertices.min(axis=0)
    deltas, units = scaled.deltas, scaled.units
    worst = Fraction(0)
    for vertex in vertices:
        short = np.maximum((1.0 - deltas) * (scaled.payoffs + scaled.gains) + deltas * floors - vertex, 0.0)
        continuation = (vertex - (1.0 - deltas) * scaled.payoffs) / deltas
        promising = np.argsort(short.max(axis=1), kind="stable")[:32]
        least = min(
            float((short[a] * units).max() + inside.distance_to(continuation[a]) * float((units * deltas / (1.0 - deltas)).max()) * 2.0)
            for a in promising
        )
        worst = max(worst, Fraction(least))
    return float(worst)
