"""What keeps a bulk job's source from being read as rows of its entity."""

from dataclasses import dataclass

from domain.errors import CounterfoilError


@dataclass(eq=False)
class NothingTaken(CounterfoilError):
    """No column of the source bears the name of a field, and nothing maps one."""

    entity: str
    columns: tuple[str, ...]
    fields: tuple[str, ...]

    def __str__(self) -> str:
        """Name the columns, the fields and the option."""
        columns, fields = ", ".join(map(repr, self.columns)), ", ".join(self.fields)
        return f"no column ({columns}) is named as a field of {self.entity} ({fields}); say --map field=column"


@dataclass(eq=False)
class MissingFields(CounterfoilError):
    """Fields that every row must have, and for which there is neither a column nor a value."""

    entity: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Name the fields and the two options."""
        first = self.names[0]
        named = ", ".join(map(repr, self.names))
        return f"every {self.entity} needs {named}; say --map {first}=COLUMN or --set {first}=VALUE"


@dataclass(eq=False)
class NoJson(CounterfoilError):
    """A value for a field that holds lists or objects, and that is not JSON."""

    name: str
    text: str
    why: str

    def __str__(self) -> str:
        """Name the field, its value and what was expected."""
        return f"set {self.name}={self.text!r}: expected JSON, such as [] or {{}} ({self.why})"


@dataclass(eq=False)
class UploadGone(CounterfoilError):
    """A job whose source was to be uploaded with it, and was not, or is removed."""

    job_id: str

    def __str__(self) -> str:
        """Name the two ways to say where the rows are."""
        return f"job {self.job_id!r} has no uploaded source; send it with `counterfoil import`, or say source.url"
