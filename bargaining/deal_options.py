"""Options of the solvers that select, negotiate and delay deals, as experiment files spell them."""

from typing import Annotated, Literal

from pydantic import Field

from bargaining.config import Model

Unit = Annotated[float, Field(gt=0, lt=1)]
Patience = Literal["own", "less", "more"]
Rule = Literal["nash", "kalai_smorodinsky", "egalitarian", "utilitarian"]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Shares = Annotated[tuple[Annotated[float, Field(ge=0, le=1)], ...], Field(min_length=1)]


class DealSolver(Model):
    """What all of them take."""

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
    delta_us: Annotated[tuple[Unit, ...], Field(min_length=1)]
    delta_cn: Annotated[tuple[Unit, ...], Field(min_length=1)] | None = Field(
        None, description="every pair with delta_us; default: equal factors"
    )
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
