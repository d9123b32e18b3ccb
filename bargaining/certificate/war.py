r"""Certificates of wars of attrition and of reputation: indifference, reputations complete together, one side conceding at the start.

*War of attrition.* Side i concedes at the rate that keeps the other indifferent, :math:`\lambda_i(\alpha_j - c_j) = r_j c_j`; at most one
side concedes at time 0 with positive probability; at the horizon both posteriors reach one, :math:`(1-q_i) e^{-\lambda_i T} = z_i`. These
conditions have one solution (Abreu and Gul 2000); without obstinate types they leave others beside the one stated.

*Reputation.* Probabilities add up; every demand that is announced pays the same and no other one pays more, for the U.S. and for China
after each; the wars are those of the posteriors that follow from Bayes' rule. They hold up to the residual stated, not exactly.

Exponentials are taken in decimals of 50 digits, and what is stated may differ from them by rounding.
"""

from decimal import Decimal, localcontext
from math import inf, isfinite, isnan
from typing import Any

from bargaining.answers.wars import AttritionGame, Concession, Reputation, ReputationGame
from bargaining.certificate.outcome import Certificate, finite, refused
from bargaining.solution import Status

ROUNDING = 1e-11
USED = 1e-9
LARGEST_RESIDUAL = 1e-6


def verify_concession(war: Concession) -> Certificate:
    """Rates, atoms and horizon against the conditions, then payoffs, delay and stalemate as they follow."""
    if not isinstance(war.game, AttritionGame) or war.status is not Status.solved:
        return refused("there is no war of attrition that is called solved")
    pairs = [*vars(war.game).values(), war.rates, war.immediate, war.payoffs, war.efficiency]
    if any(each.shape != (2,) for each in pairs) or not finite(*pairs, war.stalemate, war.error_bound):
        return refused("a number stated is not finite, or not one of two sides")
    with localcontext() as digits:
        digits.prec = 50
        wrong = _war_fault(war)
    if wrong:
        return refused(wrong)
    ends = "reputations are complete together" if isfinite(war.horizon) else "nobody's reputation is ever complete"
    reason = f"rates keep both sides indifferent, {ends}, and at most one side concedes at once"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


def _war_fault(war: Concession) -> str:
    alpha, c, r, z = ([Decimal(v) for v in each.tolist()] for each in vars(war.game).values())
    rate, atom = [Decimal(v) for v in war.rates.tolist()], [Decimal(v) for v in war.immediate.tolist()]
    if min(*z, *c) < 0 or max(z) > 1 or min(r) <= 0 or any(a <= b for a, b in zip(alpha, c, strict=True)):
        return "demands are compatible, or rates or probabilities are out of range"
    for i, name in enumerate(("U.S.", "China")):
        j = 1 - i
        if not _near(rate[i] * (alpha[j] - c[j]), r[j] * c[j], r[j] * c[j]):
            return f"{name} does not concede at the rate that keeps the other side indifferent"
    if min(atom) < 0 or max(atom) > 1 or min(atom) > 0:
        return "not at most one side concedes at once, with a probability"
    total, open_ = rate[0] + rate[1], (1 - atom[0]) * (1 - atom[1])
    ends = isfinite(war.horizon)
    horizon = Decimal(war.horizon) if ends else Decimal(0)
    if ends:
        if horizon < 0:
            return "reputations are complete before the start"
        for i, name in enumerate(("U.S.", "China")):
            if not _near((1 - atom[i]) * (-rate[i] * horizon).exp(), z[i], Decimal(1)) or (
                z[i] > 0 and atom[i] == 0 and not _near(rate[i] * horizon, -z[i].ln(), max(Decimal(1), rate[i] * horizon))
            ):
                return f"{name}'s reputation is not complete at the horizon"
    elif isnan(war.horizon) or any(q > 0 and speed > 0 for q, speed in zip(z, rate, strict=True)) or max(atom) > 0:
        return "reputations are complete at some time, and none is stated"
    for i in (0, 1):
        worth = atom[1 - i] * alpha[i] + (1 - atom[1 - i]) * c[i]
        if abs(worth - Decimal(float(war.payoffs[i]))) > Decimal(war.error_bound) + Decimal(ROUNDING) * alpha[i]:
            return "payoffs are not what the concessions are worth"
        rest = (1 - (-(total + r[i]) * horizon).exp()) if ends else Decimal(1)
        kept = 1 - open_ + open_ * total / (total + r[i]) * rest
        if not _near(Decimal(float(war.efficiency[i])), kept, Decimal(1)):
            return "the expected discount factors are not those of the concessions"
    left = open_ * (-total * horizon).exp() if ends else Decimal(0)
    if not _near(Decimal(war.stalemate), left, Decimal(1)):
        return "the probability of a stalemate is not the one left at the horizon"
    settled = 1 - left
    if total == 0 or settled == 0:
        # Nobody concedes later on: at once, or never.
        return "" if war.expected_delay == (0.0 if open_ == 0 else inf) else _DELAY
    waited = (1 - (-total * horizon).exp()) / total - horizon * (-total * horizon).exp() if ends else 1 / total
    slack = Decimal(ROUNDING) / total / settled
    off = abs(Decimal(war.expected_delay) - open_ * waited / settled) if isfinite(war.expected_delay) else None
    return "" if off is not None and off <= slack + Decimal(ROUNDING) * waited else _DELAY


