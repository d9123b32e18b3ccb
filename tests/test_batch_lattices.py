"""Lattices of many games are the lattices one by one; draws that make no game, empty blocks and undecided constraints are told apart."""

import numpy as np
import pytest
from test_scenarios import draws

import bargaining as bg
from bargaining.batch.lattices import linkage_lattices
from bargaining.games.many import IssueGames, stacked


def positions(story, issues):
    return {name: {issue: issues.issues[issue].profile(pair) for issue, pair in story.agreement(name).items()} for name in story.agreements}


# Own discount factors of the calibrated game take seconds a block: the larger ones are for the full run.
@pytest.mark.parametrize(
    ("name", "count", "patience", "partitions"),
    [
        ("briefing", 25, "own", None),
        ("standoff", 4, "less", None),
        ("standoff", 1, "own", ["T|R,A|K"]),
        pytest.param("standoff", 1, "own", ["T,R,K|A", "T|R,A|K"], marks=pytest.mark.full),
    ],
)
def test_one_by_one(name, count, patience, partitions):
    columns = draws(name, count)
    games, _ = bg.scenario(name).games(columns)
    issues = bg.scenario(name).game().stage
    partitions = issues.partitions() if partitions is None else [issues.partition(each) for each in partitions]
    agreements = positions(bg.scenario(name), issues)
    tol = 1e-3 if patience == "own" and name == "standoff" else 1e-8
    batch = linkage_lattices(games, agreements, partitions, patience=patience, tol=tol, critical_tol=tol, workers=2)
    for k in range(count):
        story = bg.scenario(name, **{field: column[k].item() for field, column in columns.items()})
        game = story.game()
        if patience == "less":
            game = bg.RepeatedGame(game.stage, float(min(game.deltas)))
        named = {agreed: story.agreement(agreed) for agreed in story.agreements}
        spans = np.ptp(game.stage.stage_game().payoffs, axis=(1, 2)).max()
        for row in bg.linkage_lattice(game, named, [issues.name(p) for p in partitions], tol=tol, hazard_steps=1).rows():
            at = f"[{row['partition']}]"
            for key in ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus"):
                assert batch.columns[key + at][k] == pytest.approx(row[key], abs=4 * tol * spans, nan_ok=True), (key, at)
            least = batch.columns[f"critical_delta[{row['agreement']}]{at}"][k]
            assert (np.isinf(least) and np.isnan(row["critical_delta"])) or least == pytest.approx(
                row["critical_delta"], abs=max(1e-5, tol)
            )
            held = batch.columns[f"sustained[{row['agreement']}]{at}"][k]
            assert np.isnan(held) or row["sustained"] is None or bool(held) == row["sustained"], (row["agreement"], at)


def test_undecided_is_rare():
    games, _ = bg.scenario("briefing").games(draws("briefing", 200))
    issues = bg.scenario("briefing").game().stage
    batch = linkage_lattices(games, positions(bg.scenario("briefing"), issues), issues.partitions())
    held = [column for key, column in batch.columns.items() if key.startswith("sustained")]
    assert np.isnan(held).mean() < 0.002
    assert 0.0 < np.nanmean(held) < 1.0


def test_the_same_bits_for_any_number_of_threads():
    games, _ = bg.scenario("briefing").games(draws("briefing", 60))
    issues = bg.scenario("briefing").game().stage
    agreements = positions(bg.scenario("briefing"), issues)
    one, two = (linkage_lattices(games, agreements, issues.partitions(), workers=workers) for workers in (1, 2))
    apart = [linkage_lattices(games.take(np.arange(60) == k), agreements, issues.partitions()) for k in (0, 59)]
    for key, column in one.columns.items():
        assert np.array_equal(column, two.columns[key], equal_nan=column.dtype.kind == "f")
        for k, own in zip((0, 59), apart, strict=True):
            assert np.array_equal(own.columns[key][0], column[k], equal_nan=column.dtype.kind == "f")


def test_games_that_could_not_be_built_and_empty_blocks():
    """Matching pennies has no equilibrium in pure actions, so no partition with it does; a NaN is a failure, not an answer."""
    pennies = np.array([[[1.0, -1.0], [-1.0, 1.0]], [[-1.0, 1.0], [1.0, -1.0]]])
    dilemma = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])
    first = np.stack([dilemma, pennies, dilemma * np.nan])
    games = IssueGames({"X": first, "Y": np.repeat(stacked([[0.0, 1.0]], [[0.0, -2.0]], 1), 3, axis=0)}, np.full((3, 2), 0.6))
    lattice = linkage_lattices(games, {"deal": {"X": (0, 0), "Y": (0, 0)}}, [(("X",), ("Y",))])
    assert lattice.columns["status[X|Y]"].tolist() == ["solved", "empty", "failed"]
    assert lattice.columns["sustained[deal][X|Y]"][:2].tolist() == [1.0, 0.0]
    assert np.isnan(lattice.columns["sustained[deal][X|Y]"][2])
    assert lattice.columns["critical_delta[deal][X|Y]"][:2].tolist() == pytest.approx([0.5, np.inf])
    assert np.isnan(lattice.columns["worst_us[X|Y]"]).tolist() == [False, True, True]


def test_a_constraint_within_the_error_is_undecided():
    """At exactly delta = 1/2 the dilemma's truce is sustained by a constraint that binds: without the bracket that is not decided."""
    dilemma = np.array([[[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]]])
    games = IssueGames({"X": dilemma}, np.full((1, 2), 0.5))
    plain = linkage_lattices(games, {"truce": {"X": (0, 0)}}, [(("X",),)], critical=False)
    assert np.isnan(plain.columns["sustained[truce][X]"][0])
    assert "critical_delta[truce][X]" not in plain.columns


def test_bad_input():
    games = IssueGames({"X": np.zeros((1, 2, 2, 2))}, np.full((1, 2), 0.5))
    with pytest.raises(bg.GameError, match=r"agreement 'a', issue 'X': there is no profile \(2, 0\); the issue has 2 x 2"):
        linkage_lattices(games, {"a": {"X": (2, 0)}}, [(("X",),)])
    with pytest.raises(bg.GameError, match="expected each of the issues X once"):
        linkage_lattices(games, {}, [(("Y",),)])
    with pytest.raises(ValueError, match="patience is 'mine': expected 'own', 'less' or 'more'"):
        linkage_lattices(games, {}, [(("X",),)], patience="mine")
    with pytest.raises(bg.GameError, match=r"issue 'X': payoffs have shape \(2, 2, 2\)"):
        IssueGames({"X": np.zeros((2, 2, 2))}, np.full((1, 2), 0.5))
