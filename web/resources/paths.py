"""Relations that a request wants shown: `load=project,subtasks.assignee`."""

from collections.abc import Sequence

from web.resources.read_models import Tree


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names that commas separate."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def tree_of(load: Sequence[str]) -> Tree:
    """Return paths as a tree; `subtasks*3` stands for three levels, as in the loading language."""
    tree: Tree = {}
    for path in load:
        level = tree
        for step in path.split("."):
            name, _, times = step.partition("*")
            for _level in range(int(times or 1)):
                level = level.setdefault(name, {})
    return tree
