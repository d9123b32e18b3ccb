"""Certificates: what a solution claims, checked in exact rational arithmetic by code that shares nothing with the solvers."""

from collections.abc import Callable
from typing import Any

from bargaining.answers.deals import (
    BargainingTable,
    ContractualEquilibrium,
    Negotiation,
    NegotiationPlan,
    Penance,
    RenegotiationProof,
    Selection,
    ThreatBargain,
)
from bargaining.answers.monitored import LimitSet, LiquidityPath
from bargaining.answers.offers import Agendas, AlternatingOffers, StochasticPie
from bargaining.answers.stage import CorrelatedEquilibria, CorrelatedEquilibrium, NashEquilibria
from bargaining.answers.state import MarkovPerfect, StochasticTransfers
from bargaining.answers.stochastic import CriticalPlan, StochasticSet
from bargaining.answers.wars import Concession, Reputation
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
from bargaining.certificate.negotiation_sets import verify_negotiation
from bargaining.certificate.offers import verify_agendas, verify_alternating_offers
from bargaining.certificate.outcome import Certificate
from bargaining.certificate.pie import verify_stochastic_pie
from bargaining.certificate.plan import verify_critical_plan
from bargaining.certificate.renegotiation import verify_penance, verify_renegotiation_proof
from bargaining.certificate.selection import verify_bargaining_table, verify_selection
from bargaining.certificate.sets import verify_equilibrium_set
from bargaining.certificate.state_automaton import verify_state_automaton
from bargaining.certificate.state_transfers import verify_stochastic_transfers
from bargaining.certificate.stochastic import verify_stochastic_set
from bargaining.certificate.threats import verify_threats
from bargaining.certificate.war import verify_concession, verify_reputation
from bargaining.games import MonitoredGame
from bargaining.games.automaton import Automaton, JointAutomaton
from bargaining.games.state_automaton import StateAutomaton
from bargaining.solution import CriticalDelta, EquilibriumSet

__all__ = ["Certificate", "verify"]


def verify(solution: Any) -> Certificate:
    """Check a solution's claim exactly, without the solver.

    Parameters
    ----------
    solution : Solution, Automaton or StateAutomaton
        Payoff sets of any kind, scores and the limit set that they leave, static, correlated, Markov-perfect and contractual
        equilibria, critical discount factors, of plans too, strategies, and deals: selections and tables of them, bargains from
        threats, alternating offers, stochastic pies, agendas, negotiations and plans of them, wars of attrition, reputation,
        renegotiation-proof payoffs and penances.

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
    for kind, check in _CHECKS.items():
        if isinstance(solution, kind):
            return check(solution)
    raise TypeError(f"no certificate for a {type(solution).__name__}: expected a payoff set, equilibria, a deal or a strategy")


def _verify_payoff_set(solution: EquilibriumSet) -> Certificate:
    return verify_monitored(solution) if isinstance(solution.game, MonitoredGame) else verify_equilibrium_set(solution)


_CHECKS: dict[type, Callable[[Any], Certificate]] = {
    Automaton: verify_automaton,
    JointAutomaton: verify_automaton,
    StateAutomaton: verify_state_automaton,
    Selection: verify_selection,
    BargainingTable: verify_bargaining_table,
    ThreatBargain: verify_threats,
    AlternatingOffers: verify_alternating_offers,
    StochasticPie: verify_stochastic_pie,
    Agendas: verify_agendas,
    Negotiation: verify_negotiation,
    NegotiationPlan: verify_negotiation_plan,
    Concession: verify_concession,
    Reputation: verify_reputation,
    ContractualEquilibrium: verify_contractual,
    RenegotiationProof: verify_renegotiation_proof,
    Penance: verify_penance,
    NashEquilibria: verify_nash,
    MarkovPerfect: verify_markov_perfect,
    StochasticTransfers: verify_stochastic_transfers,
    CorrelatedEquilibria: verify_correlated,
    CorrelatedEquilibrium: verify_correlated,
    CriticalDelta: verify_critical_delta,
    LimitSet: verify_limit_set,
    LiquidityPath: verify_liquidity_path,
    CriticalPlan: verify_critical_plan,
    StochasticSet: verify_stochastic_set,
    EquilibriumSet: _verify_payoff_set,
}
