"""What a scenario's parameters are: numbers with a unit, a range and the records they come from.

Two files ship with the package. ``facts.json`` holds observed, assumed and derived quantities with their published sources; a
derived one is kept for comparison only and is recomputed from the facts. ``priors.json`` holds, for each parameter of the calibrated
game, a central value, a range and a distribution. A field's suffix is its unit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bargaining.scenarios import ScenarioError

DAYS_A_PERIOD = 90
PERIODS_A_YEAR = 365 / DAYS_A_PERIOD

_UNITS = (
    ("_usd_per_usd", "$ per $ of imports"),
    ("_busd_yr", "$bn a year"),
    ("_busd", "$bn per 90 days"),
    ("_share", "share"),
    ("_points", "percentage points"),
    ("_ratio", "ratio"),
    ("_units", "units"),
)


@dataclass(frozen=True)
class Fact:
    """One record of ``facts.json``: a quantity with its source. `kind` is fact, event, derived or default."""

    id: str
    kind: str
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    date: str
    source_title: str
    address: str | None
    source_type: str
    confidence: str
    note: str


@dataclass(frozen=True)
class Prior:
    """One record of ``priors.json``: where a parameter may lie. `correlated_with` pairs a field with a rank correlation."""

    field: str
    low: float | None
    central: float | str
    high: float | None
    distribution: str
    source_ids: tuple[str, ...]
    correlated_with: tuple[tuple[str, float], ...]
    status: str
    block: str
    note: str


def _read(file: str) -> Any:
    return json.loads(resources.files("bargaining.scenarios").joinpath("data", file).read_text(encoding="utf-8"))


@cache
def facts() -> Mapping[str, Fact]:
    """All fact records by id, read-only."""
    return MappingProxyType({record["id"]: Fact(**record) for record in _read("facts.json")})


@cache
def priors() -> Mapping[str, Prior]:
    """All prior records by field name, read-only.

    Examples
    --------
    >>> priors()["curb_security_ratio"].low, priors()["curb_security_ratio"].status
    (0.5, 'assumption')
    """
    found = {}
    for record in _read("priors.json")["priors"]:
        pairs = tuple((pair["field"], pair["rank_correlation"]) for pair in record["correlated_with"])
        found[record["field"]] = Prior(**{**record, "source_ids": tuple(record["source_ids"]), "correlated_with": pairs})
    return MappingProxyType(found)


def fact(id: str) -> float:
    """Value of a fact record.

    Raises
    ------
    ScenarioError
        If there is no such record, or it has no value (an event).

    Examples
    --------
    >>> fact("recip_suspended")
    24
    """
    record = facts().get(id)
    if record is None:
        from bargaining.games.stage import near_match

        raise ScenarioError(f"unknown fact {id!r}{near_match(id, list(facts()))}")
    if record.value is None:
        raise ScenarioError(f"fact {id!r} is an {record.kind}: it has no value")
    return record.value


def unit(field: str) -> str:
    """Unit of a field, read off its suffix (no suffix: a plain number or a choice)."""
    return next((words for suffix, words in _UNITS if field.endswith(suffix)), "")


def in_words(field: str) -> str:
    """A field's name in words, without its unit.

    Examples
    --------
    >>> in_words("withhold_strategic_value_cn_busd")
    'withhold strategic value (China)'
    """
    suffix = next((suffix for suffix, _ in _UNITS if field.endswith(suffix)), "")
    words = field.removesuffix(suffix).split("_")
    side = {"us": " (U.S.)", "cn": " (China)"}.get(words[-1], "")
    return " ".join(words[:-1] if side else words) + side


def prior(field: str, symbol: str, *, derived: bool = False, **domain: Any) -> Any:
    """Declare a parameter that has a prior record; its default is the record's central value.

    Parameters
    ----------
    field : str
    symbol : str
        What the parameter is called in formulas; a mistyped name is matched against it too.
    derived : bool
        The default is then None, which stands for "recompute it from facts and the other parameters".
    **domain
        Bounds outside which the model has no meaning (``gt``, ``ge``, ``lt``, ``le``). The prior's range is narrower, and only reported.
    """
    record = priors()[field]
    # An assumption is an assumption, of whichever kind: programs look for that word.
    assumed = record.status.endswith("assumption") and record.status != "assumption"
    note = f"{record.status}. {record.note}" if assumed else record.note
    extra: dict[str, Any] = {
        "symbol": symbol,
        "central": record.central,
        "low": record.low,
        "high": record.high,
        "distribution": record.distribution,
        "status": "assumption" if assumed else record.status,
        "source_ids": list(record.source_ids),
    }
    return Field(default=None if derived else record.central, description=note, json_schema_extra=extra, **domain)


def observed(fact_id: str, symbol: str, *, per: float = 1.0, **domain: Any) -> Any:
    """Declare a parameter that is a fact without a prior: its default is the fact divided by `per`."""
    record = facts()[fact_id]
    value, low, high = (None if x is None else x / per for x in (record.value, record.low, record.high))
    extra: dict[str, Any] = {
        "symbol": symbol,
        "central": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "distribution": "fixed",
        "status": "source",
        "source_ids": [fact_id],
    }
    return Field(default=value, description=record.quantity, json_schema_extra=extra, **domain)


def chosen(default: Any, symbol: str, *, status: str, note: str, **domain: Any) -> Any:
    """Declare a parameter that rests on no record: a modelling choice or an illustrative value."""
    extra: dict[str, Any] = {
        "symbol": symbol,
        "central": default,
        "low": None,
        "high": None,
        "distribution": "fixed",
        "status": status,
        "source_ids": [],
    }
    return Field(default=default, description=note, json_schema_extra=extra, **domain)


def assumed(central: float, low: float, high: float, symbol: str, *, note: str, source_ids: tuple[str, ...] = (), **domain: Any) -> Any:
    """Declare a parameter that no source gives: an assumption with a range, triangular around its central value.

    `source_ids` are records that it leans on without being taken from them.
    """
    extra: dict[str, Any] = {
        "symbol": symbol,
        "central": central,
        "low": low,
        "high": high,
        "distribution": "triangular",
        "status": "assumption",
        "source_ids": list(source_ids),
    }
    return Field(default=central, description=note, json_schema_extra=extra, **domain)


class ParameterSet(BaseModel):
    """Parameters of a scenario: frozen, finite, of the right type, and no others.

    A field left at None is derived: the method ``derive_FIELD`` recomputes it from facts and the other fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True)

    scenario_name: ClassVar[str] = "scenario"

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Validate values given by field name, or raise a one-line `ScenarioError` that names every bad one."""
        try:
            return cls(**values)
        except ValidationError as error:
            found: dict[str, list[Any]] = {}
            for item in error.errors(include_url=False):
                found.setdefault(str(item["loc"][0]) if item["loc"] else "", []).append(item)
        problems = tuple((field, cls._problem(field, items)) for field, items in found.items())
        raise ScenarioError(f"scenario {cls.scenario_name!r}: " + "; ".join(words for _, words in problems), problems)

    @classmethod
    def _problem(cls, field: str, items: list[Any]) -> str:
        first = items[0]
        if first["type"] == "extra_forbidden":
            return f"unknown parameter {field!r}{cls._did_you_mean(field)}"
        # A field that may be of several types has one item for each.
        expected = " or ".join(
            str(i["ctx"]["error"]) if i["type"] == "value_error" else i["msg"].removeprefix("Input should be ") for i in items
        )
        return f"{field} is {first['input']!r}: expected {expected}" if field else expected

    @classmethod
    def _did_you_mean(cls, word: str) -> str:
        from bargaining.games.stage import near_match

        by_symbol = {cls.record(field)["symbol"]: field for field in cls.model_fields}
        if word in by_symbol:
            return f" (did you mean {by_symbol[word]!r}?)"
        return near_match(word, list(cls.model_fields))

    @classmethod
    def record(cls, field: str) -> dict[str, Any]:
        """Symbol, central value, range, distribution, status, source ids and note of a field."""
        info = cls.model_fields[field]
        extra = info.json_schema_extra
        assert isinstance(extra, dict)
        return {**extra, "source_ids": tuple(extra["source_ids"]), "note": info.description or ""}  # type: ignore[arg-type]

    @classmethod
    def in_domain(cls, field: str, column: Any) -> Any:
        """Which entries of an array are finite and within the declared domain of a field."""
        import numpy as np

        inside = np.isfinite(column)
        for bound in cls.model_fields[field].metadata:
            for name, holds in (("gt", np.greater), ("ge", np.greater_equal), ("lt", np.less), ("le", np.less_equal)):
                if getattr(bound, name, None) is not None:
                    inside &= holds(column, getattr(bound, name))
        return inside

    def value(self, field: str) -> Any:
        """Value of a parameter, recomputed if it is derived and was not set."""
        value = getattr(self, field)
        return getattr(self, f"derive_{field}")() if value is None else value

    def resolved(self) -> dict[str, Any]:
        """Every parameter with its value, derived ones recomputed unless they were set."""
        return {field: self.value(field) for field in type(self).model_fields}

    def rows(self) -> list[dict[str, Any]]:
        """One row a parameter: value, unit and record."""
        rows = []
        for field, value in self.resolved().items():
            record = self.record(field)
            note, low, high = record.pop("note"), record["low"], record["high"]
            if low is not None and not isinstance(value, str) and not low <= value <= high:
                note = f"outside its range {low:g} to {high:g}. {note}".strip()
            rows.append({"field": field, "value": value, "unit": unit(field), **record, "note": note})
        return rows
