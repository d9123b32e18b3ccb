r"""Certificates of payoff sets of stochastic games, in exact rational arithmetic, state by state.

*Inside*: every vertex of every state is what its profile earns and what follows, no one-shot deviation gains, and wherever play can come
to from a state with equilibria there is one. *Outside*: the set operator is applied again from the box of stage payoffs, rounded outward
on a binary grid; where the proof goes on by exclusion (see `bargaining.certificate.outer`), its lines are drawn again, state by state.
What is too much work is left unchecked.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from bargaining.answers.stochastic import StochasticInner, StochasticOuter, StochasticSet
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import AXES, cut_by, edges, hull_of, polygon_of
from bargaining.certificate.sets import nearest
from bargaining.certificate.state_exclusion import excluded
from bargaining.games import StochasticGame, exact
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Status

Point = tuple[Fraction, Fraction]
Profile = tuple[int, int]

ROUNDING = 2e-15
MOST_WORK = 40_000


class ExactStates:
    """A stochastic game in fractions: payoffs and the profiles that one player's deviation leads to."""

    def __init__(self, game: StochasticGame) -> None:
        self.game = game
        self.delta = game.exact_deltas
        self.rows = game.exact_transitions
        self.payoff: list[dict[Profile, Point]] = []
        for stage in game.stages:
            g = [[[exact(value) for value in row] for row in stage.payoffs[player].tolist()] for player in (0, 1)]
            self.payoff.append({(a, b): (g[0][a][b], g[1][a][b]) for a in range(stage.shape[0]) for b in range(stage.shape[1])})

    def deviations(self, state: int, profile: Profile, player: int) -> list[Profile]:
        """What one player can turn a profile into, itself among them."""
        m, n = self.game.stages[state].shape
        return [(k, profile[1]) for k in range(m)] if player == 0 else [(profile[0], k) for k in range(n)]

    def worth(self, state: int, profile: Profile, after: Sequence[Fraction | None], player: int) -> Fraction:
        """A player's payoff from a profile if each next state pays `after`."""
        later = sum((share * after[s] for s, share in self.rows[state][profile]), Fraction(0))  # type: ignore[operator]
        return (1 - self.delta[player]) * self.payoff[state][profile][player] + self.delta[player] * later


def verify_stochastic_set(solution: StochasticSet) -> Certificate:
    """Check the proofs of the sets of all states."""
    game = solution.game
    count, chain, proof = len(game), solution.outer_proof, solution.inner_proof
    if not len(solution.payoff_sets) == len(solution.inner) == len(solution.outer) == count:
        return refused(f"the game has {count} states: expected as many sets of each kind")
    exactly = ExactStates(game)
    fault = "" if chain is None else malformed_outer(exactly, chain)
    if fault:
        return refused(fault)
    filled = [not own.is_empty for own in solution.payoff_sets]
    named = {game.states[s] for s in range(count) if not filled[s]}
    if set(solution.emptied) - named or (solution.status.is_answer and set(solution.emptied) != named):
        return refused("the states called empty are not those without payoffs")
    if not solution.error_bound >= 0:
        return refused(f"the error bound is {solution.error_bound}")
    if solution.status is Status.empty:
        if any(filled) or any(not own.is_empty for own in (*solution.inner, *solution.outer)):
            return refused("the sets are called empty, but payoffs are stated")
        walked = chain is not None and not any(chain.living) and outside(exactly, chain)
        reason = "no profile can be enforced in any state" if walked is True else "that no profile can be enforced was not proven"
        return Certificate(holds=walked is True, deviation_gain=0.0, payoff_error=0.0, gap=0.0 if walked is True else inf, reason=reason)
    if proof is None:
        reason = "nothing places the stated sets inside the equilibrium payoffs"
        return Certificate(holds=False, deviation_gain=inf, payoff_error=inf, gap=inf, reason=reason)
    fault = malformed_inner(exactly, proof) or _strayed(solution, proof)
    gain, error, reason = (Fraction(0), Fraction(0), "") if fault.startswith("the proof") else self_generation(exactly, proof)
    if gain > 0 or error > 0 or fault:
        return Certificate(holds=False, deviation_gain=float(gain), payoff_error=float(error), gap=inf, reason=reason or fault)
    inside = "in every state every vertex is generated and no one-shot deviation gains; "
    if chain is None:
        reason = "nothing bounds the equilibrium payoffs from outside"
        return Certificate(holds=not solution.status.is_answer, deviation_gain=0.0, payoff_error=0.0, gap=inf, reason=inside + reason)
    if [bool(own) for own in proof.vertices] != list(chain.living) and solution.status.is_answer:
        return refused("the states with proven payoffs are not those that the outer chain leaves")
    cut = _cut_off(exactly, proof, chain)
    if cut:
        return refused(cut)
    walked = outside(exactly, chain)
    gap, fault = _gap(solution, proof, chain) if walked is True else (inf, "")
    beyond = {
        True: "the outer chain was walked again" if chain.slopes is None else "what lies outside the half-planes was excluded",
        False: "the outer chain does not reach the offsets stored" if chain.slopes is None else "what lies outside was not excluded",
        None: "the outer chain is too long to walk again here",
    }[walked]
    return Certificate(
        holds=walked is not False and not fault,
        deviation_gain=0.0,
        payoff_error=0.0,
        gap=inf if fault else gap,
        reason=inside + (fault or beyond),
    )


