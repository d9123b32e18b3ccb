"""What the paper says of noise: whether to link issues or to keep them apart, and what a better signal is worth."""

import math
from collections.abc import Callable, Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.store import Row

PRIORS = {"prior_stylised": "stylised", "prior_calibrated": "calibrated"}


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and the table of the experiment `noise`."""
    source = stored.source("noise")
    rows = [row for row in stored.table("noise") if row["status"] == "solved"]
    claims: dict[str, tuple[str, Callable[[Row], bool]]] = {
        "weakly_best": ("optimal linkage is worth at least as much as either", lambda r: not (better(r, "apart") or better(r, "tied"))),
        "strictly_best": ("optimal linkage is worth more than keeping issues apart", lambda r: above(r, "linked", "apart")),
        "link": ("tying is worth more than keeping issues apart: link", lambda r: r["verdict"] == "link"),
        "firewall": ("tying is worth less: firewall", lambda r: r["verdict"] == "firewall"),
        "apart_holds": ("the whole agreement holds with issues apart", lambda r: bool(r["apart_sustained"])),
        "tied_holds": ("the whole agreement holds tied", lambda r: bool(r["tied_sustained"])),
        "linked_holds": ("the whole agreement holds linked optimally", lambda r: bool(r["linked_sustained"])),
        "vet_magnets": ("vetting magnets raises the joint payoff, linked optimally", lambda r: _gain(r, "vet_magnets_linked")),
        "vet_chips": ("vetting chips raises the joint payoff, linked optimally", lambda r: _gain(r, "vet_chips_linked")),
    }
    table = []
    for key, (words, test) in claims.items():
        cells = []
        for run, short in PRIORS.items():
            own = [row for row in rows if row["run"] == run]
            share = sum(test(row) for row in own) / len(own) if own else None
            numbers.put(f"noise.{short}.{key}", percent(share), source, "share of draws")
            cells.append(percent(share, 0) or ABSENT)
        table.append([words, *cells])
    numbers.table("noise-shares", ["claim", "stylised, prior", "calibrated, prior"], table, source)
    own = [row for row in rows if row["run"] == "map"]
    for verdict in ("link", "firewall"):
        share = sum(row["verdict"] == verdict for row in own) / len(own) if own else None
        numbers.put(f"noise.map.{verdict}", percent(share), source, "share of points")
    numbers.flag(
        "noise.everywhere_weakly_best", all(not (better(row, "apart") or better(row, "tied")) for row in rows) if rows else None, source
    )
    _patience(numbers, [row for row in rows if row["run"] == "patience"], source)


def _patience(numbers: Numbers, rows: Sequence[Row], source: str) -> None:
    first = rows[0] if rows else {}
    for regime in ("apart", "tied", "linked"):
        least = first.get(f"{regime}_critical_delta")
        words = None if least is None else "no discount factor" if math.isinf(least) else decimal(least, 3)
        numbers.put(f"noise.{regime}.delta", words, source, "discount factor per 90 days")
    for regime in ("apart", "linked"):
        numbers.real(f"noise.limit.{regime}", first.get(f"limit_{regime}"), source, 2, "illustrative units per 90 days")


def better(row: Row, regime: str) -> bool:
    """Whether a regime is worth more than optimal linkage, by more than rounding."""
    return above(row, regime, "linked")


def above(row: Row, first: str, second: str) -> bool:
    """Whether one regime's joint payoff is above another's by more than rounding."""
    slack = 1e-9 * max(1.0, abs(row[f"{first}_joint"]), abs(row[f"{second}_joint"]))
    return bool(row[f"{first}_joint"] > row[f"{second}_joint"] + slack)


def _gain(row: Row, column: str) -> bool:
    return row[column] is not None and row[column] > 1e-9 * max(1.0, abs(row["linked_joint"]))
