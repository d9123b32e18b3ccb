"""Designs: which parameter values an experiment visits, in which order.

A design is a list of points, each a mapping of swept parameter to value. The order is part of the results: a point's number is its
place in this list.
"""

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from bargaining.config import Model, Scalar
from bargaining.sampling import Sample


class Linspace(Model):
    """Evenly spaced numbers: ``{linspace: [first, last, how_many]}``.

    The numbers are computed from the decimals as written and rounded once: 0.1 to 0.9 in nine steps contains 0.3.

    Examples
    --------
    >>> Linspace(linspace=(0.1, 0.3, 3)).values()
    [0.1, 0.2, 0.3]
    """

    linspace: tuple[float, float, Annotated[int, Field(ge=2, le=1_000_000)]]

    def values(self) -> list[float]:
        """The numbers."""
        first, last, number = Fraction(repr(self.linspace[0])), Fraction(repr(self.linspace[1])), self.linspace[2]
        return [float(first + (last - first) * k / (number - 1)) for k in range(number)]


def _kind(value: Any) -> str:
    return "linspace" if isinstance(value, (dict, Linspace)) else "list"


Values = Annotated[Sequence[Scalar], Field(min_length=1)]
Axis = Annotated[Annotated[Values, Tag("list")] | Annotated[Linspace, Tag("linspace")], Discriminator(_kind)]
Axes = Annotated[dict[str, Axis], Field(min_length=1)]


def axis_values(axis: Any) -> list[Any]:
    """The values of one axis, however it is written."""
    return axis.values() if isinstance(axis, Linspace) else list(axis)


class Design(Model):
    """Points of an experiment: exactly one of `grid`, `zip`, `points` and `sample`.

    Parameters
    ----------
    grid : mapping of parameter to values
        Every combination; the last parameter varies fastest.
    zip : mapping of parameter to values
        The first values together, then the second values, and so on; all lists of one length.
    points : list of mappings of parameter to value
        Each point written out; all with the same parameters.
    sample : mapping
        Points drawn from priors: see `Sample`.

    Examples
    --------
    >>> Design(grid={"a": [1, 2], "b": [0.5, 1.5]}).as_points()
    [{'a': 1, 'b': 0.5}, {'a': 1, 'b': 1.5}, {'a': 2, 'b': 0.5}, {'a': 2, 'b': 1.5}]
    >>> Design(zip={"a": [1, 2], "b": [0.5, 1.5]}).as_points()
    [{'a': 1, 'b': 0.5}, {'a': 2, 'b': 1.5}]
    """

    grid: Axes | None = None
    zip: Axes | None = None
    points: Annotated[tuple[Annotated[dict[str, Scalar], Field(min_length=1)], ...], Field(min_length=1)] | None = None

    sample: Sample | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Design":
        given = [name for name in ("grid", "zip", "points", "sample") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one of grid, zip, points and sample, found {' and '.join(given) or 'none'}")
        if self.zip is not None:
            lengths = {name: len(axis_values(axis)) for name, axis in self.zip.items()}
            if len(set(lengths.values())) > 1:
                raise ValueError("zip: expected lists of one length, found " + ", ".join(f"{k}: {n}" for k, n in lengths.items()))
        if self.points is not None and len({tuple(sorted(point)) for point in self.points}) > 1:
            raise ValueError("points: expected the same parameters in every point")
        return self

    def entries(self) -> list[tuple[tuple[str | int, ...], str, Any]]:
        """Every value as it stands in the file: its key path, its parameter, the value."""
        if self.points is not None:
            return [(("points", k, name), name, value) for k, point in enumerate(self.points) for name, value in point.items()]
        word = "grid" if self.grid is not None else "zip"
        axes: Mapping[str, Any] = self.grid or self.zip or {}
        return [
            ((word, name) if isinstance(axis, Linspace) else (word, name, k), name, value)
            for name, axis in axes.items()
            for k, value in enumerate(axis_values(axis))
        ]

    def as_points(self) -> list[dict[str, Any]]:
        """The points in order, each a mapping of parameter to value."""
        if self.points is not None:
            return [dict(point) for point in self.points]
        axes: Mapping[str, Any] = self.grid or self.zip or {}
        columns = [axis_values(axis) for axis in axes.values()]
        combine = itertools.product(*columns) if self.grid is not None else zip(*columns, strict=True)
        return [dict(zip(axes, values, strict=True)) for values in combine]
