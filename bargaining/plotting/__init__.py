"""How payoff sets and lattices of partitions are drawn; nothing here solves anything."""

from bargaining.plotting.deals import draw_concession, draw_deals, draw_share_bounds
from bargaining.plotting.hasse import Cell, HasseNode, Interval, covering_pairs, draw_hasse, format_payoff, hasse_layout, wrap_text
from bargaining.plotting.sets import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    PURPLE,
    VERMILION,
    draw_equilibrium_set,
    draw_family,
    draw_payoff_set,
    pareto_frontier,
)

__all__ = [
    "BLUE",
    "FAINT",
    "GREEN",
    "INK",
    "PURPLE",
    "VERMILION",
    "Cell",
    "HasseNode",
    "Interval",
    "covering_pairs",
    "draw_concession",
    "draw_deals",
    "draw_equilibrium_set",
    "draw_family",
    "draw_hasse",
    "draw_payoff_set",
    "draw_share_bounds",
    "format_payoff",
    "hasse_layout",
    "pareto_frontier",
    "wrap_text",
]
