r"""Reserved leverage: what the military tier is worth as an incentive, and what as a bargaining chip.

Three games tell the two apart. *Open*: the tier can be released in a deal. *Closed*: it does not exist. In the negotiation game a third
is possible, *for sale*: a deal contains the tier but talks do not, since during them it stays locked. A lock that is kept on and off the
path punishes nobody, so as an incentive the tier can matter only through what its release adds (open against closed): the worst payoffs,
the joint surplus, the least discount factor at which chip curbs are eased. As a bargaining chip it matters through who gets what: the
selected payoffs, open against closed, and the negotiated shares, for sale against open.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bargaining.deals.setting import EASED, MILITARY, Setting, without
from bargaining.deals.talks import talk, talk_row
from bargaining.games import IssueGame, RepeatedGame, StageGame
from bargaining.games.stage import Profile
from bargaining.solution import worst_status
from bargaining.solvers.critical_delta import critical_delta
from bargaining.solvers.disagreement import disagreement_points
from bargaining.solvers.selection import bargains
from bargaining.solvers.stationary import StationaryDeals, stationary_deals
from bargaining.store import Row

_COLUMNS = ("worst_us", "worst_cn", "best_us", "best_cn", "joint_surplus")


def rows(found: Setting) -> tuple[list[Row], dict[str, Any]]:
    """One row a partition: columns of the open and the closed game, and their differences in ``incentive_…`` and ``chip_…``."""
    closed_issues = without(found.issues, (MILITARY,))
    closed_game = RepeatedGame(closed_issues, found.game.delta)
    opened = stationary_deals(found.game, found.partitions, **found.solving)
    closed = stationary_deals(closed_game, found.partitions, **found.solving)
    table: list[Row] = []
    for name in found.partitions:
        row: Row = {"partition": name, "stance": found.stance(name)}
        pair = {"open": opened[name], "closed": closed[name]}
        row |= _sets(pair)
        row |= _easing(found, name)
        row |= _selected(found, pair, {"open": found.game, "closed": closed_game})
        if found.options.get("negotiation") and len(pair["closed"].payoffs):
            row |= _negotiated(found, closed_issues, pair)
        row |= patient_locks(found.issues, closed_issues, pair, found.game)
        sets = [each.payoff_set for each in pair.values()]
        row["error_bound"] = max(each.error_bound for each in sets)
        row["status"] = "empty" if any(each.is_empty for each in sets) else worst_status([each.status for each in sets]).name
        table.append(row)
    return table, {name: opened[name].payoff_set for name in found.partitions}


def _sets(pair: Mapping[str, StationaryDeals]) -> Row:
    facts = {which: deals.payoff_set.row() for which, deals in pair.items()}
    row: Row = {f"{column}_{which}": float(of[column]) for which, of in facts.items() for column in _COLUMNS}
    noise = 1.5 * sum(deals.payoff_set.error_bound for deals in pair.values()) + 1e-9
    for column in ("worst_us", "worst_cn", "joint_surplus"):
        change = row[f"{column}_open"] - row[f"{column}_closed"]
        row[f"incentive_{column}"] = 0.0 if abs(change) <= noise else change
    return row


def _easing(found: Setting, partition: str) -> Row:
    """Least common discount factor at which chips are eased for civil licences, and for full release."""
    issues = found.issues
    base = issues.agreement(found.story.agreement(found.story.status_quo))
    chips = next((name for name in ("A", "C") if name in base), None)
    if chips is None or "R" not in base:
        return {}
    eased = next(k for k, label in enumerate(issues.issues[chips].actions[0]) if label in EASED)
    released = issues.issues["R"].actions[1].index(MILITARY)
    deals: dict[str, dict[str, Profile]] = {
        "closed": {**base, chips: (eased, 0)},
        "open": {**base, chips: (eased, 0), "R": (0, released)},
    }
    row: Row = {}
    for which, deal in deals.items():
        least = 0.0
        for block in issues.partition(partition):
            answer = critical_delta(issues.block(block), issues.joint_profile(deal, block))
            least = max(least, float(answer.value)) if answer.sustainable else np.nan
            if np.isnan(least):
                break
        row[f"easing_delta_{which}"] = least
    row["incentive_easing_delta"] = row["easing_delta_open"] - row["easing_delta_closed"]
    return row


def _selected(found: Setting, pair: Mapping[str, StationaryDeals], games: Mapping[str, RepeatedGame]) -> Row:
    """Nash bargaining in both games from three points; the change is what the tier is worth as a chip."""
    row: Row = {}
    gains: dict[str, list[float]] = {"us": [], "cn": []}
    for short, prefix in (("static", "static Nash"), ("worst", "worst equilibrium payoffs"), ("threats", "variable threats")):
        points = {}
        for which, deals in pair.items():
            listed = disagreement_points(games[which], deals.payoff_set.payoff_set)
            point = next((value for label, value in listed.items() if label.startswith(prefix)), np.full(2, np.nan))
            points[which] = np.full(2, np.nan) if np.isnan(point).any() else bargains(deals.payoff_set.payoff_set, point)
        for i, tag in enumerate(("us", "cn")):
            row |= {f"{short}_{tag}_{which}": float(points[which][i]) for which in pair}
            row[f"chip_{short}_{tag}"] = float(points["open"][i] - points["closed"][i])
            if not np.isnan(row[f"chip_{short}_{tag}"]):
                gains[tag].append(row[f"chip_{short}_{tag}"])
    return {**row, "chip_flips": any(both_signs(own) for own in gains.values())}


def both_signs(gains: Sequence[float]) -> bool:
    """Whether some gain is positive and another negative; one that is nothing contradicts neither.

    Examples
    --------
    >>> both_signs([0.5, -0.5, 0.0]), both_signs([0.5, 0.0, 1e-12]), both_signs([])
    (True, False, False)
    """
    return {1, -1} <= {int(np.sign(round(gain, 9))) for gain in gains}


def _negotiated(found: Setting, closed_issues: IssueGame, pair: Mapping[str, StationaryDeals]) -> Row:
    """Share bounds with the tier open, for sale but locked during talks, and closed."""
    surplus = {which: float(deals.payoffs.sum(axis=1).max()) for which, deals in pair.items()}
    cases = {"_open": (found.issues, "open"), "_for_sale": (closed_issues, "open"), "_closed": (closed_issues, "closed")}
    row: Row = {}
    for suffix, (issues, which) in cases.items():
        solved = talk(issues, surplus[which], found.game.delta)
        row |= talk_row(solved, suffix) | {f"talks_proven{suffix}": solved.status.name == "solved"}
    for bound in ("least_us", "most_us", "least_cn", "most_cn"):
        row[f"lock_{bound}"] = row[f"{bound}_for_sale"] - row[f"{bound}_open"]
    return row


def patient_bounds(stage: StageGame, surplus: float, delta: float) -> np.ndarray[Any, Any]:
    r"""Share bounds of a patient proposer in closed form, reconstructed from Busch and Wen's argument [D]: rows (least, most), U.S. first.

    :math:`m_i = (S - w_j + \delta v_i)/(1+\delta)`, :math:`M_i = S - (1-\delta) v_j - \delta m_j` with minmax :math:`v` and
    :math:`w_i = \max_a d_i(a) - h_j(a)`; it needs a common discount factor, patience, and disagreement never worth more than S. NaN where
    the last fails.

    Examples
    --------
    >>> import bargaining as bg
    >>> strike = bg.game([[0.4], [0]], [[0.6], [0]], actions=[["work", "strike"], ["produce"]])
    >>> patient_bounds(strike, 1, 0.9).round(4).tolist()
    [[0.4, 0.7158], [0.3158, 0.6]]
    """
    payoffs = stage.payoffs
    if payoffs.sum(axis=0).max() > surplus + 1e-9:
        return np.full((2, 2), np.nan)
    best = np.stack([payoffs[0].max(axis=0)[None, :] - payoffs[0], payoffs[1].max(axis=1)[:, None] - payoffs[1]])
    v = np.array([payoffs[0].max(axis=0).min(), payoffs[1].max(axis=1).min()])
    w = [float((payoffs[i] - best[1 - i]).max()) for i in (0, 1)]
    least = [(surplus - w[1 - i] + delta * v[i]) / (1 + delta) for i in (0, 1)]
    return np.array([[least[i], surplus - (1 - delta) * v[1 - i] - delta * least[1 - i]] for i in (0, 1)])


def patient_locks(issues: IssueGame, closed: IssueGame, pair: Mapping[str, StationaryDeals], game: RepeatedGame) -> Row:
    """What locking the tier during talks does to the closed-form bounds, at the less patient side's discount factor."""
    if not len(pair["open"].payoffs):
        return {}
    surplus, delta = float(pair["open"].payoffs.sum(axis=1).max()), min(game.deltas)
    before, after = patient_bounds(issues.stage_game(), surplus, delta), patient_bounds(closed.stage_game(), surplus, delta)
    change = after - before
    return {
        f"lock_{bound}_closed_form": float(change[i, k])
        for k, bounds in enumerate((("least_us", "least_cn"), ("most_us", "most_cn")))
        for i, bound in enumerate(bounds)
    }
