"""The solvers over a leading axis: many games at once, the same bits for any number of threads and any chunk size."""

from bargaining.batch.lattices import LinkageLattices, linkage_lattices
from bargaining.batch.nash import ManyNashEquilibria, nash_equilibria
from bargaining.batch.sets import CriticalDeltas, EquilibriumSets, critical_deltas, equilibrium_sets
from bargaining.batch.stochastic import StochasticSets, stochastic_sets

__all__ = [
    "CriticalDeltas",
    "EquilibriumSets",
    "LinkageLattices",
    "ManyNashEquilibria",
    "StochasticSets",
    "critical_deltas",
    "equilibrium_sets",
    "linkage_lattices",
    "nash_equilibria",
    "stochastic_sets",
]
