import itertools
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from bargaining.payoff_set import PayoffSet
from bargaining.report import lattice, page, phase, report, sets
from bargaining.report.source import Case, ReportError, Results
from bargaining.store import POINT_COLUMNS, table_text

PARTITIONS = ["T,R,C", "T,R|C", "T,C|R", "T|R,C", "T|R|C"]
STANCES = {"Washington": "T,R|C", "Beijing": "T,R,C", "issue by issue": "T|R|C"}
ISSUES = {"T": "tariffs", "R": "rare earths", "C": "chips (the best ones)", "K": "countermeasures", "A": "AI chips"}
SQUARE = [[-1.0, -1.0], [2.0, -1.0], [2.0, 2.0], [-1.0, 2.0]]
THRESHOLD, COERCION = 0.25, 2.0

Row = dict[str, object]


def row(partition: str, agreement: str | None = None, **other: object) -> Row:
    found: Row = {
        "run": "talks",
        "point": 0,
        "scenario": "briefing",
        "calibration": "central",
        "stance": None,
        "delta_us": 0.6,
        "delta_cn": 0.7,
        "partition": partition,
        "agreement": agreement,
        "sustained": True,
        "critical_delta": 0.4503,
        "verdict": "patience",
        "violated": None,
        "voluntary": True,
        "tie": False,
        "best_us": 2.0,
        "best_cn": 2.0,
        "worst_us": -1.0,
        "worst_cn": -1.0,
        "joint_surplus": 4.0,
        "status": "solved",
        "error_bound": 1e-9,
    }
    return {**found, **other}


def talks() -> list[Row]:
    rows = [row(name, agreement) for name in PARTITIONS for agreement in ("civil", "full")]
    rows[1] |= {
        "verdict": "never",
        "sustained": False,
        "critical_delta": None,
        "violated": "U.S. gains 1.2 by curbing; China loses -3 a period",
    }
    rows[5] |= {"verdict": "never", "sustained": False, "critical_delta": None, "violated": "China loses -3 a period", "status": "max_iter"}
    rows[6] |= {"verdict": "undecided", "sustained": None, "critical_delta": None, "violated": "left open", "status": "undecided"}
    rows[2] |= {"voluntary": False, "critical_delta": 0.5}
    rows[3] |= {"verdict": "static", "critical_delta": 0.0, "tie": True}
    rows[4] |= {"sustained": False, "critical_delta": 0.875}
    return rows


def grid() -> list[Row]:
    """Known signs: left of the threshold rare earths threaten, right of it they create surplus; chips add a prize below b = 2."""
    rows = []
    values = itertools.product(np.linspace(-1, 1, 9), np.linspace(0.5, 3, 6))
    for point, (value, ratio) in enumerate(values):
        front = {"run": "phase", "scenario": "standoff", "point": point, phase.X: float(value), phase.Y: float(ratio)}
        pays = value > THRESHOLD
        linked = {"worst_us": -30.0, "joint_surplus": 6.0}
        rows.append(row("T,K|R|A", **front, worst_us=-30.0 if pays else -1.0, joint_surplus=1.0 if pays else 6.0))
        rows.append(row("T,R,K|A", **front, **linked))
        rows.append(row("T,R,K,A", **front, **linked, best_cn=5.0 if ratio < COERCION else 2.0))
    return rows


