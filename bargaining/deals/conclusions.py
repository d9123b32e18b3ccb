"""What the rows of an experiment on deals say, as shares of the points at which each conclusion holds.

Everything calibrated is an assumption with a range, so a conclusion is worth the share of the draws that it survives. Rows that are not
proven to the accuracy asked for count neither way.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from bargaining.store import HEADLINE, NOISE, Row, groups


def conclusions(rows: Sequence[Row]) -> list[Row]:
    """One row a run × conclusion: at how many points it holds, of how many where it can be said.

    Examples
    --------
    >>> row = {"run": "one", "point": 0, "analysis": "predicted_deals", "rule": "nash", "partition": "T,R", "stance": None, "us": 1.0}
    >>> row |= {"disagreement": HEADLINE, "deal": "London", "deal_flips": False, "favours_flips": True, "status": "solved"}
    >>> [(each["conclusion"], each["share"]) for each in conclusions([row])][:2]
    [('T,R: the deal is London', 1.0), ('T,R: the deal flips with the disagreement point', 0.0)]
    """
    made: list[Row] = []
    for run in dict.fromkeys(row["run"] for row in rows):
        mine = [row for row in rows if row["run"] == run and row.get("analysis")]
        tell = _TELLERS.get(mine[0]["analysis"]) if mine else None
        for words, answers in tell(mine) if tell is not None else ():
            settled = [bool(answer) for answer in answers if answer is not None]
            if settled:
                made.append(
                    {"run": run, "conclusion": words, "holds": sum(settled), "of": len(settled), "share": sum(settled) / len(settled)}
                )
    return made


Told = Iterator[tuple[str, list[bool | None]]]


def _name(row: Row) -> str:
    return str(row["stance"] or row["partition"])


def _predicted(rows: Sequence[Row]) -> Told:
    rows = [row for row in rows if row.get("rule") == "nash"]
    head = [row for row in rows if row["disagreement"] == HEADLINE and row["status"] == "solved"]
    for own in groups(head, ["partition"]).values():
        name = _name(own[0])
        for deal, _ in Counter(row["deal"] for row in own).most_common():
            yield f"{name}: the deal is {deal}", [row["deal"] == deal for row in own]
        yield f"{name}: the deal flips with the disagreement point", [row["deal_flips"] for row in own]
        yield f"{name}: whom it favours flips with the disagreement point", [row["favours_flips"] for row in own]
    separate = [name for (name,) in groups(head, ["partition"]) if {"A", "C"} & set(name.split("|"))]
    whole = next((name for (name,) in groups(head, ["partition"]) if "|" not in name), None)
    stance = min(separate, key=lambda name: name.count("|"), default=None)
    if stance is None or whole is None:
        return
    military = ("military release", "grand bargain")
    points = groups((row for row in rows if row["partition"] in (stance, whole) and row["status"] == "solved"), ["disagreement", "point"])
    by_point: dict[str, list[tuple[str, str]]] = {}
    for (disagreement, _), pair in points.items():
        deals = {row["partition"]: row["deal"] for row in pair}
        if len(deals) == 2 and "none" not in deals.values():
            kind = "static Nash" if disagreement.startswith("static Nash") else disagreement
            by_point.setdefault(kind, []).append((deals[stance], deals[whole]))
    for kind, pairs in by_point.items():
        yield f"chips not linked, the military tier stays locked (from {kind})", [before not in military for before, _ in pairs]
        yield (
            f"refusing the chip link is what locks the military tier (from {kind})",
            [before not in military and after in military for before, after in pairs],
        )
        yield f"linking chips eases the curb (from {kind})", [after in ("grand bargain", "chips for licences") for _, after in pairs]


def _leverage(rows: Sequence[Row]) -> Told:
    for own in groups((row for row in rows if row["status"] == "solved"), ["partition"]).values():
        name = _name(own[0])
        worst = [row["incentive_worst_us"] == 0 and row["incentive_worst_cn"] == 0 for row in own]
        yield f"{name}: the locked tier punishes nobody (worst payoffs are as without it)", list(worst)
        enlarges = [row["incentive_joint_surplus"] > 0 for row in own]
        yield f"{name}: its release adds to the largest enforceable joint payoff", list(enlarges)
        yield (
            f"{name}: full release eases the chip curb at less patience than licences do",
            [
                _below(row, "easing_delta_open", "easing_delta_closed")
                for row in own
                if not (_number(row, "easing_delta_open") is None and _number(row, "easing_delta_closed") is None)
            ],
        )
        for side, tag in (("China", "cn"), ("the U.S.", "us")):
            yield (
                f"{name}: having it to sell raises what {side} gets in the selected deal",
                [_above(row, f"chip_worst_{tag}") for row in own],
            )
            yield (
                f"{name}: having it to sell lowers what {side} gets in the selected deal",
                [_under(row, f"chip_worst_{tag}") for row in own],
            )
        yield f"{name}: whom it serves as a chip flips with the disagreement point", [row["chip_flips"] for row in own]
        yield (
            f"{name}: no incentive value, some bargaining value to China",
            [False if not a or b else _above(row, "chip_worst_cn") for a, b, row in zip(worst, enlarges, own, strict=True)],
        )
        for kind, suffix in (("set iteration", ""), ("closed form", "_closed_form")):
            yield f"{name}: locked during talks, China's least share rises ({kind})", [_above(row, f"lock_least_cn{suffix}") for row in own]
            yield (
                f"{name}: locked during talks, China's largest share rises ({kind})",
                [_above(row, f"lock_most_cn{suffix}") for row in own],
            )
            yield (
                f"{name}: locked during talks, the largest U.S. share falls ({kind})",
                [_under(row, f"lock_most_us{suffix}") for row in own],
            )


def _number(row: Row, column: str) -> float | None:
    """A number of a row; None where there is none."""
    value = row.get(column)
    return None if value is None or math.isnan(value) else float(value)


def _above(row: Row, column: str) -> bool | None:
    value = _number(row, column)
    return None if value is None else value > NOISE


def _under(row: Row, column: str) -> bool | None:
    value = _number(row, column)
    return None if value is None else value < -NOISE


def _below(row: Row, first: str, second: str) -> bool:
    """Whether a threshold lies below another; a missing one is at no discount factor."""
    low, high = (2.0 if (value := _number(row, key)) is None else value for key in (first, second))
    return low < high - NOISE


def _patience(rows: Sequence[Row]) -> Told:
    for own in groups((row for row in rows if row["status"] == "solved"), ["partition"]).values():
        name = _name(own[0])
        common = [row for row in own if row["delta_us"] == row["delta_cn"]]
        lines = [sorted(line, key=lambda row: float(row["delta_us"])) for line in groups(common, ["point"]).values()]
        lines = [line for line in lines if len(line) > 1]
        yield (
            f"{name}: more patience never shrinks the set",
            [all(b["area"] >= a["area"] * (1 - NOISE) - NOISE for a, b in pairwise(line)) for line in lines],
        )
        for side, tag in (("the U.S.", "us"), ("China", "cn")):
            for kind, prefix in (("selected from the worst payoffs", "selected_worst"), ("alternating offers", "offers")):
                drops = [[_falls(a, b, f"{prefix}_{tag}") for a, b in pairwise(line)] for line in lines]
                yield f"{name}: somewhere more patience of both costs {side} ({kind})", [_any(each) for each in drops]
        for kind in ("worst", "static"):
            yield (
                f"{name}: net surplus is largest at less than the most patience (from {kind})",
                [_humped(line, f"net_surplus_{kind}") for line in lines],
            )
            yield (
                f"{name}: haggling takes longer at the most patience than at the least (from {kind})",
                [_rises(line, f"delay_{kind}") for line in lines],
            )
        others = {("the U.S.", "us", "cn"), ("China", "cn", "us")} if any(row["delta_us"] != row["delta_cn"] for row in own) else set()
        for side, tag, other in sorted(others):
            steps = [
                pair
                for line in groups(own, ["point", f"delta_{other}"]).values()
                for pair in pairwise(sorted(line, key=lambda r: float(r[f"delta_{tag}"])))
            ]
            for kind, prefix in (("selected from the worst payoffs", "selected_worst"), ("alternating offers", "offers")):
                yield f"{name}: own patience pays {side} ({kind})", [_not(_falls(a, b, f"{prefix}_{tag}")) for a, b in steps]


def _falls(before: Row, after: Row, column: str) -> bool | None:
    """Whether a number falls; None where one of the two is missing."""
    a, b = _number(before, column), _number(after, column)
    return None if a is None or b is None else b < a - NOISE * max(1.0, abs(a))


def _any(answers: Sequence[bool | None]) -> bool | None:
    """Whether one of them is so; None if only a missing answer could be."""
    return True if True in answers else None if None in answers else False


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _humped(line: Sequence[Row], column: str) -> bool | None:
    values = [value for row in line if (value := _number(row, column)) is not None]
    return None if len(values) < 2 else max(values[:-1]) > values[-1] + NOISE * max(1.0, abs(values[-1]))


def _rises(line: Sequence[Row], column: str) -> bool | None:
    values = [value for row in line if (value := _number(row, column)) is not None]
    return None if len(values) < 2 else values[-1] > values[0] + NOISE


def _concession(rows: Sequence[Row]) -> Told:
    for own in groups((row for row in rows if row["status"] == "solved"), ["partition", "lopsided_share"]).values():
        name = f"{_name(own[0])}, China holds out for {100 * own[0]['lopsided_share']:g} %"
        yield f"{name}: the two demands are incompatible", [row["outcome"] == "war" for row in own]
        fought = [row for row in own if row["outcome"] == "war"]
        for side, tag in (("the U.S.", "us"), ("China", "cn")):
            yield f"{name}: {side} is the one that may give in at once", [row[f"concedes_first_{tag}"] > NOISE for row in fought]
        yield f"{name}: an agreement is expected only after more than one period", [row["expected_delay"] > 1 for row in fought]
        yield f"{name}: waiting costs more than a tenth of the gains", [row["loss_share"] > 0.1 for row in fought]


def _talks(rows: Sequence[Row]) -> Told:
    for own in groups((row for row in rows if row.get("surplus") is not None), ["partition"]).values():
        name = _name(own[0])
        sure = [row for row in own if row["breakdown"] == 0]
        yield f"{name}: talks may drag on for ever in equilibrium", [row["max_delay"] == float("inf") for row in sure]
        yield f"{name}: the share bounds are proven", [row["proven"] for row in sure]
        for side, tag in (("the U.S.", "us"), ("China", "cn")):
            yield f"{name}: talks can leave {side} with less than nothing", [_under(row, f"least_{tag}") for row in sure if row["proven"]]
            yield (
                f"{name}: talks can give {side} more than the whole surplus",
                [row[f"most_{tag}"] > row["surplus"] + NOISE for row in sure if row["proven"]],
            )
        lines = [sorted(line, key=lambda row: float(row["breakdown"])) for line in groups(own, ["point"]).values()]
        yield (
            f"{name}: a higher risk of breakdown costs the sides together",
            [
                line[-1]["offers_us"] + line[-1]["offers_cn"] < line[0]["offers_us"] + line[0]["offers_cn"] - NOISE
                for line in lines
                if len(line) > 1
            ],
        )
        yield (
            f"{name}: a higher risk of breakdown is worth more to who opens",
            [line[-1]["first_mover_us"] > line[0]["first_mover_us"] for line in lines if len(line) > 1],
        )


_TELLERS: dict[str, Callable[[Sequence[Row]], Told]] = {
    "predicted_deals": _predicted,
    "reserved_leverage": _leverage,
    "patience": _patience,
    "concession": _concession,
    "talks": _talks,
}
