"""Refused records as a person takes them to correct them: each once, with everything that is wrong with it."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import NamedTuple

from domain.reject import RAW_KEPT, Reject
from worker.cli.cells import one_line

_CUT = f"of the record only the first {RAW_KEPT:,} characters were kept"


class RejectedRecord(NamedTuple):
    """A refused record: its line, everything that is wrong with it in one line, and its text without a line end."""

    line: int
    reason: str
    raw: str


async def by_record(rejects: AsyncIterable[Reject]) -> AsyncIterator[RejectedRecord]:
    """Yield a record for the problems of each line; those of one line follow each other."""
    found: list[Reject] = []
    async for reject in rejects:
        if found and found[0].line != reject.line:
            yield _record(found)
            found = []
        found.append(reject)
    if found:
        yield _record(found)


def _record(problems: Sequence[Reject]) -> RejectedRecord:
    first = problems[0]
    reasons = [f"{one.field}: {one.reason}" if one.field else one.reason for one in problems]
    if len(first.raw) >= RAW_KEPT:
        reasons.append(_CUT)
    return RejectedRecord(first.line, one_line("; ".join(reasons)), first.raw.rstrip("\r\n"))
