"""From inside: a finite public machine whose values are exact and from which no deviation pays.

A *point* is earned by a profile and, after each signal, a lottery over *promises*; a promise is a lottery over points. Given all lotteries
in fractions, the values solve a linear system exactly; then the incentive constraints are inequalities between fractions. The hull of the
points generates itself, so all of it is equilibrium payoffs.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.games import exact
from bargaining.kernels.monitored import public_rays, public_vertices
from bargaining.kernels.polygon import largest_distance
from bargaining.solution import PublicInnerProof
from bargaining.solvers.monitored_scaled import ScaledMonitoredGame, deviations
from bargaining.solvers.outer import thinned

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Lottery = dict[int, Fraction]

# How much stricter than they need be, as a share of `tol`, constraints are made so that they hold after rounding; the least in any case.
SHARES = (1e-3, 1e-2, 1e-1)
LEAST = 1e-11
# The same for sets that break under those.
FINE_SHARE = 1e-4
# Weights that floats cannot tell from these denominators' fractions are taken to be such, if constraints are not made stricter.
DENOMINATORS = (12, 100, 1_000)
CLOSE = 1e-11
# Of rays that move evenly: sweeps between two leaps, in units of 1 / (1 - δ); the least share by which moves are taken to fall a sweep, in
# units of 1 - δ; and the part of the way that a leap takes.
STRETCH = 1.6
EVEN = 0.15
EAGER = 0.7
# Stretches without progress after which rays are taken to move for ever.
MOST_IDLE = 3
# The most points of one machine: exact values take time with the cube of their number.
MOST_PROMISES = 128


@dataclass(frozen=True)
class Machine:
    """Profiles of the points, their lotteries over promises after each (merged) signal, and the promises' lotteries over points."""

    profiles: list[int]
    lotteries: list[list[Lottery]]
    promises: list[Lottery]


def find_machine(monitored: ScaledMonitoredGame, estimate: Floats, tol: float, *, fine: bool = False) -> PublicInnerProof | None:
    """A machine whose values come close to the vertices of `estimate`, proven; None if no candidate passes.

    The finer details of a `fine` estimate are used if nothing less will do.
    """
    for machine in _candidates(monitored, estimate, tol, fine):
        proof = _prove(monitored, machine)
        if proof is not None:
            return proof
    return None


def _candidates(monitored: ScaledMonitoredGame, estimate: Floats, tol: float, fine: bool) -> Iterator[Machine]:
    corners = estimate[thinned(estimate, tol / 8.0)]
    for slack in (0.0, *(max(share * tol, LEAST) for share in SHARES)):
        machine = _pointed(monitored, corners, slack)
        if machine is None:
            # The farthest points do not come to rest: the boundary is curved.
            break
        yield machine
    if len(corners) < 3:
        return
    patience = 1.0 - float(monitored.scaled.deltas.max())
    for share in SHARES:
        machine = _any_rayed(monitored, estimate, share, tol, (tol / 8.0, tol / 32.0, tol * patience / 16.0))
        if machine is None:
            # What comes out too short would come out shorter under stricter constraints.
            break
        yield machine
    else:
        return
    if fine:
        # A set that is about to fall apart: what is cut off a little, or deterred a little too much, brings all of it down.
        machine = _any_rayed(monitored, estimate, FINE_SHARE, tol, (tol * patience / 32.0,), hasty=True)
        if machine is not None:
            yield machine


def _any_rayed(
    monitored: ScaledMonitoredGame, estimate: Floats, share: float, tol: float, thinnings: Sequence[float], *, hasty: bool = False
) -> Machine | None:
    """The first machine that the ends of rays at any of the thinnings give."""
    for thinning in thinnings:
        ends = estimate[thinned(estimate, thinning)]
        if len(ends) > MOST_PROMISES:
            continue
        machine = _rayed(monitored, ends, max(share * tol, LEAST), estimate, tol, hasty=hasty)
        if machine is not None:
            return machine
    return None


