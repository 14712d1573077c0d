"""Many rows checked against an entity's schema at the speed of a bulk load, row by row refused or kept by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from sqlmodel import SQLModel

from domain.batch import Batch
from domain.commands import Row
from domain.entities import Entities, EntityType
from domain.entity import MAX_ID
from domain.errors import Problem
from domain.integer_bounds import Bounds, open_bounds
from domain.rows import schema_problem, split_row
from domain.schema_check import SchemaCheck, check_of, default_of

Raws = Sequence[Any]

MOST_NAMED = 20
"""Faults of one record that are named one by one: a list of 20,000 wrong numbers has as many, in 100 KB."""

MOST_TOLD = 1_000
"""Faults of one record of which the first are named; of more, Pydantic would make some KB for each of them."""

_ROW_ID = TypeAdapter(Annotated[int, Field(ge=1, le=MAX_ID)])


@dataclass(frozen=True, slots=True)
class Text:
    """How the records of a source are written as text again, for those that are refused."""

    write: Callable[[Any], str]
    header: str = ""


class _Kept(NamedTuple):
    """The places of the rows that fit, what they are then, and by foreign key the natural keys of related rows."""

    places: Sequence[int]
    fitting: list[Any]
    keys: dict[str, dict[int, Any]]


@dataclass(frozen=True)
class RowCheck:
    """Checks rows of one entity: against its create schema, or with `changes` its update schema.

    `parents` names, by the name of a reference, the fields of a related row that a row may say beside its key.
    `given` are the only columns that a row may name, where that is known (None: any); it spares looking for others.
    `named_by` is the field that names the row which a change means: `id`, or the natural key. `is_plain` promises rows
    of known fields that are all text, which are quicker to judge. `keeps_said` keeps what each row
    itself names.
    """

    entities: Entities
    entity: EntityType
    changes: bool = False
    parents: Mapping[str, Sequence[str]] = field(default_factory=dict)
    named_by: str | None = None
    given: frozenset[str] | None = None
    is_plain: bool = False
    keeps_said: bool = False

    def check(
        self, lines: Sequence[int], rows: Sequence[Row], records: Raws, text: Text
    ) -> tuple[Batch, list[Problem]]:
        """Return the rows that fit, and what is wrong with the others; `row` of a problem counts from 0 in `rows`."""
        owned = self._parents(rows)
        problems: list[Problem] = []
        ids = self._ids(rows, problems)
        found = self._all(rows) if self.is_plain and not problems else None
        kept, fitting, keys = found or self._each(rows, problems)
        values = [self._check.values(one) for one in fitting]
        batch = Batch(
            lines=[lines[number] for number in kept],
            columns=self._columns(values, [ids[number] for number in kept] if ids else []),
            keys={column: [by_row.get(number) for number in kept] for column, by_row in keys.items()},
            parents={column: [by_row[number] for number in kept] for column, by_row in owned.items()},
            said=[frozenset(self._check.said(one)) for one in fitting] if self.keeps_said else (),
            records=[records[number] for number in kept],
            text=text.write,
            header=text.header,
        )
        return batch, problems

    def _all(self, rows: Sequence[Row]) -> _Kept | None:
        """Return all rows, or None where one of them does not fit: most batches have none, and this is quicker."""
        try:
            fitting = list(map(self._check.fit, rows))
        except ValidationError:
            return None
        if self._bounds and any(self._out_of_range(number, fits) for number, fits in enumerate(fitting)):
            return None
        return _Kept(range(len(rows)), fitting, {})

    def _each(self, rows: Sequence[Row], problems: list[Problem]) -> _Kept:
        """Return the rows that fit, one by one, and add what is wrong with the others to the problems."""
        kept: list[int] = []
        fitting: list[Any] = []
        keys: dict[str, dict[int, Any]] = {}
        unnamed = {problem.row for problem in problems}
        for number, row in enumerate(rows):
            values, references, found = (row, {}, []) if self.is_plain else self._split(number, row)
            problems += found
            if found or number in unnamed:
                continue
            try:
                fits = self._check.fit(values)
            except ValidationError as error:
                problems += self._problems(number, error)
                continue
            if self._bounds and (beyond := self._out_of_range(number, fits)):
                problems += beyond
                continue
            fitting.append(fits)
            kept.append(number)
            for column, key in references.items():
                keys.setdefault(column, {})[number] = key
        return _Kept(kept, fitting, keys)

    def _split(self, number: int, row: Row) -> tuple[Row, dict[str, Any], list[Problem]]:
        return split_row(self.entities, self.entity, number, row)

    @cached_property
    def schema(self) -> type[SQLModel]:
        """The schema that rows must fit."""
        return self.entity.update if self.changes else self.entity.create

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {name: default_of(info) for name, info in self.schema.model_fields.items()}

    @cached_property
    def _check(self) -> SchemaCheck:
        return check_of(self.schema)

    @cached_property
    def _bounds(self) -> list[tuple[str, Bounds]]:
        return open_bounds(self.schema, self.entity.integer_bounds)

    def _out_of_range(self, number: int, fits: Any) -> list[Problem]:  # noqa: ANN401 - what the check has made of a row
        values = self._check.values(fits)
        asked = ((name, bounds.refusal(values.get(name))) for name, bounds in self._bounds)
        return [Problem(number, name, why) for name, why in asked if why is not None]

    def _parents(self, rows: Sequence[Row]) -> dict[str, dict[int, Row]]:
        """Take the fields of related rows, such as `project.name`, out of the rows, by the foreign key's column."""
        found: dict[str, dict[int, Row]] = {}
        for name, fields in self.parents.items():
            column = self.entity.references[name].column
            taken = [(f"{name}.{one}", one) for one in fields]
            found[column] = {
                number: {one: row.pop(dotted) for dotted, one in taken if dotted in row}
                for number, row in enumerate(rows)
            }
        return found

    def _ids(self, rows: Sequence[Row], problems: list[Problem]) -> dict[int, int]:
        """Take the ids out of rows that are named by them; a row that names none is a problem."""
        ids: dict[int, int] = {}
        if self.named_by is None:
            return ids
        for number, row in enumerate(rows):
            if (value := row.get(self.named_by)) is None:
                problems.append(Problem(number, self.named_by, "must say which row the line changes"))
            elif self.named_by == "id":
                try:
                    ids[number] = _ROW_ID.validate_python(row.pop("id"))
                except ValidationError as error:
                    problems.append(Problem(number, "id", f"{value!r}: {error.errors(include_url=False)[0]['msg']}"))
        return ids

    def _columns(self, rows: Sequence[dict[str, Any]], ids: list[int]) -> dict[str, list[Any]]:
        columns = {"id": ids} if ids else {}
        for name, default in self._defaults.items():
            is_said = self.given is None or name in self.given
            columns[name] = [row.get(name, default) for row in rows] if is_said else [default] * len(rows)
        return columns

    def _problems(self, number: int, error: ValidationError) -> list[Problem]:
        if (count := error.error_count()) > MOST_TOLD:
            return [Problem(number, "", f"{count:,} faults in one record, too many to name")]
        details = error.errors(include_url=False)[:MOST_NAMED]
        found = [schema_problem(self.schema, number, detail["loc"], detail) for detail in details]
        more = [Problem(number, "", f"{count - MOST_NAMED:,} further faults")] if count > MOST_NAMED else []
        return found + more
