"""Payoff sets of stochastic games: seconds and sweeps against δ, profiles and states; quantecon's Cournot game measures the machine."""

import time

import numpy as np
import pytest
from catalogue import load
from stochastic_games import published, risk_sharing

import bargaining as bg

# Seconds that the Cournot game took where the published times were taken.
THERE = 0.078


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


@pytest.fixture(scope="module")
def machine():
    """How much slower than there quantecon's 15 x 15 Cournot game at δ = 0.8 is solved here."""
    quantecon = pytest.importorskip("quantecon")
    case = next(case for case in load("repeated") if case["id"] == "jyc_cournot15_d08")
    first, second = (np.array(own) for own in case["game"]["payoffs"])
    players = [quantecon.game_theory.Player(first), quantecon.game_theory.Player(np.ascontiguousarray(second.T))]
    game = quantecon.game_theory.RepeatedGame(quantecon.game_theory.NormalFormGame(players), case["delta"])
    best = np.inf
    for _ in range(5):
        start = time.process_time()
        game.equilibrium_payoffs()
        best = min(best, time.process_time() - start)
    return best / THERE


GAMES = {
    "two-state dilemma": (lambda: published("sg_pd_twostate"), 0.031),
    "two-state Abreu-Sannikov .35": (lambda: published("sg_as_twostate_d050").with_delta("0.35"), 0.012),
    "two-state Abreu-Sannikov .5": (lambda: published("sg_as_twostate_d050"), 0.018),
    "two-state Abreu-Sannikov .7": (lambda: published("sg_as_twostate_d070"), 0.039),
    "two-state Abreu-Sannikov .9": (lambda: published("sg_as_twostate_d050").with_delta("0.9"), 0.267),
    "risk sharing 2 20": (lambda: risk_sharing(20, 0.7), 0.14),
    "risk sharing 2 40": (lambda: risk_sharing(40, 0.7), 0.48),
    "risk sharing 2 200 .4": (lambda: risk_sharing(200, 0.4), 1.75),
    "risk sharing 2 200 .7": (lambda: risk_sharing(200, 0.7), 8.0),
    "risk sharing 5 20": (lambda: risk_sharing(20, 0.7, 5), 8.6),
}


@pytest.mark.parametrize("name", GAMES)
def test_against_the_published_times(benchmark, machine, name):
    make, seconds = GAMES[name]
    game = make()
    solution = benchmark.pedantic(bg.equilibrium_set, args=(game,), kwargs={"tol": 1e-8}, rounds=7, warmup_rounds=1)
    assert solution.status is bg.Status.solved
    benchmark.extra_info |= {
        "iterations": solution.iterations,
        "method": solution.method,
        "states": len(game),
        "profiles": sum(stage.payoffs[0].size for stage in game.stages),
        "machine": machine,
        "ratio": seconds * machine / benchmark.stats.stats.min,
    }


@pytest.mark.parametrize("delta", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_against_patience(benchmark, delta):
    game = published("sg_as_twostate_d050").with_delta(delta)
    solution = benchmark.pedantic(bg.equilibrium_set, args=(game,), kwargs={"tol": 1e-8}, rounds=3, warmup_rounds=1)
    assert solution.status is bg.Status.solved
    benchmark.extra_info |= {"iterations": solution.iterations, "delta": delta}


@pytest.mark.parametrize("count", [5, 10, 20, 50, 100])
def test_against_states(benchmark, count):
    solution = benchmark.pedantic(bg.equilibrium_set, args=(many_states(count, 0.95),), kwargs={"tol": 1e-5}, rounds=1)
    assert solution.status is bg.Status.solved
    benchmark.extra_info |= {
        "iterations": solution.iterations,
        "states": count,
        "normals": len(solution.outer_proof.normals),
        "error_bound": solution.error_bound,
    }
