"""Events as log lines: JSON, or colours on a terminal. No line holds a payload's values or a secret."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor


def configure_logs(log_format: str, level: str, stream: TextIO = sys.stderr) -> None:
    """Send structlog's events and the standard library's records to the stream, as one kind of line.

    `log_format` is `json`, `console`, or `auto` (console on a terminal).
    """
    console = log_format == "console" or (log_format == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),  # what is not shown costs nothing
        cache_logger_on_first_use=False,
    )
    # structlog's own choice prints the local variables of every frame, and with them payloads.
    coloured = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Processor = coloured if console else structlog.processors.JSONRenderer()
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if not console:
        last.append(structlog.processors.format_exc_info)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[*last, renderer]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # The pool's own lines bear the name of our class, which no setting of SQLAlchemy's holds back.
    logging.getLogger("persistence.watch.pool").setLevel("WARNING")
    # INFO is SQL without its values; at DEBUG SQLAlchemy would add the rows that a query returns.
    logging.getLogger("sqlalchemy.engine").setLevel("INFO" if level == "debug" else "WARNING")
