"""Where and with what a run was made: everything that may differ between two machines and must not decide a number."""

import importlib.metadata
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any


def versions() -> dict[str, str]:
    """Installed versions of the package and of everything it asks for."""
    names = ["bargaining"]
    for requirement in importlib.metadata.requires("bargaining") or []:
        if "extra ==" not in requirement:
            names.append(re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0])
    return {name: _version(name) for name in names}


def machine() -> dict[str, Any]:
    """Python, operating system, processor and number of cores this process may use."""
    return {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def commit() -> str | None:
    """Commit of the clone the package is run from, with ``+`` if it has uncommitted changes; None outside a clone."""
    root = Path(__file__).parent.parent
    if not (root / ".git").exists():
        return None
    try:
        head = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10)
        changes = subprocess.run(["git", "-C", root, "status", "--porcelain"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
