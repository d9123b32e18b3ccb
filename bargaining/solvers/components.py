r"""Components of the set of Nash equilibria: maximal Nash subsets and indices.

Extreme equilibria are the edges of a bipartite graph between mixed actions of the U.S. and of China. A *maximal Nash subset* is a maximal
set X × Y of pairs that are all equilibria, a maximal biclique: every mixture of X with every mixture of Y is an equilibrium (Winkelmann
1979; Avis, Rosenberg, Savani and von Stengel 2010). Subsets that share a point make a connected *component*.

The *index* of a component is the sum of the indices of the equilibria near it in any nearby generic game, and all indices add up to +1
(Shapley 1974; Ritzberger 1994). A generic equilibrium with supports I, J of k actions each has index
:math:`(-1)^{k+1} \operatorname{sign}\det A_{IJ} \det B_{IJ}` for positive payoffs. The nearby game here is the lexicographic perturbation
of `bargaining.solvers.best_response_polytope`.
"""

from collections.abc import Iterable, Sequence

from bargaining.answers.stage import NashComponent

Pair = tuple[int, int]


def components(pairs: Sequence[Pair], indices: Sequence[int]) -> tuple[NashComponent, ...]:
    """Components of extreme equilibria given as (position of the U.S. action, of the Chinese action); `indices` of each add up.

    Examples
    --------
    >>> [(part.profiles, part.index) for part in components([(0, 0), (0, 1), (1, 2)], [0, 0, 1])]
    [((0, 1), 0), ((2,), 1)]
    """
    number = {pair: k for k, pair in enumerate(pairs)}
    found = []
    for members in _connected(pairs):
        subsets = [tuple(sorted(number[x, y] for x in first for y in second)) for first, second in _maximal_bicliques(members)]
        positions = tuple(sorted(number[pair] for pair in members))
        found.append(NashComponent(profiles=positions, index=sum(indices[k] for k in positions), subsets=tuple(sorted(subsets))))
    return tuple(sorted(found, key=lambda part: part.profiles))


def _connected(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs in groups that are linked by a common action of either side."""
    left = set(pairs)
    by_side: tuple[dict[int, list[Pair]], dict[int, list[Pair]]] = ({}, {})
    for pair in left:
        for side in (0, 1):
            by_side[side].setdefault(pair[side], []).append(pair)
    groups = []
    while left:
        waiting, group = [left.pop()], []
        while waiting:
            pair = waiting.pop()
            group.append(pair)
            for side in (0, 1):
                for other in by_side[side].pop(pair[side], ()):
                    if other in left:
                        left.remove(other)
                        waiting.append(other)
        groups.append(group)
    return groups


def _maximal_bicliques(pairs: Sequence[Pair]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Maximal X × Y of pairs that are all there: closures of the neighbourhoods of one side, intersected until nothing is new."""
    neighbours: dict[int, frozenset[int]] = {}
    for x, y in pairs:
        neighbours[x] = neighbours.get(x, frozenset()) | {y}
    closed = set(neighbours.values())
    waiting = list(closed)
    while waiting:
        one = waiting.pop()
        for other in set(neighbours.values()):
            both = one & other
            if both and both not in closed:
                closed.add(both)
                waiting.append(both)
    return [(frozenset(x for x, own in neighbours.items() if own >= second), second) for second in closed]
