"""Text that PostgreSQL cannot store is found wherever it hides."""

import json

from hypothesis import given
from pydantic import JsonValue

from domain.storable import unstorable_path
from tests.property.strategies import ANY_TEXT, json_values


@given(json_values(ANY_TEXT))
def test_what_cannot_be_stored_is_found(value: JsonValue) -> None:
    """A path is returned exactly when some text, be it a name, holds a NUL character or half a surrogate pair."""
    written = json.dumps(value, ensure_ascii=False)
    bad = "\\u0000" in written.replace("\\\\", "") or any("\ud800" <= character <= "\udfff" for character in written)
    assert (unstorable_path(value) is not None) == bad


@given(json_values())
def test_what_can_be_stored_is_let_through(value: JsonValue) -> None:
    """No other text is refused."""
    assert unstorable_path({"rows": [value]}) is None
