"""Rows checked against a schema one by one, as quickly as Pydantic can: without an object for each of them."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, NamedTuple, NotRequired, Required, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo
from sqlmodel import SQLModel
from typing_extensions import TypedDict

from domain.commands import Row


class Fitting(NamedTuple):
    """A row that fits: its values, and the fields that the row itself names; of others, a value may be left out."""

    values: dict[str, Any]
    said: AbstractSet[str]


Check = Callable[[Row], Fitting]
"""Returns what fits; raises Pydantic's ValidationError, also as the schema itself would."""


def check_of(schema: type[SQLModel]) -> Check:
    """Return the check of a schema.

    Where a schema is fields and nothing else, a dictionary of the same fields is checked in a quarter of the time that
    an object of the schema takes (1.2 and 4.2 µs for 6 of 10 fields).
    """
    if _is_fields_alone(schema):
        values = TypeAdapter(_as_dictionary(schema)).validator.validate_python

        def check(row: Row) -> Fitting:
            found = cast("dict[str, Any]", values(row))
            return Fitting(found, found.keys())

        return check
    model = TypeAdapter(schema).validator.validate_python

    def check_model(row: Row) -> Fitting:
        found = model(row)
        return Fitting(found.__dict__, found.model_fields_set)

    return check_model


def default_of(info: FieldInfo) -> Any:  # noqa: ANN401 - a field's own type
    """Return the value of a field that a row does not name."""
    return None if info.is_required() else info.get_default(call_default_factory=True, validated_data={})


def _is_fields_alone(schema: type[BaseModel]) -> bool:
    """Tell whether nothing but the fields' types and limits judges a row: no validator, no alias, no hook."""
    made = schema.__pydantic_decorators__
    validators = (made.validators, made.field_validators, made.root_validators, made.model_validators)
    if any(validators) or schema.__pydantic_post_init__ is not None or schema.model_config.get("validate_default"):
        return False
    hooks = {base.__dict__.get("__get_pydantic_core_schema__") for base in schema.__mro__ if base not in _PLAIN}
    aliases = (info.validation_alias is None and not info.validate_default for info in schema.model_fields.values())
    return hooks <= {None} and all(aliases)


_PLAIN = BaseModel.__mro__


def _as_dictionary(schema: type[BaseModel]) -> Any:  # noqa: ANN401 - a type made here
    fields = {}
    for name, info in schema.model_fields.items():
        kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        fields[name] = Required[kind] if info.is_required() else NotRequired[kind]
    dictionary: Any = TypedDict
    found = dictionary(schema.__name__, fields)
    config: dict[str, Any] = dict(schema.model_config)  # SQLModel's has names of its own
    found.__pydantic_config__ = {name: value for name, value in config.items() if name in ConfigDict.__annotations__}
    return found
