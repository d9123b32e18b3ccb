r"""Perfect public equilibrium payoffs under imperfect public monitoring, with proven bounds on both sides.

The set of payoffs of perfect public equilibria in pure actions, with a public random draw before every period, is the largest fixed point
of the operator of `bargaining.kernels.monitored_program` (Abreu, Pearce and Stacchetti 1990). A float iteration on polygons finds what the
set looks like; then

* *outside*, half-planes with its edges as normals come down from the hull of stage payoffs. Every offset is a dual bound rounded outward;
* *inside*, its vertices become the exact values of a finite machine: each earns what its profile and its continuations, exact combinations
  of the vertices, are worth, and every incentive constraint is checked in fractions. To have them hold after rounding, the machine is built
  with constraints that are stricter by a hair.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, MonitoredGame
from bargaining.kernels.half_planes import ROUNDING, half_plane_polygon
from bargaining.kernels.monitored import public_polygon, public_polygons
from bargaining.kernels.monitored_outer import excludes, public_sweep
from bargaining.kernels.polygon import hull, largest_distance
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, PublicInnerProof, PublicOuterProof, Status
from bargaining.solvers.monitored_inner import find_machine
from bargaining.solvers.monitored_scaled import ScaledMonitoredGame
from bargaining.solvers.outer import edge_normals, thinned

Floats = NDArray[np.float64]

METHOD = "dual bounds on half-planes outside, exact public machine inside"
MAX_ITER = 20_000
# A set may have as many vertices as its boundary is curved; more than these are not looked for.
MOST_VERTICES = 160
MOST_NORMALS = 256
# How often the half-planes may be turned to a finer estimate before the answer is called undecided.
MOST_TURNS = 3
# Vertices or half-planes of all sweeps, times profiles, before the answer is called undecided. Near patience one a sweep moves little, and
# a set with a curved boundary has many of both; no clock is asked, so that every machine stops at the same place.
MOST_WORK = 2_000_000
# An offset below this, in scaled payoffs, leaves no payoff at all.
NOTHING = -4.0


def public_set(
    game: MonitoredGame, partition: Any = None, *, transfers: bool = False, tol: float | None = None, max_iter: int = MAX_ITER
) -> EquilibriumSet:
    """`bargaining.equilibrium_set` of a `MonitoredGame`; `tol` is 1e-3 by default."""
    if partition is not None:
        raise GameError("partition: under imperfect monitoring a block has its own signals; use monitored_linkage, or the block's own game")
    if transfers:
        raise GameError("transfers: use monitored_transfers, which gives payoffs under imperfect monitoring at every discount factor")
    tol = 1e-3 if tol is None else tol
    if not (isinstance(tol, (float, int)) and 0.0 < tol < 1.0):
        raise ValueError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    if isinstance(max_iter, bool) or not isinstance(max_iter, (int, np.integer)) or max_iter < 1:
        raise ValueError(f"max_iter is {max_iter!r}: expected a positive integer")
    options = {"tol": tol, "max_iter": max_iter}
    monitored = ScaledMonitoredGame.of(game)
    patience = 1.0 - float(monitored.scaled.deltas.max())
    finest = max(tol * patience / 8.0, 1e-14)
    stop = finest / 256.0
    inner: PublicInnerProof | None = None
    outer: OuterChain | None = None
    status, iterations = Status.max_iter, 0
    turned, start = np.empty((0, 2)), None
    left = MOST_WORK
    for turn in range(MOST_TURNS):
        # Far enough for what is cut short not to matter inside; a set that never quite comes to rest must not hold everything up.
        estimate, spent = float_estimate(monitored, finest, stop, min(max_iter, 100 + int(40.0 / patience)), left // 2, start)
        left -= spent
        better = find_machine(monitored, estimate, tol, fine=turn > 0) if len(estimate) else None
        inner = better if better is not None else inner
        outer = OuterChain(monitored, estimate, turned)
        affordable = left // (len(outer.normals) * len(outer.alive))
        status = outer.descend(inner, tol, finest, min(max_iter - iterations, affordable))
        iterations += outer.sweeps
        left -= outer.sweeps * len(outer.normals) * len(outer.alive)
        if status is not Status.undecided or len(outer.normals) > MOST_NORMALS:
            break
        # The half-planes rest away from the inner set: some edge of the limit is missing among them, or the estimate is too coarse. A set
        # that vanishes, or all but vanishes, goes through shapes that its end does not show.
        turned = np.concatenate([turned, outer.edges(), fan(8 * 2**turn)])
        finest, stop, start = finest / 8.0, stop / 64.0, outer.polygon()
    assert outer is not None
    if inner is None and (status is Status.undecided or (status is Status.max_iter and iterations < max_iter)):
        status = Status.approximate
    elif status is Status.max_iter and iterations < max_iter:
        status = Status.inner_only
    return _answer(monitored, outer, inner, estimate, status, iterations, options)


def fan(count: int) -> Floats:
    """Evenly spread directions."""
    angles = (np.arange(count) + 0.5) * (2.0 * np.pi / count)
    return np.column_stack([np.cos(angles), np.sin(angles)])


def float_estimate(
    monitored: ScaledMonitoredGame, finest: float, stop: float, max_iter: int, most: int, start: Floats | None = None
) -> tuple[Floats, int]:
    """Float estimate of the set, to details of `finest` and sweeps that move by `stop`: vertices, none if it vanishes; and the work spent.

    A `start` is a polygon that holds the set. No more than about `most` work is done.
    """
    scaled = monitored.scaled
    vertices = np.empty((MOST_VERTICES, 2))
    if start is None or not 3 <= len(start) <= MOST_VERTICES:
        start = _start(monitored)
    vertices[: len(start)] = start
    count, spent, _ = public_polygons(
        scaled.payoffs,
        monitored.chance,
        monitored.shift,
        monitored.mover,
        monitored.need,
        scaled.deltas,
        monitored.static,
        monitored.alive,
        vertices,
        len(start),
        0.5 * finest,
        stop,
        max_iter,
        most,
    )
    order, chain = np.empty(count, dtype=np.int64), np.empty(2 * count + 2, dtype=np.int64)
    kept = chain[: hull(vertices, count, order, chain)]
    return vertices[kept].copy(), spent


def _start(monitored: ScaledMonitoredGame) -> Floats:
    """Vertices of the hull of stage payoffs; of their box if discount factors differ, since payoffs can then be traded over time."""
    payoffs = monitored.scaled.payoffs
    if not monitored.game.common_delta:
        # A side that always earns the same has no room to trade.
        (left, low), (right, high) = payoffs.min(axis=0), payoffs.max(axis=0)
        payoffs = np.array([[left, low], [right, low], [right, high], [left, high]])
    order, chain = np.empty(len(payoffs), dtype=np.int64), np.empty(2 * len(payoffs) + 2, dtype=np.int64)
    return np.asarray(payoffs[chain[: hull(payoffs, len(payoffs), order, chain)]])


class OuterChain:
    """Half-planes that come down from the stage payoffs, with all their offsets on the way."""

    def __init__(self, monitored: ScaledMonitoredGame, estimate: Floats, more: Floats) -> None:
        self.monitored = monitored
        kept = estimate[thinned(estimate, 1e-11)] if len(estimate) else _start(monitored)
        self.normals = edge_normals(kept, more)
        start = _start(monitored)
        # A little more than the hull, so that the first set holds it whatever the rounding.
        self.history = [(self.normals @ start.T).max(axis=1) + 4.0 * ROUNDING]
        self.alive = monitored.alive.copy()
        self.multipliers = np.zeros((len(self.alive), len(self.normals), len(monitored.mover)))

    @property
    def sweeps(self) -> int:
        """Applications of the set operator so far."""
        return len(self.history) - 1

    @property
    def is_empty(self) -> bool:
        """Whether no payoff is left, which proves that there is no equilibrium."""
        return not self.alive.any()

    def descend(self, inner: PublicInnerProof | None, tol: float, stop: float, max_iter: int) -> Status:
        """Sweep until the set is within `tol` of the inner one, or empty, or comes to rest (`undecided`)."""
        m, scaled = self.monitored, self.monitored.scaled
        inside = scaled_vertices(m, inner) if inner is not None else None
        while self.sweeps < max_iter:
            if self.is_empty:
                self.history.append(np.full(len(self.normals), NOTHING - 1.0))
                return Status.empty
            if inside is not None and float(largest_distance(self.polygon(), inside)) + 1e-14 <= tol:
                return Status.solved
            fresh = np.empty(len(self.normals))
            living = public_sweep(
                scaled.payoffs,
                m.chance,
                m.shift,
                m.mover,
                m.need,
                scaled.deltas,
                self.normals,
                self.history[-1],
                self.normals,
                self.alive,
                self.multipliers,
                fresh,
            )
            if living == 0:
                continue
            offsets = np.minimum(fresh, self.history[-1])
            moved = float((self.history[-1] - offsets).max())
            self.history.append(offsets)
            if moved <= 0.25 * stop:
                return Status.undecided
        return Status.max_iter

    def edges(self) -> Floats:
        """Normals of the edges of B of the set where the half-planes rest."""
        m, scaled = self.monitored, self.monitored.scaled
        points, rows = np.empty((MOST_VERTICES, 2)), m.chance.shape[1] + len(m.mover)
        polygon = self.polygon()
        count = public_polygon(
            scaled.payoffs,
            m.chance,
            m.shift,
            m.mover,
            m.need,
            scaled.deltas,
            m.static,
            self.alive,
            polygon,
            len(polygon),
            1e-3,
            points,
            np.empty(MOST_VERTICES, dtype=np.int64),
            np.empty((MOST_VERTICES, rows), dtype=np.int64),
            np.empty((MOST_VERTICES, rows)),
        )
        return edge_normals(points[:count])

    def polygon(self) -> Floats:
        """Vertices of the half-planes' intersection."""
        vertices = np.empty((len(self.normals) + 5, 2))
        count = half_plane_polygon(self.normals, self.history[-1], vertices)
        return vertices[:count].copy()

    def proof(self) -> PublicOuterProof:
        """The chain in as few steps as multipliers can be found for."""
        m, scaled = self.monitored, self.monitored.scaled
        shape = (len(self.alive), len(self.normals), len(m.mover))
        steps, multipliers = [0], []
        last = len(self.history) - 1
        reach = last
        while steps[-1] < last:
            here = steps[-1]
            reach = min(max(reach, 1), last - here)
            while True:
                own = np.empty(shape)
                proven = excludes(
                    scaled.payoffs,
                    m.chance,
                    m.shift,
                    m.mover,
                    m.need,
                    scaled.deltas,
                    self.normals,
                    self.history[here],
                    self.history[here + reach],
                    own,
                )
                if proven or reach == 1:
                    break
                reach = (reach + 1) // 2 if reach > 2 else 1
            steps.append(here + reach)
            multipliers.append(own)
            reach *= 4
        return PublicOuterProof(
            origin=scaled.origin,
            span=scaled.span,
            normals=self.normals.copy(),
            offsets=np.array([self.history[k] for k in steps]),
            multipliers=np.array(multipliers).reshape(len(multipliers), *shape),
        )


