"""Experiments on deals: stationary deals, what each analysis says, reading, running, telling and drawing."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import bargaining as bg
from bargaining.cli import main
from bargaining.config import ConfigError
from bargaining.deals.conclusions import conclusions
from bargaining.deals.leverage import both_signs, patient_bounds
from bargaining.deals.setting import classify, without
from bargaining.deals.war import fight, holding_out
from bargaining.experiment import Experiment
from bargaining.running.experiments import Results, run
from bargaining.solvers.stationary import pick
from bargaining.store import read_manifest, read_table

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
NAMES = ("deals", "military_lock", "patience", "delay")


def test_stationary_deals_are_the_sustained_profiles_of_the_lattice() -> None:
    game = bg.scenario("briefing").game()
    deals = bg.stationary_deals(game)
    rows = bg.linkage_lattice(game).rows()
    for name, found in deals.items():
        held = {row["agreement"] for row in rows if row["partition"] == name and row["sustained"]}
        assert len(found.profiles) == len(held)
        assert found.undecided == 0
        best = max(row["best_stationary_surplus"] for row in rows if row["partition"] == name)
        assert found.payoffs.sum(axis=1).max() == pytest.approx(best)


def test_stationary_deals_with_their_own_patience_meet_the_incentive_constraints() -> None:
    game = bg.RepeatedGame(bg.scenario("briefing").game().stage, (0.55, 0.8))
    stage = game.stage_game()
    deals = bg.stationary_deals(game, ["T,R,C"])["T,R,C"]
    worst = deals.payoff_set.punishment_payoffs
    for profiles in deals.profiles:
        a, b = game.stage.joint_profile(profiles)
        for i, delta in enumerate(game.deltas):
            best = stage.payoffs[0][:, b].max() if i == 0 else stage.payoffs[1][a].max()
            assert (1 - delta) * best + delta * worst[i] <= stage.payoffs[i, a, b] + 1e-6


@pytest.mark.parametrize(
    ("delta", "stance", "deal"),
    # The two-sided table of thresholds of the stylised game: T+R civil .450, everything .486, T alone .400.
    [
        (0.44, "T,R|C", "truce only"),
        (0.46, "T,R|C", "London"),
        (0.6, "T|R|C", "truce only"),
        (0.48, "T,R,C", "London"),
        (0.49, "T,R,C", "grand bargain"),
        (0.39, "T,R,C", "static"),
    ],
)
def test_the_deal_each_stance_predicts_in_the_stylised_game(delta: float, stance: str, deal: str) -> None:
    game = bg.scenario("briefing", delta=delta).game()
    found = bg.stationary_deals(game, [stance])[stance]
    k = found.pick(found.payoff_set.punishment_payoffs)
    assert k is not None
    if deal == "static":
        # The truce is out of reach for both, but not what one of them can be made to do by the other's threats.
        assert classify(game.stage, found.profiles[k]) in ("static", "small swap", "conflict")
    else:
        assert classify(game.stage, found.profiles[k]) == deal


@pytest.mark.parametrize(
    ("us", "cn", "deal"),
    [
        ("truce", "truce", "London"),
        ("rollback", "truce", "U.S. rollback"),
        ("truce", "rollback", "Chinese rollback"),
        ("rollback", "rollback", "mutual rollback"),
    ],
)
def test_a_rollback_is_named_by_who_rolls_back(us: str, cn: str, deal: str) -> None:
    story = bg.scenario("standoff")
    issues = story.game().stage
    profiles = dict(issues.agreement(story.agreement("london")))
    actions = issues.issues["T"].actions
    profiles["T"] = (actions[0].index(us), actions[1].index(cn))
    assert classify(issues, profiles) == deal


def test_only_opposite_signs_are_a_flip() -> None:
    assert both_signs([0.2, -0.1])
    assert not both_signs([0.2, 0.0])
    assert not both_signs([0.0, -0.2])


def told(rows: list[dict[str, object]]) -> dict[object, tuple[object, object]]:
    return {row["conclusion"]: (row["holds"], row["of"]) for row in conclusions(rows)}


def test_a_loss_is_no_bargaining_value() -> None:
    row: dict[str, object] = {
        "run": "r",
        "point": 0,
        "analysis": "reserved_leverage",
        "partition": "T,R",
        "stance": None,
        "status": "solved",
    }
    row |= {"incentive_worst_us": 0.0, "incentive_worst_cn": 0.0, "incentive_joint_surplus": 0.0, "chip_worst_us": 0.0, "chip_flips": False}
    words = "T,R: no incentive value, some bargaining value to China"
    assert told([row | {"chip_worst_cn": 0.3}])[words] == (1, 1)
    assert told([row | {"chip_worst_cn": -0.3}])[words] == (0, 1)
    assert words not in told([row | {"chip_worst_cn": None}])


def test_a_missing_number_is_no_answer_on_patience() -> None:
    front: dict[str, object] = {"run": "r", "point": 0, "analysis": "patience", "partition": "T,R", "stance": None, "status": "solved"}
    line = [front | {"delta_us": d, "delta_cn": d, "area": d, "offers_us": offer} for d, offer in ((0.5, 1.0), (0.6, None), (0.7, 1.2))]
    words = "T,R: somewhere more patience of both costs the U.S. (alternating offers)"
    assert words not in told(line)
    line[1]["offers_us"] = 1.1
    assert told(line)[words] == (0, 1)
    line[1]["offers_us"], line[2]["offers_us"] = 0.9, None
    assert told(line)[words] == (1, 1)
    pairs = [
        front | {"delta_us": us, "delta_cn": 0.6, "area": us, "offers_us": offer} for us, offer in ((0.5, 1.0), (0.6, None), (0.7, 2.0))
    ]
    assert "T,R: own patience pays the U.S. (alternating offers)" not in told(pairs)


def test_rules_pick_what_they_should_from_finitely_many() -> None:
    points = [[0.0, 0.0], [4.0, 1.0], [2.0, 2.0], [1.0, 5.0]]
    assert pick(points, (0, 0), "nash") == 3
    assert pick(points, (0, 0), "utilitarian") == 3
    assert pick(points, (0, 0), "egalitarian") == 2
    assert pick(points, (0, 0), "kalai_smorodinsky") == 2
    assert pick(points, (3.5, 0), "nash") == 1
    assert pick(points, (5, 5)) is None
    assert pick([], (0, 0)) is None
    assert pick([[1, 1], [1, 1]], (1, 1)) == 0
    with pytest.raises(bg.GameError, match="did you mean 'nash'"):
        pick(points, (0, 0), "nasch")


def test_the_same_ranking_whatever_the_units() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        points = rng.integers(0, 9, (6, 2)).astype(float)
        for rule in ("nash", "kalai_smorodinsky"):
            k, scaled = pick(points, (0, 0), rule), pick(points * [1000.0, 0.001], (0, 0), rule)
            assert k == scaled


def test_without_an_action_the_tier_is_gone_and_nothing_else() -> None:
    issues = bg.scenario("standoff").game().stage
    closed = without(issues, ("full",))
    assert closed.issues["R"].actions[1] == ("withhold", "civil")
    assert np.array_equal(closed.issues["T"].payoffs, issues.issues["T"].payoffs)
    assert closed.issues["R"].payoffs.tolist() == issues.issues["R"].payoffs[:, :, :2].tolist()
    with pytest.raises(bg.GameError, match="no issue has an action nothing"):
        without(issues, ("nothing",))


@pytest.mark.parametrize("locked", [(), ("full",)])
@pytest.mark.parametrize("delta", [0.6, pytest.param(0.9, marks=pytest.mark.full)])
def test_patient_bounds_agree_with_set_iteration(delta: float, locked: tuple[str, ...]) -> None:
    # [D]: reconstructed, so held against the iteration of sets, which takes long where both are patient.
    issues = bg.scenario("briefing").game().stage
    stage = (without(issues, locked) if locked else issues).stage_game()
    closed = patient_bounds(stage, 4.3, delta)
    solved = bg.negotiate(bg.NegotiationGame(stage, 4.3, delta), tol=1e-6)
    assert closed == pytest.approx(solved.share_bounds, abs=1e-5)


def test_holding_out_lies_on_the_frontier_and_demands_what_it_should() -> None:
    corners = [[0, 0], [4, 0], [3, 2], [0, 3]]
    for side in (0, 1):
        for share in (0.3, 0.6, 0.9):
            point = holding_out(corners, (0, 0), side, share)
            assert point is not None
            assert point[side] == pytest.approx(share * (4, 3)[side]) or point[side] > share * (4, 3)[side]
            assert bg.PayoffSet(corners).distance_to(point) < 1e-12
            assert not bg.PayoffSet(corners).contains(point + 1e-6)
    assert holding_out(corners, (5, 5), 0, 0.5) is None


def test_a_war_of_attrition_leaves_each_side_its_concession() -> None:
    deals = ((3.0, 1.0), (1.0, 3.0))
    war = fight(deals, (0, 0), (0.9, 0.9))
    assert war is not None
    assert war.payoffs == pytest.approx([1.0, 1.0])
    assert war.expected_delay == pytest.approx((3 - 1) / (2 * -np.log(0.9) * 1))
    assert fight(((2.0, 2.0), (2.0, 2.0)), (0, 0), (0.9, 0.9)) is None


TEXT = """schema_version: 1
name: mine
question: Which deal?
runs:
  one:
    scenario: briefing
    solver: {name: predicted_deals, partitions: ["T,R|C", "T,R,C"], rules: [nash, kalai_smorodinsky]}
  mapped:
    scenario: briefing
    design: {grid: {easing_cost_us_units: [0.5, 2.2], delta: [0.46, 0.8]}}
    solver: {name: predicted_deals, partitions: ["T,R|C", "T,R,C"], rules: [nash]}
  lock:
    scenario: briefing
    design: {grid: {delta: [0.5, 0.6]}}
    solver: {name: reserved_leverage, partitions: ["T,R,C"]}
  patient:
    scenario: briefing
    solver: {name: patience, partitions: ["T,R|C", "T,R,C"], delta_us: [0.4, 0.6, 0.9]}
  own:
    scenario: briefing
    solver: {name: patience, partitions: ["T,R|C", "T,R,C"], delta_us: [0.6, 0.9], delta_cn: [0.6, 0.9]}
  war:
    scenario: briefing
    solver: {name: concession, partitions: ["T,R|C", "T,R,C"], lopsided_shares: [0.6, 0.8]}
  talks:
    scenario: briefing
    design: {grid: {delta: [0.5, 0.6]}}
    solver: {name: talks, partitions: ["T,R,C"], breakdown: [0, 0.36]}
  drawn:
    scenario: standoff
    design: {sample: {method: sobol, points: 2, seed: 3, over: [curb_security_ratio, military_cost_cn_ratio, military_value_us_busd]}}
    solver: {name: reserved_leverage, partitions: ["T,R,K|A"], patience: less}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deals")
    (path / "mine.yaml").write_text(TEXT)
    run(path / "mine.yaml", out=path / "results")
    return path


