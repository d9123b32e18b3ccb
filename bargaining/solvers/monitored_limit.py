r"""What patience can reach under imperfect public monitoring: scores, the limit set, and what the signals can tell apart.

For a direction :math:`\lambda` the *score* of a profile a is the most that :math:`\lambda\cdot v` can be if payoffs v are enforced on a
with rewards x(y) that never point outward:

.. math:: k^*(a, \lambda) = \max_{v, x} \lambda\cdot v \quad\text{s.t.}\quad v_i = g_i(a) + \sum_y \pi(y\mid a)\, x_i(y) \ge
   g_i(a_i', a_j) + \sum_y \pi(y\mid a_i', a_j)\, x_i(y),\quad \lambda\cdot x(y) \le 0.

At every discount factor the equilibrium payoffs lie in all half-planes :math:`\lambda\cdot v \le \max_a k^*(a,\lambda)`, and if the set
that these leave has an interior, it is the limit of the equilibrium sets as δ goes to one (Fudenberg and Levine 1994).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import MonitoredGame
from bargaining.games.stage import Profile
from bargaining.kernels.half_planes import half_plane_polygon
from bargaining.payoff_set import PayoffSet
from bargaining.solvers.monitored_scaled import deviations, same_signals

Floats = NDArray[np.float64]
Mixed = tuple[Floats, Floats]


@dataclass(frozen=True, eq=False)
class LimitSet:
    """Scores in many directions and the polygon that their half-planes leave.

    `payoff_set` holds the limit set; between two directions the limit set may be smaller. ``scores[k]`` belongs to ``directions[k]``, and
    ``profiles[k]`` is the pair of (mixed) actions that attains it.
    """

    game: MonitoredGame
    directions: Floats
    scores: Floats
    profiles: tuple[Mixed, ...]
    payoff_set: PayoffSet


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
    m, n = game.stage_game().shape
    candidates = [(x, y) for x in _grid(m, mixed or 1) for y in _grid(n, mixed or 1)]
    scores, best = np.empty(directions), []
    payoffs = game.stage_game().payoffs
    expected = np.array([[x @ payoffs[i] @ y for i in (0, 1)] for x, y in candidates])
    for k, normal in enumerate(normals):
        # Rewards only take away from what a profile is worth in the direction, so that most profiles need not be looked at.
        reach = expected @ normal
        scores[k], leader = -np.inf, int(np.argmax(reach))
        for place in np.argsort(-reach, kind="stable").tolist():
            if reach[place] <= scores[k]:
                break
            found = score(game, normal, candidates[place])
            if found > scores[k]:
                scores[k], leader = found, place
        best.append(candidates[leader])
    return LimitSet(game, normals, scores, tuple(best), _polygon(game, normals, scores))


def score(game: MonitoredGame, direction: Any, actions: Mixed | Profile) -> float:
    """The score of one profile, pure (positions) or mixed, in a direction; minus infinity if the profile cannot be enforced at all."""
    from scipy.optimize import linprog

    stage = game.stage_game().payoffs
    given = [np.asarray(own) for own in actions]
    play = [own if own.ndim else np.eye(size)[int(own)] for own, size in zip(given, stage.shape[1:], strict=True)]
    weights = np.asarray(direction, dtype=np.float64)
    chance = _chance(game, play)
    signals = chance.shape[2]
    # Variables: v_0, v_1, then x_0(y), x_1(y) signal by signal.
    equal: list[Floats] = []
    below: list[Floats] = []
    sides: list[float] = []
    limits: list[float] = []
    for i in (0, 1):
        own = np.tensordot(stage[i], play[1 - i], axes=(1 - i, 0))
        seen = np.tensordot(chance, play[1 - i], axes=(1 - i, 0))
        for action in range(len(play[i])):
            row = np.zeros(2 + 2 * signals)
            row[i] = -1.0
            row[2 + i :: 2] = seen[action]
            (equal if play[i][action] > 0 else below).append(row)
            (sides if play[i][action] > 0 else limits).append(-own[action])
    for y in range(signals):
        row = np.zeros(2 + 2 * signals)
        row[2 + 2 * y : 4 + 2 * y] = weights
        below.append(row)
        limits.append(0.0)
    objective = np.concatenate([-weights, np.zeros(2 * signals)])
    solved = linprog(objective, A_ub=np.array(below), b_ub=limits, A_eq=np.array(equal), b_eq=sides, bounds=(None, None))
    if solved.status == 2:
        return -np.inf
    if solved.status != 0 or solved.fun is None:
        raise RuntimeError(f"the linear program of direction {weights.tolist()} failed: {solved.message}")
    return float(-solved.fun)


def _chance(game: MonitoredGame, play: Sequence[Floats]) -> Floats:
    """Probabilities of the signals, those merged that say the same wherever one side's deviations from `play` lead."""
    ours, theirs = (np.flatnonzero(own).tolist() for own in play)
    m, n = game.monitoring.shape
    reached = sorted({*product(range(m), theirs), *product(ours, range(n))})
    groups = same_signals([game.monitoring.row(profile) for profile in reached])
    return np.stack([game.monitoring.probabilities[:, :, list(group)].sum(axis=2) for group in groups], axis=2)


def _grid(size: int, parts: int) -> list[Floats]:
    """Mixed actions whose probabilities are multiples of ``1 / parts``."""
    cuts = combinations(range(parts + size - 1), size - 1)
    return [np.diff([-1, *cut, parts + size - 1]).astype(np.float64) / parts - 1.0 / parts for cut in cuts]


def _polygon(game: MonitoredGame, normals: Floats, scores: Floats) -> PayoffSet:
    """The intersection of the half-planes, in units in which the kernel's rounding is small; empty if there is none."""
    if not np.isfinite(scores).all():
        return PayoffSet(np.empty((0, 2)))
    payoffs = game.stage_game().payoffs.reshape(2, -1)
    low, size = payoffs.min(axis=1), max(float(np.ptp(payoffs, axis=1).max()), 1e-300)
    offsets = (scores - normals @ low) / size
    axes = [int(np.argmax(normals @ direction)) for direction in ([1, 0], [0, 1], [-1, 0], [0, -1])]
    if offsets[axes[0]] + offsets[axes[2]] < -1e-9 or offsets[axes[1]] + offsets[axes[3]] < -1e-9:
        return PayoffSet(np.empty((0, 2)))
    vertices = np.empty((len(normals) + 5, 2))
    count = half_plane_polygon(normals, np.ascontiguousarray(offsets + 1e-9), vertices)
    return PayoffSet.hull(vertices[:count] * size + low)


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
    stage = game.stage_game()
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
