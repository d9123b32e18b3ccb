"""Equilibrium payoff sets against quantecon's Abreu–Sannikov solver, warm, in one process, every game at five discount factors.

    pytest tests/benchmarks/test_equilibrium_set.py --benchmark-only --benchmark-json=sets.json
    python tests/benchmarks/ratios.py sets.json

Ours proves both sides to 1e-9; quantecon proves nothing (``max_iter=10**6``, or it would stop early without a word). Answers are asserted
equal by support function. Where quantecon raises (sets that are points, segments or empty) the comparison is skipped and says so.
"""

import warnings

import numpy as np
import pytest
from catalogue import load

import bargaining as bg

quantecon = pytest.importorskip("quantecon", reason="the peer that is timed beside")

CASES = {case["id"]: case["game"]["payoffs"] for case in load("repeated") if "payoffs" in case["game"]}
GAMES = {
    "prisoner's dilemma": [[[9, 1], [10, 3]], [[9, 10], [1, 3]]],
    "Abreu-Sannikov 3x3": CASES["as2014_d03"],
    "battle of the sexes": CASES["absan_bos_d08"],
    "Cournot 15x15": CASES["jyc_cournot15_d08"],
    **{f"random 8x8 #{seed}": np.random.default_rng(seed).normal(size=(2, 8, 8)).tolist() for seed in range(5)},
    **{f"random 12x12 #{seed}": np.random.default_rng(100 + seed).normal(size=(2, 12, 12)).tolist() for seed in range(5)},
    **{name: bg.scenario(name).game().stage_game().payoffs.tolist() for name in ("briefing", "standoff")},
}
DELTAS = (0.3, 0.6, 0.9, 0.97, 0.99)
FAN = np.column_stack([np.cos(np.arange(64) * np.pi / 32), np.sin(np.arange(64) * np.pi / 32)])
# The peer needs minutes: its iterates shrink for a hundred seconds.
TOO_SLOW = {("random 8x8 #4", 0.6)}


def peer(payoffs, delta):
    first, second = np.array(payoffs, dtype=float)
    stage = quantecon.game_theory.NormalFormGame([quantecon.game_theory.Player(first), quantecon.game_theory.Player(second.T)])
    return quantecon.game_theory.RepeatedGame(stage, delta)


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("solver", ["bargaining", "quantecon"])
def test_equilibrium_set(benchmark, solver, name, delta):
    payoffs = GAMES[name]
    game = bg.RepeatedGame(bg.StageGame(payoffs=payoffs), delta)
    reference = bg.equilibrium_set(game, tol=1e-9)
    assert reference.status.is_answer
    benchmark.extra_info.update(
        solver=solver, game=name, delta=delta, profiles=int(np.prod(np.shape(payoffs)[1:])), vertices=len(reference.vertices)
    )
    if solver == "bargaining":
        benchmark.extra_info.update(iterations=reference.iterations, error_bound=reference.error_bound)
        benchmark(bg.equilibrium_set, game, tol=1e-9)
        return
    if (name, delta) in TOO_SLOW:
        pytest.skip("quantecon takes more than a hundred seconds")
    rival = peer(payoffs, delta)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = rival.equilibrium_payoffs(options={"max_iter": 10**6})
        except Exception as error:  # Qhull's error type is private
            pytest.skip(f"quantecon raises {type(error).__name__}: our set has {len(reference.vertices)} vertices")
        gap = np.abs((FAN @ answer.points[answer.vertices].T).max(axis=1) - reference.support(FAN)).max()
        assert gap <= 1e-6 * np.ptp(payoffs)
        benchmark.pedantic(rival.equilibrium_payoffs, kwargs={"options": {"max_iter": 10**6}}, rounds=3, iterations=1)
