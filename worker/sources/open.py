"""A URL inside the roots, opened."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from worker.sources.local_file import leads_into, open_regular
from worker.sources.roots import Roots
from worker.sources.urls import FILE, HTTP, shown


@dataclass(frozen=True)
class Opened:
    """A source's bytes, to be read once, and how many there are (None: nobody says); `with` closes the stream."""

    stream: BinaryIO
    size: int | None

    def __enter__(self) -> Self:
        """Return this."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the stream."""
        self.stream.close()


def open_url(url: str, roots: Roots) -> Opened:
    """Return the bytes at a URL; blocks, and must not be called by a thread whose event loop runs.

    Raises OutsideRoots, UnreadableSource, MissingPackage, ForbiddenAddress, Redirected. Reading to the end raises
    SourceChanged where a file was changed meanwhile, UnreachableSource where less came than was announced.
    """
    place = roots.admit(url)
    if place.protocol == FILE:
        allowed = (Path("/", *root.segments) for root in roots.files())
        path = leads_into(Path("/", *place.segments), allowed)
        if path is None:
            raise roots.refusal(url)
        return Opened(*open_regular(path, shown(url)))
    # Not at the top: most sources are files, and these imports cost a tenth of a second each.
    if place.protocol in HTTP:
        from worker.sources.web_body import open_web  # noqa: PLC0415

        return Opened(*open_web(place, private_hosts=roots.private_hosts))
    from worker.sources.remote_file import open_remote  # noqa: PLC0415

    return Opened(*open_remote(place))
