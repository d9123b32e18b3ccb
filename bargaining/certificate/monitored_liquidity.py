r"""Certificate of a path over liquidity: what each profile gives is bounded from both sides, and the path is the best of it.

*Attained*: at every corner of a curve the rewards :math:`q_i(y) \ge 0`, together no more than the liquidity, deter every deviation and give
the value; between two corners mixtures of their rewards do.

*Not exceeded*: take weights :math:`\mu_k \ge 0` on deviations with gains :math:`g_k`. Whatever rewards deter them, :math:`\sum_k \mu_k g_k
\le \sum_y \sum_i q_i(y) \sum_{k \in i} \mu_k [\pi(y\mid a) - \pi(y\mid a_k)]`. With what rewards cost taken off, the right-hand side is
at most the liquidity times :math:`\sum_y` of the largest factor of a reward after y, or zero: a line that no rewards pass at any
liquidity (weak duality). The same with no costs says how much liquidity a profile needs.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from bargaining.answers.monitored import DELTA_MAX, LiquidityCurve, LiquidityPath, Weights
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import MonitoredGame
from bargaining.solution import Status

Profile = tuple[int, int]
Points = list[tuple[Fraction, Fraction]]
NOUGHT = Fraction(0)


def verify_liquidity_path(solution: LiquidityPath) -> Certificate:
    """Check every curve from both sides, and that the levels are the largest of them."""
    game, proof = solution.game, solution.proof
    if not isinstance(game, MonitoredGame):
        return refused(f"the game is a {type(game).__name__}, expected a MonitoredGame")
    if solution.status is not Status.solved:
        return refused(f"the status is {solution.status.name}, expected solved")
    symmetric = solution.options.get("symmetric")
    if symmetric not in (True, False):
        return refused("the path does not say whether it is of symmetric equilibria")
    m, n = game.stage_game().shape
    players = 1 if symmetric else 2
    if symmetric and not _alike(game):
        return refused("the game is not symmetric")
    asked = [(a, b) for a in range(m) for b in range(n) if a == b or not symmetric]
    if sorted(profile for profile, _, _ in proof.needs) != asked:
        return refused("the proof does not speak of every profile once")
    programs = {a: _Profile(game, a, players) for a in asked}
    for profile, need, weights in proof.needs:
        if not programs[profile].needs(need, weights):
            return refused(f"profile {profile} is not shown to need liquidity {float(need):.6g}")
    payoffs = game.stage_game().exact_payoffs
    size = max(max(own.ravel()) - min(own.ravel()) for own in payoffs) or Fraction(1)
    patience = Fraction(str(DELTA_MAX))
    end = patience / (1 - patience) * size * players
    needs = {profile: need for profile, need, _ in proof.needs}
    curves: dict[tuple[int, Profile], Points] = {}
    for number, curve in enumerate(proof.curves):
        wrong = _check_curve(programs, needs, players, curve, end)
        if not wrong and (curve.kind, curve.profile) in curves:
            wrong = "there is another of its kind and profile"
        if wrong:
            return refused(f"curve {number}: {wrong}")
        curves[curve.kind, curve.profile] = list(zip(curve.corners, curve.values, strict=True))
    wrong = _check_levels(solution, programs, needs, curves, end, 1 + players)
    if wrong:
        return refused(wrong)
    reason = "every profile's curve is attained and not exceeded, and the path is the best of them"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _alike(game: MonitoredGame) -> bool:
    us, cn = game.stage_game().exact_payoffs
    rows = game.monitoring.rows
    return us.shape[0] == us.shape[1] and all(us[a, b] == cn[b, a] and rows[a, b] == rows[b, a] for a, b in rows)


def _check_curve(
    programs: dict[Profile, "_Profile"], needs: dict[Profile, Fraction], players: int, curve: LiquidityCurve, end: Fraction
) -> str:
    """What is wrong with one curve; nothing if it is proven."""
    count = len(curve.corners)
    if curve.profile not in programs or curve.kind not in range(1 + players):
        return "there is no such profile or kind"
    if count < 2 or len(curve.values) != count or len(curve.rewards) != count or len(curve.weights) != count - 1:
        return "not one value and reward a corner, and one bound a piece"
    if any(x >= y for x, y in pairwise(curve.corners)) or curve.corners[0] != needs[curve.profile] or curve.corners[-1] != end:
        return "it does not go from the liquidity that its profile needs to the end"
    program = programs[curve.profile]
    for place, value, rewards in zip(curve.corners, curve.values, curve.rewards, strict=True):
        wrong = program.check_rewards(curve.kind, place, value, rewards)
        if wrong:
            return wrong
    points = list(zip(curve.corners, curve.values, strict=True))
    for piece, weights in zip(pairwise(points), curve.weights, strict=True):
        line = program.bound(curve.kind, weights)
        if line is None or any(line[0] + line[1] * x > value for x, value in piece):
            return "a bound does not meet the curve"
    return ""


def _check_levels(
    solution: LiquidityPath,
    programs: dict[Profile, "_Profile"],
    needs: dict[Profile, Fraction],
    curves: dict[tuple[int, Profile], Points],
    end: Fraction,
    kinds: int,
) -> str:
    """What is wrong with the levels, against the largest of all curves; nothing if they follow it."""
    places, levels = solution.proof.places, solution.levels
    if len(places) != len(levels) or len(places) < 2 or any(len(level.worst) != kinds - 1 for level in levels):
        return "not one place a level, or not one worst payoff a side"
    if any(x > y for x, y in pairwise(places)) or any(x == y == z for x, y, z in zip(places, places[1:], places[2:], strict=False)):
        return "levels do not rise, or more than two are of the same liquidity"
    if places[0] != min(needs.values()) or places[-1] != end or places[0] == places[1] or places[-2] == places[-1]:
        return "levels do not go from the least liquidity that any profile needs to the end"
    allowed = Fraction(solution.error_bound) if 0 <= solution.error_bound < float("inf") else NOUGHT
    for number, (low, high) in enumerate(pairwise(places)):
        for level, place in zip(levels[number : number + 2], (low, high), strict=True):
            if level.profile not in programs or not _near(level.liquidity, place, allowed):
                return f"level {number}: the liquidity or profile stated is not the one proven"
        if low == high:
            continue
        for kind in range(kinds):
            known = [points for (own, _), points in curves.items() if own == kind and points[0][0] <= low]
            if not known:
                return f"level {number}: nothing is shown to be enforced"
            ends = [(_value(points, low), _value(points, high)) for points in known]
            first, last = max(x for x, _ in ends), max(y for _, y in ends)
            # A concave curve through both ends lies above their chord, and no other passes it.
            if (first, last) not in ends:
                return f"level {number}: the path bends before the next"
            for profile, need in needs.items():
                points = curves.get((kind, profile)) or [(need, programs[profile].worth[kind]), (end, programs[profile].worth[kind])]
                inside = [x for x in (low, high, *(x for x, _ in points)) if low <= x <= high and points[0][0] <= x]
                # At its end a piece may jump.
                inside = [x for x in inside if x < high or points[0][0] < high]
                if any((_value(points, x) - first) * (high - low) > (last - first) * (x - low) for x in inside):
                    return f"level {number}: profile {profile} gives more"
            for level, value in ((levels[number], first), (levels[number + 1], last)):
                stated = level.best if kind == 0 else -level.worst[kind - 1]
                if not _near(stated, value, allowed):
                    return f"level {number}: the payoff stated is not the one proven"
            if kind == 0:
                mine = curves.get((0, levels[number].profile))
                if mine is None or mine[0][0] > low or _value(mine, low) != first:
                    return f"level {number}: the profile stated is not the best"
    return ""


def _near(stated: float, value: Fraction, allowed: Fraction) -> bool:
    return abs(stated) < float("inf") and abs(Fraction(stated) - value) <= allowed


def _value(points: Points, place: Fraction) -> Fraction:
    """A piecewise linear function at a place between its ends."""
    for (x, low), (y, high) in pairwise(points):
        if x <= place <= y:
            return low + (high - low) * (place - x) / (y - x)
    raise ValueError("a place beyond the ends")


class _Profile:
    """A profile: what each deviation gains, and by how much each signal is likelier without it."""

    def __init__(self, game: MonitoredGame, profile: Profile, players: int) -> None:
        payoffs, rows = game.stage_game().exact_payoffs, game.monitoring.rows
        self.chance = rows[profile]
        self.players = players
        self.gains: list[tuple[int, Fraction]] = []
        self.tells: list[list[Fraction]] = []
        for i in range(players):
            for action in range(payoffs[i].shape[i]):
                if action != profile[i]:
                    there = (action, profile[1]) if i == 0 else (profile[0], action)
                    self.gains.append((i, payoffs[i][there] - payoffs[i][profile]))
                    self.tells.append([p - q for p, q in zip(self.chance, rows[there], strict=True)])
        own = [payoffs[i][profile] for i in range(players)]
        self.worth = [sum(own, NOUGHT), *(-value for value in own)]

    def needs(self, liquidity: Fraction, weights: Weights) -> bool:
        """Whether weights prove that nothing enforces the profile with less liquidity."""
        if liquidity == 0:
            return True
        found = self._priced(weights, [NOUGHT] * self.players)
        return found is not None and found[0] > 0 and found[0] >= liquidity * found[1]

    def bound(self, kind: int, weights: Weights) -> tuple[Fraction, Fraction] | None:
        """Constant and slope of a line that the curve of a kind never passes; None if the weights are no proof."""
        # A reward costs its probability if the worst payoff of its side is asked for, and is worth it if the best is.
        found = self._priced(weights, [Fraction(-1) if kind == 0 else Fraction(int(i == kind - 1)) for i in range(self.players)])
        return None if found is None else (self.worth[kind] - found[0], found[1] - (1 if kind == 0 else 0))

    def check_rewards(self, kind: int, liquidity: Fraction, value: Fraction, rewards: Sequence[Weights]) -> str:
        """What is wrong with rewards that should give the value; nothing if they do."""
        if len(rewards) != self.players or any(len(own) != len(self.chance) for own in rewards):
            return "not one reward a side and signal"
        if any(part < 0 for own in rewards for part in own) or any(sum(parts) > liquidity for parts in zip(*rewards, strict=True)):
            return "a reward is negative, or they exceed the liquidity"
        for (i, gain), tell in zip(self.gains, self.tells, strict=True):
            if _dot(tell, rewards[i]) < gain:
                return "under the rewards a deviation pays"
        given = [_dot(self.chance, own) for own in rewards]
        total = self.worth[kind] + (sum(given, -liquidity) if kind == 0 else -given[kind - 1])
        return "" if total == value else "the rewards do not give the value"

    def _priced(self, weights: Weights, costs: Sequence[Fraction]) -> tuple[Fraction, Fraction] | None:
        """What weights on deviations gain, and what liquidity is worth under them."""
        if len(weights) != len(self.gains) or any(weight < 0 for weight in weights):
            return None
        price = NOUGHT
        for y, share in enumerate(self.chance):
            pull = [-cost * share for cost in costs]
            for (i, _), tell, weight in zip(self.gains, self.tells, weights, strict=True):
                pull[i] += weight * tell[y]
            price += max(NOUGHT, *pull)
        return _dot([gain for _, gain in self.gains], weights), price


def _dot(weights: Iterable[Fraction], values: Iterable[Fraction]) -> Fraction:
    return sum((weight * value for weight, value in zip(weights, values, strict=True) if weight and value), NOUGHT)
