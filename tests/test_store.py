"""Results on disk: whole or not at all, the same values back, and a comparison that sees what changed."""

import errno
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargaining import store
from bargaining.comparison import compare
from bargaining.store import MANIFEST, Part, Store, TableError, read_manifest, read_table, table_text, write

ROW = {"run": "r", "point": 0, "calibration": "central", "partition": "T,R", "agreement": "civil", "best_us": 2.0, "verdict": "static"}
VERTEX = {"run": "r", "point": 0, "scenario": "s", "calibration": "central", "partition": "T,R"}
SQUARE = [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0)]


def vertices(points: list[tuple[float, float]]) -> list[dict[str, object]]:
    return [{**VERTEX, "vertex": k, "us": us, "cn": cn} for k, (us, cn) in enumerate(points)]


def publish(folder: Path, rows: list[dict[str, object]], points: list[tuple[float, float]] = SQUARE, tol: float = 1e-9) -> Path:
    kept = Store(folder, "k" * 64)
    kept.prepare("mine")
    manifest = {"experiment": "mine", "config": {"tol": tol}, "points": 1, "statuses": {"solved": 1}}
    kept.publish(rows, vertices(points), manifest, {"seconds": 1.0})
    return folder


@given(st.floats(allow_nan=False), st.booleans(), st.integers())
def test_values_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, real: float, truth: bool, count: int) -> None:
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    row = {"real": real, "truth": truth, "count": count, "word": "T,R|K", "nothing": None}
    write(path, table_text([row]))
    (back,) = read_table(path)
    assert back == row
    assert isinstance(back["real"], float)
    assert math.copysign(1.0, back["real"]) == math.copysign(1.0, real)


def test_nan_is_an_empty_cell() -> None:
    assert table_text([{"a": math.nan, "b": 1}]) == "a,b\n,1\n"


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    write(path, "old")
    assert [each.name for each in tmp_path.iterdir()] == ["rows.csv"]

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write(path, "new")
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["rows.csv"]


def test_parts_survive_a_publication_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Store(tmp_path, "k" * 64)
    kept.prepare("mine")
    part = Part([{**ROW, "best_us": 0.1, "lag": math.inf}], {"T,R": [[0.1, 1e-300]]}, None)
    kept.keep(3, part)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(store.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            kept.publish(part.rows, [], {}, {})
    assert kept.finished() == {3: part}
    assert not kept.is_complete()


def test_a_part_that_cannot_be_read_is_not_finished(tmp_path: Path) -> None:
    kept = Store(tmp_path, "k" * 64)
    kept.prepare("mine")
    kept.keep(0, Part([ROW], {}))
    (kept.parts / "1.json").write_text('{"rows": [')
    (kept.parts / "2.json").write_text('{"else": 1}')
    assert list(kept.finished()) == [0]


def test_parts_of_another_key_are_not_looked_at(tmp_path: Path) -> None:
    first, second = Store(tmp_path, "1" * 64), Store(tmp_path, "2" * 64)
    first.prepare("mine")
    first.keep(0, Part([ROW], {}))
    assert second.finished() == {}
    publish(tmp_path, [ROW])
    assert list(first.finished()) == [0]


def test_complete_means_this_key_and_unaltered_tables(tmp_path: Path) -> None:
    publish(tmp_path, [ROW])
    kept = Store(tmp_path, "k" * 64)
    assert kept.is_complete()
    assert not kept.parts.exists()
    assert not Store(tmp_path, "other").is_complete()
    rows = tmp_path / "rows.csv"
    rows.write_bytes(rows.read_bytes().replace(b"\n", b"\r\n"))
    assert kept.is_complete(), "line ends are not values"
    rows.write_text(rows.read_text().replace("2.0", "2.1"))
    assert not kept.is_complete()
    rows.unlink()
    assert not kept.is_complete()
    (tmp_path / "manifest.json").write_text("[]")
    assert read_manifest(tmp_path) is None


def test_what_varies_goes_to_provenance_only(tmp_path: Path) -> None:
    publish(tmp_path, [ROW])
    assert "seconds" not in (tmp_path / "manifest.json").read_text()
    assert json.loads((tmp_path / "provenance.json").read_text()) == {"seconds": 1.0}
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.json_text({"bound": math.nan})


def differences(tmp_path: Path, rows: list[dict[str, object]], points: list[tuple[float, float]] = SQUARE, tol: float = 1e-9) -> list[str]:
    """Items that do not agree between a reference folder and these results."""
    old = publish(tmp_path / "old", [ROW, {**ROW, "agreement": "full", "best_us": 4.0}])
    new = publish(tmp_path / "new", rows, points, tol)
    return [item.item for item in compare(old, new) if not item.agrees]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"best_us": 2.0 + 3e-9}, []),  # 4.0 is the column's size: 4e-9 is allowed
        ({"best_us": 2.0 + 5e-9}, ["best_us"]),
        ({"best_us": None}, ["best_us"]),
        ({"best_us": math.inf}, ["best_us"]),
        ({"verdict": "never"}, ["verdict"]),
        ({"agreement": "half"}, ["rows"]),
        ({"new_column": 1.0}, ["new_column"]),
    ],
)
def test_comparison_of_rows(tmp_path: Path, change: dict[str, object], expected: list[str]) -> None:
    assert differences(tmp_path, [{**ROW, **change}, {**ROW, "agreement": "full", "best_us": 4.0}]) == expected


