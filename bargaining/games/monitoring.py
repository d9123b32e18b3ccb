r"""What the sides see of each other: finite public signals, whose probabilities depend on what was done.

After a profile a was played, both sides see the same signal y, drawn with probability :math:`\pi(y \mid a)`. A signal may reveal the
profile (perfect monitoring), nothing at all, or something in between: an *incident* that is more likely if somebody cheats.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bargaining.games.exact import Real, exact
from bargaining.games.stage import GameError, Profile, StageGame
from bargaining.games.stochastic import SUM_TOLERANCE

Floats = NDArray[np.float64]
Row = tuple[Fraction, ...]
# Most joint signals never come at most profiles, and sums over them should not take long.
NOTHING = Fraction(0)


@dataclass(frozen=True, eq=False)
class Monitoring:
    r"""Public signals about the play of one stage game.

    Parameters
    ----------
    signals : sequence of str
        Names of the signals, distinct.
    probabilities : array_like, shape (m, n, Y)
        ``probabilities[a, b, y]``: probability of signal y if the U.S. plays a and China b. Floats are read as the decimals they print as,
        strings (``"1/3"``) and fractions as they are; each row is then divided by its sum, which may miss 1 by 1e-9. A signal may have
        probability zero, at some profiles or at all.

    Raises
    ------
    GameError
        No signal, names repeated, a wrong shape, a number that is no probability, a row that does not add up to one.

    Examples
    --------
    >>> clean = Monitoring(["clean", "incident"], [[[0.9, 0.1], [0.5, 0.5]]])
    >>> clean.shape, clean.row((0, 1))
    ((1, 2), (Fraction(1, 2), Fraction(1, 2)))
    """

    signals: tuple[str, ...]
    probabilities: Floats

    def __post_init__(self) -> None:
        if isinstance(self.signals, str) or not isinstance(self.signals, Iterable):
            raise GameError(f"signals {self.signals!r}: expected a list of names")
        signals = tuple(str(name) for name in self.signals)
        if not signals:
            raise GameError("signals: expected at least one")
        for name in signals:
            if signals.count(name) > 1:
                raise GameError(f"signals: name {name!r} stands twice")
        object.__setattr__(self, "signals", signals)
        try:
            given = np.asarray(self.probabilities, dtype=object)
        except ValueError:
            given = np.empty(0, dtype=object)
        if given.ndim != 3 or given.shape[2] != len(signals) or 0 in given.shape:
            expected = f"expected (m, n, {len(signals)}), a row over {len(signals)} signals for each profile"
            raise GameError(f"probabilities have shape {given.shape}: {expected}")
        m, n, count = given.shape
        rows = {(a, b): _read_row(given[a, b].tolist(), f"probabilities[{a}, {b}]") for a in range(m) for b in range(n)}
        floats = np.zeros((m, n, count))
        for (a, b), row in rows.items():
            floats[a, b] = [float(share) if share else 0.0 for share in row]
        floats.flags.writeable = False
        object.__setattr__(self, "probabilities", floats)
        object.__setattr__(self, "_rows", rows)

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of actions of the U.S. and of China."""
        return self.probabilities.shape[0], self.probabilities.shape[1]

    @property
    def rows(self) -> Mapping[Profile, Row]:
        """Probabilities of the signals for each profile, exact."""
        return self._rows  # type: ignore[attr-defined, no-any-return]

    def row(self, profile: Profile) -> Row:
        """Exact probabilities of the signals at a profile."""
        return self.rows[profile]

    @classmethod
    def from_rows(cls, signals: Sequence[str], shape: tuple[int, int], rows: Mapping[Profile, Sequence[Real]]) -> "Monitoring":
        """Monitoring from a row of probabilities a profile."""
        require_mapping(rows, "rows", "from profiles to probabilities")
        missing = [a for a in product(range(shape[0]), range(shape[1])) if a not in rows]
        if missing:
            raise GameError(f"rows: none for profile {missing[0]}")
        return cls(tuple(signals), [[list(rows[a, b]) for b in range(shape[1])] for a in range(shape[0])])  # type: ignore[arg-type]

    @classmethod
    def perfect(cls, stage: StageGame) -> "Monitoring":
        """The signal is the profile itself."""
        m, n = _require_stage(stage).shape
        names = [" / ".join(stage.labels((a, b))) for a in range(m) for b in range(n)]
        if len(set(names)) < len(names):
            names = [str((a, b)) for a in range(m) for b in range(n)]
        return cls(tuple(names), np.eye(m * n).reshape(m, n, m * n))

    @classmethod
    def incidents(
        cls,
        stage: StageGame,
        agreement: Any,
        false_alarm: Real,
        detection: Real,
        detection_both: Real | None = None,
        compliant: tuple[Iterable[int | str], Iterable[int | str]] | None = None,
    ) -> "Monitoring":
        r"""A clean/incident signal: an incident has probability p if both sides comply and q if one does not.

        Parameters
        ----------
        stage : StageGame
        agreement : pair of actions
            What the sides have promised.
        false_alarm, detection : Real
            p and q.
        detection_both : Real, optional
            Probability of an incident if neither complies; q by default.
        compliant : pair of lists of actions, optional
            Actions of each side that count as compliance; by default the promised one.

        Examples
        --------
        >>> from bargaining.games import game
        >>> stage = game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
        >>> Monitoring.incidents(stage, (0, 0), 0.1, 0.5).probabilities[:, :, 1].tolist()
        [[0.1, 0.5], [0.5, 0.5]]
        """
        promised = _require_stage(stage).profile(agreement)
        groups = compliant or ([promised[0]], [promised[1]])
        if len(groups) != 2 or any(isinstance(own, str) or not isinstance(own, Iterable) for own in groups):
            raise GameError(f"compliant is {compliant!r}: expected a pair of lists of actions, U.S. first")
        good = [{stage.action(player, action) for action in groups[player]} for player in (0, 1)]
        both = detection if detection_both is None else detection_both
        rates = {"false_alarm": false_alarm, "detection": detection, "detection_both": both}
        chances = [probability(value, name) for name, value in rates.items()]
        m, n = stage.shape
        alarm = {(a, b): chances[(a not in good[0]) + (b not in good[1])] for a in range(m) for b in range(n)}
        return cls.from_rows(("clean", "incident"), stage.shape, {a: (1 - share, share) for a, share in alarm.items()})

    def garbled(self, noise: Any, signals: Sequence[str] | None = None) -> "Monitoring":
        r"""A less informative signal z, drawn with probability ``noise[y][z]`` once y is known (Blackwell 1953).

        Examples
        --------
        >>> sharp = Monitoring(["clean", "incident"], [[["9/10", "1/10"]]])
        >>> sharp.garbled([[1, 0], ["1/2", "1/2"]]).row((0, 0))
        (Fraction(19, 20), Fraction(1, 20))
        """
        if np.ndim(noise) != 2:
            raise GameError(f"noise has {np.ndim(noise)} dimensions: expected 2, a row of probabilities for each signal")
        kernel = Monitoring(tuple(signals or [str(z) for z in range(np.shape(noise)[-1])]), [list(noise)])  # type: ignore[arg-type]
        if kernel.shape[1] != len(self):
            raise GameError(f"noise has {kernel.shape[1]} rows: expected {len(self)}, one a signal")
        steps = [kernel.row((0, y)) for y in range(len(self))]
        rows = {
            profile: [sum((row[y] * steps[y][z] for y in range(len(self))), Fraction(0)) for z in range(len(kernel))]
            for profile, row in self.rows.items()
        }
        return Monitoring.from_rows(kernel.signals, self.shape, rows)

    def pooled(self, groups: Mapping[str, Iterable[str]]) -> "Monitoring":
        """Signals told apart only by group: name of the group -> the signals in it."""
        require_mapping(groups, "groups", "from names to lists of signals")
        names = list(groups)
        owner: dict[str, int] = {}
        for k, name in enumerate(names):
            own = groups[name]
            if not isinstance(own, Iterable):
                raise GameError(f"groups: {name!r} is {own!r}, expected a list of signals")
            for signal in [own] if isinstance(own, str) else [str(each) for each in own]:
                require_known(signal, self.signals, "groups: unknown signal")
                if owner.setdefault(signal, k) != k:
                    raise GameError(f"groups: signal {signal!r} is in two of them, {names[owner[signal]]!r} and {name!r}")
        missing = [signal for signal in self.signals if signal not in owner]
        if missing:
            raise GameError(f"groups: signal {missing[0]!r} is in none of them")
        members = [[y for y, signal in enumerate(self.signals) if owner[signal] == k] for k in range(len(names))]
        rows = {a: [sum((row[y] for y in own if row[y]), Fraction(0)) for own in members] for a, row in self.rows.items()}
        return Monitoring.from_rows(names, self.shape, rows)


