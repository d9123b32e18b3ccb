"""What the rows of a run with signals answer: shares of points with intervals, and sentences; from rows alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bargaining.store import Row

# Names of the regimes' columns, in words.
REGIMES = {"apart": "kept apart", "tied": "tied: any incident punishes everything", "linked": "linked optimally"}
LEAKS, SMUGGLING = "magnets_detection_share", "chips_detection_share"


@dataclass(frozen=True)
class Claim:
    """A claim about one point, and in how many points it holds; `low` and `high` bound the share in the whole prior (95 %, Wilson)."""

    words: str
    holds: int
    points: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Share of the points in which it holds."""
        return self.holds / self.points

    @property
    def grade(self) -> str:
        """``always``, ``never``, or the share."""
        return "always" if self.holds == self.points else "never" if self.holds == 0 else f"{100 * self.share:.1f} %"


def is_monitored(row: Row) -> bool:
    """Whether a row is a solved point of such a run."""
    return row.get("linked_joint") is not None


def better(row: Row, first: str, second: str) -> bool:
    """Whether one regime's joint payoff is above another's by more than rounding."""
    slack = 1e-9 * max(1.0, abs(row[f"{first}_joint"]), abs(row[f"{second}_joint"]))
    return bool(row[f"{first}_joint"] > row[f"{second}_joint"] + slack)


def gain_names(row: Row) -> list[str]:
    """Names of the changes whose worth the rows tell."""
    names = [column.removesuffix("_apart") for column in row if column.endswith("_apart") and row[column] is not None]
    return [name for name in names if name != "limit"]


def claims(rows: Sequence[Row]) -> list[Claim]:
    """What is claimed of every point: the two propositions first, then which regime wins, then what better signals are worth."""
    tests: dict[str, Callable[[Row], bool]] = {
        "Optimal linkage is worth at least as much as either": lambda r: not (better(r, "apart", "linked") or better(r, "tied", "linked")),
        "Optimal linkage is worth more than keeping issues apart": lambda r: better(r, "linked", "apart"),
        "Link: tying is worth more than keeping issues apart": lambda r: r["verdict"] == "link",
        "Link, and both sides gain": lambda r: r["verdict"] == "link" and r["winners"] == "both",
        "Link, but the U.S. loses": lambda r: r["verdict"] == "link" and r["winners"] == "cn",
        "Link, but China loses": lambda r: r["verdict"] == "link" and r["winners"] == "us",
        "Firewall: tying is worth less than keeping issues apart": lambda r: r["verdict"] == "firewall",
        "Indifferent: tying is worth the same as keeping issues apart": lambda r: r["verdict"] == "tie",
        "No part of the agreement is kept in any regime": lambda r: not (r["apart_kept"] or r["tied_kept"] or r["linked_kept"]),
        "The whole agreement holds with issues kept apart": lambda r: bool(r["apart_sustained"]),
        "The whole agreement holds tied": lambda r: bool(r["tied_sustained"]),
        "The whole agreement holds linked optimally": lambda r: bool(r["linked_sustained"]),
    }
    names = gain_names(rows[0])

    def positive(name: str, regime: str) -> Callable[[Row], bool]:
        return lambda r: r[f"{name}_{regime}"] > 1e-9 * max(1.0, abs(r[f"{regime}_joint"]))

    def above(first: str, second: str) -> Callable[[Row], bool]:
        return lambda r: r[f"{first}_linked"] > r[f"{second}_linked"] + 1e-9 * max(1.0, abs(r["linked_joint"]))

    for name in names:
        for regime in ("apart", "linked"):
            tests[f"{_words(name)} raises the joint payoff, {REGIMES[regime]}"] = positive(name, regime)
    for first, second in _rivals(names):
        tests[f"{_words(first)} is worth more than {_words(second).lower()}, linked optimally"] = above(first, second)
    return [_claim(words, [bool(test(row)) for row in rows]) for words, test in tests.items()]


