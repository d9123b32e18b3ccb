"""Polygons in compiled loops: hulls of many points with and without the sieve, thinning, against an exact monotone chain."""

from fractions import Fraction

import numpy as np
import pytest

from bargaining.kernels.polygon import MANY_POINTS, hull, outer_points, thin_out


def compiled(points):
    order, chain = np.empty(len(points), dtype=np.int64), np.empty(2 * len(points) + 2, dtype=np.int64)
    return points[chain[: hull(points, len(points), order, chain)]]


def exact_hull(points):
    cloud = sorted({(Fraction(x), Fraction(y)) for x, y in points.tolist()})

    def half(ordered):
        out = []
        for p in ordered:
            while len(out) > 1 and (out[-1][0] - out[-2][0]) * (p[1] - out[-2][1]) <= (out[-1][1] - out[-2][1]) * (p[0] - out[-2][0]):
                out.pop()
            out.append(p)
        return out[:-1]

    return np.array(half(cloud) + half(cloud[::-1]), dtype=float).reshape(-1, 2) if len(cloud) > 1 else np.array(cloud, dtype=float)


@pytest.mark.parametrize("kind", ["integers", "normal", "circle", "segment", "vertical segment", "point", "shifted"])
@pytest.mark.parametrize("count", [5, MANY_POINTS - 1, MANY_POINTS, 300])
def test_the_sieve_loses_no_vertex(kind, count):
    generator = np.random.default_rng(count)
    integers = generator.integers(0, 6, (count, 2)).astype(float)
    angles = generator.uniform(0, 2 * np.pi, count)
    points = {
        "integers": integers,
        "normal": generator.normal(size=(count, 2)),
        "circle": np.column_stack([np.cos(angles), np.sin(angles)]),
        "segment": integers[:, :1] * [1.0, 2.0],
        "vertical segment": integers[:, :1] * [0.0, 1.0],
        "point": np.full((count, 2), 0.3),
        "shifted": 2.0**20 + integers,
    }[kind]
    np.testing.assert_array_equal(compiled(points), exact_hull(points))


def test_the_sieve_drops_what_is_inside():
    points = np.random.default_rng(1).normal(size=(300, 2))
    assert outer_points(points, 300, np.empty(300, dtype=np.int64)) < 60


def test_neighbours_on_one_edge_are_thinned_out_together():
    points = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1e-17, 0.75], [0.0, 0.5], [1e-17, 0.25]])
    chain = np.arange(6)
    assert chain[: thin_out(points, chain, 6, 1e-15)].tolist() == [0, 1, 2]
