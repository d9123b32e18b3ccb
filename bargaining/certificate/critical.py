r"""Certificate of a critical discount factor: sustained at the upper end, and nowhere below the lower one. All exact.

*Above*: with the punishments of proven sets that are no more patient than the upper end (sets grow with a common discount factor), of
static equilibria, and of the path itself, nobody gains by leaving the path in any phase.
*Below*: sets that are no less patient than what they exclude bound the punishments from below, as the pure minmax payoffs do. Times
:math:`1+\delta+\dots+\delta^{K-1}` the incentive constraints of a path of K profiles are then polynomials in δ, and everywhere below the
lower end one of them is negative: Sturm's theorem counts their roots.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, isnan

import numpy as np

from bargaining.certificate.exact_game import ExactGame, Point
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.sets import verify_equilibrium_set
from bargaining.certificate.sturm import negative_somewhere
from bargaining.games import RepeatedGame, StageGame, exact
from bargaining.solution import CriticalDelta, EquilibriumSet, Status

Pair = list[Fraction | None]


def verify_critical_delta(solution: CriticalDelta) -> Certificate:
    """Check both ends of the bracket and that the value stated lies between them."""
    stage = solution.game if isinstance(solution.game, StageGame) else solution.game.stage_game()
    game = ExactGame(RepeatedGame(stage, Fraction(1, 2)))
    malformed = _malformed(solution, game)
    if malformed:
        return refused(malformed)
    for where, sets in (("above", solution.evidence_above), ("below", solution.evidence_below)):
        for evidence in sets:
            wrong = _unfit(solution, evidence, stage.payoffs, where)
            if wrong:
                return refused(f"evidence {where}: {wrong}")
    if solution.options.get("transfers"):
        fault = _transfers_fail(solution, game)
    elif solution.point is not None:
        fault = _point_fails(solution, game)
    else:
        fault = _path_fails(solution, game)
    if fault:
        return Certificate(holds=False, deviation_gain=inf, payoff_error=0.0, gap=inf, reason=fault)
    gap = solution.upper - solution.lower
    ends = f"sustained at {solution.upper:.12g}, " if solution.sustainable else ""
    open_end = solution.sustainable or solution.status is Status.undecided
    bound = f"{'below' if open_end else 'up to'} {solution.lower:.12g}"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=gap, reason=f"{ends}nowhere {bound}")


def _malformed(solution: CriticalDelta, game: ExactGame) -> str:
    numbers = solution.lower, solution.upper, solution.error_bound
    if any(isnan(number) for number in numbers) or not 0 <= solution.lower <= solution.upper <= 1:
        return f"[{solution.lower}, {solution.upper}] is no bracket of a discount factor"
    if solution.sustainable != (not isnan(solution.value)) or (
        solution.sustainable and not solution.lower <= solution.value <= solution.upper
    ):
        return f"the value {solution.value} does not lie in the bracket"
    if (solution.point is None) == (not solution.path):
        return "neither a path nor a payoff pair is stated, or both"
    if any(tuple(profile) not in game.payoff for profile in solution.path):
        return "the path names a profile that there is none of"
    if solution.sustainable and not solution.error_bound >= (solution.upper - solution.lower) * (1 - 1e-9) - 2e-15:
        return "the error bound is smaller than the bracket"
    if not solution.sustainable and solution.status is Status.solved and solution.point is None:
        most = exact(solution.options["delta_max"]) if "delta_max" in solution.options else Fraction(1)
        if exact(solution.lower) < exact(float(most)):
            return "what is called not sustainable is not excluded up to delta_max"
    return ""


def _unfit(solution: CriticalDelta, evidence: EquilibriumSet, payoffs: np.ndarray, where: str) -> str:
    """What is wrong with a set that is given as evidence; empty if it is proven on the side where it is needed."""
    own = evidence.game
    if not isinstance(own, RepeatedGame) or not own.common_delta or not np.array_equal(own.stage_game().payoffs, payoffs):
        return "it was solved as another game"
    if evidence.options.get("transfers") or evidence.blocks:
        return "it is the set of other rules"
    delta = own.exact_deltas[0]
    if where == "above" and delta > exact(solution.upper):
        return f"it is more patient ({float(delta):.12g}) than the upper end"
    found = verify_equilibrium_set(evidence)
    if not found.holds or (where == "below" and found.gap == inf):
        return found.reason
    return "" if where == "below" or evidence.inner_proof is not None else "it has no proven inner set"


def _static(game: ExactGame) -> list[Point]:
    return [payoff for a, payoff in game.payoff.items() if game.deviation[a] == payoff]


def _minmax(game: ExactGame) -> Point:
    first, second = (min(max(v[i] for v in column) for column in game.columns(game.payoff, i)) for i in (0, 1))
    return first, second


def _path_fails(solution: CriticalDelta, game: ExactGame) -> str:
    """What the bracket of a path claims wrongly; empty if both ends hold."""
    static = _static(game)
    reversion = solution.options.get("punishment") == "nash"
    if reversion and not static:
        return "there is no static equilibrium to revert to" if solution.sustainable else ""
    path = list(solution.path)
    if solution.sustainable:
        worst: Pair = [min(g[i] for g in static) if static else None for i in (0, 1)]
        for evidence in () if reversion else solution.evidence_above:
            assert evidence.inner_proof is not None
            corners = evidence.inner_proof.vertices
            worst = [min(v for v in (worst[i], *(x[i] for x in corners)) if v is not None) for i in (0, 1)]
        fault = _leaves(game, path, exact(solution.upper), worst, reversion)
        if fault:
            return fault
    lower = exact(solution.lower)
    if lower == 0:
        return ""
    segments: list[tuple[Fraction, Fraction, Point | None]]
    if reversion:
        segments = [(Fraction(0), lower, (min(g[0] for g in static), min(g[1] for g in static)))]
    else:
        segments = _floors(solution, game, lower)
    for left, right, floors in segments:
        if floors is None:
            continue
        # What is not sustainable at all has to fail at delta_max itself.
        closed = right < lower or (not solution.sustainable and solution.status is Status.solved)
        if not negative_somewhere(_constraints(game, path, floors), left, right, closed):
            return f"that it is not sustained between {float(left):.6g} and {float(right):.12g} does not follow"
    return ""


def _leaves(game: ExactGame, path: Sequence[tuple[int, int]], delta: Fraction, worst: Pair, reversion: bool) -> str:
    """Who gains by leaving the path at a discount factor; empty if nobody does."""
    if delta in (0, 1):
        # Nobody may gain even once; nothing is worth anything at patience one.
        fine = delta == 0 and all(game.deviation[a] == game.payoff[a] for a in path)
        return "" if fine else "a profile of the path is no static equilibrium, and nothing is sustained without patience"
    count = len(path)
    total = 1 - delta**count
    values = [
        [(1 - delta) * sum((delta**t * game.payoff[path[(k + t) % count]][i] for t in range(count)), Fraction(0)) / total for i in (0, 1)]
        for k in range(count)
    ]
    for i in (0, 1):
        own = min(value[i] for value in values)
        given = worst[i]
        # The path from its worst phase on is itself a punishment, if it is an equilibrium.
        floor = own if given is None else (given if reversion else min(given, own))
        for k, profile in enumerate(path):
            gain = (1 - delta) * game.deviation[profile][i] + delta * floor - values[k][i]
            if gain > 0:
                return f"at {float(delta):.12g} {game.stage.players[i]} gains {float(gain):.3g} by leaving the path in phase {k}"
    return ""


def _constraints(game: ExactGame, path: Sequence[tuple[int, int]], floors: Point) -> list[list[Fraction]]:
    """Slacks of the incentive constraints times 1 + δ + … + δ^(K-1), coefficients by rising power."""
    count = len(path)
    found = []
    for k, profile in enumerate(path):
        for i in (0, 1):
            best = game.deviation[profile][i]
            row = [game.payoff[path[(k + t) % count]][i] - (floors[i] if t else best) for t in range(count)]
            found.append([*row, best - floors[i]])
    return found


def _floors(solution: CriticalDelta, game: ExactGame, lower: Fraction) -> list[tuple[Fraction, Fraction, Point | None]]:
    """What bounds the punishments from below, interval by interval of (0, lower); None where there is no equilibrium at all."""
    known = sorted(((e.game.exact_deltas[0], e) for e in solution.evidence_below), key=lambda pair: pair[0])  # type: ignore[union-attr]
    ends = sorted({min(delta, lower) for delta, _ in known} | {lower})
    minmax = _minmax(game)
    segments: list[tuple[Fraction, Fraction, Point | None]] = []
    left = Fraction(0)
    for right in ends:
        floors: Point | None = minmax
        for delta, evidence in known:
            if delta < right or floors is None:
                continue
            bounds = _outside(evidence)
            floors = None if bounds is None else (max(floors[0], bounds[0]), max(floors[1], bounds[1]))
        segments.append((left, right, floors))
        left = right
    return segments


def _outside(evidence: EquilibriumSet) -> Point | None:
    """The worst payoffs that a proven outer set leaves; None if the set is proven empty."""
    if evidence.status is Status.empty:
        return None
    proof = evidence.outer_proof
    assert proof is not None
    found = []
    for i in (0, 1):
        axis = [0.0, 0.0]
        axis[i] = -1.0
        offset = min(Fraction(float(c)) for n, c in zip(proof.normals.tolist(), proof.offsets, strict=True) if n == axis)
        found.append(proof.origin[i] - proof.span[i] * offset)
    return found[0], found[1]


def _transfers_fail(solution: CriticalDelta, game: ExactGame) -> str:
    """Strike out what cannot be enforced with payments: what is left punishes enough at the upper end, and too little below the lower."""
    profile = solution.path[0]
    payoff, deviation = game.payoff[profile], game.deviation[profile]
    needed = _joint(deviation) - _joint(payoff)

    def held(delta: Fraction, strictly: bool) -> bool:
        left = dict(game.payoff)
        while left:
            worst = _joint((min(game.deviation[a][0] for a in left), min(game.deviation[a][1] for a in left)))
            span = max(_joint(g) for g in left.values()) - worst
            kept = {a: g for a, g in left.items() if _deterred(delta, _joint(game.deviation[a]) - _joint(g), span, strictly)}
            if len(kept) == len(left):
                return _deterred(delta, needed, _joint(payoff) - worst, strictly)
            left = kept
        return False

    if solution.sustainable and not held(exact(solution.upper), strictly=False):
        return f"the profile is not sustained at {solution.upper:.12g}"
    # What is sustained anywhere below an end is so strictly at it, unless nobody is tempted.
    if solution.lower > 0 and held(exact(solution.lower), strictly=solution.sustainable):
        return f"that the profile is not sustained below {solution.lower:.12g} does not follow"
    return ""


def _joint(pair: Point) -> Fraction:
    return pair[0] + pair[1]


def _deterred(delta: Fraction, gain: Fraction, loss: Fraction, strictly: bool) -> bool:
    """Whether a joint loss for ever outweighs a joint gain once."""
    if gain == 0:
        return loss >= 0
    now, later = (1 - delta) * gain, delta * loss
    return now < later if strictly else now <= later


def _point_fails(solution: CriticalDelta, game: ExactGame) -> str:
    """What the bracket of a payoff pair claims wrongly; empty if both ends hold."""
    assert solution.point is not None
    point = Fraction(float(solution.point[0])), Fraction(float(solution.point[1]))
    spans = [max(g[i] for g in game.payoff.values()) - min(g[i] for g in game.payoff.values()) for i in (0, 1)]
    near = exact(solution.options["tol"]) * max(spans)
    if solution.sustainable:
        static = _static(game)
        sets = [list(e.inner_proof.vertices) for e in solution.evidence_above if e.inner_proof is not None] or [static]
        if not any(_within(corners, point, near) for corners in sets):
            return "the payoff pair is not within tol of payoffs proven at the upper end"
    lower = exact(solution.lower)
    if lower == 0:
        return ""
    for evidence in solution.evidence_below:
        if evidence.game.exact_deltas[0] >= lower:  # type: ignore[union-attr]
            proof = evidence.outer_proof
            assert proof is not None
            scaled = [(point[i] - proof.origin[i]) / proof.span[i] for i in (0, 1)]
            rows = zip(proof.normals.tolist(), proof.offsets.tolist(), strict=True)
            if evidence.status is Status.empty or any(
                Fraction(n[0]) * scaled[0] + Fraction(n[1]) * scaled[1] > Fraction(c) for n, c in rows
            ):
                return ""
    minmax = _minmax(game)
    if any(point[i] < minmax[i] for i in (0, 1)) or not _within(list(game.payoff.values()), point, Fraction(0)):
        return ""
    tempted = [[game.deviation[a][i] - g[i] for i in (0, 1)] for a, g in game.payoff.items() if game.deviation[a] != g]
    prize = [max(g[i] for g in game.payoff.values()) - minmax[i] for i in (0, 1)]
    static_only = all(any(h[i] > 0 and (1 - lower) * h[i] >= lower * prize[i] for i in (0, 1)) for h in tempted)
    if static_only and not _within(_static(game), point, Fraction(0)):
        return ""
    return f"that the payoff pair is none of an equilibrium below {float(lower):.12g} does not follow"


def _within(corners: Sequence[Point], point: Point, near: Fraction) -> bool:
    """Whether a point is in the hull of some points, or within a distance of a segment between two of them."""
    for j, p in enumerate(corners):
        for q in corners[j:]:
            side, to = (q[0] - p[0], q[1] - p[1]), (point[0] - p[0], point[1] - p[1])
            length = side[0] ** 2 + side[1] ** 2
            share = min(Fraction(1), max(Fraction(0), (to[0] * side[0] + to[1] * side[1]) / length)) if length else Fraction(0)
            if (to[0] - share * side[0]) ** 2 + (to[1] - share * side[1]) ** 2 <= near**2:
                return True
    # Inside the hull no direction has all corners strictly on one side: the angles between neighbours are at most half a turn.
    if len(corners) < 3:
        return False
    around = [(c[0] - point[0], c[1] - point[1]) for c in corners]
    for x, y in around:
        turns = [x * v - y * u for u, v in around]
        if all(turn >= 0 for turn in turns) or all(turn <= 0 for turn in turns):
            return False
    return True
