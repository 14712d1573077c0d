"""The rules that docs/rules.md promises have the tests that it names, and stand in files that exist."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
RULES = (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_rule_has_its_test() -> None:
    """A row without a test is a promise that nobody keeps."""
    rows = [
        line
        for line in RULES.splitlines()
        if line.startswith("| ") and not line.startswith(("| rule", "| feature", "| trap", "| ---"))
    ]
    assert len(rows) > 60
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row)
        assert named, row
        for path, function in named:
            source = (REPOSITORY / path).read_text(encoding="utf-8")
            assert re.search(rf"def {function}\(", source), row


def test_every_place_of_a_rule_exists() -> None:
    """Files and folders of the code."""
    for place in set(re.findall(r"`((?:domain|persistence|web|worker|migrations)/[\w/.]*)`", RULES)):
        assert (REPOSITORY / place).exists(), place
