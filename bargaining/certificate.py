r"""Certificates: what a solution claims, checked in exact rational arithmetic by code that shares nothing with the solvers.

*Inner*: a polygon whose every vertex is :math:`(1-\delta_i) g_i(a) + \delta_i w_i` with a continuation w in the polygon, such that nobody
gains by deviating once and being held to the polygon's worst point afterwards, consists of equilibrium payoffs (self-generation: Abreu,
Pearce and Stacchetti 1990). The check is arithmetic on each vertex: barycentric coordinates of w in a named triangle, and two
inequalities.

*Outer*: see `bargaining.outer_certificate`; what would take too long to check is left unchecked, and the certificate says so.

*Nash*: the exact gain of each side's best deviation from each profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

import numpy as np

from bargaining.games import IssueGame, RepeatedGame, StageGame, exact
from bargaining.outer_certificate import ExactGame, check_outer, malformed_chain, polygon_of
from bargaining.payoff_set import PayoffSet, minkowski_sum
from bargaining.solution import EquilibriumSet, InnerProof, NashEquilibria, OuterProof, Status

Point = tuple[Fraction, Fraction]

# A few units in the last place: how far the floats of a stated set may be from the exact numbers that they stand for.
ROUNDING = 2e-15


@dataclass(frozen=True, eq=False)
class Certificate:
    """The outcome of a check.

    `holds` is true only if the claim was proven exactly: then `deviation_gain` and `payoff_error` are 0. `gap` is the largest distance
    from the outer to the inner set, in payoff units (infinite if the outer set was not proven). `reason` says what was found.
    """

    holds: bool
    deviation_gain: float
    payoff_error: float
    gap: float
    reason: str

    def __bool__(self) -> bool:
        return self.holds


def verify(solution: Any) -> Certificate:
    """Check a solution's claim exactly, without the solver.

    Parameters
    ----------
    solution : EquilibriumSet or NashEquilibria

    Raises
    ------
    TypeError
        If there is no certificate for this kind of answer.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> certificate = bg.verify(bg.equilibrium_set(bg.RepeatedGame(dilemma, 0.6)))
    >>> certificate.holds, certificate.reason
    (True, 'every vertex is generated and no one-shot deviation gains; what lies outside the half-planes was excluded')
    """
    if isinstance(solution, NashEquilibria):
        return _verify_nash(solution)
    if not isinstance(solution, EquilibriumSet):
        raise TypeError(f"no certificate for a {type(solution).__name__}: expected an EquilibriumSet or NashEquilibria")
    return _verify_blocks(solution) if solution.blocks else _verify_set(solution)


def _verify_nash(solution: NashEquilibria) -> Certificate:
    stage = solution.game.stage_game() if isinstance(solution.game, (IssueGame, RepeatedGame)) else solution.game
    payoffs = [[[exact(value) for value in row] for row in stage.payoffs[player].tolist()] for player in (0, 1)]
    if len(solution.payoffs) != len(solution.profiles):
        return _refused(f"{len(solution.profiles)} profiles but {len(solution.payoffs)} pairs of payoffs")
    worst, error, reason = Fraction(0), Fraction(0), "no side gains by deviating from any of the profiles"
    for number, pair in enumerate(solution.profiles):
        own = [_weights(pair[player].tolist(), stage.shape[player]) for player in (0, 1)]
        for player in (0, 1):
            if not own[player]:
                return _refused(f"profile {number}: {stage.players[player]}'s weights are not probabilities, one an action")
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


def _weights(floats: Sequence[float], count: int) -> list[Fraction]:
    """Probabilities as the simple fractions that they are the roundings of, else as they stand; none if they are not probabilities."""
    if len(floats) != count or not all(0 <= p <= 1 for p in floats) or abs(sum(floats) - 1) > 1e-12:
        return []
    simple = [Fraction(p).limit_denominator(10**6) for p in floats]
    if sum(simple) == 1 and all(abs(s - Fraction(p)) <= Fraction(1, 2**52) for s, p in zip(simple, floats, strict=True)):
        return simple
    total = sum(map(Fraction, floats))
    return [Fraction(p) / total for p in floats]


def _refused(reason: str) -> Certificate:
    return Certificate(holds=False, deviation_gain=inf, payoff_error=inf, gap=inf, reason=reason)


def _verify_blocks(solution: EquilibriumSet) -> Certificate:
    foreign = _foreign_block(solution)
    if foreign:
        return _refused(foreign)
    blocks = list(solution.blocks.values())
    for name in ("payoff_set", "inner", "outer"):
        total = minkowski_sum([getattr(part, name) for part in blocks])
        scale = float(np.abs(total.vertices).max(initial=1e-300))
        if getattr(solution, name).distance(total) > ROUNDING * scale:
            stated = "stated" if name == "payoff_set" else name
            return _refused(f"the {stated} set is not the sum of the blocks' sets")
    if (solution.status is Status.empty) != any(part.status is Status.empty for part in blocks):
        return _refused(
            "the set is called empty, and no block is" if solution.status is Status.empty else "a block is empty, the sum is not"
        )
    if solution.status is not Status.empty and not solution.error_bound >= sum(part.error_bound for part in blocks) * (1 - 1e-12):
        return _refused("the error bound is smaller than the blocks' bounds together")
    parts = {f"block {','.join(block)}": verify(part) for block, part in solution.blocks.items()}
    holds = all(part.holds for part in parts.values())
    return Certificate(
        holds=holds,
        deviation_gain=sum(part.deviation_gain for part in parts.values()),
        payoff_error=sum(part.payoff_error for part in parts.values()),
        gap=sum(part.gap for part in parts.values()),
        reason="; ".join(f"{block}: {part.reason}" for block, part in parts.items() if holds or not part.holds),
    )


def _foreign_block(solution: EquilibriumSet) -> str:
    """What is wrong if the blocks are not a partition of the game's issues, each solved as the game that it is."""
    game = solution.game
    if not isinstance(game, RepeatedGame) or not isinstance(game.stage, IssueGame):
        return "blocks of a game without issues"
    if sorted(name for block in solution.blocks for name in block) != sorted(game.stage.names):
        return "the blocks are not a partition of the issues"
    for block, part in solution.blocks.items():
        own = part.game
        same = isinstance(own, RepeatedGame) and own.exact_deltas == game.exact_deltas
        if not same or not np.array_equal(own.stage_game().payoffs, game.stage.block(block).payoffs):  # type: ignore[union-attr]
            return f"block {','.join(block)}: it was solved as another game"
    return ""


