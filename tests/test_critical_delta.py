"""How patient both must be: closed forms, exact brackets, honest verdicts."""

from fractions import Fraction

import numpy as np
import pytest
import twin
from catalogue import ANALYTIC, CRITICAL, DILEMMA, dilemma, stage

import bargaining as bg
from bargaining.games import exact


def critical(game, agreement, punishment="optimal", **options):
    found = bg.critical_delta(game, agreement, punishment, **options)
    if found.sustainable and found.status is bg.Status.solved:
        assert found.lower <= found.value <= found.upper
        assert found.upper - found.lower <= 1e-8
    return found


def lattice_case():
    p = ANALYTIC["linkage_lattice_baseline"]["inputs"]
    t, r, c = p["T"], p["R"], p["C"]
    return bg.IssueGame(
        {
            "T": dilemma(*(t["US"][k] for k in "TRPS"), second=tuple(t["CN"][k] for k in "TRPS")),
            "R": bg.game([[0.0, r["b_civ"], r["b_all"]]], [[0.0, -r["c_civ"], -r["c_all"]]]),
            "C": bg.game([[0.0], [-c["c"]]], [[0.0], [c["b"]]]),
        }
    )


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
@pytest.mark.parametrize("position", range(7))
def test_linkage_lattice_baseline(position, punishment):
    case = ANALYTIC["linkage_lattice_baseline"]
    parts = case["inputs"]["blocks"][position].split("+")
    release = {"Rciv": 1, "Rall": 2}
    block = ",".join(part[0] for part in parts)
    joint = bg.IssueGame({part[0]: lattice_case().issues[part[0]] for part in parts})
    agreement = {part[0]: {"T": (0, 0), "C": (1, 0)}.get(part, (0, release.get(part, 0))) for part in parts}
    found = critical(joint, agreement, punishment)
    assert block == ",".join(joint.names)
    # Deviation gain 1.0 against a loss of 1.0 and so on: payoffs are read as decimals, so the closed form is met to rounding.
    assert found.value == pytest.approx(case["expected"][position], abs=1e-12)
    assert found.status is bg.Status.solved


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_pd_grim(punishment):
    case = ANALYTIC["pd_grim"]
    found = critical(dilemma(**case["inputs"]), (0, 0), punishment)
    assert found.value == pytest.approx(case["expected"], abs=1e-15)
    assert found.sustainable
    assert critical(dilemma(**case["inputs"]), (1, 1), punishment).value == 0.0


def test_sg_pd_critical():
    found = critical(stage(CRITICAL["game"]["payoffs"]), (1, 1))
    assert found.value == pytest.approx(1 / 3, abs=CRITICAL["tolerance"])
    assert found.lower <= 1 / 3 <= found.upper + 1e-16


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_bw_pooling(punishment):
    case = ANALYTIC["bw_pooling"]
    us, cn = (tuple(case["inputs"]["issueA"][who][k] for k in "TRPS") for who in ("US", "CN"))
    first, second = dilemma(*us, second=cn), dilemma(*cn, second=us)
    unlinked = max(critical(game, (0, 0), punishment).value for game in (first, second))
    linked = critical(bg.IssueGame({"A": first, "B": second}), {"A": (0, 0), "B": (0, 0)}, punishment).value
    assert [unlinked, linked] == pytest.approx(case["expected"], abs=1e-12)


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_bw_irrelevance(punishment):
    case = ANALYTIC["bw_irrelevance"]
    A = dilemma(*case["inputs"]["issueA"])
    B = dilemma(*(2 * u + 1 for u in case["inputs"]["issueA"]))
    alone = [critical(game, (0, 0), punishment).value for game in (A, B)]
    linked = critical(bg.IssueGame({"A": A, "B": B}), {"A": (0, 0), "B": (0, 0)}, punishment).value
    assert [*alone, linked] == pytest.approx([case["expected"]] * 3, abs=1e-12)


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_one_sided_full(punishment):
    case = ANALYTIC["one_sided_full"]
    p = case["inputs"]
    chips, earths = bg.game([[0.0], [-p["cC"]]], [[0.0], [p["bC"]]]), bg.game([[0.0, p["bR"]]], [[0.0, -p["cR"]]])
    found = critical(bg.IssueGame({"C": chips, "R": earths}), {"C": (1, 0), "R": (0, 1)}, punishment)
    assert found.value == pytest.approx(case["expected"], abs=1e-12)
    for alone, profile in ((chips, (1, 0)), (earths, (0, 1))):
        never = critical(alone, profile, punishment)
        assert not never.sustainable
        assert np.isnan(never.value)
        assert never.status is bg.Status.solved
        assert "can always have" in never.binding


