"""Figures without a target, as data."""

from typing import Final

from benchmarks.layers.targets import FURTHER_LAYERS
from benchmarks.target import Further

FURTHER: Final = (
    Further("audited updates against the best peer with the one statement", "update.ours", "times", "set.*"),
    Further("audited updates against pgbench with one statement", "update.ours", "times", "limit.one"),
    Further("updates, one process", "scaling.1", "/s"),
    Further("updates, two processes", "scaling.2", "/s"),
    Further("updates, four processes", "scaling.4", "/s"),
    Further("no-op with 1 thousand queued behind", "growth.1000", "/s"),
    Further("no-op with 100 thousand queued behind", "growth.100000", "/s"),
    Further("no-op with 1 million queued behind", "growth.1000000", "/s"),
    Further("updates on an empty audit log", "growth.log.0", "/s"),
    Further("updates on an audit log of 10 million rows", "growth.log.10000000", "/s"),
    Further("the same, against the empty one", "growth.log.10000000", "times", "growth.log.0"),
    Further("memory of a worker after 20,000 updates", "load.rss", "MB"),
    Further("bulk insert of 20,000 rows, none refused", "bulk.refused.none", "s"),
    Further("the same, 20 refused by the schema", "bulk.refused.schema", "s"),
    Further("the same, 20 refused by a key that is taken", "bulk.refused.key", "s"),
    Further("write-ahead log of an update, the job's own row included", "wal.ours", "bytes"),
    Further("the same of tuned arq, which keeps no job in PostgreSQL", "wal.peer.arq_tuned", "bytes"),
    Further("round trips to PostgreSQL for an update", "postgres.ours", ""),
    Further("the same of tuned arq", "postgres.peer.arq_tuned", ""),
    Further("round trips to Redis for an update", "redis.ours", ""),
    Further("the same of tuned arq", "redis.peer.arq_tuned", ""),
    *FURTHER_LAYERS,
)
