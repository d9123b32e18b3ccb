"""Compiled kernels: never a stale answer, never a crash without a cache, the same numbers as plain Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bargaining
from bargaining.kernels import _jit

KERNELS = Path(bargaining.__file__).parent / "kernels"

CALLEE = "from tiny.kernels._jit import kernel\nOFFSET = 10.0\n@kernel\ndef inner(x):\n    return 2.0 * x\n"
CALLER = (
    "from tiny.kernels._jit import kernel\nfrom tiny.kernels.callee import OFFSET, inner\n"
    "@kernel\ndef outer(x):\n    return inner(x) + OFFSET\n"
)
ASK = (
    "from tiny.kernels import _jit; from tiny.kernels.caller import outer; a = outer(5.0); "
    "print(a, _jit.CACHE_FOLDER, len(list(_jit.CACHE_FOLDER.rglob('*.nbi'))) if _jit.CACHE_FOLDER else 0)"
)


@pytest.fixture
def tiny(tmp_path):
    """A package with the real decorator and two kernels, one calling the other across files."""
    folder = tmp_path / "src" / "tiny" / "kernels"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "__init__.py").write_text("")
    shutil.copy(KERNELS / "_jit.py", folder / "_jit.py")
    (folder / "callee.py").write_text(CALLEE)
    (folder / "caller.py").write_text(CALLER)
    return folder


def run(script, source, cache, **environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")}
    env = {**inherited, "PYTHONPATH": str(source), "BARGAINING_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_an_edit_in_another_file_changes_the_answer(tiny, tmp_path):
    source, cache = tiny.parent.parent, tmp_path / "cache"
    first = run(ASK, source, cache)
    assert float(first[0]) == 20.0
    assert Path(first[1]).is_relative_to(cache)
    assert int(first[2]) >= 2
    assert run(ASK, source, cache) == first
    (tiny / "callee.py").write_text(CALLEE.replace("2.0 * x", "4.0 * x"))
    edited = run(ASK, source, cache)
    assert float(edited[0]) == 30.0
    (tiny / "callee.py").write_text(CALLEE.replace("OFFSET = 10.0", "OFFSET = 1.0"))
    constant = run(ASK, source, cache)
    assert float(constant[0]) == 11.0
    assert len({first[1], edited[1], constant[1]}) == 3


def test_without_the_fingerprint_numba_would_be_stale(tiny, tmp_path):
    """The test above can fail: with one folder for all sources numba does return the old answer."""
    jit = tiny / "_jit.py"
    text = jit.read_text()
    fixed = text.replace('/ "bargaining" / fingerprint()', '/ "bargaining" / "fixed"')
    assert fixed != text
    jit.write_text(fixed)
    assert float(run(ASK, tiny.parent.parent, tmp_path / "cache")[0]) == 20.0
    (tiny / "callee.py").write_text(CALLEE.replace("2.0 * x", "4.0 * x"))
    assert float(run(ASK, tiny.parent.parent, tmp_path / "cache")[0]) == 20.0


def test_nowhere_to_write_means_no_cache_and_no_crash(tiny, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    nowhere = dict.fromkeys(["XDG_CACHE_HOME", "HOME", "TMPDIR", "TEMP", "TMP", "USERPROFILE"], str(file))
    # tempfile would go on to /tmp and the current folder; pretend that they are gone too.
    script = f"import tempfile; tempfile.gettempdir = lambda: {str(file)!r}; " + ASK
    answer, folder, _ = run(script, tiny.parent.parent, file, **nowhere)
    assert (float(answer), folder) == (20.0, "None")


def test_the_next_writable_folder_is_taken(tiny, tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    answer, folder, _ = run(ASK, tiny.parent.parent, file, XDG_CACHE_HOME=str(tmp_path / "xdg"))
    assert float(answer) == 20.0
    assert Path(folder).is_relative_to(tmp_path / "xdg")


def test_fingerprint_covers_every_kernel_source(tmp_path, monkeypatch):
    copy = tmp_path / "kernels"
    shutil.copytree(KERNELS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(_jit, "_SOURCES", copy)
    before = _jit.fingerprint()
    for source in copy.glob("*.py"):
        text = source.read_text()
        source.write_text(text + "\n")
        assert _jit.fingerprint() != before, source.name
        source.write_text(text)
    assert _jit.fingerprint() == before


def test_global_settings_of_numba_are_left_alone():
    import numba

    before = numba.config.CACHE_DIR
    _jit.kernel(lambda x: x)
    assert before == numba.config.CACHE_DIR


SOLVE = """
import json, bargaining as bg
found = []
for A, B, delta in (
    ([[9, 1], [10, 3]], [[9, 10], [1, 3]], 0.9),
    ([[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]], 0.3),
    ([[3, 0], [5, 1]], [[3, 5], [0, 1]], (0.6, 0.7)),
    ([[0, -1]], [[0, 2]], 0.5),
    ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], 0.9),
):
    s = bg.equilibrium_set(bg.RepeatedGame(bg.game(A, B), delta), tol=1e-4)
    found.append([s.status.name, s.error_bound, s.vertices.tolist(), s.outer.vertices.tolist()])
print(json.dumps(found))
"""


@pytest.mark.parametrize("script", [SOLVE], ids=["equilibrium_set"])
def test_compiled_and_plain_python_agree(script, tmp_path):
    source = Path(bargaining.__file__).parent.parent
    plain = run(script, source, tmp_path, NUMBA_DISABLE_JIT="1")
    shared = _jit.CACHE_FOLDER.parent.parent if _jit.CACHE_FOLDER else tmp_path
    compiled = run(script, source, shared)
    for got, expected in zip(json.loads(" ".join(compiled)), json.loads(" ".join(plain)), strict=True):
        assert got[0] == expected[0]
        assert got[1] == pytest.approx(expected[1], rel=1e-9, abs=1e-12)
        for mine, other in zip(got[2:], expected[2:], strict=True):
            assert len(mine) == len(other)
            assert all(p == pytest.approx(q, rel=1e-12, abs=1e-12) for p, q in zip(mine, other, strict=True))
