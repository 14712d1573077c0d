"""Each request as one log line and as figures, by the pattern of its path: ids make no series."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from persistence.watch.scope import statement_scope
from web.metrics import Metrics

_UNMATCHED = "(none)"
_CUT = 499
"""The status of a request whose sender went before there was an answer, as nginx logs it."""


class Metering:
    """Counts and times requests."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Take the application inside, and where to count."""
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), _CUT

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._metrics.running.track_inprogress(), statement_scope(f"{scope['method']} {scope['path']}"):
            try:
                await self._app(scope, receive, answer)
            finally:
                self._tell(scope, status, time.perf_counter() - started)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", _UNMATCHED)
        # A sender may make up methods, and a path is matched before its methods are.
        method = scope["method"] if scope["method"] in (getattr(route, "methods", None) or ()) else _UNMATCHED
        self._metrics.requests.labels(method, path, str(status)).inc()
        self._metrics.seconds.labels(method, path).observe(seconds)
        if not path.startswith(("/health", "/metrics")):
            log = structlog.get_logger("counterfoil.web")
            log.info("http.request", method=method, path=path, status=status, seconds=round(seconds, 4))
