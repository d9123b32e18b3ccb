"""Certificate of correlated and coarse correlated equilibria: the exact gain of every deviation, and that nothing pays more outside."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from bargaining.answers.stage import CorrelatedEquilibria, CorrelatedEquilibrium
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import IssueGame, RepeatedGame, StageGame, exact

Matrix = list[list[Fraction]]
Pair = tuple[Fraction, Fraction]


def verify_correlated(solution: CorrelatedEquilibria | CorrelatedEquilibrium) -> Certificate:
    """Regret of every distribution and what it earns, exactly; for the set, that its half-planes hold every equilibrium."""
    stage = solution.game.stage_game() if isinstance(solution.game, (IssueGame, RepeatedGame)) else solution.game
    single = isinstance(solution, CorrelatedEquilibrium)
    stated = [solution.payoffs.tolist()] if isinstance(solution, CorrelatedEquilibrium) else solution.vertices.tolist()
    if isinstance(solution, CorrelatedEquilibrium):
        fractions, floats = [solution.exact_distribution][: bool(solution.exact_distribution)], [solution.distribution.ravel().tolist()]
    else:
        fractions, floats = list(solution.exact_distributions), [each.ravel().tolist() for each in solution.distributions]
    weights = [list(each) for each in fractions] or [[Fraction(p) for p in each] for each in floats]
    if not len(weights) == len(floats) == len(stated) or not weights:
        return refused(f"{len(stated)} payoff pairs, but {len(weights)} distributions")
    payoffs = [[[exact(value) for value in row] for row in matrix] for matrix in stage.payoffs.tolist()]
    gains = list(_gains(payoffs, solution.coarse))
    worst, error, reason = Fraction(0), Fraction(0), "no side gains by doing other than it is told"
    earned: list[Pair] = []
    for number, p in enumerate(weights):
        if len(p) != stage.shape[0] * stage.shape[1] or min(p) < 0 or sum(p) != 1:
            total = float(sum(p))
            return refused(f"distribution {number}: its weights are not probabilities, one a profile, that add up to one exactly ({total})")
        if any(abs(float(q) - f) > 1e-15 for q, f in zip(p, floats[number], strict=True)):
            return refused(f"distribution {number}: its fractions are not what its floats say")
        for player, name, gain in gains:
            value = sum((q * g for q, g in zip(p, gain, strict=True)), Fraction(0))
            if value > worst:
                worst, reason = (
                    value,
                    f"distribution {number}: {stage.players[player]} gains {float(value):.3g} {_words(stage, player, name)}",
                )
        pair = [sum((q * u for q, u in zip(p, _flat(matrix), strict=True)), Fraction(0)) for matrix in payoffs]
        earned.append((pair[0], pair[1]))
        for player in (0, 1):
            off = abs(Fraction(float(stated[number][player])) - pair[player])
            if off > Fraction(1e-14) * max(abs(u) for u in _flat(payoffs[player])) and off > error:
                error = off
                reason = (
                    reason
                    if worst > 0
                    else f"distribution {number}: {stage.players[player]} earns {float(pair[player]):.6g}, not what is stated"
                )
    gap = 0.0
    if not single and isinstance(solution, CorrelatedEquilibria) and worst == 0 and error == 0:
        missing = _outside(solution, payoffs, gains, earned)
        gap = float("inf") if missing else 0.0
        reason = missing or reason + "; no equilibrium pays anything outside the polygon"
    return Certificate(
        holds=worst == 0 and error == 0 and gap == 0.0, deviation_gain=float(worst), payoff_error=float(error), gap=gap, reason=reason
    )


def _outside(
    solution: CorrelatedEquilibria,
    payoffs: Sequence[Matrix],
    gains: Sequence[tuple[int, tuple[int, int], list[Fraction]]],
    earned: Sequence[Pair],
) -> str:
    """What keeps the half-planes from proving that the polygon holds all payoffs; nothing if they do."""
    normals = []
    for number, bound in enumerate(solution.bounds):
        *multipliers, total = bound.multipliers
        if len(multipliers) != len(gains) or any(y < 0 for y in multipliers):
            return f"half-plane {number}: expected {len(gains)} multipliers that are not negative"
        height = max(bound.normal[0] * p[0] + bound.normal[1] * p[1] for p in earned)
        if total > height:
            return f"half-plane {number} does not touch the polygon"
        for cell, (first, second) in enumerate(zip(_flat(payoffs[0]), _flat(payoffs[1]), strict=True)):
            slack = sum((y * gain[cell] for y, (_, _, gain) in zip(multipliers, gains, strict=True) if y), Fraction(0))
            if bound.normal[0] * first + bound.normal[1] * second - slack > total:
                return f"half-plane {number} does not follow from the incentive constraints"
        normals.append(bound.normal)
    # The half-planes all touch the polygon. They bound nothing more than it if every edge has one, a segment its two ends, a point four.
    one, zero = Fraction(1), Fraction(0)
    edges = [(earned[k], earned[(k + 1) % len(earned)]) for k in range(len(earned))]
    for start, end in edges:
        step = end[0] - start[0], end[1] - start[1]
        around: list[Pair] = [(one, zero), (-one, zero), (zero, one), (zero, -one)]
        needed = around if len(earned) == 1 else [(step[1], -step[0])]
        for normal in needed:
            if not any(n[0] * normal[1] == n[1] * normal[0] and n[0] * normal[0] + n[1] * normal[1] > 0 for n in normals):
                return "an edge of the polygon has no half-plane"
        if len(earned) == 2 and not any(n[0] * step[0] + n[1] * step[1] > 0 for n in normals):
            return "an end of the segment has no half-plane"
        if len(earned) > 2 and any(step[0] * (p[1] - start[1]) < step[1] * (p[0] - start[0]) for p in earned):
            return "the vertices are not in counter-clockwise order"
    return ""


def _gains(payoffs: Sequence[Matrix], coarse: bool) -> Iterator[tuple[int, tuple[int, int], list[Fraction]]]:
    """What a player gains in each profile by playing one action where it is told another (-1: whatever it is told)."""
    m, n = len(payoffs[0]), len(payoffs[0][0])
    for player, size in ((0, m), (1, n)):
        for told in [-1] if coarse else range(size):
            for played in range(size):
                if told != played:
                    yield (
                        player,
                        (told, played),
                        [
                            (payoffs[0][played][b] if player == 0 else payoffs[1][a][played]) - payoffs[player][a][b]
                            if told in (-1, (a, b)[player])
                            else Fraction(0)
                            for a in range(m)
                            for b in range(n)
                        ],
                    )


def _flat(matrix: Matrix) -> list[Fraction]:
    return [value for row in matrix for value in row]


def _words(stage: StageGame, player: int, name: tuple[int, int]) -> str:
    told, played = name
    labels = stage.actions[player]
    return f"by playing {labels[played]!r} " + ("whatever it is told" if told < 0 else f"when told {labels[told]!r}")
