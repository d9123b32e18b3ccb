"""Certificate of negotiation plans: what every node and quarrel is worth, and that no single departure from the plan pays."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import inf

from bargaining.answers.deals import Lottery, NegotiationPlan, Node, Quarrel
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import NegotiationGame, exact

Pair = tuple[Fraction, Fraction]


def verify_negotiation_plan(plan: NegotiationPlan) -> Certificate:
    """Every position of the plan: payoffs follow from one another, and nobody gains by another offer, answer or action there.

    With bounded payoffs and discounting this makes the plan subgame perfect.
    """
    if not isinstance(plan.game, NegotiationGame):
        return refused(f"the game is a {type(plan.game).__name__}, expected a NegotiationGame")
    shape = next(_misplaced(plan), None)
    if shape is not None:
        return refused(shape)
    stage, deltas, surplus = plan.game.stage_game(), plan.game.exact_deltas, plan.game.exact_surplus
    worst, words = Fraction(0), ""
    for gain, off, what in _departures(plan, deltas, surplus):
        if off:
            return Certificate(
                holds=False, deviation_gain=inf, payoff_error=float(off), gap=0.0, reason=f"{what} is not worth what is stated"
            )
        if gain > worst:
            worst, words = gain, what
    if worst > 0:
        reason = f"{words} gains {float(worst):.3g}"
        return Certificate(holds=False, deviation_gain=float(worst), payoff_error=0.0, gap=0.0, reason=reason)
    reason = f"no other offer, answer or action of {stage.players[0]} or {stage.players[1]} gains, at any of {len(plan.nodes)} nodes"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _misplaced(plan: NegotiationPlan) -> Iterator[str]:
    """What makes the plan no machine: positions that are not there, odds that do not add up, the wrong side to move."""
    m, n = plan.game.stage_game().shape
    if not 0 <= plan.start < len(plan.nodes):
        yield f"the plan starts at node {plan.start}, which is not there"
    for k, node in enumerate(plan.nodes):
        if node.proposer not in (0, 1):
            yield f"node {k}: proposer {node.proposer}"
    for q, quarrel in enumerate(plan.quarrels):
        if not (0 <= quarrel.profile[0] < m and 0 <= quarrel.profile[1] < n):
            yield f"quarrel {q}: there is no profile {quarrel.profile}"
        if not _is_lottery(quarrel.after, len(plan.nodes)) or not all(0 <= k < len(plan.nodes) for k in quarrel.punished):
            yield f"quarrel {q}: what follows is not a draw of nodes"
            return
        if len({plan.nodes[k].proposer for k in (*(k for k, _ in quarrel.after), *quarrel.punished)}) != 1:
            yield f"quarrel {q}: both sides would propose next"
    refusals = [*((f"node {k}", node.proposer, node.refused) for k, node in enumerate(plan.nodes))]
    refusals += [(f"other offers of {plan.game.stage_game().players[i]}", i, plan.deterred[i]) for i in (0, 1)]
    for name, proposer, draw in refusals:
        if not _is_lottery(draw, len(plan.quarrels)):
            yield f"{name}: what follows a refusal is not a draw of quarrels"
        elif any(plan.nodes[plan.quarrels[q].punished[0]].proposer == proposer for q, _ in draw):
            yield f"{name}: the same side would propose again"


def _is_lottery(draw: Lottery, size: int) -> bool:
    return all(0 <= k < size and chance >= 0 for k, chance in draw) and sum(chance for _, chance in draw) == 1


def _departures(plan: NegotiationPlan, deltas: Pair, surplus: Fraction) -> Iterator[tuple[Fraction, Fraction, str]]:
    """Gain of every single departure (zero or less if it does not pay), error of the payoff stated there, and both in words."""
    stage = plan.game.stage_game()
    players = stage.players
    flows = [[[exact(float(u)) for u in row] for row in matrix] for matrix in stage.payoffs.tolist()]
    for q, quarrel in enumerate(plan.quarrels):
        after = _mean(quarrel.after, plan.nodes)
        a, b = quarrel.profile
        for k in (0, 1):
            follows = (1 - deltas[k]) * flows[k][a][b] + deltas[k] * after[k]
            yield Fraction(0), abs(follows - quarrel.payoff[k]), f"quarrel {q}"
            punished = deltas[k] * plan.nodes[quarrel.punished[k]].payoff[k]
            for move, label in enumerate(stage.actions[k]):
                flow = flows[0][move][b] if k == 0 else flows[1][a][move]
                yield (1 - deltas[k]) * flow + punished - quarrel.payoff[k], Fraction(0), f"quarrel {q}: {players[k]} by {label!r}"
    for k, node in enumerate(plan.nodes):
        i, j = node.proposer, 1 - node.proposer
        refused = _mean(node.refused, plan.quarrels)
        if node.split is None:
            yield Fraction(0), abs(node.payoff[0] - refused[0]) + abs(node.payoff[1] - refused[1]), f"node {k}"
        else:
            off = abs(node.payoff[0] - node.split[0]) + abs(node.payoff[1] - node.split[1]) + abs(sum(node.split) - surplus)
            yield Fraction(0), off, f"node {k}"
            yield refused[j] - node.payoff[j], Fraction(0), f"node {k}: {players[j]} by refusing"
        # Any other offer is refused below what the draw is worth to the other side, and accepted from there on.
        deterred = _mean(plan.deterred[i], plan.quarrels)
        yield max(deterred[i], surplus - deterred[j]) - node.payoff[i], Fraction(0), f"node {k}: {players[i]} by another offer"


def _mean(draw: Lottery, places: Sequence[Node] | Sequence[Quarrel]) -> Pair:
    us = sum((chance * places[k].payoff[0] for k, chance in draw), Fraction(0))
    return us, sum((chance * places[k].payoff[1] for k, chance in draw), Fraction(0))
