"""Shares, bands, indices and regions against simulation and functions with known answers; degenerate frames first."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bargaining import analysis
from bargaining.analysis import ExpressionError
from bargaining.analysis.region import EVERY, SOME
from bargaining.sampling import Sample


def frame_of(count, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "b": random.uniform(0.5, 4.0, count),
            "closure": random.choice(["own", "balanced"], count),
            "worst_us[T,R|K]": random.normal(size=count),
            "critical_delta[london][T,R|K]": np.where(random.uniform(size=count) < 0.2, np.inf, random.uniform(size=count)),
            "sustained[london][T,R|K]": random.choice([0.0, 1.0, np.nan], count, p=[0.3, 0.6, 0.1]),
        }
    )


def test_expressions():
    frame = frame_of(50)
    held, decided = analysis.evaluate(frame, "`sustained[london][T,R|K]` == 1 and b > 1 and closure == 'own'")
    column = frame["sustained[london][T,R|K]"].to_numpy()
    assert held.tolist() == ((column == 1) & (frame["b"] > 1) & (frame["closure"] == "own")).tolist()
    assert decided.tolist() == (~np.isnan(column)).tolist()
    assert analysis.evaluate(frame, "abs(`worst_us[T,R|K]`) - b")[0].tolist() == (frame["worst_us[T,R|K]"].abs() - frame["b"]).tolist()
    assert analysis.evaluate(frame, "\n  b\n  > 1 and b < 2\n".replace("\n", " "))[0].any()
    assert analysis.columns_of("`x[a]` > b * b") == ["x[a]", "b"]


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("c > 1", r"unknown column 'c'"),
        ("`worst_us[T,R|J]` > 1", r"unknown column 'worst_us\[T,R\|J\]' \(did you mean 'worst_us\[T,R\|K\]'\?\)"),
        ("b >", "is no expression"),
        ("`b > 1", "is no expression|without its partner"),
        ("__import__('os')", "unknown function '__import__'"),
        ("b.sum() > 1", "unknown function|columns, numbers and comparisons only"),
        ("eval(b)", "unknown function 'eval'"),
    ],
)
def test_expressions_that_cannot_be_meant(expression, line):
    with pytest.raises(ExpressionError, match=line):
        analysis.evaluate(frame_of(5), expression)


def test_no_draws_at_all():
    found = analysis.shares(frame_of(0), {"claim": "b > 1"}, {"split": {"low": "b < 2"}})
    assert found["points"].tolist() == [0, 0]
    assert found["low"].tolist() == [0.0, 0.0]
    assert found["high"].tolist() == [1.0, 1.0]
    assert np.isnan(found["share"]).all()


def test_shares_count_and_split():
    frame = frame_of(400)
    found = analysis.shares(
        frame, {"held": "`sustained[london][T,R|K]` == 1"}, {"closure": {word: f"closure == '{word}'" for word in ("own", "balanced")}}
    )
    assert found["split"].tolist() == ["all", "closure", "closure"]
    whole, *classes = found.to_dict("records")
    for key in ("points", "holds", "fails", "undecided"):
        assert whole[key] == sum(row[key] for row in classes)
    assert whole["holds"] == int((frame["sustained[london][T,R|K]"] == 1).sum())
    assert whole["low"] < whole["holds"] / 400 < (whole["holds"] + whole["undecided"]) / 400 < whole["high"]
    with pytest.raises(ExpressionError, match=r"split 'b': \d+ points lie in two of its classes"):
        analysis.shares(frame, {"held": "b > 1"}, {"b": {"low": "b < 3", "high": "b > 2"}})
    with pytest.raises(ExpressionError, match="expected something that holds or does not"):
        analysis.shares(frame, {"b": "b + 1"})


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.5])
def test_intervals_cover(truth):
    """Of 2,000 simulated claims 95 % intervals cover the truth about 95 % of the time. Only how many draws hold matters to one."""
    random = np.random.default_rng(7)
    sure = np.ones(200, dtype=bool)
    covered, intervals = 0, {}
    for _ in range(2000):
        holds = random.uniform(size=200) < truth
        count = int(holds.sum())
        if count not in intervals:
            intervals[count] = analysis.share(holds, sure)
            assert intervals[count] == analysis.share(holds[::-1], sure)
        covered += intervals[count].low <= truth <= intervals[count].high
    assert 0.93 <= covered / 2000 <= 0.985


def test_undecided_draws_widen_the_interval_both_ways():
    holds = np.arange(100) < 50
    sure = analysis.share(holds, np.ones(100, dtype=bool))
    unsure = analysis.share(holds, np.arange(100) % 10 != 0)
    assert unsure.low < sure.low < sure.high < unsure.high
    assert (unsure.holds, unsure.fails, unsure.undecided) == (45, 45, 10)


def test_bands():
    frame = frame_of(1000)
    frame["y"] = frame["b"] ** 2
    found = analysis.bands(frame, "y", "b", bins=10)
    assert found["points"].tolist() == [100] * 10
    assert (np.diff(found["q50"]) > 0).all()
    assert (found["q05"] <= found["q95"]).all()
    never = analysis.bands(frame, "`critical_delta[london][T,R|K]`", "b", bins=2)
    assert np.isinf(never["q95"]).all()
    assert (
        analysis.bands(frame, "`sustained[london][T,R|K]`", "b", bins=3)["undecided"].sum()
        == frame["sustained[london][T,R|K]"].isna().sum()
    )


def test_ishigami():
    """First-order .3139, .4424, 0 and total .5576, .4424, .2437 (Ishigami and Homma 1990; a = 7, b = 0.1)."""
    n = 4096
    sample = Sample(method="saltelli", points=n, seed=2)
    x = 2.0 * np.pi * sample.uniforms(0, sample.size(3), 3) - np.pi
    frame = pd.DataFrame({f"x{k}": x[:, k] for k in range(3)})
    frame["y"] = np.sin(x[:, 0]) + 7.0 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    found = analysis.sobol_indices(frame, ["x0", "x1", "x2"], {"ishigami": "y"}, n, seed=1)
    assert found["first"].tolist() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.02)
    assert found["total"].tolist() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    for row, first, total in zip(found.to_dict("records"), (0.3139, 0.4424, 0.0), (0.5576, 0.4424, 0.2437), strict=True):
        assert row["first_low"] - 0.01 <= first <= row["first_high"] + 0.01
        assert row["total_low"] - 0.01 <= total <= row["total_high"] + 0.01
    outputs = frame["y"].to_numpy().reshape(5, n)
    own = stats.sobol_indices(func={"f_A": outputs[:1], "f_B": outputs[1:2], "f_AB": outputs[2:, None, :]}, n=n)
    assert found["first"].tolist() == pytest.approx(own.first_order.tolist(), abs=1e-12)
    assert found["total"].tolist() == pytest.approx(own.total_order.tolist(), abs=1e-12)
    again = analysis.sobol_indices(frame, ["x0", "x1", "x2"], {"ishigami": "y"}, n, seed=1)
    assert again.equals(found)


def test_indices_of_outputs_that_are_undecided_constant_or_infinite():
    n, fields = 64, ["x0", "x1"]
    sample = Sample(method="saltelli", points=n, seed=2)
    x = sample.uniforms(0, sample.size(2), 2)
    frame = pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "constant": 1.0, "some": x[:, 0].copy()})
    frame.loc[[3, n + 5, 2 * n + 3], "some"] = np.nan
    frame["critical_delta[a][b]"] = np.where(x[:, 0] > 0.5, np.inf, 0.25)
    found = analysis.sobol_indices(frame, fields, {"some": "some", "constant": "constant", "never": "`critical_delta[a][b]`"}, n, seed=0)
    assert found["dropped"].tolist() == [2, 2, 0, 0, 0, 0]
    assert np.isnan(found["first"][2:4]).all()
    assert found["total"].tolist()[4] > 0.8
    assert found["total"].tolist()[5] == pytest.approx(0.0, abs=1e-9)
    frame["infinite"] = np.inf
    with pytest.raises(ValueError, match="output 'infinite' is infinite in"):
        analysis.sobol_indices(frame, fields, {"infinite": "infinite"}, n, seed=0)
    with pytest.raises(ValueError, match=r"expected 64 \* \(1 \+ 2\) of a Saltelli design"):
        analysis.sobol_indices(frame, fields[:1], {"some": "some"}, n, seed=0)


def test_what_a_region_identifies():
    """The parameter that the region cuts is narrowed, one it tilts is shifted, others are free; never more than a stray one."""
    wrong = 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        frame = pd.DataFrame(random.uniform(size=(600, 5)), columns=list("abcde"))
        inside = (frame["a"] < 0.5).to_numpy() & (random.uniform(size=600) < 0.2 + 0.8 * frame["b"]).to_numpy()
        found = analysis.identified(frame, inside, ~inside, list("abcde")).set_index("parameter")
        assert found["verdict"]["a"] == "narrowed"
        assert found["verdict"]["b"] != "free"
        assert found["region_q100"]["a"] < 0.5 < found["prior_q95"]["a"]
        wrong += int((found["verdict"][["c", "d", "e"]] != "free").sum())
    assert wrong <= 1


def test_words_can_be_identified_too():
    random = np.random.default_rng(1)
    frame = pd.DataFrame({"word": random.choice(["x", "y", "z"], 500), "other": random.choice(["p", "q"], 500)})
    inside = (frame["word"] != "z").to_numpy()
    found = analysis.identified(frame, inside, ~inside, ["word", "other"]).set_index("parameter")
    assert found["verdict"].tolist() == ["narrowed", "free"]
    assert found["range_share"]["word"] == pytest.approx(2 / 3)
    nothing = analysis.identified(frame, np.zeros(500, dtype=bool), np.ones(500, dtype=bool), ["word"])
    assert nothing["verdict"].tolist() == ["free"]


def test_regions_by_partition():
    frame = pd.DataFrame({"b": np.linspace(0, 1, 100), "s[one]": (np.arange(100) < 60) * 1.0, "s[two]": (np.arange(100) < 30) * 1.0})
    frame.loc[99, "s[one]"] = np.nan
    shares, ranges = analysis.rationalise(frame, "`s[{partition}]` == 1", ["one", "two"], ["b"])
    found = shares.set_index("partition")
    assert found["holds"].to_dict() == {"one": 60, "two": 30, SOME: 60, EVERY: 30}
    assert found["undecided"].to_dict() == {"one": 1, "two": 0, SOME: 1, EVERY: 0}
    assert ranges["verdict"].tolist() == ["narrowed", "narrowed"]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 12), st.integers(0, 10**6))
def test_bands_hold_every_point_once(count, bins, seed):
    frame = frame_of(count, seed)
    found = analysis.bands(frame, "`worst_us[T,R|K]`", "b", bins=bins)
    assert found["points"].sum() == count
    assert (found["points"] > 0).all()
