"""The strategy that earns a bound of a negotiation game: who offers what, what follows a refusal, and what a cheat meets."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.deal_solution import Negotiation, NegotiationPlan, Node, Quarrel
from bargaining.games import GameError
from bargaining.solution import SolveError, Status
from bargaining.solvers.negotiation_game import Talks
from bargaining.solvers.plane import Pair, cross, cut

# From how many corners on triangles are looked up in floats first.
MANY = 8


def negotiation_plan(
    solution: Negotiation, proposer: int, point: Any = None, *, player: int | None = None, largest: bool = True
) -> NegotiationPlan:
    """The strategy that earns a corner of a negotiation game's equilibrium set.

    Parameters
    ----------
    solution : Negotiation
        With status `solved`.
    proposer : int
        Who makes the first offer: 0 the U.S., 1 China.
    point : pair of float, optional
        A corner of ``solution.sets[proposer]`` (the nearest is taken).
    player, largest
        Instead of a point: the corner with the largest (or least) payoff of this player, by default of the proposer.

    Returns
    -------
    NegotiationPlan
        Exact payoffs and probabilities; `str` is the plan in words.

    Raises
    ------
    SolveError
        If the sets are not proven.

    Examples
    --------
    >>> import bargaining as bg
    >>> strike = bg.game([[0.4], [0]], [[0.6], [0]], actions=[["work", "strike"], ["produce"]])
    >>> plan = bg.negotiation_plan(bg.negotiate(bg.NegotiationGame(strike, 1, 0.9)), proposer=0)
    >>> print(str(plan).splitlines()[0])
    Node 1: U.S. offers the split (0.7158, 0.2842); China accepts. If China refuses:
    """
    if not isinstance(solution, Negotiation):
        raise GameError(f"solution is a {type(solution).__name__}: expected that of negotiate")
    if proposer not in (0, 1) or player not in (None, 0, 1):
        raise GameError(f"proposer {proposer!r}, player {player!r}: expected 0 for the U.S. or 1 for China")
    if solution.status.name != "solved":
        raise SolveError(f"a plan needs proven sets: {solution.status.value}")
    talks = Talks.of(solution.game)
    talks = talks.only([k for k, (where, _, _) in enumerate(talks.profiles) if where in solution.generators])
    sets = solution.exact_sets
    offset = (0, len(sets[0]))
    nodes: list[Node] = []
    quarrels: list[Quarrel] = []
    secured, deterred = [], []
    for i in (0, 1):
        refused = talks.refused(sets[1 - i])
        floor, least = talks.secured(i, refused), min(w[1 - i] for w in refused)
        secured.append(floor)
        made: dict[Pair, int] = {}

        def quarrel(corner: Pair, i: int = i, made: dict[Pair, int] = made) -> int:
            if corner not in made:
                made[corner] = len(quarrels)
                quarrels.append(_quarrel(talks, corner, sets[1 - i], offset[1 - i]))
            return made[corner]

        harshest = min(refused, key=lambda w, i=i: (w[1 - i], w[i]))  # type: ignore[misc]
        for v in sets[i]:
            agreed = v[0] + v[1] == talks.surplus and v[1 - i] >= least and v[i] >= floor
            weights = [(harshest, Fraction(1))] if agreed else mixture(refused, v)
            nodes.append(Node(i, v, v if agreed else None, tuple((quarrel(corner), chance) for corner, chance in weights)))
        # One draw that leaves the proposer no more, and the other what it must be offered at least, deters every offer.
        enough = cut(refused, (0, 1) if i == 0 else (1, 0), talks.surplus - floor)
        mildest = min(enough, key=lambda w, i=i: (w[i], w[1 - i]))  # type: ignore[misc]
        deterred.append(tuple((quarrel(corner), chance) for corner, chance in mixture(refused, mildest)))
    if point is not None:
        k = min(range(len(sets[proposer])), key=lambda n: sum((float(sets[proposer][n][m]) - float(point[m])) ** 2 for m in (0, 1)))
    else:
        who, sign = proposer if player is None else player, 1 if largest else -1
        k = max(range(len(sets[proposer])), key=lambda n: (sign * sets[proposer][n][who], sets[proposer][n][1 - who]))
    return NegotiationPlan(
        status=Status.solved,
        error_bound=0.0,
        iterations=0,
        method="strategy from exact self-generating sets",
        options={},
        game=solution.game,
        nodes=tuple(nodes),
        quarrels=tuple(quarrels),
        start=offset[proposer] + k,
        secured=(secured[0], secured[1]),
        deterred=(deterred[0], deterred[1]),
    )


def _quarrel(talks: Talks, corner: Pair, after: Sequence[Pair], offset: int) -> Quarrel:
    """A profile and a draw of continuations that earn a corner of the payoffs after a refusal."""
    worst = tuple(min(range(len(after)), key=lambda n: after[n][k]) for k in (0, 1))
    for profile, flow, gain in talks.profiles:
        needed = [after[worst[k]][k] + (1 - talks.deltas[k]) * gain[k] / talks.deltas[k] for k in (0, 1)]
        w = tuple((corner[k] - (1 - talks.deltas[k]) * flow[k]) / talks.deltas[k] for k in (0, 1))
        if all(w[k] >= needed[k] for k in (0, 1)):
            weights = mixture(after, (w[0], w[1]))
            if weights:
                draw = tuple((offset + list(after).index(v), chance) for v, chance in weights)
                return Quarrel(corner, profile, draw, (offset + worst[0], offset + worst[1]))
    raise ArithmeticError("a corner of the payoffs after a refusal has no generator")


def mixture(polygon: Sequence[Pair], point: Pair) -> list[tuple[Pair, Fraction]]:
    """Weights on at most three corners of an exact polygon that average to a point; empty if it lies outside.

    Examples
    --------
    >>> mixture([(0, 0), (4, 0), (0, 4)], (1, 1))
    [((0, 0), Fraction(1, 2)), ((4, 0), Fraction(1, 4)), ((0, 4), Fraction(1, 4))]
    """
    if point in polygon:
        return [(point, Fraction(1))]
    a = polygon[0]
    for k in _likely(polygon, point):
        b, c = polygon[k], polygon[(k + 1) % len(polygon)]
        area = cross(a, b, c)
        if area == 0:
            # The segment ab: a polygon of two corners.
            i = 0 if b[0] != a[0] else 1
            if len(polygon) == 2 and cross(a, b, point) == 0:
                share = Fraction(point[i] - a[i]) / (b[i] - a[i])
                return [(a, 1 - share), (b, share)] if 0 <= share <= 1 else []
            continue
        weights = [Fraction(cross(point, b, c)) / area, Fraction(cross(a, point, c)) / area, Fraction(cross(a, b, point)) / area]
        if min(weights) >= 0:
            return [(v, weight) for v, weight in zip((a, b, c), weights, strict=True) if weight > 0]
    return []


def _likely(polygon: Sequence[Pair], point: Pair) -> Sequence[int]:
    """Which triangles of the fan from the first corner may hold a point, by floats that leave room for rounding."""
    if len(polygon) < MANY:
        return range(1, len(polygon))
    fan = np.array([[float(v[i] - polygon[0][i]) for i in (0, 1)] for v in polygon])
    to = np.array([float(point[i] - polygon[0][i]) for i in (0, 1)])
    b, c = fan[1:-1], fan[2:]
    room = -1e-9 * np.abs(fan).max() ** 2
    turns = [
        b[:, 0] * to[1] - b[:, 1] * to[0],
        to[0] * c[:, 1] - to[1] * c[:, 0],
        (c[:, 0] - b[:, 0]) * (to[1] - b[:, 1]) - (c[:, 1] - b[:, 1]) * (to[0] - b[:, 0]),
    ]
    return [int(k) + 1 for k in np.flatnonzero((np.array(turns) >= room).all(axis=0))]
