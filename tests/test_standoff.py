"""Theorems about the calibrated game, proven by hand for any parameters, against the solver.

Notation, in $bn per 90 days: L what withholding costs the U.S. against civil licences, w what it earns China (strategic value less
revenue), c what easing chips costs the U.S. and e what it earns China, k and l what countermeasures cost the U.S. and China, v what full
release is worth to the U.S. Payoffs add up over issues, so the pure minmax of a block is the sum of its issues'.
"""

from functools import cache

import numpy as np
import pytest

import bargaining as bg
from bargaining.scenarios.chips import coercion_bound, countermeasure_swap_delta, joint_surplus_bound
from bargaining.scenarios.parameters import priors
from bargaining.scenarios.standoff import StandoffParameters
from bargaining.solution import Status

IDLE = "no move"
TRUCE = ("truce", "truce")
CIVIL, WITHHELD = (IDLE, "civil"), (IDLE, "withhold")
LIFTED, WIDENED = ("lifted", IDLE), ("widened", IDLE)
EASED, CURB = ("eased", IDLE), ("curb", IDLE)

# Tariff schedules stay in one family of averages, and a share in a production function needs a form that reaches its loss.
FIXED = {"reciprocal_suspended_points", "tariff_us_deal_share", "tariff_us_truce_share", "tariff_us_on_row_share", "exposed_gdp_share"}
DRAWN = [
    field
    for field, record in priors().items()
    if field in StandoffParameters.model_fields and field not in FIXED and record.low is not None and "derived" not in record.distribution
]


class Standoff:
    """One draw of the game, with the numbers that the theorems speak of."""

    def __init__(self, calibration=None, **overrides):
        self.story = bg.scenario("standoff", calibration, **overrides)
        game = self.story.game()
        self.stage, self.delta = game.stage, game.delta
        self.delta_us, self.delta_cn = game.deltas
        self.L, self.w = -self.pays("R", WITHHELD)[0], self.pays("R", WITHHELD)[1]
        self.v = self.pays("R", (IDLE, "full"))[0]
        self.c, self.e = -self.pays("A", EASED)[0], self.pays("A", EASED)[1]
        self.k, self.l = -self.pays("K", WIDENED)

    def pays(self, issue, actions):
        stage = self.stage.issues[issue]
        return stage.payoffs[(slice(None), *stage.profile(actions))]

    def with_(self, **overrides):
        return Standoff(**{**self.story.values.model_dump(), **overrides})

    def solve(self, block, tol=1e-4, proven=True):
        solution = bg.equilibrium_set(bg.RepeatedGame(self.stage.block(block), self.delta), tol=tol)
        assert solution.status is Status.solved or not proven
        return solution

    def only(self, block):
        """The game on some of the issues."""
        return bg.IssueGame({name: self.stage.issues[name] for name in block.split(",")})

    def row(self, agreement, tol=1e-4):
        """The lattice's row of an agreement on the issues it names, all linked."""
        block = ",".join(agreement)
        game = bg.RepeatedGame(self.only(block), self.delta)
        (row,) = bg.linkage_lattice(game, {"agreed": agreement}, [block], tol=tol, hazard_steps=1).rows()
        return row

    def minmax(self, block):
        return bg.minmax(self.stage.block(block)).pure


@cache
def draw(seed, **overrides):
    """Parameters uniform on the ranges of their priors, China's χ below 1 so that it wants chips, some of them replaced."""
    rng = np.random.default_rng(seed)
    found = {field: float(rng.uniform(priors()[field].low, priors()[field].high)) for field in DRAWN}
    found["chip_self_reliance_cn_share"] = float(rng.uniform(0.0, 0.9))
    game = Standoff(**{**found, **overrides})
    # A mild cut can cost less than the civil-only loss borne already: then withholding is no threat.
    return game if game.L > 0 else draw(seed + 1000, **overrides)


def net_value(game, w):
    """The same game with withholding worth w to China beyond the revenue it loses."""
    return game.with_(withhold_strategic_value_cn_busd=w + game.story.values.value("withhold_revenue_loss_cn_busd"))


def easing_at(game, b):
    return game.with_(curb_security_ratio=b)


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.full) for seed in range(3, 20))]
# Blocks with tariffs, and sets with hundreds of vertices, take seconds a draw.
FEW = [0, *(pytest.param(seed, marks=pytest.mark.full) for seed in range(1, 8))]


