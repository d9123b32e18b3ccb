r"""What patience can reach under imperfect public monitoring: scores, the limit set, and what the signals can tell apart.

For a direction :math:`\lambda` the *score* of a profile a is the most that :math:`\lambda\cdot v` can be if payoffs v are enforced on a
with rewards x(y) that never point outward:

.. math:: k^*(a, \lambda) = \max_{v, x} \lambda\cdot v \quad\text{s.t.}\quad v_i = g_i(a) + \sum_y \pi(y\mid a)\, x_i(y) \ge
   g_i(a_i', a_j) + \sum_y \pi(y\mid a_i', a_j)\, x_i(y),\quad \lambda\cdot x(y) \le 0.

At every discount factor the equilibrium payoffs lie in all half-planes :math:`\lambda\cdot v \le \max_a k^*(a,\lambda)`, and if the set
that these leave has an interior, it is the limit of the equilibrium sets as δ goes to one (Fudenberg and Levine 1994).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.monitored import LimitSet, Mixed, ScoreProof, Weights
from bargaining.games import MonitoredGame, exact
from bargaining.games.monitored import require_monitored
from bargaining.games.stage import Profile
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status
from bargaining.solvers.exact_program import maximum
from bargaining.solvers.monitored_scaled import deviations, merged_row, same_signals

Floats = NDArray[np.float64]

# Half-planes are drawn a hair outward, in units of the payoff span, so that what holds by a tie is not lost to rounding.
SLACK = 1e-12


def limit_set(game: MonitoredGame, directions: int = 64, mixed: int | None = None) -> LimitSet:
    """Scores by linear programs, one a direction and profile, and the set of payoffs that they leave as δ goes to one.

    Parameters
    ----------
    game : MonitoredGame
        Its discount factor plays no part.
    directions : int
        Evenly spread directions, a multiple of 8; the axes and diagonals are among them.
    mixed : int, optional
        Look at all mixed actions with probabilities that are multiples of ``1 / mixed`` too. By default pure actions only, as in
        `equilibrium_set`, whose sets the result then holds at every common δ.

    Raises
    ------
    ValueError
        If `directions` is not a positive multiple of 8, or `mixed` not a positive integer.

    References
    ----------
    Fudenberg, D., Levine, D. (1994), Efficiency and observability with long-run and short-run players, Journal of Economic Theory 62.
    Fudenberg, D., Levine, D., Maskin, E. (1994), The folk theorem with imperfect public information, Econometrica 62.

    Examples
    --------
    Two sides, one signal that cannot tell who cheated: an eighth of what efficiency is worth is lost at any patience.

    >>> import bargaining as bg
    >>> dilemma = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> noisy = bg.MonitoredGame(dilemma, ["clean", "incident"], [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.1, 0.9]]], delta=0.9)
    >>> round(bg.limit_set(noisy, directions=8).payoff_set.support([1, 1]), 6)
    3.5
    """
    if isinstance(directions, bool) or not isinstance(directions, int) or directions < 8 or directions % 8:
        raise ValueError(f"directions is {directions!r}: expected a positive multiple of 8")
    if mixed is not None and (isinstance(mixed, bool) or not isinstance(mixed, int) or mixed < 1):
        raise ValueError(f"mixed is {mixed!r}: expected a positive integer, or None for pure actions")
    angles = np.arange(directions) * (2.0 * np.pi / directions)
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    normals[np.abs(normals) < 1e-12] = 0.0
    m, n = require_monitored(game).stage_game().shape
    candidates = [_Candidate(game, x, y) for x in _grid(m, mixed or 1) for y in _grid(n, mixed or 1)]
    undeterred = [(place, *gap) for place, each in enumerate(candidates) for gap in [each.undeterred()] if gap is not None]
    barred = {place for place, _, _ in undeterred}
    scores: list[Fraction | None] = []
    leaders, rewards, bounds = [], [], []
    iterations = len(candidates)
    for normal in normals:
        direction = (Fraction(float(normal[0])), Fraction(float(normal[1])))
        # Rewards only take away from what a profile is worth in the direction, so that most profiles need not be looked at.
        reach = [direction[0] * each.worth[0] + direction[1] * each.worth[1] for each in candidates]
        best, leader, own = None, -1, Score(Fraction(0), ((), ()), ())
        looked: list[tuple[int, Score]] = []
        for place in sorted(set(range(len(candidates))) - barred, key=lambda place: -reach[place]):
            if best is not None and reach[place] <= best:
                break
            iterations += 1
            found = candidates[place].score(direction)
            looked.append((place, found))
            if best is None or found.value > best:
                best, leader, own = found.value, place, found
        scores.append(best)
        leaders.append(leader)
        rewards.append(own.rewards)
        bounds.append(tuple((place, *found.weights) for place, found in looked if best is not None and reach[place] > best))
    profiles = tuple(each.play for each in candidates)
    proof = ScoreProof(profiles, tuple(scores), tuple(leaders), tuple(rewards), tuple(bounds), tuple(undeterred))
    floats = np.array([-np.inf if value is None else float(value) for value in scores])
    left = _polygon(game, normals, scores)
    return LimitSet(
        status=Status.empty if left.is_empty and mixed is None else Status.solved,
        error_bound=float(np.spacing(np.abs(floats[np.isfinite(floats)]).max(initial=0.0))),
        iterations=iterations,
        method="scores by linear programs in exact arithmetic",
        options={"directions": directions, "mixed": mixed},
        game=game,
        directions=normals,
        scores=floats,
        profiles=tuple(_floats(profiles[leader]) for leader in leaders),
        payoff_set=left,
        proof=proof,
    )


def score(game: MonitoredGame, direction: Any, actions: Mixed | Profile) -> float:
    """The score of one profile, pure (positions) or mixed, in a direction; minus infinity if the profile cannot be enforced at all."""
    stage = require_monitored(game).stage_game()
    play = []
    given: Sequence[Any] = actions
    for player, own in enumerate(given):
        if isinstance(own, np.ndarray | Sequence) and not isinstance(own, str):
            weights = [exact(value) for value in np.asarray(own).tolist()]
            play.append(tuple(weight / sum(weights) for weight in weights))
        else:
            action = stage.action(player, own)
            play.append(tuple(Fraction(int(k == action)) for k in range(stage.shape[player])))
    candidate = _Candidate(game, play[0], play[1])
    if candidate.undeterred() is not None:
        return -np.inf
    return float(candidate.score((Fraction(float(direction[0])), Fraction(float(direction[1])))).value)


@dataclass(frozen=True)
class Score:
    """A profile's score in a direction, weights on actions that prove it no larger, and rewards, one pair a signal, that attain it."""

    value: Fraction
    weights: tuple[Weights, Weights]
    rewards: tuple[tuple[Fraction, Fraction], ...]


