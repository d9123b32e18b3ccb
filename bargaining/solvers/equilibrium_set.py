"""`equilibrium_set`: the equilibrium payoffs of a game of any kind, by the solver of its kind."""

from typing import Literal, overload

from bargaining.answers.state import StochasticTransfers
from bargaining.answers.stochastic import StochasticSet
from bargaining.games import GameError, MonitoredGame, RepeatedGame, StochasticGame
from bargaining.games.issues import Partition
from bargaining.solution import EquilibriumSet
from bargaining.solvers.monitored_set import public_set
from bargaining.solvers.repeated_set import MAX_ITER, check_options, repeated_set
from bargaining.solvers.stochastic_set import stochastic_set
from bargaining.solvers.stochastic_transfers import stochastic_transfers


@overload
def equilibrium_set(
    game: RepeatedGame | MonitoredGame,
    partition: str | Partition | None = None,
    *,
    transfers: bool = False,
    tol: float | None = None,
    max_iter: int = MAX_ITER,
) -> EquilibriumSet: ...
@overload
def equilibrium_set(game: StochasticGame, *, tol: float = 1e-9, max_iter: int = MAX_ITER) -> StochasticSet: ...
@overload
def equilibrium_set(game: StochasticGame, *, transfers: Literal[True]) -> StochasticTransfers: ...
def equilibrium_set(
    game: RepeatedGame | MonitoredGame | StochasticGame,
    partition: str | Partition | None = None,
    *,
    transfers: bool = False,
    tol: float | None = None,
    max_iter: int = MAX_ITER,
) -> EquilibriumSet | StochasticSet | StochasticTransfers:
    r"""Payoffs of pure-action subgame-perfect equilibria with public randomisation, V(δ), or V_π(δ) for a partition of issues.

    Parameters
    ----------
    game : RepeatedGame, StochasticGame or MonitoredGame
        One discount factor or one per player. Under imperfect public monitoring the equilibria are perfect public ones, and neither a
        partition nor transfers can be asked for (see `monitored_linkage`, `monitored_transfers`).
    partition : str or Partition, optional
        For an IssueGame with separable payoffs: blocks across which play may not be conditioned, ``"T,R|C"``. The set is then the
        Minkowski sum of the blocks' sets; if one of them is empty, so is the sum.
    transfers : bool
        Let the players pay each other before every period (Goldlücke and Kranz 2012; see `transfer_path`); common discount factor only.
        Payoffs must be in one unit. With a partition payments are made block by block.
    tol : float, optional
        Largest Hausdorff distance allowed between the proven outer and inner sets, relative to each player's payoff span; 1e-9, or 1e-3
        under imperfect monitoring, where sets may be bounded by curves.
    max_iter : int
        Most applications of the set operator from outside.

    Returns
    -------
    EquilibriumSet, or StochasticSet for a StochasticGame: a set for each starting state
        Status `solved` or `empty` if proven within `tol`; otherwise the status says which proof is missing.

    Raises
    ------
    GameError
        If a partition is malformed, given for a game without issues, or the payoffs are not separable.
    ValueError
        If `tol` or `max_iter` is not positive.

    References
    ----------
    Abreu, D., Pearce, D., Stacchetti, E. (1990), Toward a theory of discounted repeated games with imperfect monitoring, Econometrica 58.
    Cronshaw, M., Luenberger, D. (1994), Strongly symmetric subgame perfect equilibria in infinitely repeated games with perfect monitoring
    and discounting, Games and Economic Behavior 6.
    Abreu, D., Sannikov, Y. (2014), An algorithm for two-player repeated games with perfect monitoring, Theoretical Economics 9.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[9, 1], [10, 3]], [[9, 10], [1, 3]])
    >>> solution = bg.equilibrium_set(bg.RepeatedGame(dilemma, delta=0.9))
    >>> solution.status.name, solution.vertices.round(6).tolist()
    ('solved', [[3.0, 3.0], [9.75, 3.0], [9.0, 9.0], [3.0, 9.75]])
    """
    if isinstance(game, MonitoredGame):
        return public_set(game, partition, transfers=transfers, tol=tol, max_iter=max_iter)
    tol = 1e-9 if tol is None else tol
    check_options(tol, max_iter)
    if isinstance(game, StochasticGame):
        if partition is not None:
            raise GameError("partition: not for a StochasticGame")
        return stochastic_transfers(game) if transfers else stochastic_set(game, tol, max_iter)
    if not isinstance(game, RepeatedGame):
        raise GameError(f"game is a {type(game).__name__}: expected a RepeatedGame or StochasticGame, which has a discount factor")
    return repeated_set(game, partition, transfers=transfers, tol=tol, max_iter=max_iter)
