"""arq's wire in JSON: whatever stands in the queue is a job or a refusal, and every answer can be read."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidRows, Problem, TooLarge, UnreadablePayload
from domain.job import UNREADABLE
from worker import wire

LIMIT = 1_000
JOB: dict[str, Any] = {"t": None, "f": "update", "a": [], "k": {"entity": "task", "id": 1}, "et": 1_700_000_000_000}


def job(**changed: object) -> bytes:
    """Return a job as arq writes it, with some of its parts changed."""
    return json.dumps({**JOB, **changed}).encode()


def test_a_job_is_read_as_it_was_written() -> None:
    """What arq writes with a JSON serializer comes back as it is."""
    assert wire.read_job(wire.encode(JOB), LIMIT) == JOB


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (pickle.dumps(JOB), "a pickle"),
        (job()[:-9], "Expecting"),
        (b"\xff\xfe", "utf-8"),
        (b"17", "not a JSON object"),
        (b'["update"]', "not a JSON object"),
        (b'{"entity": "task"}', "t, f, a, k, et"),
        (job(f=None), "t, f, a, k, et"),
        (job(a={"entity": "task"}), "t, f, a, k, et"),
        (job(k=["task"]), "t, f, a, k, et"),
        (job(t="first"), "t, f, a, k, et"),
        (job(et=10**18), "t, f, a, k, et"),
        (job(et=-1), "t, f, a, k, et"),
        (job(k={"limit": float("nan")}), "NaN is not JSON"),
        (job(k={"limit": -float("inf")}), "-Infinity is not JSON"),
        (job().replace(b'"id": 1', b'"id": 1e999'), "1e999 is more than a 64-bit number"),
        (b"[" * 999, "recursion"),
    ],
)
def test_what_is_no_job_is_refused_with_the_reason(payload: bytes, why: str) -> None:
    """Each of these, taken by arq as it stands, would be dropped without an answer, or kill the worker."""
    with pytest.raises(UnreadablePayload) as refused:
        wire.read_job(payload, LIMIT)
    assert why in refused.value.why


def test_the_limit_of_bytes_is_the_last_that_is_taken() -> None:
    """A payload of exactly the limit is read, one byte more is refused before it is parsed."""
    exact = job(k={"rows": "x" * (LIMIT - len(job(k={"rows": ""})))})
    assert wire.read_job(exact, LIMIT)["f"] == "update"
    with pytest.raises(TooLarge, match=r"1001 bytes in one job, at most 1000: .* COUNTERFOIL_MAX_BYTES"):
        wire.read_job(exact + b" ", LIMIT)


@given(st.binary() | st.lists(st.none() | st.integers() | st.text()).map(json.dumps).map(str.encode))
def test_the_worker_gets_a_job_for_whatever_stands_in_the_queue(payload: bytes) -> None:
    """The decoder never raises; what it cannot read is a job whose arguments say why, and can be answered."""
    message = wire.job_decoder(1_000_000)(payload)
    assert message["f"] == UNREADABLE
    assert wire.decode(wire.encode({**message, "r": wire.refusal(message["k"])}))["r"].startswith("UnreadablePayload: ")


def test_a_refusal_keeps_its_class_on_the_way_through_the_queue() -> None:
    """Too many bytes are told as such, not as an unreadable payload."""
    message = wire.job_decoder(10)(job())
    assert str(wire.refusal(message["k"])) == str(TooLarge("bytes", len(job()), 10, "COUNTERFOIL_MAX_BYTES"))


def test_a_failure_is_one_line_for_any_client_and_data_for_ours() -> None:
    """The result is the class and the words of the error; the problems by row stand beside it."""
    failure = InvalidRows("task", (Problem(3, "title", "Field required"),))
    message = wire.decode(wire.encode({"s": False, "r": failure}))
    assert message["r"] == f"InvalidRows: {failure}"
    assert message["error"]["problems"] == [[3, "title", "Field required"]]


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (RuntimeError("it broke\n[SQL: SELECT secret]"), "RuntimeError: it broke"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (UnreadablePayload("line 1\nline 2"), "UnreadablePayload: the payload is not a job in JSON (line 1 line 2)"),
        (TimeoutError(), "TimeoutError: a limit of time ran out, most likely COUNTERFOIL_JOB_TIMEOUT"),
    ],
)
def test_every_failure_is_told_in_one_line(failure: BaseException, text: str) -> None:
    """The class always; of what nobody foresaw the first line, because the others hold SQL."""
    told = wire.failure_text(failure)
    assert told.startswith(text)
    assert "\n" not in told
    assert "SQL" not in told
