"""Which URLs may be read: those inside the roots, however they are written."""

import pytest

from persistence.settings import SettingsError
from worker.environment import load_settings
from worker.sources.addresses import check_address
from worker.sources.errors import ForbiddenAddress, OutsideRoots, WrongRoot
from worker.sources.roots import Roots

ROOTS = Roots.parse(
    ("file:///srv/imports", "s3://bucket/prefix", "https://exports.example.com/out/", "http://[2606:4700::1111]:8080")
)


@pytest.mark.parametrize(
    ("url", "opened"),
    [
        ("s3://bucket/prefix/a/b.csv", "s3://bucket/prefix/a/b.csv"),
        ("s3://bucket/x/../prefix/./b.csv", "s3://bucket/prefix/b.csv"),
        ("https://exports.example.com/out/a%20b.csv?key=1", "https://exports.example.com/out/a%20b.csv?key=1"),
        ("https://EXPORTS.example.com.:443/out/a/..%3b/b.csv", "https://exports.example.com/out/b.csv"),
        ("https://exports.example.com/%6Fut/a.csv", "https://exports.example.com/%6Fut/a.csv"),
        ("http://[2606:4700::1111]:8080/a.csv", "http://[2606:4700::1111]:8080/a.csv"),
    ],
)
def test_what_lies_inside_a_root_is_opened_as_it_was_compared(url: str, opened: str) -> None:
    """Nobody after us resolves dots of another kind."""
    assert ROOTS.admit(url).url == opened


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/prefixed/a.csv",
        "s3://bucket/prefix/../other/a.csv",
        "s3://bucket/prefix/%2e%2e/other/a.csv",
        "s3://bucket/prefix/%252e%252E/other/a.csv",
        "s3://bucket/prefix/..%2fother/a.csv",
        "s3://bucket/prefix/..;x/other/a.csv",
        "s3://other/prefix/a.csv",
        "s3a://bucket/prefix/a.csv",
        "gs://bucket/prefix/a.csv",
        "https://exports.example.com/outer/a.csv",
        "https://exports.example.com/out/../../out/a.csv",
        "https://exports.example.com:8443/out/a.csv",
        "http://exports.example.com/out/a.csv",
        "https://exports.example.com.evil.example/out/a.csv",
        "https://exports.example.com\\@evil.example/out/a.csv",
        "https://evil.example\\.exports.example.com/out/a.csv",
        "https://user@exports.example.com/out/a.csv",
        "https://exports.example.com/out/\r\nHost: evil.example",
        "https://exports.example.com/out/%0d%0aa.csv",
        "https://exports.example.com:port/out/a.csv",
        "http://2130706433/a.csv",
        "http://0x7f000001/a.csv",
        "http://0177.0.0.1/a.csv",
        "http://127.1/a.csv",
        "https://exports.exam\u212ale.com/out/a.csv",
        "zip::https://exports.example.com/out/a.zip",
        "zip://a.csv::https://exports.example.com/out/a.zip",
        "simplecache::s3://bucket/prefix/a.csv",
        "filecache://s3://bucket/prefix/a.csv",
        "github://owner:repository@main/a.csv",
        "local:///srv/imports/a.csv",
        "data://text/plain,a",
        "file://other/srv/imports/a.csv",
        "/srv/imports/a.csv",
        "",
    ],
)
def test_what_does_not_is_refused(url: str) -> None:
    """Parts of names, other hosts, ports and protocols, ways out by dots, and what reads through another URL."""
    with pytest.raises(OutsideRoots, match=r"may not be read: .*COUNTERFOIL_SOURCES names what may"):
        ROOTS.admit(url)


@pytest.mark.parametrize("url", ["file:///srv/a.csv", "https://example.com/a.csv", "memory://a"])
def test_without_roots_nothing_may_be_read(url: str) -> None:
    """A worker reads what its operator has named."""
    with pytest.raises(OutsideRoots, match="no source is allowed at all"):
        Roots(()).admit(url)


@pytest.mark.parametrize(
    "url", ["https://me:top/secret@evil.example/a?sig=topsecret#topsecret", "ftp://me:topsecret@h/a", "topsecret@h"]
)
def test_messages_show_no_password_and_no_query(url: str) -> None:
    """They end up in logs and in the job's row."""
    with pytest.raises(OutsideRoots) as refused:
        ROOTS.admit(url)
    assert "secret" not in str(refused.value).replace("'topsecret@h'", "")


@pytest.mark.parametrize(
    "root", ["/srv", "https://me:pw@h/", "https://h/?a=b", "zip://a", "s4://bucket/", "s3:///a", "https:///a", "*"]
)
def test_a_root_that_is_none_is_an_error_at_boot(root: str) -> None:
    """With what was expected; a password is not repeated."""
    with pytest.raises(WrongRoot, match="expected roots such as"):
        Roots.parse((root,))
    urls = {"DATABASE_URL": "postgresql://db/app", "REDIS_URL": "redis://cache"}
    with pytest.raises(SettingsError) as refused:
        load_settings({**urls, "COUNTERFOIL_SOURCES": f"file:///srv,{root}"})
    (sentence,) = refused.value.sentences
    assert sentence.startswith("COUNTERFOIL_SOURCES=(hidden): ")
    assert "me:pw" not in sentence


def test_settings_name_roots_and_a_switch() -> None:
    """Separated by commas."""
    urls = {"DATABASE_URL": "postgresql://db/app", "REDIS_URL": "redis://cache"}
    given = {"COUNTERFOIL_SOURCES": "file:///srv/imports, s3://bucket/", "COUNTERFOIL_SOURCES_PRIVATE_HOSTS": "true"}
    settings = load_settings({**urls, **given})
    assert settings.sources == ("file:///srv/imports", "s3://bucket/")
    assert settings.sources_private_hosts
    assert load_settings(urls).sources == ()


PRIVATE = [
    *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("0.0.0.0", "::", "::1", "fec0::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1"),  # noqa: S104
]
LINK_LOCAL = ["169.254.169.254", "fd00:ec2::254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_need_the_switch(address: str) -> None:
    """Behind them lies what a firewall keeps from the sender of a job; in whatever way they are written."""
    with pytest.raises(ForbiddenAddress, match="COUNTERFOIL_SOURCES_PRIVATE_HOSTS"):
        check_address("h", address, private_hosts=False)
    check_address("h", address, private_hosts=True)


@pytest.mark.parametrize("private_hosts", [True, False])
@pytest.mark.parametrize("address", LINK_LOCAL)
def test_link_local_addresses_are_never_read(address: str, private_hosts: bool) -> None:  # noqa: FBT001
    """The machine's own credentials are handed out there."""
    with pytest.raises(ForbiddenAddress, match="are never read"):
        check_address("h", address, private_hosts=private_hosts)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111", "::ffff:93.184.216.34"])
def test_public_addresses_are_read(address: str) -> None:
    """They are what everybody reaches."""
    check_address("h", address, private_hosts=False)