def scaled_vertices(monitored: ScaledMonitoredGame, inner: PublicInnerProof) -> Floats:
    """Vertices of the inner set in scaled payoffs, as a convex polygon."""
    scaled = monitored.scaled
    points = np.array([[float((v[i] - scaled.origin[i]) / scaled.span[i]) for i in (0, 1)] for v in inner.vertices], dtype=np.float64)
    return np.ascontiguousarray(PayoffSet.hull(points).vertices)


def _answer(
    monitored: ScaledMonitoredGame,
    outer: OuterChain,
    inner: PublicInnerProof | None,
    estimate: Floats,
    status: Status,
    iterations: int,
    options: Mapping[str, Any],
) -> EquilibriumSet:
    scaled = monitored.scaled
    nothing = PayoffSet(np.empty((0, 2)))
    if status is Status.empty:
        stated = inside = outside = nothing
        error_bound = 0.0
    else:
        outside = PayoffSet(scaled.in_units(outer.polygon()))
        inside, error_bound = nothing, float("inf")
        stated = PayoffSet(scaled.in_units(estimate))
        if inner is not None:
            inside = stated = PayoffSet.hull([[float(x), float(y)] for x, y in inner.vertices])
            gap = float(largest_distance(outer.polygon(), scaled_vertices(monitored, inner))) + 1e-14
            error_bound = gap * float(max(scaled.units.max(), 0.0))
    return EquilibriumSet(
        status=status,
        error_bound=error_bound,
        iterations=iterations,
        method=METHOD,
        options=dict(options),
        game=monitored.game,
        payoff_set=stated,
        inner=inside,
        outer=outside,
        deviation_gain=0.0 if inner is not None or status is Status.empty else float("inf"),
        public_inner_proof=inner,
        public_outer_proof=outer.proof(),
    )
