"""What keeps an import from starting, or a file from being read on: each is one line and sends nothing more."""

from dataclasses import dataclass

from domain.errors import CounterfoilError


@dataclass(eq=False)
class UnreadableFile(CounterfoilError):
    """A file that cannot be opened or read on."""

    file: str
    why: str

    def __str__(self) -> str:
        """Name the file and what is wrong with it."""
        return f"cannot read {self.file!r}: {self.why}"


@dataclass(eq=False)
class UnknownFormat(CounterfoilError):
    """A file whose name does not tell what it holds."""

    file: str

    def __str__(self) -> str:
        """Name the option."""
        return f"cannot tell the format of {self.file!r} by its suffix; say --format csv, ndjson or parquet"


@dataclass(eq=False)
class WrongOption(CounterfoilError):
    """An option whose value does not fit."""

    option: str
    value: str
    expected: str

    def __str__(self) -> str:
        """Name the option, its value and what was expected."""
        return f"{self.option} {self.value!r}: {self.expected}"
