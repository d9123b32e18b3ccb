r"""How patient both sides must be for an agreement, played for ever, to enforce itself.

With a common discount factor, payoffs g, best deviation payoffs g + h and punishment payoffs u the agreement is sustained exactly if

.. math:: \delta \ge \max_i \frac{h_i}{h_i + g_i - u_i(\delta)}.

The search is one along the ray of a common discount rate (see `bargaining.solvers.rate_ray`). Both ends of the answer are then computed in
fractions from proven punishment payoffs: of sets at most as patient as the upper end, which are contained in what can be had there, and of
sets at least as patient as the lower end, which contain it. (Abreu 1988 for optimal penal codes; Friedman 1971 for reversion.)
"""

from collections.abc import Mapping
from fractions import Fraction
from math import inf, nextafter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, StageGame, exact
from bargaining.games.stage import Profile, near_match
from bargaining.solution import CriticalDelta, EquilibriumSet, Status
from bargaining.solvers.incentives import Incentives
from bargaining.solvers.rate_ray import DELTA_MAX, Bracket, RateRay
from bargaining.solvers.repeated_set import MAX_ITER, check_options

Floats = NDArray[np.float64]
Worst = tuple[Fraction, Fraction]


def resolve(stage: StageGame | IssueGame, agreement: Any) -> tuple[StageGame, Profile]:
    """The joint stage game and the position of an agreement in it."""
    joint = joint_game(stage)
    if isinstance(stage, IssueGame) and isinstance(agreement, Mapping):
        return joint, stage.joint_profile(agreement)
    return joint, joint.profile(agreement)


def joint_game(stage: StageGame | IssueGame) -> StageGame:
    """The stage game in normal form, or one line that says that it is none."""
    if isinstance(stage, IssueGame):
        return stage.stage_game()
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    return stage


def critical_delta(
    stage: StageGame | IssueGame,
    agreement: Any,
    punishment: str = "optimal",
    *,
    delta_max: float | str | Fraction = DELTA_MAX,
    tol: float = 1e-9,
    max_iter: int = MAX_ITER,
) -> CriticalDelta:
    r"""Least common discount factor at which an agreement, played for ever, is an equilibrium path.

    Parameters
    ----------
    stage : StageGame or IssueGame
        All issues of an IssueGame are linked; for a partition see `linkage_lattice`.
    agreement : pair of actions, or mapping of issue to pair
        By position or label.
    punishment : {"optimal", "nash"}
        ``optimal``: each deviator's worst equilibrium of the repeated game in pure actions (Abreu 1988). ``nash``: the deviator's worst
        pure static equilibrium, for ever (Friedman 1971).
    delta_max : float, str or Fraction
        Patience up to which the agreement is looked for.
    tol : float
        Width of the bracket, relative to the discount rate :math:`(1-\delta)/\delta` (and of the payoff sets solved on the way).
    max_iter : int
        As in `equilibrium_set`.

    Returns
    -------
    CriticalDelta
        `value` 0 for a static equilibrium; NaN with ``sustainable=False`` if it is not sustained up to `delta_max`, and then `binding`
        says which incentive is violated. `bargaining.verify` checks both ends exactly.

    Raises
    ------
    GameError
        If an action is unknown or the agreement malformed.
    ValueError
        If an option is out of range.

    References
    ----------
    Abreu, D. (1988), On the theory of infinitely repeated games with discounting, Econometrica 56.
    Friedman, J. (1971), A non-cooperative equilibrium for supergames, Review of Economic Studies 38.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[("truce", "raise")] * 2)
    >>> answer = bg.critical_delta(dilemma, ("truce", "truce"))
    >>> answer.value, answer.lower, answer.upper, bg.verify(answer).holds
    (0.5, 0.5, 0.5, True)
    """
    check_options(tol, max_iter)
    check_punishment(punishment)
    most = read_delta_max(delta_max)
    joint, profile = resolve(stage, agreement)
    ray = RateRay(Incentives(joint), np.ones(2), 0.125 * tol, max_iter)
    nash = punishment == "nash"
    bracket = nash_bracket(ray, profile) if nash else ray.search(profile, float((1 - most) / most), tol)
    low, below = _lower_end(ray, profile, bracket, nash)
    high, above = _upper_end(ray, profile, bracket, nash)
    sustainable = high is not None and high <= most
    never = low is None or low > most
    lower = float(most) if low is None or never else rounded_down(low)
    upper = rounded_up(high) if high is not None and sustainable else 1.0
    # The width is measured as `tol` is: in the discount rate.
    rates = [(1 - end) / end if end else Fraction(0) for end in (low or Fraction(0), high or Fraction(1))]
    closed = low == high or (sustainable and rates[0] - rates[1] <= exact(tol) * rates[0])
    return CriticalDelta(
        status=Status.solved if never or closed else Status.undecided,
        error_bound=0.0 if never or low == high else upper - lower,
        iterations=bracket.solves,
        method="reversion to a static equilibrium" if nash else "bracketing on the rate ray",
        options={"punishment": punishment, "delta_max": stored(delta_max), "tol": tol, "max_iter": max_iter},
        game=stage,
        value=_stated(low, high, closed) if sustainable else float("nan"),
        lower=lower,
        upper=upper,
        sustainable=sustainable,
        binding=binding_constraint(ray.incentives, profile, bracket, ray, nash),
        path=(profile,),
        evidence_below=below,
        evidence_above=above,
    )


