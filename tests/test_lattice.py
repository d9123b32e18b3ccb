"""The linkage lattice: every partition of the stylised game, closed forms, columns, refusals."""

import math

import numpy as np
import pytest
from catalogue import ANALYTIC, DILEMMA, dilemma, stage
from test_critical_delta import lattice_case

import bargaining as bg

BRIEFING = lattice_case()
AGREEMENTS = {
    "civil": {"T": (0, 0), "R": (0, 1), "C": (0, 0)},
    "all_released": {"T": (0, 0), "R": (0, 2), "C": (0, 0)},
    "civil_for_chips": {"T": (0, 0), "R": (0, 1), "C": (1, 0)},
    "full": {"T": (0, 0), "R": (0, 2), "C": (1, 0)},
}
# What each agreement needs on each block, from the closed form of the analytic case.
NEEDS = dict(zip(ANALYTIC["linkage_lattice_baseline"]["inputs"]["blocks"], ANALYTIC["linkage_lattice_baseline"]["expected"], strict=True))
NEVER = math.nan
CRITICAL = {
    ("T,R,C", "civil"): NEEDS["T+Rciv"],
    ("T,R,C", "all_released"): NEEDS["T+Rall"],
    ("T,R,C", "civil_for_chips"): NEEDS["T+Rciv+C"],
    ("T,R,C", "full"): NEEDS["T+Rall+C"],
    ("T,R|C", "civil"): NEEDS["T+Rciv"],
    ("T,R|C", "all_released"): NEEDS["T+Rall"],
    ("T,R|C", "full"): NEVER,
    ("T|R,C", "civil"): NEVER,
    ("T|R,C", "full"): max(NEEDS["T"], NEEDS["Rall+C"]),
    ("T,C|R", "full"): NEVER,
    ("T|R|C", "full"): NEVER,
    ("T|R|C", "civil"): NEVER,
}
SURPLUS = {
    "T|R|C": (2.90, 2.90, 2.90, 2.90, 2.90, 2.90, 2.90),
    "T,R|C": (3.37, 3.60, 3.60, 3.71, 3.85, 3.95, 4.00),
    "T|R,C": (2.90, 2.90, 2.90, 2.90, 4.28, 4.30, 4.30),
    "T,C|R": (2.90, 2.90, 2.90, 3.03, 3.09, 3.15, 3.20),
    "T,R,C": (3.37, 3.60, 4.30, 4.30, 4.30, 4.30, 4.30),
}
DELTAS = (0.40, 0.45, 0.50, 0.60, 0.70, 0.80, 0.90)
COLUMNS = {
    *("partition", "agreement", "sustained", "critical_delta", "critical_delta_nash", "rate_multiple", "verdict", "violated", "voluntary"),
    *("tie", "breakdown_hazard", "retaliation_lag", "best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus", "best_stationary"),
    *("bargain_us", "bargain_cn", "status", "error_bound"),
}


@pytest.fixture(scope="module")
def lattices():
    """The lattice at each discount factor, solved once."""
    solved = {}

    def at(delta):
        if delta not in solved:
            solved[delta] = bg.linkage_lattice(bg.RepeatedGame(BRIEFING, delta), AGREEMENTS)
        return solved[delta]

    return at


def cells(lattice):
    return {(row["partition"], row["agreement"]): row for row in lattice.rows()}


def test_linkage_lattice_baseline(lattices):
    rows = cells(lattices(0.6))
    assert len(rows) == 5 * 4
    for cell, expected in CRITICAL.items():
        row = rows[cell]
        if math.isnan(expected):
            assert row["verdict"] == "never", cell
            assert math.isnan(row["critical_delta"]), cell
            assert row["violated"], cell
            assert row["sustained"] is False, cell
        else:
            assert row["verdict"] == "patience", cell
            assert row["critical_delta"] == pytest.approx(expected, abs=1e-9), cell
            assert row["critical_delta_nash"] == pytest.approx(expected, abs=1e-9), cell
            assert row["sustained"] is (expected <= 0.6), cell
            # A common factor: rates may be multiplied by (1 - δ*)/δ* over (1 - δ)/δ.
            assert row["rate_multiple"] == pytest.approx((1 - expected) / expected / (0.4 / 0.6), rel=1e-8), cell
        assert row["status"] == "solved", cell


