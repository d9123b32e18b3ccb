r"""Certificate of bargaining rules: what makes a point the one that a rule selects, by lines and half-planes, without walking to it.

With gains :math:`g = x - d` and P the part of the set where nobody falls below d, x in P on the frontier of P is

* the Nash point iff the line with normal :math:`(w_0/g_0, w_1/g_1)` through x supports the set; if there is no point that both gain from,
  iff it is all that P has on its frontier;
* the egalitarian (Kalai–Smorodinsky) point iff :math:`g_i` over the proportions (over the largest gains) are equal, or the side that is
  ahead cannot be set back further on the frontier;
* a utilitarian point iff no corner of P has a larger weighted sum, and of those that tie none has more equal gains.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import inf, isnan
from typing import Any

from bargaining.answers.deals import BargainingProblem, BargainingProblems, BargainingTable, Selection
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import cut_by, hull_of
from bargaining.solution import Status

Pair = tuple[Fraction, Fraction]

RULES = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
WHY = {
    "nash": "a line supports the set there along which the weighted product of gains is largest",
    "kalai_smorodinsky": "and the gains, relative to the largest ones, are as equal as that allows",
    "egalitarian": "and the gains over disagreement are as equal as that allows",
    "utilitarian": "and no point that neither side would refuse has a larger weighted sum",
}
EMPTY = "every point of the set leaves one side below disagreement"


def verify_selection(solution: Selection) -> Certificate:
    """The stated point, exactly, against the conditions of its rule."""
    game, point = solution.game, solution.exact_point
    if not isinstance(game, BargainingProblem) or not game.corners:
        return refused("there is no set to select from")
    if game.rule not in RULES or min(game.weights) <= 0:
        return refused("the rule is unknown or its weights are not positive")
    wrong = fault(hull_of(game.corners), game.disagreement, game.rule, game.weights, point) or _off(point, solution.point.tolist())
    if solution.status is not (Status.empty if point is None else Status.solved):
        wrong = wrong or "the status does not fit the point"
    if wrong:
        return Certificate(holds=False, deviation_gain=0.0, payoff_error=inf, gap=inf, reason=f"{game.rule}: {wrong}")
    reason = EMPTY if point is None else f"the point is in the set, on its frontier, {WHY[game.rule]}"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=f"{game.rule}: {reason}")


def verify_bargaining_table(table: BargainingTable) -> Certificate:
    """Every row as a selection of its own, and the conclusions drawn from the rows."""
    game = table.game
    if not isinstance(game, BargainingProblems):
        return refused("the table has no set to select from")
    if table.status is not Status.solved:
        return refused("the table is not called solved")
    rules, tol = table.options.get("rules"), table.options.get("tol")
    if not isinstance(rules, tuple) or not isinstance(tol, float) or not set(rules) <= set(RULES):
        return refused("the table names no rules, or not the width at which two points are one")
    hull = hull_of(game.corners)
    combinations = [(rule, name) for rule in rules for name in game.disagreements]
    named = [(row.get("rule"), row.get("disagreement")) for row in table.records]
    if named != combinations or len(table.exact_points) != len(combinations):
        return refused("the rows are not one a rule and disagreement point")
    for (rule, name), record, point in zip(combinations, table.records, table.exact_points, strict=True):
        d = game.disagreements[name]
        if not {"us", "cn", "d_us", "d_cn", "favours", "status"} <= set(record):
            return refused(f"{rule} from {name}: a column is missing")
        wrong = fault(hull, d, rule, (Fraction(1), Fraction(1)), point)
        wrong = wrong or _off(point, (record["us"], record["cn"])) or _off(d, (record["d_us"], record["d_cn"]))
        wrong = wrong or ("" if record["status"] == ("empty" if point is None else "solved") else "the status does not fit the point")
        if point is not None:
            wrong = wrong or _concluded(record, hull, game.deals, point, tol)
        elif record["favours"] != "" or "deal" in record:
            wrong = wrong or "something is concluded from no point"
        if wrong:
            return Certificate(holds=False, deviation_gain=0.0, payoff_error=inf, gap=inf, reason=f"{rule} from {name}: {wrong}")
    for rule in rules:
        mine = [(record, point) for record, point in zip(table.records, table.exact_points, strict=True) if record["rule"] == rule]
        found = [(record, point) for record, point in mine if point is not None]
        for what in ("point", "favours", *(["deal"] if game.deals else [])):
            stated = table.flips.get((rule, what))
            if (stated is None) != (not found):
                return refused(f"{rule}: whether {what!r} flips is {'not stated' if found else 'stated without an answer'}")
            if found and stated != _flips(hull, what, found, tol):
                return refused(f"{rule}: {what!r} {'flips' if not stated else 'does not flip'} with the disagreement point")
    reason = f"each of {len(combinations)} rows is a point of the set that meets the conditions of its rule, or is rightly empty"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def fault(hull: Sequence[Pair], d: Pair, rule: str, w: Pair, x: Pair | None) -> str:
    """What keeps x from being the point of a rule; None stands for that there is none."""
    feasible = above(hull, d)
    if x is None:
        return "some point of the set is as good for both as disagreement" if feasible else ""
    if not feasible:
        return EMPTY
    if min(x[0] - d[0], x[1] - d[1]) < 0:
        return "one side gets less than at disagreement"
    if not _inside(hull, x):
        return "the point is not in the set"
    better = [v for v in above(feasible, x) if v != x]
    if better:
        return "another point of the set is better for one side and no worse for the other"
    g = x[0] - d[0], x[1] - d[1]
    if rule == "nash":
        if min(g) > 0:
            n = w[0] / g[0], w[1] / g[1]
            level = n[0] * x[0] + n[1] * x[1]
            return "" if all(n[0] * v[0] + n[1] * v[1] <= level for v in hull) else "another point has a larger product of gains"
        alone = all(v[0] == d[0] for v in feasible) or all(v[1] == d[1] for v in feasible)
        return "" if alone else "both sides could gain"
    if rule == "utilitarian":
        most = max(w[0] * v[0] + w[1] * v[1] for v in feasible)
        if w[0] * x[0] + w[1] * x[1] < most:
            return "another point has a larger weighted sum"
        ties = [v for v in feasible if w[0] * v[0] + w[1] * v[1] == most]
        return _unequal(x, d, (Fraction(1), Fraction(1)), ties)
    if rule == "egalitarian":
        return _unequal(x, d, w, feasible)
    ideal = max(v[0] for v in feasible) - d[0], max(v[1] for v in feasible) - d[1]
    # Where one side has nothing to gain the frontier is a single point, and x is on it.
    return "" if 0 in ideal else _unequal(x, d, ideal, feasible)


def _unequal(x: Pair, d: Pair, scale: Pair, others: Sequence[Pair]) -> str:
    """Of a point on the frontier: whether the side that is ahead could be set back in favour of the other."""
    lead = (x[0] - d[0]) / scale[0] - (x[1] - d[1]) / scale[1]
    behind = 1 if lead > 0 else 0
    if lead == 0 or x[behind] == max(v[behind] for v in others):
        return ""
    return "the gains could be more equal"


def above(polygon: Sequence[Pair], floor: Pair) -> list[Pair]:
    """Corners of the part of a convex polygon where neither side gets less than its floor."""
    one, zero = Fraction(1), Fraction(0)
    left = cut_by(list(polygon), (-one, zero), -floor[0])
    return list(dict.fromkeys(cut_by(left, (zero, -one), -floor[1]))) if left else []


def _inside(hull: Sequence[Pair], x: Pair) -> bool:
    """Whether a point is in a convex polygon, its corners counter-clockwise."""
    around = zip(hull, [*hull[1:], hull[0]], strict=True)
    left = all((b[0] - a[0]) * (x[1] - a[1]) >= (b[1] - a[1]) * (x[0] - a[0]) for a, b in around)
    return left and all(min(v[i] for v in hull) <= x[i] <= max(v[i] for v in hull) for i in (0, 1))


def _off(exact: Pair | None, stated: Sequence[float]) -> str:
    """Whether floats are not the exact pair, rounded once."""
    fits = all(map(isnan, stated)) if exact is None else [float(v) for v in exact] == list(stated)
    return "" if fits else "the payoffs stated are not the exact ones, rounded"


def _heights(hull: Sequence[Pair], point: Pair) -> Pair:
    """How high a point lies between the worst and the best payoffs of the set."""
    spans = [(min(v[i] for v in hull), max(v[i] for v in hull)) for i in (0, 1)]
    first, second = ((point[i] - low) / ((high - low) or 1) for i, (low, high) in enumerate(spans))
    return first, second


def _concluded(record: Mapping[str, Any], hull: Sequence[Pair], deals: Mapping[str, Pair], point: Pair, tol: float) -> str:
    """What is wrong with the conclusions drawn from one point; what is within rounding of a knife edge may be called either."""
    first, second = _heights(hull, point)
    lead, room = float(first - second), 1e-14
    right: dict[Any, bool] = {
        "U.S.": lead > tol - room,
        "China": lead < -tol + room,
        "neither": abs(lead) <= tol + room,
    }
    if not right.get(record["favours"], False):
        return "it does not favour the side that is named"
    if deals:
        if record.get("deal") not in deals:
            return "the deal named is none"
        here = _heights(hull, point)
        near = {name: _apart(_heights(hull, deal), here) for name, deal in deals.items()}
        if near[record["deal"]] > min(near.values()) * (1 + 1e-12) + 1e-24:
            return "another deal is nearer"
    return ""


def _flips(hull: Sequence[Pair], what: str, found: Sequence[tuple[Mapping[str, Any], Pair]], tol: float) -> bool:
    if what != "point":
        return len({record[what] for record, _ in found}) > 1
    heights = [_heights(hull, point) for _, point in found]
    return any(float(max(h[i] for h in heights) - min(h[i] for h in heights)) > tol for i in (0, 1))


def _apart(first: Pair, second: Pair) -> float:
    """Squared distance."""
    return sum(float(a - b) ** 2 for a, b in zip(first, second, strict=True))
