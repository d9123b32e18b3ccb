"""The replication archive: what data editors ask for, from a clone, with a README after the social-science data editors' template."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bargaining import __version__, provenance
from bargaining.paper.exhibits import experiments
from bargaining.paper.generated import exhibit_map, run_time
from bargaining.paper.numbers import ABSENT
from bargaining.paper.stored import Stored

# What a replicator needs; the package's own README goes along under another name, and pyproject.toml points to it.
FOLDERS = ("bargaining", "experiments", "paper")
FILES = ("pyproject.toml", "requirements.lock", "LICENSE", "CITATION.cff", "CHANGELOG.md")
README, PACKAGE_README = "README.md", "README-package.md"
_LEFT_OUT = {"__pycache__", "parts", ".git"}
_LEFT_OUT_FILES = {"provenance.json", "progress.json"}
_STAMP = (2025, 6, 11, 0, 0, 0)  # one date for all files: the same clone gives the same archive


class ArchiveError(ValueError):
    """An archive that cannot be made: one line with the reason."""


def members(root: Path) -> Iterator[Path]:
    """Files of the archive, relative to the clone: no caches, no hidden files, nothing that a run makes for itself.

    Raises
    ------
    ArchiveError
        If this is no clone.
    """
    missing = next((name for name in (*FILES, *FOLDERS, README) if not (root / name).exists()), None)
    if missing is not None:
        raise ArchiveError(f"{root / missing}: no such file or folder; `bargaining package` is run from the root of a clone")
    for name in FILES:
        yield Path(name)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            own = path.relative_to(root)
            hidden = any(part.startswith(".") or part in _LEFT_OUT for part in own.parts)
            if path.is_file() and not hidden and path.name not in _LEFT_OUT_FILES and path.suffix not in (".pyc", ".tmp"):
                yield own


def write_archive(root: Path, out: Path) -> list[str]:
    """Write the archive and return its members, the README first.

    Raises
    ------
    ArchiveError
        If `root` is no clone, or `out` is a folder.
    OSError
        If the archive cannot be written.
    """
    if out.is_dir():
        raise ArchiveError(f"{out}: a folder; expected the archive's file, such as {out / 'replication.zip'}")
    files = list(members(root))
    inside = f"bargaining-{__version__}"
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.tmp")
    texts = {README: readme(files), PACKAGE_README: (root / README).read_text(encoding="utf-8")}
    with zipfile.ZipFile(temporary, "w") as archive:
        for name, text in texts.items():
            _add(archive, f"{inside}/{name}", text.encode())
        for path in files:
            content = (root / path).read_bytes()
            if path.name == "pyproject.toml":
                content = content.replace(b'readme = "README.md"', f'readme = "{PACKAGE_README}"'.encode())
            _add(archive, f"{inside}/{path.as_posix()}", content)
    temporary.replace(out)
    return [*texts, *(path.as_posix() for path in files)]


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def readme(files: Sequence[Path]) -> str:
    """The README of the archive, in the sections that data editors ask for."""
    stored = Stored("paper")
    seconds = [stored.times[name]["seconds"] for name in experiments() if name in stored.times]
    whole = f"about {max(1, round(sum(seconds) / 60))} minutes" if len(seconds) == len(experiments()) else "under an hour"
    versions = ", ".join(f"{name} {version}" for name, version in provenance.versions().items())
    rows = "\n".join(
        f"| {entry['kind']} | {entry['title']} | {entry['experiments']} | `{entry['command']}` | {entry['seconds']} |"
        for entry in exhibit_map("paper")
    )
    times = "\n".join(f"| `{name}` | {run_time(name, stored)} |" for name in experiments())
    sizes = {folder: sum(path.parts[0] == folder for path in files) for folder in FOLDERS}
    return f"""\
# Replication package: Linkage and leverage

## Overview

The code in this package builds every figure, table and in-text number of the paper `paper/paper.pdf` from the parameter records in
`bargaining/scenarios/data/`. One program runs all of it: `bargaining reproduce`. The replicator should expect it to run for {whole}; a
coarse version (`--profile smoke`) takes under five minutes.

## Data availability and provenance statement

- [x] This paper does not involve analysis of external data. Parameters are calibrated assumptions recorded, one by one with source,
  address, unit, range and confidence, in `bargaining/scenarios/data/facts.json` and `priors.json`;
  `paper/generated/assumptions.md` prints them.
- [x] All records are publicly available and included. I certify that the authors have legitimate access to and permission to use them.
- License: MIT (`LICENSE`), for code and records.

| file | content | provided |
|---|---|---|
| `bargaining/scenarios/data/facts.json` | observed quantities, events, derived values, with their published sources | yes |
| `bargaining/scenarios/data/priors.json` | central value, range and distribution of every parameter of the calibrated game | yes |
| `experiments/results/` | results of profile `paper`, CSV and JSON | yes |

## Computational requirements

- Python 3.11 or later on Linux, macOS (arm64) or Windows; no other program, no network after installation, no root.
- Packages at the versions of `requirements.lock`. This archive was made with {versions}.
- Random numbers: every draw has a seed in its experiment file (`seed:`), one Philox stream for each block of points; results do not
  depend on the number of workers.
- Memory: under 1 GB. Storage: under 200 MB. Two cores suffice.

Approximate time needed to reproduce the analyses on a standard desktop machine: [x] 10–60 minutes. Last whole run of each experiment:

| experiment | time |
|---|---|
{times}

## Description of programs

- `bargaining/` the package ({sizes["bargaining"]} files); `experiments/*.yaml` the questions asked, one a file; `experiments/results/` the
  answers.
- `paper/paper.typ`, `paper/refs.bib` the text; `paper/generated/` numbers, tables and figures made by `bargaining report`.
- `README-package.md` describes the package itself.

## Instructions to replicators

```console
$ python -m venv .venv && . .venv/bin/activate
$ pip install -c requirements.lock .
$ bargaining reproduce --profile smoke     # everything once, coarsely: .runs/paper/smoke/paper.pdf
$ bargaining reproduce                     # what is missing of the paper's own results; --force runs all of it again
$ bargaining check                         # fresh runs against the results in this archive, column by column
$ bargaining verify --all                  # certificates of the stored equilibrium sets, in exact arithmetic
```

`bargaining check` exits with 1 if anything differs and says which exhibits are affected.

Expected discrepancies: none on one machine; between machines real numbers may differ by a relative 1e-9 of their column (the tolerance of
`check`), findings that are words or truth values not at all. Run times, and the tables of the appendix that print them, differ.

## List of exhibits and programs

All in-text numbers of the results sections are in `paper/generated/results.json`, each with its unit and the file it comes from.

| kind | title | experiments | command | time |
|---|---|---|---|---|
{rows}

A dash ({ABSENT}): not noted.

## References

The sources of parameters are in `paper/generated/assumptions.md`, those of the literature in `paper/refs.bib`.
"""
