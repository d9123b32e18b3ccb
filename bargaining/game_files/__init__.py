"""Stage games as files of other programs: Gambit's ``.nfg``, tables from a spreadsheet, YAML and JSON."""

from pathlib import Path

from bargaining.game_files.nfg import read_nfg, write_nfg
from bargaining.game_files.spreadsheet import read_table, write_table
from bargaining.game_files.text import GameFileError
from bargaining.games import StageGame
from bargaining.games.stage import near_match

FORMATS = (".nfg", ".csv", ".tsv", ".txt", ".yaml", ".yml", ".json")

__all__ = ["GameFileError", "read_game", "write_game"]


def read_game(path: str | Path) -> StageGame:
    """Read a stage game from a file; its suffix says how it is written.

    ``.nfg`` is Gambit's normal form with two players, payoffs or outcomes. ``.csv``, ``.tsv`` and ``.txt`` hold a table with a pair of
    payoffs a cell (``3, 0``), or two tables of numbers with an empty line between them, the row player's first; a row and a column of
    labels may stand around it. ``.yaml``, ``.yml`` and ``.json`` hold the keys ``payoffs`` (one matrix a player, rows are the first
    player's actions in both), and ``actions`` and ``players`` if wished.

    Payoffs may be decimals or ratios (``1/3``) everywhere. A decimal of up to 15 digits stays what it is; a ratio that is no such decimal
    is rounded to the next float.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    GameFileError
        If the file cannot be read or holds no two-player game; one line a mistake, with file, line and column.
    """
    place = _place(path)
    suffix = place.suffix.lower()
    if place.is_dir():
        raise GameFileError(f"{place}: a folder; expected a file with a game")
    if suffix not in FORMATS:
        raise GameFileError(f"{place}: no format known for {suffix!r}{near_match(suffix, FORMATS)}; expected one of {', '.join(FORMATS)}")
    try:
        text = place.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise GameFileError(f"{place}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise GameFileError(f"{place}: not a text file in UTF-8") from None
    return parse_game(text, str(place), suffix)


def parse_game(text: str, source: str, suffix: str | None = None) -> StageGame:
    """Read a game from text, such as a table pasted from a spreadsheet; without a suffix its first characters say how it is written.

    Raises
    ------
    GameFileError
        As `read_game`.

    Examples
    --------
    >>> parse_game("3,3 0,5", "pasted").payoffs.tolist()
    [[[3.0, 0.0]], [[3.0, 5.0]]]
    """
    start = text.lstrip()
    if suffix is None:
        suffix = ".nfg" if start[:4].split() == ["NFG"] else ".json" if start.startswith("{") else ".yaml" if _has_keys(start) else ".csv"
    if suffix == ".nfg":
        return read_nfg(text, source)
    if suffix in (".yaml", ".yml", ".json"):
        # pydantic and ruamel take a quarter of a second to load, and only these need them.
        from bargaining.game_files.document import read_document

        return read_document(text, source, suffix)
    return read_table(text, source)


def write_game(stage: StageGame, path: str | Path) -> None:
    """Write a stage game to a file; its suffix says how. `read_game` gives the same game back bit for bit.

    Payoffs are written as the decimals they stand for, which is exact for programs that read decimals exactly, as Gambit does. An
    ``.nfg`` keeps the names of players and actions, ``.csv`` and ``.tsv`` too.

    Raises
    ------
    GameFileError
        If the suffix is not a known one.
    OSError
        If the file cannot be written.
    """
    place = _place(path)
    suffix = place.suffix.lower()
    if place.is_dir():
        raise GameFileError(f"{place}: a folder; expected the name of a file")
    if suffix not in FORMATS:
        raise GameFileError(f"{place}: no format known for {suffix!r}{near_match(suffix, FORMATS)}; expected one of {', '.join(FORMATS)}")
    if suffix == ".nfg":
        text = write_nfg(stage)
    elif suffix in (".yaml", ".yml", ".json"):
        from bargaining.game_files.document import write_document

        text = write_document(stage)
    else:
        text = write_table(stage, "," if suffix == ".csv" else "\t")
    place.write_text(text, encoding="utf-8")


def _place(path: str | Path) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise GameFileError(f"path is {path!r}: expected the name of a file") from None


def _has_keys(start: str) -> bool:
    return any(line.startswith(("payoffs:", "actions:", "players:")) for line in start.splitlines())
