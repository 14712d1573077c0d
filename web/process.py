"""The server process: uvicorn round the application, which ends endless answers as soon as it is asked to stop."""

import signal
from socket import socket
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from web.app import create_app
from web.settings import WebSettings

MAX_HEAD_BYTES = 256 * 1024
"""Bytes of a request's line and headers.

A cursor, a sort and a list of relations as long as the document allows take 72 KB when each character is
percent-encoded, and uvicorn's own limit of 64 KB answers without problem details.
"""


class _Server(uvicorn.Server):
    """Says where it listens, and tells the application of a signal at once: uvicorn waits for answers to end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._served_app = app

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            host, port = server.sockets[0].getsockname()[:2]
            structlog.get_logger("counterfoil.web").info("web.listening", host=host, port=port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if (served := getattr(self._served_app.state, "served", None)) is not None:
            served.stopping.set()
        super().handle_exit(sig, frame)


def serve(settings: WebSettings) -> bool:
    """Serve until a signal; returns whether the application could be started."""
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.web_host,
        port=settings.web_port,
        lifespan="on",
        log_config=None,  # ours are configured, and hold uvicorn's too
        access_log=False,  # web.middleware.metering tells more
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=settings.web_shutdown_grace,
    )
    server = _Server(config, app)
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises the signal once more when it has ended: with nobody there, the exit code would be a failure's.
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    server.run()
    return server.started
