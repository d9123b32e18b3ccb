"""Games seen through public signals: how they are read, what is sustained in them, and that both bounds are proven."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA, FAN, PERFECT_MONITORING, assert_same_set, stage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from monitored_twin import outer_supports

import bargaining as bg
from bargaining.games.monitored_issues import any_incident
from bargaining.solvers.monitored_inner import dense_values, hurried

FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
NOISY = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])


def span(game):
    payoffs = game.stage_game().payoffs
    return float(np.ptp(payoffs.reshape(2, -1), axis=1).max())


def assert_proven(solution, tol=1e-3):
    """A certified answer: inner within outer, no farther apart than stated, and that no more than asked for."""
    assert solution.status in (bg.Status.solved, bg.Status.empty), solution.status
    certificate = bg.verify(solution)
    assert certificate.holds, certificate.reason
    if solution.status is bg.Status.solved:
        assert solution.error_bound <= tol * span(solution.game) * 1.0001
        assert (solution.inner.support(FAN) <= solution.outer.support(FAN) + 1e-14 + 1e-12 * span(solution.game)).all()
        assert solution.inner.distance(solution.outer) <= solution.error_bound * (1 + 1e-9)


def random_game(seed, m, n, signals, delta):
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(-5, 6, (2, m, n))
    chances = rng.integers(0, 20, (m, n, signals)) + (rng.random((m, n, signals)) < 0.3) * 40
    chances[..., 0] += chances.sum(axis=-1) == 0
    rows = [[[Fraction(int(c), int(chances[a, b].sum())) for c in chances[a, b]] for b in range(n)] for a in range(m)]
    return bg.MonitoredGame(stage(payoffs), [f"y{k}" for k in range(signals)], rows, delta)


def seen(game, monitoring):
    return bg.equilibrium_set(game.with_monitoring(monitoring))


# How games are read


def test_probabilities_are_exact_and_rows_are_normalised():
    game = bg.MonitoredGame(NOISY, ["good", "bad"], [[["1/3", "2/3"], [0.1, 0.9]], [[1, 0], [0.3, 0.7]]], (0.8, "9/10"))
    assert game.monitoring.row((0, 0)) == (Fraction(1, 3), Fraction(2, 3))
    assert game.monitoring.row((0, 1)) == (Fraction(1, 10), Fraction(9, 10))
    assert game.exact_deltas == (Fraction(4, 5), Fraction(9, 10))
    assert game.probabilities.shape == (2, 2, 2)
    assert not game.probabilities.flags.writeable


@pytest.mark.parametrize(
    ("signals", "probabilities", "words"),
    [
        (["a", "a"], np.full((2, 2, 2), 0.5), "'a' stands twice"),
        ([], np.empty((2, 2, 0)), "at least one"),
        ("ab", np.full((2, 2, 2), 0.5), "list of names"),
        (["a", "b"], np.full((2, 2, 3), 1 / 3), r"shape \(2, 2, 3\)"),
        (["a", "b"], np.full((2, 3, 2), 0.5), r"over \(2, 3\) actions: expected \(2, 2\)"),
        (["a", "b"], [[[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.4], [1, 0]]], r"probabilities\[1, 0\] add up to 0.9"),
        (["a", "b"], [[[0.5, 0.5], [1.5, -0.5]], [[1, 0], [1, 0]]], r"probabilities\[0, 1, 1\] is -0.5"),
        (["a", "b"], [[[0.5, 0.5], [np.nan, 1]], [[1, 0], [1, 0]]], r"probabilities\[0, 1, 0\] is nan"),
        (["a", "b"], [[[0.5, 0.5], [0.5]], [[1, 0], [1, 0]]], "probabilities have shape"),
    ],
)
def test_malformed_signals_get_one_clear_line(signals, probabilities, words):
    with pytest.raises(bg.GameError, match=words) as caught:
        bg.MonitoredGame(NOISY, signals, probabilities, 0.9)
    assert "\n" not in str(caught.value)


def test_other_mistakes_get_one_clear_line():
    perfect = bg.Monitoring.perfect(NOISY)
    with pytest.raises(bg.GameError, match="strictly between 0 and 1"):
        bg.MonitoredGame.of(NOISY, perfect, 1.0)
    with pytest.raises(bg.GameError, match="false_alarm is"):
        bg.Monitoring.incidents(NOISY, (0, 0), 1.5, 0.5)
    with pytest.raises(bg.GameError, match="cost is -1"):
        bg.with_audit(NOISY, perfect, perfect, 0, -1)
    with pytest.raises(bg.GameError, match="issue 'B' has no monitoring"):
        bg.joint_monitoring(bg.IssueGame({"A": NOISY, "B": NOISY}), {"A": perfect})
    with pytest.raises(bg.GameError, match="use monitored_linkage"):
        bg.equilibrium_set(bg.MonitoredGame.of(bg.IssueGame({"A": NOISY}), perfect, 0.5), "A")
    with pytest.raises(ValueError, match="tol is 2"):
        bg.equilibrium_set(bg.MonitoredGame.of(NOISY, perfect, 0.5), tol=2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda seen, two: bg.MonitoredGame.of(NOISY, None, 0.9), "monitoring is a NoneType: expected a Monitoring"),
        (lambda seen, two: bg.Monitoring.incidents(two, (0, 0), 0.1, 0.5), "stage is a IssueGame: expected a StageGame"),
        (lambda seen, two: bg.Monitoring.incidents(NOISY, (0, 0), 0.1, 0.5, compliant=(0, 0)), "compliant is .*pair of lists"),
        (lambda seen, two: bg.Monitoring.incidents(NOISY, (0, 0), 0.1, 0.5, detection_both=2), "detection_both is 2"),
        (lambda seen, two: seen.garbled(None), "noise has 0 dimensions"),
        (lambda seen, two: seen.pooled({"a": ["clean", "incidnet"]}), "unknown signal 'incidnet'; did you mean 'incident'"),
        (lambda seen, two: seen.pooled({"a": ["clean", "incident"], "b": ["clean"]}), "'clean' is in two of them"),
        (lambda seen, two: seen.pooled(None), "groups is a NoneType"),
        (lambda seen, two: bg.joint_monitoring(NOISY, {}), "issues is a StageGame: expected an IssueGame"),
        (lambda seen, two: bg.joint_monitoring(two, {"A": 3, "B": seen}), "issue 'A': monitoring is a int"),
        (lambda seen, two: bg.with_audit(NOISY, None, seen, 0, 0.1), "plain monitoring is a NoneType"),
        (lambda seen, two: any_incident(two, {"A": seen, "B": seen}, {"A": "clen"}), "no signal 'clen'; did you mean 'clean'"),
        (lambda seen, two: any_incident(two, {"A": seen, "B": seen}, None, {"C": ["clean"]}), "overt: unknown issue 'C'"),
        (lambda seen, two: any_incident(two, {"A": seen, "B": seen}, 3), "clean is a int: expected a mapping from issues to signals"),
        (lambda seen, two: bg.joint_monitoring(two, None), "monitorings is a NoneType: expected a mapping from issues"),
        (
            lambda seen, two: bg.monitored_linkage(two, {"A": seen, "B": seen}, {"A": (0, 0), "B": (0, 0)}, 0.9, reversion=3),
            "reversion is a int",
        ),
        (lambda seen, two: seen.pooled({"x": 3}), "groups: 'x' is 3, expected a list of signals"),
        (lambda seen, two: bg.with_audit(NOISY, seen, seen, True, 0.1), "player True: expected 0"),
        (lambda seen, two: bg.Monitoring.from_rows(["y"], (1, 2), {(0, 0): [1]}), r"rows: none for profile \(0, 1\)"),
        (lambda seen, two: bg.Monitoring.perfect(two), "stage is a IssueGame: expected a StageGame"),
        (lambda seen, two: bg.limit_set(NOISY), "game is a StageGame: expected a MonitoredGame"),
        (lambda seen, two: bg.identifiability(NOISY), "game is a StageGame: expected a MonitoredGame"),
        (lambda seen, two: bg.monitored_transfers(NOISY), "game is a StageGame: expected a MonitoredGame"),
        (lambda seen, two: bg.strongly_symmetric(NOISY), "game is a StageGame: expected a MonitoredGame"),
    ],
)
def test_what_is_no_signal_gets_one_clear_line(make, words):
    seen = bg.Monitoring.incidents(NOISY, (0, 0), 0.1, 0.5)
    with pytest.raises(bg.GameError, match=words) as caught:
        make(seen, bg.IssueGame({"A": NOISY, "B": NOISY}))
    assert "\n" not in str(caught.value)


def test_one_signal_an_issue_independent_or_read_off_one_draw():
    issues = bg.IssueGame({"R": NOISY, "C": bg.game([[0.0], [-0.6]], [[0.0], [1.0]])})
    parts = {
        "R": bg.Monitoring.incidents(NOISY, (0, 0), "1/10", "1/2"),
        "C": bg.Monitoring.incidents(issues.issues["C"], (1, 0), "1/5", "4/5"),
    }
    apart, together, half = (bg.joint_monitoring(issues, parts, rho) for rho in (0, 1, "1/2"))
    agreed = issues.joint_profile({"R": (0, 0), "C": (1, 0)})
    assert apart.signals == ("clean + clean", "clean + incident", "incident + clean", "incident + incident")
    assert apart.row(agreed) == tuple(Fraction(k, 100) for k in (72, 18, 8, 2))
    assert together.row(agreed) == tuple(Fraction(k, 100) for k in (80, 10, 0, 10))
    assert half.row(agreed) == tuple((x + y) / 2 for x, y in zip(apart.row(agreed), together.row(agreed), strict=True))
    for joint in (apart, together, half):
        for row in joint.rows.values():
            assert sum(row) == 1
    pooled = apart.pooled(any_incident(issues, parts))
    assert pooled.row(agreed) == (Fraction(72, 100), Fraction(28, 100))


# What is sustained


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), PERFECT_MONITORING[:6])
def test_perfectly_revealing_signals_give_the_perfect_monitoring_set(payoffs, delta, vertices, tolerance):
    if np.shape(payoffs)[1] * np.shape(payoffs)[2] > 16:
        pytest.skip("more signals than a default test should take")
    game = bg.MonitoredGame.of(stage(payoffs), bg.Monitoring.perfect(stage(payoffs)), delta)
    solution = bg.equilibrium_set(game, tol=1e-4)
    assert_proven(solution, 1e-4)
    assert_same_set(solution.vertices, vertices, 1.5e-4 * span(game))


def test_noise_vanishes_p8():
    perfect = bg.equilibrium_set(bg.RepeatedGame(stage(DILEMMA), 0.6))
    distances = []
    for noise in ("1/4", "1/20", 0):
        spread = Fraction(noise)
        blurred = [[1 - spread if y == z else spread / 3 for z in range(4)] for y in range(4)]
        game = bg.MonitoredGame.of(stage(DILEMMA), bg.Monitoring.perfect(stage(DILEMMA)).garbled(blurred), 0.6)
        solution = bg.equilibrium_set(game, tol=2e-3)
        assert_proven(solution, 2e-3)
        distances.append(solution.distance(perfect))
    assert distances[-1] <= 2e-3 * 5
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 10 * distances[-1]


@pytest.mark.parametrize("seed", range(4))
def test_uninformative_signals_leave_static_equilibria(seed):
    rng = np.random.default_rng(seed)
    own = stage(rng.integers(-3, 4, (2, 3, 3)))
    blind = bg.Monitoring(["a", "b"], np.full((3, 3, 2), 0.5))
    solution = bg.equilibrium_set(bg.MonitoredGame.of(own, blind, 0.9), tol=1e-6)
    assert_proven(solution, 1e-6)
    u = own.payoffs
    static = [u[:, a, b] for a in range(3) for b in range(3) if u[0, a, b] == u[0, :, b].max() and u[1, a, b] == u[1, a, :].max()]
    assert_same_set(solution.vertices, np.array(static).reshape(-1, 2), 1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_signals_that_never_come_and_signals_that_say_the_same_change_nothing(seed):
    game = random_game(seed, 2, 2, 2, 0.8)
    rows = {a: [*row, Fraction(0)] for a, row in game.monitoring.rows.items()}
    never = seen(game, bg.Monitoring.from_rows(["a", "b", "never"], (2, 2), rows))
    twice = seen(game, game.monitoring.garbled([["1/3", "2/3", 0], [0, 0, 1]]))
    plain = bg.equilibrium_set(game)
    for other in (never, twice):
        assert_proven(other)
        np.testing.assert_array_equal(other.vertices, plain.vertices)


def test_ties_duplicates_and_sides_that_do_not_move():
    for payoffs in ([[[1, 1], [1, 1]], [[1, 1], [1, 1]]], [[[0, 1]], [[0, -1]]], [[[2]], [[3]]], [[[2, 2], [2, 2]], [[0, 5], [0, 5]]]):
        own = stage(payoffs)
        m, n = own.shape
        blind = bg.Monitoring(["y", "z"], np.full((m, n, 2), 0.5))
        for monitoring in (blind, bg.Monitoring.perfect(own)):
            for delta in (0.7, (0.7, 0.5), (0.4, 0.6)):
                assert_proven(bg.equilibrium_set(bg.MonitoredGame.of(own, monitoring, delta)))


def test_a_game_without_pure_equilibrium_is_proven_empty():
    pennies = stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    blind = bg.Monitoring(["y", "z"], [[[0.6, 0.4], [0.5, 0.5]], [[0.5, 0.5], [0.4, 0.6]]])
    solution = bg.equilibrium_set(bg.MonitoredGame.of(pennies, blind, 0.9))
    assert solution.status is bg.Status.empty
    assert_proven(solution)


@pytest.mark.parametrize(("seed", "signals", "delta"), [(3, 2, 0.55), (4, 3, 0.5), (5, 2, (0.5, 0.65))])
def test_against_slow_linear_programs(seed, signals, delta):
    game = random_game(seed, 2, 2, signals, delta)
    solution = bg.equilibrium_set(game)
    assert_proven(solution)
    check_against_twin(game, solution, 25)


ODD = [(2, 3), (3, 2), (1, 2), (1, 3), (2, 1), (3, 1), (1, 4), (4, 1), (1, 1)]


@pytest.mark.parametrize("seed", [*range(201, 219), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(219, 300))])
def test_odd_sizes_against_slow_linear_programs_and_the_limit(seed):
    """A few sweeps of the slow program hold the inner set; so does the limit of patience if both sides discount alike."""
    m, n = ODD[seed % len(ODD)]
    delta = (0.4, 0.7, (0.4, 0.6), (0.7, 0.5))[seed // 9 % 4]
    game = random_game(seed, m, n, 2 + seed % 3, delta)
    solution = bg.equilibrium_set(game)
    assert_proven(solution)
    size = span(game) or 1.0
    directions = np.concatenate([FAN[::16], [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]])
    assert (solution.inner.support(directions) <= outer_supports(game, directions, 3) + 1e-7 * size).all()
    limit = bg.limit_set(game, directions=16)
    assert bg.verify(limit).holds
    if game.common_delta:
        assert (solution.inner.support(FAN) <= limit.payoff_set.support(FAN) + 1e-9 * size).all()


@pytest.mark.full
@pytest.mark.parametrize(("m", "n"), [(2, 2), (3, 3)])
@pytest.mark.parametrize("signals", [2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_against_slow_linear_programs_more(seed, m, n, signals):
    game = random_game(100 + seed, m, n, signals, 0.6)
    solution = bg.equilibrium_set(game)
    assert_proven(solution)
    check_against_twin(game, solution, 30)


def check_against_twin(game, solution, sweeps):
    """The slow program's bound holds the inner set, and is no closer in than the outer set allows."""
    directions = np.concatenate([FAN[::8], solution.public_outer_proof.normals])
    slow = outer_supports(game, directions, sweeps)
    size = span(game)
    assert (solution.inner.support(directions) <= slow + 1e-7 * size).all()
    if solution.is_empty:
        # It may need more directions to see that nothing is left, never fewer.
        return
    left = float(max(game.deltas)) ** sweeps / (1 - float(max(game.deltas))) * size
    axes = [j for j, (x, y) in enumerate(directions) if x == 0 or y == 0]
    assert (slow[axes] <= solution.outer.support(directions[axes]) + left + 2e-3 * size).all()


