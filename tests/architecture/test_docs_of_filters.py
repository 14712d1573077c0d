"""The documentation names every operator, with the fields that it takes."""

import re
from pathlib import Path

from domain.filters.kinds import Kind
from domain.filters.operators import RULES, Operator

PAGE = Path(__file__).parents[2] / "docs" / "filters.md"


def _rows() -> dict[str, list[str]]:
    table = PAGE.read_text(encoding="utf-8").partition("## Operators")[2].partition("## What null means")[0]
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in lines}


def test_every_operator_stands_in_the_table_with_its_fields() -> None:
    """In the order of the enumeration; one that is added without its line fails here."""
    rows = _rows()
    assert list(rows) == [operator.value for operator in Operator]
    for name, (_, fields, *_rest) in rows.items():
        kinds = RULES[Operator(name)].kinds
        words = {"all": frozenset(Kind) - {Kind.RELATION}} | {kind.value: frozenset({kind}) for kind in Kind}
        assert kinds == frozenset[Kind]().union(*(words[word] for word in fields.split(", "))), name
