"""Payoff sets under imperfect public monitoring: seconds to a proven 1e-3 of the span, against profiles, signals and δ.

    pytest tests/benchmarks/test_monitored_set.py --benchmark-only

No package that could be timed beside computes these sets at a fixed δ, so the slow program of the tests (scipy, half as many sweeps as the
certified solver makes, 64 directions) is timed on the smallest game.
"""

import numpy as np
import pytest
from catalogue import FAN
from monitored_twin import outer_supports
from test_monitored import random_game

import bargaining as bg

# Most random games are over in a tenth of a second; these are the curved ones among the first 24 of three by three. The first is about to
# fall apart: what is cut off a little, or deterred a little too much, brings all of it down.
CURVED = (2, 6, 8, 12, 14, 19, 20, 23)


def solve(benchmark, game):
    bg.equilibrium_set(random_game(1, 2, 2, 2, 0.5))
    solution = benchmark.pedantic(bg.equilibrium_set, args=(game,), rounds=1)
    assert solution.status.is_answer
    assert bg.verify(solution).holds
    m, n = game.stage_game().shape
    proof = solution.public_outer_proof
    if not solution.is_empty:
        size = float(np.ptp(game.stage_game().payoffs.reshape(2, -1), axis=1).max())
        assert solution.inner.distance(solution.outer) <= solution.error_bound * (1 + 1e-9) <= 1.001e-3 * size
    benchmark.extra_info |= {
        "profiles": m * n,
        "signals": len(game.signals),
        "delta": game.deltas[0],
        "iterations": solution.iterations,
        "normals": len(proof.normals),
        "points": len(solution.public_inner_proof.vertices) if solution.public_inner_proof else 0,
    }
    return solution


@pytest.mark.parametrize("seed", CURVED)
def test_three_by_three_with_four_signals(benchmark, seed):
    solve(benchmark, random_game(seed, 3, 3, 4, 0.9))


@pytest.mark.parametrize("delta", [0.5, 0.8, 0.9, 0.95])
def test_against_delta(benchmark, delta):
    solve(benchmark, random_game(16, 3, 3, 4, delta))


@pytest.mark.parametrize("signals", [2, 4, 6, 8])
def test_against_signals(benchmark, signals):
    solve(benchmark, random_game(17, 3, 3, signals, 0.8))


@pytest.mark.parametrize("actions", [2, 3, 4, 5])
def test_against_profiles(benchmark, actions):
    solve(benchmark, random_game(5, actions, actions, 3, 0.8))


def test_the_slow_program_on_two_by_two(benchmark):
    game = random_game(3, 2, 2, 2, 0.5)
    solution = bg.equilibrium_set(game)
    slow = benchmark.pedantic(outer_supports, args=(game, FAN, max(1, solution.iterations // 2)), rounds=1)
    benchmark.extra_info |= {"profiles": 4, "signals": 2, "delta": 0.5, "iterations": max(1, solution.iterations // 2), "normals": len(FAN)}
    assert (solution.inner.support(FAN) <= slow + 1e-7 * np.ptp(game.stage_game().payoffs)).all()
