r"""Equilibrium payoffs of negotiation games, by iterating sets at the two proposer nodes.

Let :math:`E_i` be the subgame-perfect equilibrium payoffs when i proposes (pure disagreement actions, public randomisation), j the other
side, :math:`h_k(a)` the gain of k from its best deviation in the disagreement game. After a refusal of i's offer payoffs are

.. math:: D_i = \operatorname{co} \bigcup_a \{(1-\delta) d(a) + \delta w : w \in E_j,\;
   w_k \ge \min E_{j,k} + (1-\delta_k) h_k(a)/\delta_k\},

so threats must be worth carrying out in the disagreement period itself. A split v is an equilibrium agreement if
:math:`v_j \ge \min D_{i,j}` (a refusal can be followed by the worst for j) and :math:`v_i \ge f_i`; a point of :math:`D_i` is an
equilibrium payoff without agreement now if :math:`v_i \ge f_i`. What i can secure against the worst reply to every offer is

.. math:: f_i = \max\{\min D_{i,i},\; S - y^*\},\qquad y^* = \max_{w \in D_i} \min\{w_j,\, S - w_i\},

and :math:`y^* = \max D_{i,j}` whenever disagreement is not worth more than S [D: the general form is derived here]. The sets are the
largest fixed point. For a common discount factor and enough patience, with :math:`v_i` the minmax of the disagreement game and
:math:`w_i = \max_a [d_i(a) - h_j(a)]`, the bounds of i's share when it proposes are reconstructed from Busch and Wen's argument [D]:

.. math:: m_i = \frac{S - w_j + \delta v_i}{1+\delta},\qquad M_i = S - (1-\delta) v_j - \delta m_j .

The tests confirm both forms against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.deal_solution import Negotiation
from bargaining.games import GameError
from bargaining.games.negotiation import NegotiationGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.plane import as_set, cross, cut, exact_hull

Floats = NDArray[np.float64]
Polygon = list[Any]

MAX_ITER = 20_000
DENOMINATORS = (100, 10_000, 1_000_000)
# Exact numbers grow with every refusal; what a knife edge rules out it rules out within a few.
LONGEST_EXACT_DELAY = 16


def negotiate(game: NegotiationGame, *, tol: float = 1e-9, max_iter: int = MAX_ITER) -> Negotiation:
    r"""Subgame-perfect equilibrium payoffs of a negotiation game at both proposer nodes.

    Parameters
    ----------
    game : NegotiationGame
        Any bimatrix disagreement game; one discount factor or one per player.
    tol : float
        Largest distance allowed between the proven outer sets and the stated ones, relative to the payoff span.
    max_iter : int
        Most applications of the set operator.

    Returns
    -------
    Negotiation
        Outer sets: every application of the operator to the box of what the sides can get at all is inflated by more than its rounding
        error. Inner sets: the limit's corners replaced by simple rationals, shown in exact arithmetic to generate themselves.

    References
    ----------
    Haller, H., Holden, S. (1990), A letter to the editor on wage bargaining, Journal of Economic Theory 52. Fernandez, R., Glazer, J.
    (1991), Striking for a bargain between two completely informed agents, American Economic Review 81. Busch, L.-A., Wen, Q. (1995),
    Perfect equilibria in a negotiation model, Econometrica 63. Houba, H., Wen, Q. (2007), On striking for a bargain between two completely
    informed agents, Economic Theory 37.

    Examples
    --------
    >>> import bargaining as bg
    >>> strike = bg.game([[0.4], [0]], [[0.6], [0]], actions=[["work", "strike"], ["produce"]])
    >>> threats = bg.negotiate(bg.NegotiationGame(strike, surplus=1, delta=0.9))
    >>> threats.status.name, threats.share_bounds[0].round(4).tolist()
    ('solved', [0.4, 0.7158])
    """
    if not isinstance(game, NegotiationGame):
        raise GameError(f"game is a {type(game).__name__}: expected a NegotiationGame")
    if not (isinstance(tol, (float, int)) and 0.0 < tol < 1.0):
        raise ValueError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    if isinstance(max_iter, bool) or not isinstance(max_iter, (int, np.integer)) or max_iter < 1:
        raise ValueError(f"max_iter is {max_iter!r}: expected a positive integer")
    exact_talks, talks = Talks.of(game, Fraction), Talks.of(game, float)
    start, scale = talks.box()
    outer: list[Polygon] = [start, start]
    steps, change = 0, np.inf
    # What is left to go when the sets move by `stop` is about stop / (1 - delta). Simple corners show at the first of these, others later.
    left = (1.0 - max(talks.deltas)) * scale
    found = None
    for stop in (0.25 * tol * left, max(min(tol, 1e-9) / 1024.0 * left, 2e-15 * scale)):
        while steps < max_iter and change > stop and all(outer):
            after = [_inflated(talks.node(i, outer[1 - i]), 4e-15 * scale) for i in (0, 1)]
            steps += 1
            change = max(_support_change(outer[i], after[i]) for i in (0, 1)) if all(after) else 0.0
            outer = after
        if not all(outer):
            return _answer(game, ([], []), Status.empty, 0.0, 0.0, np.zeros(2), steps, tol, max_iter)
        settled = change <= stop
        found = found or (_rational(exact_talks, outer, tol * scale) if settled else None)
        if found and max(as_set(found[i]).distance(_floats(outer[i])) for i in (0, 1)) <= tol * scale:
            break
    if found is None:
        inside = tuple(exact_hull([(Fraction(float(x)), Fraction(float(y))) for x, y in polygon]) for polygon in outer)
        short = max(_shortfall(exact_talks, i, inside) for i in (0, 1))
        status = Status.approximate if settled else Status.max_iter
        delays = np.array([_longest_delay(talks, i, outer, 1e-12 * scale) for i in (0, 1)])
        return _answer(game, (inside[0], inside[1]), status, np.inf, short, delays, steps, tol, max_iter)
    gap = max(as_set(found[i]).distance(_floats(outer[i])) for i in (0, 1))
    delays = np.array([_delay(exact_talks, talks, i, found, 1e-12 * scale) for i in (0, 1)])
    status = Status.solved if gap <= tol * scale else Status.undecided
    return _answer(game, found, status, gap, 0.0, delays, steps, tol, max_iter)


@dataclass(frozen=True, eq=False)
class Talks:
    """A negotiation game in one kind of numbers: profiles with payoffs and deviation gains."""

    surplus: Any
    deltas: tuple[Any, Any]
    profiles: tuple[tuple[tuple[int, int], tuple[Any, Any], tuple[Any, Any]], ...]

    @classmethod
    def of(cls, game: NegotiationGame, number: Any) -> "Talks":
        """The game in `Fraction` or `float`."""
        first, second = game.exact_payoffs()
        rows, columns = range(len(first)), range(len(first[0]))
        best_row = [max(first[a][b] for a in rows) for b in columns]
        best_column = [max(second[a]) for a in rows]
        listed = [
            ((a, b), (first[a][b], second[a][b]), (best_row[b] - first[a][b], best_column[a] - second[a][b])) for a in rows for b in columns
        ]
        profiles = tuple((where, (number(u), number(v)), (number(g), number(h))) for where, (u, v), (g, h) in listed)
        return cls(number(game.exact_surplus), (number(game.exact_deltas[0]), number(game.exact_deltas[1])), profiles)

    def box(self) -> tuple[Polygon, float]:
        """A box around all payoffs: nobody gets less than pure minmax, or more than the best flow or what leaves the other its minmax."""
        rows = {where[0] for where, _, _ in self.profiles}
        columns = {where[1] for where, _, _ in self.profiles}
        table = {where: d for where, d, _ in self.profiles}
        floors = (min(max(table[a, b][0] for a in rows) for b in columns), min(max(table[a, b][1] for b in columns) for a in rows))
        tops = [max(*(d[i] for _, d, _ in self.profiles), self.surplus - floors[1 - i], floors[i]) for i in (0, 1)]
        scale = max(tops[0] - floors[0], tops[1] - floors[1], abs(self.surplus), 1e-300)
        pad = 1e-12 * scale
        corners = [(x, y) for x in (floors[0] - pad, tops[0] + pad) for y in (floors[1] - pad, tops[1] + pad)]
        return exact_hull(corners), float(max(scale, *(abs(v) for corner in corners for v in corner)))

    def refused(self, after: Sequence[Any], floors: Any = None) -> Polygon:
        """Payoffs after a refusal, with continuations in `after`; deviators get `floors`, by default the worst in `after`."""
        worst = floors or [min(w[k] for w in after) for k in (0, 1)]
        d0, d1 = self.deltas
        points: set[Any] = set()
        for _, flow, gain in self.profiles:
            needed = [worst[k] + (1 - self.deltas[k]) * gain[k] / self.deltas[k] for k in (0, 1)]
            for x, y in _above(after, needed):
                points.add(((1 - d0) * flow[0] + d0 * x, (1 - d1) * flow[1] + d1 * y))
        return exact_hull(points)

    def secured(self, i: int, refused: Sequence[Any]) -> Any:
        """What proposer i can secure, given the payoffs after a refusal."""
        j = 1 - i
        line = (1, 1)
        # The best for min{w_j, S - w_i} is at a corner or where an edge crosses w_0 + w_1 = S.
        places = [*refused, *cut(refused, line, self.surplus), *cut(refused, (-1, -1), -self.surplus)]
        limit = max(min(w[j], self.surplus - w[i]) for w in places)
        return max(min(w[i] for w in refused), self.surplus - limit)

    def node(self, i: int, after: Sequence[Any]) -> Polygon:
        """Payoffs when i proposes, from those when the other does a period later."""
        refused = self.refused(after)
        if not refused:
            return []
        j, floor = 1 - i, self.secured(i, refused)
        least = min(w[j] for w in refused)
        points = _above(refused, (floor, min(w[1] for w in refused)) if i == 0 else (min(w[0] for w in refused), floor))
        if self.surplus - floor >= least:
            for mine in (floor, self.surplus - least):
                points.append((mine, self.surplus - mine) if i == 0 else (self.surplus - mine, mine))
        return exact_hull(points)


def _above(polygon: Sequence[Any], floors: Any) -> Polygon:
    """The part of a polygon that is no less than `floors` in either coordinate."""
    if all(x >= floors[0] and y >= floors[1] for x, y in polygon):
        return list(polygon)
    if not any(x >= floors[0] for x, _ in polygon) or not any(y >= floors[1] for _, y in polygon):
        return []
    return cut(cut(polygon, (1, 0), floors[0]), (0, 1), floors[1])


def _inflated(polygon: Sequence[Any], by: float) -> Polygon:
    return exact_hull([(x + s, y + t) for x, y in polygon for s in (-by, by) for t in (-by, by)])


_ANGLES = [(np.cos(t), np.sin(t)) for t in np.linspace(0.0, 2.0 * np.pi, 32, endpoint=False)]
_FAN = np.array(_ANGLES).T


def _support_change(before: Sequence[Any], after: Sequence[Any]) -> float:
    return float(np.abs((np.array(before) @ _FAN).max(axis=0) - (np.array(after) @ _FAN).max(axis=0)).max())


def _floats(polygon: Sequence[Any]) -> PayoffSet:
    return PayoffSet(np.array([[float(x), float(y)] for x, y in polygon]))


def _rational(talks: Talks, outer: Sequence[Polygon], near: float) -> tuple[Polygon, Polygon] | None:
    """Polygons with simple corners close to the outer ones that generate themselves, exactly; None if there are none."""
    for denominator in DENOMINATORS:
        guess = [
            exact_hull([(Fraction(x).limit_denominator(denominator), Fraction(y).limit_denominator(denominator)) for x, y in polygon])
            for polygon in outer
        ]
        if max(_floats(guess[i]).distance(_floats(outer[i])) for i in (0, 1)) > near:
            continue
        # Corners split by inflation are one again; a few exact applications remove what rounding added on an edge.
        for _ in range(3):
            image = [talks.node(i, guess[1 - i]) for i in (0, 1)]
            if not all(image):
                break
            if all(_contains(image[i], v) for i in (0, 1) for v in guess[i]):
                return guess[0], guess[1]
            guess = image
    return None


def _contains(polygon: Sequence[Any], point: Any) -> bool:
    """Whether an exact polygon contains a point."""
    if len(polygon) == 1:
        return bool(polygon[0] == point)
    if len(polygon) == 2:
        a, b = polygon
        between = all(min(a[k], b[k]) <= point[k] <= max(a[k], b[k]) for k in (0, 1))
        return bool(between and cross(a, b, point) == 0)
    return all(cross(polygon[k - 1], polygon[k], point) >= 0 for k in range(len(polygon)))


def _shortfall(talks: Talks, i: int, sets: Sequence[Polygon]) -> float:
    """How far a corner of the set at node i is from what the two sets generate."""
    image = talks.node(i, sets[1 - i])
    return max(_floats(image).distance_to((float(x), float(y))) for x, y in sets[i]) if image else float("inf")


def _delay(exact_talks: Talks, talks: Talks, i: int, sets: Sequence[Polygon], slack: float) -> float:
    """Longest delay: exact for as long as numbers stay short, then in floating point with some slack."""
    counted = _longest_delay(exact_talks, i, sets, Fraction(0), LONGEST_EXACT_DELAY)
    if counted < LONGEST_EXACT_DELAY:
        return counted
    floats = [[(float(x), float(y)) for x, y in polygon] for polygon in sets]
    return max(float(LONGEST_EXACT_DELAY), _longest_delay(talks, i, floats, slack))


def _longest_delay(talks: Talks, i: int, sets: Sequence[Polygon], slack: Any, most: int = 4000) -> float:
    """Largest number of refusals on an equilibrium path when i proposes first; infinite if the sets that allow n settle.

    ``late[k]`` are the payoffs of equilibria with at least n refusals when k proposes. They only shrink as n grows.
    """
    late = [list(polygon) for polygon in sets]
    worst = [[min(w[k] for w in polygon) - slack for k in (0, 1)] for polygon in sets]
    floors = [talks.secured(k, talks.refused(sets[1 - k])) - slack for k in (0, 1)]
    lasted = [0, 0]
    for n in range(1, most + 1):
        after = []
        for k in (0, 1):
            refused = talks.refused(late[1 - k], worst[1 - k]) if late[1 - k] else []
            low = min((w[1 - k] for w in refused), default=0)
            after.append(_above(refused, (floors[k], low) if k == 0 else (low, floors[k])) if refused else [])
            lasted[k] = n if after[k] else lasted[k]
        if not after[i]:
            return float(lasted[i])
        settled = all(after[k] and late[k] and _support_change(_as_floats(late[k]), _as_floats(after[k])) <= 1e-14 for k in (0, 1))
        late = after
        if settled and n > 2:
            return float("inf")
    return float(most)


def _as_floats(polygon: Sequence[Any]) -> Polygon:
    return [(float(x), float(y)) for x, y in polygon]


def _answer(
    game: NegotiationGame, sets: Any, status: Status, gap: float, short: float, delays: Floats, steps: int, tol: float, max_iter: int
) -> Negotiation:
    drawn = tuple(as_set(polygon) for polygon in sets)
    bounds = np.full((2, 2), np.nan)
    others = np.full((2, 2), np.nan)
    for i in (0, 1):
        if sets[i]:
            bounds[i] = float(min(v[i] for v in sets[i])), float(max(v[i] for v in sets[i]))
            others[1 - i] = float(min(v[1 - i] for v in sets[i])), float(max(v[1 - i] for v in sets[i]))
    return Negotiation(
        status=status,
        error_bound=float(gap),
        iterations=steps,
        method="set iteration at both proposer nodes, exact self-generation inside",
        options={"tol": tol, "max_iter": max_iter},
        game=game,
        sets=(drawn[0], drawn[1]),
        share_bounds=bounds,
        responder_bounds=others,
        max_delay=delays,
        generation_error=float(short),
        exact_sets=(tuple(sets[0]), tuple(sets[1])),
    )
