"""The targets of bulk jobs as data."""

from benchmarks.target import Sense, Target

LOAD = "bulk insert with audit"
BULK_ROWS = {100_000: "100 thousand", 1_000_000: "1 million", 5_000_000: "5 million"}

BULK = (
    *(
        Target(
            "bulk",
            f"{LOAD}, {words} rows, against psql",
            f"bulk.{rows}.ours",
            Sense.AT_LEAST,
            0.8,
            "times",
            f"bulk.{rows}.psql",
        )
        for rows, words in BULK_ROWS.items()
    ),
    Target(
        "bulk",
        f"{LOAD}, 100 thousand rows, against add_all of the ORM",
        "bulk.100000.ours",
        Sense.AT_LEAST,
        12,
        "times",
        "bulk.100000.orm",
    ),
    Target(
        "bulk",
        f"{LOAD}, 5 million rows, rate against 100 thousand",
        "bulk.5000000.ours",
        Sense.AT_LEAST,
        0.9,
        "times",
        "bulk.100000.ours",
    ),
    *(
        Target(
            "bulk",
            f"{LOAD}, {words} rows, peak memory of the worker",
            f"bulk.memory.{rows}.ours",
            Sense.AT_MOST,
            250,
            "MB",
        )
        for rows, words in BULK_ROWS.items()
    ),
    *(
        Target(
            "bulk",
            f"20 of 20,000 rows refused by {why}, time against none",
            f"bulk.refused.{figure}",
            Sense.AT_MOST,
            1.25,
            "times",
            "bulk.refused.none",
        )
        for figure, why in (("schema", "the schema"), ("key", "a key that is taken"))
    ),
    *(
        Target(
            "bulk",
            f"{what} 100 thousand rows with audit, time against bare SQL",
            f"bulk.{job}.ours",
            Sense.AT_MOST,
            2.5,
            "times",
            f"bulk.{job}.bare",
        )
        for job, what in (
            ("soft_delete", "soft delete, with cascade, of"),
            ("update", "one update of"),
            ("bulk_update", "a file of updates of"),
        )
    ),
)
