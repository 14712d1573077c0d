"""Values of rows as JSON says them."""

from pydantic import JsonValue
from pydantic_core import to_jsonable_python


def as_json(value: object) -> JsonValue:
    """Return a value of a row as JSON, such as a UUID as its text; None for what JSON cannot say."""
    found: JsonValue = to_jsonable_python(value, fallback=lambda _: None, inf_nan_mode="null")
    return found
