"""From stored rows to figures, tables and numbers; never solves."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bargaining.report.source import Case


def report(results: Path, out: Path) -> list[Path]:
    """Draw every figure that the results of an experiment allow.

    For each run and calibration with agreements the linkage lattice; for each run the payoff sets of its calibrations; for each sweep
    over the strategic value of withholding and the security worth of the chip curb, the phase diagram; for each run of a scenario with
    states what it says of tranches, payoffs and states, its drawn paths beside the chronology, its blocks and its thresholds; for each
    run of a scenario with signals a map, lines or shares; for each run on deals what is selected, conceded or negotiated, and for one
    over draws how many of them each conclusion survives; for each ensemble its shares, bands, indices and regions. The same results give
    the same bytes.

    Parameters
    ----------
    results : Path
        Folder with ``rows.csv``, ``points.csv`` and ``manifest.json``.
    out : Path
        Folder for the figures, made if need be.

    Returns
    -------
    list of Path
        The files written, an SVG for each figure.

    Raises
    ------
    ReportError
        If a file is missing or cannot be read.
    OSError
        If a figure cannot be written.
    """
    from bargaining.report import blocks, deals, ensembles, lattice, monitored, page, phase, sets, states, thresholds, timeline
    from bargaining.report.source import Results

    found = Results.read(Path(results))
    everything = list(found.cases())
    cases = [case for case in everything if deals.analysis(case) is None]
    written: list[Path] = []
    with page.style():
        for case in cases:
            if lattice.applies(case):
                written.append(page.save(lattice.draw(case), Path(out), f"lattice-{case.name}"))
        for run in dict.fromkeys(case.run for case in cases):
            shown = [case for case in cases if case.run == run and sets.applies(case)]
            if shown:
                written.append(page.save(sets.draw(shown), Path(out), f"sets-{run}"))
        for case in cases:
            if phase.applies(case):
                written.append(page.save(phase.draw(case), Path(out), f"phase-{case.name}"))
            if states.applies(case):
                written.append(page.save(states.draw(case), Path(out), f"states-{case.name}"))
            if timeline.applies(case):
                written.append(page.save(timeline.draw(case), Path(out), f"timeline-{case.name}"))
            if blocks.applies(case):
                written.append(page.save(blocks.draw(case), Path(out), f"blocks-{case.name}"))
            if thresholds.applies(case):
                written.append(page.save(thresholds.draw(case), Path(out), f"threshold-{case.name}"))
            if monitored.applies(case):
                written.append(page.save(monitored.draw(case), Path(out), f"noise-{case.name}"))
        for case in everything:
            for name, figure in deals_figures(case, Path(results)):
                written.append(page.save(figure, Path(out), name))
        for name, figure in ensembles.figures(Path(results), found.ensembles):
            written.append(page.save(figure, Path(out), name))
    return written


def deals_figures(case: "Case", results: Path) -> "list[tuple[str, Figure]]":
    """Figures of a case on deals, by file name; none for other cases."""
    from bargaining.report import deals, delays
    from bargaining.store import CONCLUSIONS, read_table

    kind = deals.analysis(case)
    if kind is None:
        return []
    # A sample varies more than a figure has axes.
    if len(case.swept) > 2:
        told = [row for row in read_table(results / CONCLUSIONS) if row["run"] == case.run]
        return [(f"conclusions-{case.run}", deals.draw_shares(case, told))] if told else []
    drawn = [(f"{words}-{case.name}", figure) for words, figure in delays.figures(case, kind)]
    if kind == "predicted_deals" and not case.swept:
        drawn.append((f"deals-{case.name}", deals.draw_selected(case)))
    if kind == "predicted_deals" and len(case.swept) == 2:
        drawn.append((f"deals-map-{case.name}", deals.draw_map(case)))
    if kind == "reserved_leverage" and len(case.swept) == 1:
        drawn.append((f"leverage-{case.name}", deals.draw_leverage(case)))
    return drawn
