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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.deals import Negotiation
from bargaining.games import GameError
from bargaining.games.negotiation import NegotiationGame
from bargaining.kernels.polygon import largest_distance
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.negotiation_delay import longest_delays
from bargaining.solvers.negotiation_game import Polygon, ScaledTalks, Talks
from bargaining.solvers.negotiation_inner import find_inner
from bargaining.solvers.negotiation_outer import BOX, Estimate, OuterTalks
from bargaining.solvers.plane import as_set, exact_hull

Floats = NDArray[np.float64]

MAX_ITER = 20_000
METHOD = "half-planes outside, exact self-generation inside, at both proposer nodes"
# Sets of so few corners are iterated to the last bits, so that corners can be told to be simple rationals, or one.
FEW, LAST_BITS = 32, 4e-15
# By how much less fine an estimate is made whose corners are too many.
COARSER = 16.0
# How often the half-planes may be turned to what the operator makes of them.
MOST_TURNS, LOOKED_AHEAD = 12, 3
# Sets with more corners than these are bounded by curves, and turning half-planes to ever more edges has no end.
MANY = 256


def negotiate(game: NegotiationGame, *, tol: float = 1e-9, max_iter: int = MAX_ITER) -> Negotiation:
    r"""Subgame-perfect equilibrium payoffs of a negotiation game at both proposer nodes.

    Parameters
    ----------
    game : NegotiationGame
        Any bimatrix disagreement game; one discount factor or one per player.
    tol : float
        Largest distance allowed between the proven outer sets and the stated ones, relative to the span of what the sides can get at all.
    max_iter : int
        Most applications of the set operator.

    Returns
    -------
    Negotiation
        Outer sets: half-planes, rounded outward at every application of the operator. Inner sets: corners that are simple rationals, solve
        the equations of the limit's structure, or belong to a slightly stricter operator, shown in exact arithmetic to generate themselves.
        Status `solved` (or `empty`) if the two are within `tol`; `undecided` if they are farther apart, by `error_bound`; `approximate` if
        nothing could be proven from inside, and then the sets are the outer ones.

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
    talks = ScaledTalks.of(game)
    # What is left to go when the sets move by `stop` is about stop / (1 - delta). Thinning moves them by its own size for ever.
    share = min(tol, 1e-9) / 1024.0 if talks.deltas[0] == talks.deltas[1] else tol / 8.0
    stop = max(share * (1.0 - float(talks.deltas.max())), LAST_BITS)
    active = np.ones(len(talks.payoffs), dtype=np.bool_)
    while True:
        estimate = Estimate.iterate(talks, (BOX, BOX), active, 0.0, 0.25 * stop, stop, max_iter)
        if not estimate.full or stop > tol:
            break
        stop *= COARSER
    if sum(map(len, estimate.sets)) <= FEW and not estimate.is_empty:
        finer = Estimate.iterate(talks, estimate.sets, active, 0.0, 1e-13, LAST_BITS, max_iter, 2 * FEW)
        estimate = estimate if finer.is_empty else finer
    outer = OuterTalks(talks, [*estimate.sets, *estimate.refused])
    outer.sweep(max_iter, 0.25 * stop)
    turns = 0
    most_turns = MOST_TURNS if sum(map(len, estimate.sets)) <= MANY else 1
    while not outer.is_empty and outer.sweeps < max_iter and turns < most_turns and outer.distance(estimate.sets) > 0.25 * tol:
        # The half-planes have come to rest away from the estimate: their normals are too few on the way, or it is a knife edge.
        outer.turn([*estimate.sets, *estimate.refused, *_ahead(talks, outer, tol)])
        outer.sweep(max_iter - outer.sweeps, 0.25 * stop)
        turns += 1
    if outer.is_empty:
        return _answer(talks, game, ([], []), Status.empty, 0.0, outer, tol, max_iter)
    found = None if estimate.is_empty else find_inner(talks, estimate, tol, max_iter)
    if found is None:
        status = Status.max_iter if outer.sweeps >= max_iter else Status.approximate
        polygons = [outer.polygon(i) for i in (0, 1)]
        stated = [exact_hull([talks.exact_in_units(v) for v in polygon.tolist()]) for polygon in polygons]
        own = talks.exact if estimate.is_empty else talks.exact.only(talks.positions[estimate.used])
        return _answer(talks, game, stated, status, np.inf, outer, tol, max_iter, own)
    inner, own = found
    gap = outer.distance([talks.scaled(polygon) for polygon in inner])
    status = Status.solved if gap <= tol else Status.max_iter if outer.sweeps >= max_iter else Status.undecided
    return _answer(talks, game, inner, status, gap, outer, tol, max_iter, own)


def _ahead(talks: ScaledTalks, outer: OuterTalks, tol: float) -> list[Floats]:
    """Polygons that the operator makes of the half-planes, a few applications long."""
    now: Sequence[Floats] = [outer.polygon(i) for i in (0, 1)]
    active = outer.alive[0] | outer.alive[1]
    seen: list[Floats] = []
    for _ in range(LOOKED_AHEAD):
        after = Estimate.iterate(talks, now, active, 0.0, tol / 1024.0, 0.0, 1)
        if after.is_empty:
            break
        seen += [*after.sets, *after.refused]
        now = after.sets
    return seen


def _answer(
    talks: ScaledTalks,
    game: NegotiationGame,
    sets: Sequence[Polygon],
    status: Status,
    gap: float,
    outer: OuterTalks,
    tol: float,
    max_iter: int,
    own: Talks | None = None,
) -> Negotiation:
    bounds, others = np.full((2, 2), np.nan), np.full((2, 2), np.nan)
    short, delays = 0.0, np.zeros(2)
    outside: tuple[PayoffSet, ...] = ()
    if all(sets):
        for i in (0, 1):
            bounds[i] = float(min(v[i] for v in sets[i])), float(max(v[i] for v in sets[i]))
            others[1 - i] = float(min(v[1 - i] for v in sets[i])), float(max(v[1 - i] for v in sets[i]))
        delays = longest_delays(talks, own or talks.exact, sets)
        outside = tuple(PayoffSet(talks.in_units(outer.polygon(i))) for i in (0, 1))
        if np.isinf(gap):
            short = _shortfall(talks, own or talks.exact, sets)
    drawn = [as_set(polygon) for polygon in sets]
    return Negotiation(
        status=status,
        error_bound=float(gap * float(talks.span)),
        iterations=outer.sweeps,
        method=METHOD,
        options={"tol": tol, "max_iter": max_iter},
        game=game,
        sets=(drawn[0], drawn[1]),
        share_bounds=bounds,
        responder_bounds=others,
        max_delay=delays,
        generation_error=short,
        exact_sets=(tuple(sets[0]), tuple(sets[1])),
        outer=outside,
        generators=() if own is None or np.isinf(gap) else tuple(where for where, _, _ in own.profiles),
    )


def _shortfall(talks: ScaledTalks, own: Talks, sets: Sequence[Polygon]) -> float:
    """How far a corner of the sets is from what they generate with the profiles `own`, in floats."""
    images: list[Any] = [own.node(i, sets[1 - i]) for i in (0, 1)]
    if not all(images):
        return float("inf")
    return float(talks.span) * max(float(largest_distance(talks.scaled(sets[i]), talks.scaled(images[i]))) for i in (0, 1))