@pytest.mark.full
@pytest.mark.parametrize("seed", [2, 6, 8, 12, 14, 19, 20, 23])
def test_curved_sets_and_one_that_is_about_to_fall_apart(seed):
    assert_proven(bg.equilibrium_set(random_game(seed, 3, 3, 4, 0.9)))


@pytest.mark.parametrize("seed", range(8))
def test_values_of_a_dense_machine_solve_its_recursion(seed):
    rng = np.random.default_rng(seed)
    count, delta = int(rng.integers(1, 9)), Fraction(int(rng.integers(1, 99)), 99)
    shares = rng.integers(0, 9, (count, count)) + np.eye(count, dtype=int)
    ahead = [{j: Fraction(int(w), int(row.sum())) for j, w in enumerate(row) if w} for row in shares]
    streams = [[Fraction(int(u), 7) for u in rng.integers(-9, 9, count)] for _ in (0, 1)]
    numerators, denominator = dense_values(streams, ahead, delta)
    assert denominator > 0
    for stream, own in zip(streams, numerators, strict=True):
        values = [Fraction(value, denominator) for value in own]
        for k in range(count):
            assert values[k] == (1 - delta) * stream[k] + delta * sum(w * values[j] for j, w in ahead[k].items())


# Garbling


noises = st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2).filter(any), min_size=3, max_size=3)


