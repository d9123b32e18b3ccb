r"""Alternating offers: who proposes, what a refusal leads to, and what therefore is offered and accepted at once, or later, or never.

Side i proposes a point of a set of agreements, the other accepts or refuses, and after a refusal the other proposes next. A refusal may
end the talks with probability p at payoffs b, and costs a period of disagreement flows d (*inside*: the sides suffer them while they
talk). Average payoffs of side i after a refusal, with v the payoff at the next round, are

.. math:: R_i(v) = p\,b_i + (1-p)\,[(1-\delta_i)\,d_i + \delta_i\,v].

A responder may also walk out for s instead (*outside*: s is had only by leaving), so it refuses what is below
:math:`\max\{s_i, R_i(x_i)\}`, :math:`x_i` its payoff when it proposes itself. With :math:`\psi_i(y)` the most that i can have on the
frontier if the other gets y, stationary equilibrium payoffs at the two proposers solve :math:`x_0 = \psi_0(\max\{s_1, R_1(x_1)\})` and
:math:`x_1 = \psi_1(\max\{s_0, R_0(x_0)\})`. Both sides are piecewise linear on a polygon, so the solution is exact. On a pie S with
:math:`\alpha_i = p b_i + (1-p)(1-\delta_i) d_i`, :math:`\beta_i = (1-p)\delta_i` and no binding outside option it is

.. math:: x_0 = \frac{S(1-\beta_1) - \alpha_1 + \beta_1\alpha_0}{1-\beta_0\beta_1},

which has Rubinstein (1982), Binmore, Rubinstein and Wolinsky (1986) and their variants as special cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.offers import AlternatingOffers, OffersGame
from bargaining.games import GameError
from bargaining.solution import Status
from bargaining.solvers.plane import Pair, above, as_floats, frontier, read_pair, read_polygon
from bargaining.solvers.selection import read_number

Floats = NDArray[np.float64]

MAX_ITER = 100_000


@dataclass(frozen=True)
class Found:
    """Payoff pairs by first proposer, whether there is ever a deal, after how many refusals, and how it was found."""

    pairs: Any
    agreement: tuple[bool, bool]
    waits: tuple[float, float]
    method: str
    steps: int
    status: Status = Status.solved
    error: float = 0.0
    exact: bool = True


@dataclass(frozen=True)
class Talks:
    """An alternating-offers game in exact numbers; `edges[i]` is the frontier that i proposes from, ``stay[i]`` = (α_i, β_i)."""

    edges: tuple[Sequence[Pair], Sequence[Pair]]
    stay: tuple[Pair, Pair]
    outside: Pair | None

    @classmethod
    def of(cls, game: OffersGame) -> "Talks":
        """From one set of agreements, whoever proposes."""
        edge, risk = frontier(game.agreements), game.breakdown
        first, second = (
            (risk * end + (1 - risk) * (1 - delta) * flow, (1 - risk) * delta)
            for end, delta, flow in zip(game.breakdown_payoffs, game.delta, game.inside, strict=True)
        )
        return cls((edge, edge), (first, second), game.outside)

    def floor(self, i: int, value: Any) -> Any:
        """What i can have by refusing an offer, if it gets `value` when it proposes next."""
        kept = self.stay[i][0] + self.stay[i][1] * value
        return kept if self.outside is None else max(kept, self.outside[i])

    def most(self, i: int, others: Any) -> Any:
        """The most i can have on its frontier if the other gets at least `others`; None if there is no such point."""
        edge = self.edges[i] if i == 0 else [(y, x) for x, y in reversed(self.edges[i])]
        # Now the proposer's payoff comes first, and it rises as that of the other falls.
        if others > edge[0][1]:
            return None
        for before, after in pairwise(edge):
            if after[1] <= others:
                return before[0] + (before[1] - others) * (after[0] - before[0]) / (before[1] - after[1])
        return edge[-1][0]


def alternating_offers(
    delta: Any,
    surplus: Any = 1,
    *,
    inside: Any = (0, 0),
    breakdown: Any = 0,
    breakdown_payoffs: Any = (0, 0),
    outside: Any = None,
    periods: int | None = None,
    deadline_payoffs: Any = (0, 0),
    frontier: Any = None,
    method: str = "exact",
    tol: float = 1e-12,
    max_iter: int = MAX_ITER,
) -> AlternatingOffers:
    r"""Equilibrium shares of alternating offers: Rubinstein's game with its classical variants, alone or together.

    Parameters
    ----------
    delta : float or pair of float
        Discount factors, U.S. first, in (0, 1); 1 is allowed with a breakdown risk or a deadline.
    surplus : float
        Size of the pie; agreements are its splits into two non-negative shares, or less.
    inside : pair of float
        Payoffs a period while there is no agreement (average payoffs: a flow of 0.1 for ever is worth 0.1).
    breakdown, breakdown_payoffs : float, pair of float
        Probability that a refusal ends the talks, and what the sides get then.
    outside : pair of float, optional
        What the sides get if the responder walks out. It matters only where it is better than talking on.
    periods : int, optional
        Deadline: the number of offers; after the last refusal the sides get `deadline_payoffs`.
    frontier : PayoffSet, solution or array_like of shape (k, 2), optional
        Agreements instead of a pie, such as an equilibrium set. Less than a point of it can be agreed on too.
    method : str
        ``exact``: the piecewise-linear equations in rational numbers; ``induction``: backward from a far deadline until offers
        change by at most `tol`, in floating point. A deadline is always solved by induction, exactly up to 200 periods.
    tol, max_iter
        For ``induction``: relative change of offers from one period to the one before at which it stops; most periods.

    Returns
    -------
    AlternatingOffers

    Raises
    ------
    GameError
        Bad numbers; an empty frontier; outside options for which the stationary game has no closed form (no agreement is as good for
        both as walking out together with waiting for ever).

    References
    ----------
    Rubinstein, A. (1982), Perfect equilibrium in a bargaining model, Econometrica 50. Binmore, K., Rubinstein, A., Wolinsky, A. (1986),
    The Nash bargaining solution in economic modelling, RAND Journal of Economics 17. Binmore, K., Shaked, A., Sutton, J. (1989), An
    outside option experiment, Quarterly Journal of Economics 104. Ståhl, I. (1972), Bargaining Theory.

    Examples
    --------
    >>> import bargaining as bg
    >>> bg.alternating_offers(0.9).proposer_share.round(4).tolist()
    [0.5263, 0.5263]
    >>> bg.alternating_offers(0.9, outside=(0, 0.6)).proposer_share.round(4).tolist()
    [0.4, 0.64]
    """
    if method not in ("exact", "induction"):
        raise GameError(f"method {method!r}: expected 'exact' or 'induction'")
    risk = read_number(breakdown, "breakdown", "a probability below 1", lambda p: 0 <= p < 1)
    count = periods if periods is None else int(read_number(periods, "periods", "a positive integer", lambda n: n >= 1 and n == int(n)))
    limit = 1 if risk > 0 or count is not None else 0
    deltas = read_pair(delta if isinstance(delta, (tuple, list, np.ndarray)) else (delta, delta), "delta")
    if not all(0 < d < 1 or (limit and d == 1) for d in deltas):
        raise GameError(f"delta {delta!r}: expected a number strictly between 0 and 1 (or 1, with a breakdown risk or a deadline)")
    flows, ends = read_pair(inside, "inside"), read_pair(breakdown_payoffs, "breakdown_payoffs")
    corners = _corners(surplus, frontier)
    game = OffersGame(
        agreements=tuple(corners),
        delta=deltas,
        inside=flows,
        breakdown=risk,
        breakdown_payoffs=ends,
        outside=None if outside is None else read_pair(outside, "outside"),
        periods=count,
        deadline_payoffs=read_pair(deadline_payoffs, "deadline_payoffs"),
    )
    talks = Talks.of(game)
    if count is not None:
        found = deadline(talks, count, game.deadline_payoffs)
    else:
        found = stationary(talks) if method == "exact" else by_induction(talks, tol, max_iter)
    first, second = found.pairs
    options = {
        "delta": tuple(float(d) for d in deltas),
        "inside": tuple(float(d) for d in flows),
        "breakdown": float(risk),
        "outside": game.outside and tuple(float(s) for s in game.outside),
        "periods": count,
        "method": method,
    }
    return AlternatingOffers(
        status=found.status,
        error_bound=float(found.error),
        iterations=found.steps,
        method=found.method,
        options=options,
        game=game,
        proposer_share=as_floats((first[0], second[1])),
        responder_share=as_floats((second[0], first[1])),
        agreement=found.agreement,
        expected_delay=np.array(found.waits, dtype=np.float64),
        pairs=(first, second) if found.exact else None,
    )


def _corners(surplus: Any, points: Any) -> list[Pair]:
    """Corners of the agreements."""
    if points is not None:
        corners = read_polygon(points, "frontier")
        if not corners:
            raise GameError("frontier is empty: there is nothing to agree on")
        return corners
    pie = read_number(surplus, "surplus", "a positive number", lambda s: s > 0)
    return [(Fraction(0), pie), (pie, Fraction(0))]


def perpetual(talks: Talks) -> Pair:
    """What the sides get if they never agree and never walk out."""
    (a0, b0), (a1, b1) = talks.stay
    return a0 / (1 - b0), a1 / (1 - b1)


def stationary(talks: Talks) -> Found:
    """The stationary equilibrium, exact."""
    idle = perpetual(talks)
    secured = idle if talks.outside is None else (max(idle[0], talks.outside[0]), max(idle[1], talks.outside[1]))
    if not all(above(edge, secured) for edge in map(_comprehensive, talks.edges)):
        if talks.outside is None:
            return Found((idle, idle), (False, False), (np.inf, np.inf), "alternating offers: no agreement is as good as none", 1)
        line = f"no agreement is worth ({float(secured[0]):.6g}, {float(secured[1]):.6g}), what the sides can secure without one"
        raise GameError(f"outside: {line}; expected some agreement that is, or method='induction'")
    # x -> most(0, floor(1, most(1, floor(0, x)))) rises in x, and the solution is unique: close in on the linear piece it lies on.
    low, high = secured[0], max(talks.edges[0][-1][0], secured[0])

    def image(x: Fraction) -> Fraction:
        return Fraction(talks.most(0, talks.floor(1, talks.most(1, talks.floor(0, x)))))

    knots = sorted({low, high, *(x for x in _knots(talks) if low < x < high)})
    steps = 0
    first, last = 0, len(knots) - 1
    while last - first > 1:
        middle = (first + last) // 2
        steps += 1
        first, last = (middle, last) if image(knots[middle]) >= knots[middle] else (first, middle)
    left, right = knots[first], knots[last]
    above_left, above_right = image(left) - left, image(right) - right
    x = left if above_left <= 0 else right if above_right >= 0 else left + (right - left) * above_left / (above_left - above_right)
    y = Fraction(talks.most(1, talks.floor(0, x)))
    offers = _second(talks, 0, x, y), _second(talks, 1, x, y)
    return Found(((x, offers[0]), (offers[1], y)), (True, True), (0.0, 0.0), "alternating offers: exact", steps)


def _second(talks: Talks, proposer: int, x: Fraction, y: Fraction) -> Fraction:
    """What the responder gets: its floor, or more where the frontier ends at the proposer's best point."""
    edge, responder = talks.edges[proposer], 1 - proposer
    corner = edge[-1] if proposer == 0 else edge[0]
    floor = Fraction(talks.floor(responder, (x, y)[responder]))
    return max(floor, corner[responder]) if (x, y)[proposer] >= corner[proposer] else floor


