"""Answers about deals: what is selected, what survives renegotiation, and what talks with a disagreement game can lead to."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, RepeatedGame, StageGame, exact
from bargaining.games.negotiation import NegotiationGame
from bargaining.games.stage import Profile
from bargaining.payoff_set import PayoffSet
from bargaining.solution import Solution

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Pair = tuple[Fraction, Fraction]
Lottery = tuple[tuple[int, Fraction], ...]


@dataclass(frozen=True)
class BargainingProblem:
    """Corners of the payoffs that can be agreed on, the disagreement point and the weights of the rule, exact."""

    corners: tuple[Pair, ...]
    disagreement: Pair
    rule: str
    weights: Pair


@dataclass(frozen=True, eq=False, kw_only=True)
class Selection(Solution):
    """The point that a bargaining rule selects: `exact_point`, rounded once in `point`.

    With status `empty` no point of the set is at least as good for both as disagreement; `exact_point` is None then, `point` NaN.
    """

    point: Floats
    exact_point: Pair | None
    game: BargainingProblem  # type: ignore[assignment]

    def row(self) -> dict[str, Any]:
        """Rule, disagreement point and point."""
        d = [float(v) for v in self.game.disagreement]
        flat = {"rule": self.game.rule, "d_us": d[0], "d_cn": d[1], "us": float(self.point[0]), "cn": float(self.point[1])}
        return {**super().row(), **flat}


@dataclass(frozen=True)
class BargainingProblems:
    """Corners of the payoffs that can be agreed on, disagreement points and named deals, exact."""

    corners: tuple[Pair, ...]
    disagreements: Mapping[str, Pair]
    deals: Mapping[str, Pair]


@dataclass(frozen=True, eq=False, kw_only=True)
class BargainingTable(Solution):
    """Every rule from every disagreement point.

    `records` has a row a combination, ``exact_points[k]`` the exact point of row k (None if there is none); `flips` says, for each rule
    and conclusion, whether the conclusion depends on the point.
    """

    records: tuple[Mapping[str, Any], ...]
    flips: Mapping[tuple[str, str], bool]
    exact_points: tuple[Pair | None, ...]
    game: BargainingProblems  # type: ignore[assignment]

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a rule × disagreement point, with a column ``flips``: the conclusions of the rule that flip."""
        return [
            {**record, "flips": ", ".join(what for (rule, what), flip in self.flips.items() if flip and rule == record["rule"])}
            for record in self.records
        ]

    def to_frame(self) -> "pd.DataFrame":
        """The rows as a pandas table."""
        import pandas as pd

        return pd.DataFrame(self.rows())


@dataclass(frozen=True, eq=False, kw_only=True)
class ContractualEquilibrium(Solution):
    """Level (joint payoff) and span of the contractual equilibrium with these bargaining `weights`, and its payoffs: a segment, exact."""

    level: float
    span: float
    path: Profile | None
    enforceable: tuple[Profile, ...]
    payoff_set: PayoffSet
    weights: Pair
    game: RepeatedGame

    @property
    def vertices(self) -> Any:
        """Ends of the segment, shape (2, 2) (one row if they coincide, none if there is no equilibrium)."""
        return self.payoff_set.vertices

    def row(self) -> dict[str, Any]:
        """Level and span."""
        return {**super().row(), "level": self.level, "span": self.span, "enforceable": len(self.enforceable)}


@dataclass(frozen=True, eq=False, kw_only=True)
class RenegotiationProof(Solution):
    """Payoffs that are weakly renegotiation-proof for all large δ (sufficient conditions, pure punishments): a union of convex `pieces`.

    Piece k is what is `feasible` (corners, counter-clockwise) from ``floors[k]`` to ``ceilings[k]``, where the profiles
    ``punishments[k]`` punish the U.S. and China. The pieces are closed; `contains` applies the strict inequalities.
    """

    pieces: tuple[PayoffSet, ...]
    feasible: tuple[Pair, ...]
    floors: tuple[Pair, ...]
    ceilings: tuple[Pair, ...]
    punishments: tuple[tuple[Profile, Profile], ...]
    game: StageGame

    def contains(self, point: Any) -> bool:
        """Whether a payoff pair passes, exactly."""
        try:
            x, y = (exact(v) for v in (point.tolist() if isinstance(point, np.ndarray) else point))
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            raise GameError(f"point {point!r}: expected two finite numbers, U.S. first") from None
        around = zip(self.feasible, (*self.feasible[1:], self.feasible[0]), strict=True)
        # To the left of every edge; of a segment or a point the box cuts off what is in line with it.
        inside = all((b[0] - a[0]) * (y - a[1]) >= (b[1] - a[1]) * (x - a[0]) for a, b in around) and all(
            min(column) <= v <= max(column) for v, column in zip((x, y), zip(*self.feasible, strict=True), strict=True)
        )
        return inside and any(low[0] < x <= high[0] and low[1] < y <= high[1] for low, high in zip(self.floors, self.ceilings, strict=True))

    def row(self) -> dict[str, Any]:
        """How many pieces."""
        return {**super().row(), "pieces": len(self.pieces)}


@dataclass(frozen=True, eq=False, kw_only=True)
class Penance(Solution):
    """A weakly renegotiation-proof penance equilibrium: for each side the profile of its penance and the number of periods.

    ``worst[i]`` is what i gets at the start of its own penance.
    """

    agreement: Profile
    profiles: tuple[Profile, Profile]
    periods: tuple[int, int]
    worst: Pair
    game: RepeatedGame

    def row(self) -> dict[str, Any]:
        """Lengths of the penances and what they hold the sides down to."""
        worst = {f"worst_{side}": float(v) for side, v in zip(("us", "cn"), self.worst, strict=True)}
        return {**super().row(), "periods_us": self.periods[0], "periods_cn": self.periods[1], **worst}


