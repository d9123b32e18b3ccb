"""The reference itself, against published sets and by hand."""

import itertools
from fractions import Fraction

import pytest
import twin
from catalogue import DILEMMA, ONE_SIDED_HELP, PERFECT_MONITORING, assert_same_set


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), PERFECT_MONITORING)
def test_published_sets(payoffs, delta, vertices, tolerance, request):
    slow = {"jyc_cournot15_d08": "225 profiles", "pd_d0999": "needs 27,000 sweeps"}
    if request.node.callspec.id in slow:
        pytest.skip(f"{slow[request.node.callspec.id]}: the compiled solver is tested on it")
    span = max(max(map(max, m)) - min(map(min, m)) for m in payoffs)
    assert_same_set(twin.payoff_set(payoffs, delta), vertices, max(tolerance, 1e-10 * span))


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), [p for p in PERFECT_MONITORING if "as2014" not in p.id])
def test_published_rational_sets_are_exact_fixed_points(payoffs, delta, vertices, tolerance):
    g = [[[twin.rational(u) for u in row] for row in matrix] for matrix in payoffs]
    W = twin.hull([tuple(twin.rational(x).limit_denominator(10**6) for x in vertex) for vertex in vertices])
    if len(payoffs[0]) == 15:
        pytest.skip("vertices are not simple fractions")
    assert twin.operator(W, g, twin.pair(delta)) == W


def test_knife_edge_needs_exact_arithmetic_and_gets_it():
    payoffs = next(p.values[0] for p in PERFECT_MONITORING if p.id == "knife_edge_3x4-0.5")
    at = twin.hull(
        [
            (Fraction(0), Fraction(7, 2)),
            (Fraction(1, 2), Fraction(2)),
            (Fraction(8, 5), Fraction(2)),
            (Fraction(7, 2), Fraction(5, 2)),
            (Fraction(3), Fraction(5)),
        ]
    )
    g = [[[Fraction(u) for u in map(int, row)] for row in matrix] for matrix in payoffs]
    assert twin.operator(at, g, (Fraction(1, 2),) * 2) == at
    below = Fraction(1, 2) - Fraction(1, 10**8)
    assert twin.operator(at, g, (below, below)) != at


def test_exact_sweeps_are_supersets_that_shrink():
    sizes = [twin.payoff_set(DILEMMA, (0.6, 0.95), exact=True, sweeps=k) for k in range(5)]
    assert sizes[0] == [(0, 0), (5, 0), (5, 5), (0, 5)]
    for larger, smaller in itertools.pairwise(sizes):
        assert all(twin.support(larger, d) >= twin.support(smaller, d) for d in [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-2, 3)])
    assert all(isinstance(x, Fraction) for vertex in sizes[-1] for x in vertex)


def test_unequal_patience_trades_over_time():
    W = twin.payoff_set(DILEMMA, (0.6, 0.95))
    assert twin.support(W, (1, 1)) == pytest.approx(7.559, abs=5e-4)
    assert twin.support(W, (1, 1)) > 6.0


@pytest.mark.parametrize("delta_us", ["4/5", "17/20", "9/10"])
def test_exact_sweeps_keep_an_incentive_that_binds_exactly(delta_us):
    # China's incentive in (0, 1) binds at exactly 1/2; (0, 1) once and (0, 2) afterwards deters the U.S. from leaving (0, 2).
    d = Fraction(delta_us)
    W = twin.payoff_set(ONE_SIDED_HELP, (d, Fraction(1, 2)), exact=True, sweeps=25)
    assert all(twin.support(W, f) >= f[0] * (4 * d - 3 * (1 - d)) + f[1] * Fraction(13, 2) for f in [(-1, 0), (-1, -1), (0, 1), (-3, 1)])
    for delta_cn, sustained in ((0.501, True), (0.499, False)):
        W = twin.payoff_set(ONE_SIDED_HELP, (d, delta_cn))
        assert twin.sustains(W, ONE_SIDED_HELP, (d, delta_cn), (0, 2), slack=1e-9) is sustained


@pytest.mark.parametrize(
    ("payoffs", "vertices"),
    [
        ([[[0, -1]], [[0, 2]]], [(-1, 2)]),  # one mover, dominated action: a point, not a segment
        ([[[0, 1]], [[0, 0]]], [(0, 0), (1, 0)]),  # one mover, a tie: a segment
        ([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], []),  # matching pennies
        ([[[2]], [[7]]], [(2, 7)]),
    ],
)
@pytest.mark.parametrize("exact", [False, True])
def test_degenerate_sets(payoffs, vertices, exact):
    # Exact sweeps only approach a point geometrically, so only the sets reached in finitely many sweeps are compared exactly.
    got = twin.payoff_set(payoffs, 0.5, exact=exact, sweeps=60)
    assert_same_set(got, vertices, 1e-10)