def test_the_draws_cover_the_priors():
    assert len(DRAWN) > 20
    assert {"withhold_strategic_value_cn_busd", "curb_security_ratio", "leader_survival_us_90d_share"} <= set(DRAWN)
    games = [draw(seed) for seed in range(12)]
    assert {game.w > 0 for game in games} == {True, False}
    assert {game.c > 0 for game in games} == {True, False}


# Easing chips: efficient below one bound on b, played alone below 1, coerced below another.


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("self_reliance", [0.0, 0.5, 1.05])
def test_easing_raises_joint_surplus_exactly_below_the_bound(seed, self_reliance):
    game = draw(seed).with_(chip_self_reliance_cn_share=self_reliance)
    p = game.story.values
    bound = joint_surplus_bound(self_reliance, p.cn_domestic_chip_share, p.chip_rent_share, p.chip_substitution_elasticity_ratio)
    assert (bound > 1) == (self_reliance < 1)
    assert sum(game.pays("A", EASED)) == pytest.approx(p.forgone_profit() * (bound - p.curb_security_ratio), abs=1e-12)
    for b in (bound - 1e-6, bound + 1e-6, 0.5, 0.99, 1.01, 4.0):
        at = easing_at(game, b)
        assert (sum(at.pays("A", EASED)) > 0) == (b < bound)
        # Alone the U.S. eases below b = 1, efficient or not, and then joint surplus is that of easing.
        alone = at.solve("A")
        assert alone.support([1, 1]) == pytest.approx(sum(at.pays("A", EASED)) if b < 1 else 0.0, abs=1e-3)
        if b < 1:
            assert (alone.support([1, 1]) > 0) == (b < bound) or abs(b - bound) < 1e-5


@pytest.mark.parametrize("seed", SEEDS)
def test_coerced_easing(seed):
    """In {R, A} with w > 0, c > 0, e > 0: (civil, eased) is sustained iff c ≤ δ_us L and w ≤ δ_cn e.

    The static equilibrium (withhold, curb) is in dominant actions and pays both their minmax, (-L, w): no punishment is harsher. The U.S.
    gains c once and loses L - c a period afterwards, China gains w once and loses e - w.
    """
    game = draw(seed)
    game = net_value(game, 0.5 * game.delta_cn * game.e)
    bound = coercion_bound(game.delta_us, game.L, game.story.values.forgone_profit())
    assert game.story.bounds()["b_coercion"] == pytest.approx(bound, rel=1e-12)
    deal = {"R": CIVIL, "A": EASED}
    for margin in (1e-2, 1e-8):
        below, above = easing_at(game, bound - margin), easing_at(game, bound + margin)
        assert below.c < game.delta_us * game.L < above.c
        assert below.row(deal)["sustained"] is True
        assert above.row(deal)["sustained"] is False
    below = easing_at(game, bound - 1e-2)
    assert below.solve("R,A").punishment_payoffs == pytest.approx([-game.L, game.w], abs=1e-3)
    # China's own condition: what withholding earns must not exceed δ times what chips are worth to it.
    assert net_value(below, 0.999 * game.delta_cn * game.e).row(deal)["sustained"] is True
    assert net_value(below, 1.001 * game.delta_cn * game.e).row(deal)["sustained"] is False


@pytest.mark.parametrize("seed", SEEDS)
def test_unlinked_nobody_is_coerced(seed):
    game = easing_at(draw(seed), 1.01)
    row = game.row({"A": EASED})
    assert (row["sustained"], row["verdict"]) == (False, "never")


@pytest.mark.parametrize("seed", FEW)
def test_coerced_easing_with_tariffs_in_the_block(seed):
    """In {T, R, A}, with the truce a best reply to itself for both sides, c ≤ δ_us (L + |minmax of T|) is necessary.

    The U.S. gains c once; nothing punishes it below its minmax. It is sufficient where the block's worst U.S. payoff is that minmax, which
    is a property of the set, not of the parameters: in T it takes a Chinese peak, which no static equilibrium plays.
    """
    quiet = {"political_weight_us_usd_per_usd": 0.10, "political_weight_cn_usd_per_usd": 0.12, "trade_elasticity_ratio": 1.53}
    game = draw(seed, **quiet)
    game = net_value(game, 0.5 * game.delta_cn * game.e)
    own = game.stage.issues["T"].payoffs
    assert own[0][:, 1].max() == own[1][1, :].max() == 0.0  # the truce is a best reply to itself
    threat = game.minmax("T")[0]
    assert threat < 0
    assert game.minmax("T,R,A")[0] == pytest.approx(threat - game.L, rel=1e-12)
    profit = game.story.values.forgone_profit()
    bound = coercion_bound(game.delta_us, game.L, profit, threat)
    assert bound > coercion_bound(game.delta_us, game.L, profit)
    deal = {"T": TRUCE, "R": CIVIL, "A": EASED}
    assert easing_at(game, bound * (1 + 1e-6)).row(deal, tol=1e-3)["sustained"] is False
    below = easing_at(game, bound * 0.98)
    worst = below.solve("T,R,A", tol=1e-3)
    assert worst.inner.vertices[:, 0].min() == pytest.approx(threat - game.L, rel=1e-2)
    assert below.row(deal, tol=1e-3)["sustained"] is True
    # Without tariffs in the block the same concession is too much.
    assert below.row({"R": CIVIL, "A": EASED})["sustained"] is False


