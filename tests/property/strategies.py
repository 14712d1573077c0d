"""Values that tests draw at random."""

from hypothesis import strategies as st
from pydantic import JsonValue

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
"""Text that PostgreSQL can store."""

ANY_TEXT = st.text(st.characters(categories=["L", "N", "P", "Z", "Cc", "Cs"]), max_size=5)
"""Text that may hold a NUL character or half a surrogate pair."""


def json_values(text: st.SearchStrategy[str] = TEXT) -> st.SearchStrategy[JsonValue]:
    """Return JSON values with such text in them; numbers are those that a float keeps."""
    numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    plain = st.none() | st.booleans() | numbers | text
    return st.recursive(
        plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
    )
