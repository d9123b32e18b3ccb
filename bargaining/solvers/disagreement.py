"""Where bargaining starts from, and whether what it ends in depends on that.

A bargaining rule needs a disagreement point, and there are several defensible ones. `disagreement_points` lists them for a game, and
`bargaining_table` selects from all of them by all rules. A conclusion that flips with the disagreement point is flagged: it is not a
finding about the game.
"""

import contextlib
import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.answers.deals import BargainingProblems, BargainingTable
from bargaining.games import GameError, IssueGame, RepeatedGame, StageGame
from bargaining.solution import Status
from bargaining.solvers.minmax import minmax
from bargaining.solvers.nash import nash_equilibria
from bargaining.solvers.plane import Pair, above, as_floats, read_pair, read_polygon
from bargaining.solvers.selection import RULES, selected
from bargaining.solvers.threats import nash_with_threats

Floats = NDArray[np.float64]


def disagreement_points(
    game: StageGame | IssueGame | RepeatedGame, payoff_set: Any = None, *, talks: Any = None, states: Any = None, **more: Any
) -> dict[str, Floats]:
    """Disagreement points of a game by name, payoffs U.S. first.

    Parameters
    ----------
    game : StageGame, IssueGame or RepeatedGame
        Static equilibria are named one by one; of a separable IssueGame they are all combinations of equilibria of its issues.
    payoff_set : PayoffSet or solution, optional
        Adds ``worst equilibrium payoffs`` (min of either coordinate: they need not occur together) and ``variable threats``, what the
        threats of `nash_with_threats` on this set earn (left out where the threats leave nothing to agree on).
    talks : Negotiation, optional
        Adds ``negotiation values``: the least that either side gets in an equilibrium of `negotiate`, whoever opens.
    states : StochasticSet, optional
        Adds ``state NAME`` for each state of a game with states: the worst equilibrium payoffs of play that starts there.
    **more : pair of float
        Further points by name: the values of a negotiation game, the payoffs of a scenario's state (underscores become spaces).

    Returns
    -------
    dict of str to array, shape (2,)

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]], actions=[["truce", "raise"]] * 2)
    >>> {name: point.tolist() for name, point in bg.disagreement_points(dilemma, london=(2, 3)).items()}
    {'static Nash raise/raise': [1.0, 1.0], 'pure minmax': [1.0, 1.0], 'mixed minmax': [1.0, 1.0], 'london': [2.0, 3.0]}
    """
    if not isinstance(game, (StageGame, IssueGame, RepeatedGame)):
        raise GameError(f"game is a {type(game).__name__}: expected a StageGame, an IssueGame or a RepeatedGame")
    inner = game.stage if isinstance(game, RepeatedGame) else game
    stage = inner.stage_game() if isinstance(inner, IssueGame) else inner
    found: dict[str, Floats] = {}
    for name, point in _static(inner):
        label = f"static Nash {name}"
        found[label if label not in found else f"{label} ({len(found)})"] = point
    floors = minmax(stage)
    found |= {"pure minmax": floors.pure, "mixed minmax": floors.mixed}
    if payoff_set is not None and len(vertices := as_vertices(payoff_set)):
        found["worst equilibrium payoffs"] = vertices.min(axis=0)
        # Where the threats earn more than any point of a small set no bargain starts from them.
        with contextlib.suppress(GameError):
            found["variable threats"] = nash_with_threats(stage, payoff_set).disagreement
    if talks is not None:
        found["negotiation values"] = np.minimum(talks.share_bounds[:, 0], talks.responder_bounds[:, 0])
    if states is not None:
        found |= {f"state {name}": np.array(point) for name, point in zip(states.game.states, states.punishment_payoffs, strict=True)}
    for name, point in more.items():
        found[name.replace("_", " ")] = as_floats(read_pair(point, name))
    return found


def as_vertices(payoff_set: Any) -> Floats:
    """Vertices as floats."""
    return np.array([as_floats(v) for v in read_polygon(payoff_set, "payoff_set")]).reshape(-1, 2)


def _static(game: StageGame | IssueGame) -> list[tuple[str, Floats]]:
    """Extreme static equilibria: label and payoffs; those of one payoff pair are listed once."""
    if isinstance(game, IssueGame) and game.separable:
        parts = [[(f"{issue} {name}", point) for name, point in _static(stage)] for issue, stage in game.issues.items()]
        listed = [(", ".join(n for n, _ in pick), np.sum([p for _, p in pick], axis=0)) for pick in product(*parts)]
    else:
        stage = game.stage_game() if isinstance(game, IssueGame) else game
        solved = nash_equilibria(stage, exact=True)
        listed = [
            (_words(stage, x, y), np.asarray(point, dtype=np.float64))
            for (x, y), point in zip(solved.profiles, solved.payoffs, strict=True)
        ]
    once: dict[tuple[float, float], tuple[str, Floats]] = {}
    for name, point in listed:
        once.setdefault((round(float(point[0]), 12), round(float(point[1]), 12)), (name, point))
    return list(once.values())


