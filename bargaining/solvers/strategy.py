"""Strategies that earn a given equilibrium payoff, read off the proof that the payoff set generates itself."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cmp_to_key
from typing import Any

import numpy as np

from bargaining.games import IssueGame, RepeatedGame, exact
from bargaining.games.automaton import Automaton, JointAutomaton, Lottery
from bargaining.solution import EquilibriumSet, InnerProof
from bargaining.solvers.plane import cross, exact_hull
from bargaining.solvers.scaled import Pair

# A point typed in floats means the vertex or edge that it is this close to, relative to the set: draws rarer than that are left out.
DUST = Fraction(1, 10**12)


def strategy(solution: EquilibriumSet, point: Any) -> Automaton | JointAutomaton:
    r"""A subgame-perfect equilibrium that earns a payoff of the set: on-path play, and for each deviator a punishment.

    Every vertex of the proven inner set is earned by a profile and a continuation in the set; a continuation is a public draw of three
    vertices; whoever deviates alone is held to the vertex that is worst for it. So vertices are states, and a point is a draw of the first.

    Parameters
    ----------
    solution : EquilibriumSet
        With an inner proof. Of a partition, every block is played by itself, and the point is split among them.
    point : pair of numbers
        Floats are read as their shortest decimals; fractions and decimal strings exactly.

    Returns
    -------
    Automaton, or JointAutomaton for a partition
        ``exact_payoff`` is the point; for one outside the proven inner set by no more than `error_bound`, the nearest point of that.
        `missed` says how far that is.

    Raises
    ------
    ValueError
        If nothing proves the set, it is empty, or the point lies farther outside it than `error_bound`; the line says how far.

    References
    ----------
    Abreu, D. (1988), On the theory of infinitely repeated games with discounting, Econometrica 56.

    Examples
    --------
    >>> import bargaining as bg
    >>> labels = [("truce", "raise")] * 2
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=labels)
    >>> print(bg.strategy(bg.equilibrium_set(bg.RepeatedGame(dilemma, 0.6)), (3, 3)))
    Play starts with phase 1.
    Phase 1: both truce for ever.
    Phase 2: both raise for ever.
    If U.S. alone deviates, phase 2 follows; if China alone does, phase 2.
    U.S. is most tempted to leave both truce for raise: it would gain 0.8 at once and lose 1.2 later.
    China is most tempted to leave both truce for raise: it would gain 0.8 at once and lose 1.2 later.
    U.S. earns 3 and China 3 a period on average.
    """
    if not isinstance(solution, EquilibriumSet):
        raise TypeError(f"solution is a {type(solution).__name__}: expected an EquilibriumSet")
    target = read_point(point)
    parts = list(solution.blocks.values()) or [solution]
    proofs = [_proof(part) for part in parts]
    corners, members = _sum([proof.vertices for proof in proofs])
    promised = nearest_in(corners, target)
    missed = distance(promised, target)
    payoffs = solution.game.stage_game().payoffs  # type: ignore[union-attr]
    if missed > solution.error_bound + 1e-12 * float(np.ptp(payoffs, axis=(1, 2)).max()):
        asked = f"({float(target[0]):.6g}, {float(target[1]):.6g})"
        raise ValueError(f"point {asked} lies {missed:.3g} outside the equilibrium payoffs (error_bound {solution.error_bound:.3g})")
    draw = mixing_weights(corners, promised)
    if any(isinstance(number, float) for number in point):
        kept = [(k, share) for k, share in draw if share > DUST]
        draw = tuple((k, share / sum(other for _, other in kept)) for k, share in kept)
    machines = []
    for j, part in enumerate(parts):
        shares: dict[int, Fraction] = {}
        for k, share in draw:
            shares[members[k][j]] = shares.get(members[k][j], Fraction(0)) + share
        machines.append(automaton_of(part, tuple(shares.items())))
    if not solution.blocks:
        return replace(machines[0], missed=distance(machines[0].exact_payoff, target))
    named = {block: replace(machine, game=_with_issues(solution, block)) for block, machine in zip(solution.blocks, machines, strict=True)}
    joint = JointAutomaton(named)
    return replace(joint, missed=distance(joint.exact_payoff, target))


def penal_code(solution: EquilibriumSet) -> tuple[Automaton, Automaton]:
    """The optimal penal code: for each player the equilibrium that is worst for it (Abreu 1988).

    Raises
    ------
    ValueError
        If nothing proves the set, or the solution is one of a partition: ask each of its blocks.
    """
    if not isinstance(solution, EquilibriumSet):
        raise TypeError(f"solution is a {type(solution).__name__}: expected an EquilibriumSet")
    if solution.blocks:
        raise ValueError("penal_code: the solution is one of a partition; ask each of its blocks")
    proof = _proof(solution)
    first, second = (automaton_of(solution, ((proof.punishments[i], Fraction(1)),)) for i in (0, 1))
    return first, second


def automaton_of(solution: EquilibriumSet, start: Lottery) -> Automaton:
    """The machine whose states are the proof's vertices, without those that no play reaches."""
    proof = _proof(solution)
    deltas = solution.game.exact_deltas  # type: ignore[union-attr]
    stage = solution.game.stage_game()  # type: ignore[union-attr]
    lotteries: dict[int, Lottery] = {}
    waiting = [state for state, _ in start] + list(proof.punishments)
    while waiting:
        state = waiting.pop()
        if state in lotteries:
            continue
        a, b = proof.profiles[state]
        g = exact(float(stage.payoffs[0, a, b])), exact(float(stage.payoffs[1, a, b]))
        first, second = ((proof.vertices[state][i] - (1 - deltas[i]) * g[i]) / deltas[i] for i in (0, 1))
        corners = list(dict.fromkeys(proof.simplices[state]))
        shares = mixing_weights([proof.vertices[k] for k in corners], (first, second))
        lotteries[state] = tuple((corners[k], share) for k, share in shares)
        waiting += [following for following, _ in lotteries[state]]
    kept = sorted(lotteries)
    new = {state: k for k, state in enumerate(kept)}
    return Automaton(
        game=solution.game,  # type: ignore[arg-type]
        profiles=tuple(proof.profiles[state] for state in kept),
        lotteries=tuple(tuple((new[following], share) for following, share in lotteries[state]) for state in kept),
        punishments=(new[proof.punishments[0]], new[proof.punishments[1]]),
        start=tuple((new[state], share) for state, share in start),
        values=tuple(proof.vertices[state] for state in kept),
    )


