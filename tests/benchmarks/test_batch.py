"""Many games at once: sets of random 3×3 games and critical discount factors of the `briefing` game with random payoffs.

pytest tests/benchmarks/test_batch.py --benchmark-only
"""

import numpy as np
import pytest

import bargaining as bg


@pytest.mark.parametrize("workers", [1, 2])
def test_equilibrium_sets(benchmark, workers):
    payoffs = np.random.default_rng(1).normal(size=(20_000, 2, 3, 3))
    sets = bg.batch.equilibrium_sets(payoffs, 0.9, tol=1e-6, workers=workers)
    proven = np.isin(sets.status, ["solved", "empty"])
    assert proven.mean() >= 0.999
    assert sets.error_bound[sets.status == "solved"].max() <= 1e-6 * np.ptp(payoffs)
    answer = benchmark.pedantic(bg.batch.equilibrium_sets, (payoffs, 0.9), {"tol": 1e-6, "workers": workers}, rounds=3)
    assert (answer.vertices == sets.vertices).all()
    benchmark.extra_info.update(games=len(payoffs), games_per_second=len(payoffs) / benchmark.stats["min"], proven=float(proven.mean()))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("payoffs", ["around the briefing's", "wholly random"])
def test_critical_deltas(benchmark, payoffs, workers):
    generator = np.random.default_rng(2)
    stage = bg.scenario("briefing").game().stage_game()
    noise = generator.normal(size=(5_000, *stage.payoffs.shape))
    games = noise if payoffs == "wholly random" else stage.payoffs + 0.2 * noise
    profiles = np.stack([generator.integers(0, size, len(games)) for size in stage.shape], axis=1)
    reference = bg.batch.critical_deltas(games, profiles, workers=workers)
    assert (reference.status == "solved").mean() >= 0.98
    answer = benchmark.pedantic(bg.batch.critical_deltas, (games, profiles), {"workers": workers}, rounds=3)
    np.testing.assert_array_equal(answer.value, reference.value)
    benchmark.extra_info.update(games=len(games), games_per_second=len(games) / benchmark.stats["min"])
