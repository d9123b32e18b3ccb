"""Answers beside payoff sets, by kind of question, and the file they are stored in."""
