"""What the rows of a run with states answer, in sentences: for the terminal, from rows alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bargaining.report.motion import sentences
from bargaining.store import Row, groups


def proven(row: Row) -> bool:
    """Whether a row's payoffs are proven."""
    return row["status"] in ("solved", "empty")


def longest(rows: Sequence[Row]) -> int | None:
    """The longest tranche, of those looked at, that enforces itself; 0 if none does, None if a longer one is not settled.

    Examples
    --------
    >>> row = {"plan": "truce", "status": "solved"}
    >>> longest([{**row, "tranche_periods": n, "sustained": n <= 4} for n in (1, 2, 4, 8)])
    4
    """
    best = 0
    for row in sorted(rows, key=lambda each: each["tranche_periods"]):
        if row["sustained"]:
            best = row["tranche_periods"]
    open_ones = [row["tranche_periods"] for row in rows if row["sustained"] is None and row["tranche_periods"] > best]
    return None if open_ones else best


def answers(scenario: str, swept: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Sentences that answer a run's question; none if nothing can be said."""
    tell = _TELLERS.get(scenario)
    kinds = [row for row in rows if row.get("kind")]
    if kinds:
        return sentences(kinds, swept)
    told = [row for row in rows if row.get("plan")]
    return list(tell(swept, told)) if tell is not None and told else []


def _truce(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    if "tranche_periods" not in swept:
        if rows[0]["calibration"] and any(row["sustained"] for row in rows):
            yield "A permanent lock enforces itself at some of the points"
        else:
            yield "A permanent lock, without renewals, enforces itself at no point"
        return
    others = [name for name in swept if name != "tranche_periods"]
    rows = [row for row in rows if isinstance(row["tranche_periods"], int)]
    found = {key: (longest(own), own) for key, own in groups(rows, others).items()}
    known = [length for length, _ in found.values() if length is not None]
    if known:
        yield f"The longest tranche that enforces itself, N*, runs from {min(known)} to {max(known)} periods over {len(found)} settings"
    short, longer = [], 0
    for length, own in found.values():
        value = {row["tranche_periods"]: row["plan_us"] + row["plan_cn"] for row in own if row["sustained"]}
        if length and 1 in value:
            short.append((max(value.values()) - value[1]) / abs(max(value.values())))
            longer += value[length] > value[1]
    # Payoffs in dollars are relative to the London agreement: no shares of them.
    if short and rows[0]["calibration"] == "stylised":
        yield (
            f"A tranche of one period loses up to {100 * max(short):.1f} % of the value of the best one; a longer one is better in "
            f"{longer} of {len(short)} settings"
        )


def _court(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    if "restoration_share" not in swept:
        return
    others = [name for name in swept if name != "restoration_share"]
    first = rows[0]["state"]
    mine = [row for row in rows if row["state"] == first and row["plan"] == rows[0]["plan"]]
    for key, own in groups(mine, others).items():
        ends = sorted((row for row in own if proven(row)), key=lambda row: row["restoration_share"])
        if len(ends) < 2:
            continue
        low, high = ends[0], ends[-1]
        named = ", ".join(f"{name} {value:g}" for name, value in zip(others, key, strict=True) if isinstance(value, (int, float)))
        where = f", with {named}" if named else ""
        changes = "; ".join(
            f"{who} {high[f'bargain_{tag}'] - low[f'bargain_{tag}']:+.2f} (worst {high[f'worst_{tag}'] - low[f'worst_{tag}']:+.2f})"
            for who, tag in (("U.S.", "us"), ("China", "cn"))
        )
        yield f"The fallback, φ from {low['restoration_share']:g} to {high['restoration_share']:g}{where}: {changes} in {first!r}"


def _licence(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    if {"surge_ratio", "surge_probability_share", "licence_periods"} <= set(swept):
        yield from _shocks(rows)
    if set(swept) != {"licence_periods", "delta"}:
        return
    plan = rows[0]["plan"]
    for (length,), own in groups([row for row in rows if row["plan"] == plan], ["licence_periods"]).items():
        held = [row["delta"] for row in own if row["sustained"]]
        least = f"from δ = {min(held):g} on, of the values looked at" if held else "at no δ looked at"
        yield f"With licences of {length} period{'s' * (length != 1)} the plan {plan!r} holds {least}"


def before_the_draw(rows: Sequence[Row]) -> dict[tuple[float, float, float], float]:
    """What both sides get together by the best plan that holds, before calm or surge is drawn at a renewal: by δ, surge and length.

    A plan counts if it is proven to hold from both; a setting in which one is not settled and would be better is left out.
    """
    found = {}
    for key, own in groups(rows, ["delta", "surge_ratio", "licence_periods"]).items():
        worth: list[tuple[float, bool | None]] = []
        for _, mine in groups(own, ["plan"]).items():
            of = {row["state"].rsplit(", ", 1)[-1]: row for row in mine}
            if set(of) != {"calm", "surge"}:
                continue
            share = own[0]["surge_probability_share"]
            value = sum(weight * (of[name]["plan_us"] + of[name]["plan_cn"]) for name, weight in (("calm", 1 - share), ("surge", share)))
            holds = {of["calm"]["sustained"], of["surge"]["sustained"]}
            worth.append((value, False if False in holds else None if None in holds else True))
        best = max((value for value, holds in worth if holds), default=0.0)
        if not any(holds is None and value > best for value, holds in worth):
            found[key] = best
    return found


def longer_pays(value: Mapping[tuple[float, float, float], float]) -> dict[tuple[float, float], bool]:
    """Whether some licence longer than a period is worth more than one of a single period, by δ and surge, from `before_the_draw`.

    A surge at which the single period, or every longer licence, is not settled is left out.
    """
    found = {}
    for delta, size in dict.fromkeys((key[0], key[1]) for key in value):
        own = {key[2]: both for key, both in value.items() if key[:2] == (delta, size)}
        if 1 in own and len(own) > 1:
            found[delta, size] = max(both for length, both in own.items() if length > 1) > own[1] + 1e-9
    return found


def _shocks(rows: Sequence[Row]) -> Iterator[str]:
    value = before_the_draw(rows)
    worth = longer_pays(value)
    share = rows[0]["surge_probability_share"]
    for delta in sorted({key[0] for key in value}):
        sizes = sorted({key[1] for key in value if key[0] == delta})
        pays = [size for size in sizes if worth.get((delta, size))]
        if not pays:
            yield f"At δ = {delta:g} licences longer than a period pay at no size of a surge looked at"
            continue
        below = max((size for size in sizes if size < pays[0]), default=pays[0])
        low, high = (share * (1 - share) * (size - 1) ** 2 for size in (below, pays[0]))
        lengths = {k[2]: value[k] for k in value if k[:2] == (delta, pays[-1])}
        longer = ", ".join(f"{length:g} periods {both:.2f}" for length, both in lengths.items())
        yield (
            f"At δ = {delta:g} licences pay from a surge between {below:g} and {pays[0]:g} times the temptation in calm on: variance "
            f"{low:.3g} to {high:.3g} in squares of that temptation; both together get, by length, {longer}"
        )


def _intermittent(rows: Sequence[Row], others: Sequence[str]) -> Iterator[str]:
    plan = rows[0]["plan"]
    some, none, most = 0, 0, 0
    cases = groups([row for row in rows if row["plan"] == plan], others)
    for own in cases.values():
        held = {row["on_periods"]: row["plan_cn"] for row in own if row["sustained"]}
        if not held:
            continue
        best = max(held, key=lambda on: held[on])
        some += 0 < best < max(row["on_periods"] for row in own)
        none += best == 0
        most += best == max(row["on_periods"] for row in own)
    yield (
        f"Of {len(cases)} settings China does best, of the calendars of {plan.replace('_', ' ')!r} that hold, with withholding in "
        f"some periods of the cycle in {some}, in none in {none}, in all in {most}"
    )
    for key, own in cases.items():
        told = zip(others, key, strict=True)
        where = ", ".join(f"{name.removesuffix('_share').replace('_', ' ')} {value:g}" for name, value in told)
        kept = [row for row in own if row["sustained"]]
        if kept:
            best = max(kept, key=lambda row: row["plan_cn"])
            zero = next((row["plan_cn"] for row in own if row["on_periods"] == 0), float("nan"))
            top = max(row["on_periods"] for row in kept)
            yield (
                f"{where}: best {best['on_periods']} on, China {best['plan_cn']:.2f} against {zero:.2f} without; it holds up to {top} on"
            )


def _leverage(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    if "on_periods" in swept:
        yield from _intermittent(rows, [name for name in swept if name != "on_periods"])
    if swept:
        return
    by_state = {row["state"]: row for row in rows if proven(row)}
    first = next(iter(by_state.values()), None)
    for state, row in by_state.items():
        if first is not None and row is not first:
            yield (
                f"In {state!r} the U.S. worst payoff is {row['worst_us'] - first['worst_us']:+.2f} and China's "
                f"{row['worst_cn'] - first['worst_cn']:+.2f} against {first['state']!r}"
            )


_TELLERS: dict[str, Callable[[Sequence[str], Sequence[Row]], Iterator[str]]] = {
    "truce": _truce,
    "court": _court,
    "licence": _licence,
    "leverage": _leverage,
}
