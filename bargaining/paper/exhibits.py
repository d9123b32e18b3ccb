"""The exhibits of the paper: what each shows, in words, and from which experiments it is made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exhibit:
    """A figure or a table: `alt` says it to who cannot see it, `note` how to read it."""

    name: str
    kind: str
    title: str
    note: str
    experiments: tuple[str, ...]
    alt: str = ""

    @property
    def file(self) -> str:
        """File of a figure beside ``results.json``; none for a table, which is in it."""
        return f"{self.name}.svg" if self.kind == "figure" else ""


_CELLS = (
    "Cells: the least common discount factor per 90 days that sustains the agreement for ever; static: it needs no future; never: no "
    "patience suffices. Payoffs: the worst and the best each side can get in equilibrium"
)

EXHIBITS = (
    Exhibit(
        "lattice-briefing",
        "figure",
        "The linkage lattice of the stylised game",
        "Each box is a partition of the issues; a line leads up to the partition that links two blocks more. Numbers: least common "
        "discount factor at which an agreement enforces itself; blue: sustained at the game’s own patience; grey: "
        "at no patience. Bars: from "
        "the worst to the best equilibrium payoff of each side, the tick being the status quo.",
        ("linkage",),
        "Hasse diagram of the five partitions of tariffs, rare earths and chips, each with the thresholds of four "
        "agreements and the payoff "
        "range of either side. Everything linked is at the top, nothing linked at the bottom.",
    ),
    Exhibit(
        "sets",
        "figure",
        "What each side can gain or lose under which linkage",
        "Every pair of average payoffs that some equilibrium in pure actions with public randomisation gives. Left: stylised game. Right: "
        "calibrated game, central calibration, in $bn per 90 days relative to the London agreement (the cross).",
        ("linkage",),
        "Two panels of nested polygons in the plane of U.S. and Chinese payoffs; the polygon with everything linked contains Washington’s, "
        "which contains the one with nothing linked.",
    ),
    Exhibit(
        "lattice-standoff",
        "table",
        "The linkage lattice of the calibrated game, central calibration",
        f"{_CELLS}, $bn per 90 days relative to London, at the sides’ own discount factors. !: sustained by threat, a side being worse off "
        "than in the static equilibrium.",
        ("linkage",),
    ),
    Exhibit(
        "calibrations",
        "table",
        "Four named calibrations",
        f"{_CELLS}, $bn per 90 days relative to London.",
        ("linkage",),
    ),
    Exhibit(
        "phase",
        "figure",
        "Where linking adds a threat, and where it creates surplus or a prize",
        "Regions by which equilibrium payoffs move when one issue is linked, over the two parameters that no source pins down. Dashed and "
        "dotted lines: the closed-form bounds of the text.",
        ("linkage",),
        "Phase diagrams over the strategic value of withholding and the security ratio of the chip curb, regions labelled by what moves: "
        "threat to the U.S., joint surplus, prize for China.",
    ),
    Exhibit(
        "claims",
        "table",
        "In which share of the prior each claim holds",
        "Shares of draws, with 95 % Wilson intervals for all of them; both sides have the discount factor of the "
        "less patient one. The columns split the draws by whether withholding costs or pays China by itself, and by where the "
        "security ratio b lies: below one and the joint-surplus bound, between the two, above both. R: rare earths, A: "
        "AI chips, linked to Washington’s partition. Shares of assumptions, not  "
        "probabilities of events.",
        ("ensemble_linkage",),
    ),
    Exhibit(
        "shares",
        "figure",
        "The sign on which linking rare earths turns",
        "Share of draws in which each claim holds, split by whether withholding rare earths pays China by itself. Bars: 95 % intervals.",
        ("ensemble_linkage",),
        "Dot plot of fourteen claims: for several, the share is near one where withholding pays China and near "
        "zero where it does not, or the "
        "reverse.",
    ),
    Exhibit(
        "closures",
        "table",
        "The same claims by trade-balance closure of the tariff model",
        "Shares of draws. Own income: bilateral deficits are fixed shares of own income; balanced: purged first; "
        "world share: fixed in world "
        "income.",
        ("ensemble_linkage",),
    ),
    Exhibit(
        "agreements",
        "table",
        "How often each agreement enforces itself over the prior",
        "Share of draws in which it is sustained, and in brackets the median of its threshold.",
        ("ensemble_linkage",),
    ),
    Exhibit(
        "indices",
        "figure",
        "Which assumption matters",
        "Total Sobol indices: estimates of the share of each output’s variance that goes through a parameter, with all its "
        "interactions, parameters drawn "
        "independently. Only parameters above 0.05 somewhere are shown; estimates outside 0 to 1 are drawn as 0 or 1.",
        ("sensitivity",),
        "Table of shades: outputs in columns, parameters in rows; darker cells mark parameters through which more "
        "of an output’s variance runs.",
    ),
    Exhibit(
        "regions",
        "table",
        "Which partitions can rationalise London",
        "Share of draws in which the London agreement is sustained under each partition, and in which no larger "
        "deal (military release, chips "
        "for magnets, grand bargain) is.",
        ("rationalise",),
    ),
    Exhibit(
        "truce",
        "figure",
        "The longest tranche of a truce that enforces itself",
        "In each cell the longest tranche, of the lengths tried, at whose renewals nobody gains by cheating while "
        "the other’s answer is locked. "
        "?: not settled. Panels: how much of the risk of a lapse sits at expiries. Stylised tariff game.",
        ("truce",),
        "Heat maps of the longest self-enforcing tranche over the discount factor and the risk of a lapse; longer "
        "at the lower right, shorter "
        "where the risk does not sit at expiries.",
    ),
    Exhibit(
        "licence",
        "table",
        "How patient both must be for licences of each length",
        "On the grid of discount factors tried; stylised tariff game, no surges. The closed form in the text gives the exact thresholds.",
        ("licence",),
    ),
    Exhibit(
        "court",
        "figure",
        "What the fallback is worth to each side",
        "Nash bargaining from the worst equilibrium payoffs in the state with authority, against the share of "
        "struck tariffs’ states that a "
        "quarter restores. κ: risk per quarter that the instrument is struck. Filled: the truce is an equilibrium "
        "path; hollow: it is not. Square-root scale.",
        ("court",),
        "Two panels, U.S. and China: the U.S. payoff rises with the restoration share, China’s falls, both "
        "levelling off once the truce holds.",
    ),
    Exhibit(
        "leverage",
        "table",
        "What is left to agree on as substitutes grow",
        "Worst and best equilibrium payoffs by the stock of substitutes each side has built for the other’s chokepoint; stylised game.",
        ("leverage",),
    ),
    Exhibit(
        "blocks",
        "table",
        "The standoff in motion, block by block",
        "Truce, court, licences and stocks of substitutes together. A partition factors if its blocks share no state that one of them "
        "moves; then each block is solved alone, and a plan holds where it holds in every block. Counts: states from which the plan is an "
        "equilibrium path, of all states of the block. London: truce, civil licences, lifted countermeasures, chips curbed, in every "
        "state; exchange: the same with chips eased.",
        ("standoff_dynamic",),
    ),
    Exhibit(
        "paths",
        "figure",
        "Where play goes from June 2025, and what happened",
        "Bars: exact probability by date, under the London plan and, last strip, chips under the exchange. Above a bar what was observed "
        "at its date, green if it is the likeliest value, red if not. The date of the ruling and the length of the bridge are inputs.",
        ("standoff_dynamic",),
        "Strips of stacked bars by quarter from June 2025 to December 2026 for the truce, the court case, tariffs, rare earths and chips, "
        "each with the observed value above; all agree but the chip curb under the London plan.",
    ),
    Exhibit(
        "horizon",
        "table",
        "A term that ends",
        "By periods left. Truce: holding tariffs, licensing and lifting to the end is an equilibrium path from the first period. Where "
        "not every equilibrium pays the same, the range of U.S. payoffs. Calibrated: $bn per 90 days relative to London, each side at "
        "its own discount factor.",
        ("horizon",),
    ),
    Exhibit(
        "deals",
        "table",
        "Which deal each stance predicts",
        "The profile kept for ever that Nash bargaining from the worst equilibrium payoffs selects, with the "
        "share of points; flips: share of "
        "points at which another disagreement point selects another deal. London: truce, civil licences, chip curb; "
        "a U.S., Chinese or mutual rollback: the same with tariffs of that side, or both, back to "
        "lower ones. Deals named by chips or by the military tier may come with any tariffs.",
        ("deals",),
    ),
    Exhibit(
        "deals-map",
        "figure",
        "The predicted deal over patience and the price of easing chips",
        "Stylised game; Nash bargaining from the worst equilibrium payoffs. White: nothing to bargain over.",
        ("deals",),
        "Two maps, Washington’s and Beijing’s partition, with regions of patience and easing cost named by the "
        "deal that is selected there.",
    ),
    Exhibit(
        "lock",
        "table",
        "What the locked military tier is worth, as an incentive and as a chip",
        "Share of points at which each statement holds: the stylised game over what the tier is worth to either side, the calibrated game "
        "over draws of its prior. The game with the tier is compared with one in which it does not exist.",
        ("military_lock",),
    ),
    Exhibit(
        "patience",
        "figure",
        "Patience is double-edged",
        "Stylised game. Enforceable: largest joint equilibrium payoff. Net of haggling: what is left after a war "
        "of attrition over two deals, "
        "each side demanding the same share of its largest gain. After renegotiation: level of the contractual "
        "equilibrium with equal weights, which has transfers.",
        ("patience",),
        "Two panels with three lines each against the discount factor: enforceable surplus rises, surplus net of "
        "haggling rises and may fall, "
        "the renegotiation-proof level jumps once.",
    ),
    Exhibit(
        "delay",
        "table",
        "“No quid pro quo” against “no lopsided deal”: who gives in, and when",
        "Wars of attrition with a small chance that either side is obstinate: Washington holds out for the deal selected without easing, "
        "China for a share of its largest gain. Incompatible: share of cases in which the demands clash, a case being a point "
        "with a disagreement point and a pair of such chances. Delay in "
        "periods of 90 days; loss: "
        "share of the gains lost by waiting.",
        ("delay",),
    ),
    Exhibit(
        "noise",
        "figure",
        "Link or firewall under noise",
        "Stylised game; magnets diverted and chips smuggled are detected with the probabilities on the axes. "
        "Link: punishing everything at any "
        "incident is worth more than keeping issues apart; firewall: less. Dots: linking optimally is worth more than keeping them apart.",
        ("noise",),
        "Maps over the two detection rates, one a discount factor, with regions named link and firewall, and dots "
        "where optimal linkage beats "
        "keeping issues apart.",
    ),
    Exhibit(
        "noise-shares",
        "table",
        "Linking under noise over the prior",
        "Share of draws at which each statement holds. Apart: truce and magnets here, chips there. Tied: any incident punishes everything.",
        ("noise",),
    ),
    Exhibit(
        "parameters",
        "table",
        "Parameters of the calibrated game",
        "From the parameter records; the page paper/generated/assumptions.md has sources and reservations for each.",
        (),
    ),
)


def of_experiment(name: str) -> list[str]:
    """Titles of the exhibits that an experiment feeds.

    Examples
    --------
    >>> of_experiment("truce")
    ['Figure “The longest tranche of a truce that enforces itself”']
    """
    return [f"{exhibit.kind.capitalize()} “{exhibit.title}”" for exhibit in EXHIBITS if name in exhibit.experiments]


def experiments() -> list[str]:
    """Experiments that the paper reads, each once, in the order of its exhibits."""
    return list(dict.fromkeys(name for exhibit in EXHIBITS for name in exhibit.experiments))