def of_run(folder: Path, name: str) -> list[dict[str, object]]:
    return [row for row in read_table(folder / "results" / "rows.csv") if row["run"] == name]


def test_nothing_fails_and_conclusions_are_those_of_the_rows(folder: Path) -> None:
    rows = read_table(folder / "results" / "rows.csv")
    assert {row["status"] for row in rows} <= {"solved", "empty"}
    assert read_table(folder / "results" / "conclusions.csv") == conclusions(rows)
    manifest = read_manifest(folder / "results")
    assert manifest is not None
    assert "conclusions.csv" in manifest["sha256"]


def test_the_refused_link_is_what_locks_the_military_tier_in_the_stylised_game(folder: Path) -> None:
    told = {row["conclusion"]: row["share"] for row in read_table(folder / "results" / "conclusions.csv") if row["run"] == "one"}
    assert told["Washington: the deal is London"] == 1
    assert told["Beijing: the deal is grand bargain"] == 1
    assert told["refusing the chip link is what locks the military tier (from worst equilibrium payoffs)"] == 1


def test_a_conclusion_that_flips_with_the_disagreement_point_is_flagged(folder: Path) -> None:
    rows = [row for row in of_run(folder, "one") if row["rule"] == "kalai_smorodinsky"]
    for partition in ("T,R|C", "T,R,C"):
        own = [row for row in rows if row["partition"] == partition and row["status"] == "solved"]
        for column, flag in (("deal", "deal_flips"), ("favours", "favours_flips")):
            assert {row[flag] for row in own} == {len({row[column] for row in own}) > 1}


