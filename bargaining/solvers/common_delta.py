"""Equilibrium sets with a common discount factor: one compiled call settles most games, with both proofs.

What it proves in floats with room for rounding, `deferred_proof` writes down exactly when somebody asks for it.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import RepeatedGame
from bargaining.games.exact import as_decimal
from bargaining.kernels.binding import LOWER, STAY
from bargaining.kernels.common_delta import EMPTY, MOST_NOISE, SOLVED, common_delta_set, in_units, scale_game
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, InnerProof, OuterProof, Status
from bargaining.solvers.inner import prove, rational_candidate
from bargaining.solvers.outer import thinned
from bargaining.solvers.plane import cross, exact_hull
from bargaining.solvers.scaled import Pair, ScaledGame

Floats = NDArray[np.float64]

METHOD = "structure solved, self-generation inside, exclusion outside"
# Structures that have not settled by then hardly ever do.
MOST_SWEEPS = 2000
NOTHING = PayoffSet(np.empty((0, 2)))


def settle(game: RepeatedGame, tol: float, max_iter: int, options: Mapping[str, Any]) -> EquilibriumSet | None:
    """V(δ) proven within `tol` (or proven empty); None if the compiled solver leaves the game to the general one."""
    payoffs = game.stage_game().payoffs
    delta = float(game.exact_deltas[0])
    profiles = payoffs.shape[1] * payoffs.shape[2]
    room, rows = 4 * profiles + 8, 4 * profiles + 64
    g, gain, frame = np.empty((profiles, 2)), np.empty((profiles, 2)), np.empty((2, 3))
    noise = scale_game(payoffs, g, gain, frame)
    if not noise <= MOST_NOISE:
        scaled = ScaledGame.of(game)
        g, gain, noise = scaled.payoffs, scaled.gains, 2.0**-53
        frame[:, 0], frame[:, 1] = [float(low) for low in scaled.origin], [float(span) for span in scaled.span]
        best = (g + gain).reshape(*scaled.shape, 2)
        frame[:, 2] = best[0, :, 0].min(), best[:, 0, 1].min()
    fixed, inside, labels = np.empty((room, 2)), np.empty((room, 2)), np.empty(room, dtype=np.int64)
    normals, offsets, slopes, outside = np.empty((rows, 2)), np.empty(rows), np.empty(rows), np.empty((rows + 5, 2))
    numbers, reals = np.empty(5, dtype=np.int64), np.empty(3)
    code = common_delta_set(
        g, gain, delta, frame[0, 2], frame[1, 2], tol, noise, min(max_iter, MOST_SWEEPS),
        fixed, inside, labels, normals, offsets, slopes, outside, numbers, reals,
    )  # fmt: skip
    count, planes, corners, chain, sweeps = numbers.tolist()
    if code not in (SOLVED, EMPTY) or sweeps > max_iter:
        return None
    empty = code == EMPTY
    low, span = frame[:, 0], np.where(np.ptp(payoffs, axis=(1, 2)) > 0.0, frame[:, 1], 0.0)
    makers = labels[:count]
    stated, within = np.empty((count, 2)), np.empty((count, 2))
    in_units(payoffs, frame, fixed[:count], makers, stated)
    in_units(payoffs, frame, inside[:count], makers, within)
    if count == 2 and (makers % 8 != STAY).any():
        scaled = ScaledGame.of(game)
        ends = [scaled.exact_in_units(point) for point in exact_segment(scaled, fixed, makers)]
        stated = within = np.array([[float(first), float(second)] for first, second in ends])
    # The limit's vertices that it cannot tell from the chord beside them say nothing.
    least, most, gap = reals.tolist()
    stated = stated[thinned(fixed[:count], 0.25 * gap)] if count > 2 else stated
    normals, slopes = normals[:planes], slopes[:planes]
    limit = offsets[:planes]
    first, second = [Fraction(as_decimal(number)) for number in payoffs.min(axis=(1, 2)).tolist()]
    spreads = [Fraction(as_decimal(high)) - lowest for high, lowest in zip(payoffs.max(axis=(1, 2)).tolist(), (first, second), strict=True)]
    units = float(max(spreads))
    return EquilibriumSet(
        status=Status.empty if empty else Status.solved,
        error_bound=0.0 if empty else 1.25 * gap * units,
        iterations=sweeps,
        method=METHOD,
        options=options,
        game=game,
        payoff_set=NOTHING if empty else PayoffSet.of_vertices(stated),
        inner=NOTHING if empty else PayoffSet.of_vertices(within),
        outer=NOTHING if empty else PayoffSet.of_vertices(low + span * outside[:corners]),
        inner_proof=None if empty else InnerProof.deferred(partial(deferred_proof, game, fixed[:count], inside[:count], makers)),
        outer_proof=OuterProof(
            origin=(first, second),
            span=(spreads[0] or Fraction(1), spreads[1] or Fraction(1)),
            normals=normals,
            offsets=limit if empty else limit + least * slopes + 2.0**-52,
            sweeps=chain,
            limit=None if empty else limit,
            slopes=None if empty else slopes,
            interval=None if empty else (least, most),
        ),
    )


def deferred_proof(game: RepeatedGame, fixed: Floats, inside: Floats, labels: NDArray[np.int64]) -> InnerProof:
    """The exact proof of self-generation of a set that contains the scaled polygon `inside`.

    Of the fixed point itself where its vertices are simple rationals, of a segment by solving its equations exactly; else of `inside`.
    """
    scaled = ScaledGame.of(game)
    makers = sorted({int(label) // 8 for label in labels})
    within = [scaled.exact_payoff(int(label) // 8) if label % 8 == STAY else _exactly(x) for label, x in zip(labels, inside, strict=True)]
    if all(label % 8 == STAY for label in labels):
        candidates = [within]
    elif len(labels) == 2:
        candidates = [exact_segment(scaled, fixed, labels)]
    else:
        simple = rational_candidate(scaled, fixed, np.array(makers), 1e-9)
        candidates = [simple, within] if contains(simple, within) else [within]
    for candidate in candidates:
        proof = prove(scaled, exact_hull(candidate), makers)
        if proof is not None:
            return proof
    raise ArithmeticError("a set that generates itself with room for rounding does not do so exactly: please report this game")


def _exactly(point: Floats) -> Pair:
    first, second = map(Fraction, point.tolist())
    return first, second


def contains(polygon: list[Pair], points: list[Pair]) -> bool:
    """Whether an exact counter-clockwise polygon holds all the points."""
    edges = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    return len(polygon) > 2 and all(cross(p, q, point) >= 0 for point in points for p, q in edges)


def exact_segment(scaled: ScaledGame, fixed: Floats, labels: NDArray[np.int64]) -> list[Pair]:
    """The ends of a segment that generates itself, at least one of them with a constraint that binds: its equations solved exactly."""
    delta = scaled.game.exact_deltas[0]
    ends: list[list[Fraction | None]] = [[None, None], [None, None]]
    own = [0 if label % 8 <= LOWER else 1 for label in labels.tolist()]
    moving = [k for k in (0, 1) if labels[k] % 8 != STAY]
    for k in (0, 1):
        if k not in moving:
            ends[k] = list(scaled.exact_payoff(int(labels[k]) // 8))
    deviations = {k: scaled.exact_deviation(int(labels[k]) // 8)[own[k]] for k in moving}
    for k in moving:
        # Punished by itself, (1 - δ) dev + δ x = x; or by the other end, which is then a stage payoff.
        itself = fixed[k, own[k]] <= fixed[1 - k, own[k]]
        punishment = deviations[k] if itself else ends[1 - k][own[k]]
        assert punishment is not None
        ends[k][own[k]] = (1 - delta) * deviations[k] + delta * punishment
    # x_j = (1 - δ) g_j + δ ((1 - s) x_j + s y_j) for the coordinate j that does not bind, at the share s where the other does.
    rows: dict[int, tuple[Fraction, Fraction]] = {}
    for k in moving:
        i = own[k]
        here, there = ends[k][i], ends[1 - k][i]
        assert here is not None
        assert there is not None
        payoff = scaled.exact_payoff(int(labels[k]) // 8)
        share = ((here - (1 - delta) * payoff[i]) / delta - here) / (there - here)
        scale = 1 - delta * (1 - share)
        rows[k] = ((1 - delta) * payoff[1 - i] / scale, delta * share / scale)
    for k in moving:
        constant, slope = rows[k]
        j = 1 - own[k]
        if 1 - k in rows and own[1 - k] == own[k]:
            other_constant, other_slope = rows[1 - k]
            ends[k][j] = (constant + slope * other_constant) / (1 - slope * other_slope)
        else:
            across = ends[1 - k][j]
            assert across is not None
            ends[k][j] = constant + slope * across
    points: list[Pair] = []
    for first, second in ends:
        assert first is not None
        assert second is not None
        points.append((first, second))
    return points
