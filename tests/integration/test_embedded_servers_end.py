"""The embedded servers never outlive the process that started them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving import (
    REPOSITORY,
    SERVE_UNTIL_STDIN_CLOSES,
    SITE_PACKAGES,
    are_gone,
    is_free,
    needs_death_signal,
    query,
    serving,
)
from tests.waiting import wait_until
from worker.embedded import (
    embedded_postgres,
    embedded_servers,
)


def test_servers_are_gone_after_the_block(tmp_path: Path) -> None:
    """Leaving the block, by an exception as well, ends both servers before it returns."""
    with pytest.raises(ZeroDivisionError), embedded_servers(tmp_path / "data", durable=False) as urls:
        raise ZeroDivisionError
    assert are_gone(tmp_path / "data", urls)


def test_servers_are_gone_after_ctrl_c(tmp_path: Path) -> None:
    """SIGINT to the process that holds the servers ends them before it ends itself."""
    with serving(tmp_path / "data") as (process, urls):
        process.send_signal(signal.SIGINT)
        process.wait()
        assert are_gone(tmp_path / "data", urls)


@needs_death_signal
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_servers_end_with_a_process_that_cannot_stop_them(tmp_path: Path, signum: signal.Signals) -> None:
    """Killed without a chance to clean up, the process still takes its servers with it, in order."""
    with serving(tmp_path / "data") as (process, urls):
        process.send_signal(signum)
        wait_until(lambda: are_gone(tmp_path / "data", urls), f"the servers are gone after {signum.name}")


@needs_death_signal
def test_a_folder_can_be_used_right_after_its_process_was_killed(tmp_path: Path) -> None:
    """A start while the servers of a killed process are still on their way out waits for them and keeps their data."""
    with serving(tmp_path / "data") as (process, urls):
        query(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer")
        postmaster = int((tmp_path / "data/postgres/cluster/postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)
        try:
            process.kill()
            process.wait()
            assert not is_free(tmp_path / "data/postgres.lock")
        finally:
            os.kill(postmaster, signal.SIGCONT)
        with embedded_postgres(tmp_path / "data", durable=False) as database_url:
            assert query(database_url, "SELECT answer FROM kept") == 42


@needs_death_signal
def test_a_first_start_that_was_killed_halfway_leaves_a_usable_folder(tmp_path: Path) -> None:
    """A half-made cluster is thrown away by the next start."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE_UNTIL_STDIN_CLOSES, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": f"{REPOSITORY}:{SITE_PACKAGES}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    ) as process:
        wait_until((tmp_path / "postgres.new/cluster/base").exists, "the cluster is half made")
        process.kill()
    assert not (tmp_path / "postgres").exists()
    with embedded_postgres(tmp_path, durable=False) as database_url:
        assert query(database_url, "SELECT 1") == 1
