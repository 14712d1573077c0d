"""Why a source is not read, or not read on; what is wrong with one record is a reject instead."""

from dataclasses import dataclass

from domain.errors import CounterfoilError


@dataclass(eq=False)
class UnreadableSource(CounterfoilError):
    """A source that cannot be opened or read on; `source` is a URL without password and query, or what was sent."""

    source: str
    why: str

    def __str__(self) -> str:
        """Name the source and the reason."""
        return f"cannot read {self.source}: {self.why}"


@dataclass(eq=False)
class UnreachableSource(UnreadableSource):
    """A source that the network, or the server behind it, does not give now."""

    passes = True


@dataclass(eq=False)
class EndsEarly(CounterfoilError):
    """A source of which a part is missing at its end."""

    source: str
    why: str

    def __str__(self) -> str:
        """Name the source, what is missing, and the way out."""
        return f"{self.source} ends early: {self.why}; copy it again, whole"


@dataclass(eq=False)
class DamagedSource(CounterfoilError):
    """A source whose bytes are not what its format or compression says."""

    what: str
    why: str

    def __str__(self) -> str:
        """Name the kind, what the library says of it, and the way out."""
        return (
            f"damaged, or no {self.what} at all ({self.why}); correct the format or the compression, or copy it again"
        )


@dataclass(eq=False)
class PackedTooTightly(CounterfoilError):
    """A compressed source that unpacks to more than data does; it would fill disks and hours."""

    compression: str
    packed: int
    unpacked: int
    max_ratio: int

    def __str__(self) -> str:
        """Name both sizes, the limit, and the way out."""
        return (
            f"{self.packed} bytes of {self.compression} unpack to more than {self.unpacked}, which is over "
            f"{self.max_ratio} to 1: no data is packed so tightly; send it uncompressed if it is meant so"
        )


@dataclass(eq=False)
class WrongHeader(CounterfoilError):
    """A CSV source whose first line cannot serve as its header."""

    why: str

    def __str__(self) -> str:
        """Say what is wrong, and what a header is."""
        return f"wrong header: {self.why}; the first line names every column once"


@dataclass(eq=False)
class WrongEncoding(CounterfoilError):
    """An encoding that Python does not know, or that cannot be cut into lines."""

    encoding: str
    why: str

    def __str__(self) -> str:
        """Name the encoding and the way out."""
        return f"encoding {self.encoding!r}: {self.why}; expected one such as utf-8 or latin-1"


@dataclass(eq=False)
class MissingPackage(CounterfoilError):
    """A package without which this kind of source cannot be read."""

    what: str
    install: str

    def __str__(self) -> str:
        """Name the command that installs it."""
        return f"{self.what} needs a package that is not installed: {self.install}"


@dataclass(eq=False)
class UnsupportedColumn(CounterfoilError):
    """A Parquet column whose values no JSON can say."""

    column: str
    type: str

    def __str__(self) -> str:
        """Name the column, its type, and the way out."""
        return (
            f"column {self.column!r} is of type {self.type}, which no JSON can say: leave it out of the file, or write "
            "it as text (bytes as base64, for example)"
        )


@dataclass(eq=False)
class TooLargeToKeep(CounterfoilError):
    """A Parquet source that comes as a stream, and is larger than may be kept on disk meanwhile."""

    limit: int

    def __str__(self) -> str:
        """Name the limit and the way out."""
        return (
            f"Parquet is read from its end, so a stream of it is kept on disk first, at most {self.limit} bytes: give "
            "an uncompressed file by a file:// URL, or several files"
        )


@dataclass(eq=False)
class WrongRoot(CounterfoilError):
    """A root of sources that is none; `root` bears no password."""

    root: str
    why: str

    def __str__(self) -> str:
        """Name the root, what is wrong, and an example."""
        return f"{self.root!r}: {self.why}; expected roots such as file:///srv/imports or https://exports.example.com/"


@dataclass(eq=False)
class OutsideRoots(CounterfoilError):
    """A URL that this worker may not read."""

    url: str
    why: str

    def __str__(self) -> str:
        """Name the URL, the reason, and the setting."""
        return f"{self.url!r} may not be read: {self.why}; COUNTERFOIL_SOURCES names what may"


@dataclass(eq=False)
class ForbiddenAddress(CounterfoilError):
    """A host behind which there is an address that no source may have."""

    host: str
    address: str
    private: bool

    def __str__(self) -> str:
        """Name the host, its address, and the setting where there is one."""
        way_out = (
            "set COUNTERFOIL_SOURCES_PRIVATE_HOSTS if sources of the own network are meant"
            if self.private
            else "link-local addresses are never read, they hand out a machine's own credentials"
        )
        return f"host {self.host!r} has the address {self.address}, which is not public; {way_out}"


@dataclass(eq=False)
class Redirected(CounterfoilError):
    """A server that sends its reader elsewhere; nothing is read there."""

    url: str
    target: str

    def __str__(self) -> str:
        """Name both URLs."""
        target = self.target or "nowhere"
        return f"{self.url} redirects to {target}, and is not followed; give the URL of the source itself"


@dataclass(eq=False)
class SourceChanged(CounterfoilError):
    """A file that was written while it was read."""

    url: str

    def __str__(self) -> str:
        """Name the file and the way out."""
        return f"{self.url} changed while it was read; write under another name, rename when done, and load it again"