@pytest.mark.parametrize("delta", DELTAS)
def test_joint_surplus_table(lattices, delta):
    lattice = lattices(delta)
    for partition, expected in SURPLUS.items():
        found = lattice.sets[partition]
        assert found.status is bg.Status.solved, (partition, found.status)
        assert found.support([1, 1]) == pytest.approx(expected[DELTAS.index(delta)], abs=0.005 + 1e-9), partition
    for row in lattice.rows():
        assert row["joint_surplus"] == pytest.approx(lattice.sets[row["partition"]].support([1, 1]), abs=1e-12)


def test_a_threshold_that_binds_exactly_is_met(lattices):
    at, below = cells(lattices(0.45)), cells(bg.linkage_lattice(bg.RepeatedGame(BRIEFING, 0.4499), AGREEMENTS, ["T,R|C"]))
    assert at["T,R|C", "civil"]["sustained"] is True
    assert at["T,R|C", "civil"]["tie"] is True
    assert at["T,R|C", "civil"]["retaliation_lag"] == 1
    assert below["T,R|C", "civil"]["sustained"] is False
    assert cells(lattices(0.6))["T,R|C", "civil"]["tie"] is False


def test_best_and_worst_are_those_of_the_sets(lattices):
    lattice = lattices(0.6)
    for row in lattice.rows():
        V = lattice.sets[row["partition"]]
        best, worst = V.vertices.max(axis=0), V.punishment_payoffs
        assert [row["best_us"], row["best_cn"]] == pytest.approx(best.tolist(), abs=1e-12)
        assert [row["worst_us"], row["worst_cn"]] == pytest.approx(worst.tolist(), abs=1e-12)
        bargain = np.array([row["bargain_us"], row["bargain_cn"]])
        assert V.contains(bargain, 1e-8)
        # No vertex has a larger Nash product over the worst payoffs.
        assert np.prod(bargain - worst) >= max(np.prod(V.vertices - worst, axis=1)) - 1e-9
    by_partition = {row["partition"]: row for row in lattice.rows()}
    assert by_partition["T,R,C"]["best_stationary"] == "full"
    assert by_partition["T,R|C"]["best_stationary"] == "civil"


def test_coarser_partitions_have_larger_sets(lattices):
    sets = lattices(0.7).sets
    fan = np.array([[np.cos(t), np.sin(t)] for t in np.linspace(0, 2 * np.pi, 48)])
    for finer, coarser in (
        ("T|R|C", "T,R|C"),
        ("T|R|C", "T|R,C"),
        ("T|R|C", "T,C|R"),
        ("T,R|C", "T,R,C"),
        ("T|R,C", "T,R,C"),
        ("T,C|R", "T,R,C"),
    ):
        assert (sets[finer].support(fan) <= sets[coarser].support(fan) + 1e-8).all()


def test_the_table(lattices):
    lattice = lattices(0.6)
    frame = lattice.to_frame()
    assert set(frame.columns) >= COLUMNS
    assert len(frame) == len(lattice.rows()) == 20
    assert lattice.status is bg.Status.solved
    assert all(isinstance(value, (str, float, int, bool, type(None))) for row in lattice.rows() for value in row.values())
    assert [row["partition"] for row in lattice.rows()][::4] == ["T,R,C", "T|R,C", "T,R|C", "T,C|R", "T|R|C"]


@pytest.mark.parametrize("lag", [1, 2, 3])
def test_pd_lag2(lag):
    """Full cooperation survives retaliation L periods late exactly from (δ*)^(1/L) on."""
    case = ANALYTIC["pd_lag2"]
    issue = bg.IssueGame({"T": dilemma(case["inputs"]["T"], case["inputs"]["R"], case["inputs"]["P"], 0)})
    threshold = 0.5 ** (1 / lag)
    if lag == case["inputs"]["L"]:
        assert threshold == pytest.approx(case["expected"], abs=case["tolerance"])
    for delta, survived in ((threshold + 1e-6, lag), (threshold - 1e-6, lag - 1)):
        (row,) = bg.linkage_lattice(bg.RepeatedGame(issue, delta), {"truce": {"T": (0, 0)}}).rows()
        assert row["retaliation_lag"] == survived


def test_breakdown_hazard_of_a_closed_form():
    """(1 - h) δ falls to δ* at h* = 1 - δ*/δ."""
    issue = bg.IssueGame({"T": stage(DILEMMA)})
    (row,) = bg.linkage_lattice(bg.RepeatedGame(issue, 0.8), {"truce": {"T": (0, 0)}}).rows()
    assert row["breakdown_hazard"] == pytest.approx(1 - 0.5 / 0.8, abs=1e-6)
    (row,) = bg.linkage_lattice(bg.RepeatedGame(issue, (0.8, 0.6)), {"truce": {"T": (0, 0)}}).rows()
    assert row["breakdown_hazard"] == pytest.approx(1 - 0.5 / 0.6, abs=1e-6)
    # Rates (1/4, 2/3): the binding side is the impatient one, at rate 1 = (1 - δ*)/δ*.
    assert row["rate_multiple"] == pytest.approx(1.5, rel=1e-8)
    assert row["critical_delta"] == pytest.approx(0.5, abs=1e-12)


