"""Payoff sets of stochastic games: seconds and sweeps against δ, profiles and states; quantecon's Cournot game measures the machine."""

import time

import numpy as np
import pytest
from stochastic_games import PUBLISHED, risk_sharing, two_state_dilemma

import bargaining as bg


def two_states(delta):
    states = PUBLISHED["sg_as_twostate_d050"]["game"]["states"]
    return bg.StochasticGame([s["payoffs"] for s in states], [s["transition"] for s in states], delta)


def many_states(count, delta, seed=0):
    """States of 16 profiles, three of which can follow each."""
    rng = np.random.default_rng(seed)
    payoffs = [np.round(rng.normal(size=(2, 4, 4)), 2) for _ in range(count)]
    transitions = []
    for _ in range(count):
        rows = np.zeros((4, 4, count))
        for row in rows.reshape(-1, count):
            row[rng.choice(count, 3, replace=False)] = 0.5, 0.25, 0.25
        transitions.append(rows)
    return bg.StochasticGame(payoffs, transitions, delta)


def machine():
    """Seconds that quantecon takes for the 15 x 15 Cournot game at δ = 0.8."""
    quantecon = pytest.importorskip("quantecon")
    quantities = np.arange(15.0)
    profit = np.maximum(0.0, 6.0 - quantities[:, None] / 2 - quantities[None, :] / 2) * quantities[:, None] / 2
    players = [quantecon.game_theory.Player(profit)] * 2
    game = quantecon.game_theory.RepeatedGame(quantecon.game_theory.NormalFormGame(players), 0.8)
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        game.equilibrium_payoffs(options={"u_init": np.zeros(2)})
        best = min(best, time.process_time() - start)
    return best


GAMES = {
    "two-state dilemma": (lambda: two_state_dilemma("2/3"), 0.031),
    "two-state Abreu-Sannikov .35": (lambda: two_states(0.35), 0.012),
    "two-state Abreu-Sannikov .5": (lambda: two_states(0.5), 0.018),
    "two-state Abreu-Sannikov .7": (lambda: two_states(0.7), 0.039),
    "two-state Abreu-Sannikov .9": (lambda: two_states(0.9), 0.267),
    "risk sharing 2 20": (lambda: risk_sharing(20, 0.7), 0.14),
    "risk sharing 2 40": (lambda: risk_sharing(40, 0.7), 0.48),
}


@pytest.mark.parametrize("name", GAMES)
def test_against_the_published_times(benchmark, name):
    make, seconds = GAMES[name]
    game = make()
    solution = benchmark.pedantic(bg.equilibrium_set, args=(game,), kwargs={"tol": 1e-8}, rounds=5, warmup_rounds=1)
    assert solution.status is bg.Status.solved
    scale = machine() / 0.078
    benchmark.extra_info |= {
        "iterations": solution.iterations,
        "states": len(game),
        "profiles": sum(stage.payoffs[0].size for stage in game.stages),
        "ratio": seconds * scale / benchmark.stats.stats.min,
    }


@pytest.mark.parametrize("count", [5, 10])
def test_against_states(benchmark, count):
    solution = benchmark.pedantic(bg.equilibrium_set, args=(many_states(count, 0.8),), kwargs={"tol": 1e-5}, rounds=1)
    assert solution.status is bg.Status.solved
    benchmark.extra_info |= {"iterations": solution.iterations, "states": count, "normals": len(solution.outer_proof.normals)}
