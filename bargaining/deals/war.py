"""Wars of attrition over an equilibrium set: which two deals the sides hold out for, and what holding out costs."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.wars import Concession
from bargaining.deals.setting import EASED, Setting, without
from bargaining.games import GameError, RepeatedGame
from bargaining.solvers.alternating_offers import Talks
from bargaining.solvers.disagreement import disagreement_points
from bargaining.solvers.plane import Pair, above, as_floats, frontier, read_pair, read_polygon
from bargaining.solvers.reputation import concession, frontier_demands
from bargaining.solvers.selection import bargains
from bargaining.solvers.stationary import stationary_deals
from bargaining.store import Row

Floats = NDArray[np.float64]


def holding_out(payoff_set: Any, disagreement: Any, side: int, share: float) -> Floats | None:
    """The frontier point that gives a side a share of its largest gain over the disagreement point; None if there is no bargain.

    Examples
    --------
    >>> holding_out([[0, 0], [4, 0], [0, 2]], (0, 0), 0, 0.75).tolist()
    [3.0, 0.5]
    """
    d = read_pair(disagreement, "disagreement")
    edge: Sequence[Pair] = frontier(above(read_polygon(payoff_set, "payoff_set"), d))
    if not edge:
        return None
    best = edge[-1][0] if side == 0 else edge[0][1]
    demand = d[side] + Fraction(str(share)) * (best - d[side])
    other = Talks((edge, edge), ((Fraction(0), Fraction(0)),) * 2, None).most(1 - side, demand)
    own = max(demand, edge[0][0] if side == 0 else edge[-1][1])
    return as_floats((own, other) if side == 0 else (other, own))


def fight(deals: Sequence[Any], disagreement: Any, deltas: Sequence[float], obstinate: Any = (0, 0)) -> Concession | None:
    """The war of attrition between two deals; None if they are compatible: nobody would have to give in."""
    demands, concessions = frontier_demands(deals, disagreement)
    if (demands <= concessions + 1e-9 * np.abs(demands)).any():
        return None
    return concession(demands, [-math.log(delta) for delta in deltas], obstinate, concessions=np.maximum(concessions, 0.0))


def rows(found: Setting) -> tuple[list[Row], dict[str, Any]]:
    """One row a partition × disagreement point × demand × priors: "no quid pro quo" against "no lopsided deal".

    The obstinate U.S. holds out for the deal that Nash bargaining selects where chips are never eased; the obstinate China for a share of
    its largest gain on the whole frontier.
    """
    options = found.options
    deals = stationary_deals(found.game, found.partitions, **found.solving)
    curbed = stationary_deals(RepeatedGame(without(found.issues, EASED), found.game.delta), found.partitions, **found.solving)
    table: list[Row] = []
    for name in found.partitions:
        solved = deals[name].payoff_set
        front: Row = {"partition": name, "stance": found.stance(name), "error_bound": solved.error_bound, "status": solved.status.name}
        points = disagreement_points(found.game, solved.payoff_set)
        static = next((label for label in points if label.startswith("static Nash")), None)
        for label in (static, "worst equilibrium payoffs"):
            if label is None or label not in points:
                continue
            d = points[label]
            ours = bargains(curbed[name].payoff_set.payoff_set, d)
            start: Row = {**front, "disagreement": label.split(" ")[0], "d_us": float(d[0]), "d_cn": float(d[1])}
            for share in options["lopsided_shares"]:
                theirs = holding_out(solved.payoff_set, d, 1, share)
                table += _wars(start | {"lopsided_share": share}, ours, theirs, d, found.game.deltas, options)
    return table, {name: deals[name].payoff_set for name in found.partitions}


def _wars(start: Row, ours: Floats, theirs: Floats | None, d: Floats, deltas: Sequence[float], options: Any) -> list[Row]:
    if theirs is None or not np.isfinite(ours).all():
        return [{**start, "outcome": "no bargain", "status": "empty"}]
    about = {**start, "no_quid_us": float(ours[0]), "no_quid_cn": float(ours[1])}
    about |= {"no_lopsided_us": float(theirs[0]), "no_lopsided_cn": float(theirs[1])}
    made: list[Row] = []
    most = max(float((deal - d).sum()) for deal in (ours, theirs))
    for first in options["obstinate_us"]:
        for second in options["obstinate_cn"]:
            row = about | {"obstinate_us": first, "obstinate_cn": second}
            try:
                war = fight((ours, theirs), d, deltas, (first, second))
            except GameError as error:
                made.append({**row, "outcome": str(error), "status": "failed"})
                continue
            if war is None:
                made.append({**row, "outcome": "compatible"})
                continue
            row |= {
                "outcome": "war",
                "rate_us": float(war.rates[0]),
                "rate_cn": float(war.rates[1]),
                "horizon": war.horizon,
                "concedes_first_us": float(war.immediate[0]),
                "concedes_first_cn": float(war.immediate[1]),
                "payoff_us": float(war.payoffs[0] + d[0]),
                "payoff_cn": float(war.payoffs[1] + d[1]),
                "expected_delay": war.expected_delay,
                "stalemate": war.stalemate,
                "loss_share": 1.0 - float(war.payoffs.sum()) / most if most > 0 else math.nan,
            }
            times = options["times"]
            made.append(row | {f"settled_by_{time:g}": float(done) for time, done in zip(times, war.settled(times), strict=True)})
    return made