_DELAY = "the expected delay is not that of the concessions"


def _near(first: Decimal, second: Decimal, scale: Decimal) -> bool:
    return abs(first - second) <= Decimal(ROUNDING) * scale


def verify_reputation(play: Reputation) -> Certificate:
    """Posteriors, wars and payoffs of every demand and every answer to it; the largest violation is the deviation gain."""
    game = play.game
    if not isinstance(game, ReputationGame) or play.status is not Status.solved:
        return refused("there is no game of reputation that is called solved")
    alpha, beta, z, y = (each.tolist() for each in (game.demands_us, game.demands_cn, game.priors_us, game.priors_cn))
    m, n = len(alpha), len(beta)
    shapes = {"mimic_us": (m,), "mimic_cn": (m, n), "accept": (m,), "payoffs": (2,), "loss": (2,)}
    if any(getattr(play, name).shape != shape for name, shape in shapes.items()) or [len(row) for row in play.wars] != [n] * m:
        return refused("probabilities, payoffs or wars are not one a demand")
    if not finite(*vars(game).values(), play.payoffs, play.loss, play.expected_delay, play.mimic_us, play.mimic_cn, play.accept):
        return refused("a number stated is not finite")
    if len(z) != m or len(y) != n or min(*z, *y) <= 0 or sum(z) >= 1 or sum(y) >= 1:
        return refused("prior probabilities are out of range")
    mimic, answer, accept = play.mimic_us.tolist(), play.mimic_cn.tolist(), play.accept.tolist()
    sums = [sum(mimic), *(sum(row) + a for row, a in zip(answer, accept, strict=True))]
    if min(*mimic, *accept, *(p for row in answer for p in row)) < 0 or max(abs(s - 1) for s in sums) > ROUNDING:
        return refused("what normal types announce or answer does not add up to one")
    if not 0 <= play.residual <= LARGEST_RESIDUAL or play.error_bound != play.residual:
        return refused(f"the answer states a residual of {play.residual:.3g}, too much for one that is called solved")
    normal = 1 - sum(y)
    values, replies, residual, words = [], [], 0.0, ""
    delay, loss = 0.0, [0.0, 0.0]

    def missed(by: float, what: str) -> None:
        nonlocal residual, words
        if by > residual:
            residual, words = by, what

    for k, a in enumerate(alpha):
        pi = z[k] / (z[k] + (1 - sum(z)) * mimic[k])
        value, reply, options = normal * accept[k] * a, accept[k] * (1 - a), [(accept[k], 1 - a)]
        for n_, (b, prior) in enumerate(zip(beta, y, strict=True)):
            war, chance = play.wars[k][n_], answer[k][n_]
            if a + b - 1 <= 1e-12:
                if war is not None or chance > 0:
                    return refused(f"demands {a:g} and {b:g} are compatible, and a war is stated")
                value += prior * a
                continue
            rho = prior / (prior + normal * chance)
            if war is None or not _fits(war, (a, b), game.rates.tolist(), (pi, rho)):
                return refused(f"demands {a:g} and {b:g}: the war is not that of the posteriors")
            checked = verify_concession(war)
            if not checked:
                return refused(f"demands {a:g} and {b:g}: {checked.reason}")
            value += (prior + normal * chance) * float(war.payoffs[0])
            reply += chance * float(war.payoffs[1])
            options.append((chance, float(war.payoffs[1])))
            if mimic[k] * chance > 0:
                with localcontext() as digits:
                    digits.prec = 50
                    waited = _between_normals(war, pi, rho)
                delay += mimic[k] * chance * waited[0]
                loss = [so_far + mimic[k] * chance * more for so_far, more in zip(loss, waited[1:], strict=True)]
        for chance, worth in options:
            missed(abs(worth - reply) if chance > USED else worth - reply, f"China gains by another answer to {a:g}")
        values.append(value)
        replies.append(reply)
    us = sum(p * v for p, v in zip(mimic, values, strict=True))
    for chance, value, a in zip(mimic, values, alpha, strict=True):
        missed(abs(value - us) if chance > USED else value - us, f"the U.S. gains by demand {a:g}")
    if residual > play.residual + ROUNDING * 100:
        reason = f"{words}: {residual:.3g}, more than the residual stated ({play.residual:.3g})"
        return Certificate(holds=False, deviation_gain=residual, payoff_error=0.0, gap=inf, reason=reason)
    cn = sum((p + (1 - sum(z)) * q) * v for p, q, v in zip(z, mimic, replies, strict=True))
    if max(abs(us - float(play.payoffs[0])), abs(cn - float(play.payoffs[1]))) > play.residual + ROUNDING * 100:
        return refused("payoffs are not those of the demands announced")
    longest = max((war.horizon for row in play.wars for war in row if war is not None), default=0.0)
    off = [abs(x - v) for x, v in zip(loss, play.loss.tolist(), strict=True)]
    if abs(delay - play.expected_delay) > 1e-9 * (1 + longest) or max(off) > 1e-9:
        return refused("delay or loss between normal types is not that of the wars")
    reason = f"no demand and no answer gains more than {residual:.1g}, each war is that of the posteriors"
    return Certificate(holds=True, deviation_gain=residual, payoff_error=0.0, gap=0.0, reason=reason)


