r"""Which point of a payoff set the two sides agree on: axiomatic solutions, exact on polygons.

All rules choose from :math:`P = V \cap \{v \ge d\}`, what leaves neither side below the disagreement point d, and all choose on its
frontier. Along it, from China's best point to the best for the U.S., the gains :math:`g_i = v_i - d_i` of the U.S. rise and those of
China fall, so that every rule is a walk along finitely many edges with rational arithmetic:

* ``nash``: maximise :math:`g_0^{w_0} g_1^{w_1}` (Nash 1950; with weights Harsanyi and Selten 1972, Kalai 1977);
* ``kalai_smorodinsky``: lexicographic max-min of :math:`g_i / \bar g_i`, :math:`\bar g_i` the largest gain of i in P
  (Kalai and Smorodinsky 1975; Imai 1983 for sets that are not comprehensive, where the ray to the ideal point may miss V);
* ``egalitarian``: lexicographic max-min of :math:`g_i / w_i` (Kalai 1977);
* ``utilitarian``: maximise :math:`w_0 v_0 + w_1 v_1`; of several maximisers the one with the most equal gains.

The last two compare payoffs of the two sides, so they depend on units and, with different discount factors, on the normalisation
:math:`(1-\delta_i)`.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.deals import BargainingProblem, Selection
from bargaining.games import GameError, exact
from bargaining.games.stage import near_match
from bargaining.solution import Status
from bargaining.solvers.plane import Pair, above, as_floats, frontier, read_pair, read_polygon

Floats = NDArray[np.float64]

RULES = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")


def select(payoff_set: Any, disagreement: Any, rule: str = "nash", *, weights: Any = None) -> Floats:
    r"""The point of a payoff set that a bargaining rule selects from a disagreement point.

    Parameters
    ----------
    payoff_set : PayoffSet, any solution with `vertices`, or array_like of shape (k, 2)
        Convex; points in any order. A point, a segment and vertical edges are as good as any polygon.
    disagreement : pair of float
        What the sides get without a deal, U.S. first; it need not lie in the set.
    rule : str
        ``nash``, ``kalai_smorodinsky``, ``egalitarian`` or ``utilitarian``.
    weights : pair of positive float, optional
        Bargaining weights of ``nash``, proportions of ``egalitarian``, welfare weights of ``utilitarian``; default equal.

    Returns
    -------
    array, shape (2,)
        The exact answer for the vertices as given, rounded once; `selection` gives it with all that proves it.

    Raises
    ------
    GameError
        If the set is empty, no point of it is at least as good as the disagreement point for both, the rule is unknown, or weights are
        not positive or not taken by the rule.

    References
    ----------
    Nash, J. (1950), The bargaining problem, Econometrica 18. Kalai, E., Smorodinsky, M. (1975), Other solutions to Nash's bargaining
    problem, Econometrica 43. Kalai, E. (1977), Proportional solutions to bargaining situations, Econometrica 45.

    Examples
    --------
    >>> import bargaining as bg
    >>> corners = [[0, 0], [4, 0], [3, 2], [0, 3]]
    >>> bg.select(corners, [0, 0]).tolist(), bg.select(corners, [0, 0], "egalitarian").tolist()
    ([3.0, 2.0], [2.25, 2.25])
    """
    return as_floats(selected(read_polygon(payoff_set, "payoff_set"), read_pair(disagreement, "disagreement"), rule, weights))


def selection(payoff_set: Any, disagreement: Any, rule: str = "nash", *, weights: Any = None) -> Selection:
    """`select` as an answer that can be stored and verified: the exact point, with the set and the disagreement point it is selected from.

    Parameters
    ----------
    payoff_set, disagreement, rule, weights
        As in `select`.

    Returns
    -------
    Selection
        Status `empty` if no point of the set is at least as good for both as disagreement.

    Raises
    ------
    GameError
        If the rule is unknown, or weights are not positive or not taken by the rule.

    Examples
    --------
    >>> import bargaining as bg
    >>> found = bg.selection([[0, 0], [4, 0], [3, 2], [0, 3]], [0, 0], "egalitarian")
    >>> found.point.tolist(), bg.verify(found).reason
    ([2.25, 2.25], 'egalitarian: the point is in the set, on its frontier, and the gains over disagreement are as equal as that allows')
    """
    polygon, d = read_polygon(payoff_set, "payoff_set"), read_pair(disagreement, "disagreement")
    w = _weights(rule, weights)
    point = selected(polygon, d, rule, weights) if above(polygon, d) else None
    return Selection(
        status=Status.empty if point is None else Status.solved,
        error_bound=0.0,
        iterations=1,
        method=f"{rule.replace('_', ' ')}: exact walk along the frontier",
        options={},
        game=BargainingProblem(tuple(polygon), d, rule, w),
        point=np.full(2, np.nan) if point is None else as_floats(point),
        exact_point=point,
    )


def _weights(rule: str, weights: Any) -> Pair:
    if rule not in RULES:
        raise GameError(f"rule {rule!r}{near_match(rule, RULES)}: expected one of {', '.join(RULES)}")
    if weights is not None and rule == "kalai_smorodinsky":
        raise GameError("weights: the Kalai–Smorodinsky solution takes none")
    w = (Fraction(1), Fraction(1)) if weights is None else read_pair(weights, "weights")
    if min(w) <= 0:
        raise GameError(f"weights {weights!r}: expected two positive numbers")
    return w


def selected(polygon: Sequence[Pair], d: Pair, rule: str, weights: Any = None) -> Pair:
    """The exact point that a rule selects from an exact polygon."""
    w = _weights(rule, weights)
    if not polygon:
        raise GameError("payoff_set is empty: there is nothing to agree on")
    edge = frontier(above(polygon, d))
    if not edge:
        raise GameError(f"no point of the set is at least as good for both as disagreement at ({float(d[0]):.6g}, {float(d[1]):.6g})")
    if rule == "nash":
        return _nash(edge, d, w)
    if rule == "utilitarian":
        most = max(w[0] * x + w[1] * y for x, y in edge)
        # The gains of the ties are compared as they are; weights have had their say.
        return _most_equal([v for v in edge if w[0] * v[0] + w[1] * v[1] == most], d, (Fraction(1), Fraction(1)))
    if rule == "egalitarian":
        return _most_equal(edge, d, w)
    ideal = edge[-1][0] - d[0], edge[0][1] - d[1]
    if 0 in ideal:
        # One side has nothing to gain anywhere, so the frontier is the other's best point.
        return edge[0]
    return _most_equal(edge, d, ideal)


def _nash(edge: Sequence[Pair], d: Pair, w: Pair) -> Pair:
    """The weighted product is log-concave along the frontier: stop where its derivative turns negative."""
    for here, after in pairwise(edge):
        gain = here[0] - d[0], here[1] - d[1]
        step = after[0] - here[0], after[1] - here[1]
        # Signs only: the derivative times both gains, which are not negative.
        slope = w[0] * step[0] * gain[1] + w[1] * step[1] * gain[0]
        if slope <= 0:
            return here
        share = -slope / ((w[0] + w[1]) * step[0] * step[1])
        if share < 1:
            return here[0] + share * step[0], here[1] + share * step[1]
    return edge[-1]


def _most_equal(edge: Sequence[Pair], d: Pair, scale: Pair) -> Pair:
    """Lexicographic max-min of the gains over `scale`: where the two cross on the frontier, or the end nearest to that."""

    def excess(v: Pair) -> Fraction:
        """Scaled gain of the U.S. less that of China; rises along the frontier."""
        return (v[0] - d[0]) / scale[0] - (v[1] - d[1]) / scale[1]

    before = edge[0]
    if excess(before) >= 0:
        return before
    for after in edge[1:]:
        if excess(after) >= 0:
            share = excess(before) / (excess(before) - excess(after))
            return before[0] + share * (after[0] - before[0]), before[1] + share * (after[1] - before[1])
        before = after
    return before


def bargains(payoff_set: Any, disagreement: Any, rule: str = "nash") -> Floats:
    """`select`, with NaN where there is nothing to select: for tables that go on."""
    polygon, d = read_polygon(payoff_set, "payoff_set"), read_pair(disagreement, "disagreement")
    return as_floats(selected(polygon, d, rule)) if polygon and above(polygon, d) else np.full(2, np.nan)


def read_number(value: Any, what: str, expected: str, allowed: Callable[[Fraction], bool]) -> Fraction:
    """A number that passes, exact, or one line that says what was expected."""
    try:
        number = exact(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise GameError(f"{what} is {value!r}: expected {expected}") from None
    if not allowed(number):
        raise GameError(f"{what} is {value!r}: expected {expected}")
    return number
