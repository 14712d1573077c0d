"""What the tests of the web application share."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from tests.web_clients import client_of, web_settings
from web.app import create_app
from web.settings import WebSettings
from worker.settings import Settings


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """Return the application on the test's own database."""
    return create_app(web_settings(settings))


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of the running application, with the token of ada."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
def web(settings: Settings) -> WebSettings:
    """Return the settings of a web process on the test's own database."""
    return web_settings(settings)