def _pointed(monitored: ScaledMonitoredGame, corners: Floats, slack: float) -> Machine | None:
    """The points that B reaches farthest in the direction of each corner, if iterating comes to rest; every promise is one of them."""
    scaled = monitored.scaled
    directions = _pointers(corners)
    count, rows = len(directions), monitored.chance.shape[1] + len(monitored.mover)
    makers, columns, weights = np.empty(count, dtype=np.int64), np.empty((count, rows), dtype=np.int64), np.empty((count, rows))
    patience = 1.0 - float(scaled.deltas.max())
    stop = max(slack * patience / 16.0, 1e-15)
    _, moved = public_vertices(
        scaled.payoffs,
        monitored.chance,
        monitored.shift,
        monitored.mover,
        monitored.stricter(slack),
        scaled.deltas,
        monitored.static,
        monitored.alive,
        directions,
        corners.copy(),
        stop,
        200 + int(40.0 / patience),
        makers,
        columns,
        weights,
    )
    if not moved <= max(stop, CLOSE):
        return None
    bits = _bits(slack * patience)
    lotteries = [_continuations(monitored, columns[k], weights[k], count, bits) for k in range(count)]
    return Machine([int(a) for a in makers], lotteries, [{k: Fraction(1)} for k in range(count)])


def _pointers(corners: Floats) -> Floats:
    """For each corner a direction in which it is the farthest: halfway between the normals of its two edges."""
    if len(corners) == 1:
        return np.array([[1.0, 0.0]])
    steps = np.roll(corners, -1, axis=0) - corners
    steps = steps / np.hypot(steps[:, 0], steps[:, 1])[:, None]
    if len(corners) == 2:
        return np.ascontiguousarray(-steps)
    normals = np.column_stack([steps[:, 1], -steps[:, 0]])
    halfway = normals + np.roll(normals, 1, axis=0)
    return np.ascontiguousarray(halfway / np.hypot(halfway[:, 0], halfway[:, 1])[:, None])


def _rayed(monitored: ScaledMonitoredGame, ends: Floats, slack: float, estimate: Floats, tol: float, *, hasty: bool) -> Machine | None:
    """Promises on fixed rays from a centre, each a lottery over two points of B; None if they come out too short.

    If `hasty`, details that the slack hides are not looked for, and what is left to move may use up half of it.
    """
    scaled = monitored.scaled
    centre = ends.mean(axis=0)
    arms = ends - centre
    lengths = np.hypot(arms[:, 0], arms[:, 1])
    rays = np.ascontiguousarray(arms / lengths[:, None])
    count, rows, room = len(rays), monitored.chance.shape[1] + len(monitored.mover), 1024
    points, makers = np.empty((room, 2)), np.empty(room, dtype=np.int64)
    columns, weights = np.empty((room, rows), dtype=np.int64), np.empty((room, rows))
    edges, shares = np.empty(count, dtype=np.int64), np.empty(count)
    patience = 1.0 - float(scaled.deltas.max())
    stop = max(slack * patience / (4.0 if hasty else 16.0), 1e-15)
    need = monitored.stricter(slack)

    def shorten(sweeps: int) -> tuple[int, float]:
        found: tuple[int, float] = public_rays(
            scaled.payoffs,
            monitored.chance,
            monitored.shift,
            monitored.mover,
            need,
            scaled.deltas,
            monitored.static,
            monitored.alive,
            centre,
            rays,
            lengths,
            0.75 * tol,
            slack if hasty else 0.25 * stop,
            stop,
            sweeps,
            points,
            makers,
            columns,
            weights,
            edges,
            shares,
        )
        return found

    most = 200 + int(40.0 / patience)
    size, moved = hurried(shorten, lengths, stop, most, patience) if hasty else shorten(most)
    if not moved <= stop or float(largest_distance(estimate, points[:size])) > 0.75 * tol:
        return None
    bits = _bits(slack * patience)
    used = sorted({int(e) for edge in edges for e in (edge, (edge + 1) % size)})
    position = {e: k for k, e in enumerate(used)}
    promises = []
    for edge, share in zip(edges.tolist(), shares.tolist(), strict=True):
        promises.append(_lottery({position[edge]: 1.0 - share, position[(edge + 1) % size]: share}, bits))
    return Machine(
        [int(makers[e]) for e in used],
        [_continuations(monitored, columns[e], weights[e], count, bits) for e in used],
        promises,
    )


