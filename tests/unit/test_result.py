"""What a job answers."""

import pytest
from pydantic import ValidationError

from domain.result import Result, counted
from worker.cli.result_line import result_line


def test_a_statement_that_wrote_more_than_it_names_says_so() -> None:
    """The ids are then not complete."""
    assert counted("deleted", "task", 2, [1, 2]) == Result(deleted=2, ids={"deleted": {"task": [1, 2]}})
    assert not counted("deleted", "task", 3, [1, 2]).ids_complete


def test_a_sum_keeps_ids_apart_by_action_and_entity() -> None:
    """A cascade's result says which projects and which tasks."""
    total = counted("deleted", "project", 1, [1]) + counted("deleted", "task", 2, [1, 2]) + Result(skipped=3)
    assert (total.deleted, total.skipped) == (3, 3)
    assert total.ids == {"deleted": {"project": [1], "task": [1, 2]}}
    assert total.ids_complete


def test_a_sum_leaves_its_parts_as_they_were() -> None:
    """The lists of ids are not shared."""
    first, second = counted("updated", "task", 1, [1]), counted("updated", "task", 1, [2])
    assert (first + second).ids == {"updated": {"task": [1, 2]}}
    assert (first.ids, second.ids) == ({"updated": {"task": [1]}}, {"updated": {"task": [2]}})


def test_a_count_is_never_negative() -> None:
    """A wrong subtraction is an error, not an odd answer."""
    with pytest.raises(ValidationError):
        Result(skipped=-1)


def test_the_line_of_a_dry_run_says_that_it_was_one() -> None:
    """Counts without a word on it would be taken for what is in the table; notes are told too."""
    ran = Result(inserted=2, refused=1) + Result(notes=("no field took the column 'x'",), dry_run=True)
    line = "2 inserted, 1 refused; note: no field took the column 'x'"
    assert result_line(ran.model_dump()) == f"dry run, taken back: {line}"
    assert result_line(ran.model_copy(update={"dry_run": False}).model_dump()) == line
