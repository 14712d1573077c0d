"""The nearest valid name, for people who mistyped one."""

import pytest

from domain.errors import unknown
from domain.names import nearest

FIELDS = ["key", "title", "status", "priority", "project_id"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("titel", "title"), ("prioritty", "priority"), ("project", "project_id"), ("title", "title"), ("zzz", None)],
)
def test_the_nearest_name_is_the_most_alike(name: str, expected: str | None) -> None:
    """Letters that are swapped, doubled or missing are forgiven; what is like nothing has no nearest."""
    assert nearest(name, FIELDS) == expected


def test_the_sentence_offers_the_nearest_or_all() -> None:
    """Whoever is far off sees every valid name, in order; where there is none, it says so."""
    assert unknown("field", "titel", FIELDS) == "unknown field 'titel'; did you mean 'title'?"
    assert unknown("field", "zzz", FIELDS) == "unknown field 'zzz'; known: key, priority, project_id, status, title"
    assert unknown("job", "zzz", []) == "unknown job 'zzz'; known: none"