def test_static_empty_and_ties():
    pennies = stage([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    issues = bg.IssueGame({"T": stage(DILEMMA), "M": pennies})
    rows = cells(bg.linkage_lattice(bg.RepeatedGame(issues, 0.6), {"a": {"T": (1, 1), "M": (0, 0)}}))
    assert rows["T|M", "a"]["verdict"] == "empty"
    assert rows["T|M", "a"]["sustained"] is False
    assert math.isnan(rows["T|M", "a"]["worst_us"])
    static = cells(bg.linkage_lattice(bg.RepeatedGame(bg.IssueGame({"T": stage(DILEMMA)}), 0.6), {"war": {"T": (1, 1)}}))["T", "war"]
    assert (static["verdict"], static["critical_delta"], static["sustained"]) == ("static", 0.0, True)
    assert static["breakdown_hazard"] == 1.0
    assert static["retaliation_lag"] == math.inf
    assert static["voluntary"] is True
    # b = 1 exactly: easing costs nothing, a tie.
    free = bg.IssueGame({"C": bg.game([[0.0], [0.0]], [[0.0], [1.0]])})
    row = cells(bg.linkage_lattice(bg.RepeatedGame(free, 0.6), {"ease": {"C": (1, 0)}}))["C", "ease"]
    assert (row["verdict"], row["tie"]) == ("static", True)


def test_extortion_is_flagged():
    """Bernheim-Whinston pooling can sustain play worse for one side than the static equilibrium."""
    issues = bg.IssueGame({"T": stage(DILEMMA), "G": stage([[[0, -2.5], [0, 0]], [[0, 1], [0, 0]]])})
    rows = cells(
        bg.linkage_lattice(bg.RepeatedGame(issues, 0.9), {"extorted": {"T": (0, 0), "G": (0, 1)}, "truce": {"T": (0, 0), "G": (1, 0)}})
    )
    assert rows["T,G", "extorted"]["voluntary"] is False
    assert rows["T,G", "truce"]["voluntary"] is True


def test_partitions_can_be_chosen_and_default_agreements_are_all_profiles():
    game = bg.RepeatedGame(bg.IssueGame({"R": stage([[[0.0, 1.0]], [[0.0, -0.2]]]), "C": stage([[[0.0], [-0.6]], [[0.0], [1.0]]])}), 0.7)
    lattice = bg.linkage_lattice(game, partitions=["C|R"])
    assert {row["partition"] for row in lattice.rows()} == {"R|C"}
    assert len(lattice.rows()) == 4
    assert list(bg.linkage_lattice(game).sets) == ["R,C", "R|C"]


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda g: bg.linkage_lattice(g, {"x": {"T": (0, 0), "R": (0, 0)}}), r"agreement says nothing on issue 'C'"),
        (lambda g: bg.linkage_lattice(g, {"x": {"T": (0, 0), "R": (0, 0), "K": (0, 0)}}), r"unknown issue 'K'"),
        (lambda g: bg.linkage_lattice(g, {"x": {"T": ("truse", 0), "R": (0, 0), "C": (0, 0)}}), r"issue 'T': U\.S\. has no action 'truse'"),
        (lambda g: bg.linkage_lattice(g, AGREEMENTS, ["T,R"]), r"partition 'T,R': issue 'C' stands 0 times"),
        (lambda g: bg.linkage_lattice(g, AGREEMENTS, ["T,R|X"]), r"unknown issue 'X'"),
        (lambda g: bg.linkage_lattice(bg.RepeatedGame(stage(DILEMMA), 0.5)), r"expected a RepeatedGame over an IssueGame"),
        (lambda g: bg.linkage_lattice(BRIEFING), r"expected a RepeatedGame over an IssueGame"),
        (
            lambda g: bg.linkage_lattice(bg.RepeatedGame(bg.IssueGame({"T": stage(DILEMMA)}, np.ones((2, 2, 2))), 0.5)),
            r"not separable .*\(a\).*\(b\).*\(c\)",
        ),
    ],
)
def test_bad_input_is_one_line(call, line):
    with pytest.raises(ValueError, match=line) as raised:
        call(bg.RepeatedGame(BRIEFING, 0.6))
    assert "\n" not in str(raised.value)
