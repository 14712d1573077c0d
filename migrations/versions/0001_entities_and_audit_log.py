"""The task manager's entities, and the audit log, which accepts new rows only."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from domain.column_types import json_value, key_text, long_string, long_text, row_id
from domain.moments import UtcDateTime, now
from persistence.append_only import append_only, no_longer_append_only
from persistence.audit_log import PartitionableKey, TransactionNumber
from persistence.collation import case_told_apart

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the change."""
    for statement in case_told_apart(op.get_context().dialect.name):
        op.execute(statement)
    op.create_table(
        "audit_log",
        sa.Column("id", row_id(), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("txid", sa.BigInteger(), server_default=TransactionNumber(), nullable=False),
        sa.Column("job_id", key_text(), nullable=True),
        sa.Column("actor", long_text(), nullable=False),
        sa.Column("request_id", long_text(), nullable=True),
        sa.Column("reason", long_text(), nullable=True),
        sa.Column("entity", key_text(), nullable=False),
        sa.Column("entity_id", key_text(), nullable=False),
        sa.Column("action", key_text(), nullable=False),
        sa.Column("before", json_value(none_as_null=True), nullable=True),
        sa.Column("after", json_value(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "action IN ('insert', 'update', 'soft_delete', 'restore', 'purge')", name=op.f("ck_audit_log_action")
        ),
        PartitionableKey("id", "at", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_entity_entity_id_id"), "audit_log", ["entity", "entity_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_job_id"), "audit_log", ["job_id"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("email", AutoString(length=320), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_member_key_live",
        "member",
        ["key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "project",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("name", AutoString(length=500), nullable=False),
        sa.Column("description", long_string(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_project_key_live",
        "project",
        ["key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "task",
        sa.Column("id", row_id(), nullable=False),
        sa.Column("created_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), server_default=now(), nullable=False),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("key", AutoString(length=200), nullable=False),
        sa.Column("title", AutoString(length=500), nullable=False),
        sa.Column("description", long_string(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "doing",
                "blocked",
                "done",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "priority",
            sa.Enum(
                "low", "medium", "high", "urgent", name="priority", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column(
            "tags",
            json_value(),
            server_default=sa.text("('[]')"),
            nullable=False,
        ),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("creator_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["assignee_id"], ["member.id"], name=op.f("fk_task_assignee_id_member")),
        sa.ForeignKeyConstraint(["creator_id"], ["member.id"], name=op.f("fk_task_creator_id_member")),
        sa.ForeignKeyConstraint(["parent_id"], ["task.id"], name=op.f("fk_task_parent_id_task")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_task_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_assignee_id"), "task", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_task_creator_id"), "task", ["creator_id"], unique=False)
    op.create_index(op.f("ix_task_parent_id"), "task", ["parent_id"], unique=False)
    op.create_index(op.f("ix_task_project_id"), "task", ["project_id"], unique=False)
    op.create_index(
        "uq_task_key_live",
        "task",
        ["key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    for statement in append_only(op.get_context().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Take the change back; indexes and triggers go with their tables."""
    for table in ("task", "project", "member", "audit_log"):
        op.drop_table(table)
    for statement in no_longer_append_only(op.get_context().dialect.name):
        op.execute(statement)
