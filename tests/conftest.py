"""What all tests share. Hypothesis draws the same examples in every run: a failure can be repeated, and a pass too."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from bargaining.running.experiments import Results

# Matrices here are small: threads of BLAS only wait for each other, fifty times as long as one takes where other processes are at work.
# Set before numpy is imported; what tests start inherits it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# numba's caches are not made for two processes that compile at once: each worker of pytest-xdist has its own, and what it starts too.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")
if WORKER:
    caches = Path(os.environ.get("BARGAINING_CACHE_DIR") or "~/.cache").expanduser() / "bargaining-tests" / WORKER
    # A worker's output is no terminal, and is as wide as any pipe's.
    os.environ.pop("COLUMNS", None)
    os.environ |= {"BARGAINING_CACHE_DIR": str(caches), "NUMBA_CACHE_DIR": str(caches / "numba")}

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """``pytest`` alone, the whole suite, takes two processes; whoever names files, or a number with ``-n``, gets what was asked for."""
    option = config.option
    alone = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (
        option.usepdb or option.collectonly or getattr(option, "benchmark_only", False)
    )
    if alone and not WORKER and config.pluginmanager.hasplugin("xdist") and option.numprocesses is None and option.dist == "no":
        option.numprocesses, option.dist = 2, "loadgroup"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of several workers one takes all tests of a file, and one those of smoke results: they share fixtures."""
    for item in items if WORKER else ():
        shared = "smoke_folder" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("smoke" if shared else item.path.name))


@pytest.fixture(scope="session")
def smoke_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where profile smoke is run, once for all tests: what one of them solved, another and `bargaining reproduce` find there."""
    return tmp_path_factory.mktemp("smoke")


@pytest.fixture(scope="session")
def smoke_results(smoke_folder: Path) -> "Callable[[str], Results]":
    """Results of an experiment's profile smoke by the experiment's name."""
    from bargaining.running.experiments import run

    def results(name: str) -> "Results":
        out = smoke_folder / ".runs" / name / "smoke"
        return run(ROOT / "experiments" / f"{name}.yaml", profile="smoke", out=out, workers=2)

    return results
