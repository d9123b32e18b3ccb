"""Certificates of negotiation sets: both sides are proven again from the answer alone, and what is bent is refused."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from catalogue import DILEMMA as PAYOFFS

import bargaining as bg
from bargaining.certificate import negotiation_sets

STRIKE = bg.NegotiationGame(bg.game([[0.4], [0]], [[0.6], [0]], actions=[["work", "strike"], ["produce"]]), surplus=1, delta="9/10")


DILEMMA = bg.game(*PAYOFFS)


def walked(certificate):
    return certificate.holds and "walked again" in certificate.reason


@pytest.mark.parametrize(
    "game",
    [
        STRIKE,
        replace(STRIKE, delta=("4/5", "9/10")),
        # The talks are worth nothing to anybody, and the quarrel goes on for ever.
        replace(STRIKE, surplus=-3),
        bg.NegotiationGame(DILEMMA, surplus=8, delta="3/10"),
        bg.NegotiationGame(bg.game([[2]], [[3]]), surplus=5, delta="1/2"),
        # One side's payoffs are all alike, and so are both actions of the other.
        bg.NegotiationGame(bg.game([[1, 1], [1, 1]], [[0, 2], [0, 2]]), surplus=4, delta=("1/2", "2/3")),
        bg.NegotiationGame(bg.game([[1e-9, 0]], [[0, 1e-9]]), surplus=2e-9, delta=0.6),
    ],
)
def test_both_sides_are_proven_again(game):
    answer = bg.negotiate(game)
    assert answer.status is bg.Status.solved
    again = bg.Solution.from_json(answer.to_json())
    certificate = bg.verify(again)
    assert walked(certificate), certificate.reason
    assert certificate.gap <= answer.error_bound + 1e-12 * abs(answer.share_bounds).max()


def test_that_nothing_is_left_is_found_again():
    # Matching pennies has no pure equilibrium, and with little patience a threat deters nobody.
    pennies = bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])
    answer = bg.negotiate(bg.NegotiationGame(pennies, surplus=-5, delta=0.2))
    assert answer.status is bg.Status.empty
    assert bg.verify(answer).reason == "no payoff survives the operator"
    certificate = bg.verify(replace(bg.negotiate(STRIKE), status=bg.Status.empty))
    assert not certificate.holds
    nothing = replace(answer, game=STRIKE)
    assert not bg.verify(nothing).holds


def test_a_long_way_is_not_walked(monkeypatch):
    monkeypatch.setattr(negotiation_sets, "MOST_WORK", 20)
    certificate = bg.verify(bg.negotiate(STRIKE))
    assert certificate.holds
    assert certificate.gap == np.inf
    assert certificate.reason.endswith("too long to walk again here")


def farther(answer, by):
    """The same with a corner of the first set moved, and the bounds that go with it."""
    corners = [list(own) for own in answer.exact_sets]
    k = max(range(len(corners[0])), key=lambda k: corners[0][k][0])
    corners[0][k] = (corners[0][k][0] + by, corners[0][k][1] - by)
    drawn = bg.PayoffSet([[float(x), float(y)] for x, y in corners[0]])
    bounds, others = answer.share_bounds.copy(), answer.responder_bounds.copy()
    bounds[0] = [float(min(v[0] for v in corners[0])), float(max(v[0] for v in corners[0]))]
    others[1] = [float(min(v[1] for v in corners[0])), float(max(v[1] for v in corners[0]))]
    exact = (tuple(corners[0]), answer.exact_sets[1])
    outer = tuple(bg.PayoffSet([[-9.0, -9.0], [9.0, -9.0], [9.0, 9.0], [-9.0, 9.0]]) for _ in (0, 1))
    return replace(
        answer, exact_sets=exact, sets=(drawn, answer.sets[1]), share_bounds=bounds, responder_bounds=others, outer=outer, error_bound=99.0
    )


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda a: farther(a, Fraction(1, 10**9)), "is not generated"),
        (lambda a: replace(a, generators=a.generators[:1]), "is not generated"),
        (lambda a: replace(a, generators=((7, 0),)), "no profile (7, 0)"),
        (lambda a: replace(a, game=replace(a.game, surplus="99/100")), "is not generated"),
        (lambda a: replace(a, share_bounds=a.share_bounds + np.array([[0.0, 1e-9], [0.0, 0.0]])), "the bounds stated"),
        (lambda a: replace(a, responder_bounds=a.responder_bounds - np.array([[0.0, 0.0], [1e-9, 0.0]])), "the bounds stated"),
        (lambda a: replace(a, share_bounds=a.share_bounds * np.nan), "a bound is no number"),
        (lambda a: replace(a, error_bound=-1.0), "a bound is no number"),
        (lambda a: replace(a, sets=a.sets[::-1]), "the set stated"),
        (lambda a: replace(a, exact_sets=((), a.exact_sets[1])), "missing"),
        (lambda a: replace(a, outer=a.outer[::-1]), "outer set"),
        (lambda a: replace(a, outer=(bg.PayoffSet(a.outer[0].vertices * 1.01), a.outer[1])), "farther beyond"),
        (lambda a: replace(a, outer=()), "nothing bounds"),
        (lambda a: replace(a, error_bound=np.inf), "nothing places"),
    ],
)
def test_a_bent_answer_is_refused(bend, words):
    answer = bg.negotiate(STRIKE)
    certificate = bg.verify(bend(answer))
    assert not certificate.holds
    assert words in certificate.reason


def test_sets_that_are_too_small_are_not_taken_for_all(monkeypatch):
    """Half of the splits generate less than they are told to be; a single flow generates itself, but more survives from outside."""
    whole = bg.negotiate(bg.NegotiationGame(DILEMMA, surplus=8, delta="9/10"))
    alone = bg.negotiate(bg.NegotiationGame(bg.game([[1]], [[1]]), surplus=8, delta="9/10"))
    part = replace(
        whole,
        **{name: getattr(alone, name) for name in ("exact_sets", "sets", "share_bounds", "responder_bounds", "outer")},
        generators=((1, 1),),
    )
    monkeypatch.setattr(negotiation_sets, "MOST_WORK", 10_000)
    certificate = bg.verify(part)
    assert not walked(certificate)
