"""Markov-perfect equilibria: the published ones are found, all pure ones are found, and every residual is what it says."""

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, load
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games.state_values import discounted_values
from bargaining.scenarios import scenario

REPEATED = {case["id"]: case for case in load("repeated")}
PRICES = 7


def simple(rows):
    """Transition probabilities as the simple fractions they stand for."""
    return [[[str(Fraction(p).limit_denominator(1000)) for p in row] for row in rows_] for rows_ in rows]


def published(name, delta=None):
    case = REPEATED[name]
    states = REPEATED[case["game"].get("ref", name)]["game"]["states"]
    payoffs, transitions = [each["payoffs"] for each in states], [simple(each["transition"]) for each in states]
    given = case["delta"] if delta is None else delta
    return bg.StochasticGame(payoffs, transitions, Fraction(given).limit_denominator(1000))


def maskin_tirole(delta):
    """Duopoly with alternating moves: the mover chooses a price k/6 against the other's, which stands; demand 1 - p, no cost."""
    price = np.arange(PRICES) / (PRICES - 1)

    def profit(own, other):
        return 0.0 if own > other else price[own] * (1 - price[own]) / (2 if own == other else 1)

    payoffs, transitions = [], []
    for mover in (0, 1):
        for standing in range(PRICES):
            moving = np.array([profit(k, standing) for k in range(PRICES)])
            waiting = np.array([profit(standing, k) for k in range(PRICES)])
            follows = np.zeros((PRICES, 2 * PRICES))
            follows[np.arange(PRICES), (1 - mover) * PRICES + np.arange(PRICES)] = 1
            if mover == 0:
                payoffs.append([moving[:, None], waiting[:, None]])
                transitions.append(follows[:, None, :])
            else:
                payoffs.append([waiting[None, :], moving[None, :]])
                transitions.append(follows[None, :, :])
    return bg.StochasticGame(
        payoffs, transitions, delta, states=[f"{who} moves at {k}" for who in ("U.S.", "China") for k in range(PRICES)]
    )


def reactions(found, mover):
    """What a mover does at each standing price: price -> probability."""
    pairs = found.strategies[mover * PRICES : (mover + 1) * PRICES]
    return [{int(k): float(pair[mover][k]) for k in np.flatnonzero(pair[mover])} for pair in pairs]


def gains(game, strategies):
    """Values of a stationary profile and its largest one-shot gain, by solving the chain in plain Python."""
    count, worst, columns = len(game), 0.0, []
    for player, delta in enumerate(game.deltas):
        flows, rows = [], []
        for s, (x, y) in enumerate(strategies):
            flows.append(sum(x[a] * y[b] * game.payoffs[s][player, a, b] for a in range(len(x)) for b in range(len(y))))
            rows.append(
                [sum(x[a] * y[b] * game.transitions[s][a, b, t] for a in range(len(x)) for b in range(len(y))) for t in range(count)]
            )
        values = [0.0] * count
        for _ in range(int(40 / (1 - delta))):
            values = [(1 - delta) * flows[s] + delta * sum(p * v for p, v in zip(rows[s], values, strict=True)) for s in range(count)]
        for s, (x, y) in enumerate(strategies):
            own, other = ((x, y), (y, x))[player]
            for action in range(len(own)):
                earned = 0.0
                for reply in range(len(other)):
                    cell = (action, reply) if player == 0 else (reply, action)
                    later = sum(p * v for p, v in zip(game.transitions[s][cell], values, strict=True))
                    earned += other[reply] * ((1 - delta) * game.payoffs[s][player][cell] + delta * later)
                worst = max(worst, earned - values[s])
        columns.append(values)
    return np.array(columns).T, worst


@pytest.fixture(scope="module")
def duopoly():
    return bg.markov_perfect(maskin_tirole(0.95), method="mixed", seed=2, starts=192)


def test_maskin_tirole_kinked(duopoly):
    stay = ANALYTIC["maskin_tirole_kinked"]["expected"][0]
    kinked = [{3: 1.0}, {1: stay, 3: 1 - stay}, {1: 1.0}, *[{3: 1.0}] * 4]
    assert any(all(alike(reactions(each, mover), kinked) for mover in (0, 1)) for each in duopoly)


