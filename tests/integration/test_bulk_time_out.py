"""How long a load may take: as long as its batches come."""

from pathlib import Path

import pytest
from arq.connections import ArqRedis

import worker.functions
from persistence.database import Database
from persistence.sessions import Sessions
from tests.imports import counts, imported, working
from tests.worlds import plant
from worker.settings import Settings

ROWS = 150_000


@pytest.mark.own_engine(reason="stock arq's own time counts from the start")
async def test_the_time_of_a_load_counts_from_its_last_batch(  # noqa: PLR0913, PLR0917 - fixtures
    settings: Settings,
    database: Database,
    sessions: Sessions,
    redis: ArqRedis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A job that takes several times what a job may is none that hangs; the engine's own limit sees it too."""
    monkeypatch.setattr(worker.functions, "ARQ_PATIENCE", 0.2)
    await plant(sessions, tasks=0)
    file = tmp_path / "tasks.csv"
    file.write_text("key,title,project.key\n" + "".join(f"k{row},Task {row},alpha\n" for row in range(ROWS)))
    short = settings.model_copy(update={"job_timeout": 1.0})
    async with working(short, database, redis):
        summary = await imported(short, file, "task")
    assert summary["seconds"] > short.job_timeout + 0.2  # else this would prove nothing
    assert counts(summary) == (ROWS, 0, 0, 0)