@dataclass(frozen=True, eq=False, kw_only=True)
class ThreatBargain(Solution):
    """Nash bargaining with variable threats: the `point` agreed on, the `threats` (mixed actions), what they would earn.

    `weights` is the normal of the frontier at the point, ``value`` that of the zero-sum game over threats at these weights. `agreements`
    are the corners of what can be agreed on (None: all stage payoffs and their mixtures).
    """

    point: Floats
    threats: tuple[Floats, Floats]
    disagreement: Floats
    weights: Floats
    value: float
    agreements: tuple[Pair, ...] | None = None
    game: Any

    def row(self) -> dict[str, Any]:
        """The point and the threat payoffs."""
        return {
            **super().row(),
            "us": float(self.point[0]),
            "cn": float(self.point[1]),
            "disagreement_us": float(self.disagreement[0]),
            "disagreement_cn": float(self.disagreement[1]),
            "weight_us": float(self.weights[0]),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class Negotiation(Solution):
    """Equilibrium payoffs of a negotiation game.

    ``sets[i]`` are the payoffs when i proposes first; ``share_bounds[i]`` the least and the largest payoff of i then, and
    ``responder_bounds[i]`` those of i when the other proposes first. ``max_delay[i]`` is the largest number of refusals before an agreement
    when i proposes first (infinite if talks may go on for ever). No equilibrium pays what lies outside the sets `outer`. With status
    `solved` the sets generate themselves, exactly (`exact_sets`, by the profiles `generators`), and the outer ones reach at most
    `error_bound` farther; `undecided` says that this is more than was asked for, `approximate` that nothing is proven from inside: the
    sets are the outer ones, and they generate themselves up to `generation_error`.
    """

    sets: tuple[PayoffSet, PayoffSet]
    share_bounds: Floats
    responder_bounds: Floats
    max_delay: Floats
    generation_error: float
    exact_sets: tuple[tuple[Any, ...], tuple[Any, ...]]
    game: NegotiationGame  # type: ignore[assignment]
    outer: tuple[PayoffSet, ...] = ()
    generators: tuple[Profile, ...] = ()

    def row(self) -> dict[str, Any]:
        """Bounds and delays at both proposer nodes."""
        row = super().row()
        for i, name in enumerate(("us", "cn")):
            row |= {f"least_{name}": float(self.share_bounds[i, 0]), f"most_{name}": float(self.share_bounds[i, 1])}
            row[f"max_delay_{name}_first"] = float(self.max_delay[i])
        return row


@dataclass(frozen=True)
class Node:
    """Talks with `proposer` to move, worth `payoff`.

    With a `split` it is offered and accepted; without one nothing acceptable is offered. After a refusal a public draw `refused` picks a
    position in `NegotiationPlan.quarrels`: on the path if there is no split, else to punish the refusal.
    """

    proposer: int
    payoff: Pair
    split: Pair | None
    refused: Lottery


@dataclass(frozen=True)
class Quarrel:
    """One period of the disagreement game, worth `payoff`: a profile, then a public draw of the next node.

    ``punished[k]`` is the node that follows a deviation of player k.
    """

    payoff: Pair
    profile: tuple[int, int]
    after: Lottery
    punished: tuple[int, int]


@dataclass(frozen=True, eq=False, kw_only=True)
class NegotiationPlan(Solution):
    """A subgame-perfect strategy profile of a negotiation game as a finite machine; `start` is a position in `nodes`.

    An offer of side i that is not in the plan is refused if it gives the other less than what the public draw ``deterred[i]`` of quarrels
    that then follows is worth to it, and accepted otherwise. Either way the proposer gets ``secured[i]`` at most.
    """

    nodes: tuple[Node, ...]
    quarrels: tuple[Quarrel, ...]
    start: int
    secured: Pair
    deterred: tuple[Lottery, Lottery]
    game: NegotiationGame  # type: ignore[assignment]

    @property
    def payoff(self) -> Pair:
        """What the plan earns, exact."""
        return self.nodes[self.start].payoff

    def row(self) -> dict[str, Any]:
        """What the plan earns."""
        us, cn = (float(v) for v in self.payoff)
        return {**super().row(), "payoff_us": us, "payoff_cn": cn, "nodes": len(self.nodes), "quarrels": len(self.quarrels)}

    def __str__(self) -> str:
        stage, lines, told = self.game.stage_game(), [], set()
        waiting = [self.start]
        players = stage.players
        while waiting:
            k = waiting.pop(0)
            if k in told:
                continue
            told.add(k)
            node = self.nodes[k]
            me, you = players[node.proposer], players[1 - node.proposer]
            if node.split is not None:
                us, cn = (float(share) for share in node.split)
                lines.append(f"Node {k}: {me} offers the split ({us:.4g}, {cn:.4g}); {you} accepts. If {you} refuses:")
            else:
                lines.append(f"Node {k}: {me} offers nothing acceptable; {you} refuses:")
            for q, chance in node.refused:
                quarrel = self.quarrels[q]
                labels = " / ".join(stage.labels(quarrel.profile))
                odds = "" if chance == 1 else f"with probability {float(chance):.3g} "
                nodes = ", ".join(f"node {n}" + ("" if c == 1 else f" ({float(c):.3g})") for n, c in quarrel.after)
                first, second = quarrel.punished
                lines.append(
                    f"  {odds}{labels}, then {nodes}; a deviation of {players[0]} leads to node {first}, of {players[1]} to {second}"
                )
                waiting += [n for n, _ in quarrel.after] + [first, second]
        return "\n".join(lines)
