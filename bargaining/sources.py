"""Which sources decide the numbers of an experiment: the modules that its solvers and stories can reach by imports.

A hash of these files stands in the key of every result, so a changed kernel makes those results stale that can depend on it, and no others.
"""

import ast
import hashlib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
# Where the search ends: modules that read a configuration (which is in the key as it was resolved), look a story up by its name, or
# draw and write an answer. They decide no number.
WORDS = frozenset(
    f"bargaining.{name}"
    for name in ("answers.file", "config", "experiment", "experiment_checks", "plotting", "scenarios", "solver_options", "store")
)


def fingerprint(modules: Collection[str]) -> str:
    """Hash of the sources of some modules and of all that they import, in whatever function; priors and facts go with the stories.

    Examples
    --------
    >>> fingerprint(["bargaining.solvers.lattice"]) == fingerprint(["bargaining.solvers.lattice", "bargaining.payoff_set"])
    True
    >>> fingerprint(["bargaining.solvers.lattice"]) == fingerprint(["bargaining.scenarios.briefing"])
    False
    """
    files = {_file(module) for module in reached(modules)}
    if any(path.parent.name == "scenarios" for path in files):
        files |= set((PACKAGE / "scenarios" / "data").glob("*.json"))
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]


def reached(modules: Collection[str]) -> frozenset[str]:
    """The modules and all modules of this package that they import, directly or not.

    Examples
    --------
    >>> sorted(module.removeprefix("bargaining.games.") for module in reached(["bargaining.games.repeated"]))
    ['discounting', 'exact', 'issues', 'repeated', 'stage']
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [name for name in _imports(module) if name not in found]
    return frozenset(found)


def all_modules() -> tuple[str, ...]:
    """Every module of the package."""
    paths = (path.relative_to(PACKAGE).with_suffix("").parts for path in sorted(PACKAGE.rglob("*.py")))
    return tuple(".".join(("bargaining", *(part for part in parts if part != "__init__"))) for parts in paths)


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _imports(module: str) -> tuple[str, ...]:
    """Modules that a module imports outside of blocks for type checkers."""
    found = (_home(source, name) for source, name in _taken(_file(module)))
    return tuple(dict.fromkeys(name for name in found if not _is_words(name)))


def _is_words(module: str) -> bool:
    return module in WORDS or module.startswith("bargaining.plotting.")


def _taken(path: Path) -> Iterator[tuple[str, str]]:
    """(module of this package, name taken from it) for every import of a file, inside functions too."""
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bargaining":
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if alias.name.split(".")[0] == "bargaining")
        else:
            waiting += ast.iter_child_nodes(node)


def _home(module: str, name: str) -> str:
    """The module that a name comes from, through packages that only hand it on."""
    if _file(f"{module}.{name}").is_file() and name:
        return f"{module}.{name}"
    path = _file(module)
    handed = next((source for source, taken in _taken(path) if taken == name), None) if path.name == "__init__.py" else None
    return module if handed is None else _home(handed, name)
