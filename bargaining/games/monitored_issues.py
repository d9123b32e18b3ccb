"""Several issues seen through one signal each: their joint signal, and what counts as an incident anywhere."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache
from itertools import product

from bargaining.games.exact import Real
from bargaining.games.issues import IssueGame
from bargaining.games.monitoring import NOTHING, Monitoring, Row, probability, require_known, require_mapping, require_monitoring
from bargaining.games.stage import GameError, Profile


def joint_monitoring(issues: IssueGame, monitorings: Mapping[str, Monitoring], correlation: Real = 0) -> Monitoring:
    r"""One signal an issue: the joint signal of all issues, in the joint order of `IssueGame.stage_game`.

    Parameters
    ----------
    issues : IssueGame
    monitorings : mapping of str to Monitoring
        What is seen of each issue.
    correlation : Real
        0: signals are independent given the actions. At :math:`\rho` they are, with that probability, all read off one common draw (each
        issue's signal is the quantile of it, signals in the order in which they are named); marginals stay what they are.

    Raises
    ------
    GameError
        If an issue has no monitoring or one of the wrong shape, or the correlation is not in [0, 1].

    Examples
    --------
    >>> from bargaining.games import game
    >>> one = game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    >>> seen = Monitoring.incidents(one, (0, 0), "1/10", "1/2")
    >>> both = IssueGame({"R": one, "C": one})
    >>> [joint_monitoring(both, {"R": seen, "C": seen}, rho).row((0, 0))[3] for rho in (0, 1)]
    [Fraction(1, 100), Fraction(1, 10)]
    """
    row = joint_rows(issues, monitorings, correlation)
    m, n = issues.shape
    names = [" + ".join(words) for words in product(*(monitorings[name].signals for name in issues.names))]
    return Monitoring.from_rows(names, (m, n), {profile: row(profile) for profile in product(range(m), range(n))})


def joint_rows(issues: IssueGame, monitorings: Mapping[str, Monitoring], correlation: Real = 0) -> Callable[[Profile], Row]:
    """Probabilities of the joint signals at a joint profile, as `joint_monitoring` has them; each profile's row is made when asked for."""
    share = probability(correlation, "correlation")
    if not isinstance(issues, IssueGame):
        raise GameError(f"issues is a {type(issues).__name__}: expected an IssueGame")
    require_mapping(monitorings, "monitorings", "from issues to what is seen of them")
    for name in issues.names:
        if name not in monitorings:
            raise GameError(f"issue {name!r} has no monitoring")
        if require_monitoring(monitorings[name], f"issue {name!r}: monitoring").shape != issues.issues[name].shape:
            raise GameError(f"issue {name!r}: monitoring of shape {monitorings[name].shape} for actions {issues.issues[name].shape}")
    extra = [name for name in monitorings if name not in issues.issues]
    if extra:
        raise GameError(f"monitoring of an unknown issue {extra[0]!r}; issues: {', '.join(issues.names)}")
    parts = [monitorings[name] for name in issues.names]

    @cache
    def row(profile: Profile) -> Row:
        own = [parts[k].row(split) for k, (_, split) in enumerate(issues.split(profile).values())]
        apart = _independent(own)
        if share:
            apart = [(1 - share) * x if x else x for x in apart]
            for position, common in _comonotone(own):
                apart[position] += share * common
        return tuple(apart)

    return row


def any_incident(
    issues: IssueGame,
    monitorings: Mapping[str, Monitoring],
    clean: Mapping[str, str] | None = None,
    overt: Mapping[str, Iterable[str]] | None = None,
) -> dict[str, list[str]]:
    """Joint signals in groups: ``clean``, where every issue shows its clean signal (its first, unless named), and ``incident``.

    `overt` names signals of an issue that are no accident, such as a tariff raised in public: whatever has one of them is ``breach``.
    """
    for what, said in (("clean", clean or {}), ("overt", overt or {})):
        require_mapping(said, what, "from issues to signals")
        for name, words in said.items():
            require_known(name, issues.names, f"{what}: unknown issue")
            for word in [words] if isinstance(words, str) else words:
                require_known(word, monitorings[name].signals, f"{what}: issue {name!r} has no signal")
    good = [(clean or {}).get(name, monitorings[name].signals[0]) for name in issues.names]
    open_ones = [set((overt or {}).get(name, ())) for name in issues.names]
    groups: dict[str, list[str]] = {"clean": [], "incident": [], "breach": []}
    for words in product(*(monitorings[name].signals for name in issues.names)):
        breached = any(word in own for word, own in zip(words, open_ones, strict=True))
        groups["breach" if breached else "clean" if list(words) == good else "incident"].append(" + ".join(words))
    return {name: group for name, group in groups.items() if group}


def _independent(rows: Sequence[Row]) -> list[Fraction]:
    joint = [Fraction(1)]
    for row in rows:
        joint = [head * share if head and share else NOTHING for head in joint for share in row]
    return joint


def _comonotone(rows: Sequence[Row]) -> Iterator[tuple[int, Fraction]]:
    """Positions and probabilities of joint signals if every signal is read off one uniform draw: along the draw, one issue's moves on."""
    signals, ends = [0] * len(rows), [row[0] for row in rows]
    low = Fraction(0)
    while True:
        high = min(ends)
        if high > low:
            position = 0
            for row, y in zip(rows, signals, strict=True):
                position = position * len(row) + y
            yield position, high - low
        if high == 1:
            return
        low = high
        k = ends.index(high)
        signals[k] += 1
        ends[k] += rows[k][signals[k]]
