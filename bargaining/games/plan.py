"""A strategy in words: what both do, for how long, and what follows if one of them does something else."""

from fractions import Fraction
from typing import TYPE_CHECKING

from bargaining.games.exact import exact
from bargaining.games.issues import IssueGame

if TYPE_CHECKING:
    from bargaining.games.automaton import Automaton, Floats, JointAutomaton, Lottery

# With more phases than this only the likeliest course of play is told; the rest is for the graph, not for reading.
MOST_PHASES = 12
LONGEST_RUN = 60
# Of a likeliest course so many stretches and periods are told.
MOST_STRETCHES = 4
LONGEST_COURSE = 400


def write_plan(automaton: "Automaton") -> str:
    """The automaton as sentences, one a phase; a phase is a stretch of play that nothing but a deviation interrupts."""
    names = automaton.game.stage_game().players
    heads = _phases(automaton)
    if len(heads) <= MOST_PHASES:
        number = {state: k + 1 for k, state in enumerate(heads)}
        lines = [f"Play starts with {_draw(automaton.start, number)}."]
        lines += [f"Phase {number[state]}: {_phase(automaton, state, number)}." for state in heads]
        first, second = automaton.punishments
        lines.append(f"If {names[0]} alone deviates, phase {number[first]} follows; if {names[1]} alone does, phase {number[second]}.")
    else:
        likeliest, share = max(automaton.start, key=lambda drawn: drawn[1])
        lines = [f"A plan of {len(automaton)} states, told by its likeliest course; to_networkx has all of it."]
        chosen = "" if share == 1 else f" (first drawn with {_percent(share)})"
        lines.append(f"Play{chosen}: {_course(automaton, likeliest)}.")
        lines += [f"If {names[i]} alone deviates: {_course(automaton, automaton.punishments[i])}." for i in (0, 1)]
    lines += _temptations(automaton)
    earned = automaton.payoff
    lines.append(f"{names[0]} earns {earned[0]:.6g} and {names[1]} {earned[1]:.6g} a period on average.")
    return "\n".join(lines + _missed(automaton.missed, earned))


def write_apart(joint: "JointAutomaton") -> str:
    """The plans of blocks played side by side, and what they earn together."""
    plans = [f"On {', '.join(block)}:\n{part}" for block, part in joint.blocks.items()]
    earned = joint.payoff
    names = next(iter(joint.blocks.values())).game.stage_game().players
    total = f"On all together {names[0]} earns {earned[0]:.6g} and {names[1]} {earned[1]:.6g} a period on average."
    return "\n\n".join([*plans, "\n".join([total, *_missed(joint.missed, earned)])])


def _missed(distance: float, earned: "Floats") -> list[str]:
    """A line on how far the payoff asked for lies from the one earned, unless that is rounding."""
    if distance <= 1e-11 * max(1.0, float(abs(earned).max())):
        return []
    return [f"(The nearest payoff that is proven: the one asked for lies {distance:.2g} away.)"]


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
    back = run.index(last[0][0]) if len(last) == 1 and last[0][0] in run else None
    words = _stretches(automaton, run, back)
    return words if back is not None else f"{words}, then {_draw(last, number)}"


def _stretches(automaton: "Automaton", run: list[int], back: int | None) -> str:
    """States one after another, equal profiles taken together; after the last the play returns to position `back`, if there is one."""
    stretches: list[list[int]] = []
    for k, state in enumerate(run):
        if stretches and automaton.profiles[run[k - 1]] == automaton.profiles[state]:
            stretches[-1].append(k)
        else:
            stretches.append([k])
    words = []
    for k, stretch in enumerate(stretches):
        for_ever = back is not None and k == len(stretches) - 1 and back in stretch
        length = "for ever" if for_ever else ("once" if len(stretch) == 1 else f"for {len(stretch)} periods")
        words.append(f"{profile_in_words(automaton, run[stretch[0]])} {length}")
        if for_ever:
            return ", then ".join(words)
    text = ", then ".join(words)
    if back is None:
        return text
    return f"{text}, then again from {'the start' if back == 0 else f'period {back + 1}'} of this phase"


def _course(automaton: "Automaton", state: int) -> str:
    """The likeliest course of play from a state on, until it comes back or gets long, and how likely it is that far."""
    told: list[tuple[str, int, str]] = []
    seen: list[int] = []
    chance, drawn = 1.0, False
    ending = ", and so on"
    while len(seen) < LONGEST_COURSE:
        words = profile_in_words(automaton, state)
        following, share = max(automaton.lotteries[state], key=lambda next_one: next_one[1])
        until = ""
        if following == state:
            # A state that most likely follows itself lasts till it is left, then goes where it most likely goes.
            until = "for ever" if share == 1 else f"until a draw ends it ({_percent(1 - share)} a period)"
        if told and told[-1][0] == words and not told[-1][2]:
            told[-1] = (words, told[-1][1] + 1, until)
        elif len(told) == MOST_STRETCHES:
            break
        else:
            told.append((words, 1, until))
        if share == 1 and until:
            ending = ""
            break
        seen.append(state)
        if until:
            rest = [(each, p) for each, p in automaton.lotteries[state] if each != state]
            following, p = max(rest, key=lambda next_one: next_one[1])
            share = p / (1 - share)
        chance, drawn = chance * float(share), drawn or share < 1
        if following in seen:
            ending = f", then back to {profile_in_words(automaton, following)}"
            break
        state = following
    lengths = [until or ("once" if periods == 1 else f"for {periods} periods") for _, periods, until in told]
    phases = ", then ".join(f"{words} {length}" for (words, _, _), length in zip(told, lengths, strict=True))
    return phases + ending + _likely(chance, drawn)


def _likely(chance: float, drawn: bool) -> str:
    return f" (so far with {_percent(chance)})" if drawn else ""


def _draw(lottery: "Lottery", number: dict[int, int]) -> str:
    if len(lottery) == 1:
        return f"phase {number[lottery[0][0]]}"
    parts = [f"phase {number[state]} ({_percent(p)})" for state, p in lottery]
    return "a public draw of " + ", ".join(parts[:-1]) + " or " + parts[-1]


def _percent(p: Fraction | float) -> str:
    share = float(100 * p)
    if share < 0.1:
        return "< 0.1 %"
    return f"{share:.3g} %" if share < 99.95 or p == 1 else "> 99.9 %"


def _temptations(automaton: "Automaton") -> list[str]:
    """For each side, where on the path a deviation comes nearest to paying, and what it would gain and lose."""
    stage = automaton.game.stage_game()
    lines = []
    for i, name in enumerate(stage.players):
        delta = automaton.game.exact_deltas[i]
        nearest: tuple[Fraction, str] | None = None
        for state in sorted(automaton.reached()):
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
