"""The HTTP server of health and figures, in threads of its own: it answers also while a handler blocks the loop."""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

import structlog

from domain.errors import CounterfoilError
from worker.health.clients import Handler, ThreadingServer
from worker.settings import Settings

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


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
            return _figures(metrics, environ, start)
        if path not in checks:
            return _answer(start, HTTPStatus.NOT_FOUND, {"status": "not found", "known": [*checks, "/metrics"]})
        good, bad, check = checks[path]
        if reasons := check():
            return _answer(start, HTTPStatus.SERVICE_UNAVAILABLE, {"status": bad, "reasons": reasons})
        return _answer(start, HTTPStatus.OK, {"status": good})

    return application


def _figures(metrics: "WSGIApplication", environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    try:
        return metrics(environ, start)
    except Exception as error:  # noqa: BLE001 - such as a version that is no number: wsgiref would print a stack
        structlog.get_logger("counterfoil.health").warning("health.failed", error=type(error).__name__)
        return _answer(start, HTTPStatus.INTERNAL_SERVER_ERROR, {"status": f"failed ({type(error).__name__})"})


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
