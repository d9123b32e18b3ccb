"""Critical discount factors of cycles, payoff pairs and pairs of discount factors, against exact brute force and other solvers."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA, ONE_SIDED_HELP, dilemma, stage

import bargaining as bg
from bargaining.games import exact

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]


def sustained(payoffs, cycle, delta, punishment):
    """Whether a cycle is an equilibrium path under given punishment payoffs, in fractions."""
    g = [[[exact(u) for u in row] for row in matrix] for matrix in payoffs]
    m, n, count = len(g[0]), len(g[0][0]), len(cycle)
    for k in range(count):
        a, b = cycle[k]
        best = max(g[0][x][b] for x in range(m)), max(g[1][a][y] for y in range(n))
        for i in (0, 1):
            flow = sum(delta**t * g[i][cycle[(k + t) % count][0]][cycle[(k + t) % count][1]] for t in range(count))
            if (1 - delta) * flow / (1 - delta**count) < (1 - delta) * best[i] + delta * punishment[i]:
                return False
    return True


@pytest.mark.parametrize(
    ("cycle", "expected"),
    [
        ([(0, 1), (1, 0)], 0.25),
        ([(0, 0)], 0.5),
        ([(1, 1)], 0.0),
        ([(1, 1), (1, 1)], 0.0),
    ],
)
def test_cycles_of_the_dilemma(cycle, expected):
    answer = bg.critical_delta_cycle(stage(DILEMMA), cycle)
    assert answer.status is bg.Status.solved
    assert answer.lower - 1e-12 <= expected <= answer.upper + 2e-5
    assert answer.value == pytest.approx(expected, abs=1e-3 if expected == 0 else 2e-5)


@pytest.mark.parametrize("cycle", [[(0, 0), (0, 0), (1, 1)], [(0, 0), (0, 1), (1, 0)], [(0, 0), (1, 1)]])
def test_cycles_under_reversion_against_brute_force(cycle):
    answer = bg.critical_delta_cycle(stage(DILEMMA), cycle, "nash")
    grid = [Fraction(k, 1000) for k in range(1, 1000)]
    holds = [float(delta) for delta in grid if sustained(DILEMMA, cycle, delta, (1, 1))]
    assert answer.sustainable == bool(holds)
    assert answer.upper - 1e-9 <= min(holds) <= answer.upper + 1e-3


def test_a_cycle_of_one_profile_is_the_profile_for_ever():
    generator = np.random.default_rng(4)
    compared = 0
    for _ in range(12):
        game = stage(generator.integers(0, 4, (2, 2, 3)).tolist())
        profile = (int(generator.integers(2)), int(generator.integers(3)))
        one, cycle = bg.critical_delta(game, profile), bg.critical_delta_cycle(game, [profile], tol=1e-5)
        if one.status is bg.Status.solved and cycle.status is bg.Status.solved:
            compared += 1
            assert cycle.sustainable == one.sustainable
            if one.sustainable:
                assert cycle.value == pytest.approx(max(one.value, 1e-3), abs=2e-3)
    assert compared >= 8


def test_never():
    answer = bg.critical_delta_cycle(stage(PENNIES), [(0, 0), (1, 1)], tol=1e-4)
    assert not answer.sustainable
    assert np.isnan(answer.value)
    assert not bg.critical_delta_payoff(stage(PENNIES), (0, 0)).sustainable
    assert not bg.critical_delta_payoff(stage(DILEMMA), (4, 4)).sustainable


@pytest.mark.parametrize(("point", "expected"), [((3, 3), 0.5), ((1, 1), 0.0)])
def test_payoffs_of_the_dilemma(point, expected):
    answer = bg.critical_delta_payoff(stage(DILEMMA), point)
    assert answer.status is bg.Status.solved
    assert answer.value == pytest.approx(expected, abs=1e-3 if expected == 0 else 1e-8)


def test_a_payoff_lies_inside_above_the_bracket_and_outside_below():
    game, point = stage(ONE_SIDED_HELP), (2.0, 3.0)
    answer = bg.critical_delta_payoff(game, point)
    if answer.sustainable and answer.lower > 0.0:
        above, below = (bg.equilibrium_set(bg.RepeatedGame(game, delta)) for delta in (answer.upper + 1e-6, answer.lower - 1e-6))
        assert above.contains(point, 1e-6)
        assert not below.outer.contains(point)


def test_pairs_of_discount_factors():
    game = bg.RepeatedGame(stage(DILEMMA), (0.8, 0.9))
    answer = bg.critical_pair(game, (0, 0))
    # (g - u) / (r h) = 2 / (0.25 * 2) for the less patient side, and the hazard takes 0.8 down to a half.
    assert answer.rate_multiple == pytest.approx(4.0, abs=1e-9)
    assert answer.deltas == pytest.approx((0.5, 9 / 13), abs=1e-9)
    assert answer.breakdown_hazard == pytest.approx(0.375, abs=1e-6)
    assert answer.row()["delta_us"] == answer.deltas[0]
    static = bg.critical_pair(game, (1, 1))
    assert (static.rate_multiple, static.breakdown_hazard) == (np.inf, 1.0)
    never = bg.critical_pair(bg.RepeatedGame(stage(PENNIES), (0.8, 0.9)), (0, 0))
    assert np.isnan(never.rate_multiple)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bg.critical_delta_cycle(stage(DILEMMA), []), r"cycle is \[\]: expected a list of agreements"),
        (lambda: bg.critical_delta_cycle(stage(DILEMMA), [(0, 5)]), "China has no action 5"),
        (lambda: bg.critical_delta_cycle(stage(DILEMMA), [(0, 0)], "Nash"), "did you mean 'nash'"),
        (lambda: bg.critical_delta_payoff(stage(DILEMMA), (np.nan, 1)), "expected two finite payoffs"),
        (lambda: bg.critical_delta_payoff(DILEMMA, (1, 1)), "stage is a list"),
        (lambda: bg.critical_pair(stage(DILEMMA), (0, 0)), "expected a RepeatedGame"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises((bg.GameError, ValueError), match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_asymmetric_thresholds():
    game = dilemma(5, 3, 1, 0, second=(4, 3, 0, -1))
    answer = bg.critical_delta_payoff(game, (3, 3))
    assert answer.value == pytest.approx(bg.critical_delta(game, (0, 0)).value, abs=1e-6)
