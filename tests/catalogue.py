"""Games with published or proven answers (`tests/cases`), random small games, and how sets are compared."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

import bargaining as bg
from bargaining.games import exact

CASES = Path(__file__).parent / "cases"
FAN = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)])


def load(name):
    return json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))


ANALYTIC = {case["id"]: case for case in load("analytic")["cases"]}
STATIC = {case["id"]: case for case in load("static")}


def _perfect_monitoring():
    """(payoffs, δ, vertices, tolerance) of every published set, a row a discount factor, named by the case's id."""
    for case in load("repeated"):
        if case["method"] != "V_pure_public_randomization":
            continue
        payoffs, expected = case["game"]["payoffs"], case["expected"]
        if isinstance(case["delta"], list):
            for delta, vertices in expected.items():
                yield pytest.param(payoffs, float(delta), vertices, case["tolerance"], id=f"{case['id']}-{delta}")
        else:
            yield pytest.param(payoffs, case["delta"], expected["vertices"], case["tolerance"], id=case["id"])


PERFECT_MONITORING = list(_perfect_monitoring())
CRITICAL = next(case for case in load("repeated") if case["id"] == "sg_pd_critical")

DILEMMA = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]
ONE_SIDED_HELP = [[[-1, -3, 4], [-3, -3, 7], [4, -3, 4]], [[1, 6, 7], [-4, -1, 6], [7, -1, -3]]]


def stage(payoffs):
    return bg.StageGame(payoffs=payoffs)


def dilemma(T, R, P, S, second=None):
    """A prisoner's dilemma, action 0 cooperates; `second` gives China other payoffs (T, R, P, S)."""
    t, r, p, s = second or (T, R, P, S)
    return bg.game([[R, S], [T, P]], [[r, t], [s, p]])


def supports(vertices, directions=FAN):
    """Support function of the hull of `vertices`; -inf everywhere for none."""
    points = np.asarray(vertices, dtype=float).reshape(-1, 2)
    if not len(points):
        return np.full(len(directions), -np.inf)
    return (directions @ points.T).max(axis=1)


def assert_same_set(got, expected, tolerance):
    """Two convex sets given by vertices agree: both empty, or support functions within `tolerance` in 64 directions."""
    got, expected = np.asarray(got, dtype=float).reshape(-1, 2), np.asarray(expected, dtype=float).reshape(-1, 2)
    assert len(got) > 0 or len(expected) == 0, f"empty, expected {expected.tolist()}"
    assert len(expected) > 0 or len(got) == 0, f"expected the empty set, got {got.tolist()}"
    if len(expected):
        difference = np.abs(supports(got) - supports(expected)).max()
        assert difference <= tolerance, f"support differs by {difference:.3g} > {tolerance:g}: {got.tolist()} against {expected.tolist()}"


def matrices(rows, columns, low=-4, high=5):
    row = st.lists(st.integers(low, high), min_size=columns, max_size=columns)
    return st.lists(row, min_size=rows, max_size=rows)


@st.composite
def payoff_arrays(draw, most=3, low=-4, high=5):
    """Integer payoffs of both players, up to most × most."""
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    return [draw(matrices(rows, columns, low, high)), draw(matrices(rows, columns, low, high))]


def transposed(payoffs):
    """The same game with the players' names exchanged."""
    return [np.transpose(payoffs[1]).tolist(), np.transpose(payoffs[0]).tolist()]


def moved(payoffs, scale=1, shift=0):
    """Payoff matrices in other units."""
    return [[[float(exact(u) * exact(scale) + exact(shift)) for u in row] for row in matrix] for matrix in payoffs]


def refused(solution, *words):
    certificate = bg.verify(solution)
    assert not certificate, certificate.reason
    assert certificate.holds is False
    assert "\n" not in certificate.reason
    for word in words:
        assert word in certificate.reason
    return certificate
