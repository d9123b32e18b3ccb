"""Drawn paths, the law behind them, and what runs make of both: paths beside the chronology, blocks, thresholds."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import bargaining as bg
from bargaining.games.paths import draw_paths, state_law
from bargaining.games.stochastic_plan import plan_payoffs, read_plan
from bargaining.points import Point
from bargaining.report import report
from bargaining.report.answers import answers, before_the_draw
from bargaining.report.motion import agrees, sentences
from bargaining.running.experiments import Results
from bargaining.running.motion import solve_motion
from bargaining.scenarios import scenario
from bargaining.solvers.plans import sustained


def chain() -> bg.StochasticGame:
    one = [[[1.0]], [[1.0]]]
    return bg.StochasticGame([one] * 3, [[[[0.5, "1/3", "1/6"]]], [[[0, 0.25, 0.75]]], [[[0, 0, 1]]]], 0.9, ["a", "b", "c"])


def test_the_law_is_the_power_of_the_matrix() -> None:
    matrix = [[Fraction(1, 2), Fraction(1, 3), Fraction(1, 6)], [Fraction(0), Fraction(1, 4), Fraction(3, 4)], [0, 0, Fraction(1)]]
    now = [Fraction(1), Fraction(0), Fraction(0)]
    for law in state_law(chain(), [(0, 0)] * 3, periods=5):
        assert dict(law) == {s: share for s, share in enumerate(now) if share}
        now = [sum((now[r] * matrix[r][s] for r in range(3)), Fraction(0)) for s in range(3)]


def test_drawn_shares_are_near_the_law_and_seeds_repeat() -> None:
    draws = 20_000
    paths = draw_paths(chain(), [(0, 0)] * 3, periods=4, draws=draws, seed=7)
    assert np.array_equal(paths, draw_paths(chain(), [(0, 0)] * 3, periods=4, draws=draws, seed=7))
    assert np.array_equal(paths[:, :3], draw_paths(chain(), [(0, 0)] * 3, periods=2, draws=draws, seed=7))
    assert not np.array_equal(paths, draw_paths(chain(), [(0, 0)] * 3, periods=4, draws=draws, seed=8))
    for period, law in enumerate(state_law(chain(), [(0, 0)] * 3, periods=4)):
        for state in range(3):
            chance = float(dict(law).get(state, 0))
            # Five standard deviations.
            assert abs((paths[:, period] == state).mean() - chance) <= 5 * (chance * (1 - chance) / draws) ** 0.5


@pytest.mark.parametrize(("name", "value"), [("periods", 0), ("draws", 0), ("periods", 1.5)])
def test_nothing_to_draw(name: str, value: float) -> None:
    with pytest.raises(bg.GameError, match=name):
        draw_paths(chain(), [(0, 0)] * 3, **{"periods": 2, "draws": 2, "seed": 1, name: value})  # type: ignore[arg-type]


def test_paths_of_the_standoff_are_compared_with_what_came_after(smoke_results: Callable[[str], Results], tmp_path: Path) -> None:
    results = smoke_results("standoff_dynamic")
    rows = [row for row in results.rows() if row.get("kind") == "path"]
    court = {(row["period"], row["value"]): row for row in rows if row["part"] == "court"}
    assert court[3, "bridge 2"]["probability"] == pytest.approx(0.65)
    assert court[3, "bridge 2"]["observed"] == "bridge"
    assert court[6, "restored"]["observed"] == "restored"
    lapse = {row["period"]: row["probability"] for row in rows if row["part"] == "tranche" and row["value"] == "lapse"}
    assert lapse == pytest.approx({period: 1 - 0.9**period for period in range(1, 7)})
    told = sentences(rows, ())
    assert told[0].startswith("Out of sample: under the plan 'london'")
    assert any("AI chips" in text or text.startswith("Miss: C,") for text in told)
    names = {path.name for path in report(results.folder, tmp_path)}
    assert {"timeline-london_path-stylised.svg", "blocks-blocks-stylised.svg"} <= names
    assert agrees("hold / hold", "hold")
    assert not agrees("raise / hold", "hold")


def motion(solver: str, story: str, options: dict[str, object], **parameters: object) -> list[dict[str, object]]:
    part = solve_motion(Point("one", 0, story, "stylised", parameters, {}, options, False, solver))
    assert part.message is None
    return part.rows


def test_a_block_that_another_drives_is_told_not_solved() -> None:
    options = {"partitions": ("T|R|C",), "plans": ("london",), "most_states": 100}
    (row,) = motion("block_sets", "standoff_dynamic", options, licences_follow_truce=True)
    assert row["factors"] is False
    assert row["reason"] == "tranche: T drives it, R depends on it"


def test_the_size_of_a_surge_up_to_which_the_deal_survives() -> None:
    """m* = δ(R-P) / ((1-δ)(T-R)) for China alone: 28/3 at δ = .8."""
    options = {"plan": "licences", "parameter": "surge_ratio", "values": (1.0, 5.0, 11.0), "tol": 1e-3, "max_iter": 4000}
    more = {"surge_probability_share": 0.2, "surge_side": "China", "licence_periods": 1, "delta": 0.8}
    first, second = motion("critical_parameter", "licence", options, **more)
    assert (first["verdict"], second["verdict"]) == ("sustained", "not")
    assert first["high"] <= 28 / 3 <= second["low"]
    assert second["low"] - first["high"] <= 1e-3


def test_licences_pay_only_above_a_size_of_surges_and_only_if_refusals_do_not_stand() -> None:
    rows = []
    for ratio in (4, 16):
        for length in (1, 2):
            story = scenario(
                "licence",
                delta=0.8,
                surge_probability_share=0.2,
                surge_ratio=ratio,
                surge_side="China",
                refusal_stands=False,
                licence_periods=length,
            )
            game = story.game()
            solved = bg.equilibrium_set(game, tol=1e-6)
            for name in ("licences", "calm_renewals"):
                plan = read_plan(game, story.plan(name))
                values, holds = plan_payoffs(game, plan), sustained(solved, plan)
                for state in ("renewal, calm", "renewal, surge"):
                    k = game.state(state)
                    rows.append(
                        {
                            "delta": 0.8,
                            "surge_ratio": ratio,
                            "licence_periods": length,
                            "surge_probability_share": 0.2,
                            "plan": name,
                            "state": state,
                            "sustained": holds[k],
                            "plan_us": float(values[k][0]),
                            "plan_cn": float(values[k][1]),
                        }
                    )
    value = before_the_draw(rows)
    assert value[0.8, 4, 1] == value[0.8, 4, 2]
    assert value[0.8, 16, 2] > value[0.8, 16, 1] + 0.1
    told = answers("licence", ["surge_probability_share", "delta", "licence_periods", "surge_ratio"], rows)
    assert told[0].startswith("At δ = 0.8 licences pay from a surge between 4 and 16")


def test_intermittent_controls_follow_the_calendar() -> None:
    story = scenario("leverage", "strategic", delta=0.9, stock_steps=1, cycle_periods=4, on_periods=1)
    plan, game = story.plan("intermittent_while_strong"), story.game()
    assert [plan[f"US 0, CN 0, date {k}"] for k in (1, 3, 4)] == [("ease", "license"), ("ease", "license"), ("ease", "withhold")]
    assert plan["US 1, CN 0, date 2"] == ("curb", "withhold")
    assert len(game) == 16
