r"""Symmetric two-phase penal codes: one bad period for both, then back to the agreement; start again if anyone deviates.

In a symmetric game let the carrot c be played until somebody deviates, then the stick s once. With g and h the payoff and the deviation
gain of a symmetric profile, punishing pays :math:`v = (1-\delta) g(s) + \delta g(c)`, and nobody deviates from either phase exactly if

.. math:: \delta\,(g(c) - g(s)) \ge \max\{h(c),\ h(s)\}.

So a stick has a least discount factor in closed form (Abreu 1986, Extremal equilibria of oligopolistic supergames, Journal of Economic
Theory 39). Sticks that differ by player can sustain more: for the best of all penal codes see `critical_delta`.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bargaining.games import GameError, RepeatedGame, StageGame, exact
from bargaining.games.automaton import Automaton


@dataclass(frozen=True)
class StickAndCarrot:
    """The symmetric stick that sustains a carrot from the least discount factor on; `delta` is exact."""

    stage: StageGame
    carrot: int
    stick: int
    delta: Fraction

    def automaton(self, delta: Any) -> Automaton:
        """The code as a machine at a discount factor at which it is an equilibrium.

        Raises
        ------
        ValueError
            If the players are less patient than the code needs.
        """
        game = RepeatedGame(self.stage, delta)
        own = game.exact_deltas[0]
        if not game.common_delta or own < self.delta:
            raise ValueError(f"delta is {delta!r}: expected a common discount factor of at least {float(self.delta):.6g}")
        good, bad = (exact(float(self.stage.payoffs[0, a, a])) for a in (self.carrot, self.stick))
        punished = (1 - own) * bad + own * good
        following = (((0, Fraction(1)),), ((0, Fraction(1)),))
        return Automaton(
            game=game,
            profiles=((self.carrot, self.carrot), (self.stick, self.stick)),
            lotteries=following,
            punishments=(1, 1),
            start=((0, Fraction(1)),),
            values=((good, good), (punished, punished)),
        )


def stick_and_carrot(stage: StageGame, carrot: int | str) -> StickAndCarrot:
    r"""Best symmetric stick for a symmetric carrot: the one that needs the least patience.

    Parameters
    ----------
    stage : StageGame
        Symmetric: ``payoffs[1, a, b] == payoffs[0, b, a]``.
    carrot : int or str
        Action that both play as long as nobody deviates.

    Raises
    ------
    GameError
        If the game is not symmetric, the action unknown, or no stick is worse than the carrot and strong enough below δ = 1.

    Examples
    --------
    >>> import bargaining as bg
    >>> quantities = [k / 24 for k in range(13)]
    >>> profit = [[q * max(0.0, 1 - q - r) for r in quantities] for q in quantities]
    >>> duopoly = bg.game(profit, [list(row) for row in zip(*profit)])
    >>> code = bg.stick_and_carrot(duopoly, 6)
    >>> round(float(code.delta), 6), code.stick
    (0.28125, 10)
    """
    payoffs = stage.payoffs
    if stage.shape[0] != stage.shape[1] or (payoffs[1] != payoffs[0].T).any():
        raise GameError("stick_and_carrot: the game is not symmetric; expected payoffs[1, a, b] == payoffs[0, b, a]")
    chosen = stage.action(0, carrot)
    own = [exact(float(payoffs[0, a, a])) for a in range(stage.shape[0])]
    gains = [exact(float(payoffs[0, :, a].max())) - own[a] for a in range(stage.shape[0])]
    worse = [stick for stick in range(stage.shape[0]) if own[stick] < own[chosen]]
    codes = [(max(gains[chosen], gains[stick]) / (own[chosen] - own[stick]), stick) for stick in worse]
    if gains[chosen] == 0:
        # A static equilibrium needs no stick: it is its own.
        codes.append((Fraction(0), chosen))
    least, stick = min(codes, default=(Fraction(1), chosen))
    if least >= 1:
        raise GameError(f"stick_and_carrot: no symmetric stick sustains {stage.actions[0][chosen]!r} at any discount factor below 1")
    return StickAndCarrot(stage, chosen, stick, least)
