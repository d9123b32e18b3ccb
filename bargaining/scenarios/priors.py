r"""Priors: what a scenario's parameters may be, as quantile functions joined by a Gaussian copula.

Marginals are those of ``priors.json``: triangular, triangular in logarithms, categorical, or a family of values that belong together.
Rank correlations :math:`\rho_S` between continuous parameters become correlations :math:`2\sin(\pi\rho_S/6)` of normal variables
(Kruskal 1958, *Journal of the American Statistical Association* 53). Derived parameters are not drawn: they follow from the others.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from bargaining.scenarios import ScenarioError, scenario

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# What the words of a family stand for.
_FAMILY = {"truce": "tariff_us_truce_share", "peak": "tariff_us_peak_share"}


@dataclass(frozen=True)
class Triangular:
    """Triangular on [low, high] with its mode, or so in logarithms; `mode` None is uniform."""

    low: float
    mode: float | None
    high: float
    log: bool = False

    def quantile(self, u: "Floats") -> "Floats":
        """Values below which the shares `u` lie."""
        import numpy as np

        low, high = (np.log(self.low), np.log(self.high)) if self.log else (self.low, self.high)
        if self.mode is None:
            drawn = low + (high - low) * u
        else:
            mode = np.log(self.mode) if self.log else self.mode
            share = (mode - low) / (high - low)
            rising = low + np.sqrt(u * (high - low) * (mode - low))
            drawn = np.where(u < share, rising, high - np.sqrt((1.0 - u) * (high - low) * (high - mode)))
        drawn = np.exp(drawn) if self.log else drawn
        return np.asarray(np.clip(drawn, self.low, self.high))


@dataclass(frozen=True)
class Categorical:
    """Values with their shares; each value may be a word or number, or a mapping of several fields to values that belong together."""

    values: tuple[Any, ...]
    shares: tuple[float, ...]

    def chosen(self, u: "Floats") -> "NDArray[np.int64]":
        """Position of the value at each share."""
        import numpy as np

        return np.searchsorted(np.cumsum(self.shares)[:-1], u, side="right")


@dataclass(frozen=True, eq=False)
class JointPrior:
    """The parameters drawn, their marginals and the correlation of the normal variables behind them."""

    marginals: Mapping[str, Triangular | Categorical]
    correlation: tuple[tuple[float, ...], ...]

    @classmethod
    def of(
        cls,
        name: str,
        laws: Mapping[str, tuple[str, tuple[Any, ...]]] | None = None,
        *,
        fixed: Collection[str] = (),
        independent: bool = False,
        calibration: str | None = None,
    ) -> Self:
        """Prior of a scenario's parameters.

        Parameters
        ----------
        name : str
            Of the scenario.
        laws : mapping of field to (law, numbers), optional
            Laws that differ from the declared ones (``prior``); by default all fields with a prior that varies.
        fixed : collection of str
            Fields that are given and therefore not drawn by default.
        independent : bool
            Whether to ignore rank correlations.
        calibration : str, optional
            Only parameters that this calibration reads are drawn by default; by default the scenario's first.

        Raises
        ------
        ScenarioError
            If a field is unknown or has no prior, or the correlations are those of no distribution.

        Examples
        --------
        >>> prior = JointPrior.of("standoff", {"curb_security_ratio": ("prior", ()), "chip_rent_share": ("uniform", (0.5, 0.7))})
        >>> import numpy as np
        >>> {field: column.round(3).tolist() for field, column in prior.values(np.full((1, 2), 0.5)).items()}
        {'curb_security_ratio': [1.357], 'chip_rent_share': [0.6]}
        """
        records = {row["field"]: row for row in scenario(name, calibration).parameters()}
        declared = {field: found for field, row in records.items() if (found := _declared(field, row)) is not None}
        if laws is None:
            marginals = {field: marginal for field, marginal in declared.items() if field not in fixed}
            if not marginals:
                raise ScenarioError(f"scenario {name!r} declares no priors: say what to draw, `over: {{field: [low, high]}}`")
        else:
            marginals = {}
            for field, (law, numbers) in laws.items():
                if field not in records:
                    overrides: dict[str, Any] = {field: 0.0}
                    scenario(name, None, **overrides)
                if law == "prior" and field not in declared:
                    raise ScenarioError(f"{field} has no prior to draw from: expected a law such as [low, high]")
                marginals[field] = declared[field] if law == "prior" else _given(law, numbers)
        pairs = {} if independent else _correlations(name, marginals)
        fields = list(marginals)
        matrix = [[1.0 if a == b else pairs.get(frozenset((a, b)), 0.0) for b in fields] for a in fields]
        _root(matrix)
        return cls(marginals, tuple(map(tuple, matrix)))

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields drawn, in order: uniform number k is for field k."""
        return tuple(self.marginals)

    @property
    def width(self) -> int:
        """Uniform numbers a point."""
        return len(self.marginals)

    def values(self, uniforms: "Floats") -> "dict[str, NDArray[Any]]":
        """Parameters, one column a field, from uniform numbers, shape (N, width).

        Only elementwise operations in a fixed order: a point's values do not depend on its neighbours.
        """
        import numpy as np
        from scipy.special import ndtr, ndtri

        if uniforms.ndim != 2 or uniforms.shape[1] != self.width:
            raise ValueError(f"uniforms have shape {uniforms.shape}: expected (N, {self.width})")
        root = _root(self.correlation)
        normal = {
            k: ndtri(uniforms[:, k]) for k in range(self.width) if any(root[j][k] for j in range(self.width) if j != k) or any(root[k][:k])
        }
        columns: dict[str, NDArray[Any]] = {}
        for k, (field, marginal) in enumerate(self.marginals.items()):
            u = uniforms[:, k]
            if any(root[k][:k]):
                total = root[k][k] * normal[k]
                for j in range(k):
                    if root[k][j]:
                        total = total + root[k][j] * normal[j]
                u = ndtr(total)
            if isinstance(marginal, Triangular):
                columns[field] = marginal.quantile(u)
                continue
            positions = marginal.chosen(u)
            if isinstance(marginal.values[0], Mapping):
                for own in marginal.values[0]:
                    columns[own] = np.array([value[own] for value in marginal.values])[positions]
            else:
                columns[field] = np.array(marginal.values)[positions]
        return columns

    def extremes(self) -> dict[str, tuple[Any, ...]]:
        """Least and largest value of each field, or all its values: what a scenario has to accept."""
        found: dict[str, tuple[Any, ...]] = {}
        for field, marginal in self.marginals.items():
            if isinstance(marginal, Triangular):
                found[field] = (marginal.low, marginal.high)
            elif not isinstance(marginal.values[0], Mapping):
                found[field] = marginal.values
        return found


