"""What a measured process and its parent say to each other: one line each, JSON upwards, one word downwards.

Used by interpreters of several environments, so it needs nothing but the standard library.
"""

import json
import sys


def say(event: str, **data: object) -> None:
    """Tell the parent that something has happened."""
    sys.stdout.write(json.dumps({"event": event, **data}) + "\n")
    sys.stdout.flush()


def heard(word: str) -> bool:
    """Wait for the parent's next line, and tell whether it is this word; at its end of file, it is not."""
    return sys.stdin.readline().strip() == word
