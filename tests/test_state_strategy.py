"""Strategies of stochastic games: they earn what they promise, deter every deviation, and are refused when they do not."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from stochastic_games import PUBLISHED, published, random_game, truce

import bargaining as bg

PLANAR = [name for name, case in PUBLISHED.items() if "vertices_by_state" in case["expected"]]


def played(plan, histories, seed):
    """Average discounted payoffs over histories that follow the machine, and three standard errors; nothing of the solver is used."""
    game, generator = plan.game, np.random.default_rng(seed)
    deltas = [float(d) for d in game.exact_deltas]
    periods = int(np.ceil(np.log(1e-6) / np.log(max(deltas))))
    totals = np.zeros((histories, 2))
    for history in range(histories):
        phase = drawn(plan.start, generator)
        for t in range(periods):
            s, profile = plan.states[phase], plan.profiles[phase]
            totals[history] += [(1 - d) * d**t * game.stages[s].payoffs[i][profile] for i, d in enumerate(deltas)]
            after = drawn(game.exact_transitions[s][profile], generator)
            phase = drawn(plan.next_phase(phase, profile, after), generator)
    return totals.mean(axis=0), 4 * totals.std(axis=0) / np.sqrt(histories) + 1e-5 * max(np.abs(s.payoffs).max() for s in game.stages)


def drawn(lottery, generator):
    return lottery[generator.choice(len(lottery), p=[float(p) for _, p in lottery])][0]


def check(solution, state, point):
    plan = bg.state_strategy(solution, state, point)
    certificate = bg.verify(plan)
    assert certificate.holds, certificate.reason
    assert plan.states[plan.start[0][0]] == solution.game.state(state)
    assert np.abs(plan.payoff - point).max() <= solution.error_bound + 1e-9
    # The values claimed are those of the linear system, solved again from nothing but the machine.
    assert replace(plan, values=()).values == plan.values
    assert plan.reached() <= set(range(len(plan)))
    return plan


@pytest.mark.parametrize("name", PLANAR)
def test_published_games_in_every_state(name):
    solution = bg.equilibrium_set(published(name))
    for k, own in enumerate(solution.payoff_sets):
        check(solution, k, own.vertices.mean(axis=0))


@pytest.mark.parametrize("seed", range(300, 312))
def test_random_points_of_random_games(seed):
    payoffs, exactly, _, delta = random_game(seed)
    solution = bg.equilibrium_set(bg.StochasticGame(payoffs, exactly, delta if delta[0] != delta[1] else delta[0]), tol=1e-8)
    weights = np.random.default_rng(seed).dirichlet(np.ones(3))
    for k, own in enumerate(solution.inner):
        if own.is_empty or solution.inner_proof is None:
            with pytest.raises(ValueError, match="no strategy in state"):
                bg.state_strategy(solution, k, (0, 0))
            continue
        check(solution, k, weights @ own.vertices[np.arange(3) % len(own.vertices)])


def test_histories_earn_what_is_promised():
    plan = check(bg.equilibrium_set(truce(0.1, delta=0.8)), "truce", (2, 2))
    assert plan.exact_payoff == (2, 2)
    mean, bound = played(plan, 400, 1)
    assert (np.abs(mean - plan.payoff) <= bound).all()


def test_whoever_deviates_alone_is_punished_where_play_comes_to():
    plan = check(bg.equilibrium_set(truce(0.1, delta=0.8)), "truce", (2, 2))
    for phase, (s, (a, b)) in enumerate(zip(plan.states, plan.profiles, strict=True)):
        if plan.game.stages[s].shape != (2, 2):
            continue
        for after, _ in plan.game.exact_transitions[s][a, b]:
            assert plan.next_phase(phase, (a, b), after) == plan.lotteries[phase][after]
            assert plan.next_phase(phase, (1 - a, b), after) == ((plan.punishments[after][0], 1),)
            assert plan.next_phase(phase, (a, 1 - b), after) == ((plan.punishments[after][1], 1),)
            # Both at once: no deviation that anything has to deter.
            assert plan.next_phase(phase, (1 - a, 1 - b), after) == plan.lotteries[phase][after]


@pytest.fixture
def plan():
    return bg.state_strategy(bg.equilibrium_set(truce(0.1, delta=0.8)), "truce", (2, 2))


def test_a_promise_raised_is_refused(plan):
    values = list(plan.values)
    values[plan.start[0][0]] = (values[plan.start[0][0]][0] + Fraction(1, 1000), values[plan.start[0][0]][1])
    certificate = bg.verify(replace(plan, values=tuple(values)))
    assert not certificate.holds
    assert "not what is promised" in certificate.reason or "gains" in certificate.reason


def test_a_punishment_that_rewards_is_refused(plan):
    truces = [k for k, s in enumerate(plan.states) if s == 0]
    best = max(truces, key=lambda k: plan.values[k][0])
    worst = plan.punishments[0][0]
    assert plan.values[best][0] > plan.values[worst][0]
    certificate = bg.verify(replace(plan, punishments={**plan.punishments, 0: (best, plan.punishments[0][1])}))
    assert not certificate.holds
    assert "gains" in certificate.reason


def test_what_is_no_machine_is_refused(plan):
    short = ({**plan.lotteries[0], next(iter(plan.lotteries[0])): ()}, *plan.lotteries[1:])
    assert "add up to exactly 1" in bg.verify(replace(plan, lotteries=short)).reason
    assert "expected two phases of state" in bg.verify(replace(plan, punishments={})).reason
    with pytest.raises(bg.GameError, match="phase 0: there is no profile"):
        replace(plan, profiles=((7, 7), *plan.profiles[1:]), values=())


def test_points_and_states_that_cannot_be(plan):
    solution = bg.equilibrium_set(truce(0.1, delta=0.8))
    with pytest.raises(ValueError, match=r"point \(9, 9\) lies .* outside the payoffs of state 'truce'"):
        bg.state_strategy(solution, "truce", (9, 9))
    with pytest.raises(bg.GameError, match="did you mean 'truce'"):
        bg.state_strategy(solution, "truse", (2, 2))
    with pytest.raises(TypeError, match="expected a StochasticSet"):
        bg.state_strategy(bg.equilibrium_set(bg.RepeatedGame(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), 0.9)), 0, (2, 2))


def test_the_machine_in_words(plan):
    words = str(plan)
    assert words.startswith("Play starts in state 'truce'")
    assert "If " in words
    assert "earns 2" in words
