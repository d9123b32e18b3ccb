r"""When a plan of a stochastic game is an equilibrium path: at which discount factors, or at which values of one parameter.

A plan names a profile a(s) for every state. Played for ever it is worth :math:`v^s`, and it is sustained, with the worst equilibria as
punishments, if and only if in every state no deviation pays:

.. math:: v^s_i \ge (1-\delta_i) g^s_i(a_i', a_{-i}(s)) + \delta_i \sum_{s'} P(s' \mid s, a_i', a_{-i}(s)) \min V^{s'}_i .

Neither in δ nor in a parameter does this have to hold on one side of a threshold, so the answer is what was proven at scanned points, and
brackets in which it changes, refined by bisection.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np

from bargaining.answers.stochastic import CriticalPlan, StochasticSet
from bargaining.games import GameError, StochasticGame, exact
from bargaining.games.stochastic_plan import plan_payoffs, read_plan
from bargaining.solution import Status
from bargaining.solvers.stochastic_set import stochastic_set

METHOD = "proven verdicts on a grid, changes bracketed by bisection"
GRID = tuple(float(x) for x in np.round(np.linspace(0.02, 0.98, 49), 2))
# Sets are solved this finely, then more so if that leaves the verdict open.
TOLERANCES = (1e-5, 1e-8, 1e-10)
MAX_ITER = 200_000


def critical_delta_plan(
    game: StochasticGame, plan: Any, *, deltas: Sequence[float] = GRID, tol: float = 1e-6, max_iter: int = MAX_ITER
) -> CriticalPlan:
    """Common discount factors at which a plan is an equilibrium path from every state.

    Parameters
    ----------
    game : StochasticGame
        Its own discount factor does not matter.
    plan : profiles, one a state in their order, or a mapping state -> profile
        Profiles by position or label.
    deltas : sequence of float
        The grid that is scanned, rising; a change between two of its points that comes and goes is not seen.
    tol : float
        Width to which brackets of a change are refined.
    max_iter : int
        Most sweeps of each set.

    Returns
    -------
    CriticalPlan

    Raises
    ------
    GameError
        If the plan is not one profile a state.
    ValueError
        If the grid does not rise inside (0, 1), or `tol` is not positive.

    Examples
    --------
    A truce that lapses for good with probability 3/10 is kept from δ = (T-R)/((T-P)(1-ρ)) = 5/7 on.

    >>> import bargaining as bg
    >>> truce = bg.StochasticGame(
    ...     payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...     transitions=[[[[0.7, 0.3]] * 2] * 2, [[[0, 1]]]], delta=0.5, states=["truce", "lapse"])
    >>> found = bg.critical_delta_plan(truce, {"truce": (0, 0), "lapse": (0, 0)}, deltas=[0.5, 0.7, 0.9])
    >>> [(round(low, 4), round(high, 4)) for low, high in found.brackets], found.verdicts
    ([(0.7143, 0.7143)], ('not', 'sustained'))
    >>> bg.verify(found).holds
    True
    """
    grid = [float(delta) for delta in deltas]
    if not grid or not all(0.0 < delta < 1.0 for delta in grid):
        raise ValueError(f"deltas {deltas!r}: expected numbers between 0 and 1")
    return _scan("delta", game, game.with_delta, grid, plan, tol, max_iter)


def critical_parameter(
    family: Callable[[Any], StochasticGame], values: Sequence[Any], plan: Any, *, tol: float = 1e-6, max_iter: int = MAX_ITER
) -> CriticalPlan:
    """Values of one parameter at which a plan is an equilibrium path from every state.

    Parameters
    ----------
    family : callable
        The game at a value of the parameter.
    values : sequence of float or int
        What is scanned, rising. Changes are refined by bisection to `tol`, between whole numbers to neighbours.
    plan : profiles, one a state in their order, a mapping state -> profile, or a callable from the game to one of these
        A callable serves families whose states depend on the parameter.
    tol, max_iter
        As in `critical_delta_plan`.

    Examples
    --------
    How likely may the truce be to lapse at δ = 4/5, if a lapse is for good? At most 1 - (T-R)/((T-P)δ) = 3/8.

    >>> import bargaining as bg
    >>> def truce(rho):
    ...     return bg.StochasticGame(
    ...         payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...         transitions=[[[[1 - rho, rho]] * 2] * 2, [[[0, 1]]]], delta=0.8)
    >>> found = bg.critical_parameter(truce, [0.1, 0.3, 0.5], [(0, 0), (0, 0)], tol=1e-5)
    >>> [(round(low, 4), round(high, 4)) for low, high in found.brackets], found.verdicts
    ([(0.375, 0.375)], ('sustained', 'not'))
    """
    listed = list(values)
    if not listed:
        raise ValueError("values: expected at least one")
    return _scan("parameter", None, family, listed, plan, tol, max_iter)


def _scan(
    name: str,
    game: StochasticGame | None,
    family: Callable[[Any], StochasticGame],
    values: Sequence[Any],
    plan: Any,
    tol: float,
    max_iter: int,
) -> CriticalPlan:
    if not (isinstance(tol, (float, int)) and tol > 0.0):
        raise ValueError(f"tol is {tol!r}: expected a positive number")
    if any(not first < second for first, second in pairwise(values)):
        raise ValueError(f"{name} {list(values)!r}: expected rising values")
    verdicts: dict[Any, str] = {}
    evidence: dict[Any, StochasticSet] = {}
    plans: dict[Any, tuple[tuple[int, int], ...]] = {}
    sweeps = 0

    def ask(value: Any) -> str:
        nonlocal sweeps
        if value not in verdicts:
            made = family(value)
            if not isinstance(made, StochasticGame):
                raise GameError(f"the family gives a {type(made).__name__} at {value!r}: expected a StochasticGame")
            profiles = read_plan(made, plan(made) if callable(plan) else plan)
            verdicts[value], evidence[value] = verdict(made, profiles, max_iter)
            plans[value] = profiles
            sweeps += evidence[value].iterations
        return verdicts[value]

    found = [(value, ask(value)) for value in values]
    brackets = []
    for (low, before), (high, after) in pairwise(found):
        if before != after:
            brackets += _bracket(ask, low, high, tol)
    ordered = sorted(verdicts)
    changes = [ordered[0], *(end for bracket in brackets for end in bracket), ordered[-1]]
    intervals = tuple((first, second, verdicts[first]) for first, second in zip(changes[::2], changes[1::2], strict=True))
    ends = sorted({end for bracket in brackets for end in bracket} or {ordered[0], ordered[-1]})
    open_points = [value for value in ordered if verdicts[value] == "undecided"]
    return CriticalPlan(
        status=Status.undecided if open_points else Status.solved,
        error_bound=max((float(high - low) for low, high in brackets), default=0.0),
        iterations=sweeps,
        method=METHOD,
        options={"tol": tol, "max_iter": max_iter},
        game=game or evidence[ordered[0]].game,
        parameter=name,
        scanned=tuple((float(value), answer) for value, answer in found),
        intervals=tuple((float(first), float(second), answer) for first, second, answer in intervals),
        brackets=tuple((float(low), float(high)) for low, high in brackets),
        ends=tuple((float(end), verdicts[end]) for end in ends),
        plans=tuple(plans[end] for end in ends),
        evidence=tuple(evidence[end] for end in ends),
    )


def _bracket(ask: Callable[[Any], str], low: Any, high: Any, tol: float) -> list[tuple[Any, Any]]:
    """Brackets of the changes between two values with different verdicts, as narrow as asked for where there is one change."""
    whole = isinstance(low, (int, np.integer)) and isinstance(high, (int, np.integer))
    before, after = ask(low), ask(high)
    while (high - low > 1) if whole else (high - low > tol):
        middle = (low + high) // 2 if whole else 0.5 * (low + high)
        if not low < middle < high:
            break
        here = ask(middle)
        if here == before:
            low = middle
        elif here == after:
            high = middle
        else:
            return _bracket(ask, low, middle, tol) + _bracket(ask, middle, high, tol)
    return [(low, high)]


def verdict(game: StochasticGame, plan: Sequence[tuple[int, int]], max_iter: int = MAX_ITER) -> tuple[str, StochasticSet]:
    """Whether a plan is sustained from every state ("sustained", "not", "undecided"), and the sets that prove it."""
    payoffs = plan_payoffs(game, plan)
    answer = "undecided"
    for tol in TOLERANCES:
        solution = stochastic_set(game, tol, max_iter)
        answer = _decided(game, plan, payoffs, solution)
        if answer != "undecided":
            break
    return answer, solution


def _decided(
    game: StochasticGame, plan: Sequence[tuple[int, int]], payoffs: Sequence[tuple[Fraction, Fraction]], solution: StochasticSet
) -> str:
    if solution.emptied:
        return "not"
    inner, outer = solution.inner_proof, solution.outer_proof
    assert outer is not None
    down = [int(np.flatnonzero((outer.normals[:, i] == -1.0) & (outer.normals[:, 1 - i] == 0.0))[0]) for i in (0, 1)]
    # Punishments are no worse than the outer sets allow, and no better than the inner ones give.
    hardest = [[outer.origin[i] - outer.span[i] * Fraction(float(own[down[i]])) for i in (0, 1)] for own in outer.offsets]
    if not _pays_to_keep(game, plan, payoffs, hardest):
        return "not"
    if inner is None or not all(inner.vertices):
        return "undecided"
    given = [[own[inner.punishments[s][i]][i] for i in (0, 1)] for s, own in enumerate(inner.vertices)]
    return "sustained" if _pays_to_keep(game, plan, payoffs, given) else "undecided"


def _pays_to_keep(
    game: StochasticGame, plan: Sequence[tuple[int, int]], payoffs: Sequence[tuple[Fraction, Fraction]], worst: Sequence[Sequence[Fraction]]
) -> bool:
    """Whether nobody gains by leaving the plan in any state, if state s punishes player i by ``worst[s][i]``; exact."""
    for s, ((a, b), payoff) in enumerate(zip(plan, payoffs, strict=True)):
        stage = game.stages[s]
        m, n = stage.shape
        for i, others in enumerate(([(k, b) for k in range(m)], [(a, k) for k in range(n)])):
            delta = game.exact_deltas[i]
            for other in others:
                later = sum((share * worst[after][i] for after, share in game.exact_transitions[s][other]), Fraction(0))
                if (1 - delta) * exact(float(stage.payoffs[i][other])) + delta * later > payoff[i]:
                    return False
    return True
