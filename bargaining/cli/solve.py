"""``bargaining solve``: a stage game from a file, its equilibria, what each side can be held down to, what is dominated, V(δ)."""

import math
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bargaining.answers.stage import IteratedDominance, Minmax, NashEquilibria
from bargaining.cli import Exit
from bargaining.cli.describe import mixture
from bargaining.cli.terminal import number, print_json, print_table, stderr, stdout, table, tell_if_cold
from bargaining.game_files import GameFileError, parse_game, read_game
from bargaining.game_files.text import number as number_in
from bargaining.games import RepeatedGame, StageGame
from bargaining.games.exact import exact
from bargaining.solution import EquilibriumSet
from bargaining.solvers.dominance import iterated_dominance
from bargaining.solvers.equilibrium_set import equilibrium_set
from bargaining.solvers.minmax import minmax
from bargaining.solvers.nash import nash_equilibria


def solve_file(file: str, delta: str | None, as_json: bool) -> Exit:
    """Read a game, solve it and print everything; from stdin if the file is ``-``.

    Raises
    ------
    GameFileError
        If the file holds no game.
    click.BadParameter
        If `delta` is not one or two numbers between 0 and 1.
    """
    deltas = None if delta is None else _deltas(delta)
    stage = parse_game(_stdin(), "stdin") if file == "-" else read_game(file)
    tell_if_cold(stderr())
    nash, held, dominance = nash_equilibria(stage), minmax(stage), iterated_dominance(stage)
    repeated = None if deltas is None else equilibrium_set(RepeatedGame(stage, deltas))
    answers = [nash, held] + ([repeated] if repeated is not None else [])
    if as_json:
        print_json(_content(file, stage, nash, held, dominance, repeated))
    else:
        _print(stdout(), file, stage, nash, held, dominance, repeated)
    return Exit.fine if all(answer.status.is_answer for answer in answers) else Exit.unproven


def _stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise GameFileError("stdin: not text in UTF-8") from None


def _deltas(text: str) -> Any:
    """One discount factor, or one a player with a comma between them, each a decimal or a ratio."""
    values = [number_in(part) for part in text.split(",")]
    if len(values) not in (1, 2) or not all(value is not None and 0.0 < float(value) < 1.0 for value in values):
        expected = "expected a discount factor between 0 and 1, such as 0.9 or 2/3, or two as in 0.9,0.8"
        raise click.BadParameter(f"{text!r}: {expected}", param_hint="--delta")
    return values[0] if len(values) == 1 else (values[0], values[1])


def _as_given(delta: Fraction) -> str:
    """A discount factor as it was given: a decimal, or a ratio that is none."""
    return f"{float(delta):g}" if exact(float(delta)) == delta else str(delta)


def _print(
    console: Console,
    file: str,
    stage: StageGame,
    nash: NashEquilibria,
    held: Minmax,
    dominance: IteratedDominance,
    repeated: EquilibriumSet | None,
) -> None:
    made = table(" \\ ".join(stage.players), *stage.actions[1])
    pure = nash.pure()
    for a, label in enumerate(stage.actions[0]):
        pairs = [f"{_short(first)}, {_short(second)}" for first, second in stage.payoffs[:, a].T]
        made.add_row(label, *(pair + (" *" if (a, b) in pure else "  ") for b, pair in enumerate(pairs)))
    name = "stdin" if file == "-" else Path(file).name
    print_table(console, f"{name} (payoffs {', '.join(stage.players)}; * pure Nash equilibrium)", made)
    console.print()
    made = table("Nash equilibrium", *stage.players, "payoffs", "regret", left=3)
    for k, (x, y) in enumerate(nash.profiles):
        earned = f"{_short(nash.payoffs[k, 0])}, {_short(nash.payoffs[k, 1])}"
        made.add_row(str(k + 1), mixture(x, stage.actions[0]), mixture(y, stage.actions[1]), earned, f"{nash.regret[k]:.1g}")
    if nash.profiles:
        print_table(console, "Nash equilibria: who plays what with which probability", made)
    if nash.degenerate:
        console.print("degenerate: a side is indifferent somewhere, so there may be a continuum of equilibria between those listed")
    console.print(f"{nash.method}; {nash.status.value}", soft_wrap=True)
    console.print()
    made = table("held down to", "by a pure action", "played by the other side", "by a mixed one", "played by the other side", left=1)
    made.columns[2].justify = made.columns[4].justify = "left"
    for player, name in enumerate(stage.players):
        labels = stage.actions[1 - player]
        by_pure, by_mixed = _short(held.pure[player]), _short(held.mixed[player])
        made.add_row(name, by_pure, labels[held.pure_punishment[player]], by_mixed, mixture(held.mixed_punishment[player], labels))
    print_table(console, "minmax: what each side can be held down to", made)
    console.print()
    _print_dominance(console, stage, dominance)
    if repeated is not None:
        console.print()
        _print_set(console, stage, repeated)


