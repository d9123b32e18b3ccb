r"""Linkage under noise: what it costs to enforce an agreement over several issues that are seen through one signal each.

Each side is kept to an agreement a by *burning value*: after the joint signal y its continuation payoff is lowered by
:math:`\frac{1-\delta}{\delta} x_i(y)`, down to its reversion payoff :math:`f_i` at most. The cost is

.. math:: c_i = \min_{x \ge 0} \sum_y \pi(y\mid a)\, x(y)\quad\text{s.t.}\quad \sum_y [\pi(y\mid a_i', a_j) - \pi(y\mid a)]\, x(y) \ge
   g_i(a_i', a_j) - g_i(a),\quad x(y) \le \tfrac{\delta}{1-\delta}\,(g_i(a) - c_i - f_i)

over all deviations on any number of issues, a linear program. Three regimes differ in what x may depend on:

* *unlinked*: each issue, or block of issues, by itself, punished there only: costs add up;
* *all-or-nothing*: only whether there was any incident counts, and it punishes everything (Thomas and Willig 2006); signals declared
  *overt*, which are no accident, are told apart from incidents;
* *optimal* linkage: all signals. Punishing only when several issues look bad at once costs less in total than one issue alone does for
  each (Matsushima 2001), at the price of more patience.

Lowering each side's payoff separately is a benchmark: it takes lotteries over reversion on single issues in which both sides lose in the
proportions asked for. `bargaining.equilibrium_set` says without that assumption what can be sustained; see `linkage_games`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games import GameError, IssueGame, MonitoredGame, Monitoring, StageGame, joint_monitoring
from bargaining.games.discounting import read_delta
from bargaining.games.exact import Real
from bargaining.games.issues import Partition
from bargaining.games.monitored_issues import any_incident, joint_rows
from bargaining.games.monitoring import Row, require_mapping
from bargaining.games.stage import Profile
from bargaining.solvers.monitored_enforcement import EnforcementProgram
from bargaining.solvers.monitored_scaled import merged_row
from bargaining.solvers.nash import pure_equilibria

Floats = NDArray[np.float64]
Pair = tuple[float, float]

REGIMES = ("unlinked", "all_or_nothing", "optimal")
NEVER = (float("inf"), float("inf"))


@dataclass(frozen=True)
class Enforcement:
    """One regime at the discount factors given.

    `cost` and `payoffs` a side, U.S. first. `sustained` says whether the whole agreement is; if not, `cost` is infinite. `payoffs` are
    those of the issues kept, the others at their reversion payoffs: the issues that give both together most (unlinked: of each block),
    or, under all-or-nothing, all or none. `critical_delta` is the least common discount factor that sustains the agreement,
    `cheapest_delta` that from which on its cost is least (infinite: none below one).
    """

    regime: str
    sustained: bool
    cost: Pair
    payoffs: Pair
    kept: tuple[str, ...]
    critical_delta: float
    cheapest_delta: float

    @property
    def joint_payoff(self) -> float:
        """Sum of both sides' payoffs."""
        return self.payoffs[0] + self.payoffs[1]


@dataclass(frozen=True, eq=False)
class MonitoredLinkage:
    """The three regimes of one agreement: linear programs solved in exact arithmetic, rounded once."""

    unlinked: Enforcement
    all_or_nothing: Enforcement
    optimal: Enforcement

    @property
    def verdict(self) -> str:
        """``link`` if all-or-nothing linkage gives both together more than separate issues, ``firewall`` if less, else ``tie``."""
        gap = self.all_or_nothing.joint_payoff - self.unlinked.joint_payoff
        size = 1e-9 * max(abs(self.unlinked.joint_payoff), abs(self.all_or_nothing.joint_payoff))
        return "link" if gap > size else "firewall" if gap < -size else "tie"

    def rows(self) -> list[dict[str, Any]]:
        """One flat dictionary a regime."""
        return [
            {
                "regime": each.regime,
                "sustained": each.sustained,
                "cost_us": each.cost[0],
                "cost_cn": each.cost[1],
                "payoff_us": each.payoffs[0],
                "payoff_cn": each.payoffs[1],
                "joint_payoff": each.joint_payoff,
                "kept": ",".join(each.kept),
                "critical_delta": each.critical_delta,
                "cheapest_delta": each.cheapest_delta,
            }
            for each in (self.unlinked, self.all_or_nothing, self.optimal)
        ]

    def gain_over(self, other: "MonitoredLinkage") -> dict[str, float]:
        """By how much the joint payoff of each regime exceeds another's: what better signals (vetting, auditing) are worth."""
        return {name: getattr(self, name).joint_payoff - getattr(other, name).joint_payoff for name in REGIMES}


