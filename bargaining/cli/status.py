"""``bargaining status``: how far a run has come, read from its folder."""

import json
import time
from pathlib import Path

from bargaining.cli import Exit
from bargaining.cli.terminal import duration, print_json, stderr, stdout
from bargaining.parts import Parts
from bargaining.running.ensembles import PROGRESS
from bargaining.store import read_manifest


def tell_status(folder: Path, as_json: bool) -> Exit:
    """Points done, points a second, time left and failures of every ensemble of a run."""
    note = folder / PROGRESS
    if not note.is_file():
        manifest = read_manifest(folder)
        if manifest is None:
            stderr().print(f"{folder}: no run here; expected a results folder, such as .runs/NAME/PROFILE")
            return Exit.bad_input
        if as_json:
            print_json({"finished": True, "points": manifest["points"], "statuses": manifest["statuses"]})
        else:
            counts = ", ".join(f"{count} {status}" for status, count in manifest["statuses"].items())
            stdout().print(f"{manifest['experiment']}: finished; {manifest['points']} points, sets {counts}")
        return Exit.fine
    told = json.loads(note.read_text(encoding="utf-8"))
    found = []
    for name, size in told["ensembles"].items():
        points, failed, _, last = Parts(folder / "parts" / size["parts"], size["key"]).summary()
        found.append({"ensemble": name, "points": size["points"], "done": points, "failed": failed, "last_part": last})
    elapsed = max(max((each["last_part"] for each in found), default=0.0) - told["started"], 1e-9)
    done, total = sum(each["done"] for each in found), sum(each["points"] for each in found)
    rate = done / elapsed if done else 0.0
    left = (total - done) / rate if rate else float("nan")
    quiet = time.time() - max([told["started"], *(each["last_part"] for each in found)])
    if as_json:
        print_json({"finished": False, "ensembles": found, "points_a_second": rate, "seconds_left": left, "seconds_since_last_part": quiet})
        return Exit.fine
    console = stdout()
    for each in found:
        share = 100.0 * each["done"] / each["points"]
        console.print(f"{each['ensemble']}: {each['done']} of {each['points']} draws ({share:.1f} %), {each['failed']} failed")
    if done < total:
        ahead = f", about {duration(left)} left at that rate" if rate else ""
        console.print(f"{rate:,.{0 if rate >= 100 else 1}f} points a second on {told['workers']}{ahead}; last chunk {duration(quiet)} ago")
    else:
        console.print("all draws are on disk; the tables are being written, or the run was stopped before them")
    return Exit.fine
