"""Certificate of static equilibria: the exact gain of each side's best deviation from each profile."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from bargaining.answers.stage import NashEquilibria
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import StageGame


def verify_nash(solution: NashEquilibria) -> Certificate:
    """Regret of every profile, exactly, and the payoffs stated."""
    stage = solution.game if isinstance(solution.game, StageGame) else solution.game.stage_game()
    payoffs = [stage.exact_payoffs[player].tolist() for player in (0, 1)]
    if solution.components and sum(part.index for part in solution.components) != 1:
        return refused(f"the indices of the components add up to {sum(part.index for part in solution.components)}, not to 1")
    if solution.exact_profiles and len(solution.exact_profiles) != len(solution.profiles):
        return refused(f"{len(solution.exact_profiles)} profiles in fractions for {len(solution.profiles)} in floats")
    if solution.payoffs.shape != (len(solution.profiles), 2) or not np.isfinite(solution.payoffs).all():
        return refused(f"{len(solution.profiles)} profiles, but not as many pairs of finite payoffs")
    worst, error, reason = Fraction(0), Fraction(0), "no side gains by deviating from any of the profiles"
    for number, pair in enumerate(solution.profiles):
        own = [weights_of(pair[player].tolist(), stage.shape[player]) for player in (0, 1)]
        if solution.exact_profiles:
            exactly = [_probabilities(solution.exact_profiles[number][player], own[player]) for player in (0, 1)]
            if not all(exactly):
                return refused(f"profile {number}: its fractions are not probabilities that round to its floats")
            own = exactly
        for player in (0, 1):
            if not own[player]:
                return refused(f"profile {number}: {stage.players[player]}'s weights are not probabilities, one an action")
        rows = [sum((p * q for p, q in zip(row, own[1], strict=True)), Fraction(0)) for row in payoffs[0]]
        columns = [sum((p * q for p, q in zip(column, own[0], strict=True)), Fraction(0)) for column in zip(*payoffs[1], strict=True)]
        for player, values in enumerate((rows, columns)):
            earned = sum((v * p for v, p in zip(values, own[player], strict=True)), Fraction(0))
            if max(values) - earned > worst:
                worst = max(values) - earned
                action = stage.actions[player][values.index(max(values))]
                reason = f"profile {number}: {stage.players[player]} gains {float(worst):.3g} by playing {action!r}"
            off = abs(Fraction(float(solution.payoffs[number][player])) - earned)
            if off > Fraction(1e-14) * max(abs(p) for row in payoffs[player] for p in row) and off > error:
                error = off
                reason = reason if worst > 0 else f"profile {number}: {stage.players[player]} earns {float(earned):.6g}, not what is stated"
    return Certificate(holds=worst == 0 and error == 0, deviation_gain=float(worst), payoff_error=float(error), gap=0.0, reason=reason)


def _probabilities(fractions: Sequence[Fraction], near: Sequence[Fraction]) -> list[Fraction]:
    """The fractions, if they are probabilities near those of the floats; else none."""
    fine = len(fractions) == len(near) and sum(fractions) == 1 and min(fractions) >= 0
    return list(fractions) if fine and all(abs(p - q) <= Fraction(1, 10**9) for p, q in zip(fractions, near, strict=True)) else []


def weights_of(floats: Sequence[float], count: int) -> list[Fraction]:
    """Probabilities as the simple fractions that they are the roundings of, else as they stand; none if they are not probabilities."""
    if len(floats) != count or not all(isinstance(p, float) and 0 <= p <= 1 for p in floats) or abs(sum(floats) - 1) > 1e-12:
        return []
    simple = [Fraction(p).limit_denominator(10**6) for p in floats]
    if sum(simple) == 1 and all(abs(s - Fraction(p)) <= Fraction(1, 2**50) for s, p in zip(simple, floats, strict=True)):
        return simple
    total = sum(map(Fraction, floats))
    return [Fraction(p) / total for p in floats]
