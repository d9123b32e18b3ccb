"""``bargaining verify``: certificates of stored solutions."""

from pathlib import Path

from bargaining.certificate import verify
from bargaining.cli import Exit
from bargaining.cli.terminal import print_json, stderr, stdout
from bargaining.solution_file import SolutionFileError, read_solution


def verify_results(results: tuple[str, ...], as_json: bool) -> Exit:
    """Check every stored solution in exact arithmetic and print what was found, a line each.

    Raises
    ------
    SolutionFileError
        If a file is no stored solution, or a folder holds none.
    """
    found = []
    for path in _files(results):
        solution = read_solution(path)
        try:
            certificate = verify(solution)
        except TypeError as error:
            raise SolutionFileError(f"{path}: {error}") from None
        found.append((path, solution.status.name, certificate))
        if not as_json:
            word = "holds " if certificate else "FAILS "
            stdout().print(f"{word} {path} ({solution.status.name}): {certificate.reason}", soft_wrap=True, markup=False, highlight=False)
    good = sum(bool(certificate) for *_, certificate in found)
    if as_json:
        print_json(
            [
                {
                    "file": str(path),
                    "status": status,
                    "holds": certificate.holds,
                    "reason": certificate.reason,
                    "deviation_gain": certificate.deviation_gain,
                    "payoff_error": certificate.payoff_error,
                    "gap": certificate.gap,
                }
                for path, status, certificate in found
            ]
        )
    stderr().print(f"{good} of {len(found)} certificates hold")
    return Exit.fine if good == len(found) else Exit.differs


def _files(results: tuple[str, ...]) -> list[Path]:
    files: list[Path] = []
    for result in results:
        place = Path(result)
        inside = sorted(place.glob("*.json")) if place.is_dir() else [place]
        if not inside:
            raise SolutionFileError(f"{result}: no .json file in this folder; expected solutions that to_json wrote")
        files += inside
    return files
