"""Who asks: tokens, request ids and reasons, from the header to the audited row."""

import httpx
import pytest

from tests.web_clients import TOKENS, client_of, problem_in, web_settings
from web.app import create_app
from web.middleware.authentication import OPEN
from web.tokens import Tokens, hash_line, new_token, parse_tokens
from worker.settings import Settings

UPDATE = {"entity": "task", "id": 1, "changes": {"title": "x"}}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic YTpi", f"Bearer {TOKENS['ada']}x"])
async def test_without_a_known_token_nothing_is_answered(client: httpx.AsyncClient, header: str | None) -> None:
    """A read, a write, a job and a path that does not exist are all 401, with a challenge."""
    headers = {"Authorization": header} if header is not None else {}
    del client.headers["Authorization"]
    for method, path in (("GET", "/jobs"), ("POST", "/jobs/update"), ("GET", "/audit"), ("GET", "/nothing")):
        answer = await client.request(method, path, headers=headers, content=b"{")
        assert problem_in(answer).status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_two_tokens_in_one_request_are_none(client: httpx.AsyncClient) -> None:
    """A proxy may have looked at the other one."""
    given = [("Authorization", f"Bearer {token}") for token in TOKENS.values()]
    del client.headers["Authorization"]
    assert problem_in(await client.get("/jobs", headers=given)).status == 401


async def test_every_path_but_the_open_ones_wants_a_token(settings: Settings) -> None:
    """No route is forgotten: the list is of what is open."""
    app = create_app(web_settings(settings))
    async with client_of(app, actor=None) as client:
        for path, operations in app.openapi()["paths"].items():
            for method, operation in operations.items():
                answer = await client.request(method, path.replace("{job_id}", "1").replace("{id}", "1"))
                assert (answer.status_code == 401) == (path not in OPEN), path
                assert ("security" in operation) == (path not in OPEN), path


async def test_actor_request_and_reason_reach_the_row(client: httpx.AsyncClient) -> None:
    """The job that a request sent is kept in the name of the token's owner, with the request's id and reason."""
    given = {"X-Request-ID": "req-1", "X-Reason": "zu spät", "Idempotency-Key": "one"}
    sent = await client.post("/jobs/update", json=UPDATE, headers=httpx.Headers(given, encoding="utf-8"))
    assert sent.status_code == 202, sent.text
    assert sent.headers["X-Request-ID"] == "req-1"
    seen = (await client.get("/jobs/one")).json()
    assert (seen["actor"], seen["request_id"], seen["reason"]) == ("ada", "req-1", "zu spät")


@pytest.mark.parametrize("given", ["", "with space", "x" * 201, "line\x00"])
async def test_a_request_id_that_no_log_should_hold_is_replaced(client: httpx.AsyncClient, given: str) -> None:
    """The answer bears a fresh one."""
    answer = await client.get("/health/live", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert len(answer.headers["X-Request-ID"]) == 32


def test_a_new_token_is_known_by_its_hash_line_alone() -> None:
    """What the settings hold does not contain it; an actor may have two."""
    old, new = new_token(), new_token()
    line = f"{hash_line('ada', old)}, {hash_line('ada', new)},{hash_line('boris', 'x')}"
    assert old not in line
    tokens = Tokens(parse_tokens(line))
    assert [tokens.actor(token) for token in (old, new, "x", "", old[:-1])] == ["ada", "ada", "boris", None, None]


@pytest.mark.parametrize("text", ["ada", "ada=12", "=" + "0" * 64, "{", '{"ada": 1}', "a" * 201 + "=" + "0" * 64])
def test_settings_with_wrong_tokens_are_refused(text: str) -> None:
    """A typing error does not become a token that nobody has."""
    with pytest.raises(ValueError, match=r"."):
        parse_tokens(text)