def _fits(war: Concession, demands: tuple[float, float], rates: list[float], posteriors: tuple[float, float]) -> bool:
    stated: Any = vars(war.game).values()
    wanted = (demands, (1 - demands[1], 1 - demands[0]), rates, posteriors)
    return all(abs(a - b) <= ROUNDING for have, want in zip(stated, wanted, strict=True) for a, b in zip(have.tolist(), want, strict=True))


def _between_normals(war: Concession, pi: float, rho: float) -> list[float]:
    """Expected time of agreement of two normal types, and what discounting at either rate takes by then: exponentials integrated."""
    horizon, (first, second) = Decimal(war.horizon), (Decimal(v) for v in war.rates.tolist())
    k, other = (1 - Decimal(v) for v in war.immediate.tolist())
    p, q = Decimal(pi), Decimal(rho)
    terms = [(k * other, first + second), (-q * k, first), (-p * other, second), (p * q, Decimal(0))]

    def integral(speed: Decimal) -> Decimal:
        return (1 - (-speed * horizon).exp()) / speed if speed else horizon

    scale = (1 - p) * (1 - q)
    found = [sum((w * integral(speed) for w, speed in terms), Decimal(0)) / scale]
    for r in (Decimal(v) for v in war.game.rates.tolist()):
        found.append(r * sum((w * integral(speed + r) for w, speed in terms), Decimal(0)) / scale)
    return [float(v) for v in found]
