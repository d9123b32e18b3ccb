"""Negotiation games: published bounds by case, exact fixed points, plans that earn the bounds, the closed form against set iteration."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, assert_same_set
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError

QUICK = settings(max_examples=12, deadline=None, derandomize=True)
PD = ([[0.5, -0.2], [0.7, 0.0]], [[0.5, 0.7], [-0.2, 0.0]])


def strike(w0, F, delta):
    return bg.NegotiationGame(bg.game([[w0], [0]], [[round(F - w0, 9)], [0]], actions=[["work", "strike"], ["produce"]]), F, delta)


@pytest.mark.parametrize("case", ["fernandez_glazer_bounds", "fernandez_glazer_no_strike"])
def test_fernandez_glazer(case):
    known = ANALYTIC[case]
    solution = bg.negotiate(strike(known["inputs"]["w0"], known["inputs"]["F"], known["inputs"]["delta"]))
    assert solution.status.name == "solved"
    np.testing.assert_allclose(solution.share_bounds[0], known["expected"], rtol=0, atol=1e-15)


@pytest.mark.parametrize("case", ["busch_wen_bounds_pd", "busch_wen_bounds_donation"])
def test_busch_wen(case):
    known = ANALYTIC[case]["inputs"]
    solution = bg.negotiate(bg.NegotiationGame(bg.game(known["d1"], known["d2"]), known["S"], known["delta"]))
    assert solution.status.name == "solved"
    np.testing.assert_allclose(solution.share_bounds[0], ANALYTIC[case]["expected"], rtol=0, atol=1e-15)


def busch_wen(d, S, delta):
    """The reconstructed closed form, common δ: bounds of each side's share when it proposes."""
    d = np.array(d, dtype=float)
    gains = d[0].max(axis=0, keepdims=True) - d[0], d[1].max(axis=1, keepdims=True) - d[1]
    v = d[0].max(axis=0).min(), d[1].max(axis=1).min()
    w = (d[0] - gains[1]).max(), (d[1] - gains[0]).max()
    least = [(S - w[1 - i] + delta * v[i]) / (1 + delta) for i in (0, 1)]
    return [(least[i], S - (1 - delta) * v[1 - i] - delta * least[1 - i]) for i in (0, 1)]


cells = st.lists(st.tuples(st.integers(-3, 5), st.integers(-3, 5)), min_size=4, max_size=4)


@QUICK
@given(cells)
def test_the_closed_form_holds_for_patient_sides_where_threats_bite(table):
    """Disagreement worth less than the surplus, a pure static equilibrium, δ near 1: set iteration confirms the reconstruction."""
    d = np.array(table, dtype=float).T.reshape(2, 2, 2)
    S, delta = 12, Fraction(9, 10)
    gains = d[0].max(axis=0, keepdims=True) - d[0], d[1].max(axis=1, keepdims=True) - d[1]
    if not (sum(gains) == 0).any():
        return
    solution = bg.negotiate(bg.NegotiationGame(bg.game(d[0], d[1]), S, delta))
    bounds = busch_wen(d, S, float(delta))
    # The formula needs room for its threats: both bounds of the other side wide enough to reward the punisher.
    room = [(high - low) * float(delta) for low, high in bounds]
    most = max(float(gain.max()) for gain in gains) * (1 - float(delta))
    if min(room) > 2 * most:
        np.testing.assert_allclose(solution.share_bounds, bounds, atol=1e-8)


