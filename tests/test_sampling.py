"""Designs that sample: the same numbers however a run is cut, the priors' marginals and rank correlations, and errors in one line."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from bargaining.sampling import BLOCK, Law, Sample
from bargaining.scenarios import ScenarioError
from bargaining.scenarios.parameters import priors
from bargaining.scenarios.priors import Categorical, JointPrior, Triangular

METHODS = ["sobol", "latin_hypercube", "monte_carlo", "saltelli"]


@pytest.mark.parametrize("method", METHODS)
def test_points_do_not_depend_on_how_they_are_cut(method):
    sample = Sample(method=method, points=2 * BLOCK, seed=3)
    size = sample.size(3)
    whole = sample.uniforms(0, size, 3)
    assert whole.shape == (size, 3)
    assert ((whole > 0) & (whole < 1)).all()
    for start, stop in ((0, 1), (BLOCK - 1, BLOCK + 2), (17, 4711), (size - 1, size), (5, 5)):
        assert np.array_equal(sample.uniforms(start, stop, 3), whole[start:stop])
    assert not np.array_equal(Sample(method=method, points=2 * BLOCK, seed=4).uniforms(0, 9, 3), whole[:9])


def test_sobol_points_are_scipys():
    found = Sample(method="sobol", points=2 * BLOCK, seed=9).uniforms(0, 2 * BLOCK, 5)
    own = stats.qmc.Sobol(5, scramble=True, rng=9).random(2 * BLOCK)
    assert np.array_equal(found, np.clip(own, 2.0**-54, 1 - 2.0**-54))


def test_saltelli_matrices():
    """A, B, then A with one column from B each."""
    n, width = 8, 3
    sample = Sample(method="saltelli", points=n, seed=1)
    whole = sample.uniforms(0, sample.size(width), width).reshape(width + 2, n, width)
    first, second = whole[0], whole[1]
    assert not np.isclose(first, second).any()
    for k in range(width):
        expected = first.copy()
        expected[:, k] = second[:, k]
        assert np.array_equal(whole[2 + k], expected)


def test_triangular_laws_against_scipy():
    u = np.linspace(0.001, 0.999, 41)
    for low, mode, high in ((0.0, 0.2, 0.55), (0.75, 1.0, 1.0), (2.0, 2.0, 5.0), (-3.0, 0.0, 3.0)):
        own = stats.triang(c=(mode - low) / (high - low), loc=low, scale=high - low)
        assert np.allclose(Triangular(low, mode, high).quantile(u), own.ppf(u), rtol=1e-12, atol=1e-12)
    logs = stats.triang(c=np.log(1.3 / 0.5) / np.log(8.0), loc=np.log(0.5), scale=np.log(8.0))
    assert np.allclose(Triangular(0.5, 1.3, 4.0, log=True).quantile(u), np.exp(logs.ppf(u)), rtol=1e-12)
    assert Triangular(1.0, None, 100.0, log=True).quantile(np.array([0.5]))[0] == pytest.approx(10.0)


def test_the_declared_priors():
    """Supports, shares of the choices, the family of averages, and rank correlations as recorded."""
    prior = JointPrior.of("standoff")
    assert {"withhold_loss_us_busd", "ai_curb_revenue_busd", "tariff_us_truce_share"}.isdisjoint(prior.fields)
    sample = Sample(method="sobol", points=2**14, seed=20250611)
    columns = prior.values(sample.uniforms(0, 2**14, prior.width))
    for field, marginal in prior.marginals.items():
        if isinstance(marginal, Triangular):
            record = priors()[field]
            drawn = columns[field]
            assert record.low <= drawn.min() < drawn.max() <= record.high
            assert np.allclose(np.quantile(drawn, [0.1, 0.5, 0.9]), marginal.quantile(np.array([0.1, 0.5, 0.9])), rtol=5e-3, atol=2e-3)
            for other, rank in record.correlated_with:
                if other in prior.fields:
                    assert stats.spearmanr(drawn, columns[other]).statistic == pytest.approx(rank, abs=0.02), (field, other)
    assert stats.spearmanr(columns["curb_security_ratio"], columns["chip_rent_share"]).statistic == pytest.approx(0.0, abs=0.02)
    assert [float((columns["tariff_closure"] == word).mean()) for word in ("own_income", "balanced", "world_share")] == pytest.approx(
        [0.5, 0.25, 0.25], abs=0.01
    )
    family = columns["tariff_us_deal_share"] == 0.208
    assert family.mean() == pytest.approx(0.3, abs=0.01)
    assert set(columns["tariff_us_truce_share"][family]) == {0.511}
    assert set(columns["tariff_us_peak_share"][family]) == {1.241}
    assert set(columns["tariff_us_truce_share"][~family]) == {0.404}


def test_independence_and_what_passes_through():
    laws = {"curb_security_ratio": ("prior", ()), "military_cost_cn_ratio": ("prior", ()), "chip_rent_share": ("uniform", (0.0, 1.0))}
    joint = JointPrior.of("standoff", laws)
    u = Sample(method="monte_carlo", points=2000, seed=1).uniforms(0, 2000, 3)
    columns = joint.values(u)
    assert np.array_equal(columns["chip_rent_share"], u[:, 2])
    assert stats.spearmanr(columns["curb_security_ratio"], columns["military_cost_cn_ratio"]).statistic == pytest.approx(0.4, abs=0.06)
    apart = JointPrior.of("standoff", laws, independent=True).values(u)
    assert abs(stats.spearmanr(apart["curb_security_ratio"], apart["military_cost_cn_ratio"]).statistic) < 0.06
    assert np.array_equal(joint.values(u[100:200])["military_cost_cn_ratio"], columns["military_cost_cn_ratio"][100:200])


def test_fixed_fields_are_not_drawn():
    assert "curb_security_ratio" not in JointPrior.of("standoff", fixed=["curb_security_ratio"]).fields


def test_choices():
    law = Law(choice=("a", "b", "c"), weights=(1.0, 1.0, 2.0))
    name, numbers = law.plain()
    assert name == "choice"
    assert Categorical(numbers[:-1], numbers[-1]).chosen(np.array([0.1, 0.3, 0.5, 0.99])).tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"points": 1000}, "points: expected a power of two for sobol, found 1000"),
        ({"points": 12, "method": "saltelli"}, "expected a power of two for saltelli, found 12"),
        ({"over": {"x": {"uniform": [2, 1]}}}, r"uniform: expected ascending numbers, found \[2.0, 1.0\]"),
        ({"over": {"x": {"triangular": [0, 3, 2]}}}, "triangular: expected ascending numbers"),
        ({"over": {"x": {"log_uniform": [0, 1]}}}, "log_uniform: expected positive numbers"),
        ({"over": {"x": {}}}, "expected exactly one law, found none"),
        ({"over": {"x": {"choice": ["a"], "weights": [1, 2]}}}, "weights: expected one for each choice"),
    ],
)
def test_samples_that_cannot_be_meant(given, line):
    with pytest.raises(ValidationError, match=line):
        Sample(**{"method": "sobol", "points": 4, "seed": 0, **given})


@pytest.mark.parametrize(
    ("name", "laws", "line"),
    [
        ("standoff", {"curb_security_rati": ("prior", ())}, "unknown parameter 'curb_security_rati'.*did you mean 'curb_security_ratio'"),
        ("standoff", {"political_term": ("prior", ())}, "political_term has no prior to draw from"),
        ("briefing", None, "scenario 'briefing' declares no priors"),
    ],
)
def test_priors_that_are_none(name, laws, line):
    with pytest.raises(ScenarioError, match=line):
        JointPrior.of(name, laws)
