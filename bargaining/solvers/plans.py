"""Whether a plan for a stochastic game is an equilibrium path, and what it is worth, given the game's payoff sets.

A plan says what both sides do in every state. Played from state s it is an equilibrium path if in each state that it can come to no
deviation gains once the deviator's worst equilibrium payoff follows. The proven inner sets say yes, the proven outer ones no.
"""

from collections.abc import Sequence
from fractions import Fraction

from bargaining.answers.stochastic import StochasticSet
from bargaining.games import StochasticGame, exact
from bargaining.games.stage import Profile
from bargaining.games.stochastic_plan import plan_payoffs

Pair = tuple[Fraction, Fraction]


def sustained(solution: StochasticSet, plan: Sequence[Profile], known: Sequence[Sequence[Profile]] = ()) -> tuple[bool | None, ...]:
    """For every state whether the plan, played from there, is an equilibrium path; None where the proven bounds leave it open.

    Parameters
    ----------
    solution : StochasticSet
        Need not be solved to the end: what its proven bounds say is said.
    plan : sequence of profiles, one a state
    known : sequence of such plans
        Equilibria (pure Markov-perfect ones, say) that may serve as punishments beside those of the inner set.

    Examples
    --------
    >>> import bargaining as bg
    >>> from bargaining.games.stochastic_plan import read_plan
    >>> truce = bg.StochasticGame(
    ...     payoffs=[[[[3, 0], [5, 1]], [[3, 5], [0, 1]]], [[[1]], [[1]]]],
    ...     transitions=[[[[0.7, 0.3]] * 2] * 2, [[[0, 1]]]],
    ...     delta=0.9, states=["truce", "lapse"])
    >>> sustained(bg.equilibrium_set(truce), read_plan(truce, {"truce": (0, 0), "lapse": (0, 0)}))
    (True, True)
    """
    game = solution.game
    assert isinstance(game, StochasticGame)
    values = plan_payoffs(game, plan)
    inner, outer = _floors(solution)
    for equilibrium in known:
        inner = [_lower(old, new) for old, new in zip(inner, plan_payoffs(game, equilibrium), strict=True)]
    own = [_deters(game, plan, values, s, inner, outer) for s in range(len(game))]
    found = []
    for start in range(len(game)):
        reached = {own[s] for s in _reached(game, plan, start)}
        found.append(False if False in reached else None if None in reached else True)
    return tuple(found)


def _floors(solution: StochasticSet) -> tuple[list[Pair | None], list[Pair | None]]:
    """Each player's worst payoff in each state: one that is an equilibrium payoff for certain, and one that nothing undercuts."""
    proof = solution.inner_proof
    inner: list[Pair | None] = [None] * len(solution)
    if proof is not None:
        inner = [
            (min(x for x, _ in vertices), min(y for _, y in vertices)) if vertices else None  # exact
            for vertices in proof.vertices
        ]
    outer: list[Pair | None] = []
    for polygon in solution.outer:
        low = None if polygon.is_empty else polygon.vertices.min(axis=0)
        outer.append(None if low is None else (Fraction(float(low[0])), Fraction(float(low[1]))))
    return inner, outer


def _lower(old: Pair | None, new: Pair) -> Pair:
    return new if old is None else (min(old[0], new[0]), min(old[1], new[1]))


def _deters(
    game: StochasticGame,
    plan: Sequence[Profile],
    values: Sequence[Pair],
    state: int,
    inner: Sequence[Pair | None],
    outer: Sequence[Pair | None],
) -> bool | None:
    """Whether no deviation in a state gains; None if the bounds do not tell."""
    if outer[state] is None:
        return False
    certain = True
    stage, rows, own = game.stages[state], game.exact_transitions[state], plan[state]
    for player in (0, 1):
        delta = game.exact_deltas[player]
        for action in range(stage.shape[player]):
            cheat = (action, own[1]) if player == 0 else (own[0], action)
            if cheat == own:
                continue
            room = values[state][player] - (1 - delta) * exact(float(stage.payoffs[player][cheat]))
            low, high = Fraction(0), Fraction(0)
            known = True
            for following, share in rows[cheat]:
                under, over = outer[following], inner[following]
                if under is None:
                    return False
                low += share * under[player]
                if over is None:
                    known = False
                else:
                    high += share * over[player]
            if delta * low > room:
                return False
            certain = certain and known and delta * high <= room
    return True if certain else None


def _reached(game: StochasticGame, plan: Sequence[Profile], start: int) -> set[int]:
    """States that the plan can come to."""
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for following, _ in game.exact_transitions[state][plan[state]]:
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found
