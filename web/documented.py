"""What OpenAPI says of answers that are refusals, and of the token."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.security import HTTPBearer

from web.problems import MEDIA_TYPE, ProblemDetails

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="One of those whose hashes COUNTERFOIL_WEB_TOKENS holds; `counterfoil-web token NAME` makes one.",
)
"""Says in the document that a path wants a token; `web.middleware.authentication` is what asks for it."""

_SCHEMA = {"$ref": "#/components/schemas/ProblemDetails"}
_ALWAYS = (413, 500, 503)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of these refusals, and of those that every operation may come to."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": _SCHEMA}},
            **({"headers": _RETRY} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}),
        }
        for status in sorted({*statuses, *_ALWAYS})
    }


_RETRY = {"Retry-After": {"description": "Seconds after which to ask again.", "schema": {"type": "integer"}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, made once, with the problem's schema that no endpoint's type names."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schema = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        definitions = schema.pop("$defs", {})
        found.setdefault("components", {}).setdefault("schemas", {}).update({**definitions, "ProblemDetails": schema})
        app.openapi_schema = found
    return app.openapi_schema