def _comprehensive(edge: Sequence[Pair]) -> list[Pair]:
    """The frontier with everything below it, far down."""
    lowest = min(*(x for x, _ in edge), *(y for _, y in edge), edge[0][0] - 1) - abs(edge[-1][0]) - abs(edge[0][1]) - 10**6
    return [(lowest, lowest), (edge[-1][0], lowest), *reversed(edge), (lowest, edge[0][1])]


def _knots(talks: Talks) -> set[Fraction]:
    """Every x at which the map of the U.S. proposer's payoff into itself may have a kink."""
    (a0, b0), (a1, b1) = talks.stay
    found: set[Fraction] = set()
    if talks.outside is not None:
        found.add((talks.outside[0] - a0) / b0)
    found |= {(x - a0) / b0 for x, _ in talks.edges[1]}
    # Where China's demand y makes its floor a corner of the frontier that the U.S. proposes from, or equal to its outside option.
    demands = [(y - a1) / b1 for _, y in talks.edges[0]] + ([(talks.outside[1] - a1) / b1] if talks.outside is not None else [])
    for before, after in pairwise(talks.edges[1]):
        for y in demands:
            if after[1] <= y <= before[1]:
                x = before[0] + (before[1] - y) * (after[0] - before[0]) / (before[1] - after[1])
                found.add((x - a0) / b0)
    return found