@pytest.mark.parametrize("game", [strike(0.4, 1, 0.9), strike(0.9, 1, 0.9), bg.NegotiationGame(bg.game(*PD), 1, 0.8)], ids=["s", "u", "pd"])
def test_plans_earn_the_bounds_and_deter_every_deviation(game):
    """By hand in exact arithmetic: each state is worth what it leads to, and no one-shot deviation pays."""
    solution = bg.negotiate(game)
    first, second = game.exact_payoffs()
    deltas, S = game.exact_deltas, game.exact_surplus
    for proposer in (0, 1):
        for player in (0, 1):
            for largest in (False, True):
                plan = bg.negotiation_plan(solution, proposer, player=player, largest=largest)
                corners = [v[player] for v in solution.exact_sets[proposer]]
                assert plan.payoff[player] == (max(corners) if largest else min(corners))
    for quarrel in plan.quarrels:
        a, b = quarrel.profile
        for k, table in enumerate((first, second)):
            after = sum(chance * plan.nodes[n].payoff[k] for n, chance in quarrel.after)
            assert quarrel.payoff[k] == (1 - deltas[k]) * table[a][b] + deltas[k] * after
            cheat = max(table[x][b] for x in range(len(table))) if k == 0 else max(table[a])
            assert quarrel.payoff[k] >= (1 - deltas[k]) * cheat + deltas[k] * plan.nodes[quarrel.punished[k]].payoff[k]
    for node in plan.nodes:
        i, j = node.proposer, 1 - node.proposer
        after = [sum(chance * plan.quarrels[q].payoff[k] for q, chance in node.refused) for k in (0, 1)]
        if node.split is not None:
            assert sum(node.split) == S
            assert node.payoff == node.split
            assert node.split[j] >= after[j]
        else:
            assert node.payoff == tuple(after)
        assert node.payoff[i] >= plan.secured[i]
    assert "accepts" in str(plan)


def one_step(d, S, deltas, sets, i):
    """Payoffs when i proposes, by brute force on a fine grid of supports: a twin of the operator that clips nothing exactly."""
    j, after = 1 - i, np.array(sets[1 - i])
    worst = after.min(axis=0)
    mixes = np.random.default_rng(0).dirichlet(np.ones(len(after)) * 0.3, 20000)
    w = np.concatenate([mixes @ after, after])
    points = []
    for a, b in np.ndindex(d[0].shape):
        needed = [worst[0] + (1 - deltas[0]) / deltas[0] * (d[0][:, b].max() - d[0][a, b])]
        needed += [worst[1] + (1 - deltas[1]) / deltas[1] * (d[1][a].max() - d[1][a, b])]
        good = w[(w >= np.array(needed) - 1e-12).all(axis=1)]
        points.append((1 - np.array(deltas)) * [d[0][a, b], d[1][a, b]] + np.array(deltas) * good)
    refused = np.concatenate(points)
    floor = max(refused[:, i].min(), S - np.minimum(refused[:, j], S - refused[:, i]).max())
    shares = np.linspace(-5, 5, 4001)
    line = np.stack([shares, S - shares], axis=1)
    line = line[(line[:, j] >= refused[:, j].min()) & (line[:, i] >= floor)]
    return np.concatenate([line, refused[refused[:, i] >= floor]])


@pytest.mark.parametrize("deltas", [(0.8, 0.8), (0.8, 0.9)])
def test_the_sets_are_a_fixed_point_of_a_plain_twin(deltas):
    solution = bg.negotiate(bg.NegotiationGame(bg.game(*PD), 1, deltas))
    sets = [each.vertices for each in solution.sets]
    for i in (0, 1):
        assert_same_set(one_step(np.array(PD), 1, deltas, sets, i), sets[i], 0.02)


def test_unequal_patience():
    solution = bg.negotiate(bg.NegotiationGame(bg.game(*PD), 1, (0.8, 0.9)))
    assert solution.status.name == "solved"
    assert solution.error_bound <= 1e-9
    # Sides that discount differently gain from trade over time: joint payoffs above the surplus.
    assert max(each.support([1, 1]) for each in solution.sets) > 1.05
    for proposer in (0, 1):
        plan = bg.negotiation_plan(solution, proposer)
        assert bg.verify(plan).holds
        assert abs(float(plan.payoff[proposer]) - solution.share_bounds[proposer, 1]) <= solution.error_bound


# An independent reference: lists of points in plain Python, every pair cut, from the box, a fixed number of times.


def cut_line(points, k, level):
    """The part of a convex set of points (all pairs joined, corners found later) with coordinate k at least at the level."""
    kept = [p for p in points if p[k] >= level]
    low = [p for p in points if p[k] < level]
    for p in kept:
        for q in low:
            share = (p[k] - level) / (p[k] - q[k])
            kept = [*kept, tuple(a + share * (b - a) for a, b in zip(p, q, strict=True))]
    return kept


