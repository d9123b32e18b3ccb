"""The numbers that the paper prints: strings, each with its unit and where it comes from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bargaining.report.source import ReportError

ABSENT = "–"


@dataclass
class Numbers:
    """Every number and table of one build. With `complete`, a value that the results lack is an error; else a dash is printed."""

    complete: bool
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, key: str, text: str | None, source: str, unit: str = "") -> None:
        """Add a number, or a word, under a key.

        Raises
        ------
        ReportError
            If the key is taken, or the value is missing from results that should have it.
        """
        if key in self.entries:
            raise ReportError(f"number {key!r} is made twice")
        if text is None and self.complete:
            raise ReportError(f"{source}: nothing there for the number {key!r} of the paper")
        self.entries[key] = {"text": ABSENT if text is None else text, "unit": unit, "source": source}

    def real(self, key: str, value: float | None, source: str, digits: int = 2, unit: str = "", *, sign: bool = False) -> None:
        """Add a real number with so many decimals."""
        self.put(key, None if value is None else decimal(value, digits, sign=sign), source, unit)

    def count(self, key: str, value: int | None, source: str) -> None:
        """Add a whole number."""
        self.put(key, None if value is None else f"{value:,}".replace(",", "\u202f"), source)

    def flag(self, key: str, value: bool | None, source: str) -> None:
        """Add a finding that is so or not: ``yes`` or ``no``."""
        self.put(key, None if value is None else ("yes" if value else "no"), source)

    def table(self, name: str, header: Sequence[str], rows: Sequence[Sequence[str]], source: str) -> None:
        """Add a table of strings.

        Raises
        ------
        ReportError
            If it has a row of another length than the header, or no rows though it should.
        """
        if (self.complete and not rows) or any(len(row) != len(header) for row in rows):
            raise ReportError(f"{source}: table {name!r} has no rows, or rows that do not fit its header")
        rows = rows or [[ABSENT] * len(header)]
        self.tables[name] = {"header": list(header), "rows": [list(row) for row in rows], "source": source}


def decimal(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """A number with so many decimals, a true minus and never a minus zero.

    Examples
    --------
    >>> decimal(-32.241), decimal(-0.001), decimal(3.4, 1, sign=True), decimal(float("inf"))
    ('−32.24', '0.00', '+3.4', '∞')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{digits}f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return ("+" if sign and float(text) > 0 else "") + text.replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str | None:
    """A share in per cent.

    Examples
    --------
    >>> percent(0.5403), percent(1.0), percent(None)
    ('54.0\\u202f%', '100.0\\u202f%', None)
    """
    return None if share is None else f"{decimal(100 * share, digits)}\u202f%"
