"""Fates of rows: run-length coding loses nothing, and wastes nothing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from domain.reject import Fate, RowFate
from domain.row_runs import RowRun, fates_of, runs_of

STEPS = st.tuples(
    st.sampled_from([1, 1, 1, 2, 0]),
    st.sampled_from([Fate.INSERTED, Fate.INSERTED, Fate.UPDATED, Fate.REFUSED]),
    st.sampled_from([1, 1, 1, 5, -3, None]),
)


@st.composite
def batches(draw: st.DrawFn) -> list[RowFate]:
    """Draw fates whose lines and ids mostly follow each other."""
    line, row_id = draw(st.integers(1, 10**12)), draw(st.integers(1, 10**12))
    found = []
    for line_step, fate, id_step in draw(st.lists(STEPS, max_size=30)):
        line, row_id = line + line_step, row_id + (id_step or 0)
        found.append(RowFate(line, fate, None if id_step is None else row_id))
    return found


@given(batches())
def test_what_is_coded_is_read_back(fates: list[RowFate]) -> None:
    """Every row with its line, its fate and its id, in the same order."""
    assert list(fates_of(runs_of(fates))) == fates


@given(batches())
def test_no_two_runs_could_be_one(fates: list[RowFate]) -> None:
    """Each run ends only where its successor does not go on."""
    runs = runs_of(fates)
    for one, after in pairwise(runs):
        assert after[0::2] != (one.line + one.length, one.fate) or after.id != _next(one)


def _next(run: RowRun) -> int | None:
    return None if run.id is None else run.id + run.length


def test_the_common_batch_is_one_run() -> None:
    """Rows that were all inserted, or all refused, take a few bytes."""
    inserted = [RowFate(2 + number, Fate.INSERTED, 7 + number) for number in range(5_000)]
    refused = [RowFate(5_002 + number, Fate.REFUSED, None) for number in range(5_000)]
    assert runs_of(inserted + refused) == [(2, 5_000, "inserted", 7), (5_002, 5_000, "refused", None)]
