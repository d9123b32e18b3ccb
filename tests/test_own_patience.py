"""Stochastic games with different discount factors: against plain Python and the repeated game, long thin sets, limits of work."""

import numpy as np
import pytest
import stochastic_twin
from catalogue import supports
from stochastic_games import always, random_game

import bargaining as bg
from bargaining.solvers import stochastic_set
from bargaining.solvers.state_polygons import edge_normals
from bargaining.solvers.stochastic_game import FlatGame
from bargaining.solvers.stochastic_inner import Work, prove

LARGER_DEAL = {"full_benefit_us_units": 1.0, "full_cost_cn_units": 0.3}


def apart(one, other):
    """Largest distance between two sets' supports; infinite if just one is empty."""
    ours, theirs = supports(one), supports(other)
    if np.isneginf(ours).any() or np.isneginf(theirs).any():
        return 0.0 if (np.isneginf(ours) == np.isneginf(theirs)).all() else np.inf
    return float(np.abs(ours - theirs).max())


def within(inner, outer):
    """Whether one set lies in another, by support function."""
    ours, theirs = supports(inner.vertices), supports(outer.vertices)
    return bool(np.isneginf(ours).all() or (ours <= theirs + 1e-12).all())


def checked(seed, tol=1e-6):
    """A random game with two discount factors, solved; both bounds, the certificate and the reference agree. Whether it was settled."""
    payoffs, exactly, floats, delta = random_game(seed)
    delta = delta if delta[0] != delta[1] else (delta[0], round(0.95 - delta[0] / 2, 2))
    game = bg.StochasticGame(payoffs, exactly, delta)
    assert not game.common_delta
    solution = bg.equilibrium_set(game, tol=tol)
    for inner, outer in zip(solution.inner, solution.outer, strict=True):
        assert within(inner, outer)
        if solution.status is bg.Status.solved and len(inner.vertices):
            assert inner.distance(outer) <= solution.error_bound + 1e-12
    certificate = bg.verify(solution)
    expected = stochastic_twin.solve(payoffs, floats, delta, sweeps=1000)
    if not solution.status.is_answer or expected is None:
        return False
    assert certificate, certificate.reason
    assert max(apart(own.vertices, reference) for own, reference in zip(solution, expected, strict=True)) <= solution.error_bound + 1e-6
    if len(game) == 1:
        repeated = bg.equilibrium_set(bg.RepeatedGame(bg.StageGame(payoffs=payoffs[0]), delta), tol=tol)
        if repeated.status.is_answer:
            assert apart(solution[0].vertices, repeated.vertices) <= solution.error_bound + repeated.error_bound + 1e-9
    return True


# Of the first sixteen those whose certificate and reference take a second at most.
@pytest.mark.parametrize("seed", [600, 602, 603, 604, 605, 608, 610, 612, 613, 614])
def test_random_games_with_two_discount_factors(seed):
    assert checked(seed)


@pytest.mark.full
@pytest.mark.parametrize("seeds", [range(k, k + 25) for k in range(2000, 2300, 25)], ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_many_random_games_with_two_discount_factors(seeds):
    assert sum(checked(seed) for seed in seeds) >= 22


def test_long_thin_sets_lose_no_vertices_to_the_proof():
    """What is drawn in by a share of the sets' extent is drawn in by less where they are narrow."""
    game = bg.scenario("licence", "strategic").game()
    solution = bg.equilibrium_set(game, tol=1e-3, max_iter=4000)
    assert solution.status is bg.Status.solved
    flat = FlatGame.of(game)
    assert solution.error_bound <= 1e-3 * flat.units.max()
    assert min(len(own.vertices) for own in solution.inner) > 100


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_points_that_sets_shrink_to_are_found_whatever_the_tolerance(tol):
    game = bg.scenario("standoff_dynamic").composed().game(("R", "C"))
    solution = bg.equilibrium_set(game, tol=tol, max_iter=4000)
    assert solution.status is bg.Status.solved
    assert all(len(own.vertices) == 1 for own in solution.inner)


def test_wide_sets_beside_points_of_one_composed_game():
    """Nothing follows some profiles but states with a single payoff: what they make is known exactly or not at all."""
    game = bg.scenario("standoff_dynamic", **LARGER_DEAL).composed().game()
    assert len(game) == 72
    solution = bg.equilibrium_set(game, tol=1e-6, max_iter=4000)
    assert solution.status is bg.Status.solved
    sizes = [len(own.vertices) for own in solution.inner]
    assert min(sizes) == 1
    assert max(sizes) > 10


def two_states(delta=(0.6, 0.95)):
    dilemma = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
    return bg.StochasticGame([dilemma, dilemma], [always([0.8, 0.2]), always([0.3, 0.7])], delta)


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"MOST_EDGES": 1}, bg.Status.approximate),
        ({"MOST_PLACES": 1}, bg.Status.approximate),
        ({"MOST_WORK": 1}, bg.Status.inner_only),
    ],
    ids=["edges", "exact", "half-planes"],
)
def test_a_solve_ends_with_what_is_proven_when_work_is_used_up(monkeypatch, limits, status):
    whole = bg.equilibrium_set(two_states(), tol=1e-6)
    assert whole.status is bg.Status.solved
    for name, value in limits.items():
        monkeypatch.setattr(stochastic_set, name, value)
    rough = bg.equilibrium_set(two_states(), tol=1e-6)
    assert rough.status is status
    assert np.isfinite(rough.error_bound) == (status is bg.Status.inner_only)
    for own, around, inner, outer in zip(whole.inner, whole.outer, rough.inner, rough.outer, strict=True):
        assert within(own, outer)
        assert within(inner, around)
        assert not len(inner.vertices) or inner.distance(outer) <= rough.error_bound
    if rough.inner_proof is not None:
        assert bg.verify(rough)


def test_a_proof_without_work_left_is_none():
    flat = FlatGame.of(two_states((0.9, 0.95)))
    points = [[flat.exact_payoff(3)], [flat.exact_payoff(7)]]
    makers = [[3], [7]]
    assert prove(flat, points, makers, {}) is not None
    assert prove(flat, points, makers, {}, Work(1)) is None
    assert prove(flat, points, makers, {}, Work(2)) is not None


def test_a_small_polygon_keeps_the_directions_of_its_sides():
    square = np.array([[-1.0, 0.0], [0.0, -1.0], [1.0, 0.0], [0.0, 1.0]])
    assert len(edge_normals([1e-9 * square], 1e-6)) == len(edge_normals([square], 1e-6)) == 8


def test_of_too_many_edges_those_that_matter_least_are_left_out():
    angles = np.linspace(0.0, 2.0 * np.pi, 20_001)[:-1] + np.pi
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    assert 1000 < len(edge_normals([circle], 1e-12)) <= 2048
