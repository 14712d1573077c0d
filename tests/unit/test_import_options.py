"""Options of an import as a person types them."""

import pytest

from worker.importing.errors import UnknownFormat, WrongOption
from worker.importing.options import Format, delimiter_of, format_of, pairs


def test_the_format_is_told_by_the_suffix_unless_said() -> None:
    """Standard input has none, so there it must be said."""
    assert format_of("a.CSV", None) is format_of("-", Format.CSV) is Format.CSV
    assert format_of("b.jsonl", None) is format_of("b.ndjson", None) is Format.NDJSON
    with pytest.raises(UnknownFormat, match="say --format csv or --format ndjson"):
        format_of("-", None)


@pytest.mark.parametrize("given", [["key"], ["=x"], ["key="], ["key=a", "key=b"]])
def test_a_mapping_that_is_none_is_refused(given: list[str]) -> None:
    """Each field once, each with its column."""
    with pytest.raises(WrongOption, match="--map"):
        pairs("--map", given)


def test_a_value_may_hold_an_equals_sign_or_nothing() -> None:
    """Only the first one divides."""
    assert pairs("--set", ["title=a=b", "description="]) == {"title": "a=b", "description": ""}


def test_a_delimiter_is_one_character() -> None:
    """A tab can be named, since it is hard to type."""
    assert [delimiter_of(text) for text in (";", "tab", r"\t")] == [";", "\t", "\t"]
    for text in ("", ";;", '"', "\n"):
        with pytest.raises(WrongOption, match="--delimiter"):
            delimiter_of(text)
