"""Rows are judged without an object for each exactly as their schema judges them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, ValidationError, field_validator, model_validator
from sqlmodel import Field, SQLModel

from domain.entity import Schema, partial
from domain.schema_check import _is_fields_alone, check_of, default_of
from domain.task import TaskCreate, TaskUpdate


class Odd(Schema):
    """A schema of many types."""

    name: str = Field(min_length=2, max_length=3)
    price: Decimal | None = Field(default=None, max_digits=5, decimal_places=2)
    day: date = date(2026, 1, 1)
    at: AwareDatetime | None = None
    flag: bool = False
    labels: list[str] = Field(default_factory=list)


class Shouting(Schema):
    """A schema with a validator of its own."""

    name: str

    @field_validator("name")
    @classmethod
    def _shout(cls, name: str) -> str:
        return name.upper()


class Paired(Schema):
    """A schema whose fields depend on one another."""

    low: int
    high: int

    @model_validator(mode="after")
    def _in_order(self) -> "Paired":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


TEXTS = ["2026-11-21", "2026-11-21T10:00:00Z", "2026-11-21T10:00:00", "1.50", "7", "done", "yes"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.lists(st.text(max_size=2), max_size=2),
    st.sampled_from(TEXTS),
)


@given(st.sampled_from([TaskCreate, TaskUpdate, Odd, partial(Odd, "OddChange"), Shouting, Paired]), st.data())
def test_the_quick_check_says_what_the_schema_says(schema: type[SQLModel], data: st.DataObject) -> None:
    """The same values, the same defaults, the same names said, and the same errors in the same places."""
    row: dict[str, Any] = data.draw(st.dictionaries(st.sampled_from([*schema.model_fields, "x"]), VALUES, max_size=6))
    check = check_of(schema)
    expected, fitting = judged(schema.model_validate, row), judged(check.fit, row)
    if isinstance(expected, Refused):
        assert fitting == expected
        return
    defaults = {name: default_of(info) for name, info in schema.model_fields.items()}
    assert {**defaults, **check.values(fitting)} == expected.__dict__
    assert set(check.said(fitting)) == expected.model_fields_set


class Refused(list[Any]):
    """What is wrong with a row, without the objects in it."""


def judged(judge: Callable[[dict[str, Any]], Any], row: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever it makes of it
    """Return what fits, or what is wrong."""
    try:
        return judge(row)
    except ValidationError as error:
        return Refused((one["loc"], one["type"], one["msg"]) for one in error.errors(include_url=False))


def test_only_schemas_of_fields_alone_are_checked_the_quick_way() -> None:
    """A validator of a team's own is never passed over."""
    assert [_is_fields_alone(one) for one in (TaskCreate, Odd, Shouting, Paired)] == [True, True, False, False]
