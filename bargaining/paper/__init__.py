"""The working paper: numbers, tables and figures from stored results, its PDF, and the replication archive. Nothing here solves.

``generated/`` beside ``paper.typ`` holds everything that the paper reads: ``results.json`` (numbers as strings with unit and source,
tables, exhibits), the figures, and ``assumptions.md``, a page made from the parameter records.
"""