def test_maskin_tirole_edgeworth(duopoly):
    stay = ANALYTIC["maskin_tirole_edgeworth"]["expected"][0]
    cycle = [{0: stay, 5: 1 - stay}, {0: 1.0}, {1: 1.0}, {2: 1.0}, {3: 1.0}, {4: 1.0}, {4: 1.0}]
    assert any(all(alike(reactions(each, mover), cycle) for mover in (0, 1)) for each in duopoly)


def alike(found, expected):
    return all(set(a) == set(b) and all(abs(a[k] - b[k]) < 1e-8 for k in b) for a, b in zip(found, expected, strict=True))


def test_every_equilibrium_of_the_duopoly_is_one(duopoly):
    assert len(duopoly) > 10
    assert duopoly.status is bg.Status.inner_only
    for each in duopoly:
        assert each.residual < 1e-12
    few = dataclasses.replace(duopoly, equilibria=duopoly.equilibria[:4])
    for each in few:
        values, gain = gains(duopoly.game, each.strategies)
        assert gain <= each.residual
        assert np.abs(values - each.values).max() < 1e-11
    certificate = bg.verify(few)
    assert certificate.holds
    assert certificate.deviation_gain < 1e-12


def test_sgs_loaded_rps():
    expected = REPEATED["sgs_loaded_rps"]["expected"]
    found = bg.markov_perfect(published("sgs_loaded_rps"), starts=6)
    assert len(found) == 1
    assert found.pure_complete
    (only,) = found
    sums = only.values[:, 0] / (1 - 0.95)
    assert np.abs(sums - expected["values_player0_unnormalised"]).max() < 1e-9
    assert np.abs(np.array([x for x, _ in only.strategies]) - expected["strategy_player0"]).max() < 1e-6
    assert bg.verify(found).holds


def test_pd_twostate_mpe():
    found = bg.markov_perfect(published("pd_twostate_mpe"), starts=16)
    (only,) = found
    assert only.plan() == ((0, 0), (0, 0))
    assert np.abs(only.values[:, 0] - REPEATED["pd_twostate_mpe"]["expected"]["values_normalised"]).max() < 1e-12
    certificate = bg.verify(found)
    assert certificate.holds
    assert certificate.deviation_gain == 0.0


def test_one_state_is_the_static_game():
    chicken = bg.game([[0, 7], [2, 6]], [[0, 2], [7, 6]])
    game = bg.StochasticGame([chicken.payoffs], [[[[1]] * 2] * 2], 0.6)
    found = bg.markov_perfect(game, starts=40)
    static = bg.nash_equilibria(chicken)
    ours = sorted(tuple(each.values[0].round(9)) for each in found)
    assert ours == sorted(tuple(pair.round(9)) for pair in static.payoffs)


@st.composite
def small_games(draw):
    count = draw(st.integers(1, 3))
    shapes = [(draw(st.integers(1, 2)), draw(st.integers(1, 2))) for _ in range(count)]
    payoffs, transitions = [], []
    for m, n in shapes:
        payoffs.append([[[draw(st.integers(-3, 3)) for _ in range(n)] for _ in range(m)] for _ in (0, 1)])
        rows = []
        for _ in range(m):
            cells = []
            for _ in range(n):
                cuts = sorted(draw(st.integers(0, 4)) for _ in range(count - 1))
                cells.append([Fraction(b - a, 4) for a, b in itertools.pairwise([0, *cuts, 4])])
            rows.append(cells)
        transitions.append(rows)
    return bg.StochasticGame(payoffs, transitions, draw(st.sampled_from(["1/2", "3/4", ("1/2", "9/10")])))


