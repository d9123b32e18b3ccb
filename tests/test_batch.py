"""Batch twins: the single solvers' answers, the same bits for any number of threads and any chunk size."""

import numpy as np
import pytest
from catalogue import DILEMMA, FAN, stage, supports

import bargaining as bg
from bargaining.kernels.common_delta import solve_games


def random_payoffs(count, shape=(3, 3), seed=0):
    return np.random.default_rng(seed).normal(size=(count, 2, *shape))


def integer_payoffs(count, shape=(3, 3), seed=0):
    return np.random.default_rng(seed).integers(0, 4, size=(count, 2, *shape)).astype(float)


@pytest.mark.parametrize("payoffs", [random_payoffs(60), integer_payoffs(60), random_payoffs(20, (2, 5), 3)], ids=["normal", "ties", "2x5"])
def test_sets_are_those_of_the_single_solver(payoffs):
    deltas = np.random.default_rng(1).uniform(0.1, 0.98, len(payoffs)).round(3)
    batch = bg.batch.equilibrium_sets(payoffs, deltas, tol=1e-6)
    assert len(batch) == len(payoffs)
    assert batch.offsets[-1] == len(batch.vertices)
    for k in range(len(payoffs)):
        one = bg.equilibrium_set(bg.RepeatedGame(stage(payoffs[k].tolist()), float(deltas[k])), tol=1e-6)
        assert batch.status[k] == one.status.name
        assert batch[k].is_empty == one.is_empty
        if one.status.is_answer and not one.is_empty:
            gap = np.abs(supports(batch[k].vertices) - one.support(FAN)).max()
            assert gap <= batch.error_bound[k] + one.error_bound + 1e-12


def test_bits_do_not_depend_on_threads_or_chunks():
    payoffs = np.concatenate([random_payoffs(150), integer_payoffs(60)])
    reference = bg.batch.equilibrium_sets(payoffs, 0.9, workers=1, chunk=len(payoffs))
    for workers, chunk in ((1, 7), (2, 16), (4, 1)):
        again = bg.batch.equilibrium_sets(payoffs, 0.9, workers=workers, chunk=chunk)
        for name in ("vertices", "offsets", "status", "error_bound"):
            np.testing.assert_array_equal(getattr(again, name), getattr(reference, name))


def test_almost_every_random_game_is_proven():
    batch = bg.batch.equilibrium_sets(random_payoffs(3000, seed=5), 0.9)
    proven = np.isin(batch.status, ["solved", "empty"])
    assert proven.mean() >= 0.995
    assert (batch.error_bound[batch.status == "solved"] <= 1e-6 * 10.0).all()


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_critical_deltas_are_those_of_the_single_solver(punishment):
    payoffs = np.concatenate([random_payoffs(25, (2, 3)), integer_payoffs(25, (2, 3))])
    profiles = np.random.default_rng(2).integers(0, [2, 3], (len(payoffs), 2))
    batch = bg.batch.critical_deltas(payoffs, profiles, punishment)
    for k in range(len(payoffs)):
        one = bg.critical_delta(stage(payoffs[k].tolist()), tuple(profiles[k].tolist()), punishment)
        if batch.status[k] != "solved" or one.status is not bg.Status.solved:
            continue
        assert np.isnan(batch.value[k]) == np.isnan(one.value), k
        if one.sustainable:
            assert batch.value[k] == pytest.approx(one.value, abs=2e-8), k
            assert batch.lower[k] - 1e-9 <= one.value <= batch.upper[k] + 1e-9, k


def test_critical_deltas_of_scaled_dilemmas():
    scales = np.array([1e-10, 1.0, 1e12])
    payoffs = np.array(DILEMMA, dtype=float)[None] * scales[:, None, None, None]
    batch = bg.batch.critical_deltas(payoffs, (0, 0))
    np.testing.assert_allclose(batch.value, 0.5, atol=1e-9)


def test_shifted_payoffs_go_to_the_exact_scaling():
    batch = bg.batch.equilibrium_sets(np.array([DILEMMA], dtype=float) + 1e9, 0.6)
    expected = bg.equilibrium_set(bg.RepeatedGame(stage(DILEMMA), 0.6))
    assert batch.status.tolist() == ["solved"]
    np.testing.assert_allclose(supports(batch[0].vertices - 1e9), expected.support(FAN), atol=1e-5)


def test_arrays_that_cannot_be_written_to_are_no_new_kind_for_the_compiler():
    payoffs, deltas = random_payoffs(4), np.full(4, 0.9)
    expected = bg.batch.equilibrium_sets(payoffs, deltas)
    kinds = len(solve_games.signatures) if hasattr(solve_games, "signatures") else 0  # none with NUMBA_DISABLE_JIT
    for array in (payoffs, deltas):
        array.flags.writeable = False
    again = bg.batch.equilibrium_sets(payoffs, deltas)
    assert (len(solve_games.signatures) if kinds else 0) == kinds
    np.testing.assert_array_equal(again.vertices, expected.vertices)


def test_no_games():
    none = bg.batch.equilibrium_sets(np.empty((0, 2, 3, 3)), 0.5)
    assert len(none) == 0
    assert none.offsets.tolist() == [0]
    assert len(bg.batch.critical_deltas(np.empty((0, 2, 3, 3)), (0, 0))) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bg.batch.equilibrium_sets(np.zeros((2, 3)), 0.5), r"payoffs have shape \(2, 3\): expected \(N, 2, m, n\)"),
        (lambda: bg.batch.equilibrium_sets(np.full((1, 2, 1, 1), np.nan), 0.5), r"payoffs\[0, 0, 0, 0\] is nan: expected a finite number"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], [0.5, 0.6]), r"delta has shape \(2,\): expected a number or one for each of 1 games"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], 1.0), r"delta\[0\] is 1.0: expected a number strictly between 0 and 1"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], "x"), "delta: expected a number strictly between 0 and 1, or one for each game"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], 0.5, tol=0.0), "tol is 0.0"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], 0.5, chunk=0), "chunk is 0"),
        (lambda: bg.batch.critical_deltas([DILEMMA], (0, 2)), r"agreement\[0\] names action 2 of player 1, who has 2"),
        (lambda: bg.batch.critical_deltas([DILEMMA], (0.5, 0)), "expected positions"),
        (lambda: bg.batch.critical_deltas([DILEMMA], (0, 0), "optimum"), "did you mean 'optimal'"),
        (lambda: bg.batch.critical_deltas([DILEMMA], (0, 0), delta_max=1.5), "delta_max is 1.5"),
        (lambda: bg.batch.equilibrium_sets([DILEMMA], 0.5)[3], "set 3 of 1"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises((bg.GameError, ValueError, IndexError), match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
