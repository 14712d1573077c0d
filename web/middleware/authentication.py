"""Who asks: the actor of a bearer token. Every path wants one, but those that are named here as open."""

import re

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from web.problems import problem
from web.tokens import Tokens

OPEN = frozenset({"/health/live", "/health/ready", "/openapi.json", "/docs", "/problems"})
"""Paths that tell nothing of the data."""

_READS = frozenset({"GET", "HEAD"})


class Authentication:
    """Puts the actor into the request's state, or refuses before a byte of the body is read.

    A path that somebody adds and forgets about is closed: what is open is listed, never what is closed.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, readable: frozenset[str] = frozenset()) -> None:
        """Take the application inside; what lies below the roots `readable` everybody may read."""
        self._app, self._tokens, self._readable = app, tokens, readable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).getlist("Authorization")
        # Of several, a proxy in front may have looked at another one.
        actor = self._actor(given[0]) if len(given) == 1 else None
        if actor is None and (given or not self._may_all(scope)):
            await self._refuse(scope, receive, send, given=bool(given))
            return
        scope.setdefault("state", {})["actor"] = actor
        with structlog.contextvars.bound_contextvars(**({"actor": actor} if actor else {})):
            await self._app(scope, receive, send)

    def _actor(self, header: str) -> str | None:
        scheme, _, token = header.partition(" ")
        return self._tokens.actor(token.strip()) if scheme.lower() == "bearer" else None

    def _may_all(self, scope: Scope) -> bool:
        root = re.split("[/:]", scope["path"].lstrip("/"), maxsplit=1)[0]
        return scope["method"] in _READS and root in self._readable

    @staticmethod
    async def _refuse(scope: Scope, receive: Receive, send: Send, *, given: bool) -> None:
        # RFC 6750, section 3: without any token no error is named.
        challenge = 'Bearer realm="counterfoil"' + (', error="invalid_token"' if given else "")
        detail = "this token is not known" if given else "say who asks, as Authorization: Bearer TOKEN"
        answer = problem(scope, 401, detail, headers={"WWW-Authenticate": challenge})
        await answer(scope, receive, send)