class _Candidate:
    """One profile: for each side the gains of its other actions, and by how much each signal is rarer under them.

    Weights on actions (see `ScoreProof`) are written as what is moved from one action that is used, ``anchor[i]``, to others; none at all
    is feasible, so that the program needs no first phase. Signals that say the same wherever one side's deviations lead are one here.
    """

    def __init__(self, game: MonitoredGame, x: Weights, y: Weights) -> None:
        self.play = (x, y)
        stage, shape = game.stage_game().exact_payoffs, game.stage_game().shape
        used = [[a for a, weight in enumerate(own) if weight] for own in self.play]
        reached = sorted({*product(range(shape[0]), used[1]), *product(used[0], range(shape[1]))})
        self.groups = same_signals([game.monitoring.row(profile) for profile in reached])
        self.signals = len(game.signals)
        merged = {profile: merged_row(game.monitoring.row(profile), self.groups) for profile in reached}

        def expected(i: int, a: int, of: Callable[[Profile], Fraction]) -> Fraction:
            other = self.play[1 - i]
            return sum((other[b] * of((a, b) if i == 0 else (b, a)) for b in used[1 - i]), Fraction(0))

        def earned(i: int, a: int) -> Fraction:
            return expected(i, a, lambda profile: stage[i][profile])

        def seen(i: int, a: int) -> list[Fraction]:
            return [expected(i, a, lambda profile, s=s: merged[profile][s]) for s in range(len(self.groups))]  # type: ignore[misc]

        self.anchor = (used[0][0], used[1][0])
        self.worth = tuple(sum((w * earned(i, a) for a, w in enumerate(self.play[i]) if w), Fraction(0)) for i in (0, 1))
        chances = [[weight * share for share in seen(0, a)] for a, weight in enumerate(x) if weight]
        self.chance = [sum(column, Fraction(0)) for column in zip(*chances, strict=True)]
        # Moves of each side: (action, sign); back from an action only if it is used.
        self.moves: list[tuple[int, int, int]] = []
        self.gains: list[Fraction] = []
        self.tells: list[list[Fraction]] = []
        for i in (0, 1):
            base, here = seen(i, self.anchor[i]), earned(i, self.anchor[i])
            for a in range(shape[i]):
                if a == self.anchor[i]:
                    continue
                gain, tell = earned(i, a) - here, [p - q for p, q in zip(base, seen(i, a), strict=True)]
                for sign in (1, -1) if a in used[i] else (1,):
                    self.moves.append((i, a, sign))
                    self.gains.append(sign * gain)
                    self.tells.append([sign * part for part in tell])

    def undeterred(self) -> tuple[int, Weights] | None:
        """A side, and weights on its actions that signals cannot tell from the profile and that earn it more; None if there are none."""
        for i in (0, 1):
            mine = [k for k, move in enumerate(self.moves) if move[0] == i]
            if not any(self.gains[k] > 0 for k in mine):
                continue
            rows = [[sign * self.tells[k][s] for k in mine] for s in range(len(self.chance)) for sign in (1, -1)]
            found = maximum([*rows, [Fraction(1)] * len(mine)], [*([Fraction(0)] * len(rows)), Fraction(1)], [self.gains[k] for k in mine])
            assert found is not None
            moved = dict(zip(mine, found[0], strict=True))
            if sum((self.gains[k] * share for k, share in moved.items()), Fraction(0)) > 0:
                return i, self._weights(i, moved, [Fraction(0)] * len(self.play[i]))
        return None

    def score(self, direction: tuple[Fraction, Fraction]) -> Score:
        """The score of a profile that some rewards enforce."""
        lead = 0 if direction[0] else 1
        size, turn = abs(direction[lead]), 1 if direction[lead] > 0 else -1
        rows, sides = [], []
        # Both sides' weights have to look alike to the signals: λ1 D0(y) = λ0 D1(y), with the factor of each side here.
        factor = (direction[1], -direction[0]) if direction[0] else (Fraction(1), Fraction(0))
        for s in range(len(self.chance)):
            row = [factor[i] * self.tells[k][s] for k, (i, _, _) in enumerate(self.moves)]
            rows += [row, [-part for part in row]]
            sides += [Fraction(0)] * 2
        for s, share in enumerate(self.chance):
            rows.append([-turn * self.tells[k][s] if i == lead else Fraction(0) for k, (i, _, _) in enumerate(self.moves)])
            sides.append(size * share)
        solved = maximum(rows, sides, self.gains)
        if solved is None:
            raise ArithmeticError("a profile that rewards can enforce has no score")
        moved, prices = solved
        value = sum((direction[i] * self.worth[i] for i in (0, 1)), Fraction(0))
        value -= sum((gain * share for gain, share in zip(self.gains, moved, strict=True)), Fraction(0))
        weights = [self._weights(i, dict(enumerate(moved)), [direction[i] * w for w in self.play[i]]) for i in (0, 1)]
        rewards = [(Fraction(0), Fraction(0))] * self.signals
        for s, group in enumerate(self.groups):
            equal, short = prices[2 * s] - prices[2 * s + 1], prices[2 * len(self.chance) + s]
            pair = [factor[i] * equal - (turn * short if i == lead else 0) for i in (0, 1)]
            for y in group:
                rewards[y] = (pair[0], pair[1])
        return Score(value, (weights[0], weights[1]), tuple(rewards))

    def _weights(self, player: int, moved: Mapping[int, Fraction], start: list[Fraction]) -> Weights:
        """Weights on a side's actions from what is moved away from its anchor."""
        found = list(start)
        for k, share in moved.items():
            i, action, sign = self.moves[k]
            if i == player:
                found[action] -= sign * share
                found[self.anchor[i]] += sign * share
        return tuple(found)


