"""Certificate of a strategy of a stochastic game: no one-shot deviation gains in any phase, and every phase is worth what is promised."""

from fractions import Fraction
from math import inf

from bargaining.certificate.outcome import Certificate, refused
from bargaining.certificate.stochastic import ExactStates
from bargaining.games.state_automaton import StateAutomaton


def verify_state_automaton(automaton: StateAutomaton) -> Certificate:
    """The one-shot deviation principle, in every phase and for every state that a deviation can lead to. All exact."""
    fault = automaton.fault()
    if fault or len(automaton.values) != len(automaton):
        return refused(fault or "there are not as many values as phases")
    game = ExactStates(automaton.game)
    gain, error, reason = Fraction(0), Fraction(0), "no one-shot deviation gains in any phase"
    for k, (s, profile) in enumerate(zip(automaton.states, automaton.profiles, strict=True)):
        stage, row = automaton.game.stages[s], game.rows[s][profile]
        for i in (0, 1):
            # What a state pays on average if nobody deviates, and if this player does.
            promised = {t: sum((p * automaton.values[n][i] for n, p in automaton.lotteries[k][t]), Fraction(0)) for t, _ in row}
            worst = {t: automaton.values[pair[i]][i] for t, pair in automaton.punishments.items()}
            later = sum((share * promised[t] for t, share in row), Fraction(0))
            worth = (1 - game.delta[i]) * game.payoff[s][profile][i] + game.delta[i] * later
            if abs(worth - automaton.values[k][i]) > error:
                error = abs(worth - automaton.values[k][i])
                reason = reason if gain else f"phase {k}: {stage.players[i]} earns {float(worth):.6g}, not what is promised"
            for other in game.deviations(s, profile, i):
                if other == profile:
                    continue
                after = sum((share * worst[t] for t, share in game.rows[s][other]), Fraction(0))
                temptation = (1 - game.delta[i]) * game.payoff[s][other][i] + game.delta[i] * after - worth
                if temptation > gain:
                    gain = temptation
                    left = " / ".join(stage.labels(profile))
                    reason = f"phase {k}: {stage.players[i]} gains {float(gain):.3g} by leaving {left} for {stage.actions[i][other[i]]!r}"
    holds = gain == 0 and error == 0
    return Certificate(holds=holds, deviation_gain=float(gain), payoff_error=float(error), gap=0.0 if holds else inf, reason=reason)
