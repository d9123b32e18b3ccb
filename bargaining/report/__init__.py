"""From stored rows to figures, tables and numbers; never solves."""

from pathlib import Path


def report(results: Path, out: Path) -> list[Path]:
    """Draw every figure that the results of an experiment allow.

    For each run and calibration with agreements the linkage lattice; for each run the payoff sets of its calibrations; for each sweep
    over the strategic value of withholding and the security worth of the chip curb, the phase diagram; for each run of a scenario with
    states what it says of tranches, payoffs and states, its drawn paths beside the chronology, its blocks
    and its thresholds; for each ensemble its shares, bands, indices and regions.
    The same results give
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
    from bargaining.report import blocks, ensembles, lattice, page, phase, sets, states, thresholds, timeline
    from bargaining.report.source import Results

    found = Results.read(Path(results))
    cases = list(found.cases())
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
        for name, figure in ensembles.figures(Path(results), found.ensembles):
            written.append(page.save(figure, Path(out), name))
    return written