def _proof(solution: EquilibriumSet) -> InnerProof:
    if solution.inner_proof is None:
        why = "no equilibrium exists" if solution.is_empty else "nothing proves that the set consists of equilibrium payoffs"
        if solution.transfer_proof is not None:
            why = "the set is one with transfers, whose optimal play bg.transfer_path describes"
        raise ValueError(f"no strategy: {why} ({solution.status.name})")
    return solution.inner_proof


def mixing_weights(corners: Sequence[Pair], point: Pair) -> Lottery:
    """Weights, at most three of them, of counter-clockwise corners that mix to a point of their hull."""
    count = len(corners)
    if count == 1:
        return ((0, Fraction(1)),)
    if count == 2:
        (a, b), i = corners, 0 if corners[0][0] != corners[1][0] else 1
        share = (point[i] - a[i]) / (b[i] - a[i])
        return tuple((k, weight) for k, weight in ((0, 1 - share), (1, share)) if weight)
    for j in range(1, count - 1):
        a, b, c = corners[0], corners[j], corners[j + 1]
        area = cross(a, b, c)
        if area == 0:
            continue
        weights = (cross(b, c, point) / area, cross(c, a, point) / area, cross(a, b, point) / area)
        if min(weights) >= 0:
            return tuple((k, weight) for k, weight in zip((0, j, j + 1), weights, strict=True) if weight)
    raise ArithmeticError("the point is in none of the triangles of its polygon")


