"""Convex sets of payoff pairs: no true corner is lost, whatever the scale."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import twin
from catalogue import FAN, assert_same_set, supports
from hypothesis import example, given
from hypothesis import strategies as st

from bargaining.payoff_set import PayoffSet, minkowski_sum

SQUARE = PayoffSet.hull([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1], [1, 0]])
EMPTY = PayoffSet(np.empty((0, 2)))
points = st.lists(st.tuples(st.integers(-6, 6), st.integers(-6, 6)), min_size=1, max_size=12)
maps = st.tuples(st.sampled_from([1e-10, 1.0, 3.7, 1e12]), st.sampled_from([0.0, -2.5, 1e3]))


def corners(payoff_set):
    return {tuple(map(float, vertex)) for vertex in payoff_set.vertices}


@pytest.mark.parametrize(
    ("cloud", "expected"),
    [
        # A corner of the Abreu-Sannikov set that an absolute epsilon in the cross product drops.
        ([[0.0, 0.0], [1e-9, 5.0], [20.0, 0.0], [0.0, 9.0], [9.0, 9.0]], {(0.0, 0.0), (20.0, 0.0), (0.0, 9.0), (9.0, 9.0)}),
        # Abscissas that differ by rounding only: sorted by them, the highest point comes between two others.
        ([[0.0, 0.0], [1e-16, 1.0], [2e-16, 0.5], [1.0, 0.5]], {(0.0, 0.0), (1e-16, 1.0), (1.0, 0.5)}),
        ([[0.0, 0.5], [1e-15, 1.0], [2e-15, 0.0], [1.0, 0.5]], {(1e-15, 1.0), (2e-15, 0.0), (1.0, 0.5)}),
        ([[1.0, 0.5], [1.0 - 1e-16, 1.0], [1.0 - 2e-16, 0.0], [0.0, 0.5]], {(1.0 - 1e-16, 1.0), (1.0 - 2e-16, 0.0), (0.0, 0.5)}),
        # A needle: its tip is close to the line through the other corners.
        ([[-2.0, -2.0], [0.0, 1e-15], [6.0, 6.0]], {(-2.0, -2.0), (6.0, 6.0)}),
        ([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]], {(0.0, 0.0), (2.0, 2.0)}),
        # Each player's spread is its own unit, unless it is a rounding error of the numbers themselves.
        ([[0.0, 0.0], [1.0, 1e-12], [2.0, 0.0]], {(0.0, 0.0), (1.0, 1e-12), (2.0, 0.0)}),
        ([[0.0, 1e9], [1.0, 1e9 + 1.2e-7], [2.0, 1e9]], {(0.0, 1e9), (2.0, 1e9)}),
        ([[3.0, 4.0]] * 3, {(3.0, 4.0)}),
        ([[0.0, 1.0], [0.0, -1.0], [0.0, 0.0]], {(0.0, 1.0), (0.0, -1.0)}),
    ],
)
def test_hull_keeps_exactly_the_corners(cloud, expected):
    for order in itertools.permutations(cloud):
        hull = PayoffSet.hull(order)
        assert corners(hull) == expected
        assert np.abs(hull.support(FAN) - supports(cloud)).max() <= 1e-13 * (1.0 + np.abs(cloud).max())


@given(points, maps)
@example([(0, 0), (1, 2), (2, 4), (3, 6)], (1e12, 1e3))
def test_hull_against_exact_arithmetic(cloud, affine):
    scale, shift = affine
    image = [(float(x * scale + shift * scale), float(y / scale)) for x, y in cloud]
    hull = PayoffSet.hull(image)
    expected = twin.hull([(Fraction(x), Fraction(y)) for x, y in cloud])
    assert corners(hull) == {(float(int(x) * scale + shift * scale), float(int(y) / scale)) for x, y in expected}
    if len(expected) > 2:
        assert hull.area == pytest.approx(
            float(sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(expected, expected[1:] + expected[:1], strict=True))) / 2
        )


@given(points)
def test_vertices_run_counter_clockwise(cloud):
    hull = PayoffSet.hull(cloud)
    v = hull.vertices
    if len(v) > 2:
        assert all(twin.cross(v[k - 2], v[k - 1], v[k]) > 0 for k in range(len(v)))
        assert hull.area > 0.0
    else:
        assert hull.area == 0.0


@given(points)
def test_support_is_the_largest_product(cloud):
    hull = PayoffSet.hull(cloud)
    np.testing.assert_allclose(hull.support(FAN), supports(cloud), atol=1e-12)
    assert hull.support([1, -1]) == max(x - y for x, y in cloud)
    assert type(hull.support([1, -1])) is float


def test_edges_that_are_level_up_to_rounding_keep_their_place_in_a_sum():
    """A side of three vertices that rises by a rounding on its way; walked in the order of angles it would be gone along twice."""
    rounded = PayoffSet.hull([[1.8e-13, 7.1e-14], [0.438, 7.1e-14], [1.0, 0.0], [0.0, 1.0]])
    crooked = PayoffSet(
        [[1.81806381313056e-13, 7.105427357601002e-14], [0.43799999999981787, 7.105427357601002e-14], [1.0, 0.0], [0.0, 1.0]]
    )
    for part in (rounded, crooked):
        np.testing.assert_allclose((part + PayoffSet([[2.0, 3.0]])).support(FAN), part.support(FAN) + FAN @ [2.0, 3.0], atol=1e-12)
        np.testing.assert_allclose((part + part).support(FAN), 2 * part.support(FAN), atol=1e-12)


@given(points, points)
def test_minkowski_sum_is_the_hull_of_all_sums(first, second):
    total = PayoffSet.hull(first) + PayoffSet.hull(second)
    brute = twin.hull([(x + u, y + v) for (x, y), (u, v) in itertools.product(first, second)])
    assert corners(total) == {(float(x), float(y)) for x, y in brute}
    np.testing.assert_allclose(total.support(FAN), PayoffSet.hull(first).support(FAN) + PayoffSet.hull(second).support(FAN), atol=1e-12)


@given(points, points, st.tuples(st.integers(-8, 8), st.integers(-8, 8)))
def test_distance_and_containment(first, second, point):
    a, b = PayoffSet.hull(first), PayoffSet.hull(second)
    inside = all(d @ np.array(point, float) <= h + 1e-9 for d, h in zip(_normals(a), a.support(_normals(a)), strict=True))
    assert a.contains(point, 1e-9) == inside
    assert a.distance(b) == pytest.approx(b.distance(a), abs=1e-12)
    assert a.distance(a) == 0.0
    # The Hausdorff distance of convex sets is the largest difference of their support functions (here over a fine fan: from below).
    fan = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 2 * np.pi, 2000)])
    gap = np.abs(a.support(fan) - b.support(fan)).max()
    assert gap <= a.distance(b) + 1e-9
    assert a.distance(b) <= gap + 20.0 * 2 * np.pi / 2000


def _normals(payoff_set):
    """Normals that describe the set: of its edges, both ways along a segment, of a box round a point."""
    v = payoff_set.vertices
    steps = np.roll(v, -1, axis=0) - v
    normals = [[dy, -dx] for dx, dy in steps] + [[1, 0], [-1, 0], [0, 1], [0, -1]]
    if len(v) == 2:
        normals += [steps[0].tolist(), (-steps[0]).tolist()]
    return np.array(normals, dtype=float)


def test_contains_the_boundary_and_within_tol():
    assert SQUARE.contains([0, 0])
    assert SQUARE.contains([2, 1])
    assert not SQUARE.contains([2.1, 1])
    assert SQUARE.contains([2.1, 1], tol=0.11)
    assert SQUARE.distance_to([3, 3]) == pytest.approx(np.sqrt(2))
    segment = PayoffSet.hull([[0, 0], [2, 2]])
    assert segment.contains([1, 1])
    assert not segment.contains([1, 1.001])
    assert not segment.contains([3, 3])
    assert segment.distance_to([3, 2]) == pytest.approx(1.0)


def test_empty_sets():
    assert EMPTY.is_empty
    assert EMPTY.area == 0.0
    assert EMPTY.support([1, 0]) == -np.inf
    assert EMPTY.support(FAN).tolist() == [-np.inf] * 64
    assert not EMPTY.contains([0, 0])
    assert EMPTY.distance(EMPTY) == 0.0
    assert EMPTY.distance(SQUARE) == SQUARE.distance(EMPTY) == float("inf")
    assert (EMPTY + SQUARE).is_empty
    assert minkowski_sum([SQUARE, EMPTY, SQUARE]).is_empty
    assert PayoffSet.hull([]).is_empty
    assert PayoffSet([]).is_empty


def test_sum_of_points_and_segments():
    assert_same_set((PayoffSet([[1, 2]]) + PayoffSet([[3, 4]])).vertices, [[4, 6]], 0.0)
    assert_same_set(
        minkowski_sum([PayoffSet([[0, 0], [1, 0]]), PayoffSet([[0, 0], [0, 1]]), PayoffSet([[5, 5]])]).vertices,
        [[5, 5], [6, 5], [6, 6], [5, 6]],
        0.0,
    )


def test_area_far_from_the_origin():
    assert PayoffSet(SQUARE.vertices + 1e9).area == 4.0


@pytest.mark.parametrize(
    ("vertices", "line"),
    [([[1, 2, 3]], "shape"), ([1, 2], "shape"), ([[0, 0], [np.nan, 1]], "row 1 is not finite"), ([[np.inf, 1]], "row 0")],
)
def test_bad_vertices(vertices, line):
    with pytest.raises(ValueError, match=line):
        PayoffSet(vertices)


def test_vertices_are_read_only_copies():
    source = np.array([[0.0, 0.0], [1.0, 1.0]])
    segment = PayoffSet(source)
    source[0, 0] = 9.0
    assert segment.vertices[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        segment.vertices[0, 0] = 1.0
