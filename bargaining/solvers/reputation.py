r"""Reputational bargaining: wars of attrition between sides that may be obstinate (Abreu and Gul 2000; Fearon 1998).

Side i demands what is worth :math:`\alpha_i` to it and leaves the other :math:`c_j`, so by conceding j gets :math:`c_j` (on a pie of one
:math:`c_j = 1-\alpha_i`). With prior probability :math:`z_i` it never gives in; otherwise it concedes at a rate that keeps the other
indifferent,

.. math:: \lambda_i = \frac{r_j\, c_j}{\alpha_j - c_j},

until reputations are complete at :math:`T_0 = \min_i (-\ln z_i)/\lambda_i`. The weaker side concedes at once with the probability that
makes both reputations complete together: :math:`F_i(t) = 1 - k_i e^{-\lambda_i t}`, :math:`k_i = z_i e^{\lambda_i T_0}`. Demands that are
compatible (:math:`\alpha_i \le c_i`) leave nothing to fight over. Without obstinate types this is Fearon's war of attrition over two deals;
his paper has more than this stylised form [D].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.wars import AttritionGame, Concession, Reputation, ReputationGame
from bargaining.games import GameError
from bargaining.games.stage import read_payoffs
from bargaining.solution import Status

Floats = NDArray[np.float64]

# Of the closed forms, relative to the demands.
ROUNDING = 1e-12
# Most by which an equilibrium condition may be missed in an answer that is called solved.
LARGEST_RESIDUAL = 1e-7


def concession(demands: Any, rates: Any, obstinate: Any = (0, 0), *, concessions: Any = None) -> Concession:
    r"""War of attrition between two demands, each made by an obstinate type with some probability.

    Parameters
    ----------
    demands : pair of float
        What each side gets if the other concedes, net of disagreement payoffs.
    rates : pair of float
        Discount rates per unit of time; per period :math:`r = -\ln\delta`.
    obstinate : pair of float
        Prior probabilities of the types that never concede, below 1; zero for both is Fearon's war of attrition. If only one side can be
        obstinate the other concedes at once.
    concessions : pair of float, optional
        What each side gets if it concedes, net of disagreement payoffs; default ``1 - demands[::-1]``, a pie of one.

    Returns
    -------
    Concession
        `expected_delay` is that of the agreement if there is one; `stalemate` the probability that both are obstinate and never agree;
        ``efficiency[i]`` the expected discount factor :math:`E e^{-r_i\tau}` at the agreement (0 in a stalemate).

    Raises
    ------
    GameError
        If the demands are compatible (nobody has to concede), a concession is negative, a rate not positive, or a prior not in [0, 1).

    References
    ----------
    Abreu, D., Gul, F. (2000), Bargaining and reputation, Econometrica 68. Fearon, J. (1998), Bargaining, enforcement, and international
    cooperation, International Organization 52.

    Examples
    --------
    >>> import bargaining as bg
    >>> war = bg.concession((0.6, 0.7), (0.05, 0.1), (0.02, 0.05))
    >>> war.immediate.round(4).tolist(), war.payoffs.round(4).tolist()
    ([0.0, 0.7832], [0.535, 0.4])
    >>> bg.concession((3, 3), (0.05, 0.05), concessions=(1, 1)).expected_delay
    20.0
    """
    alpha, r, z = _pair(demands, "demands"), _pair(rates, "rates"), _pair(obstinate, "obstinate")
    c = 1.0 - alpha[::-1] if concessions is None else _pair(concessions, "concessions")
    if (r <= 0).any():
        raise GameError(f"rates {rates!r}: expected two positive numbers")
    if (z < 0).any() or (z >= 1).any():
        raise GameError(f"obstinate {obstinate!r}: expected two probabilities in [0, 1)")
    if (alpha <= c).any():
        i = int((alpha <= c).argmax())
        gets = f"side {i} gets {c[i]:.6g} by conceding, no less than its demand {alpha[i]:.6g}"
        raise GameError(f"demands {tuple(alpha.tolist())} are compatible: {gets}; expected demands that add up to more than there is")
    if (c < 0).any():
        raise GameError(f"concessions {tuple(c.tolist())}: expected what is no worse than disagreement (not negative)")
    return _war(alpha, c, r, z)


def _war(alpha: Floats, c: Floats, r: Floats, z: Floats) -> Concession:
    rate = (r * c / (alpha - c))[::-1].copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.where(z > 0, -np.log(np.where(z > 0, z, 1.0)) / rate, np.inf)
    horizon = float(times.min())
    # The side whose reputation would be complete last makes up for it at the start; a side known not to be obstinate gives in.
    late = z * np.exp(np.minimum(rate * horizon, 700.0)) if math.isfinite(horizon) else np.ones(2)
    start = np.where(times == horizon, 1.0, np.minimum(late, 1.0))
    immediate = 1.0 - start
    payoffs = np.array([immediate[1 - i] * alpha[i] + (1.0 - immediate[1 - i]) * c[i] for i in (0, 1)])
    total = float(rate.sum())
    open_ = float(start.prod())
    last = open_ * math.exp(-total * horizon) if math.isfinite(horizon) else 0.0
    settled = 1.0 - last
    # The hazard of an agreement is constant between 0 and the horizon.
    if total == 0.0:
        delay = 0.0 if open_ == 0.0 else math.inf
        kept = np.full(2, 1.0 - open_)
    else:
        tail = math.exp(-total * horizon) if math.isfinite(horizon) else 0.0
        waited = (1.0 - tail) / total - (horizon * tail if tail > 0 else 0.0)
        delay = open_ * waited / settled if settled > 0 else math.inf
        discounted = [total / (total + ri) * (1.0 - (tail * math.exp(-ri * horizon) if tail > 0 else 0.0)) for ri in r]
        kept = (1.0 - open_) + open_ * np.array(discounted)
    return Concession(
        status=Status.solved,
        error_bound=ROUNDING * float(alpha.max()),
        iterations=1,
        method="war of attrition: closed form",
        options={},
        game=AttritionGame(alpha, c, r, z),
        rates=rate,
        horizon=horizon,
        immediate=immediate,
        payoffs=payoffs,
        expected_delay=delay,
        efficiency=kept,
        stalemate=last,
    )


def reputation(demands_us: Any, demands_cn: Any, priors_us: Any, priors_cn: Any, rates: Any, *, tol: float = 1e-12) -> Reputation:
    r"""Reputational bargaining over a pie of one with several obstinate types on either side.

    Normal types mimic obstinate ones. The more often a demand is mimicked the weaker it is, so in equilibrium every demand that is
    announced pays the same: for China after each demand of the U.S., and for the U.S. over its own. With :math:`\pi` the posterior of
    obstinacy, China's payoff u from demand l after k fixes the probability f that the U.S. concedes at once,
    :math:`f = (u - 1 + \alpha_k)/(\alpha_k+\alpha_l-1)`, and with it China's posterior :math:`\pi_l = (\pi_k/(1-f))^{\lambda_l/\lambda_k}`:
    everything is monotone in u, and two nested bisections find the unique equilibrium payoffs.

    Parameters
    ----------
    demands_us, demands_cn : sequence of float
        Demands of the obstinate types, distinct, in (0, 1).
    priors_us, priors_cn : sequence of float
        Prior probability of each type, positive; they add up to less than one, the rest is normal.
    rates : pair of float
        Discount rates.
    tol : float
        Width at which bisections stop.

    Returns
    -------
    Reputation
        A demand that China's obstinate type l finds compatible (:math:`\alpha_k + \alpha_l \le 1`) it accepts at once.

    Raises
    ------
    GameError
        Wrong shapes, demands or priors out of range.

    References
    ----------
    Abreu, D., Gul, F. (2000), Bargaining and reputation, Econometrica 68.

    Examples
    --------
    >>> import bargaining as bg
    >>> play = bg.reputation([0.6, 0.8], [0.6, 0.8], [0.02, 0.02], [0.02, 0.02], (0.1, 0.1))
    >>> play.residual < 1e-8, bool(play.payoffs.sum() <= 1)
    (True, True)
    """
    alpha, z = _types(demands_us, priors_us, "us")
    beta, y = _types(demands_cn, priors_cn, "cn")
    r = _pair(rates, "rates")
    if (r <= 0).any():
        raise GameError(f"rates {rates!r}: expected two positive numbers")
    answers = [_Answers(float(a), beta, y, r) for a in alpha]

    from scipy.optimize import brentq

    def share(k: int, target: float) -> float:
        """Largest probability of mimicking k at which it still pays `target`: the payoff falls in it."""

        def surplus(mimic: float) -> float:
            return answers[k].value(_posterior(z[k], mimic, z)) - target

        if surplus(0.0) < 0.0:
            return 0.0
        return 1.0 if surplus(1.0) >= 0.0 else float(brentq(surplus, 0.0, 1.0, xtol=tol))

    def excess(target: float) -> float:
        return sum(share(k, target) for k in range(len(alpha))) - 1.0

    payoff = 0.0 if excess(0.0) <= 0.0 else float(brentq(excess, 0.0, 1.0, xtol=tol))
    # Where a payoff is flat in the probability of mimicking, that demand takes what the others leave.
    least, most = (np.array([share(k, payoff + side) for k in range(len(alpha))]) for side in (8 * tol, -8 * tol))
    room = most - least
    mimic = least + room * ((1.0 - least.sum()) / room.sum() if room.sum() > 0 else 0.0)
    mimic = np.maximum(mimic, 0.0) / np.maximum(mimic, 0.0).sum()
    posteriors = [_posterior(z[k], mimic[k], z) for k in range(len(alpha))]
    solved = [answers[k].solve(posteriors[k]) for k in range(len(alpha))]
    values = np.array([answers[k].value(posteriors[k]) for k in range(len(alpha))])
    used = mimic > 1e-9
    us = float(mimic @ values)
    residual = max(float(np.abs(values[used] - us).max()), float((values[~used] - us).max(initial=0.0)))
    fought = [answers[k].wars(solved[k], posteriors[k]) for k in range(len(alpha))]
    residual = max(residual, *(short for _, _, short in fought))
    weight = z + (1.0 - z.sum()) * mimic
    cn = float(weight @ np.array([each.payoff for each in solved]))
    delay, loss = 0.0, np.zeros(2)
    for k, (each, (wars, own, _)) in enumerate(zip(solved, fought, strict=True)):
        for chance, war, pi in zip(each.mimic, wars, own, strict=True):
            if war is not None and mimic[k] * chance > 0:
                wait, lost = _between_normals(war, posteriors[k], float(pi), r)
                delay, loss = delay + mimic[k] * chance * wait, loss + mimic[k] * chance * lost
    return Reputation(
        status=Status.solved if residual <= LARGEST_RESIDUAL else Status.approximate,
        error_bound=residual,
        iterations=len(alpha) * len(beta),
        method="reputation: nested bisections over the types' payoffs",
        options={"tol": tol},
        game=ReputationGame(alpha, beta, z, y, r),
        mimic_us=mimic,
        mimic_cn=np.array([each.mimic for each in solved]),
        accept=np.array([each.accept for each in solved]),
        wars=tuple(wars for wars, _, _ in fought),
        payoffs=np.array([us, cn]),
        loss=loss,
        expected_delay=float(delay),
        residual=residual,
    )


def _between_normals(war: Concession, first: float, second: float, rates: Floats) -> tuple[float, Floats]:
    """Expected time of agreement between two normal types, the first to concede given that both do, and what discounting takes by then."""
    k, (x, y) = 1.0 - war.immediate, war.rates
    # P(τ > t) is a product of two differences of exponentials, and E[1 - exp(-r τ)] the integral of r exp(-r t) P(τ > t).
    terms = ((k[0] * k[1], x + y), (-second * k[0], x), (-first * k[1], y), (first * second, 0.0))

    def integral(rate: float) -> float:
        parts = (w * (-math.expm1(-(speed + rate) * war.horizon) / (speed + rate) if speed + rate else war.horizon) for w, speed in terms)
        return max(float(sum(parts)) / ((1.0 - first) * (1.0 - second)), 0.0)

    return integral(0.0), np.array([rate * integral(rate) for rate in rates])


def _posterior(prior: float, mimic: float, priors: Floats) -> float:
    """Probability that who announces a demand is obstinate."""
    return float(prior / (prior + (1.0 - priors.sum()) * mimic))


@dataclass(frozen=True, eq=False)
class _Answer:
    mimic: Floats
    accept: float
    payoff: float


class _Answers:
    """China's equilibrium answers to one demand of the U.S., as a function of the posterior that the U.S. is obstinate."""

    def __init__(self, alpha: float, beta: Floats, priors: Floats, rates: Floats) -> None:
        self.alpha, self.beta, self.priors, self.rates = alpha, beta, priors, rates
        # Demands that add up to one but for rounding are compatible.
        self.fight = alpha + beta - 1.0 > 1e-12
        self.normal = 1.0 - float(priors.sum())
        with np.errstate(divide="ignore", invalid="ignore"):
            # λ_cn / λ_us for each answer.
            excess = alpha + beta - 1.0
            self.ratio = np.where(self.fight, (rates[0] * (1.0 - beta) / excess) / (rates[1] * (1.0 - alpha) / excess), 1.0)

    def mimics(self, target: float, posterior: float) -> Floats:
        """Probability of mimicking each type at which it pays China `target`; 0 for one that would need more of the U.S. than there is."""
        f = np.where(self.fight, (target - 1.0 + self.alpha) / np.where(self.fight, self.alpha + self.beta - 1.0, 1.0), 1.0)
        strong = f < 1.0 - posterior
        pi = (posterior / np.where(strong, 1.0 - f, posterior)) ** self.ratio
        return np.where(strong, np.maximum(self.priors * (1.0 / pi - 1.0) / self.normal, 0.0), 0.0)

    def solve(self, posterior: float) -> _Answer:
        base = 1.0 - self.alpha
        if posterior >= 1.0:
            # A U.S. that is certainly obstinate is accepted by every normal China.
            return _Answer(np.zeros(len(self.beta)), 1.0, base)
        mimic = self.mimics(base, posterior)
        if mimic.sum() <= 1.0:
            return _Answer(mimic, 1.0 - float(mimic.sum()), base)
        from scipy.optimize import brentq

        payoff = float(brentq(lambda u: float(self.mimics(u, posterior).sum()) - 1.0, base, float(self.beta[self.fight].max()), xtol=1e-15))
        mimic = self.mimics(payoff, posterior)
        return _Answer(mimic / mimic.sum(), 0.0, payoff)

    def wars(self, answer: _Answer, posterior: float) -> tuple[tuple[Concession | None, ...], Floats, float]:
        """The war after each answer, China's posteriors, and how far its payoff from a demand it mimics is from what it should be."""
        pi = np.where(self.fight, self.priors / (self.priors + self.normal * answer.mimic), 1.0)
        found: list[Concession | None] = []
        residual = 0.0
        for k in range(len(self.beta)):
            if not self.fight[k]:
                found.append(None)
                continue
            pair, c = np.array([self.alpha, self.beta[k]]), np.array([1.0 - self.beta[k], 1.0 - self.alpha])
            war = _war(pair, c, self.rates, np.array([posterior, pi[k]]))
            found.append(war)
            if answer.mimic[k] > 1e-9:
                residual = max(residual, abs(float(war.payoffs[1]) - answer.payoff))
        return tuple(found), pi, residual

    def value(self, posterior: float) -> float:
        """What the demand pays a normal U.S.: its demand where it is accepted, what it is offered where China answers with another."""
        answer = self.solve(posterior)
        fought = float(((self.priors + self.normal * answer.mimic) * (1.0 - self.beta))[self.fight].sum())
        return self.normal * answer.accept * self.alpha + float(self.priors[~self.fight].sum()) * self.alpha + fought


