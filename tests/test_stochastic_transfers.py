"""Stochastic games with voluntary transfers: published values, an independent scan, exact certificates."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from catalogue import assert_same_set
from hypothesis import given, settings
from test_markov_perfect import REPEATED, published, small_games

import bargaining as bg
from bargaining.scenarios import scenario


def vulnerability():
    """First the U.S. chooses whether to become vulnerable, then both make efforts for ever."""
    effort, wide = [Fraction(k, 10) for k in range(11)], [Fraction(k, 10) for k in range(-10, 11)]

    def tables(others):
        us = [[float(b - a * a / 2) for b in others] for a in effort]
        cn = [[float(a - max(b, Fraction(0)) ** 2 / 2) for b in others] for a in effort]
        return [us, cn]

    def stays(m, n, state):
        rows = np.zeros((m, n, 3))
        rows[:, :, state] = 1
        return rows

    choose = np.zeros((2, 1, 3))
    choose[0, 0, 2] = choose[1, 0, 1] = 1
    return bg.StochasticGame(
        [[[[0], [0]], [[0], [0]]], tables(effort), tables(wide)],
        [choose, stays(11, 11, 1), stays(11, 21, 2)],
        REPEATED["rc_gift_vulnerability"]["delta"],
        states=["x_0", "x_not", "x_vul"],
        actions=[(("vul", "not"), ("-",)), *(([str(float(e)) for e in effort], [str(float(e)) for e in each]) for each in (effort, wide))],
    )


@pytest.mark.parametrize("delta", ["0.7", "0.357", "0.356"])
def test_gk_abs_pd_twostate(delta):
    expected = REPEATED["gk_abs_pd_twostate"]["expected"][delta]
    solved = bg.stochastic_transfers(published("gk_abs_pd_twostate", delta))
    assert np.abs(solved.joint - expected["U"]).max() < 1e-6
    assert np.abs(solved.punishment_payoffs[:, 0] - expected["v1"]).max() < 1e-6
    assert bg.verify(solved).holds


def test_critical_delta_of_cooperation_everywhere():
    critical = REPEATED["gk_abs_pd_twostate"]["expected"]["critical_delta_CC_everywhere"]

    def path(delta):
        case = published("gk_abs_pd_twostate", delta)
        return bg.stochastic_transfers(case).path

    assert path(Fraction(str(round(critical + 1e-3, 6)))) == ((0, 0), (0, 0))
    assert path(Fraction(str(round(critical - 1e-3, 6)))) != ((0, 0), (0, 0))


def test_rc_gift_vulnerability():
    expected = REPEATED["rc_gift_vulnerability"]["expected"]
    solved = bg.stochastic_transfers(vulnerability())
    for s, state in enumerate(solved.game.states):
        assert abs(solved.joint[s] - expected["U"][state]) < 1e-12
    assert solved.punishment_payoffs[1:].tolist() == [[0.0, 0.0], [-1.0, 0.0]]
    labels = [row["path"] for row in solved.rows()]
    assert labels == ["vul / -", "0.6 / 0.6", "0.9 / 0.9"]
    assert bg.verify(solved).holds


def scan(game):
    """Joint values and punishments by plain value iteration in floats, profiles struck out round by round."""
    delta, count = game.deltas[0], len(game)
    left = [set(rows) for rows in game.exact_transitions]
    while all(left):
        joint, worst = np.zeros(count), np.zeros((2, count))

        def cheats(s, player, values):
            stage = game.stages[s]
            own = (1 - delta) * stage.payoffs[player] + delta * game.transitions[s] @ values
            return own.max(axis=player)

        for _ in range(120):
            brings = [(1 - delta) * g.sum(axis=0) + delta * p @ joint for g, p in zip(game.payoffs, game.transitions, strict=True)]
            joint = np.array([max(brings[s][cell] for cell in own) for s, own in enumerate(left)])
            worst = np.array([[min(cheats(s, i, worst[i])[cell[1 - i]] for cell in own) for s, own in enumerate(left)] for i in (0, 1)])
        kept = [
            {cell for cell in own if brings[s][cell] >= sum(cheats(s, i, worst[i])[cell[1 - i]] for i in (0, 1)) - 1e-9}
            for s, own in enumerate(left)
        ]
        if kept == left:
            return joint, worst.T
        left = kept
    return None


@settings(max_examples=25, deadline=None)
@given(small_games().filter(lambda game: game.common_delta))
def test_against_a_plain_scan(game):
    solved, plain = bg.stochastic_transfers(game), scan(game)
    if plain is None:
        assert solved.is_empty
        assert solved.status is bg.Status.empty
    else:
        assert np.abs(solved.joint - plain[0]).max() < 1e-8
        assert np.abs(solved.punishment_payoffs - plain[1]).max() < 1e-8
    assert bg.verify(solved).holds


def test_one_state_is_the_repeated_game():
    dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    for delta in ("0.2", "0.3", "0.6"):
        one = bg.stochastic_transfers(bg.StochasticGame([dilemma.payoffs], [[[[1]] * 2] * 2], delta))
        repeated = bg.equilibrium_set(bg.RepeatedGame(dilemma, delta), transfers=True)
        assert_same_set(one[0].vertices, repeated.vertices, 1e-12)


def test_transfers_hold_what_goes_without_them():
    game = scenario("court", delta=0.9, strike_hazard_share=0.3).game()
    plain, paid = bg.equilibrium_set(game, tol=1e-6), bg.equilibrium_set(game, transfers=True)
    for state in game.states:
        for vertex in plain[state].vertices:
            assert paid[state].contains(vertex, tol=1e-5)


def test_certificate_refuses_what_is_not_claimed_rightly():
    solved = bg.stochastic_transfers(published("gk_abs_pd_twostate", "0.356"))
    proof = solved.proof
    greedy = dataclasses.replace(proof, path=((0, 0), (0, 0)))
    assert not bg.verify(dataclasses.replace(solved, proof=greedy))
    modest = bg.stochastic_transfers(published("gk_abs_pd_twostate", "0.7"))
    # Mutual defection for ever can be enforced, but it is not the most.
    poor = bg.stochastic_transfers(published("gk_abs_pd_twostate", "0.1"))
    assert poor.path == ((1, 1), (1, 1))
    certificate = bg.verify(dataclasses.replace(modest, proof=dataclasses.replace(modest.proof, path=((1, 1), (1, 1)))))
    assert not certificate.holds
    assert bg.verify(dataclasses.replace(solved, joint=solved.joint + 1)).reason.endswith("the numbers stated are not those proven")
    assert not bg.verify(dataclasses.replace(solved, proof=None, status=bg.Status.empty))


def test_stored_and_read_back(tmp_path):
    solved = bg.stochastic_transfers(published("gk_abs_pd_twostate", "0.7"))
    again = bg.Solution.from_json(solved.to_json())
    assert bg.verify(again).holds
    assert again.joint.tolist() == solved.joint.tolist()
    found = bg.markov_perfect(published("pd_twostate_mpe"), method="pure")
    assert bg.verify(bg.Solution.from_json(found.to_json())).holds


def test_bad_games_are_one_clear_line():
    with pytest.raises(bg.GameError, match=r"transfers: delta is \(0\.5, 0\.9\); expected a common discount factor"):
        bg.stochastic_transfers(bg.StochasticGame([[[[1]], [[1]]]], [[[[1]]]], (0.5, 0.9)))
    with pytest.raises(bg.GameError, match="game is a RepeatedGame: expected a StochasticGame"):
        bg.stochastic_transfers(bg.RepeatedGame(bg.game([[1]], [[1]]), 0.5))
