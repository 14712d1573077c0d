"""The documents say what is there: docs/http.md, and OpenAPI for programs."""

import re
from typing import Any

from fastapi import FastAPI

from tests.processes import REPOSITORY
from web.problems import MEDIA_TYPE
from web.settings import OWN, WebSettings
from web.statuses import STATUSES

TEXT = (REPOSITORY / "docs" / "http.md").read_text()


def operations(app: FastAPI) -> dict[str, dict[str, Any]]:
    """Return the operations of the document by method and path."""
    paths = app.openapi()["paths"]
    return {f"{method.upper()} {path}": one for path, found in paths.items() for method, one in found.items()}


def test_the_table_of_endpoints_is_complete(app: FastAPI) -> None:
    """Each operation has its row, and no row is without an operation."""
    assert set(re.findall(r"^\| `([A-Z]+ /\S*)` \|", TEXT, re.MULTILINE)) == set(operations(app))


def test_the_table_of_refusals_is_that_of_the_code() -> None:
    """Kinds and statuses."""
    table = {(name, int(status)) for name, status in re.findall(r"^\| `(\w+)` \| (\d+) \|", TEXT, re.MULTILINE)}
    assert table == {(kind.__name__, status) for kind, status in STATUSES.items()}


def test_the_table_of_settings_is_complete() -> None:
    """Each setting of the web process has its row."""
    named = set(re.findall(rf"^\| `({OWN}\w+)` \|", TEXT, re.MULTILINE))
    assert named == {f"COUNTERFOIL_{name.upper()}" for name in WebSettings.model_fields if name.startswith("web_")}


def test_every_operation_says_what_it_does_and_how_it_refuses(app: FastAPI) -> None:
    """A sentence, a tag, problem details for each refusal, an example for each body."""
    for name, operation in operations(app).items():
        assert operation["description"], name
        assert operation["tags"], name
        for status, answer in operation["responses"].items():
            if status >= "400" and name != "GET /health/ready":
                assert MEDIA_TYPE in answer["content"], (name, status)
        if "requestBody" in operation:
            (content,) = operation["requestBody"]["content"].values()
            assert content["examples"], name
