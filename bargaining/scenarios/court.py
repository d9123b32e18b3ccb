r"""The court case: the U.S. instrument may be struck down, and another statute may restore it.

While the instrument is missing the U.S. cannot raise tariffs, and China cooperates only for fear of their return. With authority lost
for good to a ruling, restored with probability :math:`\varphi` a period and then for ever, China cooperates in the struck state exactly
if :math:`\delta \ge (T-R)/((T-R) + \varphi(R-P))`: at once for :math:`\varphi = 1`, never for 0. Whether it does so *before* the ruling
too is another constraint, which may bind.

The *bridge* is a statute with a clock (Section 122, 150 days: two periods) that carries part of the instrument from the ruling on; the
*fallback* is Section 301, which recovers a share of it. *Preparing* the fallback costs the U.S. once and raises :math:`\varphi`: to use
the delay to explore invoking Section 301.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from bargaining.scenarios.parameters import chosen, observed, prior
from bargaining.scenarios.stages import TARIFFS, StageParameters
from bargaining.scenarios.states import StateScenario, part_of, play
from bargaining.scenarios.story import IDLE

if TYPE_CHECKING:
    from fractions import Fraction

    from bargaining.games import StageGame
    from bargaining.games.composed import ComposedGame, Labels
    from bargaining.games.exact import Real

AUTHORITY, PENDING, UPHELD, STRUCK, BRIDGE, RESTORED = "authority", "pending", "upheld", "struck", "bridge", "restored"
PREPARED = "prepared"
WAIT, PREPARE = "wait", "prepare"


class CourtParameters(StageParameters):
    """Parameters of the court case."""

    scenario_name = "court"

    ruling: Literal["hazard", "pending"] = chosen(
        "hazard",
        "ruling",
        status="modelling choice",
        note="'hazard': struck with probability κ a period; 'pending': by a ruling whose date is known",
    )
    strike_hazard_share: float = chosen(
        0.2,
        "κ",
        status="assumption",
        note="probability a period that authority is struck, or a case filed (rulings pending)",
        ge=0,
        le=1,
    )
    court_strike_probability_share: float = prior("court_strike_probability_share", "p", ge=0, le=1)
    pending_periods: int = chosen(
        3,
        "D",
        status="modelling choice",
        note="periods from a case to its ruling; 2.8 is assumed in the priors",
        ge=1,
        le=100,
    )
    restoration_share: float = chosen(
        0.4, "φ", status="assumption", note="probability a period that the fallback restores the instrument once it is lost", ge=0, le=1
    )
    bridge_periods: int = chosen(
        0,
        "bridge",
        status="modelling choice",
        note="periods of a bridge statute after a ruling; 2: Section 122",
        ge=0,
        le=100,
    )
    fallback_recovery_share: float = prior("fallback_recovery_share", "r", ge=0, le=1)
    preparation: bool = chosen(
        False, "preparation", status="modelling choice", note="whether the U.S. may prepare the fallback, once, while nothing is restored"
    )
    preparation_cost_us_units: float = chosen(0.5, "c_prep", status="assumption", note="what preparing costs the U.S., once", ge=0)
    prepared_restoration_share: float = chosen(1.0, "φ_prep", status="assumption", note="φ once the fallback is prepared", ge=0, le=1)
    tariff_us_struck_share: float = observed("bl_us_2026-08-04", "t_us_struck", per=100, ge=0, le=10)
    tariff_us_bridge_share: float = observed("bl_us_2026-02-27", "t_us_bridge", per=100, ge=0, le=10)


class Court(StateScenario):
    """Authority, a pending ruling, struck, bridge, restored.

    Examples
    --------
    >>> from bargaining.scenarios import scenario
    >>> game = scenario("court").game()
    >>> game.states, game.stage("struck").shape, game.exact_transitions[1][0, 0]
    (('authority', 'struck', 'restored'), (1, 2), ((1, Fraction(3, 5)), (2, Fraction(2, 5))))
    >>> scenario("court", ruling="pending", pending_periods=2, bridge_periods=2).game().states
    ('pending 2', 'pending 1', 'bridge 2', 'authority', 'bridge 1', 'restored', 'struck')
    """

    name = "court"
    title = "The tariffs before the court, and Section 301 as a fallback"
    calibrations: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        # In the stylised game the fallback brings back the whole instrument.
        "stylised": {"delta": 0.9, "fallback_recovery_share": 1.0},
        "calibrated": {
            "stage": "calibrated",
            "ruling": "pending",
            "strike_hazard_share": 0.0,
            "bridge_periods": 2,
        },
        "political": {
            "stage": "calibrated",
            "ruling": "pending",
            "strike_hazard_share": 0.0,
            "bridge_periods": 2,
            "political_weight_us_usd_per_usd": 0.40,
            "political_weight_cn_usd_per_usd": 0.20,
        },
    }
    plans: ClassVar[Mapping[str, str]] = {
        "truce": "both hold the truce in every state, with or without the instrument; nothing is prepared",
        "prepared_truce": "the same, and the U.S. prepares the fallback at once",
        "while_armed": "both hold the truce while the U.S. could raise; while it cannot, China raises",
        "war": "both raise tariffs whenever they can",
    }
    issues_in_words: ClassVar[Mapping[str, str]] = {
        "T": "tariffs",
        "R": "rare earths",
        "K": "countermeasures",
        "P": "preparing the fallback",
    }
    factors_in_words: ClassVar[Mapping[str, str]] = {"court": "where the case and the fallback stand"}
    parameter_set = CourtParameters
    values: CourtParameters

    def composed(self) -> "ComposedGame":
        """Tariffs under the court's state, and the preparation if the story has it; in the calibrated game controls beside them."""
        from bargaining.games.composed import ComposedGame, Factor, StateIssue

        p = self.values
        tables: dict[str, StageGame] = {}

        def tariffs(court: str) -> "StageGame":
            here = court.split(maxsplit=1)[0].rstrip(",")
            if here not in tables:
                tables[here] = self.tariffs(here)
            return tables[here]

        issues = {"T": StateIssue(tariffs, ("court",))}
        if p.stage == "calibrated":
            issues |= {"R": StateIssue(p.release), "K": StateIssue(p.controls)}
        if p.preparation:
            issues["P"] = StateIssue(self._preparing, ("court",))
        start = AUTHORITY if p.ruling == "hazard" else f"{PENDING} {p.pending_periods}"
        return ComposedGame(issues, {"court": Factor(start, self._step, ("P",) if p.preparation else ())}, p.patience())

    def tariffs(self, here: str) -> "StageGame":
        """Tariffs with the instrument whole, in part, or missing."""
        p = self.values
        if p.stage == "calibrated":
            truce, snap = p.tariff_levels()[0][1:3]
            low, bridge = p.tariff_us_struck_share, p.tariff_us_bridge_share
            if here == STRUCK:
                return p.tariffs(us=(low,))
            if here == BRIDGE:
                return p.tariffs(us=(low, bridge))
            if here == RESTORED and p.fallback_recovery_share < 1:
                return p.tariffs(us=(low, low + p.fallback_recovery_share * (truce - low)))
            return p.tariffs(us=(truce, snap))
        from bargaining.games import StageGame

        stage = p.tariffs()
        if here == STRUCK:
            return part_of(stage, TARIFFS[:1], TARIFFS)
        if here == RESTORED and p.fallback_recovery_share < 1:
            payoffs = stage.payoffs.copy()
            payoffs[:, 1] = payoffs[:, 0] + p.fallback_recovery_share * (payoffs[:, 1] - payoffs[:, 0])
            return StageGame(payoffs=payoffs, actions=stage.actions)
        return stage

    def _preparing(self, court: str) -> "StageGame":
        from bargaining.games import game

        done = court.endswith(PREPARED) or court == RESTORED
        if done:
            return game([[0.0]], [[0.0]], actions=((WAIT,), (IDLE,)))
        return game([[0.0], [-self.values.preparation_cost_us_units]], [[0.0], [0.0]], actions=((WAIT, PREPARE), (IDLE,)))

    def _step(self, court: str, pair: "Labels" = (WAIT, IDLE)) -> "dict[str, Real]":
        from bargaining.games import exact

        p = self.values
        if court == RESTORED:
            return {RESTORED: 1}
        here, _, flag = court.partition(", ")
        ready = bool(flag) or pair[0] == PREPARE
        lost = exact(p.prepared_restoration_share if ready else p.restoration_share)
        word, _, count = here.partition(" ")
        after_ruling = f"{BRIDGE} {p.bridge_periods}" if p.bridge_periods else STRUCK
        if word == AUTHORITY:
            hazard = exact(p.strike_hazard_share)
            following: dict[str, Fraction] = {
                AUTHORITY: 1 - hazard,
                (after_ruling if p.ruling == "hazard" else f"{PENDING} {p.pending_periods}"): hazard,
            }
        elif word == PENDING:
            struck = exact(p.court_strike_probability_share)
            following = {f"{PENDING} {int(count) - 1}": exact(1)} if int(count) > 1 else {after_ruling: struck, AUTHORITY: 1 - struck}
        else:
            later = STRUCK if word == STRUCK or count == "1" else f"{BRIDGE} {int(count) - 1}"
            following = {later: 1 - lost, RESTORED: lost}
        keep = f", {PREPARED}" if ready else ""
        return {name if name == RESTORED else name + keep: share for name, share in following.items()}

    def promise(self, plan: str, issue: str, stage: "StageGame", **states: str) -> "Labels":
        """Hold, raise, or raise where the U.S. cannot."""
        unarmed = states["court"].startswith(STRUCK)
        war = plan == "war"
        wanted = {
            "T": ("raise" if war else "hold", "raise" if war or (plan == "while_armed" and unarmed) else "hold"),
            "R": ("", "withhold" if war else "license"),
            "K": ("widened" if war else "lifted", ""),
            "P": (PREPARE if plan == "prepared_truce" else WAIT, ""),
        }[issue]
        return play(stage, *wanted)

    def explain(self) -> list[str]:
        """Sentences on what the fallback does to China's constraint while the instrument is missing."""
        p = self.values
        lines = []
        if p.stage == "stylised":
            tempted, harm = p.temptation_cn_units - p.reward_cn_units, p.reward_cn_units - p.punishment_cn_units
            if tempted > 0 and harm > 0:
                need = tempted / (tempted + p.restoration_share * harm)
                lines.append(
                    f"While the instrument is missing China complies only if δ ≥ {need:.3f} (full recovery, no bridge, nothing prepared); "
                    f"with the fallback at once {tempted / (tempted + harm):.3f}, without any never"
                )
        else:
            whole, part = (self.tariffs(court).payoffs[1] for court in (AUTHORITY, RESTORED))
            bare = float(self.tariffs(STRUCK).payoffs[1, 0, 0])
            lines.append(
                f"U.S. tariffs raised instead of held cost China {float(whole[0, 0] - whole[1, 0]):.1f} $bn per 90 days with the "
                f"instrument whole and {float(part[0, 0] - part[1, 0]):.1f} under the fallback"
            )
            lines.append(f"A struck instrument is worth {bare:+.1f} to China against the truce rate")
        if p.preparation:
            lines.append(
                f"Preparing the fallback costs the U.S. {p.preparation_cost_us_units:g} once and raises φ from {p.restoration_share:g} to "
                f"{p.prepared_restoration_share:g}"
            )
        return lines
