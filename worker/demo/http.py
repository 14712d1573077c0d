"""The demonstration's part over HTTP: the web process beside the worker, and the requests that a person would type."""

import hashlib
import http.client
import importlib.util
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from worker.demo.script import PROJECT, TASK, StepFailedError

ACTOR = "dora"
_READY_SECONDS = 20.0


def over_http(environment: Mapping[str, str], log: Path) -> int:
    """Show requests and return how many rows they updated; without the extra `web` only say so.

    Raises StepFailedError.
    """
    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")):
        print("\n# Over HTTP: not shown, because counterfoil[web] is not installed")
        return 0
    with _web_process(environment, log) as web:
        web.tell()
    return 1


@contextmanager
def _web_process(environment: Mapping[str, str], log: Path) -> Iterator["_Web"]:
    """Run `counterfoil-web` on a free port for the time of the block, its log in a file; ends it by SIGTERM."""
    token = secrets.token_urlsafe(32)
    given = {
        **environment,
        "COUNTERFOIL_WEB_PORT": "0",
        "COUNTERFOIL_WEB_TOKENS": f"{ACTOR}={hashlib.sha256(token.encode()).hexdigest()}",
        "COUNTERFOIL_LOG_FORMAT": "json",
    }
    with log.open("wb") as stream:
        web = subprocess.Popen([sys.executable, "-m", "web"], env=given, stderr=stream, start_new_session=True)
        try:
            yield _Web(_port(web, log), token)
        finally:
            web.terminate()
            web.wait()


class _Web:
    """A web process that listens."""

    def __init__(self, port: int, token: str) -> None:
        """Take its port, and the token of an actor that it knows."""
        self._port, self._token = port, token

    def tell(self) -> None:
        """Send the requests of the story, each printed with what came back; raises StepFailedError."""
        print("\n# The same data over HTTP")
        found = self._ask("GET", f"/tasks?project__key={PROJECT}&priority=high&sort=-key&limit=2&load=assignee")
        for task in json.loads(found)["items"]:
            print(f"  {task['key']}: {task['title']} ({task['status']}, {task['assignee']['key']})")
        body = {"entity": "task", "key": TASK, "changes": {"status": "done"}}
        print("\n# A job over HTTP, followed to its end")
        accepted = json.loads(self._ask("POST", "/jobs/update", body))
        events = self._ask("GET", f"/jobs/{quote(accepted['id'])}/events")
        ended = json.loads(events.strip().rpartition("data: ")[2])
        print(f"  job {accepted['id']}: {ended['state']}, {json.dumps(ended['result'])}")
        if ended["state"] != "succeeded":
            raise StepFailedError(f"the job over HTTP ended as {ended['state']}, expected succeeded")

    def _ask(self, method: str, path: str, body: object = None) -> str:
        given = "" if body is None else f" -H 'Content-Type: application/json' -d '{json.dumps(body)}'"
        verb = "" if method == "GET" else f"-X {method} "
        print(f"$ curl {verb}-H \"Authorization: Bearer $TOKEN\" '127.0.0.1:{self._port}{path}'{given}", flush=True)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise StepFailedError(f"{method} {path} was answered with {answer.status}: {text}")
        return text


def _port(web: "subprocess.Popen[bytes]", log: Path) -> int:
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        for line in log.read_text().splitlines(keepends=True):
            told = json.loads(line) if line.startswith("{") and line.endswith("\n") else {}
            if told.get("event") == "web.listening":
                return int(told["port"])
        if web.poll() is not None or time.monotonic() > deadline:
            why = f"the web process did not start within {_READY_SECONDS:.0f} s; see {os.fspath(log)}"
            raise StepFailedError(why)
        time.sleep(0.02)
