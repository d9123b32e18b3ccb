"""What the paper says of the linkage lattices: thresholds, payoffs, and what each link changes."""

from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.scenarios import scenario
from bargaining.store import MANIFEST, Row, groups

PARTITIONS = {
    "briefing": ("T,R,C", "T|R,C", "T,R|C", "T,C|R", "T|R|C"),
    "standoff": ("T,R,K,A", "T,R,K|A", "T,K,A|R", "T,K|R|A", "T|R,K|A", "T|R|K|A"),
}
CALIBRATIONS = {"briefing": ("central",), "standoff": ("quiet", "central", "political", "strategic")}
UNITS = {"briefing": "illustrative units per 90 days", "standoff": "$bn per 90 days"}
PAYOFFS = ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")
# Name of a link -> run, partition without it, partition with it.
LINKS = {
    "rare_earths": ("standoff", "T,K|R|A", "T,R,K|A"),
    "chips": ("standoff", "T,R,K|A", "T,R,K,A"),
    "stylised_chips": ("briefing", "T,R|C", "T,R,C"),
    "stylised_rare_earths": ("briefing", "T|R|C", "T,R|C"),
}
MOVED = 0.05  # a payoff that moves by less than this is called unmoved in the text


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiment `linkage`."""
    source = stored.source("linkage")
    rows = stored.table("linkage")
    for run, calibrations in CALIBRATIONS.items():
        story = scenario(run)
        for calibration in calibrations:
            own = [row for row in rows if row["run"] == run and row["calibration"] == calibration]
            for partition in PARTITIONS[run]:
                _partition(numbers, f"{run}.{calibration}.{partition}", own, partition, run, source)
                for agreement in story.agreements:
                    _agreement(numbers, f"{run}.{calibration}.{partition}.{agreement}", own, partition, agreement, source)
    for link, (run, before, after) in LINKS.items():
        for calibration in CALIBRATIONS[run]:
            own = [row for row in rows if row["run"] == run and row["calibration"] == calibration]
            _link(numbers, f"link.{link}.{calibration}", own, before, after, UNITS[run], source)
    _counts(numbers, rows, source)
    _renegotiated(numbers, [row for row in rows if row["run"] == "standoff" and row["sustained"]], source)
    _china_weight(numbers, stored.table("linkage", run="china_weight"), source)
    _phase(numbers, [row for row in rows if row["run"] == "phase"], source)
    _bounds(stored, numbers)
    for run, calibration in (("briefing", "central"), ("standoff", "central")):
        _lattice_table(numbers, run, [row for row in rows if row["run"] == run and row["calibration"] == calibration], source)
    _calibrations_table(numbers, rows, source)


def _first(rows: Sequence[Row], **match: object) -> Row:
    return next((row for row in rows if all(row.get(key) == value for key, value in match.items())), {})


def threshold(row: Row) -> str | None:
    """Least common patience of a row in a word or three decimals; a question mark where it is not proven."""
    if not row:
        return None
    proven = "" if row["status"] in ("solved", "empty") else "?"
    return (decimal(row["critical_delta"], 3) if row["verdict"] == "patience" else str(row["verdict"])) + proven


def _partition(numbers: Numbers, key: str, own: Sequence[Row], partition: str, run: str, source: str) -> None:
    row = _first(own, partition=partition)
    for name in (*PAYOFFS, "best_stationary_surplus", "bargain_us", "bargain_cn"):
        numbers.real(f"{key}.{name}", row.get(name), source, unit=UNITS[run])
    best = row.get("best_stationary")
    numbers.put(f"{key}.best_stationary", None if best is None else str(best).replace("_", " "), source)


def _agreement(numbers: Numbers, key: str, own: Sequence[Row], partition: str, agreement: str, source: str) -> None:
    row = _first(own, partition=partition, agreement=agreement)
    numbers.put(f"{key}.delta", threshold(row), source, "least common discount factor per 90 days")
    numbers.flag(f"{key}.sustained", row.get("sustained") if row else None, source)
    numbers.flag(f"{key}.voluntary", row.get("voluntary") if row else None, source)


def _link(numbers: Numbers, key: str, own: Sequence[Row], before: str, after: str, unit: str, source: str) -> None:
    """How far each payoff moves when a link is added, and in which direction."""
    old, new = _first(own, partition=before), _first(own, partition=after)
    for name in PAYOFFS:
        change = new[name] - old[name] if old and new and None not in (old[name], new[name]) else None
        numbers.real(f"{key}.{name}", change, source, unit=unit, sign=True)
        word = None if change is None else ("unmoved" if abs(change) < MOVED else ("raised" if change > 0 else "lowered"))
        numbers.put(f"{key}.{name}.moves", word, source)


def _counts(numbers: Numbers, rows: Sequence[Row], source: str) -> None:
    lattice = [row for row in rows if row["agreement"] and row["run"] == "standoff"]
    held = [row for row in lattice if row["sustained"]]
    numbers.count("lattice.rows", len(lattice), source)
    numbers.count("lattice.sustained", len(held), source)
    numbers.count("lattice.extorted", sum(row["voluntary"] is False for row in held), source)
    failing = [row for row in lattice if row["sustained"] is False]
    numbers.count("lattice.failing", len(failing), source)
    numbers.count("lattice.failing_never", sum(row["verdict"] == "never" for row in failing), source)
    quiet = [row for row in lattice if row["calibration"] == "quiet" and row["agreement"] == "london"]
    numbers.flag("quiet.london_is_static_everywhere", all(row["verdict"] == "static" for row in quiet) if quiet else None, source)
    numbers.count("lattice.static", sum(row["verdict"] == "static" for row in lattice), source)
    london = [row for row in lattice if row["agreement"] == "london" and row["calibration"] == "central"]
    patient = [row["critical_delta"] for row in london if row["verdict"] == "patience"]
    numbers.real("central.london.least", min(patient, default=None), source, 3)
    numbers.real("central.london.most", max(patient, default=None), source, 3)
    numbers.real("central.delta_us", london[0]["delta_us"] if london else None, source, 3)
    numbers.real("central.delta_cn", london[0]["delta_cn"] if london else None, source, 3)


def _renegotiated(numbers: Numbers, held: Sequence[Row], source: str) -> None:
    """Of the sustained cells of the calibrated lattice, how many would not survive renegotiation, with payments and without."""
    numbers.count("renegotiation.contractual_fails", sum(row["survives_renegotiation"] is False for row in held), source)
    for calibration in CALIBRATIONS["standoff"]:
        own = [row for row in held if row["calibration"] == calibration]
        fails = sum(row["weakly_renegotiation_proof"] is False for row in own)
        numbers.count(f"renegotiation.{calibration}.held", len(own) if own else None, source)
        numbers.count(f"renegotiation.{calibration}.not_proof", fails if own else None, source)


def _china_weight(numbers: Numbers, rows: Sequence[Row], source: str) -> None:
    """What London needs, and the worst for Washington, as China's political weight goes to zero."""
    name = "political_weight_cn_usd_per_usd"
    weights = sorted({row[name] for row in rows})
    for key, at in (("zero", 0), ("central", 0.12)):
        for partition in ("T|R|K|A", "T,R,K|A"):
            row = _first(rows, partition=partition, agreement="london", **{name: at})
            numbers.put(f"china_weight.{key}.{partition}.london", threshold(row), source, "least common discount factor per 90 days")
    worst = [max(own) - min(own) for own in _by_partition(rows, "worst_us")]
    numbers.flag("china_weight.worst_us_unmoved", max(worst) < MOVED if len(weights) > 1 and worst else None, source)


