r"""Gambit's normal-form files, ``.nfg``: the header, then payoffs or outcomes.

``NFG 1 R "title" { "U.S." "China" } { 2 3 }``, or with the labels of the actions ``{ { "a" "b" } { "c" "d" "e" } }`` in the place of
their numbers, and a comment in quotes perhaps. Then either all payoffs, a pair for each profile, or a list of outcomes
``{ { "name" 1, 2 } … }`` and the number of an outcome for each profile, 0 for none (payoffs zero). The first player's action varies
fastest.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NoReturn

import numpy as np

from bargaining.game_files.text import NUMBER, GameFileError, number, written
from bargaining.games import GameError, StageGame

_TOKEN = re.compile(
    rf'(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>{NUMBER})(?=[\s,{{}}"]|$)|(?P<mark>[{{}}])|(?P<word>[^\s,{{}}"]+|")', re.DOTALL
)
_SPACE = re.compile(r"[\s,]+")


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str
    place: int


class _Reader:
    """Tokens of a file, one at a time; what is not expected is an error at its place."""

    def __init__(self, text: str, source: str) -> None:
        self._text, self._source = text, source
        self._tokens = [
            _Token(str(match.lastgroup), match.group(), match.start())
            for match in (_TOKEN.match(text, place) for place in self._starts(text))
            if match
        ]
        self._next = 0

    @staticmethod
    def _starts(text: str) -> Sequence[int]:
        starts: list[int] = []
        place = 0
        while True:
            space = _SPACE.match(text, place)
            place = space.end() if space else place
            match = _TOKEN.match(text, place)
            if not match:
                return starts
            starts.append(place)
            place = match.end()

    def peek(self, kind: str, value: str | None = None) -> bool:
        """Whether the next token is of a kind, and has a value."""
        token = self._tokens[self._next] if self._next < len(self._tokens) else None
        return token is not None and token.kind == kind and value in (None, token.value)

    def take(self, kind: str, expected: str, value: str | None = None) -> str:
        """The next token's value; an error if it is not what was expected."""
        if not self.peek(kind, value):
            self.fail(expected)
        self._next += 1
        found = self._tokens[self._next - 1].value
        return re.sub(r"\\(.)", r"\1", found[1:-1], flags=re.DOTALL) if kind == "text" else found

    def payoff(self, expected: str) -> float | Fraction:
        """The next token as a payoff."""
        text = self.take("number", expected)
        value = number(text)
        if value is None:
            self._next -= 1
            self.fail(f"{expected} that is a finite number")
        return value

    def whole(self, expected: str, low: int, high: int) -> int:
        """The next token as a whole number in a range."""
        text = self.take("number", expected)
        if not text.isdecimal() or not low <= int(text[:10]) <= high:
            self._next -= 1
            self.fail(f"{expected}, a whole number from {low} to {high}" if high < _MOST else f"{expected}, a whole number from {low}")
        return int(text)

    def fail(self, expected: str) -> NoReturn:
        """Refuse the next token."""
        end = self._next >= len(self._tokens)
        place = len(self._text.rstrip()) if end else self._tokens[self._next].place
        line, column = self._text.count("\n", 0, place) + 1, place - self._text.rfind("\n", 0, place)
        got = "the end of the file" if end else self._tokens[self._next].value
        raise GameFileError(f"{self._source}:{line}:{column}: expected {expected}, got {got[:40]}")

    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._next >= len(self._tokens)


# No file holds more actions a player; it keeps a number that was mistyped from filling the memory.
_MOST = 100_000


