"""A slow reference for payoff sets of stochastic games: plain Python, no package code, no compiled code.

It iterates B_s(W) = co ∪_a { x = (I-D) g(a) + D w : w in Σ P(s'|a) W_s', x_i >= max_a' [(1-δ_i) g_i(a') + δ_i Σ P(s'|a') min W_s',i] },
a' over player i's own deviations, from the box of all stage payoffs. Polygons are lists of float pairs; hulls are taken exactly on a
grid. A state from which play can come to one without equilibria has none.
"""

from itertools import product

GRID = 10**13
SLACK = 1e-12


def cross(o, a, b):
    return (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0])


def hull(points):
    """Vertices of the hull, counter-clockwise, on the grid; vertices within a step of their neighbours' chord left out."""
    points = sorted({(round(x * GRID), round(y * GRID)) for x, y in points})
    if len(points) > 2:
        chains = []
        for sequence in (points, points[::-1]):
            chain = []
            for p in sequence:
                while len(chain) >= 2 and cross(chain[-2], chain[-1], p) <= 0:
                    chain.pop()
                chain.append(p)
            chains.append(chain[:-1])
        points = chains[0] + chains[1]
    k = 0
    while len(points) > 2 and k < len(points):
        before, here, after = points[k - 1], points[k], points[(k + 1) % len(points)]
        length = max(abs(after[0] - before[0]), abs(after[1] - before[1]))
        if abs(cross(before, after, here)) <= 2 * length:
            del points[k]
        else:
            k += 1
    return [(x / GRID, y / GRID) for x, y in points]


def mixture(shares, polygons):
    """Σ p W: the hull of all sums, one polygon after another."""
    total = [(0.0, 0.0)]
    for share, polygon in zip(shares, polygons, strict=False):
        total = hull([(x + share * v[0], y + share * v[1]) for (x, y), v in product(total, polygon)])
    return total


def above(polygon, i, least):
    """The part of a polygon with w_i >= least."""
    kept = []
    for k, w in enumerate(polygon):
        after = polygon[(k + 1) % len(polygon)]
        if w[i] >= least:
            kept.append(w)
        if (w[i] - least) * (after[i] - least) < 0:
            t = (least - w[i]) / (after[i] - w[i])
            kept.append((w[0] + t * (after[0] - w[0]), w[1] + t * (after[1] - w[1])))
    return kept


def apart(one, other):
    """Hausdorff distance, roughly: largest distance between supports in 16 directions."""
    directions = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1), (2, 1), (1, 2), (-1, 2), (-2, 1)]
    return max(abs(max(d[0] * x + d[1] * y for x, y in one) - max(d[0] * x + d[1] * y for x, y in other)) for d in directions)


def solve(payoffs, transitions, delta, sweeps=4000, stop=1e-9):
    """Vertices of every state's set, in payoff units: ``payoffs[s][i][a][b]``, ``transitions[s][a][b][s2]``, a pair of factors."""
    count = len(payoffs)
    low = [min(v for g in payoffs for row in g[i] for v in row) for i in (0, 1)]
    span = [(max(v for g in payoffs for row in g[i] for v in row) - low[i]) or 1.0 for i in (0, 1)]
    scaled = [[[[(v - low[i]) / span[i] for v in row] for row in g[i]] for i in (0, 1)] for g in payoffs]
    sets = [[(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] for _ in range(count)]
    for _ in range(sweeps):
        fresh = [applied(scaled, transitions, delta, sets, s) for s in range(count)]
        moved = max((apart(a, b) if a and b else float(bool(a) != bool(b)) for a, b in zip(sets, fresh, strict=False)), default=0.0)
        sets = fresh
        if moved <= stop * (1 - max(delta)):
            break
    else:
        return None
    return [[(low[0] + x * span[0], low[1] + y * span[1]) for x, y in polygon] for polygon in sets]


def applied(g, transitions, delta, sets, s):
    rows, columns = range(len(g[s][0])), range(len(g[s][0][0]))
    if any(p > 0 and not sets[t] for a in rows for b in columns for t, p in enumerate(transitions[s][a][b])):
        return []
    worst = [[min((w[i] for w in polygon), default=0.0) for polygon in sets] for i in (0, 1)]

    def value(i, a, b):
        return (1 - delta[i]) * g[s][i][a][b] + delta[i] * sum(p * worst[i][t] for t, p in enumerate(transitions[s][a][b]))

    points = []
    for a, b in product(rows, columns):
        need = max(value(0, k, b) for k in rows), max(value(1, a, k) for k in columns)
        follows = [(p, sets[t]) for t, p in enumerate(transitions[s][a][b]) if p > 0]
        w = mixture([p for p, _ in follows], [polygon for _, polygon in follows])
        x = [tuple((1 - delta[i]) * g[s][i][a][b] + delta[i] * v[i] for i in (0, 1)) for v in w]
        points += above(above(x, 0, need[0] - SLACK), 1, need[1] - SLACK)
    return hull(points) if points else []
