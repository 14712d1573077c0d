"""On what it was measured."""

import os
import platform
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from benchmarks.databases import connected


async def described(database_url: str, redis_url: str) -> dict[str, str]:
    """Return the machine and the servers, in words."""
    async with connected(database_url) as connection:
        postgres = await connection.fetchval("SHOW server_version")
        settings = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    client: Any = Redis.from_url(redis_url)
    async with client:
        redis = (await client.info("server"))["redis_version"]
        appendonly = (await client.config_get("appendonly"))["appendonly"]
    return {
        "cores": str(os.cpu_count()),
        "processor": _processor(),
        "system": platform.system(),
        "Python": platform.python_version(),
        "PostgreSQL": str(postgres).partition(" ")[0],
        "PostgreSQL settings": ", ".join(f"{name}={value}" for name, value in settings.items()),
        "Redis": str(redis),
        "Redis settings": f"appendonly={appendonly}",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