def malformed_outer(game: ExactStates, chain: StochasticOuter) -> str:
    """What is wrong if the half-planes are not of this game."""
    count = len(game.payoff)
    if chain.normals.ndim != 2 or chain.normals.shape[1] != 2 or chain.offsets.shape != (count, len(chain.normals)):
        return "the outer chain does not have one offset a state and normal"
    if not (np.isfinite(chain.normals).all() and np.isfinite(chain.offsets).all()) or len(chain.living) != count:
        return "the outer chain's numbers are not finite, or not one a state"
    if min(chain.span) <= 0:
        return "the outer chain starts from a box without extent"
    inside = all(0 <= (g[i] - chain.origin[i]) / chain.span[i] <= 1 for own in game.payoff for g in own.values() for i in (0, 1))
    return "" if inside else "the outer chain starts from a box that does not hold the stage payoffs"


def malformed_inner(game: ExactStates, proof: StochasticInner) -> str:
    """What is wrong if the proof speaks of vertices, profiles or states that there are none of."""
    count = len(game.payoff)
    parts = (proof.vertices, proof.profiles, proof.corners, proof.punishments)
    if any(len(part) != count for part in parts):
        return f"the proof is not one of {count} states"
    sizes = [len(own) for own in proof.vertices]
    for s, name in enumerate(game.game.states):
        if len(proof.profiles[s]) != sizes[s] or len(proof.corners[s]) != sizes[s]:
            return f"the proof of state {name!r} does not have one profile and one triple of corners a vertex"
        if not sizes[s]:
            continue
        for profile, row in game.rows[s].items():
            for after, _ in row:
                if not sizes[after]:
                    labels = " / ".join(game.game.stages[s].labels(profile))
                    return f"the proof gives state {name!r} payoffs, but {labels} can lead to {game.game.states[after]!r}, which has none"
        if len(proof.punishments[s]) != 2 or not all(0 <= k < sizes[s] for k in proof.punishments[s]):
            return f"the proof punishes in state {name!r} by vertices {tuple(proof.punishments[s])} that there are none of"
        for k, (profile, corners) in enumerate(zip(proof.profiles[s], proof.corners[s], strict=True)):
            if tuple(profile) not in game.payoff[s]:
                return f"the proof plays {tuple(profile)} in state {name!r}, where there is no such profile"
            row = game.rows[s][tuple(profile)]  # type: ignore[index]
            if len(corners) != 3 or any(
                len(corner) != len(row) or any(not 0 <= j < sizes[after] for j, (after, _) in zip(corner, row, strict=True))
                for corner in corners
            ):
                return f"the proof of state {name!r}, vertex {k}, goes on with vertices that there are none of"
    return ""


