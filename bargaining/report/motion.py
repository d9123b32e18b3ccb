"""What drawn paths, blocks of issues and thresholds say, in sentences: from rows alone."""

from collections.abc import Iterator, Sequence

from bargaining.store import Row


def sentences(rows: Sequence[Row], swept: Sequence[str]) -> list[str]:
    """Sentences on the rows of ``simulated_paths``, ``block_sets`` or ``critical_parameter``; none for other rows."""
    kinds = {row.get("kind") for row in rows}
    if kinds == {"path"}:
        return list(_paths(rows))
    if kinds == {"block"}:
        return list(_blocks(rows))
    return list(_intervals(rows, swept)) if kinds == {"interval"} else []


def comparison(rows: Sequence[Row]) -> tuple[int, int, list[str]]:
    """At how many dates after the first the likeliest value is the one observed, of how many, and the misses in words.

    Examples
    --------
    >>> row = {"kind": "path", "part": "court", "modal": True}
    >>> comparison([{**row, "period": 1, "value": "pending 2", "observed": "pending"}, {**row, "period": 2, "value": "authority",
    ...     "observed": "struck"}])
    (1, 2, ["court, period 2: likeliest 'authority', observed 'struck'"])
    """
    right, of = 0, 0
    missed: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if not row["modal"] or not row["period"] or row["observed"] is None:
            continue
        of += 1
        if agrees(row["value"], row["observed"]):
            right += 1
        else:
            missed.setdefault((row["part"], row["value"], row["observed"]), []).append(str(row["period"]))
    return (
        right,
        of,
        [
            f"{part}, period{'s' * (len(periods) > 1)} {', '.join(periods)}: likeliest {value!r}, observed {seen!r}"
            for (part, value, seen), periods in missed.items()
        ],
    )


def agrees(value: str, observed: str) -> bool:
    """Whether a value is what was observed: states with a clock agree whatever it shows, and an action of both sides if each did that."""
    return all(part.split(maxsplit=1)[0] == observed for part in str(value).split(" / ") if part != "no move")


def _paths(rows: Sequence[Row]) -> Iterator[str]:
    right, of, missed = comparison(rows)
    if of:
        yield (
            f"Out of sample: under the plan {rows[0]['plan']!r} the likeliest values match what was observed at {right} of {of} dates and "
            "parts"
        )
        yield from (f"Miss: {words}" for words in missed)
    last = max(row["period"] for row in rows)
    for row in rows:
        if row["period"] == last and row["modal"] and row["what"] == "state":
            yield f"After {last} periods {row['part']} is likeliest at {row['value']!r}, with probability {row['probability']:.2f}"


def _blocks(rows: Sequence[Row]) -> Iterator[str]:
    plans = list(dict.fromkeys(row["plan"] for row in rows if row.get("plan")))
    for partition in dict.fromkeys(row["partition"] for row in rows):
        own = [row for row in rows if row["partition"] == partition]
        if not own[0]["factors"]:
            yield f"{partition} does not factor ({own[0]['reason']})"
            continue
        for plan in plans:
            told = []
            for block in dict.fromkeys(row["block"] for row in own):
                mine = [row for row in own if row["block"] == block and row.get("plan") == plan]
                held = sum(row["sustained"] is True for row in mine)
                unsettled = sum(row["sustained"] is None for row in mine)
                told.append(f"{block} in {held} of {len(mine)}" + (f" ({unsettled} not settled)" if unsettled else ""))
            yield f"{partition} factors; the plan {plan!r} holds, by block and states: {', '.join(told)}"


def _intervals(rows: Sequence[Row], swept: Sequence[str]) -> Iterator[str]:
    words = {"sustained": "holds", "not": "does not hold", "undecided": "is not settled"}
    for point in dict.fromkeys(row["point"] for row in rows):
        own = [row for row in rows if row["point"] == point]
        where = ", ".join(f"{name} {own[0][name]:g}" for name in swept if isinstance(own[0].get(name), (int, float)))
        parts = [
            f"{words[row['verdict']]} "
            + (f"from {row['low']:.5g} to {row['high']:.5g}" if row["low"] != row["high"] else f"at {row['low']:.5g}")
            for row in own
        ]
        yield (
            f"{own[0]['parameter']}{' at ' + where if where else ''}: the plan {own[0]['plan']!r} {'; '.join(parts)} "
            f"(proven at {own[0]['scanned']} points scanned and the ends of each interval)"
        )