def monitored_linkage(
    issues: IssueGame,
    monitorings: Mapping[str, Monitoring],
    agreement: Any,
    delta: Real | tuple[Real, Real],
    *,
    correlation: Real = 0,
    clean: Mapping[str, str] | None = None,
    overt: Mapping[str, Iterable[str]] | None = None,
    reversion: Mapping[str, Any] | None = None,
    partition: str | Partition | None = None,
) -> MonitoredLinkage:
    """Cost of enforcement, critical discount factor and payoffs of an agreement: unlinked, all-or-nothing, optimally linked.

    Parameters
    ----------
    issues : IssueGame
        Separable.
    monitorings : mapping of str to Monitoring
        What is seen of each issue.
    agreement : mapping of issue to pair of actions
    delta : float, Fraction, str, or a pair of them
    correlation : Real
        As in `joint_monitoring`.
    clean : mapping of str to str, optional
        The signal of each issue that is no incident; its first by default.
    overt : mapping of str to list of str, optional
        Signals of an issue that are no accident, such as a tariff raised in public. All-or-nothing linkage tells them from incidents.
    reversion : mapping of issue to pair of actions, optional
        The static equilibrium that punishes on each issue; by default the pure one with the least joint payoff.
    partition : str or tuple of tuples of str, optional
        What is not linked to what in the unlinked regime, such as ``"T,R|C"``; within a block linkage is optimal. By default every issue
        stands alone.

    Raises
    ------
    GameError
        If payoffs are not separable, an issue has no monitoring, the reversion is no static equilibrium, or there is none to revert to.

    References
    ----------
    Matsushima, H. (2001), Multimarket contact, imperfect monitoring, and implicit collusion, Journal of Economic Theory 98.
    Thomas, J., Willig, R. (2006), The risk of contagion from multi-market contact.

    Examples
    --------
    Two issues alike, false alarms one time in ten. Punishing when both look bad halves what false alarms cost, if both sides are patient;
    punishing whenever either does costs more than keeping them apart.

    >>> import bargaining as bg
    >>> one = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> seen = bg.Monitoring.incidents(one, (0, 0), 0.1, 0.5)
    >>> both = bg.IssueGame({"R": one, "C": one})
    >>> found = bg.monitored_linkage(both, {"R": seen, "C": seen}, {"R": (0, 0), "C": (0, 0)}, delta=0.95)
    >>> [round(row["cost_us"], 6) for row in found.rows()], round(found.optimal.cheapest_delta, 4)
    ([0.5, 0.678571, 0.25], 0.8696)
    """
    _require_issues(issues).require_separable()
    deltas = read_delta(delta)
    promised = issues.agreement(agreement)
    joint = joint_rows(issues, monitorings, correlation)
    fallback = _reversions(issues, reversion or {})
    blocks = [(name,) for name in issues.names] if partition is None else list(issues.partition(partition))
    parts = []
    for names in blocks:
        block = IssueGame({name: issues.issues[name] for name in names})
        own = joint_rows(block, {name: monitorings[name] for name in names}, correlation)
        parts.append(_optimal("unlinked", block, own, promised, fallback, deltas))
    place = {" + ".join(words): y for y, words in enumerate(product(*(monitorings[name].signals for name in issues.names)))}
    groups = [[place[word] for word in group] for group in any_incident(issues, monitorings, clean, overt).values()]
    here, there = issues.joint_profile(promised), issues.joint_profile(fallback)

    def pooled(profile: Profile) -> Row:
        return merged_row(joint(profile), groups)

    return MonitoredLinkage(
        unlinked=_added(parts),
        all_or_nothing=_enforced("all_or_nothing", issues.stage_game(), pooled, here, there, deltas, issues.names),
        optimal=_optimal("optimal", issues, joint, promised, fallback, deltas),
    )


