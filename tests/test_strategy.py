"""Strategies read off proofs: they earn what they promise, deter every deviation, and read as a plan."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from catalogue import ANALYTIC, DILEMMA, PERFECT_MONITORING, dilemma, stage

import bargaining as bg
from bargaining.games.automaton import Automaton


def solve(payoffs, delta, **options):
    return bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta), **options)


def check(solution, point):
    """The strategy earns the point within the set's bound, and nobody gains by deviating once in any of its states."""
    plan = bg.strategy(solution, point)
    certificate = bg.verify(plan)
    assert certificate.holds, certificate.reason
    scale = float(np.abs(solution.game.stage_game().payoffs).max())
    assert np.abs(plan.payoff - point).max() <= solution.error_bound + 1e-9 * scale
    simulated = plan.simulate(histories=400, seed=1)
    assert all(abs(simulated.payoff[i] - plan.payoff[i]) <= simulated.bound[i] for i in (0, 1))
    return plan


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), PERFECT_MONITORING)
def test_published_sets(payoffs, delta, vertices, tolerance):
    solution = solve(payoffs, delta)
    if solution.is_empty or solution.inner_proof is None:
        with pytest.raises(ValueError, match=r"no strategy: (no equilibrium exists|nothing proves)"):
            bg.strategy(solution, (0, 0))
        return
    check(solution, solution.vertices.mean(axis=0))


def random_games(count):
    generator = np.random.default_rng(20)
    for k in range(count):
        size = generator.integers(2, 5, 2)
        payoffs = generator.integers(0, 4, (2, *size)) if k % 2 else generator.normal(size=(2, *size)).round(6)
        yield payoffs.tolist(), round(float(generator.uniform(0.1, 0.95)), 3), generator.dirichlet(np.ones(3))


def earn_random_points(count):
    earned = 0
    for payoffs, delta, weights in random_games(count):
        solution = solve(payoffs, delta)
        if solution.inner_proof is None:
            continue
        vertices = solution.inner.vertices
        check(solution, weights @ vertices[np.arange(3) % len(vertices)])
        earned += 1
    return earned


def test_random_points_of_random_games():
    assert earn_random_points(40) >= 30


@pytest.mark.full
def test_random_points_of_two_hundred_random_games():
    assert earn_random_points(200) >= 150


def test_unequal_patience():
    solution = solve(DILEMMA, (0.6, 0.55))
    check(solution, solution.inner.vertices.mean(axis=0))


def test_a_point_outside_is_refused_with_its_distance():
    solution = solve(DILEMMA, 0.6)
    with pytest.raises(ValueError, match=r"point \(4, 4\) lies 1\.\d+ outside the equilibrium payoffs"):
        bg.strategy(solution, (4, 4))
    with pytest.raises(ValueError, match="expected a pair of payoffs"):
        bg.strategy(solution, 3)
    assert bg.strategy(solution, ("3", Fraction(3))).exact_payoff == (3, 3)


def test_a_point_within_the_error_bound_is_earned_nearly():
    solution = solve([[[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]]], 0.3)
    for vertex in solution.vertices:
        check(solution, vertex)


class TestPlan:
    game = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "snap-back")] * 2)

    def test_truce(self):
        words = str(bg.strategy(bg.equilibrium_set(bg.RepeatedGame(self.game, 0.6)), (3, 3)))
        assert "Phase 1: both truce for ever." in words
        assert "Phase 2: both snap-back for ever." in words
        assert "If U.S. alone deviates, phase 2 follows" in words
        assert "would gain 0.8 at once and lose 1.2 later" in words
        assert words.endswith("U.S. earns 3 and China 3 a period on average.")

    def test_stick_then_carrot(self):
        """Two periods of a harsh stick, then the agreement again."""
        machine = Automaton(
            game=bg.RepeatedGame(self.game, 0.5),
            profiles=((0, 0), (1, 1), (1, 1)),
            lotteries=(((0, Fraction(1)),), ((2, Fraction(1)),), ((0, Fraction(1)),)),
            punishments=(1, 1),
            start=((0, Fraction(1)),),
            values=((Fraction(3), Fraction(3)), (Fraction(3, 2), Fraction(3, 2)), (Fraction(2), Fraction(2))),
        )
        assert "Phase 2: both snap-back for 2 periods, then both truce for ever." in str(machine)
        # At 1/2 the dilemma needs the grim trigger: two periods are too short.
        refused = bg.verify(machine)
        assert not refused.holds
        assert refused.reason == "state 0: U.S. gains 0.25 by leaving truce / truce for 'snap-back'"

    def test_briefing(self):
        game = bg.scenario("briefing").game()
        linked = bg.equilibrium_set(bg.RepeatedGame(game.stage, 0.6))
        words = str(bg.strategy(linked, linked.vertices[linked.vertices.sum(axis=1).argmax()]))
        assert "T: both truce; R: China full; C: U.S. ease" in words
        assert "T: both raise; R: China withhold; C: U.S. curb for ever" in words
        assert len(words) < 2000

    def test_blocks(self):
        game = bg.scenario("briefing").game()
        apart = bg.equilibrium_set(bg.RepeatedGame(game.stage, 0.6), "T,R|C")
        point = apart.vertices.mean(axis=0)
        plan = bg.strategy(apart, point)
        assert np.abs(plan.payoff - point).max() <= 1e-9
        assert bg.verify(plan).holds
        assert str(plan).startswith("On T, R:\nPlay starts")
        assert "On C:" in str(plan)
        assert set(plan.to_networkx().nodes) >= {(("C",), 0)}
        with pytest.raises(ValueError, match="outside the equilibrium payoffs"):
            bg.strategy(apart, (50, 50))

    def test_hundreds_of_states_stay_readable(self):
        game = bg.scenario("standoff").game()
        block = bg.equilibrium_set(bg.RepeatedGame(game.stage.block("T,R"), game.delta), tol=1e-4)
        if block.inner_proof is not None:
            assert len(str(bg.strategy(block, block.inner.vertices.mean(axis=0)))) < 6000


