"""How long an agreement can be put off in an equilibrium of a negotiation game: the largest number of refusals on a path."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.kernels.negotiation import CONVERGED, late_sweeps
from bargaining.solvers.negotiation_game import Polygon, ScaledTalks, Talks, above

Floats = NDArray[np.float64]

# Exact numbers grow with every refusal; what a knife edge rules out it rules out within a few.
LONGEST_EXACT, MOST_CORNERS = 16, 24
LONGEST, MOST_VERTICES = 4000, 1024
# Constraints may be missed by so much (of the payoff span); sets that move less from one refusal to the next have settled.
SLACK, SETTLED = 1e-12, 1e-11


def longest_delays(talks: ScaledTalks, own: Talks, sets: Sequence[Polygon]) -> Floats:
    """Largest number of refusals on an equilibrium path when the U.S., and when China, proposes first; infinite if there is none.

    Sets of payoffs after at least n refusals only shrink as n grows. For sets of few corners they are exact for as long as numbers stay
    short; then, and for others from the start, they are floats, constraints a little lowered, until they vanish or settle. The profiles
    of `own` are enough to generate the sets.
    """
    exact = talks.exact
    worst = [[min(w[k] for w in polygon) for k in (0, 1)] for polygon in sets]
    floors = [own.secured(i, own.refused(sets[1 - i])) for i in (0, 1)]
    if _can_quarrel_for_ever(exact, worst, floors):
        return np.full(2, np.inf)
    counted = np.full(2, float(LONGEST_EXACT))
    if sum(map(len, sets)) <= MOST_CORNERS:
        counted = _counted(exact, sets, worst, floors)
    if (counted < LONGEST_EXACT).all():
        return counted
    farther = _in_floats(talks, sets, worst, floors)
    return np.where(counted < LONGEST_EXACT, counted, np.maximum(farther, counted if sum(map(len, sets)) <= MOST_CORNERS else 0.0))


def _can_quarrel_for_ever(talks: Talks, worst: Sequence[Sequence[Fraction]], floors: Sequence[Fraction]) -> bool:
    """Whether some profile can be played for ever, no offer ever being acceptable."""
    return any(
        all(flow[i] >= floors[i] for i in (0, 1))
        and all(talks.deltas[k] * (flow[k] - worst[i][k]) >= (1 - talks.deltas[k]) * gain[k] for k in (0, 1) for i in (0, 1))
        for _, flow, gain in talks.profiles
    )


def _counted(talks: Talks, sets: Sequence[Polygon], worst: Sequence[Sequence[Fraction]], floors: Sequence[Fraction]) -> Floats:
    late = [list(polygon) for polygon in sets]
    lasted = np.zeros(2)
    for n in range(1, LONGEST_EXACT + 1):
        after: list[Polygon] = []
        for i in (0, 1):
            refused = talks.refused(late[1 - i], worst[1 - i]) if late[1 - i] else []
            low = min((w[1 - i] for w in refused), default=Fraction(0))
            after.append(above(refused, (floors[i], low) if i == 0 else (low, floors[i])) if refused else [])
            lasted[i] = n if after[i] else lasted[i]
        late = after
        if not any(late):
            break
        if sum(map(len, late)) > MOST_CORNERS:
            return np.full(2, float(LONGEST_EXACT))
    return lasted


def _in_floats(talks: ScaledTalks, sets: Sequence[Polygon], worst: Sequence[Sequence[Fraction]], floors: Sequence[Fraction]) -> Floats:
    vertices = np.zeros((2, MOST_VERTICES, 2))
    counts = np.array([len(polygon) for polygon in sets], dtype=np.int64)
    for i in (0, 1):
        vertices[i, : counts[i]] = talks.scaled(sets[i])
    lasted = np.zeros(2, dtype=np.int64)
    code = late_sweeps(
        talks.payoffs,
        talks.gains,
        talks.deltas,
        vertices,
        counts,
        talks.scaled([(own[0], own[1]) for own in worst]),
        np.array([float((floors[i] - talks.origin[i]) / talks.span) for i in (0, 1)]),
        SLACK,
        SETTLED,
        LONGEST,
        lasted,
    )
    return np.where((code == CONVERGED) & (counts > 0), np.inf, lasted)