def read_nfg(text: str, source: str) -> StageGame:
    """Read the text of an ``.nfg`` file; `source` names it in errors.

    Raises
    ------
    GameFileError
        With file, line and column, if it is not in this format or has not two players.

    Examples
    --------
    >>> read_nfg('NFG 1 R "" { "Row" "Column" } { 2 2 } 3 3 5 0 0 5 1 1', "pd.nfg").payoffs[0].tolist()
    [[3.0, 0.0], [5.0, 1.0]]
    """
    reader = _Reader(text, source)
    reader.take("word", "NFG, the first word of Gambit's normal-form files", "NFG")
    reader.take("number", "version 1", "1")
    reader.take("word", "R or D, how numbers are written", "D" if reader.peek("word", "D") else "R")
    reader.take("text", "the title in quotes")
    reader.take("mark", "the players' names in braces", "{")
    players = []
    while reader.peek("text"):
        players.append(reader.take("text", "a player's name"))
    reader.take("mark", "a player's name in quotes, or } after the last", "}")
    if len(players) != 2:
        raise GameFileError(f"{source}: {len(players)} players; expected a game of two")
    sizes, actions = _strategies(reader, source)
    if reader.peek("text"):
        reader.take("text", "a comment")
    cells = _outcomes(reader, sizes) if reader.peek("mark", "{") else _payoffs(reader, sizes)
    if not reader.ended():
        reader.fail("nothing more: every profile has its payoffs")
    # The first player's action varies fastest: the cells stand column by column.
    payoffs = np.array(cells, dtype=object).reshape(sizes[1], sizes[0], 2).transpose(2, 1, 0)
    try:
        return StageGame(payoffs=payoffs, actions=actions, players=(players[0], players[1]))  # type: ignore[arg-type]
    except GameError as error:
        raise GameFileError(f"{source}: {error}") from None


def _strategies(reader: _Reader, source: str) -> tuple[list[int], list[list[str]] | None]:
    """Numbers of actions, and their labels if they are given."""
    reader.take("mark", "the actions in braces", "{")
    if not reader.peek("mark", "{"):
        sizes = [reader.whole("the number of actions of a player", 1, _MOST) for _ in range(2)]
        reader.take("mark", "the end of the numbers of actions of two players, }", "}")
        return sizes, None
    labels: list[list[str]] = []
    for _ in range(2):
        reader.take("mark", "the labels of a player's actions in braces", "{")
        own = []
        while reader.peek("text"):
            own.append(reader.take("text", "a label"))
        if not own:
            reader.fail("the label of an action in quotes")
        reader.take("mark", "the end of the labels, }", "}")
        # An action without a name is called by its position, as everywhere.
        labels.append([label or str(position) for position, label in enumerate(own)])
    reader.take("mark", "the end of the actions of two players, }", "}")
    return [len(own) for own in labels], labels


def _payoffs(reader: _Reader, sizes: list[int]) -> list[list[float | Fraction]]:
    count = sizes[0] * sizes[1]
    return [[reader.payoff(f"payoff {2 * k + player + 1} of {2 * count}") for player in (0, 1)] for k in range(count)]


def _outcomes(reader: _Reader, sizes: list[int]) -> list[list[float | Fraction]]:
    reader.take("mark", "the outcomes in braces", "{")
    outcomes: list[list[float | Fraction]] = [[0.0, 0.0]]
    while reader.peek("mark", "{"):
        reader.take("mark", "an outcome", "{")
        reader.take("text", "the outcome's name in quotes")
        outcomes.append([reader.payoff(f"the outcome's payoff to player {player + 1}") for player in (0, 1)])
        reader.take("mark", "the end of the outcome's two payoffs, }", "}")
    reader.take("mark", "the end of the outcomes, }", "}")
    count = sizes[0] * sizes[1]
    return [outcomes[reader.whole(f"the outcome of profile {k + 1} of {count}", 0, len(outcomes) - 1)] for k in range(count)]


def write_nfg(stage: StageGame, title: str = "") -> str:
    """The text of an ``.nfg`` file with payoffs, as the decimals that they stand for.

    Examples
    --------
    >>> import bargaining as bg
    >>> print(write_nfg(bg.game([[0.1, 0]], [[1, 2]])))
    NFG 1 R "" { "U.S." "China" }
    <BLANKLINE>
    { { "0" }
    { "0" "1" }
    }
    <BLANKLINE>
    0.1 1
    0 2
    <BLANKLINE>
    """
    labels = ["{ " + " ".join(map(_quoted, own)) + " }" for own in stage.actions]
    lines = [f"NFG 1 R {_quoted(title)} {{ {' '.join(map(_quoted, stage.players))} }}", "", "{ " + labels[0], labels[1], "}", ""]
    for b in range(stage.shape[1]):
        lines += [" ".join(written(stage.exact_payoffs[player, a, b]) for player in (0, 1)) for a in range(stage.shape[0])]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
