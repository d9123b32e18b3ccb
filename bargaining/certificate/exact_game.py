"""A repeated game in fractions, as the certificates read it."""

from collections.abc import Mapping
from fractions import Fraction

from bargaining.games import RepeatedGame, StageGame, exact

Point = tuple[Fraction, Fraction]


class ExactGame:
    """Payoffs, best deviations and discount factors as fractions."""

    def __init__(self, game: RepeatedGame) -> None:
        stage: StageGame = game.stage_game()
        self.stage = stage
        self.delta = game.exact_deltas
        m, n = stage.shape
        g = [[[exact(value) for value in row] for row in stage.payoffs[player].tolist()] for player in (0, 1)]
        best_row = [max(g[0][a][b] for a in range(m)) for b in range(n)]
        best_column = [max(g[1][a][b] for b in range(n)) for a in range(m)]
        self.payoff = {(a, b): (g[0][a][b], g[1][a][b]) for a in range(m) for b in range(n)}
        self.deviation = {(a, b): (best_row[b], best_column[a]) for a in range(m) for b in range(n)}

    def columns(self, payoffs: Mapping[tuple[int, int], Point], player: int) -> list[list[Point]]:
        """Payoffs of the profiles among which a player chooses, for each action of the other."""
        m, n = self.stage.shape
        others, own = (n, m) if player == 0 else (m, n)
        return [[payoffs[(k, other) if player == 0 else (other, k)] for k in range(own)] for other in range(others)]
