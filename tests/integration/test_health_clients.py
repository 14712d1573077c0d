"""Clients of the health port that dawdle, or ask for nonsense: the probes are answered all the same."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from arq.connections import ArqRedis

from persistence.database import Database
from tests.health import get
from tests.waiting import DEADLINE
from tests.workers import reporting_worker
from worker.health import clients
from worker.health.clients import MOST_CLIENTS, Handler
from worker.health.server import routes, serving
from worker.settings import Settings

HALF = b"GET /live HTTP/1.0\r\nX: "


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Serve on a port; silence alone ends no client, however long."""
    monkeypatch.setattr(Handler, "timeout", None)
    with serving(routes(list, list, lambda *_: []), "127.0.0.1", 0) as port:
        yield port


def dawdling(port: int) -> socket.socket:
    """Return a connection on which half of a request was sent."""
    client = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    client.sendall(HALF)
    return client


def test_those_who_dawdle_do_not_keep_the_probes_out(port: int) -> None:
    """The oldest makes way for the next, so that threads and file descriptors are left for jobs."""
    with ExitStack() as stack:
        slow = [stack.enter_context(dawdling(port)) for _ in range(MOST_CLIENTS)]
        assert get(port, "/live")[0] == 200
        assert slow[0].recv(1) == b""


def test_a_client_that_dawdles_is_sent_away(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However busily it sends: its time is counted from the beginning."""
    monkeypatch.setattr(clients, "LONGEST_SECONDS", 0)
    with dawdling(port) as slow:
        assert slow.recv(1) == b""


async def test_figures_asked_for_in_a_version_that_is_no_number_are_refused_without_a_stack(
    settings: Settings, database: Database, redis: ArqRedis, capfd: pytest.CaptureFixture[str]
) -> None:
    """A stack would stand in the middle of a log of JSON lines."""
    async with reporting_worker(settings, database, redis) as (_, port):
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
            client.sendall(b"GET /metrics HTTP/1.0\r\nAccept: application/openmetrics-text; version=new\r\n\r\n")
            assert client.makefile().readline().startswith("HTTP/1.0 500")
    assert "Traceback" not in capfd.readouterr().err
