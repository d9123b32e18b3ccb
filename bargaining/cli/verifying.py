"""``bargaining verify``: certificates of stored solutions."""

from collections.abc import Iterator
from pathlib import Path

from bargaining.answers.file import SolutionFileError, read_solution
from bargaining.certificate import Certificate, verify
from bargaining.cli import Exit
from bargaining.cli.terminal import print_json, stderr, stdout
from bargaining.solution import LinkageLattice, Solution
from bargaining.store import MANIFEST, SOLUTIONS


def verify_results(results: tuple[str, ...], as_json: bool) -> Exit:
    """Check every stored solution in exact arithmetic and print what was found, a line each; each set of a lattice has its own.

    Raises
    ------
    SolutionFileError
        If a file is no stored solution, there is no certificate for its kind of answer, or a folder holds none; nothing was printed.
    """
    found = [
        (path, partition, solution.status.name, _check(path, solution))
        for path in _files(results)
        for partition, solution in _parts(read_solution(path))
    ]
    if as_json:
        print_json(
            [
                {
                    "file": str(path),
                    "partition": partition,
                    "status": status,
                    "holds": certificate.holds,
                    "reason": certificate.reason,
                    "deviation_gain": certificate.deviation_gain,
                    "payoff_error": certificate.payoff_error,
                    "gap": certificate.gap,
                }
                for path, partition, status, certificate in found
            ]
        )
    else:
        console = stdout()
        for path, partition, status, certificate in found:
            name = f"{path} {partition}" if partition else str(path)
            gap = f"gap {certificate.gap:.3g}"
            console.print(f"{'holds' if certificate else 'FAILS'}  {name} ({status}; {gap}): {certificate.reason}", soft_wrap=True)
    good = sum(certificate.holds for *_, certificate in found)
    stderr().print(f"{good} of {len(found)} certificates hold")
    return Exit.fine if good == len(found) else Exit.differs


def stored_everywhere() -> tuple[str, ...]:
    """Results folders of ``experiments/results`` that keep solutions.

    Raises
    ------
    SolutionFileError
        If none does.
    """
    found = tuple(str(path.parent) for path in sorted((Path("experiments") / "results").glob(f"*/{SOLUTIONS}")) if any(path.glob("*.json")))
    if not found:
        raise SolutionFileError("experiments/results: no stored solutions here; runs with 'keep: true' store theirs")
    return found


def _parts(solution: Solution) -> Iterator[tuple[str | None, Solution]]:
    """The solution itself; for a lattice, the set of each partition under its name."""
    if isinstance(solution, LinkageLattice):
        yield from solution.sets.items()
    else:
        yield None, solution


def _check(path: Path, solution: Solution) -> Certificate:
    try:
        return verify(solution)
    except TypeError as error:
        raise SolutionFileError(f"{path}: {error}") from None
    except OverflowError as error:
        raise SolutionFileError(f"{path}: a number that is too large ({error})") from None


def _files(results: tuple[str, ...]) -> list[Path]:
    """Files given, and those of folders; the solutions of an experiment's results folder are in one inside it."""
    files: list[Path] = []
    for result in results:
        place = Path(result)
        of_experiment = (place / MANIFEST).exists()
        folder = place / SOLUTIONS if of_experiment else place
        inside = sorted(folder.glob("*.json")) if place.is_dir() else [place]
        if not inside and of_experiment:
            raise SolutionFileError(f"{result}: no solutions were kept with these results; a run with 'keep: true' keeps its own")
        if not inside:
            raise SolutionFileError(f"{result}: no .json file in this folder; expected solutions that to_json wrote")
        files += inside
    return files
