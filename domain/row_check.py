"""Many rows checked against an entity's schema at the speed of a bulk load, row by row refused or kept by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError
from sqlmodel import SQLModel

from domain.batch import Batch
from domain.commands import Row
from domain.entities import Entities, EntityType
from domain.entity import MAX_ID
from domain.errors import Problem
from domain.rows import schema_problem, split_row
from domain.schema_check import Check, Fitting, check_of, default_of

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
        problems: list[Problem] = []
        kept: list[int] = []
        fitting: list[Fitting] = []
        keys: dict[str, dict[int, Any]] = {}
        owned = self._parents(rows)
        ids = self._ids(rows, problems)
        check = self._check
        unnamed = {problem.row for problem in problems}
        for number, row in enumerate(rows):
            if number in unnamed:
                continue
            values, references = row, None
            if not self.is_plain:
                values, references, found = split_row(self.entities, self.entity, number, row)
                if found:
                    problems += found
                    continue
            try:
                fitting.append(check(values))
            except ValidationError as error:
                problems += self._problems(number, error)
                continue
            kept.append(number)
            if references:
                for column, key in references.items():
                    keys.setdefault(column, {})[number] = key
        batch = Batch(
            lines=[lines[number] for number in kept],
            columns=self._columns([one.values for one in fitting], [ids[n] for n in kept] if ids else []),
            keys={column: [found.get(number) for number in kept] for column, found in keys.items()},
            parents={column: [found[number] for number in kept] for column, found in owned.items()},
            said=[frozenset(one.said) for one in fitting] if self.keeps_said else (),
            records=[records[number] for number in kept],
            text=text.write,
            header=text.header,
        )
        return batch, problems

    @cached_property
    def schema(self) -> type[SQLModel]:
        """The schema that rows must fit."""
        return self.entity.update if self.changes else self.entity.create

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {name: default_of(info) for name, info in self.schema.model_fields.items()}

    @cached_property
    def _check(self) -> Check:
        return check_of(self.schema)

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
