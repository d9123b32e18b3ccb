"""A slow, independent program for perfect public equilibria: outer linear programs by scipy over fixed directions, no kernel, no duals."""

import numpy as np
from scipy.optimize import linprog


def outer_supports(game, directions, sweeps):
    """Support function in `directions` after some applications of the set operator to the box of stage payoffs; -inf if nothing is left."""
    payoffs = game.stage_game().payoffs
    delta = np.array(game.deltas)
    m, n = payoffs.shape[1:]
    chance = np.array([[[float(p) for p in game.monitoring.row((a, b))] for b in range(n)] for a in range(m)])
    signals = chance.shape[2]
    low, high = payoffs.reshape(2, -1).min(axis=1), payoffs.reshape(2, -1).max(axis=1)
    heights = np.maximum(directions * low, directions * high).sum(axis=1)
    for _ in range(sweeps):
        best = np.full(len(directions), -np.inf)
        for a in range(m):
            for b in range(n):
                inside = np.kron(np.eye(signals), directions)
                rows, sides = [inside], [np.tile(heights, signals)]
                for i, size in enumerate((m, n)):
                    for k in range(size):
                        there = (k, b) if i == 0 else (a, k)
                        if there == (a, b):
                            continue
                        row = np.zeros((signals, 2))
                        row[:, i] = delta[i] * (chance[there] - chance[a, b])
                        rows.append(row.reshape(1, -1))
                        sides.append([(1 - delta[i]) * (payoffs[i, a, b] - payoffs[(i, *there)]) + 1e-11])
                for j, direction in enumerate(directions):
                    weight = (chance[a, b][:, None] * (delta * direction)[None, :]).ravel()
                    found = linprog(-weight, A_ub=np.vstack(rows), b_ub=np.concatenate(sides), bounds=(None, None))
                    if found.status == 0:
                        best[j] = max(best[j], ((1 - delta) * direction * payoffs[:, a, b]).sum() - found.fun)
                    elif found.status != 2:
                        raise AssertionError(found.message)
        heights = np.minimum(best, heights)
        if np.isneginf(heights).any():
            return np.full(len(directions), -np.inf)
    return heights
