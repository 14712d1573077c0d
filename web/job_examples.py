"""Examples of commands, as the document shows them; a test sends each."""

from fastapi.openapi.models import Example

EXAMPLES: dict[str, dict[str, Example]] = {
    "bulk_insert": {
        "rows": {
            "summary": "Tasks of a project that its key names",
            "value": {
                "entity": "task",
                "rows": [{"key": "ALP-1", "title": "Sow", "project.key": "alpha"}],
                "on_conflict": "skip",
            },
        }
    },
    "bulk_update": {
        "rows": {
            "summary": "Each row to what its own line says",
            "value": {"entity": "task", "rows": [{"key": "ALP-1", "status": "done"}]},
        }
    },
    "update": {
        "where": {
            "summary": "All that fit",
            "value": {"entity": "task", "where": {"status": "blocked"}, "changes": {"status": "doing"}},
        },
        "id": {
            "summary": "One, unless somebody changed it meanwhile",
            "value": {"entity": "task", "id": 7, "changes": {"priority": "high"}, "expected_version": 3},
        },
    },
    "soft_delete": {
        "cascade": {
            "summary": "A project with its tasks",
            "value": {"entity": "project", "key": "alpha", "cascade": True},
        }
    },
    "restore": {"job": {"summary": "Exactly what one deletion took", "value": {"job_id": "delete-alpha"}}},
}
