"""Transfers and strongly symmetric equilibria under imperfect monitoring, at all discount factors."""

import json

import numpy as np
import pytest
from catalogue import ANALYTIC, CASES, DILEMMA, dilemma, stage
from scipy.optimize import linprog
from test_monitored import random_game

import bargaining as bg

REPEATED = {case["id"]: case for case in json.loads((CASES / "repeated.json").read_text(encoding="utf-8"))}


def test_gk_noisy_pd():
    case = REPEATED["gk_noisy_pd"]
    shares = case["game"]["signal_prob"]
    rows = [[shares["CC"], shares["CD"]], [shares["DC"], shares["DD"]]]
    path = bg.monitored_transfers(bg.MonitoredGame(stage(case["game"]["payoffs"]), case["game"]["signals"], rows, 0.5))
    for point in case["expected"]["points"]:
        if point.get("optimal") is False:
            # What asymmetric play would give; something better is to be had at the same liquidity or patience, or it is reached too.
            assert path.least_delta(point["Ue"]) <= point["delta"] + case["tolerance"]
            continue
        level = max((level for level in path.levels if level.liquidity <= point["L"] * (1 + 1e-9)), key=lambda level: level.best)
        assert level.best == pytest.approx(point["Ue"], abs=case["tolerance"])
        assert sum(level.worst) == pytest.approx(case["expected"]["V"], abs=case["tolerance"])
        assert level.delta == pytest.approx(point["delta"], abs=case["tolerance"])
        assert path.at(point["delta"]).best == pytest.approx(point["Ue"], abs=1e-6)
    # Between 5 and 10 the best joint payoff is linear: 7.5 gives 1.75.
    assert path.at(7.5 / (7.5 + 1.75)).best == pytest.approx(1.75, abs=1e-6)


def test_perfect_signals_give_the_transfer_path_of_perfect_monitoring():
    for payoffs in (DILEMMA, dilemma(2.5, 1.5, 0, -0.5, (2, 1.4, 0, -0.3)).payoffs):
        own = stage(payoffs)
        path = bg.monitored_transfers(bg.MonitoredGame.of(own, bg.Monitoring.perfect(own), 0.5))
        perfect = bg.transfer_path(own)
        for delta in (0.1, 0.35, 0.52, 0.71, 0.93):
            expected, found = perfect.at(delta), path.at(delta)
            assert (found is None) == (expected is None)
            if expected is not None:
                assert found.best == pytest.approx(float(expected.joint), abs=1e-6)
                assert found.worst == pytest.approx([float(v) for v in expected.worst], abs=1e-6)


def bad_news(inputs):
    pi, g, p, q = (inputs[name] for name in ("pi", "g", "p", "q"))
    own = bg.game([[pi, -g], [pi + g, 0]], [[pi, pi + g], [-g, 0]])
    return bg.MonitoredGame.of(own, bg.Monitoring.incidents(own, (0, 0), p, q), inputs["delta"])


def test_amp_bound():
    case = ANALYTIC["amp_bound"]
    game = bad_news(case["inputs"])
    path = bg.strongly_symmetric(game)
    for delta in (case["inputs"]["delta"], 0.8, 0.99):
        assert path.at(delta).best == pytest.approx(case["expected"], abs=case["tolerance"])
    # Public equilibria of any kind can do no better in a direction that treats both alike, if signals cannot tell who cheated.
    solution = bg.equilibrium_set(game)
    assert solution.outer.support([1, 1]) / 2 >= case["expected"] - 1e-9
    assert bg.verify(solution).holds


def test_ms_noisy_pd_sse():
    case = REPEATED["ms_noisy_pd_sse"]
    good = case["game"]["params"]
    rows = [[[x, round(1 - x, 12)] for x in row] for row in ((good["p"], good["q"]), (good["q"], good["r"]))]
    path = bg.strongly_symmetric(bg.MonitoredGame(stage(case["game"]["payoffs"]), ["good", "bad"], rows, 0.9))
    expected = case["expected"]
    assert path.at(0.9).best == pytest.approx(expected["value"], abs=1e-9)
    assert path.least_delta(expected["value"]) == pytest.approx(expected["critical_value"], abs=1e-9)
    assert path.at(expected["critical_value"] - 1e-4).best == pytest.approx(0, abs=1e-9)


def test_the_recursion_agrees():
    """Iterating the best and worst symmetric payoff down from the stage payoffs, one linear program each, ends at what is stated."""
    game = bad_news(ANALYTIC["amp_bound"]["inputs"])
    path = bg.strongly_symmetric(game)
    payoffs, chance = game.stage_game().payoffs[0], game.monitoring.probabilities
    for delta in (0.5, 0.65, 0.8):
        best, worst = 2.0, -1.0
        for _ in range(60):
            found = []
            for a in (0, 1):
                rows = [delta * (chance[b, a] - chance[a, a]) for b in (0, 1) if b != a]
                gains = [(1 - delta) * (payoffs[a, a] - payoffs[b, a]) for b in (0, 1) if b != a]
                for sign in (1, -1):
                    solved = linprog(-sign * chance[a, a], A_ub=rows, b_ub=gains, bounds=[(worst, best)] * 2)
                    if solved.status == 0:
                        found.append((1 - delta) * payoffs[a, a] - delta * sign * solved.fun)
            best, worst = min(best, max(found)), max(worst, min(found))
        assert path.at(delta).best == pytest.approx(best, abs=1e-3)
        assert path.at(delta).worst[0] == pytest.approx(worst, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_transfers_hold_the_set_without(seed):
    game = random_game(seed, 2, 2, 2, 0.8)
    try:
        path = bg.monitored_transfers(game)
    except bg.GameError:
        assert bg.equilibrium_set(game).is_empty
        return
    solution = bg.equilibrium_set(game)
    if not solution.inner.is_empty:
        with_transfers = path.payoff_set(0.8)
        assert solution.inner.support([1, 1]) <= with_transfers.support([1, 1]) + 1e-6
        for direction in ([-1, 0], [0, -1]):
            assert solution.inner.support(direction) <= with_transfers.support(direction) + 1e-6


def test_mistakes():
    with pytest.raises(bg.GameError, match="not symmetric"):
        bg.strongly_symmetric(random_game(1, 2, 2, 2, 0.5))
    pennies = stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    blind = bg.MonitoredGame(pennies, ["y"], np.ones((2, 2, 1)), 0.5)
    with pytest.raises(bg.GameError, match="any liquidity"):
        bg.monitored_transfers(blind)
    own = bad_news(ANALYTIC["amp_bound"]["inputs"])
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        bg.strongly_symmetric(own).at(1.5)
