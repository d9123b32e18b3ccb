"""Writing ``generated/``: everything the paper reads, from stored results, and nothing when nothing changed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bargaining.paper import calibration, deals, exhibits, lattices, motion, noise, prior, states
from bargaining.paper.numbers import ABSENT, Numbers
from bargaining.paper.stored import Stored, paper_folder
from bargaining.report.source import ReportError
from bargaining.store import MANIFEST, file_hash, write

RESULTS, ASSUMPTIONS, STAMP = "results.json", "assumptions.md", ".stamp"
_SOURCES = ("paper", "report", "plotting", "scenarios/data", "payoff_set.py", "store.py", "scenarios/parameters.py")


def generate(profile: str, *, force: bool = False) -> bool:
    """Write numbers, tables, figures, exhibits and assumptions of a profile.

    Parameters
    ----------
    profile : str
        Whose results are read; the paper of profile ``paper`` lies in ``paper``, others under ``.runs/paper``.
    force : bool
        Write them even if nothing they are made from has changed.

    Returns
    -------
    bool
        Whether anything had to be made.

    Raises
    ------
    ReportError
        If results are missing, or lack something that the paper says; one line.
    OSError
        If a file cannot be written.
    """
    from bargaining.paper import figures
    from bargaining.report import page

    stored, folder = Stored(profile), paper_folder(profile) / "generated"
    made_from = _made_from(stored)
    if not force and _stands(folder, made_from):
        return False
    numbers = Numbers(complete=profile == "paper")
    for part in (lattices, prior, states, motion, deals, noise):
        part.collect(stored, numbers)
    calibration.collect(numbers)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with figures.style():
        for exhibit in exhibits.EXHIBITS:
            if exhibit.kind == "figure":
                files.append(page.save(figures.DRAWERS[exhibit.name](stored), folder, exhibit.name))
            elif exhibit.name not in numbers.tables:
                raise ReportError(f"no table {exhibit.name!r} was made for the exhibit {exhibit.title!r}")
    shown = [_exhibit(exhibit, stored) for exhibit in exhibits.EXHIBITS]
    content = {
        "profile": profile,
        "numbers": dict(sorted(numbers.entries.items())),
        "tables": numbers.tables,
        "exhibits": {entry["name"]: entry for entry in shown},
        "experiments": [_experiment(name, stored) for name in exhibits.experiments()],
    }
    write(folder / RESULTS, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    write(folder / ASSUMPTIONS, calibration.assumptions())
    files += [folder / RESULTS, folder / ASSUMPTIONS]
    write(folder / STAMP, json.dumps({"made_from": made_from, "sha256": {path.name: file_hash(path) for path in files}}) + "\n")
    return True


def exhibit_map(profile: str) -> list[dict[str, str]]:
    """One row an exhibit: name, kind, title, experiments, command, run time; for the README and the replication archive."""
    stored = Stored(profile)
    return [_exhibit(exhibit, stored) for exhibit in exhibits.EXHIBITS]


def _exhibit(exhibit: exhibits.Exhibit, stored: Stored) -> dict[str, str]:
    commands = [
        f"bargaining run {name}" + ("" if stored.profile == "paper" else f" --profile {stored.profile}") for name in exhibit.experiments
    ]
    return {
        "name": exhibit.name,
        "kind": exhibit.kind,
        "title": exhibit.title,
        "note": exhibit.note,
        "alt": exhibit.alt,
        "file": exhibit.file,
        "experiments": ", ".join(exhibit.experiments) or "parameter records",
        "command": "; ".join(commands) or "bargaining report",
        "seconds": ", ".join(run_time(name, stored) for name in exhibit.experiments) or ABSENT,
    }


def _experiment(name: str, stored: Stored) -> dict[str, str]:
    manifest = stored.manifest(name)
    statuses: Mapping[str, int] = manifest.get("statuses", {})
    unproven = sum(count for status, count in statuses.items() if status not in ("solved", "empty"))
    return {
        "name": name,
        "question": manifest["question"],
        "points": f"{manifest['points']:,}".replace(",", "\u202f"),
        "answers": f"{sum(statuses.values()):,}".replace(",", "\u202f"),
        "unproven": str(unproven),
        "seconds": run_time(name, stored),
        "machine": ", ".join(f"{stored.times[name][key]} {word}".strip() for key, word in (("cores", "cores"), ("processor", "")))
        if name in stored.times
        else ABSENT,
    }


def run_time(name: str, stored: Stored) -> str:
    """How long an experiment's last whole run took, to the second; a dash where that is not known."""
    entry = stored.times.get(name)
    return ABSENT if entry is None else f"{max(1, round(entry['seconds']))}\u202fs"


def _made_from(stored: Stored) -> str:
    """Hash of all that the generated files depend on: results, run times, and the sources that turn them into words."""
    digest = hashlib.sha256(stored.profile.encode())
    results = [
        path for name in exhibits.experiments() for path in (stored.folder(name) / MANIFEST, *sorted(stored.folder(name).glob("*.csv")))
    ]
    for path in [*results, stored.times_file, *_sources()]:
        digest.update(path.name.encode() + b"\0" + (path.read_bytes() if path.exists() else b""))
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    package = Path(__file__).parent.parent
    for name in _SOURCES:
        place = package / name
        yield from sorted(path for path in place.rglob("*") if path.suffix in (".py", ".json")) if place.is_dir() else [place]


def _stands(folder: Path, made_from: str) -> bool:
    try:
        stamp: dict[str, Any] = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        return stamp["made_from"] == made_from and all(file_hash(folder / name) == value for name, value in stamp["sha256"].items())
    except (OSError, ValueError, KeyError):
        return False
