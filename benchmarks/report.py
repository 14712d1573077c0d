"""The report: on the terminal, and between two marks of the README."""

from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.bulk.tables import bulk_tables
from benchmarks.run import Story
from benchmarks.tables import Table, failures, further, markdown, side_by_side, targets

BEGIN: Final = "<!-- benchmarks: written by `make bench WRITE=1` -->"
END: Final = "<!-- /benchmarks -->"


class NoPlace(Exception):
    """The marks between which the report belongs are not in the document."""

    def __init__(self, path: Path) -> None:
        """Build the message from the document."""
        super().__init__(f"{path} has no place for the report: add the lines {BEGIN} and {END}")


def print_report(story: Story) -> None:
    """Print the tables, and what failed."""
    console = Console(highlight=False, width=130)
    print(where(story))
    for table in _tables(story):
        console.print(_rich(table))
    for line in failures(story.figures):
        print(f"failed: {line}")
    if story.quick:
        print("A quick run: it shows that everything works. Its figures are noise.")


def where(story: Story) -> str:
    """Return when and on what it was measured, in one sentence."""
    machine = story.machine
    times = f"medians of {story.repetitions} repetitions in turns" if story.repetitions > 1 else "one repetition"
    return (
        f"Measured on {story.began:%Y-%m-%d}: {machine['cores']} cores ({machine['processor']}) that servers, workers "
        f"and clients share, PostgreSQL {machine['PostgreSQL']} ({machine['PostgreSQL settings']}), {machine['Redis']} "
        f"({machine['Redis settings']}), Python {machine['Python']}; "
        f"{times}."
    )


def write_report(story: Story, document: Path, chart: Path) -> None:
    """Put the report between the marks of a document, which shows the chart where there is one; raises NoPlace."""
    text = document.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise NoPlace(document)
    failed = [f"Failed: {line}." for line in failures(story.figures)]
    shown = [f"![Jobs a second and latency, beside the peers]({chart.relative_to(document.parent)})"] * chart.exists()
    body = "\n\n".join([where(story), *shown, *map(markdown, _tables(story)), *failed])
    document.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", encoding="utf-8")


def _tables(story: Story) -> list[Table]:
    figures, parts = story.figures, story.parts
    tables = [side_by_side(figures, parts), *bulk_tables(figures), targets(figures, parts), further(figures)]
    return [table for table in tables if table.rows]


def _rich(table: Table) -> RichTable:
    made = RichTable(table.headers[0])
    for header in table.headers[1:]:
        made.add_column(header, justify="right")
    for row in table.rows:
        made.add_row(*row)
    return made
