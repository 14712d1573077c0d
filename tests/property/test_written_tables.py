"""The tables that a sentence of SQL writes are found however it is spelt."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from persistence.written_tables import written_tables

GAP = st.sampled_from([" ", "  ", "\n", "\t", "/* so */", " -- so\n", " /* UPDATE\n */ "])
TABLES = ["task", '"task"', "public.task", '"public"."task"', "public . task", "TASK", "ONLY task", "only (task)"]
TABLES += ["`task`", "`app`.`task`", "[task]"]  # as MySQL and SQLite quote
WRITES = {
    "insert into": ("INSERT{}INTO{}", " (id) VALUES (1)"),
    "update": ("UPDATE{}{}", " SET title = 'x'"),
    "delete from": ("DELETE{}FROM{}", " WHERE id = 1"),
    "merge into": ("MERGE{}INTO{}", " USING other ON false WHEN NOT MATCHED THEN DO NOTHING"),
    "replace into": ("REPLACE{}INTO{}", " (id) VALUES (1)"),
    "insert or ignore into": ("INSERT OR IGNORE{}INTO{}", " (id) VALUES (1)"),
    "update or replace": ("UPDATE OR REPLACE{}{}", " SET title = 'x'"),
    "delete quick from": ("DELETE QUICK{}FROM{}", " WHERE id = 1"),
    "truncate": ("TRUNCATE{}{}", " CASCADE"),
    "truncate table": ("TRUNCATE{}TABLE{}", ""),
}
LEADS = st.sampled_from(["", "WITH a AS (SELECT '--') ", "/* first */ ", "SELECT 1; ", "EXPLAIN ANALYZE "])


@given(st.sampled_from(sorted(WRITES)), GAP, GAP, st.sampled_from(TABLES), LEADS, st.booleans())
def test_a_write_is_found(kind: str, first: str, second: str, table: str, lead: str, lower: bool) -> None:  # noqa: FBT001, PLR0913, PLR0917 - drawn
    """Case, white space, comments, quotes, a schema and what stands before do not hide it."""
    pattern, rest = WRITES[kind]
    gaps = ("", second) if kind in {"update", "update or replace", "truncate"} else (first, second)
    opening = pattern.format(*gaps)
    sentence = f"{lead}{opening.lower() if lower else opening}{table}{rest}"
    assert (kind, "task") in set(written_tables(text(sentence)))


@given(
    st.sampled_from(
        ["UPDATE other JOIN {} ON true SET task.title = 'x'", "DELETE t FROM other AS o JOIN {} AS t ON true"]
    )
)
def test_a_table_that_a_write_joins_is_found(pattern: str) -> None:
    """MySQL writes any of them."""
    assert "task" in {table for _, table in written_tables(text(pattern.format("`task`")))}


@given(st.lists(st.sampled_from(["a", "b", "public.c", "only d"]), min_size=1, max_size=4), st.integers(0, 4))
def test_every_table_of_a_list_is_found(others: list[str], place: int) -> None:
    """TRUNCATE names several."""
    tables = [*others[:place], "task", *others[place:]]
    assert ("truncate", "task") in set(written_tables(text(f"TRUNCATE {', '.join(tables)} CASCADE")))


@given(st.sampled_from(["SELECT * FROM {}", "SELECT * FROM other JOIN {} ON true FOR UPDATE", "LOCK TABLE {}"]))
def test_a_sentence_that_only_reads_writes_no_table_of_that_name(pattern: str) -> None:
    """Reading and locking is free."""
    assert "task" not in {table for _, table in written_tables(text(pattern.format("task")))}
