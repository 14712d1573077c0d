"""Migrations of a team's own entities, in a folder of the team's own, written by `counterfoil revision`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.util.exc import CommandError

from persistence.revisions import alembic_config
from tests.migrations.catalogue import catalogue
from worker.environment import load_settings
from worker.settings import Settings

REPOSITORY = Path(__file__).parents[2]
GADGETS = '''
from typing import ClassVar
from sqlmodel import Field, SQLModel
from domain.entity import Entity, Schema, live_key, partial

class GadgetFields(SQLModel):
    code: str = Field(max_length=20)
    project_id: int = Field(foreign_key="project.id", index=True)

class GadgetCreate(GadgetFields, Schema):
    """A new gadget."""

class Gadget(GadgetFields, Entity, table=True):
    __tablename__ = "gadget"
    __table_args__ = (live_key("gadget", "code"),)
    natural_key: ClassVar[str | None] = "code"
    create_schema: ClassVar[type[SQLModel]] = GadgetCreate
    update_schema: ClassVar[type[SQLModel]] = partial(GadgetCreate, "GadgetUpdate")
'''
LOCK_TIMEOUT_IS_SET = """
    assert op.get_bind().exec_driver_sql("SHOW lock_timeout").scalar() == "5s"
"""


@pytest.fixture
def team(empty: Settings, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a team with an entity of its own."""
    (tmp_path / "gadgets.py").write_text(GADGETS)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERFOIL_")}
    return inherited | {
        "DATABASE_URL": empty.database_url.get_secret_value(),
        "REDIS_URL": empty.redis_url.get_secret_value(),
        "COUNTERFOIL_ENTITIES": "domain.task_manager,gadgets",
        "COUNTERFOIL_VERSIONS": str(tmp_path / "versions"),
        "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}",
    }


def run_python(team: dict[str, str], *arguments: str) -> str:
    """Run Python in a process of its own, so that the team's table stays out of this one; return what it printed."""
    done = subprocess.run([sys.executable, *arguments], env=team, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_revision_is_written_applied_and_clean(team: dict[str, str], empty: Settings, tmp_path: Path) -> None:
    """The written file needs no correction by hand, runs with the lock timeout, and can be taken back."""
    command.upgrade(alembic_config(empty), "heads")
    shipped = catalogue(empty)
    run_python(team, "-m", "worker.cli", "revision", "add gadgets")
    (file,) = (tmp_path / "versions").glob("*.py")
    file.write_text(
        file.read_text().replace('"""Apply the change."""', f'"""Apply the change."""{LOCK_TIMEOUT_IS_SET}')
    )
    run_python(team, "-c", "from tests.migrations.test_own_versions import *; upgrade_and_check()")
    assert any(line.startswith("index CREATE UNIQUE INDEX uq_gadget_code_live") for line in catalogue(empty))
    run_python(team, "-m", "worker.cli", "migrate", "downgrade")
    assert catalogue(empty) == shipped


def upgrade_and_check() -> None:
    """Apply the team's migrations as the environment says, and compare the database with the entities."""
    config = alembic_config(load_settings())
    with pytest.raises(CommandError, match="not up to date"):
        command.check(config)
    command.upgrade(config, "heads")
    command.check(config)
