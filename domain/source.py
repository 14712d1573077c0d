"""Where the rows of a bulk job stand when they do not stand in its arguments, and how they are written there."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Format(StrEnum):
    """How a source holds its records."""

    CSV = "csv"
    NDJSON = "ndjson"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How a source's bytes are packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


Character = Annotated[str, Field(pattern=r"^[^\r\n\x00]$")]


class Dialect(BaseModel):
    r"""The dialect of a CSV source: one character each; `null` is the cell that means null, such as `\N`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delimiter: Character = ","
    quote: Character = '"'
    escape: Character | None = None
    null: str | None = None

    @model_validator(mode="after")
    def _tell_apart(self) -> "Dialect":
        said = [one for one in (self.delimiter, self.quote, self.escape) if one is not None]
        if len(set(said)) < len(said):
            raise ValueError("delimiter, quote and escape must be different characters")
        return self


class Source(BaseModel):
    """A source of records: a URL, or (None) the bytes that were uploaded with the job.

    `map` gives fields their columns; without it a column is taken by the field of its name. `set` holds the value of a
    field for which a record says nothing. `distinct` names a field of which only the first row of each value counts.
    `lines_before` is added to line numbers: of a part of a file, those that stand before it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    format: Format
    compression: Compression = Compression.NONE
    dialect: Dialect = Dialect()
    encoding: str = "utf-8"
    map: dict[str, str] = {}
    set: dict[str, str] = {}
    distinct: str | None = None
    lines_before: int = Field(default=0, ge=0)
