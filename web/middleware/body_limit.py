"""How much a request may bring: refused by its header, or as soon as more has come than the header said."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import problem


class BodyLimit:
    """Refuses bodies of more than so many bytes."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Take the application inside."""
        self._app, self._max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("Content-Length", "0")
        if said.isdecimal() and int(said) > self._max_bytes:
            await problem(scope, 413, self._sentence(said))(scope, receive, send)
            return
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._max_bytes:
                raise HTTPException(413, self._sentence(f"at least {came}"))
            return message

        await self._app(scope, counted, send)

    def _sentence(self, size: str) -> str:
        return f"the body has {size} bytes, at most {self._max_bytes}: send less, or raise COUNTERFOIL_WEB_MAX_BYTES"
