import subprocess
import sys

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Polygon
from matplotlib.text import Text

import bargaining as bg
from bargaining.games import IssueGame, game
from bargaining.payoff_set import PayoffSet
from bargaining.plotting import (
    Cell,
    HasseNode,
    Interval,
    covering_pairs,
    draw_family,
    draw_hasse,
    draw_payoff_set,
    hasse_layout,
    pareto_frontier,
    wrap_text,
)

TRIANGLE = [[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]


def partitions(issues: str) -> list[str]:
    board = IssueGame(dict.fromkeys(issues, game([[0.0]], [[0.0]])))
    return [board.name(partition) for partition in board.partitions()]


def full_node(name: str) -> HasseNode:
    return HasseNode(
        name,
        title="Washington" if name == "T,R,K|A" else "",
        lines=("tariffs + rare earths + countermeasures", "AI chips alone"),
        cells=tuple(Cell(f"agreement number {k}", f"0.{k}25 [{k}] †") for k in range(5)),
        intervals=(Interval("U.S.", -39.25, 4.0, 0.0), Interval("China", -11.0, 14.5, 0.0)),
    )


def drawn_texts(figure: Figure) -> list[tuple[str, object]]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    return [(t.get_text(), t.get_window_extent(renderer)) for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]


class TestPayoffSet:
    def test_polygon_is_an_outlined_area(self):
        axes = draw_payoff_set(PayoffSet(TRIANGLE), color="#0072B2", fill=0.25)
        (area,) = axes.patches
        assert isinstance(area, Polygon)
        assert area.get_xy()[:-1].tolist() == TRIANGLE
        assert area.get_facecolor() == pytest.approx(to_rgba("#0072B2", 0.25))
        assert area.get_edgecolor() == to_rgba("#0072B2")

    @pytest.mark.parametrize("vertices", [[[1.0, -2.0]], [[0.0, 0.0], [3.0, 1.0]]])
    def test_points_and_segments_are_drawn_as_lines_one_can_see(self, vertices):
        (line,) = draw_payoff_set(PayoffSet(vertices), label="V").lines
        assert np.column_stack(line.get_data()).tolist() == vertices
        assert line.get_label() == "V"
        assert line.get_markersize() >= 6 if len(vertices) == 1 else line.get_linewidth() >= 3

    def test_empty_set_says_so_and_draws_nothing(self):
        axes = draw_payoff_set(PayoffSet([]))
        assert "empty" in axes.texts[0].get_text()
        assert not axes.lines
        assert not axes.patches

    def test_whole_set_is_in_view(self):
        axes = draw_payoff_set(PayoffSet(TRIANGLE))
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        assert left < 0
        assert right > 2
        assert low < 0
        assert high > 1

    def test_labels_of_given_axes_stay(self):
        axes = Figure().add_subplot()
        axes.set_xlabel("Washington's dollars")
        PayoffSet(TRIANGLE).plot(axes)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("Washington's dollars", "China payoff")

    def test_pyplot_is_never_imported(self):
        code = (
            "import sys; from bargaining.payoff_set import PayoffSet; PayoffSet([[0, 0], [1, 0], [0, 1]]).plot(); "
            "sys.exit('matplotlib.pyplot' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestHasse:
    @pytest.mark.parametrize(("issues", "nodes", "edges"), [("TRC", 5, 6), ("TRKA", 15, 31)])
    def test_edges_are_the_single_merges(self, issues, nodes, edges):
        names = partitions(issues)
        pairs = covering_pairs(names)
        assert (len(names), len(pairs)) == (nodes, edges)
        assert all(fine.count("|") == coarse.count("|") + 1 for fine, coarse in pairs)
        assert ("T|R", "T,R") in covering_pairs(["T,R", "T|R"])
        assert len(draw_hasse([HasseNode(name) for name in names]).lines) == edges

    def test_not_every_pair_of_neighbouring_ranks_is_joined(self):
        assert covering_pairs(["T,R|K,A", "T,R|K|A", "T,K|R|A"]) == [("T,R|K|A", "T,R|K,A")]

    def test_coarser_is_higher_and_boxes_are_apart(self):
        layout = hasse_layout([full_node(name) for name in partitions("TRKA")])
        width, height = layout.box
        heights = {name.count("|"): y for name, (_, y) in layout.centres.items()}
        assert sorted(heights, key=heights.get) == [3, 2, 1, 0]
        centres = list(layout.centres.values())
        for k, (x, y) in enumerate(centres):
            assert width / 2 < x < layout.size[0] - width / 2
            assert height / 2 < y < layout.size[1] - height / 2
            assert all(abs(x - u) > width or abs(y - v) > height for u, v in centres[k + 1 :])

    @pytest.mark.parametrize("issues", ["TRC", "TRKA"])
    def test_text_stays_inside_its_box_and_off_other_text(self, issues):
        axes = draw_hasse([full_node(name) for name in partitions(issues)])
        figure = axes.figure
        texts = drawn_texts(figure)
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [patch.get_window_extent(renderer) for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
        assert len(texts) >= 15 * len(boxes)
        for text, extent in texts:
            assert any(b.x0 <= extent.x0 and extent.x1 <= b.x1 and b.y0 <= extent.y0 and extent.y1 <= b.y1 for b in boxes), text
        for k, (text, extent) in enumerate(texts):
            clash = [
                other for other, rival in texts[k + 1 :] if extent.x0 < rival.x1 and rival.x0 < extent.x1 and _share(extent, rival) > 0.2
            ]
            assert not clash, (text, clash)

    def test_bars_of_all_boxes_have_one_scale(self):
        nodes = [
            HasseNode("T,R", intervals=(Interval("U.S.", -30.0, 10.0, 0.0),)),
            HasseNode("T|R", intervals=(Interval("U.S.", -10.0, 10.0, 0.0),)),
        ]
        axes = draw_hasse(nodes)
        bars = [line for line in axes.lines if line.get_linewidth() == 4]
        lengths = [np.ptp(bar.get_xdata()) for bar in bars]
        assert lengths[0] == pytest.approx(2 * lengths[1])
        assert bars[0].get_xdata()[1] == pytest.approx(bars[1].get_xdata()[1])
        tracks = [line for line in axes.lines if line.get_linewidth() == 0.6]
        assert np.array_equal(bars[0].get_xdata(), tracks[0].get_xdata())

    def test_degenerate_and_missing_intervals(self):
        nodes = [HasseNode("T", intervals=(Interval("U.S.", 1.0, 1.0, 1.0), Interval("China", None, None, 1.0)))]
        axes = draw_hasse(nodes)
        assert [line.get_marker() for line in axes.lines].count("o") == 1
        assert [text.get_text() for text in axes.texts].count("none") == 2

    def test_wrapped_lines_fit_and_lose_no_word(self):
        text = "from the worst to the best payoff a side can be held to, all on one scale"
        lines = wrap_text(text, 2.0, 8.5)
        assert len(lines) > 1
        assert " ".join(lines) == text
        assert wrap_text("unbreakable", 0.1, 8.5) == ["unbreakable"]


def _share(a, b) -> float:
    """Height that two extents share, relative to the smaller one."""
    return max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0)) / min(a.height, b.height)


class TestEquilibriumSets:
    game = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise")] * 2)

    def test_a_set_with_its_game(self):
        axes = bg.equilibrium_set(bg.RepeatedGame(self.game, 0.6)).plot()
        _, labels = axes.get_legend_handles_labels()
        assert set(labels) == {"stage payoffs", "pure minmax", "frontier", "worst payoffs of each side"}
        assert [text.get_text() for text in axes.texts] == ["truce / truce", "truce / raise", "raise / truce", "raise / raise"]

    @pytest.mark.parametrize("delta", [0.1, 0.6])
    def test_points_and_areas(self, delta):
        assert bg.equilibrium_set(bg.RepeatedGame(self.game, delta)).plot().lines

    def test_an_empty_set_says_so(self):
        pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
        axes = bg.equilibrium_set(bg.RepeatedGame(pennies, 0.9)).plot()
        assert any("empty" in text.get_text() for text in axes.texts)

    def test_a_family_over_patience(self):
        sets = {f"δ = {delta}": bg.equilibrium_set(bg.RepeatedGame(self.game, delta)).payoff_set for delta in (0.1, 0.3, 0.6)}
        axes = draw_family(sets)
        assert [text.get_text() for text in axes.texts] == list(sets)
        assert len(axes.patches) == 2
        assert "empty" in draw_family({"none": bg.PayoffSet(np.empty((0, 2)))}).texts[0].get_text()

    def test_frontier(self):
        diamond = bg.PayoffSet([[0, -1], [1, 0], [0, 1], [-1, 0]])
        assert pareto_frontier(diamond).tolist() == [[1.0, 0.0], [0.0, 1.0]]
        assert len(pareto_frontier(bg.PayoffSet([[2, 2]]))) == 1
