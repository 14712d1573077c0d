"""Bearer tokens: the settings know their hashes alone, and a comparison takes as long whoever asks."""

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "cf_"
"""How a token begins, so that a scanner of leaked secrets can know one."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_ACTOR_LENGTH = 200
"""As `domain.origin.Origin` has it."""


@dataclass(frozen=True, slots=True)
class KnownToken:
    """Whose a token is, and its SHA-256.

    No salt and no slow hash: a token holds 256 random bits, which nobody can guess from a fast one either.
    """

    actor: str
    digest: bytes


class Tokens:
    """The tokens that are accepted."""

    def __init__(self, known: Iterable[KnownToken]) -> None:
        """Take what the settings hold."""
        self._known = tuple(known)

    def actor(self, token: str) -> str | None:
        """Return whose token this is, or None; all are compared, so that the time tells nothing."""
        given = _digest(token)
        found = None
        for one in self._known:
            if hmac.compare_digest(one.digest, given):
                found = one.actor
        return found


def new_token() -> str:
    """Return a token that nobody has."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_line(actor: str, token: str) -> str:
    """Return what COUNTERFOIL_WEB_TOKENS takes for the token; raises ValueError for what can be no actor."""
    return f"{_checked(actor)}={_digest(token).hex()}"


def parse_tokens(text: str) -> tuple[KnownToken, ...]:
    """Return the tokens of `actor=hash,actor=hash`, or of JSON such as `{"actor": "hash", "other": ["hash", "hash"]}`.

    An actor may have several, so that a token can be replaced without a gap. Raises ValueError without any hash.
    """
    return tuple(KnownToken(_checked(actor), _bytes(actor, digest)) for actor, digest in _pairs(text.strip()))


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    if not text.startswith("{"):
        parts = (part.strip().rpartition("=") for part in text.split(",") if part.strip())
        return [(actor.strip(), digest.strip()) for actor, _, digest in parts]
    try:
        given = json.loads(text)
    except ValueError:
        raise ValueError("neither JSON nor actor=hash, separated by commas") from None
    lists = {actor: found if isinstance(found, list) else [found] for actor, found in given.items()}
    return [(actor, str(digest)) for actor, digests in lists.items() for digest in digests]


def _checked(actor: str) -> str:
    if not actor or len(actor) > _ACTOR_LENGTH or not actor.isprintable() or set(actor) & set(",="):
        raise ValueError(f"{actor[:40]!r} is no name of an actor: 1 to {_ACTOR_LENGTH} characters without , and =")
    return actor


def _bytes(actor: str, digest: str) -> bytes:
    if not _DIGEST.fullmatch(digest):
        way_out = f"`counterfoil-web token {actor}` makes one"
        raise ValueError(f"the hash of {actor!r} is not 64 hexadecimal digits; {way_out}")
    return bytes.fromhex(digest)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
