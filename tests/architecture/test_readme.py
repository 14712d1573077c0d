"""What the documents tell people to type exists."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

import web.__main__
from worker.cli.main import build

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(path.relative_to(REPOSITORY)) for path in REPOSITORY.glob("docs/**/*.md")),
]
TYPED = re.compile(r"^(?:\$ |# )?((?:\w+=\S+ )*)(make|counterfoil)\b(.*)$")


def typed(document: str) -> list[list[str]]:
    """Return the `make` and `counterfoil` commands of a document's console blocks and inline code, as words."""
    text = (REPOSITORY / document).read_text()
    blocks = re.findall(r"^```(?:console|sh|bash|text)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    lines += re.findall(r"`((?:make|counterfoil) [^`\n]+)`", text)
    found = [match for line in lines if (match := TYPED.match(line.strip()))]
    return [shlex.split(f"{match[2]}{match[3]}", comments=True) for match in found]


def check_make(words: list[str]) -> None:
    """Assert that the Makefile has the targets."""
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert {word for word in words[1:] if re.fullmatch("[a-z]+", word)} <= targets, words


def check_web(words: list[str]) -> None:
    """Assert that the script is installed, and takes these arguments."""
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["scripts"]
    assert words[0] in scripts
    web.__main__.parser().parse_args(words[1:])  # ends the process where it does not understand


def check_counterfoil(words: list[str]) -> None:
    """Assert that there is such a sub-command, with such options."""
    found: Any = typer.main.get_command(build())
    rest = words[1:]
    while hasattr(found, "commands") and rest:
        assert rest[0] in found.commands, words
        found, rest = found.commands[rest[0]], rest[1:]
    options = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= options | {"--help"}, words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_that_a_document_names_exists(document: str) -> None:
    """Targets of make, sub-commands of counterfoil, and their options."""
    for words in typed(document):
        if words[0] == "make":
            check_make(words)
        elif words[0] == "counterfoil-web":
            check_web(words)
        elif len(words) > 1:
            check_counterfoil(words)


def test_the_readme_shows_commands() -> None:
    """The search finds what it is for."""
    found = typed("README.md")
    assert ["make", "demo"] in found
    assert {words[1] for words in found if words[0] == "counterfoil"} >= {"dev", "worker", "enqueue", "import", "audit"}


def test_the_procfile_names_commands_that_exist() -> None:
    """A platform runs them without asking."""
    for line in (REPOSITORY / "Procfile").read_text().splitlines():
        words = [word for word in shlex.split(line.partition(":")[2]) if not re.match(r"\w+=", word)]
        (check_web if words[0] == "counterfoil-web" else check_counterfoil)(words)


def test_links_between_documents_lead_somewhere() -> None:
    """Every relative link of a document is a file or folder of the repository."""
    for document in DOCUMENTS:
        path = REPOSITORY / document
        for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{document}: {target}"
