"""Which integers a column takes: a schema's `int` takes any, and for one the driver refuses a whole statement."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from annotated_types import Ge, Le
from pydantic import BaseModel
from sqlalchemy import BigInteger, Integer, SmallInteger, Table

_BITS = ((SmallInteger, 15), (BigInteger, 63), (Integer, 31))
"""Value bits of PostgreSQL's integer types; the first two are Integers too."""


class Bounds(NamedTuple):
    """The least and the greatest integer that a column takes."""

    lowest: int
    highest: int

    def refusal(self, value: Any) -> str | None:  # noqa: ANN401 - what a schema has let pass
        """Return what is wrong with an integer, None where the column takes it; the schema judges anything else."""
        if not isinstance(value, int) or self.lowest <= value <= self.highest:
            return None
        return f"out of range, the column takes integers from {self.lowest} to {self.highest}"


def integer_bounds(table: Table) -> dict[str, Bounds]:
    """Return the bounds of a table's integer columns by name."""
    found = {}
    for column in table.columns:
        bits = next((bits for kind, bits in _BITS if isinstance(column.type, kind)), None)
        if bits is not None:
            found[column.name] = Bounds(-(2**bits), 2**bits - 1)
    return found


def open_bounds(schema: type[BaseModel], bounds: Mapping[str, Bounds]) -> list[tuple[str, Bounds]]:
    """Return those bounds of a schema's fields that the schema itself does not keep."""
    return [
        (name, bounds[name])
        for name, info in schema.model_fields.items()
        if name in bounds and not {Ge, Le} <= {type(limit) for limit in info.metadata}
    ]