def test_graph():
    plan = bg.strategy(solve(DILEMMA, 0.6), (3, 3))
    graph = plan.to_networkx()
    assert graph.number_of_nodes() == len(plan) == 2
    assert {data["deviator"] for *_, data in graph.edges(data=True) if "deviator" in data} == {"U.S.", "China"}


GRIM = Automaton(
    game=bg.RepeatedGame(stage(DILEMMA), 0.6),
    profiles=((0, 0), (1, 1)),
    lotteries=(((0, Fraction(1)),), ((1, Fraction(1)),)),
    punishments=(1, 1),
    start=((0, Fraction(1)),),
    values=((Fraction(3), Fraction(3)), (Fraction(1), Fraction(1))),
)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"values": ((Fraction(3), Fraction(3)), (Fraction(1), Fraction(2)))}, "state 0: China gains"),
        ({"values": ((Fraction(3), Fraction(4)), (Fraction(1), Fraction(1)))}, "state 0: China earns 3.6, not what is promised"),
        ({"punishments": (0, 0)}, "state 0: U.S. gains 0.8 by leaving 0 / 0 for '1'"),
        ({"punishments": (0, 7)}, "none of the states"),
        ({"start": ((0, Fraction(1, 2)),)}, "start: its lottery"),
        ({"profiles": ((0, 0), (9, 9))}, "there is no profile (9, 9)"),
        ({"values": ((Fraction(3), Fraction(3)),)}, "not as many values"),
    ],
)
def test_corrupted_strategies_are_refused(changes, reason):
    assert bg.verify(GRIM).holds
    certificate = bg.verify(replace(GRIM, **changes))
    assert not certificate.holds
    assert reason in certificate.reason


def test_penal_codes_are_the_worst_equilibria():
    cournot = [[[10, 3, 0], [15, 7, -4], [7, 5, -15]], [[10, 15, 7], [3, 7, 5], [0, -4, -15]]]
    solution = solve(cournot, 0.5)
    for i, code in enumerate(bg.penal_code(solution)):
        assert bg.verify(code).holds
        assert code.payoff[i] == pytest.approx(solution.punishment_payoffs[i], abs=solution.error_bound)


def cournot(steps, top=0.5):
    quantities = [top * k / steps for k in range(steps + 1)]
    profit = [[q * max(0.0, 1 - q - r) for r in quantities] for q in quantities]
    return bg.game(profit, [list(row) for row in zip(*profit, strict=True)])


def tariff(steps):
    levels = [k / steps for k in range(steps + 1)]
    own = [(1 - t) ** 2 / 8 + t * (1 - t) / 2 for t in levels]
    export = [(1 + t) ** 2 / 8 + (1 - t) / 2 for t in levels]
    welfare = [[a + b for b in export] for a in own]
    return bg.game(welfare, [list(row) for row in zip(*welfare, strict=True)])


def test_cournot_stick_carrot():
    expected = ANALYTIC["cournot_stick_carrot"]["expected"]
    code = bg.stick_and_carrot(cournot(24), 12)
    assert float(code.delta) == pytest.approx(expected[0], abs=ANALYTIC["cournot_stick_carrot"]["tolerance"])
    assert code.stick / 48 == pytest.approx(expected[1], abs=1e-12)
    assert bg.verify(code.automaton(0.3)).holds
    with pytest.raises(ValueError, match=r"at least 0\.28125"):
        code.automaton(0.28)


def test_tariff_free_trade_thresholds():
    """3/8 with the stick 2/3, against 3/5 under reversion: the best of symmetric codes."""
    expected = ANALYTIC["tariff_free_trade_thresholds"]["expected"]
    code = bg.stick_and_carrot(tariff(24), 0)
    assert float(code.delta) == pytest.approx(expected[1], abs=1e-9)
    assert code.stick / 24 == pytest.approx(expected[2], abs=1e-12)
    assert bg.verify(code.automaton(0.38)).holds