# The small swap: countermeasures lifted for civil licences.


@pytest.mark.parametrize("seed", FEW)
def test_the_small_swap(seed):
    """In {R, K} with w > 0: civil licences for lifted countermeasures iff w ≤ δ_cn l, if (1 - δ_us) k ≤ δ_us L.

    Necessary: China's minmax is w - l. Sufficient: China is punished by one period of (widened, civil), the U.S. by (lifted, withhold) for
    ever, its static equilibrium.
    """
    game = draw(seed)
    assert (1 - game.delta_us) * game.k <= game.delta_us * game.L
    deal = {"R": CIVIL, "K": LIFTED}
    below, just_below, above = (net_value(game, game.delta_cn * game.l * share) for share in (0.98, 0.999, 1.001))
    assert countermeasure_swap_delta(just_below.w, game.l) < game.delta_cn < countermeasure_swap_delta(above.w, game.l)
    assert below.row(deal)["sustained"] is True
    assert above.row(deal)["sustained"] is False
    # Closer to the bound the payoff set may be out of the solver's reach; then it must not say no.
    assert just_below.solve("R,K", proven=False).outer.contains([0.0, 0.0], 1e-9)
    # Unlinked, China withholds.
    assert below.row({"R": CIVIL})["sustained"] is False


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_the_patience_that_the_small_swap_takes(seed, share):
    game = net_value(draw(seed), share * draw(seed).l)
    expected = countermeasure_swap_delta(game.w, game.l)
    assert expected == pytest.approx(share, rel=1e-9)
    # One period of countermeasures must be worth its cost to the U.S. at that patience.
    assert (1 - expected) * game.k <= expected * game.L
    found = bg.critical_delta(game.only("R,K"), {"R": CIVIL, "K": LIFTED}, tol=1e-6)
    # China's incentive binds in play and in its punishment at once, so the bracket may stop short of its tol; it holds the truth.
    assert found.sustainable is True
    assert found.lower - 1e-12 <= expected <= found.upper + 1e-12
    assert found.value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("seed", FEW)
def test_countermeasures_too_dear_to_carry_out(seed):
    """With (1 - δ_us) k > δ_us (L + v) the U.S. never widens: it earns v at best and -L at worst afterwards. So nothing buys licences."""
    game = net_value(draw(seed), 0.5 * draw(seed).delta_cn * draw(seed).l)
    dear = game.with_(countermeasures_cost_us_busd=1.01 * game.delta_us / (1 - game.delta_us) * (game.L + game.v))
    assert dear.row({"R": CIVIL, "K": LIFTED})["sustained"] is False
    only = dear.solve("R,K")
    assert only.vertices == pytest.approx(np.array([[-game.L, game.w]]), abs=1e-2)


# The sign of withholding's net value.


@pytest.mark.parametrize("seed", SEEDS)
def test_below_revenue_linking_with_countermeasures_only_adds_a_threat(seed):
    """w < 0, |w| ≤ δ_cn l and k ≤ δ_us L: the U.S. worst payoff falls from 0 to -L, exactly, and China's from 0 to -l.

    (lifted, withhold) for ever and (widened, civil) for ever pay each side its minmax, and each is the punishment that sustains the other.
    """
    game = net_value(draw(seed), -0.9 * draw(seed).delta_cn * draw(seed).l)
    assert game.k <= game.delta_us * game.L
    alone = bg.equilibrium_set(bg.RepeatedGame(game.only("R,K"), game.delta), "R|K", tol=1e-4)
    assert alone.vertices == pytest.approx(np.zeros((1, 2)), abs=1e-3)
    linked = game.solve("R,K", tol=1e-6)
    assert linked.punishment_payoffs == pytest.approx([-game.L, -game.l], abs=1e-4)
    for point in ([-game.L, game.w], [-game.k, -game.l]):
        assert linked.inner.contains(point, 1e-4)
    assert game.row({"R": WITHHELD, "K": LIFTED})["sustained"] is True