def _strayed(solution: StochasticSet, proof: StochasticInner) -> str:
    """What is wrong if the inner sets are not the proven ones, or the stated ones not within the error bound of them."""
    allowed = solution.error_bound if np.isfinite(solution.error_bound) else 0.0
    for name, vertices, inner, stated in zip(solution.states, proof.vertices, solution.inner, solution.payoff_sets, strict=True):
        if not vertices or inner.is_empty or stated.is_empty:
            if vertices or not inner.is_empty or not stated.is_empty:
                return f"state {name!r}: payoffs are stated without proof, or proven without being stated"
            continue
        proven = PayoffSet([[float(x), float(y)] for x, y in vertices])  # type: ignore[arg-type]
        rounding = ROUNDING * float(np.abs(proven.vertices).max(initial=0.0))
        if max(proven.distance_to(vertex) for vertex in inner.vertices) > rounding:
            return f"state {name!r}: the inner set is not proven"
        if stated.distance(proven) > allowed + rounding:
            return f"state {name!r}: the stated set is {stated.distance(proven):.3g} away from the proven one"
    return ""


def self_generation(game: ExactStates, proof: StochasticInner) -> tuple[Fraction, Fraction, str]:
    """Largest gain from a one-shot deviation, largest error of a promised payoff, and where."""
    worst: list[list[Fraction | None]] = [
        [own[proof.punishments[s][i]][i] if own else None for s, own in enumerate(proof.vertices)] for i in (0, 1)
    ]
    gain, error, reason = Fraction(0), Fraction(0), ""
    for s, name in enumerate(game.game.states):
        stage = game.game.stages[s]
        for k, (vertex, profile) in enumerate(zip(proof.vertices[s], proof.profiles[s], strict=True)):
            g, row = game.payoff[s][profile], game.rows[s][profile]
            ends = [
                tuple(
                    sum((share * proof.vertices[after][j][i] for j, (after, share) in zip(corner, row, strict=True)), Fraction(0))
                    for i in (0, 1)
                )
                for corner in proof.corners[s][k]
            ]
            continuation = tuple((vertex[i] - (1 - game.delta[i]) * g[i]) / game.delta[i] for i in (0, 1))
            given = nearest(ends, continuation)  # type: ignore[arg-type]
            earned = [(1 - game.delta[i]) * g[i] + game.delta[i] * given[i] for i in (0, 1)]
            left = " / ".join(stage.labels(profile))
            miss = max(abs(given[i] - continuation[i]) for i in (0, 1))
            if miss > error:
                error = miss
                where = f"state {name!r}, vertex {k}: what follows {left} would have to be worth {float(miss):.3g} more or less than it is"
                reason = reason if gain else where
            for i in (0, 1):
                for other in game.deviations(s, profile, i):
                    tempted = game.worth(s, other, worst[i], i) - min(vertex[i], earned[i])
                    if tempted > gain:
                        gain = tempted
                        action = stage.actions[i][other[i]]
                        player = stage.players[i]
                        reason = f"state {name!r}, vertex {k}: {player} gains {float(gain):.3g} by leaving {left} for {action!r}"
    return gain, error, reason


def _cut_off(game: ExactStates, proof: StochasticInner, chain: StochasticOuter) -> str:
    """What is wrong if the half-planes leave out a payoff that is proven inside."""
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in chain.normals]
    for name, vertices, offsets in zip(game.game.states, proof.vertices, chain.offsets, strict=True):
        limits = [Fraction(float(c)) for c in offsets]
        for k, vertex in enumerate(vertices):
            w = [(vertex[i] - chain.origin[i]) / chain.span[i] for i in (0, 1)]
            if any(n[0] * w[0] + n[1] * w[1] > c for n, c in zip(normals, limits, strict=True)):
                return f"state {name!r}: the half-planes leave out vertex {k}, which is an equilibrium payoff"
    return ""


