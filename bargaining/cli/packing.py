"""``bargaining package``: the replication archive."""

from pathlib import Path

from bargaining import __version__
from bargaining.cli import Exit
from bargaining.cli.terminal import print_json, stderr, stdout
from bargaining.paper import archive


def write_archive(out: Path | None, as_json: bool) -> Exit:
    """Write the archive of the clone in the current folder and say where it is."""
    place = out or Path("dist") / f"bargaining-{__version__}-replication.zip"
    files = archive.write_archive(Path(), place)
    if as_json:
        print_json({"archive": str(place), "files": files})
    else:
        stdout().print(place)
    stderr().print(f"{len(files)} files, {place.stat().st_size / 1e6:.1f} MB")
    return Exit.fine
