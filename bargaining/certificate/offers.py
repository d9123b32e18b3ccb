r"""Certificate of alternating offers and of agendas: at every opener the offer is the proposer's best one that is not refused.

After a refusal side i gets :math:`R_i = p\,b_i + (1-p)[(1-\delta_i) d_i + \delta_i v_i]`, v the payoffs at the node that follows; a
responder with an outside option above that walks out. The proposer takes, of the agreements that the responder does not refuse, the one
that is best for it (of several the one better for the responder), unless refusal is better. Payoffs that reproduce themselves under this
one step are those of a subgame-perfect equilibrium (no single departure gains, and the future is discounted); that it is the only one is
Rubinstein's theorem, not checked here. With a deadline the step is taken again from the last period on. Exact answers are checked
exactly. Answers in floating point hold up to the error that they state.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isinf

from bargaining.answers.offers import AgendaGame, Agendas, AlternatingOffers, OffersGame
from bargaining.certificate.outcome import Certificate, finite, refused
from bargaining.certificate.outer import cut_by, hull_of
from bargaining.solution import Status

Pair = tuple[Fraction, Fraction]

# Of exact numbers that grow by a few digits a period.
LONGEST = 2000
NEVER = -1
WALKED_OUT = 10**9


def verify_alternating_offers(solution: AlternatingOffers) -> Certificate:
    """One step of the game from the payoffs stated, or all steps back from the deadline."""
    game = solution.game
    if not isinstance(game, OffersGame) or not game.agreements:
        return refused("there is no game of offers")
    if solution.status is not Status.solved or isinf(solution.error_bound):
        return refused("the answer is not called solved: there is no claim to check")
    if not all(0 < d < 1 or (d == 1 and (game.breakdown > 0 or game.periods)) for d in game.delta) or not 0 <= game.breakdown < 1:
        return refused("discount factors or the risk of a breakdown are out of range")
    if not finite(solution.proposer_share, solution.responder_share, solution.error_bound):
        return refused("a number stated is not finite")
    shares = [[float(v) for v in each] for each in (solution.proposer_share, solution.responder_share)]
    floats = ((Fraction(shares[0][0]), Fraction(shares[1][1])), (Fraction(shares[1][0]), Fraction(shares[0][1])))
    if solution.pairs is not None and [[float(v) for v in pair] for pair in solution.pairs] != [[float(v) for v in p] for p in floats]:
        return refused("the shares are not the exact payoff pairs, rounded")
    stated = solution.pairs or floats
    corners = hull_of(game.agreements)
    scale = max(max(abs(v) for v in corner) for corner in corners)
    # Ties in floating point are agreements; what is exact has none to be lenient about.
    slack = Fraction(0) if solution.pairs is not None else 16 * scale / 2**53 + Fraction(solution.error_bound)
    if game.periods is None:
        now, waits, close = _step(game, (corners, corners), stated, (0, 0), slack)
        # The other side's offer is accepted, or nothing ever is.
        first, second = (wait if wait == 0 or (wait == 1 and other == 0) else NEVER for wait, other in (waits, waits[::-1]))
        waits = first, second
    else:
        if game.periods > LONGEST:
            return refused(f"a deadline after more than {LONGEST} periods is too far to count back from exactly")
        now, waits, close = (game.deadline_payoffs,) * 2, (0, 0), False
        for _ in range(game.periods):
            now, waits, tie = _step(game, (corners, corners), now, waits, slack)
            close = close or tie
        waits = (waits[0] if waits[0] < game.periods else NEVER, waits[1] if waits[1] < game.periods else NEVER)
    error = max(abs(now[i][k] - stated[i][k]) for i in (0, 1) for k in (0, 1))
    if error > (0 if solution.pairs is not None else Fraction(solution.error_bound) + 4 * slack):
        i, k = max(((i, k) for i in (0, 1) for k in (0, 1)), key=lambda at: abs(now[at[0]][at[1]] - stated[at[0]][at[1]]))
        off = f"{float(abs(now[i][k] - stated[i][k])):.3g} {'less' if stated[i][k] < now[i][k] else 'more'} than what it can have"
        reason = f"with {('the U.S.', 'China')[i]} proposing {('the U.S.', 'China')[k]} is said to get {off}"
        return Certificate(holds=False, deviation_gain=float(error), payoff_error=float(error), gap=inf, reason=reason)
    delays = tuple(inf if wait == NEVER else float(wait) for wait in waits)
    # In floating point a tie may fall on either side.
    if not close and (tuple(solution.expected_delay.tolist()) != delays or solution.agreement != tuple(wait != NEVER for wait in waits)):
        return refused("whether and when there is a deal is not what these payoffs lead to")
    if solution.agreement != tuple(not isinf(float(wait)) for wait in solution.expected_delay):
        return refused("the delays stated do not fit whether there is a deal")
    kind = "reproduce themselves in one step of offer and answer" if game.periods is None else "follow back from the deadline"
    reason = f"payoffs {kind}: no other offer or answer gains" + (f" more than {float(error):.1g}" if error else "")
    return Certificate(holds=True, deviation_gain=float(error), payoff_error=0.0, gap=0.0, reason=reason)


def verify_agendas(solution: Agendas) -> Certificate:
    """The package, and every issue of every agenda with what follows it, as a game of offers each."""
    game = solution.game
    if solution.status is not Status.solved:
        return refused("the agendas are not called solved")
    if not isinstance(game, AgendaGame) or not game.issues or set(game.inside) != set(game.issues):
        return refused("there are no issues")
    if () not in solution.pairs or not all(0 < d < 1 for d in game.delta):
        return refused("payoffs of the package are missing, or discount factors are out of range")
    corners = {name: hull_of(points) for name, points in game.issues.items()}
    whole = [(Fraction(0), Fraction(0))]
    for own in corners.values():
        whole = hull_of([(a[0] + b[0], a[1] + b[1]) for a in whole for b in own])
    for order, pairs in solution.pairs.items():
        if len(set(order)) != len(order) or not set(order) <= set(corners) or (order[1:] not in solution.pairs):
            return refused(f"{order}: no order of issues, or what follows its first issue is missing")
        rest = order[1:] if order else ()
        after = _total([game.inside[name] for name in rest])
        flow = _total([game.inside[name] for name in order or game.issues])
        agreements = []
        for proposer in (0, 1):
            # An agreement takes effect at once; the rest stays open for a period, then the side that accepted opens it.
            later = solution.pairs[rest][1 - proposer] if rest else (Fraction(0), Fraction(0))
            shift = [(1 - d) * a + d * v for d, a, v in zip(game.delta, after, later, strict=True)]
            agreements.append([(x + shift[0], y + shift[1]) for x, y in (corners[order[0]] if order else whole)])
        talks = OffersGame((), game.delta, flow, Fraction(0), flow, None, None, flow)
        now, waits, _ = _step(talks, (agreements[0], agreements[1]), pairs, (0, 0), Fraction(0))
        name = ", ".join(order) or "package"
        error = max(abs(now[i][k] - pairs[i][k]) for i in (0, 1) for k in (0, 1))
        if error or waits != (0, 0):
            reason = f"{name}: another offer or answer gains" if error else f"{name}: there is no deal"
            return Certificate(holds=False, deviation_gain=float(error), payoff_error=float(error), gap=inf, reason=reason)
    whole_agendas = {", ".join(order) or "package": pairs for order, pairs in solution.pairs.items() if len(order) in (0, len(corners))}
    listed = {(name, ("U.S.", "China")[i], *map(float, pairs[i])) for name, pairs in whole_agendas.items() for i in (0, 1)}
    if {tuple(map(row.get, ("agenda", "opens", "us", "cn"))) for row in solution.records} != listed:
        return refused("the rows are not the payoff pairs, rounded")
    reason = f"the package and {len(solution.pairs) - 1} issues of agendas: no other offer or answer gains at either opener"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _step(
    game: OffersGame, agreements: tuple[Sequence[Pair], Sequence[Pair]], after: Sequence[Pair], waits: tuple[int, int], slack: Fraction
) -> tuple[tuple[Pair, Pair], tuple[int, int], bool]:
    """Payoff pairs with either side proposing, after how many refusals there is a deal, from those a period later; whether one is close.

    Who is indifferent up to the slack agrees; it is close if that, or less than it, decides (never if there is no slack).
    """
    p, found, delays, close = game.breakdown, [], [], False
    for i in (0, 1):
        j = 1 - i
        stay = [
            p * game.breakdown_payoffs[k] + (1 - p) * ((1 - game.delta[k]) * game.inside[k] + game.delta[k] * after[j][k]) for k in (0, 1)
        ]
        wait = waits[j] + 1
        if slack:
            exits = [] if game.outside is None else [game.outside[j] - stay[j]]
            close = close or any(abs(by) <= slack for by in (max(v[j] for v in agreements[i]) - stay[j], *exits))
        if game.outside is not None and game.outside[j] > stay[j]:
            stay, wait = list(game.outside), WALKED_OUT
        refused_below = (Fraction(0), Fraction(-1)) if i == 0 else (Fraction(-1), Fraction(0))
        accepted = cut_by(list(agreements[i]), refused_below, slack - stay[j])
        best = max(accepted, key=lambda v: (v[i], v[j]), default=None)
        if best is not None:
            close = close or (slack > 0 and abs(best[i] - stay[i]) <= slack)
        if best is not None and best[i] >= stay[i] - slack:
            stay, wait = list(best), 0
        found.append((stay[0], stay[1]))
        delays.append(wait)
    return (found[0], found[1]), (delays[0], delays[1]), close


def _total(pairs: Sequence[Pair]) -> Pair:
    return sum((p[0] for p in pairs), Fraction(0)), sum((p[1] for p in pairs), Fraction(0))
