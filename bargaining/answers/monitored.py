"""Answers under imperfect public monitoring: what patience can reach, and paths over discount factors, with their proofs."""

from dataclasses import dataclass
from fractions import Fraction
from math import isnan
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.exact import exact
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Solution

Floats = NDArray[np.float64]
Mixed = tuple[Floats, Floats]
Weights = tuple[Fraction, ...]

# A path over liquidity ends where a larger discount factor would be needed.
DELTA_MAX = 0.9999


@dataclass(frozen=True, eq=False)
class ScoreProof:
    r"""Why scores are what they are, in fractions.

    `profiles` are the (mixed) profiles looked at, ``scores[k]`` the score in direction k: None if no profile can be enforced. It is
    attained: at profile ``leaders[k]`` the rewards ``rewards[k][y]``, one pair a signal, never point outward and make each side
    indifferent between the actions it uses and no other one better. It is not exceeded: ``bounds[k]`` holds (profile, weights of the
    U.S.'s actions, weights of China's); weights :math:`n_i` that add up to :math:`\lambda_i`, never positive on actions that are not
    used, under which both sides' signals are :math:`\tau(y) \lambda_i` with one :math:`\tau \ge 0`, bound the score by
    :math:`\sum_i \sum_{a} n_i(a) g_i(a)`. A profile without weights is bounded by what it is worth, :math:`\lambda\cdot g`.

    ``undeterred`` holds (profile, player, weights) of profiles that no rewards enforce: a mixture of the player's actions that signals
    cannot tell from the profile earns it more.
    """

    profiles: tuple[tuple[Weights, Weights], ...]
    scores: tuple[Fraction | None, ...]
    leaders: tuple[int, ...]
    rewards: tuple[tuple[tuple[Fraction, Fraction], ...], ...]
    bounds: tuple[tuple[tuple[int, Weights, Weights], ...], ...]
    undeterred: tuple[tuple[int, int, Weights], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitSet(Solution):
    """Scores in many directions and the polygon that their half-planes leave.

    `payoff_set` holds the limit set; between two directions the limit set may be smaller. ``scores[k]`` belongs to ``directions[k]``, and
    ``profiles[k]`` is the pair of (mixed) actions that attains it. `error_bound` is about the scores.
    """

    directions: Floats
    scores: Floats
    profiles: tuple[Mixed, ...]
    payoff_set: PayoffSet
    proof: ScoreProof


@dataclass(frozen=True)
class Liquidity:
    """What one liquidity sustains: the best payoff (joint with transfers, each side's in symmetric equilibria) and the worst a side."""

    liquidity: float
    best: float
    worst: tuple[float, ...]
    profile: tuple[int, int]

    @property
    def delta(self) -> float:
        """The discount factor from which on there is that much liquidity."""
        surplus = self.best - sum(self.worst)
        return self.liquidity / (self.liquidity + surplus) if self.liquidity else 0.0


@dataclass(frozen=True, eq=False)
class LiquidityCurve:
    """The best payoff at one profile (kind 0), or minus the worst of side i (kind i + 1), over liquidity.

    It is concave, and straight between corners. ``rewards[k][i][y]``, what side i gets after signal y, gives the value at ``corners[k]``;
    ``weights[k]``, one a deviation, bounds the curve by a line that passes through the values at corners k and k + 1.
    """

    kind: int
    profile: tuple[int, int]
    corners: tuple[Fraction, ...]
    values: tuple[Fraction, ...]
    rewards: tuple[tuple[Weights, ...], ...]
    weights: tuple[Weights, ...]


@dataclass(frozen=True, eq=False)
class LiquidityProof:
    """Why a path is what it is, in fractions.

    ``places[k]`` is the liquidity of level k. ``needs`` holds, for each profile, a liquidity below which nothing enforces it, and weights
    on deviations that prove so. A profile without a curve of a kind is bounded by what it earns without rewards.
    """

    places: tuple[Fraction, ...]
    needs: tuple[tuple[tuple[int, int], Fraction, Weights], ...]
    curves: tuple[LiquidityCurve, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class LiquidityPath(Solution):
    """Best and worst payoffs as piecewise linear curves over liquidity, for every common discount factor up to 0.9999.

    Curves go through ``levels``, by rising liquidity; two levels of the same liquidity are a jump. Linear programs are solved in exact
    arithmetic, and levels rounded once; `error_bound` is about their numbers.
    """

    levels: tuple[Liquidity, ...]
    proof: LiquidityProof

    def at(self, delta: Any) -> Liquidity | None:
        """The largest liquidity that a discount factor gives, with its payoffs; None if there is no equilibrium of the kind."""
        try:
            given = float(exact(delta))
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            given = float("nan")
        if not 0 < given < 1:
            raise ValueError(f"delta is {delta!r}: expected a number strictly between 0 and 1")
        if given > DELTA_MAX:
            raise ValueError(f"delta is {delta!r}: the path ends at {DELTA_MAX}")
        rate = given / (1.0 - given)
        found = None
        for number, level in enumerate(self.levels):
            here = rate * (level.best - sum(level.worst)) - level.liquidity
            slack = 1e-9 * max(level.liquidity, 1e-300)
            if here >= -slack:
                found = level
                if number + 1 < len(self.levels):
                    following = self.levels[number + 1]
                    there = rate * (following.best - sum(following.worst)) - following.liquidity
                    if there < 0.0 < here and following.liquidity > level.liquidity:
                        found = _between(level, following, here / (here - there))
        return found

    def least_delta(self, payoff: float) -> float | None:
        """Least discount factor at which the best payoff is at least `payoff`; None if there is none below 0.9999."""
        if isinstance(payoff, bool) or not isinstance(payoff, Real) or isnan(payoff):
            raise ValueError(f"payoff is {payoff!r}: expected a number")
        least = None
        for number, level in enumerate(self.levels):
            tried = [level]
            if number + 1 < len(self.levels):
                following = self.levels[number + 1]
                if level.best < payoff < following.best:
                    tried.append(_between(level, following, (payoff - level.best) / (following.best - level.best)))
            for each in tried:
                if each.best >= payoff - 1e-9 * max(1.0, abs(payoff)) and (least is None or each.delta < least):
                    least = each.delta
        return least

    def payoff_set(self, delta: Any) -> PayoffSet:
        """Equilibrium payoffs at a discount factor: a triangle with transfers, a segment of the diagonal if strongly symmetric."""
        level = self.at(delta)
        if level is None:
            return PayoffSet(np.empty((0, 2)))
        if len(level.worst) == 1:
            return PayoffSet.hull([[level.worst[0]] * 2, [level.best] * 2])
        u, v = level.worst
        return PayoffSet.hull([[u, v], [level.best - v, v], [u, level.best - u]])


def _between(first: Liquidity, second: Liquidity, share: float) -> Liquidity:
    def mix(x: float, y: float) -> float:
        return x + share * (y - x)

    worst = tuple(mix(x, y) for x, y in zip(first.worst, second.worst, strict=True))
    return Liquidity(mix(first.liquidity, second.liquidity), mix(first.best, second.best), worst, first.profile)