def _grid(size: int, parts: int) -> list[Weights]:
    """Mixed actions whose probabilities are multiples of ``1 / parts``."""
    cuts = combinations(range(parts + size - 1), size - 1)
    ends = [(-1, *cut, parts + size - 1) for cut in cuts]
    return [tuple(Fraction(b - a - 1, parts) for a, b in pairwise(end)) for end in ends]


def _floats(profile: tuple[Weights, Weights]) -> Mixed:
    first, second = (np.array([float(weight) for weight in own]) for own in profile)
    return first, second


def _polygon(game: MonitoredGame, normals: Floats, scores: Sequence[Fraction | None]) -> PayoffSet:
    """The intersection of the half-planes, in units in which the kernel's rounding is small; empty if there is none."""
    nothing = PayoffSet(np.empty((0, 2)))
    u = game.stage_game().exact_payoffs
    low = [own.min() for own in u]
    size = max(own.max() - least for own, least in zip(u, low, strict=True)) or Fraction(1)
    exactly = []
    for (x, y), value in zip(normals.tolist(), scores, strict=True):
        if value is None:
            return nothing
        exactly.append((value - Fraction(x) * low[0] - Fraction(y) * low[1]) / size)
    half = len(normals) // 2
    if any(exactly[k] + exactly[k + half] < 0 for k in range(half) if tuple(-normals[k]) == tuple(normals[k + half])):
        return nothing
    vertices = np.empty((len(normals) + 5, 2))
    count = half_plane_polygon(normals, np.array([float(offset) for offset in exactly]) + SLACK, vertices)
    return PayoffSet.hull(vertices[:count] * float(size) + [float(least) for least in low])


