"""How an experiment is run: its points solved, kept, and put into words."""
