"""Minmax payoffs: textbook values, the certificate on both sides, units."""

from fractions import Fraction

import numpy as np
import pytest
from catalogue import STATIC, payoff_arrays, stage, transposed
from hypothesis import given, settings
from scipy.optimize import linprog

import bargaining as bg
from bargaining.games import exact

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]


@pytest.mark.parametrize(
    ("payoffs", "pure", "mixed"),
    [
        ([[[3, 0], [5, 1]], [[3, 5], [0, 1]]], (1, 1), (1, 1)),
        (PENNIES, (1, 1), (0, 0)),
        ([[[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]], (1, 1), (0, 0)),
        # Fudenberg and Tirole 1991, figure 5.3: mixing pushes both from 1 down to 0.
        ([[[-2, 1], [1, -2], [0, 0]], [[2, -2], [-2, 2], [1, 1]]], (1, 1), (0, 0)),
        # The minmax payoff is below every Nash payoff: Abreu's Cournot example.
        ([[[10, 3, 0], [15, 7, -4], [7, 5, -15]], [[10, 15, 7], [3, 7, 5], [0, -4, -15]]], (0, 0), (0, 0)),
        ([[[0, -1]], [[0, 2]]], (-1, 2), (-1, 2)),
        ([[[4], [6]], [[1], [0]]], (6, 0), (6, 0)),
        ([[[7]], [[7]]], (7, 7), (7, 7)),
    ],
)
@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (1e-10, 0), (1e12, 0), (1, 1e9)])
def test_textbook_values_in_any_units(payoffs, pure, mixed, scale, shift):
    moved = [[[float(exact(u) * exact(scale) + exact(shift)) for u in row] for row in matrix] for matrix in payoffs]
    found = bg.minmax(stage(moved))
    assert found.status is bg.Status.solved
    assert found.pure.tolist() == [float(exact(v) * exact(scale) + exact(shift)) for v in pure]
    np.testing.assert_allclose((found.mixed - shift) / scale, mixed, atol=1e-9 if shift == 0 else 1e-6)


@settings(max_examples=60, deadline=None)
@given(payoff_arrays(most=4))
def test_punishments_hold_the_player_down_and_nothing_does_better(payoffs):
    found = bg.minmax(stage(payoffs))
    assert found.status is bg.Status.solved
    for player, own in enumerate((np.array(payoffs[0], float), np.array(payoffs[1], float).T)):
        assert found.pure[player] == own.max(axis=0).min() == own[:, found.pure_punishment[player]].max()
        y = found.mixed_punishment[player]
        assert y.min() >= 0.0
        assert y.sum() == pytest.approx(1.0, abs=1e-12)
        assert (own @ y).max() == pytest.approx(found.mixed[player], abs=1e-9)
        assert found.mixed[player] <= found.pure[player] + 1e-12
        # The player's own problem, a different program: maximise what it can guarantee itself.
        m, n = own.shape
        maxmin = linprog(
            [*np.zeros(m), -1.0],
            A_ub=np.hstack([-own.T, np.ones((n, 1))]),
            b_ub=np.zeros(n),
            A_eq=[[*np.ones(m), 0.0]],
            b_eq=[1.0],
            bounds=[(0, None)] * m + [(None, None)],
        )
        assert -maxmin.fun == pytest.approx(found.mixed[player], abs=1e-8)
        assert found.mixed[player] + 1e-12 >= -maxmin.fun - 1e-9 - found.error_bound
    mirrored = bg.minmax(stage(transposed(payoffs)))
    assert mirrored.pure.tolist() == found.pure.tolist()[::-1]
    np.testing.assert_allclose(mirrored.mixed, found.mixed[::-1], atol=1e-9)


@pytest.mark.parametrize("identifier", [name for name, case in STATIC.items() if max(case["shape"]) <= 6 and "scale" not in case["tags"]])
def test_no_equilibrium_pays_less_than_mixed_minmax(identifier):
    case = STATIC[identifier]
    found = bg.minmax(stage([[[float(Fraction(u)) for u in row] for row in case[side]] for side in "AB"]))
    worst = np.array([[float(Fraction(u)) for u in pair] for pair in case["payoffs"]]).min(axis=0)
    spans = found.game.payoffs.max(axis=(1, 2)) - found.game.payoffs.min(axis=(1, 2))
    assert (worst >= found.mixed - 1e-9 * spans).all()
    if "zero-sum" in case["tags"]:
        np.testing.assert_allclose(worst, found.mixed, atol=1e-9)


def test_issue_games_and_rows():
    issues = bg.IssueGame({"T": stage([[[3, 0], [5, 1]], [[3, 5], [0, 1]]]), "M": stage(PENNIES)})
    found = bg.minmax(issues)
    np.testing.assert_allclose(found.pure, [2, 2])
    np.testing.assert_allclose(found.mixed, [1, 1], atol=1e-9)
    assert {"pure_us", "pure_cn", "mixed_us", "mixed_cn", "status"} <= set(found.row())


@pytest.mark.parametrize(
    ("call", "line"), [(lambda: bg.minmax("pd"), "stage is a str"), (lambda: bg.minmax(stage(PENNIES), tol=2.0), "tol is 2.0")]
)
def test_bad_input(call, line):
    with pytest.raises(bg.GameError, match=line):
        call()
