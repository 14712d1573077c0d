"""The targets of the data layer as data, and its figures without one."""

from typing import Final

from benchmarks.target import Further, Sense, Target

MOST: Final = 1.15
"""What a service may take of the time of the same statements through bare SQLAlchemy."""
WORK: Final = {
    "get": "one row by id",
    "find": "50 rows by two filters, newest first",
    "load": "100 tasks with project, assignee and subtasks",
    "create": "one row created, with its audit row",
    "update": "one row changed, with its audit row",
}

LAYERS: Final = tuple(
    Target(
        "layers",
        f"{words}, time against bare SQLAlchemy",
        f"layers.{work}.ours",
        Sense.AT_MOST,
        MOST,
        "times",
        f"layers.{work}.bare",
    )
    for work, words in WORK.items()
)

FURTHER_LAYERS: Final = (
    *(
        Further(
            f"{words}: {name}, time against bare SQLAlchemy", f"layers.{work}.{layer}", "times", f"layers.{work}.bare"
        )
        for work, words in WORK.items()
        for layer, name in (
            ("declarative", "SQLAlchemy over plain models"),
            ("fastcrud_layer", "FastCRUD"),
            ("advanced", "Advanced Alchemy"),
        )
        if (work, layer) != ("load", "fastcrud_layer")
    ),
    Further(
        "100 tasks with their relations, one by one, against `load`", "layers.naive.bare", "times", "layers.load.ours"
    ),
    Further("50 rows after 190,000, by cursor", "layers.deep.ours", "ms"),
    Further(
        "the same by OFFSET, with bare SQLAlchemy, against the cursor",
        "layers.offset.bare",
        "times",
        "layers.deep.ours",
    ),
    Further("the same by `page_offset`, which counts all rows too", "layers.offset.ours", "times", "layers.deep.ours"),
)