def deadline(talks: Talks, periods: int, ends: Pair) -> Found:
    """Backward induction from a deadline: exact for up to 200 offers."""
    number: Any = Fraction if periods <= 200 else float
    values: list[Any] = [[(number(ends[0]), number(ends[1]))] * 2, [0, 0]]
    for _ in range(periods):
        values = _one_period(talks, values, number)
    pairs, delays = values
    never = [delays[i] >= periods for i in (0, 1)]
    waits = (np.inf if never[0] else float(delays[0]), np.inf if never[1] else float(delays[1]))
    method = f"alternating offers: backward induction over {periods} periods"
    exactly = number is Fraction
    # Every period adds a few roundings, which discounting takes away again.
    error = 0.0 if exactly else 1e-15 * _scale(talks) * min(float(periods), 1.0 / max(1e-300, 1.0 - float(max(b for _, b in talks.stay))))
    return Found(tuple(pairs), (not never[0], not never[1]), waits, method, periods, error=error, exact=exactly)


def _scale(talks: Talks) -> float:
    """Largest payoff of an agreement."""
    return max(1e-300, *(abs(float(v)) for edge in talks.edges for point in edge for v in point))


def _one_period(talks: Talks, after: list[Any], number: Any) -> list[Any]:
    """Payoff pairs and delays with i = 0, 1 proposing now, from those with i proposing a period later."""
    pairs, delays = after
    now, waits = [], []
    for i in (0, 1):
        j = 1 - i
        later = pairs[j]
        stay = [number(talks.stay[k][0]) + number(talks.stay[k][1]) * later[k] for k in (0, 1)]
        wait = delays[j] + 1
        if talks.outside is not None and talks.outside[j] > stay[j]:
            stay, wait = [number(talks.outside[0]), number(talks.outside[1])], _WALKED_OUT
        edge = talks.edges[i]
        mine, theirs = (edge[-1], edge[0]) if i == 0 else (edge[0], edge[-1])
        # A tie is an agreement, in floating point too.
        slack = 0 if number is Fraction else 8e-16 * max(*map(abs, stay), *(abs(float(v)) for v in (*mine, *theirs)))
        needed = number(theirs[j]) if theirs[j] < stay[j] <= theirs[j] + slack else stay[j]
        best = talks.most(i, needed)
        if best is not None and best >= stay[i] - slack:
            stay[j], stay[i], wait = max(needed, number(mine[j])) if best == mine[i] else needed, number(best), 0
        now.append((stay[0], stay[1]))
        waits.append(wait)
    return [now, waits]


