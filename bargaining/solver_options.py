"""Solvers by the name that experiment files call them: what each may be asked, and which module answers."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StrictInt

from bargaining.config import Model, Name, Scalar


def _each_once(values: tuple[float, ...]) -> tuple[float, ...]:
    repeated = next((value for k, value in enumerate(values) if value in values[:k]), None)
    if repeated is not None:
        raise ValueError(f"{repeated:g} stands twice")
    return values


def _some_weight(values: tuple[float, float]) -> tuple[float, float]:
    if not any(values):
        raise ValueError("both weights are 0")
    return values


Unit = Annotated[float, Field(gt=0, lt=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Patience = Literal["own", "less", "more"]
Rule = Literal["nash", "kalai_smorodinsky", "egalitarian", "utilitarian"]
Factors = Annotated[tuple[Unit, ...], Field(min_length=1), AfterValidator(_each_once)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Shares = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1)]


class LinkageLattice(Model):
    """Options of the solver ``linkage_lattice``; an agreement or partition that is not named means all of them."""

    name: Literal["linkage_lattice"]
    agreements: tuple[str, ...] | None = Field(None, description="names of agreements of the scenario; [] gives the payoff sets only")
    partitions: Names | None = Field(None, description="such as 'T,R,K|A'")
    tol: Unit = Field(1e-9, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None
    hazard_steps: Annotated[int, Field(ge=1)] | None = None
    renegotiation_weights: Annotated[tuple[Weight, Weight], AfterValidator(_some_weight)] | None = Field(
        None, description="bargaining weights of the U.S. and China: adds the columns that say which agreements survive renegotiation"
    )


class EquilibriumSets(Model):
    """Options of the solver ``equilibrium_set``, for scenarios with states: payoff sets state by state, and which plans hold."""

    name: Literal["equilibrium_set"]
    plans: tuple[str, ...] | None = Field(None, description="names of plans of the scenario; default: all")
    states: Names | None = Field(None, description="states to report; default: the one that play starts in")
    tol: Unit = Field(1e-6, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class MonitoredLinkageOptions(Model):
    """Options of the solver ``monitored_linkage``, for scenarios with signals: an agreement kept apart, tied together, linked optimally."""

    name: Literal["monitored_linkage"]
    agreement: str = Field(description="name of an agreement of the scenario")
    partition: str | None = Field(None, description="blocks that are apart in the unlinked regime, such as 'T,R|C'; default: every issue")
    gains: dict[Name, dict[str, Scalar]] = Field(
        {},
        description="name: parameters that change; what that adds to joint payoffs is reported. '+0.05' adds to the point's value",
    )
    limit: bool = Field(False, description="find the joint payoffs that no patience exceeds, too")


class SimulatedPaths(Model):
    """Options of the solver ``simulated_paths``: paths of a scenario with states under one of its plans."""

    name: Literal["simulated_paths"]
    plan: str = Field(description="name of a plan of the scenario")
    start: str | None = Field(None, description="state that paths start in; default: the scenario's first")
    periods: Annotated[int, Field(ge=1, le=400)] = 6
    draws: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    seed: Annotated[int, Field(ge=0)] = 1


class BlockSets(Model):
    """Options of the solver ``block_sets``: partitions of the issues solved block by block, and which plans hold in which state."""

    name: Literal["block_sets"]
    plans: tuple[str, ...] | None = Field(None, description="names of plans of the scenario; default: all")
    partitions: Names | None = Field(None, description="such as 'T,R|C'; default: all")
    most_states: Annotated[int, Field(ge=1)] = Field(100, description="a block with more states than this is not solved, and says so")
    tol: Unit = Field(1e-4, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class CriticalParameter(Model):
    """Options of the solver ``critical_parameter``: values of one parameter at which a plan is an equilibrium path from every state."""

    name: Literal["critical_parameter"]
    plan: str = Field(description="name of a plan of the scenario")
    parameter: str = Field(description="what varies")
    values: Annotated[tuple[StrictInt, ...] | tuple[float, ...], Field(min_length=2)] = Field(description="what is scanned, rising")
    tol: Annotated[float, Field(gt=0)] = Field(1e-3, description="width to which a change is bracketed; whole numbers to neighbours")
    max_iter: Annotated[int, Field(ge=1)] = 4000


Motion = SimulatedPaths | BlockSets | CriticalParameter


class LinkageLattices(Model):
    """Options of the solver ``linkage_lattices``: the lattice of every draw of an ensemble."""

    name: Literal["linkage_lattices"]
    patience: Patience = Field(
        "own",
        description="own discount factors (slow where they differ), or for both sides that of the less or the more patient one (fast)",
    )
    agreements: tuple[str, ...] | None = Field(None, description="default: all of the scenario's")
    partitions: Names | None = Field(None, description="default: all")
    critical: bool = Field(True, description="find critical discount factors too")
    critical_tol: Unit = Field(1e-4, description="width of their brackets, relative to the discount rate")
    tol: Unit = Field(1e-6, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class DealSolver(Model):
    """What all solvers of deals take."""

    partitions: Names | None = Field(None, description="such as 'T,R,K|A'; default: the scenario's stances")
    patience: Patience = Field("own", description="own discount factors, or for both sides that of the less or the more patient one (fast)")
    tol: Unit = Field(1e-6, description="distance between the proven inner and outer sets, relative to each player's payoff span")
    max_iter: Annotated[int, Field(ge=1)] | None = None


class PredictedDeals(DealSolver):
    """Options of ``predicted_deals``: what every bargaining rule selects from every disagreement point under each partition."""

    name: Literal["predicted_deals"]
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)] = ("nash", "kalai_smorodinsky", "egalitarian", "utilitarian")
    negotiation: bool = Field(False, description="the values of the negotiation game as a disagreement point too (slow)")


class ReservedLeverage(DealSolver):
    """Options of ``reserved_leverage``: the military tier on the table and off it, as an incentive and as a bargaining chip."""

    name: Literal["reserved_leverage"]
    negotiation: bool = Field(False, description="share bounds of the negotiation game too (slow for large games)")


class PatienceAnalysis(DealSolver):
    """Options of ``patience``: sets, selected and negotiated deals and net surplus at given discount factors."""

    name: Literal["patience"]
    delta_us: Factors
    delta_cn: Factors | None = Field(None, description="every pair with delta_us; default: equal factors")
    demand_share: Unit = Field(0.75, description="of its largest gain that each side holds out for in the war of attrition")


class ConcessionAnalysis(DealSolver):
    """Options of ``concession``: reputational delay between 'no quid pro quo' and 'no lopsided deal'."""

    name: Literal["concession"]
    lopsided_shares: Shares = Field((0.5, 0.6, 0.7), description="share of China's largest gain that its obstinate type demands")
    obstinate_us: Shares = (0.02, 0.1)
    obstinate_cn: Shares = (0.02, 0.1)
    times: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (1, 4, 14)


class TalksAnalysis(DealSolver):
    """Options of ``talks``: alternating offers with the stage game as disagreement game, and with a risk of breakdown."""

    name: Literal["talks"]
    breakdown: Shares = Field((0.0,), description="probability that a refusal ends the talks, for alternating offers on the frontier")


DealSolvers = PredictedDeals | ReservedLeverage | PatienceAnalysis | ConcessionAnalysis | TalksAnalysis
DEAL_SOLVERS = ("predicted_deals", "reserved_leverage", "patience", "concession", "talks")

RunSolver = Annotated[LinkageLattice | EquilibriumSets | Motion | MonitoredLinkageOptions | DealSolvers, Field(discriminator="name")]

# Solver -> the module that solves a point, or a draw, with it: with the stories and the designs it decides every number.
SOLVED_BY = {
    "linkage_lattice": "bargaining.running.lattices",
    "equilibrium_set": "bargaining.running.states",
    "monitored_linkage": "bargaining.running.monitored",
    "linkage_lattices": "bargaining.ensemble",
    **dict.fromkeys(DEAL_SOLVERS, "bargaining.deals.solving"),
    "simulated_paths": "bargaining.running.motion",
    "block_sets": "bargaining.running.motion",
    "critical_parameter": "bargaining.running.motion",
}
