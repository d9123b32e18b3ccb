"""Stage games as YAML or JSON: ``payoffs``, and ``actions`` and ``players`` if wished."""

import json
from fractions import Fraction
from typing import Annotated, Any

from pydantic import PlainValidator

from bargaining.config import ConfigError, Document, Model
from bargaining.game_files.text import GameFileError, number
from bargaining.games import GameError, StageGame


def _payoff(value: Any) -> float | Fraction:
    read = number(value if isinstance(value, str) else repr(value)) if isinstance(value, (int, float, str)) else None
    if read is None or isinstance(value, bool):
        raise ValueError("expected a finite number")
    return read


def _label(value: Any) -> str:
    # YAML reads a label such as 25 as a number, and no as a word.
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("expected a word")
    return str(value)


Payoff = Annotated[float | Fraction, PlainValidator(_payoff)]
Label = Annotated[str, PlainValidator(_label)]


class GameModel(Model):
    """A stage game; the first matrix and the first list of labels are the row player's."""

    payoffs: tuple[list[list[Payoff]], list[list[Payoff]]]
    actions: tuple[list[Label], list[Label]] | None = None
    players: tuple[Label, Label] = ("U.S.", "China")


def read_document(text: str, source: str, suffix: str) -> StageGame:
    """Read a game from the text of a YAML or JSON file; `source` names it in errors.

    Raises
    ------
    GameFileError
        One line a mistake, with file, line and column.
    """
    if suffix == ".json":
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise GameFileError(f"{source}:{error.lineno}:{error.colno}: {error.msg}") from None
        except RecursionError:
            raise GameFileError(f"{source}: nested too deep") from None
        # JSON is YAML but for tabs, which cannot stand inside its strings.
        text = text.replace("\t", " ")
    try:
        document = Document.parse(text, source, "payoffs: [[[3, 0]], [[3, 5]]]")
        model = document.validate(GameModel)
    except ConfigError as error:
        raise GameFileError(str(error)) from None
    for player, matrix in enumerate(model.payoffs):
        for a, row in enumerate(matrix):
            if len(row) != len(matrix[0]):
                told = f"{len(row)} numbers; expected {len(matrix[0])}, as in the first row"
                raise GameFileError(document.problem(("payoffs", player, a), told))
    sizes = [(len(matrix), len(matrix[0]) if matrix else 0) for matrix in model.payoffs]
    if sizes[0] != sizes[1]:
        told = f"{sizes[1][0]} x {sizes[1][1]}; expected {sizes[0][0]} x {sizes[0][1]}, rows are the first player's in both"
        raise GameFileError(document.problem(("payoffs", 1), told))
    try:
        return StageGame(payoffs=model.payoffs, actions=model.actions, players=model.players)  # type: ignore[arg-type]
    except GameError as error:
        key = str(error).split("[")[0].split(":")[0].split()[0]
        raise GameFileError(document.problem((key,) if key in document.data else (), str(error))) from None


def write_document(stage: StageGame) -> str:
    """The game as JSON, which is YAML too, a line a row of payoffs."""
    matrices = ["    [\n" + ",\n".join(f"      {json.dumps(row)}" for row in matrix) + "\n    ]" for matrix in stage.payoffs.tolist()]
    lines = [
        "{",
        f'  "players": {json.dumps(stage.players, ensure_ascii=False)},',
        f'  "actions": {json.dumps(stage.actions, ensure_ascii=False)},',
        '  "payoffs": [',
        ",\n".join(matrices),
        "  ]",
        "}",
    ]
    return "\n".join(lines) + "\n"
