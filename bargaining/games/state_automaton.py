r"""Strategies of a stochastic game as finite machines: who plays what in which state, what follows, and who is punished how.

A phase belongs to a state of the game; in phase k the profile a(k) is played. Then the game moves, and if both did their part a public
draw among the phases of the new state decides where play goes on; a player who alone did something else is held to its punishment phase
of the new state. The value of a phase is :math:`x^k = (1-\delta_i) g_i(a(k)) + \delta_i \sum_{s'} P(s' \mid s, a(k)) \sum_l p_{ks'l} x^l`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from bargaining.games.automaton import Lottery, Machine, Value
from bargaining.games.exact import exact
from bargaining.games.stage import GameError, Profile
from bargaining.games.state_values import discounted_values
from bargaining.games.stochastic import StochasticGame


@dataclass(frozen=True, eq=False)
class StateAutomaton(Machine):
    """A strategy profile of a stochastic game, from one starting state, as a finite machine.

    Parameters
    ----------
    game : StochasticGame
    states : tuple of int
        State of the game that each phase belongs to.
    profiles : tuple of profiles
        What is played in each phase.
    lotteries : tuple of mappings
        For each phase, and each state that its profile can lead to, the phases that follow there, as (phase, probability).
    punishments : mapping
        For each state a pair of phases of it: where play goes after a deviation by the U.S. alone, by China alone.
    start : lottery
        Public draw of the first phase; all of one state.
    values : tuple of pairs of Fraction, optional
        What each phase is worth to both sides, exact. If left out they are computed; if given they are a claim, which `bg.verify` checks.
    missed : float
        Distance from the payoff that was asked for to the one that is earned.

    Raises
    ------
    GameError
        If `values` are left out and cannot be computed: an unknown profile, phase or state, or a lottery that does not add up to 1.
    """

    game: StochasticGame
    states: tuple[int, ...]
    profiles: tuple[Profile, ...]
    lotteries: tuple[Mapping[int, Lottery], ...]
    punishments: Mapping[int, tuple[int, int]]
    start: Lottery
    values: tuple[Value, ...] = ()
    missed: float = 0.0

    def __post_init__(self) -> None:
        if self.values or not self.profiles:
            return
        fault = self.fault()
        if fault:
            raise GameError(fault)
        payoffs, rows = [], []
        for s, (a, b), lotteries in zip(self.states, self.profiles, self.lotteries, strict=True):
            g = self.game.stages[s].payoffs
            payoffs.append((exact(float(g[0, a, b])), exact(float(g[1, a, b]))))
            rows.append(tuple((phase, share * p) for after, share in self.game.exact_transitions[s][a, b] for phase, p in lotteries[after]))
        first, second = (discounted_values([g[i] for g in payoffs], rows, self.game.exact_deltas[i]) for i in (0, 1))
        object.__setattr__(self, "values", tuple(zip(first, second, strict=True)))

    def fault(self) -> str:
        """What is wrong if this is no machine for the game; nothing if it is one."""
        game, count = self.game, len(self.profiles)
        if not len(self.states) == len(self.lotteries) == count:
            return f"there are {count} profiles, {len(self.states)} states and {len(self.lotteries)} lotteries: expected as many of each"

        def wrong(lottery: Lottery, state: int) -> bool:
            return sum(p for _, p in lottery) != 1 or any(p < 0 or not 0 <= k < count or self.states[k] != state for k, p in lottery)

        for k, (s, profile) in enumerate(zip(self.states, self.profiles, strict=True)):
            if (
                not 0 <= s < len(game)
                or len(profile) != 2
                or not all(0 <= x < n for x, n in zip(profile, game.stages[s].shape, strict=True))
            ):
                return f"phase {k}: there is no profile {profile} in state {s}"
            for after, _ in game.exact_transitions[s][profile]:
                if after not in self.lotteries[k] or wrong(self.lotteries[k][after], after):
                    return (
                        f"phase {k}: expected a lottery over phases of state {game.states[after]!r} whose probabilities add up to exactly 1"
                    )
            for after in game.successors[s]:
                phases = self.punishments.get(after, ())
                if len(phases) != 2 or not all(0 <= phase < count and self.states[phase] == after for phase in phases):
                    return f"punishments: expected two phases of state {game.states[after]!r}"
        if not self.start or not 0 <= self.start[0][0] < count or wrong(self.start, self.states[self.start[0][0]]):
            return "start: expected a lottery over phases of one state whose probabilities add up to exactly 1"
        return ""

    def next_phase(self, phase: int, played: Profile, state: int) -> Lottery:
        """The phases that may follow after a profile was played in a phase and the game has moved to a state."""
        first, second = (played[i] != self.profiles[phase][i] for i in (0, 1))
        if first == second:
            if state in self.lotteries[phase]:
                return self.lotteries[phase][state]
            # Both did something else: it counts as no deviation, but may lead where the plan does not.
            return ((self.punishments[state][0], Fraction(1)),)
        return ((self.punishments[state][0 if first else 1], Fraction(1)),)

    def following(self, phase: int) -> Iterable[Lottery]:
        """What may follow a phase if nobody deviates, a draw for each state that play can come to."""
        return self.lotteries[phase].values()

    def __str__(self) -> str:
        game, lines = self.game, []

        def drawn(lottery: Lottery) -> str:
            parts = [f"phase {k + 1}" if p == 1 else f"phase {k + 1} with probability {float(p):.3g}" for k, p in lottery]
            return " or ".join(parts)

        lines.append(f"Play starts in state {game.states[self.states[self.start[0][0]]]!r} with {drawn(self.start)}.")
        for k, (s, profile) in enumerate(zip(self.states, self.profiles, strict=True)):
            then = "; ".join(f"{game.states[after]!r}: {drawn(lottery)}" for after, lottery in sorted(self.lotteries[k].items()))
            lines.append(f"Phase {k + 1} (state {game.states[s]!r}): {' / '.join(game.stages[s].labels(profile))}. Then, by state, {then}.")
        players = game.stages[0].players
        for i in (0, 1):
            where = "; ".join(f"{game.states[s]!r}: phase {pair[i] + 1}" for s, pair in sorted(self.punishments.items()))
            lines.append(f"If {players[i]} alone deviates, by state, {where}.")
        first, second = self.payoff
        lines.append(f"{players[0]} earns {first:.6g} and {players[1]} {second:.6g} a period on average.")
        return "\n".join(lines)
