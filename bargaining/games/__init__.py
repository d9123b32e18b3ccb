"""Games: frozen arrays with their checks and labels. No algorithm lives here.

Arrays are in joint order ``payoffs[player, a_us, a_cn]``; player 0 is the U.S., player 1 China.
"""

from bargaining.games.exact import exact
from bargaining.games.issues import IssueGame
from bargaining.games.monitored import MonitoredGame
from bargaining.games.monitored_issues import joint_monitoring
from bargaining.games.monitoring import Monitoring, with_audit
from bargaining.games.negotiation import NegotiationGame
from bargaining.games.repeated import RepeatedGame
from bargaining.games.stage import GameError, StageGame, game
from bargaining.games.stochastic import StochasticGame

__all__ = [
    "GameError",
    "IssueGame",
    "MonitoredGame",
    "Monitoring",
    "NegotiationGame",
    "RepeatedGame",
    "StageGame",
    "StochasticGame",
    "exact",
    "game",
    "joint_monitoring",
    "with_audit",
]
