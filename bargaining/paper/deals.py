"""What the paper says of deals: which one a stance predicts, what the locked tier is worth, what patience and haggling cost.

Shares of points are those of ``conclusions.csv``, which says of each over how many points it can be told.
"""

import statistics
from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.store import CONCLUSIONS, HEADLINE, NOISE, Row, groups

STANCES = ("Washington", "Beijing")


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiments `deals`, `military_lock`, `patience` and `delay`."""
    _deals(stored, numbers)
    _lock(stored, numbers)
    _patience(stored, numbers)
    _delay(stored, numbers)


def headline(rows: Sequence[Row], stance: str) -> list[Row]:
    """Rows of Nash bargaining from the worst equilibrium payoffs, for a stance, where there is a bargain."""
    own = (row for row in rows if row["stance"] == stance and row["rule"] == "nash" and row["disagreement"] == HEADLINE)
    return [row for row in own if row["status"] == "solved"]


def _deals(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("deals", CONCLUSIONS)
    settings = {
        "stylised": "stylised, central",
        "stylised_map": "stylised, map",
        "standoff": "calibrated, named",
        "prior": "calibrated, prior",
    }
    table = []
    selected: dict[tuple[str, str], list[Row]] = {}
    for run, words in settings.items():
        for stance in (*STANCES, "issue by issue"):
            before = f"{stance}: the deal is "
            told = [row for row in stored.table("deals", CONCLUSIONS, run=run) if row["conclusion"].startswith(before)]
            # The most frequent first.
            own = selected[run, stance] = [{**row, "deal": row["conclusion"].removeprefix(before)} for row in told]
            if not own:
                continue
            named = [f"{row['deal']} ({percent(row['share'], 0)})" for row in own[:2]]
            flips = stored.share("deals", run, f"{stance}: the deal flips with the disagreement point").get("share")
            table.append([words, stance, named[0], named[1] if own[1:] else ABSENT, percent(flips, 0) or ABSENT, str(own[0]["of"])])
    numbers.table("deals", ["game", "stance", "most frequent deal", "next", "flips", "points"], table, source)
    for run, short in (("prior", "prior"), ("stylised_map", "map")):
        for stance in STANCES:
            top: Row = next(iter(selected[run, stance]), {})
            numbers.put(f"deals.{short}.{stance}", top.get("deal"), source)
            numbers.put(f"deals.{short}.{stance}.share", percent(top.get("share")), source, "share of points")
            flips = stored.share("deals", run, f"{stance}: the deal flips with the disagreement point").get("share")
            numbers.put(f"deals.{short}.{stance}.flips", percent(flips), source, "share of points")
        locks = stored.share("deals", run, f"refusing the chip link is what locks the military tier (from {HEADLINE})")
        numbers.put(f"deals.{short}.refusal_locks", percent(locks.get("share")), source, "share of points")
        locked = stored.share("deals", run, f"chips not linked, the military tier stays locked (from {HEADLINE})").get("share")
        released = None if locked is None else 1.0 - locked
        numbers.put(f"deals.{short}.released_anyway", percent(released), source, "share of points")


# Key of a number -> words of the table, the conclusion.
_LOCK = {
    "punishes_nobody": ("locked for good, it punishes nobody", "the locked tier punishes nobody (worst payoffs are as without it)"),
    "adds_surplus": ("its release adds to the largest enforceable joint payoff",) * 2,
    "eases_sooner": (
        "full release eases the curb at less patience than licences do, where either does",
        "full release eases the chip curb at less patience than licences do",
    ),
    "chip_china": ("having it to sell raises what China gets", "having it to sell raises what China gets in the selected deal"),
    "chip_us": ("having it to sell raises what the U.S. gets", "having it to sell raises what the U.S. gets in the selected deal"),
    "flips": ("whom it serves flips with the disagreement point", "whom it serves as a chip flips with the disagreement point"),
    "reserved": ("no incentive value, some bargaining value to China",) * 2,
}
# Where no point eases the curb at all there is nothing to say of when.
_NEED_EASING = ("eases_sooner",)


def _lock(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("military_lock", CONCLUSIONS)
    columns = [(run, stance) for run in ("tier", "prior") for stance in STANCES]
    table = []
    for key, (words, conclusion) in _LOCK.items():
        cells = []
        for run, stance in columns:
            share = stored.share("military_lock", run, f"{stance}: {conclusion}").get("share")
            cells.append(percent(share, 0) or ABSENT)
            if key not in _NEED_EASING or (run, stance) == ("prior", "Beijing"):
                numbers.put(f"lock.{run}.{stance}.{key}", percent(share), source, "share of points")
        table.append([words, *cells])
    drawn = [stored.share("military_lock", "prior", f"{stance}: {_LOCK['reserved'][1]}") for stance in STANCES]
    told = sum(row.get("of", 0) for row in drawn)
    numbers.flag("lock.expected_sentence_holds", 2 * sum(row.get("holds", 0) for row in drawn) >= told if told else None, source)
    games = {"tier": "stylised", "prior": "prior"}
    numbers.table("lock", ["the military tier", *(f"{games[run]}, {stance}" for run, stance in columns)], table, source)


def _patience(stored: Stored, numbers: Numbers) -> None:
    claims = {
        "grows": "more patience never shrinks the set",
        "humped": "net surplus is largest at less than the most patience (from worst)",
        "costs_us": "somewhere more patience of both costs the U.S. (alternating offers)",
        "costs_cn": "somewhere more patience of both costs China (alternating offers)",
    }
    for stance in STANCES:
        for key, words in claims.items():
            share = stored.share("patience", "prior", f"{stance}: {words}").get("share")
            numbers.put(f"patience.prior.{stance}.{key}", percent(share), stored.source("patience", CONCLUSIONS), "share of points")
    source = stored.source("patience")
    common = [row for row in stored.table("patience", run="common") if row["status"] == "solved"]
    for stance in STANCES:
        own = sorted((row for row in common if row["stance"] == stance), key=lambda row: row["delta_us"])
        net = [row for row in own if row["net_surplus_worst"] is not None]
        best = max(net, key=lambda row: row["net_surplus_worst"], default=None)
        numbers.real(f"patience.common.{stance}.best_delta", None if best is None else best["delta_us"], source, 2)
    levels = [(row["contractual_level"], row["delta_us"]) for row in common if row["stance"] == "Beijing"]
    full = max((level for level, _ in levels if level is not None), default=None)
    reached = [delta for level, delta in levels if full is not None and level is not None and level >= full - NOISE]
    numbers.real("patience.common.Beijing.contractual_from", min(reached, default=None), source, 2)
    numbers.real("patience.common.Beijing.contractual_level", full, source, 2, "illustrative units per 90 days")


def _delay(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("delay")
    rows = [row for row in stored.table("delay", analysis="concession", outcome="war") if row["status"] == "solved"]
    table = []
    for run, words in (("stylised", "stylised"), ("prior", "prior")):
        for stance in STANCES:
            fights = groups((row for row in rows if (row["run"], row["stance"]) == (run, stance)), ["lopsided_share"])
            for (demand,), fought in sorted(fights.items()):
                shares = [
                    _war_share(stored, run, stance, demand, each) for each in (_CLASH, "the U.S. is the one that may give in at once")
                ]
                delay, loss = (statistics.median(row[name] for row in fought) for name in ("expected_delay", "loss_share"))
                told = [percent(share, 0) or ABSENT for share in (demand, *shares)]
                table.append([words, stance, *told, decimal(delay, 2), percent(loss, 0) or ABSENT])
    header = ["game", "stance", "China demands", "incompatible", "U.S. may give in first", "median delay", "median loss"]
    numbers.table("delay", header, table, source)
    own = [row for row in rows if (row["run"], row["stance"], row["lopsided_share"]) == ("prior", "Washington", _DEMAND)]
    told_in = stored.source("delay", CONCLUSIONS)
    numbers.put(
        "delay.Washington.incompatible", percent(_war_share(stored, "prior", "Washington", _DEMAND, _CLASH)), told_in, "share of cases"
    )
    middle = statistics.median(row["expected_delay"] for row in own) if own else None
    numbers.real("delay.Washington.median", middle, source, 2, "periods of 90 days")
    long = _war_share(stored, "prior", "Washington", _DEMAND, "an agreement is expected only after more than one period")
    numbers.put("delay.Washington.over_a_period", percent(long), told_in, "share of wars")


# Four fifths of its largest gain, as the text has it.
_DEMAND = 0.8
_CLASH = "the two demands are incompatible"


def _war_share(stored: Stored, run: str, stance: str, demand: float, words: str) -> float | None:
    share: float | None = stored.share("delay", run, f"{stance}, China holds out for {100 * demand:g} %: {words}").get("share")
    return share
