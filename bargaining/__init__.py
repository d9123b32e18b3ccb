"""What rival states can and cannot agree on: repeated games, certified equilibrium payoff sets, linkage lattices.

The public names are imported when first used, so that ``import bargaining`` is instant.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "bargaining.games": ("GameError", "IssueGame", "NegotiationGame", "RepeatedGame", "StageGame", "StochasticGame", "game"),
    "bargaining.games.monitored": ("MonitoredGame",),
    "bargaining.games.monitored_issues": ("joint_monitoring",),
    "bargaining.games.monitoring": ("Monitoring", "with_audit"),
    "bargaining.games.automaton": ("Automaton",),
    "bargaining.games.state_automaton": ("StateAutomaton",),
    "bargaining.game_files": ("GameFileError", "read_game", "write_game"),
    "bargaining.game_files.libraries": ("from_nashpy", "from_quantecon", "to_nashpy", "to_quantecon"),
    "bargaining.payoff_set": ("PayoffSet",),
    "bargaining.answers.deals": (
        "BargainingTable",
        "ContractualEquilibrium",
        "Negotiation",
        "NegotiationPlan",
        "Penance",
        "RenegotiationProof",
        "Selection",
        "ThreatBargain",
    ),
    "bargaining.answers.offers": ("Agendas", "AlternatingOffers", "StochasticPie"),
    "bargaining.answers.wars": ("Concession", "Reputation"),
    "bargaining.solution": (
        "CriticalDelta",
        "CriticalPair",
        "EquilibriumSet",
        "LinkageLattice",
        "Solution",
        "SolveError",
        "Status",
    ),
    "bargaining.answers.stochastic": ("CriticalPlan", "StochasticSet"),
    "bargaining.solvers.critical_plan": ("critical_delta_plan", "critical_parameter"),
    "bargaining.answers.stage": (
        "CorrelatedEquilibria",
        "CorrelatedEquilibrium",
        "IteratedDominance",
        "Minmax",
        "NashEquilibria",
        "QuantalResponse",
        "SelectedEquilibrium",
    ),
    "bargaining.solvers.correlated": ("correlated_equilibria", "correlated_equilibrium"),
    "bargaining.solvers.dominance": ("best_responses", "iterated_dominance", "rationalizable"),
    "bargaining.solvers.equilibrium_selection": ("select_equilibrium",),
    "bargaining.solvers.quantal_response": ("quantal_response",),
    "bargaining.solvers.nash": ("nash_equilibria",),
    "bargaining.solvers.minmax": ("minmax",),
    "bargaining.solvers.equilibrium_set": ("equilibrium_set",),
    "bargaining.solvers.monitored_limit": ("identifiability", "limit_set"),
    "bargaining.solvers.monitored_linkage": ("grim_payoffs", "linkage_games", "monitored_linkage"),
    "bargaining.solvers.monitored_liquidity": ("monitored_transfers", "strongly_symmetric"),
    "bargaining.solvers.critical_delta": ("critical_delta",),
    "bargaining.solvers.critical_pair": ("critical_pair",),
    "bargaining.solvers.critical_cycle": ("critical_delta_cycle",),
    "bargaining.solvers.critical_payoff": ("critical_delta_payoff",),
    "bargaining.solvers.critical_transfers": ("critical_delta_transfers",),
    "bargaining.solvers.transfers": ("transfer_path",),
    "bargaining.solvers.stick_and_carrot": ("stick_and_carrot",),
    "bargaining.solvers.stochastic_strategy": ("state_strategy",),
    "bargaining.solvers.stochastic_transfers": ("stochastic_transfers",),
    "bargaining.solvers.strategy": ("penal_code", "strategy"),
    "bargaining.solvers.lattice": ("linkage_lattice",),
    "bargaining.solvers.markov_perfect": ("markov_perfect",),
    "bargaining.answers.state": ("MarkovPerfect", "StochasticTransfers"),
    "bargaining.certificate": ("Certificate", "verify"),
    "bargaining.plotting": ("draw_concession", "draw_deals", "draw_family", "draw_share_bounds"),
    "bargaining.solvers.selection": ("select", "selection"),
    "bargaining.solvers.disagreement": ("bargaining_table", "disagreement_points"),
    "bargaining.solvers.threats": ("nash_with_threats",),
    "bargaining.solvers.alternating_offers": ("alternating_offers",),
    "bargaining.solvers.stationary": ("stationary_deals",),
    "bargaining.solvers.stochastic_pie": ("stochastic_pie",),
    "bargaining.solvers.agenda": ("agendas",),
    "bargaining.solvers.negotiation": ("negotiate",),
    "bargaining.solvers.negotiation_plan": ("negotiation_plan",),
    "bargaining.solvers.contractual": ("contract_path", "contractual_equilibrium"),
    "bargaining.solvers.renegotiation": ("penance", "penance_delta", "renegotiation_proof", "weakly_renegotiation_proof"),
    "bargaining.solvers.tie_in": ("tie_in_set", "tie_in_steps"),
    "bargaining.solvers.renegotiation_rows": ("renegotiation_rows",),
    "bargaining.solvers.reputation": ("concession", "frontier_demands", "reputation"),
    "bargaining.solvers.linkage": ("joint_threat", "linkage_gains", "linkage_steps", "linked_delta"),
    "bargaining.scenarios": ("scenario",),
    "bargaining.running.experiments": ("run",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, "batch"])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name == "batch":
        return importlib.import_module("bargaining.batch")
    if name not in _HOME:
        raise AttributeError(f"module 'bargaining' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME[name]), name)
    # Looked up once: the next time it is there like any other name.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


if TYPE_CHECKING:
    from bargaining import batch as batch
    from bargaining.answers.deals import BargainingTable as BargainingTable
    from bargaining.answers.deals import ContractualEquilibrium as ContractualEquilibrium
    from bargaining.answers.deals import Negotiation as Negotiation
    from bargaining.answers.deals import NegotiationPlan as NegotiationPlan
    from bargaining.answers.deals import Penance as Penance
    from bargaining.answers.deals import RenegotiationProof as RenegotiationProof
    from bargaining.answers.deals import Selection as Selection
    from bargaining.answers.deals import ThreatBargain as ThreatBargain
    from bargaining.answers.offers import Agendas as Agendas
    from bargaining.answers.offers import AlternatingOffers as AlternatingOffers
    from bargaining.answers.offers import StochasticPie as StochasticPie
    from bargaining.answers.stage import CorrelatedEquilibria as CorrelatedEquilibria
    from bargaining.answers.stage import CorrelatedEquilibrium as CorrelatedEquilibrium
    from bargaining.answers.stage import IteratedDominance as IteratedDominance
    from bargaining.answers.stage import Minmax as Minmax
    from bargaining.answers.stage import NashEquilibria as NashEquilibria
    from bargaining.answers.stage import QuantalResponse as QuantalResponse
    from bargaining.answers.stage import SelectedEquilibrium as SelectedEquilibrium
    from bargaining.answers.state import MarkovPerfect as MarkovPerfect
    from bargaining.answers.state import StochasticTransfers as StochasticTransfers
    from bargaining.answers.stochastic import CriticalPlan as CriticalPlan
    from bargaining.answers.stochastic import StochasticSet as StochasticSet
    from bargaining.answers.wars import Concession as Concession
    from bargaining.answers.wars import Reputation as Reputation
    from bargaining.certificate import Certificate as Certificate
    from bargaining.certificate import verify as verify
    from bargaining.game_files import GameFileError as GameFileError
    from bargaining.game_files import read_game as read_game
    from bargaining.game_files import write_game as write_game
    from bargaining.game_files.libraries import from_nashpy as from_nashpy
    from bargaining.game_files.libraries import from_quantecon as from_quantecon
    from bargaining.game_files.libraries import to_nashpy as to_nashpy
    from bargaining.game_files.libraries import to_quantecon as to_quantecon
    from bargaining.games import GameError as GameError
    from bargaining.games import IssueGame as IssueGame
    from bargaining.games import NegotiationGame as NegotiationGame
    from bargaining.games import RepeatedGame as RepeatedGame
    from bargaining.games import StageGame as StageGame
    from bargaining.games import StochasticGame as StochasticGame
    from bargaining.games import game as game
    from bargaining.games.automaton import Automaton as Automaton
    from bargaining.games.monitored import MonitoredGame as MonitoredGame
    from bargaining.games.monitored_issues import joint_monitoring as joint_monitoring
    from bargaining.games.monitoring import Monitoring as Monitoring
    from bargaining.games.monitoring import with_audit as with_audit
    from bargaining.games.state_automaton import StateAutomaton as StateAutomaton
    from bargaining.payoff_set import PayoffSet as PayoffSet
    from bargaining.plotting import draw_concession as draw_concession
    from bargaining.plotting import draw_deals as draw_deals
    from bargaining.plotting import draw_family as draw_family
    from bargaining.plotting import draw_share_bounds as draw_share_bounds
    from bargaining.running.experiments import run as run
    from bargaining.scenarios import scenario as scenario
    from bargaining.solution import CriticalDelta as CriticalDelta
    from bargaining.solution import CriticalPair as CriticalPair
    from bargaining.solution import EquilibriumSet as EquilibriumSet
    from bargaining.solution import LinkageLattice as LinkageLattice
    from bargaining.solution import Solution as Solution
    from bargaining.solution import SolveError as SolveError
    from bargaining.solution import Status as Status
    from bargaining.solvers.agenda import agendas as agendas
    from bargaining.solvers.alternating_offers import alternating_offers as alternating_offers
    from bargaining.solvers.contractual import contract_path as contract_path
    from bargaining.solvers.contractual import contractual_equilibrium as contractual_equilibrium
    from bargaining.solvers.correlated import correlated_equilibria as correlated_equilibria
    from bargaining.solvers.correlated import correlated_equilibrium as correlated_equilibrium
    from bargaining.solvers.critical_cycle import critical_delta_cycle as critical_delta_cycle
    from bargaining.solvers.critical_delta import critical_delta as critical_delta
    from bargaining.solvers.critical_pair import critical_pair as critical_pair
    from bargaining.solvers.critical_payoff import critical_delta_payoff as critical_delta_payoff
    from bargaining.solvers.critical_plan import critical_delta_plan as critical_delta_plan
    from bargaining.solvers.critical_plan import critical_parameter as critical_parameter
    from bargaining.solvers.critical_transfers import critical_delta_transfers as critical_delta_transfers
    from bargaining.solvers.disagreement import bargaining_table as bargaining_table
    from bargaining.solvers.disagreement import disagreement_points as disagreement_points
    from bargaining.solvers.dominance import best_responses as best_responses
    from bargaining.solvers.dominance import iterated_dominance as iterated_dominance
    from bargaining.solvers.dominance import rationalizable as rationalizable
    from bargaining.solvers.equilibrium_selection import select_equilibrium as select_equilibrium
    from bargaining.solvers.equilibrium_set import equilibrium_set as equilibrium_set
    from bargaining.solvers.lattice import linkage_lattice as linkage_lattice
    from bargaining.solvers.linkage import joint_threat as joint_threat
    from bargaining.solvers.linkage import linkage_gains as linkage_gains
    from bargaining.solvers.linkage import linkage_steps as linkage_steps
    from bargaining.solvers.linkage import linked_delta as linked_delta
    from bargaining.solvers.markov_perfect import markov_perfect as markov_perfect
    from bargaining.solvers.minmax import minmax as minmax
    from bargaining.solvers.monitored_limit import identifiability as identifiability
    from bargaining.solvers.monitored_limit import limit_set as limit_set
    from bargaining.solvers.monitored_linkage import grim_payoffs as grim_payoffs
    from bargaining.solvers.monitored_linkage import linkage_games as linkage_games
    from bargaining.solvers.monitored_linkage import monitored_linkage as monitored_linkage
    from bargaining.solvers.monitored_liquidity import monitored_transfers as monitored_transfers
    from bargaining.solvers.monitored_liquidity import strongly_symmetric as strongly_symmetric
    from bargaining.solvers.nash import nash_equilibria as nash_equilibria
    from bargaining.solvers.negotiation import negotiate as negotiate
    from bargaining.solvers.negotiation_plan import negotiation_plan as negotiation_plan
    from bargaining.solvers.quantal_response import quantal_response as quantal_response
    from bargaining.solvers.renegotiation import penance as penance
    from bargaining.solvers.renegotiation import penance_delta as penance_delta
    from bargaining.solvers.renegotiation import renegotiation_proof as renegotiation_proof
    from bargaining.solvers.renegotiation import weakly_renegotiation_proof as weakly_renegotiation_proof
    from bargaining.solvers.renegotiation_rows import renegotiation_rows as renegotiation_rows
    from bargaining.solvers.reputation import concession as concession
    from bargaining.solvers.reputation import frontier_demands as frontier_demands
    from bargaining.solvers.reputation import reputation as reputation
    from bargaining.solvers.selection import select as select
    from bargaining.solvers.selection import selection as selection
    from bargaining.solvers.stationary import stationary_deals as stationary_deals
    from bargaining.solvers.stick_and_carrot import stick_and_carrot as stick_and_carrot
    from bargaining.solvers.stochastic_pie import stochastic_pie as stochastic_pie
    from bargaining.solvers.stochastic_strategy import state_strategy as state_strategy
    from bargaining.solvers.stochastic_transfers import stochastic_transfers as stochastic_transfers
    from bargaining.solvers.strategy import penal_code as penal_code
    from bargaining.solvers.strategy import strategy as strategy
    from bargaining.solvers.threats import nash_with_threats as nash_with_threats
    from bargaining.solvers.tie_in import tie_in_set as tie_in_set
    from bargaining.solvers.tie_in import tie_in_steps as tie_in_steps
    from bargaining.solvers.transfers import transfer_path as transfer_path