def write(folder: Path, rows: list[Row], vertices: dict[str, list[list[float]]] | None = None, **words: object) -> Path:
    points = [
        dict(zip(POINT_COLUMNS, ("talks", 0, "briefing", "central", name, k, us, cn), strict=True))
        for name, corners in (vertices if vertices is not None else dict.fromkeys(PARTITIONS, SQUARE)).items()
        for k, (us, cn) in enumerate(corners)
    ]
    told = {
        "title": "A story",
        "unit": "$bn a period",
        "notice": "3 of 4 parameters are assumptions",
        "issues": ISSUES,
        "stances": STANCES,
        "agreements": {"civil": "tariffs truce, chips (the best ones) curb"},
        "status_quo": {"name": "civil", "payoffs": [0.5, 0.25]},
        "parameters": {phase.X: {"unit": "$bn per 90 days", "status": "assumption"}, phase.Y: {}},
        **words,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rows.csv").write_text(table_text(rows))
    (folder / "points.csv").write_text(table_text(points, POINT_COLUMNS))
    (folder / "manifest.json").write_text(json.dumps({"runs": dict.fromkeys(("talks", "phase"), told)}))
    return folder


def only_case(folder: Path) -> Case:
    (case,) = Results.read(folder).cases()
    return case


def texts(figure) -> list[str]:
    figure.draw(FigureCanvasAgg(figure).get_renderer())
    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def clashes(figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap, and texts that leave the page; matplotlib sees to the numbers on an axis itself."""
    ticks = {id(t) for axes in figure.axes for t in (*axes.get_xticklabels(), *axes.get_yticklabels())}
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    shown = [(t.get_text(), t.get_window_extent(renderer)) for t in figure.findobj(Text) if t.get_text().strip() and id(t) not in ticks]
    found = [
        (first, second)
        for (first, a), (second, b) in itertools.combinations(shown, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 0.25 * min(a.height, b.height)
    ]
    off = [(t, "page") for t, a in shown if a.x0 < 0 or a.y0 < 0 or a.x1 > figure.bbox.x1 or a.y1 > figure.bbox.y1]
    return found + off


class TestReport:
    def test_one_figure_of_each_kind_the_same_bytes_each_time(self, tmp_path):
        results = write(tmp_path / "results", [{**r, phase.X: None, phase.Y: None} for r in talks()] + grid())
        before = dict(mpl.rcParams)
        first = report(results, tmp_path / "first")
        assert [path.name for path in first] == ["lattice-talks-central.svg", "sets-talks.svg", "phase-phase-central.svg"]
        second = report(results, tmp_path / "second")
        assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
        assert dict(mpl.rcParams) == before

    def test_failed_points_leave_nothing_to_draw(self, tmp_path):
        rows = [{"run": "talks", "point": 0, "scenario": "briefing", "calibration": "central", "status": "failed"}]
        assert report(write(tmp_path / "results", rows, {}), tmp_path / "out") == []

    @pytest.mark.parametrize("name", ["rows.csv", "points.csv", "manifest.json"])
    def test_missing_file(self, tmp_path, name):
        results = write(tmp_path / "results", talks())
        (results / name).unlink()
        with pytest.raises(ReportError, match=rf"^.*{name}: No such file or directory; run the experiment first$"):
            report(results, tmp_path / "out")

    def test_missing_column_and_bad_number(self, tmp_path):
        results = write(tmp_path / "a", [{key: value for key, value in r.items() if key != "status"} for r in talks()])
        with pytest.raises(ReportError, match=r"rows\.csv: no column 'status'"):
            report(results, tmp_path / "out")
        results = write(tmp_path / "b", [*talks(), row("T,R,C", "civil", best_us="plenty")])
        with pytest.raises(ReportError, match=r"rows\.csv:12: column 'best_us' has 'plenty', expected a number"):
            report(results, tmp_path / "out")

    def test_manifest_that_is_no_json(self, tmp_path):
        results = write(tmp_path / "results", talks())
        (results / "manifest.json").write_text("{")
        with pytest.raises(ReportError, match=r"manifest\.json: not JSON"):
            report(results, tmp_path / "out")


class TestLattice:
    def test_cells_say_verdict_reason_and_tie(self, tmp_path):
        found = texts(lattice.draw(only_case(write(tmp_path, talks()))))
        assert {"never [1, 2]", "never [2] ?", "undecided", "static †", "0.875", "0.500", "0.450"} <= set(found)
        assert {"[1] U.S. gains 1.2 by curbing", "[2] China loses −3 a period"} <= set(found)
        assert not any("left open" in text for text in found)
        assert any(text.startswith("? computed, but not proven") for text in found)
        assert any(text.startswith("† a tie") for text in found)
        assert {"Washington", "Beijing", "Issue by issue", "everything linked", "nothing linked", "tariffs + rare earths"} <= set(found)
        assert "civil: tariffs truce, chips curb" in found

    def test_what_renegotiation_undoes_has_a_sign(self, tmp_path):
        rows = [row(name, "civil", survives_renegotiation=True, weakly_renegotiation_proof=None) for name in PARTITIONS]
        rows[0] |= {"survives_renegotiation": False, "weakly_renegotiation_proof": False}
        rows[1] |= {"survives_renegotiation": False, "sustained": False, "critical_delta": 0.9}
        found = texts(lattice.draw(only_case(write(tmp_path, rows))))
        assert next(text for text in found if "‡" in text or "§" in text) == "0.450 ‡§"
        assert {"0.900", "0.450"} <= set(found)
        assert any(text.startswith("‡ holds, but not if") for text in found)
        assert any(text.startswith("§ holds, but without") for text in found)

    def test_notice_unit_and_patience_are_told(self, tmp_path):
        found = " ".join(texts(lattice.draw(only_case(write(tmp_path, talks())))))
        assert "$bn a period" in found
        assert "Payoffs are calibrated assumptions, not estimates (3 of 4 parameters are assumptions)" in found
        assert "Central calibration. Discount factors: U.S. 0.600, China 0.700." in found

    def test_colour_classes(self, tmp_path):
        case = only_case(write(tmp_path, talks()))
        classes = [lattice._colour(r) for r in case.agreements()]
        expected = [lattice.HOLDS, lattice.NEVER, lattice.EXTORTED, lattice.HOLDS, lattice.IMPATIENT]
        assert classes[:5] == expected
        assert lattice._colour({**talks()[0], "verdict": "undecided", "sustained": None}) == lattice.OPEN

    def test_only_what_occurs_is_explained(self, tmp_path):
        rows = [row(name, "civil", verdict="static", critical_delta=0.0) for name in PARTITIONS]
        found = texts(lattice.draw(only_case(write(tmp_path, rows))))
        assert not any(text.startswith(("† a tie", "? computed", "a number", "Why an agreement fails", "fails at any")) for text in found)
        assert any(text.startswith("static:") for text in found)

    def test_empty_set_has_no_payoffs(self, tmp_path):
        empty = {"best_us": None, "best_cn": None, "worst_us": None, "worst_cn": None, "joint_surplus": None, "status": "empty"}
        rows = [row(name, "civil", verdict="empty", sustained=False, critical_delta=None, **empty) for name in PARTITIONS]
        found = texts(lattice.draw(only_case(write(tmp_path, rows, {}))))
        assert found.count("none") == 4 * len(PARTITIONS)
        assert found.count("empty") == len(PARTITIONS)

    def test_no_text_overlaps(self, tmp_path):
        with page.style():
            assert clashes(lattice.draw(only_case(write(tmp_path, talks())))) == []


class TestSets:
    def test_coinciding_sets_are_grouped_and_said(self, tmp_path):
        near = [[x + 1e-9, y] for x, y in SQUARE]
        vertices = {"T,R,C": SQUARE, "T,R|C": near, "T,C|R": near, "T|R,C": [[0.0, 0.0], [1.0, 1.0]], "T|R|C": [[0.0, 0.0]]}
        case = only_case(write(tmp_path, talks(), vertices))
        assert sets.coinciding(dict(case.sets)) == [["T,R,C", "T,R|C", "T,C|R"], ["T|R,C"], ["T|R|C"]]
        found = " ".join(" ".join(texts(sets.draw([case]))).split())
        assert "Washington (tariffs + rare earths; chips alone); the same set: Beijing, 1 other partition" in found
        assert "Issue by issue (nothing linked) [a point]" in found
        assert "the other partition" in found
        assert "status quo: civil" in found

    def test_different_sets_are_not_called_the_same(self):
        larger = PayoffSet([[x * (1 + 1e-4), y] for x, y in SQUARE])
        assert sets.coinciding({"T,R": PayoffSet(SQUARE), "T|R": larger}) == [["T,R"], ["T|R"]]

    def test_set_without_proof_is_marked(self, tmp_path):
        rows = [row(name, "civil", error_bound=float("inf") if name == "T,R|C" else 1e-9) for name in PARTITIONS]
        vertices = {**dict.fromkeys(PARTITIONS, SQUARE), "T,R|C": [[0.0, 0.0], [1.0, 1.0]]}
        found = " ".join(" ".join(texts(sets.draw([only_case(write(tmp_path, rows, vertices))]))).split())
        assert found.count("[not proven]") == 1
        assert "Washington (tariffs + rare earths; chips alone) [a segment] [not proven]" in found

    def test_empty_set_is_said(self, tmp_path):
        case = only_case(write(tmp_path, talks(), {"T,R,C": SQUARE}))
        found = " ".join(texts(sets.draw([case])))
        assert "empty, nothing is self-enforcing" in found

    def test_status_quo_stands_where_the_manifest_says(self, tmp_path):
        axes = sets.draw([only_case(write(tmp_path, talks()))]).axes[0]
        (mark,) = [line for line in axes.lines if line.get_label().startswith("status quo")]
        assert np.ravel(mark.get_data()).tolist() == [0.5, 0.25]
        assert "$bn a period" in axes.get_xlabel()
        assert "$bn a period" in axes.get_ylabel()

    def test_one_panel_a_calibration_without_overlap(self, tmp_path):
        rows = [{**r, "calibration": name, "point": k} for k, name in enumerate(("quiet", "central", "political")) for r in talks()]
        with page.style():
            figure = sets.draw(list(Results.read(write(tmp_path, rows)).cases()))
            assert len(figure.axes) == 3
            assert clashes(figure) == []


class TestPhase:
    @pytest.fixture
    def case(self, tmp_path) -> Case:
        bounds = {"central": {"withholding_threshold_busd": THRESHOLD, "b_joint_surplus": 2.25, "b_coercion": 9.6}}
        return only_case(write(tmp_path, grid(), {}, bounds=bounds))

    def test_applies_to_the_sweep_only(self, case, tmp_path):
        assert phase.applies(case)
        assert not lattice.applies(case)
        assert not sets.applies(case)
        assert not phase.applies(only_case(write(tmp_path / "talks", talks())))

    def test_regions_follow_the_signs(self, case):
        worst = phase.changes(case, "T,K|R|A", "T,R,K|A", "worst_us")
        joint = phase.changes(case, "T,K|R|A", "T,R,K|A", "joint_surplus")
        pays = np.array(case.values(phase.X)) > THRESHOLD
        assert worst.shape == (6, 9)
        assert (worst == np.where(pays, 0.0, -29.0)).all()
        assert (joint == np.where(pays, 5.0, 0.0)).all()
        assert (phase._codes([worst, joint]) == np.where(pays, 2, 1)).all()

    def test_legend_says_what_and_how_much(self, case):
        found = texts(phase.draw(case))
        assert "A: adds a threat: the U.S. worst payoff changes by −29.0" in found
        assert "B: creates surplus: the joint surplus changes by 5.0" in found
        assert "A: changes none of these" in found
        assert "B: adds a prize: China's best payoff changes by 3.0" in found

    def test_letters_stand_in_their_regions(self, case):
        axes = phase.draw(case).axes[0]
        places = {text.get_text(): text.get_position() for text in axes.texts if text.get_text() in ("A", "B")}
        assert places["A"][0] < THRESHOLD < places["B"][0]

    def test_bounds_are_drawn_where_known_and_told_where_beyond(self, case, tmp_path):
        figure = phase.draw(case)
        lines = [line.get_data() for line in figure.axes[0].lines]
        assert [x[0] for x, y in lines if x[0] == x[1]] == [THRESHOLD]
        assert sorted(y[0] for x, y in lines if x[0] != x[1]) == [1.0, 2.25]
        assert "(at 9.6, beyond the chart)" in " ".join(" ".join(texts(figure)).split())
        bare = phase.draw(only_case(write(tmp_path / "bare", grid(), {})))
        assert [line.get_ydata()[0] for line in bare.axes[0].lines] == [1.0]

    def test_unsettled_points_are_set_apart(self, tmp_path):
        rows = grid()
        rows[1] |= {"status": "undecided"}
        case = only_case(write(tmp_path, rows, {}))
        worst = phase.changes(case, "T,K|R|A", "T,R,K|A", "worst_us")
        assert np.isnan(worst).sum() == 1
        assert any(text.endswith("not settled numerically") for text in texts(phase.draw(case)))

    def test_change_within_the_proven_error_is_none(self, tmp_path):
        rows = [{**r, "error_bound": 20.0} for r in grid()]
        case = only_case(write(tmp_path, rows, {}))
        assert not phase.changes(case, "T,K|R|A", "T,R,K|A", "joint_surplus").any()
        assert not phase.changes(case, "T,K|R|A", "T,R,K|A", "worst_us").any()

    def test_axes_have_units_and_no_text_overlaps(self, case):
        with page.style():
            figure = phase.draw(case)
            assert "($bn per 90 days, assumption)" in figure.axes[0].get_xlabel().replace("\n", " ")
            assert clashes(figure) == []
