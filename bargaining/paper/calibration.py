"""What the paper says of its inputs: parameters with ranges and sources, the chronology, and the page of assumptions."""

import re

from bargaining.paper.numbers import ABSENT, Numbers
from bargaining.scenarios import scenario
from bargaining.scenarios.parameters import Fact, facts, in_words, priors, unit

_PRIORS, _FACTS = "bargaining/scenarios/data/priors.json", "bargaining/scenarios/data/facts.json"
_BRIEFING = (2025, 6)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_BLOCKS = {"tariffs": "tariffs", "rare_earths": "rare earths", "chips": "chips and countermeasures", "time": "time"}


def collect(numbers: Numbers) -> None:
    """The table of parameters, counts of assumptions, and the dated events."""
    records = list(priors().values())
    assumed = [record for record in records if "assumption" in record.status]
    numbers.count("parameters.count", len(records), _PRIORS)
    numbers.count("parameters.assumed", len(assumed), _PRIORS)
    late = late_sources()
    own = [field for field in priors() if field in scenario("standoff").parameter_set.model_fields]
    numbers.count("parameters.lattice", len(own), _PRIORS)
    numbers.count("parameters.late", len(late), _FACTS)
    numbers.put("parameters.late_list", ", ".join(map(in_words, late)), _FACTS)
    numbers.put("fallback_recovery.date", ", ".join(facts()[each].date for each in priors()["fallback_recovery_share"].source_ids), _FACTS)
    numbers.count("facts.count", len(facts()), _FACTS)
    rows = []
    for block, words in _BLOCKS.items():
        for record in (each for each in records if each.block == block):
            spread = ABSENT if record.low is None else f"{_short(record.low)}–{_short(record.high)}"
            status = record.status.replace("set-identified assumption", "assumption").replace("modelling choice", "choice")
            rows.append([words, in_words(record.field), _short(record.central), spread, unit(record.field), status])
    numbers.table("parameters", ["block", "parameter", "central", "range", "unit", "status"], rows, _PRIORS)
    for name in ("withhold_loss_us_busd", "withhold_strategic_value_cn_busd", "curb_security_ratio", "political_weight_us_usd_per_usd"):
        record = priors()[name]
        for key, value in (("central", record.central), ("low", record.low), ("high", record.high)):
            numbers.put(f"prior.{name}.{key}", _short(value), _PRIORS, unit(name))
    for fact in facts().values():
        if fact.kind == "event":
            numbers.put(f"event.{fact.id}.date", fact.date, _FACTS)


def late_sources() -> dict[str, list[Fact]]:
    """Parameters of the lattice game -> the records behind them that are dated after June 2025."""
    fields = scenario("standoff").parameter_set.model_fields
    found = {field: [facts()[each] for each in record.source_ids if is_late(facts()[each].date)] for field, record in priors().items()}
    return {field: late for field, late in found.items() if late and field in fields}


def is_late(date: str) -> bool:
    """Whether a record's date, or the end of its period, lies after June 2025; a year by itself counts from 2026 on.

    Examples
    --------
    >>> [is_late(date) for date in ("2025", "2025-06-11", "2025-04/06", "2018-2026", "2025-04/12", "eps=1.53|busan_nov2025", "")]
    [False, False, False, True, True, True, False]
    """
    named = [(int(year), _MONTHS.index(month) + 1) for month, year in re.findall(rf"({'|'.join(_MONTHS)})(20\d\d)", date.lower())]
    numbered = re.findall(r"(20\d\d)(?:-(\d\d)(?!\d))?(?:-\d\d(?!\d))?(?:/(\d\d)(?!\d))?", date)
    return max([*named, *((int(year), int(last or month or 0)) for year, month, last in numbered)], default=(0, 0)) > _BRIEFING


def assumptions() -> str:
    """A page in Markdown: every parameter of the calibrated game with its range, its sources in words, and what is said against it."""
    lines = [
        "# Parameters of the calibrated game",
        "",
        "Made from `bargaining/scenarios/data/priors.json` and `facts.json`; `bargaining show standoff` prints the same records. Payoffs "
        "are calibrated assumptions, not estimates. An entry marked ASSUMPTION has no published source behind its value.",
    ]
    for block, words in _BLOCKS.items():
        lines += ["", f"## {words[:1].upper()}{words[1:]}"]
        for record in (each for each in priors().values() if each.block == block):
            spread = "" if record.low is None else f", range {_short(record.low)} to {_short(record.high)}"
            status = record.status.replace("assumption", "ASSUMPTION")
            lines += ["", f"### `{record.field}`", ""]
            lines.append(
                f"{_short(record.central)} {unit(record.field)}{spread}; {record.distribution}. Status: {status}.".replace(" ,", ",")
            )
            if record.note:
                lines += ["", record.note]
            sources = [facts()[each] for each in record.source_ids]
            lines += [""] * bool(sources)
            for fact in sources:
                value = "" if fact.value is None else f" {_short(fact.value)} {fact.unit}"
                address = f", {fact.address}" if fact.address and fact.address.startswith("http") else ""
                lines.append(f"- {fact.quantity}:{value} ({fact.source_title}{address}; {fact.source_type}, confidence {fact.confidence})")
    return "\n".join(lines) + "\n"


def _short(value: float | str | None) -> str:
    if value is None:
        return ABSENT
    return value.replace("_", " ") if isinstance(value, str) else f"{value:.4g}".replace("-", "−")
