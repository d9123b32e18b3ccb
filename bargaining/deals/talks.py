"""Alternating offers in which the stage game is what a refusal costs, and with a risk that a refusal ends the talks."""

from typing import Any

import numpy as np

from bargaining.answers.deals import Negotiation
from bargaining.deals.setting import Setting
from bargaining.games import GameError, IssueGame
from bargaining.games.negotiation import NegotiationGame
from bargaining.solvers.alternating_offers import alternating_offers
from bargaining.solvers.negotiation import negotiate
from bargaining.solvers.stationary import stationary_deals
from bargaining.store import Row

# Payoffs are illustrative or calibrated; the fourth digit of a share bound means nothing.
TOL = 1e-6


def talk(disagreement: IssueGame, surplus: float, delta: Any) -> Negotiation:
    """The negotiation over a surplus with these issues as disagreement game."""
    return negotiate(NegotiationGame(disagreement, surplus, delta), tol=TOL)


def talk_row(solved: Negotiation, suffix: str = "") -> Row:
    """Share bounds over both openers, the longest delay of all and when either opens; columns with a suffix."""
    bounds = np.stack([solved.share_bounds, solved.responder_bounds])
    row: Row = {}
    for i, tag in enumerate(("us", "cn")):
        low, high = float(bounds[:, i, 0].min()), float(bounds[:, i, 1].max())
        row |= {f"least_{tag}{suffix}": low, f"most_{tag}{suffix}": high}
        row[f"max_delay_{tag}_first{suffix}"] = float(solved.max_delay[i])
    row[f"max_delay{suffix}"] = float(solved.max_delay.max())
    return row


def rows(found: Setting) -> tuple[list[Row], dict[str, Any]]:
    """One row a partition × breakdown risk."""
    deals = stationary_deals(found.game, found.partitions, **found.solving)
    table: list[Row] = []
    for name in found.partitions:
        own = deals[name]
        front: Row = {"partition": name, "stance": found.stance(name)}
        if not len(own.payoffs):
            table.append({**front, "status": "empty"})
            continue
        surplus = float(own.payoffs.sum(axis=1).max())
        solved = talk(found.issues, surplus, found.game.delta)
        edge, worst = own.payoff_set.payoff_set, own.payoff_set.punishment_payoffs
        for risk in found.options["breakdown"]:
            row: Row = {**front, "surplus": surplus, "breakdown": risk, **talk_row(solved)}
            row |= {"proven": solved.status.name == "solved", "talks_error": solved.error_bound}
            try:
                offers = alternating_offers(found.game.delta, inside=worst, breakdown=risk, breakdown_payoffs=worst, frontier=edge)
            except GameError:
                table.append({**row, "status": "empty"})
                continue
            both = np.array([[offers.proposer_share[0], offers.responder_share[1]], [offers.responder_share[0], offers.proposer_share[1]]])
            row |= {"offers_us": float(both[:, 0].mean()), "offers_cn": float(both[:, 1].mean())}
            row["first_mover_us"] = float(both[0, 0] - both[1, 0])
            table.append({**row, "error_bound": own.payoff_set.error_bound, "status": own.payoff_set.status.name})
    return table, {name: deals[name].payoff_set for name in found.partitions}