def test_one_sided_geometric_mean():
    case = ANALYTIC["one_sided_geometric_mean"]
    p = case["inputs"]
    eased = [Fraction(k, 26) for k in range(27)]
    issues = bg.IssueGame(
        {
            "C": bg.game([[float(-exact(p["cC"]) * x)] for x in eased], [[float(exact(p["bC"]) * x)] for x in eased]),
            "R": bg.game([[0.0, p["bR"]]], [[0.0, -p["cR"]]]),
        }
    )
    found = {k: critical(issues, {"C": (k, 0), "R": (0, 1)}, "nash") for k in range(1, 27)}
    thresholds = {k: answer.value for k, answer in found.items() if answer.sustainable}
    best = min(thresholds, key=thresholds.get)
    assert min(thresholds) == 6  # less easing than a fifth is worth less to China than what it gives
    assert best == 15
    assert thresholds[best] == pytest.approx(case["expected"], abs=case["tolerance"])
    assert thresholds[26] == pytest.approx(ANALYTIC["one_sided_full"]["expected"], abs=1e-12)
    assert critical(issues, {"C": (best, 0), "R": (0, 1)}).value == pytest.approx(thresholds[best], abs=1e-9)


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_military_lock(punishment):
    case = ANALYTIC["military_lock"]
    p = case["inputs"]
    civil, both = p["b_civ"], float(exact(p["b_civ"]) + exact(p["b_mil"]))
    cost = float(exact(p["c_civ"]) + exact(p["c_mil"]))
    issues = bg.IssueGame(
        {"R": bg.game([[0.0, civil, both]], [[0.0, -p["c_civ"], -cost]]), "C": bg.game([[0.0], [-p["cC"]]], [[0.0], [p["bC"]]])}
    )
    thresholds = [critical(issues, {"R": (0, tier), "C": (1, 0)}, punishment).value for tier in (1, 2)]
    assert thresholds == pytest.approx(case["expected"], abs=1e-12)


def test_cournot_nash_reversion():
    case = ANALYTIC["cournot_nash_reversion"]
    # Collusive, Nash, best reply to collusion, and Abreu's stick: no other quantity pair is a static equilibrium.
    quantities = [Fraction(1, 4), Fraction(1, 3), Fraction(3, 8), Fraction(5, 12)]
    A = [[float(q * (1 - q - other)) for other in quantities] for q in quantities]
    game = bg.game(A, np.transpose(A))
    assert bg.nash_equilibria(game, method="pure").pure() == ((1, 1),)
    assert critical(game, (0, 0), "nash").value == pytest.approx(case["expected"], abs=1e-12)
    assert critical(game, (0, 0)).value < case["expected"] - 0.1


def tariffs(steps):
    """Symmetric two-good exchange: own tariff and the other's on a grid of [0, 1]."""
    grid = [Fraction(k, steps) for k in range(steps + 1)]
    A = [[float((1 - t) ** 2 / 8 + t * (1 - t) / 2 + (1 + s) ** 2 / 8 + (1 - s) / 2) for s in grid] for t in grid]
    return bg.game(A, np.transpose(A))


def test_tariff_nash():
    case = ANALYTIC["tariff_nash"]
    found = bg.nash_equilibria(tariffs(12), method="pure")
    assert found.pure() == ((4, 4),)
    assert [4 / 12, found.payoffs[0, 0]] == pytest.approx(case["expected"], abs=case["tolerance"])


@pytest.mark.parametrize("steps", [6, 12])
def test_tariff_free_trade_thresholds(steps):
    case = ANALYTIC["tariff_free_trade_thresholds"]
    game = tariffs(steps)
    thresholds = [critical(game, (0, 0), punishment).value for punishment in ("nash", "optimal")]
    assert thresholds == pytest.approx(case["expected"][:2], abs=case["tolerance"])