def nearest_in(corners: Sequence[Pair], point: Pair) -> Pair:
    """The point itself if the polygon holds it, else the nearest one on the boundary."""
    count = len(corners)
    edges = [(corners[k], corners[(k + 1) % count]) for k in range(count)]
    if count > 2 and all(cross(a, b, point) >= 0 for a, b in edges):
        return point
    best, least = corners[0], None
    for a, b in edges:
        step = b[0] - a[0], b[1] - a[1]
        length = step[0] ** 2 + step[1] ** 2
        along = (point[0] - a[0]) * step[0] + (point[1] - a[1]) * step[1]
        share = min(Fraction(1), max(Fraction(0), along / length)) if length else Fraction(0)
        near = a[0] + share * step[0], a[1] + share * step[1]
        off = (near[0] - point[0]) ** 2 + (near[1] - point[1]) ** 2
        if least is None or off < least:
            best, least = near, off
    return best


def read_point(point: Any) -> Pair:
    """A pair of payoffs, exactly."""
    if not isinstance(point, (Sequence, np.ndarray)) or isinstance(point, str) or len(point) != 2:
        raise ValueError(f"point is {point!r}: expected a pair of payoffs, U.S. first")
    try:
        return exact(point[0]), exact(point[1])
    except (TypeError, ValueError, ZeroDivisionError):
        raise ValueError(f"point is {point!r}: expected two finite numbers, fractions or decimal strings") from None


def distance(a: Pair, b: Pair) -> float:
    """How far two payoff pairs are apart."""
    return math.hypot(float(a[0] - b[0]), float(a[1] - b[1]))


def _with_issues(solution: EquilibriumSet, block: tuple[str, ...]) -> RepeatedGame:
    """The game on a block with its issues kept apart, so that plans can name them; its normal form is that of the block's solution."""
    whole = solution.game.stage  # type: ignore[union-attr]
    return RepeatedGame(IssueGame({name: whole.issues[name] for name in block}), solution.game.delta)  # type: ignore[union-attr]


def _sum(polygons: Sequence[Sequence[Pair]]) -> tuple[list[Pair], list[tuple[int, ...]]]:
    """Vertices of the Minkowski sum, counter-clockwise, and which vertex of each polygon adds up to each.

    All polygons are walked round from their leftmost vertices at once, in the order of the directions of their edges.
    """
    hulls = [exact_hull(polygon) for polygon in polygons]
    steps: list[tuple[Pair, int]] = []
    for j, hull in enumerate(hulls):
        for k in range(len(hull) if len(hull) > 1 else 0):
            a, b = hull[k], hull[(k + 1) % len(hull)]
            steps.append(((b[0] - a[0], b[1] - a[1]), j))
    turning = cmp_to_key(_turn)
    steps.sort(key=lambda step: turning(step[0]))
    at = [0] * len(hulls)
    members: list[tuple[int, ...]] = []
    for n, (step, j) in enumerate(steps):
        # Parallel edges are one edge of the sum.
        if n == 0 or _turn(steps[n - 1][0], step) != 0:
            members.append(tuple(at))
        at[j] = (at[j] + 1) % len(hulls[j])
    members = members or [tuple(at)]
    corners = [_add([hull[k] for hull, k in zip(hulls, own, strict=True)]) for own in members]
    place = [{vertex: k for k, vertex in reversed(list(enumerate(polygon)))} for polygon in polygons]
    return corners, [tuple(place[j][hulls[j][k]] for j, k in enumerate(own)) for own in members]


def _add(points: Sequence[Pair]) -> Pair:
    return sum((x for x, _ in points), Fraction(0)), sum((y for _, y in points), Fraction(0))


def _turn(a: Pair, b: Pair) -> int:
    """Order of two directions by angle from straight down (exclusive) counter-clockwise: negative if the first comes first."""
    half = [0 if step[0] > 0 or (step[0] == 0 and step[1] > 0) else 1 for step in (a, b)]
    if half[0] != half[1]:
        return half[0] - half[1]
    side = a[0] * b[1] - a[1] * b[0]
    return 0 if side == 0 else (-1 if side > 0 else 1)
