"""Which URLs a worker may read: those inside the roots that its operator has named, and no others."""

from collections.abc import Iterable
from dataclasses import dataclass

from worker.sources.errors import OutsideRoots, WrongRoot
from worker.sources.urls import FILE, HTTP, Place, place_of, shown


@dataclass(frozen=True)
class Roots:
    """The places below which sources may lie; none of them: nothing may be read.

    `private_hosts` allows http to reach addresses of the own network too.
    """

    places: tuple[Place, ...]
    private_hosts: bool = False

    @classmethod
    def parse(cls, urls: Iterable[str], *, private_hosts: bool = False) -> "Roots":
        """Return the roots, such as `file:///srv/imports`, `s3://bucket/prefix`, `https://host/`; raises WrongRoot."""
        return cls(tuple(_root(url) for url in urls), private_hosts)

    def admit(self, url: str) -> Place:
        """Return where a URL leads, inside a root; raises OutsideRoots.

        Of files only the protocol is compared: where a path leads with its symbolic links, opening it finds out.
        """
        try:
            place = place_of(url)
        except ValueError as error:
            raise OutsideRoots(shown(url), str(error)) from None
        if place.protocol == FILE and self.files():
            return place
        if place.protocol == FILE or not any(place.is_in(root) for root in self.places):
            raise self.refusal(url)
        return place

    def files(self) -> tuple[Place, ...]:
        """Return the roots among files."""
        return tuple(root for root in self.places if root.protocol == FILE)

    def refusal(self, url: str) -> OutsideRoots:
        """Return the error about a URL that lies in none of the roots."""
        named = ", ".join(shown(root.url) for root in self.places)
        return OutsideRoots(shown(url), f"not inside {named}" if named else "no source is allowed at all")


def _root(url: str) -> Place:
    try:
        place = place_of(url)
    except ValueError as error:
        raise WrongRoot(shown(url), str(error)) from None
    if place.query:
        raise WrongRoot(shown(url), "holds a query; name the path below which sources may lie")
    if place.protocol in {FILE, *HTTP}:
        return place
    # Not at the top: these settings are read by every command, and most have no such root.
    from fsspec import available_protocols  # noqa: PLC0415

    if place.protocol not in available_protocols():
        raise WrongRoot(shown(url), f"{place.protocol!r} is no protocol that fsspec knows; expected such as s3 or gs")
    if not place.host:
        raise WrongRoot(shown(url), "names no bucket or host")
    return place
