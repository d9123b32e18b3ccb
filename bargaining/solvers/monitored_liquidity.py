r"""Public equilibria that need one number, at every discount factor in one pass: with transfers, and strongly symmetric ones.

Both kinds of equilibria hang together by one *liquidity* :math:`\ell`, what the future has to give and to take:

* with voluntary transfers before every period (Goldlücke and Kranz 2012), signals move :math:`q_i(y) \ge 0` with :math:`\sum_i q_i(y) \le
  \ell`; what is not handed back is burned. The best joint payoff is :math:`U(\ell) = \max_a [\sum_i g_i(a) - \ell + E \sum_i q_i]`, player
  i's worst :math:`v_i(\ell) = \min_a [g_i(a) + E q_i]`, both subject to the incentive constraints :math:`g_i(a) + E_a q_i \ge g_i(a') +
  E_{a'} q_i`; at discount factor δ the largest :math:`\ell \le \frac{\delta}{1-\delta}(U - v_0 - v_1)` counts;
* in strongly symmetric equilibria both sides always do and get the same, :math:`q(y) \in [0, \ell]`, the best is :math:`\max_a [g(a) - \ell
  + E q]`, the worst :math:`\min_a [g(a) + E q]` (Abreu, Pearce and Stacchetti 1986; Abreu, Milgrom and Pearce 1991).

For each profile these are linear programs, so that all curves are piecewise linear in :math:`\ell`, and :math:`\ell` belongs to the
discount factor :math:`\ell / (\ell + \text{best} - \text{worst})`. Their duals have the same constraints at every liquidity: with weights
:math:`\mu_k \ge 0` on deviations with gains :math:`g_k` and :math:`\Delta_k = \pi(\cdot\mid a) - \pi(\cdot\mid a_k)`,

.. math:: \max_{\mu \ge 0} \sum_k g_k \mu_k - \ell \sum_y \nu(y), \quad \nu(y) = \max(0, \max_i \sum_{k \in i} \Delta_k(y) \mu_k - c_i(y))

is the least :math:`\sum_i c_i \cdot q_i` that enforces the profile. A solution at one liquidity is a line that bounds the whole curve;
where the lines at two liquidities meet, the curve has a corner or another line is found.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from bargaining.answers.monitored import DELTA_MAX, Liquidity, LiquidityCurve, LiquidityPath, LiquidityProof, Weights
from bargaining.games import GameError, MonitoredGame
from bargaining.games.exact import exact
from bargaining.games.monitored import require_monitored
from bargaining.games.stage import Profile
from bargaining.solution import Status
from bargaining.solvers.exact_program import maximum
from bargaining.solvers.monitored_scaled import deviations, merged_row, same_signals

METHOD = "linear programs over liquidity in exact arithmetic"
# Place, best, worst payoffs, profile of the best.
Level = tuple[Fraction, Fraction, tuple[Fraction, ...], Profile]


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
    m, n = require_monitored(game).stage_game().shape
    return _path(game, [(a, b) for a in range(m) for b in range(n)], 2)


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
    return _path(game, [(a, a) for a in range(payoffs.shape[1])], 1)


@dataclass(frozen=True)
class _Line:
    """A program solved at one liquidity: its value there, the line that bounds the curve everywhere, and both solutions."""

    place: Fraction
    value: Fraction
    constant: Fraction
    slope: Fraction
    weights: Weights
    rewards: tuple[Weights, ...]

    def at(self, place: Fraction) -> Fraction:
        return self.constant + self.slope * place

    def through(self, *others: "_Line") -> bool:
        return all(self.at(other.place) == other.value for other in others)


class _Program:
    """The linear programs of one profile: weights on deviations, and prices of liquidity after each (merged) signal."""

    def __init__(self, game: MonitoredGame, profile: Profile, players: int) -> None:
        payoffs, rows = game.stage_game().exact_payoffs, game.monitoring.rows
        self.profile, self.players = profile, players
        moves = [(0 if there[1] == profile[1] else 1, there) for there in deviations(profile, game.stage_game().shape)]
        moves = [move for move in moves if move[0] < players]
        self.mover = [i for i, _ in moves]
        self.groups = same_signals([rows[profile], *(rows[there] for _, there in moves)])
        self.signals = len(game.signals)
        self.chance = merged_row(rows[profile], self.groups)
        self.tells = [[p - q for p, q in zip(self.chance, merged_row(rows[there], self.groups), strict=True)] for _, there in moves]
        self.gains = [payoffs[i][there] - payoffs[i][profile] for i, there in moves]
        own = [payoffs[i][profile] for i in range(players)]
        # What each kind is without rewards: nothing that is enforced is better.
        self.worth = [sum(own, Fraction(0)), *(-value for value in own)]

    def need(self, most: Fraction) -> tuple[Fraction, Weights]:
        """The least liquidity that enforces the profile, `most` if that is not enough, and weights that prove so."""
        size, count = len(self.chance), len(self.gains)
        if all(gain <= 0 for gain in self.gains):
            return Fraction(0), (Fraction(0),) * count
        rows = [self._row(i, s) for i in range(self.players) for s in range(size)]
        rows += [[Fraction(0)] * count + [Fraction(1)] * size, [*self.gains, *([Fraction(0)] * size)]]
        solved = maximum(rows, [*([Fraction(0)] * (len(rows) - 2)), Fraction(1), most], [*self.gains, *([Fraction(0)] * size)])
        assert solved is not None
        weights = tuple(solved[0][:count])
        return sum((gain * weight for gain, weight in zip(self.gains, weights, strict=True)), Fraction(0)), weights

    def line(self, kind: int, place: Fraction) -> _Line:
        """The curve of one kind at one liquidity."""
        size, count = len(self.chance), len(self.gains)
        best, nothing = kind == 0, [Fraction(0)] * size
        # If rewards are good, a price may be below the probability: what it falls short by are more variables.
        rows = [[*self._row(i, s), *(self._unit(s) if best else ())] for i in range(self.players) for s in range(size)]
        sides = [self.chance[s] if i == kind - 1 else Fraction(0) for i in range(self.players) for s in range(size)]
        objective = [*self.gains, *([-place] * size)]
        if best:
            rows += [[*([Fraction(0)] * count), *nothing, *self._unit(s)] for s in range(size)]
            sides += self.chance
            objective += [place] * size
        solved = maximum(rows, sides, objective)
        if solved is None:
            raise ArithmeticError("a profile that liquidity enforces has no value")
        weights, prices = tuple(solved[0][:count]), solved[1]
        constant = self.worth[kind] - sum((gain * weight for gain, weight in zip(self.gains, weights, strict=True)), Fraction(0))
        slope = Fraction(-1 if best else 0)
        for s, share in enumerate(self.chance):
            pull = [-share * ((i == kind - 1) - best) for i in range(self.players)]
            for k, weight in enumerate(weights):
                pull[self.mover[k]] += weight * self.tells[k][s]
            slope += max(Fraction(0), *pull)
        rewards = []
        for i in range(self.players):
            own = [Fraction(0)] * self.signals
            for s, group in enumerate(self.groups):
                for y in group:
                    own[y] = prices[i * size + s]
            rewards.append(tuple(own))
        return _Line(place, constant + slope * place, constant, slope, weights, tuple(rewards))

    def curve(self, kind: int, low: Fraction, high: Fraction) -> "_Curve":
        """All corners of the curve between two liquidities."""

        def walk(first: _Line, last: _Line) -> list[tuple[_Line, _Line, _Line]]:
            for line in (first, last):
                if line.through(first, last):
                    return [(first, line, last)]
            middle = self.line(kind, (first.constant - last.constant) / (last.slope - first.slope))
            return [*walk(first, middle), *walk(middle, last)]

        pieces: list[tuple[_Line, _Line, _Line]] = []
        for piece in walk(self.line(kind, low), self.line(kind, high)):
            if pieces and pieces[-1][1].through(piece[0], piece[2]):
                pieces[-1] = (*pieces[-1][:2], piece[2])
            else:
                pieces.append(piece)
        ends = [pieces[0][0], *(last for _, _, last in pieces)]
        return _Curve(
            kind, self.profile, [end.place for end in ends], [end.value for end in ends], ends, tuple(line.weights for _, line, _ in pieces)
        )

    def _row(self, player: int, signal: int) -> list[Fraction]:
        tells = [tell[signal] if i == player else Fraction(0) for i, tell in zip(self.mover, self.tells, strict=True)]
        return [*tells, *(-unit for unit in self._unit(signal))]

    def _unit(self, signal: int) -> list[Fraction]:
        return [Fraction(int(s == signal)) for s in range(len(self.chance))]


@dataclass(frozen=True)
class _Curve:
    kind: int
    profile: Profile
    corners: list[Fraction]
    values: list[Fraction]
    ends: list[_Line]
    weights: tuple[Weights, ...]

    def at(self, place: Fraction) -> Fraction:
        k = min(bisect_right(self.corners, place), len(self.corners) - 1)
        x, y, low, high = self.corners[k - 1], self.corners[k], self.values[k - 1], self.values[k]
        return low + (high - low) * (place - x) / (y - x)

    def stored(self) -> LiquidityCurve:
        rewards = tuple(end.rewards for end in self.ends)
        return LiquidityCurve(self.kind, self.profile, tuple(self.corners), tuple(self.values), rewards, self.weights)


def _path(game: MonitoredGame, profiles: Sequence[Profile], players: int) -> LiquidityPath:
    payoffs = game.stage_game().exact_payoffs
    size = max(own.max() - own.min() for own in payoffs) or Fraction(1)
    rate = exact(DELTA_MAX) / (1 - exact(DELTA_MAX))
    most = rate * size * players
    programs = [_Program(game, profile, players) for profile in profiles]
    needs = [program.need(most) for program in programs]
    able = [k for k, (need, _) in enumerate(needs) if need < most]
    if not able:
        raise GameError("no profile can be enforced with any liquidity: there is no equilibrium of this kind in pure actions")
    kinds: list[list[_Curve]] = []
    for kind in range(1 + players):
        own: list[_Curve] = []
        # No curve falls, so that a profile cannot matter that is worth no more than others give with the liquidity that it needs.
        for k in sorted(able, key=lambda k: (-programs[k].worth[kind], needs[k][0])):
            need = needs[k][0]
            if not any(other.corners[0] <= need and other.at(need) >= programs[k].worth[kind] for other in own):
                own.append(programs[k].curve(kind, need, most))
        kinds.append(own)
    levels = _levels(kinds)
    numbers = [float(value) for place, best, worst, _ in levels for value in (place, best, *worst)]
    return LiquidityPath(
        status=Status.solved,
        error_bound=float(np.spacing(max(abs(number) for number in numbers))),
        iterations=sum(len(curve.corners) for own in kinds for curve in own),
        method=METHOD,
        options={"symmetric": players == 1},
        game=game,
        levels=tuple(Liquidity(float(x), float(best), tuple(map(float, worst)), profile) for x, best, worst, profile in levels),
        proof=LiquidityProof(
            places=tuple(level[0] for level in levels),
            needs=tuple((profile, *need) for profile, need in zip(profiles, needs, strict=True)),
            curves=tuple(curve.stored() for own in kinds for curve in own),
        ),
    )


def _levels(kinds: Sequence[Sequence[_Curve]]) -> list[Level]:
    """Where the largest of each kind's curves bend or jump, with their values on both sides."""
    places = sorted({x for own in kinds for curve in own for x in curve.corners})
    for own in kinds:
        places = sorted({*places, *(x for ends in pairwise(places) for x in _crossings(own, *ends))})
    levels: list[Level] = []
    for low, high in pairwise(places):
        values = []
        for own in kinds:
            living = [(curve.at(low), curve.at(high), curve.profile) for curve in own if curve.corners[0] <= low]
            values.append(max(living, key=lambda ends: ends[0] + ends[1]))
        profile = values[0][2]
        for side, x in enumerate((low, high)):
            best, *worst = [value[:2][side] for value in values]
            level = (x, best, tuple(-value for value in worst), profile)
            if levels and levels[-1][:3] == level[:3]:
                continue
            if side and len(levels) > 1 and levels[-2][3] == profile and _straight(levels[-2], levels[-1], level):
                levels.pop()
            levels.append(level)
    return levels


def _straight(first: Level, middle: Level, last: Level) -> bool:
    """Whether a level lies on the lines between two others."""
    x, y, z = first[0], middle[0], last[0]
    if not x < y < z:
        return False
    ends = zip((first[1], *first[2]), (middle[1], *middle[2]), (last[1], *last[2]), strict=True)
    return all((v - u) * (z - y) == (w - v) * (y - x) for u, v, w in ends)


def _crossings(curves: Sequence[_Curve], low: Fraction, high: Fraction) -> list[Fraction]:
    """Where the largest of curves that are straight between two places passes from one to another."""
    lines = [(curve.at(low), curve.at(high)) for curve in curves if curve.corners[0] <= low]
    found: list[Fraction] = []
    if not lines:
        return found
    here = Fraction(0)
    lead = max(lines)
    while True:
        # Later leaders rise faster; of those that overtake at the same place the fastest.
        overtaking = [
            ((lead[0] - line[0]) / ((lead[0] - line[0]) + (line[1] - lead[1])), -(line[1] - line[0]), line)
            for line in lines
            if line[1] > lead[1]
        ]
        if not overtaking:
            return found
        here, _, lead = min(overtaking)
        if 0 < here < 1:
            found.append(low + here * (high - low))
