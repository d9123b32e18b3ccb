r"""Logit quantal response equilibria along their principal branch.

At precision :math:`\lambda` each side plays better actions more often, :math:`x_a \propto \exp(\lambda\,g_0(a, y))`, and so does the other
(McKelvey and Palfrey 1995). From the uniform mixture at :math:`\lambda = 0` a branch of such equilibria leads to a Nash equilibrium as
:math:`\lambda \to \infty`. It is followed in logarithms of probabilities (Turocy 2005), where it stays smooth as actions die out: a step
along the tangent, then Newton's method back to the curve, the step longer or shorter by how well that went (Allgower and Georg 1990), and
shorter where it could have jumped to another branch. In a symmetric game another branch may cross: then the principal one is followed
straight on. The branch may turn back in :math:`\lambda`; at a precision asked for, its first crossing is the answer.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.stage import QuantalResponse, earned, read_stage, relative_regret
from bargaining.games import GameError, IssueGame, StageGame
from bargaining.solution import Status
from bargaining.solvers.nash import nash_equilibria

Floats = NDArray[np.float64]

# Largest Newton correction (in log-probabilities), contraction of the residual and turn of the tangent that a step may need.
_FAR, _CONTRACTION, _TURN = 0.4, 0.3, 0.98
# Where the orientation of the curve changes, it was crossed by another, or the step jumped to another. A step this short cannot jump far.
_CROSSING = 1e-6
# Log-probabilities are not positive; a guess that is so far off will not come back.
_OUTSIDE = 5.0
# Precision times payoff span beyond which payoff differences times precision are no longer known to 1e-8.
_LAST = 1e7


def quantal_response(
    stage: StageGame | IssueGame,
    precision: float | Sequence[float] = (),
    *,
    limit: bool = True,
    tol: float = 1e-9,
    max_iter: int = 20_000,
) -> QuantalResponse:
    r"""Logit quantal response equilibria on the principal branch, and the Nash equilibrium that it leads to.

    Parameters
    ----------
    stage : StageGame or IssueGame
        An IssueGame is solved in its joint normal form.
    precision : float or sequence of floats
        :math:`\lambda \ge 0`, one over payoff units: payoffs in another unit need another precision.
    limit : bool
        Whether to follow the branch to its end.
    tol : float
        Largest residual of a probability, and largest regret (relative to the payoff span) and change of the limit over the last doubling
        of the precision, that count as solved.
    max_iter : int
        Largest number of steps along the branch.

    Returns
    -------
    QuantalResponse
        `error_bound` is the largest residual, or change of the limit over the last doubling of the precision. In a continuum of equilibria
        the limit is approached slowly (in log(λ)/λ); what is stated is extrapolated and may still be `approximate`. If the branch is far
        from its end where floats end and the game has one equilibrium only, the limit is that one, and `method` says so.

    Raises
    ------
    GameError
        If `stage` is not a game, a precision is negative or not finite, `tol` is not in (0, 1) or `max_iter` is not positive.

    References
    ----------
    McKelvey, R., Palfrey, T. (1995), Quantal response equilibria for normal form games, Games and Economic Behavior 10.
    Turocy, T. (2005), A dynamic homotopy interpretation of the logistic quantal response equilibrium correspondence, Games and Economic
    Behavior 51.
    Allgower, E., Georg, K. (1990), Numerical continuation methods, Springer.

    Examples
    --------
    >>> import bargaining as bg
    >>> stag_hunt = bg.game([[10, 1], [8, 5]], [[10, 8], [1, 5]])
    >>> found = bg.quantal_response(stag_hunt, [0.5, 2])
    >>> [round(float(x[0]), 6) for x, _ in found.profiles], found.limit[0].tolist()
    ([0.195846, 0.000337], [0.0, 1.0])
    """
    stage = read_stage(stage)
    wanted = _read_precision(precision)
    if not 0.0 < tol < 1.0:
        raise GameError(f"tol is {tol!r}: expected a number between 0 and 1")
    if isinstance(max_iter, bool) or not isinstance(max_iter, int) or max_iter < 1:
        raise GameError(f"max_iter is {max_iter!r}: expected a positive number of steps")
    curve = _Curve(stage)
    found, end, change, turns, steps = _follow(curve, wanted * curve.span, limit, tol, max_iter)
    method = "predictor and corrector along the principal logit branch in log-probabilities"
    if end and change > tol:
        # The branch leads to an equilibrium, and may be far from it still where floats end.
        nash = nash_equilibria(stage)
        if nash.status is Status.solved and len(nash.profiles) == 1:
            end, change = nash.profiles[0], nash.error_bound
            method += "; its limit is the only equilibrium there is"
    profiles = [curve.profile(found[t]) if t in found else _unknown(stage) for t in (wanted * curve.span).tolist()]
    residual = np.array([_residual(stage, lam, *pair) for lam, pair in zip(wanted, profiles, strict=True)])
    limit_regret = relative_regret(stage, *end) if end else math.nan
    missed = len(found) < len(set((wanted * curve.span).tolist())) or (limit and end is None)
    worst = max(float(np.nan_to_num(residual, nan=math.inf).max(initial=0.0)), *((change, limit_regret) if end else (0.0, 0.0)))
    return QuantalResponse(
        status=Status.max_iter if missed else Status.solved if worst <= tol else Status.approximate,
        error_bound=math.inf if missed else worst,
        iterations=steps,
        method=method,
        options={"precision": wanted.tolist(), "limit": limit, "tol": tol, "max_iter": max_iter},
        game=stage,
        precision=wanted,
        profiles=tuple(profiles),
        payoffs=np.array([earned(stage, x, y) for x, y in profiles]).reshape(-1, 2),
        residual=residual,
        limit=end,
        limit_regret=limit_regret,
        turning_points=tuple(t / curve.span for t in turns),
    )


def _read_precision(precision: float | Sequence[float]) -> Floats:
    try:
        wanted = np.atleast_1d(np.asarray(precision, dtype=np.float64)).copy()
    except (TypeError, ValueError):
        raise GameError(f"precision {precision!r}: expected a number or several") from None
    if wanted.ndim != 1 or not np.isfinite(wanted).all() or (wanted < 0.0).any():
        raise GameError(f"precision {precision!r}: expected finite numbers that are not negative")
    return wanted


def _unknown(stage: StageGame) -> tuple[Floats, Floats]:
    return np.full(stage.shape[0], math.nan), np.full(stage.shape[1], math.nan)


def _residual(stage: StageGame, precision: float, x: Floats, y: Floats) -> float:
    """Largest difference between a probability and the logit response to the other side."""
    largest = 0.0
    for own, other, values in ((x, y, stage.payoffs[0]), (y, x, stage.payoffs[1].T)):
        replies = precision * (values - values.max()) @ other
        response = np.exp(replies - replies.max())
        largest = max(largest, float(np.abs(own - response / response.sum()).max()))
    return largest


class _Curve:
    """The branch as the zeros of a function of log-probabilities and t, precision times payoff span (of the player with the larger one)."""

    def __init__(self, stage: StageGame) -> None:
        spans = stage.payoffs.max(axis=(1, 2)) - stage.payoffs.min(axis=(1, 2))
        self.span = float(spans.max()) or 1.0
        self.m, self.n = stage.shape
        low = stage.payoffs.min(axis=(1, 2))
        self._first = (stage.payoffs[0] - low[0]) / self.span
        self._second = (stage.payoffs[1] - low[1]).T / self.span
        # What is an action worth more than the first one, against each action of the other side.
        self._more = [self._first[1:] - self._first[0], self._second[1:] - self._second[0]]
        self.stage = stage

    def start(self) -> Floats:
        """The uniform mixtures, t = 0."""
        return np.concatenate([np.full(self.m, -math.log(self.m)), np.full(self.n, -math.log(self.n)), [0.0]])

    def profile(self, point: Floats) -> tuple[Floats, Floats]:
        """Probabilities at a point of the curve."""
        pair = np.exp(point[: self.m]), np.exp(point[self.m : self.m + self.n])
        x, y = (strategy / strategy.sum() for strategy in pair)
        for strategy in (x, y):
            strategy.flags.writeable = False
        return x, y

    def value(self, point: Floats) -> Floats:
        """The function, shape (m + n,)."""
        m, n, t = self.m, self.n, point[-1]
        logs = point[:m], point[m : m + n]
        x, y = np.exp(logs[0]), np.exp(logs[1])
        return np.concatenate(
            [
                logs[0][1:] - logs[0][0] - t * (self._more[0] @ y),
                logs[1][1:] - logs[1][0] - t * (self._more[1] @ x),
                [x.sum() - 1.0, y.sum() - 1.0],
            ]
        )

    def jacobian(self, point: Floats) -> Floats:
        """Its derivatives, shape (m + n, m + n + 1)."""
        m, n, t = self.m, self.n, point[-1]
        x, y = np.exp(point[:m]), np.exp(point[m : m + n])
        made = np.zeros((m + n, m + n + 1))
        made[: m - 1, 0] = -1.0
        made[: m - 1, 1:m] = np.eye(m - 1)
        made[: m - 1, m:-1] = -t * self._more[0] * y
        made[: m - 1, -1] = -(self._more[0] @ y)
        made[m - 1 : -2, m] = -1.0
        made[m - 1 : -2, m + 1 : -1] = np.eye(n - 1)
        made[m - 1 : -2, :m] = -t * self._more[1] * x
        made[m - 1 : -2, -1] = -(self._more[1] @ x)
        made[-2, :m] = x
        made[-1, m:-1] = y
        return made

    def tangent(self, point: Floats, along: Floats) -> Floats:
        """Unit tangent on the side of `along`."""
        basis, _ = np.linalg.qr(self.jacobian(point).T, mode="complete")
        found: Floats = basis[:, -1]
        return found if found @ along >= 0.0 else -found

    def orientation(self, point: Floats, along: Floats) -> float:
        """Sign of the determinant of the derivatives and the tangent: constant along a curve that no other crosses."""
        return float(np.linalg.slogdet(np.vstack([self.jacobian(point), along])).sign)

    def correct(self, point: Floats) -> tuple[Floats, float, float] | None:
        """Newton's method back to the curve: the point, the first correction and the contraction; None if it does not converge."""
        first, contraction, before = 0.0, 0.0, math.inf
        rounding = 1e-13 * (1.0 + abs(point[-1]))
        for k in range(8):
            if point[:-1].max() > _OUTSIDE:
                return None
            value = self.value(point)
            size = float(np.abs(value).max())
            if not math.isfinite(size) or (k == 0 and size > 1e3 * (1.0 + abs(point[-1]))):
                return None
            if k == 1:
                contraction = size / before if before > rounding else 0.0
            if size <= rounding:
                return point, first, contraction
            if size > before:
                return None
            basis, triangle = np.linalg.qr(self.jacobian(point).T)
            if np.abs(np.diag(triangle)).min() == 0.0:
                return None
            step = -basis @ np.linalg.solve(triangle.T, value)
            if k == 0:
                first = float(np.linalg.norm(step))
            point, before = point + step, size
        return None

    def at(self, guess: Floats, t: float) -> Floats | None:
        """The point at t near a guess, by Newton's method with t held; None if it does not converge."""
        point = guess.copy()
        point[-1] = t
        for _ in range(30):
            if not point[:-1].max() <= _OUTSIDE:
                return None
            value = self.value(point)
            matrix = self.jacobian(point)[:, :-1]
            try:
                step = np.linalg.solve(matrix, -value)
            except np.linalg.LinAlgError:
                return None
            point[:-1] += step
            if np.abs(step).max() <= 1e-14 * (1.0 + np.abs(point).max()):
                return point
        return point if np.abs(self.value(point)).max() <= 1e-12 * (1.0 + t) else None

    def crossing(self, before: Floats, after: Floats, t: float) -> Floats | None:
        """The point at t between two neighbours on the curve."""
        share = (t - before[-1]) / ((after[-1] - before[-1]) or 1.0)
        return self.at(before + share * (after - before), t)

    def nash_near(self, doublings: list[Floats]) -> tuple[Floats, Floats] | None:
        """The profile without payoff differences among the actions still played that is nearest to where points far out lead to.

        The last four are a doubling of t apart each. They come nearer to a limit in a continuum of equilibria by terms in 1/t and log(t)/t
        (actions not best there die out in powers of t), both of which the combination below leaves out, and by smaller ones in
        log(log(t))/t, of which it leaves little. None if a weight is negative.
        """
        *_, last = pairs = [self.profile(point) for point in doublings]
        alive = 1.0 / math.sqrt(1.0 + doublings[-1][-1])
        supports = np.flatnonzero(last[0] > alive), np.flatnonzero(last[1] > alive)
        for leads_to in ([8.0 * d - 12.0 * c + 6.0 * b - a for a, b, c, d in zip(*pairs, strict=True)] if len(pairs) == 4 else last, last):
            y_end = _indifferent(self._first[supports[0]], supports[1], leads_to[1])
            x_end = _indifferent(self._second[supports[1]], supports[0], leads_to[0])
            if x_end is not None and y_end is not None:
                return x_end, y_end
        return None