def _words(stage: StageGame, x: Floats, y: Floats) -> str:
    own = [labels[int(mix.argmax())] if np.count_nonzero(mix) == 1 else "mixed" for labels, mix in zip(stage.actions, (x, y), strict=True)]
    moves = [word for word, size in zip(own, stage.shape, strict=True) if size > 1]
    return "/".join(moves or own)


def bargaining_table(
    payoff_set: Any,
    disagreements: Mapping[str, Any],
    rules: Sequence[str] = RULES,
    *,
    deals: Mapping[str, Any] | None = None,
    tol: float = 1e-9,
) -> BargainingTable:
    r"""What every rule selects from every disagreement point, and which conclusions flip.

    Parameters
    ----------
    payoff_set : PayoffSet, solution or array_like of shape (k, 2)
    disagreements : mapping of name to pair of float
        Such as `disagreement_points`.
    rules : sequence of str
    deals : mapping of name to pair of float, optional
        Payoffs of named agreements; the one nearest to the selected point, relative to the spread of the set, is a conclusion.
    tol : float
        Two points closer than this, relative to the spread of the set in either payoff, are one.

    Returns
    -------
    BargainingTable
        Rows with ``rule``, ``disagreement``, ``d_us``, ``d_cn``, ``us``, ``cn``, ``status`` (``solved``, or ``empty`` where no point of the
        set is as good as d for both); conclusions ``point`` (does it move at all), ``favours`` (``U.S.``, ``China`` or ``neither``: whose
        payoff lies higher between its worst and its best in the set), ``deal``.

    Examples
    --------
    >>> import bargaining as bg
    >>> table = bg.bargaining_table([[0, 0], [2, 0], [0, 2]], {"even": (0, 0), "U.S. strong": (1, 0)}, ["nash"])
    >>> [(row["us"], row["favours"], row["flips"]) for row in table.rows()]
    [(1.0, 'neither', 'point, favours'), (1.5, 'U.S.', 'point, favours')]
    """
    for what, given in (("disagreements", disagreements), ("deals", deals or {})):
        if not isinstance(given, Mapping):
            raise GameError(f"{what} is a {type(given).__name__}: expected pairs of payoffs by name")
    if isinstance(rules, str) or not isinstance(rules, Sequence):
        raise GameError(f"rules {rules!r}: expected a list of rules, of {', '.join(RULES)}")
    polygon = read_polygon(payoff_set, "payoff_set")
    vertices = as_vertices(payoff_set)
    spread = np.ptp(vertices, axis=0) if len(vertices) else np.zeros(2)
    scale = np.where(spread > 0, spread, 1.0)
    low = vertices.min(axis=0) if len(vertices) else np.zeros(2)
    starts = {name: read_pair(given, f"disagreements[{name!r}]") for name, given in disagreements.items()}
    agreed = {name: read_pair(point, f"deals[{name!r}]") for name, point in (deals or {}).items()}
    named = {name: as_floats(point) for name, point in agreed.items()}
    exact_points: list[Pair | None] = []
    records: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], list[Any]] = {}
    for rule, (name, d) in product(rules, starts.items()):
        record: dict[str, Any] = {"rule": rule, "disagreement": name, "d_us": float(d[0]), "d_cn": float(d[1])}
        if not polygon or not above(polygon, d):
            records.append({**record, "us": math.nan, "cn": math.nan, "favours": "", "status": "empty"})
            exact_points.append(None)
            continue
        exact_points.append(best := selected(polygon, d, rule))
        point = as_floats(best)
        height = (point - low) / scale
        lead = height[0] - height[1]
        conclusions = {"favours": "neither" if abs(lead) <= tol else "U.S." if lead > 0 else "China"}
        if named:
            conclusions["deal"] = min(named, key=lambda deal: float(np.hypot(*((named[deal] - point) / scale))))
        records.append({**record, "us": float(point[0]), "cn": float(point[1]), **conclusions, "status": "solved"})
        seen.setdefault((rule, "point"), []).append(height)
        for what, answer in conclusions.items():
            seen.setdefault((rule, what), []).append(answer)
    flips = {
        key: bool((np.ptp(np.array(answers), axis=0) > tol).any()) if key[1] == "point" else len(set(answers)) > 1
        for key, answers in seen.items()
    }
    return BargainingTable(
        status=Status.solved,
        error_bound=0.0,
        iterations=len(records),
        method="bargaining rules: exact walks along the frontier",
        options={"rules": tuple(rules), "tol": tol},
        game=BargainingProblems(tuple(polygon), starts, agreed),
        records=tuple(records),
        flips=flips,
        exact_points=tuple(exact_points),
    )
