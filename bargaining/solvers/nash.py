r"""Nash equilibria of two-player stage games.

A pair of mixed actions (x, y) is an equilibrium if neither side can gain by deviating. The *extreme* equilibria are the pairs of
vertices of the two best-response polytopes :math:`P = \{x \ge 0 : B^\top x \le 1\}` and :math:`Q = \{y \ge 0 : A y \le 1\}` (payoffs
shifted to be positive) that are completely labelled: every action of either side is unplayed or a best response. They are finitely
many, and every equilibrium mixes extreme ones side by side (Mangasarian 1964; von Stengel 2002), in products that
`bargaining.solvers.components` finds.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import NashComponent, NashEquilibria
from bargaining.games import GameError, IssueGame, StageGame
from bargaining.games.stage import require_size
from bargaining.solution import Status
from bargaining.solvers.best_response_polytope import Mixed
from bargaining.solvers.extreme_equilibria import earned, extreme_equilibria, gains, resolved
from bargaining.solvers.generic_equilibria import (
    MOST_ACTIONS,
    Found,
    all_equilibria,
    equilibria_by_supports,
    positive_payoffs,
    signed,
    unit_payoffs,
)
from bargaining.solvers.small_games import small_equilibria

SOLVED = Status.solved

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

METHODS = ("auto", "vertices", "support", "lemke_howson", "nashpy", "pure")

# nashpy walks all pairs of supports in floating point; 6 x 6 has 3,969 of them (a quarter of a second), 8 x 8 takes five seconds.
MOST_NASHPY_PAIRS = 4_000


def nash_equilibria(stage: StageGame | IssueGame, *, method: str = "auto", exact: bool = False, tol: float = 1e-9) -> NashEquilibria:
    r"""Nash equilibria of a stage game, with their components, each with the largest gain from deviating.

    Payoffs are read as the decimals they stand for (or as the fractions they were given as), and moved and stretched per player before
    anything is solved: ties are ties and nothing depends on units.

    Parameters
    ----------
    stage : StageGame or IssueGame
        An IssueGame is solved in its joint normal form.
    method : {"auto", "vertices", "support", "lemke_howson", "nashpy", "pure"}
        ``vertices``: all extreme equilibria of any game, by lexicographic pivoting through both best-response polytopes, in integers.
        ``support``: all equilibria of a game without degenerate ones, by pairs of supports, in floats; pairs in which an action is
        dominated given the other support are passed over. ``auto``: in floats where every decision is clear, which proves the list
        complete, by the signs of minors up to 4 x 4 and by vertices beyond; where one is not (degenerate games, or nearly so),
        ``vertices``; a game too large for either gets its pure equilibria and one more by Lemke and Howson. ``lemke_howson``: one
        equilibrium. ``nashpy``: all pure equilibria and what nashpy's support enumeration finds; some may be missing. ``pure``: all pure
        equilibria.
    exact : bool
        Solve again in rational arithmetic: `exact_profiles` and `exact_payoffs` hold fractions, and every regret is exactly 0.
    tol : float
        Largest gain from deviating, relative to each player's payoff span, at which a profile counts as an equilibrium.

    Returns
    -------
    NashEquilibria
        Ordered by the size of the supports, then by actions. `status` is `solved` if the list is complete: all extreme equilibria, or all
        pure ones (``pure``, where `empty` says there is none); their indices were found to add up to +1. It is `inner_only`, with an
        infinite `error_bound`, if every profile listed is an equilibrium but others may exist. `degenerate` is None if not determined.

    Raises
    ------
    GameError
        If `stage` is not a game, `method` is unknown, `tol` is not in (0, 1), the game is too large for the method asked for, or degenerate
        for ``support``.

    Notes
    -----
    Practical sizes on one core, random games: ``support`` up to 12 x 12 (half a second; 14 x 14 takes five to twenty), ``auto`` up to
    12 x 12 (two hundredths of a second; 15 x 15 takes a fifth, or six seconds and lists what it finds), ``vertices`` up to 12 x 12 (three
    to five seconds).

    References
    ----------
    Mangasarian, O. (1964), Equilibrium points of bimatrix games, Journal of the SIAM 12.
    von Stengel, B. (2002), Computing equilibria for two-person games, Handbook of Game Theory 3.
    Avis, D., Rosenberg, G., Savani, R., von Stengel, B. (2010), Enumeration of Nash equilibria for two-player games, Economic Theory 42.
    Knight, V., Campbell, J. (2018), Nashpy: a Python library for the computation of Nash equilibria, Journal of Open Source Software 3.

    Examples
    --------
    >>> import bargaining as bg
    >>> chicken = bg.game([[0, 7], [2, 6]], [[0, 2], [7, 6]])
    >>> found = bg.nash_equilibria(chicken, exact=True)
    >>> found.pure(), [str(u) for u in found.exact_payoffs[2]], found.status.name
    (((0, 1), (1, 0)), ['14/3', '14/3'], 'solved')
    >>> [(part.profiles, part.index) for part in found.components]
    [((0,), 1), ((1,), 1), ((2,), -1)]
    """
    if method == "auto" and not exact and type(stage) is StageGame and type(tol) is float and 0.0 < tol < 1.0:
        small = small_equilibria(stage.payoffs, tol)
        if small is not None:
            # Written out: `NashEquilibria.deferred` would take as long as a quarter of the solution.
            profiles, answer = small
            whole = object.__new__(NashEquilibria)
            fields = whole.__dict__
            fields["status"] = SOLVED
            fields["game"] = stage
            fields["profiles"] = profiles
            fields["_write"] = partial(_small, stage, answer, tol)
            return whole
    stage = _read(stage, method, tol)
    m, n = stage.shape
    options = {"method": method, "exact": exact, "tol": tol}
    if method in ("auto", "support"):
        found = all_equilibria(stage) if method == "auto" else equilibria_by_supports(stage)
        if found is not None:
            # Pairs of supports that cannot be equilibria are not looked at, and may be degenerate.
            degenerate = False if method == "auto" else None
            if exact:
                profiles, indices, _, how = found
                return _exact_answer(stage, resolved(stage, profiles), indices, degenerate, how + ", then solved in fractions", options)
            return _generic(stage, found, degenerate, options)
        if method == "support":
            raise GameError("method 'support': the game is degenerate, or too nearly so for floats; expected 'vertices' or 'auto'")
    if method in ("auto", "vertices"):
        extreme = extreme_equilibria(stage)
        if extreme is not None:
            return _exact_answer(stage, *extreme, VERTICES, options) if exact else _rounded(stage, *extreme, options)
        if method == "vertices":
            raise GameError(f"method 'vertices': the game is {m} x {n}, too large to enumerate; expected 'pure' or 'auto'")
    pure = [(_unit(m, a), _unit(n, b)) for a, b in pure_equilibria(stage)]
    if method == "pure":
        how = "best responses: all pure equilibria"
        return _exact_pure(stage, pure, how, options) if exact else _answer(stage, pure, how, options, complete=True)
    if method == "nashpy":
        more, how = _from_nashpy(stage), "nashpy support enumeration, verified: some equilibria may be missing"
    else:
        from bargaining.solvers.lemke_howson import lemke_howson

        more, how = lemke_howson(*positive_payoffs(stage), tol), "Lemke-Howson, verified: one equilibrium"
        if method == "auto":
            how = "all pure equilibria and one by Lemke-Howson; the game is too large to enumerate all"
        else:
            pure = []
    known = _joined(pure, more)
    if exact:
        return _exact_answer(stage, _resolvable(stage, known), None, None, how + ", then solved in fractions", options)
    return _answer(stage, known, how, options, complete=False)


VERTICES = "lexicographic vertex enumeration in integers: all extreme equilibria"


def _read(stage: Any, method: str, tol: float) -> StageGame:
    if isinstance(stage, IssueGame):
        stage = stage.stage_game()
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    require_size(stage.payoffs)
    if method not in METHODS:
        raise GameError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if not (isinstance(tol, (float, int)) and 0.0 < tol < 1.0):
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    m, n = stage.shape
    if method == "support" and m + n > MOST_ACTIONS:
        raise GameError(f"method 'support': the game is {m} x {n}, too large for it; expected 'pure' or 'auto'")
    if method == "nashpy" and (2**m - 1) * (2**n - 1) > MOST_NASHPY_PAIRS:
        raise GameError(f"method 'nashpy': the game is {m} x {n}, too large for it; expected 'pure' or 'auto'")
    return stage


def pure_equilibria(stage: StageGame) -> list[tuple[int, int]]:
    """All pure equilibria. Floats are equal, or ordered, exactly as the decimals they stand for; fractions are compared themselves."""
    first, second = stage.exact_payoffs if stage.given_exactly else stage.payoffs
    best = (first == first.max(axis=0)) & (second == second.max(axis=1, keepdims=True))
    return [(int(a), int(b)) for a, b in np.argwhere(best)]


def _isolated(indices: Sequence[int]) -> tuple[NashComponent, ...]:
    return tuple(NashComponent(profiles=(k,), index=index, subsets=((k,),)) for k, index in enumerate(indices))


def _small(stage: StageGame, answer: Floats, tol: float) -> NashEquilibria:
    """The whole answer about a very small game."""
    return _whole(stage, signed(stage, answer), False, {"method": "auto", "exact": False, "tol": tol})


def _generic(stage: StageGame, found: Found, degenerate: bool | None, options: dict[str, Any]) -> NashEquilibria:
    """The same from all equilibria of any generic game."""

    status = Status.solved if found[2].max() <= options["tol"] else Status.approximate
    write = partial(_whole, stage, found, degenerate, options)
    return NashEquilibria.deferred(write, status=status, game=stage, profiles=found[0])


def _whole(stage: StageGame, found: Found, degenerate: bool | None, options: dict[str, Any]) -> NashEquilibria:
    """All that can be said of the equilibria of a generic game, each a component by itself."""
    profiles, indices, regret, how = found
    x, y = (np.array([pair[side] for pair in profiles]) for side in (0, 1))
    absolute = _regrets(stage, list(profiles)) * np.ptp(stage.payoffs, axis=(1, 2))
    largest = float(regret.max())
    return NashEquilibria(
        status=Status.solved if largest <= options["tol"] else Status.approximate,
        error_bound=largest,
        iterations=0,
        method=how,
        options=options,
        game=stage,
        profiles=profiles,
        payoffs=np.stack([((x @ matrix) * y).sum(axis=1) for matrix in stage.payoffs], axis=1),
        regret=regret,
        absolute_regret=absolute.max(axis=1),
        degenerate=degenerate,
        components=_isolated(indices),
    )


def _rounded(
    stage: StageGame, profiles: list[tuple[Mixed, Mixed]], parts: tuple[NashComponent, ...], degenerate: bool, options: dict[str, Any]
) -> NashEquilibria:
    """The answer in floats to what was found in fractions."""
    floats = [(np.array([float(w) for w in x]), np.array([float(w) for w in y])) for x, y in profiles]
    payoffs = np.array([[float(u) for u in earned(stage, x, y)] for x, y in profiles]).reshape(-1, 2)
    return _answer(stage, floats, VERTICES, options, degenerate=degenerate, parts=parts, complete=True, payoffs=payoffs)


def _exact_answer(
    stage: StageGame,
    profiles: list[tuple[Mixed, Mixed]],
    parts: tuple[NashComponent, ...] | Sequence[int] | None,
    degenerate: bool | None,
    how: str,
    options: dict[str, Any],
) -> NashEquilibria:
    """The answer in fractions; every regret is computed, and has to be 0."""
    regrets = [max(gains(stage, x, y)) for x, y in profiles]
    wrong = [k for k, gain in enumerate(regrets) if gain > 0]
    if wrong:
        raise ArithmeticError(f"profile {wrong[0]} found in floats is no equilibrium of its supports: please report this game")
    isolated = parts is not None and all(isinstance(part, int) for part in parts)
    made: tuple[NashComponent, ...] = _isolated(parts) if isolated else tuple(parts or ())  # type: ignore[arg-type]
    floats = [(np.array([float(w) for w in x]), np.array([float(w) for w in y])) for x, y in profiles]
    paid = tuple(earned(stage, x, y) for x, y in profiles)
    complete = parts is not None
    for pair in floats:
        for strategy in pair:
            strategy.flags.writeable = False
    return NashEquilibria(
        status=Status.solved if complete else Status.inner_only,
        error_bound=0.0 if complete else math.inf,
        iterations=0,
        method=how,
        options=options,
        game=stage,
        profiles=tuple(floats),
        payoffs=np.array([[float(u) for u in pair] for pair in paid]).reshape(-1, 2),
        regret=np.zeros(len(profiles)),
        absolute_regret=np.zeros(len(profiles)),
        degenerate=degenerate,
        components=made,
        exact_profiles=tuple(profiles),
        exact_payoffs=paid,
    )


def _exact_pure(stage: StageGame, pure: list[Pair], how: str, options: dict[str, Any]) -> NashEquilibria:
    found = _answer(stage, pure, how, options, complete=True)
    exactly = [tuple(tuple(Fraction(int(w)) for w in strategy) for strategy in pair) for pair in pure]
    fields = dict(vars(found), exact_profiles=tuple(exactly), exact_payoffs=tuple(earned(stage, x, y) for x, y in exactly))
    return NashEquilibria(**fields)


def _answer(
    stage: StageGame,
    profiles: list[Pair],
    how: str,
    options: dict[str, Any],
    *,
    complete: bool,
    degenerate: bool | None = None,
    parts: tuple[NashComponent, ...] = (),
    payoffs: Floats | None = None,
) -> NashEquilibria:
    """Measure the regret of every profile on payoffs relative to their span, and say what is proven."""
    span = np.ptp(stage.payoffs, axis=(1, 2))
    regrets = _regrets(stage, profiles)
    paid = np.array([[x @ matrix @ y for matrix in stage.payoffs] for x, y in profiles]).reshape(-1, 2)
    for x, y in profiles:
        x.flags.writeable = y.flags.writeable = False
    regret = regrets.max(axis=1) if len(profiles) else np.empty(0)
    largest = float(regret.max()) if len(profiles) else 0.0
    status = Status.inner_only
    if complete:
        status = Status.approximate if largest > options["tol"] else Status.solved if profiles else Status.empty
    return NashEquilibria(
        status=status,
        error_bound=largest if complete else math.inf,
        iterations=0,
        method=how,
        options=options,
        game=stage,
        profiles=tuple(profiles),
        payoffs=paid if payoffs is None else payoffs,
        regret=regret,
        absolute_regret=(regrets * span).max(axis=1) if len(profiles) else np.empty(0),
        degenerate=degenerate,
        components=parts,
    )


def _regrets(stage: StageGame, profiles: list[Pair]) -> Floats:
    """What either side gains by its best deviation from each profile, relative to its payoff span."""
    unit = [matrix - 1.0 for matrix in positive_payoffs(stage)] if profiles else []
    regrets = np.zeros((len(profiles), 2))
    for k, (x, y) in enumerate(profiles):
        for player, values in enumerate((unit[0] @ y, x @ unit[1])):
            own = float((x if player == 0 else y) @ values)
            regrets[k, player] = max(float(values.max()) - own, 0.0)
    return regrets


def _unit(size: int, action: int) -> Floats:
    found = np.zeros(size)
    found[action] = 1.0
    return found


def _joined(pure: list[Pair], more: list[Pair]) -> list[Pair]:
    """The pure profiles, which are distinct, and of the others those that are not among them yet."""
    kept = list(pure)
    for x, y in more:
        if all(max(np.abs(x - u).max(), np.abs(y - v).max()) > 1e-9 for u, v in kept):
            kept.append((x, y))
    return kept


def _resolvable(stage: StageGame, profiles: list[Pair]) -> list[tuple[Mixed, Mixed]]:
    """Those of the profiles whose supports say what their weights are."""
    found = []
    for profile in profiles:
        try:
            found += resolved(stage, [profile])
        except ArithmeticError:
            continue
    if profiles and not found:
        raise GameError("the game is degenerate: the supports found do not say what the weights are; expected method 'vertices'")
    return found


def _from_nashpy(stage: StageGame) -> list[Pair]:
    """What nashpy finds on payoffs in [0, 1], cleaned of negative rounding errors and of what is no equilibrium."""
    import warnings

    import nashpy  # type: ignore[import-untyped]

    unit = unit_payoffs(stage)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # an even number of equilibria, a singular support: the status says what is not proven
        candidates = list(nashpy.Game(unit[0], unit[1]).support_enumeration())
    cleaned = []
    for pair in candidates:
        x, y = (np.clip(np.asarray(strategy, dtype=np.float64), 0.0, None) for strategy in pair)
        if np.isfinite(x).all() and np.isfinite(y).all() and x.sum() > 0.0 and y.sum() > 0.0:
            x, y = x / x.sum(), y / y.sum()
            gain = max((unit[0] @ y).max() - x @ unit[0] @ y, (x @ unit[1]).max() - x @ unit[1] @ y)
            if gain <= 1e-9:
                cleaned.append((x, y))
    return cleaned
