"""What the paper says of noise: whether to link issues or to keep them apart, and what a better signal is worth."""

import math
from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.monitored_answers import claims
from bargaining.store import Row

PRIORS = {"prior_stylised": "stylised", "prior_calibrated": "calibrated"}
# Key of a number -> the claim of `report.monitored_answers`.
CLAIMS = {
    "weakly_best": "Optimal linkage is worth at least as much as either",
    "strictly_best": "Optimal linkage is worth more than keeping issues apart",
    "link": "Link: tying is worth more than keeping issues apart",
    "firewall": "Firewall: tying is worth less than keeping issues apart",
    "apart_holds": "The whole agreement holds with issues kept apart",
    "tied_holds": "The whole agreement holds tied",
    "linked_holds": "The whole agreement holds linked optimally",
    "vet_magnets": "Vetting magnets raises the joint payoff, linked optimally",
    "vet_chips": "Vetting chips raises the joint payoff, linked optimally",
}


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and the table of the experiment `noise`."""
    source = stored.source("noise")
    rows = [row for row in stored.table("noise") if row["status"] == "solved"]
    shares = {run: _shares([row for row in rows if row["run"] == run]) for run in (*PRIORS, "map")}
    table = []
    for key, words in CLAIMS.items():
        for run, short in PRIORS.items():
            numbers.put(f"noise.{short}.{key}", percent(shares[run].get(words)), source, "share of draws")
        table.append([words, *(percent(shares[run].get(words), 0) or ABSENT for run in PRIORS)])
    numbers.table("noise-shares", ["claim", "stylised, prior", "calibrated, prior"], table, source)
    for verdict in ("link", "firewall"):
        numbers.put(f"noise.map.{verdict}", percent(shares["map"].get(CLAIMS[verdict])), source, "share of points")
    weakly = _shares(rows).get(CLAIMS["weakly_best"])
    numbers.flag("noise.everywhere_weakly_best", None if weakly is None else weakly == 1, source)
    first = next((row for row in rows if row["run"] == "patience"), {})
    for regime in ("apart", "tied", "linked"):
        least = first.get(f"{regime}_critical_delta")
        told = None if least is None else "no discount factor" if math.isinf(least) else decimal(least, 3)
        numbers.put(f"noise.{regime}.delta", told, source, "discount factor per 90 days")


def _shares(rows: Sequence[Row]) -> dict[str, float]:
    """Claim -> share of the points in which it holds."""
    return {claim.words: claim.share for claim in claims(rows)} if rows else {}
