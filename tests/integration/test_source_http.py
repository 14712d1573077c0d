"""Reading from a real HTTP server: bodies, answers that are none, redirects, addresses and patience."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from worker.sources.errors import ForbiddenAddress, Redirected, UnreachableSource, UnreadableSource
from worker.sources.open import open_url
from worker.sources.roots import Roots
from worker.sources.web_body import open_web

BODY = b"a,b\n" + b"1,2\n" * 500_000


class Exports(BaseHTTPRequestHandler):
    """Answers by the path."""

    done = threading.Event()

    def do_GET(self) -> None:
        """Answer."""
        match self.path.partition("?")[0]:
            case "/a%20b.csv":
                self._answer(200, BODY, length=len(BODY))
            case "/short.csv":
                self._answer(200, BODY[:100], length=len(BODY))
            case "/chunks.csv":
                self._answer(200, b"4\r\na\n1\n\r\n0\r\n\r\n", encoding="chunked")
            case "/cut.csv":
                self._answer(200, b"4\r\na\n1\n\r\n", encoding="chunked")
            case "/slow.csv":
                self._answer(200, b"a", length=2)
                self.done.wait(30)
            case "/moved.csv":
                self._answer(302, b"", location="http://elsewhere.example/x?sig=topsecret", length=0)
            case _:
                self._answer(404, b"no", length=2)

    def _answer(
        self, status: int, body: bytes, *, length: int | None = None, encoding: str = "", location: str = ""
    ) -> None:
        self.protocol_version = "HTTP/1.1"
        self.close_connection = True
        self.send_response(status)
        headers = {"Content-Length": length, "Transfer-Encoding": encoding, "Location": location, "Connection": "close"}
        for name, value in headers.items():
            if value not in {None, ""}:
                self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Say nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Serve in a thread, and return the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exports) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        Exports.done.set()
        server.shutdown()
        thread.join()


def roots(port: int, host: str = "127.0.0.1", *, private_hosts: bool = True) -> Roots:
    """Return the server as the one root."""
    return Roots.parse((f"http://{host}:{port}/",), private_hosts=private_hosts)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_body_is_read_with_its_size(port: int, host: str) -> None:
    """In pieces, by the path as it was compared."""
    with open_url(f"http://{host}:{port}/x/../a%20b.csv?sig=1", roots(port, host)) as opened:
        assert opened.size == len(BODY)
        assert b"".join(iter(lambda: opened.stream.read(300_000), b"")) == BODY


def test_a_body_without_a_length_is_read_to_its_end(port: int) -> None:
    """In chunks, as a server sends what it still computes."""
    with open_url(f"http://127.0.0.1:{port}/chunks.csv", roots(port)) as opened:
        assert (opened.size, opened.stream.read()) == (None, b"a\n1\n")


@pytest.mark.parametrize("name", ["short", "cut"])
def test_a_body_shorter_than_announced_is_an_error(port: int, name: str) -> None:
    """A connection that broke must not pass for the end of a file."""
    with (
        open_url(f"http://127.0.0.1:{port}/{name}.csv", roots(port)) as opened,
        pytest.raises(UnreachableSource, match=f"{name}.csv: the server closed the connection"),
    ):
        opened.stream.read()


def test_a_redirect_is_named_and_not_followed(port: int) -> None:
    """It may lead anywhere; its query may be a secret."""
    with pytest.raises(Redirected, match=r"redirects to http://elsewhere\.example/x, and is not") as refused:
        open_url(f"http://127.0.0.1:{port}/moved.csv", roots(port))
    assert "topsecret" not in str(refused.value)


def test_an_answer_that_is_no_body_is_an_error(port: int) -> None:
    """With its number, and without the query."""
    with pytest.raises(UnreadableSource, match=r"/none\.csv: the server answers 404 Not Found$"):
        open_url(f"http://127.0.0.1:{port}/none.csv?sig=topsecret", roots(port))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]"])
def test_the_own_network_is_not_reached_without_the_switch(port: int, host: str) -> None:
    """Whatever name an address has: it is looked at when it is known, before the connection."""
    with pytest.raises(ForbiddenAddress, match="is not public"):
        open_url(f"http://{host}:{port}/a%20b.csv", roots(port, host, private_hosts=False))


@pytest.mark.parametrize("private_hosts", [True, False])
def test_link_local_addresses_are_refused_with_the_switch_too(private_hosts: bool) -> None:  # noqa: FBT001
    """Before anything is sent."""
    one = Roots.parse(("http://169.254.169.254/",), private_hosts=private_hosts)
    with pytest.raises(ForbiddenAddress, match="never read"):
        open_url("http://169.254.169.254/latest/meta-data/", one)


def test_a_server_that_falls_silent_is_given_up(port: int) -> None:
    """It would hold a worker's slot for ever."""
    place = roots(port).admit(f"http://127.0.0.1:{port}/slow.csv")
    stream, _ = open_web(place, private_hosts=True, patience=0.2)
    with stream, pytest.raises(UnreadableSource, match=r"not a byte came for 0\.2 s"):
        stream.read()


def test_a_server_that_is_not_there_is_named() -> None:
    """With the URL and the reason."""
    with socket.socket() as bound:  # nobody listens on it
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(UnreadableSource, match=f"http://127.0.0.1:{port}/a: cannot connect"):
            open_url(f"http://127.0.0.1:{port}/a", roots(port))
