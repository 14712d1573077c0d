"""What the bulk part says, as tables of text."""

from collections.abc import Mapping
from typing import Final

from benchmarks.figures import Figures
from benchmarks.tables import FAILED, Table, amount

WAYS: Final[Mapping[str, str]] = {
    "ours": "Counterfoil, validated",
    "psql": "psql, \\copy and INSERT … SELECT",
    "core": "SQLAlchemy Core, insertmanyvalues",
    "orm": "SQLAlchemy ORM, add_all",
    "by_row": "ORM, row by row",
}
CHANGES: Final[Mapping[str, str]] = {
    "soft_delete": "soft delete with cascade",
    "update": "one update",
    "bulk_update": "a file of updates",
}


def bulk_tables(figures: Figures) -> list[Table]:
    """Return rates, peak memory, mass changes and the few rows in arguments, as far as they were measured."""
    return [
        _by_size(figures, "bulk.{}.{}", "rows/s"),
        _by_size(figures, "bulk.memory.{}.{}", "peak MB"),
        _changes(figures),
        _few(figures),
    ]


def _by_size(figures: Figures, name: str, unit: str) -> Table:
    """Return a row for each way that was tried, a column for each size; where it was not tried the cell is empty."""
    sizes = sorted({int(part) for figure in _bulk(figures) if (part := figure.split(".")[1]).isdecimal()})
    rows = [(words, *(_cell(figures, name.format(size, way)) for size in sizes)) for way, words in WAYS.items()]
    return Table((f"rows with audit, {unit}", *(f"{size:,}" for size in sizes)), [row for row in rows if any(row[1:])])


def _cell(figures: Figures, name: str) -> str:
    if (value := figures.median(name)) is not None:
        return amount(value)
    return FAILED if name in figures.failures else ""


def _changes(figures: Figures) -> Table:
    headers = ("100 thousand rows", "Counterfoil, with audit, s", "the bare statements by psql, s")
    rows = [
        (words, amount(figures.median(f"bulk.{job}.ours")), amount(figures.median(f"bulk.{job}.bare")))
        for job, words in CHANGES.items()
        if f"bulk.{job}.ours" in figures.values
    ]
    return Table(headers, rows)


def _few(figures: Figures) -> Table:
    sizes = sorted({int(name.split(".")[2]) for name, _ in figures.medians("bulk.few.*")})
    rows = [
        (f"{size:,}", *(amount(figures.median(f"bulk.few.{size}.{way}")) for way in ("statement", "copy")))
        for size in sizes
    ]
    return Table(("rows in the arguments", "one statement, ms", "COPY, ms"), rows)


def _bulk(figures: Figures) -> list[str]:
    return [name for name in (*figures.values, *figures.failures) if name.startswith("bulk.")]
