"""The compiled solver for a common discount factor: its proofs written down exactly, against the certificate and a plain twin."""

import numpy as np
import pytest
import twin
from catalogue import DILEMMA, FAN, stage, supports

import bargaining as bg
from bargaining.solvers.common_delta import METHOD
from bargaining.solvers.repeated_set import METHOD as GENERAL


def solve(payoffs, delta, **options):
    return bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta), **options)


def random_games(count, seed):
    """Integer payoffs in {0..3}, sizes 2 to 6, so that ties are everywhere; every third game with normal payoffs."""
    generator = np.random.default_rng(seed)
    for k in range(count):
        size = generator.integers(2, 7, 2)
        payoffs = generator.normal(size=(2, *size)).round(5) if k % 3 == 0 else generator.integers(0, 4, (2, *size))
        yield payoffs.tolist(), round(float(generator.uniform(0.05, 0.995)), 3)


def certify(count, seed):
    """Certificates of random games; how many the compiled solver settled."""
    settled = 0
    for payoffs, delta in random_games(count, seed):
        solution = solve(payoffs, delta)
        certificate = bg.verify(solution)
        if solution.status.is_answer:
            assert certificate.holds, (payoffs, delta, certificate.reason)
            assert certificate.gap <= solution.error_bound * (1 + 1e-6) + 1e-13
        settled += solution.method == METHOD
    return settled


def test_certificates_of_a_hundred_random_games():
    assert certify(100, seed=7) >= 95


@pytest.mark.full
def test_certificates_of_two_thousand_random_games():
    assert certify(2000, seed=8) >= 1900


def test_the_plain_python_twin_agrees():
    compared = 0
    for payoffs, delta in random_games(60, seed=9):
        if delta > 0.8 or np.size(payoffs) > 24:
            continue
        solution = solve(payoffs, delta)
        if not solution.status.is_answer:
            continue
        compared += 1
        reference = twin.payoff_set(payoffs, delta, sweeps=3000)
        assert (len(reference) == 0) == solution.is_empty, (payoffs, delta)
        if len(reference):
            assert np.abs(supports(reference) - solution.support(FAN)).max() <= 1e-6, (payoffs, delta)
    assert compared >= 10


@pytest.mark.parametrize("delta", [0.99, 0.999, 0.9999])
def test_patience_costs_no_sweeps(delta):
    """Iteration needs about log(1/tol)/(1-δ) sweeps; the structure's fixed point and exclusion need a few, whatever δ."""
    solution = solve(DILEMMA, delta)
    assert solution.status is bg.Status.solved
    assert solution.iterations < 40
    assert bg.verify(solution).holds


@pytest.mark.parametrize("scale", [1e-10, 1.0, 1e12])
@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_units_do_not_matter(scale, shift):
    payoffs = (np.array([[[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]]]) + shift) * scale
    solution, plain = solve(payoffs.tolist(), 0.4), solve((payoffs / scale - shift).round(9).tolist(), 0.4)
    assert solution.status is bg.Status.solved
    np.testing.assert_allclose(solution.support(FAN) / scale - FAN.sum(axis=1) * shift, plain.support(FAN), atol=1e-7)


def test_a_segment_whose_ends_are_irrational_multiples_is_exact():
    """A generic segment: one end a stage payoff, the other with a constraint that binds; its equations are solved exactly."""
    payoffs = [[[0.12, 0.71, -0.33], [0.94, -0.58, 0.41]], [[-0.27, 0.85, 0.19], [0.66, -0.11, -0.92]]]
    kinds = set()
    generator = np.random.default_rng(3)
    for _ in range(120):
        game = (np.array(payoffs) + generator.normal(scale=0.6, size=(2, 2, 3))).round(4).tolist()
        solution = solve(game, 0.45)
        if len(solution.vertices) == 2 and solution.method == METHOD:
            proof = solution.inner_proof
            stages = {tuple(point) for point in np.array(game).reshape(2, -1).T.round(6).tolist()}
            moving = [v for v in solution.vertices.round(6).tolist() if tuple(v) not in stages]
            kinds.add(len(moving))
            assert bg.verify(solution).holds
            assert len(proof.vertices) == 2
    assert kinds >= {0, 1}


def test_a_knife_edge_is_left_to_the_general_solver():
    from catalogue import CASES, load

    case = next(case for case in load("repeated") if case["id"] == "knife_edge_3x4")
    assert CASES.is_dir()
    answer = solve(case["game"]["payoffs"], 0.5)
    assert answer.method in (GENERAL, METHOD)
    assert answer.status is not bg.Status.solved or bg.verify(answer).holds


def test_proofs_are_written_when_read():
    solution = solve(DILEMMA, 0.6)
    assert "vertices" not in vars(solution.inner_proof)
    assert len(solution.inner_proof.vertices) >= 3
    assert "vertices" in vars(solution.inner_proof)
    with pytest.raises(AttributeError):
        _ = solution.inner_proof.nothing


@pytest.mark.parametrize("delta", [0.393, 0.394, 0.3945, 0.396, 0.3985])
@pytest.mark.parametrize("tol", [1e-6, 1e-9])
def test_edges_that_turn_as_the_chain_falls(delta, tol):
    # Just below the critical patience of this dilemma no fixed normals admit an exclusion: half-planes have to turn all the way down.
    payoffs = [[[1.5, -1.0], [2.5, 0.0]], [[1.4, 2.0], [-1.0, 0.0]]]
    solution = solve(payoffs, delta, tol=tol)
    assert (solution.status, solution.method) == (bg.Status.solved, METHOD)
    assert solution.error_bound <= tol * 3.5
    certificate = bg.verify(solution)
    assert certificate.holds, certificate.reason
    reference = twin.payoff_set(payoffs, delta, sweeps=400)
    assert np.abs(supports(reference) - solution.support(FAN)).max() <= 1e-6


def test_vertices_that_share_the_minmax_payoff_do_not_stop_the_compiled_solver():
    # Several vertices lie on one side of the set, where the worst payoff is the minmax: a strict operator needs them out of the way.
    payoffs = np.random.default_rng(1).normal(size=(20_000, 2, 3, 3))
    for k in (859, 3749, 11574, 13473):
        solution = solve(payoffs[k].tolist(), 0.9, tol=1e-6)
        assert solution.method == METHOD
        assert bg.verify(solution).holds


# Walking this chain again in exact arithmetic takes ten seconds.
@pytest.mark.parametrize("exactly", [False, pytest.param(True, marks=pytest.mark.full)])
def test_where_no_exclusion_starts_the_chain_alone_comes_all_the_way(exactly):
    # The linearised operator of this game's structure grows in some direction of its normals.
    payoffs = np.random.default_rng(1).normal(size=(20_000, 2, 3, 3))[13270]
    solution = solve(payoffs.tolist(), 0.9, tol=1e-6)
    assert (solution.method, solution.status) == (METHOD, bg.Status.solved)
    least, most = solution.outer_proof.interval
    assert least == most
    assert not exactly or bg.verify(solution).holds
