"""Which sources stand in the key of an experiment: those that can decide its numbers, and no others."""

import subprocess
import sys
from pathlib import Path

import pytest

from bargaining import sources
from bargaining.experiment import Experiment, find
from bargaining.solver_options import DEAL_SOLVERS

STORIES = sorted(path.stem for path in Path(__file__).parent.parent.joinpath("experiments").glob("*.yaml"))
LOADED = """
import sys
from bargaining.experiment import Experiment, find
from bargaining.running.experiments import solve_point
experiment = Experiment.load(find(sys.argv[1]), "smoke")
before = set(sys.modules)
for name, run in experiment.runs.items():
    point = next(point for point in experiment.points() if point.run == name)
    assert solve_point(point).message is None
print(*(name for name in sys.modules if name.startswith("bargaining.") and name not in before))
"""


@pytest.mark.parametrize("name", ["linkage", "truce"])
def test_whatever_solving_imports_is_reached(name: str) -> None:
    """What Python loads while a point is solved is among the modules that the key covers; packages only hand names on."""
    loaded = subprocess.run([sys.executable, "-c", LOADED, name], capture_output=True, text=True, check=True).stdout.split()
    experiment = Experiment.load(find(name), "smoke")
    covered = sources.reached(sources_of(experiment))
    words = {module for module in loaded if module in sources.WORDS or module.startswith("bargaining.plotting")}
    packages = {module for module in loaded if (sources.PACKAGE.joinpath(*module.split(".")[1:]) / "__init__.py").is_file()}
    # The package of games imports all kinds of games, and what writes answers all kinds of answers, whether they are used or not.
    unused = {module for module in loaded if module.startswith(("bargaining.games.", "bargaining.scenarios.priors", "bargaining.answers."))}
    assert loaded
    assert set(loaded) - covered - words - packages - unused == set()


def sources_of(experiment: Experiment) -> set[str]:
    """The modules that an experiment hands to `fingerprint`."""
    asked: list[set[str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bargaining.experiment.fingerprint", lambda modules: asked.append(set(modules)) or "")
        assert experiment.sources == ""
    return asked[0]


def test_a_kernel_makes_stale_what_can_reach_it_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    copy = tmp_path / "bargaining"
    shutil.copytree(sources.PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sources, "PACKAGE", copy)
    experiments = {name: Experiment.load(find(name), "smoke") for name in STORIES}

    def fingerprints() -> dict[str, str]:
        sources._imports.cache_clear()
        return {name: experiment.sources for name, experiment in experiments.items()}

    def stale(path: str) -> set[str]:
        before = fingerprints()
        (copy / path).write_text((copy / path).read_text() + "\n# edited\n")
        after = fingerprints()
        return {name for name in before if before[name] != after[name]}

    try:
        # Disagreement points may be static equilibria, and linkage under noise starts from the pure ones.
        of_nash = {*DEAL_SOLVERS, "monitored_linkage"}
        reaching = {name for name, each in experiments.items() if {run.solver.name for run in each.runs.values()} & of_nash}
        assert {"deals", "noise"} <= reaching
        assert stale("kernels/lemke_howson.py") == reaching
        assert stale("report/lattice.py") == stale("cli/solve.py") == set()
        kinds = {"equilibrium_set", "simulated_paths", "block_sets", "critical_parameter"}
        of_states = {name for name, each in experiments.items() if kinds & {run.solver.name for run in each.runs.values()}}
        assert {"truce", "court"} <= of_states
        assert stale("kernels/stochastic_outer.py") == of_states
        assert stale("kernels/polygon.py") == set(STORIES)
        assert stale("scenarios/court.py") >= {"court"}
        assert "linkage" not in stale("scenarios/court.py")
        assert "linkage" in stale("scenarios/standoff.py")
        before = fingerprints()
        data = copy / "scenarios" / "data" / "priors.json"
        data.write_text(data.read_text() + "\n")
        assert all(fingerprints()[name] != before[name] for name in STORIES)
    finally:
        sources._imports.cache_clear()


def test_line_endings_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "bargaining" / "games"
    copy.mkdir(parents=True)
    monkeypatch.setattr(sources, "PACKAGE", copy.parent)
    try:
        found = []
        for text in (b"A = 1\n", b"A = 1\r\n", b"A = 2\n"):
            sources._imports.cache_clear()
            (copy / "one.py").write_bytes(text)
            found.append(sources.fingerprint(["bargaining.games.one"]))
        assert found[0] == found[1] != found[2]
    finally:
        sources._imports.cache_clear()
