r"""Pure stationary Markov-perfect equilibria, all of them: branch and bound on boxes of values.

A box :math:`[\underline v, \bar v]` that holds the values of every equilibrium left bounds what any action can earn, today's payoff and
the discounted box of tomorrow. A profile is struck out in a state if some deviation beats it wherever the values lie in the box; what
remains narrows the box, and so on. When nothing moves any more a state with several profiles left is split. A single profile in every
state is checked in exact arithmetic.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StochasticGame, exact
from bargaining.games.stage import Profile
from bargaining.games.state_values import discounted_values

Floats = NDArray[np.float64]
Plan = tuple[Profile, ...]

# Rounding that a comparison of two floats may hide, on payoffs scaled to [0, 1].
SLACK = 1e-11
# Sweeps that narrow a box before the next split, and the step at which they stop; the box shrinks by δ in each.
SWEEPS, STILL = 200, 1e-3
# Comparisons of two own actions, times states: beyond this a game is too large to enumerate.
MOST_ENTRIES = 2**25


def pure_markov_equilibria(game: StochasticGame, max_iter: int) -> tuple[list[tuple[Plan, Floats]], bool, int]:
    """All pure stationary equilibria with their values, whether the search was finished, and how many boxes it looked at."""
    if sum(m * n * (m + n) for m, n in (stage.shape for stage in game.stages)) * len(game) > MOST_ENTRIES:
        return [], False, 0
    search = _Search(game)
    left = np.ones(len(search.state), dtype=np.bool_)
    waiting = [(left, np.zeros((2, len(game))), np.ones((2, len(game))))]
    found: list[tuple[Plan, Floats]] = []
    boxes = 0
    while waiting and boxes < max_iter:
        left, low, high = waiting.pop()
        boxes += 1
        if not search.narrow(left, low, high):
            continue
        counts = np.bincount(search.state[left], minlength=len(game))
        if counts.max() == 1:
            plan = tuple(search.profiles[k] for k in np.flatnonzero(left))
            values = search.values(plan)
            if values is not None:
                found.append((plan, values))
            continue
        state = int(np.where(counts > 1, counts, len(left) + 1).argmin())
        for k in np.flatnonzero(left & (search.state == state))[::-1]:
            branch = left & (search.state != state)
            branch[k] = True
            waiting.append((branch, low.copy(), high.copy()))
    return found, not waiting, boxes


class _Search:
    """The game as a box of values sees it: one row a profile of a state, the states one after another."""

    def __init__(self, game: StochasticGame) -> None:
        self.game = game
        self.deltas = game.deltas
        self.slack = SLACK * (1 - max(self.deltas))
        places = [(s, a, b) for s, stage in enumerate(game.stages) for a in range(stage.shape[0]) for b in range(stage.shape[1])]
        self.state = np.array([s for s, _, _ in places])
        self.profiles: list[Profile] = [(a, b) for _, a, b in places]
        self.first = np.flatnonzero(np.diff(self.state, prepend=-1))
        self.moves = np.array([game.transitions[s][a, b] for s, a, b in places])
        self.flow = np.empty((2, len(places)))
        for player in (0, 1):
            own = np.array([game.stages[s].payoffs[player, a, b] for s, a, b in places])
            low, high = own.min(), own.max()
            self.flow[player] = (1 - self.deltas[player]) * (own - low) / ((high - low) or 1.0)
        row = {place: k for k, place in enumerate(places)}
        # Every profile against every deviation of a player from it.
        self.stays, self.cheats, self.turns = [], [], []
        for player in (0, 1):
            pairs = []
            for s, a, b in places:
                for other in range(game.stages[s].shape[player]):
                    cheat = (s, other, b) if player == 0 else (s, a, other)
                    if cheat != (s, a, b):
                        pairs.append((row[s, a, b], row[cheat]))
            stays, cheats = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
            self.stays.append(stays)
            self.cheats.append(cheats)
            self.turns.append(self.moves[stays] - self.moves[cheats])
        self.widths = [np.abs(turn) for turn in self.turns]

    def narrow(self, left: NDArray[np.bool_], low: Floats, high: Floats) -> bool:
        """Strike out profiles and narrow the box, in place, until little moves; False if a state has no profile left."""
        for _ in range(SWEEPS):
            before = int(left.sum())
            middle, radius = (low + high) / 2, (high - low) / 2
            for player in (0, 1):
                stays, cheats, delta = self.stays[player], self.cheats[player], self.deltas[player]
                most = delta * (self.turns[player] @ middle[player] + self.widths[player] @ radius[player])
                gains = self.flow[player][stays] - self.flow[player][cheats] + most
                left[stays[gains < -self.slack]] = False
            if np.bincount(self.state[left], minlength=len(self.game)).min() == 0:
                return False
            moved = self._move_walls(left, low, high)
            if (low > high + self.slack).any():
                return False
            if before == left.sum() and moved < STILL * float((high - low).max()) + self.slack:
                break
        return True

    def _move_walls(self, left: NDArray[np.bool_], low: Floats, high: Floats) -> float:
        """Narrow the box to what the profiles left can earn; the largest step."""
        moved = 0.0
        for player in (0, 1):
            least = self.flow[player] + self.deltas[player] * (self.moves @ low[player])
            most = self.flow[player] + self.deltas[player] * (self.moves @ high[player])
            # No equilibrium gives less than a deviation does.
            best = least.copy()
            np.maximum.at(best, self.stays[player], least[self.cheats[player]])
            floor = np.minimum.reduceat(np.where(left, best, np.inf), self.first) - self.slack
            ceiling = np.maximum.reduceat(np.where(left, most, -np.inf), self.first) + self.slack
            floor, ceiling = np.maximum(low[player], floor), np.minimum(high[player], ceiling)
            moved = max(moved, float((floor - low[player]).max()), float((high[player] - ceiling).max()))
            low[player], high[player] = floor, ceiling
        return moved

    def values(self, plan: Plan) -> Floats | None:
        """Exact values of a plan, rounded once, shape (S, 2); None if a one-shot deviation gains, in exact arithmetic."""
        columns = []
        for player in (0, 1):
            delta = self.game.exact_deltas[player]
            payoffs = [exact(float(stage.payoffs[player][own])) for stage, own in zip(self.game.stages, plan, strict=True)]
            lotteries = [rows[own] for rows, own in zip(self.game.exact_transitions, plan, strict=True)]
            values = discounted_values(payoffs, lotteries, delta)
            if any(self._gains(player, state, own, values) for state, own in enumerate(plan)):
                return None
            columns.append([float(value) for value in values])
        return np.array(columns).T

    def _gains(self, player: int, state: int, own: Profile, values: Sequence[Fraction]) -> bool:
        stage, rows, delta = self.game.stages[state], self.game.exact_transitions[state], self.game.exact_deltas[player]
        for action in range(stage.shape[player]):
            cheat = (action, own[1]) if player == 0 else (own[0], action)
            later = sum((share * values[following] for following, share in rows[cheat]), Fraction(0))
            if (1 - delta) * exact(float(stage.payoffs[player][cheat])) + delta * later > values[state]:
                return True
        return False