def _stated(low: Fraction | None, high: Fraction | None, closed: bool) -> float:
    """The number stated for an exact bracket: its lower end, which closed forms hit, if it is closed; else the end that is sustained."""
    assert high is not None
    return float(low) if closed and low is not None else float(high)


def least_delta(stage: StageGame, profile: Profile, worst: Worst | None, reversion: bool) -> Fraction | None:
    """Least discount factor at which fixed punishment payoffs sustain a profile; None if there is none below 1, or no punishment.

    Unless it is reversion, a player whose action is a best reply constrains nothing (see `Incentives.largest_multiple`).
    """
    if worst is None:
        return None
    least = Fraction(0)
    a, b = profile
    for i, others in enumerate((stage.payoffs[0, :, b], stage.payoffs[1, a, :])):
        payoff = exact(float(stage.payoffs[i, a, b]))
        gain, loss = exact(float(others.max())) - payoff, payoff - worst[i]
        if (gain > 0 and loss <= 0) or (reversion and loss < 0):
            return None
        least = max(least, gain / (gain + loss)) if gain > 0 else least
    return least


def exact_pair(numbers: Floats | None) -> Worst | None:
    """A pair of payoffs as the numbers that they stand for."""
    return None if numbers is None else (exact(float(numbers[0])), exact(float(numbers[1])))


def _upper_end(ray: RateRay, profile: Profile, bracket: Bracket, nash: bool) -> tuple[Fraction | None, tuple[EquilibriumSet, ...]]:
    """Least discount factor at which the agreement is proven to be sustained, None if at none, and the sets whose punishments do it."""
    static = exact_pair(ray.incentives.worst_nash)
    least = least_delta(ray.incentives.stage, profile, static, nash)
    if nash or not ray.solved:
        return least, ()
    proven = {m: s for m, s in ray.solved.items() if m >= bracket.low * (1.0 - 1e-12) and s.inner_proof is not None and len(s.vertices)}
    chosen = _extreme(proven, lambda s, i: float(s.inner.vertices[:, i].min()))
    if not chosen:
        return least, ()
    worst = exact_pair(ray.incentives.worst_nash) or (None, None)
    punishments = [min(x for x in (worst[i], *(worst_inside(s)[i] for s in chosen)) if x is not None) for i in (0, 1)]
    found = least_delta(ray.incentives.stage, profile, (punishments[0], punishments[1]), False)
    if found is not None:
        found = max([found, *(exact_common(s) for s in chosen)])
    if found is None or (least is not None and least <= found):
        return least, ()
    return found, chosen


def _lower_end(ray: RateRay, profile: Profile, bracket: Bracket, nash: bool) -> tuple[Fraction | None, tuple[EquilibriumSet, ...]]:
    """Discount factor below which the agreement is proven not to be sustained, None if nowhere it is, and the sets that leave no room."""
    stage = ray.incentives.stage
    if nash:
        return least_delta(stage, profile, exact_pair(ray.incentives.worst_nash), True), ()
    minmax = exact_pair(ray.incentives.minmax)
    assert minmax is not None
    best: tuple[Fraction | None, tuple[EquilibriumSet, ...]] = least_delta(stage, profile, minmax, False), ()
    if best[0] in (None, 0):
        return best
    known = {m: s for m, s in ray.solved.items() if m <= bracket.high * (1.0 + 1e-12)}
    empty = [s for s in known.values() if s.status is Status.empty]
    candidates: list[tuple[EquilibriumSet, ...]] = [(max(empty, key=exact_common),)] if empty else []
    filled = {m: s for m, s in known.items() if s.status is not Status.empty}
    candidates += [_extreme(filled, lambda s, i: -float(s.outer.vertices[:, i].min()))] if filled else []
    for chosen in candidates:
        reach = min(exact_common(s) for s in chosen)
        floors = [max(minmax[i], *(floors_outside(s)[i] for s in chosen)) for i in (0, 1)] if chosen[0].status is not Status.empty else []
        found = least_delta(stage, profile, (floors[0], floors[1]), False) if floors else None
        found = reach if found is None else min(found, reach)
        if best[0] is not None and found > best[0]:
            best = found, chosen
    return best


def _extreme(sets: Mapping[float, EquilibriumSet], height: Any) -> tuple[EquilibriumSet, ...]:
    """For each player the set with the lowest height, once if it is the same."""
    chosen = {min(sets, key=lambda m: height(sets[m], i)) for i in (0, 1)} if sets else set()
    return tuple(sets[m] for m in sorted(chosen, reverse=True))


