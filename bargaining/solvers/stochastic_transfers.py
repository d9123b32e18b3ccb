r"""Stochastic games with voluntary side payments: n + 1 numbers a state, exactly.

Before every move both sides may pay each other (or burn money). Then optimal equilibria are simple: in each state one profile on the
path, one to punish each side, and payments that settle punishments at once (Goldlücke and Kranz 2018). Given the profiles
:math:`A(s)` still thought enforceable, the largest joint value and the punishment values solve

.. math::

    U(s) = \max_{a \in A(s)} (1-\delta) G(s, a) + \delta\, \mathbb{E}[U \mid s, a], \qquad
    v_i(s) = \min_{a \in A(s)} \max_{a_i'} (1-\delta) g_i(s, a_i', a_{-i}) + \delta\, \mathbb{E}[v_i \mid s, a_i', a_{-i}],

and a profile can be enforced only if what it brings jointly covers both sides' best deviations,

.. math::

    (1-\delta) G(s, a) + \delta\, \mathbb{E}[U \mid s, a] \ge
    \sum_i \max_{a_i'} (1-\delta) g_i(s, a_i', a_{-i}) + \delta\, \mathbb{E}[v_i \mid s, a_i', a_{-i}].

Profiles that fail are struck out, which lowers U and raises v, until all that are left pass: those are the ones that can be enforced.
From state s the sides can have :math:`\{w : w_i \ge v_i(s),\ w_0 + w_1 \le U(s)\}`.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from bargaining.answers.state import StateTransferProof, StochasticTransfers, nothing
from bargaining.games import GameError, StochasticGame, exact
from bargaining.games.stage import Profile
from bargaining.games.state_values import discounted_values
from bargaining.solution import Status

METHOD = "policy elimination with transfers"

Lottery = tuple[tuple[int, Fraction], ...]


def stochastic_transfers(game: StochasticGame) -> StochasticTransfers:
    r"""Equilibrium payoffs of a stochastic game with voluntary transfers, in exact arithmetic.

    Parameters
    ----------
    game : StochasticGame
        With a common discount factor, payoffs of both players in one unit, since it is what they pay each other.

    Returns
    -------
    StochasticTransfers
        `joint` and `punishment_payoffs` of every state; `status` is `solved`, or `empty` if some state has no pure-action equilibrium.

    Raises
    ------
    GameError
        If `game` is not a StochasticGame, or discount factors differ.

    References
    ----------
    Goldlücke, S., Kranz, S. (2018), Discounted stochastic games with voluntary transfers, Economic Theory 66.

    Examples
    --------
    >>> import bargaining as bg
    >>> truce = bg.StochasticGame(
    ...     payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...     transitions=[[[[0.7, 0.3]] * 2] * 2, [[[0, 1]]]],
    ...     delta=0.8, states=["truce", "lapse"])
    >>> solved = bg.stochastic_transfers(truce)
    >>> solved.path[0], solved.joint.round(4).tolist(), solved["truce"].vertices.round(4).tolist()
    ((0, 0), [3.8182, 2.0], [[1.0, 1.0], [2.8182, 1.0], [1.0, 2.8182]])
    """
    if not isinstance(game, StochasticGame):
        raise GameError(f"game is a {type(game).__name__}: expected a StochasticGame")
    if not game.common_delta:
        first, second = game.deltas
        raise GameError(f"transfers: delta is ({first}, {second}); expected a common discount factor")
    states = _States(game)
    left = [list(rows) for rows in game.exact_transitions]
    rounds = 0
    proof: StateTransferProof | None = None
    while proof is None and all(left):
        rounds += 1
        path, joint = states.best(left)
        replies, worst = zip(*(states.punish(left, player) for player in (0, 1)), strict=True)
        kept = []
        for s, own in enumerate(left):
            cheats = [states.cheating(player, s, worst[player]) for player in (0, 1)]
            kept.append([a for a in own if states.joint(s, a, joint) >= cheats[0][a[1]] + cheats[1][a[0]]])
        if all(len(before) == len(after) for before, after in zip(left, kept, strict=True)):
            punishments = tuple(zip(*replies, strict=True))
            proof = StateTransferProof(tuple(path), punishments, tuple(joint), tuple(zip(*worst, strict=True)))
        left = kept
    if proof is None:
        joints, punished = nothing(len(game))
    else:
        joints = np.array([float(u) for u in proof.joint])
        punished = np.array([[float(v) for v in pair] for pair in proof.worst])
    return StochasticTransfers(
        status=Status.solved if proof is not None else Status.empty,
        error_bound=0.0,
        iterations=rounds,
        method=METHOD,
        options={},
        game=game,
        joint=joints,
        punishment_payoffs=punished,
        proof=proof,
    )


class _States:
    """The game in fractions, and its dynamic programmes."""

    def __init__(self, game: StochasticGame) -> None:
        self.game = game
        self.delta = game.exact_deltas[0]
        self.rows: tuple[dict[Profile, Lottery], ...] = game.exact_transitions
        self.flow = [
            {
                (a, b): tuple((1 - self.delta) * exact(float(stage.payoffs[i, a, b])) for i in (0, 1))
                for a in range(stage.shape[0])
                for b in range(stage.shape[1])
            }
            for stage in game.stages
        ]

    def later(self, state: int, profile: Profile, values: Sequence[Fraction]) -> Fraction:
        """Discounted mean of tomorrow's values."""
        return self.delta * sum((share * values[following] for following, share in self.rows[state][profile]), Fraction(0))

    def joint(self, state: int, profile: Profile, values: Sequence[Fraction]) -> Fraction:
        """Joint payoff of a profile, and of what follows."""
        return sum(self.flow[state][profile], Fraction(0)) + self.later(state, profile, values)

    def best(self, left: list[list[Profile]]) -> tuple[list[Profile], list[Fraction]]:
        """The path of largest joint value over the profiles left, by policy iteration."""
        path = [max(own, key=lambda a, s=s: (sum(self.flow[s][a]), (-a[0], -a[1]))) for s, own in enumerate(left)]  # type: ignore[misc]
        while True:
            values = self._values([sum(self.flow[s][a], Fraction(0)) for s, a in enumerate(path)], path)
            better = False
            for s, own in enumerate(left):
                top = max(own, key=lambda a, s=s: self.joint(s, a, values))  # type: ignore[misc]
                if self.joint(s, top, values) > values[s]:
                    path[s], better = top, True
            if not better:
                return path, values

    def punish(self, left: list[list[Profile]], player: int) -> tuple[list[Profile], list[Fraction]]:
        """Profiles left that hold a player's best reply value down, by policy iteration of the punisher against best replies."""
        choice = [own[0] for own in left]
        replies: list[Profile] = list(choice)
        while True:
            values, replies = self._reply(choice, player, replies)
            better = False
            for s, own in enumerate(left):
                cheats = self.cheating(player, s, values)
                low = min(own, key=lambda a: cheats[a[1 - player]])
                if cheats[low[1 - player]] < values[s]:
                    choice[s], better = low, True
            if not better:
                return choice, values

    def _reply(self, choice: list[Profile], player: int, start: list[Profile]) -> tuple[list[Fraction], list[Profile]]:
        """Values of best replies to what the other side does in each state, and the profiles that they make."""
        replies = [_with(a, player, b[player]) for a, b in zip(choice, start, strict=True)]
        while True:
            values = self._values([self.flow[s][a][player] for s, a in enumerate(replies)], replies)
            better = False
            for s, a in enumerate(replies):
                options = [_with(a, player, own) for own in range(self.game.stages[s].shape[player])]
                top = max(options, key=lambda cheat, s=s: self.flow[s][cheat][player] + self.later(s, cheat, values))  # type: ignore[misc]
                if self.flow[s][top][player] + self.later(s, top, values) > values[s]:
                    replies[s], better = top, True
            if not better:
                return values, replies

    def cheating(self, player: int, state: int, values: Sequence[Fraction]) -> list[Fraction]:
        """Best reply value against each action of the other side, if tomorrow is worth `values`."""
        stage = self.game.stages[state]
        found = []
        for other in range(stage.shape[1 - player]):
            cells = [(own, other) if player == 0 else (other, own) for own in range(stage.shape[player])]
            found.append(max(self.flow[state][cell][player] + self.later(state, cell, values) for cell in cells))
        return found

    def _values(self, flows: Sequence[Fraction], policy: Sequence[Profile]) -> list[Fraction]:
        # The flow already carries the factor 1 - δ.
        lotteries = [self.rows[s][a] for s, a in enumerate(policy)]
        return list(discounted_values([flow / (1 - self.delta) for flow in flows], lotteries, self.delta))


def _with(profile: Profile, player: int, action: int) -> Profile:
    return (action, profile[1]) if player == 0 else (profile[0], action)
