r"""Two-player stage games.

A stage game is a pair of finite action sets :math:`A_0, A_1` and payoffs :math:`g_i(a)`, :math:`a = (a_0, a_1)`, stored as one array
``payoffs[i, a_0, a_1]``. Player 0 is the U.S. and chooses the row, player 1 is China and chooses the column, for both players' payoffs
alike (never "own action first").
"""

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bargaining.games.exact import exact

Profile = tuple[int, int]

PLAYERS = ("U.S.", "China")


class GameError(ValueError):
    """A game, or a thing said of a game, that is malformed. The message is one line: what, where, what was expected."""


def near_match(word: object, words: Sequence[object]) -> str:
    """`` (did you mean 'x'?)`` for the closest of `words`, or nothing."""
    close = difflib.get_close_matches(str(word), [str(w) for w in words], n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


# The integers up to here are floats too.
LARGEST_INTEGER = 2**53


def read_exactly(values: Any, what: str) -> NDArray[np.object_] | None:
    """`values` as an array of fractions if some are fractions, decimals, strings (``"1/3"``) or integers beyond 2^53; None if none is."""
    try:
        plain = np.asarray(values)
        # An integer that no float holds would tie with its neighbours.
        if plain.dtype.kind == "f" and plain is values:
            return None
        if plain.dtype.kind in "biuf" and plain.size and plain.min() > -LARGEST_INTEGER and plain.max() < LARGEST_INTEGER:
            return None
        given = np.array(values.tolist() if plain is values else values, dtype=object)
    except (TypeError, ValueError, OverflowError):
        return None
    if not any(
        isinstance(value, (Fraction, Decimal, str)) or (type(value) is int and abs(value) > LARGEST_INTEGER) for value in given.flat
    ):
        return None
    found = np.empty(given.shape, dtype=object)
    for where, value in np.ndenumerate(given):
        try:
            found[where] = exact(str(value) if isinstance(value, Decimal) else value)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            raise GameError(f"{what}[{', '.join(map(str, where))}] is {value!r}: payoffs must be finite numbers") from None
    return found


def read_payoffs(values: Any, what: str) -> NDArray[np.float64]:
    """`values` as a finite float64 array, or a `GameError` that names the first entry that is not a finite number."""
    return read_both(values, what)[0]


def read_both(values: Any, what: str) -> tuple[NDArray[np.float64], NDArray[np.object_] | None]:
    """What `read_payoffs` and `read_exactly` return."""
    fractions = read_exactly(values, what)
    if fractions is not None:
        values = fractions
    if np.ma.is_masked(values):
        raise GameError(f"{what} has masked entries: payoffs must be finite numbers")
    if isinstance(values, np.ndarray) and values.dtype.kind not in "biufOU":
        raise GameError(f"{what} is an array of {values.dtype}: expected numbers")
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise GameError(f"{what}: expected an array of numbers, all rows of one length ({error})") from None
    # The sum of squares is finite if all numbers are, but for overflow, and is quicker to find.
    if not math.isfinite(np.vdot(array, array)) and not np.isfinite(array).all():
        if array.ndim == 0:
            raise GameError(f"{what} is {values!r}: expected an array of numbers")
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise GameError(f"{what}[{', '.join(map(str, where))}] is {array[where]}: payoffs must be finite numbers")
    return array, fractions


# Beyond this size products of two payoffs leave the range of floats.
LARGEST = 1e150


def require_size(payoffs: NDArray[np.float64]) -> None:
    """Refuse payoffs of which solvers could not take products."""
    if payoffs.size and not max(float(payoffs.max()), -float(payoffs.min())) <= LARGEST:
        where = tuple(int(k) for k in np.argwhere(np.abs(payoffs) > LARGEST)[0])
        place = ", ".join(map(str, where))
        raise GameError(f"payoffs[{place}] is {payoffs[where]:g}: expected at most {LARGEST:g}; use larger units")


def _items(value: object) -> Sequence[object]:
    """The items of an iterable; the value itself, alone, if it is none."""
    return list(value) if isinstance(value, Iterable) else [value]


@cache
def _positions(size: int) -> tuple[str, ...]:
    """Labels of actions that were given none."""
    return tuple(str(k) for k in range(size))


@dataclass(frozen=True, eq=False, kw_only=True)
class StageGame:
    """A finite two-player game in normal form.

    Parameters
    ----------
    payoffs : array_like, shape (2, m, n)
        ``payoffs[i, a, b]``: player i's payoff when the U.S. plays a and China b. Copied, float64, made read-only. Fractions, decimals and
        strings (``"1/3"``) are kept beside as `exact_payoffs`; a float stands for its shortest decimal.
    actions : pair of sequences of str, optional
        Labels of the m and n actions, distinct within a player; default ``"0", "1", …``.
    players : pair of str

    Raises
    ------
    GameError
        Wrong shape, an empty action set, a payoff that is not finite, labels that are missing, too many or repeated.

    Examples
    --------
    >>> pd = StageGame(payoffs=[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], actions=[("truce", "raise")] * 2)
    >>> pd.shape
    (2, 2)
    >>> pd.profile(("truce", "raise"))
    (0, 1)
    """

    payoffs: NDArray[np.float64]
    actions: tuple[tuple[str, ...], tuple[str, ...]] = None  # type: ignore[assignment]
    players: tuple[str, str] = PLAYERS

    def __post_init__(self) -> None:
        payoffs, fractions = read_both(self.payoffs, "payoffs")
        object.__setattr__(self, "_fractions", fractions)
        if payoffs.ndim != 3 or payoffs.shape[0] != 2:
            raise GameError(f"payoffs have shape {payoffs.shape}: expected (2, m, n), player first, then U.S. action, then Chinese action")
        for player in (0, 1):
            if payoffs.shape[1 + player] == 0:
                raise GameError(f"player {player} has no action: payoffs have shape {payoffs.shape}")
        payoffs = np.array(payoffs, dtype=np.float64, order="C")
        payoffs.flags.writeable = False
        object.__setattr__(self, "payoffs", payoffs)
        if self.players is not PLAYERS:
            object.__setattr__(self, "players", self._read_players())
        object.__setattr__(self, "actions", tuple(map(_positions, payoffs.shape[1:])) if self.actions is None else self._read_actions())

    def _read_players(self) -> tuple[str, str]:
        if isinstance(self.players, str) or not isinstance(self.players, Sequence):
            raise GameError(f"players {self.players!r}: expected two names")
        if len(self.players) != 2:
            raise GameError(f"players: expected two names, got {len(self.players)}")
        return str(self.players[0]), str(self.players[1])

    def _read_actions(self) -> tuple[tuple[str, ...], ...]:
        if isinstance(self.actions, str) or not all(isinstance(own, Iterable) for own in _items(self.actions)):
            raise GameError(f"actions {self.actions!r}: expected a list of labels for each of two players")
        actions = tuple(tuple(str(label) for label in labels) for labels in self.actions)
        if len(actions) != 2:
            raise GameError(f"actions: expected a list of labels for each of two players, got {len(actions)} lists")
        for player, (labels, size) in enumerate(zip(actions, self.shape, strict=True)):
            if len(labels) != size:
                raise GameError(f"actions[{player}] has {len(labels)} labels for the {size} actions of {self.players[player]}")
            for label in labels:
                if labels.count(label) > 1:
                    raise GameError(f"actions[{player}]: label {label!r} stands twice")
        return actions

    @property
    def exact_payoffs(self) -> NDArray[np.object_]:
        """Payoffs as fractions, shape (2, m, n): as they were given, floats as their shortest decimals."""
        if "_exact" not in self.__dict__:
            given = self._fractions  # type: ignore[attr-defined]
            if given is None:
                given = np.empty(self.payoffs.shape, dtype=object)
                for where, value in np.ndenumerate(self.payoffs):
                    given[where] = exact(float(value))
            given.flags.writeable = False
            object.__setattr__(self, "_exact", given)
        found: NDArray[np.object_] = self.__dict__["_exact"]
        return found

    @property
    def given_exactly(self) -> bool:
        """Whether payoffs were given as fractions, which floats may not hold."""
        return self._fractions is not None  # type: ignore[attr-defined]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of the U.S. and of China."""
        return self.payoffs.shape[1], self.payoffs.shape[2]

    def action(self, player: int, action: int | str) -> int:
        """Position of an action given by position or label."""
        labels = self.actions[player]
        if isinstance(action, str):
            if action not in labels:
                raise GameError(
                    f"{self.players[player]} has no action {action!r}{near_match(action, labels)}; actions: {', '.join(labels)}"
                )
            return labels.index(action)
        if isinstance(action, (bool, np.bool_)) or not isinstance(action, (int, np.integer)):
            raise GameError(f"action {action!r} of {self.players[player]}: expected a position or a label")
        if not 0 <= action < len(labels):
            raise GameError(f"{self.players[player]} has no action {action}: positions run from 0 to {len(labels) - 1}")
        return int(action)

    def profile(self, agreement: Any) -> Profile:
        """Positions ``(a_us, a_cn)`` of a pair of actions given by position or label."""
        if isinstance(agreement, str) or not isinstance(agreement, Sequence) or len(agreement) != 2:
            raise GameError(f"agreement {agreement!r}: expected a pair of actions, U.S. first")
        return self.action(0, agreement[0]), self.action(1, agreement[1])

    def labels(self, profile: Profile) -> tuple[str, str]:
        """Labels of a profile given by position."""
        return self.actions[0][profile[0]], self.actions[1][profile[1]]


def game(A: ArrayLike, B: ArrayLike, *, actions: Any = None, players: tuple[str, str] = PLAYERS) -> StageGame:
    """Build a stage game from two payoff matrices, row player first.

    Parameters
    ----------
    A, B : array_like, shape (m, n)
        Payoffs of the row player (player 0) and of the column player (player 1); rows are always player 0's actions.

    Raises
    ------
    GameError
        If the matrices differ in shape, are empty, or hold anything but finite numbers.

    Examples
    --------
    >>> game([[3, 0], [5, 1]], [[3, 5], [0, 1]]).payoffs[:, 1, 0]
    array([5., 0.])
    """
    if type(A) is type(B) is np.ndarray and A.shape == B.shape and A.ndim == 2 and A.dtype.kind == B.dtype.kind == "f":
        try:
            return StageGame(payoffs=np.array((A, B)), actions=actions, players=players)
        except GameError:
            pass  # What follows says in which of the two and where.
    (first, exact_first), (second, exact_second) = read_both(A, "A"), read_both(B, "B")
    for name, matrix in (("A", first), ("B", second)):
        if matrix.ndim != 2:
            raise GameError(f"{name} has shape {matrix.shape}: expected a matrix, one row an action of {players[0]}")
    if first.shape != second.shape:
        raise GameError(f"A has shape {first.shape} and B {second.shape}: expected the same, rows are {players[0]}'s actions in both")
    if exact_first is not None or exact_second is not None:
        pair = [first if exact_first is None else exact_first, second if exact_second is None else exact_second]
        return StageGame(payoffs=np.stack(pair).astype(object), actions=actions, players=players)
    return StageGame(payoffs=np.array((first, second)), actions=actions, players=players)