def outside(game: ExactStates, chain: StochasticOuter) -> bool | None:
    """Whether the half-planes follow, and emptiness where it is said; None if that is too much work."""
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in chain.normals]
    stored = _numbers(chain.offsets)
    scaled = [
        {a: ((g[0] - chain.origin[0]) / chain.span[0], (g[1] - chain.origin[1]) / chain.span[1]) for a, g in own.items()}
        for own in game.payoff
    ]
    if chain.slopes is None:
        return _walk(game, scaled, chain, normals, stored)[0]
    if chain.limit is None or chain.interval is None or game.delta[0] != game.delta[1] or not all(chain.living):
        return False
    limit, slopes = _numbers(chain.limit), _numbers(chain.slopes)
    least, most = Fraction(chain.interval[0]), Fraction(chain.interval[1])
    if not set(AXES) <= set(normals) or not 0 <= least <= most or min(min(row) for row in slopes) <= 0:
        return False
    begun = [[c + most * d for c, d in zip(*rows, strict=True)] for rows in zip(limit, slopes, strict=True)]
    ended = [[c + least * d for c, d in zip(*rows, strict=True)] for rows in zip(limit, slopes, strict=True)]
    if any(c > own for rows in zip(ended, stored, strict=True) for c, own in zip(*rows, strict=True)):
        return False
    # The exact sets may be within the half-planes sooner than the stored chain was, and more profiles are enforceable then than after
    # as many sweeps as it took.
    for fewest in (0, chain.sweeps):
        reached, enforceable = _walk(game, scaled, chain, normals, begun, fewest)
        if not reached or least == most:
            return reached
        outcome = excluded(game, scaled, normals, limit, slopes, (least, most), enforceable)
        if outcome is not False:
            return outcome
    return False


def _numbers(rows: Any) -> list[list[Fraction]]:
    return [[Fraction(float(value)) for value in row] for row in rows]


def _walk(
    game: ExactStates,
    scaled: Sequence[dict[Profile, Point]],
    chain: StochasticOuter,
    normals: Sequence[Point],
    stored: Sequence[Sequence[Fraction]],
    fewest: int = 0,
) -> tuple[bool | None, list[list[Profile]]]:
    """Apply the operator again from the box of stage payoffs, rounded outward, at least `fewest` times unless it comes to rest.

    True once what is left lies in the half-planes with offsets `stored` and the states said to be empty are; None if that is too much
    work. Also the profiles of each state that could be enforced in the sets before the last.
    """
    enforceable = [list(own) for own in scaled]
    top = [max(g[i] for own in scaled for g in own.values()) for i in (0, 1)]
    zero = Fraction(0)
    box = list(dict.fromkeys([(zero, zero), (top[0], zero), (top[0], top[1]), (zero, top[1])]))
    polygons: list[list[Point]] = [list(box) for _ in scaled]
    work = 0
    changed = True
    for done in range(2 * chain.sweeps + 17):
        reached = all(
            bool(polygon) == lives and all(n[0] * w[0] + n[1] * w[1] <= stored[s][j] for j, n in enumerate(normals) for w in polygon)
            for s, (polygon, lives) in enumerate(zip(polygons, chain.living, strict=True))
        )
        if reached and (done >= fewest or not changed):
            return True, enforceable
        if not changed:
            return False, enforceable
        changed = False
        for s, polygon in enumerate(polygons):
            if not polygon:
                continue
            points, living, more = _generated(game, scaled, polygons, s)
            enforceable[s] = living
            work += more
            if work > MOST_WORK:
                return None, enforceable
            left = polygon if points else []
            for normal, offset in edges(points) if points else ():
                left = cut_by(left, normal, offset)
            changed = changed or left != polygon
            polygons[s] = left
    return False, enforceable


