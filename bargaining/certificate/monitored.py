r"""Certificates of equilibrium sets under imperfect public monitoring.

*Inner*: every vertex is what its profile and its continuations, convex combinations of the vertices, are worth, and no deviation pays: the
hull of the vertices generates itself (Abreu, Pearce and Stacchetti 1990).

*Outer*: for multipliers :math:`\mu \ge 0`, one a deviation, a profile a reaches no farther in direction :math:`\lambda` than

.. math:: \sum_i (1-\delta_i) \lambda_i g_i(a) + \sum_y h(\xi_y) - \sum_k \mu_k b_k

(see `bargaining.kernels.monitored_program` for the symbols), and :math:`h(\xi) \le \alpha c_p + \beta c_q` if :math:`\xi = \alpha n_p +
\beta n_q` with non-negative weights. With :math:`\mu, \alpha, \beta` fixed this is affine in the offsets c, so that two inequalities
say that everything between two sets of offsets is mapped strictly inside itself. If V lay in some of the sets between and not in the last,
the smallest of these that holds it would be mapped to a smaller one, which holds V = B(V) too.
"""

from fractions import Fraction
from math import inf, lcm

import numpy as np

from bargaining.certificate.exact_game import Point
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import polygon_of
from bargaining.games import MonitoredGame, exact
from bargaining.payoff_set import PayoffSet
from bargaining.solution import EquilibriumSet, PublicInnerProof, PublicOuterProof, Status

# Floats of a stated set against the exact numbers that they stand for, relative to the largest of them.
ROUNDING = 1e-14
Profile = tuple[int, int]


class ExactMonitoredGame:
    """Payoffs, probabilities, deviations and discount factors as fractions."""

    def __init__(self, game: MonitoredGame) -> None:
        self.stage = game.stage_game()
        self.delta = game.exact_deltas
        self.rows = game.monitoring.rows
        self.signals = len(game.signals)
        m, n = self.stage.shape
        self.profiles = [(a, b) for a in range(m) for b in range(n)]
        self.payoff = {(a, b): tuple(exact(self.stage.payoffs[i, a, b]) for i in (0, 1)) for a, b in self.profiles}
        self.deviations: dict[Profile, list[tuple[int, Profile]]] = {
            (a, b): [(0, (k, b)) for k in range(m) if k != a] + [(1, (a, k)) for k in range(n) if k != b] for a, b in self.profiles
        }


def verify_monitored(solution: EquilibriumSet) -> Certificate:
    """Check both proofs of a set of perfect public equilibrium payoffs."""
    assert isinstance(solution.game, MonitoredGame)
    game = ExactMonitoredGame(solution.game)
    chain = solution.public_outer_proof
    faulty = check_chain(game, chain) if chain is not None else "nothing bounds the equilibrium payoffs from outside"
    if solution.status is Status.empty:
        if not (solution.is_empty and solution.inner.is_empty and solution.outer.is_empty):
            return refused("the set is called empty, but payoffs are stated")
        if not faulty and chain is not None and not _contradictory(chain):
            faulty = "the half-planes leave payoffs"
        reason = faulty or "no profile can be enforced"
        return Certificate(holds=not faulty, deviation_gain=0.0, payoff_error=0.0, gap=inf if faulty else 0.0, reason=reason)
    proof = solution.public_inner_proof
    if proof is None:
        reason = "nothing places the stated set inside the equilibrium payoffs"
        return Certificate(holds=False, deviation_gain=inf, payoff_error=inf, gap=inf, reason=reason)
    gain, error, reason = check_machine(game, proof)
    if reason:
        return Certificate(holds=False, deviation_gain=gain, payoff_error=error, gap=inf, reason=reason)
    strayed = _strayed(solution, proof)
    if strayed:
        return refused(strayed)
    inside = "every vertex is generated and no deviation pays; "
    if faulty or chain is None:
        return Certificate(holds=not solution.status.is_answer, deviation_gain=0.0, payoff_error=0.0, gap=inf, reason=inside + faulty)
    gap, wrong = _gap(solution, proof, chain)
    reason = inside + (wrong or "what lies outside the half-planes was excluded")
    return Certificate(holds=not wrong, deviation_gain=0.0, payoff_error=0.0, gap=inf if wrong else gap, reason=reason)