def test_tariff_most_cooperative():
    """Under reversion the lowest tariff that δ = 0.3 sustains is 5/27, which the grid holds."""
    case = ANALYTIC["tariff_most_cooperative"]
    game = tariff(27)
    sustained = [k for k in range(10) if bg.critical_delta(game, (k, k), "nash").value <= case["inputs"]["delta"] + 1e-9]
    assert min(sustained) / 27 == pytest.approx(case["expected"], abs=case["tolerance"])
    # The stick and carrot does better at the same patience.
    assert min(k for k in range(10) if bg.stick_and_carrot(game, k).delta <= Fraction(3, 10)) < min(sustained)


def test_sticks_of_degenerate_games():
    assert bg.stick_and_carrot(dilemma(5, 3, 1, 0), 1).delta == 0
    with pytest.raises(bg.GameError, match="no symmetric stick sustains"):
        bg.stick_and_carrot(dilemma(5, 3, 1, 0), 0)
    with pytest.raises(bg.GameError, match="no symmetric stick sustains"):
        bg.stick_and_carrot(bg.game([[1, 0], [2, 1]], [[1, 2], [0, 1]]), 0)
    with pytest.raises(bg.GameError, match="not symmetric"):
        bg.stick_and_carrot(bg.game([[1, 0], [2, 1]], [[1, 2], [0, 2]]), 0)


GAME = bg.RepeatedGame(stage(DILEMMA), 0.6)
COOPERATE, PUNISH = ((0, Fraction(1)),), ((1, Fraction(1)),)


def test_values_of_ones_own_machine():
    """Grim trigger: the values follow from the machine; a wrong claim about them is refused."""
    machine = Automaton(GAME, ((0, 0), (1, 1)), (COOPERATE, PUNISH), (1, 1), COOPERATE)
    assert machine.values == ((3, 3), (1, 1))
    assert bg.verify(machine).holds
    assert not bg.verify(replace(machine, values=((Fraction(3), Fraction(3)), (Fraction(1), Fraction(0))))).holds


def test_values_of_random_machines_solve_the_equations():
    random = np.random.default_rng(3)
    for _ in range(20):
        count = int(random.integers(1, 6))
        shares = [[Fraction(int(x)) for x in random.integers(1, 5, count)] for _ in range(count + 1)]
        *lotteries, start = (tuple((k, x / sum(row)) for k, x in enumerate(row)) for row in shares)
        profiles = tuple((int(random.integers(2)), int(random.integers(2))) for _ in range(count))
        machine = Automaton(GAME, profiles, tuple(lotteries), (0, count - 1), start)
        delta = Fraction(3, 5)
        for k, (a, b) in enumerate(profiles):
            for i in (0, 1):
                later = sum(p * machine.values[j][i] for j, p in machine.lotteries[k])
                assert machine.values[k][i] == (1 - delta) * int(DILEMMA[i][a][b]) + delta * later


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"profiles": ((0, 0), (2, 1))}, r"state 1: there is no profile \(2, 1\); the game has 2 x 2"),
        ({"lotteries": (COOPERATE,)}, "there are 1 lotteries: expected one for each of the 2 states"),
        ({"start": ((0, Fraction(1, 2)),)}, "start: expected a lottery over states 0 to 1"),
        ({"lotteries": (COOPERATE, ((2, Fraction(1)),))}, "state 1: expected a lottery over states 0 to 1"),
        ({"punishments": (0, 2)}, r"punishments are \(0, 2\): expected two states from 0 to 1"),
    ],
)
def test_machines_that_are_none(changes, line):
    given = {"profiles": ((0, 0), (1, 1)), "lotteries": (COOPERATE, PUNISH), "punishments": (1, 1), "start": COOPERATE}
    with pytest.raises(bg.GameError, match=line):
        Automaton(GAME, **{**given, **changes})


def test_a_draw_that_no_history_makes_is_in_the_bound():
    """One history in 100,000 ends in war: a standard error, which no history shows, would deny it."""
    rare = Fraction(1, 10**5)
    machine = Automaton(GAME, ((0, 0), (1, 1)), (COOPERATE, PUNISH), (1, 1), ((0, 1 - rare), (1, rare)))
    for seed in range(20):
        simulated = machine.simulate(histories=500, seed=seed)
        assert all(abs(simulated.payoff[i] - machine.payoff[i]) <= simulated.bound[i] for i in (0, 1))


@pytest.mark.parametrize("point", [(float("nan"), 1.0), (float("inf"), 1.0), ("x", 1), (None, 1), "34", (1, 2, 3)])
def test_points_that_are_none(point):
    with pytest.raises(ValueError, match="point is "):
        bg.strategy(solve(DILEMMA, 0.6), point)


def test_no_strategy_of_a_set_with_transfers():
    with pytest.raises(ValueError, match=r"the set is one with transfers, whose optimal play bg\.transfer_path describes"):
        bg.strategy(solve(DILEMMA, 0.6, transfers=True), (3, 3))
