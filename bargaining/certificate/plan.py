r"""Certificate of where a plan of a stochastic game is sustained: both ends of every change, in exact rational arithmetic.

*Sustained*: with the punishments of sets that are proven to generate themselves, nobody gains by leaving the plan in any state once.
*Not*: even the pure minmax payoffs of the game with states do not deter somebody; or the half-planes that hold every equilibrium payoff
are proven again, and the worst that they allow does not; or a state has no equilibrium at all. Along a parameter the games at the ends
are taken as the answer gives them: how they were made from the parameter is not known here. Between and beyond the ends nothing is
claimed, and nothing checked.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor, inf
from typing import Any

import numpy as np

from bargaining.answers.stochastic import CriticalPlan, StochasticSet
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.stochastic import ExactStates, malformed_inner, malformed_outer, outside, self_generation
from bargaining.games import StochasticGame, exact
from bargaining.games.state_values import discounted_values

Profile = tuple[int, int]
ANSWERS = ("sustained", "not", "undecided")
# Bounds are rounded to this grid, and rise so often, or until they hardly move.
GRID, MOST_ROUNDS, SETTLED = 2**60, 400, Fraction(1, 10**13)


def verify_critical_plan(solution: CriticalPlan) -> Certificate:
    """Check the verdict at every end, and that brackets and intervals are what these say."""
    fault = _malformed(solution)
    if fault:
        return refused(fault)
    proven, unchecked = [], []
    for (value, answer), plan, evidence in zip(solution.ends, solution.plans, solution.evidence, strict=True):
        at = f"{solution.parameter} = {value:.12g}"
        if solution.parameter == "delta" and not _same(evidence.game, solution.game, value):
            return refused(f"at {at}: the evidence is of another game")
        game = ExactStates(evidence.game)
        if len(plan) != len(game.payoff) or any(tuple(profile) not in own for profile, own in zip(plan, game.payoff, strict=True)):
            return refused(f"at {at}: the plan is not one profile a state")
        if answer == "undecided":
            unchecked.append(f"open at {at}")
            continue
        fault, checked = (_kept if answer == "sustained" else _left)(game, plan, evidence)
        if fault:
            return Certificate(holds=False, deviation_gain=inf, payoff_error=0.0, gap=inf, reason=f"at {at}: {fault}")
        verdict = "sustained" if answer == "sustained" else "not sustained"
        if checked:
            proven.append(f"{verdict} at {at}")
        else:
            unchecked.append(f"that it is not at {at} is too much work to check here")
    gap = inf if unchecked else max((high - low for low, high in solution.brackets), default=0.0)
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=gap, reason="; ".join([*proven, *unchecked]))


def _malformed(solution: CriticalPlan) -> str:
    if not len(solution.ends) == len(solution.plans) == len(solution.evidence) > 0:
        return "expected one plan and one proof for each end, and at least one"
    verdicts = dict(solution.ends)
    stated = [answer for _, answer in (*solution.ends, *solution.scanned)] + [answer for _, _, answer in solution.intervals]
    if set(stated) - set(ANSWERS):
        return f"a verdict is none of {', '.join(ANSWERS)}"
    for low, high in solution.brackets:
        if not (low in verdicts and high in verdicts and low < high and verdicts[low] != verdicts[high]):
            return f"nothing changes between {low} and {high}"
    if len(solution.intervals) != len(solution.brackets) + 1:
        return "expected a bracket between any two intervals"
    inner = [value for low, high, _ in solution.intervals for value in (low, high)][1:-1]
    if inner != [end for bracket in solution.brackets for end in bracket]:
        return "the intervals are not what lies between the brackets"
    known = {**verdicts, **dict(solution.scanned)}
    if any(known[end] != verdicts[end] for end in verdicts):
        return "an end has two verdicts"
    for low, high, answer in solution.intervals:
        if not low <= high or any(known[value] != answer for value in known if low <= value <= high):
            return f"the verdicts between {low} and {high} are not all {answer!r}"
    widest = max((high - low for low, high in solution.brackets), default=0.0)
    return "" if solution.error_bound >= widest * (1 - 1e-9) else "the error bound is smaller than a bracket"


def _same(game: StochasticGame, stated: Any, delta: float) -> bool:
    """Whether a game is the stated one at another discount factor."""
    return (
        isinstance(stated, StochasticGame)
        and game.exact_deltas == (exact(delta), exact(delta))
        and game.states == stated.states
        and all(np.array_equal(own.payoffs, other.payoffs) for own, other in zip(game.stages, stated.stages, strict=True))
        and game.exact_transitions == stated.exact_transitions
    )


def _kept(game: ExactStates, plan: Sequence[Profile], evidence: StochasticSet) -> tuple[str, bool]:
    """What is wrong with the claim that a plan is sustained, and that this was checked."""
    proof = evidence.inner_proof
    if proof is None:
        return "no punishment is proven", True
    fault = malformed_inner(game, proof)
    if fault:
        return fault, True
    gain, error, reason = self_generation(game, proof)
    if gain > 0 or error > 0:
        return reason, True
    if not all(proof.vertices):
        return "a state has no proven payoffs to punish with", True
    worst = [[min(vertex[i] for vertex in own) for own in proof.vertices] for i in (0, 1)]
    return _tempted(game, plan, worst), True


def _left(game: ExactStates, plan: Sequence[Profile], evidence: StochasticSet) -> tuple[str, bool]:
    """What is wrong with the claim that a plan is not sustained, and whether the half-planes were checked."""
    if _tempted(game, plan, _minmax(game)):
        return "", True
    chain = evidence.outer_proof
    if chain is None:
        return "nothing bounds the punishments", True
    fault = malformed_outer(game, chain)
    if fault:
        return fault, True
    if all(chain.living):
        worst = []
        for i in (0, 1):
            axis = [0.0, 0.0]
            axis[i] = -1.0
            down = [j for j, normal in enumerate(chain.normals.tolist()) if normal == axis]
            if not down:
                return "the half-planes say nothing about the worst payoffs", True
            lowest = [min(Fraction(float(own[j])) for j in down) for own in chain.offsets]
            worst.append([chain.origin[i] - chain.span[i] * offset for offset in lowest])
        if not _tempted(game, plan, worst):
            return "nobody gains by leaving the plan if the punishments are as bad as the half-planes allow", True
    walked = outside(game, chain)
    return ("the half-planes were not proven" if walked is False else ""), walked is not None


def _minmax(game: ExactStates) -> list[list[Fraction]]:
    r"""Bounds from below on what player i gets in state s, rounded down.

    No equilibrium pays less than the least payoff, and if none pays less than u then none pays less than
    :math:`\min_a \max_{a_i'} (1-\delta_i) g_i + \delta_i \sum_{s'} P(s' \mid s, a_i', a_{-i}) u_{s'}`.
    """
    found = []
    for i in (0, 1):
        low = [min(payoff[i] for own in game.payoff for payoff in own.values())] * len(game.payoff)
        for _ in range(MOST_ROUNDS):
            higher = [
                max(low[s], Fraction(floor(GRID * min(max(game.worth(s, b, low, i) for b in game.deviations(s, a, i)) for a in own)), GRID))
                for s, own in enumerate(game.payoff)
            ]
            moved = max(high - before for high, before in zip(higher, low, strict=True))
            low = higher
            if moved < SETTLED:
                break
        found.append(low)
    return found


def _tempted(game: ExactStates, plan: Sequence[Profile], worst: Sequence[Sequence[Fraction]]) -> str:
    """Who gains by leaving the plan where, if state s punishes player i by ``worst[i][s]``; empty if nobody does."""
    rows = [game.rows[s][profile] for s, profile in enumerate(plan)]
    for i in (0, 1):
        values = discounted_values([game.payoff[s][profile][i] for s, profile in enumerate(plan)], rows, game.delta[i])
        if any(game.worth(s, profile, values, i) != values[s] for s, profile in enumerate(plan)):
            raise ArithmeticError("a plan is not worth what it pays and what follows: please report this game")
        for s, profile in enumerate(plan):
            stage = game.game.stages[s]
            for other in game.deviations(s, profile, i):
                gain = game.worth(s, other, worst[i], i) - values[s]
                if gain > 0:
                    return f"{stage.players[i]} gains {float(gain):.3g} in state {game.game.states[s]!r} by {stage.actions[i][other[i]]!r}"
    return ""
