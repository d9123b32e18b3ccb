"""What all tests share. Hypothesis draws the same examples in every run: a failure can be repeated, and a pass too."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from bargaining.running import Results

settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def smoke_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where profile smoke is run, once for all tests: what one of them solved, another and `bargaining reproduce` find there."""
    return tmp_path_factory.mktemp("smoke")


@pytest.fixture(scope="session")
def smoke_results(smoke_folder: Path) -> "Callable[[str], Results]":
    """Results of an experiment's profile smoke by the experiment's name."""
    from bargaining.running import run

    def results(name: str) -> "Results":
        out = smoke_folder / ".runs" / name / "smoke"
        return run(ROOT / "experiments" / f"{name}.yaml", profile="smoke", out=out, workers=2)

    return results
