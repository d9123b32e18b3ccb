"""Transfers and strongly symmetric equilibria under imperfect monitoring, at all discount factors."""

import dataclasses
import json
from fractions import Fraction

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


def slow_values(game, liquidity, players):
    """Best payoff and minus the worst payoffs at one liquidity by scipy, over all profiles."""
    payoffs, chance = game.stage_game().payoffs, game.monitoring.probabilities
    found = np.full(1 + players, -np.inf)
    for a in np.ndindex(*payoffs.shape[1:]):
        if players == 1 and a[0] != a[1]:
            continue
        rows, sides = [], []
        for i in range(players):
            for k in set(range(payoffs.shape[1 + i])) - {a[i]}:
                there = (k, a[1]) if i == 0 else (a[0], k)
                rows.append(np.eye(players)[i][:, None] * (chance[there] - chance[a])[None])
                sides.append(payoffs[i][a] - payoffs[i][there] + 1e-11)
        for y in np.eye(chance.shape[2]):
            rows.append(np.tile(y, (players, 1)))
            sides.append(liquidity)
        for kind in range(1 + players):
            costs = np.array([-1.0 if kind == 0 else float(i == kind - 1) for i in range(players)])[:, None] * chance[a]
            solved = linprog(costs.ravel(), A_ub=np.reshape(rows, (len(rows), -1)), b_ub=sides)
            if solved.status == 0:
                own = sum(payoffs[i][a] for i in range(players)) - liquidity if kind == 0 else -payoffs[kind - 1][a]
                found[kind] = max(found[kind], own - solved.fun)
    return found


def symmetric_game(seed, actions, signals):
    rng = np.random.default_rng(seed)
    payoffs, weights = rng.integers(-4, 5, (actions, actions)), rng.integers(0, 6, (actions, actions, signals))
    weights = weights + weights.transpose(1, 0, 2)
    weights[..., 0] += weights.sum(axis=-1) == 0
    rows = [[[Fraction(int(share), int(own.sum())) for share in own] for own in line] for line in weights]
    return bg.MonitoredGame(stage([payoffs, payoffs.T]), [f"y{k}" for k in range(signals)], rows, 0.8)


def assert_path(game, path, players):
    """Proven, stored bit for bit, and what the slow program says between the levels."""
    certificate = bg.verify(path)
    assert certificate.holds, certificate.reason
    back = bg.Solution.from_json(path.to_json())
    assert back.to_json() == path.to_json()
    assert bg.verify(back).holds
    size = np.ptp(game.stage_game().payoffs)
    pieces = [(a, b) for a, b in zip(path.levels, path.levels[1:], strict=False) if a.liquidity < b.liquidity]
    for a, b in pieces[:3]:
        share = 0.4 if b.liquidity < 100 * size else 1e-3
        mine = [(1 - share) * x + share * y for x, y in zip((a.best, *a.worst), (b.best, *b.worst), strict=True)]
        slow = slow_values(game, (1 - share) * a.liquidity + share * b.liquidity, players)
        assert [mine[0], *(-v for v in mine[1:])] == pytest.approx(slow, abs=1e-6 * size)


@pytest.mark.parametrize(
    ("seed", "shape", "signals"),
    [(0, (2, 2), 2), (1, (3, 2), 3), (2, (3, 3), 4), (3, (1, 3), 2), (4, (2, 4), 1), (5, (1, 1), 2), (6, (3, 3), 2), (7, (2, 3), 5)],
)
def test_paths_are_proven(seed, shape, signals):
    game = random_game(seed, *shape, signals, 0.8)
    try:
        path = bg.monitored_transfers(game)
    except bg.GameError:
        assert np.isneginf(slow_values(game, 1e4, 2)).all()
        return
    assert_path(game, path, 2)


@pytest.mark.parametrize(("seed", "actions", "signals"), [(0, 2, 2), (1, 3, 3), (2, 3, 1), (3, 1, 2)])
def test_symmetric_paths_are_proven(seed, actions, signals):
    game = symmetric_game(seed, actions, signals)
    assert_path(game, bg.strongly_symmetric(game), 1)


def test_false_paths_are_refused():
    path = bg.strongly_symmetric(bad_news(ANALYTIC["amp_bound"]["inputs"]))
    assert bg.verify(path).holds
    proof, level, curve = path.proof, path.levels[-1], path.proof.curves[0]

    def refused(words, **changes):
        certificate = bg.verify(dataclasses.replace(path, **changes))
        assert not certificate.holds
        assert words in certificate.reason

    def with_curve(**changes):
        return dataclasses.replace(proof, curves=(dataclasses.replace(curve, **changes), *proof.curves[1:]))

    refused("payoff stated", levels=(*path.levels[:-1], dataclasses.replace(level, best=level.best + 1e-9)))
    refused("payoff stated", levels=(*path.levels[:-1], dataclasses.replace(level, worst=(level.worst[0] - 1e-9,))))
    refused("do not give the value", proof=with_curve(values=tuple(value + 1 for value in curve.values)))
    refused(
        "a reward is negative", proof=with_curve(rewards=(tuple((-own[0], *own[1:]) for own in curve.rewards[-1]),) * len(curve.rewards))
    )
    refused("a deviation pays", proof=with_curve(rewards=((((Fraction(0),) * 2),),) * len(curve.rewards)))
    refused("does not meet", proof=with_curve(weights=((Fraction(0),),) * len(curve.weights)))
    refused("every profile once", proof=dataclasses.replace(proof, needs=proof.needs[:-1]))
    dear = tuple((profile, need + 1, weights) for profile, need, weights in proof.needs)
    refused("shown to need", proof=dataclasses.replace(proof, needs=dear))
    refused("gives more", proof=dataclasses.replace(proof, curves=proof.curves[1:]))
    refused("nothing is shown", proof=dataclasses.replace(proof, curves=tuple(own for own in proof.curves if own.kind)))
    refused("one place a level", levels=path.levels[1:])
    refused("gives more", levels=(path.levels[0], level), proof=dataclasses.replace(proof, places=(proof.places[0], proof.places[-1])))
    refused("not symmetric", game=random_game(1, 2, 2, 2, 0.5))


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
    for payoff in (np.nan, "x", None, True):
        with pytest.raises(ValueError, match="expected a number"):
            bg.strongly_symmetric(own).least_delta(payoff)
    with pytest.raises(ValueError, match="the path ends at"):
        bg.strongly_symmetric(own).at("0.99995")
