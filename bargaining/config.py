"""Reading a YAML file into a validated model, with errors like a compiler's: all at once, each at its place.

A `Document` is plain data together with the place where each key was written; laying a profile or a ``--set`` over it moves the place
along with the value, so an error always cites what the user typed.
"""

import copy
import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

KeyPath = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class ConfigError(ValueError):
    """One or more mistakes in a file or on the command line; `problems` holds one line each: place, key, what is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=_position))
        super().__init__("\n".join(self.problems))


def _position(problem: str) -> tuple[float, ...]:
    """Line and column of a problem, for reading them in the order of the file; those of the command line come last."""
    place = re.match(r"[^\s:]*:(\d+):(\d+): ", problem)
    return tuple(map(int, place.groups())) if place else (math.inf,)


def _first_paragraph(schema: dict[str, Any]) -> None:
    """In an editor's tooltip the first paragraph of a docstring is enough."""
    schema["description"] = schema.get("description", "").partition("\n\n")[0]


class Model(BaseModel):
    """A part of a configuration: frozen, without unknown keys, without NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, json_schema_extra=_first_paragraph)


def _scalar(value: Any) -> Any:
    if not isinstance(value, (bool, int, float, str)):
        raise ValueError("expected a number or a word")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


Scalar = Annotated[Any, PlainValidator(_scalar), WithJsonSchema({"type": ["number", "string", "boolean"]})]


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


def did_you_mean(word: object, words: Sequence[object]) -> str:
    """``; did you mean 'x'?`` for the closest of `words`, else ``; expected one of: …``.

    Examples
    --------
    >>> did_you_mean("tolernce", ["tol", "max_iter"])
    "; did you mean 'tol'?"
    """
    close = difflib.get_close_matches(str(word), [str(w) for w in words], n=1, cutoff=0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; expected one of: {', '.join(map(str, words))}" if words else ""


@dataclass
class Document:
    """Plain data and the place of every key in it."""

    data: dict[str, Any]
    source: str
    places: dict[KeyPath, str] = field(default_factory=dict)
    # Keys that were not there until an assignment wrote something below them.
    opened: frozenset[KeyPath] = frozenset()

    @classmethod
    def read(cls, path: Path) -> "Document":
        """Read a YAML 1.2 file.

        Raises
        ------
        ConfigError
            If the file cannot be read, is not YAML, repeats a key, or does not hold a mapping.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigError([f"{path}: {error.strerror}"]) from None
        except UnicodeDecodeError:
            raise ConfigError([f"{path}: not a text file in UTF-8"]) from None
        return cls.parse(text, str(path), "schema_version: 1")

    @classmethod
    def parse(cls, text: str, source: str, example: str) -> "Document":
        """Read the text of a YAML 1.2 file; `source` names it in errors, and `example` is a key and value it could hold.

        Raises
        ------
        ConfigError
            If it is not YAML, repeats a key, or does not hold a mapping.
        """
        node = _load(text, source)
        if not isinstance(node, CommentedMap):
            raise ConfigError([f"{source}:1:1: expected keys and values, such as {example!r}"])
        document = cls(data={}, source=source)
        document.data = _plain(node, (), source, document.places)
        return document

    def place(self, path: KeyPath) -> str:
        """Where `path`, or the nearest key above it, was written."""
        return next((self.places[path[:k]] for k in range(len(path), 0, -1) if path[:k] in self.places), f"{self.source}:1:1")

    def problem(self, path: KeyPath, message: str) -> str:
        """One line that names place, key and mistake."""
        name = ".".join(map(str, path))
        return f"{self.place(path)}: {name}: {message}" if name else f"{self.place(path)}: {message}"

    def subdocument(self, path: KeyPath) -> "Document":
        """The part under `path` as a document of its own, its places unchanged."""
        data: Any = self.data
        for step in path:
            data = data[step]
        places = {key[len(path) :]: place for key, place in self.places.items() if key[: len(path)] == path and len(key) > len(path)}
        return Document(copy.deepcopy(data), self.source, places)

    def without(self, key: str) -> "Document":
        """This document without one of its top keys."""
        result = Document({each: value for each, value in self.data.items() if each != key}, self.source, dict(self.places))
        result.forget((key,))
        return result

    def overlay(self, patch: "Document") -> "Document":
        """This document with `patch` laid over it: mappings are merged, all else is replaced, and a null removes the key."""
        result = Document(copy.deepcopy(self.data), self.source, dict(self.places))
        _merge(result, patch, (), result.data, patch.data)
        return result

    def set(self, assignment: str) -> "Document":
        """This document with one ``a.b.c=value`` laid over it.

        The value is read as YAML, a number in the key counts list items, and a null removes what is there.

        Raises
        ------
        ConfigError
            If the assignment has no ``=``, its value is not YAML, or the key leads nowhere.
        """
        flag = f"--set {assignment}"
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise ConfigError([f"{flag}: expected key=value, such as runs.standoff.solver.tol=1e-6"])
        result = Document(copy.deepcopy(self.data), self.source, dict(self.places), self.opened)
        value = _plain(_load(text, flag), (), flag, {})
        *parents, last = key.strip().split(".")
        target: Any = result.data
        path: KeyPath = ()
        for step in parents:
            position = _step(target, step, path, flag)
            path = (*path, position)
            if isinstance(target, dict) and step not in target:
                target[step] = {}
                result.places[path] = flag
                result.opened |= {path}
            target = target[position]
        position = _step(target, last, path, flag)
        result.forget((*path, position))
        if value is None:
            target.pop(*([position] if isinstance(target, list) else [position, None]))
        else:
            target[position] = value
            result.places[(*path, position)] = flag
        return result

    def forget(self, path: KeyPath) -> None:
        """Drop the places of `path` and of all below it."""
        for key in [key for key in self.places if key[: len(path)] == path]:
            del self.places[key]

    def validate(self, model: type[M]) -> M:
        """The data as `model`.

        Raises
        ------
        ConfigError
            With one line for every mistake.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise ConfigError(list(self._translate(model, error))) from None

    def _translate(self, model: type[BaseModel], error: ValidationError) -> Iterator[str]:
        schema = model.model_json_schema()
        for mistake in error.errors():
            path = self._path(mistake["loc"])
            kind, got = mistake["type"], mistake["input"]
            context = mistake.get("ctx", {})
            if kind == "union_tag_not_found":
                kind, path = "missing", (*path, "name")
            if kind == "extra_forbidden":
                yield self.problem(path, "unknown key" + did_you_mean(path[-1], _keys(schema, path[:-1], mistake["loc"])))
            elif kind == "missing" and (opened := self._misspelt(schema, path)):
                others = [key for key in self.subdocument(opened[:-1]).data if key != opened[-1]]
                yield self.problem(opened, "unknown key" + did_you_mean(opened[-1], others))
            elif kind == "missing":
                yield self.problem(path, "an item is missing" if isinstance(path[-1], int) else "this key is missing")
            elif kind == "string_pattern_mismatch" and path[-1:] == ("[key]",):
                yield self.problem(path[:-1], "no name: expected letters, digits, - and _, a letter first")
            elif kind == "literal_error":
                words = [word.strip("'") for word in str(context["expected"]).replace(" or ", ", ").split(", ")]
                yield self.problem(path, f"{got!r} is not known" + did_you_mean(got, words))
            elif kind == "union_tag_invalid":
                words = [word.strip("'") for word in str(context["expected_tags"]).split(", ")]
                yield self.problem((*path, "name"), f"{context['tag']!r} is not known" + did_you_mean(context["tag"], words))
            elif kind == "value_error":
                yield self.problem(path, f"{context['error']}{_got(got)}")
            elif kind in ("model_type", "dict_type"):
                yield self.problem(path, f"expected keys and values{_got(got)}")
            else:
                message = mistake["msg"].replace("Input should", "should").replace("valid tuple", "list")
                yield self.problem(path, f"{message[0].lower()}{message[1:]}{_got(got)}")

    def _misspelt(self, schema: Mapping[str, Any], path: KeyPath) -> KeyPath:
        """The part of `path` with a free name that an assignment opened by writing below it: a slip, since what it opened is not whole."""
        parts = [path[:k] for k in range(1, len(path))]
        return next((part for part in parts if part in self.opened and part[-1] not in _keys(schema, part[:-1])), ())

    def _path(self, location: tuple[str | int, ...]) -> KeyPath:
        """A pydantic location without the names of union members, which are no keys of the document."""
        path: KeyPath = ()
        data: Any = self.data
        for k, step in enumerate(location):
            if isinstance(data, (dict, list)):
                inside = step in data if isinstance(data, dict) else isinstance(step, int) and step < len(data)
                if inside or k == len(location) - 1:
                    path = (*path, step)
                    data = data[step] if inside else None  # type: ignore[index]
        return path


def _load(text: str, source: str) -> Any:
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}:{mark.line + 1}:{mark.column + 1}" if mark and not source.startswith("--set") else source
        raise ConfigError([f"{place}: {error.problem or error.context}"]) from None
    except YAMLError as error:
        raise ConfigError([f"{source}: {str(error).splitlines()[0]}"]) from None
    except (ValueError, RecursionError) as error:
        # A tag such as !!int on what is no integer, or lists nested without end.
        raise ConfigError([f"{source}: not YAML that can be read: {error}"]) from None


def _plain(node: Any, path: KeyPath, source: str, places: dict[KeyPath, str]) -> Any:
    """ruamel's round-trip nodes as built-in types, noting the place of every key and list item."""

    def visit(step: str | int, value: Any, position: tuple[int, int]) -> Any:
        places[(*path, step)] = f"{source}:{position[0] + 1}:{position[1] + 1}"
        return _plain(value, (*path, step), source, places)

    if isinstance(node, CommentedMap):
        # A key that comes in by a merge (<<) has no position of its own.
        here = {key: node.lc.key(key) if key in (node.lc.data or {}) else (node.lc.line, node.lc.col) for key in node}
        return {str(key): visit(str(key), value, here[key]) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [visit(k, value, node.lc.item(k)) for k, value in enumerate(node)]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _merge(result: Document, patch: Document, path: KeyPath, base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        here = (*path, key)
        if value is None and key in base:
            del base[key]
            result.forget(here)
        elif isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(result, patch, here, base[key], value)
        else:
            base[key] = copy.deepcopy(value)
            result.forget(here)
            result.places.update({k: place for k, place in patch.places.items() if k[: len(here)] == here})


def _step(target: Any, step: str, path: KeyPath, flag: str) -> str | int:
    """One step of a dotted key: a key of a mapping, or the position of an item in a list."""
    above = ".".join(map(str, path))
    if isinstance(target, dict):
        return step
    if isinstance(target, list):
        if step.isdecimal() and int(step) < len(target):
            return int(step)
        raise ConfigError([f"{flag}: {above} is a list of {len(target)}; expected a position from 0 to {len(target) - 1}, got {step!r}"])
    raise ConfigError([f"{flag}: {above} is {target!r} and has no keys below it"])


def _got(value: Any) -> str:
    shown = repr(value)
    return f" (got {shown})" if len(shown) <= 60 else ""


def _keys(schema: Mapping[str, Any], path: KeyPath, tags: Sequence[object] = ()) -> list[str]:
    """Keys that the JSON schema of a model knows at `path`; `tags` say which of several kinds it is, where that is known."""
    nodes: list[Mapping[str, Any]] = [schema]
    for step in path:
        nodes = [below for node in _branches(nodes, schema, tags) for below in _below(node, step)]
    return list(dict.fromkeys(key for node in _branches(nodes, schema, tags) for key in node.get("properties", {})))


def _branches(nodes: Sequence[Mapping[str, Any]], schema: Mapping[str, Any], tags: Sequence[object]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        if "$ref" in node:
            yield from _branches([schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]], schema, tags)
            continue
        yield node
        kinds = node.get("discriminator", {}).get("mapping", {})
        told = [{"$ref": kinds[tag]} for tag in tags if tag in kinds]
        yield from _branches(told or [*node.get("anyOf", ()), *node.get("oneOf", ())], schema, tags)


def _below(node: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    """What a JSON schema says of one key, or of the items of a list."""
    if isinstance(step, int):
        found = [node.get("items")]
    elif step in node.get("properties", {}):
        found = [node["properties"][step]]
    else:
        found = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    yield from (each for each in found if isinstance(each, Mapping))
