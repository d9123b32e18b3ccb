"""What the paper says of games with states: truce, licence, court, leverage."""

from collections.abc import Sequence

from bargaining.paper.numbers import ABSENT, Numbers, decimal, percent
from bargaining.paper.stored import Stored
from bargaining.report.answers import before_the_draw, longer_pays, longest, proven
from bargaining.report.source import ReportError
from bargaining.store import Row, groups

KAPPA = 0.3  # the hazard of a strike at which every profile looks
NEARLY_NOTHING = 0.05  # a change below this share of another is called nearly worthless beside it


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
    proven_up_to = stored.table("truce", run="longest", delta=0.9, verdict="sustained")
    if not proven_up_to:
        raise ReportError(f"{source}: run 'longest' has no proven length at δ = 0.9, which the paper says")
    numbers.count("truce.example", max(round(row["high"]) for row in proven_up_to), source)
    by_risk = {
        risk: [(length, _best(own)) for row, length, own in lengths if row["risk_at_expiry_share"] == risk and length] for risk in (0, 1)
    }
    for risk, words in ((0, "spread"), (1, "expiry")):
        numbers.count(f"truce.{words}.settings", len(by_risk[risk]) or None, source)
        numbers.count(
            f"truce.{words}.longest_is_best", sum(length == top for length, top in by_risk[risk]) if by_risk[risk] else None, source
        )
    evenly = by_risk[0]
    numbers.count("truce.spread.one_is_best", sum(top == 1 for _, top in evenly) if evenly else None, source)
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
    settled = [key for key, held in with_one.items() if held is not None and with_two.get(key) is not None]
    helps = any(with_two[key] and not with_one[key] for key in settled)
    numbers.flag("licence.surges.longer_helps", helps if settled else None, source)
    _shocks(stored, numbers, source)
    free = [row for row in stored.table("licence", plan="licences") if row["run"] == "revocable"]
    apart = {(row["delta"], row["licence_periods"]): row["sustained"] for row in free}
    one = {row["delta"]: row["sustained"] for row in rows if row["licence_periods"] == 1}
    same = all(held == one.get(delta) for (delta, _), held in apart.items()) if apart else None
    numbers.flag("licence.revocable_as_one_period", same, source)


def _shocks(stored: Stored, numbers: Numbers, source: str) -> None:
    """Surges that tempt China alone, after a refusal that need not stand: from which size of them do longer licences pay?"""
    rows = [row for row in stored.table("licence", run="shocks") if row["surge_ratio"] > 1]
    pays = longer_pays(before_the_draw(rows))
    # The deal without longer licences, whatever is drawn.
    single = groups((row for row in rows if row["plan"] == "licences" and row["licence_periods"] == 1), ["delta", "surge_ratio"])
    whole = {key: all(row["sustained"] is True for row in own) for key, own in single.items()}
    numbers.count("licence.shocks.settings", len(pays) or None, source)
    numbers.count("licence.shocks.pays", sum(pays.values()) if pays else None, source)
    numbers.count(
        "licence.shocks.pays_below", sum(better and whole.get(key, False) for key, better in pays.items()) if pays else None, source
    )
    exact = stored.table("licence", run="threshold", delta=0.8, verdict="sustained")
    numbers.real("licence.shocks.threshold", max((row["high"] for row in exact), default=None), source, 2, "times the calm temptation")


def _court(stored: Stored, numbers: Numbers) -> None:
    source = stored.source("court")
    rows = stored.table("court", state="authority")
    at = [row for row in rows if row["strike_hazard_share"] == KAPPA and row["plan"] == "truce"]
    numbers.real("court.kappa", KAPPA, source, 1)
    changes: dict[str, float] = {}
    for run in ("fallback", "bridge", "prepared"):
        own = sorted((row for row in at if row["run"] == run and proven(row)), key=lambda row: row["restoration_share"])
        without = next((row for row in own if row["restoration_share"] == 0), None)
        sure = own[-1] if without is not None and len(own) > 1 else None
        for name in ("bargain_us", "bargain_cn"):
            change = None if sure is None or without is None else sure[name] - without[name]
            changes |= {} if change is None else {f"{run}.{name}": change}
            if (run, name) != ("prepared", "bargain_cn") and run != "bridge":
                numbers.real(f"court.{run}.{name}", change, source, 2, "illustrative units per 90 days", sign=True)
        if run == "fallback":
            numbers.real(
                f"court.{run}.bargain_us.without",
                None if without is None else without["bargain_us"],
                source,
                2,
                "illustrative units per 90 days",
            )
            _early(numbers, own, changes.get("fallback.bargain_us"), source)
        if run != "prepared":
            held = [row["restoration_share"] for row in own if row["sustained"]]
            numbers.real(f"court.{run}.holds_from", min(held, default=None), source, 2, "restoration share per 90 days")
    both = [changes.get(f"{run}.bargain_us") for run in ("prepared", "fallback")]
    little = None if both[0] is None or both[1] is None else abs(both[0]) <= NEARLY_NOTHING * abs(both[1])
    numbers.flag("court.prepared_makes_speed_worthless", little, source)
    least = stored.table("court", run="least_fallback", strike_hazard_share=KAPPA, verdict="sustained")
    numbers.real("court.least_everywhere", min((row["low"] for row in least), default=None), source, 3, "restoration share per 90 days")


def _early(numbers: Numbers, own: Sequence[Row], gain: float | None, source: str) -> None:
    """How much of what a sure fallback is worth to the U.S. is there at the least speed at which the truce holds."""
    first = next((row for row in own if row["sustained"] and row["restoration_share"] > 0), None)
    share = None if first is None or not gain else (first["bargain_us"] - own[0]["bargain_us"]) / gain
    numbers.put("court.fallback.early_share", percent(share), source, "of the value to the U.S. of a sure fallback")
    numbers.flag("court.fallback.early_is_most", None if share is None else share > 0.5, source)


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
    # A setting is one game, at the state that play starts in: `stocks` has one, which several of its states tell of.
    start = rows[:1] and [row for row in rows if row["state"] == rows[0]["state"]]
    moving = [row for row in stored.table("leverage") if row["run"] in ("wear", "drift")]
    plans = [row for row in (*start, *moving) if row["plan"] == "exchange" and row["sustained"] is not None]
    numbers.count("leverage.exchange.settings", len(plans), source)
    numbers.count("leverage.exchange.sustained", sum(row["sustained"] is True for row in plans), source)
    for run in ("wear", "drift"):
        own = [row for row in moving if row["run"] == run and row["plan"] == "exchange" and proven(row)]
        numbers.count(f"leverage.{run}.settings", len(own), source)
        numbers.count(f"leverage.{run}.more_than_a_point", sum(_spreads(row) for row in own), source)
    still = next((row for row in start if row["plan"] == "exchange" and proven(row)), None)
    numbers.flag("leverage.still.more_than_a_point", None if still is None else _spreads(still), source)


def _spreads(row: Row) -> bool:
    """Whether a set is more than one point, in either side's payoff."""
    return any(row[f"best_{side}"] - row[f"worst_{side}"] > 1e-3 for side in ("us", "cn"))
