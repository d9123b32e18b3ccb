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

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from bargaining.answers.deals import Penance, RenegotiationProof
from bargaining.games import GameError, RepeatedGame, StageGame, exact
from bargaining.games.discounting import read_delta
from bargaining.games.stage import Profile
from bargaining.solution import Status
from bargaining.solvers.plane import Pair, as_set, cut, exact_hull
from bargaining.solvers.transfers import exact_table


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
    rewards: list[_Rewards] = [{}, {}]
    for profile, (payoff, cheat) in table.items():
        for i in (0, 1):
            other = payoff[1 - i]
            rewards[i][other] = min(rewards[i].get(other, (cheat[i], profile)), (cheat[i], profile))
    pieces, floors, ceilings, punishments = [], [], [], []
    for high_cn, low_us, against_us in _undominated(rewards[0]):
        for high_us, low_cn, against_cn in _undominated(rewards[1]):
            part: list[Pair] = list(feasible)
            for normal, offset in (((1, 0), low_us), ((0, 1), low_cn), ((-1, 0), -high_us), ((0, -1), -high_cn)):
                part = cut(part, normal, offset) if part else part
            if part:
                pieces.append(as_set(exact_hull(part)))
                floors.append((low_us, low_cn))
                ceilings.append((high_us, high_cn))
                punishments.append((against_us, against_cn))
    return RenegotiationProof(
        status=Status.solved if pieces else Status.empty,
        error_bound=0.0,
        iterations=1,
        method="Farrell and Maskin's conditions in pure profiles",
        options={},
        game=stage,
        pieces=tuple(pieces),
        feasible=tuple(feasible),
        floors=tuple(floors),
        ceilings=tuple(ceilings),
        punishments=tuple(punishments),
    )


# What the punisher gets: the least that the punished can be held to then, and the profile that does it.
_Rewards = dict[Fraction, tuple[Fraction, Profile]]


def _undominated(rewards: _Rewards) -> Iterator[tuple[Fraction, Fraction, Profile]]:
    """(What the punisher gets at least, what the punished gets at most, the profile), none better in both."""
    harshest: Fraction | None = None
    for reward in sorted(rewards, reverse=True):
        held, profile = rewards[reward]
        if harshest is None or held < harshest:
            harshest = held
            yield reward, held, profile


