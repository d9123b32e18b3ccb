"""Samples: points of a design drawn at random or spread evenly, as numbers between 0 and 1 that a prior turns into parameters.

Point k's numbers depend on the method, the number of points, the seed and k only: whole blocks of points are always drawn and cut, so
results do not depend on how a run is divided.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from bargaining.config import Model, Scalar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# Points drawn together: one Philox stream for each block.
BLOCK = 4096
# Uniforms are kept off 0 and 1, where quantile functions of unbounded laws are infinite.
OPEN = 2.0**-54

Method = Literal["sobol", "latin_hypercube", "monte_carlo", "saltelli"]
Plain = tuple[str, tuple[Any, ...]]


class Law(Model):
    """How one parameter is distributed: exactly one of these keys, or a list ``[low, high]`` for the uniform law."""

    uniform: tuple[float, float] | None = None
    log_uniform: tuple[float, float] | None = None
    triangular: tuple[float, float, float] | None = Field(None, description="low, mode, high")
    log_triangular: tuple[float, float, float] | None = Field(None, description="low, mode, high; triangular in logarithms")
    choice: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = None
    weights: tuple[Annotated[float, Field(gt=0)], ...] | None = Field(None, description="of the choices; equal by default")

    @model_validator(mode="after")
    def _one_law(self) -> "Law":
        given = [name for name in ("uniform", "log_uniform", "triangular", "log_triangular", "choice") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"expected exactly one law, found {' and '.join(given) or 'none'}")
        numbers = getattr(self, given[0])
        if given[0] != "choice":
            if not numbers[0] < numbers[-1] or list(numbers) != sorted(numbers):
                raise ValueError(f"{given[0]}: expected ascending numbers, found {list(numbers)}")
            if given[0].startswith("log") and numbers[0] <= 0:
                raise ValueError(f"{given[0]}: expected positive numbers, found {list(numbers)}")
        if self.weights is not None and (given[0] != "choice" or len(self.weights) != len(numbers)):
            raise ValueError("weights: expected one for each choice")
        return self

    def plain(self) -> Plain:
        """The law's name and its numbers; weights of choices last."""
        if self.choice is not None:
            weights = self.weights or (1.0,) * len(self.choice)
            return "choice", (*self.choice, tuple(weight / sum(weights) for weight in weights))
        name = next(name for name in ("uniform", "log_uniform", "triangular", "log_triangular") if getattr(self, name) is not None)
        return name, getattr(self, name)


class Sample(Model):
    """Points drawn from the priors that a scenario declares, or from laws given here.

    Examples
    --------
    >>> sample = Sample(method="sobol", points=4, seed=1)
    >>> sample.uniforms(1, 4, 2).tolist() == sample.uniforms(0, 4, 2)[1:].tolist()
    True
    """

    method: Method = Field("sobol", description="saltelli: the matrices that Sobol indices need, points * (parameters + 2) of them")
    points: Annotated[int, Field(ge=1, le=2**30)]
    seed: Annotated[int, Field(ge=0)]
    over: tuple[str, ...] | dict[str, tuple[float, float] | Law | Literal["prior"]] | None = Field(
        None, description="parameters, or parameter: law; default: every parameter with a prior"
    )
    independent: bool = Field(False, description="ignore rank correlations of the priors (saltelli always does)")

    @model_validator(mode="after")
    def _powers_of_two(self) -> "Sample":
        if self.method in ("sobol", "saltelli") and self.points & (self.points - 1):
            raise ValueError(f"points: expected a power of two for {self.method}, found {self.points}")
        return self

    def laws(self) -> Mapping[str, Plain] | None:
        """Field -> law in plain form, ``("prior", ())`` for the declared one; None for all that have a prior."""
        if self.over is None:
            return None
        if isinstance(self.over, Mapping):
            return {name: _plain(law) for name, law in self.over.items()}
        return dict.fromkeys(self.over, ("prior", ()))

    def size(self, width: int) -> int:
        """Number of points when `width` numbers make one."""
        return self.points * (width + 2) if self.method == "saltelli" else self.points

    def uniforms(self, start: int, stop: int, width: int) -> "Floats":
        """Numbers strictly between 0 and 1 of points `start` to `stop`, shape (stop - start, width).

        In a Saltelli design of N points come the N rows of matrix A, those of B, then for each column k those of A with column k from B
        (Saltelli et al. 2010, *Computer Physics Communications* 181).
        """
        import numpy as np

        if not 0 <= start <= stop <= self.size(width):
            raise IndexError(f"points {start} to {stop} of {self.size(width)}")
        if self.method != "saltelli":
            blocks = [self._block(number, width) for number in range(start // BLOCK, -(-stop // BLOCK))]
            drawn = np.concatenate(blocks) if blocks else np.empty((0, width))
            return drawn[start - start // BLOCK * BLOCK :][: stop - start]
        rows = np.arange(start, stop)
        matrix, row = rows // self.points, rows % self.points
        found = np.empty((len(rows), width))
        for number in np.unique(row // BLOCK):
            both = self._block(int(number), 2 * width)
            here = np.flatnonzero(row // BLOCK == number)
            own = both[row[here] % BLOCK]
            for column in range(width):
                from_b = (matrix[here] == 1) | (matrix[here] == column + 2)
                found[here, column] = np.where(from_b, own[:, width + column], own[:, column])
        return found

    def _block(self, number: int, width: int) -> "Floats":
        """One whole block of points, the last one shorter."""
        import numpy as np

        size = min(BLOCK, self.points - number * BLOCK)
        if self.method == "monte_carlo":
            stream = np.random.Generator(np.random.Philox(key=self.seed, counter=[0, 0, 0, number]))
            drawn = stream.random((BLOCK, width))[:size]
        elif self.method == "latin_hypercube":
            drawn = _latin_hypercube(self.points, width, self.seed)[number * BLOCK : number * BLOCK + size]
        else:
            drawn = _sobol_block(number, size, width, self.seed)
        return np.clip(drawn, OPEN, 1.0 - OPEN)


def _plain(law: Any) -> Plain:
    if law == "prior":
        return "prior", ()
    return law.plain() if isinstance(law, Law) else ("uniform", tuple(law))


@lru_cache(maxsize=8)
def _sobol_block(number: int, size: int, width: int, seed: int) -> "Floats":
    from scipy.stats import qmc

    engine = qmc.Sobol(width, scramble=True, rng=seed)
    if number:
        engine.fast_forward(number * BLOCK)
    return engine.random(size)


@lru_cache(maxsize=1)
def _latin_hypercube(points: int, width: int, seed: int) -> "Floats":
    from scipy.stats import qmc

    return qmc.LatinHypercube(width, rng=seed).random(points)
