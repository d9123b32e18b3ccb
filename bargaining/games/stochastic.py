r"""Stochastic games with perfect monitoring: a stage game a state, and actions that move the state.

In state s the profile a earns :math:`g^s_i(a)` and the next state is s' with probability :math:`P(s' \mid s, a)`; flow accrues in the
current state, then the transition is drawn and seen by both. A repeated game is the case of one state.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.discounting import Discounted, read_delta
from bargaining.games.exact import Real, exact
from bargaining.games.stage import GameError, Profile, StageGame, near_match

Floats = NDArray[np.float64]

# Probabilities given as floats may miss a sum of one by their own rounding; more is a mistake.
SUM_TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True, eq=False)
class StochasticGame(Discounted):
    r"""A finite two-player game played for ever in states that the players' actions may move.

    Parameters
    ----------
    payoffs : sequence of array_like, ``payoffs[s]`` of shape (2, m_s, n_s)
        ``payoffs[s][i, a, b]``: player i's payoff in state s when the U.S. plays a and China b. Action sets may differ from state to state.
    transitions : sequence of array_like, ``transitions[s]`` of shape (m_s, n_s, S)
        ``transitions[s][a, b, s2]``: probability that s2 follows s. Floats are read as the decimals they print as, strings (``"1/3"``) and
        fractions as they are; each row is then divided by its sum, which may miss 1 by 1e-9.
    delta : float, Fraction, str, or a pair of them
        Common discount factor, or one per player (U.S. first), as in `RepeatedGame`.
    states : sequence of str, optional
        Names of the states, distinct; default ``"0", "1", …``.
    actions : sequence of pairs of sequences of str, optional
        Labels of the actions in each state, as in `StageGame`; one pair for all states if their shapes are alike.
    players : pair of str

    Raises
    ------
    GameError
        Wrong shapes, a number that is not finite, a negative probability, a row that does not add up to one, names missing or repeated,
        a discount factor outside (0, 1).

    References
    ----------
    Shapley, L. (1953), Stochastic games, PNAS 39.

    Examples
    --------
    A truce that lapses for good with probability 3/10 a period.

    >>> truce = StochasticGame(
    ...     payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...     transitions=[[[[0.7, 0.3]] * 2] * 2, [[[0, 1]]]],
    ...     delta=0.9, states=["truce", "lapse"])
    >>> len(truce), truce.stage("truce").shape, truce.exact_transitions[0][0, 1]
    (2, (2, 2), ((0, Fraction(7, 10)), (1, Fraction(3, 10))))
    """

    payoffs: Sequence[Any]
    transitions: Sequence[Any]
    delta: Real | tuple[Real, Real]
    states: tuple[str, ...] = None  # type: ignore[assignment]
    actions: Any = None
    players: tuple[str, str] = ("U.S.", "China")

    def __post_init__(self) -> None:
        payoffs, transitions = _listed(self.payoffs, "payoffs"), _listed(self.transitions, "transitions")
        if not payoffs:
            raise GameError("payoffs: expected at least one state")
        if len(transitions) != len(payoffs):
            raise GameError(f"transitions are given for {len(transitions)} states, payoffs for {len(payoffs)}")
        names = self.states if self.states is not None else [str(s) for s in range(len(payoffs))]
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise GameError(f"states {names!r}: expected a list of names")
        states = tuple(str(name) for name in names)
        if len(states) != len(payoffs):
            raise GameError(f"states: {len(states)} names for {len(payoffs)} states")
        for name in states:
            if states.count(name) > 1:
                raise GameError(f"states: name {name!r} stands twice")
        object.__setattr__(self, "states", states)
        object.__setattr__(self, "_factors", read_delta(self.delta))
        object.__setattr__(self, "_stages", self._read_stages(payoffs))
        object.__setattr__(self, "payoffs", tuple(stage.payoffs for stage in self.stages))
        object.__setattr__(self, "actions", tuple(stage.actions for stage in self.stages))
        object.__setattr__(self, "players", self.stages[0].players)
        exactly, floats = zip(*(self._read_transitions(s, rows) for s, rows in enumerate(transitions)), strict=True)
        object.__setattr__(self, "exact_transitions", exactly)
        object.__setattr__(self, "transitions", floats)

    # Set in __post_init__: for each state, profile -> ((next state, probability), …), exact, positive ones only.
    exact_transitions: "tuple[dict[Profile, tuple[tuple[int, Fraction], ...]], ...]" = None  # type: ignore[assignment]

    def _read_stages(self, payoffs: Sequence[Any]) -> tuple[StageGame, ...]:
        labels = self.actions
        if labels is None:
            labels = [None] * len(payoffs)
        else:
            labels = _listed(labels, "actions")
            # One pair of label lists for all states: a pair whose items are lists of strings.
            if len(labels) == 2 and all(_is_labels(own) for own in labels):
                labels = [labels] * len(payoffs)
        if len(labels) != len(payoffs):
            raise GameError(f"actions are given for {len(labels)} states, payoffs for {len(payoffs)}")
        stages = []
        for name, own, actions in zip(self.states, payoffs, labels, strict=True):
            try:
                stages.append(StageGame(payoffs=own, actions=actions, players=self.players))
            except GameError as error:
                raise GameError(f"state {name!r}: {error}") from None
        return tuple(stages)

    def _read_transitions(self, state: int, rows: Any) -> tuple[dict[Profile, tuple[tuple[int, Fraction], ...]], Floats]:
        name, (m, n), count = self.states[state], self.stages[state].shape, len(self.states)
        given = np.asarray(rows, dtype=object)
        if given.shape != (m, n, count):
            raise GameError(f"state {name!r}: transitions have shape {given.shape}, expected ({m}, {n}, {count})")
        exactly: dict[Profile, tuple[tuple[int, Fraction], ...]] = {}
        floats = np.zeros((m, n, count))
        for a in range(m):
            for b in range(n):
                row = []
                for following, value in enumerate(given[a, b]):
                    try:
                        share = exact(value)
                    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
                        share = Fraction(-1)
                    if share < 0:
                        where = f"transitions[{a}, {b}, {following}]"
                        raise GameError(f"state {name!r}: {where} is {value!r}, expected a probability")
                    row.append(share)
                total = sum(row, Fraction(0))
                if abs(total - 1) > SUM_TOLERANCE:
                    raise GameError(f"state {name!r}: transitions[{a}, {b}] add up to {float(total):.10g}, expected 1")
                exactly[a, b] = tuple((following, share / total) for following, share in enumerate(row) if share)
                for following, share in exactly[a, b]:
                    floats[a, b, following] = float(share)
        floats.flags.writeable = False
        return exactly, floats

    def __len__(self) -> int:
        return len(self.states)

    @property
    def stages(self) -> tuple[StageGame, ...]:
        """The stage game of each state."""
        return self._stages  # type: ignore[attr-defined, no-any-return]

    def state(self, state: int | str) -> int:
        """Position of a state given by position or name."""
        if isinstance(state, str):
            if state not in self.states:
                raise GameError(f"there is no state {state!r}{near_match(state, self.states)}; states: {', '.join(self.states)}")
            return self.states.index(state)
        if isinstance(state, (bool, np.bool_)) or not isinstance(state, (int, np.integer)):
            raise GameError(f"state {state!r}: expected a position or a name")
        if not 0 <= state < len(self):
            raise GameError(f"there is no state {state}: positions run from 0 to {len(self) - 1}")
        return int(state)

    def stage(self, state: int | str) -> StageGame:
        """The stage game of a state given by position or name."""
        return self.stages[self.state(state)]

    def with_delta(self, delta: Any) -> "StochasticGame":
        """The same game at another discount factor."""
        exactly = [
            [[[dict(rows[a, b]).get(s, Fraction(0)) for s in range(len(self))] for b in range(n)] for a in range(m)]
            for rows, (m, n) in zip(self.exact_transitions, (stage.shape for stage in self.stages), strict=True)
        ]
        return StochasticGame(self.payoffs, exactly, delta, self.states, self.actions, self.players)

    @cached_property
    def successors(self) -> tuple[frozenset[int], ...]:
        """States that some profile of each state can lead to."""
        return tuple(frozenset(following for row in rows.values() for following, _ in row) for rows in self.exact_transitions)

    def reachable(self, start: int | str) -> tuple[int, ...]:
        """Positions of the states that play from `start` can come to, itself included, in order."""
        waiting, found = [self.state(start)], set()
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += self.successors[state]
        return tuple(sorted(found))


def _listed(values: Any, what: str) -> list[Any]:
    """The items of a sequence or array, one a state."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise GameError(f"{what}: expected a sequence with one entry a state")
    return list(values)


def _is_labels(values: Any) -> bool:
    return not isinstance(values, str) and isinstance(values, Iterable) and all(isinstance(label, str) for label in values)
