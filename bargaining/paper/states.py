"""What the paper says of games with states: truce, licence, court, leverage."""

from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.answers import groups, longest, proven
from bargaining.store import Row

KAPPA = 0.3  # the hazard of a strike at which every profile looks


def collect(stored: Stored, numbers: Numbers) -> None:
    """Numbers and tables of the experiments `truce`, `licence`, `court` and `leverage`."""
    _truce(stored, numbers)
    _licence(stored, numbers)
    _court(stored, numbers)
    _leverage(stored, numbers)


def _truce(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("truce")
    rows = stored.table("truce", run="length")
    lengths: list[tuple[Row, int | None, list[Row]]] = []
    for own in groups(rows, ["delta", "risk_at_expiry_share", "lapse_risk_share"]).values():
        lengths.append((own[0], longest(own), own))
    known = [length for _, length, _ in lengths if length is not None]
    numbers.count("truce.settings", len(lengths), source)
    numbers.count("truce.least", min(known, default=None), source)
    numbers.count("truce.most", max(known, default=None), source)
    numbers.count("truce.longest_tried", max((row["tranche_periods"] for row in rows), default=None), source)
    # The proven limit between the lengths of the grid, if it was looked for, else the longest of the grid.
    exact = [
        round(row["high"])
        for row in stored.table("truce")
        if (row["run"], row["delta"], row.get("verdict")) == ("longest", 0.9, "sustained")
    ]
    at = [length for row, length, _ in lengths if (row["delta"], row["risk_at_expiry_share"], row["lapse_risk_share"]) == (0.9, 1, 0.1)]
    numbers.count("truce.example", max(exact, default=at[0] if at else None), source)
    best = [(length, _best(own)) for _, length, own in lengths if length and _best(own)]
    numbers.count("truce.longest_is_best", sum(length == top for length, top in best), source)
    numbers.count("truce.one_period_is_best", sum(top == 1 for _, top in best), source)
    numbers.count("truce.decided", len(best), source)
    by_risk = {
        risk: [(length, _best(own)) for row, length, own in lengths if row["risk_at_expiry_share"] == risk and length] for risk in (0, 1)
    }
    for risk, words in ((0, "spread"), (1, "expiry")):
        numbers.count(f"truce.{words}.settings", len(by_risk[risk]) or None, source)
        numbers.count(
            f"truce.{words}.longest_is_best", sum(length == top for length, top in by_risk[risk]) if by_risk[risk] else None, source
        )
        numbers.count(f"truce.{words}.one_is_best", sum(top == 1 for _, top in by_risk[risk]) if by_risk[risk] else None, source)
    losses = [_loss(own) for _, _, own in lengths]
    numbers.put("truce.loss_of_one", percent(max((loss for loss in losses if loss is not None), default=None)), source, "of the value")
    permanent = stored.table("truce", run="permanent")
    numbers.count("truce.permanent.settings", len(permanent), source)
    numbers.count("truce.permanent.sustained", sum(row["sustained"] is True for row in permanent), source)


def _values(own: Sequence[Row]) -> dict[int, float]:
    """Length -> joint value of the plan, of the tranches that enforce themselves."""
    return {row["tranche_periods"]: row["plan_us"] + row["plan_cn"] for row in own if row["sustained"]}


def _best(own: Sequence[Row]) -> int | None:
    """The shortest of the self-enforcing tranches with the largest value."""
    values = _values(own)
    top = max(values.values(), default=None)
    return None if top is None else min(length for length, value in values.items() if value >= top - 1e-9 * abs(top))


def _loss(own: Sequence[Row]) -> float | None:
    values = _values(own)
    return (max(values.values()) - values[1]) / abs(max(values.values())) if 1 in values else None


def _licence(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("licence")
    rows = stored.table("licence", run="length", plan="licences")
    table = []
    for (length,), own in groups(rows, ["licence_periods"]).items():
        held, failed = [row["delta"] for row in own if row["sustained"]], [row["delta"] for row in own if row["sustained"] is False]
        table.append([str(length), decimal(max(failed), 2) if failed else ABSENT, decimal(min(held), 2) if held else "none"])
    numbers.table("licence", ["licence, periods", "fails up to δ =", "holds from δ ="], table, source)
    for length in (1, 2):
        held = [row["delta"] for row in rows if row["licence_periods"] == length and row["sustained"]]
        numbers.real(f"licence.{length}.from", min(held, default=None), source, 2, "discount factor per 90 days")
    surges = [row for row in stored.table("licence", run="surges", plan="licences") if row["surge_ratio"] > 1]
    with_one = {(row["delta"], row["surge_ratio"]): row["sustained"] for row in surges if row["licence_periods"] == 1}
    with_two = {(row["delta"], row["surge_ratio"]): row["sustained"] for row in surges if row["licence_periods"] == 2}
    numbers.count("licence.surges.settings", len(with_one), source)
    numbers.count("licence.surges.rescued", sum(with_two.get(key) is True and held is False for key, held in with_one.items()), source)
    numbers.count("licence.surges.broken", sum(with_two.get(key) is False and held is True for key, held in with_one.items()), source)
    _shocks(stored, numbers, source)
    free = [row for row in stored.table("licence", plan="licences") if row["run"] == "revocable"]
    apart = {(row["delta"], row["licence_periods"]): row["sustained"] for row in free}
    one = {row["delta"]: row["sustained"] for row in rows if row["licence_periods"] == 1}
    same = all(held == one.get(delta) for (delta, _), held in apart.items()) if apart else None
    numbers.flag("licence.revocable_as_one_period", same, source)


def _shocks(stored: Stored, numbers: Numbers, source: str) -> None:
    """Surges that tempt China alone, after a refusal that need not stand: from which size of them do longer licences pay?"""
    rows = [row for row in stored.table("licence", run="shocks", state="renewal, calm") if row["surge_ratio"] > 1 and proven(row)]
    pays, whole = 0, 0
    settings = groups(rows, ["delta", "surge_ratio"])
    for own in settings.values():
        value: dict[int, float] = {
            int(str(length)): max((row["plan_us"] + row["plan_cn"] for row in mine if row["sustained"]), default=0.0)
            for (length,), mine in groups(own, ["licence_periods"]).items()
        }
        longer = max((each for length, each in value.items() if length > 1), default=0.0)
        better = longer > value.get(1, 0.0) + 1e-9
        pays += better
        whole += better and any(row["plan"] == "licences" and row["licence_periods"] == 1 and row["sustained"] for row in own)
    numbers.count("licence.shocks.settings", len(settings) or None, source)
    numbers.count("licence.shocks.pays", pays if settings else None, source)
    numbers.count("licence.shocks.pays_below", whole if settings else None, source)
    exact = stored.table("licence", run="threshold", delta=0.8, verdict="sustained")
    numbers.real("licence.shocks.threshold", max((row["high"] for row in exact), default=None), source, 2, "times the calm temptation")


def _court(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("court")
    rows = stored.table("court", state="authority")
    at = [row for row in rows if row["strike_hazard_share"] == KAPPA and row["plan"] == "truce"]
    numbers.real("court.kappa", KAPPA, source, 1)
    for run in ("fallback", "bridge", "prepared"):
        own = sorted((row for row in at if row["run"] == run and proven(row)), key=lambda row: row["restoration_share"])
        low, high = (own[0], own[-1]) if len(own) > 1 else ({}, {})
        for name in ("bargain_us", "bargain_cn", "worst_us", "worst_cn", "joint_surplus"):
            change = high[name] - low[name] if low else None
            numbers.real(f"court.{run}.{name}", change, source, 2, "illustrative units per 90 days", sign=True)
            numbers.real(f"court.{run}.{name}.without", low.get(name), source, 2, "illustrative units per 90 days")
        held = [row["restoration_share"] for row in own if row["sustained"]]
        failed = [row["restoration_share"] for row in own if row["sustained"] is False]
        numbers.real(f"court.{run}.holds_from", min(held, default=None), source, 2, "restoration share per 90 days")
        numbers.flag(f"court.{run}.fails_somewhere", bool(failed) if own else None, source)
    least = stored.table("court", run="least_fallback", strike_hazard_share=KAPPA, verdict="sustained")
    numbers.real("court.least_everywhere", min((row["low"] for row in least), default=None), source, 3, "restoration share per 90 days")
    armed = [row for row in rows if row["run"] == "fallback" and row["strike_hazard_share"] == KAPPA and row["restoration_share"] == 0]
    held_until = next((row["sustained"] for row in armed if row["plan"] == "while_armed"), None)
    numbers.flag("court.while_armed_without_fallback", held_until, source)


def _leverage(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("leverage")
    rows = stored.table("leverage", run="stocks")
    by_state = {state: own for (state,), own in groups(rows, ["state"]).items()}
    table = []
    for state, own in by_state.items():
        first = own[0]
        held = [row["plan"].replace("_", " ") for row in own if row["sustained"]]
        cells = [decimal(first[name]) if proven(first) else ABSENT for name in ("worst_us", "best_us", "worst_cn", "best_cn")]
        table.append([str(state), *cells, ", ".join(held) or "none"])
    numbers.table(
        "leverage", ["stocks of substitutes", "U.S. worst", "U.S. best", "China worst", "China best", "plans that hold"], table, source
    )
    stylised = [row for row in stored.table("leverage") if row["run"] in ("stocks", "wear", "drift")]
    plans = [row for row in stylised if row["plan"] == "exchange" and row["sustained"] is not None]
    numbers.count("leverage.exchange.settings", len(plans), source)
    numbers.count("leverage.exchange.sustained", sum(row["sustained"] is True for row in plans), source)
    slow = [row for row in stored.table("leverage", run="wear") if row["plan"] == "london"]
    points = [row["best_us"] - row["worst_us"] > 1e-3 for row in slow if proven(row)]
    numbers.count("leverage.wear.settings", len(points), source)
    numbers.count("leverage.wear.more_than_controls", sum(points), source)
    drift = [row for row in stylised if row["run"] == "drift" and row["plan"] == "exchange"]
    flat = [abs(row["best_us"] - row["worst_us"]) < 1e-3 for row in drift if proven(row)]
    numbers.flag("leverage.drift.only_controls", all(flat) if flat else None, source)
