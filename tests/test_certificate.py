"""Certificates: published sets get one, and no corrupted answer does, with the fault named."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA, PERFECT_MONITORING, moved, refused, stage

import bargaining as bg
from bargaining.games import exact

PENNIES = [[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]
EMPTY = bg.PayoffSet(np.empty((0, 2)))
PROVEN = "every vertex is generated and no one-shot deviation gains; "
WALKED = PROVEN + "the outer chain was walked again"
EXCLUDED = PROVEN + "what lies outside the half-planes was excluded"
UNFOUNDED = "the half-planes stored do not follow"
NUDGE = Fraction(1, 10**6)


def solve(payoffs, delta, **options):
    return bg.equilibrium_set(bg.RepeatedGame(stage(payoffs), delta), **options)


GAMES = {
    "full set": (DILEMMA, "3/5"),
    "unequal patience": (DILEMMA, (0.6, 0.55)),
    "segment": ([[[1, 0], [0, 2]], [[1, 0], [0, 2]]], 0.5),
    "point": ([[[0, -1]], [[0, 2]]], 0.9),
    "one indifferent player": ([[[0, 1]], [[0, 0]]], 0.5),
    "shifted by 1e9": (moved(DILEMMA, shift=10**9), "3/5"),
    "scaled by 1e12": (moved(DILEMMA, scale=10**12), "3/5"),
    "scaled by 1e-10": (moved(DILEMMA, scale="1e-10"), "3/5"),
}


@pytest.fixture(scope="module")
def solutions():
    return {name: solve(*game) for name, game in GAMES.items()}


@pytest.fixture(params=GAMES)
def solution(request, solutions):
    return solutions[request.param]


@pytest.fixture
def deal(solutions):
    """The repeated dilemma at δ = 3/5, whose proof the corruptions below change in one place each."""
    return solutions["full set"]


def span(solution):
    payoffs = solution.game.stage_game().payoffs
    return max(exact(own.max()) - exact(own.min()) for own in payoffs)


def with_proof(solution, **changes):
    return replace(solution, inner_proof=replace(solution.inner_proof, **changes))


def with_chain(solution, **changes):
    return replace(solution, outer_proof=replace(solution.outer_proof, **changes))


def with_vertex(solution, k, vertex):
    """Vertex k replaced in the proof and in the stated and inner sets."""
    vertices = tuple(vertex if j == k else v for j, v in enumerate(solution.inner_proof.vertices))
    stated = bg.PayoffSet([[float(x), float(y)] for x, y in vertices])
    return with_proof(replace(solution, payoff_set=stated, inner=stated), vertices=vertices)


def outward(solution, k):
    """Vertex k of the proof, moved away from the centre by a millionth of the span."""
    vertices = solution.inner_proof.vertices
    centre = [sum(v[i] for v in vertices) / len(vertices) for i in (0, 1)]
    away = [vertices[k][i] - centre[i] for i in (0, 1)]
    length = max(map(abs, away))
    step = [a / length if length else Fraction(1) for a in away]
    return tuple(vertices[k][i] + NUDGE * span(solution) * step[i] for i in (0, 1))


@pytest.mark.parametrize(("payoffs", "delta", "vertices", "tolerance"), PERFECT_MONITORING)
def test_published(payoffs, delta, vertices, tolerance):
    answer = solve(payoffs, delta)
    certificate = bg.verify(answer)
    assert certificate.holds, certificate.reason
    assert (certificate.deviation_gain, certificate.payoff_error) == (0.0, 0.0)
    if answer.is_empty:
        assert (certificate.reason, certificate.gap) == ("no profile can be enforced", 0.0)
    else:
        # At the knife edge the general solver answers, and its chain is walked.
        assert certificate.reason in (EXCLUDED, WALKED)
        assert certificate.gap <= answer.error_bound * (1 + 1e-9) <= 1e-9 * float(span(answer)) * (1 + 1e-9)


def test_every_kind_of_set(solution):
    certificate = bg.verify(solution)
    assert certificate.holds, certificate.reason
    assert certificate.reason == (EXCLUDED if solution.game.common_delta else WALKED)
    # A span of one stands in for a player who is indifferent over everything.
    assert certificate.gap <= max(float(span(solution)), 1.0) * 1e-9


def test_a_stated_vertex_moved_outward(solution):
    for k in range(len(solution.vertices)):
        vertices = solution.vertices.copy()
        vertices[k] = [float(x) for x in outward(solution, k)]
        refused(replace(solution, payoff_set=bg.PayoffSet(vertices)), f"stated vertex {k} lies", "outside the proven set")


def test_a_proven_vertex_moved_outward(solution):
    for k in range(len(solution.vertices)):
        certificate = refused(with_vertex(solution, k, outward(solution, k)), "vertex")
        assert max(certificate.deviation_gain, certificate.payoff_error) > 0.0
        assert certificate.gap == np.inf


def test_a_punishment_raised(solution):
    for player in (0, 1):
        worst = solution.inner_proof.punishments[player]
        vertex = list(solution.inner_proof.vertices[worst])
        vertex[player] += NUDGE * span(solution)
        refused(with_vertex(solution, worst, tuple(vertex)), "vertex")


@pytest.mark.parametrize(("player", "name"), [(0, "U.S."), (1, "China")])
def test_a_punishment_that_is_a_reward(deal, player, name):
    best = int(deal.vertices[:, player].argmax())
    punishments = [best if i == player else k for i, k in enumerate(deal.inner_proof.punishments)]
    certificate = refused(with_proof(deal, punishments=tuple(punishments)), f": {name} gains 2 by leaving ")
    assert certificate.deviation_gain == 2.0


def test_a_wrong_profile(deal):
    profiles = deal.inner_proof.profiles
    for k in range(len(profiles)):
        for other in {(0, 0), (0, 1), (1, 0), (1, 1)} - {profiles[k]}:
            refused(with_proof(deal, profiles=tuple(other if j == k else p for j, p in enumerate(profiles))), f"vertex {k}: ")


def test_a_wrong_simplex(deal):
    vertices, simplices = deal.inner_proof.vertices, deal.inner_proof.simplices
    assert len(vertices) >= 4
    for k, simplex in enumerate(simplices):
        other = next(j for j in range(len(vertices)) if j not in simplex)
        changed = tuple((other, other, other) if j == k else s for j, s in enumerate(simplices))
        certificate = refused(with_proof(deal, simplices=changed), f"vertex {k}: ")
        assert "outside the set" in certificate.reason or "gains" in certificate.reason
        assert certificate.payoff_error > 0.0


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"profiles": ((0, 0),)}, "4 vertices, 1 profiles and 4 simplices"),
        ({"vertices": (), "profiles": (), "simplices": ()}, "the proof has 0 vertices"),
        ({"profiles": ((0, 2),) * 4}, "vertex 0: there is no profile (0, 2)"),
        ({"profiles": ((-1, 0),) * 4}, "vertex 0: there is no profile (-1, 0)"),
        ({"simplices": ((0, 1, 4),) * 4}, "vertex 0: its simplex (0, 1, 4)"),
        ({"simplices": ((0, -1, 1),) * 4}, "vertex 0: its simplex (0, -1, 1)"),
        ({"simplices": ((0, 1),) * 4}, "vertex 0: its simplex (0, 1)"),
        ({"punishments": (0, 4)}, "the punishments (0, 4)"),
    ],
)
def test_a_proof_that_does_not_fit_its_set(deal, changes, reason):
    assert len(deal.vertices) == 4
    refused(with_proof(deal, **changes), reason)


def test_unproven_vertices_do_not_hide_behind_a_short_list_of_profiles(deal):
    """A vertex beyond the last profile would go unchecked."""
    proof = deal.inner_proof
    vertices = (*proof.vertices, (Fraction(0), Fraction(0)))
    stated = bg.PayoffSet([[float(x), float(y)] for x, y in vertices])
    refused(with_proof(replace(deal, payoff_set=stated, inner=stated), vertices=vertices), "5 vertices, 4 profiles")


def test_a_set_that_leaves_out_equilibrium_payoffs(solution):
    if len(solution.vertices) == 1:
        pytest.skip("nothing smaller than a point but the empty set")
    fewer = bg.PayoffSet(solution.vertices[1:])
    refused(replace(solution, payoff_set=fewer), "the stated set leaves out vertex 0 of the proven set")
    refused(replace(solution, inner=fewer), "the inner set leaves out vertex 0 of the proven set")


def lowered(solution, j):
    offsets = solution.outer_proof.offsets.copy()
    offsets[j] -= 1e-6
    return with_chain(solution, offsets=offsets)


def test_an_outer_offset_lowered(solution):
    unfounded = UNFOUNDED if solution.game.common_delta else "the outer chain does not reach the offsets stored"
    refused(lowered(solution, len(solution.outer_proof.offsets) // 2), unfounded)


@pytest.mark.parametrize("j", range(6))
def test_any_outer_offset_lowered(deal, j):
    refused(lowered(deal, j), UNFOUNDED)


def test_an_outer_offset_raised_is_more_than_the_error_bound(deal):
    offsets = deal.outer_proof.offsets + 1e-6
    refused(with_chain(deal, offsets=offsets), "beyond the inner set, more than the error bound")


def test_an_error_bound_too_small():
    answer = solve([[[6, 0], [9, 1]], [[6, 9], [0, 1]]], (0.7, 0.71), max_iter=60)
    assert answer.status is bg.Status.max_iter
    certificate = bg.verify(answer)
    assert certificate.holds
    assert 1e-9 < certificate.gap <= answer.error_bound * (1 + 1e-9)
    refused(replace(answer, error_bound=0.1 * certificate.gap), "more than the error bound")


def test_an_outer_set_other_than_the_half_planes(deal):
    smaller = bg.PayoffSet(deal.outer.vertices[1:])
    refused(replace(deal, outer=smaller), "the stated outer set leaves out")
    refused(replace(deal, outer=EMPTY), "the stated outer set leaves out")


@pytest.mark.parametrize(
    "changes",
    [
        lambda proof: {"limit": proof.limit - 1e-6, "offsets": proof.offsets - 1e-6},
        lambda proof: {"slopes": -proof.slopes},
        lambda proof: {"slopes": proof.slopes * np.linspace(1e-3, 1.0, len(proof.slopes))},
        lambda proof: {"interval": (0.0, proof.interval[1])},
        lambda proof: {"interval": (proof.interval[0], 0.5 * proof.interval[0])},
        lambda proof: {"interval": (proof.interval[0], 0.1 * proof.interval[1])},
        lambda proof: {"interval": None},
    ],
    ids=[
        "limit lowered",
        "slopes turned",
        "slopes bent",
        "interval from 0",
        "interval empty",
        "chain too short",
        "no interval",
    ],
)
def test_an_exclusion_that_excludes_too_much(deal, changes):
    refused(with_chain(deal, **changes(deal.outer_proof)), UNFOUNDED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"offsets": np.zeros(1)}, "one finite offset a normal"),
        ({"offsets": np.full(6, np.nan)}, "one finite offset a normal"),
        ({"limit": np.zeros(1)}, "one finite limit a normal"),
        ({"slopes": np.full(6, np.inf)}, "one finite slope a normal"),
        ({"interval": (0.0, np.nan)}, "interval is not finite"),
        ({"span": (Fraction(-5), Fraction(5))}, "a box without extent"),
        ({"span": (Fraction(1), Fraction(1))}, "a box that does not hold the stage payoffs"),
        ({"origin": (Fraction(1), Fraction(1))}, "a box that does not hold the stage payoffs"),
    ],
)
def test_a_chain_that_starts_from_nowhere(deal, changes, reason):
    assert len(deal.outer_proof.offsets) == 6
    refused(with_chain(deal, **changes), reason)
    # Nor does such a chain prove that there is no equilibrium.
    claim = replace(deal, status=bg.Status.empty, payoff_set=EMPTY, inner=EMPTY, outer=EMPTY, inner_proof=None)
    refused(with_chain(claim, **changes), reason)


def test_a_set_without_proofs(deal):
    refused(replace(deal, outer_proof=None), "nothing bounds the equilibrium payoffs from outside")
    certificate = refused(replace(deal, inner_proof=None, deviation_gain=0.25), "nothing places the stated set inside", "may gain 0.25")
    assert certificate.deviation_gain == 0.25


def test_a_false_claim_of_emptiness(solution):
    claim = replace(solution, status=bg.Status.empty, payoff_set=EMPTY, inner=EMPTY, outer=EMPTY, inner_proof=None)
    # The chain of unequal patience is long, and nothing about it is special here.
    if solution.game.common_delta:
        refused(claim, "that no profile can be enforced was not proven")
    refused(replace(claim, outer_proof=None), "that no profile can be enforced was not proven")
    refused(replace(solution, status=bg.Status.empty), "the set is called empty, but payoffs are stated")


def test_emptiness_is_proven_only_for_the_game_itself():
    empty = solve(PENNIES, 0.9)
    assert bg.verify(empty).holds
    for delta in (0.3, (0.9, 0.5)):
        assert bg.verify(solve(PENNIES, delta)).holds
    other = replace(empty, game=bg.RepeatedGame(stage([[[1, -1], [-1, 1]], [[1, -1], [-1, 1]]]), 0.9))
    refused(other, "that no profile can be enforced was not proven")


def test_an_answer_to_another_game(deal):
    impatient = replace(deal, game=bg.RepeatedGame(stage(DILEMMA), 0.3))
    refused(impatient, "vertex")
    tempting = replace(deal, game=bg.RepeatedGame(stage([[[3, 0], [6, 1]], [[3, 5], [0, 1]]]), "3/5"))
    refused(tempting, "the outer chain starts from a box that does not hold the stage payoffs")


ISSUES = bg.IssueGame({"T": stage(DILEMMA), "R": stage([[[0, 1]], [[0, -0.2]]]), "C": stage([[[0], [-0.6]], [[0], [1]]])})


@pytest.fixture(scope="module")
def split():
    return bg.equilibrium_set(bg.RepeatedGame(ISSUES, 0.7), "T|R,C")


def test_partitions(split):
    certificate = bg.verify(split)
    assert certificate.holds
    assert certificate.reason == f"block T: {EXCLUDED}; block R,C: {EXCLUDED}"
    assert certificate.gap <= split.error_bound * (1 + 1e-9)


def test_a_partition_whose_stated_set_is_not_the_sum(split):
    for k in range(len(split.vertices)):
        vertices = split.vertices.copy()
        vertices[k] += 1e-6 * np.sign(vertices[k] - vertices.mean(axis=0))
        refused(replace(split, payoff_set=bg.PayoffSet(vertices)), "the stated set is not the sum of the blocks' sets")
    refused(replace(split, payoff_set=bg.PayoffSet(split.vertices[1:])), "the stated set is not the sum of the blocks' sets")
    refused(replace(split, inner=bg.PayoffSet(split.vertices[1:])), "the inner set is not the sum")
    refused(replace(split, outer=EMPTY), "the outer set is not the sum")
    refused(replace(split, error_bound=0.0), "the error bound is smaller than the blocks' bounds together")
    refused(replace(split, status=bg.Status.empty), "the set is called empty, and no block is")


def test_blocks_that_are_not_the_games(split):
    blocks = dict(split.blocks)
    refused(replace(split, blocks={("T",): blocks["T",]}), "not a partition of the issues")
    patient = bg.equilibrium_set(bg.RepeatedGame(ISSUES.block("T"), 0.9))
    refused(replace(split, blocks={**blocks, ("T",): patient}), "block T: it was solved as another game")
    richer = bg.equilibrium_set(bg.RepeatedGame(stage([[[4, 0], [5, 1]], [[4, 5], [0, 1]]]), 0.7))
    refused(replace(split, blocks={**blocks, ("T",): richer}), "block T: it was solved as another game")
    refused(replace(split, game=bg.RepeatedGame(stage(DILEMMA), 0.7)), "blocks of a game without issues")


def test_a_block_without_a_proof(split):
    blocks = dict(split.blocks)
    blocks["T",] = with_chain(blocks["T",], offsets=blocks["T",].outer_proof.offsets - 1e-6)
    certificate = refused(replace(split, blocks=blocks), "block T: ", UNFOUNDED)
    assert "block R,C" not in certificate.reason


def test_an_empty_block():
    game = bg.RepeatedGame(bg.IssueGame({"T": stage(DILEMMA), "M": stage(PENNIES)}), 0.3)
    certificate = bg.verify(bg.equilibrium_set(game, "T|M"))
    assert certificate.holds
    assert certificate.reason.endswith("block M: no profile can be enforced")
    refused(replace(bg.equilibrium_set(game, "T|M"), status=bg.Status.solved), "a block is empty, the sum is not")


def test_no_certificate_for_other_answers():
    issues = bg.IssueGame({"T": stage(DILEMMA)})
    answers = [
        bg.minmax(stage(DILEMMA)),
        bg.linkage_lattice(bg.RepeatedGame(issues, 0.6), {"truce": {"T": (0, 0)}}),
        solve(DILEMMA, 0.6).payoff_set,
        "solution",
    ]
    for answer in answers:
        with pytest.raises(TypeError, match=f"no certificate for a {type(answer).__name__}: expected a payoff set"):
            bg.verify(answer)


@pytest.mark.parametrize("delta", [0.9, 0.999, (0.3, 0.9)])
@pytest.mark.parametrize("payoffs", [([[2]], [[3]]), ([[2, 2], [2, 2]], [[0, 1e-6], [2e-6, 1e-6]]), ([[1, 1]], [[2, 2]])])
def test_who_always_earns_the_same_earns_nothing_else(payoffs, delta):
    """Half-planes are rounded outward on a scale that such a player's payoffs, which span nothing, have no part in."""
    solution = bg.equilibrium_set(bg.RepeatedGame(bg.game(*payoffs), delta))
    assert solution.status is bg.Status.solved
    assert np.ptp(solution.outer.vertices[:, 0]) == 0.0
    certificate = bg.verify(solution)
    assert certificate.holds
    assert certificate.gap <= solution.error_bound + 1e-18
