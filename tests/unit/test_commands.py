"""Commands accept what they mean, and refuse what could mean two things or nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.commands import BulkInsert, Command, OnConflict, Purge, Restore, SoftDelete, Update

TASK = {"entity": "task"}


def test_one_id_or_key_is_a_list_of_one() -> None:
    """A sender with one row need not write a list."""
    assert SoftDelete.model_validate(TASK | {"id": 7}).id == [7]
    assert SoftDelete.model_validate(TASK | {"key": "a"}).key == ["a"]


def test_defaults_are_the_careful_ones() -> None:
    """Conflicts are errors, and a deletion takes nothing along, unless the sender says so."""
    assert BulkInsert(entity="task", rows=[{"key": "a"}]).on_conflict is OnConflict.ERROR
    assert SoftDelete.model_validate(TASK | {"id": 7}).cascade is False


def test_a_command_cannot_be_changed() -> None:
    """What was checked stays as it was."""
    command = Purge(retention_days=1)
    with pytest.raises(ValidationError, match="frozen"):
        command.retention_days = 2  # type: ignore[misc]


@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (SoftDelete, {}, "exactly one way: id, key, where"),
        (SoftDelete, {"id": 1, "key": "a"}, "exactly one way: id, key, where"),
        (Update, {"changes": {"title": "x"}}, "exactly one way: id, key, where, changes_by_key"),
        (Update, {"id": 1}, "either changes, or changes_by_key"),
        (Update, {"changes": {"a": 1}, "changes_by_key": {"a": {"a": 1}}}, "either changes, or changes_by_key"),
        (Update, {"id": 1, "changes_by_key": {"a": {"a": 1}}}, "exactly one way"),
        (Update, {"id": 1, "changes": {}}, "at least 1 item"),
        (Update, {"changes_by_key": {}}, "at least 1 item"),
        (Update, {"changes_by_key": {"a": {}}}, "at least 1 item"),
        (Update, {"id": 1, "changes": {"a": 1}, "expected_version": {"a": 1}}, "say one number here"),
        (Update, {"changes_by_key": {"a": {"a": 1}}, "expected_version": 1}, "goes by key here"),
        (
            Update,
            {"changes_by_key": {"alpha": {"a": 1}}, "expected_version": {"alhpa": 1}},
            "names a row that does not change: unknown key 'alhpa'; did you mean 'alpha'?",
        ),
        (Update, {"changes_by_key": {"a": {"a": 1}}, "expected_version": {"a": True}}, "valid integer"),
        (Update, {"id": 1, "changes": {"a": 1}, "expected_version": 0}, "greater than or equal to 1"),
        (SoftDelete, {"where": {}}, "at least 1 item"),
        (SoftDelete, {"everything": False}, "exactly one way: id, key, where, everything=true"),
        (SoftDelete, {"everything": True, "where": {"status": "done"}}, "exactly one way"),
        (Update, {"everything": True, "id": 1, "changes": {"title": "x"}}, "exactly one way"),
        (Update, {"everything": True, "changes_by_key": {"a": {"a": 1}}}, "exactly one way"),
        (SoftDelete, {"everything": "yes"}, "valid boolean"),
        (SoftDelete, {"id": []}, "at least 1 item"),
        (SoftDelete, {"key": []}, "at least 1 item"),
        (SoftDelete, {"key": ""}, "at least 1 character"),
        (SoftDelete, {"id": "1"}, "valid integer"),
        (SoftDelete, {"id": True}, "valid integer"),
        (SoftDelete, {"id": [0]}, "greater than or equal to 1"),
        (SoftDelete, {"id": 2**63}, "less than or equal to"),
        (SoftDelete, {"id": 1, "casade": True}, "Extra inputs are not permitted"),
        (BulkInsert, {"rows": []}, "at least 1 item"),
        (BulkInsert, {"rows": [{"a": "\0"}]}, r"rows\.0\.a holds a NUL character"),
        (BulkInsert, {"rows": [{"a\ud800": 1}]}, "lone surrogate"),
        (BulkInsert, {"rows": [{"a": 1}], "on_conflict": "replace"}, "'error', 'skip' or 'update'"),
    ],
)
def test_what_is_ambiguous_empty_or_of_the_wrong_type_is_refused(
    kind: type[Command], arguments: dict[str, Any], message: str
) -> None:
    """Nothing is guessed: an empty selection is not every row, and true is not the number 1."""
    with pytest.raises(ValidationError, match=message):
        kind.model_validate(TASK | arguments)


@pytest.mark.parametrize(
    "arguments",
    [{}, {"entity": "task"}, {"id": [1]}, {"job_id": "j", "entity": "task", "id": [1]}, {"job_id": "j", "id": [1]}],
    ids=str,
)
def test_a_restore_is_by_job_or_by_ids(arguments: dict[str, Any]) -> None:
    """Never by both, and by ids only with their entity."""
    with pytest.raises(ValidationError, match="either job_id, or entity and id"):
        Restore.model_validate(arguments)


@pytest.mark.parametrize("days", [0, -1, float("nan")])
def test_a_purge_needs_a_retention(days: float) -> None:
    """There is no way to say: purge what was deleted just now, or tomorrow."""
    with pytest.raises(ValidationError, match="greater than 0"):
        Purge(retention_days=days)
