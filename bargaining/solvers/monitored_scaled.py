"""A monitored game with payoffs scaled to [0, 1] and its deviations in a row, as the kernels take it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bargaining.games import MonitoredGame
from bargaining.games.monitoring import Row
from bargaining.games.stage import Profile
from bargaining.solvers.scaled import ScaledGame

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScaledMonitoredGame:
    """Profiles in a row; deviation k of each is a move of player ``mover[k]`` to another action.

    Signals that say the same (their probabilities are proportional over all profiles) are one signal here, and signals that never occur are
    left out: neither changes what can be enforced, since sets of payoffs are convex. ``groups[s]`` are the positions of signal s's parts.
    """

    game: MonitoredGame
    scaled: ScaledGame
    groups: tuple[tuple[int, ...], ...]
    chance: Floats
    shift: Floats
    mover: NDArray[np.int64]
    need: Floats
    static: NDArray[np.bool_]
    alive: NDArray[np.bool_]

    @classmethod
    def of(cls, game: MonitoredGame) -> "ScaledMonitoredGame":
        """Scale a monitored game; probabilities are merged and subtracted exactly and rounded once."""
        scaled = ScaledGame.of(game.repeated)
        m, n = scaled.shape
        groups = same_signals(list(game.monitoring.rows.values()))
        merged = {a: merged_row(row, groups) for a, row in game.monitoring.rows.items()}
        mover = np.array([0] * (m - 1) + [1] * (n - 1), dtype=np.int64)
        chance = np.empty((m * n, len(groups)))
        shift = np.zeros((m * n, len(mover), len(groups)))
        need = np.zeros((m * n, len(mover)))
        static = np.ones(m * n, dtype=np.bool_)
        alive = np.ones(m * n, dtype=np.bool_)
        rates = [(1 - delta) / delta for delta in game.exact_deltas]
        payoffs = [scaled.exact_payoff(position) for position in range(m * n)]
        for position in range(m * n):
            here = scaled.profile(position)
            chance[position] = [float(share) for share in merged[here]]
            for k, there in enumerate(deviations(here, scaled.shape)):
                player = int(mover[k])
                gain = payoffs[there[0] * n + there[1]][player] - payoffs[position][player]
                differs = [merged[here][s] - merged[there][s] for s in range(len(groups))]
                shift[position, k] = [float(part) for part in differs]
                need[position, k] = float(rates[player] * gain)
                if gain > 0:
                    static[position] = False
                    # Nothing that is seen tells the deviation from compliance.
                    if not any(differs):
                        alive[position] = False
        return cls(game, scaled, groups, chance, shift, mover, need, static, alive)

    @cached_property
    def told(self) -> NDArray[np.bool_]:
        """Whether the signals tell a deviation at all, shape (A, K)."""
        return np.asarray(self.shift.any(axis=2))

    def stricter(self, slack: float) -> Floats:
        """What deviations need if continuations are to deter them by `slack` more than they have to."""
        return np.where(self.told, self.need + slack, self.need)


def deviations(profile: Profile, shape: tuple[int, int]) -> list[Profile]:
    """Profiles that one player's other actions lead to, the U.S.'s first."""
    a, b = profile
    return [(k, b) for k in range(shape[0]) if k != a] + [(a, k) for k in range(shape[1]) if k != b]


def same_signals(rows: Sequence[Row]) -> tuple[tuple[int, ...], ...]:
    """Groups of signals that say the same: their probabilities are proportional over all rows. Signals that never come are left out."""
    found: dict[tuple[Fraction, ...], list[int]] = {}
    for y, column in enumerate(zip(*rows, strict=True)):
        first = next((share for share in column if share), None)
        if first is not None:
            found.setdefault(tuple(share / first if share else share for share in column), []).append(y)
    return tuple(tuple(group) for group in found.values())


def merged_row(row: Row, groups: Sequence[Sequence[int]]) -> Row:
    """Probabilities of groups of signals."""
    return tuple(sum((row[y] for y in group if row[y]), Fraction(0)) for group in groups)