def test_reserved_leverage_by_its_closed_forms(folder: Path) -> None:
    half, more = of_run(folder, "lock")
    # Easing for civil licences and for full release with tariffs linked: 22/35 and .4857, from payoffs 1.2, .3, 1.1, 1.5 and tariffs.
    assert more["easing_delta_closed"] == pytest.approx(22 / 35, abs=1e-6)
    assert more["easing_delta_open"] == pytest.approx(17 / 35, abs=1e-6)
    assert half["incentive_worst_us"] == half["incentive_worst_cn"] == 0
    # What U.S. talks lose when the tier is locked: w falls by b_full - c_full - (b_civil - c_civil) = .4, so m_CN rises by .4/(1+δ).
    assert more["lock_least_cn_closed_form"] == pytest.approx(0.4 / 1.6)
    assert more["lock_most_us_closed_form"] == pytest.approx(-0.6 * 0.4 / 1.6)
    assert more["lock_most_cn_closed_form"] == 0


def test_patience_enlarges_the_set_and_haggling_eats_it(folder: Path) -> None:
    rows = [row for row in of_run(folder, "patient") if row["partition"] == "T,R,C"]
    areas = [row["area"] for row in rows]
    assert areas == sorted(areas)
    assert rows[1]["net_surplus_static"] > rows[2]["net_surplus_static"]
    assert rows[0]["delay_static"] < rows[1]["delay_static"] < rows[2]["delay_static"]
    assert [row["contractual_level"] for row in rows][2] == pytest.approx(4.3)


