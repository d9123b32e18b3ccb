"""Certificates of answers about deals: what holds is proven from the file alone, what is bent is refused in words."""

import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA, payoff_arrays
from hypothesis import given, settings
from hypothesis import strategies as st

import bargaining as bg
from bargaining.answers.file import write_solution

QUICK = settings(max_examples=40, deadline=None, derandomize=True)
TINY = Fraction(1, 10**6)


def stored(answer):
    """The answer read back from its own text."""
    text = write_solution(answer)
    again = bg.Solution.from_json(text)
    assert type(again) is type(answer)
    assert write_solution(again) == text
    np.testing.assert_equal(again.row(), answer.row())
    return again


# Contractual equilibrium


@QUICK
@given(payoff_arrays(most=3), st.sampled_from([0.1, 0.45, "2/3", 0.95]), st.sampled_from([(0.5, 0.5), (1, 2), (0.8, 0.2), (1, 0)]))
def test_contractual_equilibria_hold(payoffs, delta, weights):
    answer = stored(bg.contractual_equilibrium(bg.RepeatedGame(bg.StageGame(payoffs=payoffs), delta), weights))
    certificate = bg.verify(answer)
    assert certificate.holds, certificate.reason
    assert certificate.gap == 0


def contract(delta=0.9):
    return bg.contractual_equilibrium(bg.RepeatedGame(bg.StageGame(payoffs=DILEMMA), delta))


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda s: replace(s, enforceable=s.enforceable[1:]), "can be enforced, and is not listed"),
        (lambda s: replace(s, game=bg.RepeatedGame(s.game.stage, 0.3)), "is said to be enforceable, and is not"),
        (lambda s: replace(s, enforceable=(*s.enforceable, (7, 7))), r"no profile \(7, 7\)"),
        (lambda s: replace(s, path=(1, 1)), "another enforceable profile pays more together"),
        (lambda s: replace(s, span=s.span + 1e-9), "not those proven"),
        (lambda s: replace(s, level=s.level - 1e-9), "not those proven"),
        (lambda s: replace(s, payoff_set=bg.PayoffSet(s.vertices + 1e-9)), "not those proven"),
        (lambda s: replace(s, weights=(Fraction(1, 3), Fraction(2, 3))), "not those proven"),
        (lambda s: replace(s, weights=(Fraction(1), Fraction(1))), "two shares that add up to one"),
        (lambda s: replace(s, game=bg.RepeatedGame(s.game.stage, (0.9, 0.8))), "different discount factors"),
        (lambda s: replace(s, status=bg.Status.empty), "called empty"),
    ],
)
def test_a_bent_contract_is_refused(bend, words):
    certificate = bg.verify(stored(bend(contract())))
    assert not certificate.holds
    assert re.search(words, certificate.reason), certificate.reason


def test_an_empty_contract():
    pennies = bg.RepeatedGame(bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]]), 0.9)
    empty = bg.contractual_equilibrium(pennies)
    assert bg.verify(stored(empty)).holds
    assert not bg.verify(replace(contract(), game=pennies)).holds
    assert not bg.verify(replace(empty, game=contract().game)).holds


# Negotiation plans

STRIKE = bg.NegotiationGame(bg.game([[0.4], [0]], [[0.6], [0]], actions=[["work", "strike"], ["produce"]]), 1, 0.9)
GAMES = {
    "strike": STRIKE,
    "unique": bg.NegotiationGame(bg.game([[0.9], [0]], [[0.1], [0]]), 1, 0.9),
    "dilemma": bg.NegotiationGame(bg.game([[0.5, -0.2], [0.7, 0.0]], [[0.5, 0.7], [-0.2, 0.0]]), 1, 0.8),
    # Disagreement may be worth more than an agreement: nobody offers anything.
    "quiet": bg.NegotiationGame(bg.game([[3.0]], [[2.0]]), 4, 0.5),
    "issues": bg.NegotiationGame(bg.IssueGame({"T": bg.game([[0.5, -0.2], [0.7, 0.0]], [[0.5, 0.7], [-0.2, 0.0]])}), 1, "3/4"),
}


