r"""Several issues: all at once, or one after the other.

A *package* is one alternating-offers game over the Minkowski sum of the issues' agreements. *Issue by issue*, an agreement on one issue
takes effect at once and the side that accepted it opens the next issue in the period after; until then an open issue pays its
disagreement flow. Backward along the agenda each issue is an alternating-offers game whose frontier is shifted by the discounted value
of what follows, a different shift for either proposer because the other one opens the next issue [D].
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError
from bargaining.games.repeated import read_delta
from bargaining.payoff_set import minkowski_sum
from bargaining.solvers.alternating_offers import Talks, stationary
from bargaining.solvers.plane import Pair, as_floats, as_set, frontier, read_pair, read_polygon

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Parts = tuple[Sequence[Pair], Pair]


@dataclass(frozen=True)
class Agendas:
    """Payoffs of the package and of every agenda, with either side opening."""

    records: tuple[Mapping[str, Any], ...]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary an agenda × opener: ``agenda``, ``opens``, ``us``, ``cn``."""
        return [dict(record) for record in self.records]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())


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
    whole = read_polygon(minkowski_sum([as_set(polygon) for polygon, _ in parts.values()]), "package")
    records = []
    flow = _total([d for _, d in parts.values()])
    for opener, pair in enumerate(_solve(factors, (frontier(whole),) * 2, flow, "package")):
        records.append(_record("package", opener, pair))
    for order in permutations(parts) if orders is None and len(parts) > 1 else orders or []:
        if sorted(order) != sorted(parts):
            raise GameError(f"order {tuple(order)}: expected each of {', '.join(parts)} once")
        for opener, pair in enumerate(_in_turn(factors, [parts[name] for name in order], ", ".join(order))):
            records.append(_record(", ".join(order), opener, pair))
    return Agendas(tuple(records))


def _record(agenda: str, opener: int, pair: Pair) -> dict[str, Any]:
    us, cn = as_floats(pair)
    return {"agenda": agenda, "opens": ("U.S.", "China")[opener], "us": float(us), "cn": float(cn)}


def _total(pairs: Sequence[Pair]) -> Pair:
    return sum((p[0] for p in pairs), Fraction(0)), sum((p[1] for p in pairs), Fraction(0))


def _in_turn(factors: Pair, parts: Sequence[Parts], name: str) -> tuple[Pair, Pair]:
    """Payoff pairs with the U.S. and with China opening the first of these issues."""
    follows: tuple[Pair, Pair] = ((Fraction(0), Fraction(0)),) * 2
    for k in range(len(parts) - 1, -1, -1):
        polygon, _ = parts[k]
        flow, after = _total([d for _, d in parts[k:]]), _total([d for _, d in parts[k + 1 :]])
        edges = []
        for proposer in (0, 1):
            # The rest is open for one more period, then the side that accepted opens it.
            later = follows[1 - proposer] if k < len(parts) - 1 else (Fraction(0), Fraction(0))
            shift = [(1 - factors[i]) * after[i] + factors[i] * later[i] for i in (0, 1)]
            edges.append([(x + shift[0], y + shift[1]) for x, y in frontier(polygon)])
        follows = _solve(factors, (edges[0], edges[1]), flow, name)
    return follows


def _solve(factors: Pair, edges: tuple[Sequence[Pair], Sequence[Pair]], flow: Pair, name: str) -> tuple[Pair, Pair]:
    """Exact payoff pairs with either side proposing first."""
    stay = tuple(((1 - factors[i]) * flow[i], factors[i]) for i in (0, 1))
    talks = Talks(edges, (stay[0], stay[1]), None)
    solved = stationary(talks, {})
    if not all(solved.agreement):
        raise GameError(f"{name}: no agreement is as good for both as leaving it open, which pays ({float(flow[0]):g}, {float(flow[1]):g})")
    pairs = []
    for i in (0, 1):
        own, other = solved.proposer_share[i], solved.responder_share[1 - i]
        pairs.append((Fraction(float(own if i == 0 else other)), Fraction(float(other if i == 0 else own))))
    return pairs[0], pairs[1]