@pytest.mark.parametrize("seed", SEEDS)
def test_a_threat_that_costs_more_than_countermeasures_can_return_is_none(seed):
    """w < 0 and (1 - δ_cn) |w| > δ_cn l: China never withholds, it earns 0 at best and -l at worst. Linking changes nothing for the U.S."""
    game = draw(seed)
    game = net_value(game, -1.01 * game.delta_cn / (1 - game.delta_cn) * game.l)
    # Full release has its own price; without it nothing but civil licences is left.
    game = game.with_(military_cost_cn_ratio=1e3)
    linked = game.solve("R,K")
    assert linked.punishment_payoffs[0] == pytest.approx(0.0, abs=1e-3 * game.L)


def static_truce(game):
    """Payoffs of issue T's static equilibrium that is worst for the U.S., or None."""
    found = bg.nash_equilibria(game.stage.issues["T"], method="pure")
    return found.payoffs[int(found.payoffs[:, 0].argmin())] if len(found.profiles) else None


@pytest.mark.parametrize("seed", SEEDS)
def test_below_revenue_linking_with_tariffs_adds_a_threat(seed):
    """w < 0 and |w| ≤ δ_cn (n_cn - t_cn), n static and t worst payoffs of T: the U.S. worst falls to n_us - L or lower, not below minmax.

    China withholds for ever while T stays at its static equilibrium; if it does not, T's own worst equilibrium for China follows.
    """
    game = draw(seed)
    tariffs = game.solve("T", tol=1e-3)
    n, t = static_truce(game), tariffs.inner.vertices.min(axis=0)
    game = net_value(game, -0.5 * game.delta_cn * (n[1] - t[1]))
    assert game.w < 0
    worst = game.solve("T,R", tol=1e-3)
    assert worst.outer.vertices[:, 0].min() <= n[0] - game.L
    assert worst.inner.vertices[:, 0].min() >= game.minmax("T")[0] - game.L - 1e-9
    # Unlinked the worst is that of T alone, R at civil licences.
    if n[0] - game.L < tariffs.outer.vertices[:, 0].min():
        assert worst.punishment_payoffs[0] < tariffs.punishment_payoffs[0]


@pytest.mark.parametrize("seed", SEEDS)
def test_above_revenue_linking_with_countermeasures_rescues_the_flow(seed):
    """w > 0: the U.S. worst payoff in {R, K} is -L, linked or not, for any parameters; joint surplus rises from w - L to 0 or more.

    (lifted, withhold) is static and pays the U.S. its minmax. The rise needs the small swap and w < L.
    """
    game = draw(seed)
    game = net_value(game, 0.9 * min(game.delta_cn * game.l, game.L))
    assert game.solve("R").vertices == pytest.approx(np.array([[-game.L, game.w]]), abs=1e-2)
    linked = game.solve("R,K")
    assert linked.punishment_payoffs[0] == pytest.approx(-game.L, rel=1e-12)
    assert linked.inner_proof is not None
    assert linked.support([1, 1]) >= -linked.error_bound


