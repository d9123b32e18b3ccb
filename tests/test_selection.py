"""Axiomatic selection, variable threats, and conclusions that flip with the disagreement point."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from catalogue import ANALYTIC
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import GameError
from bargaining.solvers.disagreement import as_vertices
from bargaining.solvers.plane import above, exact_hull, frontier
from bargaining.solvers.selection import RULES, selected

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
numbers = st.integers(-6, 9)
clouds = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=7)
points = st.tuples(numbers, numbers)
rules = st.sampled_from(RULES)


def fractions(cloud):
    return exact_hull([(Fraction(x), Fraction(y)) for x, y in cloud])


@pytest.mark.parametrize(("case", "rule"), [("nash_polygon", "nash"), ("ks_polygon", "kalai_smorodinsky"), ("egal_polygon", "egalitarian")])
def test_analytic_polygons(case, rule):
    known = ANALYTIC[case]
    got = bg.select(known["inputs"]["V"], known["inputs"]["d"], rule)
    np.testing.assert_allclose(got, known["expected"], rtol=0, atol=1e-14)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("corners", "d", "expected"),
    [
        ([[1, 1]], (0, 1), (1, 1)),
        ([[2, 0], [2, 3]], (0, 0), (2, 3)),
        ([[0, 2], [3, 2]], (1, 1), (3, 2)),
        ([[0, 0], [2, 0], [2, 2], [0, 2]], (2, 2), (2, 2)),
        ([[0, 0], [4, 0], [0, 4]], (0, 4), (0, 4)),
    ],
    ids=["point", "vertical", "horizontal", "corner is the disagreement point", "nothing to gain"],
)
def test_degenerate_frontiers(rule, corners, d, expected):
    assert bg.select(corners, d, rule).tolist() == list(expected)


def test_vertical_edge_is_taken_to_its_top_and_the_ray_may_miss_the_set():
    # Both rays leave the square's lower strip; lexicographic max-min goes to the Pareto point.
    assert bg.select([[0, 0], [10, 0], [10, 1], [0, 1]], (0, 0), "egalitarian").tolist() == [10.0, 1.0]
    assert bg.select([[2, 0], [4, 1], [4, 2]], (0, 0), "egalitarian").tolist() == [4.0, 2.0]


def test_utilitarian_ties_go_to_equal_gains():
    assert bg.select([[0, 4], [4, 0]], (1, 0), "utilitarian").tolist() == [2.5, 1.5]
    assert bg.select([[0, 4], [4, 0]], (1, 0), "utilitarian", weights=(2, 1)).tolist() == [4.0, 0.0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0, 0], [1, 1]], (2, 0), "nash"), "no point of the set is at least as good"),
        (([], (0, 0), "nash"), "payoff_set is empty"),
        (([[0, 0]], (0, float("nan")), "nash"), "disagreement .*: expected two finite numbers"),
        (([[0, 0, 1]], (0, 0), "nash"), "expected two finite numbers"),
        (("abc", (0, 0), "nash"), "expected a payoff set or points"),
        (([[0, 0]], (0, 0), "kalai_smorod"), "did you mean 'kalai_smorodinsky'"),
    ],
)
def test_bad_input_is_one_line(arguments, words):
    with pytest.raises(GameError, match=words) as caught:
        bg.select(*arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("weights", "rule", "words"), [((0, 1), "nash", "two positive"), ((1, 2), "kalai_smorodinsky", "takes none")])
def test_bad_weights(weights, rule, words):
    with pytest.raises(GameError, match=words):
        bg.select([[0, 0], [1, 1]], (0, 0), rule, weights=weights)


@QUICK
@given(clouds, points, rules)
def test_the_choice_is_feasible_rational_and_efficient(cloud, d, rule):
    polygon, d = fractions(cloud), (Fraction(d[0]), Fraction(d[1]))
    assume(above(polygon, d))
    x = selected(polygon, d, rule)
    assert x[0] >= d[0]
    assert x[1] >= d[1]
    edge = frontier(above(polygon, d))
    assert exact_hull([*polygon, x]) == polygon or x in polygon or len(exact_hull([*polygon, x])) == len(polygon)
    # No corner, and no point of the frontier, is better for both.
    assert not any(v[0] >= x[0] and v[1] >= x[1] and v != x for v in edge)


@QUICK
@given(clouds, points, st.tuples(st.integers(1, 5), st.integers(1, 5)), points)
def test_scale_covariance(cloud, d, scale, shift):
    polygon, d = fractions(cloud), (Fraction(d[0]), Fraction(d[1]))
    assume(above(polygon, d))
    for rule in ("nash", "kalai_smorodinsky"):
        image = exact_hull([(scale[0] * x + shift[0], scale[1] * y + shift[1]) for x, y in polygon])
        x = selected(polygon, d, rule)
        moved = selected(image, (scale[0] * d[0] + shift[0], scale[1] * d[1] + shift[1]), rule)
        assert moved == (scale[0] * x[0] + shift[0], scale[1] * x[1] + shift[1])


@QUICK
@given(clouds, st.integers(-6, 9), rules)
def test_symmetry_and_p10(cloud, d, rule):
    """P10: on a symmetric set with a symmetric disagreement point Nash, Kalai–Smorodinsky and egalitarian coincide."""
    polygon = fractions([*cloud, *((y, x) for x, y in cloud)])
    d = (Fraction(d), Fraction(d))
    assume(above(polygon, d))
    x = selected(polygon, d, rule)
    assert x[0] == x[1]
    assert x == selected(polygon, d, "nash")


@QUICK
@given(clouds, points, st.integers(-6, 9))
def test_independence_of_irrelevant_alternatives(cloud, d, bound):
    """Cutting away what was not chosen does not move the Nash solution."""
    polygon, d = fractions(cloud), (Fraction(d[0]), Fraction(d[1]))
    assume(above(polygon, d))
    x = selected(polygon, d, "nash", (2, 1))
    smaller = exact_hull([x, *(v for v in above(polygon, d) if v[0] + v[1] <= bound)])
    assert selected(smaller, d, "nash", (2, 1)) == x


def worse_off(x, d, scale=(1, 1)):
    return min((x[0] - d[0]) / scale[0], (x[1] - d[1]) / scale[1])


@QUICK
@given(clouds, points, clouds)
def test_monotonicity(cloud, d, more):
    """Egalitarian on comprehensive sets: a larger set hurts nobody. Kalai–Smorodinsky: nor does one with the same ideal point."""
    d = (Fraction(d[0]), Fraction(d[1]))

    def comprehensive(points):
        return exact_hull([d, *((x, y) for x, y in points), *((x, d[1]) for x, _ in points), *((d[0], y) for _, y in points)])

    inside = above(fractions(cloud), d)
    assume(inside)
    small = comprehensive(inside)
    large = comprehensive([*inside, *above(fractions(more), d)])
    # Of the smaller gain: where the frontier is flat the lexicographic choice gives the other side more than its equal share.
    assert worse_off(selected(large, d, "egalitarian"), d) >= worse_off(selected(small, d, "egalitarian"), d)
    ideal = max(x for x, _ in small), max(y for _, y in small)
    assume(ideal[0] > d[0] and ideal[1] > d[1])
    same = comprehensive([*inside, *(v for v in above(fractions(more), d) if v[0] <= ideal[0] and v[1] <= ideal[1])])
    scale = ideal[0] - d[0], ideal[1] - d[1]
    a, b = selected(small, d, "kalai_smorodinsky"), selected(same, d, "kalai_smorodinsky")
    assert worse_off(b, d, scale) >= worse_off(a, d, scale)


@QUICK
@given(clouds, points, st.tuples(st.integers(1, 3), st.integers(1, 3)))
def test_against_a_fine_walk_of_the_frontier(cloud, d, weights):
    polygon, start = fractions(cloud), (Fraction(d[0]), Fraction(d[1]))
    assume(above(polygon, start))
    edge = np.array([[float(v) for v in point] for point in frontier(above(polygon, start))])
    walk = np.concatenate([a + np.linspace(0, 1, 400)[:, None] * (b - a) for a, b in pairwise(edge)] or [edge])
    gains = walk - np.array(d, dtype=float)
    best = (gains**weights).prod(axis=1).max()
    chosen = np.array([float(v) for v in selected(polygon, start, "nash", weights)]) - d
    assert (chosen**weights).prod() >= best * (1 - 1e-12)
    assert min(np.array([float(v) for v in selected(polygon, start, "egalitarian")]) - d) >= gains.min(axis=1).max() - 1e-12


# Variable threats


def test_nash_threat_tu():
    case = ANALYTIC["nash_threat_tu"]
    bargain = bg.nash_with_threats(bg.game(case["inputs"]["A"], case["inputs"]["B"]), transfers=True)
    np.testing.assert_allclose(bargain.point, case["expected"], rtol=0, atol=1e-12)
    assert bargain.error_bound <= 1e-12


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.lists(st.tuples(st.integers(-4, 5), st.integers(-4, 5)), min_size=3, max_size=3), min_size=2, max_size=2))
def test_threats_are_an_equilibrium_of_the_threat_game(table):
    """Independent of the method: against the other's threat no threat of one's own makes the ordinary Nash solution better."""
    A, B = np.array([[u for u, _ in row] for row in table], float), np.array([[v for _, v in row] for row in table], float)
    bargain = bg.nash_with_threats(bg.game(A, B))
    x, y = bargain.threats
    hull = np.stack([A.ravel(), B.ravel()], axis=1)

    def agreed(x, y):
        return bg.select(hull, [x @ A @ y - 1e-12, x @ B @ y - 1e-12])

    np.testing.assert_allclose(agreed(x, y), bargain.point, atol=1e-6)
    assert max(agreed(own, y)[0] for own in np.eye(2)) <= bargain.point[0] + 1e-6
    assert max(agreed(x, own)[1] for own in np.eye(3)) <= bargain.point[1] + 1e-6


def test_threats_on_degenerate_and_foreign_sets():
    game = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    assert bg.nash_with_threats(game).point.tolist() == [3.0, 3.0]
    assert bg.nash_with_threats(game, [[2, 2]]).point.tolist() == [2.0, 2.0]
    assert bg.nash_with_threats(bg.game([[2]], [[3]])).point.tolist() == [2.0, 3.0]
    with pytest.raises(GameError, match="threats earn"):
        bg.nash_with_threats(game, [[0, 0]])
    with pytest.raises(GameError, match="nothing to agree on"):
        bg.nash_with_threats(game, [])


# Disagreement points


def test_disagreement_points_name_every_static_equilibrium():
    chicken = bg.game([[0, -1], [1, -5]], [[0, 1], [-1, -5]], actions=[["yield", "hold"]] * 2)
    found = bg.disagreement_points(chicken, [[-1, -1], [1, 1]], state=(0.5, 0))
    assert set(found) == {
        *("static Nash yield/hold", "static Nash hold/yield", "static Nash mixed/mixed"),
        *("pure minmax", "mixed minmax", "worst equilibrium payoffs", "variable threats", "state"),
    }
    assert found["static Nash yield/hold"].tolist() == [-1.0, 1.0]
    assert found["worst equilibrium payoffs"].tolist() == [-1.0, -1.0]
    assert found["state"].tolist() == [0.5, 0.0]


def test_a_conclusion_that_flips_is_flagged():
    chicken = bg.game([[0, -1], [1, -5]], [[0, 1], [-1, -5]], actions=[["yield", "hold"]] * 2)
    corners = [[-1, 1], [0, 0], [1, -1], [-1, -1]]
    points = bg.disagreement_points(chicken, corners)
    deals = {"U.S. yields": (-1, 1), "China yields": (1, -1), "both yield": (0, 0)}
    table = bg.bargaining_table(corners, points, deals=deals)
    rows = {(row["rule"], row["disagreement"]): row for row in table.rows()}
    assert rows["nash", "static Nash yield/hold"]["deal"] == "U.S. yields"
    assert rows["nash", "static Nash hold/yield"]["favours"] == "U.S."
    assert table.flips["nash", "deal"]
    assert "favours" in rows["nash", "pure minmax"]["flips"]
    assert len(table.rows()) == 4 * len(points)
    calm = bg.bargaining_table(corners, {"a": (-1, -1), "b": (-0.5, -0.5)}, ["nash"], deals=deals)
    assert not any(calm.flips.values())
    assert list(calm.to_frame()["deal"]) == ["both yield"] * 2
    far = bg.bargaining_table(corners, {"far": (3, 3)}, ["nash"])
    assert far.rows()[0]["status"] == "empty"
    assert as_vertices([]).shape == (0, 2)


def test_linkage_hurts_one_side_nbs():
    case = ANALYTIC["linkage_hurts_one_side_nbs"]
    inputs = case["inputs"]
    issues = bg.IssueGame({name: bg.game(*inputs[f"issue{name}"]) for name in "AB"})
    game = bg.RepeatedGame(issues, inputs["delta"])
    static = [point for name, point in bg.disagreement_points(issues).items() if name.startswith("static")]
    assert [point.tolist() for point in static] == [[2.0, 1.0]]
    got = [bg.select(bg.equilibrium_set(game, partition), static[0]) for partition in ("A|B", "A,B")]
    np.testing.assert_allclose(np.concatenate(got), case["expected"], atol=1e-6)
