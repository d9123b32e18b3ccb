r"""Plans of a stochastic game: one profile a state, and what it is worth to play it for ever.

From state s the plan a earns :math:`v^s_i = (1-\delta_i) g^s_i(a(s)) + \delta_i \sum_{s'} P(s' \mid s, a(s))\, v^{s'}_i`.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from bargaining.games.exact import exact
from bargaining.games.stage import GameError, Profile
from bargaining.games.state_values import discounted_values
from bargaining.games.stochastic import StochasticGame


def read_plan(game: StochasticGame, plan: Any) -> tuple[Profile, ...]:
    """One profile a state, by position; given as a sequence in the order of the states, or as state -> profile.

    Raises
    ------
    GameError
        If a state has no profile, a state is unknown, or there is no such profile.
    """
    if isinstance(plan, Mapping):
        given = {game.state(state): profile for state, profile in plan.items()}
        missing = [name for s, name in enumerate(game.states) if s not in given]
        if missing:
            raise GameError(f"plan: no profile for state {missing[0]!r}; expected one for each of the {len(game)} states")
        profiles = [given[s] for s in range(len(game))]
    else:
        if isinstance(plan, str) or not isinstance(plan, Sequence) or len(plan) != len(game):
            raise GameError(f"plan {plan!r}: expected a profile for each of the {len(game)} states")
        profiles = list(plan)
    read = []
    for name, stage, profile in zip(game.states, game.stages, profiles, strict=True):
        try:
            read.append(stage.profile(profile))
        except GameError as error:
            raise GameError(f"plan, state {name!r}: {error}") from None
    return tuple(read)


def plan_payoffs(game: StochasticGame, plan: Sequence[Profile]) -> tuple[tuple[Fraction, Fraction], ...]:
    """What the plan is worth to both players from each state, exact."""
    lotteries = [game.exact_transitions[s][profile] for s, profile in enumerate(plan)]
    first, second = (
        discounted_values(
            [exact(float(stage.payoffs[i][profile])) for stage, profile in zip(game.stages, plan, strict=True)],
            lotteries,
            game.exact_deltas[i],
        )
        for i in (0, 1)
    )
    return tuple(zip(first, second, strict=True))