@pytest.mark.parametrize("name", GAMES)
def test_plans_hold(name):
    solution = stored(bg.negotiate(GAMES[name]))
    assert solution.status is bg.Status.solved
    for proposer in (0, 1):
        for player in (0, 1):
            for largest in (False, True):
                plan = stored(bg.negotiation_plan(solution, proposer, player=player, largest=largest))
                certificate = bg.verify(plan)
                assert certificate.holds, certificate.reason
                bounds = solution.share_bounds if player == proposer else solution.responder_bounds
                assert float(plan.payoff[player]) == bounds[player, int(largest)]


def bent_node(plan, k, **changes):
    return replace(plan, nodes=tuple(replace(node, **changes) if n == k else node for n, node in enumerate(plan.nodes)))


def bent_quarrel(plan, q, **changes):
    return replace(plan, quarrels=tuple(replace(each, **changes) if n == q else each for n, each in enumerate(plan.quarrels)))


def kind(plan):
    """China's refusal of the first split is followed by work, no strike."""
    q = next(q for q, quarrel in enumerate(plan.quarrels) if quarrel.profile == (0, 0))
    return bent_node(plan, plan.start, refused=((q, Fraction(1)),))


def toothless(plan):
    """Other offers of the U.S. are followed by what leaves China least: it would accept less than what the U.S. can be held to."""
    q = min((q for q, _ in plan.nodes[plan.start].refused), key=lambda q: plan.quarrels[q].payoff[1])
    return replace(plan, deterred=(((q, Fraction(1)),), plan.deterred[1]))


def opposite(plan):
    """A quarrel in which the U.S. is punished by what is best for it."""
    q = next(q for q, quarrel in enumerate(plan.quarrels) if quarrel.profile == (1, 0))
    proposer = plan.nodes[plan.quarrels[q].punished[0]].proposer
    best = max((k for k, node in enumerate(plan.nodes) if node.proposer == proposer), key=lambda k: plan.nodes[k].payoff[0])
    return bent_quarrel(plan, q, punished=(best, plan.quarrels[q].punished[1]))


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (kind, "China by refusing gains 0.316"),
        (toothless, "U.S. by another offer gains 0.316"),
        (opposite, "U.S. by 'work' gains"),
        (lambda p: bent_quarrel(p, 0, payoff=(p.quarrels[0].payoff[0] + TINY, p.quarrels[0].payoff[1])), "not worth what is stated"),
        (lambda p: bent_node(p, p.start, split=(Fraction(2), Fraction(0)), payoff=(Fraction(2), Fraction(0))), "not worth what is stated"),
        (lambda p: bent_node(p, p.start, split=None), "not worth what is stated"),
        (lambda p: replace(p, deterred=(((0, Fraction(1)),) * 2, p.deterred[1])), "not a draw of quarrels"),
        (lambda p: replace(p, deterred=p.deterred[::-1]), "the same side would propose again"),
        (lambda p: replace(p, start=99), "starts at node 99"),
        (lambda p: bent_quarrel(p, 0, after=((0, Fraction(1, 2)),)), "not a draw of nodes"),
        (lambda p: bent_quarrel(p, 0, after=((0, Fraction(3, 2)), (1, Fraction(-1, 2)))), "not a draw of nodes"),
        (lambda p: bent_quarrel(p, 0, punished=(0, len(p.nodes) - 1)), "both sides would propose next"),
        (lambda p: bent_quarrel(p, 0, profile=(2, 0)), "no profile"),
        (lambda p: bent_node(p, 0, proposer=2), "proposer 2"),
    ],
)
def test_a_bent_plan_is_refused(bend, words):
    plan = bg.negotiation_plan(bg.negotiate(STRIKE), 0)
    assert bg.verify(plan).holds
    certificate = bg.verify(bg.Solution.from_json(bend(plan).to_json()))
    assert not certificate.holds
    assert words in certificate.reason
