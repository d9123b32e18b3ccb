"""Stochastic games with known answers, built by hand (flow accrues in the current state, then the transition), and random ones."""

import numpy as np
from catalogue import load

import bargaining as bg

COOPERATE, DEFECT = 0, 1
PUBLISHED = {case["id"]: case for case in load("repeated") if case["method"] == "V_pure_public_randomization_stochastic"}


def dilemma(T=5, R=3, P=1, S=0):
    return [[[R, S], [T, P]], [[R, T], [S, P]]]


def always(row, m=2, n=2):
    """The same transition row whatever is played."""
    return [[list(row)] * n] * m


def truce(rho, q=0.0, delta=0.5, T=5, R=3, P=1, S=0):
    return bg.StochasticGame(
        [dilemma(T, R, P, S), [[[P]], [[P]]]], [always([1 - rho, rho]), always([q, 1 - q], 1, 1)], delta, ["truce", "lapse"]
    )


def tranche(length, delta, rho=0.1, T=5, R=3, P=1, S=0):
    """A profile chosen at renewal repeats for `length` - 1 periods more; then renewal again, or with `rho` a lapse for good."""
    g = dilemma(T, R, P, S)
    names = ["renewal", "lapse", *(f"{a}{b}-{k}" for a in (0, 1) for b in (0, 1) for k in range(1, length))]
    place = {name: k for k, name in enumerate(names)}

    def row(**shares):
        made = [0.0] * len(names)
        for name, share in shares.items():
            made[place[name.replace("_", "-")]] = share
        return made

    expiry = row(renewal=1 - rho, lapse=rho)
    first = [[expiry if length == 1 else row(**{f"{a}{b}_1": 1.0}) for b in (0, 1)] for a in (0, 1)]
    payoffs, transitions = [g, [[[P]], [[P]]]], [first, [[row(lapse=1.0)]]]
    for a in (0, 1):
        for b in (0, 1):
            for k in range(1, length):
                payoffs.append([[[g[0][a][b]]], [[g[1][a][b]]]])
                transitions.append([[expiry if k == length - 1 else row(**{f"{a}{b}_{k + 1}": 1.0})]])
    return bg.StochasticGame(payoffs, transitions, delta, names)


def licence(delta=0.5, T=5, R=3, P=1, S=0):
    """China's action at renewal is locked for a second period; the U.S. moves in every one."""
    g = dilemma(T, R, P, S)
    columns = [[[[g[0][0][b]], [g[0][1][b]]], [[g[1][0][b]], [g[1][1][b]]]] for b in (0, 1)]
    return bg.StochasticGame(
        [g, *columns],
        [[[[0, 1, 0], [0, 0, 1]]] * 2, always([1, 0, 0], 2, 1), always([1, 0, 0], 2, 1)],
        delta,
        ["renewal", "locked_C", "locked_D"],
    )


def court(kappa, phi, delta=0.5, T=5, R=3, P=1, S=0):
    """Authority is struck down with `kappa`; then the U.S. has only C, until with `phi` its authority is restored for good."""
    g = dilemma(T, R, P, S)
    struck = [[g[0][0]], [g[1][0]]]
    return bg.StochasticGame(
        [g, struck, g],
        [always([1 - kappa, kappa, 0]), always([0, 1 - phi, phi], 1, 2), always([0, 0, 1])],
        delta,
        ["authority", "struck", "restored"],
    )


def shocks(gains=(0.5, 2.0), chances=(0.5, 0.5), R=1, P=0, S=-3, delta=0.5):
    return bg.StochasticGame([dilemma(R + gain, R, P, S) for gain in gains], [always(chances)] * 2, delta, ["low", "high"])


def two_state_dilemma(delta=0.5):
    third, both = ["1/3", "2/3"], ["1/2", "1/2"]
    moves = [[third, both], [both, third]]
    other = [[third[::-1], both], [both, third[::-1]]]
    low = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]
    high = [[[4, 1], [5, 2]], [[4, 5], [1, 2]]]
    return bg.StochasticGame([low, high], [moves, other], delta)


def risk_sharing(grid=20, delta=0.7, endowments=2):
    """Kocherlakota's risk sharing: both have a share of the endowment and may give some of it, in steps of 1/((endowments - 1) grid)."""
    payoffs, transitions = [], []
    steps = (endowments - 1) * grid
    for state in range(endowments):
        m, n = state * grid + 1, steps - state * grid + 1
        share = (state * grid - np.arange(m)[:, None] + np.arange(n)) / steps
        payoffs.append([np.sqrt(np.clip(own, 0.0, 1.0)) for own in (share, 1.0 - share)])
        transitions.append(always([f"1/{endowments}"] * endowments, m, n))
    return bg.StochasticGame(payoffs, transitions, delta)


def published(name):
    case = PUBLISHED[name]
    if name.startswith("sg_kocherlakota"):
        return risk_sharing(20, case["delta"])
    states = case["game"]["states"]
    return bg.StochasticGame([s["payoffs"] for s in states], [s["transition"] for s in states], case["delta"])


def random_game(seed, most_states=2):
    """A small random game as plain lists: payoffs, transitions as fractions and as floats, a pair of discount factors."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, most_states + 1))
    payoffs, exactly, floats = [], [], []
    for _ in range(count):
        m, n = rng.integers(1, 4, 2)
        g = rng.integers(0, 6, (2, m, n)).astype(float) if seed % 2 else np.round(rng.normal(size=(2, m, n)), 3)
        shares = rng.integers(0, 4, (m, n, count))
        shares[..., 0] += shares.sum(-1) == 0
        payoffs.append(g.tolist())
        exactly.append([[[f"{p}/{row.sum()}" for p in row] for row in rows] for rows in shares])
        floats.append((shares / shares.sum(-1, keepdims=True)).tolist())
    first, second = (float(np.round(rng.uniform(0.1, 0.85), 2)) for _ in range(2))
    return payoffs, exactly, floats, (first, first if rng.random() < 0.6 else second)
