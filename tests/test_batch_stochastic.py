"""Many stochastic games at once: the same bits as one by one, for any number of threads and any chunk size."""

import numpy as np
import pytest

import bargaining as bg


def drawn(count=12, states=2, seed=3):
    """Random games; integers among them, so that some sets are points or segments."""
    rng = np.random.default_rng(seed)
    payoffs = np.round(rng.normal(size=(count, states, 2, 2, 2)), 2)
    payoffs[::3] = rng.integers(0, 3, payoffs[::3].shape)
    first = rng.integers(0, 11, (count, states, 2, 2, 1)) / 10
    return payoffs, np.round(np.concatenate([first, 1 - first], axis=-1), 1), np.round(rng.uniform(0.2, 0.8, count), 2)


@pytest.fixture(scope="module")
def games():
    return drawn()


@pytest.fixture(scope="module")
def sets(games):
    return bg.batch.stochastic_sets(*games, tol=1e-7)


def test_the_same_as_one_by_one_bit_for_bit(games, sets):
    assert len(sets) == 12
    assert sets.offsets.shape == (25,)
    assert (sets.status == "solved").sum() >= 10
    for k, (payoffs, transitions, delta) in enumerate(zip(*games, strict=True)):
        one = bg.equilibrium_set(bg.StochasticGame(list(payoffs), list(transitions), float(delta)), tol=1e-7)
        assert sets.status[k] == one.status.name
        assert sets.error_bound[k] == one.error_bound
        for s in (0, 1):
            assert np.array_equal(sets[k, s].vertices, one[s].vertices)


@pytest.mark.parametrize(("workers", "chunk"), [(1, 1), (3, 2), (2, 100)])
def test_threads_and_chunks_change_nothing(games, sets, workers, chunk):
    again = bg.batch.stochastic_sets(*games, tol=1e-7, workers=workers, chunk=chunk)
    assert np.array_equal(again.vertices, sets.vertices)
    assert np.array_equal(again.offsets, sets.offsets)
    assert np.array_equal(again.status, sets.status)
    assert np.array_equal(again.error_bound, sets.error_bound)


def test_one_transition_law_for_all_games(games):
    payoffs, transitions, _ = games
    shared = bg.batch.stochastic_sets(payoffs[:2], transitions[0], 0.5)
    repeated = bg.batch.stochastic_sets(payoffs[:2], transitions[[0, 0]], [0.5, 0.5])
    assert np.array_equal(shared.vertices, repeated.vertices)
    assert np.array_equal(shared[-1, -1].vertices, repeated[1, 1].vertices)


def test_no_games_at_all():
    sets = bg.batch.stochastic_sets(np.empty((0, 2, 2, 2, 2)), np.empty((0, 2, 2, 2, 2)), 0.5)
    assert len(sets) == 0
    assert sets.offsets.tolist() == [0]
    with pytest.raises(IndexError, match="of 0 games"):
        sets[0, 0]


def test_bad_input_says_which_game(games):
    payoffs, transitions, delta = games
    wrong = transitions.copy()
    wrong[4, 1, 0, 1] = 0.5, 0.4
    with pytest.raises(bg.GameError, match=r"^game 4: state '1'"):
        bg.batch.stochastic_sets(payoffs, wrong, delta)
    wrong = payoffs.copy()
    wrong[2, 1, 0, 0, 1] = np.nan
    with pytest.raises(bg.GameError, match=r"^game 2: state '1'"):
        bg.batch.stochastic_sets(wrong, transitions, delta)
    with pytest.raises(bg.GameError, match=r"delta\[3\] is 1.0"):
        bg.batch.stochastic_sets(payoffs, transitions, np.where(np.arange(12) == 3, 1.0, delta))
    with pytest.raises(bg.GameError, match=r"transitions have shape \(12, 2, 2, 2, 1\)"):
        bg.batch.stochastic_sets(payoffs, transitions[..., :1], delta)
    with pytest.raises(bg.GameError, match="payoffs have shape"):
        bg.batch.stochastic_sets(payoffs[0], transitions, delta)
    with pytest.raises(bg.GameError, match="expected an array of numbers"):
        bg.batch.stochastic_sets([["a"]], transitions, delta)
