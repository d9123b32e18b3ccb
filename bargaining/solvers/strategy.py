"""Strategies that earn a given equilibrium payoff, read off the proof that the payoff set generates itself."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.games import exact
from bargaining.games.automaton import Automaton, JointAutomaton, Lottery
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, InnerProof
from bargaining.solvers.inner import cross
from bargaining.solvers.scaled import Pair


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
        ``payoff`` is the point; for one outside the proven inner set by no more than `error_bound`, the nearest point of that.

    Raises
    ------
    ValueError
        If nothing proves the set, or the point lies farther outside it than `error_bound`.

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
    if not isinstance(point, (Sequence, np.ndarray)) or isinstance(point, str) or len(point) != 2:
        raise ValueError(f"point is {point!r}: expected a pair of payoffs, U.S. first")
    target = exact(point[0]), exact(point[1])
    if solution.blocks:
        return _by_block(solution, target)
    proof = _proof(solution)
    promised = _nearest(proof.vertices, target)
    missed = float(np.hypot(float(promised[0] - target[0]), float(promised[1] - target[1])))
    payoffs = solution.game.stage_game().payoffs  # type: ignore[union-attr]
    if missed > solution.error_bound + 1e-12 * float(np.ptp(payoffs, axis=(1, 2)).max()):
        raise ValueError(f"point ({float(target[0]):.6g}, {float(target[1]):.6g}) lies {missed:.3g} outside the equilibrium payoffs")
    return automaton_of(solution, _weights(proof.vertices, promised))


def penal_code(solution: EquilibriumSet) -> tuple[Automaton, Automaton]:
    """The optimal penal code: for each player the equilibrium that is worst for it (Abreu 1988).

    Raises
    ------
    ValueError
        If nothing proves the set, or the solution is one of a partition: ask each of its blocks.
    """
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
        shares = _weights([proof.vertices[k] for k in corners], (first, second))
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
        raise ValueError(f"no strategy: {why} ({solution.status.name})")
    return solution.inner_proof


def _weights(corners: Sequence[Pair], point: Pair) -> Lottery:
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


def _nearest(corners: Sequence[Pair], point: Pair) -> Pair:
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


def _by_block(solution: EquilibriumSet, target: Pair) -> JointAutomaton:
    """Split a point of a Minkowski sum: weights on every block's vertices that come nearest to it in the largest coordinate."""
    from scipy.optimize import linprog

    proofs = {block: _proof(part) for block, part in solution.blocks.items()}
    vertices = [np.array([[float(x) for x in vertex] for vertex in proof.vertices]) for proof in proofs.values()]
    counts = [len(own) for own in vertices]
    all_vertices = np.concatenate(vertices)
    aim = np.array([float(x) for x in target])
    size = len(all_vertices)
    sides = np.concatenate([np.column_stack([all_vertices.T, -np.ones(2)]), np.column_stack([-all_vertices.T, -np.ones(2)])])
    membership = np.zeros((len(counts), size + 1))
    for k, start in enumerate(np.cumsum([0, *counts[:-1]])):
        membership[k, start : start + counts[k]] = 1.0
    cost = np.append(np.zeros(size), 1.0)
    answer: Any = linprog(cost, A_ub=sides, b_ub=np.concatenate([aim, -aim]), A_eq=membership, b_eq=np.ones(len(counts)), method="highs")
    scale = float(np.ptp(all_vertices, axis=0).max()) or 1.0
    if answer.status != 0 or answer.fun > solution.error_bound + 1e-9 * scale:
        distance = PayoffSet(solution.inner.vertices).distance_to(aim)
        raise ValueError(f"point ({aim[0]:.6g}, {aim[1]:.6g}) lies {distance:.3g} outside the equilibrium payoffs")
    parts = {}
    for (block, part), weights, proof in zip(
        solution.blocks.items(), np.split(answer.x[:size], np.cumsum(counts)[:-1]), proofs.values(), strict=True
    ):
        shares = [Fraction(max(float(w), 0.0)).limit_denominator(10**12) for w in weights]
        point = tuple(sum((w * v[i] for w, v in zip(shares, proof.vertices, strict=True)), Fraction(0)) / sum(shares) for i in (0, 1))
        parts[block] = automaton_of(part, _weights(proof.vertices, _nearest(proof.vertices, (point[0], point[1]))))
    return JointAutomaton(parts)
