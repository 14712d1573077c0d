"""Errors as answers: what the sender can mend is told in full, what the server must mend by its request id alone."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.routing import compile_path
from starlette.types import Scope

from domain.errors import CounterfoilError
from domain.errors.base import PROBLEMS_SENT
from domain.job import Severity
from persistence.classification import severity
from web.problems import FieldProblem, problem
from web.statuses import FOR_THE_MOMENT, UNFORESEEN, status_of

RETRY_SECONDS = 1
"""After which a sender may ask again whom a lost connection, a deadlock or a full pool has refused."""

_STATEMENT_TIMEOUT = "57014"
"""Query canceled: PostgreSQL manual, appendix A."""

_UNFORESEEN = "the server failed; whoever runs it finds the reason in its log by the request id"
_FOR_THE_MOMENT = "the server cannot do this at the moment; ask again, or find the reason in its log by the request id"


def add_refusals(app: FastAPI) -> None:
    """Have the application answer errors of the business, unfit requests, and what Starlette refuses."""
    app.add_exception_handler(CounterfoilError, _of_business)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


def failure(scope: Scope, error: BaseException) -> JSONResponse:
    """Return the answer to a request that ended in an unforeseen error, and log what happened: class, never values."""
    passes = is_for_the_moment(error)
    status = FOR_THE_MOMENT if passes else UNFORESEEN
    if isinstance(error, CounterfoilError):
        status = status_of(error)
    log = structlog.get_logger("counterfoil.web")
    log.error("http.failed", error=type(error).__name__, status=status, exc_info=None if passes else error)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == FOR_THE_MOMENT else {}
    kind = type(error).__name__ if isinstance(error, CounterfoilError) else None
    detail = _FOR_THE_MOMENT if status == FOR_THE_MOMENT else _UNFORESEEN
    return problem(scope, status, detail, kind=kind, headers=headers)


def is_for_the_moment(error: BaseException) -> bool:
    """Tell whether the sender may well ask again: nothing was written, and the request was not at fault.

    A job's severity leaves open whether a server that has no name or no route, or a statement that took too long, is
    the job's own fault; a request brings neither files nor addresses, and the time-out is the operator's.
    """
    if severity(error) is Severity.TRANSIENT or isinstance(error, OSError):
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _STATEMENT_TIMEOUT


async def _of_business(request: Request, error: Any) -> JSONResponse:  # noqa: ANN401 - Starlette's signature
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return failure(request.scope, error)
    found = [FieldProblem(row=one.row, field=one.field, message=one.message) for one in error.problems()]
    return problem(request.scope, status, str(error), kind=type(error).__name__, problems=found)


async def _of_validation(request: Request, error: Any) -> JSONResponse:  # noqa: ANN401 - Starlette's signature
    details: Sequence[dict[str, Any]] = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return problem(request.scope, 400, "the body is not JSON")
    # A body may have hundreds of thousands of unknown fields, and the process does nothing else meanwhile.
    found = [_field_problem(detail) for detail in details[:PROBLEMS_SENT]]
    listing = "; ".join(f"{one.place} {one.field}".rstrip() + f": {one.message}" for one in found[:5])
    return problem(request.scope, 422, f"the request does not fit: {listing}", kind="InvalidRequest", problems=found)


async def _of_http(request: Request, error: Any) -> JSONResponse:  # noqa: ANN401 - Starlette's signature
    detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else _in_words(request, error)
    allowed = _allowed(request) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else ""
    headers = {"Allow": allowed} if allowed else error.headers
    return problem(request.scope, error.status_code, detail, headers=headers)


def _allowed(request: Request) -> str:
    """Return the methods of all operations of this path: Starlette names those of the first route alone."""
    path, paths = request.scope["path"], request.app.openapi()["paths"]
    # OpenAPI: a path without parameters goes before one with some.
    fitting = [path] if path in paths else [one for one in paths if compile_path(one)[0].match(path)]
    return ", ".join(method.upper() for template in fitting for method in paths[template])


def _in_words(request: Request, error: HTTPException) -> str:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return "there is no such path; /docs lists them"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"this path does not take {request.method}; the header Allow names what it takes"
    return HTTPStatus(error.status_code).description


def _field_problem(detail: dict[str, Any]) -> FieldProblem:
    place, *path = [str(part) for part in detail["loc"][:8]]
    return FieldProblem(field=".".join(path), place=place, message=detail["msg"].removeprefix("Value error, "))
