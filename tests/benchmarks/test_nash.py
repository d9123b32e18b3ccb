"""All equilibria of random stage games beside quantecon and nashpy, batches, and Lemke-Howson on large games.

pytest tests/benchmarks/test_nash.py --benchmark-only
"""

import time
import warnings

import nashpy
import numpy as np
import pytest
import quantecon.game_theory as qe

import bargaining as bg


def random_game(size, seed):
    return np.random.default_rng(seed).integers(0, 10_000, (2, size, size)) / 10_000


def quantecon(A, B):
    return qe.NormalFormGame([qe.Player(A), qe.Player(np.ascontiguousarray(B.T))])


def best(function, rounds):
    """Shortest of some calls, in seconds, and the answer."""
    answer, shortest = function(), np.inf
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        shortest = min(shortest, time.perf_counter() - began)
    return shortest, answer


@pytest.mark.parametrize("size", [3, 4, 6, 8, 10, 12])
@pytest.mark.parametrize("seed", range(3))
def test_all_equilibria(benchmark, size, seed):
    A, B = random_game(size, seed)
    game, peer = bg.game(A, B), quantecon(A, B)
    found = bg.nash_equilibria(game)
    by_vertices, reference = best(lambda: qe.vertex_enumeration(peer), 3)
    by_supports = best(lambda: qe.support_enumeration(peer), 3)[0] if size <= 8 else np.inf
    assert len(reference) == len(found.profiles)
    for x, y in reference:
        assert min(max(np.abs(x - u).max(), np.abs(y - v).max()) for u, v in found.profiles) <= 1e-7
    if size == 8:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            benchmark.extra_info["nashpy_vertex_seconds"] = best(lambda: list(nashpy.Game(A, B).vertex_enumeration()), 1)[0]
    benchmark(bg.nash_equilibria, game)
    own = benchmark.stats["min"]
    ratio = min(by_vertices, by_supports) / own
    benchmark.extra_info.update(size=size, equilibria=len(found.profiles), quantecon_over_ours=ratio, method=found.method)


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("workers", [1, 2])
def test_batches(benchmark, size, workers):
    payoffs = np.random.default_rng(1).random((50_000, 2, size, size))
    found = bg.batch.nash_equilibria(payoffs, workers=workers)
    assert found.regret.max() <= 1e-9
    assert (np.diff(found.offsets) % 2 == 1).all()
    again = benchmark.pedantic(bg.batch.nash_equilibria, (payoffs,), {"workers": workers}, rounds=3)
    np.testing.assert_array_equal(again.x, found.x)
    benchmark.extra_info.update(games=len(payoffs), games_per_second=len(payoffs) / benchmark.stats["min"])


@pytest.mark.parametrize("size", [50, 100, 500])
def test_lemke_howson(benchmark, size):
    A, B = np.random.default_rng(size).random((2, size, size))
    game, peer = bg.game(A, B), quantecon(A, B)
    theirs, _ = best(lambda: qe.lemke_howson(peer, capping=size), 1)
    found = benchmark.pedantic(bg.nash_equilibria, (game,), {"method": "lemke_howson"}, rounds=3, warmup_rounds=1)
    assert found.regret[0] <= 1e-9
    benchmark.extra_info.update(size=size, quantecon_over_ours=theirs / benchmark.stats["min"])
