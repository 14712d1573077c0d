"""Each row of the tables of docs/data-layer.md has a test that runs on every database."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from persistence.service import ServiceBase

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "data-layer.md").read_text(encoding="utf-8")
EVERYWHERE = [
    text
    for path in sorted(TESTS.rglob("test_*.py"))
    if "\npytestmark = pytest.mark.on_every_engine\n" in (text := path.read_text(encoding="utf-8"))
]
"""The tests all of which run on every database."""


def said(method: str, call: ast.Call) -> Iterator[str]:
    """Yield the parameters of a service's method that a call gives."""
    parameters = list(inspect.signature(getattr(ServiceBase, method)).parameters.values())[1:]
    places = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    yield from places[: len(call.args)]
    known = {one.name for one in parameters}
    yield from (keyword.arg if keyword.arg in known else "conditions" for keyword in call.keywords)


def test_every_parameter_of_every_method_is_given_in_a_test_of_every_database() -> None:
    """A parameter that no call gives is a promise that nobody has tried."""
    table = re.findall(r"^\| `(\w+)\((.*?)\)` \|", PAGE, re.MULTILINE)
    rows = {(method, name) for method, names in table for name in re.findall(r"\w+", names)}
    assert len(rows) > 100
    calls = (node for text in EVERYWHERE for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    tried = {
        (call.func.attr, name)
        for call in calls
        if isinstance(call.func, ast.Attribute) and hasattr(ServiceBase, call.func.attr)
        for name in said(call.func.attr, call)
    }
    assert rows - tried == set()


def test_every_way_to_load_is_counted_in_a_test_of_every_database() -> None:
    """As the page spells it, with how many statements it takes."""
    forms = re.findall(r'^\| `("\w.*?"|\(.*?\))` \|', PAGE, re.MULTILINE)
    assert len(forms) == 5
    counted = next(text for text in EVERYWHERE if "STRATEGIES" in text)
    assert [form for form in forms if not re.search(rf"\({re.escape(form)}, \d+\),", counted)] == []


def test_every_kind_of_error_is_raised_in_a_test_of_every_database() -> None:
    """By a service; what a client of HTTP can bring about is seen there too."""
    lines = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE.split("| error |")[1].split("## Relations")[0], re.MULTILINE)
    kinds = {kind for line in lines for kind in re.findall(r"\w+", line)}
    assert len(kinds) > 12
    raised = {kind for kind in kinds for text in EVERYWHERE if re.search(rf"raises\({kind}\b|, {kind}, ", text)}
    assert kinds - raised == set()
    over_http = next(text for text in EVERYWHERE if "REFUSED: list[tuple[Asked" in text)
    assert {kind for kind in kinds if f'"{kind}"' not in over_http} == {
        "InvalidCommand",  # of jobs and purges
        "InvalidQuery",  # parameters have bounds and names of their own
        "NoCondition",  # no request writes by a filter
        "NotLoaded",  # the server's own fault
    }
