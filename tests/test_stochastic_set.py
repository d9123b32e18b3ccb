"""Payoff sets of stochastic games: published sets, an independent reference, invariances, empties, certificates, storage."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import stochastic_twin
from catalogue import PERFECT_MONITORING, supports
from stochastic_games import PUBLISHED, always, court, dilemma, licence, published, random_game, truce

import bargaining as bg
from bargaining.cli import main
from bargaining.kernels.stochastic_mixtures import add_polygon
from bargaining.solvers import stochastic_common, stochastic_set

PLANAR = [name for name, case in PUBLISHED.items() if "vertices_by_state" in case["expected"]]
# Random games whose limit hangs on constraints that bind exactly: outward rounding keeps what exact arithmetic would drop.
MAY_STAY_OPEN = bg.Status.undecided


def agree(solution, expected, tolerance):
    assert len(solution) == len(expected)
    for own, vertices in zip(solution, expected, strict=True):
        ours, theirs = supports(own.vertices), supports(vertices)
        assert (np.isneginf(ours) == np.isneginf(theirs)).all()
        if np.isfinite(ours).all():
            assert np.abs(ours - theirs).max() <= tolerance


@pytest.mark.parametrize("name", PLANAR)
def test_published_sets_in_every_state(name):
    case = PUBLISHED[name]
    solution = bg.equilibrium_set(published(name))
    assert solution.status is bg.Status.solved
    assert solution.error_bound < 1e-7
    agree(solution, case["expected"]["vertices_by_state"], case["tolerance"] + solution.error_bound)
    assert bg.verify(solution)


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), PERFECT_MONITORING[::3])
def test_a_game_of_one_state_is_a_repeated_game(payoffs, delta, vertices, tolerance):
    shape = np.shape(payoffs)[1:]
    if shape[0] * shape[1] > 100 or delta > 0.9:
        pytest.skip("the plain chain from outside takes long here; the repeated game's own solver is for these")
    repeated = bg.equilibrium_set(bg.RepeatedGame(bg.StageGame(payoffs=payoffs), delta))
    solution = bg.equilibrium_set(bg.StochasticGame([payoffs], [always([1], *shape)], delta))
    if repeated.status.is_answer and solution.status.is_answer:
        agree(solution, [repeated.vertices], solution.error_bound + repeated.error_bound + 1e-9)
    else:
        assert MAY_STAY_OPEN in (repeated.status, solution.status)


def test_identical_states_with_transitions_that_no_action_moves_are_one_repeated_game():
    repeated = bg.equilibrium_set(bg.RepeatedGame(bg.StageGame(payoffs=dilemma()), 0.6))
    solution = bg.equilibrium_set(bg.StochasticGame([dilemma()] * 3, [always([0.2, 0.3, 0.5])] * 3, 0.6))
    agree(solution, [repeated.vertices] * 3, 1e-8)


def against_the_reference(seed):
    payoffs, exactly, floats, delta = random_game(seed)
    game = bg.StochasticGame(payoffs, exactly, delta if delta[0] != delta[1] else delta[0])
    solution = bg.equilibrium_set(game, tol=1e-8)
    certificate = bg.verify(solution)
    assert certificate, certificate.reason
    expected = stochastic_twin.solve(payoffs, floats, delta)
    if expected is None or solution.status is MAY_STAY_OPEN:
        return False
    assert solution.status.is_answer
    agree(solution, expected, 2e-7)
    return True


@pytest.mark.parametrize("seeds", [range(k, k + 10) for k in range(300, 340, 10)], ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_random_games_against_plain_python(seeds):
    assert sum(against_the_reference(seed) for seed in seeds) >= 8


def test_an_exclusion_with_more_profiles_enforceable_than_after_the_stored_chain():
    """The exact sets come within the half-planes two sweeps before the stored ones, when three more profiles are enforceable."""
    assert against_the_reference(1281)


def test_points_are_stated_as_their_equations_are_solved():
    """Accumulated rounding of compiled sweeps would show: the certificate compares with the exact proof to the last bits."""
    payoffs, exactly, _, (delta, _) = random_game(1022)
    solution = bg.equilibrium_set(bg.StochasticGame(payoffs, exactly, delta), tol=1e-8)
    assert [len(own.vertices) for own in solution] == [1, 1]
    assert bg.verify(solution).holds


@pytest.mark.full
@pytest.mark.parametrize("seeds", [range(k, k + 25) for k in range(1000, 1500, 25)], ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_many_random_games_against_plain_python(seeds):
    assert sum(against_the_reference(seed) for seed in seeds) >= 22


def test_units_do_not_matter():
    plain = bg.equilibrium_set(truce(0.3, 0.5, 0.7))
    moved = [
        [[[1e6 * x + 7e8 for x in row] for row in g[0]], [[1e-5 * x - 3 for x in row] for row in g[1]]] for g in (dilemma(), [[[1]], [[1]]])
    ]
    stretched = bg.equilibrium_set(bg.StochasticGame(moved, plain.game.exact_transitions and plain.game.transitions, 0.7))
    assert stretched.status is bg.Status.solved
    for own, other in zip(plain, stretched, strict=True):
        back = (other.vertices - [7e8, -3]) / [1e6, 1e-5]
        assert np.abs(supports(own.vertices) - supports(back)).max() < 1e-8


def test_states_and_actions_may_be_named_in_any_order():
    game = court(0.2, 0.6, 0.7)
    order = [2, 0, 1]
    turned = bg.StochasticGame(
        [game.payoffs[s][:, ::-1, ::-1] for s in order], [game.transitions[s][::-1, ::-1][..., order] for s in order], 0.7,
        [game.states[s] for s in order],
    )  # fmt: skip
    one, other = bg.equilibrium_set(game), bg.equilibrium_set(turned)
    for name in game.states:
        assert np.abs(supports(one[name].vertices) - supports(other[name].vertices)).max() < 1e-8


def test_the_players_may_change_places():
    game = licence(0.75)
    swapped = bg.StochasticGame([g[::-1].transpose(0, 2, 1) for g in game.payoffs], [t.transpose(1, 0, 2) for t in game.transitions], 0.75)
    for own, other in zip(bg.equilibrium_set(game), bg.equilibrium_set(swapped), strict=True):
        assert np.abs(supports(own.vertices) - supports(other.vertices[:, ::-1])).max() < 1e-8


def test_with_two_discount_factors_payoffs_leave_the_hull():
    repeated = bg.equilibrium_set(bg.RepeatedGame(bg.StageGame(payoffs=dilemma()), (0.6, 0.95)), tol=1e-6)
    solution = bg.equilibrium_set(bg.StochasticGame([dilemma()], [always([1])], (0.6, 0.95)), tol=1e-6)
    assert solution.status is bg.Status.solved
    assert solution[0].support([1, 1]) == pytest.approx(7.559, abs=1e-3)
    agree(solution, [repeated.vertices], 2e-5)


def test_a_state_that_nobody_comes_to_changes_nothing_elsewhere():
    alone = bg.equilibrium_set(truce(0.3, 0.5, 0.7))
    game = bg.StochasticGame(
        [dilemma(), [[[1]], [[1]]], [[[9, 0]], [[0, 9]]]],
        [always([0.7, 0.3, 0]), always([0.5, 0.5, 0], 1, 1), always([0, 0, 1], 1, 2)],
        0.7,
        ["truce", "lapse", "elsewhere"],
    )
    solution = bg.equilibrium_set(game)
    for name in ("truce", "lapse"):
        # Scaled by other spans, so not to the last bit.
        assert np.abs(supports(solution[name].vertices) - supports(alone[name].vertices)).max() < 1e-7
    assert np.allclose(solution["elsewhere"].vertices, [[0, 9]])


PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]


def test_an_empty_state_takes_with_it_whatever_can_come_to_it_and_nothing_else():
    game = bg.StochasticGame(
        [dilemma(), PENNIES, dilemma()],
        # Only both defecting leads from "before" to "pennies": nobody would, but such a history is a subgame too.
        [[[[1, 0, 0], [1, 0, 0]], [[1, 0, 0], [0.5, 0.5, 0]]], always([0, 1, 0]), always([0, 0, 1])],
        0.6,
        ["before", "pennies", "apart"],
    )
    solution = bg.equilibrium_set(game)
    assert solution.status is bg.Status.solved
    assert solution["before"].is_empty
    assert solution["pennies"].is_empty
    assert not solution["apart"].is_empty
    assert set(solution.emptied) == {"before", "pennies"}
    assert "failed last" in solution.emptied["pennies"]
    assert "'pennies'" in solution.emptied["before"]
    assert np.isnan(solution.punishment_payoffs[:2]).all()
    assert solution.row()["emptied"] == 2
    assert bg.verify(solution), bg.verify(solution).reason
    resurrected = dataclasses.replace(solution, emptied={})
    assert not bg.verify(resurrected)


def test_a_game_without_equilibria():
    solution = bg.equilibrium_set(bg.StochasticGame([PENNIES], [always([1])], 0.3))
    assert solution.status is bg.Status.empty
    assert len(solution) == 1
    assert solution.error_bound == 0.0
    assert bg.verify(solution)


def test_absorbing_states_and_states_without_a_choice():
    chain = bg.StochasticGame([[[[0]], [[4]]], [[[3]], [[1]]]], [[[["1/3", "2/3"]]], [[[0, 1]]]], "1/2")
    solution = bg.equilibrium_set(chain)
    assert solution.status is bg.Status.solved
    # v = (1/2) g + (1/2) (v / 3 + 2 w / 3)
    assert solution.inner_proof.vertices[0] == ((Fraction(6, 5), Fraction(14, 5)),)
    assert solution[1].vertices.tolist() == [[3.0, 1.0]]


def test_what_the_answer_carries():
    solution = bg.equilibrium_set(truce(0.3, 0.5, 0.7))
    assert len(solution) == 2
    assert solution["truce"] is solution[0]
    assert solution.states == ("truce", "lapse")
    assert solution.punishment_payoffs.shape == (2, 2)
    assert np.allclose(solution.punishment_payoffs, 1.0)
    assert [row["state"] for row in solution.rows()] == ["truce", "lapse"]
    assert list(solution.to_frame()["state"]) == ["truce", "lapse"]
    assert solution.row()["states"] == 2
    assert solution.row()["worst_us"] == pytest.approx(1.0)
    assert solution.plot("truce") is not None
    with pytest.raises(bg.GameError, match="did you mean 'truce'"):
        solution["truse"]
    with pytest.raises(bg.GameError, match="partition"):
        bg.equilibrium_set(truce(0.3), "T|R")


def test_too_few_sweeps_are_said():
    solution = bg.equilibrium_set(truce(0.3, 0.5, 0.95), max_iter=5)
    assert solution.status is bg.Status.max_iter
    with pytest.raises(bg.SolveError, match="max_iter"):
        solution.raise_for_status()


def moved_vertex(solution, state, by):
    proof = solution.inner_proof
    vertices = list(proof.vertices[state])
    k = max(range(len(vertices)), key=lambda k: sum(vertices[k]))
    vertices[k] = tuple(x + Fraction(by) for x in vertices[k])
    changed = tuple(tuple(vertices) if s == state else own for s, own in enumerate(proof.vertices))
    sets = tuple(bg.PayoffSet.hull([[float(x), float(y)] for x, y in own]) for own in changed)
    return dataclasses.replace(solution, inner_proof=dataclasses.replace(proof, vertices=changed), inner=sets, payoff_sets=sets)


def test_a_vertex_moved_outward_is_refused():
    solution = bg.equilibrium_set(truce(0.3, 0.5, 0.7))
    certificate = bg.verify(moved_vertex(solution, 0, 4e-6))
    assert not certificate
    assert certificate.payoff_error > 0
    assert "state 'truce'" in certificate.reason


def test_a_milder_punishment_is_refused_and_the_deviation_named():
    solution = bg.equilibrium_set(truce(0.3, 0.5, 0.62))
    proof = solution.inner_proof
    best = max(range(len(proof.vertices[0])), key=lambda k: proof.vertices[0][k][0])
    milder = dataclasses.replace(proof, punishments=((best, proof.punishments[0][1]), proof.punishments[1]))
    certificate = bg.verify(dataclasses.replace(solution, inner_proof=milder))
    assert not certificate
    assert certificate.deviation_gain > 0
    assert "state 'truce'" in certificate.reason
    assert "U.S. gains" in certificate.reason
    assert "by leaving" in certificate.reason


def test_half_planes_drawn_in_are_refused():
    solution = bg.equilibrium_set(licence(0.75))
    assert bg.verify(solution)
    chain = solution.outer_proof
    certificate = bg.verify(dataclasses.replace(solution, outer_proof=dataclasses.replace(chain, offsets=chain.offsets - 1e-4)))
    assert not certificate


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda chain: {"limit": chain.limit - 1e-3}, "not excluded"),
        (lambda chain: {"slopes": chain.slopes * 1e3}, "not excluded"),
        (lambda chain: {"slopes": -chain.slopes}, "not excluded"),
        (lambda chain: {"offsets": chain.offsets - 1e-9}, "leave out vertex"),
        (lambda chain: {"interval": (0.1, 0.1)}, "not excluded"),
    ],
    ids=["limit lowered", "slopes too steep", "slopes that fall", "offsets lowered", "an interval that ends too far out"],
)
def test_an_exclusion_that_excludes_too_much_is_refused(change, reason):
    solution = bg.equilibrium_set(truce(0.1, delta=0.8))
    assert bg.verify(solution)
    assert solution.outer_proof.slopes is not None
    certificate = bg.verify(
        dataclasses.replace(solution, outer_proof=dataclasses.replace(solution.outer_proof, **change(solution.outer_proof)))
    )
    assert not certificate
    assert reason in certificate.reason


def test_stored_and_read_back_bit_for_bit(tmp_path, capsys):
    solution = bg.equilibrium_set(licence(0.75))
    path = tmp_path / "licence.json"
    text = solution.to_json(path)
    back = bg.Solution.from_json(path)
    assert back.to_json() == text
    assert back.game.exact_transitions == solution.game.exact_transitions
    assert back.game.exact_deltas == solution.game.exact_deltas
    assert bg.verify(back).reason == bg.verify(solution).reason
    with pytest.raises(SystemExit, match="0"):
        main(["verify", str(path)])
    assert "holds" in capsys.readouterr().out


def test_an_edge_straight_down_but_for_rounding_spoils_no_sum():
    # Added to other numbers the step to the right is lost, and the edge is one straight down that comes first instead of last.
    parts = [
        np.array([[8.0, 0.9]]),
        np.array([[0.3, 1.0], [0.3 + 1e-16, 0.0], [1.0, 0.0], [1.0, 1.0]]),
        np.array([[0.9, 0.0], [1.9, 0.5], [0.95, 1.0]]),
    ]
    sums, steps, result, made = (np.zeros((16, 2)) for _ in range(4))
    size = 1
    for part in parts:
        size = add_polygon(sums, steps, size, part, len(part), 0.5, result, made)
        sums[:size], steps[:size] = result[:size], made[:size]
    for angle in np.linspace(0.0, 6.0, 25):
        direction = np.array([np.cos(angle), np.sin(angle)])
        apart = sum(0.5 * (part @ direction).max() for part in parts)
        assert abs((result[:size] @ direction).max() - apart) < 1e-14


def test_many_successors_are_mixed_as_few_are():
    rng = np.random.default_rng(5)
    payoffs = np.round(rng.normal(size=(10, 2, 2, 2)), 2)
    few = np.zeros((10, 2, 2, 10))
    few[..., :3] = 0.5, 0.25, 0.25
    many = np.array(few)
    # The same states come next, through seven that hardly differ from them: copies of the first.
    payoffs[3:] = payoffs[0]
    many[..., 0] = 0.15
    many[..., 3:] = 0.05
    ours = bg.equilibrium_set(bg.StochasticGame(list(payoffs), list(many), 0.7), tol=1e-7)
    other = bg.equilibrium_set(bg.StochasticGame(list(payoffs), list(few), 0.7), tol=1e-7)
    assert ours.status is other.status is bg.Status.solved
    assert max(a.distance(b) for a, b in zip(ours.payoff_sets, other.payoff_sets, strict=True)) < 1e-6


def test_too_large_games_return_with_what_is_proven_outside(monkeypatch):
    game = published("sg_as_twostate_d050")
    exact = bg.equilibrium_set(game)
    monkeypatch.setattr(stochastic_set, "MOST_SUCCESSORS", 0)
    monkeypatch.setattr(stochastic_set, "settle", lambda *_: None)
    rough = bg.equilibrium_set(game)
    assert rough.status is bg.Status.approximate
    assert rough.error_bound == np.inf
    assert rough.inner_proof is None
    for own, around in zip(exact.payoff_sets, rough.outer, strict=True):
        assert all(around.contains(vertex, 1e-9) for vertex in own.vertices)
        assert around.area < 1.5 * own.area + 1.0


def test_no_time_for_the_limit_still_gives_both_bounds(monkeypatch):
    game = published("sg_as_twostate_d070")
    monkeypatch.setattr(stochastic_common, "TRIES", 0)
    monkeypatch.setattr(stochastic_common, "MOST_SPENT", 0)
    rough = bg.equilibrium_set(game, tol=1e-12)
    assert rough.status in (bg.Status.inner_only, bg.Status.solved)
    assert np.isfinite(rough.error_bound)
    assert bg.verify(rough).holds


def test_points_beside_wide_sets_are_solved_with_different_discount_factors():
    """A lapse for good leaves one payoff, renewals leave many: the many plans of the wide sets do not keep the points from being exact."""
    game = bg.scenario("standoff_dynamic", "calibrated").composed().game(("T",))
    solution = bg.equilibrium_set(game, tol=1e-3, max_iter=4000)
    assert solution.status is bg.Status.solved
    assert len(solution["lapse, restored"].vertices) == 1
    assert len(solution["renewal, authority"].vertices) > 40
    assert bg.verify(solution).holds