def linkage_games(
    issues: IssueGame,
    monitorings: Mapping[str, Monitoring],
    delta: Real | tuple[Real, Real],
    *,
    correlation: Real = 0,
    clean: Mapping[str, str] | None = None,
    overt: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, MonitoredGame]:
    """The games whose equilibrium sets say what each regime sustains: one an issue (``issue R``), ``all_or_nothing`` and ``optimal``.

    The unlinked set is the Minkowski sum of the issues' sets (payoffs and signals are separable); sums of solutions' sets are within the
    sum of their error bounds.
    """
    _require_issues(issues).require_separable()
    joint = joint_monitoring(issues, monitorings, correlation)
    games = {f"issue {name}": MonitoredGame.of(issues.issues[name], monitorings[name], delta) for name in issues.names}
    games["all_or_nothing"] = MonitoredGame.of(issues, joint.pooled(any_incident(issues, monitorings, clean, overt)), delta)
    games["optimal"] = MonitoredGame.of(issues, joint, delta)
    return games


def grim_payoffs(
    issues: IssueGame,
    monitorings: Mapping[str, Monitoring],
    agreement: Any,
    delta: Real | tuple[Real, Real],
    *,
    correlation: Real = 0,
    clean: Mapping[str, str] | None = None,
    reversion: Mapping[str, Any] | None = None,
) -> dict[str, Pair]:
    r"""Payoffs if any incident ends the agreement for good: on its issue (``unlinked``) or on all (``all_or_nothing``).

    With probability P of an incident a period while all comply, :math:`v = f + (g - f)\,(1-\delta)/(1-\delta(1-P))`: a clean issue tied to
    a noisy one dies with it. Whether complying is a best reply is not asked here; see `monitored_linkage`.
    """
    _require_issues(issues).require_separable()
    deltas = tuple(float(factor) for factor in read_delta(delta))
    promised = issues.agreement(agreement)
    fallback = _reversions(issues, reversion or {})
    joint = joint_monitoring(issues, monitorings, correlation)
    pooled = joint.pooled(any_incident(issues, monitorings, clean))

    def survives(monitoring: Monitoring, profile: Profile, signal: str) -> float:
        return float(monitoring.row(profile)[monitoring.signals.index(signal)])

    def value(stage: StageGame, here: Profile, there: Profile, survival: float) -> Floats:
        good, bad = stage.payoffs[:, here[0], here[1]], stage.payoffs[:, there[0], there[1]]
        return np.array([bad[i] + (good[i] - bad[i]) * (1 - deltas[i]) / (1 - deltas[i] * survival) for i in (0, 1)])

    apart = np.zeros(2)
    for name in issues.names:
        signal = (clean or {}).get(name, monitorings[name].signals[0])
        apart += value(issues.issues[name], promised[name], fallback[name], survives(monitorings[name], promised[name], signal))
    here, there = issues.joint_profile(promised), issues.joint_profile(fallback)
    tied = value(issues.stage_game(), here, there, survives(pooled, here, "clean"))
    return {"unlinked": (float(apart[0]), float(apart[1])), "all_or_nothing": (float(tied[0]), float(tied[1]))}


def _require_issues(given: Any) -> IssueGame:
    if not isinstance(given, IssueGame):
        raise GameError(f"issues is a {type(given).__name__}: expected an IssueGame")
    return given