def test_no_quid_pro_quo_meets_no_lopsided_deal(folder: Path) -> None:
    rows = [row for row in of_run(folder, "war") if row["disagreement"] == "static"]
    assert {(row["partition"], row["lopsided_share"]): row["outcome"] for row in rows}["T,R,C", 0.6] == "compatible"
    for row in rows:
        if row["outcome"] == "war":
            own = bg.concession(
                (row["no_quid_us"] - row["d_us"], row["no_lopsided_cn"] - row["d_cn"]),
                (-np.log(row["delta_us"]), -np.log(row["delta_cn"])),
                (row["obstinate_us"], row["obstinate_cn"]),
                concessions=(row["no_lopsided_us"] - row["d_us"], row["no_quid_cn"] - row["d_cn"]),
            )
            assert row["expected_delay"] == pytest.approx(own.expected_delay)
            assert 0 <= row["loss_share"] < 1
            assert row["settled_by_1"] <= row["settled_by_4"] <= row["settled_by_14"]


def test_figures_and_tables_of_every_analysis(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["run", str(folder / "mine.yaml"), "--out", str(folder / "results")])
    out, _ = capsys.readouterr()
    assert stopped.value.code == 0
    assert re.search(r"Beijing: the deal is grand bargain +1 +1 +100 %", out)
    drawn = {path.name for path in (folder / "results").glob("*.svg")}
    assert drawn == {
        "concession-war-central.svg",
        "conclusions-drawn.svg",
        "deals-map-mapped-central.svg",
        "deals-one-central.svg",
        "leverage-lock-central.svg",
        "own-patience-own-central.svg",
        "patience-patient-central.svg",
        "talks-talks-central.svg",
    }
    for name in drawn:
        head = (folder / "results" / name).read_text(encoding="utf-8")[:2000]
        width, height = (float(re.search(rf'{side}="([\d.]+)pt"', head).group(1)) for side in ("width", "height"))
        assert width > 300, f"{name}: {width} x {height}"
        assert 200 < height < 1200, f"{name}: {width} x {height}"
    points = read_table(folder / "results" / "points.csv")
    assert {row["partition"] for row in points if row["run"] == "one"} >= {"T,R,C", "T,R|C"}
    with pytest.raises(SystemExit) as stopped:
        main(["show", "deals"])
    assert stopped.value.code == 0
    assert "predicted_deals" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"T,R|C", "T,R,C"], rules: [nash, kalai', '"T,R|D", "T,R,C"], rules: [nash, kalai', "runs.one.solver.partitions.0: "),
        ("rules: [nash, kalai_smorodinsky]", "rules: [nasch]", "runs.one.solver.rules.0: "),
        ("name: concession,", "name: concessions,", "runs.war.solver.name: 'concessions' is not known; did you mean 'concession'"),
        ("lopsided_shares: [0.6, 0.8]", "lopsided_shares: [1.6]", "runs.war.solver.lopsided_shares.0: "),
        ("delta_us: [0.4, 0.6, 0.9]", "delta_us: [0.4, 1.0]", "runs.patient.solver.delta_us.1: "),
        ("delta_us: [0.4, 0.6, 0.9]", "delta_us: [0.4, 0.6, 0.4]", "runs.patient.solver.delta_us: 0.4 stands twice"),
        ("scenario: standoff", "scenario: court", "runs.drawn.solver.name: scenario 'court' is no repeated game over issues"),
        ("over: [curb_security_ratio,", "over: [curb_security,", "curb_security"),
    ],
)
def test_each_mistake_is_told_at_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in TEXT
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(ConfigError) as error:
        Experiment.load(path)
    assert any(expected in problem for problem in error.value.problems), error.value.problems


def test_a_story_without_a_military_tier_is_a_failed_row(tmp_path: Path) -> None:
    rows = conclusions([{"run": "one", "point": 0, "status": "failed"}])
    assert rows == []


@pytest.mark.parametrize("name", NAMES)
def test_smoke_profiles(smoke_results: Callable[[str], Results], name: str) -> None:
    results = smoke_results(name)
    assert set(results.statuses) <= {"solved", "empty"}
    assert read_table(results.folder / "conclusions.csv")
