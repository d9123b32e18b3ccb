"""What the paper says of the standoff in motion, solved block by block and followed from June 2025, and of a term that ends."""

from collections.abc import Sequence
from typing import Any

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.answers import proven
from bargaining.report.motion import comparison
from bargaining.store import Row, groups

PLANS = ("london", "exchange")
# What the paper names by key: run, partition, block; and the plan is the key's last word.
_TOLD = {
    "dollars.tariffs.london": ("dollars", "T|R|K|C", "T"),
    "dollars.linked.london": ("dollars", "T,R,K|C", "T,R,K"),
    "dollars.chips.exchange": ("dollars", "T|R|K|C", "C"),
    "dollars.chips_linked.exchange": ("dollars", "T|R,K,C", "R,K,C"),
    "civil.linked.london": ("civil", "T,R|C", "T,R"),
    "follow.linked.london": ("follow", "T,R|C", "T,R"),
}
_SETTINGS = {
    ("term", "stylised"): "stylised, δ = 0.9",
    ("dollars", "quiet"): "calibrated, quiet",
    ("dollars", "calibrated"): "calibrated, central",
    ("dollars", "political"): "calibrated, political",
}
ENDLESS = "endless"


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiments `standoff_dynamic` and `horizon`."""
    _blocks(stored, numbers)
    _paths(stored, numbers)
    _term(stored, numbers)


def _blocks(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("standoff_dynamic")
    rows = stored.table("standoff_dynamic", kind="block")
    table = []
    for run, words in (("civil", "stylised"), ("follow", "same, a lapse suspends licences"), ("dollars", "calibrated")):
        for (partition,), own in groups((row for row in rows if row["run"] == run), ["partition"]).items():
            if own[0]["factors"]:
                blocks = dict.fromkeys(row["block"] for row in own)
                cells = ["; ".join(f"{block} {_held(own, block, plan)}" for block in blocks) for plan in PLANS]
            else:
                cells = ["does not factor", ABSENT]
            table.append([words, str(partition), *cells])
    numbers.table("blocks", ["game", "partition", "London holds in, of the block’s states", "exchange holds in"], table, source)
    for key, (run, partition, block) in _TOLD.items():
        own = [row for row in rows if row["run"] == run and row["partition"] == partition]
        numbers.put(f"composed.{key}", _held(own, block, key.rsplit(".", 1)[1]), source, "states of the block")
    whole = groups((row for row in rows if row["run"] == "follow"), ["partition"])
    numbers.count("composed.follow.partitions", len(whole) or None, source)
    numbers.count("composed.follow.factor", sum(bool(own[0]["factors"]) for own in whole.values()) if whole else None, source)


def _held(rows: Sequence[Row], block: str, plan: str) -> str | None:
    """In how many of a block's states a plan is an equilibrium path, in words."""
    own = [row["sustained"] for row in rows if row["block"] == block and row["plan"] == plan]
    held, open_ = sum(value is True for value in own), sum(value is None for value in own)
    return f"{held} of {len(own)}" + (f" ({open_} not settled)" if open_ else "") if own else None


def _paths(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("standoff_dynamic")
    rows = stored.table("standoff_dynamic", kind="path")
    for plan in PLANS:
        own = [row for row in rows if row["plan"] == plan]
        right, of, _ = comparison(own)
        numbers.put(f"composed.path.{plan}.matches", f"{right} of {of}" if of else None, source, "dates and parts")
    last = max((row["period"] for row in rows), default=None)
    lapse = [row for row in rows if row["plan"] == "london" and row["period"] == last and row["value"] == "lapse"]
    numbers.count("composed.path.periods", last, source)
    numbers.put("composed.path.lapsed", percent(lapse[0]["probability"], 0) if lapse else None, source, "probability")


def _term(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("horizon")
    rows = [row for row in stored.table("horizon") if row["plan"] == "truce" and row["run"] in ("term", "dollars")]
    # The state that play starts in is told first; the stylised game at its own patience.
    shown: dict[str, dict[Any, str]] = {words: {} for words in _SETTINGS.values()}
    ends: list[Row] = []
    endless: list[Row] = []
    for (run, calibration, delta, periods), own in groups(rows, ["run", "calibration", "delta", "horizon_periods"]).items():
        first = own[0]
        (endless if periods == ENDLESS else ends).append(first)
        if run == "dollars" or delta == 0.9:
            shown[_SETTINGS[run, calibration]][periods] = _cell(first)
    columns = list(dict.fromkeys(periods for cells in shown.values() for periods in cells))
    header = ["game", *("no end" if periods == ENDLESS else str(periods) for periods in columns)]
    table = [[words, *(cells.get(periods, ABSENT) for periods in columns)] for words, cells in shown.items() if cells]
    numbers.table("horizon", header, table, source)
    numbers.count("horizon.ends", len(ends) or None, source)
    numbers.count("horizon.ends.points", sum(_is_point(row) for row in ends) if ends else None, source)
    kept = [row for row in ends if row["sustained"] is True]
    quiet = all(row["calibration"] == "quiet" for row in kept)
    numbers.count("horizon.ends.kept", len(kept) if ends else None, source)
    numbers.flag("horizon.ends.kept_if_quiet", quiet if kept else None, source)
    numbers.count("horizon.endless", len(endless) or None, source)
    numbers.count("horizon.endless.kept", sum(row["sustained"] is True for row in endless) if endless else None, source)
    proven_from = stored.table("horizon", run="imbalance", verdict="sustained")
    for key, choose in (("least", min), ("most", max)):
        row = choose(proven_from, key=lambda row: row["resolution_share"], default=None)
        numbers.put(f"horizon.imbalance.{key}.chance", percent(row["resolution_share"]) if row else None, source, "a period")
        numbers.real(f"horizon.imbalance.{key}.delta", row["low"] if row else None, source, 3, "discount factor per 90 days")


def _is_point(row: Row) -> bool:
    """Whether all equilibria pay the same, up to what is known of the set."""
    room = 1e-6 + 2 * row["error_bound"]
    return proven(row) and all(row[f"best_{side}"] - row[f"worst_{side}"] <= room for side in ("us", "cn"))


def _cell(row: Row) -> str:
    held = {True: "truce", False: "no truce", None: "not settled"}[row["sustained"]]
    if not proven(row) or _is_point(row):
        return held
    return f"{held}; U.S. {decimal(row['worst_us'], 1)} to {decimal(row['best_us'], 1)}"