@settings(max_examples=60, deadline=None)
@given(small_games())
def test_all_pure_equilibria_are_found(game):
    """Against every plan tried one by one, in exact arithmetic: ties are the rule with such payoffs."""
    found = bg.markov_perfect(game, method="pure")
    assert found.pure_complete
    assert found.status is (bg.Status.solved if len(found) else bg.Status.empty)
    everything = itertools.product(*([(a, b) for a in range(m) for b in range(n)] for m, n in (stage.shape for stage in game.stages)))
    assert {each.plan() for each in found} == {plan for plan in everything if is_equilibrium(game, plan)}
    assert bg.verify(found).holds


def is_equilibrium(game, plan):
    for player, delta in enumerate(game.exact_deltas):
        flows = [Fraction(int(stage.payoffs[player][own])) for stage, own in zip(game.stages, plan, strict=True)]
        values = discounted_values(flows, [rows[own] for rows, own in zip(game.exact_transitions, plan, strict=True)], delta)
        for s, own in enumerate(plan):
            for action in range(game.stages[s].shape[player]):
                cheat = (action, own[1]) if player == 0 else (own[0], action)
                later = sum(p * values[t] for t, p in game.exact_transitions[s][cheat])
                if (1 - delta) * int(game.stages[s].payoffs[player][cheat]) + delta * later > values[s]:
                    return False
    return True


@settings(max_examples=15, deadline=None)
@given(small_games())
def test_mixed_ones_found_are_equilibria(game):
    found = bg.markov_perfect(game, starts=6)
    for each in found:
        assert gains(game, each.strategies)[1] <= each.residual + 1e-12
    assert bg.verify(found).holds


def test_a_search_that_is_cut_short_says_so():
    found = bg.markov_perfect(maskin_tirole(0.95), method="pure", max_iter=3)
    assert not found.pure_complete
    assert found.status is bg.Status.inner_only
    assert "perhaps not all" in found.method


def test_scenarios_have_the_war_as_their_markov_equilibrium():
    story = scenario("truce", tranche_periods=4)
    found = bg.markov_perfect(story.game(), method="pure")
    (only,) = found
    assert found.status is bg.Status.solved
    assert dict(zip(story.game().states, only.plan(), strict=True))["renewal"] == (1, 1)
    assert {row["us"] for row in found.rows() if row["state"] == "renewal"} == {"raise"}
    assert str(found).startswith("1 found: branch and bound")


def test_the_same_seed_gives_the_same_answer():
    first, second = (bg.markov_perfect(published("sgs_loaded_rps"), starts=3, seed=5) for _ in (0, 1))
    assert np.array_equal(first.equilibria[0].values, second.equilibria[0].values)


def test_certificate_refuses_what_is_not_an_equilibrium():
    found = bg.markov_perfect(published("pd_twostate_mpe"), method="pure")
    (only,) = found
    cooperate = np.array([0.0, 1.0])
    wrong = dataclasses.replace(only, strategies=((cooperate, cooperate), only.strategies[1]))
    certificate = bg.verify(dataclasses.replace(found, equilibria=(wrong,)))
    assert not certificate.holds
    assert certificate.deviation_gain > 0
    assert "more than the residual stated" in certificate.reason
    shifted = dataclasses.replace(only, values=only.values + 0.5)
    assert bg.verify(dataclasses.replace(found, equilibria=(shifted,))).reason == "the values stated are not those of the profiles"
    heavy = dataclasses.replace(only, strategies=((np.array([0.7, 0.7]), cooperate), only.strategies[1]))
    assert "weights are not probabilities" in bg.verify(dataclasses.replace(found, equilibria=(heavy,))).reason


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda game: bg.markov_perfect(bg.game([[1]], [[1]])), "game is a StageGame: expected a StochasticGame"),
        (lambda game: bg.markov_perfect(game, method="all"), "method 'all': expected one of auto, pure, mixed"),
        (lambda game: bg.markov_perfect(game, tol=0.0), "tol is 0.0: expected a number between 0 and 1"),
        (lambda game: bg.markov_perfect(game, starts=0), "starts is 0: expected a positive integer"),
    ],
)
def test_bad_calls_are_one_clear_line(call, message):
    with pytest.raises(bg.GameError, match=message):
        call(published("pd_twostate_mpe"))
