"""Options of an import as a person types them."""

from typing import Any

import pytest

from domain.commands import BulkInsert, BulkUpdate, OnConflict
from domain.source import Compression, Format, Source
from worker.importing.described import described
from worker.importing.errors import UnknownFormat, WrongOption
from worker.importing.options import Options, character_of, name_of, pairs


def source(file: str, **more: Any) -> Source:  # noqa: ANN401 - any option
    """Return the source that a file's name and further options describe."""
    said: dict[str, Any] = {
        "form": None,
        "compression": None,
        "null": None,
        "encoding": "utf-8",
        "maps": {},
        "sets": {},
    }
    return described(file, **{**said, "distinct": None, "characters": {"delimiter": ",", "quote": '"'}, **more})


@pytest.mark.parametrize(
    ("file", "form", "compression"),
    [
        ("a.CSV", Format.CSV, Compression.NONE),
        ("b.jsonl", Format.NDJSON, Compression.NONE),
        ("b.ndjson.gz", Format.NDJSON, Compression.GZIP),
        ("c.csv.zst", Format.CSV, Compression.ZSTD),
        ("d.parquet", Format.PARQUET, Compression.NONE),
        ("https://example.org/e.csv.gz?token=a.parquet", Format.CSV, Compression.GZIP),
    ],
)
def test_the_format_is_told_by_the_suffix(file: str, form: Format, compression: Compression) -> None:
    """Also in a URL, whose query is no part of the name."""
    found = source(file)
    assert (found.format, found.compression) == (form, compression)


def test_the_format_may_be_said() -> None:
    """Standard input has no suffix, so there it must be."""
    assert source("-", form=Format.CSV, compression=Compression.GZIP).compression is Compression.GZIP
    with pytest.raises(UnknownFormat, match="say --format csv, ndjson or parquet"):
        source("-")


@pytest.mark.parametrize("given", [["key"], ["=x"], ["key="], ["key=a", "key=b"]])
def test_a_mapping_that_is_none_is_refused(given: list[str]) -> None:
    """Each field once, each with its column."""
    with pytest.raises(WrongOption, match="--map"):
        pairs("--map", given)


def test_a_value_may_hold_an_equals_sign_or_nothing() -> None:
    """Only the first one divides."""
    assert pairs("--set", ["title=a=b", "description="]) == {"title": "a=b", "description": ""}


def test_a_character_of_a_dialect_is_one_character() -> None:
    """A tab can be named, since it is hard to type; no two may be the same."""
    assert [character_of("--delimiter", text) for text in (";", "tab", r"\t")] == [";", "\t", "\t"]
    for text in ("", ";;", "\n", "\0"):
        with pytest.raises(WrongOption, match="--delimiter"):
            character_of("--delimiter", text)
    with pytest.raises(WrongOption, match="delimiter, quote and escape must be different characters"):
        source("a.csv", characters={"delimiter": ";", "quote": ";"})


def test_a_reason_names_the_file_without_its_folder_or_secrets() -> None:
    """A signed URL's query would let whoever reads the audit log read the file."""
    assert name_of("/home/ada/tasks.csv") == "tasks.csv"
    assert name_of("https://example.org/a/tasks.csv?signature=secret") == "tasks.csv"
    assert name_of("-") == "standard input"
    assert name_of("caf\udce9.csv") == "caf\ufffd.csv"


@pytest.mark.parametrize(("actor", "reason"), [("", None), ("x" * 201, None), ("ada", "a\0b"), ("ada", "x" * 2_001)])
def test_who_and_why_must_be_storable(actor: str, reason: str | None) -> None:
    """The option is named."""
    options = Options(file="a.csv", entity="task", source=source("a.csv"), actor=actor, reason=reason)
    with pytest.raises(WrongOption, match=r"--(actor|reason) "):
        options.origin()


def test_an_import_is_one_command() -> None:
    """With --update another one than without."""
    options = Options(file="a.csv", entity="task", source=source("a.csv"), actor="ada", on_conflict=OnConflict.SKIP)
    assert options.command() == BulkInsert(
        entity="task", source=source("a.csv"), on_conflict=OnConflict.SKIP, on_invalid=options.on_invalid
    )
    update = Options(file="a.csv", entity="task", source=source("a.csv"), actor="ada", is_update=True, match_on="id")
    assert isinstance(update.command(), BulkUpdate)
