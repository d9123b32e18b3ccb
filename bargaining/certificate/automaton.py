"""Certificate of a strategy: no one-shot deviation gains in any state, and every state is worth what is promised. All exact."""

from fractions import Fraction
from math import inf

from bargaining.certificate.exact_game import ExactGame
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games.automaton import Automaton, JointAutomaton


def verify_automaton(automaton: Automaton | JointAutomaton) -> Certificate:
    """The one-shot deviation principle: with discounting it is enough that nobody gains by deviating once, in any state."""
    if isinstance(automaton, JointAutomaton):
        parts = {",".join(block): verify_automaton(part) for block, part in automaton.blocks.items()}
        holds = all(part.holds for part in parts.values())
        return Certificate(
            holds=holds,
            deviation_gain=sum(part.deviation_gain for part in parts.values()),
            payoff_error=sum(part.payoff_error for part in parts.values()),
            gap=0.0 if holds else inf,
            reason="; ".join(f"block {block}: {part.reason}" for block, part in parts.items() if holds or not part.holds),
        )
    game = ExactGame(automaton.game)
    states = range(len(automaton.profiles))
    if not len(automaton.values) == len(automaton.lotteries) == len(automaton.profiles):
        return refused("there are not as many values and lotteries as states")
    for what, lottery in [("start", automaton.start), *((f"state {k}", automaton.lotteries[k]) for k in states)]:
        if sum(p for _, p in lottery) != 1 or any(p < 0 or state not in states for state, p in lottery):
            return refused(f"{what}: its lottery is none over the states")
    if not all(state in states for state in automaton.punishments):
        return refused("a punishment is none of the states")
    gain, error, reason = Fraction(0), Fraction(0), "no one-shot deviation gains in any state"
    for k in states:
        profile = automaton.profiles[k]
        if profile not in game.payoff:
            return refused(f"state {k}: there is no profile {profile}")
        for i in (0, 1):
            later = sum((p * automaton.values[state][i] for state, p in automaton.lotteries[k]), Fraction(0))
            worth = (1 - game.delta[i]) * game.payoff[profile][i] + game.delta[i] * later
            if abs(worth - automaton.values[k][i]) > error:
                error = abs(worth - automaton.values[k][i])
                reason = reason if gain else f"state {k}: {game.stage.players[i]} earns {float(worth):.6g}, not what is promised"
            punished = automaton.values[automaton.punishments[i]][i]
            for action, payoff in _others(game, profile, i):
                temptation = (1 - game.delta[i]) * payoff + game.delta[i] * punished - worth
                if temptation > gain:
                    gain = temptation
                    left = " / ".join(game.stage.labels(profile))
                    reason = f"state {k}: {game.stage.players[i]} gains {float(gain):.3g} by leaving {left} for {action!r}"
    holds = gain == 0 and error == 0
    return Certificate(holds=holds, deviation_gain=float(gain), payoff_error=float(error), gap=0.0 if holds else inf, reason=reason)


def _others(game: ExactGame, profile: tuple[int, int], i: int) -> list[tuple[str, Fraction]]:
    """A player's other actions against the other's part of a profile, and what they pay."""
    a, b = profile
    others = [(x, b) for x in range(game.stage.shape[0]) if x != a] if i == 0 else [(a, y) for y in range(game.stage.shape[1]) if y != b]
    return [(game.stage.actions[i][other[i]], game.payoff[other][i]) for other in others]
