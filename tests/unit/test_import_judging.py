"""Judging records without a server: what is sent, refused or passed over, and in which batches."""

from typing import Any

from domain import task_manager
from domain.commands import OnConflict
from domain.entities import collect
from worker.importing.batches import Batch, batches
from worker.importing.judge import Fate, Judge, Judged
from worker.importing.planning import make_plan
from worker.importing.read import Record, Refusal

ENTITIES = collect([task_manager])


def judge(on_conflict: OnConflict = OnConflict.ERROR, *, max_bytes: int = 10_000, distinct: str | None = None) -> Judge:
    """Return a judge of members."""
    plan = make_plan(ENTITIES, ENTITIES["member"], None, maps={}, sets={})
    return Judge(ENTITIES, ENTITIES["member"], plan, on_conflict, max_bytes, distinct)


def member(line: int, key: str, **values: str) -> Record:
    """Return a record of a member."""
    given: dict[str, Any] = {"key": key, "name": key.title(), **values}
    return Record(line, given)


def fates(judged: list[Judged]) -> list[Fate]:
    """Return what becomes of the records, in their order."""
    return [one.fate for one in judged]


def test_a_row_that_does_not_fit_is_refused_with_every_reason() -> None:
    """Its line and fields are named; its neighbours are sent."""
    judged = judge().judge([member(2, "a"), Record(3, {"key": "", "name": "x\x00"}), member(4, "b")])
    assert fates(judged) == [Fate.SENT, Fate.REFUSED, Fate.SENT]
    assert [(one.line, one.field) for one in judged[1].refusals] == [(3, "key"), (3, "name")]


def test_what_could_not_be_read_is_refused_as_it_came() -> None:
    """The reader has said why."""
    refusal = Refusal(2, "", "not CSV")
    assert judge().judge([refusal, member(3, "a")])[0] == Judged(2, Fate.REFUSED, {}, refusals=(refusal,))


def test_a_key_belongs_to_the_first_row_that_fits() -> None:
    """A later row is refused with that line, also in a later chunk; a row that does not fit holds no key."""
    one = judge()
    assert fates(one.judge([member(2, "a", name=""), member(3, "a")])) == [Fate.REFUSED, Fate.SENT]
    (later,) = one.judge([member(4, "a")])
    assert later.refusals == (Refusal(4, "key", "'a' stands in line 3 too"),)


def test_a_second_row_with_a_key_is_skipped_where_the_sender_says_so() -> None:
    """With `skip` a key may be there already; with `update` nobody could say which of the two should win."""
    twins = [member(2, "a"), member(3, "a")]
    assert fates(judge(OnConflict.SKIP).judge(twins)) == [Fate.SENT, Fate.SKIPPED]
    assert fates(judge(OnConflict.UPDATE).judge(twins)) == [Fate.SENT, Fate.REFUSED]


def test_of_rows_with_the_same_distinct_value_the_first_that_fits_is_taken() -> None:
    """The others are duplicates and no errors, even those that would not fit; rows without the value are all taken."""
    one = judge(distinct="email")
    judged = one.judge(
        [
            member(2, "", email="x"),
            member(3, "a", email="x"),
            member(4, "", email="x"),
            member(5, "b"),
            member(6, "c"),
        ]
    )
    assert fates(judged) == [Fate.REFUSED, Fate.SENT, Fate.DUPLICATE, Fate.SENT, Fate.SENT]
    assert fates(one.judge([member(7, "d", email="x")])) == [Fate.DUPLICATE]


def test_a_row_that_fits_into_no_job_is_refused() -> None:
    """The setting that bounds it is named, and its key stays free."""
    judged = judge(max_bytes=100).judge([member(2, "a", email="x" * 100), member(3, "a")])
    assert fates(judged) == [Fate.REFUSED, Fate.SENT]
    assert judged[0].refusals[0].reason == "133 bytes, at most 100 fit into a job (COUNTERFOIL_MAX_BYTES)"


def row(line: int, size: int = 1) -> Judged:
    """Return a row to be sent."""
    return Judged(line, Fate.SENT, {"key": line}, size)


def lines(found: list[Batch]) -> list[list[int]]:
    """Return the lines of each batch's rows."""
    return [[one.line for one in batch.rows] for batch in found]


def test_batches_are_bounded_by_rows_and_bytes() -> None:
    """A row that is larger than a batch goes alone."""
    judged = [row(1), row(2), row(3), row(4, 60), row(5, 60), row(6, 500), row(7)]
    assert lines(list(batches(judged, max_rows=3, max_bytes=100))) == [[1, 2, 3], [4], [5], [6], [7]]


def test_a_file_of_bad_rows_is_not_gathered_whole() -> None:
    """A batch ends at as many refusals as it may have rows."""
    refused = [Judged(line, Fate.REFUSED, {}, refusals=(Refusal(line, "", "bad"),)) for line in range(5)]
    assert [len(batch.refusals) for batch in batches(refused, max_rows=2, max_bytes=100)] == [2, 2, 1]
