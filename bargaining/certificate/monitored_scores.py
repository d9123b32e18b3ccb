r"""Certificate of scores under imperfect public monitoring: each is attained, and no profile's is larger.

*Attained*: at the profile that leads, rewards x(y) with :math:`\lambda\cdot x(y) \le 0` leave each side indifferent between the actions it
uses and make no other better; then :math:`\lambda\cdot v` is the score.

*Not exceeded*: take weights :math:`n_i` on each side's actions, adding up to :math:`\lambda_i`, of either sign on actions that are used and
never positive on others. Whatever the rewards, :math:`\lambda\cdot v \le \sum_i \sum_a n_i(a)\,[g_i(a) + \sum_y \pi(y\mid a)\, x_i(y)]`,
and if :math:`\sum_a n_i(a)\,\pi(y\mid a) = \tau(y)\,\lambda_i` with one :math:`\tau \ge 0` for both sides, what is rewarded is
:math:`\sum_y \tau(y)\,\lambda\cdot x(y) \le 0` (Fudenberg and Levine 1994, by linear programming duality).
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf

import numpy as np

from bargaining.answers.monitored import LimitSet, Weights
from bargaining.certificate.exact_game import Point
from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.outer import polygon_of
from bargaining.games import MonitoredGame
from bargaining.solution import Status

# How far the polygon that is drawn may lie from the exact one, relative to the payoff span.
DRAWN = Fraction(1, 10**11)


def verify_limit_set(solution: LimitSet) -> Certificate:
    """Check every score from both sides, and the polygon that they leave."""
    if not isinstance(solution.game, MonitoredGame):
        return refused(f"the game is a {type(solution.game).__name__}, expected a MonitoredGame")
    proof, count = solution.proof, len(solution.directions)
    lists = (proof.scores, proof.leaders, proof.rewards, proof.bounds, solution.profiles, solution.scores)
    if solution.directions.shape != (count, 2) or not count or any(len(each) != count for each in lists):
        return refused("the proof does not speak of every direction")
    if not np.isfinite(solution.directions).all():
        return refused("a direction is not finite")
    parts = solution.options.get("mixed") or 1
    if isinstance(parts, bool) or not isinstance(parts, int) or parts < 1:
        return refused(f"mixed is {parts!r}: expected a positive integer")
    first, second = (_mixtures(size, parts) for size in solution.game.stage_game().shape)
    asked = [(x, y) for x in first for y in second]
    if sorted(asked) != sorted(proof.profiles):
        return refused("the proof does not speak of every profile once")
    profiles = [_Profile(solution.game, x, y) for x, y in proof.profiles]
    barred = set()
    for place, player, weights in proof.undeterred:
        if not 0 <= place < len(profiles) or player not in (0, 1) or not profiles[place].slips(player, weights):
            return refused("a profile is called out of reach, but no deviation was shown to pay unseen")
        barred.add(place)
    for k in range(count):
        wrong = _check_score(solution, k, profiles, barred)
        if wrong:
            return refused(f"direction {k}: {wrong}")
    wrong = _check_polygon(solution)
    if wrong:
        return refused(wrong)
    reason = "every score is attained, and no profile's is larger"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _check_score(solution: LimitSet, k: int, profiles: "Sequence[_Profile]", barred: set[int]) -> str:
    """What is wrong with one score; nothing if it is proven."""
    proof, stated, score = solution.proof, float(solution.scores[k]), solution.proof.scores[k]
    direction = (Fraction(float(solution.directions[k, 0])), Fraction(float(solution.directions[k, 1])))
    if not any(direction):
        return "the direction is zero"
    if score is None:
        if stated != -inf:
            return "the number stated is not the one proven"
        return "" if len(barred) == len(profiles) else "a profile was not shown to be out of reach"
    if not np.isfinite(stated) or abs(Fraction(stated) - score) > Fraction(float(solution.error_bound)):
        return "the number stated is not the one proven"
    if not 0 <= proof.leaders[k] < len(profiles):
        return "no profile leads"
    leader = profiles[proof.leaders[k]]
    if any([float(w) for w in own] != mine.tolist() for own, mine in zip(leader.play, solution.profiles[k], strict=True)):
        return "the profile stated is not the one that leads"
    wrong = leader.check_rewards(direction, score, proof.rewards[k])
    if wrong:
        return wrong
    bounds = {place: weights for place, *weights in proof.bounds[k]}
    for place, profile in enumerate(profiles):
        if place in barred or sum((direction[i] * profile.worth[i] for i in (0, 1)), Fraction(0)) <= score:
            continue
        bound = profile.bound(direction, bounds[place]) if place in bounds else None
        if bound is None or bound > score:
            return f"profile {place} is not shown to reach no farther"
    return ""


def _check_polygon(solution: LimitSet) -> str:
    """What is wrong with the stated set, against the exact intersection of the half-planes."""
    assert isinstance(solution.game, MonitoredGame)
    payoffs = solution.game.stage_game().exact_payoffs
    low = [min(payoffs[i].ravel()) for i in (0, 1)]
    size = max(max(payoffs[i].ravel()) - low[i] for i in (0, 1)) or Fraction(1)
    normals = [(Fraction(float(x)), Fraction(float(y))) for x, y in solution.directions]
    scores = [score for score in solution.proof.scores if score is not None]
    corners: list[Point] = []
    if len(scores) == len(normals):
        offsets = [(c - x * low[0] - y * low[1]) / size for c, (x, y) in zip(scores, normals, strict=True)]
        corners = polygon_of(normals, offsets)
    if solution.status is Status.empty and not solution.payoff_set.is_empty:
        return "the set is called empty, but payoffs are stated"
    if solution.payoff_set.is_empty:
        return "the set is stated to be empty, but the half-planes leave payoffs" if corners else ""
    if len(scores) < len(normals):
        return "payoffs are stated, but no profile can be enforced"
    allowed = DRAWN * size + Fraction(1, 10**14) * max(abs(value) for value in (*low, size))
    for v in solution.payoff_set.vertices:
        for (x, y), score in zip(normals, scores, strict=True):
            if x * Fraction(float(v[0])) + y * Fraction(float(v[1])) - score > allowed * max(abs(x), abs(y)) * 2:
                return "the stated set reaches beyond a half-plane"
    stated = [[float(w[i] * size + low[i]) for i in (0, 1)] for w in corners]
    if any(solution.payoff_set.distance_to(w) > allowed for w in stated):
        return "the stated set leaves out payoffs within all half-planes"
    return ""


class _Profile:
    """A mixed profile: what each action earns, and what signals it brings, against the other side's mixture."""

    def __init__(self, game: MonitoredGame, x: Weights, y: Weights) -> None:
        self.play = (x, y)
        payoffs, rows = game.stage_game().exact_payoffs, game.monitoring.rows
        self.signals = len(game.signals)
        self.earns: list[list[Fraction]] = []
        self.sees: list[list[list[Fraction]]] = []
        for i in (0, 1):
            met = [(b, weight) for b, weight in enumerate(self.play[1 - i]) if weight]
            cells = [[(((a, b) if i == 0 else (b, a)), weight) for b, weight in met] for a in range(len(self.play[i]))]
            self.earns.append([sum((w * payoffs[i][cell] for cell, w in own), Fraction(0)) for own in cells])
            self.sees.append(
                [[sum((w * rows[cell][s] for cell, w in own if rows[cell][s]), Fraction(0)) for s in range(self.signals)] for own in cells]
            )
        self.worth = tuple(_dot(self.play[i], self.earns[i]) for i in (0, 1))

    def slips(self, player: int, weights: Weights) -> bool:
        """Whether weights that add up to zero, on actions that are not used never positive, change no signal and cost the player."""
        if not self._may(player, weights) or sum(weights) != 0:
            return False
        return not any(self._shown(player, weights)) and _dot(weights, self.earns[player]) < 0

    def bound(self, direction: Point, weights: Sequence[Weights]) -> Fraction | None:
        """Bound on the score by weights on the actions of both sides; None if they are no proof."""
        common: list[Fraction] | None = None
        for i in (0, 1):
            if not self._may(i, weights[i]) or sum(weights[i]) != direction[i]:
                return None
            shown = self._shown(i, weights[i])
            if not direction[i]:
                if any(shown):
                    return None
                continue
            chance = [part / direction[i] for part in shown]
            if min(chance) < 0 or (common is not None and chance != common):
                return None
            common = chance
        return sum((_dot(weights[i], self.earns[i]) for i in (0, 1)), Fraction(0))

    def check_rewards(self, direction: Point, score: Fraction, rewards: Sequence[Point]) -> str:
        """What is wrong with rewards that should give the score; nothing if they do."""
        if len(rewards) != self.signals:
            return "the proof does not reward every signal"
        if any(direction[0] * x + direction[1] * y > 0 for x, y in rewards):
            return "a reward points outward"
        total = Fraction(0)
        for i in (0, 1):
            own = [x[i] for x in rewards]
            earned = [now + _dot(seen, own) for now, seen in zip(self.earns[i], self.sees[i], strict=True)]
            best = max(earned)
            if any(weight and value != best for weight, value in zip(self.play[i], earned, strict=True)):
                return "under the rewards a deviation pays"
            total += direction[i] * best
        return "" if total == score else "the rewards do not give the score"

    def _may(self, player: int, weights: Weights) -> bool:
        play = self.play[player]
        return len(weights) == len(play) and all(weight <= 0 for weight, used in zip(weights, play, strict=True) if not used)

    def _shown(self, player: int, weights: Weights) -> list[Fraction]:
        """Signals under weights on a player's actions."""
        return [_dot(weights, column) for column in zip(*self.sees[player], strict=True)]


def _dot(weights: Sequence[Fraction], values: Sequence[Fraction]) -> Fraction:
    return sum((weight * value for weight, value in zip(weights, values, strict=True) if weight), Fraction(0))


def _mixtures(size: int, parts: int, left: int | None = None) -> list[Weights]:
    """All probabilities over so many actions that are multiples of ``1 / parts``."""
    left = parts if left is None else left
    if size == 1:
        return [(Fraction(left, parts),)]
    return [(Fraction(own, parts), *rest) for own in range(left + 1) for rest in _mixtures(size - 1, parts, left - own)]
