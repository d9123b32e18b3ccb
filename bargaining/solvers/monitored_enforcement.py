r"""What it takes to keep each side to one profile by burning value after public signals, in exact arithmetic.

With :math:`\Delta_k(y) = \pi(y\mid a_k) - \pi(y\mid a)` and gains :math:`g_k` of deviation k, the least value burned is

.. math:: c = \min_{x \ge 0} \pi(\cdot\mid a)\cdot x\quad\text{s.t.}\quad \Delta_k\cdot x \ge g_k,\quad
   x(y) + r\,\pi(\cdot\mid a)\cdot x \le r\,(g(a) - f)

with :math:`r = \delta/(1-\delta)` and reversion payoff f. Its dual is feasible at zero, so that the simplex method of `maximum` needs
no first phase, and an unbounded dual says that nothing enforces the profile. Signals that tell a side's deviations alike are one here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from bargaining.games import StageGame
from bargaining.games.monitoring import Row
from bargaining.games.stage import Profile
from bargaining.solvers.exact_program import maximum
from bargaining.solvers.monitored_scaled import merged_row, same_signals

Vector = list[Fraction]


@dataclass(frozen=True, eq=False)
class EnforcementProgram:
    """The linear programs of one side at one profile.

    `chance` and ``tells[k]`` are over merged signals, `groups` says of which signals each is made; `gains` are those of the deviations,
    `rate` is δ/(1-δ).
    """

    chance: Row
    tells: list[Vector]
    gains: Vector
    groups: tuple[tuple[int, ...], ...]
    payoff: Fraction
    floor: Fraction
    rate: Fraction

    @classmethod
    def of(
        cls, player: int, stage: StageGame, row: Callable[[Profile], Row], here: Profile, there: Profile, delta: Fraction
    ) -> "EnforcementProgram":
        """The programs of `player` at profile `here`, with reversion to `there`; `row` gives the signals' probabilities at a profile."""
        own = stage.exact_payoffs[player]
        others = [(k, here[1]) if player == 0 else (here[0], k) for k in range(stage.shape[player]) if k != here[player]]
        payoff: Fraction = own[here]
        rows = [row(here), *(row(a) for a in others)]
        groups = same_signals(rows)
        sums = [merged_row(each, groups) for each in rows]
        tells, gains = [], []
        for a, likely in zip(others, sums[1:], strict=True):
            gain, shift = own[a] - payoff, [q - p for p, q in zip(sums[0], likely, strict=True)]
            # No burning of value makes a deviation pay that neither gains nor makes any signal rarer.
            if gain > 0 or any(part < 0 for part in shift):
                tells.append(shift)
                gains.append(gain)
        return cls(sums[0], tells, gains, groups, payoff, own[there], delta / (1 - delta))

    @property
    def tempted(self) -> bool:
        """Whether some deviation pays today."""
        return any(gain > 0 for gain in self.gains)

    @property
    def surplus(self) -> Fraction:
        """Payoff of the profile above reversion."""
        return self.payoff - self.floor

    @cached_property
    def cost(self) -> Fraction | None:
        """Least value burned; None if the profile cannot be enforced."""
        if self.surplus < 0:
            return None
        if not self.tempted:
            return Fraction(0)
        size, most = len(self.chance), self.rate * self.surplus
        rows = []
        for y, share in enumerate(self.chance):
            cap = -self.rate * share
            rows.append([*(tell[y] for tell in self.tells), *(cap - 1 if s == y else cap for s in range(size))])
        return _maximum(rows, self.chance, [*self.gains, *([-most] * size)])

    @cached_property
    def critical_delta(self) -> float:
        r"""Least discount factor that enforces the profile: :math:`(g - f - E x) / \max x` as large as can be."""
        if self.surplus < 0:
            return float("inf")
        if not self.tempted:
            return 0.0
        size = len(self.chance)
        # Variables: x / max x, and 1 / max x.
        rows = [[*(-part for part in tell), gain] for tell, gain in zip(self.tells, self.gains, strict=True)]
        rows += [[Fraction(int(s == y)) for s in range(size)] + [Fraction(0)] for y in range(size)]
        sides = [Fraction(0)] * len(self.gains) + [Fraction(1)] * size
        rate = _maximum(rows, sides, [*(-share for share in self.chance), self.surplus])
        return float(1 / (1 + rate)) if rate else float("inf")

    @cached_property
    def cheapest_delta(self) -> float:
        """Least discount factor at which the value burned is least."""
        if self.surplus < 0:
            return float("inf")
        if not self.tempted:
            return 0.0
        size = len(self.chance)
        least = _maximum([[tell[y] for tell in self.tells] for y in range(size)], self.chance, self.gains)
        if least is None or least > self.surplus:
            return float("inf")
        # The smallest bound on x among those that burn no more: the dual again, one variable a deviation, a signal and the value burned.
        rows = []
        for y, share in enumerate(self.chance):
            rows.append([*(tell[y] for tell in self.tells), *(Fraction(-int(s == y)) for s in range(size)), -share])
        rows.append([Fraction(0)] * len(self.gains) + [Fraction(1)] * size + [Fraction(0)])
        top = _maximum(rows, [Fraction(0)] * size + [Fraction(1)], [*self.gains, *([Fraction(0)] * size), -least])
        if top is None:
            raise ArithmeticError("no scheme burns the least value")
        left = self.surplus - least
        return float(top / (top + left)) if left else float("inf")


def _maximum(rows: Sequence[Sequence[Fraction]], sides: Sequence[Fraction], objective: Sequence[Fraction]) -> Fraction | None:
    """Largest value of a linear program that is feasible at zero; None if there is no bound."""
    found = maximum(rows, sides, objective)
    return None if found is None else sum((weight * part for weight, part in zip(objective, found[0], strict=True)), Fraction(0))
