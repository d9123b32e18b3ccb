"""Solvers: a game in, a `Solution` out."""