_WALKED_OUT = 10**9


def by_induction(talks: Talks, tol: float, max_iter: int) -> Found:
    """The stationary equilibrium as the limit of ever longer deadlines, in floating point."""
    floats = Talks(
        tuple([(float(x), float(y)) for x, y in edge] for edge in talks.edges),  # type: ignore[arg-type]
        tuple((float(a), float(b)) for a, b in talks.stay),  # type: ignore[arg-type]
        talks.outside and (float(talks.outside[0]), float(talks.outside[1])),  # type: ignore[arg-type]
    )
    idle = perpetual(talks)
    values: list[Any] = [[(float(idle[0]), float(idle[1]))] * 2, [0, 0]]
    scale = _scale(talks)
    rate = max(float(b) for _, b in talks.stay)
    steps, change = 0, np.inf
    while steps < max_iter:
        # Two periods at a time: payoffs may go up and down with the last proposer.
        later = _one_period(floats, _one_period(floats, values, float), float)
        steps += 2
        change = max(abs(a - b) for p, q in zip(later[0], values[0], strict=True) for a, b in zip(p, q, strict=True))
        values = later
        if change <= tol * scale * (1.0 - rate):
            break
    pairs, delays = values
    never = [wait >= steps for wait in delays]
    done = change <= tol * scale * (1.0 - rate)
    return Found(
        tuple(pairs),
        (not never[0], not never[1]),
        (np.inf if never[0] else float(delays[0]), np.inf if never[1] else float(delays[1])),
        "alternating offers: backward induction",
        steps,
        status=Status.solved if done else Status.max_iter,
        error=tol * scale if done else np.inf,
        exact=False,
    )
