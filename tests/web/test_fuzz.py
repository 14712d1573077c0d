"""The running process against its own document: schemathesis asks, and finds nothing that the document does not say."""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from persistence.sessions import Sessions
from tests.processes import REPOSITORY, worker_process
from tests.web_clients import TOKENS
from tests.web_processes import web_process
from tests.worlds import plant
from worker.settings import Settings

SECONDS = int(os.environ.get("FUZZ_SECONDS", "12"))
SEED = os.environ.get("FUZZ_SEED", "1")


@pytest.mark.timeout(SECONDS * 3 + 120)
async def test_no_request_finds_what_the_document_does_not_say(
    settings: Settings, sessions: Sessions, tmp_path: Path
) -> None:
    """No 5xx, no undocumented status, type, header or shape, no unfit data accepted, no way round the token."""
    await plant(sessions)
    with web_process(settings, tmp_path / "web") as web, worker_process(settings, tmp_path / "worker"):
        command = [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", REPOSITORY / "tests" / "web" / "schemathesis.toml"),
            *("run", f"http://127.0.0.1:{web.port}/openapi.json", "--header", f"Authorization: Bearer {TOKENS['ada']}"),
            *("--checks", "all", "--max-time", str(SECONDS), "--seed", SEED, "--continue-on-failure"),
        ]
        run = partial(subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False)
        done = await asyncio.to_thread(run)
        (tmp_path / "report").write_text(done.stdout + done.stderr)
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
        failed = [line for line in web.lines() if line["event"] == "http.failed"]
        assert failed == []
