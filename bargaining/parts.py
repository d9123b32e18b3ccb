"""Bulk results as Parquet parts: each holds the points from START to STOP, is written whole or not at all, and proves what it holds.

A part's footer carries the key of its run, so a part of another run is never taken for one of this; pages carry checksums, so a damaged
part is found when it is read and its points are solved again. The rows of a run are those of its parts in order: how they are cut
changes nothing.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bargaining.store import sweep

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Columns = Mapping[str, NDArray[Any]]

_SUFFIX = ".parquet"


@dataclass(frozen=True)
class Parts:
    """The parts of one run in a folder; `key` is the hash of everything that its numbers depend on."""

    folder: Path
    key: str

    def write(self, start: int, columns: "Columns") -> None:
        """Write the points from `start` on, whole or not at all.

        Raises
        ------
        OSError
            If the file cannot be written; what was there before is unharmed.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.table({name: pa.array(column) for name, column in columns.items()})
        metadata = {"bargaining-key": self.key, "bargaining-failed": str(failed(columns))}
        table = table.replace_schema_metadata(metadata)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{start:010d}-{start + len(table):010d}{_SUFFIX}"
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with temporary.open("wb") as file:
                # Numbers hardly repeat: a dictionary of them costs time and space.
                words = [field.name for field in table.schema if pa.types.is_string(field.type)]
                pq.write_table(
                    table, file, compression="lz4", use_dictionary=words or False, write_statistics=False, write_page_checksum=True
                )
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @property
    def begun(self) -> bool:
        """Whether there is anything on disk."""
        return next(self._paths(), None) is not None

    def finished(self) -> list[tuple[int, int]]:
        """Points that are on disk, as ranges in order; parts of another run, damaged or overlapping ones are removed."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        found: list[tuple[int, int]] = []
        for path in self._paths():
            start, stop = _range(path)
            try:
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    metadata = file.schema_arrow.metadata or {}
                    whole = metadata.get(b"bargaining-key") == self.key.encode() and file.metadata.num_rows == stop - start
                    if whole:
                        file.read()
            except (pa.ArrowException, OSError, ValueError):
                whole = False
            if not whole or (found and start < found[-1][1]):
                path.unlink(missing_ok=True)
                continue
            found.append((start, stop))
        sweep(self.folder)
        return found

    def forget(self) -> None:
        """Remove all parts."""
        for path in self._paths():
            path.unlink(missing_ok=True)

    def summary(self) -> tuple[int, int, float, float]:
        """Points on disk, points that failed, and when the first and the last part were written, from names and footers alone."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        points, wrong, times = 0, 0, []
        for path in self._paths():
            try:
                metadata = pq.read_schema(path).metadata or {}
                times.append(path.stat().st_mtime)
            except (pa.ArrowException, OSError):
                continue
            if metadata.get(b"bargaining-key") == self.key.encode():
                start, stop = _range(path)
                points, wrong = points + stop - start, wrong + int(metadata.get(b"bargaining-failed", b"0"))
        return points, wrong, min(times, default=0.0), max(times, default=0.0)

    def read(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """The rows of all parts in order; some columns only, if they are named.

        Raises
        ------
        OSError
            If a part is damaged.
        """
        import pandas as pd

        table = self._table(columns)
        if table is None:
            return pd.DataFrame(columns=list(columns or ()))
        frame: pd.DataFrame = table.to_pandas()
        return frame

    def counts(self, columns: Sequence[str]) -> dict[str, int]:
        """How often each word stands in some columns taken together."""
        import pyarrow.compute as pc

        found: Counter[str] = Counter()
        for table in self._tables(columns):
            for column in table.columns:
                found.update({each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist()})
        return dict(found)

    def messages(self, most: int) -> list[tuple[int, str]]:
        """The first points with a message, and the message."""
        import pyarrow.compute as pc

        table = self._table(["point", "message"])
        if table is None:
            return []
        told = table.filter(pc.not_equal(table.column("message"), "")).slice(0, most).to_pydict()
        return list(zip(told["point"], told["message"], strict=True))

    def _table(self, columns: Sequence[str] | None) -> Any:
        """The rows as an Arrow table, which holds words a hundred times more tightly than Python does; None if there are no parts."""
        import pyarrow as pa

        tables = list(self._tables(columns))
        return pa.concat_tables(tables) if tables else None

    def _tables(self, columns: Sequence[str] | None) -> Iterator[Any]:
        """The parts in order, one at a time: read together, they are all decoded ahead."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        for path in self._paths():
            try:
                with pq.ParquetFile(path, page_checksum_verification=True) as file:
                    table = file.read(None if columns is None else list(columns), use_threads=False)
            except pa.ArrowException as error:
                raise OSError(f"{self.folder}: a part cannot be read ({error}); running again solves its points again") from None
            yield table

    def columns(self) -> list[str]:
        """Names of the columns."""
        import pyarrow.parquet as pq

        path = next(self._paths(), None)
        return [] if path is None else list(pq.read_schema(path).names)

    def value_hash(self) -> str:
        """Hash of all values in the order of the points, column by column: the same however the parts are cut."""
        digests = {name: hashlib.sha256() for name in self.columns()}
        for table in self._tables(None):
            for name, digest in digests.items():
                digest.update(_bytes(table.column(name)))
        whole = hashlib.sha256()
        for name, digest in digests.items():
            whole.update(name.encode() + b"\0" + digest.digest())
        return whole.hexdigest()

    def _paths(self) -> Iterator[Path]:
        return iter(sorted(self.folder.glob(f"[0-9]*-[0-9]*{_SUFFIX}")))


def failed(columns: "Columns") -> int:
    """How many points of a part have a message: they made no game."""
    return int((columns["message"] != "").sum()) if "message" in columns else 0


def gaps(finished: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """Ranges of 0 to `size` that are not finished.

    Examples
    --------
    >>> gaps([(0, 4), (8, 10)], 12)
    [(4, 8), (10, 12)]
    """
    edges = [0, *(edge for span in finished for edge in span), size]
    return [(start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True) if start < stop]


def _range(path: Path) -> tuple[int, int]:
    start, stop = path.name.removesuffix(_SUFFIX).split("-")
    return int(start), int(stop)


def _bytes(column: Any) -> bytes:
    """A column's values as bytes, with one NaN for all NaNs; words are ended by zeros."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(column.type):
        ended = pc.binary_join_element_wise(column, pa.scalar("\0"), "")
        return b"".join(_text(chunk) for chunk in ended.chunks)
    values: NDArray[Any] = column.to_numpy()
    if values.dtype.kind == "f":
        return np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes()
    return values.astype("<i8").tobytes()


def _text(words: Any) -> bytes:
    """The letters of an Arrow array of words, one after another."""
    import numpy as np

    _, offsets, letters = words.buffers()
    if letters is None:
        return b""
    edges = np.frombuffer(offsets, dtype=np.int32)[words.offset : words.offset + len(words) + 1]
    return bytes(memoryview(letters)[int(edges[0]) : int(edges[-1])])