@pytest.mark.parametrize("seed", SEEDS)
def test_a_prize_above_what_countermeasures_can_take_is_not_rescued(seed):
    """w > 0 and (1 - δ_cn) w > δ_cn l: China always withholds, it earns w at best and w - l at worst. Joint surplus stays w - L."""
    game = draw(seed)
    game = net_value(game, 1.01 * game.delta_cn / (1 - game.delta_cn) * game.l)
    linked = game.solve("R,K")
    assert linked.support([1, 1]) == pytest.approx(game.w - game.L, abs=1e-2)
    assert linked.punishment_payoffs[0] == pytest.approx(-game.L, rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_above_revenue_linking_with_tariffs_rescues_the_flow(seed):
    """0 < w ≤ δ_cn (n_cn - t_cn): civil licences with T at its static equilibrium are sustained by {T, R}.

    The U.S. worst payoff lies between (minmax of T) - L and (worst of T) - L, so linking leaves it unchanged exactly if T alone
    already holds the U.S. to its minmax.
    """
    game = draw(seed)
    tariffs = game.solve("T", tol=1e-3)
    n, t = static_truce(game), tariffs.inner.vertices.min(axis=0)
    game = net_value(game, 0.5 * game.delta_cn * (n[1] - t[1]))
    assert game.w > 0
    linked = game.solve("T,R", tol=1e-3)
    assert linked.outer.contains(n, 1e-9)
    assert linked.inner.vertices[:, 0].min() >= game.minmax("T")[0] - game.L - 1e-9
    assert linked.outer.vertices[:, 0].min() <= t[0] - game.L + 1e-9
    if n.sum() > tariffs.outer.support([1, 1]) + game.w - game.L:
        assert linked.support([1, 1]) > tariffs.support([1, 1]) + game.w - game.L
    # Unlinked nothing buys them.
    assert game.row({"R": CIVIL})["sustained"] is False


# The named calibrations, ties, and issues on which one side alone moves.


def test_in_quiet_times_london_needs_no_future():
    story = bg.scenario("standoff", "quiet")
    rows = bg.linkage_lattice(story.game(), {"london": story.agreement("london")}, tol=1e-3, hazard_steps=1).rows()
    assert len(rows) == 15
    for row in rows:
        assert (row["critical_delta"], row["verdict"], row["sustained"], row["tie"]) == (0.0, "static", True, False)


def ties(blocks, agreements, **overrides):
    """Which agreements the lattice flags, on the issues of one partition."""
    game = Standoff(**overrides)
    issues = game.only(blocks.replace("|", ","))
    named = {name: {issue: agreement[issue] for issue in issues.names} for name, agreement in agreements.items()}
    rows = bg.linkage_lattice(bg.RepeatedGame(issues, game.delta), named, [blocks], tol=1e-3, hazard_steps=1).rows()
    return {row["agreement"]: row["tie"] for row in rows}


# Larger blocks say the same, more slowly.
TIED = ["R,K|A", "R|K|A", *(pytest.param(p, marks=pytest.mark.full) for p in ("R,K,A", "T,R,K|A", "T,R,K,A", "T|R|K|A"))]
AGREEMENTS = {name: bg.scenario("standoff").agreement(name) for name in bg.scenario("standoff").agreements}


@pytest.mark.parametrize("blocks", TIED)
def test_a_curb_that_costs_what_it_secures_is_a_tie(blocks):
    assert {tuple(agreement["A"]) for agreement in AGREEMENTS.values()} == {CURB, EASED}
    assert set(ties(blocks, AGREEMENTS, curb_security_ratio=1.0).values()) == {True}
    assert set(ties(blocks, AGREEMENTS, curb_security_ratio=1.3).values()) == {False}
    assert set(ties(blocks, AGREEMENTS, curb_security_ratio=1.0 + 1e-12).values()) == {False}


@pytest.mark.parametrize("blocks", TIED)
def test_withholding_worth_exactly_its_revenue_is_a_tie_with_civil_licences(blocks):
    named = {name: AGREEMENTS[name] for name in ("london", "military_release")}
    named["withheld"] = {**named["london"], "R": WITHHELD}
    # Full release pays China less than either, so no tie there.
    edge = {"london": True, "withheld": True, "military_release": False}
    revenue = bg.scenario("standoff").resolved()["withhold_revenue_loss_cn_busd"]
    assert ties(blocks, named, withhold_strategic_value_cn_busd=revenue) == edge
    assert ties(blocks, named, withhold_strategic_value_cn_busd=0.3, withhold_revenue_loss_cn_busd=0.3) == edge
    for off in (-1e-9, 1e-9):
        beside = ties(blocks, named, withhold_strategic_value_cn_busd=revenue + off)
        assert (beside["london"], beside["military_release"]) == (False, False)


@pytest.mark.parametrize("seed", range(12))
def test_issues_with_one_mover_are_points(seed):
    """Nothing rewards or punishes a side that moves alone: it plays its best action in every period."""
    game = draw(seed)
    expected = {
        "R": (-game.L, game.w) if game.w > 0 else (0.0, 0.0),
        "K": (0.0, 0.0),
        "A": (0.0, 0.0) if game.c > 0 else (-game.c, game.e),
    }
    for issue, point in expected.items():
        alone = game.solve(issue, tol=1e-9)
        assert len(alone.vertices) == 1
        assert alone.vertices[0] == pytest.approx(point, rel=1e-9, abs=1e-9)
