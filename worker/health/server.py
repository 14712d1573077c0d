"""The HTTP server of health and figures, in threads of its own: it answers also while a handler blocks the loop."""

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog

from domain.errors import CounterfoilError
from worker.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

CLIENT_SECONDS = 5.0
"""How long a client may take over its request: one that says nothing must not hold a thread for ever."""


MOST_REQUESTS = 100
"""How many requests are answered at a time, a thread each; probes and scrapers are a handful."""


@dataclass(eq=False)
class CannotListen(CounterfoilError):
    """An address on which nobody can listen: it is in use, or not this machine's."""

    host: str
    port: int
    why: str

    def __str__(self) -> str:
        """Name the address, the reason and the way out."""
        way_out = (
            "set COUNTERFOIL_HEALTH_PORT or --health-port to a free one (0: any), or correct COUNTERFOIL_HEALTH_HOST"
        )
        return f"cannot listen on {self.host} port {self.port} ({self.why}); {way_out}"


def routes(
    lives: Callable[[], list[str]], claims: Callable[[], list[str]], metrics: "WSGIApplication"
) -> "WSGIApplication":
    """Return the application: /live and /ready are 200, or 503 with the reasons that the functions return; /metrics."""
    checks = {"/live": ("live", "stuck", lives), "/ready": ("ready", "not ready", claims)}

    def application(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _answer(start, HTTPStatus.METHOD_NOT_ALLOWED, {"status": "only GET and HEAD are understood"})
        if path == "/metrics":
            return metrics(environ, start)
        if path not in checks:
            return _answer(start, HTTPStatus.NOT_FOUND, {"status": "not found", "known": [*checks, "/metrics"]})
        good, bad, check = checks[path]
        if reasons := check():
            return _answer(start, HTTPStatus.SERVICE_UNAVAILABLE, {"status": bad, "reasons": reasons})
        return _answer(start, HTTPStatus.OK, {"status": good})

    return application


@contextmanager
def serving(application: "WSGIApplication", host: str, port: int) -> Iterator[int]:
    """Serve the application for the time of the block, and yield the port; raises CannotListen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        server = _Server((host, port), family)
    except OSError as error:
        raise CannotListen(host, port, error.strerror or str(error)) from error
    with served(server, application):
        yield server.server_port


@contextmanager
def listening(application: "WSGIApplication", settings: Settings) -> Iterator[int]:
    """Serve the application where the settings say, and log where that is; yields the port, raises CannotListen."""
    with serving(application, settings.health_host, settings.health_port or 0) as port:
        structlog.get_logger("counterfoil.health").info("health.listening", host=settings.health_host, port=port)
        yield port


@contextmanager
def served(server: WSGIServer, application: "WSGIApplication") -> Iterator[None]:
    """Run a bound server in a thread for the time of the block."""
    server.set_app(application)
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True, kwargs={"poll_interval": 0.1})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(start: "StartResponse", status: HTTPStatus, body: Mapping[str, Any]) -> list[bytes]:
    text = json.dumps(body).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(text))), ("Cache-Control", "no-store")]
    start(f"{status.value} {status.phrase}", headers)
    return [text]


class Handler(WSGIRequestHandler):
    """Reads one request, and logs none: probes come every few seconds."""

    timeout = CLIENT_SECONDS

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """A thread for each request, up to a number, none of which holds up the end of the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = MOST_REQUESTS

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401 - as the library takes them
        """Take what the library takes."""
        self._room = threading.BoundedSemaphore(MOST_REQUESTS)
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's types
        """Answer in a thread, or hang up where too many are at work: slow clients must not fill the worker's memory."""
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's types
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, *_: object) -> None:
        """Log what broke by its class; a client that went away is no news."""
        if not isinstance(error := sys.exc_info()[1], ConnectionError | TimeoutError):
            structlog.get_logger("counterfoil.health").warning("health.failed", error=type(error).__name__)


class _Server(ThreadingServer):
    """Listens on a host and port."""

    def __init__(self, address: tuple[str, int], family: socket.AddressFamily) -> None:
        self.address_family = family
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        # Not http.server's own, which asks the name server for this machine's name, and may wait long for it.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()
