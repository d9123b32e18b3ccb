"""Hypothesis draws the same examples in every run: a failure can be repeated, and a pass too."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")
