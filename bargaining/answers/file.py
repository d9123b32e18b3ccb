"""Answers as JSON: every bit of them, with the game and the proofs, so that a stored result can be verified by itself.

Floats are JSON numbers (their shortest decimals, which give the same bits back), NaN and infinities and fractions are strings in a one-key
object, arrays carry their type and shape. The layout is that of the dataclasses, and what is read has to fit their annotations; `FORMAT`
counts the changes that a reader has to know of (a new field with a default is none).
"""

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

from bargaining import solution as answers
from bargaining.answers import deals as deal_answers
from bargaining.answers import monitored as monitored_answers
from bargaining.answers import offers as offer_answers
from bargaining.answers import stage as stage_answers
from bargaining.answers import state as state_answers
from bargaining.answers import stochastic as stochastic_answers
from bargaining.answers import wars as war_answers
from bargaining.games import GameError, IssueGame, MonitoredGame, RepeatedGame, StageGame, StochasticGame
from bargaining.games.negotiation import NegotiationGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Solution, Status
from bargaining.store import write

FORMAT = 1
# Answers and proofs, rebuilt from their declared fields.
RECORDS: dict[str, Any] = {
    name: kind
    for module in (
        answers,
        stage_answers,
        stochastic_answers,
        state_answers,
        deal_answers,
        offer_answers,
        war_answers,
        monitored_answers,
    )
    for name, kind in vars(module).items()
    if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
}
BUILT: dict[str, Any] = {
    "StageGame": StageGame,
    "IssueGame": IssueGame,
    "RepeatedGame": RepeatedGame,
    "StochasticGame": StochasticGame,
    "MonitoredGame": MonitoredGame,
    "NegotiationGame": NegotiationGame,
    "PayoffSet": PayoffSet,
}


class SolutionFileError(ValueError):
    """A file that is no stored solution: what is wrong, and where."""


def write_solution(solution: Solution, path: str | Path | None = None) -> str:
    """The solution as JSON text; written whole or not at all if there is a path."""
    text = json.dumps({"format": FORMAT, "solution": _encode(solution)}, indent=1, sort_keys=True, allow_nan=False) + "\n"
    if path is not None:
        write(Path(path), text)
    return text


def read_solution(source: str | Path) -> Solution:
    """Read a solution from a path, or from the text itself if it starts with a brace."""
    inline = isinstance(source, str) and source.lstrip().startswith("{")
    name = "text" if inline else str(source)
    try:
        text = str(source) if inline else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        raise SolutionFileError(f"{name}: {error.strerror}; expected a file that to_json wrote") from None
    except UnicodeDecodeError:
        raise SolutionFileError(f"{name}: not text; expected a file that to_json wrote") from None
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise SolutionFileError(f"{name}:{error.lineno}:{error.colno}: {error.msg}; expected JSON that to_json wrote") from None
    except RecursionError:
        raise SolutionFileError(f"{name}: nested too deep; expected JSON that to_json wrote") from None
    if not isinstance(content, dict) or "solution" not in content:
        raise SolutionFileError(f"{name}: no key 'solution'; expected what to_json wrote")
    if content.get("format") != FORMAT:
        raise SolutionFileError(f"{name}: format {content.get('format')!r}; this version reads {FORMAT}")
    try:
        solution = _decode(content["solution"], "solution")
    except RecursionError:
        raise SolutionFileError(f"{name}: nested too deep; expected what to_json wrote") from None
    except SolutionFileError as error:
        raise SolutionFileError(f"{name}: {error}") from None
    if not isinstance(solution, Solution):
        kinds = ", ".join(sorted(kind for kind, made in RECORDS.items() if issubclass(made, Solution) and made is not Solution))
        raise SolutionFileError(f"{name}: holds a {type(solution).__name__}; expected one of {kinds}")
    return solution


