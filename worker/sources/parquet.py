"""Records of Parquet: row groups as a stream of small batches; pyarrow is asked for only here."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from domain.reject import Reject
from worker.sources.csv_records import check_columns
from worker.sources.errors import DamagedSource, MissingPackage
from worker.sources.json_records import json_text
from worker.sources.reading import CHUNK_CHARACTERS, Records, Row

try:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from worker.sources.parquet_values import Unsaid, json_values, readable_type, unsaid
except ImportError:
    raise MissingPackage("Parquet", "pip install 'counterfoil[parquet]'") from None

_DAMAGE = (pa.ArrowException, OSError)


class ParquetReading:
    """A Parquet file; a record's line is its number from 1, its position the file's size in proportion."""

    header_text = ""

    def __init__(self, file: BinaryIO) -> None:
        """Read the schema of a file that can be sought; raises DamagedSource, UnsupportedColumn, WrongHeader."""
        self._source = file
        self._size = file.seek(0, 2)
        file.seek(0)
        try:
            # Without these pyarrow would hold a row group's bytes whole, and make objects of its own of UUIDs.
            self._file = pq.ParquetFile(file, pre_buffer=False, buffer_size=1 << 20, arrow_extensions_enabled=False)
            schema = self._file.schema_arrow
        except _DAMAGE as error:
            raise DamagedSource("Parquet", str(error)) from None
        self.header: list[str] = list(schema.names)
        check_columns(self.header)
        self._types = [readable_type(field.name, field.type) for field in schema]

    def chunks(self, size: int) -> Iterator[Records]:
        """Yield the records; see `Reading`."""
        first = 1
        try:
            for batch in self._file.iter_batches(batch_size=self._batch(size), use_threads=False):
                # Repeated values cost a file nothing: what a batch has become decides once more.
                part = max(1, batch.num_rows * CHUNK_CHARACTERS // max(batch.nbytes, CHUNK_CHARACTERS))
                for start in range(0, batch.num_rows, part):
                    found = self._records(first, batch.slice(start, part))
                    first += min(part, batch.num_rows - start)
                    found.position = self._size * (first - 1) // max(self._file.metadata.num_rows, 1)
                    yield found
        except _DAMAGE as error:
            raise DamagedSource("Parquet", str(error)) from None
        # A file that is watched for changes is looked at when its end is read, which pyarrow has no need to.
        self._source.seek(0, 2)
        self._source.read(1)

    def _batch(self, size: int) -> int:
        """Return how many records of the widest row group make about a chunk's text."""
        about = self._file.metadata
        groups = [about.row_group(number) for number in range(about.num_row_groups)]
        widest = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
        return max(1, min(size, CHUNK_CHARACTERS // max(widest, 1)))

    def _records(self, first: int, batch: Any) -> Records:  # noqa: ANN401 - pyarrow ships no types
        names = self.header
        columns = [json_values(batch.column(number), target) for number, target in enumerate(self._types)]
        lines = list(range(first, first + batch.num_rows))
        rows: list[dict[str, Any]] = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        if not any(unsaid(column) for column in columns):
            return Records(lines, rows)
        kept = [(line, row) for line, row in zip(lines, rows, strict=True) if not unsaid(row.values())]
        rejects = [
            Reject(line, name, value.why, self.raw(row))
            for line, row in zip(lines, rows, strict=True)
            for name, value in row.items()
            if isinstance(value, Unsaid)
        ]
        return Records([line for line, _ in kept], [row for _, row in kept], rejects)

    def raw(self, row: Row) -> str:
        """Return the row as JSON, cut; see `Reading`."""
        said = row.items() if isinstance(row, Mapping) else zip(self.header, row, strict=True)
        values: dict[str, Any] = dict(said)
        return json_text({name: None if isinstance(value, Unsaid) else value for name, value in values.items()})
