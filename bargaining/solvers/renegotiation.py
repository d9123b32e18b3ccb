r"""Weakly renegotiation-proof equilibria: no continuation that both sides would leave for another continuation.

As δ → 1, Farrell and Maskin (1989): a feasible, strictly individually rational v is weakly renegotiation-proof for all large δ if there
are profiles :math:`a^0, a^1` (pure here) with

.. math:: c_i(a^i) < v_i, \qquad u_j(a^i) \ge v_j, \quad j \ne i,

where :math:`c_i` is what i gets from its best reply: whoever is punished can be held below v, and the punisher does not suffer from it.
With weak inequality in the first condition these are necessary. The v that pass form a union of rectangles, cut by the feasible set.

At a fixed δ there is no monotone operator whose fixed point would be the answer, so equilibria are searched *within a class*, and the
answer says no more: an agreement, and for each side a *penance* of k periods of a profile :math:`a^i` after which the agreement resumes
(van Damme 1989). Deviations restart the deviator's penance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.games import GameError, StageGame, exact
from bargaining.games.repeated import read_delta
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solvers.plane import Pair, as_set, cut, exact_hull, read_pair
from bargaining.solvers.transfers import exact_table


@dataclass(frozen=True, eq=False)
class RenegotiationProof:
    """Payoffs that are weakly renegotiation-proof for all large δ (sufficient conditions, pure punishments): a union of convex `pieces`.

    The pieces are closed; `contains` applies the strict inequalities.
    """

    pieces: tuple[PayoffSet, ...]
    _feasible: tuple[Pair, ...]
    _floors: tuple[Pair, ...]
    _ceilings: tuple[Pair, ...]

    def contains(self, point: Any) -> bool:
        """Whether a payoff pair passes, exactly."""
        v = read_pair(point, "point")
        inside = exact_hull([*self._feasible, v]) == list(self._feasible) or _on_boundary(self._feasible, v)
        return inside and any(
            v[0] > low[0] and v[1] > low[1] and v[0] <= high[0] and v[1] <= high[1]
            for low, high in zip(self._floors, self._ceilings, strict=True)
        )


def _on_boundary(polygon: tuple[Pair, ...], v: Pair) -> bool:
    """Whether adding the point changes nothing but the list of corners of a degenerate hull."""
    return v in polygon or set(exact_hull([*polygon, v])) <= set(polygon)


def renegotiation_proof(stage: StageGame) -> RenegotiationProof:
    """Weakly renegotiation-proof payoffs for all large discount factors, by Farrell and Maskin's sufficient conditions in pure profiles.

    Parameters
    ----------
    stage : StageGame

    Returns
    -------
    RenegotiationProof

    References
    ----------
    Farrell, J., Maskin, E. (1989), Renegotiation in repeated games, Games and Economic Behavior 1.

    Examples
    --------
    >>> import bargaining as bg
    >>> proof = bg.renegotiation_proof(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]))
    >>> proof.contains((3, 3)), proof.contains((1, 1))
    (True, False)
    """
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame")
    table = exact_table(stage)
    feasible = exact_hull([payoff for payoff, _ in table.values()])
    # Of the profiles that punish i with one payoff to the other side, the harshest is enough.
    rewards: list[dict[Fraction, Fraction]] = [{}, {}]
    for payoff, cheat in table.values():
        for i in (0, 1):
            other = payoff[1 - i]
            rewards[i][other] = min(rewards[i].get(other, cheat[i]), cheat[i])
    pieces, floors, ceilings = [], [], []
    for high_cn, low_us in _undominated(rewards[0]):
        for high_us, low_cn in _undominated(rewards[1]):
            part: list[Pair] = list(feasible)
            for normal, offset in (((1, 0), low_us), ((0, 1), low_cn), ((-1, 0), -high_us), ((0, -1), -high_cn)):
                part = cut(part, normal, offset) if part else part
            if part:
                pieces.append(as_set(exact_hull(part)))
                floors.append((low_us, low_cn))
                ceilings.append((high_us, high_cn))
    return RenegotiationProof(tuple(pieces), tuple(feasible), tuple(floors), tuple(ceilings))


def _undominated(rewards: dict[Fraction, Fraction]) -> Iterator[tuple[Fraction, Fraction]]:
    """(What the punisher gets at least, what the punished gets at most), none better in both."""
    harshest: Fraction | None = None
    for reward in sorted(rewards, reverse=True):
        if harshest is None or rewards[reward] < harshest:
            harshest = rewards[reward]
            yield reward, harshest


@dataclass(frozen=True)
class Penance:
    """A weakly renegotiation-proof penance equilibrium: for each side the profile of its penance and the number of periods."""

    profiles: tuple[Profile, Profile]
    periods: tuple[int, int]
    worst: Pair


def penance(stage: StageGame, agreement: Any, delta: Any, *, longest: int = 8) -> Penance | None:
    r"""A weakly renegotiation-proof equilibrium that sustains an agreement, within the class of penances; None if the class has none.

    Parameters
    ----------
    stage : StageGame
    agreement : pair of actions
    delta : float
        Common discount factor.
    longest : int
        Most periods of penance.

    Returns
    -------
    Penance or None
        None means only that no penance of up to `longest` periods of one profile works.

    References
    ----------
    van Damme, E. (1989), Renegotiation-proof equilibria in repeated prisoners' dilemma, Journal of Economic Theory 47.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> bg.penance(dilemma, (0, 0), 0.7, longest=1).profiles, bg.penance(dilemma, (0, 0), 0.6, longest=1)
    (((0, 1), (1, 0)), None)
    """
    profile, table, factor = _asked(stage, agreement, delta, longest)
    for periods, profiles in _candidates(stage, table, profile, longest):
        worst = _sustains(table, profile, profiles, periods, factor)
        if worst is not None:
            return Penance(profiles, periods, worst)
    return None


def penance_delta(stage: StageGame, agreement: Any, *, longest: int = 8, tol: float = 1e-9) -> float:
    """Least discount factor at which a penance sustains an agreement and still does at every larger one tried; NaN if none does.

    For every candidate the set of discount factors is scanned in 64 steps and its last lower end refined by bisection with exact checks.

    Examples
    --------
    >>> import bargaining as bg
    >>> round(bg.penance_delta(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (0, 0), longest=1), 6)
    0.666667
    """
    profile, table, _ = _asked(stage, agreement, 0.5, longest)
    best: float | None = None
    for periods, profiles in _candidates(stage, table, profile, longest):

        def works(d: Fraction, profiles: Any = profiles, periods: Any = periods) -> bool:
            return _sustains(table, profile, profiles, periods, d) is not None

        low, high = Fraction(0), Fraction(9999, 10000)
        if not works(high) or (best is not None and not works(exact(best))):
            continue
        for k in range(63, 0, -1):
            if not works(Fraction(k, 64)):
                low = Fraction(k, 64)
                break
            high = Fraction(k, 64)
        while high - low > exact(tol):
            middle = (low + high) / 2
            low, high = (low, middle) if works(middle) else (middle, high)
        best = float(high) if best is None else min(best, float(high))
    return float("nan") if best is None else best


def _asked(stage: StageGame, agreement: Any, delta: Any, longest: int) -> tuple[Profile, dict[Profile, tuple[Pair, Pair]], Fraction]:
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame")
    if isinstance(longest, bool) or not isinstance(longest, (int, np.integer)) or longest < 1:
        raise GameError(f"longest is {longest!r}: expected a positive integer")
    factors = read_delta(delta)
    if factors[0] != factors[1]:
        raise GameError(f"delta {delta!r}: penances need a common discount factor")
    return stage.profile(agreement), exact_table(stage), factors[0]


def _candidates(
    stage: StageGame, table: dict[Profile, tuple[Pair, Pair]], agreed: Profile, longest: int
) -> Iterator[tuple[tuple[int, int], tuple[Profile, Profile]]]:
    """Lengths and profiles: the punisher must not lose by the penance, the punished must be held below the agreement."""
    v = table[agreed][0]
    own = [[a for a, (payoff, cheat) in table.items() if payoff[1 - i] >= v[1 - i] and cheat[i] <= v[i]] for i in (0, 1)]
    for us in own[0]:
        for cn in own[1]:
            for first in range(1, longest + 1):
                for second in range(1, longest + 1):
                    yield (first, second), (us, cn)


def _sustains(
    table: dict[Profile, tuple[Pair, Pair]], agreed: Profile, profiles: tuple[Profile, Profile], periods: tuple[int, int], d: Fraction
) -> Pair | None:
    """What the punished get at the start of their penances, if nobody deviates anywhere and no phase dominates another; else None."""
    v = table[agreed][0]
    phases: list[list[Pair]] = []
    for i in (0, 1):
        u = table[profiles[i]][0]
        values = [v]
        for _ in range(periods[i]):
            values.append(((1 - d) * u[0] + d * values[-1][0], (1 - d) * u[1] + d * values[-1][1]))
        phases.append(values)
    worst = phases[0][-1][0], phases[1][-1][1]
    for i in (0, 1):
        if (1 - d) * table[agreed][1][i] + d * worst[i] > v[i]:
            return None
        for k in (0, 1):
            if any((1 - d) * table[profiles[i]][1][k] + d * worst[k] > value[k] for value in phases[i][1:]):
                return None
    every = phases[0] + phases[1]
    if any(a[0] > b[0] and a[1] > b[1] for a in every for b in every):
        return None
    return worst