def hurried(shorten: Callable[[int], tuple[int, float]], lengths: Floats, stop: float, most: int, patience: float) -> tuple[int, float]:
    """Shorten rays until they rest, a part of the way that is left at a time.

    A set that is about to fall apart moves slowly and evenly: by ρ times as much a sweep, what is left is ρ / (1 - ρ) times the last move.
    Going less than all the way keeps the rays longer than where they rest, from where they could not come back.
    """
    stretch = max(1, round(STRETCH / patience))
    size, moved = shorten(stretch)
    swept, least, since = stretch, moved, 0
    while moved > stop and size and swept < most:
        before, last = lengths.copy(), moved
        size, moved = shorten(1)
        if size and stop < moved < last:
            rate = min(moved / last, 1.0 - EVEN * patience)
            lengths -= EAGER * rate / (1.0 - rate) * np.maximum(before - lengths, 0.0)
        size, moved = shorten(stretch) if size and moved > stop else (size, moved)
        swept += stretch + 1
        since = 0 if moved < 0.7 * least else since + 1
        least = min(least, moved)
        if since == MOST_IDLE:
            return 0, np.inf
    return size, moved


def _bits(slack: float) -> int:
    """Denominator of weights whose rounding is small against a slack; 0 without slack."""
    return int(2 ** (int(-np.log2(slack)) + 6)) if slack else 0


def _continuations(monitored: ScaledMonitoredGame, columns: Integers, weights: Floats, count: int, bits: int) -> list[Lottery]:
    """The lottery after each merged signal, from a basis of the linear program."""
    found = []
    for s in range(monitored.chance.shape[1]):
        shares: dict[int, float] = {}
        for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
            if column >= 0 and column // count == s and weight > 0.0:
                shares[column % count] = shares.get(column % count, 0.0) + weight
        found.append(_lottery(shares, bits))
    return found


def _lottery(shares: dict[int, float], bits: int) -> Lottery:
    """Weights as fractions that add up to one: multiples of ``1 / bits``, or (0 bits) simple fractions."""
    total = sum(shares.values())
    exactly: Lottery = {}
    for vertex, share in sorted(shares.items()):
        given = Fraction(share / total)
        near = next((f for f in map(given.limit_denominator, DENOMINATORS) if abs(f - given) <= CLOSE), given)
        exactly[vertex] = Fraction(round(given * bits), bits) if bits else near
    largest = max(exactly, key=lambda vertex: exactly[vertex])
    exactly[largest] = 1 - sum((share for vertex, share in exactly.items() if vertex != largest), Fraction(0))
    return {vertex: share for vertex, share in exactly.items() if share}


def _mixture(parts: Iterator[tuple[Fraction, Lottery]]) -> Lottery:
    """The lottery over lotteries."""
    total: Lottery = {}
    for share, lottery in parts:
        for vertex, weight in lottery.items():
            total[vertex] = total.get(vertex, Fraction(0)) + share * weight
    return total