def _by_partition(rows: Sequence[Row], column: str) -> list[list[float]]:
    return [[row[column] for row in own if row[column] is not None] for own in groups(rows, ["partition"]).values()]


def _phase(numbers: Numbers, rows: Sequence[Row], source: str) -> None:
    """Over the two parameters without a source: where linking chips leaves Washington's worst payoff, and where it gives China a prize."""
    _, before, after = LINKS["chips"]
    pairs = [{row["partition"]: row for row in own} for own in groups(rows, ["point"]).values()]
    steps = [(pair[before], pair[after]) for pair in pairs if before in pair and after in pair]
    told = [(old, new) for old, new in steps if None not in (old["worst_us"], new["worst_us"], old["best_cn"], new["best_cn"])]
    unmoved = [abs(new["worst_us"] - old["worst_us"]) < MOVED for old, new in told]
    prize = [new["best_cn"] - old["best_cn"] >= MOVED for old, new in told if old["curb_security_ratio"] > 1]
    numbers.put("phase.chips.no_threat", percent(sum(unmoved) / len(unmoved)) if unmoved else None, source, "share of points")
    numbers.put("phase.chips.prize", percent(sum(prize) / len(prize)) if prize else None, source, "share of points where b > 1")


def _bounds(stored: Stored, numbers: Numbers) -> None:
    bounds = stored.manifest("linkage").get("runs", {}).get("standoff", {}).get("bounds", {}).get("central", {})
    source = stored.source("linkage", MANIFEST)
    for name in ("withholding_threshold_busd", "b_joint_surplus", "b_coercion"):
        numbers.real(f"bound.{name}", bounds.get(name), source, unit="$bn per 90 days" if name.endswith("busd") else "ratio")


def _lattice_table(numbers: Numbers, run: str, own: Sequence[Row], source: str) -> None:
    story = scenario(run)
    told = {partition: stance for stance, partition in story.stances.items()}
    partitions = sorted(dict.fromkeys(row["partition"] for row in own), key=lambda name: name.count("|"))
    header = ["partition", "stance", *(name.replace("_", " ") for name in story.agreements)]
    header += ["U.S. worst", "U.S. best", "China worst", "China best"]
    rows = []
    for partition in partitions:
        first = _first(own, partition=partition)
        cells = []
        for agreement in story.agreements:
            row = _first(own, partition=partition, agreement=agreement)
            mark = "" if not row or row["sustained"] is False or row["voluntary"] is not False else "!"
            cells.append((threshold(row) or ABSENT) + mark)
        payoffs = [ABSENT if first[name] is None else decimal(first[name]) for name in ("worst_us", "best_us", "worst_cn", "best_cn")]
        rows.append([partition, told.get(partition, ""), *cells, *payoffs])
    numbers.table(f"lattice-{run}", header, rows, source)


def _calibrations_table(numbers: Numbers, rows: Sequence[Row], source: str) -> None:
    story = scenario("standoff")
    header = ["calibration", "partition", *(name.replace("_", " ") for name in story.agreements)]
    header += ["U.S. worst", "China worst", "China best", "surplus"]
    found = []
    for calibration in CALIBRATIONS["standoff"]:
        own = [row for row in rows if row["run"] == "standoff" and row["calibration"] == calibration]
        for partition in ("T,R,K,A", "T,R,K|A", "T,K,A|R", "T|R|K|A"):
            first = _first(own, partition=partition)
            if not first:
                continue
            cells = [threshold(_first(own, partition=partition, agreement=name)) or ABSENT for name in story.agreements]
            payoffs = (
                ABSENT if first[name] is None else decimal(first[name]) for name in ("worst_us", "worst_cn", "best_cn", "joint_surplus")
            )
            found.append([calibration, partition, *cells, *payoffs])
    numbers.table("calibrations", header, found, source)
