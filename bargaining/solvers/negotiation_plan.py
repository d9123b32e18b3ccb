"""The strategy that earns a bound of a negotiation game: who offers what, what follows a refusal, and what a cheat meets."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.answers.deals import Lottery, Negotiation, NegotiationPlan, Node, Quarrel
from bargaining.games import GameError
from bargaining.solution import SolveError, Status
from bargaining.solvers.negotiation_game import Talks
from bargaining.solvers.plane import Pair, cross, cut


class Draws:
    """Draws of the corners of an exact polygon.

    Examples
    --------
    >>> Draws([(0, 0), (4, 0), (0, 4)]).of((1, 1))
    [(0, Fraction(1, 2)), (1, Fraction(1, 4)), (2, Fraction(1, 4))]
    """

    def __init__(self, corners: Sequence[Pair]) -> None:
        self.corners = corners
        self.where = {corner: k for k, corner in enumerate(corners)}
        self.fan = np.array([[float(v[i] - corners[0][i]) for i in (0, 1)] for v in corners])
        self.room = -1e-9 * float(np.abs(self.fan).max()) ** 2

    def of(self, point: Pair) -> list[tuple[int, Fraction]]:
        """Chances of at most three corners (by position) that average to a point; empty if it lies outside."""
        if point in self.where:
            return [(self.where[point], Fraction(1))]
        a = self.corners[0]
        if len(self.corners) == 2:
            b = self.corners[1]
            i = 0 if b[0] != a[0] else 1
            share = Fraction(point[i] - a[i]) / (b[i] - a[i])
            return [(0, 1 - share), (1, share)] if cross(a, b, point) == 0 and 0 <= share <= 1 else []
        for k in self._likely(point) if len(self.corners) > 2 else ():
            b, c = self.corners[k], self.corners[k + 1]
            area = cross(a, b, c)
            weights = [Fraction(cross(point, b, c)) / area, Fraction(cross(a, point, c)) / area, Fraction(cross(a, b, point)) / area]
            if min(weights) >= 0:
                return [(n, weight) for n, weight in zip((0, k, k + 1), weights, strict=True) if weight > 0]
        return []

    def _likely(self, point: Pair) -> list[int]:
        """Which triangles of the fan from the first corner may hold a point, by floats that leave room for rounding."""
        to = [float(point[i] - self.corners[0][i]) for i in (0, 1)]
        b, c = self.fan[1:-1], self.fan[2:]
        inside = b[:, 0] * to[1] - b[:, 1] * to[0] >= self.room
        inside &= to[0] * c[:, 1] - to[1] * c[:, 0] >= self.room
        inside &= (c[:, 0] - b[:, 0]) * (to[1] - b[:, 1]) - (c[:, 1] - b[:, 1]) * (to[0] - b[:, 0]) >= self.room
        return [int(k) + 1 for k in np.flatnonzero(inside)]


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
    # Corners of what the sets generate, which holds them, are splits or payoffs after a refusal, and draws of neither.
    sets = [talks.node(i, solution.exact_sets[1 - i]) for i in (0, 1)]
    draws = [Draws(own) for own in sets]
    offset = (0, len(sets[0]))
    nodes: list[Node] = []
    quarrels: list[Quarrel] = []
    secured, deterred = [], []
    for i in (0, 1):
        refused = talks.refused(sets[1 - i])
        floor, least = talks.secured(i, refused), min(w[1 - i] for w in refused)
        secured.append(floor)
        drawn = Draws(refused)
        made: dict[int, int] = {}

        def lottery(point: Pair, i: int = i, made: dict[int, int] = made, drawn: Draws = drawn) -> Lottery:
            chances = drawn.of(point)
            for k, _ in chances:
                if k not in made:
                    made[k] = len(quarrels)
                    quarrels.append(_quarrel(talks, drawn.corners[k], draws[1 - i], offset[1 - i]))
            return tuple((made[k], chance) for k, chance in chances)

        harshest = min(refused, key=lambda w, i=i: (w[1 - i], w[i]))  # type: ignore[misc]
        for v in sets[i]:
            agreed = v[0] + v[1] == talks.surplus and v[1 - i] >= least and v[i] >= floor
            nodes.append(Node(i, v, v if agreed else None, lottery(harshest if agreed else v)))
        # One draw that leaves the proposer no more, and the other what it must be offered at least, deters every offer.
        enough = cut(refused, (0, 1) if i == 0 else (1, 0), talks.surplus - floor)
        mildest = min(enough, key=lambda w, i=i: (w[i], w[1 - i]))  # type: ignore[misc]
        deterred.append(lottery(mildest))
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


def _quarrel(talks: Talks, corner: Pair, draws: Draws, offset: int) -> Quarrel:
    """A profile and a draw of continuations that earn a corner of the payoffs after a refusal."""
    after = draws.corners
    worst = tuple(min(range(len(after)), key=lambda n: after[n][k]) for k in (0, 1))
    for profile, flow, gain in talks.profiles:
        needed = [after[worst[k]][k] + (1 - talks.deltas[k]) * gain[k] / talks.deltas[k] for k in (0, 1)]
        w = tuple((corner[k] - (1 - talks.deltas[k]) * flow[k]) / talks.deltas[k] for k in (0, 1))
        if all(w[k] >= needed[k] for k in (0, 1)) and (chances := draws.of((w[0], w[1]))):
            return Quarrel(corner, profile, tuple((offset + k, chance) for k, chance in chances), (offset + worst[0], offset + worst[1]))
    raise ArithmeticError("a corner of the payoffs after a refusal has no generator")
