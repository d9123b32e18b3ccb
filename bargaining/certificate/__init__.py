"""Certificates: what a solution claims, checked in exact rational arithmetic by code that shares nothing with the solvers."""

from typing import Any

from bargaining.certificate.automaton import verify_automaton
from bargaining.certificate.contractual import verify_contractual
from bargaining.certificate.correlated import verify_correlated
from bargaining.certificate.critical import verify_critical_delta
from bargaining.certificate.markov import verify_markov_perfect
from bargaining.certificate.monitored import verify_monitored
from bargaining.certificate.monitored_liquidity import verify_liquidity_path
from bargaining.certificate.monitored_scores import verify_limit_set
from bargaining.certificate.nash import verify_nash
from bargaining.certificate.negotiation import verify_negotiation_plan
from bargaining.certificate.outcome import Certificate
from bargaining.certificate.plan import verify_critical_plan
from bargaining.certificate.sets import verify_equilibrium_set
from bargaining.certificate.state_automaton import verify_state_automaton
from bargaining.certificate.state_transfers import verify_stochastic_transfers
from bargaining.certificate.stochastic import verify_stochastic_set
from bargaining.deal_solution import ContractualEquilibrium, NegotiationPlan
from bargaining.games import MonitoredGame
from bargaining.games.automaton import Automaton, JointAutomaton
from bargaining.games.state_automaton import StateAutomaton
from bargaining.monitored_solution import LimitSet, LiquidityPath
from bargaining.solution import CriticalDelta, EquilibriumSet
from bargaining.stage_solution import CorrelatedEquilibria, CorrelatedEquilibrium, NashEquilibria
from bargaining.state_solution import MarkovPerfect, StochasticTransfers
from bargaining.stochastic_solution import CriticalPlan, StochasticSet

__all__ = ["Certificate", "verify"]


def verify(solution: Any) -> Certificate:
    """Check a solution's claim exactly, without the solver.

    Parameters
    ----------
    solution : Solution, Automaton or StateAutomaton
        Payoff sets of any kind, scores and the limit set that they leave, static, correlated, Markov-perfect and contractual
        equilibria, critical discount factors, of plans too, strategies, negotiation plans.

    Raises
    ------
    TypeError
        If there is no certificate for this kind of answer.

    Examples
    --------
    >>> import bargaining as bg
    >>> dilemma = bg.game([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    >>> certificate = bg.verify(bg.equilibrium_set(bg.RepeatedGame(dilemma, 0.6)))
    >>> certificate.holds, certificate.reason
    (True, 'every vertex is generated and no one-shot deviation gains; what lies outside the half-planes was excluded')
    """
    if isinstance(solution, (Automaton, JointAutomaton)):
        return verify_automaton(solution)
    if isinstance(solution, StateAutomaton):
        return verify_state_automaton(solution)
    if isinstance(solution, NegotiationPlan):
        return verify_negotiation_plan(solution)
    if isinstance(solution, ContractualEquilibrium):
        return verify_contractual(solution)
    if isinstance(solution, NashEquilibria):
        return verify_nash(solution)
    if isinstance(solution, MarkovPerfect):
        return verify_markov_perfect(solution)
    if isinstance(solution, StochasticTransfers):
        return verify_stochastic_transfers(solution)
    if isinstance(solution, (CorrelatedEquilibria, CorrelatedEquilibrium)):
        return verify_correlated(solution)
    if isinstance(solution, CriticalDelta):
        return verify_critical_delta(solution)
    if isinstance(solution, LimitSet):
        return verify_limit_set(solution)
    if isinstance(solution, LiquidityPath):
        return verify_liquidity_path(solution)
    if isinstance(solution, CriticalPlan):
        return verify_critical_plan(solution)
    if isinstance(solution, StochasticSet):
        return verify_stochastic_set(solution)
    if not isinstance(solution, EquilibriumSet):
        kinds = "a payoff set, equilibria, a critical discount factor or a strategy"
        raise TypeError(f"no certificate for a {type(solution).__name__}: expected {kinds}")
    return verify_monitored(solution) if isinstance(solution.game, MonitoredGame) else verify_equilibrium_set(solution)
