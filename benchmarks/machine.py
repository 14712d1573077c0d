"""On what it was measured."""

import os
import platform
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from benchmarks.contenders import ENVIRONMENTS
from benchmarks.databases import connected


async def described(database_url: str, redis_url: str) -> dict[str, str]:
    """Return the machine and the servers, in words."""
    async with connected(database_url) as connection:
        postgres = await connection.fetchval("SHOW server_version")
        settings = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    client: Any = Redis.from_url(redis_url)
    async with client:
        server = await client.info("server")
        appendonly = (await client.config_get("appendonly"))["appendonly"]
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "system": platform.system(),
        "Python": platform.python_version(),
        "PostgreSQL": str(postgres).partition(" ")[0],
        "PostgreSQL settings": ", ".join(f"{name}={value}" for name, value in settings.items()),
        "Redis": f"{server.get('server_name', 'redis')} {server.get('valkey_version', server['redis_version'])}",
        "Redis settings": f"appendonly={appendonly}",
    }


def prefer_new_redis() -> None:
    """Let the embedded server be the Valkey of the benchmark's environment: streaQ wants functions, as of Redis 7.

    Without that environment it is the project's own, Redis 6.2; a machine's own `redis-server` comes before both.
    """
    for program in ENVIRONMENTS.glob("servers/lib/**/valkey-server"):
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
