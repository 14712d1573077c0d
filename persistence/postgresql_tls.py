"""Certificates in a URL, by libpq's names for them: the driver takes them as a context alone."""

import ssl

from sqlalchemy import URL

TLS_FILES = ("sslrootcert", "sslcert", "sslkey")

SYSTEM = "system"
"""The word, in place of a file, for the certificates that the machine trusts."""

_MODES = ("require", "verify-ca", "verify-full")


def tls_context(url: URL) -> ssl.SSLContext | None:
    """Return what the URL says of certificates, or None where it names no file: the driver knows `sslmode` by itself.

    As in libpq, `require` with an `sslrootcert` verifies as `verify-ca` does. Raises ValueError, with a sentence, for a
    file that cannot be read, and for one that would be ignored.
    """
    files = {name: str(url.query[name]) for name in TLS_FILES if name in url.query}
    if not files:
        return None
    mode = str(url.query.get("ssl", "prefer"))
    if mode not in _MODES:
        raise ValueError(f"{min(files)} goes with sslmode {', '.join(_MODES)}; sslmode={mode} would ignore it")
    if "sslkey" in files and "sslcert" not in files:
        raise ValueError("sslkey goes with sslcert; name the certificate of this key too")
    authority = files.get("sslrootcert")
    context = ssl.create_default_context(cafile=None) if authority in {None, SYSTEM} else _trusting(str(authority))
    context.check_hostname = mode == "verify-full"
    if mode == "require" and authority is None:
        context.verify_mode = ssl.CERT_NONE
    if "sslcert" in files:
        _load_own(context, files["sslcert"], files.get("sslkey"))
    return context


def _trusting(authority: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=authority)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or type(error).__name__
        expected = "expected a file of PEM, or system"
        raise ValueError(f"sslrootcert={authority!r} cannot be read ({why}); {expected}") from None
    return context


def _load_own(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        why = error.strerror or type(error).__name__
        shown = f"sslcert={certificate!r}" + (f" with sslkey={key!r}" if key else "")
        expected = "expected a certificate and its key without a password"
        raise ValueError(f"{shown} cannot be read ({why}); {expected}") from None
