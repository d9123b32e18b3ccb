"""Times of bargaining on top of equilibrium sets: selection, deals kept for ever, alternating offers, negotiation, contracts, wars.

Each asserts its answer. No library that we know solves these; a plain walk over a fine grid of the frontier is timed beside the exact
selection, and backward induction beside the exact alternating offers.
"""

import numpy as np
import pytest

import bargaining as bg


@pytest.fixture(scope="module")
def frontier() -> bg.PayoffSet:
    """The equilibrium set of the calibrated standoff, everything linked."""
    game = bg.scenario("standoff").game()
    return bg.equilibrium_set(bg.RepeatedGame(game.stage, 0.95), "T,R,K,A", tol=1e-6).payoff_set


@pytest.mark.parametrize("rule", ["nash", "kalai_smorodinsky", "egalitarian", "utilitarian"])
def test_select(benchmark, frontier, rule):
    worst = frontier.vertices.min(axis=0)
    point = benchmark(bg.select, frontier, worst, rule)
    benchmark.extra_info["vertices"] = len(frontier.vertices)
    assert frontier.distance_to(point) < 1e-9
    assert (point >= worst).all()


def test_select_by_a_grid(benchmark, frontier):
    worst = frontier.vertices.min(axis=0)

    def on_a_grid():
        ends = frontier.vertices, np.roll(frontier.vertices, -1, axis=0)
        shares = np.linspace(0.0, 1.0, 1001)[:, None, None]
        points = ((1 - shares) * ends[0] + shares * ends[1]).reshape(-1, 2)
        return points[(points - worst).prod(axis=1).argmax()]

    point = benchmark(on_a_grid)
    assert point == pytest.approx(bg.select(frontier, worst), abs=0.05)


def test_stationary_deals(benchmark):
    game = bg.RepeatedGame(bg.scenario("standoff").game().stage, 0.95)
    found = benchmark.pedantic(bg.stationary_deals, (game, ["T,R,K,A", "T,R,K|A"]), {"tol": 1e-6}, rounds=3, warmup_rounds=1)
    benchmark.extra_info["deals"] = {name: len(each.profiles) for name, each in found.items()}
    benchmark.extra_info["undecided"] = {name: each.undecided for name, each in found.items()}
    assert len(found["T,R,K,A"].profiles) >= len(found["T,R,K|A"].profiles) > 0


@pytest.mark.parametrize("method", ["exact", "induction"])
def test_alternating_offers_on_a_frontier(benchmark, frontier, method):
    worst = frontier.vertices.min(axis=0)
    offers = benchmark(bg.alternating_offers, (0.92, 0.97), inside=worst, frontier=frontier, method=method)
    other = bg.alternating_offers((0.92, 0.97), inside=worst, frontier=frontier)
    benchmark.extra_info["iterations"] = offers.iterations
    assert offers.proposer_share == pytest.approx(other.proposer_share, abs=1e-6)


def test_negotiate(benchmark):
    stage = bg.scenario("briefing").game().stage
    solved = benchmark.pedantic(bg.negotiate, (bg.NegotiationGame(stage, 4.3, 0.9),), {"tol": 1e-6}, rounds=3)
    benchmark.extra_info["iterations"] = solved.iterations
    # m_US = (S - w_CN + δ v_US)/(1 + δ) with w_CN = 1.3 - 0 at the truce without deviations: 3/1.9.
    assert solved.share_bounds[0, 0] == pytest.approx(3 / 1.9)
    assert solved.status.name == "solved"


def test_contract_path(benchmark):
    issues = bg.scenario("standoff").game().stage
    path = benchmark(bg.contract_path, issues)
    assert path.levels[0].delta == 0


def test_concession(benchmark):
    war = benchmark(bg.concession, (0.6, 0.7), (0.05, 0.1), (0.02, 0.05))
    assert war.immediate.round(4).tolist() == [0.0, 0.7832]


def test_reputation(benchmark):
    play = benchmark(bg.reputation, [0.5, 0.6, 0.7, 0.8], [0.55, 0.65, 0.75], [0.02] * 4, [0.02] * 3, (0.1, 0.05))
    benchmark.extra_info["residual"] = play.residual
    assert play.residual < 1e-8
