"""What the document says of a resource's parameters and bodies."""

from typing import Any

from fastapi.openapi.models import Example
from sqlalchemy import Table

from domain.filters import Operator
from web.resources.resource import Resource

_OPERATORS = ", ".join(Operator)


def body_examples(values: dict[str, Any]) -> dict[str, Example]:
    """Return one example of a body, as FastAPI takes it."""
    return {"usual": Example(summary="As a rule", value=values)}


def filter_parameters(resource: Resource) -> dict[str, Any]:
    """Return what is added to the document of an operation that takes conditions: the common ones by name."""
    about = (
        f"Only rows whose {{name}} is this; other conditions as `{{name}}__operator`, operators: {_OPERATORS}."
        " Through relations as `project__key__startswith`."
    )
    names = [name for name in _columns(resource) if name in filterable(resource)]
    fields = [_parameter(name, about.format(name=name)) for name in names]
    search = _parameter("search", "Rows in whose text fields all of these words occur.")
    tree = _parameter("filter", 'Conditions as JSON, also with and, or, not: `{"or": [{"status": "done"}, ...]}`.')
    return {"parameters": [*fields, search, tree]}


def filterable(resource: Resource) -> tuple[str, ...]:
    """Return the names that clients may filter by."""
    allowed = resource.service.model.filterable
    return _columns(resource) if allowed is None else allowed


def sorts(resource: Resource) -> str:
    """Return what the document says of `sort`."""
    allowed = resource.service.model.sortable
    names = [
        name for name in (_columns(resource) if allowed is None else allowed) if name in resource.read.model_fields
    ]
    return f"Fields, separated by commas, `-` before one for descending: {', '.join(names) or 'none'}."


def loads(resource: Resource) -> str:
    """Return what the document says of `load`."""
    return f"Relations to show, separated by commas: {', '.join(resource.service.model.loadable or ()) or 'none'}."


def _columns(resource: Resource) -> tuple[str, ...]:
    table: Table = resource.service.model.__table__
    return tuple(table.c.keys())


def _parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": {"type": "string"}}