@FEW
@given(seed=st.integers(0, 10_000), noise=noises, delta=st.sampled_from([0.41, 0.73]))
def test_garbling_never_enlarges_the_set(seed, noise, delta):
    game = random_game(seed, 2, 2, 3, delta)
    sharp = bg.equilibrium_set(game)
    blurred = seen(game, game.monitoring.garbled([[Fraction(k, sum(row)) for k in row] for row in noise]))
    assert (blurred.inner.support(FAN) <= sharp.outer.support(FAN) + 1e-9).all()
    if sharp.status.is_answer and blurred.status.is_answer:
        assert (blurred.support(FAN) <= sharp.support(FAN) + sharp.error_bound + 1e-9).all()


# Certificates


@pytest.fixture(scope="module")
def solved():
    game = bg.MonitoredGame(NOISY, ["good", "bad"], [[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]], 0.9)
    return bg.equilibrium_set(game)


def test_the_stored_solution_verifies(solved):
    assert_proven(solved)
    again = bg.Solution.from_json(solved.to_json())
    assert again.game.monitoring.rows == solved.game.monitoring.rows
    assert bg.verify(again).holds
    assert again.to_json() == solved.to_json()


def test_a_false_machine_is_refused(solved):
    proof = solved.public_inner_proof
    best = max(range(len(proof.vertices)), key=lambda k: sum(proof.vertices[k]))
    x, y = proof.vertices[best]
    richer = list(proof.vertices)
    richer[best] = (x + Fraction(1, 10**9), y)
    forged = dataclasses.replace(solved, public_inner_proof=dataclasses.replace(proof, vertices=tuple(richer)))
    assert "is promised" in bg.verify(forged).reason
    constant = list(proof.continuations)
    constant[best] = (constant[best][0],) * len(constant[best])
    forged = dataclasses.replace(solved, public_inner_proof=dataclasses.replace(proof, continuations=tuple(constant)))
    assert not bg.verify(forged).holds
    assert "gains" in bg.verify(forged).reason or "is promised" in bg.verify(forged).reason


