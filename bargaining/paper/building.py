"""From ``paper.typ`` and ``generated/`` to the PDF: typst, offline, the same bytes for the same input."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from bargaining.paper.generated import RESULTS, STAMP
from bargaining.paper.stored import paper_folder
from bargaining.store import file_hash

MAIN, REFERENCES, PDF = "paper.typ", "refs.bib", "paper.pdf"


class PaperError(ValueError):
    """A paper that cannot be built: one line with place and reason."""


def source_folder() -> Path:
    """Where ``paper.typ`` and ``refs.bib`` are: ``./paper``, else those that come with the package.

    Raises
    ------
    PaperError
        If they are nowhere.
    """
    package = Path(__file__).parent
    for folder in (Path("paper"), package / "source", package.parent.parent / "paper"):
        if (folder / MAIN).is_file():
            return folder
    raise PaperError(f"paper/{MAIN}: no such file here, nor with the package")


def build(profile: str, *, force: bool = False) -> tuple[Path, bool]:
    """Compile the paper of a profile from what ``generated/`` holds.

    Parameters
    ----------
    profile : str
    force : bool
        Compile even if nothing has changed.

    Returns
    -------
    Path
        The PDF.
    bool
        Whether it had to be compiled.

    Raises
    ------
    PaperError
        If a number or a figure is missing, or typst warns of anything; one line.
    OSError
        If a file cannot be written.
    """
    folder, source = paper_folder(profile), source_folder()
    if not (folder / "generated" / RESULTS).is_file():
        again = "" if profile == "paper" else f" --profile {profile}"
        raise PaperError(f"{folder / 'generated' / RESULTS}: no such file; `bargaining report{again}` makes it")
    if source.resolve() != folder.resolve():
        for name in (MAIN, REFERENCES):
            if not (folder / name).is_file() or file_hash(folder / name) != file_hash(source / name):
                shutil.copyfile(source / name, folder / name)
    pdf = folder / PDF
    made_from = {name: file_hash(folder / name) for name in (MAIN, REFERENCES, f"generated/{RESULTS}")}
    made_from |= {f"generated/{path.name}": file_hash(path) for path in sorted((folder / "generated").glob("*.svg"))}
    stamp = folder / "generated" / f"{STAMP}-{PDF}"
    if not force and _stands(stamp, made_from, pdf):
        return pdf, False
    content = compile_pdf(folder)
    temporary = pdf.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(pdf)
    stamp.write_text(json.dumps({"made_from": made_from, "sha256": _bytes_hash(pdf)}) + "\n", encoding="utf-8")
    return pdf, True


def compile_pdf(folder: Path) -> bytes:
    """The PDF of a folder with ``paper.typ``.

    Raises
    ------
    PaperError
        If typst stops, or warns of anything.
    """
    import typst

    compiler = typst.Compiler(str(folder / MAIN), root=str(folder), ignore_system_fonts=True)
    try:
        content, warnings = compiler.compile_with_warnings(format="pdf", timestamp=0)
    except typst.TypstError as error:
        raise PaperError(_line(error, folder)) from None
    if warnings:
        raise PaperError(_line(warnings[0], folder))
    if not isinstance(content, bytes):
        raise PaperError(f"{folder / MAIN}: typst gave no PDF")
    return content


def _line(error: Any, folder: Path) -> str:
    """What typst says, in one line with its place in the file."""
    message = str(error.message).replace("\n", " ")
    key = re.search(r'key "([^"]+)"', message) or re.search(r"no (?:number|table|exhibit) ([^ ]+) in", message)
    places = re.findall(r"paper\.typ:(\d+):(\d+)", f"{error.diagnostic}\n" + "\n".join(map(str, error.trace)))
    where = ":".join(places[-1]) if places else ""
    if key:  # the place that asks for it says more than the function that looks it up
        lines = (folder / MAIN).read_text(encoding="utf-8").splitlines()
        asked = next((k for k, line in enumerate(lines, 1) if f'"{key[1]}"' in line), None)
        where = str(asked) if asked else where
    return f"{folder / MAIN}{f':{where}' if where else ''}: {message}"


def _stands(stamp: Path, made_from: dict[str, str], pdf: Path) -> bool:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
        return bool(found["made_from"] == made_from and found["sha256"] == _bytes_hash(pdf))
    except (OSError, ValueError, KeyError):
        return False


def _bytes_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
