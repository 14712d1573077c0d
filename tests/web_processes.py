"""Web processes: each with the environment of a test's settings; none outlives its test."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.processes import DEADLINE, REPOSITORY, Running
from tests.waiting import wait_until
from tests.web_clients import TOKENS, web_environment
from worker.settings import Settings


@dataclass(frozen=True)
class Serving(Running):
    """A process that serves, and the port on which it does."""

    port: int

    def client(self, actor: str = "ada") -> httpx.AsyncClient:
        """Return a client of it with the actor's token."""
        headers = {"Authorization": f"Bearer {TOKENS[actor]}"}
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=DEADLINE)


@contextmanager
def web_process(settings: Settings, log: Path, **extra: str) -> Iterator[Serving]:
    """Run `python -m web` on a free port, which logs JSON lines, and yield it as soon as it listens."""
    given = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(REPOSITORY),
        **web_environment(settings, COUNTERFOIL_WEB_PORT="0", COUNTERFOIL_LOG_FORMAT="json", **extra),
    }
    with log.open("w") as stream:
        process = subprocess.Popen([sys.executable, "-m", "web"], env=given, stderr=stream, text=True)
    with process:
        try:
            running = Running(process, log)

            def listens() -> bool:
                assert process.poll() is None, log.read_text()
                return running.said("web.listening")

            wait_until(listens, "the web process listens")
            (line,) = [line for line in running.lines() if line["event"] == "web.listening"]
            yield Serving(process, log, int(line["port"]))
        finally:
            process.kill()