def test_asymmetric_tariff_sticks_punish_harder():
    """3/8 is the best of symmetric penal codes; on finer grids unequal sticks sustain free trade below it, exactly proven."""
    game = tariffs(24)
    below = bg.equilibrium_set(bg.RepeatedGame(game, 0.37))
    assert below.status is bg.Status.solved
    assert below.inner_proof is not None
    assert twin.sustains(below.inner.vertices.tolist(), game.payoffs.tolist(), 0.37, (0, 0))
    worst = below.inner_proof.vertices[below.inner_proof.punishments[0]]
    a, b = below.inner_proof.profiles[below.inner_proof.punishments[0]]
    assert a != b
    assert float(worst[0]) == pytest.approx(below.punishment_payoffs[0], abs=below.error_bound)


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
@pytest.mark.parametrize(("scale", "shift"), [(1e-10, 0), (1e12, 0), (1, 1e9)])
def test_units_do_not_matter(scale, shift, punishment):
    moved = [[[float(exact(u) * exact(scale) + exact(shift)) for u in row] for row in matrix] for matrix in DILEMMA]
    assert critical(bg.game(moved[0], DILEMMA[1]), (0, 0), punishment).value == pytest.approx(0.5, abs=1e-8)


@pytest.mark.parametrize("punishment", ["optimal", "nash"])
def test_the_bracket_brackets_the_set(punishment):
    """Solving V(δ) on either side of the threshold agrees with it."""
    payoffs = [[[10, 3, 0], [15, 7, -4], [7, 5, -15]], [[10, 15, 7], [3, 7, 5], [0, -4, -15]]]
    found = critical(stage(payoffs), (0, 0), punishment)
    if punishment == "nash":
        assert found.value == pytest.approx(0.625, abs=1e-12)
        return
    for delta, sustained in ((found.upper + 1e-4, True), (found.lower - 1e-4, False)):
        V = bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta))
        assert V.status is bg.Status.solved
        assert twin.sustains(V.vertices.tolist(), payoffs, delta, (0, 0), 1e-9) is sustained


def test_static_never_and_no_static_equilibrium():
    pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    for punishment in ("optimal", "nash"):
        found = critical(pennies, (0, 0), punishment)
        assert not found.sustainable
        assert np.isnan(found.value)
    assert critical(bg.game([[1, 0], [0, 2]], [[1, 0], [0, 2]]), (0, 0)).value == 0.0
    # A punishment that pays exactly what the agreement does deters nothing.
    never = critical(bg.game([[1, 0], [2, 1]], [[1, 2], [0, 1]]), (0, 0))
    assert not never.sustainable


def test_labels_and_mappings_name_agreements():
    named = bg.game(*DILEMMA, actions=[("truce", "raise")] * 2)
    assert bg.critical_delta(named, ("truce", "truce")).value == 0.5
    issues = bg.IssueGame({"T": named})
    assert bg.critical_delta(issues, {"T": ("truce", "truce")}).value == 0.5
    assert "raise" in bg.critical_delta(named, (0, 0)).binding


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (lambda: bg.critical_delta(stage(DILEMMA), ("truce", 0)), r"U\.S\. has no action 'truce'"),
        (lambda: bg.critical_delta(stage(DILEMMA), (0, 5)), r"China has no action 5"),
        (lambda: bg.critical_delta(stage(DILEMMA), "full"), r"agreement 'full': expected a pair of actions"),
        (lambda: bg.critical_delta(stage(DILEMMA), (0, 0), "grim"), r"punishment.*'grim'.*'optimal'.*'nash'"),
        (lambda: bg.critical_delta(stage(DILEMMA), (0, 0), delta_max=1.0), r"delta_max"),
        (lambda: bg.critical_delta(bg.IssueGame({"T": stage(DILEMMA)}), {"X": (0, 0)}), r"unknown issue 'X'"),
        (lambda: bg.critical_delta("pd", (0, 0)), r"stage is a str"),
    ],
)
def test_bad_input_is_one_line(call, line):
    with pytest.raises(ValueError, match=line) as raised:
        call()
    assert "\n" not in str(raised.value)
