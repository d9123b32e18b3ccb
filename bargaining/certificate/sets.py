r"""Certificates of equilibrium payoff sets.

*Inner*: a polygon whose every vertex is :math:`(1-\delta_i) g_i(a) + \delta_i w_i` with a continuation w in the polygon, such that nobody
gains by deviating once and being held to the polygon's worst point afterwards, consists of equilibrium payoffs (self-generation: Abreu,
Pearce and Stacchetti 1990). The check is arithmetic on each vertex: barycentric coordinates of w in a named triangle, and two
inequalities.

*Outer*: see `bargaining.certificate.outer`; what would take too long to check is left unchecked, and the certificate says so.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf

import numpy as np

from bargaining.certificate.exact_game import ExactGame, Point
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import check_outer, malformed_chain, polygon_of
from bargaining.certificate.transfers import verify_transfers
from bargaining.games import IssueGame, RepeatedGame
from bargaining.payoff_set import PayoffSet, minkowski_sum
from bargaining.solution import EquilibriumSet, InnerProof, OuterProof, Status

# A few units in the last place: how far the floats of a stated set may be from the exact numbers that they stand for.
ROUNDING = 2e-15


def verify_equilibrium_set(solution: EquilibriumSet) -> Certificate:
    """Check the proofs of a set, or of each block of a partition."""
    if solution.blocks:
        return _verify_blocks(solution)
    return verify_transfers(solution) if solution.options.get("transfers") else _verify_set(solution)


def _verify_blocks(solution: EquilibriumSet) -> Certificate:
    foreign = _foreign_block(solution)
    if foreign:
        return refused(foreign)
    blocks = list(solution.blocks.values())
    for name in ("payoff_set", "inner", "outer"):
        total = minkowski_sum([getattr(part, name) for part in blocks])
        scale = float(np.abs(total.vertices).max(initial=1e-300))
        if getattr(solution, name).distance(total) > ROUNDING * scale:
            stated = "stated" if name == "payoff_set" else name
            return refused(f"the {stated} set is not the sum of the blocks' sets")
    if (solution.status is Status.empty) != any(part.status is Status.empty for part in blocks):
        return refused(
            "the set is called empty, and no block is" if solution.status is Status.empty else "a block is empty, the sum is not"
        )
    if solution.status is not Status.empty and not solution.error_bound >= sum(part.error_bound for part in blocks) * (1 - 1e-12):
        return refused("the error bound is smaller than the blocks' bounds together")
    parts = {f"block {','.join(block)}": verify_equilibrium_set(part) for block, part in solution.blocks.items()}
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
        if bool(part.options.get("transfers")) != bool(solution.options.get("transfers")):
            return f"block {','.join(block)}: it was solved by other rules"
    return ""


def _verify_set(solution: EquilibriumSet) -> Certificate:
    assert isinstance(solution.game, RepeatedGame)
    allowed = solution.options.get("profiles")
    try:
        game = ExactGame(solution.game, allowed)
    except (TypeError, ValueError):
        return refused("the profiles that may be prescribed are not pairs of positions")
    if not game.payoff:
        return refused("none of the profiles that may be prescribed is there")
    chain = solution.outer_proof
    malformed = malformed_chain(game, chain) if chain is not None else ""
    if malformed:
        return refused(malformed)
    if solution.status is Status.empty:
        if not (solution.is_empty and solution.inner.is_empty and solution.outer.is_empty):
            return refused("the set is called empty, but payoffs are stated")
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
        return refused(malformed)
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
    among = "" if allowed is None else f" by the {len(game.payoff)} profiles that may be prescribed"
    inside = f"every vertex is generated{among} and no one-shot deviation gains; "
    if chain is None:
        reason = "nothing bounds the equilibrium payoffs from outside"
        return Certificate(holds=not solution.status.is_answer, deviation_gain=0.0, payoff_error=0.0, gap=inf, reason=inside + reason)
    walked = check_outer(game, chain, to_empty=False)
    gap, faulty = _gap(game, solution, proof, chain) if walked is True else (inf, "")
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


def _gap(game: ExactGame, solution: EquilibriumSet, inner: InnerProof, outer: OuterProof) -> tuple[float, str]:
    """Largest distance from the half-planes' polygon to the proven inner set, and what is stated wrongly about the outer set."""
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in outer.normals]
    corners = polygon_of(normals, [Fraction(float(c)) for c in outer.offsets])
    for i in (0, 1):
        payoffs = {g[i] for g in game.payoff.values()}
        if len(payoffs) == 1:
            # Who always earns the same earns nothing else, whatever room a rounded half-plane leaves.
            always = (min(payoffs) - outer.origin[i]) / outer.span[i]
            corners = [(always, w[1]) if i == 0 else (w[0], always) for w in corners]
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
        given = nearest([x[j] for j in proof.simplices[k]], continuation)  # type: ignore[arg-type]
        # What the vertex is worth if it goes on as near to its promise as the set allows.
        worth = [(1 - game.delta[i]) * g[i] + game.delta[i] * given[i] for i in (0, 1)]
        left = " / ".join(game.stage.labels(profile))
        miss = max(abs(given[i] - continuation[i]) for i in (0, 1))
        if miss > error:
            error = miss
            i = max((0, 1), key=lambda i: abs(worth[i] - x[k][i]))
            off = f"{float(abs(worth[i] - x[k][i])):.3g} {'less' if worth[i] < x[k][i] else 'more'}"
            promise = f"{left} and what the set can give afterwards are worth {off} to {game.stage.players[i]} than is promised"
            reason = reason if gain else f"vertex {k}: its continuation payoff lies {float(miss):.3g} outside the set; {promise}"
        for i in (0, 1):
            temptation = (1 - game.delta[i]) * best[i] + game.delta[i] * x[proof.punishments[i]][i] - min(x[k][i], worth[i])
            if temptation > gain:
                gain = temptation
                own = game.stage.payoffs[0, :, profile[1]] if i == 0 else game.stage.payoffs[1, profile[0], :]
                action = game.stage.actions[i][int(own.argmax())]
                reason = f"vertex {k}: {game.stage.players[i]} gains {float(gain):.3g} by leaving {left} for {action!r}"
    return gain, error, reason


def nearest(corners: Sequence[Point], point: Point) -> Point:
    """The point itself if it is a convex combination of the corners, else one that is, close to it."""
    a, b, c = corners
    u, v = (b[0] - a[0], b[1] - a[1]), (c[0] - a[0], c[1] - a[1])
    p = (point[0] - a[0], point[1] - a[1])
    area = u[0] * v[1] - u[1] * v[0]
    if area == 0:
        # A segment or a point: project on the longer of the two sides.
        side = max(u, v, key=lambda s: abs(s[0]) + abs(s[1]))
        length = side[0] ** 2 + side[1] ** 2
        share = min(Fraction(1), max(Fraction(0), (p[0] * side[0] + p[1] * side[1]) / length)) if length else Fraction(0)
        return a[0] + share * side[0], a[1] + share * side[1]
    beta, gamma = (p[0] * v[1] - p[1] * v[0]) / area, (u[0] * p[1] - u[1] * p[0]) / area
    weights = [max(Fraction(0), weight) for weight in (1 - beta - gamma, beta, gamma)]
    total = sum(weights)
    first, second = (sum((w * corner[i] for w, corner in zip(weights, corners, strict=True)), Fraction(0)) / total for i in (0, 1))
    return first, second