def test_false_half_planes_are_refused(solved):
    chain = solved.public_outer_proof
    tighter = chain.offsets.copy()
    tighter[-1] -= 0.01
    zeros = np.zeros_like(chain.multipliers)
    for wrong, words in (
        (dataclasses.replace(chain, offsets=tighter), "is not shown to stay within"),
        (dataclasses.replace(chain, multipliers=zeros), "is not shown to stay within"),
        (dataclasses.replace(chain, multipliers=chain.multipliers - 1.0), "negative multiplier"),
        (dataclasses.replace(chain, offsets=chain.offsets[1:], multipliers=chain.multipliers[1:]), "does not hold all stage payoffs"),
    ):
        certificate = bg.verify(dataclasses.replace(solved, public_outer_proof=wrong))
        assert not certificate.holds
        assert words in certificate.reason
    certificate = bg.verify(dataclasses.replace(solved, error_bound=solved.error_bound / 2))
    assert not certificate.holds
    certificate = bg.verify(dataclasses.replace(solved, payoff_set=solved.outer))
    assert not certificate.holds


def test_rays_that_move_evenly_are_shortened_in_leaps():
    rest, lengths, swept = np.array([0.5, 0.8]), np.array([0.6, 0.81]), []

    def shorten(sweeps, rate=0.97):
        moved = np.inf
        while sweeps and moved > 1e-9:
            fresh = rest + rate * (lengths - rest)
            moved = float(np.abs(lengths - fresh).max())
            lengths[:] = fresh
            sweeps -= 1
            swept.append(1)
        return 5, moved

    size, moved = hurried(shorten, lengths, 1e-9, 600, 0.1)
    assert (size, moved <= 1e-9) == (5, True)
    assert (lengths >= rest).all()
    assert lengths == pytest.approx(rest, abs=1e-7)
    assert len(swept) < 250, "one sweep after another takes 500"
    assert hurried(lambda sweeps: (5, 1e-3), lengths, 1e-9, 600, 0.1) == (0, np.inf)


@pytest.mark.parametrize("seed", [1, 4])
def test_work_has_an_end_near_patience_one(seed, monkeypatch):
    """Where sweeps move little and boundaries are curved the search ends, with what is proven by then."""
    from bargaining.solvers import monitored_set

    game = random_game(seed, 2, 2, 3, 0.97)
    whole = bg.equilibrium_set(game)
    monkeypatch.setattr(monitored_set, "MOST_WORK", 400)
    short = bg.equilibrium_set(game)
    assert short.status in (bg.Status.approximate, bg.Status.inner_only)
    assert short.iterations < whole.iterations
    assert bg.verify(short).holds == (short.status is bg.Status.inner_only)
    directions = FAN[:: len(FAN) // 16]
    assert (short.outer.support(directions) >= whole.inner.support(directions) - 1e-12).all()
