"""The application: made from settings, with nothing opened before its lifespan begins."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from redis.asyncio import Redis

from persistence.database import open_database
from persistence.logs import configure_logs
from persistence.revisions import heads, known
from persistence.watch.collector import DatabaseFigures
from web.documented import document
from web.metrics import Metrics
from web.middleware.authentication import Authentication
from web.middleware.body_limit import BodyLimit
from web.middleware.failures import Failures
from web.middleware.metering import Metering
from web.middleware.request_id import HEADER, RequestId
from web.refusals import add_refusals
from web.resources.load import load_resources
from web.resources.resource import Resource
from web.resources.router import make_router
from web.routes import audit, health, job_events, jobs
from web.served import Served
from web.settings import WebSettings, load_settings
from web.tokens import Tokens

DESCRIPTION = """\
Audited writes over HTTP, synchronous or as jobs, and what became of them.

Every request but those for health wants a token. Every answer bears `X-Request-ID`; every audited row keeps it.
Refusals are problem details (RFC 9457), whose kinds `/problems` lists.
"""

EXPOSED = ["ETag", "Link", "Location", "Retry-After", HEADER]
"""Headers that scripts of other origins may read."""


def create_app(settings: WebSettings, resources: Iterable[Resource] | None = None) -> FastAPI:
    """Return the application, with routes for these resources, by default those that the settings name.

    Raises SettingsError.
    """
    shown = load_resources(settings) if resources is None else tuple(resources)
    metrics = Metrics()
    app = FastAPI(
        title="Counterfoil",
        version=version("counterfoil"),
        description=DESCRIPTION,
        lifespan=_lifespan(settings, metrics),
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
    )
    app.openapi = lambda: document(app)  # type: ignore[method-assign]  # FastAPI's own way to extend it
    add_refusals(app)
    for router in (*map(make_router, shown), jobs.router, job_events.router, audit.router, health.router):
        app.include_router(router)
    _add_middleware(app, settings, metrics, readable=(resource.path for resource in shown))
    return app


def from_environment() -> FastAPI:
    """Return the application for the environment's settings, as `uvicorn --factory web.app:from_environment` wants it.

    Raises SettingsError.
    """
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    return create_app(settings)


def _add_middleware(app: FastAPI, settings: WebSettings, metrics: Metrics, *, readable: Iterable[str]) -> None:
    # The last that is added is the outermost.
    app.add_middleware(BodyLimit, max_bytes=settings.web_max_bytes)
    open_roots = frozenset(readable) if settings.web_public_reads else frozenset()
    app.add_middleware(Authentication, tokens=Tokens(settings.web_tokens), readable=open_roots)
    app.add_middleware(Failures)
    if settings.web_cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.web_cors_origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Metering, metrics=metrics)
    app.add_middleware(RequestId)


def _lifespan(settings: WebSettings, metrics: Metrics) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        """Open the database, and Redis where it is named; close them at the end."""
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_database(settings, application_name="counterfoil web"))
            redis = None
            if settings.redis_url is not None:
                redis = Redis.from_url(settings.redis_url.get_secret_value())
                stack.push_async_callback(redis.aclose)
            database.watch_statements()
            metrics.registry.register(figures := DatabaseFigures(database))
            stack.callback(metrics.registry.unregister, figures)
            newest, every = frozenset(heads(settings)), frozenset(known(settings))
            app.state.served = Served(settings, database, metrics, newest, every, redis)
            if not settings.web_tokens:
                structlog.get_logger("counterfoil.web").warning("web.no_tokens", setting="COUNTERFOIL_WEB_TOKENS")
            yield

    return lifespan
