r"""Public equilibria that need one number, at every discount factor in one pass: with transfers, and strongly symmetric ones.

Both kinds of equilibria hang together by one *liquidity* :math:`\ell`, what the future has to give and to take:

* with voluntary transfers before every period (Goldlücke and Kranz 2012), signals move :math:`q_i(y) \ge 0` with :math:`\sum_i q_i(y) \le
  \ell`; what is not handed back is burned. The best joint payoff is :math:`U(\ell) = \max_a [\sum_i g_i(a) - \ell + E \sum_i q_i]`, player
  i's worst :math:`v_i(\ell) = \min_a [g_i(a) + E q_i]`, both subject to the incentive constraints :math:`g_i(a) + E_a q_i \ge g_i(a') +
  E_{a'} q_i`; at discount factor δ the largest :math:`\ell \le \frac{\delta}{1-\delta}(U - v_0 - v_1)` counts;
* in strongly symmetric equilibria both sides always do and get the same, :math:`q(y) \in [0, \ell]`, the best is :math:`\max_a [g(a) - \ell
  + E q]`, the worst :math:`\min_a [g(a) + E q]` (Abreu, Pearce and Stacchetti 1986; Abreu, Milgrom and Pearce 1991).

For each profile these are linear programs, so that all curves are piecewise linear in :math:`\ell`, and :math:`\ell` belongs to the
discount factor :math:`\ell / (\ell + \text{best} - \text{worst})`.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, MonitoredGame
from bargaining.games.exact import exact
from bargaining.games.monitored import require_monitored
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solvers.monitored_scaled import deviations

Floats = NDArray[np.float64]

# No liquidity is looked at that would need a discount factor closer to one.
DELTA_MAX = 0.9999
# Pieces of a curve that bend by less than this, relative to the payoff span, are one.
STRAIGHT = 1e-10


@dataclass(frozen=True)
class Liquidity:
    """What one liquidity sustains: the best payoff (joint with transfers, each side's in symmetric equilibria) and the worst a side."""

    liquidity: float
    best: float
    worst: tuple[float, ...]
    profile: Profile

    @property
    def delta(self) -> float:
        """The discount factor from which on there is that much liquidity."""
        surplus = self.best - sum(self.worst)
        return self.liquidity / (self.liquidity + surplus) if self.liquidity else 0.0


@dataclass(frozen=True, eq=False)
class LiquidityPath:
    """Best and worst payoffs as piecewise linear curves over liquidity.

    Curves go through ``levels``, by rising liquidity; two levels of the same liquidity are a jump. Floating point answers of linear
    programs (HiGHS), good to about 1e-9 of the payoff span, without a certificate.
    """

    game: MonitoredGame
    levels: tuple[Liquidity, ...]

    def at(self, delta: Any) -> Liquidity | None:
        """The largest liquidity that a discount factor gives, with its payoffs; None if there is no equilibrium of the kind."""
        try:
            given = float(exact(delta))
        except (TypeError, ValueError, ZeroDivisionError, OverflowError):
            given = float("nan")
        if not 0 < given < 1:
            raise ValueError(f"delta is {delta!r}: expected a number strictly between 0 and 1")
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


def monitored_transfers(game: MonitoredGame) -> LiquidityPath:
    """Optimal public equilibria with voluntary transfers under imperfect monitoring, for every common discount factor in one pass.

    Parameters
    ----------
    game : MonitoredGame
        Payoffs of both players in one unit, since it is what they pay each other. Its discount factor plays no part.

    Raises
    ------
    GameError
        If no profile can be enforced with any liquidity.

    References
    ----------
    Goldlücke, S., Kranz, S. (2012), Infinitely repeated games with public monitoring and monetary transfers, Journal of Economic
    Theory 147.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[1, -1.5], [2, 0]], [[1, 2], [-1.5, 0]])
    >>> rows = [[[0.7, 0.1, 0.1, 0.1], [0.3, 0.3, 0.1, 0.3]], [[0.3, 0.3, 0.3, 0.1], [0, 1, 0, 0]]]
    >>> path = bg.monitored_transfers(bg.MonitoredGame(dilemma, ["yC", "yD", "y1", "y2"], rows, delta=0.8))
    >>> round(path.at("10/13").best, 6), round(path.least_delta(2.0), 6)
    (1.5, 0.833333)
    """
    stage = require_monitored(game).stage_game()
    m, n = stage.shape
    profiles = [(a, b) for a in range(m) for b in range(n)]
    programs = [_Program(game, a, players=(0, 1)) for a in profiles]
    return _path(game, profiles, programs, 2)


def strongly_symmetric(game: MonitoredGame) -> LiquidityPath:
    r"""Strongly symmetric public equilibria (both sides alike after every history), for every common discount factor in one pass.

    With one deviation and a bad signal of probability p, q after cheating, the best is :math:`\pi - p\,g/(q-p)` whatever the patience
    that sustains it: the value burned by false alarms (Abreu, Milgrom and Pearce 1991).

    Parameters
    ----------
    game : MonitoredGame
        Symmetric in payoffs and signals. Its discount factor plays no part.

    Raises
    ------
    GameError
        If the game is not symmetric, or no profile can be enforced with any liquidity.

    References
    ----------
    Abreu, D., Milgrom, P., Pearce, D. (1991), Information and timing in repeated partnerships, Econometrica 59.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> noisy = bg.MonitoredGame(dilemma, ["good", "bad"], [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]], delta=0.9)
    >>> path = bg.strongly_symmetric(noisy)
    >>> round(path.at(0.9).best, 9), round(path.least_delta(1.75), 9)
    (1.75, 0.588235294)
    """
    payoffs, rows = require_monitored(game).stage_game().payoffs, game.monitoring.rows
    if payoffs.shape[1] != payoffs.shape[2] or (payoffs[0] != payoffs[1].T).any() or any(rows[a, b] != rows[b, a] for a, b in rows):
        raise GameError(
            "the game is not symmetric: expected payoffs[0] to be the transpose of payoffs[1], and signals alike at (a, b), (b, a)"
        )
    profiles = [(a, a) for a in range(payoffs.shape[1])]
    return _path(game, profiles, [_Program(game, a, players=(0,)) for a in profiles], 1)


class _Program:
    """The linear programs of one profile: variables q_i(y) of the players, then the liquidity."""

    def __init__(self, game: MonitoredGame, profile: Profile, players: Sequence[int]) -> None:
        payoffs, chance = game.stage_game().payoffs, game.monitoring.probabilities
        signals = chance.shape[2]
        size = len(players) * signals
        self.payoff = [float(payoffs[i, profile[0], profile[1]]) for i in players]
        self.chance = chance[profile]
        self.expected = [np.zeros(size + 1) for _ in players]
        rows, sides = [], []
        for place, i in enumerate(players):
            block = slice(place * signals, (place + 1) * signals)
            self.expected[place][block] = self.chance
            for there in deviations(profile, (payoffs.shape[1], payoffs.shape[2])):
                if (there[1 - i] == profile[1 - i]) and there != profile:
                    row = np.zeros(size + 1)
                    row[block] = chance[there] - self.chance
                    rows.append(row)
                    sides.append(float(payoffs[i, profile[0], profile[1]] - payoffs[i, there[0], there[1]]))
        for y in range(signals):
            row = np.zeros(size + 1)
            row[[place * signals + y for place in range(len(players))]] = 1.0
            row[-1] = -1.0
            rows.append(row)
            sides.append(0.0)
        self.rows, self.sides = np.array(rows), np.array(sides)
        everything = np.zeros(size + 1)
        everything[-1] = 1.0
        self.least = self._solve(everything, None)[0]

    def _solve(self, objective: Floats, liquidity: float | None) -> tuple[float, float]:
        """Least value, and its slope in the liquidity if that is given; infinite if infeasible."""
        from scipy.optimize import linprog

        bounds: list[tuple[float, float | None]] = [(0.0, None)] * len(objective)
        if liquidity is not None:
            bounds[-1] = (liquidity, liquidity)
        found = linprog(objective, A_ub=self.rows, b_ub=self.sides, bounds=bounds)
        if found.status == 2:
            return np.inf, 0.0
        if found.status != 0 or found.fun is None:
            raise RuntimeError(f"a linear program failed: {found.message}")
        return float(found.fun), float(found.lower.marginals[-1] + found.upper.marginals[-1])

    def best(self, liquidity: float) -> tuple[float, float]:
        """Best payoff (summed over the players) and its slope: what cannot be handed back is burned."""
        objective = -sum(self.expected, np.zeros_like(self.expected[0]))
        objective[-1] += 1.0
        burned, slope = self._solve(objective, liquidity)
        return sum(self.payoff) - burned, -slope

    def worst(self, place: int, liquidity: float) -> tuple[float, float]:
        """Minus the worst payoff of a player, and its slope."""
        given, slope = self._solve(self.expected[place], liquidity)
        return -self.payoff[place] - given, -slope


def _path(game: MonitoredGame, profiles: Sequence[Profile], programs: Sequence[_Program], players: int) -> LiquidityPath:
    payoffs = game.stage_game().payoffs
    size = max(float(np.ptp(payoffs.reshape(2, -1), axis=1).max()), 1e-300)
    most = DELTA_MAX / (1.0 - DELTA_MAX) * size * players
    able = [k for k, program in enumerate(programs) if program.least <= most]
    if not able:
        raise GameError("no profile can be enforced with any liquidity: there is no equilibrium of this kind in pure actions")
    curves: list[list[tuple[int, list[tuple[float, float]]]]] = []
    for kind in range(1 + players):
        own = []
        for k in able:
            program = programs[k]

            def curve(x: float, program: _Program = program, kind: int = kind) -> tuple[float, float]:
                return program.best(x) if kind == 0 else program.worst(kind - 1, x)

            # A hair above the least liquidity, at which the solver may find nothing feasible.
            start = program.least * (1.0 + 1e-11) if program.least > 1e-12 * size else 0.0
            own.append((k, _concave(curve, start, most, STRAIGHT * size)))
        curves.append(own)
    places = sorted({x for own in curves for _, points in own for x, _ in points} | _crossings(curves))
    levels: list[Liquidity] = []
    for x in places:
        # Before a profile comes in and with it: a jump.
        for without in (True, False):
            values = []
            for own in curves:
                top = [(_value(points, x), k) for k, points in own if points[0][0] < x or (points[0][0] == x and not without)]
                values.append(max(top, key=lambda pair: (pair[0], -pair[1]), default=None))
            if any(value is None for value in values):
                continue
            best, *worst = [value for value in values if value is not None]
            level = Liquidity(x, best[0], tuple(-value for value, _ in worst), profiles[best[1]])
            if not levels or levels[-1] != level:
                levels.append(level)
    return LiquidityPath(game, tuple(levels))


def _concave(curve: Callable[[float], tuple[float, float]], low: float, high: float, straight: float) -> list[tuple[float, float]]:
    """Corners of a concave piecewise linear function, from its values and slopes: where the tangents of two ends meet, or between."""

    def walk(a: float, fa: tuple[float, float], b: float, fb: tuple[float, float], depth: int) -> list[tuple[float, float]]:
        chord = fa[0] + fa[1] * (b - a)
        if chord - fb[0] <= straight or fa[1] - fb[1] <= 0.0 or depth == 0:
            return []
        x = (fb[0] - fa[0] + fa[1] * a - fb[1] * b) / (fa[1] - fb[1])
        if not a < x < b:
            return []
        here = curve(x)
        if fa[0] + fa[1] * (x - a) - here[0] <= straight:
            return [(x, here[0])]
        return [*walk(a, fa, x, here, depth - 1), (x, here[0]), *walk(x, here, b, fb, depth - 1)]

    first, last = curve(low), curve(high)
    return [(low, first[0]), *walk(low, first, high, last, 60), (high, last[0])]


def _value(points: list[tuple[float, float]], x: float) -> float:
    return float(np.interp(x, [p for p, _ in points], [v for _, v in points]))


def _crossings(curves: list[list[tuple[int, list[tuple[float, float]]]]]) -> set[float]:
    """Where the largest of a kind's curves may pass from one profile to another."""
    found: set[float] = set()
    for own in curves:
        places = sorted({x for _, points in own for x, _ in points})
        for a, b in itertools.pairwise(places):
            living = [points for _, points in own if points[0][0] <= a]
            ends = [(_value(points, a), _value(points, b)) for points in living]
            for j, (fa, fb) in enumerate(ends):
                for ga, gb in ends[:j]:
                    if (fa - ga) * (fb - gb) < 0:
                        found.add(a + (b - a) * (fa - ga) / ((fa - ga) - (fb - gb)))
    return found
