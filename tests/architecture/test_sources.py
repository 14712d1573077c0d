"""Rules about the sources that a search can check."""

import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LAYERS = ("domain", "persistence", "worker", "web", "migrations")
HIDDEN = {".git", ".venv", ".venv-bench", ".counterfoil", ".hypothesis", ".mypy_cache", ".ruff_cache", "__pycache__"}


def sources(*folders: str) -> Iterator[Path]:
    """Yield the Python files of the folders."""
    for folder in folders:
        yield from sorted((REPOSITORY / folder).rglob("*.py"))


def where(pattern: str, *folders: str) -> set[str]:
    """Return the files in which a pattern stands."""
    found = re.compile(pattern, re.MULTILINE)
    return {str(path.relative_to(REPOSITORY)) for path in sources(*folders) if found.search(path.read_text())}


def test_there_are_sources() -> None:
    """The searches below look at something."""
    assert len(list(sources(*LAYERS))) > 50
    assert where(r"session\.begin\(\)", *LAYERS) == {"persistence/transaction.py"}


def test_one_place_commits() -> None:
    """A job's one commit is the end of the transaction scope; nothing else may end a transaction."""
    assert where(r"\.commit\(", *LAYERS) <= {"persistence/transaction.py"}


def test_no_pickle_is_imported() -> None:
    """Whoever can write to Redis must not be able to run code."""
    assert where(r"^\s*(import|from)\s+(pickle|_pickle|cPickle|dill|cloudpickle|shelve|marshal)\b", *LAYERS) == set()


def test_no_text_of_an_exception_is_searched() -> None:
    """What the database refuses is told apart by its code and constraint, never by words that a release may change."""
    assert where(r"""["'][^"']+["'] in str\((e|err|error|exc|exception)\)""", *LAYERS) == set()


def test_no_package_index_is_named() -> None:
    """Where packages come from is for the machine to say, in the configuration of its package manager."""
    hosts = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org")
    options = ("--index" + "-url", "--extra-index" + "-url", "--find" + "-links")
    for path in REPOSITORY.rglob("*"):
        if (
            HIDDEN.isdisjoint(path.parts)
            and path.is_file()
            and path.suffix in {"", ".txt", ".lock", ".toml", ".md", ".py", ".cfg"}
        ):
            text = path.read_text(errors="ignore")
            assert not [word for word in (*hosts, *options) if word in text], path


def test_the_lock_pins_every_package_by_hash() -> None:
    """Nothing is installed that was not seen before."""
    lock = (REPOSITORY / "requirements.lock").read_text()
    packages = re.findall(r"^[a-z0-9][^\s=]*==\S+", lock, re.MULTILINE)
    assert len(packages) > 20
    for package in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in package, package
