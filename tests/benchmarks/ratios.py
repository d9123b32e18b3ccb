"""The table of speed ratios from a file that ``pytest --benchmark-json`` wrote: ``python tests/benchmarks/ratios.py sets.json``."""

import json
import math
import sys
from collections import defaultdict
from pathlib import Path


def main(path: str) -> None:
    """Print a Markdown table: a game a row, a discount factor a column; our time, and how many times longer the peer takes."""
    times: dict[tuple[str, float], dict[str, float]] = defaultdict(dict)
    for entry in json.loads(Path(path).read_text(encoding="utf-8"))["benchmarks"]:
        about = entry["extra_info"]
        times[about["game"], about["delta"]][about["solver"]] = entry["stats"]["median"]
    deltas = sorted({delta for _, delta in times})
    print("| game | " + " | ".join(f"δ = {delta:g}" for delta in deltas) + " |")
    print("|---|" + "---|" * len(deltas))
    ratios, patience = [], []
    for game in dict.fromkeys(name for name, _ in times):
        cells = []
        for delta in deltas:
            own, peer = (times[game, delta].get(solver) for solver in ("bargaining", "quantecon"))
            if own is not None and peer is not None:
                ratios.append((peer / own, game, delta))
            cells.append("" if own is None else f"{own * 1e6:.0f} µs, " + ("–" if peer is None else f"{peer / own:.0f}×"))
        first, last = (times[game, delta].get("bargaining") for delta in (0.6, 0.99))
        if first and last:
            patience.append((last / first, game))
        print(f"| {game} | " + " | ".join(cells) + " |")
    if ratios:
        mean = math.exp(sum(math.log(ratio) for ratio, *_ in ratios) / len(ratios))
        least = min(ratios)
        print(f"\ngeometric mean {mean:.0f}×, least {least[0]:.0f}× ({least[1]}, δ = {least[2]:g}), {len(ratios)} cases")
    if patience:
        print(f"time at δ = 0.99 against 0.6: at most {max(patience)[0]:.1f}× ({max(patience)[1]})")


if __name__ == "__main__":
    main(sys.argv[1])
