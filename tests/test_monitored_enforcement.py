"""The exact programs of enforcement against scipy's linear programs, overt signals, and limit sets without the profiles passed over."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog
from test_monitored import random_game

import bargaining as bg
from bargaining.solvers.monitored_enforcement import EnforcementProgram
from bargaining.solvers.monitored_limit import score


def slow_cost(player, game, here, there, delta):
    """Least value burned, signal by signal, by scipy; None if infeasible."""
    u, chance = game.stage_game().payoffs[player], game.monitoring.probabilities
    others = [(k, here[1]) if player == 0 else (here[0], k) for k in range(u.shape[player]) if k != here[player]]
    rate, signals = delta / (1 - delta), chance.shape[2]
    rows = [chance[here] - chance[a] for a in others] + [np.eye(signals)[y] + rate * chance[here] for y in range(signals)]
    sides = [u[here] - u[a] for a in others] + [rate * (u[here] - u[there])] * signals
    found = linprog(chance[here], A_ub=np.array(rows), b_ub=sides, bounds=(0, None))
    return float(found.fun) if found.status == 0 else None


@pytest.mark.parametrize("seed", range(40))
def test_cost_and_critical_delta_against_scipy(seed):
    game = random_game(seed, 3, 2, 4, 0.9)
    payoffs = game.stage_game().payoffs
    here = (seed % 3, seed % 2)
    for player in (0, 1):
        there = tuple(int(k) for k in np.unravel_index(int(payoffs[player].argmin()), payoffs.shape[1:]))

        def program(delta, player=player, there=there):
            return EnforcementProgram.of(player, game.stage_game(), game.monitoring.row, here, there, Fraction(delta))

        for delta in ("3/10", "3/5", "9/10"):
            exactly, slow = program(delta).cost, slow_cost(player, game, here, there, float(Fraction(delta)))
            assert (exactly is None) == (slow is None)
            if slow is not None:
                assert float(exactly) == pytest.approx(slow, abs=1e-7)
        least = program("1/2").critical_delta
        if 0 < least < 1:
            assert program(Fraction(least) * (1 - Fraction(1, 10**9))).cost is None
            assert program(Fraction(least) + (1 - Fraction(least)) / 10**9).cost is not None
        assert program("1/2").cheapest_delta >= least or not program("1/2").tempted


def test_overt_signals_are_told_from_accidents():
    own = bg.game([[2, -1], [3, 0]], [[2, 3], [-1, 0]])
    # What is seen at once tempts more than what is not, so that one punishment for both is harsher than accidents deserve.
    tempting = bg.game([[2, -1], [6, 0]], [[2, 6], [-1, 0]])
    issues, agreement = bg.IssueGame({"A": tempting, "B": own}), {"A": (0, 0), "B": (0, 0)}
    seen = {"A": bg.Monitoring.perfect(tempting), "B": bg.Monitoring.incidents(own, (0, 0), 0.1, 0.5)}
    blunt = bg.monitored_linkage(issues, seen, agreement, 0.95)
    told = bg.monitored_linkage(issues, seen, agreement, 0.95, overt={"A": seen["A"].signals[1:]})
    assert told.all_or_nothing.joint_payoff > blunt.all_or_nothing.joint_payoff + 1e-6
    assert told.optimal == blunt.optimal
    games = bg.linkage_games(issues, seen, 0.95, overt={"A": seen["A"].signals[1:]})
    assert games["all_or_nothing"].signals == ("clean", "incident", "breach")


@pytest.mark.parametrize("seed", range(4))
def test_no_profile_passed_over_scores_more(seed):
    game = random_game(seed, 3, 3, 3, 0.9)
    found = bg.limit_set(game, directions=8)
    for direction, best in zip(found.directions, found.scores, strict=True):
        everywhere = [score(game, direction, (a, b)) for a in range(3) for b in range(3)]
        assert best == pytest.approx(max(everywhere), abs=1e-9) or best == max(everywhere)
