"""Who may import whom: the rule that keeps stories from knowing solvers, and certificates from sharing code with what they check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import bargaining

PACKAGE = Path(bargaining.__file__).parent
EVERYTHING = None

# Layer -> layers of the package that it may import, inside functions too; itself always. `cli` may import everything.
MAY_IMPORT = {
    "kernels": set(),
    "games": set(),
    "payoff_set": {"plotting"},
    "store": set(),
    "design": {"config", "sampling"},
    "sampling": {"config"},
    "solution": {"games", "payoff_set", "answers", "plotting"},
    "certificate": {"games", "payoff_set", "answers", "solution"},
    "solvers": {"games", "kernels", "payoff_set", "answers", "solution"},
    "batch": {"games", "kernels", "solution", "payoff_set", "solvers"},
    "scenarios": {"games", "kernels"},
    "plotting": {"payoff_set"},
    "execution": {"store"},
    "solver_options": {"config"},
    "deals": {"answers", "experiment", "games", "payoff_set", "points", "scenarios", "solution", "solvers", "store"},
    "sources": set(),
    "points": {"experiment", "scenarios"},
    "experiment": {"experiment_checks", "ensemble_checks", "solver_options", "points", "sources", "scenarios", "games", "design", "config"},
    "experiment_checks": {"experiment", "solver_options", "points", "scenarios", "games", "config"},
    # Kinds of answers, and the file that holds any of them.
    "answers": {"games", "payoff_set", "solution", "store"},
    "parts": {"store"},
    "analysis": set(),
    "report": {"analysis", "store", "plotting", "payoff_set"},
    # The paper reads stored results and the parameter records; it neither builds a game nor solves one.
    "paper": {"report", "store", "plotting", "payoff_set", "scenarios", "experiment", "provenance"},
    # How games are read from the files of other programs, and written to them.
    "game_files": {"games", "config"},
    # How an experiment file is read, run, recorded and compared.
    "config": set(),
    "provenance": set(),
    "comparison": {"store", "payoff_set"},
    "ensemble": {"experiment", "scenarios", "batch", "games"},
    "ensemble_checks": {"solver_options", "experiment", "ensemble", "scenarios", "analysis", "config"},
    "running": {
        "analysis",
        "answers",
        "deals",
        "ensemble",
        "execution",
        "experiment",
        "games",
        "parts",
        "points",
        "provenance",
        "scenarios",
        "solution",
        "solver_options",
        "solvers",
        "store",
    },
    "cli": EVERYTHING,
    "__init__": EVERYTHING,
}
HEAVY = {"scipy", "nashpy", "matplotlib", "pandas", "networkx"}
FILES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """(module, whether at module level and not only for type checking) of every import in a file, relative ones resolved."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["bargaining", *path.relative_to(PACKAGE).parts[:-1]]
    guarded = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.unparse(n.test)]
    lazy = {
        id(child)
        for parent in [*guarded, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))]
        for child in ast.walk(parent)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            # `from bargaining import certificate` imports the module bargaining.certificate, or a public name (of any layer).
            modules = [f"{module}.{alias.name}" for alias in node.names] if module == "bargaining" else [module]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module") and isinstance(node.args[0], ast.Constant):
            modules = [node.args[0].value]
        else:
            continue
        for module in modules:
            yield module, id(node) not in lazy


def violations(path):
    layer, allowed = layer_of(path), MAY_IMPORT.get(layer_of(path), set())
    if allowed is EVERYTHING:
        return []
    targets = {module.split(".")[1] for module, _ in imports(path) if module.startswith("bargaining.")}
    # A public name taken from the package itself could come from any layer; __version__ comes from none.
    return sorted(targets - allowed - {layer, "__version__"})


def test_every_file_belongs_to_a_layer():
    assert {layer_of(path) for path in FILES} <= set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_layer_rule(path):
    assert violations(path) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_libraries_stay_where_they_belong(path):
    found = list(imports(path))
    if layer_of(path) != "kernels":
        assert not [module for module, _ in found if module.split(".")[0] == "numba"]
    assert not [module for module, _ in found if module.startswith("matplotlib.pyplot") or module == "pylab"]
    if layer_of(path) in (
        "solvers",
        "games",
        "kernels",
        "payoff_set",
        "solution",
        "answers",
        "certificate",
        "game_files",
        "cli",
        "__init__",
    ):
        assert not [module for module, at_import in found if at_import and module.split(".")[0] in HEAVY]
    assert "plt." not in path.read_text(encoding="utf-8")


def test_the_rule_sees_lazy_relative_and_dynamic_imports(tmp_path, monkeypatch):
    package = tmp_path / "bargaining"
    (package / "scenarios").mkdir(parents=True)
    bad = package / "scenarios" / "bad.py"
    bad.write_text(
        "import importlib\nfrom ..games import game\n"
        "def f():\n    from bargaining.solvers.nash import nash_equilibria\n    from .. import report\n"
        "    importlib.import_module('bargaining.certificate')\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", package)
    assert violations(bad) == ["certificate", "report", "solvers"]


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import bargaining", ["numpy", "numba", "scipy", "matplotlib", "pydantic"]),
        ("import bargaining.games", ["numba", "scipy", "matplotlib", "pandas"]),
        # The compiler of the kernels looks for the bare package of scipy by itself.
        ("from bargaining.solvers.nash import nash_equilibria", ["scipy.linalg", "scipy.sparse", "nashpy", "matplotlib", "pandas"]),
        ("from bargaining.solvers.minmax import minmax", ["scipy", "nashpy", "matplotlib", "pandas"]),
    ],
)
def test_imports_are_light(statement, absent):
    script = f"{statement}; import sys; print([m for m in {absent} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
