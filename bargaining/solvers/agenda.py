r"""Several issues: all at once, or one after the other.

A *package* is one alternating-offers game over the Minkowski sum of the issues' agreements. *Issue by issue*, an agreement on one issue
takes effect at once and the side that accepted it opens the next issue in the period after; until then an open issue pays its
disagreement flow. Backward along the agenda each issue is an alternating-offers game whose frontier is shifted by the discounted value
of what follows, a different shift for either proposer because the other one opens the next issue [D].
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise, permutations
from typing import Any

from bargaining.answers.offers import AgendaGame, Agendas
from bargaining.games import GameError
from bargaining.games.discounting import read_delta
from bargaining.solution import Status
from bargaining.solvers.alternating_offers import Talks, stationary
from bargaining.solvers.plane import Pair, as_floats, frontier, read_pair, read_polygon

Parts = tuple[Sequence[Pair], Pair]


def agendas(
    issues: Mapping[str, Any], delta: Any, *, inside: Mapping[str, Any] | None = None, orders: Sequence[Any] | None = None
) -> Agendas:
    """Bargaining over several issues as a package and in every order.

    Parameters
    ----------
    issues : mapping of name to PayoffSet, solution or array_like of shape (k, 2)
        Agreements on each issue, in payoffs.
    delta : float or pair of float
    inside : mapping of name to pair of float, optional
        Payoff of an issue a period while it is open; default (0, 0).
    orders : sequence of sequences of names, optional
        Agendas to solve; default all.

    Returns
    -------
    Agendas

    Raises
    ------
    GameError
        If an issue has no agreement as good for both as its flow, or an order is not one of the issues.

    References
    ----------
    Fershtman, C. (1990), The importance of the agenda in bargaining, Games and Economic Behavior 2.

    Examples
    --------
    >>> import bargaining as bg
    >>> rows = bg.agendas({"R": [[0, 0], [3, 0], [0, 1]], "C": [[0, 0], [1, 0], [0, 3]]}, 0.9).rows()
    >>> [(row["agenda"], round(row["us"], 3), round(row["cn"], 3)) for row in rows if row["opens"] == "U.S."]
    [('package', 3.077, 2.769), ('R, C', 3.426, 1.421), ('C, R', 1.409, 3.084)]
    """
    factors = read_delta(delta)
    if not isinstance(issues, Mapping) or not issues:
        raise GameError("issues: expected a mapping of name to agreements, at least one")
    parts: dict[str, Parts] = {}
    for name, points in issues.items():
        polygon = read_polygon(points, f"issues[{name!r}]")
        parts[name] = polygon, read_pair((inside or {}).get(name, (0, 0)), f"inside[{name!r}]")
        _solve(factors, (frontier(polygon),) * 2, parts[name][1], name)
    whole = _together([frontier(polygon) for polygon, _ in parts.values()])
    pairs: dict[tuple[str, ...], tuple[Pair, Pair]] = {
        (): _solve(factors, (whole, whole), _total([d for _, d in parts.values()]), "package")
    }
    records = [_record("package", opener, pair) for opener, pair in enumerate(pairs[()])]
    for order in permutations(parts) if orders is None and len(parts) > 1 else orders or []:
        if sorted(order) != sorted(parts):
            raise GameError(f"order {tuple(order)}: expected each of {', '.join(parts)} once")
        _in_turn(factors, parts, tuple(order), pairs)
        records += [_record(", ".join(order), opener, pair) for opener, pair in enumerate(pairs[tuple(order)])]
    return Agendas(
        status=Status.solved,
        error_bound=0.0,
        iterations=len(pairs),
        method="agendas: alternating offers, exact, backward along each",
        options={},
        game=AgendaGame(
            {name: tuple(polygon) for name, (polygon, _) in parts.items()}, factors, {name: d for name, (_, d) in parts.items()}
        ),
        records=tuple(records),
        pairs=pairs,
    )


def _together(edges: Sequence[Sequence[Pair]]) -> list[Pair]:
    """Frontier of a sum: the steps of all frontiers, the flattest first."""
    steps = [(after[0] - before[0], after[1] - before[1]) for edge in edges for before, after in pairwise(edge)]
    points = [_total([edge[0] for edge in edges])]
    for step in sorted(steps, key=lambda step: step[1] / step[0], reverse=True):
        points.append((points[-1][0] + step[0], points[-1][1] + step[1]))
    return frontier(points)


def _record(agenda: str, opener: int, pair: Pair) -> dict[str, Any]:
    us, cn = as_floats(pair)
    return {"agenda": agenda, "opens": ("U.S.", "China")[opener], "us": float(us), "cn": float(cn)}


def _total(pairs: Sequence[Pair]) -> Pair:
    return sum((p[0] for p in pairs), Fraction(0)), sum((p[1] for p in pairs), Fraction(0))


def _in_turn(factors: Pair, parts: Mapping[str, Parts], order: tuple[str, ...], pairs: dict[tuple[str, ...], tuple[Pair, Pair]]) -> None:
    """Add the payoff pairs with the U.S. and with China opening the first of these issues, from the last one on."""
    for k in range(len(order) - 1, -1, -1):
        rest = order[k + 1 :]
        after = _total([parts[name][1] for name in rest])
        flow = _total([parts[order[k]][1], after])
        edges = []
        for proposer in (0, 1):
            # The rest is open for one more period, then the side that accepted opens it.
            later = pairs[rest][1 - proposer] if rest else (Fraction(0), Fraction(0))
            shift = [(1 - factors[i]) * after[i] + factors[i] * later[i] for i in (0, 1)]
            edges.append([(x + shift[0], y + shift[1]) for x, y in frontier(parts[order[k]][0])])
        if order[k:] not in pairs:
            pairs[order[k:]] = _solve(factors, (edges[0], edges[1]), flow, ", ".join(order))


def _solve(factors: Pair, edges: tuple[Sequence[Pair], Sequence[Pair]], flow: Pair, name: str) -> tuple[Pair, Pair]:
    """Exact payoff pairs with either side proposing first."""
    stay = tuple(((1 - factors[i]) * flow[i], factors[i]) for i in (0, 1))
    found = stationary(Talks(edges, (stay[0], stay[1]), None))
    if not all(found.agreement):
        raise GameError(f"{name}: no agreement is as good for both as leaving it open, which pays ({float(flow[0]):g}, {float(flow[1]):g})")
    first, second = found.pairs
    return first, second
