r"""How much risk of breakdown an agreement survives.

If the relationship ends for outside reasons with probability h a period, the players discount by :math:`(1-h)\delta_i`. That path is not a
rate ray when the discount factors differ, so equilibrium sets need not shrink along it and the sustaining hazards need not form an
interval. The number reported is the first failure: the largest h such that every smaller hazard is survived. Where the closed-form bounds
(reversion to the worst static equilibria; pure minmax) leave a gap, the gap is scanned on a grid and the first failing step halved.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bargaining.games import RepeatedGame
from bargaining.games.stage import Profile
from bargaining.solution import Status
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.repeated_set import repeated_set

Floats = NDArray[np.float64]

HALVINGS = 8
# Relative tolerance tried first: it settles all but the cases near a failure.
COARSE = 1e-3


@dataclass(eq=False)
class HazardScan:
    """Worst equilibrium payoffs of one stage game along the hazards, each solved once."""

    incentives: Incentives
    deltas: Floats
    steps: int
    tol: float
    max_iter: int
    _solved: dict[tuple[float, float], Floats] = field(default_factory=dict)

    def survives(self, profile: Profile, hazard: float) -> bool:
        """Whether the agreement is proven to be sustained at a hazard: by coarse bounds if they will do, else by fine ones."""
        rates = (1.0 - (1.0 - hazard) * self.deltas) / ((1.0 - hazard) * self.deltas)
        for tol in dict.fromkeys((max(self.tol, COARSE), self.tol)):
            worst = self._worst(hazard, tol)
            if self.incentives.largest_multiple(profile, worst, rates) >= 1.0:
                return True
        return False

    def _worst(self, hazard: float, tol: float) -> Floats:
        """Payoffs proven to be at least the worst equilibrium payoffs; infinite if no equilibrium is proven."""
        if (hazard, tol) not in self._solved:
            first, second = ((1.0 - hazard) * self.deltas).tolist()
            game = RepeatedGame(self.incentives.stage, first if first == second else (first, second))
            solution = repeated_set(game, tol=tol, max_iter=self.max_iter)
            worst = np.full(2, np.inf)
            if solution.inner_proof is not None and solution.status is not Status.empty:
                worst = solution.inner.vertices.min(axis=0)
            if self.incentives.worst_nash is not None:
                worst = np.minimum(worst, self.incentives.worst_nash)
            self._solved[hazard, tol] = worst
        return self._solved[hazard, tol]

    def first_failure(self, profile: Profile) -> float:
        """Largest hazard survived together with every smaller one on the grid; NaN if the agreement is not sustained without any."""
        if self.incentives.is_static(profile):
            return 1.0
        low, high = self._closed_form(profile, self.incentives.worst_nash), self._closed_form(profile, self.incentives.minmax)
        if high < 0.0:
            return np.nan
        if low < 0.0:
            if not self.survives(profile, 0.0):
                return np.nan
            low = 0.0
        grid = np.arange(1, self.steps) / self.steps
        for hazard in grid[(grid > low) & (grid < high)].tolist():
            if not self.survives(profile, hazard):
                high = hazard
                break
            low = hazard
        for _ in range(HALVINGS):
            if high - low <= 1e-6:
                break
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.survives(profile, middle) else (low, middle)
        return low

    def _closed_form(self, profile: Profile, punishment: Floats | None) -> float:
        """Largest hazard under constant punishment payoffs; negative if not even zero."""
        if punishment is None:
            return -1.0
        _, gains = self.incentives.at(profile)
        slacks = self.incentives.slack(profile, punishment)
        hazards = [1.0]
        for player in (0, 1):
            slack = slacks[player]
            if gains[player] == 0.0 and slack >= 0.0:
                continue
            if slack <= 0.0:
                return -1.0
            hazards.append(1.0 - gains[player] / (gains[player] + slack) / self.deltas[player])
        return float(min(hazards))
