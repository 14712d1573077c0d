"""What keeps an import from starting, or a file from being read on: each is one line and sends nothing more."""

from dataclasses import dataclass

from domain.errors import CounterfoilError


@dataclass(eq=False)
class UnreadableFile(CounterfoilError):
    """A file that cannot be opened or read on."""

    file: str
    why: str

    def __str__(self) -> str:
        """Name the file and what the operating system says of it."""
        return f"cannot read {self.file!r}: {self.why}"


@dataclass(eq=False)
class UnknownFormat(CounterfoilError):
    """A file whose name does not tell what it holds."""

    file: str

    def __str__(self) -> str:
        """Name the option."""
        return f"cannot tell the format of {self.file!r} by its suffix; say --format csv or --format ndjson"


@dataclass(eq=False)
class WrongHeader(CounterfoilError):
    """A CSV file whose first line cannot serve as its header."""

    why: str

    def __str__(self) -> str:
        """Say what is wrong, and what a header is."""
        return f"wrong header: {self.why}; the first line names every column once"


@dataclass(eq=False)
class NothingTaken(CounterfoilError):
    """No column of the file bears the name of a field, and no --map was given."""

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
class WrongOption(CounterfoilError):
    """An option whose value does not fit."""

    option: str
    value: str
    expected: str

    def __str__(self) -> str:
        """Name the option, its value and what was expected."""
        return f"{self.option} {self.value!r}: {self.expected}"
