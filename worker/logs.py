"""A worker's log lines: those of every process (see `persistence.logs`), without arq's own that hold payloads."""

import logging
import sys
from typing import TextIO

from persistence import logs


def configure_logs(log_format: str, level: str, stream: TextIO = sys.stderr) -> None:
    """Send all lines to the stream as one kind; see `persistence.logs.configure_logs`."""
    logs.configure_logs(log_format, level, stream)
    _quieten_arq()


class _WithoutArguments(logging.Filter):
    """Drop arq's own lines on a job: they hold its arguments, or the text of its error; ours stand in their place."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING and record.exc_info is None


def _quieten_arq() -> None:
    logger = logging.getLogger("arq.worker")
    logger.filters = [_WithoutArguments()]
