"""Which deal a stance predicts: every rule from every disagreement point, as a point of the set and as one profile kept for ever."""

from collections.abc import Iterator
from typing import Any

from bargaining.deals.setting import Setting, classify, in_words
from bargaining.solvers.disagreement import bargaining_table, disagreement_points
from bargaining.solvers.stationary import StationaryDeals, stationary_deals
from bargaining.store import Row


def rows(found: Setting) -> tuple[list[Row], dict[str, Any]]:
    """One row a partition × rule × disagreement point; columns ``…_flips`` say whether a rule's answer depends on that point."""
    deals = stationary_deals(found.game, found.partitions, **found.solving)
    table = [row for name in found.partitions for row in _of_partition(found, deals[name])]
    return table, {name: deals[name].payoff_set for name in found.partitions}


def _of_partition(found: Setting, deals: StationaryDeals) -> Iterator[Row]:
    solved = deals.payoff_set
    front: Row = {"partition": deals.partition, "stance": found.stance(deals.partition)}
    about: Row = {
        **{key: value for key, value in solved.row().items() if key in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")},
        "stationary_deals": len(deals.profiles),
        "undecided_deals": deals.undecided,
        "error_bound": solved.error_bound,
        "set_status": solved.status.name,
    }
    named = {f"deal {k}": payoff for k, payoff in enumerate(deals.payoffs)}
    talks = None
    if found.options.get("negotiation") and len(deals.payoffs):
        from bargaining.deals.talks import talk

        talks = talk(found.issues, float(deals.payoffs.sum(axis=1).max()), found.game.delta)
    # A point from which this set has nothing to offer is a row with status `empty`.
    points = disagreement_points(found.game, solved.payoff_set, talks=talks, status_quo=found.status_quo)
    table = bargaining_table(solved.payoff_set, points, found.options["rules"], deals=named) if named else None
    if table is None:
        yield {**front, **about, "status": "empty"}
        return
    made = []
    for record in table.records:
        point = points[record["disagreement"]]
        k = deals.pick(point, record["rule"])
        own: Row = {key: record.get(key) for key in ("rule", "disagreement", "d_us", "d_cn", "us", "cn", "favours")}
        if k is not None:
            own |= {"deal": classify(found.issues, deals.profiles[k]), "moves": in_words(found.issues, deals.profiles[k])}
            own |= {"deal_us": float(deals.payoffs[k, 0]), "deal_cn": float(deals.payoffs[k, 1])}
        else:
            own |= {"deal": "none", "moves": ""}
        status = "empty" if record["status"] == "empty" else solved.status.name
        made.append({**front, **own, "status": status, **about})
    for row in made:
        # Points from which there is no bargain at all cannot change its conclusion.
        rivals = [each for each in made if each["rule"] == row["rule"] and each["status"] != "empty"]
        row["deal_flips"] = len({each["deal"] for each in rivals} - {"none"}) > 1
        row["favours_flips"] = len({each["favours"] for each in rivals}) > 1
    yield from made
