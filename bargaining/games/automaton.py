r"""Strategies as finite machines: who plays what, what follows, and who is punished how.

In state k the profile a(k) is played. If both do their part, a public draw decides the next state; a player who alone does something else
is punished: play goes to that player's punishment state. (A joint deviation counts as none: subgame perfection is about single ones.)
The value of a state is :math:`x^k = (1-\delta_i) g_i(a(k)) + \delta_i \sum_l p_{kl} x^l`, with one solution as :math:`\delta_i < 1`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.plan import write_plan
from bargaining.games.repeated import RepeatedGame
from bargaining.games.stage import Profile

if TYPE_CHECKING:
    import networkx

Floats = NDArray[np.float64]
Lottery = tuple[tuple[int, Fraction], ...]
Value = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Simulation:
    """Average discounted payoffs over simulated histories, and how far each may be from the expected ones."""

    payoff: tuple[float, float]
    bound: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Automaton:
    """A strategy profile of a repeated game as a finite machine.

    Parameters
    ----------
    game : RepeatedGame
    profiles : tuple of profiles
        What is played in each state.
    lotteries : tuple of lotteries
        For each state the next ones, as (state, probability); probabilities are exact.
    punishments : pair of int
        State that follows a deviation by the U.S. alone, by China alone.
    start : lottery
        Public draw of the first state.
    values : tuple of pairs of Fraction
        What each state is worth to both sides, exact.
    """

    game: RepeatedGame
    profiles: tuple[Profile, ...]
    lotteries: tuple[Lottery, ...]
    punishments: tuple[int, int]
    start: Lottery
    values: tuple[Value, ...]

    def __len__(self) -> int:
        return len(self.profiles)

    @property
    def exact_payoff(self) -> Value:
        """What both sides earn, exact."""
        first, second = (sum((p * self.values[k][i] for k, p in self.start), Fraction(0)) for i in (0, 1))
        return first, second

    @property
    def payoff(self) -> Floats:
        """What both sides earn, shape (2,)."""
        return np.array([float(value) for value in self.exact_payoff])

    def next_state(self, state: int, played: Profile) -> Lottery:
        """The next states after a profile was played in a state."""
        first, second = (played[i] != self.profiles[state][i] for i in (0, 1))
        if first == second:
            return self.lotteries[state]
        return ((self.punishments[0 if first else 1], Fraction(1)),)

    def simulate(self, histories: int = 2000, periods: int | None = None, seed: int = 0) -> Simulation:
        """Play it, without deviations, and average.

        Parameters
        ----------
        histories : int
        periods : int, optional
            Length of each; by default until what is left weighs less than a millionth (at most 20,000).
        seed : int

        Returns
        -------
        Simulation
            `bound` is what later periods could add and six standard errors of the average.
        """
        if histories < 2 or (periods is not None and periods < 1):
            raise ValueError(f"histories is {histories} and periods {periods}: expected at least 2 and 1")
        deltas = np.array(self.game.deltas)
        length = periods or int(min(20_000, np.ceil(np.log(1e-6) / np.log(deltas.max()))))
        generator = np.random.default_rng(seed)
        width = max(len(lottery) for lottery in (*self.lotteries, self.start))
        following, reached = np.zeros((len(self), width), dtype=np.int64), np.ones((len(self), width))
        for k, lottery in enumerate(self.lotteries):
            following[k, : len(lottery)] = [state for state, _ in lottery]
            following[k, len(lottery) :] = lottery[-1][0]
            reached[k, : len(lottery)] = np.cumsum([float(p) for _, p in lottery])
        reached[:, -1] = np.inf
        payoffs = self.game.stage_game().payoffs
        earned = np.array([payoffs[:, a, b] for a, b in self.profiles])
        first = [float(p) for _, p in self.start]
        states = generator.choice([state for state, _ in self.start], size=histories, p=np.array(first) / sum(first))
        totals = np.zeros((histories, 2))
        weight = 1.0 - deltas
        for _ in range(length):
            totals += weight * earned[states]
            weight = weight * deltas
            draw = generator.random(histories)
            states = following[states, (draw[:, None] >= reached[states]).sum(axis=1)]
        # Later periods are taken at the middle of what they could pay.
        left, low, high = deltas**length, payoffs.min(axis=(1, 2)), payoffs.max(axis=(1, 2))
        mean = totals.mean(axis=0) + left * (low + high) / 2.0
        scale = np.abs(payoffs).max(axis=(1, 2))
        bound = left * (high - low) / 2.0 + 6.0 * totals.std(axis=0, ddof=1) / np.sqrt(histories) + 1e-12 * np.maximum(scale, 1e-300)
        return Simulation((float(mean[0]), float(mean[1])), (float(bound[0]), float(bound[1])))

    def to_networkx(self) -> "networkx.MultiDiGraph":
        """The machine as a graph: nodes with `profile` (labels) and `value`, edges with `probability` or `deviator`."""
        import networkx

        stage = self.game.stage_game()
        graph = networkx.MultiDiGraph(start={state: float(p) for state, p in self.start})
        for k, profile in enumerate(self.profiles):
            graph.add_node(k, profile=stage.labels(profile), value=tuple(float(x) for x in self.values[k]))
        for k, lottery in enumerate(self.lotteries):
            for state, probability in lottery:
                graph.add_edge(k, state, probability=float(probability))
            for i, name in enumerate(stage.players):
                graph.add_edge(k, self.punishments[i], deviator=name)
        return graph

    def __str__(self) -> str:
        return write_plan(self)


@dataclass(frozen=True, eq=False)
class JointAutomaton:
    """Strategies for blocks of issues played side by side: a deviation on one block is punished on that block only."""

    blocks: Mapping[tuple[str, ...], Automaton]

    @property
    def exact_payoff(self) -> Value:
        """What both sides earn over all blocks, exact."""
        first, second = (sum((part.exact_payoff[i] for part in self.blocks.values()), Fraction(0)) for i in (0, 1))
        return first, second

    @property
    def payoff(self) -> Floats:
        """What both sides earn over all blocks, shape (2,)."""
        return np.array([float(value) for value in self.exact_payoff])

    def simulate(self, histories: int = 2000, periods: int | None = None, seed: int = 0) -> Simulation:
        """Play every block, with a stream of draws of its own, and add up."""
        parts = [part.simulate(histories, periods, seed + k) for k, part in enumerate(self.blocks.values())]
        payoff, bound = ((sum(getattr(p, name)[0] for p in parts), sum(getattr(p, name)[1] for p in parts)) for name in ("payoff", "bound"))
        return Simulation(payoff, bound)

    def to_networkx(self) -> Any:
        """All blocks in one graph without edges between them; nodes are (block, state)."""
        import networkx

        return networkx.union_all(
            [networkx.relabel_nodes(part.to_networkx(), {k: (block, k) for k in range(len(part))}) for block, part in self.blocks.items()]
        )

    def __str__(self) -> str:
        return "\n\n".join(f"On {', '.join(block)}:\n{part}" for block, part in self.blocks.items())
