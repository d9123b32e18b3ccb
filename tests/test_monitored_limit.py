"""The limit of patience: scores, limit sets, and what signals can tell apart."""

import numpy as np
import pytest
from catalogue import ANALYTIC, DILEMMA, FAN, stage
from test_monitored import NOISY, random_game

import bargaining as bg
from bargaining.solvers.monitored_limit import score


def rmm(case):
    own = np.array(case["inputs"]["g"], dtype=float)
    alarm = np.array(case["inputs"]["q"])
    return bg.MonitoredGame(bg.game(own, own.T), ["clean", "incident"], np.stack([1 - alarm, alarm], axis=2).round(12), 0.9)


def test_fl_score_rmm_failure():
    case = ANALYTIC["fl_score_rmm_failure"]
    game = rmm(case)
    assert score(game, [1, 1], (0, 0)) == pytest.approx(case["expected"], abs=case["tolerance"])
    for mixed in (None, 4):
        found = bg.limit_set(game, directions=8, mixed=mixed)
        assert found.scores[1] * np.sqrt(2) == pytest.approx(case["expected"], abs=case["tolerance"])


def test_perfect_monitoring_gives_the_folk_theorem():
    game = bg.MonitoredGame.of(stage(DILEMMA), bg.Monitoring.perfect(stage(DILEMMA)), 0.5)
    assert all(bg.identifiability(game))
    found = bg.limit_set(game, directions=64)
    assert found.payoff_set.support([1, 1]) == pytest.approx(6, abs=1e-6)
    assert found.payoff_set.support([-1, 0]) == pytest.approx(-1, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_limit_holds_every_set_p8(seed):
    game = random_game(seed, 2, 2, 2 + seed % 2, 0.5)
    limit = bg.limit_set(game, directions=16).payoff_set
    for delta in (0.5, 0.9):
        solution = bg.equilibrium_set(game.with_delta(delta))
        assert (solution.inner.support(FAN) <= limit.support(FAN) + 1e-6).all()


def test_uninformative_signals_have_the_static_score():
    blind = bg.MonitoredGame(NOISY, ["a", "b"], np.full((2, 2, 2), 0.5), 0.9)
    found = bg.limit_set(blind, directions=8)
    np.testing.assert_allclose(found.payoff_set.support(FAN), 0.0, atol=1e-7)
    pennies = stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    blind = bg.MonitoredGame(pennies, ["a", "b"], np.full((2, 2, 2), 0.5), 0.9)
    assert bg.limit_set(blind, directions=8).payoff_set.is_empty
    half = bg.limit_set(blind, directions=8, mixed=2).payoff_set
    np.testing.assert_allclose(half.support(FAN), 0.0, atol=1e-7)


def test_what_signals_cannot_tell_is_named():
    rows = [[[0.5, 0.3, 0.2], [0.2, 0.4, 0.4], [0.35, 0.35, 0.3]], [[0.5, 0.3, 0.2], [0.2, 0.4, 0.4], [0.35, 0.35, 0.3]]]
    own = bg.StageGame(payoffs=np.zeros((2, 2, 3)), actions=(("comply", "cheat"), ("comply", "smuggle", "leak")))
    here = bg.identifiability(bg.MonitoredGame(own, ["x", "y", "z"], rows, 0.5))[0]
    assert here.individual == (False, False)
    assert here.pairwise
    assert not here
    assert "U.S.'s deviations to 'cheat' from compliance" in here.failures[0]
    assert "China's deviations to 'smuggle', 'leak' apart" in here.failures[1]
    assert not bg.identifiability(rmm(ANALYTIC["fl_score_rmm_failure"]))[0].pairwise


@pytest.mark.parametrize(("options", "words"), [({"directions": 7}, "multiple of 8"), ({"mixed": 0}, "positive integer")])
def test_bad_options(options, words):
    with pytest.raises(ValueError, match=words):
        bg.limit_set(rmm(ANALYTIC["fl_score_rmm_failure"]), **options)