def _verify_set(solution: EquilibriumSet) -> Certificate:
    assert isinstance(solution.game, RepeatedGame)
    game = ExactGame(solution.game)
    chain = solution.outer_proof
    malformed = malformed_chain(game, chain) if chain is not None else ""
    if malformed:
        return _refused(malformed)
    if solution.status is Status.empty:
        if not (solution.is_empty and solution.inner.is_empty and solution.outer.is_empty):
            return _refused("the set is called empty, but payoffs are stated")
        walked = chain is not None and check_outer(game, chain, to_empty=True)
        reason = "no profile can be enforced" if walked is True else "that no profile can be enforced was not proven"
        return Certificate(holds=walked is True, deviation_gain=0.0, payoff_error=0.0, gap=0.0 if walked else inf, reason=reason)
    proof = solution.inner_proof
    if proof is None:
        return Certificate(
            holds=False,
            deviation_gain=solution.deviation_gain,
            payoff_error=inf,
            gap=inf,
            reason=f"nothing places the stated set inside the equilibrium payoffs; a deviation may gain {solution.deviation_gain:.3g}",
        )
    malformed = _malformed_proof(game, proof)
    if malformed:
        return _refused(malformed)
    strayed = _strayed(solution, proof)
    gain, error, reason = _self_generation(game, proof)
    if gain > 0 or error > 0 or strayed:
        return Certificate(
            holds=False,
            deviation_gain=float(gain),
            payoff_error=float(error),
            gap=inf,
            reason=strayed if strayed and gain == 0 and error == 0 else reason,
        )
    inside = "every vertex is generated and no one-shot deviation gains; "
    if chain is None:
        reason = "nothing bounds the equilibrium payoffs from outside"
        return Certificate(holds=not solution.status.is_answer, deviation_gain=0.0, payoff_error=0.0, gap=inf, reason=inside + reason)
    walked = check_outer(game, chain, to_empty=False)
    gap, faulty = _gap(solution, proof, chain) if walked is True else (inf, "")
    outside = {
        True: "what lies outside the half-planes was excluded" if chain.slopes is not None else "the outer chain was walked again",
        False: "the half-planes stored do not follow" if chain.slopes is not None else "the outer chain does not reach the offsets stored",
        None: "the outer chain is too long to walk again here",
    }[walked]
    return Certificate(
        holds=walked is not False and not faulty,
        deviation_gain=0.0,
        payoff_error=0.0,
        gap=inf if faulty else gap,
        reason=inside + (faulty or outside),
    )


def _malformed_proof(game: ExactGame, proof: InnerProof) -> str:
    """What is wrong if the proof speaks of vertices or profiles that there are none of."""
    count = len(proof.vertices)
    if not count or len(proof.profiles) != count or len(proof.simplices) != count:
        return f"the proof has {count} vertices, {len(proof.profiles)} profiles and {len(proof.simplices)} simplices: expected as many"
    for k, (profile, simplex) in enumerate(zip(proof.profiles, proof.simplices, strict=True)):
        if tuple(profile) not in game.payoff:
            return f"vertex {k}: there is no profile {tuple(profile)}"
        if len(simplex) != 3 or not all(0 <= j < count for j in simplex):
            return f"vertex {k}: its simplex {tuple(simplex)} names vertices that there are none of"
    if len(proof.punishments) != 2 or not all(0 <= j < count for j in proof.punishments):
        return f"the punishments {tuple(proof.punishments)} name vertices that there are none of"
    return ""


