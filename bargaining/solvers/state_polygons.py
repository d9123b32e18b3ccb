"""Polygons of all states together: whether they are fat, how roomy, in which directions their edges point."""

import numpy as np
from numpy.typing import NDArray

from bargaining.payoff_set import PayoffSet
from bargaining.solvers.outer import thinned

Floats = NDArray[np.float64]

DUST = 1e-12
# Directions nearer than this are one.
SAME_ANGLE = 1e-11
# Area against squared length below which a polygon is a sliver.
THIN = 1e-6
# Share of a polygon's extent by which its shape may change where it is smaller than what may be left out.
SHAPE = 1e-3
# Area in the unit square above which a set is not on the verge of being a segment.
FAT = 1e-4
# Of more edges those that matter least are left out.
MOST_NORMALS = 2048


def all_fat(polygons: list[Floats]) -> bool:
    """Whether no set that is there is on the verge of being a segment."""
    return all(not len(polygon) or PayoffSet(polygon).area > FAT for polygon in polygons)


def clearance(polygon: Floats) -> float:
    """How far the mean of a polygon's vertices is from its sides; 0 if it has no interior."""
    if len(polygon) < 3:
        return 0.0
    steps = np.roll(polygon, -1, axis=0) - polygon
    away = polygon.mean(axis=0) - polygon
    return float(((steps[:, 0] * away[:, 1] - steps[:, 1] * away[:, 0]) / np.hypot(steps[:, 0], steps[:, 1])).min())


def canonical(polygon: Floats) -> Floats:
    """The same polygon from its leftmost (lowest) vertex on, without repeated vertices."""
    kept = [k for k in range(len(polygon)) if k == 0 or (polygon[k] != polygon[k - 1]).any()]
    if len(kept) > 1 and (polygon[kept[0]] == polygon[kept[-1]]).all():
        kept.pop()
    polygon = polygon[kept]
    if not len(polygon):
        return polygon
    begin = int(np.lexsort((polygon[:, 1], polygon[:, 0]))[0])
    return np.ascontiguousarray(np.roll(polygon, -begin, axis=0))


def edge_normals(polygons: list[Floats], tolerance: float) -> Floats:
    """Outward unit normals of all edges together with the axes, sorted by angle; of directions that are nearly one the longest edge's.

    Vertices within `tolerance` of their neighbours' chord are left out, of very many more of them.
    """
    normals = _edge_normals(polygons, tolerance)
    while len(normals) > MOST_NORMALS:
        tolerance *= 4.0
        normals = _edge_normals(polygons, tolerance)
    return normals


def _edge_normals(polygons: list[Floats], tolerance: float) -> Floats:
    normals = [np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])]
    lengths = [np.full(4, np.inf)]
    for whole in polygons:
        if len(whole) < 2:
            continue
        # What is on its way to a point keeps its shape: the directions of its sides are those that lead there.
        polygon = whole[thinned(whole, min(tolerance, SHAPE * float(np.ptp(whole, axis=0).max())))]
        if len(polygon) < 2:
            continue
        steps = np.roll(polygon, -1, axis=0) - polygon
        length = np.hypot(steps[:, 0], steps[:, 1])
        steps, length = steps[length > DUST], length[length > DUST]
        if len(steps) and PayoffSet(polygon).area < THIN * length.max() ** 2:
            # Two sides that are nearly parallel do not say where a sliver ends.
            k = int(length.argmax())
            steps = np.concatenate([steps, [[-steps[k, 1], steps[k, 0]], [steps[k, 1], -steps[k, 0]]]])
            length = np.concatenate([length, length[[k, k]]])
        own = np.column_stack([steps[:, 1], -steps[:, 0]]) / length[:, None]
        own[np.abs(own) < 1e-12] = 0.0
        slanted = (own != 0.0).all(axis=1)
        normals.append(own[slanted])
        lengths.append(length[slanted])
    joint, size = np.concatenate(normals), np.concatenate(lengths)
    angles = np.arctan2(joint[:, 1], joint[:, 0]) % (2.0 * np.pi)
    order = np.argsort(angles, kind="stable")
    kept: list[int] = []
    for k in order:
        if kept and angles[k] - angles[kept[-1]] <= SAME_ANGLE:
            if size[k] > size[kept[-1]]:
                kept[-1] = int(k)
        else:
            kept.append(int(k))
    if len(kept) > 4 and 2.0 * np.pi - angles[kept[-1]] <= SAME_ANGLE:
        kept.pop()
    return np.ascontiguousarray(joint[kept])
