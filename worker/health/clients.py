"""The clients of health and figures: a thread for each, so many at a time, and none for ever."""

import socket
import sys
from socketserver import ThreadingMixIn
from time import monotonic
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog

CLIENT_SECONDS = 5.0
"""How long a client may be silent: one that says nothing must not hold a thread for ever."""

LONGEST_SECONDS = 30.0
"""How long a client may stay: one that sends a letter every second must not, either."""

MOST_CLIENTS = 64
"""Clients at a time; the oldest makes way for the next, so that those who dawdle do not keep the probes out.

Each takes a thread and a file descriptor, which jobs need too.
"""


class Handler(WSGIRequestHandler):
    """Reads one request, and logs none: probes come every few seconds."""

    timeout = CLIENT_SECONDS

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """A thread for each request, none of which holds up the end of the process."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 2 * MOST_CLIENTS  # the default is 5: the next of a burst would wait for a second

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - as the server takes them
        """Bind, and begin without a client."""
        self._since: dict[socket.socket, float] = {}
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Take a client, in the place of the oldest where there are too many."""
        if len(self._since) >= MOST_CLIENTS:
            self._send_away(min(list(self._since.items()), key=lambda client: client[1])[0])
        self._since[request] = monotonic()
        super().process_request(request, client_address)

    def service_actions(self) -> None:
        """Send those away that have been here too long; called several times a second."""
        now = monotonic()
        for request, since in list(self._since.items()):
            if now - since > LONGEST_SECONDS:
                self._send_away(request)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - socketserver's signature
        """Close a connection."""
        self._since.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, *_: object) -> None:
        """Log what broke by its class; a client that went away is no news."""
        if not isinstance(error := sys.exc_info()[1], ConnectionError | TimeoutError):
            structlog.get_logger("counterfoil.health").warning("health.failed", error=type(error).__name__)

    def _send_away(self, request: socket.socket) -> None:
        """End a connection: the thread that reads from it comes to its end, and closes it."""
        self._since.pop(request, None)
        try:
            request.shutdown(socket.SHUT_RDWR)
        except OSError:  # it has just gone
            return