def penance(stage: StageGame, agreement: Any, delta: Any, *, longest: int = 8) -> Penance | None:
    r"""A weakly renegotiation-proof equilibrium that sustains an agreement, within the class of penances; None if the class has none.

    Let :math:`v = u(a)` be what the agreement pays, :math:`h` gains from the best deviation, and :math:`w_i = (1-\delta_i^k) u_i(a^i) +
    \delta_i^k v_i` what i gets at the start of its penance. If :math:`u_j(a^i) \ge v_j` and :math:`c_i(a^i) \le w_i` nobody leaves a
    penance unless the punisher does, and no phase is better for both sides than another; what remains is

    .. math:: (1-\delta_i) h_i(a) \le \delta_i (v_i - w_i), \qquad (1-\delta_j) h_j(a^i) \le \delta_j (v_j - w_j).

    Parameters
    ----------
    stage : StageGame
    agreement : pair of actions
    delta : float or pair of float
        Discount factors; nothing is paid, so the two sides' may differ.
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
    profile, table = _asked(stage, agreement, longest)
    game = RepeatedGame(stage, delta)
    found = _penance(table, profile, game.exact_deltas, longest)
    if found is None:
        return None
    profiles, periods, worst = found
    return Penance(
        status=Status.solved,
        error_bound=0.0,
        iterations=1,
        method=f"penances of up to {longest} periods of one profile",
        options={"longest": longest},
        game=game,
        agreement=profile,
        profiles=profiles,
        periods=periods,
        worst=worst,
    )


def penance_delta(stage: StageGame, agreement: Any, *, longest: int = 8, tol: float = 1e-9) -> float:
    """Least common discount factor from which on a penance sustains an agreement, at every larger one tried; NaN if none does.

    Discount factors are scanned in 64 steps and the last lower end is refined by bisection, each with an exact check.

    Examples
    --------
    >>> import bargaining as bg
    >>> round(bg.penance_delta(bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), (0, 0), longest=1), 6)
    0.666667
    """
    profile, table = _asked(stage, agreement, longest)

    def works(d: Fraction) -> bool:
        return _penance(table, profile, (d, d), longest) is not None

    low, high = Fraction(0), Fraction(9999, 10000)
    if not works(high):
        return float("nan")
    for k in range(63, 0, -1):
        if not works(Fraction(k, 64)):
            low = Fraction(k, 64)
            break
        high = Fraction(k, 64)
    while high - low > exact(tol):
        middle = (low + high) / 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return float(high)


def weakly_renegotiation_proof(stage: StageGame, agreement: Any, delta: Any, *, longest: int = 8) -> bool | None:
    r"""Whether an agreement for ever is the path of a weakly renegotiation-proof equilibrium, nothing being paid; None if undecided.

    True: a penance of up to `longest` periods sustains it (`penance`). False: for one side no pure profile has :math:`c_i(a^i) \le v_i`
    and :math:`u_j(a^i) \ge v_j`, which every weakly renegotiation-proof equilibrium in pure actions needs at *every* discount factor: of
    the continuations that are worst for i take the best one for j; it does not lie below v for j too, and its first profile is such an
    :math:`a^i`.

    Parameters
    ----------
    stage : StageGame
    agreement : pair of actions
    delta : float or pair of float
    longest : int
        Most periods of penance.

    Returns
    -------
    bool or None

    References
    ----------
    Farrell, J., Maskin, E. (1989), Renegotiation in repeated games, Games and Economic Behavior 1.

    Examples
    --------
    Withholding trade punishes a cheat, but whoever withholds suffers too, and would rather forget.

    >>> import bargaining as bg
    >>> dilemma, trade = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]]), bg.game([[2, 0], [3, 0]], [[2, -1], [0, -1]])
    >>> [bg.weakly_renegotiation_proof(game, (0, 0), (0.8, 0.9)) for game in (dilemma, trade)]
    [True, False]
    >>> bg.weakly_renegotiation_proof(dilemma, (0, 0), 0.4) is None
    True
    """
    profile, table = _asked(stage, agreement, longest)
    if _penance(table, profile, read_delta(delta), longest) is not None:
        return True
    return None if all(_punishments(table, table[profile][0], i) for i in (0, 1)) else False


_Table = Mapping[Profile, tuple[Pair, Pair]]


def _asked(stage: StageGame, agreement: Any, longest: int) -> tuple[Profile, _Table]:
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame")
    if isinstance(longest, bool) or not isinstance(longest, (int, np.integer)) or longest < 1:
        raise GameError(f"longest is {longest!r}: expected a positive integer")
    return stage.profile(agreement), exact_table(stage)


def _punishments(table: _Table, v: Pair, i: int) -> list[Profile]:
    """Profiles by which the punisher does not lose and that can hold i down to v, even where i replies best."""
    return [a for a, (payoff, cheat) in table.items() if payoff[1 - i] >= v[1 - i] and cheat[i] <= v[i]]


def _penance(table: _Table, agreed: Profile, deltas: Pair, longest: int) -> tuple[tuple[Profile, Profile], tuple[int, int], Pair] | None:
    """Profiles and periods of the first pair of penances that works, and what the sides get at the start of their own."""
    v, best = table[agreed]
    needs = [(1 - deltas[i]) * (best[i] - v[i]) / deltas[i] for i in (0, 1)]
    # For each side penances by what the punisher must fear (rising) and how far below v they hold the punished (rising).
    able = [[each for each in _penances(table, v, i, deltas, longest) if each[1] >= needs[i]] for i in (0, 1)]
    for fear_cn, depth_us, us in able[0]:
        for fear_us, depth_cn, cn in able[1]:
            if depth_cn >= fear_cn and depth_us >= fear_us:
                return (us[0], cn[0]), (us[1], cn[1]), (v[0] - depth_us, v[1] - depth_cn)
    return None


def _penances(table: _Table, v: Pair, i: int, deltas: Pair, longest: int) -> Iterator[tuple[Fraction, Fraction, tuple[Profile, int]]]:
    """Undominated penances of side i: what deviating from it pays the punisher, its depth, its profile and periods."""
    weight = [1 - deltas[i] ** k for k in range(1, longest + 1)]
    found = []
    for a in _punishments(table, v, i):
        payoff, cheat = table[a]
        loss = v[i] - payoff[i]
        # The longest that leaves the punished at least its best reply is the deepest.
        periods = bisect_right(weight, (v[i] - cheat[i]) / loss) if loss else 1
        if periods:
            fear = (1 - deltas[1 - i]) * (cheat[1 - i] - payoff[1 - i]) / deltas[1 - i]
            found.append((fear, weight[periods - 1] * loss, (a, periods)))
    deepest: Fraction | None = None
    for fear, depth, which in sorted(found, key=lambda each: (each[0], -each[1])):
        if deepest is None or depth > deepest:
            deepest = depth
            yield fear, depth, which
