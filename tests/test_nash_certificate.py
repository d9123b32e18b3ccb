"""Certificates of static equilibria: every profile of a list is one, and a nudged one names who gains and how."""

from dataclasses import replace

import numpy as np
import pytest
from catalogue import DILEMMA, moved, refused, stage

import bargaining as bg

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
CHICKEN = [[[0, 7], [2, 6]], [[0, 2], [7, 6]]]


@pytest.mark.parametrize("payoffs", [CHICKEN, PENNIES, DILEMMA, moved(CHICKEN, shift=10**9), moved(CHICKEN, scale=10**12)])
def test_nash_equilibria(payoffs):
    found = bg.nash_equilibria(stage(payoffs))
    assert len(found.profiles) > 0
    certificate = bg.verify(found)
    assert certificate.holds, certificate.reason
    assert (certificate.deviation_gain, certificate.payoff_error, certificate.gap) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(20))
def test_nash_equilibria_of_random_games(seed):
    rng = np.random.default_rng(seed)
    certificate = bg.verify(bg.nash_equilibria(stage(rng.integers(-5, 6, size=(2, *rng.integers(1, 5, size=2))))))
    assert certificate.holds, certificate.reason


# Against "dare" with weight 1/3 China is indifferent; a little less and daring pays, a little more and it does not.
@pytest.mark.parametrize(("step", "action"), [(-1e-9, "dare"), (1e-9, "yield"), (0.1, "yield")])
@pytest.mark.parametrize("nudged", [0, 1])
def test_a_nudged_profile_names_who_gains_and_how(nudged, step, action):
    names = ("dare", "yield")
    game = bg.game(*CHICKEN, actions=(names, names))
    found = bg.nash_equilibria(game)
    mixed = tuple(weights + (np.array([step, -step]) if player == nudged else 0.0) for player, weights in enumerate(found.profiles[2]))
    payoffs = found.payoffs.copy()
    payoffs[2] = [mixed[0] @ game.payoffs[i] @ mixed[1] for i in (0, 1)]
    deviator = ("U.S.", "China")[1 - nudged]
    certificate = refused(
        replace(found, profiles=(*found.profiles[:2], mixed), payoffs=payoffs), f"profile 2: {deviator} gains", f"by playing {action!r}"
    )
    # The indifferent side gives up its weight on the wrong action, two thirds at most, times three times the step.
    assert 0.9 * abs(step) < certificate.deviation_gain < 2.1 * abs(step)


def test_a_pure_profile_that_is_no_equilibrium():
    names = ("truce", "raise")
    found = bg.nash_equilibria(bg.game(*DILEMMA, actions=(names, names)))
    cooperate = (np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    certificate = refused(
        replace(found, profiles=(cooperate,), payoffs=np.array([[3.0, 3.0]])), "profile 0: U.S. gains 2 by playing 'raise'"
    )
    assert certificate.deviation_gain == 2.0


@pytest.mark.parametrize("weights", [[2.0, -1.0], [0.5, 0.4], [0.0, 0.0], [1.0], [np.nan, 1.0]])
def test_weights_that_are_not_probabilities(weights):
    found = bg.nash_equilibria(stage(DILEMMA))
    profiles = ((np.array(weights), found.profiles[0][1]),)
    refused(replace(found, profiles=profiles), "profile 0: U.S.'s weights are not probabilities")


def test_payoffs_that_a_profile_does_not_earn():
    found = bg.nash_equilibria(stage(CHICKEN))
    payoffs = found.payoffs.copy()
    payoffs[1, 1] += 1e-6
    certificate = refused(replace(found, payoffs=payoffs), "profile 1: China earns", "not what is stated")
    assert certificate.payoff_error == pytest.approx(1e-6, rel=1e-6)
    refused(replace(found, payoffs=payoffs[:2]), "3 profiles, but not as many pairs of finite payoffs")
