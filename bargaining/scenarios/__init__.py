"""Scenarios: stories with economic parameters, units and sources, each of which becomes a game."""
