"""``bargaining show`` for scenarios with signals: what is seen of each issue."""

from typing import Any

from rich.console import Console

from bargaining.cli.terminal import print_table, table
from bargaining.games import Monitoring, StageGame
from bargaining.scenarios.vetting import Vetting


def print_signals(console: Console, issue: str, stage: StageGame, seen: Monitoring) -> None:
    """Probability of each signal of an issue, a row a pair of actions."""
    us, cn = stage.players
    made = table(us, cn, *seen.signals, left=2)
    for (a, b), row in seen.rows.items():
        made.add_row(stage.actions[0][a], stage.actions[1][b], *(f"{float(share):.4g}" for share in row))
    print_table(console, f"what is seen of {issue}: probabilities a period", made)


def signals_content(story: Vetting) -> dict[str, Any]:
    """The same as plain data."""
    overt = story.overt()
    return {
        issue: {"names": seen.signals, "overt": overt.get(issue, ()), "probabilities": seen.probabilities.tolist()}
        for issue, seen in story.monitorings().items()
    }
