"""What the rows of a run with states answer, in sentences: for the terminal, from rows alone."""

from collections.abc import Callable, Iterator, Sequence

from bargaining.store import Row

Key = tuple[object, ...]


def proven(row: Row) -> bool:
    """Whether a row's payoffs are proven."""
    return row["status"] in ("solved", "empty")


def groups(rows: Sequence[Row], names: Sequence[str]) -> dict[Key, list[Row]]:
    """Rows by the values of some columns, in order of appearance."""
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row.get(name) for name in names), []).append(row)
    return found


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
    if short:
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
        where = ", ".join(f"{name} {value:g}" for name, value in zip(others, key, strict=True) if isinstance(value, (int, float)))
        changes = "; ".join(
            f"{who} {high[f'bargain_{tag}'] - low[f'bargain_{tag}']:+.2f} (worst {high[f'worst_{tag}'] - low[f'worst_{tag}']:+.2f})"
            for who, tag in (("U.S.", "us"), ("China", "cn"))
        )
        yield f"The fallback, φ from {low['restoration_share']:g} to {high['restoration_share']:g}, with {where}: {changes} in {first!r}"


def _licence(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    if set(swept) != {"licence_periods", "delta"}:
        return
    plan = rows[0]["plan"]
    for (length,), own in groups([row for row in rows if row["plan"] == plan], ["licence_periods"]).items():
        held = [row["delta"] for row in own if row["sustained"]]
        least = f"from δ = {min(held):g} on, of the values looked at" if held else "at no δ looked at"
        yield f"With licences of {length} period{'s' * (length != 1)} the plan {plan!r} holds {least}"


def _leverage(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
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
