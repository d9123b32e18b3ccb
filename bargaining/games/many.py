"""Many repeated games over the same issues: what a design draws, as arrays with a leading axis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from bargaining.games.stage import GameError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IssueGames:
    """N repeated games over the same issues, with separable payoffs.

    Parameters
    ----------
    issues : mapping of str to array, shape (N, 2, m, n)
        ``issues[name][k, player, a_us, a_cn]``, in the order of the issues.
    deltas : array, shape (N, 2)
        Discount factors, U.S. first.

    Raises
    ------
    GameError
        If shapes do not match. Payoffs and discount factors may be NaN: that game could not be built (see `valid`).

    Examples
    --------
    >>> import numpy as np
    >>> games = IssueGames({"R": np.zeros((3, 2, 1, 2)), "C": np.ones((3, 2, 2, 1))}, np.full((3, 2), 0.9))
    >>> len(games), games.block(("R", "C")).shape, games.valid.tolist()
    (3, (3, 2, 2, 2), [True, True, True])
    """

    issues: Mapping[str, Floats]
    deltas: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "issues", MappingProxyType(dict(self.issues)))
        count = len(self.deltas)
        if self.deltas.shape != (count, 2):
            raise GameError(f"deltas have shape {self.deltas.shape}: expected (N, 2)")
        for name, payoffs in self.issues.items():
            if payoffs.ndim != 4 or payoffs.shape[:2] != (count, 2) or 0 in payoffs.shape[2:]:
                raise GameError(f"issue {name!r}: payoffs have shape {payoffs.shape}, expected ({count}, 2, m, n)")

    def __len__(self) -> int:
        return len(self.deltas)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the issues."""
        return tuple(self.issues)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Games whose payoffs are finite and whose discount factors lie strictly between 0 and 1, shape (N,)."""
        fine = np.asarray(((self.deltas > 0.0) & (self.deltas < 1.0)).all(axis=1))
        for payoffs in self.issues.values():
            fine &= np.isfinite(payoffs).all(axis=(1, 2, 3))
        return fine

    def block(self, names: Sequence[str]) -> Floats:
        """Joint payoffs of some issues, shape (N, 2, M, N'): actions of earlier issues vary slowest, as in `IssueGame.block`."""
        joint = self.issues[names[0]]
        for name in names[1:]:
            own = self.issues[name]
            summed = joint[:, :, :, None, :, None] + own[:, :, None, :, None, :]
            joint = summed.reshape(len(self), 2, joint.shape[2] * own.shape[2], joint.shape[3] * own.shape[3])
        return np.ascontiguousarray(joint)

    def position(self, names: Sequence[str], profiles: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
        """Position in a block's joint game of one profile per issue."""
        first = second = 0
        for name in names:
            m, n = self.issues[name].shape[2:]
            first, second = first * m + profiles[name][0], second * n + profiles[name][1]
        return first, second

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "IssueGames":
        """Some of the games."""
        return IssueGames({name: payoffs[rows] for name, payoffs in self.issues.items()}, self.deltas[rows])


def stacked(us: Sequence[Sequence[object]], cn: Sequence[Sequence[object]], count: int) -> Floats:
    """Two tables of payoffs, each entry a number or an array of `count`, as one array, shape (count, 2, m, n)."""
    payoffs = np.empty((count, 2, len(us), len(us[0])))
    for player, table in enumerate((us, cn)):
        for a, row in enumerate(table):
            for b, entry in enumerate(row):
                payoffs[:, player, a, b] = entry  # type: ignore[call-overload]
    return payoffs