def _declared(field: str, row: Mapping[str, Any]) -> Triangular | Categorical | None:
    """Marginal of a parameter's record; None if it is fixed or derived."""
    text, low, mode, high = (row[key] for key in ("distribution", "low", "central", "high"))
    if text.startswith(("triangular", "log_triangular")):
        return Triangular(low, mode, high, log=text.startswith("log")) if low < high else None
    if text.startswith("categorical family"):
        return _family(field, text)
    if text.startswith("categorical"):
        pairs = re.findall(r"(\w+) (\.\d+)", text)
        return Categorical(tuple(word for word, _ in pairs), tuple(float(share) for _, share in pairs))
    return None


def _family(field: str, text: str) -> Categorical:
    """A family of averages: each member sets the field, and other fields if it names them, which else keep their central values."""
    from bargaining.scenarios.parameters import fact, priors

    members = []
    for share, numbers in re.findall(r"\w+ (\.\d+) \(([^)]*)\)", text):
        own, *others = re.findall(r"(?:(\w+) )?(\d*\.\d+)", numbers)
        members.append((float(share), {field: float(own[1]), **{_FAMILY[word]: float(number) for word, number in others}}))
    central = {"tariff_us_truce_share": priors()["tariff_us_truce_share"].central, "tariff_us_peak_share": fact("tpc_us_2025-04-17") / 100}
    named = dict.fromkeys(name for _, member in members for name in member if name != field)
    values = tuple({field: member[field], **{name: member.get(name, central[name]) for name in named}} for _, member in members)
    return Categorical(values, tuple(share for share, _ in members))


def _given(law: str, numbers: tuple[Any, ...]) -> Triangular | Categorical:
    if law == "choice":
        return Categorical(tuple(numbers[:-1]), tuple(numbers[-1]))
    mode = numbers[1] if law.endswith("triangular") else None
    return Triangular(numbers[0], mode, numbers[-1], log=law.startswith("log"))


def _correlations(name: str, marginals: Mapping[str, Triangular | Categorical]) -> dict[frozenset[str], float]:
    """Correlations of the normal variables, for pairs of continuous parameters that are both drawn."""
    from math import pi, sin

    from bargaining.scenarios.parameters import priors

    continuous = {field for field, marginal in marginals.items() if isinstance(marginal, Triangular) and field in priors()}
    return {
        frozenset((field, other)): 2.0 * sin(pi * rank / 6.0)
        for field in continuous
        for other, rank in priors()[field].correlated_with
        if other in continuous
    }


def _root(matrix: Any) -> list[list[float]]:
    """Lower Cholesky factor, by the textbook's loop: the same bits everywhere."""
    size = len(matrix)
    root = [[0.0] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            left = matrix[i][j] - sum(root[i][k] * root[j][k] for k in range(j))
            if i != j:
                root[i][j] = left / root[j][j]
            elif left <= 1e-12:
                raise ScenarioError(
                    "the rank correlations of the priors are those of no distribution: their matrix is not positive definite"
                )
            else:
                root[i][i] = left**0.5
    return root
