"""Certificates of the bargaining layer: answers hold after a round trip through their files, and whatever is bent in them is refused."""

import dataclasses
import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from catalogue import DILEMMA, payoff_arrays
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_deal_certificates import stored

import bargaining as bg
from bargaining.cli import main
from bargaining.solvers.selection import RULES
from bargaining.solvers.threats import zero_sum

FULL = 600
MODES = pytest.mark.parametrize("mode", ["quick", pytest.param("full", marks=pytest.mark.full)])
TINY = 1e-6

CORNERS = [[0, 0], [4, 0], [3, 2], [0, 3]]
GAME = bg.StageGame(payoffs=DILEMMA)
COIN = [[0.5, 0.5], [0.5, 0.5]]
ISSUES = {"R": [[0, 0], [3, 0], [0, 1]], "C": [[0, 0], [1, 0], [0, 3]]}
ANSWERS = {
    **{rule: lambda rule=rule: bg.selection(CORNERS, (0, 0.5), rule) for rule in RULES},
    "weighted": lambda: bg.selection(CORNERS, (0, 0), weights=(2, 1)),
    "nothing to gain": lambda: bg.selection(CORNERS, (4, 0)),
    "outside": lambda: bg.selection(CORNERS, (9, 0)),
    "a point": lambda: bg.selection([[1, 1]], (0, 0)),
    "a segment": lambda: bg.selection([[0, 2], [2, 0]], (0, 1), "egalitarian"),
    "a vertical edge": lambda: bg.selection([[2, 0], [4, 1], [4, 2]], (0, 0), "kalai_smorodinsky"),
    "table": lambda: bg.bargaining_table(
        CORNERS, {"none": (0, 0), "strong": (2, 0.25), "outside": (9, 9)}, deals={"x": (3, 2), "y": (0, 3)}
    ),
    "threats": lambda: bg.nash_with_threats(GAME),
    "threats in a repeated game": lambda: bg.nash_with_threats(bg.RepeatedGame(GAME, 0.7)),
    "threats on a set": lambda: bg.nash_with_threats(GAME, [[2, 2], [3, 1], [1, 1]]),
    "threats on an edge": lambda: bg.nash_with_threats(bg.game([[4, -1], [6, 1]], [[2, 3], [-2, 0]])),
    "mixed threats": lambda: bg.nash_with_threats(bg.game([[3, -1], [-2, 1]], [[-1, 4], [2, 0]])),
    "transfers": lambda: bg.nash_with_threats(bg.game([[4, -1], [6, 1]], [[2, 3], [-2, 0]]), transfers=True),
    "Rubinstein": lambda: bg.alternating_offers((0.9, 0.8)),
    "breakdown": lambda: bg.alternating_offers(1, breakdown=0.1, breakdown_payoffs=(0.1, 0.3)),
    "inside": lambda: bg.alternating_offers(0.9, inside=(0.2, 0.4)),
    "exit": lambda: bg.alternating_offers(0.9, outside=(0, 0.6)),
    "never": lambda: bg.alternating_offers(0.9, inside=(0.6, 0.6)),
    "deadline": lambda: bg.alternating_offers((0.9, 0.7), periods=7, deadline_payoffs=(0.1, 0.2)),
    "far deadline": lambda: bg.alternating_offers(0.9, periods=300),
    "walk out": lambda: bg.alternating_offers(0.9, outside=(0.7, 0.7), periods=5),
    "frontier": lambda: bg.alternating_offers(0.9, frontier=CORNERS),
    "offers over a point": lambda: bg.alternating_offers(0.9, frontier=[[1, 2]]),
    "induction": lambda: bg.alternating_offers(0.9, frontier=CORNERS, method="induction"),
    "pie": lambda: bg.stochastic_pie([1, 3], COIN, 0.9),
    "pie never taken": lambda: bg.stochastic_pie([-1, -2], COIN, 0.9),
    "pie by a coin": lambda: bg.stochastic_pie([1, 3, 0.2], np.full((3, 3), 1 / 3), (0.9, 0.7), proposers=[0.5, 0.2, 1.0]),
    "pie with flows": lambda: bg.stochastic_pie([1, 1], np.eye(2), 0.9, flows=[[2, 0], [0, 0.1]]),
    "trap": lambda: bg.stochastic_pie([0.1, 5, -1], [[0, 0.5, 0.5], [0, 1, 0], [0, 0, 1]], 0.9),
    "tie": lambda: bg.stochastic_pie([0], [[1]], 0.5),
    "iterated pie": lambda: bg.stochastic_pie([1, 3], COIN, 0.9, method="iteration"),
    "agendas": lambda: bg.agendas(ISSUES, (0.9, 0.8), inside={"R": (0.3, 0.1)}),
    "one issue": lambda: bg.agendas({"R": ISSUES["R"]}, 0.9),
    "war": lambda: bg.concession((0.6, 0.7), (0.05, 0.1), (0.02, 0.05)),
    "Fearon": lambda: bg.concession((3, 4), (0.05, 0.05), concessions=(1, 2)),
    "one obstinate": lambda: bg.concession((0.6, 0.7), (0.1, 0.1), (0.01, 0)),
    "nothing to concede": lambda: bg.concession((1, 1), (0.1, 0.1), concessions=(0, 0)),
    "reputation": lambda: bg.reputation([0.6, 0.8], [0.5, 0.9], [0.02, 0.03], [0.01, 0.05], (0.1, 0.2)),
    "compatible types": lambda: bg.reputation([0.4, 0.7], [0.5], [0.1, 0.1], [0.05], (0.1, 0.1)),
    "all compatible": lambda: bg.reputation([0.4], [0.5], [0.1], [0.05], (0.1, 0.1)),
    "renegotiation-proof": lambda: bg.renegotiation_proof(GAME),
    "nothing is proof": lambda: bg.renegotiation_proof(bg.game([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])),
    "penance": lambda: bg.penance(GAME, (0, 0), (0.7, 0.8)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_hold(name):
    certificate = bg.verify(stored(ANSWERS[name]()))
    assert certificate.holds, certificate.reason
    assert certificate.deviation_gain < 1e-7


def bent(value):
    """Every way to bend one number, truth value or word inside a value."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, float):
        yield from [1.0] if not math.isfinite(value) else [value + TINY, math.nan]
    elif isinstance(value, Fraction):
        yield value + Fraction(TINY)
    elif isinstance(value, int):
        yield value + 1
    elif isinstance(value, str):
        yield value + "?"
    elif isinstance(value, np.ndarray):
        for k in range(value.size):
            for each in bent(value.ravel()[k].item()):
                copy = value.copy()
                copy.ravel()[k] = each
                yield copy
    elif isinstance(value, bg.PayoffSet):
        yield from (bg.PayoffSet(each) for each in bent(value.vertices) if np.isfinite(each).all())
    elif isinstance(value, dict):
        for key in value:
            yield from ({**value, key: each} for each in bent(value[key]))
            yield {k: v for k, v in value.items() if k != key}
    elif isinstance(value, tuple):
        for k in range(len(value)):
            yield from ((*value[:k], each, *value[k + 1 :]) for each in bent(value[k]))
    elif dataclasses.is_dataclass(value):
        yield from claims_bent(value)


def claims_bent(answer):
    """The answer with each of its claims bent; how it was found is none, and what it is about is given."""
    given = {"error_bound", "iterations", "method", "options", "game", "status", "agreements"}
    for field in dataclasses.fields(answer):
        if field.name not in given:
            for each in bent(getattr(answer, field.name)):
                yield replace(answer, **{field.name: each})
    yield replace(answer, status=bg.Status.empty if answer.status is bg.Status.solved else bg.Status.solved)


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_is_bent_is_refused(name):
    answer = ANSWERS[name]()
    bends = list(claims_bent(answer))
    assert bends
    for wrong in bends:
        certificate = bg.verify(wrong)
        changed = [f.name for f in dataclasses.fields(answer) if getattr(wrong, f.name) is not getattr(answer, f.name)]
        assert not certificate.holds, changed
        assert certificate.reason


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("nash", {"disagreement": (Fraction(0), Fraction(5, 2))}),
        ("nash", {"corners": ((Fraction(0), Fraction(0)), (Fraction(4), Fraction(3)))}),
        ("nash", {"weights": (Fraction(1), Fraction(9))}),
        ("Rubinstein", {"delta": (Fraction(9, 10), Fraction(7, 10))}),
        ("Rubinstein", {"outside": (Fraction(0), Fraction(9, 10))}),
        ("breakdown", {"breakdown": Fraction(1, 5)}),
        ("deadline", {"periods": 6}),
        ("pie", {"sizes": np.array([1.0, 2.0])}),
        ("pie", {"delta": (Fraction(1, 2), Fraction(9, 10))}),
        ("agendas", {"delta": (Fraction(1, 2), Fraction(9, 10))}),
        ("war", {"obstinate": np.array([0.02, 0.06])}),
        ("war", {"rates": np.array([0.05, 0.11])}),
        ("reputation", {"priors_cn": np.array([0.02, 0.05])}),
    ],
)
def test_an_answer_to_another_question_is_refused(name, changes):
    answer = ANSWERS[name]()
    assert not bg.verify(replace(answer, game=replace(answer.game, **changes)))


def test_a_point_on_a_supporting_line_outside_the_agreements_is_refused():
    normal = np.array([0.55, 0.45])
    answer = bg.nash_with_threats(GAME)
    first, second = GAME.payoffs
    quarrel = zero_sum(normal[0] * first - normal[1] * second)
    # On the line through the corner (3, 3), where weighted gains over what these threats earn are equal.
    point = 0.5 * np.array([normal @ [3, 3] + quarrel.value, normal @ [3, 3] - quarrel.value]) / normal
    earned = np.array([quarrel.x @ matrix @ quarrel.y for matrix in (first, second)])
    wrong = replace(answer, point=point, weights=normal, threats=(quarrel.x, quarrel.y), disagreement=earned, value=quarrel.value)
    assert bg.verify(wrong).reason == "the point is not in the set of agreements"


def test_the_command_reads_all_of_them(tmp_path, capsys):
    for k, name in enumerate(ANSWERS):
        ANSWERS[name]().to_json(tmp_path / f"{k}.json")
    with pytest.raises(SystemExit) as stopped:
        main(["verify", str(tmp_path)])
    assert int(stopped.value.code or 0) == 0
    assert f"{len(ANSWERS)} of {len(ANSWERS)} certificates hold" in capsys.readouterr().err


def run(test, mode, quick):
    """As many examples as the mode allows."""
    settings(max_examples=quick if mode == "quick" else FULL, deadline=None, derandomize=True)(test)()


numbers = st.integers(-4, 6)
corner_lists = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=7)


@MODES
def test_selections_from_any_polygon(mode):
    @given(corner_lists, st.tuples(*[st.integers(-1, 5)] * 2), st.data())
    def check(corners, below, data):
        # Mostly below some corner, so that there is something to gain.
        d = tuple(v - by for v, by in zip(corners[0], below, strict=True))
        u, v = (corners[data.draw(st.integers(0, len(corners) - 1))] for _ in range(2))
        share = Fraction(data.draw(st.integers(0, 6)), 6)
        other = tuple(share * a + (1 - share) * b for a, b in zip(u, v, strict=True))
        for rule, weights in product(RULES, (None, (2, 1), (1, "1/3"))):
            if rule == "kalai_smorodinsky" and weights:
                continue
            answer = bg.selection(corners, d, rule, weights=weights)
            assert bg.verify(answer), bg.verify(answer).reason
            if answer.exact_point is None:
                with pytest.raises(bg.GameError):
                    bg.select(corners, d, rule, weights=weights)
                continue
            assert answer.point.tolist() == bg.select(corners, d, rule, weights=weights).tolist()
            # Any other point of the set is refused.
            if other != answer.exact_point:
                assert not bg.verify(replace(answer, exact_point=other, point=np.array([float(x) for x in other])))

    run(check, mode, 40)


@MODES
def test_threats_in_any_game(mode):
    @given(payoff_arrays(most=3), st.booleans())
    def check(payoffs, transfers):
        answer = bg.nash_with_threats(bg.StageGame(payoffs=payoffs), transfers=transfers)
        certificate = bg.verify(answer)
        assert certificate, certificate.reason

    run(check, mode, 15)


@MODES
def test_offers_on_any_frontier(mode):
    @given(
        corner_lists,
        st.tuples(*[st.sampled_from([0.3, 0.5, 0.8, 0.93])] * 2),
        st.tuples(numbers, numbers),
        st.none() | st.tuples(numbers, numbers),
        st.sampled_from([0, 0.2]),
        st.sampled_from([{}, {"periods": 1}, {"periods": 6}, {"periods": 205}, {"method": "induction"}]),
    )
    def check(corners, delta, inside, outside, risk, how):
        try:
            answer = bg.alternating_offers(delta, frontier=corners, inside=inside, outside=outside, breakdown=risk, **how)
        except bg.GameError:
            assume(False)
        assume(answer.status.is_answer)
        certificate = bg.verify(answer)
        assert certificate, certificate.reason

    run(check, mode, 40)


@MODES
def test_any_chain_of_pies(mode):
    @given(st.integers(1, 4), st.data())
    def check(n, data):
        entries = st.sampled_from([0.0, 1.0, 2.0, 5.0])
        rows = np.array([[data.draw(entries) for _ in range(n)] for _ in range(n)]) + np.eye(n) * 1e-3
        rows /= rows.sum(axis=1, keepdims=True)
        sizes = [data.draw(st.sampled_from([-1.0, 0.0, 0.5, 1.0, 3.0])) for _ in range(n)]
        chance = data.draw(st.sampled_from(["alternate", [0.5] * n, [1.0] * n]))
        flows = data.draw(st.none() | st.just([[0.3, -0.1]] * n))
        delta = data.draw(st.sampled_from([0.5, (0.9, 0.99)]))
        method = data.draw(st.sampled_from(["improvement", "iteration"]))
        answer = bg.stochastic_pie(sizes, rows, delta, proposers=chance, flows=flows, method=method)
        certificate = bg.verify(answer)
        assert certificate, certificate.reason

    run(check, mode, 12)


@MODES
def test_wars_and_reputations(mode):
    types = st.lists(st.sampled_from([0.4, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]), min_size=1, max_size=3, unique=True)
    prior = st.sampled_from([1e-12, 0.005, 0.02, 0.1])

    @given(types, types, st.tuples(*[st.sampled_from([0.05, 0.1, 0.2])] * 2), prior, prior)
    def check(us, cn, rates, first, second):
        play = bg.reputation(us, cn, [first] * len(us), [second] * len(cn), rates)
        certificate = bg.verify(play)
        # Priors of 1e-12 can ask for more digits than a float has; the status says so, and then there is nothing to certify.
        assert certificate.holds == (play.status is bg.Status.solved), certificate.reason
        assert certificate.holds or min(first, second) < 1e-9
        if us[0] + cn[0] > 1.01:
            war = bg.verify(bg.concession((us[0], cn[0]), rates, (first, second)))
            assert war, war.reason

    run(check, mode, 8)


@MODES
def test_renegotiation_in_any_game(mode):
    @given(payoff_arrays(most=3), st.sampled_from([0.5, 0.9, (0.6, 0.95)]), st.data())
    def check(payoffs, delta, data):
        stage = bg.StageGame(payoffs=payoffs)
        certificate = bg.verify(bg.renegotiation_proof(stage))
        assert certificate, certificate.reason
        m, n = stage.shape
        found = bg.penance(stage, (data.draw(st.integers(0, m - 1)), data.draw(st.integers(0, n - 1))), delta)
        if found is not None:
            assert bg.verify(found), bg.verify(found).reason

    run(check, mode, 40)


def test_what_a_wrong_claim_is_told():
    tie = bg.stochastic_pie([1, 3], COIN, 0.9)
    assert "none is stated" in bg.verify(replace(tie, agreement=np.zeros((2, 2), dtype=bool))).reason
    assert "moves the values" in bg.verify(replace(tie, values=tie.values * 1.01)).reason
    offers = bg.alternating_offers(0.9)
    low = (Fraction(1, 2), Fraction(1, 2))
    half = np.array([0.5, 0.5])
    said = bg.verify(replace(offers, pairs=(low, low), proposer_share=half, responder_share=half)).reason
    assert "the U.S. proposing the U.S. is said to get 0.05 less than what it can have" in said
    threat = ANSWERS["mixed threats"]()
    assert "the threats do not earn" in bg.verify(replace(threat, threats=threat.threats[::-1])).reason
    penance = ANSWERS["penance"]()
    short = replace(penance, game=bg.RepeatedGame(GAME, (0.3, 0.3)), worst=(Fraction(27, 10),) * 2)
    assert "what the sides get at the start" in bg.verify(short).reason
    fifth = Fraction(9, 5)
    hasty = replace(penance, game=bg.RepeatedGame(GAME, "3/5"), profiles=((0, 1), (1, 0)), periods=(1, 1), worst=(fifth, fifth))
    assert "gains 0.08 by leaving the agreement" in bg.verify(hasty).reason
    # Reversion to the static equilibrium deters, but both sides would rather forget it.
    low = 3 - 2 * (1 - Fraction(9, 10) ** 3)
    harsh = replace(penance, game=bg.RepeatedGame(GAME, 0.9), profiles=((1, 1), (1, 1)), periods=(3, 3), worst=(low, low))
    assert "both sides would leave the penance of U.S. with 1 periods left for the agreement" in bg.verify(harsh).reason
