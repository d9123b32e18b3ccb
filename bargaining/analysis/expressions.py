"""Expressions over the columns of an ensemble, evaluated by pandas.

A column is named as it is (``curb_security_ratio``), or between backticks where its name is no word
(```worst_us[T,R,K|A]` < `worst_us[T,K,A|R]` - 1``).
"""

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_QUOTED = re.compile(r"`([^`]+)`")
_FUNCTIONS = frozenset(("abs", "sqrt", "exp", "log"))


class ExpressionError(ValueError):
    """An expression that cannot be read or evaluated; the message names it."""


def columns_of(expression: str) -> list[str]:
    """Columns that an expression names, in order.

    Raises
    ------
    ExpressionError
        If it is no expression.

    Examples
    --------
    >>> columns_of("`worst_us[T|R]` < -1 and b > 1")
    ['worst_us[T|R]', 'b']
    """
    _, names = _plain(expression)
    return names


def evaluate(frame: "pd.DataFrame", expression: str) -> "tuple[NDArray[np.float64] | NDArray[np.bool_], NDArray[np.bool_]]":
    """Values of an expression, one a row, and in which rows every number that it names is decided (not NaN).

    Raises
    ------
    ExpressionError
        If it cannot be read, names an unknown column, or is not one value a row.

    Examples
    --------
    >>> import pandas as pd
    >>> values, decided = evaluate(pd.DataFrame({"x[a]": [1.0, 2.0, float("nan")]}), "`x[a]` > 1")
    >>> values.tolist(), decided.tolist()
    ([False, True, False], [True, True, False])
    """
    import numpy as np

    plain, names = _plain(expression)
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ExpressionError(f"{expression!r}: unknown column {missing[0]!r}{near(missing[0], list(frame.columns))}")
    own = frame[names].rename(columns={name: f"column_{k}" for k, name in enumerate(names)})
    decided = np.ones(len(frame), dtype=np.bool_)
    for name in names:
        values = frame[name].to_numpy()
        if values.dtype.kind == "f":
            decided &= ~np.isnan(values)
    if not len(frame):
        return np.empty(0, dtype=np.bool_), decided
    try:
        found = np.asarray(own.eval(plain, engine="python"))
    except Exception as error:  # pandas raises whatever its parser meets
        raise ExpressionError(f"{expression!r}: {' '.join(str(error).split())}") from None
    if found.ndim == 0:
        found = np.full(len(frame), found)
    if found.shape != (len(frame),) or found.dtype.kind not in "bfiu":
        raise ExpressionError(f"{expression!r}: expected a number or a truth value in every row")
    return (found if found.dtype.kind == "b" else found.astype(np.float64)), decided


def near(word: str, words: Sequence[str]) -> str:
    """A hint at the nearest of some words, or nothing."""
    import difflib

    found = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f" (did you mean {found[0]!r}?)" if found else ""


def _plain(expression: str) -> tuple[str, list[str]]:
    """The expression with every column replaced by a word of its own, and the columns in that order."""
    names: list[str] = []

    def word(name: str) -> str:
        if name not in names:
            names.append(name)
        return f"column_{names.index(name)}"

    plain = _QUOTED.sub(lambda match: word(match.group(1)), expression)
    try:
        tree = ast.parse(plain.strip(), mode="eval")
    except SyntaxError as error:
        raise ExpressionError(f"{expression!r} is no expression: {error.msg}") from None
    if "`" in plain:
        raise ExpressionError(f"{expression!r}: a backtick without its partner")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    unknown = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) in called and node.id not in _FUNCTIONS]
    if unknown:
        raise ExpressionError(f"{expression!r}: unknown function {unknown[0]!r}; functions: {', '.join(sorted(_FUNCTIONS))}")
    if any(isinstance(node, ast.Attribute) for node in ast.walk(tree)):
        raise ExpressionError(f"{expression!r}: expected columns, numbers and comparisons only")
    bare = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called and not re.fullmatch(r"column_\d+", node.id)
    ]
    for node in sorted(bare, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        text = plain.strip()
        plain = text[: node.col_offset] + word(node.id) + text[node.col_offset + len(node.id) :]
    return plain.strip(), names