@dataclass(frozen=True)
class Identifiability:
    """What the signals tell at one profile.

    `individual` says for each player whether its deviations can be told from one another and from compliance (individual full rank),
    `pairwise` whether the players' deviations can be told apart (pairwise identifiability). `failures` are sentences that name deviations.
    """

    profile: Profile
    individual: tuple[bool, bool]
    pairwise: bool
    failures: tuple[str, ...]

    def __bool__(self) -> bool:
        return all(self.individual) and self.pairwise


def identifiability(game: MonitoredGame) -> tuple[Identifiability, ...]:
    r"""Individual full rank and pairwise identifiability at every pure profile, exactly (Fudenberg, Levine and Maskin 1994).

    With :math:`\Delta_k = \pi(\cdot\mid a) - \pi(\cdot\mid a_k)` for each deviation: a player's :math:`\Delta_k` are linearly independent;
    and no combination of one player's equals a combination of the other's unless both vanish.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> noisy = bg.MonitoredGame(dilemma, ["clean", "incident"], [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.1, 0.9]]], delta=0.9)
    >>> print(bg.identifiability(noisy)[0].failures[0])
    at 0 / 0 signals cannot tell deviations of U.S. to '1' from deviations of China to '1'
    """
    stage = require_monitored(game).stage_game()
    found = []
    for here in product(range(stage.shape[0]), range(stage.shape[1])):
        place = " / ".join(stage.labels(here))
        row = game.monitoring.row(here)
        own: tuple[list[tuple[str, list[Fraction]]], list[tuple[str, list[Fraction]]]] = ([], [])
        for there in deviations(here, stage.shape):
            i = 0 if there[1] == here[1] else 1
            shift = [p - q for p, q in zip(row, game.monitoring.row(there), strict=True)]
            own[i].append((stage.actions[i][there[i]], shift))
        failures, independent, full = [], [], []
        for i in (0, 1):
            basis, relation = _independent([shift for _, shift in own[i]])
            independent.append([own[i][k] for k in basis])
            full.append(relation is None)
            if relation is not None:
                words = ", ".join(repr(own[i][k][0]) for k in relation)
                tell = "from compliance" if len(relation) == 1 else "apart"
                failures.append(f"at {place} signals cannot tell {stage.players[i]}'s deviations to {words} {tell}")
        both = [*independent[0], *independent[1]]
        _, relation = _independent([shift for _, shift in both])
        if relation is not None:
            split = len(independent[0])
            sides = [", ".join(repr(both[k][0]) for k in relation if (k < split) == (i == 0)) for i in (0, 1)]
            us, cn = stage.players
            failures.append(f"at {place} signals cannot tell deviations of {us} to {sides[0]} from deviations of {cn} to {sides[1]}")
        found.append(Identifiability(here, (full[0], full[1]), relation is None, tuple(failures)))
    return tuple(found)


def _independent(rows: Sequence[Sequence[Fraction]]) -> tuple[list[int], list[int] | None]:
    """Positions of a basis of the rows, and of the rows in the first linear relation among them (None if independent)."""
    basis: list[int] = []
    reduced: list[tuple[list[Fraction], dict[int, Fraction]]] = []
    relation: list[int] | None = None
    for k, row in enumerate(rows):
        left, parts = list(row), {k: Fraction(1)}
        for pivot_row, combination in reduced:
            pivot = next(y for y, entry in enumerate(pivot_row) if entry)
            factor = left[pivot] / pivot_row[pivot]
            if factor:
                left = [x - factor * y for x, y in zip(left, pivot_row, strict=True)]
                for j, share in combination.items():
                    parts[j] = parts.get(j, Fraction(0)) - factor * share
        if any(left):
            reduced.append((left, parts))
            basis.append(k)
        elif relation is None:
            relation = sorted(j for j, share in parts.items() if share)
    return basis, relation