def _rivals(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of changes of one kind, such as ``vet_magnets`` and ``vet_chips``, both ways round."""
    for first in names:
        for second in names:
            if first != second and first.partition("_")[0] == second.partition("_")[0]:
                yield first, second


def _words(name: str) -> str:
    kind, _, issue = name.partition("_")
    verb = {"vet": "Vetting", "audit": "Auditing"}.get(kind, kind.capitalize())
    return f"{verb} {issue.replace('_', ' ')}".strip()


def _claim(words: str, holds: Sequence[bool]) -> Claim:
    import numpy as np

    from bargaining.analysis.claims import share

    found = share(np.array(holds), np.ones(len(holds), dtype=np.bool_))
    return Claim(words, found.holds, found.points, found.low, found.high)


def answers(words: Mapping[str, object], swept: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Sentences that answer a run's question; of a sample nothing beyond its table of shares."""
    solved = [row for row in rows if is_monitored(row)]
    if not solved or words.get("draws"):
        return []
    told = list(_proposition(solved))
    if {LEAKS, SMUGGLING} <= set(swept):
        told += _map(solved)
    elif list(swept) == ["delta"]:
        told += _patience(solved)
    if gain_names(solved[0]):
        told += _gains(swept, solved)
    return told


def _proposition(rows: Sequence[Row]) -> Iterator[str]:
    weak = claims(rows)[0]
    yield f"Proposition: optimal linkage is worth at least as much as either other regime: {weak.grade} ({weak.holds} of {weak.points})"


def _map(rows: Sequence[Row]) -> Iterator[str]:
    for delta in dict.fromkeys(row["delta_us"] for row in rows):
        own = [row for row in rows if row["delta_us"] == delta]
        counts = {word: sum(row["verdict"] == word for row in own) for word in ("link", "firewall", "tie")}
        both = sum(row["verdict"] == "link" and row["winners"] == "both" for row in own)
        losers = sum(row["verdict"] == "link" and row["winners"] == "cn" for row in own)
        optimal = sum(better(row, "linked", "apart") for row in own)
        yield (
            f"At δ = {delta:.3g} (U.S.): link {counts['link']}, firewall {counts['firewall']}, indifferent {counts['tie']} of {len(own)} "
            f"points; where link, both gain at {both} and the U.S. loses at {losers}; optimal linkage beats the firewall at {optimal}"
        )
    noisier = [row for row in rows if min(row[LEAKS], row[SMUGGLING]) <= 0.5 * max(row[LEAKS], row[SMUGGLING])]
    others = [row for row in rows if row not in noisier]
    if noisier and others:
        first, second = (sum(row["verdict"] == "firewall" for row in own) / len(own) for own in (noisier, others))
        yield (
            "Claim: tying fails where one issue is much noisier. Firewall at "
            f"{100 * first:.0f} % of the points where one detection rate is at most half the other, {100 * second:.0f} % elsewhere"
        )


def _patience(rows: Sequence[Row]) -> Iterator[str]:
    first = rows[0]
    for regime, words in REGIMES.items():
        least = first[f"{regime}_critical_delta"]
        held = [row["delta"] for row in rows if row[f"{regime}_sustained"]]
        top = max(row[f"{regime}_joint"] for row in rows)
        if held:
            yield f"{words.capitalize()}: the whole agreement holds from δ = {least:.3f} on; joint payoff up to {top:.3f}"
        else:
            yield f"{words.capitalize()}: the whole agreement holds at no δ; joint payoff of what can be kept up to {top:.3f}"
    if first.get("limit_linked") is not None:
        yield (
            f"No patience gives pure public equilibria a joint payoff above {first['limit_linked']:.3f} linked and "
            f"{first['limit_apart']:.3f} apart (Fudenberg and Levine's limit)"
        )


def _gains(swept: Sequence[str], rows: Sequence[Row]) -> Iterator[str]:
    for name in gain_names(rows[0]):
        parts = []
        for regime in REGIMES:
            values = [row[f"{name}_{regime}"] for row in rows]
            parts.append(f"{REGIMES[regime].partition(':')[0]} {min(values):.3f} to {max(values):.3f}")
        yield f"{_words(name)} adds to the joint payoff: " + ", ".join(parts)
    if len(swept) == 1:
        across = swept[0]
        for name in gain_names(rows[0]):
            for regime in ("apart", "linked"):
                ending = [row[across] for row in rows if row[f"{name}_{regime}"] <= 1e-9]
                if ending and len(ending) < len(rows):
                    yield f"{_words(name)} is worth nothing from {across} = {min(ending):g} on, {REGIMES[regime].partition(':')[0]}"
