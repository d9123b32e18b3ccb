"""``bargaining show`` for scenarios with states."""

from typing import Any

from rich.console import Console

from bargaining.cli.terminal import print_table, table
from bargaining.scenarios.states import StateScenario

# Of a longer list of states this many are printed; --json has all.
_MOST_STATES = 24


def print_story(console: Console, story: StateScenario) -> None:
    """Title, calibration, unit and patience."""
    deltas = story.game().deltas
    console.print(f"{story.name}: {story.title}")
    console.print(f"calibration {story.calibration} (of {', '.join(story.calibrations)}); payoffs: {story.payoff_unit}")
    console.print(f"discount factors per 90 days: U.S. {deltas[0]:.4f}, China {deltas[1]:.4f}\n")


def print_states_and_plans(console: Console, story: StateScenario) -> None:
    """States with what both sides can do in them and where play can go, plans, which partitions of the issues factor, the dilemma."""
    composed, game = story.composed(), story.game()
    console.print()
    console.print("issues: " + ", ".join(f"{name} {story.issues_in_words[name]}" for name in composed.issues))
    console.print("states: " + ", ".join(f"{name} ({story.factors_in_words[name]})" for name in composed.factors) + "\n")
    made = table("state", "U.S. actions", "Chinese actions", "can lead to", left=4)
    for s, state in enumerate(game.states[:_MOST_STATES]):
        us, cn = game.actions[s]
        following = ", ".join(game.states[t] for t in sorted(game.successors[s]))
        made.add_row(state, ", ".join(us), ", ".join(cn), following)
    print_table(console, f"{len(game)} states, play starts in the first" + (", shown in part" if len(game) > _MOST_STATES else ""), made)
    console.print()
    made = table("plan", "what is promised", left=2)
    for name, words in story.plans.items():
        made.add_row(name, words)
    print_table(console, "plans", made)
    if len(composed.issues) > 1:
        console.print()
        made = table("partition", "block by block?", left=2)
        for partition in composed.partitions():
            why = composed.shared(partition)
            words = "; ".join(f"no: {factor} is shared ({reason})" for factor, reason in why.items()) or "yes"
            made.add_row(composed.partition_name(partition), words)
        print_table(console, "which partitions of the issues can be solved block by block (a comma links, a bar separates)", made)
    console.print("\nwhat makes this a dilemma, or not", style="bold")
    for sentence in story.explain():
        console.print(f"- {sentence}")


def states_content(story: StateScenario) -> dict[str, Any]:
    """The same as plain data."""
    composed, game = story.composed(), story.game()
    return {
        "name": story.name,
        "title": story.title,
        "unit": story.payoff_unit,
        "calibration": story.calibration,
        "calibrations": list(story.calibrations),
        "delta": list(game.deltas),
        "parameters": story.parameters(),
        "issues": {name: story.issues_in_words[name] for name in composed.issues},
        "factors": {name: story.factors_in_words[name] for name in composed.factors},
        "states": {
            state: {"actions": game.actions[s], "payoffs": game.payoffs[s].tolist(), "transitions": game.transitions[s].tolist()}
            for s, state in enumerate(game.states)
        },
        "plans": {name: story.plan(name) for name in story.plans},
        "partitions": {composed.partition_name(partition): composed.shared(partition) for partition in composed.partitions()},
        "explanation": story.explain(),
    }
