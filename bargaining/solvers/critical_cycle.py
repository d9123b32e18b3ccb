r"""How patient both sides must be for a cycle of profiles to enforce itself.

Profiles :math:`a_0,\dots,a_{K-1}` in turn, for ever, earn :math:`v_k = (1-\delta)\sum_{t<K}\delta^t g(a_{k+t})/(1-\delta^K)` from phase k
on, and are an equilibrium path exactly if :math:`v_{k,i} \ge (1-\delta)\,c_i(a_k) + \delta\,u_i(\delta)` in every phase, c the best
deviation payoff and u the worst equilibrium payoffs. Payoffs move with δ, so more patience may hurt, and what is reported is the *least*
discount factor that sustains the cycle. Times :math:`(1-\delta^K)/(1-\delta)` the conditions are polynomials in δ for fixed u, and where
all of them hold is found exactly. As u falls with δ, the set solved at the right end of an interval bounds u from below on it, the one
solved at the left end from above: intervals are taken from the left, and each solve excludes part of one or sustains the cycle in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame, exact
from bargaining.games.stage import Profile
from bargaining.solution import CriticalDelta, EquilibriumSet, Status
from bargaining.solvers.critical_delta import (
    Worst,
    check_punishment,
    exact_pair,
    floors_outside,
    read_delta_max,
    resolve,
    rounded_down,
    rounded_up,
    stored,
    worst_inside,
)
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.polynomials import first_common, value_at
from bargaining.solvers.rate_ray import DELTA_MAX
from bargaining.solvers.repeated_set import MAX_ITER, check_options, repeated_set

MOST_SOLVES = 200
MOST_STRIPS = 20


def critical_delta_cycle(
    stage: StageGame | IssueGame,
    cycle: Sequence[Any],
    punishment: str = "optimal",
    *,
    delta_max: float | str | Fraction = DELTA_MAX,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> CriticalDelta:
    r"""Least common discount factor at which a cycle of profiles, repeated for ever, is an equilibrium path.

    Parameters
    ----------
    stage : StageGame or IssueGame
    cycle : sequence of agreements
        Played in turn, then again from the first; each as in `critical_delta`.
    punishment, delta_max, max_iter
        As in `critical_delta`.
    tol : float
        Width of the bracket.

    Returns
    -------
    CriticalDelta
        Proven not sustained anywhere below `lower`, proven sustained at `upper`. More patience than that may not sustain it.

    Raises
    ------
    GameError
        If the cycle is empty or names an unknown action.
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> answer = bg.critical_delta_cycle(dilemma, [(0, 1), (1, 0)])
    >>> answer.value, answer.binding
    (0.25, 'U.S. in phase 0')
    """
    check_options(tol, max_iter)
    check_punishment(punishment)
    most = read_delta_max(delta_max)
    if isinstance(cycle, str) or not isinstance(cycle, Sequence) or not len(cycle):
        raise GameError(f"cycle is {cycle!r}: expected a list of agreements")
    pairs = [resolve(stage, agreement) for agreement in cycle]
    path = CyclePath.of(Incentives(pairs[0][0]), tuple(profile for _, profile in pairs))
    search = _Search(path, most, exact(tol), 0.125 * tol, max_iter)
    if punishment == "nash":
        worst = exact_pair(path.incentives.worst_nash)
        low, high = (None, None) if worst is None else path.first(worst, Fraction(0), most)
        search.low, search.high = low, high
    else:
        search.run()
    low, high = search.low, search.high
    settled = low is None or (high is not None and high - low <= exact(tol))
    value = _simplest(low, high) if high is not None and low is not None else Fraction(0)
    return CriticalDelta(
        status=Status.solved if settled else Status.undecided,
        error_bound=0.0 if low is None else (1.0 if high is None else rounded_up(high)) - rounded_down(low),
        iterations=len(search.solved),
        method="exclusion of intervals",
        options={"punishment": punishment, "delta_max": stored(delta_max), "tol": tol, "max_iter": max_iter},
        game=stage,
        value=float("nan") if high is None else float(value),
        lower=float(most) if low is None else rounded_down(low),
        upper=1.0 if high is None else rounded_up(high),
        sustainable=high is not None,
        binding=_binding(path, high, search),
        path=path.profiles,
        evidence_below=tuple(search.below),
        evidence_above=tuple(search.above),
    )


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """A simple fraction between two ends if there is one, else the upper end."""
    simple = ((low + high) / 2).limit_denominator(10**6)
    return simple if low <= simple <= high and high - low < Fraction(1, 2**50) else high


def _binding(path: "CyclePath", high: Fraction | None, search: "_Search") -> str:
    if high is None:
        return "not sustained at any patience" if search.low is None else "undecided"
    if all(path.incentives.is_static(profile) for profile in path.profiles):
        return "none: static equilibria"
    worst = search.worst_above(high) or exact_pair(path.incentives.minmax)
    assert worst is not None
    slacks = [value_at(polynomial, high) for polynomial in path.polynomials(worst)]
    phase, player = divmod(min(range(len(slacks)), key=slacks.__getitem__), 2)
    return f"{path.incentives.stage.players[player]} in phase {phase}"


@dataclass(frozen=True, eq=False)
class CyclePath:
    """A cycle's payoffs and best deviation payoffs, exact, phase by phase."""

    incentives: Incentives
    profiles: tuple[Profile, ...]
    payoffs: tuple[Worst, ...]
    deviations: tuple[Worst, ...]

    @classmethod
    def of(cls, incentives: Incentives, profiles: tuple[Profile, ...]) -> "CyclePath":
        """Read the profiles' payoffs."""
        payoffs, best = incentives.stage.payoffs, incentives.best
        read = [tuple((exact(float(array[0, a, b])), exact(float(array[1, a, b]))) for a, b in profiles) for array in (payoffs, best)]
        return cls(incentives, profiles, read[0], read[1])

    def polynomials(self, worst: Worst) -> list[list[Fraction]]:
        """Slack of every incentive constraint times 1 + δ + … + δ^(K-1): coefficients by rising power, phases slowest."""
        count = len(self.profiles)
        found = []
        for k in range(count):
            for i in (0, 1):
                now = self.deviations[k][i]
                flow = [self.payoffs[(k + t) % count][i] for t in range(count)]
                found.append([flow[0] - now, *(flow[t] - worst[i] for t in range(1, count)), now - worst[i]])
        return found

    def first(self, worst: Worst, start: Fraction, end: Fraction) -> tuple[Fraction | None, Fraction | None]:
        """Where in [start, end] fixed punishment payoffs first sustain the cycle: a point before which they do not, one where they do.

        The first is None if they do so nowhere.
        """
        return first_common(self.polynomials(worst), start, end)


