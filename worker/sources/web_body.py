"""The body of an HTTP answer as a file, read by an event loop of its own that runs only while somebody reads."""

import asyncio
import io
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import quote

import aiohttp
from yarl import URL

from worker.sources.addresses import GuardedResolver, check_literal
from worker.sources.blocks import BLOCK
from worker.sources.errors import Redirected, UnreachableSource, UnreadableSource
from worker.sources.urls import Place, shown

PATIENCE = 60.0
"""Seconds for connecting, and seconds without a byte, after which a server is given up."""

_SAFE = "%/:@!$&'()*+,;=?~"
_REDIRECTS = range(300, 400)
_PASSING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
Found = TypeVar("Found")


def open_web(place: Place, *, private_hosts: bool, patience: float = PATIENCE) -> tuple[BinaryIO, int | None]:
    """Return the body at a URL, and its size where the server says it.

    Raises UnreadableSource, ForbiddenAddress, Redirected; reading raises UnreachableSource. Proxies of the
    environment are not used: behind one nobody could say which address is reached.
    """
    check_literal(place.host, private_hosts=private_hosts)
    body = _Body(place, private_hosts=private_hosts, patience=patience)
    try:
        size = body.open()
    except BaseException:
        body.close()
        raise
    return cast("BinaryIO", io.BufferedReader(body, BLOCK)), size


class _Body(io.RawIOBase):
    def __init__(self, place: Place, *, private_hosts: bool, patience: float) -> None:
        self._place = place
        self._url = shown(place.url)
        self._private_hosts = private_hosts
        self._patience = patience
        self._loop = asyncio.new_event_loop()
        self._session: aiohttp.ClientSession | None = None
        self._response: aiohttp.ClientResponse | None = None

    def open(self) -> int | None:
        """Ask for the body, and return its size."""
        self._response = response = self._run(self._ask())
        if response.status in _REDIRECTS:
            raise Redirected(self._url, shown(response.headers.get("Location", "")))
        if response.status != HTTPStatus.OK:
            is_passing = response.status in _PASSING or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            kind = UnreachableSource if is_passing else UnreadableSource
            raise kind(self._url, f"the server answers {response.status} {response.reason or ''}".rstrip())
        return response.content_length

    async def _ask(self) -> aiohttp.ClientResponse:
        limit = self._patience
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=GuardedResolver(private_hosts=self._private_hosts), use_dns_cache=False, limit=1
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=limit, sock_connect=limit, sock_read=limit),
            # What comes is what is stored: whether it is unpacked the source says, not the server.
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return await self._session.get(_as_compared(self._place), allow_redirects=False)

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # type: ignore[override]
        """Read what has come, and wait where nothing has."""
        if self._response is None:
            return 0
        found = self._run(self._response.content.read(len(buffer)))
        buffer[: len(found)] = found
        return len(found)

    def _run(self, what: Coroutine[Any, Any, Found]) -> Found:
        try:
            return self._loop.run_until_complete(what)
        except aiohttp.ClientPayloadError:
            why = "the server closed the connection before the end of what it had announced"
            raise UnreachableSource(self._url, why) from None
        except TimeoutError:
            raise UnreachableSource(self._url, f"not a byte came for {self._patience:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise UnreachableSource(
                self._url, f"cannot connect ({error.os_error.strerror or error.os_error})"
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            # Only the kind: the text may repeat the URL with its query.
            raise UnreachableSource(self._url, type(error).__name__) from None

    def close(self) -> None:
        """Give the connection up."""
        if not self.closed:
            super().close()
            self._loop.run_until_complete(self._leave())
            self._loop.close()

    async def _leave(self) -> None:
        if self._response is not None:
            self._response.close()
        if self._session is not None:
            await self._session.close()
        await asyncio.get_running_loop().shutdown_default_executor()


def _as_compared(place: Place) -> URL:
    """Return the URL of the place, which aiohttp is not to change any more."""
    return URL.build(
        scheme=place.protocol,
        host=place.host,
        port=place.port,
        path="/" + quote("/".join(place.segments), safe=_SAFE.replace("?", "")),
        query_string=quote(place.query, safe=_SAFE),
        encoded=True,
    )
