r"""Stochastic games put together from issues and factors of the state.

A *factor* is one part of the state of the world: a truce's clock, a court case, a stock of capacity. It moves by itself (*exogenous*) or
as the actions on some issues, its drivers, move it; factors move independently of one another given the actions. An *issue* is a stage
game that may depend on the states of some factors. Payoffs add up over issues.

A block of issues is a game of its own if every factor it depends on moves by itself or by actions in the block. If all blocks of a
partition are, play that conditions in each block on nothing but the block's actions and its factors is an equilibrium exactly if each
block's part is one of the block's game, and payoff sets add up state by state; a factor that two blocks share must then be exogenous.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from bargaining.games.exact import Real, exact
from bargaining.games.issues import Block, IssueGame, Partition
from bargaining.games.stage import GameError, Profile, StageGame
from bargaining.games.stochastic import StochasticGame

Labels = tuple[str, str]
State = tuple[str, ...]

SEPARATOR = ", "


@dataclass(frozen=True)
class Factor:
    """A part of the state and how it moves.

    Parameters
    ----------
    start : str
        Where it is at first.
    step : callable
        ``step(state, *pairs)``: probabilities of the next states by name, given the pair of action labels on each driver, in order.
    drivers : tuple of str
        Issues whose actions move it; none for an exogenous factor.
    """

    start: str
    step: Callable[..., Mapping[str, Real]]
    drivers: tuple[str, ...] = ()


@dataclass(frozen=True)
class StateIssue:
    """An issue whose stage game ``stage(*states)`` depends on the states of some factors."""

    stage: Callable[..., StageGame]
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ComposedGame:
    r"""Issues and factors that make a stochastic game.

    Parameters
    ----------
    issues : mapping of str to StateIssue
    factors : mapping of str to Factor
    delta : float, Fraction, str, or a pair of them

    Raises
    ------
    GameError
        An issue depends on, or a factor is driven by, what is not there.

    Examples
    --------
    A court may strike the instrument of one issue; the other issue knows nothing of the court.

    >>> from bargaining.games.stage import game
    >>> court = Factor("authority", lambda state: {"struck": 0.2, "authority": 0.8} if state == "authority" else {"struck": 1})
    >>> stages = {"authority": game([[1.0], [2.0]], [[0.0], [0.0]]), "struck": game([[1.0]], [[0.0]])}
    >>> tariffs = StateIssue(stages.get, ("court",))
    >>> chips = StateIssue(lambda: game([[0.0], [-1.0]], [[0.0], [2.0]]))
    >>> composed = ComposedGame({"T": tariffs, "C": chips}, {"court": court}, delta=0.9)
    >>> composed.game().states, composed.game().stage("authority").shape, len(composed.game("C"))
    (('authority', 'struck'), (4, 1), 1)
    """

    issues: Mapping[str, StateIssue]
    factors: Mapping[str, Factor]
    delta: Real | tuple[Real, Real]

    def __post_init__(self) -> None:
        for name, issue in self.issues.items():
            missing = next((each for each in issue.factors if each not in self.factors), None)
            if missing is not None:
                raise GameError(f"issue {name!r} depends on {missing!r}: factors are {', '.join(self.factors) or 'none'}")
        for name, factor in self.factors.items():
            missing = next((each for each in factor.drivers if each not in self.issues), None)
            if missing is not None:
                raise GameError(f"factor {name!r} is driven by {missing!r}: issues are {', '.join(self.issues)}")

    @cached_property
    def _at_start(self) -> IssueGame:
        """The issues as they are at first: names, blocks and partitions are read as those of any issue game."""
        return IssueGame({name: issue.stage(*(self.factors[each].start for each in issue.factors)) for name, issue in self.issues.items()})

    def partitions(self) -> tuple[Partition, ...]:
        """All partitions of the issues, coarsest first."""
        return self._at_start.partitions()

    def partition(self, partition: str | Partition) -> Partition:
        """A partition given as ``"T,R|A"`` or as tuples of names, in canonical order."""
        return self._at_start.partition(partition)

    @staticmethod
    def partition_name(partition: Partition) -> str:
        """A partition as text, ``"T,R|A"``."""
        return IssueGame.name(partition)

    def shared(self, partition: str | Partition) -> dict[str, str]:
        """Why a partition does not factor: each factor that a block depends on and another block drives, in words; empty if it does.

        Examples
        --------
        >>> from bargaining.games.stage import game
        >>> stock = Factor("low", lambda state, pair: {"high": 1} if pair[1] == "withhold" else {state: 1}, ("R",))
        >>> gift = StateIssue(lambda stock: game([[0.0, 1.0]], [[0.0, -0.1]], actions=[("-",), ("withhold", "release")]), ("stock",))
        >>> price = StateIssue(lambda stock: game([[0.0]], [[float(stock == "high")]]), ("stock",))
        >>> ComposedGame({"R": gift, "P": price}, {"stock": stock}, 0.9).shared("R|P")
        {'stock': 'R drives it, P depends on it'}
        """
        found = {}
        for block in self.partition(partition):
            for name in self._needed(block):
                outside = [issue for issue in self.factors[name].drivers if issue not in block]
                if outside:
                    users = [issue for issue in block if name in self.issues[issue].factors]
                    found[name] = f"{','.join(self.factors[name].drivers)} drives it, {','.join(users)} depends on it"
        return found

    def _needed(self, block: Block) -> tuple[str, ...]:
        """Factors that some issue of a block depends on."""
        return tuple(name for name in self.factors if any(name in self.issues[issue].factors for issue in block))

    def game(self, block: str | Block | None = None) -> StochasticGame:
        """The stochastic game over a block of issues (default: all), with the states that play from the start can come to.

        Raises
        ------
        GameError
            If the block depends on a factor that an issue outside it drives: it has no game of its own.
        """
        return self._built(self._at_start.names if block is None else self._at_start.read_block(block))[0]

    def state(self, states: Mapping[str, str], block: str | Block | None = None) -> str:
        """Name, in a block's game, of the state in which factors are where `states` says; factors not named are at their start."""
        names = self._at_start.names if block is None else self._at_start.read_block(block)
        return SEPARATOR.join(states.get(name, self.factors[name].start) for name in self._needed(names)) or "always"

    def plan(self, promise: Callable[..., Labels], block: str | Block | None = None) -> dict[str, Labels]:
        """A profile for every state, from what is promised on each issue.

        Parameters
        ----------
        promise : callable
            ``promise(issue, stage, **states)``: the pair of labels to play on an issue, given its stage game and the states of all
            factors of the block.
        block : str or tuple of str, optional

        Returns
        -------
        dict
            State -> pair of labels of joint actions.
        """
        game, _, issue_games = self._built(self._at_start.names if block is None else self._at_start.read_block(block))
        moves = self.moves(promise, block)
        return {
            name: issues.stage_game().labels(issues.joint_profile(agreed))
            for name, issues, agreed in zip(game.states, issue_games, moves, strict=True)
        }

    def moves(self, promise: Callable[..., Labels], block: str | Block | None = None) -> list[dict[str, Labels]]:
        """What a plan does on each issue, state by state in the order of the block's game."""
        _, tuples, issue_games = self._built(self._at_start.names if block is None else self._at_start.read_block(block))
        return [
            {issue: promise(issue, stage, **states) for issue, stage in issues.issues.items()}
            for states, issues in zip(tuples, issue_games, strict=True)
        ]

    def factor_states(self, block: str | Block | None = None) -> list[dict[str, str]]:
        """Where each factor stands, state by state in the order of the block's game."""
        return [dict(states) for states in self._built(self._at_start.names if block is None else self._at_start.read_block(block))[1]]

    def _built(self, names: Block) -> tuple[StochasticGame, list[dict[str, str]], list[IssueGame]]:
        cache: dict[Block, Any] = self.__dict__.setdefault("_games", {})
        if names not in cache:
            cache[names] = self._build(names)
        built: tuple[StochasticGame, list[dict[str, str]], list[IssueGame]] = cache[names]
        return built

    def _build(self, names: Block) -> tuple[StochasticGame, list[dict[str, str]], list[IssueGame]]:
        needed = self._needed(names)
        for name in needed:
            outside = [issue for issue in self.factors[name].drivers if issue not in names]
            if outside:
                raise GameError(
                    f"block {','.join(names)!r} has no game of its own: it depends on {name!r}, which {','.join(outside)} outside it drives"
                )
        start = tuple(self.factors[name].start for name in needed)
        # Tuples of states in order of discovery: position is the place in this list.
        found: dict[State, int] = {start: 0}
        waiting, games, rows = [start], [], []
        stages: dict[tuple[str, State], StageGame] = {}
        joined: dict[tuple[State, ...], IssueGame] = {}
        while waiting:
            state = waiting.pop(0)
            at = dict(zip(needed, state, strict=True))
            keys = tuple(tuple(at[each] for each in self.issues[name].factors) for name in names)
            if keys not in joined:
                for name, key in zip(names, keys, strict=True):
                    if (name, key) not in stages:
                        stages[name, key] = self.issues[name].stage(*key)
                joined[keys] = IssueGame({name: stages[name, key] for name, key in zip(names, keys, strict=True)})
            issues = joined[keys]
            games.append(issues)
            m, n = issues.shape
            own: dict[Profile, dict[State, Fraction]] = {}
            for profile in ((a, b) for a in range(m) for b in range(n)):
                moves = {name: stage.labels(pair) for name, (stage, pair) in issues.split(profile).items()}
                own[profile] = self._lottery(needed, state, moves)
                for following in own[profile]:
                    if following not in found:
                        found[following] = len(found)
                        waiting.append(following)
            rows.append(own)
        transitions = []
        for issues, own in zip(games, rows, strict=True):
            m, n = issues.shape
            dense = [[[Fraction(0)] * len(found) for _ in range(n)] for _ in range(m)]
            for (a, b), lottery in own.items():
                for following, share in lottery.items():
                    dense[a][b][found[following]] = share
            transitions.append(dense)
        game = StochasticGame(
            payoffs=[issues.stage_game().payoffs for issues in games],
            transitions=transitions,
            delta=self.delta,
            states=tuple(SEPARATOR.join(state) or "always" for state in found),
            actions=[issues.stage_game().actions for issues in games],
            players=games[0].players,
        )
        return game, [dict(zip(needed, state, strict=True)) for state in found], games

    def _lottery(self, needed: Sequence[str], state: State, moves: Mapping[str, Labels]) -> dict[State, Fraction]:
        """Where the factors go together: each draws for itself."""
        lottery: dict[State, Fraction] = {(): Fraction(1)}
        for name, here in zip(needed, state, strict=True):
            factor = self.factors[name]
            own = factor.step(here, *(moves[issue] for issue in factor.drivers))
            drawn = {following: exact(share) for following, share in own.items()}
            lottery = {(*before, following): p * q for before, p in lottery.items() for following, q in drawn.items() if q}
        return lottery
