r"""One equilibrium out of many, by a rule.

*Payoff dominance*: the equilibrium that pays both sides at least what every other pays. *Risk dominance* (Harsanyi and Selten 1988): of two
strict equilibria of a 2 × 2 game, the one with the larger product of both sides' losses from deviating; in larger games the Nash
equilibrium that the principal logit branch leads to. The product does not depend on the units of either side's payoffs. The branch does
on their ratio: with losses (5, 3) and (11, 1) the product selects the first equilibrium and the branch leads to the second.
*Maximum entropy*: of a continuum of equilibria the one that says least beyond being in it, :math:`\max H(x) + H(y)` over each maximal
Nash subset X × Y, a concave program on either side.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import NashEquilibria, SelectedEquilibrium, earned, read_stage, relative_regret
from bargaining.games import GameError, IssueGame, StageGame, exact
from bargaining.games.stage import near_match
from bargaining.solution import Status
from bargaining.solvers.nash import nash_equilibria
from bargaining.solvers.quantal_response import quantal_response

Floats = NDArray[np.float64]
Mixed = tuple[Floats, Floats]

RULES = ("payoff_dominant", "risk_dominant", "maximum_entropy")


def select_equilibrium(
    equilibria: NashEquilibria | StageGame | IssueGame,
    rule: str = "risk_dominant",
    *,
    subset: Sequence[int] | None = None,
    tol: float = 1e-9,
) -> SelectedEquilibrium:
    r"""Select a Nash equilibrium of a stage game.

    Parameters
    ----------
    equilibria : NashEquilibria, StageGame or IssueGame
        The answer of `nash_equilibria` to select from, or a game to enumerate the equilibria of.
    rule : {"risk_dominant", "payoff_dominant", "maximum_entropy"}
    subset : sequence of int, optional
        For ``maximum_entropy``: positions of the extreme equilibria of one maximal Nash subset, to mix these only. By default every
        maximal Nash subset of the answer is tried, or each of its profiles by itself if it lists no subsets.
    tol : float
        Largest regret, relative to the payoff span, and for ``maximum_entropy`` the largest proven loss of entropy (in nats).

    Returns
    -------
    SelectedEquilibrium
        With `profile` None and status `failed` if the rule selects nothing, as payoff dominance does if no equilibrium is best for both.
        `inner_only` if the equilibria to select from are not proven complete.

    Raises
    ------
    GameError
        If there is nothing to select from, the rule is unknown, `tol` is not in (0, 1), or the subset is none whose mixtures are
        equilibria.

    References
    ----------
    Harsanyi, J., Selten, R. (1988), A general theory of equilibrium selection in games, MIT Press.
    Jaynes, E. (1957), Information theory and statistical mechanics, Physical Review 106.

    Examples
    --------
    >>> import bargaining as bg
    >>> stag_hunt = bg.game([[10, 1], [8, 5]], [[10, 8], [1, 5]], actions=[("stag", "hare")] * 2)
    >>> [bg.select_equilibrium(stag_hunt, rule).payoffs.tolist() for rule in ("payoff_dominant", "risk_dominant")]
    [[10.0, 10.0], [5.0, 5.0]]
    """
    if rule not in RULES:
        raise GameError(f"rule {rule!r}{near_match(rule, RULES)}: expected one of {', '.join(RULES)}")
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1")
    stage = read_stage(equilibria.game if isinstance(equilibria, NashEquilibria) else equilibria)
    if rule == "risk_dominant":
        profile, status, error, method = _risk_dominant(stage, tol)
        return _answer(stage, rule, profile, status, error, method, tol)
    found = equilibria if isinstance(equilibria, NashEquilibria) else nash_equilibria(stage)
    if not found.profiles:
        raise GameError("no equilibrium to select from: none is listed")
    complete = Status.solved if found.status.is_answer else Status.inner_only
    if rule == "payoff_dominant":
        best = _payoff_dominant(found)
        method = f"largest payoffs for both among {len(found.profiles)} equilibria"
        return _answer(stage, rule, best, complete, 0.0, method, tol)
    profile, error = _maximum_entropy(found, subset)
    regret = relative_regret(stage, *profile)
    if regret > max(tol, 10 * float(found.regret.max())):
        raise GameError(f"subset {subset!r}: its mixtures are no equilibria (regret {regret:.3g}); expected a maximal Nash subset")
    method = "largest entropy of both mixed actions by SLSQP, checked by its linear bound"
    return _answer(stage, rule, profile, complete if error <= tol else Status.approximate, error, method, tol)


def _answer(
    stage: StageGame, rule: str, profile: Mixed | None, status: Status, error: float, method: str, tol: float
) -> SelectedEquilibrium:
    if profile is None:
        reason = (
            "no equilibrium is the best for both sides" if rule == "payoff_dominant" else "the logit branch was not followed to its end"
        )
        status, payoffs, regret = Status.failed, np.full(2, math.nan), math.nan
    else:
        reason, payoffs, regret = "", earned(stage, *profile), relative_regret(stage, *profile)
    return SelectedEquilibrium(
        status=status,
        error_bound=error,
        iterations=0,
        method=method,
        options={"rule": rule, "tol": tol},
        game=stage,
        rule=rule,
        profile=profile,
        payoffs=payoffs,
        regret=regret,
        reason=reason,
    )


def _payoff_dominant(found: NashEquilibria) -> Mixed | None:
    """The first extreme equilibrium that pays both sides most; a mixture in a Nash subset pays both as much only if its corners do."""
    spans = np.ptp(found.game.payoffs, axis=(1, 2)) if isinstance(found.game, StageGame) else np.abs(found.payoffs).max(axis=0)
    best = (found.payoffs >= found.payoffs.max(axis=0) - 1e-13 * spans).all(axis=1)
    return found.profiles[int(best.argmax())] if best.any() else None


def _risk_dominant(stage: StageGame, tol: float) -> tuple[Mixed | None, Status, float, str]:
    diagonals = (((0, 0), (1, 1)), ((0, 1), (1, 0)))
    for pair in diagonals if stage.shape == (2, 2) else ():
        losses = [_losses(stage, profile) for profile in pair]
        if any(loss <= 0 for each in losses for loss in each):
            continue
        products = [each[0] * each[1] for each in losses]
        method = "the larger product of deviation losses (Harsanyi and Selten)"
        if products[0] != products[1]:
            a, b = pair[0] if products[0] > products[1] else pair[1]
            return (_unit(2, a), _unit(2, b)), Status.solved, 0.0, method
        # Neither dominates: the mixed equilibrium, at which each action of a side is a best response.
        (first_us, first_cn), (second_us, second_cn) = losses
        x, y = np.zeros(2), np.zeros(2)
        x[pair[0][0]] = float(second_cn / (first_cn + second_cn))
        y[pair[0][1]] = float(second_us / (first_us + second_us))
        x[pair[1][0]], y[pair[1][1]] = 1.0 - x[pair[0][0]], 1.0 - y[pair[0][1]]
        return (x, y), Status.solved, 0.0, method + ": a tie, so the mixed equilibrium"
    branch = quantal_response(stage, tol=tol)
    return branch.limit, branch.status, branch.error_bound, "the limit of the principal logit branch"


def _losses(stage: StageGame, profile: tuple[int, int]) -> tuple[Any, Any]:
    """What each side loses by leaving a profile of a 2 × 2 game, exactly."""
    a, b = profile
    g = stage.payoffs
    return exact(g[0, a, b]) - exact(g[0, 1 - a, b]), exact(g[1, a, b]) - exact(g[1, a, 1 - b])


def _unit(size: int, action: int) -> Floats:
    made = np.zeros(size)
    made[action] = 1.0
    return made


def _maximum_entropy(found: NashEquilibria, subset: Sequence[int] | None) -> tuple[Mixed, float]:
    """The mixture of largest entropy over one subset or all of them, and how much entropy it may miss."""
    count = len(found.profiles)
    if subset is not None:
        if not subset or any(isinstance(k, bool) or not isinstance(k, (int, np.integer)) or not 0 <= k < count for k in subset):
            raise GameError(f"subset {subset!r}: expected positions of equilibria from 0 to {count - 1}")
        subsets: list[Sequence[int]] = [subset]
    else:
        components: Any = getattr(found, "components", ())
        subsets = [each for component in components for each in component.subsets] or [(k,) for k in range(count)]
    best: tuple[float, Mixed, float] | None = None
    for positions in subsets:
        sides = [_most_mixed(np.unique([found.profiles[k][side] for k in positions], axis=0)) for side in (0, 1)]
        entropy = sides[0][1] + sides[1][1]
        # Subsets come in order; a later one has to be better by more than rounding.
        if best is None or entropy > best[0] + 1e-9:
            best = entropy, (sides[0][0], sides[1][0]), sides[0][2] + sides[1][2]
    assert best is not None
    return best[1], best[2]


def _entropy(x: Floats) -> float:
    played = x[x > 0.0]
    return float(-(played * np.log(played)).sum()) + 0.0


def _most_mixed(corners: Floats) -> tuple[Floats, float, float]:
    """The point of a hull with the largest entropy, its entropy, and a bound on what a better one could have more.

    Entropy is concave, so no point x' has more than H(x) + (x' - x) · ∇H(x), which is largest at a corner.
    """
    if len(corners) == 1:
        return corners[0], _entropy(corners[0]), 0.0
    from scipy.optimize import minimize

    played = corners[:, corners.max(axis=0) > 0.0]

    def loss(weights: Floats) -> tuple[float, Floats]:
        x = np.clip(weights @ played, 1e-300, None)
        logs = np.log(x)
        return float((x * logs).sum()), played @ (logs + 1.0)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # steps that leave the bounds by a rounding error; the bound below says how good the answer is
        answer: Any = minimize(  # type: ignore[call-overload]
            loss,
            np.full(len(corners), 1.0 / len(corners)),
            jac=True,
            bounds=[(0.0, 1.0)] * len(corners),
            constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": np.ones_like}],
            method="SLSQP",
            options={"ftol": 1e-16, "maxiter": 1000},
        )
    weights = np.clip(answer.x, 0.0, None)
    weights /= weights.sum()
    slope = -np.log(np.clip(weights @ played, 1e-300, None))
    bound = float((played @ slope).max() - (weights @ played) @ slope)
    x = weights @ corners
    return x, _entropy(x), max(bound, 0.0)
