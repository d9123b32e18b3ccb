"""Answers about what patience can reach under imperfect public monitoring: scores in many directions, and their proofs."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bargaining.payoff_set import PayoffSet
from bargaining.solution import Solution

Floats = NDArray[np.float64]
Mixed = tuple[Floats, Floats]
Weights = tuple[Fraction, ...]


@dataclass(frozen=True, eq=False)
class ScoreProof:
    r"""Why scores are what they are, in fractions.

    `profiles` are the (mixed) profiles looked at, ``scores[k]`` the score in direction k: None if no profile can be enforced. It is
    attained: at profile ``leaders[k]`` the rewards ``rewards[k][y]``, one pair a signal, never point outward and make each side
    indifferent between the actions it uses and no other one better. It is not exceeded: ``bounds[k]`` holds (profile, weights of the
    U.S.'s actions, weights of China's); weights :math:`n_i` that add up to :math:`\lambda_i`, never positive on actions that are not
    used, under which both sides' signals are :math:`\tau(y) \lambda_i` with one :math:`\tau \ge 0`, bound the score by
    :math:`\sum_i \sum_{a} n_i(a) g_i(a)`. A profile without weights is bounded by what it is worth, :math:`\lambda\cdot g`.

    ``undeterred`` holds (profile, player, weights) of profiles that no rewards enforce: a mixture of the player's actions that signals
    cannot tell from the profile earns it more.
    """

    profiles: tuple[tuple[Weights, Weights], ...]
    scores: tuple[Fraction | None, ...]
    leaders: tuple[int, ...]
    rewards: tuple[tuple[tuple[Fraction, Fraction], ...], ...]
    bounds: tuple[tuple[tuple[int, Weights, Weights], ...], ...]
    undeterred: tuple[tuple[int, int, Weights], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class LimitSet(Solution):
    """Scores in many directions and the polygon that their half-planes leave.

    `payoff_set` holds the limit set; between two directions the limit set may be smaller. ``scores[k]`` belongs to ``directions[k]``, and
    ``profiles[k]`` is the pair of (mixed) actions that attains it. `error_bound` is about the scores.
    """

    directions: Floats
    scores: Floats
    profiles: tuple[Mixed, ...]
    payoff_set: PayoffSet
    proof: ScoreProof
