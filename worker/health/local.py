"""Health and figures over a Unix socket: from a worker process to its parent, and to nobody else on the machine."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIServer

from worker.health.clients import Handler, ThreadingServer
from worker.health.server import CannotListen, served

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

PATIENCE_SECONDS = 2.0
"""How long a process may take for its answer; it comes from a thread, and needs no server."""


class NoAnswer(Exception):
    """A process that does not answer in time; the message is the reason in a word."""


class NobodyThere(NoAnswer):
    """A process that has not come up, or has just ended: its parent knows."""


def socket_of(folder: Path, pid: int) -> Path:
    """Return where the process `pid` serves; a short name, since a socket's path has at most some 100 bytes."""
    return folder / str(pid)


@contextmanager
def serving_locally(application: "WSGIApplication", path: Path) -> Iterator[None]:
    """Serve the application on a socket at `path` for the time of the block; raises CannotListen."""
    try:
        server = _Server(path)
    except OSError as error:
        raise CannotListen(str(path), 0, error.strerror or str(error)) from error
    with served(server, application):
        yield


def ask(path: Path, what: str) -> tuple[int, str]:
    """Return status and text of one request to the socket at `path`; raises NoAnswer."""
    connection = _Connection(path)
    try:
        connection.request("GET", what)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (FileNotFoundError, ConnectionError) as error:
        raise NobodyThere("it starts, or has just ended") from error
    except (OSError, HTTPException) as error:
        raise NoAnswer(type(error).__name__) from error
    finally:
        connection.close()


class _Connection(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE_SECONDS)
        self.sock.connect(str(self._path))


class _Server(ThreadingServer):
    """Listens on a path."""

    address_family = socket.AF_UNIX

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(("localhost", 0), Handler)

    def server_bind(self) -> None:
        self.socket.bind(str(self._path))
        self.server_name, self.server_port = "localhost", 0
        self.setup_environ()

    def get_request(self) -> tuple[Any, Any]:
        connection, _ = super(WSGIServer, self).get_request()
        return connection, ("localhost", 0)  # a Unix socket's client has no address, and wsgiref wants one
