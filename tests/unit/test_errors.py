"""Errors name the value, what was expected, and the way out; their data holds what the message leaves out."""

import pytest

from domain.errors import (
    CounterfoilError,
    Duplicate,
    InUse,
    InvalidCommand,
    InvalidRows,
    NotFound,
    Problem,
    RowsRefused,
    TooLarge,
    UnauditedWrite,
    Unreachable,
)
from domain.reject import Reject
from worker.client import answer
from worker.wire import encode

PROBLEMS = tuple(Problem(number, "title", "Field required") for number in range(1200))


def test_rows_are_counted_from_one_in_messages_and_from_nought_in_data() -> None:
    """People count from one."""
    error = InvalidRows("task", (Problem(0, "title", "Field required"), Problem(None, "", "odd")))
    assert str(error).startswith("task: row 1 title: Field required; odd; nothing was written")
    assert error.data() == {
        "error": "InvalidRows",
        "message": str(error),
        "problems": [[0, "title", "Field required"], [None, "", "odd"]],
    }


def test_a_message_shows_five_problems_and_the_data_a_thousand() -> None:
    """A batch of ten thousand bad rows does not make a message of megabytes."""
    error = InvalidRows("task", PROBLEMS)
    assert str(error).count("Field required") == 5
    assert "; and 1195 more; " in str(error)
    assert len(error.data()["problems"]) == 1000  # type: ignore[arg-type]
    assert len(error.problems()) == 1200


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InvalidCommand("update", (Problem(None, "key", "odd"),)), "update: key: odd; correct the arguments"),
        (TooLarge("bytes", 9, 5, "MAX"), "9 bytes in one job, at most 5: send several jobs, or raise MAX"),
        (NotFound("task", "key", tuple("abcdefg")), "no live task with key 'a', 'b', 'c', 'd', 'e' and 2 more; "),
        (NotFound("task", "id", (7,), live=False), "no task with id 7 was found; correct the id"),
        (Duplicate("task", "key", PROBLEMS[:1]), "use another value, or insert with on_conflict skip or update"),
        (InUse("project", (1, 2), "task"), "project 1, 2 still has a live task; delete it first, or say cascade=true"),
        (UnauditedWrite("update", "task"), "update on 'task' would leave no audit row: change objects and flush"),
        (Unreachable("Redis", "redis://h", "refused", "REDIS_URL"), "Redis at redis://h does not answer (refused); "),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, CounterfoilError) else "",
)
def test_messages_name_the_value_and_the_way_out(error: CounterfoilError, message: str) -> None:
    """One sentence, in one line."""
    assert message in str(error)
    assert "\n" not in str(error)
    assert error.data()["error"] == type(error).__name__


def test_refused_rows_are_named_by_their_lines_and_sent_as_problems() -> None:
    """The message has the first of them and where the others are; a client gets them field by field."""
    rejects = [
        Reject(4, "title", "Field required", "k,"),
        Reject(4, "", "odd", "k,"),
        *(Reject(n, "", "odd", "") for n in range(9, 14)),
    ]
    error = RowsRefused.of("task", rejects, "on_invalid is abort")
    assert str(error).startswith(
        "task: 6 records refused (on_invalid is abort): line 4 title: Field required; line 4: "
    )
    assert str(error).endswith(
        "line 11: odd; and 2 more; nothing was written; "
        "`counterfoil rejects JOB --csv` has them, to correct and send again"
    )
    told = answer("j", encode({"s": False, "r": error}))
    assert told.problems[:2] == (Problem(3, "title", "Field required"), Problem(3, "", "odd"))
    assert (len(told.problems), told.failure) == (7, f"RowsRefused: {error}")
