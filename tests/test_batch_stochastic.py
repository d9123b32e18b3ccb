"""Many stochastic games at once: the same bits as one by one, for any number of threads and any chunk size."""

import numpy as np
import pytest

import bargaining as bg
from bargaining.kernels.decimal_game import decimal_game
from bargaining.solvers.stochastic_game import FlatGame


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


def test_short_decimals_are_read_as_fractions_are(games):
    payoffs, transitions, delta = (part.copy() for part in games)
    payoffs[0, :, 1] = 0.3
    payoffs[1] = np.rint(1e6 * payoffs[1])
    for own, law, factor in zip(payoffs, transitions, delta, strict=True):
        read, arrays, frame = decimal_game(own, law, factor)
        flat = FlatGame.of(bg.StochasticGame(list(own), list(law), float(factor)))
        assert read
        assert all(np.array_equal(ours, exact) for ours, exact in zip(arrays, flat.arrays, strict=True))
        assert np.array_equal(frame, flat.frame)


@pytest.mark.parametrize(("where", "value"), [((0, 0, 0, 0), 1 / 3), ((0, 0, 0, 0), np.nan), ((1, 1, 0, 1), 1e300)])
def test_other_payoffs_are_left_to_exact_arithmetic(games, where, value):
    payoffs, transitions, delta = games
    other = payoffs[0].copy()
    other[where] = value
    assert not decimal_game(other, transitions[0], delta[0])[0]


@pytest.mark.parametrize("row", [(1 / 3, 2 / 3), (0.5, 0.4), (1.5, -0.5), (np.nan, 1.0), (0.5, 0.500000001)])
def test_other_probabilities_are_left_to_exact_arithmetic(games, row):
    payoffs, transitions, delta = games
    other = transitions[0].copy()
    other[1, 0, 1] = row
    assert not decimal_game(payoffs[0], other, delta[0])[0]


def test_thirds_are_solved_like_decimals(games):
    payoffs, transitions, delta = games
    law = transitions.copy()
    law[:, 0, 0, 0] = 1 / 3, 2 / 3
    sets = bg.batch.stochastic_sets(payoffs[:3], law[:3], delta[:3], tol=1e-7)
    for k in range(3):
        one = bg.equilibrium_set(bg.StochasticGame(list(payoffs[k]), list(law[k]), float(delta[k])), tol=1e-7)
        assert sets.error_bound[k] == one.error_bound
        assert all(np.array_equal(sets[k, s].vertices, one[s].vertices) for s in (0, 1))


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