def exact_common(solution: EquilibriumSet) -> Fraction:
    """The common discount factor of a set."""
    return solution.game.exact_deltas[0]  # type: ignore[union-attr]


def worst_inside(solution: EquilibriumSet) -> Worst:
    """Each player's worst payoff in the set proven from inside, exactly."""
    proof = solution.inner_proof
    assert proof is not None
    return proof.vertices[proof.punishments[0]][0], proof.vertices[proof.punishments[1]][1]


def floors_outside(solution: EquilibriumSet) -> Worst:
    """Each player's worst payoff in the half-planes proven from outside, exactly."""
    proof = solution.outer_proof
    assert proof is not None
    floors = []
    for i in (0, 1):
        axis = np.flatnonzero((proof.normals[:, i] == -1.0) & (proof.normals[:, 1 - i] == 0.0))
        floors.append(proof.origin[i] - proof.span[i] * Fraction(float(proof.offsets[axis].min())))
    return floors[0], floors[1]


def rounded_down(number: Fraction) -> float:
    """The number as a float, itself if its shortest decimal is the number, else the one below."""
    near = float(number)
    return near if exact(near) <= number else nextafter(near, -inf)


def rounded_up(number: Fraction) -> float:
    """The number as a float, itself if its shortest decimal is the number, else the one above."""
    near = float(number)
    return near if exact(near) >= number else nextafter(near, inf)


def check_punishment(punishment: str) -> None:
    """Refuse a punishment that is none."""
    if punishment not in ("optimal", "nash"):
        near = near_match(str(punishment).lower(), ("optimal", "nash"))
        raise ValueError(f"punishment is {punishment!r}: expected 'optimal' or 'nash'{near}")


def read_delta_max(delta_max: Any) -> Fraction:
    """The largest patience to look at, exact; refused if it is no number between 0 and 1."""
    line = f"delta_max is {delta_max!r}: expected a number strictly between 0 and 1"
    if isinstance(delta_max, bool) or not isinstance(delta_max, (float, np.floating, Fraction, str)):
        raise ValueError(line)
    try:
        most = exact(delta_max)  # type: ignore[arg-type]
    except (ValueError, ZeroDivisionError, OverflowError):
        raise ValueError(line) from None
    if not 0 < most < 1 or not 0.0 < float(most) < 1.0:
        raise ValueError(line)
    return most


def stored(number: Any) -> Any:
    """An option as it is kept: numpy's numbers as Python's."""
    return float(number) if isinstance(number, np.floating) else number


def nash_bracket(ray: RateRay, profile: Profile) -> Bracket:
    """The largest multiple that reversion to the deviator's worst pure static equilibrium sustains; 0 if there is none."""
    worst = ray.incentives.worst_nash
    multiple = 0.0 if worst is None else max(0.0, ray.incentives.largest_multiple(profile, worst, ray.rates))
    return Bracket(multiple, multiple)


def binding_constraint(incentives: Incentives, profile: Profile, bracket: Bracket, ray: RateRay, nash: bool) -> str:
    """In words: the incentive that binds at the critical patience, or is violated at any."""
    if incentives.is_static(profile):
        return "none: a static equilibrium"
    if nash and incentives.worst_nash is None:
        return "no pure static equilibrium to revert to"
    punishment = incentives.worst_nash if nash else incentives.minmax
    assert punishment is not None
    # What fails at the pure minmax fails at any patience; otherwise the punishment nearest to the bracket says what binds.
    if not nash and incentives.largest_multiple(profile, incentives.minmax, ray.rates) > 0:
        nearest = ray.nearest(bracket.low)
        punishment = punishment if nearest is None else nearest
    player = incentives.binding(profile, punishment, ray.rates)
    payoffs, gains = incentives.at(profile)
    name = incentives.stage.players[player]
    if gains[player] == 0.0:
        return f"{name}: can always have {punishment[player]:.4g}, the agreement pays {payoffs[player]:.4g}"
    action = incentives.best_deviation(profile, player)
    loss = payoffs[player] - punishment[player]
    if loss <= 0:
        return f"{name} → {action}: can always have {punishment[player]:.4g}, the agreement pays {payoffs[player]:.4g}"
    return f"{name} → {action}: gains {gains[player]:.4g} once, loses {loss:.4g} a period afterwards"


def exact_slack(stage: StageGame, profile: Profile, player: int, punishment: Fraction, delta: Fraction) -> Fraction:
    """Exact slack of a player's incentive constraint, δ (g - u) - (1 - δ) h: zero if it binds exactly."""
    a, b = profile
    payoff = exact(stage.payoffs[player, a, b])
    best = exact(stage.payoffs[player, :, b].max() if player == 0 else stage.payoffs[player, a, :].max())
    return delta * (payoff - punishment) - (1 - delta) * (best - payoff)
