"""The last net: an error that nothing else has answered becomes a problem without a word of it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.refusals import failure


class Failures:
    """Answers unforeseen errors; where the answer has begun already, the connection is cut by raising on."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application inside."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            await failure(scope, error)(scope, receive, send)