def _print_dominance(console: Console, stage: StageGame, dominance: IteratedDominance) -> None:
    console.print("strictly dominated actions, round by round", style="bold")
    for k, gone in enumerate(dominance.rounds, start=1):
        for each in gone:
            labels = stage.actions[each.player]
            by = mixture(each.dominator, labels)
            console.print(
                f"{k}. {stage.players[each.player]}: {labels[each.action]} by {by} (by {_short(each.margin)} at least)", soft_wrap=True
            )
    left = [", ".join(stage.actions[player][k] for k in dominance.surviving[player]) for player in (0, 1)]
    words = "none is dominated; all" if not dominance.rounds else "rationalizable"
    console.print(f"{words}: {stage.players[0]} {left[0]}; {stage.players[1]} {left[1]}", soft_wrap=True)


def _print_set(console: Console, stage: StageGame, repeated: EquilibriumSet) -> None:
    assert isinstance(repeated.game, RepeatedGame)
    deltas = ", ".join(map(_as_given, repeated.game.exact_deltas))
    made = table("vertex", *stage.players)
    for k, (first, second) in enumerate(repeated.vertices, start=1):
        made.add_row(str(k), number(float(first), 4), number(float(second), 4))
    print_table(console, f"V(δ), payoffs of subgame-perfect equilibria of the repeated game at δ = {deltas}", made)
    if not repeated.is_empty:
        worst, best = repeated.punishment_payoffs, repeated.vertices.max(axis=0)
        for player, name in enumerate(stage.players):
            console.print(f"{name}: from {_short(worst[player])} to {_short(best[player])}")
    console.print(f"{repeated.status.value} (error bound {repeated.error_bound:.1g})", soft_wrap=True)


def _short(value: float) -> str:
    return f"{float(value):.6g}"


def _content(
    file: str, stage: StageGame, nash: NashEquilibria, held: Minmax, dominance: IteratedDominance, repeated: EquilibriumSet | None
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "file": file,
        "players": stage.players,
        "actions": stage.actions,
        "payoffs": stage.payoffs.tolist(),
        "nash_equilibria": {
            "status": nash.status.name,
            "method": nash.method,
            "degenerate": nash.degenerate,
            "profiles": [[x.tolist(), y.tolist()] for x, y in nash.profiles],
            "payoffs": nash.payoffs.tolist(),
            "regret": nash.regret.tolist(),
            # Connected parts of all equilibria, if the answer tells them.
            "components": [
                {"profiles": _numbers(each.profiles), "index": each.index, "subsets": [_numbers(subset) for subset in each.subsets]}
                for each in getattr(nash, "components", ())
            ],
        },
        "minmax": {
            "status": held.status.name,
            "error_bound": held.error_bound,
            "pure": held.pure.tolist(),
            "pure_punishment": [int(action) for action in held.pure_punishment],
            "mixed": held.mixed.tolist(),
            "mixed_punishment": [strategy.tolist() for strategy in held.mixed_punishment],
        },
        "dominance": {
            "rounds": [
                [
                    {"player": each.player, "action": each.action, "dominator": each.dominator.tolist(), "margin": each.margin}
                    for each in gone
                ]
                for gone in dominance.rounds
            ],
            "surviving": dominance.surviving,
        },
    }
    if repeated is not None:
        assert isinstance(repeated.game, RepeatedGame)
        row = {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in repeated.row().items()}
        content["equilibrium_set"] = {"delta": list(repeated.game.deltas), **row, "vertices": repeated.vertices.tolist()}
    return content


def _numbers(positions: Any) -> list[int]:
    return [int(k) for k in positions]
