"""The directions between the layers, as pyproject.toml writes them down."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_import_contracts_are_kept() -> None:
    """`domain` knows nobody, `persistence` knows `domain`; `worker` and `web` know both, and not each other."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout)