def _generated(
    game: ExactStates, scaled: Sequence[dict[Profile, Point]], polygons: Sequence[list[Point]], state: int
) -> tuple[list[Point], list[Profile], int]:
    """Corners of what a state generates from the polygons of all states, the profiles that can be enforced, and how much work that was.

    Nothing if a state that may follow is empty.
    """
    rows = game.rows[state]
    if any(not polygons[after] for row in rows.values() for after, _ in row):
        return [], [], 0
    delta = game.delta
    floors = [[min((w[i] for w in polygon), default=Fraction(0)) for polygon in polygons] for i in (0, 1)]
    value = {
        a: [(1 - delta[i]) * scaled[state][a][i] + delta[i] * sum(share * floors[i][s] for s, share in row) for i in (0, 1)]
        for a, row in rows.items()
    }
    points: list[Point] = []
    living = []
    work = 0
    for a, row in rows.items():
        mixture = _mixture([(share, polygons[s]) for s, share in row])
        work += 4 * len(mixture)
        own = scaled[state][a]
        kept = [((1 - delta[0]) * own[0] + delta[0] * w[0], (1 - delta[1]) * own[1] + delta[1] * w[1]) for w in mixture]
        for i in (0, 1):
            need = max(value[other][i] for other in game.deviations(state, a, i))
            if need > value[a][i]:
                kept = cut_by(kept, AXES[2 + i], -need)
        points += kept
        if kept:
            living.append(a)
    return points, living, work + 16 * len(points)


def _mixture(parts: Sequence[tuple[Fraction, list[Point]]]) -> list[Point]:
    """Corners of a weighted sum of convex polygons, in order: their edges sorted by angle, from the sum of their leftmost corners."""
    steps: list[Point] = []
    start = [Fraction(0), Fraction(0)]
    for share, polygon in parts:
        corners = hull_of(polygon)
        for i in (0, 1):
            start[i] += share * corners[0][i]
        if len(corners) > 1:
            steps += [
                (share * (after[0] - here[0]), share * (after[1] - here[1]))
                for here, after in zip(corners, [*corners[1:], corners[0]], strict=True)
            ]
    # Rising edges come first, each half sorted by slope; vertical ones last in their half.
    rising = [step for step in steps if step[0] > 0 or (step[0] == 0 and step[1] > 0)]
    falling = [step for step in steps if step[0] < 0 or (step[0] == 0 and step[1] < 0)]
    corners = [(start[0], start[1])]
    for half in (rising, falling):
        for step in sorted(half, key=lambda step: (step[0] == 0, step[1] / step[0] if step[0] else Fraction(0))):
            corners.append((corners[-1][0] + step[0], corners[-1][1] + step[1]))
    return corners[:-1] if len(corners) > 1 else corners


def _gap(solution: StochasticSet, inner: StochasticInner, chain: StochasticOuter) -> tuple[float, str]:
    """Largest distance from a state's half-planes to its proven inner set, and what is stated wrongly about the outer sets."""
    normals: list[Point] = [(Fraction(float(x)), Fraction(float(y))) for x, y in chain.normals]
    worst = 0.0
    allowed = 1e-12 * float(max(chain.span))
    # Payoffs of a player to whom everything is worth the same are that number, whatever the scale of the proof.
    varied = [len({float(u) for stage in solution.game.stages for u in stage.payoffs[i].ravel()}) > 1 for i in (0, 1)]
    span = [length if varies else Fraction(0) for length, varies in zip(chain.span, varied, strict=True)]
    for s, name in enumerate(solution.states):
        if not chain.living[s] or not inner.vertices[s]:
            if chain.living[s]:
                return inf, f"state {name!r}: no payoffs are proven, and none were excluded"
            continue
        corners = polygon_of(normals, [Fraction(float(c)) for c in chain.offsets[s]])
        # Relative to the origin, so that no rounding of large payoffs covers a small distance.
        inside = PayoffSet.hull([[float(v[i] - chain.origin[i]) for i in (0, 1)] for v in inner.vertices[s]])
        gap = max((inside.distance_to([float(w[i] * span[i]) for i in (0, 1)]) for w in corners), default=inf)
        worst = max(worst, gap)
        if not gap <= solution.error_bound + allowed:
            beyond = f"reaches {gap:.3g} beyond the inner set, more than the error bound {solution.error_bound:.3g}"
            return gap, f"state {name!r}: the outer set {beyond}"
        stated = [[float(w[i] * span[i] + chain.origin[i]) for i in (0, 1)] for w in corners]
        off = max((solution.outer[s].distance_to(w) for w in stated), default=inf)
        if off > allowed + ROUNDING * float(np.abs(stated).max(initial=0.0)):
            return gap, f"state {name!r}: the stated outer set leaves out {off:.3g} of what the half-planes hold"
    return worst, ""
