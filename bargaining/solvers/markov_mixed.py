r"""Mixed stationary Markov-perfect equilibria from many starts: best-reply dynamics, then Newton's method on the equilibrium conditions.

With scaled sums of payoffs :math:`V_i` the conditions in state s are, for every action, :math:`x_a \ge 0`,
:math:`V_i(s) \ge Q_i(s, a)` and one of the two with equality, and :math:`\sum_a x_a = 1`. Written with the function
:math:`p + q - \sqrt{p^2 + q^2}` of Fischer and Burmeister they are a square system of equations whose semismooth Newton method finds
supports by itself. It converges from near an equilibrium; starts come near by fictitious play, by best replies with inertia and by
logit replies of rising precision. If the game looks the same to both players, three in four starts are symmetric.

References
----------
Fischer, A. (1992), A special Newton-type optimization method, Optimization 24.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StochasticGame

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Profile = tuple[Floats, Floats]  # x (S, M) and y (S, N), zero where a state has no such action

NEWTON_STEPS, SHORTEST_STEP = 40, 2.0**-12
# Steps within which the equations must come a tenth nearer; else the start is given up.
PATIENCE = 8
# Added to a singular derivative: equilibria that form a continuum have one.
NUDGE = 1e-9
# Steps from a start that is next to an equilibrium already.
FEW_STEPS = 10
ROUNDS = 15
# A probability below this is a rounding error of zero.
IDLE = 1e-9


@dataclass(frozen=True, eq=False)
class Arrays:
    """A stochastic game as arrays over states: payoffs (2, S, M, N) on [0, 1], transitions (S, M, N, S), which actions exist."""

    payoffs: Floats
    transitions: Floats
    deltas: tuple[float, float]
    us: NDArray[np.bool_]
    cn: NDArray[np.bool_]
    symmetry: Integers | None

    @classmethod
    def of(cls, game: StochasticGame) -> "Arrays":
        """Pad the action sets to a common size."""
        count = len(game)
        m, n = (max(stage.shape[i] for stage in game.stages) for i in (0, 1))
        payoffs, transitions = np.zeros((2, count, m, n)), np.zeros((count, m, n, count))
        us, cn = np.zeros((count, m), dtype=np.bool_), np.zeros((count, n), dtype=np.bool_)
        for state, stage in enumerate(game.stages):
            rows, columns = stage.shape
            payoffs[:, state, :rows, :columns] = stage.payoffs
            transitions[state, :rows, :columns] = game.transitions[state]
            us[state, :rows], cn[state, :columns] = True, True
        there = us[:, :, None] & cn[:, None, :]
        for player in (0, 1):
            low, high = payoffs[player][there].min(), payoffs[player][there].max()
            payoffs[player] = np.where(there, (payoffs[player] - low) / ((high - low) or 1.0), 0.0)
        return cls(payoffs, transitions, game.deltas, us, cn, _symmetry(game))

    @property
    def size(self) -> int:
        """Unknowns of the system of equations."""
        return int(self.us.sum() + self.cn.sum()) + 2 * len(self.us)

    def values(self, x: Floats, y: Floats) -> Floats:
        """Scaled sums of payoffs, (2, S)."""
        chain = np.einsum("sa,sb,sabt->st", x, y, self.transitions)
        flows = np.einsum("sa,sb,isab->is", x, y, self.payoffs)
        return np.stack([np.linalg.solve(np.eye(len(x)) - self.deltas[i] * chain, flows[i]) for i in (0, 1)])

    def actions(self, values: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """What each own action earns against the other's mix, (S, M) and (S, N); -inf where there is no such action."""
        first, second = (self.payoffs[i] + self.deltas[i] * (self.transitions @ values[i]) for i in (0, 1))
        us = np.where(self.us, np.einsum("sab,sb->sa", first, y), -np.inf)
        return us, np.where(self.cn, np.einsum("sab,sa->sb", second, x), -np.inf)

    def residual(self, x: Floats, y: Floats) -> float:
        """Largest one-shot gain, in sums of scaled payoffs."""
        values = self.values(x, y)
        us, cn = self.actions(values, x, y)
        return float(max((us.max(axis=1) - values[0]).max(), (cn.max(axis=1) - values[1]).max()))


