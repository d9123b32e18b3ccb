"""The linear programs of correlated equilibria: the distribution whose payoffs reach farthest in a direction, exactly or by HiGHS."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import CorrelatedBound
from bargaining.games import GameError, StageGame, exact
from bargaining.solvers.exact_program import ExactProgram

Floats = NDArray[np.float64]
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Optimum:
    """A distribution that is best in a direction: its payoffs there, and what proves it."""

    payoffs: Pair
    distribution: Any
    normal: Pair
    multipliers: Any


class Programs(Protocol):
    """What the search for all edges asks."""

    def best(self, normal: Pair) -> Optimum:
        """An equilibrium whose payoffs reach farthest in a direction."""

    def is_beyond(self, optimum: Optimum, start: Pair) -> bool:
        """Whether it reaches farther in its direction than a point."""


def gains_of(own: Any, coarse: bool, player: int) -> list[Any]:
    """Incentive constraints of a player: arrays over profiles whose average is what a deviation gains. `own` is in joint order."""
    rows = own if player == 0 else own.T
    constraints = []
    for told in [None] if coarse else range(len(rows)):
        for played in range(len(rows)):
            if told == played:
                continue
            gain = rows[played] - rows
            if told is not None:
                gain = np.where((np.arange(len(rows)) == told)[:, None], gain, 0)
            constraints.append(gain if player == 0 else gain.T)
    return constraints


class ExactPrograms:
    """Programs over the equilibria, payoffs as positive integers."""

    def __init__(self, stage: StageGame, coarse: bool) -> None:
        numbers = [[[exact(u) for u in row] for row in matrix] for matrix in stage.payoffs.tolist()]
        self._low = [min(min(row) for row in matrix) for matrix in numbers]
        self._scale = [
            math.lcm(*((u - low).denominator for row in matrix for u in row)) for matrix, low in zip(numbers, self._low, strict=True)
        ]
        self._payoffs = [
            np.array([[int((u - low) * scale) for u in row] for row in matrix], dtype=object)
            for matrix, low, scale in zip(numbers, self._low, self._scale, strict=True)
        ]
        constraints = [gain.ravel() for player in (0, 1) for gain in gains_of(self._payoffs[player], coarse, player)]
        self._incentives = [len(gains_of(self._payoffs[player], coarse, player)) for player in (0, 1)]
        size = stage.shape[0] * stage.shape[1]
        self._program = ExactProgram(np.array([*constraints, [1] * size], dtype=object), [0] * len(constraints) + [1])
        self.count = 0

    def best(self, normal: Pair) -> Optimum:
        """An equilibrium whose payoffs reach farthest in a direction."""
        # In integers, and positive everywhere, so that probabilities add up to one where it is largest.
        common = math.lcm(*(Fraction(part).denominator for part in normal))
        whole = [int(part * common) for part in normal]
        divisor = math.gcd(*whole) or 1
        whole = [part // divisor for part in whole]
        objective = (whole[0] * self._payoffs[0] + whole[1] * self._payoffs[1]).ravel()
        lift = 1 - min(objective)
        distribution = self._program.maximise((objective + lift).tolist())
        multipliers = self._program.multipliers()
        multipliers[-1] -= lift
        weights = np.array(distribution, dtype=object)
        payoffs = tuple(Fraction(sum(weights * matrix.ravel())) for matrix in self._payoffs)
        self.count += 1
        return Optimum((payoffs[0], payoffs[1]), distribution, (whole[0], whole[1]), multipliers)

    def is_beyond(self, optimum: Optimum, start: Pair) -> bool:
        """Whether it reaches farther in its direction than a point."""
        return bool(sum(n * (p - s) for n, p, s in zip(optimum.normal, optimum.payoffs, start, strict=True)) > 0)

    def in_units(self, payoffs: Pair) -> list[Fraction]:
        """Payoffs as the game states them."""
        return [low + Fraction(value) / scale for value, low, scale in zip(payoffs, self._low, self._scale, strict=True)]

    def bound(self, proof: Optimum) -> CorrelatedBound:
        """The half-plane that an optimum proves, in the payoffs' own units."""
        normal = [Fraction(part * scale) for part, scale in zip(proof.normal, self._scale, strict=True)]
        scales = [self._scale[0]] * self._incentives[0] + [self._scale[1]] * self._incentives[1]
        incentives = [y * scale for y, scale in zip(proof.multipliers, scales, strict=False)]
        total = proof.multipliers[-1] + sum(n * low for n, low in zip(normal, self._low, strict=True))
        return CorrelatedBound((normal[0], normal[1]), (*incentives, total))


class FloatPrograms:
    """Programs over the equilibria by HiGHS, payoffs between 0 and 1."""

    # Within this, relative to the payoff spans, a chord is an edge, and two payoff pairs are one.
    _NEAR = 1e-10

    def __init__(self, stage: StageGame, coarse: bool) -> None:
        low = stage.payoffs.min(axis=(1, 2), keepdims=True)
        span = stage.payoffs.max(axis=(1, 2), keepdims=True) - low
        self.span = span.ravel()
        self._unit = (stage.payoffs - low) / np.where(span > 0.0, span, 1.0)
        gains = [gain.ravel() for player in (0, 1) for gain in gains_of(self._unit[player], coarse, player)]
        self._gains = np.array(gains).reshape(-1, self._unit[0].size)
        self._solve = _highs(self._gains)
        self._known: list[Optimum] = []
        self.count = 0

    def best(self, normal: Pair) -> Optimum:
        """An equilibrium whose payoffs reach farthest in a direction."""
        length = math.hypot(*normal)
        direction = (normal[0] / length, normal[1] / length)
        objective = (direction[0] * self._unit[0] + direction[1] * self._unit[1]).ravel()
        distribution, multipliers = self._solve(objective)
        payoffs = self._unit.reshape(2, -1) @ distribution
        # Whatever the multipliers are, if they are not negative, this bounds the objective over all equilibria.
        bound = float((objective - multipliers @ self._gains).max())
        self.count += 1
        known = next((each for each in self._known if np.abs(each.payoffs - payoffs).max() <= self._NEAR), None)
        if known is not None:
            return Optimum(known.payoffs, known.distribution, direction, bound)
        self._known.append(Optimum((float(payoffs[0]), float(payoffs[1])), distribution, direction, bound))
        return self._known[-1]

    def is_beyond(self, optimum: Optimum, start: Pair) -> bool:
        """Whether it reaches farther in its direction than a point."""
        return bool(sum(n * (p - s) for n, p, s in zip(optimum.normal, optimum.payoffs, start, strict=True)) > self._NEAR)

    def gap(self, proof: Optimum) -> float:
        """Distance from the payoffs of an optimum to the half-plane proven in its direction."""
        return float(proof.multipliers - sum(n * p for n, p in zip(proof.normal, proof.payoffs, strict=True)))


def _highs(gains: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
    from scipy.optimize import linprog

    size = gains.shape[1]

    def solve(objective: Floats) -> tuple[Floats, Floats]:
        answer: Any = linprog(
            -objective,
            A_ub=gains if len(gains) else None,
            b_ub=np.zeros(len(gains)) if len(gains) else None,
            A_eq=np.ones((1, size)),
            b_eq=[1.0],
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if answer.status != 0:
            raise GameError(f"HiGHS found no optimum ({answer.message}); try method 'exact'")
        distribution = np.clip(answer.x, 0.0, None)
        return distribution / distribution.sum(), np.clip(-np.asarray(answer.ineqlin.marginals), 0.0, None)

    return solve
