"""Rows checked against a schema one by one, as quickly as Pydantic can: without an object for each of them."""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, NotRequired, Required

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo
from sqlmodel import SQLModel
from typing_extensions import TypedDict

from domain.commands import Row


class SchemaCheck(NamedTuple):
    """How rows are checked against a schema.

    `fit` returns what fits, and raises Pydantic's ValidationError as the schema itself would. Of that, `values` are the
    values by field, where a field that the row does not name may be left out, and `said` the fields that it names.
    """

    fit: Callable[[Row], Any]
    values: Callable[[Any], dict[str, Any]]
    said: Callable[[Any], AbstractSet[str]]


def check_of(schema: type[SQLModel]) -> SchemaCheck:
    """Return the check of a schema.

    Where a schema is fields and nothing else, a dictionary of the same fields is checked in a quarter of the time that
    an object of the schema takes (1.2 and 4.2 µs for 6 of 10 fields).
    """
    if _is_fields_alone(schema):
        return SchemaCheck(TypeAdapter(_as_dictionary(schema)).validator.validate_python, _itself, dict.keys)
    return SchemaCheck(TypeAdapter(schema).validator.validate_python, vars, attrgetter("model_fields_set"))


def _itself(values: dict[str, Any]) -> dict[str, Any]:
    return values


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
