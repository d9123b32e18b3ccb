r"""Correlated and coarse correlated equilibria, and all payoffs that they can earn.

A distribution p over profiles is a *correlated equilibrium* if nobody who is told its part of a profile drawn from p gains by playing
something else: :math:`\sum_b p(a, b)\,(g_0(a', b) - g_0(a, b)) \le 0` for all a, a', and so for the other side (Aumann 1974). It is a
*coarse* one if nobody gains by committing to one action before it is told anything: :math:`\sum_{a,b} p(a,b)\,(g_0(a',b)-g_0(a,b)) \le 0`
(Moulin and Vial 1978). Both are polytopes that contain all Nash equilibria. Their projection onto payoff pairs is a polygon, found edge by
edge: a linear program in the normal direction of each chord either shows that the chord is an edge or finds a vertex beyond it.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.answers.stage import CorrelatedEquilibria, CorrelatedEquilibrium, read_stage
from bargaining.games import GameError, IssueGame, StageGame
from bargaining.games.stage import near_match
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.correlated_programs import ExactPrograms, FloatPrograms, Optimum, Pair, Programs, gains_of
from bargaining.solvers.minmax import minmax
from bargaining.solvers.selection import bargains

Floats = NDArray[np.float64]
Integers = NDArray[Any]

METHODS = ("auto", "exact", "highs")
OBJECTIVES = ("joint_surplus", "best_us", "worst_us", "best_cn", "worst_cn", "nash_product")
# Entries of the exact tableau up to which it is the default: up to about 6 x 6, coarse up to about 14 x 14; a second at most.
MOST_ENTRIES = 2_500


def correlated_equilibria(
    stage: StageGame | IssueGame, *, coarse: bool = False, method: str = "auto", tol: float = 1e-9
) -> CorrelatedEquilibria:
    r"""Payoffs of all correlated or coarse correlated equilibria of a stage game.

    Parameters
    ----------
    stage : StageGame or IssueGame
        An IssueGame is solved in its joint normal form.
    coarse : bool
    method : {"auto", "exact", "highs"}
        ``exact``: linear programs in exact arithmetic; every vertex is an equilibrium without any regret, and multipliers prove that
        nothing lies outside. ``highs``: in floating point by HiGHS, verified. ``auto``: ``exact`` if the game is small enough.
    tol : float
        For ``highs``: the largest regret of a vertex and the largest distance of a proven half-plane from its edge, relative to the
        payoff spans, that count as solved.

    Returns
    -------
    CorrelatedEquilibria
        `error_bound` is 0 for ``exact`` (but for the rounding of the vertices to floats), else the largest distance from an edge to the
        half-plane proven for it, in payoff units.

    Raises
    ------
    GameError
        If `stage` is not a game, `method` is unknown or `tol` is not in (0, 1).

    References
    ----------
    Aumann, R. (1974), Subjectivity and correlation in randomized strategies, Journal of Mathematical Economics 1.
    Moulin, H., Vial, J.-P. (1978), Strategically zero-sum games, International Journal of Game Theory 7.

    Examples
    --------
    >>> import bargaining as bg
    >>> chicken = bg.game([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    >>> found = bg.correlated_equilibria(chicken)
    >>> found.vertices.tolist()
    [[2.0, 7.0], [3.6, 3.6], [7.0, 2.0], [5.25, 5.25]]
    """
    stage = read_stage(stage)
    if method not in METHODS:
        raise GameError(f"method {method!r}{near_match(method, METHODS)}: expected one of {', '.join(METHODS)}")
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    m, n = stage.shape
    entries = m * n * (m + n if coarse else m * (m - 1) + n * (n - 1))
    in_fractions = method == "exact" or (method == "auto" and entries <= MOST_ENTRIES)
    programs = ExactPrograms(stage, coarse) if in_fractions else FloatPrograms(stage, coarse)
    corners, proofs = _trace(programs)
    options = {"coarse": coarse, "method": method, "tol": tol}
    kind = "coarse correlated equilibria" if coarse else "correlated equilibria"
    if isinstance(programs, ExactPrograms):
        exact_distributions = tuple(tuple(corner.distribution) for corner in corners)
        vertices = [[float(value) for value in programs.in_units(corner.payoffs)] for corner in corners]
        distributions = np.array(exact_distributions, dtype=np.float64).reshape(-1, m, n)
        return CorrelatedEquilibria(
            status=Status.solved,
            error_bound=0.0,
            iterations=programs.count,
            method=f"{kind} by linear programs in exact arithmetic, an edge of the payoff set each",
            options=options,
            game=stage,
            coarse=coarse,
            payoff_set=PayoffSet(vertices),  # type: ignore[arg-type]
            distributions=distributions,
            regret=np.zeros(len(corners)),
            exact_distributions=exact_distributions,
            bounds=tuple(programs.bound(proof) for proof in proofs),
        )
    distributions = np.array([corner.distribution for corner in corners]).reshape(-1, m, n)
    regret = np.array([_regret(stage, each, coarse) for each in distributions])
    gap = max(programs.gap(proof) for proof in proofs)
    return CorrelatedEquilibria(
        status=Status.solved if max(gap, float(regret.max())) <= tol else Status.approximate,
        error_bound=gap * float(programs.span.max()),
        iterations=programs.count,
        method=f"{kind} by linear programs (HiGHS), an edge of the payoff set each, verified",
        options=options,
        game=stage,
        coarse=coarse,
        payoff_set=PayoffSet(np.einsum("kab,iab->ki", distributions, stage.payoffs)),
        distributions=distributions,
        regret=regret,
    )


def correlated_equilibrium(
    stage: StageGame | IssueGame,
    objective: str = "joint_surplus",
    *,
    coarse: bool = False,
    disagreement: ArrayLike | None = None,
    method: str = "auto",
    tol: float = 1e-9,
) -> CorrelatedEquilibrium:
    r"""The correlated or coarse correlated equilibrium that is best by an objective.

    Parameters
    ----------
    stage : StageGame or IssueGame
    objective : {"joint_surplus", "best_us", "worst_us", "best_cn", "worst_cn", "nash_product"}
        Largest sum of payoffs (a tie goes to what pays player 0 more); best or worst for a player (a tie goes to what pays the other
        more); largest product of gains over `disagreement`.
    coarse, method, tol
        As in `correlated_equilibria`.
    disagreement : array_like, shape (2,), optional
        For ``nash_product``; the mixed minmax payoffs by default. Every equilibrium pays at least these.

    Raises
    ------
    GameError
        As `correlated_equilibria`, if the objective is unknown, or if no equilibrium is as good as `disagreement` for both.

    Examples
    --------
    >>> import bargaining as bg
    >>> chicken = bg.game([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    >>> bg.correlated_equilibrium(chicken).distribution.tolist()
    [[0.5, 0.25], [0.25, 0.0]]
    """
    if objective not in OBJECTIVES:
        raise GameError(f"objective {objective!r}{near_match(objective, OBJECTIVES)}: expected one of {', '.join(OBJECTIVES)}")
    found = correlated_equilibria(stage, coarse=coarse, method=method, tol=tol)
    assert isinstance(found.game, StageGame)
    if objective == "nash_product":
        start = minmax(found.game).mixed if disagreement is None else np.asarray(disagreement, dtype=np.float64)
        if start.shape != (2,) or not np.isfinite(start).all():
            raise GameError(f"disagreement {disagreement!r}: expected a pair of finite payoffs")
        # An equilibrium pays no less than minmax; rounding must not say otherwise.
        if disagreement is None:
            start = np.minimum(start, found.vertices.min(axis=0))
        first, second, share = _on_boundary(found.vertices, bargains(found.payoff_set, start), start)
    else:
        first = second = _farthest(found.vertices, objective)
        share = 0.0
    part = Fraction(share)
    mixture: tuple[Fraction, ...] = ()
    if found.exact_distributions:
        ends = zip(found.exact_distributions[first], found.exact_distributions[second], strict=True)
        mixture = tuple((1 - part) * p + part * q for p, q in ends)
        distribution = np.array(mixture, dtype=np.float64).reshape(found.game.shape)
    else:
        distribution = (1.0 - share) * found.distributions[first] + share * found.distributions[second]
    payoffs = (1.0 - share) * found.vertices[first] + share * found.vertices[second]
    return CorrelatedEquilibrium(
        status=found.status,
        error_bound=found.error_bound,
        iterations=found.iterations,
        method=found.method,
        options={**found.options, "objective": objective},
        game=found.game,
        coarse=coarse,
        objective=objective,
        distribution=distribution,
        payoffs=payoffs,
        regret=0.0 if mixture else _regret(found.game, distribution, coarse),
        exact_distribution=mixture,
    )


def _farthest(vertices: Floats, objective: str) -> int:
    spread = np.abs(vertices).max(axis=0)
    if objective == "joint_surplus":
        heights, ties, rounding = vertices.sum(axis=1), vertices[:, 0], float(spread.sum())
    else:
        player = 0 if objective.endswith("us") else 1
        heights = vertices[:, player] * (1.0 if objective.startswith("best") else -1.0)
        ties, rounding = vertices[:, 1 - player], float(spread[player])
    near = np.flatnonzero(heights >= heights.max() - 1e-13 * rounding)
    return int(near[ties[near].argmax()])


def _on_boundary(vertices: Floats, point: Floats, start: Floats) -> tuple[int, int, float]:
    """The edge that a boundary point lies on, and how far along."""
    if np.isnan(point).any():
        raise GameError(f"disagreement {start.tolist()}: no equilibrium pays both sides as much")
    best = (math.inf, 0, 0, 0.0)
    for k in range(len(vertices)):
        after = (k + 1) % len(vertices)
        step = vertices[after] - vertices[k]
        length = float(step @ step)
        share = min(max(float((point - vertices[k]) @ step) / length, 0.0), 1.0) if length > 0.0 else 0.0
        miss = float(np.abs(vertices[k] + share * step - point).max())
        best = min(best, (miss, k, after, share))
    return best[1:]


def _trace(programs: Programs) -> tuple[list[Optimum], list[Optimum]]:
    """Corners of the payoff set counter-clockwise, and the optima that show that nothing lies beyond it."""
    proofs: list[Optimum] = []

    def reach(normal: Pair) -> Optimum:
        optimum = programs.best(normal)
        proofs.append(optimum)
        return optimum

    def beyond(start: Optimum, end: Optimum) -> list[Optimum]:
        """Corners strictly between two points of the boundary, on the right of the way from one to the other."""
        corners: list[Optimum] = []
        # A stack and not recursion: a payoff set may have a thousand corners.
        chords = [(start, end)]
        while chords:
            here, there = chords.pop()
            step = there.payoffs[0] - here.payoffs[0], there.payoffs[1] - here.payoffs[1]
            if step == (0, 0):
                continue
            optimum = programs.best((step[1], -step[0]))
            if not programs.is_beyond(optimum, here.payoffs):
                proofs.append(optimum)
                continue
            corners.append(optimum)
            chords += [(optimum, there), (here, optimum)]
        return corners

    left, right, low, high = reach((-1, 0)), reach((1, 0)), reach((0, -1)), reach((0, 1))
    found = [left, low, right, high]
    for start, end in ((left, low), (low, right), (right, high), (high, left)):
        found += beyond(start, end)
    return _corners(found, programs), proofs


def _corners(points: Sequence[Optimum], programs: Programs) -> list[Optimum]:
    """Vertices of the hull of points, counter-clockwise, by Andrew's chains; exact on exact payoffs."""
    distinct = list({point.payoffs: point for point in points}.values())
    ordered = sorted(distinct, key=lambda point: point.payoffs)
    if len(ordered) < 3:
        return ordered

    def chain(nodes: Sequence[Optimum]) -> list[Optimum]:
        kept: list[Optimum] = []
        for node in nodes:
            while len(kept) > 1 and _turn(kept[-2].payoffs, kept[-1].payoffs, node.payoffs) <= 0:
                kept.pop()
            kept.append(node)
        return kept[:-1]

    return chain(ordered) + chain(ordered[::-1])


def _turn(a: Pair, b: Pair, c: Pair) -> Any:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _regret(stage: StageGame, distribution: Floats, coarse: bool) -> float:
    """Largest average gain from a deviation, relative to the deviator's payoff span."""
    largest = 0.0
    for player, own in enumerate(stage.payoffs):
        span = float(own.max()) - float(own.min())
        if span > 0.0:
            unit = (own - own.min()) / span
            largest = max([largest, *(float((distribution * gain).sum()) for gain in gains_of(unit, coarse, player))])
    return largest