def _encode(value: Any) -> Any:
    if isinstance(value, (bool, str, int)) or value is None:
        return value
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, Fraction):
        return {"fraction": str(value)}
    if isinstance(value, Status):
        return {"status": value.name}
    if isinstance(value, np.ndarray):
        return {"array": [_encode(each) for each in value.ravel().tolist()], "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, StageGame):
        return {"StageGame": {"payoffs": _encode(value.payoffs), "actions": _encode(value.actions), "players": _encode(value.players)}}
    if isinstance(value, IssueGame):
        interaction = None if value.interaction is None else _encode(np.asarray(value.interaction))
        return {"IssueGame": {"issues": _encode(dict(value.issues)), "interaction": interaction}}
    if isinstance(value, RepeatedGame):
        return {"RepeatedGame": {"stage": _encode(value.stage), "delta": _encode(value.delta)}}
    if isinstance(value, NegotiationGame):
        terms = {"disagreement": value.disagreement, "surplus": value.surplus, "delta": value.delta}
        return {"NegotiationGame": {name: _encode(term) for name, term in terms.items()}}
    if isinstance(value, StochasticGame):
        return {"StochasticGame": _encode_stochastic(value)}
    if isinstance(value, MonitoredGame):
        m, n = value.monitoring.shape
        rows = [[list(value.monitoring.row((a, b))) for b in range(n)] for a in range(m)]
        parts = {"stage": value.stage, "signals": value.signals, "probabilities": rows, "delta": value.delta}
        return {"MonitoredGame": {name: _encode(part) for name, part in parts.items()}}
    if isinstance(value, PayoffSet):
        return {"PayoffSet": {"vertices": _encode(value.vertices)}}
    if RECORDS.get(type(value).__name__) is type(value):
        return {type(value).__name__: {each.name: _encode(getattr(value, each.name)) for each in dataclasses.fields(value)}}
    if isinstance(value, Mapping):
        return {"mapping": [[_encode(key), _encode(each)] for key, each in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"tuple": [_encode(each) for each in value]}
    raise TypeError(f"cannot store a {type(value).__name__}")


def _encode_stochastic(game: StochasticGame) -> dict[str, Any]:
    """Payoffs as arrays, transition probabilities as the fractions that they are."""
    rows = [
        [[[dict(exactly[a, b]).get(s, Fraction(0)) for s in range(len(game))] for b in range(n)] for a in range(m)]
        for exactly, (m, n) in zip(game.exact_transitions, (stage.shape for stage in game.stages), strict=True)
    ]
    common = game.exact_deltas[0] if game.common_delta else game.exact_deltas
    fields = {
        "payoffs": game.payoffs, "transitions": rows, "delta": common, "states": game.states, "actions": game.actions,
        "players": game.players,
    }  # fmt: skip
    return {name: _encode(value) for name, value in fields.items()}


def _decode(value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        if isinstance(value, list):
            raise SolutionFileError(f"{where}: a bare list; expected what to_json wrote")
        return value
    if "array" in value:
        return _array(value, where)
    if len(value) != 1:
        raise SolutionFileError(f"{where}: keys {', '.join(sorted(value))}; expected one that names a type")
    kind, content = next(iter(value.items()))
    try:
        if kind == "float":
            return float(content)
        if kind == "fraction":
            return Fraction(content)
        if kind == "status":
            return Status[content]
        if kind == "tuple":
            return tuple(_decode(each, f"{where}[{k}]") for k, each in enumerate(content))
        if kind == "mapping":
            return {_decode(key, where): _decode(each, f"{where}[{key}]") for key, each in content}
        if kind in BUILT:
            return BUILT[kind](**{name: _decode(each, f"{where}.{name}") for name, each in content.items()})
        if kind in RECORDS:
            return _record(kind, {name: _decode(each, f"{where}.{name}") for name, each in content.items()}, where)
    except SolutionFileError:
        raise
    except GameError as error:
        raise SolutionFileError(f"{where}: {error}") from None
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise SolutionFileError(f"{where}: no {kind} can be read here ({error})") from None
    raise SolutionFileError(f"{where}: unknown type {kind!r}")


def _array(value: Mapping[str, Any], where: str) -> Any:
    try:
        numbers = [_decode(each, where) for each in value["array"]]
        made = np.array(numbers, dtype=np.dtype(value["dtype"])).reshape(value["shape"])
    except (TypeError, ValueError, KeyError, ArithmeticError) as error:
        raise SolutionFileError(f"{where}: no array can be read here ({error})") from None
    if made.dtype.kind not in "biuf":
        raise SolutionFileError(f"{where}: an array of type {made.dtype.str!r}; expected numbers or truth values")
    made.flags.writeable = False
    return made


def _record(kind: str, fields: Mapping[str, Any], where: str) -> Any:
    """An answer or a proof, each of its fields of the kind that the class declares."""
    hints = _hints(kind)
    for name, value in fields.items():
        if name in hints and not _fits(value, hints[name]):
            expected = re.sub(
                r"\w+\.(?=\w)", "", getattr(hints[name], "__name__", "") if isinstance(hints[name], type) else str(hints[name])
            )
            raise SolutionFileError(f"{where}.{name}: a {type(value).__name__} that does not fit; expected {expected}")
    return RECORDS[kind](**fields)


@cache
def _hints(kind: str) -> dict[str, Any]:
    return get_type_hints(RECORDS[kind])


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is what an annotation says, through tuples and mappings."""
    kind, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if kind in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if kind is tuple:
        if not isinstance(value, tuple):
            return False
        each = parts[:1] * len(value) if parts[-1] is Ellipsis else parts
        return len(value) == len(each) and all(_fits(item, part) for item, part in zip(value, each, strict=True))
    if kind is not None and issubclass(kind, Mapping):
        return isinstance(value, Mapping) and all(_fits(k, parts[0]) and _fits(v, parts[1]) for k, v in value.items())
    if kind is np.ndarray:
        return isinstance(value, np.ndarray) and value.dtype == get_args(parts[1])[0]
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float) if hint is float else hint)
