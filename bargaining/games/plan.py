"""A strategy in words: what both do, for how long, and what follows if one of them does something else."""

from fractions import Fraction
from typing import TYPE_CHECKING

from bargaining.games.exact import exact
from bargaining.games.issues import IssueGame

if TYPE_CHECKING:
    from bargaining.games.automaton import Automaton, Lottery

# More phases than this are for the graph, not for reading.
MOST_PHASES = 12
LONGEST_RUN = 60


def write_plan(automaton: "Automaton") -> str:
    """The automaton as sentences, one a phase; a phase is a stretch of play that nothing but a deviation interrupts."""
    names = automaton.game.stage_game().players
    heads = _phases(automaton)
    number = {state: k + 1 for k, state in enumerate(heads)}
    shown = heads[:MOST_PHASES]
    lines = [f"Play starts with {_draw(automaton.start, number)}."]
    lines += [f"Phase {number[state]}: {_phase(automaton, state, number)}." for state in shown]
    if len(heads) > len(shown):
        lines.append(f"({len(heads) - len(shown)} more phases: see to_networkx.)")
    first, second = automaton.punishments
    lines.append(f"If {names[0]} alone deviates, phase {number[first]} follows; if {names[1]} alone does, phase {number[second]}.")
    lines += _temptations(automaton)
    earned = automaton.payoff
    lines.append(f"{names[0]} earns {earned[0]:.6g} and {names[1]} {earned[1]:.6g} a period on average.")
    return "\n".join(lines)


def profile_in_words(automaton: "Automaton", state: int) -> str:
    """What both sides do in a state, issue by issue where there are issues; a side without a choice is left out."""
    game, profile = automaton.game, automaton.profiles[state]
    stage = game.stage_game()
    if not isinstance(game.stage, IssueGame):
        own = stage.labels(profile)
        moving = [i for i in (0, 1) if stage.shape[i] > 1]
        if own[0] == own[1] and len(moving) == 2:
            return f"both {own[0]}"
        return ", ".join(f"{stage.players[i]} {own[i]}" for i in moving) or f"{own[0]}, {own[1]}"
    words = []
    for name, (part, pair) in game.stage.split(profile).items():
        own = part.labels(pair)
        moving = [i for i in (0, 1) if part.shape[i] > 1]
        if len(moving) == 2 and own[0] == own[1]:
            words.append(f"{name}: both {own[0]}")
        else:
            words.append(f"{name}: " + (", ".join(f"{part.players[i]} {own[i]}" for i in moving) or own[0]))
    return "; ".join(words)


def _phases(automaton: "Automaton") -> list[int]:
    """States that begin a phase, in the order in which a reader meets them: the path first, then the punishments."""
    heads: list[int] = []
    waiting = [state for state, _ in automaton.start]
    for more in ([], list(automaton.punishments)):
        waiting += more
        while waiting:
            state = waiting.pop(0)
            if state in heads:
                continue
            heads.append(state)
            run = _run(automaton, state)
            last = automaton.lotteries[run[-1]]
            if len(last) > 1 or last[0][0] not in run:
                waiting += [following for following, _ in last]
    return heads


def _run(automaton: "Automaton", state: int) -> list[int]:
    """States that follow one another without a draw, from a state on, until one repeats."""
    run = [state]
    while len(automaton.lotteries[run[-1]]) == 1 and len(run) < LONGEST_RUN:
        following = automaton.lotteries[run[-1]][0][0]
        if following in run:
            break
        run.append(following)
    return run


def _phase(automaton: "Automaton", state: int, number: dict[int, int]) -> str:
    run = _run(automaton, state)
    last = automaton.lotteries[run[-1]]
    loops = len(last) == 1 and last[0][0] in run
    stretches: list[list[int]] = []
    for each in run:
        if stretches and automaton.profiles[stretches[-1][-1]] == automaton.profiles[each]:
            stretches[-1].append(each)
        else:
            stretches.append([each])
    words = []
    for k, stretch in enumerate(stretches):
        for_ever = loops and k == len(stretches) - 1 and last[0][0] in stretch
        length = "for ever" if for_ever else ("once" if len(stretch) == 1 else f"for {len(stretch)} periods")
        words.append(f"{profile_in_words(automaton, stretch[0])} {length}")
        if for_ever:
            return ", then ".join(words)
    if loops:
        back = run.index(last[0][0])
        place = "from the start of this phase" if back == 0 else f"from period {back + 1} of this phase"
        return ", then ".join(words) + f", then again {place}"
    return ", then ".join(words) + f", then {_draw(last, number)}"


def _draw(lottery: "Lottery", number: dict[int, int]) -> str:
    if len(lottery) == 1:
        return f"phase {number[lottery[0][0]]}" if lottery[0][0] in number else "the next phase"
    parts = [f"phase {number.get(state, '?')} ({_percent(p)})" for state, p in lottery]
    return "a public draw of " + ", ".join(parts[:-1]) + " or " + parts[-1]


def _percent(p: Fraction) -> str:
    return f"{float(100 * p):.3g} %"


def _temptations(automaton: "Automaton") -> list[str]:
    """For each side, where on the path a deviation comes nearest to paying, and what it would gain and lose."""
    stage = automaton.game.stage_game()
    on_path = {state for state, _ in automaton.start}
    while True:
        reached = on_path | {following for state in on_path for following, _ in automaton.lotteries[state]}
        if reached == on_path:
            break
        on_path = reached
    lines = []
    for i, name in enumerate(stage.players):
        delta = automaton.game.exact_deltas[i]
        nearest: tuple[Fraction, str] | None = None
        for state in sorted(on_path):
            a, b = automaton.profiles[state]
            own = stage.payoffs[0, :, b] if i == 0 else stage.payoffs[1, a, :]
            gain = (1 - delta) * (exact(float(own.max())) - exact(float(own[(a, b)[i]])))
            if gain <= 0:
                continue
            promised = sum((p * automaton.values[k][i] for k, p in automaton.lotteries[state]), Fraction(0))
            loss = delta * (promised - automaton.values[automaton.punishments[i]][i])
            text = (
                f"{name} is most tempted to leave {profile_in_words(automaton, state)} for {stage.actions[i][int(own.argmax())]}: "
                f"it would gain {float(gain):.4g} at once and lose {float(loss):.4g} later."
            )
            if nearest is None or loss - gain < nearest[0]:
                nearest = (loss - gain, text)
        lines.append(nearest[1] if nearest else f"{name} has nothing to gain by deviating on the path.")
    return lines