def with_audit(stage: StageGame, plain: Monitoring, sharp: Monitoring, player: int, cost: Real) -> tuple[StageGame, Monitoring]:
    r"""A side may audit: each of its actions comes with and without, and an audit costs it `cost` and sharpens the signal.

    An audit that costs something and that the signals of play in good faith do not show cannot be enforced: nobody would miss it.

    Parameters
    ----------
    stage : StageGame
    plain, sharp : Monitoring
        What is seen without and with the audit, over the same signals. The audit itself is not seen, unless the signals tell.
    player : int
        Who audits: 0 the U.S., 1 China.
    cost : Real
        In the auditor's payoff units, non-negative.

    Examples
    --------
    >>> from bargaining.games import game
    >>> stage = game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> seen = [Monitoring.incidents(stage, (0, 0), 0.1, q) for q in (0.3, 0.9)]
    >>> audited, monitoring = with_audit(stage, *seen, player=0, cost=0.05)
    >>> audited.actions[0], monitoring.probabilities[:, 1, 1].tolist()
    (('0', '0 + audit', '1', '1 + audit'), [0.3, 0.9, 0.3, 0.9])
    """
    if isinstance(player, bool) or player not in (0, 1):
        raise GameError(f"player {player!r}: expected 0 (the U.S.) or 1 (China)")
    try:
        price = exact(cost)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        price = Fraction(-1)
    if price < 0:
        raise GameError(f"cost is {cost!r}: expected a non-negative number")
    _require_stage(stage)
    for name, seen in (("plain", plain), ("sharp", sharp)):
        if require_monitoring(seen, f"{name} monitoring").shape != stage.shape:
            raise GameError(f"{name} monitoring has shape {seen.shape}: expected {stage.shape}, that of the actions")
    if plain.signals != sharp.signals:
        raise GameError("plain and sharp monitoring: expected the same signals")
    payoffs = np.repeat(stage.payoffs, 2, axis=1 + player)
    charged = payoffs[player, 1::2, :] if player == 0 else payoffs[player, :, 1::2]
    charged[...] = [[float(exact(value) - price) for value in row] for row in charged.tolist()]
    labels = [list(own) for own in stage.actions]
    labels[player] = [word for label in stage.actions[player] for word in (label, f"{label} + audit")]
    rows = {}
    for a, b in product(range(payoffs.shape[1]), range(payoffs.shape[2])):
        audits = (a if player == 0 else b) % 2 == 1
        base = (a // 2, b) if player == 0 else (a, b // 2)
        rows[a, b] = (sharp if audits else plain).row(base)
    made = StageGame(payoffs=payoffs, actions=(labels[0], labels[1]), players=stage.players)  # type: ignore[arg-type]
    return made, Monitoring.from_rows(plain.signals, made.shape, rows)


def require_monitoring(given: Any, what: str = "monitoring") -> Monitoring:
    """What is given, if it is a `Monitoring`; otherwise a GameError that says so."""
    if not isinstance(given, Monitoring):
        raise GameError(f"{what} is a {type(given).__name__}: expected a Monitoring")
    return given


def require_mapping(given: Any, what: str, expected: str) -> None:
    """A GameError that says what is expected if something is no mapping."""
    if not isinstance(given, Mapping):
        raise GameError(f"{what} is a {type(given).__name__}: expected a mapping {expected}")


def _require_stage(given: Any) -> StageGame:
    if not isinstance(given, StageGame):
        raise GameError(f"stage is a {type(given).__name__}: expected a StageGame (of an IssueGame, its stage_game())")
    return given


def require_known(word: Any, known: Sequence[str], what: str) -> None:
    """A GameError with a near match if a word is none of those known."""
    if word not in known:
        near = get_close_matches(str(word), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"
        raise GameError(f"{what} {word!r}{hint}")


def _read_row(values: Sequence[Any], where: str) -> Row:
    shares = []
    for y, value in enumerate(values):
        if value is NOTHING:
            shares.append(NOTHING)
            continue
        try:
            share = exact(value)
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            share = Fraction(-1)
        if share < 0:
            raise GameError(f"{where[:-1]}, {y}] is {value!r}, expected a probability")
        shares.append(share)
    total = sum((share for share in shares if share), Fraction(0))
    if abs(total - 1) > SUM_TOLERANCE:
        raise GameError(f"{where} add up to {float(total):.10g}, expected 1")
    return tuple(shares) if total == 1 else tuple(share / total for share in shares)


def probability(value: Any, name: str) -> Fraction:
    """An exact number between 0 and 1, or a GameError."""
    try:
        share = exact(value)
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        share = Fraction(-1)
    if not 0 <= share <= 1:
        raise GameError(f"{name} is {value!r}: expected a number between 0 and 1")
    return share
