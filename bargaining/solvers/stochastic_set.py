r"""Equilibrium payoff sets of stochastic games, a set a state, with proven bounds on both sides.

:math:`V_s(\delta)` is the set of average discounted payoffs of subgame-perfect equilibria in pure actions with public randomisation that
start in state s. The vector of these sets is the largest fixed point of the operator of `bargaining.kernels.stochastic_polygons`.
Subgame perfection asks for an equilibrium in every subgame, after joint deviations too: a state from which play can come to one without
equilibria has none itself, and a state that nobody can leave for such a one is not affected.

From outside the operator works on half-planes, rounded outward; from inside sets are proven to generate themselves in exact arithmetic.
The game counts as solved when the two are within `tol` of each other in every state.

With a common discount factor of .95 a hundred states of 16 profiles, three of which can follow each, take 6 CPU seconds, fifty take .5.
Where any state can follow any other, a hundred states end with what half-planes and sets inside prove (`inner_only`, a gap of a few
hundredths of the payoff span): work has a limit. Larger games that do not settle get half-planes only (`approximate`, an infinite bound).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stochastic import StochasticInner, StochasticOuter, StochasticSet
from bargaining.games import StochasticGame
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.kernels.polygon import largest_distance
from bargaining.kernels.stochastic_aligned import FEASIBILITY
from bargaining.kernels.stochastic_outer import outer_sweeps, turned_offsets
from bargaining.kernels.stochastic_polygons import COARSE, FINER, FULL, LONG, polygon_sweeps
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.scaled import Pair
from bargaining.solvers.state_polygons import all_fat, canonical, clearance, edge_normals
from bargaining.solvers.stochastic_common import settle
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import Work, after_points, is_point, plan_values, prove, snapped

Floats = NDArray[np.float64]

METHOD = "half-planes outside, exact self-generation inside, state by state"
# Plans of sets that are nearly points or segments are read off the float estimate, which is then never coarser than this.
FINE = 1e-6
MOST_VERTICES = 4096
MOST_TURNS = 6
BATCH, TURNING = 64, 12
# Games in which so many states follow profiles, in all, get half-planes only where the structure does not settle; so many normals, so
# much work, and movement that no longer matters.
MOST_SUCCESSORS, SPREAD, MOST_WORK, COARSEST = 4000, 64, 3_000_000_000, 1e-6
# How fine an estimate is that there was no time for.
ROUGH = 1e-3
# Edges mixed between two looks at how much work is left.
AT_ONCE = 4_000_000
# Edges mixed, and places looked for exactly, that there is time for in all; most points that are tried to be proven at once, and how often
# with less slack.
MOST_EDGES, MOST_PLACES, MOST_POINTS, MOST_REFINED = 100_000_000, 60_000, 20_000, 2


def stochastic_set(game: StochasticGame, tol: float, max_iter: int) -> StochasticSet:
    """See `bargaining.solvers.equilibrium_set.equilibrium_set`."""
    flat = FlatGame.of(game)
    settled = settle(flat, tol, max_iter) if game.common_delta else None
    if settled is not None:
        return settled
    solver = _Solver(flat, tol, max_iter)
    return solver.outside() if len(flat.following) > MOST_SUCCESSORS else solver.solve()


class _Solver:
    """The two bounds of one game on their way to each other."""

    def __init__(self, flat: FlatGame, tol: float, max_iter: int) -> None:
        self.flat, self.tol, self.max_iter = flat, tol, max_iter
        self.states = len(flat.game)
        self.slow = 1.0 - float(flat.deltas.max())
        # How fine the float estimate is.
        self.fine = tol
        self.alive = np.ones(len(flat.payoffs), dtype=np.bool_)
        self.living = np.ones(self.states, dtype=np.bool_)
        self.failed = np.full(self.states, -1, dtype=np.int64)
        self.sweeps = 0
        self.normals = np.empty((0, 2))
        self.offsets = np.empty((self.states, 0))
        # Work that is left: edges of polygons mixed, offsets of half-planes mixed, points looked for in exact arithmetic.
        self.edges, self.products, self.exact = MOST_EDGES // 2, MOST_WORK, Work(MOST_PLACES)

    @property
    def tired(self) -> bool:
        """Whether some kind of work has been used up."""
        return min(self.edges, self.products, self.exact.left) <= 0

    def solve(self) -> StochasticSet:
        stop = self.resting()
        polygons, makers, spent = self.iterate(None, 0.0, 0.0, stop / 2.0, stop)
        if self.fine > FINE and not all_fat(polygons):
            self.fine = FINE
            stop = self.resting()
            polygons, makers, more = self.iterate(None, 0.0, 0.0, stop / 2.0, stop)
            spent += more
        if self.edges <= 0:
            # No time for an estimate as fine as was asked for: a rough one can still be proven.
            self.fine = max(self.fine, ROUGH)
        self.edges = max(self.edges, 0) + MOST_EDGES // 2
        self.start(edge_normals(polygons, self.tol * self.slow / 256.0))
        inner = self.find_inner(polygons, makers)
        status = Status.max_iter
        turns = 0
        while self.sweeps + spent < self.max_iter:
            moved = self.sweep(min(BATCH, self.max_iter - self.sweeps - spent), 0.25 * stop)
            if not self.living.any():
                status = Status.empty
                break
            if moved == np.inf:
                # A state's set emptied: what was estimated for the others may have relied on it.
                continue
            if inner is not None and self.gap(inner) <= self.tol:
                status = Status.solved
                break
            if self.products <= 0 or (self.tired and moved <= 0.25 * stop):
                status = Status.approximate if inner is None else Status.inner_only
                break
            if moved > 0.25 * stop:
                continue
            # The half-planes have come to rest: their normals are not the edges of the limit, or it is a knife edge.
            if turns == MOST_TURNS or (turns and not self.follow(0.25 * self.tol)):
                status = Status.undecided if inner is not None else Status.approximate
                break
            turns += 1
            polygons, makers, more = self.iterate(self.outer_polygons(), 0.0, 0.0, stop / 2.0, stop)
            spent += more
            self.turn(edge_normals(polygons, self.tol * self.slow / 256.0))
            if inner is None or not self.consistent(inner):
                inner = self.find_inner(polygons, makers)
        return self.answer(status, inner, polygons)

    def resting(self) -> float:
        """Movement in one sweep below which the float estimate counts as settled."""
        return max(self.fine * self.slow / (128.0 if self.flat.game.common_delta else 32.0), 1e-15)

    def outside(self) -> StochasticSet:
        """Half-planes with evenly spread normals and nothing inside: what there is time for in the largest games."""
        angles = 2.0 * np.pi * np.arange(SPREAD) / SPREAD
        normals = np.column_stack([np.cos(angles), np.sin(angles)])
        normals[:: SPREAD // 4] = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
        self.start(normals)
        allowed = min(self.max_iter, max(BATCH, MOST_WORK // (SPREAD * len(self.flat.following))))
        while self.sweeps < allowed and self.living.any():
            if self.sweep(min(BATCH, allowed - self.sweeps), COARSEST * self.slow) <= COARSEST * self.slow:
                break
        status = Status.approximate if self.living.any() else Status.empty
        return self.answer(status, None, self.outer_polygons())

    def iterate(
        self, start: list[Floats] | None, slack: float, inward: float, dust: float, stop: float, sweeps: int = 0
    ) -> tuple[list[Floats], list[NDArray[np.int64]], int]:
        """Polygons of the operator's (or the stricter one's) fixed point, iterated from `start` or the unit box."""
        x, y = self.flat.payoffs.max(axis=0)
        box = canonical(np.array([[0.0, 0.0], [x, 0.0], [x, y], [0.0, y]]))
        box = box if x and y else box[:: max(len(box) - 1, 1)][:2]
        begin = start or [box] * self.states
        makers = [np.zeros(len(polygon), dtype=np.int64) for polygon in begin]
        most, done, coarse, least, since = sweeps or self.max_iter, 0, COARSE, np.inf, 0
        patience = 64 + int(4.0 / self.slow)
        room = max(128, 2 * max(len(polygon) for polygon in begin))
        while True:
            vertices = np.zeros((self.states, room, 2))
            counts = np.zeros(self.states, dtype=np.int64)
            made = np.zeros((self.states, room), dtype=np.int64)
            for s, polygon in enumerate(begin):
                if self.living[s]:
                    counts[s] = len(polygon)
                    vertices[s, : len(polygon)] = polygon
            code, more, moved = polygon_sweeps(
                self.flat.arrays, vertices, counts, made, self.alive, slack, inward, FEASIBILITY if slack == 0.0 else 0.0, coarse,
                dust, stop, min(most - done, BATCH, max(1, AT_ONCE // (1 + int(counts[self.flat.following].sum())))),
            )  # fmt: skip
            done += more
            self.edges -= (more + (code == FULL)) * (int(counts[self.flat.following].sum()) + len(self.flat.payoffs))
            begin = [vertices[s, : counts[s]].copy() for s in range(self.states)]
            makers = [made[s, : counts[s]].copy() for s in range(self.states)]
            if moved < 0.5 * least:
                least, since = moved, done
            if code == FULL and room < MOST_VERTICES:
                room *= 4
            elif code != LONG or done >= most or done - since > patience or self.edges <= 0:
                return begin, makers, done
            coarse = min(coarse * FINER**more, COARSE * moved)

    def start(self, normals: Floats) -> None:
        """Half-planes around the box of scaled payoffs."""
        self.normals = normals
        top = (np.maximum(normals, 0.0) * self.flat.payoffs.max(axis=0)).sum(axis=1) * (1.0 + 1e-15)
        self.offsets = np.ascontiguousarray(np.tile(top, (self.states, 1)))

    def turn(self, normals: Floats) -> None:
        """Replace the normals; offsets for the new ones follow from the old half-planes by one application of the operator."""
        turned = np.empty((self.states, len(normals)))
        turned_offsets(self.flat.arrays, self.normals, self.offsets, normals, turned, self.alive, self.living, self.failed)
        self.products -= len(normals) * (len(self.flat.following) + len(self.flat.payoffs))
        self.normals, self.offsets = normals, turned
        self.sweeps += 1

    def follow(self, tolerance: float) -> bool:
        """Turn the normals to the edges of what the operator makes of the half-planes, sweep after sweep; whether that still moves them.

        Fixed normals can come to rest away from the limit.
        """
        for _ in range(TURNING):
            if not self.living.any() or self.tired:
                return True
            before = self.outer_polygons()
            after, _, _ = self.iterate(before, 0.0, 0.0, tolerance / 16.0, 0.0, 1)
            self.turn(edge_normals(after, tolerance))
        moved = max(
            (float(largest_distance(old, new)) for old, new in zip(before, self.outer_polygons(), strict=True) if len(new)), default=np.inf
        )
        return moved > tolerance

    def sweep(self, sweeps: int, change: float) -> float:
        done, moved = outer_sweeps(self.flat.arrays, self.normals, self.offsets, self.alive, self.living, self.failed, sweeps, change)
        self.sweeps += done
        self.products -= done * len(self.normals) * (len(self.flat.following) + len(self.flat.payoffs))
        return float(moved)

    def outer_polygons(self) -> list[Floats]:
        polygons = []
        for s in range(self.states):
            vertices = np.empty((len(self.normals) + 5, 2))
            count = half_plane_polygon(self.normals, self.offsets[s], vertices) if self.living[s] else 0
            polygons.append(canonical(vertices[:count]))
        return polygons

    def find_inner(self, polygons: list[Floats], makers: list[NDArray[np.int64]]) -> StochasticInner | None:
        """Sets that generate themselves close to the polygons, proven; the first within tol of them, else the closest found."""
        if not any(len(polygon) for polygon in polygons):
            return None
        own = [sorted({int(p) for p in made}) for made in makers]
        best, nearest = None, np.inf
        # With different discount factors edges turn for ever: room for thinning keeps the polygons small.
        apart = not self.flat.game.common_delta
        plans = None if all_fat(polygons) else plan_values(self.flat, polygons, makers)
        radius = min((own for own in map(clearance, polygons) if own > FINE), default=1.0)
        slack = max(1e-13, self.fine * self.slow * (min(0.125, radius) if apart else 1.0 / 256.0))
        refined, large = 0, False
        while slack <= max(self.tol, self.fine) and not self.tired:
            turns = 0
            while turns < 2:
                turns += 1
                if (
                    plans is not None
                    and turns == 1
                    and all(len(exact) >= len(polygon) for exact, polygon in zip(plans, polygons, strict=True))
                ):
                    candidate, tried = plans, own
                    hints: dict[tuple[int, Pair], int] = {}
                else:
                    turns = 2
                    inward = min(0.5, slack / radius)
                    stricter, made, _ = self.iterate(
                        polygons, slack, inward, slack / (12.0 if apart else 1024.0), max(slack / (4.0 if apart else 128.0), 1e-15)
                    )
                    points, hints = self.candidates(stricter, made, plans)
                    candidate = points if plans is None else [exact + more for exact, more in zip(plans, points, strict=True)]
                    tried = [sorted({*own[s], *(int(p) for p in made[s])}) for s in range(self.states)]
                large = sum(map(len, candidate)) > MOST_POINTS
                if large:
                    break
                proof = prove(self.flat, candidate, tried, hints, self.exact)
                if proof is None or not self.consistent(proof, polygons):
                    continue
                off = max(float(largest_distance(polygon, self.scaled(proof, s))) for s, polygon in enumerate(polygons) if len(polygon))
                if off < nearest:
                    best, nearest = proof, off
                if off <= 0.75 * self.tol:
                    return proof
            if plans is None and best is None and not large:
                plans = plan_values(self.flat, polygons, makers)
                continue
            # More than enough to be proven, but too far inside: less.
            less = apart and best is not None
            if less and (refined == MOST_REFINED or slack <= 1e-13):
                break
            refined += less
            slack *= 0.125 if less else 8.0 if apart else 32.0
        return best

    def candidates(
        self, polygons: list[Floats], makers: list[NDArray[np.int64]], plans: list[list[Pair]] | None
    ) -> tuple[list[list[Pair]], dict[tuple[int, Pair], int]]:
        """Points to be proven, and the profiles that make them: floats, but exact where only states with a single, solved payoff follow."""
        single = {s: plans[s][0] for s, polygon in enumerate(polygons) if plans is not None and len(plans[s]) == 1 and is_point(polygon)}
        points: list[list[Pair]] = [[] for _ in polygons]
        hints: dict[tuple[int, Pair], int] = {}
        for s, polygon in enumerate(polygons):
            if s in single:
                continue
            for x, p in zip(snapped(polygon), makers[s].tolist(), strict=True):
                point = after_points(self.flat, p, single) or x
                if (s, point) not in hints:
                    hints[s, point] = p
                    points[s].append(point)
        return points, hints

    def consistent(self, inner: StochasticInner, polygons: list[Floats] | None = None) -> bool:
        """Whether the inner set has vertices in just the states that live (or have a polygon)."""
        filled = [len(polygon) > 0 for polygon in polygons] if polygons is not None else list(self.living)
        return filled == [len(own) > 0 for own in inner.vertices]

    def scaled(self, inner: StochasticInner, state: int) -> Floats:
        origin, span = self.flat.origin, self.flat.span
        return np.array([[float((x[i] - origin[i]) / span[i]) for i in (0, 1)] for x in inner.vertices[state]]).reshape(-1, 2)

    def gap(self, inner: StochasticInner) -> float:
        """Largest Hausdorff distance between the outer and the inner set of a state, in scaled payoffs, rounded up."""
        if not self.consistent(inner):
            return float(np.inf)
        return 1e-15 + max(
            float(largest_distance(polygon, self.scaled(inner, s))) for s, polygon in enumerate(self.outer_polygons()) if len(polygon)
        )

    def answer(self, status: Status, inner: StochasticInner | None, polygons: list[Floats]) -> StochasticSet:
        flat = self.flat
        nothing = PayoffSet(np.empty((0, 2)))
        outside = tuple(PayoffSet(flat.in_units(polygon)) if len(polygon) else nothing for polygon in self.outer_polygons())
        if status is Status.empty:
            inside, stated, bound, inner = outside, outside, 0.0, None
        elif inner is None:
            inside, bound = (nothing,) * self.states, float("inf")
            stated = tuple(
                PayoffSet.hull(flat.in_units(polygon)) if len(polygon) and self.living[s] else nothing for s, polygon in enumerate(polygons)
            )
        else:
            inside = stated = tuple(
                PayoffSet([[float(x), float(y)] for x, y in own]) if own else nothing  # type: ignore[arg-type]
                for own in inner.vertices
            )
            bound = self.gap(inner) * float(flat.units.max())
        options: Mapping[str, Any] = {"tol": self.tol, "max_iter": self.max_iter}
        return StochasticSet(
            status=status,
            error_bound=bound,
            iterations=self.sweeps,
            method=METHOD,
            options=options,
            game=flat.game,
            payoff_sets=stated,
            inner=inside,
            outer=outside,
            emptied=self.reasons(),
            inner_proof=inner,
            outer_proof=StochasticOuter(
                origin=flat.origin,
                span=flat.span,
                normals=self.normals.copy(),
                offsets=self.offsets.copy(),
                living=tuple(bool(lives) for lives in self.living),
                sweeps=self.sweeps,
            ),
        )

    def reasons(self) -> dict[str, str]:
        """Of each state without equilibria, why."""
        game = self.flat.game
        found = {}
        for s in range(self.states):
            if self.living[s]:
                continue
            own = range(int(self.flat.first[s]), int(self.flat.first[s + 1]))
            if not self.alive[own.start : own.stop].any():
                labels = " / ".join(game.stages[s].labels(self.flat.profile(int(self.failed[s]))))
                found[game.states[s]] = f"no profile can be enforced; {labels} failed last"
            else:
                dead = next(t for t in sorted(game.successors[s]) if not self.living[t] and t != s)
                found[game.states[s]] = f"play can come to {game.states[dead]!r}, which has no equilibrium"
        return found
