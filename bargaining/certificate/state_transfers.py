"""Certificate of payoff sets of stochastic games with transfers: what is claimed can be enforced, and nothing better can."""

from fractions import Fraction
from math import inf

from bargaining.answers.state import StochasticTransfers
from bargaining.certificate.outcome import Certificate, refused
from bargaining.games import StochasticGame, exact
from bargaining.games.stage import Profile
from bargaining.games.state_values import discounted_values
from bargaining.solution import Status

ROUNDING = Fraction(1, 10**13)
# Steps of value iteration on bounds before a struck-out profile must be seen to fail.
SWEEPS = 100_000


def verify_stochastic_transfers(solution: StochasticTransfers) -> Certificate:
    """Enforce the claimed profiles exactly; then bound from above, from outside, everything that any enforceable profiles could do.

    The outer part starts from bounds of all payoffs and lets value iteration on the profiles not yet refuted lower the joint value and
    raise the punishments; a profile is refuted once even these bounds do not cover its deviations. What is left at the end must give no
    more than the claim: the claimed joint values and punishments solve the optimality conditions over it.
    """
    game = solution.game
    if not isinstance(game, StochasticGame):
        return refused(f"the game is a {type(game).__name__}, expected a StochasticGame")
    if not game.common_delta:
        return refused("transfers with different discount factors")
    check = _Check(game)
    proof = solution.proof
    if proof is None or solution.status is Status.empty:
        if proof is not None or solution.status is not Status.empty:
            return refused("the status and the proof disagree on whether the set is empty")
        emptied = check.refute(None, None)
        reason = "in some state no profile can be enforced" if emptied else "the set is called empty, but that was not shown"
        return Certificate(holds=emptied, deviation_gain=0.0, payoff_error=0.0, gap=0.0 if emptied else inf, reason=reason)
    if not (len(proof.path) == len(proof.punishments) == len(proof.joint) == len(proof.worst) == len(game)):
        return refused("the proof does not speak of every state")
    policies = (proof.path, *zip(*proof.punishments, strict=True))
    for policy in policies:
        for s, profile in enumerate(policy):
            if tuple(profile) not in game.exact_transitions[s]:
                return refused(f"state {game.states[s]!r}: there is no profile {tuple(profile)}")
    worst = [[pair[i] for pair in proof.worst] for i in (0, 1)]
    if check.path_values(proof.path) != tuple(proof.joint):
        return refused("the claimed path does not give the claimed joint values")
    for i in (0, 1):
        for s, profile in enumerate(policies[1 + i]):
            if check.reply(i, s, profile, worst[i]) != worst[i][s]:
                return refused(f"state {game.states[s]!r}: the punishment of {game.players[i]} does not give the claimed value")
    for policy in policies:
        for s, profile in enumerate(policy):
            lack = check.lack(s, profile, proof.joint, worst)
            if lack > 0:
                labels = " / ".join(game.stages[s].labels(profile))
                reason = f"state {game.states[s]!r}, {labels}: cheating gains both together {float(lack):.3g} more than they lose by it"
                return Certificate(holds=False, deviation_gain=float(lack), payoff_error=0.0, gap=inf, reason=reason)
    if not check.refute(tuple(proof.joint), worst):
        return refused("profiles that can perhaps be enforced give more, or punish harder, than is claimed")
    scale = max([Fraction(1), *(abs(u) for u in (*proof.joint, *worst[0], *worst[1]))])
    for s in range(len(game)):
        stated = (solution.joint[s], *solution.punishment_payoffs[s])
        claimed = (proof.joint[s], *proof.worst[s])
        if any(abs(Fraction(float(x)) - y) > ROUNDING * scale for x, y in zip(stated, claimed, strict=True)):
            return refused(f"state {game.states[s]!r}: the numbers stated are not those proven")
    reason = "the claimed profiles can be enforced, and nothing gives more"
    return Certificate(holds=True, deviation_gain=0.0, payoff_error=0.0, gap=0.0, reason=reason)


