r"""Strategies as finite machines: who plays what, what follows, and who is punished how.

In state k the profile a(k) is played. If both do their part, a public draw decides the next state; a player who alone does something else
is punished: play goes to that player's punishment state. (A joint deviation counts as none: subgame perfection is about single ones.)
The value of a state is :math:`x^k = (1-\delta_i) g_i(a(k)) + \delta_i \sum_l p_{kl} x^l`, with one solution as :math:`\delta_i < 1`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.exact import exact
from bargaining.games.plan import write_apart, write_plan
from bargaining.games.repeated import RepeatedGame
from bargaining.games.stage import GameError, Profile
from bargaining.games.state_values import discounted_values

if TYPE_CHECKING:
    import networkx

Floats = NDArray[np.float64]
Lottery = tuple[tuple[int, Fraction], ...]
Value = tuple[Fraction, Fraction]

# A simulated average misses its expectation by more than the bound in fewer than four of 10^9 simulations (2 exp(-22), two players).
DOUBT = 22.0


@dataclass(frozen=True)
class Simulation:
    """Average discounted payoffs over simulated histories, and how far each may be from the expected ones."""

    payoff: tuple[float, float]
    bound: tuple[float, float]


class Machine:
    """What finite machines have in common: phases with a profile and a value each, and a draw of the first one."""

    profiles: tuple[Profile, ...]
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

    def following(self, phase: int) -> Iterable[Lottery]:
        """What may follow a phase if nobody deviates."""
        raise NotImplementedError

    def reached(self) -> frozenset[int]:
        """Phases that play without deviations reaches."""
        waiting, found = [phase for phase, p in self.start if p], set()
        while waiting:
            phase = waiting.pop()
            if phase not in found:
                found.add(phase)
                waiting += [after for lottery in self.following(phase) for after, p in lottery if p]
        return frozenset(found)


@dataclass(frozen=True, eq=False)
class Automaton(Machine):
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
    values : tuple of pairs of Fraction, optional
        What each state is worth to both sides, exact. If left out they are computed, by solving the linear system above in fractions; if
        given they are a claim, which `bg.verify` checks.
    missed : float
        Distance from the payoff that was asked for to the one that is earned; 0 if that very payoff is earned.

    Raises
    ------
    GameError
        If `values` are left out and cannot be computed: an unknown profile or state, or a lottery that does not add up to 1.

    Examples
    --------
    Tit for tat against a lapse of the U.S., as a machine of one's own; one period of punishment is too little at δ = 2/3.

    >>> import bargaining as bg
    >>> from fractions import Fraction
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> cooperate, punish = (((0, Fraction(1)),), ((0, Fraction(1)),))
    >>> machine = bg.Automaton(bg.RepeatedGame(dilemma, "2/3"), ((0, 0), (1, 1)), (cooperate, punish), (1, 1), cooperate)
    >>> [[str(x) for x in value] for value in machine.values]
    [['3', '3'], ['7/3', '7/3']]
    >>> bg.verify(machine).reason
    "state 0: U.S. gains 0.222 by leaving 0 / 0 for '1'"
    """

    game: RepeatedGame
    profiles: tuple[Profile, ...]
    lotteries: tuple[Lottery, ...]
    punishments: tuple[int, int]
    start: Lottery
    values: tuple[Value, ...] = ()
    missed: float = 0.0

    def __post_init__(self) -> None:
        if self.values or not self.profiles:
            return
        shape, count = self.game.stage_game().shape, len(self.profiles)
        for k, profile in enumerate(self.profiles):
            if len(profile) != 2 or not all(0 <= profile[i] < shape[i] for i in (0, 1)):
                raise GameError(f"state {k}: there is no profile {profile}; the game has {shape[0]} x {shape[1]}")
        if len(self.lotteries) != count:
            raise GameError(f"there are {len(self.lotteries)} lotteries: expected one for each of the {count} states")
        for what, lottery in [("start", self.start), *((f"state {k}", lottery) for k, lottery in enumerate(self.lotteries))]:
            if sum(p for _, p in lottery) != 1 or any(p < 0 or not 0 <= state < count for state, p in lottery):
                raise GameError(f"{what}: expected a lottery over states 0 to {count - 1} whose probabilities add up to exactly 1")
        if len(self.punishments) != 2 or not all(0 <= state < count for state in self.punishments):
            raise GameError(f"punishments are {self.punishments}: expected two states from 0 to {count - 1}")
        payoffs = self.game.stage_game().payoffs
        first, second = (
            discounted_values([exact(float(payoffs[i][profile])) for profile in self.profiles], self.lotteries, self.game.exact_deltas[i])
            for i in (0, 1)
        )
        object.__setattr__(self, "values", tuple(zip(first, second, strict=True)))

    def next_state(self, state: int, played: Profile) -> Lottery:
        """The next states after a profile was played in a state."""
        first, second = (played[i] != self.profiles[state][i] for i in (0, 1))
        if first == second:
            return self.lotteries[state]
        return ((self.punishments[0 if first else 1], Fraction(1)),)

    def following(self, phase: int) -> Iterable[Lottery]:
        """What may follow a state if nobody deviates."""
        return (self.lotteries[phase],)

    def simulate(self, histories: int = 2000, periods: int | None = None, seed: int | Sequence[int] = 0) -> Simulation:
        r"""Play it, without deviations, and average.

        Parameters
        ----------
        histories : int
        periods : int, optional
            Length of each; by default until what is left weighs less than a millionth (at most 20,000).
        seed : int or sequence of int

        Returns
        -------
        Simulation
            `bound` is what later periods could add plus, if anything is drawn, what the average of n histories with sample variance V and
            range R can be off: :math:`\sqrt{2VL/n} + 7RL/(3(n-1))` with L = 22, but for a chance of 1e-9. (Standard errors alone
            would be too small where a draw is so rare that no history makes it.)

        References
        ----------
        Maurer, A., Pontil, M. (2009), Empirical Bernstein bounds and sample-variance penalization, COLT.
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
        bound = left * (high - low) / 2.0 + 1e-12 * np.maximum(np.abs(payoffs).max(axis=(1, 2)), 1e-300)
        visited = sorted(self.reached())
        if any(sum(p > 0 for _, p in lottery) > 1 for lottery in (self.start, *(self.lotteries[k] for k in visited))):
            spread = np.ptp(earned[visited], axis=0) * (1.0 - left)
            bound += np.sqrt(2.0 * totals.var(axis=0, ddof=1) * DOUBT / histories) + 7.0 * spread * DOUBT / (3.0 * (histories - 1))
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
    """Strategies for blocks of issues played side by side: a deviation on one block is punished on that block only.

    `missed` is the distance from the payoff that was asked for to the one that is earned.
    """

    blocks: Mapping[tuple[str, ...], Automaton]
    missed: float = 0.0

    @property
    def exact_payoff(self) -> Value:
        """What both sides earn over all blocks, exact."""
        first, second = (sum((part.exact_payoff[i] for part in self.blocks.values()), Fraction(0)) for i in (0, 1))
        return first, second

    @property
    def payoff(self) -> Floats:
        """What both sides earn over all blocks, shape (2,)."""
        return np.array([float(value) for value in self.exact_payoff])

    def simulate(self, histories: int = 2000, periods: int | None = None, seed: int | Sequence[int] = 0) -> Simulation:
        """Play every block, with a stream of draws of its own, and add up."""
        own = (seed,) if isinstance(seed, int) else tuple(seed)
        parts = [part.simulate(histories, periods, (*own, k)) for k, part in enumerate(self.blocks.values())]
        payoff, bound = ((sum(getattr(p, name)[0] for p in parts), sum(getattr(p, name)[1] for p in parts)) for name in ("payoff", "bound"))
        return Simulation(payoff, bound)

    def to_networkx(self) -> Any:
        """All blocks in one graph without edges between them; nodes are (block, state)."""
        import networkx

        return networkx.union_all(
            [networkx.relabel_nodes(part.to_networkx(), {k: (block, k) for k in range(len(part))}) for block, part in self.blocks.items()]
        )

    def __str__(self) -> str:
        return write_apart(self)