def _indifferent(rows: Floats, support: NDArray[np.intp], near: Floats) -> Floats | None:
    """The mixture on a support that is nearest to another and makes the rows equally good."""
    kept = near[support]
    equations = np.vstack([rows[1:, support] - rows[0, support], np.ones(len(support))])
    wanted = np.append(np.zeros(len(rows) - 1), 1.0)
    step = np.linalg.lstsq(equations, wanted - equations @ kept, rcond=1e-10)[0]
    weights = kept + step
    if weights.min() < -1e-12:
        return None
    found = np.zeros_like(near)
    found[support] = np.clip(weights, 0.0, None)
    found /= found.sum()
    found.flags.writeable = False
    return found


def _follow(
    curve: _Curve, targets: Floats, limit: bool, tol: float, max_iter: int
) -> tuple[dict[float, Floats], tuple[Floats, Floats] | None, float, list[float], int]:
    """Points at the targets, the limit and how much its estimate last changed, where the branch turned, and the number of steps."""
    point = curve.start()
    pending = sorted(set(targets.tolist()))
    found: dict[float, Floats] = {}
    if pending and pending[0] == 0.0:
        found[pending.pop(0)] = point
    turns: list[float] = []
    along = np.zeros(len(point))
    along[-1] = 1.0
    along = curve.tangent(point, along)
    orientation = curve.orientation(point, along)
    length, milestone = 0.1, 64.0
    doublings: list[Floats] = []
    ends: list[tuple[Floats, Floats]] = []
    change, steps = math.inf, 0
    while (pending or limit) and steps < max_iter:
        steps += 1
        corrected = curve.correct(point + length * along)
        if corrected is None:
            length *= 0.5
        else:
            after, first, contraction = corrected
            forward = curve.tangent(after, along)
            strain = max(
                math.sqrt(contraction / _CONTRACTION),
                math.sqrt(first / _FAR),
                math.sqrt(max(1.0 - float(forward @ along), 0.0) / (1.0 - _TURN)),
            )
            if strain >= 2.0 and length > 1e-9:
                length *= 0.5
                continue
            side = curve.orientation(after, forward)
            if side != orientation and length > _CROSSING:
                length *= 0.5
                continue
            crossed = {t: curve.crossing(point, after, t) for t in pending if min(point[-1], after[-1]) <= t <= max(point[-1], after[-1])}
            if any(each is None for each in crossed.values()) and length > 1e-9:
                length *= 0.5
                continue
            found.update({t: each for t, each in crossed.items() if each is not None})
            pending = [t for t in pending if t not in found]
            if forward[-1] * along[-1] < 0.0:
                turns.append(float(max(point[-1], after[-1]) if along[-1] > 0.0 else min(point[-1], after[-1])))
            while limit and after[-1] >= milestone:
                there = curve.crossing(point, after, milestone)
                doublings = [*doublings[-3:], there] if there is not None else [after]
                milestone *= 2.0
                end = curve.nash_near(doublings)
                if end is None or relative_regret(curve.stage, *end) > tol:
                    continue
                ends.append(end)
                near = max(float(np.abs(a - b).max()) for a, b in zip(end, curve.profile(doublings[-1]), strict=True))
                if len(ends) > 1:
                    change = max(float(np.abs(a - b).max()) for a, b in zip(ends[-1], ends[-2], strict=True))
                    limit = change > tol / 2 or near > 1e-2
            point, along, orientation = after, forward, side
            length /= min(max(strain, 0.4), 2.0)
        if length < 1e-12:
            break
        if point[-1] > _LAST:
            limit = False
    return found, ends[-1] if ends and not limit else None, change if ends else 0.0, turns, steps