def _strayed(solution: EquilibriumSet, proof: InnerProof) -> str:
    """What is wrong if the inner set reaches beyond the proven one, or the stated one is not within the error bound of it."""
    proven = PayoffSet([[float(x), float(y)] for x, y in proof.vertices])  # type: ignore[arg-type]
    rounding = ROUNDING * float(np.abs(proven.vertices).max(initial=0.0))
    stated_bound = solution.error_bound if np.isfinite(solution.error_bound) else 0.0
    for name, stated, allowed in (("stated", solution.payoff_set, stated_bound), ("inner", solution.inner, 0.0)):
        for number, vertex in enumerate(stated.vertices):
            off = proven.distance_to(vertex)
            if off > allowed + rounding:
                return f"{name} vertex {number} lies {off:.3g} outside the proven set"
        for number, vertex in enumerate(proven.vertices):
            off = stated.distance_to(vertex)
            if off > stated_bound + rounding:
                return f"the {name} set leaves out vertex {number} of the proven set, by {off:.3g}"
    return ""


def _gap(solution: EquilibriumSet, inner: InnerProof, outer: OuterProof) -> tuple[float, str]:
    """Largest distance from the half-planes' polygon to the proven inner set, and what is stated wrongly about the outer set."""
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in outer.normals]
    corners = polygon_of(normals, [Fraction(float(c)) for c in outer.offsets])
    # Relative to the origin, so that no rounding of large payoffs covers a small distance.
    inside = PayoffSet([[float(v[i] - outer.origin[i]) for i in (0, 1)] for v in inner.vertices])  # type: ignore[arg-type]
    polygon = [[float(w[i] * outer.span[i]) for i in (0, 1)] for w in corners]
    gap = max((inside.distance_to(w) for w in polygon), default=inf)
    allowed = 1e-12 * float(max(outer.span))
    if not gap <= solution.error_bound + allowed:
        return gap, f"the outer set reaches {gap:.3g} beyond the inner set, more than the error bound {solution.error_bound:.3g}"
    stated = [[float(w[i] * outer.span[i] + outer.origin[i]) for i in (0, 1)] for w in corners]
    off = max((solution.outer.distance_to(w) for w in stated), default=inf)
    if off > allowed + ROUNDING * float(np.abs(stated).max(initial=0.0)):
        return gap, f"the stated outer set leaves out {off:.3g} of what the half-planes hold"
    return gap, ""


def _self_generation(game: ExactGame, proof: InnerProof) -> tuple[Fraction, Fraction, str]:
    """Largest gain from a one-shot deviation, largest error of a promised payoff, and where."""
    x = proof.vertices
    gain, error, reason = Fraction(0), Fraction(0), ""
    for k, profile in enumerate(proof.profiles):
        g, best = game.payoff[profile], game.deviation[profile]
        continuation = tuple((x[k][i] - (1 - game.delta[i]) * g[i]) / game.delta[i] for i in (0, 1))
        miss = _outside([x[j] for j in proof.simplices[k]], continuation)  # type: ignore[arg-type]
        if miss > error:
            error = miss
            reason = reason or f"vertex {k}: its continuation payoff lies {float(miss):.3g} outside the set"
        for i in (0, 1):
            temptation = (1 - game.delta[i]) * best[i] + game.delta[i] * x[proof.punishments[i]][i] - x[k][i]
            if temptation > gain:
                gain = temptation
                own = game.stage.payoffs[0, :, profile[1]] if i == 0 else game.stage.payoffs[1, profile[0], :]
                left, action = " / ".join(game.stage.labels(profile)), game.stage.actions[i][int(own.argmax())]
                reason = f"vertex {k}: {game.stage.players[i]} gains {float(gain):.3g} by leaving {left} for {action!r}"
    return gain, error, reason


def _outside(corners: Sequence[Point], point: Point) -> Fraction:
    """0 if the point is a convex combination of the corners, else how far it is from being one (largest coordinate error)."""
    a, b, c = corners
    u, v = (b[0] - a[0], b[1] - a[1]), (c[0] - a[0], c[1] - a[1])
    p = (point[0] - a[0], point[1] - a[1])
    area = u[0] * v[1] - u[1] * v[0]
    if area == 0:
        # A segment or a point: project on the longer of the two sides.
        side = max(u, v, key=lambda s: abs(s[0]) + abs(s[1]))
        length = side[0] ** 2 + side[1] ** 2
        share = min(Fraction(1), max(Fraction(0), (p[0] * side[0] + p[1] * side[1]) / length)) if length else Fraction(0)
        return max(abs(p[0] - share * side[0]), abs(p[1] - share * side[1]))
    beta, gamma = (p[0] * v[1] - p[1] * v[0]) / area, (u[0] * p[1] - u[1] * p[0]) / area
    weights = [max(Fraction(0), weight) for weight in (1 - beta - gamma, beta, gamma)]
    total = sum(weights)
    nearest = [sum((w * corner[i] for w, corner in zip(weights, corners, strict=True)), Fraction(0)) / total for i in (0, 1)]
    return max(abs(nearest[0] - point[0]), abs(nearest[1] - point[1]))
