"""Iterated dominance, the logit branch and correlated equilibria of random stage games.

pytest tests/benchmarks/test_stage_answers.py --benchmark-only

No peer iterates elimination or has correlated equilibria; quantecon's one round of dominance by mixed actions is timed beside. Nor does one
that is installed here follow the logit branch.
"""

import time

import numpy as np
import pytest
import quantecon.game_theory as qe

import bargaining as bg


def random_game(size, seed=0):
    return np.random.default_rng([seed, size]).integers(0, 1000, (2, size, size)) / 1000


@pytest.mark.parametrize("size", [3, 6, 12])
def test_iterated_dominance(benchmark, size):
    A, B = random_game(size)
    A[-1], B[:, -1] = A[0] - 0.5, B[:, 0] - 0.5
    peer = qe.Player(A)
    began = time.perf_counter()
    first_round = peer.dominated_actions()
    theirs = time.perf_counter() - began
    found = benchmark(bg.iterated_dominance, bg.game(A, B))
    rounds = found.rounds
    assert {each.action for each in rounds[0] if each.player == 0} == set(first_round)
    assert size - 1 not in found.surviving[0]
    assert size - 1 not in found.surviving[1]
    benchmark.extra_info.update(size=size, rounds=len(rounds), quantecon_one_round_one_player_seconds=theirs)


@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_logit_branch(benchmark, size):
    A, B = random_game(size)
    found = benchmark(bg.quantal_response, bg.game(A, B), [1.0, 10.0])
    assert found.residual.max() <= 1e-9
    assert found.limit_regret <= 1e-9
    benchmark.extra_info.update(size=size, steps=found.iterations, turns=len(found.turning_points), status=found.status.name)


@pytest.mark.parametrize("size", [2, 4, 8])
@pytest.mark.parametrize("coarse", [False, True])
def test_correlated_equilibria(benchmark, size, coarse):
    A, B = random_game(size)
    game = bg.game(A, B)
    found = benchmark.pedantic(bg.correlated_equilibria, (game,), {"coarse": coarse}, rounds=3, warmup_rounds=1)
    nash = bg.nash_equilibria(game)
    assert found.status is bg.Status.solved
    assert max(found.payoff_set.distance_to(point) for point in nash.payoffs) <= 1e-9
    benchmark.extra_info.update(size=size, coarse=coarse, vertices=len(found.vertices))


@pytest.mark.parametrize("size", [4, 8])
def test_one_correlated_equilibrium(benchmark, size):
    A, B = random_game(size)
    game = bg.game(A, B)
    found = benchmark.pedantic(bg.correlated_equilibrium, (game,), rounds=3, warmup_rounds=1)
    assert found.regret <= 1e-9
    assert found.payoffs.sum() >= max(pair.sum() for pair in bg.nash_equilibria(game).payoffs) - 1e-9
    benchmark.extra_info.update(size=size)
