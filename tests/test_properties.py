"""What must hold for every game: properties P1 to P5 of the analytic cases, on small integer games."""

import os

import numpy as np
import pytest
from catalogue import FAN, dilemma, payoff_arrays, stage, supports, transposed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bargaining as bg

MORE = int(os.environ.get("BARGAINING_EXAMPLES", "400"))
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
MANY = settings(max_examples=MORE, deadline=None, suppress_health_check=list(HealthCheck))

# Not fractions with small denominators, at which incentives of integer games bind exactly.
deltas = st.sampled_from([0.237, 0.411, 0.583, 0.719, 0.871])
small = payoff_arrays(most=2, low=-3, high=4)


def solve(game, delta, partition=None):
    return bg.equilibrium_set(bg.RepeatedGame(game, delta), partition, tol=1e-7)


def assert_inside(smaller, larger, slack=1e-5):
    """What is proven of the smaller set lies in what is not excluded of the larger; answers: the sets themselves."""
    assert (smaller.inner.support(FAN) <= larger.outer.support(FAN) + slack).all()
    if smaller.status.is_answer and larger.status.is_answer:
        assert (smaller.support(FAN) <= larger.support(FAN) + slack).all()


def check_linked_contains_sum(first, second, delta):
    issues = bg.IssueGame({"A": stage(first), "B": stage(second)})
    linked, unlinked = solve(issues, delta, "A,B"), solve(issues, delta, "A|B")
    assert_inside(unlinked, linked)
    parts = [solve(stage(payoffs), delta) for payoffs in (first, second)]
    if not any(part.is_empty for part in parts):
        np.testing.assert_allclose(unlinked.support(FAN), sum(part.support(FAN) for part in parts), atol=1e-9)
    else:
        assert unlinked.is_empty


def check_nested(payoffs, low, high, rates):
    a, b = sorted((low, high))
    less, more = solve(stage(payoffs), a), solve(stage(payoffs), b)
    assert_inside(less, more)
    for solution in (less, more):
        if solution.status.is_answer:
            assert len(solution.vertices) <= 3 * np.size(payoffs[0])
    # Along a rate ray, not in one factor alone: fewer periods a year.
    ray = [tuple(1.0 / (1.0 + multiple * rate) for rate in rates) for multiple in (1.7, 0.6)]
    assert_inside(solve(stage(payoffs), ray[0]), solve(stage(payoffs), ray[1]))


def check_affine(payoffs, delta, maps):
    image = [[[scale * u + shift for u in row] for row in matrix] for matrix, (scale, shift) in zip(payoffs, maps, strict=True)]
    base, moved = solve(stage(payoffs), delta), solve(stage(image), delta)
    assert base.status is moved.status
    assert len(base.inner.vertices) > 0 or len(moved.inner.vertices) == 0
    if len(base.vertices):
        expected = base.vertices * [maps[0][0], maps[1][0]] + [maps[0][1], maps[1][1]]
        np.testing.assert_allclose(supports(moved.vertices), supports(expected), atol=1e-5 * max(maps[0][0], maps[1][0]))
    for profile in np.ndindex(*np.shape(payoffs[0])):
        before, after = (bg.critical_delta(stage(g), profile, "nash") for g in (payoffs, image))
        assert before.sustainable == after.sustainable
        np.testing.assert_allclose(before.value, after.value, atol=1e-12)


def check_swap(payoffs, delta):
    base, swapped = solve(stage(payoffs), delta), solve(stage(transposed(payoffs)), delta[::-1])
    assert base.status is swapped.status
    if base.status.is_answer:
        np.testing.assert_allclose(supports(swapped.vertices[:, ::-1]), supports(base.vertices), atol=1e-6)
    else:
        assert_inside(base, bg_swapped(swapped))
    a, b = (bg.nash_equilibria(stage(g)) for g in (payoffs, transposed(payoffs)))
    assert {tuple(map(tuple, pair)) for pair in a.profiles} == {tuple(map(tuple, pair[::-1])) for pair in b.profiles}
    m, n = bg.minmax(stage(payoffs)), bg.minmax(stage(transposed(payoffs)))
    assert m.pure.tolist() == n.pure.tolist()[::-1]


def bg_swapped(solution):
    """A solution seen from the other side, as far as containment is concerned."""

    class Mirror:
        status = solution.status
        outer = bg.PayoffSet.hull(solution.outer.vertices[:, ::-1])

        @staticmethod
        def support(directions):
            return solution.support(directions[:, ::-1])

    return Mirror


def check_linking_lowers_thresholds(first, second):
    """Dominant-strategy dilemmas: T > R > P > S for each side."""
    games = [dilemma(*us, second=cn) for us, cn in (first, second)]
    both = {"A": (0, 0), "B": (0, 0)}
    unlinked = [bg.critical_delta(game, (0, 0)).value for game in games]
    linked = bg.critical_delta(bg.IssueGame(dict(zip("AB", games, strict=True))), both).value
    own = [[(T - R) / (T - P) for T, R, P, _ in issue] for issue in (first, second)]
    np.testing.assert_allclose(unlinked, [max(pair) for pair in own], atol=1e-9)
    pooled = max(
        sum(issue[i][0] - issue[i][1] for issue in (first, second)) / sum(issue[i][0] - issue[i][2] for issue in (first, second))
        for i in (0, 1)
    )
    assert linked == pytest.approx(pooled, abs=1e-9)
    assert linked <= max(unlinked) + 1e-12
    worst = max(max(pair) for pair in own)
    no_gain = any(own[0][i] == own[1][i] == worst for i in (0, 1))
    assert (linked >= max(unlinked) - 1e-12) == no_gain


factors = st.tuples(st.sampled_from([0.3, 1.0, 2.5]), st.sampled_from([0.2, 1.0, 3.1]))
affine = st.tuples(*[st.tuples(st.sampled_from([1, 3, 250]), st.sampled_from([-7, 0, 1000]))] * 2)
issue = st.tuples(*[st.lists(st.integers(-3, 6), min_size=4, max_size=4, unique=True).map(lambda u: tuple(sorted(u, reverse=True)))] * 2)


def property_tests(check, **arguments):
    """The same property with few examples by default and many behind ``-m full``."""

    def few(self, **drawn):
        check(**drawn)

    def many(self, **drawn):
        check(**drawn)

    return FEW(given(**arguments)(few)), pytest.mark.full(MANY(given(**arguments)(many)))


class TestP1LinkedContainsTheSum:
    test_few, test_many = property_tests(check_linked_contains_sum, first=small, second=small, delta=deltas)


class TestP2NestedInPatience:
    test_few, test_many = property_tests(check_nested, payoffs=payoff_arrays(most=3), low=deltas, high=deltas, rates=factors)


class TestP3PositiveAffineMaps:
    test_few, test_many = property_tests(check_affine, payoffs=payoff_arrays(most=3), delta=deltas, maps=affine)


class TestP4SwappingPlayers:
    test_few, test_many = property_tests(check_swap, payoffs=payoff_arrays(most=3), delta=st.tuples(deltas, deltas))


class TestP5LinkingLowersThresholds:
    test_few, test_many = property_tests(check_linking_lowers_thresholds, first=issue, second=issue)
