"""The page about the data layer is true."""

import asyncio
import inspect
import os
import re
import sys
from pathlib import Path

from persistence.service import ServiceBase
from worker.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "data-layer.md"


def signatures() -> set[str]:
    """Return the public methods of a service as the page writes them."""
    found = set()
    for name, method in inspect.getmembers(ServiceBase, inspect.isfunction):
        if not name.startswith("_"):
            parameters = list(inspect.signature(method).parameters.values())[1:]
            keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
            parts = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
            parts += ["*", *keywords] if keywords else []
            parts += [f"**{one.name}" for one in parameters if one.kind is one.VAR_KEYWORD]
            found.add(f"{name}({', '.join(parts)})")
    return found


def test_every_method_stands_in_the_table_with_its_signature() -> None:
    """No method is missing, and none is there that is not."""
    table = PAGE.read_text(encoding="utf-8").split("## Methods")[1].split("| error |")[0]
    assert set(re.findall(r"^\| `(\w+\(.*?\))` \|", table, re.MULTILINE)) == signatures()


async def test_the_example_runs(settings: Settings) -> None:
    """As it stands on the page, in a process of its own."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    url = settings.database_url.get_secret_value()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", example, env={**os.environ, "DATABASE_URL": url}, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    assert printed.decode().split("\n") == ["Guide Read this doing 0", "1", ""]
