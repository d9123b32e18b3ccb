"""Equilibrium payoff sets against quantecon's Abreu–Sannikov solver, warm, in one process: ``pytest tests/benchmarks --benchmark-only``.

Ours includes both proofs; quantecon's has none. The answers are compared by support function before anything is timed.
"""

import numpy as np
import pytest

import bargaining as bg

quantecon = pytest.importorskip("quantecon", reason="the peer that is timed beside")

GAMES = {
    "prisoner's dilemma": [[[9, 1], [10, 3]], [[9, 10], [1, 3]]],
    "Abreu–Sannikov 3x3": [[[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]]],
    "random 8x8": np.random.default_rng(1).normal(size=(2, 8, 8)).tolist(),
}
DELTAS = (0.6, 0.9)
FAN = np.column_stack([np.cos(np.arange(64) * np.pi / 32), np.sin(np.arange(64) * np.pi / 32)])


def ours(payoffs, delta):
    return bg.equilibrium_set(bg.RepeatedGame(bg.StageGame(payoffs=payoffs), delta), tol=1e-9)


def theirs(payoffs, delta):
    first, second = np.array(payoffs, dtype=float)
    stage = quantecon.game_theory.NormalFormGame([quantecon.game_theory.Player(first), quantecon.game_theory.Player(second.T)])
    return quantecon.game_theory.RepeatedGame(stage, delta).equilibrium_payoffs(options={"max_iter": 10**6})


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("solve", [ours, theirs], ids=["bargaining", "quantecon"])
def test_equilibrium_set(benchmark, solve, name, delta):
    payoffs = GAMES[name]
    reference = ours(payoffs, delta)
    answer = solve(payoffs, delta)
    vertices = answer.vertices if solve is ours else answer.points[answer.vertices]
    gap = np.abs((FAN @ np.asarray(vertices).T).max(axis=1) - reference.support(FAN)).max()
    assert reference.status is bg.Status.solved
    assert gap <= 1e-6 * np.ptp(payoffs)
    benchmark.extra_info.update(vertices=len(vertices), delta=delta, profiles=int(np.prod(np.shape(payoffs)[1:])))
    if solve is ours:
        benchmark.extra_info.update(iterations=answer.iterations, error_bound=answer.error_bound)
    benchmark(solve, payoffs, delta)
