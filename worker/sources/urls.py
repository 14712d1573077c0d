"""URLs of sources, taken apart strictly: what cannot be compared with a root for certain is refused."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address
from urllib.parse import unquote, urlsplit

HTTP = {"http": 80, "https": 443}
FILE = "file"

_WRAPPERS = frozenset(
    {
        *("async_wrapper", "asynclocal", "asyncwrapper", "blockcache", "cached", "data", "dir", "filecache", "generic"),
        *("gist", "git", "github", "jlab", "jupyter", "libarchive", "local", "reference", "simplecache", "tar", "zip"),
    }
)
"""Protocols that read through another URL, by another name of the local files, or whatever anybody put on the web."""

_PROTOCOL = re.compile(r"[a-z][a-z0-9+._-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_HOST = re.compile(r"[a-z0-9._:-]+")
_NUMBER = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
"""A host that some take for an IPv4 address: `127.1`, `2130706433`, `0x7f000001`, `0177.0.0.1`."""


@dataclass(frozen=True)
class Place:
    """A URL taken apart: `segments` are its path without `.` and `..`, percent signs as they were given but for files.

    `host` is empty for files, and the bucket of an object store, as it was given; `port` is 0 but for http.
    """

    protocol: str
    host: str
    port: int
    segments: tuple[str, ...]
    query: str = ""

    def is_in(self, root: "Place") -> bool:
        """Return whether this is the root or below it; whole segments are compared, never parts of names."""
        known = [unquote(one) for one in root.segments if one]
        same = (self.protocol, self.host, self.port) == (root.protocol, root.host, root.port)
        return same and [unquote(one) for one in self.segments[: len(known)]] == known

    @property
    def url(self) -> str:
        """The URL as it is opened, which is as it was compared."""
        host = f"[{self.host}]" if ":" in self.host and self.protocol in HTTP else self.host
        port = f":{self.port}" if self.port and self.port != HTTP.get(self.protocol) else ""
        query = f"?{self.query}" if self.query else ""
        return f"{self.protocol}://{host}{port}/{'/'.join(self.segments)}{query}"


def shown(url: str) -> str:
    """Return a URL that may be printed: without user, password, query and fragment."""
    return re.sub(r"//.*@", "//", re.split(r"[?#]", url, maxsplit=1)[0], flags=re.DOTALL)


def place_of(url: str) -> Place:
    """Return a URL taken apart; raises ValueError, whose text says what is wrong without repeating the URL."""
    protocol, found, rest = url.partition("://")
    if not found or not (_PROTOCOL.fullmatch(protocol) or "::" in protocol):
        raise ValueError("not a URL; expected one such as https://exports.example.com/tasks.csv or file:///srv/x.csv")
    chained = "::" in protocol or ("::" in rest and protocol not in {*HTTP, FILE})
    if chained or protocol in _WRAPPERS:
        raise ValueError("its protocol reads through another one, or from anywhere; name the file itself")
    if _CONTROL.search(url):
        raise ValueError("holds a control character or a backslash")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise ValueError("holds a user or a password, which end up in logs; give them to the worker's environment")
    if protocol in HTTP:
        return _http(url)
    if protocol == FILE:
        if authority not in {"", "localhost"}:
            raise ValueError("names a host; files are those of the worker's own machine: file:///path")
        return Place(FILE, "", 0, tuple(one for one in unquote(path).split("/") if one))
    return Place(protocol, authority, 0, _resolved(path))


def _http(url: str) -> Place:
    parts = urlsplit(url)  # a port that is no number, or half an address, is a ValueError with a sentence of its own
    host = (parts.hostname or "").rstrip(".")
    if not _HOST.fullmatch(host):
        raise ValueError("its host is no name of letters, digits, dots and hyphens; write others as punycode (xn--)")
    if ":" not in host and _NUMBER.fullmatch(host) and not _is_address(host):
        raise ValueError("its host is a number that not everybody reads alike; write an address as 192.0.2.1")
    if parts.username is not None or " " in url:
        raise ValueError("holds a user, a password or a space")
    port = HTTP[parts.scheme] if parts.port is None else parts.port
    return Place(parts.scheme, host, port, _resolved(parts.path.removeprefix("/")), parts.query)


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def _resolved(path: str) -> tuple[str, ...]:
    """Return the segments of a path without `.` and `..`, however they are escaped."""
    found: list[str] = []
    for segment in path.split("/"):
        plain = _unescaped(segment)
        if "/" in plain or "\\" in plain or _CONTROL.search(plain):
            raise ValueError("holds an escaped slash, backslash or control character")
        match plain.partition(";")[0]:  # some servers take `..;x` for `..`
            case ".":
                continue
            case "..":
                if not found:
                    raise ValueError("leads above its own beginning by `..`")
                found.pop()
            case _:
                found.append(segment)
    return tuple(found)


def _unescaped(segment: str) -> str:
    """Return a segment without any escapes, those of escapes included: some servers decode twice."""
    while (plain := unquote(segment)) != segment:
        segment = plain
    return segment
