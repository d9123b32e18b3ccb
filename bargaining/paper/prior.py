"""What the paper says over the prior: shares of draws in which claims hold, which assumption matters, which calibrations fit London."""

from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.scenarios.parameters import in_words
from bargaining.store import Row

SHARES, INDICES, REGIONS, AGREEMENTS = "shares.csv", "indices.csv", "regions.csv", "agreements.csv"
CLASSES = {"does not pay China": "costs", "pays China": "pays"}
BANDS = {"below 1 and the joint-surplus bound": "b low", "between them": "b between", "above both": "b high"}
# What each claim of the ensemble says, in the words of the table.
CLAIMS = {
    "linking_rare_earths_costs_the_us_its_rare_earth_loss": "Linking R lowers the U.S. worst payoff by its rare-earth loss (to a tenth)",
    "linking_rare_earths_leaves_the_us_worst_payoff": "Linking R leaves the U.S. worst payoff as it is",
    "linking_rare_earths_hardly_moves_joint_surplus": "Linking R moves joint surplus by at most $1bn",
    "linking_rare_earths_rescues_the_london_deal": "Linking R rescues the London deal",
    "linking_chips_leaves_the_us_worst_payoff": "Linking A leaves the U.S. worst payoff as it is",
    "linking_chips_raises_chinas_best_payoff": "Linking A raises China’s best payoff",
    "easing_chips_raises_joint_surplus": "Easing chips raises joint surplus",
    "chips_for_magnets_is_sustained_if_all_is_linked": "Chips for magnets is sustained if everything is linked",
    "chips_for_magnets_is_sustained_and_inefficient": "Chips for magnets is sustained, and inefficient",
    "rollback_is_a_us_concession": "A tariff rollback is a U.S. concession",
    "countermeasures_alone_sustain_the_london_deal": "Countermeasures alone sustain the London deal (T|R,K|A)",
    "military_release_without_chips_is_sustained": "Military release without chips is sustained (T,R,K|A)",
    "london_needs_no_future": "London needs no future (threshold 0 issue by issue)",
    "london_is_sustained_issue_by_issue": "London is sustained issue by issue",
}
OUTPUTS = {
    "worst_us_washington": "U.S. worst payoff, T,R,K|A",
    "worst_cn_washington": "China worst payoff, T,R,K|A",
    "best_us_washington": "U.S. best payoff, T,R,K|A",
    "best_cn_washington": "China best payoff, T,R,K|A",
    "joint_surplus_washington": "joint surplus, T,R,K|A",
    "joint_surplus_of_linking_chips": "joint surplus of linking A",
    "critical_delta_london_washington": "threshold of London, T,R,K|A",
    "critical_delta_military_release_washington": "threshold of military release, T,R,K|A",
    "critical_delta_chips_for_magnets_beijing": "threshold of chips for magnets, T,R,K,A",
}
SHOWN = ("T,R,K,A", "T,R,K|A", "T,K,A|R", "T,K|R|A", "T|R,K|A", "T|R|K|A")


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiments `ensemble_linkage`, `sensitivity` and `rationalise`."""
    _claims(stored, numbers)
    _closures(stored, numbers)
    _agreements(stored, numbers)
    _indices(stored, numbers)
    _regions(stored, numbers)


def _claims(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("ensemble_linkage", SHARES)
    rows = stored.table("ensemble_linkage", SHARES, ensemble="prior")
    numbers.count("prior.draws", rows[0]["points"] if rows else None, source)
    table = []
    for claim, words in CLAIMS.items():
        every = _row(rows, claim, "all", None)
        numbers.put(f"prior.{claim}.all", percent(every.get("share")), source, "share of draws")
        numbers.put(f"prior.{claim}.low", percent(every.get("low")), source, "share of draws")
        numbers.put(f"prior.{claim}.high", percent(every.get("high")), source, "share of draws")
        cells = [f"{_whole(every)} ({_spread(every)})"]
        for label, short in CLASSES.items():
            own = _row(rows, claim, "withholding", label)
            numbers.put(f"prior.{claim}.{short}", percent(own.get("share")), source, "share of draws")
            cells.append(_whole(own))
        cells += [_whole(_row(rows, claim, "security ratio b", label)) for label in _classes(rows, "security ratio b")]
        table.append([words, *cells])
    bands = [BANDS.get(label, label) for label in _classes(rows, "security ratio b")]
    numbers.table("claims", ["claim", "all draws (95 %)", "costs China", "pays China", *bands], table, source)
    patient = stored.table("ensemble_linkage", SHARES, ensemble="own", split="all")
    numbers.count("own.draws", patient[0]["points"] if patient else None, source)
    for line in patient:
        numbers.put(f"own.{line['claim']}.all", percent(line["share"]), source, "share of draws")


def _closures(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("ensemble_linkage", SHARES)
    rows = stored.table("ensemble_linkage", SHARES, ensemble="prior", split="closure")
    closures = list(dict.fromkeys(row["class"] for row in rows))
    table = [[words, *(_whole(_row(rows, claim, "closure", closure)) for closure in closures)] for claim, words in CLAIMS.items()]
    numbers.table("closures", ["claim", *closures], table, source)
    for closure in ("own income", "balanced", "world share"):
        own = _row(rows, "rollback_is_a_us_concession", "closure", closure)
        numbers.put(f"closure.{closure}.rollback_is_a_us_concession", percent(own.get("share")), source, "share of draws")


def _agreements(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("ensemble_linkage", AGREEMENTS)
    rows = stored.table("ensemble_linkage", AGREEMENTS, ensemble="prior")
    partitions = [name for name in SHOWN if any(row["partition"] == name for row in rows)]
    names = list(dict.fromkeys(row["agreement"] for row in rows))
    table = []
    for partition in SHOWN:
        for name in ("london", "rollback", "military_release", "chips_for_magnets", "grand_bargain"):
            row = next((row for row in rows if row["partition"] == partition and row["agreement"] == name), {})
            numbers.put(f"agreement.{partition}.{name}", percent(row.get("share")), source, "share of draws")
            numbers.real(f"agreement.{partition}.{name}.median", row.get("critical_delta_q50"), source, 3)
    for partition in partitions:
        cells = []
        for name in names:
            row = next(row for row in rows if row["partition"] == partition and row["agreement"] == name)
            middle = row.get("critical_delta_q50")
            cells.append(f"{_whole(row)} ({ABSENT if middle is None else 'never' if middle == float('inf') else decimal(middle, 2)})")
        table.append([partition, *cells])
    numbers.table("agreements", ["partition", *(name.replace("_", " ") for name in names)], table, source)


def _indices(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("sensitivity", INDICES)
    rows = stored.table("sensitivity", INDICES)
    for output in OUTPUTS:
        own = sorted((row for row in rows if row["output"] == output and row["total"] is not None), key=lambda row: -row["total"])
        for k, rank in enumerate(("first", "second")):
            row = own[k] if len(own) > k else {}
            numbers.put(f"index.{output}.{rank}", in_words(row["parameter"]) if row else None, source)
            numbers.real(f"index.{output}.{rank}.total", row.get("total"), source, 2, "estimated share of variance")
    numbers.count("index.points", next((row["points"] for row in rows), None), source)


def _regions(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("rationalise", REGIONS)
    rows = stored.table("rationalise", REGIONS)
    wanted = (*SHOWN, "some partition", "every partition")
    share = {(row["pattern"], row["partition"]): row["share"] for row in rows}
    for pattern in ("sustained", "nothing_better_is"):
        for partition in wanted:
            numbers.put(f"region.{pattern}.{partition}", percent(share.get((pattern, partition))), source, "share of draws")
    table = []
    for partition in (name for name in wanted if any(row["partition"] == name for row in rows)):
        cells = (percent(share.get((pattern, partition))) or ABSENT for pattern in ("sustained", "nothing_better_is"))
        table.append([str(partition), *cells])
    numbers.table("regions", ["partition", "London is sustained", "and none of the larger deals is"], table, source)


def _row(rows: Sequence[Row], claim: str, split: str, label: str | None) -> Row:
    return next((row for row in rows if row["claim"] == claim and row["split"] == split and row["class"] == label), {})


def _classes(rows: Sequence[Row], split: str) -> list[str]:
    return list(dict.fromkeys(str(row["class"]) for row in rows if row["split"] == split))


def _whole(row: Row) -> str:
    return percent(row.get("share"), 0) or ABSENT


def _spread(row: Row) -> str:
    if not row or row["low"] is None:
        return ABSENT
    return f"{decimal(100 * row['low'], 0)}–{decimal(100 * row['high'], 0)}"