@dataclass(eq=False)
class _Search:
    """Intervals of discount factors from the left, and the sets solved for them."""

    path: CyclePath
    most: Fraction
    tol: Fraction
    set_tol: float
    max_iter: int
    low: Fraction | None = None
    high: Fraction | None = None
    solved: dict[Fraction, EquilibriumSet] = field(default_factory=dict)
    below: list[EquilibriumSet] = field(default_factory=list)
    above: list[EquilibriumSet] = field(default_factory=list)

    def run(self) -> None:
        """Find the bracket; `low` None if the cycle is sustained nowhere."""
        waiting = [(Fraction(0), self.most)]
        strips = 0
        while waiting and strips < MOST_STRIPS and len(self.solved) < MOST_SOLVES:
            left, right = waiting.pop()
            start = self._exclude(left, right)
            if start is None:
                continue
            worst = self.worst_above(start)
            reached = None if worst is None else self.path.first(worst, start, right)[1]
            if reached is not None:
                # Nothing to the right of what is sustained matters.
                self.high, right = reached, reached
                waiting = []
            if right - start <= self.tol:
                # Too narrow to look closer: the least sustaining discount factor may be here.
                self.low, strips = start if self.low is None else self.low, strips + 1
                if reached is not None:
                    break
                continue
            delta = self._next(start, right, worst)
            if delta in self.solved:
                self.low, strips = start if self.low is None else self.low, strips + 1
                continue
            self.solve(delta)
            parts = [(delta, right), (start, delta)] if start < delta < right else [(start, right)]
            waiting += parts
        if waiting:
            first = min(left for left, _ in waiting)
            self.low = first if self.low is None else min(self.low, first)
        if self.high is not None:
            self.low = self.high if self.low is None else self.low
            self.above = [s for s in [self._nearest(self.high, above=False)] if s is not None]

    def solve(self, delta: Fraction) -> None:
        """Solve the set at a discount factor that is the shortest decimal of a float."""
        game = RepeatedGame(self.path.incentives.stage, float(delta))
        self.solved[delta] = repeated_set(game, tol=self.set_tol, max_iter=self.max_iter)

    def _exclude(self, left: Fraction, right: Fraction) -> Fraction | None:
        """The part of an interval that lower bounds on the punishment payoffs leave, by its left end; None if nothing is left."""
        minmax = exact_pair(self.path.incentives.minmax)
        assert minmax is not None
        start, _ = self.path.first(minmax, left, right)
        solution = self._nearest(right, above=True)
        if start is None or solution is None:
            return start
        if solution.status is Status.empty:
            self._remember(solution)
            return None
        floors = floors_outside(solution)
        after, _ = self.path.first((max(minmax[0], floors[0]), max(minmax[1], floors[1])), start, right)
        if after is None or after > start:
            self._remember(solution)
        return after

    def _remember(self, solution: EquilibriumSet) -> None:
        if not any(solution is other for other in self.below):
            self.below.append(solution)

    def worst_above(self, delta: Fraction) -> Worst | None:
        """Punishment payoffs that are proven to be had at a discount factor; None if none are."""
        static = exact_pair(self.path.incentives.worst_nash)
        solution = self._nearest(delta, above=False)
        if solution is None:
            return static
        inside = worst_inside(solution)
        return inside if static is None else (min(inside[0], static[0]), min(inside[1], static[1]))

    def _nearest(self, delta: Fraction, above: bool) -> EquilibriumSet | None:
        """The solved set nearest to a discount factor from above, or from below among those with proven punishments."""
        if above:
            return self.solved[min(d for d in self.solved if d >= delta)] if any(d >= delta for d in self.solved) else None
        useful = [d for d, s in self.solved.items() if d <= delta and s.inner_proof is not None and len(s.vertices)]
        return self.solved[max(useful)] if useful else None

    def _next(self, start: Fraction, right: Fraction, worst: Worst | None) -> Fraction:
        """Where to solve in an interval: at its ends, then where punishments between those of the ends sustain, then in the middle."""
        left_end, right_end = exact(rounded_down(start)), exact(rounded_up(right))
        if right_end < 1 and not any(d >= right for d in self.solved):
            return right_end
        if left_end > 0 and not any(left_end <= d <= start for d in self.solved):
            return left_end
        if right_end < 1 and not any(right <= d <= right_end for d in self.solved):
            return right_end
        far = self._nearest(right, above=True)
        if worst is not None and far is not None and far.status is not Status.empty:
            floors = floors_outside(far)
            _, guess = self.path.first(((worst[0] + floors[0]) / 2, (worst[1] + floors[1]) / 2), start, right)
            if guess is not None and start < exact(float(guess)) < right and 8 * min(guess - start, right - guess) > right - start:
                return exact(float(guess))
        return exact(float((start + right) / 2))
