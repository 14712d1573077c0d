"""Log lines: one stream, one form, and neither local variables nor arq's own lines, which hold payloads."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import structlog

from worker.logs import configure_logs

MARKER = "a value of a payload"


@pytest.fixture
def stream() -> Iterator[StringIO]:
    """Return a stream to log to; logging is afterwards as it was."""
    root, arq, sql = (logging.getLogger(name) for name in ("", "arq.worker", "sqlalchemy.engine"))
    kept = root.handlers, root.level, arq.filters, sql.level
    yield StringIO()
    root.handlers, root.level, arq.filters, sql.level = kept
    structlog.reset_defaults()


def lines(stream: StringIO) -> list[dict[str, Any]]:
    """Return what was logged as JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail_with_a_payload_at_hand() -> None:
    """Log an exception in a frame whose local variable is a payload."""
    payload = {"title": MARKER}
    try:
        payload["key"]
    except KeyError:
        logging.getLogger("somebody.else").exception("went wrong")


def test_events_and_records_of_libraries_are_the_same_kind_of_line(stream: StringIO) -> None:
    """Both are JSON with a time, a level, and what is bound to the job that runs."""
    configure_logs("json", "info", stream)
    with structlog.contextvars.bound_contextvars(job_id="j1"):
        structlog.get_logger("ours").info("job.started", tries=1)
        logging.getLogger("theirs").warning("slow: %s s", 3)
    ours, theirs = lines(stream)
    assert (ours["event"], ours["level"], ours["job_id"], ours["tries"]) == ("job.started", "info", "j1", 1)
    assert (theirs["event"], theirs["level"], theirs["job_id"]) == ("slow: 3 s", "warning", "j1")
    assert {line["timestamp"][-1] for line in (ours, theirs)} == {"Z"}


@pytest.mark.parametrize("log_format", ["json", "console", "auto"])
def test_an_exception_is_logged_without_local_variables(stream: StringIO, log_format: str) -> None:
    """The stack is there in every form, the values in its frames are not."""
    configure_logs(log_format, "info", stream)
    fail_with_a_payload_at_hand()
    assert "fail_with_a_payload_at_hand" in stream.getvalue()
    assert MARKER not in stream.getvalue()


def test_off_a_terminal_lines_are_json(stream: StringIO) -> None:
    """`auto` is what a container's log collector wants; colours are for people."""
    configure_logs("auto", "info", stream)
    structlog.get_logger().info("event")
    assert lines(stream)


def test_arq_keeps_to_itself_what_it_says_about_jobs(stream: StringIO) -> None:
    """Its lines on a job hold the arguments, or the text of the error; its other warnings pass."""
    configure_logs("json", "debug", stream)
    arq = logging.getLogger("arq.worker")
    arq.info("0.00s → j1:update(title=%r)", MARKER)
    arq.error("j1:update failed", exc_info=ValueError(MARKER))
    arq.warning("job j1 expired")
    assert [line["event"] for line in lines(stream)] == ["job j1 expired"]


@pytest.mark.parametrize(("level", "shown"), [("debug", True), ("info", False)])
def test_sql_is_shown_at_debug(stream: StringIO, level: str, shown: bool) -> None:  # noqa: FBT001 - a parameter
    """Statements are lines like any other at debug; what they return is not logged at any level."""
    configure_logs("json", level, stream)
    sql = logging.getLogger("sqlalchemy.engine.Engine")
    sql.info("SELECT 1")
    sql.debug("Row (%r,)", MARKER)
    assert [line["event"] for line in lines(stream)] == ["SELECT 1"] * shown
