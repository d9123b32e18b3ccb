"""A repeated game in fractions, as the certificates read it."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from bargaining.games import RepeatedGame, StageGame, exact

Point = tuple[Fraction, Fraction]


class ExactGame:
    """Payoffs, best deviations and discount factors as fractions; of `profiles` alone, if only these may be prescribed."""

    def __init__(self, game: RepeatedGame, profiles: Iterable[tuple[int, int]] | None = None) -> None:
        stage: StageGame = game.stage_game()
        self.stage = stage
        self.delta = game.exact_deltas
        m, n = stage.shape
        g = [[[exact(value) for value in row] for row in stage.payoffs[player].tolist()] for player in (0, 1)]
        best_row = [max(g[0][a][b] for a in range(m)) for b in range(n)]
        best_column = [max(g[1][a][b] for b in range(n)) for a in range(m)]
        every = {(a, b) for a in range(m) for b in range(n)}
        kept = sorted(every if profiles is None else every & {(int(a), int(b)) for a, b in profiles})
        self.payoff = {(a, b): (g[0][a][b], g[1][a][b]) for a, b in kept}
        self.deviation = {(a, b): (best_row[b], best_column[a]) for a, b in kept}

    def columns(self, payoffs: Mapping[tuple[int, int], Point], player: int) -> list[list[Point]]:
        """Payoffs of the profiles among which a player chooses, for each action of the other that a profile has."""
        found: dict[int, list[Point]] = {}
        for profile in payoffs:
            found.setdefault(profile[1 - player], []).append(payoffs[profile])
        return list(found.values())