def corners(points):
    """The points that reach farthest in some of many directions."""
    cloud = np.array(points, dtype=float)
    angles = np.linspace(0, 2 * np.pi, 2048, endpoint=False)
    fan = np.concatenate([np.stack([np.cos(angles), np.sin(angles)]), [[1, 0, -1, 0, 1], [0, 1, 0, -1, 1]]], axis=1)
    return [tuple(cloud[k]) for k in sorted(set((cloud @ fan).argmax(axis=0).tolist()))]


def reference(d, S, deltas, sweeps):
    d = np.asarray(d, dtype=float)
    low = [d[0].max(axis=0).min(), d[1].max(axis=1).min()]
    high = [max(d[k].max(), S - low[1 - k], low[k]) for k in (0, 1)]
    sets = [[(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]] * 2
    for _ in range(sweeps):
        for i in (0, 1):
            j, after = 1 - i, sets[1 - i]
            refused = []
            for a, b in np.ndindex(d[0].shape):
                gain = d[0][:, b].max() - d[0][a, b], d[1][a].max() - d[1][a, b]
                left = after
                for k in (0, 1):
                    needed = min(w[k] for w in after) + (1 - deltas[k]) / deltas[k] * gain[k]
                    left = cut_line(left, k, needed - 1e-13)
                refused += [tuple((1 - deltas[k]) * d[k][a, b] + deltas[k] * w[k] for k in (0, 1)) for w in left]
            if not refused:
                return None
            refused = corners(refused)
            # What the proposer secures: along the segment between any two points min{w_j, S - w_i} is largest at an end or a crossing.
            places = list(refused)
            for p in refused:
                for q in refused:
                    if sum(p) < S < sum(q):
                        share = (S - sum(p)) / (sum(q) - sum(p))
                        places.append(tuple(u + share * (v - u) for u, v in zip(p, q, strict=True)))
            floor = S - max(min(w[j], S - w[i]) for w in places)
            least = min(w[j] for w in refused)
            points = cut_line(refused, i, floor - 1e-13)
            if S - floor >= least - 1e-13:
                points += [(x, S - x) if i == 0 else (S - x, x) for x in (floor, S - least)]
            if not points:
                return None
            sets = [corners(points) if k == i else sets[k] for k in (0, 1)]
    return sets


def drawn_game(seed):
    draw = np.random.default_rng(seed)
    shape = [(2, 2), (3, 3), (2, 3), (1, 3)][draw.integers(4)]
    whole = draw.random() < 0.4
    d = draw.integers(-3, 6, (2, *shape)).astype(float) if whole else draw.normal(0, 2, (2, *shape)).round(3)
    surplus = float(draw.integers(-2, 12)) if whole else round(float(d.sum(axis=0).max() * draw.uniform(0.3, 1.5)), 3)
    factors = [0.3, 0.5, 0.6, 0.8, 0.9, 0.55, 0.87]
    common = draw.random() < 0.5
    first, second = factors[draw.integers(7)], factors[draw.integers(7)]
    return d, surplus, (first, first if common else second)


def against_the_reference(seed):
    d, surplus, deltas = drawn_game(seed)
    tol = 1e-6
    solution = bg.negotiate(bg.NegotiationGame(bg.game(d[0], d[1]), surplus, deltas), tol=tol)
    sweeps = int(np.ceil(np.log(1e-5) / np.log(max(deltas) ** 1.8))) + 5
    known = reference(d, surplus, deltas, sweeps)
    span = max(np.ptp(d[0]), np.ptp(d[1]), abs(surplus), 1.0) * 4
    if solution.status.name == "empty":
        # The reference still shrinks, or has vanished too.
        return solution
    assert known is not None
    for i in (0, 1):
        outside = bg.PayoffSet.hull(known[i])
        for vertex in solution.sets[i].vertices:
            assert outside.distance_to(vertex) <= 3e-5 * span
        if solution.status.name == "solved":
            assert solution.error_bound <= 1.01 * tol * span
            # From outside the reference has come near, where it settles at the rate of the discount factor.
            assert_same_set(outside.vertices, solution.sets[i].vertices, 2e-3 * span)
    return solution


def test_small_games_agree_with_the_reference():
    statuses = [against_the_reference(seed).status.name for seed in (2, 3, 4, 5, 7, 8)]
    assert statuses.count("solved") + statuses.count("empty") == len(statuses)


@pytest.mark.full
@pytest.mark.parametrize("block", range(10))
def test_many_games_agree_with_the_reference(block):
    statuses = [against_the_reference(seed).status.name for seed in range(100 + 30 * block, 130 + 30 * block)]
    assert statuses.count("solved") + statuses.count("empty") >= len(statuses) - 2


def test_the_calibrated_standoff_is_answered():
    game = bg.scenario("standoff").game()
    solution = bg.negotiate(bg.NegotiationGame(game.stage, 4.795825399305914, game.delta), tol=1e-6)
    assert solution.status.name == "solved"
    assert solution.max_delay.tolist() == [np.inf, np.inf]
    again = bg.Solution.from_json(solution.to_json())
    np.testing.assert_array_equal(again.share_bounds, solution.share_bounds)
    # Nobody can be pushed under the minmax of the disagreement game.
    floors = bg.minmax(game.stage_game()).pure
    assert (solution.share_bounds[:, 0] >= floors - 1e-9).all()
    assert (solution.responder_bounds[:, 0] >= floors - 1e-9).all()
    inner, outer = solution.sets, solution.outer
    for i in (0, 1):
        assert outer[i].distance(inner[i]) <= solution.error_bound


def test_points_with_long_decimals_are_exact():
    """Threats that nobody can carry out leave one split, whatever the decimals: Rubinstein with disagreement flows and own δ."""
    d0, d1 = 0.9173243130545465, 0.9726205041536365
    flow, S = (0.31234567, -0.2718281), 1.4142135
    solution = bg.negotiate(bg.NegotiationGame(bg.game([[flow[0]]], [[flow[1]]]), S, (d0, d1)))
    assert solution.status.name == "solved"
    share = flow[0] + (S - sum(flow)) * (1 - d1) / (1 - d0 * d1)
    np.testing.assert_allclose(solution.share_bounds[0], [share, share], rtol=1e-12)
    assert solution.max_delay.tolist() == [0.0, 0.0]


def test_own_delta_closed_form_of_a_strike():
    """m_i and M_i with own δ, for a disagreement game without trade over time in it (the strike wastes both sides' flow)."""
    d0, d1 = 0.8, 0.9
    solution = bg.negotiate(bg.NegotiationGame(bg.game([[0, 0]], [[0, -0.1]]), 1, (d0, d1)))
    np.testing.assert_allclose(solution.share_bounds[0], [(1 - d1) / (1 - d0 * d1)] * 2, atol=1e-9)
    rubinstein = bg.alternating_offers((d0, d1))
    np.testing.assert_allclose(solution.share_bounds[:, 0], rubinstein.proposer_share, atol=1e-9)


def test_degenerate_games():
    no_equilibrium = bg.negotiate(bg.NegotiationGame(bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]), 0, 0.1))
    assert no_equilibrium.status.name == "empty"
    assert np.isnan(no_equilibrium.share_bounds).all()
    better_apart = bg.negotiate(bg.NegotiationGame(bg.game([[0.6]], [[0.6]]), 1, 0.9))
    assert better_apart.share_bounds.tolist() == [[0.6, 0.6], [0.6, 0.6]]
    assert np.isinf(better_apart.max_delay).all()
    plain = bg.negotiate(bg.NegotiationGame(bg.game([[0]], [[0]]), 1, 0.9))
    np.testing.assert_allclose(plain.share_bounds, [[1 / 1.9] * 2] * 2, atol=1e-15)
    assert plain.max_delay.tolist() == [0.0, 0.0]
    impatient = bg.negotiate(bg.NegotiationGame(bg.game(*PD), 1, 0.3))
    assert impatient.max_delay.tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bg.NegotiationGame(3, 1, 0.9), "disagreement is a int"),
        (lambda: bg.NegotiationGame(bg.game([[0]], [[0]]), float("nan"), 0.9), "surplus nan: expected a finite number"),
        (lambda: bg.NegotiationGame(bg.game([[0]], [[0]]), 1, 1), "delta 1: expected a number strictly"),
        (lambda: bg.negotiate(bg.game([[0]], [[0]])), "expected a NegotiationGame"),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(GameError, match=words):
        make()