class _Check:
    """The game in fractions."""

    def __init__(self, game: StochasticGame) -> None:
        self.game, self.delta = game, game.exact_deltas[0]
        self.payoffs = [
            {cell: tuple(exact(float(stage.payoffs[i][cell])) for i in (0, 1)) for cell in rows}
            for stage, rows in zip(game.stages, game.exact_transitions, strict=True)
        ]

    def path_values(self, path: tuple[Profile, ...]) -> tuple[Fraction, ...]:
        """Joint values of a path, state by state."""
        flows = [sum(self.payoffs[s][profile], Fraction(0)) for s, profile in enumerate(path)]
        return discounted_values(flows, [self.game.exact_transitions[s][profile] for s, profile in enumerate(path)], self.delta)

    def worth(self, flow: Fraction, s: int, cell: Profile, values: "list[Fraction] | tuple[Fraction, ...]") -> Fraction:
        """Today's payoff and tomorrow's values."""
        later = sum((share * values[following] for following, share in self.game.exact_transitions[s][cell]), Fraction(0))
        return (1 - self.delta) * flow + self.delta * later

    def reply(self, player: int, s: int, profile: Profile, values: list[Fraction]) -> Fraction:
        """The most a player earns against the other's part of a profile."""
        cells = [(k, profile[1]) if player == 0 else (profile[0], k) for k in range(self.game.stages[s].shape[player])]
        return max(self.worth(self.payoffs[s][cell][player], s, cell, values) for cell in cells)

    def lack(self, s: int, profile: Profile, joint: "list[Fraction] | tuple[Fraction, ...]", worst: list[list[Fraction]]) -> Fraction:
        """What deviations from a profile earn beyond what it brings jointly."""
        brings = self.worth(sum(self.payoffs[s][profile], Fraction(0)), s, profile, joint)
        return sum((self.reply(i, s, profile, worst[i]) for i in (0, 1)), Fraction(0)) - brings

    def refute(self, joint: tuple[Fraction, ...] | None, worst: list[list[Fraction]] | None) -> bool:
        """Whether what cannot be refuted gives no more than the claim; with no claim, whether some state has nothing left.

        Bounds are floats moved outward; once no more profiles fall, the claim must solve the optimality conditions exactly.
        """
        left = [list(rows) for rows in self.game.exact_transitions]
        outer = _Bounds(self.game)
        for _ in range(SWEEPS):
            fell = outer.sweep(left)
            if not all(left):
                return joint is None
            if joint is not None and worst is not None and (fell or outer.sweeps == 1 or outer.still) and self._solves(left, joint, worst):
                return True
            if outer.still and not fell:
                return False
        return False

    def _solves(self, left: list[list[Profile]], joint: tuple[Fraction, ...], worst: list[list[Fraction]]) -> bool:
        """Whether the claimed values solve the optimality conditions over the profiles left: such solutions are unique."""
        for s, own in enumerate(left):
            if max(self.worth(sum(self.payoffs[s][a], Fraction(0)), s, a, joint) for a in own) != joint[s]:
                return False
            for i in (0, 1):
                if min(self.reply(i, s, a, worst[i]) for a in own) != worst[i][s]:
                    return False
        return True


class _Bounds:
    """Upper bounds of joint values and lower bounds of punishments, by value iteration in floats rounded outward."""

    def __init__(self, game: StochasticGame) -> None:
        self.game, self.delta = game, game.deltas[0]
        self.scale = max(1.0, *(float(abs(stage.payoffs).max()) for stage in game.stages))
        self.margin = 1e-13 * self.scale
        self.high = [2.0 * self.scale] * len(game)
        self.low = [[-self.scale] * len(game) for _ in (0, 1)]
        self.rows = [{cell: [(t, float(p)) for t, p in row] for cell, row in rows.items()} for rows in game.exact_transitions]
        self.sweeps, self.still = 0, False

    def sweep(self, left: list[list[Profile]]) -> bool:
        """One round: refute profiles, in place, then move the bounds; whether any fell."""
        self.sweeps += 1
        fell, moved = False, 0.0
        high, low = list(self.high), [list(own) for own in self.low]
        for s, own in enumerate(left):
            stage, rows = self.game.stages[s], self.rows[s]
            m, n = stage.shape
            later = {cell: sum(p * self.high[t] for t, p in row) for cell, row in rows.items()}
            brings = {
                cell: (1 - self.delta) * float(stage.payoffs[0][cell] + stage.payoffs[1][cell]) + self.delta * later[cell] for cell in rows
            }
            cheats = []
            for i in (0, 1):
                earns = {
                    cell: (1 - self.delta) * float(stage.payoffs[i][cell]) + self.delta * sum(p * self.low[i][t] for t, p in row)
                    for cell, row in rows.items()
                }
                if i == 0:
                    cheats.append([max(earns[a, b] for a in range(m)) for b in range(n)])
                else:
                    cheats.append([max(earns[a, b] for b in range(n)) for a in range(m)])
            kept = [a for a in own if brings[a] - cheats[0][a[1]] - cheats[1][a[0]] >= -8 * self.margin]
            if len(kept) < len(own):
                own[:] = kept
                fell = True
            if own:
                high[s] = min(self.high[s], max(brings[a] for a in own) + self.margin)
                low[0][s] = max(self.low[0][s], min(cheats[0][a[1]] for a in own) - self.margin)
                low[1][s] = max(self.low[1][s], min(cheats[1][a[0]] for a in own) - self.margin)
                moved = max(moved, self.high[s] - high[s], low[0][s] - self.low[0][s], low[1][s] - self.low[1][s])
        self.high, self.low = high, low
        self.still = moved <= 2 * self.margin
        return fell
