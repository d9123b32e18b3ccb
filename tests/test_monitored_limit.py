"""The limit of patience: scores, limit sets, and what signals can tell apart."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, DILEMMA, FAN, stage
from scipy.optimize import linprog
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


def slow_score(game, direction, play):
    """The same score from the definition, by scipy: variables v_0, v_1, then x_0(y), x_1(y) signal by signal."""
    payoffs, chance = game.stage_game().payoffs, game.monitoring.probabilities
    signals = chance.shape[2]
    equal, sides, below, limits = [], [], [], []
    for i in (0, 1):
        own = np.tensordot(payoffs[i], play[1 - i], axes=(1 - i, 0))
        seen = np.tensordot(chance, play[1 - i], axes=(1 - i, 0))
        for a, used in enumerate(play[i]):
            row = np.zeros(2 + 2 * signals)
            row[i], row[2 + i :: 2] = -1.0, seen[a]
            (equal if used else below).append(row)
            (sides if used else limits).append(-own[a])
    below += [np.concatenate([[0, 0], np.kron(np.eye(signals)[y], direction)]) for y in range(signals)]
    objective = np.concatenate([-np.asarray(direction), np.zeros(2 * signals)])
    found = linprog(objective, A_ub=below, b_ub=[*limits, *([0.0] * signals)], A_eq=equal, b_eq=sides, bounds=(None, None))
    return -found.fun if found.status == 0 else -np.inf


@pytest.mark.parametrize("seed", range(12))
def test_scores_against_scipy(seed):
    m, n = [(2, 2), (2, 3), (3, 2), (1, 3), (3, 1), (3, 3)][seed % 6]
    game = random_game(seed, m, n, 2 + seed % 3, 0.9)
    found = bg.limit_set(game, directions=8, mixed=1 + seed // 6)
    profiles = [[np.array(own, dtype=float) for own in pair] for pair in found.proof.profiles]
    for direction, value in zip(found.directions, found.scores, strict=True):
        assert value == pytest.approx(max(slow_score(game, direction, play) for play in profiles), abs=1e-7)
    certificate = bg.verify(found)
    assert certificate.holds, certificate.reason
    again = bg.Solution.from_json(found.to_json())
    assert again.to_json() == found.to_json()
    assert bg.verify(again).holds


def test_scores_of_fractions_are_exact():
    third = Fraction(1, 3)
    game = bg.MonitoredGame(bg.game([[third, -1], [1, 0]], [[third, 1], [-1, 0]]), ["a", "b"], np.full((2, 2, 2), 0.5), 0.9)
    found = bg.limit_set(game, directions=8)
    assert found.proof.scores[0] == 0
    assert bg.verify(found).holds
    # Only the static equilibrium (1, 1) is in reach.
    left = set(range(4)) - {profile for profile, _, _ in found.proof.undeterred}
    assert [found.proof.profiles[place] for place in left] == [((0, 1), (0, 1))]


@pytest.fixture(scope="module")
def proven():
    return bg.limit_set(random_game(1, 2, 3, 3, 0.9), directions=16)


@pytest.mark.parametrize("change", ["score", "reward", "outward", "bound", "weights", "barred", "missing", "smaller", "larger", "leader"])
def test_false_scores_are_refused(proven, change):
    proof, k = proven.proof, next(k for k, own in enumerate(proven.proof.bounds) if own)
    tiny = Fraction(1, 10**9)

    def put(values, position, value):
        return (*values[:position], value, *values[position + 1 :])

    rewards, (place, first, second) = proof.rewards[k], proof.bounds[k][0]
    changes = {
        "score": lambda: {"scores": put(proof.scores, k, proof.scores[k] - tiny)},
        "reward": lambda: {"rewards": put(proof.rewards, k, put(rewards, 0, (rewards[0][0] - 1, rewards[0][1])))},
        "outward": lambda: {
            "rewards": put(proof.rewards, k, tuple((x + Fraction(float(proven.directions[k, 0])), y) for x, y in rewards)),
        },
        "bound": lambda: {"bounds": put(proof.bounds, k, ())},
        "weights": lambda: {"bounds": put(proof.bounds, k, put(proof.bounds[k], 0, (place, put(first, 0, first[0] + tiny), second)))},
        "barred": lambda: {"undeterred": ((proof.leaders[k], 0, tuple(Fraction(0) for _ in first)),)},
        "missing": lambda: {"profiles": proof.profiles[:-1]},
        "leader": lambda: {"leaders": put(proof.leaders, k, (proof.leaders[k] + 1) % len(proof.profiles))},
    }
    assert bg.verify(proven).holds
    if change in changes:
        forged = dataclasses.replace(proven, proof=dataclasses.replace(proof, **changes[change]()))
    else:
        middle = proven.payoff_set.vertices.mean(axis=0)
        share = 0.999 if change == "smaller" else 1.001
        moved = bg.PayoffSet(middle + share * (proven.payoff_set.vertices - middle))
        forged = dataclasses.replace(proven, payoff_set=moved)
    assert not bg.verify(forged).holds
