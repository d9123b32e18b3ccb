"""Strategies that earn a given equilibrium payoff of a stochastic game, read off the proof that the payoff sets generate themselves."""

from fractions import Fraction
from typing import Any

from bargaining.answers.stochastic import StochasticSet
from bargaining.games import exact
from bargaining.games.automaton import Lottery
from bargaining.games.state_automaton import StateAutomaton
from bargaining.solvers.plane import exact_hull
from bargaining.solvers.scaled import Pair
from bargaining.solvers.strategy import distance, mixing_weights, nearest_in, read_point


def state_strategy(solution: StochasticSet, state: int | str, point: Any) -> StateAutomaton:
    r"""A subgame-perfect equilibrium that earns a payoff of one state's set: on-path play, and punishments in every state.

    Every vertex of a state's proven set is earned by a profile and a continuation; a continuation is a public draw of corners, each of
    which names a vertex of every state that can follow; whoever deviates alone is held to the vertex that is worst for it in the state
    that follows. So the phases are vertices of states, and the point is a draw of vertices of the first state.

    Parameters
    ----------
    solution : StochasticSet
        With an inner proof.
    state : int or str
        Where play starts.
    point : pair of numbers
        Floats are read as their shortest decimals; fractions and decimal strings exactly.

    Returns
    -------
    StateAutomaton
        ``exact_payoff`` is the point; for one outside the proven inner set by no more than `error_bound`, the nearest point of that.

    Raises
    ------
    ValueError
        If nothing proves the sets, the state's is empty, or the point lies farther outside it than `error_bound`.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma, lapse = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]
    >>> moves = [[[["9/10", "1/10"]] * 2] * 2, [[[0, 1]]]]
    >>> game = bg.StochasticGame([dilemma, lapse], moves, 0.8, ["truce", "lapse"])
    >>> plan = bg.state_strategy(bg.equilibrium_set(game), "truce", (2, 2))
    >>> [str(x) for x in plan.exact_payoff], bool(bg.verify(plan))
    (['2', '2'], True)
    """
    if not isinstance(solution, StochasticSet):
        raise TypeError(f"solution is a {type(solution).__name__}: expected a StochasticSet")
    game, proof = solution.game, solution.inner_proof
    start = game.state(state)
    target = read_point(point)
    if proof is None or not proof.vertices[start]:
        why = "nothing proves its equilibrium payoffs" if proof is None else "it has no equilibrium"
        raise ValueError(f"no strategy in state {game.states[start]!r}: {why} ({solution.status.name})")
    corners = exact_hull(proof.vertices[start])
    promised = nearest_in(corners, target)
    missed = distance(promised, target)
    spread = max(float(stage.payoffs[i].max() - stage.payoffs[i].min()) for stage in game.stages for i in (0, 1))
    if missed > solution.error_bound + 1e-12 * spread:
        asked = f"({float(target[0]):.6g}, {float(target[1]):.6g})"
        raise ValueError(
            f"point {asked} lies {missed:.3g} outside the payoffs of state {game.states[start]!r} (error_bound {solution.error_bound:.3g})"
        )
    places = {vertex: k for k, vertex in reversed(list(enumerate(proof.vertices[start])))}
    draw = tuple((places[corners[k]], share) for k, share in mixing_weights(corners, promised))
    following: dict[tuple[int, int], dict[int, Lottery]] = {}
    waiting = [(start, k) for k, _ in draw]
    punished: set[int] = set()
    while waiting:
        s, k = waiting.pop()
        if (s, k) in following:
            continue
        following[s, k] = _lotteries(solution, s, k)
        waiting += [(t, j) for t, lottery in following[s, k].items() for j, _ in lottery]
        for t in game.successors[s]:
            if t not in punished:
                punished.add(t)
                waiting += [(t, j) for j in proof.punishments[t]]
    phases = sorted(following)
    new = {phase: n for n, phase in enumerate(phases)}
    return StateAutomaton(
        game=game,
        states=tuple(s for s, _ in phases),
        profiles=tuple(proof.profiles[s][k] for s, k in phases),
        lotteries=tuple({t: tuple((new[t, j], p) for j, p in lottery) for t, lottery in following[phase].items()} for phase in phases),
        punishments={t: (new[t, proof.punishments[t][0]], new[t, proof.punishments[t][1]]) for t in sorted(punished)},
        start=tuple((new[start, k], share) for k, share in draw),
        values=tuple(proof.vertices[s][k] for s, k in phases),
        missed=missed,
    )


def _lotteries(solution: StochasticSet, s: int, k: int) -> dict[int, Lottery]:
    """What follows a vertex in each next state: the corners of its continuation with their weights, seen from that state."""
    game, proof = solution.game, solution.inner_proof
    assert proof is not None
    a, b = proof.profiles[s][k]
    row, deltas = game.exact_transitions[s][a, b], game.exact_deltas
    g = game.stages[s].payoffs
    first, second = ((proof.vertices[s][k][i] - (1 - deltas[i]) * exact(float(g[i, a, b]))) / deltas[i] for i in (0, 1))
    ends: dict[Pair, tuple[int, ...]] = {}
    for corner in proof.corners[s][k]:
        x, y = (sum((share * proof.vertices[t][j][i] for (t, share), j in zip(row, corner, strict=True)), Fraction(0)) for i in (0, 1))
        ends.setdefault((x, y), corner)
    points = exact_hull(list(ends))
    lotteries: dict[int, Lottery] = {}
    weights = mixing_weights(points, (first, second))
    for place, (t, _) in enumerate(row):
        shares: dict[int, Fraction] = {}
        for n, weight in weights:
            j = ends[points[n]][place]
            shares[j] = shares.get(j, Fraction(0)) + weight
        lotteries[t] = tuple(shares.items())
    return lotteries
