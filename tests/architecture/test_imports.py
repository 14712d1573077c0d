"""Nothing is created at import: no connection, no engine, no pool, no event loop."""

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

IMPORT_EVERYTHING = """
import gc, json, pkgutil, sys, threading
from importlib import import_module

touched = []
sys.addaudithook(lambda event, _: touched.append(event) if event.startswith(("socket.", "subprocess.")) else None)
names = [
    module.name
    for layer in ("domain", "persistence", "worker", "web")
    for module in pkgutil.walk_packages(import_module(layer).__path__, layer + ".")
    if not module.name.endswith("__main__")
]
for name in names:
    import_module(name)

from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from sqlalchemy import Engine, Pool
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

kinds = (ArqRedis, ConnectionPool, AbstractConnection, Engine, Pool, AsyncEngine, async_sessionmaker)
print(json.dumps({
    "names": names,
    "touched": touched,
    "created": [repr(found) for found in gc.get_objects() if isinstance(found, kinds)],
    "threads": threading.active_count(),
}))
"""


def test_importing_every_module_creates_nothing() -> None:
    """Imported without any setting in the environment, the program opens no socket and starts no process."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING], cwd=REPOSITORY, env={}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    some = {"domain.task", "persistence.transaction", "worker.composition", "worker.cli.main", "web.app"}
    assert some <= set(found["names"])
    assert found["touched"] == []
    assert found["created"] == []
    assert found["threads"] == 1
