"""URLs with certificates, several hosts, and a replica for readers, against servers that really ask for them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, make_url
from sqlmodel import select

from domain.commands import SoftDelete
from domain.errors import Unreachable
from persistence.audit_log import AuditEntry
from persistence.database import open_database
from persistence.engine import create_engine, database_url, reach
from persistence.reader import reader
from persistence.settings import SettingsError
from tests.pgbouncers import pgbouncer_before
from tests.worlds import apply, plant
from worker.embedded.process import free_ports
from worker.settings import Settings


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority, certificates for 127.0.0.1 and for a client, and another authority."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, which makes the certificates")
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "ip").write_text("subjectAltName=IP:127.0.0.1")
    for name in ("ca", "other"):
        _openssl(
            folder, f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}.key -out {name}.crt"
        )
    for name in ("server", "client"):
        _openssl(folder, f"req -newkey rsa:2048 -nodes -subj /CN=counterfoil -keyout {name}.key -out {name}.csr")
        _openssl(
            folder,
            f"x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile ip -out {name}.crt",
        )
    return folder


@pytest.fixture(scope="module")
def encrypted(certificates: Path) -> Iterator[str]:
    """Return the URL of a server that answers over TLS alone: PgBouncer, for the embedded PostgreSQL has none."""
    with _encrypting(certificates, "require") as url:
        yield url


@pytest.fixture(scope="module")
def guarded(certificates: Path) -> Iterator[str]:
    """Return the URL of one that wants a certificate of its client too."""
    with _encrypting(certificates, "verify-ca") as url:
        yield url


def _encrypting(certificates: Path, mode: str) -> AbstractContextManager[str]:
    files = [certificates / name for name in ("server.crt", "server.key", "ca.crt")]
    named = {"cert": "server.crt", "key": "server.key", "ca": "ca.crt"}
    lines = [
        f"client_tls_sslmode = {mode}",
        *(f"client_tls_{what}_file = {{folder}}/{name}" for what, name in named.items()),
    ]
    return pgbouncer_before(os.environ["DATABASE_URL"], files=files, more="\n".join(lines))


async def connect(url: str) -> None:
    """Connect to a URL as our engines do."""
    engine = create_engine(database_url(url), pool_size=1, max_overflow=0)
    try:
        await reach(engine)
    finally:
        await engine.dispose()


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("sslmode=disable", "SSL required"),
        ("sslmode=require", None),
        ("sslmode=verify-ca&sslrootcert={ca}", None),
        ("sslmode=verify-full&sslrootcert={ca}", None),
        ("sslmode=require&sslrootcert={other}", "CERTIFICATE_VERIFY_FAILED"),
        ("sslmode=verify-ca&sslrootcert={other}", "CERTIFICATE_VERIFY_FAILED"),
        ("sslmode=verify-full&sslrootcert=system", "CERTIFICATE_VERIFY_FAILED"),
    ],
)
async def test_the_url_says_how_much_is_verified(
    encrypted: str, certificates: Path, query: str, answer: str | None
) -> None:
    """By libpq's words; a certificate that nobody trusts ends the connection before the password is sent."""
    url = f"{encrypted}?{query.format(ca=certificates / 'ca.crt', other=certificates / 'other.crt')}"
    if answer is None:
        await connect(url)
    else:
        with pytest.raises(Unreachable, match=answer):
            await connect(url)


async def test_verify_full_asks_for_the_hosts_name(encrypted: str, certificates: Path) -> None:
    """The certificate is for 127.0.0.1, and so not for localhost."""
    named = make_url(encrypted).set(host="localhost").render_as_string(hide_password=False)
    authority = f"sslrootcert={certificates / 'ca.crt'}"
    await connect(f"{named}?sslmode=verify-ca&{authority}")
    with pytest.raises(Unreachable, match=r"Hostname mismatch|not valid for 'localhost'"):
        await connect(f"{named}?sslmode=verify-full&{authority}")


async def test_a_certificate_of_the_client_opens_what_asks_for_one(guarded: str, certificates: Path) -> None:
    """With its key; without it the server refuses."""
    own = f"sslcert={certificates / 'client.crt'}&sslkey={certificates / 'client.key'}"
    await connect(f"{guarded}?sslmode=require&{own}")
    with pytest.raises(Unreachable):
        await connect(f"{guarded}?sslmode=require")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sslmode=verify-full&sslrootcert=/no/ca.crt", "sslrootcert='/no/ca.crt' cannot be read .No such file"),
        ("sslrootcert=/ca.crt", "sslrootcert goes with sslmode require, verify-ca, verify-full; sslmode=prefer would"),
        ("sslmode=require&sslkey=/own.key", "sslkey goes with sslcert"),
        ("sslmode=require&sslcert=/no/own.crt", "sslcert='/no/own.crt' cannot be read"),
    ],
)
async def test_certificates_that_cannot_be_used_are_named_with_their_setting(
    settings: Settings, query: str, sentence: str
) -> None:
    """Before anybody connects."""
    url = SecretStr(f"{settings.database_url.get_secret_value()}?{query}")
    with pytest.raises(SettingsError, match=f"DATABASE_URL: {sentence}"):
        async with open_database(settings.model_copy(update={"database_url": url})):
            pass


async def test_of_several_hosts_the_one_that_takes_writes_is_taken(settings: Settings) -> None:
    """The first is dead: nobody listens on its port."""
    url = make_url(settings.database_url.get_secret_value())
    dead = next(free_ports())
    query = {"host": [f"127.0.0.1:{dead}", f"{url.host}:{url.port}"], "target_session_attrs": "read-write"}
    both = url.set(host=None, port=None, query=query).render_as_string(hide_password=False)
    async with open_database(settings.model_copy(update={"database_url": SecretStr(both)})) as database:
        await plant(database.sessions, tasks=1)


async def test_readers_go_to_the_replica_and_writers_do_not(settings: Settings) -> None:
    """Its URL has a setting of its own; here it is the same server under another name of the client."""
    given = {"reader_url": settings.database_url}
    async with open_database(settings.model_copy(update=given)) as database:
        await plant(database.sessions, tasks=1)
        await apply(database.sessions, SoftDelete(entity="task", key=["t0"]))
        name = select(func.current_setting("application_name"))
        async with reader(database.sessions) as read:
            assert await read.scalars(name) == ["counterfoil reader"]
            assert [type(entry) for entry in await read.scalars(select(AuditEntry))] == [AuditEntry] * 3
        async with reader(database.sessions, current=True) as read:
            assert await read.scalars(name) == ["counterfoil"]


async def test_a_replica_that_does_not_answer_is_named_by_its_setting(settings: Settings) -> None:
    """Not as the database itself."""
    away = SecretStr(f"postgresql://nobody@127.0.0.1:{next(free_ports())}/db")
    with pytest.raises(Unreachable, match="correct COUNTERFOIL_READER_URL"):
        async with open_database(settings.model_copy(update={"reader_url": away})):
            pass


def _openssl(folder: Path, arguments: str) -> None:
    subprocess.run([str(shutil.which("openssl")), *arguments.split()], cwd=folder, check=True, capture_output=True)