def check_machine(game: ExactMonitoredGame, proof: PublicInnerProof) -> tuple[float, float, str]:
    """Largest gain from a deviation and largest error of a promised payoff, and what is wrong (nothing if the proof holds)."""
    x, count = proof.vertices, len(proof.vertices)
    if not count or len(proof.profiles) != count or len(proof.continuations) != count:
        return inf, inf, f"the proof has {count} vertices, {len(proof.profiles)} profiles, {len(proof.continuations)} continuations"
    # Over one denominator a side's values are whole numbers: fractions as long as these should not look for common divisors at every step.
    unit = [lcm(*(v[i].denominator for v in x)) for i in (0, 1)]
    whole = [[v[i].numerator * (unit[i] // v[i].denominator) for v in x] for i in (0, 1)]
    gain, error, reason = Fraction(0), Fraction(0), ""
    for k, (given, lotteries) in enumerate(zip(proof.profiles, proof.continuations, strict=True)):
        profile = (given[0], given[1])
        if profile not in game.payoff or len(lotteries) != game.signals:
            return inf, inf, f"vertex {k}: there is no profile {profile}, or not one continuation a signal"
        ahead: list[Point] = []
        for lottery in lotteries:
            if any(not 0 <= v < count or weight < 0 for v, weight in lottery) or sum(weight for _, weight in lottery) != 1:
                return inf, inf, f"vertex {k}: a continuation is no convex combination of the vertices"
            first, second = (sum((weight * whole[i][v] for v, weight in lottery), Fraction(0)) for i in (0, 1))
            ahead.append((first, second))
        row = game.rows[profile]
        for i in (0, 1):
            later = sum((share * w[i] for share, w in zip(row, ahead, strict=True)), Fraction(0))
            miss = abs((1 - game.delta[i]) * game.payoff[profile][i] * unit[i] + game.delta[i] * later - whole[i][k]) / unit[i]
            if miss > error:
                error, reason = (
                    miss,
                    reason or f"vertex {k}: {game.stage.players[i]} is promised {float(miss):.3g} more or less than it is worth",
                )
        for i, there in game.deviations[profile]:
            other = game.rows[there]
            deterred = sum(((p - q) * w[i] for p, q, w in zip(row, other, ahead, strict=True) if p != q), Fraction(0))
            pays = (1 - game.delta[i]) * (game.payoff[there][i] - game.payoff[profile][i]) * unit[i] - game.delta[i] * deterred
            if pays > gain * unit[i]:
                pays /= unit[i]
                left = " / ".join(game.stage.labels(profile))
                action = game.stage.actions[i][there[i]]
                gain, reason = pays, f"vertex {k}: {game.stage.players[i]} gains {float(pays):.3g} by leaving {left} for {action!r}"
    return float(gain), float(error), reason


def check_chain(game: ExactMonitoredGame, chain: PublicOuterProof) -> str:
    """What is wrong with an outer proof; nothing if it holds."""
    deviations = len(game.deviations[game.profiles[0]])
    steps, count = len(chain.multipliers), len(chain.normals)
    if chain.offsets.shape != (steps + 1, count) or chain.multipliers.shape != (steps, len(game.profiles), count, deviations):
        return "the outer proof does not have one multiplier a step, profile, normal and deviation"
    if not (np.isfinite(chain.offsets).all() and np.isfinite(chain.normals).all() and (chain.multipliers >= 0).all()):
        return "the outer proof holds a negative multiplier or a number that is not finite"
    if any(span <= 0 for span in chain.span):
        return "the outer proof scales payoffs by a span that is not positive"
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in chain.normals]
    angles = np.arctan2(chain.normals[:, 1], chain.normals[:, 0])
    order = np.argsort(angles, kind="stable")
    scaled = {a: tuple((g[i] - chain.origin[i]) / chain.span[i] for i in (0, 1)) for a, g in game.payoff.items()}
    corners = list(scaled.values())
    if game.delta[0] != game.delta[1]:
        low, high = ([side(corner[i] for corner in corners) for i in (0, 1)] for side in (min, max))
        corners = [(x, y) for x in (low[0], high[0]) for y in (low[1], high[1])]
    offsets = [[Fraction(float(c)) for c in row] for row in chain.offsets]
    for j, (x, y) in enumerate(normals):
        if max(x * u + y * v for u, v in corners) > offsets[0][j]:
            return f"the first set does not hold all stage payoffs: half-plane {j}"
    needs = {
        a: [(1 - game.delta[i]) / game.delta[i] * (scaled[there][i] - scaled[a][i]) for i, there in game.deviations[a]]
        for a in game.profiles
    }
    shifts = {a: [[p - q for p, q in zip(game.rows[a], game.rows[there], strict=True)] for _, there in game.deviations[a]] for a in needs}
    for step in range(steps):
        upper, lower = offsets[step], offsets[step + 1]
        for j, (x, y) in enumerate(normals):
            if lower[j] > upper[j]:
                return f"step {step}: half-plane {j} recedes"
            if lower[j] == upper[j]:
                continue
            for number, a in enumerate(game.profiles):
                weights = [Fraction(float(value)) for value in chain.multipliers[step, number, j]]
                here = sum(((1 - game.delta[i]) * (x, y)[i] * scaled[a][i] for i in (0, 1)), Fraction(0))
                here -= sum((weight * need for weight, need in zip(weights, needs[a], strict=True)), Fraction(0))
                there = here
                for s in range(game.signals):
                    pull = [game.delta[i] * (x, y)[i] * game.rows[a][s] for i in (0, 1)]
                    for k, (i, _) in enumerate(game.deviations[a]):
                        if weights[k] and shifts[a][k][s]:
                            pull[i] += weights[k] * shifts[a][k][s]
                    pair = _between(normals, angles, order, pull[0], pull[1])
                    if pair is None:
                        return f"step {step}: the normals do not span the direction that half-plane {j} needs"
                    for position, weight in pair:
                        here += weight * lower[position]
                        there += weight * upper[position]
                if here > lower[j] or there >= upper[j]:
                    labels = " / ".join(game.stage.labels(a))
                    return f"step {step}: {labels} is not shown to stay within half-plane {j}"
    return ""


def _between(
    normals: list[Point],
    angles: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    order: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    x: Fraction,
    y: Fraction,
) -> list[tuple[int, Fraction]] | None:
    """A direction as a combination, with non-negative weights, of the two normals beside it; exact."""
    if not x and not y:
        return []
    # Only the direction matters here, and floats must not overflow.
    size = max(abs(x), abs(y))
    place = int(np.searchsorted(angles[order], np.arctan2(float(y / size), float(x / size))))
    count = len(normals)
    for shift in (0, 1, -1):
        p, q = int(order[(place + shift - 1) % count]), int(order[(place + shift) % count])
        (a, b), (c, d) = normals[p], normals[q]
        area = a * d - b * c
        if area > 0:
            alpha, beta = (x * d - y * c) / area, (a * y - b * x) / area
            if alpha >= 0 and beta >= 0:
                return [(p, alpha), (q, beta)]
    return None


def _contradictory(chain: PublicOuterProof) -> bool:
    """Whether the last half-planes exclude everything: two opposite ones that do not meet."""
    last = [Fraction(float(c)) for c in chain.offsets[-1]]
    place = {(float(x), float(y)): c for (x, y), c in zip(chain.normals, last, strict=True)}
    return any((-x + 0.0, -y + 0.0) in place and place[x, y] + place[-x + 0.0, -y + 0.0] < 0 for x, y in list(place))


def _strayed(solution: EquilibriumSet, proof: PublicInnerProof) -> str:
    """What is wrong if the stated sets are not those of the proof."""
    proven = PayoffSet.hull([[float(x), float(y)] for x, y in proof.vertices])
    allowed = ROUNDING * float(np.abs(proven.vertices).max(initial=0.0)) + 1e-13 * float(np.ptp(proven.vertices, axis=0).max())
    for name, stated in (("stated", solution.payoff_set), ("inner", solution.inner)):
        off = proven.distance(stated)
        if not off <= allowed:
            return f"the {name} set is {off:.3g} away from the proven one"
    return ""


def _gap(solution: EquilibriumSet, proof: PublicInnerProof, chain: PublicOuterProof) -> tuple[float, str]:
    """Largest distance from the half-planes' polygon to the proven inner set, and what is stated wrongly about the outer set."""
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in chain.normals]
    corners = polygon_of(normals, [Fraction(float(c)) for c in chain.offsets[-1]])
    # Relative to the origin, so that no rounding of large payoffs covers a small distance.
    inside = PayoffSet.hull([[float(v[i] - chain.origin[i]) for i in (0, 1)] for v in proof.vertices])
    gap = max((inside.distance_to([float(w[i] * chain.span[i]) for i in (0, 1)]) for w in corners), default=inf)
    allowed = 1e-12 * float(max(chain.span))
    if not gap <= solution.error_bound + allowed:
        return gap, f"the outer set reaches {gap:.3g} beyond the inner set, more than the error bound {solution.error_bound:.3g}"
    stated = [[float(w[i] * chain.span[i] + chain.origin[i]) for i in (0, 1)] for w in corners]
    off = max((solution.outer.distance_to(w) for w in stated), default=inf)
    if off > allowed + ROUNDING * float(np.abs(stated).max(initial=0.0)):
        return gap, f"the stated outer set leaves out {off:.3g} of what the half-planes hold"
    return gap, ""
