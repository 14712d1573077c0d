"""The embedded servers run for root and for ordinary users, and change nobody's folders but their own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import (
    NAMELESS,
    NOBODY,
    are_gone,
    needs_root,
    python_for,
    query,
    serving,
)
from tests.waiting import wait_until
from worker.embedded import (
    DataUnreachable,
    embedded_postgres,
)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a folder that every user can enter and write in, unlike pytest's own, which root keeps to itself."""
    folder = Path(tempfile.mkdtemp(prefix="counterfoil-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@needs_root
@pytest.mark.parametrize("user", [NOBODY, NAMELESS])
def test_an_ordinary_user_needs_nothing_special(open_folder: Path, user: int) -> None:
    """The servers run for a user that is not root, also for one whom the user database does not know."""
    with serving(open_folder / "data", python=python_for(user), user=user) as (_, urls):
        assert query(urls.database_url, "SELECT 1") == 1
        assert (open_folder / "data/postgres/cluster").stat().st_uid == user


@needs_root
def test_root_does_without_user_namespaces(open_folder: Path) -> None:
    """Where namespaces are refused, as in many containers, PostgreSQL runs as nobody; later it may run in one again."""
    (open_folder / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (open_folder / "unshare").chmod(0o755)
    path = {"PATH": f"{open_folder}:{os.environ['PATH']}"}
    data = open_folder / "data"
    python_for(NOBODY)
    with serving(data, env=path) as (process, urls):
        assert query(urls.database_url, "CREATE TABLE kept AS SELECT 42 AS answer") is None
        assert (data / "postgres/cluster").stat().st_uid == NOBODY
        process.kill()
        wait_until(lambda: are_gone(data, urls), "the servers are gone, also those of another user")
    with serving(data) as (_, urls):
        assert query(urls.database_url, "SELECT answer FROM kept") == 42


@needs_root
def test_root_that_has_nobody_to_run_postgres_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without namespaces, and with a folder that nobody may not enter, a one-line error names the folder."""
    for program in ("unshare", "setpriv"):
        (tmp_path / program).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(DataUnreachable, match=r"data cannot be used: PostgreSQL refuses user 0.* run as") as refused:
        embedded_postgres(tmp_path / "data").__enter__()
    assert "\n" not in str(refused.value)
