r"""Nash equilibria of two-player stage games.

A pair of mixed actions (x, y) is an equilibrium if neither side can gain by deviating. The *extreme* equilibria are the pairs of
vertices of the two best-response polytopes :math:`P = \{x \ge 0 : B^\top x \le 1\}` and :math:`Q = \{y \ge 0 : A y \le 1\}` (payoffs
shifted to be positive) that are completely labelled: every action of either side is unplayed or a best response. They are finitely
many, and every equilibrium mixes extreme ones side by side (Mangasarian 1964; von Stengel 2002).
"""

import math
import warnings
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, StageGame, exact
from bargaining.solution import NashEquilibria, Status

Floats = NDArray[np.float64]
Integers = list[list[int]]
Mixed = tuple[Fraction, ...]

METHODS = ("auto", "vertices", "support", "pure")

# Exact enumeration solves one small linear system a basis: 6 x 6 has 924 of them (a tenth of a second), 8 x 8 has 12,870 (two seconds).
MOST_BASES = 25_000
# nashpy walks all pairs of supports in floating point; 6 x 6 has 3,969 of them (a quarter of a second), 8 x 8 takes five seconds.
MOST_SUPPORT_PAIRS = 4_000


def nash_equilibria(stage: StageGame | IssueGame, *, method: str = "auto", tol: float = 1e-9) -> NashEquilibria:
    r"""Nash equilibria of a stage game, each with the largest gain from deviating.

    Payoffs are read as the decimals they stand for, so ties are ties and nothing depends on units.

    Parameters
    ----------
    stage : StageGame or IssueGame
        An IssueGame is solved in its joint normal form.
    method : {"auto", "vertices", "support", "pure"}
        ``vertices``: all extreme equilibria, by enumerating the vertices of both best-response polytopes in exact integer arithmetic.
        ``support``: all pure equilibria and what nashpy's support enumeration finds in floating point; some may be missing.
        ``pure``: all pure equilibria. ``auto``: ``vertices`` if the game is small enough, else ``pure``.
    tol : float
        Largest gain from deviating, relative to each player's payoff span, at which a profile counts as an equilibrium.

    Returns
    -------
    NashEquilibria
        Pure equilibria first, in the order of the actions. `status` is `solved` if the list is proven complete: all extreme equilibria
        (``vertices``), all pure ones (``pure``, where `empty` says there is none). It is `inner_only`, with an infinite `error_bound`,
        if every profile listed is an equilibrium but others may exist: ``support``, and ``auto`` for a game too large to enumerate.
        `degenerate` is None if not determined.

    Raises
    ------
    GameError
        If `stage` is not a game, `method` is unknown, `tol` is not in (0, 1), or the game is too large for the method asked for.

    References
    ----------
    Mangasarian, O. (1964), Equilibrium points of bimatrix games, Journal of the SIAM 12.
    von Stengel, B. (2002), Computing equilibria for two-person games, Handbook of Game Theory 3.
    Knight, V., Campbell, J. (2018), Nashpy: a Python library for the computation of Nash equilibria, Journal of Open Source Software 3.

    Examples
    --------
    >>> import bargaining as bg
    >>> chicken = bg.game([[0, 7], [2, 6]], [[0, 2], [7, 6]])
    >>> found = bg.nash_equilibria(chicken)
    >>> found.pure(), found.payoffs[2].round(6).tolist(), found.status.name
    (((0, 1), (1, 0)), [4.666667, 4.666667], 'solved')
    """
    stage = _read(stage, method, tol)
    m, n = stage.shape
    large = math.comb(m + n, m) > MOST_BASES
    chosen = ("pure" if large else "vertices") if method == "auto" else method
    if chosen == "vertices" and large:
        raise GameError(f"method 'vertices': the game is {m} x {n}, too large to enumerate; expected 'pure' or 'auto'")
    if chosen == "support" and (2**m - 1) * (2**n - 1) > MOST_SUPPORT_PAIRS:
        raise GameError(f"method 'support': the game is {m} x {n}, too large to enumerate; expected 'pure' or 'auto'")
    proven = method in ("vertices", "pure") or (method == "auto" and not large)

    degenerate: bool | None = None
    profiles = [(_unit(m, a), _unit(n, b)) for a, b in _pure(stage)]
    if chosen == "vertices":
        found, degenerate = _extreme(stage)
        profiles = sorted(found, key=lambda pair: (max(map(_support_size, pair)), [-w for w in pair[0]], [-w for w in pair[1]]))
    elif chosen == "support":
        profiles += [pair for pair in _from_nashpy(stage) if max(map(_support_size, pair)) > 1]
    return _answer(stage, profiles, proven=proven, degenerate=degenerate, chosen=chosen, method=method, tol=tol)


