"""Which agreements survive renegotiation under which partition of the issues: the columns that a linkage lattice can carry.

Each block is renegotiated by itself, as it is enforced by itself. Two theories answer, one with payments between the sides and one without:
contractual equilibrium (`contractual`) and weak renegotiation-proofness (`renegotiation`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bargaining.games import GameError, IssueGame, RepeatedGame
from bargaining.games.issues import Partition
from bargaining.games.stage import Profile
from bargaining.solvers.contractual import ContractPath, contract_path
from bargaining.solvers.renegotiation import weakly_renegotiation_proof

# Ten years of periods of 90 days.
LONGEST = 40


def renegotiation_rows(
    game: RepeatedGame, agreements: Mapping[str, Any], weights: Any = (0.5, 0.5), partitions: Sequence[str | Partition] | None = None
) -> list[dict[str, Any]]:
    r"""What survives renegotiation under each partition of the issues: columns beside those of `linkage_lattice`.

    Parameters
    ----------
    game : RepeatedGame
        Over an IssueGame with separable payoffs. Both sides' payoffs have to be in one unit, since it is what they pay each other.
    agreements : mapping of name to (mapping of issue to pair of actions)
        An empty mapping gives one row a partition.
    weights : pair of float
        Bargaining weights.
    partitions : sequence of str, optional
        Default: all partitions of the issues.

    Returns
    -------
    list of dict
        A row a partition × agreement:

        ``critical_delta_contractual``
            Least common discount factor from which all parts of the agreement are enforceable in contractual equilibrium: punished by
            shifting a joint payoff that renegotiation keeps whole (NaN: at none). It is compared with ``critical_delta_transfers`` of the
            lattice, which it never falls short of: with payments a side can be paid for what alone it would never do.
        ``survives_renegotiation``
            Whether the game's discount factors reach it. The theory is one of a common factor: with two, True or False only if that is
            the answer at either of them (and then at every common factor between), else None.
        ``weakly_renegotiation_proof``
            Without payments, at the sides' own discount factors, whether every part is the path of a weakly renegotiation-proof
            equilibrium; None if undecided, since within a class of equilibria (penances of up to 40 periods) only True can be proven and
            by Farrell and Maskin's conditions only False.
        ``contractual_level``
            Joint payoff of contractual equilibrium under the partition: what renegotiation takes the sides to. With two discount factors
            only if it is the same at either, else NaN.
        ``renegotiation_gain``
            Level less the agreement's joint payoff. Where positive the sides would not merely keep the agreement, they would replace it
            by a better one; where 0 it is such a best one; where negative it is out of reach.

    Raises
    ------
    GameError
        If the game has no issues, payoffs are not separable, or an agreement, partition or weight is malformed.

    References
    ----------
    Miller, D., Watson, J. (2013), A theory of disagreement in repeated games with bargaining, Econometrica 81.

    Examples
    --------
    >>> import bargaining as bg
    >>> story = bg.scenario("briefing")
    >>> rows = bg.renegotiation_rows(story.game(), {"full": story.agreement("full")})
    >>> {row["partition"]: round(row["critical_delta_contractual"], 3) for row in rows[:3]}
    {'T,R,C': 0.667, 'T|R,C': 0.767, 'T,R|C': 0.889}
    >>> [rows[0][column] for column in ("survives_renegotiation", "weakly_renegotiation_proof")]
    [False, True]
    """
    if not isinstance(game, RepeatedGame) or not isinstance(game.stage, IssueGame):
        raise GameError("game: expected a RepeatedGame over an IssueGame")
    issues = game.stage
    issues.require_separable()
    chosen = issues.partitions() if partitions is None else tuple(issues.partition(partition) for partition in partitions)
    named = {name: issues.agreement(agreement) for name, agreement in agreements.items()}
    blocks = {block: _Block(game, contract_path(issues.block(block), weights)) for partition in chosen for block in partition}
    rows = []
    for partition in chosen:
        members = [blocks[block] for block in partition]
        level = _same([_sum([member.level(delta) for member in members]) for delta in game.exact_deltas])
        front = {"partition": issues.name(partition), "contractual_level": float("nan") if level is None else float(level)}
        for name, agreed in named.items():
            parts = [(blocks[block], issues.joint_profile(agreed, block)) for block in partition]
            least = [member.path.least_delta(profile) for member, profile in parts]
            needed = None if None in least else max(each for each in least if each is not None)
            proofs = [member.proof(profile) for member, profile in parts]
            paid = sum(member.joint(profile) for member, profile in parts)
            rows.append(
                {
                    **front,
                    "agreement": name,
                    "critical_delta_contractual": float("nan") if needed is None else float(needed),
                    "survives_renegotiation": _same([needed is not None and needed <= delta for delta in game.exact_deltas]),
                    "weakly_renegotiation_proof": False if False in proofs else (None if None in proofs else True),
                    "renegotiation_gain": float("nan") if level is None else float(level - paid),
                }
            )
        if not named:
            rows.append({**front, "agreement": ""})
    return rows


@dataclass
class _Block:
    """One block of issues, renegotiated by itself."""

    game: RepeatedGame
    path: ContractPath
    _proofs: dict[Profile, bool | None] = field(default_factory=dict)

    def level(self, delta: Fraction) -> Fraction | None:
        found = self.path.at(delta)
        return None if found is None else found.level

    def joint(self, profile: Profile) -> Fraction:
        payoffs, _ = self.path.table[profile]
        return payoffs[0] + payoffs[1]

    def proof(self, profile: Profile) -> bool | None:
        if profile not in self._proofs:
            self._proofs[profile] = weakly_renegotiation_proof(self.path.stage, profile, self.game.exact_deltas, longest=LONGEST)
        return self._proofs[profile]


def _same(answers: Sequence[Any]) -> Any:
    """The answer at both discount factors if it is the same, else None."""
    return answers[0] if answers[0] == answers[1] else None


def _sum(levels: Sequence[Fraction | None]) -> Fraction | None:
    return None if None in levels else sum((level for level in levels if level is not None), Fraction(0))
