"""Patience is double-edged: what more of it makes enforceable, whom the selected and the negotiated deal favour, what haggling costs."""

from typing import Any

import numpy as np

from bargaining.deals.setting import Setting, classify
from bargaining.deals.war import fight, holding_out
from bargaining.games import GameError, RepeatedGame
from bargaining.solvers.alternating_offers import alternating_offers
from bargaining.solvers.contractual import contract_path
from bargaining.solvers.disagreement import disagreement_points
from bargaining.solvers.selection import bargains
from bargaining.solvers.stationary import StationaryDeals, stationary_deals
from bargaining.store import Row


def rows(found: Setting) -> tuple[list[Row], dict[str, Any]]:
    """One row a partition × pair of discount factors."""
    ours, theirs = found.options["delta_us"], found.options.get("delta_cn")
    pairs = [(us, us) for us in ours] if theirs is None else [(us, cn) for us in ours for cn in theirs]
    paths = {
        block: contract_path(found.issues.block(block))
        for name in found.partitions
        for block in found.issues.partition(name)
        if theirs is None
    }
    table: list[Row] = []
    for pair in pairs:
        game = RepeatedGame(found.issues, pair)
        deals = stationary_deals(game, found.partitions, **found.solving)
        for name in found.partitions:
            row: Row = {"partition": name, "stance": found.stance(name), "delta_us": pair[0], "delta_cn": pair[1]}
            row |= _of_set(found, game, deals[name])
            if paths:
                levels = [paths[block].at(pair[0]) for block in found.issues.partition(name)]
                row["contractual_level"] = float(sum(level.level for level in levels if level)) if all(levels) else np.nan
            table.append(row)
    return table, {}


def _of_set(found: Setting, game: RepeatedGame, deals: StationaryDeals) -> Row:
    solved = deals.payoff_set
    facts = solved.row()
    row: Row = {key: facts[key] for key in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")}
    row |= {"area": solved.area, "error_bound": solved.error_bound, "status": solved.status.name}
    if solved.is_empty:
        return row
    edge, worst = solved.payoff_set, solved.punishment_payoffs
    points = disagreement_points(game, edge)
    static = next((value for label, value in points.items() if label.startswith("static Nash")), None)
    for label, d in (("worst", worst), ("static", static)):
        point = np.full(2, np.nan) if d is None else bargains(edge, d)
        row |= {f"selected_{label}_us": float(point[0]), f"selected_{label}_cn": float(point[1])}
    k = deals.pick(worst)
    row["deal"] = "none" if k is None else classify(found.issues, deals.profiles[k])
    try:
        offers = alternating_offers(game.delta, inside=worst, frontier=edge)
        row["offers_us"] = float((offers.proposer_share[0] + offers.responder_share[0]) / 2)
        row["offers_cn"] = float((offers.proposer_share[1] + offers.responder_share[1]) / 2)
    except GameError:
        row |= {"offers_us": np.nan, "offers_cn": np.nan}
    share = found.options["demand_share"]
    for label, d in (("worst", worst), ("static", static)):
        row |= _haggling(label, None if d is None else np.asarray(d), edge, game, share)
    return row


def _haggling(label: str, d: Any, edge: Any, game: RepeatedGame, share: float) -> Row:
    """Fearon's war of attrition between the deals that give each side a share of its largest gain, then enforcement."""
    names = (f"net_surplus_{label}", f"delay_{label}", f"haggling_loss_{label}")
    wanted = [None if d is None else holding_out(edge, d, i, share) for i in (0, 1)]
    if any(point is None for point in wanted):
        return dict.fromkeys(names, np.nan)
    war = fight(wanted, d, game.deltas)
    gross = max(float(point.sum()) for point in wanted if point is not None)
    if war is None:
        return dict(zip(names, (gross, 0.0, 0.0), strict=True))
    net = float((war.payoffs + d).sum())
    return dict(zip(names, (net, float(war.expected_delay), gross - net), strict=True))
