"""The dependencies of endpoints: who asks, a reader, a transaction that commits before the answer is sent."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from domain.origin import Origin
from persistence.reader import Reader, reader
from persistence.transaction import Transaction, transaction
from web.served import Served, served

Serving = Annotated[Served, Depends(served)]
"""What the application has in its hands."""


def origin(
    request: Request,
    reason: Annotated[
        str | None,
        Header(alias="X-Reason", max_length=2000, description="Why, in words; the audit log keeps it."),
    ] = None,
) -> Origin:
    """Return who asks for a write, and why; raises RequestValidationError for a reason that no row can keep."""
    state = request.state
    try:
        return Origin(actor=state.actor, request_id=state.request_id, reason=reason and _as_sent(reason))
    except ValidationError as error:
        details = [{**one, "loc": ("header", "X-Reason")} for one in error.errors(include_url=False)]
        raise RequestValidationError(details) from None


def _as_sent(header: str) -> str:
    """Return a header's text as UTF-8, which senders mean; HTTP alone knows Latin-1."""
    raw = header.encode("latin-1", errors="replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return header


Asker = Annotated[Origin, Depends(origin)]


async def open_reader(serving: Serving) -> AsyncIterator[Reader]:
    """Yield a reader, which is closed before the answer is sent."""
    async with reader(serving.database.sessions) as read:
        yield read


async def open_current_reader(serving: Serving) -> AsyncIterator[Reader]:
    """Yield a reader that sees what was just written, also where there is a replica."""
    async with reader(serving.database.sessions, current=True) as read:
        yield read


async def open_transaction(serving: Serving, asker: Asker) -> AsyncIterator[Transaction]:
    """Yield a transaction, which is committed before the answer is sent: what fails then is no 200."""
    async with transaction(serving.database.sessions, asker) as tx:
        yield tx


# FastAPI ends other scopes after the answer, and a failed commit would have been told as a success.
Read = Annotated[Reader, Depends(open_reader, scope="function")]
CurrentRead = Annotated[Reader, Depends(open_current_reader, scope="function")]
Write = Annotated[Transaction, Depends(open_transaction, scope="function")]