def _pair(values: Any, what: str) -> Floats:
    pair = read_payoffs(values, what)
    if pair.shape != (2,):
        raise GameError(f"{what} {values!r}: expected two numbers, U.S. first")
    return pair


def _types(demands: Any, priors: Any, side: str) -> tuple[Floats, Floats]:
    alpha, z = read_payoffs(demands, f"demands_{side}"), read_payoffs(priors, f"priors_{side}")
    if alpha.ndim != 1 or len(alpha) == 0 or z.shape != alpha.shape:
        raise GameError(
            f"demands_{side} and priors_{side} have shapes {alpha.shape} and {z.shape}: expected one prior a demand, at least one"
        )
    if (alpha <= 0).any() or (alpha >= 1).any() or len(set(alpha.tolist())) < len(alpha):
        raise GameError(f"demands_{side} {demands!r}: expected distinct numbers strictly between 0 and 1")
    if (z <= 0).any() or z.sum() >= 1:
        raise GameError(f"priors_{side} {priors!r}: expected positive probabilities that add up to less than one")
    return alpha, z


def frontier_demands(deals: Sequence[Any], disagreement: Any) -> tuple[Floats, Floats]:
    r"""Demands and concessions of a war of attrition between two deals, payoffs net of the disagreement point.

    "No lopsided deal" and "no quid pro quo" are such demands: side i holds out for ``deals[i]``.

    Examples
    --------
    >>> demands, concessions = frontier_demands([(3, 2), (1, 4)], (0, 1))
    >>> demands.tolist(), concessions.tolist()
    ([3.0, 3.0], [1.0, 1.0])
    """
    if not isinstance(deals, Sequence) or len(deals) != 2:
        raise GameError(f"deals {deals!r}: expected the deal that each side holds out for, U.S. first")
    first, second, d = _pair(deals[0], "deals[0]"), _pair(deals[1], "deals[1]"), _pair(disagreement, "disagreement")
    return np.array([first[0] - d[0], second[1] - d[1]]), np.array([second[0] - d[0], first[1] - d[1]])