def _prove(monitored: ScaledMonitoredGame, machine: Machine) -> PublicInnerProof | None:
    """Exact values of the machine, if no deviation pays at any of its points."""
    game, scaled = monitored.game, monitored.scaled
    profiles = [scaled.profile(a) for a in machine.profiles]
    rows = game.monitoring.rows
    everywhere = [_signal_by_signal(monitored, own) for own in machine.lotteries]
    # What each point, and then each promise, leads to: a lottery over promises.
    ahead = [_mixture((s, w) for s, w in zip(rows[a], own, strict=True) if s) for a, own in zip(profiles, everywhere, strict=True)]
    following = [_mixture((share, ahead[point]) for point, share in promise.items()) for promise in machine.promises]
    payoffs = game.stage_game().payoffs
    flows = [[exact(payoffs[i, a, b]) for a, b in profiles] for i in (0, 1)]
    promised = [
        [sum((share * own[point] for point, share in promise.items()), Fraction(0)) for promise in machine.promises] for own in flows
    ]
    solved: dict[Fraction, tuple[list[list[int]], int]] = {}
    for delta in game.exact_deltas:
        if delta not in solved:
            solved[delta] = dense_values(promised, following, delta)
    values = []
    for i in (0, 1):
        delta, today = game.exact_deltas[i], flows[i]
        both, denominator = solved[delta]
        numerators = both[i]
        for k, here in enumerate(profiles):
            continuation = [sum((weight * numerators[v] for v, weight in lottery.items()), Fraction(0)) for lottery in everywhere[k]]
            for number, there in enumerate(deviations(here, scaled.shape)):
                if monitored.mover[number] == i:
                    gain = exact(payoffs[i, there[0], there[1]]) - today[k]
                    parts = zip(rows[here], rows[there], continuation, strict=True)
                    deterred = sum(((p - q) * w for p, q, w in parts if p != q), Fraction(0))
                    if (1 - delta) * gain * denominator > delta * deterred:
                        return None
        later = [sum((weight * numerators[v] for v, weight in lottery.items()), Fraction(0)) / denominator for lottery in ahead]
        values.append([(1 - delta) * u + delta * w for u, w in zip(today, later, strict=True)])
    return PublicInnerProof(
        vertices=tuple(zip(values[0], values[1], strict=True)),
        profiles=tuple(profiles),
        continuations=tuple(
            tuple(tuple(_mixture((w, machine.promises[v]) for v, w in lottery.items()).items()) for lottery in own) for own in everywhere
        ),
    )


def dense_values(streams: Sequence[Sequence[Fraction]], ahead: Sequence[Lottery], delta: Fraction) -> tuple[list[list[int]], int]:
    """Average discounted values of streams of payoffs over a machine's states, as numerators over one positive denominator.

    Elimination without fractions (Bareiss 1968): machines are dense here, and the common divisors that fractions would look for at every
    step cost more than the whole elimination. Values come from below, over the last pivot, the determinant.
    """
    count = len(ahead)
    table: list[list[int]] = []
    for k in range(count):
        row = [Fraction(0)] * count + [(1 - delta) * stream[k] for stream in streams]
        row[k] += 1
        for vertex, share in ahead[k].items():
            row[vertex] -= delta * share
        unit = math.lcm(*(entry.denominator for entry in row))
        table.append([entry.numerator * (unit // entry.denominator) for entry in row])
    before = 1
    # Diagonally dominant with a positive diagonal: pivots are positive, and no row needs to be moved.
    for k in range(count):
        own = table[k][k:]
        pivot = own[0]
        for r in range(k + 1, count):
            factor = table[r][k]
            table[r][k:] = [(pivot * x - factor * y) // before for x, y in zip(table[r][k:], own, strict=True)]
        before = pivot
    values = [[0] * count for _ in streams]
    for column, numerators in enumerate(values):
        for k in reversed(range(count)):
            line = table[k]
            later = sum(line[j] * numerators[j] for j in range(k + 1, count))
            # Cramer: values times the determinant are whole.
            numerators[k] = (line[count + column] * before - later) // line[k]
    return values, before


def _signal_by_signal(monitored: ScaledMonitoredGame, own: list[Lottery]) -> list[Lottery]:
    """The lottery after each of the game's signals, from those after the merged ones; after a signal that never comes, the first."""
    found = [own[0]] * len(monitored.game.signals)
    for s, group in enumerate(monitored.groups):
        for y in group:
            found[y] = own[s]
    return found
