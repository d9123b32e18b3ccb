"""The decorators that compile kernels, and where their machine code is cached.

numba's on-disk cache notices an edit of the file that holds a function, but not an edit of a function or constant that it takes
from *another* file: it would go on returning the old answer. So the cache folder is named by a hash of all kernel sources; any edit
gives a new folder, and everything in it is compiled afresh. A folder that cannot be written means no cache, never a crash.
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

# A value that the compiler does not know: a function that is given a literal is compiled once more for it.
runtime_int: Callable[[int], int] = cast(Any, np.int64)
runtime_bool: Callable[[bool], bool] = cast(Any, np.bool_)

_SOURCES = Path(__file__).parent


def fingerprint() -> str:
    """Hash of every kernel source and of the compiler's version: what the compiled code depends on."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    for source in sorted(_SOURCES.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _cache_folder() -> Path | None:
    """First folder of the candidates that can be written; ``BARGAINING_CACHE_DIR`` comes before the user's cache."""
    roots = [
        os.environ.get("BARGAINING_CACHE_DIR"),
        os.environ.get("XDG_CACHE_HOME"),
        "~/.cache",
        tempfile.gettempdir(),
    ]
    for root in roots:
        if not root:
            continue
        try:
            folder = Path(root).expanduser() / "bargaining" / fingerprint()
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".probe-{os.getpid()}"
            probe.write_bytes(b"")
            probe.unlink()
        except (OSError, RuntimeError):
            continue
        return folder
    return None


CACHE_FOLDER = _cache_folder()


def kernel(function: F) -> F:
    """Compile `function` without the GIL, without fast-math (it reorders sums and loses NaN), from the cache if there is one."""
    config: Any = numba.config
    before = config.CACHE_DIR
    try:
        # The setting is global to numba: it is restored at once, or it would move the cache of every other package.
        config.CACHE_DIR = str(CACHE_FOLDER or "")
        options: Any = {
            "cache": CACHE_FOLDER is not None,
            "nogil": True,
            "fastmath": False,
            "error_model": "numpy",
            "no_cfunc_wrapper": True,
        }
        compiled = numba.njit(**options)(function)
    finally:
        config.CACHE_DIR = before
    return cast(F, compiled)


def inlined(function: F) -> F:
    """A step of one kernel: compiled as part of the function that calls it, not by itself as well.

    All that a kernel calls is linked and optimised once more for every kernel between it and the outermost one.
    """
    return cast(F, numba.njit(inline="always", nogil=True, fastmath=False, error_model="numpy")(function))


def compiled_for(function: F, *arguments: Any) -> F:
    """A kernel as compiled for arguments of the kinds of these, and called with them once.

    numba looks up the kinds of all arguments in every call, which takes a third of a microsecond; this does not, and must be called with
    the same kinds only.
    """
    function(*arguments)
    overloads = getattr(function, "overloads", None)
    return function if overloads is None else cast(F, overloads[tuple(map(numba.typeof, arguments))].entry_point)


def is_cold() -> bool:
    """Whether nothing has been compiled into the cache yet, so that the first call will take a while."""
    return CACHE_FOLDER is None or not any(CACHE_FOLDER.rglob("*.nbi"))