def _read(stage: Any, method: str, tol: float) -> StageGame:
    if isinstance(stage, IssueGame):
        stage = stage.stage_game()
    if not isinstance(stage, StageGame):
        raise GameError(f"stage is a {type(stage).__name__}: expected a StageGame or an IssueGame")
    if method not in METHODS:
        raise GameError(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1, relative to the payoff span")
    return stage


def _answer(
    stage: StageGame, profiles: list[tuple[Mixed, Mixed]], *, proven: bool, degenerate: bool | None, chosen: str, method: str, tol: float
) -> NashEquilibria:
    """Verify every profile on payoffs relative to their span, drop what nashpy got wrong or twice, and say what is proven."""
    unit = _normalised(stage)
    kept: list[tuple[Floats, Floats]] = []
    values, regrets = [], []
    for weights in profiles:
        x, y = (np.array(strategy, dtype=np.float64) for strategy in weights)
        regret = max(float((unit[0] @ y).max() - x @ unit[0] @ y), float((x @ unit[1]).max() - x @ unit[1] @ y), 0.0)
        if chosen == "support" and (not regret <= tol or _is_among(kept, x, y)):
            continue
        for strategy in (x, y):
            strategy.flags.writeable = False
        kept.append((x, y))
        values.append([_earned(matrix, *weights) for matrix in stage.payoffs])
        regrets.append(regret)
    largest = max(regrets, default=0.0)
    status = Status.inner_only
    if proven:
        status = Status.approximate if largest > tol else Status.solved if kept else Status.empty
    return NashEquilibria(
        status=status,
        error_bound=largest if proven else math.inf,
        iterations=0,
        method={
            "vertices": "vertex enumeration in exact arithmetic: all extreme equilibria",
            "support": "nashpy support enumeration, verified: some equilibria may be missing",
            "pure": "best responses: all pure equilibria" + ("" if proven else "; the game is too large to enumerate mixed ones"),
        }[chosen],
        options={"method": method, "tol": tol},
        game=stage,
        profiles=tuple(kept),
        payoffs=np.array(values).reshape(-1, 2),
        regret=np.array(regrets),
        degenerate=degenerate,
    )


def _is_among(kept: list[tuple[Floats, Floats]], x: Floats, y: Floats) -> bool:
    return any(max(np.abs(x - other_x).max(), np.abs(y - other_y).max()) <= 1e-9 for other_x, other_y in kept)


def _normalised(stage: StageGame) -> Floats:
    """Payoffs of each player on [0, 1]; zeros for a player who is indifferent over everything."""
    unit = np.zeros_like(stage.payoffs)
    for player, matrix in enumerate(stage.payoffs):
        low, high = exact(matrix.min()), exact(matrix.max())
        if high > low:
            unit[player] = [[float((exact(u) - low) / (high - low)) for u in row] for row in matrix.tolist()]
    return unit


def _earned(matrix: Floats, x: Mixed, y: Mixed) -> float:
    """Expected payoff, rounded once."""
    played = [(a, b) for a, p in enumerate(x) if p > 0 for b, q in enumerate(y) if q > 0]
    return float(sum((Fraction(x[a]) * Fraction(y[b]) * exact(matrix[a, b]) for a, b in played), Fraction(0)))


def _pure(stage: StageGame) -> list[tuple[int, int]]:
    """All pure equilibria. Comparing floats is exact: two are equal, or ordered, exactly as the decimals they stand for."""
    first, second = stage.payoffs
    best = (first == first.max(axis=0)) & (second == second.max(axis=1, keepdims=True))
    return [(int(a), int(b)) for a, b in np.argwhere(best)]


def _unit(size: int, action: int) -> Mixed:
    return tuple(Fraction(k == action) for k in range(size))


def _support_size(strategy: Mixed) -> int:
    return sum(weight > 0 for weight in strategy)


def _extreme(stage: StageGame) -> tuple[list[tuple[Mixed, Mixed]], bool]:
    """All extreme equilibria, and whether the game is degenerate (a mixed action with more best responses than actions played)."""
    m, n = stage.shape
    first, second = _positive_integers(stage.payoffs[0]), _positive_integers(stage.payoffs[1])
    rows = list(_vertices([list(column) for column in zip(*second, strict=True)], m))
    columns = list(_vertices(first, n))
    degenerate = any(count > m for _, _, _, count in rows) or any(count > n for _, _, _, count in columns)
    found = [
        (x, y)
        for x, idle_us, best_cn, _ in rows
        for y, idle_cn, best_us, _ in columns
        if idle_us | best_us == (1 << m) - 1 and idle_cn | best_cn == (1 << n) - 1
    ]
    return found, degenerate


def _positive_integers(matrix: Floats) -> Integers:
    """A positive affine image of a payoff matrix in positive integers, exactly."""
    numbers = [[exact(u) for u in row] for row in matrix.tolist()]
    low = min(min(row) for row in numbers)
    scale = math.lcm(*(u.denominator for row in numbers for u in row))
    whole = [[int((u - low) * scale) for u in row] for row in numbers]
    common = math.gcd(*(u for row in whole for u in row)) or 1
    return [[u // common + 1 for u in row] for row in whole]


def _vertices(constraints: Integers, size: int) -> Iterator[tuple[Mixed, int, int, int]]:
    """Vertices z of {z ≥ 0, constraints · z ≤ 1} but the origin, as mixed actions.

    With each come two bit masks, the actions unplayed and the constraints that bind (the other side's best responses), and how many
    these are together.
    """
    seen = set()
    for width in range(1, min(size, len(constraints)) + 1):
        for support in combinations(range(size), width):
            for tight in combinations(range(len(constraints)), width):
                weights = _solve_for_ones([[constraints[j][i] for i in support] for j in tight])
                if weights is None or min(weights[0]) < 0:
                    continue
                numerators, denominator = weights
                loads = [sum(row[i] * w for i, w in zip(support, numerators, strict=True)) for row in constraints]
                if max(loads) > denominator:
                    continue
                total = sum(numerators)
                by_action = dict(zip(support, numerators, strict=True))
                strategy = tuple(Fraction(by_action.get(i, 0), total) for i in range(size))
                if strategy in seen:
                    continue
                seen.add(strategy)
                idle = sum(1 << i for i in range(size) if strategy[i] == 0)
                best = sum(1 << j for j, load in enumerate(loads) if load == denominator)
                yield strategy, idle, best, idle.bit_count() + best.bit_count()


def _solve_for_ones(matrix: Integers) -> tuple[list[int], int] | None:
    """Solve matrix · z = (1, …, 1) by fraction-free elimination (Bareiss 1968): z = numerators / denominator > 0, None if singular."""
    size = len(matrix)
    rows = [[*row, 1] for row in matrix]
    previous = 1
    for k in range(size):
        pivot = next((r for r in range(k, size) if rows[r][k] != 0), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        head = rows[k]
        for r in range(size):
            if r != k:
                row, factor = rows[r], rows[r][k]
                rows[r] = [(head[k] * row[c] - factor * head[c]) // previous for c in range(size + 1)]
        previous = head[k]
    sign = 1 if previous > 0 else -1
    return [sign * row[size] for row in rows], abs(previous)


def _from_nashpy(stage: StageGame) -> list[tuple[Mixed, Mixed]]:
    """What nashpy finds on payoffs in [0, 1], cleaned of negative rounding errors; nothing is taken on trust."""
    unit = _normalised(stage)
    import nashpy  # type: ignore[import-untyped]

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # an even number of equilibria, a singular support: the status says what is not proven
        candidates = list(nashpy.Game(unit[0], unit[1]).support_enumeration())
    cleaned = []
    for pair in candidates:
        x, y = (np.clip(np.asarray(strategy, dtype=np.float64), 0.0, None) for strategy in pair)
        if np.isfinite(x).all() and np.isfinite(y).all() and x.sum() > 0.0 and y.sum() > 0.0:
            cleaned.append((tuple(map(Fraction, x / x.sum())), tuple(map(Fraction, y / y.sum()))))
    return cleaned
