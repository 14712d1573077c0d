"""Results added up: counts are exact, ids are the first thousand."""

from hypothesis import given
from hypothesis import strategies as st

from domain.result import COUNTS, IDS_KEPT, Result, counted


@st.composite
def results(draw: st.DrawFn) -> Result:
    """Return the result of one statement, which names the ids of its first rows."""
    written = draw(st.integers(0, 3 * IDS_KEPT))
    ids = list(range(1, min(written, IDS_KEPT) + 1))
    return counted(draw(st.sampled_from(COUNTS)), draw(st.sampled_from(["task", "project"])), written, ids)


def named(result: Result) -> int:
    """Return how many ids a result names."""
    return sum(len(ids) for by_entity in result.ids.values() for ids in by_entity.values())


@given(st.lists(results(), max_size=5))
def test_a_sum_counts_all_and_names_the_first_thousand(parts: list[Result]) -> None:
    """It says that its ids are complete exactly when it names every row that it counts."""
    total = sum(parts, Result())
    rows = sum(getattr(total, name) for name in COUNTS)
    for name in COUNTS:
        assert getattr(total, name) == sum(getattr(part, name) for part in parts)
    assert named(total) == min(rows, IDS_KEPT)
    assert total.ids_complete == (rows <= IDS_KEPT)


@given(results(), results(), results())
def test_the_order_of_additions_does_not_matter(first: Result, second: Result, third: Result) -> None:
    """Results may be added up in groups."""
    assert (first + second) + third == first + (second + third)


@given(results())
def test_nothing_added_changes_nothing(result: Result) -> None:
    """The empty result is the zero."""
    assert result + Result() == result == Result() + result
