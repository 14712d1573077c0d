"""A bulk job, from where its rows stand to its result."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO, cast

from domain.commands import Bulk
from domain.result import Result
from domain.row_check import RowCheck
from domain.source import Source
from persistence.bulk import Arrival, BulkWrite
from persistence.dialects import Dialect, dialect_of
from persistence.dry_run import taken_back
from persistence.rejects import clear_rejects
from persistence.upload import chunk_of, remove_upload, upload_size
from worker.bulk.ahead import read_ahead
from worker.bulk.arrivals import Arriving
from worker.bulk.errors import UploadGone
from worker.bulk.feed import Feed
from worker.bulk.planning import Rows, mapped
from worker.job_context import JobContext
from worker.sources.open import open_url
from worker.sources.records import read_records


@dataclass
class BulkRun:
    """One bulk job: `rows` says what its rows are for, `write` writes them."""

    command: Bulk
    rows: Rows
    write: BulkWrite
    context: JobContext
    keeps_said: bool
    _size: int | None = None
    _notes: tuple[str, ...] = ()
    _feed: Feed | None = None

    async def run(self) -> Result:
        """Write all rows; returns the counts, and notes on the source's columns. Raises what the sources raise.

        A dry run takes all of it back but the refused rows.
        """
        session, job_id = self.write.tx.session, self.context.job_id
        if job_id is not None:
            await clear_rejects(session, job_id)  # of an attempt before
        if self.command.dry_run:
            result = await taken_back(self.write.tx, self._written)
            await self.write.refusals.keep_held()
        else:
            result = await self._written()
        if job_id is not None:
            await remove_upload(session, job_id)
        return result

    async def _written(self) -> Result:
        async with self._arrivals() as arrivals:
            result = await self.write.run(arrivals, self._moved)
        return result + Result(notes=self._notes)

    @asynccontextmanager
    async def _arrivals(self) -> AsyncIterator[AsyncGenerator[Arrival, None]]:
        source = self.command.source
        if source is not None and source.url is None:
            async with self._uploaded(source) as arrivals:
                yield arrivals
            return
        made = self._inline() if source is None else self._linked(source, str(source.url))
        async with aclosing(read_ahead(made)) as arrivals:
            yield arrivals

    @asynccontextmanager
    async def _uploaded(self, source: Source) -> AsyncIterator[AsyncGenerator[Arrival, None]]:
        session, job_id = self.write.tx.session, self.context.job_id or ""
        self._size = await upload_size(session, job_id)
        if not self._size:
            raise UploadGone(job_id)
        self._feed = feed = Feed(lambda number: chunk_of(session, job_id, number))
        try:
            arriving = self._arriving(cast("BinaryIO", feed), source)
            async with aclosing(read_ahead(arriving, feed.serve)) as arrivals:
                yield arrivals
        finally:
            feed.end()

    def _linked(self, source: Source, url: str) -> Iterator[Arrival]:
        opened = open_url(url, self.context.roots)
        self._size = opened.size
        with opened.stream as stream:
            yield from self._arriving(stream, source)

    def _arriving(self, stream: BinaryIO, source: Source) -> Iterator[Arrival]:
        reading = read_records(stream, source, max_record_bytes=self.context.max_record_bytes)
        plan = mapped(self.rows, source, reading.header)
        is_plain = plan.is_plain and source.dialect.null is None and not self.rows.changes
        check = self._check(is_plain=is_plain, given=plan.given() if is_plain else None)
        arriving = Arriving(check, self.rows.entity.table, source.distinct, self._copies)
        yield from arriving.of_source(reading, plan, source.lines_before)
        self._notes = tuple(plan.notes())

    def _inline(self) -> Iterator[Arrival]:
        return Arriving(self._check(), self.rows.entity.table, copies=self._copies).of_rows(self.command.rows or [])

    @property
    def _copies(self) -> bool:
        return dialect_of(self.write.tx.session) is Dialect.POSTGRESQL

    def _check(self, *, is_plain: bool = False, given: frozenset[str] | None = None) -> RowCheck:
        rows = self.rows
        return RowCheck(
            rows.entities,
            rows.entity,
            changes=rows.changes,
            parents=rows.parents,
            named_by=rows.named_by,
            given=given,
            is_plain=is_plain,
            keeps_said=self.keeps_said,
        )

    def _moved(self, rows: int, position: int) -> None:
        self.context.moved(rows, position if self._feed is None else self._feed.position, self._size)