def test_comparison_of_sets_is_of_sets(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "agreement": "full", "best_us": 4.0}]
    rotated_with_a_spare_vertex = [(2.0, 0.0), (2.0, 1.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)]
    assert differences(tmp_path, rows, rotated_with_a_spare_vertex) == []
    assert differences(tmp_path, rows, [(0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.001)]) == ["payoff sets"]
    assert differences(tmp_path, rows, []) == ["payoff sets"]


def test_comparison_sees_another_configuration(tmp_path: Path) -> None:
    rows = [ROW, {**ROW, "agreement": "full", "best_us": 4.0}]
    assert differences(tmp_path, rows, tol=1e-6) == ["configuration"]


def test_error_bounds_are_measured_against_payoffs(tmp_path: Path) -> None:
    old = publish(tmp_path / "old", [{**ROW, "error_bound": 1e-12}])
    new = publish(tmp_path / "new", [{**ROW, "error_bound": 3e-12}])
    assert all(item.agrees for item in compare(old, new))
    new = publish(tmp_path / "new", [{**ROW, "error_bound": 1e-6}])
    assert [item.item for item in compare(old, new) if not item.agrees] == ["error_bound"]


@pytest.mark.parametrize(("cells", "found"), [("1", "1 cells"), ("1,2,3", "3 cells")])
def test_a_line_that_is_too_short_or_too_long_is_named(tmp_path: Path, cells: str, found: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"a,b\n1,2\n{cells}\n")
    with pytest.raises(TableError, match=rf"rows\.csv:3: {found}, expected the 2 of the header"):
        read_table(path)
    kept, broken = publish(tmp_path / "kept", [ROW]), publish(tmp_path / "broken", [ROW])
    rows = broken / "rows.csv"
    rows.write_text(rows.read_text() + "r,1\n")
    with pytest.raises(TableError, match=r"rows\.csv:3: 2 cells"):
        compare(kept, broken)


def test_a_manifest_without_hashes_agrees_with_nothing(tmp_path: Path) -> None:
    kept, other = publish(tmp_path / "kept", [ROW]), publish(tmp_path / "other", [ROW])
    assert all(item.agrees for item in compare(kept, other))
    content = json.loads((kept / MANIFEST).read_text())
    (kept / MANIFEST).write_text(json.dumps({**content, "sha256": ["rows.csv"]}))
    assert [item.item for item in compare(kept, other) if not item.agrees] == ["files"]
