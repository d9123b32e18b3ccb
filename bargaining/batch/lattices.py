r"""Linkage lattices of many games over the same issues: each block of issues solved once in each game, partitions put together from blocks.

Best, worst and joint payoffs of a partition are support functions of a Minkowski sum, so they add up over its blocks; an agreement's
critical discount factor is the largest over the blocks, and it is sustained where it is sustained on each of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bargaining.batch.sets import critical_deltas, equilibrium_sets
from bargaining.games import GameError, RepeatedGame, StageGame
from bargaining.games.issues import Block, Partition
from bargaining.games.many import IssueGames
from bargaining.games.stage import Profile
from bargaining.solvers.repeated_set import MAX_ITER, check_options, repeated_set

Floats = NDArray[np.float64]

PATIENCE = ("own", "less", "more")
PAYOFFS = ("best_us", "best_cn", "worst_us", "worst_cn", "joint_surplus")
# Order in which the statuses of blocks make that of their partition: the worst one counts, but one empty block empties the sum.
RANK = ("solved", "inner_only", "approximate", "undecided", "max_iter", "failed", "empty")


@dataclass(frozen=True, eq=False)
class LinkageLattices:
    """Lattices of N games as columns, arrays of shape (N,), named as in the table of an ensemble.

    ``worst_us[T,R,K|A]`` and its like hold payoffs (NaN: no equilibrium), ``status[…]`` and ``error_bound[…]`` what was proven;
    ``payoff_us[london]`` is what an agreement pays a period; ``critical_delta[london][T,R,K|A]`` is infinite where an agreement is
    sustained at no patience and NaN where that is undecided; ``sustained[london][…]`` is 1, 0, or NaN where it is undecided. `deltas`,
    shape (N, 2), are the discount factors solved at.
    """

    columns: Mapping[str, NDArray[np.float64] | NDArray[np.str_]]
    deltas: Floats

    def __len__(self) -> int:
        return len(self.deltas)


def linkage_lattices(
    games: IssueGames,
    agreements: Mapping[str, Mapping[str, Profile]],
    partitions: Sequence[Partition],
    *,
    patience: str = "own",
    critical: bool = True,
    tol: float = 1e-6,
    critical_tol: float = 1e-4,
    max_iter: int = MAX_ITER,
    workers: int | None = 1,
) -> LinkageLattices:
    r"""Payoff sets and agreements of many games, partition by partition; the twin of `linkage_lattice`.

    Parameters
    ----------
    games : IssueGames
        Those that are not `valid` get the status ``failed`` and NaN.
    agreements : mapping of name to mapping of issue to profile
        Profiles by position.
    partitions : sequence of partitions
        Each a tuple of blocks, as `IssueGame.partition` gives them.
    patience : {"own", "less", "more"}
        ``own``: each side its discount factor; where they differ the general solver takes a fraction of a second a block. ``less`` and
        ``more`` give both sides that of the less, or more, patient one, and the compiled solver takes a fraction of a millisecond.
    critical : bool
        Whether to find critical discount factors (of a common discount factor).
    tol, max_iter
        As in `equilibrium_set`.
    critical_tol : float
        Width of the brackets of critical discount factors, relative to the discount rate.
    workers : int, optional
        Threads; all cores if None.

    Raises
    ------
    GameError
        If a partition or an agreement does not fit the issues.
    ValueError
        If an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from bargaining.games.many import IssueGames
    >>> issues = {"R": np.array([[[[0, 1.0]], [[0, -0.2]]]]), "C": np.array([[[[0], [-0.6]], [[0], [1.0]]]])}
    >>> games = IssueGames(issues, np.full((1, 2), 0.7))
    >>> deal = {"exchange": {"R": (0, 1), "C": (1, 0)}}
    >>> lattice = linkage_lattices(games, deal, [(("R", "C"),), (("R",), ("C",))])
    >>> [lattice.columns[f"critical_delta[exchange][{name}]"].round(6).tolist() for name in ("R,C", "R|C")]
    [[0.6], [inf]]
    """
    check_options(tol, max_iter)
    check_options(critical_tol, max_iter)
    if patience not in PATIENCE:
        raise ValueError(f"patience is {patience!r}: expected 'own', 'less' or 'more'")
    _check(games, agreements, partitions)
    valid = games.valid
    kept = games if valid.all() else games.take(valid)
    deltas = kept.deltas
    if patience != "own":
        deltas = np.repeat((deltas.min if patience == "less" else deltas.max)(axis=1)[:, None], 2, axis=1)
    blocks = dict.fromkeys(block for partition in partitions for block in partition)
    solved = {block: _Solved.of(kept.block(block), deltas, tol, max_iter, workers) for block in blocks}
    columns: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {}
    for agreement, profiles in agreements.items():
        for player, side in enumerate(("us", "cn")):
            paid = np.zeros(len(kept))
            for name, payoffs in kept.issues.items():
                paid = paid + payoffs[:, player, profiles[name][0], profiles[name][1]]
            columns[f"payoff_{side}[{agreement}]"] = paid
    answers: dict[tuple[Block, Profile], tuple[Floats, Floats]] = {}
    for partition in partitions:
        name = "|".join(",".join(block) for block in partition)
        columns |= {f"{key}[{name}]": column for key, column in _payoffs([solved[block] for block in partition]).items()}
        for agreement, profiles in agreements.items():
            parts = []
            for block in partition:
                position = kept.position(block, profiles)
                if (block, position) not in answers:
                    answers[block, position] = solved[block].agreement(position, critical, critical_tol, max_iter, workers)
                parts.append(answers[block, position])
            held = np.array([part[0] for part in parts])
            columns[f"sustained[{agreement}][{name}]"] = np.where((held == 0.0).any(axis=0), 0.0, held.min(axis=0))
            if critical:
                least = np.array([part[1] for part in parts])
                # Never on one block is never; otherwise what is undecided on one is undecided.
                columns[f"critical_delta[{agreement}][{name}]"] = np.where(np.isinf(least).any(axis=0), np.inf, least.max(axis=0))
    if valid.all():
        return LinkageLattices(columns, deltas)
    whole = np.full((len(games), 2), np.nan)
    whole[valid] = deltas
    return LinkageLattices({key: _spread(column, valid) for key, column in columns.items()}, whole)


def _check(games: IssueGames, agreements: Mapping[str, Mapping[str, Profile]], partitions: Sequence[Partition]) -> None:
    for partition in partitions:
        if sorted(name for block in partition for name in block) != sorted(games.names):
            raise GameError(f"partition {partition}: expected each of the issues {', '.join(games.names)} once")
    for agreement, profiles in agreements.items():
        for name, payoffs in games.issues.items():
            m, n = payoffs.shape[2:]
            a, b = profiles.get(name, (-1, -1))
            if not (0 <= a < m and 0 <= b < n):
                raise GameError(f"agreement {agreement!r}, issue {name!r}: there is no profile ({a}, {b}); the issue has {m} x {n}")


def _spread(column: NDArray[np.float64] | NDArray[np.str_], valid: NDArray[np.bool_]) -> NDArray[np.float64] | NDArray[np.str_]:
    """A column of the valid games as one of all games."""
    if column.dtype.kind == "U":
        words = np.full(len(valid), "failed", dtype="U12")
        words[valid] = column
        return words
    numbers = np.full(len(valid), np.nan)
    numbers[valid] = column
    return numbers


def _payoffs(parts: Sequence["_Solved"]) -> dict[str, NDArray[np.float64] | NDArray[np.str_]]:
    """Columns of a partition from those of its blocks."""
    ranks = np.max([part.ranks for part in parts], axis=0)
    empty = ranks == RANK.index("empty")
    found: dict[str, NDArray[np.float64] | NDArray[np.str_]] = {}
    for key in PAYOFFS:
        total = np.zeros(len(ranks))
        for part in parts:
            total = total + part.payoffs[key]
        found[key] = np.where(empty, np.nan, total)
    found["error_bound"] = np.where(empty, 0.0, np.sum([part.bounds for part in parts], axis=0))
    found["status"] = np.array(RANK, dtype="U12")[ranks]
    return found


@dataclass(frozen=True, eq=False)
class _Solved:
    """One block of issues in N games: payoffs, sets by their extremes, and what was proven."""

    games: Floats
    deltas: Floats
    payoffs: Mapping[str, Floats]
    bounds: Floats
    ranks: NDArray[np.int64]

    @classmethod
    def of(cls, games: Floats, deltas: Floats, tol: float, max_iter: int, workers: int | None) -> "_Solved":
        count = len(games)
        common = deltas[:, 0] == deltas[:, 1]
        extremes, bounds, ranks = np.full((count, 5), np.nan), np.zeros(count), np.empty(count, dtype=np.int64)
        if common.all():
            sets = equilibrium_sets(games, deltas[:, 0], tol=tol, max_iter=max_iter, workers=workers)
            extremes, bounds = _extremes(sets.vertices, sets.offsets), sets.error_bound
            ranks[:] = [RANK.index(word) for word in sets.status.tolist()]
        else:
            for k in range(count):
                delta = float(deltas[k, 0]) if common[k] else (float(deltas[k, 0]), float(deltas[k, 1]))
                solution = repeated_set(RepeatedGame(StageGame(payoffs=games[k]), delta), tol=tol, max_iter=max_iter)
                extremes[k] = _extremes(solution.vertices, np.array([0, len(solution.vertices)]))[0]
                bounds[k], ranks[k] = solution.error_bound, RANK.index(solution.status.name)
        return cls(games, deltas, dict(zip(PAYOFFS, extremes.T.copy(), strict=True)), bounds, ranks)

    def agreement(self, profile: Profile, critical: bool, tol: float, max_iter: int, workers: int | None) -> tuple[Floats, Floats]:
        """Whether a profile is sustained (1, 0, NaN) and its critical discount factor (infinite: never; NaN: undecided)."""
        held = self._sustained(profile)
        if not critical:
            return held, np.empty(0)
        found = critical_deltas(self.games, profile, tol=tol, max_iter=max_iter, workers=workers)
        settled = found.status == "solved"
        least = np.where(settled & np.isnan(found.value), np.inf, np.where(settled, found.value, np.nan))
        common = self.deltas[:, 0] == self.deltas[:, 1]
        # With a common discount factor the bracket decides too, and closer than the error of a set.
        held = np.where(common & (self.deltas[:, 0] >= found.upper) & (found.upper < 1.0), 1.0, held)
        return np.where(common & (self.deltas[:, 0] < found.lower), 0.0, held), least

    def _sustained(self, profile: Profile) -> Floats:
        """By the incentive constraint at the worst payoffs that the error bound leaves."""
        a, b = profile
        held = np.ones(len(self.games))
        # With a common discount factor the stated set is a fixed point within the bound of V on either side, else an inner set.
        above = np.where(self.deltas[:, 0] == self.deltas[:, 1], self.bounds, 0.0)
        for player, word in enumerate(("worst_us", "worst_cn")):
            now = self.games[:, player, a, b]
            best = (self.games[:, 0, :, b] if player == 0 else self.games[:, 1, a, :]).max(axis=1)
            delta, worst = self.deltas[:, player], self.payoffs[word]
            scale = 1e-12 * np.abs(self.games[:, player]).max(axis=(1, 2))
            short = (1.0 - delta) * (best - now) - delta * (now - worst)
            # A side whose action is a best reply constrains nothing: the profile for ever can punish it.
            surely, hardly = short + delta * above < -scale, short - delta * self.bounds > scale
            decided = np.where((best == now) | surely, 1.0, np.where(hardly, 0.0, np.nan))
            held = np.where((held == 0.0) | (decided == 0.0), 0.0, held + decided - 1.0)
        return np.where(self.ranks == RANK.index("empty"), 0.0, held)


def _extremes(vertices: Floats, offsets: NDArray[np.int64]) -> Floats:
    """Largest and least payoffs of either side and the largest sum over the vertices of each set, shape (N, 5); NaN for none."""
    found = np.full((len(offsets) - 1, 5), np.nan)
    filled = np.flatnonzero(np.diff(offsets) > 0)
    if len(filled):
        starts = offsets[filled]
        for column, values in enumerate((vertices[:, 0], vertices[:, 1], -vertices[:, 0], -vertices[:, 1], vertices.sum(axis=1))):
            found[filled, column] = np.maximum.reduceat(values, starts)
        found[:, 2:4] *= -1.0
    return found