def starts_of(arrays: Arrays, count: int, seed: int) -> Iterator[Profile]:
    """So many profiles to start Newton's method from, three in four symmetric in a symmetric game."""
    random = np.random.default_rng(seed)
    recipes = (_inertia, _fictitious_play, _inertia, _logit)
    for number in range(count):
        symmetric = arrays.symmetry is not None and number % 4 != 0
        recipe = recipes[(number + number // 4) % len(recipes)]
        yield recipe(arrays, random, symmetric)


def newton(arrays: Arrays, start: Profile, tol: float, steps: int = NEWTON_STEPS) -> Profile | None:
    """The equilibrium that Newton's method comes to from a start; None if to none."""
    system = _System(arrays)
    point = system.read(*start)
    value, jacobian = system.at(point)
    size = float(value @ value)
    check = size
    for number in range(1, steps + 1):
        if size < 1e-24:
            break
        if number % PATIENCE == 0:
            if size > 0.9 * check:
                return None
            check = size
        try:
            step = np.linalg.solve(jacobian, -value)
        except np.linalg.LinAlgError:
            step = np.linalg.solve(jacobian + NUDGE * np.eye(len(value)), -value)
        if not np.isfinite(step).all():
            return None
        length = 1.0
        while True:
            trial = system.at(point + length * step, with_jacobian=False)[0]
            if float(trial @ trial) < (1 - 1e-4 * length) * size:
                break
            length /= 2
            if length < SHORTEST_STEP:
                return None
        point = point + length * step
        value, jacobian = system.at(point)
        size = float(value @ value)
    profile = system.profile(point)
    if profile is None or arrays.residual(*profile) > tol * (1 + float(np.abs(point).max())):
        return None
    return profile


class _System:
    """The equilibrium conditions as a square system in (probabilities of all actions, values of all states)."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.count = len(arrays.us)
        self.places = tuple(np.nonzero(mask) for mask in (arrays.us, arrays.cn))
        self.widths = tuple(len(place[0]) for place in self.places)

    def read(self, x: Floats, y: Floats) -> Floats:
        """A profile, with its values, as a point."""
        values = self.arrays.values(x, y)
        return np.concatenate([x[self.places[0]], y[self.places[1]], values[0], values[1]])

    def _parts(self, point: Floats) -> tuple[Floats, Floats, Floats]:
        first, second = self.widths
        x, y = np.zeros(self.arrays.us.shape), np.zeros(self.arrays.cn.shape)
        x[self.places[0]], y[self.places[1]] = point[:first], point[first : first + second]
        return x, y, point[first + second :].reshape(2, self.count)

    def profile(self, point: Floats) -> Profile | None:
        """The point's probabilities, cleaned."""
        x, y, _ = self._parts(point)
        cleaned = []
        for weights in (x, y):
            kept = np.where(weights > IDLE, weights, 0.0)
            totals = kept.sum(axis=1, keepdims=True)
            if (totals < 0.5).any():
                return None
            cleaned.append(kept / totals)
        return cleaned[0], cleaned[1]

    def at(self, point: Floats, *, with_jacobian: bool = True) -> tuple[Floats, Floats]:
        """Value of the system, and its (generalised) derivative."""
        arrays, count = self.arrays, self.count
        mixes = self._parts(point)
        values = mixes[2]
        total = sum(self.widths)
        value = np.empty(total + 2 * count)
        jacobian = np.zeros((total + 2 * count, total + 2 * count) if with_jacobian else (0, 0))
        earned = arrays.actions(values, mixes[0], mixes[1])
        for player in (0, 1):
            states, own = self.places[player]
            rows = np.arange(len(states)) + (self.widths[0] if player else 0)
            weights = mixes[player][states, own]
            slack = values[player][states] - earned[player][states, own]
            norm = np.hypot(weights, slack)
            value[rows] = weights + slack - norm
            sums = total + player * count
            value[sums : sums + count] = mixes[player].sum(axis=1) - 1.0
            if not with_jacobian:
                continue
            flat = norm < 1e-14
            safe = np.where(flat, 1.0, norm)
            by_weight = np.where(flat, 1.0 - 0.5**0.5, 1.0 - weights / safe)
            by_slack = np.where(flat, 1.0 - 0.5**0.5, 1.0 - slack / safe)
            jacobian[rows, rows] += by_weight
            # What the other side's probabilities do to what the action earns.
            later = arrays.payoffs[player] + arrays.deltas[player] * (arrays.transitions @ values[player])
            gains = later[states, own] if player == 0 else later[states, :, own]
            other_states, other_own = self.places[1 - player]
            columns = np.arange(len(other_states)) + (0 if player else self.widths[0])
            same = states[:, None] == other_states[None, :]
            jacobian[np.ix_(rows, columns)] -= np.where(same, by_slack[:, None] * gains[:, other_own], 0.0)
            moves = arrays.transitions[states, own] if player == 0 else arrays.transitions[states, :, own]
            drift = np.einsum("kb,kbt->kt", mixes[1 - player][states], moves)
            here = total + player * count
            jacobian[rows[:, None], here + np.arange(count)[None, :]] -= by_slack[:, None] * arrays.deltas[player] * drift
            jacobian[rows, here + states] += by_slack
            jacobian[sums + states, rows] = 1.0
        return value, jacobian


def _mirrored(arrays: Arrays, x: Floats) -> Floats:
    """China's mix if it does in the mirrored state what the U.S. does."""
    assert arrays.symmetry is not None
    return x[arrays.symmetry][:, : arrays.cn.shape[1]]


def _pure(random: np.random.Generator, mask: NDArray[np.bool_]) -> Floats:
    """A pure action in every state, at random."""
    drawn = np.where(mask, random.random(mask.shape), -1.0)
    return np.asarray(np.eye(mask.shape[1])[drawn.argmax(axis=1)])


def _best_reply(arrays: Arrays, player: int, other: Floats) -> Floats:
    """A best stationary reply to a stationary mix, by policy iteration."""
    mask, delta = (arrays.us, arrays.cn)[player], arrays.deltas[player]
    spec = ("sab,sb->sa", "sabt,sb->sat") if player == 0 else ("sab,sa->sb", "sabt,sa->sbt")
    flow, moves = np.einsum(spec[0], arrays.payoffs[player], other), np.einsum(spec[1], arrays.transitions, other)
    states = np.arange(len(mask))
    policy = np.where(mask, flow, -np.inf).argmax(axis=1)
    for _ in range(100):
        values = np.linalg.solve(np.eye(len(mask)) - delta * moves[states, policy], flow[states, policy])
        earned = np.where(mask, flow + delta * (moves @ values), -np.inf)
        better = earned.max(axis=1) > earned[states, policy] + 1e-10
        if not better.any():
            break
        policy = np.where(better, earned.argmax(axis=1), policy)
    return np.asarray(np.eye(mask.shape[1])[policy])


def _dynamics(arrays: Arrays, random: np.random.Generator, symmetric: bool, move: Callable[[Floats, Floats, int], Floats]) -> Profile:
    """Rounds in which both sides move from what they do towards a best reply."""
    x = _pure(random, arrays.us)
    y = _mirrored(arrays, x) if symmetric else _pure(random, arrays.cn)
    for number in range(ROUNDS):
        following = move(x, _best_reply(arrays, 0, y), number)
        y = _mirrored(arrays, following) if symmetric else move(y, _best_reply(arrays, 1, x), number)
        x = following
    return x, y


def _fictitious_play(arrays: Arrays, random: np.random.Generator, symmetric: bool) -> Profile:
    rate = random.integers(1, 4)

    def move(now: Floats, reply: Floats, number: int) -> Floats:
        return now + (reply - now) / (number / rate + 2)

    return _dynamics(arrays, random, symmetric, move)


def _inertia(arrays: Arrays, random: np.random.Generator, symmetric: bool) -> Profile:
    def move(now: Floats, reply: Floats, number: int) -> Floats:
        return np.where(random.random(len(now))[:, None] < 0.3, reply, now)

    return _dynamics(arrays, random, symmetric, move)


def _logit(arrays: Arrays, random: np.random.Generator, symmetric: bool) -> Profile:
    """Logit replies to what actions earn, half a step at a time, at rising precision."""

    def drawn(mask: NDArray[np.bool_]) -> Floats:
        weights = np.where(mask, random.exponential(size=mask.shape), 0.0)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def reply(earned: Floats, precision: float) -> Floats:
        powers = np.exp(precision * (earned - earned.max(axis=1, keepdims=True)))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    x = drawn(arrays.us)
    y = _mirrored(arrays, x) if symmetric else drawn(arrays.cn)
    for precision in np.geomspace(0.5, 200.0, 40):
        us, cn = arrays.actions(arrays.values(x, y), x, y)
        x = (x + reply(us, precision)) / 2
        y = _mirrored(arrays, x) if symmetric else (y + reply(cn, precision)) / 2
    return x, y


def swapped(arrays: Arrays, profile: Profile) -> Iterator[Profile]:
    """Starts near an equilibrium in which an action that is idle but as good takes the place of one that is played."""
    x, y = profile
    earned = arrays.actions(arrays.values(x, y), x, y)
    symmetric = arrays.symmetry is not None and bool(np.abs(_mirrored(arrays, x) - y).max() < 1e-6)
    for player in (0,) if symmetric else (0, 1):
        weights = profile[player]
        best = earned[player].max(axis=1, keepdims=True)
        for state, idle in np.argwhere((earned[player] > best - 1e-8) & (weights == 0)):
            for used in np.flatnonzero(weights[state]):
                other = weights.copy()
                other[state, idle], other[state, used] = other[state, used], 0.0
                if symmetric:
                    yield other, _mirrored(arrays, other)
                else:
                    yield (other, y) if player == 0 else (x, other)


def _symmetry(game: StochasticGame) -> Integers | None:
    """The permutation of states under which the game with its players exchanged is the game itself, if one is found."""
    if game.exact_deltas[0] != game.exact_deltas[1]:
        return None
    count = len(game)

    def colours(swap: bool) -> list[int]:
        colour = [
            hash((game.stages[s].payoffs.transpose(0, 2, 1)[::-1] if swap else game.stages[s].payoffs).tobytes()) for s in range(count)
        ]
        shapes = [stage.shape[::-1] if swap else stage.shape for stage in game.stages]
        for _ in range(count):
            fresh = []
            for s in range(count):
                rows = game.exact_transitions[s]
                m, n = shapes[s]
                cells = [rows[(b, a) if swap else (a, b)] for a in range(m) for b in range(n)]
                fresh.append(hash((colour[s], m, n, tuple(tuple(sorted((hash(p), colour[t]) for t, p in cell)) for cell in cells))))
            if len(set(fresh)) == len(set(colour)):
                colour = fresh
                break
            colour = fresh
        return colour

    own, mirrored = colours(False), colours(True)
    image: list[int] = []
    for s in range(count):
        match = next((t for t in range(count) if mirrored[t] == own[s] and t not in image), None)
        if match is None:
            return None
        image.append(match)
    for s, t in enumerate(image):
        if game.stages[s].shape != game.stages[t].shape[::-1]:
            return None
        if (game.stages[s].payoffs != game.stages[t].payoffs.transpose(0, 2, 1)[::-1]).any():
            return None
        for (a, b), row in game.exact_transitions[s].items():
            if {image[k]: p for k, p in row} != dict(game.exact_transitions[t][b, a]):
                return None
    return np.array(image, dtype=np.int64)
