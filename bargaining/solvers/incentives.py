r"""What a stage game says about incentives: deviation gains, pure minmax, the worst static equilibria.

An agreement a played for ever, under punishment payoffs u (deviator's payoff from the period after a deviation on), is an equilibrium
path exactly if :math:`(1-\delta_i)\,h_i(a) \le \delta_i\,(g_i(a) - u_i)` and :math:`g_i(a) \ge u_i` for both players, with
:math:`h_i(a)` the gain from i's best one-shot deviation. With :math:`\delta_i = 1/(1+\tau\rho_i)` this reads
:math:`\tau \le (g_i(a)-u_i)/(\rho_i h_i(a))`: the largest multiple of the discount rates :math:`\rho` that sustains it.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bargaining.games import StageGame, exact
from bargaining.games.stage import Profile

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Incentives:
    """Incentives in one stage game; arrays are indexed ``[player, a_us, a_cn]``."""

    stage: StageGame

    @cached_property
    def best(self) -> Floats:
        """Payoff of each player's best reply to the other's part of each profile."""
        payoffs = self.stage.payoffs
        first = np.broadcast_to(payoffs[0].max(axis=0, keepdims=True), payoffs[0].shape)
        second = np.broadcast_to(payoffs[1].max(axis=1, keepdims=True), payoffs[1].shape)
        return np.stack([first, second])

    @cached_property
    def gains(self) -> Floats:
        """Best one-shot deviation gains: exact, rounded once; zero where the action is a best reply."""
        gains = np.zeros_like(self.stage.payoffs)
        for where in np.argwhere(self.best != self.stage.payoffs):
            k = tuple(where)
            gains[k] = float(exact(float(self.best[k])) - exact(float(self.stage.payoffs[k])))
        return gains

    @cached_property
    def minmax(self) -> Floats:
        """Pure minmax payoffs, shape (2,): no pure-action equilibrium of the repeated game pays less."""
        return np.array([self.stage.payoffs[0].max(axis=0).min(), self.stage.payoffs[1].max(axis=1).min()])

    @cached_property
    def worst_nash(self) -> Floats | None:
        """Each player's worst payoff over the pure static equilibria, shape (2,); None if there is none."""
        static = (self.gains == 0.0).all(axis=0)
        return np.array([self.stage.payoffs[player][static].min() for player in (0, 1)]) if static.any() else None

    def at(self, profile: Profile) -> tuple[Floats, Floats]:
        """Payoffs and deviation gains at a profile, shapes (2,), (2,)."""
        a, b = profile
        return self.stage.payoffs[:, a, b], self.gains[:, a, b]

    def slack(self, profile: Profile, punishment: Floats) -> Floats:
        """What each player loses a period when held to `punishment`: exact, rounded once, so a common shift of payoffs cancels."""
        payoffs, _ = self.at(profile)
        finite = [exact(float(g)) - exact(float(u)) if np.isfinite(u) else -u for g, u in zip(payoffs, punishment, strict=True)]
        return np.array([float(difference) for difference in finite])

    def is_static(self, profile: Profile) -> bool:
        """Whether the profile is an equilibrium of the stage game."""
        return not self.at(profile)[1].any()

    def indifferent(self, profile: Profile) -> bool:
        """Whether a player has another action that pays exactly as much against the other's part of the profile."""
        a, b = profile
        first, second = self.stage.payoffs[0][:, b], self.stage.payoffs[1][a, :]
        return int((first == first[a]).sum()) > 1 or int((second == second[b]).sum()) > 1

    def best_deviation(self, profile: Profile, player: int) -> str:
        """Label of a player's best reply to the other's part of the profile."""
        a, b = profile
        own = self.stage.payoffs[0][:, b] if player == 0 else self.stage.payoffs[1][a, :]
        return self.stage.actions[player][int(own.argmax())]

    def largest_multiple(self, profile: Profile, punishment: Floats, rates: Floats, *, reversion: bool = True) -> float:
        """Largest τ at which the profile is sustained by punishment payoffs; infinite for a static equilibrium, negative for none.

        With ``reversion=False`` the punishments are bounds on worst equilibrium payoffs. Then a player whose action is a best reply
        constrains nothing: if the other's constraint holds, the profile for ever is an equilibrium that can punish that very player.
        """
        _, gains = self.at(profile)
        slack = self.slack(profile, punishment)
        multiples = [
            float(slack[player] / (rates[player] * gains[player]))
            if gains[player] > 0
            else (np.inf if slack[player] >= 0 or not reversion else -np.inf)
            for player in (0, 1)
        ]
        return min(multiples)

    def binding(self, profile: Profile, punishment: Floats, rates: Floats) -> int:
        """The player whose incentive constraint is the first to bind as patience falls."""
        _, gains = self.at(profile)
        slack = self.slack(profile, punishment)
        multiples = [
            slack[player] / (rates[player] * gains[player]) if gains[player] > 0 else (np.inf if slack[player] >= 0 else -np.inf)
            for player in (0, 1)
        ]
        return int(np.argmin(multiples))

    def lag(self, profile: Profile, punishment: Floats, deltas: Floats) -> float:
        r"""Longest retaliation lag survived, :math:`\min_i \lfloor \ln\theta_i/\ln\delta_i \rfloor` with
        :math:`\theta_i = h_i/(h_i + g_i - u_i)`; infinite if nobody gains by deviating, 0 if not sustained.
        """
        _, gains = self.at(profile)
        slack = self.slack(profile, punishment)
        lags = [np.inf]
        for player in (0, 1):
            if gains[player] <= 0:
                continue
            if slack[player] <= 0:
                return 0.0
            share = gains[player] / (gains[player] + slack[player])
            # A lag that binds exactly counts as survived, so the quotient may miss an integer by rounding.
            lags.append(float(np.floor(np.log(share) / np.log(deltas[player]) + 1e-9)))
        return max(0.0, min(lags))
