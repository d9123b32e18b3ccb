r"""Certificates of renegotiation-proof payoffs and of penances: what deters whom, and that nobody would rather forget it.

*Payoffs for all large δ*: every piece is what is feasible above the best replies and below the punishers' payoffs of two profiles, and
no two profiles leave anything that a piece does not hold (Farrell and Maskin's sufficient conditions, recomputed exactly).

*A penance*: the phases of play (the agreement, each period of each penance) with what they are worth. No single deviation gains in any of
them, and no phase is better than another one for both sides. That proves a weakly renegotiation-proof equilibrium.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf

from bargaining.answers.deals import Penance, RenegotiationProof
from bargaining.certificate.exact_game import ExactGame
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import cut_by, hull_of
from bargaining.games import RepeatedGame, StageGame
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status

Pair = tuple[Fraction, Fraction]

ROUNDING = 2e-14


def verify_renegotiation_proof(solution: RenegotiationProof) -> Certificate:
    """Every piece from the profiles that it names, and that nothing is left out."""
    if not isinstance(solution.game, StageGame):
        return refused(f"the game is a {type(solution.game).__name__}, expected a StageGame")
    # The discount factor plays no part.
    game = ExactGame(RepeatedGame(solution.game, Fraction(1, 2)))
    hull = hull_of(list(game.payoff.values()))
    if set(solution.feasible) != set(hull) or hull_of(solution.feasible) != hull:
        return refused("the feasible payoffs are not those of the game")
    start = solution.feasible.index(hull[0])
    if list(solution.feasible[start:] + solution.feasible[:start]) != hull:
        return refused("the corners of the feasible payoffs are not in order")
    count = len(solution.pieces)
    if {len(solution.floors), len(solution.ceilings), len(solution.punishments)} != {count}:
        return refused("pieces, bounds and punishments are not as many")
    if (solution.status is Status.empty) != (count == 0) or solution.status not in (Status.solved, Status.empty):
        return refused("the status does not fit the number of pieces")
    scale = max(max(abs(float(v)) for v in corner) for corner in hull)
    for k, (against_us, against_cn) in enumerate(solution.punishments):
        if against_us not in game.payoff or against_cn not in game.payoff:
            return refused(f"piece {k}: there is no such profile")
        low, high = _bounds(game, against_us, against_cn)
        if (low, high) != (solution.floors[k], solution.ceilings[k]):
            return refused(f"piece {k}: its bounds are not those of the profiles that punish")
        exact_piece = _cut(hull, low, high)
        off = solution.pieces[k].distance(PayoffSet.hull([[float(x), float(y)] for x, y in exact_piece])) if exact_piece else inf
        if not off <= ROUNDING * max(scale, 1e-300):
            return refused(f"piece {k}: it is not what the bounds leave of the feasible payoffs")
    # What each side can be held to (below) if the punisher is to get (at least); the same bounds need be tried once.
    held = [{(game.payoff[a][1 - i], game.deviation[a][i]) for a in game.payoff} for i in (0, 1)]
    stated = list(zip(solution.floors, solution.ceilings, strict=True))
    for high_cn, low_us in held[0]:
        for high_us, low_cn in held[1]:
            covered = any(f[0] <= low_us and f[1] <= low_cn and c[0] >= high_us and c[1] >= high_cn for f, c in stated)
            if not covered and _cut(hull, (low_us, low_cn), (high_us, high_cn)):
                return refused("two profiles that punish leave payoffs that are in none of the pieces")
    reason = f"{count} pieces, each held by two profiles that punish without hurting the punisher; no two profiles hold more"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _bounds(game: ExactGame, against_us: tuple[int, int], against_cn: tuple[int, int]) -> tuple[Pair, Pair]:
    low = game.deviation[against_us][0], game.deviation[against_cn][1]
    return low, (game.payoff[against_cn][0], game.payoff[against_us][1])


def _cut(hull: Sequence[Pair], low: Pair, high: Pair) -> list[Pair]:
    one, zero = Fraction(1), Fraction(0)
    part = list(hull)
    for normal, offset in (((-one, zero), -low[0]), ((zero, -one), -low[1]), ((one, zero), high[0]), ((zero, one), high[1])):
        part = cut_by(part, normal, offset) if part else part
    return part


def verify_penance(solution: Penance) -> Certificate:
    """Worth of every phase, single deviations in each, and whether both sides would leave one phase for another."""
    if not isinstance(solution.game, RepeatedGame):
        return refused(f"the game is a {type(solution.game).__name__}, expected a RepeatedGame")
    game = ExactGame(solution.game)
    if any(a not in game.payoff for a in (solution.agreement, *solution.profiles)) or min(solution.periods) < 1:
        return refused("a profile is not there, or a penance takes no time")
    if solution.status is not Status.solved:
        return refused("the answer is not called solved")
    agreed = game.payoff[solution.agreement]
    # Phase: profile, what it is worth. Penances are counted from their last period back.
    phases: list[tuple[str, tuple[int, int], Pair]] = [("the agreement", solution.agreement, agreed)]
    starts = []
    for i in (0, 1):
        worth, profile = agreed, solution.profiles[i]
        for left in range(1, solution.periods[i] + 1):
            first, second = ((1 - game.delta[k]) * game.payoff[profile][k] + game.delta[k] * worth[k] for k in (0, 1))
            worth = first, second
            phases.append((f"the penance of {game.stage.players[i]} with {left} periods left", profile, worth))
        starts.append(worth)
    if (starts[0][0], starts[1][1]) != solution.worst:
        return refused("what the sides get at the start of their penances is not what is stated")
    gain, words = Fraction(0), ""
    for name, profile, worth in phases:
        for k in (0, 1):
            more = (1 - game.delta[k]) * game.deviation[profile][k] + game.delta[k] * starts[k][k] - worth[k]
            if more > gain:
                gain, words = more, f"{game.stage.players[k]} gains {float(more):.3g} by leaving {name}"
    if gain:
        return Certificate(holds=False, deviation_gain=float(gain), payoff_error=0.0, gap=inf, reason=words)
    for name, _, worth in phases:
        for other, _, instead in phases:
            if instead[0] > worth[0] and instead[1] > worth[1]:
                reason = f"both sides would leave {name} for {other}"
                return Certificate(holds=False, deviation_gain=0.0, payoff_error=0.0, gap=inf, reason=reason)
    reason = f"no deviation gains in any of {len(phases)} phases, and none of them is better than another for both"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)
