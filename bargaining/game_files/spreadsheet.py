r"""Payoff tables as a spreadsheet saves or pastes them.

One table with a pair of payoffs a cell, the row player's first (``3, 0`` or ``(3; 0)`` or ``3|0``), or two tables of numbers with an empty
line between them, the row player's first. Columns are parted by tabs, semicolons, commas or spaces. A first row of labels and a first
column of labels may stand around a table; a corner cell ``U.S. \ China`` names the players.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bargaining.game_files.text import NUMBER, GameFileError, number, written
from bargaining.games import GameError, StageGame

_PAIR = re.compile(rf"[(\[]?\s*({NUMBER})\s*(?:[,;|]|\s)\s*({NUMBER})\s*[)\]]?", re.ASCII)
Cell = tuple[float | Fraction, ...]
Row = tuple[int, list[str]]


@dataclass(frozen=True)
class _Table:
    line: int
    cells: list[list[Cell]]
    rows: list[str] | None
    columns: list[str] | None
    players: tuple[str, str] | None


def read_table(text: str, source: str) -> StageGame:
    """Read a game from the text of a table; `source` names it in errors.

    Raises
    ------
    GameFileError
        With file, line and column, if it is no such table.

    Examples
    --------
    >>> read_table('US \\\\ CN;hold;ban\\nhold;3,3;0,5\\nban;5,0;1,1', "pd.csv").actions
    (('hold', 'ban'), ('hold', 'ban'))
    >>> read_table("3 0\\n5 1\\n\\n3 5\\n0 1", "pd.txt").payoffs[1].tolist()
    [[3.0, 5.0], [0.0, 1.0]]
    """
    if not text.strip():
        raise GameFileError(f"{source}:1: empty; expected a table of payoffs")
    errors = []
    for separator in _separators(text):
        try:
            return _read(text, source, separator)
        except _OneTableError:
            raise
        except GameFileError as error:
            errors.append(error)
    # What parts the columns was not found out: of what stands in the text, that with which most could be read tells best what is wrong.
    raise max(errors, key=_place)


class _OneTableError(GameFileError):
    """One table of numbers, which must not be taken for a column of pairs."""


def _place(error: GameFileError) -> tuple[int, ...]:
    """Line and column that an error names."""
    found = re.search(r":(\d+):(?: column (\d+))?", str(error))
    return tuple(int(part or 0) for part in found.groups()) if found else (0, 0)


def _separators(text: str) -> list[str | None]:
    """Tabs, semicolons, commas and spaces (None), those first that stand between cells on every line."""
    lines = [line for line in text.splitlines() if line.strip()]
    present = [mark for mark in ("\t", ";", ",") if any(mark in line for line in lines)]
    # Spaces part columns if there is one between two cells, or nothing else to part them.
    return [*present, None] if not present or len(lines[0].split()) > 1 else [*present]


def _read(text: str, source: str, separator: str | None) -> StageGame:
    blocks = _blocks(_rows(text, source, separator))
    if not blocks:
        raise GameFileError(f"{source}: nothing but separators; expected a table of payoffs")
    if len(blocks) > 2:
        raise GameFileError(f"{source}:{blocks[2][0][0]}: a third table; expected one with pairs of payoffs or two with numbers")
    tables = [_table(block, source) for block in blocks]
    widths = {len(cell) for table in tables for row in table.cells for cell in row}
    if len(tables) == 1 and widths != {2}:
        raise _OneTableError(f"{source}:{tables[0].line}: one table of numbers; expected a pair of payoffs a cell, or a second table")
    if len(tables) == 2 and widths != {1}:
        raise GameFileError(f"{source}:{tables[1].line}: two tables with pairs of payoffs; expected one of them, or numbers in both")
    if len(tables) == 1:
        payoffs = np.array(tables[0].cells).transpose(2, 0, 1)
    else:
        shapes = [np.array(table.cells).shape[:2] for table in tables]
        if shapes[0] != shapes[1]:
            sizes = " and ".join(f"{m} x {n}" for m, n in shapes)
            raise GameFileError(f"{source}:{tables[1].line}: the tables are {sizes}; expected the same size, rows are one player's in both")
        payoffs = np.array([table.cells for table in tables], dtype=object)[..., 0]
    first = tables[0]
    labels = [own or [str(k) for k in range(size)] for own, size in zip((first.rows, first.columns), payoffs.shape[1:], strict=True)]
    named = {"players": first.players} if first.players else {}
    try:
        return StageGame(payoffs=payoffs, actions=labels, **named)  # type: ignore[arg-type]
    except GameError as error:
        raise GameFileError(f"{source}:{first.line}: {error}") from None


def _rows(text: str, source: str, separator: str | None) -> list[Row]:
    """Lines as cells, an empty list for an empty line."""
    if separator is None:
        return [(line, words.split()) for line, words in enumerate(text.splitlines(), start=1)]
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
    rows = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            rows.append((reader.line_num, stripped if any(stripped) else []))
    except csv.Error as error:
        raise GameFileError(f"{source}:{reader.line_num}: {error}") from None
    return rows


def _blocks(rows: Sequence[Row]) -> list[list[Row]]:
    blocks: list[list[Row]] = [[]]
    for line, cells in rows:
        if cells:
            blocks[-1].append((line, cells))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _table(block: Sequence[Row], source: str) -> _Table:
    # A spreadsheet pads every row to the width of the widest: columns that are empty in all rows are none.
    width = max(k + 1 for _, cells in block for k, cell in enumerate(cells) if cell)
    grid = [(line, cells[:width]) for line, cells in block]
    head = grid[0][1]
    has_rows, has_columns = _labelled(grid)
    body = grid[1:] if has_columns else grid
    count = len(body[0][1]) - has_rows
    columns = head[len(head) - count :] if has_columns else None
    rows = [cells[0] for _, cells in body] if has_rows else None
    if columns is not None and len(head) - has_rows not in (count, count - 1):
        raise GameFileError(f"{source}:{grid[0][0]}: {len(head) - has_rows} labels for {count} columns")
    parsed: list[list[Cell]] = []
    for line, cells in body:
        if len(cells) - has_rows != count:
            raise GameFileError(f"{source}:{line}: {len(cells) - has_rows} payoff cells; expected {count}, as in line {body[0][0]}")
        row: list[Cell] = []
        for column, cell in enumerate(cells[has_rows:], start=1 + has_rows):
            value = _cell(cell)
            if value is None:
                raise GameFileError(f"{source}:{line}: column {column}: {cell!r} is neither a number nor a pair of numbers")
            if len(value) != len((parsed[0] if parsed else [*row, value])[0]):
                kinds = ("a number", "a pair of numbers")
                expected, got = kinds[2 - len(value)], kinds[len(value) - 1]
                raise GameFileError(f"{source}:{line}: column {column}: {cell!r} is {got}; expected {expected}, as in the first cell")
            row.append(value)
        parsed.append(row)
    names = [name.strip() for name in head[0].split("\\")] if has_rows and has_columns else []
    players = (names[0], names[1]) if len(names) == 2 and all(names) else None
    return _Table(grid[0][0], parsed, rows, columns, players)


def _labelled(grid: Sequence[Row]) -> tuple[bool, bool]:
    """Whether a table has a first column and a first row of labels: words, or numbers beside pairs, or what an empty corner stands by."""
    head, body = grid[0][1], [cells for _, cells in grid[1:]]
    if not body:
        return len(head) > 1 and _cell(head[0]) is None, False
    if len(head) > 1 and (not head[0] or "\\" in head[0]):
        return True, True
    kinds = [[len(_cell(cell) or ()) for cell in cells] for cells in body]
    above = [len(_cell(cell) or ()) for cell in head]
    # A word above numbers only, with numbers beside it: the corner of numeric labels.
    corner = above[0] == 0 and any(above[1:]) and all(row[0] for row in kinds)
    has_rows = corner or (len(kinds[0]) > 1 and all(row[0] == 0 or row[0] < min(row[1:], default=0) for row in kinds))
    inner = above[1:] if has_rows and len(above) == len(kinds[0]) else above
    return has_rows, corner or 0 in inner or (set(inner) == {1} and kinds[0][-1] == 2)


def _cell(text: str) -> Cell | None:
    """One number or two; None for words."""
    one = number(text)
    if one is not None:
        return (one,)
    pair = _PAIR.fullmatch(text.strip())
    if pair is None:
        return None
    values = [number(part) for part in pair.groups()]
    return None if None in values else tuple(value for value in values if value is not None)


def write_table(stage: StageGame, separator: str = ",") -> str:
    r"""The game as a table with a pair of payoffs a cell, labels around it, and the players' names in the corner.

    Examples
    --------
    >>> import bargaining as bg
    >>> print(write_table(bg.game([[3, 0]], [[3, 5]])))
    U.S. \ China,0,1
    0,"3, 3","0, 5"
    <BLANKLINE>
    """
    page = io.StringIO()
    writer = csv.writer(page, delimiter=separator, lineterminator="\n")
    writer.writerow([" \\ ".join(stage.players), *stage.actions[1]])
    for a, label in enumerate(stage.actions[0]):
        cells = [f"{written(first)}, {written(second)}" for first, second in stage.exact_payoffs[:, a].T]
        writer.writerow([label, *cells])
    return page.getvalue()