def _reversions(issues: IssueGame, given: Mapping[str, Any]) -> dict[str, Profile]:
    """The static equilibrium that each issue falls back to."""
    require_mapping(given, "reversion", "from issues to pairs of actions")
    for name in given:
        if name not in issues.issues:
            raise GameError(f"reversion on unknown issue {name!r}; issues: {', '.join(issues.names)}")
    return {name: _reversion(name, issues.issues[name], given.get(name)) for name in issues.names}


def _reversion(name: str, stage: StageGame, given: Any) -> Profile:
    static = pure_equilibria(stage)
    if given is not None:
        profile = stage.profile(given)
        if profile not in static:
            raise GameError(f"issue {name!r}: the reversion {' / '.join(stage.labels(profile))} is no static equilibrium")
        return profile
    if not static:
        raise GameError(f"issue {name!r} has no static equilibrium in pure actions to revert to")
    u = stage.exact_payoffs
    return min(static, key=lambda a: (u[0][a] + u[1][a], a))


def _enforced(
    regime: str,
    stage: StageGame,
    row: Callable[[Profile], Row],
    here: Profile,
    there: Profile,
    deltas: Sequence[Fraction],
    names: tuple[str, ...],
) -> Enforcement:
    """One profile, kept by burning value after the signals that `row` gives."""
    sides = [EnforcementProgram.of(i, stage, row, here, there, deltas[i]) for i in (0, 1)]
    costs = [side.cost for side in sides if side.cost is not None]
    holds = len(costs) == 2
    return Enforcement(
        regime=regime,
        sustained=holds,
        cost=_pair(costs) if holds else NEVER,
        payoffs=_pair([side.payoff - cost for side, cost in zip(sides, costs, strict=True)] if holds else [side.floor for side in sides]),
        kept=names if holds else (),
        critical_delta=max(side.critical_delta for side in sides),
        cheapest_delta=max(side.cheapest_delta for side in sides),
    )


def _pair(values: Sequence[Any]) -> Pair:
    first, second = values
    return float(first), float(second)


def _added(parts: Sequence[Enforcement]) -> Enforcement:
    """Blocks that are enforced each by itself: costs and payoffs add up, and the most patience that any of them takes is needed."""
    return Enforcement(
        regime="unlinked",
        sustained=all(part.sustained for part in parts),
        cost=(sum(part.cost[0] for part in parts), sum(part.cost[1] for part in parts)),
        payoffs=(sum(part.payoffs[0] for part in parts), sum(part.payoffs[1] for part in parts)),
        kept=tuple(name for part in parts for name in part.kept),
        critical_delta=max(part.critical_delta for part in parts),
        cheapest_delta=max(part.cheapest_delta for part in parts),
    )


def _optimal(
    regime: str,
    issues: IssueGame,
    row: Callable[[Profile], Row],
    promised: Mapping[str, Profile],
    fallback: Mapping[str, Profile],
    deltas: Sequence[Fraction],
) -> Enforcement:
    """The agreement if it holds, or the issues of it that give both together most, the others at their static equilibria."""
    stage = issues.stage_game()
    floor = issues.joint_profile({name: fallback[name] for name in issues.names})
    here = issues.joint_profile({name: promised[name] for name in issues.names})
    whole = _enforced(regime, stage, row, here, floor, deltas, issues.names)
    payoffs, names, room = whole.payoffs, whole.kept, 1e-12 * float(np.ptp(stage.payoffs))
    for keep in product((True, False), repeat=len(issues.names)):
        kept = tuple(name for name, kept in zip(issues.names, keep, strict=True) if kept)
        here = issues.joint_profile({name: promised[name] if name in kept else fallback[name] for name in issues.names})
        if len(kept) == len(issues.names) or float(stage.payoffs[:, here[0], here[1]].sum()) <= sum(payoffs) + room:
            continue
        sides = [EnforcementProgram.of(i, stage, row, here, floor, deltas[i]) for i in (0, 1)]
        left = [side.payoff - side.cost for side in sides if side.cost is not None]
        if len(left) == 2 and float(sum(left)) > sum(payoffs) + room:
            payoffs, names = _pair(left), kept
    return replace(whole, payoffs=payoffs, kept=names)
