"""What the paper says of deals: which one a stance predicts, what the locked tier is worth, what patience and haggling cost."""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.answers import groups
from bargaining.store import Row

WORST = "worst equilibrium payoffs"
STANCES = ("Washington", "Beijing")
SLACK = 1e-6


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiments `deals`, `military_lock`, `patience` and `delay`."""
    _deals(stored, numbers)
    _lock(stored, numbers)
    _patience(stored, numbers)
    _delay(stored, numbers)


def headline(rows: Sequence[Row], stance: str) -> list[Row]:
    """Rows of Nash bargaining from the worst equilibrium payoffs, for a stance, where there is a bargain."""
    own = (row for row in rows if row["stance"] == stance and row["rule"] == "nash" and row["disagreement"] == WORST)
    return [row for row in own if row["status"] == "solved"]


def _deals(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("deals")
    rows = stored.table("deals")
    settings = {
        "stylised": "stylised, central",
        "stylised_map": "stylised, map",
        "standoff": "calibrated, named",
        "prior": "calibrated, prior",
    }
    table = []
    for run, words in settings.items():
        for stance in (*STANCES, "issue by issue"):
            own = headline([row for row in rows if row["run"] == run], stance)
            if not own:
                continue
            (deal, count), *others = Counter(row["deal"] for row in own).most_common()
            second = f"{others[0][0]} ({percent(others[0][1] / len(own), 0)})" if others else ABSENT
            flips = percent(sum(row["deal_flips"] is True for row in own) / len(own), 0)
            table.append([words, stance, f"{deal} ({percent(count / len(own), 0)})", second, flips or ABSENT, str(len(own))])
    numbers.table("deals", ["game", "stance", "most frequent deal", "next", "flips", "points"], table, source)
    for run, short in (("prior", "prior"), ("stylised_map", "map")):
        for stance in STANCES:
            own = headline([row for row in rows if row["run"] == run], stance)
            top = Counter(row["deal"] for row in own).most_common(1)
            numbers.put(f"deals.{short}.{stance}", top[0][0] if top else None, source)
            numbers.put(f"deals.{short}.{stance}.share", percent(top[0][1] / len(own)) if top else None, source, "share of points")
            flips = percent(sum(row["deal_flips"] is True for row in own) / len(own)) if own else None
            numbers.put(f"deals.{short}.{stance}.flips", flips, source, "share of points")
        # The refused link locks the tier where Beijing's partition has it in the deal and Washington's has not.
        deals = [{row["point"]: row["deal"] for row in headline([row for row in rows if row["run"] == run], stance)} for stance in STANCES]
        both = [(deals[0][point], deals[1][point]) for point in deals[0] if point in deals[1]]
        military = ("military release", "grand bargain")
        locks = sum(before not in military and after in military for before, after in both)
        numbers.put(f"deals.{short}.refusal_locks", percent(locks / len(both)) if both else None, source, "share of points")
        released = sum(before in military for before, _ in both)
        numbers.put(f"deals.{short}.released_anyway", percent(released / len(both)) if both else None, source, "share of points")


def _lock(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("military_lock")
    rows = [row for row in stored.table("military_lock") if row["status"] == "solved"]
    claims: dict[str, tuple[str, Callable[[Row], bool]]] = {
        "punishes_nobody": ("locked for good, it punishes nobody", lambda r: r["incentive_worst_us"] == 0 and r["incentive_worst_cn"] == 0),
        "adds_surplus": ("its release adds to the largest enforceable joint payoff", lambda r: r["incentive_joint_surplus"] > 0),
        "eases_sooner": ("full release eases the curb at less patience than licences do", _eases_sooner),
        "chip_china": ("having it to sell raises what China gets", lambda r: _real(r["chip_worst_cn"]) > SLACK),
        "chip_us": ("having it to sell raises what the U.S. gets", lambda r: _real(r["chip_worst_us"]) > SLACK),
        "flips": ("whom it serves flips with the disagreement point", lambda r: r["chip_flips"] is True),
        "reserved": (
            "no incentive value, some bargaining value to China",
            lambda r: (
                r["incentive_worst_us"] == r["incentive_worst_cn"] == 0
                and r["incentive_joint_surplus"] <= 0
                and abs(_real(r["chip_worst_cn"])) > SLACK
            ),
        ),
    }
    columns = [(run, stance) for run in ("tier", "prior") for stance in STANCES]
    table = []
    for key, (words, test) in claims.items():
        cells = []
        for run, stance in columns:
            own = [row for row in rows if row["run"] == run and row["stance"] == stance]
            share = sum(test(row) for row in own) / len(own) if own else None
            cells.append(percent(share, 0) or ABSENT)
            numbers.put(f"lock.{run}.{stance}.{key}", percent(share), source, "share of points")
        table.append([words, *cells])
    drawn = [claims["reserved"][1](row) for row in rows if row["run"] == "prior"]
    numbers.flag("lock.expected_sentence_holds", 2 * sum(drawn) >= len(drawn) if drawn else None, source)
    games = {"tier": "stylised", "prior": "prior"}
    numbers.table("lock", ["the military tier", *(f"{games[run]}, {stance}" for run, stance in columns)], table, source)


def _eases_sooner(row: Row) -> bool:
    """Whether full release eases the curb from a lower discount factor on than licences do; no threshold counts as none below one."""
    low, high = (2.0 if row[key] is None else row[key] for key in ("easing_delta_open", "easing_delta_closed"))
    return bool(low < high - SLACK)


def _patience(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("patience")
    rows = [row for row in stored.table("patience") if row["status"] == "solved"]
    for run in ("common", "prior"):
        for stance in STANCES:
            lines = [
                sorted(line, key=lambda row: row["delta_us"])
                for line in groups([row for row in rows if row["run"] == run and row["stance"] == stance], ["point"]).values()
            ]
            lines = [line for line in lines if len(line) > 1]
            key = f"patience.{run}.{stance}"
            grows = [all(b["area"] >= a["area"] * (1 - SLACK) - SLACK for a, b in pairwise(line)) for line in lines]
            numbers.put(f"{key}.grows", percent(sum(grows) / len(grows)) if grows else None, source, "share of points")
            humps = [hump for line in lines if (hump := _hump(line)) is not None]
            numbers.put(f"{key}.humped", percent(sum(humps) / len(humps)) if humps else None, source, "share of points")
            costs = [any(_drops(a, b, "offers_us") for a, b in pairwise(line)) for line in lines]
            numbers.put(f"{key}.costs_us", percent(sum(costs) / len(costs)) if costs else None, source, "share of points")
            costs = [any(_drops(a, b, "offers_cn") for a, b in pairwise(line)) for line in lines]
            numbers.put(f"{key}.costs_cn", percent(sum(costs) / len(costs)) if costs else None, source, "share of points")
    common = [row for row in rows if row["run"] == "common"]
    for stance in STANCES:
        own = sorted((row for row in common if row["stance"] == stance), key=lambda row: row["delta_us"])
        best = max(own, key=lambda row: _real(row["net_surplus_worst"]), default=None)
        numbers.real(f"patience.common.{stance}.best_delta", None if best is None else best["delta_us"], source, 2)
        full = max((_real(row["contractual_level"]) for row in own), default=None)
        reached = [row["delta_us"] for row in own if full is not None and _real(row["contractual_level"]) >= full - SLACK]
        numbers.real(f"patience.common.{stance}.contractual_from", min(reached, default=None), source, 2)
        numbers.real(f"patience.common.{stance}.contractual_level", full, source, 2, "illustrative units per 90 days")


def _hump(line: Sequence[Row]) -> bool | None:
    """Whether the surplus net of haggling is largest at less than the most patience."""
    values = [row["net_surplus_worst"] for row in line if row["net_surplus_worst"] is not None]
    return None if len(values) < 2 else max(values[:-1]) > values[-1] + SLACK * max(1.0, abs(values[-1]))


def _drops(before: Row, after: Row, column: str) -> bool:
    a, b = before[column], after[column]
    return a is not None and b is not None and b < a - SLACK * max(1.0, abs(a))


def _delay(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("delay")
    rows = [
        row for row in stored.table("delay", analysis="concession") if row["run"] in ("stylised", "prior") and row["status"] == "solved"
    ]
    key = ["run", "point", "calibration", "stance", "disagreement", "lopsided_share", "obstinate_us", "obstinate_cn"]
    wars = [own[0] for own in groups(rows, key).values()]
    table = []
    for run, words in (("stylised", "stylised"), ("prior", "prior")):
        for stance in STANCES:
            for share in sorted({row["lopsided_share"] for row in wars if row["run"] == run}):
                own = [row for row in wars if row["run"] == run and row["stance"] == stance and row["lopsided_share"] == share]
                if not own:
                    continue
                fought = [row for row in own if row["outcome"] == "war"]
                first = sum(row["concedes_first_us"] > SLACK for row in fought) / len(fought) if fought else None
                table.append(
                    [
                        words,
                        stance,
                        percent(share, 0) or ABSENT,
                        percent(len(fought) / len(own), 0) or ABSENT,
                        percent(first, 0) or ABSENT,
                        _middle(fought, "expected_delay", 2),
                        percent(statistics.median(row["loss_share"] for row in fought), 0) or ABSENT if fought else ABSENT,
                    ]
                )
    header = ["game", "stance", "China demands", "incompatible", "U.S. may give in first", "median delay", "median loss"]
    numbers.table("delay", header, table, source)
    for stance in STANCES:
        own = [row for row in wars if row["run"] == "prior" and row["stance"] == stance and row["lopsided_share"] == 0.8]
        fought = [row for row in own if row["outcome"] == "war"]
        numbers.put(f"delay.{stance}.incompatible", percent(len(fought) / len(own)) if own else None, source, "share of draws")
        middle = statistics.median(row["expected_delay"] for row in fought) if fought else None
        numbers.real(f"delay.{stance}.median", middle, source, 2, "periods of 90 days")
        long = sum(row["expected_delay"] > 1 for row in fought) / len(fought) if fought else None
        numbers.put(f"delay.{stance}.over_a_period", percent(long), source, "share of wars")


def _middle(rows: Sequence[Row], column: str, digits: int) -> str:
    return decimal(statistics.median(row[column] for row in rows), digits) if rows else ABSENT


def _real(value: float | None) -> float:
    return 0.0 if value is None else float(value)
