"""The story of vetting: its signals, its audits, what honesty costs in closed form; and the experiment on noise."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.cli import main
from bargaining.config import ConfigError
from bargaining.experiment import Experiment
from bargaining.points import swept_points
from bargaining.report.monitored_answers import answers, claims
from bargaining.running.monitored import changed, linkage_of
from bargaining.scenarios import ScenarioError, scenario
from bargaining.store import read_manifest

ROOT = Path(__file__).parent.parent
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
WASHINGTON = {"agreement": "exchange", "partition": "T,R|C"}


def linkage(story, partition="T,R|C"):
    return linkage_of(story, {"agreement": "exchange", "partition": partition})


# The story


def test_what_is_seen():
    story = scenario("vetting")
    seen = story.monitorings()
    assert seen["T"].row((1, 0)) == (0, 0, 1, 0)
    assert seen["R"].signals == ("confirmed, clean", "confirmed, incident", "silent, clean", "silent, incident")
    shares = {"license": Fraction(9, 10), "withhold": Fraction(1, 20)}
    leaks = {("abide", "license"): Fraction(1, 20), ("divert", "license"): Fraction(1, 2), ("divert", "withhold"): Fraction(1, 20)}
    stage = story.issues().issues["R"]
    for (us, cn), leak in leaks.items():
        row = seen["R"].row(stage.profile((us, cn)))
        assert row == tuple(press * report for press in (shares[cn], 1 - shares[cn]) for report in (1 - leak, leak))
    chips = story.issues().issues["C"]
    assert seen["C"].row(chips.profile(("curb", "smuggle"))) == (0, 0, Fraction(3, 5), Fraction(2, 5))
    assert story.overt() == {"T": ("hold / raise", "raise / hold", "raise / raise"), "C": ("curb, clean", "curb, incident")}


def test_what_cheating_is_worth():
    stylised, calibrated = scenario("vetting").issues().issues, scenario("vetting", "calibrated").issues().issues
    assert stylised["R"].payoffs.tolist() == [[[0, 1], [0, 1.3]], [[0, -0.3], [0, -0.5]]]
    assert stylised["C"].payoffs[:, 1, 1].tolist() == pytest.approx([-1.2 - 2 * 0.225, 1.5 + 0.225])
    p = scenario("standoff").values
    leak = calibrated["R"].payoffs[:, 1, 1] - calibrated["R"].payoffs[:, 0, 1]
    assert leak.tolist() == pytest.approx([0.25 * p.military_value_us_busd, -0.25 * p.military_value_us_busd * p.military_cost_cn_ratio])
    assert (calibrated["R"].payoffs[:, :, 0] == calibrated["R"].payoffs[:, :1, 0]).all(), "nothing leaks of what is withheld"


def test_an_audit_is_part_of_the_deal_and_rarer_errs():
    story = scenario("vetting", audit="both")
    assert story.agreement("exchange") == {"T": ("hold", "hold"), "R": ("abide", "license + audit"), "C": ("ease + audit", "abide")}
    assert story.agreement("green_channel")["R"] == ("abide", "license")
    chips, seen = story.issues().issues["C"], story.monitorings()["C"]
    audited, plain = (seen.row(chips.profile((own, "smuggle"))) for own in ("ease + audit", "ease"))
    assert (plain[1], audited[1]) == (Fraction(2, 5), 1 - Fraction(3, 5) * Fraction(3, 10))
    assert chips.payoffs[0, 3, 0] - chips.payoffs[0, 2, 0] == pytest.approx(-0.02)


def test_closed_form_of_honesty():
    """On its own block each noisy temptation costs p g / (q - p): a leak to the U.S., a licence withheld in secret to China."""
    found = linkage(scenario("vetting"))
    assert found.unlinked.kept == ("T", "R")
    assert 1.5 + 1.0 - 0.45 - found.unlinked.payoffs[0] == pytest.approx(0.05 * 0.3 / 0.45, abs=1e-12)
    assert 1.4 - 0.3 + 0.225 - found.unlinked.payoffs[1] == pytest.approx(0.1 * 0.3 / 0.85, abs=1e-12)
    assert any("= 0.033 a period" in line for line in scenario("vetting").explain())


def test_chips_alone_need_linkage_unless_honest_use_pays_for_easing():
    assert linkage(scenario("vetting")).unlinked.sustained is False
    harmful = scenario("vetting", smuggling_harm_ratio=6.0)
    assert linkage(harmful).unlinked.kept == ("T", "R", "C")
    assert "chips can stand alone" in harmful.explain()[-1]


@FEW
@given(
    rates=st.tuples(*[st.sampled_from([0.3, 0.5, 0.7, 0.9])] * 2),
    more=st.sampled_from(["magnets_detection_share", "chips_detection_share"]),
    delta=st.sampled_from([0.62, 0.7, 0.9]),
    calibration=st.sampled_from(["stylised", "strategic"]),
)
def test_better_detection_never_hurts_where_linkage_is_optimal(rates, more, delta, calibration):
    """A higher detection rate at the same false alarms is a more informative signal, apart and linked; finer blocks are never better."""
    values = dict(zip(("magnets_detection_share", "chips_detection_share"), rates, strict=True), delta=delta)
    worse, better = (linkage(scenario("vetting", calibration, **{**values, more: values[more] + step})) for step in (0.0, 0.1))
    for regime in ("unlinked", "optimal"):
        assert getattr(better, regime).joint_payoff >= getattr(worse, regime).joint_payoff - 1e-12
        assert getattr(better, regime).critical_delta <= getattr(worse, regime).critical_delta + 1e-12
    story = scenario("vetting", calibration, **values)
    payoffs = [linkage(story, partition).unlinked.joint_payoff for partition in ("T|R|C", "T,R|C", "T,R,C")]
    assert payoffs == sorted(payoffs) or max(abs(a - b) for a, b in zip(payoffs, sorted(payoffs), strict=True)) < 1e-12
    assert linkage(story, "T,R,C").unlinked.joint_payoff == pytest.approx(worse.optimal.joint_payoff, abs=1e-12)


def test_refusals():
    with pytest.raises(ScenarioError, match=r"magnets_detection_share is 1\.5"):
        scenario("vetting", magnets_detection_share=1.5)
    with pytest.raises(ScenarioError, match="unknown parameter 'chips_detection'"):
        scenario("vetting", chips_detection=0.5)
    with pytest.raises(ScenarioError, match="has signals: its games are made one at a time"):
        type(scenario("vetting")).games({"rumour_share": [0.1]})


def test_declared_ranges():
    for calibration, absent in (("stylised", "audit_cost_busd"), ("calibrated", "audit_cost_units")):
        rows = {row["field"]: row for row in scenario("vetting", calibration).parameters()}
        assert absent not in rows
        assert rows["magnets_false_alarm_share"]["status"] == "assumption"
        assert rows["magnets_false_alarm_share"]["source_ids"] == ("q_military",)
        assert (rows["chips_detection_share"]["low"], rows["chips_detection_share"]["high"]) == (0.1, 0.8)


# The experiment


@pytest.fixture(scope="module")
def smoke(smoke_results):
    return smoke_results("noise")


def test_smoke(smoke):
    rows = smoke.rows()
    assert smoke.statuses == {"solved": len(rows)}
    for row in rows:
        assert row["linked_joint"] >= max(row["apart_joint"], row["tied_joint"]) - 1e-12
        gap = row["tied_joint"] - row["apart_joint"]
        assert row["verdict"] == ("link" if gap > 1e-9 else "firewall" if gap < -1e-9 else "tie")
    held = {row["delta"]: row for row in rows if row["run"] == "patience"}
    assert (held[0.55]["linked_sustained"], held[0.9]["linked_sustained"]) == (False, True)
    for regime, column in (("all_or_nothing", "tied"), ("optimal", "linked")):
        least = held[0.9][f"{column}_critical_delta"]
        near = [getattr(linkage(scenario("vetting", delta=least + step)), regime).sustained for step in (-1e-9, 1e-9)]
        assert near == [False, True]
    for row in held.values():
        assert row["linked_joint"] <= row["limit_linked"] + 1e-6
        assert row["apart_joint"] <= row["limit_apart"] + 1e-6


def test_a_gain_is_the_difference_that_the_change_makes(smoke):
    row = next(row for row in smoke.rows() if row["run"] == "green_channel" and row["magnets_detection_share"] == 0.3)
    before, after = (linkage(scenario("vetting", magnets_detection_share=q)) for q in (0.3, 0.35))
    assert row["vet_magnets_linked"] == pytest.approx(after.optimal.joint_payoff - before.optimal.joint_payoff, abs=1e-12)
    # 2 g p times the change of 1 / (q - p), the closed form.
    assert row["vet_magnets_apart"] == pytest.approx(0.3 * 0.05 * (1 / 0.25 - 1 / 0.30), abs=1e-12)
    assert changed({"q": 0.5}, {"q": "-0.1", "audit": "both"}) == {"q": 0.4, "audit": "both"}
    dear = next(row for row in smoke.rows() if row["run"] == "audit" and row["audit_cost_units"] == 0.1)
    assert dear["audit_chips_linked"] == 0.0, "nobody need conclude an agreement that is worth less"


def test_claims_and_answers(smoke):
    rows = [row for row in smoke.rows() if row["run"] == "map"]
    found = {claim.words: claim for claim in claims(rows)}
    assert found["Optimal linkage is worth at least as much as either"].grade == "always"
    link = found["Link: tying is worth more than keeping issues apart"]
    assert (link.holds, link.points) == (sum(row["verdict"] == "link" for row in rows), 8)
    assert 0 < link.low < link.share < link.high < 1
    told = answers({}, ["delta", "magnets_detection_share", "chips_detection_share"], rows)
    assert told[0] == "Proposition: optimal linkage is worth at least as much as either other regime: always (8 of 8)"
    assert answers({"draws": True}, ["rumour_share"], rows) == []
    wrong = [{**row, "linked_joint": row["apart_joint"] - 1.0} for row in rows]
    assert answers({}, ["delta"], wrong)[0].endswith("never (0 of 8)")


def test_draws_are_those_of_the_declared_ranges():
    experiment = Experiment.load(ROOT / "experiments" / "noise.yaml", "smoke")
    stylised, calibrated = (swept_points(experiment.runs[f"prior_{name}"], name) for name in ("stylised", "calibrated"))
    assert len(stylised) == len(calibrated) == 8
    assert "military_value_us_busd" in calibrated[0]
    assert "military_value_us_busd" not in stylised[0]
    assert len({point["correlation_share"] for point in stylised}) == 8
    assert all(0 < point["correlation_share"] < 0.5 for point in (*stylised, *calibrated))
    assert all(0.2 <= point["magnets_detection_share"] <= 0.9 for point in stylised)
    assert stylised == swept_points(experiment.runs["prior_stylised"], "stylised")


def test_tables_and_figures(smoke, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["run", str(ROOT / "experiments" / "noise.yaml"), "--profile", "smoke", "--out", str(smoke.folder)])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    for expected in (
        r"^0\.9 +F +L$",
        r"^Vetting chips raises the joint payoff",
        r"^- Proposition: optimal linkage",
        r"^ +0\.9 +3\.306 +3\.508 +3\.792 +link +cn$",
    ):
        assert re.search(expected, out, flags=re.MULTILINE), expected
    drawn = sorted(path.name for path in smoke.folder.glob("*.svg"))
    assert drawn == [
        *("noise-audit-stylised.svg", "noise-correlation-stylised.svg"),
        *("noise-green_channel-stylised.svg", "noise-green_channel_calibrated-strategic.svg"),
        *("noise-map-stylised.svg", "noise-map_calibrated-strategic.svg"),
        *("noise-patience-stylised.svg", "noise-prior_calibrated-calibrated.svg", "noise-prior_stylised-stylised.svg"),
    ]
    manifest = read_manifest(smoke.folder)
    assert manifest is not None
    assert manifest["runs"]["prior_stylised"]["draws"] is True


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("agreement: exchange", "agreement: exchang", "solver.agreement: unknown agreement 'exchang'; did you mean 'exchange'?"),
        ('partition: "T,R|C"', 'partition: "T,R|K"', "solver.partition: unknown issue 'K'"),
        (
            "{chips_detection_share: ",
            "{chip_detection_share: ",
            "unknown parameter of scenario 'vetting'; did you mean 'chips_detection_share'?",
        ),
        (
            '{chips_detection_share: "+0.05"}',
            '{chips_detection_share: "+-1"}',
            "solver.gains.vet_chips.chips_detection_share: '+-1': expected a",
        ),
        ("scenario: vetting", "scenario: briefing", "solver.name: scenario 'briefing' has no signals"),
        (
            'name: monitored_linkage, agreement: exchange, partition: "T,R|C"}',
            "name: linkage_lattice}",
            "is seen through signals: expected monitored_linkage",
        ),
        ("points: 512, seed: 2025}", "points: 512, seed: 2025, over: [audit_cost_busd]}", "design.sample: audit_cost_busd has no prior"),
    ],
)
def test_each_mistake_is_told_at_its_place(tmp_path, old, new, expected):
    text = (ROOT / "experiments" / "noise.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "noise.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        Experiment.load(path, "smoke")
    assert any(expected in problem for problem in error.value.problems), error.value.problems


def test_show(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["show", "vetting"])
    out = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "what is seen of R" in out
    with pytest.raises(SystemExit):
        main(["show", "vetting", "--json"])
    content = json.loads(capsys.readouterr().out)
    assert content["signals"]["C"]["names"][0] == "ease, clean"
    assert bg.scenario("vetting").game().monitoring.shape == (8, 8)
