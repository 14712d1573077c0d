"""Opening files and what fsspec knows: inside a root with all links, regular, unchanged to the end."""

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from worker.sources.errors import MissingPackage, OutsideRoots, SourceChanged, UnreadableSource
from worker.sources.open import open_url
from worker.sources.roots import Roots


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root with a file, beside a file that lies outside."""
    root = tmp_path / "imports"
    root.mkdir()
    (root / "tasks 1.csv").write_bytes(b"a\n1\n")
    (tmp_path / "secret.csv").write_bytes(b"secret")
    return root


@pytest.fixture
def roots(root: Path) -> Roots:
    """Return the root alone."""
    return Roots.parse((root.as_uri(),))


def test_a_file_inside_is_read_with_its_size(root: Path, roots: Roots) -> None:
    """Escapes in a file's URL are those of every URL."""
    for url in ((root / "tasks 1.csv").as_uri(), f"file://{root}/x/../tasks 1.csv"):
        with open_url(url, roots) as opened:
            assert (opened.size, opened.stream.read()) == (4, b"a\n1\n")


@pytest.mark.parametrize("path", ["../secret.csv", "%2e%2e/secret.csv", "link.csv", "folder/secret.csv", "circle"])
def test_no_way_leads_out_of_the_root(root: Path, roots: Roots, path: str) -> None:
    """By dots or by symbolic links, to a file or to a folder."""
    (root / "link.csv").symlink_to("../secret.csv")
    (root / "folder").symlink_to("..")
    (root / "circle").symlink_to("circle")
    with pytest.raises(OutsideRoots, match="not inside file://"):
        open_url(f"{root.as_uri()}/{path}", roots)


def test_links_inside_are_followed(root: Path, roots: Roots) -> None:
    """Also a root that is a link itself."""
    (root / "latest.csv").symlink_to("tasks 1.csv")
    (root.parent / "other").symlink_to("imports")
    for one in (roots, Roots.parse(((root.parent / "other").as_uri(),))):
        with open_url(f"{root.as_uri()}/latest.csv", one) as opened:
            assert opened.stream.read() == b"a\n1\n"


def test_only_regular_files_are_read(root: Path, roots: Roots) -> None:
    """Opening a pipe would wait for its writer, and a device never ends."""
    os.mkfifo(root / "pipe")
    for name in ("pipe", "", "none.csv"):
        with pytest.raises(UnreadableSource, match=r"not a regular file|No such file"):
            open_url(f"{root.as_uri()}/{name}", roots)


@pytest.mark.parametrize("change", [b"a\n", b"a\n1\n2\n", b"b\n1\n"], ids=["shorter", "longer", "other"])
def test_a_file_that_changes_while_it_is_read_is_an_error_at_its_end(root: Path, roots: Roots, change: bytes) -> None:
    """Half of it would be the old, half the new one."""
    path = root / "tasks 1.csv"
    os.utime(path, (1, 1))
    with open_url(path.as_uri(), roots) as opened:
        opened.stream.read(1)
        path.write_bytes(change)
        with pytest.raises(SourceChanged, match="changed while it was read"):
            opened.stream.read()


def test_a_file_that_is_replaced_meanwhile_is_read_as_it_was(root: Path, roots: Roots) -> None:
    """Which is the way to renew one."""
    path = root / "tasks 1.csv"
    with open_url(path.as_uri(), roots) as opened:
        (root / "new").write_bytes(b"other")
        (root / "new").rename(path)
        assert opened.stream.read() == b"a\n1\n"


@pytest.fixture
def memory() -> Iterator[Roots]:
    """Return a root in fsspec's own store in memory, with a file."""
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/out/a.csv", b"a\n1\n")
    yield Roots.parse(("memory://bucket/out",))
    system.store.clear()


def test_other_stores_are_read_by_fsspec(memory: Roots) -> None:
    """With their size; what is not there is told with the URL."""
    with open_url("memory://bucket/out/a.csv", memory) as opened:
        assert (opened.size, opened.stream.read(), opened.stream.seekable()) == (4, b"a\n1\n", True)
    with pytest.raises(UnreadableSource, match=r"cannot read memory://bucket/out/b.csv: FileNotFoundError"):
        open_url("memory://bucket/out/b.csv", memory)


def test_a_missing_package_is_named() -> None:
    """The packages of other stores are the user's to install."""
    with pytest.raises(MissingPackage, match="s3:// needs a package that is not installed: Install s3fs"):
        open_url("s3://bucket/a.csv", Roots.parse(("s3://bucket/",)))
