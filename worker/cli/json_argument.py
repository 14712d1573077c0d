"""A JSON object as an argument of a command."""

import sys
from typing import Any

from worker.cli.run import fail
from worker.wire import decode


def json_object(text: str) -> dict[str, Any]:
    """Return the object that an argument holds, `-` for standard input; ends the command where it holds none."""
    source = sys.stdin.buffer.read() if text == "-" else text.encode("utf-8", "surrogateescape")
    try:
        return decode(source)
    except (ValueError, RecursionError) as error:
        fail(f'the arguments are not a JSON object ({error}); for example \'{{"entity": "task", …}}\'')
