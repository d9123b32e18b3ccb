"""Figures of deals hold what they are given, at its place."""

import numpy as np

import bargaining as bg
from bargaining.plotting import draw_concession, draw_deals, draw_share_bounds


def test_every_selected_point_is_drawn_with_its_ray():
    corners = bg.PayoffSet.hull([[0, 0], [4, 0], [3, 2], [0, 3]])
    table = bg.bargaining_table(corners, {"none": (0, 0), "strong": (2, 0), "outside": (9, 9)})
    ax = draw_deals(corners, table.rows())
    drawn = {line.get_label(): line.get_xydata() for line in ax.lines}
    for rule in ("nash", "kalai smorodinsky", "egalitarian", "utilitarian"):
        expected = [[row["us"], row["cn"]] for row in table.rows() if row["rule"] == rule.replace(" ", "_") and row["status"] == "solved"]
        np.testing.assert_array_equal(drawn[rule], expected)
    assert sum(line.get_linestyle() == ":" for line in ax.lines) == 8
    assert {text.get_text() for text in ax.texts} == {"none", "strong", "outside"}


def test_concession_curves_start_and_end_where_they_should():
    war = bg.concession((0.6, 0.7), (0.05, 0.1), (0.02, 0.05))
    ax = draw_concession(war)
    us, cn, deal = (line.get_ydata() for line in ax.lines)
    np.testing.assert_allclose([us[0], cn[0]], war.immediate, atol=1e-12)
    np.testing.assert_allclose([us[-1], cn[-1], deal[-1]], [0.98, 0.95, 0.999], atol=1e-12)
    endless = draw_concession(bg.concession((3, 3), (0.05, 0.05), concessions=(1, 1)))
    assert endless.get_xlim()[1] == 60.0
    assert draw_concession(bg.concession((1, 1), (0.1, 0.1), concessions=(0, 0))).get_xlim()[1] == 1.0


def test_share_bounds_leave_gaps_where_there_is_no_equilibrium():
    ax = draw_share_bounds([0.2, 0.5, 0.9], [[np.nan, np.nan], [0.5, 0.6], [0.4, 0.7]], label="a")
    draw_share_bounds([0.2, 0.5, 0.9], [[0.5, 0.5]] * 3, ax, label="b", color="black")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert np.isnan(ax.lines[0].get_ydata()[0])
