"""Every refusal as JSON problem details (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.types import Scope

from domain.errors.base import PROBLEMS_SENT

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One refused field: of a `row` (from 0) where there are several; `place` is where in the request it stands."""

    field: str = Field(examples=["title"])
    message: str = Field(examples=["Field required"])
    row: int | None = None
    place: str | None = Field(None, examples=["body"])


class ProblemDetails(BaseModel):
    """Why a request was refused.

    `type` tells the kind, by which a program decides; it leads to the table of kinds. `title` is the status in words,
    `detail` says what to do. Problems by field stand in `problems` where the kind knows any.
    """

    type: str = Field(examples=["/problems#NotFound"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["no live task with id 7; it was never there, or must be restored first"])
    request_id: str | None = Field(None, examples=["5f0c2f6e9d0b4b1f8d1c8a3e1f6b7a90"])
    problems: list[FieldProblem] | None = None


def problem(  # noqa: PLR0913 - the parts of an answer
    scope: Scope,
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    problems: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer to a refused request; `kind` is an error's class by name, None where the status says all."""
    details = ProblemDetails(
        type=f"/problems#{kind}" if kind else "about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        request_id=scope.get("state", {}).get("request_id"),
        problems=list(problems[:PROBLEMS_SENT]) or None,
    )
    return JSONResponse(details.model_dump(exclude_none=True), status, dict(headers or {}), media_type=MEDIA_TYPE)
