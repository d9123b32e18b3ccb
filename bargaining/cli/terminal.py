"""What is printed where: data on stdout, progress and remarks on stderr."""

import json
import math
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

COLD = "compiling the kernels first: once on each machine, about a minute"
# Wide enough for a lattice of five agreements; in a file or a pipe nothing should be folded.
_PIPE_WIDTH = 160


def stdout() -> Console:
    """Console for data."""
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(width=width, markup=False, highlight=False, emoji=False)


def stderr() -> Console:
    """Console for progress and remarks."""
    return Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def tell_if_cold(console: Console) -> None:
    """To somebody who waits at a terminal: why the first answer takes a minute."""
    from bargaining.kernels import _jit

    if console.is_terminal and _jit.is_cold():
        console.print(COLD)


def print_json(content: Mapping[str, Any] | Sequence[Any]) -> None:
    """One JSON object; NaN becomes null and infinity the word ``"inf"``, which JSON has no numbers for."""
    click.echo(json.dumps(_speakable(content), indent=2, ensure_ascii=False))


def table(*columns: str, left: int = 1) -> Table:
    """An empty table; the first `left` columns hold words, the others numbers."""
    made = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for k, column in enumerate(columns):
        made.add_column(column, justify="left" if k < left else "right", overflow="fold")
    return made


def print_table(console: Console, title: str, made: Table) -> None:
    """A table under its title, which is not folded to the table's width."""
    console.print(title, style="bold")
    console.print(made)


def number(value: float | None, digits: int = 2) -> str:
    """A number for a table; nothing for None and NaN, and never minus zero."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _speakable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _speakable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_speakable(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def duration(seconds: float) -> str:
    """A length of time in words.

    Examples
    --------
    >>> duration(0.4), duration(75), duration(8000)
    ('0.4 s', '1 min 15 s', '2 h 13 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
