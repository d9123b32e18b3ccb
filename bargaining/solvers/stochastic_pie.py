r"""Alternating offers over a pie whose size changes: when it is worth waiting (Merlo and Wilson 1995).

A Markov chain moves between states s; in each the surplus is c(s), and one side, or a coin, proposes. A refusal costs a period with flows
d(s). With v the expected values next period, a responder accepts what is worth :math:`R_i(s) = (1-\delta_i) d_i(s) + \delta_i E_s v_i`;
the sides agree at s exactly if :math:`c(s) \ge R_0(s) + R_1(s)`. The values are the unique fixed point of a map with modulus
:math:`\max_i \delta_i`. With a common discount factor and no flows the joint value :math:`W = \max\{c, \delta E W\}` is that of optimal
stopping: delay is efficient. The solver improves the set of states with agreement (each a linear system) until none changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.offers import PieChain, StochasticPie
from bargaining.games import GameError
from bargaining.games.discounting import read_delta
from bargaining.games.stage import read_payoffs
from bargaining.solution import Status

Floats = NDArray[np.float64]

MAX_ITER = 1_000_000


def stochastic_pie(
    sizes: Any,
    transitions: Any,
    delta: Any,
    *,
    proposers: str | Sequence[float] = "alternate",
    flows: Any = None,
    method: str = "improvement",
    tol: float = 1e-12,
    max_iter: int = MAX_ITER,
) -> StochasticPie:
    r"""Stationary equilibrium of bargaining over a stochastic pie, on any finite chain.

    Parameters
    ----------
    sizes : array_like, shape (n,)
        Surplus to be split if the sides agree at a state; may be negative.
    transitions : array_like, shape (n, n)
        ``transitions[s, t]``: probability that s is followed by t; rows add up to one.
    delta : float or pair of float
        Discount factors.
    proposers : "alternate", or sequence of n probabilities that the U.S. proposes
        Whether the proposer changes after each refusal, or is drawn in each state (0 and 1: given by the state).
    flows : array_like, shape (n, 2), optional
        Payoffs a period while there is no agreement; default none.
    method : str
        ``improvement``, or ``iteration`` of the contraction until the error is below `tol`.
    tol, max_iter
        Distance to the fixed point relative to the largest size or flow; most steps.

    Returns
    -------
    StochasticPie
        A chain whose pie is never worth taking is a defined answer: no agreement, the value of the flows, infinite delay.

    Raises
    ------
    GameError
        Wrong shapes, rows that are not distributions, discount factors outside (0, 1).

    References
    ----------
    Merlo, A., Wilson, C. (1995), A stochastic model of sequential bargaining with complete information, Econometrica 63.

    Examples
    --------
    >>> import bargaining as bg
    >>> pie = bg.stochastic_pie([1, 3], [[0.5, 0.5], [0.5, 0.5]], 0.9)
    >>> pie.agreement.tolist(), pie.values[1, 0].round(4).tolist(), pie.expected_delay[0].tolist()
    ([[False, False], [True, True]], [1.7081, 1.2919], [2.0, 2.0])
    """
    if method not in ("improvement", "iteration"):
        raise GameError(f"method {method!r}: expected 'improvement' or 'iteration'")
    size = read_payoffs(sizes, "sizes")
    if size.ndim != 1 or len(size) == 0:
        raise GameError(f"sizes have shape {size.shape}: expected one number a state")
    n = len(size)
    chain = read_payoffs(transitions, "transitions")
    if chain.shape != (n, n):
        raise GameError(f"transitions have shape {chain.shape}: expected ({n}, {n}), one row a state")
    for s, row in enumerate(chain):
        if (row < 0).any() or abs(row.sum() - 1.0) > 1e-9:
            raise GameError(f"transitions[{s}] adds up to {row.sum():.12g}: expected probabilities that add up to one")
    idle = np.zeros((n, 2)) if flows is None else read_payoffs(flows, "flows")
    if idle.shape != (n, 2):
        raise GameError(f"flows have shape {idle.shape}: expected ({n}, 2), both sides' payoffs in each state")
    factors = read_delta(delta)
    deltas = np.array([float(d) for d in factors])
    chance = _proposers(proposers, n)
    # How a state and its proposer lead to the next ones: the state moves, then the proposer is set.
    weight = np.zeros((n, 2, n, 2))
    for i in (0, 1):
        for j in (0, 1):
            weight[:, i, :, j] = chain * (float(i != j) if chance is None else np.where(j == 0, chance, 1.0 - chance))
    system = _System(size, weight.reshape(2 * n, 2 * n), deltas, np.repeat(idle, 2, axis=0))
    agreed, values, steps, status, error = system.improve(max_iter) if method == "improvement" else system.iterate(tol, max_iter)
    # Sums of n products, rounded, on top of what the last step moved.
    error += 4e-16 * (n + 8) * max(system.scale, float(np.abs(values).max())) / (1.0 - float(deltas.max()))
    margin = np.repeat(size, 2) - system.refused(values).sum(axis=1)
    own = np.array([0.5, 0.5]) if chance is None else np.stack([chance, 1.0 - chance], axis=1)
    return StochasticPie(
        status=status,
        error_bound=error,
        iterations=steps,
        method=f"stochastic pie by {method}",
        options={"delta": tuple(deltas.tolist()), "method": method, "tol": tol},
        game=PieChain(size, chain, factors, chance, idle),
        values=values.reshape(n, 2, 2),
        agreement=agreed.reshape(n, 2),
        joint=(values.sum(axis=1).reshape(n, 2) * own).sum(axis=1),
        expected_delay=system.delay(agreed).reshape(n, 2),
        ties=bool((np.abs(margin) <= 1e-13 * system.scale).any()),
    )


def _proposers(proposers: str | Sequence[float], n: int) -> Floats | None:
    """Probability that the U.S. proposes in each state; None if proposers alternate."""
    if isinstance(proposers, str):
        if proposers != "alternate":
            raise GameError(f"proposers {proposers!r}: expected 'alternate' or one probability a state")
        return None
    chance = read_payoffs(proposers, "proposers")
    if chance.shape != (n,) or (chance < 0).any() or (chance > 1).any():
        raise GameError(f"proposers {proposers!r}: expected {n} probabilities that the U.S. proposes")
    return chance


@dataclass(frozen=True, eq=False)
class _System:
    """The chain over (state, proposer), position 2 s + i."""

    size: Floats
    weight: Floats
    deltas: Floats
    flows: Floats

    @property
    def scale(self) -> float:
        """Largest payoff at stake."""
        return max(float(np.abs(self.size).max()), float(np.abs(self.flows).max()), 1e-300)

    def refused(self, values: Floats) -> Floats:
        """What the sides get by a refusal, shape (2n, 2)."""
        return np.asarray((1.0 - self.deltas) * self.flows + self.deltas * (self.weight @ values))

    def step(self, values: Floats) -> tuple[NDArray[np.bool_], Floats]:
        """Agreements and values today, given values tomorrow; a tie is an agreement."""
        stay = self.refused(values)
        size = np.repeat(self.size, 2)
        agreed = size - stay.sum(axis=1) >= -1e-13 * self.scale
        today = stay.copy()
        proposer = np.arange(len(size)) % 2
        rows = np.arange(len(size))[agreed]
        today[rows, proposer[rows]] = (size - stay[np.arange(len(size)), 1 - proposer])[agreed]
        return agreed, today

    def of(self, agreed: NDArray[np.bool_]) -> Floats:
        """Values if exactly these states have agreement, whether or not that is an equilibrium."""
        count = len(agreed)
        matrix, right = np.eye(2 * count), np.zeros(2 * count)
        for k in range(count):
            for i in (0, 1):
                j = 1 - i
                gets_rest = agreed[k] and k % 2 == i
                side, sign = (j, -1.0) if gets_rest else (i, 1.0)
                # v_i(k) = R_i(k), or the size less R_j(k) for a proposer that agrees.
                matrix[2 * k + i, side::2] -= sign * self.deltas[side] * self.weight[k]
                right[2 * k + i] = (self.size[k // 2] if gets_rest else 0.0) + sign * (1.0 - self.deltas[side]) * self.flows[k, side]
        return np.asarray(np.linalg.solve(matrix, right).reshape(count, 2), dtype=np.float64)

    def improve(self, max_iter: int) -> tuple[NDArray[np.bool_], Floats, int, Status, float]:
        """Fixed point by improving the set of states with agreement; a few steps of the contraction break a cycle, if there is one."""
        seen: set[bytes] = set()
        values = np.zeros((len(self.flows), 2))
        agreed, values = self.step(values)
        for steps in range(1, max_iter + 1):
            exact_values = self.of(agreed)
            better, after = self.step(exact_values)
            gap = float(np.abs(after - exact_values).max()) / (1.0 - float(self.deltas.max()))
            if (better == agreed).all() or gap <= 1e-12 * self.scale:
                return agreed if gap <= 1e-12 * self.scale else better, exact_values, steps, Status.solved, gap
            values = exact_values if agreed.tobytes() not in seen else values
            for _ in range(1 if agreed.tobytes() not in seen else 50):
                _, values = self.step(values)
            seen.add(agreed.tobytes())
            agreed = self.step(values)[0]
        return agreed, values, max_iter, Status.max_iter, float("inf")

    def iterate(self, tol: float, max_iter: int) -> tuple[NDArray[np.bool_], Floats, int, Status, float]:
        """Fixed point by iterating the contraction; the distance to it is at most the last step over 1 - δ."""
        values = np.zeros((len(self.flows), 2))
        for steps in range(1, max_iter + 1):
            agreed, after = self.step(values)
            error = float(np.abs(after - values).max()) * float(self.deltas.max()) / (1.0 - float(self.deltas.max()))
            values = after
            if error <= tol * self.scale:
                return agreed, values, steps, Status.solved, error
        return agreed, values, max_iter, Status.max_iter, error

    def delay(self, agreed: NDArray[np.bool_]) -> Floats:
        """Expected number of refusals; infinite where a deal is not certain to come."""
        waiting = np.flatnonzero(~agreed)
        delay = np.zeros(len(agreed))
        within = self.weight[np.ix_(waiting, waiting)]
        # A state is lost if it can reach, without a deal, one from which no deal can be reached.
        reach = (within + np.eye(len(waiting))) > 0
        for _ in range(max(len(waiting).bit_length(), 1)):
            reach = (reach.astype(np.float64) @ reach.astype(np.float64)) > 0
        leaves = self.weight[waiting][:, agreed].sum(axis=1) > 0
        stuck = ~(reach & leaves[None, :]).any(axis=1)
        lost = (reach & stuck[None, :]).any(axis=1)
        delay[waiting] = np.inf
        fine = np.flatnonzero(~lost)
        if len(fine):
            delay[waiting[fine]] = np.linalg.solve(np.eye(len(fine)) - within[np.ix_(fine, fine)], np.ones(len(fine)))
        return delay
